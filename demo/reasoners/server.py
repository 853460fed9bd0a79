"""The connection to an OpenAI-compatible server: its models, and answers in pieces as they arrive.

One event loop in a thread of its own talks, so that giving up on an answer closes its connection at
once, whatever is being waited for. Everything a server sends is bounded in bytes, characters and time.
It knows no pictures and no prompts; a request is what the caller makes it.
"""

from __future__ import annotations

import asyncio
import os
import random
import re
import threading
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import urlsplit

import httpx2
import openai
from openai.types.chat import ChatCompletionChunk

from demo.errors import ModelError, OptionError
from demo.reasoners.base import MOST_NEW_TOKENS, Usage
from demo.reasoners.faults import BrokenError, Fault, Peer, SilenceError, fault_of

KEY = "OPENAI_API_KEY"
CLOSED = "The connection to the server was closed."
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Limits:
    """How long to wait (seconds), how often to ask again, how much to take.

    ``first_token_s`` includes the wait in the server's own queue. ``most_wait_s`` is the longest wait
    before another attempt, also when the server asks for a longer one.
    """

    connect_s: float = 10
    list_s: float = 60
    first_token_s: float = 180
    between_s: float = 60
    total_s: float = 900
    retries: int = 3
    backoff_s: float = 0.5
    most_wait_s: float = 20
    most_characters: int = 40_000
    most_bytes: int = 16_000_000


@dataclass(frozen=True, slots=True)
class Address:
    """``host`` (and port) for people; ``bases`` are where the API may be, likeliest first."""

    host: str
    bases: tuple[str, ...]


def read_address(url: str) -> Address:
    """Where a server is. Raises OptionError, which never repeats an address with a password in it."""
    try:
        parts = urlsplit(url.strip())
        parts.port  # noqa: B018  raises ValueError for what is no port
    except ValueError:
        raise OptionError(_ADDRESS_SENTENCE) from None
    if "@" in url:
        raise OptionError(
            f"An address for --server holds no user name or password: put the key into {KEY}."
        )
    if parts.scheme not in ("http", "https") or not re.fullmatch(r"[\w.\-\[\]:]+", parts.netloc):
        raise OptionError(_ADDRESS_SENTENCE)
    if parts.query or parts.fragment:
        raise OptionError(f"An address for --server ends before any ? or #: put a key into {KEY}.")
    path = parts.path.rstrip("/").removesuffix("/chat/completions")
    root = f"{parts.scheme}://{parts.netloc}{path}"
    return Address(parts.netloc, (root,) if path.endswith("/v1") else (f"{root}/v1", root))


_ADDRESS_SENTENCE = "--server takes an address such as http://localhost:8000/v1."


class Heard:
    """What has arrived of one answer; ``tell`` is called with each piece of its text.

    Some servers take what stands between <think> and </think> out of the text and send it apart; it is
    put back where it stood.
    """

    def __init__(self, tell: Callable[[str], None]) -> None:
        self.tell = tell
        self.text, self.usage = "", Usage()
        self.ended = self.apart = False

    def take(self, chunk: ChatCompletionChunk, most: int) -> bool:
        """Whether this event brought the answer on; any error means it has another form.

        The package checks no types, so every value may be anything.
        """
        if chunk.usage is not None:
            self.usage = _usage(chunk.usage)
        if not chunk.choices:
            return False
        delta = chunk.choices[0].delta
        self.ended = self.ended or chunk.choices[0].finish_reason is not None
        piece = self._joined(delta)[: most - len(self.text)]
        if piece:
            self.text += piece
            self.tell(piece)
        return bool(piece) or self.ended

    def _joined(self, delta: object) -> str:
        thought = _text(delta, "reasoning_content") or _text(delta, "reasoning")
        said = _text(delta, "content")
        if thought:
            thought, self.apart = thought if self.apart else f"<think>{thought}", True
        if said:
            said, self.apart = f"</think>{said}" if self.apart else said, False
        return thought + said


class Server:
    """One server; any thread may ask, and any number of answers may be under way."""

    def __init__(self, address: Address, limits: Limits) -> None:
        self.host, self.limits = address.host, limits
        self._bases, self._counts = address.bases, True
        self._key = _key()
        self._client = self._made_client()
        self._loop, self._closing = asyncio.new_event_loop(), threading.Lock()
        self._thread = threading.Thread(target=self._loop.run_forever, name="server", daemon=True)
        self._thread.start()

    def models(self) -> tuple[str, ...]:
        """The names of the models it lists; none when it lists none or cannot. Raises ModelError."""
        return self._run(self._models()).result()

    def ask(self, model: str, content: Sequence[Mapping[str, Any]], heard: Heard) -> Future[None]:
        """Begin an answer to one message; cancelling the future closes the connection.

        The future raises ModelError. What failed before the first piece of text is tried again.
        """
        return self._run(self._ask(model, content, heard))

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
        await self._client.close()
        await self._loop.shutdown_default_executor()

    async def _models(self) -> tuple[str, ...]:
        try:
            async with asyncio.timeout(self.limits.list_s):
                for base in self._bases:
                    self._client.base_url = base
                    listed = await self._listed()
                    if listed is not None:
                        return listed
        except TimeoutError:
            raise self._fault(SilenceError("does not say which models it has")).error() from None
        except Exception as error:
            raise self._fault(error).error() from error
        self._client.base_url = self._bases[0]
        return ()

    async def _listed(self) -> tuple[str, ...] | None:
        """The models by the address at hand; None when it leads nowhere."""
        try:
            listed = (await self._client.models.list()).data
        except openai.NotFoundError:
            return None
        except openai.InternalServerError:
            return ()  # it may answer all the same
        return tuple(str(model.id) for model in listed or ())

    def _fault(self, error: Exception, model: str = "") -> Fault:
        return fault_of(error, Peer(self.host, model, self._key))

    async def _ask(self, model: str, content: Sequence[Mapping[str, Any]], heard: Heard) -> None:
        ends = self._loop.time() + self.limits.total_s
        attempts, counts = 0, self._counts
        while True:
            try:
                await self._attempt(_request(model, content, counts), heard, ends)
                self._counts = counts
                return
            except Exception as error:
                if counts and isinstance(
                    error, openai.BadRequestError | openai.UnprocessableEntityError
                ):
                    counts = False  # an older server may not know the wish to count tokens
                    continue
                fault = self._fault(error, model)
                wait = self._wait(attempts, fault.wait_s)
                late = wait > self.limits.most_wait_s or self._loop.time() + wait > ends
                if heard.text or not fault.again or late or attempts >= self.limits.retries:
                    raise fault.error() from error
            attempts += 1
            await asyncio.sleep(wait)

    def _wait(self, attempts: int, asked: float | None) -> float:
        """Seconds before the next attempt: what the server asks, else twice as long each time.

        A random part keeps many who failed at once from coming back at once.
        """
        longest = self.limits.backoff_s * 2**attempts
        wait = random.uniform(longest / 2, longest)
        return wait if asked is None else asked + wait / 2

    async def _attempt(self, request: dict[str, Any], heard: Heard, ends: float) -> None:
        limits, now = self.limits, self._loop.time
        try:
            async with asyncio.timeout_at(min(now() + limits.first_token_s, ends)) as clock:
                async with await self._client.chat.completions.create(**request) as stream:
                    async for chunk in stream:
                        if heard.take(chunk, limits.most_characters):
                            clock.reschedule(min(now() + limits.between_s, ends))
                        if len(heard.text) >= limits.most_characters:
                            return  # as a model that reaches its last token
        except TimeoutError:
            raise SilenceError(self._silence(heard, now() >= ends)) from None
        if not heard.ended:
            raise BrokenError

    def _silence(self, heard: Heard, whole: bool) -> str:
        if whole:
            return f"did not end its answer within {self.limits.total_s:g} seconds"
        if heard.text:
            return f"fell silent for {self.limits.between_s:g} seconds in the middle of its answer"
        return f"did not begin to answer within {self.limits.first_token_s:g} seconds"

    def _made_client(self) -> openai.AsyncOpenAI:
        http = openai.DefaultAsyncHttpxClient(
            timeout=openai.Timeout(None, connect=self.limits.connect_s),
            follow_redirects=False,  # a picture goes nowhere but where it was sent
            headers={"Accept-Encoding": "identity"},
            event_hooks={"request": [self._leave_out], "response": [self._bound]},
        )
        return openai.AsyncOpenAI(
            base_url=self._bases[0],
            api_key=self._key or "none",
            max_retries=0,
            http_client=http,
        )

    async def _leave_out(self, request: httpx2.Request) -> None:
        """What the package takes from the environment about an account with OpenAI is not told."""
        unasked = ["openai-organization", "openai-project"]
        for name in unasked if self._key else [*unasked, "authorization"]:
            request.headers.pop(name, None)

    async def _bound(self, response: httpx2.Response) -> None:
        """Look at the headers before anything is read, and at every byte that is."""
        if response.headers.get("content-encoding", "identity") != "identity":
            raise ValueError("a compressed answer, which could be of any size")
        if response.is_success and "html" in response.headers.get("content-type", ""):
            raise ModelError(
                f"A web page is at {self.host}, not an OpenAI-compatible server. "
                "Check the address given with --server."
            )
        sent = response.stream
        if isinstance(sent, httpx2.AsyncByteStream):
            response.stream = _Bounded(sent, self.limits.most_bytes, self.host)


class _Bounded(httpx2.AsyncByteStream):
    """The same bytes, up to a limit; without it, one endless line would fill the memory."""

    def __init__(self, stream: httpx2.AsyncByteStream, most: int, host: str) -> None:
        self.stream, self.most, self.host = stream, most, host

    async def __aiter__(self) -> AsyncIterator[bytes]:
        left = self.most
        async for part in self.stream:
            left -= len(part)
            if left < 0:
                raise ModelError(
                    f"The server at {self.host} sent more than {self.most / 1e6:g} MB for one answer."
                )
            yield part

    async def aclose(self) -> None:
        await self.stream.aclose()


def _key() -> str:
    key = os.environ.get(KEY, "").strip()
    if not re.fullmatch(r"[\x21-\x7e]*", key):
        raise OptionError(f"{KEY} holds characters that no key has. Set it anew.")
    return key


def _request(model: str, content: Sequence[Mapping[str, Any]], counts: bool) -> dict[str, Any]:
    request: dict[str, Any] = {
        "model": model,
        "messages": [{"role": "user", "content": content}],
        "temperature": 0,
        "max_tokens": MOST_NEW_TOKENS,
        "stream": True,
    }
    return {**request, "stream_options": {"include_usage": True}} if counts else request


def _text(delta: object, name: str) -> str:
    # Half a character, which JSON can hold, could not be saved.
    text: str = getattr(delta, name, None) or ""
    return text.encode("utf-8", "replace").decode()


def _usage(counted: object) -> Usage:
    details = getattr(counted, "prompt_tokens_details", None)
    return Usage(
        _count(getattr(counted, "prompt_tokens", None)),
        _count(getattr(counted, "completion_tokens", None)),
        _count(getattr(details, "cached_tokens", None)),
    )


def _count(value: object) -> int | None:
    return value if type(value) is int and 0 <= value < 10**9 else None
