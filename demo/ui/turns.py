"""Which visitors have a turn running, and how to stop it. One turn at a time for each of them.

It holds stop signals only, never a dialogue.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field


@dataclass(slots=True, eq=False)
class Ticket:
    """A running turn: ``cancel`` stops it, ``dropped`` says that its result is not wanted."""

    visitor: str
    cancel: threading.Event = field(default_factory=threading.Event)
    dropped: bool = False


class Turns:
    """The running turns by visitor (Gradio's session hash)."""

    def __init__(self) -> None:
        self._running: dict[str, Ticket] = {}
        self._lock = threading.Lock()

    def begin(self, visitor: str) -> Ticket | None:
        """A ticket for a new turn, or None while that visitor's last one still runs."""
        with self._lock:
            if visitor in self._running:
                return None
            return self._running.setdefault(visitor, Ticket(visitor))

    def end(self, ticket: Ticket) -> None:
        """The turn is over, in whatever way."""
        with self._lock:
            self._running.pop(ticket.visitor, None)

    def stop(self, visitor: str, *, drop: bool = False) -> bool:
        """Ask that visitor's turn to end; whether there was one."""
        with self._lock:
            ticket = self._running.get(visitor)
            if ticket is None:
                return False
            ticket.dropped = ticket.dropped or drop
            ticket.cancel.set()
            return True

    def pause(self, visitor: str, seconds: float) -> Ticket | None:
        """Hold that visitor's place for a while, or until they stop it: the ticket tells."""
        ticket = self.begin(visitor)
        if ticket is not None:
            ticket.cancel.wait(seconds)
            self.end(ticket)
        return ticket

    def is_running(self, visitor: str) -> bool:
        """Whether that visitor's last question is still being answered."""
        with self._lock:
            return visitor in self._running
