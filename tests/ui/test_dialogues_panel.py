"""What is kept of workspaces and how the panel's acts are answered, without a browser."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from demo.access.visitors import COOKIE
from demo.dialogue.owner import new_token, visitor_owner
from demo.dialogue.second_opinion import as_second_opinion
from demo.dialogue.store import DATABASE, Bounds, Store
from demo.ui.parts import Parts
from demo.ui.tab.workspace import Tab, Workspace
from tests.ui.handlers import Handlers, handlers_of, placed_parts, sent

TOKENS = {"ann": new_token(), "bob": new_token()}


def asks(name: str, cookies: bool = True) -> Any:
    """A request of that person, from one tab."""
    sent = {COOKIE: TOKENS[name]} if cookies else {}
    return SimpleNamespace(session_hash=name, username=None, cookies=sent)


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Parts:
    return placed_parts(tmp_path_factory.mktemp("parts"))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with closing(Store(tmp_path / "kept", Bounds(10_000_000_000, 60_000_000))) as store:
        yield store


@pytest.fixture
def page(parts: Parts, store: Store, tmp_path: Path) -> Handlers:
    return handlers_of(parts, tmp_path, store)


def talk(page: Handlers, tab: Tab, name: str, picture: Path, *questions: str) -> None:
    """Somebody opens a picture and asks."""
    page.opening.open_upload(str(picture), tab, asks(name))
    for question in questions:
        list(page.asking.ask(question, tab, asks(name)))


def panel(page: Handlers, tab: Tab, name: str, **data: object) -> dict[str, Any]:
    """What the panel shows after an act."""
    updates = page.library.act(tab, sent(**data), asks(name))
    value: dict[str, Any] = updates[page.context.parts.library]
    return value


def arrived(page: Handlers, name: str, kept: str = "") -> Tab:
    """A page that was loaded just now."""
    tab = Tab()
    page.library.arrive(tab, sent(kept=kept), asks(name))
    return tab


def workspace(tab: Tab) -> Workspace:
    assert tab.workspace is not None
    return tab.workspace


def test_all_branches_come_back_in_their_order_with_the_one_that_was_shown(
    page: Handlers, blocks: Path
) -> None:
    tab = Tab()
    talk(page, tab, "ann", blocks, "find red", "find both")
    list(page.links.turn(tab, sent(kind="branch", turn=1), asks("ann")))
    list(page.asking.ask("a ghost", tab, asks("ann")))
    list(page.links.turn(tab, sent(kind="branch", turn=2), asks("ann")))
    list(page.links.turn(tab, sent(kind="switch", dialogue=1), asks("ann")))
    again = workspace(arrived(page, "ann", workspace(tab).saved_id or ""))
    assert again.dialogues == workspace(tab).dialogues
    assert again.session == workspace(tab).session
    assert len(panel(page, tab, "ann", kind="list")["dialogues"]) == 3


def test_what_another_model_said_comes_back(page: Handlers, blocks: Path) -> None:
    tab = Tab()
    talk(page, tab, "ann", blocks, "find red", "find both")
    at = workspace(tab)
    noted = at.session.with_second_opinion(1, as_second_opinion(at.session))
    page.context.show.workspace(tab, at.with_session(noted))
    again = workspace(arrived(page, "ann", at.saved_id or ""))
    assert again.session == noted
    assert [a.name for a in again.asides_by_turn[1]] == ["table"]


def test_a_deleted_branch_leaves_the_page_and_the_others_stay(page: Handlers, blocks: Path) -> None:
    tab = Tab()
    talk(page, tab, "ann", blocks, "find red")
    list(page.links.turn(tab, sent(kind="branch", turn=1), asks("ann")))
    first, _ = workspace(tab).dialogues
    assert panel(page, tab, "ann", kind="delete", id=workspace(tab).saved_id)["said"] == "Deleted."
    assert workspace(tab).dialogues == (first,)
    panel(page, tab, "ann", kind="delete", id=workspace(tab).saved_id)
    assert tab.workspace is None
    assert arrived(page, "ann").workspace is None


@pytest.mark.parametrize("kind", ["open", "rename", "pin", "delete", "export"])
def test_the_dialogue_of_another_person_is_not_there(
    kind: str, page: Handlers, blocks: Path
) -> None:
    ann, bob = Tab(), Tab()
    talk(page, ann, "ann", blocks, "find red")
    talk(page, bob, "bob", blocks, "find both")
    identity = workspace(ann).saved_id
    said = panel(page, bob, "bob", kind=kind, id=identity, title="mine", pinned=True)
    assert said["said"] == "This dialogue does not exist any more."
    assert [row["title"] for row in said["dialogues"]] == ["find both"]
    [row] = panel(page, ann, "ann", kind="list")["dialogues"]
    assert (row["title"], row["pinned"]) == ("find red", False)
    assert workspace(arrived(page, "bob", identity or "")).session == workspace(bob).session


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
    data: dict[str, object], page: Handlers, blocks: Path
) -> None:
    tab = Tab()
    talk(page, tab, "ann", blocks, "find red")
    value = page.library.act(tab, sent(**data), asks("ann"))[page.context.parts.library]
    assert value["serial"]
    assert len(workspace(tab).session.turns) == 1


def test_what_goes_first_is_said_before_it_goes(page: Handlers, store: Store, blocks: Path) -> None:
    tab, ann = Tab(), visitor_owner(TOKENS["ann"])
    talk(page, tab, "ann", blocks, "find red")
    assert not panel(page, tab, "ann", kind="list")["dialogues"][0]["going"]
    talk(page, tab, "ann", blocks, "find both")
    store.bounds = Bounds(10_000_000_000, 50_000_000 + store.used(ann) - 1)
    rows = panel(page, tab, "ann", kind="list")["dialogues"]
    assert [(row["title"], row["going"]) for row in rows] == [
        ("find both", False),
        ("find red", True),
    ]
    updates = page.library.arrive(Tab(), sent(kept=""), asks("ann"))
    assert "“find red” will be deleted first" in updates[page.context.parts.hint]["text"]
    for row in rows:
        panel(page, tab, "ann", kind="pin", id=row["id"], pinned=True)
    assert len(panel(page, tab, "ann", kind="list")["dialogues"]) == 2


def test_a_picture_that_was_only_looked_at_is_no_dialogue(
    page: Handlers, store: Store, blocks: Path
) -> None:
    tab = arrived(page, "ann")
    talk(page, tab, "ann", blocks)
    page.opening.prepare(tab)
    assert workspace(arrived(page, "ann")).session == workspace(tab).session
    page.undoing.new(tab, asks("ann"))
    assert store.entries(visitor_owner(TOKENS["ann"])) == ()
    page.undoing.undo(tab, asks("ann"))
    list(page.asking.ask("find red", tab, asks("ann")))
    assert [kept.turns for kept in store.entries(visitor_owner(TOKENS["ann"]))] == [1]


def test_what_was_undone_is_kept_by_the_page_and_not_by_the_disk(
    page: Handlers, store: Store, blocks: Path
) -> None:
    tab, ann = arrived(page, "ann"), visitor_owner(TOKENS["ann"])
    talk(page, tab, "ann", blocks, "find red", "find both")
    whole, request = workspace(tab).session, asks("ann")
    page.undoing.undo(tab, request)
    reloaded = arrived(page, "ann")
    assert len(workspace(reloaded).session.turns) == 1
    said = page.undoing.redo(reloaded, request)[page.context.parts.hint]["text"]
    assert said == "There is nothing to redo."
    page.undoing.redo(tab, request)
    assert [kept.turns for kept in store.entries(ann)] == [2]
    assert workspace(arrived(page, "ann")).session == whole


def test_a_dialogue_that_was_deleted_is_not_redone(
    page: Handlers, store: Store, blocks: Path
) -> None:
    tab, ann, request = arrived(page, "ann"), visitor_owner(TOKENS["ann"]), asks("ann")
    talk(page, tab, "ann", blocks, "find red")
    talk(page, tab, "ann", blocks, "find both")
    deleted = workspace(tab).saved_id
    for _ in range(2):
        page.undoing.undo(tab, request)
    kept = workspace(tab).session
    updates = page.library.act(tab, sent(kind="delete", id=deleted), request)
    assert updates[page.context.parts.canvas] == {"undo": "answer 1", "redo": ""}
    said = page.undoing.redo(tab, request)[page.context.parts.hint]["text"]
    assert said == "There is nothing to redo."
    assert workspace(tab).session == kept
    assert [entry.id for entry in store.entries(ann)] == [workspace(tab).saved_id]


def test_going_back_and_forth_saves_nothing_twice(
    page: Handlers, store: Store, blocks: Path
) -> None:
    tab, ann, request = arrived(page, "ann"), visitor_owner(TOKENS["ann"]), asks("ann")
    talk(page, tab, "ann", blocks, "find red")
    page.undoing.undo(tab, request)
    page.undoing.redo(tab, request)
    talk(page, tab, "ann", blocks, "find both", "a ghost")
    for step in (page.undoing.undo,) * 4 + (page.undoing.redo,) * 4:
        step(tab, request)
    assert sorted(entry.turns for entry in store.entries(ann)) == [1, 2]


def test_a_damaged_file_is_said_on_the_page(parts: Parts, tmp_path: Path) -> None:
    Store(tmp_path / "kept").close()
    (tmp_path / "kept" / DATABASE).write_bytes(b"no database" * 500)
    with closing(Store(tmp_path / "kept")) as store:
        page = handlers_of(parts, tmp_path, store)
        updates = page.library.arrive(Tab(), sent(kept=""), asks("ann"))
        assert "was damaged. It was moved" in updates[parts.hint]["text"]
        assert "was damaged" in panel(page, Tab(), "ann", kind="list")["said"]


@pytest.mark.parametrize(
    ("kept", "cookies", "said"),
    [
        pytest.param(False, True, "kept in memory only", id="no folder"),
        pytest.param(True, False, "Your browser accepts no cookies", id="no cookies"),
    ],
)
def test_without_a_place_or_a_name_nothing_is_kept_and_files_still_work(
    kept: bool, cookies: bool, said: str, parts: Parts, store: Store, tmp_path: Path, blocks: Path
) -> None:
    page, tab = handlers_of(parts, tmp_path, store if kept else None), Tab()
    request = asks("ann", cookies)
    page.library.arrive(tab, sent(kept=""), request)
    page.opening.open_upload(str(blocks), tab, request)
    list(page.asking.ask("find red", tab, request))
    value = page.library.act(tab, sent(kind="export"), request)[parts.library]
    assert said in value["bound"]
    assert value["dialogues"] == []
    assert store.used() == 0
    page.opening.open_upload(value["file"]["path"], tab, request)
    assert len(workspace(tab).session.turns) == 1


def test_a_name_to_sign_in_with_counts_more_than_a_cookie(page: Handlers, blocks: Path) -> None:
    tab, signed = Tab(), asks("ann")
    signed.username = "ann"
    page.opening.open_upload(str(blocks), tab, signed)
    list(page.asking.ask("find red", tab, signed))
    assert arrived(page, "ann").workspace is None
    again = Tab()
    elsewhere = asks("bob")
    elsewhere.username = "ann"
    page.library.arrive(again, sent(kept=""), elsewhere)
    assert workspace(again).session == workspace(tab).session
