"""Plays one benchmark dialogue through the engine: what is asked, what comes back, how it scores.

`reference_policy` decides how references are given.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NotRequired, TypedDict

from demo.answers.citations import citation_reward, find_citations
from demo.answers.finding import Finding
from demo.dialects.prompt import GivenBox
from demo.dialogue.engine import TurnFinished, TurnStarted, begin, run_turn
from demo.dialogue.session import Look, Turn
from demo.errors import EmptyAnswerError
from demo.evaluate.data import Dialogue, TrueTurn, open_stored
from demo.evaluate.metrics import TurnScore, says_none
from demo.evaluate.reference_policy import (
    PreparedQuestion,
    ReferencePolicy,
    ReferenceRow,
    next_question,
)
from demo.evaluate.turn_score import score_answer
from demo.picture.geometry import PictureBox, Size
from demo.picture.picture import AS_STORED, Picture
from demo.reasoners.base import Reasoner
from demo.segmenters.base import Segmenter


class LookRow(TypedDict):
    """One look of a turn: its place in picture pixels, the size in which it was shown, and whether the
    answer's boxes were read in it.
    """

    box_xyxy: list[int]
    size: list[int]
    answer: bool


class TurnRow(TypedDict):
    """One turn as JSON values; boxes in picture pixels.

    ``round`` counts from 1. ``iou`` is the IoU of the best predicted box with the first true one,
    ``overlap`` the pixels of intersection and union, ``citation`` the reward for citing the given boxes;
    each is None where it does not apply. Rows of earlier versions have no ``looks``.
    """

    round: int
    question: str
    prompted: str
    references: list[ReferenceRow]
    region: str | None
    objects: list[dict[str, Any]]
    truth: list[list[int]]
    iou: float | None
    hit: bool | None
    overlap: list[int] | None
    absent_right: bool | None
    citation: float | None
    findings: list[str]
    raw: str
    first_token_s: float | None
    total_s: float | None
    labels: dict[str, str]
    looks: NotRequired[list[LookRow]]


class Row(TypedDict):
    """One played dialogue as JSON values.

    ``as_stored``, if present, says that the picture has an EXIF orientation, which was ignored;
    ``outside`` that a true box reaches outside the picture.
    """

    index: int
    image_id: str
    image_path: str
    turns: list[TurnRow]
    as_stored: NotRequired[bool]
    outside: NotRequired[bool]


@dataclass(frozen=True, slots=True)
class FailedDialogue:
    """A dialogue on which the model or the server failed, and a sentence that says why."""

    index: int
    why: str


def play(
    dialogue: Dialogue,
    reasoner: Reasoner,
    segmenter: Segmenter | None,
    policy: ReferencePolicy,
    max_looks: int | None = None,
) -> Row:
    """Ask all questions of a dialogue, in order, and score the answers.

    A model that looks closer does so at most ``max_looks`` times a turn, or as often as its family does.
    Raises InputError when the picture is gone, and ModelError when model or server fail; an empty text
    counts as an answer without boxes, not as a failure.
    """
    picture = open_stored(dialogue.picture)
    running = _RunningDialogue(dialogue, picture, reasoner, segmenter, policy, max_looks)
    row = Row(
        index=dialogue.index,
        image_id=dialogue.image_id,
        image_path=dialogue.image_path,
        turns=[running.turn(number, turn) for number, turn in enumerate(dialogue.turns, start=1)],
    )
    if AS_STORED in picture.notes:
        row["as_stored"] = True
    if any(_reaches_outside(box, picture.size) for turn in dialogue.turns for box in turn.boxes):
        row["outside"] = True
    return row


def _reaches_outside(box: PictureBox, size: Size) -> bool:
    """Whether the box reaches outside the picture by more than rounding explains."""
    x1, y1, x2, y2 = box.xyxy
    return min(x1, y1) < -1 or x2 > size.width + 1 or y2 > size.height + 1


class _RunningDialogue:
    """The state of a dialogue that is being played."""

    def __init__(
        self,
        dialogue: Dialogue,
        picture: Picture,
        reasoner: Reasoner,
        segmenter: Segmenter | None,
        policy: ReferencePolicy,
        max_looks: int | None,
    ) -> None:
        self.dialogue, self.picture, self.policy = dialogue, picture, policy
        self.max_looks = max_looks
        self.reasoner, self.segmenter = reasoner, segmenter
        self.session = begin(picture, reasoner)

    def turn(self, number: int, true: TrueTurn) -> TurnRow:
        asked = next_question(self.dialogue, self.session, self.policy)
        given = self._ask(asked)
        turn = self.session.turns[-1]
        objects = self.session.found_by(turn)
        masks = None if self.segmenter is None else true.masks
        findings = [finding.kind for finding in turn.findings]
        size, readable = self.picture.size, says_none(findings)
        judged = score_answer(number, objects, true.boxes, masks, size, readable)
        score = judged.score
        return TurnRow(
            round=number,
            question=true.question,
            prompted=turn.prompted,
            references=list(asked.cited),
            region=turn.region,
            objects=[o.to_dict() for o in objects],
            truth=[list(box.xyxy) for box in true.boxes],
            iou=judged.iou,
            hit=score.hit,
            overlap=None if score.overlap is None else list(score.overlap),
            absent_right=score.absent_right,
            citation=_citation(turn, given),
            findings=findings,
            raw=turn.raw,
            first_token_s=turn.timings.first_token_s,
            total_s=turn.timings.total_s,
            labels=dict(true.labels),
            looks=look_rows(turn.looks),
        )

    def _ask(self, asked: PreparedQuestion) -> tuple[GivenBox, ...]:
        """Add one more turn to the session; the references that its question gave."""
        self.session, question = asked.session, asked.question
        started = TurnStarted("", "", ())
        events = run_turn(
            self.session,
            question,
            picture=self.picture,
            reasoner=self.reasoner,
            segmenter=self.segmenter,
            cancel=threading.Event(),
            asking=self.policy.asking,
            finds_only=True,
            written_in=self.picture.size if self.policy.frame == "original" else None,
            bare=self.policy.form == "bare",
            max_looks=self.max_looks,
        )
        try:
            for event in events:
                if isinstance(event, TurnStarted):
                    started = event
                elif isinstance(event, TurnFinished):
                    self.session = event.session
        except EmptyAnswerError as error:
            finding = Finding("answer.unreadable", "warning", str(error))
            empty = Turn(question.sentence, started.prompted, question.names, findings=(finding,))
            self.session = self.session.with_turn(empty, self.session.registry)
        return started.given


def look_rows(looks: Iterable[Look]) -> list[LookRow]:
    """The looks of a turn as JSON values."""
    return [
        LookRow(
            box_xyxy=list(look.box.xyxy),
            size=[look.size.width, look.size.height],
            answer=look.is_answered,
        )
        for look in looks
    ]


def _citation(turn: Turn, given: Sequence[GivenBox]) -> float | None:
    if not given:
        return None
    cited = {citation.box for citation in find_citations(turn.trace.think or "")}
    return citation_reward(cited, {g.model_box.xyxy for g in given})


def turn_score(turn: TurnRow) -> TurnScore:
    """The scores of a played turn, for `metrics` to add up.

    Rows of earlier versions may count an unreadable answer as right where nothing was to be found.
    """
    shared, right = turn["overlap"], turn["absent_right"]
    return TurnScore(
        turn["round"],
        turn["hit"],
        None if shared is None else (shared[0], shared[1]),
        None if right is None else right and says_none(turn["findings"]),
    )
