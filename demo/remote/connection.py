"""The connection to an OpenAI-compatible server: its models, and answers in pieces as they arrive.

An event loop in a separate thread does the talking, so that cancelling an answer closes its connection at
once, even while it waits. Everything that a server sends is bounded in bytes, characters and time.
It knows no pictures and no prompts; the caller gives the messages of a request.
"""

from __future__ import annotations

import asyncio
import json
import random
import threading
from collections.abc import Coroutine
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

import httpx2

from demo.errors import ModelError
from demo.remote.address import Address
from demo.remote.conversation import Conversation, Form, pictures_taken
from demo.remote.errors import BrokenError, FormError, NoRoomError, RefusedError, SilenceError
from demo.remote.faults import Fault, fault_of, is_from_proxy, listing_error
from demo.remote.listing import Listing, read_listing
from demo.remote.parameters import (
    RequestParameters,
    adjust,
    apply_changes,
    changes_between,
    decoding_words,
    words_in,
)
from demo.remote.reply import Reply
from demo.remote.stream import StreamReader
from demo.remote.transport import Transport

CLOSED = "The connection to the server was closed."
MAX_ADJUSTMENTS = 8  # how often the parameters of one question are changed
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Limits:
    """How long to wait (seconds), how often to retry, how much to accept.

    ``first_token_s`` includes the wait in the server's queue. ``after_end_s`` is the wait for the token
    counts of an answer that has ended. ``max_wait_s`` is the longest wait before a retry, even when the
    server asks for a longer one.
    """

    connect_s: float = 10
    list_s: float = 60
    first_token_s: float = 180
    between_s: float = 60
    after_end_s: float = 5
    total_s: float = 900
    retries: int = 3
    backoff_s: float = 0.5
    max_wait_s: float = 20
    max_characters: int = 40_000
    max_bytes: int = 16_000_000


@dataclass(slots=True)
class _Ask:
    """One question on its way to an answer: ``first`` are the parameters wanted, ``parameters`` those sent,
    ``form`` is how the conversation is put.

    ``bases`` are the possible addresses, the current one first. ``fault`` is the failure to report when
    nothing helps.
    """

    model: str
    conversation: Conversation
    form: Form
    first: RequestParameters
    parameters: RequestParameters
    reply: Reply
    bases: list[str]
    ends: float
    attempts: int = 0
    adjustments: int = 0
    fault: Fault | None = None

    def request(self) -> dict[str, Any]:
        return {"model": self.model, **self.conversation.fields(self.form), **self.parameters}


class Server:
    """One server; any thread may ask, and any number of answers may be under way.

    Raises OptionError for a key or a proxy in the environment that cannot be used.
    """

    def __init__(self, address: Address, limits: Limits) -> None:
        self.host, self.limits = address.host, limits
        self._bases = address.bases
        self._transport = Transport(address, limits.connect_s, limits.max_bytes)
        self._changes: RequestParameters = {}
        self._form: Form | None = None
        self._loop, self._closing = asyncio.new_event_loop(), threading.Lock()
        self._thread = threading.Thread(target=self._loop.run_forever, name="server", daemon=True)
        self._thread.start()

    def models(self) -> Listing:
        """The models it lists, or why it lists none. Raises ModelError when the server cannot be asked."""
        return self._run(self._models()).result()

    def ask(
        self,
        model: str,
        conversation: Conversation,
        parameters: RequestParameters,
        reply: Reply,
    ) -> Future[None]:
        """Begin an answer, or go on with an open one; cancelling the future closes the connection.

        ``parameters`` are the optional fields of the request. Those that the server refuses are changed or
        left out, and a conversation that it does not take is put in another form; both are remembered. A
        request that fails before the first piece of text is retried. The future raises ModelError.
        """
        return self._run(self._ask(model, conversation, parameters, reply))

    def close(self) -> None:
        """Cancel the answers under way, and end the thread and all connections."""
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
        await self._transport.close()
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
        """The list at the first address that has one, else the error of the likeliest address."""
        instead: list[Exception] = []
        for base in self._bases:
            try:
                listing = read_listing(await self._read_list(base))
            except (RefusedError, FormError, ValueError, RecursionError) as error:
                if is_from_proxy(error, self._transport.peer()):
                    raise
                instead.append(error)
            else:
                self._bases = (base,)
                return listing
        here = [error for error in instead if not _is_elsewhere(error)]
        return Listing(missing=listing_error((here or instead)[0], self._transport.peer()))

    async def _read_list(self, base: str) -> object:
        body = bytearray()
        async with self._transport.send("GET", f"{base}/models") as response:
            await self._transport.read(response, body.extend)
        return json.loads(body)

    async def _ask(
        self,
        model: str,
        conversation: Conversation,
        parameters: RequestParameters,
        reply: Reply,
    ) -> None:
        ask = _Ask(
            model,
            conversation,
            self._form or conversation.form,
            parameters,
            apply_changes(parameters, self._changes),
            reply,
            list(self._bases),
            self._loop.time() + self.limits.total_s,
        )
        while True:
            try:
                await self._attempt(ask)
                self._remember(ask)
                return
            except Exception as error:
                wait = self._wait(ask, error)
            # Outside the block, so that no error keeps what an aborted answer holds.
            if ask.fault and wait is None:
                raise ask.fault.error()
            await asyncio.sleep(wait or 0)

    def _remember(self, ask: _Ask) -> None:
        """Keep what the server takes."""
        self._bases = (ask.bases[0],)
        self._changes = changes_between(ask.first, ask.parameters)
        self._form = ask.form

    def _wait(self, ask: _Ask, error: Exception) -> float | None:
        """Seconds before the next attempt, for which ``ask`` is updated; None when there is none."""
        fault = self._fault(error, ask.model)
        if not ask.fault or not _is_elsewhere(error):
            ask.fault = fault
        if ask.reply.text:
            return None
        if isinstance(error, RefusedError) and self._adjust(ask, error):
            return 0
        wait = self._pause(ask.attempts, fault.wait_s)
        late = wait > self.limits.max_wait_s or self._loop.time() + wait > ask.ends
        if not fault.may_retry or late or ask.attempts >= self.limits.retries:
            return None
        ask.attempts, ask.fault = ask.attempts + 1, None
        return wait

    def _adjust(self, ask: _Ask, error: RefusedError) -> bool:
        """Whether there is another way to ask what was refused, to which ``ask`` is changed."""
        if _is_elsewhere(error) and len(ask.bases) > 1:
            del ask.bases[0]
            return True
        words = words_in(error.body)
        if pictures_taken(words) is not None:
            return False
        try:
            form, parameters = self._otherwise(ask, error, words)
        except NoRoomError as full:
            ask.fault, ask.attempts = self._fault(full), self.limits.retries  # nothing else helps
            return False
        if not (form or parameters) or ask.adjustments >= MAX_ADJUSTMENTS:
            return False
        ask.form, ask.parameters = form or ask.form, parameters or ask.parameters
        ask.adjustments, ask.fault = ask.adjustments + 1, None
        return True

    def _otherwise(
        self, ask: _Ask, error: RefusedError, words: str
    ) -> tuple[Form | None, RequestParameters | None]:
        """The other form, or the parameters, that the words name; else what they may mean.

        The first message of a turn has taught which parameters are taken, so a form is guessed first.
        """
        other_form = partial(ask.conversation.other_form, ask.form, error.status, words)
        if named := other_form(named=True):
            return named, None
        guessed = other_form(named=False)
        parameters = adjust(ask.parameters, error.status, error.body, may_guess=guessed is None)
        return (None, parameters) if parameters else (guessed, None)

    def _pause(self, attempts: int, asked: float | None) -> float:
        """Seconds before the next attempt: what the server asks for, else twice as long each time.

        A random part keeps many that failed together from retrying together.
        """
        longest = self.limits.backoff_s * 2**attempts
        wait = random.uniform(longest / 2, longest)
        return wait if asked is None else asked + wait / 2

    async def _attempt(self, ask: _Ask) -> None:
        limits, now, reply = self.limits, self._loop.time, ask.reply
        reply.begin()
        try:
            first = limits.first_token_s if "stream" in ask.parameters else limits.total_s
            async with asyncio.timeout_at(min(now() + first, ask.ends)) as clock:
                url = f"{ask.bases[0]}/chat/completions"
                async with self._transport.send("POST", url, ask.request()) as response:
                    reply.decoding = decoding_words(ask.first, ask.parameters)
                    await self._receive(response, ask, clock)
        except TimeoutError:
            if not reply.is_ended:
                raise SilenceError(self._silence_phrase(reply, now() >= ask.ends)) from None
        except httpx2.TransportError:
            if not reply.is_ended:  # else only its counts are lost
                raise

    async def _receive(self, response: httpx2.Response, ask: _Ask, clock: asyncio.Timeout) -> None:
        """Read an answer up to its end, or up to the limit on characters."""
        limits, reply, events = self.limits, ask.reply, StreamReader()

        def take(part: bytes) -> bool:
            for event in events.feed(part):
                if reply.take(event, limits.max_characters):
                    self._remember(ask)  # now, as the answer may be cancelled at any time
                    wait = limits.after_end_s if reply.is_ended else limits.between_s
                    clock.reschedule(min(self._loop.time() + wait, ask.ends))
                if len(reply.text) >= limits.max_characters:
                    return True  # as when a model reaches its last token
            return events.is_done

        if await self._transport.read(response, take):
            reply.is_ended = True
        else:
            for event in events.finish():
                reply.take(event, limits.max_characters)
            _check_end(reply, events, _is_framed(response))
        if reply.is_full and not reply.text.strip():
            raise NoRoomError

    def _silence_phrase(self, reply: Reply, whole: bool) -> str:
        if whole:
            return f"did not end its answer within {self.limits.total_s:g} seconds"
        if reply.text:
            return f"sent nothing for {self.limits.between_s:g} seconds in the middle of its answer"
        return f"did not begin to answer within {self.limits.first_token_s:g} seconds"

    def _fault(self, error: Exception, model: str = "") -> Fault:
        return fault_of(error, self._transport.peer(model))


def _is_elsewhere(error: Exception) -> bool:
    """Whether an address has no such API, so that the next one is worth a try."""
    return isinstance(error, RefusedError) and (error.status in (404, 405) or error.is_page)


def _check_end(reply: Reply, events: StreamReader, framed: bool) -> None:
    """Raises FormError or BrokenError for a body that has ended without being a whole answer."""
    reply.is_ended = reply.is_ended or events.is_done or events.is_alone
    if events.form and not reply.is_known:
        raise FormError
    if not reply.is_ended and not reply.is_whole(framed):
        raise BrokenError


def _is_framed(response: httpx2.Response) -> bool:
    """Whether the end of a body is marked, so that a broken connection would be noticed."""
    headers = response.headers
    return "content-length" in headers or "chunked" in headers.get("transfer-encoding", "").lower()
