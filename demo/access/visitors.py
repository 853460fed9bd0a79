"""Whose browser it is: that of a user who signed in, else of a visitor with a secret in a cookie.

The secret is made here and sent in one header only, and no script of the page can read it. It carries the
seal of this server, so that no other one is taken. This file knows neither dialogues nor workspaces.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import re
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gradio as gr
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import cookie_parser
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from demo.access.exposure import FRONT
from demo.dialogue.owner import Owner, user_owner, visitor_owner
from demo.errors import StoreError, disk_fault
from demo.zerogpu import on_space

COOKIE = "regionreasoner"
VISITOR = "regionreasoner.visitor"  # the key in the request's scope of the secret that it came with
_KEPT_S = 400 * 24 * 3600  # the longest that browsers allow
_RANDOM_LETTERS, _SEAL_LETTERS = 32, 22
_KEY_BYTES = 32
_OURS = re.compile(rf"(__(Host|Secure)-)?{COOKIE}(-[0-9a-f]+)?\s*=")


class Visitors:
    """The secrets of visitors. ``key`` seals them; without one they hold until the server ends.

    ``is_older`` says of an owner whether dialogues of theirs are kept: earlier versions gave out secrets
    without a seal, which are taken if something is kept under them.
    """

    def __init__(
        self, key: bytes | None = None, is_older: Callable[[Owner], bool] = lambda _: False
    ) -> None:
        self._key, self._is_older = key or secrets.token_bytes(_KEY_BYTES), is_older
        self._kept_s = _KEPT_S if key else None
        # Servers on other ports of a host get the same cookies, and have keys of their own.
        self._name = f"{COOKIE}-{hashlib.sha256(self._key).hexdigest()[:8]}"

    def new(self) -> str:
        """A secret for a visitor."""
        random = secrets.token_urlsafe(24)
        return random + self._seal(random)

    def recognise(self, scope: Scope) -> Scope:
        """The request with the visitor's secret under VISITOR, and, for whoever asks for the owner later,
        as the only cookie of that name.
        """
        headers = MutableHeaders(raw=list(scope["headers"]))
        written = headers.get("cookie", "")
        token = self._token(cookie_parser(written), is_secure(scope, headers))
        sent = [each for each in written.split(";") if not _OURS.match(each.strip())]
        if written:
            headers["cookie"] = ";".join([*sent, *([f" {COOKIE}={token}"] if token else [])])
        return {**scope, "headers": headers.raw, VISITOR: token}

    def cookie(self, scope: Scope) -> str:
        """The cookie with the browser's secret, renewed, or with a new one."""
        token = scope.get(VISITOR) or self.new()
        secure = is_secure(scope, Headers(scope=scope))
        # A Space is embedded in another site: there the cookie belongs to that pair of sites.
        where = "SameSite=None; Partitioned" if on_space() else "SameSite=Lax"
        path = f"{scope[FRONT].prefix}/" if FRONT in scope else "/"
        age = f"; Max-Age={self._kept_s}" if self._kept_s else ""
        name = self._full_name(secure, path) if self._is_sealed(token) else COOKIE
        sent = f"{name}={token}; Path={path}{age}; HttpOnly; {where}"
        return f"{sent}; Secure" if secure else sent

    def owner(self, scope: Scope) -> Owner | None:
        """Whose request it is that was recognised, if a visitor's."""
        token = scope.get(VISITOR)
        return visitor_owner(token) if token else None

    def _token(self, cookies: dict[str, str], secure: bool) -> str | None:
        """The secret that was given out here. Over TLS no other site of the host can have set it."""
        names = ("__Host-", "__Secure-") if secure else ("",)
        sealed = (cookies.get(f"{before}{self._name}", "") for before in names)
        return next(filter(self._is_sealed, sealed), None) or self._older(cookies.get(COOKIE, ""))

    def _older(self, token: str) -> str | None:
        try:
            return token if self._is_older(visitor_owner(token)) else None
        except (ValueError, StoreError):
            return None

    def _is_sealed(self, token: str) -> bool:
        random, seal = token[:_RANDOM_LETTERS], token[_RANDOM_LETTERS:]
        return hmac.compare_digest(seal.encode(), self._seal(random).encode())

    def _seal(self, random: str) -> str:
        made = hmac.digest(self._key, random.encode("utf-8", "replace"), "sha256")
        return base64.urlsafe_b64encode(made).decode()[:_SEAL_LETTERS]

    def _full_name(self, secure: bool, path: str) -> str:
        """With what makes browsers take it over TLS only, and, at the root, from this very host."""
        before = ("__Host-" if path == "/" else "__Secure-") if secure else ""
        return f"{before}{self._name}"


class VisitorCookies:
    """ASGI middleware that gives every browser a secret with the first page."""

    def __init__(self, app: ASGIApp, visitors: Visitors) -> None:
        self._app, self._visitors = app, visitors

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass every request on, and add the cookie to pages."""
        if scope["type"] != "http":
            return await self._app(scope, receive, send)

        async def send_with_cookie(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                if headers.get("content-type", "").startswith("text/html"):
                    headers.append("set-cookie", self._visitors.cookie(scope))
                    headers["cache-control"] = "private, no-cache"  # it belongs to one browser
            await send(message)

        return await self._app(scope, receive, send_with_cookie)


def owner_of(request: gr.Request) -> Owner | None:
    """Whose request this is; None for a browser that keeps no cookies."""
    if request.username:
        return user_owner(str(request.username))
    try:
        return visitor_owner(str(_cookies(request).get(COOKIE)))
    except ValueError:
        return None


def read_key(file: Path) -> bytes:
    """The key in that file, which is made if there is none. Raises StoreError."""
    try:
        if not file.exists():
            part = file.with_suffix(f".{secrets.token_hex(8)}.part")
            with open(part, "xb", opener=lambda path, flags: os.open(path, flags, 0o600)) as made:
                made.write(secrets.token_bytes(_KEY_BYTES))
            part.replace(file)
        key = file.read_bytes()
    except OSError as error:
        raise StoreError(f"The file {file} cannot be used: {disk_fault(error)}.") from error
    if len(key) != _KEY_BYTES:
        raise StoreError(f"The file {file} is no key: delete it, and a new one is made.")
    return key


def is_secure(scope: Scope, headers: Headers) -> bool:
    """Whether the browser reaches the page over TLS, as far as the request tells."""
    forwarded = headers.get("x-forwarded-proto", "").split(",")[0].strip()
    return "https" in (scope.get("scheme"), forwarded)


def _cookies(request: gr.Request) -> dict[str, Any]:
    try:
        return dict(request.cookies)
    except AttributeError:  # not over HTTP
        return {}
