"""The header of a GGUF file: its metadata and its tensors, without their numbers.

Reading costs little whatever the file says: counts and lengths are bounded, large arrays passed over.
"""

from __future__ import annotations

import math
import re
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO

from demo.errors import CheckpointError, disk_fault

_MAGIC, _VERSIONS, _BIG_ENDIAN = b"GGUF", (2, 3), (b"\0\0\0\2", b"\0\0\0\3")
_NUMBERS = {  # of metadata, by their numbers in the format
    0: "<B", 1: "<b", 2: "<H", 3: "<h", 4: "<I", 5: "<i", 6: "<f", 7: "<?", 10: "<Q", 11: "<q", 12: "<d",
}  # fmt: skip
_STRING, _ARRAY = 8, 9
_MAX_ENTRIES = 100_000  # of metadata, and tensors
_MAX_ITEMS = 4_000_000  # texts in all arrays; the largest vocabularies have half a million
_MAX_TEXT = 1 << 26  # bytes of all texts that are kept
_KEPT_ITEMS = 64  # a longer array is passed over
_MAX_DIMENSIONS, _MAX_ALIGNMENT = 4, 1 << 16
_LENGTH = struct.Struct("<Q")
_WINDOW = 1 << 20  # bytes read at once
_SPLIT = re.compile(r"(?P<stem>.+)-(?P<part>\d{5})-of-(?P<parts>\d{5})\.gguf")

Value = bool | int | float | str | tuple[bool | int | float | str, ...]


@dataclass(frozen=True, slots=True)
class Tensor:
    """A tensor: ``shape`` with the length of a row first, and ``kind``, the number of its type."""

    name: str
    shape: tuple[int, ...]
    kind: int
    offset: int

    @property
    def size(self) -> int | None:
        """Its bytes; None for a type that is not known here."""
        from gguf import GGML_QUANT_SIZES, GGMLQuantizationType

        try:
            numbers, size = GGML_QUANT_SIZES[GGMLQuantizationType(self.kind)]
        except (ValueError, KeyError):
            return None
        return math.prod(self.shape) // numbers * size


@dataclass(frozen=True, slots=True)
class Header:
    """The metadata by key, without large arrays, and the tensors by name."""

    file: Path
    values: Mapping[str, Value]
    tensors: Mapping[str, Tensor]

    def text(self, key: str) -> str:
        """A text; empty where there is none."""
        value = self.values.get(key)
        return value if isinstance(value, str) else ""

    def number(self, key: str, default: int = 0) -> int:
        """A whole number; ``default`` where there is none. The first one, where layers differ in it."""
        value = self.values.get(key)
        first = value[0] if isinstance(value, tuple) and value else value
        return first if type(first) is int else default

    @property
    def architecture(self) -> str:
        """Such as *qwen2vl*, or *clip* for a vision tower."""
        return self.text("general.architecture")

    @property
    def weights(self) -> int:
        """Bytes of all tensors."""
        return sum(tensor.size or 0 for tensor in self.tensors.values())


def read_header(file: Path) -> Header:
    """The header of a file. Raises CheckpointError for one that is not a whole GGUF file."""
    try:
        state = file.stat()
        return _read(file, state.st_size, state.st_mtime_ns)
    except OSError as error:
        raise CheckpointError(f"The file {file} cannot be read: {disk_fault(error)}.") from error


def parts_of(file: Path) -> list[Path]:
    """All files of a model that is split into several, the first one first; else the file alone.

    llama.cpp is given the first one. Raises CheckpointError when one is missing.
    """
    found = _SPLIT.fullmatch(file.name)
    if found is None:
        return [file]
    count = int(found["parts"])
    if not 0 < count <= _MAX_ENTRIES:
        raise CheckpointError(
            f"The name of {file} counts its parts wrongly. Fetch or copy it again."
        )
    names = [f"{found['stem']}-{part:05}-of-{found['parts']}.gguf" for part in range(1, count + 1)]
    parts = [file.with_name(name) for name in names]
    missing = [part.name for part in parts if not part.is_file()]
    if missing:
        more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
        raise CheckpointError(
            f"The model {found['stem']} in {file.parent} is split into {count} files, and {missing[0]}"
            f"{more} of them {'are' if more else 'is'} missing. Fetch or copy that as well."
        )
    return parts


@lru_cache(maxsize=64)
def _read(file: Path, size: int, _changed_ns: int) -> Header:
    with file.open("rb") as opened:
        reader = _Reader(file, size, opened)
        tensors, entries = _beginning(file, reader)
        values = _metadata(reader, entries)
        found = dict(_tensor(reader) for _ in range(tensors))
        header = Header(file, values, found)
        _check_end(header, size, reader.place)
        return header


def _beginning(file: Path, reader: _Reader) -> tuple[int, int]:
    """How many tensors and entries of metadata follow."""
    magic = reader.take(min(4, reader.left))
    if magic != _MAGIC:
        raise CheckpointError(f"The file {file} {_what_else(magic, reader)}")
    version = reader.take(4)
    if version in _BIG_ENDIAN:
        raise CheckpointError(
            f"The file {file} was written for big-endian machines. Give the usual one, or convert it with "
            "gguf-convert-endian of the gguf package."
        )
    if (number := int.from_bytes(version, "little")) not in _VERSIONS:
        raise CheckpointError(
            f"The file {file} is of version {number} of the GGUF format, which is not known here. Fetch a "
            "newer one of the model, or update this demo."
        )
    tensors, entries = reader.number("<Q"), reader.number("<Q")
    if max(tensors, entries) > _MAX_ENTRIES:
        raise reader.damage()
    return int(tensors), int(entries)


def _what_else(first: bytes, reader: _Reader) -> str:
    """The rest of a sentence about a file that is none."""
    text = (first + reader.take(min(60, reader.left))).lstrip().lower()
    if text.startswith(b"version https://git-lfs"):
        return "is only a pointer to the real file, which git lfs pull in its folder fetches."
    if text.startswith((b"<!doctype", b"<html", b"<?xml")):
        return (
            "is a web page, not a model: fetch the file itself, which a page offers for download."
        )
    return "is not a GGUF file: it does not begin like one. Fetch or copy it again."


def _metadata(reader: _Reader, entries: int) -> dict[str, Value]:
    values: dict[str, Value] = {}
    for _ in range(entries):
        key, kind = reader.text(), int(reader.number("<I"))
        if kind != _ARRAY:
            values[key] = reader.value(kind)
            continue
        inner, length = int(reader.number("<I")), int(reader.number("<Q"))
        if length <= _KEPT_ITEMS:
            values[key] = tuple(reader.value(inner) for _ in range(length))
        else:
            reader.skip_values(inner, length)
    return values


def _tensor(reader: _Reader) -> tuple[str, Tensor]:
    name, dimensions = reader.text(), int(reader.number("<I"))
    if dimensions > _MAX_DIMENSIONS:
        raise reader.damage()
    shape = tuple(int(reader.number("<Q")) for _ in range(dimensions))
    return name, Tensor(name, shape, int(reader.number("<I")), int(reader.number("<Q")))


def _check_end(header: Header, size: int, place: int) -> None:
    """Raises CheckpointError when the tensors reach beyond the end of the file."""
    alignment = header.number("general.alignment", 32)
    if not 0 < alignment <= _MAX_ALIGNMENT:
        raise _damage_error(header.file)
    begin = place + -place % alignment
    whole = max((begin + t.offset + (t.size or 0) for t in header.tensors.values()), default=0)
    if whole > size:
        raise _cut_off_error(header.file, whole - size)


class _Reader:
    """Reads values one after the other, some of the file at a time. Raises CheckpointError at its end."""

    def __init__(self, file: Path, size: int, opened: BinaryIO) -> None:
        self._file, self._size, self._opened = file, size, opened
        # What was read last, and how far in it and in the file.
        self._window, self._at, self._read = b"", 0, 0
        self._items, self._kept = 0, 0  # texts passed over, and bytes of what was not

    @property
    def place(self) -> int:
        """Bytes from the beginning of the file."""
        return self._read - len(self._window) + self._at

    @property
    def left(self) -> int:
        """Bytes to the end of the file."""
        return self._size - self.place

    def take(self, count: int) -> bytes:
        """The next bytes."""
        self._kept += count
        if count > self.left or self._kept > _MAX_TEXT:
            raise self.damage()
        if self._at + count > len(self._window):
            self._fill(count)
        self._at += count
        return self._window[self._at - count : self._at]

    def skip(self, count: int) -> None:
        """Pass over bytes."""
        if count > self.left:
            raise self.damage()
        if self._at + count <= len(self._window):
            self._at += count
            return
        self._read = self.place + count
        self._window, self._at = b"", 0
        self._opened.seek(self._read)

    def number(self, form: str) -> bool | int | float:
        """The next number, of that form of `struct`."""
        found: bool | int | float = struct.unpack(form, self.take(struct.calcsize(form)))[0]
        return found

    def text(self) -> str:
        """The next text."""
        return self.take(int(self.number("<Q"))).decode("utf-8", "replace")

    def value(self, kind: int) -> bool | int | float | str:
        """The next number or text, of that type."""
        if kind == _STRING:
            return self.text()
        if kind not in _NUMBERS:
            raise self.damage()
        return self.number(_NUMBERS[kind])

    def skip_values(self, kind: int, length: int) -> None:
        """Pass over the items of an array."""
        if kind in _NUMBERS:
            self.skip(length * struct.calcsize(_NUMBERS[kind]))
            return
        self._items += length
        if kind != _STRING or self._items > _MAX_ITEMS:
            raise self.damage()
        for _ in range(length):
            if self._at + 8 > len(self._window):
                self._fill(8)
            (size,) = _LENGTH.unpack_from(self._window, self._at)
            self._at += 8
            self.skip(size)

    def damage(self) -> CheckpointError:
        """The error for a header that cannot be as it says."""
        return _damage_error(self._file)

    def _fill(self, count: int) -> None:
        kept = self._window[self._at :]
        read = self._opened.read(max(_WINDOW, count))
        self._window, self._at = kept + read, 0
        self._read += len(read)
        if len(self._window) < count:  # it became shorter meanwhile
            raise self.damage()


def _damage_error(file: Path) -> CheckpointError:
    return CheckpointError(
        f"The file {file} is damaged or cut off at its beginning. Fetch or copy it again."
    )


def _cut_off_error(file: Path, missing: int) -> CheckpointError:
    return CheckpointError(
        f"The file {file} is cut off: {missing:,} bytes of it are missing. Fetch or copy it again."
    )
