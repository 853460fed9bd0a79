"""What belongs to an answer and is no region of the dialogue: the truth, another model's answer.

An `Aside` is drawn beside the regions and can be neither cited nor changed. Who makes one, and what it says
of an answer, is not known here.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from demo.picture.regions import RegionObject


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
