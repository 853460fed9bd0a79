"""What is worth knowing about an answer, and the parts of a model's text: values that a session keeps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing worth knowing about an answer; ``level`` is ok, note or warning.

    Where it can be seen, as far as that is known: in the trace, a ``part`` and there the characters
    ``span`` (start, end); on the picture, a ``region`` (R1, R2.1) that was given, the ``object`` (1, 2, …)
    of the answer, or ``model_box``, four numbers as the model wrote them in its frame.
    """

    kind: str
    level: str
    text: str
    part: str | None = None
    span: tuple[int, int] | None = None
    region: str | None = None
    object: int | None = None
    model_box: tuple[int, int, int, int] | None = None

    def to_dict(self) -> dict[str, Any]:
        """The JSON form; what is not known is left out."""
        values = {name: getattr(self, name) for name in self.__slots__}
        known = {name: value for name, value in values.items() if value is not None}
        return {n: list(v) if isinstance(v, tuple) else v for n, v in known.items()}


@dataclass(frozen=True, slots=True)
class TraceText:
    """The four parts of a model's text; None for a part that is not there."""

    scene: str | None = None
    focus: str | None = None
    think: str | None = None
    answer: str | None = None
