"""What this machine can do: the device, its free memory, the precision it computes in, its speed.

It measures; it decides nothing and loads no checkpoint.
"""

from __future__ import annotations

import ctypes
import logging
import os
import time
import warnings
from collections.abc import Callable, MutableMapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache

import psutil
import torch

from demo.errors import ModelError, first_line
from demo.machine.cards import Card, Seen, fault_of, look, roomiest, runs_on
from demo.machine.cgroups import memory_limit
from demo.reasoners.memory import (
    PATCHES,
    PICTURE_TOKENS,
    QUESTION_TOKENS,
    Half,
    Precision,
    Shape,
    dtype_of,
)
from demo.zerogpu import on_zero_gpu

BF16_FROM = (8, 0)  # compute capability: Ampere
_SIDE = 4096  # of the layers that are measured
_LAYERS = 2  # more than fits into a cache, as in a real model
_BATCH = 128
_ANSWER_TOKENS = 300  # a usual answer with its reasoning


def best_device() -> str:
    """``cuda``, ``mps`` or ``cpu``."""
    if not _why_not_cuda():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def card_fault() -> str | None:
    """Why a CUDA card that is there is not used, and what to do about it; None where there is none."""
    why = _why_not_cuda()
    return fault_of(_look(why)) if why else None


def _why_not_cuda() -> str | None:
    """What torch says against CUDA; None where it works. It starts nothing on a card."""
    if on_zero_gpu():  # whose stand-in for CUDA is there for single calls
        return None if torch.cuda.is_available() else _NONE
    _take_roomiest()
    said = _said_by_torch()
    if not torch.cuda.is_available():
        return said or _NONE
    cards, archs = _cards(), _built_for()
    return None if not cards or any(runs_on(c.capability, archs) for c in cards) else _NONE


_NONE = "no card that fits"


@cache
def _said_by_torch() -> str:
    """Its warning about a card that it cannot use, which would stand on the terminal at every question."""
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        torch.cuda.is_available()
    warnings.filterwarnings("ignore", "CUDA initialization")
    return "; ".join(str(warning.message) for warning in warned)


def _look(why: str) -> Seen:
    said = "" if why == _NONE else why
    return look(torch.version.cuda, torch.version.hip, _built_for(), said)


def _built_for() -> list[str]:
    """What torch's kernels are for, also where CUDA cannot be used."""
    flags = getattr(torch._C, "_cuda_getArchFlags", lambda: None)()
    return flags.split() if flags else []


@cache
def _cards() -> tuple[Card, ...]:
    return look(torch.version.cuda, torch.version.hip, (), "").cards


@cache
def _take_roomiest() -> None:
    """Of several cards use the one with the most free memory, unless somebody has chosen already."""
    if torch.version.cuda is not None and not torch.cuda.is_initialized():
        choose_card(os.environ, _cards(), _built_for())


def choose_card(
    environment: MutableMapping[str, str], cards: Sequence[Card], archs: Sequence[str]
) -> None:
    """Let CUDA see one card alone. It reads this when it is first asked for anything."""
    card = roomiest(cards, archs)
    if card is not None and "CUDA_VISIBLE_DEVICES" not in environment:
        environment["CUDA_VISIBLE_DEVICES"] = card.uuid


def free_memory(device: str) -> int:
    """Bytes that a model may take there. Raises ModelError for a card that does not answer."""
    if device == "cuda":
        try:
            return int(torch.cuda.mem_get_info()[0])
        except RuntimeError as error:  # used by another program alone, or broken
            raise ModelError(f"The graphics card cannot be used: {first_line(error)}.") from error
    if device == "mps":
        return torch.mps.recommended_max_memory() - torch.mps.driver_allocated_memory()
    available, limit = int(psutil.virtual_memory().available), memory_limit()
    return min(available, limit.free) if limit else available


def half_precision(device: str) -> Half:
    """What large models compute in there: bf16 where the processor knows it.

    A CUDA card without it would compute it by way of float32, many times slower than float16; a CPU
    without it is fastest in float32. An Apple GPU before macOS 14 has float16 only.
    """
    if device == "mps":
        return "bfloat16" if torch.backends.mps.is_macos_or_newer(14, 0) else "float16"
    if device == "cpu":
        known = torch.cpu.get_capabilities()
        return "bfloat16" if known.get("avx512_bf16") or known.get("amx_bf16") else "float32"
    if on_zero_gpu() or torch.version.hip:
        return "bfloat16"
    return "bfloat16" if torch.cuda.get_device_capability() >= BF16_FROM else "float16"


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast a device takes numbers of a layer: per second with one token, and with many at once."""

    alone: float
    together: float

    def tokens_per_second(self, shape: Shape) -> float:
        """Of decoding, which takes all layers once for each token."""
        return self.alone / shape.read_per_token

    def reading_seconds(self, shape: Shape) -> float:
        """For a picture and its question."""
        text = shape.layers_linear * (PICTURE_TOKENS + QUESTION_TOKENS)
        return (text + shape.tower_linear * PATCHES) / self.together

    def answer_seconds(self, shape: Shape) -> float:
        """For a first answer, with its picture."""
        return self.reading_seconds(shape) + _ANSWER_TOKENS / self.tokens_per_second(shape)

    def first_answer(self, shape: Shape) -> str:
        """The same in words, such as *4 minutes*."""
        return _span(self.answer_seconds(shape))

    def sentence(self, name: str, device: str, shape: Shape) -> str:
        """What to expect, for people."""
        tokens, reading = self.tokens_per_second(shape), self.reading_seconds(shape)
        where = "the Apple GPU" if device == "mps" else "this CPU"
        return (
            f"On {where} {name} writes about {_rounded(tokens)} tokens a second and looks at a new "
            f"picture for about {_span(reading)} (estimated), so a first answer takes about "
            f"{self.first_answer(shape)}."
        )


def measure_pace(device: str, precision: Precision) -> Pace:
    """Time a few layers of the kind a model in that precision is made of. Takes a second or two."""
    with torch.inference_mode():
        dtype = getattr(torch, dtype_of(precision, half_precision(device)))
        layers = [_layer(device, precision, dtype) for _ in range(_LAYERS)]
        one = torch.ones(1, _SIDE, dtype=dtype, device=device)
        many = torch.ones(_BATCH, _SIDE, dtype=dtype, device=device)
        numbers = _LAYERS * _SIDE * _SIDE
        alone = _seconds(lambda: [layer(one) for layer in layers], device)
        together = _seconds(lambda: [layer(many) for layer in layers], device)
        return Pace(numbers / alone, numbers * _BATCH / together)


def _layer(device: str, precision: Precision, dtype: torch.dtype) -> torch.nn.Module:
    if precision.startswith("nf4"):
        prepare_four_bits(device)
        from bitsandbytes.nn import Linear4bit  # takes seconds to import

        layer = Linear4bit(_SIDE, _SIDE, bias=False, compute_dtype=dtype, quant_type="nf4")
        return layer.eval().to(device)  # on a CPU, one that may learn takes another, slow way
    return torch.nn.Linear(_SIDE, _SIDE, bias=False, dtype=dtype, device=device)


def prepare_four_bits(device: str) -> None:
    """What bitsandbytes needs before it is imported and layers in 4 bits are made on ``device``.

    On CPUs it packs every layer anew at its first pass. With glibc's usual bound the holes of the former
    ones stay with the process, a third of the weights; large blocks of their own are given back.
    """
    if device != "cpu":
        return
    logging.getLogger("bitsandbytes.backends.cpu.ops").addFilter(_is_no_hint)
    with suppress(OSError, AttributeError):  # there is glibc on Linux only
        ctypes.CDLL(None).mallopt(_MMAP_THRESHOLD, _OWN_BLOCK)


def _is_no_hint(record: logging.LogRecord) -> bool:
    """Not its word on every start about a package that makes 4 bits faster, and downloads code."""
    return "gemm_4bit_forward" not in record.msg


_MMAP_THRESHOLD = -3  # of malloc.h
_OWN_BLOCK = 4 * 2**20


def _seconds(work: Callable[[], object], device: str) -> float:
    """The shorter of two runs after one to warm up."""
    work()
    return min(_once(work, device) for _ in range(2))


def _once(work: Callable[[], object], device: str) -> float:
    began = time.perf_counter()
    work()
    if device == "mps":
        torch.mps.synchronize()
    return time.perf_counter() - began


def _rounded(value: float) -> str:
    return f"{value:.1f}" if value < 10 else f"{value:.0f}"


def _span(seconds: float) -> str:
    if seconds < 90:
        return f"{max(round(seconds), 1)} seconds"
    return f"{round(seconds / 60)} minutes"
