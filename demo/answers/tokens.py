"""Characters of an answer, one at a time, to the values and brackets of `nesting.py`.

It knows JSON and what is written in its place: other quotes, comments, fences, tuples. It does not know
which lists and objects are boxes. Where it pauses is its only state, so where a text is cut makes no
difference.
"""

from __future__ import annotations

import re
from collections.abc import Generator

from demo.answers.nesting import Nesting
from demo.answers.values import UNITS, number_of

_MAX_WORD = 2000  # characters kept of a string or word; a longer one is no part of a box
_MAX_CORNER = 100  # characters between round brackets in prose that may be coordinates
_CLOSING_QUOTES = {'"': '"', "'": "'", "“": "”", "‘": "’"}
_BRACKETS = {"}": "{", "]": "[", ")": "["}
# Marks written instead of JSON's; the wide ones are Chinese and Japanese.
_MEANT = {"，": ",", "、": ",", "：": ":", "［": "[", "］": "]", "｛": "{", "｝": "}", ";": ",",
          "（": "(", "）": ")"}  # fmt: skip
_AFTER_STRING = frozenset(",:=}])/\"'“‘").union(_MEANT)
_WORD_ENDS = frozenset('{}[](),:="`/\\').union(_MEANT)
_IN_CORNER = frozenset("0123456789+-.,， %px")
_SEPARATORS = re.compile(r"\s*[,，]\s*|\s+")
_Token = Generator[None, str, str]


class Tokens:
    """Feeds a `Nesting`, and notes in ``repairs`` what it had to correct."""

    def __init__(self, nesting: Nesting, repairs: set[str]) -> None:
        self._nesting, self._repairs = nesting, repairs
        self._read = self._read_tokens()
        next(self._read)

    def feed(self, text: str) -> None:
        for character in text:
            self._read.send(character)

    # Generators that take one character at a time and return the one after their token.

    def _read_tokens(self) -> Generator[None, str, None]:
        character = yield
        while True:
            token = self._token(character)
            character = (yield from token) if token else (yield)

    def _token(self, first: str) -> _Token | None:
        """A token of several characters; None for a mark, which is read here."""
        inside = self._nesting.is_open
        if inside and first in _MEANT:
            self._repairs.add("json")
            first = _MEANT[first]
        if first == "`":
            return self._fence()
        if first == "/":
            return self._comment()
        if first == "\\":
            return self._backslash()
        if first in "(（" and not inside:
            return self._corner()
        if inside and first in _CLOSING_QUOTES:
            return self._string(_CLOSING_QUOTES[first])
        if inside and not first.isspace() and first not in _WORD_ENDS:
            return self._word(first)
        self._mark(first)
        return None

    def _mark(self, character: str) -> None:
        inside = self._nesting.is_open
        if character in "[{":
            self._nesting.open(character)
        elif character == "(" and inside:
            self._repairs.add("pairs")
            self._nesting.open("[")
        elif character == ",":
            self._nesting.comma()
        elif inside and character in _BRACKETS:
            self._nesting.close(_BRACKETS[character])
        elif inside and character in ":=":
            self._nesting.colon()
        elif not inside:
            self._nesting.prose(character)

    def _fence(self) -> _Token:
        self._repairs.add("fence")
        while (character := (yield)) == "`" or character.isalnum():
            pass
        return character

    def _comment(self) -> _Token:
        character = yield
        if character not in "/*":
            self._note_stray("/")
            return character
        self._repairs.add("comments")
        end = "\n" if character == "/" else "*/"
        latest = "  "
        while not latest.endswith(end):
            latest = latest[-1] + (yield)
        return " "

    def _backslash(self) -> _Token:
        """Between values it means nothing; before a quote, the whole list was a quoted string."""
        self._note_stray("\\")
        character = yield
        if character != '"' or not self._nesting.is_open:
            return character
        return (yield from self._string('"', escaped=True))

    def _note_stray(self, character: str) -> None:
        if self._nesting.is_open:
            self._repairs.add("json")
        else:
            self._nesting.prose(character)

    def _corner(self) -> _Token:
        """``(x,y)`` or ``(x1,y1,x2,y2)`` outside lists; two corners with a comma between are a box."""
        text = ""
        while (character := (yield)) in _IN_CORNER and len(text) < _MAX_CORNER:
            text += character
        numbers = [n for word in _SEPARATORS.split(text.strip()) if (n := number_of(word))]
        if character not in ")）" or len(numbers) not in (2, 4):
            self._nesting.prose("(")
            return character
        self._repairs.add("pairs")
        self._nesting.corner([*numbers])
        while (character := (yield)).isspace() or character in ",，":
            pass
        if character not in "(（":
            self._nesting.end_corners()
        return character

    def _string(self, quote: str, *, escaped: bool = False) -> _Token:
        word, ended = "", False
        while not (ended and quote == '"'):
            character = yield
            # An apostrophe looks like a closing quote too: the next character tells.
            if ended and character in _AFTER_STRING:
                break
            ended = character == quote or (ended and character.isspace())
            if character == "\\":
                character = yield
                ended |= escaped and character == quote
            if not ended and len(word) < _MAX_WORD:
                word += character
        if quote != '"':
            self._repairs.add("quotes")
        self._nesting.value(word.strip())
        return " " if quote == '"' else character

    def _word(self, character: str) -> _Token:
        word = ""
        while not character.isspace() and character not in _WORD_ENDS:
            if len(word) < _MAX_WORD:
                word += character
            character = yield
        number = number_of(word)
        if number is not None:
            self._nesting.value(number)
        elif word in ("null", "None", "undefined"):
            self._nesting.value(None)
        elif word.lower() not in UNITS or not self._nesting.unit(word.lower()):
            if word not in ("true", "false", "NaN"):
                self._repairs.add("quotes")
            self._nesting.value(word)
        return character
