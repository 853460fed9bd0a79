"""What a container allows a process: memory and processor time, from the files of Linux control groups.

Both versions of control groups are read. It knows files and numbers only, and the free memory beside them.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil

_UNLIMITED = 2**60  # version 1 writes nearly 2⁶³ where there is no limit
GROUPS, OWN = Path("/sys/fs/cgroup"), Path("/proc/self/cgroup")


@dataclass(frozen=True, slots=True)
class MemoryLimit:
    """Bytes that a container may use, and what it uses now without what can be given back at once."""

    limit: int
    used: int

    @property
    def free(self) -> int:
        return max(self.limit - self.used, 0)


def memory_limit() -> MemoryLimit | None:
    """The tightest limit on this process's memory; None without one."""
    found = [*_memory_2(), *_memory_1()]
    return min(found, key=lambda limit: limit.free, default=None)


def free_main_memory() -> int:
    """Bytes that the system has free, and this process may use."""
    available, limit = int(psutil.virtual_memory().available), memory_limit()
    return min(available, limit.free) if limit else available


def cores_allowed() -> float:
    """How many cores this process may keep busy: those it may run on, within its share of time."""
    return min([float(_affinity()), *_quota_2(), *_quota_1()])


def _affinity() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _memory_2() -> Iterator[MemoryLimit]:
    for folder in _folders(GROUPS, ""):
        limit, used = _number(folder / "memory.max"), _number(folder / "memory.current")
        if limit is not None and used is not None:
            yield MemoryLimit(limit, used - _cached(folder, "inactive_file"))


def _memory_1() -> Iterator[MemoryLimit]:
    for folder in _folders(GROUPS / "memory", "memory"):
        limit = _number(folder / "memory.limit_in_bytes")
        used = _number(folder / "memory.usage_in_bytes")
        if limit is not None and used is not None and limit < _UNLIMITED:
            yield MemoryLimit(limit, used - _cached(folder, "total_inactive_file"))


def _quota_2() -> Iterator[float]:
    for folder in _folders(GROUPS, ""):
        quota, _, period = _text(folder / "cpu.max").partition(" ")
        if quota.isdecimal() and period.isdecimal():
            yield int(quota) / int(period)


def _quota_1() -> Iterator[float]:
    for folder in _folders(GROUPS / "cpu", "cpu"):
        quota, period = _number(folder / "cpu.cfs_quota_us"), _number(folder / "cpu.cfs_period_us")
        if quota is not None and period:  # without a limit the quota is -1, which is no number here
            yield quota / period


def _folders(root: Path, controller: str) -> Iterator[Path]:
    """The folders of this process's group and of those that it lies in; limits of all of them hold.

    Inside a container its own group often is the root that it sees, so that counts as well.
    """
    path = next(
        (
            path
            for _, names, path in (line.split(":", 2) for line in _text(OWN).splitlines())
            if controller in names.split(",")
        ),
        "/",
    )
    group = Path(path.lstrip("/"))
    yield from (root / part for part in (group, *group.parents))


def _cached(folder: Path, name: str) -> int:
    """Bytes of files in memory that are given back as soon as somebody needs room."""
    pairs = (line.split() for line in _text(folder / "memory.stat").splitlines())
    return next((int(value) for key, value in pairs if key == name), 0)


def _number(file: Path) -> int | None:
    text = _text(file)
    return int(text) if text.isdecimal() else None


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8").strip()
    except OSError:
        return ""
