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
import unicodedata
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from demo.language import lexicon as lex
from demo.picture.regions import number_of

Span = tuple[int, int]
"""Characters ``start:end`` of a text."""

# A quotation mark may touch a letter of a script without spaces, and 5'10" is no quotation mark.
_SPACED = "A-Za-z0-9_\u00c0-\u052f\u1e00-\u1fff"
_SPACED_LETTER = re.compile(f"[{_SPACED}]")
_QUOTED = re.compile(
    rf'(?<![{_SPACED}])(?:"[^"]*"|＂[^＂]*＂|`[^`]*`|”[^”“]*”)(?![{_SPACED}])'
    r"|“[^”“]*”|«[^»«]*»|„[^“”„]*[“”]|〝[^〝〟〞]*[〟〞]"
)
_BRACKETED = re.compile(r"「[^「」]*」|『[^『』]*』")

_LATIN = "A-Za-z0-9\u00c0-\u024f\u1e00-\u1eff"
_RUN = rf"[{_LATIN}]+(?:\.[0-9][{_LATIN}]*)*"
_CHAIN = re.compile(rf"{_RUN}(?:[-‐‑–_]+{_RUN})*")
"""Letters and digits as they stand together: R1, R2.1, theR2who, R1-R3, R2-D2."""

_NAME = re.compile(r"[rR]([0-9]+(?:\.[0-9]+)?)")
_GLUED = re.compile(r"([^\W\d]*?)[rR]([0-9]+(?:\.[0-9]+)?)")
_NUMBER = re.compile(r"[0-9]{1,3}(?:\.[0-9]{1,3})?")
_RANGE = re.compile(r"([rR]?)([0-9]+(?:\.[0-9]+)?)[-‐‑–]([rR]?)([0-9]+(?:\.[0-9]+)?)")
_APART = re.compile(r"[rR][-‐‑_.]([0-9]{1,3}(?:\.[0-9]{1,3})?)")
_NAMES = re.compile(r"[rR][0-9]+(?:\.[0-9]+)?(?:[-‐‑–_]+[rR][0-9]+(?:\.[0-9]+)?)+")
_HUNGARIAN = re.compile(
    r"[rR]([0-9]+(?:\.[0-9]+)?)[-‐‑](?:[nv][ae][lk]|ho?z|h[eo]z|n[ae]l|[tbr][oa]l|b[ae]n?|r[ae]|es|os|[eoa]t|ig)",
    re.IGNORECASE,
)
_NUMBERED = re.compile(r"([a-z]+)[-‐‑_]?([0-9]{1,3}(?:\.[0-9]{1,3})?)", re.IGNORECASE)
_ENDING = re.compile(r",[0-9]{3}(?![0-9])|\.(?:jpe?g|png|gif|webp|pdf|txt|zip|com|org|net)\b", re.I)
_VERSION = re.compile(rf"(?<![{_LATIN}])[0-9]+\.$")
_TO = re.compile(r"\s*(?:[-‐‑–~〜∼…]|\.{2,3})\s*|—+|\s*(?:至|到|から|부터)\s*")
_UNTIL = re.compile(r"\s?(?:まで|까지)")
_AND = re.compile(r"\s*(?:[,/&+;、،]|和|与|與|及|跟|或|と|や|와|과|및|،?\s?و|и|или)\s*")
_SPACE = re.compile(r"[^\S\n]+")
_NUMERO = re.compile(r"\s*(?:[.º°]|[#№])?\s*")

_REGIONS = lex.words(
    "region regions object regione regioni regiones regionen regiao regioes regio bolge vung "
    "wilayah obszar oblast alue omrade regiunea"
)
_BOXES = lex.words(
    "box boxes bbox bboxes area areas mask masks selection selections detection detections "
    "rectangle rectangles bereich bereiche rahmen kasten caja cajas recuadro recuadros boite "
    "boites cadre cadres caixa caixas quadro riquadro riquadri kader kutu kotak ramka"
)
_OTHER_BOXES = lex.words(
    "mail letter post po juice cereal tool lunch text check tick dialog dialogue phone match gift "
    "x penalty"
)
_ELSEWHERE = {
    True: (
        "区域|區域|领域|領域|リージョン|영역|구역|област(?:ь|и|ью|ям|ях|ей)|регион(?:а|у|ом|е|ы|ов)?"
        "|(?:ال)?منطقة|क्षेत्र|บริเวณ|พื้นที่|περιοχή|אזור"
    ),
    False: "边界框|邊界框|方框|框|枠|ボックス|박스|상자|рамк(?:а|и|е|у|ой)|กรอบ|กล่อง|बॉक्स",
}
"""Words for region, and for box, in other scripts."""
_WORD_BEFORE = re.compile(
    rf"(?<!\w)(?:(?P<sure>{_ELSEWHERE[True]})|{_ELSEWHERE[False]})\s?[#№]?\s?$"
    r"|(?:(?P<cjk>区域|區域|领域|領域|リージョン|영역|구역|บริเวณ|พื้นที่)"
    r"|边界框|邊界框|方框|框|枠|ボックス|박스|상자|กรอบ|กล่อง)\s?[#№]?\s?$"
)
_LONGEST_WORD = 16
_WORD_AFTER = re.compile(
    r"(?:号|號|번\s?|番目?の?|(?<=第[0-9])[个個]?)(?:区域|區域|領域|边界框|方框|框|枠|ボックス|영역|구역|박스|상자)"
)
_COUNTED = re.compile(
    r"(?!'s\b)[%°$€£'\"′″个個只隻条條名位人辆輛头頭匹つ台本枚張张件棵朵块塊片把双雙份개명대권]|마리|:[0-9]"
)
"""After a number, these say that it counts or measures."""

_UNITS = lex.words("px pixel pixels percent cm mm m km inch inches feet ft meters metres times")
_NUMBER_WORDS = lex.words("number no nr num numero nummer n")
_COUNTING = {
    word: number
    for number, word in enumerate(
        ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"], start=1
    )
}
_NUMERALS = re.compile(
    r"(?:(?<=区域)|(?<=區域)|(?<=領域)|(?<=方框)|(?<=第))[一二三四五六七八九](?![十百直样樣起些般定共])"
)
_RANGE_WORDS = lex.words("to through thru until till bis")
_LIST_WORDS = lex.words("and or vs und oder et ou y e o en og och ve dan va")
_PAIRED = lex.words("distance path line way gap arrow compare relation between close closer next")
"""Before *R1 to R3*, these say that two are meant, not those between."""

MAKERS = lex.words(
    "audi bmw canon citroen ford honda kawasaki kia mazda mercedes nissan olympus renault samsung "
    "subaru suzuki toyota volvo yamaha"
)
"""A number after these is a model's, in any letter case: an audi r8."""

_GLUE = lex.words(
    "the of in on at by to from with near behind and or between beside above below under over "
    "inside around is are than as for de la le el du al un der die das den dem"
)
_TRAIL = (lex.STOPS | {"does", "wears", "stands"}) - {"plus", "a", "i", "m", "d", "s"}
_AFTER_HYPHEN = lex.words("the and or is are who which that what where with")
_MARKS = "\ufe0e\ufe0f\u20e3"  # of a digit that is written as a key


@dataclass(frozen=True, slots=True)
class Mention:
    """Characters ``start:end`` of a text that name regions or objects.

    ``names`` are those meant, in order; ``spots`` tells where single ones are written: a range has two. One
    that is ``is_sure`` may have a name that does not exist. ``is_apart``: the name was spelt apart (*R 1*).
    """

    start: int
    end: int
    names: tuple[str, ...]
    spots: tuple[tuple[int, int, str], ...]
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


def quotations(text: str) -> list[Span]:
    """What stands in quotation marks, which is literal.

    「 and 」 quote, too, but not where a lone name stands between them, or the whole text.
    """
    quoted = [m.span() for m in _QUOTED.finditer(text)]
    whole = text.strip()
    bracketed = (m for m in _BRACKETED.finditer(text) if m[0] != whole and not is_name(m[0][1:-1]))
    return _apart([*quoted, *(m.span() for m in bracketed)])


def is_spaced(character: str) -> bool:
    """Whether this is a letter or digit of a script that writes a space between words."""
    return character != "_" and _SPACED_LETTER.fullmatch(character) is not None


def is_name(text: str) -> bool:
    """Whether this is a name and nothing else, in any letters and digits."""
    return _NAME.fullmatch(_folded(text)[0].strip().lstrip("@#")) is not None


def _apart(spans: list[Span]) -> list[Span]:
    """Those spans, in order, that begin in no other."""
    kept: list[Span] = []
    for start, end in sorted(spans):
        if not kept or start >= kept[-1][1]:
            kept.append((start, end))
    return kept


# Letters and digits of all scripts as those of ASCII


def _folded(text: str) -> tuple[str, Sequence[int]]:
    """The text in plain letters and digits, and for each of its characters the position in ``text``."""
    if text.isascii():
        return text, range(len(text) + 1)
    pairs = [(plain, at) for at, character in enumerate(text) for plain in _plain(character)]
    return "".join(plain for plain, _ in pairs), [*(at for _, at in pairs), len(text)]


@lru_cache(maxsize=4096)
def _plain(character: str) -> str:
    """R for Ｒ, 1 for ١ and ①, e for é; nothing for what is not seen."""
    if character.isascii():
        return character
    if character == "\u200b":
        return " "
    if unicodedata.category(character) == "Cf" or "\u0300" <= character <= "\u036f":
        return ""
    if character in _MARKS:
        return ""
    if unicodedata.decomposition(character).startswith("<super>"):
        return character
    digit = unicodedata.digit(character, None)
    if digit is not None:
        return str(digit)
    same = unicodedata.normalize("NFKC", character)
    if same.isascii() and (len(same) == 1 or same.isdigit()):
        return same
    base = unicodedata.normalize("NFD", character)[0]
    return base if base.isascii() and base.isalpha() and base not in "rR" else character


# Reading


@dataclass(frozen=True, slots=True)
class _Item:
    """Plain characters ``start:end``, read up to, not including, chain ``stop``."""

    start: int
    end: int
    stop: int
    names: tuple[str, ...]
    spots: tuple[tuple[int, int, str], ...]
    is_sure: bool = False
    is_apart: bool = False
    may_list: bool = True  # whether numbers after it may be names, too
    is_plural: bool = False  # whether these must be


class _Reader:
    """Reads one text once, from left to right, chain by chain."""

    def __init__(self, text: str, known: Collection[str]) -> None:
        self._text, self._known = text, dict.fromkeys(known)
        self._quoted = quotations(text)
        masked = list(text)
        for start, end in self._quoted:
            masked[start:end] = '"' * (end - start)
        numerals = _NUMERALS.sub(
            lambda m: str("一二三四五六七八九".index(m[0]) + 1), "".join(masked)
        )
        self._plain, self._at = _folded(numerals)
        self._chains = list(_CHAIN.finditer(self._plain))
        self._mentions: list[Mention] = []
        self._left: list[Span] = []
        self._regions = {number_of(name): name for name in known if "." not in name}

    def read(self) -> Names:
        index = 0
        while index < len(self._chains):
            index = max(self._read_at(index), index + 1)
        quoted = (span for span in self._quoted if self._is_set_off(*span))
        return Names(tuple(self._mentions), tuple(sorted([*self._left, *quoted])))

    def _is_set_off(self, start: int, end: int) -> bool:
        """Whether the quotation may only set off a name: “R2”左边, where letters touch it, and no sign."""
        name = f"R{_folded(self._text[start + 1 : end - 1])[0].strip()[1:]}"
        beside = self._text[max(0, start - 1) : start] + self._text[end : end + 1]
        return name in self._known and any(c.isalpha() for c in beside)

    def _read_at(self, index: int) -> int:
        """Read what begins at this chain; returns the chain to go on with."""
        items = self._items(index)
        if not items:
            return index
        for item in items:
            self._keep(item)
        listed = self._listed(items[-1])
        for item in listed:
            self._keep(item)
        return (listed or items)[-1].stop

    def _keep(self, item: _Item) -> None:
        def place(start: int, end: int) -> Span:
            last = self._at[end - 1] + 1
            while last < len(self._text) and self._text[last] in _MARKS:
                last += 1
            return self._at[start], last

        spots = tuple((*place(start, end), name) for start, end, name in item.spots)
        start, end = place(item.start, item.end)
        if self._mentions and start < self._mentions[-1].end:
            return  # ⑩ is one character
        self._mentions.append(Mention(start, end, item.names, spots, item.is_sure, item.is_apart))

    def _leave(self, start: int, end: int) -> None:
        self._left.append((self._at[start], self._at[end - 1] + 1))

    # Chains and what is between them

    def _chain(self, index: int) -> str:
        return self._chains[index][0] if 0 <= index < len(self._chains) else ""

    def _gap(self, index: int) -> str:
        """What stands before this chain."""
        start = self._chains[index - 1].end() if index > 0 else 0
        end = self._chains[index].start() if index < len(self._chains) else len(self._plain)
        return self._plain[start:end]

    def _word_before(self, index: int) -> str:
        """The word before this chain, when nothing but space is between."""
        return self._chain(index - 1).lower() if _SPACE.fullmatch(self._gap(index)) else ""

    def _word_after(self, index: int) -> str:
        return self._chain(index + 1).lower() if _SPACE.fullmatch(self._gap(index + 1)) else ""

    def _goes_on(self, index: int) -> bool:
        """Whether the number here counts or measures something: R1 and 2 dogs, 2%, 2个人."""
        counted = _COUNTED.match(self._plain, self._chains[index].end())
        return bool(counted or (self._word_after(index) and not self._is_function(index + 1)))

    def _is_function(self, index: int) -> bool:
        return self._chain(index).lower() in lex.STOPS or bool(_NAME.match(self._chain(index)))

    # One name, or what is written together

    def _items(self, index: int) -> list[_Item]:
        item = self._numbered(index) or self._spelt(index) or self._signed(index)
        if item:
            return [item]
        return self._together(index)

    def _together(self, index: int) -> list[_Item]:
        """What one chain names: R1, theR2who, R1-R3."""
        chain = self._chains[index]
        start, text = self._start(index), chain[0]
        if start is None or _ENDING.match(self._plain, chain.end()):
            return []
        if found := _NAME.fullmatch(text):
            item = self._named(start, chain.end(), index + 1, f"R{found[1]}", is_sure=True)
            return [self._ranged(index, item) or item]
        if ends := _RANGE.fullmatch(text):
            return self._range_together(index, start, ends)
        if _NAMES.fullmatch(text):
            return self._each(index, _NAME.finditer(text))
        if (found := _HUNGARIAN.fullmatch(text)) and f"R{found[1]}" in self._known:
            end = chain.start() + found.end(1)
            return [self._named(start, end, index + 1, f"R{found[1]}")]
        return self._glued(index)

    def _start(self, index: int) -> int | None:
        """Where the name begins, with its @ or #; None for a part of an address or a version (1.R6)."""
        start = self._chains[index].start()
        if _VERSION.search(self._plain[max(0, start - 4) : start]):
            return None
        if start == 0 or self._plain[start - 1] not in "@#":
            return start
        is_address = start > 1 and re.match(f"[{_LATIN}]", self._plain[start - 2])
        return None if is_address else start - 1

    def _named(self, start: int, end: int, stop: int, name: str, *, is_sure: bool = False) -> _Item:
        return _Item(start, end, stop, (name,), ((start, end, name),), is_sure)

    def _each(self, index: int, found: Iterator[re.Match[str]]) -> list[_Item]:
        at = self._chains[index].start()
        return [
            self._named(at + m.start(), at + m.end(), index + 1, f"R{m[1]}", is_sure=True)
            for m in found
        ]

    def _range_together(self, index: int, start: int, ends: re.Match[str]) -> list[_Item]:
        """R1-R3, R1-3; 1-3 is one only after *regions*."""
        first, final = self._ends(ends[2], ends[4], both=bool(ends[3]))
        sure = bool(ends[1] and ends[3])
        if not ends[1] or not (sure or {first, final} <= self._known.keys()):
            return []
        at = self._chains[index].start()
        spots = ((start, at + ends.end(2), first), (at + ends.start(3), at + ends.end(4), final))
        between = self._between(first, final)
        return [_Item(start, at + ends.end(), index + 1, between, spots, sure)]

    def _ends(self, first: str, final: str, *, both: bool) -> tuple[str, str]:
        """The names at the ends of a range; R2.1-3 is R2.1 to R2.3."""
        if "." in first and "." not in final and not both:
            final = f"{first.split('.')[0]}.{final}"
        return f"R{first}", f"R{final}"

    def _between(self, first: str, final: str) -> tuple[str, ...]:
        """All from the first to the final one; only these two when there are none between."""
        if not {first, final} <= self._known.keys():
            return first, final
        if "." not in first and "." not in final:
            low, high = number_of(first), number_of(final)
            between = tuple(name for n, name in self._regions.items() if low <= n <= high)
        else:
            names = list(self._known)
            inside = names[names.index(first) : names.index(final) + 1]
            alike = "." in first and "." in final and number_of(first) == number_of(final)
            between = tuple(inside) if alike else ()
        return between or (first, final)

    def _glued(self, index: int) -> list[_Item]:
        """Names that lost the space before or after them; all of them have to exist."""
        chain = self._chains[index]
        text, found, position = chain[0], list[re.Match[str]](), 0
        while match := _GLUED.match(text, position):
            found.append(match)
            position = match.end()
        if not found:
            return []
        rest = text[position:]
        words = all(
            _may_lead(m[1], m[0][len(m[1])] == "R", bool(k)) for k, m in enumerate(found)
        ) and _may_trail(rest)
        exist = all(f"R{m[2]}" in self._known for m in found)
        if words and exist:
            at = chain.start()
            return [self._named(at + m.end(1), at + m.end(), index + 1, f"R{m[2]}") for m in found]
        seen = any((words or f"R{m[2]}" in self._known) and _is_seen(m) for m in found)
        if text[0] == "R" or seen:
            self._leave(*chain.span())
        return []

    # Spelt apart

    def _spelt(self, index: int) -> _Item | None:
        """R 1, R-1, R.1, R#1."""
        chain = self._chains[index]
        if found := _APART.fullmatch(chain[0]):
            number, end, stop = found[1], chain.end(), index + 1
        elif chain[0] in ("R", "r") and re.fullmatch(r"\.? ?#?|\(|\[", self._gap(index + 1)):
            number, stop = self._chain(index + 1), index + 2
            if not _NUMBER.fullmatch(number):
                return None
            end = self._chains[index + 1].end()
            if opened := re.search(r"[(\[]", self._gap(index + 1)):
                closed = self._plain[end : end + 1] == {"(": ")", "[": "]"}[opened[0]]
                end += closed
                if not closed:
                    return None
        else:
            return None
        start = self._start(index)
        initials = re.search(r"[A-Z]\. ?$", self._plain[max(0, chain.start() - 3) : chain.start()])
        is_known = f"R{number}" in self._known
        if start is None or initials or chain[0][0] != "R" or not is_known:
            if chain[0][0] == "R" or is_known:
                self._leave(chain.start(), end)
            return None
        item = self._named(start, end, stop, f"R{number}")
        return _Item(item.start, item.end, stop, item.names, item.spots, is_apart=True)

    def _signed(self, index: int) -> _Item | None:
        """#1, # 1 and №1, where a thing can stand, and not the #1 fan or player #7."""
        chain = self._chains[index]
        sign = re.search(r"[#№] ?$", self._gap(index)[-2:])
        if not sign or not _NUMBER.fullmatch(chain[0]) or f"R{chain[0]}" not in self._known:
            return None
        start = chain.start() - len(sign[0])
        before = self._plain[max(0, start - 1) : start]
        word = self._chain(index - 1).lower() if self._gap(index)[: -len(sign[0])].isspace() else ""
        places = (
            (lex.LINKS - {"as", "like"}) | lex.REQUESTS | lex.BOUNDARIES | lex.RELATIVES | {"the"}
        )
        fits = not word or word in places or (word in lex.BE and index == 1)
        if re.match(f"[{_LATIN}&]", before) or not fits or self._goes_on(index):
            self._leave(start, chain.end())
            return None
        return self._named(start, chain.end(), index + 1, f"R{chain[0]}")

    # By number

    def _numbered(self, index: int) -> _Item | None:
        """region 1, regions 1-3, Region1, box 1, 区域1, 1번 영역."""
        word = self._chain(index).lower()
        if word in _REGIONS or word in _BOXES:
            return self._after_word(index, word)
        glued = _NUMBERED.fullmatch(self._chain(index))
        if glued and glued[1].lower() in (_REGIONS | _BOXES) - {"object"}:
            return self._by_number(index, self._chains[index].start(), glued[2], False)
        if not self._chain(index)[:1].isdigit():
            return None
        return self._beside_word(index)

    def _after_word(self, index: int, word: str) -> _Item | None:
        at = index + 1
        if self._chain(at).lower() in _NUMBER_WORDS and _SPACE.fullmatch(self._gap(at)):
            at += 1
        if at >= len(self._chains) or not _NUMERO.fullmatch(self._gap(at)):
            return None
        is_bounding = word == "box" and self._word_before(index) == "bounding"
        start, text = self._chains[index - is_bounding].start(), self._chain(at)
        sure = word in _REGIONS
        ends = _RANGE.fullmatch(text)
        if ends and not (ends[1] or ends[3]) and word != "object":
            return self._range_by_number(at, start, ends, word == "regions")
        if word == "object" and "." not in text:
            return None
        if text.lower() in _COUNTING and not self._goes_on(at):
            return self._counted(at, start, _COUNTING[text.lower()])
        if word in _BOXES and self._is_other_box(index, at):
            return None
        item = self._by_number(at, start, text, sure)
        if item is None or word == "object":
            return item
        return _plural(item) if word == "regions" else item

    def _counted(self, at: int, start: int, number: int) -> _Item | None:
        """region one"""
        name = f"R{number}"
        if name not in self._known:
            return None
        return self._named(start, self._chains[at].end(), at + 1, name)

    def _is_other_box(self, index: int, at: int) -> bool:
        """A mail box 1, box 2 of 3."""
        return self._word_before(index) in _OTHER_BOXES or self._word_after(at) == "of"

    def _range_by_number(
        self, at: int, start: int, ends: re.Match[str], sure: bool
    ) -> _Item | None:
        first, final = self._ends(ends[2], ends[4], both=False)
        if not sure and not {first, final} <= self._known.keys():
            return None
        chain = self._chains[at]
        spots = (
            (start, chain.start() + ends.end(2), first),
            (chain.start() + ends.start(4), chain.end(), final),
        )
        return _Item(start, chain.end(), at + 1, self._between(first, final), spots, sure)

    def _beside_word(self, index: int) -> _Item | None:
        """A number beside a word for region of another script: 区域1, область 1, 1번 영역."""
        chain = self._chains[index]
        before = self._plain[max(0, chain.start() - _LONGEST_WORD) : chain.start()]
        if found := _WORD_BEFORE.search(before):
            sure = bool(found["sure"] or found["cjk"])
            start = chain.start() - len(before) + found.start()
            return self._by_number(index, start, chain[0], sure)
        if found := _WORD_AFTER.match(self._plain, chain.end()):
            start = chain.start() - (self._plain[: chain.start()].endswith("第"))
            item = self._by_number(index, start, chain[0], False)
            return item and self._named(start, found.end(), index + 1, item.names[0])
        return None

    def _by_number(self, at: int, start: int, number: str, sure: bool) -> _Item | None:
        if not _NUMBER.fullmatch(number):
            return None
        end, name = self._chains[at].end(), f"R{number}"
        if self._word_after(at) in _UNITS or self._gap(at + 1)[:1] in ("%", "°"):
            return None
        if name not in self._known and not sure:
            self._leave(start, end)
            return None
        item = self._named(start, end, at + 1, name, is_sure=sure)
        return self._ranged(at, item) or item

    # Ranges and lists

    def _ranged(self, index: int, item: _Item) -> _Item | None:
        """The range that begins with this item: R1 to R3, R1…R3, R1至R3."""
        at = self._final(index)
        if at is None:
            return None
        text = self._chain(at)
        found = _NAME.fullmatch(text)
        is_number = bool(_NUMBER.fullmatch(text)) and not self._goes_on(at)
        if not found and not is_number:
            return None
        first, final = self._ends(item.names[0][1:], found[1] if found else text, both=bool(found))
        if not {first, final} <= self._known.keys():
            return None
        chain = self._chains[at]
        spots = ((item.start, item.end, first), (*chain.span(), final))
        until = _UNTIL.match(self._plain, chain.end())
        end = until.end() if until else chain.end()
        return _Item(item.start, end, at + 1, self._between(first, final), spots, item.is_sure)

    def _final(self, index: int) -> int | None:
        """The chain that ends a range which begins at this one."""
        at = index + 1
        if at >= len(self._chains):
            return None
        gap = self._gap(at)
        if _TO.fullmatch(gap):
            return None if self._is_from(index, gap) else at
        if self._word_after(index) not in _RANGE_WORDS or not _SPACE.fullmatch(self._gap(at + 1)):
            return None
        return at + 1 if self._chain(at).lower() != "to" or self._is_all(index) else None

    def _is_from(self, index: int, gap: str) -> bool:
        """从R1到R3 is a way, and so is R1到R3的距离."""
        end = self._chains[index + 1].end()
        return "到" in gap and (
            self._gap(index).rstrip().endswith(("从", "從"))
            or self._plain.startswith(("的距离", "距离", "的距離", "距離"), end)
        )

    def _is_all(self, index: int) -> bool:
        """Whether *to* here counts on (in R1 to R3) and tells no way (the distance from R1 to R3)."""
        if any(self._chain(k).lower() in _PAIRED for k in range(index - 4, index)):
            return False
        word = self._word_before(index)
        counts = (lex.LINKS - {"from", "to"}) | lex.REQUESTS | lex.BOUNDARIES | {"", "all"}
        return word in counts or word in _REGIONS | _BOXES

    def _listed(self, item: _Item) -> list[_Item]:
        """Numbers after a name: R1, 2 and 3."""
        items: list[_Item] = []
        index = item.stop
        while (at := self._next(index)) is not None:
            found = self._list_number(at, item)
            if found is None:
                break
            items.append(found)
            index = found.stop
        if items and not item.is_plural and self._goes_on(items[-1].stop - 1):
            return []
        return items

    def _list_number(self, at: int, item: _Item) -> _Item | None:
        chain = self._chains[at]
        ends = _RANGE.fullmatch(chain[0])
        if ends and not (ends[1] or ends[3]):
            return self._range_by_number(at, chain.start(), ends, item.is_plural)
        if not _NUMBER.fullmatch(chain[0]):
            return None
        name = f"R{chain[0]}"
        if name not in self._known and not item.is_plural:
            return None
        return self._named(*chain.span(), at + 1, name, is_sure=item.is_plural)

    def _next(self, index: int) -> int | None:
        """The chain after an *and*, an *or* or a comma."""
        if index >= len(self._chains):
            return None
        gap = self._gap(index)
        if _AND.fullmatch(gap) and "\n" not in gap:
            comma = self._chain(index).lower() in _LIST_WORDS and _SPACE.fullmatch(
                self._gap(index + 1)
            )
            return index + 1 if comma and index + 1 < len(self._chains) else index
        if not _SPACE.fullmatch(gap) or self._chain(index).lower() not in _LIST_WORDS:
            return None
        after = index + 1
        return after if after < len(self._chains) and _SPACE.fullmatch(self._gap(after)) else None


def _plural(item: _Item) -> _Item:
    return _Item(
        item.start, item.end, item.stop, item.names, item.spots, item.is_sure, is_plural=True
    )


def _may_lead(word: str, is_capital: bool, is_inside: bool) -> bool:
    """Whether this word can have lost the space before a name: theR2, ofr1, R1andR2."""
    low = word.lower()
    if not word:
        return True
    if low in _GLUE or (is_inside and low in _LIST_WORDS):
        return True
    return word.islower() and ((is_capital and len(word) > 2) or _is_participle(word))


def _may_trail(word: str) -> bool:
    """Whether this word can have lost the space after a name: R2who, R2standing, R2–the."""
    if word[:1] in tuple("-‐‑–"):
        return word[1:].lower() in _AFTER_HYPHEN
    return not word or word == "s" or word.lower() in _TRAIL or _is_participle(word)


def _is_participle(word: str) -> bool:
    return word.isalpha() and len(word) > 4 and word.endswith("ing")


def _is_seen(found: re.Match[str]) -> bool:
    """Whether the name can be seen in the word: HR2, r2a; not bar1."""
    return not found[1] or found[0][len(found[1])] == "R"
