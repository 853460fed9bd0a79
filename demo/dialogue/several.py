"""What a person does to several regions at once: hide, delete, move, copy. Each is one change, for undo."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import reduce

from demo.dialogue.edits import EditResult
from demo.dialogue.session import Session
from demo.machine.effort import breathe
from demo.picture.geometry import PictureBox, PicturePoint, Size
from demo.picture.regions import Click, Origin, Region, RegionObject, Registry


def set_hidden(session: Session, names: Iterable[str], hidden: bool) -> EditResult:
    """Hide regions, or show them again. Raises UnknownRegionError."""
    return _changed(session, names, lambda region: replace(region, hidden=hidden))


def delete(session: Session, names: Iterable[str]) -> EditResult:
    """Delete regions, whose numbers are not given out again. Raises UnknownRegionError."""
    registry = reduce(Registry.remove, dict.fromkeys(names), session.registry)
    return EditResult(session.with_registry(registry))


def move(session: Session, names: Sequence[str], dx: int, dy: int) -> EditResult:
    """Move regions with their masks, all by the same way, as far as the picture goes.

    Raises UnknownRegionError.
    """
    size = session.picture.size
    dx, dy = _way(session, names, dx, dy)

    def moved(region: Region) -> Region:
        is_correction = region.origin is Origin.MODEL
        items = (_shifted(o, dx, dy, size) for o in region.objects)
        return replace(
            region, objects=tuple(replace(o, corrected=is_correction, by_hand=True) for o in items)
        )

    return _changed(session, names, moved)


def copy(session: Session, names: Sequence[str], dx: int, dy: int) -> EditResult:
    """Add a copy of each region, as one that a person drew, moved as `move` moves.

    Raises UnknownRegionError.
    """
    dx, dy = _way(session, names, dx, dy)
    registry = session.registry
    for name in dict.fromkeys(names):
        region = session.registry.region(name)
        items = [
            replace(_shifted(o, dx, dy, session.picture.size), corrected=False, by_hand=True)
            for o in region.objects
        ]
        registry, _ = registry.add(items, origin=Origin.USER, label=region.label)
    return EditResult(session.with_registry(registry))


def _changed(
    session: Session, names: Iterable[str], change: Callable[[Region], Region]
) -> EditResult:
    registry = session.registry
    for name in dict.fromkeys(names):
        registry = registry.replace(change(registry.region(name)))
    return EditResult(session.with_registry(registry))


def _way(session: Session, names: Iterable[str], dx: int, dy: int) -> tuple[int, int]:
    """The way that all of them can go without leaving the picture."""
    boxes = [o.box for name in names for o in session.registry.region(name).objects]
    size = session.picture.size
    return (
        max(-min(b.x1 for b in boxes), min(dx, size.width - max(b.x2 for b in boxes))),
        max(-min(b.y1 for b in boxes), min(dy, size.height - max(b.y2 for b in boxes))),
    )


def _shifted(item: RegionObject, dx: int, dy: int, size: Size) -> RegionObject:
    """The object elsewhere on a picture of that size."""
    breathe()
    mask = item.mask.shifted(dx, dy) if item.mask is not None else None
    clicks = (Click(_moved(c.point, dx, dy), c.positive) for c in item.clicks)
    return replace(
        item,
        box=PictureBox(item.box.x1 + dx, item.box.y1 + dy, item.box.x2 + dx, item.box.y2 + dy),
        point=None if item.point is None else _moved(item.point, dx, dy).clamped(size),
        mask=mask,
        mask_quality=None if mask is None else item.mask_quality,
        clicks=tuple(replace(c, point=c.point.clamped(size)) for c in clicks),
    )


def _moved(point: PicturePoint, dx: int, dy: int) -> PicturePoint:
    return PicturePoint(point.x + dx, point.y + dy)
