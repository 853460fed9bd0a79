"""Masks: stored as COCO writes them, measured and outlined, and safe against hostile strings."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from pycocotools import mask as coco

from demo.picture import masks
from demo.picture.geometry import PictureBox, Size
from demo.picture.masks import Mask
from demo.picture.runs import inverted, joined, pixels_of, read_runs, runs_of, thinned, written

DISC = np.hypot(*np.ogrid[-20:21, -30:31]) < 15


@st.composite
def arrays(draw: st.DrawFn) -> NDArray[np.bool_]:
    height, width = draw(st.integers(1, 12)), draw(st.integers(1, 12))
    bits = draw(st.lists(st.booleans(), min_size=height * width, max_size=height * width))
    return np.array(bits).reshape(height, width)


@given(arrays())
def test_pixels_come_back_as_they_were(pixels: NDArray[np.bool_]) -> None:
    mask = Mask.from_array(pixels)
    assert np.array_equal(mask.to_array(), pixels)
    assert mask.area == pixels.sum()
    assert mask.size == Size(pixels.shape[1], pixels.shape[0])


@given(
    st.integers(1, 40).flatmap(
        lambda n: st.lists(st.lists(st.booleans(), min_size=n, max_size=n), min_size=1)
    )
)
def test_runs_are_joined_as_pixels_are(rows: list[list[bool]]) -> None:
    runs = [runs_of(np.array(row)) for row in rows]
    assert joined(runs).tolist() == runs_of(np.array(np.any(rows, axis=0))).tolist()
    for row, its in zip(rows, runs, strict=True):
        assert pixels_of(its).tolist() == row
        assert inverted(its).tolist() == runs_of(np.logical_not(row)).tolist()


@given(st.lists(st.integers(0, 2**31 - 1), min_size=1, max_size=9))
def test_numbers_are_written_as_coco_writes_them(numbers: list[int]) -> None:
    text = written(np.array(numbers, np.int64))
    assert read_runs(text).tolist() == numbers
    expected = coco.frPyObjects({"size": [1, sum(numbers)], "counts": numbers}, 1, sum(numbers))
    assert text == expected["counts"].decode()


@pytest.mark.filterwarnings("ignore:__array__ implementation")  # pycocotools 2.0.11 on NumPy 2
@given(arrays())
def test_the_string_is_what_coco_reads_and_writes(pixels: NDArray[np.bool_]) -> None:
    saved = Mask.from_array(pixels).to_dict()
    encoded: Any = {"size": saved["size"], "counts": saved["counts"].encode("ascii")}
    assert np.array_equal(coco.decode(encoded), pixels)


def test_a_large_noisy_mask_is_read_as_coco_reads_it() -> None:
    pixels = np.random.default_rng(0).random((300, 400)) < 0.01
    pixels[50:200, 100:350] = True
    assert np.array_equal(Mask.from_array(pixels).to_array(), pixels)


@pytest.mark.parametrize(
    "pixels",
    [
        pytest.param(np.array([[0, 7], [0, 0]]), id="whole numbers"),
        pytest.param(np.array([[0, 0.5], [0, 0]]), id="floats"),
        pytest.param(np.array([[0, 0], [1, 0]]).T, id="another memory order"),
    ],
)
def test_whatever_is_not_zero_belongs_to_the_object(pixels: NDArray[Any]) -> None:
    assert Mask.from_array(pixels).to_array().tolist() == [[False, True], [False, False]]


def test_an_array_of_three_axes_is_refused() -> None:
    with pytest.raises(ValueError, match=r"\[H, W\], got shape \(2, 3, 1\)"):
        Mask.from_array(np.zeros((2, 3, 1)))


HOSTILE = [
    pytest.param("", id="nothing"),
    pytest.param("0", id="too few pixels"),
    pytest.param(Mask.from_array(DISC).counts, id="another picture's string"),
    pytest.param("P^o0", id="huge"),
    pytest.param("oooo" * 3, id="never ends"),
    pytest.param("o" * 100_000, id="never ends, long"),
    pytest.param("O", id="negative"),
    pytest.param("4O4O", id="negative among others"),
    pytest.param("ÿÿÿ", id="not ASCII"),
    pytest.param("\0\0", id="zero bytes"),
    pytest.param(" ", id="a space"),
    pytest.param("犬", id="another alphabet"),
    pytest.param("ooooo0" * 1000, id="many huge numbers"),
]


@pytest.mark.parametrize("counts", HOSTILE)
def test_a_string_that_does_not_fit_is_refused(counts: str) -> None:
    mask = Mask(Size(4, 3), counts)
    for read in (mask.to_array, mask.run_lengths, mask.svg_path, lambda: mask.area):
        with pytest.raises(ValueError, match="mask's"):
            read()


@given(st.text(alphabet=[chr(48 + i) for i in range(64)], max_size=12), st.integers(1, 9))
def test_any_string_is_the_right_number_of_pixels_or_refused(counts: str, side: int) -> None:
    mask = Mask(Size(side, side), counts)
    try:
        pixels = mask.to_array()
    except ValueError:
        return
    assert pixels.shape == (side, side)
    assert pixels.sum() == mask.area


def test_the_saved_form_names_height_first() -> None:
    assert Mask.from_array(np.zeros((2, 5))).to_dict() == {"size": [2, 5], "counts": ":"}


def points(path: str) -> set[tuple[int, int]]:
    numbers = [int(n) for n in re.findall(r"\d+", path)]
    return set(zip(numbers[::2], numbers[1::2], strict=True))


def test_the_outline_of_a_rectangle_is_its_corners() -> None:
    pixels = np.zeros((20, 30))
    pixels[5:11, 8:21] = 1
    path = Mask.from_array(pixels).svg_path()
    assert path.startswith("M")
    assert path.endswith("Z")
    assert points(path) == {(8, 5), (8, 10), (20, 10), (20, 5)}


def test_holes_and_parts_are_paths_of_their_own() -> None:
    pixels = np.zeros((30, 30))
    pixels[2:20, 2:20] = 1
    pixels[8:14, 8:14] = 0
    pixels[24:28, 24:28] = 1
    assert Mask.from_array(pixels).svg_path().count("Z") == 3


def test_an_empty_mask_has_no_outline() -> None:
    assert Mask.from_array(np.zeros((8, 8))).svg_path() == ""


@pytest.mark.parametrize(
    ("rows", "columns", "path"),
    [
        pytest.param(slice(3, 4), slice(5, 6), "M5 3h1v1h-1Z", id="one pixel"),
        pytest.param(slice(3, 4), slice(2, 7), "M2 3 6 3Z", id="a line one pixel wide"),
    ],
)
def test_the_thinnest_objects_still_have_an_outline(rows: slice, columns: slice, path: str) -> None:
    pixels = np.zeros((8, 8))
    pixels[rows, columns] = 1
    assert Mask.from_array(pixels).svg_path() == path


def test_a_coarser_outline_has_fewer_points() -> None:
    mask = Mask.from_array(DISC)
    assert len(mask.svg_path(3)) < len(mask.svg_path(0.6)) < len(mask.svg_path(0))


@given(arrays(), st.data())
def test_what_the_runs_say_is_what_the_pixels_say(
    pixels: NDArray[np.bool_], data: st.DataObject
) -> None:
    """Without making any pixels: the box around them, those in a part, and every so many of them."""
    mask = Mask.from_array(pixels)
    height, width = pixels.shape
    x1, y1 = data.draw(st.integers(0, width - 1)), data.draw(st.integers(0, height - 1))
    x2, y2 = data.draw(st.integers(x1 + 1, width)), data.draw(st.integers(y1 + 1, height))
    box, step = PictureBox(x1, y1, x2, y2), data.draw(st.integers(1, 5))
    part = pixels[y1:y2, x1:x2]
    assert mask.area_within(box) == part.sum()
    assert np.array_equal(mask.to_array(box), part)
    grid = thinned(mask.run_lengths(), mask.size, box, step)
    x, y = grid.start
    every = np.repeat(np.arange(len(grid.runs)) % 2 == 1, grid.runs)
    expected = pixels[y:y2:step, x:x2:step]
    assert np.array_equal(every.reshape(grid.size.width, grid.size.height).T, expected)
    around = mask.bounding_box()
    if around is None:
        assert not pixels.any()
    else:
        assert mask.area_within(around) == mask.area
        inside = pixels[around.y1 : around.y2, around.x1 : around.x2]
        assert inside[0].any()
        assert inside[-1].any()
        assert inside[:, 0].any()
        assert inside[:, -1].any()


def test_an_outline_for_a_screen_looks_at_no_more_pixels_than_that(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made: list[int] = []
    original = masks._pixels

    def count(runs: Any, size: Size) -> Any:
        made.append(size.width * size.height)
        return original(runs, size)

    monkeypatch.setattr(masks, "_pixels", count)
    disc = np.hypot(*np.ogrid[-1000:1001, -1500:1501]) < 990
    mask = Mask.from_array(disc)
    path = mask.svg_path(4, 400)
    assert made == [pytest.approx(396 * 396, rel=0.05)]
    xs, ys = np.array(sorted(points(path))).T
    assert np.abs(np.hypot(xs - 1500, ys - 1000) - 990).max() < 8


def test_a_mask_that_is_noise_has_a_coarse_outline() -> None:
    noise = Mask.from_array(np.indices((600, 600)).sum(0) % 2)
    assert noise.svg_path(0, 600, 1000).count("M") <= 1000
    grain = Mask.from_array(np.random.default_rng(0).random((600, 600)) < 0.3)
    assert 0 < grain.svg_path(0, 600, 1000).count("M") <= 1000


@given(arrays())
def test_masks_are_written_as_pycocotools_writes_them(pixels: NDArray[np.bool_]) -> None:
    expected = coco.encode(np.asfortranarray(pixels.astype(np.uint8)))
    assert Mask.from_array(pixels).counts == expected["counts"].decode()


def test_a_mask_of_very_many_runs_is_written_so_too() -> None:
    pixels = np.indices((400, 400)).sum(axis=0) % 2 == 0
    expected = coco.encode(np.asfortranarray(pixels.astype(np.uint8)))
    assert Mask.from_array(pixels).counts == expected["counts"].decode()
