"""The page's own script and style sheet, as browsers get them.

Their addresses have a version in them, so that browsers may keep them for good. What is served was read
when it was first asked for. The style sheets are written in px and served in rem: the whole page, the
widths at which it takes another form too, grows with the letters that the browser is set to.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from starlette.datastructures import MutableHeaders
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from demo.ui.shared.gradio_styles import gradio_styles
from demo.ui.shared.joined import joined
from demo.ui.shared.preview import preview_picture, with_preview
from demo.ui.shared.theme import tones

_FOLDER = Path(__file__).parent.parent
_SHEETS = (
    "shared/page", "canvas/canvas", "canvas/asides", "canvas/cards", "canvas/look", "canvas/masks",
    "canvas/annotate", "canvas/forms", "gallery/notice", "chat/chat", "sheet/sheet",
    "dialogues/dialogues", "composer/composer", "models/models", "compare/compare", "shared/access",
)  # fmt: skip
_LENGTH = re.compile(r"(?<![\w.#])(\d*\.?\d+)px")
_MAX_LINE = 2.0  # px; so thin a line stays as it is
_ROOT = 16.0  # px of 1rem, as browsers come
# What Gradio says of phones, and what this page does: as far as the rim, and smaller for a keyboard.
_GRADIO_VIEWPORT = "width=device-width, initial-scale=1, shrink-to-fit=no"
_VIEWPORT = (
    "width=device-width, initial-scale=1, viewport-fit=cover, interactive-widget=resizes-content"
)
_KINDS = {"page.js": "text/javascript", "page.css": "text/css", "preview.jpg": "image/jpeg"}
_FOR_GOOD = {"cache-control": "public, max-age=31536000, immutable"}


def asset(name: str) -> str:
    """The text of a file of the page (template, script or style)."""
    return (_FOLDER / name).read_text(encoding="utf-8")


@cache
def static_files() -> Mapping[str, str | bytes]:
    """The page's script (page.js), style sheet (page.css) and the picture of links to it (preview.jpg)."""
    names = sorted(path.relative_to(_FOLDER).as_posix() for path in _FOLDER.glob("*/*.js"))
    sheets = (growing(asset(f"{name}.css")) for name in _SHEETS)
    styles = (*gradio_styles().values(), *sheets, tones())
    return {
        "page.js": joined({name: asset(name) for name in names}, begin_with="shared/stream.js"),
        "page.css": "\n".join(styles),
        "preview.jpg": preview_picture(),
    }


def growing(style: str) -> str:
    """A style sheet whose lengths, but for thin lines, follow the size of the reader's letters."""
    return _LENGTH.sub(lambda found: _in_rem(float(found[1])) or found[0], style)


def _in_rem(length: float) -> str:
    return f"{length / _ROOT:g}rem" if length > _MAX_LINE else ""


@cache
def address_of(name: str) -> str:
    """Where one of the files is, relative to the page."""
    content = static_files()[name]
    data = content.encode() if isinstance(content, str) else content
    version = hashlib.sha256(data).hexdigest()[:16]
    return f"./ui/{version}/{name}"


class Compressed:
    """ASGI middleware: the page itself compressed, as Gradio does only with addresses that end like files.

    It stands before all that writes into the page.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app, self.compressing = app, GZipMiddleware(app, minimum_size=1_000, compresslevel=6)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        is_page = scope["type"] == "http" and scope.get("path") == "/"
        await (self.compressing if is_page else self.app)(scope, receive, send)


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
            await self.app(scope, receive, _Page(send, Request(scope)).send if is_page else send)


def _answer(path: str, method: str) -> Response:
    name = path.rpartition("/")[2]
    if name not in _KINDS or path != address_of(name).removeprefix("."):
        return PlainTextResponse("There is nothing at this address.", 404)
    if method not in ("GET", "HEAD"):
        return PlainTextResponse("This address takes other requests.", 405)
    return Response(static_files()[name], media_type=_KINDS[name], headers=_FOR_GOOD)


class _Page:
    """The page on its way out; its head gets what the browser needs first."""

    def __init__(self, send: Send, request: Request) -> None:
        self._send, self._address = send, str(request.base_url)
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
        body = body.replace(_GRADIO_VIEWPORT.encode(), _VIEWPORT.encode(), 1)
        if gradio_styles():  # Gradio's first sheet is in page.css, too
            body = body.replace(b'rel="stylesheet" crossorigin', b'rel="stylesheet" disabled')
        picture = self._address + address_of("preview.jpg").removeprefix("./")
        body = with_preview(body, self._address, picture)
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
