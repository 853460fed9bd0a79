"""What a program is told of a turn while it happens: JSON objects, each with the name of its ``event``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any

from demo.answers.trace import PartClosed, PartOpened, PartText
from demo.dialogue.engine import ObjectSeen, Segmenting, TurnEvent, TurnFinished, TurnStarted
from demo.dialogue.looking import LookBegun, LookEnded
from demo.dialogue.session import Session
from demo.dialogue.session_json import look_to_json, session_to_json
from demo.picture.picture import Picture

Told = dict[str, Any]


def session_answer(session: Session, picture: Picture) -> Told:
    """The session as programs get it, with what there is to be said about how its picture was read."""
    told = session_to_json(session)
    if picture.notes:
        told["picture"]["notes"] = list(picture.notes)
    return told


def waiting(what: str) -> Told:
    """Nothing has come for a while; ``what`` the turn waits for in words, where that is known."""
    return {"event": "waiting", "text": what}


def told_of(batch: Iterable[TurnEvent], picture: Picture) -> Iterator[Told]:
    """The events of a batch, of texts that follow each other one for all."""
    for (kind, part), group in groupby(batch, _kind):
        events = list(group)
        if kind is PartText:
            text = "".join(event.text for event in events if isinstance(event, PartText))
            yield {"event": "text", "part": part, "text": text}
        else:
            yield from (_told(event, picture) for event in events)


def _kind(event: TurnEvent) -> tuple[type, str]:
    return type(event), event.part if isinstance(event, PartText) else ""


def _told(event: TurnEvent, picture: Picture) -> Told:
    match event:
        case TurnStarted():
            return {"event": "started", "question": event.question, "prompted": event.prompted}
        case PartOpened():
            return {"event": "part", "part": event.part}
        case PartClosed():
            return {"event": "part_end", "part": event.part}
        case LookBegun():
            return {"event": "look", "number": event.number, "look": look_to_json(event.look)}
        case LookEnded():
            return {"event": "look_end", "number": event.number}
        case ObjectSeen():
            point = None if event.point is None else list(event.point.xy)
            return {"event": "object", "bbox_xyxy": list(event.box.xyxy), "point_xy": point}
        case Segmenting():
            return {"event": "masks", "count": event.count}
        case TurnFinished():
            return {"event": "finished", "session": session_answer(event.session, picture)}
        case _:
            raise TypeError(type(event))
