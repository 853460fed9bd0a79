"""The tags of TIFF and EXIF: what reading them costs, and how a picture lies.

PIL and libtiff read whatever a tag points at, as often as tags point at it, and PIL makes an object of
every number. So what all tags of a directory name together is counted before.
"""

from __future__ import annotations

import re
import struct
from contextlib import suppress
from typing import NamedTuple

from PIL import ExifTags, Image

from demo.errors import PictureError
from demo.picture.structure import TOO_MANY_PARTS

_MAX_TAGS = 1_000  # of a directory; those of cameras have about a hundred
_MAX_NUMBERS = 600_000  # in a directory: where 300,000 strips lie, and their lengths
_MAX_SHARED = 100_000  # bytes that several tags of a directory may have in common
_MAX_SUBDIRECTORIES = 3  # of a page, as EXIF has them

_TEXTS = (1, 2, 7)  # types whose values stay bytes
_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 13: 4}  # of types
_OTHER_SIZE = 8
_SUBDIRECTORIES = tuple(ExifTags.IFD(tag) for tag in (34665, 34853, 40965))  # EXIF, GPS, Interop

_BEFORE_EXIF = re.compile(rb"\A(?:Exif\0\0)+")
_IN_XMP = re.compile(rb'tiff:Orientation(?:="|>)([0-9])')


class _Tag(NamedTuple):
    number: int
    type: int
    values: int  # how many
    field: bytes  # they themselves where they fit, or else where they lie

    @property
    def size(self) -> int:
        """Bytes of all its values."""
        return self.values * _SIZES.get(self.type, _OTHER_SIZE)


def check_directories(data: bytes, pages: int = 1) -> None:
    """Raise PictureError unless the tags of that many pages of a TIFF, or of EXIF, are soon read."""
    tiff, seen = _Tiff(data), set[int]()
    with suppress(struct.error):  # what cannot be found here, PIL does not find either
        place = tiff.first
        while place and place not in seen and len(seen) < pages:
            seen.add(place)
            place = tiff.check(place)


def orientation_of(image: Image.Image) -> int:
    """How a picture is to be turned, 1…8, by its EXIF or else its XMP; 1 where they do not say it."""
    found = None
    with suppress(struct.error, ValueError):
        found = _Tiff(_exif_of(image)).orientation
    if found is None:
        in_xmp = _IN_XMP.search(_xmp_of(image))
        found = int(in_xmp[1]) if in_xmp else 1
    return found if found in range(1, 9) else 1


class _Tiff:
    """Directories of tags in a file. Raises struct.error for what lies outside of it."""

    def __init__(self, data: bytes) -> None:
        data = _BEFORE_EXIF.sub(b"", data)
        order = "<" if data[:2] == b"II" else ">"
        self.data, self.is_big = data, data[2:3] == b"+"
        self._count = struct.Struct(order + ("Q" if self.is_big else "H"))
        self._tag = struct.Struct(order + ("HHQ8s" if self.is_big else "HHL4s"))
        self._place = struct.Struct(order + ("Q" if self.is_big else "L"))
        forms = {3: "H", 4: "L", 13: "L", 16: "Q"}
        self._numbers = {kind: struct.Struct(order + form) for kind, form in forms.items()}

    @property
    def first(self) -> int:
        """Where the first directory lies."""
        return int(self._place.unpack_from(self.data, 8 if self.is_big else 4)[0])

    @property
    def orientation(self) -> int | None:
        """What EXIF's tag of that name says."""
        tags, _ = self._directory(self.first)
        said = [tag for tag in tags if tag.number == ExifTags.Base.Orientation]
        return self._number(said[-1]) if said else None

    def check(self, place: int) -> int:
        """Where the next page lies. Raises PictureError when the tags of this one are too many."""
        tags, following = self._directory(place)
        self._check_sum(tags)
        below = self._below(tags)
        for at in below:  # which grows
            with suppress(struct.error):
                tags, _ = self._directory(at)
                self._check_sum(tags)
                below += self._below(tags)
            if len(below) > _MAX_SUBDIRECTORIES:
                raise PictureError(TOO_MANY_PARTS)
        return following

    def _directory(self, place: int) -> tuple[list[_Tag], int]:
        """The tags of a directory, as far as they are there, and where the next one lies, or 0."""
        if place > len(self.data):
            raise struct.error
        (count,) = self._count.unpack_from(self.data, place)
        start = place + self._count.size
        there = min(count, (len(self.data) - start) // self._tag.size, _MAX_TAGS + 1)
        end = start + there * self._tag.size
        tags = [_Tag(*fields) for fields in self._tag.iter_unpack(self.data[start:end])]
        with suppress(struct.error):
            return tags, int(self._place.unpack_from(self.data, end)[0])
        return tags, 0

    def _check_sum(self, tags: list[_Tag]) -> None:
        sizes = sum(min(tag.size, len(self.data)) for tag in tags if tag.size > self._place.size)
        numbers = sum(tag.values for tag in tags if tag.type not in _TEXTS)
        is_too_much = sizes > len(self.data) + _MAX_SHARED or numbers > _MAX_NUMBERS
        if is_too_much or len(tags) > _MAX_TAGS:
            raise PictureError(TOO_MANY_PARTS)

    def _below(self, tags: list[_Tag]) -> list[int]:
        """Where the directories lie that belong to this one."""
        places = [self._number(tag) for tag in tags if tag.number in _SUBDIRECTORIES]
        if None in places:  # what PIL makes of others is not to be guessed
            raise PictureError(TOO_MANY_PARTS)
        return [place for place in places if place is not None]

    def _number(self, tag: _Tag) -> int | None:
        """The one number that a tag is; None when it is something else."""
        form = self._numbers.get(tag.type)
        if form is None or tag.values != 1 or form.size > len(tag.field):
            return None
        return int(form.unpack_from(tag.field)[0])


def _exif_of(image: Image.Image) -> bytes:
    exif: bytes = image.info.get("exif") or b""
    if not exif and isinstance(raw := image.info.get("Raw profile type exif"), str):
        exif = bytes.fromhex("".join(raw.split("\n")[3:]))
    return exif


def _xmp_of(image: Image.Image) -> bytes:
    xmp = image.info.get("XML:com.adobe.xmp") or image.info.get("xmp") or b""
    return xmp.encode() if isinstance(xmp, str) else xmp
