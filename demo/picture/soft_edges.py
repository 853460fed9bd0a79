"""A mask made at a small size → its soft edge at the picture's full size, for cut-outs.

The contour may move within a band as wide as the steps that enlarging left. There a guided filter (K. He,
J. Sun, X. Tang: "Guided Image Filtering", ECCV 2010; with factors from a smaller picture, arXiv:1505.00996)
lets it follow the picture's own edges. It goes tile by tile, so memory does not grow with the picture.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Bytes = NDArray[np.uint8]

TILE = 768
MAX_BAND = 48  # pixels on each side of the contour
SOFTNESS = 0.8  # sigma in pixels of the soft edge
_EPSILON = (
    2e-3,
    4e-4,
)  # of colours in 0…1: what still counts as one surface, in the first and second pass
_SHARES = (2.0, 0.4)  # of the band: the filter's radius in each pass


def soft_edge(pixels: Bytes, mask: NDArray[np.bool_], step: float) -> Bytes:
    """How much of each pixel is the object's, 0…255 as [H, W], from a mask whose contour has such steps.

    ``pixels`` is [H, W, 3]; ``step`` is how many pixels of it one pixel was where the mask was made. A
    mask with steps of up to 1 is exact already, and stays as it is.
    """
    alpha = np.where(mask, np.uint8(255), np.uint8(0))
    if step <= 1 or mask.all() or not mask.any():
        return alpha
    band = min(math.ceil(1.5 * step) + 1, MAX_BAND)
    near = _near_contour(mask, band)
    for rows, columns in _tiles(mask.shape):
        if near[rows, columns].any():
            wide = _widened(rows, 4 * band), _widened(columns, 4 * band)
            inner = tuple(
                slice(part.start - around.start, part.stop - around.start)
                for part, around in zip((rows, columns), wide, strict=True)
            )
            tile = _refined(pixels[wide], mask[wide], near[wide], band)
            alpha[rows, columns] = tile[inner]
    return alpha


def _near_contour(mask: NDArray[np.bool_], band: int) -> NDArray[np.bool_]:
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * band + 1, 2 * band + 1))
    small = mask.astype(np.uint8)
    return np.asarray(cv2.dilate(small, kernel) != cv2.erode(small, kernel))


def _tiles(shape: tuple[int, ...]) -> Iterator[tuple[slice, slice]]:
    height, width = shape
    for y in range(0, height, TILE):
        for x in range(0, width, TILE):
            yield slice(y, min(y + TILE, height)), slice(x, min(x + TILE, width))


def _widened(part: slice, margin: int) -> slice:
    return slice(max(part.start - margin, 0), part.stop + margin)


def _refined(pixels: Bytes, mask: NDArray[np.bool_], near: NDArray[np.bool_], band: int) -> Bytes:
    """The soft edge of one tile: the contour is moved in two passes, then softened."""
    guide = (pixels / np.float32(255)).astype(np.float32)
    found = mask
    for share, epsilon in zip(_SHARES, _EPSILON, strict=True):
        radius = max(round(share * band), 2)
        filtered = _guided(guide, found.astype(np.float32), radius, epsilon)
        found = np.where(near, filtered > 0.5, mask)
    soft = cv2.GaussianBlur(found.astype(np.float32), (0, 0), SOFTNESS)
    return np.asarray(np.rint(255 * soft), np.uint8)


def _guided(guide: Floats, values: Floats, radius: int, epsilon: float) -> Floats:
    """``values`` [h, w] as the best linear function of the colours ``guide`` [h, w, 3] round each pixel."""
    height, width = values.shape
    smaller = max(radius // 4, 1)
    size = (max(width // smaller, 1), max(height // smaller, 1))
    factors = _factors(
        cv2.resize(guide, size, interpolation=cv2.INTER_AREA),
        cv2.resize(values, size, interpolation=cv2.INTER_AREA),
        max(radius // smaller, 1),
        epsilon,
    )
    factors = cv2.resize(factors, (width, height), interpolation=cv2.INTER_LINEAR)
    return np.asarray(np.einsum("hwc,hwc->hw", factors[..., :3], guide) + factors[..., 3])


def _factors(guide: Floats, values: Floats, radius: int, epsilon: float) -> Floats:
    """The linear functions' factors and constant, [h, w, 4]."""

    def mean(of: Floats) -> Floats:
        return np.asarray(cv2.blur(of, (2 * radius + 1,) * 2, borderType=cv2.BORDER_REFLECT))

    middle, level = mean(guide), mean(values)
    shared = mean(guide * values[..., None]) - middle * level[..., None]
    products = guide[..., :, None] * guide[..., None, :]
    spread = mean(products.reshape(*values.shape, 9)).reshape(*values.shape, 3, 3)
    spread -= middle[..., :, None] * middle[..., None, :]
    spread += epsilon * np.eye(3, dtype=np.float32)
    slopes = np.linalg.solve(spread, shared[..., None])[..., 0]
    constant = level - np.einsum("hwc,hwc->hw", slopes, middle)
    return np.asarray(mean(np.dstack([slopes, constant]).astype(np.float32)))
