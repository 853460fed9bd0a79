"""Small servers on the loopback, for as long as a block lasts."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Quiet(BaseHTTPRequestHandler):
    """A handler that writes nothing to standard error."""

    def log_message(self, *_: object) -> None:
        """Tests read what it answers."""


@contextmanager
def listening(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    """The address of a server that answers by ``handler``."""
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def one_answer(
    status: int,
    headers: Mapping[str, str] | None = None,
    body: bytes = b"",
    bodies: Mapping[str, bytes] | None = None,
) -> Iterator[tuple[str, list[str]]]:
    """The address of a server that answers everything in one way but for the ``bodies`` of some paths, and
    the paths that it is asked for.
    """
    asked: list[str] = []

    class Handler(Quiet):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.rfile.read(int(self.headers.get("content-length") or 0))
            content = (bodies or {}).get(self.path, body)
            self.send_response(status)
            for name, value in {**(headers or {}), "content-length": str(len(content))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        do_HEAD = do_POST = do_CONNECT = do_GET

    with listening(Handler) as url:
        yield url, asked
