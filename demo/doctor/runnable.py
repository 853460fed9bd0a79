"""Which models of the catalogue run here and which would not, in numbers and words."""

from __future__ import annotations

import argparse
from dataclasses import dataclass, replace
from typing import Any

from demo.checkpoints.catalogue import CATALOGUE, Entry
from demo.checkpoints.fetch import folder_of
from demo.checkpoints.shape import PICTURE_TOKENS, QUESTION_TOKENS
from demo.doctor.bandwidth import bytes_a_pass
from demo.errors import DemoError, OutOfMemoryError
from demo.machine.devices import best_device, half_precision
from demo.machine.precision import Precision
from demo.models.selection import pace_of, plan_beside
from demo.reasoners.memory import Plan, need_of, precisions

_CONTEXT = PICTURE_TOKENS + QUESTION_TOKENS


@dataclass(frozen=True, slots=True)
class Runnable:
    """A model and this machine. Bytes and seconds; None where it is not known or not asked.

    ``fetch_bytes`` is 0 when the weights are here. Of one that does not fit, ``precision`` and
    ``needs_bytes`` are those that take the least. ``most_tokens_per_s`` is what the memory allows one
    token a pass (see `bandwidth`); the first answer is timed where there is no CUDA GPU.
    """

    name: str
    title: str
    fits: bool
    here: bool
    why: str
    fetch_bytes: int | None = None
    precision: Precision | None = None
    needs_bytes: int | None = None
    most_tokens_per_s: float | None = None
    first_answer_s: float | None = None


def runnable(options: argparse.Namespace, bandwidth: float | None) -> list[Runnable]:
    """Every model of the catalogue, under these options; ``bandwidth`` is that of the device."""
    return [_of(entry, options, bandwidth) for entry in CATALOGUE.values()]


def _of(entry: Entry, options: argparse.Namespace, bandwidth: float | None) -> Runnable:
    here = folder_of(entry) is not None
    fetch = 0 if here else 2 * entry.shape.parameters if entry.shape else None
    small = f"{entry.title} is small and runs everywhere."
    model = Runnable(entry.name, entry.title, True, here, small, fetch)
    try:
        plan = plan_beside(entry, options, 0, here=here)
    except OutOfMemoryError as error:
        return replace(model, fits=False, why=str(error), **_least(entry, options))
    except DemoError as error:
        return replace(model, fits=False, why=str(error))
    model = replace(model, precision=plan.precision)
    if plan.shape is None:
        return model
    return replace(
        model,
        why=plan.why,
        needs_bytes=need_of(plan.shape, plan.precision, None, plan.half).total,
        most_tokens_per_s=_most_tokens(plan, bandwidth),
        first_answer_s=_first_answer(plan),
    )


def _least(entry: Entry, options: argparse.Namespace) -> dict[str, Any]:
    """The precision that takes the least of what the options allow, and the bytes that it takes."""
    if entry.shape is None:
        return {}
    device = best_device()
    half = half_precision(device)
    precision = precisions(device, half, 0, options.quantize, options.low_memory)[-1]
    needs = need_of(entry.shape, precision, None, half).total
    return {"precision": precision, "needs_bytes": needs}


def _most_tokens(plan: Plan, bandwidth: float | None) -> float | None:
    if plan.shape is None or bandwidth is None:
        return None
    read = bytes_a_pass(plan.shape, plan.precision, _CONTEXT, plan.half)
    return bandwidth / read


def _first_answer(plan: Plan) -> float | None:
    if plan.shape is None or plan.device == "cuda":
        return None
    return pace_of(plan.device, plan.precision).answer_seconds(plan.shape)
