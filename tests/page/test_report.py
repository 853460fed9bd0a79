"""The dialogue on paper: a report of all that was asked and answered, and nothing of the page round it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.conftest import visit
from tests.support.table import ask

_PARTS = "() => [...document.querySelectorAll('#chat .title')].map((title) => title.ariaExpanded)"


def event(page: Page, name: str) -> None:
    page.evaluate("(name) => dispatchEvent(new Event(name))", name)


@pytest.fixture
def dark(browser: Browser, url: str, blocks: Path) -> Iterator[Page]:
    """Two questions about the blocks, asked in the dark."""
    with visit(browser, url, kind="dark") as page:
        page.set_input_files("#upload input[type=file]", blocks)
        expect(page.locator("#canvas img")).to_be_visible()
        for question in ("find red", "what is next to R1"):
            ask(page, question)
        yield page
        page.emulate_media(media="screen")


def test_the_report_has_everything_that_was_said(dark: Page) -> None:
    before = dark.evaluate(_PARTS)
    assert "false" in before
    event(dark, "beforeprint")
    dark.emulate_media(media="print")
    report = dark.locator(".report")
    expect(report.get_by_role("heading", level=1)).to_have_text("blocks.png")
    expect(report.locator(".report-facts").first).to_contain_text("table · 400 × 300 pixels")
    expect(report.locator("tbody tr")).to_have_count(2)
    expect(report.locator("tbody tr").first).to_contain_text("40, 60, 140, 160")
    expect(report.locator("figure .mark")).to_have_text(["R1", "R2"])
    rounds = report.locator(".round")
    expect(rounds.get_by_role("heading")).to_have_text(["1. find red", "2. what is next to R1"])
    for words in (
        "Found one: R2",
        "Asked as",
        "Reasoning",
        "[1, 2, 3, 4]",
        "Answered by table",
    ):
        expect(rounds.nth(1)).to_contain_text(words)
    expect(report.locator("a, button, [tabindex], [role=button]")).to_have_count(0)
    expect(dark.locator("#page")).to_be_hidden()
    assert (
        dark.evaluate("() => getComputedStyle(document.querySelector('.report')).color")
        == "rgb(27, 29, 26)"
    )
    dark.emulate_media(media="screen")
    event(dark, "afterprint")
    expect(report).to_have_count(0)
    dark.wait_for_function(f"(before) => ({_PARTS})().join() === before.join()", arg=before)
    expect(dark.locator("body")).to_have_class("dark")


def test_a_round_is_not_cut_and_the_report_has_no_more_pages_than_it_needs(
    dark: Page, tmp_path: Path
) -> None:
    for shape in ("A4", "Letter"):
        pages = dark.pdf(format=shape).count(b"/Type /Page\n")
        assert 1 <= pages <= 2
    event(dark, "beforeprint")
    dark.emulate_media(media="print")
    for piece in dark.locator(".report :is(.round, tr)").all():
        expect(piece).to_have_css("break-inside", "avoid")


def test_print_stands_among_the_dialogues(page: Page) -> None:
    page.evaluate("() => { window.print = () => { window.printed = true; }; }")
    page.click("#show-kept")
    page.get_by_role("button", name="Print").click()
    expect(page.locator("dialog[open]")).to_have_count(0)
    assert page.evaluate("() => window.printed")


def test_without_a_picture_there_is_nothing_to_print(open_page: Page) -> None:
    open_page.click("#show-kept")
    expect(open_page.get_by_role("button", name="Print")).to_be_disabled()
