"""The guard of the server, through which every request passes before Gradio sees it.

It refuses requests from other sites, to addresses that are not served, that are too large or too slow and,
with accounts, from anybody who is not logged in. It adds the security headers to every answer and turns
every failure into a sentence. The rules themselves are in `rules.py`.
"""

from __future__ import annotations

import asyncio
import html
import json
import logging
import math
import re
import shutil
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import cookie_parser
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from demo.access.belongings import NOBODY, Belongings
from demo.access.exposure import FRONT
from demo.access.logins import COOKIE, MAX_SECONDS, Locked, Logins
from demo.access.peers import PLACE, place_of
from demo.access.visitors import COOKIE as VISITOR_COOKIE
from demo.access.visitors import Visitors, is_secure
from demo.dialogue.links import Links
from demo.errors import STOPPING, disk_fault, places_of
from demo.machine.environment import try_writing
from demo.web.answer import (
    SENTENCES,
    WENT_WRONG,
    WRONG_FORM,
    Answer,
    error_response,
    file_of,
    refused_response,
    sentence_for,
)
from demo.web.body import Body
from demo.web.calls import (
    MAX_FILES,
    Call,
    fault_of_call,
    files_in,
    find_call,
    is_by_program,
    is_join,
)
from demo.web.crowd import Crowd, CrowdedError, FewPages, Pace, is_act, is_page
from demo.web.monitoring import Watch
from demo.web.owned import Owned
from demo.web.refused import UNCLEAR_END, RefusedArgumentsError, RefusedError
from demo.web.rules import (
    MAX_VALUES,
    TOO_MANY_VALUES,
    Rules,
    fault_of_body,
    front_of,
    is_asked_here,
    is_from_here,
    is_own_act,
    is_served,
)
from demo.web.shared import is_shared, shared_page

if TYPE_CHECKING:
    from demo.agents.endpoint import AgentsEndpoint

log = logging.getLogger(__name__)

PEER = "regionreasoner.peer"  # the key of the address at the other end of the connection
USER = "regionreasoner.user"  # the key in the request's scope under which Gradio finds who is logged in
AGENTS = "agents"  # who asks with the token, as others are users or visitors
NEEDS_TOKEN = "Agents need the token of this server, as Authorization: Bearer TOKEN."
MIN_FREE_BYTES = 500_000_000
_MAX_TYPE = 200  # characters of an upload's type with its boundary, of which 70 may be used
_HEARTBEAT = re.compile(r"/gradio_api/heartbeat/([^/]+)")
_RESULT = re.compile(r"/gradio_api/call/[^/]+/([^/]+)/?")
_CALL, _NAMED_CALL = "/gradio_api/call/", "/gradio_api/call/v2/"
_PUBLIC_PATHS = ("/login", "/health", "/gradio_api/startup-events")
_NO_ACCOUNTS = "This server has no accounts: use it without a name and a password."
_LOGIN_PAGE = Path(__file__).with_name("login.html")
_LOGOUT_PAGE = Path(__file__).with_name("logout.html")


@dataclass(slots=True)
class GuardContext:
    """What the guard works with: ``health`` gives the answer of /health, ``logins`` is None without
    accounts, ``uploads`` is the folder for files that Gradio serves, ``calls`` are what can be called, by
    name and by number; ``has_messages`` says whether there is, or will be, news for a page session or of a
    call. ``agents`` answers agents, who have a token instead of a login; ``links`` lead to dialogues that
    were shared, None where there are none.
    """

    rules: Rules
    watch: Watch
    health: Callable[[], Mapping[str, Any]]
    logins: Logins | None
    visitors: Visitors
    uploads: Path
    calls: Mapping[str | int, Call]
    has_messages: Callable[[str], bool]
    agents: AgentsEndpoint | None = None
    belongings: Belongings = field(default_factory=Belongings)
    crowd: Crowd = field(default_factory=Crowd)
    pace: Pace = field(default_factory=Pace)
    links: Links | None = None
    pages: FewPages = field(default_factory=FewPages)


class Guard:
    """The ASGI middleware."""

    def __init__(self, app: ASGIApp, context: GuardContext) -> None:
        self.app, self.context = app, context

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let one request through, answer it here, or refuse it."""
        if scope["type"] == "lifespan":
            agents = self.context.agents
            async with agents.running() if agents else nullcontext():
                await self.app(scope, receive, send)
            return
        if scope["type"] != "http":
            return  # such as a WebSocket, which is not served: the web server closes it
        scope = _as_public(_from_client(scope, self.context.rules), self.context.rules)
        scope = _with_plain_cookies(scope)
        are_known = self.context.rules.are_visitors_known()
        scope[PLACE] = place_of(_address(scope)) if are_known else ""
        answer = Answer(send, self.context.rules, scope["path"])
        try:
            response = await self._respond(scope, receive, answer)
        except RefusedError as refused:
            self.context.watch.refused.labels(refused.why).inc()
            log.info("refused", extra={"facts": {"why": refused.why, "status": refused.status}})
            response = refused_response(refused)
        except HTTPException as error:  # within a stream, which has said so
            response = error_response(error.status_code, sentence_for(error.status_code))
        except asyncio.CancelledError:  # by the web server, which would log it as a failure
            if not self.context.watch.stopping:
                raise
            response = error_response(503, STOPPING)
        except Exception as error:
            self.context.watch.failed(error)
            log.error("a request failed", extra={"facts": {"error": places_of(error)}})
            response = error_response(500, WENT_WRONG)
        if response is not None and not answer.started:
            await response(scope, receive, answer.send)
        await answer.end()

    async def _respond(self, scope: Scope, receive: Receive, answer: Answer) -> Response | None:
        """The answer to send; None when Gradio has answered. Raises RefusedError."""
        path, headers = scope["path"], Headers(scope=scope)
        self._check_source(scope, headers)
        if path.rstrip("/") == "/health":
            health = self.context.health()
            return JSONResponse(health, 503 if health["status"] == "stopping" else 200)
        if path.rstrip("/") == "/mcp":
            return await self._for_agents(scope, receive, answer)
        token = _token(scope)
        scope = await self._recognised(scope, headers)
        scope[USER] = user = None if _is_login(path) else await self._user(scope, headers, token)
        who = self._who(scope, user)
        async with self._admit(scope, who):
            return await self._admitted(scope, receive, answer, who)

    @asynccontextmanager
    async def _admit(self, scope: Scope, who: str) -> AsyncIterator[None]:
        """Count a request of ``who`` while it is answered, in its turn. Raises RefusedError where there are
        too many.
        """
        method, path, place = scope["method"], scope["path"], scope[PLACE]
        try:
            with self.context.crowd.admit(method, path, who, place):
                if place and is_act(method, path):
                    now = asyncio.get_running_loop().time()
                    await asyncio.sleep(self.context.pace.wait(place, now))
                yield
        except CrowdedError as crowded:
            raise RefusedError(
                *(429, "You have too many requests open at once: close some.")
                if crowded.is_own
                else (503, "Too many people are here at once. Try again in a while."),
                "crowd",
            ) from crowded

    async def _for_agents(self, scope: Scope, receive: Receive, answer: Answer) -> Response | None:
        """What an agent asks, with the token that it needs whether there are accounts or not."""
        agents, headers = self.context.agents, Headers(scope=scope)
        if agents is None:
            raise RefusedError(404, SENTENCES[404], "path")
        if not agents.admits(headers.get("authorization", "")):
            self.context.watch.refused.labels("token").inc()
            refusal = error_response(401, NEEDS_TOKEN)
            refusal.headers["www-authenticate"] = "Bearer"
            return refusal
        async with self._admit(scope, AGENTS):
            body = Body(receive, scope["path"], headers)
            if scope["method"] == "POST":
                await self._value_of(body)
            await agents(scope, body.receive, answer.send)
        return None

    async def _admitted(
        self, scope: Scope, receive: Receive, answer: Answer, who: str
    ) -> Response | None:
        path, headers, user = scope["path"], Headers(scope=scope), scope[USER]
        if is_shared(path):  # while it is read it counts
            page = await asyncio.to_thread(shared_page, scope["method"], path, self.context.links)
            await page(scope, receive, answer.send)
            return None
        body = Body(receive, path, headers)
        if _is_login(path):
            return await self._login(scope, body, headers)
        if self.context.logins and user is None and path.rstrip("/") not in _PUBLIC_PATHS:
            if path == "/" and "text/html" in headers.get("accept", ""):
                return RedirectResponse("login", 303)
            raise RefusedError(401, SENTENCES[401], "login")
        if path.rstrip("/") == "/metrics":
            return Response(self.context.watch.text(), media_type="text/plain; version=0.0.4")
        if path.rstrip("/") == "/logout" and self.context.logins:
            return self._logout(scope, headers)
        owned = Owned(self.context.belongings, self.context.uploads, who)
        await self._check_content(scope, body, owned)
        answer.follow(owned, self._is_still_in(scope, user))
        try:
            if is_page(path):
                await self.context.pages.make(self.app, scope, body.receive, answer.send)
            else:
                async with body.while_wanted():
                    await self.app(scope, body.receive, answer.send)
        except OSError as error:
            if not _is_upload(scope):
                raise
            log.warning("an upload failed", extra={"facts": {"why": disk_fault(error)}})
            raise RefusedError(507, _disk_sentence(error), "disk") from error
        return None

    def _check_source(self, scope: Scope, headers: Headers) -> None:
        rules, front = self.context.rules, scope[FRONT]
        if "transfer-encoding" in headers and "content-length" in headers:
            raise RefusedError(400, WRONG_FORM, UNCLEAR_END)
        asked = {headers.get("host", ""), front.authority}  # a foreign page can forge the latter
        local = str((scope.get("server") or ("",))[0]) if rules.any_local else ""
        if not all(is_asked_here(name, rules.names, local) for name in asked):
            raise RefusedError(
                421,
                "This server does not answer to that name. "
                "Its operator can allow the name with REGIONREASONER_HOSTS.",
                "host",
            )
        if not is_from_here(headers, front):
            raise RefusedError(403, "Requests from other sites are refused.", "origin")
        if not is_served(scope["path"]):
            raise RefusedError(404, SENTENCES[404], "path")

    async def _user(self, scope: Scope, headers: Headers, token: str | None) -> str | None:
        logins = self.context.logins
        if logins is None:
            return None
        user = logins.user_of(token)
        if user is None and scope["path"].rstrip("/") == "/metrics":
            found = await logins.user_by_header(headers.get("authorization", ""), _address(scope))
            if isinstance(found, Locked):
                raise RefusedError(429, _locked_sentence(found), "locked")
            return found
        return user

    async def _recognised(self, scope: Scope, headers: Headers) -> Scope:
        """The request with its visitor's secret; one of an earlier version is looked up on a thread."""
        recognise = self.context.visitors.recognise
        if f"{VISITOR_COOKIE}=" in headers.get("cookie", ""):
            return await asyncio.to_thread(recognise, scope)
        return recognise(scope)

    def _who(self, scope: Scope, user: str | None) -> str:
        """By what the server remembers whose something is."""
        if user is not None:
            return f"user {user}"
        owner = None if self.context.logins else self.context.visitors.owner(scope)
        return NOBODY if owner is None else f"visitor {owner.key}"

    def _is_still_in(self, scope: Scope, user: str | None) -> Callable[[], bool]:
        """Whether whoever asks may go on reading a long answer."""
        logins, token = self.context.logins, _token(scope)
        return lambda: logins is None or user is None or logins.user_of(token) == user

    async def _login(self, scope: Scope, body: Body, headers: Headers) -> Response:
        """The login page, or the answer to a name and password, sent by the page or by a program."""
        if self.context.logins is None:
            if "text/html" in headers.get("accept", ""):
                return RedirectResponse("./", 303)
            raise RefusedError(404, _NO_ACCOUNTS, "path")
        if scope["method"] != "POST":
            return _login_page("")
        try:
            form = parse_qs((await body.whole()).decode("utf-8", "replace"), max_num_fields=10)
        except ValueError:
            raise RefusedError(400, WRONG_FORM, "body") from None
        name, password = (form.get(key, [""])[0] for key in ("username", "password"))
        token = await self.context.logins.log_in(name, password, _address(scope))
        by_hand = "text/html" in headers.get("accept", "")
        if isinstance(token, str):
            log.info("logged in", extra={"facts": {"user": name.strip()[:64]}})
            answer: Response = (
                RedirectResponse("./", 303) if by_hand else JSONResponse({"success": True})
            )
            self._set_cookie(answer, scope, token, MAX_SECONDS)
            return answer
        status, sentence = (
            (429, _locked_sentence(token))
            if token
            else (401, "The user name or the password is wrong.")
        )
        self.context.watch.refused.labels("locked" if token else "password").inc()
        log.warning("login refused", extra={"facts": {"address": _address(scope)}})
        answer = _login_page(sentence, status) if by_hand else error_response(status, sentence)
        if token:
            answer.headers["retry-after"] = str(round(token.seconds) + 1)
        return answer

    def _logout(self, scope: Scope, headers: Headers) -> Response:
        """Log out whoever does it here. A link from elsewhere leads to a page that asks."""
        assert self.context.logins is not None
        if scope["method"] != "POST" and not is_own_act(headers):
            return HTMLResponse(_page(_LOGOUT_PAGE), headers={"cache-control": "no-store"})
        self.context.logins.log_out(_token(scope))
        answer = RedirectResponse("login", 303)
        self._set_cookie(answer, scope, "", 0)
        return answer

    def _set_cookie(self, answer: Response, scope: Scope, token: str, seconds: int) -> None:
        # In Hugging Face's frame the cookie is a third party's; browsers keep one for each embedding site.
        framed = bool(self.context.rules.embedders)
        headers, path = Headers(scope=scope), f"{scope[FRONT].prefix}/"
        secure = self.context.rules.https or is_secure(scope, headers)
        before = ("__Host-" if path == "/" else "__Secure-") if secure else ""
        answer.set_cookie(
            f"{before if 'sec-fetch-site' in headers else ''}{COOKIE}", token, max_age=seconds,
            path=path, httponly=True, secure=secure, samesite="none" if framed else "lax",
        )  # fmt: skip
        if framed:
            answer.headers["set-cookie"] += "; Partitioned"

    async def _check_content(self, scope: Scope, body: Body, owned: Owned) -> None:
        """Limit what a request sends, and check that what it names belongs to whoever asks."""
        path = scope["path"]
        query = parse_qs(scope["query_string"].decode("latin-1"))
        for session in [*query.get("session_hash", []), *_session_of_stream(path)]:
            owned.check_session(session)
        if scope["method"] in ("GET", "HEAD", "OPTIONS"):
            self._check_read(path, query, owned)
        elif _is_upload(scope):
            if len(Headers(scope=scope).get("content-type", "")) > _MAX_TYPE:
                raise RefusedError(400, WRONG_FORM, "body")
            body.check_size()
            await asyncio.to_thread(_check_room, self.context.uploads)
        else:
            await self._check_sent(path, body, owned)

    def _check_read(self, path: str, query: Mapping[str, list[str]], owned: Owned) -> None:
        if (file := file_of(path)) is not None and not owned.may_read(file):
            raise RefusedError(403, "This file belongs to somebody else.", "file")
        if path.rstrip("/") == "/gradio_api/queue/data":
            self._require_messages(query.get("session_hash", []))
        elif result := _RESULT.fullmatch(path):
            owned.check_session(result[1])
            self._require_messages([result[1]])

    def _require_messages(self, names: Iterable[str]) -> None:
        if not all(map(self.context.has_messages, names)):
            raise RefusedError(404, "There is no such call, or it is over.", "session")

    async def _value_of(self, body: Body) -> Any:
        """The JSON object that is sent, measured before anything uses it. Raises RefusedError."""
        value = await self._parsed(body)
        await _check_form(value)
        return value

    async def _parsed(self, body: Body) -> Any:
        content = await body.whole()
        if content.count(b",") > MAX_VALUES:  # reading them would hold up all other threads
            raise RefusedError(400, TOO_MANY_VALUES, "body")
        return await asyncio.to_thread(_parse_json, content) if content else {}

    async def _check_sent(self, path: str, body: Body, owned: Owned) -> None:
        value = await self._parsed(body)
        call = find_call(path, value, self.context.calls) if isinstance(value, dict) else None
        try:
            await self._check_values(path, body, value, call, owned)
        except RefusedError as refused:
            if isinstance(call, Call) and is_join(path, call):
                raise RefusedArgumentsError(call.name, refused) from refused
            raise

    async def _check_values(
        self, path: str, body: Body, value: Any, call: Call | str | None, owned: Owned
    ) -> None:
        await _check_form(value)
        if isinstance(call, str):
            raise RefusedError(404, call, "endpoint")
        for name in (value.get("session_hash"), value.get("event_id")):
            if isinstance(name, str):
                owned.check_session(name)
        if call is not None:
            if isinstance(session := value.get("session_hash"), str):
                owned.claim(session)
            if is_by_program(path, call):
                value = await asyncio.to_thread(body.complete, call, value, owned)
            if fault := fault_of_call(path, call, value):
                raise RefusedError(400, fault, "body")
        await asyncio.to_thread(_check_files, value, owned)


async def _check_form(value: Any) -> None:
    if fault := await asyncio.to_thread(fault_of_body, value):
        raise RefusedError(400, fault, "body")


def _from_client(scope: Scope, rules: Rules) -> Scope:
    """The request with the address of the visitor, where a proxy that was named tells it."""
    peer = _address(scope)
    forwarded = Headers(scope=scope).getlist("x-forwarded-for")
    address = rules.proxies.client(peer, forwarded)
    return (
        {**scope, PEER: peer, "client": (address, 0)} if address != peer else {**scope, PEER: peer}
    )


def _with_plain_cookies(scope: Scope) -> Scope:
    """The request without cookies that have escapes in them, which are none of ours: where Python reads
    them it goes over a whole cookie for each.
    """
    headers = [
        (name, _without_escapes(value) if name == b"cookie" else value)
        for name, value in scope["headers"]
    ]
    return {**scope, "headers": headers}


def _without_escapes(cookies: bytes) -> bytes:
    return b";".join(each for each in cookies.split(b";") if b"\\" not in each)


def _as_public(scope: Scope, rules: Rules) -> Scope:
    """The request with the page's public address, from which Gradio derives the addresses in its answers,
    and without the proxy's path prefix.
    """
    headers = Headers(scope=scope)
    front = front_of(headers, scope["scheme"], rules, is_trusted=rules.is_trusted(scope[PEER]))
    # Gradio answers for parts of files by itself, and not for all that may be asked.
    replaced = {b"x-gradio-server", b"range", *([b"x-forwarded-host"] if front.is_declared else [])}
    others = [pair for pair in scope["headers"] if pair[0] not in replaced]
    asked = {**scope, "headers": others, FRONT: front}
    if front.is_declared:
        asked["scheme"] = front.scheme
        root = f"{front.scheme}://{front.authority}{front.prefix}"
        others.append((b"x-gradio-server", root.encode("latin-1", "replace")))
    if front.prefix and scope["path"].startswith(f"{front.prefix}/"):
        asked["path"] = scope["path"].removeprefix(front.prefix)
        asked["raw_path"] = asked["path"].encode()
    if asked["path"].startswith(_NAMED_CALL):  # the same, as arguments are taken by name anyway
        asked["path"] = asked["path"].replace(_NAMED_CALL, _CALL, 1)
        asked["raw_path"] = asked["path"].encode()
    return asked


def _check_files(value: Any, owned: Owned) -> None:
    """Check that the files that a request names are not somebody else's. Raises RefusedError."""
    files = list(islice(files_in(value), MAX_FILES + 1))
    if len(files) > MAX_FILES:
        raise RefusedError(400, f"This request names more than {MAX_FILES:,} files.", "body")
    if not all(map(owned.may_read, files)):
        raise RefusedError(403, "This file belongs to somebody else.", "file")
    if not all(map(owned.is_inside, files_in(value.get("event_data")))):
        raise RefusedError(400, WRONG_FORM, "body")


def _is_login(path: str) -> bool:
    return path.rstrip("/") == "/login"


def _session_of_stream(path: str) -> list[str]:
    found = _HEARTBEAT.match(path)
    return [found[1]] if found else []


def _is_upload(scope: Scope) -> bool:
    return str(scope["path"]).rstrip("/") == "/gradio_api/upload"


def _check_room(folder: Path) -> None:
    """Check that a picture can be saved there. Raises RefusedError."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)  # some systems delete old folders
        try_writing(folder)
        free = shutil.disk_usage(folder).free
    except OSError as error:
        raise RefusedError(507, _disk_sentence(error), "disk") from error
    if free < MIN_FREE_BYTES:
        raise RefusedError(507, "The server’s disk is full: it can take no pictures.", "disk")


def _disk_sentence(error: OSError) -> str:
    return (
        f"The server cannot save the picture: {disk_fault(error)}. "
        "Its operator can name another folder with GRADIO_TEMP_DIR."
    )


def _parse_json(content: bytes) -> Any:
    """The value; None for what is no JSON. NaN and numbers too large are none, though Python reads them."""
    try:
        return json.loads(content, parse_constant=_finite, parse_float=_finite)
    except (ValueError, RecursionError):
        return None


def _finite(text: str) -> float:
    if not math.isfinite(number := float(text)):
        raise ValueError(text)
    return number


def _token(scope: Scope) -> str | None:
    """The secret of a login. Over TLS a browser's has a name that no other site of the host can set."""
    headers = Headers(scope=scope)
    cookies = cookie_parser(headers.get("cookie", ""))
    is_browser = "sec-fetch-site" in headers
    if not (is_browser and is_secure(scope, headers)):
        return cookies.get(COOKIE)
    return cookies.get(f"__Host-{COOKIE}") or cookies.get(f"__Secure-{COOKIE}")


def _address(scope: Scope) -> str:
    client = scope.get("client")
    return str(client[0]) if client else "unknown"


def _locked_sentence(lock: Locked) -> str:
    minutes = int(lock.seconds // 60) + 1
    return f"Too many wrong passwords: try again in {minutes} minute{'s' if minutes > 1 else ''}."


def _login_page(sentence: str, status: int = 200) -> HTMLResponse:
    message = f'<p role="alert">{html.escape(sentence)}</p>' if sentence else ""
    return HTMLResponse(_page(_LOGIN_PAGE, message), status, {"cache-control": "no-store"})


def _page(file: Path, message: str = "") -> str:
    return file.read_text(encoding="utf-8").replace("{message}", message)
