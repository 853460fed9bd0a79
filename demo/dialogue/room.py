"""Whether a dialogue on the page has room for more: what has grown here can be saved and opened again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from demo.dialogue.limits import (
    MAX_MASK_PIXELS,
    MAX_MASK_TEXTS,
    MAX_OBJECTS,
    MAX_REGIONS,
    MAX_TEXTS,
    MAX_TURNS,
)
from demo.errors import InputError
from demo.picture.regions import RegionObject, Registry


def check_room_for_turn(turns: int, characters: int, registry: Registry) -> None:
    """Raises InputError where one more round would be too many, or those there have too much text."""
    if turns >= MAX_TURNS or characters > MAX_TEXTS:
        what = f"{turns} rounds" if turns >= MAX_TURNS else f"{characters:,} characters of text"
        raise InputError(
            f"This dialogue is full: it has {what}. Branch at an earlier answer, or press New and "
            "open the picture again, to go on."
        )
    check_room_for_regions(registry)


def check_room_for_regions(registry: Registry) -> None:
    """Raises InputError where there are too many regions already."""
    if len(registry) > MAX_REGIONS or sum(len(r.objects) for r in registry) > MAX_OBJECTS:
        raise InputError(
            f"This dialogue is full: at most {MAX_REGIONS:,} regions with {MAX_OBJECTS:,} objects fit into "
            "one. Delete some to go on."
        )


def check_room_for_masks(registry: Registry, former: Registry) -> None:
    """Raises InputError where an edit has made more masks of ``former`` than there is room for."""
    now, before = _held(_objects(registry)), _held(_objects(former))
    has_grown = any(one > other for one, other in zip(now, before, strict=True))
    if has_grown and not _is_room(*now):
        raise InputError(
            "This dialogue is full: its outlines are too large, or too fine, for one more. Delete some "
            "regions to go on."
        )


def with_masks_that_fit(
    objects: Sequence[RegionObject], registry: Registry
) -> tuple[RegionObject, ...]:
    """The same objects; those for whose masks the registry has no room are without."""
    characters, pixels = _held(_objects(registry))
    kept: list[RegionObject] = []
    for item in objects:
        more, larger = _held([item])
        is_room = _is_room(characters + more, pixels + larger)
        kept.append(item if is_room else replace(item, mask=None, mask_quality=None))
        characters, pixels = characters + more * is_room, pixels + larger * is_room
    return tuple(kept)


def _objects(registry: Registry) -> Iterable[RegionObject]:
    return (item for region in registry for item in region.objects)


def _held(objects: Iterable[RegionObject]) -> tuple[int, int]:
    """Characters of their masks, and about how many pixels lie within the masks' outlines."""
    masked = [(item.mask, item.box) for item in objects if item.mask is not None]
    return sum(len(mask.counts) for mask, _ in masked), sum(box.area for _, box in masked)


def _is_room(characters: int, pixels: int) -> bool:
    return characters <= MAX_MASK_TEXTS and pixels <= MAX_MASK_PIXELS
