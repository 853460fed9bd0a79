"""The page before its model is there: the app as people start it, and a hub that holds the weights back.

What is asked meanwhile waits, and so does what is opened; the end of loading, good or bad, reaches both.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from tests import ROOT
from tests.conftest import copy_of_nano, free_port, visit
from tests.page.test_stage import drag, tool
from tests.support.hub import Hub, hub_of
from tests.support.table import BUSY, IDLE, names

WEIGHTS = "model.safetensors"
LOADING = re.compile(r"Loading small: .*0\.\d MB of 2\d\.\d MB…")
RUNS = "small · CPU · masks: GrabCut"
TEXT, STATUS, CHAT = "#message textarea", "#status .status-text", "#chat"


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    """What the hub calls somebody/small: the built-in model under another name, in another frame."""
    return copy_of_nano(tmp_path / "small", frame=252)


@dataclass(frozen=True, slots=True)
class App:
    """The app while its hub holds the weights back."""

    process: subprocess.Popen[str]
    hub: Hub
    url: str

    @property
    def health(self) -> dict[str, object]:
        return dict(httpx.get(f"{self.url}/health", timeout=60).json())

    def end(self) -> tuple[int, str, str]:
        """Its status and what it still had to say, once it has ended."""
        out, errors = self.process.communicate(timeout=120)
        return self.process.returncode, out, errors


@contextmanager
def loading(checkpoint: Path, *options: str) -> Iterator[App]:
    port = free_port()
    with hub_of({"somebody/small": checkpoint}) as hub:
        hub.held[WEIGHTS] = 1000
        environment = {
            **os.environ, "HF_ENDPOINT": hub.url, "HF_HUB_OFFLINE": "0", "HF_HUB_DISABLE_XET": "1",
            "HF_HOME": str(checkpoint.parent / "hub"),
            "GRADIO_TEMP_DIR": str(checkpoint.parent / "uploads"),
        }  # fmt: skip
        command = [
            sys.executable, "app.py", "--model", "somebody/small", "--yes", "--segmenter", "grabcut",
            "--port", str(port), *options,
        ]  # fmt: skip
        with subprocess.Popen(
            command, cwd=ROOT, env=environment, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        ) as process:  # fmt: skip
            try:
                assert process.stdout is not None
                url = f"http://127.0.0.1:{port}"
                assert process.stdout.readline() == f"Running on {url}\n"
                assert hub.standing.wait(120)
                yield App(process, hub, url)
            finally:
                process.kill()


def opened(page: Page) -> Page:
    """With the first example."""
    page.locator("#examples .example-open").first.click()
    expect(page.locator("#canvas img")).to_be_visible()
    return page


def ask(page: Page, question: str) -> None:
    page.fill(TEXT, question)
    page.keyboard.press("Enter")
    expect(page.locator(BUSY)).to_be_attached()
    expect(page.locator(TEXT)).to_have_value("")


def test_what_is_asked_and_drawn_meanwhile(browser: Browser, checkpoint: Path) -> None:
    """One visitor's question waits for the model; the other stops one, draws a region and asks of it."""
    with loading(checkpoint) as app:
        with visit(browser, app.url) as page, visit(browser, app.url) as other:
            health = app.health
            assert (health["status"], health["model"]) == ("loading", "small")
            assert LOADING.fullmatch(str(health["doing"]))
            asked_meanwhile(page)
            drawn_meanwhile(other)
            app.hub.release.set()
            answered_once_it_is_there(page)
            asked_as_drawn(other)
            for tab in (page, other):
                expect(tab.locator(STATUS)).to_have_text(RUNS)
        assert (app.health["status"], app.health["doing"]) == ("ok", "")
        assert RUNS in httpx.get(f"{app.url}/config").text  # for all who come later
        app.process.terminate()
        status, said, _ = app.end()
        assert (status, said.startswith(f"{RUNS}. The model")) == (0, True)


def asked_meanwhile(page: Page) -> None:
    expect(page.locator(STATUS)).to_have_text(LOADING)
    ask(opened(page), "find the boat")
    expect(page.locator(CHAT)).to_contain_text("find the boat")
    expect(page.locator(CHAT)).to_contain_text(LOADING)


def answered_once_it_is_there(page: Page) -> None:
    expect(page.locator('#canvas [data-object="R1.1"] path').first).to_be_attached(timeout=60_000)
    expect(page.locator(IDLE)).to_be_attached()
    expect(page.locator(CHAT)).to_contain_text("Found one: R1")
    expect(page.locator(CHAT)).not_to_contain_text(LOADING)


def drawn_meanwhile(page: Page) -> None:
    """A question that waits is stopped, a region drawn, and another question waits."""
    expect(page.locator(STATUS)).to_have_text(LOADING)
    ask(opened(page), "find the boat")
    page.click("#stop")
    expect(page.locator(CHAT)).to_contain_text("Stopped")
    expect(page.locator(IDLE)).to_be_attached()
    tool(page, "box")
    drag(page, (100, 100), (300, 300))
    page.mouse.up()
    expect(page.locator('#canvas [data-object="R1.1"] path').first).to_be_attached()
    assert names(page) == ["R1.1"]
    ask(page, "what is next to R1")


def asked_as_drawn(page: Page) -> None:
    expect(page.locator(IDLE)).to_be_attached(timeout=60_000)
    expect(page.locator(CHAT)).to_contain_text(
        re.compile(r"Asked as: what is next to R1 → bbox=\[\d+, \d+, \d+, \d+\]")
    )


def test_a_model_that_cannot_be_loaded_ends_the_app_with_its_sentence(
    browser: Browser, checkpoint: Path
) -> None:
    (checkpoint / WEIGHTS).write_bytes(b"no weights at all" * 1000)
    sentence = "The checkpoint somebody/small is not complete"
    with loading(checkpoint) as app:
        page = browser.new_page()
        page.goto(app.url)
        ask(opened(page), "find the boat")
        app.hub.release.set()
        expect(page.locator(CHAT)).to_contain_text(sentence, timeout=60_000)
        status, _, errors = app.end()
        page.close()
    assert status == 1
    assert sentence in errors
    assert "Traceback" not in errors


@pytest.mark.parametrize(
    ("number", "status", "says"),
    [
        pytest.param(signal.SIGINT, 1, "Fetching small was stopped.", id="Ctrl-C"),
        pytest.param(signal.SIGTERM, 0, "", id="the system's"),
    ],
)
def test_a_signal_ends_the_app_while_it_loads(
    checkpoint: Path, number: signal.Signals, status: int, says: str
) -> None:
    with loading(checkpoint, "--log-json") as app:
        app.process.send_signal(number)
        ended, _, errors = app.end()
        assert ended == status
        assert says in errors
        assert '"message": "stopped"' in errors
        assert "Traceback" not in errors
