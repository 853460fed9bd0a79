"""Draws a scene at any size, with an exact mask of the visible part of each thing."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from demo.nano.world.places import backdrop, shade
from demo.nano.world.scene import Scene, Thing
from demo.nano.world.shapes import BITS, Pixels, Points, fixed
from demo.nano.world.things import figure

Mask = NDArray[np.bool_]
Box = tuple[int, int, int, int]


@dataclass(frozen=True)
class Drawing:
    """A rendered scene; masks and boxes follow the order of `scene.things`."""

    image: Pixels
    masks: tuple[Mask, ...]
    boxes: tuple[Box, ...]


def _stamp(canvas: Pixels, owner: Pixels, number: int, t: Thing, time: str) -> None:
    """Draw one thing with its outline, and write its number into ``owner``, the map of visible things."""
    height, width = canvas.shape[:2]
    f = figure(t.kind, t.colour, t.hat, t.look, time)
    unit = f.points
    if t.flip:
        unit = np.stack([1.0 - unit[:, 0], unit[:, 1]], axis=1)
    points = (unit * (t.w, t.h) + (t.x - t.w / 2, t.y - t.h)) * (width, height)
    reach = _reach(points, min(width, height))
    x0, y0 = (points.min(axis=0) - reach - 2).astype(int).clip(0).tolist()
    x1, y1 = (points.max(axis=0) + reach + 3).astype(int).tolist()
    x1, y1 = min(x1, width), min(y1, height)
    local = fixed(points - (x0, y0))
    alpha: Pixels = np.zeros((y1 - y0, x1 - x0), dtype=np.uint8)
    for a, b, _, edge in f.cuts:
        if edge:
            cv2.fillPoly(alpha, [local[a:b]], 255, cv2.LINE_AA, BITS)
    alpha = cv2.dilate(alpha, _kernel(reach))
    roi = canvas[y0:y1, x0:x1]
    wide = alpha[:, :, None].astype(np.uint16)
    roi[...] = (roi * (255 - wide) + wide * np.array(f.ink, dtype=np.uint16)) // 255
    for a, b, rgb, _ in f.cuts:
        cv2.fillPoly(roi, [local[a:b]], rgb, cv2.LINE_AA, BITS)
    owner[y0:y1, x0:x1][alpha > 127] = number


def _reach(points: Points, side: int) -> int:
    """How far the outline reaches, in pixels: a share of the picture's shorter side.

    On things smaller than any in an ordinary scene it is a share of the thing.
    """
    length = float(np.ptp(points, axis=0).max())
    return max(1, round(min(0.0046 * side, 0.046 * length)))


@lru_cache(maxsize=16)
def _kernel(reach: int) -> Pixels:
    side = 2 * reach + 1
    ellipse: Pixels = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side)).astype(np.uint8)
    return ellipse


def box_of(mask: Mask) -> Box:
    """The smallest box round a mask."""
    x, y, w, h = cv2.boundingRect(mask.view(np.uint8))
    return (x, y, x + w, y + h)


def draw(scene: Scene, width: int | None = None, height: int | None = None) -> Drawing:
    """The scene as pixels; a missing width or height follows from the other and the scene's aspect.

    Another aspect than the scene's stretches the picture.
    """
    aw, ah = scene.aspect
    if width is None:
        width = aw if height is None else round(height * aw / ah)
    if height is None:
        height = round(width * ah / aw)
    canvas = backdrop(scene, width, height)
    owner: Pixels = np.zeros((height, width), dtype=np.uint8)
    for i, t in enumerate(scene.things):
        shade(canvas, t, scene.time)
        _stamp(canvas, owner, i + 1, t, scene.time)
    masks = tuple(owner == i + 1 for i in range(len(scene.things)))
    return Drawing(canvas, masks, tuple(box_of(m) for m in masks))
