"""Examples are opened as the browser asks for them, and nothing else is."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from demo.dialogue.examples import Example
from demo.ui.shared import sentences
from demo.ui.tab.workspace import Tab
from tests.ui.handlers import Handlers, handlers_of, placed_parts, sent

REQUEST: Any = SimpleNamespace(session_hash="ann")


@pytest.fixture
def page(tmp_path: Path, blocks: Path) -> Handlers:
    example = Example("Blocks", blocks, ("find both",))
    return handlers_of(placed_parts(tmp_path / "parts"), tmp_path, examples=[example])


def test_an_example_opens_and_its_dialogue_is_offered(page: Handlers) -> None:
    tab = Tab()
    page.opening.open_example(tab, sent(index=0, play=True), REQUEST)
    assert tab.workspace is not None
    assert tab.workspace.next_question == "find both"
    list(page.asking.play_if_wanted(tab, REQUEST))
    assert [turn.question for turn in tab.workspace.session.turns] == ["find both"]
    assert not tab.to_play


@pytest.mark.parametrize(
    "data",
    [
        pytest.param({}, id="nothing"),
        pytest.param({"index": -1}, id="before the first"),
        pytest.param({"index": 1}, id="behind the last"),
        pytest.param({"index": 10**30}, id="far behind"),
        pytest.param({"index": "0"}, id="a text"),
        pytest.param({"index": False}, id="a truth"),
        pytest.param({"index": 0, "play": "yes"}, id="a text for a truth"),
    ],
)
def test_what_is_no_example_opens_nothing(page: Handlers, data: dict[str, object]) -> None:
    tab = Tab()
    updates = page.opening.open_example(tab, sent(**data), REQUEST)
    assert updates[page.context.parts.hint]["text"] == sentences.NOT_UNDERSTOOD
    assert tab.workspace is None


def test_an_example_that_must_wait_is_not_played(page: Handlers) -> None:
    tab = Tab()
    with page.context.turns.hold("ann"):
        updates = page.opening.open_example(tab, sent(index=0, play=True), REQUEST)
    assert updates[page.context.parts.hint]["text"] == sentences.STOP_FIRST
    assert not tab.to_play
