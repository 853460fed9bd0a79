"""A lock that is granted in the order in which it was asked for.

Python's own locks promise no order: under load a thread could wait for ever.
"""

from __future__ import annotations

import threading
from collections import deque

_POLL_S = 0.1  # how often those who wait look whether they were cancelled


class FairLock:
    """A lock with a queue, which so many ``places`` may hold at once; it may be released on another thread
    than the one that acquired it.
    """

    def __init__(self, places: int = 1) -> None:
        self._lock = threading.Lock()
        self._waiting: deque[threading.Event] = deque()
        self._free = places

    @property
    def waiting(self) -> int:
        """How many wait for it."""
        return len(self._waiting)

    def acquire(self, cancel: threading.Event | None = None) -> bool:
        """Wait for the lock; False when ``cancel`` was set before it was granted."""
        mine = threading.Event()
        with self._lock:
            if self._free:
                self._free -= 1
                return True
            self._waiting.append(mine)
        while not mine.wait(None if cancel is None else _POLL_S):
            if cancel is not None and cancel.is_set() and self._give_up(mine):
                return False
        return True

    def release(self) -> None:
        """Grant the lock to the one that has waited longest."""
        with self._lock:
            if self._waiting:
                self._waiting.popleft().set()
            else:
                self._free += 1

    def _give_up(self, mine: threading.Event) -> bool:
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
