"""How people write the name of a region, in any script and habit: where in a text, and which is meant.

- a name in any letters and digits: ``R1``, ``Ｒ１``, ``R١``, ``R①``, ``@R1``, ``#R2.1``; letters of another
  script may touch it (*R1左边的狗*, *وR1*), and so may a word that lost its space (*theR2*, *R2who*);
- spelt apart: ``R 1``, ``R-1``, ``R.1``, ``R#1``, ``#1``;
- by number: *region 1*, *Region1*, *box 1*, *区域1*, *область 1*, *1번 영역*;
- a range or a list: *R1–R3*, *R1 to R3*, *R1至R3*, *R1, 2 and 3*.

Of these, a name that stands alone, and a number after a word for region, are **sure**: where there is no
such region, that is an error. The others are names only when the region exists, else they stay as they were
typed. So do numbers of models and players (*R2-D2*, *HR2*, *car2go*, *#1 fan*) and what is quoted.

This file knows which names there are, and nothing else of regions.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, replace

from demo.language import lexicon as lex
from demo.language import name_words as words
from demo.language.chains import NAME, SPACE, Chains, Span
from demo.language.letters import LATIN
from demo.picture.regions import number_of

_NUMBER = re.compile(r"[0-9]{1,3}(?:\.[0-9]{1,3})?")
_GLUED = re.compile(r"([^\W\d]*?)([rR])([0-9]+(?:\.[0-9]+)?)")
_RANGE = re.compile(r"([rR]?)([0-9]+(?:\.[0-9]+)?)[-‐‑–]([rR]?)([0-9]+(?:\.[0-9]+)?)")
_NAMES = re.compile(r"[rR][0-9]+(?:\.[0-9]+)?(?:[-‐‑–_]+[rR][0-9]+(?:\.[0-9]+)?)+")
_APART = re.compile(r"[rR][-‐‑_.]([0-9]{1,3}(?:\.[0-9]{1,3})?)")
_OPENING = re.compile(r"(\.? ?#?)|\(|\[")
_NUMBERED = re.compile(r"([a-z]+)[-‐‑_]?([0-9]{1,3}(?:\.[0-9]{1,3})?)", re.IGNORECASE)
_HUNGARIAN = re.compile(
    r"[rR]([0-9]+(?:\.[0-9]+)?)[-‐‑]"
    r"(?:n[ae][kl]|v[ae]l|b[ae]n?|[brt]ol|h[eo]z|r[ae]|[aeo]?t|[eo]s|ig|ert)"
)
_ENDING = re.compile(r",[0-9]{3}(?![0-9])|\.(?:jpe?g|png|gif|webp|pdf|txt|zip|com|org|net)\b", re.I)
_VERSION = re.compile(rf"(?<![{LATIN}])[0-9]+\.$")
_INITIALS = re.compile(r"[A-Z]\. ?$")
_SIGN = re.compile(r"[#№] ?$")
_LETTER = re.compile(f"[{LATIN}&]")
_NUMERO = re.compile(r"\s*(?:[.º°]|[#№])?\s*")
_TO = re.compile(r"(?:\s*(?:[-‐‑–~〜∼…]|\.{2,3})\s*|—+|\s*(?:至|到|から|부터)\s*)[#@№]?")
_SPACES = re.compile(r"\s+[#@№]?")
_UNTIL = re.compile(r"\s?(?:まで|까지)")
_DISTANCE = re.compile("的?距[离離]")
_AND = re.compile(r"[^\S\n]*(?:[,/&+;、،]|和|与|與|及|跟|或|と|や|와|과|및|،?\s?و|и|или)[^\S\n]*")

_COUNTS_ON = (lex.LINKS - {"from", "to"}) | lex.REQUESTS | lex.BOUNDARIES | {"", "all"}
_COUNTS_ON |= words.REGIONS | words.BOXES
_PLACES = (lex.LINKS - {"as", "like"}) | lex.REQUESTS | lex.BOUNDARIES | lex.RELATIVES | {"", "the"}

Spot = tuple[int, int, str]
"""Characters ``start:end`` of a text, and the one name that is written there."""


@dataclass(frozen=True, slots=True)
class Mention:
    """Characters ``start:end`` of a text that name regions or objects.

    ``names`` are those meant, in order; ``spots`` tells where single ones are written: a range has two. One
    that is ``is_sure`` may have a name that does not exist. ``is_apart``: the name was spelt apart (*R 1*).
    """

    start: int
    end: int
    names: tuple[str, ...]
    spots: tuple[Spot, ...]
    is_sure: bool = False
    is_apart: bool = False


@dataclass(frozen=True, slots=True)
class Names:
    """What a text names, and the stretches that look like a name and stay as they were typed."""

    mentions: tuple[Mention, ...]
    plain: tuple[Span, ...]


def read_names(text: str, known: Collection[str]) -> Names:
    """Where the text names regions; ``known`` are the names that exist, in order."""
    return _Reader(text, known).read()


@dataclass(frozen=True, slots=True)
class _Item:
    """A mention at plain characters ``start:end``, read up to, not including, chain ``stop``."""

    start: int
    end: int
    stop: int
    names: tuple[str, ...]
    spots: tuple[Spot, ...]
    is_sure: bool = False
    is_apart: bool = False
    is_plural: bool = False  # whether numbers that follow in a list have to be names


def _one(start: int, end: int, stop: int, number: str, *, is_sure: bool = False) -> _Item:
    name = f"R{number}"
    return _Item(start, end, stop, (name,), ((start, end, name),), is_sure)


class _Reader:
    """Reads one text once, from left to right, chain by chain."""

    def __init__(self, text: str, known: Collection[str]) -> None:
        self._text, self._known = text, dict.fromkeys(known)
        self._chains = Chains(text)
        self._regions = {number_of(name): name for name in known if "." not in name}
        self._mentions: list[Mention] = []
        self._plain: list[Span] = []

    def read(self) -> Names:
        index = 0
        while index < len(self._chains):
            items = self._items(index)
            items += self._listed(items[-1]) if items else []
            for item in items:
                self._keep(item)
            index = items[-1].stop if items else index + 1
        quoted = (span for span in self._chains.quoted if self._is_set_off(*span))
        return Names(tuple(self._mentions), tuple(sorted({*self._plain, *quoted})))

    def _keep(self, item: _Item) -> None:
        start, end = self._chains.place(item.start, item.end)
        if self._mentions and start < self._mentions[-1].end:
            return  # ⑩ is one character
        spots = tuple((*self._chains.place(a, b), name) for a, b, name in item.spots)
        self._mentions.append(Mention(start, end, item.names, spots, item.is_sure, item.is_apart))

    def _leave(self, start: int, end: int) -> None:
        self._plain.append(self._chains.place(start, end))

    def _is_set_off(self, start: int, end: int) -> bool:
        """Whether the quotation may only set off a name: “R2”左边, where letters touch it, and no sign."""
        beside = self._text[max(0, start - 1) : start] + self._text[end : end + 1]
        name = NAME.fullmatch(self._text[start + 1 : end - 1].strip())
        touched = any(character.isalpha() for character in beside)
        return touched and name is not None and self._are_known(name[1])

    def _are_known(self, *numbers: str) -> bool:
        return all(f"R{number}" in self._known for number in numbers)

    def _goes_on(self, index: int) -> bool:
        """Whether the number here counts or measures something: R1 and 2 dogs, 2%, 2个人."""
        chains, after = self._chains, self._chains.word_after(index)
        counts = words.COUNTED.match(chains.plain, chains.end(index))
        return bool(counts or (after and after not in lex.STOPS and not NAME.match(after)))

    # What is written together

    def _items(self, index: int) -> list[_Item]:
        item = self._by_number(index) or self._apart(index) or self._signed(index)
        return [item] if item else self._together(index)

    def _together(self, index: int) -> list[_Item]:
        """What one chain names: R1, theR2who, R1-R3."""
        chains = self._chains
        text, start, end = chains.text(index), self._start(index), chains.end(index)
        if start is None or _ENDING.match(chains.plain, end):
            return []
        if found := NAME.fullmatch(text):
            item = _one(start, end, index + 1, found[1], is_sure=True)
            return [self._ranged(index, item) or item]
        if ends := _RANGE.fullmatch(text):
            return self._range_together(index, ends)
        if _NAMES.fullmatch(text):
            return self._found(index, list(NAME.finditer(text)), is_sure=True)
        if (found := _HUNGARIAN.fullmatch(text)) and self._are_known(found[1]):
            return [_one(start, chains.start(index) + found.end(1), index + 1, found[1])]
        return self._glued(index)

    def _start(self, index: int) -> int | None:
        """Where the name begins, with its @ or #; None in an address (me@r1) or a version (1.R6)."""
        start, plain = self._chains.start(index), self._chains.plain
        if _VERSION.search(plain[max(0, start - 4) : start]):
            return None
        if start == 0 or plain[start - 1] not in "@#":
            return start
        return None if start > 1 and _LETTER.match(plain[start - 2]) else start - 1

    def _found(
        self, index: int, found: list[re.Match[str]], *, is_sure: bool = False
    ) -> list[_Item]:
        """The names that end where these matches of the chain end; the last group is the number."""
        at, last = self._chains.start(index), found[0].re.groups
        return [
            _one(at + m.start(last) - 1, at + m.end(), index + 1, m[last], is_sure=is_sure)
            for m in found
        ]

    def _glued(self, index: int) -> list[_Item]:
        """Names that lost the space before or after them; all of them have to exist."""
        text, found, position = self._chains.text(index), list[re.Match[str]](), 0
        while match := _GLUED.match(text, position):
            found.append(match)
            position = match.end()
        common = all(_may_lead(m[1], m[2], k > 0) for k, m in enumerate(found))
        common = common and _may_trail(text[position:])
        if found and common and self._are_known(*(m[3] for m in found)):
            return self._found(index, found)
        seen = (m for m in found if not m[1] or m[2] == "R")  # HR2 and r2a, not bar1
        if found and (text[0] == "R" or any(common or self._are_known(m[3]) for m in seen)):
            self._leave(self._chains.start(index), self._chains.end(index))
        return []

    # Spelt apart

    def _apart(self, index: int) -> _Item | None:
        """R 1, R-1, R.1, R#1, R(1)."""
        chains, text = self._chains, self._chains.text(index)
        if found := _APART.fullmatch(text):
            number, stop = found[1], index + 1
        elif text in ("R", "r") and _OPENING.fullmatch(chains.gap(index + 1)):
            number, stop = chains.text(index + 1), index + 2
        else:
            return None
        start, end = chains.start(index), self._closed(index, stop)
        if text == "R" and (ends := _RANGE.fullmatch(number)) and not (ends[1] or ends[3]):
            return self._range_by_number(index + 1, start, ends, False)
        if end is None or not _NUMBER.fullmatch(number):
            return None
        is_known, initials = self._are_known(number), chains.plain[max(0, start - 3) : start]
        if text[0] == "R" and is_known and not _INITIALS.search(initials):
            item = replace(_one(self._start(index) or start, end, stop, number), is_apart=True)
            return self._ranged(stop - 1, item) or item
        if text[0] == "R" or is_known:
            self._leave(start, end)
        return None

    def _closed(self, index: int, stop: int) -> int | None:
        """The end of a name spelt apart, behind its bracket; None when that is missing."""
        chains, end = self._chains, self._chains.end(min(stop, len(self._chains)) - 1)
        opened = chains.gap(index + 1)[:1] if stop > index + 1 else ""
        if opened not in ("(", "["):
            return end
        return end + 1 if chains.plain[end : end + 1] == {"(": ")", "[": "]"}[opened] else None

    def _signed(self, index: int) -> _Item | None:
        """#1, # 1 and №1, where a thing can stand, and not the #1 fan or player #7."""
        chains, number = self._chains, self._chains.text(index)
        sign = _SIGN.search(chains.gap(index)[-2:])
        if not sign:
            return None
        start = chains.start(index) - len(sign[0])
        if (ends := _RANGE.fullmatch(number)) and not (ends[1] or ends[3]):
            return self._range_by_number(index, start, ends, False)
        if not _NUMBER.fullmatch(number) or not self._are_known(number):
            return None
        word = chains.low(index - 1) if chains.gap(index)[: -len(sign[0])].isspace() else ""
        fits = word in _PLACES or (word in lex.BE and index == 1)
        touched = _LETTER.match(chains.plain[max(0, start - 1) : start])
        if fits and not touched and not self._goes_on(index):
            item = _one(start, chains.end(index), index + 1, number)
            return self._ranged(index, item) or item
        self._leave(start, chains.end(index))
        return None

    # By number

    def _by_number(self, index: int) -> _Item | None:
        """region 1, regions 1-3, Region1, box 1, 区域1, 1번 영역."""
        low = self._chains.low(index)
        if low in words.REGIONS | words.BOXES:
            return self._after_word(index, low)
        if (glued := _NUMBERED.fullmatch(low)) and glued[1] in words.REGIONS | words.BOXES:
            known = glued[1] != "object" or "." in glued[2]
            return self._number(index, self._chains.start(index), glued[2]) if known else None
        return self._beside_word(index) if low[:1].isdigit() else None

    def _after_word(self, index: int, word: str) -> _Item | None:
        """region 1, region no. 1, regions 1-3, region one, box 1."""
        chains, at = self._chains, index + 1
        if chains.word_after(index) in words.NUMBER_WORDS:
            at += 1
        text, is_plural = chains.low(at), word == "regions"
        if not text or not _NUMERO.fullmatch(chains.gap(at)) or self._is_other(index, at, word):
            return None
        start = chains.start(index - (word == "box" and chains.word_before(index) == "bounding"))
        if (ends := _RANGE.fullmatch(text)) and not (ends[1] or ends[3]):
            return self._range_by_number(at, start, ends, is_plural)
        if text in words.COUNTING:
            number = words.COUNTING[text]
            fits = self._are_known(number) and not self._goes_on(at)
            return _one(start, chains.end(at), at + 1, number) if fits else None
        item = self._number(at, start, text, is_sure=word in words.REGIONS)
        return item and replace(item, is_plural=is_plural)

    def _is_other(self, index: int, at: int, word: str) -> bool:
        """No region: object 2, mail box 1, box 2 of 3."""
        if word == "object":
            return "." not in self._chains.text(at)
        is_other = self._chains.word_before(index) in words.OTHER_BOXES
        return word in words.BOXES and (is_other or self._chains.word_after(at) == "of")

    def _beside_word(self, index: int) -> _Item | None:
        """A number beside a word for region of another script: 区域1, область 1, 1번 영역."""
        chains, number, start = self._chains, self._chains.text(index), self._chains.start(index)
        before = chains.plain[max(0, start - words.LONGEST_WORD) : start]
        if found := words.WORD_BEFORE.search(before):
            start += found.start() - len(before)
            return self._number(index, start, number, is_sure=bool(found["sure"]))
        if found := words.WORD_AFTER.match(chains.plain, chains.end(index)):
            item = self._number(index, start - before.endswith("第"), number)
            return item and _one(item.start, found.end(), index + 1, number)
        return None

    def _number(self, at: int, start: int, number: str, *, is_sure: bool = False) -> _Item | None:
        """The region of this number, which is written from ``start`` to the end of chain ``at``."""
        chains, end = self._chains, self._chains.end(at)
        measures = chains.word_after(at) in words.UNITS or chains.plain[end : end + 1] in ("%", "°")
        if not _NUMBER.fullmatch(number) or measures:
            return None
        if not is_sure and not self._are_known(number):
            self._leave(start, end)
            return None
        item = _one(start, end, at + 1, number, is_sure=is_sure)
        return self._ranged(at, item) or item

    # Ranges

    def _range_together(self, index: int, ends: re.Match[str]) -> list[_Item]:
        """R1-R3, R1-3; 1-3 is a range of regions only after *regions*."""
        start = self._start(index)
        if not ends[1] or start is None:
            return []
        item = self._range_by_number(index, start, ends, bool(ends[3]))
        return [item] if item else []

    def _range_by_number(
        self, at: int, start: int, ends: re.Match[str], is_sure: bool
    ) -> _Item | None:
        first, final = _ends(ends[2], ends[4], is_name=bool(ends[3]))
        begin, end = self._chains.start(at), self._chains.end(at)
        # R2-1 may be R2.1 or a range backwards.
        if not is_sure and not (self._are_known(first, final) and float(first) < float(final)):
            self._leave(start, end)
            return None
        spots = (
            (start, begin + ends.end(2), f"R{first}"),
            (begin + ends.start(3), end, f"R{final}"),
        )
        item = _Item(start, end, at + 1, self._between(first, final), spots, is_sure)
        return replace(item, is_plural=is_sure and not ends[3])

    def _ranged(self, index: int, item: _Item) -> _Item | None:
        """The range that begins with this item: R1 to R3, R1…R3, R1至R3."""
        chains, first = self._chains, index
        while first > 0 and chains.start(first - 1) >= item.start:
            first -= 1
        at = self._final(first, index)
        start = chains.start(at) if at >= 0 else 0
        if chains.text(at) == "R" or chains.low(at) in words.REGIONS | words.BOXES:
            at += 1
        found = NAME.fullmatch(chains.text(at))
        number = found[1] if found else chains.text(at)
        if not _NUMBER.fullmatch(number) or (not found and self._goes_on(at)):
            return None
        low, high = _ends(item.names[0][1:], number, is_name=found is not None)
        if not self._are_known(low, high):
            return None
        end = chains.end(at)
        spots = (*item.spots, (start, end, f"R{high}"))
        if until := _UNTIL.match(chains.plain, end):
            end = until.end()
        names = self._between(low, high)
        return replace(item, end=end, stop=at + 1, names=names, spots=spots)

    def _final(self, first: int, last: int) -> int:
        """The chain that ends a range which begins with these chains; -1 when there is none."""
        chains, at = self._chains, last + 1
        if at < len(chains) and _TO.fullmatch(chains.gap(at)):
            return -1 if self._is_way(first, at) else at
        word = chains.word_after(last)
        if word not in words.RANGE_WORDS or not _SPACES.fullmatch(chains.gap(at + 1)):
            return -1
        return at + 1 if word != "to" or self._counts_on(first) else -1

    def _is_way(self, first: int, at: int) -> bool:
        """从R1到R3 is a way, and so is R1到R3的距离."""
        chains = self._chains
        before = chains.gap(first).rstrip().endswith(("从", "從"))
        after = _DISTANCE.match(chains.plain, chains.end(at))
        return "到" in chains.gap(at) and (before or after is not None)

    def _counts_on(self, index: int) -> bool:
        """Whether *to* here counts on (in R1 to R3) and tells no way (the distance from R1 to R3)."""
        chains = self._chains
        paired = any(chains.low(k) in words.PAIRED for k in range(index - 4, index))
        return not paired and chains.word_before(index) in _COUNTS_ON

    def _between(self, first: str, final: str) -> tuple[str, ...]:
        """All names from the first to the final one; only these two when there are none between."""
        low, high = f"R{first}", f"R{final}"
        if not self._are_known(first, final) or ("." in first) != ("." in final):
            return low, high
        if "." not in first:
            numbers = number_of(low), number_of(high)
            between = [r for n, r in self._regions.items() if numbers[0] <= n <= numbers[1]]
        elif number_of(low) == number_of(high):
            names = list(self._known)
            between = names[names.index(low) : names.index(high) + 1]
        else:
            between = []
        return tuple(between) or (low, high)

    # Lists

    def _listed(self, item: _Item) -> list[_Item]:
        """Numbers after a name: R1, 2 and 3."""
        items: list[_Item] = []
        index = item.stop
        spelt = self._chains.low(item.stop - 1) in words.COUNTING
        while found := self._list_number(self._next(index), item.is_plural, spelt):
            items.append(found)
            index = found.stop
        if items and not item.is_plural and self._goes_on(index - 1):
            return []
        return items

    def _list_number(self, at: int, is_plural: bool, spelt: bool) -> _Item | None:
        text = self._chains.text(at)
        text = words.COUNTING.get(text.lower(), text) if spelt else text
        if (ends := _RANGE.fullmatch(text)) and not (ends[1] or ends[3]):
            return self._range_by_number(at, self._chains.start(at), ends, is_plural)
        if not _NUMBER.fullmatch(text) or not (is_plural or self._are_known(text)):
            return None
        start, end = self._chains.start(at), self._chains.end(at)
        return _one(start, end, at + 1, text, is_sure=is_plural)

    def _next(self, index: int) -> int:
        """The chain after an *and*, an *or* or a comma; -1 when there is none."""
        chains = self._chains
        if index >= len(chains):
            return -1
        comma, is_word = _AND.fullmatch(chains.gap(index)), chains.low(index) in words.LIST_WORDS
        if is_word and (comma or SPACE.fullmatch(chains.gap(index))):
            return index + 1 if SPACE.fullmatch(chains.gap(index + 1)) else -1
        return index if comma else -1


def _ends(first: str, final: str, *, is_name: bool) -> tuple[str, str]:
    """The numbers at the ends of a range; R2.1-3 is R2.1 to R2.3, unless the second is a whole name."""
    if "." in first and "." not in final and not is_name:
        return first, f"{first.split('.')[0]}.{final}"
    return first, final


def _may_lead(word: str, letter: str, is_inside: bool) -> bool:
    """Whether this word can have lost the space before a name: theR2, ofr1, personR2, R1andR2."""
    low = word.lower()
    if not word or low in words.GLUE or (is_inside and low in words.LIST_WORDS):
        return True
    return word.islower() and ((letter == "R" and len(word) > 2) or _is_participle(word))


def _may_trail(word: str) -> bool:
    """Whether this word can have lost the space after a name: R2who, R2standing, R2–the."""
    if word[:1] in tuple("-‐‑–"):
        return word[1:].lower() in words.AFTER_HYPHEN
    return not word or word == "s" or word.lower() in words.TRAIL or _is_participle(word)


def _is_participle(word: str) -> bool:
    return word.isalpha() and len(word) > 4 and word.endswith("ing")
