"""The boxes and points that a text mentions, and RegionReasoner's reward for citing the given ones."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from demo.picture.geometry import Size, round_half_up

XYXY = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class Citation:
    """Four numbers in brackets inside a text: ``text[start:end]``, including a ``bbox=`` before them.

    ``box`` is rounded to whole pixels of the model frame; a `ModelBox` may not accept it.
    """

    box: XYXY
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Pointer:
    """Two whole numbers in round brackets inside a text, ``text[start:end]``: a point.

    ``xy`` are pixels of the model frame.
    """

    xy: tuple[int, int]
    start: int
    end: int


_POINTER = re.compile(r"\(\s*+([0-9]{1,5}+)\s*+,\s*+([0-9]{1,5}+)\s*+\)", re.ASCII)
_COORDINATE = r"([+-]?(?:[0-9]{1,15}+(?:\.[0-9]{0,30}+)?|\.[0-9]{1,30}+)(?:e[+-]?[0-9]\b)?)"
_BETWEEN = r"(?:\s*+[,;，、]\s*+|\s++)"
_CITATION = re.compile(
    r"(?:\bbbox(?:_2d)?\s*+)?(?:=\s*+)?\[\s*+" + _BETWEEN.join([_COORDINATE] * 4) + r"\s*+\]",
    re.IGNORECASE | re.ASCII,
)


def find_citations(text: str, last: int | None = None) -> tuple[Citation, ...]:
    """All boxes a text mentions, in order: four numbers in brackets, after ``bbox``, ``=`` or not; or the
    ``last`` so many.
    """
    matches = deque(_CITATION.finditer(text), maxlen=last)
    return tuple(Citation(_round_box(match.groups()), *match.span()) for match in matches)


def find_pointers(text: str, frame: Size) -> tuple[Pointer, ...]:
    """All points inside the frame that a text mentions, in order."""
    found = (Pointer((int(m[1]), int(m[2])), m.start(), m.end()) for m in _POINTER.finditer(text))
    return tuple(p for p in found if p.xy[0] < frame.width and p.xy[1] < frame.height)


def _round_box(numbers: Sequence[str]) -> XYXY:
    x1, y1, x2, y2 = (round_half_up(float(number)) for number in numbers)
    return x1, y1, x2, y2


def citation_reward(cited: Iterable[XYXY], given: Iterable[XYXY]) -> float:
    """RegionReasoner's reward for citing references, 0 to 1.

    With C the distinct boxes cited in ``<think>`` and G those given: 1 for citing at all plus
    ``|C ∩ G| / |C|``, times η = 0.5 when C holds a box that is not in G, divided by 2 so that full credit
    is 1. Without citations it is 0; with nothing given it is 1.
    """
    cited_boxes, given_boxes = set(cited), set(given)
    if not given_boxes:
        return 1.0
    if not cited_boxes:
        return 0.0
    penalty = 1.0 if cited_boxes <= given_boxes else 0.5
    return penalty * (1 + len(cited_boxes & given_boxes) / len(cited_boxes)) / 2
