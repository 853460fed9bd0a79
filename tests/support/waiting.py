"""Waiting for what nobody tells of, such as what another process has written."""

from __future__ import annotations

import time
from collections.abc import Callable


def until(is_so: Callable[[], object], seconds: float = 60) -> None:
    """Return as soon as something is so; fail where it is not after a time that no busy machine takes."""
    last = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < last, "it never came"
        time.sleep(0.01)
