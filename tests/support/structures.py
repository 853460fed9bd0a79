"""Picture files whose parts are many, large or in a circle, whatever their size in pixels."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterable
from typing import Any

import numpy as np
from PIL import Image, ImageCms, PngImagePlugin

Tag = tuple[int, int, int, int]  # its number, type, count, and its value or where that lies

SIZE = (64, 48)
_BYTE, _SHORT, _LONG = 1, 3, 4


def saved(kind: str, size: tuple[int, int] = SIZE, mode: str = "RGB", **options: Any) -> bytes:
    """A plain picture as a file of that kind."""
    file = io.BytesIO()
    Image.linear_gradient("L").convert(mode).resize(size).save(file, kind, **options)
    return file.getvalue()


# JPEG ----------------------------------------------------------------------------------------------


def jpeg(before: bytes) -> bytes:
    """A JPEG with those bytes before its first segment."""
    data = saved("JPEG")
    return data[:2] + before + data[2:]


def segment(marker: int, content: bytes) -> bytes:
    """A segment of a JPEG: FF, its marker, its length, and what it holds."""
    return struct.pack(">BBH", 0xFF, marker, len(content) + 2) + content


def scans(count: int, size: tuple[int, int] = SIZE) -> bytes:
    """A sequential JPEG of three colours whose first is told again and again."""
    data = saved("JPEG", size, quality=50)
    start = data.index(b"\xff\xda")
    table = data[start + 5 : start + 7]
    return data[:start] + segment(0xDA, b"\1" + table + b"\0\x3f\0") * count + b"\xff\xd9"


# PNG -----------------------------------------------------------------------------------------------


def png(
    before: Iterable[tuple[bytes, bytes]] = (),
    after: Iterable[tuple[bytes, bytes]] = (),
    piece: int = 1 << 20,
    size: tuple[int, int] = SIZE,
) -> bytes:
    """A PNG with those chunks before its pixels and after them, which lie in pieces of so many bytes."""
    data = saved("PNG", size)
    start, end = data.index(b"IDAT") - 4, data.index(b"IEND") - 4
    (length,) = struct.unpack_from(">I", data, start)
    pixels = data[start + 8 : start + 8 + length]
    pieces = [(b"IDAT", pixels[i : i + piece]) for i in range(0, length, piece)]
    body = b"".join(_chunk(*each) for each in [*before, *pieces, *after])
    return data[:start] + body + data[end:]


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(
        ">I", zlib.crc32(kind + content)
    )  # fmt: skip


def packed_profile() -> tuple[bytes, bytes]:
    """A chunk that says that it is a colour profile, and unpacks to a megabyte."""
    return b"iCCP", b"x\0\0" + zlib.compress(bytes(PngImagePlugin.MAX_TEXT_CHUNK - 1), 9)


# GIF -----------------------------------------------------------------------------------------------


def gif(before: bytes = b"", after: bytes = b"") -> bytes:
    """A GIF with those bytes before its picture and after it."""
    data = saved("GIF", mode="L")
    start = data.index(b",\0\0\0\0")
    return data[:start] + before + data[start:-1] + after + data[-1:]


def blocks(content: bytes, length: int) -> bytes:
    """That content in blocks of so many bytes, as a GIF has it."""
    pieces = (content[i : i + length] for i in range(0, len(content), length))
    return b"".join(bytes([len(piece)]) + piece for piece in pieces) + b"\0"


# TIFF and EXIF -------------------------------------------------------------------------------------


def directory(tags: Iterable[Tag], following: int = 0) -> bytes:
    """A directory of tags, little-endian, and where the next one lies."""
    sorted_tags = sorted(tags)
    entries = b"".join(struct.pack("<HHII", *tag) for tag in sorted_tags)
    return struct.pack("<H", len(sorted_tags)) + entries + struct.pack("<I", following)


def tiff(
    *,
    more: Iterable[Tag] = (),
    strips: int = SIZE[1],
    rows: int = 1,
    apart: int = 0,
    after: bytes = b"",
    size: tuple[int, int] = SIZE,
) -> bytes:
    """A grey TIFF of raw strips of so many rows; ``more`` are other tags.

    From byte 8 on lie the offsets of the strips, then ``after``, their bytes, and the directory. Each strip
    begins that many bytes ``apart`` from the former one, in most of whose bytes it lies.
    """
    places = 8 + 4 * strips + len(after)
    offsets = np.arange(strips, dtype="<u4") * apart + places
    body = offsets.tobytes() + after + bytes(size[0] * rows + apart * strips)
    tags = [*_grey(size), (278, _LONG, 1, rows), (273, _LONG, strips, 8), (279, _LONG, 1, size[0])]
    return b"II*\0" + struct.pack("<I", 8 + len(body)) + body + directory([*tags, *more])


def _grey(size: tuple[int, int]) -> list[Tag]:
    tags = {256: size[0], 257: size[1], 258: 8, 259: 1, 262: 1, 277: 1}
    return [(tag, _LONG, 1, value) for tag, value in tags.items()]


def overlapping(count: int, size: int) -> list[Tag]:
    """So many tags that all hold the same bytes, from byte 8 on."""
    return [(41_000 + n, _BYTE, size, 8) for n in range(count)]


def exif(count: int, size: int, *, orientation: int = 6) -> bytes:
    """EXIF that says how the picture lies, and has so many tags of the same ``size`` bytes."""
    tags = [(274, _SHORT, 1, orientation), *overlapping(count, size)]
    return b"II*\0" + struct.pack("<I", 8 + size) + bytes(size) + directory(tags)


def pages(count: int) -> bytes:
    """A TIFF of that many pages, each of which is the same strip."""
    pixels = bytes(SIZE[0] * SIZE[1])
    start = 8 + len(pixels)
    tags = [
        *_grey(SIZE),
        (273, _LONG, 1, 8),
        (278, _LONG, 1, SIZE[1]),
        (279, _LONG, 1, len(pixels)),
    ]
    length = len(directory(tags))
    following = [start + length * n for n in range(1, count)]
    directories = b"".join(directory(tags, place) for place in [*following, 0])
    return b"II*\0" + struct.pack("<I", start) + pixels + directories


def with_exif(kind: str, content: bytes) -> bytes:
    """A file of that kind with that EXIF, byte by byte, which none of its writers would write."""
    size = len(content) - 26
    tag = (37_500, 7, size, 26)
    stand_in = b"II*\0" + struct.pack("<I", 8) + directory([tag]) + b"\xa5" * size
    assert len(stand_in) == len(content)
    data = saved(kind, exif=b"Exif\0\0" + stand_in)
    assert data.count(stand_in) == 1
    return data.replace(stand_in, content)


# Colour profiles -----------------------------------------------------------------------------------


def profile(steps: int) -> bytes:
    """A profile like sRGB's with another way, of so many steps to black, which are the same bytes."""
    step = b"matf" + bytes(4) + struct.pack(">HH", 3, 3) + bytes(12 * 4)
    places = struct.pack(">II", 16 + 8 * steps, len(step)) * steps
    way = b"mpet" + bytes(4) + struct.pack(">HHI", 3, 3, steps) + places + step
    data = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    data = data.replace("sRGB".encode("utf-16-be"), "RGB?".encode("utf-16-be"))
    entry = data.index(b"cprt")
    named = b"D2B1" + struct.pack(">II", len(data), len(way))
    length = struct.pack(">I", len(data) + len(way))
    return length + data[4:entry] + named + data[entry + 12 :] + way
