"""The library of attacks: what hostile visitors send, again and again, while others use the page.

Each is one value of `ATTACKS`: its name, what it sends in a few words, and the function that sends it once.
`python -m tests.load.attacks URL NAME AT_ONCE` is the hostile visitor, a process of its own, which goes on
until it is ended and prints a line for each time. It comes from an address of its own, and opens no
heartbeat; what it may not do is for `hostile.py` to judge.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import secrets
import sys
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

import httpx

from tests.load import files
from tests.load.visitor import Visitor, client

ADDRESS = "127.0.0.66"
_API = "/gradio_api"
_SENTENCE = re.compile(r'"(?:text|error|message)": ?"([^"]{8,90})')
_PATIENCE_S = 8.0  # after which it hangs up
_PAUSE_S = 0.2
_NICE = 10  # its own computing is to cost the others little, as if it were on another machine


@dataclass(frozen=True, slots=True)
class Attack:
    """``kind`` is what it is aimed at; ``send`` sends it once and says what became of it."""

    kind: str
    sends: str
    send: Callable[[Hostile], Awaitable[str]]


class Hostile(Visitor):
    """A visitor without a heartbeat, and another one with each attack."""

    def __init__(self, url: str, config: dict[str, Any], http: httpx.AsyncClient) -> None:
        super().__init__(url, config, http)
        self.http = http
        host, _, port = url.removeprefix("http://").partition(":")
        self.host, self.port = host, int(port)

    async def opens(self, content: bytes, name: str) -> str:
        """Send a file and open it."""
        await self.open(content, name)
        return _outcome(" ".join(self.arrived))

    async def calls(self, endpoint: str, data: list[Any]) -> str:
        """Call one of the endpoints for programs, and wait for what it says."""
        began = await self.http.post(f"{_API}/call/{endpoint}", json={"data": data})
        if began.is_error:
            return _outcome(began.text, began.status_code)
        path = f"{_API}/call/{endpoint}/{began.json()['event_id']}"
        return _outcome((await self.http.get(path)).text)

    async def does(self, event: dict[str, Any], data: list[Any], more: object = None) -> str:
        """An event of the page that does not go through the queue."""
        body = self._body(event, data, more)
        answer = await self.http.post(f"{_API}/run/{event['api_name']}", json=body)
        return _outcome(answer.text, answer.status_code)

    async def upload(self, content: bytes) -> dict[str, Any]:
        """A picture on the server, as an argument of a call."""
        answer = await self.http.post(f"{_API}/upload", files={"files": ("a.png", content)})
        answer.raise_for_status()
        return {"path": answer.json()[0], "meta": {"_type": "gradio.FileData"}}

    async def socket(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A bare connection."""
        return await asyncio.open_connection(self.host, self.port, local_addr=(ADDRESS, 0))


def _outcome(text: str, status: int = 200) -> str:
    """What became of it: the status, and the sentence in the answer, or else its first words."""
    sentence = _SENTENCE.search(text)
    return f"{status} {sentence[1] if sentence else text[:80]}"


# What is opened, and what is handed to the endpoints -----------------------------------------------


def _opening(name: str) -> Attack:
    file = files.FILES[name]
    return Attack(
        "file", file.holds, lambda hostile: hostile.opens(_content(name), f"{name}.{file.ending}")
    )


@cache
def _content(name: str) -> bytes:
    return files.FILES[name].make()


async def _overlay(hostile: Hostile, count: int) -> str:
    image = await hostile.upload(files.plain(files.WIDE))
    return await hostile.calls("overlay", [image, files.masks(count)])


async def _ground(hostile: Hostile, session: Callable[[], files.Json], question: str) -> str:
    image = await hostile.upload(files.plain(files.SMALL))
    return await hostile.calls("ground", [image, question, session()])


async def _typed(hostile: Hostile, text: str) -> str:
    await hostile.open(files.plain(files.SMALL))
    return await hostile.does(hostile._named("read"), [text, None])


async def _draws(hostile: Hostile, *acts: files.Json) -> str:
    await hostile.open(files.plain(files.LARGE))
    said = ""
    for act in acts:
        said = await hostile.does(hostile._named("act"), [None], act)
    return said


def _drawing(*acts: files.Json) -> Callable[[Hostile], Awaitable[str]]:
    return lambda hostile: _draws(hostile, *acts)


_BOX = {"kind": "shapes", "shapes": [{"label": "it", "boxes": [[9, 9, 7000, 7000]]}]}
_SHAPES = {
    "kind": "shapes",
    "shapes": [
        {"label": "it", "boxes": [[i, n, 3000 + i, 3000 + n] for i in range(40)]}
        for n in range(100)
    ],
}
_POLYGON = {"kind": "polygon", "corners": [[i % 700, i % 499] for i in range(100_000)]}
_STAR = {"kind": "polygon", "corners": [[i * 2999 % 7001, i * 4999 % 7003] for i in range(500)]}
_STROKE = {
    "kind": "paint", "object": "R1.1", "width": 900, "erases": False,
    "points": [[i * 3001 % 7001, i * 4999 % 7003] for i in range(500)],
}  # fmt: skip


# Streams and connections ---------------------------------------------------------------------------


async def _heartbeats(hostile: Hostile, count: int) -> str:
    """Streams of names that the server never saw, closed together."""
    async with AsyncExitStack() as stack:
        statuses = list[int]()
        for _ in range(count):
            _, writer = await hostile.socket()
            stack.callback(writer.close)
            path = f"{_API}/heartbeat/{secrets.token_hex(6)}"
            writer.write(
                f"GET {path} HTTP/1.1\r\nHost: {hostile.host}:{hostile.port}\r\n\r\n".encode()
            )
            await writer.drain()
            statuses.append(1)
        await asyncio.sleep(1)
    return f"200 {len(statuses)} streams"


async def _silent(hostile: Hostile, count: int, said: bytes) -> str:
    """Connections that say only that, and are held."""
    async with AsyncExitStack() as stack:
        held = 0
        for _ in range(count):
            with suppress(OSError):
                _, writer = await hostile.socket()
                stack.callback(writer.close)
                writer.write(said)
                held += 1
        await asyncio.sleep(_PATIENCE_S)
    return f"200 {held} connections"


async def _drips(hostile: Hostile) -> str:
    """Bodies that come a byte at a time."""
    head = (
        f"POST {_API}/queue/join HTTP/1.1\r\nHost: {hostile.host}:{hostile.port}\r\n"
        "Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n"
    )
    async with AsyncExitStack() as stack:
        writers = []
        for _ in range(100):
            _, writer = await hostile.socket()
            stack.callback(writer.close)
            writer.write(head.encode())
            writers.append(writer)
        for _ in range(int(_PATIENCE_S)):
            for writer in writers:
                with suppress(OSError):
                    writer.write(b" ")
            await asyncio.sleep(1)
    return "200 100 bodies"


async def _listens(hostile: Hostile) -> str:
    """Streams of answers for sessions in which nothing was asked."""

    async def listen() -> None:
        path = f"{_API}/queue/data?session_hash={secrets.token_hex(6)}"
        async with hostile.http.stream("GET", path) as answer:
            async for _ in answer.aiter_lines():
                pass

    await asyncio.wait([asyncio.ensure_future(listen()) for _ in range(100)], timeout=3)
    return "200 100 streams"


async def _reads_nothing(hostile: Hostile) -> str:
    """Pages and scripts that are asked for and never read."""
    asked = f"GET / HTTP/1.1\r\nHost: {hostile.host}:{hostile.port}\r\n\r\n".encode() * 20
    return await _silent(hostile, 50, asked)


# Many small things ---------------------------------------------------------------------------------


async def _new_names(hostile: Hostile) -> str:
    """The same small event, each time from a page session that the server never saw."""
    event, said = hostile._named("read"), ""
    for _ in range(100):
        hostile.session = secrets.token_hex(6)
        said = await hostile.does(event, ["find", None])
    return said


_ODD: tuple[object, ...] = ([], "x", 7, {"index": -1}, {"data": {"_type": "x"}}, {"kind": []}, None)


async def _odd_events(hostile: Hostile) -> str:
    """Events of a form that no page sends."""
    said = ""
    for name in ("act", "act_1", "act_2", "act_3", "open_example", "choose_way", "cut_out"):
        for more in _ODD:
            said = await hostile.does(hostile._named(name), [None], more)
    return said


async def _many_files(hostile: Hostile) -> str:
    """One request of a thousand empty files."""
    many = [("files", (f"{i}.png", b"")) for i in range(1_000)]
    answer = await hostile.http.post(f"{_API}/upload", files=many)
    return _outcome(answer.text, answer.status_code)


async def _large_json(hostile: Hostile) -> str:
    """As many values as a request may have."""
    answer = await hostile.http.post(
        f"{_API}/call/ground", content=b'{"data": [' + b"[0]," * 240_000 + b"0]}",
        headers={"content-type": "application/json"},
    )  # fmt: skip
    return _outcome(answer.text, answer.status_code)


async def _pages(hostile: Hostile) -> str:
    """The page with its whole description, without a pause."""
    answers = [await hostile.http.get(path) for path in ("/", "/config", f"{_API}/info") * 10]
    return _outcome("", answers[-1].status_code)


async def _cookies(hostile: Hostile) -> str:
    """A cookie of escapes only."""
    cookie = 'a="' + '\\"' * 20_000 + '"'
    answer = await hostile.http.get("/", headers={"cookie": cookie})
    return _outcome("", answer.status_code)


async def _small_chunks(hostile: Hostile) -> str:
    """A body in chunks of one byte."""
    _, writer = await hostile.socket()
    head = f"POST {_API}/queue/join HTTP/1.1\r\nHost: {hostile.host}:{hostile.port}\r\n"
    writer.write(f"{head}Transfer-Encoding: chunked\r\n\r\n".encode())
    writer.write(b"1\r\n \r\n" * 1_000_000)
    with suppress(OSError):
        await writer.drain()
    writer.close()
    return "200 a million chunks"


async def _passwords(hostile: Hostile) -> str:
    """Log-ins where there are none, and where they cost the most."""
    form = {"username": "a" * 64, "password": "x" * 9_000}
    answer = await hostile.http.post("/login", data=form)
    return _outcome(answer.text, answer.status_code)


async def _asks(hostile: Hostile, word: str) -> str:
    """A question to which the model server answers with what that word names."""
    await hostile.open(files.plain(files.SMALL))
    turn = await hostile.ask(f"find hostile:{word}")
    return _outcome(turn.text[-200:])


_MODEL_SAYS = {
    "boxes": "an answer of 100,000 boxes",
    "nested": "an answer that nests lists 50,000 deep",
    "endless": "a thought without an end",
    "tags": "200,000 opened tags",
    "names": "100,000 names of regions",
    "spaces": "a megabyte of spaces",
    "one-line": "one event of 30 MB",
    "digits": "a number of a million digits",
}

ATTACKS: Mapping[str, Attack] = {
    **{name: _opening(name) for name in files.FILES},
    "overlay": Attack("session", "/overlay of 200 masks of 49 Mpx", partial(_overlay, count=200)),
    "ground-findings": Attack(
        "session", "/ground with 20,000 findings",
        partial(_ground, session=lambda: files.stretched(400_000, 20_000), question="find it"),
    ),
    "ground-regions": Attack(
        "session", "/ground with 20,000 regions and a question about all of them",
        partial(_ground, session=lambda: files._regions(20_000), question="all of them but R1"),
    ),
    "ground-question": Attack(
        "text", "/ground with a question of 1 MB",
        partial(_ground, session=files.session, question="find the red one and it " * 40_000),
    ),
    "typed": Attack("text", "a text box of 1 MB", partial(_typed, text="R1 and it, " * 90_000)),
    "typed-names": Attack(
        "text", "a text box of 100,000 names", partial(_typed, text="R1," * 100_000)
    ),
    "typed-quotes": Attack(
        "text", "a text box of 1 MB of quotation marks", partial(_typed, text="“'\"(" * 250_000)
    ),
    "polygon": Attack("event", "an outline of 100,000 corners", _drawing(_POLYGON)),
    "star": Attack("event", "20 outlines of 500 crossing edges on 50 Mpx", _drawing(*[_STAR] * 20)),
    "paint": Attack("event", "20 strokes of 500 points on 50 Mpx", _drawing(_BOX, *[_STROKE] * 20)),
    "shapes": Attack("event", "4,000 boxes to segment on 50 Mpx", _drawing(_SHAPES)),
    "heartbeats": Attack("stream", "400 heartbeats of unknown names", partial(_heartbeats, count=400)),
    "listeners": Attack("stream", "100 streams of unknown names", _listens),
    "silent": Attack("connection", "300 silent connections", partial(_silent, count=300, said=b"")),
    "half-header": Attack(
        "connection", "300 half headers",
        partial(_silent, count=300, said=b"GET / HTTP/1.1\r\nHost: x\r\nX-A: "),
    ),
    "drips": Attack("connection", "100 bodies of a byte a second", _drips),
    "reads-nothing": Attack("connection", "1,000 pages that are never read", _reads_nothing),
    "new-names": Attack("many", "100 events from 100 new page sessions", _new_names),
    "odd-events": Attack("many", "events of forms that no page sends", _odd_events),
    "empty-files": Attack("many", "1,000 empty files in a request", _many_files),
    "values": Attack("many", "240,000 lists in a request", _large_json),
    "pages": Attack("many", "the page and its description, without a pause", _pages),
    "cookies": Attack("many", "a cookie of 20,000 escapes", _cookies),
    "small-chunks": Attack("many", "a body of a million chunks", _small_chunks),
    "no-form": Attack(
        "many", "a text of 15 MB where none belongs",
        lambda hostile: hostile.calls("ground", {"a" * 15_000_000: 1}),  # type: ignore[arg-type]
    ),
    "passwords": Attack("many", "log-ins", _passwords),
    **{
        f"says-{word}": Attack("answer", f"a model server sends {what}", partial(_asks, word=word))
        for word, what in _MODEL_SAYS.items()
    },
}  # fmt: skip


# The process ---------------------------------------------------------------------------------------


async def _again_and_again(url: str, name: str, at_once: int) -> None:
    async with client(url) as http:
        config = (await http.get("/config")).json()
    attack = ATTACKS[name]

    async def attacker() -> None:
        while True:
            began = time.monotonic()
            try:
                said = await asyncio.wait_for(_once(url, config, attack), _PATIENCE_S)
            except TimeoutError:
                said = "hung up"
            except (httpx.HTTPError, OSError, RuntimeError) as error:
                said = f"{type(error).__name__} {error}"
            print(json.dumps([round(time.monotonic() - began, 2), said[:200]]), flush=True)
            await asyncio.sleep(_PAUSE_S)

    await asyncio.gather(*(attacker() for _ in range(at_once)))


async def _once(url: str, config: dict[str, Any], attack: Attack) -> str:
    async with client(url, ADDRESS) as http:
        return await attack.send(Hostile(url, config, http))


if __name__ == "__main__":
    os.nice(_NICE)
    asyncio.run(_again_and_again(sys.argv[1], sys.argv[2], int(sys.argv[3])))
