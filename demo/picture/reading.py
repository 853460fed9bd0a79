"""A picture's file → RGB pixels, and what there is to be said about how it was read.

Sizes are checked in the header before anything is decoded; how many pixels a decoder may make follows from
what it was measured to need.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFile
from PIL.JpegImagePlugin import JpegImageFile

from demo.errors import PictureError
from demo.fairlock import FairLock
from demo.machine.cgroups import free_main_memory
from demo.picture.colours import Pixels, rgb_pixels
from demo.picture.depth import bytes_of
from demo.picture.formats import Kind, kind_of
from demo.picture.geometry import MAX_PICTURE_PIXELS, Size
from demo.picture.parts import open_part
from demo.picture.sizes import check_size, enlarged, factor_for, in_pixels
from demo.picture.tags import orientation_of

try:
    import fcntl
except ImportError:  # not on Windows
    fcntl = None  # type: ignore[assignment]

BROKEN = "This picture is damaged or incomplete and cannot be opened: save or download it again."

# Megapixels that are decoded at most, and bytes that each pixel was measured to take meanwhile: about 2 GB.
_MAX_DECODED = {"JPEG": 420, "WEBP": 120, "JPEG2000": 100}
_MAX_DECODED_OTHERWISE = 210
Image.MAX_IMAGE_PIXELS = _MAX_DECODED_OTHERWISE * 1_000_000  # some decoders ask it while they work
_BYTES_PER_PIXEL = {"WEBP": 16, "JPEG2000": 19, "AVIF": 9, "HEIF": 8}
_BYTES_OTHERWISE = 4
_COEFFICIENTS = 7  # bytes more, of a JPEG of several scans, in however small a size it is decoded
_MUCH = 500_000_000  # bytes; what takes more is decoded alone
_alone = threading.Lock()
MAX_DECODERS = 2  # at once; each may need 2 GB
_decoders = FairLock(MAX_DECODERS)
_SMALL = 2_000_000  # pixels; what has no more does not wait for larger ones

_IN_PYTHON, _MAX_IN_PYTHON = ("ppm", "ppm_plain", "bmp_rle"), 12  # decoders of PIL, megapixels
_SCAN, _END_OF_JPEG = b"\xff\xda", b"\xff\xd9"

# What reads the other byte of each sample, on machines that are little-endian, as all are.
_LOW_BYTES = {";16B": ";16L", ";16L": ";16B", ";16N": ";16B"}
_BRIGHT = 64  # of the high byte: a quarter of the range of 16 bits

_MIN_KEPT = 0.1  # the part that must be there of a picture whose end is missing


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
    check_size(image.size, as_stored)
    given = Size(*image.size)
    with _place_for(image.size):
        image.load()
        pixels, notes = rgb_pixels(image, factor_for(image.size))
    return Decoded(enlarged(pixels), given, orientation_of(image), notes)


def decode_array(array: NDArray[Any], *, as_stored: bool = False) -> Decoded:
    """The picture of an array [H, W], [H, W, 3] or [H, W, 4] of any type. Raises PictureError."""
    height, width = array.shape[:2]
    check_size((width, height), as_stored)
    values, notes = bytes_of(array)
    pixels, _ = rgb_pixels(Image.fromarray(values), factor_for((width, height)))
    return Decoded(enlarged(pixels), Size(width, height), notes=notes)


class _Reading:
    """One file while it is read."""

    def __init__(self, data: bytes, kind: Kind, as_stored: bool) -> None:
        self.data, self.kind, self.as_stored = data, kind, as_stored
        self.image, notes = open_part(data, kind)
        self.given, self.notes = self.image.size, list(notes)

    def decoded(self) -> Decoded:
        """Check, load, and make RGB of it."""
        check_size(self.given, self.as_stored)
        self._check_effort()
        needed = self._bytes_needed()
        with _place_for(self.given), _decoding_alone() if needed > _MUCH else nullcontext():
            _check_memory(needed)
            pixels = self._pixels()
        notes = tuple(self.notes)
        return Decoded(enlarged(pixels), Size(*self.given), orientation_of(self.image), notes)

    @property
    def factor(self) -> int:
        return factor_for(self.given)

    @property
    def is_progressive(self) -> bool:
        return self.kind == "JPEG" and "progressive" in self.image.info

    @property
    def _is_in_scans(self) -> bool:
        """Whether a JPEG comes in several scans, which are all kept until the last one is there."""
        if self.is_progressive or not isinstance(self.image, JpegImageFile):
            return self.is_progressive
        assert self.image.fp is not None
        head = self.data[: self.image.fp.tell()]  # which ends where its first scan begins
        return head[head.rindex(_SCAN) + 4] < self.image.layers

    @property
    def _is_decoded_in_python(self) -> bool:
        return any(tile.codec_name in _IN_PYTHON for tile in getattr(self.image, "tile", ()))

    def _check_effort(self) -> None:
        """Raise unless memory and time for decoding are bounded."""
        megapixels = self.given[0] * self.given[1] / 1e6
        most = _MAX_DECODED.get(self.kind, _MAX_DECODED_OTHERWISE)
        if self._is_in_scans:
            most = _MAX_DECODED_OTHERWISE
        todo = "can be read. Make it smaller, or cut out a part of it."
        if self._is_decoded_in_python:
            most, todo = _MAX_IN_PYTHON, "can be read from such a file. Save it as PNG or JPEG."
        if megapixels > most:
            raise PictureError(
                f"This picture is too large: it has {in_pixels(self.given)}, {megapixels:,.1f} megapixels, "
                f"and at most {most} {todo}"
            )

    def _bytes_needed(self) -> int:
        decoded, kept = self.given[0] * self.given[1], MAX_PICTURE_PIXELS * 3
        if self.kind != "JPEG":
            return decoded * _BYTES_PER_PIXEL.get(self.kind, _BYTES_OTHERWISE) + kept
        coefficients = decoded * _COEFFICIENTS if self._is_in_scans else 0
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
        self.notes += notes
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
                self.image, _ = open_part(self.data + _END_OF_JPEG, self.kind)
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
        self.notes.append(f"The end of this file is missing: {lost}.")

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
        image, _ = open_part(self.data, self.kind)
        assert isinstance(image, ImageFile.ImageFile)
        image.tile = [tile._replace(args=_low_args(tile.args)) for tile in image.tile]
        try:
            image.load()
        except (OSError, ValueError):  # stored so that PIL reads the high bytes only
            return np.zeros((image.height, image.width, 3), np.uint16)
        return _samples(image)


@contextmanager
def _decoding_alone() -> Iterator[None]:
    """For one at a time, whichever process of this program decodes."""
    with _alone, open(__file__, "rb") as file:
        if fcntl is not None:
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _place_for(size: tuple[int, int]) -> AbstractContextManager[None]:
    """One of the few places in which a large picture may be decoded."""
    return _decoders if size[0] * size[1] > _SMALL else nullcontext()


def _check_memory(needed: int) -> None:
    if needed > _MUCH and needed > free_main_memory():
        raise PictureError(
            f"This picture needs {needed / 1e9:.1f} GB of memory to be opened, more than is free now. "
            "Make it smaller, or try again later."
        )


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
