"""What speaks against a mask: its share of its box, and what the picture shows along the box's sides.

Of 298 drawn things the right masks of SAM 2 and of GrabCut covered 33 to 94 % of the box. A thing may truly
fill its box: then the picture changes its colour along the sides.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from demo.machine.kept import Kept
from demo.picture.geometry import PictureBox
from demo.picture.masks import Mask

NOTHING = "it is empty"
FULL = "it fills its whole box"
SCANT = "it covers almost nothing of its box"
SPILT = "it reaches far beyond its box"

MIN_SHARE = 0.03  # of the box
MAX_SHARE = 0.97
MAX_BEYOND = 0.25  # of the mask
CONTRAST = 12.0  # grey levels between the two sides of a thing's edge
MIN_EDGE = 0.5  # of a side of the box, along which a thing that fills it has an edge
_PIECES = 8  # of each side of the box, looked at one by one
_DEPTH = 0.06  # of the box's shorter side: how far from the line each piece reaches
_MAX_DEPTH = 24
_known: Kept[tuple[int, int]] = Kept(2_000_000, lambda _: 200)  # bytes, about
_GAP = 2  # pixels on each side of the line: a box is seldom right to the pixel


def doubt_about(mask: Mask, box: PictureBox, pixels: NDArray[np.uint8]) -> str | None:
    """Why a mask made for that box is uncertain, in words after a colon; None where nothing says so.

    ``pixels`` is the picture [H, W, 3], which mask and box lie on.
    """
    area, inside = _areas(mask, box)
    if not area:
        return NOTHING
    if area - inside > MAX_BEYOND * area:
        return SPILT
    if inside < MIN_SHARE * box.area:
        return SCANT
    is_full = inside > MAX_SHARE * box.area
    return FULL if is_full and edge_share(pixels, box) < MIN_EDGE else None


def _areas(mask: Mask, box: PictureBox) -> tuple[int, int]:
    """The pixels of a mask, and those of them that lie in the box."""
    return _known.get(f"{mask.digest} {box}", lambda: (mask.area, mask.area_within(box)))


def edge_share(pixels: NDArray[np.uint8], box: PictureBox) -> float:
    """The share of a side of the box (0…1) along which colours change; 0 for a box round the whole picture.

    It is that of the side with the second least: a thing may look like its ground at one of them. Those on
    the picture's own edge have no other side, and do not count.
    """
    depth = min(max(round(_DEPTH * min(box.width, box.height)), _GAP + 1), _MAX_DEPTH)
    turns = [_turned(pixels, box, quarter) for quarter in range(4)]
    steps = [_steps(view, turned, depth) for view, turned in turns if turned.y1 > _GAP]
    shares = sorted(float(np.mean(step > CONTRAST)) for step in steps if step.size)
    return shares[len(shares) > 2] if shares else 0.0


def _turned(
    pixels: NDArray[np.uint8], box: PictureBox, quarter: int
) -> tuple[NDArray[np.uint8], PictureBox]:
    """Picture and box with another side of the box on top."""
    for _ in range(quarter):
        width = pixels.shape[1]
        pixels = np.rot90(pixels)
        box = PictureBox(box.y1, width - box.x2, box.y2, width - box.x1)
    return pixels, box


def _steps(pixels: NDArray[np.uint8], box: PictureBox, depth: int) -> NDArray[np.float32]:
    """For each piece of the box's upper side, how far the colours above and below it lie apart; none for a
    box too thin to have both.
    """
    gap = max(depth // 3, _GAP)
    columns = slice(box.x1, box.x2)
    above = pixels[max(box.y1 - gap - depth, 0) : box.y1 - gap, columns]
    below = pixels[box.y1 + gap : box.y1 + gap + depth, columns]
    if not above.size or not below.size:
        return np.zeros(0, np.float32)
    return np.asarray(np.abs(_means(above) - _means(below)).max(axis=-1))


def _means(strip: NDArray[np.uint8]) -> NDArray[np.float32]:
    """The mean colours [pieces, 3] along a strip."""
    columns = strip.mean(axis=0, dtype=np.float32)[None]
    return np.asarray(cv2.resize(columns, (_PIECES, 1), interpolation=cv2.INTER_AREA)[0])
