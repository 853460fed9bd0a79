"""The numbers of one turn, as the JSON value that sheet.js shows."""

from __future__ import annotations

from typing import Any

from demo.geometry import ModelBox
from demo.regions import RegionObject
from demo.session import Session, Timings, Turn
from demo.trace import TraceObject, TraceParser
from demo.ui.canvas import serial
from demo.ui.chat import answered, given_boxes


def numbers(session: Session, turn: int) -> dict[str, Any]:
    """All that is known of a turn (1, 2, …). Raises InputError when it is not there."""
    asked = session.turn(turn)
    frame, size = session.reasoner.frame, session.picture.size
    return {
        "title": f"Answer {turn}: the numbers",
        "frame": [frame.width, frame.height],
        "size": [size.width, size.height],
        "objects": _objects(session, asked),
        "references": [
            _reference(session, name, box) for box, name in given_boxes(session, asked).items()
        ],
        "prompted": asked.prompted,
        "raw": asked.raw,
        "findings": [{"level": f.level, "text": f.text} for f in asked.findings],
        "timings": _timings(asked.timings),
        "serial": serial(),
    }


def _objects(session: Session, turn: Turn) -> list[dict[str, Any]]:
    """What was found, in the model's own numbers as long as nobody corrected it."""
    parser = TraceParser(session.reasoner.frame)
    parser.feed(turn.raw)
    written = parser.close().objects
    found = answered(session, turn)
    own = written if len(written) == len(found) else [None] * len(found)
    return [
        _object(session, name, item, None if item.corrected else as_written)
        for (name, item), as_written in zip(found, own, strict=True)
    ]


def _object(
    session: Session, name: str, item: RegionObject, written: TraceObject | None
) -> dict[str, Any]:
    size, frame = session.picture.size, session.reasoner.frame
    box = written.box if written else item.box.to_model(size, frame)
    point = written.point if written else item.point and item.point.to_model(size, frame)
    return {
        "name": name,
        "model": list(box.xyxy),
        "picture": list(item.box.xyxy),
        "model_point": None if point is None else list(point.xy),
        "picture_point": None if item.point is None else list(item.point.xy),
        "quality": item.mask_quality,
        "corrected": item.corrected,
    }


def _reference(session: Session, name: str, box: tuple[int, int, int, int]) -> dict[str, Any]:
    here = ModelBox(*box).to_picture(session.picture.size, session.reasoner.frame)
    return {"name": name, "model": list(box), "picture": list(here.xyxy)}


def _timings(timings: Timings) -> list[list[str]]:
    seconds = {
        "first word after": timings.first_token_s,
        **{f"writing <{name}>": s for name, s in timings.parts_s.items()},
        "whole answer": timings.total_s,
    }
    counts = {
        "tokens of the question": timings.prompt_tokens,
        "of these taken over from before": timings.reused_tokens or None,
        "tokens written": timings.new_tokens,
    }
    return [
        *([name, f"{s:.2f} s"] for name, s in seconds.items() if s is not None),
        *([name, f"{n:,}"] for name, n in counts.items() if n is not None),
    ]
