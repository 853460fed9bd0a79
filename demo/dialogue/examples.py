"""The examples that people can open with one click: each a picture and a few questions."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from demo.machine.own_files import EXAMPLES


@dataclass(frozen=True, slots=True)
class Example:
    """A picture with questions to ask in order; ``note`` says what kind it is, where that is needed.

    Of a photograph the built-in model knows nothing.
    """

    title: str
    picture: Path
    questions: tuple[str, ...]
    note: str = ""
    is_photograph: bool = False


def load_examples(folder: Path = EXAMPLES) -> tuple[Example, ...]:
    """The examples that ``examples.json`` lists, in its order."""
    rows = json.loads((folder / "examples.json").read_text(encoding="utf-8"))
    return tuple(
        Example(
            row["title"],
            folder / row["picture"],
            tuple(row["questions"]),
            row.get("note", ""),
            row.get("photograph", False),
        )
        for row in rows
    )
