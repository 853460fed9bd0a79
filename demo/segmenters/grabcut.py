"""Masks by colour and edges alone: GrabCut, which needs no weights and runs anywhere.

C. Rother, V. Kolmogorov, A. Blake: "GrabCut", SIGGRAPH 2004, as OpenCV has it. Each object is cut
out of its own surroundings, so that time does not grow with the picture.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from demo.picture.geometry import PictureBox, PicturePoint, Size
from demo.picture.masks import BoolArray, Mask
from demo.picture.picture import Picture
from demo.segmenters.base import MaskPrompt, Segment

ROUNDS = 5
MAX_SIDE = 256
SURROUNDINGS = 0.5  # of the box's sides, on each side: what GrabCut learns the background from
MIN_SHARE = 0.02  # of the box; a smaller mask says that nothing was found
REACH = 0.3  # of the picture's longer side: how far from a click an object without a box may go
ALIKE = 14  # grey levels by which neighbouring pixels of one surface may differ


class GrabCutSegmenter:
    """Prompted by box and points, or points alone; makes no estimate of its own quality."""

    @property
    def name(self) -> str:
        return "GrabCut"

    def prepare(self, picture: Picture) -> None:
        """There is nothing to prepare."""

    def segment(self, picture: Picture, prompts: Sequence[MaskPrompt]) -> list[Segment]:
        """One mask for each prompt; an object that cannot be told apart gets its whole box.

        Without a box, what looks like the pixels at the points is taken.
        """
        return [Segment(Mask.from_array(_cut_out(picture.pixels, h))) for h in prompts]


def made_smaller(prompt: MaskPrompt, size: Size) -> float:
    """The scale (at most 1) at which GrabCut looks for an object on a picture of that size."""
    return _view(prompt, size).scale


def _view(prompt: MaskPrompt, size: Size) -> _View:
    box, (width, height) = prompt.box, (size.width, size.height)
    outer = (
        _reach(prompt.on_it, width, height) if box is None else _surroundings(box, width, height)
    )
    return _View(outer, min(1.0, MAX_SIDE / max(outer.width, outer.height)))


def _cut_out(pixels: NDArray[np.uint8], prompt: MaskPrompt) -> BoolArray:
    """The object's pixels as booleans [H, W] of the whole picture."""
    height, width = pixels.shape[:2]
    box = prompt.box
    view = _view(prompt, Size(width, height))
    small = view.of(pixels)
    labels = _like_the_points(small, prompt, view) if box is None else _labels(small, box, view)
    found = _run(small, _marked(labels, prompt, view))
    if prompt.clicks:
        found = _with_the_points(found, [view.place(p) for p in prompt.on_it])
    whole = view.back(found, (height, width))
    if box is None:
        return whole
    inside = np.zeros_like(whole)
    inside[box.y1 : box.y2, box.x1 : box.x2] = True
    whole &= inside
    return whole if prompt.clicks or whole.sum() >= MIN_SHARE * box.area else inside


@dataclass(frozen=True, slots=True)
class _View:
    """A part of the picture, made smaller: ``outer`` in picture pixels, times ``scale``."""

    outer: PictureBox
    scale: float

    def of(self, pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """That part of the pixels [H, W, 3]; a thin strip keeps at least one pixel across."""
        outer = self.outer
        crop = pixels[outer.y1 : outer.y2, outer.x1 : outer.x2]
        size = [max(round(side * self.scale), 1) for side in (outer.width, outer.height)]
        return np.asarray(cv2.resize(crop, size, interpolation=cv2.INTER_AREA))

    def place(self, point: PicturePoint) -> tuple[int, int]:
        """Where a point of the picture lies in it."""
        x, y = point.x - self.outer.x1, point.y - self.outer.y1
        return round(x * self.scale), round(y * self.scale)

    def span(self, box: PictureBox) -> tuple[slice, slice]:
        """The rows and columns of a box of the picture, at least one of each."""
        (x1, y1), (x2, y2) = (self.place(PicturePoint(*c)) for c in (box.xyxy[:2], box.xyxy[2:]))
        return slice(y1, max(y2, 1)), slice(x1, max(x2, 1))

    def back(self, found: BoolArray, shape: tuple[int, int]) -> BoolArray:
        """What was found in it as booleans [H, W] of the whole picture."""
        outer = self.outer
        size = (outer.width, outer.height)
        smooth = cv2.resize(found.astype(np.float32), size, interpolation=cv2.INTER_LINEAR)
        whole = np.zeros(shape, bool)
        whole[outer.y1 : outer.y2, outer.x1 : outer.x2] = smooth > 0.5
        return whole


def _surroundings(box: PictureBox, width: int, height: int) -> PictureBox:
    dx, dy = round(box.width * SURROUNDINGS) + 2, round(box.height * SURROUNDINGS) + 2
    return _widened(box, dx, dy, width, height)


def _reach(points: Sequence[PicturePoint], width: int, height: int) -> PictureBox:
    """How far an object may go that is known by points alone."""
    xs, ys = [p.x for p in points], [p.y for p in points]
    far = round(REACH * max(width, height)) + 2
    return _widened(PictureBox(min(xs), min(ys), max(xs), max(ys)), far, far, width, height)


def _widened(box: PictureBox, dx: int, dy: int, width: int, height: int) -> PictureBox:
    return PictureBox(
        max(box.x1 - dx, 0), max(box.y1 - dy, 0), min(box.x2 + dx, width), min(box.y2 + dy, height)
    )


def _labels(small: NDArray[np.uint8], box: PictureBox, view: _View) -> NDArray[np.uint8]:
    """Background outside the box, likely object inside."""
    labels = np.full(small.shape[:2], cv2.GC_BGD, np.uint8)
    labels[view.span(box)] = cv2.GC_PR_FGD
    return labels


def _like_the_points(
    small: NDArray[np.uint8], prompt: MaskPrompt, view: _View
) -> NDArray[np.uint8]:
    """Likely object where colours run on from the points without an edge, likely background elsewhere."""
    smooth = cv2.medianBlur(np.ascontiguousarray(small), 3)
    filled = np.zeros((small.shape[0] + 2, small.shape[1] + 2), np.uint8)
    flags = 4 | cv2.FLOODFILL_MASK_ONLY | cv2.FLOODFILL_FIXED_RANGE | (1 << 8)
    for point in prompt.on_it:
        at = _inside(view.place(point), small)
        cv2.floodFill(smooth, filled, at, 0, (ALIKE,) * 3, (ALIKE,) * 3, flags)
    likely = filled[1:-1, 1:-1] == 1
    return np.where(likely, cv2.GC_PR_FGD, cv2.GC_PR_BGD).astype(np.uint8)


def _marked(labels: NDArray[np.uint8], prompt: MaskPrompt, view: _View) -> NDArray[np.uint8]:
    """The labels with surely object round the points on it, surely background round those beside it."""
    wide = labels[view.span(prompt.box)].shape if prompt.box else labels.shape
    radius = max(1, min(wide) // (12 if prompt.box else 40))
    possible = labels != cv2.GC_BGD
    for points, sure in ((prompt.on_it, cv2.GC_FGD), (prompt.beside_it, cv2.GC_BGD)):
        for point in points:
            disc = np.zeros(labels.shape, np.uint8)
            cv2.circle(disc, view.place(point), radius, 1, -1)
            labels[(disc == 1) & possible] = sure
    return labels


def _with_the_points(found: BoolArray, places: Sequence[tuple[int, int]]) -> BoolArray:
    """Only the connected parts that hold a point; all where no part holds one."""
    _, parts = cv2.connectedComponents(found.astype(np.uint8))
    held = {int(parts[y, x]) for x, y in (_inside(place, found) for place in places)} - {0}
    return np.isin(parts, list(held)) if held else found


def _inside(place: tuple[int, int], pixels: NDArray[Any]) -> tuple[int, int]:
    """The nearest pixel that is there: a point may lie on the picture's edge."""
    height, width = pixels.shape[:2]
    return min(max(place[0], 0), width - 1), min(max(place[1], 0), height - 1)


def _run(pixels: NDArray[np.uint8], labels: NDArray[np.uint8]) -> BoolArray:
    object_like = np.isin(labels, (cv2.GC_FGD, cv2.GC_PR_FGD))
    if object_like.all() or not object_like.any():
        # A box that fills the picture leaves no background to learn from.
        return np.asarray(object_like)
    cv2.setRNGSeed(0)
    background, foreground = np.zeros((1, 65)), np.zeros((1, 65))
    contiguous = np.ascontiguousarray(pixels)
    cv2.grabCut(contiguous, labels, None, background, foreground, ROUNDS, cv2.GC_INIT_WITH_MASK)
    return np.asarray((labels == cv2.GC_FGD) | (labels == cv2.GC_PR_FGD))
