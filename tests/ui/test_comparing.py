"""The form that compares models, without a browser: what it asks, keeps, refuses, and what it tells."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from app import parser
from demo.checkpoints.catalogue import Entry
from demo.dialects.prompt import Prompt
from demo.dialogue.comparison import left_for, others_in
from demo.dialogue.session import SecondOpinion
from demo.dialogue.session_json import session_from_json, session_to_json
from demo.dialogue.store import Store
from demo.errors import CheckpointError, ModelError
from demo.models.available import AvailableModels, Row
from demo.models.models import Models
from demo.picture.picture import Picture
from demo.reasoners.base import Usage
from demo.ui.compare.table import comparison, outcome, troubles
from demo.ui.shared import sentences
from demo.ui.tab.workspace import Tab
from tests.evaluate.test_live_benchmark import FIRST, SECOND, on
from tests.support.table import TableReasoner
from tests.ui.handlers import Handlers, handlers_of, placed_parts, sent, workspace
from tests.ui.test_dialogues_panel import asks

REQUEST = asks("ann")
QUESTIONS = ("find both", "what is next to R1.1", "find red")


class Named(TableReasoner):
    """The table under another name; what it is asked can be made to fail, or to stop everything."""

    def __init__(self, name: str, others: Others) -> None:
        super().__init__()
        self.name, self._others = name, others

    def stream(
        self, picture: Picture, prompt: Prompt, cancel: threading.Event
    ) -> Iterator[str | Usage]:
        self._others.asked.append((self.name, prompt.question))
        assert self._others.may_answer is None or self._others.may_answer.acquire(timeout=30)
        if self._others.fails and self._others.fails in prompt.question:
            raise ModelError("The device has no room left.")
        yield from super().stream(picture, prompt, cancel)
        if self._others.stop_after in prompt.question:
            self._others.stop()


class Others(AvailableModels):
    """Models of which each reads from the table."""

    def __init__(self) -> None:
        super().__init__(parser().parse_args(["--model", "nano"]))
        self._entries = {name: Entry(name, name) for name in ("second", "third", "broken", "away")}
        self.asked: list[tuple[str, str]] = []
        self.fails, self.stop_after = "", "\0"
        self.may_answer: threading.Semaphore | None = None
        self.stop: Callable[[], object] = bool

    def add(self, name: str) -> Entry:
        return self.entry(name.removeprefix("/models/"))  # type: ignore[return-value]

    def is_here(self, entry: Entry) -> bool:
        return entry.name != "away"

    def fits_beside(self, _entry: Entry) -> bool:
        return True

    def is_small(self, _entry: Any) -> bool:
        return True

    def rows(self, _models: Models, *, measured: bool, beside: int = 0) -> list[Row]:
        assert not measured
        here = [entry for entry in self._entries.values() if self.is_here(entry)]
        return [Row(entry.source, entry.title, "here", f"{beside} bytes.") for entry in here]

    def load(self, entry: Any, _former: object) -> Models:
        if entry.name == "broken":
            raise CheckpointError("The checkpoint is damaged.")
        return Models(Named(entry.name, self), None, "", "", "", entry=entry)


@pytest.fixture
def others() -> Others:
    return Others()


@pytest.fixture
def page(tmp_path: Path, others: Others) -> Handlers:
    made = handlers_of(
        placed_parts(tmp_path), tmp_path, Store(tmp_path / "sessions"), available=others
    )
    others.stop = lambda: made.context.turns.stop("ann")
    return made


@pytest.fixture
def tab(page: Handlers, blocks: Path) -> Tab:
    made = Tab()
    page.opening.open_upload(str(blocks), made, REQUEST)
    for question in QUESTIONS:
        list(page.asking.ask(question, made, REQUEST))
    return made


def ask(page: Handlers, tab: Tab, **values: object) -> list[dict[Any, Any]]:
    """What is shown while a model is asked."""
    asked = {"turn": 0, "source": "second", "name": "", "again": False} | values
    return list(page.comparing.ask(tab, sent(**asked), REQUEST))


def form(page: Handlers, updates: dict[Any, Any]) -> dict[str, Any]:
    value: dict[str, Any] = updates[page.context.parts.compare]
    return value


def test_a_whole_dialogue_is_asked_and_told_as_it_goes(
    page: Handlers, tab: Tab, others: Others
) -> None:
    before, shown, doing = workspace(tab).session, [], list[str]()
    others.may_answer = threading.Semaphore(0)  # an answer comes when its round has been shown
    asked = {"turn": 0, "source": "second"}
    for updates in page.comparing.ask(tab, sent(**asked), REQUEST):
        shown.append(updates)
        busy, _, _ = str(updates[page.context.parts.canvas].get("busy", "")).partition(": ")
        if busy.startswith("second, round ") and busy not in doing:
            doing.append(busy)
            others.may_answer.release()
    assert doing == [f"second, round {number} of 3" for number in (1, 2, 3)]
    assert [name for name, _ in others.asked] == ["second"] * 3
    last = form(page, shown[-1])
    assert (last["said"], last["failed"]) == ("second has answered 3 of 3 rounds.", False)
    assert (last["first"], last["others"], last["shown"]) == ("table", ["second"], "second")
    told = [each["others"]["second"] for each in last["rounds"]]
    assert [(each["count"], each["iou"], each["verdict"]) for each in told] == [
        (2, 1.0, "agree"), (1, 1.0, "agree"), (1, 1.0, "agree"),
    ]  # fmt: skip
    assert told[0]["pairs"] == [[0, 0, 1.0], [1, 1, 1.0]]
    assert [each["region"] for each in last["rounds"]] == ["R1", "R2", "R3"]
    assert workspace(tab).session.registry == before.registry
    assert not page.context.turns.is_running("ann")


def test_several_models_stand_side_by_side_and_travel_with_the_dialogue(
    page: Handlers, tab: Tab
) -> None:
    ask(page, tab)
    ask(page, tab, source="", name="/models/third", turn=2)
    assert page.context.running.kept_beside == ("second", "third")
    assert others_in(workspace(tab).session) == ("second", "third")
    assert left_for(workspace(tab).session, "third") == (1, 3)
    saved = session_from_json(json.loads(json.dumps(session_to_json(workspace(tab).session))))
    assert [len(turn.second_opinions) for turn in saved.turns] == [1, 2, 1]
    models = form(page, page.comparing.look(tab, sent(turn=1), REQUEST))["models"]
    assert {m["name"]: m["left"] for m in models} == {
        "second": [],
        "third": [1, 3],
        "broken": [1, 2, 3],
    }
    forgotten = form(page, page.comparing.look(tab, sent(forget="second"), REQUEST))
    assert forgotten["said"] == "The answers of second were removed."
    assert others_in(workspace(tab).session) == ("third",)


def test_stopped_it_keeps_what_there_is_and_goes_on_with_the_rest(
    page: Handlers, tab: Tab, others: Others
) -> None:
    others.stop_after = "next to"
    shown = ask(page, tab)
    assert form(page, shown[-1])["said"].startswith("Stopped: second has answered ")
    done = 3 - len(left_for(workspace(tab).session, "second"))
    assert 1 <= done < 3
    others.stop_after = "\0"
    others.asked.clear()
    ask(page, tab)
    assert len(others.asked) == 3 - done
    assert left_for(workspace(tab).session, "second") == ()
    others.asked.clear()
    assert form(page, ask(page, tab)[-1])["said"] == sentences.NONE_LEFT.format("second")
    assert not others.asked
    ask(page, tab, again=True)
    assert len(others.asked) == 3


def test_a_round_that_fails_is_named_and_the_others_are_there(
    page: Handlers, tab: Tab, others: Others
) -> None:
    others.fails = "next to"
    last = form(page, ask(page, tab)[-1])
    assert last["reasons"] == {"2": "The device has no room left."}
    assert last["said"] == (
        "second has answered 2 of 3 rounds. Round 2: The device has no room left."
    )
    assert last["failed"]
    assert left_for(workspace(tab).session, "second") == (2,)


@pytest.mark.parametrize(
    ("values", "says"),
    [
        pytest.param({"source": "nobody"}, "There is no such model in the list.", id="unknown"),
        pytest.param({"source": "broken"}, "The checkpoint is damaged.", id="damaged"),
        pytest.param({"source": "away"}, "away is not on this machine yet.", id="not fetched"),
        pytest.param({"name": "/models/nobody"}, "There is no such model", id="a name of none"),
        pytest.param({"turn": 9}, "This answer does not exist any more.", id="no such round"),
        pytest.param({"turn": "all"}, sentences.NOT_UNDERSTOOD, id="no number"),
        pytest.param({"source": {"a": 1}}, sentences.NOT_UNDERSTOOD, id="no text"),
        pytest.param({"again": "yes"}, sentences.NOT_UNDERSTOOD, id="no flag"),
    ],
)
def test_what_cannot_be_asked_is_said_and_changes_nothing(
    values: dict[str, object], says: str, page: Handlers, tab: Tab
) -> None:
    before = workspace(tab).session
    last = ask(page, tab, **values)[-1]
    assert form(page, last)["said"].startswith(says)
    assert form(page, last)["failed"]
    assert page.context.parts.hint in last
    assert workspace(tab).session == before
    assert not page.context.turns.is_running("ann")


def test_an_unforeseen_fault_of_a_model_loses_nothing(
    page: Handlers, tab: Tab, others: Others, monkeypatch: pytest.MonkeyPatch
) -> None:
    def load(_entry: object, _former: object) -> Models:
        raise ZeroDivisionError

    monkeypatch.setattr(others, "load", load)
    before = workspace(tab).session
    last = form(page, ask(page, tab)[-1])
    assert (last["said"], last["failed"]) == (sentences.UNEXPECTED, True)
    assert workspace(tab).session == before


def test_it_may_be_looked_at_while_it_is_asked_but_nothing_is_removed(
    page: Handlers, tab: Tab
) -> None:
    ask(page, tab, turn=1)
    with page.context.turns.hold("ann"):
        looked = form(page, page.comparing.look(tab, sent(turn=2), REQUEST))
        assert (looked["open"], looked["turn"], looked["others"]) == (True, 2, ["second"])
        linked = list(page.links.turn(tab, sent(kind="compare", turn=1, source="third"), REQUEST))
        assert form(page, linked[-1])["chosen"] == "third"
        refused = form(page, page.comparing.look(tab, sent(forget="second"), REQUEST))
        assert refused["said"] == sentences.STOP_FIRST
    assert others_in(workspace(tab).session) == ("second",)


def test_where_models_are_not_to_be_chosen_nobody_is_asked(tmp_path: Path, blocks: Path) -> None:
    fixed, tab = handlers_of(placed_parts(tmp_path), tmp_path), Tab()
    assert form(fixed, fixed.comparing.look(tab, sent(), REQUEST))["said"] == sentences.OPEN_FIRST
    fixed.opening.open_upload(str(blocks), tab, REQUEST)
    list(fixed.asking.ask("find red", tab, REQUEST))
    looked = form(fixed, fixed.comparing.look(tab, sent(), REQUEST))
    assert (looked["open"], looked["may_choose"], looked["models"]) == (True, False, [])
    for values in ({"source": "second"}, {"name": "/etc"}):
        last = form(fixed, ask(fixed, tab, **values)[-1])
        assert last["said"].startswith("Models are chosen here when the app is started")


def test_a_dialogue_of_the_benchmark_is_scored_for_both() -> None:
    row = on(SECOND)
    second = replace(row.session.turn(1), region=None)
    objects = row.session.registry.objects("R2")
    noted = row.session.with_second_opinion(
        1, SecondOpinion(replace(row.session.reasoner, name="other"), second, objects)
    )
    first, own = comparison(row.with_session(noted))["rounds"]
    assert first["truth"] == {"iou": 1.0, "right": True}
    assert first["others"]["other"]["truth"] == {"iou": 0.0, "right": False}
    assert own["truth"] == {"iou": 1.0, "right": True}
    left = comparison(on(FIRST.with_registry(FIRST.registry.remove("R1"))))["rounds"][0]
    assert (left["region"], left["count"]) == (None, 0)


def test_what_became_of_it_is_one_sentence() -> None:
    assert outcome("m", [2], 1, stopped=False) == "m has answered round 2."
    assert (
        outcome("m", [2], 0, stopped=True) == "Stopped: m was not finished. Ask it again to go on."
    )
    assert outcome("m", [1, 2], 0, stopped=False) == "m has not answered."
    assert troubles({}) == ""
    assert troubles({1: "A.", 2: "B.", 4: "A."}) == "Rounds 1 and 4: A. Round 2: B."
