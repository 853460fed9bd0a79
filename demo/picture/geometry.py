"""Boxes and points in two frames, as two types that cannot be mixed up.

*Picture pixels* (`PictureBox`, `PicturePoint`) are what people see, draw and save. The *model
frame* (`ModelBox`, `ModelPoint`) is the square the model is shown, 840 × 840 for RegionReasoner,
whatever the picture's shape. Every value is a whole number: a coordinate is rounded once, when it
is converted, because citations are later compared for equality. Boxes are xyxy with x2, y2
exclusive edges.

This file knows neither regions nor text nor any model.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Self

# Of every picture that is talked about: a larger or smaller file is read in another size.
MAX_PICTURE_PIXELS = 50_000_000
MAX_PICTURE_SIDE = 32_000  # which browsers and the formats that they load can still take
MIN_PICTURE_SIDE = 16
MAX_PICTURE_RATIO = 100  # of the long side to the short one


@dataclass(frozen=True, slots=True)
class Size:
    """Width and height in pixels of a picture or of a model frame; both at least 1."""

    width: int
    height: int

    def __post_init__(self) -> None:
        if self.width < 1 or self.height < 1:
            raise ValueError(
                f"a size needs at least 1 × 1 pixels, got {self.width} × {self.height}"
            )


@dataclass(frozen=True, slots=True)
class _Box:
    """What boxes of both frames can do. ``x1 <= x2`` and ``y1 <= y2`` in whole pixels."""

    x1: int
    y1: int
    x2: int
    y2: int

    def __post_init__(self) -> None:
        if self.x1 > self.x2 or self.y1 > self.y2:
            raise ValueError(f"a box needs x1 <= x2 and y1 <= y2, got {self.xyxy}")

    @classmethod
    def ordered(cls, xyxy: tuple[int, int, int, int]) -> Self:
        """The box between two corners, whichever comes first."""
        x1, y1, x2, y2 = xyxy
        return cls(min(x1, x2), min(y1, y2), max(x1, x2), max(y1, y2))

    @classmethod
    def whole(cls, size: Size) -> Self:
        """The box around all pixels of a picture or frame of that size."""
        return cls(0, 0, size.width, size.height)

    @property
    def xyxy(self) -> tuple[int, int, int, int]:
        return self.x1, self.y1, self.x2, self.y2

    @property
    def width(self) -> int:
        return self.x2 - self.x1

    @property
    def height(self) -> int:
        return self.y2 - self.y1

    @property
    def area(self) -> int:
        return self.width * self.height

    def iou(self, other: Self) -> float:
        """Intersection over union of two boxes in the same frame, 0 where the union is empty."""
        shared = self.intersection(other)
        union = self.area + other.area - shared
        return shared / union if union else 0.0

    def intersection(self, other: Self) -> int:
        """Shared area in square pixels."""
        width = min(self.x2, other.x2) - max(self.x1, other.x1)
        height = min(self.y2, other.y2) - max(self.y1, other.y1)
        return max(width, 0) * max(height, 0)

    def clamped(self, size: Size) -> Self:
        """The box cut to ``size`` and kept at least one pixel wide and high inside it."""
        x1, x2 = _clamp_span(self.x1, self.x2, size.width)
        y1, y2 = _clamp_span(self.y1, self.y2, size.height)
        return type(self)(x1, y1, x2, y2)

    def is_inside(self, size: Size) -> bool:
        """Whether ``0 <= x1 < x2 <= width`` and ``0 <= y1 < y2 <= height``."""
        return 0 <= self.x1 < self.x2 <= size.width and 0 <= self.y1 < self.y2 <= size.height


@dataclass(frozen=True, slots=True)
class PictureBox(_Box):
    """A box in picture pixels."""

    def to_model(self, picture: Size, frame: Size) -> ModelBox:
        """The same box in the model frame, ``x · frame / picture``, rounded and not empty."""
        box = ModelBox(*_scale(self.xyxy, picture, frame))
        return box.clamped(frame)


@dataclass(frozen=True, slots=True)
class ModelBox(_Box):
    """A box in the model frame."""

    def to_picture(self, picture: Size, frame: Size) -> PictureBox:
        """The same box in picture pixels, ``x · picture / frame``, rounded and not empty."""
        box = PictureBox(*_scale(self.xyxy, frame, picture))
        return box.clamped(picture)


@dataclass(frozen=True, slots=True)
class _Point:
    """What points of both frames can do."""

    x: int
    y: int

    @property
    def xy(self) -> tuple[int, int]:
        return self.x, self.y

    def clamped(self, size: Size) -> Self:
        """The point moved to the nearest pixel of ``size``."""
        return type(self)(min(max(self.x, 0), size.width - 1), min(max(self.y, 0), size.height - 1))


@dataclass(frozen=True, slots=True)
class PicturePoint(_Point):
    """A point in picture pixels."""

    def to_model(self, picture: Size, frame: Size) -> ModelPoint:
        """The same point in the model frame, rounded."""
        x, y = _scale((self.x, self.y), picture, frame)
        return ModelPoint(x, y).clamped(frame)

    def is_inside(self, box: PictureBox) -> bool:
        """Whether the point lies in the box or on its edge."""
        return box.x1 <= self.x <= box.x2 and box.y1 <= self.y <= box.y2


@dataclass(frozen=True, slots=True)
class ModelPoint(_Point):
    """A point in the model frame."""

    def to_picture(self, picture: Size, frame: Size) -> PicturePoint:
        """The same point in picture pixels, rounded."""
        x, y = _scale((self.x, self.y), frame, picture)
        return PicturePoint(x, y).clamped(picture)

    def is_inside(self, box: ModelBox) -> bool:
        """Whether the point lies in the box or on its edge."""
        return box.x1 <= self.x <= box.x2 and box.y1 <= self.y <= box.y2


def round_half_up(value: float) -> int:
    """Nearest whole number, halves upwards, so that equal distances always round the same way."""
    low = math.floor(value)
    return low + (value - low >= 0.5)


def _scale(values: tuple[int, ...], source: Size, target: Size) -> tuple[int, ...]:
    """x, y, x, y, … from one size to another, each rounded once, halves upwards.

    ``floor(v · t / s + 1/2)`` in whole numbers: a float ratio would tip some halves the wrong way.
    """
    ratios = ((target.width, source.width), (target.height, source.height))
    pairs = ((value, *ratios[i % 2]) for i, value in enumerate(values))
    return tuple((2 * value * t + s) // (2 * s) for value, t, s in pairs)


def _clamp_span(low: int, high: int, limit: int) -> tuple[int, int]:
    low, high = min(max(low, 0), limit), min(max(high, 0), limit)
    if low == high:
        low = min(low, limit - 1)
        high = low + 1
    return low, high
