"""Those who wait for one thing get it in the order in which they came.

Python's own locks promise no order: under load somebody could wait for ever. It does not know what is
waited for.
"""

from __future__ import annotations

import threading
from collections import deque

_STOP_SEEN_S = 0.1  # how often a stop is looked for by those who wait


class FairLock:
    """A lock with a line before it; whoever holds it may leave it on another thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: deque[threading.Event] = deque()
        self._held = False

    def enter(self, cancel: threading.Event | None = None) -> bool:
        """Wait for one's turn; False when ``cancel`` was set before it came."""
        mine = threading.Event()
        with self._lock:
            if not self._held:
                self._held = True
                return True
            self._waiting.append(mine)
        while not mine.wait(None if cancel is None else _STOP_SEEN_S):
            if cancel is not None and cancel.is_set() and self._gave_up(mine):
                return False
        return True

    def leave(self) -> None:
        """Let the next one in."""
        with self._lock:
            if self._waiting:
                self._waiting.popleft().set()
            else:
                self._held = False

    def _gave_up(self, mine: threading.Event) -> bool:
        """Leave the line; False when one's turn has just come."""
        with self._lock:
            if mine not in self._waiting:
                return False
            self._waiting.remove(mine)
            return True

    def __enter__(self) -> None:
        self.enter()

    def __exit__(self, *_: object) -> None:
        self.leave()
