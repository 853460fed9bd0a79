"""Which option an answer chooses: by its letter, as V*'s readers take it, or else by its words.

Letters count in the answer that a model marks as such (``<answer>``, ``\\boxed{}``), or in its whole text.
Pure functions on texts.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence

from demo.dialogue.limits import MAX_ANSWER
from demo.evaluate.vstar.questions import LETTERS, words_of

_PIECE = re.compile(r"\S{1,200}")
_ANSWER = re.compile(r"<answer>(.*?)(?:</answer>|(?=<answer>)|$)", re.IGNORECASE | re.DOTALL)
_THOUGHT = re.compile(r"<(think|scene|focus)>.*?(?:</\1>|$)|^.*</think>", re.IGNORECASE | re.DOTALL)
_SCENE = re.compile(r"<(scene|focus)>.*?(?:</\1>|$)", re.IGNORECASE | re.DOTALL)
_CALLS = re.compile(
    r"<(tool_call|grounding|look)>.*?(?:</\1>|(?=</?(?:think|answer)>)|$)"
    r"|<tool_response>(?:.*?</tool_response>|.*(?=<answer>)|.*)",
    re.IGNORECASE | re.DOTALL,
)
_FENCE = re.compile(r"```.*?(?:```|$)", re.DOTALL)
_JSON = re.compile(
    r"\[\s*[{\[](?:(?!\[\s*[{\[]).){0,2000}?[}\]]\s*\]|\{[^{}\"]{0,200}\"[^{}]{0,2000}\}|\[[\d\s.,-]{1,200}\]",
    re.DOTALL,
)
_MAX_NESTED = 3  # lists in lists; the innermost go first
_BOXED = re.compile(r"\\boxed\s*\{((?:[^{}]|\{[^{}]*\})*)\}")
_STYLE = re.compile(r"\\(?:text|textbf|mathrm|mathbf|rm|bf)\b\s*|[{}$*_`~]|</?\w+>")
_BEST = r"(?:correct|right|best)\s+(?:answer|option|choice|letter|one)"
_IS = r"(?:\s*(?:is|was|would be|must be|should be|:|=|[-–—>])){0,4}"
_SAID = (
    rf"\b(?:{_BEST}|answer|choose|chose|pick|select(?:ed)?)(?:\s+(?:option|choice|letter))?{_IS}"
    r"(?:\s*(?:the\s+)?(?:option|choice|letter))?\s*"
)
_SAID_IN_CHINESE = r"(?:答案|选项|选择|选)\s*(?:是|为|:)?\s*"
# Small letters count in brackets only: “the answer is a red ball”.
_LETTER = r"(?:[(\[\"'“]\s*([A-Ha-h])\s*[)\]\"'”]|([A-H])(?![\w'’]))"
_STATED = re.compile(
    rf"(?:(?i:{_SAID})|{_SAID_IN_CHINESE}){_LETTER}"
    rf"|\(?([A-H])\)?\s+is\s+(?:the\s+)?(?:{_BEST}|correct|right|answer)\b"
)
_SINGLE = re.compile(
    r"(?<!not )(?<!n't )"
    r"(?:\(\s*([A-Ha-h])\s*\)|\[\s*([A-H])\s*\]|(?<![\w'’.-])([A-H])(?![\w'’-]))"
)
_ONLY = re.compile(
    r"(?:option|choice|选项)?\s*[(\[\"'“]?\s*([A-H])\s*[)\]\"'”]?\s*[.,:;!。]?", re.IGNORECASE
)
_WORD_AFTER = re.compile(r"\s+[a-z]")
_NO_NOUN = re.compile(r"\s+(?:is|as|because|since|seems|and|or)\b")


def chosen_option(text: str, options: Sequence[str]) -> int | None:
    """The place of the option that a model's whole text chooses; None where it chooses none, or several.

    A letter that only stands in a thought was weighed there, not chosen, unless it is said to be the
    answer.
    """
    said = _CALLS.sub(" ", _normal(text))
    marked = [m[1] for m in _ANSWER.finditer(said) if m[1].strip()]
    boxed = [m[1] for m in _BOXED.finditer(said)]
    answers = (*marked[-1:], *boxed[-1:], _THOUGHT.sub(" ", said))
    tries = [(_plain(answer), _IN_ANSWERS) for answer in answers] + [
        (_plain(_SCENE.sub(" ", said)), _IN_THOUGHTS)
    ]
    found = (read(part, options) for part, readers in tries if part for read in readers)
    return next((at for at in found if at is not None), None)


def _normal(text: str) -> str:
    """The text in normal form, of which the end counts where it is too long.

    It is made in pieces, because many marks in a row are put in order slowly.
    """
    normal = _PIECE.sub(lambda m: unicodedata.normalize("NFKC", m[0]), text)
    return normal[-MAX_ANSWER:]


def _plain(part: str) -> str:
    """A text without boxes and marks of style."""
    boxed = _BOXED.sub(lambda m: f" {m[1]} ", part)
    without = _FENCE.sub(" ", boxed)
    for _ in range(_MAX_NESTED):
        without = _JSON.sub(" ", without)
    return " ".join(_STYLE.sub(" ", without).split())


def _place(letter: str, options: Sequence[str]) -> int | None:
    """The place of a letter's option; None where there is no such option."""
    at = LETTERS.index(letter.upper())
    return at if at < len(options) else None


def _letters(pattern: re.Pattern[str], text: str, options: Sequence[str]) -> Iterator[int]:
    """The options whose letters the pattern finds, in order; the article A is none."""
    for match in pattern.finditer(text):
        letter = next(group for group in match.groups() if group)
        at = _place(letter, options)
        if at is not None and not _is_article(text, match):
            yield at


def _exact(text: str, options: Sequence[str]) -> int | None:
    """The option that is the whole text."""
    return next((i for i, option in enumerate(options) if words_of(option) == words_of(text)), None)


def _alone(text: str, options: Sequence[str]) -> int | None:
    """A text that is a letter and no more: B, b, (B), B., Option B."""
    found = _ONLY.fullmatch(text)
    return _place(found[1], options) if found else None


def _stated(text: str, options: Sequence[str]) -> int | None:
    """A letter of which the text says that it is the answer; of several statements the last."""
    found = list(_letters(_STATED, text, options))
    return found[-1] if found else None


def _first(text: str, options: Sequence[str]) -> int | None:
    """The first letter that stands alone: (B), B., B) or B."""
    return next(_letters(_SINGLE, text, options), None)


def _is_article(text: str, match: re.Match[str]) -> bool:
    """Whether an A is the word before a noun, not a letter that something is said of."""
    is_bare = match[0].endswith("A") and _WORD_AFTER.match(text, match.end()) is not None
    return is_bare and not _NO_NOUN.match(text, match.end())


def _by_words(text: str, options: Sequence[str]) -> int | None:
    """The only option that the text quotes; else the only one with a word, such as *left*, that the others
    lack.
    """
    said, written = words_of(text), [words_of(option) for option in options]
    quoted = [words for words in written if _holds(said, words)]
    # “light blue” also quotes “blue”.
    longest = [q for q in quoted if not any(q != other and _holds(other, q) for other in quoted)]
    if longest:
        return written.index(longest[0]) if len(longest) == 1 else None
    sets = [set(words.split()) for words in written]
    own = [words.difference(*(o for o in sets if o is not words)) for words in sets]
    found = [i for i, words in enumerate(own) if words & set(said.split())]
    return found[0] if len(found) == 1 else None


def _holds(text: str, words: str) -> bool:
    return bool(words) and f" {words} " in f" {text} "


_Reader = Callable[[str, Sequence[str]], int | None]
_IN_ANSWERS: tuple[_Reader, ...] = (_exact, _alone, _stated, _first, _by_words)
_IN_THOUGHTS: tuple[_Reader, ...] = (_stated, _by_words)
