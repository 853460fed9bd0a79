"""Memory that nothing uses any more: found without holding up everything, and given back to the system.

glibc keeps what threads have freed for their next wish: after some large pictures that is a gigabyte.
"""

from __future__ import annotations

import ctypes
import gc
import sys
from collections.abc import Callable
from functools import cache

_SWITCH_S = 0.0005  # tenth of what is usual


def give_back() -> None:
    """Let go of what was freed, where the C library can be asked to."""
    _trim()(0)


def settle() -> None:
    """Let no thread hold up the others for long, once all is here that stays.

    The garbage collector passes over it: a page and its model are a million objects, and a full pass over
    them stops every thread for a third of a second. Whoever makes many objects at a time brings one about.
    And threads take turns more often: a model takes the interpreter for every small step that it computes.
    """
    gc.collect()
    gc.freeze()
    give_back()
    sys.setswitchinterval(_SWITCH_S)


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
