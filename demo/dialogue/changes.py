"""What a change of a dialogue was, in words, for Undo and Redo.

It is read off the states before and after, so nothing of it is kept or saved.
"""

from __future__ import annotations

from collections.abc import Sequence

from demo.dialogue.session import Session, is_same
from demo.errors import join_with_and
from demo.picture.regions import Origin, Region, RegionObject

_MAX_NAMED = 3  # regions; more are counted
_ANY = "the last change"


def change(before: Session, after: Session) -> str:
    """What was done between two states, such as “answer 2” or “moving R3”."""
    return _turn_made(before, after) or _edit(before, after) or _ANY


def _turn_made(before: Session, after: Session) -> str:
    """The turn that is new, or took the place of another; empty when there is none."""
    pairs = zip(before.turns, after.turns, strict=False)
    number = next((n for n, pair in enumerate(pairs) if not is_same(*pair)), len(before.turns)) + 1
    if number > len(after.turns):
        return ""
    new, former = after.turn(number), before.turns[number - 1 :]
    if not former:
        return f"answer {number}"
    if any(is_same(new, second.turn) for second in former[0].second_opinions):
        return f"taking the other answer {number}"
    if new.question == former[0].question:
        return f"asking question {number} again"
    return f"changing question {number}"


def _edit(before: Session, after: Session) -> str:
    """The regions that were made, deleted or changed; empty for several of these at once."""
    there = {region.id: region for region in before.registry}
    left = {region.id for region in after.registry}
    made = [region for region in after.registry if region.id not in there]
    gone = [region.id for region in before.registry if region.id not in left]
    kept = [(there[r.id], r) for r in after.registry if r.id in there and r != there[r.id]]
    if bool(made) + bool(gone) + bool(kept) != 1:
        return ""
    if made:
        return f"{_way_made(made)} {_named([region.id for region in made])}"
    if gone:
        return f"deleting {_named(gone)}"
    ways = {_way_changed(*pair) for pair in kept}
    way = ways.pop() if len(ways) == 1 else "changing"
    return f"{way} {_named([name for pair in kept for name in _names_changed(*pair)])}"


def _named(names: Sequence[str]) -> str:
    few = len(names) <= _MAX_NAMED
    return join_with_and(list(names)) if few else f"{len(names)} regions"


def _way_made(regions: Sequence[Region]) -> str:
    items = [item for region in regions for item in region.objects]
    if any(region.origin is Origin.MODEL for region in regions):
        if len(regions) > 1:
            return "adding"  # from a file
        return "setting apart"  # from another region, which had been found again
    return "outlining" if all(item.point for item in items) else "drawing"


def _way_changed(before: Region, after: Region) -> str:
    ways = {
        "renaming": before.label != after.label,
        "hiding" if after.hidden else "showing": before.hidden != after.hidden,
        _way_reshaped(before, after): before.objects != after.objects,
    }
    done = [way for way, is_done in ways.items() if is_done]
    return done[0] if len(done) == 1 else "changing"


def _way_reshaped(before: Region, after: Region) -> str:
    """What was done to objects: their boxes were moved or resized by hand, or their masks changed."""
    pairs = _objects_changed(before, after)
    by_click = any(set(new.clicks) - set(old.clicks) for old, new in pairs)
    if by_click or all(old.box == new.box for old, new in pairs):
        return "reshaping"
    is_moved = all(
        (old.box.width, old.box.height) == (new.box.width, new.box.height) for old, new in pairs
    )
    return "moving" if is_moved else "resizing"


def _objects_changed(before: Region, after: Region) -> list[tuple[RegionObject, RegionObject]]:
    there = {item.id: item for item in before.objects}
    return [(there[o.id], o) for o in after.objects if o.id in there and o != there[o.id]]


def _names_changed(before: Region, after: Region) -> list[str]:
    """The region, or those of its objects that are not the same any more."""
    pairs = _objects_changed(before, after)
    if len(after.objects) == 1 or len(pairs) in (0, len(after.objects)):
        return [after.id]
    return [new.id for _, new in pairs]
