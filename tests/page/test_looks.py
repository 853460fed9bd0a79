"""Looks in the page: small pictures in the dialogue and their places on the picture, and “Look closer”."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from demo.dialogue.examples import Example
from demo.models.models import Models
from demo.picture.palette import contrast
from demo.segmenters.grabcut import GrabCutSegmenter
from demo.ui.page import build_page, launch_options
from tests.conftest import free_port, visit
from tests.page.test_accessibility import grave
from tests.page.test_sharing import saved
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
    looker.is_broken = False
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
    expect(page.locator("#canvas .closer.dim .frame")).to_have_attribute("x", "220")
    expect(page.locator(".spoken")).to_contain_text("Once more, or Escape, shows it as before.")
    page.keyboard.press("Escape")
    expect(page.locator("#canvas")).not_to_have_attribute("data-zoomed", "")
    page.mouse.move(0, 0)

    page.get_by_role("button", name="Make it R2").first.click()
    expect(page.locator("#canvas [data-object='R2.1']")).to_be_visible()
    expect(page.get_by_role("button", name="Cite R2: Look 1", exact=True)).to_have_count(1)
    assert grave(page) == []
    page.click("#undo")
    expect(page.locator("#canvas [data-object='R2.1']")).to_have_count(0)
    expect(page.get_by_role("button", name="Make it R2")).to_have_count(2)


def test_a_part_is_asked_about_alone(page: Page, looker: Looker) -> None:
    chip, part = page.locator("#hint .chip.part"), page.locator("#chat .user-row .look a")
    ask(page, "find red")
    page.locator("#canvas").focus()
    page.keyboard.press("k")
    expect(page.locator(".spoken")).to_contain_text("or go there with Tab")
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
    expect(page.locator("#message textarea")).to_be_focused()
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


def test_a_look_as_wide_as_the_picture_moves_nothing_and_says_so(page: Page) -> None:
    page.click('[data-tool="box"]')
    sheet = page.locator("#canvas .sheet").bounding_box()
    assert sheet
    page.mouse.move(sheet["x"] + 4, sheet["y"] + 0.3 * sheet["height"])
    page.mouse.down()
    page.mouse.move(sheet["x"] + sheet["width"] - 4, sheet["y"] + 0.6 * sheet["height"], steps=2)
    page.mouse.up()
    page.get_by_role("button", name="Look closer").click()
    expect(page.locator("#hint .chip.part")).to_be_visible()
    ask(page, "find red")
    for _ in range(2):
        page.locator("#chat .user-row .look a").click()
        expect(page.locator(".spoken")).to_contain_text("The view shows this part already")
        expect(page.locator("#canvas")).not_to_have_attribute("data-zoomed", "")
    page.locator("#canvas").press("+")
    page.locator("#chat .user-row .look a").click()
    expect(page.locator(".spoken")).to_contain_text("is zoomed to this part")
    expect(page.locator("#canvas")).not_to_have_attribute("data-zoomed", "")


def test_what_failed_inside_a_look_stays_and_is_asked_again(page: Page, looker: Looker) -> None:
    message, part = page.locator("#message textarea"), page.locator("#hint .chip.part")
    failed = page.locator("#chat .bot-row").filter(has_text="The device has no room left.")
    looker.is_broken = True
    ask_in_vain(page, "find red")
    expect(failed).to_have_count(1)
    expect(page.locator(".alarms")).to_contain_text("no room left")
    expect(page.locator("#canvas .closer .frame")).to_have_count(0)
    page.get_by_role("button", name="Make it R1").click()
    expect(page.get_by_role("button", name="Cite R1: Look 1", exact=True)).to_have_count(1)
    expect(failed).to_have_count(1)
    expect(message).to_have_value("find red")
    page.click("#undo")
    expect(failed).to_have_count(0)
    expect(page.locator("#canvas [data-object='R1.1']")).to_be_visible()
    looker.is_broken = False
    page.locator("#regions .card-main").focus()
    page.keyboard.press("k")
    expect(part).to_have_text("Looking closer at R1")
    ask(page, "find red")
    expect(part).to_have_count(0)
    expect(page.locator(".alarms")).to_be_empty()
    looker.is_broken = True
    page.click("#chat a[href='#again-1']")
    expect(failed).to_have_count(1)
    expect(message).to_have_value("find red")
    expect(part).to_have_text("Looking closer at the part you marked")
    looker.is_broken = False
    page.click("#send")
    expect(page.locator("#chat .user-row .look")).to_have_count(2)
    expect(failed).to_have_count(0)


def ask_in_vain(page: Page, question: str) -> None:
    page.fill("#message textarea", question)
    page.keyboard.press("Enter")
    expect(page.locator(LOOK)).to_have_count(1)
    page.locator(IDLE).wait_for(state="attached")


def test_the_report_shows_what_was_looked_at(page: Page) -> None:
    ask(page, "find red twice")
    page.locator("#regions .card-main").focus()
    page.keyboard.press("k")
    expect(page.locator("#hint .chip.part")).to_be_visible()
    ask(page, "find red")
    page.evaluate("() => dispatchEvent(new Event('beforeprint'))")  # the first answer is folded up
    page.emulate_media(media="print")
    first, second = page.locator(".report .round").all()
    expect(first.locator(".look")).to_have_count(2)
    expect(first.locator(".look").first).to_have_text(re.compile("Look 1, on the right: from 55%"))
    assert page.evaluate(IS_BLUE, ".report .look canvas")
    expect(second.get_by_role("heading")).to_have_text("2. find red")
    expect(second.locator(":scope > .look")).to_have_text(
        re.compile("About this part, on the left")
    )
    page.emulate_media(media="screen")
    page.evaluate("() => dispatchEvent(new Event('afterprint'))")


def test_the_shared_page_shows_where_it_was_looked(page: Page, tmp_path: Path) -> None:
    ask(page, "find red twice")
    page.click("#show-kept")
    page.click("[data-share]")
    file, _ = saved(page, ".share-file", tmp_path)
    shared = page.context.new_page()
    shared.goto(file.as_uri())
    shared.click("summary")
    looks, first, second = (shared.locator(name) for name in ("a.look", "#look1", "#look2"))
    looks.first.hover()
    expect(first.locator(".frame")).to_have_attribute("x", "220")
    expect(first).to_be_visible()
    expect(second).to_be_hidden()
    expect(shared.locator("#R1")).to_have_css("opacity", "1")
    looks.last.click()
    shared.mouse.move(0, 0)
    expect(second).to_be_visible()
    expect(shared.locator("#R1")).to_have_css("opacity", "1")
    looks.first.hover()
    expect(first).to_be_visible()
    expect(second).to_be_hidden()
    shared.get_by_role("link", name="Show everything again").click()
    shared.mouse.move(0, 0)
    expect(second).to_be_hidden()
    shared.close()


def test_the_words_about_a_look_leave_its_place_free(page: Page, looker: Looker) -> None:
    page.click('[data-tool="box"]')
    left, top, width, height = page.evaluate(
        """() => {
          const { x, y, width, height } = document.querySelector(".sheet").getBoundingClientRect();
          return [x, y, width, height];
        }"""
    )
    page.mouse.move(left + 0.05 * width, top + 0.4 * height)
    page.mouse.down()
    page.mouse.move(left + 0.4 * width, top + 0.98 * height, steps=2)
    page.mouse.up()
    page.get_by_role("button", name="Look closer").click()
    expect(page.locator("#hint .chip.part")).to_be_visible()
    looker.go_on.clear()
    page.fill("#message textarea", "find red")
    page.click("#send")
    expect(page.locator("#canvas .closer.busy .frame")).to_have_count(1)
    frame = page.locator(FRAME).bounding_box()
    words = page.locator("#canvas .busy span").bounding_box()
    assert frame
    assert words
    assert words["y"] + words["height"] <= frame["y"]
    lower_edge = frame["y"] + frame["height"]  # of the part, which is a little more than the box
    assert lower_edge == pytest.approx(top + height, abs=4)
    looker.go_on.set()
    page.locator(IDLE).wait_for(state="attached")
    expect(page.locator("#canvas[data-look-low]")).to_have_count(0)


def test_a_look_is_seen_in_the_colours_of_the_system(page: Page) -> None:
    ask(page, "find red")
    for scheme in ("light", "dark"):
        page.emulate_media(forced_colors="active", color_scheme=scheme)
        page.locator(LOOK).focus()
        expect(page.locator("#canvas .closer.dim .frame")).to_be_visible()
        frame, casing = (
            page.locator(f"#canvas .closer .{name}").evaluate(
                "line => getComputedStyle(line).stroke.match(/\\d+/g).slice(0, 3).map(Number)"
            )
            for name in ("frame", "casing")
        )
        assert contrast(hexadecimal(frame), hexadecimal(casing)) > 3
    page.emulate_media(forced_colors="none", color_scheme="light")


def hexadecimal(colour: list[int]) -> str:
    return f"#{bytes(colour).hex()}"


def test_on_a_phone_the_line_is_heard_where_the_chip_takes_its_place(page: Page) -> None:
    ask(page, "find red")
    page.set_viewport_size({"width": 390, "height": 664})
    page.get_by_role("button", name="Regions").click()
    page.locator("#regions .card-main").focus()
    page.keyboard.press("k")
    expect(page.locator("#hint .chip.part")).to_be_visible()
    heard = page.get_by_role("status").filter(has_text="Enter alone asks")
    expect(heard).to_have_count(1)
    box = heard.bounding_box()
    assert box
    assert box["width"] <= 1  # and is not seen
