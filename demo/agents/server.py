"""The server of the Model Context Protocol: tools and resources, in the official package's terms.

One of these answers all connections. What a connection may list are the dialogues that it has used; with
the id of another it can go on, as with a key.
"""

from __future__ import annotations

import base64
import json
import mimetypes
from collections.abc import Callable
from functools import partial
from urllib.parse import quote
from weakref import WeakKeyDictionary

import anyio
from anyio.lowlevel import checkpoint_if_cancelled
from anyio.to_thread import run_sync
from mcp import types
from mcp.server.lowlevel import Server
from mcp.server.lowlevel.helper_types import ReadResourceContents
from mcp.server.session import ServerSession
from mcp.shared.exceptions import McpError
from pydantic import AnyUrl
from starlette.requests import Request

from demo.agents.resources import TEMPLATES, Listed, listed, read
from demo.agents.schemas import INSTRUCTIONS, TOOLS
from demo.agents.shown import Shown
from demo.agents.tools import Job, Result, Tools

NAME = "regionreasoner"
READS_AT_ONCE = 8
MAX_SEEN = 20  # dialogues of which a connection may list the resources
_NEWS_S = 0.25  # between two messages about what a call does, and two looks for its caller
_TEXTS = ("text/", "application/json", "image/svg")

AgentServer = Server[object, Request]


class Agents:
    """The handlers of the protocol, over the tools, of which so many ``at_once`` are at work; more wait."""

    def __init__(self, tools: Tools, at_once: int) -> None:
        self.tools = tools
        self.server: AgentServer = Server(NAME, _version(), INSTRUCTIONS)
        self._calls = anyio.CapacityLimiter(at_once)
        self._reads = anyio.CapacityLimiter(READS_AT_ONCE)
        self._seen: WeakKeyDictionary[ServerSession, dict[str, None]] = WeakKeyDictionary()
        self.server.list_tools()(self._list_tools)
        self.server.call_tool(validate_input=False)(self._call_tool)
        self.server.list_resources()(self._list_resources)
        self.server.list_resource_templates()(self._list_templates)
        self.server.read_resource()(self._read_resource)

    async def _list_tools(self) -> list[types.Tool]:
        may_read_files = self.tools.may_read_files
        return [
            types.Tool(
                name=about.name,
                title=about.title,
                description=about.text,
                inputSchema=about.takes(may_read_files=may_read_files),
                outputSchema=about.gives,
                annotations=types.ToolAnnotations(
                    readOnlyHint=not (about.local and may_read_files),
                    destructiveHint=False,
                    openWorldHint=False,
                ),
            )
            for about in TOOLS.values()
        ]

    async def _call_tool(self, name: str, arguments: dict[str, object]) -> types.CallToolResult:
        job = Job()
        result = await self._stoppable(job, partial(self.tools.call, name, arguments, job))
        if result.session_id is not None:
            self._note(result.session_id)
        return _as_told(result)

    async def _stoppable(self, job: Job, work: Callable[[], Result]) -> Result:
        """The result of work on a thread, which is stopped with the call; news of it are told meanwhile."""
        async with anyio.create_task_group() as group:
            group.start_soon(_stop_with_the_call, job, self.server.request_context.request)
            group.start_soon(self._tell_news, job)
            result = await run_sync(work, limiter=self._calls)
            await self._tell(job)  # the last of it
            group.cancel_scope.cancel()
        # The thread is waited for, also by a call that was cancelled and must not be answered any more.
        await checkpoint_if_cancelled()
        return result

    async def _tell_news(self, job: Job) -> None:
        while True:
            await anyio.sleep(_NEWS_S)
            await self._tell(job)

    async def _tell(self, job: Job) -> None:
        """Progress, for a client that has asked for it."""
        context = self.server.request_context
        token = context.meta.progressToken if context.meta else None
        count, message = job.news()
        if token is not None and message:
            await context.session.send_progress_notification(
                token, count, message=message, related_request_id=str(context.request_id)
            )

    async def _list_resources(self) -> list[types.Resource]:
        dialogues = self.tools.dialogues.known([*self._seen_here()])
        return [_as_resource(each) for dialogue in reversed(dialogues) for each in listed(dialogue)]

    async def _list_templates(self) -> list[types.ResourceTemplate]:
        return [
            types.ResourceTemplate(uriTemplate=uri, name=name, description=text)
            for uri, name, text in TEMPLATES
        ]

    async def _read_resource(self, uri: AnyUrl) -> list[ReadResourceContents]:
        result = await run_sync(self._reading, str(uri), limiter=self._reads)
        if result.is_error:
            raise McpError(types.ErrorData(code=types.INVALID_PARAMS, message=result.text))
        shown = [ReadResourceContents(each.content, each.mime) for each in result.pictures]
        return [*shown, ReadResourceContents(_as_json(result), "application/json")]

    def _reading(self, uri: str) -> Result:
        return self.tools.guarded(lambda: read(uri, self.tools.dialogues))

    def _note(self, name: str) -> None:
        seen = self._seen_here()
        seen.pop(name, None)
        seen[name] = None
        while len(seen) > MAX_SEEN:
            del seen[next(iter(seen))]

    def _seen_here(self) -> dict[str, None]:
        """The ids that this connection has used, those used last at the end."""
        return self._seen.setdefault(self.server.request_context.session, {})


async def _stop_with_the_call(job: Job, request: Request | None) -> None:
    """Stop when the call is cancelled, or whoever made it by a request has hung up: nobody else is told."""
    try:
        while request is None or not await request.is_disconnected():
            await anyio.sleep(_NEWS_S)
    finally:
        job.cancel.set()


def _as_told(result: Result) -> types.CallToolResult:
    content: list[types.ContentBlock] = [types.TextContent(type="text", text=result.text)]
    content += map(_as_image, result.pictures)
    content += [_as_file(name, inside) for name, inside in result.files]
    values = None if result.is_error else result.values
    return types.CallToolResult(content=content, structuredContent=values, isError=result.is_error)


def _as_image(shown: Shown) -> types.ImageContent:
    data = base64.b64encode(shown.content).decode()
    return types.ImageContent(type="image", data=data, mimeType=shown.mime)


def _as_file(name: str, content: bytes) -> types.EmbeddedResource:
    uri, mime = AnyUrl(f"file:///{quote(name)}"), _mime(name)
    if mime.startswith(_TEXTS):
        text = types.TextResourceContents(uri=uri, mimeType=mime, text=content.decode("utf-8"))
        return types.EmbeddedResource(type="resource", resource=text)
    blob = base64.b64encode(content).decode()
    inside = types.BlobResourceContents(uri=uri, mimeType=mime, blob=blob)
    return types.EmbeddedResource(type="resource", resource=inside)


def _mime(name: str) -> str:
    own = {".geojson": "application/json", ".yaml": "text/yaml", ".xml": "text/xml"}
    found = next((mime for end, mime in own.items() if name.endswith(end)), None)
    return found or mimetypes.guess_type(name)[0] or "application/octet-stream"


def _as_resource(found: Listed) -> types.Resource:
    return types.Resource(
        uri=AnyUrl(found.uri), name=found.name, description=found.text, mimeType="image/png"
    )


def _as_json(result: Result) -> str:
    return json.dumps(result.values, ensure_ascii=False)


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("regionreasoner-demo")
    except PackageNotFoundError:  # a checkout
        return "0"
