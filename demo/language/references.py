"""A person's sentence → which regions it means, and which characters stand for them.

These refer to a region, in any letter case:

- its name, in all the ways that `names.py` knows: ``R1``, ``r2.1``, ``@R1``, ``R1-R3``, ``region 1``;
- a pronoun or a pointing phrase: *it, its, him, her, they, that one, these two, both of them, the
  previous one, the last region*;
- a pronoun after a region that is named before the question (*R1 what is left of it*);
- a choice among the objects of the last region, when it has several: *the second one, the left one,
  the largest of them, the second one from the right*.

When in doubt, words refer to nothing: a model still understands a sentence left as it was typed, while a
wrong box misleads it. So a pronoun that may mean something in its own sentence stays as it is (*the dog
and its ball*, *R1 and its owner*), and so does an *it* that refers to nothing (*is it raining*). Text in
double quotes is literal, which is how to ask for a sign that reads "R2".

An unknown name is an error unless it looks like a model number: four digits or more (*R1200*), a
capitalised word beside it (*R34 Skyline*), or a maker before it (*an audi r8*). A known name always means
the region.

This file knows the registry and nothing of prompts; what it knows of English is in `english.py`.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, replace

from demo.errors import QuestionError, UnknownRegionError
from demo.language import lexicon as lex
from demo.language.chains import is_name
from demo.language.discourse import Discourse
from demo.language.english import Sentence
from demo.language.known_regions import Known, example_of
from demo.language.name_words import BOXES, MAKERS, REGIONS
from demo.language.names import Mention, read_names
from demo.language.nouns import GENDER
from demo.picture.regions import Registry

MAX_QUESTION = 2_000


@dataclass(frozen=True, slots=True)
class Reference:
    """Characters ``start:end`` of a sentence that stand for a region or object.

    ``name`` is what is meant (``R1``, ``R2.1``) and ``phrase`` the words typed (``r1``, ``it``).
    ``is_described``: these are other words than a name (*it*, *the second one*).
    ``is_possessive``: the words are a possessive (*its*, *her*, *their*), as ``'s`` would make them.
    ``is_topic``: they stand before the question (*R1 what is left of it*), in which a pronoun takes their
    place. Words that stand for several (*both of them*) make one reference for each, with the same span.
    """

    name: str
    start: int
    end: int
    phrase: str
    is_possessive: bool = False
    is_topic: bool = False
    is_described: bool = False


@dataclass(frozen=True, slots=True)
class Resolved:
    """A sentence with its references in order of appearance.

    ``plain`` is what looks like the name of a region and is left as it was typed, each once.
    """

    sentence: str
    references: tuple[Reference, ...]
    plain: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """The names that are meant, each once."""
        return tuple(dict.fromkeys(r.name for r in self.references))

    @property
    def begin(self) -> int:
        """The position where the question begins: after its topic, when a pronoun repeats that."""
        end = max((r.end for r in self.references if r.is_topic), default=0)
        rest = self.sentence[end:]
        return end + len(rest) - len(rest.lstrip(" ,:–—-")) if end else 0


def check_question(sentence: str) -> str:
    """The question without surrounding white space; control characters become spaces, line breaks stay.

    Raises QuestionError when nothing is left or it is longer than 2,000 characters.
    """
    cleaned = sentence.strip()
    if len(cleaned) <= MAX_QUESTION:  # a megabyte would take a second
        cleaned = "".join(
            " " if c != "\n" and unicodedata.category(c) in ("Cc", "Cs") else c for c in cleaned
        ).strip()
    if not cleaned:
        raise QuestionError("Type a question first, for example “find the dog”.")
    if len(cleaned) > MAX_QUESTION:
        raise QuestionError(
            f"This question has {len(cleaned):,} characters, and at most {MAX_QUESTION:,} can be "
            "asked."
        )
    return cleaned


def resolve(sentence: str, registry: Registry, *, last: str | None = None) -> Resolved:
    """The sentence with the regions and objects that it refers to.

    ``last`` is the region (or object) that the newest turn made or that was last meant; by default,
    and when it is gone, the newest. Raises UnknownRegionError for the name of a region that does
    not exist, and QuestionError for words that need a region, or a choice of one, where there is none.
    """
    reader = _Reader(sentence, registry, last)
    return Resolved(sentence, tuple(reader.read()), reader.plain())


def without_unknown(sentence: str, registry: Registry) -> str:
    """The sentence with unknown names replaced by letters, so that the rest of it can be read.

    Its length stays the same, and so do the positions of references.
    """
    for mention in _Reader(sentence, registry, None).missing():
        masked = "x" * (mention.end - mention.start)
        sentence = sentence[: mention.start] + masked + sentence[mention.end :]
    return sentence


def missing_by_number(sentence: str, registry: Registry) -> dict[str, str]:
    """The names that do not exist and are not written as such, with the words that mean them.

    R9 for *region 9* and *区域9*.
    """
    missing = _Reader(sentence, registry, None).missing()
    spots = ((sentence[start:end], name) for m in missing for start, end, name in m.spots)
    return {name: words for words, name in spots if not is_name(words) and name not in registry}


@dataclass(frozen=True, slots=True)
class _Match:
    """The words ``start:stop`` mean ``names``."""

    names: tuple[str, ...]
    start: int
    stop: int
    is_possessive: bool = False
    is_pronoun: bool = False


class _Reader:
    """Reads one sentence once, from left to right."""

    def __init__(self, text: str, registry: Registry, last: str | None) -> None:
        named = read_names(text, dict.fromkeys(registry.names()))
        self._mentions = {mention.start: mention for mention in named.mentions}
        self._plain = named.plain
        self._s = Sentence(text, named.mentions)
        self._discourse = Discourse(self._s)
        self._known = Known(registry, last)
        self._meanings: dict[str, tuple[str, ...]] = {}
        self._subjects: set[str] = set()  # which pronouns a clause about a thing has as its subject
        # Where a pronoun meant what has something in it or on it.
        self._container: dict[str, int] = {}
        self._has_chosen = False
        self._topic: tuple[str, ...] = ()
        self._is_topic_used = False  # whether a pronoun took the topic up

    def read(self) -> list[Reference]:
        topic, position = self._read_topic()
        references = self._read_from(position)
        if self._is_topic_used:
            return [*(replace(r, is_topic=True) for r in topic), *references]
        if not topic:
            return references
        self._topic = ()
        return self._read_from(0)

    def _read_topic(self) -> tuple[list[Reference], int]:
        """The regions named before a question, and the position where it begins: *R1, what is …*."""
        references: list[Reference] = []
        position = 0
        while match := self._read_name(position):
            references += self._references(match)
            position = match.stop
            while self._s.low(position) in lex.TOPIC_ENDS:
                position += 1
        if not references or self._s.low(position) not in lex.QUESTIONS | lex.REQUESTS:
            return [], 0
        self._topic = tuple(r.name for r in references)
        return references, position

    def _read_from(self, position: int) -> list[Reference]:
        references: list[Reference] = []
        while position < len(self._s):
            match = self._match(position)
            if match is None:
                self._discourse.read(position)
                if self._s.low(position) in lex.ENDINGS:
                    self._subjects.clear()
                position += 1
                continue
            references += self._references(match)
            position = match.stop
            if not match.is_pronoun:
                self._discourse.name(match.start)
            elif match.is_possessive:
                self._discourse.add_possession(position)
            else:
                self._discourse.handle(match.start)
        return references

    def _match(self, index: int) -> _Match | None:
        if match := self._read_name(index):
            return match
        low = self._s.low(index)
        if low in lex.SINGULAR_PRONOUNS | lex.PLURAL_PRONOUNS:
            return self._read_pronoun(index)
        if low in ("this", "that"):
            return self._read_this(index)
        if low in ("these", "those"):
            return self._read_these(index)
        if low == "the":
            return self._read_choice(index)
        if low in ("both", "all"):
            return self._read_both(index) if low == "both" else self._read_all(index)
        return None

    def _references(self, match: _Match) -> list[Reference]:
        start, end = self._s.words[match.start].start, self._s.words[match.stop - 1].end
        phrase = self._s.text[start:end]
        described, owns = self._mention(match.start) is None, match.is_possessive
        return [
            Reference(name, start, end, phrase, owns, is_described=described)
            for name in match.names
        ]

    # Names

    def _read_name(self, index: int) -> _Match | None:
        """What `names.py` found. Raises UnknownRegionError for a name that does not exist."""
        mention = self._mention(index)
        if mention is None or self._is_model(mention, index):
            return None
        for name in mention.names:
            if name not in self._known.names:
                raise UnknownRegionError(self._known.registry.no_such_name(name))
        return _Match(mention.names, index, index + 1)

    def _mention(self, index: int) -> Mention | None:
        return self._mentions.get(self._s.words[index].start) if index < len(self._s) else None

    def _is_model(self, mention: Mention, index: int) -> bool:
        """Whether this is a model's number: an unknown name of four digits, or beside a capital."""
        if not mention.is_apart and self._known.names.issuperset(mention.names):
            return False
        before = self._s.low(index - 1)
        is_long = any(len(name.split(".")[0]) > 4 for name in mention.names)
        is_beside = self._s.has_capital_beside(index) and before not in REGIONS | BOXES
        return is_long or before in MAKERS or is_beside

    def missing(self) -> list[Mention]:
        """What names something that does not exist."""
        return [
            mention
            for mention, index in self._named()
            if not self._is_model(mention, index)
            and not self._known.names.issuperset(mention.names)
        ]

    def plain(self) -> tuple[str, ...]:
        """What looks like a name and is none, each once."""
        models = [(m.start, m.end) for m, index in self._named() if self._is_model(m, index)]
        spans = sorted([*self._plain, *models])
        return tuple(dict.fromkeys(self._s.text[start:end] for start, end in spans))

    def _named(self) -> Iterator[tuple[Mention, int]]:
        for index in range(len(self._s)):
            if mention := self._mention(index):
                yield mention, index

    # Pointing: this one, those two

    def _read_this(self, index: int) -> _Match | None:
        s, noun = self._s, self._s.low(index + 1)
        if noun in lex.ANSWERS or (noun in lex.POINTED and not s.is_described(index, index + 2)):
            return self._single(index, index + 2)
        if noun == "bounding" and s.low(index + 2) == "box":
            return self._single(index, index + 3)
        if s.is_end(index + 1) and s.is_after_place(index):
            return self._single(index, index + 1)
        asked = s.low(index - 1) in ("is", "'s") and s.low(index - 2) in ("what", "who")
        if asked and s.is_end(index + 1) and self._known.last:
            return _Match((self._known.last,), index, index + 1)
        return None

    def _read_these(self, index: int) -> _Match | None:
        s = self._s
        count = lex.COUNTS.get(s.low(index + 1))
        stop = index + (1 if count is None else 2)
        if s.low(stop) in lex.SEVERAL:
            return self._several(index, stop + 1, count)
        if (count and s.is_bare(stop)) or (s.is_end(stop) and s.is_after_place(index)):
            return self._several(index, stop, count)
        return None

    def _single(self, start: int, stop: int) -> _Match:
        if self._known.last is None:
            raise QuestionError(self._nothing_yet_sentence(start, stop))
        return _Match((self._known.last,), start, stop)

    # Choices: the second one, the left one, the first region

    def _read_choice(self, index: int) -> _Match | None:
        match = self._read_after_the(index)
        self._has_chosen = self._has_chosen or match is not None
        return match

    def _may_be_taken_up(self) -> bool:
        """Whether *one* may stand for a noun of this sentence: two cars, and the second one is red.

        Not once it chose a region: the dog left of the second one and the cat behind the first.
        """
        return not self._has_chosen and self._discourse.has_noun_for_one()

    def _read_after_the(self, index: int) -> _Match | None:
        word = self._s.low(index + 1)
        if word in lex.COUNTS:
            return self._read_counted(index)
        if word in lex.LATEST or word in lex.SAME:
            return self._read_latest(index)
        if word in lex.ORDER:
            return self._read_ordinal(index)
        if word in lex.POSITIONS or word in ("middle", "central"):
            return self._read_placed(index)
        return None

    def _read_latest(self, index: int) -> _Match | None:
        """*the previous one*, *the last region*, *the same object*."""
        s, stop = self._s, index + 3
        word, noun = s.low(index + 1), s.low(index + 2)
        if noun in lex.ANSWERS or (noun == "object" and word in lex.SAME):
            if word in lex.LATEST and self._known.regions:
                return _Match((self._known.regions[-1].id,), index, stop)
            return self._single(index, stop)
        if noun == "ones":
            return self._several(index, stop, None)
        if noun == "of":
            stop = s.after_of_them(index + 2)
            many = word == "last" and stop > index + 2 and len(self._known.objects) > 1
            return _Match((self._known.objects[-1].id,), index, stop) if many else None
        if noun != "one" or s.is_described(index, stop) or self._may_be_taken_up():
            return None
        if word == "last" and len(self._known.objects) > 1:
            return _Match((self._known.objects[-1].id,), index, stop)
        return self._single(index, stop)

    def _read_ordinal(self, index: int) -> _Match | None:
        """*the second one*, *the first and third*, *the second one from the left*."""
        s = self._s
        if s.low(index + 2) == "region":
            return self._read_nth_region(index)
        numbers, stop = self._read_ordinals(index + 1)
        one = s.low(stop) in ("one", "ones")
        stop, place = self._from_side(stop + one)
        after = s.after_of_them(stop)
        counted = one or after > stop or (len(self._known.objects) > 1 and s.is_bare(after))
        if not counted or s.is_described(index, after) or self._may_be_taken_up():
            return None
        if not self._known.objects:
            raise QuestionError(self._nothing_yet_sentence(index, after))
        if len(self._known.objects) < max(2, *numbers):
            raise QuestionError(self._too_few_sentence(index, after))
        ordered = self._known.ordered(place)
        return _Match(tuple(ordered[n - 1].id for n in numbers), index, after)

    def _read_ordinals(self, stop: int) -> tuple[list[int], int]:
        """*first and third* → 1 and 3, and the position after."""
        s, numbers = self._s, [lex.ORDER[self._s.low(stop)]]
        stop += 1
        while s.low(stop) in ("and", "or", ",") and s.low(stop + 1) in lex.ORDER:
            numbers.append(lex.ORDER[s.low(stop + 1)])
            stop += 2
        return numbers, stop

    def _from_side(self, stop: int) -> tuple[int, str | None]:
        """The position after *from the left*, and that side."""
        s = self._s
        if (s.low(stop), s.low(stop + 1)) == ("from", "the"):
            side = s.low(stop + 2)
            if side in ("left", "right", "top", "bottom"):
                return stop + 3, side
        return stop, None

    def _read_nth_region(self, index: int) -> _Match:
        stop, number = index + 3, lex.ORDER[self._s.low(index + 1)]
        if not self._known.regions:
            raise QuestionError(self._nothing_yet_sentence(index, stop))
        found = self._known.nth_region(number)
        if len(found) != 1:
            shown, which = self._s.phrase(index, stop), " or ".join(found)
            meant = (
                f"could be {which}"
                if which
                else f"does not exist: there are {len(self._known.regions)} regions"
            )
            raise QuestionError(f"“{shown}” {meant}. {example_of(self._known.regions)}")
        return _Match(found, index, stop)

    def _read_placed(self, index: int) -> _Match | None:
        """*the left one*, *the largest of them*: only among several objects, and when it is clear."""
        s, word = self._s, self._s.low(index + 1)
        one = s.low(index + 2) == "one"
        stop = s.after_of_them(index + 3 if one else index + 2)
        bare = word in lex.SUPERLATIVES and (stop > index + 2 or s.is_bare(stop))
        if len(self._known.objects) < 2 or not (one or bare):
            return None
        if s.is_described(index, stop) or self._may_be_taken_up():
            return None
        chosen = self._known.placed(word)
        return None if chosen is None else _Match((chosen.id,), index, stop)

    # Several at once

    def _read_counted(self, index: int) -> _Match | None:
        """*the two of them*, *the two regions*, *between the two*."""
        s, count = self._s, lex.COUNTS[self._s.low(index + 1)]
        stop = s.after_of_them(index + 2)
        if self._are_own(stop - 1):
            return None
        if stop > index + 2 or s.low(stop) == "regions":
            return self._several(index, max(stop, index + 3), count)
        if s.is_end(stop) and s.is_after_place(index) and not self._may_be_taken_up():
            names = self._known.several(count)
            return _Match(names, index, stop) if names else None
        return None

    def _read_both(self, index: int) -> _Match | None:
        """*both of them*, *both regions*, *touching both*."""
        s = self._s
        stop = s.after_of_them(index + 1)
        if self._discourse.count > 1 or self._are_own(stop - 1):
            return None
        if stop > index + 1 or s.low(stop) in ("regions", "objects"):
            return self._several(index, max(stop, index + 2), 2)
        before = s.low(index - 1)
        names = self._known.several(2)
        related = before in lex.LINKS | lex.REQUESTS or before.endswith("ing")
        return _Match(names, index, stop) if names and related and s.is_end(stop) else None

    def _read_all(self, index: int) -> _Match | None:
        """*all regions*, *all of the regions*, *all of them*, *all three of them*."""
        s, stop = self._s, index + 1
        count = lex.COUNTS.get(s.low(stop))
        stop += count is not None
        of_them = s.after_of_them(stop)
        if of_them > stop:
            if self._are_own(of_them - 1):
                return None
            names = self._known.several(count) or (
                self._known.all_regions() if count is None else ()
            )
            return _Match(names, index, of_them) if names else None
        while stop < index + 4 and s.low(stop) in ("of", "the", "these", "those"):
            stop += 1
        if s.low(stop) != "regions" or not self._known.regions:
            return None
        return _Match(self._known.all_regions(), index, stop + 1)

    def _are_own(self, index: int) -> bool:
        """Whether *them* stands here and means things of the sentence itself: two bears, both of them."""
        return self._s.low(index) == "them" and self._is_own(index)

    def _several(self, start: int, stop: int, count: int | None) -> _Match:
        if not self._known.regions:
            raise QuestionError(self._nothing_yet_sentence(start, stop))
        names = self._known.several(count)
        if not names:
            raise QuestionError(self._unclear_sentence(start, stop, count))
        return _Match(names, start, stop)

    # Pronouns

    def _read_pronoun(self, index: int) -> _Match | None:
        s, low = self._s, self._s.low(index)
        if s.is_dummy_it(index):
            return None
        is_possessive = low in lex.POSSESSIVES or (low == "her" and s.is_owner(index))
        if self._is_own(index, is_possessive or s.is_misspelt_its(index)):
            return None
        if not self._known.regions:
            before = s.low(index - 1)
            if low == "it" and (before in lex.LINKS | lex.REQUESTS or before.endswith("ing")):
                raise QuestionError(self._nothing_yet_sentence(index, index + 1))
            return None
        # A pronoun keeps its meaning throughout a sentence.
        names = self._meanings.setdefault(low, self._topic_of(low) or self._meaning_of(index))
        if self._discourse.begins_clause(index):
            self._subjects.add(GENDER.get(low, "they"))
        return _Match(names, index, index + 1, is_possessive, is_pronoun=True) if names else None

    def _is_own(self, index: int, possessive: bool = False) -> bool:
        """Whether the pronoun means something of the sentence itself.

        Once it meant a region it does so throughout the sentence, also where that region acts (*the child
        that she feeds with her spoon*); but not where it is plainly what has the thing just named (*the cup
        next to it with tea in it*).
        """
        low, is_owner = self._s.low(index), self._discourse.is_owner(index)
        if self._discourse.inside <= self._container.get(low, -1) and self._s.is_after_place(index):
            return False  # the mug with tea in it left of it
        is_region = low in self._meanings or GENDER.get(low, "they") in self._subjects
        if is_region and not is_owner:
            return False
        if not self._discourse.has_antecedent(index, possessive):
            return False
        if is_owner:
            self._container[low] = index
        return True

    def _topic_of(self, low: str) -> tuple[str, ...]:
        """The topic of the question, if this pronoun can mean it: *it* is one thing, *them* are several."""
        several = len([o for name in self._topic for o in self._known.registry.objects(name)]) > 1
        fits = len(self._topic) == 1 if low in lex.SINGULAR_PRONOUNS else several
        self._is_topic_used = self._is_topic_used or (bool(self._topic) and fits)
        return self._topic if fits else ()

    def _meaning_of(self, index: int) -> tuple[str, ...]:
        if self._s.low(index) in lex.SINGULAR_PRONOUNS:
            return (self._known.last,) if self._known.last else ()
        names = self._known.several(2) if self._s.low(index - 1) == "between" else ()
        names = names or self._known.several(None)
        speaks = self._s.low(index) == "they" and self._s.is_start(index)  # They are feeding …
        if not names and not speaks and not self._discourse.names_several():
            raise QuestionError(self._unclear_sentence(index, index + 1, None))
        return names

    # Sentences for people

    def _nothing_yet_sentence(self, start: int, stop: int) -> str:
        return (
            f"“{self._s.phrase(start, stop)}” has nothing to refer to yet: find something first, "
            "or draw a region on the picture."
        )

    def _too_few_sentence(self, start: int, stop: int) -> str:
        count = len(self._known.objects)
        has = f"{count} objects" if count > 1 else "one object"
        shown = self._s.phrase(start, stop)
        return f"“{shown}” does not exist: {self._known.last} has {has}. {self._known.example()}"

    def _unclear_sentence(self, start: int, stop: int, count: int | None) -> str:
        shown = self._s.phrase(start, stop)
        if count is None:
            return f"“{shown}” could mean several regions. {self._known.example()}"
        return f"“{shown}” does not fit the regions on this picture. {self._known.example()}"
