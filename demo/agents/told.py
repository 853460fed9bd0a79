"""A dialogue in the words and values that agents get: plain names, boxes in picture pixels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from demo.answers.words import words_of
from demo.dialects.ways import dialect_named
from demo.dialogue.look_frames import look_sentence, nothing_sentence
from demo.dialogue.session import Session, Turn
from demo.errors import join_with_and, one_line
from demo.picture.regions import Region, RegionObject

MAX_NAMED = 20  # objects that are listed in words; all are in the values
MAX_REGIONS = 50  # that are told, the newest; a long dialogue has many more
_MAX_WORDS, _MAX_THOUGHT = 2_000, 4_000  # characters


def dialogue_values(session: Session, session_id: str | None) -> dict[str, Any]:
    """The regions, and with a turn the newest question, its answer and what is to be known about it."""
    about = session.picture
    values: dict[str, Any] = {
        "session_id": session_id,
        "picture": {"name": about.name, "width": about.size.width, "height": about.size.height},
        "regions": [region_values(each) for each in session.registry.regions[-MAX_REGIONS:]],
        "older_regions": max(0, len(session.registry) - MAX_REGIONS),
    }
    return {**values, **(_turn_values(session, session.turns[-1]) if session.turns else {})}


def region_values(region: Region) -> dict[str, Any]:
    """One region and its objects."""
    return {
        "name": region.id,
        "label": region.label,
        "origin": "corrected" if region.corrected else region.origin.value,
        "objects": [_object_values(item) for item in region.objects],
    }


def _object_values(item: RegionObject) -> dict[str, Any]:
    return {
        "name": item.id,
        "box": list(item.box.xyxy),
        "point": None if item.point is None else list(item.point.xy),
        "area": None if item.mask is None else item.mask.area,
    }


def _turn_values(session: Session, turn: Turn) -> dict[str, Any]:
    frame = session.reasoner_of(turn).frame
    trace = turn.trace
    written = {"scene": trace.scene, "focus": trace.focus, "think": trace.think}
    thought = {part: (text or "")[:_MAX_THOUGHT] for part, text in written.items()}
    return {
        "question": turn.question,
        "references": list(turn.references),
        "found": turn.region,
        "answer": answer_of(session, turn),
        "looks": [
            {"box": list(look.box.xyxy), "size": [look.size.width, look.size.height]}
            for look in turn.looks
        ],
        "thought": {**thought, "frame": [frame.width, frame.height]},
        "findings": [
            {"kind": found.kind, "level": found.level, "text": found.text}
            for found in turn.findings
        ],
    }


def answer_of(session: Session, turn: Turn) -> str:
    """What was found or said, in a few sentences."""
    words = ""
    if dialect_named(session.reasoner_of(turn).dialect).tells:
        words = one_line(words_of(turn.trace.answer or ""), _MAX_WORDS)
        if not turn.region:
            return words or "There is no answer in words."
    return " ".join(filter(None, (words, _found(session, turn))))


def _found(session: Session, turn: Turn) -> str:
    kinds = {found.kind for found in turn.findings}
    if turn.region is None:
        unread = "answer.unreadable" in kinds
        return "The answer could not be read." if unread else nothing_sentence(turn)
    if turn.region not in session.registry:
        return f"What it found, {turn.region}, was deleted since."
    region = session.registry.region(turn.region)
    count = len(region.objects)
    things = f", {count} objects" if count > 1 else ""
    lead = "A guess" if turn.is_guess else "Found"
    label = f" “{region.label}”" if region.label else ""
    return f"{lead}: {region.id}{label}{things}: {places(region.objects)}."


def places(objects: Sequence[RegionObject]) -> str:
    """Names and boxes, of very many the first."""
    named = [f"{item.id} {list(item.box.xyxy)}" for item in objects[:MAX_NAMED]]
    left = len(objects) - MAX_NAMED
    return ", ".join([*named, *([f"and {left} more"] if left > 0 else [])])


def summary(session: Session, session_id: str, notes: Sequence[str] = ()) -> str:
    """What a model reads first: answer, warnings, and how to go on."""
    turn, size = session.turns[-1], session.picture.size
    warnings = [found.text for found in turn.findings if found.level == "warning"]
    cited = f"About {join_with_and(turn.references)}. " if turn.references else ""
    lines = [
        f"{cited}{answer_of(session, turn)}",
        *(look_sentence(turn.looks, number, size) for number in range(len(turn.looks))),
        *(f"Warning: {warning}" for warning in warnings),
        *notes,
        f"Boxes are [x1, y1, x2, y2] in pixels of the picture, which is {size.width} × {size.height}. "
        f"session_id: {session_id}",
    ]
    return "\n".join(lines)
