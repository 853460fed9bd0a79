"""The page's own script and style sheet, as browsers get them.

Their addresses have a version in them, so that browsers may keep them for good. What is served was read
when it was first asked for. The style sheets are written in px and served in rem: the whole page, the
widths at which it takes another form too, grows with the letters that the browser is set to.
"""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import re
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

import brotli
import gradio as gr
from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from demo.ui.shared.compact import compact_script, compact_sheet
from demo.ui.shared.gradio_files import gradio_scripts, gradio_styles
from demo.ui.shared.joined import joined
from demo.ui.shared.preview import preview_picture, with_preview
from demo.ui.shared.theme import tones

_FOLDER = Path(__file__).parent.parent
_SHEETS = (
    "shared/tokens", "shared/page", "shared/sheets", "canvas/canvas", "canvas/asides", "canvas/cards",
    "canvas/look", "canvas/masks", "canvas/annotate", "canvas/forms", "gallery/notice", "chat/chat",
    "chat/looks", "sheet/sheet", "dialogues/dialogues", "folder/folder", "sharing/sharing",
    "composer/composer", "models/models", "compare/compare", "chat/report", "shared/access",
)  # fmt: skip
_LENGTH = re.compile(r"(?<![\w.#])(\d*\.?\d+)px")
_MAX_LINE = 2.0  # px; so thin a line stays as it is
_ROOT = 16.0  # px of 1rem, as browsers come
# What Gradio says of phones, and what this page does: as far as the rim, and smaller for a keyboard.
_GRADIO_VIEWPORT = "width=device-width, initial-scale=1, shrink-to-fit=no"
_VIEWPORT = (
    "width=device-width, initial-scale=1, viewport-fit=cover, interactive-widget=resizes-content"
)
_KINDS = {"js": "text/javascript", "css": "text/css", "jpg": "image/jpeg", "webp": "image/webp"}
_PACKED = {"js", "css"}
# Gradio's page asks for a script that sizes the frame round it, also where there is none.
_SIZER = b"document.head.appendChild(script);"
_SIZER_IN_FRAMES = b"if (window.parent !== window) document.head.appendChild(script);"
_FOR_GOOD = {"cache-control": "public, max-age=31536000, immutable"}


def asset(name: str) -> str:
    """The text of a file of the page (template, script or style)."""
    return (_FOLDER / name).read_text(encoding="utf-8")


@cache
def static_files() -> Mapping[str, str | bytes]:
    """The page's script (page.js), style sheet (page.css) and the picture of links to it (preview.jpg)."""
    names = sorted(path.relative_to(_FOLDER).as_posix() for path in _FOLDER.glob("*/*.js"))
    script = joined({name: asset(name) for name in names}, begin_with="shared/stream.js")
    sheets = (growing(asset(f"{name}.css")) for name in _SHEETS)
    styles = (*gradio_styles().values(), *sheets, tones())
    return {
        "page.js": compact_script(script),
        "page.css": compact_sheet("\n".join(styles)),
        "preview.jpg": preview_picture(),
    }


def growing(style: str) -> str:
    """A style sheet whose lengths, but for thin lines, follow the size of the reader's letters."""
    return _LENGTH.sub(lambda found: _in_rem(float(found[1])) or found[0], style)


def _in_rem(length: float) -> str:
    return f"{length / _ROOT:g}rem" if length > _MAX_LINE else ""


_served: dict[str, bytes] = {}  # by path


@cache
def address_of(name: str) -> str:
    """Where one of the files is, relative to the page."""
    content = static_files()[name]
    return serve_file(name, content.encode() if isinstance(content, str) else content)


def serve_file(name: str, content: bytes) -> str:
    """Let browsers have a file from now on; its address, relative to the page."""
    path = f"/ui/{hashlib.sha256(content).hexdigest()[:16]}/{name}"
    _served[path] = content
    return f".{path}"


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

    def __init__(self, app: ASGIApp, first_view: Callable[[gr.Blocks], str]) -> None:
        self.app, self.first_view = app, first_view
        for name in static_files():
            address_of(name)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or pass it on."""
        path = scope.get("path", "")
        if scope["type"] == "http" and path.startswith("/ui/"):
            answer = await _answer(path, scope["method"], Headers(scope=scope))
            await answer(scope, receive, send)
        elif scope["type"] == "http" and path == "/":
            blocks = scope["app"].get_blocks()
            first = f"{self.first_view(blocks)}{_after_first_view(blocks.theme_hash)}"
            page = _Page(send, str(Request(scope).base_url), first)
            await self.app(scope, receive, page.send)
        else:
            await self.app(scope, receive, send)


async def _answer(path: str, method: str, headers: Headers) -> Response:
    if path not in _served:
        return PlainTextResponse("There is nothing at this address.", 404)
    if method not in ("GET", "HEAD"):
        return PlainTextResponse("This address takes other requests.", 405)
    ending, content = path.rpartition(".")[2], _served[path]
    kept = {**_FOR_GOOD}
    if ending in _PACKED:
        kept["vary"] = "Accept-Encoding"
        encoding = _encoding_for(headers.get("accept-encoding", ""))
        if encoding:
            kept["content-encoding"] = encoding
            content = await asyncio.to_thread(_packed, content, encoding)
    return Response(content, media_type=_KINDS[ending], headers=kept)


def _encoding_for(accepted: str) -> str:
    """The best way of packing texts that a browser accepts, or none."""
    offers = (part.replace(" ", "").lower().partition(";q=") for part in accepted.split(","))
    names = {name for name, _, weight in offers if weight.strip("0.") or not weight}
    return next((name for name in ("br", "gzip") if name in names), "")


@cache
def _packed(content: bytes, encoding: str) -> bytes:
    return bytes(
        brotli.compress(content, quality=9) if encoding == "br" else gzip.compress(content)
    )


class _Page:
    """The page on its way out; its head gets what the browser needs first."""

    def __init__(self, send: Send, address: str, first: str) -> None:
        self._send, self._address, self._first = send, address, first
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
        body = body.replace(b"<gradio-app", f"{self._first}<gradio-app".encode(), 1)
        body = body.replace(_SIZER, _SIZER_IN_FRAMES, 1)
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
        f"<style>{growing(compact_sheet(asset('shared/tokens.css')))}</style>"
    )


@cache
def _after_first_view(theme: str) -> str:
    """What the page needs besides, in the order in which it is wanted. The first view does without it."""
    early = (f'<link rel="modulepreload" href="./assets/{name}">' for name in gradio_scripts())
    return (
        f"{''.join(early)}"
        f'<link rel="preload" as="style" href="./theme.css?v={theme}">'
        f'<link rel="stylesheet" href="{address_of("page.css")}">'
        f'<script type="module" src="{address_of("page.js")}"></script>'
    )
