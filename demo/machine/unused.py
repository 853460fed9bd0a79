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
_M_MMAP_THRESHOLD = -3  # glibc's number for `mallopt`
_LARGE = 8_000_000  # bytes


def give_back() -> None:
    """Let go of what was freed, where the C library can be asked to."""
    _of_c_library("malloc_trim")(0)


def settle() -> None:
    """Let no thread hold up the others for long, once all is here that stays.

    The garbage collector passes over it: a page and its model are a million objects, and a full pass over
    them stops every thread for a third of a second. Whoever makes many objects at a time brings one about.
    And threads take turns more often: a model takes the interpreter for every small step that it computes.
    """
    gc.collect()
    gc.freeze()
    _map_what_is_large()
    give_back()
    sys.setswitchinterval(_SWITCH_S)


def collect() -> None:
    """Free what is not used any more, also of what was passed over."""
    was_settled = gc.get_freeze_count() > 0
    gc.unfreeze()
    gc.collect()
    if was_settled:
        gc.freeze()


def _map_what_is_large() -> None:
    """Take large memory from the system, always, and give it back there.

    glibc begins to reuse pieces of up to 32 MB once some were freed, and fills them with zeros: for a large
    picture that takes a quarter of a second, during which no other thread comes.
    """
    _of_c_library("mallopt")(_M_MMAP_THRESHOLD, _LARGE)


@cache
def _of_c_library(name: str) -> Callable[..., int]:
    try:
        found: Callable[..., int] = getattr(ctypes.CDLL(None), name)
    except (AttributeError, OSError, TypeError):  # another system or C library
        return lambda *_: 0
    return found
