"""A server on loopback that does, byte by byte, what a test wants: the well-behaved and the hostile.

A script is what it does with one connection after it has read the request: bytes are sent, `STALL` waits
until the other side closes, `RESET` breaks the connection. The last script is used again and again.
"""

from __future__ import annotations

import contextlib
import json
import socket
import struct
import threading
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Self

STALL, RESET = object(), object()
Script = Iterable[object]


@dataclass(frozen=True, slots=True)
class Asked:
    """One request as it came in."""

    path: str
    headers: Mapping[str, str]
    body: Any


class Hostile:
    """Listens while it is entered; ``asked`` are the questions (not the lists of models) so far."""

    def __init__(self, *scripts: Script, models: Script | None = None) -> None:
        self.scripts = scripts
        self.models = [listing("some-model")] if models is None else models
        self.asked: list[Asked] = []
        # Released once for each stall: when it begins, and when the other side has ended it.
        self.stalled, self.left = threading.Semaphore(0), threading.Semaphore(0)
        self._threads: list[threading.Thread] = []

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self._listener.getsockname()[1]}"

    @property
    def url(self) -> str:
        return f"http://{self.host}"

    def __enter__(self) -> Self:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._threads[0].join()
        self._listener.close()
        for thread in self._threads:
            thread.join()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                thread = threading.Thread(target=self._serve, args=(connection,))
                self._threads.append(thread)
                thread.start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError, ValueError):  # half a request is none
            request = _read(connection)
            if request is not None:
                self._play(connection, self._script(request))

    def _script(self, request: Asked) -> Script:
        if request.path.partition("?")[0].endswith("/models"):
            return self.models
        self.asked.append(request)
        return self.scripts[min(len(self.asked), len(self.scripts)) - 1]

    def _play(self, connection: socket.socket, script: Script) -> None:
        for act in script:
            if isinstance(act, bytes):
                connection.sendall(act)
            elif act is RESET:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                return
            else:
                self.stalled.release()
                with contextlib.suppress(OSError):
                    while connection.recv(4096):
                        pass
                self.left.release()
                return


def _read(connection: socket.socket) -> Asked | None:
    with connection.makefile("rb") as file:
        _, path, *_ = file.readline().decode().split() or ("", "")
        headers = {}
        while line := file.readline().decode().strip():
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip()
        body = file.read(int(headers.get("content-length", 0)))
        return Asked(path, headers, json.loads(body) if body else None) if path else None


def response(
    body: bytes | str, status: int = 200, kind: str = "application/json", **headers: str
) -> bytes:
    """A whole HTTP response; its body ends with the connection."""
    lines = [f"HTTP/1.1 {status} As It Is", f"content-type: {kind}", "connection: close"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + (
        body if isinstance(body, bytes) else body.encode()
    )


def failure(status: int, message: str = "", **headers: str) -> bytes:
    """An error in OpenAI's form."""
    return response(json.dumps({"error": {"message": message}}), status, **headers)


def listing(*names: str) -> bytes:
    """An answer to `/v1/models`."""
    data = [{"id": name, "object": "model"} for name in names]
    return response(json.dumps({"object": "list", "data": data}))


STREAM = response("", kind="text/event-stream")
# The same in chunks, whose end is marked, so that a client can tell a broken one.
CHUNKED = response("", kind="text/event-stream", transfer_encoding="chunked")
DONE = b"data: [DONE]\n\n"


def event(
    content: object = None, finish: str | None = None, usage: object = None, **delta: object
) -> bytes:
    """One event of a stream, as vLLM sends it."""
    choice = {"index": 0, "delta": {"content": content, **delta}, "finish_reason": finish}
    chunk = {"object": "chat.completion.chunk", "choices": [choice], "usage": usage}
    return f"data: {json.dumps(chunk)}\n\n".encode()


def counts(prompt: int, new: int, cached: int | None = None) -> bytes:
    """The last event of a stream when counts were asked for."""
    details = None if cached is None else {"cached_tokens": cached}
    usage = {"prompt_tokens": prompt, "completion_tokens": new, "prompt_tokens_details": details}
    return f"data: {json.dumps({'choices': [], 'usage': usage})}\n\n".encode()


def chunk(data: bytes) -> bytes:
    """A part of a chunked body."""
    return f"{len(data):x}\r\n".encode() + data + b"\r\n"


def answer(*pieces: str) -> list[bytes]:
    """A whole well-formed stream."""
    return [STREAM, *map(event, pieces), event(finish="stop"), counts(100, len(pieces), 90), DONE]


def forever(part: bytes) -> Script:
    """A stream that never ends by itself."""

    class Endless:
        def __iter__(self) -> Iterator[bytes]:
            yield STREAM
            while True:
                yield part

    return Endless()
