"""The files of V*: questions with options about small things in large pictures, and where these are.

A folder holds ``direct_attributes`` and ``relative_position``; in each, every picture has a JSON file of
its name beside it: ``{target_object: […], bbox: [[x, y, width, height], …], question, options: […]}``, in
pixels of the picture, with the right option first. ``test_questions.jsonl`` beside them, where it is, gives
the text that a model is asked, with options (A), (B), … in an order of their own, and the letter of the
right one.

Everything is checked here, the pictures too, so that a bad question is found before a model runs.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import Any

from demo.errors import InputError, one_line
from demo.evaluate.data import MAX_WHY, BadRow, is_coordinate, open_stored
from demo.language.references import MAX_QUESTION, check_question
from demo.picture.geometry import PictureBox, Size, round_half_up

CATEGORIES = ("direct_attributes", "relative_position")
TEXTS = "test_questions.jsonl"
LETTERS = "ABCDEFGH"
SEED = 0  # of the order of options where the files give none
ENDINGS = (".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff")
MAX_FILE = 1_000_000  # bytes of a question's file
MAX_TEXTS = 64_000_000  # bytes of all texts
MAX_LINES = 10_000  # of all texts
_MAX_BROKEN = 5  # lines of which each has a sentence of its own
_MAX_NAME = 100  # characters of a name in a sentence
_OVER = 1.05  # a box that reaches farther out, as a share of the picture's side, is in another form
_PUBLISHED = (
    "V* is read from its published files: the folders direct_attributes and relative_position, with "
    "pictures and a JSON file beside each (the data set craigwu/vstar_bench)"
)
_LAST_LINE = re.compile(
    r"\s*(?:please\s+)?answer with the option['’]?s? letter[^\n]*\s*$", re.IGNORECASE
)
_ON_LINES = re.compile(r"^[ \t]*(?:\(([A-H])\)|([A-H])[.):])[ \t]*(\S.*?)[ \t]*$", re.MULTILINE)
_IN_LINE = re.compile(r"\(([A-H])\)()\s*(\S.*?)\s*(?=\([A-H]\)|\n|$)")


@dataclass(frozen=True, slots=True)
class Target:
    """A thing that a question is about, in pixels of the picture as it is stored."""

    name: str
    box: PictureBox


@dataclass(frozen=True, slots=True)
class Question:
    """A usable question; ``index`` counts them from 0, bad ones included.

    ``text`` is the question alone and ``stem`` the same with its options, as it was published or as it
    would have been. ``options`` are those in it, (A) first, of which that at ``right`` is right.
    ``sentences`` are the options as they are weighed, the right one first. ``is_shuffled``: the order of
    its options was drawn here. There are no ``targets`` where the files name none.
    """

    index: int
    name: str
    category: str
    picture: Path
    text: str
    stem: str
    options: tuple[str, ...]
    right: int
    sentences: tuple[str, ...]
    targets: tuple[Target, ...]
    is_shuffled: bool

    @property
    def letters(self) -> str:
        """The letters of its options, in order."""
        return LETTERS[: len(self.options)]


@dataclass(frozen=True, slots=True)
class Benchmark:
    """What a folder holds: its questions, the bad ones, its digest, and sentences on what was left out."""

    questions: tuple[Question, ...]
    bad: tuple[BadRow, ...]
    digest: str
    notes: tuple[str, ...]


def read_benchmark(folder: Path, limit: int | None = None) -> Benchmark:
    """The first ``limit`` questions of a folder, by category and then by name.

    Raises InputError for a folder that does not hold V*, and where no question can be used.
    """
    root, inside = _categories(folder)
    texts, broken = _read_texts(root / TEXTS)
    files = [f for category, path in inside.items() for f in _files(category, path)]
    places = _places(files, texts)
    found: list[Question] = []
    bad: list[BadRow] = []
    for index, place in enumerate(islice(places, limit)):
        try:
            found.append(place.question(index))
        except InputError as error:
            why = one_line(str(error), MAX_WHY)
            bad.append(BadRow(index, f"{one_line(place.name, _MAX_NAME)}: {why}"))
    if not found:
        why = bad[0].why if bad else "Its folders are empty."
        raise InputError(f"No question of {folder} can be used. {why}")
    notes = (*broken, *_notes(root, inside, files, places))
    told = tuple(one_line(note, MAX_WHY) for note in notes)
    return Benchmark(tuple(found), tuple(bad), _digest(places), told)


# Which files there are.


def _categories(folder: Path) -> tuple[Path, dict[str, Path]]:
    """The folder in which the categories are, and these. Raises InputError where there are none."""
    try:
        if not folder.exists():
            raise InputError(f"There is no folder {folder}.")
        if not folder.is_dir():
            raise InputError(f"{folder} is a file. {_PUBLISHED}.")
        if folder.resolve().name.lower() in CATEGORIES:
            return folder.parent, {folder.resolve().name.lower(): folder}
        below = _folders(folder)
        for root in (folder, *below.values()):
            inside = below if root == folder else _folders(root)
            if found := {name: inside[name] for name in CATEGORIES if name in inside}:
                return root, found
        patterns = ("*.parquet", "*/*.parquet")
        has_parquet = any(True for pattern in patterns for _ in folder.glob(pattern))
    except OSError as error:
        raise InputError(f"The folder {folder} cannot be read: {error.strerror}.") from error
    if has_parquet:
        raise InputError(
            f"{folder} holds a mirror of V* as parquet files, in which the boxes are missing. {_PUBLISHED}."
        )
    raise InputError(f"{folder} has neither direct_attributes nor relative_position. {_PUBLISHED}.")


def _folders(folder: Path) -> dict[str, Path]:
    """The folders in a folder, by their names in small letters; none where nobody may look.

    Raises InputError where two have the name of one category.
    """
    if not os.access(folder, os.R_OK | os.X_OK):
        return {}
    found = dict[str, list[Path]]()
    for path in sorted(p for p in folder.iterdir() if p.is_dir()):
        found.setdefault(path.name.lower(), []).append(path)
    categories = (name for name in CATEGORIES if name in found)
    return {name: paths[0] for name, paths in found.items()} | {
        name: _only_one(found[name], "folders") for name in categories
    }


@dataclass(frozen=True, slots=True)
class _File:
    """One name in a category's folder: its JSON files, of which there should be one, and its pictures."""

    category: str
    stem: str
    paths: tuple[Path, ...]
    pictures: tuple[Path, ...]

    @property
    def key(self) -> str:
        return _key(self.category, self.stem)


def _files(category: str, folder: Path) -> list[_File]:
    """What a category's folder holds, by name; files of other kinds count for nothing."""
    try:
        paths = sorted(p for p in folder.iterdir() if p.is_file() and not p.name.startswith("."))
    except OSError as error:
        raise InputError(f"The folder {folder} cannot be read: {error.strerror}.") from error
    written, shown = _by_name(paths, (".json",)), _by_name(paths, ENDINGS)
    return [
        _File(category, (written.get(s) or shown[s])[0].stem, written.get(s, ()), shown.get(s, ()))
        for s in sorted({*written, *shown}, key=_in_order)
    ]


def _by_name(paths: Sequence[Path], endings: Sequence[str]) -> dict[str, tuple[Path, ...]]:
    """Those with such an ending, by their names in small letters."""
    found: dict[str, tuple[Path, ...]] = {}
    for path in paths:
        if path.suffix.lower() in endings:
            name = path.stem.casefold()
            found[name] = (*found.get(name, ()), path)
    return found


def _key(category: str, stem: str) -> str:
    return f"{category}/{stem}".casefold()


def _in_order(name: str) -> list[tuple[int, str, str]]:
    """A sort key by which sa_9 comes before sa_10, however long a number is."""
    parts = [(part, part.lstrip("0")) for part in re.split(r"(\d+)", name)]
    return [(len(n) if part.isdecimal() else -1, n, part) for part, n in parts]


def _digest(places: Sequence[_Place]) -> str:
    """The SHA-256 of all that is asked and taken for true."""
    digest = hashlib.sha256()
    for place in places:
        digest.update(json.dumps([place.name, place.content(), place.text]).encode())
    return digest.hexdigest()


def _notes(
    root: Path, inside: dict[str, Path], files: Sequence[_File], places: Sequence[_Place]
) -> Iterator[str]:
    missing = [name for name in CATEGORIES if name not in inside]
    if missing:
        yield f"There is no folder {missing[0]}: this is only a part of V*."
    if inside.keys() >= {*CATEGORIES}:
        others = sorted(
            p.name
            for p in root.iterdir()
            if p.is_dir() and p.name.lower() not in CATEGORIES and not p.name.startswith(".")
        )
        if others:
            yield f"Left out, because they are not part of its 191 questions: {', '.join(others)}."
    asked = {place.key for place in places}
    alone = [file for file in files if file.key not in asked]
    if alone:
        first = f"{alone[0].category}/{alone[0].pictures[0].name}"
        one = f"There is no question to the picture {first}."
        many = f"{len(alone):,} pictures have no question, the first of them {first}."
        yield one if len(alone) == 1 else many


# The texts that are asked.


def _read_texts(path: Path) -> tuple[dict[str, dict[str, Any]], list[str]]:
    """The rows of the file of texts by picture, and sentences on what is wrong with it."""
    found: dict[str, dict[str, Any]] = {}
    broken: list[str] = []
    count = 0
    for number, line in enumerate(_lines(path), start=1):
        if not line.strip():
            continue
        row = _object(line)
        key = None if row is None else _key_of(row)
        if row is not None and key is not None and key not in found:
            found[key] = row
            continue
        count += 1
        if count <= _MAX_BROKEN:
            why = "it names no picture" if key is None else "its picture was named before"
            broken.append(f"Line {number} of {path.name} is left out: {why}.")
    if count > _MAX_BROKEN:
        broken.append(f"In all, {count:,} lines of {path.name} are left out.")
    return found, broken


def _lines(path: Path) -> list[str]:
    """The lines of the file of texts; none where there is no such file. Raises InputError."""
    try:
        if not path.is_file():
            return []
        is_too_large = path.stat().st_size > MAX_TEXTS
        with path.open(encoding="utf-8-sig") as file:
            lines = [] if is_too_large else list(islice(file, MAX_LINES + 1))
    except OSError as error:
        raise InputError(f"The file {path} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise InputError(f"The file {path} cannot be read: it is not text in UTF-8.") from error
    if is_too_large or len(lines) > MAX_LINES:
        raise InputError(f"The file {path} is too large to be the texts of V*.")
    return lines


def _object(text: str) -> dict[str, Any] | None:
    try:
        value = json.loads(text)
    except (RecursionError, ValueError):
        return None
    return value if isinstance(value, dict) else None


def _key_of(row: dict[str, Any]) -> str | None:
    """Which picture a row is about; other folders may stand before its category, or in its place."""
    image = _first_text(row, "image", "image_path")
    path = PurePosixPath((image or "").replace("\\", "/"))
    folder, named = path.parent.name, _first_text(row, "category")
    category = folder if folder.lower() in CATEGORIES else named or folder
    return _key(category, path.stem) if category and path.stem else None


def _first_text(row: dict[str, Any], *names: str) -> str | None:
    return next((row[name] for name in names if isinstance(row.get(name), str)), None)


@dataclass(frozen=True, slots=True)
class _Text:
    """A published text: the question, its options, which is right, and the text without its last line."""

    question: str
    options: tuple[str, ...]
    right: int
    stem: str


def _published_text(row: dict[str, Any]) -> _Text:
    """Raises InputError."""
    whole = _first_text(row, "text", "question")
    if whole is None:
        raise InputError(f"Its row of {TEXTS} has no text.")
    stem = _LAST_LINE.sub("", check_question(whole))
    found = list(_ON_LINES.finditer(stem)) or list(_IN_LINE.finditer(stem))
    letters = "".join(match[1] or match[2] for match in found)
    if len(found) < 2 or letters != LETTERS[: len(found)]:
        raise InputError(f"Its text in {TEXTS} has no options (A), (B) and so on, in order.")
    question = check_question(stem[: found[0].start()])
    label = _first_text(row, "label", "labels", "answer") or ""
    letter = label.strip().strip("().").upper()
    if len(letter) != 1 or letter not in letters:
        raise InputError(f"Its label in {TEXTS} is none of its letters: {label[:40] or 'missing'}.")
    return _Text(question, tuple(match[3] for match in found), letters.index(letter), stem)


# One question.


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a question stands: its files, or what is left of them, and its row of texts."""

    category: str
    stem: str
    paths: tuple[Path, ...]
    pictures: tuple[Path, ...]
    text: dict[str, Any] | None

    @property
    def name(self) -> str:
        return f"{self.category}/{self.stem}"

    @property
    def key(self) -> str:
        return _key(self.category, self.stem)

    def content(self) -> str | None:
        """The text of its first JSON file; None without one. Unreadable bytes stand for themselves."""
        if not self.paths:
            return None
        try:
            with self.paths[0].open("rb") as file:
                return file.read(MAX_FILE + 1).decode("utf-8-sig", "backslashreplace")
        except OSError as error:
            return f"\0{error.strerror}"

    def question(self, index: int) -> Question:
        """Raises InputError."""
        noted = self._noted()
        published = None if self.text is None else _published_text(self.text)
        picture = self._picture()
        size = open_stored(picture).size
        targets = _targets(noted, size)
        if not noted:
            assert published is not None
            first = published.options[published.right]
            others = (o for i, o in enumerate(published.options) if i != published.right)
            sentences: tuple[str, ...] = (first, *others)
        else:
            sentences = _options(noted.get("options"))
        is_shuffled = published is None
        text = published or self._shuffled(noted, sentences)
        if noted and published:
            _check_agreement(published, sentences)
        return Question(
            index, self.name, self.category, picture, text.question, text.stem, text.options, text.right,
            sentences, targets, is_shuffled,
        )  # fmt: skip

    def _noted(self) -> dict[str, Any]:
        content = self.content()
        if content is None:
            return {}
        _only_one(self.paths, "JSON files")
        if len(content) > MAX_FILE:
            raise InputError("Its JSON file is too large.")
        noted = _object(content)
        if not noted:
            raise InputError("Its JSON file cannot be read, or holds no named values.")
        return noted

    def _picture(self) -> Path:
        if not self.pictures:
            raise InputError("Its picture is missing.")
        return _only_one(self.pictures, "pictures")

    def _shuffled(self, noted: dict[str, Any], sentences: Sequence[str]) -> _Text:
        """The question with its options in an order that is drawn, always the same for the same name."""
        question = noted.get("question")
        if not isinstance(question, str) or not question.strip():
            raise InputError("Its question is not a text.")
        question, order = check_question(question), list(range(len(sentences)))
        random.Random(f"{SEED}/{self.key}").shuffle(order)
        options = tuple(sentences[i] for i in order)
        lines = (f"({letter}) {option}" for letter, option in zip(LETTERS, options, strict=False))
        return _Text(question, options, order.index(0), "\n".join((question, *lines)))


def _only_one(paths: Sequence[Path], what: str) -> Path:
    """Of files whose names differ in letter case or ending only there may be one. Raises InputError."""
    if len(paths) > 1:
        names = ", ".join(path.name for path in paths)
        raise InputError(f"Which of its {what} is meant is not clear: {names}.")
    return paths[0]


def _places(files: Sequence[_File], texts: dict[str, dict[str, Any]]) -> list[_Place]:
    """All questions, by category and name: whatever has a JSON file or a row of texts."""
    places = [
        _Place(f.category, f.stem, f.paths, f.pictures, texts.get(f.key))
        for f in files
        if f.paths or f.key in texts
    ]
    there = {place.key for place in places}
    folders = {f.category for f in files}
    for key, row in texts.items():
        category, _, stem = key.partition("/")
        if key not in there and category in folders:
            places.append(_Place(category, stem, (), (), row))
    return sorted(
        places, key=lambda p: (CATEGORIES.index(p.category), _in_order(p.stem.casefold()))
    )


def _options(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(o, str) and o.strip() for o in value):
        raise InputError("Its options are not a list of texts.")
    if not 2 <= len(value) <= len(LETTERS):
        many = "one option" if len(value) == 1 else f"{len(value)} options"
        raise InputError(f"It has {many}; there must be 2 to {len(LETTERS)}.")
    count = sum(map(len, value))
    if count > MAX_QUESTION:
        raise InputError(
            f"Its options have {count:,} characters, and at most {MAX_QUESTION:,} can be asked."
        )
    options = tuple(" ".join(check_question(option).split()) for option in value)
    if len({option.casefold() for option in options}) < len(options):
        raise InputError("Two of its options are the same.")
    return options


def _check_agreement(text: _Text, sentences: Sequence[str]) -> None:
    """Raise where the label's option can be none but a later one, because the first is the right one."""
    named = words_of(text.options[text.right])
    meant = [i for i, sentence in enumerate(sentences) if f" {named} " in f" {words_of(sentence)} "]
    if len(meant) == 1 and meant[0] > 0:
        raise InputError(
            f"Its label in {TEXTS} names “{text.options[text.right]}”, but its first option, which is "
            f"the right one, is “{sentences[0]}”."
        )


def words_of(text: str) -> str:
    """The words of a text in lower case, without the marks between them."""
    return " ".join(re.findall(r"\w+", text.casefold()))


def _targets(noted: dict[str, Any], size: Size) -> tuple[Target, ...]:
    """The boxes with their names; a name that is missing stays empty."""
    boxes = noted.get("bbox")
    if boxes is None:
        return ()
    if not isinstance(boxes, list):
        raise InputError("“bbox” is not a list of boxes.")
    boxes = [boxes] if len(boxes) == 4 and all(map(is_coordinate, boxes)) else boxes
    names = noted.get("target_object")
    names = [names] if isinstance(names, str) else names if isinstance(names, list) else []
    texts = [name if isinstance(name, str) else "" for name in names] + [""] * len(boxes)
    return tuple(Target(name, _box(box, size)) for name, box in zip(texts, boxes, strict=False))


def _box(value: object, size: Size) -> PictureBox:
    """A box ``[x, y, width, height]`` in picture pixels, cut to the picture."""
    if not isinstance(value, list) or len(value) != 4 or not all(map(is_coordinate, value)):
        raise InputError("A box is not a list of four numbers.")
    x, y, width, height = value
    if width <= 0 or height <= 0:
        raise InputError(f"The box {value} is not x, y, width, height with a width and a height.")
    is_too_large = x + width > _OVER * size.width or y + height > _OVER * size.height
    if is_too_large and x < width <= size.width and y < height <= size.height:
        raise InputError(
            f"The box {value} fits its picture only as x1, y1, x2, y2. Write x, y, width, height."
        )
    left, top, right, bottom = (round_half_up(v) for v in (x, y, x + width, y + height))
    if left >= size.width or top >= size.height or right <= 0 or bottom <= 0:
        raise InputError(
            f"The box {value} lies outside its picture of {size.width} × {size.height} pixels."
        )
    return PictureBox(left, top, right, bottom).clamped(size)
