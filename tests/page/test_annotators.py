"""What those who mark many things do: boxes by keys alone, named at once, copied, several together."""

from __future__ import annotations

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
    expect(card(page, "R1")).to_have_text("R1 red block")
    draw(page, (230, 50), (350, 170))
    keys(page, "Enter")  # the last name
    expect(card(page, "R2")).to_have_text("R2 red block")
    draw(page, (10, 200), (60, 260))
    page.keyboard.type("kite")
    draw(page, (100, 200), (160, 260))  # going on keeps what was typed
    expect(card(page, "R3")).to_have_text("R3 kite")
    expect(page.locator(FIELD)).to_have_value("")
    keys(page, "1")
    expect(card(page, "R4")).to_have_text("R4 red block")
    draw(page, (200, 200), (260, 260))
    page.keyboard.type("KI")
    expect(page.locator("#canvas .names-used [data-name]")).to_have_text(["kite"])
    keys(page, "ArrowDown", "Enter")
    expect(card(page, "R5")).to_have_text("R5 kite")
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
    expect(card(page, "R2")).to_have_text("R2 a dog 2")
    expect(card(page, "R1")).to_have_text("R1 ")


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
