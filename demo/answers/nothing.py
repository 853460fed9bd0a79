"""Whether words say that nothing in the picture matches: “None”, “There are no dogs in this image.”

A text without a box is not yet such an answer: a refusal, an apology, or a sentence about something that
is there must not be taken for one. So *every* sentence has to say that something is not there, or to be one
that says nothing of its own; a “but” leaves it open. The words are in `nothing_phrases.py`.
"""

from __future__ import annotations

import re

from demo.answers.nothing_phrases import LANGUAGES, OPENING

_LONGEST = 400  # characters; a longer text says more than that nothing is there
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+|[。！？؟۔।\n;；（]+|\s(?:\(|//)")
_MARKS = " \t\r\n.!?。！？।؟…'\"`“”‘’„«»「」『』*_#~()[]{}<>:：-–—,，、"
# A box that is cited is no answer: “nothing right of bbox=[1, 2, 3, 4]”. One that a sentence points at is.
_CITED = re.compile(
    r"(?<!at)(?<!is)(?<!here)(?<!:)\s(?:b?box(?:_2d)?\s*=?\s*|=\s*)?\[\s*-?\d[^\[\]]{0,60}\]",
    re.IGNORECASE,
)
_FENCE = re.compile(r"`{3,}(?:\w+$|\w*\s)?|`{3,}", re.MULTILINE)
_EMPTY = re.compile(r"\[\s*\]|\{\s*\}")
_NUMBERS = re.compile(r"\d\s*[,，、]\s*-?\d")
_NO_WORDS = re.compile(r"""(?:""|''|``|“”|-+|–|—|\(\s*\))""")


def says_nothing(text: str) -> bool:
    """Whether a whole answer in words says that nothing matches; False for no text at all."""
    if len(text) > _LONGEST:
        return False
    text = _CITED.sub(" R1", _EMPTY.sub(" none ", _FENCE.sub(" ", text)))
    sentences = [plain for part in _SENTENCE_END.split(text) if (plain := _plain(part))]
    if not sentences or _NUMBERS.search(text):
        return _NO_WORDS.fullmatch(text.strip()) is not None
    absent = [_is_absent(sentence) for sentence in sentences]
    return any(absent) and all(
        says_so or _is_neutral(sentence)
        for says_so, sentence in zip(absent, sentences, strict=True)
    )


def _plain(sentence: str) -> str:
    """A sentence in lower case with single spaces, without the marks around it."""
    return " ".join(sentence.lower().replace("_", " ").split()).strip(_MARKS)


def _is_absent(sentence: str) -> bool:
    rest = sentence
    while (opening := OPENING.match(rest)) and opening.end():
        rest = rest[opening.end() :].strip(_MARKS)
    if any(rest in language.alone for language in LANGUAGES):
        return True
    if any(language.excepted.search(rest) or language.other.search(rest) for language in LANGUAGES):
        return False
    return any(language.absent.fullmatch(rest) for language in LANGUAGES)


def _is_neutral(sentence: str) -> bool:
    return any(language.neutral.fullmatch(sentence) for language in LANGUAGES)
