"""Undo and Redo as their buttons call them: on a picture, across pictures, and what they say."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PIL import Image

from demo.ui.shared import sentences
from demo.ui.tab.workspace import MAX_PUT_AWAY, Tab, Workspace
from tests.ui.handlers import Handlers, handlers_of, placed_parts, sent, workspace

REQUEST: Any = SimpleNamespace(session_hash="ann")
NO_REDO = sentences.NOTHING_TO_REDO


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Handlers:
    folder = tmp_path_factory.mktemp("undoing")
    return handlers_of(placed_parts(folder), folder)


@pytest.fixture
def grey(tmp_path: Path) -> Path:
    """Another picture."""
    path = tmp_path / "grey.png"
    Image.fromarray(np.full((30, 40, 3), 128, np.uint8)).save(path)
    return path


@pytest.fixture
def tab(page: Handlers, blocks: Path) -> Iterator[Tab]:
    """A visitor who has opened a picture."""
    made = Tab()
    page.opening.open_upload(str(blocks), made, REQUEST)
    yield made
    page.context.turns.stop("ann")


def seen(tab: Tab) -> tuple[str, tuple[str, ...], int] | None:
    """The picture, the regions and the number of answers that are there."""
    if tab.workspace is None:
        return None
    session = tab.workspace.session
    return session.picture.name, tuple(r.id for r in session.registry), len(session.turns)


def undo(page: Handlers, tab: Tab) -> str:
    return str(page.undoing.undo(tab, REQUEST)[page.context.parts.hint]["text"])


def redo(page: Handlers, tab: Tab) -> str:
    return str(page.undoing.redo(tab, REQUEST)[page.context.parts.hint]["text"])


def draw(page: Handlers, tab: Tab) -> dict[Any, Any]:
    return page.acts.act(tab, sent(kind="box", box=[5, 5, 25, 25]), REQUEST)


def ask(page: Handlers, tab: Tab, question: str = "find red") -> None:
    list(page.asking.ask(question, tab, REQUEST))


def offered(updates: dict[Any, Any], page: Handlers) -> tuple[str, str]:
    """What the two buttons say that they would do."""
    value = updates[page.context.parts.canvas]
    return value["undo"], value["redo"]


def test_ten_undos_lose_nothing(page: Handlers, tab: Tab) -> None:
    for _ in range(10):
        draw(page, tab)
    whole = workspace(tab).session
    said = [undo(page, tab) for _ in range(10)]
    assert said == [f"Drawing R{n} was undone." for n in range(10, 0, -1)]
    assert workspace(tab).is_untouched
    assert [redo(page, tab) for _ in range(10)] == [
        f"Drawing R{n} was redone." for n in range(1, 11)
    ]
    assert workspace(tab).session == whole
    assert redo(page, tab) == NO_REDO


def test_an_answer_comes_back_without_asking_the_model(
    page: Handlers, tab: Tab, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask(page, tab)
    ask(page, tab, "what is next to R1")
    list(page.links.turn(tab, sent(kind="up", turn=2), REQUEST))
    whole = workspace(tab).session
    undo(page, tab)
    monkeypatch.setattr(page.context.running.models.reasoner, "stream", None)
    updates = page.undoing.redo(tab, REQUEST)
    assert updates[page.context.parts.hint]["text"] == "Answer 2 was redone."
    assert page.context.parts.message not in updates
    assert workspace(tab).session == whole


def test_the_buttons_say_what_they_would_do(page: Handlers, tab: Tab, grey: Path) -> None:
    assert offered(draw(page, tab), page) == ("drawing R1", "")
    ask(page, tab)
    assert offered(page.undoing.undo(tab, REQUEST), page) == ("drawing R1", "answer 1")
    assert offered(page.undoing.undo(tab, REQUEST), page) == ("", "drawing R1")
    page.undoing.redo(tab, REQUEST)
    assert offered(page.opening.open_upload(str(grey), tab, REQUEST), page) == (
        "opening “grey.png”", "",
    )  # fmt: skip
    assert offered(page.undoing.undo(tab, REQUEST), page) == ("drawing R1", "opening “grey.png”")
    assert offered(page.undoing.new(tab, REQUEST), page) == ("clearing the page", "")
    assert offered(page.undoing.undo(tab, REQUEST), page) == ("drawing R1", "clearing the page")
    assert offered(page.undoing.redo(tab, REQUEST), page) == ("clearing the page", "")


def test_a_long_name_of_a_picture_is_cut(page: Handlers, tab: Tab, grey: Path) -> None:
    long = grey.rename(grey.with_name("x" * 90 + ".png"))
    undoes, _ = offered(page.opening.open_upload(str(long), tab, REQUEST), page)
    assert undoes == f"opening “{'x' * 39}…”"


def test_redo_goes_on_over_the_pictures_that_undo_went_back_over(
    page: Handlers, tab: Tab, blocks: Path, grey: Path
) -> None:
    there = []

    def did(act: Callable[[], object]) -> None:
        act()
        there.append((tab.workspace and tab.workspace.session, seen(tab)))

    did(lambda: draw(page, tab))
    did(lambda: page.opening.open_upload(str(grey), tab, REQUEST))
    did(lambda: draw(page, tab))
    did(lambda: ask(page, tab))
    did(lambda: page.opening.open_upload(str(blocks), tab, REQUEST))
    did(lambda: draw(page, tab))
    did(lambda: page.undoing.new(tab, REQUEST))
    for session, look in there[-2::-1]:
        undo(page, tab)
        assert (workspace(tab).session, seen(tab)) == (session, look)
    undo(page, tab)
    assert workspace(tab).is_untouched
    assert undo(page, tab) == sentences.NOTHING_TO_UNDO
    for session, look in there:
        redo(page, tab)
        assert (tab.workspace and tab.workspace.session, seen(tab)) == (session, look)
    assert redo(page, tab) == NO_REDO
    assert undo(page, tab) == "The dialogue is back."


def test_the_notes_of_redo_across_pictures(page: Handlers, tab: Tab, grey: Path) -> None:
    draw(page, tab)
    page.opening.open_upload(str(grey), tab, REQUEST)
    undo(page, tab)
    assert redo(page, tab) == "The picture is back."
    page.undoing.new(tab, REQUEST)
    undo(page, tab)
    assert redo(page, tab) == "The picture was put away. Undo brings it back."
    assert tab.workspace is None


@pytest.mark.parametrize("new", ["draw", "ask", "open", "new", "branch"])
def test_something_new_on_the_former_picture_ends_it(
    page: Handlers, tab: Tab, grey: Path, new: str
) -> None:
    ask(page, tab)
    page.opening.open_upload(str(grey), tab, REQUEST)
    draw(page, tab)
    undo(page, tab)
    undo(page, tab)
    acts: dict[str, Callable[[], object]] = {
        "draw": lambda: draw(page, tab),
        "ask": lambda: ask(page, tab),
        "open": lambda: page.opening.open_upload(str(grey), tab, REQUEST),
        "new": lambda: page.undoing.new(tab, REQUEST),
        "branch": lambda: list(page.links.turn(tab, sent(kind="branch", turn=1), REQUEST)),
    }
    acts[new]()
    look = seen(tab)
    assert redo(page, tab) == NO_REDO
    assert seen(tab) == look


def test_another_picture_is_something_new(page: Handlers, tab: Tab, grey: Path) -> None:
    draw(page, tab)
    undo(page, tab)
    page.opening.open_upload(str(grey), tab, REQUEST)
    assert redo(page, tab) == NO_REDO
    undo(page, tab)
    assert redo(page, tab) == "The picture is back."  # what was undone last
    assert seen(tab) == ("grey.png", (), 0)


def test_what_changes_nothing_leaves_something_to_redo(page: Handlers, tab: Tab) -> None:
    ask(page, tab)
    draw(page, tab)
    undo(page, tab)
    for kind in ("up", "change", "keep", "numbers"):
        list(page.links.turn(tab, sent(kind=kind, turn=1), REQUEST))
    page.acts.act(tab, sent(kind="delete", region="R9"), REQUEST)  # refused
    ask(page, tab, "left of R9")  # so is this
    assert redo(page, tab) == "Drawing R2 was redone."
    assert workspace(tab).session.turns[0].feedback == "up"


def test_every_dialogue_of_a_picture_has_its_own(page: Handlers, tab: Tab) -> None:
    ask(page, tab)
    draw(page, tab)
    list(page.links.turn(tab, sent(kind="branch", turn=1), REQUEST))
    draw(page, tab)
    undo(page, tab)
    list(page.links.turn(tab, sent(kind="switch", dialogue=0), REQUEST))
    undo(page, tab)
    assert redo(page, tab) == "Drawing R2 was redone."
    assert redo(page, tab) == NO_REDO
    list(page.links.turn(tab, sent(kind="switch", dialogue=1), REQUEST))
    assert redo(page, tab) == "Drawing R3 was redone."


def test_a_question_asked_again_or_changed_comes_back(page: Handlers, tab: Tab) -> None:
    ask(page, tab)
    ask(page, tab, "what is next to R1")
    list(page.links.turn(tab, sent(kind="again", turn=2), REQUEST))
    again = workspace(tab).session
    assert undo(page, tab) == "Asking question 2 again was undone."
    assert redo(page, tab) == "Asking question 2 again was redone."
    assert workspace(tab).session == again
    list(page.links.turn(tab, sent(kind="change", turn=1), REQUEST))
    ask(page, tab, "find both")
    assert undo(page, tab) == "Changing question 1 was undone."
    assert workspace(tab).session == again
    assert redo(page, tab) == "Changing question 1 was redone."
    assert [turn.question for turn in workspace(tab).session.turns] == ["find both"]


def test_a_region_set_apart_is_something_new_and_comes_back(page: Handlers, tab: Tab) -> None:
    for _ in range(2):
        ask(page, tab)
    draw(page, tab)
    undo(page, tab)
    list(page.links.turn(tab, sent(kind="apart", turn=2), REQUEST))
    apart = workspace(tab).session
    assert redo(page, tab) == NO_REDO
    assert undo(page, tab) == "Setting apart R2 was undone."
    assert redo(page, tab) == "Setting apart R2 was redone."
    assert workspace(tab).session == apart


def test_a_failed_question_is_no_act_and_comes_back_too(page: Handlers, tab: Tab) -> None:
    draw(page, tab)
    ask(page, tab, "break")
    shown = workspace(tab)
    assert undo(page, tab) == "The question that failed was removed."
    undo(page, tab)
    assert redo(page, tab) == "Drawing R1 was redone."
    assert redo(page, tab) == "The question that failed is back."
    assert workspace(tab) == shown
    assert redo(page, tab) == NO_REDO
    undo(page, tab)
    undo(page, tab)
    ask(page, tab, "break")  # loses nothing
    assert undo(page, tab) == "The question that failed was removed."
    assert redo(page, tab) == "Drawing R1 was redone."
    assert redo(page, tab) == NO_REDO


def test_both_wait_for_the_turn_that_runs(page: Handlers, tab: Tab) -> None:
    draw(page, tab)
    draw(page, tab)
    undo(page, tab)
    before = workspace(tab)
    asked = page.asking.ask("slow", tab, REQUEST)
    next(asked)
    for step in (page.undoing.undo, page.undoing.redo):
        updates = step(tab, REQUEST)
        assert updates[page.context.parts.hint]["text"] == sentences.STOP_FIRST
        assert "serial" in updates[page.context.parts.canvas]  # the next press may be sent
    assert workspace(tab) is before
    page.undoing.stop(REQUEST)
    list(asked)
    assert redo(page, tab) == NO_REDO  # what was written stays, and is something new


def test_with_nothing_there_both_say_so(page: Handlers) -> None:
    tab = Tab()
    assert undo(page, tab) == sentences.NOTHING_TO_UNDO
    assert redo(page, tab) == NO_REDO


def test_going_back_and_forth_keeps_no_more_pictures(
    page: Handlers, tab: Tab, grey: Path, blocks: Path
) -> None:
    for path in (grey, blocks) * MAX_PUT_AWAY:
        page.opening.open_upload(str(path), tab, REQUEST)
        for _ in range(MAX_PUT_AWAY + 2):
            undo(page, tab)
        assert tab.put_away == ()
        for _ in range(MAX_PUT_AWAY + 2):
            redo(page, tab)
        away: tuple[Workspace, ...] = tab.put_away
        assert workspace(tab).ahead == ()
        assert len(away) <= MAX_PUT_AWAY
        assert not any(kept.ahead or kept.session.later for kept in away)
