"""Dialogues on disk: one SQLite file (WAL) and a folder of pictures named by their hash.

A dialogue is on disk when `save` returns. Every dialogue has an owner, and no owner can find, change or
remove those of another; only the bound on the whole folder does. Dialogues are ordered by a counter; the
clock is for display only. It knows no pages and no models.
"""

from __future__ import annotations

import io
import json
import os
import re
import secrets
import sqlite3
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from PIL import Image

from demo.dialogue.database import (
    as_store_error,
    clear_log,
    fold,
    is_damage,
    open_database,
)
from demo.dialogue.links import Links
from demo.dialogue.owner import Owner
from demo.dialogue.session import Session
from demo.dialogue.session_json import session_from_json, session_to_json
from demo.errors import PictureError, SessionFormatError, StoreError, one_line
from demo.machine.private_files import (
    close_to_others,
    fault_of,
    fault_of_place,
    make_folder,
    write_new,
)
from demo.picture.picture import Picture, open_picture

DATABASE, PICTURES = "dialogues.sqlite3", "pictures"
MAX_TITLE = 80
THUMBNAIL = 256  # pixels, the longer side
_GONE = "This dialogue does not exist any more."
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Saved:
    """The id and revision under which a dialogue was saved; the next `save` of it takes this value."""

    id: str
    revision: int


@dataclass(frozen=True, slots=True)
class StoredDialogue:
    """A dialogue in the list. ``updated`` is in seconds since 1970, ``picture`` a SHA-256."""

    id: str
    title: str
    picture: str
    turns: int
    updated: float
    pinned: bool
    bytes: int


@dataclass(frozen=True, slots=True)
class Bounds:
    """The most bytes of dialogues and pictures, in the whole folder and for each owner, and how many
    dialogues: each may have a picture, which is a file.
    """

    total: int = 20_000_000_000
    each: int = 2_000_000_000
    total_count: int = 100_000
    each_count: int = 10_000


class Store:
    """The dialogues in one folder; any thread may call it, and several processes may share it.

    ``notice`` is a sentence when the file was found damaged and a new one was begun. All methods raise
    StoreError, with a sentence, when reading or writing fails; then nothing has changed.
    """

    def __init__(self, folder: Path, bounds: Bounds | None = None) -> None:
        self.bounds, self.notice = bounds or Bounds(), ""
        self._folder, self._lock = folder, threading.RLock()
        self._is_log_left = False  # with words that were deleted
        with as_store_error(f" in {folder}"):
            _make_private(folder)
            try:
                self._db = open_database(folder / DATABASE)
            except sqlite3.DatabaseError as error:
                if not is_damage(error):
                    raise
                self.notice = _set_aside(folder)
                self._db = open_database(folder / DATABASE)
        self._sweep(_pictures_in(folder / PICTURES))

    @property
    def folder(self) -> Path:
        """Where everything lies."""
        return self._folder

    @property
    def links(self) -> Links:
        """The links to dialogues that are kept here."""
        return Links(self._db, self._reading, self._transaction, self._clear_log)

    def close(self) -> None:
        """Close the database; the store cannot be used any more."""
        with self._lock:
            self._db.close()

    def save(
        self, owner: Owner, session: Session, picture: Picture, former: Saved | None = None
    ) -> Saved:
        """Save a dialogue; it is on disk when this returns.

        ``former`` is what its last save or load returned. When the stored one has changed since, in
        another window, or was deleted, this one is saved beside it under a new id, so that nothing is lost.
        The oldest dialogues that are not pinned make room. Raises ValueError for another picture.
        """
        if picture.sha256 != session.picture.sha256:
            raise ValueError(f"expected the picture {session.picture.sha256}, got {picture.sha256}")
        body = _clean(json.dumps(session_to_json(session), ensure_ascii=False))
        image = b"" if self._picture(picture.sha256).exists() else _png(picture)
        removed: list[tuple[str, StoredDialogue]] = []
        try:
            with self._transaction("COMMIT"):
                self._keep_picture(picture, image)
                saved = self._put(owner, session, body, former)
                removed = self._make_room(owner, saved.id)
        finally:  # also a picture whose dialogue could not be saved
            self._sweep({picture.sha256, *(kept.picture for _, kept in removed)})
        if removed or self._is_log_left:  # an Undo takes words away as well
            self._clear_log()
        return saved

    def load(self, owner: Owner, identity: str) -> tuple[Session, Picture, Saved]:
        """A dialogue, its picture, and the value that the next `save` of it takes."""
        session, revision = self._session(owner, identity)
        return session, self._open_picture(session), Saved(identity, revision)

    def session(self, owner: Owner, identity: str) -> Session:
        """A dialogue without a look at its picture."""
        return self._session(owner, identity)[0]

    def entries(self, owner: Owner, search: str = "") -> tuple[StoredDialogue, ...]:
        """The owner's dialogues, pinned ones first, then the newest.

        With ``search``, only those whose title, questions, answers or labels contain all of its words,
        ignoring case and accents.
        """
        words = fold(search).split()
        found = " AND instr(folded(title) || char(10) || words, ?)" * len(words)
        order = "ORDER BY pinned DESC, revision DESC"
        with self._reading():
            return _dialogues_of(self._db.execute(f"{_LIST} WHERE owner = ?{found} {order}",
                                          (owner.key, *words)))  # fmt: skip

    def newest(self, owner: Owner) -> str | None:
        """The id of the dialogue that was saved last; None where there is none."""
        query = "SELECT id FROM dialogues WHERE owner = ? ORDER BY revision DESC LIMIT 1"
        with self._reading():
            row = self._db.execute(query, (owner.key,)).fetchone()
        return None if row is None else str(row[0])

    def about(self, owner: Owner, sha256: str) -> str | None:
        """The id of the newest dialogue about a picture, if there is one; of those that were only opened,
        when there is no other.
        """
        query = (
            "SELECT id FROM dialogues WHERE owner = ? AND picture = ? ORDER BY turns > 0 "
            "OR json_array_length(body, '$.regions') > 0 DESC, revision DESC LIMIT 1"
        )
        rows = self._rows(query, owner.key, sha256)
        return str(rows[0][0]) if rows else None

    def turns_of(self, owner: Owner, identities: Sequence[str]) -> dict[str, int]:
        """How many turns each of these dialogues has; those that do not exist any more are left out."""
        listed = ", ".join("?" * len(identities))
        query = f"SELECT id, turns FROM dialogues WHERE owner = ? AND id IN ({listed})"
        return {str(i): int(turns) for i, turns in self._rows(query, owner.key, *identities)}

    def branches(self, owner: Owner, identity: str) -> tuple[tuple[Session, Saved], ...]:
        """A dialogue and all that are connected to it by branching, in the order in which they began.

        Of several copies of one dialogue only the newest is included, or the one that was asked for.
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
        """Give a dialogue another title; an empty one restores the default."""
        session, _ = self._session(owner, identity)
        short = one_line(title, MAX_TITLE)
        values = (short or _default_title(session), bool(short))
        self._change("title = ?, named = ?", values, owner, identity)
        self._clear_log()

    def pin(self, owner: Owner, identity: str, pinned: bool) -> None:
        """Pin a dialogue, so that it is never removed to make room, or unpin it."""
        self._change("pinned = ?", (pinned,), owner, identity)

    def delete(self, owner: Owner, identity: str) -> None:
        """Remove a dialogue, and its picture unless another one has it."""
        with self._transaction("COMMIT"):
            picture = self._row("SELECT picture FROM dialogues WHERE id = ? AND owner = ?",
                                identity, owner.key)[0]  # fmt: skip
            self._remove(identity)
        self._clear_log()
        self._sweep({picture})

    def would_remove(self, owner: Owner, more: int) -> tuple[StoredDialogue, ...]:
        """Which of the owner's dialogues would be removed if that owner saved ``more`` bytes."""
        with self._transaction("ROLLBACK"):  # tried, and undone
            removed = self._make_room(owner, "", more)
        return tuple(kept for key, kept in removed if key == owner.key)

    def used(self, owner: Owner | None = None) -> int:
        """Bytes of all dialogues and pictures, or of one owner's."""
        with self._reading():
            return self._used(owner)

    @contextmanager
    def _reading(self) -> Iterator[None]:
        with self._lock, as_store_error():
            yield

    @contextmanager
    def _transaction(self, end: str) -> Iterator[None]:
        """A transaction that ends with ``end``: after ``COMMIT`` all of it is on disk, or nothing."""
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
            return session_from_json(json.loads(body), is_own=True), revision
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
            "title": _default_title(session), "picture": session.picture.sha256,
            "turns": len(session.turns), "updated": time.time(), "words": words,
            "bytes": len(body.encode()) + len(words.encode()),
        }  # fmt: skip
        if former is not None:
            values |= {"id": former.id, "former": former.revision}
            longer = self._db.execute(_LONGER, values).fetchone()
            if self._db.execute(_UPDATE, values).rowcount:
                self._is_log_left = self._is_log_left or longer is not None
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

    def _make_room(
        self, owner: Owner, keep: str, more: int = 0
    ) -> list[tuple[str, StoredDialogue]]:
        """Remove the oldest until both bounds hold; the removed ones with their owners' keys."""
        removed: list[tuple[str, StoredDialogue]] = []
        bounds = self.bounds
        for whose, max_bytes, max_count in (
            (owner, bounds.each, bounds.each_count),
            (None, bounds.total, bounds.total_count),
        ):
            while self._used(whose) + more > max_bytes or self._count(whose) > max_count:
                going = self._oldest(whose, keep)
                if going is None:
                    full = (
                        f"{max_count} are kept, all of them pinned"
                        if self._count(whose) > max_count
                        else f"{max_bytes / 1e9:g} GB are in use, all by pinned dialogues"
                    )
                    raise StoreError(
                        f"There is no room for this dialogue: {full}. Delete or unpin one."
                    )
                self._remove(going[1].id)
                removed.append(going)
        return removed

    def _oldest(self, owner: Owner | None, keep: str) -> tuple[str, StoredDialogue] | None:
        mine = "" if owner is None else "AND owner = :owner "
        query = f"{_LIST} WHERE NOT pinned AND id != :keep {mine}ORDER BY revision LIMIT 1"
        values = {"keep": keep, "owner": owner.key if owner else ""}
        kept = _dialogues_of(self._db.execute(query, values))
        if not kept:
            return None
        key = self._db.execute("SELECT owner FROM dialogues WHERE id = ?", (kept[0].id,))
        return key.fetchone()[0], kept[0]

    def _remove(self, identity: str) -> None:
        self._db.execute("DELETE FROM dialogues WHERE id = ?", (identity,))
        self._db.execute("DELETE FROM pictures WHERE sha256 NOT IN (SELECT picture FROM dialogues)")

    def _count(self, owner: Owner | None) -> int:
        mine = "" if owner is None else "WHERE owner = :owner"
        query = f"SELECT count(*) FROM dialogues {mine}"
        return int(self._db.execute(query, {"owner": owner.key if owner else ""}).fetchone()[0])

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
        """Remove picture files that no dialogue uses; those that cannot be removed wait for the next start.

        Within a transaction no other program is between writing a file and its row.
        """
        with suppress(StoreError), self._transaction("COMMIT"):
            for sha256 in hashes:
                held = self._db.execute("SELECT 1 FROM pictures WHERE sha256 = ?", (sha256,))
                if held.fetchone() is None:
                    self._picture(sha256).unlink(missing_ok=True)
                    _part(self._picture(sha256)).unlink(missing_ok=True)

    def _clear_log(self) -> None:
        """Let nothing of what was removed stand in the log; while another program reads, that waits for the
        next change.
        """
        with self._reading():
            self._is_log_left = not clear_log(self._db)

    def _picture(self, sha256: str) -> Path:
        if not _SHA256.fullmatch(sha256):
            raise ValueError(f"expected a SHA-256, got {sha256[:80]!r}")
        return self._folder / PICTURES / f"{sha256}.png"

    def _open_picture(self, session: Session) -> Picture:
        path, name = self._picture(session.picture.sha256), session.picture.name
        try:
            picture = _read_picture(path, name)
        except (OSError, PictureError) as error:
            raise StoreError("The picture of this dialogue is missing or damaged.") from error
        if picture.sha256 != session.picture.sha256:
            raise StoreError("The picture of this dialogue is not the one it is about.")
        return picture.read_again_by(partial(_read_again, path, name))


_LIST = "SELECT id, title, picture, turns, updated, pinned, bytes FROM dialogues"
_LONGER = "SELECT 1 FROM dialogues WHERE id = :id AND owner = :owner AND bytes > :bytes"
_UPDATE = """
UPDATE dialogues SET revision = :revision, turns = :turns, updated = :updated,
    bytes = :bytes, words = :words, body = :body, title = CASE named WHEN 1 THEN title ELSE :title END
WHERE id = :id AND owner = :owner AND revision = :former AND picture = :picture
"""
_INSERT = """
INSERT INTO dialogues (id, owner, revision, title, picture, turns, updated, bytes, words, body)
VALUES (:id, :owner, :revision, :title, :picture, :turns, :updated, :bytes, :words, :body)
"""


def _dialogues_of(
    rows: Iterable[tuple[str, str, str, int, float, int, int]],
) -> tuple[StoredDialogue, ...]:
    return tuple(StoredDialogue(*row[:5], bool(row[5]), row[6]) for row in rows)


def _family(rows: Iterable[tuple[str, str, str | None]], identity: str) -> list[str]:
    """The ids of the dialogues connected to one; a row is id, session id, and the id it branched from."""
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


def _default_title(session: Session) -> str:
    """The title of a dialogue that nobody named: its first question, or its picture."""
    return one_line(session.turns[0].question if session.turns else session.picture.name, MAX_TITLE)


def _words(session: Session) -> str:
    """All text that a search may find."""
    turns = [(t.question, t.trace.scene, t.trace.focus, t.trace.think) for t in session.turns]
    labels = [region.label for region in session.registry]
    texts = [session.picture.name, *(text for turn in turns for text in turn if text), *labels]
    return _clean("\n".join(map(fold, texts)))  # one by one, so that others come in between


def _clean(text: str) -> str:
    """The text without half characters, which cannot be written."""
    return text.encode("utf-8", "replace").decode()


def _read_picture(path: Path, name: str) -> Picture:
    with Image.open(path, formats=("PNG",)) as image:
        return open_picture(image, name)


def _read_again(path: Path, name: str) -> Picture:
    try:
        return _read_picture(path, name)
    except OSError as error:
        raise PictureError("This picture was deleted. Open it again.") from error


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
    """The hashes of the picture files there, complete or partial; files of other names are ignored."""
    names = (path.name.partition(".")[0] for path in folder.glob("*.png*"))
    return {name for name in names if _SHA256.fullmatch(name)}


def _part(path: Path) -> Path:
    return path.with_suffix(".png.part")


def _write(path: Path, content: bytes) -> None:
    """Write a file so that it is on disk completely or not at all."""
    _part(path).unlink(missing_ok=True)
    write_new(_part(path), content)
    _part(path).replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _make_private(folder: Path) -> None:
    """Make the folder, and that of its pictures, for this user alone. Raises PermissionError when it cannot
    be one's own.
    """
    if fault := fault_of_place(folder):
        raise PermissionError(fault)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    folder = folder.resolve()
    is_for_dialogues = (folder / DATABASE).exists() or not any(folder.iterdir())
    if is_for_dialogues and not fault_of(folder):
        close_to_others(folder)
    make_folder(folder / PICTURES)
    for path in (folder / PICTURES).glob("*.png*"):
        if not fault_of(path):
            close_to_others(path)


def _set_aside(folder: Path) -> str:
    """Move a damaged file with all pictures into a new folder; returns a sentence that says so."""
    number = 1
    while (aside := folder / f"damaged-{number}").exists():
        number += 1
    aside.mkdir(mode=0o700)
    for name in (DATABASE, f"{DATABASE}-wal", f"{DATABASE}-shm", PICTURES):
        if (folder / name).exists():
            (folder / name).rename(aside / name)
    (folder / PICTURES).mkdir(mode=0o700)
    return (
        f"The file of earlier dialogues was damaged. It was moved to {aside.name}, with its pictures, "
        "and a new one was begun."
    )
