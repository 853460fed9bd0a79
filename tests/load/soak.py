"""Hours in minutes: python -m tests.load soak --minutes 30

Visitors ask one question after the other of the real app, which is killed, told to end, given a full disk,
failing models, slow and hostile clients and a clock that jumps. Each visitor keeps a ledger of every answer
that the page showed and did not call unsaved. After each start the page must show them again; at the end
every one must lie on disk under its visitor, and nobody may have got anything of another's. It writes
SOAK.md beside itself, and ends with status 1 when something was lost or mixed or the app ended badly.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import secrets
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import date
from itertools import cycle
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
import psutil
from PIL import Image

from demo.dialogue.store import DATABASE
from tests import ROOT
from tests.conftest import free_port
from tests.load import files
from tests.load.attacks import ATTACKS
from tests.load.model import Model, answering, seen
from tests.load.server import App, start
from tests.load.visitor import Visitor, client

HERE = Path(__file__).parent
SECRET = re.compile(r"zq[0-9a-f]{10}")
_SEEN = re.compile(r"shade[0-9a-f]{6}e")
_ANSWERED = re.compile(r'"said": ?"Answer \d+')
_NOT_SAVED = "cannot be saved"
_BAD = ("Traceback", "FATAL", "Exception in ASGI")
_DISK_BYTES = 700_000_000  # more than what the app wants to be free before it takes an upload
_TURNS_OF_ONE = 10  # after which a visitor begins another dialogue
_PATIENCE_S = 40.0
_CALM_S = 4.0
_FAULT_S = 4.0
_SLOW = ("drips", "reads-nothing", "silent", "half-header", "listeners")
_HOSTILE = tuple(name for name, attack in ATTACKS.items() if attack.kind != "answer")


@dataclass(slots=True)
class Ledger:
    """What one visitor was given: ``own`` are the secrets of all questions, ``kept`` of those whose answers
    were to be saved.

    ``waiting`` are those that could not be so far, ``here`` those of the dialogue that is open, ``mixed``
    is whatever was another's, ``gone`` what a page did not show again, and ``failed`` what went wrong, how
    often, in the page's words.
    """

    number: int
    own: set[str] = field(default_factory=set)
    kept: set[str] = field(default_factory=set)
    waiting: set[str] = field(default_factory=set)
    here: set[str] = field(default_factory=set)
    mixed: set[str] = field(default_factory=set)
    gone: set[str] = field(default_factory=set)
    failed: Counter[str] = field(default_factory=Counter)

    @property
    def shade(self) -> str:
        """What the model calls this visitor's picture."""
        return seen(Image.new("RGB", (9, 9), (self._level,) * 3))

    @property
    def picture(self) -> bytes:
        """A picture that only this visitor has."""
        return files.plain(files.SMALL, self._level)

    @property
    def _level(self) -> int:
        return 10 + 7 * self.number

    def note(self, secret: str, asked: str, final: str) -> None:
        """What a turn came to: all that it sent, and its last message."""
        self.check(asked)
        if not _ANSWERED.search(final):
            self.failed[_sentence(final)] += 1
            return
        self.waiting.add(secret)
        if _NOT_SAVED in final:
            self.failed[_sentence(final)] += 1
            return
        self.here |= self.waiting
        self.kept |= self.waiting
        self.waiting.clear()

    def check(self, arrived: str) -> None:
        """Whether something in it is another's."""
        self.mixed |= {*SECRET.findall(arrived)} - self.own
        self.mixed |= {*_SEEN.findall(arrived)} - {self.shade}


class Soak:
    """One app after the other on the same port and folder, and who uses it; ``notes`` is what was done."""

    def __init__(self, folder: Path, model: Model) -> None:
        self.folder, self.model, self.port = folder, model, free_port()
        self.over = threading.Event()
        self.notes = Counter[str]()
        self.statuses = Counter[int]()
        self.faults = Counter[str]()
        self.memory, self.took = list[int](), list[float]()
        self.slow, self.hostile = cycle(_SLOW), cycle(_HOSTILE)
        self.app = self.begin()

    def begin(self) -> App:
        """The app, once more."""
        options = ("--server", self.model.url, "--segmenter", "grabcut")
        program = ("-m", "tests.load.clocked")
        app = start(self.folder, options, port=self.port, program=program)
        app.wait_until_ready()
        return app

    def kill(self) -> None:
        """kill -9, and another one."""
        self._look()
        self.app.end(signal.SIGKILL)
        self.app = self.begin()

    def restart(self) -> None:
        """SIGTERM while questions are answered, and another one."""
        self._look()
        self.stop()
        self.app = self.begin()

    def stop(self) -> None:
        """SIGTERM, and how long it took."""
        began = time.monotonic()
        self.statuses[self.app.end()] += 1
        self.took.append(time.monotonic() - began)

    def jump(self, number: signal.Signals) -> None:
        """Set the clock."""
        self.app.send(number)

    def answer(self, mode: str) -> None:
        """The model server does that for a while."""
        self.model.mode = mode
        self.over.wait(_FAULT_S)
        self.model.mode = "well"
        self.model.go_on.set()  # those that hang
        self.model.go_on.clear()

    def fill(self) -> None:
        """The disk of the dialogues is full for a while."""
        with _full(self.folder / "sessions", self.app.process):
            self.over.wait(_FAULT_S)

    def attack(self, name: str) -> None:
        """Somebody sends that for a while, four times at once."""
        command = [sys.executable, "-m", "tests.load.attacks", self.app.url, name, "4"]
        with subprocess.Popen(
            command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        ) as process:
            self.over.wait(2 * _FAULT_S)
            process.terminate()

    def _look(self) -> None:
        self.memory.append(self.app.held().memory)
        told = self.app.told()
        for word in _BAD:
            self.faults[word] = told.count(word)


FAULTS: tuple[tuple[str, Callable[[Soak], None]], ...] = (
    ("the model server refuses", lambda soak: soak.answer("refuse")),
    ("kill -9 and a start", Soak.kill),
    ("the disk of the dialogues is full", Soak.fill),
    ("the clock a day forward", lambda soak: soak.jump(signal.SIGUSR1)),
    ("the model server stops in the middle of answers", lambda soak: soak.answer("half")),
    ("slow clients", lambda soak: soak.attack(next(soak.slow))),
    ("the clock two days back", lambda soak: soak.jump(signal.SIGUSR2)),
    ("the model server hangs", lambda soak: soak.answer("hang")),
    ("a hostile visitor", lambda soak: soak.attack(next(soak.hostile))),
    ("SIGTERM and a start", Soak.restart),
    ("the model server closes connections", lambda soak: soak.answer("break")),
    ("the model server answers nothing", lambda soak: soak.answer("nothing")),
)


def main(arguments: list[str]) -> int:
    """Soak, and write what became of it."""
    parser = argparse.ArgumentParser(prog="python -m tests.load soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=2.0)
    parser.add_argument("--visitors", type=int, default=6)
    parser.add_argument("--out", type=Path, default=HERE, help="folder for SOAK.md")
    options = parser.parse_args(arguments)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory()))
        stack.enter_context(_disk(folder / "sessions"))
        soak = Soak(folder, stack.enter_context(answering(pause_s=0.03)))
        faults = threading.Thread(target=_faults, args=(soak, 60 * options.minutes))
        faults.start()
        ledgers = asyncio.run(_visits(soak, options.visitors))
        faults.join()
        soak._look()
        soak.stop()
        found = on_disk(folder / "sessions" / DATABASE)
    verdict = judge(ledgers, found, soak.statuses, soak.faults)
    report = _report(options.minutes, ledgers, soak, verdict)
    (options.out / "SOAK.md").write_text(report, encoding="utf-8")
    print(report)
    return 1 if verdict else 0


def _faults(soak: Soak, seconds: float) -> None:
    """One fault after the other, with a calm after each, until the time is over."""
    last = time.monotonic() + seconds
    for name, act in cycle(FAULTS):
        soak.over.wait(_CALM_S)
        if time.monotonic() > last:
            break
        act(soak)
        soak.notes[name] += 1
    soak.over.wait(_CALM_S)
    soak.over.set()


async def _visits(soak: Soak, count: int) -> list[Ledger]:
    ledgers = [Ledger(number) for number in range(count)]
    await asyncio.gather(*(_visit(soak, ledger) for ledger in ledgers))
    return ledgers


async def _visit(soak: Soak, ledger: Ledger) -> None:
    """Ask until it is over; a page that breaks is loaded once more in the same browser."""
    url = f"http://127.0.0.1:{soak.port}"
    async with client(url, timeout=_PATIENCE_S) as http:
        while not soak.over.is_set():
            try:
                config = (await http.get("/config")).raise_for_status().json()
                visitor = Visitor(url, config, http)
                await _page(soak, ledger, visitor)
            except (httpx.HTTPError, RuntimeError, TimeoutError, ValueError) as error:
                ledger.failed[f"{type(error).__name__}: {_sentence(str(error))}"] += 1
                ledger.waiting.clear()  # it was on a page that is no more
                await asyncio.sleep(0.5)


async def _page(soak: Soak, ledger: Ledger, visitor: Visitor) -> None:
    """One page from its loading on: it shows what was there, and goes on with it."""
    try:
        await visitor.arrive()
        shown = "".join(visitor.arrived)
        ledger.check(shown)
        if missing := ledger.here - {*SECRET.findall(shown)}:
            ledger.gone |= missing
        if not ledger.here:
            await visitor.open(ledger.picture)
        while not soak.over.is_set():
            if len(ledger.here) >= _TURNS_OF_ONE:
                ledger.here.clear()
                await visitor.open(ledger.picture)
            await _ask(ledger, visitor)
    finally:
        await visitor.leave()


async def _ask(ledger: Ledger, visitor: Visitor) -> None:
    secret = f"zq{secrets.token_hex(5)}"
    ledger.own.add(secret)
    visitor.arrived.clear()
    await asyncio.wait_for(visitor.ask(f"find the red one {secret}"), _PATIENCE_S)
    over = [text for text in visitor.arrived if "process_completed" in text and "said" in text]
    ledger.note(secret, "".join(visitor.arrived), over[0] if over else "")


def _sentence(text: str) -> str:
    """What a page said was wrong, without what is different each time."""
    found = re.search(r'"(?:alarm|text|error)": ?"([^"]+)"', text)
    said = re.sub(r"127\.0\.0\.1:\d+|scope [0-9a-f]+", "…", found[1] if found else text)
    return " ".join(SECRET.sub("…", said).split())[:90]


# The disk ------------------------------------------------------------------------------------------


@contextmanager
def _disk(folder: Path) -> Iterator[None]:
    """A small disk of its own for that folder, where this may be had."""
    folder.mkdir()
    size = f"size={_DISK_BYTES}"
    mounted = not subprocess.run(
        ["mount", "-t", "tmpfs", "-o", size, "tmpfs", str(folder)], capture_output=True, check=False
    ).returncode
    try:
        yield
    finally:
        if mounted:
            subprocess.run(["umount", str(folder)], check=False)


@contextmanager
def _full(folder: Path, process: psutil.Process) -> Iterator[None]:
    """No byte more can be written there; where the disk is not its own, by no file of that process."""
    filler = folder / "filler"
    if os.path.ismount(folder):
        with filler.open("wb") as file, suppress(OSError):
            while True:
                file.write(b"0" * 65_536)
                file.flush()
    else:
        process.rlimit(psutil.RLIMIT_FSIZE, (0, -1))
    try:
        yield
    finally:
        filler.unlink(missing_ok=True)
        with suppress(psutil.NoSuchProcess):
            process.rlimit(psutil.RLIMIT_FSIZE, (-1, -1))


# The end -------------------------------------------------------------------------------------------


def on_disk(database: Path) -> dict[str, list[tuple[str, str, str]]]:
    """What each owner has: the secrets of question and answer and the shade in it, for each turn."""
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as db:
        rows = db.execute("SELECT owner, body FROM dialogues").fetchall()
    found: dict[str, list[tuple[str, str, str]]] = {}
    for owner, body in rows:
        for turn in json.loads(body)["turns"]:
            asked, told = SECRET.findall(turn["question"]), SECRET.findall(turn["raw"])
            shade = "".join(_SEEN.findall(turn["raw"]))
            found.setdefault(owner, []).append(("".join(asked), " ".join(told), shade))
    return found


def judge(
    ledgers: list[Ledger],
    found: dict[str, list[tuple[str, str, str]]],
    statuses: Counter[int],
    faults: Counter[str],
) -> list[str]:
    """What was lost or mixed, and how the app ended badly, in a sentence each; nothing if all is well."""
    wrong = [f"visitor {each.number} got {each.mixed}" for each in ledgers if each.mixed]
    wrong += [f"visitor {each.number} was not shown {each.gone}" for each in ledgers if each.gone]
    for ledger in ledgers:
        mine = [owner for owner, turns in found.items() if {t[0] for t in turns} & ledger.kept]
        there = {turn[0] for owner in mine for turn in found[owner]}
        if ledger.kept - there:
            wrong.append(f"of visitor {ledger.number} {len(ledger.kept - there)} answers are lost")
        if len(mine) > 1:
            wrong.append(f"visitor {ledger.number} is {len(mine)} owners")
        strangers = {t for owner in mine for t in found[owner] if not _is_of(ledger, t)}
        if strangers:
            wrong.append(f"with visitor {ledger.number} lie {strangers}")
        if not ledger.kept:
            wrong.append(f"visitor {ledger.number} has no answer")
    wrong += [f"{count} ends with status {status}" for status, count in statuses.items() if status]
    wrong += [f"{count} × {word} in the log" for word, count in faults.items() if count]
    return wrong


def _is_of(ledger: Ledger, turn: tuple[str, str, str]) -> bool:
    """Whether a turn is that visitor's; an answer that was stopped may lack its last words."""
    asked, told, shade = turn
    is_answer = not told or asked in told
    return is_answer and {asked, *told.split()} <= ledger.own and shade in ("", ledger.shade)


_REPORT = """# A soak with faults (`python -m tests.load soak`), {day}

{minutes:g} minutes, {visitors} visitors, the real app with a model server that answers, {cores} shared
cores. {asked} questions were asked; {kept} answers were shown and saved, {found} of which were found on
disk, under one owner each, with the words and the picture of the one who asked. **{verdict}**

| fault | times |
|---|---|
{faults}

The app ended {ends} times by SIGTERM with questions under way: {statuses}, after {took:.1f} s at most. Its
memory at the ends was {memory} MB. What visitors were told when something failed:

| what was said | times |
|---|---|
{failed}
"""


def _report(minutes: float, ledgers: list[Ledger], soak: Soak, wrong: list[str]) -> str:
    failed = sum((ledger.failed for ledger in ledgers), Counter[str]())
    kept = sum(len(ledger.kept) for ledger in ledgers)
    statuses = ", ".join(f"{n} × status {status}" for status, n in soak.statuses.items())
    return _REPORT.format(
        day=date.today().isoformat(), minutes=minutes, visitors=len(ledgers), cores=os.cpu_count(),
        asked=sum(len(ledger.own) for ledger in ledgers), kept=kept,
        found=kept if not any("lost" in each for each in wrong) else "not all",
        verdict="; ".join(wrong) or "Nothing was lost, and nothing mixed.",
        faults="\n".join(f"| {name} | {count} |" for name, count in soak.notes.items()),
        ends=sum(soak.statuses.values()), statuses=statuses, took=max(soak.took),
        memory=", ".join(str(each // 1_000_000) for each in soak.memory),
        failed="\n".join(f"| {said} | {count} |" for said, count in failed.most_common()),
    )  # fmt: skip
