"""A lock that goes round among those who ask for it, and to each of them in the order of asking.

Python's own locks promise no order: under load a thread could wait for ever. In a plain queue, whoever asks
most often has the lock most often. Here it goes to the visitor to whom it was granted longest ago.
"""

from __future__ import annotations

import itertools
import threading
from collections import Counter, OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_POLL_S = 0.1  # how often those who wait look whether they were cancelled
_REMEMBERED = 1_000  # visitors

_asker: ContextVar[str] = ContextVar("asker", default="")


@contextmanager
def asked_by(who: str) -> Iterator[None]:
    """Within it, on this thread, locks are asked for in the name of that visitor."""
    former = _asker.set(who)
    try:
        yield
    finally:
        _asker.reset(former)


def asker() -> str:
    """In whose name this thread asks; empty for nobody in particular."""
    return _asker.get()


class FairLock:
    """A lock with a queue, which so many ``places`` may hold at once; it may be released on another thread
    than the one that acquired it.

    Of several places no visitor has more than ``each``, so that some are free when another one comes; then
    `release` is told whose it was.
    """

    def __init__(self, places: int = 1, each: int | None = None) -> None:
        self._lock = threading.Lock()
        self._waiting: list[tuple[str, threading.Event]] = []
        self._granted: OrderedDict[str, int] = OrderedDict()  # when, the last one at the end
        self._clock, self._free = itertools.count(1), places
        self._each, self._held = each, Counter[str]()

    @property
    def waiting(self) -> int:
        """How many wait for it."""
        with self._lock:
            return len(self._waiting)

    @property
    def waiting_of_asker(self) -> int:
        """How many of them are of the visitor in whose name this thread asks."""
        with self._lock:
            return sum(who == asker() for who, _ in self._waiting)

    def acquire(self, cancel: threading.Event | None = None) -> bool:
        """Wait for the lock; False when ``cancel`` was set before it was granted."""
        mine = (asker(), threading.Event())
        with self._lock:
            self._waiting.append(mine)
            self._grant()
        while not mine[1].wait(None if cancel is None else _POLL_S):
            if cancel is not None and cancel.is_set() and self._give_up(mine):
                return False
        return True

    def release(self, who: str = "") -> None:
        """Grant the lock to the next one; ``who`` is the visitor in whose name it was acquired."""
        with self._lock:
            self._free += 1
            self._held -= Counter([who])
            self._grant()

    def _grant(self) -> None:
        while self._free and (may := [w for w in self._waiting if self._may_have(w[0])]):
            who, granted = min(may, key=lambda waiting: self._granted.get(waiting[0], 0))
            self._waiting.remove((who, granted))
            if self._each is not None:
                self._held[who] += 1
            self._granted[who] = next(self._clock)
            self._granted.move_to_end(who)
            if len(self._granted) > _REMEMBERED:
                self._granted.popitem(last=False)
            self._free -= 1
            granted.set()

    def _may_have(self, who: str) -> bool:
        return self._each is None or not who or self._held[who] < self._each

    def _give_up(self, mine: tuple[str, threading.Event]) -> bool:
        """Leave the queue; False when the lock has just been granted."""
        with self._lock:
            if mine not in self._waiting:
                return False
            self._waiting.remove(mine)
            return True

    def __enter__(self) -> None:
        self.acquire()

    def __exit__(self, *_: object) -> None:
        self.release()
