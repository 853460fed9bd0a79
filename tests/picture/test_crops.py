"""Parts of a picture: what is cut out, and the way back to the pixel."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from demo.picture.crops import Part, at_least, covered, widened
from demo.picture.geometry import ModelBox, ModelPoint, PictureBox, Size
from demo.picture.sizes import resized_part

sides = st.integers(16, 6000)
sizes = st.builds(Size, sides, sides)


@st.composite
def boxes(draw: st.DrawFn, size: Size) -> PictureBox:
    x1, y1 = draw(st.integers(0, size.width - 1)), draw(st.integers(0, size.height - 1))
    x2, y2 = draw(st.integers(x1 + 1, size.width)), draw(st.integers(y1 + 1, size.height))
    return PictureBox(x1, y1, x2, y2)


@st.composite
def parts(draw: st.DrawFn) -> Part:
    picture = draw(sizes)
    box = draw(boxes(picture))
    return Part.of_box(box, picture, Size(draw(st.integers(28, 1500)), draw(st.integers(28, 1500))))


@given(parts(), st.data())
def test_what_is_enlarged_comes_back_to_the_pixel(part: Part, data: st.DataObject) -> None:
    within = data.draw(boxes(Size(part.box.width, part.box.height)))
    x, y = part.box.x1, part.box.y1
    box = PictureBox(x + within.x1, y + within.y1, x + within.x2, y + within.y2)
    frame = Size(
        part.box.width * data.draw(st.integers(1, 5)),
        part.box.height * data.draw(st.integers(1, 5)),
    )
    assert part.box_to_picture(part.box_from_picture(box, frame), frame) == box


@given(parts(), st.data())
def test_in_any_frame_it_comes_back_within_half_a_step(part: Part, data: st.DataObject) -> None:
    box, frame = data.draw(boxes(Size(part.box.width, part.box.height))), data.draw(sizes)
    model = ModelBox(*box.xyxy).clamped(frame)
    back = part.box_to_picture(model, frame)
    assert back.is_inside(part.picture)
    for value, origin, length, side, found in (
        (model.x1, part.x, part.width, frame.width, back.x1),
        (model.y2, part.y, part.height, frame.height, back.y2),
    ):
        exact = origin + Fraction(value, side) * length
        assert abs(found - exact) <= Fraction(1, 2) or back.width == 1 or back.height == 1


@given(sizes, st.data())
def test_a_part_of_a_part_lies_where_both_say(picture: Size, data: st.DataObject) -> None:
    """Through any nesting: shares of shares, with nothing rounded in between."""
    left, top, wide, high = (
        Fraction(0),
        Fraction(0),
        Fraction(picture.width),
        Fraction(picture.height),
    )
    part = Part.whole(picture, Size(640, 480))
    shares = st.fractions(0, Fraction(9, 10), max_denominator=1000)
    for _ in range(data.draw(st.integers(1, 5))):
        x, y = data.draw(shares), data.draw(shares)
        inner = Part(
            picture, part.across(x), part.down(y), part.width / 10, part.height / 10, part.shown
        )
        left, top, wide, high = left + x * wide, top + y * high, wide / 10, high / 10
        part = inner
    assert (part.x, part.y, part.width, part.height) == (left, top, wide, high)
    whole = part.box_to_picture(ModelBox(0, 0, 640, 480), Size(640, 480))
    assert whole.iou(part.box) > 0 or part.width < 2 or part.height < 2


def test_the_whole_picture_is_a_part_as_well() -> None:
    size, frame = Size(640, 480), Size(840, 840)
    part, box = Part.whole(size, frame), PictureBox(13, 17, 301, 222)
    assert part.box_from_picture(box, frame) == box.to_model(size, frame)
    model = ModelBox(5, 9, 400, 839)
    assert part.box_to_picture(model, frame) == model.to_picture(size, frame)
    point = ModelPoint(333, 444)
    assert part.point_to_picture(point, frame) == point.to_picture(size, frame)


def test_the_pixels_are_those_of_the_box() -> None:
    pixels = np.random.default_rng(1).integers(0, 255, (90, 120, 3), np.uint8)
    box = PictureBox(10, 20, 50, 60)
    assert (resized_part(pixels, box, Size(40, 40)) == pixels[20:60, 10:50]).all()
    assert resized_part(pixels, box, Size(84, 56)).shape == (56, 84, 3)


@given(st.integers(0, 900), st.integers(1, 100), st.integers(1, 300))
def test_a_span_grows_within_its_bounds(low: int, length: int, side: int) -> None:
    span, bounds = (Fraction(low), Fraction(low + length)), (Fraction(0), Fraction(1000))
    first, last = at_least(span, side, bounds)
    assert last - first == max(length, side)
    assert 0 <= first <= low
    assert low + length <= last <= 1000
    assert widened(span, 1.5, Fraction(3)) == (
        low - Fraction(length, 4) - 3,
        span[1] + Fraction(length, 4) + 3,
    )


def test_how_much_of_a_box_is_seen() -> None:
    assert covered(PictureBox(0, 0, 10, 10), PictureBox(5, 0, 50, 50)) == 0.5
    assert covered(PictureBox(0, 0, 10, 10), PictureBox(20, 0, 50, 50)) == 0
