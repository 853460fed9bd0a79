"""The doctor's run of a model that is loaded in this process by transformers."""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace

from demo.checkpoints.catalogue import Entry
from demo.doctor.bandwidth import bytes_per_pass
from demo.doctor.findings import Findings
from demo.doctor.loaded import Loaded, entry_for, load, plan_of, replayed, time_preparation
from demo.doctor.peak_memory import Peak, mapped_bytes
from demo.doctor.questions import Exchange, ask
from demo.doctor.random_weights import random_model
from demo.doctor.speed import compare, decoder_of, levers_of, rate_of
from demo.doctor.trial import Trial, note_turns
from demo.machine.devices import free_memory, half_precision
from demo.machine.precision import Precision
from demo.reasoners.base import MAX_NEW_TOKENS, Tell
from demo.reasoners.memory import need_of


def run_here(trial: Trial, options: argparse.Namespace, findings: Findings, tell: Tell) -> None:
    """Fill in ``trial`` with a model that is loaded here. Raises ModelError or InputError."""
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
    note_turns(trial, exchanges, findings)
    if trial.tokens_per_s:
        written = sum(turn.new_tokens or 0 for turn in trial.turns)
        trial.tokens_per_pass = written / (decoder.passes - passes)
    return exchanges


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
