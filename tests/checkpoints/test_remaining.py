"""The time that a fetch will still take: from the rate of the last seconds, in words that do not jump."""

from __future__ import annotations

import random
from itertools import pairwise

import pytest

from demo.checkpoints.remaining import Remaining

MB = 10**6


class Clock:
    """Tells the time that a test sets."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def told(remaining: Remaining, clock: Clock, rates: list[float]) -> list[str]:
    """What is said after each second with that many bytes."""
    said = []
    for rate in rates:
        remaining.add(int(rate))
        clock.now += 1
        said.append(str(remaining))
    return said


@pytest.mark.parametrize(
    ("rate", "says"),
    [
        (50 * MB, "about 30 seconds left"),
        (8 * MB, "about 4 minutes left"),
        (1 * MB, "about 32 minutes left"),
        (0.2 * MB, "about 2.5 hours left"),
    ],
)
def test_what_is_left_at_a_steady_rate(rate: float, says: str) -> None:
    clock = Clock()
    remaining = Remaining(1900 * MB, clock)
    assert told(remaining, clock, [rate] * 10)[-1] == says


def test_nothing_is_said_before_it_is_known() -> None:
    clock = Clock()
    assert told(Remaining(100 * MB, clock), clock, [MB] * 2) == ["", ""]
    assert told(Remaining(None, clock), clock, [MB] * 9) == [""] * 9
    assert str(Remaining(100 * MB, clock)) == ""


def test_words_do_not_jump_where_the_rate_does() -> None:
    clock, chance = Clock(), random.Random(7)
    remaining = Remaining(1900 * MB, clock)
    said = told(remaining, clock, [chance.uniform(4, 12) * MB for _ in range(200)])
    known = [words for words in said if words]
    changes = sum(a != b for a, b in pairwise(known))
    minutes = [int(words.split()[1]) for words in known if "minutes" in words]
    assert changes <= 12
    assert max(b - a for a, b in pairwise(minutes)) <= 1  # upwards
    assert known[-1].endswith("seconds left")


def test_the_rate_of_long_ago_does_not_count() -> None:
    clock = Clock()
    remaining = Remaining(1900 * MB, clock)
    told(remaining, clock, [20 * MB] * 20)
    assert told(remaining, clock, [1 * MB] * 40)[-1] == "about 25 minutes left"


def test_where_nothing_arrives_the_time_grows() -> None:
    clock = Clock()
    remaining = Remaining(1900 * MB, clock)
    assert told(remaining, clock, [8 * MB] * 10)[-1] == "about 4 minutes left"
    clock.now += 60
    assert str(remaining) == "about 27 minutes left"


def test_the_share_is_never_more_than_all() -> None:
    remaining = Remaining(100)
    remaining.add(25)
    assert remaining.share == 0.25
    remaining.add(100)
    assert remaining.share == 1.0
    assert Remaining(None).share is None
