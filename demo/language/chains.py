"""A text as chains: what stands together in letters and digits (R1, theR2who, R1-R3), and what is between.

Chains are in plain letters and digits (`letters.py`), each at its place in the text. What is quoted is in
none. This file knows no regions.
"""

from __future__ import annotations

import re

from demo.language.letters import KEY_MARKS, LATIN, SPACED, folded
from demo.language.name_words import NUMERALS

Span = tuple[int, int]
"""Characters ``start:end`` of a text."""

NAME = re.compile(r"[rR]([0-9]+(?:\.[0-9]+)?)")
SPACE = re.compile(r"[^\S\n]+")
_RUN = rf"[{LATIN}]+(?:\.[0-9][{LATIN}]*)*"
_CHAIN = re.compile(rf"{_RUN}(?:[-‐‑–_]+{_RUN})*")
# A quotation mark may touch a letter of a script without spaces, and 5'10" is no quotation mark.
_QUOTED = re.compile(
    rf'(?<![{SPACED}])(?:"[^"]*"|＂[^＂]*＂|`[^`]*`|”[^”“]*”)(?![{SPACED}])'
    r"|“[^”“]*”|«[^»«]*»|„[^“”„]*[“”]|〝[^〝〟〞]*[〟〞]"
)
_BRACKETED = re.compile(r"「[^「」]*」|『[^『』]*』")


def is_name(text: str) -> bool:
    """Whether this is a name and nothing else, in any letters and digits."""
    return NAME.fullmatch(folded(text)[0].strip().lstrip("@#")) is not None


def quotations(text: str) -> list[Span]:
    """What stands in quotation marks, which is literal.

    「 and 」 quote, too, but not where a lone name stands between them, or the whole text.
    """
    quoted = [m.span() for m in _QUOTED.finditer(text)]
    whole = text.strip()
    bracketed = (m for m in _BRACKETED.finditer(text) if m[0] != whole and not is_name(m[0][1:-1]))
    return _apart([*quoted, *(m.span() for m in bracketed)])


def _apart(spans: list[Span]) -> list[Span]:
    """Those spans, in order, that begin in no other."""
    kept: list[Span] = []
    for start, end in sorted(spans):
        if not kept or start >= kept[-1][1]:
            kept.append((start, end))
    return kept


class Chains:
    """The chains of a text. An index may lie beyond the ends; positions are those of ``plain``."""

    def __init__(self, text: str) -> None:
        self.quoted = quotations(text)
        masked = list(text)
        for start, end in self.quoted:
            masked[start:end] = '"' * (end - start)
        counted = NUMERALS.sub(lambda m: str("一二三四五六七八九".index(m[0]) + 1), "".join(masked))
        self.plain, self._at = folded(counted)
        self._text = text
        self._found = list(_CHAIN.finditer(self.plain))

    def __len__(self) -> int:
        return len(self._found)

    def text(self, index: int) -> str:
        """The chain, empty beyond the ends."""
        return self._found[index][0] if 0 <= index < len(self) else ""

    def low(self, index: int) -> str:
        """The chain in lower case."""
        return self.text(index).lower()

    def start(self, index: int) -> int:
        """Where a chain begins."""
        return self._found[index].start()

    def end(self, index: int) -> int:
        """Where a chain ends."""
        return self._found[index].end()

    def gap(self, index: int) -> str:
        """What stands before a chain."""
        start = self.end(index - 1) if index > 0 else 0
        end = self.start(index) if index < len(self) else len(self.plain)
        return self.plain[start:end]

    def word_before(self, index: int) -> str:
        """The chain before this one in lower case, when nothing but space is between."""
        return self.low(index - 1) if SPACE.fullmatch(self.gap(index)) else ""

    def word_after(self, index: int) -> str:
        """The chain after this one in lower case, when nothing but space is between."""
        return self.low(index + 1) if SPACE.fullmatch(self.gap(index + 1)) else ""

    def place(self, start: int, end: int) -> Span:
        """Where plain characters stand in the text, with the marks of a digit that is drawn as a key."""
        last = self._at[end - 1] + 1
        while last < len(self._text) and self._text[last] in KEY_MARKS:
            last += 1
        return self._at[start], last
