"""Scores of V*: how often an option was right, and, which only its boxes can tell, whether it was seen.

A target is *covered* by a box that holds at least half of its area, and *hit* by one with which its IoU is
above 0.5, as V*'s authors count what was found. A question's targets are covered, or hit, where each of
them is, by any of the boxes: those of the looks, or those of the answer. As a look shows more than its
target, it is judged by what it covers; how much of the picture it shows is told beside it.

Pure functions on rows.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from demo.evaluate.metrics import HIT_IOU, are_covered, mean_of
from demo.evaluate.vstar.play import QuestionRow
from demo.picture.geometry import PictureBox

_Z = 1.959963984540054  # of the normal distribution, for 95 %


@dataclass(frozen=True, slots=True)
class Seen:
    """Whether targets were seen, by looks or by boxes of the answer, as shares of questions from 0 to 1.

    ``covered`` and ``hit`` are as above. The four counts are of questions whose targets were covered or
    not, and whose answer was right or wrong.
    """

    covered: float
    hit: float
    covered_right: int
    covered_wrong: int
    missed_right: int
    missed_wrong: int


@dataclass(frozen=True, slots=True)
class Totals:
    """Scores over some questions; shares from 0 to 1, None where nothing counts.

    ``low`` and ``high`` bound the accuracy (Wilson's interval of 95 %); ``guessing`` is that of guesses.
    ``unread`` counts answers that choose no option, which are wrong. ``with_targets`` counts questions with
    boxes, over which ``looked`` (None for a model that does not look closer) and ``boxed`` (None where
    answers have no boxes) are. ``looks`` is their mean number, ``most_looks`` the highest, ``look_area``
    the mean share of the picture that a look shows, ``seconds`` the mean time.
    """

    questions: int
    right: int
    accuracy: float | None
    low: float | None
    high: float | None
    guessing: float | None
    unread: int
    with_targets: int
    looked: Seen | None
    boxed: Seen | None
    looks: float | None
    most_looks: int | None
    look_area: float | None
    seconds: float | None


@dataclass(frozen=True, slots=True)
class Scores:
    """Totals of a run: over all questions, and by category. ``shuffled`` counts drawn orders of options."""

    overall: Totals
    categories: dict[str, Totals]
    shuffled: int

    def to_dict(self) -> dict[str, Any]:
        """As JSON values."""
        return {
            "overall": asdict(self.overall),
            "categories": {name: asdict(totals) for name, totals in self.categories.items()},
            "shuffled": self.shuffled,
        }


def score(rows: Iterable[QuestionRow]) -> Scores:
    """All scores of a run."""
    rows = list(rows)
    names = list(dict.fromkeys(sorted(row["category"] for row in rows)))
    return Scores(
        totals(rows),
        {name: totals([row for row in rows if row["category"] == name]) for name in names},
        sum(row["is_shuffled"] for row in rows),
    )


def totals(rows: Sequence[QuestionRow]) -> Totals:
    """The scores over these questions."""
    right = sum(map(is_right, rows))
    low, high = wilson(right, len(rows)) if rows else (None, None)
    looks = [row["looks"] for row in rows if row["looks"] is not None]
    areas = [_area(look["box_xyxy"], row) for row in rows for look in row["looks"] or ()]
    seconds = [row["total_s"] for row in rows if row["total_s"] is not None]
    gives_boxes = not looks or any(row["boxes"] for row in rows)
    is_weighed = any("losses" in row for row in rows)
    return Totals(
        questions=len(rows),
        right=right,
        accuracy=right / len(rows) if rows else None,
        low=low,
        high=high,
        guessing=mean_of([1 / len(row["options"]) for row in rows]),
        unread=sum(row["chosen"] is None for row in rows),
        with_targets=sum(bool(row["targets"]) for row in rows),
        looked=_seen([row for row in rows if row["looks"] is not None], looks_of),
        boxed=_seen(rows, boxes_of) if gives_boxes and not is_weighed else None,
        looks=mean_of([len(each) for each in looks]),
        most_looks=max(map(len, looks), default=None),
        look_area=mean_of(areas),
        seconds=mean_of(seconds),
    )


def is_right(row: QuestionRow) -> bool:
    """Whether the option that was chosen is the right one."""
    return row["chosen"] == row["right"]


def looks_of(row: QuestionRow) -> list[PictureBox]:
    """The parts that were looked at, in picture pixels."""
    return [PictureBox(*look["box_xyxy"]) for look in row["looks"] or ()]


def boxes_of(row: QuestionRow) -> list[PictureBox]:
    """The boxes of the answer, in picture pixels."""
    return [PictureBox(*box) for box in row["boxes"]]


def are_hit(targets: Iterable[PictureBox], boxes: Sequence[PictureBox]) -> bool:
    """Whether for each target one box has an IoU with it above one half."""
    return all(any(box.iou(t) > HIT_IOU for box in boxes) for t in targets)


def _seen(
    rows: Sequence[QuestionRow], boxes: Callable[[QuestionRow], list[PictureBox]]
) -> Seen | None:
    """Over the questions that have targets; None where there are none."""
    rows = [row for row in rows if row["targets"]]
    if not rows:
        return None
    pairs = [([PictureBox(*t) for t in row["targets"]], boxes(row)) for row in rows]
    found, right = [are_covered(*pair) for pair in pairs], [is_right(row) for row in rows]
    counted = list(zip(found, right, strict=True))
    return Seen(
        covered=sum(found) / len(rows),
        hit=sum(are_hit(*pair) for pair in pairs) / len(rows),
        covered_right=counted.count((True, True)),
        covered_wrong=counted.count((True, False)),
        missed_right=counted.count((False, True)),
        missed_wrong=counted.count((False, False)),
    )


def _area(box: Sequence[int], row: QuestionRow) -> float:
    width, height = row["size"]
    return PictureBox(*box).area / (width * height)


def wilson(right: int, count: int) -> tuple[float, float]:
    """Wilson's interval of 95 % for a share, with p = right / n and z = 1.96:
    ``(p + z²/2n ± z·√(p(1 − p)/n + z²/4n²)) / (1 + z²/n)``.
    """
    share, z = right / count, _Z**2 / count
    middle = (share + z / 2) / (1 + z)
    reach = math.sqrt(z * share * (1 - share) + z * z / 4) / (1 + z)
    return max(0.0, middle - reach), min(1.0, middle + reach)
