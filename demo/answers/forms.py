"""The forms in which models write a box: from a list or an object to four numbers and a point.

Only what cannot mean anything else is read. Of the rest, `what_instead` says what it is. Nothing here
knows the frame: numbers stay as they were written (`frames.py`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain, repeat

from demo.answers.keys import (
    CORNERS,
    SIDES,
    SIZES,
    is_box_key,
    is_outline_key,
    is_point_key,
    may_be_box_key,
    normal_key,
)
from demo.answers.values import UNITS, Fields, Number, Value, number_of

Numbers = tuple[Number, ...]


@dataclass(frozen=True, slots=True)
class Form:
    """The four numbers of a box, x1, y1, x2, y2, and what stands for its point.

    ``repairs`` are names of repairs that it took (see `boxes.REPAIRS`).
    """

    box: Numbers
    point: Value = None
    repairs: frozenset[str] = frozenset()


def forms_of(fields: Fields) -> list[Form]:
    """The boxes that an object holds, each with its point."""
    points = list(points_of(fields))
    odd = {"keys"} if any(key != "point_2d" for key, _ in points) else set()
    values = list(chain.from_iterable(group(value) for _, value in points))
    nested = {"nested"} if any(group(value) is value for _, value in points) else set()
    return [
        replace(form, point=form.point or point, repairs=form.repairs | odd | nested)
        for form, point in zip(_boxes_of(fields), chain(values, repeat(None)), strict=False)
    ]


def forms_in(value: Value) -> list[Form]:
    """The boxes that a value is, or that it is a list of."""
    if isinstance(value, Fields):
        return forms_of(value)
    if isinstance(value, str):
        found = forms_in_text(value)
        return [_with(form, "strings") for form in found]
    if not isinstance(value, list):
        return []
    if not any(isinstance(item, list | Fields) for item in value) and (form := _flat(value)):
        return [form]
    if form := _of_corners(value):
        return [form]
    return [_with(form, "nested") for item in value for form in forms_in(item)]


def numbers_in(value: Value, count: int) -> tuple[Numbers, frozenset[str]] | None:
    """Exactly ``count`` numbers from a list or a text that holds a list, and the repairs; else None."""
    repairs = set()
    if isinstance(value, Fields):
        value = [by_normal_key(value).get(name) for name in ("x", "y")[:count]]
    if isinstance(value, str):
        value = list(_MARKS.sub(" ", value).split())
        repairs.add("strings")
    if not isinstance(value, list) or len(value) != count:
        return None
    numbers = [number for item in value if (number := _number(item)) is not None]
    if len(numbers) != count:
        return None
    if any(isinstance(item, str) for item in value):
        repairs.add("strings")
    if any(number.has_unit and not number.is_percent for number in numbers):
        repairs.add("units")
    return tuple(numbers), frozenset(repairs)


_MARKS = re.compile(r"[\[\](){}<>,;，、|]")


def _number(value: Value) -> Number | None:
    if isinstance(value, str):
        return number_of(value)
    return value if isinstance(value, Number) else None


def _with(form: Form, *repairs: str) -> Form:
    return replace(form, repairs=form.repairs.union(repairs))


def group(value: Value) -> list[Value]:
    """``[[…], […]]`` unchanged, one value as a list of one, None as an empty list."""
    if isinstance(value, list) and value and isinstance(value[0], list | Fields):
        return value
    return [] if value is None else [value]


# Objects.


def by_normal_key(fields: Fields) -> dict[str, Value]:
    """The values of an object by their keys as `normal_key` writes them."""
    return {normal_key(key): value for key, value in fields.named.items()}


def points_of(fields: Fields) -> Iterator[tuple[str, Value]]:
    """The keys of points in an object, with their values."""
    for key, value in fields.named.items():
        if is_point_key(key):
            yield key, value


def _boxes_of(fields: Fields) -> list[Form]:
    return (
        _under_box_keys(fields)
        or _of_named_numbers(by_normal_key(fields))
        or _under_other_keys(fields)
    )


def _under_box_keys(fields: Fields) -> list[Form]:
    """The boxes of the first key that has any, and of its like: ``bbox_1``, ``bbox_2``."""
    found = {key: forms for key in fields.named if (forms := _under_box_key(key, fields))}
    if not found:
        return []
    first = "bbox_2d" if "bbox_2d" in found else next(iter(found))
    same = [form for key, forms in found.items() if _stem(key) == _stem(first) for form in forms]
    boxes = [form.box for form in same]
    is_more = any(form.box not in boxes for forms in found.values() for form in forms)
    return [_with(form, *(["extra"] if is_more else [])) for form in same]


def _under_box_key(key: str, fields: Fields) -> list[Form]:
    if not is_box_key(key):
        return []
    value = fields.named[key]
    if isinstance(value, Number):  # the brackets were forgotten
        forms = [_with(form, "json") for form in forms_in([value, *fields.loose[:3]])]
    else:
        forms = forms_in(value)
    plain = normal_key(key)
    if plain.startswith("rect"):
        forms = [form for form in forms if is_ascending(form.box)]
    if plain.endswith("xywh"):
        forms = [Form(_of_size(form.box), form.point, form.repairs | {"size"}) for form in forms]
    return forms if key == "bbox_2d" else [_with(form, "keys") for form in forms]


def _stem(key: str) -> str:
    """A key without the number at its end, unless that says that it has two dimensions."""
    return normal_key(key).rstrip("0123456789")


def _of_named_numbers(named: dict[str, Value]) -> list[Form]:
    for names in SIDES:
        if found := numbers_in(_under(names, named), 4):
            return [Form(found[0], repairs=found[1] | {"sides"})]
    for names in SIZES:
        if found := numbers_in(_under(names, named), 4):
            return [Form(_of_size(found[0]), repairs=found[1] | {"size"})]
    for names in CORNERS:
        if form := _of_corners(_under(names, named)):
            return [form]
    return []


def _under(names: Sequence[str], named: dict[str, Value]) -> list[Value]:
    """The values under these names, none unless all are there."""
    return [named[name] for name in names] if all(name in named for name in names) else []


def _of_size(numbers: Numbers) -> Numbers:
    x, y, width, height = numbers
    return x, y, _sum(x, width), _sum(y, height)


def _sum(first: Number, second: Number) -> Number:
    return replace(
        first, value=first.value + second.value, is_whole=first.is_whole and second.is_whole
    )


def _under_other_keys(fields: Fields) -> list[Form]:
    """Four numbers that are a box by their order, under any key that does not say otherwise."""
    return [
        _with(form, "named" if key else "bare")
        for key, value in (*fields.named.items(), *_loose(fields))
        if isinstance(value, list | Fields | str) and may_be_box_key(key)
        for form in (_of_outline(value) if is_outline_key(key) else forms_in(value))
        if is_ascending(form.box)
    ]


def _loose(fields: Fields) -> list[tuple[str, Value]]:
    return [("", fields.loose)] if fields.loose else []


def is_ascending(box: Sequence[Number]) -> bool:
    """Whether x1 < x2 and y1 < y2."""
    return box[0].value < box[2].value and box[1].value < box[3].value


# Lists.


def _flat(values: list[Value]) -> Form | None:
    """A list of plain values: four numbers, alone or with a score or a name beside them."""
    if found := numbers_in(values, 4):
        return Form(found[0], repairs=found[1])
    numbers = [value for value in values if isinstance(value, Number)]
    if len(numbers) == 8 == len(values):
        corners = list(zip(numbers[::2], numbers[1::2], strict=True))
        return _around(corners) if _is_upright(corners) else None
    if not 4 < len(values) <= 6 or not all(isinstance(n, Number) for n in _without_name(values)):
        return None
    if len(numbers) == 4 or (len(numbers) > 4 and _is_score(numbers[4])):
        return Form(tuple(numbers[:4]), repairs=frozenset({"scores"}))
    return None


def _without_name(values: list[Value]) -> list[Value]:
    """The values without a name at either end."""
    for end in (0, -1):
        name = values[end]
        if isinstance(name, str) and name.isidentifier() and name.lower() not in _NO_NAMES:
            return values[1:] if end == 0 else values[:-1]
    return values


_NO_NAMES = UNITS | {"nan", "inf", "infinity", "true", "false", "null", "none"}


def _is_score(number: Number) -> bool:
    return not number.is_whole and 0 <= number.value <= 1


def _of_corners(values: Sequence[Value]) -> Form | None:
    """Two opposite corners, or the four of an upright box or of any quadrangle."""
    found = [numbers_in(value, 2) for value in values] if len(values) in (2, 4) else [None]
    if not all(found):
        return None
    corners = [each[0] for each in found if each]
    repairs = frozenset(chain.from_iterable(each[1] for each in found if each))
    if len(corners) == 2:
        return Form((*corners[0], *corners[1]), repairs=repairs | {"corners"})
    return _with(_around(corners), *repairs)


def _of_outline(value: Value) -> list[Form]:
    """The box around a polygon, written as points or as x, y, x, y, …"""
    if isinstance(value, list) and len(value) == 1 and isinstance(value[0], list):
        value = value[0]
    values = value if isinstance(value, list) else []
    if not any(isinstance(item, list | Fields) for item in values):
        values = [[*pair] for pair in zip(values[::2], values[1::2], strict=False)]
    found = [pair[0] for item in values if (pair := numbers_in(item, 2))]
    return [_around(found)] if len(found) == len(values) > 2 else []


def _around(corners: Iterable[Sequence[Number]]) -> Form:
    xs, ys = (sorted(side, key=lambda n: n.value) for side in zip(*corners, strict=True))
    return Form((xs[0], ys[0], xs[-1], ys[-1]), repairs=frozenset({"outline"}))


def _is_upright(corners: Sequence[Sequence[Number]]) -> bool:
    """Whether four corners have two x and two y between them."""
    return all(len({number.value for number in side}) == 2 for side in zip(*corners, strict=True))


# Texts.

_MAX_TEXT = 20_000  # characters of a text that may be nothing but numbers
_TAG = re.compile(r"<[/|]?[a-z_|]+(?:\s[^<>]{0,60})?>", re.IGNORECASE)
_SIDE = re.compile(
    r"\b([a-z][a-z_]{0,20}\d?)[\"']?\s{0,3}[:=>]\s{0,3}[\"']?([-+]?\d{1,9}(?:\.\d{1,15})?)",
    re.IGNORECASE,
)
_LABEL = re.compile(r"^[\"']?[^\W\d][\w -]{0,30}[\"']?\s{0,3}[:=：]")
# Coordinates that are words of a vocabulary: thousandths in angles, and PaliGemma's 1024ths, y first.
_THOUSANDTHS = re.compile(r"<(?:loc_)?(\d{1,4})>" * 4)
_LOCATIONS = re.compile(r"<loc(\d{4})>" * 4)


def forms_in_text(text: str) -> list[Form]:
    """The boxes of a text without lists: four numbers a line, sides by name, or special words."""
    if len(text) > _MAX_TEXT:
        return []
    return _of_words(text) or _of_sides(text) or _of_lines(text)


def _of_words(text: str) -> list[Form]:
    found = [
        [int(digits) / 1000 for digits in match.groups()] for match in _THOUSANDTHS.finditer(text)
    ]
    for match in _LOCATIONS.finditer(text):
        y1, x1, y2, x2 = (int(digits) / 1024 for digits in match.groups())
        found.append([x1, y1, x2, y2])
    return [
        Form(tuple(Number(v, is_whole=False) for v in box), None, frozenset({"words"}))
        for box in found
    ]


def _of_sides(text: str) -> list[Form]:
    """``x1=10, y1=20, …``, also one a line, or in tags; a name that comes again begins another box."""
    groups: list[dict[str, Value]] = [{}]
    for match in _SIDE.finditer(text):
        name = normal_key(match[1])
        if name in groups[-1]:
            groups.append({})
        groups[-1][name] = number_of(match[2])
    return [form for group in groups for form in _of_named_numbers(group)]


def _of_lines(text: str) -> list[Form]:
    lines = [_LABEL.sub("", line.strip(" -*•")) for line in _TAG.sub("\n", text).splitlines()]
    lines = [line for line in lines if line and not _is_heading(line)]
    found = [numbers_in(line, 4) for line in lines]
    if not all(found) and not _TAG.search(text):
        return []
    return [Form(each[0], repairs=each[1] - {"strings"}) for each in found if each]


def _is_heading(line: str) -> bool:
    """Whether a line of a table holds the names of sides, or only rules."""
    words = tuple(map(normal_key, _MARKS.sub(" ", line).split()))
    return words in SIDES or not any(words)
