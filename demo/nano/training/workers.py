"""Data-parallel training: each process has its own batches, and the gradients are averaged.

On a CPU this makes far better use of the cores than several threads in one process.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import distributed, nn
from torch.multiprocessing.spawn import spawn

from demo.machine.processes import end_with_parent


@dataclass(frozen=True, slots=True)
class WorkerGroup:
    """A process's place in the group: its rank and the group's size. Rank 0 also writes the files."""

    rank: int = 0
    size: int = 1

    @property
    def is_main(self) -> bool:
        return self.rank == 0

    def average_gradients(self, parameters: Iterable[nn.Parameter]) -> None:
        """Replace every gradient by its mean over the group; a missing one counts as 0."""
        if self.size == 1:
            return
        learned = list(parameters)
        parts = [torch.zeros_like(p) if p.grad is None else p.grad for p in learned]
        together = torch.cat([part.flatten() for part in parts])
        distributed.all_reduce(together)
        together /= self.size
        sizes = [p.numel() for p in learned]
        for p, mean in zip(learned, together.split(sizes), strict=True):
            p.grad = mean.view_as(p)

    def share(self, count: int) -> int:
        """How many of the ``count`` pictures of a step each process takes, at least one."""
        return max(1, round(count / self.size))


ALONE = WorkerGroup()


def default_count(device: str) -> int:
    """The default number of processes: one per core of a CPU, one for a GPU."""
    return 1 if device == "cuda" else os.cpu_count() or 1


def run_workers(work: Callable[[WorkerGroup], None], size: int) -> None:
    """Run ``work``, which must be picklable, in ``size`` processes of one thread each.

    An error in one of them ends all and is raised here.
    """
    if size == 1:
        work(WorkerGroup())
        return
    with tempfile.TemporaryDirectory() as folder:
        meeting = (Path(folder) / "meeting").as_uri()
        spawn(_worker, (work, size, meeting), nprocs=size)


def _worker(rank: int, work: Callable[[WorkerGroup], None], size: int, meeting: str) -> None:
    # Torch sends an interrupt when a parent ends, which background processes of a shell ignore.
    end_with_parent()
    torch.set_num_threads(1)
    distributed.init_process_group("gloo", init_method=meeting, rank=rank, world_size=size)
    try:
        work(WorkerGroup(rank, size))
    finally:
        distributed.destroy_process_group()
