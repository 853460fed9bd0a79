"""The same questions token by token, with looking ahead and without: are the tokens the same, and how
fast do they come.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest

from demo.dialects.prompt import Prompt
from demo.doctor.inspection import Written, written
from demo.doctor.questions import Before
from demo.picture.picture import Picture
from demo.reasoners.local import LocalReasoner


@dataclass(frozen=True, slots=True)
class Pair:
    """One prompt answered both ways."""

    plain: Written
    ahead: Written

    @property
    def differs_at(self) -> int | None:
        """The first token that is not the same, counted from 0; None when all are."""
        both = enumerate(zip_longest(self.plain.tokens, self.ahead.tokens))
        return next((place for place, (one, other) in both if one != other), None)


@dataclass(frozen=True, slots=True)
class Rate:
    """Tokens and forward passes a second, after the pass that computes the question."""

    tokens: float
    passes: float


def pairs(
    reasoner: LocalReasoner,
    picture: Picture,
    prompts: Sequence[Prompt],
    most: int,
    before: Before = lambda *_: None,
) -> list[Pair]:
    """Every prompt twice, at most so many tokens each; ``before`` hears of each prompt first."""
    return [_pair(reasoner, picture, prompt, most, before) for prompt in prompts]


def _pair(
    reasoner: LocalReasoner, picture: Picture, prompt: Prompt, most: int, before: Before
) -> Pair:
    before(picture, prompt)
    plain = written(reasoner, picture, prompt, most, ahead=False)
    return Pair(plain, written(reasoner, picture, prompt, most, ahead=True))


def rate(texts: Sequence[Written]) -> Rate | None:
    """Of several texts together; None when nothing was written after their first passes."""
    tokens, passes, seconds = (sum(part) for part in zip(*(t.later for t in texts), strict=True))
    return Rate(tokens / seconds, passes / seconds) if passes > 0 and seconds > 0 else None


@dataclass(frozen=True, slots=True)
class Lever:
    """A way to ask the three questions: mean seconds of a turn, tokens a second, and how many times as
    long it takes as the app's own way in the same precision.
    """

    precision: str
    way: str
    turn_s: float
    tokens_per_s: float | None
    times_as_long: float


def levers(precision: str, made: Sequence[Pair], prepare_s: float) -> list[Lever]:
    """What each lever is worth: looking ahead, and keeping the picture (``prepare_s`` a turn without)."""
    ahead, plain = [pair.ahead for pair in made], [pair.plain for pair in made]
    ours = _mean(ahead)
    ways = (
        ("as the app asks", ahead, ours),
        ("without looking ahead", plain, _mean(plain)),
        ("with the picture computed for every question", ahead, ours + prepare_s),
        ("with neither", plain, _mean(plain) + prepare_s),
    )
    return [
        Lever(
            precision,
            way,
            seconds,
            found.tokens if (found := rate(texts)) else None,
            seconds / ours,
        )
        for way, texts, seconds in ways
    ]


def _mean(texts: Sequence[Written]) -> float:
    return sum(text.total_s for text in texts) / len(texts)
