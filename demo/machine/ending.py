"""The end of a program that serves, by a signal."""

from __future__ import annotations

import _thread
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from queue import Empty, SimpleQueue

_AGAIN_S = 1.0


@contextmanager
def ended_by_signal() -> Iterator[None]:
    """SIGINT or SIGTERM ends the block, quietly; a second one after it ends the process at once.

    SIGINT is a person's Ctrl-C, which what is interrupted may take for itself, such as fetching does;
    SIGTERM ends everything. To be used on the main thread.
    """
    end = _End()
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, end.ask)
    try:
        yield
    except (KeyboardInterrupt, SystemExit):
        pass
    finally:
        end.is_reached()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_DFL)


class _End:
    """Asks the main thread to leave a block, again and again until it has.

    Libraries that are being imported catch whatever is raised in them, and what a finalizer raises is
    lost: asked only once, the program could go on for ever.
    """

    def __init__(self) -> None:
        self._main = threading.get_ident()
        self._asked = SimpleQueue[bool]()  # whose `put` may interrupt itself, as signals do
        self._has_left, self._sending = False, threading.Lock()
        threading.Thread(target=self._insist, daemon=True).start()

    def ask(self, *_: object) -> None:
        """What SIGTERM does."""
        if not self._has_left:
            self._asked.put(True)
            sys.exit()

    def is_reached(self) -> None:
        """Ask no more; from here on no signal is under way."""
        self._has_left = True
        with self._sending:
            self._asked.put(False)

    def _insist(self) -> None:
        patience = None  # until the first signal
        while True:
            try:
                if not self._asked.get(timeout=patience):
                    return
                patience = _AGAIN_S
            except Empty:
                with self._sending:
                    if self._has_left:
                        return
                    _signal_to(self._main)


def _signal_to(thread: int) -> None:
    if hasattr(signal, "pthread_kill"):
        signal.pthread_kill(thread, signal.SIGTERM)  # which wakes it up, too
    else:  # Windows
        _thread.interrupt_main(signal.SIGTERM)
