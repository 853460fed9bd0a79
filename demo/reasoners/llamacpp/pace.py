"""How fast llama.cpp computes on this machine, and with how many threads, from a sample that is timed."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from demo.checkpoints.generation import Generation
from demo.errors import CheckpointError
from demo.machine.cgroups import cores_allowed
from demo.reasoners.llamacpp.sample import NUMBERS, write_sample
from demo.reasoners.llamacpp.server import Chunk, LlamaServer
from demo.reasoners.pace import EnginePace, Pace

_READ = 64  # tokens of the sample's prompt
_WRITTEN = 16
_MAX_S = 1.0  # of writing: enough to know that a number of threads is too slow
_CONTEXT = 256


def measure_llama_pace() -> EnginePace:
    """Time a few layers like those of a model in Q4_0. Takes a few seconds. Raises CheckpointError."""
    with tempfile.TemporaryDirectory(prefix="regionreasoner-pace-") as folder:
        sample = Path(folder) / "sample.gguf"
        write_sample(sample)
        # In turn and twice, so that what another program does for a moment decides nothing.
        counts = _candidates() * 2
        measured = [EnginePace(_pace(sample, count), count) for count in counts]
    return max(measured, key=lambda each: each.pace.alone)


def _candidates() -> list[int]:
    """Numbers of threads that may be the best: one, half the cores (where two share one), all of them.

    On a machine that others keep busy, threads wait for each other and one may be quickest.
    """
    cores = max(int(cores_allowed()), 1)
    return sorted({1, max(cores // 2, 1), cores})


def _pace(sample: Path, threads: int) -> Pace:
    server = LlamaServer(sample, None, context=_CONTEXT, threads=threads)
    began, times = time.perf_counter(), list[float]()

    def take(chunk: Chunk) -> bool:
        times.extend([time.perf_counter()] * bool(chunk.text))
        return bool(times) and times[-1] - times[0] > _MAX_S

    try:
        server.complete(("a" * _READ,), Generation(), _WRITTEN, take)
    finally:
        server.close()
    if len(times) < 2:  # random numbers may choose the end at once
        raise CheckpointError("llama.cpp’s speed could not be measured here.")
    written_s = (times[-1] - times[0]) / (len(times) - 1)
    return Pace(NUMBERS / written_s, NUMBERS * _READ / (times[0] - began))
