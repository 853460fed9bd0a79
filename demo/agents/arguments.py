"""The arguments of one call, which a model wrote: read leniently, refused in sentences that help it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from demo.errors import InputError, join_with_and, one_line
from demo.picture.geometry import PictureBox, Size

_MAX_SHOWN = 40  # characters of a name that is not one


@dataclass(frozen=True, slots=True)
class Arguments:
    """The arguments of ``tool``; null and an empty text, as models fill in forms, count as left out."""

    tool: str
    values: Mapping[str, Any]

    @classmethod
    def read(cls, tool: str, values: Mapping[str, Any], known: Sequence[str]) -> Arguments:
        """Raises InputError for an argument that the tool does not have."""
        for name in values.keys() - set(known):
            raise InputError(
                f"{tool} has no argument “{one_line(name, _MAX_SHOWN)}”: it takes {join_with_and(known)}."
            )
        return cls(tool, {key: value for key, value in values.items() if value not in (None, "")})

    def __contains__(self, name: str) -> bool:
        return name in self.values

    def text(self, name: str) -> str:
        """Raises InputError for anything but text, and without it."""
        value = self.values.get(name)
        if not isinstance(value, str) or not value.strip():
            raise InputError(f"{self.tool} needs {name}, as text.")
        return value.strip()

    def flag(self, name: str) -> bool:
        """False where it is left out. Raises InputError."""
        value = self.values.get(name, False)
        if isinstance(value, str) and value.lower() in ("true", "false"):
            return value.lower() == "true"
        if not isinstance(value, bool):
            raise InputError(f"{name} is true or false.")
        return value

    def texts(self, name: str) -> list[str]:
        """One text or several. Raises InputError."""
        value = self.values.get(name)
        values: list[Any] = value if isinstance(value, list) else [value]
        if not values or not all(isinstance(each, str) and each.strip() for each in values):
            raise InputError(f"{self.tool} needs {name}: a text, or a list of texts.")
        return values

    def box(self, name: str, size: Size) -> PictureBox:
        """x1, y1, x2, y2 in pixels of a picture of that size. Raises InputError."""
        value = self.values.get(name)
        numbers = _parsed(value) if isinstance(value, str) else value
        if not isinstance(numbers, list) or len(numbers) != 4 or not all(map(_is_number, numbers)):
            raise InputError(
                f"{name} is four numbers, [x1, y1, x2, y2], in pixels of the picture, which is "
                f"{size.width} × {size.height}."
            )
        x1, y1, x2, y2 = (round(number) for number in numbers)
        if not (x1 < x2 and y1 < y2 and x1 < size.width and y1 < size.height and x2 > 0 and y2 > 0):
            raise InputError(
                f"{name} [{x1}, {y1}, {x2}, {y2}] is not a place in the picture, which is {size.width} × "
                f"{size.height} pixels: x1 < x2 and y1 < y2 are wanted, from the upper left corner."
            )
        return PictureBox(x1, y1, x2, y2).clamped(size)

    def value(self, name: str) -> Any:
        """As it came."""
        return self.values[name]


def _parsed(text: str) -> Any:
    try:
        return json.loads(text if text.lstrip().startswith("[") else f"[{text}]")
    except (ValueError, RecursionError):
        return None


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e9
