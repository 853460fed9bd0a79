"""The SQLite file of the store: its tables, opening it, and its failures in words."""

from __future__ import annotations

import sqlite3
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from demo.errors import StoreError, disk_fault
from demo.machine.private_files import FILE, close_to_others, fault_of

VERSION = 1
_WAITING_MS = 30_000  # for other programs that write
_CLEARING_MS = 1_000  # for others that read, while the log is emptied
_CREATE = """
CREATE TABLE IF NOT EXISTS pictures (
    sha256 TEXT PRIMARY KEY, bytes INTEGER NOT NULL, thumbnail BLOB NOT NULL
);
CREATE TABLE IF NOT EXISTS dialogues (
    id TEXT PRIMARY KEY, owner TEXT NOT NULL, revision INTEGER NOT NULL,
    title TEXT NOT NULL, named INTEGER NOT NULL DEFAULT 0, pinned INTEGER NOT NULL DEFAULT 0,
    picture TEXT NOT NULL, turns INTEGER NOT NULL, updated REAL NOT NULL,
    bytes INTEGER NOT NULL, words TEXT NOT NULL, body TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS links (
    id TEXT PRIMARY KEY, token BLOB NOT NULL UNIQUE, dialogue TEXT NOT NULL, owner TEXT NOT NULL,
    made REAL NOT NULL, bytes INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS link_pages (
    link TEXT NOT NULL, part INTEGER NOT NULL, content BLOB NOT NULL, PRIMARY KEY (link, part)
);
CREATE TRIGGER IF NOT EXISTS withdraw_with_dialogue AFTER DELETE ON dialogues
    BEGIN DELETE FROM links WHERE dialogue = OLD.id; END;
CREATE TRIGGER IF NOT EXISTS remove_with_link AFTER DELETE ON links
    BEGIN DELETE FROM link_pages WHERE link = OLD.id; END;
CREATE INDEX IF NOT EXISTS link_by_dialogue ON links (dialogue);
CREATE INDEX IF NOT EXISTS link_by_owner ON links (owner);
CREATE INDEX IF NOT EXISTS by_owner ON dialogues (owner, revision);
CREATE INDEX IF NOT EXISTS by_revision ON dialogues (revision);
CREATE INDEX IF NOT EXISTS by_picture ON dialogues (picture);
"""


def fold(text: str) -> str:
    """A text in the form in which it is searched: without case and accents."""
    apart = unicodedata.normalize("NFKD", text.casefold())
    return "".join(c for c in apart if not unicodedata.combining(c))


def open_database(path: Path) -> sqlite3.Connection:
    """The database, ready for use. Raises sqlite3.DatabaseError when it is damaged, StoreError when a newer
    version of this program wrote it, PermissionError when it is not one's own.
    """
    _make_private(path)
    db = sqlite3.connect(
        path, timeout=_WAITING_MS / 1000, isolation_level=None, check_same_thread=False
    )
    try:
        db.execute("PRAGMA auto_vacuum = FULL")  # what is removed gives its room back
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = FULL")  # a commit outlives a power cut
        db.execute("PRAGMA secure_delete = ON")
        db.execute("PRAGMA temp_store = MEMORY")  # no words in other files
        [version] = db.execute("PRAGMA user_version").fetchone()
        if version > VERSION:
            raise StoreError(
                f"The dialogues in {path.parent} were saved by a newer version of this demo. "
                "Use that version, or give another folder with --sessions."
            )
        if db.execute("PRAGMA quick_check").fetchone() != ("ok",):
            raise _DamageError
        db.executescript(f"BEGIN; {_CREATE} PRAGMA user_version = {VERSION}; COMMIT;")
        clear_log(db)  # a run may have been killed before it did
        db.create_function("folded", 1, fold, deterministic=True)
    except BaseException:
        db.close()
        raise
    return db


def clear_log(db: sqlite3.Connection) -> bool:
    """Empty the write-ahead log, in which what was deleted still stands; False when that must wait."""
    try:
        db.execute(f"PRAGMA busy_timeout = {_CLEARING_MS}")
        [busy, *_] = db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    except sqlite3.OperationalError:  # such as a full disk
        return False
    finally:
        db.execute(f"PRAGMA busy_timeout = {_WAITING_MS}")
    return not busy


def _make_private(path: Path) -> None:
    """Make the file for nobody else on this machine; SQLite gives those beside it the same mode."""
    for name in (path.name, f"{path.name}-wal", f"{path.name}-shm", f"{path.name}-journal"):
        file = path.with_name(name)
        if file.is_symlink() or file.exists():
            if fault := fault_of(file):
                raise PermissionError(fault)
            close_to_others(file)
    path.touch(mode=FILE)


class _DamageError(sqlite3.DatabaseError):
    """A check found the file damaged."""


def is_damage(error: sqlite3.DatabaseError) -> bool:
    """Whether an error says that the file is damaged, or is not a database."""
    code = getattr(error, "sqlite_errorcode", None)
    damage = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
    return isinstance(error, _DamageError) or (code is not None and code & 0xFF in damage)


@contextmanager
def as_store_error(where: str = "") -> Iterator[None]:
    """Turn errors of disk and database into StoreError; visitors are not told where the folder is."""
    try:
        yield
    except (OSError, sqlite3.Error) as error:
        rest = "" if where else " What is on the page is still there."
        raise StoreError(f"Dialogues cannot be saved{where}: {_reason(error)}.{rest}") from error


def _reason(error: OSError | sqlite3.Error) -> str:
    if isinstance(error, OSError):
        return disk_fault(error)
    if isinstance(error, sqlite3.DatabaseError) and is_damage(error):
        return "their file is damaged; the next start sets it aside and begins a new one"
    code = (getattr(error, "sqlite_errorcode", None) or 0) & 0xFF
    if code == sqlite3.SQLITE_FULL:
        return "the disk is full"
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return "another program is using their file; try again"
    return str(error)
