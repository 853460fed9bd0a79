"""How good nano is on held-out dialogues, through the engine that also runs the app.

A reference is the model's own earlier prediction (its first box); only where that turn found nothing
the true box stands in, and is counted.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import mean
from typing import Any

from demo.engine import answer, begin
from demo.errors import InputError
from demo.geometry import PictureBox, Size
from demo.masks import Mask
from demo.metrics import Summary, TurnScore, merged, score_turn, summarize, summarize_rounds
from demo.nano.heldout import PLACE
from demo.pictures import Picture, open_picture
from demo.reasoners.base import Reasoner
from demo.regions import Origin, RegionObject
from demo.segmenters.base import Segmenter
from demo.session import Session


@dataclass(slots=True)
class Report:
    """Scores of an evaluation; ``fallbacks`` counts references taken from the truth."""

    scores: list[TurnScore] = field(default_factory=list)
    by_skill: dict[str, list[TurnScore]] = field(default_factory=lambda: defaultdict(list))
    box_ious: list[float] = field(default_factory=list)
    false_empty: int = 0
    cited_right: list[bool] = field(default_factory=list)
    fallbacks: int = 0
    references: int = 0
    first_token_s: list[float] = field(default_factory=list)
    total_s: list[float] = field(default_factory=list)

    def to_dict(self) -> dict[str, Any]:
        """Shares from 0 to 1, overall, per round and per skill."""
        overall = summarize(self.scores)
        return {
            "overall": _summary(overall),
            "rounds": {n: _summary(s) for n, s in summarize_rounds(self.scores).items()},
            "skills": {k: _summary(summarize(v)) for k, v in sorted(self.by_skill.items())},
            "mean_box_iou": mean(self.box_ious) if self.box_ious else None,
            "false_empty": self.false_empty / overall.turns if overall.turns else None,
            "exact_citations": mean(self.cited_right) if self.cited_right else None,
            "references": self.references,
            "fallbacks": self.fallbacks,
            "median_first_token_s": _median(self.first_token_s),
            "median_total_s": _median(self.total_s),
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
        _score(report, session, number, turn)


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


def _score(report: Report, session: Session, number: int, truth: dict[str, Any]) -> None:
    turn = session.turns[-1]
    objects = session.registry.objects(turn.region) if turn.region else ()
    boxes = [PictureBox(*b) for b in truth["bboxes"]]
    size = session.picture.size
    score = score_turn(number, [o.box for o in objects], boxes, _masks(objects, truth, size))
    report.scores.append(score)
    report.by_skill[truth.get("skill", "all")].append(score)
    if boxes:
        report.box_ious.append(max((o.box.iou(boxes[0]) for o in objects), default=0.0))
        report.false_empty += not objects
    if turn.references:
        wrong = ("citation.missing", "citation.invented")
        report.cited_right.append(not any(f.kind in wrong for f in turn.findings))
    if turn.timings.first_token_s is not None and turn.timings.total_s is not None:
        report.first_token_s.append(turn.timings.first_token_s)
        report.total_s.append(turn.timings.total_s)


def _masks(
    objects: Sequence[RegionObject], truth: dict[str, Any], size: Size
) -> tuple[Any, Any] | None:
    if not all(o.mask for o in objects):
        return None
    predicted = merged((o.mask.to_array() for o in objects if o.mask), size)
    true = (Mask(Size(m["size"][1], m["size"][0]), m["counts"]).to_array() for m in truth["masks"])
    return predicted, merged(true, size)


def _summary(summary: Summary) -> dict[str, Any]:
    return {name: getattr(summary, name) for name in Summary.__slots__}


def _median(values: Sequence[float]) -> float | None:
    return sorted(values)[len(values) // 2] if values else None
