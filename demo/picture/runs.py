"""COCO's run-length strings as arrays: read, measured and thinned out without making any pixels.

A mask of a large picture has a few thousand runs and fifty million pixels, so whatever can be known from
the runs is. Runs are counted over the column-major picture: outside, inside, outside, …
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from demo.picture.geometry import PictureBox, Size

Runs = NDArray[np.int64]
_MAX_GROUPS = 7  # of five bits in one number

_NOT_ONE = "a mask's counts are not a COCO run-length string"
_CUT_OFF = "a mask's counts end within a number"


def read_runs(counts: str) -> Runs:
    """The numbers in COCO's string, not yet checked against a size. Raises ValueError.

    Each is written in groups of five bits, low ones first, as characters from code 48 on; bit 6
    says that more follow, and the last group's top bit is the sign. From the fourth number on, the
    difference to the one before the previous is written (``rleFrString`` in cocoapi's maskApi.c).
    """
    if not counts:
        return np.zeros(0, np.int64)
    if not counts.isascii():
        raise ValueError(_NOT_ONE)
    groups = np.frombuffer(counts.encode("ascii"), np.uint8).astype(np.int64) - 48
    if groups.min() < 0 or groups.max() >= 64:
        raise ValueError(_NOT_ONE)
    ends = np.flatnonzero(groups & 32 == 0)
    lengths = np.diff(ends, prepend=-1)
    left = len(groups) - int(lengths.sum())
    if max(left, lengths.max(initial=0)) > _MAX_GROUPS:
        raise ValueError(_NOT_ONE)
    if left:
        raise ValueError(_CUT_OFF)
    starts = ends - lengths + 1
    shifts = 5 * (np.arange(len(groups)) - np.repeat(starts, lengths))
    values = np.add.reduceat((groups & 31) << shifts, starts)
    values -= np.where(groups[ends] & 16, np.int64(1) << 5 * lengths, 0)
    for first in (1, 2):
        values[first::2] = np.cumsum(values[first::2])
    return values


def written(runs: Runs) -> str:
    """COCO's string of them, which `read_runs` reads."""
    values = runs.astype(np.int64)
    values[3:] -= runs[1:-2]
    lengths = np.ones(len(values), np.int64)
    for groups in range(1, _MAX_GROUPS):
        most = np.int64(1) << 5 * groups - 1
        lengths += (values < -most) | (values >= most)
    starts = np.cumsum(lengths) - lengths
    text = np.empty(int(lengths.sum()), np.uint8)
    for at in range(int(lengths.max(initial=0))):
        has_one, goes_on = lengths > at, lengths > at + 1
        group = (values >> 5 * at & 31) + np.where(goes_on, 32, 0)
        text[starts[has_one] + at] = group[has_one] + 48
    return text.tobytes().decode("ascii")


def runs_of(pixels: NDArray[np.bool_]) -> Runs:
    """The lengths of the runs in a row of pixels, of which the first is outside.

    Other threads can compute meanwhile, as they cannot while pycocotools counts.
    """
    ends = np.flatnonzero(pixels[1:] != pixels[:-1]) + 1
    first = [0, 0] if len(pixels) and pixels[0] else [0]
    bounds = np.concatenate((first, ends, [len(pixels)])).astype(np.int64)
    return bounds[1:] - bounds[:-1]


def bounds_of(runs: Runs) -> Runs:
    """Where each run begins, and the end of the last."""
    return np.concatenate(([0], np.cumsum(runs)))


def pixels_of(runs: Runs) -> NDArray[np.bool_]:
    """The row of pixels that they are; other threads can compute meanwhile, as with no `numpy.repeat`."""
    bounds = bounds_of(runs)
    steps = np.zeros(bounds[-1] + 1, np.int8)
    np.add.at(steps, bounds[1:-1:2], 1)
    np.subtract.at(steps, bounds[2::2], 1)
    return np.add.accumulate(steps[:-1], dtype=np.int8).view(bool)


def inverted(runs: Runs) -> Runs:
    """The runs of what is outside."""
    return runs[1:] if runs[0] == 0 else np.concatenate(([0], runs))


def joined(several: Sequence[Runs]) -> Runs:
    """The runs of what is in any of several objects of one picture."""
    bounds = [bounds_of(runs) for runs in several]
    starts = np.concatenate([each[1:-1:2] for each in bounds])
    stops = np.concatenate([each[2::2] for each in bounds])
    order = np.argsort(starts, kind="stable")
    order = order[stops[order] > starts[order]]
    starts, until = starts[order], np.maximum.accumulate(stops[order])
    is_first = np.concatenate(([True], starts[1:] > until[:-1]))[: len(starts)]
    is_last = np.concatenate((is_first[1:], [True]))[: len(starts)]
    return runs_between(starts[is_first], until[is_last], int(bounds[0][-1]))


def runs_between(starts: Runs, stops: Runs, total: int) -> Runs:
    """The runs of an object that begins and ends at these places, in order, among so many pixels."""
    inside = np.column_stack((starts, stops)).ravel()
    runs = np.diff(np.concatenate(([0], inside, [total])))
    return runs[:-1] if len(runs) > 1 and not runs[-1] else runs  # COCO ends with no empty run


def count_inside(runs: Runs, size: Size, box: PictureBox) -> int:
    """How many pixels of the object lie in a box of the picture."""
    bounds = bounds_of(runs)
    inside = np.arange(len(runs)) % 2 == 1
    counted = bounds_of(np.where(inside, runs, 0))
    columns = np.arange(box.x1, box.x2) * size.height

    def before(places: Runs) -> Runs:
        run = np.clip(np.searchsorted(bounds, places, "right") - 1, 0, len(runs) - 1)
        return np.asarray(counted[run] + np.where(inside[run], places - bounds[run], 0))

    return int((before(columns + box.y2) - before(columns + box.y1)).sum())


def box_around(runs: Runs, size: Size) -> PictureBox | None:
    """The smallest box around the object; None where it has no pixels."""
    bounds = bounds_of(runs)
    starts, stops = bounds[1:-1:2], bounds[2::2]
    has_any = stops > starts
    starts, stops = starts[has_any], stops[has_any]
    if not len(starts):
        return None
    height = size.height
    left, right = int(starts[0] // height), int((stops[-1] - 1) // height) + 1
    if (starts // height != (stops - 1) // height).any():  # from one column into the next
        return PictureBox(left, 0, right, height)
    top, bottom = (starts % height).min(), ((stops - 1) % height).max() + 1
    return PictureBox(left, int(top), right, int(bottom))


@dataclass(frozen=True, slots=True)
class Grid:
    """Every ``step``-th pixel of a part of the picture, from ``start`` (x, y) on, with an object's runs."""

    runs: Runs
    size: Size
    start: tuple[int, int]
    step: int


def thinned(runs: Runs, size: Size, box: PictureBox, step: int) -> Grid:
    """The object on every ``step``-th column and row of a box."""
    x, y = (
        corner + min(step // 2, side - 1)
        for corner, side in ((box.x1, box.width), (box.y1, box.height))
    )
    width, height = -(-(box.x2 - x) // step), -(-(box.y2 - y) // step)
    columns, rows = np.divmod(bounds_of(runs), size.height)

    def counted(places: Runs, first: int, count: int) -> Runs:
        """How many of the chosen columns or rows come before each place."""
        return np.clip(-(-(places - first) // step), 0, count)

    before, through = counted(columns, x, width), counted(columns + 1, x, width)
    places = before * height + np.where(through > before, counted(rows, y, height), 0)
    return Grid(np.diff(places), Size(width, height), (x, y), step)
