"""The report in words, part by part."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from demo.checkpoints.fetch import gb
from demo.doctor.findings import Finding
from demo.doctor.machine import Card, Machine, Place
from demo.doctor.runnable import Runnable
from demo.doctor.trial import AskedTurn, Trial
from demo.machine.precision import gib

if TYPE_CHECKING:
    from demo.doctor.speed import Lever


def machine_lines(machine: Machine) -> Iterator[str]:
    """What this machine is, line by line."""
    yield "This machine"
    yield f"  system      {machine.system}; Python {machine.python}"
    yield f"  processor   {machine.cpu}, {_cores(machine)}"
    limit = machine.memory_limit
    within = f", {gib(limit)} GiB allowed in this container" if limit else ""
    yield f"  memory      {gib(machine.memory)} GiB{within}, {gib(machine.memory_free)} GiB free"
    yield from (f"  card        {_card_line(card)}" for card in machine.cards)
    if not machine.cards:
        yield f"  card        {', '.join(machine.seen) or 'none'}{' (unused)' if machine.seen else ''}"
    if machine.driver:
        yield f"  driver      {machine.driver}"
    build = f", built for {machine.build}" if machine.build else ""
    yield f"  torch       {machine.torch}{build}"
    libraries = (f"{name} {number}" for name, number in machine.libraries.items())
    yield f"  libraries   {', '.join(libraries)}"
    where = "the CPU" if machine.device == "cpu" else "the graphics card"
    precision = machine.precision
    words = f"; large ones compute in {_words(precision)} there" if precision else ""
    yield f"  models      run on {where}{words}"
    yield from (f"  disk        {_place_line(place)}" for place in machine.places)
    proxies = ", ".join(f"{name} {host}" for name, host in machine.proxies.items())
    but = f"; not for {machine.no_proxy}" if machine.no_proxy and proxies else ""
    yield f"  proxies     {proxies or 'none'}{but}"


def model_lines(models: Sequence[Runnable], bandwidth: float | None) -> Iterator[str]:
    """What runs here and what does not: a row for each model, then reasons."""
    yield "What runs here"
    head = ("model", "runs", "precision", "memory", "weights", "tokens a second", "first answer")
    yield from _table([head, *map(_row, models)])
    if bandwidth is not None and any(model.most_tokens_per_s for model in models):
        speed = _gb_per_s(bandwidth)
        yield f"  Memory is read at {speed}, which bounds the tokens (pieces of words) a second."
    too_large = [model for model in models if not model.fits and model.needs_bytes]
    broken = [model for model in models if not model.fits and not model.needs_bytes]
    yield from (f"  {model.why}" for model in (*too_large[:1], *broken))


def run_lines(trial: Trial) -> Iterator[str]:
    """What the short run showed; nothing when it did not begin."""
    if not trial.device:
        return
    random = " with random weights" if trial.random else ""
    yield f"A short run of {trial.model}{random} on {trial.device}"
    if trial.precision:
        yield f"  precision   {_words(trial.precision)}"
    if trial.load_s is not None:
        yield f"  loaded      in {_seconds(trial.load_s)}"
    if trial.prepare_s is not None:
        yield f"  a picture   prepared in {_seconds(trial.prepare_s)}, once for all questions about it"
    yield from (f"  asked       {_turn_line(turn)}" for turn in trial.turns)
    if trial.turns:
        yield f"  masks       {f'by {trial.masks_by}' if trial.masks_by else 'none'}"
    yield from (f"  {line}" for line in _decoding(trial))
    if trial.peak_bytes is not None and trial.planned_bytes is not None:
        yield f"  memory      {gib(trial.peak_bytes)} GiB at most, of {gib(trial.planned_bytes)} planned"
    if trial.random and trial.turns:
        yield "  The weights are random: speed and memory are real, but the answers mean nothing. They are"
        yield "  the built-in model’s, so that guesses are right as often as in real answers."
    if trial.levers:
        yield "  Mean time of a turn, in seconds and relative to the app’s own way in that precision"
        head = ("weights in", "times", "way", "turn", "tokens a second")
        yield from _table([head, *map(_lever_row, trial.levers)])


def finding_lines(found: Sequence[Finding]) -> Iterator[str]:
    """The end of the report: what is wrong, and what to do."""
    faults = [finding for finding in found if finding.fault]
    yield "Problems" if faults else "All is well."
    yield from (f"  ✗ {finding}" for finding in faults)
    yield from (f"  · {finding}" for finding in found if not finding.fault)


def _cores(machine: Machine) -> str:
    if machine.cores >= machine.cores_of_machine:
        return f"{machine.cores_of_machine} cores"
    return f"{machine.cores:g} of {machine.cores_of_machine} cores allowed here"


def _card_line(card: Card) -> str:
    capability = f", compute capability {card.capability}" if card.capability else ""
    return f"{card.name}, {gib(card.free)} of {gib(card.memory)} GiB free{capability}"


def _place_line(place: Place) -> str:
    state = place.fault or f"{gb(place.free)} free"
    return f"{place.what.lower()}: {state} in {place.folder}"


def _row(model: Runnable) -> tuple[str, ...]:
    fetched = f"{gb(model.fetch_bytes)} to fetch" if model.fetch_bytes else "to fetch"
    return (
        model.name,
        "yes" if model.fits else "no",
        _words(model.precision) if model.precision else "",
        f"{gib(model.needs_bytes)} GiB" if model.needs_bytes else "",
        "here" if model.here else fetched,
        "" if model.most_tokens_per_s is None else f"{_number(model.most_tokens_per_s)} at most",
        "" if model.first_answer_s is None else f"about {_roughly(model.first_answer_s)}",
    )


def _table(rows: Sequence[tuple[str, ...]]) -> Iterator[str]:
    """The rows in aligned columns, the first as their head; an empty cell is a dash, an empty column left
    out."""
    columns = [column for column in zip(*rows, strict=True) if any(column[1:])]
    widths = [max(map(len, column)) for column in columns]
    for row in zip(*columns, strict=True):
        cells = (f"{cell or '–':{width}}" for cell, width in zip(row, widths, strict=True))
        yield f"  {'  '.join(cells)}".rstrip()


def _turn_line(turn: AskedTurn) -> str:
    first = "no text"
    if turn.first_token_s is not None:
        first = f"text began after {_seconds(turn.first_token_s)}"
    whole = "" if turn.total_s is None else f", complete after {_seconds(turn.total_s)}"
    found = f"{_count(turn.boxes, 'box', 'boxes')}, {_count(turn.masks, 'mask', 'masks')}"
    return f"“{turn.question}”: {first}{whole}; {found}"


def _decoding(trial: Trial) -> Iterator[str]:
    if trial.tokens_per_s is not None:
        passes = (
            f", guessing ahead {trial.tokens_per_pass:.2f} at a time"
            if trial.tokens_per_pass
            else ""
        )
        yield f"speed       {_number(trial.tokens_per_s)} tokens (pieces of words) a second{passes}"
    if trial.plain_tokens_per_s is not None:
        yield f"one by one  {_number(trial.plain_tokens_per_s)} tokens a second"
    if (
        trial.is_large
        and trial.bandwidth_share is not None
        and trial.bandwidth
        and trial.pass_bytes
    ):
        yield (
            f"            the memory allows {_number(trial.bandwidth / trial.pass_bytes)} "
            f"({_gb_per_s(trial.bandwidth)}, {gb(trial.pass_bytes)} a token): "
            f"{trial.bandwidth_share:.0%} of that is reached"
        )
    if trial.lookahead_same is not None:
        same = "yes, the same" if trial.lookahead_same else "NO, OTHER"
        yield f"same text   {same} tokens guessing ahead as one by one, of {trial.compared_tokens}"


def _lever_row(lever: Lever) -> tuple[str, ...]:
    speed = "" if lever.tokens_per_s is None else _number(lever.tokens_per_s)
    times = f"{lever.times_as_long:.2f}"
    return _words(lever.precision), times, lever.way, _seconds(lever.turn_s), speed


def _words(precision: str) -> str:
    short = {"nf4": "4 bits", "nf4-all": "4 bits throughout", "bfloat16": "bf16"}
    return short.get(precision, precision)


def _count(number: int, one: str, more: str) -> str:
    return f"{number} {one if number == 1 else more}"


def _seconds(seconds: float) -> str:
    if seconds >= 90:
        return f"{seconds / 60:.1f} minutes"
    return f"{seconds:.1f} s" if seconds >= 1 else f"{seconds:.2f} s"


def _roughly(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} minutes"


def _number(value: float) -> str:
    return f"{value:.1f}" if value < 10 else f"{value:.0f}"


def _gb_per_s(value: float) -> str:
    return f"{value / 1e9:.0f} GB/s"
