"""Which engine runs a model here, transformers or llama.cpp; planning and loading through either.

The libraries of an engine are imported when it is needed: they take seconds, and may be absent.
"""

from __future__ import annotations

import argparse
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from demo.checkpoints.catalogue import LLAMA_CPP, TRANSFORMERS, Entry
from demo.checkpoints.fetch import folder_of
from demo.checkpoints.folders import read_json
from demo.checkpoints.gguf.architecture import ARCHITECTURES
from demo.checkpoints.gguf.convert import Conversion
from demo.checkpoints.gguf.vocabulary import has_byte_tokens
from demo.checkpoints.shape import NARROW
from demo.errors import ModelError, first_line
from demo.machine import packages
from demo.machine.devices import best_device, free_memory
from demo.reasoners.base import Reasoner, Tell
from demo.reasoners.llamacpp.planning import LlamaPlan
from demo.reasoners.memory import Budget, Plan
from demo.reasoners.pace import EnginePace, Pace
from demo.zerogpu import on_zero_gpu

AnyPlan = Plan | LlamaPlan

_PACKAGES = {TRANSFORMERS: ("torch", "transformers"), LLAMA_CPP: ("xllamacpp", "gguf")}
_FILES = {TRANSFORMERS: "requirements.txt", LLAMA_CPP: "requirements-light.txt"}


def engine_of(entry: Entry, options: argparse.Namespace) -> str:
    """The engine for a model: llama.cpp for GGUF files, and for large ones where there is no CUDA card."""
    if entry.engine == LLAMA_CPP:
        return LLAMA_CPP
    if options.engine != "auto":
        return str(options.engine)
    is_exact = options.quantize == "none"
    if is_exact or on_zero_gpu() or best_device() == "cuda" or not is_installed(LLAMA_CPP):
        return TRANSFORMERS
    return LLAMA_CPP if _is_convertible(entry) else TRANSFORMERS


def _is_convertible(entry: Entry) -> bool:
    """Whether it is large, and of a kind that can be written as GGUF files."""
    place = folder_of(entry)
    if place is None:
        return entry.shape is not None
    config = read_json(place / "config.json")
    text = config.get("text_config") or config
    is_large = isinstance(width := text.get("hidden_size"), int) and width > NARROW
    is_known = config.get("model_type") in ARCHITECTURES and not config.get("quantization_config")
    return is_large and is_known and has_byte_tokens(place)


def is_installed(engine: str) -> bool:
    """Whether the libraries of an engine are there; none is imported for that."""
    return not _missing(engine)


def _missing(engine: str) -> list[str]:
    return [package for package in _PACKAGES[engine] if not packages.is_installed(package)]


def plan_model(
    entry: Entry,
    options: argparse.Namespace,
    *,
    here: bool,
    sam2_sizes: Sequence[str] = (),
    to_be_freed: int = 0,
) -> AnyPlan:
    """How a model would be loaded once ``to_be_freed`` bytes are free as well.

    Its files are looked at when they are ``here``; else it is planned by its shape, and one of unknown
    shape is taken to fit. Raises CheckpointError for one that cannot be loaded, OutOfMemoryError with the
    numbers.
    """
    engine = engine_of(entry, options)
    _check_installed(entry, engine)
    if engine == LLAMA_CPP:
        return _plan_llama(entry, here, sam2_sizes, to_be_freed)
    from demo.reasoners import loading

    asked: dict[str, Any] = {
        "quantize": options.quantize,
        "low_memory": options.low_memory,
        "sam2_sizes": sam2_sizes,
        "to_be_freed": to_be_freed,
    }
    if here:
        return loading.plan_for(entry, **asked)
    if entry.shape is not None:
        return loading.plan_on(best_device(), entry.title, entry.shape, **asked)
    return loading.unknown_plan()


def _plan_llama(entry: Entry, here: bool, sam2_sizes: Sequence[str], to_be_freed: int) -> LlamaPlan:
    from demo.reasoners.llamacpp import loading

    budget = Budget("cpu", free_memory("cpu") + to_be_freed, sam2_sizes)
    if here:
        return loading.plan_files(entry, budget)
    return loading.plan_shape(entry, budget)


def unwritten_files(entry: Entry, options: argparse.Namespace) -> Conversion | None:
    """The GGUF files that must be written before a model can be loaded; None where there are none.

    Raises CheckpointError for a checkpoint that cannot be written.
    """
    if entry.engine == LLAMA_CPP or engine_of(entry, options) != LLAMA_CPP:
        return None
    from demo.reasoners.llamacpp.loading import conversion_of

    conversion = conversion_of(entry)
    return conversion if conversion.missing else None


def load_model(entry: Entry, plan: AnyPlan, tell: Tell) -> Reasoner:
    """Load a model as it was planned. Raises ModelError."""
    with _libraries():
        if isinstance(plan, LlamaPlan):
            from demo.reasoners.llamacpp.loading import load_llama

            return load_llama(entry, _measured(plan).threads, tell)
        from demo.reasoners.loading import load_local

        return load_local(entry, plan=plan, tell=tell)


def pace_of(plan: AnyPlan) -> Pace:
    """How fast this machine is with models of that kind; measured once, in a second or two."""
    return _measured(plan).pace


def known_pace(plan: AnyPlan) -> Pace | None:
    """The same if it was measured already."""
    found = _known.get(_kind(plan))
    return found.pace if found else None


_known: dict[tuple[str, str], EnginePace] = {}
_measuring = threading.Lock()


def _kind(plan: AnyPlan) -> tuple[str, str]:
    """What plans of the same pace have in common."""
    return plan.device, LLAMA_CPP if isinstance(plan, LlamaPlan) else plan.precision


def _measured(plan: AnyPlan) -> EnginePace:
    with _measuring:
        if _kind(plan) not in _known:
            _known[_kind(plan)] = _measure(plan)
        return _known[_kind(plan)]


def _measure(plan: AnyPlan) -> EnginePace:
    with _libraries():
        if isinstance(plan, LlamaPlan):
            from demo.reasoners.llamacpp.pace import measure_llama_pace

            return measure_llama_pace()
        from demo.reasoners.timing import measure_pace

        return EnginePace(measure_pace(plan.device, plan.precision))


@contextmanager
def _libraries() -> Iterator[None]:
    """Turn what is wrong with an engine's libraries, or with the folder for a sample, into ModelError."""
    try:
        yield
    except (ImportError, OSError) as error:
        raise ModelError(packages.import_fault(error) or f"{first_line(error)}.") from error


def _check_installed(entry: Entry, engine: str) -> None:
    """Raises ModelError when an engine's libraries are missing, with what to do."""
    if missing := _missing(engine):
        raise ModelError(
            f"{entry.title} needs {' and '.join(missing)}, which {'are' if missing[1:] else 'is'} not "
            f"installed here: pip install --requirement {_FILES[engine]}"
        )
