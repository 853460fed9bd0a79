"""Values of a JSON file, each checked: a file can hold anything at all.

Each function returns the value, or raises TypeError or ValueError with a reason that ends a sentence.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from demo.dialogue import limits
from demo.dialogue.limits import Limit

_MAX_WHOLE = 10**12
T = TypeVar("T")


def optional(read: Callable[[object], T], value: object) -> T | None:
    """The value as ``read`` reads it; None for null."""
    return None if value is None else read(value)


def fields(value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise TypeError(f"expected a group of named values, got {type(value).__name__}")
    return value


def items(value: object, limit: Limit = limits.VALUES) -> list[Any]:
    if not isinstance(value, list):
        raise TypeError(f"expected a list, got {type(value).__name__}")
    limit.check(len(value))
    return value


def each(name: str, values: Sequence[object], read: Callable[[dict[str, Any]], T]) -> tuple[T, ...]:
    """Groups of values as ``read`` reads them; the reason tells which one is wrong, as *turn 2: …*."""
    return tuple(_numbered(f"{name} {number}", v, read) for number, v in enumerate(values, start=1))


def _numbered(place: str, value: object, read: Callable[[dict[str, Any]], T]) -> T:
    try:
        return read(fields(value))
    except KeyError as error:
        raise ValueError(f"{place}: “{error.args[0]}” is missing") from error
    except (TypeError, ValueError) as error:
        raise ValueError(f"{place}: {error}") from error


def text(value: object, limit: Limit = limits.WORDS) -> str:
    if not isinstance(value, str):
        raise TypeError(f"expected a text, got {type(value).__name__}")
    limit.check(len(value))
    try:
        value.encode()
    except UnicodeEncodeError:
        raise ValueError("a text holds half a character, which cannot be saved") from None
    return value


def long_text(value: object) -> str:
    return text(value, limits.TEXT)


def one_of(value: object, *allowed: str | None) -> str | None:
    found = optional(text, value)
    if found not in allowed:
        raise ValueError(f"expected one of {', '.join(str(a) for a in allowed)}")
    return found


def matching(value: object, pattern: re.Pattern[str], meaning: str) -> str:
    """A text of that form; ids and hashes become file names elsewhere, so nothing else may pass."""
    found = text(value)
    if not pattern.fullmatch(found):
        raise ValueError(f"{found[:40]!r} is not {meaning}")
    return found


def flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise TypeError(f"expected true or false, got {type(value).__name__}")
    return value


def whole(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"expected a whole number, got {type(value).__name__}")
    if abs(value) > _MAX_WHOLE:
        raise ValueError("a number is too large")
    return value


def wholes(value: object, count: int) -> list[int]:
    numbers = [whole(v) for v in items(value)]
    if len(numbers) != count:
        raise ValueError(f"expected {count} numbers, got {len(numbers)}")
    return numbers


def number(value: object) -> float:
    if isinstance(value, float) and math.isfinite(value):
        return value
    return float(whole(value))
