"""Scores of the reasoning in an answer: the rewards of RegionReasoner that need no truth, 0 to 1 each.

They say whether the model reasoned as it was trained to, not whether it is right: a box may be wrong at
full score. Where a score means nothing it is None, and a sentence says why.

This file does not know the registry or the page; references are boxes in the model frame.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from demo.answers.citations import XYXY, citation_reward, find_citations
from demo.answers.finding import TraceText
from demo.answers.sentences import plain_form, sentences_of
from demo.answers.trace import PARTS
from demo.dialects.dialect import Dialect
from demo.dialects.known import REGION_REASONER
from demo.dialogue.session import Turn
from demo.errors import join_with_and
from demo.language.keywords import consistency, is_few, may_be_compared


@dataclass(frozen=True, slots=True)
class Score:
    """One reward of one answer: its ``value``, 0 to 1, or None where it does not apply, and why."""

    name: str
    value: float | None
    reason: str


def scores_of(
    turn: Turn, given: Collection[XYXY], dialect: Dialect = REGION_REASONER
) -> tuple[Score, ...]:
    """The four rewards of an answer: citation, consistency, format, repetition.

    ``given`` are the boxes in the question, in the model frame. Parts that the dialect does not have get no
    score.
    """
    if turn.partial or turn.is_guess:
        stopped = "The answer was stopped before it was complete."
        why = stopped if turn.partial else "The answer is a guess."
        return tuple(Score(name, None, why) for name in NAMES)
    text, parts = turn.trace, dialect.parts
    return (
        _citation(text.think or "", given) if "think" in parts else _not_asked("citation", "think"),
        _consistency(text) if "scene" in parts else _not_asked("consistency", "scene"),
        _format(text, parts or ("answer",), asked=bool(given)),
        _repetition(turn.raw),
    )


def _not_asked(score: str, part: str) -> Score:
    return Score(score, None, f"Answers in this form do not have {_PARTS[part]}.")


NAMES = ("citation", "consistency", "format", "repetition")


def _citation(think: str, given: Collection[XYXY]) -> Score:
    """See `citation_reward`. In training nothing given earns full credit; here it gets no score."""
    if not given:
        return Score("citation", None, "The question gives the model no region to cite.")
    cited = {citation.box for citation in find_citations(think)}
    value = citation_reward(cited, given)
    if not cited:
        return Score("citation", value, "The reasoning cites no box at all.")
    right = len(cited & set(given))
    if right == len(cited):
        boxes = "The box" if right == 1 else f"All {right} boxes"
        return Score("citation", value, f"{boxes} that the reasoning cites came from the question.")
    counted = (
        f"Of {_count(len(cited), 'box', 'boxes')} cited, {right or 'none'} came from the question"
    )
    return Score("citation", value, f"{counted}; any other box halves the score.")


def _consistency(text: TraceText) -> Score:
    """The reward `consistency`, as a share of the highest score that these parts can reach."""
    scene, focus, think = text.scene or "", text.focus or "", text.think or ""
    if not (scene and think):
        absent = join_with_and([_PARTS[n] for n in ("scene", "think") if not getattr(text, n)])
        return Score("consistency", None, f"There is nothing to compare without {absent}.")
    if not may_be_compared(scene, think):
        few = "There are too few words to compare."
        other = "Words can be compared in English and in languages without spaces, not in this one."
        return Score("consistency", None, few if is_few(scene) and is_few(think) else other)
    found = consistency(scene, focus, think)
    shares = [
        f"{shared} of {total} words of the {name}"
        for name, (shared, total) in (("scene", found.scene), ("focus", found.focus))
        if total
    ]
    logic = (
        f"It uses words of {join_with_and(found.logic)}."
        if found.logic
        else "It uses no words of logic."
    )
    counted = f"The reasoning takes up {join_with_and(shares)}. " if shares else ""
    return Score("consistency", found.score / found.reachable, f"{counted}{logic}")


_PARTS = {
    "scene": "the scene",
    "focus": "the focus",
    "think": "the reasoning",
    "answer": "the answer",
}


def _format(text: TraceText, parts: Sequence[str], *, asked: bool) -> Score:
    """The share of required parts: each must be there, but a focus only when a region was given.

    Only ``parts`` are required; other parts do no harm.
    """
    there = {part for part in parts if getattr(text, part)}
    wanted = {part for part in parts if asked or part != "focus"}
    missing = [_PARTS[part] for part in PARTS if part in wanted - there]
    faults = [f"Missing: {join_with_and(missing)}."] if missing else []
    if there - wanted:
        faults.append("There is a focus although no region was given.")
    kept = f"All {len(wanted)} parts are there." if len(wanted) > 1 else "The answer is there."
    return Score("format", 1 - len(there ^ wanted) / len(parts), " ".join(faults) or kept)


def _repetition(raw: str) -> Score:
    """The share of sentences that do not repeat an earlier one.

    The reward is named in the sources but not defined; this is its plainest form, and it agrees with the
    finding ``trace.repeats`` on what a sentence is.
    """
    written = [plain_form(sentence) for sentence in sentences_of(raw)]
    total, new = len(written), len(set(written))
    if total < 2:
        return Score("repetition", None, "There are fewer than two sentences.")
    if new == total:
        return Score("repetition", 1.0, f"None of {total} sentences comes twice.")
    verb = "repeats" if total - new == 1 else "repeat"
    reason = f"Of {total} sentences, {total - new} {verb} an earlier one."
    return Score("repetition", new / total, reason)


def _count(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"
