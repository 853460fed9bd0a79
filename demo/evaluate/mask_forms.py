"""Masks in the forms of benchmark files: pixels, run lengths, or polygons.

Each form becomes a `Mask`, checked against the picture, or an error that says what is wrong with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pycocotools import mask as coco

from demo.errors import InputError
from demo.picture.geometry import MIN_PICTURE_SIDE, Size
from demo.picture.masks import Mask

_MAX_COORDINATE = 100_000  # pixels; COCO walks along every edge of a polygon
_NAMES = ("segmentation", "polygon", "polygons", "mask", "rle")  # of what else may hold a mask


def read_mask(value: object, size: Size) -> Mask:
    """The mask for a picture of that size. Raises InputError.

    ``value`` is a list of H rows of W numbers, 0 and 1 or 0 and 255; a COCO run-length code ``{"size":
    [H, W], "counts": text or list of numbers}``; polygons in picture pixels, each ``[x1, y1, x2, y2, …]``,
    ``[[x1, y1], [x2, y2], …]`` or ``[{"x": x1, "y": y1}, …]`` (one alone may lack the outer list); or a
    shape of LabelMe, ``{"points": [[x1, y1], …], "shape_type": "polygon" or "rectangle"}``, of VIA,
    ``{"all_points_x": […], "all_points_y": […]}``, or any of these under a name such as ``segmentation``.
    """
    try:
        return _of_group(value, size) if isinstance(value, dict) else _of_list(value, size)
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise InputError(f"A mask cannot be read: {error}.") from error


def read_masks(value: object, size: Size) -> list[Mask]:
    """The masks of one turn: a list of them, or one alone where it can be nothing else.

    Raises InputError.
    """
    masks = [value] if isinstance(value, dict) and value else value or []
    if not isinstance(masks, list):
        raise InputError("“masks” is not a list.")
    return [read_mask(mask, size) for mask in ([masks] if _is_one(masks, size) else masks)]


def _is_one(value: Sequence[Any], size: Size) -> bool:
    """Whether this is the mask of one thing: one polygon, or rows of pixels as many as the picture has."""
    if len(value) < 3:
        return False
    if _are_points(value) or all(_is_number(one) for one in value):
        return True
    is_whole = all(isinstance(row, list) and len(row) == size.width for row in value)
    return is_whole and len(value) == size.height and all(v in (0, 1, 255) for v in chain(*value))


def _of_group(value: dict[str, Any], size: Size) -> Mask:
    if "points" in value:
        return _of_shape(value, size)
    if {"all_points_x", "all_points_y"} <= value.keys():
        return _of_shape({"points": _paired(value["all_points_x"], value["all_points_y"])}, size)
    named = [value[name] for name in _NAMES if name in value]
    if "counts" in value or not named:
        return _of_runs(value, size)
    # One level only, however deep a file nests them.
    return _of_runs(named[0], size) if isinstance(named[0], dict) else _of_list(named[0], size)


def _paired(xs: Sequence[Any], ys: Sequence[Any]) -> list[list[Any]]:
    if len(xs) != len(ys):
        raise ValueError(f"it has {len(xs)} x and {len(ys)} y")
    return [list(corner) for corner in zip(xs, ys, strict=True)]


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
        if not _is_number(number):
            raise TypeError("a polygon holds something that is not a number")
        if not abs(number) <= _MAX_COORDINATE:  # also true for NaN
            raise ValueError("a polygon's corner is too far away")
    if are_shares(polygon):
        raise ValueError("a polygon's corners lie between 0 and 1, and not in pixels")


def are_shares(numbers: Sequence[float]) -> bool:
    """Whether these are shares of the picture's width and height, and not pixels."""
    return all(0 <= n <= 1 for n in numbers) and any(n != int(n) for n in numbers)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _check_size(width: object, height: object, size: Size) -> None:
    if (width, height) != (size.width, size.height):
        raise InputError(
            f"A mask has {width} × {height} pixels, its picture {size.width} × {size.height}."
        )
