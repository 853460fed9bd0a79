"""A second opinion: what another model answers to a question that a dialogue holds already.

It is no part of the dialogue, unless a person takes it in the place of the first. This file knows sessions;
which models there are and how they are asked it does not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from demo.errors import InputError
from demo.geometry import PictureBox
from demo.references import Resolved
from demo.regions import RegionObject
from demo.session import Session, Turn

TurnKey = tuple[int, str, str]
"""Which turn of a picture's dialogues: its number (1, 2, …), what the model was asked and what it wrote."""

AGREE = 0.5  # mean IoU from which two answers are said to agree, as a hit is counted in benchmarks
_CHANGED = "What this question refers to is not what it was when it was asked: ask again, and compare then."


@dataclass(frozen=True, slots=True)
class Second:
    """Another model's answer; ``session`` is the dialogue as it would end with it."""

    session: Session

    @property
    def turn(self) -> Turn:
        """What it was asked and what it wrote."""
        return self.session.turns[-1]

    @property
    def name(self) -> str:
        """The model's name."""
        return self.session.reasoner_of(self.turn).name

    @property
    def objects(self) -> tuple[RegionObject, ...]:
        """What it found."""
        region = self.turn.region
        return () if region is None else self.session.registry.region(region).objects

    def taken(self, session: Session, number: int) -> Session:
        """That dialogue with this answer in the place of turn ``number`` (1, 2, …), as its last.

        Regions made since are gone, as when the question is asked again. Raises InputError when there is
        no such turn.
        """
        start = session.before(number).with_reasoner(self.session.reasoner_of(self.turn))
        registry, region = start.registry, None
        if self.turn.region is not None:
            label = self.session.registry.region(self.turn.region).label
            registry, made = registry.add(self.objects, label=label)
            region = made.id
        turn = replace(
            self.turn, region=region, next_region=start.registry.next_number, reasoner=None
        )
        return replace(start.with_turn(turn, registry), former=session)


def check_same(first: Turn, question: Resolved) -> None:
    """Raises InputError when a question, as it is understood now, names other regions than it did."""
    if question.names != first.references:
        raise InputError(_CHANGED)


Seconds = Mapping[int, Sequence[Second]]


def turn_key(number: int, turn: Turn) -> TurnKey:
    """The key of turn ``number`` (1, 2, …).

    It is the same after undo and a return, in a branch, after a rating, and in a dialogue that was
    loaded again; asked once more with another answer, the turn is another.
    """
    return number, turn.prompted, turn.raw


def by_turn(
    seconds: Mapping[TurnKey, tuple[Second, ...]], session: Session
) -> dict[int, tuple[Second, ...]]:
    """Those of the turns that the dialogue has, by their number (1, 2, …)."""
    keys = (turn_key(number, turn) for number, turn in enumerate(session.turns, start=1))
    return {key[0]: seconds[key] for key in keys if key in seconds}


def agreement(first: Sequence[PictureBox], second: Sequence[PictureBox]) -> float | None:
    """The mean IoU of two answers' boxes, paired best first, one to one; what has no pair counts 0.

    None when neither found anything.
    """
    if not first and not second:
        return None
    pairs = sorted(
        ((a.iou(b), i, j) for i, a in enumerate(first) for j, b in enumerate(second)), reverse=True
    )
    left, right, total = set(range(len(first))), set(range(len(second))), 0.0
    for iou, i, j in pairs:
        if i in left and j in right:
            left.discard(i)
            right.discard(j)
            total += iou
    return total / max(len(first), len(second))


def compared(first: Sequence[PictureBox], second: Sequence[PictureBox]) -> str:
    """How far two answers agree, in a sentence."""
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
