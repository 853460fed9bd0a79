"""From a name to a model that llama.cpp runs: its GGUF files, written first where it has none.

It knows files and memory, and fetches nothing.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from demo.checkpoints.catalogue import LLAMA_CPP, Entry, dialect_of
from demo.checkpoints.fetch import folder_of, gb
from demo.checkpoints.generation import Generation
from demo.checkpoints.gguf.convert import Conversion, plan_conversion
from demo.checkpoints.gguf.counts import shape_of_folder
from demo.checkpoints.gguf.pair import GgufPair, find_pair
from demo.errors import CheckpointError
from demo.machine.folders import cache_folder
from demo.reasoners.base import Tell
from demo.reasoners.llamacpp.chat import ChatFormat
from demo.reasoners.llamacpp.planning import (
    CONTEXT,
    LlamaPlan,
    need_of_files,
    need_of_shape,
    plan_llama,
)
from demo.reasoners.llamacpp.reasoner import LlamaCppReasoner, Packed
from demo.reasoners.llamacpp.server import LlamaServer
from demo.reasoners.memory import Budget

_TYPE = "q4_0"  # of the files that are written here


def plan_files(entry: Entry, budget: Budget) -> LlamaPlan:
    """The plan for a model that is on this machine, by its files.

    Raises CheckpointError when it cannot be run, OutOfMemoryError with the numbers when it does not fit.
    """
    if entry.engine != LLAMA_CPP:
        shape = entry.shape or shape_of_folder(entry.title, _place(entry))
        return plan_shape(replace(entry, shape=shape), budget)
    pair = _pair(entry)
    need = need_of_files(pair.weights + pair.tower_weights, pair.kv_bytes)
    return plan_llama(entry.title, pair.quantization, need, budget, entry.shape)


def plan_shape(entry: Entry, budget: Budget) -> LlamaPlan:
    """The same by its shape, wherever its weights are; one of unknown shape is taken to fit."""
    packing = entry.quantization or _TYPE.upper()
    if entry.shape is None:
        return LlamaPlan(budget.device, packing, None, None, "", None)
    return plan_llama(entry.title, packing, need_of_shape(entry.shape), budget, entry.shape)


def load_llama(entry: Entry, threads: int, tell: Tell) -> LlamaCppReasoner:
    """Load it. Raises CheckpointError when its files are missing, damaged, or of another kind."""
    pair = _pair(entry) if entry.engine == LLAMA_CPP else _converted(entry, tell)
    if pair.note:
        tell(pair.note)
    packed = Packed(
        entry.name,
        dialect_of(entry, pair.region_frame, pair.token_side, looks=pair.region_looks),
        ChatFormat(pair.header.text("tokenizer.chat_template")),
        pair.generation or Generation(),
        pair.quantization,
        pair.weights + pair.tower_weights,
    )
    context = min(CONTEXT, pair.context or CONTEXT)
    server = LlamaServer(pair.model, pair.mmproj, context=context, threads=threads)
    return LlamaCppReasoner(packed, server)


def _pair(entry: Entry) -> GgufPair:
    return find_pair(_place(entry), entry.quantization)


def _place(entry: Entry) -> Path:
    place = folder_of(entry)
    if place is None:
        raise CheckpointError(f"The files of {entry.title} are not on this machine.")
    return place


def conversion_of(entry: Entry) -> Conversion:
    """What writes the GGUF files of a checkpoint that is here; an earlier start may have done it already.

    Raises CheckpointError for one that llama.cpp does not run.
    """
    source = _place(entry)
    return plan_conversion(entry.title, source, copies_of(entry, source), _TYPE, entry.dialect)


def _converted(entry: Entry, tell: Tell) -> GgufPair:
    conversion = conversion_of(entry)
    place = conversion.folder
    if conversion.missing:
        size = gb(conversion.size)
        tell(f"{entry.title} is written for llama.cpp in 4 bits, once: {size} in {place.parent}.")
        conversion.run(_told_in_tenths(entry.title, conversion.missing, tell))
    _forget_others(place)
    return find_pair(place)


def _told_in_tenths(title: str, size: int, tell: Tell) -> Callable[[int], None]:
    """What takes numbers of bytes as they are written, and tells of every tenth of ``size``."""
    done = told = 0

    def take(count: int) -> None:
        nonlocal done, told
        done += count
        if (tenths := 10 * done // max(size, 1)) > told:
            told = tenths
            tell(f"{title}: {10 * tenths} % written.")

    return take


def copies_of(entry: Entry, source: Path) -> Path:
    """The folder for the GGUF files that are written from a checkpoint."""
    digest = hashlib.sha256(str(source.resolve()).encode()).hexdigest()[:12]
    return cache_folder() / "gguf" / f"{entry.name}-{_TYPE}-{digest}"


def _forget_others(place: Path) -> None:
    """Remove what was written from other files of the same model."""
    start = place.name.rpartition("-")[0] + "-"
    for other in place.parent.iterdir():
        if other.name.startswith(start) and other != place:
            shutil.rmtree(other, ignore_errors=True)
