"""The app in a process of its own, and what that process holds: memory, threads, files, turns."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil

from tests import ROOT
from tests.conftest import free_port

_LOOK_S = 0.2


@dataclass(frozen=True, slots=True)
class Held:
    """What a process holds: resident ``memory`` in bytes, counts of threads and open files."""

    memory: int
    threads: int
    files: int


def held(process: psutil.Process) -> Held:
    """What that process holds now."""
    return Held(process.memory_info().rss, process.num_threads(), process.num_fds())


class App:
    """A running app; ``peak`` is the most memory it was seen to have."""

    def __init__(self, process: subprocess.Popen[str], url: str) -> None:
        self.url, self.peak = url, 0
        self._process = psutil.Process(process.pid)
        self._over = threading.Event()

    def held(self) -> Held:
        """What the app holds now."""
        return held(self._process)

    def figure(self, name: str) -> float:
        """One of the figures of /metrics."""
        lines = httpx.get(f"{self.url}/metrics").text.splitlines()
        return float(next(line for line in lines if line.startswith(f"{name} ")).split()[1])

    def watch(self) -> None:
        """Follow its memory until the end."""
        while not self._over.wait(_LOOK_S):
            self.peak = max(self.peak, self.held().memory)

    def end(self) -> None:
        """Look no more."""
        self._over.set()


@contextmanager
def running(folder: Path) -> Iterator[App]:
    """The app with the built-in model, with dialogues and uploads in that folder."""
    port = free_port()
    command = [
        sys.executable, "app.py", "--model", "nano", "--port", str(port),
        "--sessions", str(folder / "sessions"),
    ]  # fmt: skip
    environment = {**os.environ, "GRADIO_TEMP_DIR": str(folder / "uploads"), "OMP_NUM_THREADS": "1"}
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        env=environment,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        while not process.stdout.readline().startswith("nano · built in"):  # once it is loaded
            if process.poll() is not None:
                raise RuntimeError(f"the app ended with status {process.returncode}")
        app = App(process, f"http://127.0.0.1:{port}")
        watching = threading.Thread(target=app.watch)
        watching.start()
        try:
            yield app
        finally:
            app.end()
            watching.join()
            process.terminate()
