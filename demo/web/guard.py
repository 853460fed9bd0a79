"""The guard of the server, through which every request passes before Gradio sees it.

It refuses requests from other sites, to addresses that are not served, that are too large or too slow and,
with accounts, from anybody who is not logged in. It adds the security headers to every answer and turns
every failure into a sentence. The rules themselves are in `rules.py`.
"""

from __future__ import annotations

import asyncio
import html
import json
import logging
import secrets
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from starlette.datastructures import Headers
from starlette.formparsers import MultiPartException
from starlette.requests import cookie_parser
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from demo.access.exposure import FRONT
from demo.access.logins import COOKIE, MAX_SECONDS, Locked, Logins
from demo.errors import disk_fault
from demo.machine.environment import try_writing
from demo.web.monitoring import Watch
from demo.web.rules import (
    Front,
    Rules,
    fault_of_body,
    front_of,
    headers_for,
    is_asked_here,
    is_call,
    is_from_here,
    is_served,
    max_bytes,
)

log = logging.getLogger(__name__)

USER = "regionreasoner.user"  # the key in the request's scope under which Gradio finds who is logged in
SILENCE_S = 30.0  # a request is refused when its next piece takes longer
MIN_FREE_BYTES = 500_000_000
_PUBLIC_PATHS = ("/login", "/health", "/gradio_api/startup-events")
_LOGIN_PAGE = Path(__file__).with_name("login.html")
WENT_WRONG = "Something went wrong on the server. Try again."
_WRONG_FORM = "This request does not have the form that this address takes."
_SENTENCES = {
    400: _WRONG_FORM,
    401: "Log in first.",
    403: "This is not open to you.",
    404: "There is nothing at this address.",
    405: "This address takes other requests.",
    413: "This is too large.",
    422: _WRONG_FORM,
}


class RefusedError(Exception):
    """A request is refused: status, sentence, and a word for the metrics."""

    def __init__(self, status: int, sentence: str, why: str) -> None:
        super().__init__(sentence)
        self.status, self.why = status, why


@dataclass(frozen=True, slots=True)
class GuardContext:
    """What the guard works with: ``health`` gives the answer of /health, ``logins`` is None without
    accounts, ``uploads`` is the folder for uploaded files, ``endpoints`` are the names and numbers that can
    be called.
    """

    rules: Rules
    watch: Watch
    health: Callable[[], Mapping[str, Any]]
    logins: Logins | None
    uploads: Path
    endpoints: frozenset[str | int]


class Guard:
    """The ASGI middleware."""

    def __init__(self, app: ASGIApp, context: GuardContext) -> None:
        self.app, self.context = app, context

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let one request through, answer it here, or refuse it."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        if scope["type"] != "http":
            return  # such as a WebSocket, which is not served: the web server closes it
        scope = _as_public(scope, self.context.rules)
        answer = _Answer(send, self.context.rules, scope["path"])
        try:
            response = await self._respond(scope, receive, answer.send)
        except RefusedError as refused:
            self.context.watch.refused.labels(refused.why).inc()
            log.info("refused", extra={"facts": {"why": refused.why, "status": refused.status}})
            response = error_response(refused.status, str(refused))
        except Exception as error:
            self.context.watch.failed(error)
            log.exception("a request failed")
            response = error_response(500, WENT_WRONG)
        if response is not None and not answer.started:
            await response(scope, receive, answer.send)

    async def _respond(self, scope: Scope, receive: Receive, send: Send) -> Response | None:
        """The answer to send; None when Gradio has answered. Raises RefusedError."""
        path, headers = scope["path"], Headers(scope=scope)
        self._check_source(path, headers, scope[FRONT])
        if path.rstrip("/") == "/health":
            health = self.context.health()
            return JSONResponse(health, 503 if health["status"] == "stopping" else 200)
        body = _Body(receive, path, headers)
        token = _token(headers)
        if path.rstrip("/") == "/login" and self.context.logins:
            return await self._login(scope, body, headers)
        scope[USER] = user = await self._user(path, headers, token, _address(scope))
        if self.context.logins and user is None and path.rstrip("/") not in _PUBLIC_PATHS:
            if path == "/" and "text/html" in headers.get("accept", ""):
                return RedirectResponse("login", 303)
            raise RefusedError(401, _SENTENCES[401], "login")
        if path.rstrip("/") == "/metrics":
            return Response(self.context.watch.text(), media_type="text/plain; version=0.0.4")
        if path.rstrip("/") == "/logout" and self.context.logins:
            return self._logout(scope, token)
        await self._check_content(scope, body, user)
        try:
            await self.app(scope, body.receive, send)
        except OSError as error:
            if not _is_upload(scope):
                raise
            log.warning("an upload failed", extra={"facts": {"why": disk_fault(error)}})
            raise RefusedError(507, _disk_sentence(error), "disk") from error
        return None

    def _check_source(self, path: str, headers: Headers, front: Front) -> None:
        asked = {headers.get("host", ""), front.authority}  # a foreign page can forge the latter
        if not all(is_asked_here(name, self.context.rules.names) for name in asked):
            raise RefusedError(
                421,
                "This server does not answer to that name. "
                "Its operator can allow the name with REGIONREASONER_HOSTS.",
                "host",
            )
        if not is_from_here(headers, front):
            raise RefusedError(403, "Requests from other sites are refused.", "origin")
        if not is_served(path):
            raise RefusedError(404, _SENTENCES[404], "path")

    async def _user(
        self, path: str, headers: Headers, token: str | None, address: str
    ) -> str | None:
        logins = self.context.logins
        if logins is None:
            return None
        user = logins.user_of(token)
        if user is None and path.rstrip("/") == "/metrics":
            found = await logins.user_by_header(headers.get("authorization", ""), address)
            if isinstance(found, Locked):
                raise RefusedError(429, _locked_sentence(found), "locked")
            return found
        return user

    async def _login(self, scope: Scope, body: _Body, headers: Headers) -> Response:
        """The login page, or the answer to a name and password, sent by the page or by a program."""
        assert self.context.logins is not None
        if scope["method"] != "POST":
            return _login_page("")
        form = parse_qs((await body.whole()).decode("utf-8", "replace"), max_num_fields=10)
        name, password = (form.get(key, [""])[0] for key in ("username", "password"))
        token = await self.context.logins.log_in(name, password, _address(scope))
        by_hand = "text/html" in headers.get("accept", "")
        if isinstance(token, str):
            log.info("logged in", extra={"facts": {"user": name.strip()[:64]}})
            answer: Response = (
                RedirectResponse("./", 303) if by_hand else JSONResponse({"success": True})
            )
            self._set_cookie(answer, scope, token, MAX_SECONDS)
            return answer
        status, sentence = (
            (429, _locked_sentence(token))
            if token
            else (401, "The user name or the password is wrong.")
        )
        self.context.watch.refused.labels("locked" if token else "password").inc()
        log.warning("login refused", extra={"facts": {"address": _address(scope)}})
        answer = _login_page(sentence, status) if by_hand else error_response(status, sentence)
        if token:
            answer.headers["retry-after"] = str(round(token.seconds) + 1)
        return answer

    def _logout(self, scope: Scope, token: str | None) -> Response:
        assert self.context.logins is not None
        self.context.logins.log_out(token)
        answer = RedirectResponse("login", 303)
        self._set_cookie(answer, scope, "", 0)
        return answer

    def _set_cookie(self, answer: Response, scope: Scope, token: str, seconds: int) -> None:
        # In Hugging Face's frame the cookie is a third party's; browsers keep one for each embedding site.
        framed = bool(self.context.rules.embedders)
        secure = self.context.rules.https or scope["scheme"] == "https"
        answer.set_cookie(
            COOKIE, token, max_age=seconds, path=f"{scope[FRONT].prefix}/", httponly=True,
            secure=secure, samesite="none" if framed else "lax",
        )  # fmt: skip
        if framed:
            answer.headers["set-cookie"] += "; Partitioned"

    async def _check_content(self, scope: Scope, body: _Body, user: str | None) -> None:
        """Limit what a request sends, and check that its page session belongs to the user."""
        sessions = parse_qs(scope["query_string"].decode("latin-1")).get("session_hash", [])
        path = scope["path"]
        if path.startswith("/gradio_api/heartbeat/"):
            sessions = [*sessions, path.split("/")[3]]
        if scope["method"] in ("GET", "HEAD", "OPTIONS"):
            pass
        elif _is_upload(scope):
            body.check_size()
            await asyncio.to_thread(_check_room, self.context.uploads)
        else:
            sessions = [*sessions, *await self._session_in(path, body)]
        logins = self.context.logins
        if logins and user and not all(logins.owns(user, name) for name in sessions):
            raise RefusedError(403, "This page session belongs to somebody else.", "session")

    async def _session_in(self, path: str, body: _Body) -> list[str]:
        content = await body.whole()
        value = await asyncio.to_thread(_parse_json, content) if content else {}
        fault = await asyncio.to_thread(fault_of_body, value)
        if fault:
            raise RefusedError(400, fault, "body")
        if not is_call(path, value, self.context.endpoints):
            raise RefusedError(404, "There is no such endpoint.", "endpoint")
        session = value.get("session_hash")
        return [session] if isinstance(session, str) else []


class _Body:
    """A request's body, limited in size and in pauses; read as a whole, or passed on piece by piece."""

    def __init__(self, receive: Receive, path: str, headers: Headers) -> None:
        self._receive, self._max = receive, max_bytes(path)
        self._declared = headers.get("content-length", "0")
        self._held: list[Message] = []
        self._received, self._ended = 0, False

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

    async def receive(self) -> Message:
        """The next message for Gradio. A failed upload raises the error after which Gradio cleans up."""
        if self._held:
            return self._held.pop()
        if self._ended:
            return await self._receive()  # waits for the end of the connection
        try:
            message = await self._next()
        except RefusedError as refused:
            limit = " (maximum allowed size)" if refused.status == 413 else ""
            raise MultiPartException(f"{refused}{limit}") from refused
        if message["type"] == "http.disconnect":
            raise MultiPartException("The upload ended too early.")
        return message

    async def _next(self) -> Message:
        try:
            message = await asyncio.wait_for(self._receive(), SILENCE_S)
        except TimeoutError:
            raise RefusedError(408, "The request took too long to arrive.", "slow") from None
        self._received += len(message.get("body", b""))
        self._ended = not message.get("more_body", False)
        if self._received > self._max:
            raise self._too_large()
        return message

    def _too_large(self) -> RefusedError:
        limit = f"{self._max // 1_000_000} MB" if self._max >= 1_000_000 else "10 KB"
        return RefusedError(413, f"This request is larger than {limit}.", "size")


class _Answer:
    """An answer on its way out: adds the headers, the nonce to pages, and a sentence to failures."""

    def __init__(self, send: Send, rules: Rules, path: str) -> None:
        self._send, self._rules, self._is_page = send, rules, path == "/"
        self._is_call = path.startswith(("/gradio_api/run/", "/gradio_api/api/"))
        self._nonce = secrets.token_urlsafe(16)
        self._start: Message | None = None  # held back with its body
        self._pieces: list[bytes] = []
        self.started = False

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.started = True
            if message["status"] == 500 and self._is_call:
                # Gradio also answers 500 for arguments that a handler cannot use.
                message["status"] = 422
            if message["status"] >= 400 or self._is_page:
                self._start = message
                return
            _add(message, headers_for(self._rules))
        elif self._start is not None and message["type"] == "http.response.body":
            self._pieces.append(message.get("body", b""))
            if message.get("more_body"):
                return
            message = await self._finish(self._start, b"".join(self._pieces))
        await self._send(message)

    async def _finish(self, start: Message, body: bytes) -> Message:
        kind = Headers(raw=start["headers"]).get("content-type", "")
        if kind.startswith("text/html"):
            # Gradio escapes every < in the page's values, so these are its own scripts.
            body = body.replace(b"<script", f'<script nonce="{self._nonce}"'.encode())
        elif not _has_sentence(body):
            body = json.dumps(_error_body(_sentence_for(start["status"]))).encode()
            _replace(start, b"content-type", b"application/json")
        # The answer to HEAD has the length of a body that it does not send.
        if body or start["status"] >= 400:
            _replace(start, b"content-length", str(len(body)).encode())
        _add(start, headers_for(self._rules, self._nonce if self._is_page else None))
        await self._send(start)
        return {"type": "http.response.body", "body": body}


def _as_public(scope: Scope, rules: Rules) -> Scope:
    """The request with the page's public address, from which Gradio derives the addresses in its answers,
    and without the proxy's path prefix.
    """
    headers = Headers(scope=scope)
    front = front_of(headers, scope["scheme"], rules)
    replaced = (b"x-gradio-server", *((b"x-forwarded-host",) if front.is_declared else ()))
    others = [pair for pair in scope["headers"] if pair[0] not in replaced]
    asked = {**scope, "headers": others, FRONT: front}
    if front.is_declared:
        asked["scheme"] = front.scheme
        root = f"{front.scheme}://{front.authority}{front.prefix}"
        others.append((b"x-gradio-server", root.encode("latin-1", "replace")))
    if front.prefix and scope["path"].startswith(f"{front.prefix}/"):
        asked["path"] = scope["path"].removeprefix(front.prefix)
        asked["raw_path"] = asked["path"].encode()
    return asked


def _is_upload(scope: Scope) -> bool:
    return str(scope["path"]).rstrip("/") == "/gradio_api/upload"


def _check_room(folder: Path) -> None:
    """Check that a picture can be saved there. Raises RefusedError."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)  # some systems delete old folders
        try_writing(folder)
        free = shutil.disk_usage(folder).free
    except OSError as error:
        raise RefusedError(507, _disk_sentence(error), "disk") from error
    if free < MIN_FREE_BYTES:
        raise RefusedError(507, "The server’s disk is full: it can take no pictures.", "disk")


def _disk_sentence(error: OSError) -> str:
    return (
        f"The server cannot save the picture: {disk_fault(error)}. "
        "Its operator can name another folder with GRADIO_TEMP_DIR."
    )


def error_response(status: int, sentence: str) -> JSONResponse:
    """A failure in the form that the page and programs read."""
    return JSONResponse(_error_body(sentence), status)


def _error_body(sentence: str) -> dict[str, str]:
    return {"error": sentence, "detail": sentence}


def _has_sentence(body: bytes) -> bool:
    """Whether the body of a failure already has a sentence."""
    try:
        value = json.loads(body)
    except ValueError:
        return False
    texts = [value.get(key) for key in ("error", "detail")] if isinstance(value, dict) else []
    return any(isinstance(text, str) for text in texts)


def _sentence_for(status: int) -> str:
    return _SENTENCES.get(status, WENT_WRONG if status >= 500 else _WRONG_FORM)


def _parse_json(content: bytes) -> Any:
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        return None


def _token(headers: Headers) -> str | None:
    return cookie_parser(headers.get("cookie", "")).get(COOKIE)


def _address(scope: Scope) -> str:
    client = scope.get("client")
    return str(client[0]) if client else "unknown"


def _locked_sentence(lock: Locked) -> str:
    minutes = int(lock.seconds // 60) + 1
    return f"Too many wrong passwords: try again in {minutes} minute{'s' if minutes > 1 else ''}."


def _login_page(sentence: str, status: int = 200) -> HTMLResponse:
    message = f'<p role="alert">{html.escape(sentence)}</p>' if sentence else ""
    page = _LOGIN_PAGE.read_text(encoding="utf-8").replace("{message}", message)
    return HTMLResponse(page, status, {"cache-control": "no-store"})


def _replace(start: Message, name: bytes, value: bytes) -> None:
    others = [pair for pair in start["headers"] if pair[0].lower() != name]
    start["headers"] = [*others, (name, value)]


def _add(start: Message, headers: list[tuple[bytes, bytes]]) -> None:
    for name, value in headers:
        _replace(start, name, value)
