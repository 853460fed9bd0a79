"""Parts of a picture as a model is shown them, cut and enlarged, and the exact way back.

A part lies anywhere in the picture, also between its pixels where it was cut from a smaller copy or from
another part; so its place is kept in fractions, and a coordinate is rounded once, at the end.
It knows no model, no text and no pixels.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

from demo.picture.geometry import ModelBox, ModelPoint, PictureBox, PicturePoint, Size

_Span = tuple[Fraction, Fraction]


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a picture of ``picture`` pixels: from ``x`` to ``x + width`` and ``y`` to ``y + height`` in
    picture pixels, shown in a size of ``shown`` pixels.
    """

    picture: Size
    x: Fraction
    y: Fraction
    width: Fraction
    height: Fraction
    shown: Size

    @classmethod
    def whole(cls, picture: Size, shown: Size) -> Part:
        """The whole picture, as it is shown."""
        zero = Fraction(0)
        return cls(picture, zero, zero, Fraction(picture.width), Fraction(picture.height), shown)

    @classmethod
    def of_box(cls, box: PictureBox, picture: Size, shown: Size) -> Part:
        """The part in a box of picture pixels."""
        x, y, width, height = map(Fraction, (box.x1, box.y1, box.width, box.height))
        return cls(picture, x, y, width, height, shown)

    @property
    def box(self) -> PictureBox:
        """The pixels of the picture that it touches."""
        x1, y1 = math.floor(self.x), math.floor(self.y)
        x2, y2 = math.ceil(self.x + self.width), math.ceil(self.y + self.height)
        return PictureBox(x1, y1, x2, y2).clamped(self.picture)

    def across(self, share: Fraction) -> Fraction:
        """The x in picture pixels of a share of its width."""
        return self.x + share * self.width

    def down(self, share: Fraction) -> Fraction:
        """The y in picture pixels of a share of its height."""
        return self.y + share * self.height

    def box_to_picture(self, box: ModelBox, frame: Size) -> PictureBox:
        """A box in the frame of this part, in picture pixels: rounded, halves upwards, and not empty."""
        x1, y1, x2, y2 = self._xyxy(box.xyxy, frame)
        return PictureBox(x1, y1, x2, y2).clamped(self.picture)

    def point_to_picture(self, point: ModelPoint, frame: Size) -> PicturePoint:
        """A point in the frame of this part, in picture pixels."""
        x, y = self._xyxy(point.xy, frame)
        return PicturePoint(x, y).clamped(self.picture)

    def box_from_picture(self, box: PictureBox, frame: Size) -> ModelBox:
        """A box of picture pixels in the frame of this part, cut to it and not empty."""
        x1, x2 = (_rounded((v - self.x) * frame.width / self.width) for v in (box.x1, box.x2))
        y1, y2 = (_rounded((v - self.y) * frame.height / self.height) for v in (box.y1, box.y2))
        return ModelBox(x1, y1, x2, y2).clamped(frame)

    def point_from_picture(self, point: PicturePoint, frame: Size) -> ModelPoint:
        """A point of picture pixels in the frame of this part."""
        at = self.box_from_picture(PictureBox(*point.xy, *point.xy), frame)
        return ModelPoint(at.x1, at.y1)

    def _xyxy(self, values: tuple[int, ...], frame: Size) -> list[int]:
        ways = (
            lambda v: self.across(Fraction(v, frame.width)),
            lambda v: self.down(Fraction(v, frame.height)),
        )
        return [_rounded(ways[i % 2](value)) for i, value in enumerate(values)]


def _rounded(value: Fraction) -> int:
    """The nearest whole number, halves upwards."""
    return math.floor(value + Fraction(1, 2))


def covered(box: PictureBox, by: PictureBox) -> float:
    """The share of a box's area that lies in another, 0 to 1."""
    return box.intersection(by) / box.area if box.area else 0.0


def widened(span: _Span, factor: float, margin: Fraction) -> _Span:
    """A span grown by a factor about its middle, and by a margin at both ends."""
    (low, high), grown = span, Fraction(factor)
    middle, half = (low + high) / 2, (high - low) / 2 * grown
    return middle - half - margin, middle + half + margin


def at_least(span: _Span, side: Fraction | int, within: _Span) -> _Span:
    """What of a span is ``within`` bounds, grown about its middle to at least ``side`` and moved there."""
    least, most = within
    low, high = max(span[0], least), min(span[1], most)
    missing = max(side - (high - low), Fraction(0)) / 2
    low, high = low - missing, high + missing
    moved = max(least - low, Fraction(0)) - max(high - most, Fraction(0))
    return max(low + moved, least), min(high + moved, most)
