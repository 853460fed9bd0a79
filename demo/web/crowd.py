"""How many requests are answered at once, for one visitor, for one address, and for all together; and how
fast those of one address follow one another.
"""

from __future__ import annotations

import asyncio
import re
from collections import Counter, OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from starlette.types import ASGIApp, Message, Receive, Scope, Send

_STREAM = re.compile(
    r"/mcp/?|/gradio_api/(heartbeat/.+|queue/data/?|call/[^/]+/.+|upload_progress/?)"
)
_PAGE = re.compile(r"/|/(config|gradio_api/(info|openapi\.json|config)|theme\.css)/?")
_UPLOAD = re.compile(r"/gradio_api/upload/?")


@dataclass(frozen=True, slots=True)
class Limits:
    """The most at once for a visitor, for an address (several may share one), and in all."""

    visitor: int
    place: int
    all: int


# A stream costs little and lasts as long as a tab is open; a tab has one or two.
STREAMS = Limits(visitor=100, place=300, all=2_000)
UPLOADS = Limits(visitor=8, place=24, all=48)
PAGES = Limits(visitor=16, place=48, all=400)
OTHERS = Limits(visitor=200, place=300, all=1_000)

ACTS_A_SECOND, BURST = 40, 80  # of one address; a busy hand acts some five times a second
_MAX_PLACES = 10_000  # of which the pace is kept
_REST, _MAX_REST_S = 2.0, 0.2  # after a page: times as long as making it took, while others wait


class CrowdedError(Exception):
    """There are too many of its kind; ``is_own`` says that the same visitor or address has them."""

    def __init__(self, is_own: bool) -> None:
        super().__init__("too many at once")
        self.is_own = is_own


class Crowd:
    """The requests that are being answered."""

    def __init__(self) -> None:
        self._counts: Counter[tuple[str, str]] = Counter()

    @contextmanager
    def admit(self, method: str, path: str, who: str, place: str) -> Iterator[None]:
        """Count a request for as long as the block lasts; ``who`` or ``place`` is empty where unknown.

        Raises CrowdedError.
        """
        kind, limits = _kind_of(method, path)
        keys = {
            (kind, f"visitor {who}"): limits.visitor if who else limits.all,
            (kind, f"place {place}"): limits.place if place else limits.all,
            (kind, "all"): limits.all,
        }
        for key, max_count in keys.items():
            if self._counts[key] >= max_count:
                raise CrowdedError(is_own=max_count < limits.all)
        self._counts.update(keys.keys())
        try:
            yield
        finally:
            self._counts.subtract(keys.keys())
            for key in keys:
                if not self._counts[key]:
                    del self._counts[key]


class Pace:
    """Acts of one address, such as clicks and calls: after a burst they are let through at a steady pace.

    Each is cheap, but one program that sends them without a pause would take half of the interpreter from
    everybody else. They wait instead, and nothing is refused: `Crowd` bounds how many there are.
    """

    def __init__(self) -> None:
        self._next = OrderedDict[str, float]()  # when an address is through at that pace

    def wait(self, place: str, now: float) -> float:
        """For how many seconds the next act of an address has to wait, at that time in seconds."""
        through = max(self._next.pop(place, now), now)
        self._next[place] = through + 1 / ACTS_A_SECOND
        if len(self._next) > _MAX_PLACES:
            self._next.popitem(last=False)
        return max(0.0, through - now - BURST / ACTS_A_SECOND)


class FewPages:
    """Pages are made one at a time, in the order in which they were asked for, with a rest in between."""

    def __init__(self) -> None:
        self._place = asyncio.Lock()

    async def make(self, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the app answer; while the answer is sent, the next one is made already."""
        await self._place.acquire()
        loop = asyncio.get_running_loop()
        began, is_held = loop.time(), True

        def release() -> None:
            nonlocal is_held
            if is_held:
                is_held = False
                rest = min(_REST * (loop.time() - began), _MAX_REST_S)
                loop.call_later(rest, self._place.release)

        async def send_when_made(message: Message) -> None:
            release()
            await send(message)

        try:
            await app(scope, receive, send_when_made)
        finally:
            release()


def _kind_of(method: str, path: str) -> tuple[str, Limits]:
    if method == "GET" and _STREAM.fullmatch(path):
        return "stream", STREAMS
    if is_page(path):
        return "page", PAGES
    return ("upload", UPLOADS) if _UPLOAD.fullmatch(path) else ("other", OTHERS)


def is_act(method: str, path: str) -> bool:
    """Whether a request asks for something to be done, which the pace is for."""
    return method == "POST" and _kind_of(method, path)[0] == "other"


def is_page(path: str) -> bool:
    """Whether it is the page, or a description of it, which Gradio makes anew for each request."""
    return _PAGE.fullmatch(path) is not None
