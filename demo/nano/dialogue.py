"""Questions and model answers about drawn pictures: what nano is taught to read and to write.

A `Round` is one question with its full trace, in which every stretch that speaks of a thing says which
one (`Piece.about`), so that training can teach where to look. It knows words, not tokens and no model.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from demo.geometry import ModelBox
from demo.nano.facts import (
    GROUPS,
    PEOPLE,
    RELATIONS,
    Fact,
    article,
    between,
    distance,
    plural,
    related,
)
from demo.nano.world import COLOURS, KINDS, Scene
from demo.prompt import bbox_text

_T = TypeVar("_T")

ORDINALS = ("first", "second", "third", "fourth")
SINGULAR_ASKS = (
    "find {}", "find {}", "show me {}", "where is {}", "locate {}", "point at {}", "segment {}",
    "please find {}", "can you find {}", "i am looking for {}", "mark {}", "{}", "also find {}",
    "now find {}", "and {}", "which one is {}", "where can i see {}",
)  # fmt: skip
PLURAL_ASKS = (
    "find all {}", "find all the {}", "show me all {}", "where are the {}", "locate all {}",
    "segment all {}", "mark every one of the {}", "all {}", "which are the {}", "find the {}",
)  # fmt: skip
# Things that exist, but not in this world: the honest answer is that there is none.
STRANGERS = (
    "zebra", "elephant", "horse", "bicycle", "train", "plane", "pizza", "laptop", "phone", "clock",
    "chair", "table", "cup", "bottle", "giraffe", "lion", "bus", "truck", "sheep", "cow", "bear",
    "snowman", "robot", "dragon", "fish", "frog", "rabbit", "guitar", "piano", "book", "sofa",
    "traffic light", "fire hydrant", "skateboard", "banana", "apple", "cake", "helicopter", "tent",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of an answer; ``about`` is the index of the thing it speaks of, if it does."""

    text: str
    about: int | None = None


@dataclass(frozen=True, slots=True)
class Round:
    """One question, its references and the answer it should get.

    ``question`` holds ``{0}``, ``{1}`` where the references' boxes go.
    """

    question: str
    sought: str
    targets: tuple[Fact, ...]
    references: tuple[Fact, ...] = ()
    relation: str | None = None
    skill: str = ""

    def prompted(self, boxes: Sequence[ModelBox]) -> str:
        """The question with its references written as boxes."""
        return self.question.format(*(bbox_text(b) for b in boxes))


# --- answers -----------------------------------------------------------------------------------


def answer(
    scene: Scene, facts: Sequence[Fact], asked: Round, boxes: Sequence[ModelBox]
) -> list[Piece]:
    """The whole trace for a round whose references are written as ``boxes``."""
    pieces = [Piece("<scene>"), *_scene_pieces(scene, facts), Piece("</scene>\n")]
    if boxes:
        pieces += [
            Piece("<focus>Inside the box: "),
            *_listed(asked.references),
            Piece(".</focus>\n"),
        ]
    pieces += [Piece("<think>"), *_think_pieces(asked, boxes), Piece("</think>\n")]
    return [*pieces, Piece("<answer>"), *_answer_pieces(asked.targets), Piece("</answer>")]


def _scene_pieces(scene: Scene, facts: Sequence[Fact]) -> list[Piece]:
    light = "sunny" if scene.time == "day" else "dusky"
    return [Piece(f"A {light} {scene.place}. From left to right: "), *_listed(facts), Piece(".")]


def _listed(facts: Sequence[Fact]) -> list[Piece]:
    if not facts:
        return [Piece("nothing but background")]
    pieces: list[Piece] = []
    for i, fact in enumerate(facts):
        pieces += [Piece(", ")] if i else []
        pieces.append(Piece(article(fact.phrase), fact.index))
    return pieces


def _think_pieces(asked: Round, boxes: Sequence[ModelBox]) -> list[Piece]:
    pieces = [Piece(_premise(asked, boxes))]
    if not asked.targets:
        return [*pieces, Piece("There is none.")]
    if len(asked.targets) > 1:
        pieces.append(Piece(f"There are {len(asked.targets)}: "))
    else:
        pieces.append(Piece("It is "))
    for i, fact in enumerate(asked.targets):
        pieces += [Piece(", ")] if i else []
        pieces.append(Piece(f"the {fact.phrase} {fact.side}", fact.index))
    return [*pieces, Piece(".")]


def _premise(asked: Round, boxes: Sequence[ModelBox]) -> str:
    if not boxes:
        return f"Looking for {asked.sought}. "
    cited = " and ".join(bbox_text(b) for b in boxes)
    noun = "reference" if len(boxes) == 1 else "references"
    return f"Looking for {asked.sought}. The target is {asked.relation} the {noun} {cited}. "


def _answer_pieces(targets: Sequence[Fact]) -> list[Piece]:
    if not targets:
        return [Piece("[]")]
    pieces = [Piece('[{"bbox_2d": [')]
    for i, fact in enumerate(targets):
        pieces += [Piece(']}, {"bbox_2d": [')] if i else []
        pieces.append(Piece(", ".join(map(str, fact.box.xyxy)), fact.index))
        pieces.append(Piece('], "point_2d": ['))
        pieces.append(Piece(", ".join(map(str, fact.point.xy)), fact.index))
    return [*pieces, Piece("]}]")]


# --- questions ---------------------------------------------------------------------------------


class Asker:
    """Makes questions about one picture, each with exactly one right answer."""

    def __init__(self, rng: np.random.Generator, facts: Sequence[Fact]) -> None:
        self.rng = rng
        self.facts = facts

    def first(self) -> Round:
        """A question that needs no reference."""
        makers = (
            (self._plain, 5), (self._superlative, 2), (self._ordinal, 3), (self._plural, 3),
            (self._absent, 2), (self._hat, 1), (self._by_colour, 1),
        )  # fmt: skip
        return self._first_that_works(makers)

    def about(self, references: Sequence[Fact]) -> Round | None:
        """A question that needs the given references (one or two); None when none comes to mind."""
        if self.rng.random() < 0.1:
            return self._nothing_there(references)
        maker = self._between if len(references) == 2 else self._relation
        return next((asked for _ in range(20) if (asked := maker(references)) is not None), None)

    def _first_that_works(self, makers: Sequence[tuple[object, int]]) -> Round:
        weights = np.array([w for _, w in makers], float)
        while True:
            maker = makers[int(self.rng.choice(len(makers), p=weights / weights.sum()))][0]
            asked = maker()  # type: ignore[operator]
            if isinstance(asked, Round):
                return asked

    # Each maker tries once and returns None when the picture has nothing that fits.

    def _plain(self) -> Round | None:
        """ "the dog", "the red ball", "the man in the green shirt"."""
        fact = self._pick(self.facts)
        nouns = self._names(fact)
        only = [n for n in nouns if len(self._matching(n)) == 1]
        if not only:
            return None
        noun, colour = self._pick(only)
        return self._single(
            self._noun_phrase(noun, colour), fact, "kind" if not colour else "colour"
        )

    def _by_colour(self) -> Round | None:
        """ "the green thing", "what is red", "who is wearing a green shirt"."""
        fact = self._pick(self.facts)
        if fact.kind in PEOPLE:
            if len(self._matching(("person", fact.colour))) > 1:
                return None
            wear = "shirt" if fact.kind == "man" else "dress"
            ask = self._pick(("who is wearing {}", "who wears {}", "who is in {}", "who has {} on"))
            worn = article(f"{fact.colour} {wear}")
            return Round(ask.format(worn), f"the person in {worn}", (fact,), skill="colour")
        if len(self._matching(("thing", fact.colour))) > 1:
            return None
        return self._single(
            f"the {fact.colour} {self._pick(('thing', 'one', 'object'))}", fact, "colour"
        )

    def _hat(self) -> Round | None:
        """ "the woman with the yellow hat", "who is wearing a hat"."""
        hats = [f for f in self.facts if f.hat]
        if not hats:
            return None
        fact = self._pick(hats)
        same = [f for f in hats if f.hat == fact.hat]
        if len(hats) == 1 and self.rng.random() < 0.4:
            ask = self._pick(
                ("who is wearing a hat", "find the person with a hat", "who has a hat")
            )
            return Round(ask, "the person with a hat", (fact,), skill="hat")
        if len(same) > 1:
            return None
        noun = self._pick(("person", fact.kind))
        return self._single(f"the {noun} with the {fact.hat} hat", fact, "hat")

    def _superlative(self) -> Round | None:
        """ "the largest dog"; the winner must be clearly larger or smaller than the next."""
        noun = self._shared_noun()
        if noun is None:
            return None
        ranked = sorted(self._matching((noun, "")), key=lambda f: f.box.area)
        small = bool(self.rng.random() < 0.5)
        first, second = (ranked[0], ranked[1]) if small else (ranked[-1], ranked[-2])
        low, high = sorted((first.box.area, second.box.area))
        if high < 1.25 * low:
            return None
        word = self._pick(("smallest", "smaller") if small else ("largest", "biggest", "bigger"))
        if word.endswith("er") and len(ranked) > 2:
            return None
        return self._single(f"the {word} {noun}", first, "size")

    def _ordinal(self) -> Round | None:
        """ "the second tree from the left", "the rightmost car"; sides must be clearly told apart."""
        noun = self._shared_noun()
        if noun is None:
            return None
        row = sorted(self._matching((noun, "")), key=lambda f: f.centre[0])
        gaps = [b.centre[0] - a.centre[0] for a, b in itertools.pairwise(row)]
        if min(gaps) < 8:
            return None
        right = bool(self.rng.random() < 0.5)
        row = row[::-1] if right else row
        side = "right" if right else "left"
        place = int(self.rng.integers(min(len(row), len(ORDINALS))))
        if place == 0 and self.rng.random() < 0.7:
            words = (
                f"the {side}most {noun}",
                f"the {noun} on the {side}",
                f"the {noun} on the far {side}",
            )
            which = words[0] if len(row) > 2 else self._pick(words)
        else:
            which = f"the {ORDINALS[place]} {noun} from the {side}"
        return self._single(which, row[place], "order")

    def _plural(self) -> Round | None:
        """ "all the dogs", "all red things"; sometimes there is only one, or none."""
        fact = self._pick(self.facts)
        noun, colour = self._pick((*self._names(fact), ("thing", fact.colour)))
        found = self._matching((noun, colour))
        if len(found) == 1 and self.rng.random() < 0.6:
            return None
        what = f"{colour} {plural(noun)}".strip()
        if noun in PEOPLE and colour:
            what = f"{plural(noun)} in {colour}"
        ask = self._pick(PLURAL_ASKS).format(what)
        return Round(ask, f"all {what}", tuple(found), skill="plural")

    def _absent(self) -> Round | None:
        """Something that is not in the picture, or not in that colour, or not in this world."""
        luck = self.rng.random()
        if luck < 0.3:
            noun, colour = self._pick(STRANGERS), ""
        elif luck < 0.65:
            noun, colour = self._pick(KINDS), ""
        else:
            noun, colour = self._pick(self.facts).kind, self._pick(tuple(COLOURS))
        if noun in KINDS and self._matching((noun, colour)):
            return None
        return self._single(self._noun_phrase(noun, colour), None, "absent")

    def _relation(self, references: Sequence[Fact]) -> Round | None:
        """ "the dog to the left of …", "what is above …"."""
        reference = references[0]
        relation = self._pick(tuple(RELATIONS))
        own = [reference.index]
        anything = related(self.facts, relation, reference.box, "thing", own)
        if not anything:
            return None
        fact = self._pick(anything)
        noun, colour = self._pick((("thing", ""), *self._names(fact)))
        found = [
            f
            for f in related(self.facts, relation, reference.box, noun, own)
            if not colour or f.colour == colour
        ]
        if len(found) > 1 and distance(found[1].box, reference.box) < 1.2 * distance(
            found[0].box, reference.box
        ):
            return None
        return self._related_round(noun, colour, relation, (found[0],), references)

    def _related_round(
        self,
        noun: str,
        colour: str,
        relation: str,
        targets: tuple[Fact, ...],
        references: Sequence[Fact],
    ) -> Round:
        spoken = self._spoken(relation)
        sought = self._noun_phrase(noun, colour)
        if noun == "thing" and not colour:
            ask = self._pick(("what is {}", "find what is {}", "show me what is {}", "which thing is {}",
                              "what is there {}", "and what is {}", "find the thing {}"))  # fmt: skip
            question = ask.format(f"{spoken} {{0}}")
        elif noun in ("person", *PEOPLE) and not colour and self.rng.random() < 0.3:
            question = (
                f"who is {spoken} {{0}}" if noun == "person" else f"which {noun} is {spoken} {{0}}"
            )
        elif self.rng.random() < 0.2 and not colour:
            question = f"which {noun} is {spoken} {{0}}"
        else:
            comma = ", " if self.rng.random() < 0.15 else " "
            question = self._pick(SINGULAR_ASKS).format(f"{sought}{comma}{spoken} {{0}}")
        return Round(question, sought, targets, tuple(references), relation, relation)

    def _spoken(self, relation: str) -> str:
        """The relation as people may say it."""
        ways = {
            "above": ("above", "above", "over", "higher than"),
            "below": ("below", "below", "under", "lower than", "beneath"),
            "to the left of": ("to the left of", "to the left of", "left of", "on the left of"),
            "to the right of": (
                "to the right of",
                "to the right of",
                "right of",
                "on the right of",
            ),
            "inside": ("inside", "inside", "in", "within", "in front of"),
            "overlapping": ("overlapping", "overlapping", "overlapping with", "partly behind"),
            "touching": ("touching", "touching", "that touches"),
            "next to": ("next to", "next to", "beside", "near", "close to", "by"),
        }
        return self._pick(ways[relation])

    def _between(self, references: Sequence[Fact]) -> Round | None:
        """ "the ball between … and …"."""
        a, b = references
        own = {a.index, b.index}
        found = [f for f in self.facts if f.index not in own and between(f.box, a.box, b.box)]
        if not found:
            return None
        fact = self._pick(found)
        noun, colour = self._pick((("thing", ""), *self._names(fact)))
        same = [f for f in found if f.is_a(noun) and colour in ("", f.colour)]
        if len(same) > 1:
            return None
        sought = self._noun_phrase(noun, colour)
        ask = "what is {}" if noun == "thing" and not colour else self._pick(SINGULAR_ASKS)
        what = "" if ask == "what is {}" else f"{sought} "
        question = ask.format(f"{what}between {{0}} and {{1}}")
        return Round(question, sought, (fact,), (a, b), "between", "between")

    def _nothing_there(self, references: Sequence[Fact]) -> Round:
        """A kind that is nowhere in the picture, asked for beside a reference."""
        here = {f.kind for f in self.facts}
        noun = self._pick([k for k in KINDS if k not in here] or list(STRANGERS))
        if len(references) == 2:
            question = self._pick(SINGULAR_ASKS).format(f"the {noun} between {{0}} and {{1}}")
            return Round(question, f"the {noun}", (), tuple(references), "between", "absent")
        return self._related_round(noun, "", self._pick(tuple(RELATIONS)), (), references)

    def _single(self, phrase: str, fact: Fact | None, skill: str) -> Round:
        phrase = phrase if self.rng.random() < 0.9 else phrase.removeprefix("the ")
        question = self._pick(SINGULAR_ASKS).format(phrase)
        if not phrase.startswith("the "):
            phrase = f"the {phrase}"
        return Round(question, phrase, (fact,) if fact else (), skill=skill)

    def _names(self, fact: Fact) -> list[tuple[str, str]]:
        """(noun, colour or "") pairs that fit a thing; the plain kind twice as often."""
        groups = [group for group, kinds in GROUPS.items() if fact.kind in kinds]
        return [
            (fact.kind, ""),
            (fact.kind, fact.colour),
            (fact.kind, ""),
            *((g, "") for g in groups),
        ]

    def _noun_phrase(self, noun: str, colour: str) -> str:
        if colour and noun in ("person", *PEOPLE):
            wear = self._pick(("shirt", "top") if noun == "man" else ("dress", "shirt"))
            return self._pick((f"the {noun} in {colour}", f"the {noun} in the {colour} {wear}",
                               f"the {noun} wearing {colour}"))  # fmt: skip
        return f"the {colour} {noun}".replace("  ", " ")

    def _matching(self, name: tuple[str, str]) -> list[Fact]:
        noun, colour = name
        return [f for f in self.facts if f.is_a(noun) and colour in ("", f.colour)]

    def _shared_noun(self) -> str | None:
        """A noun that several things of the picture share."""
        nouns = [*KINDS, *GROUPS]
        shared = [n for n in nouns if len(self._matching((n, ""))) > 1]
        return self._pick(shared) if shared else None

    def _pick(self, options: Sequence[_T]) -> _T:
        return options[int(self.rng.integers(len(options)))]
