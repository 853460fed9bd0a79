"""Memory that nothing uses any more goes back to the system.

glibc keeps what threads have freed for their next wish: after some large pictures that is a gigabyte.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from functools import cache


def give_back() -> None:
    """Let go of what was freed, where the C library can be asked to."""
    _trim()(0)


@cache
def _trim() -> Callable[[int], int]:
    try:
        trim: Callable[[int], int] = ctypes.CDLL(None).malloc_trim
    except (AttributeError, OSError, TypeError):  # another system or C library
        return lambda _: 0
    return trim
