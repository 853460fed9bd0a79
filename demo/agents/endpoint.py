"""Tools for agents beside the page: the protocol over HTTP, for those who have the token.

The guard lets a request through once it has measured it, and the token is asked for there. The models are
those of the page, in their order: agents wait as visitors do.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from starlette.types import Receive, Scope, Send

from demo.access.agent_token import AgentToken
from demo.agents.dialogues import Dialogues
from demo.agents.library_log import log_places_only
from demo.agents.server import Agents
from demo.agents.tools import Tools
from demo.models.switching import RunningModels

MAX_CONNECTIONS = 1_000  # some programs make one for each call, and do not end it
MAX_IDLE_S = 30 * 60
AT_ONCE = (
    4  # calls of all agents: one token, while a visitor of the page asks one question at a time
)
_MAX_BODY = 20_000_000  # which the guard has looked at before


class AgentsEndpoint:
    """The ASGI application at ``/mcp``."""

    def __init__(self, running: RunningModels, token: AgentToken) -> None:
        log_places_only()
        self._token = token
        agents = Agents(Tools(running, Dialogues(), may_read_files=False), AT_ONCE)
        self._sessions = StreamableHTTPSessionManager(
            agents.server,
            session_idle_timeout=MAX_IDLE_S,
            max_sessions=MAX_CONNECTIONS,
            max_request_body_size=_MAX_BODY,
        )

    def admits(self, authorization: str) -> bool:
        """Whether that header has the token."""
        return self._token.is_in(authorization)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """While connections can be answered; once."""
        async with self._sessions.run():
            yield

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        await self._sessions.handle_request(scope, receive, send)
