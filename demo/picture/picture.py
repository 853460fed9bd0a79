"""Anything a person gives as a picture → upright RGB pixels, or a sentence that says why not.

Sizes are checked in the file's header before anything is decoded. This file knows neither sessions
on disk nor models; a `Picture` is never resized here.
"""

from __future__ import annotations

import hashlib
import io
import math
import re
import struct
import unicodedata
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image, ImageOps, UnidentifiedImageError

from demo.errors import PictureError
from demo.picture.geometry import MAX_PICTURE_PIXELS, Size

Pixels = NDArray[np.uint8]
Source = str | Path | bytes | BinaryIO | Image.Image | NDArray[Any]

FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF")  # MPO, two JPEGs in one, comes with JPEG
MIN_SIDE = 16
MAX_RATIO = 20
MAX_BYTES = 100_000_000
MAX_NAME = 120

_NOT_A_PICTURE = (
    "This is not a picture this demo can open (PNG, JPEG, WebP, GIF, BMP or TIFF). "
    "Save it in one of these formats and try again."
)
_SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp", ".tif", ".tiff")
_MISNAMED = (
    "This file has a picture’s name but is damaged or holds something else. Choose another file."
)
_BROKEN = "This picture is damaged or incomplete and cannot be opened: save or download it again."
# A note on a picture that was opened as it is stored.
AS_STORED = (
    "This picture has an EXIF orientation, which is not followed: it is shown as it is stored."
)

_EXIF_ERRORS = (OSError, SyntaxError, ValueError, TypeError, LookupError, struct.error)


@dataclass(frozen=True, slots=True)
class PictureInfo:
    """What a session stores about its picture; ``sha256`` is that of the upright RGB pixels."""

    name: str
    size: Size
    sha256: str


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """An upright picture: ``pixels`` is uint8 RGB [H, W, 3] and read-only.

    ``sha256`` covers the size and the pixels, and two pictures are equal when it is. ``notes`` are
    sentences about how the file was read, for example that only its first frame is used.
    """

    name: str
    pixels: Pixels
    sha256: str
    notes: tuple[str, ...] = ()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Picture) and self.sha256 == other.sha256

    def __hash__(self) -> int:
        return hash(self.sha256)

    @property
    def size(self) -> Size:
        """Width and height in picture pixels."""
        height, width = self.pixels.shape[:2]
        return Size(width, height)

    @property
    def info(self) -> PictureInfo:
        """What a session stores about the picture."""
        return PictureInfo(self.name, self.size, self.sha256)


def open_picture(source: Source, name: str | None = None, *, upright: bool = True) -> Picture:
    """The picture of a path, a file's bytes, an open file, a PIL image or an array.

    An array is [H, W], [H, W, 1], RGB [H, W, 3] or RGBA [H, W, 4] of bytes, 16-bit whole numbers,
    booleans, or floats in 0…1. ``name`` is what people see; by default the file's own. Without
    ``upright`` an EXIF orientation turns nothing, and is noted (a TIFF is upright in any case).
    Raises PictureError, with a sentence, for everything that cannot be used.
    """
    name = safe_name(_name_of(source) if name is None else name)
    with _as_picture_error(name):
        if isinstance(source, np.ndarray):
            source = _image_of(source)
        if isinstance(source, Image.Image):
            return _decode(name, source, upright)
        with Image.open(io.BytesIO(_read_bytes(source)), formats=FORMATS) as image:
            return _decode(name, image, upright)


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
def _as_picture_error(name: str) -> Iterator[None]:
    """PIL's errors as sentences. Its warnings are silenced: its size limit is not ours."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except PictureError:
        raise
    except UnidentifiedImageError:
        is_named_so = name.lower().endswith(_SUFFIXES)
        raise PictureError(_MISNAMED if is_named_so else _NOT_A_PICTURE) from None
    except Image.DecompressionBombError as error:
        raise PictureError(_bomb_sentence(error)) from None
    except Exception as error:  # a hostile file can make a decoder raise anything at all
        raise PictureError(_BROKEN) from error


def _bomb_sentence(error: Image.DecompressionBombError) -> str:
    """PIL refuses the largest headers before their size can be asked; its text holds a number."""
    pixels = re.search(r"\((\d+) pixels\)", str(error))
    return _too_large(f"{int(pixels[1]) / 1e6:,.0f} megapixels" if pixels else "far more")


def _too_large(shown: str) -> str:
    limit = MAX_PICTURE_PIXELS // 1_000_000
    return f"This picture is too large: it has {shown}, and at most {limit} megapixels can be used."


def _check_size(width: int, height: int) -> None:
    shown = f"{width:,} × {height:,} pixels"
    if min(width, height) < MIN_SIDE:
        raise PictureError(
            f"This picture is too small: it has {shown}, and each side needs at least {MIN_SIDE}."
        )
    if width * height > MAX_PICTURE_PIXELS:
        raise PictureError(_too_large(f"{shown} ({width * height / 1e6:,.1f} megapixels)"))
    if max(width, height) > MAX_RATIO * min(width, height):
        raise PictureError(
            f"This picture is too elongated: it has {shown}, and one side may be at most "
            f"{MAX_RATIO} times as long as the other."
        )


def _decode(name: str, image: Image.Image, upright: bool) -> Picture:
    _check_size(*image.size)
    notes = _notes(image)
    image.load()
    if upright:
        image = _turn_upright(image)
    elif _is_turned(image):
        notes = (*notes, AS_STORED)
    pixels = np.array(_as_rgb(image))
    pixels.flags.writeable = False
    return Picture(name, pixels, _digest(pixels), notes)


def _notes(image: Image.Image) -> tuple[str, ...]:
    # A camera's MPO holds previews besides the photograph; nobody misses those.
    if image.format == "MPO" or not getattr(image, "is_animated", False):
        return ()
    part = "page" if image.format == "TIFF" else "frame"
    return (f"This file holds several {part}s: only the first {part} is used.",)


def _turn_upright(image: Image.Image) -> Image.Image:
    try:
        return ImageOps.exif_transpose(image)
    except _EXIF_ERRORS:  # the pixels are fine; only the note on how to turn them is not
        return image


def _is_turned(image: Image.Image) -> bool:
    try:
        return image.getexif().get(ExifTags.Base.Orientation, 1) in range(2, 9)
    except _EXIF_ERRORS:
        return False


def _as_rgb(image: Image.Image) -> Image.Image:
    """As RGB: transparency over white, deep grey scaled to 8 bits."""
    if image.mode.startswith(("I", "F")):
        return Image.fromarray(_as_bytes(np.asarray(image))).convert("RGB")
    if not image.has_transparency_data:
        return image.convert("RGB")
    image = image.convert("RGBA")
    over_white = Image.new("RGB", image.size, "white")
    over_white.paste(image, mask=image.getchannel("A"))
    return over_white


def _image_of(array: NDArray[Any]) -> Image.Image:
    if array.ndim == 3 and array.shape[2] == 1:
        array = array[:, :, 0]
    if array.ndim not in (2, 3) or (array.ndim == 3 and array.shape[2] not in (3, 4)):
        raise PictureError(
            "This is not a picture: expected an array [H, W], [H, W, 3] or [H, W, 4], "
            f"got shape {array.shape}."
        )
    height, width = array.shape[:2]
    _check_size(width, height)
    return Image.fromarray(_as_bytes(array))


def _as_bytes(array: NDArray[Any]) -> Pixels:
    """Brightness as bytes, scaled from the range usual for the type, else from the values there are."""
    if array.dtype == np.uint8:
        return np.asarray(array, dtype=np.uint8)
    if array.dtype == np.bool_:
        return array.astype(np.uint8) * np.uint8(255)
    low, high = float(array.min()), float(array.max())
    if not math.isfinite(low) or not math.isfinite(high):
        raise PictureError("This picture holds values that are not numbers, and cannot be shown.")
    low, high = _value_range(array.dtype, low, high)
    scaled = (array.astype(np.float32) - low) * (255 / (high - low))
    return np.asarray(np.floor(scaled + 0.5), dtype=np.uint8)


def _value_range(dtype: np.dtype[Any], low: float, high: float) -> tuple[float, float]:
    """Which values are black and white, given the type of a picture and its extremes."""
    usual = (1.0, 255.0) if dtype.kind == "f" else (65535.0,)
    for white in usual:
        if low >= 0 and high <= white:
            return 0.0, white
    return low, max(high, low + 1)


def _digest(pixels: Pixels) -> str:
    height, width = pixels.shape[:2]
    digest = hashlib.sha256(f"{width}x{height}:".encode())
    digest.update(np.ascontiguousarray(pixels).data)
    return digest.hexdigest()
