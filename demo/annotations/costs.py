"""What the masks and outlines of labels cost to read, counted before the first of them is made.

A few numbers in a file can stand for a mask of fifty million pixels, a thousand times over. So every format
says of each of its objects how many pixels will be gone through for it, from sizes, corners and lengths
alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from demo.dialogue import limits
from demo.errors import InputError
from demo.picture.polygons import Polygon, length_of

# As long as so many pixels takes, as measured, a pixel along an outline, and a character of run lengths.
_ALONG, _CHARACTER = 8, 10


class Room:
    """How much is read of all labels that came together."""

    def __init__(self, most: int = limits.MASK_PIXELS.most) -> None:
        self._most = self._left = most

    def take(self, costs: Iterable[int]) -> None:
        """Count what the objects of a picture cost. Raises InputError, in words that follow a place."""
        needed = sum(costs)
        if needed > self._left:
            raise InputError(
                f"its masks and outlines, with those before them, stand for "
                f"{self._most - self._left + needed:,} pixels, and at most {self._most:,} are read. Open "
                "fewer pictures at once, make them smaller with their labels, or leave objects out"
            )
        self._left -= needed


def of_outline(parts: Sequence[Polygon]) -> int:
    """The cost of an outline. Raises InputError, in words that follow a place."""
    return int(_ALONG * length_of(parts))


def of_run_lengths(counts: Sequence[object]) -> int:
    """The cost of COCO's string, or of a list of numbers. Raises InputError for one that is too long."""
    if len(counts) > limits.MASK_TEXT.most:
        raise InputError(
            f"its mask has {len(counts):,} characters, of which {limits.MASK_TEXT.most:,} are read"
        )
    return _CHARACTER * len(counts)
