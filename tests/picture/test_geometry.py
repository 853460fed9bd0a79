"""Boxes and points: two frames, converted exactly, never outside, never empty."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from demo.picture.geometry import (
    ModelBox,
    ModelPoint,
    PictureBox,
    PicturePoint,
    Size,
    round_half_up,
)

FRAME = Size(840, 840)
sides = st.integers(1, 6_000)
sizes = st.builds(Size, sides, sides)
anything = st.integers(-10_000, 10_000)


@st.composite
def boxes_in(draw: st.DrawFn, size: Size) -> tuple[int, int, int, int]:
    x1, y1 = draw(st.integers(0, size.width - 1)), draw(st.integers(0, size.height - 1))
    x2, y2 = draw(st.integers(x1 + 1, size.width)), draw(st.integers(y1 + 1, size.height))
    return x1, y1, x2, y2


@st.composite
def any_box(draw: st.DrawFn) -> PictureBox:
    x1, x2 = sorted((draw(anything), draw(anything)))
    y1, y2 = sorted((draw(anything), draw(anything)))
    return PictureBox(x1, y1, x2, y2)


CONVERTED = [
    pytest.param(Size(1680, 420), (10, 20, 30, 40), (5, 40, 15, 80), id="wide picture"),
    pytest.param(Size(840, 840), (1, 2, 3, 4), (1, 2, 3, 4), id="same size"),
    pytest.param(Size(640, 480), (0, 0, 640, 480), (0, 0, 840, 840), id="whole picture"),
    pytest.param(Size(560, 560), (1, 3, 5, 7), (2, 5, 8, 11), id="halves go up"),
    pytest.param(
        Size(84_000, 84_000), (120, 120, 130, 130), (1, 1, 2, 2), id="kept one pixel wide"
    ),
    pytest.param(Size(84_000, 840), (83_999, 0, 84_000, 9), (839, 0, 840, 9), id="kept inside"),
]


@pytest.mark.parametrize(("picture", "box", "expected"), CONVERTED)
def test_picture_boxes_become_model_boxes(
    picture: Size, box: tuple[int, int, int, int], expected: tuple[int, int, int, int]
) -> None:
    assert PictureBox(*box).to_model(picture, FRAME) == ModelBox(*expected)


def test_a_model_box_becomes_a_picture_box() -> None:
    assert ModelBox(0, 420, 840, 840).to_picture(Size(640, 480), FRAME) == PictureBox(
        0, 240, 640, 480
    )


@given(st.data(), sides, sides)
def test_a_model_box_comes_back_the_same_from_a_picture_at_least_as_large(
    data: st.DataObject, more_width: int, more_height: int
) -> None:
    picture = Size(FRAME.width + more_width - 1, FRAME.height + more_height - 1)
    box = ModelBox(*data.draw(boxes_in(FRAME)))
    assert box.to_picture(picture, FRAME).to_model(picture, FRAME) == box


@given(st.data(), sizes, sizes)
def test_a_box_comes_back_within_a_pixel_or_so_of_the_coarser_frame(
    data: st.DataObject, picture: Size, frame: Size
) -> None:
    box = ModelBox(*data.draw(boxes_in(frame)))
    back = box.to_picture(picture, frame).to_model(picture, frame)
    steps = (frame.width / picture.width, frame.height / picture.height) * 2
    for before, after, step in zip(box.xyxy, back.xyxy, steps, strict=True):
        # Half a pixel of the picture by rounding, one more where an empty box is kept one wide.
        assert abs(before - after) <= 1.5 * step + 1


@given(st.data(), sizes, sizes)
def test_converted_boxes_lie_inside_and_are_not_empty(
    data: st.DataObject, picture: Size, frame: Size
) -> None:
    box = PictureBox(*data.draw(boxes_in(picture)))
    assert box.to_model(picture, frame).is_inside(frame)


@given(st.integers(0, 5_999), st.integers(1, 6_000), st.integers(1, 6_000))
def test_a_coordinate_is_the_nearest_whole_number_exactly(
    value: int, source: int, target: int
) -> None:
    value %= source
    box = PictureBox(0, 0, source, value).to_model(Size(source, source), Size(10**6, target))
    exact = Fraction(value * target, source)
    if exact >= 1:
        assert -Fraction(1, 2) < box.y2 - exact <= Fraction(1, 2)


@given(any_box(), sizes)
def test_clamping_keeps_boxes_inside_not_empty_and_is_done_once(
    box: PictureBox, size: Size
) -> None:
    clamped = box.clamped(size)
    assert clamped.is_inside(size)
    assert clamped.clamped(size) == clamped


@given(st.data(), sizes)
def test_clamping_leaves_boxes_that_fit(data: st.DataObject, size: Size) -> None:
    box = PictureBox(*data.draw(boxes_in(size)))
    assert box.clamped(size) == box


@pytest.mark.parametrize(
    ("box", "expected"),
    [
        pytest.param((-50, -60, 20, 30), (0, 0, 20, 30), id="cut at the corner"),
        pytest.param((200, 10, 300, 20), (99, 10, 100, 20), id="wholly to the right"),
        pytest.param((-20, 10, -10, 20), (0, 10, 1, 20), id="wholly to the left"),
        pytest.param((5, 5, 5, 9), (5, 5, 6, 9), id="no width"),
        pytest.param((100, 80, 100, 80), (99, 79, 100, 80), id="the far corner"),
    ],
)
def test_clamping(box: tuple[int, int, int, int], expected: tuple[int, int, int, int]) -> None:
    assert PictureBox(*box).clamped(Size(100, 80)) == PictureBox(*expected)


@pytest.mark.parametrize(
    ("first", "second", "iou"),
    [
        pytest.param((0, 0, 10, 10), (0, 0, 10, 10), 1.0, id="the same"),
        pytest.param((0, 0, 10, 10), (10, 0, 20, 10), 0.0, id="touching"),
        pytest.param((0, 0, 10, 10), (5, 0, 15, 10), 1 / 3, id="half over"),
        pytest.param((0, 0, 10, 10), (2, 2, 4, 4), 0.04, id="inside"),
        pytest.param((3, 3, 3, 3), (3, 3, 3, 3), 0.0, id="both empty"),
    ],
)
def test_iou(
    first: tuple[int, int, int, int], second: tuple[int, int, int, int], iou: float
) -> None:
    assert PictureBox(*first).iou(PictureBox(*second)) == pytest.approx(iou)


@given(any_box(), any_box())
def test_iou_is_symmetric_and_between_0_and_1(first: PictureBox, second: PictureBox) -> None:
    assert first.iou(second) == second.iou(first)
    assert 0 <= first.iou(second) <= 1
    assert first.iou(first) == (1 if first.area else 0)
    assert first.intersection(second) <= min(first.area, second.area)


@pytest.mark.parametrize("box", [(5, 0, 4, 1), (0, 5, 1, 4)])
def test_swapped_corners_are_refused(box: tuple[int, int, int, int]) -> None:
    with pytest.raises(ValueError, match="x1 <= x2 and y1 <= y2, got"):
        PictureBox(*box)


@pytest.mark.parametrize("size", [(0, 5), (5, 0), (-1, 5)])
def test_a_size_without_pixels_is_refused(size: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="at least 1 × 1 pixels, got"):
        Size(*size)


def test_boxes_of_two_frames_are_never_equal() -> None:
    boxes: set[object] = {PictureBox(1, 2, 3, 4), ModelBox(1, 2, 3, 4)}
    points: set[object] = {PicturePoint(1, 2), ModelPoint(1, 2)}
    assert (len(boxes), len(points)) == (2, 2)


@pytest.mark.parametrize(
    ("box", "inside"),
    [
        pytest.param((0, 0, 100, 80), True, id="the whole picture"),
        pytest.param((0, 0, 101, 80), False, id="too wide"),
        pytest.param((0, -1, 100, 80), False, id="too high up"),
        pytest.param((5, 5, 5, 9), False, id="empty"),
    ],
)
def test_inside(box: tuple[int, int, int, int], inside: bool) -> None:
    assert PictureBox(*box).is_inside(Size(100, 80)) is inside


@given(anything, anything, sizes, sizes)
def test_points_are_clamped_to_a_pixel(x: int, y: int, picture: Size, frame: Size) -> None:
    for point, size in (
        (PicturePoint(x, y).clamped(picture), picture),
        (PicturePoint(x, y).to_model(picture, frame), frame),
        (ModelPoint(x, y).to_picture(picture, frame), picture),
    ):
        assert 0 <= point.x < size.width
        assert 0 <= point.y < size.height


@given(st.integers(0, 839), st.integers(0, 839), sides, sides)
def test_a_point_comes_back_the_same_from_a_picture_at_least_as_large(
    x: int, y: int, more_width: int, more_height: int
) -> None:
    picture = Size(839 + more_width, 839 + more_height)
    point = ModelPoint(x, y)
    assert point.to_picture(picture, FRAME).to_model(picture, FRAME) == point


@pytest.mark.parametrize(
    ("point", "within"),
    [((10, 20), True), ((30, 40), True), ((31, 30), False), ((20, 19), False)],
)
def test_within_counts_the_edge(point: tuple[int, int], within: bool) -> None:
    assert PicturePoint(*point).is_inside(PictureBox(10, 20, 30, 40)) is within
    assert ModelPoint(*point).is_inside(ModelBox(10, 20, 30, 40)) is within


@pytest.mark.parametrize(
    ("value", "expected"),
    [(0.5, 1), (1.5, 2), (-0.5, 0), (-1.5, -1), (2.4, 2), (0.49999999999999994, 0), (7, 7)],
)
def test_halves_are_rounded_upwards(value: float, expected: int) -> None:
    assert round_half_up(value) == expected
