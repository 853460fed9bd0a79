"""Which models of the catalogue run here and which would not, in numbers and words."""

from __future__ import annotations

import argparse
from dataclasses import dataclass

from demo.choose import pace_of, plan_beside
from demo.doctor.bandwidth import bytes_a_pass
from demo.errors import DemoError
from demo.reasoners.catalogue import CATALOGUE, Entry
from demo.reasoners.fetch import folder_of
from demo.reasoners.memory import PICTURE_TOKENS, QUESTION_TOKENS, Plan, Precision, need_of

_CONTEXT = PICTURE_TOKENS + QUESTION_TOKENS


@dataclass(frozen=True, slots=True)
class Runnable:
    """A model and this machine. Bytes and seconds; None where it is not known or not asked.

    ``fetch_bytes`` is 0 when the weights are here. ``most_tokens_per_s`` is what the memory allows one
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
    try:
        plan = plan_beside(entry, options, 0, here=here)
    except DemoError as error:
        return Runnable(entry.name, entry.title, False, here, str(error), fetch)
    if plan.shape is None:
        why = f"{entry.title} is small and runs everywhere."
        return Runnable(entry.name, entry.title, True, here, why, fetch, plan.precision)
    return Runnable(
        entry.name,
        entry.title,
        True,
        here,
        plan.why,
        fetch,
        plan.precision,
        need_of(plan.shape, plan.precision, None, plan.half).total,
        _most_tokens(plan, bandwidth),
        _first_answer(plan),
    )


def _most_tokens(plan: Plan, bandwidth: float | None) -> float | None:
    if plan.shape is None or bandwidth is None:
        return None
    read = bytes_a_pass(plan.shape, plan.precision, _CONTEXT, plan.half)
    return bandwidth / read


def _first_answer(plan: Plan) -> float | None:
    if plan.shape is None or plan.device == "cuda":
        return None
    return pace_of(plan.device, plan.precision).answer_seconds(plan.shape)
