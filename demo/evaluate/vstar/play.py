"""Asks one question of V*, in either protocol, and keeps what came of it as a row.

*Letter*: the model writes, and the option that its text chooses counts. *Likelihood*, as V*'s authors
measure: nothing is written, and the option with the lowest loss as an answer to the question counts.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import NotRequired, TypedDict

from demo.dialects.dialect import Dialect
from demo.dialects.prompt import Prompt, as_typed
from demo.dialogue.engine import TurnFinished, begin, run_turn
from demo.dialogue.session import Session
from demo.errors import EmptyAnswerError, InputError
from demo.evaluate.data import open_stored
from demo.evaluate.play import LookRow, look_rows
from demo.evaluate.vstar.asking import Asked, asked_in
from demo.evaluate.vstar.letters import chosen_option
from demo.evaluate.vstar.questions import LETTERS, Question
from demo.language.references import Resolved
from demo.picture.picture import Picture
from demo.reasoners.base import Reasoner, Weighing, WrappingReasoner

LETTER, LIKELIHOOD = "letter", "likelihood"


class QuestionRow(TypedDict):
    """One question that was asked, as JSON values; boxes are [x1, y1, x2, y2] in picture pixels.

    ``right`` and ``chosen`` are letters of ``options``, ``chosen`` None where the answer chooses none.
    ``looks`` is None where the model does not look closer; ``boxes`` are those of its answer. ``losses``
    are those of the options, in their order, where these were weighed. ``size`` is the picture's.
    """

    index: int
    name: str
    category: str
    question: str
    options: list[str]
    is_shuffled: bool
    right: str
    chosen: str | None
    targets: list[list[int]]
    size: list[int]
    looks: list[LookRow] | None
    boxes: list[list[int]]
    findings: list[str]
    raw: str
    first_token_s: float | None
    total_s: float | None
    losses: NotRequired[list[float]]


@dataclass(frozen=True, slots=True)
class Protocol:
    """How questions are asked: ``letter`` or ``likelihood``, and with how many looks at most."""

    name: str = LETTER
    max_looks: int | None = None


def play(question: Question, reasoner: Reasoner, protocol: Protocol) -> QuestionRow:
    """Ask one question.

    Raises InputError when its picture is gone, and ModelError when model or server fail; no text at all
    counts as an answer that chooses nothing.
    """
    picture = open_stored(question.picture)
    if protocol.name == LIKELIHOOD:
        return _weighed(question, picture, reasoner)
    asked = asked_in(reasoner.dialect, protocol.max_looks)
    return _answered(question, picture, _InDialect(reasoner, asked.dialect), asked, protocol)


def _answered(
    question: Question, picture: Picture, reasoner: Reasoner, asked: Asked, protocol: Protocol
) -> QuestionRow:
    text, session = asked.form.filled(question), begin(picture, reasoner)
    row = _row(question, picture, text)
    row["looks"] = [] if asked.may_look else None
    try:
        session = _after(session, text, picture, reasoner, protocol.max_looks)
    except EmptyAnswerError:
        row["findings"].append("answer.unreadable")
        return row
    turn = session.turns[-1]
    objects = session.found_by(turn)
    at = chosen_option(turn.raw, question.options)
    row["chosen"] = None if at is None else LETTERS[at]
    if asked.may_look:
        row["looks"] = look_rows(turn.looks)
    row["boxes"] = [list(o.box.xyxy) for o in objects]
    row["findings"], row["raw"] = [finding.kind for finding in turn.findings], turn.raw
    row["first_token_s"], row["total_s"] = turn.timings.first_token_s, turn.timings.total_s
    return row


def _after(
    session: Session, text: str, picture: Picture, reasoner: Reasoner, max_looks: int | None
) -> Session:
    """The dialogue after the question, in which nothing is taken for a reference."""
    events = run_turn(
        session,
        Resolved(text, ()),
        picture=picture,
        reasoner=reasoner,
        segmenter=None,
        cancel=threading.Event(),
        finds_only=True,  # it is asked in its reasoner's dialect, whatever the words
        max_looks=max_looks,
    )
    return next(event.session for event in events if isinstance(event, TurnFinished))


def _weighed(question: Question, picture: Picture, reasoner: Reasoner) -> QuestionRow:
    """Weigh the options as answers to the question alone, as V*'s authors do."""
    if not isinstance(reasoner, Weighing):
        raise InputError(f"{reasoner.name} cannot weigh options: it can only write.")
    began, text = time.perf_counter(), as_typed(question.text)
    losses = reasoner.losses(picture, Prompt(text, text, ()), question.sentences)
    row = _row(question, picture, text)
    row["options"], row["right"], row["is_shuffled"] = list(question.sentences), LETTERS[0], False
    row["chosen"], row["losses"] = LETTERS[losses.index(min(losses))], losses
    row["total_s"] = time.perf_counter() - began
    return row


def _row(question: Question, picture: Picture, text: str) -> QuestionRow:
    """The row of a question without an answer."""
    return QuestionRow(
        index=question.index,
        name=question.name,
        category=question.category,
        question=text,
        options=list(question.options),
        is_shuffled=question.is_shuffled,
        right=LETTERS[question.right],
        chosen=None,
        targets=[list(target.box.xyxy) for target in question.targets],
        size=[picture.size.width, picture.size.height],
        looks=None,
        boxes=[],
        findings=[],
        raw="",
        first_token_s=None,
        total_s=None,
    )


class _InDialect(WrappingReasoner):
    """A model that is asked in another of the dialects that it knows; its pictures stay the same."""

    def __init__(self, reasoner: Reasoner, dialect: Dialect) -> None:
        super().__init__(reasoner)
        self._dialect = dialect

    @property
    def dialect(self) -> Dialect:
        return self._dialect
