"""How good nano is on held-out dialogues, through the engine that also runs the app.

A reference is the model's own earlier prediction (its first box); only where that turn found nothing
the true box stands in, and is counted. Masks are compared with the *ceiling*: what the same segmenter
makes of the true boxes and of a point on the thing.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import mean
from typing import Any

from demo.engine import answer, begin
from demo.errors import InputError
from demo.geometry import PictureBox, Size
from demo.masks import BoolArray, Mask
from demo.metrics import (
    TurnScore,
    is_hit,
    mask_iou,
    merged,
    score_turn,
    summarize,
    summarize_rounds,
)
from demo.nano.facts import inner_point
from demo.nano.heldout import PLACE
from demo.pictures import Picture, open_picture
from demo.reasoners.base import Reasoner
from demo.regions import Origin, RegionObject
from demo.segmenters.base import Hint, Segmenter
from demo.session import Session, Turn


@dataclass(slots=True)
class Report:
    """Scores of an evaluation; ``fallbacks`` counts references taken from the truth.

    ``recalled`` has an entry for each true box of the turns with several, ``counted`` one for each such
    turn.
    """

    dialogues: int = 0
    scores: list[TurnScore] = field(default_factory=list)
    by_skill: dict[str, list[TurnScore]] = field(default_factory=lambda: defaultdict(list))
    by_kind: dict[str, list[TurnScore]] = field(default_factory=lambda: defaultdict(list))
    box_ious: list[float] = field(default_factory=list)
    ceiling: list[float] = field(default_factory=list)
    recalled: list[bool] = field(default_factory=list)
    counted: list[bool] = field(default_factory=list)
    false_empty: int = 0
    cited_right: list[bool] = field(default_factory=list)
    fallbacks: int = 0
    references: int = 0
    first_token_s: list[float] = field(default_factory=list)
    total_s: list[float] = field(default_factory=list)

    def to_dict(self) -> dict[str, Any]:
        """Shares from 0 to 1, overall, per round, per skill and per kind of target; None where unknown."""
        overall = summarize(self.scores)
        return {
            "dialogues": self.dialogues,
            "overall": asdict(overall),
            "rounds": {n: asdict(s) for n, s in summarize_rounds(self.scores).items()},
            "skills": _each(self.by_skill),
            "kinds": _each(self.by_kind),
            "mean_box_iou": _mean(self.box_ious),
            "absent_right": overall.absent_accuracy,
            "false_empty": self.false_empty / overall.turns if overall.turns else None,
            "plural_turns": len(self.counted),
            "plural_recall": _mean(self.recalled),
            "plural_exact_count": _mean(self.counted),
            "exact_citations": _mean(self.cited_right),
            "references": self.references,
            "fallbacks": self.fallbacks,
            **self._masks(overall.giou),
            "median_first_token_s": _median(self.first_token_s),
            "median_total_s": _median(self.total_s),
        }

    def _masks(self, giou: float | None) -> dict[str, float | None]:
        """gIoU of the ceiling over the same turns, and how much of it was reached."""
        best = _mean(self.ceiling)
        return {
            "ceiling": best,
            "giou_of_ceiling": giou / best if giou is not None and best else None,
        }


def evaluate(
    path: Path,
    reasoner: Reasoner,
    segmenter: Segmenter | None,
    *,
    limit: int | None = None,
    say: Callable[[str], None] = lambda _: None,
) -> Report:
    """Run the dialogues of a ``dialogues.json`` and score every turn. Raises InputError for none."""
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))[:limit]
    except (OSError, ValueError) as error:
        raise InputError(f"The file {path} holds no dialogues: {error}.") from error
    report = Report()
    for number, row in enumerate(rows, start=1):
        _dialogue(report, row, open_picture(path.parent / row["image_path"]), reasoner, segmenter)
        say(f"{number}/{len(rows)} dialogues, AP so far {summarize(report.scores).ap or 0:.3f}")
    return report


def _dialogue(
    report: Report,
    row: dict[str, Any],
    picture: Picture,
    reasoner: Reasoner,
    segmenter: Segmenter | None,
) -> None:
    report.dialogues += 1
    session = begin(picture, reasoner)
    made: list[str | None] = []
    truths = [turn["bboxes"] for turn in row["conversational_turns"]]
    for number, turn in enumerate(row["conversational_turns"], start=1):
        question = turn["question"]
        for earlier in _contexts(turn):
            session, name = _reference(report, session, made[earlier], truths[earlier])
            question = question.replace(PLACE, name, 1)
        session = answer(session, question, picture=picture, reasoner=reasoner, segmenter=segmenter)
        made.append(session.turns[-1].region)
        score = _score(report, session, number, turn)
        if segmenter is not None and score.overlap is not None:
            report.ceiling.append(_at_best(picture, segmenter, turn))


def _contexts(turn: dict[str, Any]) -> list[int]:
    context = turn.get("context_from_turn", [])
    return context if isinstance(context, list) else [context]


def _reference(
    report: Report, session: Session, region: str | None, truth: Sequence[Sequence[int]]
) -> tuple[Session, str]:
    report.references += 1
    if region is not None:
        return session, f"{region}.1"
    report.fallbacks += 1
    stand_in = RegionObject("", PictureBox(*truth[0]))
    registry, made = session.registry.add([stand_in], origin=Origin.USER)
    return session.with_registry(registry), made.id


def _score(report: Report, session: Session, number: int, truth: dict[str, Any]) -> TurnScore:
    turn = session.turns[-1]
    objects = session.registry.objects(turn.region) if turn.region else ()
    predicted = [o.box for o in objects]
    boxes = [PictureBox(*b) for b in truth["bboxes"]]
    masks = _masks(objects, truth, session.picture.size)
    score = score_turn(number, predicted, boxes, masks)
    report.scores.append(score)
    report.by_skill[truth.get("skill", "all")].append(score)
    if truth.get("kind"):
        report.by_kind[truth["kind"]].append(score)
    _note_boxes(report, predicted, boxes)
    _note_turn(report, turn)
    return score


def _note_boxes(report: Report, predicted: list[PictureBox], boxes: list[PictureBox]) -> None:
    if boxes:
        report.box_ious.append(max((box.iou(boxes[0]) for box in predicted), default=0.0))
        report.false_empty += not predicted
    if len(boxes) > 1:
        report.recalled += [is_hit(predicted, box) for box in boxes]
        report.counted.append(len(predicted) == len(boxes))


def _note_turn(report: Report, turn: Turn) -> None:
    if turn.references:
        wrong = ("citation.missing", "citation.invented")
        report.cited_right.append(not any(f.kind in wrong for f in turn.findings))
    if turn.timings.first_token_s is not None and turn.timings.total_s is not None:
        report.first_token_s.append(turn.timings.first_token_s)
        report.total_s.append(turn.timings.total_s)


def _masks(
    objects: Sequence[RegionObject], truth: dict[str, Any], size: Size
) -> tuple[BoolArray, BoolArray] | None:
    """The pixels predicted and the true ones; None where an object has no mask."""
    masks = [o.mask.to_array() for o in objects if o.mask]
    if len(masks) < len(objects):
        return None
    return merged(masks, size), merged(_true_masks(truth), size)


def _true_masks(truth: dict[str, Any]) -> list[BoolArray]:
    return [Mask(Size(m["size"][1], m["size"][0]), m["counts"]).to_array() for m in truth["masks"]]


def _at_best(picture: Picture, segmenter: Segmenter, truth: dict[str, Any]) -> float:
    """IoU of the masks that the segmenter makes when it is given the true boxes and points."""
    masks = _true_masks(truth)
    hints = [
        Hint(PictureBox(*box), inner_point(mask))
        for box, mask in zip(truth["bboxes"], masks, strict=True)
    ]
    made = (segment.mask.to_array() for segment in segmenter.segment(picture, hints))
    return mask_iou(merged(made, picture.size), merged(masks, picture.size))


def _each(groups: dict[str, list[TurnScore]]) -> dict[str, dict[str, Any]]:
    return {name: asdict(summarize(scores)) for name, scores in sorted(groups.items())}


def _mean(values: Sequence[float]) -> float | None:
    return mean(values) if values else None


def _median(values: Sequence[float]) -> float | None:
    return sorted(values)[len(values) // 2] if values else None
