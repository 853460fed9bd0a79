"""A short real run: load a model, prepare a picture, ask three questions through the engine, with masks;
then decode the same questions token by token, against what the memory's speed allows.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from demo.checkpoints.catalogue import LLAMA_CPP, TRANSFORMERS, find_model
from demo.checkpoints.fetch import folder_of
from demo.doctor.findings import Findings
from demo.doctor.questions import Exchange, ask, scene_for
from demo.machine.packages import INSTALL
from demo.machine.precision import Precision, gib
from demo.models.engines import engine_of, is_installed
from demo.models.selection import choose
from demo.reasoners.base import Tell

if TYPE_CHECKING:
    from demo.doctor.speed import Lever

_SLOW_SHARE = 0.3  # of what the memory allows; large models reach more when nothing slows them down
_LARGE = 2**30  # bytes
_REPORT = "Please report it with the file that --json FILE writes."


@dataclass(frozen=True, slots=True)
class AskedTurn:
    """One turn as the engine timed it, in seconds from the question on."""

    question: str
    first_token_s: float | None
    total_s: float | None
    prompt_tokens: int | None
    new_tokens: int | None
    boxes: int
    masks: int


@dataclass(slots=True)
class Trial:
    """The figures of a run, filled in as they become known; bytes, seconds, shares from 0 to 1.

    ``tokens_per_s`` is the rate over the three turns after their first tokens, as the app decodes: with
    lookahead. ``bandwidth_share`` is about plain decoding, a token a pass: passes a second times
    ``pass_bytes``, divided by ``bandwidth``.
    """

    model: str
    random: bool
    device: str = ""
    precision: Precision | None = None
    masks_by: str | None = None
    load_s: float | None = None
    prepare_s: float | None = None
    first_token_s: float | None = None
    tokens_per_s: float | None = None
    plain_tokens_per_s: float | None = None
    tokens_per_pass: float | None = None
    bandwidth: float | None = None
    pass_bytes: int | None = None
    bandwidth_share: float | None = None
    weight_bytes: int | None = None
    peak_bytes: int | None = None
    planned_bytes: int | None = None
    lookahead_same: bool | None = None
    looks_ahead: bool | None = None
    compared_tokens: int | None = None
    turns: list[AskedTurn] = field(default_factory=list)
    levers: list[Lever] = field(default_factory=list)

    @property
    def is_large(self) -> bool:
        """Whether the weights are too large for any cache, so that the memory's speed counts."""
        return (self.weight_bytes or 0) > _LARGE


def examine_model(
    trial: Trial, options: argparse.Namespace, findings: Findings, tell: Tell
) -> None:
    """Fill in ``trial``. Raises ModelError or InputError; the figures known by then stay."""
    if options.server or _is_for_llama(options):
        _as_asked(trial, options, findings, tell)
    elif is_installed(TRANSFORMERS):
        from demo.doctor.local_trial import run_here

        run_here(trial, options, findings, tell)
    else:
        findings.note("No model was run here: that needs torch and transformers.", INSTALL)
    check_figures(trial, findings)


def _is_for_llama(options: argparse.Namespace) -> bool:
    """Whether a model was named that llama.cpp runs here, with its real weights."""
    if options.model == "auto" or options.random:
        return False
    entry = find_model(options.model, options.dialect)
    return folder_of(entry) is not None and engine_of(entry, options) == LLAMA_CPP


def _as_asked(trial: Trial, options: argparse.Namespace, findings: Findings, tell: Tell) -> None:
    """Three turns as the app asks them: what goes on inside a server or llama.cpp is not seen."""
    began = time.perf_counter()
    models = choose(options, tell)
    trial.load_s = None if options.server else time.perf_counter() - began
    tell(models.why)
    trial.model, trial.device = models.reasoner.name, models.reasoner.device
    trial.weight_bytes = models.reasoner.held_bytes or None
    trial.masks_by = models.segmenter.name if models.segmenter else None
    scene = scene_for(drawn=models.world is not None)
    try:
        note_turns(trial, ask(scene, models.reasoner, models.segmenter), findings)
    finally:
        models.reasoner.close()


def note_turns(trial: Trial, exchanges: Sequence[Exchange], findings: Findings) -> None:
    """Take down what was asked, how long it took, and which masks failed."""
    trial.turns = [_turn(one) for one in exchanges]
    trial.first_token_s = trial.turns[0].first_token_s
    later = [(one.turn.timings.new_tokens or 0) - 1 for one in exchanges]
    seconds = [one.written_s - (one.turn.timings.first_token_s or 0.0) for one in exchanges]
    if sum(later) > 0 and sum(seconds) > 0:
        trial.tokens_per_s = sum(later) / sum(seconds)
    for finding in (finding for one in exchanges for finding in one.turn.findings):
        if finding.kind == "masks.failed":
            findings.fault(finding.text)


def _turn(exchange: Exchange) -> AskedTurn:
    turn, timings = exchange.turn, exchange.turn.timings
    return AskedTurn(
        turn.question,
        timings.first_token_s,
        timings.total_s,
        timings.prompt_tokens,
        timings.new_tokens,
        exchange.boxes,
        exchange.masks,
    )


def check_figures(trial: Trial, findings: Findings) -> None:
    """Add what is wrong with the figures to ``findings``."""
    if trial.lookahead_same is False:
        findings.fault("Lookahead wrote other tokens than plain decoding did.", _REPORT)
    if trial.looks_ahead is False:
        findings.note(
            "Nothing is guessed ahead here: passes over several tokens differ too much from single ones."
        )
    if trial.peak_bytes and trial.planned_bytes and trial.peak_bytes > trial.planned_bytes:
        findings.fault(
            f"The run took {gib(trial.peak_bytes)} GiB, but the plan said at most "
            f"{gib(trial.planned_bytes)}.",
            _REPORT,
        )
    if trial.turns and not trial.random and not any(turn.boxes for turn in trial.turns):
        findings.fault(
            "None of the three answers holds a box.",
            "Is it a checkpoint for grounding, and is --dialect right for it? See its answers with "
            "python -m demo ground.",
        )
    _check_speed(trial, findings)


def _check_speed(trial: Trial, findings: Findings) -> None:
    share = trial.bandwidth_share
    if share is not None and share < _SLOW_SHARE and trial.is_large:
        findings.note(
            f"Decoding reaches {share:.0%} of what the memory allows: something else slows it down, "
            "such as other programs or a slow processor core."
        )
