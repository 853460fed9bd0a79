"""What the engine needs of a mask maker."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from demo.geometry import PictureBox, PicturePoint
from demo.masks import Mask
from demo.pictures import Picture


@dataclass(frozen=True, slots=True)
class Hint:
    """One object to segment: its box and, if known, a point on it, in picture pixels."""

    box: PictureBox
    point: PicturePoint | None = None


@dataclass(frozen=True, slots=True)
class Segment:
    """A mask and the segmenter's own estimate of its quality (0…1), if it makes one."""

    mask: Mask
    quality: float | None = None


class Segmenter(Protocol):
    """Makes one mask for each hint."""

    @property
    def name(self) -> str:
        """What to call it, such as ``GrabCut`` or ``SAM 2 large``."""

    def prepare(self, picture: Picture) -> None:
        """Do what can be done for a picture before boxes are known; may be left out."""

    def segment(self, picture: Picture, hints: Sequence[Hint]) -> list[Segment]:
        """One segment for each hint, in order. Raises ModelError with a sentence."""
