"""How much work something is, as a number that no clock and no other program changes."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import suppress

from demo.errors import DemoError


def steps(act: Callable[[], object]) -> int:
    """Lines of Python that an act runs, which may end with an error for people."""
    count = 0

    def trace(*_: object) -> object:
        nonlocal count
        count += 1
        return trace

    sys.settrace(trace)  # type: ignore[arg-type]
    try:
        with suppress(DemoError):
            act()
    finally:
        sys.settrace(None)
    return count
