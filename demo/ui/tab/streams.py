"""The stream by which an open tab shows that it is there, answered without Gradio.

Gradio would run its events for every stream that ends, and make a state of the whole page for names that
it never saw. Here a stream costs a connection, and the end of one of an unknown tab costs nothing.
"""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from gradio.utils import get_heartbeat_rate
from starlette.types import ASGIApp, Receive, Scope, Send

_STREAM = re.compile(r"/gradio_api/heartbeat/([^/]+)/?")
_ALIVE = {"type": "http.response.body", "body": b"data: ALIVE\n\n", "more_body": True}
_OVER = {"type": "http.response.body", "body": b"", "more_body": False}


class OpenStreams:
    """The tabs (by Gradio's session hash) that have a stream open; ``left`` hears of each whose last one
    has ended, if ``is_known`` says that it has called something.
    """

    def __init__(self, left: Callable[[str], None], is_known: Callable[[str], bool]) -> None:
        self._left, self._is_known = left, is_known
        self._open: Counter[str] = Counter()

    def __contains__(self, visitor: str) -> bool:
        return visitor in self._open

    def begin(self, visitor: str) -> None:
        """One more stream of that tab."""
        self._open[visitor] += 1

    def end(self, visitor: str) -> None:
        """One of them is over. Called in the event loop; ``left`` runs on a thread, as it may wait."""
        self._open[visitor] -= 1
        if not self._open[visitor]:
            del self._open[visitor]
            if self._is_known(visitor):
                asyncio.get_running_loop().run_in_executor(None, self._left, visitor)


class Streams:
    """ASGI middleware: answers for the streams of open tabs, and tells the page when one ends."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or pass it on."""
        found = _STREAM.fullmatch(scope.get("path", "")) if scope["type"] == "http" else None
        if found is None or scope["method"] != "GET":
            return await self._app(scope, receive, send)
        streams: OpenStreams = scope["app"].get_blocks().open_streams
        streams.begin(found[1])
        try:
            await _stay(receive, send, scope["app"].stop_event)
        finally:
            streams.end(found[1])
        return None


async def _stay(receive: Receive, send: Send, stop: asyncio.Event) -> None:
    """Say that the server is there, again and again, until it stops or the other side has gone."""
    headers = [(b"content-type", b"text/event-stream; charset=utf-8")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    ends = [asyncio.ensure_future(_disconnected(receive)), asyncio.ensure_future(stop.wait())]
    try:
        while not any(end.done() for end in ends):
            await send(_ALIVE)
            await asyncio.wait(ends, timeout=get_heartbeat_rate(), return_when="FIRST_COMPLETED")
    finally:
        for end in ends:
            end.cancel()
    with suppress(OSError):
        await send(_OVER)


async def _disconnected(receive: Receive) -> None:
    message: Any = {}
    while message.get("type") != "http.disconnect":
        message = await receive()
