"""Connections before a request is there: how many there may be, and how long they may say nothing.

The web server itself waits for ever for the rest of a request's head, and takes as many connections as the
system lets it.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import h11
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from demo.access.peers import place_of

HEAD_S = 20.0  # for the whole head of a request, from when the connection began or was last used
READ_S = 60.0  # for a visitor to take what has been written
MAX_CONNECTIONS, MAX_OF_A_PLACE = 4_000, 500
_FEW, _MAX_WAITING = 4, 2_048
_MAX_SMALL_CHUNKS, _SMALL_CHUNK = 500, 512  # of one body, beside chunks of so many bytes
_MAX_HEAD = 16_384  # bytes of a head that comes in parts, as web servers have it
_RESERVED_FILES = 256  # of this process, for all else


class Connections:
    """All connections of a server. When there are too many, one that asks for nothing gives way, the one
    that has waited longest first; where all are being answered, the new one is closed.

    ``is_counted`` says of an address whether its visitors can be told apart by it.
    """

    def __init__(
        self, is_counted: Callable[[str], bool] = lambda _: True, max_count: int = MAX_CONNECTIONS
    ) -> None:
        self._is_counted, self._max_count = is_counted, max_count
        self._places: Counter[str] = Counter()
        self._waiting: dict[GuardedProtocol, None] = {}  # in the order in which they began to wait
        self._count = 0

    def add(self, connection: GuardedProtocol) -> bool:
        """Count one more; whether there is room for it."""
        place = connection.place
        self._count += 1
        self._places[place] += 1
        if self._count > self._max_count:
            return self._close_one(lambda _: True)
        if self._is_counted(place) and self._places[place] > MAX_OF_A_PLACE:
            return self._close_one(lambda other: other.place == place)
        return True

    def remove(self, connection: GuardedProtocol) -> None:
        """One that was added is over."""
        self._waiting.pop(connection, None)
        self._count -= 1
        self._places[connection.place] -= 1
        if not self._places[connection.place]:
            del self._places[connection.place]

    def wait(self, connection: GuardedProtocol, *, waits: bool) -> None:
        """Note whether a connection waits for a request."""
        self._waiting.pop(connection, None)
        if waits:
            self._waiting[connection] = None

    def _close_one(self, is_meant: Callable[[GuardedProtocol], bool]) -> bool:
        found = next(filter(is_meant, self._waiting), None)
        if found is not None:
            found.transport.abort()
            self._waiting.pop(found)
        return found is not None


class _Requests(h11.Connection):
    """The web server's reader of requests, which does not go on with a body of very many small chunks: each
    holds up all visitors for as long as some hundred bytes do.
    """

    _chunks = _bytes = 0

    def next_event(self) -> Any:
        """The next part of a request. Raises RemoteProtocolError."""
        event = super().next_event()
        if isinstance(event, h11.Request):
            self._chunks = self._bytes = 0
        elif isinstance(event, h11.Data) and event.chunk_start:
            self._chunks += 1
            self._bytes += len(event.data)
            if self._chunks > _MAX_SMALL_CHUNKS + self._bytes // _SMALL_CHUNK:
                raise h11.RemoteProtocolError("too many small chunks")
        return event


class GuardedProtocol(H11Protocol):
    """The web server's own protocol with deadlines; upgrades, such as to WebSockets, are not offered."""

    guards = Connections()
    place = ""
    _head_timer: asyncio.TimerHandle | None = None
    _read_timer: asyncio.TimerHandle | None = None

    def __init__(self, config: uvicorn.Config, *others: Any, **more: Any) -> None:
        super().__init__(config, *others, **more)
        self.conn = _Requests(h11.SERVER, config.h11_max_incomplete_event_size or _MAX_HEAD)

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Count the connection, and begin to wait for a request."""
        super().connection_made(transport)
        self.place = place_of(self.client[0] if self.client else "")
        if not self.guards.add(self):
            transport.abort()
        self._expect_request()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget it."""
        super().connection_lost(exc)
        self.guards.remove(self)
        for timer in (self._head_timer, self._read_timer):
            if timer is not None:
                timer.cancel()

    def data_received(self, data: bytes) -> None:
        """Take what came; a whole head ends the waiting."""
        before = self.cycle
        super().data_received(data)
        if self.cycle is not before:
            self._end_waiting()

    def on_response_complete(self) -> None:
        """Wait for the next request, unless it is there already."""
        before = self.cycle
        super().on_response_complete()
        if self.cycle is before and not self.transport.is_closing():
            self._expect_request()

    def pause_writing(self) -> None:
        """The other side does not read: wait, but not for ever."""
        super().pause_writing()
        self._read_timer = self.loop.call_later(READ_S, self.transport.abort)

    def resume_writing(self) -> None:
        """It has read."""
        super().resume_writing()
        if self._read_timer is not None:
            self._read_timer.cancel()

    def send_400_response(self, msg: str) -> None:
        """Refuse what is no request; in the middle of an answer there is nothing left to say."""
        if self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            super().send_400_response(msg)
        else:
            self.transport.abort()

    def _should_upgrade(self) -> bool:
        return False

    def _expect_request(self) -> None:
        self._end_waiting()
        self._head_timer = self.loop.call_later(HEAD_S, self.transport.abort)
        self.guards.wait(self, waits=True)

    def _end_waiting(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
        self.guards.wait(self, waits=False)


def guard_connections(config: Any, connections: Connections) -> None:
    """Let a running web server (its ``uvicorn.Config``) take connections in this way from now on, and
    believe no forwarded address, which it does on the loopback.
    """
    kind = type("GuardedProtocol", (GuardedProtocol,), {"guards": connections})
    config.http_protocol_class = kind
    if config.proxy_headers and config.loaded:
        config.loaded_app = config.loaded_app.app


@contextmanager
def accepting_few() -> Iterator[None]:
    """Let web servers that are configured within it take `_FEW` connections at a time.

    Python's event loop accepts as many in one go as may wait for it, which are two thousand otherwise, and
    answers nobody meanwhile.
    """
    configured = uvicorn.Config
    uvicorn.Config = partial(configured, backlog=_FEW)  # type: ignore[misc, assignment]
    try:
        yield
    finally:
        uvicorn.Config = configured  # type: ignore[misc]


def let_many_wait(server: Any) -> None:
    """Let the system keep many connections for a running web server (its ``uvicorn.Server``)."""
    for place in (place for one in server.servers for place in one.sockets):
        with place.dup() as listening:
            listening.listen(_MAX_WAITING)


def raise_open_files() -> int:
    """Let this process open as many files as it may; how many connections it then takes."""
    try:
        import resource
    except ImportError:  # no such limit on Windows
        return MAX_CONNECTIONS
    wanted = MAX_CONNECTIONS + _RESERVED_FILES
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(hard, wanted)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return MAX_CONNECTIONS if soft == resource.RLIM_INFINITY else max(64, soft - _RESERVED_FILES)
