"""The most memory in use on a device while something was done."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from pathlib import Path

import psutil
import torch

_INTERVAL_S = 0.01
_STATUS, _MAPS = Path("/proc/self/status"), Path("/proc/self/maps")


class Peak:
    """Measures the peak inside a ``with`` block, in bytes above what was in use before it.

    On CUDA that is exactly what torch reserved. Elsewhere memory is sampled a hundred times a second; on a
    CPU only memory that cannot be reclaimed counts, so not the pages of mapped files (`mapped_bytes`
    counts those of weights).
    """

    def __init__(self, device: str) -> None:
        self._device = device
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._before = self._max = 0

    @property
    def bytes(self) -> int:
        if self._device == "cuda":
            return torch.cuda.max_memory_reserved() - self._before
        self._sample()
        return self._max - self._before

    def __enter__(self) -> Peak:
        if self._device == "cuda":
            torch.cuda.empty_cache()
            torch.cuda.reset_peak_memory_stats()
            self._before = torch.cuda.memory_reserved()
            return self
        self._before = self._max = self._used()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join()

    def _watch(self) -> None:
        while not self._ended.wait(_INTERVAL_S):
            self._sample()

    def _sample(self) -> None:
        self._max = max(self._max, self._used())

    def _used(self) -> int:
        return int(torch.mps.driver_allocated_memory()) if self._device == "mps" else _resident()


def _resident() -> int:
    """Bytes of this process in memory; on Linux without pages of mapped files."""
    try:
        lines = _STATUS.read_text(encoding="ascii").splitlines()
    except OSError:
        return int(psutil.Process().memory_info().rss)
    kinds = dict(line.split(":", 1) for line in lines)
    return 1024 * sum(int(kinds[kind].split()[0]) for kind in ("RssAnon", "RssShmem"))


def mapped_bytes(tensors: Iterable[torch.Tensor]) -> int:
    """Bytes of those tensors that lie in mapped files, as weights do that are used without a copy."""
    try:
        lines = _MAPS.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return 0
    inside = _inside(lines)
    return sum(t.nbytes for t in tensors if t.device.type == "cpu" and inside(t.data_ptr()))


def _inside(lines: Iterable[str]) -> Callable[[int], bool]:
    """A test whether an address lies in a mapped file.

    A line has an address range, permissions, offset, device and inode.
    """
    ranges: list[tuple[int, int]] = []
    for line in lines:
        place, _, _, _, inode = line.split()[:5]
        begin, _, end = place.partition("-")
        if inode != "0":
            ranges.append((int(begin, 16), int(end, 16)))
    return lambda address: any(begin <= address < end for begin, end in ranges)
