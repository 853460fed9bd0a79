"""Results of calls that nobody has read yet: few of each address, for some minutes.

Gradio 6.31.0 keeps two thousand, each of which may be a whole dialogue, for as long as it runs.
"""

from __future__ import annotations

import time
from collections import Counter, OrderedDict
from typing import Any

from demo.access.peers import place_in

MAX_EACH, MAX_IN_ALL = 50, 200
MAX_SECONDS = 300.0


class UnreadResults:
    """The page sessions and calls, in Gradio's ``queue``, for which there is a result to be read."""

    def __init__(self, queue: Any) -> None:
        self._queue = queue
        self._known: OrderedDict[str, tuple[str, float]] = OrderedDict()  # of whom, since when

    def note(self, session: str, place: str) -> None:
        """One more has come, for whom that address tells apart, or is empty; those that are too many or
        too old are forgotten, from the oldest on.
        """
        self._known[session] = place, time.monotonic()
        self._known.move_to_end(session)
        for name in [name for name in self._known if not self._is_unread(name)]:
            del self._known[name]
        counts = Counter(place for place, _ in self._known.values())
        busy = {event.session_hash for event in self._queue.event_ids_to_events.values()}
        for name, (whose, since) in list(self._known.items())[:-1]:
            if name in busy:
                continue  # what is told next needs its place
            max_each = MAX_EACH if whose else MAX_IN_ALL
            is_old = time.monotonic() - since > MAX_SECONDS
            if is_old or counts[whose] > max_each or len(self._known) > MAX_IN_ALL:
                counts[whose] -= 1
                self._forget(name)

    def _is_unread(self, name: str) -> bool:
        messages = self._queue.pending_messages_per_session.get(name)
        return messages is not None and not messages.empty()

    def _forget(self, name: str) -> None:
        del self._known[name]
        self._queue.pending_messages_per_session.pop(name, None)
        self._queue.pending_event_ids_session.pop(name, None)


def keep_few_unread(queue: Any) -> None:
    """Let Gradio's queue keep no more than that from now on."""
    send = queue.send_message
    unread = UnreadResults(queue)

    def send_and_note(event: Any, message: Any) -> None:
        send(event, message)
        if message.msg == "process_completed":
            unread.note(event.session_hash, place_in(event.request))

    queue.send_message = send_and_note
