"""The cut-out of a region: of one object or several, with masks and without."""

from __future__ import annotations

import numpy as np
import pytest

from demo.picture.geometry import PictureBox, PicturePoint, Size
from demo.picture.masks import Mask
from demo.picture.picture import open_picture
from demo.picture.regions import Click, Region, RegionObject
from demo.segmenters.cut_out import cut_out, step_of

SIZE = Size(1600, 1200)
BOX = PictureBox(200, 300, 600, 900)


def masked(box: PictureBox, size: Size = SIZE) -> Mask:
    pixels = np.zeros((size.height, size.width), bool)
    pixels[box.y1 : box.y2, box.x1 : box.x2] = True
    return Mask.from_array(pixels)


def picture(*things: PictureBox) -> np.ndarray:
    pixels = np.full((SIZE.height, SIZE.width, 3), 128, np.uint8)
    for x1, y1, x2, y2 in (thing.xyxy for thing in things):
        pixels[y1:y2, x1:x2] = (220, 40, 40)
    return pixels


def test_objects_without_masks_are_their_boxes() -> None:
    other = PictureBox(700, 100, 710, 120)
    region = Region("R1", (RegionObject("R1.1", BOX), RegionObject("R1.2", other)))
    cut = cut_out(open_picture(picture()), region)
    assert cut.box == PictureBox(200, 100, 710, 900)
    assert cut.alpha.shape == (800, 510)
    assert int((cut.alpha == 255).sum()) == BOX.area + other.area
    assert int((cut.alpha > 0).sum()) == BOX.area + other.area


def test_the_edge_of_an_enlarged_mask_moves_to_the_thing() -> None:
    thing = PictureBox(205, 304, 597, 893)
    region = Region("R1", (RegionObject("R1.1", BOX, mask=masked(BOX)),))
    cut = cut_out(open_picture(picture(thing)), region)
    assert step_of(region.objects[0], SIZE) > 4
    solid = Mask.from_array(cut.alpha > 127).bounding_box()
    assert solid is not None
    x, y = cut.box.x1, cut.box.y1
    for found, true in zip(solid.xyxy, thing.xyxy, strict=True):
        assert abs(found + (x, y)[true in (thing.y1, thing.y2)] - true) <= 2
    assert cut.alpha[300, 200] == 255
    assert ((cut.alpha > 0) & (cut.alpha < 255)).any()


def test_several_objects_that_overlap_are_cut_out_together() -> None:
    small = PictureBox(590, 880, 640, 930)
    objects = (
        RegionObject("R1.1", BOX, mask=masked(BOX)),
        RegionObject("R1.2", small, mask=masked(small)),
    )
    cut = cut_out(open_picture(picture(BOX, small)), Region("R1", objects))
    at = (BOX.x2 - 5 - cut.box.x1, BOX.y2 - 5 - cut.box.y1)
    assert cut.alpha[at[1], at[0]] == 255
    assert cut.alpha[-1].max() > 0
    assert cut.alpha[0, -1] == 0


def test_an_empty_mask_gives_the_box() -> None:
    empty = Mask.from_array(np.zeros((SIZE.height, SIZE.width)))
    cut = cut_out(open_picture(picture()), Region("R1", (RegionObject("R1.1", BOX, mask=empty),)))
    assert (cut.box, cut.alpha.min()) == (BOX, 255)


@pytest.mark.parametrize(
    ("item", "step"),
    [
        pytest.param(RegionObject("", PictureBox(10, 10, 60, 60)), 1, id="GrabCut, small"),
        pytest.param(RegionObject("", BOX, mask_quality=0.9), 1600 / 256, id="SAM 2"),
        pytest.param(
            RegionObject("", BOX, PicturePoint(9, 9), clicks=(Click(PicturePoint(9, 9)),)),
            pytest.approx(491 / 256, abs=0.1),
            id="GrabCut from a click",
        ),
    ],
)
def test_steps_are_as_wide_as_the_segmenter_left_them(item: RegionObject, step: float) -> None:
    assert step_of(item, SIZE) == step
