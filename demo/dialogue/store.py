"""Dialogues on disk: one SQLite file (WAL) and a folder of pictures named by their hash.

What `save` was given is on disk when it returns. Every dialogue has an owner, and nothing of one owner is
found, changed or removed for another, except by the bound on the whole folder. Order goes by a counter;
the clock is for display only. It knows no pages and no models.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import secrets
import sqlite3
import threading
import time
import unicodedata
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image

from demo.dialogue.session import Session
from demo.dialogue.session_json import session_from_json, session_to_json
from demo.errors import PictureError, SessionFormatError, StoreError, disk_fault
from demo.picture.picture import Picture, open_picture

VERSION = 1
DATABASE, PICTURES = "dialogues.sqlite3", "pictures"
MAX_TITLE = 80
THUMBNAIL = 256  # pixels, the longer side
_GONE = "This dialogue is not here any more."
_SHA256 = re.compile(r"[0-9a-f]{64}")
_TOKEN = re.compile(r"[0-9A-Za-z_-]{32,64}")
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


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose dialogues; ``key`` is a hash, so that the file holds no token that opens anything."""

    key: str


def user(name: str) -> Owner:
    """A person who has signed in."""
    return _owner("user", name)


def visitor(token: str) -> Owner:
    """Somebody without a name, known by a secret of `new_token`. Raises ValueError for another text."""
    if not _TOKEN.fullmatch(token):
        raise ValueError(f"expected a token of 32 to 64 letters, got {len(token)} characters")
    return _owner("visitor", token)


def new_token() -> str:
    """A secret to give to a visitor."""
    return secrets.token_urlsafe(32)


@dataclass(frozen=True, slots=True)
class Saved:
    """Where a dialogue is kept, and in which state; `save` takes it back with the next state."""

    id: str
    revision: int


@dataclass(frozen=True, slots=True)
class Kept:
    """A dialogue in the list. ``updated`` is in seconds since 1970; ``picture`` the SHA-256 of its
    picture."""

    id: str
    title: str
    picture: str
    turns: int
    updated: float
    pinned: bool
    bytes: int


@dataclass(frozen=True, slots=True)
class Bounds:
    """Bytes of dialogues and pictures that are kept, in the whole folder and for each owner."""

    total: int = 20_000_000_000
    each: int = 2_000_000_000


class Store:
    """The dialogues in one folder; any thread may call it, and several processes may share it.

    ``notice`` is a sentence when the former file was damaged and a new one was begun. All methods raise
    StoreError, with a sentence, when the disk does not do its part; then nothing has changed.
    """

    def __init__(self, folder: Path, bounds: Bounds | None = None) -> None:
        self.bounds, self.notice = bounds or Bounds(), ""
        self._folder, self._lock = folder, threading.RLock()
        with _said(f" in {folder}"):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            (folder / PICTURES).mkdir(exist_ok=True, mode=0o700)
            try:
                self._db = _opened(folder / DATABASE)
            except sqlite3.DatabaseError as error:
                if not _is_damage(error):
                    raise
                self.notice = _set_aside(folder)
                self._db = _opened(folder / DATABASE)
        self._sweep(_pictures_in(folder / PICTURES))

    def close(self) -> None:
        """Let the file go; the store cannot be used any more."""
        with self._lock:
            self._db.close()

    def save(
        self, owner: Owner, session: Session, picture: Picture, former: Saved | None = None
    ) -> Saved:
        """Keep a dialogue; it is on disk when this returns.

        ``former`` is what the last save or load of it gave. When the kept one has changed since, in
        another window, or was deleted, this one is kept beside it under a new id, so that nothing is lost.
        The oldest dialogues that are not pinned make room. Raises ValueError for another picture.
        """
        if picture.sha256 != session.picture.sha256:
            raise ValueError(f"expected the picture {session.picture.sha256}, got {picture.sha256}")
        body = _clean(json.dumps(session_to_json(session), ensure_ascii=False))
        image = b"" if self._picture(picture.sha256).exists() else _png(picture)
        removed: list[tuple[str, Kept]] = []
        try:
            with self._transaction("COMMIT"):
                self._keep_picture(picture, image)
                saved = self._put(owner, session, body, former)
                removed = self._make_room(owner, saved.id)
        finally:  # also a picture whose dialogue could not be kept
            self._sweep({picture.sha256, *(kept.picture for _, kept in removed)})
        return saved

    def load(self, owner: Owner, identity: str) -> tuple[Session, Picture, Saved]:
        """A dialogue with its picture, and what `save` wants to see of it."""
        session, revision = self._session(owner, identity)
        return session, self._open(session), Saved(identity, revision)

    def entries(self, owner: Owner, search: str = "") -> tuple[Kept, ...]:
        """The owner's dialogues, pinned ones first, then the newest.

        With ``search``, those whose title, questions, answers or labels hold all of its words, whatever
        their case and accents.
        """
        words = folded(search).split()
        found = " AND instr(folded(title) || char(10) || words, ?)" * len(words)
        order = "ORDER BY pinned DESC, revision DESC"
        with self._reading():
            return _kept(self._db.execute(f"{_LIST} WHERE owner = ?{found} {order}",
                                          (owner.key, *words)))  # fmt: skip

    def newest(self, owner: Owner) -> str | None:
        """The dialogue that was saved last, if there is one."""
        query = "SELECT id FROM dialogues WHERE owner = ? ORDER BY revision DESC LIMIT 1"
        with self._reading():
            row = self._db.execute(query, (owner.key,)).fetchone()
        return None if row is None else str(row[0])

    def branches(self, owner: Owner, identity: str) -> tuple[tuple[Session, Saved], ...]:
        """A dialogue and all that hang together with it by branching, in the order in which they began.

        Of copies of one dialogue only the newest is among them, except for the one that was asked for.
        """
        rows = self._rows(
            "SELECT id, json_extract(body, '$.id'), json_extract(body, '$.branch.of') FROM dialogues "
            "WHERE owner = ? AND picture = "
            "(SELECT picture FROM dialogues WHERE id = ? AND owner = ?) ORDER BY rowid",
            owner.key, identity, owner.key,
        )  # fmt: skip
        found = ((i, *self._session(owner, i)) for i in _family(rows, identity))
        return tuple((session, Saved(i, revision)) for i, session, revision in found)

    def thumbnail(self, owner: Owner, identity: str) -> bytes:
        """A small JPEG of a dialogue's picture."""
        row = self._row("SELECT thumbnail FROM pictures JOIN dialogues ON picture = sha256 "
                        "WHERE id = ? AND owner = ?", identity, owner.key)  # fmt: skip
        return bytes(row[0])

    def rename(self, owner: Owner, identity: str, title: str) -> None:
        """Give a dialogue another title; an empty one brings back its own."""
        session, _ = self._session(owner, identity)
        self._change("title = ?, named = ?", (_short(title) or _title(session), bool(_short(title))),
                     owner, identity)  # fmt: skip

    def pin(self, owner: Owner, identity: str, pinned: bool) -> None:
        """Keep a dialogue whatever its age, or no longer."""
        self._change("pinned = ?", (pinned,), owner, identity)

    def delete(self, owner: Owner, identity: str) -> None:
        """Remove a dialogue, and its picture unless another one has it."""
        with self._transaction("COMMIT"):
            picture = self._row("SELECT picture FROM dialogues WHERE id = ? AND owner = ?",
                                identity, owner.key)[0]  # fmt: skip
            self._remove(identity)
        self._sweep({picture})

    def would_remove(self, owner: Owner, more: int) -> tuple[Kept, ...]:
        """Which of the owner's dialogues would go if that owner kept so many bytes more."""
        with self._transaction("ROLLBACK"):  # as if, and undone
            removed = self._make_room(owner, "", more)
        return tuple(kept for key, kept in removed if key == owner.key)

    def used(self, owner: Owner | None = None) -> int:
        """Bytes of all dialogues and pictures, or of one owner's."""
        with self._reading():
            return self._used(owner)

    @contextmanager
    def _reading(self) -> Iterator[None]:
        with self._lock, _said():
            yield

    @contextmanager
    def _transaction(self, end: str) -> Iterator[None]:
        """All of it is on disk after ``COMMIT``, or nothing of it."""
        with self._reading():
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._db.execute(end)
            finally:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")

    def _row(self, query: str, *values: object) -> tuple[Any, ...]:
        with self._reading():
            row: tuple[Any, ...] | None = self._db.execute(query, values).fetchone()
        if row is None:
            raise StoreError(_GONE)
        return row

    def _rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        with self._reading():
            return self._db.execute(query, values).fetchall()

    def _session(self, owner: Owner, identity: str) -> tuple[Session, int]:
        body, revision = self._row(
            "SELECT body, revision FROM dialogues WHERE id = ? AND owner = ?", identity, owner.key
        )
        try:
            return session_from_json(json.loads(body)), revision
        except (SessionFormatError, ValueError) as error:
            raise StoreError("This dialogue is damaged and cannot be opened.") from error

    def _change(self, what: str, values: Iterable[object], owner: Owner, identity: str) -> None:
        with self._transaction("COMMIT"):
            query = f"UPDATE dialogues SET {what} WHERE id = ? AND owner = ?"
            if not self._db.execute(query, (*values, identity, owner.key)).rowcount:
                raise StoreError(_GONE)

    def _put(self, owner: Owner, session: Session, body: str, former: Saved | None) -> Saved:
        revision = self._db.execute("SELECT coalesce(max(revision), 0) + 1 FROM dialogues")
        saved = Saved(secrets.token_urlsafe(16), revision.fetchone()[0])
        words = _words(session)
        values = {
            "id": saved.id, "owner": owner.key, "revision": saved.revision, "body": body,
            "title": _title(session), "picture": session.picture.sha256,
            "turns": len(session.turns), "updated": time.time(), "words": words,
            "bytes": len(body.encode()) + len(words.encode()),
        }  # fmt: skip
        if former is not None:
            values |= {"id": former.id, "former": former.revision}
            if self._db.execute(_UPDATE, values).rowcount:
                return Saved(former.id, saved.revision)
        self._db.execute(_INSERT, values | {"id": saved.id})
        return saved

    def _keep_picture(self, picture: Picture, image: bytes) -> None:
        path = self._picture(picture.sha256)
        if not path.exists():  # it may have been swept since the caller looked
            _write(path, image or _png(picture))
        known = self._db.execute("SELECT 1 FROM pictures WHERE sha256 = ?", (picture.sha256,))
        if known.fetchone() is None:
            values = (picture.sha256, path.stat().st_size, thumbnail(picture))
            self._db.execute("INSERT INTO pictures VALUES (?, ?, ?)", values)

    def _make_room(self, owner: Owner, keep: str, more: int = 0) -> list[tuple[str, Kept]]:
        """Remove the oldest until both bounds hold; whose they were, and what."""
        removed: list[tuple[str, Kept]] = []
        for whose, most in ((owner, self.bounds.each), (None, self.bounds.total)):
            while self._used(whose) + more > most:
                going = self._oldest(whose, keep)
                if going is None:
                    raise StoreError(
                        f"There is no room for this dialogue: {most / 1e9:g} GB are in use, and what "
                        "is kept is pinned. Delete a dialogue, or take the pin from one."
                    )
                self._remove(going[1].id)
                removed.append(going)
        return removed

    def _oldest(self, owner: Owner | None, keep: str) -> tuple[str, Kept] | None:
        mine = "" if owner is None else "AND owner = :owner "
        query = f"{_LIST} WHERE NOT pinned AND id != :keep {mine}ORDER BY revision LIMIT 1"
        values = {"keep": keep, "owner": owner.key if owner else ""}
        kept = _kept(self._db.execute(query, values))
        if not kept:
            return None
        key = self._db.execute("SELECT owner FROM dialogues WHERE id = ?", (kept[0].id,))
        return key.fetchone()[0], kept[0]

    def _remove(self, identity: str) -> None:
        self._db.execute("DELETE FROM dialogues WHERE id = ?", (identity,))
        self._db.execute("DELETE FROM pictures WHERE sha256 NOT IN (SELECT picture FROM dialogues)")

    def _used(self, owner: Owner | None) -> int:
        mine = "" if owner is None else "WHERE owner = :owner"
        used = self._db.execute(
            f"SELECT (SELECT coalesce(sum(bytes), 0) FROM dialogues {mine}) + "
            "(SELECT coalesce(sum(bytes + length(thumbnail)), 0) FROM pictures "
            f"WHERE sha256 IN (SELECT picture FROM dialogues {mine}))",
            {"owner": owner.key if owner else ""},
        )
        return int(used.fetchone()[0])

    def _sweep(self, hashes: Iterable[str]) -> None:
        """Remove picture files that no dialogue has; what fails is left to the next start.

        Within a transaction no other program is between writing a file and its row.
        """
        with suppress(StoreError), self._transaction("COMMIT"):
            for sha256 in hashes:
                held = self._db.execute("SELECT 1 FROM pictures WHERE sha256 = ?", (sha256,))
                if held.fetchone() is None:
                    self._picture(sha256).unlink(missing_ok=True)
                    _part(self._picture(sha256)).unlink(missing_ok=True)

    def _picture(self, sha256: str) -> Path:
        if not _SHA256.fullmatch(sha256):
            raise ValueError(f"expected a SHA-256, got {sha256[:80]!r}")
        return self._folder / PICTURES / f"{sha256}.png"

    def _open(self, session: Session) -> Picture:
        try:
            with Image.open(self._picture(session.picture.sha256), formats=("PNG",)) as image:
                picture = open_picture(image, session.picture.name)
        except (OSError, PictureError) as error:
            raise StoreError("The picture of this dialogue is missing or damaged.") from error
        if picture.sha256 != session.picture.sha256:
            raise StoreError("The picture of this dialogue is not the one it is about.")
        return picture


_LIST = "SELECT id, title, picture, turns, updated, pinned, bytes FROM dialogues"
_UPDATE = """
UPDATE dialogues SET revision = :revision, turns = :turns, updated = :updated,
    bytes = :bytes, words = :words, body = :body, title = CASE named WHEN 1 THEN title ELSE :title END
WHERE id = :id AND owner = :owner AND revision = :former AND picture = :picture
"""
_INSERT = """
INSERT INTO dialogues (id, owner, revision, title, picture, turns, updated, bytes, words, body)
VALUES (:id, :owner, :revision, :title, :picture, :turns, :updated, :bytes, :words, :body)
"""


def folded(text: str) -> str:
    """A text as it is searched: no case, no accents."""
    apart = unicodedata.normalize("NFKD", text.casefold())
    return "".join(c for c in apart if not unicodedata.combining(c))


def _owner(kind: str, name: str) -> Owner:
    return Owner(hashlib.sha256(f"{kind}:{name}".encode("utf-8", "surrogatepass")).hexdigest())


def _kept(rows: Iterable[tuple[str, str, str, int, float, int, int]]) -> tuple[Kept, ...]:
    return tuple(Kept(*row[:5], bool(row[5]), row[6]) for row in rows)


def _family(rows: Iterable[tuple[str, str, str | None]], identity: str) -> list[str]:
    """Which dialogues hang together with one; a row is id, the session's own id, whose branch it is."""
    rows = list(rows)
    linked, before = {own for i, own, _ in rows if i == identity}, 0
    while len(linked) > before:
        before = len(linked)
        for _, own, of in rows:
            if of is not None and (own in linked or of in linked):
                linked |= {own, of}
    newest = {own: i for i, own, _ in rows if own in linked}
    newest |= {own: i for i, own, _ in rows if i == identity}
    return [i for i, own, _ in rows if newest.get(own) == i]


def _title(session: Session) -> str:
    """What a dialogue is called by itself: its first question, or its picture."""
    return _short(session.turns[0].question if session.turns else session.picture.name)


def _short(title: str) -> str:
    kept = "".join(c if unicodedata.category(c)[0] != "C" else " " for c in title)
    line = " ".join(kept.split())
    return line if len(line) <= MAX_TITLE else f"{line[: MAX_TITLE - 1].rstrip()}…"


def _words(session: Session) -> str:
    """All that a search may find."""
    said = [(t.question, t.trace.scene, t.trace.focus, t.trace.think) for t in session.turns]
    labels = [region.label for region in session.registry]
    texts = [session.picture.name, *(text for turn in said for text in turn if text), *labels]
    return _clean(folded("\n".join(texts)))


def _clean(text: str) -> str:
    """Without half characters, which cannot be written."""
    return text.encode("utf-8", "replace").decode()


def _png(picture: Picture) -> bytes:
    file = io.BytesIO()
    Image.fromarray(picture.pixels).save(file, "PNG", compress_level=1)
    return file.getvalue()


def thumbnail(picture: Picture) -> bytes:
    """A small JPEG of the picture."""
    file, image = io.BytesIO(), Image.fromarray(picture.pixels)
    image.thumbnail((THUMBNAIL, THUMBNAIL))
    image.save(file, "JPEG", quality=80)
    return file.getvalue()


def _pictures_in(folder: Path) -> set[str]:
    """The hashes of the files there, whole or begun; files of other names are left alone."""
    names = (path.name.partition(".")[0] for path in folder.glob("*.png*"))
    return {name for name in names if _SHA256.fullmatch(name)}


def _part(path: Path) -> Path:
    return path.with_suffix(".png.part")


def _write(path: Path, content: bytes) -> None:
    """A file that is there as a whole and on disk, or not at all."""
    with _part(path).open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    _part(path).replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _opened(path: Path) -> sqlite3.Connection:
    """The database, ready; sqlite3.DatabaseError when it is damaged, StoreError when it is too new."""
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
                f"The dialogues in {path.parent} were kept by a newer version of this demo. "
                "Use that one, or give another folder with --sessions."
            )
        if db.execute("PRAGMA quick_check").fetchone() != ("ok",):
            raise _DamageError
        db.executescript(f"BEGIN; {_CREATE} PRAGMA user_version = {VERSION}; COMMIT;")
        db.create_function("folded", 1, folded, deterministic=True)
    except BaseException:
        db.close()
        raise
    return db


class _DamageError(sqlite3.DatabaseError):
    """A check found that the file's parts do not fit together."""


def _is_damage(error: sqlite3.DatabaseError) -> bool:
    code = getattr(error, "sqlite_errorcode", None)
    damage = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
    return isinstance(error, _DamageError) or (code is not None and code & 0xFF in damage)


def _set_aside(folder: Path) -> str:
    """Move a damaged file with all pictures into a folder of their own; the sentence that says so."""
    number = 1
    while (aside := folder / f"damaged-{number}").exists():
        number += 1
    aside.mkdir(mode=0o700)
    for name in (DATABASE, f"{DATABASE}-wal", f"{DATABASE}-shm", PICTURES):
        if (folder / name).exists():
            (folder / name).rename(aside / name)
    (folder / PICTURES).mkdir(mode=0o700)
    return (
        f"The file of former dialogues was damaged. It was kept aside as {aside.name}, with its "
        "pictures, and a new one was begun."
    )


@contextmanager
def _said(where: str = "") -> Iterator[None]:
    """What a disk does not do, as a sentence; visitors are not told where the folder is."""
    try:
        yield
    except (OSError, sqlite3.Error) as error:
        rest = "" if where else " What is on the page is still there."
        raise StoreError(f"Dialogues cannot be kept{where}: {_reason(error)}.{rest}") from error


def _reason(error: OSError | sqlite3.Error) -> str:
    if isinstance(error, OSError):
        return disk_fault(error)
    if isinstance(error, sqlite3.DatabaseError) and _is_damage(error):
        return "their file is damaged; at the next start it is kept aside and a new one begun"
    code = (getattr(error, "sqlite_errorcode", None) or 0) & 0xFF
    if code == sqlite3.SQLITE_FULL:
        return "the disk is full"
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return "another program is using their file; try again"
    return str(error)
