"""Anything a person gives as a picture → upright RGB pixels, or a sentence that says why not.

This file knows neither sessions on disk nor models; what formats, depths and colours there are is known to
its neighbours (`reading`, `formats`, `parts`, `sizes`, `depth`, `colours`).
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from demo.errors import PictureError
from demo.picture.apart import ReadFile, readers
from demo.picture.colours import Pixels
from demo.picture.geometry import Size
from demo.picture.held import HeldPixels, shared
from demo.picture.reading import BROKEN, Decoded, decode_array, decode_file, decode_image

Source = str | Path | bytes | BinaryIO | Image.Image | NDArray[Any]

MAX_BYTES = 100_000_000
MAX_NAME = 120

# A note on a picture that was opened as it is stored.
AS_STORED = (
    "This picture has an EXIF orientation, which is not followed: it is shown as it is stored."
)
_NO_MEMORY = (
    "There is not enough memory free to open this picture. Make it smaller, or try again later."
)
_BUSY = "The server is too busy to open this picture. Try again in a minute."
_RARE = (
    "This picture is stored in a rare way that cannot be read here: "
    "save it as PNG or JPEG and open that."
)
_RESIZED = "This picture was made "
_RARELY = re.compile(
    r"unsupported|not supported|cannot handle|unknown (?:pixel mode|data organization|codec)|not yet",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class PictureInfo:
    """What a session stores about its picture; ``sha256`` is that of the upright RGB pixels."""

    name: str
    size: Size
    sha256: str


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """An upright picture.

    ``held`` are its pixels, which may have to be read again (an array is made that). ``sha256`` covers the
    size and the pixels, and two pictures are equal when it is. ``notes`` are sentences about how the file
    was read, for example that only its first frame is used.
    """

    name: str
    held: HeldPixels | Pixels
    sha256: str
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if isinstance(self.held, np.ndarray):
            object.__setattr__(self, "held", HeldPixels(self.held))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Picture) and self.sha256 == other.sha256

    def __hash__(self) -> int:
        return hash(self.sha256)

    @property
    def pixels(self) -> Pixels:
        """uint8 RGB [H, W, 3], read-only. Raises PictureError when they cannot be read again."""
        return self._held.get()

    @property
    def is_resized(self) -> bool:
        """Whether its file has another size, which was too large or too small."""
        return any(note.startswith(_RESIZED) for note in self.notes)

    @property
    def nbytes(self) -> int:
        """Bytes of its pixels, in memory or not."""
        return self._held.nbytes

    @property
    def source_bytes(self) -> int:
        """Bytes that are kept to read the pixels again."""
        return self._held.source_bytes

    @property
    def size(self) -> Size:
        """Width and height in picture pixels."""
        height, width = self._held.shape[:2]
        return Size(width, height)

    @property
    def _held(self) -> HeldPixels:
        assert isinstance(self.held, HeldPixels)
        return self.held

    def read_again_by(self, again: Callable[[], Picture]) -> Picture:
        """The same picture, whose pixels may go, as they can be had from ``again``."""
        held = HeldPixels(self.pixels, lambda: again().pixels)
        return replace(self, held=shared(self.sha256, held))

    @property
    def info(self) -> PictureInfo:
        """What a session stores about the picture."""
        return PictureInfo(self.name, self.size, self.sha256)


def open_picture(source: Source, name: str | None = None, *, upright: bool = True) -> Picture:
    """The picture of a path, a file's bytes, an open file, a PIL image or an array.

    An array is [H, W], [H, W, 1], RGB [H, W, 3] or RGBA [H, W, 4] of bytes, 16-bit whole numbers,
    booleans, or floats in 0…1. ``name`` is what people see; by default the file's own. A picture that
    is too large or too small for models is resized, and that is noted.

    Without ``upright`` the picture is as it is stored, for those to whom boxes or masks belong: an
    EXIF orientation turns nothing, and is noted (TIFF and HEIC are upright in any case), and what
    would have to be resized or lacks a part is refused.

    Raises PictureError, with a sentence, for everything that cannot be used.
    """
    name = safe_name(_name_of(source) if name is None else name)
    if isinstance(source, np.ndarray | Image.Image):
        with _as_picture_error():
            read = _as_read(_decoded(source, name, upright=upright))
        held = HeldPixels(read.pixels)
    else:
        with _as_picture_error():
            data = _read_bytes(source)
        read = _read(data, name, upright=upright)
        held = HeldPixels(read.pixels, partial(_read_again, data, name, upright), len(data))
    return Picture(name, shared(read.sha256, held), read.sha256, read.notes)


def read_file(data: bytes, name: str, *, upright: bool = True) -> ReadFile:
    """What is in the file, read by this process; see `open_picture`. Raises PictureError."""
    with _as_picture_error():
        return _as_read(_decoded(data, name, upright=upright))


def _read(data: bytes, name: str, *, upright: bool) -> ReadFile:
    if (others := readers()) is not None:
        try:
            return others.read(data, name, upright=upright)
        except OSError as error:  # no more processes can be started, and it is not read here then
            raise PictureError(_BUSY) from error
    return read_file(data, name, upright=upright)


def _read_again(data: bytes, name: str, upright: bool) -> Pixels:
    return _read(data, name, upright=upright).pixels


def _as_read(decoded: Decoded) -> ReadFile:
    pixels = np.ascontiguousarray(decoded.pixels)
    pixels.flags.writeable = False
    notes = decoded.notes + _size_notes(decoded)
    return ReadFile(pixels, digest_of(pixels), notes)


def _decoded(data: bytes | Image.Image | NDArray[Any], name: str, *, upright: bool) -> Decoded:
    decoded = _decode(data, name, as_stored=not upright)
    if upright:
        return _upright(decoded)
    notes = (AS_STORED,) if decoded.orientation != 1 else ()
    return replace(decoded, notes=decoded.notes + notes)


def _decode(data: bytes | Image.Image | NDArray[Any], name: str, *, as_stored: bool) -> Decoded:
    if isinstance(data, np.ndarray):
        return decode_array(_checked(data), as_stored=as_stored)
    if isinstance(data, Image.Image):
        return decode_image(data, as_stored=as_stored)
    return decode_file(data, name, as_stored=as_stored)


def safe_name(name: str) -> str:
    """A file name fit for display: no folders, no control characters, at most 120 characters."""
    last = PurePosixPath(name.replace("\\", "/")).name
    kept = "".join(c for c in last if unicodedata.category(c)[0] != "C")
    kept = " ".join(kept.split())
    if len(kept) > MAX_NAME:
        stem, dot, suffix = kept.rpartition(".")
        ending = f"…{dot}{suffix}" if stem and len(suffix) <= 5 else "…"
        kept = kept[: MAX_NAME - len(ending)] + ending
    return kept if kept.strip(". ") else "picture"


def _name_of(source: Source) -> str:
    if isinstance(source, str | Path):
        return str(source)
    found = getattr(source, "filename", None) or getattr(source, "name", None)
    return found if isinstance(found, str) else "picture"


def read_content(source: str | Path | bytes | BinaryIO) -> bytes:
    """The file's bytes. Raises PictureError when it cannot be read, is empty or too large."""
    with _as_picture_error():
        return _read_bytes(source)


def _read_bytes(source: str | Path | bytes | BinaryIO) -> bytes:
    """The file's bytes, at most one more than the limit."""
    if isinstance(source, bytes):
        data = source
    elif isinstance(source, str | Path):
        data = _read_file(Path(source))
    else:
        data = source.read(MAX_BYTES + 1)
    if not data:
        raise PictureError("This file is empty.")
    if len(data) > MAX_BYTES:
        raise PictureError(
            f"This file is larger than {MAX_BYTES // 1_000_000} MB. Use a smaller picture."
        )
    return data


def _read_file(path: Path) -> bytes:
    shown = safe_name(str(path))
    try:
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise PictureError(f"There is no file {shown}.") from None
    except IsADirectoryError:
        raise PictureError(f"{shown} is a folder, not a picture.") from None
    except (OSError, ValueError):
        raise PictureError(f"The file {shown} cannot be read.") from None


@contextmanager
def _as_picture_error() -> Iterator[None]:
    """PIL's errors as sentences. Its warnings are silenced: its size limit is not ours."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except PictureError:
        raise
    except MemoryError as error:
        raise PictureError(_NO_MEMORY) from error
    except Exception as error:  # a hostile file can make a decoder raise anything at all
        raise PictureError(_RARE if _RARELY.search(str(error)) else BROKEN) from error


def _upright(decoded: Decoded) -> Decoded:
    """The pixels turned as EXIF's orientation says, the size in the file with them."""
    pixels, given = _TURNS[decoded.orientation](decoded.pixels), decoded.given
    if decoded.orientation >= 5:
        given = Size(given.height, given.width)
    return Decoded(pixels, given, notes=decoded.notes)


# By EXIF 2.32, tag 274: what makes a stored picture upright.
_TURNS: dict[int, Callable[[Pixels], Pixels]] = {
    1: lambda pixels: pixels,
    2: lambda pixels: pixels[:, ::-1],
    3: lambda pixels: pixels[::-1, ::-1],
    4: lambda pixels: pixels[::-1],
    5: lambda pixels: pixels.transpose(1, 0, 2),
    6: lambda pixels: np.rot90(pixels, -1),
    7: lambda pixels: pixels[::-1, ::-1].transpose(1, 0, 2),
    8: lambda pixels: np.rot90(pixels),
}


def _size_notes(decoded: Decoded) -> tuple[str, ...]:
    height, width = decoded.pixels.shape[:2]
    given = decoded.given
    if (width, height) == (given.width, given.height):
        return ()
    how = "smaller" if width < given.width else "larger"
    return (
        f"{_RESIZED}{how}, from {given.width:,} × {given.height:,} to {width:,} × {height:,} "
        "pixels, in which its regions are given.",
    )


def _checked(array: NDArray[Any]) -> NDArray[Any]:
    """The array, without a channel axis of one. Raises PictureError when it has no picture's form."""
    if array.ndim == 3 and array.shape[2] == 1:
        array = array[:, :, 0]
    if array.ndim not in (2, 3) or (array.ndim == 3 and array.shape[2] not in (3, 4)):
        raise PictureError(
            "This is not a picture: expected an array [H, W], [H, W, 3] or [H, W, 4], "
            f"got shape {array.shape}."
        )
    return array


def digest_of(pixels: Pixels) -> str:
    """The SHA-256 of the size and the pixels [H, W, 3] of a picture."""
    height, width = pixels.shape[:2]
    digest = hashlib.sha256(f"{width}x{height}:".encode())
    digest.update(np.ascontiguousarray(pixels).data)
    return digest.hexdigest()
