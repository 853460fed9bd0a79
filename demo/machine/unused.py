"""Memory that nothing uses any more: found without holding up everything, and given back to the system.

glibc keeps what threads have freed for their next wish: after some large pictures that is a gigabyte.
"""

from __future__ import annotations

import ctypes
import gc
from collections.abc import Callable
from functools import cache


def give_back() -> None:
    """Let go of what was freed, where the C library can be asked to."""
    _trim()(0)


def settle_objects() -> None:
    """Let the garbage collector pass over all that is here now.

    A page and its model are a million objects that stay, and a full pass over them stops every thread for
    a third of a second. Whoever makes many objects at a time brings one about.
    """
    gc.collect()
    gc.freeze()
    give_back()


def collect() -> None:
    """Free what is not used any more, also of what was passed over."""
    was_settled = gc.get_freeze_count() > 0
    gc.unfreeze()
    gc.collect()
    if was_settled:
        gc.freeze()


@cache
def _trim() -> Callable[[int], int]:
    try:
        trim: Callable[[int], int] = ctypes.CDLL(None).malloc_trim
    except (AttributeError, OSError, TypeError):  # another system or C library
        return lambda _: 0
    return trim
