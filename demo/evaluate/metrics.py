"""How good predictions are against ground truth: AP, gIoU and cIoU of RegionDial-Bench.

Pure functions on boxes and masks in picture pixels.

Conventions. A box covers whole pixels and its x2, y2 are exclusive edges, so its area is (x2 − x1)(y2 − y1)
and boxes that only touch share nothing; a hit needs an IoU *above* one half. The predicted mask of a turn
is the union of all its objects' masks, and so is the true one; pixels are true or false, whatever number
stands for true. The IoU of two empty masks, or of two empty boxes, is 0. gIoU gives every turn the same
weight, cIoU every pixel.

A turn whose ground truth is *absent* (no box: nothing in the picture matches) does not count in AP,
gIoU or cIoU, as the authors define them; it is counted apart, and is right when the answer says that
nothing matches. A text in which no box can be read does not say so, and is wrong.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from demo.picture.crops import covered
from demo.picture.geometry import PictureBox, Size
from demo.picture.masks import BoolArray

HIT_IOU = 0.5
COVERED = 0.5  # of a true box, of which a look that shows less has missed it


@dataclass(frozen=True, slots=True)
class TurnScore:
    """One turn against its ground truth.

    ``round`` counts the turns of a dialogue from 1. ``hit`` is None where the truth is absent,
    ``overlap`` (pixels of intersection and union) None where no masks were compared, and
    ``absent_right`` None where something is to be found.
    """

    round: int
    hit: bool | None = None
    overlap: tuple[int, int] | None = None
    absent_right: bool | None = None


@dataclass(frozen=True, slots=True)
class Summary:
    """Scores over some turns, shares from 0 to 1; None where no turn can be scored.

    ``turns`` counts the turns with something to find, ``absent`` those without;
    ``absent_accuracy`` is the share of the latter in which the answer says so.
    """

    turns: int
    ap: float | None
    giou: float | None
    ciou: float | None
    absent: int
    absent_accuracy: float | None


def are_covered(truth: Iterable[PictureBox], boxes: Sequence[PictureBox]) -> bool:
    """Whether for each true box one of the others holds at least half of its area."""
    return all(any(covered(box, by=other) >= COVERED for other in boxes) for box in truth)


def says_none(findings: Iterable[str]) -> bool:
    """Whether an answer with these kinds of findings says that nothing matches."""
    return "answer.empty" in findings


def is_hit(predicted: Sequence[PictureBox], truth: PictureBox) -> bool:
    """Whether any predicted box has an IoU above 0.5 with the (first) true box."""
    return best_iou(predicted, truth) > HIT_IOU


def best_iou(predicted: Sequence[PictureBox], truth: PictureBox) -> float:
    """The highest IoU of a predicted box with the (first) true one, 0 when there is none."""
    return max((box.iou(truth) for box in predicted), default=0.0)


def overlap(predicted: NDArray[Any], truth: NDArray[Any]) -> tuple[int, int]:
    """Pixels of intersection and of union of two masks [H, W], whose pixels are the non-zero ones.

    Raises ValueError when they are not two masks of one shape.
    """
    if predicted.ndim != 2 or truth.ndim != 2:
        raise ValueError(f"expected masks [H, W], got {predicted.shape} and {truth.shape}")
    if predicted.shape != truth.shape:
        raise ValueError(f"expected a mask of shape {truth.shape}, got {predicted.shape}")
    first, second = predicted.astype(bool), truth.astype(bool)
    return int(np.count_nonzero(first & second)), int(np.count_nonzero(first | second))


def mask_iou(predicted: NDArray[Any], truth: NDArray[Any]) -> float:
    """Intersection over union of two masks [H, W], 0 where both are empty."""
    return _ratio(*overlap(predicted, truth))


def union_of(masks: Iterable[NDArray[Any]], size: Size) -> BoolArray:
    """The pixels [H, W] that belong to any of the masks; without masks, none.

    Raises ValueError when a mask is not of that size.
    """
    pixels = np.zeros((size.height, size.width), dtype=bool)
    for mask in masks:
        if mask.shape != pixels.shape:
            raise ValueError(f"expected a mask of shape {pixels.shape}, got {mask.shape}")
        pixels |= mask.astype(bool)
    return pixels


def score_turn(
    round_number: int,
    predicted: Sequence[PictureBox],
    truth: Sequence[PictureBox],
    masks: tuple[NDArray[Any], NDArray[Any]] | None = None,
    *,
    readable: bool = True,
) -> TurnScore:
    """One turn: predicted and true boxes, and, where there are masks, predicted and true pixels.

    ``readable`` says of an answer without boxes that it `says_none`: that it is not just unreadable.
    """
    if round_number < 1:
        raise ValueError(f"expected a round from 1, got {round_number}")
    if not truth:
        return TurnScore(round_number, absent_right=not predicted and readable)
    shared = None if masks is None else overlap(*masks)
    return TurnScore(round_number, is_hit(predicted, truth[0]), shared)


def summarize(scores: Iterable[TurnScore]) -> Summary:
    """AP = share of hits, gIoU = mean mask IoU, cIoU = Σ intersection / Σ union, over these turns."""
    scores = list(scores)
    hits = [score.hit for score in scores if score.hit is not None]
    overlaps = [score.overlap for score in scores if score.overlap is not None]
    absent = [score.absent_right for score in scores if score.absent_right is not None]
    return Summary(
        turns=len(hits),
        ap=mean_of(hits),
        giou=mean_of([_ratio(*pair) for pair in overlaps]),
        ciou=_cumulative(overlaps),
        absent=len(absent),
        absent_accuracy=mean_of(absent),
    )


def summarize_rounds(scores: Iterable[TurnScore]) -> dict[int, Summary]:
    """A summary for each round that occurs, in order of rounds."""
    by_round: dict[int, list[TurnScore]] = {}
    for score in scores:
        by_round.setdefault(score.round, []).append(score)
    return {number: summarize(by_round[number]) for number in sorted(by_round)}


def _cumulative(overlaps: Sequence[tuple[int, int]]) -> float | None:
    if not overlaps:
        return None
    return _ratio(sum(shared for shared, _ in overlaps), sum(union for _, union in overlaps))


def mean_of(values: Sequence[float]) -> float | None:
    """The mean; None for an empty sequence."""
    return sum(values) / len(values) if values else None


def _ratio(part: int, whole: int) -> float:
    return part / whole if whole else 0.0
