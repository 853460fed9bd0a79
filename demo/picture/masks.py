"""A mask as a value: COCO run-length code, comparable, cheap to keep and to save.

It knows how masks are stored, measured and outlined; it does not know how they are made
(`segmenters/`) or drawn (`dialogue/overlay.py`, the page).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from pycocotools import mask as coco

from demo.picture.geometry import PictureBox, Size

BoolArray = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Mask:
    """The pixels of one object in picture pixels.

    ``counts`` is COCO's compressed run-length string over the column-major picture.
    """

    size: Size
    counts: str

    @classmethod
    def from_array(cls, pixels: NDArray[Any]) -> Mask:
        """From an array [H, W] whose non-zero elements belong to the object."""
        if pixels.ndim != 2:
            raise ValueError(f"a mask is an array [H, W], got shape {pixels.shape}")
        encoded = coco.encode(np.asfortranarray(pixels.astype(bool).astype(np.uint8)))
        height, width = pixels.shape
        return cls(Size(width, height), encoded["counts"].decode("ascii"))

    def to_array(self) -> BoolArray:
        """The pixels as booleans [H, W]. Raises ValueError when the counts do not fit the size."""
        runs = self.run_lengths()
        inside = np.arange(len(runs)) % 2 == 1
        columns = np.repeat(inside, runs).reshape(self.size.width, self.size.height)
        return np.ascontiguousarray(columns.T)

    @property
    def area(self) -> int:
        """Number of pixels. Raises ValueError when the counts do not fit the size."""
        return sum(self.run_lengths()[1::2])

    def bounding_box(self) -> PictureBox | None:
        """The smallest box around the pixels; None where there are none."""
        pixels = self.to_array()
        columns, rows = np.flatnonzero(pixels.any(axis=0)), np.flatnonzero(pixels.any(axis=1))
        if not len(rows):
            return None
        return PictureBox(int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1)

    def crop(self, box: PictureBox) -> Mask | None:
        """The part of the mask inside a box; None where there is none."""
        pixels = np.zeros((self.size.height, self.size.width), bool)
        inside = np.s_[box.y1 : box.y2, box.x1 : box.x2]
        pixels[inside] = self.to_array()[inside]
        return Mask.from_array(pixels) if pixels.any() else None

    def shifted(self, dx: int, dy: int) -> Mask | None:
        """The mask moved by whole pixels, as far as it stays in the picture; None where nothing does."""
        pixels = self.to_array()
        height, width = pixels.shape
        moved = np.zeros_like(pixels)
        left, top, right, bottom = max(dx, 0), max(dy, 0), width + min(dx, 0), height + min(dy, 0)
        if left < right and top < bottom:
            moved[top:bottom, left:right] = pixels[top - dy : bottom - dy, left - dx : right - dx]
        return Mask.from_array(moved) if moved.any() else None

    def run_lengths(self) -> list[int]:
        """Pixels outside, inside, outside, … of the object, column by column.

        Checked, because a string from a file can claim anything: raises ValueError unless all are
        at least 0 and their sum is the number of pixels.
        """
        runs = _run_lengths(self.counts)
        total = self.size.width * self.size.height
        if min(runs, default=0) < 0 or sum(runs) != total:
            raise ValueError(
                f"a mask's run lengths must not be negative and add up to {total} pixels"
            )
        return runs

    def to_dict(self) -> dict[str, Any]:
        """The form of a saved session: ``{"size": [height, width], "counts": str}``."""
        return {"size": [self.size.height, self.size.width], "counts": self.counts}

    def svg_path(self, tolerance: float = 0.6) -> str:
        """The outline as an SVG path in picture pixels, holes included (fill rule ``evenodd``).

        ``tolerance`` is the largest distance in pixels by which the outline may be simplified
        (Douglas–Peucker, `cv2.approxPolyDP`).
        """
        pixels = self.to_array().astype(np.uint8)
        contours, _ = cv2.findContours(pixels, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)
        return "".join(_contour_path(cv2.approxPolyDP(c, tolerance, True)) for c in contours)


def _run_lengths(counts: str) -> list[int]:
    """The numbers in COCO's string, not yet checked against a size.

    Each is written in groups of five bits, low ones first, as characters from code 48 on; bit 6
    says that more follow, and the last group's top bit is the sign. From the fourth number on, the
    difference to the one before the previous is written (``rleFrString`` in cocoapi's maskApi.c).
    """
    runs: list[int] = []
    value = shift = 0
    for character in counts:
        group = ord(character) - 48
        if not 0 <= group < 64 or shift > 30:
            raise ValueError("a mask's counts are not a COCO run-length string")
        value |= (group & 31) << shift
        shift += 5
        if group & 32:
            continue
        if group & 16:
            value -= 1 << shift
        runs.append(value + runs[-2] if len(runs) > 2 else value)
        value = shift = 0
    if shift:
        raise ValueError("a mask's counts end within a number")
    return runs


def _contour_path(contour: NDArray[Any]) -> str:
    points = contour.reshape(-1, 2)
    if len(points) == 1:
        # A single pixel is its own square: a path of one point would not be drawn at all.
        x, y = points[0]
        return f"M{x} {y}h1v1h-1Z"
    return f"M{' '.join(f'{x} {y}' for x, y in points)}Z"
