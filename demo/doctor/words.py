"""The report for people, part by part."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from demo.doctor.findings import Finding
from demo.doctor.machine import Card, Machine, Place
from demo.doctor.shelf import Runnable
from demo.doctor.speed import Lever
from demo.doctor.trial import AskedTurn, Run
from demo.reasoners.fetch import gb
from demo.reasoners.memory import gib


def machine_lines(machine: Machine) -> Iterator[str]:
    """What this machine is."""
    yield "This machine"
    yield f"  system      {machine.system}; Python {machine.python}"
    yield f"  processor   {machine.cpu}, {_cores(machine)}"
    limit = machine.memory_limit
    within = f", {gib(limit)} GiB allowed in this container" if limit else ""
    free = gib(machine.memory_free)
    yield f"  memory      {gib(machine.memory)} GiB{within}, {free} free"
    yield from (f"  card        {_card(card)}" for card in machine.cards)
    yield from (f"  driver      {line}" for line in machine.seen)
    if not machine.cards:
        yield "  card        none that torch can use"
    yield f"  torch       {machine.torch}, built for {machine.build}"
    libraries = (f"{name} {number}" for name, number in machine.libraries.items())
    yield f"  libraries   {', '.join(libraries)}"
    where = "the CPU" if machine.device == "cpu" else "the graphics card"
    yield f"  models      run on {where}; large ones compute in {machine.precision} there"
    yield from (f"  disk        {_place(place)}" for place in machine.places)
    proxies = ", ".join(f"{name} {host}" for name, host in machine.proxies.items())
    but = f"; not for {machine.no_proxy}" if machine.no_proxy and proxies else ""
    yield f"  proxies     {proxies or 'none'}{but}"


def model_lines(models: Sequence[Runnable], bandwidth: float | None) -> Iterator[str]:
    """What runs here, and what would not."""
    yield "What runs here"
    if bandwidth is not None:
        yield f"  Memory is read at {_gb_per_s(bandwidth)}."
    for model in models:
        yield f"  {model.name}: {'yes' if model.fits else 'no'}. {' '.join(_about(model))}"


def run_lines(run: Run) -> Iterator[str]:
    """What the short run showed."""
    random = " with random weights" if run.random else ""
    yield f"A short run of {run.model}{random}{f' on {run.device}' if run.device else ''}"
    if run.precision:
        yield f"  precision   {run.precision}"
    if run.load_s is not None:
        yield f"  loaded      in {_seconds(run.load_s)}"
    if run.prepare_s is not None:
        yield f"  a picture   in {_seconds(run.prepare_s)}, once; masks by {run.masks_by or 'nothing'}"
    yield from (f"  asked       {_turn(turn)}" for turn in run.turns)
    yield from (f"  {line}" for line in _decoding(run))
    if run.peak_bytes is not None and run.planned_bytes is not None:
        yield f"  memory      {gib(run.peak_bytes)} GiB at most; planned {gib(run.planned_bytes)}"
    if run.random:
        yield "  The weights are random: speed and memory are real, what is said means nothing. Turns say"
        yield "  what the built-in model would, so that guesses are right as often as in real answers."
    if len(run.levers) > 0:
        yield "  Mean time of a turn, in times of the app’s own way in that precision:"
        yield from (f"    {_lever(lever)}" for lever in run.levers)


def finding_lines(found: Sequence[Finding]) -> Iterator[str]:
    """The end of the report: what is wrong, and what to do."""
    faults = [finding for finding in found if finding.fault]
    yield "All is well." if not faults else "Not well"
    yield from (f"  ✗ {finding}" for finding in faults)
    yield from (f"  · {finding}" for finding in found if not finding.fault)


def _cores(machine: Machine) -> str:
    if machine.cores >= machine.cores_of_machine:
        return f"{machine.cores_of_machine} cores"
    return f"{machine.cores:g} of {machine.cores_of_machine} cores allowed here"


def _card(card: Card) -> str:
    capability = f", compute capability {card.capability}" if card.capability else ""
    return f"{card.name}, {gib(card.free)} of {gib(card.memory)} GiB free{capability}"


def _place(place: Place) -> str:
    state = place.fault or f"{gb(place.free)} free"
    return f"{place.what.lower()}: {state} in {place.folder}"


def _about(model: Runnable) -> Iterator[str]:
    yield model.why
    if model.here:
        yield "Its weights are here."
    elif model.fetch_bytes:
        yield f"Its weights are not here: about {gb(model.fetch_bytes)} to fetch."
    if model.most_tokens_per_s is not None:
        yield f"The memory allows {_number(model.most_tokens_per_s)} passes a second at most."
    if model.first_answer_s is not None:
        yield f"A first answer takes about {_seconds(model.first_answer_s)} (estimated)."


def _turn(turn: AskedTurn) -> str:
    first = (
        "no text" if turn.first_token_s is None else f"first token {_seconds(turn.first_token_s)}"
    )
    whole = "" if turn.total_s is None else f", answer {_seconds(turn.total_s)}"
    return f"“{turn.question}”: {first}{whole}; {turn.boxes} boxes, {turn.masks} masks"


def _decoding(run: Run) -> Iterator[str]:
    if run.tokens_per_s is not None:
        passes = f", {run.tokens_per_pass:.2f} a pass" if run.tokens_per_pass else ""
        yield f"speed       {_number(run.tokens_per_s)} tokens a second{passes}"
    if run.plain_tokens_per_s is not None:
        yield f"plainly     {_number(run.plain_tokens_per_s)} tokens a second, one a pass"
    if run.bandwidth_share is not None and run.bandwidth and run.pass_bytes:
        yield (
            f"memory's    {_gb_per_s(run.bandwidth)} allow {_number(run.bandwidth / run.pass_bytes)} "
            f"passes of {gb(run.pass_bytes)} a second; plain decoding reaches {run.bandwidth_share:.0%}"
        )
    if run.lookahead_same is not None:
        same = "the same" if run.lookahead_same else "OTHER"
        yield f"look-ahead  {same} tokens as plain decoding, of {run.compared_tokens}"


def _lever(lever: Lever) -> str:
    speed = "" if lever.tokens_per_s is None else f", {_number(lever.tokens_per_s)} tokens a second"
    turn = _seconds(lever.turn_s)
    return f"{lever.precision:9} {lever.times_as_long:5.2f}  {lever.way} ({turn}{speed})"


def _seconds(seconds: float) -> str:
    if seconds >= 90:
        return f"{seconds / 60:.1f} minutes"
    return f"{seconds:.1f} s" if seconds >= 1 else f"{seconds:.2f} s"


def _number(value: float) -> str:
    return f"{value:.1f}" if value < 10 else f"{value:.0f}"


def _gb_per_s(value: float) -> str:
    return f"{value / 1e9:.0f} GB/s"
