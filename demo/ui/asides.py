"""What belongs to an answer and is no region of the dialogue: the truth, another model's answer.

An `Aside` is drawn beside the regions and can be neither cited nor changed. Who makes one, and what it says
of an answer, is not known here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from demo.regions import RegionObject
from demo.session import Session, Turn

Noted = TypeVar("Noted")
TurnKey = tuple[int, str, str]
"""Which turn of a picture's dialogues: its number (1, 2, …), what the model was asked and what it wrote."""


class AsideKind(StrEnum):
    """What it is; each kind has a colour of its own."""

    TRUTH = "truth"
    MODEL = "model"


@dataclass(frozen=True, slots=True)
class Aside:
    """Objects in picture pixels that are shown with one answer, under a name of a word or two.

    No objects say that there is nothing, which is not drawn.
    """

    name: str
    kind: AsideKind
    objects: tuple[RegionObject, ...]


Asides = Mapping[TurnKey, tuple[Aside, ...]]
"""By turn. Those of turns that were taken back stay, for a turn that comes back is the same one."""


def turn_key(number: int, turn: Turn) -> TurnKey:
    """The key of turn ``number`` (1, 2, …).

    It is the same after undo and a return, in a branch, after a rating, and in a dialogue that was
    loaded again; asked once more with another answer, the turn is another.
    """
    return number, turn.prompted, turn.raw


def with_aside(asides: Asides, session: Session, number: int, aside: Aside) -> Asides:
    """With one more for that turn, in the place of one of that name.

    Raises InputError when there is no such turn.
    """
    key = turn_key(number, session.turn(number))
    others = tuple(a for a in asides.get(key, ()) if (a.kind, a.name) != (aside.kind, aside.name))
    return {**asides, key: (*others, aside)}


def by_turn(
    noted: Mapping[TurnKey, tuple[Noted, ...]], session: Session
) -> dict[int, tuple[Noted, ...]]:
    """What was noted of the turns that the dialogue has, by their number (1, 2, …)."""
    keys = (turn_key(number, turn) for number, turn in enumerate(session.turns, start=1))
    return {key[0]: noted[key] for key in keys if noted.get(key)}
