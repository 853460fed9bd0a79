"""What is true of a drawn picture: its things with boxes, and the relations between boxes.

All boxes are in the model frame.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from demo.nano.world.drawing import Drawing
from demo.nano.world.phrases import article
from demo.nano.world.scene import KINDS, Scene
from demo.picture.geometry import ModelBox, ModelPoint, PictureBox, PicturePoint, Size

FRAME = Size(224, 224)
GROUPS = {
    "person": ("man", "woman"),
    "animal": ("dog", "cat", "bird"),
    "vehicle": ("car", "boat"),
}
PEOPLE = GROUPS["person"]
# Kinds that share a noun, by it.
FAMILIES = {
    **GROUPS,
    **{k: (k,) for k in KINDS if not any(k in kinds for kinds in GROUPS.values())},
}


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing in a picture, in the model frame; ``index`` is its place in the scene's list."""

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


def family_of(noun: str) -> str:
    """The family of a kind or a group."""
    return next(name for name, kinds in FAMILIES.items() if noun == name or noun in kinds)


def matching(facts: Sequence[Fact], noun: str, colour: str = "") -> tuple[Fact, ...]:
    """The things of that noun, all or those of a colour, in their order."""
    return tuple(f for f in facts if f.is_a(noun) and colour in ("", f.colour))


def inner_point(mask: NDArray[np.bool_]) -> PicturePoint:
    """The pixel of a mask nearest to the middle of its box; it lies on the thing, unlike the middle."""
    ys, xs = np.nonzero(mask)
    middle_x, middle_y = (xs.min() + xs.max()) / 2, (ys.min() + ys.max()) / 2
    best = int(np.argmin((xs - middle_x) ** 2 + (ys - middle_y) ** 2))
    return PicturePoint(int(xs[best]), int(ys[best]))


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


def _ramp(value: float, no: float, yes: float) -> float:
    """0 up to ``no``, 1 from ``yes`` on, a straight line between; ``yes`` may be the smaller."""
    return min(max((value - no) / (yes - no), 0.0), 1.0)


def _share_inside(t: ModelBox, r: ModelBox) -> float:
    return _ramp(t.intersection(r) / t.area, 0.7, 0.9) if t.area < r.area else 0.0


def _overlapping(t: ModelBox, r: ModelBox) -> float:
    shared = _ramp(t.intersection(r) / min(t.area, r.area), 0.0, 0.08)
    return min(shared, _apart(t, r))


def _apart(t: ModelBox, r: ModelBox) -> float:
    """Neither of the two is inside the other."""
    return 1 - max(_share_inside(t, r), _share_inside(r, t))


# How far a relation of a target to a reference holds: 1 clearly, 0 clearly not. In between, people would
# disagree, or a pixel or two of the reference would decide.
RELATIONS: dict[str, Callable[[ModelBox, ModelBox], float]] = {
    "above": lambda t, r: _ramp(r.y1 - _centre(t)[1], -5, 5),
    "below": lambda t, r: _ramp(_centre(t)[1] - r.y2, -5, 5),
    "to the left of": lambda t, r: _ramp(r.x1 - _centre(t)[0], -5, 5),
    "to the right of": lambda t, r: _ramp(_centre(t)[0] - r.x2, -5, 5),
    "inside": _share_inside,
    "overlapping": _overlapping,
    "touching": lambda t, r: min(_ramp(gap(t, r), 9, 3), _apart(t, r)),
    "next to": lambda t, r: min(_ramp(gap(t, r), 34, 20), _apart(t, r)),
}
# To stand above two things is to stand above both; to touch them is to touch either.
OF_ALL = ("above", "below", "to the left of", "to the right of")


def between(t: ModelBox, a: ModelBox, b: ModelBox) -> float:
    """How far t is between a and b, 0 to 1: its centre must be near the line that joins theirs."""
    (tx, ty), (ax, ay), (bx, by) = _centre(t), _centre(a), _centre(b)
    dx, dy = bx - ax, by - ay
    length = math.hypot(dx, dy)
    if length < 40:
        return 0.0
    along = ((tx - ax) * dx + (ty - ay) * dy) / length**2
    aside = abs((tx - ax) * dy - (ty - ay) * dx) / length**2
    return min(_ramp(min(along, 1 - along), 0.05, 0.18), _ramp(aside, 0.5, 0.33))


def related(
    facts: Sequence[Fact],
    relation: str,
    references: Sequence[ModelBox],
    noun: str,
    own: Sequence[int] = (),
) -> list[Fact] | None:
    """The things of that noun in that relation to the references, in the order of ``facts``.

    None when that is unclear because the relation half holds for one of them. ``own`` are the indices of
    things that are references themselves.
    """
    candidates = [f for f in facts if f.index not in own and f.is_a(noun)]
    degrees = [degree(relation, f.box, references) for f in candidates]
    if any(0 < d < 1 for d in degrees):
        return None
    return [f for f, d in zip(candidates, degrees, strict=True) if d]


def nearest(found: Sequence[Fact], references: Sequence[ModelBox]) -> Fact | None:
    """The thing that is clearly the nearest to the references, if there is one."""
    far = sorted((min(distance(f.box, r) for r in references), f.index) for f in found)
    if not far or (len(far) > 1 and far[1][0] < max(1.35 * far[0][0], far[0][0] + 12)):
        return None
    return next(f for f in found if f.index == far[0][1])


def degree(relation: str, box: ModelBox, references: Sequence[ModelBox]) -> float:
    """How far a relation of a box to all the references holds: 1 clearly, 0 clearly not."""
    if relation == "between":
        return between(box, references[0], references[1])
    degrees = [RELATIONS[relation](box, r) for r in references]
    return min(degrees) if relation in OF_ALL else max(degrees)
