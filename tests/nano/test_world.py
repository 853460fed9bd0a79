"""The cartoon world: what is laid out is what is drawn, at any size."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pytest

from demo.nano.world import scene as world
from demo.nano.world.drawing import Drawing, draw
from demo.nano.world.layout import sample_scene
from demo.nano.world.scene import Scene, Thing

SCENES = 200


@lru_cache(maxsize=1)
def _scenes() -> tuple[Scene, ...]:
    rng = np.random.default_rng(11)
    return tuple(sample_scene(rng) for _ in range(SCENES))


@lru_cache(maxsize=1)
def _drawings() -> tuple[Drawing, ...]:
    return tuple(draw(s) for s in _scenes())


def _alone(kind: str, colour: str, time: str = "day") -> Drawing:
    thing = Thing(kind, colour, None, 0.5, 0.8, 0.4, 0.4)
    return draw(Scene("park", time, (320, 240), (thing,)))


def test_same_seed_same_picture() -> None:
    a, b = (sample_scene(np.random.default_rng(4)) for _ in range(2))
    assert a == b
    assert a != sample_scene(np.random.default_rng(5))
    one, two = draw(a, 320, 240), draw(b, 320, 240)
    assert np.array_equal(one.image, two.image)
    assert one.boxes == two.boxes


def test_masks_and_boxes_agree() -> None:
    for scene, drawing in zip(_scenes(), _drawings(), strict=True):
        width, height = scene.aspect
        assert drawing.image.shape == (height, width, 3)
        assert drawing.image.dtype == np.uint8
        assert len(drawing.masks) == len(drawing.boxes) == len(scene.things)
        assert np.sum(drawing.masks, axis=0).max() == 1  # no pixel has two owners
        for mask, (x0, y0, x1, y1) in zip(drawing.masks, drawing.boxes, strict=True):
            assert mask.dtype == np.bool_
            ys, xs = np.nonzero(mask)
            assert (xs.min(), ys.min(), xs.max() + 1, ys.max() + 1) == (x0, y0, x1, y1)


def test_every_thing_is_seen_within_limits() -> None:
    for scene, drawing in zip(_scenes(), _drawings(), strict=True):
        width, height = scene.aspect
        for x0, y0, x1, y1 in drawing.boxes:
            assert x0 > 0
            assert y0 > 0
            assert x1 < width
            assert y1 < height
            sides = ((x1 - x0) / width, (y1 - y0) / height)
            assert min(sides) >= 0.05
            assert 0.09 <= max(sides) <= 0.48


def test_no_thing_is_hidden_by_more_than_a_third() -> None:
    for scene in _scenes()[:60]:
        small = (scene.aspect[0] // 2, scene.aspect[1] // 2)
        together = draw(scene, *small)
        for mask, thing in zip(together.masks, scene.things, strict=True):
            alone = draw(Scene(scene.place, scene.time, scene.aspect, (thing,)), *small)
            assert mask.sum() >= 0.63 * alone.masks[0].sum(), thing


def test_twice_the_size_is_the_same_picture() -> None:
    for scene in _scenes()[:40]:
        width, height = scene.aspect[0] // 2, scene.aspect[1] // 2
        one, two = draw(scene, width, height), draw(scene, 2 * width, 2 * height)
        for a, b in zip(one.boxes, two.boxes, strict=True):
            assert np.abs(2 * np.array(a) - np.array(b)).max() <= 3
        shrunk = two.image.reshape(height, 2, width, 2, 3).mean(axis=(1, 3))
        assert np.abs(shrunk - one.image).mean() < 4


@pytest.mark.parametrize(
    ("width", "height", "shape"),
    [(None, None, (480, 640)), (320, None, (240, 320)), (None, 120, (120, 160)),
     (300, 200, (200, 300))],
)  # fmt: skip
def test_size_follows_from_what_is_given(
    width: int | None, height: int | None, shape: tuple[int, int]
) -> None:
    drawing = draw(Scene("lake", "dusk", (640, 480), ()), width, height)
    assert drawing.image.shape[:2] == shape


@pytest.mark.parametrize("kind", world.KINDS)
@pytest.mark.parametrize("time", world.TIMES)
def test_the_colour_is_the_main_one(kind: str, time: str) -> None:
    """Of the nine colours, the named one is nearest to most of what is neither pale nor ink."""
    names = list(world.COLOURS)
    table = np.array([world.COLOURS[n] for n in names], dtype=np.float64)
    for colour in world.COLOURS_OF[kind]:
        drawing = _alone(kind, colour, time)
        pixels = drawing.image[drawing.masks[0]].astype(np.float64)
        near = np.linalg.norm(pixels[:, None] - table[None], axis=2).argmin(axis=1)
        counts = np.bincount(near, minlength=len(names))
        others = [counts[i] for i, n in enumerate(names) if n not in (colour, "black", "brown")]
        assert counts[names.index(colour)] >= 0.9 * max(others), colour


def test_everything_comes_up() -> None:
    rng = np.random.default_rng(2)
    scenes = [sample_scene(rng) for _ in range(1500)]
    things = [t for s in scenes for t in s.things]
    assert {s.place for s in scenes} == set(world.PLACES)
    assert {s.time for s in scenes} == set(world.TIMES)
    assert {s.aspect for s in scenes} == set(world.ASPECTS)
    for kind in world.KINDS:
        assert {t.colour for t in things if t.kind == kind} == set(world.COLOURS_OF[kind]), kind
    assert {t.hat for t in things} == {None, *world.COLOURS}
    assert all(t.hat is None or t.kind in ("man", "woman") for t in things)
    assert all(s.place in ("beach", "lake") for s in scenes for t in s.things if t.kind == "boat")
    assert 4.7 < len(things) / len(scenes) < 5.3
    several = [len({t.kind for t in s.things}) < len(s.things) for s in scenes]
    assert 0.3 < np.mean(several) < 0.65


def test_some_small_things_stand_before_big_ones() -> None:
    nested = 0
    for s in _scenes():
        big = [t for t in s.things if t.kind in ("house", "tree")]
        small = [t for t in s.things if t.kind in ("ball", "cat", "dog", "bird")]
        nested += any(
            b.box[0] <= t.box[0] and b.box[1] <= t.box[1] and b.box[2] >= t.box[2]
            and b.box[3] >= t.box[3] and b.depth < t.depth
            for b in big for t in small
        )  # fmt: skip
    assert 0.2 < nested / SCENES < 0.5


@pytest.mark.parametrize("count", [1, 2, 3, 7, 9])
def test_count_is_kept(count: int) -> None:
    rng = np.random.default_rng(8)
    for _ in range(20):
        assert len(sample_scene(rng, count).things) == count
