"""Hand-written wordings of questions (``paraphrases.json``), and what they ask about in a picture."""

from __future__ import annotations

import itertools
import json
import string
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from demo.errors import InputError
from demo.nano.world.facts import GROUPS, PEOPLE, RELATIONS, Fact, matching, related
from demo.nano.world.phrases import plural
from demo.nano.world.scene import COLOURS, KINDS

PARAPHRASES = Path(__file__).with_name("paraphrases.json")


@dataclass(frozen=True, slots=True)
class Paraphrase:
    """A wording with slots such as ``{noun}``; a slot in capitals is filled in capitals.

    ``rare`` says that it has a word that nano's world does not use, whose meaning is ``noun``. ``which`` is
    the largest or smallest, or a place in a row (``right 2``). ``of`` limits nouns to persons or to other
    things, where the sentence would be odd about the others.
    """

    skill: str
    text: str
    rare: bool = False
    noun: str = ""
    which: str = ""
    of: str = ""

    @property
    def slots(self) -> frozenset[str]:
        """Names of its slots in lower case."""
        return frozenset(
            name.lower() for _, name, _, _ in string.Formatter().parse(self.text) if name
        )

    @property
    def nouns(self) -> tuple[str, ...]:
        """The nouns that may fill it; kinds twice as often as groups."""
        if self.noun:
            return (self.noun,)
        if not self.slots & {"noun", "plural"}:
            return ("person",) if self.of == "person" else ("thing",)
        people = (*PEOPLE, "person")
        if self.of == "person":
            return (*PEOPLE, *people)
        return tuple(n for n in (*KINDS, *KINDS, *GROUPS) if self.of == "" or n not in people)

    @property
    def colours(self) -> tuple[str, ...]:
        return tuple(COLOURS) if "colour" in self.slots else ("",)


@dataclass(frozen=True, slots=True)
class Choice:
    """What may fill the slots of a paraphrase for a picture, and the right answer to it."""

    targets: tuple[Fact, ...]
    noun: str = "thing"
    colour: str = ""
    hat: str = ""
    references: tuple[Fact, ...] = ()

    def question(self, text: str) -> str:
        """The text with its slots filled."""
        words = {
            "noun": self.noun,
            "plural": plural(self.noun),
            "colour": self.colour,
            "hat": self.hat,
        }
        capitals = {name.upper(): word.upper() for name, word in words.items()}
        return text.format(**words, **capitals, R1="R1", R2="R2")


def read_paraphrases() -> tuple[Paraphrase, ...]:
    """The hand-written ways of asking. Raises InputError when their file is damaged."""
    try:
        rows = json.loads(PARAPHRASES.read_text(encoding="utf-8"))
        return tuple(Paraphrase(**row) for row in rows)
    except (OSError, TypeError, ValueError) as error:
        raise InputError(f"The file {PARAPHRASES.name} cannot be read: {error}.") from error


def choose(rng: np.random.Generator, way: Paraphrase, facts: Sequence[Fact]) -> Choice | None:
    """One of the clear ways to fill a paraphrase for a picture, None where there is none."""
    choices = list(_CHOICES.get(way.skill, _related)(way, facts))
    return choices[int(rng.integers(len(choices)))] if choices else None


def _one(way: Paraphrase, facts: Sequence[Fact]) -> Iterator[Choice]:
    """The only thing of that noun and colour."""
    for noun, colour in itertools.product(way.nouns, way.colours):
        found = matching(facts, noun, colour)
        odd = way.of == "thing" and any(f.kind in PEOPLE for f in found)
        if len(found) == 1 and not odd and _is_clear(facts, found, noun, colour):
            yield Choice(found, noun, colour)


def _hat(way: Paraphrase, facts: Sequence[Fact]) -> Iterator[Choice]:
    """The only one with a hat, or with a hat of that colour."""
    hats = tuple(COLOURS) if "hat" in way.slots else ("",)
    for noun, hat in itertools.product(way.nouns, hats):
        found = tuple(f for f in matching(facts, noun) if f.hat and hat in ("", f.hat))
        if len(found) == 1:
            yield Choice(found, noun, hat=hat)


def _size(way: Paraphrase, facts: Sequence[Fact]) -> Iterator[Choice]:
    """The largest or smallest of a noun, by a quarter at least."""
    for noun in way.nouns:
        ranked = sorted(matching(facts, noun), key=lambda f: f.box.area)
        ranked = ranked if way.which == "smallest" else ranked[::-1]
        areas = sorted(f.box.area for f in ranked[:2])
        if len(areas) == 2 and areas[1] >= 1.25 * areas[0]:
            yield Choice((ranked[0],), noun)


def _order(way: Paraphrase, facts: Sequence[Fact]) -> Iterator[Choice]:
    """The nth from a side, in a row of clearly separate things."""
    side, _, place = way.which.partition(" ")
    for noun in way.nouns:
        row = sorted(matching(facts, noun), key=lambda f: f.centre[0], reverse=side == "right")
        apart = all(abs(a.centre[0] - b.centre[0]) >= 8 for a, b in itertools.pairwise(row))
        if len(row) >= max(2, int(place)) and apart:
            yield Choice((row[int(place) - 1],), noun)


def _plural(way: Paraphrase, facts: Sequence[Fact]) -> Iterator[Choice]:
    """All of a noun, at least two."""
    for noun, colour in itertools.product(way.nouns, way.colours):
        found = matching(facts, noun, colour)
        if len(found) > 1:
            yield Choice(found, noun, colour)


def _absent(way: Paraphrase, facts: Sequence[Fact]) -> Iterator[Choice]:
    """What is nowhere in the picture; with a colour, what is there in other colours only."""
    for noun, colour in itertools.product(way.nouns, way.colours):
        there = bool(matching(facts, noun)) if colour else True
        if there and not matching(facts, noun, colour) and _is_clear(facts, (), noun, colour):
            for reference in facts if "r1" in way.slots else [None]:
                given = () if reference is None else (reference,)
                yield Choice((), noun, colour, references=given)


def _related(way: Paraphrase, facts: Sequence[Fact]) -> Iterator[Choice]:
    """The only thing in a relation to a reference, or between two."""
    count = 2 if way.skill == "between" else 1
    for given in itertools.permutations(facts, count):
        boxes, own = [f.box for f in given], [f.index for f in given]
        for noun in way.nouns:
            found = related(facts, way.skill, boxes, noun, own)
            if found is not None and len(found) == 1:
                yield Choice(tuple(found), noun, references=given)


_CHOICES: dict[str, Callable[[Paraphrase, Sequence[Fact]], Iterator[Choice]]] = {
    "kind": _one, "colour": _one, "hat": _hat, "size": _size, "order": _order,
    "plural": _plural, "absent": _absent,
}  # fmt: skip
SKILLS = (*_CHOICES, *RELATIONS, "between")


def _is_clear(facts: Sequence[Fact], found: Sequence[Fact], noun: str, colour: str) -> bool:
    """Whether no hat makes it unclear who is in a colour."""
    if noun not in (*PEOPLE, "person", "thing") or not colour:
        return True
    return not any(f.hat == colour for f in facts if f not in found)
