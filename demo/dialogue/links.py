"""Links to pages of dialogues: whoever has the link can read the page, nobody can guess it.

A page is kept as it was when the link was made, beside the dialogue, with which it goes; the link itself is
not kept, only its hash. It knows neither how pages look nor how they are served.
"""

from __future__ import annotations

import hashlib
import secrets
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass

from demo.dialogue.owner import Owner
from demo.errors import StoreError

MAX_LINKS, MAX_BYTES = 50, 200_000_000  # of one owner
MAX_ALL_BYTES = 4_000_000_000
MAX_TOKEN = 64  # characters
_TOKEN_BYTES = 24
_PART = 256 * 1024  # bytes of a page that are read at a time
_GONE = "This dialogue is not kept any more, so there can be no link to it."
_MAX_READ = 1_000_000  # bytes of a dialogue, for the name of its picture
_LIST = """
SELECT links.id, dialogue, title, CASE WHEN dialogues.bytes <= :most AND json_valid(body)
THEN coalesce(json_extract(body, '$.picture.name'), '') ELSE '' END, made, links.bytes
FROM links JOIN dialogues ON dialogue = dialogues.id
WHERE links.owner = :owner ORDER BY made DESC, links.rowid DESC
"""
_WITHDRAWN = "This link was withdrawn already."


@dataclass(frozen=True, slots=True)
class Link:
    """A link to the dialogue of that title, about the picture of that name; empty where a dialogue is so
    long that it is not read for a list.

    ``made`` is in seconds since 1970, ``size`` that of its page in bytes.
    """

    id: str
    dialogue: str
    title: str
    picture: str
    made: float
    size: int


@dataclass(frozen=True, slots=True)
class Links:
    """The links in a store's database; all methods raise StoreError as the store's do."""

    db: sqlite3.Connection
    reading: Callable[[], AbstractContextManager[None]]
    transaction: Callable[[str], AbstractContextManager[None]]
    clear_log: Callable[[], None]

    def make(self, owner: Owner, dialogue: str, page: bytes) -> str:
        """Keep that page of a dialogue; the token of its link, which is told this once."""
        token, link = secrets.token_urlsafe(_TOKEN_BYTES), secrets.token_urlsafe(16)
        with self.transaction("COMMIT"):
            self._check_dialogue(owner, dialogue)
            self._check_room(owner, len(page))
            self.db.execute(
                "INSERT INTO links VALUES (?, ?, ?, ?, ?, ?)",
                (link, _digest(token), dialogue, owner.key, time.time(), len(page)),
            )
            parts = (page[at : at + _PART] for at in range(0, len(page), _PART))
            self.db.executemany(
                "INSERT INTO link_pages VALUES (?, ?, ?)",
                ((link, number, part) for number, part in enumerate(parts)),
            )
        return token

    def of(self, owner: Owner) -> tuple[Link, ...]:
        """All links of that owner, the newest first."""
        values = {"owner": owner.key, "most": _MAX_READ}
        with self.reading():
            return tuple(Link(*row) for row in self.db.execute(_LIST, values))

    def withdraw(self, owner: Owner, link: str) -> None:
        """Nobody can open that link any more."""
        query = "DELETE FROM links WHERE id = ? AND owner = ?"
        with self.transaction("COMMIT"):
            if not self.db.execute(query, (link, owner.key)).rowcount:
                raise StoreError(_WITHDRAWN)
        self.clear_log()

    def open(self, token: str) -> Iterator[bytes] | None:
        """The page of a link, piece by piece until it is withdrawn; None for what is no link any more."""
        query = "SELECT id FROM links WHERE token = ?"
        with self.reading():
            row = self.db.execute(query, (_digest(token[:MAX_TOKEN]),)).fetchone()
        return None if row is None else self._parts(row[0])

    def _parts(self, link: str) -> Iterator[bytes]:
        query, number = "SELECT content FROM link_pages WHERE link = ? AND part = ?", 0
        while True:
            with self.reading():
                row = self.db.execute(query, (link, number)).fetchone()
            if row is None:
                return
            yield row[0]
            number += 1

    def _check_dialogue(self, owner: Owner, dialogue: str) -> None:
        query = "SELECT 1 FROM dialogues WHERE id = ? AND owner = ?"
        if self.db.execute(query, (dialogue, owner.key)).fetchone() is None:
            raise StoreError(_GONE)

    def _check_room(self, owner: Owner, more: int) -> None:
        query = "SELECT count(*), coalesce(sum(bytes), 0) FROM links"
        [count, used] = self.db.execute(f"{query} WHERE owner = ?", (owner.key,)).fetchone()
        if count >= MAX_LINKS or used + more > MAX_BYTES:
            raise StoreError(
                f"You have {count} links with {used / 1e6:.0f} MB, and at most {MAX_LINKS} with "
                f"{MAX_BYTES / 1e6:.0f} MB are kept: withdraw one."
            )
        [_, used] = self.db.execute(query).fetchone()
        if used + more > MAX_ALL_BYTES:
            raise StoreError(
                "This server has no room for more links at present: save the page as a file instead."
            )


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()
