"""The boxes of a HEIC (ISO/IEC 14496-12 and 23008-12): what EXIF and XMP of its pictures cost.

pillow-heif copies them for every picture that they are said to describe, whichever is then used; and those
of many pictures may be the same bytes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import suppress

from demo.errors import PictureError
from demo.picture.structure import TOO_MANY_PARTS

_TIMES, _BESIDES = 4, 50_000_000  # the file's bytes, and how many more may be copied
_MAX_BOXES = 5_000  # within one; libheif takes a thousand pictures
_MAX_PIECES = 32  # of which one item may be made, as libheif has it


def check_described(data: bytes) -> None:
    """Raise PictureError when the EXIF and XMP of all pictures in a HEIC would take too much memory."""
    sizes, times = Counter[int](), Counter[int]()
    for kind, start, end in _boxes(data, 0, len(data)):
        for inner, at, to in _boxes(data, start + 4, end) if kind == b"meta" else ():
            if inner == b"iloc":
                for item, size in _sizes(_Fields(data[at:to])):
                    sizes[item] += min(size or len(data), len(data))
            elif inner == b"iref":
                for item, count in _describing(data, at, to):
                    times[item] += count
    if sum(sizes[item] * times[item] for item in times) > _TIMES * len(data) + _BESIDES:
        raise PictureError(TOO_MANY_PARTS)


class _Fields:
    """Numbers, one after the other. Raises EOFError behind the last one."""

    def __init__(self, data: bytes) -> None:
        self.data, self.at = data, 0

    def number(self, size: int) -> int:
        """The next one, of that many bytes, or 0 where it has none."""
        self.at += size
        if self.at > len(self.data):
            raise EOFError
        return int.from_bytes(self.data[self.at - size : self.at], "big")


def _boxes(data: bytes, start: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """The kind of each box there, and where that which is in it begins and ends."""
    for _ in range(_MAX_BOXES):
        if start + 8 > end:
            return
        size, kind = int.from_bytes(data[start : start + 4], "big"), data[start + 4 : start + 8]
        head = 8
        if size == 1:
            size, head = int.from_bytes(data[start + 8 : start + 16], "big"), 16
        to = min(start + max(size, head), end) if size else end
        yield kind, start + head, to
        start = to
    raise PictureError(TOO_MANY_PARTS)


def _sizes(fields: _Fields) -> Iterator[tuple[int, int]]:
    """Items and the sizes of their pieces (``iloc``); 0 is all that there is."""
    with suppress(EOFError):
        version = fields.number(4) >> 24
        widths = fields.number(2)
        offset, length, base, index = (widths >> at & 15 for at in (12, 8, 4, 0))
        of_item = 4 if version == 2 else 2
        for _ in range(min(fields.number(of_item), _MAX_BOXES)):
            item = fields.number(of_item)
            fields.number(4 if version else 2)
            fields.number(base)
            if (pieces := fields.number(2)) > _MAX_PIECES:
                raise PictureError(TOO_MANY_PARTS)
            for _ in range(pieces):
                fields.number((index if version else 0) + offset)
                yield item, fields.number(length)


def _describing(data: bytes, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Items and how many others they describe (``cdsc`` in ``iref``)."""
    width = 4 if data[start : start + 1] > b"\0" else 2
    for kind, at, to in _boxes(data, start + 4, end):
        if kind == b"cdsc":
            with suppress(EOFError):
                fields = _Fields(data[at:to])
                yield fields.number(width), fields.number(2)
