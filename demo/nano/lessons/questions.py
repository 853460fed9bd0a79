"""Questions about one drawn picture, each with exactly one right answer on which people would agree.

A question is asked only where its answer is clear: a relation clearly holds or clearly does not, the
nearest is clearly the nearest, sizes and places differ visibly. `facts.py` says what is true in the
picture, `phrases.py` how it is worded.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import TypeVar

import numpy as np

from demo.nano.lessons.answers import Exercise
from demo.nano.world.facts import GROUPS, PEOPLE, RELATIONS, Fact, matching, nearest, related
from demo.nano.world.phrases import (
    ORDINALS,
    STRANGE_COLOURS,
    STRANGERS,
    article,
    ask,
    ask_all,
    invented_word,
    name_for,
    pick,
    plural,
    relation_clause,
    relation_words,
    with_clothes,
    with_colour,
    with_courtesy,
    with_hat,
)
from demo.nano.world.scene import COLOURS, KINDS

UNKNOWN = "something I do not know"
# What asks for anything in a place, and for a noun {n} (with its article {a}) in a place {p}.
_WHAT_IS = (
    "what is {}", "what is {}", "find what is {}", "show me what is {}", "what's {}",
    "which thing is {}", "what is there {}", "and what is {}", "find the thing {}",
    "what can you see {}", "the thing {}", "what do you see {}", "which object is {}",
    "whatever is {}", "what is the thing {}", "what stands {}",
)  # fmt: skip
_WHICH_IS = (
    "which {n} is {p}", "what {n} is {p}", "is there {a} {p}", "{p} is {a}", "{p} there is {a}",
    "{p}, which {n} is there", "which {n} stands {p}", "do you see {a} {p}",
)  # fmt: skip
_T = TypeVar("_T")
_Maker = Callable[[], Exercise | None]


# Relations that are asked more often when drilling: rarely possible in a picture, or hard to see.
_HARD = ("overlapping", "touching", "inside", "overlapping", "touching", "above", "below")


class QuestionMaker:
    """Makes questions about one picture; with ``drill``, more of those that are hard to learn."""

    def __init__(
        self, rng: np.random.Generator, facts: Sequence[Fact], *, drill: bool = False
    ) -> None:
        self.rng = rng
        self.facts = facts
        self.drill = drill

    def first(self) -> Exercise:
        """A question that needs no reference."""
        absent, hat = (6, 8) if self.drill else (4, 2)
        makers: tuple[tuple[_Maker, int], ...] = (
            (self._plain, 5), (self._size, 5), (self._order, 4), (self._all, 4),
            (self._absent, absent), (self._hat, hat), (self._by_colour, 2),
        )  # fmt: skip
        weights = np.array([w for _, w in makers], float)
        while True:
            maker = makers[int(self.rng.choice(len(makers), p=weights / weights.sum()))][0]
            if (asked := maker()) is not None:
                return asked

    def about(self, references: Sequence[Fact]) -> Exercise | None:
        """A question that needs the given references; None when no try gives one."""
        if self.rng.random() < (0.32 if self.drill else 0.2):
            maker: Callable[[Sequence[Fact], str], Exercise | None] = self._nothing_there
        else:
            maker = self._relation
        relations = [*RELATIONS, *(["between"] * 4 if len(references) == 2 else [])]
        order = [relations[int(i)] for i in self.rng.permutation(len(relations))]
        if self.drill and self.rng.random() < 0.3:
            order.insert(0, self._pick(_HARD))
        tries = (maker(references, relation) for relation in order for _ in range(5))
        return next((asked for asked in tries if asked is not None), None)

    # Each of these tries once and returns None when nothing in the picture fits.

    def _plain(self) -> Exercise | None:
        """ "the dog", "the red ball", "the man in the green shirt"."""
        fact = self._pick(self.facts)
        only = [n for n in self._names(fact) if len(self._matching(*n)) == 1]
        if not only:
            return None
        noun, colour = self._pick(only)
        return self._one(noun, colour, fact, "colour" if colour else "kind")

    def _by_colour(self) -> Exercise | None:
        """ "the green thing", "who is wearing a green shirt"."""
        fact = self._pick(self.facts)
        if fact.kind in PEOPLE:
            return self._who_wears(fact)
        if len(self._matching("thing", fact.colour)) > 1:
            return None
        what = f"the {fact.colour} {self._pick(('thing', 'one', 'object'))}"
        return Exercise(self._ask(what), f"the {fact.colour} thing", (fact,), skill="colour")

    def _who_wears(self, fact: Fact) -> Exercise | None:
        pool = tuple(self._matching("person"))
        if sum(f.colour == fact.colour for f in pool) > 1:
            return None
        asks = ("who is wearing {}", "who wears {}", "who is in {}", "who has {} on",
                "the person in {}", "which person wears {}", "who is dressed in {}")  # fmt: skip
        worn = f"{fact.colour} {self._pick((_wear(fact.kind), 'shirt', 'top'))}"
        worn = self._pick((article(worn), f"the {worn}", fact.colour))
        question = with_courtesy(self.rng, self._pick(asks).format(worn))
        return Exercise(question, f"the person in {fact.colour}", (fact,), pool, skill="colour")

    def _hat(self) -> Exercise | None:
        """ "the woman with the yellow hat", "who is wearing a hat"."""
        if self.drill and self.rng.random() < 0.2:
            return self._no_such_hat()
        hats = [f for f in self.facts if f.hat]
        if not hats:
            return None
        fact = self._pick(hats)
        noun = self._pick(("person", fact.kind))
        pool = tuple(self._matching(noun))
        if self.rng.random() < 0.4:
            if sum(f in hats for f in pool) > 1:
                return None
            return self._with_a_hat(noun, fact, pool)
        if sum(f.hat == fact.hat for f in pool) > 1:
            return None
        return self._in_hat(noun, str(fact.hat), (fact,), pool, "hat")

    def _no_such_hat(self) -> Exercise | None:
        """A hat that nobody wears."""
        noun, hat = self._pick(("person", *PEOPLE)), self._pick(tuple(COLOURS))
        pool = tuple(self._matching(noun))
        if any(f.hat == hat for f in pool):
            return None
        return self._in_hat(noun, hat, (), pool, "absent")

    def _in_hat(
        self, noun: str, hat: str, worn_by: tuple[Fact, ...], pool: tuple[Fact, ...], skill: str
    ) -> Exercise:
        what = f"the {with_hat(self.rng, name_for(self.rng, noun), hat)}"
        sought = f"the {noun} with the {hat} hat"
        return Exercise(self._ask(what), sought, worn_by, pool, worn_by, skill=skill)

    def _with_a_hat(self, noun: str, fact: Fact, pool: tuple[Fact, ...]) -> Exercise:
        asks = ("who is wearing a hat", "who has a hat", "who wears a hat")
        said = name_for(self.rng, noun)
        what = f"the {said} {self._pick(('with a hat', 'wearing a hat', 'with the hat'))}"
        who = noun == "person" and self.rng.random() < 0.6
        question = with_courtesy(self.rng, self._pick(asks)) if who else self._ask(what)
        return Exercise(question, f"the {noun} with a hat", (fact,), pool, (fact,), skill="hat")

    def _size(self) -> Exercise | None:
        """ "the largest dog"; the winner must be clearly larger or smaller than the next."""
        noun = self._shared_noun()
        if noun is None:
            return None
        pool = tuple(self._matching(noun))
        ranked = sorted(pool, key=lambda f: f.box.area)
        small = bool(self.rng.random() < 0.5)
        first, second = (ranked[0], ranked[1]) if small else (ranked[-1], ranked[-2])
        low, high = sorted((first.box.area, second.box.area))
        if high < 1.5 * low:
            return None
        words: tuple[str, ...] = (
            ("smallest", "smallest", "tiniest") if small else ("largest", "biggest")
        )
        if len(pool) == 2:
            words += ("smaller",) if small else ("larger", "bigger")
        word, said = self._pick(words), name_for(self.rng, noun)
        ways = ("{w} {n}", "{w} {n}", "{w} {n}", "{w} of the {p}", "{n} that is the {w}")
        what = f"the {self._pick(ways).format(w=word, n=said, p=plural(said))}"
        sought = f"the {'smallest' if small else 'largest'} {noun}"
        return Exercise(self._ask(what), sought, (first,), pool, skill="size")

    def _order(self) -> Exercise | None:
        """ "the second tree from the left", "the rightmost car"; places must be clearly apart."""
        noun = self._shared_noun()
        if noun is None:
            return None
        row = sorted(self._matching(noun), key=lambda f: f.centre[0])
        if min(b.centre[0] - a.centre[0] for a, b in itertools.pairwise(row)) < 12:
            return None
        right = bool(self.rng.random() < 0.5)
        row = row[::-1] if right else row
        side = "right" if right else "left"
        place = int(self.rng.integers(min(len(row), len(ORDINALS))))
        what = self._nth(name_for(self.rng, noun), place, side, two=len(row) == 2)
        sought = f"the {ORDINALS[place]} {noun} from the {side}"
        return Exercise(self._ask(what), sought, (row[place],), tuple(row), skill="order")

    def _nth(self, noun: str, place: int, side: str, *, two: bool) -> str:
        nth = ORDINALS[place]
        if place or self.rng.random() < 0.3:
            ways: tuple[str, ...] = ("the {o} {n} from the {s}", "the {o} {n} from the {s}",
                    "the {o} {n} counting from the {s}", "the {n} that is {o} from the {s}")  # fmt: skip
        else:
            ways = ("the {s}most {n}", "the {s}most {n}", "the {n} on the far {s}",
                    "the {n} furthest to the {s}", "the {n} most to the {s}")  # fmt: skip
            if two:
                ways += ("the {n} on the {s}", "the {s} {n}", "the {n} on the {s} side")
        return self._pick(ways).format(o=nth, n=noun, s=side)

    def _all(self) -> Exercise | None:
        """ "all the dogs", "all red things"; sometimes there is only one."""
        fact = self._pick(self.facts)
        noun, colour = self._pick((*self._names(fact), ("thing", fact.colour)))
        found = tuple(self._matching(noun, colour))
        if len(found) == 1 and self.rng.random() < 0.75:
            return None
        pool = tuple(self._matching(noun)) if colour and noun != "thing" else ()
        said, rest = plural(name_for(self.rng, noun)), ""
        if colour and noun in ("person", *PEOPLE):
            rest = self._pick(("in {}", "wearing {}", "dressed in {}")).format(colour)
        else:
            said = f"{colour} {said}".strip()
        sought = f"all {colour} {plural(noun)}".replace("  ", " ")
        question = ask_all(self.rng, said, rest)
        return Exercise(question, sought, found, pool, skill="plural", wants_all=True)

    def _absent(self) -> Exercise | None:
        """Something that is not in the picture, or not in that colour, or not in this world."""
        luck = self.rng.random()
        if luck < 0.3:
            return self._stranger()
        if luck < 0.4:
            return self._strange_colour()
        noun = self._pick((*KINDS, *GROUPS)) if luck < 0.7 else self._pick(self.facts).kind
        colour = "" if luck < 0.6 else self._pick(tuple(COLOURS))
        if self._matching(noun, colour):
            return None
        return self._one(noun, colour, None, "absent")

    def _stranger(self) -> Exercise:
        word = self._strange_word()
        if self.rng.random() < 0.2:
            return Exercise(
                ask_all(self.rng, plural(word)), UNKNOWN, (), skill="absent", wants_all=True
            )
        colour = f"{self._pick(tuple(COLOURS))} " if self.rng.random() < 0.15 else ""
        return Exercise(self._ask(f"the {colour}{word}"), UNKNOWN, (), skill="absent")

    def _strange_word(self) -> str:
        """A word, real or invented, for something that is not in this world; sometimes two words."""
        known = self.rng.random() < (0.6 if self.drill else 0.75)
        word = self._pick(STRANGERS) if known else invented_word(self.rng)
        if self.drill and self.rng.random() < 0.15:
            word = f"{self._pick(STRANGERS)} {word}"
        return word

    def _strange_colour(self) -> Exercise:
        noun = self._pick(self.facts).kind
        what = f"the {self._pick(STRANGE_COLOURS)} {noun}"
        pool = tuple(self._matching(noun))
        sought = f"the {noun} in another colour"
        return Exercise(self._ask(what), sought, (), pool, skill="absent")

    def _relation(self, references: Sequence[Fact], relation: str) -> Exercise | None:
        """ "the dog to the left of …", "what is above …", "the ball between … and …"."""
        boxes, own = [f.box for f in references], [f.index for f in references]
        noun, colour = self._pick((("thing", ""), *self._names(self._pick(self.facts))))
        found = related(self.facts, relation, boxes, noun, own)
        fact = nearest([f for f in found or () if colour in ("", f.colour)], boxes)
        if found is None or fact is None:
            return None
        pool = self._matching(noun, colour, but=own)
        return self._related(noun, colour, relation, (fact,), pool, found, references)

    def _nothing_there(self, references: Sequence[Fact], relation: str) -> Exercise | None:
        """Something that is not in the picture, or not in the place that is asked about."""
        if self.rng.random() < 0.25:
            return self._related(
                self._strange_word(), "", relation, (), [], [], references, UNKNOWN
            )
        boxes, own = [f.box for f in references], [f.index for f in references]
        # A thing that is in the picture, but elsewhere, is the hard case.
        anywhere = self.rng.random() < (0.2 if self.drill else 0.4)
        noun = self._pick(KINDS) if anywhere else self._pick(self.facts).kind
        if self.drill and self.rng.random() < 0.15:
            noun = "thing"
        if related(self.facts, relation, boxes, noun, own) != []:
            return None
        pool = self._matching(noun, but=own)
        return self._related(noun, "", relation, (), pool, [], references, skill="absent")

    def _related(
        self,
        noun: str,
        colour: str,
        relation: str,
        targets: tuple[Fact, ...],
        pool: Sequence[Fact],
        fitting: Sequence[Fact] | None,
        references: Sequence[Fact],
        sought: str = "",
        skill: str = "",
    ) -> Exercise:
        slots = " and ".join(f"{{{i}}}" for i in range(len(references)))
        question = self._asked_beside(noun, colour, relation, slots)
        return Exercise(
            question,
            sought or _sought(noun, colour),
            targets,
            tuple(pool),
            None if fitting is None else tuple(fitting),
            tuple(references),
            relation,
            skill or ("absent" if sought else relation),
        )

    def _asked_beside(self, noun: str, colour: str, relation: str, slots: str) -> str:
        """The sentence for a noun in a relation to the references."""
        place = f"{relation_words(self.rng, relation)} {slots}"
        luck = self.rng.random()
        if noun == "thing" and not colour:
            return with_courtesy(self.rng, self._pick(_WHAT_IS).format(place))
        if noun in ("person", *PEOPLE) and not colour and luck < 0.25:
            who = "who" if noun == "person" else f"which {noun}"
            return with_courtesy(self.rng, f"{who} is {place}")
        said = name_for(self.rng, noun)
        if luck < 0.4 and not colour:
            way = self._pick(_WHICH_IS)
            return with_courtesy(self.rng, way.format(n=said, a=article(said), p=place))
        named = self._named(said, noun, colour)
        if luck < 0.5:
            return with_courtesy(self.rng, f"{place}{self._pick((' ', ', '))}{self._ask(named)}")
        comma = ", " if self.rng.random() < 0.12 else " "
        return self._ask(f"{named}{comma}{relation_clause(self.rng, relation)} {slots}")

    def _one(self, noun: str, colour: str, fact: Fact | None, skill: str) -> Exercise:
        what = self._named(name_for(self.rng, noun), noun, colour)
        pool = tuple(self._matching(noun)) if colour else ()
        targets = (fact,) if fact else ()
        return Exercise(self._ask(what), _sought(noun, colour), targets, pool, skill=skill)

    def _ask(self, what: str) -> str:
        return ask(self.rng, what)

    def _named(self, said: str, noun: str, colour: str) -> str:
        """ "the dog", "the red ball", "the man in the green shirt"; ``said`` stands for the noun."""
        if not colour:
            return f"the {said}"
        if noun in ("person", *PEOPLE):
            return f"the {with_clothes(self.rng, said, colour, _wear(noun))}"
        return f"the {with_colour(self.rng, said, colour)}"

    def _names(self, fact: Fact) -> list[tuple[str, str]]:
        """(noun, colour or "") pairs that fit a thing; the plain kind twice as often."""
        groups = [group for group, kinds in GROUPS.items() if fact.kind in kinds]
        return [
            (fact.kind, ""),
            (fact.kind, fact.colour),
            (fact.kind, ""),
            *((g, "") for g in groups),
        ]

    def _matching(self, noun: str, colour: str = "", but: Sequence[int] = ()) -> list[Fact]:
        return [f for f in matching(self.facts, noun, colour) if f.index not in but]

    def _shared_noun(self) -> str | None:
        """A noun that several things of the picture share."""
        shared = [n for n in (*KINDS, *GROUPS) if len(self._matching(n)) > 1]
        return self._pick(shared) if shared else None

    def _pick(self, options: Sequence[_T]) -> _T:
        return pick(self.rng, options)


def _wear(noun: str) -> str:
    return "dress" if noun == "woman" else "shirt"


def _sought(noun: str, colour: str) -> str:
    """How the reasoning names what it looks for, always in the same words."""
    if colour and noun in ("person", *PEOPLE):
        return f"the {noun} in {colour}"
    return f"the {colour} {noun}".replace("  ", " ")
