"""The ways of asking a general model, one that was trained for no particular form of answer.

*Quick* asks for boxes in the model's own form, some 40 tokens; *reasoned* for scene, focus, thought and
answer, some 300, in which references are cited; *looking* for an answer in words, for which the model
looks at parts of the picture again, enlarged. A question whose answer is words, not a place, is *told* by
the same models; those that were trained to look closer answer it by looking. All show the same picture.
It knows no wording (`known.py`, `known_looks.py`) and no model.
"""

from __future__ import annotations

from dataclasses import replace

from demo.dialects.dialect import Dialect
from demo.dialects.known import (
    DIALECTS,
    QWEN_2_5_VL,
    QWEN_3_VL,
    REASONED_BY_QUICK,
    REGION_REASONER,
    TOLD_BY_QUICK,
)
from demo.dialects.known_looks import LOOKING_BY_QUICK
from demo.dialects.looking import Back

QUICK, REASONED, LOOKING = "quick", "reasoned", "looking"
WAYS = (QUICK, REASONED, LOOKING)  # among which people choose
TOLD = "told"  # in words: when a question is not about where something is
# Of answers in each way, and for how many seconds people should be made to wait for one unasked.
QUICK_TOKENS, REASONED_TOKENS, MAX_WAIT_S = 40, 300, 20

_BY_WAY = {
    QUICK: DIALECTS,
    REASONED: REASONED_BY_QUICK,
    TOLD: TOLD_BY_QUICK,
    LOOKING: LOOKING_BY_QUICK,
}
ALL_DIALECTS = {d.name: d for dialects in _BY_WAY.values() for d in dialects.values()}


def dialect_named(name: str) -> Dialect:
    """The dialect of that name; RegionReasoner's for an unknown one, which another program saved."""
    return ALL_DIALECTS.get(name, REGION_REASONER)


def ways_of(dialect: Dialect) -> tuple[str, ...]:
    """The ways in which a model with that dialect can be asked; none for one that has its own way only."""
    ways = tuple(way for way in WAYS if dialect.name in _BY_WAY[way])
    return ways if len(ways) > 1 else ()


def has_ways(dialect: Dialect) -> bool:
    """Whether a model with that dialect can be asked in several ways."""
    return bool(ways_of(dialect))


def in_way(dialect: Dialect, way: str) -> Dialect:
    """The dialect in which a model is asked in that way; its own where it has no such way.

    What is to be told is answered by looking where a model was trained for that only.
    """
    asked = _BY_WAY.get(way, {}).get(dialect.name)
    if way == TOLD and has_ways(dialect):
        asked = asked or LOOKING_BY_QUICK[dialect.name]
    if asked is None or way == QUICK:
        return dialect
    return replace(asked, shown=dialect.shown, frame=dialect.frame, token=dialect.token)


def asks_apart(dialect: Dialect) -> bool:
    """Whether a look is a question of its own, which can be asked within a part as well."""
    return dialect.looking is not None and dialect.looking.back is Back.APART


def without_looks(dialect: Dialect) -> Dialect:
    """The dialect for one answer without looks: in words, where it looks in order to answer in words."""
    if dialect.looking is None or not dialect.tells:
        return replace(dialect, looking=None)
    plain = QWEN_3_VL if dialect.token == QWEN_3_VL.token else QWEN_2_5_VL
    return in_way(
        replace(plain, shown=dialect.shown, frame=dialect.frame, token=dialect.token), TOLD
    )


def usual_way(dialect: Dialect, asking: str, tokens_per_s: float | None) -> str:
    """The way in which a model is asked unless a person wants another; empty where it has one only.

    ``asking`` is the option: a way, or ``auto``, by which answers are reasoned where they come quickly.
    ``tokens_per_s`` is the speed of writing here, None where it is not known.
    """
    ways = ways_of(dialect)
    if not ways:
        return ""
    if asking in ways:
        return asking
    fast = tokens_per_s is not None and MAX_WAIT_S * tokens_per_s >= REASONED_TOKENS
    return REASONED if fast and REASONED in ways else QUICK


def way_sentence(way: str) -> str:
    """A sentence for people about the usual way; empty for a model that has one only."""
    return _SENTENCES.get(way, "")


_SENTENCES = {
    QUICK: "It is asked for quick answers, boxes alone; slower ones can be chosen as well.",
    REASONED: "It is asked for reasoned answers; quick ones, boxes alone, can be chosen as well.",
    LOOKING: "It is asked for words, and looks closer at parts of the picture; quick answers, boxes alone, "
    "can be chosen as well.",
}
