"""Masks by colour and edges alone: GrabCut, which needs no weights and runs anywhere.

C. Rother, V. Kolmogorov, A. Blake: "GrabCut", SIGGRAPH 2004, as OpenCV has it. Each object is cut
out of its own surroundings, so that time does not grow with the picture.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from demo.geometry import PictureBox, PicturePoint
from demo.masks import BoolArray, Mask
from demo.pictures import Picture
from demo.segmenters.base import Hint, Segment

ROUNDS = 5
LONGEST_SIDE = 256
SURROUNDINGS = 0.5  # of the box's sides, on each side: what GrabCut learns the background from
LEAST_SHARE = 0.02  # of the box; a smaller mask says that nothing was found


class GrabCutSegmenter:
    """Prompted by box and point; makes no estimate of its own quality."""

    @property
    def name(self) -> str:
        return "GrabCut"

    def prepare(self, picture: Picture) -> None:
        """There is nothing to prepare."""

    def segment(self, picture: Picture, hints: Sequence[Hint]) -> list[Segment]:
        """One mask for each hint; an object that cannot be told apart gets its whole box."""
        return [Segment(Mask.from_array(_cut_out(picture.pixels, h))) for h in hints]


def _cut_out(pixels: NDArray[np.uint8], hint: Hint) -> BoolArray:
    """The object's pixels as booleans [H, W] of the whole picture."""
    height, width = pixels.shape[:2]
    outer = _surroundings(hint.box, width, height)
    crop = pixels[outer.y1 : outer.y2, outer.x1 : outer.x2]
    scale = min(1.0, LONGEST_SIDE / max(outer.width, outer.height))
    # A thin strip keeps at least one pixel across.
    small_size = tuple(max(round(side * scale), 1) for side in (outer.width, outer.height))
    small = cv2.resize(crop, small_size, interpolation=cv2.INTER_AREA)
    labels = _labels(
        small.shape[:2], _moved(hint.box, outer, scale), _point(hint.point, outer, scale)
    )
    found = _run(small, labels)
    crop_size = (outer.width, outer.height)
    smooth = cv2.resize(found.astype(np.float32), crop_size, interpolation=cv2.INTER_LINEAR)
    whole = np.zeros((height, width), bool)
    whole[outer.y1 : outer.y2, outer.x1 : outer.x2] = smooth > 0.5
    inside = np.zeros_like(whole)
    box = hint.box
    inside[box.y1 : box.y2, box.x1 : box.x2] = True
    whole &= inside
    return whole if whole.sum() >= LEAST_SHARE * box.area else inside


def _surroundings(box: PictureBox, width: int, height: int) -> PictureBox:
    dx, dy = round(box.width * SURROUNDINGS) + 2, round(box.height * SURROUNDINGS) + 2
    return PictureBox(
        max(box.x1 - dx, 0), max(box.y1 - dy, 0), min(box.x2 + dx, width), min(box.y2 + dy, height)
    )


def _moved(box: PictureBox, outer: PictureBox, scale: float) -> tuple[slice, slice]:
    rows = slice(round((box.y1 - outer.y1) * scale), max(round((box.y2 - outer.y1) * scale), 1))
    columns = slice(round((box.x1 - outer.x1) * scale), max(round((box.x2 - outer.x1) * scale), 1))
    return rows, columns


def _point(point: PicturePoint | None, outer: PictureBox, scale: float) -> tuple[int, int] | None:
    if point is None:
        return None
    return round((point.x - outer.x1) * scale), round((point.y - outer.y1) * scale)


def _labels(
    shape: tuple[int, ...], box: tuple[slice, slice], point: tuple[int, int] | None
) -> NDArray[np.uint8]:
    """Background outside the box, likely object inside, surely object round the point."""
    labels = np.full(shape, cv2.GC_BGD, np.uint8)
    labels[box] = cv2.GC_PR_FGD
    if point is not None:
        surely = np.zeros(shape, np.uint8)
        rows, columns = labels[box].shape
        cv2.circle(surely, point, max(1, min(rows, columns) // 12), 1, -1)
        labels[(surely == 1) & (labels == cv2.GC_PR_FGD)] = cv2.GC_FGD
    return labels


def _run(pixels: NDArray[np.uint8], labels: NDArray[np.uint8]) -> BoolArray:
    if not (labels == cv2.GC_BGD).any() or not (labels != cv2.GC_BGD).any():
        # A box that fills the picture leaves no background to learn from.
        return np.asarray(labels != cv2.GC_BGD)
    cv2.setRNGSeed(0)
    background, foreground = np.zeros((1, 65)), np.zeros((1, 65))
    contiguous = np.ascontiguousarray(pixels)
    cv2.grabCut(contiguous, labels, None, background, foreground, ROUNDS, cv2.GC_INIT_WITH_MASK)
    return np.asarray((labels == cv2.GC_FGD) | (labels == cv2.GC_PR_FGD))
