"""Which models of the catalogue run on this machine and which do not, and why."""

from __future__ import annotations

import argparse
from dataclasses import dataclass, replace
from typing import Any

from demo.checkpoints.catalogue import CATALOGUE, TRANSFORMERS, Entry
from demo.checkpoints.fetch import download_of, folder_of
from demo.checkpoints.shape import PICTURE_TOKENS, QUESTION_TOKENS, Shape
from demo.doctor.bandwidth import bytes_per_pass
from demo.errors import DemoError, OutOfMemoryError
from demo.machine.devices import best_device, half_precision
from demo.models.engines import AnyPlan, is_installed, pace_of, plan_model
from demo.reasoners.llamacpp.planning import LlamaPlan, language_bytes
from demo.reasoners.memory import need_of, precisions

_CONTEXT = PICTURE_TOKENS + QUESTION_TOKENS


@dataclass(frozen=True, slots=True)
class Runnable:
    """How a model would run on this machine, in bytes and seconds; None for what is not known.

    ``fetch_bytes`` is 0 when the weights are ``here``, on disk. For a model that does not fit,
    ``precision`` and ``needs_bytes`` are those that take the least memory. ``most_tokens_per_s`` is what
    the memory's speed allows at one token a pass (see `bandwidth`). ``first_answer_s`` is estimated only
    without a CUDA GPU.
    """

    name: str
    title: str
    fits: bool
    here: bool
    why: str
    fetch_bytes: int | None = None
    precision: str | None = None
    needs_bytes: int | None = None
    most_tokens_per_s: float | None = None
    first_answer_s: float | None = None


def judge_catalogue(options: argparse.Namespace, bandwidth: float | None) -> list[Runnable]:
    """Every model of the catalogue under these options; ``bandwidth`` is the device's, bytes a second."""
    return [_judge(entry, options, bandwidth) for entry in CATALOGUE.values()]


def _judge(entry: Entry, options: argparse.Namespace, bandwidth: float | None) -> Runnable:
    here = folder_of(entry) is not None
    fetch = 0 if here else download_of(entry, ask_hub=False).size
    small = f"{entry.title} is small and runs everywhere."
    model = Runnable(entry.name, entry.title, True, here, small, fetch)
    try:
        plan = plan_model(entry, options, here=here)
    except OutOfMemoryError as error:
        return replace(model, fits=False, why=str(error), **_least(entry, options))
    except DemoError as error:
        return replace(model, fits=False, why=str(error))
    model = replace(
        model, precision=plan.packing if isinstance(plan, LlamaPlan) else plan.precision
    )
    if (shape := plan.shape) is None or plan.need is None:
        return model
    pace = None if plan.device == "cuda" else pace_of(plan)
    return replace(
        model,
        why=plan.why,
        needs_bytes=plan.need.total,
        most_tokens_per_s=bandwidth and bandwidth / _read(plan, shape),
        first_answer_s=pace.answer_seconds(shape) if pace else None,
    )


def _read(plan: AnyPlan, shape: Shape) -> float:
    """Bytes that a pass over one token reads."""
    if isinstance(plan, LlamaPlan):
        return language_bytes(shape) + _CONTEXT * shape.kv * 2
    return bytes_per_pass(shape, plan.precision, _CONTEXT, plan.half)


def _least(entry: Entry, options: argparse.Namespace) -> dict[str, Any]:
    """The precision that needs the least memory of those the options allow, and its bytes."""
    if entry.shape is None or not is_installed(TRANSFORMERS):
        return {}
    device = best_device()
    half = half_precision(device)
    precision = precisions(device, half, 0, options.quantize, options.low_memory)[-1]
    needs = need_of(entry.shape, precision, None, half).total
    return {"precision": precision, "needs_bytes": needs}
