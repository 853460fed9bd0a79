"""Several regions at once: what is done to them is one change, and they keep their places to each other."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from demo.dialogue import several
from demo.dialogue.edits import Editor, Shape
from demo.dialogue.session import Session
from demo.dialogue.session_json import session_from_json, session_to_json
from demo.errors import ModelError, UnknownRegionError
from demo.picture.geometry import PictureBox, PicturePoint
from demo.picture.masks import Mask
from demo.picture.regions import Click, Origin, RegionObject
from tests.dialogue.test_edits import BARE, BLUE, EMPTY, HAND, PICTURE, RED
from tests.support.scripted import Maskless

ALL = ["R1", "R2", "R3"]


def three() -> Session:
    """R1 was found by the model, with a mask, a point and a click; R2 and R3 were drawn."""
    pixels = np.zeros((300, 400), bool)
    pixels[60:160, 40:140] = True
    point = PicturePoint(90, 110)
    item = RegionObject("", RED, point, Mask.from_array(pixels), 0.9, clicks=(Click(point),))
    session = EMPTY.with_registry(EMPTY.registry.add([item], label="block")[0])
    session = BARE.draw_box(session, BLUE).session
    return BARE.draw_box(session, PictureBox(0, 290, 400, 300)).session


def boxes(session: Session) -> list[tuple[int, int, int, int]]:
    return [o.box.xyxy for region in session.registry for o in region.objects]


def test_they_are_hidden_and_deleted_in_one_step() -> None:
    session = three()
    hidden = several.set_hidden(session, ALL[:2], True).session
    assert [r.hidden for r in hidden.registry] == [True, True, False]
    gone = several.delete(hidden, ["R1", "R3", "R1"]).session
    assert [r.id for r in gone.registry] == ["R2"]
    assert gone.registry.next_number == 4
    assert gone.undo() == hidden
    assert gone.undo().undo() == session


def test_they_move_with_all_that_is_theirs() -> None:
    session = three()
    moved = several.move(session, ["R1", "R2"], 20, -10).session
    assert boxes(moved)[:2] == [(60, 50, 160, 150), (260, 50, 360, 150)]
    item = moved.registry.objects("R1")[0]
    assert item.point == PicturePoint(110, 100)
    assert item.clicks == (Click(PicturePoint(110, 100)),)
    assert item.mask is not None
    assert item.mask.bounding_box() == item.box
    assert item.corrected  # the model found it elsewhere
    assert not moved.registry.objects("R2")[0].corrected
    assert moved.undo() == session
    assert session_from_json(session_to_json(moved)) == moved


def test_together_they_go_no_further_than_the_picture() -> None:
    session = three()
    assert boxes(several.move(session, ALL, 999, -999).session) == [
        (40, 0, 140, 100), (240, 0, 340, 100), (0, 230, 400, 240),
    ]  # fmt: skip


def test_copies_are_drawn_by_hand_and_named_alike() -> None:
    session = three()
    copied = several.copy(session, ["R1", "R2"], 10, 10).session
    assert boxes(copied)[3:] == [(50, 70, 150, 170), (250, 70, 350, 170)]
    copy = copied.registry.region("R4")
    assert (copy.origin, copy.label, copy.corrected) == (Origin.USER, "block", False)
    assert copy.objects[0].mask is not None
    assert copy.objects[0].mask.bounding_box() == copy.objects[0].box
    assert boxes(copied)[:3] == boxes(session)
    assert copied.undo() == session


def test_shapes_from_elsewhere_are_outlined_inside_the_picture() -> None:
    shapes = [
        Shape("  a\nblock ", (PictureBox(30, 50, 150, 170), PictureBox(-9, 280, 9, 900))),
        Shape("", (PictureBox(500, 500, 600, 600),)),
    ]
    session = HAND.draw_shapes(EMPTY, shapes).session
    assert boxes(session) == [(30, 50, 150, 170), (0, 280, 9, 300), (399, 299, 400, 300)]
    assert [r.label for r in session.registry] == ["a block", ""]
    assert session.registry.objects("R1.1")[0].mask is not None
    assert session.undo() == EMPTY
    edited = Editor(PICTURE, Maskless(ModelError("The device has no room left."))).draw_shapes(
        EMPTY, shapes
    )
    assert edited.note == "There is no mask. The device has no room left."
    assert boxes(edited.session) == boxes(session)


@pytest.mark.parametrize("act", ["hide", "delete", "move", "copy"])
def test_one_that_is_gone_changes_none(act: str) -> None:
    session, names = three(), ["R1", "R9"]
    with pytest.raises(UnknownRegionError, match="no R9"):
        {
            "hide": lambda: several.set_hidden(session, names, True),
            "delete": lambda: several.delete(session, names),
            "move": lambda: several.move(session, names, 1, 1),
            "copy": lambda: several.copy(session, names, 1, 1),
        }[act]()


far = st.integers(-1000, 1000)


@given(far, far)
def test_wherever_they_are_moved_they_stay_whole(dx: int, dy: int) -> None:
    moved = several.move(three(), ["R1", "R2"], dx, dy).session
    first, second = (moved.registry.objects(name)[0] for name in ("R1", "R2"))
    assert first.box.is_inside(PICTURE.size)
    assert second.box.is_inside(PICTURE.size)
    assert (second.box.x1 - first.box.x1, second.box.y1 - first.box.y1) == (200, 0)
    assert first.mask is not None
    assert first.mask.bounding_box() == first.box
