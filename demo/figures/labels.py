"""Where names of objects stand on a picture: beside their boxes, within the picture, not on each other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from demo.machine.effort import breathe
from demo.picture.geometry import PictureBox, Size

WIDTH, HEIGHT = 0.68, 1.5  # of a letter and of a label, for letters of size 1
_PADDING = 0.5
_MAX_PLACED = 500  # where there are more, all stand at their boxes
_STEPS = 6  # how far a label may go along its box

Corner = tuple[float, float]


def width_of(name: str, letters: float) -> float:
    """How wide a label is, in the pixels in which ``letters`` are high."""
    return (WIDTH * (len(name) - name.count(".") / 2) + _PADDING) * letters


def places(
    boxes: Sequence[PictureBox], names: Sequence[str], size: Size, letters: float
) -> list[Corner]:
    """The upper left corner of each label, in picture pixels, for letters so high.

    Of the places at its box each gets the first that no other label covers, or else that which is covered
    least.
    """
    taken = np.zeros((0, 4))
    found = list[Corner]()
    height = HEIGHT * letters
    for box, name in zip(boxes, names, strict=True):
        breathe()
        width = width_of(name, letters)
        corners = [_inside(*corner, width, height, size) for corner in _around(box, width, height)]
        if len(boxes) > _MAX_PLACED:
            corners = corners[:1]
        areas = np.array([(x, y, x + width, y + height) for x, y in corners])
        best = int(_covered(areas, taken).argmin())
        taken = np.concatenate([taken, areas[best : best + 1]])
        found.append(corners[best])
    return found


def _around(box: PictureBox, width: float, height: float) -> Iterator[Corner]:
    """Places above, within, below and beside a box, the usual ones first."""
    lines = (box.y1 - height, box.y1, box.y2, box.y2 - height)
    yield from ((float(box.x1), y) for y in lines)
    yield from ((box.x2 - width, y) for y in lines)
    yield from ((box.x2, float(box.y1)), (box.x1 - width, float(box.y1)))
    for step in range(1, _STEPS):
        yield box.x1, box.y1 + step * height
        yield box.x1 + step * width, box.y1 - height
        yield box.x1, box.y1 - (step + 1) * height


def _inside(x: float, y: float, width: float, height: float, size: Size) -> Corner:
    return max(0.0, min(x, size.width - width)), max(0.0, min(y, size.height - height))


def _covered(areas: NDArray[np.float64], taken: NDArray[np.float64]) -> NDArray[np.float64]:
    """How much of each area [N, 4] the taken ones [M, 4] cover, in square pixels; touching is none."""
    low = np.maximum(areas[:, None, :2], taken[None, :, :2])
    high = np.minimum(areas[:, None, 2:], taken[None, :, 2:])
    covered: NDArray[np.float64] = np.clip(high - low, 0, None).prod(axis=2).sum(axis=1)
    return covered.round(6)
