"""The background of each place: sky, ground and water, and the light of day and dusk.

It also draws the shadow of each thing, from its box and kind.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from demo.nano.world.scene import Rgb, Scene, Thing
from demo.nano.world.shapes import RING, Pixels, Points, fill, fixed, mix, ring

SHORE = 0.21  # below the horizon: the edge of the water, in beach and lake
STREET = (0.15, 0.23, 0.44)  # below the horizon: kerb, road's far edge, road's near edge
_LOBES = 0.82 + 0.3 * np.cos(np.linspace(0.0, 10 * math.pi, 30, endpoint=False))
_BLOOM = ring(30) * _LOBES[:, None]


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
        self.paints = _PAINTS[scene.time]
        self.warm = float(self.rng.uniform(-1.0, 1.0))
        self.canvas: Pixels = np.empty((height, width, 3), dtype=np.uint8)

    def tint(self, rgb: Rgb) -> Rgb:
        """The scene's own shade of a background colour."""
        w = self.warm
        return (_byte(rgb[0] + 8 * w), _byte(rgb[1] + 2 * w), _byte(rgb[2] - 10 * w))

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
        fill(self.canvas, fixed(points * (self.width, self.height)), self.tint(rgb))

    def wave(self, y: float, high: float, rgb: Rgb, down: float = 1.0, waves: float = 1.6) -> None:
        """A rolling edge round height y, filled down to `down`."""
        self.shape(self.roll(y, high, down, waves), rgb)

    def roll(self, y: float, high: float, down: float, waves: float) -> Points:
        """The outline of what lies between a rolling edge round height y and `down`."""
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
        rim = RING * (r, r * flat) + (x * self.width, y * self.height)
        fill(self.canvas, fixed(rim), self.tint(rgb))

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
        low = mix(p.cloud, p.sky[1], 0.35)
        k = min(self.width, self.height)
        sx, sy = r * k / self.width, r * k / self.height
        puffs = ((-1.3, 0.15, 0.7), (-0.5, -0.25, 0.9), (0.5, -0.1, 1.0), (1.4, 0.2, 0.65))
        for tone, dy in ((low, 0.16), (mix(p.cloud, p.sky[1], 0.08), 0.0)):
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
            self.wave(top + (1 - top) * (k / layers) ** 1.15 + high, high * (1 + k), mix(a, b, t),
                      waves=1.0 + 0.3 * k)  # fmt: skip

    def tufts(self, top: float, bottom: float, count: int) -> None:
        tone = mix(self.paints.grass[1], (60, 110, 60), 0.28)
        unit = min(self.width, self.height)
        for x, v in self.rng.random((count, 2)).tolist():
            y = top + (bottom - top) * v
            s = unit * (0.006 + 0.010 * v)
            at = (x * self.width, y * self.height)
            blades = np.array([(-1.2, -1.0), (-0.35, 0.0), (0.0, -1.5), (0.35, 0.0), (1.2, -1.0),
                               (0.6, 0.3), (-0.6, 0.3)])  # fmt: skip
            fill(self.canvas, fixed(blades * s + at), self.tint(tone))

    def flowers(self, top: float, bottom: float, count: int) -> None:
        petals, unit = self.paints.petals, min(self.width, self.height)
        for x, v, c in self.rng.random((count, 3)).tolist():
            y = top + (bottom - top) * v
            r = (0.0045 + 0.0062 * v) * unit
            at = (x * self.width, y * self.height)
            tone = self.tint(petals[int(c * len(petals))])
            fill(self.canvas, fixed(_BLOOM * (r, r * 0.85) + at), tone)
            self.dot(x, y, r / unit * 0.36, (240, 186, 70), 0.85)

    def ripples(self, top: float, bottom: float, count: int) -> None:
        tone = mix(self.paints.water[0], self.paints.foam, 0.55)
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
        self.shape(band, mix(self.paints.path, self.paints.grass[1], 0.5))
        self.shape(np.concatenate([left, right[::-1]]), self.paints.path)

    def meadow(self) -> None:
        hz = self.scene.horizon
        self.hills(0)
        self.grass(hz, 4, 0.045)
        self.tufts(hz + 0.05, 0.99, 16)
        self.flowers(hz + 0.06, 0.99, 26)

    def street(self) -> None:
        hz, p = self.scene.horizon, self.paints
        kerb, far, near = (hz + d for d in STREET)
        self.hills(1)
        self.grass(hz, 1)
        self.tufts(hz + 0.03, kerb - 0.01, 8)
        self.gradient(kerb, far, (p.paving, p.paving))
        self.joints(kerb, far, 13, 0.16, (0.004, 0.004))
        self.road(far, near)
        self.gradient(near, 1.0, (p.paving, p.paving))
        self.gradient(near, near + 0.016, (mix(p.paving, (255, 255, 255), 0.35),))
        self.joints(near + 0.016, 1.0, 9, 0.14, (0.005, 0.006))

    def joints(
        self, top: float, bottom: float, count: int, lean: float, thick: tuple[float, float]
    ) -> None:
        """The lines between paving slabs, as thick as said at the top and at the bottom."""
        tone = mix(self.paints.paving, self.paints.shadow, 0.14)
        for x in np.linspace(-0.3, 1.3, count).tolist():
            foot = x + (x - 0.5) * lean
            self.shape(np.array([(x, top), (x + thick[0], top), (foot + thick[1], bottom),
                                 (foot, bottom)]), tone)  # fmt: skip

    def road(self, far: float, near: float) -> None:
        p = self.paints
        self.gradient(far, near, (mix(p.road, p.paving, 0.12), p.road))
        self.gradient(far, far + 0.012, (mix(p.paving, p.shadow, 0.35),))
        middle, shift = (far + near) / 2, float(self.rng.uniform(0, 0.2))
        for x in np.arange(-0.2, 1.2, 0.2).tolist():
            a = x + shift
            self.shape(np.array([(a, middle - 0.006), (a + 0.1, middle - 0.006),
                                 (a + 0.105, middle + 0.006), (a - 0.005, middle + 0.006)]),
                       mix(p.road, (255, 250, 230), 0.7))  # fmt: skip

    def beach(self) -> None:
        hz, p = self.scene.horizon, self.paints
        shore = hz + SHORE
        if self.rng.random() < 0.5:
            side = float(self.rng.choice((-0.25, 0.75)))
            x = np.linspace(0.0, 1.0, 20)
            land = np.stack([side + x * 0.5, hz + 0.01 - 0.07 * np.sin(x * math.pi)], 1)
            self.shape(land, p.hills[0])
        self.gradient(hz, shore + 0.06, p.water)
        self.ripples(hz + 0.02, shore - 0.01, 14)
        edge = self.roll(shore + 0.018, 0.03, 1.02, 1.3)
        wet = mix(p.sand[1], p.shadow, 0.12)
        thin = mix(p.water[1], p.foam, 0.5)
        for drop, tone in ((-0.018, thin), (0.0, p.foam), (0.012, wet), (0.03, p.sand[0])):
            self.shape(edge + np.array((0.0, drop)), tone)
        self.wave(shore + 0.18, 0.05, mix(p.sand[0], p.sand[1], 0.5))
        self.wave(shore + 0.30, 0.05, p.sand[1])
        for x, v in self.rng.random((14, 2)).tolist():
            y = shore + 0.06 + (0.93 - shore) * v
            self.dot(x, y, 0.003 + 0.004 * v, mix(p.sand[1], p.shadow, 0.22), 0.6)

    def lake(self) -> None:
        hz, p = self.scene.horizon, self.paints
        shore = hz + SHORE
        x0 = float(self.rng.uniform(0.1, 0.5))
        self.mountain(x0, 0.36, 0.22)
        self.mountain(x0 + 0.42, 0.42, 0.17)
        self.wave(hz + 0.012, 0.04, p.hills[1], hz + 0.06, 2.0)
        self.gradient(hz, shore + 0.06, p.water)
        self.gradient(hz, hz + 0.008, (mix(p.hills[2], p.water[0], 0.3),))
        self.ripples(hz + 0.02, shore - 0.01, 16)
        bank = self.roll(shore + 0.03, 0.035, 1.02, 1.4)
        self.shape(bank - np.array((0.0, 0.012)), mix(p.water[1], p.foam, 0.6))
        self.shape(bank, mix(p.grass[1], p.sand[1], 0.6))
        self.shape(bank + np.array((0.0, 0.014)), p.grass[0])
        self.wave(shore + 0.17, 0.05, mix(*p.grass, 0.5))
        self.wave(shore + 0.30, 0.05, p.grass[1])
        self.tufts(shore + 0.06, 0.99, 12)
        self.flowers(shore + 0.06, 0.99, 8)

    def mountain(self, x: float, half: float, high: float) -> None:
        """A peak at x with a cap of snow."""
        p, foot = self.paints, self.scene.horizon + 0.01
        peak = foot - high
        self.shape(np.array([(x - half, foot), (x - half * 0.3, peak + high * 0.35), (x, peak),
                             (x + half * 0.4, peak + high * 0.42), (x + half, foot)]),
                   p.hills[0])  # fmt: skip
        self.shape(np.array([(x - half * 0.2, peak + high * 0.235), (x, peak),
                             (x + half * 0.26, peak + high * 0.28), (x + 0.03, peak + high * 0.24),
                             (x - 0.02, peak + high * 0.36)]),
                   mix(p.hills[0], p.foam, 0.75))  # fmt: skip

    def paint(self) -> Pixels:
        self.sky()
        self.gradient(self.scene.horizon + 0.04, 1.0, self.paints.grass)
        {"park": self.park, "beach": self.beach, "street": self.street,
         "meadow": self.meadow, "lake": self.lake}[self.scene.place]()  # fmt: skip
        return self.canvas


def _byte(value: float) -> int:
    return max(0, min(255, round(value)))


def backdrop(scene: Scene, width: int, height: int) -> Pixels:
    """The scene's place without its things, height x width x 3 (RGB)."""
    return _Backdrop(scene, width, height).paint()


def shade(canvas: Pixels, t: Thing, time: str) -> None:
    """Draw the shadow of a thing, or the foam round a boat."""
    if t.aloft:
        return
    height, width = canvas.shape[:2]
    paints = _PAINTS[time]
    x, y, half = t.x * width, t.y * height, t.w * width / 2
    if t.kind == "boat":
        _glow(canvas, x, y, half * 1.15, half * 0.16, paints.foam, 0.95)
        return
    if t.kind == "tree":
        half *= 0.85
    flat = 0.13 if t.kind in ("house", "car", "bench") else 0.22
    _glow(canvas, x + half * 0.1, y - half * 0.02, half * 1.3, half * flat * 1.5, paints.shadow,
          0.62)  # fmt: skip
