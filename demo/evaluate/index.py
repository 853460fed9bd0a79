"""A benchmark's file as a list to choose from: what its rows ask, and where in the file each of them is.

No picture is opened and no mask is decoded before a row is chosen, so that files of thousands of rows are
listed at once; a file of gigabytes is read in the background.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import chain, islice
from pathlib import Path

from demo.errors import InputError
from demo.evaluate.data import PLACE, Dialogue, check_outline, picture_path, read_row
from demo.evaluate.json_stream import read_places, value_at

MAX_READ_AT_ONCE = 8_000_000  # bytes; a larger file is read in the background
MAX_QUESTION = 200  # characters of a question that are shown


@dataclass(frozen=True, slots=True)
class Entry:
    """A row: its place in the list (from 0) and in the file (bytes), its picture and its questions.

    ``why`` says why it cannot be used, as far as is known yet; it is empty otherwise.
    """

    index: int
    first: int
    end: int
    image: str
    questions: tuple[str, ...]
    why: str = ""

    def has(self, words: list[str]) -> bool:
        """Whether its number, its picture's name and its questions contain all words (lower case)."""
        text = "\n".join((str(self.index), self.image, *self.questions)).casefold()
        return all(word in text for word in words)


class Index:
    """The rows of a file that have been read so far.

    ``finished`` is set once that is all of them; ``trouble`` says how the file is damaged, if it is.
    """

    def __init__(self, path: Path, images: Path | None) -> None:
        self.path, self.images = path, images
        self.finished, self.trouble = threading.Event(), ""
        self._entries: list[Entry] = []

    def __len__(self) -> int:
        return len(self._entries)

    def find(self, search: str) -> list[Entry]:
        """The rows that contain all words of ``search``, in order."""
        words = search.casefold().split()
        return [entry for entry in list(self._entries) if entry.has(words)]

    def entry(self, index: int) -> Entry:
        """The row of that number. Raises InputError when there is none."""
        if not 0 <= index < len(self._entries):
            raise InputError(f"The benchmark has no row {index}.")
        return self._entries[index]

    def picture(self, index: int) -> Path:
        """Where a row's picture should be. Raises InputError."""
        return picture_path(self.entry(index).image, self.path.parent, self.images)

    def dialogue(self, index: int) -> Dialogue:
        """A row, fully checked. Raises InputError, which the list then shows for this row."""
        entry = self.entry(index)
        try:
            row = value_at(self.path, entry.first, entry.end)
            return read_row(index, row, self.path.parent, self.images)
        except InputError as error:
            self._entries[index] = replace(entry, why=str(error))
            raise

    def read(self, places: Iterator[tuple[object, int, int]]) -> None:
        """Add the rows; if the file is damaged, ``trouble`` says so."""
        try:
            for row, first, end in places:
                self._entries.append(_entry(len(self._entries), row, first, end))
        except InputError as error:
            self.trouble = str(error)
        self.finished.set()

    @property
    def reading(self) -> bool:
        """Whether there may be more rows."""
        return not self.finished.is_set()


def open_index(path: Path, images: Path | None = None) -> Index:
    """The index of a benchmark's file. Raises InputError for any other file.

    A large file is read further after this returns; damage far into it then shows in the list.
    """
    if images is not None and not images.is_dir():
        raise InputError(f"There is no folder {images} with pictures of the benchmark.")
    places = read_places(path)
    first = list(islice(places, 1))
    if not first:
        raise InputError(f"The file {path} holds no dialogues: its list is empty.")
    index, rows = Index(path, images), chain(first, places)
    if path.stat().st_size > MAX_READ_AT_ONCE:
        threading.Thread(target=index.read, args=(rows,), daemon=True).start()
        return index
    index.read(rows)
    if index.trouble:
        raise InputError(index.trouble)
    return index


def _entry(index: int, row: object, first: int, end: int) -> Entry:
    try:
        named = check_outline(row)
    except InputError as error:
        return Entry(index, first, end, "", (), str(error))
    turns = named["conversational_turns"]
    questions = tuple(_question(turn) for turn in turns)
    return Entry(index, first, end, named["image_path"], questions)


def _question(turn: object) -> str:
    written = turn.get("question") if isinstance(turn, dict) else None
    return PLACE.sub("…", written)[:MAX_QUESTION] if isinstance(written, str) else ""
