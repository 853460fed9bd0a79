"""What a browser sends with an event, read one checked value at a time.

A browser may send anything. Every value is either of its kind and within its limits or refused with the
same sentence; nothing else that was sent is looked at, so that no payload costs more than a small one.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, TypeVar

import gradio as gr

from demo.errors import InputError
from demo.picture.geometry import PictureBox, PicturePoint
from demo.ui.shared.sentences import NOT_UNDERSTOOD

MAX_NUMBER = 1_000_000
MAX_TEXT = 500  # characters; what is longer is cut
Value = TypeVar("Value")


class Payload:
    """The values of one event. Every method raises InputError for a value that cannot be used."""

    def __init__(self, event: gr.EventData) -> None:
        self._values: dict[str, Any] = event._data if isinstance(event._data, dict) else {}

    @classmethod
    def of(cls, values: dict[str, Any]) -> Payload:
        """Of values that are there already, not yet checked."""
        payload = cls.__new__(cls)
        payload._values = values
        return payload

    def has(self, name: str) -> bool:
        """Whether there is such a value."""
        return self._value(name) is not None

    def whole(self, name: str, default: int | None = None) -> int:
        """A whole number from 0 to MAX_NUMBER."""
        return _whole(self._value(name, default))

    def wholes(self, name: str, max_count: int) -> list[int]:
        """The whole numbers of a list; those after the first ``max_count`` are left out."""
        return [_whole(number) for number in _of_type(list, self._value(name))[:max_count]]

    def text(self, name: str, max_length: int = MAX_TEXT) -> str:
        """A text, cut to ``max_length`` characters; empty when there is none."""
        return _text(self._value(name, ""), max_length)

    def texts(self, name: str, max_count: int) -> list[str]:
        """The texts of a list, at least one and at most ``max_count``; each is cut as `text` cuts."""
        return [_text(text, MAX_TEXT) for text in self._several(name, max_count)]

    def boxes(self, name: str, max_count: int) -> list[PictureBox]:
        """The boxes of a list, at least one and at most ``max_count``, as `box` reads them."""
        return [_box(value) for value in self._several(name, max_count)]

    def points(self, name: str, max_count: int) -> list[PicturePoint]:
        """The points of a list, at least one and at most ``max_count``, as `point` reads them."""
        return [PicturePoint(*_coordinates(value, 2)) for value in self._several(name, max_count)]

    def parts(self, name: str, max_count: int) -> list[Payload]:
        """The values of a list, at least one and at most ``max_count``, each to be read like an event's."""
        return [Payload.of(_of_type(dict, value)) for value in self._several(name, max_count)]

    def one_of(self, name: str, known: Collection[str]) -> str:
        """One of the ``known`` words."""
        word = _of_type(str, self._value(name))
        if word not in known:
            raise InputError(NOT_UNDERSTOOD)
        return word

    def flag(self, name: str, *, default: bool = False) -> bool:
        """True or false."""
        return _of_type(bool, self._value(name, default))

    def box(self, name: str) -> PictureBox:
        """The box between any two opposite corners; it may reach outside the picture."""
        return _box(self._value(name))

    def point(self, name: str) -> PicturePoint:
        """A point, which may lie outside the picture."""
        return PicturePoint(*_coordinates(self._value(name), 2))

    def way(self, name: str) -> tuple[int, int]:
        """How far across and down, in whole pixels; either may be negative."""
        across, down = _coordinates(self._value(name), 2)
        return across, down

    def _several(self, name: str, max_count: int) -> list[Any]:
        values = _of_type(list, self._value(name))
        if not 1 <= len(values) <= max_count:
            raise InputError(NOT_UNDERSTOOD)
        return values

    def _value(self, name: str, default: object = None) -> object:
        value = self._values.get(name)
        return default if value is None else value


def _of_type(kind: type[Value], value: object) -> Value:
    """A value of that very type: True is no number. Raises InputError."""
    if type(value) is not kind:
        raise InputError(NOT_UNDERSTOOD)
    return value


def _text(value: object, max_length: int) -> str:
    text = _of_type(str, value)[:max_length]
    return text.encode(errors="ignore").decode()  # without halves of surrogate pairs


def _box(value: object) -> PictureBox:
    x1, y1, x2, y2 = _coordinates(value, 4)
    return PictureBox.ordered((x1, y1, x2, y2))


def _coordinates(value: object, count: int) -> list[int]:
    numbers = _of_type(list, value)
    if len(numbers) != count:
        raise InputError(NOT_UNDERSTOOD)
    return [_whole(number, -MAX_NUMBER) for number in numbers]


def _whole(value: object, minimum: int = 0) -> int:
    number = _of_type(int, value)
    if not minimum <= number <= MAX_NUMBER:
        raise InputError(NOT_UNDERSTOOD)
    return number
