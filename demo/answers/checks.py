"""Checks of a trace against the references that were given: findings that a person can read.

A reasoning trace cites boxes. Those from the question can be trusted; a box that nobody gave and that is
not part of the answer is invented, and a person must see that. Each finding knows its place in the trace
and on the picture.

This file does not know the registry, the picture or the model: names and boxes are arguments.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace

from demo.answers.boxes import TraceObject
from demo.answers.citations import XYXY, Citation, find_citations
from demo.answers.contradiction import check_contradiction
from demo.answers.finding import Finding, TraceText
from demo.answers.sentences import plain_form, repeated_sentence
from demo.answers.trace import PARTS, Problem, Trace
from demo.answers.unknown import find_unknown
from demo.dialects.dialect import Dialect
from demo.dialects.known import REGION_REASONER
from demo.errors import join_with_and
from demo.language.keywords import consistency, is_english, keywords, picture_words, shared_words
from demo.picture.geometry import ModelBox


def check_trace(
    trace: Trace,
    given: Sequence[tuple[str, ModelBox]],
    dialect: Dialect = REGION_REASONER,
    question: str = "",
    known: Iterable[tuple[int, int, int, int]] = (),
) -> tuple[Finding, ...]:
    """The findings about a trace, in reading order: from the focus to the answer, then those about the
    whole. A part without any text counts as absent.

    ``given`` are the references of the question: the name that a person knows (``R1``, ``R2.1``) and the
    box that was written into the question, in the model frame. Parts that the dialect does not have are
    not missed. ``question`` is the sentence that was asked, where it is known, and ``known`` are boxes that
    may be mentioned as well.
    """
    return (
        *(_check_focus(trace.text, given) if "focus" in dialect.parts else ()),
        *(_check_cited(trace, given) if "think" in dialect.parts else ()),
        *_check_invented(trace, given, known),
        *(
            _finding_of(problem, trace)
            for problem in trace.problems
            if not _is_told(problem, dialect)
        ),
        *_check_unknown(trace),
        *check_contradiction(trace, {box.xyxy for _, box in given}, question),
        *_check_consistency(trace),
    )


def _check_focus(text: TraceText, given: Sequence[tuple[str, ModelBox]]) -> Iterator[Finding]:
    if given and not text.focus:
        names = join_with_and([name for name, _ in given])
        sentence = f"The model did not describe what is inside {names}."
        yield Finding("focus.missing", "note", sentence, region=given[0][0])
    if text.focus and not given:
        sentence = "The model describes a reference region, although the question names none."
        yield Finding("focus.unasked", "note", sentence, "focus")


def _check_cited(trace: Trace, given: Sequence[tuple[str, ModelBox]]) -> Iterator[Finding]:
    think = trace.text.think
    cited = {c.box: (c.start, c.end) for c in reversed(find_citations(think or ""))}
    for name, box in given:
        if span := cited.get(box.xyxy):
            text = f"The reasoning cites {name} exactly as given."
            yield Finding("citation.valid", "ok", text, "think", span, name)
        else:
            text = f"The reasoning does not cite {name}, although the question refers to it."
            part = "think" if think else None
            yield Finding("citation.missing", "warning", text, part, region=name)


def _check_invented(
    trace: Trace, given: Sequence[tuple[str, ModelBox]], known: Iterable[XYXY]
) -> Iterator[Finding]:
    for part, invented in _invented_boxes(trace, [*known, *(box.xyxy for _, box in given)]):
        place = "reasoning" if part == "think" else "description of the reference"
        numbers = _numbers(trace, part, invented)
        text = f"The {place} mentions a box {numbers} that nobody gave: treat it with care."
        span = invented.start, invented.end
        shown = invented.box if max(map(abs, invented.box)) <= _FARTHEST else None
        yield Finding("citation.invented", "warning", text, part, span, model_box=shown)


_FARTHEST = 10**6  # pixels of the model frame; a box farther out cannot be shown


def _numbers(trace: Trace, part: str, citation: Citation) -> str:
    """The numbers of a cited box, as they were written when they are not whole."""
    written = getattr(trace.text, part)[citation.start : citation.end]
    numbers = written[written.index("[") :]
    return numbers if {".", "e", "E"} & set(numbers) else str(list(citation.box))


def _invented_boxes(trace: Trace, given: Iterable[XYXY]) -> Iterator[tuple[str, Citation]]:
    """The boxes that are neither given nor in the answer, each once, with the part that cites it first.

    A box of the answer counts both as it was written and as it was read.
    """
    known = {*given, *(item.box.xyxy for item in trace.objects)}
    known |= {citation.box for citation in find_citations(trace.text.answer or "")}
    for part in ("focus", "think"):
        for citation in find_citations(getattr(trace.text, part) or ""):
            if citation.box not in known:
                known.add(citation.box)
                yield part, citation


def _is_told(problem: Problem, dialect: Dialect) -> bool:
    """Whether it is none, because words need no boxes."""
    return dialect.tells and problem.kind in ("answer.unreadable", "answer.empty")


def _check_unknown(trace: Trace) -> Iterator[Finding]:
    """Where nothing was found because the model does not know what was asked for."""
    span = find_unknown(trace.text.think or "")
    if span and any(problem.kind == "answer.empty" for problem in trace.problems):
        text = "The model does not know what was asked for, so this says nothing about the picture."
        yield Finding("answer.unknown", "note", text, "think", span)


_SENTENCES = {
    "answer.repaired": ("note", "The answer could be read only after it was repaired: {}."),
    "answer.clamped": ("note", "The answer reached outside the picture and was cut to it: {}."),
    "answer.empty": ("note", "The model says that nothing in the picture matches: {}."),
    "answer.unreadable": ("warning", "No box could be read: {}."),
    "point.outside": ("note", "A point lies outside its own box: {}."),
    "trace.truncated": ("warning", "{}; what was complete is kept."),
    "trace.repeats": ("note", "The model repeats itself: {}."),
}


def _finding_of(problem: Problem, trace: Trace) -> Finding:
    level, sentence = _SENTENCES[problem.kind]
    return replace(
        _PLACES.get(problem.kind, _in_answer)(trace),
        kind=problem.kind,
        level=level,
        text=sentence.format(problem.detail),
    )


# The place of a problem: a finding without kind and text, which are filled in later.


def _in_answer(trace: Trace) -> Finding:
    return Finding("", "", "", None if trace.text.answer is None else "answer")


def _at_object(trace: Trace, wrong: Callable[[TraceObject, Citation | None], bool]) -> Finding:
    """The place of the first object for which ``wrong`` is true: its box in the text of the answer."""
    first = {c.box: c for c in reversed(find_citations(trace.text.answer or ""))}
    written = tuple(reversed(first.values()))  # each box once, as among the objects
    cited = written if len(written) == len(trace.objects) else [None] * len(trace.objects)
    for i, (item, citation) in enumerate(zip(trace.objects, cited, strict=True), start=1):
        if wrong(item, citation):
            span = None if citation is None else (citation.start, citation.end)
            return replace(_in_answer(trace), span=span, object=i)
    return _in_answer(trace)


def _where_clamped(trace: Trace) -> Finding:
    return _at_object(
        trace, lambda item, cited: cited is not None and not set(item.box.xyxy) <= set(cited.box)
    )


def _where_outside(trace: Trace) -> Finding:
    return _at_object(trace, lambda item, _: item.is_point_outside)


def _where_truncated(trace: Trace) -> Finding:
    """The end of the last part, from the beginning of a word."""
    part = next((name for name in reversed(PARTS) if getattr(trace.text, name)), None)
    if part is None:
        return Finding("", "", "")
    text = getattr(trace.text, part)
    start = max(text.rfind(" ", 0, max(len(text) - _TAIL, 0)) + 1, len(text) - 2 * _TAIL, 0)
    return Finding("", "", "", part, (start, len(text)))


_TAIL = 40  # characters


def _where_repeated(trace: Trace) -> Finding:
    """The second time that the sentence comes in one part, or else the first time; without one, the
    second time that a box comes in the answer, or the end of the text.
    """
    if not (repeated := repeated_sentence(trace.raw)):
        again = _second_time(trace.text.answer or "")
        return replace(_in_answer(trace), span=again) if again else _where_truncated(trace)
    words = re.compile(r"\s+".join(map(re.escape, plain_form(repeated[0]).split())), re.IGNORECASE)
    found = [
        (part, spans)
        for part in ("think", "scene", "focus", "answer")
        if (spans := [m.span() for m in words.finditer(getattr(trace.text, part) or "")])
    ]
    if not found:
        return Finding("", "", "")
    part, spans = max(found, key=lambda place: min(len(place[1]), 2))
    return Finding("", "", "", part, spans[:2][-1])


def _second_time(answer: str) -> tuple[int, int] | None:
    """Where the first box that comes again does so."""
    seen: set[XYXY] = set()
    for citation in find_citations(answer):
        if citation.box in seen:
            return citation.start, citation.end
        seen.add(citation.box)
    return None


_PLACES = {
    "answer.clamped": _where_clamped,
    "point.outside": _where_outside,
    "trace.truncated": _where_truncated,
    "trace.repeats": _where_repeated,
}


# Consistency.

# Words of space and reference alone reach 0.4 · 0.7 = 0.28: below 0.3 the reasoning took up almost
# nothing of what was described.
_LOW_SCORE = 0.3
# That alone is no fault: the same things have many names, a short thought cannot take up ten
# keywords, and a short description leaves much out. So it is reported only where both texts are rich
# in words about the picture, and fewer than one word in eight was taken up, in whatever form.
_MIN_SEEN, _MIN_OWN = 6, 10
_OWN_WORDS_PER_SHARED = 8


def _check_consistency(trace: Trace) -> Iterator[Finding]:
    """Not for an empty answer: a thing that is not there is rightly not part of the scene."""
    text, empty = trace.text, any(problem.kind == "answer.empty" for problem in trace.problems)
    if not empty and _is_inconsistent(text.scene or "", text.focus or "", text.think or ""):
        yield Finding(
            "consistency",
            "note",
            "The reasoning has little to do with what the model says it sees: compare the two.",
            "think",
        )


def _is_inconsistent(scene: str, focus: str, think: str) -> bool:
    """For English only: without stop words, which other languages lack here, short texts share nothing."""
    if not (is_english(scene) and is_english(think)):
        return False
    own = picture_words(think)
    if len(keywords(scene)) < _MIN_SEEN or len(own) < _MIN_OWN:
        return False
    if shared_words(own, f"{scene}\n{focus}") * _OWN_WORDS_PER_SHARED >= len(own):
        return False
    return consistency(scene, focus, think).score < _LOW_SCORE
