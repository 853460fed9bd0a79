"""Whether a thought and an answer say opposite things: a thing that is not there has a box, one that was
found has none, or another box is named than answered.

A false alarm is worse than a miss: a thought counts as it ends. What says that something is absent, so that
something else is taken, is no contradiction, nor is what is not certainly about the thing that is sought.

This file knows texts and boxes, not the picture or the model.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence

from demo.answers.citations import XYXY, find_citations
from demo.answers.finding import Finding
from demo.answers.sentences import sentence_spans
from demo.answers.trace import Trace
from demo.language.absence import descriptions_in, sought_in, stand_of
from demo.language.absence_phrases import PLACE, Sought, Stand
from demo.picture.geometry import ModelBox

_ABSENT_BUT_BOXED = (
    "The reasoning says that it is not there, but the answer has a box: look yourself."
)
_FOUND_BUT_EMPTY = "The reasoning says where it is, but the answer is empty: look yourself."
_OTHER_BOX = "The reasoning ends with another box than the answer has: look yourself."

_LOOKED_AT = 2000  # characters at each end of a thought: what it looks for, and what it comes to
_OPENED, _FENCE = re.compile(r"[\[{]"), re.compile(r"```\w*")
_POINT = re.compile(r"\(\s*[0-9]+(?:\.[0-9]+)?\s*,\s*[0-9]+(?:\.[0-9]+)?\s*\)")
_NAMED = re.compile(
    r"\b(?:it|(?:the )?(?:\w+ )?(?:target|answer|result))(?: is|:| =)"
    r"(?: \w+ly| located| at| the| box| bounding)*\s*$"
    r"|(?:目标|答案|対象|答え)[^，。、]{0,4}(?:是|为|在|位于|は)\s*$",
    re.IGNORECASE,
)
_MISCOUNTED = 0.5  # IoU; a reference is cited like this by a model that miscounts


def check_contradiction(
    trace: Trace, given: Collection[XYXY], question: str = ""
) -> Iterator[Finding]:
    """At most one finding, about a sentence of the reasoning, or of the words around an answer.

    ``given`` are the boxes of the references. ``question`` is what was asked; without it a thought is
    judged by what it says that it looks for.
    """
    part = "think" if trace.text.think else "answer"
    text = trace.text.think or _without_objects(trace.text.answer or "")
    spans = list(sentence_spans(text, start=max(len(text) - _LOOKED_AT, 0)))
    said = [_plain(text[start:end], given) for start, end in spans]
    sought = sought_in([question, *descriptions_in(text[:_LOOKED_AT])])
    is_empty = any(problem.kind == "answer.empty" for problem in trace.problems)
    sentence, at = "", None
    if trace.objects and (at := _denial(said, sought)) is not None:
        sentence = _ABSENT_BUT_BOXED
    elif is_empty and said and stand_of(said[-1], sought) is Stand.FOUND:
        sentence, at = _FOUND_BUT_EMPTY, -1
    elif trace.objects and spans and _names_another(text[slice(*spans[-1])], trace, given):
        sentence, at = _OTHER_BOX, -1
    if sentence and at is not None:
        yield Finding("contradiction", "warning", sentence, part, spans[at])


def _without_objects(text: str) -> str:
    opened, closed = _OPENED.search(text), max(text.rfind("]"), text.rfind("}"))
    if opened and opened.start() < closed:
        start, end = opened.start(), closed + 1
        text = f"{text[:start]}{' ' * (end - start)}{text[end:]}"
    return _FENCE.sub(lambda match: " " * len(match[0]), text)


def _plain(sentence: str, given: Collection[XYXY]) -> str:
    """The sentence with a mark for each place of its own, without the boxes that were given."""
    for citation in reversed(find_citations(sentence)):
        mark = "" if citation.box in given else PLACE
        sentence = f"{sentence[: citation.start]} {mark} {sentence[citation.end :]}"
    return _POINT.sub(f" {PLACE} ", sentence)


def _denial(said: Sequence[str], sought: Sought) -> int | None:
    """The sentence, counted from 0, that says that the thing is absent, after which none is chosen.

    Where no sentence names the thing as it was asked for, one that does so in other words counts only
    in a thought that says nothing else.
    """
    at = None
    for number, stand in enumerate(stand_of(sentence, sought) for sentence in said):
        if stand is not Stand.NEUTRAL:
            at = number if stand is Stand.ABSENT else None
    if at is not None:
        return at
    stands = [stand_of(sentence, sought, by_other_names=True) for sentence in said]
    if Stand.ABSENT not in stands or not {*stands} <= {Stand.ABSENT, Stand.NEUTRAL}:
        return None
    return stands.index(Stand.ABSENT)


def _names_another(sentence: str, trace: Trace, given: Collection[XYXY]) -> bool:
    """Whether it says "the target is", and then a box that shares nothing with any of the answer."""
    cited = [c for c in find_citations(sentence) if c.box not in given]
    if len(cited) != 1 or not _NAMED.search(sentence[: cited[0].start]):
        return False
    x1, y1, x2, y2 = cited[0].box
    if not (x1 < x2 and y1 < y2):
        return False
    box = ModelBox(x1, y1, x2, y2)
    is_reference = any(box.iou(ModelBox(*other)) >= _MISCOUNTED for other in given)
    return not is_reference and not any(box.iou(item.box) for item in trace.objects)
