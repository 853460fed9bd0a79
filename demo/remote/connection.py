"""The connection to an OpenAI-compatible server: its models, and answers in pieces as they arrive.

One event loop in a thread of its own talks, so that giving up on an answer closes its connection at
once, whatever is being waited for. Everything a server sends is bounded in bytes, characters and time.
It knows no pictures and no prompts; a request is what the caller makes it.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import re
import ssl
import threading
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from concurrent.futures import Future
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

import httpx2

from demo.errors import ModelError, OptionError
from demo.machine.proxies import proxy_for
from demo.remote.address import KEY, Address
from demo.remote.encodings import decoder
from demo.remote.faults import (
    BrokenError,
    Fault,
    FormError,
    NoRoomError,
    Peer,
    RefusedError,
    SilenceError,
    fault_of,
    is_of_proxy,
    unlisted,
)
from demo.remote.listing import Listing, read_listing
from demo.remote.parameters import Wishes, in_words, learned, mended, with_learned
from demo.remote.reply import Heard
from demo.remote.stream import Events

CLOSED = "The connection to the server was closed."
MAX_MENDS = 8  # how often one question is put in another way
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Limits:
    """How long to wait (seconds), how often to ask again, how much to take.

    ``first_token_s`` includes the wait in the server's own queue. ``after_end_s`` is how long the counts
    of an answer that has ended are waited for. ``most_wait_s`` is the longest wait before another
    attempt, also when the server asks for a longer one.
    """

    connect_s: float = 10
    list_s: float = 60
    first_token_s: float = 180
    between_s: float = 60
    after_end_s: float = 5
    total_s: float = 900
    retries: int = 3
    backoff_s: float = 0.5
    most_wait_s: float = 20
    most_characters: int = 40_000
    most_bytes: int = 16_000_000


@dataclass(slots=True)
class _Turn:
    """One question on its way to an answer: ``first`` is what was wished, ``wishes`` what is asked now.

    ``bases`` are the addresses that may be right, the one at hand first. ``fault`` is what the person is
    told when nothing helps.
    """

    model: str
    content: Sequence[Mapping[str, Any]]
    first: Wishes
    wishes: Wishes
    heard: Heard
    bases: list[str]
    ends: float
    attempts: int = 0
    mends: int = 0
    fault: Fault | None = None

    def request(self) -> dict[str, Any]:
        messages = [{"role": "user", "content": self.content}]
        return {"model": self.model, "messages": messages, **self.wishes}


class Server:
    """One server; any thread may ask, and any number of answers may be under way.

    Raises OptionError for a key or a proxy in the environment that cannot be used.
    """

    def __init__(self, address: Address, limits: Limits) -> None:
        self.host, self.limits = address.host, limits
        self._bases = address.bases
        self._query = f"?{address.query}" if address.query else ""
        self._key, self._proxy = _key(), proxy_for(address.bases[0])
        self._learned: Wishes = {}
        self._client = self._made_client()
        self._loop, self._closing = asyncio.new_event_loop(), threading.Lock()
        self._thread = threading.Thread(target=self._loop.run_forever, name="server", daemon=True)
        self._thread.start()

    def models(self) -> Listing:
        """The models it lists, or why it does not. Raises ModelError where no server can be asked."""
        return self._run(self._models()).result()

    def ask(
        self, model: str, content: Sequence[Mapping[str, Any]], wishes: Wishes, heard: Heard
    ) -> Future[None]:
        """Begin an answer to one message; cancelling the future closes the connection.

        ``wishes`` are the optional fields of the request. What the server refuses of them is asked for in
        another way or left out, and remembered. The future raises ModelError. What failed before
        the first piece of text is tried again.
        """
        return self._run(self._ask(model, content, wishes, heard))

    def close(self) -> None:
        """Give up what is under way, and leave no thread and no connection behind."""
        with self._closing:
            if self._loop.is_closed():
                return
            self._run(self._end()).result()
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
            self._loop.close()

    def _run(self, work: Coroutine[Any, Any, T]) -> Future[T]:
        if self._loop.is_closed():
            work.close()
            raise ModelError(CLOSED)
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    async def _end(self) -> None:
        under_way = asyncio.all_tasks() - {asyncio.current_task()}
        for task in under_way:
            task.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)
        await self._client.aclose()
        await self._loop.shutdown_asyncgens()
        await self._loop.shutdown_default_executor()

    async def _models(self) -> Listing:
        try:
            async with asyncio.timeout(self.limits.list_s):
                return await self._listing()
        except TimeoutError:
            fault = self._fault(SilenceError("does not say which models it has"))
        except Exception as error:
            fault = self._fault(error)
        raise fault.error()

    async def _listing(self) -> Listing:
        """The list at the first address that has one, else what the likeliest says instead of it."""
        instead: list[Exception] = []
        for base in self._bases:
            try:
                listing = read_listing(await self._read_list(base))
            except (RefusedError, FormError, ValueError, RecursionError) as error:
                if is_of_proxy(error, self._peer()):
                    raise
                instead.append(error)
            else:
                self._bases = (base,)
                return listing
        here = [error for error in instead if not _is_elsewhere(error)]
        return Listing(missing=unlisted((here or instead)[0], self._peer()))

    async def _read_list(self, base: str) -> object:
        body = bytearray()
        async with self._sent("GET", f"{base}/models") as response:
            await self._read(response, body.extend)
        return json.loads(body)

    async def _ask(
        self, model: str, content: Sequence[Mapping[str, Any]], wishes: Wishes, heard: Heard
    ) -> None:
        turn = _Turn(
            model,
            content,
            wishes,
            with_learned(wishes, self._learned),
            heard,
            list(self._bases),
            self._loop.time() + self.limits.total_s,
        )
        while True:
            try:
                await self._attempt(turn)
                self._bases = (turn.bases[0],)
                self._learned = learned(wishes, turn.wishes)
                return
            except Exception as error:
                wait = self._wait(turn, error)
            # Outside of the block, so that no error carries along what a broken-off answer holds.
            if turn.fault and wait is None:
                raise turn.fault.error()
            await asyncio.sleep(wait or 0)

    def _wait(self, turn: _Turn, error: Exception) -> float | None:
        """Seconds before the next attempt, which the turn is made ready for; None when there is none."""
        fault = self._fault(error, turn.model)
        if not turn.fault or not _is_elsewhere(error):
            turn.fault = fault
        if turn.heard.text:
            return None
        if isinstance(error, RefusedError) and self._put_otherwise(turn, error):
            return 0
        wait = self._pause(turn.attempts, fault.wait_s)
        late = wait > self.limits.most_wait_s or self._loop.time() + wait > turn.ends
        if not fault.again or late or turn.attempts >= self.limits.retries:
            return None
        turn.attempts, turn.fault = turn.attempts + 1, None
        return wait

    def _put_otherwise(self, turn: _Turn, error: RefusedError) -> bool:
        """Whether there is another way to ask what was refused; the turn is changed to it."""
        if _is_elsewhere(error) and len(turn.bases) > 1:
            del turn.bases[0]
            return True
        try:
            wishes = mended(turn.wishes, error.status, error.body)
        except NoRoomError as full:
            turn.fault, turn.attempts = self._fault(full), self.limits.retries  # nothing else helps
            return False
        if wishes is None or turn.mends >= MAX_MENDS:
            return False
        turn.wishes, turn.mends, turn.fault = wishes, turn.mends + 1, None
        return True

    def _pause(self, attempts: int, asked: float | None) -> float:
        """Seconds before the next attempt: what the server asks, else twice as long each time.

        A random part keeps many who failed at once from coming back at once.
        """
        longest = self.limits.backoff_s * 2**attempts
        wait = random.uniform(longest / 2, longest)
        return wait if asked is None else asked + wait / 2

    async def _attempt(self, turn: _Turn) -> None:
        limits, now, heard = self.limits, self._loop.time, turn.heard
        heard.begin()
        try:
            first = limits.first_token_s if "stream" in turn.wishes else limits.total_s
            async with asyncio.timeout_at(min(now() + first, turn.ends)) as clock:
                url = f"{turn.bases[0]}/chat/completions"
                async with self._sent("POST", url, turn.request()) as response:
                    heard.decoding = in_words(turn.first, turn.wishes)
                    await self._hear(response, turn, clock)
        except TimeoutError:
            if not heard.ended:
                raise SilenceError(self._silence(heard, now() >= turn.ends)) from None
        except httpx2.TransportError:
            if not heard.ended:  # else only its counts are lost
                raise

    async def _hear(self, response: httpx2.Response, turn: _Turn, clock: asyncio.Timeout) -> None:
        """Take an answer up to its end, or up to as many characters as are taken."""
        limits, heard, events = self.limits, turn.heard, Events()

        def take(part: bytes) -> bool:
            for event in events.feed(part):
                if heard.take(event, limits.most_characters):
                    wait = limits.after_end_s if heard.ended else limits.between_s
                    clock.reschedule(min(self._loop.time() + wait, turn.ends))
                if len(heard.text) >= limits.most_characters:
                    return True  # as a model that reaches its last token
            return events.done

        if await self._read(response, take):
            heard.ended = True
        else:
            for event in events.finish():
                heard.take(event, limits.most_characters)
            _check_end(heard, events, _is_framed(response))
        if heard.full and not heard.text.strip():
            raise NoRoomError

    def _silence(self, heard: Heard, whole: bool) -> str:
        if whole:
            return f"did not end its answer within {self.limits.total_s:g} seconds"
        if heard.text:
            return f"fell silent for {self.limits.between_s:g} seconds in the middle of its answer"
        return f"did not begin to answer within {self.limits.first_token_s:g} seconds"

    @asynccontextmanager
    async def _sent(
        self, method: str, url: str, request: Mapping[str, Any] | None = None
    ) -> AsyncIterator[httpx2.Response]:
        """The answer to a request once its headers are there. Raises RefusedError for one that is none."""
        content = None if request is None else json.dumps(request).encode()
        sent = self._client.build_request(method, url + self._query, content=content)
        async with self._answered(sent) as response:
            page = "html" in response.headers.get("content-type", "")
            if page or not response.is_success:
                body = bytearray()
                await self._read(response, body.extend)
                raise RefusedError(response.status_code, _parsed(body), response.headers, page)
            yield response

    @asynccontextmanager
    async def _answered(self, request: httpx2.Request) -> AsyncIterator[httpx2.Response]:
        """The response, followed once to another path of the same server, such as one with a slash."""
        response = await self._client.send(request, stream=True)
        try:
            if onward := _onward(response):
                await response.aclose()
                response = await self._client.send(onward, stream=True)
            yield response
        finally:
            await response.aclose()

    async def _read(self, response: httpx2.Response, take: Callable[[bytes], bool | None]) -> bool:
        """Pass a body on in parts, until it ends or is not wanted any more (True).

        Without a limit, one endless line would fill the memory.
        """
        left, plain = self.limits.most_bytes, decoder(response.headers)
        # Left to Python's collector, it might be closed late, and in another thread.
        async with aclosing(response.aiter_raw()) as parts:
            async for raw in parts:
                part = plain(raw, left + 1)
                left -= len(part)
                if left < 0:
                    most = self.limits.most_bytes / 1e6
                    raise ModelError(
                        f"The server at {self.host} sent more than {most:g} MB for one answer."
                    )
                if take(part):
                    return True
        return False

    def _fault(self, error: Exception, model: str = "") -> Fault:
        return fault_of(error, self._peer(model))

    def _peer(self, model: str = "") -> Peer:
        proxy = f"{self._proxy.host} ({self._proxy.variable})" if self._proxy else ""
        return Peer(self.host, model, self._key, proxy)

    def _made_client(self) -> httpx2.AsyncClient:
        headers = {"accept": "text/event-stream, application/json", "accept-encoding": "identity",
                   "content-type": "application/json"}  # fmt: skip
        if self._key:
            headers["authorization"] = f"Bearer {self._key}"
            if self._query:
                headers["api-key"] = self._key  # as Azure wants it
        try:
            return httpx2.AsyncClient(
                headers=headers,
                timeout=httpx2.Timeout(None, connect=self.limits.connect_s),
                follow_redirects=False,  # a picture goes nowhere but where it was sent
                proxy=self._proxy.url if self._proxy else None,
                verify=_trust(self._bases[0]),
                trust_env=False,  # the proxy is chosen already
            )
        except (ValueError, httpx2.InvalidURL):
            assert self._proxy is not None
            raise OptionError(
                f"{self._proxy.variable} holds no address of a proxy. Correct it, or unset it."
            ) from None


def _key() -> str:
    key = os.environ.get(KEY, "").strip()
    if not re.fullmatch(r"[\x21-\x7e]*", key):
        raise OptionError(f"{KEY} holds characters that no key has. Set it anew.")
    return key


def _trust(url: str) -> ssl.SSLContext | bool:
    """Whose certificates are believed, where an address asks for one."""
    return httpx2.create_ssl_context() if url.startswith("https:") else False


def _onward(response: httpx2.Response) -> httpx2.Request | None:
    """The same request to where it is sent on to, if that is the same server."""
    onward, came = response.next_request, response.request
    if onward is None or onward.method != came.method:
        return None
    places = [(url.scheme, url.host, url.port) for url in (onward.url, came.url)]
    return onward if places[0] == places[1] else None


def _is_elsewhere(error: Exception) -> bool:
    """Whether there is nothing of the kind at an address, so that the next one is worth a try."""
    return isinstance(error, RefusedError) and (error.status in (404, 405) or error.page)


def _check_end(heard: Heard, events: Events, framed: bool) -> None:
    """Raise FormError or BrokenError for a body that has ended and is no whole answer."""
    heard.ended = heard.ended or events.done or events.alone
    if events.form and not heard.known:
        raise FormError
    if not heard.ended and not heard.is_whole(framed):
        raise BrokenError


def _is_framed(response: httpx2.Response) -> bool:
    """Whether the end of a body is marked, so that a broken connection would have shown."""
    headers = response.headers
    return "content-length" in headers or "chunked" in headers.get("transfer-encoding", "").lower()


def _parsed(body: bytearray) -> object:
    text = body.decode("utf-8-sig", "replace")
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text
