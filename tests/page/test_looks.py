"""Looks in the page: small pictures in the dialogue and their places on the picture, and “Look closer”."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from demo.dialogue.examples import Example
from demo.models.models import Models
from demo.segmenters.grabcut import GrabCutSegmenter
from demo.ui.page import build_page, launch_options
from tests.conftest import free_port, visit
from tests.page.test_accessibility import grave
from tests.support.lookers import Looker
from tests.support.table import BUSY, IDLE, ask

LOOK = "#chat .look a[role=button]"
FRAME = "#canvas .closer .frame"
# Whether the first small picture shows the blue block in its middle.
IS_BLUE = """selector => {
  const crop = document.querySelector(selector);
  const pen = crop.getContext("2d");
  const [r, g, b] = pen.getImageData(crop.width / 2, crop.height / 2, 1, 1).data;
  return r < 20 && g < 20 && b > 200;
}"""


@pytest.fixture(scope="module")
def looker() -> Looker:
    return Looker()


@pytest.fixture(scope="module")
def looking_url(looker: Looker, blocks: Path) -> Iterator[str]:
    models = Models(looker, GrabCutSegmenter(), "looker · CPU", "", "Why not.")
    page = build_page(models, [Example("Blocks", blocks, ())])
    _, address, _ = page.launch(
        prevent_thread_lock=True, quiet=True, server_port=free_port(), **launch_options()
    )
    yield address
    page.close(verbose=False)


@pytest.fixture
def page(browser: Browser, looking_url: str, blocks: Path, looker: Looker) -> Iterator[Page]:
    looker.go_on.set()
    with visit(browser, looking_url) as page:
        page.set_input_files("#upload input[type=file]", blocks)
        expect(page.locator("#canvas img")).to_be_visible()
        yield page


def test_a_look_stands_where_it_was_taken(page: Page, looker: Looker) -> None:
    looker.go_on.clear()
    page.fill("#message textarea", "find red twice")
    page.click("#send")
    page.locator(BUSY).wait_for(state="attached")
    expect(page.locator(LOOK)).to_have_count(2)
    expect(page.locator("#canvas .closer.busy .frame")).to_have_attribute("x", "20")
    expect(page.locator(".spoken")).to_have_text("Looking closer at the left…")
    expect(page.locator("#chat .look-make").first).to_be_disabled()
    assert "<look>" not in page.locator("#chat").inner_text()
    looker.go_on.set()
    page.locator(IDLE).wait_for(state="attached")
    expect(page.locator(FRAME)).to_have_count(0)

    first = page.get_by_role("button", name="Look 1, on the right: from 55% to 90% across")
    first.scroll_into_view_if_needed()  # it is painted once it comes into view
    page.wait_for_function(IS_BLUE, arg=f"{LOOK} canvas")
    first.hover()
    expect(page.locator("#canvas .closer.dim .frame")).to_have_attribute("x", "220")
    first.press("Enter")
    expect(page.locator("#canvas")).to_have_attribute("data-zoomed", "")
    page.keyboard.press("Escape")
    expect(page.locator("#canvas")).not_to_have_attribute("data-zoomed", "")
    page.mouse.move(0, 0)

    page.get_by_role("button", name="Make it R2").first.click()
    expect(page.locator("#canvas [data-object='R2.1']")).to_be_visible()
    expect(page.get_by_role("button", name="Cite R2", exact=True)).to_have_count(1)
    assert grave(page) == []
    page.click("#undo")
    expect(page.locator("#canvas [data-object='R2.1']")).to_have_count(0)
    expect(page.get_by_role("button", name="Make it R2")).to_have_count(2)


def test_a_part_is_asked_about_alone(page: Page, looker: Looker) -> None:
    chip, part = page.locator("#hint .chip.part"), page.locator("#chat .user-row .look a")
    ask(page, "find red")
    page.locator("#regions .card-main").focus()
    page.keyboard.press("k")
    expect(chip).to_have_text("Looking closer at R1")
    expect(page.locator(".spoken")).to_contain_text("about R1 only")
    expect(page.locator("#message textarea")).to_be_focused()
    expect(page.locator(f"{FRAME}[x='40']")).to_have_count(1)
    chip.get_by_role("button", name="Ask about the whole picture again").click()
    expect(chip).to_have_count(0)
    expect(page.locator(FRAME)).to_have_count(0)

    page.locator("#regions [data-menu]").click()
    page.get_by_role("menuitem", name="Look closer").click()
    expect(chip).to_be_visible()
    looker.sizes.clear()
    page.keyboard.press("Enter")  # asks what R1 was called
    expect(page.locator("#chat .user-row").last).to_contain_text("red")
    expect(part).to_have_count(1)
    page.locator(IDLE).wait_for(state="attached")
    expect(chip).to_have_count(0)
    assert [(size.width, size.height) for size in looker.sizes] == [
        (840, 840)
    ]  # the part, enlarged
    expect(page.locator("#canvas [data-object='R2.1']")).to_be_visible()
    expect(page.locator("#chat .bot-row").last).to_contain_text(re.compile("Here, at R2"))

    page.click("#chat a[href='#change-2']")
    expect(chip).to_have_text("Looking closer at the part you marked")
    page.keyboard.press("Escape")
    expect(chip).to_have_count(0)
    page.click("#chat a[href='#again-2']")
    page.locator(BUSY).wait_for(state="attached")
    page.locator(IDLE).wait_for(state="attached")
    expect(part).to_have_count(1)

    page.keyboard.press("Escape")
    page.click('[data-tool="box"]')
    x, y = page.evaluate(
        "() => (({ x, y }) => [x, y])(document.querySelector('.sheet').getBoundingClientRect())"
    )
    page.mouse.move(x + 20, y + 20)
    page.mouse.down()
    page.mouse.move(x + 120, y + 100)
    page.mouse.up()
    page.get_by_role("button", name="Look closer").click()  # the region is still on its way
    expect(chip).to_have_text("Looking closer at R3")
