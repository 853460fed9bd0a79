"""Lays out random scenes in which every thing can be seen; nothing is drawn here."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from demo.nano.world.places import SHORE, STREET
from demo.nano.world.scene import ANY, ASPECTS, COLOURS_OF, KINDS, PLACES, TIMES, Scene, Thing
from demo.nano.world.things import LOOKS, figure

_Size = Callable[[float], tuple[float, float]]  # of a share of a thing's scale
_Spot = tuple[float, float, float, float, float]  # x, y, w, h and depth of a thing


@dataclass(frozen=True)
class Terrain:
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


def terrain_of(place: str, horizon: float) -> Terrain:
    sky = (0.025, horizon - 0.03)
    if place in ("beach", "lake"):
        shore = horizon + SHORE
        ground = (shore + 0.05, 0.97)
        return Terrain(sky, ground, _front(ground), ground, (horizon + 0.07, shore - 0.015))
    if place == "street":
        kerb, far, near = (horizon + d for d in STREET)
        return Terrain(
            sky, (horizon + 0.06, 0.97), (horizon + 0.07, kerb + 0.02), (far + 0.05, near), None
        )
    ground = (horizon + 0.06, 0.97)
    return Terrain(sky, ground, _front(ground), ground, None)


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
_MIN_LENGTH, _MIN_SIDE, _MAX_LENGTH = 0.102, 0.06, 0.45


def _odds_of(place: str) -> tuple[tuple[str, ...], list[float]]:
    """The kinds of a place and their probabilities."""
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
class Spec:
    """A thing to be placed, and its relation to one placed before."""

    kind: str
    colour: str
    hat: str | None
    look: int
    tie: str = ""  # "", "inside" or "beside"
    to: int = -1  # index of the spec it is tied to


def sample_spec(rng: np.random.Generator, kind: str, colour: str | None = None) -> Spec:
    choices = COLOURS_OF[kind]
    if colour is None:
        colour = choices[int(rng.integers(len(choices)))]
        if kind == "tree" and rng.random() < 0.35:
            colour = "green"
    hat = None
    if kind in ("man", "woman") and rng.random() < 0.4:
        hat = ANY[int(rng.integers(len(ANY)))]
    look = int(rng.integers(LOOKS[kind]))
    if kind == "tree" and look == 2 and colour != "green":
        look = 0
    return Spec(kind, colour, hat, look)


def _kinds(rng: np.random.Generator, place: str, count: int) -> tuple[list[str], bool]:
    """The kinds to place, and whether the second is to stand before the first."""
    kinds, odds = _odds_of(place)
    first = min(count, len(kinds))
    chosen = [kinds[int(i)] for i in rng.choice(len(kinds), first, replace=False, p=odds)]
    chosen += [chosen[int(i)] for i in rng.integers(first, size=count - first)]
    nest = count >= 2 and rng.random() < 0.32
    if nest:
        chosen[0] = _BIG[int(rng.integers(2))]
        chosen[1] = _SMALL[int(rng.integers(4))]
    if count >= 2 and rng.random() < 0.42:
        _repeat(rng, chosen, 2 if nest else 0)
    return chosen, nest


def _repeat(rng: np.random.Generator, chosen: list[str], spared: int) -> None:
    """Make one or two of the kinds, none of the first `spared`, the same as another."""
    keep = int(rng.integers(0, len(chosen)))
    others = [i for i in range(spared, len(chosen)) if i != keep]
    extra = 2 if len(others) > 2 and rng.random() < 0.35 else 1
    for i in others[-extra:]:
        chosen[i] = chosen[keep]


def _specs(rng: np.random.Generator, place: str, count: int) -> list[Spec]:
    """What to place, in placing order: the big things first."""
    kinds, nest = _kinds(rng, place, count)
    specs = [sample_spec(rng, k) for k in kinds]
    for i, w in enumerate(specs):
        twin = next((v for v in specs[:i] if v.kind == w.kind), None)
        if twin is not None and rng.random() < 0.3:
            specs[i] = sample_spec(rng, w.kind, twin.colour)
    pair = 2 if nest else 0
    specs[pair:] = sorted(specs[pair:], key=lambda w: _RANK.get(w.kind, 9))
    if nest:
        specs[1] = replace(specs[1], tie="inside", to=0)
    ground = [i for i in range(pair, count) if specs[i].kind in _GROUND]
    if len(ground) >= 2 and rng.random() < 0.34:
        first, last = ground[0], ground[-1]
        w = specs[last]
        look = 1 if w.kind == "bird" else w.look
        specs[last] = replace(w, look=look, tie="beside", to=first)
    return specs


def unit(aspect: tuple[int, int]) -> float:
    """The length of which sizes are shares: the mean of the short side and of the root of the area."""
    return (min(aspect) + math.sqrt(aspect[0] * aspect[1])) / 2


def _size(ratio: float, scale: float, aspect: tuple[int, int]) -> tuple[float, float]:
    """Width and height as fractions, kept within the limits on what can be seen."""
    w, h = (1.0, 1 / ratio) if ratio >= 1 else (ratio, 1.0)
    w, h = w * scale * unit(aspect) / aspect[0], h * scale * unit(aspect) / aspect[1]
    grow = max(1.0, _MIN_LENGTH / max(w, h), _MIN_SIDE / min(w, h))
    grow = min(grow, _MAX_LENGTH / max(w, h)) if max(w, h) * grow > _MAX_LENGTH else grow
    return w * grow, h * grow


def _overlap(a: Thing, b: Thing) -> float:
    """The shared area of two boxes."""
    dx = min(a.x + a.w / 2, b.x + b.w / 2) - max(a.x - a.w / 2, b.x - b.w / 2)
    dy = min(a.y, b.y) - max(a.y - a.h, b.y - b.h)
    return dx * dy if dx > 0 and dy > 0 else 0.0


def _max_covered(t: Thing) -> float:
    """The share of its box that may be covered."""
    if max(t.w, t.h) < 0.14 or min(t.w, t.h) < 0.085:
        return 0.06
    return 0.2 if t.kind in ("tree", "kite") else 0.24


class _Layout:
    """A scene being filled with things; `covered` is the share of each one's box that is covered."""

    def __init__(self, scene: Scene, slack: float) -> None:
        self.scene, self.slack = scene, slack
        self.terrain = terrain_of(scene.place, scene.horizon)
        self.placed: list[Thing] = []
        self.covered: list[float] = []

    def fits(self, new: Thing, partner: int) -> bool:
        """Whether the thing, and all those placed, can be seen; its partner may lose more."""
        own = 0.0
        for i, t in enumerate(self.placed):
            shared = _overlap(new, t)
            if not shared:
                continue
            if new.depth < t.depth:
                own += shared / (new.w * new.h)
                if own > _max_covered(new) * self.slack:
                    return False
            else:
                allowed = 0.27 if i == partner else _max_covered(t) * self.slack
                if self.covered[i] + shared / (t.w * t.h) > allowed:
                    return False
        return True

    def add(self, new: Thing) -> None:
        own = 0.0
        for i, t in enumerate(self.placed):
            shared = _overlap(new, t)
            if new.depth < t.depth:
                own += shared / (new.w * new.h)
            else:
                self.covered[i] += shared / (t.w * t.h)
        self.placed.append(new)
        self.covered.append(own)


def _nearness(y: float, terrain: Terrain) -> float:
    """The scale of a thing with its feet at y, 1 for the nearest."""
    lo, hi = (terrain.water or terrain.ground)[0], terrain.ground[1]
    return 0.6 + 0.4 * min(1.0, max(0.0, (y - lo) / (hi - lo)))


def _before(big: Thing, aloft: bool, u: float, v: float, size: _Size) -> _Spot:
    """Within the box of a larger thing, and nearer than it."""
    w, h = size(0.62)
    x = big.x + (u - 0.5) * max(0.0, big.w - w - 0.02)
    y = big.y - 0.004 - (v * max(0.0, big.h - h - 0.02) if aloft else v * 0.02)
    return x, y, w, h, big.depth + 0.04


def _beside(
    rng: np.random.Generator,
    other: Thing,
    kind: str,
    terrain: Terrain,
    u: float,
    v: float,
    size: _Size,
) -> _Spot:
    """On the ground to the left or right of another thing, almost touching it."""
    low, high = terrain.band(kind)
    y = min(high, max(low, other.y + (v - 0.5) * 0.06))
    w, h = size(_nearness(y, terrain))
    gap = -0.014 + 0.02 * rng.random()
    side = 1 if u < 0.5 else -1
    return other.x + side * ((other.w + w) / 2 + gap), y, w, h, y


def _alone(
    rng: np.random.Generator,
    kind: str,
    aloft: bool,
    terrain: Terrain,
    u: float,
    v: float,
    size: _Size,
) -> _Spot:
    """Anywhere in the sky, or on the ground that is the kind's."""
    if aloft:
        w, h = size(0.6 + 0.4 * rng.random())
        top = terrain.sky[0]
        y = top + h + v * max(0.0, terrain.sky[1] + 0.06 - h - top)
        depth = 0.01 + 0.1 * rng.random()
    else:
        low, high = terrain.band(kind)
        depth = y = low + v * (high - low)
        w, h = size(_nearness(y, terrain))
    return w / 2 + 0.012 + u * (1 - w - 0.024), y, w, h, depth


def _propose(rng: np.random.Generator, spec: Spec, layout: _Layout, shrink: float) -> Thing:
    """A random place and size for a spec, not yet checked against other things."""
    kind, scene, terrain = spec.kind, layout.scene, layout.terrain
    aloft = kind == "kite" or (kind == "bird" and spec.look % 2 == 0)
    lo, hi = _SIZES[kind]
    scale = (lo + (hi - lo) * rng.random()) * shrink
    ratio = figure(kind, spec.colour, spec.hat, spec.look, scene.time).ratio
    u, v = rng.random(), rng.random()
    flip = kind != "kite" and rng.random() < 0.5

    def size(share: float) -> tuple[float, float]:
        return _size(ratio, scale * share, scene.aspect)

    if spec.tie == "inside":
        spot = _before(layout.placed[spec.to], aloft, u, v, size)
    elif spec.tie == "beside":
        spot = _beside(rng, layout.placed[spec.to], kind, terrain, u, v, size)
    else:
        spot = _alone(rng, kind, aloft, terrain, u, v, size)
    x, y, w, h, depth = spot
    return Thing(kind, spec.colour, spec.hat, x, y, w, h, flip, depth, spec.look, aloft)


def _in_picture(t: Thing) -> bool:
    x0, y0, x1, y1 = t.box
    return x0 >= 0.011 and x1 <= 0.989 and y0 >= 0.012 and y1 <= 0.985


def _find_spot(
    rng: np.random.Generator, spec: Spec, layout: _Layout, shrink: float
) -> Thing | None:
    """The thing at a place where it fits; None when no try finds one."""
    for k in range(36):
        new = _propose(rng, spec, layout, shrink * (0.86 if k > 18 else 1.0))
        if spec.tie == "inside":
            big = layout.placed[spec.to]
            if new.w > big.w * 0.8 or new.h > big.h * 0.8:
                continue
        if _in_picture(new) and layout.fits(new, spec.to):
            return new
    return None


def _place(
    rng: np.random.Generator, specs: list[Spec], scene: Scene, shrink: float
) -> list[Thing] | None:
    """All things placed, farthest first; None when one finds no room."""
    layout = _Layout(scene, 0.15 if rng.random() < 0.55 else 1.0)
    for spec in specs:
        new = _find_spot(rng, spec, layout, shrink)
        if new is None:
            return None
        layout.add(new)
    return sorted(layout.placed, key=lambda t: t.depth)


def sample_scene(
    rng: np.random.Generator, count: int | None = None, aspect: tuple[int, int] | None = None
) -> Scene:
    """A scene of `count` things (3 to 7 when None), laid out and not drawn.

    Its aspect is any of the usual ones when None. Raises ValueError when there is no room for them.
    """
    if count is None:
        count = int(rng.choice((3, 4, 5, 6, 7), p=(0.16, 0.22, 0.25, 0.21, 0.16)))
    place = PLACES[int(rng.integers(len(PLACES)))]
    time = TIMES[int(rng.random() < 0.35)]
    usual = ASPECTS[int(rng.integers(len(ASPECTS)))]
    low = 0.36 if place in ("beach", "lake") else 0.43
    horizon = low + 0.09 * rng.random()
    scene = Scene(place, time, aspect or usual, (), horizon, int(rng.integers(2**31)))
    for k in range(200):
        specs = _specs(rng, place, count)
        things = _place(rng, specs, scene, max(0.5, 1.0 - 0.03 * k))
        if things is not None:
            return replace(scene, things=tuple(things))
    raise ValueError(f"no room for {count} things")
