"""The app in a process of its own, and what that process holds: memory, threads, files, turns."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil

from tests import ROOT
from tests.conftest import free_port

NANO = ("--model", "nano")
_LOOK_S = 0.2
_START_S = 300.0
_END_S = 60.0  # after which an app that was told to end is killed


@dataclass(frozen=True, slots=True)
class Held:
    """What a process holds: resident ``memory`` in bytes, counts of threads and open files."""

    memory: int
    threads: int
    files: int


def held(process: psutil.Process) -> Held:
    """What that process holds now, with the memory of those that it started."""
    memory = process.memory_info().rss
    for child in process.children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            memory += child.memory_info().rss
    return Held(memory, process.num_threads(), process.num_fds())


class App:
    """A running app; ``peak`` is the most memory it was seen to have, ``log`` what it writes."""

    def __init__(self, process: subprocess.Popen[bytes], url: str, log: Path) -> None:
        self.url, self.log, self.peak = url, log, 0
        self._popen, self.process = process, psutil.Process(process.pid)
        self._over = threading.Event()

    def held(self) -> Held:
        """What the app holds now."""
        return held(self.process)

    def cpu_s(self) -> float:
        """Seconds that it has computed so far, with the processes that it started and that are there."""
        seconds = 0.0
        for process in (self.process, *self.process.children(recursive=True)):
            with suppress(psutil.NoSuchProcess):
                times = process.cpu_times()
                seconds += times.user + times.system
        return seconds

    def figure(self, name: str) -> float:
        """One of the figures of /metrics."""
        lines = httpx.get(f"{self.url}/metrics").text.splitlines()
        return float(next(line for line in lines if line.startswith(f"{name} ")).split()[1])

    def told(self) -> str:
        """All that it has written so far."""
        return self.log.read_text(encoding="utf-8", errors="replace")

    def wait_until_ready(self) -> None:
        """Wait until its model is loaded. Raises RuntimeError when it ends before, or takes too long."""
        last = time.monotonic() + _START_S
        while self._popen.poll() is None and time.monotonic() < last:
            with suppress(httpx.HTTPError):
                if httpx.get(f"{self.url}/health", timeout=5).json()["status"] == "ok":
                    return
            time.sleep(_LOOK_S)
        raise RuntimeError(f"the app is not ready, status {self._popen.returncode}: {self.told()}")

    def watch(self) -> None:
        """Follow its memory until the end."""
        while not self._over.wait(_LOOK_S):
            with suppress(psutil.NoSuchProcess):
                self.peak = max(self.peak, self.held().memory)

    def send(self, number: signal.Signals) -> None:
        """Send it a signal."""
        self._popen.send_signal(number)

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """End it, and return its exit status."""
        if self._popen.poll() is None:
            self.send(number)
        return self.wait()

    def wait(self) -> int:
        """Its exit status, once it has one; when it does not end in time it is killed."""
        self._over.set()
        try:
            return self._popen.wait(_END_S)
        except subprocess.TimeoutExpired:
            self._popen.kill()
            return self._popen.wait()


def start(
    folder: Path,
    options: Sequence[str] = NANO,
    *,
    host: str = "127.0.0.1",
    port: int | None = None,
    environment: Mapping[str, str] | None = None,
    program: Sequence[str] = ("app.py",),
) -> App:
    """The app, with dialogues and uploads in that folder; it may not answer yet."""
    chosen = port or free_port()
    where = ("--host", host, "--port", str(chosen), "--sessions", str(folder / "sessions"))
    settled = {
        **os.environ,
        "GRADIO_TEMP_DIR": str(folder / "uploads"),
        "OMP_NUM_THREADS": "1",
        **(environment or {}),
    }
    log = folder / "log"
    with log.open("ab") as written:
        process = subprocess.Popen(
            [sys.executable, *program, *options, *where],
            cwd=ROOT, stdout=written, stderr=written, env=settled,
        )  # fmt: skip
    return App(process, f"http://{host}:{chosen}", log)


@contextmanager
def running(
    folder: Path,
    options: Sequence[str] = NANO,
    *,
    environment: Mapping[str, str] | None = None,
) -> Iterator[App]:
    """The app for as long as the block lasts, once its model is loaded."""
    app = start(folder, options, environment=environment)
    watching = threading.Thread(target=app.watch)
    watching.start()
    try:
        app.wait_until_ready()
        yield app
    finally:
        app.end()
        watching.join()
