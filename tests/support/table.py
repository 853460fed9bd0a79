"""A model that reads its answers from a table, and what tests of the page do again and again.

A pause in an answer (⏸) lasts until the test lets it go on or the turn is stopped.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator

from playwright.sync_api import Page, expect

from demo.dialects.known import REGION_REASONER
from demo.dialects.prompt import Prompt
from demo.errors import ModelError
from demo.picture.picture import Picture
from demo.reasoners.base import Usage

RED = '{"bbox_2d": [84, 168, 294, 448], "point_2d": [190, 300]}'
BLUE = '{"bbox_2d": [504, 168, 714, 448], "point_2d": [610, 300]}'
SCENE = "<scene>Two blocks on white.</scene>"
ANSWERS = {
    "both": f"{SCENE}<think>Two.</think><answer>[{RED}, {BLUE}]</answer>",
    "next to": f"{SCENE}<focus>A red block.</focus><think>Beside bbox=[84, 168, 294, 448], not at "
    f"[1, 2, 3, 4].</think><answer>[{BLUE}]</answer>",
    "slow": f"{SCENE}<think>So far ⏸ and on.</think><answer>[{BLUE}]</answer>",
    "break": f"{SCENE}<think>So far ✗",
    "ghost": f"{SCENE}<think>None.</think><answer>[]</answer>",
    "sing": f"{SCENE}<think>La.</think><answer>la la</answer>",
    "hostile": f"{SCENE}<think>**a** <img src=x onerror=alert(1)> [b](http://b.example) $$c$$ "
    f"${{alert(1)}} {{{{d}}}} `e`</think><answer>[{RED}]</answer>",
    "spot": f"{SCENE}<think>Not the one at (190, 300): it is at (610, 300).</think>"
    f"<answer>[{BLUE}]</answer>",
    "red": f"{SCENE}<think>The red one.</think><answer>[{RED}]</answer>",
}
BUSY, IDLE = '#canvas[aria-busy="true"]', '#canvas[aria-busy="false"]'


class Weightless:
    """What a reasoner without weights has in common with one that has some."""

    held_bytes = 0

    def prepare(self, _picture: Picture) -> None:
        """There is nothing to prepare."""

    def close(self) -> None:
        """There is nothing to free."""


class TableReasoner(Weightless):
    """Answers with the first text whose word is in the question."""

    name, dialect, device = "table", REGION_REASONER, "CPU"

    def __init__(self) -> None:
        self.go_on = threading.Event()
        self.stopped = threading.Event()

    def stream(
        self, _picture: Picture, prompt: Prompt, cancel: threading.Event
    ) -> Iterator[str | Usage]:
        text = next(answer for word, answer in ANSWERS.items() if word in prompt.question)
        for piece in re.split("([⏸✗])", text):
            if piece == "✗":
                raise ModelError("The device has no room left.")
            while piece == "⏸" and not cancel.is_set() and not self.go_on.wait(0.01):
                pass
            if cancel.is_set():
                self.stopped.set()
                break
            yield piece.strip("⏸")
        yield Usage(decoding="read from a table")


def ask(page: Page, question: str) -> None:
    """Send a question and wait for the end of its turn."""
    page.fill("#message textarea", question)
    page.keyboard.press("Enter")
    expect(page.locator("#chat .user-row").last).to_contain_text(question, ignore_case=True)
    expect(page.locator("#message textarea")).to_have_value("")
    page.locator(IDLE).wait_for(state="attached")


def start(page: Page, question: str) -> None:
    """Send a question and wait until its turn runs."""
    page.fill("#message textarea", question)
    page.click("#send")
    page.locator(BUSY).wait_for(state="attached")
    expect(page.locator("#chat")).to_contain_text("So far")


def drawn(page: Page) -> None:
    """Wait until the browser has laid out and drawn what it knows."""
    page.evaluate(
        "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
    )


def names(page: Page) -> list[str]:
    """The objects on the canvas."""
    objects = page.locator("#canvas [data-object]").all()
    return sorted(str(o.get_attribute("data-object")) for o in objects)
