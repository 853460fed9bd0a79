"""Lists and objects as they open and close: nesting is counted, not followed.

It tells a `Listener` of every object and outermost list as soon as it is complete. It does not know which
of them are boxes, except by the keys of boxes, which decide whether an object inside another one is a thing
of its own or a part of the other.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Protocol

from demo.answers.keys import is_box_key
from demo.answers.values import Fields, Number, Value, with_unit

_MAX_DEPTH = 16  # deeper lists hold no boxes; they are counted, not kept
_TOO_DEEP = "…"  # stands for them
_MAX_NAME = 60  # characters before a list that may name it
_NAME = re.compile(r"(\w+)\W*$")


def has_box_key(fields: Fields) -> bool:
    """Whether an object has the key of a box."""
    return any(map(is_box_key, fields.named))


class Listener(Protocol):
    """Whoever wants the lists and objects."""

    def take_object(self, fields: Fields, outside: str, *, is_closed: bool) -> bool:
        """An object inside the open brackets ``outside``; whether it is more than a part of them.

        Without ``is_closed`` its own bracket never came.
        """

    def take_rest(self, fields: Fields) -> None:
        """What else stands in an object that holds others, which were taken."""

    def take_list(self, name: str, values: list[Value], *, is_closed: bool) -> None:
        """An outermost list without the objects in it, and the word before it."""

    def take_corners(self, numbers: list[Number]) -> None:
        """Two or four numbers in round brackets, or two such pairs in a row."""


@dataclass(slots=True)
class _Level:
    """An open bracket: ``[`` with its values, or ``{`` with its fields."""

    bracket: str
    taken_before: int
    name: str = ""
    fields: Fields = field(default_factory=Fields)
    key: str | None = None

    @property
    def values(self) -> list[Value]:
        return self.fields.loose

    def put(self, value: Value) -> None:
        if self.bracket == "[":
            self.values.append(value)
        elif self.key is not None:
            self.fields.named[self.key], self.key = value, None
        elif isinstance(value, str):
            self.key = value
        else:
            self.values.append(value)

    def end_field(self) -> None:
        """A key without a value is a value."""
        if self.key is not None:
            self.values.append(self.key)
        self.key = None


class Nesting:
    """The open lists and objects; corrections are noted in ``repairs``."""

    def __init__(self, listener: Listener, repairs: set[str]) -> None:
        self._listener, self._repairs = listener, repairs
        self._levels: list[_Level] = []
        self._skipped = self._taken = 0
        self._last = self._before = ""
        self._corner: list[Number] = []

    @property
    def is_open(self) -> bool:
        """Whether a list or an object has begun but not ended."""
        return bool(self._levels)

    def end_all(self) -> None:
        """End what is still open, as a whole answer demands."""
        self.end_corners()
        while self._levels:
            self._end_level(is_closed=False)

    # Outside of lists.

    def prose(self, character: str) -> None:
        """A character that belongs to nothing."""
        self._before = (self._before + character)[-_MAX_NAME:]
        if not character.isspace():
            self._repairs.add("prose")

    def corner(self, numbers: list[Number]) -> None:
        """Numbers in round brackets; `end_corners` follows unless the next ones come at once."""
        if len(self._corner) + len(numbers) > 4:
            self.end_corners()
        self._corner += numbers
        if len(self._corner) == 4:
            self.end_corners()

    def end_corners(self) -> None:
        if self._corner:
            self._listener.take_corners(self._corner)
        self._corner = []

    # Inside.

    def value(self, value: Value) -> None:
        if self._last == "value":
            self._repairs.add("commas")
        self._last = "value"
        if not self._skipped:
            self._put(value)

    def _put(self, value: Value) -> None:
        level = self._levels[-1]
        level.put(value)
        if level.key is not None and level.key in level.fields.named and is_box_key(level.key):
            self._split(level)

    def _split(self, level: _Level) -> None:
        """The key of a box for the second time: another object begins, without its brackets."""
        key, level.key = level.key, None
        self._repairs.add("json")
        self._end_level(is_closed=True)
        self._levels.append(_Level("{", self._taken, key=key))

    def unit(self, word: str) -> bool:
        """A unit as a word of its own; whether it stands behind a number."""
        level = self._levels[-1]
        number = level.values[-1] if level.bracket == "[" and level.values else None
        if not isinstance(number, Number) or self._skipped or self._last != "value":
            return False
        level.values[-1] = with_unit(number, word)
        return True

    def colon(self) -> None:
        """After a key; in a list, the bracket that ends the list was forgotten."""
        inner = self._levels[-1]
        if inner.bracket == "[" and not self._skipped and self._last == "value":
            outer = self._levels[-2] if len(self._levels) > 1 else None
            key = inner.values[-1] if inner.values else None
            if outer and outer.bracket == "{" and isinstance(key, str):
                inner.values.pop()
                self._repairs.add("json")
                self._end_level(is_closed=True)
                self._put(key)
        self._last = ":"

    def comma(self) -> None:
        if self._last != "value" or not self._levels:
            self._repairs.add("commas" if self._levels or self._last == "value" else "prose")
        self._last = ","
        if self._levels and not self._skipped:
            self._levels[-1].end_field()

    def open(self, bracket: str) -> None:
        if self._levels and self._last == "value":
            self._repairs.add("commas")
        self._last = bracket
        if self._skipped or len(self._levels) == _MAX_DEPTH:
            if not self._skipped:
                self._put(_TOO_DEEP)
            self._skipped += 1
            return
        self.end_corners()
        if bracket == "{" and self._levels and self._is_object_left_open():
            self._repairs.add("json")
            self._end_level(is_closed=True)
        name = _NAME.search(self._before)
        self._levels.append(_Level(bracket, self._taken, "" if name is None else name[1]))
        self._before = ""

    def _is_object_left_open(self) -> bool:
        """Whether another object begins where only a key can: the closing brace was forgotten."""
        level = self._levels[-1]
        return level.bracket == "{" and level.key is None and bool(level.fields.named)

    def close(self, bracket: str) -> None:
        if self._last == ",":
            self._repairs.add("commas")
        self._last = "value"
        if self._skipped:
            self._skipped -= 1
        elif any(level.bracket == bracket for level in self._levels):
            # A bracket of the other kind in between was never closed: it ends here as well.
            while self._end_level(is_closed=True) != bracket:
                self._repairs.add("json")

    def _end_level(self, *, is_closed: bool) -> str:
        level = self._levels.pop()
        level.end_field()
        outer = self._levels[-1] if self._levels else None
        if level.bracket == "{":
            self._end_object(level, outer, is_closed=is_closed)
        elif level.values or self._taken == level.taken_before:
            if outer is None:
                self._listener.take_list(level.name, level.values, is_closed=is_closed)
            else:
                self._put(level.values)
        return level.bracket

    def _end_object(self, level: _Level, outer: _Level | None, *, is_closed: bool) -> None:
        outside = "".join(each.bracket for each in self._levels)
        has_box = has_box_key(level.fields)
        is_value_of_box = outer is not None and outer.key is not None and is_box_key(outer.key)
        is_part = "{" in outside and (is_value_of_box or not has_box)
        is_part = is_part or not self._take(level, outside, is_closed=is_closed)
        if is_part and "{" in outside:
            self._put(level.fields)
        if outer is not None:
            outer.key = None

    def _take(self, level: _Level, outside: str, *, is_closed: bool) -> bool:
        """Hand over an object, or what is left of one that holds others."""
        if self._taken > level.taken_before and not has_box_key(level.fields):
            self._listener.take_rest(level.fields)
            return True
        is_taken = self._listener.take_object(level.fields, outside, is_closed=is_closed)
        self._taken += is_taken or "{" not in outside
        return is_taken
