"""The sentences of a model's text, and those that it repeats."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from demo.answers.calls import CALL_END

TAG = re.compile(r"</?(?:scene|focus|think|answer)>", re.IGNORECASE | re.ASCII)

_CALL_TAG = re.compile(r"</?[a-z_]{1,20}>")  # of a call for a tool or a look
# A sentence ends at its mark and white space, at one of Chinese, Arabic, Urdu or Hindi, or with its line.
_SENTENCE_END = re.compile(r"(?<=[.!?])[\"'”’)]*\s+|[。！？؟۔।\n]")
_MIN_SENTENCE = 4  # letters; leaves out numbering, "Mr.", "No."
_MANY_TIMES = 3


def repeated_sentence(text: str) -> tuple[str, int] | None:
    """The most frequent sentence and how often it comes, when that is three times or more.

    It is given as first written, with single spaces; letter case and the marks around it do not count.
    Between two closer looks a text starts afresh: of each part the same may be said.
    """
    found = filter(None, map(_repeated_sentence, CALL_END.split(text)))
    return max(found, key=lambda each: each[1], default=None)


def _repeated_sentence(text: str) -> tuple[str, int] | None:
    counts: Counter[str] = Counter()
    written: dict[str, str] = {}
    for sentence in sentences_of(text):
        plain = plain_form(sentence)
        counts[plain] += 1
        written.setdefault(plain, sentence)
    plain, times = max(counts.items(), key=lambda item: item[1], default=("", 0))
    return (written[plain], times) if times >= _MANY_TIMES else None


def repetitions(text: str, times: int, *, is_endless: bool) -> str:
    """What a text repeats, as a phrase; empty when it is nothing.

    ``times`` is how often its most frequent box was written; ``is_endless`` says that it ended with the
    same again and again.
    """
    phrases = []
    if repeated := repeated_sentence(text):
        sentence, count = repeated
        shown = sentence if len(sentence) <= _SHOWN else sentence[: _SHOWN - 1] + "…"
        phrases.append(f"“{shown}” comes {count} times")
    if times > 1:
        often = "twice" if times == _TWICE else f"{times} times"
        phrases.append(f"the same box comes {often} and counts once")
    if is_endless and not phrases:
        phrases.append("the same again and again, up to the end")
    return "; ".join(phrases)


_SHOWN, _TWICE = 80, 2  # characters of a sentence, times


def plain_form(sentence: str) -> str:
    """A sentence in the form in which it is compared with others: without end marks, case folded."""
    return sentence.strip(".!?\"'“‘”’ ").casefold()


def sentence_spans(text: str, start: int = 0) -> Iterator[tuple[int, int]]:
    """Where each sentence from ``start`` on begins and ends, without the white space around it."""
    for end in (*(m.end() for m in _SENTENCE_END.finditer(text, start)), len(text)):
        if sentence := text[start:end].strip():
            begin = text.index(sentence, start)
            yield begin, begin + len(sentence)
        start = end


def sentences_of(text: str) -> Iterator[str]:
    """The sentences of a model's text, without tags, answers and those that are too short."""
    for run in TAG.split(text):
        # Objects, from the first brace to the last, are left out: they repeat their keys.
        before, _, objects = run.partition("{")
        after = objects.rpartition("}")[2]
        words = _CALL_TAG.sub("\n", f"{before}\n{after}")
        for sentence in _SENTENCE_END.split(words):
            if sum(map(str.isalpha, sentence)) >= _MIN_SENTENCE:
                yield " ".join(sentence.split())
