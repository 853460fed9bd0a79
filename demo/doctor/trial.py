"""A short real run: load a model, prepare a picture, three turns through the engine with masks; then the
same questions token by token against what the memory allows.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from demo.checkpoints.catalogue import Entry
from demo.doctor.bandwidth import bytes_a_pass
from demo.doctor.findings import Findings
from demo.doctor.inspection import looks_ahead, passes_of, weights_of
from demo.doctor.loaded import Loaded, entry_for, load, plan_of, prepared, saying
from demo.doctor.peak_memory import Peak, mapped_bytes
from demo.doctor.questions import Asked, ask, scene_for
from demo.doctor.random_weights import unlearned
from demo.doctor.speed import Lever, levers, pairs, rate
from demo.machine.devices import best_device, free_memory, half_precision
from demo.machine.precision import Precision, gib
from demo.reasoners.base import MAX_NEW_TOKENS
from demo.reasoners.loading import Tell
from demo.reasoners.memory import need_of
from demo.remote.reasoner import connect
from demo.segmenters.factory import Room, choose_segmenter, sizes_for
from demo.zerogpu import on_space

_SLOW_SHARE = 0.3  # of what the memory allows; large models reach more where nothing holds them up
_LARGE = 2**30  # bytes
_REPORT = "Please report it with the file that --json FILE writes."


@dataclass(frozen=True, slots=True)
class AskedTurn:
    """One turn as the engine timed it; the first token's seconds count from the question on."""

    question: str
    first_token_s: float | None
    total_s: float | None
    prompt_tokens: int | None
    new_tokens: int | None
    boxes: int
    masks: int


@dataclass(slots=True)
class Run:
    """What is known of a run, filled as it becomes known; bytes, seconds, shares of 1.

    ``tokens_per_s`` is that of the three turns after their first tokens, in the app's own way, which
    looks ahead. ``bandwidth_share`` is that of plain decoding, a token a pass: passes a second times
    ``pass_bytes`` over ``bandwidth``.
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
        """Whether no cache holds its weights, so that the memory's speed is what counts."""
        return (self.weight_bytes or 0) > _LARGE


def examine(run: Run, options: argparse.Namespace, findings: Findings, tell: Tell) -> None:
    """Fill ``run``. Raises ModelError or InputError; what is known by then stays in it."""
    if options.server:
        _through_server(run, options, findings, tell)
    else:
        _here(run, options, findings, tell)
    judge(run, findings)


def _here(run: Run, options: argparse.Namespace, findings: Findings, tell: Tell) -> None:
    entry = entry_for(options)
    run.model = entry.name
    plan = plan_of(entry, options)
    tell(f"{_named(entry, options)} is loaded…")
    with Peak(plan.device) as peak:
        began = time.perf_counter()
        loaded = load(entry, plan, options, tell)
        run.load_s = time.perf_counter() - began
        _describe(run, loaded)
        try:
            asked = _ask(run, loaded, findings, tell)
            run.peak_bytes = peak.bytes + mapped_bytes(weights_of(loaded.reasoner))
            _compare(run, loaded, asked, options, tell)
            if options.levers:
                _levers(run, loaded, asked, run.prepare_s or 0.0, tell)
        finally:
            loaded.reasoner.close()
    if options.levers:
        for precision in _others(loaded):
            _lever(
                run, entry, replace(loaded, plan=replace(plan, precision=precision)), asked, tell
            )


def _named(entry: Entry, options: argparse.Namespace) -> str:
    return f"{entry.title} with random weights" if options.random else entry.title


def _through_server(run: Run, options: argparse.Namespace, findings: Findings, tell: Tell) -> None:
    """Three turns only: of a server's memory and tokens nothing is known."""
    reasoner, why = connect(options.server, options.model, dialect=options.dialect)
    tell(why)
    run.model, run.device = reasoner.name, reasoner.device
    device = best_device()
    sizes = sizes_for(options.segmenter, device, fetch=on_space())
    room = Room(device, sizes[0] if sizes else None)
    segmenter, _ = choose_segmenter(options.segmenter, room, fetch=on_space())
    run.masks_by = segmenter.name if segmenter else None
    asked = ask(scene_for(drawn=reasoner.name == "nano"), reasoner, segmenter)
    _note_turns(run, asked, findings)


def _describe(run: Run, loaded: Loaded) -> None:
    plan, reasoner = loaded.plan, loaded.reasoner
    run.device, run.precision = reasoner.device, plan.precision
    run.masks_by = loaded.segmenter.name if loaded.segmenter else None
    run.weight_bytes = reasoner.held_bytes
    run.planned_bytes = need_of(loaded.shape, plan.precision, plan.sam2, plan.half).total


def _ask(run: Run, loaded: Loaded, findings: Findings, tell: Tell) -> list[Asked]:
    """Prepare and ask, as the page does: the picture is prepared while the first question is typed."""
    tell("A picture is prepared and three questions are asked…")
    run.prepare_s = prepared(loaded.reasoner, loaded.scene)
    passes = passes_of(loaded.reasoner)
    with saying(loaded) as before:
        asked = ask(loaded.scene, loaded.reasoner, loaded.segmenter, before)
    _note_turns(run, asked, findings)
    passes = passes_of(loaded.reasoner) - passes
    if run.tokens_per_s:
        written = sum(turn.new_tokens or 0 for turn in run.turns)
        run.tokens_per_pass = written / passes
    return asked


def _note_turns(run: Run, asked: Sequence[Asked], findings: Findings) -> None:
    run.turns = [_turn(one) for one in asked]
    run.first_token_s = run.turns[0].first_token_s
    later = [(one.turn.timings.new_tokens or 0) - 1 for one in asked]
    seconds = [one.written_s - (one.turn.timings.first_token_s or 0.0) for one in asked]
    if sum(later) > 0 and sum(seconds) > 0:
        run.tokens_per_s = sum(later) / sum(seconds)
    for finding in (finding for one in asked for finding in one.turn.findings):
        if finding.kind == "masks.failed":
            findings.fault(finding.text)


def _turn(asked: Asked) -> AskedTurn:
    turn, timings = asked.turn, asked.turn.timings
    return AskedTurn(
        turn.question,
        timings.first_token_s,
        timings.total_s,
        timings.prompt_tokens,
        timings.new_tokens,
        asked.boxes,
        asked.masks,
    )


def _compare(
    run: Run, loaded: Loaded, asked: Sequence[Asked], options: argparse.Namespace, tell: Tell
) -> None:
    """Plain decoding beside looking ahead, and beside what the memory allows.

    Random weights say their own here: what they were made to say would be the same by force.
    """
    tell("The same is decoded token by token, with looking ahead and without…")
    prompts = [one.prompt for one in asked]
    prompts = prompts[1:2] if loaded.texts else prompts
    made = pairs(loaded.reasoner, loaded.scene.picture, prompts, options.tokens)
    run.looks_ahead = looks_ahead(loaded.reasoner)
    run.lookahead_same = all(pair.differs_at is None for pair in made)
    run.compared_tokens = sum(len(pair.plain.tokens) for pair in made)
    if plain := rate([pair.plain for pair in made]):
        run.plain_tokens_per_s = plain.tokens
        context = (run.turns[0].prompt_tokens or 0) + len(made[0].plain.tokens) // 2
        plan = loaded.plan
        run.pass_bytes = bytes_a_pass(loaded.shape, plan.precision, context, plan.half)
        if run.bandwidth:
            run.bandwidth_share = plain.passes * run.pass_bytes / run.bandwidth


def _levers(run: Run, loaded: Loaded, asked: Sequence[Asked], prepare_s: float, tell: Tell) -> None:
    """The three questions once more, with each lever on and off, all saying the same."""
    tell(f"Turns in {loaded.plan.precision} are timed with each lever on and off…")
    prompts, picture = [one.prompt for one in asked], loaded.scene.picture
    with saying(loaded) as before:
        made = pairs(loaded.reasoner, picture, prompts, MAX_NEW_TOKENS, before)
    run.levers += levers(loaded.plan.precision, made, prepare_s)


def _others(loaded: Loaded) -> Iterator[Precision]:
    """The other precisions in which the same shape fits here."""
    device = loaded.plan.device
    every: tuple[Precision, ...] = (half_precision(device), "nf4", "nf4-all")
    for precision in every if device != "mps" else every[:1]:
        if precision == loaded.plan.precision:
            continue
        if need_of(loaded.shape, precision, None, loaded.plan.half).total <= free_memory(device):
            yield precision


def _lever(run: Run, entry: Entry, loaded: Loaded, asked: Sequence[Asked], tell: Tell) -> None:
    """The same in the precision of that plan."""
    reasoner = unlearned(entry, loaded.plan)
    try:
        prepare_s = prepared(reasoner, loaded.scene)
        _levers(run, replace(loaded, reasoner=reasoner), asked, prepare_s, tell)
    finally:
        reasoner.close()


def judge(run: Run, findings: Findings) -> None:
    """What of the figures is not well."""
    if run.lookahead_same is False:
        findings.fault("Looking ahead wrote other tokens than plain decoding did.", _REPORT)
    if run.looks_ahead is False:
        findings.note(
            "Nothing is guessed here: passes over several tokens differ too much from single ones."
        )
    if run.peak_bytes and run.planned_bytes and run.peak_bytes > run.planned_bytes:
        findings.fault(
            f"The run took {gib(run.peak_bytes)} GiB, and the plan said at most "
            f"{gib(run.planned_bytes)}.",
            _REPORT,
        )
    if run.turns and not run.random and not any(turn.boxes for turn in run.turns):
        findings.fault(
            "None of the three answers holds a box.",
            "Is it a checkpoint for grounding, asked in its own words? See the answers with "
            "python -m demo ground.",
        )
    _judge_speed(run, findings)


def _judge_speed(run: Run, findings: Findings) -> None:
    share = run.bandwidth_share
    if share is not None and share < _SLOW_SHARE and run.is_large:
        findings.note(
            f"Decoding reaches {share:.0%} of what the memory allows: something else holds it up, "
            "such as other programs or a slow processor core."
        )
