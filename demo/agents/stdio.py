"""Tools for an agent that has started this process: the protocol on standard input and output.

Nothing but the protocol may be written there. So both are taken away before a library is loaded: what
libraries print, in Python or in C, comes out on standard error. The models are loaded while the first
questions of a client are answered already.
"""

from __future__ import annotations

import _thread
import argparse
import asyncio
import os
import signal
import sys
import threading
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import BinaryIO

import anyio
from mcp.server.stdio import stdio_server

from demo.agents.dialogues import Dialogues
from demo.agents.library_log import log_places_only
from demo.agents.server import Agents
from demo.agents.tools import Tools
from demo.errors import DemoError, InputError
from demo.machine.ending import ended_by_signal
from demo.models.expected import expected_models
from demo.models.switching import RunningModels

AT_ONCE = 16  # calls; a server has room for several
MAX_LINE = 140_000_000  # bytes of one message: the largest picture as base64, and words around it
_LAST_S = 5.0  # for running calls to end
_ENDED = "This server is ending."
_BY_HAND = (
    "This waits for an agent, which speaks the Model Context Protocol on standard input. Enter its command "
    "in the agent's settings; Ctrl-D ends it."
)


@dataclass(frozen=True, slots=True)
class Streams:
    """What the client writes, and what it reads."""

    given: BinaryIO
    taken: BinaryIO

    @classmethod
    def take(cls) -> Streams:
        """Standard input and output, in whose place stand nothing and standard error from now on.

        Raises InputError where they are closed.
        """
        try:
            by_hand = os.isatty(0)
            given, taken = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
            nothing = os.open(os.devnull, os.O_RDONLY)
            os.dup2(nothing, 0)
            os.close(nothing)
            os.dup2(2, 1)
        except OSError as error:
            raise InputError(
                "An agent is served on standard input and output, and one of them is closed."
            ) from error
        if by_hand:
            print(_BY_HAND, file=sys.stderr)
        return cls(given, taken)


def serve(options: argparse.Namespace, streams: Streams) -> None:
    """Answer until the client closes its end, or SIGINT or SIGTERM.

    Raises InputError for models that cannot be; where they cannot be loaded, every question is answered
    with the reason.
    """
    log_places_only()
    running = RunningModels(expected_models(options))
    tools = Tools(running, Dialogues(), may_read_files=True)
    answering = _Answering(tools, streams)
    try:
        with ended_by_signal():
            answering.start()
            _load(running, options)
            answering.join()
    finally:
        running.refuse(_ENDED)
        answering.end()
    running.close()


def _load(running: RunningModels, options: argparse.Namespace) -> None:
    """The models, on this thread, which a signal ends."""
    from demo.models.selection import choose  # takes seconds

    try:
        models = choose(options, begin=running.expect, fetching=running.fetching)
    except DemoError as error:
        print(error, file=sys.stderr)
        running.refuse(str(error))
        return
    running.arrive(models, None)
    print(f"{models.status}. {models.why}", file=sys.stderr)


class _Answering(threading.Thread):
    """The protocol's event loop, on a thread of its own: loading models would hold it up."""

    def __init__(self, tools: Tools, streams: Streams) -> None:
        super().__init__(daemon=True)
        self._tools, self._streams = tools, streams
        self._loop: asyncio.AbstractEventLoop | None = None
        self._scope: anyio.CancelScope | None = None
        self._is_ending = False

    def run(self) -> None:
        """Answer, and interrupt the main thread at the end, which may still be loading."""
        try:
            anyio.run(self._answer)
        except* OSError:  # the client does not read any more
            pass
        finally:
            loop, self._loop = self._loop, None
            if loop is not None and not self._is_ending:
                _thread.interrupt_main(signal.SIGTERM)

    def end(self) -> None:
        """Stop all calls, and wait for them a little."""
        self._is_ending = True
        if self._loop is not None and self._scope is not None:
            self._loop.call_soon_threadsafe(self._scope.cancel)
        self.join(_LAST_S)

    async def _answer(self) -> None:
        server = Agents(self._tools, AT_ONCE).server
        with anyio.CancelScope() as self._scope:
            self._loop = asyncio.get_running_loop()
            given, taken = _Lines(self._streams.given), _Written(self._streams.taken)
            async with stdio_server(given, taken) as (incoming, outgoing):  # type: ignore[arg-type]
                await server.run(incoming, outgoing, server.create_initialization_options())


class _Lines:
    """The lines that a client writes, read on a thread that nobody has to wait for at the end."""

    def __init__(self, file: BinaryIO) -> None:
        self._file, self._loop = file, asyncio.get_running_loop()
        self._lines: asyncio.Queue[bytes] = asyncio.Queue()
        self._room = threading.Semaphore(2)
        threading.Thread(target=self._read, daemon=True).start()

    async def __aiter__(self) -> AsyncIterator[str]:
        while line := await self._lines.get():
            self._room.release()
            yield line.decode("utf-8", "replace")

    def _read(self) -> None:
        try:
            while line := self._file.readline(MAX_LINE):
                if len(line) == MAX_LINE and not line.endswith(b"\n"):
                    self._skip()
                elif line.strip():
                    self._pass_on(line)
        except OSError:
            pass
        finally:
            self._pass_on(b"")

    def _skip(self) -> None:
        """The rest of a line that is too long to be answered."""
        print("A message was too long to be read, and is left out.", file=sys.stderr)
        while (rest := self._file.readline(MAX_LINE)) and not rest.endswith(b"\n"):
            pass

    def _pass_on(self, line: bytes) -> None:
        self._room.acquire()
        try:
            self._loop.call_soon_threadsafe(self._lines.put_nowait, line)
        except RuntimeError:  # the loop has ended
            self._room.release()


class _Written:
    """The end to which answers are written."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    async def write(self, text: str) -> None:
        """A whole message, once the client has room for it."""
        await anyio.to_thread.run_sync(self._write, text.encode(), abandon_on_cancel=True)

    async def flush(self) -> None:
        """Nothing is held back."""

    def _write(self, content: bytes) -> None:
        self._file.write(content)
        self._file.flush()
