"""A short real run: load a model, prepare a picture, ask three questions through the engine, with masks;
then decode the same questions token by token, against what the memory's speed allows.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from demo.checkpoints.catalogue import Entry
from demo.doctor.bandwidth import bytes_per_pass
from demo.doctor.findings import Findings
from demo.doctor.loaded import Loaded, entry_for, load, plan_of, replayed, time_preparation
from demo.doctor.peak_memory import Peak, mapped_bytes
from demo.doctor.questions import Exchange, ask, scene_for
from demo.doctor.random_weights import random_model
from demo.doctor.speed import Lever, compare, decoder_of, levers_of, rate_of
from demo.machine.devices import free_memory, half_precision
from demo.machine.precision import Precision, gib
from demo.models.engines import Tell
from demo.models.selection import choose
from demo.reasoners.base import MAX_NEW_TOKENS
from demo.reasoners.memory import need_of

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
    if options.server:
        _on_server(trial, options, findings, tell)
    else:
        _here(trial, options, findings, tell)
    check_figures(trial, findings)


def _here(trial: Trial, options: argparse.Namespace, findings: Findings, tell: Tell) -> None:
    entry = entry_for(options)
    trial.model = entry.name
    plan = plan_of(entry, options)
    tell(f"Loading {entry.title}{' with random weights' if options.random else ''}…")
    with Peak(plan.device) as peak:
        began = time.perf_counter()
        loaded = load(entry, plan, options, tell)
        trial.load_s = time.perf_counter() - began
        _describe(trial, loaded)
        try:
            exchanges = _ask(trial, loaded, findings, tell)
            trial.peak_bytes = peak.bytes + mapped_bytes(loaded.reasoner._model.parameters())
            _compare(trial, loaded, exchanges, options, tell)
            if options.levers:
                _levers(trial, loaded, exchanges, trial.prepare_s or 0.0, tell)
        finally:
            loaded.reasoner.close()
    if options.levers:
        for precision in _other_precisions(loaded):
            other = replace(loaded, plan=replace(plan, precision=precision))
            _levers_of_plan(trial, entry, other, exchanges, tell)


def _on_server(trial: Trial, options: argparse.Namespace, findings: Findings, tell: Tell) -> None:
    """Three turns only: a server's memory and tokens are unknown."""
    models = choose(options, lambda _: None)
    tell(models.why)
    trial.model, trial.device = models.reasoner.name, models.reasoner.device
    trial.masks_by = models.segmenter.name if models.segmenter else None
    scene = scene_for(drawn=models.world is not None)
    _note_turns(trial, ask(scene, models.reasoner, models.segmenter), findings)


def _describe(trial: Trial, loaded: Loaded) -> None:
    plan, reasoner = loaded.plan, loaded.reasoner
    trial.device, trial.precision = reasoner.device, plan.precision
    trial.masks_by = loaded.segmenter.name if loaded.segmenter else None
    trial.weight_bytes = reasoner.held_bytes
    trial.planned_bytes = need_of(loaded.shape, plan.precision, plan.sam2, plan.half).total


def _ask(trial: Trial, loaded: Loaded, findings: Findings, tell: Tell) -> list[Exchange]:
    """Prepare the picture and ask; the page, too, prepares it while the first question is typed."""
    tell("Preparing a picture and asking three questions…")
    trial.prepare_s = time_preparation(loaded.reasoner, loaded.scene)
    decoder = decoder_of(loaded.reasoner)
    passes = decoder.passes
    with replayed(loaded) as on_prompt:
        exchanges = ask(loaded.scene, loaded.reasoner, loaded.segmenter, on_prompt)
    _note_turns(trial, exchanges, findings)
    if trial.tokens_per_s:
        written = sum(turn.new_tokens or 0 for turn in trial.turns)
        trial.tokens_per_pass = written / (decoder.passes - passes)
    return exchanges


def _note_turns(trial: Trial, exchanges: Sequence[Exchange], findings: Findings) -> None:
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


def _compare(
    trial: Trial,
    loaded: Loaded,
    exchanges: Sequence[Exchange],
    options: argparse.Namespace,
    tell: Tell,
) -> None:
    """Compare plain decoding with lookahead, and with what the memory allows.

    Random weights write their own text here: a replayed one would be the same both ways.
    """
    tell("Decoding the same token by token, with lookahead and without…")
    prompts = [exchange.prompt for exchange in exchanges]
    prompts = prompts[1:2] if loaded.texts else prompts
    found = compare(loaded.reasoner, loaded.scene.picture, prompts, options.tokens)
    trial.looks_ahead = decoder_of(loaded.reasoner).looks_ahead
    trial.lookahead_same = all(comparison.differs_at is None for comparison in found)
    trial.compared_tokens = sum(len(comparison.plain.tokens) for comparison in found)
    if plain := rate_of([comparison.plain for comparison in found]):
        trial.plain_tokens_per_s = plain.tokens
        context = (trial.turns[0].prompt_tokens or 0) + len(found[0].plain.tokens) // 2
        plan = loaded.plan
        trial.pass_bytes = bytes_per_pass(loaded.shape, plan.precision, context, plan.half)
        if trial.bandwidth:
            trial.bandwidth_share = plain.passes * trial.pass_bytes / trial.bandwidth


def _levers(
    trial: Trial, loaded: Loaded, exchanges: Sequence[Exchange], prepare_s: float, tell: Tell
) -> None:
    """Ask the three questions once more with each lever on and off; all answers are the same."""
    tell(f"Timing turns in {loaded.plan.precision} with each lever on and off…")
    prompts, picture = [exchange.prompt for exchange in exchanges], loaded.scene.picture
    with replayed(loaded) as on_prompt:
        found = compare(loaded.reasoner, picture, prompts, MAX_NEW_TOKENS, on_prompt)
    trial.levers += levers_of(loaded.plan.precision, found, prepare_s)


def _other_precisions(loaded: Loaded) -> Iterator[Precision]:
    """The other precisions in which the same shape fits here."""
    device = loaded.plan.device
    every: tuple[Precision, ...] = (half_precision(device), "nf4", "nf4-all")
    for precision in every if device != "mps" else every[:1]:
        if precision == loaded.plan.precision:
            continue
        if need_of(loaded.shape, precision, None, loaded.plan.half).total <= free_memory(device):
            yield precision


def _levers_of_plan(
    trial: Trial, entry: Entry, loaded: Loaded, exchanges: Sequence[Exchange], tell: Tell
) -> None:
    """The same with random weights in the precision of ``loaded.plan``."""
    reasoner = random_model(entry, loaded.plan)
    try:
        prepare_s = time_preparation(reasoner, loaded.scene)
        _levers(trial, replace(loaded, reasoner=reasoner), exchanges, prepare_s, tell)
    finally:
        reasoner.close()


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
