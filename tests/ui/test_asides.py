"""What stands beside the regions of an answer: whose turn it is, what the canvas gets, its colours."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from demo.dialogue.second_opinion import as_second_opinion
from demo.dialogue.session import SecondOpinion, Session
from demo.evaluate.data import Dialogue, TrueTurn
from demo.evaluate.live_benchmark import Track
from demo.picture.masks import Mask
from demo.picture.palette import PALETTE, contrast
from demo.picture.regions import RegionObject
from demo.ui.canvas.asides import Aside, AsideKind
from demo.ui.canvas.scene import scene
from demo.ui.shared.theme import ASIDE_COLOURS
from demo.ui.tab.workspace import Workspace
from tests.ui.test_values import EMPTY, LEFT, RIGHT, answered, workspace

MASK = Mask.from_array(np.pad(np.ones((100, 100)), ((60, 140), (240, 60))))
FIRST = answered(EMPTY, "a", LEFT, raw="A")
BOTH = answered(FIRST, "b", RIGHT, raw="B")


def opinion(session: Session, number: int, name: str, *objects: RegionObject) -> SecondOpinion:
    """What another model says in turn ``number`` of that dialogue."""
    start = session.before(number).with_reasoner(replace(session.reasoner, name=name))
    finished = answered(start, "the same", *(o.box for o in objects))
    if objects:
        region = finished.registry.regions[-1]
        finished = finished.with_region(replace(region, objects=objects))
    return as_second_opinion(finished)


def two_turns() -> Workspace:
    first = FIRST.with_second_opinion(
        1, opinion(FIRST, 1, "one", RegionObject("", RIGHT, mask=MASK))
    )
    second = answered(first, "b", RIGHT, raw="B").with_second_opinion(2, opinion(BOTH, 2, "one"))
    return workspace(second.with_second_opinion(2, opinion(BOTH, 2, "two", RegionObject("", LEFT))))


def shown(at: Workspace) -> dict[int, list[str]]:
    return {number: [a.name for a in asides] for number, asides in at.asides_by_turn.items()}


def test_asides_belong_to_their_turn() -> None:
    assert shown(two_turns()) == {1: ["one"], 2: ["one", "two"]}


def test_undo_takes_the_asides_of_its_turn() -> None:
    assert shown(two_turns().undone()) == {1: ["one"]}


def test_a_branch_has_the_asides_of_its_turns() -> None:
    branched = two_turns().branched(1)
    assert shown(branched) == {1: ["one"]}
    assert shown(branched.switched(0)) == {1: ["one"], 2: ["one", "two"]}


def test_another_answer_to_the_question_has_no_asides_yet() -> None:
    before = two_turns()
    again = replace(before, session=answered(before.session.before(2), "b", LEFT, raw="other"))
    assert shown(again) == {1: ["one"]}


def test_a_rating_and_a_correction_change_nothing() -> None:
    at = two_turns()
    rated = at.with_session(at.session.with_feedback(2, "up"))
    region = rated.session.registry.region("R2")
    moved = region.with_object(replace(region.objects[0], box=LEFT, corrected=True))
    assert shown(rated.with_act(rated.session.with_region(moved))) == shown(at)


def test_a_model_that_is_asked_again_has_one_opinion() -> None:
    at = two_turns().session.with_second_opinion(1, opinion(FIRST, 1, "one"))
    assert workspace(at).asides_by_turn[1] == (Aside("one", AsideKind.MODEL, ()),)


def test_truth_and_opinions_stand_side_by_side() -> None:
    rows = tuple(TrueTurn(q, (), (box,), None, {}) for q, box in (("a", LEFT), ("b", RIGHT)))
    track = Track(Dialogue(1, "1", "white.png", Path("white.png"), rows), masks=False)
    at = replace(two_turns(), track=track)
    assert shown(at) == {1: ["truth", "one"], 2: ["truth", "one", "two"]}


def test_the_canvas_gets_boxes_and_an_outline_once() -> None:
    value = scene(two_turns())
    first = value["asides"]["1"][0]
    key = first["objects"][0]["mask"]
    assert first == {
        "name": "one",
        "kind": "model",
        "objects": [{"box": list(RIGHT.xyxy), "mask": key}],
    }
    assert list(value["outlines"]) == [key]
    assert scene(replace(two_turns(), outlined=frozenset([key])))["outlines"] == {}
    assert len(json.dumps(first)) < 120


@pytest.mark.parametrize("kind", AsideKind)
def test_no_region_has_the_colour_and_its_rim_is_seen(kind: AsideKind) -> None:
    assert ASIDE_COLOURS[kind] not in PALETTE
    assert contrast(ASIDE_COLOURS[kind], "#ffffff") >= 4.5
