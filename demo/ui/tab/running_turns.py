"""Which visitors have a turn running, and how to stop it. One turn at a time for each of them.

It holds stop signals only, never a dialogue.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from demo.errors import InputError
from demo.machine.effort import current_end
from demo.ui.shared import sentences

_LATEST_WEIGHT = 0.3  # of the latest turn in what a turn usually takes


@dataclass(slots=True, eq=False)
class Ticket:
    """A running turn: ``cancel`` stops it, ``is_dropped`` says that nobody wants its result.

    Opening a picture and pausing count as turns, too; only questions have ``needs_model``. ``asker`` is in
    whose name it is asked, among whom the model goes round.
    """

    visitor: str
    needs_model: bool = True
    asker: str = ""
    cancel: threading.Event = field(default_factory=current_end)
    is_dropped: bool = False


class RunningTurns:
    """The running turns by visitor (Gradio's session hash), in the order in which they began.

    The model takes ``at_once`` of them at a time, so the others wait.
    """

    def __init__(self, at_once: int = 1) -> None:
        self._at_once = at_once
        self._running: dict[str, Ticket] = {}
        self._lock = threading.Lock()
        self._usual_s: float | None = None

    def begin(self, visitor: str, *, needs_model: bool = True, asker: str = "") -> Ticket | None:
        """A ticket for a new turn, or None while that visitor's last one still runs."""
        with self._lock:
            if visitor in self._running:
                return None
            return self._running.setdefault(visitor, Ticket(visitor, needs_model, asker))

    @contextmanager
    def hold(self, visitor: str, *, needs_model: bool = True, asker: str = "") -> Iterator[Ticket]:
        """A turn for as long as the block lasts. Raises InputError while the last one still runs."""
        ticket = self.begin(visitor, needs_model=needs_model, asker=asker)
        if ticket is None:
            raise InputError(sentences.ONE_AT_A_TIME if needs_model else sentences.STOP_FIRST)
        try:
            yield ticket
        finally:
            ticket.cancel.set()  # a visitor who is gone does not keep the model busy
            self.end(ticket)

    def end(self, ticket: Ticket) -> None:
        """The turn is over, in whatever way."""
        with self._lock:
            self._running.pop(ticket.visitor, None)

    def note_duration(self, seconds: float) -> None:
        """A turn kept the model busy for that long; waiting times are estimated from the latest ones."""
        with self._lock:
            usual = seconds if self._usual_s is None else self._usual_s
            self._usual_s = usual + _LATEST_WEIGHT * (seconds - usual)

    def before(self, ticket: Ticket) -> tuple[int, float | None]:
        """How many turns come before that one, and the seconds they may take; None when unknown."""
        with self._lock:
            asking = [other for other in self._running.values() if other.needs_model]
            if ticket not in asking:
                return 0, self._usual_s and 0.0
            counts = Counter[str]()
            rounds = list[tuple[int, int, Ticket]]()
            for place, other in enumerate(asking):
                rounds.append((counts[other.asker], place, other))
                counts[other.asker] += 1
            order = [other for _, _, other in sorted(rounds, key=lambda each: each[:2])]
            ahead = max(0, order.index(ticket) - self._at_once + 1)
            return ahead, self._usual_s and ahead * self._usual_s / self._at_once

    def stop(self, visitor: str, *, drop: bool = False) -> bool:
        """Ask that visitor's turn to end, and return whether there was one."""
        with self._lock:
            ticket = self._running.get(visitor)
            if ticket is None:
                return False
            ticket.is_dropped = ticket.is_dropped or drop
            ticket.cancel.set()
            return True

    def pause(self, visitor: str, seconds: float) -> Ticket | None:
        """Hold that visitor's place for some seconds, or until they stop it; the ticket says which."""
        ticket = self.begin(visitor, needs_model=False)
        if ticket is not None:
            ticket.cancel.wait(seconds)
            self.end(ticket)
        return ticket

    def is_running(self, visitor: str) -> bool:
        """Whether that visitor's last question is still being answered."""
        with self._lock:
            return visitor in self._running
