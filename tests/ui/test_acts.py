"""Acts as the browser sends them: good ones change the workspace, others are refused with a sentence."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from demo.picture.picture import open_picture
from demo.segmenters.grabcut import GrabCutSegmenter
from demo.ui.shared import sentences
from demo.ui.tab.workspace import MAX_PUT_AWAY, Tab, Workspace
from tests.ui.handlers import Handlers, handlers_of, placed_parts, sent, workspace

REQUEST: Any = SimpleNamespace(session_hash="ann")


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Handlers:
    folder = tmp_path_factory.mktemp("acts")
    return handlers_of(placed_parts(folder), folder, segmenter=GrabCutSegmenter())


@pytest.fixture
def tab(page: Handlers, blocks: Path) -> Iterator[Tab]:
    """A visitor who has opened the two blocks and found both."""
    made = Tab()
    page.opening.open_upload(str(blocks), made, REQUEST)
    list(page.asking.ask("find both", made, REQUEST))
    list(page.asking.ask("what is next to R1.1", made, REQUEST))
    yield made
    page.context.turns.stop("ann")


def hint(updates: dict[Any, Any], page: Handlers) -> str:
    return str(updates[page.context.parts.hint]["text"])


def test_every_act_on_a_region_has_its_answer(page: Handlers, tab: Tab) -> None:
    serials = []
    for data in (
        {"kind": "box", "box": [230, 50, 350, 170]},
        {"kind": "point", "at": [90, 110]},
        {"kind": "refine", "object": "R4.1", "at": [300, 100], "positive": False},
        {"kind": "correct", "object": "R2.1", "box": [350, 170, 230, 50]},
        {"kind": "rename", "region": "R3", "label": "block"},
        {"kind": "hide", "region": "R1", "hidden": True},
        {"kind": "delete", "region": "R4"},
        {
            "kind": "shapes",
            "shapes": [{"label": "far", "boxes": [[0, 0, 90, 90], [300, 200, 500, 600]]}],
        },
        {"kind": "copy_all", "regions": ["R5"], "by": [10, 10]},
        {"kind": "move_all", "regions": ["R5", "R6"], "by": [0, -5]},
        {"kind": "hide_all", "regions": ["R5", "R6"], "hidden": True},
        {"kind": "delete_all", "regions": ["R6", "R5"]},
        {"kind": "polygon", "corners": [[10, 10], [60, 10], [60, 60]]},
        {"kind": "reshape", "object": "R7.1", "corners": [[10, 10], [90, 10], [-60, 900]]},
        {"kind": "paint", "object": "R7.1", "points": [[10, 10], [200, 200]], "width": 9},
        {"kind": "paint", "object": "", "points": [[300, 200]], "width": 9, "erases": False},
        {"kind": "delete_all", "regions": ["R7", "R8"]},
    ):
        updates = page.acts.act(tab, sent(**data), REQUEST)
        serials.append(updates[page.context.parts.canvas]["serial"])
    regions = {r.id: r for r in workspace(tab).session.registry}
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
        pytest.param({"kind": "delete_all", "regions": []}, sentences.NOT_UNDERSTOOD, id="no regions"),
        pytest.param(
            {"kind": "move_all", "regions": ["R1"]}, sentences.NOT_UNDERSTOOD, id="no way to move"
        ),
        pytest.param(
            {"kind": "copy_all", "regions": ["R1"] * 101, "by": [1, 1]}, sentences.NOT_UNDERSTOOD,
            id="too many copies",
        ),
        pytest.param(
            {"kind": "shapes", "shapes": [{"label": "a"}]}, sentences.NOT_UNDERSTOOD,
            id="a shape without boxes",
        ),
        pytest.param(
            {"kind": "shapes", "shapes": [{"label": "a", "boxes": [[0, 0, 9, 9]] * 31}] * 10},
            "Draw at most 300 boxes at once.", id="more boxes than can be segmented at once",
        ),
        pytest.param(
            {"kind": "paint", "object": "R1.1", "points": [[1, 2]] * 501, "width": 3},
            sentences.NOT_UNDERSTOOD, id="too long a stroke",
        ),
        pytest.param(
            {"kind": "paint", "object": "R1.1", "points": [[1, 2]], "width": -3},
            sentences.NOT_UNDERSTOOD, id="a stroke of no width",
        ),
        pytest.param(
            {"kind": "polygon", "corners": [[1, 2], [3, 4], [1, 2]]},
            "An outline needs at least three corners.", id="two corners",
        ),
        pytest.param({"kind": "point", "at": [0, 1e400]}, sentences.NOT_UNDERSTOOD, id="infinity"),
        pytest.param(
            {"kind": "delete", "region": "R9"}, "There is no R9 here. You can cite R1 and R2.",
            id="an unknown region",
        ),
    ],
)  # fmt: skip
def test_an_unusable_act_changes_nothing(
    page: Handlers, tab: Tab, data: dict[str, object], said: str
) -> None:
    before = workspace(tab).session
    updates = page.acts.act(tab, sent(**data), REQUEST)
    assert hint(updates, page) == said
    assert workspace(tab).session is before


def test_a_cut_out_is_answered_with_its_number_and_changes_nothing(
    page: Handlers, tab: Tab
) -> None:
    before = workspace(tab).session
    updates = page.acts.cut_out(tab, sent(region="R1", ticket=3))
    cut = updates[page.context.parts.canvas]["cut_out"]
    assert (cut["ticket"], cut["box"]) == (3, [40, 60, 340, 160])
    written = base64.b64decode(cut["edge"].removeprefix("data:image/png;base64,"))
    alpha = np.array(Image.open(io.BytesIO(written)))[..., 1]
    assert alpha.shape == (100, 300)
    assert (alpha[:, 10:90] == 255).all()
    assert (alpha[:, 110:190] == 0).all()
    assert workspace(tab).session is before


@pytest.mark.parametrize(
    ("data", "said"),
    [
        pytest.param({}, sentences.NOT_UNDERSTOOD, id="nothing"),
        pytest.param({"ticket": -1, "region": "R1"}, sentences.NOT_UNDERSTOOD, id="no number"),
        pytest.param({"ticket": 1, "region": ["R1"]}, sentences.NOT_UNDERSTOOD, id="no name"),
        pytest.param(
            {"ticket": 1, "region": "R9"},
            "There is no R9 here. You can cite R1 and R2.",
            id="an unknown region",
        ),
    ],
)
def test_there_is_no_cut_out_of_what_is_not_there(
    page: Handlers, tab: Tab, data: dict[str, object], said: str
) -> None:
    updates = page.acts.cut_out(tab, sent(**data))
    assert hint(updates, page) == said
    assert updates[page.context.parts.canvas]["cut_out"]["box"] is None


def test_without_a_picture_there_is_no_cut_out(page: Handlers) -> None:
    updates = page.acts.cut_out(Tab(), sent(region="R1", ticket=1))
    assert hint(updates, page) == sentences.OPEN_FIRST


@settings(max_examples=60, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(["kind", "box", "at", "object", "region", "label", "hidden", "turn"]),
        st.none() | st.booleans() | st.integers() | st.floats() | st.text()
        | st.sampled_from(["box", "point", "correct", "rename", "hide", "R1", "R1.2"])
        | st.lists(st.integers() | st.floats(), max_size=5),
    )
)  # fmt: skip
def test_whatever_is_sent_is_answered(page: Handlers, data: dict[str, object]) -> None:
    tab = Tab()
    page.opening.open_upload(None, tab, REQUEST)
    assert page.context.parts.canvas in page.acts.act(tab, sent(**data), REQUEST)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param({}, id="nothing"),
        pytest.param({"kind": ["again"], "turn": 1}, id="a list for a word"),
        pytest.param({"kind": "forget", "turn": 1}, id="an unknown link"),
        pytest.param({"kind": "again", "turn": True}, id="a truth for a turn"),
        pytest.param({"kind": "compare", "turn": 1, "source": {"a": 1}}, id="no model's name"),
        pytest.param({"kind": "switch", "dialogue": 1e9}, id="no dialogue"),
    ],
)
def test_an_unusable_link_changes_nothing(
    page: Handlers, tab: Tab, data: dict[str, object]
) -> None:
    before = workspace(tab).session
    updates, *_ = page.links.turn(tab, sent(**data), REQUEST)
    assert hint(updates, page) == sentences.NOT_UNDERSTOOD
    assert workspace(tab).session is before


def test_acts_are_refused_while_a_turn_runs(page: Handlers, tab: Tab) -> None:
    ticket = page.context.turns.begin("ann")
    assert ticket is not None
    updates = page.acts.act(tab, sent(kind="delete", region="R1"), REQUEST)
    page.context.turns.end(ticket)
    assert hint(updates, page) == sentences.STOP_FIRST
    assert "serial" in updates[page.context.parts.canvas]


def test_asking_again_keeps_corrections_and_is_one_step_back(page: Handlers, tab: Tab) -> None:
    before = workspace(tab).session
    page.acts.act(tab, sent(kind="correct", object="R1.1", box=[50, 70, 150, 170]), REQUEST)
    corrected = workspace(tab).session
    list(page.links.turn(tab, sent(kind="again", turn=2), REQUEST))
    assert workspace(tab).session.turns[1].prompted == "what is next to bbox=[105, 196, 315, 476]"
    assert [r.id for r in workspace(tab).session.registry] == ["R1", "R2"]
    assert workspace(tab).session.undo() == corrected
    assert workspace(tab).session.undo().undo() == before


def test_a_changed_question_takes_the_place_of_the_old_one(page: Handlers, tab: Tab) -> None:
    parts = page.context.parts
    updates, *_ = page.links.turn(tab, sent(kind="change", turn=1), REQUEST)
    assert updates[parts.message] == "find both"
    assert updates[parts.hint]["changing"] == 1
    list(page.asking.ask("find red", tab, REQUEST))
    assert [t.question for t in workspace(tab).session.turns] == ["find red"]
    assert workspace(tab).session.registry.names() == ("R1", "R1.1")
    assert workspace(tab).changing is None


@pytest.mark.parametrize("way", ["new", "open"])
def test_a_dialogue_that_was_put_away_comes_back(
    page: Handlers, tab: Tab, blocks: Path, way: str
) -> None:
    before, undoing = workspace(tab).session, page.undoing
    said = hint(
        undoing.new(tab, REQUEST)
        if way == "new"
        else page.opening.open_upload(str(blocks), tab, REQUEST),
        page,
    )
    assert said == "The dialogue was put away. Undo brings it back."
    assert hint(undoing.undo(tab, REQUEST), page) == "The dialogue is back."
    assert workspace(tab).session == before
    assert hint(undoing.undo(tab, REQUEST), page) == "Answer 2 was undone."


def test_new_twice_forgets_nothing_and_an_empty_workspace_has_nothing_to_undo(
    page: Handlers, tab: Tab
) -> None:
    undoing, before = page.undoing, workspace(tab).session
    undoing.new(tab, REQUEST)
    undoing.new(tab, REQUEST)
    undoing.undo(tab, REQUEST)
    assert workspace(tab).session == before
    assert hint(undoing.undo(Tab(), REQUEST), page) == sentences.NOTHING_TO_UNDO


def test_a_dialogue_dropped_while_a_turn_ran_is_put_away(page: Handlers, tab: Tab) -> None:
    before = workspace(tab).session
    asked = page.asking.ask("slow", tab, REQUEST)
    next(asked)
    page.undoing.new(tab, REQUEST)
    said = [hint(updates, page) for updates in asked if page.context.parts.hint in updates]
    assert said[-1] == "The dialogue was put away. Undo brings it back."
    assert tab.workspace is None
    page.undoing.undo(tab, REQUEST)
    assert workspace(tab).session == before


def test_who_sees_the_answer_may_act_on_it_at_once(page: Handlers, tab: Tab) -> None:
    canvas, sheet = page.context.parts.canvas, page.context.parts.sheet
    asked = page.asking.ask("find red", tab, REQUEST)
    next(updates for updates in asked if updates.get(canvas, {}).get("busy") == "")
    shown, *_ = page.links.turn(tab, sent(kind="numbers", turn=3), REQUEST)
    assert shown[sheet]["title"] == "Answer 3: the numbers"


def test_only_the_last_few_pictures_are_kept(page: Handlers, tab: Tab, blocks: Path) -> None:
    for _ in range(MAX_PUT_AWAY + 2):
        page.opening.open_upload(str(blocks), tab, REQUEST)
    assert len(tab.put_away) == MAX_PUT_AWAY


def test_undo_says_what_it_took_back(page: Handlers, tab: Tab) -> None:
    made = page.acts.act(tab, sent(kind="box", box=[10, 10, 30, 30]), REQUEST)
    assert hint(made, page) == "R3 is drawn. Click it to cite it, or draw another."
    said = [hint(page.undoing.undo(tab, REQUEST), page) for _ in range(3)]
    assert said == [
        "Drawing R3 was undone.", "Answer 2 was undone.", "Answer 1 was undone.",
    ]  # fmt: skip


def test_a_question_may_stay_as_it_was(page: Handlers, tab: Tab) -> None:
    list(page.links.turn(tab, sent(kind="change", turn=1), REQUEST))
    updates, *_ = page.links.turn(tab, sent(kind="keep", turn=1), REQUEST)
    assert updates[page.context.parts.hint]["changing"] is None
    list(page.asking.ask("find red", tab, REQUEST))
    assert len(workspace(tab).session.turns) == 3


def test_branches_are_switched(page: Handlers, tab: Tab) -> None:
    list(page.links.turn(tab, sent(kind="branch", turn=1), REQUEST))
    assert len(workspace(tab).session.turns) == 1
    updates, *_ = page.links.turn(tab, sent(kind="switch", dialogue=0), REQUEST)
    assert len(workspace(tab).session.turns) == 2
    value = updates[page.context.parts.canvas]
    assert [d["turns"] for d in value["dialogues"]] == [2, 1]
    assert value["dialogue"] == 0


def test_a_rating_is_kept_and_taken_back(page: Handlers, tab: Tab) -> None:
    for kind, kept in (("up", "up"), ("down", "down"), ("down", None)):
        list(page.links.turn(tab, sent(kind=kind, turn=1), REQUEST))
        assert workspace(tab).session.turns[0].feedback == kept


def test_the_numbers_of_a_turn_stand_side_by_side(page: Handlers, tab: Tab) -> None:
    updates, *_ = page.links.turn(tab, sent(kind="numbers", turn=2), REQUEST)
    value = updates[page.context.parts.sheet]
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
def test_an_answer_that_is_gone_says_so(page: Handlers, tab: Tab, kind: str) -> None:
    updates, *_ = page.links.turn(tab, sent(kind=kind, turn=9), REQUEST)
    assert "does not exist any more" in hint(updates, page)


def test_a_dialogue_plays_to_its_end(page: Handlers, blocks: Path) -> None:
    tab = Tab()
    page.opening.open_upload(str(blocks), tab, REQUEST)
    picture = open_picture(blocks)
    made = workspace(tab)
    tab.workspace = Workspace(
        picture, made.picture_file, made.session, questions=("find red", "next to R1")
    )
    list(page.asking.play(tab, REQUEST))
    assert [t.question for t in workspace(tab).session.turns] == ["find red", "next to R1"]


def test_a_picture_that_cannot_be_shown_leaves_the_workspace_as_it_is(
    page: Handlers, tab: Tab, blocks: Path
) -> None:
    before = workspace(tab)
    nowhere = replace(page.opening, pictures=blocks / "below a file")
    updates = nowhere.open_upload(str(blocks), tab, REQUEST)
    assert hint(updates, page) == "This picture cannot be shown: a file is in its place."
    assert workspace(tab) is before
    assert not page.context.turns.is_running("ann")
