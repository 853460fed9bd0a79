"""What the form for sharing does and says, without a browser."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageOps

from demo.dialogue.store import Store
from demo.evaluate.data import Dialogue, TrueTurn
from demo.evaluate.live_benchmark import Track
from demo.machine import effort
from demo.machine.effort import AT_ONCE
from demo.ui.parts import Parts
from demo.ui.sharing.sharing import Sharing, truth_beside
from demo.ui.tab.workspace import Tab
from tests.support.waiting import until
from tests.ui.handlers import Handlers, handlers_of, placed_parts, sent
from tests.ui.test_asides import two_turns
from tests.ui.test_dialogues_panel import asks, panel, talk, workspace
from tests.ui.test_values import LEFT


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Parts:
    return placed_parts(tmp_path_factory.mktemp("parts"))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with closing(Store(tmp_path / "kept")) as store:
        yield store


@pytest.fixture
def page(parts: Parts, store: Store, tmp_path: Path) -> Handlers:
    return handlers_of(parts, tmp_path, store)


@pytest.fixture
def sharing(page: Handlers, tmp_path: Path) -> Sharing:
    return Sharing(page.context, tmp_path / "files")


def form(sharing: Sharing, tab: Tab, name: str = "ann", **data: object) -> dict[str, Any]:
    """What the form shows after an act."""
    shown = sharing.act(tab, sent(**data), asks(name))
    value: dict[str, Any] = shown[sharing.context.parts.sharing]
    return value


def linked(store: Store, token: str) -> str:
    return b"".join(store.links.open(token) or ()).decode()


def test_a_link_shows_the_dialogue_as_it_was_and_nothing_of_others(
    page: Handlers, sharing: Sharing, store: Store, blocks: Path
) -> None:
    tab = Tab()
    talk(page, tab, "ann", blocks, "find red")
    token = form(sharing, tab, kind="link")["token"]
    talk(page, Tab(), "ann", blocks, "find blue")
    list(page.asking.ask("what is next to R1", tab, asks("ann")))
    shown = linked(store, token)
    assert "find red" in shown
    assert "as it was on 20" in shown
    for words in ("next to", "find blue", str(workspace(tab).saved_id)):
        assert words not in shown


def test_the_truth_of_a_benchmark_stands_beside_its_answers() -> None:
    rows = (TrueTurn("a", (), (LEFT,), None, {}), TrueTurn("b", (), (), None, {}))
    track = Track(Dialogue(1, "1", "white.png", Path("white.png"), rows), masks=False)
    beside = truth_beside(replace(two_turns(), track=track))
    assert {n: [b.name for b in several] for n, several in beside.items()} == {
        1: ["truth"],
        2: ["truth"],
    }
    (first,), (second,) = beside[1], beside[2]
    assert ([o.box for o in first.objects], second.objects) == ([LEFT], ())
    said = " ".join(first.says)
    assert "Truth: IoU" in said
    assert not {"<", "&", "#"} & set(said)
    assert first.is_truth


def test_links_are_listed_withdrawn_and_gone_with_their_dialogue(
    page: Handlers, sharing: Sharing, store: Store, blocks: Path
) -> None:
    tab = Tab()
    talk(page, tab, "ann", blocks, "find red")
    tokens = [form(sharing, tab, kind="link")["token"] for _ in range(2)]
    listed = form(sharing, tab, kind="look")["links"]
    assert [(link["title"], link["here"]) for link in listed] == [("find red", True)] * 2
    assert "token" not in form(sharing, tab, kind="look")  # it is told once
    form(sharing, tab, kind="withdraw", id=listed[0]["id"])
    assert [bool(store.links.open(token)) for token in tokens] == [True, False]
    panel(page, tab, "ann", kind="delete", id=workspace(tab).saved_id)
    assert not store.links.open(tokens[0])
    assert form(sharing, tab, kind="look")["links"] == []


def test_links_of_the_same_question_are_told_apart_by_their_pictures(
    page: Handlers, sharing: Sharing, blocks: Path, tmp_path: Path
) -> None:
    mirrored = tmp_path / "كتل — Blöcke.png"
    ImageOps.mirror(Image.open(blocks)).save(mirrored)
    tab = Tab()
    for picture in (blocks, mirrored):
        talk(page, tab, "ann", picture, "find red")
        form(sharing, tab, kind="link")
    newer, older = form(sharing, tab, kind="look")["links"]
    assert (newer["title"], older["title"]) == ("find red", "find red")
    assert (newer["picture"], older["picture"]) == (mirrored.name, blocks.name)
    assert newer["small"] != older["small"]


def test_nobody_withdraws_or_sees_the_links_of_others(
    page: Handlers, sharing: Sharing, store: Store, blocks: Path
) -> None:
    tab, other = Tab(), Tab()
    talk(page, tab, "ann", blocks, "find red")
    token = form(sharing, tab, kind="link")["token"]
    (link,) = form(sharing, tab, kind="look")["links"]
    assert form(sharing, other, "bob", kind="look")["links"] == []
    refused = form(sharing, other, "bob", kind="withdraw", id=link["id"])
    assert refused["failed"]
    assert store.links.open(token)


def test_the_page_is_saved_as_a_file(page: Handlers, sharing: Sharing, blocks: Path) -> None:
    tab = Tab()
    talk(page, tab, "ann", blocks, "find red")
    file = form(sharing, tab, kind="page")["file"]
    assert file["orig_name"] == f"{blocks.stem}.html"
    assert "find red" in Path(file["path"]).read_text(encoding="utf-8")
    panel(page, tab, "ann", kind="delete", id=workspace(tab).saved_id)
    assert not Path(file["path"]).exists()


def test_there_must_be_something_to_share(page: Handlers, sharing: Sharing, blocks: Path) -> None:
    tab = Tab()
    for kind in ("link", "page"):
        assert form(sharing, tab, kind=kind)["said"].startswith("There is nothing to share yet")
    talk(page, tab, "ann", blocks)
    assert not form(sharing, tab, kind="look")["here"]


def test_where_there_can_be_no_link_the_form_says_why(
    page: Handlers, parts: Parts, blocks: Path, tmp_path: Path
) -> None:
    tab = Tab()
    talk(page, tab, "ann", blocks, "find red")
    for handlers, may_link, cookies, why in (
        (page, False, True, "switched off"),
        (page, True, False, "cookies"),
        (handlers_of(parts, tmp_path), True, True, "dialogues that are kept"),
    ):
        sharing = Sharing(handlers.context, tmp_path / "files", may_link)
        for kind in ("look", "link"):
            shown = sharing.act(tab, sent(kind=kind), asks("ann", cookies))[parts.sharing]
            assert why in shown["why_not"]
        assert shown["said"] == shown["why_not"]


@pytest.mark.parametrize(
    "payload", [{}, {"kind": "delete"}, {"kind": 7}, {"kind": "withdraw", "id": ["x"]}, []]
)
def test_what_no_form_sends_is_refused(page: Handlers, sharing: Sharing, payload: Any) -> None:
    event = sent()
    event._data = payload
    shown = sharing.act(Tab(), event, asks("ann"))[page.context.parts.sharing]
    assert shown["failed"]


@pytest.mark.parametrize("act", ["share", "export", "arrive"])
def test_nobody_waits_for_a_place_while_holding_a_tab(
    act: str, page: Handlers, sharing: Sharing
) -> None:
    """Whoever has one of the places may be waiting for the tab."""
    tab = Tab()
    acts: dict[str, Callable[[], object]] = {
        "share": lambda: sharing.act(tab, sent(kind="page"), asks("ann")),
        "export": lambda: page.library.act(tab, sent(kind="export", id=""), asks("ann")),
        "arrive": lambda: page.library.arrive(tab, sent(kept=""), asks("ann")),
    }
    for _ in range(AT_ONCE):
        effort._places.acquire()
    acting = threading.Thread(target=acts[act])
    acting.start()
    try:
        until(lambda: effort._places.waiting == 1)
        assert tab.lock.acquire(timeout=60)
        tab.lock.release()
    finally:
        for _ in range(AT_ONCE):
            effort._places.release()
        acting.join()
