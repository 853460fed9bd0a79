"""The cartoon world: how its things look and where they stand.

`sample_scene` lays a picture out (no pixels), `draw` renders it at any size, with an exact
mask of what is visible of each thing.  Every length is a fraction of the picture, so one
scene gives the same picture at 320 x 240 and at 960 x 720.

This module knows how things look and where they may stand.  It knows no words of any
question, no model and no file.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

Rgb = tuple[int, int, int]
Pixels = NDArray[np.uint8]
Mask = NDArray[np.bool_]
Points = NDArray[np.float64]
Box = tuple[int, int, int, int]
Pairs = Sequence[tuple[float, float]]

KINDS: tuple[str, ...] = (
    "man", "woman", "dog", "cat", "bird", "car",
    "boat", "tree", "house", "bench", "ball", "kite",
)  # fmt: skip
COLOURS: dict[str, Rgb] = {
    "red": (216, 38, 44),
    "orange": (247, 137, 28),
    "yellow": (252, 214, 44),
    "green": (44, 148, 66),
    "blue": (36, 88, 210),
    "purple": (138, 60, 176),
    "brown": (124, 76, 44),
    "white": (248, 247, 242),
    "black": (44, 43, 50),
}
PLACES: tuple[str, ...] = ("park", "beach", "street", "meadow", "lake")
TIMES: tuple[str, ...] = ("day", "dusk")
ASPECTS: tuple[tuple[int, int], ...] = (
    (640, 480), (480, 640), (600, 600), (768, 432), (720, 480), (480, 720), (560, 480),
)  # fmt: skip

PETS = ("brown", "black", "white", "orange")
CROWNS = ("green", "orange", "yellow", "red")
ANY = tuple(COLOURS)
COLOURS_OF: dict[str, tuple[str, ...]] = {
    kind: PETS if kind in ("dog", "cat") else CROWNS if kind == "tree" else ANY for kind in KINDS
}


@dataclass(frozen=True)
class Thing:
    """One thing: what it is, and the box it fills, in fractions of the picture."""

    kind: str
    colour: str
    hat: str | None
    x: float  # centre of the box, fraction of the width
    y: float  # foot of the box, fraction of the height
    w: float  # fraction of the width
    h: float  # fraction of the height
    flip: bool = False
    depth: float = 0.5  # larger is nearer
    look: int = 0  # which of the kind's variants
    aloft: bool = False  # in the air: no shadow

    @property
    def box(self) -> tuple[float, float, float, float]:
        """Left, top, right, bottom, as fractions."""
        return (self.x - self.w / 2, self.y - self.h, self.x + self.w / 2, self.y)


@dataclass(frozen=True)
class Scene:
    """A laid-out picture; its things stand in drawing order, the farthest first."""

    place: str
    time: str
    aspect: tuple[int, int]
    things: tuple[Thing, ...]
    horizon: float = 0.48
    seed: int = 0  # of the background's hills, clouds and flowers


@dataclass(frozen=True)
class Drawing:
    """A rendered scene; masks and boxes follow the order of `scene.things`."""

    image: Pixels
    masks: tuple[Mask, ...]
    boxes: tuple[Box, ...]


# ---------------------------------------------------------------- colours and shapes

INK: Rgb = (46, 36, 48)
SKINS: tuple[Rgb, ...] = ((250, 212, 180), (233, 184, 142), (190, 132, 92), (130, 84, 58))
HAIRS: tuple[Rgb, ...] = ((58, 40, 34), (112, 66, 36), (214, 164, 84), (40, 36, 42))
TROUSERS: tuple[Rgb, ...] = ((72, 80, 104), (104, 98, 100))
GLASS: Rgb = (196, 226, 238)


def _mix(a: Rgb, b: Rgb, t: float) -> Rgb:
    return (
        round(a[0] + (b[0] - a[0]) * t),
        round(a[1] + (b[1] - a[1]) * t),
        round(a[2] + (b[2] - a[2]) * t),
    )


def _dark(rgb: Rgb) -> Rgb:
    return _mix(rgb, (38, 24, 58), 0.22)


def _light(rgb: Rgb) -> Rgb:
    return _mix(rgb, (255, 250, 232), 0.22)


def _ring(n: int) -> Points:
    t = np.linspace(0.0, 2 * math.pi, n, endpoint=False)
    return np.stack([np.cos(t), np.sin(t)], axis=1)


_RING = _ring(28)
_LOBES = 0.82 + 0.3 * np.cos(np.linspace(0.0, 10 * math.pi, 30, endpoint=False))
_BLOOM = _ring(30) * _LOBES[:, None]


def _smooth(points: Pairs, closed: bool = True, steps: int = 6) -> Points:
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


class _Sketch:
    """Collects the coloured shapes of one figure, in any unit, y pointing down."""

    def __init__(self) -> None:
        self.parts: list[tuple[Points, Rgb, bool]] = []

    def poly(self, points: Pairs | Points, rgb: Rgb, edge: bool = True) -> None:
        """A polygon; `edge` says that it belongs to the silhouette."""
        self.parts.append((np.asarray(points, dtype=np.float64), rgb, edge))

    def blob(self, points: Pairs, rgb: Rgb, edge: bool = True) -> None:
        self.poly(_smooth(points), rgb, edge)

    def oval(self, x: float, y: float, rx: float, ry: float, rgb: Rgb, edge: bool = True) -> None:
        self.poly(_RING * (rx, ry) + (x, y), rgb, edge)

    def box(
        self, x0: float, y0: float, x1: float, y1: float, rgb: Rgb, edge: bool = True,
        r: float = 0.0,
    ) -> None:  # fmt: skip
        if r <= 0:
            self.poly([(x0, y0), (x1, y0), (x1, y1), (x0, y1)], rgb, edge)
            return
        ring = _ring(20) * r
        centre = np.where(ring >= 0, (x1 - r, y1 - r), (x0 + r, y0 + r))
        self.poly(ring + centre, rgb, edge)

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
        spine = _smooth(points, closed=False, steps=5)
        self.poly(
            _ribbon(spine, np.linspace(width, width if end is None else end, len(spine))),
            rgb,
            edge,
        )


# ---------------------------------------------------------------- the twelve kinds


def _face(s: _Sketch, x: float, y: float, skin: Rgb) -> None:
    for side in (-1, 1):
        s.oval(x + 5 * side, y, 1.7, 2.1, INK, False)
        s.oval(x + 8 * side, y + 5, 2.6, 1.7, _mix(skin, (238, 96, 92), 0.4), False)
    smile = [(x - 4, y + 5), (x - 2.4, y + 7), (x, y + 7.8), (x + 2.4, y + 7), (x + 4, y + 5)]
    s.curve(smile, 1.4, _mix(skin, INK, 0.75), False)


def _man(s: _Sketch, rgb: Rgb, hat: Rgb | None, look: int) -> None:
    skin, hair, wave = SKINS[look % 4], HAIRS[look // 4 % 4], look // 16 % 2
    legs = TROUSERS[look % 2]
    for side in (-1, 1):
        s.oval(50 + 9.5 * side, 98, 8, 4, (66, 50, 46))
        x0, x1 = 50 + 1.2 * side, 50 + 14.5 * side
        tone = _dark(legs) if side > 0 else legs
        s.poly([(x0, 62), (x1 + side, 62), (x1, 97), (x0 + 2 * side, 97)], tone)
    s.bar(34, 40, 24, 62, 10, _dark(rgb))
    s.oval(23, 66, 5, 5, skin)
    if wave:
        s.bar(66, 40, 80, 26, 10, _dark(rgb))
        s.oval(83, 22, 5, 5, skin)
    else:
        s.bar(66, 40, 76, 62, 10, _dark(rgb))
        s.oval(77, 66, 5, 5, skin)
    s.box(45, 26, 55, 38, _dark(skin))
    s.blob([(38, 34), (50, 35), (62, 34), (70, 40), (67, 55), (67, 68), (50, 69), (33, 68),
            (33, 55), (30, 40)], rgb)  # fmt: skip
    s.poly([(44, 34), (56, 34), (50, 41)], skin, False)
    s.box(34, 64.5, 66, 68, _mix(legs, INK, 0.5), False)
    s.oval(36.5, 19, 3, 4, skin)
    s.oval(63.5, 19, 3, 4, skin)
    s.oval(50, 18, 13.5, 15, skin)
    s.blob([(36.5, 15), (37, 6), (44, 1), (54, 0), (62, 5), (63.5, 15), (59, 10.5), (50, 10),
            (41, 10.5)], hair)  # fmt: skip
    _face(s, 50, 19, skin)
    if hat is not None:
        s.blob([(37, 9), (38, -4), (46, -9), (54, -9), (62, -4), (63, 9)], hat)
        s.bar(33, 9, 67, 9, 5, _dark(hat))


def _woman(s: _Sketch, rgb: Rgb, hat: Rgb | None, look: int) -> None:
    skin, hair, wave = SKINS[look % 4], HAIRS[look // 4 % 4], look // 16 % 2
    s.blob([(50, 1), (64, 6), (68, 20), (70, 36), (66, 46), (50, 42), (34, 46), (30, 36),
            (32, 20), (36, 6)], _dark(hair))  # fmt: skip
    for side in (-1, 1):
        s.bar(50 + 7 * side, 74, 50 + 7 * side, 95, 6.5, skin)
        s.oval(50 + 8.5 * side, 98, 7, 3.6, _dark(rgb))
    s.bar(38, 41, 25, 60, 6.5, skin)
    s.oval(24, 62, 4.2, 4.2, skin)
    if wave:
        s.bar(62, 41, 77, 28, 6.5, skin)
        s.oval(79, 26, 4.2, 4.2, skin)
    else:
        s.bar(62, 41, 75, 60, 6.5, skin)
        s.oval(76, 62, 4.2, 4.2, skin)
    s.box(46, 26, 54, 38, _dark(skin))
    s.blob([(41, 35), (50, 38), (59, 35), (66, 41), (60, 51), (68, 66), (77, 83), (64, 86),
            (50, 87), (36, 86), (23, 83), (32, 66), (40, 51), (34, 41)], rgb)  # fmt: skip
    s.poly([(40.5, 50), (59.5, 50), (61, 54), (39, 54)], _dark(rgb), False)
    s.curve([(27, 79), (40, 82), (60, 82), (73, 79)], 2.2, _light(rgb), False)
    s.oval(50, 19, 13, 14.5, skin)
    s.blob([(50, 2), (62, 5), (66, 18), (65, 32), (61, 24), (60, 14), (52, 10), (42, 14),
            (39, 24), (35, 32), (34, 18), (38, 5)], hair)  # fmt: skip
    _face(s, 50, 20, skin)
    if hat is not None:
        s.blob([(37, 8), (39, -3), (50, -8), (61, -3), (63, 8)], hat)
        s.oval(50, 8, 23, 4, hat)
        s.curve([(38, 4.5), (50, 6), (62, 4.5)], 3, _dark(hat), False)


def _dog(s: _Sketch, rgb: Rgb, hat: Rgb | None, look: int) -> None:
    shade = _dark(rgb)
    ear = _mix(rgb, INK, 0.45) if sum(rgb) > 160 else _mix(rgb, (255, 255, 255), 0.16)
    s.curve([(14, 38), (4, 28), (2, 12)], 9, rgb, end=5)
    s.bar(28, 54, 27, 82, 10, shade, end=8)
    s.bar(66, 54, 67, 82, 10, shade, end=8)
    s.blob([(8, 42), (16, 31), (36, 32), (56, 30), (72, 22), (84, 34), (80, 54), (66, 61),
            (44, 58), (24, 62), (11, 56)], rgb)  # fmt: skip
    s.bar(18, 54, 17, 83, 12, rgb, end=9)
    s.bar(76, 52, 77, 83, 11, rgb, end=9)
    s.oval(19, 85, 7, 4, _light(rgb))
    s.oval(79, 85, 7, 4, _light(rgb))
    s.blob([(48, 54), (62, 56), (70, 50), (60, 60), (46, 58)], _light(rgb), False)
    s.oval(100, 25, 13, 8, _light(rgb))
    s.oval(84, 19, 15, 15, rgb)
    s.oval(110.5, 20.5, 4.6, 4, INK)
    s.curve([(108, 28), (102, 30), (96, 28)], 1.8, _mix(shade, INK, 0.6), False)
    s.oval(90, 15, 3.1, 3.6, (255, 255, 255), False)
    s.oval(91, 15.4, 2, 2.5, INK, False)
    s.blob([(73, 6), (80, 8), (82, 20), (79, 36), (71, 39), (67, 28), (69, 14)], ear)
    s.bar(72, 42, 88, 37, 4, (226, 190, 92) if look % 2 else (120, 170, 190), False)


def _cat(s: _Sketch, rgb: Rgb, hat: Rgb | None, look: int) -> None:
    shade = _mix(rgb, INK, 0.35) if sum(rgb) > 160 else _mix(rgb, (255, 255, 255), 0.14)
    pale = _light(_light(rgb))
    s.curve([(64, 92), (88, 94), (100, 80), (98, 62), (86, 58), (84, 68)], 9, rgb, end=7)
    s.blob([(50, 36), (66, 48), (75, 74), (74, 94), (60, 99), (40, 99), (26, 94), (25, 74),
            (34, 48)], rgb)  # fmt: skip
    s.blob([(50, 46), (58, 54), (58, 72), (50, 78), (42, 72), (42, 54)], pale, False)
    for side in (-1, 1):
        s.curve([(50 + 20 * side, 70), (50 + 23 * side, 82), (50 + 14 * side, 95)], 2.2, shade,
                False)  # fmt: skip
        s.bar(50 + 8 * side, 66, 50 + 8.5 * side, 94, 10, rgb, False)
        s.bar(50 + 2.4 * side, 72, 50 + 2.4 * side, 94, 1.4, shade, False)
        s.oval(50 + 9 * side, 96, 7.5, 4.2, pale)
        s.poly([(50 + 24 * side, 24), (50 + 23 * side, -6), (50 + 4 * side, 11)], rgb)
        s.poly([(50 + 20.5 * side, 16), (50 + 20 * side, 1), (50 + 10 * side, 10)],
               (240, 170, 168), False)  # fmt: skip
    s.blob([(50, 8), (66, 11), (75, 26), (68, 40), (50, 45), (32, 40), (25, 26), (34, 11)], rgb)
    for x in (-6.0, 0.0, 6.0):
        s.bar(50 + x, 11, 50 + x * 0.8, 17, 2.4, shade, False)
    s.oval(50, 35, 10, 7, pale, False)
    for side in (-1, 1):
        s.oval(50 + 10.5 * side, 26, 4.6, 5, (188, 214, 92), False)
        s.oval(50 + 10.5 * side, 26, 1.8, 4.4, INK, False)
        s.bar(50 + 9 * side, 35, 50 + 22 * side, 33, 1.0, _mix(shade, INK, 0.4), False)
        s.bar(50 + 9 * side, 37, 50 + 21 * side, 38, 1.0, _mix(shade, INK, 0.4), False)
    s.poly([(46.5, 31), (53.5, 31), (50, 35)], (226, 110, 116), False)
    s.curve([(45, 37), (50, 38.5), (55, 37)], 1.4, INK, False)


def _bird(s: _Sketch, rgb: Rgb, hat: Rgb | None, look: int) -> None:
    beak = (92, 78, 74) if rgb in (COLOURS["orange"], COLOURS["yellow"]) else (248, 164, 36)
    shade, pale = _dark(_dark(rgb)), _light(_light(rgb))
    if rgb == COLOURS["black"]:
        shade = _mix(rgb, (255, 255, 255), 0.2)
    if look % 2 == 0:  # flying
        s.blob([(54, 46), (60, 20), (76, 2), (82, 10), (78, 30), (72, 48)], shade)
        s.poly([(22, 50), (-8, 42), (-2, 51), (-9, 60), (24, 58)], shade)
        s.blob([(14, 53), (36, 43), (62, 40), (84, 46), (80, 60), (56, 68), (32, 64)], rgb)
        s.blob([(40, 62), (60, 60), (78, 58), (60, 67)], pale, False)
        s.oval(85, 45, 12.5, 12, rgb)
        s.poly([(95, 40), (111, 47), (95, 51)], beak)
        s.oval(89, 42, 3.1, 3.4, (255, 255, 255), False)
        s.oval(89.8, 42.3, 1.9, 2.4, INK, False)
        s.blob([(62, 50), (54, 30), (38, 10), (18, -6), (20, 8), (12, 10), (20, 22), (16, 28),
                (28, 38), (38, 52), (52, 58)], rgb)  # fmt: skip
        s.blob([(58, 48), (48, 34), (36, 22), (38, 36), (50, 50)], shade, False)
        return
    s.bar(48, 68, 47, 92, 3.6, beak)
    s.bar(58, 68, 58, 92, 3.6, beak)
    s.bar(44, 93, 54, 93, 3.4, beak)
    s.bar(55, 93, 66, 93, 3.4, beak)
    s.poly([(30, 46), (-4, 60), (0, 68), (34, 64)], shade)
    s.blob([(20, 54), (36, 38), (58, 30), (80, 36), (82, 54), (66, 72), (42, 72)], rgb)
    s.blob([(58, 66), (74, 56), (79, 44), (83, 54), (68, 71), (50, 71)], pale, False)
    s.oval(72, 25, 16.5, 16, rgb)
    s.poly([(86, 18), (107, 26), (86, 32)], beak)
    s.oval(77, 21, 4.0, 4.5, (255, 255, 255), False)
    s.oval(78, 21.4, 2.6, 3.2, INK, False)
    s.blob([(62, 44), (64, 56), (48, 64), (24, 60), (34, 50), (46, 40)], shade, False)


def _car(s: _Sketch, rgb: Rgb, hat: Rgb | None, look: int) -> None:
    shade, glass = _dark(rgb), GLASS
    if look % 3 == 0:  # saloon
        s.blob([(18, 24), (24, 14), (32, 4), (48, 1), (62, 3), (74, 14), (84, 24)], rgb)
        s.poly([(28, 20), (35, 7), (48, 5.5), (48, 20)], glass, False)
        s.poly([(52, 5.5), (60, 7), (72, 20), (52, 20)], glass, False)
    elif look % 3 == 1:  # hatchback
        s.blob([(8, 26), (10, 10), (20, 1), (42, 0), (58, 2), (72, 14), (82, 25)], rgb)
        s.poly([(15, 19), (19, 6), (38, 4.5), (38, 19)], glass, False)
        s.poly([(42, 4.5), (56, 6), (69, 19), (42, 19)], glass, False)
    else:  # van
        s.box(3, -8, 74, 30, rgb, r=6)
        s.poly([(64, -8), (74, -6), (90, 20), (64, 24)], rgb)
        for x in (9, 29, 49):
            s.box(x, -3, x + 16, 13, glass, False, r=2)
        s.poly([(69, -3), (73, -3), (84, 15), (69, 15)], glass, False)
    s.poly(_smooth([(1, 30), (5, 21), (30, 19), (60, 19), (84, 21), (97, 25), (100, 34), (97, 42),
                    (50, 43), (4, 42)]), rgb)  # fmt: skip
    s.poly([(2, 37), (98, 37), (97, 42), (4, 42)], shade, False)
    s.bar(50, 21, 50, 37, 1.2, shade, False)
    s.bar(54, 26, 59, 26, 2, shade, False)
    s.oval(95.5, 28, 3.2, 3.4, (255, 238, 160), False)
    s.oval(3.6, 28, 2.2, 3, (236, 92, 70), False)
    for x in (24, 77):
        s.oval(x, 42, 11, 11, (48, 46, 54))
        s.oval(x, 42, 5.6, 5.6, (206, 208, 212), False)
        s.oval(x, 42, 2, 2, (120, 122, 130), False)


def _boat(s: _Sketch, rgb: Rgb, hat: Rgb | None, look: int) -> None:
    wood = (112, 78, 56) if rgb != COLOURS["brown"] else (80, 52, 40)
    s.bar(48, 0, 48, 80, 3.6, wood)
    s.poly([*_smooth([(52, 6), (70, 30), (84, 54), (90, 69)], False).tolist(), (52, 70)], rgb)
    s.poly([(44, 12), (44, 70), (12, 70), (28, 44)], _light(rgb))
    for y, x in ((30.0, 67.0), (50.0, 79.0)):
        s.bar(53, y, x, y, 1.3, _dark(rgb), False)
    s.poly([(2, 76), (98, 76), (93, 88), (84, 99), (18, 99), (8, 88)], rgb)
    s.poly([(3, 79), (97, 79), (95.5, 83.5), (5, 83.5)], _mix(rgb, (255, 255, 255), 0.75), False)
    s.poly([(11, 92), (90, 92), (84, 99), (18, 99)], _dark(rgb), False)
    if look % 2:
        s.poly([(49, 0), (62, 3.5), (49, 8)], _dark(rgb))


def _tree(s: _Sketch, rgb: Rgb, hat: Rgb | None, look: int) -> None:
    bark: Rgb = (120, 82, 56)
    shade, pale = _dark(rgb), _light(rgb)
    if look % 3 == 2:  # a fir
        s.poly([(45, 84), (55, 84), (58, 104), (42, 104)], bark)
        for k, (top, foot, half) in enumerate(((44, 90, 38), (22, 66, 31), (0, 42, 23))):
            s.poly([(50, top), (50 + half, foot), (50 + half * 0.4, foot - 3), (50, foot + 1),
                    (50 - half * 0.4, foot - 3), (50 - half, foot)],
                   _mix(shade, rgb, k / 2))  # fmt: skip
            s.poly([(50, top + 4), (50 - half * 0.78, foot - 3), (50 - half * 0.3, foot - 6)],
                   _mix(pale, rgb, 0.2), False)  # fmt: skip
        return
    s.poly([(44, 58), (56, 58), (57, 92), (64, 104), (36, 104), (43, 92)], bark)
    s.poly([(52, 60), (56, 60), (57, 92), (64, 104), (54, 104)], _dark(bark), False)
    if look % 3 == 0:  # round
        clumps = ((24, 50, 22, 19), (76, 50, 22, 19), (30, 27, 24, 22), (70, 27, 24, 22),
                  (50, 17, 24, 18), (50, 48, 30, 24))  # fmt: skip
    else:  # tall
        clumps = ((32, 58, 18, 16), (68, 58, 18, 16), (34, 38, 20, 20), (66, 38, 20, 20),
                  (50, 18, 22, 22), (50, 50, 24, 24))  # fmt: skip
    for x, y, rx, ry in clumps:
        s.oval(x, y, rx, ry, shade)
    for x, y, rx, ry in clumps:
        s.oval(x - 1.5, y - 3, rx * 0.92, ry * 0.86, rgb, False)
    for x, y, rx, ry in clumps[2:5]:
        s.oval(x - 4, y - 7, rx * 0.5, ry * 0.4, pale, False)
    for x, y in ((38, 46), (62, 42), (50, 58), (70, 56), (30, 58)):
        s.curve([(x - 5, y), (x, y + 3), (x + 5, y)], 1.6, shade, False)


def _pane(s: _Sketch, x: float, y: float, r: float) -> None:
    s.box(x - r - 2, y - r - 2, x + r + 2, y + r + 2, (250, 246, 236), False)
    s.box(x - r, y - r, x + r, y + r, (255, 226, 142), False)
    s.bar(x, y - r, x, y + r, 1.6, (250, 246, 236), False)
    s.bar(x - r, y, x + r, y, 1.6, (250, 246, 236), False)
    s.box(x - r - 3, y + r + 1, x + r + 3, y + r + 4, (150, 134, 128), False)


def _house(s: _Sketch, rgb: Rgb, hat: Rgb | None, look: int) -> None:
    roof = (92, 84, 100) if look // 2 % 2 or rgb == COLOURS["brown"] else (128, 92, 80)
    door: Rgb = (102, 70, 58) if rgb != COLOURS["brown"] else (226, 206, 170)
    if look % 2 == 0:  # a gable
        s.box(70, 8, 81, 34, (150, 128, 118))
        s.box(68, 5, 83, 11, _dark((150, 128, 118)))
        s.poly([(10, 40), (50, 6), (90, 40), (90, 104), (10, 104)], rgb)
        s.poly([(50, -2), (104, 42), (97, 50), (50, 11), (3, 50), (-4, 42)], roof)
        s.oval(50, 34, 7, 7, (250, 246, 236), False)
        s.oval(50, 34, 5, 5, (255, 226, 142), False)
        s.box(41, 70, 59, 104, door, False, r=2)
        s.oval(55.5, 88, 1.6, 1.6, (250, 220, 130), False)
        _pane(s, 25.5, 66, 6.5)
        _pane(s, 74.5, 66, 6.5)
        s.box(10, 99, 90, 104, _dark(rgb), False)
        s.box(39, 101, 61, 104, (172, 160, 152), False)
        return
    s.box(18, 6, 29, 30, (150, 128, 118))
    s.box(16, 3, 31, 9, _dark((150, 128, 118)))
    s.box(4, 36, 116, 96, rgb)
    s.poly([(-4, 40), (14, 12), (106, 12), (124, 40)], roof)
    for y in (21.0, 30.0):
        s.bar(12 - (y - 20) * 0.6, y, 108 + (y - 20) * 0.6, y, 1.4, _dark(roof), False)
    s.box(4, 40, 116, 44, _dark(rgb), False)
    s.box(50, 62, 70, 96, door, False, r=2)
    s.oval(66, 80, 1.8, 1.8, (250, 220, 130), False)
    _pane(s, 27, 66, 8)
    _pane(s, 93, 66, 8)
    s.box(4, 91, 116, 96, _dark(rgb), False)
    s.box(48, 93, 72, 96, (172, 160, 152), False)


def _bench(s: _Sketch, rgb: Rgb, hat: Rgb | None, look: int) -> None:
    iron: Rgb = (74, 72, 82)
    for x in (14, 86):
        s.box(x - 3, 0, x + 3, 58, iron)
    for y in (2, 14, 26):
        s.box(1, y, 99, y + 9.5, rgb, r=2.5)
        s.box(3, y + 6.5, 97, y + 9, _dark(rgb), False)
    for x in (8, 92):
        s.bar(x, 44, x, 62, 6, iron)
        s.bar(x, 27, x, 40, 4, iron)
        s.bar(x - 5, 27, x + 5, 27, 5, _dark(rgb))
    s.box(-4, 38, 104, 48, rgb, r=3)
    s.box(-2, 44.5, 102, 47.5, _dark(rgb), False)


def _ball(s: _Sketch, rgb: Rgb, hat: Rgb | None, look: int) -> None:
    stripe = _mix(rgb, (255, 255, 255), 0.8) if rgb != COLOURS["white"] else (196, 204, 216)
    s.oval(50, 50, 50, 50, _dark(rgb))
    s.oval(47, 47, 46, 46, rgb, False)
    if look % 2 == 0:
        s.curve([(13, 22), (36, 34), (62, 34), (88, 20)], 7, stripe, False)
        s.curve([(4, 60), (34, 76), (68, 75), (97, 58)], 7, stripe, False)
    else:
        star = _ring(10) * np.where(np.arange(10) % 2, 11.0, 27.0)[:, None]
        s.poly(np.stack([star[:, 1], -star[:, 0]], axis=1) + np.array((50, 52)), stripe, False)
    s.oval(32, 24, 10, 7, _mix(rgb, (255, 255, 255), 0.6), False)


def _kite(s: _Sketch, rgb: Rgb, hat: Rgb | None, look: int) -> None:
    shade, pale = _dark(rgb), _light(rgb)
    spar = _mix(shade, INK, 0.5)
    s.curve([(50, 94), (43, 106), (54, 118), (44, 130), (52, 142)], 3.4, spar)
    for x, y in ((46, 108), (52, 121), (46, 134)):
        s.poly([(x - 11, y - 5), (x + 11, y + 5), (x + 11, y - 5), (x - 11, y + 5)], rgb)
    s.poly([(50, 0), (90, 40), (50, 100), (10, 40)], rgb)
    s.poly([(50, 0), (90, 40), (50, 40)], pale, False)
    s.poly([(10, 40), (50, 40), (50, 100)], shade, False)
    s.bar(50, 2, 50, 98, 2.2, spar, False)
    s.bar(12, 40, 88, 40, 2.2, spar, False)


_Painter = Callable[[_Sketch, Rgb, Rgb | None, int], None]
_PAINTERS: dict[str, _Painter] = {
    "man": _man, "woman": _woman, "dog": _dog, "cat": _cat, "bird": _bird, "car": _car,
    "boat": _boat, "tree": _tree, "house": _house, "bench": _bench, "ball": _ball, "kite": _kite,
}  # fmt: skip
_LOOKS: dict[str, int] = {
    "man": 32, "woman": 32, "dog": 2, "cat": 1, "bird": 2, "car": 3,
    "boat": 2, "tree": 3, "house": 4, "bench": 1, "ball": 2, "kite": 1,
}  # fmt: skip
_TILT = {"kite": 0.42}


@dataclass(frozen=True)
class _Figure:
    """A painted kind: all its points in the unit box, cut into coloured parts."""

    ratio: float  # natural width / height
    points: Points
    cuts: tuple[tuple[int, int, Rgb, bool], ...]
    ink: Rgb


def _dusky(rgb: Rgb) -> Rgb:
    return (round(rgb[0] * 0.97), round(rgb[1] * 0.92), round(rgb[2] * 0.94))


@lru_cache(maxsize=4096)
def _figure(kind: str, colour: str, hat: str | None, look: int, time: str) -> _Figure:
    s = _Sketch()
    rgb = COLOURS[colour]
    _PAINTERS[kind](s, rgb, COLOURS[hat] if hat else None, look)
    points = np.concatenate([p for p, _, _ in s.parts])
    tilt = _TILT.get(kind, 0.0)
    if tilt:
        c, d = math.cos(tilt), math.sin(tilt)
        points = points @ np.array([(c, d), (-d, c)])
    low = points.min(axis=0)
    size = points.max(axis=0) - low
    cuts: list[tuple[int, int, Rgb, bool]] = []
    at = 0
    for p, tone, edge in s.parts:
        cuts.append((at, at + len(p), _dusky(tone) if time == "dusk" else tone, edge))
        at += len(p)
    ink = _mix(rgb, INK, 0.72) if colour != "black" else (18, 16, 24)
    return _Figure(float(size[0] / size[1]), (points - low) / size, tuple(cuts), ink)


# ---------------------------------------------------------------- layout


@dataclass(frozen=True)
class _Land:
    """Where things may stand in a place: feet between these heights."""

    sky: tuple[float, float]
    ground: tuple[float, float]
    built: tuple[float, float]  # houses and trees
    road: tuple[float, float]
    water: tuple[float, float] | None

    def band(self, kind: str) -> tuple[float, float]:
        """Where the feet of a kind may stand."""
        if kind == "boat" and self.water is not None:
            return self.water
        return self.road if kind == "car" else self.built if kind in _BIG else self.ground


_SHORE = 0.21  # the height of the water, in beach and lake
_STREET = (0.15, 0.23, 0.44)  # below the horizon: kerb, road's far edge, road's near edge


def _land(place: str, horizon: float) -> _Land:
    sky = (0.025, horizon - 0.03)
    if place in ("beach", "lake"):
        shore = horizon + _SHORE
        ground = (shore + 0.05, 0.97)
        return _Land(sky, ground, _front(ground), ground, (horizon + 0.07, shore - 0.015))
    if place == "street":
        kerb, far, near = (horizon + d for d in _STREET)
        return _Land(
            sky, (horizon + 0.06, 0.97), (horizon + 0.07, kerb + 0.02), (far + 0.05, near), None
        )
    ground = (horizon + 0.06, 0.97)
    return _Land(sky, ground, _front(ground), ground, None)


def _front(ground: tuple[float, float]) -> tuple[float, float]:
    return (ground[0], ground[0] + (ground[1] - ground[0]) * 0.6)


_SIZES: dict[str, tuple[float, float]] = {  # the larger side, near by, against the picture
    "man": (0.32, 0.48), "woman": (0.32, 0.48), "dog": (0.18, 0.35), "cat": (0.15, 0.29),
    "bird": (0.14, 0.28), "car": (0.27, 0.47), "boat": (0.25, 0.46), "tree": (0.32, 0.50),
    "house": (0.34, 0.52), "bench": (0.22, 0.40), "ball": (0.11, 0.24), "kite": (0.20, 0.38),
}  # fmt: skip
_SMALL = ("ball", "cat", "dog", "bird")
_BIG = ("house", "tree")
_GROUND = tuple(k for k in KINDS if k not in ("boat", "kite"))
_RANK = {k: i for i, k in enumerate(("house", "tree", "car", "boat", "bench", "man", "woman"))}
_LEAST, _LEAST_SIDE, _MOST = 0.102, 0.06, 0.45


def _wanted(place: str) -> tuple[tuple[str, ...], list[float]]:
    """The kinds of a place and how often each comes."""
    odds = dict.fromkeys(KINDS, 1.0)
    if place not in ("beach", "lake"):
        del odds["boat"]
    else:
        odds["boat"], odds["car"], odds["house"] = 2.2, 0.35, 0.7
    if place == "street":
        odds["car"], odds["house"] = 2.0, 1.5
    total = sum(odds.values())
    return tuple(odds), [v / total for v in odds.values()]


@dataclass(frozen=True)
class _Wish:
    """A thing to be placed, and how it is to stand to one placed before."""

    kind: str
    colour: str
    hat: str | None
    look: int
    tie: str = ""  # "", "inside" or "beside"
    to: int = -1  # index of the wish it is tied to


def _wish(rng: np.random.Generator, kind: str, colour: str | None = None) -> _Wish:
    choices = COLOURS_OF[kind]
    if colour is None:
        colour = choices[int(rng.integers(len(choices)))]
        if kind == "tree" and rng.random() < 0.35:
            colour = "green"
    hat = None
    if kind in ("man", "woman") and rng.random() < 0.4:
        hat = ANY[int(rng.integers(len(ANY)))]
    look = int(rng.integers(_LOOKS[kind]))
    if kind == "tree" and look == 2 and colour != "green":
        look = 0
    return _Wish(kind, colour, hat, look)


def _wishes(rng: np.random.Generator, place: str, count: int) -> list[_Wish]:
    """What to place, in placing order: the big things first."""
    kinds, odds = _wanted(place)
    first = min(count, len(kinds))
    chosen = [kinds[int(i)] for i in rng.choice(len(kinds), first, replace=False, p=odds)]
    chosen += [chosen[int(i)] for i in rng.integers(first, size=count - first)]
    nest = count >= 2 and rng.random() < 0.32
    if nest and count >= 2:
        chosen[0] = _BIG[int(rng.integers(2))]
        chosen[1] = _SMALL[int(rng.integers(4))]
    if count >= 2 and rng.random() < 0.42:
        keep = int(rng.integers(0, count))
        others = [i for i in range(2 if nest else 0, count) if i != keep]
        extra = 2 if len(others) > 2 and rng.random() < 0.35 else 1
        for i in others[-extra:]:
            chosen[i] = chosen[keep]
    wishes = [_wish(rng, k) for k in chosen]
    for i, w in enumerate(wishes):
        twin = next((v for v in wishes[:i] if v.kind == w.kind), None)
        if twin is not None and rng.random() < 0.3:
            wishes[i] = _wish(rng, w.kind, twin.colour)
    pair = wishes[:2] if nest else []
    rest = sorted(wishes[len(pair) :], key=lambda w: _RANK.get(w.kind, 9))
    wishes = pair + rest
    if nest:
        w = wishes[1]
        wishes[1] = _Wish(w.kind, w.colour, w.hat, w.look, "inside", 0)
    ground = [i for i in range(len(pair), count) if wishes[i].kind in _GROUND]
    if len(ground) >= 2 and rng.random() < 0.34:
        a, b = ground[0], ground[-1]
        w = wishes[b]
        look = 1 if w.kind == "bird" else w.look
        wishes[b] = _Wish(w.kind, w.colour, w.hat, look, "beside", a)
    return wishes


def _size(kind: str, ratio: float, scale: float, aspect: tuple[int, int]) -> tuple[float, float]:
    """Width and height as fractions, kept within the limits on what can be seen."""
    unit = (min(aspect) + math.sqrt(aspect[0] * aspect[1])) / 2
    w, h = (1.0, 1 / ratio) if ratio >= 1 else (ratio, 1.0)
    w, h = w * scale * unit / aspect[0], h * scale * unit / aspect[1]
    grow = max(1.0, _LEAST / max(w, h), _LEAST_SIDE / min(w, h))
    grow = min(grow, _MOST / max(w, h)) if max(w, h) * grow > _MOST else grow
    return w * grow, h * grow


def _overlap(a: Thing, b: Thing) -> float:
    """The shared area of two boxes."""
    dx = min(a.x + a.w / 2, b.x + b.w / 2) - max(a.x - a.w / 2, b.x - b.w / 2)
    dy = min(a.y, b.y) - max(a.y - a.h, b.y - b.h)
    return dx * dy if dx > 0 and dy > 0 else 0.0


def _may_lose(t: Thing) -> float:
    """How much of its box may be covered."""
    if max(t.w, t.h) < 0.14 or min(t.w, t.h) < 0.085:
        return 0.06
    return 0.2 if t.kind in ("tree", "kite") else 0.24


def _fits(
    new: Thing, placed: Sequence[Thing], lost: Sequence[float], slack: float, partner: int
) -> bool:
    own = 0.0
    for i, t in enumerate(placed):
        shared = _overlap(new, t)
        if not shared:
            continue
        if new.depth < t.depth:
            own += shared / (new.w * new.h)
            if own > _may_lose(new) * slack:
                return False
        else:
            allowed = 0.27 if i == partner else _may_lose(t) * slack
            if lost[i] + shared / (t.w * t.h) > allowed:
                return False
    return True


def _near(y: float, land: _Land) -> float:
    lo, hi = (land.water or land.ground)[0], land.ground[1]
    return 0.6 + 0.4 * min(1.0, max(0.0, (y - lo) / (hi - lo)))


def _propose(
    rng: np.random.Generator, wish: _Wish, land: _Land, scene: Scene,
    placed: Sequence[Thing], shrink: float,
) -> Thing:  # fmt: skip
    """One try at a place and a size for a wish; nothing is checked against other things."""
    kind = wish.kind
    aloft = kind == "kite" or (kind == "bird" and wish.look % 2 == 0)
    lo, hi = _SIZES[kind]
    scale = (lo + (hi - lo) * rng.random()) * shrink
    ratio = _figure(kind, wish.colour, wish.hat, wish.look, scene.time).ratio
    u, v = rng.random(), rng.random()
    flip = kind != "kite" and rng.random() < 0.5
    other = placed[wish.to] if wish.tie else None
    if wish.tie == "inside" and other is not None:
        w, h = _size(kind, ratio, scale * 0.62, scene.aspect)
        x = other.x + (u - 0.5) * max(0.0, other.w - w - 0.02)
        y = other.y - 0.004 - (v * max(0.0, other.h - h - 0.02) if aloft else v * 0.02)
        return Thing(kind, wish.colour, wish.hat, x, y, w, h, flip, other.depth + 0.04, wish.look,
                     aloft)  # fmt: skip
    if wish.tie == "beside" and other is not None:
        band = land.band(kind)
        y = min(band[1], max(band[0], other.y + (v - 0.5) * 0.06))
        w, h = _size(kind, ratio, scale * _near(y, land), scene.aspect)
        gap = -0.014 + 0.02 * rng.random()
        side = 1 if u < 0.5 else -1
        x = other.x + side * ((other.w + w) / 2 + gap)
        return Thing(kind, wish.colour, wish.hat, x, y, w, h, flip, y, wish.look, False)
    if aloft:
        w, h = _size(kind, ratio, scale * (0.6 + 0.4 * rng.random()), scene.aspect)
        top = land.sky[0]
        y = top + h + v * max(0.0, land.sky[1] + 0.06 - h - top)
        depth = 0.01 + 0.1 * rng.random()
    else:
        band = land.band(kind)
        y = band[0] + v * (band[1] - band[0])
        w, h = _size(kind, ratio, scale * _near(y, land), scene.aspect)
        depth = y
    x = w / 2 + 0.012 + u * (1 - w - 0.024)
    return Thing(kind, wish.colour, wish.hat, x, y, w, h, flip, depth, wish.look, aloft)


def _inside(t: Thing) -> bool:
    x0, y0, x1, y1 = t.box
    return x0 >= 0.011 and x1 <= 0.989 and y0 >= 0.012 and y1 <= 0.985


def _place(
    rng: np.random.Generator, wishes: Sequence[_Wish], scene: Scene, shrink: float
) -> list[Thing] | None:
    """All the wishes placed, or None where one found no room."""
    land = _land(scene.place, scene.horizon)
    slack = 0.15 if rng.random() < 0.55 else 1.0
    placed: list[Thing] = []
    lost: list[float] = []
    for wish in wishes:
        for k in range(36):
            easy = shrink * (0.86 if k > 18 else 1.0)
            new = _propose(rng, wish, land, scene, placed, easy)
            partner = wish.to if wish.tie else -1
            if wish.tie == "inside":
                big = placed[wish.to]
                if new.w > big.w * 0.8 or new.h > big.h * 0.8:
                    continue
            if _inside(new) and _fits(new, placed, lost, slack, partner):
                break
        else:
            return None
        own = 0.0
        for i, t in enumerate(placed):
            shared = _overlap(new, t)
            if new.depth < t.depth:
                own += shared / (new.w * new.h)
            else:
                lost[i] += shared / (t.w * t.h)
        placed.append(new)
        lost.append(own)
    return sorted(placed, key=lambda t: t.depth)


def sample_scene(rng: np.random.Generator, count: int | None = None) -> Scene:
    """A scene of `count` things (3 to 7 when None), laid out and not drawn."""
    if count is None:
        count = int(rng.choice((3, 4, 5, 6, 7), p=(0.16, 0.22, 0.25, 0.21, 0.16)))
    place = PLACES[int(rng.integers(len(PLACES)))]
    time = TIMES[int(rng.random() < 0.35)]
    aspect = ASPECTS[int(rng.integers(len(ASPECTS)))]
    low = 0.36 if place in ("beach", "lake") else 0.43
    horizon = low + 0.09 * rng.random()
    scene = Scene(place, time, aspect, (), horizon, int(rng.integers(2**31)))
    for k in range(200):
        wishes = _wishes(rng, place, count)
        things = _place(rng, wishes, scene, max(0.5, 1.0 - 0.03 * k))
        if things is not None:
            return Scene(place, time, aspect, tuple(things), horizon, scene.seed)
    raise ValueError(f"no room for {count} things")


# ---------------------------------------------------------------- painting


_BITS = 4
_ONE = 1 << _BITS


def _fixed(points: Points) -> NDArray[np.int32]:
    """Pixel coordinates as OpenCV's fixed-point ones (it counts from pixel centres)."""
    return np.rint((points - 0.5) * _ONE).astype(np.int32)


def _fill(canvas: Pixels, points: NDArray[np.int32], rgb: Rgb) -> None:
    cv2.fillPoly(canvas, [points], rgb, cv2.LINE_AA, _BITS)


@lru_cache(maxsize=1)
def _soft_disc() -> NDArray[np.float32]:
    t = np.linspace(-1.0, 1.0, 64)
    r = np.sqrt(t[:, None] ** 2 + t[None, :] ** 2)
    soft = np.clip(1.0 - r, 0.0, 1.0)
    return (soft * soft * (3 - 2 * soft)).astype(np.float32)


def _glow(
    canvas: Pixels, x: float, y: float, rx: float, ry: float, rgb: Rgb, strength: float
) -> None:
    """Blend a soft-edged ellipse of one colour into the canvas; pixels as unit."""
    height, width = canvas.shape[:2]
    x0, y0, x1, y1 = round(x - rx), round(y - ry), round(x + rx), round(y + ry)
    if x1 - x0 < 2 or y1 - y0 < 2:
        return
    cx0, cy0, cx1, cy1 = max(x0, 0), max(y0, 0), min(x1, width), min(y1, height)
    if cx0 >= cx1 or cy0 >= cy1:
        return
    disc = cv2.resize(_soft_disc(), (x1 - x0, y1 - y0), interpolation=cv2.INTER_LINEAR)
    a = disc[cy0 - y0 : cy1 - y0, cx0 - x0 : cx1 - x0, None] * np.float32(strength)
    roi = canvas[cy0:cy1, cx0:cx1]
    roi[...] = roi + (np.array(rgb, dtype=np.float32) - roi) * a


@dataclass(frozen=True)
class _Paints:
    """The colours of the background at one time of day."""

    sky: tuple[Rgb, Rgb, Rgb]
    disc: Rgb  # sun or moon
    halo: Rgb
    cloud: Rgb
    hills: tuple[Rgb, Rgb, Rgb]
    grass: tuple[Rgb, Rgb]
    sand: tuple[Rgb, Rgb]
    water: tuple[Rgb, Rgb]
    foam: Rgb
    path: Rgb
    road: Rgb
    paving: Rgb
    shadow: Rgb
    petals: tuple[Rgb, ...]


_PAINTS: dict[str, _Paints] = {
    "day": _Paints(
        sky=((104, 182, 232), (164, 214, 240), (232, 243, 240)),
        disc=(255, 240, 176), halo=(255, 246, 204), cloud=(255, 254, 250),
        hills=((168, 204, 206), (160, 204, 172), (150, 198, 132)),
        grass=((186, 216, 130), (154, 200, 102)),
        sand=((250, 234, 192), (236, 208, 156)),
        water=((158, 214, 230), (106, 186, 216)), foam=(240, 250, 250),
        path=(240, 222, 180), road=(150, 150, 160), paving=(218, 210, 202),
        shadow=(52, 62, 70),
        petals=((255, 250, 240), (255, 226, 110), (246, 160, 170), (206, 170, 226)),
    ),
    "dusk": _Paints(
        sky=((104, 98, 166), (226, 146, 152), (255, 214, 160)),
        disc=(255, 236, 190), halo=(255, 214, 170), cloud=(250, 190, 178),
        hills=((176, 136, 164), (146, 128, 150), (132, 138, 126)),
        grass=((176, 178, 118), (136, 156, 100)),
        sand=((242, 208, 172), (214, 174, 142)),
        water=((240, 184, 168), (146, 136, 184)), foam=(255, 230, 214),
        path=(226, 192, 160), road=(128, 118, 138), paving=(198, 178, 178),
        shadow=(50, 40, 66),
        petals=((250, 232, 220), (250, 206, 120), (226, 138, 154), (180, 140, 204)),
    ),
}  # fmt: skip


class _Backdrop:
    """Paints one background; all its random choices come from the scene's seed."""

    def __init__(self, scene: Scene, width: int, height: int) -> None:
        self.rng = np.random.default_rng(scene.seed)
        self.scene, self.width, self.height = scene, width, height
        base = _PAINTS[scene.time]
        self.paints = base
        self.warm = float(self.rng.uniform(-1.0, 1.0))
        self.canvas: Pixels = np.empty((height, width, 3), dtype=np.uint8)

    def tint(self, rgb: Rgb) -> Rgb:
        """The scene's own shade of a background colour."""
        w = self.warm
        lo = (rgb[0] + 8 * w, rgb[1] + 2 * w, rgb[2] - 10 * w)
        return (_byte(lo[0]), _byte(lo[1]), _byte(lo[2]))

    def gradient(self, y0: float, y1: float, stops: Sequence[Rgb]) -> None:
        """Horizontal rows from y0 to y1 (fractions) running through the stops."""
        a, b = round(y0 * self.height), round(y1 * self.height)
        if b <= a:
            return
        t = np.linspace(0.0, len(stops) - 1.0, b - a)
        tones = np.array([self.tint(s) for s in stops], dtype=np.float64)
        rows = np.stack([np.interp(t, np.arange(len(stops)), tones[:, c]) for c in range(3)], 1)
        self.canvas[a:b] = np.rint(rows).astype(np.uint8)[:, None, :]

    def shape(self, points: Points, rgb: Rgb) -> None:
        """A polygon given in fractions."""
        _fill(self.canvas, _fixed(points * (self.width, self.height)), self.tint(rgb))

    def wave(self, y: float, high: float, rgb: Rgb, down: float = 1.0, waves: float = 1.6) -> None:
        """A rolling edge round height y, filled down to `down`."""
        self.shape(self.roll(y, high, down, waves), rgb)

    def roll(self, y: float, high: float, down: float, waves: float) -> Points:
        x = np.linspace(-0.02, 1.02, 40)
        p = self.rng.uniform(0, 2 * math.pi, 3)
        top = y - high * (
            0.5
            + 0.32 * np.sin(waves * 2 * math.pi * x * 0.6 + p[0])
            + 0.18 * np.sin(waves * 2 * math.pi * x * 1.37 + p[1])
        )
        edge = np.stack([x, top], axis=1)
        return np.concatenate([edge, [(1.02, down), (-0.02, down)]])

    def dot(self, x: float, y: float, r: float, rgb: Rgb, flat: float = 1.0) -> None:
        """A small ellipse; r as a fraction of the picture's shorter side."""
        r *= min(self.width, self.height)
        ring = _RING * (r, r * flat) + (x * self.width, y * self.height)
        _fill(self.canvas, _fixed(ring), self.tint(rgb))

    def sky(self) -> None:
        p, rng, hz = self.paints, self.rng, self.scene.horizon
        self.gradient(0.0, hz + 0.04, p.sky)
        x, y = float(rng.uniform(0.1, 0.9)), float(rng.uniform(0.1, 0.22))
        if self.scene.time == "dusk" and rng.random() < 0.6:
            y = hz - float(rng.uniform(0.04, 0.1))
        unit = min(self.width, self.height)
        _glow(self.canvas, x * self.width, y * self.height, 0.36 * unit, 0.36 * unit, p.halo, 0.62)
        self.dot(x, y, 0.05, p.disc)
        for _ in range(int(rng.integers(1, 4))):
            self.cloud(float(rng.uniform(0.05, 0.95)), float(rng.uniform(0.06, hz * 0.62)),
                       float(rng.uniform(0.05, 0.085)))  # fmt: skip

    def cloud(self, x: float, y: float, r: float) -> None:
        p = self.paints
        low = _mix(p.cloud, p.sky[1], 0.35)
        k = min(self.width, self.height)
        sx, sy = r * k / self.width, r * k / self.height
        puffs = ((-1.3, 0.15, 0.7), (-0.5, -0.25, 0.9), (0.5, -0.1, 1.0), (1.4, 0.2, 0.65))
        for tone, dy in ((low, 0.16), (_mix(p.cloud, p.sky[1], 0.08), 0.0)):
            for dx, py, s in puffs:
                self.dot(x + dx * sx, y + (py + dy) * sy, r * s, tone, 0.62)

    def hills(self, first: int = 0) -> None:
        hz = self.scene.horizon
        for k, tone in enumerate(self.paints.hills):
            if k >= first:
                self.wave(hz + 0.005, 0.15 - 0.045 * k, tone, hz + 0.06, 1.2 + 0.8 * k)

    def grass(self, top: float, layers: int = 3, high: float = 0.03) -> None:
        a, b = self.paints.grass
        self.wave(top + high * 0.5, high, a)
        for k in range(1, layers):
            t = k / max(1, layers - 1)
            self.wave(top + (1 - top) * (k / layers) ** 1.15 + high, high * (1 + k), _mix(a, b, t),
                      waves=1.0 + 0.3 * k)  # fmt: skip

    def tufts(self, top: float, bottom: float, count: int) -> None:
        tone = _mix(self.paints.grass[1], (60, 110, 60), 0.28)
        unit = min(self.width, self.height)
        for x, v in self.rng.random((count, 2)).tolist():
            y = top + (bottom - top) * v
            s = unit * (0.006 + 0.010 * v)
            at = (x * self.width, y * self.height)
            blades = np.array([(-1.2, -1.0), (-0.35, 0.0), (0.0, -1.5), (0.35, 0.0), (1.2, -1.0),
                               (0.6, 0.3), (-0.6, 0.3)])  # fmt: skip
            _fill(self.canvas, _fixed(blades * s + at), self.tint(tone))

    def flowers(self, top: float, bottom: float, count: int) -> None:
        petals, unit = self.paints.petals, min(self.width, self.height)
        for x, v, c in self.rng.random((count, 3)).tolist():
            y = top + (bottom - top) * v
            r = (0.0045 + 0.0062 * v) * unit
            at = (x * self.width, y * self.height)
            tone = self.tint(petals[int(c * len(petals))])
            _fill(self.canvas, _fixed(_BLOOM * (r, r * 0.85) + at), tone)
            self.dot(x, y, r / unit * 0.36, (240, 186, 70), 0.85)

    def ripples(self, top: float, bottom: float, count: int) -> None:
        tone = _mix(self.paints.water[0], self.paints.foam, 0.55)
        for x, v, s in self.rng.random((count, 3)).tolist():
            self.dot(x, top + (bottom - top) * v, 0.02 + 0.04 * s * (0.5 + v), tone, 0.07)

    def park(self) -> None:
        hz = self.scene.horizon
        self.hills(1)
        self.grass(hz)
        self.tufts(hz + 0.05, 0.99, 14)
        self.flowers(hz + 0.05, 0.99, 14)
        x0, x1 = self.rng.uniform(0.25, 0.75), self.rng.uniform(-0.1, 1.1)
        t = np.linspace(0.0, 1.0, 24)
        mid = x0 + (x1 - x0) * t**1.4 + 0.07 * np.sin(t * 5.0 + x1) * (0.3 + t)
        y = hz + 0.012 + (1.02 - hz) * t**1.25
        half = 0.008 + 0.15 * t**1.3
        left, right = np.stack([mid - half, y], 1), np.stack([mid + half, y], 1)
        edge = np.array((0.012, 0.0))
        band = np.concatenate([left - edge, (right + edge)[::-1]])
        self.shape(band, _mix(self.paints.path, self.paints.grass[1], 0.5))
        self.shape(np.concatenate([left, right[::-1]]), self.paints.path)

    def meadow(self) -> None:
        hz = self.scene.horizon
        self.hills(0)
        self.grass(hz, 4, 0.045)
        self.tufts(hz + 0.05, 0.99, 16)
        self.flowers(hz + 0.06, 0.99, 26)

    def street(self) -> None:
        hz, p = self.scene.horizon, self.paints
        kerb, far, near = (hz + d for d in _STREET)
        self.hills(1)
        self.grass(hz, 1)
        self.tufts(hz + 0.03, kerb - 0.01, 8)
        self.gradient(kerb, far, (p.paving, p.paving))
        for x in np.linspace(-0.3, 1.3, 13).tolist():
            slant = (x - 0.5) * 0.16
            self.shape(np.array([(x, kerb), (x + 0.004, kerb), (x + slant + 0.004, far),
                                 (x + slant, far)]), _mix(p.paving, p.shadow, 0.14))  # fmt: skip
        self.gradient(far, near, (_mix(p.road, p.paving, 0.12), p.road))
        self.gradient(far, far + 0.012, (_mix(p.paving, p.shadow, 0.35),))
        middle, shift = (far + near) / 2, float(self.rng.uniform(0, 0.2))
        for x in np.arange(-0.2, 1.2, 0.2).tolist():
            a = x + shift
            self.shape(np.array([(a, middle - 0.006), (a + 0.1, middle - 0.006),
                                 (a + 0.105, middle + 0.006), (a - 0.005, middle + 0.006)]),
                       _mix(p.road, (255, 250, 230), 0.7))  # fmt: skip
        self.gradient(near, 1.0, (p.paving, p.paving))
        self.gradient(near, near + 0.016, (_mix(p.paving, (255, 255, 255), 0.35),))
        for x in np.linspace(-0.3, 1.3, 9).tolist():
            slant = (x - 0.5) * 0.14
            self.shape(np.array([(x, near + 0.016), (x + 0.005, near + 0.016),
                                 (x + slant + 0.006, 1.0), (x + slant, 1.0)]),
                       _mix(p.paving, p.shadow, 0.14))  # fmt: skip

    def beach(self) -> None:
        hz, p = self.scene.horizon, self.paints
        shore = hz + _SHORE
        if self.rng.random() < 0.5:
            side = float(self.rng.choice((-0.25, 0.75)))
            x = np.linspace(0.0, 1.0, 20)
            land = np.stack([side + x * 0.5, hz + 0.01 - 0.07 * np.sin(x * math.pi)], 1)
            self.shape(land, p.hills[0])
        self.gradient(hz, shore + 0.06, p.water)
        self.ripples(hz + 0.02, shore - 0.01, 14)
        edge = self.roll(shore + 0.018, 0.03, 1.02, 1.3)
        wet = _mix(p.sand[1], p.shadow, 0.12)
        thin = _mix(p.water[1], p.foam, 0.5)
        for drop, tone in ((-0.018, thin), (0.0, p.foam), (0.012, wet), (0.03, p.sand[0])):
            self.shape(edge + np.array((0.0, drop)), tone)
        self.wave(shore + 0.18, 0.05, _mix(p.sand[0], p.sand[1], 0.5))
        self.wave(shore + 0.30, 0.05, p.sand[1])
        for x, v in self.rng.random((14, 2)).tolist():
            y = shore + 0.06 + (0.93 - shore) * v
            self.dot(x, y, 0.003 + 0.004 * v, _mix(p.sand[1], p.shadow, 0.22), 0.6)

    def lake(self) -> None:
        hz, p = self.scene.horizon, self.paints
        shore = hz + _SHORE
        x0 = float(self.rng.uniform(0.1, 0.5))
        for cx, half, high in ((x0, 0.36, 0.22), (x0 + 0.42, 0.42, 0.17)):
            peak = hz + 0.01 - high
            self.shape(np.array([(cx - half, hz + 0.01), (cx - half * 0.3, peak + high * 0.35),
                                 (cx, peak), (cx + half * 0.4, peak + high * 0.42),
                                 (cx + half, hz + 0.01)]), p.hills[0])  # fmt: skip
            cap = np.array(
                [
                    (cx - 0.108, peak + high * 0.35),
                    (cx, peak),
                    (cx + half * 0.26, peak + high * 0.28),
                    (cx + 0.03, peak + high * 0.24),
                    (cx - 0.02, peak + high * 0.36),
                ]
            )
            cap[0] = (cx - half * 0.2, peak + high * 0.235)
            self.shape(cap, _mix(p.hills[0], p.foam, 0.75))
        self.wave(hz + 0.012, 0.04, p.hills[1], hz + 0.06, 2.0)
        self.gradient(hz, shore + 0.06, p.water)
        self.gradient(hz, hz + 0.008, (_mix(p.hills[2], p.water[0], 0.3),))
        self.ripples(hz + 0.02, shore - 0.01, 16)
        bank = self.roll(shore + 0.03, 0.035, 1.02, 1.4)
        self.shape(bank - np.array((0.0, 0.012)), _mix(p.water[1], p.foam, 0.6))
        self.shape(bank, _mix(p.grass[1], p.sand[1], 0.6))
        self.shape(bank + np.array((0.0, 0.014)), p.grass[0])
        self.wave(shore + 0.17, 0.05, _mix(*p.grass, 0.5))
        self.wave(shore + 0.30, 0.05, p.grass[1])
        self.tufts(shore + 0.06, 0.99, 12)
        self.flowers(shore + 0.06, 0.99, 8)

    def paint(self) -> Pixels:
        self.sky()
        self.gradient(self.scene.horizon + 0.04, 1.0, self.paints.grass)
        {"park": self.park, "beach": self.beach, "street": self.street,
         "meadow": self.meadow, "lake": self.lake}[self.scene.place]()  # fmt: skip
        return self.canvas


def _byte(value: float) -> int:
    return max(0, min(255, round(value)))


def _ground(canvas: Pixels, t: Thing, paints: _Paints) -> None:
    """What the thing leaves on the ground: a shadow, or the foam round a boat."""
    height, width = canvas.shape[:2]
    if t.aloft:
        return
    x, y, half = t.x * width, t.y * height, t.w * width / 2
    if t.kind == "boat":
        _glow(canvas, x, y, half * 1.15, half * 0.16, paints.foam, 0.95)
        return
    if t.kind == "tree":
        half *= 0.85
    flat = 0.13 if t.kind in ("house", "car", "bench") else 0.22
    _glow(canvas, x + half * 0.1, y - half * 0.02, half * 1.3, half * flat * 1.5, paints.shadow,
          0.62)  # fmt: skip


def _stamp(canvas: Pixels, owner: Pixels, number: int, t: Thing, time: str) -> None:
    """Draw one thing with its outline, and enter it in the map of who owns each pixel."""
    height, width = canvas.shape[:2]
    f = _figure(t.kind, t.colour, t.hat, t.look, time)
    unit = f.points
    if t.flip:
        unit = np.stack([1.0 - unit[:, 0], unit[:, 1]], axis=1)
    points = (unit * (t.w, t.h) + (t.x - t.w / 2, t.y - t.h)) * (width, height)
    reach = max(1, round(0.0046 * min(width, height)))
    x0, y0 = (points.min(axis=0) - reach - 2).astype(int).clip(0).tolist()
    x1, y1 = (points.max(axis=0) + reach + 3).astype(int).tolist()
    x1, y1 = min(x1, width), min(y1, height)
    local = _fixed(points - (x0, y0))
    alpha: Pixels = np.zeros((y1 - y0, x1 - x0), dtype=np.uint8)
    for a, b, _, edge in f.cuts:
        if edge:
            cv2.fillPoly(alpha, [local[a:b]], 255, cv2.LINE_AA, _BITS)
    alpha = cv2.dilate(alpha, _kernel(reach))
    roi = canvas[y0:y1, x0:x1]
    wide = alpha[:, :, None].astype(np.uint16)
    roi[...] = (roi * (255 - wide) + wide * np.array(f.ink, dtype=np.uint16)) // 255
    for a, b, rgb, _ in f.cuts:
        cv2.fillPoly(roi, [local[a:b]], rgb, cv2.LINE_AA, _BITS)
    owner[y0:y1, x0:x1][alpha > 127] = number


@lru_cache(maxsize=16)
def _kernel(reach: int) -> NDArray[np.uint8]:
    side = 2 * reach + 1
    return cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side)).astype(np.uint8)


def _box(mask: Mask) -> Box:
    x, y, w, h = cv2.boundingRect(mask.view(np.uint8))
    return (x, y, x + w, y + h)


def draw(scene: Scene, width: int | None = None, height: int | None = None) -> Drawing:
    """The scene as pixels; a size not given follows from the other and the scene's aspect.

    A size of another shape than the scene's stretches the picture.
    """
    aw, ah = scene.aspect
    if width is None:
        width = aw if height is None else round(height * aw / ah)
    if height is None:
        height = round(width * ah / aw)
    canvas = _Backdrop(scene, width, height).paint()
    owner: Pixels = np.zeros((height, width), dtype=np.uint8)
    for i, t in enumerate(scene.things):
        _ground(canvas, t, _PAINTS[scene.time])
        _stamp(canvas, owner, i + 1, t, scene.time)
    masks = tuple(owner == i + 1 for i in range(len(scene.things)))
    return Drawing(canvas, masks, tuple(_box(m) for m in masks))
