"""Masks in the forms of benchmark files: pixels, run lengths, or polygons.

Each form becomes a `Mask`, checked against the picture, or an error that says what is wrong with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pycocotools import mask as coco

from demo.errors import InputError
from demo.picture.geometry import MIN_PICTURE_SIDE, Size
from demo.picture.masks import Mask

_MAX_COORDINATE = 100_000  # pixels; COCO walks along every edge of a polygon


def read_mask(value: object, size: Size) -> Mask:
    """The mask for a picture of that size. Raises InputError.

    ``value`` is a list of H rows of W numbers, 0 and 1 or 0 and 255; a COCO run-length code ``{"size":
    [H, W], "counts": text or list of numbers}``; polygons in picture pixels, each ``[x1, y1, x2, y2, …]``,
    ``[[x1, y1], [x2, y2], …]`` or ``[{"x": x1, "y": y1}, …]`` (one alone may lack the outer list); or a
    shape of LabelMe, ``{"points": [[x1, y1], …], "shape_type": "polygon" or "rectangle"}``.
    """
    try:
        if isinstance(value, dict):
            return _of_shape(value, size) if "points" in value else _of_runs(value, size)
        return _of_list(value, size)
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise InputError(f"A mask cannot be read: {error}.") from error


def _of_list(value: object, size: Size) -> Mask:
    if isinstance(value, str):
        raise InputError(
            "A mask is a text. Write its pixels, run lengths or polygons into the file."
        )
    if not isinstance(value, list) or not value:
        raise InputError("A mask is neither pixels nor run lengths nor polygons.")
    if not isinstance(value[0], list) or _are_points(value):
        return _of_polygons([value], size)
    while _holds_lists(value[0]) and len(value) == 1 and not _are_points(value[0]):
        value = value[0]  # as some tools write an object of one part
    pixels = _pixels(value, size)
    return _of_polygons(value, size) if pixels is None else _of_pixels(pixels, size)


def _holds_lists(value: object) -> bool:
    return isinstance(value, list) and bool(value) and isinstance(value[0], list)


def _are_points(value: Sequence[Any]) -> bool:
    """Whether all of these are corners; no picture is so narrow that they could be rows of pixels."""
    return all(_is_point(one) for one in value)


def _is_point(value: object) -> bool:
    if isinstance(value, dict):
        return {"x", "y"} <= value.keys()
    return isinstance(value, list) and len(value) == 2 and not isinstance(value[0], list)


def _pixels(rows: Sequence[Any], size: Size) -> NDArray[Any] | None:
    """The rows as an array [H, W] when they are of one length and hold 0 and 1, or 0 and 255, else None.

    Raises ValueError for other values in as many rows and columns as the picture has.
    """
    lengths = {len(row) if isinstance(row, list) and not _holds_lists(row) else -1 for row in rows}
    if len(lengths) > 1 or -1 in lengths:
        return None
    array = np.array(rows)
    if array.ndim == 2 and array.dtype.kind in "biuf":
        if np.isin(array, (0, 1)).all():
            return array
        # In few rows or columns these may be the corners of a polygon.
        if min(array.shape) >= MIN_PICTURE_SIDE and np.isin(array, (0, 255)).all():
            return array
    if array.shape == (size.height, size.width):
        raise ValueError("its pixels are neither all 0 or 1 nor all 0 or 255")
    return None


def _of_pixels(pixels: NDArray[Any], size: Size) -> Mask:
    height, width = pixels.shape
    _check_size(width, height, size)
    return Mask.from_array(pixels)


def _of_runs(value: dict[str, Any], size: Size) -> Mask:
    height, width = value["size"]
    _check_size(width, height, size)
    counts = value["counts"]
    if isinstance(counts, str):
        mask = Mask(size, counts)
        mask.run_lengths()
        return mask
    if not all(type(run) is int and run >= 0 for run in counts):
        raise ValueError("its counts are not whole numbers from 0")
    if sum(counts) != width * height:
        raise ValueError(f"its counts add up to {sum(counts)}, not to {width * height} pixels")
    columns = np.repeat(np.arange(len(counts)) % 2 == 1, counts)
    return Mask.from_array(columns.reshape(width, height).T)


def _of_shape(value: dict[str, Any], size: Size) -> Mask:
    points, kind = value["points"], value.get("shape_type", "polygon")
    if kind not in ("polygon", "rectangle"):
        raise ValueError(f"its shape_type is {kind}, and only polygon and rectangle are read")
    if kind == "rectangle" and isinstance(points, list) and len(points) == 2:
        (x1, y1), (x2, y2) = points
        points = [x1, y1, x2, y1, x2, y2, x1, y2]
    return _of_polygons([points], size)


def _of_polygons(polygons: Sequence[Any], size: Size) -> Mask:
    """COCO's own filling (`rleFrPoly`); several polygons are one object."""
    flat = [_flat(polygon) for polygon in polygons]
    for polygon in flat:
        _check_polygon(polygon)
    runs = coco.merge(coco.frPyObjects(flat, size.height, size.width))
    return Mask(size, runs["counts"].decode("ascii"))


def _flat(polygon: Any) -> Any:
    """The corners' numbers in one list."""
    if not isinstance(polygon, list) or not _are_points(polygon):
        return polygon
    pairs = ((p["x"], p["y"]) if isinstance(p, dict) else p for p in polygon)
    return [number for pair in pairs for number in pair]


def _check_polygon(polygon: object) -> None:
    if not isinstance(polygon, list) or len(polygon) < 6 or len(polygon) % 2:
        raise ValueError("a polygon is a list of at least three corners x, y")
    for number in polygon:
        if isinstance(number, bool) or not isinstance(number, int | float):
            raise TypeError("a polygon holds something that is not a number")
        if not abs(number) <= _MAX_COORDINATE:  # also true for NaN
            raise ValueError("a polygon's corner is too far away")


def _check_size(width: object, height: object, size: Size) -> None:
    if (width, height) != (size.width, size.height):
        raise InputError(
            f"A mask has {width} × {height} pixels, its picture {size.width} × {size.height}."
        )
