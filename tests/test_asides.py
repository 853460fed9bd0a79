"""What stands beside the regions of an answer: whose turn it is, what the canvas gets, its colours."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from demo.errors import InputError
from demo.masks import Mask
from demo.regions import RegionObject
from demo.render import PALETTE
from demo.ui.asides import Aside, AsideKind
from demo.ui.canvas import scene
from demo.ui.desk import Desk
from demo.ui.theme import ASIDE_COLOURS, contrast
from tests.test_ui import EMPTY, LEFT, RIGHT, answered, desk

MASK = Mask.from_array(np.pad(np.ones((100, 100)), ((60, 140), (240, 60))))
TRUTH = Aside("truth", AsideKind.TRUTH, (RegionObject("", RIGHT, mask=MASK),))
OTHER = Aside("other-7b", AsideKind.MODEL, (RegionObject("", LEFT), RegionObject("", RIGHT)))


def shown(at: Desk) -> dict[int, list[str]]:
    return {number: [a.name for a in asides] for number, asides in at.asides_by_turn.items()}


def two_turns() -> Desk:
    first = desk(EMPTY).acted(answered(EMPTY, "a", LEFT, raw="A")).with_aside(1, TRUTH)
    second = answered(first.session, "b", RIGHT, raw="B")
    return first.acted(second).with_aside(2, TRUTH).with_aside(2, OTHER)


def test_asides_belong_to_their_turn() -> None:
    assert shown(two_turns()) == {1: ["truth"], 2: ["truth", "other-7b"]}
    with pytest.raises(InputError):
        two_turns().with_aside(3, TRUTH)


def test_undo_takes_the_asides_of_its_turn() -> None:
    assert shown(two_turns().undone()) == {1: ["truth"]}


def test_a_branch_has_the_asides_of_its_turns() -> None:
    branched = two_turns().branched(1)
    assert shown(branched) == {1: ["truth"]}
    assert shown(branched.switched(0)) == {1: ["truth"], 2: ["truth", "other-7b"]}


def test_another_answer_to_the_question_has_no_asides_yet() -> None:
    before = two_turns()
    again = replace(before, session=answered(before.session.before(2), "b", LEFT, raw="other"))
    assert shown(again) == {1: ["truth"]}


def test_a_rating_and_a_correction_change_nothing() -> None:
    at = two_turns()
    rated = at.with_session(at.session.rated(2, "up"))
    region = rated.session.registry.region("R2")
    moved = region.with_object(replace(region.objects[0], box=LEFT, corrected=True))
    assert shown(rated.acted(rated.session.with_region(moved))) == shown(at)


def test_one_of_the_same_name_takes_its_place() -> None:
    nothing = replace(TRUTH, objects=())
    assert two_turns().with_aside(1, nothing).asides_by_turn[1] == (nothing,)


def test_the_canvas_gets_boxes_and_an_outline_once() -> None:
    value = scene(two_turns())
    first = value["asides"]["1"][0]
    key = first["objects"][0]["mask"]
    assert first == {
        "name": "truth",
        "kind": "truth",
        "objects": [{"box": list(RIGHT.xyxy), "mask": key}],
    }
    assert list(value["outlines"]) == [key]
    assert scene(replace(two_turns(), outlined=frozenset([key])))["outlines"] == {}
    assert len(json.dumps(first)) < 120


@pytest.mark.parametrize("kind", AsideKind)
def test_no_region_has_the_colour_and_its_rim_is_seen(kind: AsideKind) -> None:
    assert ASIDE_COLOURS[kind] not in PALETTE
    assert contrast(ASIDE_COLOURS[kind], "#ffffff") >= 4.5
