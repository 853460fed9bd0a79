"""What others notice of a hostile visitor: python -m tests.load hostile --attacks stretch,heartbeats

For each attack of the library (`attacks.py`) an ordinary visitor asks some questions in quiet, and then as
many while a process sends the attack four times at once, again and again. What must hold: the questions
take at most twice as long, /health answers within 100 ms more than in quiet, the work ends when the
attackers have gone, memory comes back, and the log holds no traceback. Then the largest picture is opened
--openings times by as many visitors. It writes HOSTILE.md beside itself.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import math
import os
import platform
import statistics
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Self

import httpx

from tests import ROOT
from tests.load import files
from tests.load.attacks import ADDRESS, ATTACKS, Hostile
from tests.load.many import QUESTIONS, load, picture
from tests.load.model import answering
from tests.load.server import NANO, App, running
from tests.load.visitor import Visitor, client, visiting

HERE = Path(__file__).parent
MAX_RATIO, MAX_PAUSE_S, MAX_LEFT_BYTES = 2.0, 0.1, 300_000_000
MAX_AFTER_S = 10.0  # until its work has ended when the attackers have gone
_IDLE_SHARE = 0.3  # of a core, which an app that nobody uses may take
_AT_ONCE = 4
_QUESTIONS = 6
_WARM_S = 2.0  # until the attack is under way
_PATIENCE_S = 20.0  # for one question; its answer took longer where that is the figure
_SETTLE_S = 3.0
_POLL_S = 0.01
_LOOK_S = 1.0
_BAD = ("Traceback", "FATAL", "Exception in ASGI")


class Pauses:
    """How long /health takes to answer, asked without an end while it is entered; in seconds."""

    def __init__(self, url: str) -> None:
        self.seconds = list[float]()
        self._url, self._over = url, threading.Event()
        self._thread = threading.Thread(target=self._ask)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    @property
    def longest(self) -> float:
        """The longest that it took."""
        return max(self.seconds, default=math.nan)

    def _ask(self) -> None:
        with httpx.Client(timeout=60) as http:
            while not self._over.wait(_POLL_S):
                began = time.monotonic()
                with suppress(httpx.HTTPError):
                    http.get(f"{self._url}/health")
                self.seconds.append(time.monotonic() - began)


@dataclass(frozen=True, slots=True)
class Noticed:
    """What one attack did: times of questions and of /health in seconds, memory in bytes."""

    attack: str
    quiet: float
    under: float
    answered: int
    pause_quiet: float
    pause: float
    after: float
    grown: int
    outcomes: Counter[str]
    log: tuple[str, ...]

    @property
    def ratio(self) -> float:
        """How many times as long a question took."""
        return self.under / self.quiet

    @property
    def faults(self) -> tuple[str, ...]:
        """What did not hold, in a word each."""
        found = {
            "questions": self.ratio > MAX_RATIO or self.answered < _QUESTIONS,
            "pauses": self.pause > MAX_PAUSE_S + self.pause_quiet,
            "goes on": self.after > MAX_AFTER_S,
            "memory": self.grown > MAX_LEFT_BYTES,
            "log": bool(self.log),
        }
        return tuple(word for word, is_so in found.items() if is_so)


def main(arguments: list[str]) -> int:
    """Send the attacks, and write what was measured."""
    parser = argparse.ArgumentParser(prog="python -m tests.load hostile", description=__doc__)
    parser.add_argument("--attacks", default=",".join(ATTACKS), help="their names (default: all)")
    parser.add_argument("--openings", type=int, default=100, help="of the largest picture; 0: none")
    parser.add_argument("--out", type=Path, default=HERE, help="folder for HOSTILE.md")
    options = parser.parse_args(arguments)
    names = [name for name in options.attacks.split(",") if name]
    by_server = [name for name in names if ATTACKS[name].kind == "answer"]
    noticed = [*_each(names, by_server, NANO)]
    if by_server:
        with answering() as model:
            noticed += _each(by_server, [], ("--server", model.url))
    opened = _openings(options.openings) if options.openings else None
    (options.out / "HOSTILE.md").write_text(_report(noticed, opened), encoding="utf-8")
    held = not any(each.faults for each in noticed)
    return 0 if held and (opened is None or opened.left <= MAX_LEFT_BYTES) else 1


def _each(names: Sequence[str], but: Sequence[str], options: Sequence[str]) -> Iterator[Noticed]:
    """One attack after the other on one app, and on a fresh one after each that did not hold."""
    waiting = [name for name in names if name not in but]
    while waiting:
        with TemporaryDirectory() as folder, running(Path(folder), options) as app:
            is_well = True
            while waiting and is_well:
                noticed = asyncio.run(_notice(app, waiting.pop(0)))
                print(_row(noticed), flush=True)
                is_well = not {*noticed.faults} - {"log"}
                yield noticed


async def _notice(app: App, name: str) -> Noticed:
    async with visiting(app.url) as other:
        await other.open(picture(1))
        await other.ask(QUESTIONS[0])  # what is loaded with the first turn
        told, memory = len(app.told()), app.held().memory
        with Pauses(app.url) as before:
            quiet = [await _seconds(other) for _ in range(_QUESTIONS)]
        with Pauses(app.url) as pauses, _attacked(app, name) as attackers:
            await asyncio.sleep(_WARM_S)
            under = list[float]()
            while len(under) < _QUESTIONS and (not under or max(under) < _PATIENCE_S):
                under.append(await _seconds(other))
        after = await _until_idle(app)
    return Noticed(
        name, statistics.median(quiet), statistics.median(under),
        sum(s < _PATIENCE_S for s in under), before.longest, pauses.longest, after,
        app.held().memory - memory, attackers,
        tuple(word for word in _BAD if word in app.told()[told:]),
    )  # fmt: skip


async def _seconds(visitor: Visitor) -> float:
    """How long a question takes, until it has its whole answer; infinite when it gets none."""
    began = time.monotonic()
    try:
        await asyncio.wait_for(visitor.ask(QUESTIONS[0]), _PATIENCE_S)
    except (TimeoutError, RuntimeError, httpx.HTTPError):
        return math.inf
    return time.monotonic() - began


@contextmanager
def _attacked(app: App, name: str) -> Iterator[Counter[str]]:
    """The hostile visitor at work; at the end how often what became of it, in the server's words."""
    outcomes = Counter[str]()
    command = [sys.executable, "-m", "tests.load.attacks", app.url, name, str(_AT_ONCE)]
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stdout is not None
        first = process.stdout.readline()  # the files are made, and the first answer is there
        try:
            yield outcomes
        finally:
            process.terminate()
            for line in (first, *process.stdout):
                with suppress(ValueError):  # the last one may be cut off
                    outcomes[_short(json.loads(line)[1])] += 1


def _short(said: str) -> str:
    """The first words of an answer, without what is different each time."""
    return said[:90]


async def _until_idle(app: App) -> float:
    """For how many seconds it goes on computing when the attackers have gone."""
    began = looked = time.monotonic()
    is_idle = False
    while not is_idle and looked - began < 3 * MAX_AFTER_S:
        used, since = app.cpu_s(), looked
        await asyncio.sleep(_LOOK_S)
        looked = time.monotonic()
        is_idle = app.cpu_s() - used < _IDLE_SHARE * (looked - since)
    return looked - began


# Memory --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Openings:
    """Memory of the app in bytes: before, at most, and after so many openings."""

    count: int
    before: int
    peak: int
    after: int
    refused: int

    @property
    def left(self) -> int:
        """By how much it has grown."""
        return self.after - self.before


def _openings(count: int) -> Openings:
    """So many visitors open the largest picture, and no two the same one; none has a heartbeat."""
    with TemporaryDirectory() as folder, running(Path(folder)) as app:
        made = asyncio.run(_open_often(app, count))
    print(f"{made.count} openings: {made.left / 1e6:.0f} MB left", flush=True)
    return made


async def _open_often(app: App, count: int) -> Openings:
    async with client(app.url) as http:
        config = (await http.get("/config")).json()
    async with visiting(app.url, config) as first:
        await first.open(files.plain(files.LARGE))  # what is loaded with the first one
        await first.ask(QUESTIONS[0])
    before, app.peak, refused = app.held().memory, 0, 0
    for number in range(count):
        async with client(app.url, ADDRESS) as http:
            shade = files.plain((files.LARGE[0], files.LARGE[1] - number % 50), number % 250)
            try:
                await Hostile(app.url, config, http).opens(shade, "a.png")
            except (httpx.HTTPError, RuntimeError):
                refused += 1
        files.plain.cache_clear()
        if number % 100 == 99:
            print(f"{number + 1} openings: {app.held().memory / 1e6:.0f} MB held", flush=True)
    await asyncio.sleep(_SETTLE_S)
    return Openings(count, before, app.peak, app.held().memory, refused)


# The report ----------------------------------------------------------------------------------------

_COLUMNS = (
    "attack", "what is sent, four times at once", "a question, quiet", "under attack", "×",
    "longest /health, quiet", "under attack", "at work after", "MB more", "what became of it",
    "did not hold",
)  # fmt: skip


def _row(each: Noticed) -> str:
    attack = ATTACKS[each.attack]
    became = "; ".join(f"{count} × {_plain(said)}" for said, count in each.outcomes.most_common(2))
    return (
        f"| {each.attack} | {attack.sends} | {each.quiet:.2f} s | {each.under:.2f} s | "
        f"{each.ratio:.1f} | {1000 * each.pause_quiet:.0f} ms | {1000 * each.pause:.0f} ms | "
        f"{each.after:.0f} s | {each.grown / 1e6:.0f} | {became} | {', '.join(each.faults)} |"
    )


def _plain(said: str) -> str:
    return " ".join(said.replace("|", "/").replace("`", "'").split())


_REPORT = """# Hostile visitors (`python -m tests.load hostile`), {day}

{machine}, {cores} CPU cores shared with other programs (the attackers among them; load {load}),
built-in model on one thread, no GPU. In each row an ordinary visitor asked {questions} questions in quiet
and {questions} under attack; times are medians, *inf* is more than {patience:.0f} s. Attacks are sent four
at a time, each once more when it has its answer, and hang up after 8 s. *At work after* is for how long the
app computes when they have gone, *MB more* how much more memory it holds then than before. Of {count}
attacks {held} did nothing that must not be: questions at most twice as long, /health within 100 ms more
than in quiet, no computing {after:.0f} s afterwards, less than 300 MB, no traceback in the log.

{table}
{memory}"""

_MEMORY = """
The largest picture (50 Mpx), opened {count} times by as many visitors without a heartbeat: memory was
{before} MB before, {peak} MB at most and {after} MB after it; {refused} were refused.
"""


def _report(noticed: Sequence[Noticed], opened: Openings | None) -> str:
    head = [f"| {' | '.join(_COLUMNS)} |", f"|{'---|' * len(_COLUMNS)}"]
    memory = ""
    if opened:
        megabytes = {k: round(getattr(opened, k) / 1e6) for k in ("before", "peak", "after")}
        memory = _MEMORY.format(count=opened.count, refused=opened.refused, **megabytes)
    return _REPORT.format(
        day=date.today().isoformat(), machine=platform.machine(), cores=os.cpu_count(), load=load(),
        questions=_QUESTIONS, patience=_PATIENCE_S, after=MAX_AFTER_S, count=len(noticed),
        held=sum(not each.faults for each in noticed), table="\n".join((*head, *map(_row, noticed))),
        memory=memory,
    )  # fmt: skip
