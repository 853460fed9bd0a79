"""Whose browser it is: that of a user who signed in, else of a visitor with a secret in a cookie.

The secret is made here and sent in one header only, and no script of the page can read it. This file knows
neither dialogues nor workspaces.
"""

from __future__ import annotations

from typing import Any

import gradio as gr
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import cookie_parser
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from demo.access.exposure import FRONT
from demo.dialogue.owner import Owner, new_token, user_owner, visitor_owner
from demo.zerogpu import on_space

COOKIE = "regionreasoner"
_KEPT_S = 400 * 24 * 3600  # the longest that browsers allow


class Visitors:
    """ASGI middleware that gives every browser a secret with the first page."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass every request on, and add the cookie to pages."""
        if scope["type"] != "http":
            return await self._app(scope, receive, send)

        async def send_with_cookie(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                if headers.get("content-type", "").startswith("text/html"):
                    headers.append("set-cookie", _cookie(scope))
                    headers["cache-control"] = "private, no-cache"  # it belongs to one browser
            await send(message)

        return await self._app(scope, receive, send_with_cookie)


def owner_of(request: gr.Request) -> Owner | None:
    """Whose request this is; None for a browser that keeps no cookies."""
    if request.username:
        return user_owner(str(request.username))
    return _owner_of_token(_cookies(request).get(COOKIE))


def _cookies(request: gr.Request) -> dict[str, Any]:
    try:
        return dict(request.cookies)
    except AttributeError:  # not over HTTP
        return {}


def _owner_of_token(token: object) -> Owner | None:
    try:
        return visitor_owner(str(token))
    except ValueError:
        return None


def _cookie(scope: Scope) -> str:
    """The cookie with the browser's secret, renewed, or with a new one."""
    headers = Headers(scope=scope)
    token = cookie_parser(headers.get("cookie", "")).get(COOKIE)
    if _owner_of_token(token) is None:
        token = new_token()
    # A Space is embedded in another site: there the cookie belongs to that pair of sites.
    where = "SameSite=None; Partitioned" if on_space() else "SameSite=Lax"
    secure = "; Secure" if on_space() or _is_secure(scope, headers) else ""
    path = f"{scope[FRONT].prefix}/" if FRONT in scope else "/"
    return f"{COOKIE}={token}; Path={path}; Max-Age={_KEPT_S}; HttpOnly; {where}{secure}"


def _is_secure(scope: Scope, headers: Headers) -> bool:
    forwarded = headers.get("x-forwarded-proto", "").split(",")[0].strip()
    return "https" in (scope.get("scheme"), forwarded)
