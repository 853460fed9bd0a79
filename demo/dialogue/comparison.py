"""A dialogue put to another model, round by round, and what the two say to each other.

Each round is asked with the regions of the dialogue as it is, which the first model has found, and not
with those that the other one would have found itself: so each round asks both models the same.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from demo.answers.finding import Finding
from demo.dialects.ways import dialect_named
from demo.dialogue.engine import TurnEvent, TurnFinished, run_turn, understand
from demo.dialogue.limits import OPINIONS_EACH
from demo.dialogue.second_opinion import AGREE, agreement, as_second_opinion, check_same, pairs
from demo.dialogue.session import SecondOpinion, Session, Turn
from demo.errors import EmptyAnswerError, InputError, ModelError
from demo.language.references import Resolved
from demo.picture.picture import Picture
from demo.picture.regions import RegionObject
from demo.reasoners.base import Reasoner
from demo.segmenters.base import Segmenter

MAX_FAULTS = 3  # rounds in a row that fail in the same way, after which the others are not tried
_OWN = "This answer is {}’s own."
_FULL = "{} other models have answered this already, which is the most. Remove the answers of one first."


@dataclass(frozen=True, slots=True)
class RoundBegun:
    """The question of a turn (1, 2, …) is put to the other model now."""

    number: int


@dataclass(frozen=True, slots=True)
class RoundAnswered:
    """The other model has answered it."""

    number: int
    second: SecondOpinion


@dataclass(frozen=True, slots=True)
class RoundFailed:
    """There is no answer to it, and why; what nobody foresaw is no DemoError."""

    number: int
    error: Exception


RoundEvent = RoundBegun | RoundAnswered | RoundFailed | TurnEvent
ToAsk = Callable[[int], tuple[str | Resolved, Session]]


def left_for(session: Session, name: str) -> tuple[int, ...]:
    """The rounds (1, 2, …) that a model has not answered, neither as the first nor as another one."""
    return tuple(n for n in rounds_for(session, name) if opinion_of(session.turn(n), name) is None)


def rounds_for(session: Session, name: str) -> tuple[int, ...]:
    """The rounds (1, 2, …) that a model can be asked: those whose answer is another one's."""
    turns = enumerate(session.turns, start=1)
    return tuple(n for n, turn in turns if session.reasoner_of(turn).name != name)


def opinion_of(turn: Turn, name: str) -> SecondOpinion | None:
    """What the model of that name says to a question as well."""
    return next((s for s in turn.second_opinions if s.reasoner.name == name), None)


def others_in(session: Session) -> tuple[str, ...]:
    """The names of all other models that have answered in a dialogue, the first one first."""
    asked = (second.reasoner.name for turn in session.turns for second in turn.second_opinions)
    return tuple(dict.fromkeys(asked))


def compared(
    session: Session,
    numbers: Sequence[int],
    to_ask: ToAsk,
    *,
    picture: Picture,
    reasoner: Reasoner,
    segmenter: Segmenter | None,
    cancel: threading.Event,
    asking: str = "",
    doubt: Finding | None = None,
) -> Iterator[RoundEvent]:
    """Put the questions of these turns (1, 2, …) to another model, one after the other.

    ``to_ask`` gives a turn's question and the dialogue before it. What the model says to one is no part of
    what it is asked next. A round that fails does not keep the others from being asked, unless the model
    fails in the same way several times in a row. Once ``cancel`` is set no more is asked, and an incomplete
    answer is not told. The other arguments are those of `run_turn`.
    """
    former, same = "", 0  # the last fault, and how often it came in a row
    for number in numbers:
        if cancel.is_set() or same == MAX_FAULTS:
            return
        yield RoundBegun(number)
        try:
            question, start = to_ask(number)
            question, _ = understand(start, question, reasoner.dialect)
            _check(session, number, question, reasoner.name)
            for event in run_turn(
                start, question, picture=picture, reasoner=reasoner, segmenter=segmenter,
                cancel=cancel, asking=asking, doubt=doubt, within=session.turn(number).within,
            ):  # fmt: skip
                yield event
                if isinstance(event, TurnFinished) and not event.session.turns[-1].partial:
                    yield RoundAnswered(number, as_second_opinion(event.session))
            fault = ""
        except Exception as error:
            fault = str(error) if _is_of_the_model(error) else ""
            yield RoundFailed(number, error)
        former, same = fault, (same + 1 if fault == former else 1) if fault else 0


def _is_of_the_model(error: Exception) -> bool:
    """Whether the next question will probably fail in the same way."""
    return isinstance(error, ModelError) and not isinstance(error, EmptyAnswerError)


def _check(session: Session, number: int, question: Resolved, name: str) -> None:
    """Raises InputError for a turn that a model of that name cannot be compared in."""
    turn = session.turn(number)
    check_same(turn, question)
    if session.reasoner_of(turn).name == name:
        raise InputError(_OWN.format(name))
    if opinion_of(turn, name) is None and len(turn.second_opinions) >= OPINIONS_EACH.most:
        raise InputError(_FULL.format(OPINIONS_EACH.most))


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far two answers agree: ``iou`` as `agreement` has it, and which objects (0, 1, …) are a pair.

    ``agrees`` is None where that cannot be said: an answer is a guess, was stopped, or is told in words.
    """

    iou: float | None
    agrees: bool | None
    pairs: tuple[tuple[int, int, float], ...] = ()


def agreement_of(
    session: Session, turn: Turn, found: Sequence[RegionObject], second: SecondOpinion
) -> Agreement:
    """How far another model agrees with a turn of the dialogue, where these objects are ``found``."""
    first, other = [tuple(o.box for o in objects) for objects in (found, second.objects)]
    iou, both = agreement(first, other), pairs(first, other)
    dialects = (session.reasoner_of(turn).dialect, second.reasoner.dialect)
    is_told = any(dialect_named(name).tells for name in dialects) and not (first and other)
    if is_told or turn.is_guess or second.turn.is_guess or turn.partial:
        return Agreement(iou, None, both)
    return Agreement(iou, iou is None or iou > AGREE, both)
