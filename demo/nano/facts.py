"""What is true of a drawn picture: its things with boxes, and the relations between boxes.

It knows words for kinds and colours, but no questions and no answers (`dialogue.py`).
All boxes are in the model frame.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from demo.geometry import ModelBox, ModelPoint, PictureBox, PicturePoint, Size
from demo.nano.drawing import Drawing
from demo.nano.world import Scene

FRAME = Size(224, 224)
GROUPS = {
    "person": ("man", "woman"),
    "animal": ("dog", "cat", "bird"),
    "vehicle": ("car", "boat"),
}
PLURALS = {"man": "men", "woman": "women", "person": "people", "bench": "benches"}
PEOPLE = GROUPS["person"]


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing in a picture; ``cells`` are its shares of the 8 × 8 visual tokens (row-major)."""

    kind: str
    colour: str
    hat: str | None
    box: ModelBox
    point: ModelPoint
    index: int

    @property
    def centre(self) -> tuple[float, float]:
        return (self.box.x1 + self.box.x2) / 2, (self.box.y1 + self.box.y2) / 2

    @property
    def phrase(self) -> str:
        """ "a red house", "a man in a blue shirt"."""
        if self.kind in PEOPLE:
            wear = "shirt" if self.kind == "man" else "dress"
            return f"{self.kind} in {article(self.colour)} {wear}"
        return f"{self.colour} {self.kind}"

    @property
    def side(self) -> str:
        """Where it is from left to right, in thirds of the picture."""
        third = int(self.centre[0] * 3 / FRAME.width)
        return ("on the left", "in the middle", "on the right")[min(third, 2)]

    def is_a(self, noun: str) -> bool:
        """Whether the noun, a kind or a group, fits; "thing" fits all."""
        return noun == "thing" or noun == self.kind or self.kind in GROUPS.get(noun, ())


def facts_of(scene: Scene, drawing: Drawing) -> tuple[Fact, ...]:
    """The things of a drawn scene from left to right, in the model frame."""
    height, width = drawing.image.shape[:2]
    picture = Size(width, height)
    facts = []
    for i, (thing, box, mask) in enumerate(
        zip(scene.things, drawing.boxes, drawing.masks, strict=True)
    ):
        point = inner_point(mask).to_model(picture, FRAME)
        model_box = PictureBox(*box).to_model(picture, FRAME)
        facts.append(Fact(thing.kind, thing.colour, thing.hat, model_box, point, i))
    return tuple(sorted(facts, key=lambda f: f.centre))


def inner_point(mask: NDArray[np.bool_]) -> PicturePoint:
    """The pixel of a mask that is nearest to the middle of its box, so that it lies on the thing."""
    ys, xs = np.nonzero(mask)
    middle_x, middle_y = (xs.min() + xs.max()) / 2, (ys.min() + ys.max()) / 2
    best = int(np.argmin((xs - middle_x) ** 2 + (ys - middle_y) ** 2))
    return PicturePoint(int(xs[best]), int(ys[best]))


def article(noun: str) -> str:
    """ "a red", "an orange"."""
    return f"{'an' if noun[0] in 'aeiou' else 'a'} {noun}"


def plural(noun: str) -> str:
    """ "dogs", "people", "benches"."""
    return PLURALS.get(noun, f"{noun}s")


def gap(a: ModelBox, b: ModelBox) -> float:
    """Distance in pixels between the nearest edges of two boxes; 0 when they meet."""
    dx = max(a.x1 - b.x2, b.x1 - a.x2, 0)
    dy = max(a.y1 - b.y2, b.y1 - a.y2, 0)
    return float((dx * dx + dy * dy) ** 0.5)


def distance(a: ModelBox, b: ModelBox) -> float:
    """Distance in pixels between the centres of two boxes."""
    dx = (a.x1 + a.x2 - b.x1 - b.x2) / 2
    dy = (a.y1 + a.y2 - b.y1 - b.y2) / 2
    return float((dx * dx + dy * dy) ** 0.5)


def _centre(box: ModelBox) -> tuple[float, float]:
    return (box.x1 + box.x2) / 2, (box.y1 + box.y2) / 2


def _inside(t: ModelBox, r: ModelBox) -> bool:
    return t.area < r.area and t.intersection(r) >= 0.85 * t.area


def _overlapping(t: ModelBox, r: ModelBox) -> bool:
    shared = t.intersection(r)
    return shared >= 0.05 * min(t.area, r.area) and not _inside(t, r) and not _inside(r, t)


RELATIONS: dict[str, Callable[[ModelBox, ModelBox], bool]] = {
    "above": lambda t, r: _centre(t)[1] < r.y1,
    "below": lambda t, r: _centre(t)[1] > r.y2,
    "to the left of": lambda t, r: _centre(t)[0] < r.x1,
    "to the right of": lambda t, r: _centre(t)[0] > r.x2,
    "inside": _inside,
    "overlapping": _overlapping,
    "touching": lambda t, r: gap(t, r) <= 4 and not _inside(t, r) and not _inside(r, t),
    "next to": lambda t, r: gap(t, r) <= 24 and not _inside(t, r) and not _inside(r, t),
}


def between(t: ModelBox, a: ModelBox, b: ModelBox) -> bool:
    """Whether the centre of t lies between the centres of a and b, left to right."""
    low, high = sorted((_centre(a)[0], _centre(b)[0]))
    return low + 8 < _centre(t)[0] < high - 8


def related(
    facts: Sequence[Fact], relation: str, reference: ModelBox, noun: str, own: Sequence[int] = ()
) -> list[Fact]:
    """The things of that noun in that relation to the reference, nearest first.

    ``own`` are the indices of things that are the reference itself.
    """
    holds = RELATIONS[relation]
    found = [f for f in facts if f.index not in own and f.is_a(noun) and holds(f.box, reference)]
    return sorted(found, key=lambda f: distance(f.box, reference))
