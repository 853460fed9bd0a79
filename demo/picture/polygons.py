"""Masks as polygons, and back. Coordinates are picture pixels, whose pixel (0, 0) reaches from 0 to 1.

Tools that know polygons only have no holes and no second part: `one_ring` joins all by cuts without width.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray
from pycocotools import mask as coco

from demo.errors import InputError, NoAreaError
from demo.machine.effort import breathe
from demo.picture.geometry import Size
from demo.picture.masks import Mask
from demo.picture.runs import Runs, inverted, joined

Ring = tuple[tuple[float, float], ...]
MAX_CORNERS = 100_000  # of one object
MAX_RINGS = 5_000  # of one object, parts and holes: each is joined to what was there before
MAX_LENGTH = 500_000  # pixels around one object; drawing needs 120 bytes for each

_FINER = 2  # an outline runs through the centres of pixels this many times smaller
_ELLIPSE = 64  # corners
_TOLERANCE = 0.5  # picture pixels, by which an outline may be simplified


@dataclass(frozen=True, slots=True)
class Polygon:
    """One part of an object: its outline and those of its holes."""

    outline: Ring
    holes: tuple[Ring, ...] = ()


def polygons_of(mask: Mask) -> tuple[Polygon, ...]:
    """The parts of a mask, the largest first; none where it has no pixel.

    Raises InputError for dust of more parts than tools can draw.
    """
    parts = polygons_unless_dust(mask)
    if parts is None:
        raise InputError(
            f"An object has more than {MAX_RINGS:,} parts and holes, too many to outline. Save it as a "
            "dialogue, as masks or as COCO."
        )
    return parts


def polygons_unless_dust(mask: Mask) -> tuple[Polygon, ...] | None:
    """As `polygons_of`; None of dust."""
    box = mask.bounding_box()
    if box is None:
        return ()
    pixels = mask.to_array()[box.y1 : box.y2, box.x1 : box.x2].astype(np.uint8)
    finer = np.repeat(np.repeat(pixels, _FINER, axis=0), _FINER, axis=1)
    found, tree = cv2.findContours(finer, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    if len(found) > MAX_RINGS:
        return None
    rings = [_ring(contour, box.x1, box.y1) for contour in found]
    parents = [int(parent) for *_, parent in tree[0]]
    holes = defaultdict[int, list[Ring]](list)
    for ring, parent in zip(rings, parents, strict=True):
        holes[parent].append(ring)  # those that are no hole have the parent -1
    outlines = (at for at, parent in enumerate(parents) if parent < 0)
    parts = (Polygon(rings[at], tuple(holes[at]) if at in holes else ()) for at in outlines)
    return tuple(sorted(parts, key=lambda part: -area_of(part.outline)))


def _ring(contour: NDArray[np.int32], left: int, top: int) -> Ring:
    breathe()
    simple = cv2.approxPolyDP(contour, _TOLERANCE * _FINER, True).reshape(-1, 2)
    if len(simple) < 3:
        simple = contour.reshape(-1, 2)
    return tuple(((x + 0.5) / _FINER + left, (y + 0.5) / _FINER + top) for x, y in simple.tolist())


def mask_of(polygons: Sequence[Polygon], size: Size) -> Mask | None:
    """The pixels inside; None where there are none. Raises InputError, in words that follow a place."""
    rings = [ring for part in polygons for ring in (part.outline, *part.holes)]
    corners = sum(map(len, rings))
    if corners > MAX_CORNERS:
        raise InputError(f"the outline has {corners:,} corners, of which {MAX_CORNERS:,} are read")
    if len(rings) > MAX_RINGS:
        raise InputError(
            f"the outline has {len(rings):,} parts and holes, of which {MAX_RINGS:,} are read"
        )
    length_of(polygons)
    whole = Mask.from_runs(joined([_runs_of_part(part, size) for part in polygons]), size)
    return whole if whole.area else None


def _runs_of_part(part: Polygon, size: Size) -> Runs:
    outline = _filled(part.outline, size)
    if not part.holes:
        return outline
    holes = [_filled(hole, size) for hole in part.holes]
    return inverted(joined([inverted(outline), *holes]))


def _filled(ring: Ring, size: Size) -> Runs:
    breathe()
    (encoded,) = coco.frPyObjects([_flat(ring)], size.height, size.width)
    return Mask(size, encoded["counts"].decode("ascii")).run_lengths()


def union_of(masks: Sequence[Mask]) -> Mask:
    """The pixels of any of several masks of one picture."""
    return Mask.from_runs(joined([mask.run_lengths() for mask in masks]), masks[0].size)


def length_of(polygons: Iterable[Polygon]) -> float:
    """Pixels along all outlines of an object.

    Raises InputError, in words that follow a place, for more than can be drawn.
    """
    rings = (ring for part in polygons for ring in (part.outline, *part.holes))
    length = sum(_length(_flat(ring)) for ring in rings)
    if length > MAX_LENGTH:
        raise InputError("the outline is too long: it leads far out of the picture, or to and fro")
    return length


def _flat(ring: Ring) -> list[float]:
    """x, y, x, … of its corners. Raises InputError, in words that follow a place."""
    flat = [value for point in ring for value in point]
    if len(flat) < 6:
        raise NoAreaError("the outline has fewer than three corners")
    if not all(-1e7 < value < 1e7 for value in flat):
        raise InputError("the outline has a corner that is not two numbers")
    return flat


def _length(flat: list[float]) -> float:
    """Pixels along a ring, each side by its longer way: as many steps are kept while it is drawn."""
    corners = np.array(flat).reshape(-1, 2)
    return float(np.abs(corners - np.roll(corners, -1, axis=0)).max(axis=1).sum())


def placed_mask(part: NDArray[np.bool_], left: int, top: int, size: Size) -> Mask:
    """A mask of the whole picture from a part [H, W] of it with that corner.

    Raises InputError, in words that follow a place in a file, where it reaches outside.
    """
    height, width = part.shape
    if left < 0 or top < 0 or left + width > size.width or top + height > size.height:
        raise InputError("its mask reaches outside the picture")
    columns = np.zeros((size.height, width), bool)  # runs go down the columns
    columns[top : top + height] = part
    runs = Mask.from_array(columns).run_lengths()
    runs[0] += left * size.height
    after = (size.width - left - width) * size.height
    if len(runs) % 2:
        runs[-1] += after
    elif after:
        runs = np.append(runs, after)
    return Mask.from_runs(runs, size)


def ellipse(x: float, y: float, radius_x: float, radius_y: float) -> Ring:
    """An upright ellipse about that point."""
    angles = np.linspace(0, 2 * np.pi, _ELLIPSE, endpoint=False)
    xs, ys = x + radius_x * np.cos(angles), y + radius_y * np.sin(angles)
    return tuple(zip(xs.tolist(), ys.tolist(), strict=True))


def turned(ring: Ring, degrees: float) -> Ring:
    """The ring turned clockwise about the middle of its bounds."""
    x1, y1, x2, y2 = bounds_of([Polygon(ring)])
    cx, cy, angle = (x1 + x2) / 2, (y1 + y2) / 2, math.radians(degrees)
    sin, cos = math.sin(angle), math.cos(angle)
    return tuple(
        (cx + (x - cx) * cos - (y - cy) * sin, cy + (x - cx) * sin + (y - cy) * cos)
        for x, y in ring
    )


def area_of(ring: Ring) -> float:
    """Square pixels that a ring encloses."""
    x, y = np.array(ring).T
    return float(abs(np.dot(x, np.roll(y, 1)) - np.dot(y, np.roll(x, 1))) / 2)


def one_ring(polygons: Sequence[Polygon]) -> Ring:
    """All parts and holes as one ring: each joined, at its first corner, to the nearest one before it."""
    rings = [ring for part in polygons for ring in (part.outline, *part.holes)]
    whole = np.array(rings[0])
    for ring in rings[1:]:
        breathe()
        other = np.array(ring)
        at = int(((whole - other[0]) ** 2).sum(axis=1).argmin())
        whole = np.concatenate([whole[: at + 1], other, other[:1], whole[at:]])
    return tuple((float(x), float(y)) for x, y in whole)


def rectangle_of(ring: Ring) -> tuple[float, float, float, float] | None:
    """x1, y1, x2, y2 of a ring that is an upright rectangle; None of any other."""
    corners = list(dict.fromkeys(ring))
    x, y = sorted({x for x, _ in corners}), sorted({y for _, y in corners})
    if len(corners) != 4 or len(x) != 2 or len(y) != 2:
        return None
    # Two corners that follow each other share a side; the other order of the four is a bow tie.
    is_round = all((a[0] == b[0]) != (a[1] == b[1]) for a, b in pairwise(corners))
    return (x[0], y[0], x[1], y[1]) if is_round else None


def bounds_of(polygons: Sequence[Polygon]) -> tuple[float, float, float, float]:
    """x1, y1, x2, y2 around all parts."""
    corners = np.array([point for part in polygons for point in part.outline])
    (x1, y1), (x2, y2) = corners.min(axis=0).tolist(), corners.max(axis=0).tolist()
    return x1, y1, x2, y2
