"""A very long dialogue in a shorter form, so that a page can show it; the dialogue itself stays whole.

Every change sends the whole chat to the browser. What people's dialogues hold is far below the bound.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import astuple, replace

from demo.answers.finding import TraceText
from demo.dialogue.session import Look, Session, Turn
from demo.machine.effort import breathe
from demo.ui.shared.text import plain_length

MAX_SHOWN = 1_500_000  # characters of a chat, as they are sent
MAX_LOOKS = 300  # small pictures of a chat
_MIN_SHARE = 100  # of one text
_MAX_SIGN = 6  # characters that stand for a sign of punctuation
_REST = " … (The rest is in the file of this dialogue.)"


def shortened(session: Session) -> Session:
    """The dialogue with the texts cut that have more than their share, where all together are too long."""
    session = _with_few_looks(session)
    lengths = [length for turn in session.turns for length in _lengths(turn)]
    if sum(lengths) <= MAX_SHOWN:
        return session
    share = max(_MIN_SHARE, MAX_SHOWN // len(lengths))
    return replace(session, turns=tuple(_cut_turn(turn, share) for turn in session.turns))


def _with_few_looks(session: Session) -> Session:
    """With the first looks of each answer, where there are very many."""
    taken = [len(looks) for turn in session.turns for looks in _looks_of(turn) if looks]
    if sum(taken) <= MAX_LOOKS:
        return session
    most = max(1, MAX_LOOKS // len(taken))
    return replace(session, turns=tuple(_with_looks(turn, most) for turn in session.turns))


def _looks_of(turn: Turn) -> Iterator[tuple[Look, ...]]:
    yield turn.looks
    yield from (second.turn.looks for second in turn.second_opinions)


def _with_looks(turn: Turn, most: int) -> Turn:
    seconds = (replace(s, turn=_with_looks(s.turn, most)) for s in turn.second_opinions)
    return replace(turn, looks=turn.looks[:most], second_opinions=tuple(seconds))


def _lengths(turn: Turn) -> list[int]:
    breathe()
    return [plain_length(text) for text in _texts(turn)]


def _texts(turn: Turn) -> Iterator[str]:
    yield from (turn.question, turn.prompted, turn.trace.answer or turn.raw)
    yield from (text for text in astuple(turn.trace)[:-1] if text)
    yield from (finding.text for finding in turn.findings)
    for second in turn.second_opinions:
        yield from _texts(second.turn)


def _cut_turn(turn: Turn, share: int) -> Turn:
    breathe()
    seconds = (replace(s, turn=_cut_turn(s.turn, share)) for s in turn.second_opinions)
    return replace(
        turn,
        question=_cut(turn.question, share),
        prompted=_cut(turn.prompted, share),
        raw=_cut(turn.raw, share),
        trace=TraceText(*(text and _cut(text, share) for text in astuple(turn.trace))),
        findings=tuple(replace(f, text=_cut(f.text, share)) for f in turn.findings),
        second_opinions=tuple(seconds),
    )


def _cut(text: str, share: int) -> str:
    if plain_length(text) <= share:
        return text
    return text[: share // _MAX_SIGN] + _REST
