"""One browser tab, as the server sees it: the page's own requests over HTTP, without a browser.

It speaks what Gradio's page speaks (its protocol "sse_v3"): a cookie, a session hash, a heartbeat, events
by the queue with one stream of answers, and events past it. It draws nothing, and keeps all that arrives.
"""

from __future__ import annotations

import asyncio
import json
import re
import secrets
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import httpx

_API = "/gradio_api"
_ADDRESS = re.compile(r"pictures/([0-9a-f]{64})\.")
_PLACE = re.compile(r"(\w+) questions? comes? before yours(?:, about (\d+) s)?")
_FIRST_WORDS = "Describing the scene"
_OVER = "process_completed"
_TLS = httpx.create_ssl_context()  # not used here, and slow to make for each visitor


@dataclass(slots=True)
class Asked:
    """A turn as its visitor saw it; times in seconds from sending the question.

    ``first`` is the first update of any kind, ``words`` the model's first, ``places`` what was told while
    others came first: when, how many, and in how many seconds (None when that was not known).
    """

    question: str
    began: float
    first: float | None = None
    words: float | None = None
    whole: float | None = None
    places: list[tuple[float, int, int | None]] = field(default_factory=list)
    text: str = ""


class Visitor:
    """A tab with its own cookie. ``arrived`` is everything that it was ever sent."""

    def __init__(self, url: str, config: dict[str, Any], http: httpx.AsyncClient) -> None:
        self.session, self.arrived = secrets.token_hex(6), list[str]()
        self._url, self._http = url, http
        self._events = config["dependencies"]
        self._elements = {c["props"].get("elem_id"): c["id"] for c in config["components"]}
        self._pending: dict[str, asyncio.Queue[dict[str, Any]]] = {}
        self._early: dict[str, list[dict[str, Any]]] = {}
        self._stream: asyncio.Task[None] | None = None
        self._beat: asyncio.Task[None] | None = None

    async def arrive(self) -> None:
        """Load the page: from here on the tab counts as open."""
        (await self._http.get("/")).raise_for_status()
        self._beat = asyncio.create_task(self._heartbeat())
        await self._call(self._event("kept", "arrive"), event_data={"kept": ""})

    async def open(self, picture: bytes, name: str = "picture.png") -> None:
        """Choose a picture, and wait until the page is ready for questions."""
        answer = await self._http.post(f"{_API}/upload", files={"files": (name, picture)})
        answer.raise_for_status()
        file = {"path": answer.json()[0], "orig_name": name, "meta": {"_type": "gradio.FileData"}}
        await self._fire(self._named("open_upload"), [[file], None])

    async def ask(self, question: str) -> Asked:
        """Send a question, and wait for the end of its turn."""
        asked = Asked(question, time.monotonic())
        async for message in self._queued(self._named("ask"), [question, None]):
            _note(asked, message)
        for after in self._after(self._named("ask")):
            await self._fire(after, ["", None])
        return asked

    async def send(self, question: str) -> None:
        """Send a question and read nothing of its answer."""
        await self._join(self._named("ask"), [question, None])

    async def stop(self) -> None:
        """Press Stop."""
        await self._call(self._named("stop"), [])

    async def reload(self) -> None:
        """The page once more, in the same tab of the same browser."""
        await self.leave()
        self.session, self._stream = secrets.token_hex(6), None
        await self.arrive()

    async def leave(self) -> None:
        """Close the tab: all its connections end."""
        for task in (self._beat, self._stream):
            if task is not None:
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task

    def strangers(self, secret: str, picture: str, secrets_of_all: re.Pattern[str]) -> set[str]:
        """What arrived here and is another's: their secrets, and addresses of their pictures."""
        everything = "\n".join(self.arrived)
        words, addresses = secrets_of_all.findall(everything), _ADDRESS.findall(everything)
        return {*words, *addresses} - {secret, picture}

    # The wire ------------------------------------------------------------------------------------

    def _named(self, name: str) -> dict[str, Any]:
        return next(e for e in self._events if e["api_name"] == name)

    def _event(self, element: str, trigger: str) -> dict[str, Any]:
        target = [self._elements[element], trigger]
        return next(e for e in self._events if target in e["targets"])

    def _after(self, event: dict[str, Any]) -> list[dict[str, Any]]:
        return [e for e in self._events if e["trigger_after"] == event["id"]]

    async def _fire(self, event: dict[str, Any], data: list[Any]) -> None:
        """An event, and all that the page lets follow it."""
        if event["queue"]:
            async for _ in self._queued(event, data):
                pass
        else:
            await self._call(event, data)
        for after in self._after(event):
            await self._fire(after, [None] * len(after["inputs"]))

    def _body(self, event: dict[str, Any], data: list[Any], more: object) -> dict[str, Any]:
        trigger = event["targets"][0][0] if event["targets"] else None
        return {
            "data": data, "event_data": more, "fn_index": event["id"], "trigger_id": trigger,
            "session_hash": self.session,
        }  # fmt: skip

    async def _call(
        self, event: dict[str, Any], data: list[Any] | None = None, event_data: object = None
    ) -> None:
        """An event that does not go through the queue."""
        given = [None] * len(event["inputs"]) if data is None else data
        body = self._body(event, given, event_data)
        answer = await self._http.post(f"{_API}/run/{event['api_name']}", json=body)
        self.arrived.append(answer.text)
        answer.raise_for_status()

    async def _join(self, event: dict[str, Any], data: list[Any]) -> str:
        answer = await self._http.post(f"{_API}/queue/join", json=self._body(event, data, None))
        self.arrived.append(answer.text)
        answer.raise_for_status()
        return str(answer.json()["event_id"])

    async def _queued(
        self, event: dict[str, Any], data: list[Any]
    ) -> AsyncIterator[dict[str, Any]]:
        """The messages about an event that goes through the queue, to its end."""
        identity = await self._join(event, data)
        messages = self._pending[identity] = asyncio.Queue()
        for message in self._early.pop(identity, []):
            messages.put_nowait(message)
        if self._stream is None or self._stream.done():
            self._stream = asyncio.create_task(self._listen())
        try:
            while True:
                message = await messages.get()
                yield message
                if message["msg"] == _OVER:
                    return
        finally:
            del self._pending[identity]

    async def _listen(self) -> None:
        """One stream for all that is pending; the server ends it when nothing is."""
        try:
            while self._pending:
                where = f"{_API}/queue/data?session_hash={self.session}"
                async with self._http.stream("GET", where) as answer:
                    answer.raise_for_status()
                    async for line in answer.aiter_lines():
                        if line.startswith("data: "):
                            self._take(line.removeprefix("data: "))
        except httpx.HTTPError as error:
            self._fail({"msg": "broken"}, f"the stream of answers broke: {error}")

    def _take(self, text: str) -> None:
        self.arrived.append(text)
        message = json.loads(text)
        identity = message.get("event_id")
        if identity in self._pending:
            self._pending[identity].put_nowait({**message, "text": text})
        elif identity is not None:
            self._early.setdefault(identity, []).append({**message, "text": text})
        elif message["msg"] == "unexpected_error":
            self._fail(message, text)

    def _fail(self, message: dict[str, Any], text: str) -> None:
        """Nothing more comes for what is pending."""
        for waiting in self._pending.values():
            waiting.put_nowait({**message, "msg": _OVER, "text": text, "success": False})

    async def _heartbeat(self) -> None:
        with suppress(httpx.HTTPError):  # it ends with the server
            async with self._http.stream("GET", f"{_API}/heartbeat/{self.session}") as answer:
                async for _ in answer.aiter_lines():
                    pass


def client(url: str, address: str | None = None, timeout: float | None = None) -> httpx.AsyncClient:
    """What a browser sends its requests with, from ``address``, if one of this machine's is given."""
    # A browser sends a request once more when the server has just closed an idle connection.
    limits = httpx.Limits(max_connections=None, keepalive_expiry=1.0)
    way = httpx.AsyncHTTPTransport(verify=_TLS, limits=limits, local_address=address)
    return httpx.AsyncClient(base_url=url, timeout=timeout, transport=way)


@asynccontextmanager
async def visiting(url: str, config: dict[str, Any] | None = None) -> AsyncIterator[Visitor]:
    """A tab for as long as the block lasts; ``config`` is the page's own, where it is known already."""
    async with client(url) as http:
        visitor = Visitor(url, config or (await http.get("/config")).json(), http)
        await visitor.arrive()
        try:
            yield visitor
        finally:
            await visitor.leave()


def _note(asked: Asked, message: dict[str, Any]) -> None:
    """What a message tells of a turn."""
    at, text = time.monotonic() - asked.began, message["text"]
    asked.text += text
    if message["msg"] == _OVER:
        asked.whole = at
        if not message["success"]:
            raise RuntimeError(text[:300])
    elif message["msg"] == "process_generating":
        asked.first = at if asked.first is None else asked.first
        if asked.words is None and _FIRST_WORDS in text:
            asked.words = at
        for count, seconds in _PLACE.findall(text)[:1]:
            place = 1 if count == "One" else int(count)
            asked.places.append((at, place, int(seconds) if seconds else None))
