"""What those hear of an answer who do not see it: one sentence, when it is there.

While a turn runs they hear nothing: what the chat shows then is written anew many times a second.
"""

from __future__ import annotations

from html import unescape

from demo.dialogue.session import Session, Turn
from demo.ui.chat.messages import (
    MAX_PLACES,
    answer_objects,
    found_lead,
    outcome,
    shown_warnings,
    told_words,
)
from demo.ui.shared.text import place


def spoken_answer(session: Session, number: int) -> str:
    """Answer ``number`` (1, 2, …) in plain words, and how many warnings stand under it."""
    turn = session.turn(number)
    told = (told_words(session, turn), _found(session, turn), _warned(len(shown_warnings(turn))))
    stopped = " was stopped" if turn.partial else ""
    return f"Answer {number}{stopped}: {' '.join(filter(None, told))}"


def _found(session: Session, turn: Turn) -> str:
    objects, size = answer_objects(session, turn), session.picture.size
    if not objects:
        nothing = "" if told_words(session, turn) else outcome(session, turn)
        return _lowered(unescape(nothing).removeprefix("Stopped: "))
    region = session.registry.region(turn.region or "")
    lead = "the same as " if turn.is_again else f"{_lowered(found_lead(turn, len(objects)))}, "
    whole = lead + ", ".join(filter(None, (region.id, region.label)))
    places = [place(item.box, size) for _, item in objects[:MAX_PLACES]]
    if len(objects) == 1:
        return f"{whole}, {places[0]}."
    singles = [f"{name} {where}" for (name, _), where in zip(objects, places, strict=False)]
    more = len(objects) - len(singles)
    return f"{whole}: {', '.join(singles)}{f' and {more} more' if more else ''}."


def _warned(count: int) -> str:
    return f"{count} warning{'' if count == 1 else 's'}." if count else ""


def _lowered(sentence: str) -> str:
    """As it goes on after a colon."""
    return sentence[:1].lower() + sentence[1:]
