"""Brightness in more than 8 bits → bytes: 10 and 12 bits in 16, depth in millimetres, floats.

A picture that uses the range of its type stays as it is. One that uses little of it would be black, or all
one grey: it is stretched to what is there, and that is said.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from demo.errors import PictureError

Values = NDArray[Any]
_USED = 4  # a picture that spans a quarter of its range uses it
_DEEP_WHITE = 65535.0
_FEW = 16  # values: so many look like a picture, fewer like marks
_SAMPLE = 10_000


@dataclass(frozen=True, slots=True)
class Span:
    """The values that are black and white, and whether they are those of the type or were found."""

    black: float
    white: float
    stretched: bool = False

    def to_bytes(self, values: Values) -> NDArray[np.uint8]:
        """Brightness 0…255 of the values, rounded; what is no number is black."""
        scale = 255 / (self.white - self.black)
        with np.errstate(over="ignore", invalid="ignore"):  # marks are as large as floats can be
            scaled = (values.astype(np.float32) - np.float32(self.black)) * np.float32(scale)
        scaled = np.nan_to_num(scaled, copy=False, nan=0, posinf=255, neginf=0)
        return np.asarray(np.floor(np.clip(scaled, 0, 255) + 0.5), dtype=np.uint8)

    @property
    def note(self) -> str:
        """The sentence about it."""
        return (
            f"This picture uses the values from {_shown(self.black)} to {_shown(self.white)} only: "
            "they are shown stretched, from black to white."
        )


def bytes_of(array: Values) -> tuple[NDArray[np.uint8], tuple[str, ...]]:
    """An array [H, W] or [H, W, C] of any type as bytes, and what is to be said about it. A fourth channel
    is opacity, which is never stretched. Raises PictureError when no value is a number.
    """
    if array.dtype == np.uint8:
        return array, ()
    if array.dtype == np.bool_:
        return array.astype(np.uint8) * np.uint8(255), ()
    has_alpha = array.ndim == 3 and array.shape[2] == 4
    colours = array[:, :, :3] if has_alpha else array
    span = span_of([colours])
    result = span.to_bytes(colours)
    if has_alpha:
        alpha = array[:, :, 3]
        full = next((w for w in _whites(alpha.dtype.kind) if alpha.max() <= w), _DEEP_WHITE)
        result = np.dstack((result, Span(0.0, full).to_bytes(alpha)))
    return result, (span.note,) if span.stretched else ()


def span_of(bands: Iterable[Values]) -> Span:
    """What is black and white in a picture that is given band by band.

    Values that stand far apart from all others mark where nothing was measured, and are left out.
    Raises PictureError when no value is a number.
    """
    kind, low, high, sample = "f", list[float](), list[float](), list[Values]()
    for band in bands:
        kind = band.dtype.kind
        values = band[np.isfinite(band)] if kind == "f" else band.ravel()
        if values.size:
            lowest, highest = _ends(values)
            low, high = sorted({*low, *lowest})[:2], sorted({*high, *highest})[-2:]
            sample.append(values[:: max(1, values.size // _SAMPLE)])
    if not low:
        raise PictureError("This picture holds values that are not numbers, and cannot be shown.")
    return _span(kind, *_without_marks(low, high, np.concatenate(sample)))


def _ends(values: Values) -> tuple[list[float], list[float]]:
    """The two lowest and the two highest values that differ, fewer where there are no more."""
    lowest, highest = values.min(), values.max()
    inner = values[(values > lowest) & (values < highest)]
    low, high = (inner.min(), inner.max()) if inner.size else (highest, lowest)
    return [float(lowest), float(low)], [float(high), float(highest)]


def _without_marks(low: list[float], high: list[float], sample: Values) -> tuple[float, float]:
    """The lowest and the highest value; one that is farther from the next than all others from each other
    is none of the picture.
    """
    inner = sample[(sample > low[0]) & (sample < high[-1])]
    if np.unique(inner).size < _FEW:
        return low[0], high[-1]
    if high[-1] - high[0] > high[0] - low[-1]:
        high = high[:1]
    if low[-1] - low[0] > high[-1] - low[-1]:
        low = low[1:]
    return low[0], high[-1]


def _span(kind: str, low: float, high: float) -> Span:
    for white in _whites(kind):
        if low >= 0 and high <= white:
            is_used = low == high or (high - low) * _USED >= white
            return Span(0.0, white) if is_used else Span(low, high, stretched=True)
    return Span(low, max(high, low + 1), stretched=True)


def _whites(kind: str) -> tuple[float, ...]:
    """What white usually is in numbers of that kind."""
    return (1.0, 255.0) if kind == "f" else (_DEEP_WHITE,)


def _shown(value: float) -> str:
    return f"{value:,.0f}" if value == int(value) else f"{value:,.4g}"
