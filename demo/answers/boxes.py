"""The boxes and points in the text of an answer: a lenient JSON reader that is fed as text streams.

The normal form is ``[{"bbox_2d": [x1, y1, x2, y2], "point_2d": [x, y]}, …]`` in whole pixels of the model
frame, or that of a dialect, such as ``(x1,y1),(x2,y2)``. What can be read is read, and every repair is
noted by name. No text raises an error, none is run; every character is looked at once, and nesting is
counted, not followed.

This file does not know the tags around an answer (`trace.py`), what was asked, or the picture.
"""

from __future__ import annotations

import json
import math
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from itertools import chain, repeat

from demo.picture.geometry import (
    ModelBox,
    ModelPoint,
    PictureBox,
    PicturePoint,
    Size,
    round_half_up,
)

# The repairs of an answer, each with the phrase that a person reads, in reading order.
REPAIRS = {
    "tags": "an <answer> tag was missing",
    "prose": "text around the list was skipped",
    "fence": "a Markdown fence was removed",
    "comments": "comments were skipped",
    "quotes": "quotes were corrected",
    "commas": "commas were corrected",
    "json": "mistakes in the JSON were corrected",
    "lone": "a lone object was read as a list of one",
    "bare": "a bare list of numbers was read as a box",
    "nested": "boxes were taken out of a nested form",
    "keys": "other keys than bbox_2d and point_2d were accepted",
    "strings": "numbers written as text were read as numbers",
    "swapped": "swapped corners were put in order",
    "thin": "a box without width or height was made one pixel wide",
    "point": "a point that could not be read was left out",
    "extra": "values that belong to no object were left out",
}


@dataclass(frozen=True, slots=True)
class TraceObject:
    """One object of the answer in the model frame; its box is inside the frame and not empty."""

    box: ModelBox
    point: ModelPoint | None = None

    @property
    def is_point_outside(self) -> bool:
        """Whether its point lies outside its box."""
        return self.point is not None and not self.point.is_inside(self.box)

    def in_picture(self, size: Size, frame: Size) -> tuple[PictureBox, PicturePoint | None]:
        """Its box and point in picture pixels."""
        point = None if self.point is None else self.point.to_picture(size, frame)
        return self.box.to_picture(size, frame), point


@dataclass(frozen=True, slots=True)
class Reading:
    """The content of one answer.

    ``repairs`` are keys of `REPAIRS`, ``cuts`` phrases about boxes and points that reached outside the
    frame, and ``dropped`` counts objects without a usable box. ``is_empty``: it is an empty list. ``times``
    is how often the box that is written most often was written.
    """

    objects: tuple[TraceObject, ...]
    repairs: frozenset[str]
    cuts: tuple[str, ...]
    dropped: int
    is_empty: bool
    times: int = 0

    @property
    def is_readable(self) -> bool:
        return bool(self.objects) or self.is_empty


_MAX_DEPTH = 16  # deeper lists hold no boxes; they are counted, not kept
_MAX_WORD = 100  # characters kept of a string or word; keys and numbers are shorter
_MAX_COORDINATE = 1e9  # larger numbers are no coordinates that could be cut to the frame
_CLOSING_QUOTES = {'"': '"', "'": "'", "“": "”", "‘": "’"}
_BRACKETS = {"}": "{", "]": "["}
# Marks written instead of JSON's; the wide ones are Chinese and Japanese.
_MEANT = {"，": ",", "、": ",", "：": ":", "［": "[", "］": "]", "｛": "{", "｝": "}", ";": ","}
_AFTER_STRING = frozenset(",:=}]/\"'“‘").union(_MEANT)
_WORD_ENDS = frozenset('{}[],:="`/\\').union(_MEANT)
_IN_CORNER = frozenset("0123456789+-., ")
_BOX_KEYS = ("bbox_2d", "bbox", "box_2d", "box", "bounding_box", "bboxes", "bboxs", "boxes")
_POINT_KEYS = ("point_2d", "point", "points_1", "point_1", "points", "points_2d")
_KEYS = dict.fromkeys(_BOX_KEYS, "bbox_2d") | dict.fromkeys(_POINT_KEYS, "point_2d")

# The values of a list or an object; an object inside it is kept as None.
_Value = float | str | None | list["_Value"]
_Token = Generator[None, str, str]


@dataclass(slots=True)
class _Level:
    """An open bracket: ``[`` with its values, or ``{`` with its box and point."""

    bracket: str
    found_before: int
    values: list[_Value] = field(default_factory=list)
    fields: dict[str, _Value] = field(default_factory=dict)
    key: str | None = None
    has_odd_keys: bool = False

    def put(self, value: _Value) -> None:
        if self.bracket == "[":
            self.values.append(value)
        elif self.key is None and isinstance(value, str):
            self.key = value
        else:
            key, self.key = self.key or "", None
            name = _KEYS.get(key.lower())
            if name and (key == name or name not in self.fields):
                self.fields[name] = value
                self.has_odd_keys |= key != name


class AnswerReader:
    """Reads one answer chunk by chunk; where it is cut makes no difference.

    ``native`` are the keys of `REPAIRS` that count as no repair in the answer's dialect, with ``pairs``
    where boxes are written as ``(x1,y1),(x2,y2)``.
    """

    def __init__(self, frame: Size, native: frozenset[str] = frozenset()) -> None:
        self._frame, self._native = frame, native
        self._levels: list[_Level] = []
        self._skipped = 0
        self._last = ""
        self._corner: list[_Value] = []
        self._repairs: set[str] = set()
        self._cuts: list[str] = []
        self._objects: list[TraceObject] = []
        self._lists: list[list[_Value]] = []
        self._dropped = 0
        self._empty = False
        self._tokens = self._read_tokens()
        next(self._tokens)

    @property
    def is_open(self) -> bool:
        """Whether a list or an object has begun but not ended."""
        return bool(self._levels)

    @property
    def is_complete(self) -> bool:
        """Whether there is an answer, of objects or none, and nothing is open."""
        return not self._levels and bool(self._objects or self._empty)

    def feed(self, text: str) -> list[TraceObject]:
        """The objects that these characters complete."""
        before = len(self._objects)
        for character in text:
            self._tokens.send(character)
        return self._objects[before:]

    def finish(self, whole: str | None, *, is_tagged: bool = True) -> Reading:
        """What was read; to be called once.

        ``whole`` is everything that was fed, None when the answer was cut off: a list left open at the
        end of a whole answer is a mistake and is completed, else it is left out. Lists outside objects
        are boxes only when there is no object. ``is_tagged`` is False if a tag was missing.
        """
        if whole is not None:
            self._complete(whole)
        alone = not self._objects
        for values in self._lists:
            fits = alone and self._add(values, None)
            self._repairs.add("bare" if fits else "extra")
        empty = self._empty and not (self._objects or self._dropped or "extra" in self._repairs)
        repairs = frozenset(self._repairs if is_tagged else self._repairs | {"tags"})
        return Reading(
            tuple(self._objects), repairs - self._native, tuple(self._cuts), self._dropped, empty
        )

    def _complete(self, whole: str) -> None:
        self._tokens.send("\n")
        while self._levels:
            self._end_level()
        if not self._repairs and not _is_json(whole):
            self._repairs.add("json")

    # Tokens: generators that take one character at a time. Where one pauses is its state.

    def _read_tokens(self) -> Generator[None, str, None]:
        character = yield
        while True:
            token = self._token(character)
            character = (yield from token) if token else (yield)

    def _token(self, first: str) -> _Token | None:
        """A token of several characters, which returns the one after it; None for a mark, read here."""
        if self._levels and first in _MEANT:
            self._repairs.add("json")
            first = _MEANT[first]
        if first == "`":
            return self._fence()
        if first == "/":
            return self._comment()
        if first == "\\":
            return self._backslash()
        if first == "(" and not self._levels and "pairs" in self._native:
            return self._pair()
        if self._levels and first in _CLOSING_QUOTES:
            return self._string(_CLOSING_QUOTES[first])
        if self._levels and not first.isspace() and first not in _WORD_ENDS:
            return self._word(first)
        self._mark(first)
        return None

    def _mark(self, character: str) -> None:
        if character in "[{":
            self._open(character)
        elif character == ",":
            self._comma()
        elif self._levels and character in _BRACKETS:
            self._close(_BRACKETS[character])
        elif self._levels and character in ":=":
            self._last = ":"
        elif not character.isspace():
            self._repairs.add("prose")

    def _fence(self) -> _Token:
        self._repairs.add("fence")
        while (character := (yield)) == "`" or character.isalnum():
            pass
        return character

    def _comment(self) -> _Token:
        character = yield
        if character not in "/*":
            self._repairs.add("json" if self._levels else "prose")
            return character
        self._repairs.add("comments")
        end = "\n" if character == "/" else "*/"
        latest = "  "
        while not latest.endswith(end):
            latest = latest[-1] + (yield)
        return " "

    def _backslash(self) -> _Token:
        """Between values it means nothing; before a quote, the whole list was a quoted string."""
        self._repairs.add("json" if self._levels else "prose")
        character = yield
        if character != '"' or not self._levels:
            return character
        return (yield from self._string('"', escaped=True))

    def _pair(self) -> _Token:
        """``(x,y)`` outside lists; two of them with a comma between them are a box."""
        text = ""
        while (character := (yield)) in _IN_CORNER and len(text) < _MAX_WORD:
            text += character
        corner: list[_Value] = [_number(part) for part in text.split(",")]
        if character != ")" or len(corner) != 2:
            self._drop_corner()
            self._repairs.add("prose")
            return character
        box, self._corner = [*self._corner, *corner], []
        if len(box) == 2:
            self._corner = box
        else:
            self._add(box, None)
            self._repairs.add("pairs")
        while (character := (yield)).isspace() or character == ",":
            pass
        if character != "(":
            self._drop_corner()
        return character

    def _drop_corner(self) -> None:
        if self._corner:
            self._repairs.add("prose")
        self._corner = []

    def _string(self, quote: str, *, escaped: bool = False) -> _Token:
        word, ended = "", False
        while not (ended and quote == '"'):
            character = yield
            # An apostrophe looks like a closing quote too: the next character tells.
            if ended and character in _AFTER_STRING:
                break
            ended = character == quote or (ended and character.isspace())
            if character == "\\":
                character = yield
                ended |= escaped and character == quote
            if not ended and len(word) < _MAX_WORD:
                word += character
        if quote != '"':
            self._repairs.add("quotes")
        self._value(word.strip())
        return " " if quote == '"' else character

    def _word(self, character: str) -> _Token:
        word = ""
        while not character.isspace() and character not in _WORD_ENDS:
            if len(word) < _MAX_WORD:
                word += character
            character = yield
        if not math.isnan(number := _number(word)):
            self._value(number)
        elif word in ("null", "None"):
            self._value(None)
        else:
            if word not in ("true", "false", "NaN"):
                self._repairs.add("quotes")
            self._value(word)
        return character

    def _value(self, value: _Value) -> None:
        if self._last == "value":
            self._repairs.add("commas")
        self._last = "value"
        if not self._skipped:
            self._levels[-1].put(value)

    def _comma(self) -> None:
        if self._last != "value" or not self._levels:
            self._repairs.add("commas" if self._levels or self._last == "value" else "prose")
        self._last = ","
        if self._levels:
            self._levels[-1].key = None

    # Lists and objects.

    def _open(self, bracket: str) -> None:
        if self._levels and self._last == "value":
            self._repairs.add("commas")
        self._last = bracket
        if len(self._levels) < _MAX_DEPTH:
            self._levels.append(_Level(bracket, len(self._objects)))
        else:
            self._skipped += 1

    def _close(self, bracket: str) -> None:
        if self._last == ",":
            self._repairs.add("commas")
        self._empty |= self._last == bracket == "[" and len(self._levels) == 1
        self._last = "value"
        if self._skipped:
            self._skipped -= 1
        elif any(level.bracket == bracket for level in self._levels):
            # A bracket of the other kind in between was never closed: it ends here as well.
            while self._end_level() != bracket:
                self._repairs.add("json")

    def _end_level(self) -> str:
        level = self._levels.pop()
        outside = "".join(outer.bracket for outer in self._levels)
        if level.bracket == "{":
            self._read_object(level, outside)
        if "{" in outside:
            self._levels[-1].put(level.values if level.bracket == "[" else None)
        elif level.bracket == "{":
            self._dropped += len(self._objects) == level.found_before
        elif level.values:
            self._lists.append(level.values)
        return level.bracket

    def _read_object(self, level: _Level, outside: str) -> None:
        boxes, points = level.fields.get("bbox_2d"), level.fields.get("point_2d")
        pairs = zip(_group(boxes), chain(_group(points), repeat(None)), strict=False)
        if not sum(self._add(box, point) for box, point in pairs):
            return
        if level.has_odd_keys:
            self._repairs.add("keys")
        if not outside:
            self._repairs.add("lone")
        if outside not in ("", "[") or _group(boxes) is boxes or _group(points) is points:
            self._repairs.add("nested")

    # Numbers.

    def _add(self, box: _Value, point: _Value) -> bool:
        """Whether the values are a box, which is then added as an object."""
        corners = self._numbers(box, 4)
        if corners is None:
            return False
        fitted = self._fit_box(*corners)
        inner = None if point is None else self._fit_point(self._numbers(point, 2))
        self._objects.append(TraceObject(fitted, inner))
        return True

    def _numbers(self, value: _Value, count: int) -> Iterator[int] | None:
        """``count`` numbers, rounded, from a list or a string that holds a list; else None."""
        if isinstance(value, str):
            value = list(value.strip("[]() ").replace(",", " ").split())
        if not isinstance(value, list) or len(value) != count:
            return None
        numbers = [_number(item) for item in value]
        if not all(abs(number) <= _MAX_COORDINATE for number in numbers):
            return None
        if any(isinstance(item, str) for item in value):
            self._repairs.add("strings")
        return map(round_half_up, numbers)

    def _fit_box(self, x1: int, y1: int, x2: int, y2: int) -> ModelBox:
        if x1 > x2 or y1 > y2:
            self._repairs.add("swapped")
        box = ModelBox(min(x1, x2), min(y1, y2), max(x1, x2), max(y1, y2))
        if not box.area:
            self._repairs.add("thin")
        fitted = box.clamped(self._frame)
        if min(x1, y1, x2, y2) < 0 or box.x2 > self._frame.width or box.y2 > self._frame.height:
            self._cuts.append(f"the box {list(box.xyxy)} became {list(fitted.xyxy)}")
        return fitted

    def _fit_point(self, numbers: Iterator[int] | None) -> ModelPoint | None:
        if numbers is None:
            self._repairs.add("point")
            return None
        point = ModelPoint(*numbers)
        fitted = point.clamped(self._frame)
        if fitted != point:
            self._cuts.append(f"the point {list(point.xy)} became {list(fitted.xy)}")
        return fitted


def _is_json(text: str) -> bool:
    try:
        # A whole number may be too long for int; "NaN" is not JSON, and int refuses it.
        json.loads(text, parse_int=float, parse_constant=int)
    except (ValueError, RecursionError):
        return False
    return True


def _number(value: _Value) -> float:
    """The number that a value is or spells; NaN for anything else."""
    try:
        return float(value) if isinstance(value, float | str) else math.nan
    except ValueError:
        return math.nan


def _group(value: _Value) -> list[_Value]:
    """``[[…], […]]`` unchanged, one value as a list of one, None as an empty list."""
    if isinstance(value, list) and value and isinstance(value[0], list):
        return value
    return [] if value is None else [value]
