"""The page as axe-core sees it: nothing serious to find, in light and dark, empty and full."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.support.table import ask

GRAVE = ("serious", "critical")


def grave(page: Page) -> list[str]:
    """The rules that are broken, and where."""
    found: dict[str, Any] = Axe().run(page).response
    return [
        f"{rule['id']}: {node['html'][:120]}"
        for rule in found["violations"]
        if rule["impact"] in GRAVE
        for node in rule["nodes"]
    ]


@pytest.fixture(params=["light", "dark"])
def themed(request: pytest.FixtureRequest, open_page: Page, url: str) -> Page:
    """The page in one of its two looks."""
    open_page.goto(f"{url}?__theme={request.param}")
    expect(open_page.locator("#examples button").first).to_be_visible()
    return open_page


def test_the_empty_page(themed: Page) -> None:
    assert grave(themed) == []


def test_a_dialogue_with_regions(themed: Page, blocks: Path) -> None:
    themed.set_input_files("#upload input[type=file]", blocks)
    expect(themed.locator("#canvas img")).to_be_visible()
    ask(themed, "find both")
    ask(themed, "what is next to R1")
    themed.fill("#message textarea", "left of R1 and R9")
    assert grave(themed) == []


def test_the_numbers_of_an_answer(page: Page) -> None:
    ask(page, "find red")
    page.click("#chat a[href='#numbers-1']")
    expect(page.locator("#sheet dialog")).to_be_visible()
    assert grave(page) == []
