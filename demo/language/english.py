"""English as far as references need it: words, noun phrases, and what a pronoun can reach.

It splits a sentence into words and keeps track of the noun phrases before a pronoun, so that
`references.py` can tell *the dog next to it* (something found earlier) from *the dog and its ball*
(the dog). It is a set of word lists and a few rules, not a parser; where they cannot decide they
report an antecedent, because leaving a pronoun as it was typed does no harm.

This file knows no regions: where their names stand comes from `names.py`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from demo.language import lexicon as lex
from demo.language.names import Mention, quotations

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
        return self.is_content(index + 1) or self.low(index + 1) in (
            "left",
            "right",
            "front",
            "back",
        )

    def is_content(self, index: int) -> bool:
        """Whether this can be part of a noun phrase."""
        if index >= len(self.words) or not self.words[index].is_word:
            return False
        low = self.low(index)
        if low in lex.SIDES:
            return self.low(index + 1) not in ("of", "to", "by")
        return low not in lex.STOPS and (low.isdigit() or not any(c.isdigit() for c in low))

    def is_between_alike(self, index: int) -> bool:
        """Whether *and* joins two adjectives or two relations: black and white, above and below."""
        before, after = self.low(index - 1), self.low(index + 1)
        return any(before in kind and after in kind for kind in (lex.ADJECTIVES, lex.LINKS))

    # Dummy pronouns: an *it* that stands for nothing

    def is_dummy_it(self, index: int) -> bool:
        """Whether *it* or *its* here refers to nothing: is it raining, that's it, its a sunny day."""
        word, before = self.words[index], self.low(index - 1)
        near = {before, self.low(index - 2)}
        if word.low == "its":
            after = self.low(index + 1)
            return after in ("a", "an", "the", "not") or after in lex.WEATHER
        if word.low != "it":
            return False
        return bool(
            (word.text == "IT" and not self.is_all_caps)
            or before in lex.IDIOMS
            or (near & {"that", "this"} and near & lex.BE)
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
            more = self.low(index + 2) in ("that", "like", "as", "out", "to")
            return more and not self.is_end(index + 3)
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


Noun = tuple[str, bool]
"""A noun phrase: its kind (a key of `lexicon.KINDS`, unknown or named) and whether it is plural."""
NAMED: Noun = ("named", False)


def _noun(phrase: Sequence[str], determiner: str) -> Noun | None:
    """The kind of a noun phrase; None when no pronoun would refer to it."""
    if not phrase or phrase[-1] in lex.SCENE:
        return None
    kinds = (
        kind for word in reversed(phrase) for kind, known in lex.KINDS.items() if word in known
    )
    head = phrase[-1]
    plural = head.endswith("s") and not head.endswith(("ss", "us", "is"))
    plural = plural or determiner in lex.PLURAL_DETERMINERS or head in lex.IRREGULAR_PLURALS
    return next(kinds, "unknown"), plural


def _may_agree(pronoun: str, nouns: set[Noun], count: int) -> bool:
    """Whether the pronoun may mean one of the noun phrases or, for *they*, all ``count`` of them."""
    if pronoun in lex.PLURAL_PRONOUNS:
        return count > 1 or any(plural or kind in ("person", "named") for kind, plural in nouns)
    kinds = lex.AGREES[lex.GENDER[pronoun]]
    return any(kind in kinds and not plural for kind, plural in nouns)


@dataclass(slots=True)
class Discourse:
    """The noun phrases before a word that a pronoun there could mean.

    A pronoun inside the description of a thing does not mean that thing (*the dog next to it*), so
    the phrases of the current description, ``chain``, are out of its reach. They come into reach
    with the next coordination or sentence (*the dog and the ball next to it*), or when one of them
    holds another (*a table with a cup on it*). Sets of kinds instead of lists keep reading linear.
    """

    sentence: Sentence
    chain: set[Noun] = field(default_factory=set)
    acting: set[Noun] = field(default_factory=set)
    reachable: set[Noun] = field(default_factory=set)
    at_boundary: set[Noun] = field(default_factory=set)
    before_boundary: set[Noun] = field(default_factory=set)
    count: int = 0
    chained: int = 0
    inside: int = 0  # position after the noun phrase read last
    is_about_picture: bool = False  # whether the picture itself was mentioned

    def has_noun_for_one(self) -> bool:
        """Whether *one* may stand for a noun phrase of this sentence."""
        return any(kind != "named" for kind, _ in self.reachable)

    def has_antecedent(self, index: int, possessive: bool) -> bool:
        """Whether the pronoun here may mean a noun phrase of the sentence itself."""
        s, nouns, count = self.sentence, self.reachable, self.count
        before, after = s.low(index - 1), s.low(index + 1)
        if self.is_about_picture and before == "in" and s.low(index) == "it":
            return True  # this picture has a dog in it
        if possessive:
            part = before in lex.LINKS and after in lex.PARTS
            alive = any(kind not in ("thing", "unknown") for kind, _ in self.chain)
            posture = alive and before == "on" and after in lex.POSTURES  # the dog on its back
            nouns = nouns | (self.acting if part and not posture else self.chain)
        elif before in ("and", "or") and (
            s.is_end(index + 1) or after in lex.LINKS | lex.BOUNDARIES
        ):
            # In “between the tree and it” the pronoun is not the tree.
            nouns, count = self.before_boundary, 0
        return _may_agree(s.low(index), nouns, count)

    def name(self, start: int) -> None:
        """Add a thing called by its name; what stands beside a name (*left of R1*) does not describe it."""
        self._add(NAMED, self._is_held(start))
        if self.sentence.low(start - 1) in lex.LINKS:
            self.reachable.add(NAMED)

    def add_possession(self, start: int) -> None:
        """Add the noun phrase after a possessive."""
        self._noun_phrase(start, "", held=False)

    def read(self, index: int) -> None:
        """Take account of a word that refers to no region."""
        s, low = self.sentence, self.sentence.low(index)
        self.is_about_picture = self.is_about_picture or low in lex.PICTURE
        if index < self.inside:
            return
        if low in lex.ENDINGS or low in lex.BOUNDARIES:
            if not self._is_continued(index):
                self._boundary()
        elif self._is_determiner(index):
            self._noun_phrase(index + 1, low, self._is_held(index))
        elif low in lex.REQUESTS or self._is_bare_start(index):
            self._noun_phrase(index + (low in lex.REQUESTS), "", held=False)
        elif low in lex.INDEFINITE:
            self._add(
                (next(k for k, v in lex.KINDS.items() if low in v), False), self._is_held(index)
            )
        elif (
            low in lex.OPENERS or (s.words[index].is_word and s.is_content(index)) or low in lex.BE
        ):
            # From here on a possessive may mean the one who acts: the dog chasing its tail.
            self.acting |= self.chain

    def _add(self, noun: Noun, held: bool) -> None:
        if held:
            self._release()
        self.chain.add(noun)
        self.chained += 1

    def _release(self) -> None:
        self.reachable |= self.chain
        self.count += self.chained
        self.chained = 0

    def _boundary(self) -> None:
        self.before_boundary = self.at_boundary
        self._release()
        self.at_boundary = set(self.reachable)
        self.chain.clear()
        self.acting.clear()

    def _noun_phrase(self, start: int, determiner: str, held: bool) -> None:
        """Read ahead a noun phrase, from the word after its determiner on."""
        s, stop = self.sentence, start
        while s.is_content(stop) or (
            stop > start and s.low(stop) == "and" and s.is_between_alike(stop)
        ):
            if stop > start and s.low(stop).endswith("ing"):
                break
            stop += 1
        noun = _noun([s.low(k) for k in range(start, stop)], determiner)
        praise = stop == start + 1 and s.low(start) == "one" and s.is_end(stop)  # that's the one
        if noun is not None and not praise:
            self._add(noun, held)
        self.inside = stop

    def _is_held(self, index: int) -> bool:
        """Whether the thing before has or handles the one that starts here: with a, holding the."""
        before = self.sentence.low(index - 1)
        if before in lex.OPENERS:
            return True
        neutral = lex.PHRASE_STARTS | lex.BE | lex.ADVERBS | lex.RELATIVES | lex.DETERMINERS
        return bool(before) and before not in neutral

    def _is_continued(self, index: int) -> bool:
        """Whether the description continues here: the dog, next to it; above and below it."""
        if self.sentence.low(index) != ",":
            return self.sentence.is_between_alike(index)
        after = self.sentence.low(index + 1)
        return after in lex.LINKS | lex.RELATIVES | lex.ADVERBS or after.endswith("ing")

    def _is_determiner(self, index: int) -> bool:
        low, before = self.sentence.low(index), self.sentence.low(index - 1)
        if low in lex.DETERMINERS or low in lex.POSSESSIVES or low in ("her", "whose"):
            return True
        return low == "that" and (not before or before in lex.PHRASE_STARTS)

    def _is_bare_start(self, index: int) -> bool:
        """Whether a sentence starts here with a noun phrase without *the*: dog and its ball."""
        s = self.sentence
        if not s.is_start(index) or not s.is_content(index):
            return False
        stop = index
        while s.is_content(stop) and not s.low(stop).endswith("ing"):
            stop += 1
        low = s.low(stop)
        return low in lex.CONTINUATIONS or low in ("and", "or") or low.endswith("ing")
