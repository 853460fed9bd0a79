"""Where small things are segmented: a window with room around each, on a grid, and few of them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from demo.picture.geometry import PictureBox, PicturePoint, Size
from demo.picture.regions import Click
from demo.segmenters.base import MaskPrompt
from demo.segmenters.windows import MAX_WINDOWS, by_window, moved

PICTURE = Size(1600, 1000)
WHOLE = PictureBox(0, 0, 1600, 1000)


@st.composite
def boxes(draw: st.DrawFn, size: Size = PICTURE) -> PictureBox:
    width, height = draw(st.integers(1, size.width)), draw(st.integers(1, size.height))
    x, y = draw(st.integers(0, size.width - width)), draw(st.integers(0, size.height - height))
    return PictureBox(x, y, x + width, y + height)


def window_of(*args: object) -> PictureBox:
    (window,) = by_window([MaskPrompt(*args)], PICTURE)  # type: ignore[arg-type]
    return window


@given(boxes())
def test_a_box_has_room_in_its_window(box: PictureBox) -> None:
    window = window_of(box)
    assert window.is_inside(PICTURE)
    inner = moved(MaskPrompt(box), window).box
    assert inner is not None
    assert inner.is_inside(Size(window.width, window.height))
    if window != WHOLE:
        assert 4 * box.width <= window.width
        assert 4 * box.height <= window.height
        for near, far, end in ((box.x1, window.x1, 0), (window.x2, box.x2, 1600)):
            assert near - far >= window.width / 8 - 1 or window.x1 == end or window.x2 == end


def test_what_is_large_is_seen_in_the_whole_picture_and_what_is_small_in_a_part() -> None:
    assert window_of(PictureBox(500, 400, 720, 500)) == WHOLE
    assert window_of(PictureBox(500, 400, 690, 500)) == PictureBox(0, 250, 800, 750)
    assert window_of(PictureBox(500, 400, 520, 420)) == PictureBox(400, 375, 600, 500)
    assert window_of(PictureBox(0, 0, 20, 20)) == PictureBox(0, 0, 200, 125)
    assert by_window([MaskPrompt(PictureBox(9, 9, 12, 12))], Size(100, 100)) == {
        PictureBox(0, 0, 100, 100): [0]
    }


def test_points_lie_in_the_window_too() -> None:
    box = PictureBox(500, 400, 520, 420)
    near, far = PicturePoint(505, 520), PicturePoint(1500, 900)
    assert window_of(box, None, (Click(near, positive=False),)).height == 500
    assert window_of(box, far) == window_of(None, near) == WHOLE
    seen = moved(MaskPrompt(box, near, (Click(near, False),)), PictureBox(400, 300, 600, 500))
    assert seen == MaskPrompt(
        PictureBox(100, 100, 120, 120),
        PicturePoint(105, 220),
        (Click(PicturePoint(105, 220), False),),
    )


def test_neighbours_share_a_window_and_others_do_not_move_it() -> None:
    here, there, large = (
        MaskPrompt(PictureBox(*b))
        for b in ((500, 400, 520, 420), (505, 405, 525, 425), (0, 0, 999, 999))
    )
    (window,) = by_window([here], PICTURE)
    assert by_window([large, here, there], PICTURE) == {WHOLE: [0], window: [1, 2]}


@given(st.lists(boxes(), max_size=40))
def test_the_number_of_windows_is_bounded_and_nothing_is_left_out(found: list[PictureBox]) -> None:
    placed = by_window([MaskPrompt(box) for box in found], PICTURE)
    assert sum(window != WHOLE for window in placed) <= MAX_WINDOWS
    assert sorted(place for places in placed.values() for place in places) == [*range(len(found))]
