"""Reads a JSON file that holds a list, or JSON Lines, value by value, because a benchmark with its masks
written out may be larger than memory.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from demo.errors import InputError

CHUNK = 1 << 20  # characters
MAX_VALUE = 1 << 29  # characters of one value
# Under which a list stands in a group, with other things beside it.
_LISTS = ("data", "dialogues", "rows", "examples")
_NO_LIST = "it does not hold a list"
_SPACE = " \t\n\r"
_MARK = "\ufeff"  # a byte order mark, which some programs put first


def read_list(path: Path) -> Iterator[object]:
    """The values of the list in a JSON file, in order.

    Raises InputError where the file cannot be read, or stops being a list.
    """
    return (value for value, _, _ in read_places(path))


def read_places(path: Path) -> Iterator[tuple[object, int, int]]:
    """The same values, each with its place: the first byte in the file, and the one after the last."""
    try:
        with path.open(encoding="utf-8", newline="") as file:
            yield from _values(_Text(file))
    except OSError as error:
        raise _no_dialogues(path, error.strerror or str(error)) from error
    except RecursionError as error:
        raise _no_dialogues(path, "its values are nested too deeply") from error
    except ValueError as error:  # not JSON, or not text in UTF-8
        raise _no_dialogues(path, str(error)) from error


def value_at(path: Path, first: int, end: int) -> object:
    """The value that `read_places` found at that place. Raises InputError when it is no longer there."""
    try:
        with path.open("rb") as file:
            file.seek(first)
            return json.loads(file.read(end - first))
    except OSError as error:
        raise _no_dialogues(path, error.strerror or str(error)) from error
    except (RecursionError, ValueError) as error:
        raise InputError(f"The file {path.name} has changed since it was opened.") from error


def _no_dialogues(path: Path, why: str) -> InputError:
    return InputError(f"The file {path} holds no dialogues: {why}.")


def _values(text: _Text) -> Iterator[tuple[object, int, int]]:
    if text.peek() == _MARK:
        text.skip(1)
    kind = text.peek()
    if kind not in ("[", "{"):
        raise ValueError(_NO_LIST)
    yield from _listed(text) if kind == "[" else _grouped(text)
    if text.peek():
        raise ValueError("something follows its list")


def _listed(text: _Text) -> Iterator[tuple[object, int, int]]:
    text.take()
    if text.peek() == "]":
        text.take()
        return
    yield text.value()
    while (char := text.take()) == ",":
        yield text.value()
    if char != "]":
        raise ValueError("its list breaks off" if not char else "its list is damaged")


def _grouped(text: _Text) -> Iterator[tuple[object, int, int]]:
    """The list that the first group has under one of the usual names, else the groups, line by line."""
    first, found = text.place(), {}
    for name in _names(text):
        if name in _LISTS and text.peek() == "[":
            yield from _listed(text)
            for _ in _names(text, begun=True):
                text.value()
            return
        found[name], _, _ = text.value()
    if not any(isinstance(value, list) for value in found.values()):
        raise ValueError(_NO_LIST)
    yield found, first, text.place()
    while text.peek():
        yield text.value()


def _names(text: _Text, *, begun: bool = False) -> Iterator[object]:
    """The names in a group; after each its value is to be read. ``begun`` when one has been read."""
    if not begun:
        text.take()
    if text.peek() == "}" and not begun:
        text.take()
        return
    while not begun or (char := text.take()) == ",":
        begun = True
        name, _, _ = text.value()
        if text.take() != ":":
            raise ValueError("its first group is damaged")
        yield name
    if char != "}":
        raise ValueError("its first group breaks off" if not char else "its first group is damaged")


class _Text:
    """A text of which only a part is in memory; places in it are bytes of the file."""

    def __init__(self, file: TextIO) -> None:
        self._file, self._text, self._at, self._ended = file, "", 0, False
        self._counted = self._bytes = 0  # bytes of the file before the character at `_counted`
        self._decoder = json.JSONDecoder()

    def peek(self) -> str:
        """The next character that is not white space; empty at the end."""
        while True:
            while self._at < len(self._text) and self._text[self._at] in _SPACE:
                self._at += 1
            if self._at < len(self._text) or not self._more():
                return self._text[self._at : self._at + 1]

    def take(self) -> str:
        """The same, and move past it."""
        char = self.peek()
        self.skip(len(char))
        return char

    def skip(self, count: int) -> None:
        """Move past ``count`` characters."""
        self._at += count

    def value(self) -> tuple[object, int, int]:
        """The next JSON value and its place. Raises ValueError."""
        self.peek()
        first = self.place()
        while True:
            try:
                value, end = self._decoder.raw_decode(self._text, self._at)
            except json.JSONDecodeError:
                if not self._more():
                    raise
                continue
            if end < len(self._text) or not self._more():  # a number may go on in the next part
                self._at = end
                return value, first, self.place()

    def place(self) -> int:
        """The byte of the file that comes next."""
        self._bytes += len(self._text[self._counted : self._at].encode())
        self._counted = self._at
        return self._bytes

    def _more(self) -> bool:
        """Read on, doubling what is held, so that a long value is tried only a few times."""
        self.place()
        rest = self._text[self._at :]
        if self._ended or len(rest) > MAX_VALUE:
            return False
        new = self._file.read(max(CHUNK, len(rest)))
        self._text, self._at, self._counted, self._ended = rest + new, 0, 0, not new
        return bool(new)
