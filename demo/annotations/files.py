"""Reading other people's files: the pictures that they name, bounded texts, and where a fault stands.

A file is not trusted: a name that it gives is looked for in folders that the person named, never followed
out of them.
"""

from __future__ import annotations

import base64
import codecs
import io
import json
import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import takewhile
from pathlib import Path, PurePosixPath
from typing import Any, NoReturn, TypeVar
from urllib.parse import unquote
from xml.etree.ElementTree import Element, ParseError, fromstring

from PIL import Image

from demo.annotations.annotated import MAX_OBJECTS, AnnotatedPicture, Annotation
from demo.annotations.costs import Room
from demo.errors import InputError, NoAreaError, PictureError, disk_fault
from demo.machine.effort import breathe
from demo.picture.geometry import Size
from demo.picture.parts import open_part
from demo.picture.picture import Picture, open_picture

MAX_TEXT = 200_000_000  # bytes of one file of labels
MAX_NAME = 4_096  # characters of a picture's name with its folders, as systems have it
MAX_SHOWN = 200  # of one in a sentence
Row = TypeVar("Row")
Found = TypeVar("Found")
_MARKS, _SPACES = re.compile(r"[^\w\s.,-]+"), re.compile(r"[\s._,-]+")
_ENCODING = re.compile(rb"""<\?xml[^>]*\bencoding\s*=\s*["']([\w.-]+)["']""", re.ASCII)
_KNOWN = re.compile(r"ascii|iso8859-\d+|cp\d+|koi8-\w|gbk?\d*|big5|euc_\w\w|shift_jis|mac-\w+")
_RENAMED = re.compile(r"[0-9a-f]{8}(?:-|__)(.+)", re.DOTALL)
"""What Label Studio makes of the name of an upload, and its converter of one that it fetched."""
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_DEFINES = re.compile(r"<!(?:ENTITY|ATTLIST)\b")
FOLDERS = ("", "images", "JPEGImages", "../images", "../JPEGImages", "..")
"""Where the formats keep pictures, seen from a file of labels."""

PICTURE_SUFFIXES = (
    ".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff", ".gif", ".heic", ".avif",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class PictureFile:
    """A picture that was found, and its size in the frame of its labels.

    ``path`` is where it lies, None for one that is in memory; ``open`` reads its pixels and raises
    PictureError.
    """

    name: str
    size: Size
    open: Callable[[], Picture]
    path: Path | None = None

    def with_objects(
        self, annotations: Iterable[Annotation], name: str = "", notes: Iterable[str] = ()
    ) -> AnnotatedPicture:
        """It with what a file says of it, called as in that file.

        ``notes`` are sentences about what of the file could not be used.
        """
        return AnnotatedPicture(
            self.called(name),
            self.size,
            self.open,
            tuple(annotations),
            tuple(notes),
            path=self.path,
        )

    def called(self, name: str) -> str:
        """Its own name, as a file writes it: without folders and the escapes of an address."""
        alike = (
            form for form in map(_last, _forms(name)) if _plain_stem(form) == _plain_stem(self.name)
        )
        return next(alike, self.name)


class Candidate:
    """A picture that labels may be about: a file, its bytes, or one that is open already.

    ``parts`` is its name with the folders before it. A file is read once, also for several labels.
    """

    def __init__(self, parts: tuple[str, ...], source: Path | bytes | Picture) -> None:
        self.parts, self.source = parts, source
        self._read = dict[bool, Picture]()

    @property
    def path(self) -> Path | None:
        """Where it lies; None for one that is in memory."""
        return self.source if isinstance(self.source, Path) else None

    def picture(self, *, upright: bool = True) -> Picture:
        """It, or, unless ``upright``, as it is stored. Raises PictureError."""
        if isinstance(self.source, Picture):
            return self.source
        if upright not in self._read:
            self._read[upright] = open_picture(self.source, self.parts[-1], upright=upright)
        return self._read[upright]


class Candidates:
    """All pictures that labels may be about: thousands of labels may each look for one of thousands."""

    def __init__(self, pictures: Iterable[Candidate]) -> None:
        self._all = tuple(pictures)
        self._by_name = dict[Callable[[str], str], dict[str, list[Candidate]]]()

    def alike(self, name: str, key: Callable[[str], str]) -> list[Candidate]:
        """Those whose names are the same as this by that ``key``; none for a name that has none."""
        if key not in self._by_name:
            named = defaultdict[str, list[Candidate]](list)
            for candidate in self._all:
                named[key(candidate.parts[-1])].append(candidate)
            self._by_name[key] = dict(named)
        looked_for = key(name)
        return self._by_name[key].get(looked_for, []) if looked_for else []

    @property
    def only(self) -> Candidate | None:
        """The one that there is; None of several, and of none."""
        return self._all[0] if len(self._all) == 1 else None


@dataclass(frozen=True, slots=True)
class Pictures:
    """Where pictures are looked for: ``folders`` in this order, and those in them that formats use.

    Where ``candidates`` are given, those are all there are: then a name may be written in another way,
    and what labels name and is not among them is noted in ``lacking`` instead of refused. ``root`` is
    the folder that holds their files, and ``room`` what may be made of labels that anybody may have sent.
    """

    folders: tuple[Path, ...]
    candidates: Candidates | None = None
    root: Path | None = None
    lacking: list[str] = field(default_factory=list)
    room: Room | None = None

    def named(
        self,
        name: str,
        stated: tuple[object, object] = (None, None),
        *,
        stem: str = "",
        is_only: bool = False,
        in_pixels: bool = True,
    ) -> PictureFile | None:
        """The picture of that name or relative path, else the one with ``stem`` before the dot, in the
        frame of labels for a picture of the width and height that are ``stated``.

        None where it is among what is lacking; a picture of another name will do where labels are about
        this one only (``is_only``) and state its size. Raises InputError when there is none, or one of
        another size, also where labels that are ``in_pixels`` state none and it was resized.
        """
        breathe()
        if len(name) > MAX_NAME:
            raise InputError(f"the name of its picture has more than {MAX_NAME:,} characters")
        size = _size_of(stated)
        if self.candidates is None:
            path = self._path(name) or self._of_stem(name) or self._of_stem(stem)
            return file_at(path or self._refuse(name, stem), size, in_pixels=in_pixels)
        names = [one for one in (name, stem) if one]
        found = self._fitting(self.candidates, names, size if is_only else None)
        if found is None:
            self.lacking.extend(_last(one) for one in names[:1])
            return None
        return _in_frame(found, size, in_pixels)

    def _fitting(
        self, candidates: Candidates, names: Sequence[str], size: Size | None
    ) -> Candidate | None:
        """The one with such a name, else with one before the dot, else the only one, if of that size."""
        forms = [PurePosixPath(form).parts for name in names for form in _forms(name)]
        for key in (_same, _same_stem, _plain, _plain_stem):
            for wanted in filter(None, forms):
                if alike := candidates.alike(wanted[-1], key):
                    return self._nearest(alike, wanted)
        only = candidates.only
        return only if size and only and only.picture().size == size else None

    def _nearest(self, alike: Sequence[Candidate], wanted: Sequence[str]) -> Candidate:
        """The one whose folders are most like those of the name, else like that of the labels.

        Raises InputError where several are.
        """
        home = self.folders[0].relative_to(self.root).parts if self.root and self.folders else ()

        def likeness(candidate: Candidate) -> tuple[int, ...]:
            *folders, last = candidate.parts
            pairs = zip(reversed(folders), reversed(wanted[:-1]), strict=False)
            shared = len(list(takewhile(lambda pair: pair[0] == pair[1], pairs)))
            others = (len({*folders} ^ {*parts}) for parts in (wanted[:-1], home))
            return shared, wanted[-1] in (last, _stem(last)), *(-other for other in others)

        best = max(map(likeness, alike))
        found = [candidate for candidate in alike if likeness(candidate) == best]
        if len(found) > 1:
            raise InputError(f"several pictures have the name “{wanted[-1]}”: open one at a time")
        return found[0]

    def _refuse(self, name: str, stem: str) -> NoReturn:
        if not name:
            raise InputError(f"there is no picture named “{stem}”: name its folder with --images")
        looked = " and ".join(str(folder) for folder in self.folders)
        raise InputError(f"the picture “{name}” is not in {looked}: name its folder with --images")

    def _of_stem(self, stem: str) -> Path | None:
        """The picture with that name before the dot; none of a name that has an ending."""
        if not stem or stem.lower().endswith(PICTURE_SUFFIXES):
            return None
        names = (f"{stem}{s}" for suffix in PICTURE_SUFFIXES for s in (suffix, suffix.upper()))
        return next(filter(None, map(self._path, names)), None)

    def _path(self, name: str) -> Path | None:
        for form in filter(None, _forms(name)):
            for folder in self.folders:
                for inside in FOLDERS:
                    path = (folder / inside / form).resolve()
                    home = (folder / inside).resolve()
                    if path.is_file() and path.is_relative_to(home):
                        return path
        return None


def file_at(path: Path, size: Size | None = None, *, in_pixels: bool = True) -> PictureFile:
    """The picture of a file, whose labels are for one of that size; of many, no pixels are kept.

    Raises as `Pictures.named` does.
    """
    candidate = Candidate((path.name,), path)
    file = _in_frame(candidate, size, in_pixels)
    is_upright = file.size == candidate.picture().size
    return replace(file, open=partial(open_picture, path, upright=is_upright))


def _in_frame(candidate: Candidate, size: Size | None, in_pixels: bool) -> PictureFile:
    """The picture upright, or as it is stored where labels of that size are for that."""
    picture = candidate.picture()
    if size is None and in_pixels and picture.is_resized:
        said = "the labels are in pixels, but not in those in which it is opened."
        raise InputError(
            " ".join([said, *picture.notes, "Resize it and its labels together first."])
        )
    if size is not None and picture.size != size:
        stored = None
        if picture.size == Size(size.height, size.width):
            with suppress(PictureError):
                stored = candidate.picture(upright=False)
        if stored is None or stored.size != size:
            said = f"it is {size.width} × {size.height}, but the picture is {picture.size.width} × "
            raise InputError(" ".join([f"{said}{picture.size.height}.", *picture.notes]))
        picture = stored
    return PictureFile(picture.name, picture.size, lambda: picture, candidate.path)


def _size_of(stated: tuple[object, object]) -> Size | None:
    """The size that a file states, if it does: some tools write 0. Raises ValueError."""
    width, height = (0 if value is None else number(value) for value in stated)
    return Size(int(width), int(height)) if width >= 1 and height >= 1 else None


def moved(file: Path, source: str, target: str) -> Path:
    """The file of that name in the same place below ``target``, which stands beside ``source``."""
    parts = list(file.parts)
    for at in range(len(parts) - 2, -1, -1):
        if parts[at] == source:
            parts[at] = target
            break
    return Path(*parts)


def _last(name: str) -> str:
    return PurePosixPath(name.replace("\\", "/")).name or name


def _stem(name: str) -> str:
    stem, dot, suffix = name.rpartition(".")
    return stem if dot and f".{suffix.lower()}" in PICTURE_SUFFIXES else name


def _same(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()


def _same_stem(name: str) -> str:
    return _same(_stem(name))


def _plain(name: str) -> str:
    """A name without what a browser, a system or an upload may change in it; empty where all of it is that.

    What stands between its parts is alike, but parts stay apart.
    """
    stem = _plain_stem(name)
    return f"{stem}{PurePosixPath(name).suffix.casefold()}" if stem else ""


def _plain_stem(name: str) -> str:
    return _SPACES.sub("-", _MARKS.sub("", _same_stem(name))).strip("-")


def _forms(name: str) -> Iterator[str]:
    """The name as written, without its folders, without the escapes of an address, and as it was before
    another tool's upload renamed it.
    """
    written = name.replace("\\", "/").rpartition("?d=")[2]
    for plain in dict.fromkeys((written, unquote(written))):
        last = PurePosixPath(plain).name
        yield plain.lstrip("/")
        yield last
        if renamed := _RENAMED.fullmatch(last):
            yield renamed[1]


@contextmanager
def place(where: str) -> Iterator[None]:
    """What goes wrong inside is said with this place before it. Raises InputError."""
    try:
        yield
    except InputError as error:
        raise InputError(f"{where}: {str(error).rstrip('.')}.") from error
    except KeyError as error:
        raise InputError(f"{where}: “{error.args[0]}” is missing.") from error
    except (
        TypeError,
        ValueError,
        IndexError,
        AttributeError,
        OverflowError,
        RecursionError,
    ) as error:
        raise InputError(f"{where}: this is not written as its format has it.") from error


def read_text(path: Path) -> str:
    """The text of a file in UTF-8, or in UTF-16 that says so. Raises InputError."""
    content = _read_bytes(path)
    return _decoded(content, "utf-16" if content.startswith(_UTF16) else "utf-8-sig", path.name)


def _read_bytes(path: Path) -> bytes:
    try:
        if path.stat().st_size > MAX_TEXT:
            raise InputError(f"{path.name} is too large: {MAX_TEXT // 1_000_000} MB can be read.")
        return path.read_bytes()
    except OSError as error:
        raise InputError(f"{path.name} cannot be read: {disk_fault(error)}.") from error


def _decoded(content: bytes, encoding: str, name: str) -> str:
    try:
        return content.decode(encoding)
    except UnicodeError as error:
        known = "UTF-8" if encoding == "utf-8-sig" else f"{encoding}, as it says"
        raise InputError(f"{name} is not a text in {known}: save it in that encoding.") from error


def _encoding_of(content: bytes, name: str) -> str:
    """The encoding of an XML file, as it begins or declares. Raises InputError for one that is not read.

    Only those that writers use: some of Python's others, such as Punycode, take hours.
    """
    if content.startswith(_UTF16):
        return "utf-16"
    declared = _ENCODING.match(content[:200])
    if declared is None:
        return "utf-8-sig"
    with suppress(LookupError):
        encoding = codecs.lookup(declared[1].decode()).name
        if encoding in ("utf-8", "utf-16"):  # .NET declares the latter, whatever it writes
            return "utf-8-sig"
        if _KNOWN.fullmatch(encoding):
            return encoding
    raise InputError(f"{name} is in “{declared[1].decode()}”, which is not read: save it in UTF-8.")


def read_json(path: Path) -> Any:
    """The value in a JSON file. Raises InputError."""
    try:
        return json.loads(read_text(path))
    except json.JSONDecodeError as error:
        raise InputError(f"{path.name}, line {error.lineno}: this is not JSON.") from error
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path.name} is not JSON.") from error


def read_xml(path: Path) -> Element:
    """The root of an XML file; nothing is fetched for it. Raises InputError.

    What a file defines for itself, entities and attributes that stand where they are not written, could
    make a gigabyte of a few lines; no tool writes such labels.
    """
    content = _read_bytes(path)
    text = _decoded(content, _encoding_of(content, path.name), path.name)
    if _DEFINES.search(text):
        raise InputError(
            f"{path.name} defines entities or attributes, which are not read: remove them."
        )
    try:
        return fromstring(text)
    except ParseError as error:
        raise InputError(f"{path.name}, line {error.position[0]}: this is not XML.") from error


def content_of(path: Path) -> Any:
    """The value in a JSON file, the root of an XML file, a text; None of any other. Raises InputError."""
    match path.suffix.lower():
        case ".json" | ".geojson":
            return read_json(path)
        case ".xml":
            return read_xml(path)
        case ".txt" | ".csv":
            return read_text(path)
    return None


def objects_in(rows: Iterable[Row]) -> Iterator[tuple[int, Row]]:
    """What a file says of one picture, row by row from 1 on. Raises InputError at once for too many."""
    listed = list(rows)
    if len(listed) > MAX_OBJECTS:
        raise InputError(
            f"{len(listed):,} objects are too many: at most {MAX_OBJECTS:,} on a picture can be read"
        )
    return enumerate(listed, start=1)


def read_objects(
    rows: Iterable[tuple[object, Row]],
    read_one: Callable[[Row], Found],
    where: str,
    cost_of: Callable[[Row], int],
    room: Room | None,
) -> tuple[list[Found], int]:
    """What `read_one` makes of each row, and how many cover nothing and are left out.

    Tools keep clicks and lines among areas. Where there is a ``room``, it has to hold what all of them cost
    before the first is made. Raises InputError, which says ``where``, and the row's number.
    """
    listed = list(rows)
    if room is not None:
        costs = [_cost(row, cost_of, f"{where} {number_}") for number_, row in listed]
        with place(where.rpartition(", ")[0]):
            room.take(costs)
    found, left_out = list[Found](), 0
    for number_, row in listed:
        breathe()
        with place(f"{where} {number_}"):
            try:
                found.append(read_one(row))
            except NoAreaError:
                left_out += 1
    return found, left_out


def _cost(row: Row, cost_of: Callable[[Row], int], where: str) -> int:
    breathe()
    with place(where), suppress(NoAreaError):
        return cost_of(row)
    return 0


def said_of(left_out: int, where: str) -> tuple[str, ...]:
    """The sentence about objects of a picture that were left out, if any were."""
    objects = "object" if left_out == 1 else "objects"
    said = f"{where}: {left_out:,} {objects} without an area (points, lines) left out."
    return (said,) if left_out else ()


def number(value: object) -> float:
    """A finite number, also one that is written as text. Raises ValueError."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ValueError("not a number")
    found = float(value)
    if not -1e9 < found < 1e9:
        raise ValueError("not a finite number")
    return found


def points(values: Sequence[Any]) -> tuple[tuple[float, float], ...]:
    """Corners from pairs, or from numbers one after the other. Raises ValueError."""
    if values and not isinstance(values[0], list | tuple):
        if len(values) % 2:
            raise ValueError("an odd count of numbers")
        values = list(zip(values[::2], values[1::2], strict=True))
    return tuple((number(x), number(y)) for x, y in values)


def png_of(picture: Picture) -> bytes:
    """The pixels as a PNG file."""
    file = io.BytesIO()
    Image.fromarray(picture.pixels).save(file, "PNG")
    return file.getvalue()


def pixels_in_png(encoded: str, size: Size) -> int:
    """How many pixels that PNG file has, of which only the head is read. Raises as `decoded_png` does."""
    with _opened_png(encoded, size) as image:
        return image.width * image.height


def decoded_png(encoded: str, size: Size) -> Image.Image:
    """The PNG file that a text in base64 is, no larger than that size.

    Raises InputError, in words that follow a place in a file.
    """
    with _opened_png(encoded, size) as image:
        return image.copy()


@contextmanager
def _opened_png(encoded: str, size: Size) -> Iterator[Image.Image]:
    try:
        with open_part(base64.b64decode(encoded, validate=True), "PNG")[0] as image:
            if image.width > size.width or image.height > size.height:
                raise InputError("its mask is larger than the picture")
            yield image
    except (OSError, SyntaxError, ValueError, PictureError) as error:
        raise InputError("its mask is not a PNG file") from error


def json_bytes(value: object) -> bytes:
    """A value as a JSON file, readable and with letters of all scripts as they are."""
    return (json.dumps(value, ensure_ascii=False, indent=1) + "\n").encode()
