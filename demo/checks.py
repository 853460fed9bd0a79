"""What a trace claims, held against what was given: findings a person can read.

A reasoning trace cites boxes. Those that were given in the question can be trusted to be what they
say; a box that nobody gave and that is not the answer is invented, and a person must see that. The
two training rewards of RegionReasoner that need no ground truth serve as signals of trust here.

This file does not know the registry, the picture or the model: names and boxes are handed in.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from demo.english import listed
from demo.geometry import ModelBox, Size, round_half_up
from demo.regions import RegionObject
from demo.session import Finding, TraceText, object_to_dict
from demo.trace import Problem, Trace, TraceObject, parse_trace

XYXY = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class Citation:
    """Four numbers in brackets inside a text: ``text[start:end]``, with a ``bbox=`` before them.

    ``box`` is rounded to whole pixels of the model frame; it may be none that a `ModelBox` accepts.
    """

    box: XYXY
    start: int
    end: int


_COORDINATE = r"([+-]?[0-9]{1,9}+(?:\.[0-9]{0,30}+)?)"
_BETWEEN = r"(?:\s*+,\s*+|\s++)"
_CITATION = re.compile(
    r"(?:\bbbox(?:_2d)?\s*+)?(?:=\s*+)?\[\s*+" + _BETWEEN.join([_COORDINATE] * 4) + r"\s*+\]",
    re.IGNORECASE | re.ASCII,
)


def find_citations(text: str) -> tuple[Citation, ...]:
    """All boxes a text mentions, in order: four numbers in brackets, after ``bbox``, ``=`` or not."""
    return tuple(
        Citation(_rounded(match.groups()), *match.span()) for match in _CITATION.finditer(text)
    )


def _rounded(numbers: Sequence[str]) -> XYXY:
    x1, y1, x2, y2 = (round_half_up(float(number)) for number in numbers)
    return x1, y1, x2, y2


def check(trace: Trace, given: Sequence[tuple[str, ModelBox]]) -> tuple[Finding, ...]:
    """Everything worth knowing about a trace, in reading order: from the focus to the answer, then
    what concerns the whole. A part without any text counts as absent.

    ``given`` are the references of the question: the name a person knows (``R1``, ``R2.1``) and the
    box that was written into the question, in the model frame.
    """
    return (
        *_check_focus(trace.text, given),
        *_check_citations(trace, given),
        *(_finding_of(problem) for problem in trace.problems),
        *_check_consistency(trace),
    )


def _check_focus(text: TraceText, given: Sequence[tuple[str, ModelBox]]) -> Iterator[Finding]:
    if given and not text.focus:
        names = listed([name for name, _ in given])
        yield Finding(
            "focus.missing", "note", f"The model did not describe what is inside {names}."
        )
    if text.focus and not given:
        yield Finding(
            "focus.unasked",
            "note",
            "The model describes a reference region, although the question names none.",
        )


def _check_citations(trace: Trace, given: Sequence[tuple[str, ModelBox]]) -> Iterator[Finding]:
    cited = {citation.box for citation in find_citations(trace.text.think or "")}
    for name, box in given:
        if box.xyxy in cited:
            text = f"The reasoning cites {name} exactly as given."
            yield Finding("citation.valid", "ok", text)
        else:
            text = f"The reasoning does not cite {name}, although the question refers to it."
            yield Finding("citation.missing", "warning", text)
    for place, invented in _invented(trace, [box for _, box in given]):
        text = f"The {place} mentions a box {list(invented)} that nobody gave: treat it with care."
        yield Finding("citation.invented", "warning", text)


def _invented(trace: Trace, given: Iterable[ModelBox]) -> Iterator[tuple[str, XYXY]]:
    """Boxes that were neither given nor answered, each once, with the part that cites it first.

    A box of the answer counts as it was written and as it was read.
    """
    known = {box.xyxy for box in given} | {item.box.xyxy for item in trace.objects}
    known |= {citation.box for citation in find_citations(trace.text.answer or "")}
    parts = (("description of the reference", trace.text.focus), ("reasoning", trace.text.think))
    for place, text in parts:
        for citation in find_citations(text or ""):
            if citation.box not in known:
                known.add(citation.box)
                yield place, citation.box


_SENTENCES = {
    "answer.repaired": ("note", "The answer could be read only after mending: {}."),
    "answer.clamped": ("note", "The answer reached outside the picture and was cut to it: {}."),
    "answer.empty": ("note", "The model says that nothing in the picture matches."),
    "answer.unreadable": ("warning", "No box could be read: {}."),
    "point.outside": ("note", "A point lies outside its own box: {}."),
    "trace.truncated": ("warning", "The text stops in the middle; what was complete is kept."),
    "trace.repeats": ("note", "The model repeats itself: {}."),
}


def _finding_of(problem: Problem) -> Finding:
    level, sentence = _SENTENCES[problem.kind]
    return Finding(problem.kind, level, sentence.format(problem.detail))


# The two rewards.


def citation_reward(cited: Iterable[XYXY], given: Iterable[XYXY]) -> float:
    """RegionReasoner's reward for citing references, 0 to 1.

    With C the distinct boxes cited in ``<think>`` and G those given:
    credit for citing at all plus ``|C ∩ G| / |C|``, times η = 0.5 when C holds a box that is not in
    G, divided by 2 so that full credit is 1. Nothing cited earns 0; nothing given earns 1.
    """
    cited_boxes, given_boxes = set(cited), set(given)
    if not given_boxes:
        return 1.0
    if not cited_boxes:
        return 0.0
    penalty = 1.0 if cited_boxes <= given_boxes else 0.5
    return penalty * (1 + len(cited_boxes & given_boxes) / len(cited_boxes)) / 2


_WORD = re.compile(r"[^\W\d_]+")


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_STOP_WORDS = _words(
    """
    a about above across after again all along also among an and another any are around as at back
    be because been before behind being below beside between both but by can close could did do
    does down each either else even ever every few first for from front had has have he her here
    him his how if in inside into is it its itself just last least less like many may more most
    much must near next nor not now of off on one only onto or other our out outside over own per
    same she should since so some still such than that the their them then there these they this
    those through to too two under until up upon us very was we well were what when where which
    while who whose why will with within without would yet you your
    """
)
_FIRST_KEYWORDS = 10


def _keywords(text: str) -> tuple[str, ...]:
    """The distinct words of more than two letters that are no stop words, in order."""
    words = (word.lower() for word in _WORD.findall(text))
    return tuple(dict.fromkeys(w for w in words if len(w) > 2 and w not in _STOP_WORDS))


_LOGIC = {
    "space": _words("""
        left right above below top bottom inside outside next near beside behind between under over
        front overlapping touching adjacent closest nearest
        """),
    "comparison": _words("""
        than more less most least larger largest smaller smallest bigger taller shorter closer
        compare compared comparing comparison unlike whereas different similar only
        """),
    "location": _words("""
        located location position positioned placed stands standing sits sitting lies lying side
        corner center centre middle edge background foreground
        """),
    "reference": _words("reference referenced bbox box region target given"),
}
_LOGIC_WEIGHTS = {"space": 0.5, "comparison": 0.3, "location": 0.2, "reference": 0.2}


def consistency_score(scene: str, focus: str, think: str) -> float:
    """RegionReasoner's global–local consistency of a trace, 0 to 2.08.

    ``1.0 · share(scene) + 0.6 · share(focus) + 0.4 · logic``. A share is the part of the first ten
    keywords (more than two letters, no stop words, distinct) of that text that stands in ``think``
    as well; 0 for a text without keywords. ``logic`` adds 0.5, 0.3, 0.2 and 0.2 when ``think`` uses
    words of space, comparison, location and reference.
    """
    words = {word.lower() for word in _WORD.findall(think)}
    logic = sum(weight for group, weight in _LOGIC_WEIGHTS.items() if words & _LOGIC[group])
    return _share(scene, words) + 0.6 * _share(focus, words) + 0.4 * logic


def _share(text: str, words: set[str]) -> float:
    keywords = _keywords(text)[:_FIRST_KEYWORDS]
    return len(words.intersection(keywords)) / len(keywords) if keywords else 0.0


# Words of space and reference alone reach 0.4 · 0.7 = 0.28: below 0.3 the reasoning took up next to
# nothing of what was described.
_LOW_SCORE = 0.3
# A short text cannot take up ten keywords, so its score is low by nature. Therefore it is judged
# only when both sides say something (four keywords) and at most one in eight words was taken up.
_FEWEST_KEYWORDS = 4
_OWN_WORDS_PER_SHARED = 8


def _check_consistency(trace: Trace) -> Iterator[Finding]:
    """Not for an empty answer: what is looked for in vain is rightly not part of the scene."""
    text, empty = trace.text, any(problem.kind == "answer.empty" for problem in trace.problems)
    if not empty and _is_inconsistent(text.scene or "", text.focus or "", text.think or ""):
        yield Finding(
            "consistency",
            "note",
            "The reasoning has little to do with what the model says it sees: compare the two.",
        )


def _is_inconsistent(scene: str, focus: str, think: str) -> bool:
    if not (_is_english(scene) and _is_english(think)):
        return False
    seen = set(_keywords(f"{scene}\n{focus}"))
    own = set(_keywords(think)).difference(*_LOGIC.values())
    if min(len(_keywords(scene)), len(own)) < _FEWEST_KEYWORDS:
        return False
    if len(own & seen) * _OWN_WORDS_PER_SHARED > len(own):
        return False
    return consistency_score(scene, focus, think) < _LOW_SCORE


def _is_english(text: str) -> bool:
    """Whether it holds an English stop word: the score's word lists are English, and it compares
    whole words, which means nothing where words are inflected or not set apart by spaces.
    """
    return any(word.lower() in _STOP_WORDS for word in _WORD.findall(text))


# One text by itself, as `python -m demo parse` shows it.


def report(text: str, size: Size, frame: Size, given: Sequence[ModelBox]) -> dict[str, Any]:
    """A model's text read as the first turn on a picture of ``size``, as plain JSON values.

    ``given`` are the boxes of the question in the model frame; without a registry they have no
    names, so the findings call them "reference 1", "reference 2".
    """
    trace = parse_trace(text, frame)
    named = [(f"reference {i}", box) for i, box in enumerate(given, start=1)]
    objects = enumerate(trace.objects, start=1)
    return {
        "trace": {name: getattr(trace.text, name) for name in TraceText.__slots__},
        "objects": [object_to_dict(_object(f"R1.{i}", item, size, frame)) for i, item in objects],
        "findings": [
            {"kind": f.kind, "level": f.level, "text": f.text} for f in check(trace, named)
        ],
    }


def _object(name: str, item: TraceObject, size: Size, frame: Size) -> RegionObject:
    point = None if item.point is None else item.point.to_picture(size, frame)
    return RegionObject(name, item.box.to_picture(size, frame), point)
