"""A JSON file that holds a list, read value by value: a benchmark with its masks written out is larger
than memory.

It knows JSON and nothing of what the values mean.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from demo.errors import InputError

CHUNK = 1 << 20  # characters
MOST = 1 << 29  # characters of one value
_SPACE = " \t\n\r"


def read_list(path: Path) -> Iterator[object]:
    """The values of the list in a JSON file, in order.

    Raises InputError, with a sentence, where the file cannot be read or goes on otherwise than as a list.
    """
    try:
        with path.open(encoding="utf-8-sig") as file:
            yield from _values(_Text(file))
    except OSError as error:
        raise _nothing(path, error.strerror or str(error)) from error
    except RecursionError as error:
        raise _nothing(path, "its values lie too deep in each other") from error
    except ValueError as error:  # not JSON, or not text in UTF-8
        raise _nothing(path, str(error)) from error


def _nothing(path: Path, why: str) -> InputError:
    return InputError(f"The file {path} holds no dialogues: {why}.")


def _values(text: _Text) -> Iterator[object]:
    if text.take() != "[":
        raise ValueError("it does not hold a list")
    if text.peek() == "]":
        text.take()
    else:
        yield text.value()
        while (sign := text.take()) == ",":
            yield text.value()
        if sign != "]":
            raise ValueError("its list breaks off" if not sign else "its list is damaged")
    if text.peek():
        raise ValueError("something follows its list")


class _Text:
    """A text of which only the part at hand is in memory."""

    def __init__(self, file: TextIO) -> None:
        self._file, self._text, self._at, self._ended = file, "", 0, False
        self._decoder = json.JSONDecoder()

    def peek(self) -> str:
        """The next character that is no white space; empty at the end."""
        while True:
            while self._at < len(self._text) and self._text[self._at] in _SPACE:
                self._at += 1
            if self._at < len(self._text) or not self._more():
                return self._text[self._at : self._at + 1]

    def take(self) -> str:
        """The same, and past it."""
        sign = self.peek()
        self._at += len(sign)
        return sign

    def value(self) -> object:
        """The next JSON value. Raises ValueError."""
        self.peek()
        while True:
            try:
                value, end = self._decoder.raw_decode(self._text, self._at)
            except json.JSONDecodeError:
                if not self._more():
                    raise
                continue
            if end < len(self._text) or not self._more():  # a number may go on in the next part
                self._at = end
                return value

    def _more(self) -> bool:
        """Read on, each time as much as is there, so that a long value is tried few times."""
        rest = self._text[self._at :]
        if self._ended or len(rest) > MOST:
            return False
        new = self._file.read(max(CHUNK, len(rest)))
        self._text, self._at, self._ended = rest + new, 0, not new
        return bool(new)
