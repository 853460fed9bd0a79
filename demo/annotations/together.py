"""Labels and pictures that came together, as files or in zip files, from anybody at all.

Nothing in them is trusted: texts are measured before they are read, zip files before they are unpacked, and
names in them lead nowhere.
"""

from __future__ import annotations

import codecs
import os
import re
import shutil
import stat
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path, PurePosixPath
from secrets import token_hex

from demo.annotations.annotated import MAX_OBJECTS, AnnotatedPicture, to_session
from demo.annotations.costs import Room
from demo.annotations.files import (
    PICTURE_SUFFIXES,
    Candidate,
    Candidates,
    Pictures,
    read_json,
    read_text,
    read_xml,
)
from demo.annotations.formats import Format, format_like
from demo.annotations.mask_files import HEAD, PICTURE, TABLE
from demo.annotations.unread import is_known_text
from demo.annotations.via import HEADS
from demo.annotations.voc import CLASSES, LABELS, OBJECTS
from demo.annotations.yolo import LISTS
from demo.dialogue import extent, limits
from demo.dialogue.packed import check_directory, is_litter, is_session_name, parts_of
from demo.errors import InputError, SessionFormatError, UnreadFormError
from demo.machine.effort import breathe
from demo.machine.private_files import make_folder
from demo.picture.geometry import Size
from demo.picture.picture import MAX_BYTES, Picture, safe_name

MAX_PICTURES = 24  # with labels, of all that came together
MAX_LABELS = 30_000_000  # bytes of one file of labels
MAX_VALUES = 300_000  # about, in one: Python reads it in one go
MAX_UNPACKED = 400_000_000  # bytes of all that is in a zip file
MAX_FILES = 2_000  # of one
_MAX_DEPTH = 12  # folders
_STEP = 1_000_000  # bytes
_HEAD = 8_192  # bytes
_ZIPS = (b"PK\x03\x04", b"PK\x05\x06")
_SUFFIXES = (".json", ".geojson", ".xml", ".yaml", ".yml", ".txt", ".names", ".csv")
_MARKS: dict[str, dict[bytes, int]] = {  # which stand between values, and for how many one counts
    ".json": {b",": 1}, ".geojson": {b",": 1}, ".xml": {b"<": 4, b"=": 4, b",": 1, b";": 1},
}  # fmt: skip
_OTHER_MARKS = {b" ": 1, b",": 1, b"\n": 1}
_XML = re.compile(rb"<(?:annotations?|dataset|boost_serialization)[\s>]")
_OBJECT = re.compile(rb"\s*\d+(?:\.0*)?(?:[ \t]+[-+.\deE]+){4}")
_NAMES = re.compile(rb"^names\s*:", re.MULTILINE)
_TABLES = tuple(head.encode() for head in (HEAD, *HEADS))
_NOT_PICTURES = (OBJECTS, CLASSES)
_MAPS = "panoptic_"  # how the folder of COCO's maps begins, beside their file


def suffix_of(path: Path) -> str:
    """The suffix that a file of labels should have, by what is in it; empty where it is something else."""
    text, given = _beginning(path), path.suffix.lower()
    if text[:1] in (b"{", b"["):
        return ".geojson" if given == ".geojson" else ".json"
    if text.startswith(b"<") and _XML.search(text):
        return ".xml"
    if given in (".yaml", ".yml") and _NAMES.search(text):
        return given
    if path.name.lower() in (*LISTS, LABELS) or given == ".names" or _OBJECT.match(text):
        return ".txt" if given != ".names" else given
    if text.startswith(_TABLES):
        return ".csv"
    return (
        given if given in (".csv", ".txt") and is_known_text(text.decode(errors="replace")) else ""
    )


def _beginning(path: Path) -> bytes:
    """The first bytes of a text, in UTF-8."""
    head = _head(path)
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        head = head.decode("utf-16", "ignore").encode(errors="ignore")
    return head.removeprefix(b"\xef\xbb\xbf").lstrip()


def format_of(path: Path) -> Format | None:
    """The format of a file of labels, None where it is none of them.

    Raises InputError for one that is too large to be read here, or broken, and UnreadFormError for one
    that is known and not read.
    """
    suffix = suffix_of(path)
    if not suffix:
        return None
    _check_text(path, suffix)
    content = None
    if suffix.endswith("json"):
        content = read_json(path)
    elif suffix == ".xml":
        content = read_xml(path)
    elif suffix in (".txt", ".csv"):
        content = read_text(path)
    return format_like(path, content)


def _check_text(path: Path, suffix: str) -> None:
    """Raises InputError for a text that would take too long to read."""
    size = path.stat().st_size
    if size > MAX_LABELS:
        raise InputError(
            f"{path.name} is too large: labels of {MAX_LABELS // 1_000_000} MB can be opened. "
            "Split it, or leave the pictures out of it."
        )
    text = path.read_bytes()
    marks = _MARKS.get(suffix, _OTHER_MARKS)
    values = sum(text.count(mark) * weight for mark, weight in marks.items())
    escapes = text.count(b"\\") if suffix.endswith("json") else 0
    if values > MAX_VALUES or escapes > limits.ESCAPES.most:
        raise InputError(
            f"{path.name} holds about {values:,} values, and at most {MAX_VALUES:,} are read. Split it: "
            "leave out pictures, or make its outlines coarser."
        )


@dataclass(frozen=True, slots=True)
class Labelled:
    """Pictures with their objects, the names of those that did not come, and whether there are ``more``
    than are taken at once.
    """

    pictures: tuple[AnnotatedPicture, ...]
    lacking: tuple[str, ...]
    more: bool


@dataclass(frozen=True, slots=True)
class Together:
    """Files that came together, below ``root``; ``sources`` says of each as which file it came."""

    root: Path
    sources: dict[Path, Path] = field(default_factory=dict)

    def add(self, path: Path) -> None:
        """A file, or all that is in a zip file. Raises InputError, with a sentence."""
        if _head(path).startswith(_ZIPS):
            folder = self.root / f"{len(self.sources)}-{token_hex(4)}" / _short(path.stem)
            whole = list(_unpacked(path, folder))
            self.sources.update(dict.fromkeys(whole, path))
            return
        suffix = suffix_of(path)
        name = TABLE if _beginning(path).startswith(HEAD.encode()) else _short(path.name)
        made = self.root / (f"{Path(name).stem}{suffix}" if suffix else name)
        while made in self.sources:
            made = made.with_name(f"{len(self.sources)}-{made.name}")
        _copy(path, made)
        self.sources[made] = path

    def read(self, shown: Picture | None = None) -> Labelled:
        """The labelled pictures; where no picture is among the files, labels may be about the shown one.

        Raises InputError, which names the file and the place in it, before anything is given.
        """
        candidates = tuple(self._candidates())
        if not candidates and shown is not None:
            candidates = (Candidate((shown.name,), shown),)
        all_of_them = Candidates(candidates)
        found, lacking, room = list[AnnotatedPicture](), list[str](), Room()
        for path, form in self._labels():
            pictures = Pictures((path.parent,), all_of_them, self.root, lacking, room)
            found += islice(form.read(path, pictures), MAX_PICTURES + 1 - len(found))
        joined = tuple(_joined(found[:MAX_PICTURES]))
        for annotated in joined:
            _check(annotated)
        return Labelled(joined, tuple(dict.fromkeys(lacking)), len(found) > MAX_PICTURES)

    def _candidates(self) -> Iterator[Candidate]:
        """The pictures, without the masks that some formats keep as pictures."""
        tables = {path.parent for path in self.sources if path.name == TABLE}
        for path in self.sources:
            parts = path.relative_to(self.root).parts
            is_mask = path.parent in tables and path.name != PICTURE
            is_mask = is_mask or not {*_NOT_PICTURES}.isdisjoint(parts)
            is_mask = is_mask or any(folder.startswith(_MAPS) for folder in parts[:-1])
            may_be = path.suffix.lower() in PICTURE_SUFFIXES or path.parent == self.root
            if may_be and not is_mask and not suffix_of(path):
                yield Candidate(parts, path)

    def _labels(self) -> list[tuple[Path, Format]]:
        """The files of labels; of a data set in YOLO's form the one that names its classes.

        What is known and not read is passed over where it lies with others in a zip file.
        """
        found, unread = list[tuple[Path, Format]](), list[UnreadFormError]()
        for path in self.sources:
            breathe()
            try:
                form = format_of(path) if path.suffix.lower() in _SUFFIXES else None
            except UnreadFormError as error:
                if path.parent == self.root:
                    raise
                unread.append(error)
                continue
            if form is not None:
                found.append((path, form))
        if unread and not found:
            raise unread[0]
        yolo = [path for path, form in found if form.name == "yolo"]
        whole = [p for p in yolo if p.suffix.lower() in (".yaml", ".yml")]
        whole = whole or [p for p in yolo if p.suffix == ".names" or p.name.lower() in LISTS]
        return [(p, form) for p, form in found if form.name != "yolo" or p in (whole[:1] or yolo)]


def holds_labels(path: Path) -> bool:
    """Whether a zip file has labels in it, and no dialogue: told by names only."""
    try:
        check_directory(path.read_bytes())
        with zipfile.ZipFile(path) as archive:
            names = [
                parts_of(n)[-1].lower() for n in archive.namelist() if not is_litter(parts_of(n))
            ]
    except (SessionFormatError, zipfile.BadZipFile, OSError, ValueError, RuntimeError):
        return False
    return not any(map(is_session_name, names)) and any(n.endswith(_SUFFIXES) for n in names)


def _unpacked(path: Path, folder: Path) -> Iterator[Path]:
    """The pictures and labels in a zip file, as files below a folder. Raises InputError."""
    try:
        check_directory(path.read_bytes())
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
            _check_entries(entries)
            useful = [e for e in entries if not is_litter(parts_of(e.filename))]
            yield from _written(archive, useful, folder)
    except (
        SessionFormatError,
        zipfile.BadZipFile,
        zlib.error,
        EOFError,
        RuntimeError,
        ValueError,
    ) as e:
        raise InputError(
            "This zip file is damaged, or too many files are in it. Unpack it and open what is in it."
        ) from e
    except OSError as error:
        raise InputError("This zip file cannot be unpacked here.") from error


def _check_entries(entries: Sequence[zipfile.ZipInfo]) -> None:
    """Raises InputError for what should not be unpacked."""
    for entry in entries:
        parts = parts_of(entry.filename)
        if ".." in parts or parts[0] == "" or parts[0].endswith(":") or len(parts) > _MAX_DEPTH:
            raise InputError("This zip file was not opened: names in it lead out of it.")
        if stat.S_ISLNK(entry.external_attr >> 16):
            raise InputError("This zip file was not opened: it has links to other files in it.")
        if entry.flag_bits & 1:
            raise InputError("This zip file has a password. Unpack it and open what is in it.")
    if len(entries) > MAX_FILES or sum(e.file_size for e in entries) > MAX_UNPACKED:
        raise InputError(
            f"This zip file is too large: at most {MAX_FILES:,} files of {MAX_UNPACKED // 1_000_000} MB "
            "together are unpacked. Pack fewer pictures at a time."
        )


def _written(
    archive: zipfile.ZipFile, entries: Iterable[zipfile.ZipInfo], folder: Path
) -> Iterator[Path]:
    for entry in entries:
        suffix = PurePosixPath(entry.filename).suffix.lower()
        if suffix not in (*_SUFFIXES, *PICTURE_SUFFIXES) or entry.file_size > MAX_BYTES:
            continue
        made = folder.joinpath(*map(_short, parts_of(entry.filename)))
        make_folder(made.parent)
        with archive.open(entry) as source, made.open("xb") as target:
            while piece := source.read(_STEP):  # no more than the size that it declares
                target.write(piece)
                breathe()
        yield made


def _joined(found: Iterable[AnnotatedPicture]) -> Iterator[AnnotatedPicture]:
    """One for each picture in each frame, also where several files say something of it.

    One that labels carry with them, or that is shown, is known by its pixels: names may be alike.
    """
    by_picture = dict[tuple[Path | str, Size], AnnotatedPicture]()
    for one in found:
        key = one.path or one.open().sha256, one.size
        former = by_picture.get(key)
        if former is not None:
            annotations = dict.fromkeys((*former.annotations, *one.annotations))
            notes = dict.fromkeys((*former.notes, *one.notes))
            one = replace(former, annotations=tuple(annotations), notes=tuple(notes))
        by_picture[key] = one
    yield from by_picture.values()


def _check(annotated: AnnotatedPicture) -> None:
    """Raises InputError for labels that would take too long to show or to save."""
    count = len(annotated.annotations)
    if count > MAX_OBJECTS:
        raise InputError(
            f"{annotated.name}: {count:,} objects are too many: at most {MAX_OBJECTS:,}."
        )
    texts = [len(a.mask.counts) for a in annotated.annotations if a.mask]
    try:
        limits.MASK_TEXT.check(max(texts, default=0))
        limits.MASK_TEXTS.check(sum(texts))
        extent.check_session(to_session(annotated))
    except SessionFormatError as error:
        said = str(error).replace("This dialogue", "With its labels this picture")
        raise InputError(f"{annotated.name}: {said}") from error


def _short(name: str) -> str:
    """A name that every disk takes."""
    safe = safe_name(name)
    while len(safe.encode()) > 200:
        safe = safe[1:]
    return safe


def _copy(path: Path, made: Path) -> None:
    try:
        os.link(path, made)
    except OSError:
        shutil.copyfile(path, made)


def _head(path: Path) -> bytes:
    """Its first bytes; none where there is no file, which is said when it is opened."""
    with suppress(OSError), path.open("rb") as file:
        return file.read(_HEAD)
    return b""
