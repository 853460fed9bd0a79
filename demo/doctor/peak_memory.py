"""The most memory that a device had to give while something was done."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from types import TracebackType

import psutil
import torch

_EVERY_S = 0.01
_STATUS, _MAPS = Path("/proc/self/status"), Path("/proc/self/maps")


class Peak:
    """Measures from entering to leaving, in bytes over what was taken before.

    On CUDA that is what torch has reserved, exactly. Elsewhere memory is looked at a hundred times a
    second; on a CPU what is counted is what cannot be given back: pages of files that are merely mapped
    are not in it (`mapped_bytes` counts those of weights).
    """

    def __init__(self, device: str) -> None:
        self._device = device
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._before = self._most = 0

    @property
    def bytes(self) -> int:
        if self._device == "cuda":
            return torch.cuda.max_memory_reserved() - self._before
        self._look()
        return self._most - self._before

    def __enter__(self) -> Peak:
        if self._device == "cuda":
            torch.cuda.empty_cache()
            torch.cuda.reset_peak_memory_stats()
            self._before = torch.cuda.memory_reserved()
            return self
        self._before = self._most = self._taken()
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join()

    def _watch(self) -> None:
        while not self._ended.wait(_EVERY_S):
            self._look()

    def _look(self) -> None:
        self._most = max(self._most, self._taken())

    def _taken(self) -> int:
        return int(torch.mps.driver_allocated_memory()) if self._device == "mps" else _resident()


def _resident() -> int:
    """Bytes of this process in memory; on Linux without the pages of files."""
    try:
        lines = _STATUS.read_text(encoding="ascii").splitlines()
    except OSError:
        return int(psutil.Process().memory_info().rss)
    kinds = dict(line.split(":", 1) for line in lines)
    return 1024 * sum(int(kinds[kind].split()[0]) for kind in ("RssAnon", "RssShmem"))


def mapped_bytes(tensors: Iterable[torch.Tensor]) -> int:
    """How much of these lies in mapped files, such as weights that are used where the file has them."""
    try:
        lines = _MAPS.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return 0
    inside = _inside(lines)
    return sum(t.nbytes for t in tensors if t.device.type == "cpu" and inside(t.data_ptr()))


def _inside(lines: Iterable[str]) -> Callable[[int], bool]:
    """Whether an address lies in a mapped file: a line has a range, rights, offset, device and inode."""
    ranges: list[tuple[int, int]] = []
    for line in lines:
        place, _, _, _, inode = line.split()[:5]
        begin, _, end = place.partition("-")
        if inode != "0":
            ranges.append((int(begin, 16), int(end, 16)))
    return lambda address: any(begin <= address < end for begin, end in ranges)
