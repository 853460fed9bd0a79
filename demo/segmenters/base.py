"""What the engine needs of a segmenter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from demo.picture.geometry import PictureBox, PicturePoint
from demo.picture.masks import Mask
from demo.picture.picture import Picture
from demo.picture.regions import Click


@dataclass(frozen=True, slots=True)
class MaskPrompt:
    """One object to segment, in picture pixels: its box, points on it, points beside it.

    There is a box, or at least one point on the object. Raises ValueError without both.
    """

    box: PictureBox | None
    point: PicturePoint | None = None
    clicks: tuple[Click, ...] = ()

    def __post_init__(self) -> None:
        if self.box is None and not self.on_it:
            raise ValueError("a prompt needs a box or a point on the object, got neither")

    @property
    def on_it(self) -> tuple[PicturePoint, ...]:
        """All points that lie on the object."""
        own = () if self.point is None else (self.point,)
        return (*own, *(c.point for c in self.clicks if c.positive))

    @property
    def beside_it(self) -> tuple[PicturePoint, ...]:
        """All points that do not."""
        return tuple(c.point for c in self.clicks if not c.positive)


@dataclass(frozen=True, slots=True)
class Segment:
    """A mask and the segmenter's own estimate of its quality (0…1), if it makes one."""

    mask: Mask
    quality: float | None = None


class Segmenter(Protocol):
    """Makes one mask for each prompt."""

    @property
    def name(self) -> str:
        """What to call it, such as ``GrabCut`` or ``SAM 2 large``."""

    def prepare(self, picture: Picture) -> None:
        """Do what can be done for a picture before boxes are known; may be left out."""

    def segment(self, picture: Picture, prompts: Sequence[MaskPrompt]) -> list[Segment]:
        """One segment for each prompt, in order. Raises ModelError with a sentence."""
