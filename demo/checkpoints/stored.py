"""The tensors in safetensors files: where they are, and their numbers, without torch."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

_COMPARED = 1 << 18  # bytes
_BLOCK = 1 << 20  # numbers that are held at once
# The types that weights have; BF16 is the upper half of a float32.
_KINDS: dict[str, np.dtype[Any]] = {
    "F64": np.dtype("<f8"), "F32": np.dtype("<f4"), "F16": np.dtype("<f2"), "BF16": np.dtype("<u2"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Stored:
    """A tensor in a file: numbers of type ``kind`` from byte ``begin`` to ``end``, in that shape."""

    name: str
    file: Path
    kind: str
    shape: tuple[int, ...]
    begin: int
    end: int

    @property
    def is_readable(self) -> bool:
        """Whether its numbers are of a type that can be read here."""
        return self.kind in _KINDS

    def ends(self) -> tuple[bytes, bytes]:
        """Its first and last bytes, by which two tensors can be told apart."""
        count = min(_COMPARED, self.end - self.begin)
        with self.file.open("rb") as opened:
            opened.seek(self.begin)
            first = opened.read(count)
            opened.seek(self.end - count)
            return first, opened.read(count)

    def rows(self, first: int, count: int) -> Iterator[np.ndarray]:
        """Those rows as float32, some at a time; a row is what one step along the first axis holds."""
        width = math.prod(self.shape[1:])
        step = max(1, _BLOCK // max(1, width))
        with self.file.open("rb") as opened:
            opened.seek(self.begin + first * width * _KINDS[self.kind].itemsize)
            for start in range(0, count, step):
                taken = min(step, count - start)
                yield self._read(opened, taken * width).reshape(taken, *self.shape[1:])

    def _read(self, opened: BinaryIO, count: int) -> np.ndarray:
        kind = _KINDS[self.kind]
        found = np.frombuffer(opened.read(kind.itemsize * count), kind)
        if self.kind == "BF16":
            return (found.astype(np.uint32) << 16).view(np.float32)
        return found.astype(np.float32)


def tensors_in(file: Path) -> Iterator[Stored]:
    """The tensors of a file whose header was found whole (see `weights.tensor_files`)."""
    with file.open("rb") as opened:
        length = int.from_bytes(opened.read(8), "little")
        header = json.loads(opened.read(length))
    header.pop("__metadata__", None)
    for name, at in header.items():
        begin, end = (8 + length + offset for offset in at["data_offsets"])
        yield Stored(name, file, at["dtype"], tuple(at["shape"]), begin, end)


def by_plain_name(files: Iterable[Path]) -> dict[str, Stored]:
    """The tensors of some files under one set of names, whichever release of transformers saved them."""
    found = (tensor for file in files for tensor in tensors_in(file))
    return {(name := plain_name(tensor.name)): replace(tensor, name=name) for tensor in found}


def plain_name(name: str) -> str:
    """The name of a tensor without the prefixes that releases differ in."""
    name = re.sub(r"^model\.visual\.", "visual.", name)
    return re.sub(r"^(model\.language_model|language_model\.model)\.", "model.", name)
