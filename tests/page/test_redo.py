"""Undo and Redo in a real browser: their keys, their buttons, and what both say."""

from __future__ import annotations

from playwright.sync_api import Page, Route, expect

from tests.support.table import ask, names, start


def draw(page: Page, *corners: tuple[int, int]) -> None:
    """Draw boxes from these corners on, in percent of the picture's place, one after the other."""
    page.locator("#canvas").press("b")
    at = page.locator("#canvas img").bounding_box()
    assert at is not None
    for x, y in corners:
        page.mouse.move(at["x"] + at["width"] * x / 100, at["y"] + at["height"] * y / 100)
        page.mouse.down()
        page.mouse.move(
            at["x"] + at["width"] * (x + 20) / 100, at["y"] + at["height"] * (y + 20) / 100, steps=2
        )
        page.mouse.up()


def test_keys_and_buttons_go_back_and_on(page: Page) -> None:
    undo, redo, said = page.locator("#undo"), page.locator("#redo"), page.locator("#hint")
    for button in (undo, redo):
        expect(button).to_have_attribute("aria-disabled", "true")
    expect(redo).to_have_attribute("title", "There is nothing to redo.")
    ask(page, "find red")
    draw(page, (5, 60), (35, 60), (65, 60))
    expect(undo).to_have_attribute("title", "Undo: drawing R4")
    places = [undo.bounding_box(), redo.bounding_box()]

    for _ in range(3):  # quick presses, one of them right after the last box
        page.keyboard.press("Control+z")
    expect(said).to_contain_text("Drawing R2 was undone.")
    assert names(page) == ["R1.1"]
    undo.click()
    expect(page.locator("#chat")).not_to_contain_text("Found one")
    expect(undo).to_have_attribute("aria-disabled", "true")
    expect(redo).to_have_attribute("title", "Redo: answer 1")
    redo.click()
    expect(page.locator("#chat")).to_contain_text("Found one: R1")
    expect(said).to_contain_text("Answer 1 was redone.")
    expect(page.locator("#message textarea")).to_have_value("")
    page.keyboard.press("Control+Shift+Z")
    page.keyboard.press("Control+y")
    expect(said).to_contain_text("Drawing R3 was redone.")
    assert names(page) == ["R1.1", "R2.1", "R3.1"]
    assert [undo.bounding_box(), redo.bounding_box()] == places

    page.fill("#message textarea", "left of")
    page.keyboard.type(" R1")
    page.keyboard.press("Control+z")  # the text's own
    expect(page.locator("#message textarea")).not_to_have_value("left of R1")
    page.keyboard.press("Control+y")
    expect(page.locator("#message textarea")).to_have_value("left of R1")
    assert names(page) == ["R1.1", "R2.1", "R3.1"]
    page.fill("#message textarea", "")

    page.click("#new")
    expect(undo).to_have_attribute("title", "Undo: clearing the page")
    undo.click()
    expect(said).to_contain_text("The dialogue is back.")
    page.keyboard.press("Control+y")
    expect(page.locator("#canvas[data-empty]")).to_be_visible()
    page.keyboard.press("Control+z")
    expect(redo).to_have_attribute("title", "Redo: clearing the page")
    ask(page, "find a ghost")
    expect(redo).to_have_attribute("aria-disabled", "true")
    redo.click(force=True)
    expect(said).to_contain_text("There is nothing to redo.")


def test_a_key_held_down_waits_for_the_answer_and_leaves_nothing_to_come(page: Page) -> None:
    draw(page, (5, 60), (35, 60), (65, 60))
    expect(page.locator("#undo")).to_have_attribute("title", "Undo: drawing R3")
    held: list[Route] = []

    def hold(route: Route) -> None:
        """The first answer waits for the test."""
        held.append(route)
        if len(held) > 1:
            route.continue_()

    page.route("**/run/predict", hold)
    page.keyboard.down("Control")
    with page.expect_request("**/run/predict"):
        page.keyboard.down("z")
    for _ in range(4):
        page.keyboard.down("z")  # the keyboard's repetition
    page.keyboard.up("z")
    page.keyboard.up("Control")
    held[0].continue_()
    page.keyboard.press("Control+y")  # comes after all that was pressed before
    expect(page.locator("#hint")).to_contain_text("Drawing R3 was redone.")
    assert names(page) == ["R1.1", "R2.1", "R3.1"]


def test_nothing_is_undone_while_an_answer_is_written(page: Page) -> None:
    draw(page, (5, 60), (35, 60))
    page.keyboard.press("Control+z")
    expect(page.locator("#redo")).to_have_attribute("title", "Redo: drawing R2")
    start(page, "slow")
    for button in ("#undo", "#redo"):
        page.click(button)
        expect(page.locator("#hint [role=alert]")).to_have_text(
            "A question is being answered. Press Stop first."
        )
        assert "R1.1" in names(page)
    page.click("#stop")
    expect(page.locator("#undo")).to_have_attribute("title", "Undo: answer 1")
