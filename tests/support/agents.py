"""The official client of the Model Context Protocol, for tests that wait for each answer."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from concurrent.futures import Future
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import httpx
from anyio.from_thread import BlockingPortal, start_blocking_portal
from mcp import ClientSession, types
from mcp.client.stdio import StdioServerParameters, stdio_client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.exceptions import McpError
from pydantic import AnyUrl

from tests import ROOT

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Agent:
    """A connection, used from a thread without an event loop."""

    portal: BlockingPortal
    session: ClientSession
    told: list[str] = field(default_factory=list)

    def do(self, work: Callable[[], Awaitable[T]]) -> T:
        """The result of a call of the client."""
        return self.portal.call(work)

    def call(self, tool: str, **arguments: Any) -> types.CallToolResult:
        """Call a tool, and note what is told meanwhile."""
        return self.do(partial(self._call, tool, arguments))

    def begin(self, tool: str, **arguments: Any) -> Future[types.CallToolResult]:
        """Call a tool without waiting for it."""
        return self.portal.start_task_soon(self._call, tool, arguments)

    def values(self, tool: str, **arguments: Any) -> dict[str, Any]:
        """The values of a call that works."""
        result = self.call(tool, **arguments)
        assert not result.isError, said(result)
        assert result.structuredContent is not None
        return result.structuredContent

    def refusal(self, tool: str, **arguments: Any) -> str:
        """The sentence of a call that does not work."""
        result = self.call(tool, **arguments)
        assert result.isError
        return said(result)

    def stopped(self, tool: str, **arguments: Any) -> str:
        """What the client is told of a call that it cancels as soon as it hears of it."""
        return self.do(partial(self._stopped, tool, arguments))

    def read(self, uri: str) -> types.ReadResourceResult:
        """The resource at an address."""
        return self.do(lambda: self.session.read_resource(AnyUrl(uri)))

    def listed(self) -> list[str]:
        """The addresses of all resources."""
        return [str(found.uri) for found in self.do(self.session.list_resources).resources]

    async def _call(self, tool: str, arguments: dict[str, Any]) -> types.CallToolResult:
        async def hear(progress: float, total: float | None, message: str | None) -> None:
            self.told.append(message or "")

        return await self.session.call_tool(tool, arguments, progress_callback=hear)

    async def _stopped(self, tool: str, arguments: dict[str, Any]) -> str:
        number = self.session._request_id  # of the next request: the client does not tell it

        async def cancel(progress: float, total: float | None, message: str | None) -> None:
            params = types.CancelledNotificationParams(requestId=number)
            note = types.CancelledNotification(params=params)
            await self.session.send_notification(types.ClientNotification(note))

        try:
            await self.session.call_tool(tool, arguments, progress_callback=cancel)
        except McpError as error:
            return str(error)
        raise AssertionError("it was not cancelled")


def said(result: types.CallToolResult) -> str:
    """The text of an answer."""
    (first, *_) = result.content
    assert isinstance(first, types.TextContent)
    return first.text


def documented() -> list[dict[str, Any]]:
    """The settings of agents in the documents, for this checkout."""
    text = (ROOT / "docs" / "use.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```json\n(.*?)```", text, re.DOTALL)
    here = [json.loads(block.replace("/path/to/regionreasoner", str(ROOT))) for block in blocks]
    return [block["mcpServers"]["regionreasoner"] for block in here if "mcpServers" in block]


def encoded(file: Path) -> str:
    """A file as base64."""
    return base64.b64encode(file.read_bytes()).decode()


@contextmanager
def over_stdio(
    command: str, *arguments: str, log: Path, cwd: Path = ROOT, env: dict[str, str] | None = None
) -> Iterator[Agent]:
    """A process of its own, started by the client, whose standard error goes to ``log``."""
    process = StdioServerParameters(command=command, args=[*arguments], cwd=cwd, env=env)
    with log.open("w") as errors, _agent(stdio_client(process, errors)) as agent:
        yield agent


@contextmanager
def over_http(url: str, token: str, **headers: str) -> Iterator[Agent]:
    """A connection to a server with that token."""

    @asynccontextmanager
    async def connected() -> AsyncIterator[tuple[Any, Any]]:
        given = {"authorization": f"Bearer {token}", **headers}
        async with (
            httpx.AsyncClient(headers=given, timeout=60) as http,
            streamable_http_client(f"{url}/mcp", http_client=http) as (incoming, outgoing, _),
        ):
            yield incoming, outgoing

    with _agent(connected()) as agent:
        yield agent


@contextmanager
def _agent(connected: AbstractAsyncContextManager[tuple[Any, Any]]) -> Iterator[Agent]:
    @asynccontextmanager
    async def greeted() -> AsyncIterator[ClientSession]:
        async with connected as (incoming, outgoing), ClientSession(incoming, outgoing) as session:
            await session.initialize()
            yield session

    with start_blocking_portal() as portal, portal.wrap_async_context_manager(greeted()) as session:
        yield Agent(portal, session)
