"""Files that hold several pictures: which one is meant, and what is said about it.

Only the decoders named here are ever tried, each for files that begin as its own.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Callable
from dataclasses import dataclass

from PIL import Image
from PIL.AvifImagePlugin import SUPPORTED as READS_AVIF
from PIL.AvifImagePlugin import AvifImageFile
from PIL.BmpImagePlugin import BmpImageFile
from PIL.GifImagePlugin import GifImageFile
from PIL.IcoImagePlugin import IcoFile
from PIL.Jpeg2KImagePlugin import Jpeg2KImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.PpmImagePlugin import PpmImageFile
from PIL.TiffImagePlugin import TiffImageFile
from PIL.WebPImagePlugin import WebPImageFile

from demo.errors import PictureError
from demo.picture.boxes import check_described
from demo.picture.formats import Kind, check_tags
from demo.picture.structure import BoundedFile, check_counts, has_more_frames
from demo.picture.tags import check_directories

Notes = tuple[str, ...]

_NO_HEIF = (
    "This is a HEIC picture, and the package pillow-heif, which reads them, is not installed here: "
    "pip install pillow-heif, or save the picture as JPEG."
)
_MAX_ICON_SIDE = 1024
_MAX_PAGES = 32  # that are looked at
_SUBFILE, _REDUCED_OR_MASK = 254, 1 | 4  # a tag of TIFF pages, and two of its bits


def open_part(data: bytes, kind: Kind) -> tuple[Image.Image, Notes]:
    """The picture that a file is about, not decoded yet, and a sentence where it holds several.

    Raises PictureError, and whatever PIL raises for damaged files.
    """
    check_counts(data, kind)
    file = BoundedFile(data, kind)
    opened = _opened(data, file, kind)
    file.was_opened()
    return opened


def _opened(data: bytes, file: io.BytesIO, kind: Kind) -> tuple[Image.Image, Notes]:
    if kind == "ICO":
        return _largest_icon(data, IcoFile(file))
    if kind == "TIFF":
        check_directories(data, _MAX_PAGES)
        return _main_page(TiffImageFile(file))
    if kind == "GIF":
        return _first_frame(data, GifImageFile(file))
    if kind == "HEIF":
        check_described(data)
        return _noted(_heif(file), _note("picture", "its main one"))
    if kind == "AVIF" and READS_AVIF:
        _check_exif(data)
    return _noted(_OPENERS[kind](file), _FIRST_FRAME)


def _noted(image: Image.Image, of_several: Notes) -> tuple[Image.Image, Notes]:
    return image, of_several if getattr(image, "is_animated", False) else ()


def _note(part: str, used: str) -> Notes:
    return (f"This file holds several {part}s: only {used} is used.",)


_FIRST_FRAME = _note("frame", "the first frame")


class _Jpeg(JpegImageFile):
    """A JPEG without the previews that a camera's MPO holds besides, and without its resolution, for which
    PIL would read all of its EXIF at once.
    """

    def _read_dpi_from_exif(self) -> None:
        pass


def _first_frame(data: bytes, image: GifImageFile) -> tuple[Image.Image, Notes]:
    """PIL would read the second one, too, to find out whether there is one."""
    return image, _FIRST_FRAME if has_more_frames(data, image.tile[0].offset) else ()


def _check_exif(data: bytes) -> None:
    """Raise PictureError when an AVIF has EXIF of too many tags, all of which PIL reads."""
    from PIL import _avif  # which not every build of PIL has

    *_, exif, _, _ = _avif.AvifDecoder(data, "auto", 1).get_info()
    check_directories(exif or b"")


def _heif(file: io.BytesIO) -> Image.Image:
    try:
        from pillow_heif import HeifImageFile
    except ImportError:
        raise PictureError(_NO_HEIF) from None
    image: Image.Image = HeifImageFile(file)  # type: ignore[no-untyped-call]
    return image


def _largest_icon(data: bytes, icons: IcoFile) -> tuple[Image.Image, Notes]:
    entry = icons.entry[0]  # they are sorted
    if not data.startswith(b"\x89PNG", entry.offset):  # a BMP, which is decoded at once
        sides = struct.unpack_from("<ii", data, entry.offset + 4)
        if max(map(abs, sides)) > _MAX_ICON_SIDE:
            raise ValueError(f"an icon of {sides} pixels")
    are_several = len({other.dim for other in icons.entry}) > 1
    return icons.frame(0), _note("size", "the largest one") if are_several else ()


def _main_page(image: TiffImageFile) -> tuple[Image.Image, Notes]:
    """The first page that is no thumbnail of another. Raises PictureError for a camera's raw file."""
    check_tags(image.tag_v2)
    if not image.is_animated:
        return image, ()
    pages = _pages(image)
    largest = max(pages, key=lambda page: page.size[0] * page.size[1])
    whole = [page for page in pages if not page.is_small_copy_of(largest)] or [largest]
    number = whole[0].number
    image.seek(number)
    used = f"page {number + 1}" if number else "the first page"
    return image, _note("page", used) if len(whole) > 1 else ()


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
        except (EOFError, OSError, SyntaxError, ValueError, TypeError, LookupError, struct.error):
            break
        marks = image.tag_v2.get(_SUBFILE, 0)
        pages.append(_Page(number, image.size, bool(marks & _REDUCED_OR_MASK)))
    return pages


_OPENERS: dict[Kind, Callable[[io.BytesIO], Image.Image]] = {
    "JPEG": _Jpeg,
    "PNG": PngImageFile,
    "AVIF": AvifImageFile,
    "WEBP": WebPImageFile,
    "BMP": BmpImageFile,
    "JPEG2000": Jpeg2KImageFile,
    "PPM": PpmImageFile,
}
