"""The weights of a checkpoint as numbers, block by block, without torch."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from demo.checkpoints.folders import INDEX, ONE_FILE, read_json
from demo.errors import CheckpointError

# The types of numbers in weights; BF16 is the upper half of a float32.
_KINDS: dict[str, np.dtype[Any]] = {
    "F64": np.dtype(np.float64), "F32": np.dtype(np.float32), "F16": np.dtype(np.float16),
    "BF16": np.dtype(np.uint16),
}  # fmt: skip
_MAX_HEADER = 100_000_000  # bytes, the format's own limit
BLOCK = 1 << 22  # numbers that are held at once


@dataclass(frozen=True, slots=True)
class Stored:
    """A tensor in a safetensors file: ``shape`` numbers of type ``kind`` from byte ``begin`` on."""

    name: str
    file: Path
    kind: str
    shape: tuple[int, ...]
    begin: int

    def blocks(self, first: int = 0, rows: int | None = None) -> Iterator[np.ndarray]:
        """Its rows from ``first`` on as float32, as many at a time as `BLOCK` allows."""
        width = int(np.prod(self.shape[1:]))
        rows = self.shape[0] - first if rows is None else rows
        step = max(1, BLOCK // width)
        with self.file.open("rb") as opened:
            opened.seek(self.begin + first * width * _KINDS[self.kind].itemsize)
            for start in range(0, rows, step):
                count = min(step, rows - start)
                yield self._read(opened, count * width).reshape(count, *self.shape[1:])

    def _read(self, opened: BinaryIO, count: int) -> np.ndarray:
        if self.kind == "BF16":
            bits = np.frombuffer(opened.read(2 * count), np.uint16).astype(np.uint32)
            return (bits << 16).view(np.float32)
        kind = _KINDS[self.kind]
        return np.frombuffer(opened.read(kind.itemsize * count), kind).astype(np.float32)


def stored_tensors(folder: Path) -> dict[str, Stored]:
    """The tensors of a checkpoint under one set of names, whichever release saved them."""
    if (folder / ONE_FILE).is_file():
        files = [folder / ONE_FILE]
    else:
        files = [
            folder / str(n) for n in sorted(set(read_json(folder / INDEX)["weight_map"].values()))
        ]
    return {t.name: t for file in files for t in _tensors_of(file)}


def _tensors_of(file: Path) -> Iterator[Stored]:
    with file.open("rb") as opened:
        length = int.from_bytes(opened.read(8), "little")
        if length > _MAX_HEADER:
            raise CheckpointError(f"{file} does not hold weights.")
        header = json.loads(opened.read(length))
    header.pop("__metadata__", None)
    for name, at in header.items():
        yield Stored(
            plain_name(name),
            file,
            at["dtype"],
            tuple(at["shape"]),
            8 + length + at["data_offsets"][0],
        )


def plain_name(name: str) -> str:
    """The name of a tensor without the prefixes that releases of transformers differ in."""
    name = re.sub(r"^model\.visual\.", "visual.", name)
    return re.sub(r"^model\.language_model\.|^language_model\.model\.", "model.", name)
