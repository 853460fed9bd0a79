"""Regions drawn on a copy of the picture."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from demo.dialogue.overlay import draw_overlay, overlay_png
from demo.dialogue.session import ReasonerInfo, Session
from demo.picture.geometry import PictureBox, PicturePoint, Size
from demo.picture.masks import Mask
from demo.picture.palette import PALETTE
from demo.picture.picture import Picture, open_picture
from demo.picture.regions import RegionObject, Registry

GREY = 200
WIDTH, HEIGHT = 320, 240
LARGE = PictureBox(100, 100, 200, 180)
SMALL = PictureBox(230, 120, 290, 200)


@pytest.fixture
def picture() -> Picture:
    return open_picture(np.full((HEIGHT, WIDTH, 3), GREY, np.uint8), "grey.png")


def with_regions(picture: Picture, *regions: list[RegionObject]) -> Session:
    registry = Registry()
    for objects in regions:
        registry, _ = registry.add(objects)
    return Session.begin(picture.info, ReasonerInfo("nano", Size(840, 840))).with_registry(registry)


def hidden(session: Session, name: str) -> Session:
    region = replace(session.registry.region(name), hidden=True)
    return session.with_registry(session.registry.replace(region))


def thing(
    box: PictureBox, *, mask: bool = False, point: PicturePoint | None = None
) -> RegionObject:
    pixels = np.zeros((HEIGHT, WIDTH), bool)
    pixels[box.y1 : box.y2, box.x1 : box.x2] = True
    return RegionObject("", box, point, Mask.from_array(pixels) if mask else None)


def rgb(number: int) -> NDArray[np.float64]:
    """The colour of R<number>, from its text."""
    return np.array(
        [int(PALETTE[(number - 1) % len(PALETTE)][i : i + 2], 16) for i in (1, 3, 5)], float
    )


def pixel(drawn: NDArray[np.uint8], x: int, y: int) -> NDArray[np.float64]:
    return np.asarray(drawn[y, x], float)


def test_without_regions_it_is_a_copy_of_the_picture(picture: Picture) -> None:
    drawn = draw_overlay(picture, with_regions(picture))
    assert np.array_equal(drawn, picture.pixels)
    assert not np.shares_memory(drawn, picture.pixels)


def test_the_picture_itself_stays_as_it_is(picture: Picture) -> None:
    before = picture.pixels.copy()
    drawn = draw_overlay(picture, with_regions(picture, [thing(LARGE, mask=True)]))
    assert drawn.shape == before.shape
    assert drawn.dtype == np.uint8
    assert not np.array_equal(drawn, before)
    assert np.array_equal(picture.pixels, before)


def test_mask_is_tinted_in_the_colour_of_its_region(picture: Picture) -> None:
    session = with_regions(picture, [thing(LARGE, mask=True)], [thing(SMALL, mask=True)])
    drawn = draw_overlay(picture, session)
    for number, box in enumerate((LARGE, SMALL), start=1):
        centre = pixel(drawn, (box.x1 + box.x2) // 2, (box.y1 + box.y2) // 2)
        assert centre == pytest.approx(0.65 * GREY + 0.35 * rgb(number), abs=2)


def test_without_mask_only_the_outline_is_drawn(picture: Picture) -> None:
    drawn = draw_overlay(picture, with_regions(picture, [thing(LARGE)]))
    assert pixel(drawn, LARGE.x1, 150) == pytest.approx(rgb(1), abs=2)
    assert pixel(drawn, 150, LARGE.y2) == pytest.approx(rgb(1), abs=2)
    assert pixel(drawn, 150, 150) == pytest.approx(GREY)


def test_all_objects_of_a_region_have_its_colour(picture: Picture) -> None:
    drawn = draw_overlay(picture, with_regions(picture, [thing(LARGE), thing(SMALL, mask=True)]))
    assert pixel(drawn, LARGE.x1, 150) == pytest.approx(rgb(1), abs=2)
    assert pixel(drawn, SMALL.x1, 160) == pytest.approx(rgb(1), abs=2)


def test_names_stand_on_the_colour_and_differ(picture: Picture) -> None:
    one = draw_overlay(picture, with_regions(picture, [thing(LARGE)]))
    two = draw_overlay(picture, with_regions(picture, [thing(LARGE), thing(SMALL)]))
    assert pixel(one, LARGE.x1 + 1, LARGE.y1 - 3) == pytest.approx(rgb(1), abs=2)
    label = np.s_[LARGE.y1 - 12 : LARGE.y1, LARGE.x1 : LARGE.x1 + 60]
    assert not np.array_equal(one[label], two[label])  # R1 and R1.1


def test_point_is_dark_with_a_light_rim(picture: Picture) -> None:
    point = PicturePoint(150, 150)
    drawn = draw_overlay(picture, with_regions(picture, [thing(LARGE, point=point)]))
    assert pixel(drawn, *point.xy).max() < 60
    assert drawn[140:161, 140:161].max() == 255


def test_hidden_regions_are_not_drawn(picture: Picture) -> None:
    first = [thing(LARGE, mask=True, point=PicturePoint(150, 150))]
    only = with_regions(picture, first)
    both = with_regions(picture, first, [thing(SMALL, mask=True)])
    assert np.array_equal(draw_overlay(picture, hidden(both, "R2")), draw_overlay(picture, only))
    assert np.array_equal(draw_overlay(picture, hidden(only, "R1")), picture.pixels)


@pytest.mark.parametrize(
    "box",
    [
        pytest.param(PictureBox(0, 0, WIDTH, HEIGHT), id="whole picture"),
        pytest.param(PictureBox(0, 0, 1, 1), id="first pixel"),
        pytest.param(PictureBox(WIDTH - 1, HEIGHT - 1, WIDTH, HEIGHT), id="last pixel"),
    ],
)
def test_boxes_at_the_edge_are_drawn(picture: Picture, box: PictureBox) -> None:
    point = PicturePoint(WIDTH - 1, HEIGHT - 1)
    drawn = draw_overlay(picture, with_regions(picture, [thing(box, mask=True, point=point)]))
    assert not np.array_equal(drawn, picture.pixels)


@pytest.mark.parametrize(("width", "height"), [(16, 16), (17, 300), (320, 17)], ids="{}".format)
def test_png_holds_the_drawing(width: int, height: int) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)
    picture = open_picture(noise)
    session = with_regions(picture, [RegionObject("", PictureBox(2, 2, 14, 14))])
    with Image.open(io.BytesIO(overlay_png(picture, session))) as image:
        assert image.format == "PNG"
        assert image.size == (width, height)
        assert np.array_equal(np.asarray(image), draw_overlay(picture, session))
