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

    def whole(self, name: str, default: int | None = None) -> int:
        """A whole number from 0 to MAX_NUMBER."""
        return _whole(self._value(name, default))

    def wholes(self, name: str, max_count: int) -> list[int]:
        """The whole numbers of a list; those after the first ``max_count`` are left out."""
        return [_whole(number) for number in _of_type(list, self._value(name))[:max_count]]

    def text(self, name: str, max_length: int = MAX_TEXT) -> str:
        """A text, cut to ``max_length`` characters; empty when there is none."""
        text = _of_type(str, self._value(name, ""))[:max_length]
        return text.encode(errors="ignore").decode()  # without halves of surrogate pairs

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
        x1, y1, x2, y2 = self._coordinates(name, 4)
        return PictureBox(min(x1, x2), min(y1, y2), max(x1, x2), max(y1, y2))

    def point(self, name: str) -> PicturePoint:
        """A point, which may lie outside the picture."""
        return PicturePoint(*self._coordinates(name, 2))

    def _coordinates(self, name: str, count: int) -> list[int]:
        numbers = _of_type(list, self._value(name))
        if len(numbers) != count:
            raise InputError(NOT_UNDERSTOOD)
        return [_whole(number, -MAX_NUMBER) for number in numbers]

    def _value(self, name: str, default: object = None) -> object:
        value = self._values.get(name)
        return default if value is None else value


def _of_type(kind: type[Value], value: object) -> Value:
    """A value of that very type: True is no number. Raises InputError."""
    if type(value) is not kind:
        raise InputError(NOT_UNDERSTOOD)
    return value


def _whole(value: object, minimum: int = 0) -> int:
    number = _of_type(int, value)
    if not minimum <= number <= MAX_NUMBER:
        raise InputError(NOT_UNDERSTOOD)
    return number
