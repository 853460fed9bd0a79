"""The two ways of asking a general model, one that was trained for no particular form of answer.

*Quick* asks for boxes in the model's own form, some 40 tokens; *reasoned* for scene, focus, thought and
answer, some 300, in which references are cited. A question whose answer is words, not a place, is *told* by
the same models. All show the same picture and count in the same frame.
It knows no wording (`known.py`) and no model.
"""

from __future__ import annotations

from dataclasses import replace

from demo.dialects.dialect import Dialect
from demo.dialects.known import REASONED_BY_QUICK, TOLD_BY_QUICK

QUICK, REASONED = "quick", "reasoned"
WAYS = (QUICK, REASONED)  # between which people choose
TOLD = "told"  # in words: when a question is not about where something is
# Of answers in each way, and for how many seconds people should be made to wait for one unasked.
QUICK_TOKENS, REASONED_TOKENS, MAX_WAIT_S = 40, 300, 20


def has_two_ways(dialect: Dialect) -> bool:
    """Whether a model with that dialect can be asked in both ways."""
    return dialect.name in REASONED_BY_QUICK


def in_way(dialect: Dialect, way: str) -> Dialect:
    """The dialect in which a model is asked in that way; its own where it has one way only."""
    if way not in (REASONED, TOLD) or not has_two_ways(dialect):
        return dialect
    return replace(
        (TOLD_BY_QUICK if way == TOLD else REASONED_BY_QUICK)[dialect.name],
        shown=dialect.shown,
        frame=dialect.frame,
        token=dialect.token,
    )


def usual_way(dialect: Dialect, asking: str, tokens_per_s: float | None) -> str:
    """The way in which a model is asked unless a person wants the other; empty where it has one only.

    ``asking`` is the option: a way, or ``auto``, by which answers are reasoned where they come quickly.
    ``tokens_per_s`` is the speed of writing here, None where it is not known.
    """
    if not has_two_ways(dialect):
        return ""
    if asking in WAYS:
        return asking
    fast = tokens_per_s is not None and MAX_WAIT_S * tokens_per_s >= REASONED_TOKENS
    return REASONED if fast else QUICK


def way_sentence(way: str) -> str:
    """A sentence for people about the usual way; empty for a model that has one only."""
    return _SENTENCES.get(way, "")


_SENTENCES = {
    QUICK: "It is asked for quick answers, boxes alone; reasoned ones take several times as long.",
    REASONED: "It is asked for reasoned answers; quick ones, boxes alone, can be chosen as well.",
}
