"""Large scenes: a few things as large as ever, and groups of small things that only a closer look shows.

In the frame of the model a small thing is a spot of a few pixels. A *group* is what one look shows; no look
at a group meets a large thing or another look. The large things and each group have nouns of their own, so
what a question names is in one of these places at most.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from demo.nano.world.drawing import Drawing, box_of
from demo.nano.world.facts import FAMILIES, FRAME, family_of
from demo.nano.world.layout import sample_scene, sample_spec, terrain_of
from demo.nano.world.scene import Scene, Thing
from demo.nano.world.things import figure
from demo.picture.geometry import ModelBox, PictureBox

LOOK = 36  # side of a look in the model frame: a share of the picture, so that it has the picture's shape
SMALL = (20, 40)  # pixels of a small thing's longer side
DETAILED = ("man", "woman", "car", "boat", "tree", "house", "bench", "kite")
MIN_DETAILED = 26  # of things that are known by their details
_HALF = LOOK / FRAME.width / 2
_REACH = 0.058  # of a group to each side of its middle: the look has a margin round it
_APART = 0.012
_WIDTHS = (1400, 1700)
_SHAPES = ((3, 2), (3, 2), (4, 3), (16, 9), (2, 3))
_SKY = (("bird", 0), ("kite", 0))
_WATER = (("boat", None),)


@dataclass(frozen=True)
class Group:
    """Small things close together: their places in the scene's list, and the look that shows them."""

    members: tuple[int, ...]
    look: ModelBox


@dataclass(frozen=True)
class LargeScene:
    """A scene whose first things are the large ones, and its groups from left to right."""

    scene: Scene
    large: int
    groups: tuple[Group, ...]


def sample_large_scene(rng: np.random.Generator) -> LargeScene:
    """A scene of 1,400 to 1,700 pixels with one to four large things and one or two groups."""
    while True:
        scene = sample_scene(rng, int(rng.integers(1, 5)), _aspect(rng))
        made = _with_groups(rng, scene, 1 if rng.random() < 0.5 else 2)
        if made is not None:
            return made


def part_of(
    scene: Scene, drawing: Drawing, box: PictureBox
) -> tuple[Scene, Drawing, tuple[int, ...]]:
    """What a part of a drawn scene shows: the things of which at least 70 % can be seen there.

    The rest is background. Also the places of those things in the scene's list.
    """
    rows, columns = slice(box.y1, box.y2), slice(box.x1, box.x2)
    parts = [mask[rows, columns] for mask in drawing.masks]
    shares = shares_in(drawing, box)
    kept = tuple(i for i, share in enumerate(shares) if share >= 0.7)
    masks = tuple(parts[i] for i in kept)
    image = np.ascontiguousarray(drawing.image[rows, columns])
    things = tuple(scene.things[i] for i in kept)
    return replace(scene, things=things), Drawing(image, masks, tuple(map(box_of, masks))), kept


def shares_in(drawing: Drawing, box: PictureBox) -> list[float]:
    """How much of each thing, 0 to 1, can be seen in a part of the picture."""
    shares = []
    for mask, (x1, y1, x2, y2) in zip(drawing.masks, drawing.boxes, strict=True):
        own = mask[y1:y2, x1:x2]
        seen = own[
            max(0, box.y1 - y1) : max(0, box.y2 - y1), max(0, box.x1 - x1) : max(0, box.x2 - x1)
        ]
        shares.append(float(seen.sum()) / max(1, int(own.sum())))
    return shares


def look_at(x: float, y: float) -> ModelBox:
    """The look round a place given in shares of the picture, moved into the picture."""
    left, top = (min(max(round(v * FRAME.width - LOOK / 2), 0), FRAME.width - LOOK) for v in (x, y))
    return ModelBox(left, top, left + LOOK, top + LOOK)


def _aspect(rng: np.random.Generator) -> tuple[int, int]:
    across, down = _SHAPES[int(rng.integers(len(_SHAPES)))]
    long = int(rng.integers(*_WIDTHS))
    return (
        (long, round(long * down / across))
        if across > down
        else (round(long * across / down), long)
    )


def _with_groups(rng: np.random.Generator, scene: Scene, count: int) -> LargeScene | None:
    """The scene with that many groups; None where there is no room for them."""
    free = [f for f in FAMILIES if f not in {family_of(t.kind) for t in scene.things}]
    placed: list[tuple[list[Thing], ModelBox]] = []
    for _ in range(60):
        looks = [look for _, look in placed]
        group = _group(rng, scene, free)
        if group and not _meets(look := _look_of(group), scene.things, looks):
            placed.append((group, look))
            free = [f for f in free if f not in {family_of(t.kind) for t in group}]
        if len(placed) == count:
            return _joined(scene, placed)
    return None


def _joined(scene: Scene, placed: list[tuple[list[Thing], ModelBox]]) -> LargeScene:
    things, groups = list(scene.things), []
    for small, look in sorted(placed, key=lambda group: group[1].x1):
        groups.append(Group(tuple(range(len(things), len(things) + len(small))), look))
        things += small
    return LargeScene(replace(scene, things=tuple(things)), len(scene.things), tuple(groups))


def _group(rng: np.random.Generator, scene: Scene, free: Sequence[str]) -> list[Thing]:
    """Small things of one or two free kinds round a random place in the sky, on water or on the ground."""
    terrain = terrain_of(scene.place, scene.horizon)
    luck = rng.random()
    kinds = [k for f in free for k in FAMILIES[f]]
    looks: dict[str, int | None]
    if luck < 0.2:
        looks, low, high = dict(_SKY), 0.0, scene.horizon - 0.01
    elif luck < 0.35 and terrain.water:
        looks, (low, high) = dict(_WATER), terrain.water
    else:
        looks = {k: 1 if k == "bird" else None for k in kinds if k not in ("boat", "kite")}
        low, high = terrain.ground
    kinds = [k for k in looks if k in kinds]
    if not kinds:
        return []
    chosen = [kinds[int(i)] for i in rng.permutation(len(kinds))[:2]]
    x = rng.uniform(_HALF, 1 - _HALF)
    y = rng.uniform(max(low, _HALF), min(high, 1 - _HALF))
    count = int(rng.choice((1, 2, 3, 4), p=(0.2, 0.35, 0.3, 0.15)))
    small: list[Thing] = []
    for _ in range(12 * count):
        kind = chosen[int(rng.integers(len(chosen)))]
        new = _small(rng, scene, kind, looks[kind], (x, y), (low, high))
        if new and not any(_overlap(new.box, t.box) for t in small):
            small.append(new)
        if len(small) == count:
            break
    return small


def _small(
    rng: np.random.Generator,
    scene: Scene,
    kind: str,
    look: int | None,
    middle: tuple[float, float],
    band: tuple[float, float],
) -> Thing | None:
    """A small thing near the middle with its feet in the band; None where that is not possible."""
    spec = sample_spec(rng, kind)
    look = spec.look if look is None else look
    ratio = figure(kind, spec.colour, spec.hat, look, scene.time).ratio
    long = rng.uniform(MIN_DETAILED if kind in DETAILED else SMALL[0], SMALL[1])
    w = long * min(1.0, ratio) / scene.aspect[0]
    h = long / max(1.0, ratio) / scene.aspect[1]
    x, y = middle
    lowest, highest = max(y - _REACH + h, band[0]), min(y + _REACH, band[1])
    if lowest >= highest:
        return None
    left = rng.uniform(x - _REACH + w / 2, x + _REACH - w / 2)
    aloft = kind == "kite" or (kind == "bird" and look % 2 == 0)
    foot = rng.uniform(lowest, highest)
    flip = kind != "kite" and rng.random() < 0.5
    return Thing(kind, spec.colour, spec.hat, left, foot, w, h, flip, foot, look, aloft)


def _look_of(group: Sequence[Thing]) -> ModelBox:
    left, top, right, bottom = np.array([t.box for t in group]).T
    return look_at((left.min() + right.max()) / 2, (top.min() + bottom.max()) / 2)


def _meets(look: ModelBox, things: Sequence[Thing], looks: Sequence[ModelBox]) -> bool:
    """Whether a look meets a thing or another look."""
    x1, y1, x2, y2 = (v / FRAME.width for v in look.xyxy)
    wide = (x1 - _APART, y1 - _APART, x2 + _APART, y2 + _APART)
    return any(_overlap(wide, t.box) for t in things) or any(look.intersection(o) for o in looks)


def _overlap(a: Sequence[float], b: Sequence[float]) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]
