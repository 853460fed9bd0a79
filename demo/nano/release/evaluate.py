"""How good nano is on held-out dialogues: the figures of its model card besides the benchmark's scores.

Dialogues are read and played by `evaluate/`, with the model's own earlier predictions as references. Masks
are compared with the *ceiling*: the masks that the same segmenter makes from the true boxes and a point on
each thing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median_high
from typing import Any

from demo.errors import InputError
from demo.evaluate.data import BadRow, Dialogue, TrueTurn, open_stored, read_dialogues
from demo.evaluate.metrics import (
    TurnScore,
    is_hit,
    mask_iou,
    mean_of,
    summarize,
    summarize_rounds,
    union_of,
)
from demo.evaluate.play import TurnRow, play, turn_score
from demo.evaluate.reference_policy import ReferencePolicy
from demo.evaluate.score import cites_exactly
from demo.nano.world.facts import inner_point
from demo.picture.geometry import PictureBox
from demo.reasoners.base import Reasoner
from demo.segmenters.base import MaskPrompt, Segmenter


@dataclass(slots=True)
class Report:
    """Scores of an evaluation; ``fallbacks`` counts references taken from the truth.

    ``recalled`` has an entry for each true box of the turns with several, ``counted`` one for each such
    turn. Dialogues about large scenes say of each turn what size of things it is about: ``by_size`` and
    ``looks``, how often the model looked closer, go by that.
    """

    dialogues: int = 0
    scores: list[TurnScore] = field(default_factory=list)
    by_skill: dict[str, list[TurnScore]] = field(default_factory=lambda: defaultdict(list))
    by_kind: dict[str, list[TurnScore]] = field(default_factory=lambda: defaultdict(list))
    by_size: dict[str, list[TurnScore]] = field(default_factory=lambda: defaultdict(list))
    looks: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
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
            "sizes": _each(self.by_size),
            "looks": {size: mean_of(counts) for size, counts in sorted(self.looks.items())},
            "mean_box_iou": mean_of(self.box_ious),
            "absent_right": overall.absent_accuracy,
            "false_empty": self.false_empty / overall.turns if overall.turns else None,
            "plural_turns": len(self.counted),
            "plural_recall": mean_of(self.recalled),
            "plural_exact_count": mean_of(self.counted),
            "exact_citations": mean_of(self.cited_right),
            "references": self.references,
            "fallbacks": self.fallbacks,
            **self._masks(overall.giou),
            "median_first_token_s": median_high(self.first_token_s) if self.first_token_s else None,
            "median_total_s": median_high(self.total_s) if self.total_s else None,
        }

    def _masks(self, giou: float | None) -> dict[str, float | None]:
        """gIoU of the ceiling over the same turns, and the share of it that was reached."""
        best = mean_of(self.ceiling)
        return {
            "ceiling": best,
            "giou_of_ceiling": giou / best if giou is not None and best else None,
        }


def read_usable(path: Path, limit: int | None = None) -> list[Dialogue]:
    """The first ``limit`` dialogues of a ``dialogues.json``.

    Raises InputError for a file without any, and for a row that cannot be used.
    """
    return [_usable(row) for row in read_dialogues(path, limit=limit)]


def evaluate(
    dialogues: Sequence[Dialogue],
    reasoner: Reasoner,
    segmenter: Segmenter | None,
    *,
    max_looks: int | None = None,
    say: Callable[[str], None] = lambda _: None,
) -> Report:
    """Play the dialogues, with ``max_looks`` a turn or as many as it takes, and score every turn."""
    report = Report()
    for number, dialogue in enumerate(dialogues, start=1):
        report.dialogues += 1
        row = play(dialogue, reasoner, segmenter, ReferencePolicy(), max_looks)
        for turn, true in zip(row["turns"], dialogue.turns, strict=True):
            _note(report, turn, true)
        if segmenter is not None:
            report.ceiling += _ceiling_of(dialogue, segmenter)
        say(
            f"{number}/{len(dialogues)} dialogues, AP so far {summarize(report.scores).ap or 0:.3f}"
        )
    return report


def _usable(row: Dialogue | BadRow) -> Dialogue:
    if isinstance(row, BadRow):
        raise InputError(f"Row {row.index}: {row.why}")
    return row


def _note(report: Report, turn: TurnRow, true: TrueTurn) -> None:
    score = turn_score(turn)
    report.scores.append(score)
    report.by_skill[true.labels.get("skill", "all")].append(score)
    if "kind" in true.labels:
        report.by_kind[true.labels["kind"]].append(score)
    if "size" in true.labels:
        report.by_size[true.labels["size"]].append(score)
        report.looks[true.labels["size"]].append(len(turn.get("looks", ())))
    report.references += len(turn["references"])
    report.fallbacks += sum(place["source"] == "fallback" for place in turn["references"])
    if turn["citation"] is not None:
        report.cited_right.append(cites_exactly(turn))
    _note_boxes(report, turn, true)
    if turn["first_token_s"] is not None and turn["total_s"] is not None:
        report.first_token_s.append(turn["first_token_s"])
        report.total_s.append(turn["total_s"])


def _note_boxes(report: Report, turn: TurnRow, true: TrueTurn) -> None:
    predicted = [PictureBox(*item["bbox_xyxy"]) for item in turn["objects"]]
    if true.boxes:
        report.box_ious.append(turn["iou"] or 0.0)
        report.false_empty += not predicted
    if len(true.boxes) > 1:
        report.recalled += [is_hit(predicted, box) for box in true.boxes]
        report.counted.append(len(predicted) == len(true.boxes))


def _ceiling_of(dialogue: Dialogue, segmenter: Segmenter) -> list[float]:
    """The IoU of the segmenter's masks from true boxes and points, for each turn with something to find."""
    picture = open_stored(dialogue.picture)
    best: list[float] = []
    for true in dialogue.turns:
        if true.boxes and true.masks:
            masks = [mask.to_array() for mask in true.masks]
            prompts = [
                MaskPrompt(box, inner_point(m)) for box, m in zip(true.boxes, masks, strict=True)
            ]
            made = (segment.mask.to_array() for segment in segmenter.segment(picture, prompts))
            best.append(mask_iou(union_of(made, picture.size), union_of(masks, picture.size)))
    return best


def _each(groups: dict[str, list[TurnScore]]) -> dict[str, dict[str, Any]]:
    return {name: asdict(summarize(scores)) for name, scores in sorted(groups.items())}
