"""The endpoints as an OpenAPI document, made from the forms of `described`, in place of Gradio's own.

Gradio's gives its own version, calls a session any object, and says nothing of events and failures.
"""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from demo.dialogue.session_json import VERSION
from demo.ui.programs.described import FORMS, schemas_of

_ADDRESS = "/gradio_api/openapi.json"
_SCHEMAS = "#/components/schemas/"
_JSON, _EVENTS = "application/json", "text/event-stream"
_ABOUT = (
    "Questions about regions of a picture. Upload the picture, call an endpoint, and read the events of "
    "the call. The server keeps nothing of a dialogue: give the session that was returned with the next "
    "question. One visitor is one cookie: keep it, as uploads and calls belong to it."
)
_RESULT = (
    "Server-sent events: `complete` with a list of one as data, which is {}; or `error`, whose data has "
    "the reason as `error`; before that `heartbeat` while nothing else comes. Closing the stream {}."
)
Document = dict[str, Any]
_PICTURE = {"path": "/the/path/that/upload/gave/beach.png"}
_EXAMPLES: dict[str, Document] = {
    "Question": {"image": _PICTURE, "question": "find the boat", "session": None},
    "Drawing": {"image": _PICTURE, "session": None},
}


class Described:
    """ASGI middleware: answers with the document."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or pass it on."""
        is_asked = scope["type"] == "http" and scope["path"].rstrip("/") == _ADDRESS
        answers = is_asked and scope["method"] in ("GET", "HEAD")
        app = Response(_written(), media_type=_JSON) if answers else self._app
        await app(scope, receive, send)


@cache
def _written() -> bytes:
    return json.dumps(document(), ensure_ascii=False).encode()


def document() -> Document:
    """The OpenAPI 3.1 document."""
    return {
        "openapi": "3.1.0",
        "info": {"title": "RegionReasoner", "version": str(VERSION), "description": _ABOUT},
        "servers": [{"url": ".."}],  # as seen from its own address
        "paths": {
            "/health": {"get": _health()},
            "/login": {"post": _login()},
            "/gradio_api/upload": {"post": _upload()},
            **_call(
                "ground",
                "Ask one question about a picture",
                "Question",
                "the longer session, a `Session`",
                "ends the turn",
            ),
            **_call(
                "ground_stream",
                "The same, told while the answer is written",
                "Question",
                "the last `TurnEvent`, with the session; before it `generating` for each `TurnEvent`, "
                "in a list of one",
                "ends the turn",
            ),
            **_call(
                "overlay",
                "Draw the regions of a session on its picture",
                "Drawing",
                "a `File`, a PNG that can be read by its path",
                "changes nothing",
            ),
            "/gradio_api/file={path}": {"get": _file()},
        },
        "components": {"schemas": schemas_of(FORMS, _SCHEMAS)},
    }


def _health() -> Document:
    said = _answer("How the server is", "Health")
    stopping = _answer("It is stopping", "Health")
    return _operation("health", "Whether the server is there", {"200": said, "503": stopping})


def _login() -> Document:
    text = {"type": "string"}
    form = {
        "type": "object",
        "properties": {"username": text, "password": text},
        "required": ["username", "password"],
    }
    return {
        **_operation(
            "login",
            "Log in, on a server with accounts",
            {
                "200": _described("Logged in: the cookie is in this answer"),
                **_failures(400, 401, 404, 429),
            },
        ),
        "requestBody": {
            "required": True,
            "content": {"application/x-www-form-urlencoded": {"schema": form}},
        },
    }


def _upload() -> Document:
    files = {"type": "array", "items": {"type": "string", "format": "binary"}}
    form = {"type": "object", "properties": {"files": files}, "required": ["files"]}
    paths = {"type": "array", "items": {"type": "string"}}
    return {
        **_operation(
            "upload",
            "Send a picture",
            {
                "200": _described("The path of each file on the server", _JSON, paths),
                **_failures(400, 401, 408, 413, 429, 503, 507),
            },
        ),
        "requestBody": {"required": True, "content": {"multipart/form-data": {"schema": form}}},
    }


def _call(name: str, summary: str, form: str, result: str, closing: str) -> Document:
    begun = _operation(
        name,
        summary,
        {"200": _answer("The call has begun", "Call"), **_failures(400, 401, 403, 413, 429, 503)},
    )
    sent = {"schema": {"$ref": f"{_SCHEMAS}{form}"}, "example": _EXAMPLES[form]}
    body = {"required": True, "content": {_JSON: sent}}
    told = _described(_RESULT.format(result, closing), _EVENTS, {"type": "string"})
    read = _operation(f"{name}_result", f"Read the result of {name}", {"200": told})
    event = _path_parameter("event_id", "from the answer to the call")
    read |= {"parameters": [event]}
    read["responses"] |= _failures(401, 403, 404)
    return {
        f"/gradio_api/call/{name}": {"post": {**begun, "requestBody": body}},
        f"/gradio_api/call/{name}/{{event_id}}": {"get": read},
    }


def _file() -> Document:
    image = {"type": "string", "format": "binary"}
    told = {"200": _described("The file", "image/png", image), **_failures(401, 403, 404)}
    path = _path_parameter("path", "of a file that a call has returned")
    return {**_operation("file", "Read a file that was made", told), "parameters": [path]}


def _operation(name: str, summary: str, responses: Document) -> Document:
    return {"operationId": name, "summary": summary, "responses": responses}


def _path_parameter(name: str, description: str) -> Document:
    schema = {"type": "string"}
    return {
        "name": name, "in": "path", "required": True, "schema": schema, "description": description,
    }  # fmt: skip


def _failures(*statuses: int) -> Document:
    return {str(status): _answer("Refused, with a sentence", "Failure") for status in statuses}


def _answer(description: str, form: str) -> Document:
    return _described(description, _JSON, {"$ref": f"{_SCHEMAS}{form}"})


def _described(description: str, kind: str = "", schema: Document | None = None) -> Document:
    content = {"content": {kind: {"schema": schema}}} if kind else {}
    return {"description": description, **content}
