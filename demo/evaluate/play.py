"""One benchmark dialogue through the engine: what is asked, what comes back, how it scores.

A turn refers to an earlier one by the first box that the *model* found there, so that errors go on as in a
real dialogue; only where it found none the true box stands in, and is counted (`--reference` and
`--reference-frame` choose otherwise). This file knows neither files nor how results are added up.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypedDict

from demo.checks import citation_reward, find_citations
from demo.engine import TurnFinished, TurnStarted, begin, run_turn
from demo.errors import EmptyAnswerError
from demo.evaluate.data import PLACE, Dialogue, TrueTurn
from demo.geometry import PictureBox, Size
from demo.masks import BoolArray
from demo.metrics import TurnScore, merged, score_turn
from demo.pictures import Picture, open_picture
from demo.prompt import Given
from demo.reasoners.base import Reasoner
from demo.references import Reference, Resolved
from demo.regions import Origin, RegionObject
from demo.segmenters.base import Segmenter
from demo.session import Finding, Turn, object_to_dict

REFERENCES = ("predicted", "truth", "none")
FRAMES = ("model", "original")
WITHOUT = "it"  # what stands in a question in the place of a box that is not given


@dataclass(frozen=True, slots=True)
class Manner:
    """How references are given.

    ``reference`` is ``predicted``, ``truth`` or ``none`` (then the word "it" takes the box's place);
    ``frame`` is ``model``, or ``original`` for picture pixels, as in the authors' script.
    """

    reference: str = "predicted"
    frame: str = "model"

    def __post_init__(self) -> None:
        if self.reference not in REFERENCES or self.frame not in FRAMES:
            raise ValueError(
                f"expected one of {REFERENCES} and of {FRAMES}, got {self.reference}, {self.frame}"
            )


class CitedRow(TypedDict):
    """One place in a question: the earlier turn (from 0), and whose box stands there.

    ``source`` is ``predicted``, ``fallback`` (the true box, for want of a predicted one), ``truth``,
    ``none`` (not asked for) or ``missing`` (neither was there). ``box`` is in picture pixels.
    """

    turn: int
    source: str
    name: str | None
    box: list[int] | None


class TurnRow(TypedDict):
    """One turn as JSON values; boxes in picture pixels.

    ``round`` counts from 1. ``iou`` is that of the best predicted box with the first true one,
    ``overlap`` pixels of intersection and union, ``citation`` the reward for citing what was given;
    each is None where it does not apply.
    """

    round: int
    question: str
    prompted: str
    references: list[CitedRow]
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


class Row(TypedDict):
    """One played dialogue as JSON values."""

    index: int
    image_id: str
    image_path: str
    turns: list[TurnRow]


@dataclass(frozen=True, slots=True)
class Failed:
    """A dialogue that the model or the server failed at, and why, as a sentence."""

    index: int
    why: str


def play(
    dialogue: Dialogue, reasoner: Reasoner, segmenter: Segmenter | None, manner: Manner
) -> Row:
    """Ask all questions of a dialogue, in order, and score the answers.

    Raises InputError when the picture is gone, and ModelError when model or server fail; no text at all
    is no failure but an answer without boxes.
    """
    table = _Table(dialogue, open_picture(dialogue.picture), reasoner, segmenter, manner)
    return Row(
        index=dialogue.index,
        image_id=dialogue.image_id,
        image_path=dialogue.image_path,
        turns=[table.turn(number, turn) for number, turn in enumerate(dialogue.turns, start=1)],
    )


class _Table:
    """A dialogue while it is played."""

    def __init__(
        self,
        dialogue: Dialogue,
        picture: Picture,
        reasoner: Reasoner,
        segmenter: Segmenter | None,
        manner: Manner,
    ) -> None:
        self.dialogue, self.picture, self.manner = dialogue, picture, manner
        self.reasoner, self.segmenter = reasoner, segmenter
        self.session = begin(picture, reasoner)
        self.made: list[str | None] = []  # the region of each turn so far
        self.true_regions: dict[int, str] = {}

    def turn(self, number: int, true: TrueTurn) -> TurnRow:
        cited = [self._cited(context) for context in true.contexts]
        given = self._ask(_resolved(true.question, cited))
        turn = self.session.turns[-1]
        self.made.append(turn.region)
        objects = self.session.registry.objects(turn.region) if turn.region else ()
        predicted = [o.box for o in objects]
        score = score_turn(number, predicted, true.boxes, self._masks(objects, true))
        return TurnRow(
            round=number,
            question=true.question,
            prompted=turn.prompted,
            references=cited,
            region=turn.region,
            objects=[object_to_dict(o) for o in objects],
            truth=[list(box.xyxy) for box in true.boxes],
            iou=max((b.iou(true.boxes[0]) for b in predicted), default=0.0) if true.boxes else None,
            hit=score.hit,
            overlap=None if score.overlap is None else list(score.overlap),
            absent_right=score.absent_right,
            citation=_citation(turn, given),
            findings=[finding.kind for finding in turn.findings],
            raw=turn.raw,
            first_token_s=turn.timings.first_token_s,
            total_s=turn.timings.total_s,
            labels=dict(true.labels),
        )

    def _ask(self, question: Resolved) -> tuple[Given, ...]:
        """One turn more in the session; returns what the question gave."""
        started = TurnStarted("", "", ())
        events = run_turn(
            self.session,
            question,
            picture=self.picture,
            reasoner=self.reasoner,
            segmenter=self.segmenter,
            cancel=threading.Event(),
            written_in=self._written_in(),
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

    def _written_in(self) -> Size | None:
        return self.picture.size if self.manner.frame == "original" else None

    def _cited(self, earlier: int) -> CitedRow:
        truth = self.dialogue.turns[earlier].boxes
        if self.manner.reference == "none":
            return CitedRow(turn=earlier, source="none", name=None, box=None)
        if self.manner.reference == "predicted" and (region := self.made[earlier]) is not None:
            return self._row(earlier, "predicted", f"{region}.1")
        if not truth:
            return CitedRow(turn=earlier, source="missing", name=None, box=None)
        source = "truth" if self.manner.reference == "truth" else "fallback"
        return self._row(earlier, source, self._true_region(earlier, truth[0]))

    def _row(self, earlier: int, source: str, name: str) -> CitedRow:
        box = self.session.registry.objects(name)[0].box
        return CitedRow(turn=earlier, source=source, name=name, box=list(box.xyxy))

    def _true_region(self, earlier: int, box: PictureBox) -> str:
        """The region that stands for what was to be found there, as if a person had drawn it."""
        if earlier not in self.true_regions:
            drawn = RegionObject("", box.clamped(self.picture.size))
            registry, region = self.session.registry.add([drawn], origin=Origin.USER)
            self.session = self.session.with_registry(registry)
            self.true_regions[earlier] = f"{region.id}.1"
        return self.true_regions[earlier]

    def _masks(
        self, objects: Sequence[RegionObject], true: TrueTurn
    ) -> tuple[BoolArray, BoolArray] | None:
        """All pixels predicted, and all true ones; an object whose mask failed has none."""
        if self.segmenter is None or true.masks is None:
            return None
        size = self.picture.size
        predicted = (o.mask.to_array() for o in objects if o.mask is not None)
        return merged(predicted, size), merged((m.to_array() for m in true.masks), size)


def _resolved(question: str, cited: Sequence[CitedRow]) -> Resolved:
    """The question with names in its places; nothing else in it is read as a reference."""
    places = PLACE.finditer(question) if cited else ()
    sentence, references, end = "", [], 0
    for place, one in zip(places, cited, strict=True):
        sentence += question[end : place.start()]
        start, name = len(sentence), one["name"]
        sentence += name or WITHOUT
        if name is not None:
            references.append(Reference(name, start, len(sentence), name))
        end = place.end()
    return Resolved(sentence + question[end:], tuple(references))


def _citation(turn: Turn, given: Sequence[Given]) -> float | None:
    if not given:
        return None
    cited = {citation.box for citation in find_citations(turn.trace.think or "")}
    return citation_reward(cited, {g.model_box.xyxy for g in given})


def turn_score(turn: TurnRow) -> TurnScore:
    """The scores of a turn that was played, as `metrics` adds them up."""
    shared = turn["overlap"]
    return TurnScore(
        turn["round"],
        turn["hit"],
        None if shared is None else (shared[0], shared[1]),
        turn["absent_right"],
    )
