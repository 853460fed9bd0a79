"""What is kept of workspaces and how the panel's acts are answered, without a browser."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import gradio as gr
import pytest

from demo.access.visitors import COOKIE
from demo.dialogue.owner import new_token, visitor_owner
from demo.dialogue.second_opinion import as_second_opinion
from demo.dialogue.store import DATABASE, Bounds, Store
from demo.models.models import Models
from demo.models.switching import RunningModels
from demo.ui.canvas.acts import Acts
from demo.ui.dialogues.panel import Library
from demo.ui.events import Events
from demo.ui.parts import Parts, place_parts
from demo.ui.tab.running_turns import RunningTurns
from demo.ui.tab.saving import Saver
from demo.ui.tab.workspace import Tab, Workspace
from tests.support.table import TableReasoner

TOKENS = {"ann": new_token(), "bob": new_token()}


def asks(name: str, cookies: bool = True) -> Any:
    """A request of that person, from one tab."""
    sent = {COOKIE: TOKENS[name]} if cookies else {}
    return SimpleNamespace(session_hash=name, username=None, cookies=sent)


def sent(**data: object) -> Any:
    """The event as Gradio hands it over."""
    return SimpleNamespace(_data=data)


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Parts:
    status = {"status": "table", "advice": "", "why": ""}

    async def placed() -> Parts:
        """Without a running event loop Gradio would begin one that nobody closes."""
        with gr.Blocks():
            return place_parts(status, [], tmp_path_factory.mktemp("parts"), None)

    with ThreadPoolExecutor(1) as other:  # a browser's loop may be running in this one
        return other.submit(asyncio.run, placed()).result()


def library_of(parts: Parts, store: Store | None, folder: Path) -> Library:
    models = Models(TableReasoner(), None, "table", "", "")
    events = Events(parts, RunningModels(models), [], folder, RunningTurns(), Saver(store))
    return Library(events, folder / "files", lambda workspace: workspace)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with closing(Store(tmp_path / "kept", Bounds(10_000_000_000, 60_000_000))) as store:
        yield store


@pytest.fixture
def library(parts: Parts, store: Store, tmp_path: Path) -> Library:
    return library_of(parts, store, tmp_path)


def talk(library: Library, tab: Tab, name: str, picture: Path, *questions: str) -> None:
    """Somebody opens a picture and asks."""
    library.events.open_upload(str(picture), tab, asks(name))
    for question in questions:
        list(library.events.ask(question, tab, asks(name)))


def panel(library: Library, tab: Tab, name: str, **data: object) -> dict[str, Any]:
    """What the panel shows after an act."""
    updates = library.act(tab, sent(**data), asks(name))
    value: dict[str, Any] = updates[library.events.parts.kept]
    return value


def arrived(library: Library, name: str, kept: str = "") -> Tab:
    """A page that was loaded just now."""
    tab = Tab()
    library.arrive(tab, sent(kept=kept), asks(name))
    return tab


def workspace(tab: Tab) -> Workspace:
    assert tab.workspace is not None
    return tab.workspace


def test_all_branches_come_back_in_their_order_with_the_one_that_was_shown(
    library: Library, blocks: Path
) -> None:
    tab = Tab()
    talk(library, tab, "ann", blocks, "find red", "find both")
    acts = Acts(library.events)
    list(acts.turn(tab, sent(kind="branch", turn=1), asks("ann")))
    list(library.events.ask("a ghost", tab, asks("ann")))
    list(acts.turn(tab, sent(kind="branch", turn=2), asks("ann")))
    list(acts.turn(tab, sent(kind="switch", dialogue=1), asks("ann")))
    again = workspace(arrived(library, "ann", workspace(tab).kept_as or ""))
    assert again.dialogues == workspace(tab).dialogues
    assert again.session == workspace(tab).session
    assert len(panel(library, tab, "ann", kind="list")["dialogues"]) == 3


def test_what_another_model_said_comes_back(library: Library, blocks: Path) -> None:
    tab = Tab()
    talk(library, tab, "ann", blocks, "find red", "find both")
    at = workspace(tab)
    noted = at.session.with_second_opinion(1, as_second_opinion(at.session))
    library.events.show.workspace(tab, at.with_session(noted))
    again = workspace(arrived(library, "ann", at.kept_as or ""))
    assert again.session == noted
    assert [a.name for a in again.asides_by_turn[1]] == ["table"]


def test_a_deleted_branch_leaves_the_page_and_the_others_stay(
    library: Library, blocks: Path
) -> None:
    tab = Tab()
    talk(library, tab, "ann", blocks, "find red")
    list(Acts(library.events).turn(tab, sent(kind="branch", turn=1), asks("ann")))
    first, _ = workspace(tab).dialogues
    assert (
        panel(library, tab, "ann", kind="delete", id=workspace(tab).kept_as)["said"] == "Deleted."
    )
    assert workspace(tab).dialogues == (first,)
    panel(library, tab, "ann", kind="delete", id=workspace(tab).kept_as)
    assert tab.workspace is None
    assert arrived(library, "ann").workspace is None


@pytest.mark.parametrize("kind", ["open", "rename", "pin", "delete", "export"])
def test_the_dialogue_of_another_person_is_not_there(
    kind: str, library: Library, blocks: Path
) -> None:
    ann, bob = Tab(), Tab()
    talk(library, ann, "ann", blocks, "find red")
    talk(library, bob, "bob", blocks, "find both")
    identity = workspace(ann).kept_as
    said = panel(library, bob, "bob", kind=kind, id=identity, title="mine", pinned=True)
    assert said["said"] == "This dialogue does not exist any more."
    assert [row["title"] for row in said["dialogues"]] == ["find both"]
    [row] = panel(library, ann, "ann", kind="list")["dialogues"]
    assert (row["title"], row["pinned"]) == ("find red", False)
    assert workspace(arrived(library, "bob", identity or "")).session == workspace(bob).session


@pytest.mark.parametrize(
    "data",
    [
        pytest.param({}, id="nothing"),
        pytest.param({"kind": "format", "id": "x"}, id="an act that there is not"),
        pytest.param({"kind": "open", "id": {"a": [1]}}, id="no name"),
        pytest.param({"kind": "list", "count": -5, "search": ["%"]}, id="odd numbers"),
        pytest.param({"kind": "export", "id": "../../etc/passwd"}, id="a path"),
    ],
)
def test_whatever_a_browser_sends_is_answered(
    data: dict[str, object], library: Library, blocks: Path
) -> None:
    tab = Tab()
    talk(library, tab, "ann", blocks, "find red")
    value = library.act(tab, sent(**data), asks("ann"))[library.events.parts.kept]
    assert value["serial"]
    assert len(workspace(tab).session.turns) == 1


def test_what_goes_first_is_said_before_it_goes(
    library: Library, store: Store, blocks: Path
) -> None:
    tab, ann = Tab(), visitor_owner(TOKENS["ann"])
    talk(library, tab, "ann", blocks, "find red")
    assert not panel(library, tab, "ann", kind="list")["dialogues"][0]["going"]
    talk(library, tab, "ann", blocks, "find both")
    store.bounds = Bounds(10_000_000_000, 50_000_000 + store.used(ann) - 1)
    rows = panel(library, tab, "ann", kind="list")["dialogues"]
    assert [(row["title"], row["going"]) for row in rows] == [
        ("find both", False),
        ("find red", True),
    ]
    updates = library.arrive(Tab(), sent(kept=""), asks("ann"))
    assert "“find red” will go first" in updates[library.events.parts.hint]["text"]
    for row in rows:
        panel(library, tab, "ann", kind="pin", id=row["id"], pinned=True)
    assert len(panel(library, tab, "ann", kind="list")["dialogues"]) == 2


def test_a_picture_that_was_only_looked_at_is_no_dialogue(
    library: Library, store: Store, blocks: Path
) -> None:
    tab = arrived(library, "ann")
    talk(library, tab, "ann", blocks)
    library.events.prepare(tab)
    assert workspace(arrived(library, "ann")).session == workspace(tab).session
    library.events.new(tab, asks("ann"))
    assert store.entries(visitor_owner(TOKENS["ann"])) == ()
    library.events.undo(tab, asks("ann"))
    list(library.events.ask("find red", tab, asks("ann")))
    assert [kept.turns for kept in store.entries(visitor_owner(TOKENS["ann"]))] == [1]


def test_a_damaged_file_is_said_on_the_page(parts: Parts, tmp_path: Path) -> None:
    Store(tmp_path / "kept").close()
    (tmp_path / "kept" / DATABASE).write_bytes(b"no database" * 500)
    with closing(Store(tmp_path / "kept")) as store:
        library = library_of(parts, store, tmp_path)
        updates = library.arrive(Tab(), sent(kept=""), asks("ann"))
        assert "was damaged. It was moved" in updates[parts.hint]["text"]
        assert "was damaged" in panel(library, Tab(), "ann", kind="list")["said"]


@pytest.mark.parametrize(
    ("kept", "cookies", "said"),
    [
        pytest.param(False, True, "kept in memory only", id="no folder"),
        pytest.param(True, False, "Your browser keeps no cookies", id="no cookies"),
    ],
)
def test_without_a_place_or_a_name_nothing_is_kept_and_files_still_work(
    kept: bool, cookies: bool, said: str, parts: Parts, store: Store, tmp_path: Path, blocks: Path
) -> None:
    library, tab = library_of(parts, store if kept else None, tmp_path), Tab()
    request = asks("ann", cookies)
    library.arrive(tab, sent(kept=""), request)
    library.events.open_upload(str(blocks), tab, request)
    list(library.events.ask("find red", tab, request))
    value = library.act(tab, sent(kind="export"), request)[parts.kept]
    assert said in value["bound"]
    assert value["dialogues"] == []
    assert store.used() == 0
    library.events.open_upload(value["file"]["path"], tab, request)
    assert len(workspace(tab).session.turns) == 1


def test_a_name_to_sign_in_with_counts_more_than_a_cookie(library: Library, blocks: Path) -> None:
    tab, signed = Tab(), asks("ann")
    signed.username = "ann"
    library.events.open_upload(str(blocks), tab, signed)
    list(library.events.ask("find red", tab, signed))
    assert arrived(library, "ann").workspace is None
    again = Tab()
    elsewhere = asks("bob")
    elsewhere.username = "ann"
    library.arrive(again, sent(kept=""), elsewhere)
    assert workspace(again).session == workspace(tab).session
