"""Long work for one visitor: a few at a time, for so long at most, ended when nobody waits for it.

Python cannot end a thread, and one that computes holds up all others. So long work takes a place, of which
there are few, and comes by `breathe` again and again: there it ends once it is not wanted any more, and
there it rests while others are to be answered. Outside of such work `breathe` does nothing.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from demo.errors import InputError
from demo.fairlock import FairLock, asker
from demo.machine.unused import give_back

AT_ONCE, AT_ONCE_EACH = 2, 1  # one visitor's work leaves a place for others
MAX_WAITING, MAX_WAITING_EACH = 24, 8  # more would take all of the server's threads
MAX_SECONDS = 60.0
_SLICE_S = 0.004  # of computing, after which others come
_REST = 8.0  # times as long as it has computed: two at once leave most of the interpreter to others
_MAX_REST_S = 0.5
_TOO_MANY = (
    "Many pictures and dialogues are being opened at this moment. Try again in a few seconds."
)
_TOO_LONG = (
    "This takes too long, so it was ended. Use a smaller picture, or a dialogue with less in it."
)
_STOPPED = "This was stopped before it was done."

_places = FairLock(AT_ONCE, each=AT_ONCE_EACH)
_current: ContextVar[Effort | None] = ContextVar("effort", default=None)
_end: ContextVar[threading.Event | None] = ContextVar("end", default=None)


@contextmanager
def wanted_until(end: threading.Event) -> Iterator[None]:
    """What is begun within it is wanted until ``end`` is set, also on threads that it is handed to."""
    former = _end.set(end)
    try:
        yield
    finally:
        _end.reset(former)


def current_end() -> threading.Event:
    """The event that says when what is begun now is not wanted any more; a new one where nobody says so."""
    return _end.get() or threading.Event()


class Effort:
    """One piece of long work; see `long_work`."""

    def __init__(self, cancel: threading.Event, is_wanted_elsewhere: Callable[[], bool]) -> None:
        self._cancel, self._is_wanted_elsewhere = cancel, is_wanted_elsewhere
        self._since = time.monotonic()
        self._until = self._since + MAX_SECONDS

    def must_finish(self) -> None:
        """From now on it is not ended any more."""
        self._cancel, self._until = threading.Event(), math.inf

    def breathe(self) -> None:
        """See `breathe`."""
        self._raise_if_ended()
        self.rest()

    def check(self) -> None:
        """See `check`."""
        self._raise_if_ended()
        self._since = time.monotonic()

    def rest(self) -> None:
        """Let others come, if it has computed for long enough."""
        worked = time.monotonic() - self._since
        if worked >= _SLICE_S:
            # Even a rest of no length lets those come who wait for the interpreter.
            rest = min(_REST * worked, _MAX_REST_S) if self._is_wanted_elsewhere() else 0.0
            time.sleep(rest)
            self._until += rest
            self._since = time.monotonic()

    def _raise_if_ended(self) -> None:
        if self._cancel.is_set():
            raise InputError(_STOPPED)
        if time.monotonic() > self._until:
            raise InputError(_TOO_LONG)


@contextmanager
def long_work(
    cancel: threading.Event | None = None,
    is_wanted_elsewhere: Callable[[], bool] = lambda: False,
    *,
    is_patient: bool = False,
) -> Iterator[Effort]:
    """A place for long work on this thread; work within it is part of it.

    Nobody waits for one while holding a lock that others need who have one: first the place, then the lock.

    Setting ``cancel`` ends it (without one, the event of `wanted_until`), and it rests while
    ``is_wanted_elsewhere`` says that the machine is. Raises InputError, here or from `breathe`, when it is
    ended, and unless it ``is_patient`` where too many wait already, in all or of the visitor who asks (see
    `asked_by`).
    """
    if (current := _current.get()) is not None:
        yield current
        return
    cancel = cancel or current_end()
    if not is_patient and _are_too_many():
        raise InputError(_TOO_MANY)
    who = asker()
    if not _places.acquire(cancel):
        raise InputError(_STOPPED)
    effort = Effort(cancel, is_wanted_elsewhere)
    mine = _current.set(effort)
    try:
        yield effort
    finally:
        _current.reset(mine)
        effort.rest()  # also what came by nowhere: reading a text of JSON is one step
        _places.release(who)
        give_back()


def _are_too_many() -> bool:
    has_many = asker() != "" and _places.waiting_of_asker >= MAX_WAITING_EACH
    return has_many or _places.waiting >= MAX_WAITING


@contextmanager
def work_at_once(is_wanted_elsewhere: Callable[[], bool]) -> Iterator[None]:
    """Work that rests, as long work does, but has no place and waits for none: for those who hold a lock.

    Within long work it is part of that.
    """
    if _current.get() is not None:
        yield
        return
    effort = Effort(threading.Event(), is_wanted_elsewhere)
    effort.must_finish()
    mine = _current.set(effort)
    try:
        yield
    finally:
        _current.reset(mine)
        effort.rest()  # what has no `breathe` in it


def breathe() -> None:
    """Where long work may be ended, and lets others come. Raises InputError when it is ended."""
    if (effort := _current.get()) is not None:
        effort.breathe()


def check() -> None:
    """Where long work that only waits may be ended. Raises InputError when it is."""
    if (effort := _current.get()) is not None:
        effort.check()
