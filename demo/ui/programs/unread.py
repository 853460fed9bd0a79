"""Whether somebody reads what a call is told while it goes on. Gradio keeps all of it until then."""

from __future__ import annotations

import threading

from gradio.context import LocalContext

from demo.errors import InputError

MAX_UNREAD = 500  # messages; half a minute of a turn, beyond what the connection holds
_NOT_READ = "Nobody reads what this turn is told, so it was ended. Read its events while they come."


class Readers:
    """Those of the call that is handled here."""

    def __init__(self) -> None:
        blocks, call = LocalContext.blocks.get(None), LocalContext.event_id.get(None)
        self._queue = None if blocks is None else blocks._queue
        known = {} if self._queue is None else self._queue.event_ids_to_events
        self._event = known.get(call)

    @property
    def are_gone(self) -> bool:
        """Whether nobody waits for the call any more."""
        return self._event is not None and not self._event.alive

    def check(self) -> None:
        """Raises InputError when they are gone, or too much is waiting to be read."""
        if self._queue is None or self._event is None:
            return
        messages = self._queue.pending_messages_per_session.get(self._event.session_hash)
        is_behind = messages is not None and messages.qsize() > MAX_UNREAD
        if is_behind or self.are_gone:
            raise InputError(_NOT_READ)


class HangUp(threading.Event):
    """Set once whoever made the call that is handled here has gone."""

    def __init__(self) -> None:
        super().__init__()
        self._readers = Readers()

    def is_set(self) -> bool:
        return self._readers.are_gone
