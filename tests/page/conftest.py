"""Pages with a dialogue that many tests look at and none of them changes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.conftest import VIEWPORT, visit
from tests.support.table import ask

Lend = Callable[..., AbstractContextManager[Page]]

_STATE = """() => [
  document.querySelector("#message textarea").value,
  document.querySelectorAll(
    "dialog[open], #canvas .ghost .box, #hint .cites [data-name], #hint .reading, #hint [role=option]"
  ).length,
  ...[...document.querySelectorAll("#chat .user-row")].map((row) => row.innerText),
  ...[...document.querySelectorAll("#canvas [data-object]")].map((object) => object.dataset.object),
].join("|")"""


@pytest.fixture(scope="module")
def lend(browser: Browser, url: str, blocks: Path) -> Iterator[Lend]:
    """Lend a page on which these questions about the blocks are answered; it must come back as it was."""
    kept: dict[tuple[str, ...], tuple[Page, str]] = {}
    with ExitStack() as stack:

        @contextmanager
        def lent(*questions: str) -> Iterator[Page]:
            if questions not in kept:
                page = stack.enter_context(visit(browser, url))
                page.set_input_files("#upload input[type=file]", blocks)
                expect(page.locator("#canvas img")).to_be_visible()
                for question in questions:
                    ask(page, question)
                kept[questions] = page, page.evaluate(_STATE)
            page, before = kept.pop(questions)
            yield page
            _leave_as_it_was(page, before)
            kept[questions] = page, before

        yield lent


def _leave_as_it_was(page: Page, before: str) -> None:
    page.set_viewport_size(VIEWPORT)
    page.mouse.move(0, 0)
    page.keyboard.press("Escape")
    page.fill("#message textarea", "")
    page.wait_for_function(f"before => ({_STATE})() === before", arg=before)


@pytest.fixture
def red_page(lend: Lend) -> Iterator[Page]:
    """R1 is the red block."""
    with lend("find red") as page:
        yield page


@pytest.fixture
def pair_page(lend: Lend) -> Iterator[Page]:
    """R1 is the red block, R2 the blue one; the second answer mentions [1, 2, 3, 4], which nobody gave."""
    with lend("find red", "what is next to R1") as page:
        yield page
