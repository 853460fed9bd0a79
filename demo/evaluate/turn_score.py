"""What a turn's answer is worth beside the truth; the scores themselves are those of `metrics`."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from demo.evaluate.metrics import TurnScore, best_iou, merged, score_turn
from demo.picture.geometry import PictureBox, Size
from demo.picture.masks import Mask
from demo.picture.regions import RegionObject


@dataclass(frozen=True, slots=True)
class Judged:
    """A turn's scores, and the IoU of its best box with the first true one; None where nothing is to be
    found.
    """

    score: TurnScore
    iou: float | None


@lru_cache(maxsize=512)  # a page asks again with every act
def judge(
    round_number: int,
    objects: tuple[RegionObject, ...],
    boxes: tuple[PictureBox, ...],
    masks: tuple[Mask, ...] | None,
    size: Size,
    readable: bool,
) -> Judged:
    """Predicted objects against true boxes, and true masks unless they are None; in picture pixels.

    ``readable`` is what `score_turn` wants to know of an answer without objects. All pixels predicted are
    compared with all true ones; an object whose mask failed has none.
    """
    predicted = [o.box for o in objects]
    pixels = None
    if masks is not None:
        found = (o.mask.to_array() for o in objects if o.mask is not None)
        pixels = merged(found, size), merged((m.to_array() for m in masks), size)
    score = score_turn(round_number, predicted, boxes, pixels, readable=readable)
    return Judged(score, best_iou(predicted, boxes[0]) if boxes else None)
