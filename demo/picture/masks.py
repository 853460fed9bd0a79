"""A mask as a value: COCO run-length code, comparable, cheap to keep and to save.

It knows how masks are stored, measured and outlined; it does not know how they are made
(`segmenters/`) or drawn (`dialogue/overlay.py`, the page).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from demo.picture.geometry import PictureBox, Size
from demo.picture.runs import (
    Runs,
    box_around,
    count_inside,
    joined,
    pixels_of,
    read_runs,
    runs_of,
    thinned,
    written,
)

BoolArray = NDArray[np.bool_]
MAX_RUNS = 20_000  # of which an outline is made: more than that are noise


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
        height, width = pixels.shape
        grid = np.asfortranarray(pixels.astype(bool))
        return cls.from_runs(runs_of(grid.ravel(order="F")), Size(width, height))

    @classmethod
    def from_runs(cls, runs: Runs, size: Size) -> Mask:
        """From the lengths of its runs over the column-major picture, of which the first is outside."""
        return cls(size, written(runs))

    @property
    def digest(self) -> str:
        """A short name of it, under which what was made of it can be kept."""
        return hashlib.blake2s(f"{self.size} {self.counts}".encode(), digest_size=8).hexdigest()

    def to_array(self, box: PictureBox | None = None) -> BoolArray:
        """The pixels as booleans [H, W], of the whole picture or of a box in it.

        Raises ValueError when the counts do not fit the size.
        """
        runs = self.run_lengths()
        if box is None:
            return _pixels(runs, self.size)
        grid = thinned(runs, self.size, box, 1)
        return _pixels(grid.runs, grid.size)

    @property
    def area(self) -> int:
        """Number of pixels. Raises ValueError when the counts do not fit the size."""
        return int(self.run_lengths()[1::2].sum())

    def area_within(self, box: PictureBox) -> int:
        """Number of pixels that lie in a box of the picture. Raises ValueError as `area` does."""
        return count_inside(self.run_lengths(), self.size, box)

    def bounding_box(self) -> PictureBox | None:
        """The smallest box around the pixels; None where there are none."""
        return box_around(self.run_lengths(), self.size)

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

    def run_lengths(self) -> Runs:
        """Pixels outside, inside, outside, … of the object, column by column.

        Checked, because a string from a file can claim anything: raises ValueError unless all are
        at least 0 and their sum is the number of pixels.
        """
        runs = read_runs(self.counts)
        total = self.size.width * self.size.height
        if not len(runs) or runs.min() < 0 or runs.max() > total or runs.sum() != total:
            raise ValueError(
                f"a mask's run lengths must not be negative and add up to {total} pixels"
            )
        return runs

    def to_dict(self) -> dict[str, Any]:
        """The form of a saved session: ``{"size": [height, width], "counts": str}``."""
        return {"size": [self.size.height, self.size.width], "counts": self.counts}

    def svg_path(
        self, tolerance: float = 0.6, max_side: int | None = None, max_runs: int = MAX_RUNS
    ) -> str:
        """The outline as an SVG path in picture pixels, holes included (fill rule ``evenodd``).

        ``tolerance`` is the largest distance in pixels by which the outline may be simplified
        (Douglas–Peucker, `cv2.approxPolyDP`). With ``max_side`` so many of its pixels are passed over
        that no more than these are left at a side, and more until there are ``max_runs`` runs at most.
        """
        runs, box = self.run_lengths(), self.bounding_box()
        if box is None:
            return ""
        step = 1 if max_side is None else -(-max(box.width, box.height) // max_side)
        grid = thinned(runs, self.size, box, step)
        while np.count_nonzero(grid.runs) > max_runs and step < max(box.width, box.height):
            step *= 2
            grid = thinned(runs, self.size, box, step)
        pixels = _pixels(grid.runs, grid.size).view(np.uint8)
        contours, _ = cv2.findContours(pixels, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)
        simple = (cv2.approxPolyDP(c, tolerance / step, True) for c in contours)
        return "".join(_contour_path(c * step + np.array(grid.start)) for c in simple)


def union_area(masks: Sequence[Mask]) -> int:
    """Pixels of one picture that at least one of its masks holds."""
    return int(joined([mask.run_lengths() for mask in masks])[1::2].sum())


def _pixels(runs: Runs, size: Size) -> BoolArray:
    return np.ascontiguousarray(pixels_of(runs).reshape(size.width, size.height).T)


def _contour_path(contour: NDArray[Any]) -> str:
    points = contour.reshape(-1, 2)
    if len(points) == 1:
        # A single pixel is its own square: a path of one point would not be drawn at all.
        x, y = points[0]
        return f"M{x} {y}h1v1h-1Z"
    return f"M{' '.join(f'{x} {y}' for x, y in points)}Z"
