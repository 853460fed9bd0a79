"""Picture files of very many parts, which would take minutes to read, whatever their size in pixels.

What costs most is counted in the file before it is read. Everything else that PIL's readers do in Python
they do between one read and the next; so a file that can be read a bounded number of times bounds them all.
"""

from __future__ import annotations

import io

from demo.errors import PictureError
from demo.picture.formats import Kind

TOO_MANY_PARTS = (
    "This picture’s file is made of too many parts to be read. Open it in another program, save it as PNG "
    "or JPEG, and open that."
)

# How often a file may be read until its size is known, and then again until its pixels are; and how many
# bytes it may give in all, of which strips of a TIFF, for one, can name the same.
_TO_OPEN, _TO_OPEN_JPEG, _TO_LOAD = 12_000, 3_000, 12_000_000
_TIMES_READ, _READ_BESIDES = 4, 200_000_000

# What makes work each time that it occurs, and how often it may, at most: a scan goes over the whole JPEG,
# EXIF is copied as often as its name is there, and each packed chunk of a PNG may become a megabyte.
_SCAN, _EXIF = b"\xff\xda\0", b"Exif\0\0"
_PACKED = (b"iCCP", b"zTXt", b"iTXt")
_MAX_SCANS, _MAX_EXIFS, _MAX_PACKED, _MAX_COMMENTS = 100, 64, 100, 1_000
_MAX_BLOCKS = 2_000_000  # of a frame of a GIF; those of 255 bytes are 500 MB


class BoundedFile(io.BytesIO):
    """A file in memory that can be read a bounded number of times, and gives so many bytes.

    Raises PictureError after that.
    """

    def __init__(self, data: bytes, kind: Kind) -> None:
        super().__init__(data)
        self._left = _TO_OPEN_JPEG if kind == "JPEG" else _TO_OPEN
        self._bytes_left = _TIMES_READ * len(data) + _READ_BESIDES

    def was_opened(self) -> None:
        """What is read from now on are its pixels."""
        self._left = _TO_LOAD

    def read(self, size: int | None = -1, /) -> bytes:
        """As a file's, once."""
        given = super().read(size)
        self._left -= 1
        self._bytes_left -= len(given)
        if self._left < 0 or self._bytes_left < 0:
            raise PictureError(TOO_MANY_PARTS)
        return given


def check_counts(data: bytes, kind: Kind) -> None:
    """Raise PictureError when something that costs much each time occurs too often in a file."""
    too_many = kind in ("JPEG", "AVIF") and data.count(_EXIF) > _MAX_EXIFS
    if kind == "JPEG":
        too_many |= data.count(_SCAN) > _MAX_SCANS
    elif kind in ("PNG", "ICO"):
        too_many |= sum(map(data.count, _PACKED)) > _MAX_PACKED
    elif kind == "PPM":
        too_many |= is_plain(data) and data.count(b"#") > _MAX_COMMENTS
    if too_many:
        raise PictureError(TOO_MANY_PARTS)


def is_plain(data: bytes) -> bool:
    """Whether a PPM has its pixels as text."""
    return data[1:2] in b"123"


def has_more_frames(data: bytes, start: int) -> bool:
    """Whether another frame follows in a GIF after the one whose packed pixels begin there.

    A frame begins with a comma, other things with an exclamation mark and a byte that says which; a
    semicolon ends the file. Raises PictureError when they have too many blocks.
    """
    place, is_in_blocks = start, True
    for _ in range(_MAX_BLOCKS):
        if place >= len(data):
            return False
        byte = data[place]
        if is_in_blocks:  # each has its length before it; the last one has none
            place, is_in_blocks = place + 1 + byte, byte > 0
        elif byte in b",;":
            return byte == ord(",")
        else:
            is_in_blocks = byte == ord("!")
            place += 2 if is_in_blocks else 1
    raise PictureError(TOO_MANY_PARTS)
