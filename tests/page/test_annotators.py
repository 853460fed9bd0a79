"""What those who mark many things do on the picture: by keys alone, named at once, copied, several together."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.page.test_stage import expect_box, place


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
    expect_box(page, "R1.1", [299, 20, 300, 50])
