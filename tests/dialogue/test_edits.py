"""What people do to regions by hand, with a real segmenter on a drawn picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from demo.dialects.known import REGION_REASONER
from demo.dialogue import edits
from demo.dialogue.edits import MAX_CLICKS, Editor
from demo.dialogue.engine import understand
from demo.dialogue.session import ReasonerInfo, Session
from demo.dialogue.session_json import session_from_json, session_to_json
from demo.errors import InputError, ModelError, UnknownRegionError
from demo.language.labels import MAX_LABEL
from demo.picture.geometry import PictureBox, PicturePoint, Size
from demo.picture.masks import Mask
from demo.picture.picture import Picture, open_picture
from demo.picture.regions import Click, RegionObject
from demo.segmenters.base import MaskPrompt, Segment
from demo.segmenters.grabcut import GrabCutSegmenter
from tests.support.scripted import Maskless

RED, BLUE = PictureBox(40, 60, 140, 160), PictureBox(240, 60, 340, 160)


def blocks() -> Picture:
    """400 × 300: a red block on the left; on the right a blue one with a yellow top."""
    pixels = np.full((300, 400, 3), 245, np.uint8)
    pixels[60:160, 40:140] = (200, 30, 30)
    pixels[60:160, 240:340] = (30, 30, 200)
    pixels[60:90, 240:340] = (230, 210, 20)
    return open_picture(pixels, "blocks.png")


PICTURE = blocks()
EMPTY = Session.begin(PICTURE.info, ReasonerInfo("table", Size(840, 840)))
HAND = Editor(PICTURE, GrabCutSegmenter())
BARE = Editor(PICTURE, None)


def first(session: Session) -> RegionObject:
    return session.registry.objects("R1")[0]


def found(box: PictureBox = RED) -> Session:
    """A dialogue in which the model found one thing, with a point on it."""
    item = RegionObject("", box, PicturePoint(90, 110), corrected=False)
    return EMPTY.with_registry(EMPTY.registry.add([item], label="block")[0])


def box_iou(item: RegionObject, box: PictureBox) -> float:
    return item.box.iou(box)


class Generous:
    """A segmenter that takes more than it was asked for: everything."""

    name = "generous"

    def prepare(self, picture: Picture) -> None:
        """There is nothing to prepare."""

    def segment(self, picture: Picture, prompts: Sequence[MaskPrompt]) -> list[Segment]:
        return [Segment(Mask.from_array(np.ones(picture.pixels.shape[:2]))) for _ in prompts]


def test_a_drawn_box_is_a_region_with_a_mask() -> None:
    session = HAND.draw_box(EMPTY, PictureBox(30, 50, 150, 170)).session
    item = first(session)
    assert session.registry.region("R1").origin == "user"
    assert item.box == PictureBox(30, 50, 150, 170)
    assert item.mask is not None
    assert box_iou(replace(item, box=item.mask.bounding_box() or item.box), RED) > 0.95
    assert session.undo() == EMPTY


def test_a_drawn_box_ends_at_the_edge_of_the_picture() -> None:
    session = BARE.draw_box(EMPTY, PictureBox(-20, 250, 900, 900)).session
    assert first(session).box == PictureBox(0, 250, 400, 300)


def test_a_click_outlines_what_it_lies_on() -> None:
    item = first(HAND.place(EMPTY, PicturePoint(90, 110)).session)
    assert box_iou(item, RED) > 0.95
    assert item.point == PicturePoint(90, 110)
    assert item.clicks == (Click(PicturePoint(90, 110)),)


def test_more_clicks_add_and_take_away() -> None:
    session = HAND.place(EMPTY, PicturePoint(290, 130)).session
    assert box_iou(first(session), PictureBox(240, 90, 340, 160)) > 0.9
    session = HAND.refine(session, "R1.1", Click(PicturePoint(290, 75))).session
    assert box_iou(first(session), BLUE) > 0.9
    session = HAND.refine(session, "R1.1", Click(PicturePoint(292, 76), positive=False)).session
    assert box_iou(first(session), PictureBox(240, 90, 340, 160)) > 0.9
    # The last click took back the one before, which lay at the same place.
    assert [c.positive for c in first(session).clicks] == [True, False]


def test_a_click_on_what_the_model_found_corrects_it() -> None:
    session = found(PictureBox(40, 60, 100, 160))
    mended = HAND.refine(session, "R1", Click(PicturePoint(130, 110))).session
    assert first(mended).corrected
    assert box_iou(first(mended), RED) > 0.9
    assert mended.undo() == session


def test_a_moved_box_takes_its_mask_along_and_is_used_from_then_on() -> None:
    session = HAND.correct(found(), "R1.1", PictureBox(235, 55, 345, 165)).session
    item = first(session)
    assert item.corrected
    assert item.point is None  # it lay in the old box
    assert item.mask is not None
    assert box_iou(replace(item, box=item.mask.bounding_box() or item.box), BLUE) > 0.9
    _, prompt = understand(session, "left of R1", REGION_REASONER)
    assert prompt.question == "left of bbox=[494, 154, 725, 462]"


@pytest.mark.parametrize("act", ["draw", "correct", "click"])
def test_a_mask_does_not_reach_out_of_a_box_set_by_hand(act: str) -> None:
    hand, box = Editor(PICTURE, Generous()), PictureBox(50, 70, 120, 130)
    session = EMPTY if act == "draw" else found()
    edited = hand.draw_box(session, box) if act == "draw" else hand.correct(session, "R1", box)
    session = edited.session
    if act == "click":
        session = hand.refine(session, "R1", Click(PicturePoint(60, 80), positive=False)).session
    mask = first(session).mask
    assert mask is not None
    assert mask.bounding_box() == box


def test_a_click_keeps_the_box_that_was_set_by_hand() -> None:
    box = PictureBox(235, 55, 345, 165)
    session = HAND.correct(found(), "R1", box).session
    session = HAND.refine(session, "R1", Click(PicturePoint(290, 75), positive=False)).session
    session = HAND.refine(session, "R1", Click(PicturePoint(290, 130))).session
    item = first(session)
    assert item.box == box
    assert item.mask is not None
    assert [item.mask.to_array()[y, 290] for y in (75, 130)] == [False, True]
    assert first(session_from_json(session_to_json(session))).by_hand


def test_a_click_on_a_part_outside_makes_a_box_set_by_hand_larger() -> None:
    box = PictureBox(30, 50, 90, 170)
    session = HAND.correct(found(), "R1", box).session
    grown = first(HAND.refine(session, "R1", Click(PicturePoint(120, 110))).session).box
    assert (grown.x1, grown.y1, grown.y2) == (30, 50, 170)
    assert grown.x2 >= 120


def test_what_a_person_drew_is_theirs_and_not_corrected() -> None:
    session = HAND.draw_box(EMPTY, RED).session
    assert not first(HAND.correct(session, "R1", BLUE).session).corrected


@pytest.mark.parametrize("act", ["draw", "correct"])
def test_a_mask_maker_that_fails_costs_the_mask_only(act: str) -> None:
    hand = Editor(PICTURE, Maskless(ModelError("The device has no room left.")))
    edited = hand.draw_box(EMPTY, RED) if act == "draw" else hand.correct(found(), "R1", RED)
    assert first(edited.session).box == RED
    assert first(edited.session).mask is None
    assert edited.note == "There is no mask. The device has no room left."


def test_a_click_without_a_mask_maker_says_what_to_do() -> None:
    with pytest.raises(InputError, match="Draw a box instead"):
        BARE.place(EMPTY, PicturePoint(5, 5))


def test_too_many_clicks_are_refused() -> None:
    session = found()
    item = replace(first(session), clicks=(Click(PicturePoint(50, 70)),) * MAX_CLICKS)
    region = session.registry.region("R1").with_object(item)
    session = session.with_registry(session.registry.replace(region))
    with pytest.raises(InputError, match="40 clicks already"):
        HAND.refine(session, "R1.1", Click(PicturePoint(60, 80)))


def test_rename_hide_delete_and_their_undo() -> None:
    session = found()
    renamed = edits.rename(session, "R1", "  the\n red   block " + "x" * 60).session
    assert renamed.registry.region("R1").label.startswith("the red block xxx")
    assert len(renamed.registry.region("R1").label) == MAX_LABEL
    hidden = edits.set_hidden(renamed, "R1", True).session
    assert hidden.registry.region("R1").hidden
    gone = edits.delete(hidden, "R1").session
    assert len(gone.registry) == 0
    assert gone.registry.next_number == 2
    assert gone.undo().undo().undo() == session


@pytest.mark.parametrize("act", [edits.delete, lambda s, n: edits.rename(s, n, "a")])
def test_a_region_that_is_gone(act: object) -> None:
    with pytest.raises(UnknownRegionError, match="no R9"):
        act(found(), "R9")  # type: ignore[operator]


def test_it_means_what_was_drawn_last_and_can_be_seen() -> None:
    session = HAND.draw_box(found(), BLUE).session
    assert understand(session, "what is left of it", REGION_REASONER)[0].names == ("R2",)
    hidden = edits.set_hidden(session, "R2", True).session
    assert understand(hidden, "what is left of it", REGION_REASONER)[0].names == ("R1",)


numbers = st.integers(-1000, 1000)


@given(st.tuples(numbers, numbers, st.integers(0, 900), st.integers(0, 900)))
def test_every_box_ends_up_inside_the_picture(place: tuple[int, int, int, int]) -> None:
    x, y, width, height = place
    session = BARE.draw_box(EMPTY, PictureBox(x, y, x + width, y + height)).session
    assert first(session).box.is_inside(PICTURE.size)
