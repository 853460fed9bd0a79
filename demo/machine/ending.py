"""The end of a program that serves, by a signal."""

from __future__ import annotations

import _thread
import signal
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_AGAIN_S = 1.0


@contextmanager
def ended_by_signal() -> Iterator[None]:
    """SIGINT or SIGTERM ends the block, quietly; a second one after it ends the process at once.

    SIGINT is a person's Ctrl-C, which what is interrupted may take for itself, such as fetching does;
    SIGTERM ends everything. To be used on the main thread, also within itself: then the inner block ends.
    """
    end = _End()
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, end.ask)
    try:
        yield
    except (KeyboardInterrupt, SystemExit):
        pass
    except Exception:  # what the code that was interrupted has made of it
        if not end.is_asked:
            raise
    finally:
        end.is_reached()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_DFL)


class _End:
    """Asks the main thread to leave a block, again and again until it has.

    Libraries that are being imported catch whatever is raised in them, and what a finalizer raises is
    lost. Nor does a signal wake the main thread that came to another one, or just before it went to sleep.
    Asked only once, the program could go on for ever.
    """

    def __init__(self) -> None:
        self._main = threading.get_ident()
        self.is_asked = False
        self._has_left, self._sending = False, threading.Lock()
        self._heard, self._told = socket.socketpair()
        self._told.setblocking(False)
        # Python's own handlers in C tell of every signal there, whatever the main thread does.
        self._former = signal.set_wakeup_fd(self._told.fileno(), warn_on_full_buffer=False)
        threading.Thread(target=self._insist, daemon=True).start()

    def ask(self, *_: object) -> None:
        """What SIGTERM does on the main thread."""
        if not self._has_left:
            self.is_asked = True
            sys.exit()

    def is_reached(self) -> None:
        """Ask no more; from here on no signal is under way."""
        self._has_left = True
        signal.set_wakeup_fd(self._former)
        with self._sending:
            self._told.close()

    def _insist(self) -> None:
        with self._heard:
            while True:
                try:
                    numbers = self._heard.recv(64)
                except TimeoutError:
                    with self._sending:
                        if self._has_left:
                            return
                        _signal_to(self._main)
                    continue
                if not numbers:
                    return
                if signal.SIGTERM in numbers:
                    self._heard.settimeout(_AGAIN_S)


def _signal_to(thread: int) -> None:
    if hasattr(signal, "pthread_kill"):
        signal.pthread_kill(thread, signal.SIGTERM)  # which wakes it up, too
    else:  # Windows
        _thread.interrupt_main(signal.SIGTERM)
