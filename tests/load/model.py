"""A model server on loopback that answers as it is told: well, wrongly, half, never, or with a flood.

It speaks as much of OpenAI's protocol as the app asks for. A good answer tells what it was asked and what
it saw, so that who gets it can tell whose it is. A question that says ``hostile:WORD`` gets that flood.
"""

from __future__ import annotations

import base64
import io
import json
import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import lru_cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from PIL import Image

_NAME = "mock"
_WORD = re.compile(r"hostile:([\w-]+)")
_SECRET = re.compile(r"zq[0-9a-f]{10}")
_PIECE = 65_536
_ONE_LINE = "x" * 30_000_000
_BOX = '{"bbox_2d": [100, 100, 300, 300], "point_2d": [200, 200]}'
_THOUGHT = "<scene>A scene.</scene><think>{}</think>"


def seen(image: Image.Image) -> str:
    """What a picture of one colour is called in answers."""
    red, green, blue = image.convert("RGB").resize((1, 1)).tobytes()
    return f"shade{red:02x}{green:02x}{blue:02x}e"


class Model(ThreadingHTTPServer):
    """Listens while it is entered; ``mode`` is how it answers from now on, ``pause_s`` between pieces."""

    daemon_threads = True

    def __init__(self, pause_s: float = 0.05) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.mode, self.pause_s = "well", pause_s
        self.go_on = threading.Event()  # set when those that hang are to end

    @property
    def url(self) -> str:
        """Its address, as --server takes it."""
        return f"http://127.0.0.1:{self.server_port}"

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that went away is none."""


@contextmanager
def answering(pause_s: float = 0.05) -> Iterator[Model]:
    """A model server for as long as the block lasts."""
    with Model(pause_s) as model:
        thread = threading.Thread(target=model.serve_forever)
        thread.start()
        try:
            yield model
        finally:
            model.go_on.set()
            model.shutdown()
            thread.join()


class _Handler(BaseHTTPRequestHandler):
    server: Model

    def do_GET(self) -> None:
        """The list of its models; nothing else is here."""
        found = self.path.endswith("/models")
        self._begin(200 if found else 404, "application/json")
        self.wfile.write(json.dumps({"object": "list", "data": [{"id": _NAME}]}).encode())

    def do_POST(self) -> None:
        """An answer to a question."""
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        mode = self.server.mode
        if mode == "refuse":
            self._begin(500, "application/json")
            self.wfile.write(b'{"error": {"message": "out of memory"}}')
            return
        if mode == "hang":
            self.server.go_on.wait(60)
            return
        if mode == "break":
            return
        self._begin(200, "text/event-stream")
        if mode == "nothing":
            self.wfile.write(b"data: [DONE]\n\n")
            return
        with suppress(OSError):  # who asked has gone
            self._stream(_answer(asked), is_half=mode == "half")

    def _stream(self, pieces: Iterator[str], *, is_half: bool) -> None:
        for number, piece in enumerate(pieces):
            if is_half and number == 2:
                return
            self.wfile.write(_event(piece))
            self.server.go_on.wait(self.server.pause_s)
        end = {"index": 0, "delta": {}, "finish_reason": "stop"}
        self.wfile.write(f"data: {json.dumps({'choices': [end]})}\n\ndata: [DONE]\n\n".encode())

    def _begin(self, status: int, kind: str) -> None:
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("connection", "close")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Nothing is told."""


@lru_cache(maxsize=64)  # a flood is to cost its server, which others ask as well, next to nothing
def _event(piece: str) -> bytes:
    delta = {"index": 0, "delta": {"content": piece}, "finish_reason": None}
    return f"data: {json.dumps({'choices': [delta]})}\n\n".encode()


def _answer(asked: Mapping[str, Any]) -> Iterator[str]:
    """The pieces of an answer to a request."""
    parts = asked["messages"][-1]["content"]
    words = " ".join(part["text"] for part in parts if part["type"] == "text")
    if hostile := _WORD.search(words):
        yield from _flood(hostile[1])
        return
    images = [part["image_url"]["url"] for part in parts if part["type"] == "image_url"]
    data = base64.b64decode(images[-1].partition(",")[2])
    secrets = " ".join(dict.fromkeys(_SECRET.findall(words)))
    with Image.open(io.BytesIO(data)) as image:
        thought = f"Asked {secrets}; seen {seen(image)}."
    text = f"{_THOUGHT.format(thought)}<answer>[{_BOX}]</answer>"
    step = max(1, len(text) // 8)
    yield from (text[start : start + step] for start in range(0, len(text), step))


def _flood(word: str) -> Iterator[str]:
    if word == "endless":
        yield "<think>"
        while True:
            yield "more and more of it, and R1 beside it. " * 100
    if word == "one-line":
        yield _ONE_LINE
        return
    floods = {
        "boxes": f"<answer>[{', '.join([_BOX] * 100_000)}]</answer>",
        "nested": f"<answer>{'[' * 50_000}{']' * 50_000}</answer>",
        "tags": "<think>" * 200_000,
        "names": f"<think>{' '.join(f'R{i}' for i in range(100_000))}</think><answer>[]</answer>",
        "spaces": " " * 1_000_000,
        "digits": f'<answer>[{{"bbox_2d": [{"9" * 1_000_000}, 1, 2, 3]}}]</answer>',
    }
    text = floods[word]
    yield from (text[start : start + _PIECE] for start in range(0, len(text), _PIECE))
