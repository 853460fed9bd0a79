"""A dialogue of the page that follows one of the benchmark: how far, what comes next, how it scores.

Everything is derived from the session, so that undo, branches and a reload need no code here. A person may
leave the benchmark's dialogue at any turn: for their own question, and all that follow, there is no truth.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise

from demo.dialogue.session import Session, Turn
from demo.evaluate.data import PLACE, Dialogue, TrueTurn
from demo.evaluate.metrics import Summary, mean_of, says_none, summarize
from demo.evaluate.reference_policy import PRONOUN, PreparedQuestion, ReferencePolicy, next_question
from demo.evaluate.turn_score import AnswerScore, score_answer
from demo.picture.regions import RegionObject

_NAME = rf"(R[0-9]+(?:\.[0-9]+)?|{PRONOUN})"


@dataclass(frozen=True, slots=True)
class Round:
    """A turn that the benchmark asked.

    ``counts`` says whether the answer is complete and the model's own; ``judged`` compares its present
    state. ``stand_ins`` are the regions in its question that are true boxes, each with the round (1, 2, …)
    that the question names, which found no box or has not been played yet.
    """

    number: int
    true: TrueTurn
    judged: AnswerScore
    answered: int
    counts: bool
    partial: bool
    stand_ins: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Total:
    """The scores of a dialogue all of whose rounds are played; ``iou`` is the mean IoU of boxes."""

    summary: Summary
    iou: float | None


@dataclass(frozen=True, slots=True)
class Track:
    """A benchmark's dialogue that is being played; ``masks`` says whether answers have masks to compare."""

    dialogue: Dialogue
    masks: bool

    def played(self, session: Session) -> int:
        """How many turns of a session, from the first on, are the benchmark's own questions."""
        pairs = enumerate(zip(session.turns, self.dialogue.turns, strict=False))
        asked = (_stands_in(session, n, turn, true) is not None for n, (turn, true) in pairs)
        return next((n for n, right in enumerate([*asked, False]) if not right), 0)

    def rounds(self, session: Session) -> list[Round]:
        """The turns of a session that are the benchmark's, from the first on."""
        return [self._round(session, n) for n in range(1, self.played(session) + 1)]

    def judged(
        self, session: Session, number: int, objects: tuple[RegionObject, ...], turn: Turn
    ) -> AnswerScore:
        """What an answer to round ``number`` (1, 2, …) scores, the dialogue's own or another model's."""
        true = self.dialogue.turns[number - 1]
        masks = true.masks if self.masks else None
        readable = says_none(finding.kind for finding in turn.findings)
        return score_answer(number, objects, true.boxes, masks, session.picture.size, readable)

    def next(self, session: Session) -> PreparedQuestion | None:
        """What the benchmark asks next; None at its end, and once its dialogue was left.

        The person's own question leaves it, and so does an answer that was stopped, corrected or deleted.
        """
        played = len(session.turns)
        if played == len(self.dialogue.turns) or not self._is_followed(session):
            return None
        return next_question(self.dialogue, session, ReferencePolicy())

    def total(self, session: Session) -> Total | None:
        """The scores over all rounds; None before the last one, or when the dialogue was left."""
        if len(session.turns) != len(self.dialogue.turns) or not self._is_followed(session):
            return None
        judged = [one.judged for one in self.rounds(session)]
        ious = [one.iou for one in judged if one.iou is not None]
        return Total(summarize(one.score for one in judged), mean_of(ious))

    def _is_followed(self, session: Session) -> bool:
        turns = session.turns
        return self.played(session) == len(turns) and all(_is_own(session, t) for t in turns)

    def _round(self, session: Session, number: int) -> Round:
        turn, true = session.turns[number - 1], self.dialogue.turns[number - 1]
        objects = session.found_by(turn)
        return Round(
            number,
            true,
            self.judged(session, number, objects, turn),
            len(objects),
            _is_own(session, turn),
            turn.partial,
            _stands_in(session, number - 1, turn, true) or (),
        )


def _is_own(session: Session, turn: Turn) -> bool:
    """Whether the answer is complete and as the model gave it."""
    if turn.partial:
        return False
    if turn.region is None:
        return True
    return turn.region in session.registry and not session.registry.region(turn.region).corrected


def _stands_in(
    session: Session, number: int, turn: Turn, true: TrueTurn
) -> tuple[tuple[str, int], ...] | None:
    """The names in the question (of turn ``number``, from 0) that are true boxes, with their rounds; None
    for another question.
    """
    names = _names(turn.question, true)
    if names is None:
        return None
    found: dict[str, int] = {}
    for name, named in zip(names, true.contexts, strict=False):
        region = session.turns[named].region if named < number else None
        if region is None and name != PRONOUN:
            found[name] = named + 1
        elif region is not None and name not in (region, f"{region}.1"):
            return None
    return tuple(found.items())


def _names(question: str, true: TrueTurn) -> list[str] | None:
    """What fills the places of the benchmark's question; None when this is another question."""
    places = list(PLACE.finditer(true.question)) if true.contexts else []
    edges = [0, *(e for place in places for e in place.span()), len(true.question)]
    words = (true.question[a:b] for a, b in list(pairwise(edges))[::2])
    match = re.fullmatch(_NAME.join(re.escape(w) for w in words), question)
    return None if match is None else list(match.groups())
