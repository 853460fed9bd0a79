"""When a text has nothing more to say, though the model goes on writing.

A model ends its text by itself after its answer. One that does not, or that says the same over and over,
would go on up to its limit, which takes minutes on a CPU. This file knows texts, not how they are read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from demo.answers.citations import find_citations
from demo.answers.sentences import plain_form, sentences_of
from demo.picture.geometry import ModelBox

# Characters after an answer that is complete. A model that corrects itself begins its next answer sooner.
MAX_AFTER = 200
_KEPT, _STEP = 6000, 40  # characters that are looked at, and that come between two looks
# What comes that many times in a row, and fills that many characters, comes for ever.
_TIMES, _LOOP = 8, 400  # times, characters
# So does a longer passage that comes word for word a third time.
_TIMES_LONG, _LONG = 3, 1200  # times, characters
_SAMPLE = 40  # characters by which a period is found
_MAX_SAMPLES = 64  # places where they stood before
# What is the same but for a number that counts is a list, up to a length that no list has.
_COUNTED, _LONG_LIST = 24, 600  # times, characters
_CREEPING = 0.8  # IoU of a box and the next one, in a list that comes to nothing new
_SENTENCES, _FEW = 24, 3  # so many sentences, of which only so few differ

_NUMBER = re.compile("[0-9]+")
_CUT_NUMBER = re.compile("[0-9.]*$")


class Ending:
    """Follows a text while it arrives."""

    def __init__(self) -> None:
        self._tail, self._unseen = "", 0

    def is_reached(self, piece: str, written_after: int, *, is_going_round: bool = False) -> bool:
        """Whether the text may end behind this piece of it.

        ``written_after`` are the characters since its answer was complete, 0 while it is not;
        ``is_going_round`` says that its answer has come to nothing new for long.
        """
        self._tail = (self._tail + piece)[-_KEPT:]
        self._unseen += len(piece)
        return (
            is_going_round or written_after >= MAX_AFTER or (self._is_due() and is_loop(self._tail))
        )

    def _is_due(self) -> bool:
        due = self._unseen >= _STEP
        self._unseen = 0 if due else self._unseen
        return due


def is_loop(text: str) -> bool:
    """Whether a text ends with the same again and again: words, a list that only counts on, a few
    sentences in any order, or nothing but white space or digits. Only its last characters are looked at.
    """
    tail = text[-_KEPT:]
    return (
        _says_nothing(tail[-_LOOP:])
        or any(_recurs(tail, period, _needed(period)) for period in _periods(tail))
        or _is_counting(tail)
        or _has_few_sentences(tail)
    )


def _says_nothing(text: str) -> bool:
    return len(text) == _LOOP and (text.isspace() or text.isdigit())


def _periods(text: str) -> Iterator[int]:
    """The distances at which the last characters stand before, the smallest ones first."""
    sample, last = text[-_SAMPLE:], len(text) - _SAMPLE
    at = last
    for _ in range(_MAX_SAMPLES):
        at = text.rfind(sample, 0, max(at + _SAMPLE - 1, 0))
        if at < 0:
            return
        yield last - at


def _needed(period: int) -> int:
    """The characters that repetitions must fill before they count as endless."""
    return min(max(_LOOP, _TIMES * period), max(_LONG, _TIMES_LONG * period))


def _recurs(text: str, period: int, length: int) -> bool:
    """Whether the last ``length`` characters repeat after every ``period``."""
    span = length - period
    return len(text) >= length and text[-span:] == text[-length:-period]


def _is_counting(text: str) -> bool:
    """Whether it ends with a list in which nothing changes but one number, which counts, or a box, which
    creeps on.
    """
    text = _CUT_NUMBER.sub("", text)
    plain = _NUMBER.sub("\0", text)
    for period in _periods(plain):
        if _recurs(plain, period, max(_LONG_LIST, _COUNTED * period)):
            each = plain[-period:].count("\0")
            numbers = [int(number[:9]) for number in _NUMBER.findall(text)[-each * _COUNTED :]]
            changing = [c for c in (numbers[i::each] for i in range(each)) if len({*c}) > 1]
            return (len(changing) == 1 and _counts(changing[0])) or _creep(text)
    return False


def _counts(numbers: Sequence[int]) -> bool:
    return {after - before for before, after in pairwise(numbers)} in ({1}, {-1})


def _creep(text: str) -> bool:
    """Whether the last boxes that it mentions each lie almost where the one before does."""
    boxes = [citation.box for citation in find_citations(text, _COUNTED)]
    return len(boxes) == _COUNTED and all(
        before != after and ModelBox.ordered(before).iou(ModelBox.ordered(after)) >= _CREEPING
        for before, after in pairwise(boxes)
    )


def _has_few_sentences(text: str) -> bool:
    """The last one may not be complete, and so is not looked at."""
    latest = [plain_form(sentence) for sentence in sentences_of(text)][-_SENTENCES - 1 : -1]
    return len(latest) == _SENTENCES and len({*latest}) <= _FEW and sum(map(len, latest)) >= _LOOP
