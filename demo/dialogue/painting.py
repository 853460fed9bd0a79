"""What a person paints: strokes that add to a mask or take from it, and outlines by their corners.

Such masks are nobody's estimate, so they have no quality. The box is the mask's own, unless a person
set it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from demo.dialogue.edits import EditResult, span
from demo.dialogue.session import Session
from demo.errors import InputError
from demo.picture.geometry import PicturePoint, Size
from demo.picture.masks import Mask
from demo.picture.regions import Origin, RegionObject

MAX_WIDTH = 1 / 8  # of a stroke, as a part of the picture's longer side
MIN_CORNERS = 3


@dataclass(frozen=True, slots=True)
class Stroke:
    """A way of the brush in picture pixels, ``width`` wide and round at its ends."""

    points: Sequence[PicturePoint]
    width: int
    erases: bool = False


def paint(session: Session, name: str, stroke: Stroke) -> EditResult:
    """Add a stroke to an object's mask, or take it away; with no name, to a new region.

    Raises UnknownRegionError, or InputError where nothing would be left.
    """
    painted = _painted(stroke, session.picture.size)
    if not name:
        if stroke.erases:
            raise InputError("There is nothing to erase here. Begin on a region.")
        return _add(session, painted)
    item = session.registry.objects(name)[0]
    before = _pixels(item, session.picture.size, whole_box=stroke.erases)
    return _change(session, item, before & ~painted if stroke.erases else before | painted)


def draw_polygon(session: Session, corners: Sequence[PicturePoint]) -> EditResult:
    """Add a region with this outline. Raises InputError for one that encloses nothing."""
    return _add(session, _filled(corners, session.picture.size))


def reshape(session: Session, name: str, corners: Sequence[PicturePoint]) -> EditResult:
    """Give an object another outline, and the box of that.

    Raises UnknownRegionError, or InputError for an outline that encloses nothing.
    """
    item = replace(session.registry.objects(name)[0], by_hand=False)
    return _change(session, item, _filled(corners, session.picture.size))


def _painted(stroke: Stroke, size: Size) -> NDArray[np.bool_]:
    canvas = np.zeros((size.height, size.width), np.uint8)
    widest = max(1, round(MAX_WIDTH * max(size.width, size.height)))
    radius = (min(stroke.width, widest) - 1) // 2 if stroke.width > 1 else 0
    way = _clamped(stroke.points, size)
    # Lines of OpenCV end in discs that are wider than they are themselves.
    cv2.polylines(canvas, [way], isClosed=False, color=1, thickness=max(1, 2 * radius - 1))
    for x, y in way.tolist():
        cv2.circle(canvas, (x, y), radius, color=1, thickness=cv2.FILLED)
    return canvas.astype(bool)


def _filled(corners: Sequence[PicturePoint], size: Size) -> NDArray[np.bool_]:
    if len(set(corners)) < MIN_CORNERS:
        raise InputError("An outline needs at least three corners.")
    canvas = np.zeros((size.height, size.width), np.uint8)
    cv2.fillPoly(canvas, [_clamped(corners, size)], color=1)
    return canvas.astype(bool)


def _clamped(points: Sequence[PicturePoint], size: Size) -> NDArray[np.int32]:
    return np.array([point.clamped(size).xy for point in points], np.int32)


def _pixels(item: RegionObject, size: Size, *, whole_box: bool) -> NDArray[np.bool_]:
    """The object's mask; where it has none an empty one, or its ``whole_box`` to take something from."""
    if item.mask is not None:
        return item.mask.to_array()
    pixels = np.zeros((size.height, size.width), bool)
    if whole_box:
        pixels[item.box.y1 : item.box.y2, item.box.x1 : item.box.x2] = True
    return pixels


def _add(session: Session, pixels: NDArray[np.bool_]) -> EditResult:
    mask = Mask.from_array(pixels)
    extent = mask.bounding_box()
    if extent is None:
        raise InputError("Nothing was drawn there.")
    item = RegionObject("", extent, mask=mask)
    registry, _ = session.registry.add([item], origin=Origin.USER)
    return EditResult(session.with_registry(registry))


def _change(session: Session, item: RegionObject, pixels: NDArray[np.bool_]) -> EditResult:
    mask = Mask.from_array(pixels)
    extent = mask.bounding_box()
    region = session.registry.region(item.id)
    if extent is None:
        raise InputError(f"Nothing would be left of {region.id}. Delete it instead.")
    box = span(item.box, extent) if item.by_hand else extent
    changed = replace(
        item,
        box=box,
        point=item.point if item.point is not None and item.point.is_inside(box) else None,
        mask=mask,
        mask_quality=None,
        clicks=(),
        corrected=region.origin is Origin.MODEL,
    )
    return EditResult(session.with_region(region.with_object(changed)))
