"""How long the app takes to answer its address, beside a trivial Gradio app: python -m tests.bench.start

Both are started again and again in turn, so that what else the machine does falls on both. Seconds run from
the start of the process to the first answer of the page with status 200.
"""

from __future__ import annotations

import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence

import httpx

from tests import ROOT
from tests.conftest import free_port

TIMES = 5
TRIVIAL = (
    "import sys, gradio\n"
    "with gradio.Blocks() as page:\n"
    "    gradio.Textbox()\n"
    "page.launch(server_port=int(sys.argv[1]), quiet=True)\n"
)


def main() -> None:
    """Print the figures as Markdown."""
    trivial, page, model = [], [], []
    for _ in range(TIMES):
        port = str(free_port())
        trivial.append(answers_after(["-c", TRIVIAL, port], port)[0])
        port = str(free_port())
        page_s, model_s = answers_after(
            ["app.py", "--model", "nano", "--sessions", "none", "--port", port], port, "nano · "
        )
        page.append(page_s)
        model.append(model_s)
    print(f"Machine: {platform.machine()}, {os.cpu_count()} CPU cores; {TIMES} starts of each.\n")
    print("| seconds from the start | shortest | median |\n|---|---|---|")
    print(row("a trivial Gradio app answers", trivial))
    print(row("the app answers", page))
    print(row("nano is loaded", model))


def row(name: str, seconds: Sequence[float]) -> str:
    """A row of the table."""
    return f"| {name} | {min(seconds):.2f} | {statistics.median(seconds):.2f} |"


def answers_after(arguments: Sequence[str], port: str, line: str = "") -> tuple[float, float]:
    """Seconds until the page of that process answers, and until it prints a line that begins so."""
    began = time.perf_counter()
    with subprocess.Popen(
        [sys.executable, "-u", *arguments], cwd=ROOT, stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL, text=True,
    ) as process:  # fmt: skip
        try:
            assert process.stdout is not None
            while not is_there(port):
                assert process.poll() is None
            answered = time.perf_counter() - began
            while line and not process.stdout.readline().startswith(line):
                assert process.poll() is None
            return answered, time.perf_counter() - began
        finally:
            process.terminate()


def is_there(port: str) -> bool:
    """Whether the page answers."""
    try:
        return httpx.get(f"http://127.0.0.1:{port}/", timeout=60).status_code == 200
    except httpx.TransportError:
        time.sleep(0.01)
        return False


if __name__ == "__main__":
    main()
