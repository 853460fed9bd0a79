"""The whole server with its guard, on a free port, and the model that reads from a table."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx

from demo.access.accounts import Accounts, AccountsFile, PasswordHash
from demo.access.agent_token import AgentToken
from demo.dialogue.store import Store
from demo.evaluate.index import Index
from demo.models.available import AvailableModels
from demo.models.models import Models
from demo.reasoners.base import Reasoner
from demo.segmenters.base import Segmenter
from demo.segmenters.grabcut import GrabCutSegmenter
from demo.web.rules import Rules, rules_for
from demo.web.serve import Served
from tests.conftest import free_port
from tests.support.table import TableReasoner

CHEAP = (2**4, 1, 1)  # scrypt's costs where a test is not about them
PASSWORDS = {"ann": "correct horse", "ben": "battery staple"}


@contextmanager
def serving(
    reasoner: Reasoner | None = None,
    accounts: Accounts | AccountsFile | None = None,
    store: Store | None = None,
    index: Index | None = None,
    models: Models | None = None,
    available: AvailableModels | None = None,
    segmenter: Segmenter | None = None,
    rules: Rules | None = None,
    host: str = "127.0.0.1",
    may_switch: bool = False,
    agents: AgentToken | None = None,
    may_link: bool = True,
) -> Iterator[Served]:
    """A server for as long as the block lasts; with ``available``, one whose models can be exchanged, and
    ``may_switch``, one where they will be; with ``agents``, one with tools for those who have the token.
    """
    if models is None:
        told, masks = reasoner or TableReasoner(), segmenter or GrabCutSegmenter()
        models = Models(told, masks, "table · CPU", "", "Why not.")

    async def start() -> Served:
        return Served.start(
            models,
            rules or rules_for(host, {}),
            accounts,
            store,
            index,
            available,
            may_switch=may_switch,
            agents=agents,
            may_link=may_link,
            server_name=host,
            server_port=free_port(),
        )

    # Where no event loop runs, Gradio makes some and leaves them open.
    with ThreadPoolExecutor(1) as thread:
        served = thread.submit(asyncio.run, start()).result()
    try:
        yield served
    finally:
        served.stop()


def accounts() -> Accounts:
    """Ann and Ben."""
    return Accounts({name: PasswordHash.of(word, CHEAP) for name, word in PASSWORDS.items()})


@contextmanager
def logged_in(served: Served, name: str) -> Iterator[httpx.Client]:
    """A program of one of them."""
    with httpx.Client(base_url=served.url, timeout=60) as client:
        answer = client.post("/login", data={"username": name, "password": PASSWORDS[name]})
        assert answer.json() == {"success": True}
        yield client


@dataclass(frozen=True, slots=True)
class Caller:
    """A program that uses the endpoints over plain HTTP."""

    http: httpx.Client

    def upload(self, content: bytes, name: str = "picture.png") -> str:
        """The path of an uploaded file on the server."""
        answer = self.http.post("/gradio_api/upload", files={"files": (name, content)})
        assert answer.status_code == 200, answer.text
        return str(answer.json()[0])

    def call(self, endpoint: str, data: list[Any]) -> tuple[str, Any]:
        """How a call through the queue ended (``complete`` or ``error``), and with what."""
        begun = self.http.post(f"/gradio_api/call/{endpoint}", json={"data": data})
        if begun.status_code != 200:
            return f"{begun.status_code}", begun.json()
        kind, value = "", None
        path = f"/gradio_api/call/{endpoint}/{begun.json()['event_id']}"
        with self.http.stream("GET", path) as events:
            for line in events.iter_lines():
                name, _, text = line.partition(": ")
                kind = text if name == "event" else kind
                value = json.loads(text) if name == "data" else value
        return kind, value


def file(path: str) -> dict[str, Any]:
    """An uploaded file as an argument of a call."""
    return {"path": path, "meta": {"_type": "gradio.FileData"}}
