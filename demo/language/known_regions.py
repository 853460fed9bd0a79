"""What words that name no region can stand for: the last region, its objects, the leftmost of them.

This file knows the registry and no words of a sentence but those of places and order.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from demo.language import lexicon as lex
from demo.picture.regions import Region, RegionObject, Registry

_Key = Callable[[RegionObject], float]
_PLACES: dict[str, _Key] = {
    "left": lambda o: o.box.x1 + o.box.x2,
    "right": lambda o: -(o.box.x1 + o.box.x2),
    "top": lambda o: o.box.y1 + o.box.y2,
    "bottom": lambda o: -(o.box.y1 + o.box.y2),
    "largest": lambda o: -o.box.area,
    "smallest": lambda o: o.box.area,
}


class Known:
    """The regions of a dialogue, of which the last is what words without a name begin from.

    ``last`` is the region or object that is meant by *it*; ``objects`` are those of it.
    """

    def __init__(self, registry: Registry, last: str | None) -> None:
        self.registry = registry
        self.regions = registry.regions
        self.names = frozenset(registry.names())
        newest = self.regions[-1].id if self.regions else None
        self.last = last if last in self.names else newest
        self.objects = registry.objects(self.last) if self.last else ()

    def several(self, count: int | None) -> tuple[str, ...]:
        """The regions that *they* are; none when it is unclear.

        The last region if it has several objects (``count`` of them); else the newest ``count``
        regions; without a count, the newest region of several objects, or all when there are two.
        """
        if len(self.objects) > 1:
            return (self.last,) if self.last and count in (None, len(self.objects)) else ()
        if count is not None:
            newest = tuple(r.id for r in self.regions[-count:])
            return newest if len(newest) == count else ()
        groups = [r.id for r in self.regions if len(r.objects) > 1]
        if groups:
            return (groups[-1],)
        return self.all_regions() if len(self.regions) < 3 else ()

    def all_regions(self) -> tuple[str, ...]:
        return tuple(r.id for r in self.regions)

    def nth_region(self, number: int) -> tuple[str, ...]:
        """What *the second region* may be: the second of those that are there, R2, or both."""
        found = {r.id for r in self.regions[number - 1 : number]}
        return tuple(sorted(found | ({f"R{number}"} & self.names)))

    def ordered(self, side: str | None) -> Sequence[RegionObject]:
        """The objects, from this side of the picture or as they were answered."""
        return sorted(self.objects, key=_PLACES[side]) if side else self.objects

    def placed(self, word: str) -> RegionObject | None:
        """The left, largest, middle, … of the objects; None when it is unclear which."""
        if len(self.objects) < 2:
            return None
        return _extreme(self.objects, word) if word in lex.POSITIONS else _middle(self.objects)

    def example(self) -> str:
        """A sentence that asks for names, with two that are there."""
        return example_of(self.objects if len(self.objects) > 1 else self.regions)


def example_of(known: Sequence[RegionObject | Region]) -> str:
    """“Name what you mean, for example R1 and R2.”"""
    return f"Name what you mean, for example {' and '.join(k.id for k in known[:2])}."


def _extreme(objects: tuple[RegionObject, ...], word: str) -> RegionObject | None:
    """The leftmost, largest, … object; None when two are."""
    key = _PLACES[lex.POSITIONS[word]]
    first, second = sorted(objects, key=key)[:2]
    return None if key(first) == key(second) else first


def _middle(objects: tuple[RegionObject, ...]) -> RegionObject | None:
    """The middle one of an odd number, along the direction in which their centres spread more."""
    if len(objects) % 2 == 0:
        return None
    ordered = [sorted(objects, key=_PLACES[side]) for side in ("left", "top")]
    keys = _PLACES["left"], _PLACES["top"]
    spreads = [key(line[-1]) - key(line[0]) for key, line in zip(keys, ordered, strict=True)]
    return ordered[spreads.index(max(spreads))][len(objects) // 2]
