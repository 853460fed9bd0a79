"""The dialogues of agents, in memory only: so many, of so many bytes, each under an id nobody can guess.

Whoever knows the id may go on with a dialogue. The one that was used longest ago gives way.
"""

from __future__ import annotations

import re
import secrets
import threading
from collections import OrderedDict
from dataclasses import dataclass, field, replace

from demo.dialogue.extent import characters_of
from demo.dialogue.session import Session
from demo.errors import InputError
from demo.fairlock import FairLock
from demo.picture.picture import Picture

MAX_DIALOGUES = 100
MAX_BYTES = 500_000_000  # of files of pictures and of dialogues; pixels are bounded by `held`
ID = re.compile(r"[0-9a-f]{32}")
_UNKNOWN = (
    "There is no session {name} here: it was never made, or it gave way to newer ones. Call ground with "
    "the image, and go on with the session_id that it returns."
)


@dataclass(slots=True, eq=False)
class Dialogue:
    """A dialogue that goes on: its newest value, and the lock of whoever adds to it."""

    session: Session
    picture: Picture
    id: str = field(default_factory=lambda: secrets.token_hex(16))
    turn: FairLock = field(default_factory=FairLock)

    @property
    def nbytes(self) -> int:
        """Bytes that it holds beside the pixels, about."""
        return self.picture.source_bytes + characters_of(self.session)


class Dialogues:
    """All of them by id; those used last at the end."""

    def __init__(self, max_count: int = MAX_DIALOGUES, max_bytes: int = MAX_BYTES) -> None:
        self._max_count, self._max_bytes = max_count, max_bytes
        self._lock = threading.Lock()
        self._by_id: OrderedDict[str, Dialogue] = OrderedDict()
        self._bytes: dict[str, int] = {}

    def find(self, name: str) -> Dialogue:
        """The dialogue of that id, which is now the one used last. Raises InputError without it."""
        with self._lock:
            if name not in self._by_id:
                shown = name if ID.fullmatch(name) else "of that id"
                raise InputError(_UNKNOWN.format(name=shown))
            self._by_id.move_to_end(name)
            return self._by_id[name]

    def known(self, names: list[str]) -> list[Dialogue]:
        """Of these ids the dialogues that are still here."""
        with self._lock:
            return [self._by_id[name] for name in names if name in self._by_id]

    def keep(self, dialogue: Dialogue, session: Session) -> None:
        """It is new, or has grown to ``session``; what it was is not remembered: nothing is undone here."""
        dialogue.session = replace(session, former=None, later=None)
        held = dialogue.nbytes
        with self._lock:
            self._by_id[dialogue.id], self._bytes[dialogue.id] = dialogue, held
            self._by_id.move_to_end(dialogue.id)
            while len(self._by_id) > self._max_count or (
                len(self._by_id) > 1 and sum(self._bytes.values()) > self._max_bytes
            ):
                gone, _ = self._by_id.popitem(last=False)
                del self._bytes[gone]
