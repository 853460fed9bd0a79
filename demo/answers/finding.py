"""Findings about an answer, and the parts of a model's text: values that a session stores."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing worth knowing about an answer; ``level`` is ok, note or warning.

    Its place, where that is known: in the trace, a ``part`` and the characters ``span`` (start, end) of it;
    on the picture, a given ``region`` (R1, R2.1), the ``object`` (1, 2, …) of the answer, or ``model_box``,
    four numbers in the model frame as the model wrote them; among the closer looks, the ``look`` (1, 2, …).
    """

    kind: str
    level: str
    text: str
    part: str | None = None
    span: tuple[int, int] | None = None
    region: str | None = None
    object: int | None = None
    model_box: tuple[int, int, int, int] | None = None
    look: int | None = None

    def to_dict(self) -> dict[str, Any]:
        """The JSON form, without the fields that are None."""
        values = {name: getattr(self, name) for name in self.__slots__}
        known = {name: value for name, value in values.items() if value is not None}
        return {n: list(v) if isinstance(v, tuple) else v for n, v in known.items()}


OUTSIDE = "world.outside"  # the model has never seen anything like the picture


@dataclass(frozen=True, slots=True)
class TraceText:
    """The four parts of a model's text; None for a part that is not there."""

    scene: str | None = None
    focus: str | None = None
    think: str | None = None
    answer: str | None = None
