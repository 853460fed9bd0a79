"""The label of a region: a short name for what the question asks for."""

from __future__ import annotations

import re
import unicodedata
from itertools import groupby

from demo.language import asking
from demo.language.asking_abroad import FOREIGN_END, FOREIGN_START, PRONOUNS
from demo.language.lexicon import ADJECTIVES, BE, CONTINUATIONS, LINKS, OPENERS, QUESTIONS
from demo.language.nouns import is_living, kind_of
from demo.language.references import Resolved

MAX_LABEL = 40
_MAX_ENDING = 80  # characters, of the words at an end that only ask
_QUOTED = re.compile(
    r'(?<!\w)"[^"]*"(?!\w)|“[^”]*”|«[^»]*»|„[^“”]*[“”]|「[^」]*」|『[^』]*』|(?<!\w)`[^`]*`'
)
_NO_NAMES = asking.NO_NAMES | PRONOUNS
_WORD = re.compile(rf"(?:{_QUOTED.pattern}|\S)+")
_MARKS = " .?!,:;…。？！，、：；¿¡؟،।-–—*•>\t"
_SENTENCE_END = re.compile(
    r"(?<!\bmr)(?<!\bst)(?<!\bdr)(?<!\bno)(?<!\bmrs)(?<!\b[^\W\d])[.?!]+ (?=\W*\w)|[。？！]",
    re.IGNORECASE,
)
_THE_ONE = re.compile(
    r"(?:\bthe )?(?:\b(?:ones?|that|those) (?:in|at|from|of) )?(?:\bthe )?$", re.IGNORECASE
)
_APART = re.compile(
    r"(?:,? (?=excluding|except|other than|apart from|aside from|besides|but not|instead of|not )"
    r"|(?P<comma>, )"
    r"| (?P<who>who(?: is| are|['’]s)) )"
    r"(?P<rest>[^,]{0,24}\bR[0-9][0-9.]*(?: and R[0-9][0-9.]*)?(?:'s \w+)?)$",
    re.IGNORECASE,
)
_EXCLUDING = re.compile(r",? excluding(?= [^,]*$)", re.IGNORECASE)
_WHO_IS = re.compile(r" (?:who|that|which)(?: is| are| was| were|['’]s) ", re.IGNORECASE)
_UNFINISHED = re.compile(
    r",? (?:whose(?: (?!is |are )\S+){1,3}|with (?:their|his|her|its) \S+|all the way)$",
    re.IGNORECASE,
)


def label_of(resolved: Resolved) -> str:
    """A noun phrase of 1 to 40 characters for what a question asks for, with the names of regions in it.

    It is the question without the words that only ask, and without its last modifiers where it is too long;
    the words as typed where nothing else is in them.
    """
    text = " ".join(_with_names(resolved).replace("\n", ". ").split())
    return _shortened(_asked_for(text) or text.strip(_MARKS) or text)


def _with_names(resolved: Resolved) -> str:
    """The question with the names of regions in the place of the words that mean them."""
    text, end = "", resolved.begin
    spoken = [r for r in resolved.references if not r.is_topic]
    for (start, stop), group in groupby(spoken, key=lambda r: (r.start, r.end)):
        meant = list(group)
        before = _THE_ONE.sub("", resolved.sentence[end : max(end, start)][-30:])
        text += resolved.sentence[end : max(end, start - 30)] + before
        text += " and ".join(r.name for r in meant) + "'s" * meant[0].is_possessive
        end = max(end, stop)
    return text + resolved.sentence[end:]


def _asked_for(text: str) -> str:
    """What is named in the first sentence that asks for it, else in the first that names something."""
    found = [_named(part) for part in _sentences(text)]
    names = [name for name, has_asked in found if has_asked and name] or [name for name, _ in found]
    return next((name for name in names if name), "")


def _sentences(text: str) -> list[str]:
    quoted = _QUOTED.sub(lambda match: "x" * len(match[0]), text)
    ends = [match.end() for match in _SENTENCE_END.finditer(quoted)]
    return [text[a:b] for a, b in zip([0, *ends], [*ends, len(text)], strict=True)]


def _named(sentence: str) -> tuple[str, bool]:
    """What a sentence names, empty if nothing, and whether it asks for it."""
    sentence = re.sub(r"^\((.*)\)$", r"\1", sentence.strip(_MARKS))
    place, text = _split_place(_without_end(sentence))
    rest, has_asked = _without_start(text)
    name = _without_hanging(_words(_without_end(asking.TASK.sub("", rest))))
    if not _is_name(name):
        return "", False
    return f"{name} {place}".rstrip(), has_asked


def _is_name(text: str) -> bool:
    return any(_is_word(word) and _low(word) not in _NO_NAMES for word in _words(text))


def _is_word(text: str) -> bool:
    return any(c.isalnum() or unicodedata.category(c) == "So" for c in text)


def _words(text: str) -> list[str]:
    """The words between spaces; what is in quotation marks is part of one."""
    return [match[0] for match in _WORD.finditer(text)]


def _low(word: str) -> str:
    return word.strip(_MARKS + "()").lower().replace("’", "'")


def _split_place(text: str) -> tuple[str, str]:
    """The place before a question (*next to R1, find …*), empty if there is none, and the question."""
    found = _words(text)
    comma = next((k for k, word in enumerate(found) if word[-1] in ",:"), len(found))
    front, rest = " ".join(found[: comma + 1]), " ".join(found[comma + 1 :])
    is_place = asking.PLACE.match(front)
    asks = asking.REQUEST.match(rest) or (
        asking.QUESTION.match(rest) and (is_place or asking.PREPOSITION.match(front))
    )
    if not asks or asking.REQUEST.match(front):
        return "", text
    return (front[0].lower() + front[1:].rstrip(",:") if is_place else ""), rest


# What only asks


def _without_start(text: str) -> tuple[str, bool]:
    """The words after those that only ask (*find the*, *what is to the*, *où est le*); whether any do."""
    found = _words(_without_foreign_start(text))
    lows = [_low(word) for word in found]
    names = [k for k, low in enumerate(lows) if _is_word(low) and low not in asking.NO_NAMES]
    at, last = 0, max(names, default=-1)
    while (step := _asking_words(found, lows, at)) and at + step <= last:
        at += step
    rest = _without_predicate(" ".join(found[at:]), lows[:at])
    left = _without_foreign_start(rest)
    asks_abroad = left != rest or len(found) < len(_words(text))
    return left, asks_abroad or any(w in asking.VERBS or w in QUESTIONS for w in lows[:at])


def _asking_words(found: list[str], lows: list[str], at: int) -> int:
    """How many words from here on only ask."""
    ahead, before = " ".join(found[at : at + 9]), lows[max(0, at - 6) : at]
    patterns = [asking.BEFORE, asking.LOCATION]
    patterns += [asking.DRAWING] if asking.DRAWS.intersection(before) else []
    for pattern in patterns:
        if match := pattern.match(ahead):
            return len(match[0].split())
    may_ask = before[-1] in asking.JOINERS if before else ahead[:1].isupper()
    verb = asking.UNLISTED.match(ahead)
    if may_ask and verb and lows[at] not in asking.NO_VERBS and not kind_of(lows[at]):
        return len(verb[0].split())
    return at + 1 < len(lows) and _is_asking(lows[at], lows[at + 1], before[-1] if before else "")


def _is_asking(low: str, after: str, before: str) -> bool:
    """Whether a word only asks, between two others; nothing does once an article was followed by a noun."""
    if low in asking.ARTICLES and after in asking.EXCLUSIONS - {"other"}:
        return False
    if low in asking.ARTICLES or before in asking.PARTICLES.get(low, ()):
        return True
    if before in asking.ARTICLES:
        return low in BE and before in ("this", "that", "these", "those")
    if low in asking.NOUNS_TOO and (before in asking.VERBS or _is_noun(low, after)):
        return False
    if low in asking.ATTRIBUTES:
        return before in ("what", "which", "how")
    return low in asking.VERBS or low in asking.TALK


def _is_noun(low: str, after: str) -> bool:
    """Whether a word that may be a verb of asking is a noun, as what follows it tells."""
    described = after in LINKS or after in OPENERS
    return after in asking.COMPOUNDS or (described and low not in asking.PARTICLES.get(after, ()))


def _without_predicate(text: str, asked: list[str]) -> str:
    """*Which man is on the left*, *who has a hat* → man on the left, with a hat."""
    text = re.sub(r"^(?:to|on|at) the (?=\w+ of )", "", text, flags=re.IGNORECASE)
    last = next((word for word in reversed(asked) if word not in asking.NO_PREDICATE), "")
    if last not in asking.PREDICATIVE:
        return text
    if last.endswith("n't"):
        negated = re.sub(r"^not have ", "without ", f"not {text}")
        return negated if asking.OWNERS.intersection(asked[:2]) else text
    for pattern, replacement in asking.PREDICATES:
        text = pattern.sub(replacement, text, count=1)
    return text


def _without_foreign_start(text: str) -> str:
    begin = 0
    while (match := FOREIGN_START.match(text, begin)) and _is_word(text[match.end() :]):
        begin = match.end()
    return text[begin:].lstrip(" ,:，：、")


def _without_end(text: str) -> str:
    """The words before those that only ask: *please*, *in the picture*, *where is it*."""
    text = text.rstrip(_MARKS)
    while match := _ending(text):
        text = text[: match.start()].rstrip(_MARKS)
    return text


def _ending(text: str) -> re.Match[str] | None:
    begin = max(0, len(text) - _MAX_ENDING)
    match = asking.AFTER.search(text, begin) or FOREIGN_END.search(text, begin)
    return match if match and _is_word(text[: match.start()]) else None


def _without_hanging(
    found: list[str],
    hanging: frozenset[str] = asking.HANGING,
    more: frozenset[str] = asking.LEFT_HANGING,
) -> str:
    """The words up to the last that is not ``hanging``; once one is left out, nor one of ``more``."""
    while len(found) > 1:
        low = _low(found[-1])
        is_proper = found[-1][0].isupper() and not found[0].isupper()  # the letter A, Dr. Who
        if low and (is_proper or low not in hanging):
            break
        hanging = more if low else hanging
        found = found[:-1]
    return " ".join(found).rstrip(_MARKS)


# Too long


def _shortened(name: str) -> str:
    """The name without its last modifiers where it is longer than 40 characters, but with the region that
    sets it apart: *person facing away except R2*."""
    if len(name) > MAX_LABEL:
        name = _EXCLUDING.sub(" except", name)
    if len(name) <= MAX_LABEL:
        return name
    if apart := _APART.search(name):
        tail = (apart["comma"] or " ") + apart["rest"]
        head = _cut(name[: apart.start()], MAX_LABEL - len(tail))
        others = _words(name[len(head) : apart.start()])
        if head and not (apart["who"] and any(is_living(_low(word)) for word in others)):
            return head + tail
    head = _cut(name, MAX_LABEL)
    return head if " " in head else _cut_anywhere(name)


def _cut(name: str, room: int) -> str:
    """The longest begin of the name in that room that ends where a modifier does, if there is one."""
    begins = [_cut_words(_words(text), room) for text in (name, _WHO_IS.sub(" ", name))]
    best = max(begins, key=len)
    return best if _is_name(best) else ""


def _cut_words(found: list[str], room: int) -> str:
    best, length = "", -1
    for k, word in enumerate(found):
        if k and _begins_modifier(found, k):
            whole = _UNFINISHED.sub("", _without_hanging(found[:k], asking.LEFT_HANGING))
            best = _without_hanging(_words(whole), asking.LEFT_HANGING) or best
        length += len(word) + 1
        if length > room:
            return best
    return " ".join(found)


def _begins_modifier(found: list[str], k: int) -> bool:
    low = _low(found[k])
    if (
        found[k - 1][-1] in ",;"
        or found[k][0] == "("
        or low.endswith("ing")
        or low in asking.EXCLUSIONS
    ):
        return True
    if low in ("and", "or"):
        return not (k + 1 < len(found) and {_low(found[k - 1]), _low(found[k + 1])} <= ADJECTIVES)
    return low in CONTINUATIONS and low not in ("of", "off", "up", "down", "away", "than")


def _cut_anywhere(name: str) -> str:
    """The first words, or the first letters of a word that is too long, and an ellipsis."""
    kept = name[: MAX_LABEL - 1 - ("“" in name)]
    if name[len(kept)] != " " and " " in kept[MAX_LABEL // 2 :]:
        kept = kept[: kept.rindex(" ")]
    while len(kept) > 1 and unicodedata.category(name[len(kept)])[0] == "M":
        kept = kept[:-1]
    is_open = kept.count("“") > kept.count("”")
    return f"{_without_hanging(kept.split(), more=asking.HANGING)}…{'”' * is_open}"
