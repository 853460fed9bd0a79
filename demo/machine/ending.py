"""The end of a program that serves, by a signal."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def ended_by_signal() -> Iterator[None]:
    """SIGINT or SIGTERM ends the block, quietly; a second one ends the process at once.

    SIGINT is a person's Ctrl-C, which what is interrupted may take for itself, such as fetching does;
    SIGTERM ends everything.
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    try:
        yield
    except (KeyboardInterrupt, SystemExit):
        pass
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_DFL)
