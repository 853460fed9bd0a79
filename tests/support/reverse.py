"""A reverse proxy on the loopback, as a JupyterHub has it: it takes a path away and names another host."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.client import HTTPConnection
from urllib.parse import urlsplit

from tests.support.listening import Quiet, listening

PREFIX = "/user/ann/proxy/7860"
_HOP_BY_HOP = ("connection", "keep-alive", "transfer-encoding", "host")


@contextmanager
def proxy_to(url: str, told: Mapping[str, str], *, strips: bool = True) -> Iterator[str]:
    """The address of a proxy before ``url``, for as long as the block lasts.

    It adds the headers ``told``, in whose values ``{host}`` is its own host and port.
    """

    class Proxy(Quiet):
        def answer(self) -> None:
            if not self.path.startswith(f"{PREFIX}/"):
                self.send_response(
                    204 if self.path == "/favicon.ico" else 404
                )  # the hub's own icon
                self.end_headers()
                return
            behind = HTTPConnection(urlsplit(url).netloc, timeout=30)
            path = self.path.removeprefix(PREFIX) if strips else self.path
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            sent = {k: v for k, v in self.headers.items() if k.lower() not in _HOP_BY_HOP}
            sent |= {name: value.format(host=own) for name, value in told.items()}
            behind.request(self.command, path, body, sent)
            answer = behind.getresponse()
            self.send_response_only(answer.status)
            for name, value in answer.getheaders():
                if name.lower() not in _HOP_BY_HOP:
                    self.send_header(name, value)
            self.send_header("connection", "close")
            self.end_headers()
            try:
                while piece := answer.read1():  # streams go through as they come
                    self.wfile.write(piece)
            except OSError:
                pass  # the browser has gone
            finally:
                behind.close()
            self.close_connection = True

        do_GET = do_POST = do_HEAD = answer

    with listening(Proxy) as address:
        own = urlsplit(address).netloc
        yield f"{address}{PREFIX}/"
