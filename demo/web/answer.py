"""An answer on its way out of the guard."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Message, Send

from demo.web.owned import Owned
from demo.web.refused import UNCLEAR_END, RefusedArgumentsError, RefusedError
from demo.web.rules import Rules, headers_for
from demo.web.shared import SHARED_HEADERS, is_shared

_FILE = re.compile(r"/gradio_api/file[=/]")
WENT_WRONG = "Something went wrong on the server. Try again."
WRONG_FORM = "This request does not have the form that this address takes."
SENTENCES = {
    400: WRONG_FORM,
    401: "Log in first.",
    403: "This is not open to you.",
    404: "There is nothing at this address.",
    405: "This address takes other requests.",
    413: "This is too large.",
    422: WRONG_FORM,
}


class Answer:
    """An answer on its way out: adds the headers, the nonce to pages, and a sentence to failures.

    It notes what the server tells of files and calls: those belong to whoever is told.
    """

    def __init__(self, send: Send, rules: Rules, path: str) -> None:
        self._send, self._rules, self._path = send, rules, path
        self._is_page = path == "/"
        self._is_call = path.startswith(("/gradio_api/run/", "/gradio_api/api/"))
        self._nonce = secrets.token_urlsafe(16)
        self._start: Message | None = None  # held back with its body
        self._pieces: list[bytes] = []
        self._owned: Owned | None = None
        self._may_go_on: Callable[[], bool] = lambda: True
        self._tells, self._is_stream, self._is_over = True, False, False
        self.started = False

    def follow(self, owned: Owned, may_go_on: Callable[[], bool]) -> None:
        """Note what is told; an answer ends when ``may_go_on`` says so."""
        self._owned, self._may_go_on = owned, may_go_on

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.started = True
            if message["status"] == 500 and self._is_call:
                # Gradio also answers 500 for arguments that a handler cannot use.
                message["status"] = 422
            # Not what visitors have written themselves: files, and what is wrong with a request.
            self._tells = message["status"] < 400 and file_of(self._path) is None
            kind = Headers(raw=message["headers"]).get("content-type", "")
            self._is_stream = kind.startswith("text/event-stream")
            if message["status"] >= 400 or self._is_page:
                self._start = message
                return
            _add(message, self._headers())
        elif message["type"] == "http.response.body":
            if self._is_over:
                return
            if self._start is None and not self._may_go_on():
                await self.end()
                return
            if self._owned is not None and self._tells:
                self._owned.note(self._path, message.get("body", b""))
            self._is_over = not message.get("more_body")
            if self._start is not None:
                self._pieces.append(message.get("body", b""))
                if message.get("more_body"):
                    return
                message = await self._finish(self._start, b"".join(self._pieces))
        await self._send(message)

    async def end(self) -> None:
        """End a stream, whatever else would come."""
        if self._is_stream and not self._is_over:
            self._is_over = True
            await self._send({"type": "http.response.body", "body": b""})

    def _headers(self) -> list[tuple[bytes, bytes]]:
        if is_shared(self._path):
            return SHARED_HEADERS
        return headers_for(self._rules, self._nonce if self._is_page else None)

    async def _finish(self, start: Message, body: bytes) -> Message:
        kind = Headers(raw=start["headers"]).get("content-type", "")
        if kind.startswith("text/html"):
            # Gradio escapes every < in the page's values, so these are its own scripts.
            body = body.replace(b"<script", f'<script nonce="{self._nonce}"'.encode())
        elif (failure := _failure(start["status"], body)) is not None:
            body = json.dumps(failure).encode()
            _replace(start, b"content-type", b"application/json")
        # The answer to HEAD has the length of a body that it does not send.
        if body or start["status"] >= 400:
            _replace(start, b"content-length", str(len(body)).encode())
        _add(start, self._headers())
        await self._send(start)
        return {"type": "http.response.body", "body": body}


def error_response(status: int, sentence: str) -> JSONResponse:
    """A failure in the form that the page and programs read."""
    return JSONResponse(_error_body(sentence), status)


async def wrong_form(_request: Request, _error: Exception) -> Response:
    """The answer to a body that Gradio cannot read. Its own would first write out the whole of it, for
    tenths of a second in which nobody else is answered.
    """
    return error_response(422, WRONG_FORM)


def refused_response(refused: RefusedError) -> JSONResponse:
    """A refusal in the form that those read who are refused."""
    body: dict[str, Any] = dict(_error_body(str(refused)))
    if isinstance(refused, RefusedArgumentsError):
        body["detail"] = refused.detail
    closing = {"connection": "close"} if refused.why == UNCLEAR_END else None
    return JSONResponse(body, refused.status, closing)


def _error_body(sentence: str) -> dict[str, str]:
    return {"error": sentence, "detail": sentence}


def _failure(status: int, body: bytes) -> dict[str, Any] | None:
    """The body of a failure in the form that all have; None for one that has a sentence as ``error``."""
    value: object = None
    with suppress(ValueError):
        value = json.loads(body)
    told = value if isinstance(value, dict) else {}
    error, detail = told.get("error"), told.get("detail")
    sentence = error.get("message") if isinstance(error, dict) else error  # as in JSON-RPC
    if isinstance(sentence, str):
        return None
    if isinstance(detail, str):  # as Gradio says it
        return {"error": detail, **told}
    return _error_body(sentence_for(status))


def sentence_for(status: int) -> str:
    return SENTENCES.get(status, WENT_WRONG if status >= 500 else WRONG_FORM)


def file_of(path: str) -> str | None:
    """The path of the file that an address names."""
    found = _FILE.match(path)
    return path[found.end() :] if found else None


def _replace(start: Message, name: bytes, value: bytes) -> None:
    others = [pair for pair in start["headers"] if pair[0].lower() != name]
    start["headers"] = [*others, (name, value)]


def _add(start: Message, headers: list[tuple[bytes, bytes]]) -> None:
    for name, value in headers:
        _replace(start, name, value)
