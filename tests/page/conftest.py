"""Pages with a dialogue that many tests look at; who changes one takes it back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.conftest import VIEWPORT, visit
from tests.support.table import ask

Lend = Callable[..., AbstractContextManager[Page]]

# The dialogue, what is drawn and how, and what lies open over it.
_STATE = """() => {
  const all = (selector, say) => [...document.querySelectorAll(selector)].map(say);
  const canvas = document.querySelector("#canvas");
  return JSON.stringify([
    document.querySelector("#message textarea").value,
    all(
      "dialog[open], [role=menu], .card-field, .divider, .only-pill, .film, .ghost .box, .grip, " +
      "#hint .cites [data-name], #hint .reading, #hint [role=option], #hint .keep, #hint .part",
      (part) => part.checkVisibility(),
    ).filter((isOpen) => isOpen).length,
    all("#chat .user-row", (row) => row.innerText),
    all("#canvas [data-object]", (object) => [object.dataset.object, object.getAttribute("aria-label")]),
    all("#canvas .box", (box) => ["x", "y", "width", "height"].map((side) => box.getAttribute(side))),
    all("#canvas .tag", (tag) => tag.textContent),
    all("#regions .card", (card) => [card.dataset.hidden, card.textContent]),
    [canvas.dataset.tool, canvas.dataset.zoomed, canvas.querySelector(".sheet").offsetWidth],
  ]);
}"""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """In each file, those who share a dialogue come last, and one after the other."""
    files = {item.path: place for place, item in enumerate(items)}
    items.sort(key=lambda item: (files[item.path], _dialogue_of(item)))


def _dialogue_of(item: pytest.Item) -> int:
    fixtures = getattr(item, "fixturenames", ())
    return next((place for place, name in enumerate(_DIALOGUES, 1) if name in fixtures), 0)


_DIALOGUES = ("bare_page", "red_page", "both_page", "pair_page")


@pytest.fixture(scope="module")
def lend(browser: Browser, url: str, blocks: Path) -> Iterator[Lend]:
    """Lend a page on which these questions about the blocks are answered; it must come back as it was.

    One is kept at a time: an open page costs its share of the processor, and a second tab its start.
    """
    kept: dict[tuple[str, ...], tuple[Page, str]] = {}
    with ExitStack() as stack:

        @contextmanager
        def lent(*questions: str) -> Iterator[Page]:
            if questions not in kept:
                kept.clear()
                stack.close()
                page = stack.enter_context(visit(browser, url))
                page.set_input_files("#upload input[type=file]", blocks)
                expect(page.locator("#canvas img")).to_be_visible()
                for question in questions:
                    ask(page, question)
                expect(page.locator("#canvas .object:not(:has(.mask))")).to_have_count(0)
                kept[questions] = page, page.evaluate(_STATE)
            page, before = kept.pop(questions)
            yield page
            _leave_as_it_was(page, before)
            kept[questions] = page, before

        yield lent


def _leave_as_it_was(page: Page, before: str) -> None:
    page.set_viewport_size(VIEWPORT)
    page.mouse.move(0, 0)
    page.context.clear_permissions()
    page.keyboard.press("Escape")
    page.fill("#message textarea", "")
    page.wait_for_function(f"before => ({_STATE})() === before", arg=before)


@pytest.fixture
def bare_page(lend: Lend) -> Iterator[Page]:
    """Nothing has been asked about the picture."""
    with lend() as page:
        yield page


@pytest.fixture
def red_page(lend: Lend) -> Iterator[Page]:
    """R1 is the red block."""
    with lend("find red") as page:
        yield page


@pytest.fixture
def both_page(lend: Lend) -> Iterator[Page]:
    """R1.1 is the red block, R1.2 the blue one."""
    with lend("find both") as page:
        yield page


@pytest.fixture
def pair_page(lend: Lend) -> Iterator[Page]:
    """R1 is the red block, R2 the blue one; the second answer mentions [1, 2, 3, 4], which nobody gave."""
    with lend("find red", "what is next to R1") as page:
        yield page


@pytest.fixture
def phone(browser: Browser, url: str, blocks: Path) -> Iterator[Page]:
    """A phone held upright, with the picture of two blocks."""
    with visit(browser, url, kind="phone") as page:
        page.set_input_files("#upload input[type=file]", blocks)
        expect(page.locator("#canvas img")).to_be_visible()
        yield page
