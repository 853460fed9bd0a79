"""The body of a request: limited in size, in pauses and as a whole, before Gradio reads any of it."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from starlette.datastructures import Headers
from starlette.formparsers import MultiPartException
from starlette.types import Message, Receive

from demo.machine.effort import wanted_until
from demo.web.calls import Call, completed
from demo.web.owned import Owned
from demo.web.refused import RefusedError
from demo.web.rules import max_bytes

SILENCE_S = 30.0  # a request is refused when its next piece takes longer
BODY_S = 60.0  # or when the whole takes longer than this,
MIN_BYTES_A_SECOND = 20_000  # and what a slow line needs


class Body:
    """A request's body, limited in size and in pauses; read as a whole, or passed on piece by piece."""

    def __init__(self, receive: Receive, path: str, headers: Headers) -> None:
        self._receive, self._max = receive, max_bytes(path)
        self._declared = headers.get("content-length", "0")
        self._is_upload = headers.get("content-type", "").startswith("multipart/")
        self._held: list[Message] = []
        self._received, self._ended = 0, False
        self._began: float | None = None

    def check_size(self) -> None:
        """Raise RefusedError at once when the declared size is too large."""
        if not self._declared.isdecimal() or int(self._declared) > self._max:
            raise self._too_large()

    async def whole(self) -> bytes:
        """The whole body, which Gradio can still read afterwards. Raises RefusedError."""
        self.check_size()
        pieces: list[bytes] = []
        while not self._ended:
            message = await self._next()
            if message["type"] != "http.request":
                raise RefusedError(400, "The request ended too early.", "broken")
            pieces.append(message.get("body", b""))
        content = b"".join(pieces)
        self._held = [{"type": "http.request", "body": content, "more_body": False}]
        return content

    def complete(self, call: Call, value: Mapping[str, Any], owned: Owned) -> Mapping[str, Any]:
        """Give Gradio a program's call as it takes it. Raises RefusedError."""
        whole = completed(call, value, owned.is_here)
        if isinstance(whole, str):
            raise RefusedError(400, whole, "body")
        if whole != value:
            content = json.dumps(whole).encode()
            self._held = [{"type": "http.request", "body": content, "more_body": False}]
        return whole

    @asynccontextmanager
    async def while_wanted(self) -> AsyncIterator[None]:
        """What is done within it on other threads ends when whoever sent this body hangs up.

        Bodies that Gradio reads itself tell it so.
        """
        if not self._ended:
            yield
            return
        end = threading.Event()
        looking = asyncio.create_task(self._until_disconnected(end))
        try:
            with wanted_until(end):
                yield
        finally:
            looking.cancel()

    async def _until_disconnected(self, end: threading.Event) -> None:
        message: Message = {"type": ""}
        while message["type"] != "http.disconnect":
            message = await self._receive()
        end.set()

    async def receive(self) -> Message:
        """The next message for Gradio.

        An upload that failed raises the error after which Gradio cleans up; every other request of somebody
        who has hung up is told so.
        """
        if self._held:
            return self._held.pop()
        if self._ended:
            return await self._receive()  # waits for the end of the connection
        try:
            message = await self._next()
        except RefusedError as refused:
            limit = " (maximum allowed size)" if refused.status == 413 else ""
            raise MultiPartException(f"{refused}{limit}") from refused
        if message["type"] == "http.disconnect" and self._is_upload:
            raise MultiPartException("The upload ended too early.")
        return message

    async def _next(self) -> Message:
        try:
            message = await asyncio.wait_for(self._receive(), self._patience())
        except TimeoutError:
            raise RefusedError(408, "The request took too long to arrive.", "slow") from None
        self._received += len(message.get("body", b""))
        self._ended = not message.get("more_body", False)
        if self._received > self._max:
            raise self._too_large()
        return message

    def _patience(self) -> float:
        """Seconds until the next piece must be here."""
        now = time.monotonic()
        self._began = now if self._began is None else self._began
        whole = self._began + BODY_S + self._received / MIN_BYTES_A_SECOND
        return max(0.0, min(SILENCE_S, whole - now))

    def _too_large(self) -> RefusedError:
        limit = f"{self._max // 1_000_000} MB" if self._max >= 1_000_000 else "10 KB"
        return RefusedError(413, f"This request is larger than {limit}.", "size")
