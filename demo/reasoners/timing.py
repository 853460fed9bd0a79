"""How fast torch computes on a device, from a few layers that are timed."""

from __future__ import annotations

import time
from collections.abc import Callable

import torch

from demo.machine.devices import half_precision, prepare_four_bits
from demo.machine.precision import Precision, dtype_of
from demo.reasoners.pace import Pace

_SIDE = 4096  # of the layers that are measured
_LAYERS = 2  # more than fits into a cache, as in a real model
_BATCH = 128


def measure_pace(device: str, precision: Precision) -> Pace:
    """Time a few layers like those of a model in that precision. Takes a second or two."""
    with torch.inference_mode():
        dtype = getattr(torch, dtype_of(precision, half_precision(device)))
        layers = [_layer(device, precision, dtype) for _ in range(_LAYERS)]
        one = torch.ones(1, _SIDE, dtype=dtype, device=device)
        many = torch.ones(_BATCH, _SIDE, dtype=dtype, device=device)
        numbers = _LAYERS * _SIDE * _SIDE
        alone = fastest(lambda: [layer(one) for layer in layers], device)
        together = fastest(lambda: [layer(many) for layer in layers], device)
        return Pace(numbers / alone, numbers * _BATCH / together)


def _layer(device: str, precision: Precision, dtype: torch.dtype) -> torch.nn.Module:
    if precision.startswith("nf4"):
        prepare_four_bits(device)
        from bitsandbytes.nn import Linear4bit  # takes seconds to import

        layer = Linear4bit(_SIDE, _SIDE, bias=False, compute_dtype=dtype, quant_type="nf4")
        return layer.eval().to(device)  # on a CPU, a layer in training mode takes a slow path
    return torch.nn.Linear(_SIDE, _SIDE, bias=False, dtype=dtype, device=device)


def fastest(work: Callable[[], object], device: str, runs: int = 2) -> float:
    """Seconds of the fastest of ``runs`` runs on a device, after a warm-up."""
    return min([_seconds(work, device) for _ in range(1 + runs)][1:])


def _seconds(work: Callable[[], object], device: str) -> float:
    _synchronize(device)
    began = time.perf_counter()
    work()
    _synchronize(device)
    return time.perf_counter() - began


def _synchronize(device: str) -> None:
    """Wait until a device has finished its work."""
    if device == "cuda":
        torch.cuda.synchronize()
    elif device == "mps":
        torch.mps.synchronize()
