"""How what people and models wrote becomes text of the dialogue: as it is, with links to regions.

The chat shows Markdown; `plain` leaves none of it, no HTML, no link and no formula in what others
wrote. This file knows names and boxes, not sessions.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from demo.checks import XYXY, Citation, find_citations
from demo.geometry import PictureBox, Size
from demo.references import ANY_NAME
from demo.regions import number_of
from demo.ui.theme import tone

Boxes = Mapping[XYXY, str]

_SIGNS = {"ok": "✓", "note": "·", "warning": "⚠", "missing": "○"}
_PUNCTUATION = re.compile(r"[!-/:-@\[-`{-~]")
_INDENTED = re.compile(r"^[ \t]+", re.MULTILINE)


def plain(text: str) -> str:
    """Text that Markdown shows as it is: every sign of punctuation as a character reference."""
    return _PUNCTUATION.sub(lambda m: f"&#{ord(m[0])};", text)


def marked(level: str, text: str) -> str:
    """A sentence with its sign, in the colour of its level (ok, note, warning; missing is a warning)."""
    return f'<span class="finding {level}">{_SIGNS[level]} {plain(text)}</span>'


def code(text: str) -> str:
    """A model's text as it was written, in letters of one width."""
    return f"<code>{plain(text)}</code>"


def link(name: str) -> str:
    """A region's name, connected with the canvas."""
    return f"[{name}](#{name})"


def mark(name: str) -> str:
    """A region's name in its colour, where no link may stand: in what is itself a button."""
    return f'<span class="mark tone-{tone(number_of(name))}">{name}</span>'


def linked_names(text: str, names: Iterable[str]) -> str:
    """A person's sentence with the regions it means as links."""
    known = {name.upper(): link(name) for name in names}
    return _replaced(
        text, ((m.start(), m.end(), known.get(m[0].upper())) for m in ANY_NAME.finditer(text))
    )


def linked_boxes(text: str, boxes: Boxes, *, invented: bool = False) -> str:
    """A model's text with the boxes that have a name as links.

    With ``invented`` the others are marked as boxes that nobody gave.
    """

    def shown(citation: Citation) -> str | None:
        if citation.box in boxes:
            return link(boxes[citation.box])
        written = plain(text[citation.start : citation.end])
        return f'<span class="invented">{written}</span>' if invented else None

    return _replaced(text, ((c.start, c.end, shown(c)) for c in find_citations(text)))


def resolved_boxes(prompted: str, links: Boxes) -> str:
    """A question as the model got it, each box behind the link of what it stands for."""
    return _replaced(
        prompted,
        (
            (c.start, c.end, f"{links[c.box]} → {plain(prompted[c.start : c.end])}")
            for c in find_citations(prompted)
            if c.box in links
        ),
    )


def place(box: PictureBox, size: Size) -> str:
    """Where a box is, in words: "upper left", "in the middle", …"""
    x = (box.x1 + box.x2) / 2 / size.width
    y = (box.y1 + box.y2) / 2 / size.height
    column = "left" if x < 1 / 3 else "right" if x > 2 / 3 else ""
    row = "upper" if y < 1 / 3 else "lower" if y > 2 / 3 else ""
    if row and column:
        return f"{row} {column}"
    if column:
        return f"on the {column}"
    return {"upper": "at the top", "lower": "at the bottom", "": "in the middle"}[row]


def _replaced(text: str, spans: Iterable[tuple[int, int, str | None]]) -> str:
    """The text made plain, but for the spans that have something to stand in their place."""
    pieces: list[str] = []
    last = 0
    for start, end, new in spans:
        if new is not None:
            pieces += [plain(text[last:start]), new]
            last = end
    return _INDENTED.sub("", "".join([*pieces, plain(text[last:])])).strip()
