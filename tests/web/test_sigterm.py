"""SIGTERM while people ask and others make trouble: the real app, a process of its own, ends in order."""

from __future__ import annotations

import asyncio
import json
import signal
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import pytest

from tests.load import files
from tests.load.model import Model, answering
from tests.load.server import App, start
from tests.load.visitor import Visitor, visiting
from tests.support.waiting import until as until_it_is
from tests.web.test_load import run, until


@contextmanager
def asked(folder: Path, mode: str) -> Iterator[tuple[App, Model]]:
    """The app with a model server that answers well, or hangs."""
    with answering() as model:
        app = start(folder, ("--server", model.url, "--segmenter", "none", "--log-json"))
        try:
            app.wait_until_ready()
            model.mode = mode
            yield app, model
        finally:
            app.end(signal.SIGKILL)


def _troubles(stack: ExitStack, app: App) -> None:
    """Connections that say nothing, half of a header, half of a body, and a page that nobody reads."""
    host, port = app.url.removeprefix("http://").split(":")
    head = f"POST /gradio_api/queue/join HTTP/1.1\r\nHost: {host}:{port}\r\n"
    for said in (
        "",
        "GET / HTTP/1.1\r\nX-",
        f"{head}content-length: 99\r\n\r\n{{",
        f"GET / HTTP/1.1\r\nHost: {host}:{port}\r\n\r\n" * 30,
    ):
        held = stack.enter_context(socket.create_connection((host, int(port))))
        held.sendall(said.encode())


async def _ask(tab: Visitor, number: int) -> str:
    try:
        return (await tab.ask(f"find zq{number:010x}")).text
    except (RuntimeError, httpx.HTTPError) as error:
        return str(error)


@pytest.mark.parametrize(
    "mode",
    [
        pytest.param("well", id="answers are on their way"),
        pytest.param("hang", id="the model server hangs"),
    ],
)
def test_a_signal_under_load_ends_the_app_cleanly(tmp_path: Path, mode: str) -> None:
    """Status 0 within the time that it is given, nothing but its own entries in the log, answers kept."""

    async def talk() -> list[str]:
        async with visiting(app.url) as first, visiting(app.url) as second:
            tabs = [first, second]
            await asyncio.gather(
                *(tab.open(files.plain(files.SMALL, 20 * i)) for i, tab in enumerate(tabs))
            )
            asking = [asyncio.create_task(_ask(tab, i)) for i, tab in enumerate(tabs)]
            await until(lambda: app.figure("regionreasoner_turns_running") == len(tabs))
            app.send(signal.SIGTERM)
            return await asyncio.gather(*asking)

    with asked(tmp_path, mode) as (app, _), ExitStack() as stack:
        _troubles(stack, app)
        said = run(talk)
        assert app.wait() == 0  # a process that had to be killed has another status
    assert len(said) == 2
    entries = [json.loads(line) for line in app.told().splitlines() if line.startswith("{")]
    assert entries[-1]["message"] == "stopped"
    for word in ("Traceback", "FATAL", "exception not rethrown"):
        assert word not in app.told()


def test_a_signal_while_a_hostile_file_is_opened_ends_the_app_cleanly(tmp_path: Path) -> None:
    """Its threads cannot be ended; the process is, without a word of the interpreter's."""

    async def opens() -> bool:
        async with visiting(app.url) as tab:
            opening = asyncio.create_task(tab.open(content, "dialogue.zip"))
            began = app.cpu_s()
            await until(lambda: app.cpu_s() > began + 0.5)  # it is at it
            app.send(signal.SIGTERM)
            await asyncio.wait([opening])  # with an answer or without
            return True

    content = files.packed(files.masks(60, (3000, 3000)))
    with asked(tmp_path, "well") as (app, _):
        assert run(opens)
        assert app.wait() == 0
    for word in ("Traceback", "FATAL", "exception not rethrown"):
        assert word not in app.told()


def test_a_signal_while_the_app_starts_ends_it_cleanly(tmp_path: Path) -> None:
    """Also as the first process of a container, which no signal ends by itself."""
    app = start(tmp_path)
    try:
        # Gradio makes a folder of its own in that of the run while it is imported.
        until_it_is(lambda: list((tmp_path / "uploads").glob("regionreasoner-*/*/*")))
        app.send(signal.SIGTERM)
        assert app.wait() == 0
    finally:
        app.end(signal.SIGKILL)
    assert not list((tmp_path / "uploads").glob("regionreasoner-*"))
