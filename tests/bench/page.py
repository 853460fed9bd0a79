"""What a turn sends over the wire, and how long the browser draws many regions: python -m tests.bench.page

The page is the real one with the built-in model, on loopback; its bytes are those that Chromium counts.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import statistics
import threading
from argparse import Namespace
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from PIL import Image, ImageDraw
from playwright.sync_api import Page, expect, sync_playwright

from demo.dialects.known import REGION_REASONER
from demo.dialects.prompt import Prompt
from demo.dialogue.examples import load_examples
from demo.models.models import Models
from demo.models.selection import choose
from demo.picture.geometry import Size
from demo.picture.masks import Mask
from demo.picture.picture import Picture
from demo.reasoners.base import Usage
from demo.segmenters.base import MaskPrompt, Segment
from demo.ui.page import build_page, launch_options
from tests.support.table import Weightless

TURNS = 8
REGIONS = 120
POINTS = 60  # jags of each outline
LARGE = (3840, 2160)
TIMES = 7


def main() -> None:
    """Print the figures as Markdown."""
    with served(choose(nano_options())) as url, browsing(url) as page:
        received = count_bytes(page)
        page.locator("#examples .example-open").first.click()
        expect(page.locator("#canvas img")).to_be_visible()
        page.wait_for_timeout(2000)
        sizes = [turn_bytes(page, received, number) for number in range(TURNS)]
    many = Models(Leaves(), Outlines(), "leaves", "", "")
    with served(many) as url, browsing(url) as page, TemporaryDirectory() as folder:
        draws = drawing_times(page, url, draw_leaves(Path(folder)))
    print(f"Machine: {platform.machine()}, {os.cpu_count()} CPU cores, Chromium without a GPU.\n")
    print("| | figure |\n|---|---|")
    print(f"| bytes of turn 1 | {sizes[0]:,} |")
    print(f"| bytes of turn {TURNS} | {sizes[-1]:,} |")
    print(f"| bytes of a turn, median of {TURNS} | {statistics.median(sizes):,.0f} |")
    masks = f"{REGIONS} objects with masks of {2 * POINTS} points on {LARGE[0]} × {LARGE[1]} pixels"
    print(f"| drawing {masks}, median | {statistics.median(draws):.0f} ms |")
    print(f"| the same, slowest of {TIMES} | {max(draws):.0f} ms |")


def nano_options() -> Namespace:
    """The options that choose the built-in model."""
    return Namespace(
        server=None,
        model="nano",
        engine="auto",
        quantize="auto",
        low_memory=False,
        segmenter="auto",
        yes=False,
        dialect=None,
        asking="auto",
    )


@contextmanager
def served(models: Models) -> Iterator[str]:
    """The page on loopback."""
    page = build_page(models, load_examples())
    _, url, _ = page.launch(prevent_thread_lock=True, quiet=True, **launch_options())
    yield url
    page.close(verbose=False)


@contextmanager
def browsing(url: str) -> Iterator[Page]:
    """The page in Chromium."""
    with sync_playwright() as playwright:
        path = os.environ.get("CHROMIUM") or shutil.which("chromium")
        chromium = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        page = chromium.new_page(viewport={"width": 1440, "height": 900})
        page.goto(url)
        yield page
        chromium.close()


def count_bytes(page: Page) -> list[int]:
    """A list that grows by the size of everything that arrives, in bytes on the wire."""
    received: list[int] = []
    wire = page.context.new_cdp_session(page)
    wire.send("Network.enable")
    wire.on("Network.dataReceived", lambda event: received.append(event["dataLength"]))
    return received


def turn_bytes(page: Page, received: list[int], number: int) -> int:
    """The bytes of one turn from Send to rest, the streamed text included."""
    received.clear()
    question = "find the leftmost thing" if number % 2 else "find the largest thing"
    page.fill("#message textarea", question)
    page.keyboard.press("Enter")
    expect(page.locator("#chat .user-row")).to_have_count(number + 1)
    expect(page.locator('#canvas[aria-busy="false"]')).to_be_attached(timeout=20_000)
    page.wait_for_timeout(1000)
    return sum(received)


def drawing_times(browser_page: Page, url: str, picture: Path) -> list[float]:
    """Milliseconds in which the browser drew all regions anew, each time the page was opened afresh."""
    times = []
    browser_page.add_init_script(_LISTEN)
    for _ in range(TIMES):
        browser_page.goto(url)
        browser_page.set_input_files("#upload input[type=file]", picture)
        expect(browser_page.locator("#canvas img")).to_be_visible()
        browser_page.fill("#message textarea", "find all the leaves")
        browser_page.keyboard.press("Enter")
        objects = browser_page.locator("#canvas [data-object]")
        expect(objects).to_have_count(REGIONS, timeout=120_000)
        times.append(float(browser_page.evaluate("() => window.slowest")))
    return times


class Leaves(Weightless):
    """Answers every question with the boxes of all the leaves."""

    name, device = "leaves", "CPU"
    dialect = REGION_REASONER.in_frame(Size(*LARGE))

    def stream(
        self, _picture: Picture, _prompt: Prompt, _cancel: threading.Event
    ) -> Iterator[str | Usage]:
        objects = [{"bbox_2d": list(box)} for box in leaves()]
        yield f"<think>All of them.</think><answer>{json.dumps(objects)}</answer>"
        yield Usage()


class Outlines:
    """Outlines every leaf with as many points as its edge has."""

    name = "outlines"

    def prepare(self, _picture: Picture) -> None:
        """There is nothing to prepare."""

    def segment(self, picture: Picture, prompts: Sequence[MaskPrompt]) -> list[Segment]:
        leaf = np.any(picture.pixels != picture.pixels[0, 0], axis=-1)
        segments = []
        for prompt in prompts:
            mask = np.zeros_like(leaf)
            box = prompt.box
            assert box is not None
            place = np.s_[box.y1 : box.y2, box.x1 : box.x2]
            mask[place] = leaf[place]
            segments.append(Segment(Mask.from_array(mask), 0.9))
        return segments


def leaves() -> list[tuple[int, int, int, int]]:
    """Boxes in rows over a large picture."""
    step_x, step_y = LARGE[0] // 15, LARGE[1] // 8
    places = [(x, y) for y in range(8) for x in range(15)]
    return [
        (x * step_x + 10, y * step_y + 10, (x + 1) * step_x - 10, (y + 1) * step_y - 10)
        for x, y in places
    ]


def draw_leaves(folder: Path) -> Path:
    """A picture of jagged leaves."""
    image = Image.new("RGB", LARGE, "white")
    pen = ImageDraw.Draw(image)
    angles = np.linspace(0, 2 * np.pi, 2 * POINTS, endpoint=False)
    for i, (x1, y1, x2, y2) in enumerate(leaves()):
        reach = np.where(np.arange(2 * POINTS) % 2, 0.98, 0.8)
        xs = (x1 + x2) / 2 + reach * (x2 - x1) / 2 * np.cos(angles)
        ys = (y1 + y2) / 2 + reach * (y2 - y1) / 2 * np.sin(angles)
        pen.polygon(list(zip(xs.tolist(), ys.tolist(), strict=True)), fill=(40, 90 + i, 40))
    path = folder / "leaves.png"
    image.save(path)
    return path


# The page tells with each drawing how long it took.
_LISTEN = """window.slowest = 0;
document.addEventListener("regions-drawn", (event) => {
  window.slowest = Math.max(window.slowest, event.detail);
});"""

if __name__ == "__main__":
    main()
