"""What Gradio keeps of page sessions and calls: results that nobody has read yet, few of each address and
for some minutes, and a little about those that are over.

Gradio 6.31.0 keeps two thousand results, each of which may be a whole dialogue, for as long as it runs, and
something about every session for ever. Where there is one more, the oldest goes, though its turn may be
running.
"""

from __future__ import annotations

import time
from collections import Counter, OrderedDict
from typing import Any

from demo.access.peers import place_in

MAX_EACH, MAX_IN_ALL = 50, 200
MAX_SECONDS = 300.0
MAX_OVER = 1000  # sessions that were read to the end: whoever reads may be a moment behind


class UnreadResults:
    """The page sessions and calls that Gradio's ``queue`` knows."""

    def __init__(self, queue: Any) -> None:
        self._queue = queue
        self._known: OrderedDict[str, tuple[str, float]] = OrderedDict()  # of whom, since when
        self._over: OrderedDict[str, None] = OrderedDict()
        # Which ones go is said here alone.
        queue.pending_messages_per_session = dict(queue.pending_messages_per_session)

    def note(self, session: str, place: str) -> None:
        """Something was asked in that session, or answered, for whom that address tells apart, or is empty;
        others that are too many or too old are forgotten, from the oldest on.
        """
        self._known[session] = place, time.monotonic()
        self._known.move_to_end(session)
        self._over.pop(session, None)
        busy = {event.session_hash for event in list(self._queue.event_ids_to_events.values())}
        idle = [name for name in self._known if name not in busy and name != session]
        self._note_over([name for name in idle if not self._is_unread(name)])
        self._forget_unread([name for name in idle if name in self._known], session)

    def _note_over(self, names: list[str]) -> None:
        for name in names:
            del self._known[name]
            self._over[name] = None
        while len(self._over) > MAX_OVER:
            self._forget(self._over.popitem(last=False)[0])

    def _forget_unread(self, names: list[str], newest: str) -> None:
        """Forget those of these sessions, the oldest first, that have no room beside the newest."""
        places = [self._known[name][0] for name in (*names, newest)]
        counts, left = Counter(places), len(places)
        for name in names:
            whose, since = self._known[name]
            max_each = MAX_EACH if whose else MAX_IN_ALL
            is_old = time.monotonic() - since > MAX_SECONDS
            if is_old or counts[whose] > max_each or left > MAX_IN_ALL:
                counts[whose] -= 1
                left -= 1
                del self._known[name]
                self._forget(name)

    def _is_unread(self, name: str) -> bool:
        messages = self._queue.pending_messages_per_session.get(name)
        return messages is not None and not messages.empty()

    def _forget(self, name: str) -> None:
        self._queue.pending_messages_per_session.pop(name, None)
        self._queue.pending_event_ids_session.pop(name, None)


def keep_few_unread(queue: Any) -> None:
    """Let Gradio's queue keep no more than that from now on."""
    push, send = queue.push, queue.send_message
    unread = UnreadResults(queue)

    async def push_and_note(body: Any, request: Any, username: str | None) -> Any:
        pushed = await push(body=body, request=request, username=username)
        if pushed[0]:
            unread.note(body.session_hash, place_in(request))
        return pushed

    def send_and_note(event: Any, message: Any) -> None:
        send(event, message)
        if message.msg == "process_completed":
            unread.note(event.session_hash, place_in(event.request))

    queue.push, queue.send_message = push_and_note, send_and_note
