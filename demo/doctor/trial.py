"""A short real run: load a model, prepare a picture, three turns through the engine with masks; then the
same questions token by token against what the memory allows.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from demo.doctor.bandwidth import bytes_a_pass, memory_bandwidth
from demo.doctor.dialogue import Asked, ask, scene_for
from demo.doctor.findings import Findings
from demo.doctor.inside import Finite, looks_ahead, weights_of
from demo.doctor.loaded import Loaded, entry_for, load, plan_of, prepared, saying
from demo.doctor.machine import room_on
from demo.doctor.peak import Peak, mapped_bytes
from demo.doctor.speed import Lever, Pair, levers, pairs, rate
from demo.doctor.unlearned import unlearned
from demo.prompt import Prompt
from demo.reasoners.base import MOST_NEW_TOKENS
from demo.reasoners.catalogue import Entry
from demo.reasoners.devices import best_device, half_precision
from demo.reasoners.loading import Tell
from demo.reasoners.memory import Precision, gib, need_of
from demo.reasoners.remote import connect
from demo.segmenters.choose import Room, choose_segmenter, sizes_for
from demo.space import on_space

_SLOW_SHARE = 0.3  # of what the memory allows; large models reach more where nothing holds them up
_LARGE = 2**30  # bytes of weights that no cache holds
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

    ``bandwidth_share`` is that of plain decoding, a token a pass: passes a second times ``pass_bytes``
    over ``bandwidth``. ``tokens_per_s`` is the app's own way, which looks ahead.
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
    passes_per_s: float | None = None
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
    finite: bool | None = None
    turns: list[AskedTurn] = field(default_factory=list)
    levers: list[Lever] = field(default_factory=list)


def examine(run: Run, options: argparse.Namespace, findings: Findings, tell: Tell) -> None:
    """Fill ``run``. Raises ModelError or InputError; what is known by then stays in it."""
    if options.server:
        _through_server(run, options, findings, tell)
    else:
        _here(run, options, findings, tell)
    _judge(run, findings)


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
            finite = Finite(loaded.reasoner)
            asked = _ask(run, loaded, findings, tell)
            mapped = mapped_bytes(weights_of(loaded.reasoner))
            run.peak_bytes = peak.bytes + mapped
            _decode(run, loaded, asked, options, tell)
            run.finite = finite.close()
        finally:
            loaded.reasoner.close()
    if options.levers:
        prompts = [one.prompt for one in asked]
        for precision in _others(loaded):
            tell(f"{_named(entry, options)} is tried in {precision}…")
            _lever(run, entry, replace(loaded, plan=replace(plan, precision=precision)), prompts)


def _named(entry: Entry, options: argparse.Namespace) -> str:
    return f"{entry.title} with random weights" if options.random else entry.title


def _through_server(run: Run, options: argparse.Namespace, findings: Findings, tell: Tell) -> None:
    """Three turns only: of a server's memory and tokens nothing is known."""
    reasoner, why = connect(options.server, options.model)
    tell(why)
    run.model, run.device = reasoner.name, reasoner.device
    device = best_device()
    sizes = sizes_for(options.segmenter, device, fetch=on_space())
    room = Room(device, sizes[0] if sizes else None)
    segmenter, _ = choose_segmenter(options.segmenter, room, fetch=on_space())
    run.masks_by = segmenter.name if segmenter else None
    asked = ask(scene_for(drawn=reasoner.name == "nano"), reasoner, segmenter)
    _note_turns(run, asked, findings)
    timings = [one.turn.timings for one in asked]
    tokens = sum(t.new_tokens or 0 for t in timings)
    seconds = sum((t.total_s or 0.0) - (t.first_token_s or 0.0) for t in timings)
    run.tokens_per_s = tokens / seconds if tokens and seconds > 0 else None


def _describe(run: Run, loaded: Loaded) -> None:
    plan, reasoner = loaded.plan, loaded.reasoner
    run.device, run.precision = reasoner.device, plan.precision
    run.masks_by = loaded.segmenter.name if loaded.segmenter else None
    run.weight_bytes = reasoner.held_bytes
    run.planned_bytes = need_of(loaded.shape, plan.precision, plan.sam2).total


def _ask(run: Run, loaded: Loaded, findings: Findings, tell: Tell) -> list[Asked]:
    """Prepare and ask, as the page does: the picture is prepared while the first question is typed."""
    tell("A picture is prepared and three questions are asked…")
    run.prepare_s = prepared(loaded.reasoner, loaded.scene)
    with saying(loaded) as before:
        asked = ask(loaded.scene, loaded.reasoner, loaded.segmenter, before)
    _note_turns(run, asked, findings)
    return asked


def _note_turns(run: Run, asked: Sequence[Asked], findings: Findings) -> None:
    run.turns = [_turn(one) for one in asked]
    run.first_token_s = run.turns[0].first_token_s
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


def _decode(
    run: Run, loaded: Loaded, asked: Sequence[Asked], options: argparse.Namespace, tell: Tell
) -> None:
    """Speed and sameness. Random weights say their own for sameness, and what is given for speed:
    what they write by themselves repeats itself in other ways than answers do.
    """
    prompts, picture = [one.prompt for one in asked], loaded.scene.picture
    tell("The same is decoded token by token, with looking ahead and without…")
    run.bandwidth = memory_bandwidth(loaded.plan.device, room_on(loaded.plan.device))
    own = prompts[1:2] if loaded.texts else prompts
    free = made = pairs(loaded.reasoner, picture, own, options.tokens)
    run.looks_ahead = looks_ahead(loaded.reasoner)
    run.lookahead_same = all(pair.differs_at is None for pair in free)
    run.compared_tokens = sum(len(pair.plain.tokens) for pair in free)
    if loaded.texts:
        made = _given(loaded, prompts)
    _speed(run, loaded, free, made)
    run.levers += levers(loaded.plan.precision, made, run.prepare_s or 0.0)


def _given(loaded: Loaded, prompts: Sequence[Prompt]) -> list[Pair]:
    with saying(loaded) as before:
        return pairs(loaded.reasoner, loaded.scene.picture, prompts, MOST_NEW_TOKENS, before)


def _speed(run: Run, loaded: Loaded, free: Sequence[Pair], made: Sequence[Pair]) -> None:
    ahead = [pair.ahead for pair in made]
    if ours := rate(ahead):
        run.tokens_per_s, run.passes_per_s = ours.tokens, ours.passes
        run.tokens_per_pass = ours.tokens / ours.passes
    if plain := rate([pair.plain for pair in free]):
        run.plain_tokens_per_s = plain.tokens
        context = (run.turns[0].prompt_tokens or 0) + len(free[0].plain.tokens) // 2
        run.pass_bytes = bytes_a_pass(loaded.shape, loaded.plan.precision, context)
        if run.bandwidth:
            run.bandwidth_share = plain.passes * run.pass_bytes / run.bandwidth


def _others(loaded: Loaded) -> Iterator[Precision]:
    """The other precisions in which the same shape fits here."""
    device = loaded.plan.device
    every: tuple[Precision, ...] = (half_precision(device), "nf4", "nf4-all")
    for precision in every if device != "mps" else every[:1]:
        if precision == loaded.plan.precision:
            continue
        if need_of(loaded.shape, precision).total <= room_on(device):
            yield precision


def _lever(run: Run, entry: Entry, loaded: Loaded, prompts: Sequence[Prompt]) -> None:
    """The same questions to the same shape in the precision of that plan."""
    reasoner = unlearned(entry, loaded.plan)
    try:
        prepare_s = prepared(reasoner, loaded.scene)
        made = _given(replace(loaded, reasoner=reasoner), prompts)
    finally:
        reasoner.close()
    run.levers += levers(loaded.plan.precision, made, prepare_s)


def _judge(run: Run, findings: Findings) -> None:
    """What of the figures is not well."""
    if run.lookahead_same is False:
        findings.fault("Looking ahead wrote other tokens than plain decoding did.", _REPORT)
    if run.looks_ahead is False:
        findings.note(
            "Nothing is guessed here: passes over several tokens differ too much from single ones."
        )
    if run.finite is False:
        findings.fault(
            "Some of the model’s numbers were not finite.",
            "The checkpoint is damaged, or the precision too small for it: try --quantize none.",
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
    if share is not None and share < _SLOW_SHARE and (run.weight_bytes or 0) > _LARGE:
        findings.note(
            f"Decoding reaches {share:.0%} of what the memory allows: something else holds it up, "
            "such as other programs or a slow processor core."
        )
