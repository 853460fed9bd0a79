"""Whether an answer found what a region shows already: then that is it again, and no new region is made."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from demo.answers.trace import parse_trace
from demo.dialects.ways import dialect_named
from demo.dialogue.look_frames import answer_part
from demo.dialogue.session import Session
from demo.errors import InputError
from demo.picture.overlaps import iou_table
from demo.picture.regions import Region, RegionObject

# IoU from which two boxes of one model are of one thing: it seldom writes the same numbers twice.
SAME = 0.85


def region_of(objects: Sequence[RegionObject], regions: Iterable[Region]) -> Region | None:
    """The newest visible region with the same objects, one for one by their boxes (picture pixels)."""
    newest_first = reversed([region for region in regions if not region.hidden])
    return next((region for region in newest_first if _is_same(objects, region.objects)), None)


def _is_same(found: Sequence[RegionObject], known: Sequence[RegionObject]) -> bool:
    if not found or len(found) != len(known):
        return False
    ious = iou_table([item.box for item in found], [item.box for item in known])
    for row in ious:
        best = int(row.argmax())
        if row[best] < SAME:
            return False
        ious[:, best] = -1  # it is taken
    return True


def set_apart(session: Session, number: int) -> Session:
    """With the boxes of a turn (1, 2, …) that found a region again as a region of their own.

    Its masks are those of the region, which lies in the same place. Raises InputError where the turn made
    its own region, or the other one is gone.
    """
    turn = session.turn(number)
    if not turn.is_again or (turn.region or "") not in session.registry:
        raise InputError("This answer has no region that could be set apart.")
    known = session.registry.region(turn.region or "")
    reasoner = session.reasoner_of(turn)
    trace = parse_trace(turn.raw, reasoner.frame, dialect_named(reasoner.dialect))
    part, made = answer_part(session, turn), []
    for found in trace.objects:
        item = RegionObject("", *found.in_picture(part, reasoner.frame))
        twin = _nearest(item, known.objects)
        made.append(replace(item, mask=twin.mask, mask_quality=twin.mask_quality))
    if not made:  # it answered in words, and had named its boxes before
        raise InputError("This answer has no region that could be set apart.")
    registry, region = session.registry.add(made, label=known.label)
    turns = list(session.turns)
    turns[number - 1] = replace(turn, region=region.id)
    return replace(session, turns=tuple(turns), registry=registry).following(session)


def _nearest(item: RegionObject, known: Sequence[RegionObject]) -> RegionObject:
    return max(known, key=lambda other: item.box.iou(other.box))
