"""A picture's file → RGB pixels: which of its images is meant, in which size it is read, what is missing.

Sizes are checked in the header before anything is decoded. Only the decoders named here are ever tried,
each for files that begin as its own; how many pixels one may decode follows from what it was measured to
need.
"""

from __future__ import annotations

import io
import struct
import threading
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image, ImageFile
from PIL.AvifImagePlugin import AvifImageFile
from PIL.BmpImagePlugin import BmpImageFile
from PIL.GifImagePlugin import GifImageFile
from PIL.IcoImagePlugin import IcoFile
from PIL.Jpeg2KImagePlugin import Jpeg2KImageFile
from PIL.JpegImagePlugin import jpeg_factory
from PIL.PngImagePlugin import PngImageFile
from PIL.PpmImagePlugin import PpmImageFile
from PIL.TiffImagePlugin import TiffImageFile
from PIL.WebPImagePlugin import WebPImageFile

from demo.errors import PictureError
from demo.machine.cgroups import free_main_memory
from demo.picture.colours import Pixels, rgb_pixels
from demo.picture.depth import bytes_of
from demo.picture.formats import Kind, check_tags, kind_of
from demo.picture.geometry import (
    MAX_PICTURE_PIXELS,
    MAX_PICTURE_RATIO,
    MAX_PICTURE_SIDE,
    MIN_PICTURE_SIDE,
    Size,
)

BROKEN = "This picture is damaged or incomplete and cannot be opened: save or download it again."
_NO_HEIF = (
    "This is a HEIC picture, and the package pillow-heif, which reads them, is not installed here: "
    "pip install pillow-heif, or save the picture as JPEG."
)
_MIN_GIVEN_SIDE = 4  # of less nobody can say anything

# Megapixels that are decoded at most, and bytes that each pixel was measured to take meanwhile: about 2 GB.
_MAX_DECODED = {"JPEG": 420, "WEBP": 120, "JPEG2000": 100}
_MAX_DECODED_OTHERWISE = 210
Image.MAX_IMAGE_PIXELS = _MAX_DECODED_OTHERWISE * 1_000_000  # some decoders ask it while they work
_BYTES_PER_PIXEL = {"WEBP": 16, "JPEG2000": 19, "AVIF": 9, "HEIF": 8}
_BYTES_OTHERWISE = 4
_COEFFICIENTS = (
    7  # bytes of each pixel of a progressive JPEG, in however small a size it is decoded
)
_MUCH = 500_000_000  # bytes; what takes more is decoded alone
_alone = threading.Lock()

_MAX_SCANS = 100  # of a progressive JPEG, each of which goes over the whole picture
_SCANS = tuple(b"\xff\xda\0" + bytes([6 + 2 * components]) for components in range(1, 5))
_END_OF_JPEG = b"\xff\xd9"

_MAX_PAGES = 32  # that are looked at
_SUBFILE, _REDUCED_OR_MASK = 254, 1 | 4  # a tag of TIFF pages, and two of its bits
_LOW_BYTES = {
    ";16B": ";16L",
    ";16L": ";16B",
    ";16N": ";16B",
}  # on machines that are little-endian, as all are
_BRIGHT = (
    64  # a 16-bit picture whose high bytes are all below this uses less than a quarter of its range
)

_MIN_KEPT = 0.1  # the part that must be there of a picture whose end is missing
_EXIF_ERRORS = (OSError, SyntaxError, ValueError, TypeError, LookupError, struct.error)


@dataclass(frozen=True, slots=True)
class Decoded:
    """What a file holds: RGB pixels, uint8 [H, W, 3], not turned yet.

    ``given`` is the size in the file, of which the pixels may be a smaller or larger copy; ``orientation``
    is EXIF's, 1…8, by which they are to be turned; ``notes`` are sentences about how the file was read.
    """

    pixels: Pixels
    given: Size
    orientation: int = 1
    notes: tuple[str, ...] = ()


def decode_file(data: bytes, name: str, *, as_stored: bool) -> Decoded:
    """The picture in a file of that name.

    With ``as_stored``, one that would have to be resized, or lacks a part, is refused. Raises PictureError,
    and whatever decoders raise for damaged files.
    """
    kind = kind_of(data, name)
    return _Reading(data, kind, as_stored).decoded()


def decode_image(image: Image.Image, *, as_stored: bool = False) -> Decoded:
    """The picture that a PIL image is, which need not be loaded yet. Raises as `decode_file` does."""
    _check_size(image.size, as_stored)
    given = Size(*image.size)
    image.load()
    pixels, notes = rgb_pixels(image, _factor(image.size))
    return Decoded(_enlarged(pixels), given, _orientation(image), notes)


def decode_array(array: NDArray[Any], *, as_stored: bool = False) -> Decoded:
    """The picture of an array [H, W], [H, W, 3] or [H, W, 4] of any type. Raises PictureError."""
    height, width = array.shape[:2]
    _check_size((width, height), as_stored)
    values, notes = bytes_of(array)
    pixels, _ = rgb_pixels(Image.fromarray(values), _factor((width, height)))
    return Decoded(_enlarged(pixels), Size(width, height), notes=notes)


class _Reading:
    """One file while it is read."""

    def __init__(self, data: bytes, kind: Kind, as_stored: bool) -> None:
        self.data, self.kind, self.as_stored = data, kind, as_stored
        self.notes: list[str] = []
        self.image = self._open(data)
        self.given = self.image.size

    def decoded(self) -> Decoded:
        """Check, load, and make RGB of it."""
        _check_size(self.given, self.as_stored)
        self._check_effort()
        with _alone if self._bytes_needed() > _MUCH else nullcontext():
            pixels = self._pixels()
        orientation = _orientation(self.image)
        return Decoded(_enlarged(pixels), Size(*self.given), orientation, tuple(self.notes))

    @property
    def factor(self) -> int:
        return _factor(self.given)

    @property
    def is_progressive(self) -> bool:
        return self.kind == "JPEG" and "progressive" in self.image.info

    def _open(self, data: bytes) -> Image.Image:
        """The image that is meant, not decoded yet."""
        file = io.BytesIO(data)
        if self.kind == "ICO":
            return self._largest_icon(IcoFile(file))
        image = _heif(file) if self.kind == "HEIF" else _OPENERS[self.kind](file)
        if isinstance(image, TiffImageFile):
            self._choose_page(image)
        elif self.kind == "HEIF":
            self._note_others(image, "picture", "its main one")
        elif image.format != "MPO":  # previews besides the photograph, which nobody misses
            self._note_others(image, "frame", "the first frame")
        return image

    def _note_others(self, image: Image.Image, part: str, used: str) -> None:
        if getattr(image, "is_animated", False):
            self._note(f"This file holds several {part}s: only {used} is used.")

    def _note(self, sentence: str) -> None:
        if sentence not in self.notes:  # a file may be opened twice
            self.notes.append(sentence)

    def _largest_icon(self, icons: IcoFile) -> Image.Image:
        entry = icons.entry[0]  # they are sorted
        if not self.data.startswith(b"\x89PNG", entry.offset):
            width, height = struct.unpack_from("<ii", self.data, entry.offset + 4)
            if max(abs(width), abs(height)) > 1024:
                raise PictureError(BROKEN)
        if len({other.dim for other in icons.entry}) > 1:
            self._note("This file holds an icon in several sizes: only the largest is used.")
        return icons.frame(0)

    def _choose_page(self, image: TiffImageFile) -> None:
        """Go to the first page that is no thumbnail of another."""
        check_tags(image.tag_v2)
        if not image.is_animated:
            return
        pages = _pages(image)
        largest = max(pages, key=lambda page: page.size[0] * page.size[1])
        whole = [page for page in pages if not page.is_small_copy_of(largest)] or [largest]
        chosen = whole[0]
        image.seek(chosen.number)
        if len(whole) > 1:
            used = "the first page" if chosen.number == 0 else f"page {chosen.number + 1}"
            self._note(f"This file holds several pages: only {used} is used.")

    def _check_effort(self) -> None:
        """Raise unless memory and time for decoding are bounded."""
        megapixels = self.given[0] * self.given[1] / 1e6
        most = _MAX_DECODED.get(self.kind, _MAX_DECODED_OTHERWISE)
        if self.is_progressive:
            most = _MAX_DECODED_OTHERWISE
            if sum(self.data.count(scan) for scan in _SCANS) > _MAX_SCANS:
                raise PictureError(BROKEN)
        if megapixels > most:
            raise PictureError(
                f"This picture is too large: it has {_shown(self.given)}, {megapixels:,.1f} megapixels, "
                f"and at most {most} can be read. Make it smaller, or cut out a part of it."
            )
        needed = self._bytes_needed()
        if needed > _MUCH and needed > free_main_memory():
            raise PictureError(
                f"This picture needs {needed / 1e9:.1f} GB of memory to be opened, more than is free now. "
                "Make it smaller, or try again later."
            )

    def _bytes_needed(self) -> int:
        decoded, kept = self.given[0] * self.given[1], MAX_PICTURE_PIXELS * 3
        if self.kind != "JPEG":
            return decoded * _BYTES_PER_PIXEL.get(self.kind, _BYTES_OTHERWISE) + kept
        coefficients = decoded * _COEFFICIENTS if self.is_progressive else 0
        return coefficients + decoded * _BYTES_OTHERWISE // self.factor**2 + kept

    def _pixels(self) -> Pixels:
        drafted = self._draft(self.image)
        has_low_bytes = self.factor == 1 and self._has_low_bytes()
        is_whole = self._load()
        if has_low_bytes and is_whole and (deep := self._deep()) is not None:
            values, notes = bytes_of(deep)
            pixels, _ = rgb_pixels(Image.fromarray(values))
        else:
            pixels, notes = rgb_pixels(self.image, self.factor // drafted)
        for note in notes:
            self._note(note)
        if not is_whole:
            self._say_what_is_missing(pixels)
        return pixels

    def _draft(self, image: Image.Image) -> int:
        """Let a JPEG be decoded in a smaller size; by how much it will be smaller."""
        width, height = image.size
        if self.kind == "JPEG" and self.factor > 1:
            image.draft(None, (width // self.factor, height // self.factor))
        return round(width / image.size[0])

    def _load(self) -> bool:
        """Decode it; False where the end is missing, and the picture is what came before."""
        try:
            self.image.load()
        except OSError:
            if self.kind == "JPEG":
                self.image = self._open(self.data + _END_OF_JPEG)
                self._draft(self.image)
                self.image.load()
            elif self.kind in ("PNG", "BMP", "PPM") and not self.image.info.get("interlace"):
                assert isinstance(self.image, ImageFile.ImageFile)
                self.image.tile = []  # nothing else is to be decoded
            else:
                raise
            return False
        return True

    def _say_what_is_missing(self, pixels: Pixels) -> None:
        missing = _empty_part(pixels, self.kind)
        if missing > 1 - _MIN_KEPT or (self.as_stored and (missing or self.is_progressive)):
            raise PictureError(BROKEN)
        lost = "nothing of the picture seems to be lost"
        if missing:
            lost = f"about {max(1, round(missing * 100))} % of the picture is empty"
        elif self.is_progressive:
            lost = "the picture may be less sharp"
        self._note(f"The end of this file is missing: {lost}.")

    def _has_low_bytes(self) -> bool:
        """Whether the file has 16 bits for each of several colours, of which PIL reads the high bytes."""
        tiles = getattr(self.image, "tile", ())
        return self.image.mode in ("RGB", "RGBA") and any(
            kind in str(tile.args) for tile in tiles for kind in _LOW_BYTES
        )

    def _deep(self) -> NDArray[np.uint16] | None:
        """All 16 bits, [H, W, 3], of a picture that uses little of its range; None for others."""
        extrema = self.image.getextrema()[:3]
        if max(high for _, high in extrema) >= _BRIGHT:  # type: ignore[misc]
            return None
        return np.asarray(_samples(self.image) << 8 | self._low_bytes(), np.uint16)

    def _low_bytes(self) -> NDArray[np.uint16]:
        image = self._open(self.data)
        assert isinstance(image, ImageFile.ImageFile)
        image.tile = [tile._replace(args=_low_args(tile.args)) for tile in image.tile]
        try:
            image.load()
        except (
            OSError,
            ValueError,
        ):  # a way of storing them of which PIL reads the high bytes only
            return np.zeros((image.height, image.width, 3), np.uint16)
        return _samples(image)


@dataclass(frozen=True, slots=True)
class _Page:
    """A page of a TIFF; ``is_marked`` says that it is a copy or a mask for another one."""

    number: int
    size: tuple[int, int]
    is_marked: bool

    def is_small_copy_of(self, other: _Page) -> bool:
        """Whether it is marked so, or has the same form and less than a quarter of the pixels."""
        (w, h), (width, height) = self.size, other.size
        is_alike = abs(w * height - h * width) <= 0.02 * w * height
        return self.is_marked or (is_alike and 4 * w * h <= width * height)


def _pages(image: TiffImageFile) -> list[_Page]:
    """The first pages, as far as they can be read; the first one was."""
    pages = []
    for number in range(_MAX_PAGES):
        try:
            image.seek(number)
        except (EOFError, *_EXIF_ERRORS):
            break
        marks = image.tag_v2.get(_SUBFILE, 0)
        pages.append(_Page(number, image.size, bool(marks & _REDUCED_OR_MASK)))
    return pages


def _heif(file: io.BytesIO) -> Image.Image:
    try:
        from pillow_heif import HeifImageFile
    except ImportError:
        raise PictureError(_NO_HEIF) from None
    opened: Image.Image = HeifImageFile(file)  # type: ignore[no-untyped-call]
    return opened


_OPENERS: dict[Kind, Callable[[io.BytesIO], Image.Image]] = {
    "JPEG": jpeg_factory,
    "PNG": PngImageFile,
    "AVIF": AvifImageFile,
    "WEBP": WebPImageFile,
    "GIF": GifImageFile,
    "TIFF": TiffImageFile,
    "BMP": BmpImageFile,
    "JPEG2000": Jpeg2KImageFile,
    "PPM": PpmImageFile,
}


def _check_size(size: tuple[int, int], as_stored: bool) -> None:
    """Raise unless a picture of that size in pixels can be used, resized where it may be."""
    short, long = min(size), max(size)
    least = MIN_PICTURE_SIDE if as_stored else _MIN_GIVEN_SIDE
    if short < least:
        raise PictureError(
            f"This picture is too small: it has {_shown(size)}, and each side needs at least {least}."
        )
    if long > MAX_PICTURE_RATIO * short:
        raise PictureError(
            f"This picture is too elongated: it has {_shown(size)}, and one side may be at most "
            f"{MAX_PICTURE_RATIO} times as long as the other. Cut out a part of it."
        )
    if as_stored and _factor(size) > 1:
        raise PictureError(
            f"This picture is too large: it has {_shown(size)} ({short * long / 1e6:,.1f} megapixels), "
            f"and at most {MAX_PICTURE_PIXELS // 1_000_000} megapixels and {MAX_PICTURE_SIDE:,} pixels at "
            "a side can be used where boxes belong to it."
        )


def _factor(size: tuple[int, int]) -> int:
    """How many times smaller a picture of that size is read: a power of two, as JPEGs can be."""
    factor, (width, height) = 1, size
    while width * height > MAX_PICTURE_PIXELS or max(width, height) > MAX_PICTURE_SIDE:
        factor *= 2
        width, height = (-(-side // factor) for side in size)
    return factor


def _enlarged(pixels: Pixels) -> Pixels:
    """Pixels, each drawn as a square where a side would be too short for a model."""
    times = -(-MIN_PICTURE_SIDE // min(pixels.shape[:2]))
    return pixels if times == 1 else pixels.repeat(times, axis=0).repeat(times, axis=1)


def _shown(size: tuple[int, int]) -> str:
    return f"{size[0]:,} × {size[1]:,} pixels"


def _orientation(image: Image.Image) -> int:
    try:
        found = image.getexif().get(ExifTags.Base.Orientation, 1)
    except _EXIF_ERRORS:  # the pixels are fine; only the note on how to turn them is not
        return 1
    return found if found in range(1, 9) else 1


def _samples(image: Image.Image) -> NDArray[np.uint16]:
    """The colours of an RGB or RGBA image, [H, W, 3]."""
    return np.asarray(image)[:, :, :3].astype(np.uint16)


def _low_args(args: Any) -> Any:
    """The arguments of a decoder, so that it takes each sample's other byte."""
    if isinstance(args, str):
        return next(
            (args.replace(high, low) for high, low in _LOW_BYTES.items() if high in args), args
        )
    return tuple(_low_args(arg) if isinstance(arg, str) else arg for arg in args)


def _empty_part(pixels: Pixels, kind: Kind) -> float:
    """The part 0…1 of a picture that is of one colour from where its file ended.

    In a JPEG that colour is grey, and begins within a row of blocks; a BMP is stored from below.
    """
    rows = pixels if kind == "BMP" else pixels[::-1]
    colour = rows[0, -1].astype(int)
    if kind == "JPEG" and (abs(colour.mean() - 128) > 28 or np.ptp(colour) > 6):
        return 0.0
    is_full = ((row != colour).any() for row in rows)
    empty = next((n for n, full in enumerate(is_full) if full), len(rows))
    if kind == "JPEG" and (rows[:8, -8:] == colour).all():
        empty = max(empty, 1)
    return empty / len(rows)
