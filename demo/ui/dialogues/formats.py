"""In which formats the panel offers to save dialogues, in groups as a list shows them."""

from __future__ import annotations

from demo.annotations.command import DIALOGUE, DRAWN, PAGE
from demo.annotations.formats import FORMATS

Group = tuple[str, list[tuple[str, str]]]


def format_groups() -> list[Group]:
    """Title of each group, and its formats: the word for it, and what people call it."""
    labels = [(name, form.title) for name, form in FORMATS.items()]
    figures = [(name, name.upper()) for name in DRAWN]
    return [
        ("To open again", [(DIALOGUE, "Dialogue")]),
        ("Labels for other tools", labels),
        ("To show", [(PAGE, "Web page"), *figures]),
    ]
