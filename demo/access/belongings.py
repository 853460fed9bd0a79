"""To whom belongs what the server has: page sessions, running calls, and files by their address.

Who is asked about is a user, a visitor, or nobody in particular: a program without a login, or a browser
that keeps no cookies. What belongs to nobody is open to all who know its name. Everything is in memory and
bounded; of what was not used for longest it is forgotten whose it is, and nobody gets it then.
"""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Iterable

NOBODY = ""
MAX_NAMES = 50_000  # page sessions and calls
MAX_FILES = 200_000  # in all
MAX_FILES_EACH = 5_000


class Belongings:
    """Whose page sessions, calls and files they are."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._names: OrderedDict[str, str] = OrderedDict()
        self._files: OrderedDict[str, OrderedDict[bytes, None]] = OrderedDict()
        self._count = 0

    def claim(self, who: str, name: str) -> bool:
        """Whether the session or call is theirs; the first to use one owns it."""
        with self._lock:
            owner = self._names.setdefault(name, who)
            self._names.move_to_end(name)
            while len(self._names) > MAX_NAMES:
                self._names.popitem(last=False)
            return owner in (who, NOBODY)

    def owner(self, name: str) -> str | None:
        """Whose session or call it is; None when nobody used it."""
        with self._lock:
            return self._names.get(name)

    def may_use(self, who: str, name: str) -> bool:
        """Whether the session or call is not somebody else's."""
        return self.owner(name) in (who, NOBODY, None)

    def give(self, who: str, paths: Iterable[str]) -> None:
        """The files with those paths are theirs, too: the server told them the addresses."""
        with self._lock:
            files = self._files.setdefault(who, OrderedDict())
            self._files.move_to_end(who)
            for path in paths:
                key = _digest(path)
                self._count += key not in files
                files[key] = None
                files.move_to_end(key)
                if len(files) > MAX_FILES_EACH:
                    files.popitem(last=False)
                    self._count -= 1
            while self._count > MAX_FILES:
                self._count -= len(self._files.popitem(last=False)[1])

    def may_read(self, who: str, path: str) -> bool:
        """Whether they were told of the file with that path."""
        key = _digest(path)
        with self._lock:
            if who in self._files:
                self._files.move_to_end(who)
            return any(key in self._files.get(each, ()) for each in (who, NOBODY))


def _digest(path: str) -> bytes:
    return hashlib.blake2b(path.encode("utf-8", "surrogatepass"), digest_size=16).digest()
