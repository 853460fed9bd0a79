"""Doubts about masks: what fills its box for no reason, what is hardly there, and what is as it looks."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from demo.nano.world.drawing import Drawing, draw
from demo.nano.world.layout import sample_scene
from demo.picture.doubts import FULL, NOTHING, SCANT, SPILT, doubt_about, edge_share
from demo.picture.geometry import PictureBox
from demo.picture.masks import BoolArray, Mask
from demo.picture.picture import open_picture
from demo.segmenters.base import MaskPrompt
from demo.segmenters.grabcut import GrabCutSegmenter

Bytes = NDArray[np.uint8]
WIDTH, HEIGHT = 320, 240
BOX = PictureBox(80, 60, 200, 160)


def ground(kind: str) -> Bytes:
    """One of several grounds that nothing stands on."""
    rng = np.random.default_rng(3)
    slope = np.linspace(60, 200, WIDTH, dtype=np.float32)[None, :, None]
    plain = np.full((HEIGHT, WIDTH, 3), 128, np.float32)
    kinds: dict[str, Callable[[], NDArray[np.floating]]] = {
        "plain": lambda: plain,
        "a slope": lambda: plain * 0 + slope,
        "grain": lambda: plain + rng.normal(0, 12, plain.shape),
        "grass": lambda: cv2.GaussianBlur(plain + rng.normal(0, 40, plain.shape), (0, 0), 1.5),
        "stripes": lambda: plain + 60 * (np.arange(WIDTH) % 16 < 8)[None, :, None],
    }
    return np.asarray(np.clip(kinds[kind](), 0, 255), np.uint8)


GROUNDS = ("plain", "a slope", "grain", "grass", "stripes")


def within(box: PictureBox, shape: tuple[int, ...] = (HEIGHT, WIDTH)) -> BoolArray:
    pixels = np.zeros(shape[:2], bool)
    pixels[box.y1 : box.y2, box.x1 : box.x2] = True
    return pixels


def doubt(pixels: BoolArray, picture: Bytes, box: PictureBox = BOX) -> str | None:
    return doubt_about(Mask.from_array(pixels), box, picture)


@pytest.mark.parametrize("kind", GROUNDS)
def test_a_box_on_bare_ground_that_is_filled_is_doubted(kind: str) -> None:
    assert doubt(within(BOX), ground(kind)) == FULL


@pytest.mark.parametrize("off", [-2, 0, 2], ids="box off by {}".format)
@pytest.mark.parametrize("colour", [(250, 250, 250), (20, 20, 20), (128, 160, 128)], ids=str)
@pytest.mark.parametrize("kind", ["plain", "a slope", "grain", "grass"])
def test_a_window_or_a_sign_that_fills_its_box_is_not(
    kind: str, colour: tuple[int, int, int], off: int
) -> None:
    picture = ground(kind)
    picture[BOX.y1 : BOX.y2, BOX.x1 : BOX.x2] = colour
    for x in (110, 140, 170):  # panes, or letters
        picture[80:140, x : x + 3] = 255 - np.array(colour)
    box = PictureBox(BOX.x1 + off, BOX.y1 - off, BOX.x2 + off, BOX.y2 + off)
    assert doubt(within(box), picture, box) is None


@pytest.mark.parametrize(
    "box",
    [
        pytest.param(PictureBox(0, 0, 120, 90), id="in a corner"),
        pytest.param(PictureBox(0, 100, WIDTH, 180), id="across"),
        pytest.param(PictureBox(60, 60, 76, 72), id="small"),
    ],
)
def test_a_thing_at_the_pictures_edge_has_edges_on_its_other_sides(box: PictureBox) -> None:
    picture = ground("grain")
    assert doubt(within(box), picture, box) == FULL
    picture[box.y1 : box.y2, box.x1 : box.x2] = (220, 40, 40)
    assert doubt(within(box), picture, box) is None


def test_a_mask_of_the_whole_picture_shows_no_outline() -> None:
    whole = PictureBox(0, 0, WIDTH, HEIGHT)
    assert doubt(within(whole), ground("grain"), whole) == FULL


@pytest.mark.parametrize(
    ("pixels", "reason"),
    [
        pytest.param(np.zeros((HEIGHT, WIDTH), bool), NOTHING, id="empty"),
        pytest.param(within(PictureBox(100, 100, 115, 115)), SCANT, id="a speck"),
        pytest.param(within(PictureBox(0, 0, 60, 40)), SPILT, id="beside the box"),
        pytest.param(within(PictureBox(60, 40, 260, 220)), SPILT, id="far beyond it"),
        pytest.param(within(PictureBox(95, 75, 185, 150)), None, id="a good part of it"),
        pytest.param(within(PictureBox(78, 58, 150, 162)), None, id="a little beyond it"),
    ],
)
def test_how_much_of_the_box_a_mask_covers(pixels: BoolArray, reason: str | None) -> None:
    assert doubt(pixels, ground("plain")) == reason


def drawings() -> list[Drawing]:
    return [draw(sample_scene(np.random.default_rng([1 << 41, seed]), 5)) for seed in range(4)]


def test_no_right_mask_of_a_drawn_thing_is_doubted() -> None:
    """Neither the true ones nor those that GrabCut makes."""
    doubts = []
    for drawing in drawings():
        picture = open_picture(drawing.image)
        boxes = [PictureBox(*map(int, box)) for box in drawing.boxes]
        segments = GrabCutSegmenter().segment(picture, [MaskPrompt(box) for box in boxes])
        for box, segment, true in zip(boxes, segments, drawing.masks, strict=True):
            doubts += [
                doubt_about(segment.mask, box, drawing.image),
                doubt(true, drawing.image, box),
            ]
    assert doubts == [None] * 40


def test_grabcut_on_bare_ground_is_doubted() -> None:
    picture = open_picture(ground("plain"))
    (segment,) = GrabCutSegmenter().segment(picture, [MaskPrompt(BOX)])
    assert doubt_about(segment.mask, BOX, picture.pixels) == FULL


@pytest.mark.parametrize(
    "box", [(399, 299, 400, 300), (0, 0, 400, 1), (5, 5, 6, 6), (399, 0, 400, 1)]
)
def test_boxes_too_thin_for_an_edge_have_none(box: tuple[int, int, int, int]) -> None:
    assert edge_share(np.zeros((300, 400, 3), np.uint8), PictureBox(*box)) == 0
