"""Questions about large pictures: what is answered at once, and what needs a closer look.

What is large is answered as ever. Where a question names something else, the model looks at each group of
small things, from the left; where it refers to a small thing, it looks there alone. What a look shows is
asked about as a picture of its own: how small things stand to each other is judged there.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from demo.nano.lessons.answers import Exercise, Place
from demo.nano.lessons.questions import UNKNOWN, QuestionMaker
from demo.nano.world.drawing import Drawing, draw
from demo.nano.world.facts import FAMILIES, FRAME, Fact, facts_of, family_of
from demo.nano.world.large import Group, LargeScene, part_of
from demo.nano.world.phrases import plural
from demo.nano.world.scene import KINDS, Scene
from demo.picture.geometry import Size

_NOUNS = {word: noun for noun in (*KINDS, *FAMILIES) for word in (noun, plural(noun))}
_HERE = (
    "next to",
    "touching",
    "overlapping",
    "inside",
)  # relations that hold within one look or not at all
_LARGE = 0.35  # share of the questions without reference that are about large things


@dataclass(frozen=True)
class Part:
    """What the look at a group shows.

    ``facts`` are in the frame of the look; ``kept`` are the places of its things in the list of the scene.
    """

    group: Group
    scene: Scene
    drawing: Drawing
    facts: tuple[Fact, ...]
    kept: tuple[int, ...]


@dataclass(frozen=True)
class LargePicture:
    """A drawn large scene; ``facts`` of all its things are in the frame of the whole picture."""

    made: LargeScene
    drawing: Drawing
    facts: tuple[Fact, ...]
    parts: tuple[Part, ...]

    @property
    def large(self) -> tuple[Fact, ...]:
        """The large things from left to right."""
        return tuple(f for f in self.facts if f.index < self.made.large)


@dataclass(frozen=True)
class Round:
    """A question as it is put and answered about the whole picture.

    ``places`` are where the model looks, ``targets`` the scene's places of what is to be found in the end.
    """

    asked: Exercise
    places: tuple[Place, ...]
    targets: tuple[int, ...]

    @property
    def is_small(self) -> bool:
        return bool(self.places)


def draw_large(made: LargeScene) -> LargePicture:
    """The scene drawn at its full size."""
    drawing = draw(made.scene)
    facts = facts_of(made.scene, drawing)
    return LargePicture(
        made, drawing, facts, tuple(_part(made.scene, drawing, group) for group in made.groups)
    )


def _part(scene: Scene, drawing: Drawing, group: Group) -> Part:
    picture = Size(drawing.image.shape[1], drawing.image.shape[0])
    shown, part, kept = part_of(scene, drawing, group.look.to_picture(picture, FRAME))
    return Part(group, shown, part, facts_of(shown, part), kept)


class LargeQuestionMaker:
    """Makes questions about one large picture, each with exactly one right answer."""

    def __init__(
        self, rng: np.random.Generator, picture: LargePicture, *, drill: bool = False
    ) -> None:
        self.rng, self.picture = rng, picture
        self.large = QuestionMaker(rng, picture.large, drill=drill)
        self.small = [QuestionMaker(rng, part.facts, drill=drill) for part in picture.parts]
        self.families = _families(picture.large)
        self.small_families = [_families(part.facts) for part in picture.parts]
        first = len(picture.made.scene.things)
        self.places = [Place(p.group.look, first + i) for i, p in enumerate(picture.parts)]

    def first(self) -> Round:
        """A question that needs no reference."""
        while True:
            if self.rng.random() < _LARGE:
                asked = self.large.first()
                if self._is_large(asked):
                    return _at_once(asked)
            else:
                number = int(self.rng.integers(len(self.small)))
                asked = self.small[number].first()
                if self._is_clear(asked, number):
                    return self._with_looks(asked, number, self.places)

    def about(self, references: Sequence[int]) -> Round | None:
        """A question that refers to the things at these places of the scene; None when no try gives one."""
        facts = [next(f for f in self.picture.facts if f.index == i) for i in references]
        homes = {self._home(i) for i in references}
        if len(homes) > 1:
            return None
        home = homes.pop()
        if home is None:
            asked = self.large.about(facts)
            return _at_once(asked) if asked and self._is_elsewhere(asked) else None
        if self.rng.random() < 0.25:
            asked = self.large.about(facts)
            return _at_once(asked) if asked and self._is_large(asked) else None
        part = self.picture.parts[home]
        asked = self.small[home].about([_at(part, i) for i in references])
        if asked is None or not self._is_clear(asked, home):
            return None
        return self._with_looks(replace(asked, references=tuple(facts)), home, [self.places[home]])

    def _home(self, index: int) -> int | None:
        """The number of the group that a thing belongs to; None for a large thing."""
        homes = (n for n, p in enumerate(self.picture.parts) if index in p.group.members)
        return next(homes, None)

    def _is_large(self, asked: Exercise) -> bool:
        """Whether a question is about large things, or about what the model does not know."""
        return asked.sought == UNKNOWN or _family(asked) in self.families

    def _is_elsewhere(self, asked: Exercise) -> bool:
        """Whether a question about large things cannot mean a small one."""
        family = _family(asked)
        return asked.sought == UNKNOWN or (
            family != "thing" and not any(family in s for s in self.small_families)
        )

    def _is_clear(self, asked: Exercise, number: int) -> bool:
        """Whether a question about one group has the same answer in the whole picture."""
        family = _family(asked)
        if family == "thing":
            return asked.sought != UNKNOWN and asked.relation in _HERE
        if "hat" in asked.sought or family in self.families:
            return False
        return family in self.small_families[number] or not any(
            family in s for s in self.small_families
        )

    def _with_looks(self, asked: Exercise, number: int, places: Sequence[Place]) -> Round:
        part = self.picture.parts[number]
        targets = tuple(part.kept[f.index] for f in asked.targets)
        whole = replace(asked, targets=(), pool=(), fitting=None)
        return Round(whole, tuple(places), targets)


def _at_once(asked: Exercise) -> Round:
    return Round(asked, (), tuple(f.index for f in asked.targets))


def _at(part: Part, index: int) -> Fact:
    return next(f for f in part.facts if part.kept[f.index] == index)


def _families(facts: Sequence[Fact]) -> set[str]:
    return {family_of(f.kind) for f in facts}


def _family(asked: Exercise) -> str:
    """The family of what a question names; "thing" where it names none."""
    named = (_NOUNS[w] for w in re.findall(r"[a-z]+", asked.sought) if w in _NOUNS)
    noun = next(named, None)
    return family_of(noun) if noun else "thing"
