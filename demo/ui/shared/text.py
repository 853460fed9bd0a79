"""How what people and models wrote becomes text of the dialogue: as it is, with links to regions.

The chat shows Markdown; `plain` leaves none of it, no HTML, no link and no formula in what others
wrote. This file knows names and boxes, not sessions.
"""

from __future__ import annotations

import re
import string
from collections.abc import Callable, Collection, Iterable, Mapping

from demo.answers.citations import XYXY, Citation, Pointer, find_citations
from demo.language.chains import is_name
from demo.language.names import read_names
from demo.picture.geometry import PictureBox, Size
from demo.picture.palette import tone
from demo.picture.regions import number_of

Boxes = Mapping[XYXY, str]
Stretch = tuple[int, int, str]
"""From where to where in a text, and the class it gets."""

_NONE: Mapping[XYXY, str] = {}
_SIGNS = {"ok": "✓", "note": "·", "warning": "⚠", "missing": "○", "sum": "Σ"}
_RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff]")
_LINE = re.compile(r".+")
_QUOTED = re.compile(r"(?<=“)[^”]+(?=”)")
_REFERENCES = {ord(sign): f"&#{ord(sign)};" for sign in string.punctuation}
# By how many characters a reference is longer than its signs.
_LONGER = {
    more: bytes(code for code, said in _REFERENCES.items() if len(said) == 1 + more)
    for more in (4, 5)
}
_INDENTED = re.compile(r"^[ \t]+", re.MULTILINE)


def plain(text: str) -> str:
    """Text that Markdown shows as it is: every sign of punctuation as a character reference."""
    return text.translate(_REFERENCES)


def plain_length(text: str) -> int:
    """The length of `plain`, counted in a twentieth of the time."""
    written = text.encode("utf-8", "surrogatepass")
    return len(text) + sum(
        more * (len(written) - len(written.translate(None, delete=signs)))
        for more, signs in _LONGER.items()
    )


def marked(level: str, text: str, address: str = "") -> str:
    """A sentence with its sign, in the colour of its level: ok, note, warning, missing (a warning) or sum.

    With an ``address`` it is a link.
    """
    words = _QUOTED.sub(lambda m: _apart_within(m[0])(m[0]), plain(text))
    sentence = f"[{words}]({address})" if address else words
    return f'<span class="finding {level}">{_SIGNS[level]} {sentence}</span>'


def code(text: str, stretches: Iterable[Stretch] = ()) -> str:
    """A model's text as it was written, in letters of one width; the stretches can be found there."""
    return f"<code>{_classed(text, (), stretches)}</code>"


def link(name: str) -> str:
    """A region's name, connected with the canvas."""
    return f"[{name}](#{name})"


def mark(name: str) -> str:
    """A region's name in its colour, for places where no link is allowed, such as a button."""
    return f'<span class="mark tone-{tone(number_of(name))}">{name}</span>'


def linked_names(text: str, names: Collection[str]) -> str:
    """A person's sentence with the regions that it names as links."""
    mentions = read_names(text, names).mentions
    spots = (spot for mention in mentions for spot in mention.spots if spot[2] in names)
    return _replaced(
        text, ((start, end, _linked(text[start:end], name)) for start, end, name in spots)
    )


def _linked(words: str, name: str) -> str:
    return link(name) if is_name(words) else f"[{plain(words)}](#{name})"


def linked_boxes(
    text: str,
    boxes: Boxes,
    *,
    invented: Callable[[XYXY], str] | None = None,
    pointers: Mapping[Pointer, str] | None = None,
    looked: Mapping[XYXY, str] = _NONE,
    stretches: Iterable[Stretch] = (),
) -> str:
    """A model's text with the boxes that have a name as links, in which the stretches can be found.

    With ``invented``, which gives the address of a box, the others are marked as boxes that nobody gave.
    ``pointers`` are points that the text mentions, with the addresses that they become links to, ``looked``
    boxes that were looked at closer, with theirs.
    """

    apart = _apart_within(text)

    def replacement(citation: Citation) -> str | None:
        if citation.box in boxes:
            return link(boxes[citation.box])
        if citation.box in looked:
            written = plain(text[citation.start : citation.end])
            return f'<span class="looked">[{written}]({looked[citation.box]})</span>'
        if invented is None:
            return apart(plain(text[citation.start : citation.end]))
        written = plain(text[citation.start : citation.end])
        return f'<span class="invented">[{written}]({invented(citation.box)})</span>'

    spans = [(c.start, c.end, replacement(c)) for c in find_citations(text)]
    for pointer, address in (pointers or {}).items():
        written = plain(text[pointer.start : pointer.end])
        span = f'<span class="pointer">[{written}]({address})</span>'
        spans.append((pointer.start, pointer.end, span))
    return _unindented(_classed(text, sorted(spans, key=lambda span: span[:2]), stretches))


def resolved_boxes(prompted: str, links: Boxes) -> str:
    """A question as the model got it, each box behind the link of what it stands for."""
    apart = _apart_within(prompted)
    spans = (
        (c.start, c.end, apart(f"{links[c.box]} → {plain(prompted[c.start : c.end])}"))
        for c in find_citations(prompted)
        if c.box in links
    )
    return _LINE.sub(lambda m: _apart_within(m[0])(m[0]), _replaced(prompted, spans))


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


def side(box: PictureBox, size: Size) -> str:
    """The same as a thing: "upper left", "middle", …"""
    return place(box, size).split(" the ")[-1]


def _apart_within(text: str) -> Callable[[str], str]:
    """What makes markup run its own way and move nothing beside it, in text from the right."""
    return "<bdi>{}</bdi>".format if _RIGHT_TO_LEFT.search(text) else str


# Pieces: a text is escaped, except for the spans that have a replacement.

_Span = tuple[int, int, str | None]


def _replaced(text: str, spans: Iterable[_Span]) -> str:
    return _unindented(_Pieces(text, spans).until(len(text)))


def _unindented(text: str) -> str:
    return _INDENTED.sub("", text).strip()


def _classed(text: str, spans: Iterable[_Span], stretches: Iterable[Stretch]) -> str:
    """With the stretches in elements of their class, as far as their first line goes."""
    pieces = _Pieces(text, spans)
    written: list[str] = []
    for start, end, names in _disjoint(stretches, pieces.spans):
        written.append(pieces.until(start))
        written.append(f'<span class="{names}">{pieces.until(pieces.line_end(start, end))}</span>')
    return "".join([*written, pieces.until(len(text))])


def _disjoint(stretches: Iterable[Stretch], spans: Iterable[_Span]) -> list[Stretch]:
    """The stretches in order; those that overlap become one, and none begins or ends inside a span."""
    apart: list[tuple[int, int, list[str]]] = []
    for start, end, name in sorted([*stretches, *((first, last, "") for first, last, _ in spans)]):
        named = [name] if name else []
        if apart and start < apart[-1][1]:
            first, last, names = apart.pop()
            apart.append((first, max(last, end), names + named if named else names))
        else:
            apart.append((start, end, named))
    return [(start, end, " ".join(names)) for start, end, names in apart if names]


class _Pieces:
    """A text that is written once, from its beginning to its end, spans with a replacement as that."""

    def __init__(self, text: str, spans: Iterable[_Span]) -> None:
        self._text, self._at, self._next = text, 0, 0
        self.spans = [span for span in spans if span[2] is not None]  # in their order

    def until(self, end: int) -> str:
        """From where the last piece ended to ``end``, which lies inside no span."""
        written: list[str] = []
        while self._next < len(self.spans) and self.spans[self._next][1] <= end:
            first, last, new = self.spans[self._next]
            self._next += 1
            if self._at <= first:
                written += [plain(self._text[self._at : first]), new or ""]
                self._at = last
        written.append(plain(self._text[self._at : end]))
        self._at = max(self._at, end)
        return "".join(written)

    def line_end(self, start: int, end: int) -> int:
        """Where the line that begins at ``start`` ends; a line break inside a span does not count."""
        position, span = self._text.find("\n", start, end), self._next
        while position >= 0:
            while span < len(self.spans) and self.spans[span][1] <= position:
                span += 1
            if span == len(self.spans) or position < self.spans[span][0]:
                return position
            position = self._text.find("\n", self.spans[span][1], end)
        return end
