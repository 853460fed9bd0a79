"""How much a dialogue holds, measured against the `limits`: its JSON value first, then what was read."""

from __future__ import annotations

from collections.abc import Iterator

from demo.dialogue import limits
from demo.dialogue.session import Session, Turn
from demo.machine.effort import breathe
from demo.picture.masks import Mask
from demo.picture.regions import RegionObject


def check_values(data: object) -> None:
    """Raises SessionFormatError for a JSON value with too many parts, or too much text beside its masks."""
    left, values, characters, of_masks = [data], 0, 0, 0
    while left:
        item = left.pop()
        breathe()
        if isinstance(item, str):
            characters += len(item)
            continue
        inside = list(item.values()) if isinstance(item, dict) else item
        if not isinstance(inside, list):
            continue
        if isinstance(item, dict) and isinstance(counts := item.get("counts"), str):
            of_masks += len(counts)
            characters -= len(counts)
        values += len(inside)
        limits.VALUES.check(values)
        left.extend(inside)
    limits.TEXTS.check(characters)
    limits.MASK_TEXTS.check(of_masks)


def check_session(session: Session) -> None:
    """Raises SessionFormatError for a dialogue that would take too long to show or to draw, and ValueError
    for a mask that is none.
    """
    opinions = [second for turn in session.turns for second in turn.second_opinions]
    answers = [*session.turns, *(second.turn for second in opinions)]
    beside = [item for second in opinions for item in second.objects]
    objects = [item for region in session.registry for item in region.objects] + beside
    limits.OPINIONS.check(len(opinions))
    limits.OBJECTS.check(len(objects))
    limits.FINDINGS.check(sum(len(turn.findings) for turn in answers))
    limits.CITATIONS.check(sum(_cited(session, turn) for turn in answers))
    _check_masks(objects)


def _cited(session: Session, turn: Turn) -> int:
    """How many objects a question cites; a name that is gone counts as one."""
    registry = session.registry
    return sum(len(registry.objects(name)) if name in registry else 1 for name in turn.references)


def _check_masks(objects: list[RegionObject]) -> None:
    pixels = 0
    for mask in _masks(objects):
        breathe()
        around = mask.bounding_box()
        pixels += around.area if around else 0
        limits.MASK_PIXELS.check(pixels)


def _masks(objects: list[RegionObject]) -> Iterator[Mask]:
    return (item.mask for item in objects if item.mask is not None)
