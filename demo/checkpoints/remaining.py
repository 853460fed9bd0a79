"""How long a fetch will still take, in words that do not jump.

It knows bytes and seconds, not what is fetched.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable

_WINDOW_S = 20.0  # the rate of the last seconds; of less than the first few nothing is said
_FIRST_S = 3.0
_STEPS_S = 10  # below two minutes, seconds are told in such steps
_SLACK = 0.8  # of a step or a minute: what was told stays until it is further off than that


class Remaining:
    """Is told of new bytes by `add`; ``size`` is how many there will be, None when that is unknown."""

    def __init__(self, size: int | None, clock: Callable[[], float] = time.monotonic) -> None:
        self._size, self._clock = size, clock
        self.arrived = 0
        self._seen: deque[tuple[float, int]] = deque()
        self._told: float | None = None  # seconds

    def add(self, size: int) -> None:
        """So many bytes have arrived."""
        now = self._clock()
        self._seen.append((now, self.arrived))
        self.arrived += size
        while len(self._seen) > 1 and self._seen[1][0] < now - _WINDOW_S:
            self._seen.popleft()

    @property
    def share(self) -> float | None:
        """Which part has arrived, 0 to 1; None when the size is unknown."""
        return min(self.arrived / self._size, 1.0) if self._size else None

    def __str__(self) -> str:
        """Such as *about 4 minutes left*; empty as long as it is not known."""
        seconds = self._seconds()
        if seconds is None:
            return ""
        if self._told is None or abs(seconds - self._told) > _SLACK * _step(self._told):
            step = _step(seconds)
            self._told = max(round(seconds / step), 1) * step
        return _words(round(self._told))

    def _seconds(self) -> float | None:
        """At the rate of the last seconds; where nothing arrives the rate falls."""
        if not self._size or not self._seen:
            return None
        began, before = self._seen[0]
        span, got = self._clock() - began, self.arrived - before
        return None if span < _FIRST_S or not got else (self._size - self.arrived) * span / got


def _step(seconds: float) -> float:
    if seconds < 120:
        return _STEPS_S
    return 60 if seconds < 90 * 60 else 30 * 60


def _words(seconds: int) -> str:
    if seconds < 120:
        return f"about {seconds} seconds left"
    if seconds <= 90 * 60:
        return f"about {round(seconds / 60)} minutes left"
    return f"about {seconds / 3600:.3g} hours left"
