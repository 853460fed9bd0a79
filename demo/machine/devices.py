"""What this machine can do: the device, its free memory, the precision it computes in.

It measures; it decides nothing and loads no checkpoint. torch takes seconds to import and may be absent: it
is asked only where it is loaded already, or something speaks for a card or an Apple GPU.
"""

from __future__ import annotations

import ctypes
import logging
import os
import sys
import warnings
from collections.abc import MutableMapping, Sequence
from contextlib import suppress
from functools import cache
from importlib.metadata import version

from demo.errors import ModelError, first_line
from demo.machine.cards import Card, Seen, fault_of, look, roomiest, runs_on, unused_fault
from demo.machine.cgroups import free_main_memory
from demo.machine.packages import is_installed
from demo.machine.precision import Half
from demo.zerogpu import on_zero_gpu

BF16_FROM = (8, 0)  # compute capability: Ampere


def best_device() -> str:
    """``cuda``, ``mps`` or ``cpu``; the last where torch is not installed."""
    if not _may_be_other():
        return "cpu"
    if not _why_not_cuda():
        return "cuda"
    import torch

    return "mps" if torch.backends.mps.is_available() else "cpu"


def card_fault() -> str | None:
    """Why a card that is there is not used, and what to do about it; None where there is none."""
    if not is_installed("torch"):
        return unused_fault(_glance())
    why = _why_not_cuda() if _may_be_other() else None
    return fault_of(_look(why)) if why else None


def _may_be_other() -> bool:
    """Whether torch has to say what there is; else it can be nothing but a CPU."""
    if not is_installed("torch"):
        return False
    if "torch" in sys.modules or sys.platform != "linux" or on_zero_gpu():
        return True
    seen = _glance()  # in WSL, and with AMD's, not all cards show themselves
    return seen.has_any or seen.in_wsl or "rocm" in version("torch")


@cache
def _glance() -> Seen:
    """What can be seen of cards without torch."""
    return look(None, None, (), "")


def _why_not_cuda() -> str | None:
    """What torch says against CUDA; None where it works. It starts nothing on a card."""
    import torch

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
    import torch

    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        torch.cuda.is_available()
    warnings.filterwarnings("ignore", "CUDA initialization")
    return "; ".join(str(warning.message) for warning in warned)


def _look(why: str) -> Seen:
    import torch

    said = "" if why == _NONE else why
    return look(torch.version.cuda, torch.version.hip, _built_for(), said)


def _built_for() -> list[str]:
    """What torch's kernels are for, also where CUDA cannot be used."""
    import torch

    flags = getattr(torch._C, "_cuda_getArchFlags", lambda: None)()
    return flags.split() if flags else []


@cache
def _cards() -> tuple[Card, ...]:
    import torch

    return look(torch.version.cuda, torch.version.hip, (), "").cards


@cache
def _take_roomiest() -> None:
    """Of several cards use the one with the most free memory, unless somebody has chosen already."""
    import torch

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
    if device == "cpu":
        return free_main_memory()
    import torch

    if device == "mps":
        return torch.mps.recommended_max_memory() - torch.mps.driver_allocated_memory()
    try:
        return int(torch.cuda.mem_get_info()[0])
    except RuntimeError as error:  # used by another program alone, or broken
        raise ModelError(f"The graphics card cannot be used: {first_line(error)}.") from error


def half_precision(device: str) -> Half:
    """What large models compute in there: bf16 where the processor knows it.

    A CUDA card without it would compute it by way of float32, many times slower than float16; a CPU
    without it is fastest in float32. An Apple GPU before macOS 14 has float16 only. torch must be there.
    """
    import torch

    if device == "mps":
        return "bfloat16" if torch.backends.mps.is_macos_or_newer(14, 0) else "float16"
    if device == "cpu":
        known = torch.cpu.get_capabilities()
        return "bfloat16" if known.get("avx512_bf16") or known.get("amx_bf16") else "float32"
    if on_zero_gpu() or torch.version.hip:
        return "bfloat16"
    return "bfloat16" if torch.cuda.get_device_capability() >= BF16_FROM else "float16"


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
