"""An estimate of a model's speed on a device, from a few layers that are timed."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import torch

from demo.checkpoints.shape import PATCHES, PICTURE_TOKENS, QUESTION_TOKENS, Shape
from demo.machine.devices import half_precision, prepare_four_bits
from demo.machine.precision import Precision, dtype_of

_SIDE = 4096  # of the layers that are measured
_LAYERS = 2  # more than fits into a cache, as in a real model
_BATCH = 128
_ANSWER_TOKENS = 300  # a usual answer with its reasoning


@dataclass(frozen=True, slots=True)
class Pace:
    """A device's speed in numbers of a layer per second: with one token, and with many at once."""

    alone: float
    together: float

    def tokens_per_second(self, shape: Shape) -> float:
        """The speed of decoding, which uses all layers once for each token."""
        return self.alone / shape.read_per_token

    def reading_seconds(self, shape: Shape) -> float:
        """Seconds to read a picture and its question."""
        text = shape.layers_linear * (PICTURE_TOKENS + QUESTION_TOKENS)
        return (text + shape.tower_linear * PATCHES) / self.together

    def answer_seconds(self, shape: Shape) -> float:
        """Seconds for a first answer, with its picture."""
        return self.reading_seconds(shape) + _ANSWER_TOKENS / self.tokens_per_second(shape)

    def first_answer(self, shape: Shape) -> str:
        """The same in words, such as *4 minutes*."""
        return _span(self.answer_seconds(shape))

    def sentence(self, name: str, device: str, shape: Shape) -> str:
        """A sentence for people about what to expect."""
        tokens, reading = self.tokens_per_second(shape), self.reading_seconds(shape)
        where = "the Apple GPU" if device == "mps" else "this CPU"
        return (
            f"On {where} {name} writes about {_shorten(tokens)} tokens a second and takes about "
            f"{_span(reading)} to look at a new picture (estimated), so a first answer takes about "
            f"{self.first_answer(shape)}."
        )


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


def _shorten(value: float) -> str:
    return f"{value:.1f}" if value < 10 else f"{value:.0f}"


def _span(seconds: float) -> str:
    if seconds < 90:
        return f"{max(round(seconds), 1)} seconds"
    return f"{round(seconds / 60)} minutes"
