"""Acts as the browser sends them: good ones change the workspace, others are refused with a sentence."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import gradio as gr
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from demo.dialogue.session import Session
from demo.models.models import Models
from demo.models.switching import RunningModels
from demo.picture.picture import open_picture
from demo.segmenters.grabcut import GrabCutSegmenter
from demo.ui.canvas.acts import Acts
from demo.ui.events import Events
from demo.ui.parts import Parts, place_parts
from demo.ui.shared import sentences
from demo.ui.tab.running_turns import RunningTurns
from demo.ui.tab.workspace import MAX_PUT_AWAY, Tab, Workspace
from tests.support.table import TableReasoner

REQUEST: Any = SimpleNamespace(session_hash="ann")


def sent(data: object) -> Any:
    """The event as Gradio hands it over."""
    return SimpleNamespace(_data=data)


@pytest.fixture(scope="module")
def acts(tmp_path_factory: pytest.TempPathFactory) -> Acts:
    folder = tmp_path_factory.mktemp("acts")
    models = Models(TableReasoner(), GrabCutSegmenter(), "table", "", "")
    status = {"status": "table", "advice": "", "why": ""}

    async def placed() -> Parts:
        """Without a running event loop Gradio would begin one that nobody closes."""
        with gr.Blocks():
            return place_parts(status, [], folder, None)

    with ThreadPoolExecutor(1) as other:  # a browser's loop may be running in this one
        parts = other.submit(asyncio.run, placed()).result()
    events = Events(parts, RunningModels(models), [], folder, RunningTurns())
    return Acts(events)


@pytest.fixture
def tab(acts: Acts, blocks: Path) -> Iterator[Tab]:
    """A visitor who has opened the two blocks and found both."""
    made = Tab()
    acts.events.open_upload(str(blocks), made, REQUEST)
    list(acts.events.ask("find both", made, REQUEST))
    list(acts.events.ask("what is next to R1.1", made, REQUEST))
    yield made
    acts.events.turns.stop("ann")


def session(tab: Tab) -> Session:
    assert tab.workspace is not None
    return tab.workspace.session


def workspace(tab: Tab) -> Workspace:
    assert tab.workspace is not None
    return tab.workspace


def hint(updates: dict[Any, Any], acts: Acts) -> str:
    return str(updates[acts.events.parts.hint]["text"])


def test_every_act_on_a_region_has_its_answer(acts: Acts, tab: Tab) -> None:
    serials = []
    for data in (
        {"kind": "box", "box": [230, 50, 350, 170]},
        {"kind": "point", "at": [90, 110]},
        {"kind": "refine", "object": "R4.1", "at": [300, 100], "positive": False},
        {"kind": "correct", "object": "R2.1", "box": [350, 170, 230, 50]},
        {"kind": "rename", "region": "R3", "label": "block"},
        {"kind": "hide", "region": "R1", "hidden": True},
        {"kind": "delete", "region": "R4"},
    ):
        updates = acts.act(tab, sent(data), REQUEST)
        serials.append(updates[acts.events.parts.canvas]["serial"])
    regions = {r.id: r for r in session(tab).registry}
    assert list(regions) == ["R1", "R2", "R3"]
    assert regions["R3"].label == "block"
    assert regions["R1"].hidden
    assert regions["R2"].objects[0].box.xyxy == (230, 50, 350, 170)
    assert regions["R2"].corrected
    assert sorted(set(serials)) == serials


@pytest.mark.parametrize(
    ("data", "said"),
    [
        pytest.param({}, sentences.NOT_UNDERSTOOD, id="nothing"),
        pytest.param({"kind": "box"}, sentences.NOT_UNDERSTOOD, id="no box"),
        pytest.param({"kind": "box", "box": [1, 2, 3]}, sentences.NOT_UNDERSTOOD, id="three numbers"),
        pytest.param(
            {"kind": "box", "box": [1, 2, 3, "4"]}, sentences.NOT_UNDERSTOOD, id="a text for a number"
        ),
        pytest.param({"kind": "point", "at": [0, 1e400]}, sentences.NOT_UNDERSTOOD, id="infinity"),
        pytest.param(
            {"kind": "delete", "region": "R9"}, "There is no R9 here. You can cite R1 and R2.",
            id="an unknown region",
        ),
    ],
)  # fmt: skip
def test_an_unusable_act_changes_nothing(acts: Acts, tab: Tab, data: object, said: str) -> None:
    before = session(tab)
    updates = acts.act(tab, sent(data), REQUEST)
    assert hint(updates, acts) == said
    assert session(tab) is before


@settings(max_examples=60, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(["kind", "box", "at", "object", "region", "label", "hidden", "turn"]),
        st.none() | st.booleans() | st.integers() | st.floats() | st.text()
        | st.sampled_from(["box", "point", "correct", "rename", "hide", "R1", "R1.2"])
        | st.lists(st.integers() | st.floats(), max_size=5),
    )
)  # fmt: skip
def test_whatever_is_sent_is_answered(acts: Acts, data: dict[str, object]) -> None:
    tab = Tab()
    acts.events.open_upload(None, tab, REQUEST)
    assert acts.events.parts.canvas in acts.act(tab, sent(data), REQUEST)


def test_acts_are_refused_while_a_turn_runs(acts: Acts, tab: Tab) -> None:
    ticket = acts.events.turns.begin("ann")
    assert ticket is not None
    updates = acts.act(tab, sent({"kind": "delete", "region": "R1"}), REQUEST)
    acts.events.turns.end(ticket)
    assert hint(updates, acts) == sentences.STOP_FIRST
    assert "serial" in updates[acts.events.parts.canvas]


def test_asking_again_keeps_corrections_and_is_one_step_back(acts: Acts, tab: Tab) -> None:
    before = session(tab)
    acts.act(tab, sent({"kind": "correct", "object": "R1.1", "box": [50, 70, 150, 170]}), REQUEST)
    corrected = session(tab)
    list(acts.turn(tab, sent({"kind": "again", "turn": 2}), REQUEST))
    assert session(tab).turns[1].prompted == "what is next to bbox=[105, 196, 315, 476]"
    assert [r.id for r in session(tab).registry] == ["R1", "R2"]
    assert session(tab).undo() == corrected
    assert session(tab).undo().undo() == before


def test_a_changed_question_takes_the_place_of_the_old_one(acts: Acts, tab: Tab) -> None:
    parts = acts.events.parts
    updates, *_ = acts.turn(tab, sent({"kind": "change", "turn": 1}), REQUEST)
    assert updates[parts.message] == "find both"
    assert updates[parts.hint]["changing"] == 1
    list(acts.events.ask("find red", tab, REQUEST))
    assert [t.question for t in session(tab).turns] == ["find red"]
    assert session(tab).registry.names() == ("R1", "R1.1")
    assert workspace(tab).changing is None


@pytest.mark.parametrize("way", ["new", "open"])
def test_a_dialogue_that_was_put_away_comes_back(
    acts: Acts, tab: Tab, blocks: Path, way: str
) -> None:
    before, events = session(tab), acts.events
    said = hint(
        events.new(tab, REQUEST) if way == "new" else events.open_upload(str(blocks), tab, REQUEST),
        acts,
    )
    assert said == "The dialogue was put away. Undo brings it back."
    assert hint(events.undo(tab, REQUEST), acts) == "The dialogue is back."
    assert session(tab) == before
    assert hint(events.undo(tab, REQUEST), acts) == "Answer 2 was taken back."


def test_new_twice_forgets_nothing_and_an_empty_workspace_has_nothing_to_undo(
    acts: Acts, tab: Tab
) -> None:
    events, before = acts.events, session(tab)
    events.new(tab, REQUEST)
    events.new(tab, REQUEST)
    events.undo(tab, REQUEST)
    assert session(tab) == before
    assert hint(events.undo(Tab(), REQUEST), acts) == sentences.NOTHING_TO_UNDO


def test_a_dialogue_dropped_while_a_turn_ran_is_put_away(acts: Acts, tab: Tab) -> None:
    before = session(tab)
    asked = acts.events.ask("slow", tab, REQUEST)
    next(asked)
    acts.events.new(tab, REQUEST)
    said = [hint(updates, acts) for updates in asked if acts.events.parts.hint in updates]
    assert said[-1] == "The dialogue was put away. Undo brings it back."
    assert tab.workspace is None
    acts.events.undo(tab, REQUEST)
    assert session(tab) == before


def test_who_sees_the_answer_may_act_on_it_at_once(acts: Acts, tab: Tab) -> None:
    canvas, sheet = acts.events.parts.canvas, acts.events.parts.sheet
    asked = acts.events.ask("find red", tab, REQUEST)
    next(updates for updates in asked if updates.get(canvas, {}).get("busy") == "")
    shown, *_ = acts.turn(tab, sent({"kind": "numbers", "turn": 3}), REQUEST)
    assert shown[sheet]["title"] == "Answer 3: the numbers"


def test_only_the_last_few_pictures_are_kept(acts: Acts, tab: Tab, blocks: Path) -> None:
    for _ in range(MAX_PUT_AWAY + 2):
        acts.events.open_upload(str(blocks), tab, REQUEST)
    assert len(tab.put_away) == MAX_PUT_AWAY


def test_undo_says_what_it_took_back(acts: Acts, tab: Tab) -> None:
    made = acts.act(tab, sent({"kind": "box", "box": [10, 10, 30, 30]}), REQUEST)
    assert hint(made, acts) == "R3 is drawn. Click it to cite it, or draw another."
    said = [hint(acts.events.undo(tab, REQUEST), acts) for _ in range(3)]
    assert said == [
        "The last change was taken back.", "Answer 2 was taken back.", "Answer 1 was taken back.",
    ]  # fmt: skip


def test_a_question_may_stay_as_it_was(acts: Acts, tab: Tab) -> None:
    list(acts.turn(tab, sent({"kind": "change", "turn": 1}), REQUEST))
    updates, *_ = acts.turn(tab, sent({"kind": "keep", "turn": 1}), REQUEST)
    assert updates[acts.events.parts.hint]["changing"] is None if "changing" in updates else True
    list(acts.events.ask("find red", tab, REQUEST))
    assert len(session(tab).turns) == 3


def test_branches_are_switched(acts: Acts, tab: Tab) -> None:
    list(acts.turn(tab, sent({"kind": "branch", "turn": 1}), REQUEST))
    assert len(session(tab).turns) == 1
    updates, *_ = acts.turn(tab, sent({"kind": "switch", "dialogue": 0}), REQUEST)
    assert len(session(tab).turns) == 2
    value = updates[acts.events.parts.canvas]
    assert [d["turns"] for d in value["dialogues"]] == [2, 1]
    assert value["dialogue"] == 0


def test_a_rating_is_kept_and_taken_back(acts: Acts, tab: Tab) -> None:
    for kind, kept in (("up", "up"), ("down", "down"), ("down", None)):
        list(acts.turn(tab, sent({"kind": kind, "turn": 1}), REQUEST))
        assert session(tab).turns[0].feedback == kept


def test_the_numbers_of_a_turn_stand_side_by_side(acts: Acts, tab: Tab) -> None:
    updates, *_ = acts.turn(tab, sent({"kind": "numbers", "turn": 2}), REQUEST)
    value = updates[acts.events.parts.sheet]
    assert value["frame"] == [840, 840]
    assert value["size"] == [400, 300]
    (item,) = value["objects"]
    assert (item["model"], item["picture"]) == ([504, 168, 714, 448], [240, 60, 340, 160])
    (reference,) = value["references"]
    assert (reference["name"], reference["picture"]) == ("R1.1", [40, 60, 140, 160])
    assert value["prompted"] == "what is next to bbox=[84, 168, 294, 448]"
    assert value["raw"].startswith("<scene>")
    assert dict(value["timings"])["whole answer"].endswith(" s")


@pytest.mark.parametrize("kind", ["again", "change", "branch", "up", "numbers"])
def test_an_answer_that_is_gone_says_so(acts: Acts, tab: Tab, kind: str) -> None:
    updates, *_ = acts.turn(tab, sent({"kind": kind, "turn": 9}), REQUEST)
    assert "does not exist any more" in hint(updates, acts)


def test_a_dialogue_plays_to_its_end(acts: Acts, blocks: Path) -> None:
    tab = Tab()
    acts.events.open_upload(str(blocks), tab, REQUEST)
    picture = open_picture(blocks)
    made = workspace(tab)
    tab.workspace = Workspace(
        picture, made.shown, made.session, questions=("find red", "next to R1")
    )
    list(acts.events.play(tab, REQUEST))
    assert [t.question for t in session(tab).turns] == ["find red", "next to R1"]


def test_a_picture_that_cannot_be_shown_leaves_the_workspace_as_it_is(
    acts: Acts, tab: Tab, blocks: Path
) -> None:
    before = workspace(tab)
    nowhere = replace(acts.events, pictures=blocks / "below a file")
    updates = nowhere.open_upload(str(blocks), tab, REQUEST)
    assert hint(updates, acts) == "This picture cannot be shown: a file is in its place."
    assert workspace(tab) is before
    assert not acts.events.turns.is_running("ann")
