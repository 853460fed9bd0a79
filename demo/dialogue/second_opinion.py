"""A second opinion: the answer of another model to a question that a dialogue already has.

It is not part of the dialogue unless a person adopts it in place of the first answer. This file knows
sessions, not models.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

import numpy as np

from demo.dialogue.session import SecondOpinion, Session, Turn
from demo.errors import InputError
from demo.language.references import Resolved
from demo.picture.geometry import PictureBox
from demo.picture.overlaps import iou_table

AGREE = 0.5  # the mean IoU above which two answers agree, as benchmarks count a hit
_CHANGED = (
    "This question now refers to other regions than when it was asked: ask it again, then compare."
)


def as_second_opinion(session: Session) -> SecondOpinion:
    """The last answer of a dialogue as a second opinion on its question."""
    turn = session.turns[-1]
    found = None if turn.region is None else session.registry.region(turn.region)
    bare = replace(turn, region=None, reasoner=None)
    objects, label = ((), "") if found is None else (found.objects, found.label)
    return SecondOpinion(session.reasoner_of(turn), bare, objects, label)


def adopt(session: Session, number: int, second: SecondOpinion) -> Session:
    """The dialogue with the other answer in place of turn ``number`` (1, 2, …), which becomes the last.

    Regions made since are removed, as when the question is asked again. Raises InputError when there is
    no such turn.
    """
    start = session.before(number).with_reasoner(second.reasoner)
    registry, region = start.registry, None
    if second.objects:
        registry, made = registry.add(second.objects, label=second.label)
        region = made.id
    free = start.registry.next_number
    turn = replace(second.turn, region=region, next_region=free, reasoner=None)
    return start.with_turn(turn, registry).following(session)


def check_same(first: Turn, question: Resolved) -> None:
    """Raises InputError when a question, as understood now, refers to other regions than in its turn."""
    if question.names != first.references:
        raise InputError(_CHANGED)


def agreement(first: Sequence[PictureBox], second: Sequence[PictureBox]) -> float | None:
    """The mean IoU of two answers' boxes, paired one to one, best first; a box without a pair counts 0.

    None when both are empty.
    """
    if not first and not second:
        return None
    found = pairs(tuple(first), tuple(second))
    return sum(iou for _, _, iou in found) / max(len(first), len(second))


@lru_cache(maxsize=1024)  # the page asks again at every action
def pairs(
    first: tuple[PictureBox, ...], second: tuple[PictureBox, ...]
) -> tuple[tuple[int, int, float], ...]:
    """Which boxes (0, 1, …) of two answers belong together, with their IoU; best first.

    Each box is in one pair at most, and those that share nothing are in none.
    """
    ious = iou_table(first, second)
    meeting = np.argwhere(ious > 0)
    # Of equally good ones that which comes first in both answers.
    order = np.argsort(-ious[tuple(meeting.T)], kind="stable")
    left, right, found = set[int](), set[int](), list[tuple[int, int, float]]()
    for i, j in meeting[order].tolist():
        if len(found) == min(len(first), len(second)):
            break
        if i not in left and j not in right:
            left.add(i)
            right.add(j)
            found.append((i, j, float(ious[i, j])))
    return tuple(found)


def agreement_sentence(first: Sequence[PictureBox], second: Sequence[PictureBox]) -> str:
    """A sentence that says how far two answers agree."""
    iou = agreement(first, second)
    if iou is None:
        return "They agree: both find nothing."
    if not first or not second:
        return "They disagree: one finds something, the other nothing."
    verdict = "They agree" if iou > AGREE else "They disagree"
    if len(first) == len(second) == 1:
        return f"{verdict}: IoU {iou:.2f}."
    if len(first) == len(second):
        return f"{verdict}: mean IoU {iou:.2f}."
    return f"{verdict}: {len(first)} and {len(second)} boxes, mean IoU {iou:.2f}."
