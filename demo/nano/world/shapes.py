"""Coloured outlines: curves, ribbons and ovals as polygons, and how they are filled."""

from __future__ import annotations

import math
from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from demo.nano.world.scene import Rgb

Pixels = NDArray[np.uint8]
Points = NDArray[np.float64]
Pairs = Sequence[tuple[float, float]]

BITS = 4  # of a pixel's fraction, in OpenCV's fixed-point coordinates


def mix(a: Rgb, b: Rgb, t: float) -> Rgb:
    """The colour a share t of the way from a to b."""
    return (
        round(a[0] + (b[0] - a[0]) * t),
        round(a[1] + (b[1] - a[1]) * t),
        round(a[2] + (b[2] - a[2]) * t),
    )


def dark(rgb: Rgb) -> Rgb:
    """The colour in shade."""
    return mix(rgb, (38, 24, 58), 0.22)


def light(rgb: Rgb) -> Rgb:
    """The colour in light."""
    return mix(rgb, (255, 250, 232), 0.22)


def ring(n: int) -> Points:
    """n points on the unit circle, (n, 2)."""
    t = np.linspace(0.0, 2 * math.pi, n, endpoint=False)
    return np.stack([np.cos(t), np.sin(t)], axis=1)


RING = ring(28)


def smooth(points: Pairs, closed: bool = True, steps: int = 6) -> Points:
    """A Catmull-Rom curve through the points."""
    p = np.asarray(points, dtype=np.float64)
    if closed:
        ext = np.concatenate([p[-1:], p, p[:2]])
    else:
        ext = np.concatenate([2 * p[:1] - p[1:2], p, 2 * p[-1:] - p[-2:-1]])
    a, b, c, d = (ext[i : len(ext) - 3 + i, None, :] for i in range(4))
    t = np.linspace(0.0, 1.0, steps, endpoint=False)[None, :, None]
    curve = 0.5 * (
        2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3
    )
    flat: Points = curve.reshape(-1, 2)
    return flat if closed else np.concatenate([flat, p[-1:]])


def _ribbon(spine: Points, widths: Points) -> Points:
    """The outline of a line of varying width, with round ends."""
    step: Points = np.asarray(np.gradient(spine, axis=0), dtype=np.float64)
    step /= np.maximum(np.hypot(step[:, :1], step[:, 1:]), 1e-9)
    side = np.stack([-step[:, 1], step[:, 0]], axis=1) * (widths[:, None] / 2)
    bend = np.linspace(0.0, math.pi, 7)[1:-1]

    def cap(k: int, sign: float) -> Points:
        along = step[k] * sign * widths[k] / 2
        bent = np.outer(np.cos(bend), side[k] * sign) + np.outer(np.sin(bend), along)
        end: Points = spine[k] + bent
        return end

    outline: Points = np.concatenate(
        [spine + side, cap(-1, 1.0), (spine - side)[::-1], cap(0, -1.0)]
    )
    return outline


class Sketch:
    """Collects the coloured shapes of one figure, in any unit, y pointing down."""

    def __init__(self) -> None:
        self.parts: list[tuple[Points, Rgb, bool]] = []

    def poly(self, points: Pairs | Points, rgb: Rgb, edge: bool = True) -> None:
        """A polygon; `edge` says that it belongs to the silhouette."""
        self.parts.append((np.asarray(points, dtype=np.float64), rgb, edge))

    def blob(self, points: Pairs, rgb: Rgb, edge: bool = True) -> None:
        self.poly(smooth(points), rgb, edge)

    def oval(self, x: float, y: float, rx: float, ry: float, rgb: Rgb, edge: bool = True) -> None:
        self.poly(RING * (rx, ry) + (x, y), rgb, edge)

    def box(
        self, x0: float, y0: float, x1: float, y1: float, rgb: Rgb, edge: bool = True,
        r: float = 0.0,
    ) -> None:  # fmt: skip
        if r <= 0:
            self.poly([(x0, y0), (x1, y0), (x1, y1), (x0, y1)], rgb, edge)
            return
        rim = ring(20) * r
        centre = np.where(rim >= 0, (x1 - r, y1 - r), (x0 + r, y0 + r))
        self.poly(rim + centre, rgb, edge)

    def bar(
        self, x0: float, y0: float, x1: float, y1: float, width: float, rgb: Rgb,
        edge: bool = True, end: float | None = None,
    ) -> None:  # fmt: skip
        spine = np.array([(x0, y0), (x1, y1)], dtype=np.float64)
        widths = np.array([width, width if end is None else end], dtype=np.float64)
        self.poly(_ribbon(spine, widths), rgb, edge)

    def curve(
        self, points: Pairs, width: float, rgb: Rgb, edge: bool = True, end: float | None = None
    ) -> None:
        spine = smooth(points, closed=False, steps=5)
        self.poly(
            _ribbon(spine, np.linspace(width, width if end is None else end, len(spine))),
            rgb,
            edge,
        )


def fixed(points: Points) -> NDArray[np.int32]:
    """Pixel coordinates as OpenCV's fixed-point ones (it counts from pixel centres)."""
    whole: NDArray[np.int32] = np.rint((points - 0.5) * 2**BITS).astype(np.int32)
    return whole


def fill(canvas: Pixels, points: NDArray[np.int32], rgb: Rgb) -> None:
    cv2.fillPoly(canvas, [points], rgb, cv2.LINE_AA, BITS)
