"""How long people wait when many ask at once: python -m tests.load many --sessions 1,4,16,64

Each number is a run of its own: a fresh app with the built-in model, so many tabs, each with its own
picture, and a secret in each of its questions. All ask without a pause, which people do not do. It writes
RESULTS.md and RESULTS.png beside itself, and ends with status 1 when anything reached a stranger.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import io
import os
import platform
import re
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, NullLocator, ScalarFormatter
from PIL import Image

from demo.nano.world.drawing import draw
from demo.nano.world.layout import sample_scene
from demo.picture.picture import open_picture
from tests.load.server import App, Held, running
from tests.load.visitor import Asked, visiting

HERE = Path(__file__).parent
QUESTIONS = ("find the largest thing", "what is to the left of R1", "find the leftmost thing")
SECRET = re.compile(r"zq[0-9a-f]{10}")
_SETTLE_S = 15.0  # until threads that nobody needs have ended


@dataclass(frozen=True, slots=True)
class Run:
    """One run: all turns, how long opening the pictures took in all, and what the app held."""

    sessions: int
    asked: list[Asked]
    opening_s: float
    asking_s: float
    before: Held
    peak: int
    after: Held
    strangers: set[str]
    left_running: float

    def seconds(self, of: str, percent: float) -> float:
        """A percentile of ``first``, ``words`` or ``whole``."""
        return float(np.percentile([getattr(a, of) or a.whole for a in self.asked], percent))

    @property
    def per_session(self) -> float:
        """Megabytes by which the app had grown at most, for each session."""
        return (self.peak - self.before.memory) / self.sessions / 1e6

    @property
    def overtaken(self) -> int:
        """The most turns that were asked a second or more after one and ended before it."""
        ends = [(a.began, a.began + (a.whole or 0.0)) for a in self.asked]
        return max(sum(b > began + 1 and e < end for b, e in ends) for began, end in ends)

    @property
    def told(self) -> float | None:
        """The median of the wait that came, as a share of the wait that was told first."""
        known = [
            (a.words - at) / s for a in self.asked for at, _, s in a.places[:1] if s and a.words
        ]
        return float(np.median(known)) if known else None


def main(arguments: list[str]) -> int:
    """Do all runs, and write what was measured."""
    parser = argparse.ArgumentParser(prog="python -m tests.load many", description=__doc__)
    parser.add_argument("--sessions", default="1,4,16,64", help="how many tabs, for each run")
    parser.add_argument("--turns", type=int, default=3, help="questions of each tab")
    parser.add_argument("--out", type=Path, default=HERE, help="folder for RESULTS.md and .png")
    options = parser.parse_args(arguments)
    runs = []
    for sessions in map(int, options.sessions.split(",")):
        with TemporaryDirectory() as folder, running(Path(folder)) as app:
            runs.append(asyncio.run(_run(app, sessions, options.turns)))
        print(_row(runs[-1]), flush=True)
    (options.out / "RESULTS.md").write_text(_report(runs, options.turns), encoding="utf-8")
    _plot(runs).savefig(options.out / "RESULTS.png", pil_kwargs={"optimize": True})
    return 1 if any(run.strangers or run.left_running for run in runs) else 0


async def _run(app: App, sessions: int, turns: int) -> Run:
    config = httpx.get(f"{app.url}/config").json()
    pictures = [picture(number) for number in range(sessions)]
    secrets = [f"zq{hashlib.sha256(str(n).encode()).hexdigest()[:10]}" for n in range(sessions)]
    async with AsyncExitStack() as stack:
        tabs = [await stack.enter_async_context(visiting(app.url, config))]
        await tabs[0].open(picture(sessions))  # what is loaded with the first picture and turn
        await tabs[0].ask(QUESTIONS[0])
        await tabs[0].leave()
        before, app.peak = app.held(), 0
        tabs = [await stack.enter_async_context(visiting(app.url, config)) for _ in pictures]
        began = time.monotonic()
        await asyncio.gather(*(tab.open(p) for tab, p in zip(tabs, pictures, strict=True)))
        opened = time.monotonic()

        async def talk(number: int) -> list[Asked]:
            asked = (QUESTIONS[turn % len(QUESTIONS)] for turn in range(turns))
            return [await tabs[number].ask(f"{question} {secrets[number]}") for question in asked]

        asked = [
            turn for turns in await asyncio.gather(*map(talk, range(sessions))) for turn in turns
        ]
        ended, strangers = time.monotonic(), set[str]()
        for tab, secret, shown in zip(tabs, secrets, pictures, strict=True):
            strangers |= tab.strangers(secret, open_picture(shown).sha256, SECRET)
            if secret not in "".join(tab.arrived):
                raise RuntimeError(f"{secret} never came back")
    await asyncio.sleep(_SETTLE_S)
    async with visiting(app.url, config):  # idle threads end when the next one is wanted
        pass
    await asyncio.sleep(1)
    left = app.figure("regionreasoner_turns_running") + app.figure("regionreasoner_events_waiting")
    return Run(
        sessions,
        asked,
        opened - began,
        ended - opened,
        before,
        app.peak,
        app.held(),
        strangers,
        left,
    )


def picture(number: int) -> bytes:
    """A scene of the built-in model's world, another one for each number."""
    content = io.BytesIO()
    scene = sample_scene(np.random.default_rng([1 << 41, number]), 5)
    Image.fromarray(np.asarray(draw(scene).image)).save(content, "PNG")
    return content.getvalue()


_COLUMNS = (
    "sessions", "first update", "first words", "whole turn", "whole turn, 95 %", "turns a minute",
    "opening all pictures", "MB a session", "wait came ÷ told", "overtaken by", "strangers' things",
)  # fmt: skip


def _row(run: Run) -> str:
    told = "" if run.told is None else f"{run.told:.2f}"
    return (
        f"| {run.sessions} | {run.seconds('first', 50):.2f} s | {run.seconds('words', 50):.2f} s | "
        f"{run.seconds('whole', 50):.2f} s | {run.seconds('whole', 95):.2f} s | "
        f"{60 * len(run.asked) / run.asking_s:.0f} | {run.opening_s:.1f} s | {run.per_session:.1f} | "
        f"{told} | {run.overtaken} | {len(run.strangers)} |"
    )


_REPORT = """# Many at once (`python -m tests.load`), {day}

{machine}, {cores} CPU cores shared with other programs (the visitors among them; load {load}), built-in
model on one thread, no GPU. Every tab has its own picture and asks {turns} questions one after the other
without a pause, through the page's own requests; the app keeps all dialogues on disk. Times are medians
from sending a question; *first words* are the model's.

{table}

*MB a session* is the most by which the app's memory had grown, divided by the sessions; *overtaken by*
the most turns that were asked at least a second after one and ended before it. When {sessions} tabs had
been closed for {settle:.0f} seconds, the app held {after.threads} threads ({before.threads} before they
came), {after.files} open files ({before.files}) and {after.memory} MB ({before.memory}); no turn ran or
waited.

![How long a turn takes with so many sessions at once](RESULTS.png)
"""


def _report(runs: Sequence[Run], turns: int) -> str:
    last = runs[-1]
    head = [f"| {' | '.join(_COLUMNS)} |", f"|{'---|' * len(_COLUMNS)}"]
    before, after = (replace(h, memory=h.memory // 1_000_000) for h in (last.before, last.after))
    return _REPORT.format(
        day=date.today().isoformat(), machine=platform.machine(), cores=os.cpu_count(),
        load=load(), turns=turns, table="\n".join((*head, *map(_row, runs))), settle=_SETTLE_S,
        sessions=last.sessions, before=before, after=after,
    )  # fmt: skip


def load() -> str:
    """How many programs want a core, at the end of the runs."""
    return f"{os.getloadavg()[1]:.0f}"


def _plot(runs: Sequence[Run]) -> Figure:
    figure = Figure(figsize=(7, 4), dpi=120, layout="constrained")
    panel = figure.subplots()
    numbers = [run.sessions for run in runs]
    for of, label in (("first", "first update"), ("words", "first words"), ("whole", "whole turn")):
        line = panel.plot(
            numbers, [run.seconds(of, 50) for run in runs], "o-", label=f"{label}, median"
        )
        panel.plot(
            numbers, [run.seconds(of, 95) for run in runs], "--", color=line[0].get_color(),
            linewidth=1, label=f"{label}, 95 %",
        )  # fmt: skip
    panel.set(xscale="log", yscale="log", xlabel="sessions that ask at once", ylabel="seconds")
    panel.xaxis.set_major_locator(FixedLocator(numbers))
    panel.xaxis.set_minor_locator(NullLocator())
    for axis in (panel.xaxis, panel.yaxis):
        axis.set_major_formatter(ScalarFormatter())
    panel.grid(alpha=0.25)
    panel.spines[["top", "right"]].set_visible(False)
    panel.legend(frameon=False, fontsize=8)
    return figure
