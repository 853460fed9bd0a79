"""The cut-out of a region: how much of each pixel belongs to it, at the picture's full size.

Stored masks stay as they are. One that was made small and enlarged gets a soft edge that follows the
picture, when somebody asks for a cut-out.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from demo.picture.geometry import PictureBox, Size
from demo.picture.masks import Mask
from demo.picture.picture import Picture
from demo.picture.regions import Click, Region, RegionObject
from demo.picture.soft_edges import MAX_BAND, soft_edge
from demo.segmenters.base import MaskPrompt
from demo.segmenters.grabcut import made_smaller

_ENCODED = 256  # pixels: SAM 2 makes its masks that large, whatever the picture
_MARGIN = 4 * MAX_BAND  # pixels round a mask that its edge is found from


@dataclass(frozen=True, slots=True)
class CutOut:
    """``alpha`` is uint8 [h, w], 0 beside the region and 255 within it, for the pixels in ``box``."""

    box: PictureBox
    alpha: NDArray[np.uint8]


def cut_out(picture: Picture, region: Region) -> CutOut:
    """All objects of a region together, masks with a soft edge; an object without a mask is its box."""
    parts = [_part(picture, item) for item in region.objects]
    whole = _round(part.box for part in parts)
    alpha = np.zeros((whole.height, whole.width), np.uint8)
    for part in parts:
        rows, columns = _place(part.box, whole)
        alpha[rows, columns] = np.maximum(alpha[rows, columns], part.alpha)
    return _trimmed(CutOut(whole, alpha))


def _part(picture: Picture, item: RegionObject) -> CutOut:
    extent = None if item.mask is None else item.mask.bounding_box()
    if item.mask is None or extent is None:
        box = item.box
        return CutOut(box, np.full((box.height, box.width), 255, np.uint8))
    x1, y1, x2, y2 = extent.xyxy
    around = PictureBox(x1 - _MARGIN, y1 - _MARGIN, x2 + _MARGIN, y2 + _MARGIN).clamped(
        picture.size
    )
    here = np.s_[around.y1 : around.y2, around.x1 : around.x2]
    step = step_of(item, picture.size)
    return CutOut(around, soft_edge(picture.pixels[here], item.mask.to_array(around), step))


def step_of(item: RegionObject, size: Size) -> float:
    """How many pixels of the picture one pixel was where the mask of this object was made.

    SAM 2 looks at the whole picture and estimates a quality, GrabCut at the surroundings, without one.
    """
    if item.mask_quality is not None:
        return max(size.width, size.height) / _ENCODED
    by_clicks = not item.by_hand and item.clicks[:1] == _as_click(item)
    return 1 / made_smaller(MaskPrompt(None if by_clicks else item.box, item.point), size)


def _as_click(item: RegionObject) -> tuple[Click, ...] | None:
    """The click that made an object, if one did."""
    return None if item.point is None else (Click(item.point),)


def _round(boxes: Iterable[PictureBox]) -> PictureBox:
    corners = np.array([box.xyxy for box in boxes])
    return PictureBox(*map(int, (*corners[:, :2].min(axis=0), *corners[:, 2:].max(axis=0))))


def _place(box: PictureBox, whole: PictureBox) -> tuple[slice, slice]:
    """Rows and columns of a box within another one."""
    return (
        slice(box.y1 - whole.y1, box.y2 - whole.y1),
        slice(box.x1 - whole.x1, box.x2 - whole.x1),
    )


def _trimmed(cut: CutOut) -> CutOut:
    """Without rows and columns at the border that nothing of the region is in."""
    box = Mask.from_array(cut.alpha).bounding_box()
    if box is None:
        return cut
    x, y = cut.box.x1, cut.box.y1
    kept = PictureBox(x + box.x1, y + box.y1, x + box.x2, y + box.y2)
    return CutOut(kept, cut.alpha[box.y1 : box.y2, box.x1 : box.x2])
