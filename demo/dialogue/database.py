"""The SQLite file of the store: its tables, opening it, and its failures in words."""

from __future__ import annotations

import sqlite3
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from demo.errors import StoreError, disk_fault

VERSION = 1
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
    version of this program wrote it.
    """
    path.touch(mode=0o600)  # for nobody else on this machine
    db = sqlite3.connect(path, timeout=30, isolation_level=None, check_same_thread=False)
    try:
        db.execute("PRAGMA auto_vacuum = FULL")  # what is removed gives its room back
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = FULL")  # a commit outlives a power cut
        db.execute("PRAGMA secure_delete = ON")
        [version] = db.execute("PRAGMA user_version").fetchone()
        if version > VERSION:
            raise StoreError(
                f"The dialogues in {path.parent} were saved by a newer version of this demo. "
                "Use that version, or give another folder with --sessions."
            )
        if db.execute("PRAGMA quick_check").fetchone() != ("ok",):
            raise _DamageError
        db.executescript(f"BEGIN; {_CREATE} PRAGMA user_version = {VERSION}; COMMIT;")
        db.create_function("folded", 1, fold, deterministic=True)
    except BaseException:
        db.close()
        raise
    return db


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
