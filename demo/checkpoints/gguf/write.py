"""A GGUF file, written tensor by tensor and gone on with after an interruption.

It gets its name only when it is whole; until then ``.part`` follows it.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import gguf
import numpy as np
from gguf import GGMLQuantizationType as Type
from gguf import GGUFWriter

from demo.checkpoints.gguf.layout import Part
from demo.checkpoints.stored import Stored
from demo.errors import CheckpointError, disk_fault

PART = ".part"
_ALIGNMENT = gguf.GGUF_DEFAULT_ALIGNMENT
_PLAIN: dict[Type, np.dtype[Any]] = {Type.F32: np.dtype(np.float32), Type.F16: np.dtype(np.float16)}
_MAX_HALF = float(np.finfo(np.float16).max)


@dataclass(frozen=True, slots=True)
class Planned:
    """A tensor to write: a part of the checkpoint, as numbers of that type."""

    part: Part
    type: Type

    @property
    def size(self) -> int:
        """Bytes in the file, without those that fill it up to the next tensor."""
        numbers, size = gguf.GGML_QUANT_SIZES[self.type]
        return math.prod(self.part.shape) // numbers * size

    @property
    def place(self) -> int:
        """Bytes in the file."""
        return self.size + -self.size % _ALIGNMENT


class File:
    """One GGUF file to write: its header and its tensors, in order."""

    def __init__(self, path: Path, writer: GGUFWriter, planned: Sequence[Planned]) -> None:
        """``writer`` has the metadata; its own path is used for the header alone."""
        self.path, self._planned = path, planned
        self._head = _header(writer, planned)
        self.size = len(self._head) + sum(each.place for each in planned)

    @property
    def _unfinished(self) -> Path:
        return self.path.with_name(self.path.name + PART)

    @property
    def is_whole(self) -> bool:
        """Whether exactly this file is there. Raises CheckpointError when another one is in its place."""
        if not self.path.exists():
            return False
        if self.path.stat().st_size == self.size and _begins_with(self.path, self._head):
            return True
        raise CheckpointError(
            f"{self.path} is there already, and was made from something else or in another way. Give "
            "another folder with --out, or delete that file first."
        )

    @property
    def written(self) -> int:
        """Bytes of it that are there already and are kept."""
        if self.is_whole:
            return self.size
        if not self._unfinished.is_file() or not _begins_with(self._unfinished, self._head):
            return 0
        return self._kept(self._unfinished.stat().st_size)[1]

    def write(self, tensors: Mapping[str, Stored], told: Callable[[int], None]) -> None:
        """Write what is missing of it; ``told`` is called with the number of new bytes.

        Raises CheckpointError for weights that are no numbers, and when the disk fails.
        """
        if self.is_whole:
            return
        try:
            self._write(tensors, told)
        except OSError as error:
            raise CheckpointError(
                f"{self.path} could not be written: {disk_fault(error)}. What is there is kept: start "
                "again to continue."
            ) from error

    def _write(self, tensors: Mapping[str, Stored], told: Callable[[int], None]) -> None:
        done, end = self._kept(self.written)
        with self._unfinished.open("r+b" if end else "wb") as opened:
            if not end:
                end = opened.write(self._head)
                told(end)
            opened.seek(end)
            for each in self._planned[done:]:
                self._add(opened, each, tensors[each.part.source], told)
            opened.flush()
            os.fsync(opened.fileno())
        self._unfinished.replace(self.path)

    def _add(
        self, opened: BinaryIO, each: Planned, stored: Stored, told: Callable[[int], None]
    ) -> None:
        for block in numbers_of(each.part, stored):
            told(opened.write(encoded(block, each.type, stored.name).data))
        told(opened.write(bytes(each.place - each.size)))

    def _kept(self, size: int) -> tuple[int, int]:
        """How many whole tensors a beginning of ``size`` bytes has, and where they end; 0 for no header."""
        end = len(self._head)
        if size < end:
            return 0, 0
        for done, each in enumerate(self._planned):
            if end + each.place > size:
                return done, end
            end += each.place
        return len(self._planned), end


def numbers_of(part: Part, stored: Stored) -> Iterator[np.ndarray]:
    """The rows of a part as float32, some at a time."""
    count = min(part.shape[0], stored.shape[0] - part.first)
    for block in stored.rows(part.first, count):
        taken = block if part.frame is None else block[:, :, part.frame]
        missing = [
            (0, wanted - has) for wanted, has in zip(part.shape[1:], taken.shape[1:], strict=True)
        ]
        yield np.pad(taken, [(0, 0), *missing]) if any(end for _, end in missing) else taken
    if count < part.shape[0]:
        yield np.zeros((part.shape[0] - count, *part.shape[1:]), np.float32)


def encoded(block: np.ndarray, kind: Type, name: str) -> np.ndarray:
    """Rows as bytes of a file. Raises CheckpointError for values that are not numbers, or too large."""
    most = max(abs(float(block.max(initial=0))), abs(float(block.min(initial=0))))
    if not most <= (_MAX_HALF if kind == Type.F16 else math.inf) or most == math.inf:
        raise CheckpointError(
            f"The weights of the checkpoint are damaged: {name} holds values that are not numbers or too "
            "large. Merge, save or fetch it again."
        )
    return np.ascontiguousarray(gguf.quantize(np.ascontiguousarray(block), kind)).view(np.uint8)


def _header(writer: GGUFWriter, planned: Sequence[Planned]) -> bytes:
    """The bytes before the first tensor."""
    for each in planned:
        shape = each.part.shape
        if plain := _PLAIN.get(each.type):
            writer.add_tensor_info(each.part.name, shape, plain, each.size)
            continue
        shape = gguf.quant_shape_to_byte_shape(shape, each.type)
        kind = np.dtype(np.uint8)
        writer.add_tensor_info(each.part.name, shape, kind, each.size, raw_dtype=each.type)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_ti_data_to_file()
    writer.close()
    assert writer.path is not None
    head = writer.path.read_bytes()
    writer.path.unlink()
    return head + bytes(-len(head) % _ALIGNMENT)


def _begins_with(file: Path, head: bytes) -> bool:
    with file.open("rb") as opened:
        return opened.read(len(head)) == head
