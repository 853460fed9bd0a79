"""Training batches for the nano SAM 2: drawn pictures, and prompts whose masks are known exactly.

Pictures are squeezed into a square of S pixels, as the processor does. A thing's truth is given twice: as
its share of each logit's cell, and at single places of the picture as drawn, most of them near its edge,
because a mask that is only right cell by cell is too coarse once it is enlarged.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from demo.nano.lessons.augment import augment
from demo.nano.sam2.model import MASK_STRIDE
from demo.nano.world.drawing import Drawing, draw
from demo.nano.world.facts import inner_point
from demo.nano.world.layout import sample_scene
from demo.nano.world.scene import KINDS, Scene

MAX_THINGS = 7
MAX_POINTS = 4
PLACES = 768  # per thing at which its mask is compared
INSIDE, OUTSIDE, PADDING = 1, 0, -10  # labels of points
_Xy = tuple[float, float]


@dataclass(slots=True)
class Prompts:
    """P prompts for each of B pictures, in pixels of the square.

    ``things`` [B, P] says which thing is meant; ``boxes`` is [B, P, 4], ``points`` [B, P, K, 2] with
    ``labels`` [B, P, K]; what is not given is None.
    """

    things: Tensor
    boxes: Tensor | None
    points: Tensor | None
    labels: Tensor | None

    def to(self, device: str) -> Prompts:
        """The same prompts on a device."""
        tensors = (getattr(self, f.name) for f in fields(self))
        return Prompts(*[None if t is None else t.to(device) for t in tensors])  # type: ignore[arg-type]


@dataclass(slots=True)
class Batch:
    """B pictures with T = 7 places for things; those without one hold zeros and are not prompted."""

    pixels: Tensor  # uint8 [B, 3, S, S]
    coverage: Tensor  # uint8 [B, T, S/4, S/4]: share of each cell, 255 for all of it
    places: Tensor  # float [B, T, N, 2]: x and y as shares of the picture
    inside: Tensor  # bool [B, T, N]
    kinds: Tensor  # [B, T]
    boxes: Tensor  # float [B, T, 4]: exact, as shares of the picture
    boxed: Prompts  # each with a box, and none, one or several points
    pointed: Prompts  # points alone

    def to(self, device: str) -> Batch:
        """The same batch on a device."""
        return Batch(*[getattr(self, f.name).to(device) for f in fields(self)])


@dataclass(frozen=True, slots=True)
class _Example:
    """One drawn picture; ``owner`` [H, W] is the number of the thing that a pixel shows, from 1."""

    scene: Scene
    drawing: Drawing
    owner: NDArray[np.uint8]
    side: int

    def scaled(self, xy: _Xy) -> _Xy:
        """From pixels of the drawing to pixels of the square."""
        height, width = self.owner.shape
        return xy[0] * self.side / width, xy[1] * self.side / height


class MaskBatchStream:
    """An endless, seeded stream of batches for one side S of the square."""

    def __init__(self, seed: int, side: int, pictures: int, prompts: int) -> None:
        self.rng = np.random.default_rng(seed)
        self.side, self.pictures, self.prompts = side, pictures, prompts

    def __iter__(self) -> Iterator[Batch]:
        while True:
            yield self.batch()

    def batch(self) -> Batch:
        """The next batch."""
        examples = [self._example() for _ in range(self.pictures)]
        truths = [self._truth(example) for example in examples]
        columns_of_truth = [torch.from_numpy(np.stack(c)) for c in zip(*truths, strict=True)]
        columns = int(self.rng.choice((0, 1, MAX_POINTS), p=(0.4, 0.4, 0.2)))
        boxed = self._prompts(examples, boxed=True, columns=columns)
        columns = int(self.rng.choice((1, MAX_POINTS), p=(0.6, 0.4)))
        pointed = self._prompts(examples, boxed=False, columns=columns)
        return Batch(*columns_of_truth, boxed, pointed)  # type: ignore[call-arg, arg-type]

    def _example(self) -> _Example:
        count = int(self.rng.integers(1, 4)) if self.rng.random() < 0.1 else None
        scene = sample_scene(self.rng, count)
        drawing = draw(scene, *_size(self.rng, scene))
        owner = np.zeros(drawing.image.shape[:2], np.uint8)
        for i, mask in enumerate(drawing.masks):
            owner[mask] = i + 1
        return _Example(scene, drawing, owner, self.side)

    def _truth(self, example: _Example) -> tuple[NDArray[np.generic], ...]:
        """The picture as seen; of each thing coverage, places, which lie inside, kind and box."""
        image = Image.fromarray(augment(self.rng, example.drawing.image))
        seen = np.asarray(image.resize((self.side, self.side), Image.Resampling.BILINEAR))
        cells = self.side // MASK_STRIDE
        coverage = np.zeros((MAX_THINGS, cells, cells), np.uint8)
        places = np.zeros((MAX_THINGS, PLACES, 2), np.float32)
        inside = np.zeros((MAX_THINGS, PLACES), bool)
        kinds, boxes = np.zeros(MAX_THINGS, np.int64), np.zeros((MAX_THINGS, 4), np.float32)
        height, width = example.owner.shape
        for i, mask in enumerate(example.drawing.masks):
            full = mask.astype(np.uint8) * 255
            coverage[i] = cv2.resize(full, (cells, cells), interpolation=cv2.INTER_AREA)
            xs, ys = _places(self.rng, example, i, width / cells)
            places[i] = (np.stack([xs, ys], axis=1) + 0.5) / (width, height)
            inside[i] = mask[ys, xs]
            kinds[i] = KINDS.index(example.scene.things[i].kind)
            boxes[i] = np.array(example.drawing.boxes[i]) / (width, height, width, height)
        seen = np.ascontiguousarray(seen.transpose(2, 0, 1))
        return seen, coverage, places, inside, kinds, boxes

    def _prompts(self, examples: list[_Example], *, boxed: bool, columns: int) -> Prompts:
        """Prompts of one form for all the pictures, with up to ``columns`` points each."""
        shape = (len(examples), self.prompts)
        things, boxes = np.zeros(shape, np.int64), np.zeros((*shape, 4), np.float32)
        points = np.zeros((*shape, columns, 2), np.float32)
        labels = np.full((*shape, columns), PADDING)
        for b, example in enumerate(examples):
            count = len(example.drawing.masks)
            order = np.concatenate([self.rng.permutation(count) for _ in range(self.prompts)])
            for p, thing in enumerate(order[: self.prompts].tolist()):
                things[b, p] = thing
                boxes[b, p] = _jittered_box(self.rng, example, thing)
                for k in range(int(self.rng.integers(1, columns + 1)) if columns else 0):
                    xy, labels[b, p, k] = self._point(example, thing, first=k == 0, boxed=boxed)
                    points[b, p, k] = example.scaled(xy)
        return Prompts(
            torch.from_numpy(things),
            torch.from_numpy(boxes) if boxed else None,
            torch.from_numpy(points) if columns else None,
            torch.from_numpy(labels) if columns else None,
        )

    def _point(self, example: _Example, thing: int, *, first: bool, boxed: bool) -> tuple[_Xy, int]:
        """A point in the drawing's pixels, and its label; the first one is always on the thing."""
        if not first and self.rng.random() < 0.5:
            return _pixel_beside(self.rng, example, thing), OUTSIDE
        mask = example.drawing.masks[thing]
        if self.rng.random() < 0.4:
            x, y = inner_point(mask).xy
        else:
            x, y = _any_pixel(self.rng, mask)
        if boxed and self.rng.random() < 0.3:
            # A model's own point may miss; with a box it is still clear what is meant.
            x1, y1, x2, y2 = example.drawing.boxes[thing]
            shift = self.rng.normal(0, 0.06, 2) * (x2 - x1, y2 - y1)
            return (x + float(shift[0]), y + float(shift[1])), INSIDE
        return (x, y), INSIDE


def _size(rng: np.random.Generator, scene: Scene) -> tuple[int, int]:
    """Width and height of a drawing in the scene's shape or, sometimes, one near to it."""
    width, height = scene.aspect
    scale = float(rng.uniform(300, 700)) / max(width, height)
    stretch = float(np.exp(rng.normal(0, 0.15))) if rng.random() < 0.3 else 1.0
    return round(width * scale * stretch), round(height * scale / stretch)


def _places(
    rng: np.random.Generator, example: _Example, thing: int, cell: float
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Columns and rows of pixels: half near the thing's edge, a quarter in its box, a quarter on any thing.

    The last quarter teaches that the prompt matters: a mask of all things at once is wrong there.
    """
    height, width = example.owner.shape
    x1, y1, x2, y2 = _widened(example.drawing.boxes[thing], width, height)
    crop = example.drawing.masks[thing][y1:y2, x1:x2].astype(np.uint8)
    reach = np.ones((2 * max(round(cell), 1) + 1,) * 2, np.uint8)
    edge_ys, edge_xs = np.nonzero(cv2.morphologyEx(crop, cv2.MORPH_GRADIENT, reach))
    thing_ys, thing_xs = np.nonzero(example.owner)
    quarter = PLACES // 4
    edge = rng.integers(0, len(edge_xs), PLACES // 2)
    any_thing = rng.integers(0, len(thing_xs), quarter)
    xs = (edge_xs[edge] + x1, rng.integers(x1, x2, quarter), thing_xs[any_thing])
    ys = (edge_ys[edge] + y1, rng.integers(y1, y2, quarter), thing_ys[any_thing])
    return np.concatenate(xs), np.concatenate(ys)


def _jittered_box(rng: np.random.Generator, example: _Example, thing: int) -> tuple[float, ...]:
    """A thing's box in the square's pixels as a small model gives it: each edge somewhat off."""
    x1, y1, x2, y2 = example.drawing.boxes[thing]
    spread = rng.uniform(0, 0.06)
    dx1, dy1, dx2, dy2 = rng.normal(0, spread, 4) * (x2 - x1, y2 - y1, x2 - x1, y2 - y1)
    height, width = example.owner.shape
    left, top = example.scaled((max(x1 + dx1, 0.0), max(y1 + dy1, 0.0)))
    right, bottom = example.scaled((min(x2 + dx2, width), min(y2 + dy2, height)))
    return left, top, right, bottom


def _pixel_beside(rng: np.random.Generator, example: _Example, thing: int) -> _Xy:
    """A pixel near the thing but not on it: on a neighbour if there is one, or on the ground."""
    height, width = example.owner.shape
    x1, y1, x2, y2 = _widened(example.drawing.boxes[thing], width, height)
    owner = example.owner[y1:y2, x1:x2]
    outside = owner != thing + 1
    neighbours = outside & (owner != 0)
    x, y = _any_pixel(rng, neighbours if rng.random() < 0.5 and neighbours.any() else outside)
    return x + x1, y + y1


def _any_pixel(rng: np.random.Generator, mask: NDArray[np.bool_]) -> tuple[int, int]:
    places = np.flatnonzero(mask)
    y, x = divmod(int(places[rng.integers(len(places))]), mask.shape[1])
    return x, y


def _widened(box: tuple[int, ...], width: int, height: int) -> tuple[int, ...]:
    x1, y1, x2, y2 = box
    dx, dy = round((x2 - x1) * 0.25) + 3, round((y2 - y1) * 0.25) + 3
    return max(x1 - dx, 0), max(y1 - dy, 0), min(x2 + dx, width), min(y2 + dy, height)
