"""Many people at once on the real server, by the page's own requests: nothing mixes, everybody gets a turn,
who leaves gives up the place, nothing is left behind.

``REGIONREASONER_LEAK=1000`` takes so many turns to see whether anything is left; by default there are few.
"""

from __future__ import annotations

import asyncio
import gc
import html
import io
import os
import re
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
from gradio.utils import get_upload_folder
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from demo.dialects.prompt import Prompt
from demo.dialogue.session import Session, Turn
from demo.fairlock import FairLock
from demo.picture.picture import Picture, open_picture
from demo.reasoners.base import Usage
from demo.reasoners.local import LocalReasoner
from demo.ui.tab.open_tabs import MAX_CLOSED, MAX_CLOSED_S, MAX_TABS, MAX_UNSEEN_S, OpenTabs
from demo.ui.tab.running_turns import RunningTurns
from demo.ui.tab.workspace import MAX_BYTES_AWAY, Tab, Workspace
from demo.web.serve import Served
from tests.load.server import Held, held
from tests.load.visitor import Asked, Visitor, visiting
from tests.support import waiting
from tests.support.served import serving
from tests.support.table import BLUE, TableReasoner

SESSIONS = 8
LEAK_TURNS = int(os.environ.get("REGIONREASONER_LEAK", "30"))
SECRET = re.compile(r"zq\d{4}")


class Echo(TableReasoner):
    """One answer at a time, in line; it says which picture it saw and what it was asked."""

    def __init__(self) -> None:
        super().__init__()
        self.line, self.order = FairLock(), list[str]()

    def stream(
        self, picture: Picture, prompt: Prompt, cancel: threading.Event
    ) -> Iterator[str | Usage]:
        if not self.line.acquire(cancel):
            yield Usage()
            return
        try:
            self.order.append(prompt.question)
            yield f"<scene>Seen: {picture.sha256}.</scene><think>Asked: {prompt.question}."
            while "wait" in prompt.question and not (cancel.is_set() or self.go_on.wait(0.01)):
                pass
            yield f"</think><answer>[{BLUE}]</answer>"
        finally:
            self.line.release()
        yield Usage()


def picture(number: int) -> bytes:
    """A picture of its own for each number."""
    image = Image.new("RGB", (400, 300), "white")
    ImageDraw.Draw(image).rectangle((240, 60, 339, 159), fill=(number % 256, number // 256, 255))
    content = io.BytesIO()
    image.save(content, "PNG")
    return content.getvalue()


def run(made: Callable[[], Awaitable[Any]]) -> Any:
    """Run visitors; with an event loop of their own, because a browser's may be running here."""
    results: list[Any] = []
    thread = threading.Thread(target=lambda: results.append(asyncio.run(made())))  # type: ignore[arg-type]
    thread.start()
    thread.join()
    assert results, "the visitors failed"
    return results[0]


@pytest.fixture(scope="module")
def echo() -> Echo:
    return Echo()


@pytest.fixture(scope="module")
def served(echo: Echo) -> Iterator[Served]:
    with serving(echo) as server:
        yield server


async def until(done: Callable[[], bool], seconds: float = 120.0) -> None:
    """Wait until something is so."""
    last = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < last, "it never came"
        await asyncio.sleep(0.02)


# Many at once ----------------------------------------------------------------------------------------


def test_everybody_gets_their_own_and_in_order(served: Served, echo: Echo) -> None:
    """Each sees their own picture and words only; nobody's next question passes another's first."""

    async def talk() -> tuple[list[Visitor], list[list[Asked]]]:
        config = httpx.get(f"{served.url}/config").json()
        async with AsyncExitStack() as stack:
            tabs = [
                await stack.enter_async_context(visiting(served.url, config))
                for _ in range(SESSIONS)
            ]
            await asyncio.gather(*(tab.open(picture(i)) for i, tab in enumerate(tabs)))
            gate = await stack.enter_async_context(visiting(served.url, config))
            await gate.open(picture(999))
            echo.go_on.clear()
            holding = asyncio.create_task(gate.ask("wait for all zq0999"))
            await until(lambda: any("zq0999" in said for said in echo.order))

            async def twice(i: int) -> list[Asked]:
                return [await tabs[i].ask(f"{word} find zq{i:04}") for word in ("first", "second")]

            asking = []
            for i in range(SESSIONS):
                asking.append(asyncio.create_task(twice(i)))
                await until(lambda i=i: len(echo.line._waiting) == i + 1)  # type: ignore[misc]
            await until(lambda: all("before yours" in "".join(tab.arrived) for tab in tabs))
            echo.go_on.set()
            asked = list(await asyncio.gather(*asking))
            await holding
            return tabs, asked

    tabs, asked = run(talk)
    for i, tab in enumerate(tabs):
        own, sha256 = f"zq{i:04}", open_picture(picture(i)).sha256
        assert tab.strangers(own, sha256, SECRET) == set()
        for turn in asked[i]:
            assert f"Seen: {sha256}." in html.unescape(turn.text)
            assert own in turn.text
            assert turn.whole is not None
    assert echo.order[1 : SESSIONS + 1] == [f"first find zq{i:04}" for i in range(SESSIONS)]
    assert sorted(echo.order[SESSIONS + 1 :]) == [f"second find zq{i:04}" for i in range(SESSIONS)]
    assert [turns[0].places[0][1] for turns in asked] == list(range(1, SESSIONS + 1))


@pytest.mark.parametrize(
    "way", [pytest.param("stop", id="by Stop"), pytest.param("leave", id="by closing the tab")]
)
@pytest.mark.parametrize(
    "ahead", [pytest.param(0, id="being answered"), pytest.param(1, id="waiting")]
)
def test_a_place_is_free_at_once(served: Served, echo: Echo, way: str, ahead: int) -> None:
    async def talk() -> bool:
        echo.go_on.clear()
        echo.order.clear()
        async with AsyncExitStack() as stack:
            tabs = [await stack.enter_async_context(visiting(served.url)) for _ in range(3)]
            for i, tab in enumerate(tabs):
                await tab.open(picture(i))
            asking = []
            for i, tab in enumerate(tabs):
                asking.append(asyncio.create_task(tab.ask(f"wait {i}")))
                await until(lambda i=i: len(served.watch._running) == i + 1)  # type: ignore[misc]
            await (tabs[ahead].stop() if way == "stop" else tabs[ahead].leave())
            await until(lambda: len(served.watch._running) == 2)
            if ahead == 0:
                await until(lambda: echo.order == ["wait 0", "wait 1"])
            echo.go_on.set()
            await asyncio.gather(*(task for i, task in enumerate(asking) if i != ahead))
            if way == "stop":
                assert "Stopping…" in "".join(tabs[ahead].arrived)
                await asking[ahead]
            else:
                asking[ahead].cancel()
        await until(lambda: not served.watch._running)
        return True

    run(talk)
    assert echo.order == (["wait 0", "wait 1", "wait 2"] if ahead == 0 else ["wait 0", "wait 2"])


def test_a_client_that_reads_nothing_keeps_its_turn_and_holds_up_nobody(
    served: Served, echo: Echo
) -> None:
    async def talk() -> bool:
        echo.go_on.set()
        async with visiting(served.url) as slow, visiting(served.url) as other:
            await slow.open(picture(1))
            await other.open(picture(2))
            await slow.send("find zq0001")
            turn = await other.ask("find zq0002")
            assert "zq0002" in turn.text
            await until(lambda: any("zq0001" in said for said in echo.order))
            await until(lambda: not served.watch._running)
            again = await slow.ask("find more")  # its chat has both
            assert "zq0001" in again.text
            return True

    run(talk)


# What is left behind -----------------------------------------------------------------------------------


def _things() -> dict[str, int]:
    """How many sessions, workspaces, tabs and pictures there are; a tab of each open tab among them."""
    gc.collect()
    kinds = (Session, Workspace, Tab, Picture)
    found = [type(thing) for thing in gc.get_objects()]
    return {kind.__name__: found.count(kind) for kind in kinds}


def _files() -> int:
    """Files in the folder that Gradio may serve from."""
    return sum(path.is_file() for path in Path(get_upload_folder()).rglob("*"))


async def _one_visit(url: str, config: dict[str, Any], number: int, turns: int) -> None:
    async with visiting(url, config) as tab:
        await tab.open(picture(number % 3))
        for turn in range(turns):
            await tab.ask(f"find the blue one {turn}")


def _settled(process: psutil.Process, before: Held) -> Held:
    """What is held once idle threads and connections have ended."""

    def few() -> bool:
        now = held(process)
        return now.threads <= before.threads and now.files <= before.files

    waiting.until(few)
    return held(process)


def test_many_turns_leave_nothing_behind(
    nano_to_close: LocalReasoner, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Threads, files, pictures and dialogues are as before; memory has grown little."""
    monkeypatch.setattr("demo.ui.tab.open_tabs.MAX_CLOSED", 2)
    # The clock of a tab without a stream is a thread, which ends before this gives up waiting.
    monkeypatch.setattr("demo.ui.tab.open_tabs.MAX_UNSEEN_S", 20.0)
    process, each = psutil.Process(), 5
    with serving(nano_to_close) as server:
        config = httpx.get(f"{server.url}/config").json()

        async def visits(count: int) -> bool:
            for number in range(count):
                await _one_visit(server.url, config, number, each)
            return True

        run(lambda: visits(2))
        before, things, files = held(process), _things(), _files()
        visited = max(1, LEAK_TURNS // each)
        run(lambda: visits(visited))
        after, left = _settled(process, before), _things()
        print(f"\n{LEAK_TURNS} turns: {before} {things} {files}\n → {after} {left} {_files()}")
        assert after.threads <= before.threads
        assert after.files <= before.files
        for kind, count in left.items():
            assert count <= things[kind] + 2 * each, kind
        assert _files() - files <= visited + 3  # an upload of each visit, for a day
        assert after.memory - before.memory < 50_000_000
        assert not server.watch._running
        assert len(server.page._queue) == 0


# Their parts -------------------------------------------------------------------------------------------


def test_a_line_is_kept_and_may_be_left() -> None:
    line, order = FairLock(), list[int]()
    stops = [threading.Event() for _ in range(6)]

    def wait(number: int) -> None:
        if line.acquire(stops[number]):
            order.append(number)
            line.release()

    line.acquire()
    threads = [threading.Thread(target=wait, args=(number,)) for number in range(6)]
    for number, thread in enumerate(threads):
        thread.start()
        waiting.until(lambda number=number: len(line._waiting) > number)  # type: ignore[misc]
    stops[2].set()
    threads[2].join()
    line.release()
    for thread in threads:
        thread.join()
    assert order == [0, 1, 3, 4, 5]
    assert line.acquire()


def test_pauses_and_pictures_are_nobodys_wait() -> None:
    turns = RunningTurns()
    turns.begin("ann", needs_model=False)
    first, second = turns.begin("ben"), turns.begin("cem")
    assert first
    assert second
    assert (turns.before(first)[0], turns.before(second)[0]) == (0, 1)


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 60), st.integers(0, 400)), max_size=120))
def test_closed_tabs_give_their_pictures_back(acts: list[tuple[bool, int, int]]) -> None:
    """Whatever comes and goes: who is here keeps everything, who left does for a while."""
    now = [0.0]
    tabs, all_tabs, here = OpenTabs(now=lambda: now[0]), dict[str, Tab](), set[str]()
    for comes, number, later in acts:
        visitor = f"v{number}"
        now[0] += later
        if comes:
            tab = all_tabs.setdefault(visitor, Tab())
            tab.put_away = tab.put_away or ("a workspace",)  # type: ignore[assignment]
            tabs.take(visitor, tab)
            here.add(visitor)
        else:
            tabs.leave(visitor)
            here.discard(visitor)
    assert all(all_tabs[visitor].put_away for visitor in here)
    assert sum(bool(s.put_away) for v, s in all_tabs.items() if v not in here) <= MAX_CLOSED
    now[0] += MAX_CLOSED_S
    tabs.take("last", Tab())
    assert not any(s.put_away for v, s in all_tabs.items() if v not in here)


def test_there_is_room_for_so_many_tabs() -> None:
    tabs, first = OpenTabs(), Tab()
    first.put_away = ("a workspace",)  # type: ignore[assignment]
    tabs.take("first", first)
    for number in range(MAX_TABS):
        tabs.take(str(number), Tab())
    assert first.put_away == ()


@pytest.fixture
def timers(monkeypatch: pytest.MonkeyPatch) -> list[Callable[[], None]]:
    """What would be called later."""
    later: list[Callable[[], None]] = []

    class Later:
        daemon = False

        def __init__(self, seconds: float, call: Callable[[], None]) -> None:
            assert 0 < seconds <= MAX_UNSEEN_S
            later.append(call)

        def start(self) -> None:
            """Nothing waits here."""

    monkeypatch.setattr("demo.ui.tab.open_tabs.threading.Timer", Later)
    return later


def full() -> Tab:
    tab = Tab()
    tab.put_away = ("a workspace",)  # type: ignore[assignment]
    return tab


def test_a_page_that_never_shows_itself_leaves_after_a_minute(
    timers: list[Callable[[], None]],
) -> None:
    now, streams, gone = [0.0], set[str](), list[str]()
    tabs = OpenTabs(gone.append, lambda: now[0], streams.__contains__)
    unseen, late, seen = full(), full(), full()
    streams.add("seen")
    for visitor, tab in (("seen", seen), ("unseen", unseen), ("late", late)):
        tabs.take(visitor, tab)
    now[0] = MAX_UNSEEN_S / 2
    streams.add("late")
    tabs.take("unseen", unseen)  # that it calls again does not help it
    now[0] = MAX_UNSEEN_S
    assert len(timers) == 1  # one for all
    timers[0]()
    assert gone == ["unseen"]
    assert not unseen.put_away
    assert late.put_away
    assert seen.put_away


def test_a_thousand_pages_that_never_show_themselves_are_few(
    timers: list[Callable[[], None]],
) -> None:
    gone: list[str] = []
    tabs = OpenTabs(gone.append, has_stream=lambda _: False)
    for number in range(1000):
        tabs.take(str(number), full())
    assert len(gone) == 1000 - MAX_CLOSED
    assert tabs.held_bytes < 100_000_000
    assert len(timers) == 1


def test_tabs_are_counted_in_bytes(blocks: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.ui.test_values import EMPTY

    monkeypatch.setattr("demo.ui.tab.open_tabs.MAX_BYTES", 5_000_000)
    gone: list[str] = []
    tabs, picture = OpenTabs(gone.append), open_picture(blocks)
    held = OpenTabs()
    held.take("empty", Tab())
    assert picture.source_bytes == blocks.stat().st_size
    long = replace(EMPTY, turns=(Turn("dog", "dog", raw="a" * 1_000_000),))
    for number in range(5):
        tab = Tab()
        tab.workspace = Workspace(picture, Path("x"), long if number % 2 else EMPTY)
        tabs.take(str(number), tab)
        assert tabs.held_bytes <= 5_000_000
    assert gone == ["0", "1"]
    tabs.take("2", Tab())
    tab = Tab()
    tab.workspace = Workspace(picture, Path("x"), replace(long, turns=long.turns * 9))
    tabs.take("large", tab)
    assert gone == ["0", "1", "3", "4", "2"]  # the one that is in use stays, whatever it takes


def test_large_pictures_that_were_put_away_are_few(blocks: Path) -> None:
    from tests.ui.test_values import EMPTY

    small = open_picture(blocks)
    large = Picture("large", small.pixels.repeat(10, 0).repeat(12, 1), "1" * 64)  # 43 MB
    assert large.pixels.nbytes < MAX_BYTES_AWAY < 2 * large.pixels.nbytes
    tab = Tab()
    for shown in (small, large, large, small):
        tab.workspace = Workspace(shown, Path("x"), EMPTY)
        tab.clear()
    assert [workspace.picture.pixels.nbytes for workspace in tab.put_away] == [
        large.pixels.nbytes,
        small.pixels.nbytes,
    ]
