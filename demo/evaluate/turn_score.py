"""Scores one answer against the truth, with the metrics of `metrics`."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from demo.evaluate.metrics import TurnScore, best_iou, score_turn, union_of
from demo.picture.geometry import PictureBox, Size
from demo.picture.masks import Mask
from demo.picture.regions import RegionObject


@dataclass(frozen=True, slots=True)
class AnswerScore:
    """A turn's scores, and the IoU of its best box with the first true one; None if there is none."""

    score: TurnScore
    iou: float | None


@lru_cache(maxsize=512)  # the page asks again at every action
def score_answer(
    round_number: int,
    objects: tuple[RegionObject, ...],
    boxes: tuple[PictureBox, ...],
    masks: tuple[Mask, ...] | None,
    size: Size,
    readable: bool,
) -> AnswerScore:
    """Compare predicted objects with true boxes and masks (unless None), in picture pixels.

    ``readable`` is as for `score_turn`. The union of the predicted masks is compared with that of the true
    ones; an object whose mask failed adds nothing.
    """
    predicted = [o.box for o in objects]
    pixels = None
    if masks is not None:
        found = (o.mask.to_array() for o in objects if o.mask is not None)
        pixels = union_of(found, size), union_of((m.to_array() for m in masks), size)
    score = score_turn(round_number, predicted, boxes, pixels, readable=readable)
    return AnswerScore(score, best_iou(predicted, boxes[0]) if boxes else None)
