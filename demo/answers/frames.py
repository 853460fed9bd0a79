"""Numbers as a model wrote them, to boxes and points inside its frame.

Most are pixels of the frame. Percentages, and fractions of the picture's sides, are recognised where they
can be nothing else. Thousandths cannot be told from pixels by their numbers alone: that is only suspected.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from demo.answers.values import Number
from demo.picture.geometry import ModelBox, ModelPoint, Size, round_half_up

_MAX_COORDINATE = 1e9  # larger numbers are no coordinates that could be cut to the frame
_BESIDE = 0.1  # how far fractions may reach beyond the picture
_THOUSANDTHS = 1000


@dataclass(frozen=True, slots=True)
class Fitted:
    """A box cut to the frame, None where nothing is left of it, and the rounded numbers before.

    ``repairs`` are names of `boxes.REPAIRS`.
    """

    box: ModelBox | None
    written: ModelBox
    repairs: frozenset[str]

    @property
    def is_cut(self) -> bool:
        return self.box != self.written


def are_fractions(numbers: Sequence[Number]) -> bool:
    """Whether numbers can only be fractions of the picture's sides: up to 1, and not all whole."""
    return any(not number.is_whole for number in numbers) and all(
        -_BESIDE <= number.value <= 1 + _BESIDE for number in numbers
    )


def may_be_fractions(numbers: Sequence[Number]) -> bool:
    """Whether numbers are 0 or 1, which can be fractions as well as pixels."""
    return all(number.value in (0, 1) and not number.is_percent for number in numbers)


def fit_box(numbers: Sequence[Number], frame: Size, *, fractions: bool) -> Fitted | None:
    """The box of four numbers, which are pixels of the frame unless they are percentages or ``fractions``.

    None where it cannot be said which: huge numbers, or percentages beside others.
    """
    scaled = _scaled(numbers, frame, fractions=fractions)
    if scaled is None:
        return None
    pixels, repairs = scaled
    x1, y1, x2, y2 = pixels
    if x1 > x2 or y1 > y2:
        repairs |= {"swapped"}
    written = ModelBox.ordered((x1, y1, x2, y2))
    is_there = written.intersection(ModelBox(0, 0, frame.width, frame.height)) > 0
    return Fitted(written.clamped(frame) if is_there else None, written, repairs)


def fit_point(
    numbers: Sequence[Number], frame: Size, box: ModelBox, *, fractions: bool
) -> tuple[ModelPoint, frozenset[str]] | None:
    """The point of two numbers, not yet cut to the frame, and its repairs.

    A point in fractions beside a box in pixels is one only if it comes to lie in that box.
    """
    alone = not fractions and are_fractions(numbers)
    may_scale = alone or (fractions and all(-_BESIDE <= n.value <= 1 + _BESIDE for n in numbers))
    scaled = _scaled(numbers, frame, fractions=may_scale)
    if scaled is None:
        return None
    point = ModelPoint(*scaled[0])
    return None if alone and not point.is_inside(box) else (point, scaled[1])


def may_be_thousandths(box: ModelBox, frame: Size) -> bool:
    """Whether a box leaves the frame, but not a thousand."""
    beyond = box.x2 > frame.width or box.y2 > frame.height
    return beyond and min(box.xyxy) >= 0 and max(box.xyxy) <= _THOUSANDTHS


def _scaled(
    numbers: Sequence[Number], frame: Size, *, fractions: bool
) -> tuple[list[int], frozenset[str]] | None:
    percent = {number.is_percent for number in numbers}
    if len(percent) > 1 or not all(abs(number.value) <= _MAX_COORDINATE for number in numbers):
        return None
    whole, repair = (100, "percent") if True in percent else (1, "fractions")
    if not fractions and whole == 1:
        return [round_half_up(number.value) for number in numbers], frozenset()
    sides = (frame.width, frame.height) * 2
    pixels = [n.value * side / whole for n, side in zip(numbers, sides, strict=False)]
    return [round_half_up(pixel) for pixel in pixels], frozenset({repair})
