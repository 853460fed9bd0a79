"""The page's own script and style sheet, as browsers get them.

Their addresses have a version in them, so that browsers may keep them for good. What is served was read
when it was first asked for.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from starlette.datastructures import MutableHeaders
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from demo.ui.shared.gradio_styles import gradio_styles
from demo.ui.shared.joined import joined
from demo.ui.shared.theme import tones

_FOLDER = Path(__file__).parent.parent
_SHEETS = (
    "shared/page", "canvas/canvas", "canvas/asides", "canvas/cards", "canvas/look", "canvas/annotate",
    "gallery/notice", "chat/chat", "sheet/sheet", "dialogues/dialogues", "composer/composer",
    "models/models",
)  # fmt: skip
_KINDS = {"page.js": "text/javascript", "page.css": "text/css"}
_FOR_GOOD = {"cache-control": "public, max-age=31536000, immutable"}


def asset(name: str) -> str:
    """The text of a file of the page (template, script or style)."""
    return (_FOLDER / name).read_text(encoding="utf-8")


@cache
def static_files() -> Mapping[str, str]:
    """The page's script (page.js) and its style sheet (page.css)."""
    names = sorted(path.relative_to(_FOLDER).as_posix() for path in _FOLDER.glob("*/*.js"))
    styles = (*gradio_styles().values(), *(asset(f"{name}.css") for name in _SHEETS), tones())
    return {
        "page.js": joined({name: asset(name) for name in names}, begin_with="shared/stream.js"),
        "page.css": "\n".join(styles),
    }


@cache
def address_of(name: str) -> str:
    """Where page.js or page.css is, relative to the page."""
    version = hashlib.sha256(static_files()[name].encode()).hexdigest()[:16]
    return f"./ui/{version}/{name}"


class Static:
    """ASGI middleware: answers for the page's script and styles, and puts links to them into the page."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or pass it on."""
        path = scope.get("path", "")
        if scope["type"] == "http" and path.startswith("/ui/"):
            await _answer(path, scope["method"])(scope, receive, send)
        else:
            is_page = scope["type"] == "http" and path == "/"
            await self.app(scope, receive, _Page(send).send if is_page else send)


def _answer(path: str, method: str) -> Response:
    name = path.rpartition("/")[2]
    if name not in _KINDS or path != address_of(name).removeprefix("."):
        return PlainTextResponse("There is nothing at this address.", 404)
    if method not in ("GET", "HEAD"):
        return PlainTextResponse("This address takes other requests.", 405)
    return Response(static_files()[name], media_type=_KINDS[name], headers=_FOR_GOOD)


class _Page:
    """The page on its way out; its head gets what the browser needs first."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._start: Message = {}
        self._body = b""

    async def send(self, message: Message) -> None:
        """Hold back what comes until all of it is there."""
        if message["type"] == "http.response.start":
            self._start = message
            return
        self._body += message.get("body", b"")
        if message.get("more_body"):
            return
        body = self._body.replace(b"</head>", f"{_head()}</head>".encode(), 1)
        if gradio_styles():  # Gradio's first sheet is in page.css, too
            body = body.replace(b'rel="stylesheet" crossorigin', b'rel="stylesheet" disabled')
        headers = MutableHeaders(raw=list(self._start["headers"]))
        if body:  # the answer to HEAD has none
            headers["content-length"] = str(len(body))
        await self._send({**self._start, "headers": headers.raw})
        await self._send({"type": "http.response.body", "body": body})


@cache
def _head() -> str:
    off = (f'<link rel="stylesheet" href="./assets/{name}" disabled>' for name in gradio_styles())
    return (
        f"{''.join(off)}"
        '<meta name="color-scheme" content="light dark">'
        f'<link rel="stylesheet" href="{address_of("page.css")}">'
        f'<script type="module" src="{address_of("page.js")}"></script>'
    )
