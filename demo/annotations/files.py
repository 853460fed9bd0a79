"""Reading other people's files: the pictures that they name, bounded texts, and where a fault stands.

A file is not trusted: a name that it gives is looked for in folders that the person named, never followed
out of them.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import unquote
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring
from PIL import Image

from demo.annotations.annotated import AnnotatedPicture, Annotation
from demo.errors import InputError, disk_fault
from demo.picture.geometry import Size
from demo.picture.picture import Picture, open_picture

MAX_TEXT = 200_000_000  # bytes of one file of labels
FOLDERS = ("", "images", "JPEGImages", "../images", "../JPEGImages", "..")
"""Where the formats keep pictures, seen from a file of labels."""

PICTURE_SUFFIXES = (
    ".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff", ".gif", ".heic", ".avif",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class PictureFile:
    """A picture that was found, and its size once it is upright."""

    path: Path
    size: Size

    @property
    def name(self) -> str:
        return self.path.name

    def open(self) -> Picture:
        """Its pixels. Raises PictureError."""
        return open_picture(self.path)

    def with_objects(
        self, annotations: Iterable[Annotation], name: str = "", left_out: str = ""
    ) -> AnnotatedPicture:
        """It with what a file says of it, under the ``name`` that the file gives it.

        ``left_out`` is a sentence about what of the file could not be used, if anything.
        """
        shown, notes = Path(name).name or self.name, (left_out,) if left_out else ()
        return AnnotatedPicture(shown, self.size, self.open, tuple(annotations), notes)


@dataclass(frozen=True, slots=True)
class Pictures:
    """Where pictures are looked for: ``folders`` in this order, and those in them that formats use."""

    folders: tuple[Path, ...]

    def named(self, name: str) -> PictureFile:
        """The picture of that name or relative path. Raises InputError when there is none."""
        path = self._path(name)
        if path is None:
            looked = " and ".join(str(folder) for folder in self.folders)
            raise InputError(
                f"the picture “{name}” is not in {looked}: name its folder with --images"
            )
        return PictureFile(path, open_picture(path).size)

    def stem(self, stem: str) -> PictureFile:
        """The picture with that name before the dot. Raises InputError when there is none."""
        for suffix in PICTURE_SUFFIXES:
            for name in (f"{stem}{suffix}", f"{stem}{suffix.upper()}"):
                if self._path(name) is not None:
                    return self.named(name)
        raise InputError(f"there is no picture named “{stem}”: name its folder with --images")

    def _path(self, name: str) -> Path | None:
        for form in _forms(name):
            for folder in self.folders:
                for inside in FOLDERS:
                    path = (folder / inside / form).resolve()
                    home = (folder / inside).resolve()
                    if path.is_file() and path.is_relative_to(home):
                        return path
        return None


def _forms(name: str) -> Iterator[str]:
    """The name as written, without its folders, and as it was before another tool's upload renamed it."""
    plain = unquote(name.replace("\\", "/").rpartition("?d=")[2])
    last = PurePosixPath(plain).name
    yield plain.lstrip("/")
    yield last
    head, dash, rest = last.partition("-")
    if dash and rest and len(head) == 8 and all(c in "0123456789abcdef" for c in head):
        yield rest  # Label Studio puts eight digits before the name of an upload


@contextmanager
def place(where: str) -> Iterator[None]:
    """What goes wrong inside is said with this place before it. Raises InputError."""
    try:
        yield
    except InputError as error:
        raise InputError(f"{where}: {str(error).rstrip('.')}.") from error
    except KeyError as error:
        raise InputError(f"{where}: “{error.args[0]}” is missing.") from error
    except (TypeError, ValueError, IndexError, AttributeError, OverflowError) as error:
        raise InputError(f"{where}: this is not written as its format has it.") from error


def read_text(path: Path) -> str:
    """The text of a file in UTF-8. Raises InputError."""
    try:
        if path.stat().st_size > MAX_TEXT:
            raise InputError(f"{path.name} is too large: {MAX_TEXT // 1_000_000} MB can be read.")
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(
            f"{path.name} is not a text in UTF-8: save it in that encoding."
        ) from error
    except OSError as error:
        raise InputError(f"{path.name} cannot be read: {disk_fault(error)}.") from error


def read_json(path: Path) -> Any:
    """The value in a JSON file. Raises InputError."""
    try:
        return json.loads(read_text(path))
    except json.JSONDecodeError as error:
        raise InputError(f"{path.name}, line {error.lineno}: this is not JSON.") from error
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path.name} is not JSON.") from error


def read_xml(path: Path) -> Element:
    """The root of an XML file, without entities or anything fetched. Raises InputError."""
    try:
        root: Element = fromstring(read_text(path))
    except ParseError as error:
        raise InputError(f"{path.name}, line {error.position[0]}: this is not XML.") from error
    except DefusedXmlException as error:
        raise InputError(
            f"{path.name} defines entities, which are not read: remove them."
        ) from error
    return root


def content_of(path: Path) -> Any:
    """The value in a JSON file, the root of an XML file; None of any other. Raises InputError."""
    match path.suffix.lower():
        case ".json" | ".geojson":
            return read_json(path)
        case ".xml":
            return read_xml(path)
    return None


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


def json_bytes(value: object) -> bytes:
    """A value as a JSON file, readable and with letters of all scripts as they are."""
    return (json.dumps(value, ensure_ascii=False, indent=1) + "\n").encode()
