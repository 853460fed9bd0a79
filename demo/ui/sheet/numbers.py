"""The numbers and the scores of one turn, as the JSON values that sheet.js and scores.js show."""

from __future__ import annotations

from typing import Any

from demo.answers.boxes import TraceObject
from demo.answers.citations import XYXY
from demo.answers.trace import parse_trace
from demo.dialects.ways import dialect_named
from demo.dialogue.look_frames import answer_part, answering, asked_part, look_sentence
from demo.dialogue.scores import NAMES, scores_of
from demo.dialogue.session import Session, Timings, Turn
from demo.models.drawn_world import known_words
from demo.picture.crops import Part
from demo.picture.geometry import ModelBox, Size
from demo.picture.regions import RegionObject
from demo.ui.chat.messages import answer_objects, author_note, given_boxes
from demo.ui.chat.pointers import address
from demo.ui.shared.answers import serial


def numbers(session: Session, turn: int) -> dict[str, Any]:
    """All that is known of a turn (1, 2, …). Raises InputError when it is not there."""
    asked = session.turn(turn)
    reasoner, size = session.reasoner_of(asked), session.picture.size
    return {
        "kind": "numbers",
        "turn": turn,
        "title": f"Answer {turn}{author_note(session, asked)}: the numbers",
        "frame": [reasoner.frame.width, reasoner.frame.height],
        "size": [size.width, size.height],
        "objects": _objects(session, asked),
        "references": [
            _reference(box, name, asked_part(session, asked), reasoner.frame)
            for box, name in given_boxes(session, asked).items()
        ],
        "looks": [_look(asked, number, size) for number in range(len(asked.looks))],
        "prompted": asked.prompted,
        "raw": asked.raw,
        "findings": [
            {"level": f.level, "text": f.text, "address": address(session, asked, i)}
            for i, f in enumerate(asked.findings)
        ],
        "timings": _timings(asked.timings),
        "decoding": asked.decoding,
        "serial": serial(),
    }


_SCORES = {
    "citation": (
        "Cites what was given",
        "Credit for citing at all, and the share of the cited boxes that stood in the question.",
    ),
    "consistency": (
        "Uses what it saw",
        "How many words of the scene and the focus come up again in the reasoning, and whether it "
        "speaks of space, compares, locates and refers.",
    ),
    "format": (
        "Keeps the form",
        "Scene, reasoning and answer are there, and a focus exactly when a region was given.",
    ),
    "repetition": (
        "Does not repeat itself",
        "The share of its sentences that were not said before.",
    ),
}
_KEY = (
    "RegionReasoner was trained to raise these. They say how an answer was reasoned, not whether "
    "it is right."
)


def score_card(session: Session, turn: int) -> dict[str, Any]:
    """The scores of a turn (1, 2, …) and their course over the dialogue. Raises InputError."""
    asked = session.turn(turn)
    by_turn = [
        scores_of(
            each, given_boxes(session, each), dialect_named(session.reasoner_of(each).dialect)
        )
        for each in session.turns
    ]
    return {
        "kind": "scores",
        "turn": turn,
        "title": f"Answer {turn}{author_note(session, asked)}: how it was reasoned",
        "rows": [
            {
                "name": name,
                "title": _SCORES[name][0],
                "about": _SCORES[name][1],
                "value": by_turn[turn - 1][i].value,
                "reason": by_turn[turn - 1][i].reason,
                "trend": [_rounded(each[i].value) for each in by_turn],
            }
            for i, name in enumerate(NAMES)
        ],
        "key": _KEY,
        "serial": serial(),
    }


def known_card(turn: int) -> dict[str, Any]:
    """All that nano knows, by headings, for the card at an answer (1, 2, …). Raises CheckpointError."""
    rows = [{"title": title, "words": words} for title, words in known_words().items()]
    return {
        "kind": "known",
        "turn": turn,
        "title": "What nano knows",
        "rows": rows,
        "key": "Ask for these, in English. A larger model knows more words: choose one at the top.",
        "serial": serial(),
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)


def _objects(session: Session, turn: Turn) -> list[dict[str, Any]]:
    """What was found, in the model's own numbers as long as nobody corrected it."""
    reasoner = session.reasoner_of(turn)
    trace = parse_trace(turn.raw, reasoner.frame, dialect_named(reasoner.dialect))
    written = trace.objects
    found = answer_objects(session, turn)
    own = written if len(written) == len(found) else [None] * len(found)
    part = answer_part(session, turn)
    return [
        _object(name, item, part, reasoner.frame, None if item.corrected else as_written)
        for (name, item), as_written in zip(found, own, strict=True)
    ]


def _object(
    name: str, item: RegionObject, part: Part, frame: Size, written: TraceObject | None
) -> dict[str, Any]:
    box = written.box if written else part.box_from_picture(item.box, frame)
    point = written.point if written else item.point and part.point_from_picture(item.point, frame)
    return {
        "name": name,
        "model": list(box.xyxy),
        "picture": list(item.box.xyxy),
        "model_point": None if point is None else list(point.xy),
        "picture_point": None if item.point is None else list(item.point.xy),
        "quality": item.mask_quality,
        "corrected": item.corrected,
    }


def _reference(box: XYXY, name: str, part: Part, frame: Size) -> dict[str, Any]:
    here = part.box_to_picture(ModelBox(*box), frame)
    return {"name": name, "model": list(box), "picture": list(here.xyxy)}


def _look(turn: Turn, number: int, size: Size) -> str:
    """A look (0, 1, …), and whether the model's numbers of what it found are about it."""
    look, is_answering = turn.looks[number], number == answering(turn.looks)
    shown = f"Shown in {look.size.width} × {look.size.height} pixels"
    own = ", in which the model’s numbers of what was found are" if is_answering else ""
    return f"{look_sentence(turn.looks, number, size)} {shown}{own}."


def _timings(timings: Timings) -> list[list[str]]:
    seconds = {
        "first word after": timings.first_token_s,
        **{f"writing <{name}>": s for name, s in timings.parts_s.items()},
        "whole answer": timings.total_s,
    }
    counts = {
        "tokens of the question": timings.prompt_tokens,
        "of these reused": timings.reused_tokens or None,
        "tokens written": timings.new_tokens,
    }
    return [
        *([name, f"{s:.2f} s"] for name, s in seconds.items() if s is not None),
        *([name, f"{n:,}"] for name, n in counts.items() if n is not None),
    ]
