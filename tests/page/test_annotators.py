"""What those who mark many things do: boxes by keys alone, named at once, copied, several together."""

from __future__ import annotations

import re
from pathlib import Path

from PIL import Image
from playwright.sync_api import Locator, Page, expect

from tests.page.test_stage import drag, expect_box, place, region, tool


def keys(page: Page, *pressed: str) -> None:
    for key in pressed:
        page.keyboard.press(key)


def test_a_box_takes_four_keys_even_where_the_canvas_had_the_keyboard(page: Page) -> None:
    page.focus("#canvas")
    keys(page, "b")
    expect(page.locator("#canvas .aim span")).to_have_text("200, 150")
    keys(page, "Enter", "ArrowRight", "Shift+ArrowRight", "ArrowDown")
    expect(page.locator("#canvas .extent")).to_have_text("11 × 1")
    keys(page, "Enter")
    expect_box(page, "R1.1", [200, 150, 211, 151])


def test_the_crosshair_begins_where_the_mouse_is_and_goes_on_by_either(page: Page) -> None:
    page.focus("#canvas")
    page.mouse.move(*place(page, 100, 200))
    keys(page, "b", "ArrowRight")
    expect(page.locator("#canvas .aim span")).to_have_text("101, 200")
    page.mouse.move(*place(page, 300, 20))
    expect(page.locator("#canvas .aim span")).to_have_text("")
    keys(page, "Enter")
    expect(page.locator("#canvas .aim span")).to_have_text("300, 20")
    page.mouse.move(*place(page, 320, 30))  # with a corner set the keyboard keeps it
    keys(page, "ArrowLeft", "Shift+ArrowDown", "Enter")
    expect_box(page, "R1.1", [299, 20, 300, 30])


# Names --------------------------------------------------------------------------------------------

FIELD = "#canvas .ask-name input"


def draw(page: Page, start: tuple[float, float], end: tuple[float, float]) -> None:
    drag(page, start, end)
    page.mouse.up()


def card(page: Page, name: str) -> Locator:
    return page.locator(f'#regions [data-region="{name}"] .card-name')


def test_what_is_drawn_is_named_at_once(page: Page) -> None:
    tool(page, "box")
    draw(page, (30, 50), (150, 170))
    expect(page.locator(FIELD)).to_be_focused()
    page.keyboard.type("red block")
    keys(page, "Enter")
    expect(card(page, "R1")).to_have_text(re.compile(r"^R1 red block\W*$"))
    draw(page, (230, 50), (350, 170))
    keys(page, "Enter")  # the last name
    expect(card(page, "R2")).to_have_text(re.compile(r"^R2 red block\W*$"))
    draw(page, (10, 200), (60, 260))
    page.keyboard.type("kite")
    draw(page, (100, 200), (160, 260))  # going on keeps what was typed
    expect(card(page, "R3")).to_have_text(re.compile(r"^R3 kite\W*$"))
    expect(page.locator(FIELD)).to_have_value("")
    keys(page, "1")
    expect(card(page, "R4")).to_have_text(re.compile(r"^R4 red block\W*$"))
    draw(page, (200, 200), (260, 260))
    page.keyboard.type("KI")
    expect(page.locator("#canvas .names-used [data-name]")).to_have_text(["kite"])
    keys(page, "ArrowDown", "Enter")
    expect(card(page, "R5")).to_have_text(re.compile(r"^R5 kite\W*$"))
    expect(page.locator("#canvas .ask-name")).to_be_hidden()


def test_a_name_may_be_left_out_and_the_keys_go_on(page: Page) -> None:
    page.focus("#canvas")
    keys(page, "b", "Enter", "Shift+ArrowRight", "Shift+ArrowDown", "Enter")
    expect(page.locator(FIELD)).to_be_focused()
    keys(page, "Escape")
    expect(page.locator("#canvas .ask-name")).to_be_hidden()
    expect(page.locator("#canvas")).to_be_focused()
    keys(page, "Enter", "Shift+ArrowRight", "Shift+ArrowDown", "Enter")
    expect_box(page, "R2.1", [210, 160, 220, 170])
    page.keyboard.type("a dog 2")
    keys(page, "Enter")
    expect(card(page, "R2")).to_have_text(re.compile(r"^R2 a dog 2\W*$"))
    expect(card(page, "R1")).to_have_text(re.compile(r"^R1\W*$"))


RECTS = """() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(
  [".ask-name", ""].map((part) => document.querySelector(`#canvas ${part}`).getBoundingClientRect())
    .map(({ left, top, right, bottom }) => [left, top, right, bottom])))))"""


def test_the_field_is_beside_the_box_and_inside_the_canvas(page: Page) -> None:
    tool(page, "box")
    boxes = (((0, 0), (400, 290)), ((5, 5), (60, 60)), ((340, 240), (399, 299)))
    for number, (start, end) in enumerate(boxes, start=1):
        draw(page, start, end)
        expect(region(page, f"R{number}")).to_have_count(1)
        (left, top, right, bottom), stage = page.evaluate(RECTS)
        assert stage[0] <= left < right <= stage[2]
        assert stage[1] <= top < bottom <= stage[3]
        if number > 1:
            (x1, y1), (x2, y2) = place(page, *start), place(page, *end)
            assert left >= x2 or right <= x1 or top >= y2 or bottom <= y1


# Several regions ----------------------------------------------------------------------------------


def three(page: Page) -> None:
    """R1, R2 and R3 are drawn, not named; no tool is in hand."""
    tool(page, "box")
    for number, left in enumerate((20, 160, 300), start=1):
        draw(page, (left, 40), (left + 60, 100))
        expect_box(page, f"R{number}.1", [left, 40, left + 60, 100])
    keys(page, "Escape")
    expect(page.locator("#canvas")).to_have_attribute("data-tool", "select")


def chosen(page: Page, *names: str) -> None:
    """Expect that these regions are chosen, and no others."""
    expect(page.locator("#canvas .object.chosen")).to_have_count(len(names))
    for name in names:
        expect(region(page, name)).to_have_class(re.compile("chosen"))


def test_regions_are_chosen_moved_and_deleted_together(page: Page) -> None:
    three(page)
    page.mouse.move(*place(page, 50, 70))
    page.keyboard.down("Shift")
    page.mouse.click(*place(page, 50, 70))
    page.mouse.click(*place(page, 190, 70))
    page.keyboard.up("Shift")
    chosen(page, "R1", "R2")
    expect(page.locator("#message textarea")).to_have_value("")
    keys(page, "ArrowRight", "Shift+ArrowDown")
    expect_box(page, "R1.1", [21, 50, 81, 110])
    expect_box(page, "R2.1", [161, 50, 221, 110])
    page.click("#undo")  # one step
    expect_box(page, "R1.1", [20, 40, 80, 100])
    expect_box(page, "R2.1", [160, 40, 220, 100])
    page.focus("#canvas")
    keys(page, "Control+a")
    chosen(page, "R1", "R2", "R3")
    keys(page, "Delete")
    expect(page.locator("#canvas [data-object]")).to_have_count(0)
    page.click("#undo")
    expect(page.locator("#canvas [data-object]")).to_have_count(3)


def test_a_frame_chooses_and_h_hides_what_it_holds(page: Page) -> None:
    three(page)
    draw(page, (5, 200), (230, 20))  # from below, on empty ground
    chosen(page, "R1", "R2")
    keys(page, "Escape")
    chosen(page)
    draw(page, (5, 200), (230, 20))
    keys(page, "h")
    expect(page.locator("#canvas [data-object]")).to_have_count(1)
    page.click("#undo")
    expect(page.locator("#canvas [data-object]")).to_have_count(3)


def test_regions_are_copied_pasted_and_duplicated(page: Page, tmp_path: Path) -> None:
    three(page)
    page.focus('#canvas [data-object="R1.1"]')
    keys(page, "Control+c", "Control+v")
    expect_box(page, "R4.1", [30, 50, 90, 110])
    chosen(page, "R4")
    keys(page, "Control+v")
    expect_box(page, "R5.1", [40, 60, 100, 120])
    page.focus('#canvas [data-object="R3.1"]')
    keys(page, "Escape", "Control+d")
    expect_box(page, "R6.1", [310, 50, 370, 110])
    page.click("#undo")
    expect(page.locator("#canvas [data-object]")).to_have_count(5)
    page.focus("#message textarea")
    keys(page, "Control+v")  # as a text
    expect(page.locator("#message textarea")).to_have_value("R1 [20, 40, 80, 100]")
    Image.new("RGB", (800, 300), "white").save(tmp_path / "wide.png")
    page.set_input_files("#upload input[type=file]", tmp_path / "wide.png")
    expect(page.locator("#canvas img")).to_have_attribute("alt", "wide.png")
    page.focus("#canvas")
    keys(page, "Control+v")
    expect_box(page, "R1.1", [40, 40, 160, 100])


def test_a_text_that_is_marked_is_copied_as_ever(page: Page) -> None:
    three(page)
    page.focus('#canvas [data-object="R1.1"]')
    page.evaluate("getSelection().selectAllChildren(document.querySelector('#brand'))")
    keys(page, "Control+c")
    page.focus("#message textarea")
    keys(page, "Control+v")
    expect(page.locator("#message textarea")).to_have_value(re.compile(r"^[^\[]+$"))


def test_a_region_is_put_behind_the_others_and_back(page: Page) -> None:
    tool(page, "box")
    for number, end in enumerate(((200, 200), (100, 100)), start=1):
        draw(page, (20, 20), end)
        expect_box(page, f"R{number}.1", [20, 20, *end])
    keys(page, "Escape")
    objects = page.locator("#canvas [data-object]")
    names = "all => all.map((one) => one.dataset.object)"
    assert objects.evaluate_all(names) == ["R1.1", "R2.1"]
    page.focus('#canvas [data-object="R1.1"]')
    keys(page, "]")
    expect(objects.last).to_have_attribute("data-object", "R1.1")
    expect(objects.last).to_be_focused()
    keys(page, "[")
    expect(objects.first).to_have_attribute("data-object", "R1.1")


# Polygon and brush --------------------------------------------------------------------------------


def test_a_polygon_is_clicked_and_its_corner_dragged(page: Page) -> None:
    page.focus("#canvas")
    keys(page, "g")
    for corner in ((40.5, 40.5), (140.5, 40.5), (140.5, 120.5), (40.5, 40.5)):
        page.mouse.click(*place(page, *corner))
    expect_box(page, "R1.1", [40, 40, 141, 121])
    keys(page, "1", "Enter")
    expect(card(page, "R1")).to_have_text(re.compile(r"^R1 1\W*$"))
    page.mouse.click(*place(page, 120, 60))
    expect(page.locator("#canvas .corner")).to_have_count(3)
    draw(page, (140, 120), (140, 200))
    keys(page, "Enter")
    expect_box(page, "R1.1", [40, 40, 141, 201])
    page.click("#undo")
    expect_box(page, "R1.1", [40, 40, 141, 121])


def test_strokes_paint_and_erase_one_step_each(page: Page) -> None:
    page.focus("#canvas")
    keys(page, "m")
    draw(page, (100, 200), (200, 200))
    expect_box(page, "R1.1", [93, 193, 208, 208])
    expect(page.locator("#canvas .ask-name input")).to_be_focused()
    page.keyboard.type("road")
    keys(page, "Enter")
    expect(card(page, "R1")).to_have_text(re.compile(r"^R1 road\W*$"))
    draw(page, (200, 200), (200, 250))  # goes on with the same region
    expect_box(page, "R1.1", [93, 193, 208, 258])
    page.keyboard.down("Alt")
    draw(page, (100, 200), (150, 200))
    page.keyboard.up("Alt")
    expect_box(page, "R1.1", [151, 193, 208, 258])  # the brush is round
    page.click("#undo")
    expect_box(page, "R1.1", [93, 193, 208, 258])
    page.focus("#canvas")
    keys(page, "Escape", "Escape")
    expect(page.locator("#canvas")).to_have_attribute("data-tool", "select")
