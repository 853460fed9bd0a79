"""How much a dialogue holds, measured against the `limits`: its JSON value first, then what was read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import astuple

from demo.dialogue import limits
from demo.dialogue.session import Session, Turn
from demo.machine.effort import breathe
from demo.picture.masks import Mask
from demo.picture.regions import RegionObject

_UNTIL_BREATH = 5_000  # values, a millisecond or two
_MUCH_TEXT, _MANY_OBJECTS, _MANY_OPINIONS = 200_000, 500, 50


def check_values(data: object) -> None:
    """Raises SessionFormatError for a JSON value with too many parts, or too much text beside its masks."""
    left, values, characters, of_masks = [[data]], 0, 0, 0
    until_breath = _UNTIL_BREATH
    while left:
        inside = left.pop()
        until_breath -= len(inside) + 1
        if until_breath < 0:
            breathe()
            until_breath = _UNTIL_BREATH
        for item in inside:
            if isinstance(item, str):
                characters += len(item)
            elif isinstance(item, (dict, list)):
                if isinstance(item, dict) and isinstance(counts := item.get("counts"), str):
                    of_masks += len(counts)
                    characters -= len(counts)
                values += len(item)
                left.append(list(item.values()) if isinstance(item, dict) else item)
        limits.VALUES.check(values)
    limits.TEXTS.check(characters)
    limits.MASK_TEXTS.check(of_masks)


def check_session(session: Session) -> None:
    """Raises SessionFormatError for a dialogue that would take too long to show or to draw."""
    opinions = [second for turn in session.turns for second in turn.second_opinions]
    answers = [*session.turns, *(second.turn for second in opinions)]
    beside = [item for second in opinions for item in second.objects]
    objects = [item for region in session.registry for item in region.objects] + beside
    limits.OPINIONS.check(len(opinions))
    limits.OBJECTS.check(len(objects))
    limits.FINDINGS.check(sum(len(turn.findings) for turn in answers))
    limits.CITATIONS.check(sum(_named(session, turn) for turn in answers))
    pixels = 0
    for mask in _masks(objects):
        breathe()
        around = mask.bounding_box()
        pixels += around.area if around else 0
        limits.MASK_PIXELS.check(pixels)


def characters_of(session: Session) -> int:
    """About how much memory a dialogue takes: the characters of its texts and masks."""
    objects = [item for region in session.registry for item in region.objects]
    seconds = [second for turn in session.turns for second in turn.second_opinions]
    objects += [item for second in seconds for item in second.objects]
    return written(session) + sum(len(mask.counts) for mask in _masks(objects))


def written(session: Session) -> int:
    """The characters of all questions and answers, second opinions among them."""
    seconds = [second.turn for turn in session.turns for second in turn.second_opinions]
    return sum(map(_characters_of_turn, [*session.turns, *seconds]))


def _characters_of_turn(turn: Turn) -> int:
    calls = (look.call for look in turn.looks)
    texts = (turn.question, turn.prompted, turn.raw, *astuple(turn.trace), *calls)
    return sum(len(text) for text in texts if text)


def is_large(session: Session) -> bool:
    """Whether showing it is long work."""
    objects = sum(len(region.objects) for region in session.registry)
    opinions = sum(len(turn.second_opinions) for turn in session.turns)
    return written(session) > _MUCH_TEXT or objects > _MANY_OBJECTS or opinions > _MANY_OPINIONS


def _named(session: Session, turn: Turn) -> int:
    """How many objects a question and its answer name; a name that is gone counts as one."""
    registry = session.registry
    names = (*turn.references, *([turn.region] if turn.region else ()))
    return sum(len(registry.objects(name)) if name in registry else 1 for name in names)


def _masks(objects: list[RegionObject]) -> Iterator[Mask]:
    return (item.mask for item in objects if item.mask is not None)
