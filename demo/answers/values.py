"""The values that a model writes: numbers with the way they are written, and objects with their keys."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Number:
    """A number as written: whether in whole digits, as a percentage, or with a unit such as ``px``."""

    value: float
    is_whole: bool = True
    is_percent: bool = False
    has_unit: bool = False


@dataclass(slots=True)
class Fields:
    """An object: the values of its keys as they are written, and values without a key."""

    named: dict[str, Value] = field(default_factory=dict)
    loose: list[Value] = field(default_factory=list)

    def __iter__(self) -> Iterator[tuple[str, Value]]:
        yield from self.named.items()
        yield from (("", value) for value in self.loose)


Value = Number | str | None | list["Value"] | Fields

UNITS = frozenset({"px", "pixel", "pixels", "%", "％"})
_UNIT = re.compile(r"\s*(?:px|pixels?|([%％]))$", re.IGNORECASE)


def number_of(word: str) -> Number | None:
    """The number that a word spells, with or without a unit; None for any other word and for NaN."""
    unit = _UNIT.search(word)
    digits = word[: unit.start()] if unit else word
    try:
        value = float(digits)
    except ValueError:
        return None
    is_whole = not {".", "e", "E"} & set(digits)
    is_percent = bool(unit and unit[1])
    return None if math.isnan(value) else Number(value, is_whole, is_percent, bool(unit))


def with_unit(number: Number, unit: str) -> Number:
    """A number before a word of `UNITS`."""
    is_percent = unit in "%％"
    return Number(number.value, number.is_whole, is_percent or number.is_percent, has_unit=True)
