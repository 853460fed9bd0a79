"""English as far as references need it: a sentence as words, and what stands beside a word.

It is a set of word lists and a few rules, not a parser. This file knows no regions (where their names stand
comes from `names.py`), and no noun phrases (`discourse.py`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from demo.language import lexicon as lex
from demo.language.chains import quotations
from demo.language.names import Mention

_TOKEN = re.compile(
    r"(?P<clitic>(?<=\w)['’](?:s|re|ll|ve|[dmt])(?!\w))"
    r"|(?P<word>[^\W_]+(?:[-‐‑–_]+[^\W_]+|\.[0-9]+)*)"
    r"|[^\w\s]|_|\n",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Word:
    """A word, a clitic (*'s*) or a mark; ``low`` is in lower case with a straight quote."""

    text: str
    low: str
    start: int
    end: int
    is_word: bool


class Sentence:
    """The words of a text; a name of a region is one word, and what is quoted is one mark, ``“”``.

    Methods that take an index look at a few neighbouring words only; the index may lie beyond the ends.
    """

    def __init__(self, text: str, names: Sequence[Mention]) -> None:
        self.text = text
        self.words = _split(text, names)
        self.is_all_caps = not any(c.islower() for c in text)

    def __len__(self) -> int:
        return len(self.words)

    def low(self, index: int) -> str:
        """The word in lower case, empty beyond the ends."""
        return self.words[index].low if 0 <= index < len(self.words) else ""

    def phrase(self, start: int, stop: int) -> str:
        """The characters from word ``start`` up to, not including, word ``stop``."""
        return self.text[self.words[start].start : self.words[stop - 1].end]

    def is_end(self, index: int) -> bool:
        """Whether the current part of the sentence ends before this word."""
        return index >= len(self.words) or self.low(index) in lex.ENDINGS

    def is_start(self, index: int) -> bool:
        """Whether a sentence or a part of it starts with this word."""
        return index <= 0 or self.low(index - 1) in lex.ENDINGS - {",", "("}

    def has_capital_beside(self, index: int) -> bool:
        """Whether a word beside this one has a capital: an Audi R8, the R34 Skyline."""
        before = index > 0 and not self.is_start(index - 1) and self._is_capital(index - 1)
        return before or self._is_capital(index + 1)

    def _is_capital(self, index: int) -> bool:
        if self.is_all_caps or not 0 <= index < len(self.words):
            return False
        word = self.words[index]
        common = word.low in lex.STOPS | lex.REQUESTS or any(c.isdigit() for c in word.text)
        return len(word.text) > 1 and word.text[0].isupper() and not common

    def is_after_place(self, index: int) -> bool:
        """Whether the words before say where something is: next to, left of, behind."""
        before, second = self.low(index - 1), self.low(index - 2)
        if before == "to":
            return second in ("next", "close", "closer", "closest", "nearest", "adjacent")
        if before == "of":
            return second in lex.SIDES
        return before in lex.PLACE_WORDS

    def is_described(self, start: int, stop: int) -> bool:
        """Whether a description of *… one* follows: that one with the hat, the last one in line."""
        after = self.low(stop)
        describes = after in lex.CONTINUATIONS or after in ("wearing", "holding")
        return describes and self.low(start - 1) not in lex.BE

    def is_bare(self, stop: int) -> bool:
        """Whether no noun follows: *the third is*, *the third and the fourth*, *the third.*"""
        low, after = self.low(stop), self.low(stop + 1)
        goes_on = (low in ("and", "or") and after == "the") or after == "than"
        return self.is_end(stop) or low in lex.BE or goes_on

    def after_of_them(self, stop: int) -> int:
        """The position after an *of them*, or the same when there is none."""
        them = self.low(stop + 1)
        pointed = them in ("these", "those") and not self.is_content(stop + 2)
        return stop + 2 if self.low(stop) == "of" and (pointed or them == "them") else stop

    def is_owner(self, index: int) -> bool:
        """Whether *her* here is a possessive: what she has follows."""
        after = self.low(index + 1)
        counted = after in lex.COUNTS or after in ("own", "other", "both")
        owned = self.is_content(index + 1) and not self.is_participle(index + 1)
        return owned or counted or after in ("left", "right", "front", "back")

    def is_content(self, index: int) -> bool:
        """Whether this can be part of a noun phrase."""
        if index >= len(self.words) or not self.words[index].is_word:
            return False
        low = self.low(index)
        if low in lex.SIDES:
            return self.low(index + 1) not in ("of", "to", "by")
        return low not in lex.STOPS and (low.isdigit() or not any(c.isdigit() for c in low))

    def is_participle(self, index: int) -> bool:
        """Whether this is a word such as *holding*, not *building* or *ring*."""
        low = self.low(index)
        return low.endswith("ing") and low not in lex.NOUNS_IN_ING

    def is_between_alike(self, index: int) -> bool:
        """Whether *and* joins two adjectives or two relations: black and white, above and below."""
        before, after = self.low(index - 1), self.low(index + 1)
        return any(before in kind and after in kind for kind in (lex.ADJECTIVES, lex.LINKS))

    def is_misspelt_its(self, index: int) -> bool:
        """Whether *it* or *it's* here may be meant for *its*: the bear with it's mouth open."""
        clitic = self.low(index + 1) == "'s"
        if self.low(index) != "it" or not (clitic or self.low(index - 1) in lex.OPENERS):
            return False
        return self.is_content(index + 1 + clitic) or self.low(index + 1 + clitic) in lex.PARTS

    # Dummy pronouns: an *it* that stands for nothing

    def is_dummy_it(self, index: int) -> bool:
        """Whether *it* or *its* here refers to nothing: is it raining, that's it, its a sunny day."""
        word, before = self.words[index], self.low(index - 1)
        near = {before, self.low(index - 2)}
        if word.low == "its":
            after = self.low(index + 1)
            return after in ("a", "an", "the", "not") or after in lex.WEATHER
        if word.low == "he" and before.endswith("t"):
            return before[:-1] in ("to", "in", "on", "of", "for", "by", "at", "with")  # tot he left
        if word.low != "it":
            return False
        return bool(
            (word.text == "IT" and not self.is_all_caps)
            or before in lex.IDIOMS
            or (near & {"that", "this"} and near & lex.BE)
            or (before in ("where", "which") and self.low(index + 1) in lex.BE)
            or (index == 0 and self.low(1) in lex.BE and self.low(2) == "the")
            or self._is_weather(index)
            or self._is_opinion(index)
        )

    def _is_weather(self, index: int) -> bool:
        """*is it raining*, *it is a sunny day*, *what time is it*."""
        before, after = self.low(index - 1), self.low(index + 1)
        if after in ("rains", "rained", "snows", "snowed"):
            return True
        if before in lex.BE and any(self.low(index - k) in lex.TIME_NOUNS for k in (2, 3)):
            return True
        if before not in lex.BE | lex.AUXILIARIES and after not in lex.BE | lex.AUXILIARIES:
            return False
        for k in range(index + 1, index + 6):
            low = self.low(k)
            if low in lex.WEATHER:
                return not self._is_compound(k)
            if self.is_end(k) or (low in lex.LINKS and low not in ("at", "in")):
                return False
        return False

    def _is_compound(self, index: int) -> bool:
        """Whether a thing follows: a rain jacket, the night stand."""
        articled = self.low(index - 1) in ("a", "an", "the")
        return articled and self.is_content(index + 1) and self.low(index + 1) not in lex.WEATHER

    def _is_opinion(self, index: int) -> bool:
        """*it is possible to*, *is it true that*, *it seems that*, *it looks like rain*."""
        after = self.low(index + 1)
        if after in lex.SEEMS:
            more = self.low(index + 2) in ("that", "like", "as", "out", "to", "there")
            return more and not self.is_end(index + 3)
        if self.low(index - 1) in lex.MAKING and (after in lex.OPINIONS or after == "to"):
            return True
        if self.low(index - 1) not in lex.BE and after not in lex.BE | lex.AUXILIARIES:
            return False
        for opinion, follower in pairwise(self.low(index + k) for k in range(1, 6)):
            if opinion in ("ok", "okay", "fine"):
                return follower in lex.ENDINGS or follower in ("", "to", "if")
            if opinion in lex.OPINIONS:
                return follower in ("to", "that", "if", "whether", "how")
        return False


def _split(text: str, names: Sequence[Mention]) -> list[Word]:
    whole = [Word("“”", "“”", start, end, False) for start, end in quotations(text)]
    whole += [Word(text[n.start : n.end], n.names[0].lower(), n.start, n.end, True) for n in names]
    found: list[Word] = []
    position = 0
    for word in sorted(whole, key=lambda word: word.start):
        found += [*_split_plain(text, position, word.start), word]
        position = word.end
    return found + _split_plain(text, position, len(text))


def _split_plain(text: str, start: int, end: int) -> list[Word]:
    return [
        Word(m[0], m[0].lower().replace("’", "'"), m.start(), m.end(), m["word"] is not None)
        for m in _TOKEN.finditer(text, start, end)
    ]
