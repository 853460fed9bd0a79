"""What stands in the place of boxes: nothing, in its many forms, or something that is no box.

The first is an answer: nothing matches. Of the second a person is told what it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from demo.answers.forms import by_normal_key, group, numbers_in, points_of
from demo.answers.keys import is_box_key, is_center_key
from demo.answers.nothing import says_nothing
from demo.answers.values import Fields, Number, Value

_COUNTS = ["no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
_MAX_SHOWN = 40  # characters of a word

_COLLECTION_KEY = re.compile(
    r"(?:object|detection|result|item|instance|annotation|target|answer|region|prediction|box)s?|"
    r"matches|output|data"
)
_FOUND_KEY = re.compile(r"(?:is)?(?:found|exists?|present|visible|detected|match)")
_COUNT_KEY = re.compile(r"(?:num|number|count|total)\w*")
_TEXT_KEY = re.compile(r"status|error|message|reason|note|comment|explanation|response|text")


def is_blank(value: Value) -> bool:
    """Whether a value says that there is nothing: null, an empty list, only zeros, “none”, …"""
    if isinstance(value, str):
        return not value or says_nothing(value)
    if isinstance(value, Fields):
        return _is_blank_object(value)
    if isinstance(value, list):
        return is_zero(value) or all(map(is_blank, value))
    return value is None


def is_zero(values: Sequence[Value]) -> bool:
    """Whether the numbers of a box or point are all 0, or all −1, as where a form had to be filled in."""
    numbers = {value.value for value in values if isinstance(value, Number)}
    all_numbers = all(isinstance(value, Number) for value in values)
    return len(values) in (2, 4) and all_numbers and numbers in ({0}, {-1})


def _is_blank_object(fields: Fields) -> bool:
    named = by_normal_key(fields)
    points = [value for _, value in points_of(fields)]
    holding = [v for k, v in named.items() if is_box_key(k) or _COLLECTION_KEY.fullmatch(k)]
    if holding:
        return all(map(is_blank, [*holding, *points]))
    if any(_denies(key, value) for key, value in named.items()):
        return True
    return all(map(is_blank, [*named.values(), *fields.loose]))


def _denies(key: str, value: Value) -> bool:
    """Whether a field says by itself that there is nothing: ``"found": false``, ``"count": 0``."""
    if isinstance(value, Number):
        return value.value == 0 and _COUNT_KEY.fullmatch(key) is not None
    if not isinstance(value, str):
        return False
    if _TEXT_KEY.fullmatch(key):
        return says_nothing(value)
    return value.lower() in ("false", "no") and _FOUND_KEY.fullmatch(key) is not None


def what_instead(value: Value) -> str:
    """What a value is that holds no box, as a phrase; empty where there is nothing to say of it."""
    if isinstance(value, Fields):
        return next(filter(None, _phrases(value)), "")
    return _of_list(value) if isinstance(value, list) else ""


def _phrases(fields: Fields) -> Iterator[str]:
    items = fields.named.items()
    yield from (_of_key(key, item) for key, item in items if is_box_key(key) and not is_blank(item))
    yield from (_of_point(point) for _, item in points_of(fields) for point in group(item))
    if any(map(is_center_key, fields.named)):
        yield "the middle of a box and its size"
    yield from (_of_key(key, item) for key, item in items if isinstance(item, list | Fields))
    yield _of_list(fields.loose)


def _of_point(value: Value) -> str:
    found = numbers_in(value, 2)
    return f"a point without a box at ({_list(found[0])})" if found else ""


def _of_key(key: str, value: Value) -> str:
    if isinstance(value, str):
        return f"“{_short(key)}: {_short(value)}”"
    if isinstance(value, Fields):
        return what_instead(value)
    phrase = _of_list(value if isinstance(value, list) else [value])
    return phrase and f"{phrase} under “{_short(key)}”"


def _of_list(values: list[Value]) -> str:
    numbers = [value for value in values if isinstance(value, Number)]
    if numbers and len(numbers) == len(values):
        return _of_numbers(numbers)
    for item in values:
        if isinstance(item, list | Fields) and (phrase := what_instead(item)):
            return phrase
    words = [value for value in values if isinstance(value, str)]
    return f"“{_short(words[0])}”" if words else ""


def _of_numbers(numbers: list[Number]) -> str:
    if len(numbers) == 1:
        return f"a single number, {_list(numbers)}"
    if len(numbers) < len(_COUNTS):
        return f"a list of {_COUNTS[len(numbers)]} numbers, [{_list(numbers)}]"
    return f"a list of {len(numbers)} numbers, [{_list(numbers[:4])}, …]"


def _list(numbers: Sequence[Number]) -> str:
    return ", ".join(f"{number.value:g}{'%' if number.is_percent else ''}" for number in numbers)


def _short(text: str) -> str:
    return text if len(text) <= _MAX_SHOWN else text[: _MAX_SHOWN - 1] + "…"
