"""The picture and its tools in a real browser: drawn, clicked, corrected, zoomed by mouse, keys, touch."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from itertools import combinations
from pathlib import Path

import gradio as gr
import numpy as np
import pytest
from gradio.utils import get_upload_folder
from PIL import Image
from playwright.sync_api import Browser, Locator, Page, expect

from demo.dialogue.engine import begin
from demo.picture.geometry import PictureBox, PicturePoint
from demo.picture.masks import Mask
from demo.picture.picture import open_picture
from demo.picture.regions import Origin, RegionObject
from demo.ui.canvas.scene import canvas, save_for_browser, scene
from demo.ui.page import launch_options
from demo.ui.tab.workspace import Workspace
from tests.conftest import VIEWPORT, free_port
from tests.support.table import IDLE, TableReasoner, ask, names

RED_BOX = [40, 60, 140, 160]


# Helpers ------------------------------------------------------------------------------------------


def place(page: Page, x: float, y: float) -> tuple[float, float]:
    """Where a place of the picture, in its pixels, lies in the window."""
    return tuple(
        page.evaluate(
            """([x, y]) => {
                const room = document.querySelector("#canvas .sheet").getBoundingClientRect();
                const [, , width, height] = document.querySelector("#canvas svg.overlay")
                    .getAttribute("viewBox").split(" ").map(Number);
                return [room.left + (x / width) * room.width, room.top + (y / height) * room.height];
            }""",
            [x, y],
        )
    )


def drag(page: Page, start: tuple[float, float], end: tuple[float, float]) -> None:
    """Press at a place of the picture, and move to another without letting go."""
    page.mouse.move(*place(page, *start))
    page.mouse.down()
    page.mouse.move(*place(page, *end), steps=4)


def click(page: Page, x: float, y: float) -> None:
    page.mouse.click(*place(page, x, y))


def tool(page: Page, name: str) -> None:
    page.click(f"button[data-tool={name}]")


def find(page: Page, question: str, name: str) -> None:
    """Ask, and wait until what is found is on the picture."""
    ask(page, question)
    expect(page.locator(f'#canvas [data-object="{name}"] .mask')).to_have_count(1)
    expect(page.locator(IDLE)).to_be_attached()


def region(page: Page, name: str) -> Locator:
    return page.locator(f'#canvas [data-region="{name}"]')


def expect_box(page: Page, name: str, box: list[int]) -> None:
    shown = page.locator(f'#canvas [data-object="{name}"] .box')
    expect(shown).to_have_attribute("x", str(box[0]))
    expect(shown).to_have_attribute("width", str(box[2] - box[0]))
    expect(shown).to_have_attribute("y", str(box[1]))
    expect(shown).to_have_attribute("height", str(box[3] - box[1]))


def scale(page: Page) -> float:
    """Pixels of the screen for one of the picture."""
    (left, _), (right, _) = place(page, 0, 0), place(page, 1000, 0)
    return (right - left) / 1000


# Box ----------------------------------------------------------------------------------------------


def test_a_box_is_drawn_and_outlined(page: Page) -> None:
    tool(page, "box")
    drag(page, (30, 50), (150, 170))
    expect(page.locator("#canvas .extent")).to_have_text("120 × 120")
    page.mouse.up()
    expect(region(page, "R1")).to_have_attribute("aria-label", "R1, on the left, drawn by you")
    expect(region(page, "R1").locator(".mask")).to_have_count(1)
    expect_box(page, "R1.1", [30, 50, 150, 170])
    expect(page.locator("#canvas .sketch")).to_have_count(0)
    drag(page, (350, 290), (420, 320))  # beyond the picture's corner
    page.mouse.up()
    expect_box(page, "R2.1", [350, 290, 400, 300])


def test_what_is_no_box(bare_page: Page) -> None:
    tool(bare_page, "box")
    click(bare_page, 90, 100)
    drag(bare_page, (30, 50), (150, 170))
    bare_page.keyboard.press("Escape")
    expect(bare_page.locator("#canvas .extent")).to_be_hidden()
    bare_page.mouse.up()
    expect(bare_page.locator("button[data-tool=box]")).to_have_attribute("aria-pressed", "true")
    drag(bare_page, (200, 200), (260, 240))
    bare_page.mouse.up()
    expect_box(bare_page, "R1.1", [200, 200, 260, 240])
    bare_page.keyboard.press("Escape")
    expect(bare_page.locator("button[data-tool=select]")).to_have_attribute("aria-pressed", "true")
    bare_page.click("#undo")
    expect(bare_page.locator("#canvas [data-object]")).to_have_count(0)


def test_correct_in_hand_cites_nothing(red_page: Page) -> None:
    tool(red_page, "correct")
    click(red_page, 90, 100)
    tool(red_page, "select")
    expect(red_page.locator("#message textarea")).to_have_value("")
    click(red_page, 90, 100)
    expect(red_page.locator("#message textarea")).to_have_value("R1 ")


def test_with_box_in_hand_a_click_without_a_drag_cites(page: Page) -> None:
    tool(page, "box")
    drag(page, (30, 50), (150, 170))
    page.mouse.up()
    expect(page.locator("#hint .hint")).to_have_text(
        "R1 is drawn. Click it to cite it, or draw another."
    )
    click(page, 90, 100)
    expect(page.locator("#message textarea")).to_have_value("R1 ")
    click(page, 300, 250)  # where there is nothing
    expect(page.locator("#message textarea")).to_have_value("R1 ")
    assert names(page) == ["R1.1"]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        pytest.param("select", "Click a region to cite it, once more to take it out.", id="select"),
        pytest.param("box", "Drag a box. Click a region to cite it.", id="box"),
        pytest.param("point", "Click something to outline it.", id="point"),
        pytest.param("correct", "Click a region to correct it. Done or Esc leaves the tool.", id="correct"),
    ],
)  # fmt: skip
def test_the_hint_goes_with_the_tool(red_page: Page, name: str, said: str) -> None:
    tool(red_page, "point")
    tool(red_page, name)
    expect(red_page.locator("#hint .hint")).to_have_text(said)


# Cite ---------------------------------------------------------------------------------------------


def test_clicks_narrow_a_citation_and_take_it_out(both_page: Page) -> None:
    message, right = both_page.locator("#message textarea"), '#canvas [data-object="R1.2"]'
    message.fill("left of, please")
    message.evaluate("box => box.setSelectionRange(7, 7)")
    expect(both_page.locator(f"{right} title")).to_have_text("Click to cite R1")
    click(both_page, 290, 110)
    expect(message).to_have_value("left of R1, please")
    expect(both_page.locator(f"{right} title")).to_have_text("Click to cite R1.2 alone")
    click(both_page, 290, 110)
    expect(message).to_have_value("left of R1.2, please")
    click(both_page, 90, 110)  # another one of the same region
    expect(message).to_have_value("left of R1.2 R1.1, please")
    click(both_page, 90, 110)
    expect(both_page.locator(f"{right} title")).to_have_text(
        "Click to take R1.2 out of the question"
    )
    both_page.focus(right)
    both_page.keyboard.press("Enter")
    expect(message).to_have_value("left of, please")
    expect(both_page.locator("#hint .offer")).to_be_hidden()


def test_a_second_click_on_a_single_object_takes_it_out(red_page: Page) -> None:
    for text in ("R1 ", "", "R1 "):
        click(red_page, 90, 110)
        expect(red_page.locator("#message textarea")).to_have_value(text)
    red_page.fill("#message textarea", 'the sign "R1" left of')
    click(red_page, 90, 110)
    expect(red_page.locator("#message textarea")).to_have_value('the sign "R1" left of R1 ')


# Point --------------------------------------------------------------------------------------------


def test_a_point_is_outlined_and_refined(page: Page) -> None:
    tool(page, "point")
    click(page, 90, 110)
    click(page, 100, 70)  # before the first has its answer: it is part of the same thing
    expect(page.locator("#canvas .click")).to_have_count(2)
    expect(page.locator("#canvas[data-outlining]")).to_have_count(0)
    assert names(page) == ["R1.1"]
    expect_box(page, "R1.1", RED_BOX)
    page.keyboard.down("Alt")
    click(page, 200, 200)
    page.keyboard.up("Alt")
    expect(page.locator("#canvas .click.minus")).to_have_count(1)
    expect(page.locator("#canvas[data-outlining]")).to_have_count(0)
    expect(page.locator("#canvas .click.minus")).to_have_count(1)  # now from the server
    page.click(".pill [data-done]")
    expect(page.locator("#canvas .click")).to_have_count(0)
    click(page, 300, 110)
    expect_box(page, "R2.1", [240, 60, 340, 160])


def test_the_pill_turns_clicks_round(page: Page) -> None:
    tool(page, "point")
    click(page, 90, 110)
    expect(region(page, "R1")).to_have_count(1)
    page.click(".pill [data-sign='-']")
    click(page, 200, 220)
    expect(page.locator("#canvas .click.minus")).to_have_count(1)
    page.keyboard.press("Enter")
    expect(page.locator(".pill .signs")).to_be_hidden()


# Correct ------------------------------------------------------------------------------------------


def test_a_found_box_is_moved_and_resized(red_page: Page) -> None:
    tool(red_page, "correct")
    click(red_page, 90, 110)
    expect(red_page.locator("#canvas .grip")).to_have_count(8)
    drag(red_page, (90, 130), (110, 150))
    red_page.mouse.up()
    expect_box(red_page, "R1.1", [60, 80, 160, 180])
    expect(region(red_page, "R1")).to_have_attribute("aria-label", re.compile("R1, .*, corrected"))
    drag(red_page, (160, 130), (200, 140))  # the middle of the right side
    red_page.mouse.up()
    expect_box(red_page, "R1.1", [60, 80, 200, 180])
    drag(red_page, (60, 80), (210, 200))  # the corner beyond the one opposite: the box turns over
    red_page.mouse.up()
    expect_box(red_page, "R1.1", [200, 180, 210, 200])
    red_page.click("#undo")
    expect_box(red_page, "R1.1", [60, 80, 200, 180])
    tool(red_page, "select")
    for box in ([60, 80, 160, 180], RED_BOX):
        red_page.click("#undo")
        expect_box(red_page, "R1.1", box)


def test_clicks_correct_an_outline(page: Page) -> None:
    find(page, "find red", "R1.1")
    tool(page, "correct")
    click(page, 90, 110)
    click(page, 60, 80)
    expect(page.locator("#canvas .click:not(.minus)")).to_have_count(1)
    page.keyboard.down("Alt")
    click(page, 150, 170)  # outside, near by
    page.keyboard.up("Alt")
    expect(page.locator("#canvas .click.minus")).to_have_count(1)
    expect(region(page, "R1")).to_have_attribute("aria-label", re.compile("corrected"))
    expect_box(page, "R1.1", RED_BOX)
    page.keyboard.press("Escape")
    expect(page.locator("#canvas .grip")).to_have_count(0)


def test_done_leaves_correct(red_page: Page) -> None:
    tool(red_page, "correct")
    click(red_page, 90, 110)
    drag(red_page, (140, 110), (160, 110))
    red_page.mouse.up()
    expect_box(red_page, "R1.1", [40, 60, 160, 160])
    click(red_page, 100, 100)
    expect(red_page.locator("#canvas .click")).to_have_count(1)
    expect(red_page.locator("#canvas[data-outlining]")).to_have_count(0)
    expect_box(red_page, "R1.1", [40, 60, 160, 160])  # set by hand, it stays
    red_page.click(".pill [data-done]")
    expect(red_page.locator("#canvas")).to_have_attribute("data-tool", "select")
    for box in ([40, 60, 160, 160], RED_BOX):
        red_page.click("#undo")
        expect_box(red_page, "R1.1", box)


def test_another_region_is_taken_by_a_click(both_page: Page) -> None:
    tool(both_page, "correct")
    click(both_page, 90, 110)
    click(both_page, 290, 110)
    drag(both_page, (290, 130), (300, 140))
    both_page.mouse.up()
    expect_box(both_page, "R1.2", [250, 70, 350, 170])
    expect_box(both_page, "R1.1", RED_BOX)
    click(both_page, 20, 280)  # on nothing
    expect(both_page.locator("#canvas .grip")).to_have_count(0)
    both_page.click("#undo")
    expect_box(both_page, "R1.2", [240, 60, 340, 160])


# Keys ---------------------------------------------------------------------------------------------


def test_a_box_is_corrected_by_keys(page: Page) -> None:
    find(page, "find both", "R1.2")
    page.focus('#canvas [data-object="R1.1"]')
    page.keyboard.press("c")
    expect(page.locator("#canvas .grip")).to_have_count(8)
    for key in ("ArrowRight", "ArrowRight", "ArrowDown", "Shift+ArrowRight", "Control+ArrowDown"):
        page.keyboard.press(key)
    expect(page.locator("#canvas .extent")).to_have_text("101 × 100")
    expect_box(page, "R1.1", [42, 71, 143, 171])
    expect(page.locator('#canvas [data-object="R1.1"]')).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.locator('#canvas [data-object="R1.2"]')).to_be_focused()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Escape")
    expect_box(page, "R1.2", [240, 59, 340, 159])


def test_a_box_is_drawn_by_keys_alone(bare_page: Page) -> None:
    bare_page.locator("#message textarea").blur()
    bare_page.keyboard.press("b")
    expect(bare_page.get_by_role("application", name="The picture and its regions")).to_be_focused()
    expect(bare_page.locator("#canvas .aim span")).to_have_text("200, 150")
    bare_page.keyboard.press("Enter")
    expect(bare_page.locator(".spoken")).to_contain_text("First corner at 200, 150.")
    bare_page.keyboard.press("Shift+ArrowRight")
    bare_page.keyboard.press("Shift+ArrowDown")
    bare_page.keyboard.press("ArrowDown")
    expect(bare_page.locator("#canvas .extent")).to_have_text("10 × 11")
    bare_page.keyboard.press("Enter")
    expect_box(bare_page, "R1.1", [200, 150, 210, 161])
    expect(bare_page.locator(".spoken")).to_have_text("R1 was drawn, 10 by 11 pixels.")
    bare_page.keyboard.press("Escape")
    bare_page.keyboard.press("Escape")
    expect(bare_page.locator("#canvas")).to_have_attribute("data-tool", "select")
    bare_page.click("#undo")
    expect(bare_page.locator("#canvas [data-object]")).to_have_count(0)


def test_points_are_set_by_keys_alone(page: Page) -> None:
    page.locator("#message textarea").blur()
    page.keyboard.press("p")
    for key in ("ArrowLeft", *["Shift+ArrowLeft"] * 10, *["Shift+ArrowUp"] * 4, "Enter"):
        page.keyboard.press(key)
    expect_box(page, "R1.1", RED_BOX)
    for key in (*["Shift+ArrowRight"] * 9, "Alt+Enter"):
        page.keyboard.press(key)
    expect(page.locator("#canvas .click.minus")).to_have_count(1)
    page.keyboard.press("Escape")
    expect(page.locator("#canvas .click")).to_have_count(0)


def test_regions_are_walked_through_cited_and_deleted_by_keys(page: Page) -> None:
    find(page, "find both", "R1.2")
    find(page, "find red", "R2.1")
    page.focus('#canvas [data-object="R1.1"]')
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(page.locator('#canvas [data-object="R2.1"]')).to_be_focused()
    page.keyboard.press("Delete")
    expect(region(page, "R2")).to_have_count(0)
    expect(page.locator(".spoken")).to_have_text("R2 was deleted. Undo brings it back.")
    expect(page.locator('#canvas [data-object="R1.1"]')).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#message textarea")).to_have_value("R1 ")
    expect(page.locator('#canvas [data-object="R1.1"]')).to_have_attribute(
        "aria-label", "R1.1, both, on the left, from answer 1, cited"
    )
    page.keyboard.press("Delete")  # in the text box it is a key of the text
    page.fill("#message textarea", "")
    expect(page.locator('#canvas [data-object="R1.1"]')).to_have_attribute(
        "aria-label", "R1.1, both, on the left, from answer 1"
    )
    page.evaluate("document.dispatchEvent(new CustomEvent('cite', { detail: 'R2' }))")
    expect(page.locator(".spoken")).to_have_text("R2 is no longer on the picture.")
    expect(page.locator("#message textarea")).to_have_value("")
    page.evaluate("document.dispatchEvent(new CustomEvent('cite', { detail: 'R1' }))")
    expect(page.locator("#message textarea")).to_have_value("R1 ")


# Zoom ---------------------------------------------------------------------------------------------


def test_the_wheel_zooms_where_it_is(bare_page: Page) -> None:
    fit, at = scale(bare_page), place(bare_page, 290, 110)
    bare_page.mouse.move(*at)
    for keys, much in (("Shift", 1.0), ("Control", np.e**0.5), ("", np.e)):  # Shift scrolls
        if keys:
            bare_page.keyboard.down(keys)
        bare_page.mouse.wheel(0, -150)
        bare_page.wait_for_function(
            "width => Math.abs(document.querySelector('#canvas .sheet').offsetWidth - width) < 3",
            arg=400 * fit * much,
        )
        if keys:
            bare_page.keyboard.up(keys)
    assert scale(bare_page) == pytest.approx(fit * np.e, rel=0.01)
    assert place(bare_page, 290, 110) == pytest.approx(at, abs=1.5)
    before = bare_page.locator("#canvas .view").evaluate("view => view.scrollLeft")
    bare_page.mouse.wheel(40, 0)  # sideways it moves the picture
    bare_page.wait_for_function(
        "before => document.querySelector('#canvas .view').scrollLeft > before", arg=before
    )
    bare_page.click("[data-zoom=fit]")
    assert scale(bare_page) == pytest.approx(fit, rel=0.01)


def test_the_wheel_is_the_pages_where_the_page_scrolls(page: Page) -> None:
    fit = scale(page)
    page.add_style_tag(content="body { height: 300vh }")
    page.mouse.move(*place(page, 200, 150))
    page.mouse.wheel(0, 100)
    page.wait_for_function("document.scrollingElement.scrollTop > 0")
    assert scale(page) == pytest.approx(fit, rel=0.01)


def test_keys_zoom_and_dragging_pans(bare_page: Page) -> None:
    bare_page.locator("#message textarea").blur()
    fit = scale(bare_page)
    bare_page.keyboard.press("1")
    assert scale(bare_page) == pytest.approx(1)
    bare_page.keyboard.press("0")
    for key in "++":
        bare_page.keyboard.press(key)
    assert scale(bare_page) == pytest.approx(fit * 2.25, rel=0.01)
    for key, space in (("v", False), ("b", True)):
        bare_page.keyboard.press(key)
        if space:
            bare_page.keyboard.down(" ")
        before = place(bare_page, 200, 150)
        drag(bare_page, (200, 150), (190, 145))
        bare_page.mouse.up()
        bare_page.keyboard.up(" ")
        wanted = (before[0] - 10 * scale(bare_page), before[1] - 5 * scale(bare_page))
        assert place(bare_page, 200, 150) == pytest.approx(wanted, abs=2)
    drag(bare_page, (200, 150), (190, 145))
    bare_page.mouse.up()
    expect_box(bare_page, "R1.1", [190, 145, 200, 150])
    bare_page.click("#undo")
    expect(bare_page.locator("#canvas [data-object]")).to_have_count(0)
    bare_page.click("[data-zoom=fit]")


def test_layers_and_the_strength_of_masks(page: Page) -> None:
    find(page, "find red", "R1.1")
    for layer, part in (("boxes", ".box"), ("points", ".point"), ("masks", ".mask")):
        shown = page.locator(f"#canvas .marks {part}")
        expect(shown).to_have_css("opacity", "1")
        page.click(f"[data-layer={layer}]")
        expect(shown).to_have_css("opacity", "0")
    page.get_by_role("button", name="Labels").click()
    expect(page.locator("#canvas .tag")).to_be_hidden()
    page.get_by_role("slider", name="Mask opacity").fill("80")
    expect(page.locator("#canvas .marks .mask")).to_have_css("fill-opacity", "0.8")
    page.reload()
    expect(page.get_by_role("slider", name="Mask opacity", include_hidden=True)).to_have_value("80")


# Fingers ------------------------------------------------------------------------------------------


def touch(page: Page, *steps: list[tuple[float, float]]) -> None:
    """Fingers at these places of the window, step by step; then they are lifted."""
    session = page.context.new_cdp_session(page)
    for kind, fingers in [
        ("touchStart", steps[0]),
        *(("touchMove", s) for s in steps[1:]),
        ("touchEnd", []),
    ]:
        points = [{"x": x, "y": y, "id": i} for i, (x, y) in enumerate(fingers)]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})


def test_a_finger_draws_and_two_zoom(phone: Page) -> None:
    phone.tap("button[data-tool=box]")
    corners = [place(phone, *c) for c in ((30, 50), (90, 120), (150, 170))]
    touch(phone, *[[c] for c in corners])
    expect_box(phone, "R1.1", [30, 50, 150, 170])
    fit = scale(phone)
    left, middle, right = ([place(phone, x, 150)] for x in (150, 200, 250))
    wide = [place(phone, 100, 150), place(phone, 300, 150)]
    touch(phone, left + right, wide)
    assert names(phone) == ["R1.1"]
    assert scale(phone) == pytest.approx(2 * fit, rel=0.05)
    assert place(phone, 200, 150) == pytest.approx(middle[0], abs=3)
    before = place(phone, 200, 150)
    touch(phone, [(150, 200), (200, 200)], [(140, 190), (190, 190)])
    assert place(phone, 200, 150) == pytest.approx((before[0] - 10, before[1] - 10), abs=2)
    assert names(phone) == ["R1.1"]


def test_a_tap_cites_without_the_keyboard_of_the_screen(phone: Page) -> None:
    find(phone, "find red", "R1.1")
    phone.locator("#message textarea").blur()
    phone.touchscreen.tap(*place(phone, 90, 110))
    expect(phone.locator("#message textarea")).to_have_value("R1 ")
    expect(phone.locator("#message textarea")).not_to_be_focused()
    phone.touchscreen.tap(*place(phone, 90, 110))
    expect(phone.locator("#message textarea")).to_have_value("")
    expect(phone.locator("#message textarea")).not_to_be_focused()
    expect(phone.locator("#hint .hint")).to_have_text(
        "Tap a region to cite it, once more to take it out."
    )


def test_nothing_lies_over_what_a_finger_draws(phone: Page) -> None:
    expect(phone.locator("#hint")).not_to_contain_text("Enter sends")
    phone.tap("button[data-tool=box]")
    pill, cdp = phone.locator(".pill"), phone.context.new_cdp_session(phone)
    expect(pill).to_have_css("visibility", "visible")
    for kind, at in (("touchStart", (30, 50)), ("touchMove", (150, 170))):
        x, y = place(phone, *at)
        cdp.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y}]})
        expect(pill).to_have_css("visibility", "hidden")
    cdp.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    expect(pill).to_have_css("visibility", "visible")
    expect_box(phone, "R1.1", [30, 50, 150, 170])
    x, y = place(phone, 90, 100)
    touch(phone, [(x, y)], [(x + 5, y + 4)])  # a tremble is a tap
    expect(phone.locator("#message textarea")).to_have_value("R1 ")


def test_labels_on_a_small_picture_are_names_alone(phone: Page) -> None:
    find(phone, "find red", "R1.1")
    expect(phone.locator("#canvas .tag b")).to_be_visible()
    expect(phone.locator("#canvas .tag span")).to_be_hidden()


def test_the_tools_are_below_the_picture_and_nothing_is_cut(phone: Page) -> None:
    find(phone, "find red", "R1.1")
    sheet, tools = (phone.locator(s).bounding_box() for s in (".sheet", ".tools"))
    assert sheet is not None
    assert tools is not None
    assert tools["y"] >= sheet["y"] + sheet["height"]
    for button in phone.locator(".canvas-bar button:visible").all():
        box = button.bounding_box()
        assert box is not None
        assert box["width"] >= 44
        assert box["height"] >= 44
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 390
    phone.tap(".layers-open")
    rows = phone.locator(".layers button:visible, .layers label:visible").all()
    for height in [row.bounding_box() for row in rows]:
        assert height is not None
        assert 44 <= height["height"] < 56
    ticked = phone.locator("[data-layer=masks]").evaluate
    assert "✓" in ticked("row => getComputedStyle(row, '::after').content")
    phone.keyboard.press("Escape")
    expect(phone.locator(".layers")).to_be_hidden()
    phone.tap(".layers-open")
    phone.tap("[data-layer=masks]")
    assert "✓" not in ticked("row => getComputedStyle(row, '::after').content")
    expect(phone.locator("#canvas .marks .mask")).to_have_css("opacity", "0")
    assert phone.evaluate("document.documentElement.scrollWidth") == 390


# Many regions, large pictures ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Alone:
    """The canvas on a page of its own, where workspaces can be put on it, and what it asks for."""

    url: str
    tab: Page

    def show(self, button: str) -> Page:
        self.tab.goto(self.url)
        self.tab.click(f"#{button}")
        expect(self.tab.locator("#canvas [data-object]").first).to_be_visible()
        return self.tab


def crowd(path: Path, size: tuple[int, int], count: int, side: int) -> Workspace:
    """Regions with elliptic masks, scattered over a picture of one colour."""
    Image.new("RGB", size, "#9fb7c9").save(path)
    picture = open_picture(path)
    session = begin(picture, TableReasoner())
    random = np.random.default_rng(4)
    rows, columns = np.mgrid[0:side, 0:side]
    ellipse = (rows / side - 0.5) ** 2 + (columns / side - 0.5) ** 2 < 0.2
    registry = session.registry
    for i in range(count):
        x, y = (int(random.integers(0, s - side)) for s in size)
        pixels = np.zeros((size[1], size[0]), bool)
        pixels[y : y + side, x : x + side] = ellipse
        box = PictureBox(x, y, x + side, y + side)
        item = RegionObject(
            "", box, PicturePoint(x + side // 2, y + side // 2), Mask.from_array(pixels), 0.9
        )
        registry, _ = registry.add([item], label=f"thing {i}", origin=Origin.MODEL)
    shown = save_for_browser(picture, Path(get_upload_folder()) / "stage")
    return Workspace(picture, shown, session.with_registry(registry))


@pytest.fixture(scope="module")
def lonely(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Alone]:
    folder = tmp_path_factory.mktemp("stage")
    many = crowd(folder / "many.png", (1200, 800), 120, 70)
    large = crowd(folder / "large.png", (3840, 2160), 3, 300)
    first = many.session.registry.regions[0]
    hidden = many.session.registry.replace(replace(first, hidden=True))
    some = replace(many, session=many.session.with_registry(hidden))
    with gr.Blocks() as page:
        with gr.Column(elem_id="page"):
            with gr.Row(elem_id="top"):
                buttons = {n: gr.Button(n, elem_id=n) for n in ("many", "some", "large", "bare")}
            with gr.Row(elem_id="room"):
                with gr.Column(elem_id="left"):
                    stage = canvas("", elem_id="workspace")
                with gr.Column(elem_id="right"):
                    gr.Textbox(elem_id="message")
                    acts = gr.Textbox(elem_id="acts")
        for name, workspace in {"many": many, "some": some, "large": large}.items():
            buttons[name].click(lambda workspace=workspace: scene(workspace), None, stage)
        buttons["bare"].click(lambda: {**scene(many), "outlines": {}}, None, stage)
        stage.missing(lambda: scene(many, all_outlines=True), None, stage)
        _listen(stage, acts)
    _, url, _ = page.launch(
        prevent_thread_lock=True, quiet=True, server_port=free_port(), **launch_options()
    )
    with closing(browser.new_context(viewport=VIEWPORT)) as context:
        yield Alone(url, context.new_page())
    page.close(verbose=False)


@pytest.fixture
def alone(lonely: Alone) -> Iterator[Alone]:
    yield lonely
    lonely.tab.goto("about:blank")  # an open page costs its share of the processor


def _listen(stage: gr.HTML, acts: gr.Textbox) -> None:
    def said(event: gr.EventData) -> str:
        return str(event._data)

    stage.act(said, None, acts)


def test_120_regions_are_drawn_and_their_labels_do_not_overlap(alone: Alone) -> None:
    page = alone.show("many")
    assert len(names(page)) == 120
    expect(page.locator("#canvas .marks .mask")).to_have_count(120)
    sheet = page.locator(".sheet").bounding_box()
    assert sheet is not None
    labels = [
        box
        for tag in page.locator("#canvas .tag:not(.crowded)").all()
        if (box := tag.bounding_box()) is not None
    ]
    assert len(labels) > 60
    for one, other in combinations(labels, 2):
        assert (
            one["x"] + one["width"] <= other["x"]
            or other["x"] + other["width"] <= one["x"]
            or one["y"] + one["height"] <= other["y"]
            or other["y"] + other["height"] <= one["y"]
        )
    assert all(box["x"] + box["width"] <= sheet["x"] + sheet["width"] + 1 for box in labels)
    short = page.locator("#canvas .tag.short").first
    name = str(short.get_attribute("data-of"))
    expect(short.locator("span")).to_be_hidden()
    page.locator(f'#canvas [data-region="{name}"]').dispatch_event("pointerover")
    expect(short.locator("span")).to_be_visible()


def test_what_did_not_change_is_not_drawn_again(alone: Alone) -> None:
    page = alone.show("many")
    page.evaluate("for (const g of document.querySelectorAll('#canvas .object')) g.kept = true")
    page.click("#some")
    expect(region(page, "R1")).to_have_count(0)  # hidden
    assert page.evaluate("[...document.querySelectorAll('#canvas .object')].every(g => g.kept)")
    assert len(names(page)) == 119


def test_missing_outlines_are_asked_for(alone: Alone) -> None:
    page = alone.show("bare")
    expect(page.locator("#canvas .marks .mask")).to_have_count(120)


@pytest.mark.parametrize("zooms", [pytest.param(0, id="whole"), pytest.param(6, id="close by")])
def test_a_click_on_a_4k_picture_lands_on_its_pixel(alone: Alone, zooms: int) -> None:
    page = alone.show("large")
    for _ in range(zooms):
        page.click("[data-zoom=in]")
    tool(page, "point")
    x, y = page.evaluate(
        """() => {
            const room = document.querySelector("#canvas .view").getBoundingClientRect();
            const middle = [room.left + room.width / 2, room.top + room.height / 2];
            return [Math.round(middle[0]) + 31, Math.round(middle[1]) - 17];
        }"""
    )
    origin = place(page, 0, 0)
    wanted = [int((x - origin[0]) / scale(page)), int((y - origin[1]) / scale(page))]
    page.mouse.click(x, y)
    expect(page.locator("#acts textarea, #acts input")).to_have_value(re.compile("'at': "))
    said = page.locator("#acts textarea, #acts input").input_value()
    assert [int(v) for v in re.findall(r"\d+", said)] == pytest.approx(wanted, abs=1)
    label = page.locator("#canvas .tag").first.bounding_box()
    assert label is not None
    assert label["height"] == pytest.approx(21, abs=1)


def test_while_a_turn_runs_only_the_turn_is_busy(page: Page) -> None:
    tool(page, "box")
    drag(page, (30, 50), (150, 170))
    page.mouse.up()
    expect(page.locator(IDLE)).to_be_attached()
    expect(region(page, "R1")).to_have_count(1)
