"""What is painted by hand: strokes on masks, and outlines by their corners."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from demo.dialogue import painting
from demo.dialogue.painting import Stroke
from demo.dialogue.session import Session
from demo.dialogue.session_json import session_from_json, session_to_json
from demo.errors import InputError, UnknownRegionError
from demo.picture.geometry import PictureBox, PicturePoint
from demo.picture.masks import Mask
from demo.picture.regions import Origin
from tests.dialogue.test_edits import BARE, EMPTY, HAND, PICTURE, RED, first, found


def stroke(*points: tuple[int, int], width: int = 11, erases: bool = False) -> Stroke:
    return Stroke([PicturePoint(*xy) for xy in points], width, erases)


def corners(*points: tuple[int, int]) -> list[PicturePoint]:
    return [PicturePoint(*xy) for xy in points]


def mask(session: Session) -> Mask:
    made = first(session).mask
    assert made is not None
    return made


def test_a_stroke_on_nothing_is_a_region() -> None:
    session = painting.paint(EMPTY, "", stroke((50, 80), (150, 80))).session
    assert session.registry.region("R1").origin is Origin.USER
    assert first(session).box == PictureBox(45, 75, 156, 86)
    assert mask(session).to_array()[80, 50:151].all()
    assert session.undo() == EMPTY
    assert session_from_json(session_to_json(session)) == session


def test_strokes_add_and_take_away_one_by_one() -> None:
    session = HAND.place(EMPTY, PicturePoint(90, 110)).session
    more = painting.paint(session, "R1.1", stroke((150, 110), (180, 110))).session
    assert mask(more).area > mask(session).area
    assert first(more).box.x2 == 186
    assert first(more).mask_quality is None
    assert first(more).clicks == ()
    less = painting.paint(more, "R1.1", stroke((150, 110), (180, 110), erases=True)).session
    assert mask(less).to_array()[:, 145:].any() == mask(session).to_array()[:, 145:].any()
    assert less.undo() == more
    assert less.undo().undo() == session


def test_a_box_that_a_person_set_grows_and_does_not_shrink() -> None:
    session = BARE.draw_box(EMPTY, RED).session
    less = painting.paint(session, "R1", stroke((40, 60), (140, 60), erases=True)).session
    assert first(less).box == RED
    assert not mask(less).to_array()[60, 40:140].any()
    assert mask(less).to_array()[80:160, 40:140].all()
    more = painting.paint(less, "R1", stroke((200, 100))).session
    assert first(more).box == PictureBox(40, 60, 206, 160)


def test_what_the_model_found_is_corrected_then() -> None:
    painted = painting.paint(found(), "R1.1", stroke((90, 110))).session
    assert first(painted).corrected
    shaped = painting.reshape(found(), "R1.1", corners((10, 10), (30, 10), (20, 40))).session
    assert first(shaped).corrected
    assert first(shaped).box == PictureBox(10, 10, 31, 41)
    assert first(shaped).point is None  # it lay elsewhere


def test_a_polygon_has_the_corners_that_were_clicked() -> None:
    session = painting.draw_polygon(
        EMPTY, corners((20, 20), (120, 20), (120, 90), (20, 90))
    ).session
    assert first(session).box == PictureBox(20, 20, 121, 91)
    assert mask(session).area == 101 * 71
    assert mask(session).svg_path() == "M20 20 20 90 120 90 120 20Z"
    moved = painting.reshape(session, "R1", corners((20, 20), (200, 20), (120, 90))).session
    assert first(moved).box.x2 == 201
    assert moved.undo() == session


def test_nothing_is_refused_and_changes_nothing() -> None:
    session = painting.paint(EMPTY, "", stroke((50, 80))).session
    with pytest.raises(InputError, match="Nothing would be left of R1"):
        painting.paint(session, "R1.1", stroke((50, 80), width=49, erases=True))
    with pytest.raises(InputError, match="nothing to erase"):
        painting.paint(session, "", stroke((50, 80), erases=True))
    with pytest.raises(InputError, match="three corners"):
        painting.draw_polygon(session, corners((1, 1), (9, 9), (1, 1)))
    with pytest.raises(UnknownRegionError):
        painting.paint(session, "R7.1", stroke((50, 80)))


anywhere = st.tuples(st.integers(-(10**6), 10**6), st.integers(-(10**6), 10**6))


@given(st.lists(anywhere, min_size=1, max_size=20), st.integers(0, 10**6))
def test_whatever_is_painted_lies_in_the_picture(points: list[tuple[int, int]], width: int) -> None:
    session = painting.paint(EMPTY, "", replace(stroke(*points), width=width)).session
    assert first(session).box.is_inside(PICTURE.size)
    assert mask(session).bounding_box() == first(session).box
