"""Where looks stand in the texts of a turn, and in which frame the numbers round them are.

A model that was shown a part alone writes numbers about that part: what it says after the look, and its
answer, are in a frame of their own. Whoever leads from such a text to the picture asks here first.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from demo.answers.finding import Finding, TraceText
from demo.dialects.known_looks import NANO_LOOKS
from demo.dialogue.session import Look, Session, Turn
from demo.machine.effort import breathe
from demo.picture.crops import Part
from demo.picture.geometry import PictureBox, Size

Place = tuple[int, int, int]
"""From where to where in a text, and the number of the look (0, 1, …) that stands there."""

TEXTS = ("scene", "focus", "think", "answer")
_BACK = NANO_LOOKS.told.strip()  # after it the whole picture is meant again
_APART = "<look>"  # begins the calls after which a part is asked about alone


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch ``start:end`` of a text. Its numbers are about ``part``; with ``look`` (0, 1, …) it is the
    call of that look instead.
    """

    start: int
    end: int
    part: Part
    look: int | None = None


def is_by_person(look: Look) -> bool:
    """Whether it is the part that a person asked about, not one that a model asked for."""
    return look.is_answered and not look.call


def own_looks(looks: Sequence[Look]) -> tuple[tuple[int, Look], ...]:
    """The looks that the model took, with their numbers (0, 1, …)."""
    return tuple((n, look) for n, look in enumerate(looks) if not is_by_person(look))


def answering(looks: Sequence[Look]) -> int | None:
    """The look (0, 1, …) in whose part the boxes of the answer are: the last, where one is in another."""
    return next((n for n in reversed(range(len(looks))) if looks[n].is_answered), None)


def asked_part(session: Session, turn: Turn) -> Part:
    """What the question was about: the whole picture, or the part that a person chose."""
    size, frame = session.picture.size, session.reasoner_of(turn).frame
    chosen = next(filter(is_by_person, turn.looks), None)
    if chosen is not None:
        return _part(chosen, size)
    return Part.of_box(turn.within, size, frame) if turn.within else Part.whole(size, frame)


def answer_part(session: Session, turn: Turn) -> Part:
    """What the boxes of the answer are about."""
    number = answering(turn.looks)
    if number is not None:
        return _part(turn.looks[number], session.picture.size)
    return asked_part(session, turn)


def pieces_of(session: Session, turn: Turn, name: str) -> tuple[Piece, ...]:
    """One of the texts of a turn in pieces, in order: what is written, and the looks between.

    Raises InputError within long work that is ended.
    """
    asked = asked_part(session, turn)
    part = answer_part(session, turn) if name == "answer" else asked
    return _pieces(turn.trace, turn.looks, name, part, asked)


def part_at(session: Session, turn: Turn, finding: Finding) -> Part:
    """What the numbers are about where a finding points to."""
    if not turn.looks or finding.part is None or getattr(turn.trace, finding.part) is None:
        return asked_part(session, turn)
    start = 0 if finding.span is None else finding.span[0]
    breathe()
    pieces = pieces_of(session, turn, finding.part)
    found = [piece.part for piece in pieces if piece.start <= start]
    return found[-1] if found else asked_part(session, turn)


@lru_cache(maxsize=64)  # they are asked for each finding of a turn
def _pieces(
    trace: TraceText, looks: tuple[Look, ...], name: str, part: Part, asked: Part
) -> tuple[Piece, ...]:
    """The pieces of a text that begins about ``part``, of an answer to what was ``asked`` about."""
    text, at, pieces = getattr(trace, name), 0, list[Piece]()
    for start, end, number in _places(trace, looks)[name]:
        breathe()
        pieces += _about(text, at, start, part, asked)
        look = looks[number]
        pieces.append(Piece(max(start, at), max(end, at), asked, number))
        part, at = _part(look, asked.picture) if _is_apart(look) else asked, max(end, at)
    return *pieces, *_about(text, at, len(text), part, asked)


@lru_cache(maxsize=64)  # it is asked for each text of a turn
def _places(trace: TraceText, looks: tuple[Look, ...]) -> dict[str, list[Place]]:
    texts = {name: text for name in TEXTS if (text := getattr(trace, name)) is not None}
    return places_in(texts, looks)


def places_in(texts: Mapping[str, str], looks: Sequence[Look]) -> dict[str, list[Place]]:
    """Where each look that a model took stands in these texts, in their order.

    It takes the place of its call, the first one after those of earlier looks. Looks without a call stand
    where the text that chose them ends; those whose call is nowhere stand at the end of the thought.
    """
    names, places = list(texts), {name: list[Place]() for name in texts}
    if not names:
        return {}
    here, at = 0, 0
    home = "think" if "think" in texts else names[0]
    for number, look in own_looks(looks):
        found = _find(texts, names[here:], at, look.call) if look.call else None
        if found is not None:
            name, start = found
            here, at = names.index(name), start + len(look.call)
            places[name].append((start, at, number))
        else:
            end = len(texts[home]) if look.call else _end_of_choice(texts[home])
            places[home].append((end, end, number))
    return {name: sorted(found) for name, found in places.items()}


def look_of(turn: Turn, finding: Finding) -> int | None:
    """The look (0, 1, …) of the turn that a finding is about, None for none."""
    return finding.look - 1 if finding.look and 0 < finding.look <= len(turn.looks) else None


def look_title(looks: Sequence[Look], number: int) -> str:
    """What a look (0, 1, …) is called; the part that a person asked about is not counted."""
    return f"Look {number + 1 - any(map(is_by_person, looks[:number]))}"


def look_sentence(looks: Sequence[Look], number: int, picture: Size) -> str:
    """A look (0, 1, …) in words, for those who do not see it."""
    is_asked = is_by_person(looks[number])
    lead = "Asked about this part alone" if is_asked else look_title(looks, number)
    return f"{lead}: {span_sentence(looks[number].box, picture)}."


def nothing_sentence(turn: Turn) -> str:
    """That nothing was found in what was asked about."""
    return f"Nothing in {'this part' if turn.within else 'the picture'} matches."


def span_sentence(box: PictureBox, picture: Size) -> str:
    """Where a part of a picture is, as shares of its sides."""
    across = f"{_share(box.x1, picture.width)} to {_share(box.x2, picture.width)} across"
    down = f"{_share(box.y1, picture.height)} to {_share(box.y2, picture.height)} down"
    return f"from {across}, {down}"


def _share(value: int, of: int) -> str:
    return f"{round(100 * value / of)}%"


def _part(look: Look, picture: Size) -> Part:
    return Part.of_box(look.box, picture, look.size)


def _is_apart(look: Look) -> bool:
    """Whether what follows it is about the part: it was asked about alone."""
    return look.is_answered or look.call.startswith(_APART)


def _about(text: str, start: int, end: int, part: Part, asked: Part) -> Iterator[Piece]:
    """What is written about a part, and what follows once the whole is meant again."""
    back = text.find(_BACK, start, end) if part is not asked else -1
    middle = back if back >= 0 else end
    if start < middle:
        yield Piece(start, middle, part)
    if middle < end:
        yield Piece(middle, end, asked)


def _find(
    texts: Mapping[str, str], names: Sequence[str], at: int, call: str
) -> tuple[str, int] | None:
    for name in names:
        start = texts[name].find(call, at)
        if start >= 0:
            return name, start
        at = 0
    return None


def _end_of_choice(text: str) -> int:
    """Where the text ends in which a model chose several parts at once."""
    blank = text.find("\n\n")
    return len(text) if blank < 0 else blank
