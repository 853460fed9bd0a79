"""The composer, the dialogue and what is asked of answers, in a real browser."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, Locator, Page, Route, expect

from tests.conftest import VIEWPORT, visit
from tests.support.table import BUSY, IDLE, TableReasoner, ask, names, start

MESSAGE = "#message textarea"


def chips(page: Page) -> Locator:
    """What stands above the message, name by name."""
    return page.locator("#hint .cites [data-name]")


def offered(page: Page) -> Locator:
    return page.locator("#hint [role=listbox] [role=option]")


def two_regions(page: Page) -> None:
    """R1 is the red block, R2 the blue one."""
    ask(page, "find red")
    ask(page, "what is next to R1")


def put_caret(page: Page, at: int) -> None:
    page.locator(MESSAGE).evaluate(
        "(box, at) => { box.focus(); box.setSelectionRange(at, at); }", at
    )


# The message and its chips ----------------------------------------------------------------------


def test_names_in_the_message_are_chips_in_their_colours(pair_page: Page) -> None:
    pair_page.fill(MESSAGE, 'between R1 and r2, not "R1" on the sign')
    expect(chips(pair_page)).to_have_text(["R1", "R2"])
    tones = [chip.get_attribute("data-tone") for chip in chips(pair_page).all()]
    assert tones == [
        pair_page.locator(f"#canvas [data-region={name}]").first.get_attribute("data-tone")
        for name in ("R1", "R2")
    ]
    expect(pair_page.locator("#hint .hint")).to_be_hidden()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        pytest.param("next to R9", ["R9? is not on this picture"], id="never there"),
        pytest.param("next to R1.7", ["R1.7? has no such part in R1"], id="no such part"),
        pytest.param("left of the Region R9", ["R9? is not on this picture"], id="a region's"),
        pytest.param("an Audi R8 on it", [], id="a model name"),
        pytest.param("an audi r8 on it", [], id="a model name in small letters"),
        pytest.param("the R1200 there", [], id="a model number"),
    ],
)
def test_an_unknown_name_says_why(red_page: Page, text: str, shown: list[str]) -> None:
    red_page.fill(MESSAGE, text)
    unknown = red_page.locator("#hint .unknown")
    expect(unknown).to_have_count(len(shown))
    for words in shown:
        expect(red_page.locator("#hint .cites")).to_contain_text(
            re.compile(words.replace("? ", r"\?\s*"))
        )


def test_the_cross_of_a_chip_takes_its_name_out_of_the_text(pair_page: Page) -> None:
    pair_page.fill(MESSAGE, "what is between R1 and R2, but nearer to R1?")
    pair_page.get_by_role("button", name="Remove R1 from the question").click()
    expect(pair_page.locator(MESSAGE)).to_have_value("what is between and R2, but nearer to?")
    expect(chips(pair_page)).to_have_text(["R2"])


@pytest.mark.parametrize(
    ("text", "caret", "left"),
    [
        pytest.param("left of R1", 10, "left of ", id="behind a name"),
        pytest.param("left of R1 now", 10, "left of  now", id="behind a name in the middle"),
        pytest.param("left of R1", 9, "left of 1", id="inside a name"),
        pytest.param("left of R7", 10, "left of R", id="behind an unknown name"),
        pytest.param("left of R1 ", 11, "left of R1", id="behind a space that was typed"),
    ],
)
def test_backspace_takes_a_whole_name(red_page: Page, text: str, caret: int, left: str) -> None:
    red_page.fill(MESSAGE, text)
    put_caret(red_page, caret)
    red_page.keyboard.press("Backspace")
    expect(red_page.locator(MESSAGE)).to_have_value(left)


def test_backspace_takes_back_a_click(red_page: Page) -> None:
    red_page.fill(MESSAGE, "left of ")
    red_page.click('#canvas [data-object="R1.1"]')
    expect(red_page.locator(MESSAGE)).to_have_value("left of R1 ")
    red_page.keyboard.press("Backspace")
    expect(red_page.locator(MESSAGE)).to_have_value("left of ")


def test_a_chip_stays_where_it_is_when_a_doubt_comes_and_goes(red_page: Page) -> None:
    doubt, chip = red_page.locator("#hint .hint"), chips(red_page)
    red_page.fill(MESSAGE, "left of R1")
    place = chip.bounding_box()
    red_page.fill(MESSAGE, "HR1 left of R1")
    expect(doubt).to_contain_text("HR1")
    assert chip.bounding_box() == place
    held: list[Route] = []
    red_page.route("**/gradio_api/**", lambda route: held.append(route))
    red_page.fill(MESSAGE, "left of R1")
    expect(doubt).to_be_hidden()  # its word is gone, and the server has not read the rest
    assert chip.bounding_box() == place
    red_page.unroute("**/gradio_api/**")
    for request in held:
        request.continue_()


def test_a_chip_shows_its_region(red_page: Page) -> None:
    red_page.fill(MESSAGE, "left of R1")
    chips(red_page).hover()
    expect(red_page.locator("#hint .peek svg.crop")).to_be_visible()
    expect(red_page.locator("#hint .peek")).to_contain_text("red")
    expect(red_page.locator('#canvas [data-object="R1.1"]')).to_have_class(re.compile("lit"))


# Offering regions ---------------------------------------------------------------------------------


def test_typing_a_name_offers_regions_by_keys(pair_page: Page) -> None:
    pair_page.fill(MESSAGE, "left of ")
    pair_page.keyboard.type("R")
    expect(offered(pair_page)).to_have_text(["R2next to R1from answer 2", "R1redfrom answer 1"])
    expect(pair_page.locator(MESSAGE)).to_have_attribute("aria-activedescendant", "offer-R2")
    pair_page.keyboard.press("ArrowDown")
    expect(pair_page.locator(MESSAGE)).to_have_attribute("aria-activedescendant", "offer-R1")
    pair_page.keyboard.press("Enter")
    expect(pair_page.locator(MESSAGE)).to_have_value("left of R1 ")
    expect(offered(pair_page)).to_have_count(0)
    pair_page.keyboard.type("and @bl")
    expect(offered(pair_page)).to_have_count(0)
    pair_page.keyboard.press("Backspace")
    pair_page.keyboard.press("Backspace")
    pair_page.keyboard.type("re")
    expect(offered(pair_page)).to_have_text(["R1redfrom answer 1"])
    pair_page.keyboard.press("Tab")
    expect(pair_page.locator(MESSAGE)).to_have_value("left of R1 and R1 ")
    expect(pair_page.locator(MESSAGE)).to_be_focused()


def test_an_offered_region_is_taken_by_a_click(pair_page: Page) -> None:
    pair_page.fill(MESSAGE, "")
    pair_page.keyboard.type("@")
    offered(pair_page).nth(1).click()
    expect(pair_page.locator(MESSAGE)).to_have_value("R1 ")
    expect(pair_page.locator(MESSAGE)).to_be_focused()


def test_an_offer_can_be_refused(pair_page: Page) -> None:
    pair_page.fill(MESSAGE, "left of ")
    pair_page.keyboard.type("R")
    pair_page.keyboard.press("Escape")
    expect(pair_page.locator("#hint [role=listbox]")).to_be_hidden()
    pair_page.keyboard.type("ed")
    expect(pair_page.locator(MESSAGE)).to_have_value("left of Red")
    expect(pair_page.locator("#hint [role=listbox]")).to_be_hidden()


def test_enter_behind_a_whole_name_sends(page: Page) -> None:
    ask(page, "find both")
    page.fill(MESSAGE, "what is next to ")
    page.keyboard.type("R1")
    expect(offered(page)).to_have_text([re.compile("R1"), re.compile("R1.1"), re.compile("R1.2")])
    page.keyboard.press("Enter")
    expect(page.locator("#chat")).to_contain_text("Found one: R2")


# How words are read -------------------------------------------------------------------------------


def test_words_that_mean_a_region_are_spelt_out_and_can_be_changed(pair_page: Page) -> None:
    pair_page.fill(MESSAGE, "  what is left of it?")
    expect(pair_page.locator("#hint .reading")).to_have_text("“it” →R2")
    pair_page.click("#hint .reading button")
    expect(offered(pair_page)).to_have_count(2)
    pair_page.keyboard.press("ArrowDown")
    pair_page.keyboard.press("Enter")
    expect(pair_page.locator(MESSAGE)).to_have_value("  what is left of R1?")
    expect(pair_page.locator("#hint .reading")).to_have_count(0)
    expect(chips(pair_page)).to_have_text(["R1"])


@pytest.mark.parametrize("way", ["typed", "pasted", "by a click"])
def test_words_are_read_however_they_came(pair_page: Page, way: str) -> None:
    pair_page.focus(MESSAGE)
    if way == "typed":
        pair_page.keyboard.type("is it near")
    else:
        pair_page.keyboard.insert_text("is it near")
    if way == "by a click":
        pair_page.click('#regions [data-cite="R1"]')
    expect(pair_page.locator("#hint .reading")).to_have_text("“it” →R2")


def test_one_region_leaves_nothing_to_choose(red_page: Page) -> None:
    red_page.fill(MESSAGE, "what is left of it?")
    expect(red_page.locator("#hint .reading")).to_have_text("“it” →R1")
    expect(red_page.locator("#hint .reading button")).to_have_count(0)


def test_names_in_any_habit_are_chips_and_a_click_takes_them_out(pair_page: Page) -> None:
    pair_page.fill(MESSAGE, "🐶 nearR1who, Ｒ２左")
    expect(chips(pair_page)).to_have_text(["R1", "R2"])
    pair_page.click('#regions [data-cite="R1"]')
    expect(pair_page.locator(MESSAGE)).to_have_value("🐶 near who, Ｒ２左")
    pair_page.fill(MESSAGE, "left of box 1")
    expect(pair_page.locator("#hint .reading")).to_have_text("“box 1” →R1")
    expect(chips(pair_page)).to_have_count(1)


def test_what_is_no_region_is_said_before_sending(pair_page: Page) -> None:
    pair_page.fill(MESSAGE, "HR2 beside R1")
    said = pair_page.locator("#hint .hint")
    expect(said).to_have_text("“HR2” is read as plain text, not as a region.")
    expect(said).to_be_visible()
    expect(chips(pair_page)).to_have_text(["R1"])
    pair_page.fill(MESSAGE, "left of region 9")
    expect(said).to_have_text("There is no R9 here. You can cite R1 and R2.")


# What can be done with an answer ------------------------------------------------------------------


def act(page: Page, kind: str, turn: int) -> Locator:
    return page.locator(f"#chat a[href='#{kind}-{turn}']")


def test_the_acts_of_an_answer_have_names_and_keys(pair_page: Page) -> None:
    for name in (
        "Ask again: question 2",
        "Change question 2",
        "Branch: go on from answer 2 in a new dialogue",
    ):
        expect(pair_page.get_by_role("button", name=name)).to_be_visible()
    older = pair_page.get_by_role("button", name="Change question 1")
    expect(older.locator("xpath=ancestor::*[contains(@class, 'panel-full-width')]")).to_have_css(
        "opacity", "0"
    )
    older.focus()
    expect(older.locator("xpath=ancestor::*[contains(@class, 'panel-full-width')]")).to_have_css(
        "opacity", "1"
    )
    pair_page.keyboard.press("Space")
    expect(pair_page.locator(MESSAGE)).to_have_value("find red")


def test_a_question_can_be_changed_or_kept(page: Page) -> None:
    two_regions(page)
    act(page, "change", 1).click()
    expect(page.locator("#hint")).to_contain_text("question 1")
    expect(page.locator(MESSAGE)).to_have_value("find red")
    expect(page.locator(MESSAGE)).to_be_focused()
    page.click("#hint .keep")
    expect(page.locator("#hint .keep")).to_be_hidden()
    expect(page.locator(MESSAGE)).to_have_value("")
    act(page, "change", 1).click()
    expect(page.locator(MESSAGE)).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("#hint .keep")).to_be_hidden()
    assert names(page) == ["R1.1", "R2.1"]
    act(page, "change", 1).click()
    expect(page.locator("#hint .keep")).to_be_visible()
    ask(page, "find both")
    expect(page.locator("#hint .keep")).to_be_hidden()
    expect(page.locator("#chat .user-row")).to_have_text(["find both"])
    assert names(page) == ["R1.1", "R1.2"]


def test_a_question_can_be_asked_again(page: Page, reasoner: TableReasoner) -> None:
    ask(page, "find red")
    start(page, "slow")
    reasoner.go_on.set()
    expect(page.locator("#chat")).to_contain_text("Found one: R2")
    reasoner.go_on.clear()
    act(page, "again", 2).click()
    expect(page.locator(BUSY)).to_be_attached()
    assert names(page) == ["R1.1"]
    reasoner.go_on.set()
    expect(page.locator(IDLE)).to_be_attached()
    expect(page.locator("#chat .user-row")).to_have_text(["find red", "slow"])
    assert names(page) == ["R1.1", "R2.1"]


def test_a_branch_is_a_dialogue_of_its_own(page: Page) -> None:
    two_regions(page)
    tabs = page.get_by_role("tab")
    expect(tabs).to_have_count(0)
    act(page, "branch", 1).click()
    expect(tabs).to_have_text(["Dialogue 1 · 2 questions", "Dialogue 2 · 1 question"])
    expect(tabs.nth(1)).to_have_attribute("aria-selected", "true")
    expect(page.locator("#chat .user-row")).to_have_text(["find red"])
    assert names(page) == ["R1.1"]
    tabs.nth(1).focus()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Enter")
    expect(tabs.nth(0)).to_have_attribute("aria-selected", "true")
    expect(tabs.nth(0)).to_be_focused()
    expect(page.locator("#chat .user-row")).to_have_count(2)
    assert names(page) == ["R1.1", "R2.1"]


def test_an_answer_can_be_rated(page: Page) -> None:
    ask(page, "find red")
    act(page, "up", 1).focus()
    page.keyboard.press("Enter")
    expect(act(page, "up", 1)).to_have_attribute("aria-pressed", "true")
    expect(act(page, "up", 1)).to_be_focused()
    expect(act(page, "down", 1)).to_have_attribute("aria-pressed", "false")
    act(page, "down", 1).click()
    expect(act(page, "down", 1)).to_have_attribute("aria-pressed", "true")
    expect(act(page, "up", 1)).to_have_attribute("aria-pressed", "false")


def test_the_numbers_stand_side_by_side(pair_page: Page) -> None:
    act(pair_page, "numbers", 2).click()
    sheet = pair_page.get_by_role("dialog", name="Answer 2: the numbers")
    expect(sheet.locator("tbody")).to_have_text(
        [
            re.compile(
                r"Given with the question\s*R1\s*box84, 168, 294, 448\s*box40, 60, 140, 160"
            ),
            re.compile(r"Found\s*R2.*box504, 168, 714, 448.*box240, 60, 340, 160"),
        ]
    )
    expect(sheet.locator("thead")).to_contain_text("Model frame 840 × 840Picture 400 × 300")
    expect(sheet.locator("pre").first).to_have_text("what is next to bbox=[84, 168, 294, 448]")
    expect(sheet.locator("pre").last).to_contain_text("<scene>Two blocks on white.</scene><focus>")
    expect(sheet.locator(".finding.ok")).to_contain_text("cites R1")
    expect(sheet.locator(".finding.warning")).to_contain_text("[1, 2, 3, 4]")
    expect(sheet).to_contain_text("whole answer")
    expect(sheet).to_contain_text("Decoded: read from a table.")
    pair_page.keyboard.press("Escape")
    expect(sheet).to_be_hidden()
    act(pair_page, "numbers", 1).click()
    expect(pair_page.get_by_role("dialog", name="Answer 1: the numbers")).to_be_visible()
    pair_page.mouse.click(5, 5)
    expect(pair_page.get_by_role("dialog")).to_have_count(0)


def test_an_act_answers_from_the_moment_it_is_there(red_page: Page) -> None:
    red_page.evaluate("""() => {
        const link = document.createElement("a");
        link.href = "#numbers-1";
        link.dataset.late = "";
        document.querySelector("#chat .bot .message").append(link);
        link.click(); // before the page could make a button of it
    }""")
    expect(red_page.locator("dialog[open] h2")).to_contain_text("the numbers")
    red_page.locator("[data-late]").evaluate("link => link.remove()")


def test_the_raw_text_can_be_copied(red_page: Page) -> None:
    red_page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    act(red_page, "numbers", 1).click()
    red_page.get_by_role("button", name="Copy: What the model wrote").click()
    expect(red_page.get_by_role("button", name="Copy: What the model wrote")).to_contain_text(
        "Copied"
    )
    assert "<think>The red one.</think>" in red_page.evaluate("navigator.clipboard.readText()")


def test_given_and_invented_boxes_look_different(pair_page: Page) -> None:
    invented = pair_page.locator("#chat .invented")
    expect(invented).to_have_text("[1, 2, 3, 4]")
    expect(invented).to_have_attribute("title", "This box was not given to the model.")
    decoration = invented.evaluate("span => getComputedStyle(span).textDecorationStyle")
    assert decoration == "dashed"
    expect(pair_page.locator("#chat .finding.ok")).to_contain_text("✓")
    expect(pair_page.locator("#chat .finding.warning")).to_contain_text("⚠")


def test_a_deleted_region_is_crossed_out_wherever_it_is_named(pair_page: Page) -> None:
    pair_page.focus('#canvas [data-object="R1.1"]')
    pair_page.keyboard.press("Delete")
    expect(pair_page.locator('#canvas [data-region="R1"]')).to_have_count(0)
    named = pair_page.locator("#chat .user-row a[href='#R1']")
    expect(named).to_have_class(re.compile("gone"))
    expect(named).to_have_attribute("title", "R1 has been deleted.")
    expect(pair_page.locator("#chat a[href='#R2']").first).not_to_have_class(re.compile("gone"))
    pair_page.fill(MESSAGE, "left of R1")
    expect(pair_page.locator("#hint .cites")).to_contain_text(
        re.compile(r"R1\?\s*has been deleted")
    )
    pair_page.click("#undo")
    expect(named).not_to_have_class(re.compile("gone"))
    expect(pair_page.locator("#hint .unknown")).to_have_count(0)


def test_stop_stands_where_send_stood(page: Page) -> None:
    place = page.locator("#send").bounding_box()
    start(page, "slow")
    expect(page.locator("#send")).to_be_hidden()
    expect(page.locator("#stop")).to_have_text("Stop")
    stop = page.locator("#stop").bounding_box()
    assert place is not None
    assert stop is not None
    assert abs(place["x"] + place["width"] - stop["x"] - stop["width"]) <= 1
    page.click("#stop")
    expect(page.locator("#send")).to_be_visible()


# First steps and examples -------------------------------------------------------------------------


def step(page: Page) -> Locator:
    return page.locator(".coach [aria-current=step]")


def test_the_first_steps_are_ticked_off_as_they_are_done(page: Page) -> None:
    expect(step(page)).to_contain_text("Ask for something")
    ask(page, "find a ghost")
    expect(step(page)).to_contain_text("Ask for something")
    ask(page, "find red")
    expect(step(page)).to_contain_text("Click what was found to cite it")
    page.click('#canvas [data-object="R1.1"]')
    expect(page.locator(".coach .done")).to_have_count(3)
    page.reload()
    expect(page.locator("#examples button").first).to_be_visible()
    expect(step(page)).to_contain_text("Open a picture or an example")
    page.click(".coach button")
    expect(page.locator(".coach")).to_have_count(0)
    page.reload()
    expect(page.locator("#examples button").first).to_be_visible()
    expect(page.locator(".coach")).to_have_count(0)


def test_an_example_plays_its_whole_dialogue(open_page: Page) -> None:
    open_page.get_by_role("button", name="Play the dialogue about “Blocks”").click()
    expect(open_page.locator("#chat .user-row")).to_have_count(2)
    expect(open_page.locator('#canvas [data-region="R2"]')).to_have_count(1)
    expect(open_page.locator("#next, #play")).to_have_count(0)


def test_the_rest_of_an_example_can_be_played(open_page: Page) -> None:
    open_page.click("#examples .example-open")
    open_page.click("#next")
    expect(open_page.locator("#next")).to_have_text("what is next to R1")
    open_page.click("#play")
    expect(open_page.locator('#canvas [data-region="R2"]')).to_have_count(1)
    expect(open_page.locator("#chat .user-row")).to_have_count(2)


# Small screens ------------------------------------------------------------------------------------


def test_on_a_phone_the_message_stays_in_sight(page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    for _ in range(3):
        ask(page, "find red")
    message, chat = (page.locator(name).bounding_box() for name in (MESSAGE, "#chat"))
    assert message is not None
    assert chat is not None
    assert message["y"] + message["height"] <= 844
    assert chat["y"] + chat["height"] <= message["y"]
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    expect(page.locator("#send")).to_be_in_viewport()


def test_the_acts_wait_while_a_turn_runs(page: Page, reasoner: TableReasoner) -> None:
    ask(page, "find red")
    with page.expect_response("**/run/**"):  # the message is read as it is typed
        page.fill(MESSAGE, "slow")
    page.click("#send")
    expect(page.locator("#chat")).to_contain_text("So far")
    act(page, "branch", 1).click()
    expect(page.locator("#hint")).to_contain_text("Press Stop first")
    expect(page.locator(BUSY)).to_be_attached()
    reasoner.go_on.set()
    expect(page.locator("#chat")).to_contain_text("Found one: R2")


def press_and_move_the_answer(page: Page) -> None:
    """The mouse goes down on an act, which then moves on, as while an answer unfolds."""
    at_rest(page)
    page.hover("#chat a[href='#numbers-1']")
    page.mouse.down()
    page.locator("#chat .bot-row").evaluate(
        "row => Object.assign(row.style, { translate: '0 60px' })"
    )


def test_what_moves_under_the_mouse_is_clicked_all_the_same(red_page: Page) -> None:
    press_and_move_the_answer(red_page)
    red_page.mouse.up()
    expect(red_page.locator("#sheet dialog")).to_be_visible()
    red_page.locator("#chat .bot-row").evaluate("row => row.style.removeProperty('translate')")


def test_what_the_mouse_has_left_is_not_clicked(page: Page) -> None:
    ask(page, "find red")
    press_and_move_the_answer(page)
    box = page.locator("#chat .user-row").bounding_box()
    assert box
    page.mouse.move(box["x"] + 5, box["y"] + 5)
    page.mouse.up()
    expect(page.locator("#sheet dialog")).to_be_hidden()
    ask(page, "find both")  # whatever the mouse began is over by then
    expect(page.locator("#sheet dialog")).to_be_hidden()


def test_the_newest_question_comes_into_view_on_a_phone(page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    for _ in range(4):
        ask(page, "find red")
    newest = page.locator("#chat .user-row").last
    expect(newest).to_be_in_viewport()
    at_rest(page)
    # As Gradio's own scrolling does on a slow device: late, and to the end.
    is_above = page.evaluate(
        """() => {
          const log = document.querySelector("#chat .bubble-wrap");
          log.scrollTop = log.scrollHeight;
          const newest = [...document.querySelectorAll("#chat .user-row")].at(-1);
          return newest.getBoundingClientRect().bottom <= log.getBoundingClientRect().top;
        }"""
    )
    assert is_above
    expect(newest).to_be_in_viewport()


def test_the_dialogue_stays_under_a_hand_that_presses_as_an_answer_ends(page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    ask(page, "find red")
    at_rest(page)
    page.evaluate(
        """() => {
          const [canvas, scrollBy] = [document.querySelector("#canvas"), Element.prototype.scrollBy];
          Element.prototype.scrollBy = function (...where) {
            if (this.matches("#chat *")) window.scrolled += 1;
            return scrollBy.apply(this, where);
          };
          const press = () => {
            window.scrolled = 0;
            const pressed = new PointerEvent("pointerdown", { bubbles: true });
            document.querySelector("#chat .user-row").dispatchEvent(pressed);
          };
          new MutationObserver(() => canvas.ariaBusy === "false" && requestAnimationFrame(press)).observe(
            canvas, { attributeFilter: ["aria-busy"] },
          );
        }"""
    )
    ask(page, "find both")
    page.wait_for_function("window.scrolled !== undefined")
    at_rest(page)
    assert page.evaluate("window.scrolled") == 0


def at_rest(page: Page) -> None:
    """Wait until the dialogue has not scrolled for longer than the page waits before it does."""
    page.evaluate(
        """() => new Promise((done) => {
          const log = document.querySelector("#chat .bubble-wrap");
          let last = log.scrollTop;
          let since = performance.now();
          const look = (now) => {
            if (log.scrollTop !== last) [last, since] = [log.scrollTop, now];
            if (now - since > 600) done();
            else requestAnimationFrame(look);
          };
          requestAnimationFrame(look);
        })"""
    )


def test_the_newest_summary_is_in_view_on_a_phone_after_undo(page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    for question in ("find red", "find both", "find red"):
        ask(page, question)
    at_rest(page)
    page.click("#undo")
    expect(page.get_by_text("Found 2:")).to_be_in_viewport()
    ask(page, "find red")
    at_rest(page)
    expect(page.get_by_text("That is R1")).to_be_in_viewport()


def test_a_phones_rows_are_large_enough_for_fingers(phone: Page) -> None:
    ask(phone, "find red")
    for row in phone.locator("#actions button:visible, #chat .title:visible").all():
        box = row.bounding_box()
        assert box is not None
        assert box["height"] >= 44
    expect(phone.get_by_role("log", name="Dialogue")).to_be_visible()
    phone.locator("#chat a[data-act=numbers]").tap()
    expect(phone.locator(".numbers td span").first).to_be_visible()
    expect(phone.locator(".numbers td")).to_contain_text(["box", "box"])


def test_a_finger_opens_the_dialogues_without_raising_the_keyboard(
    browser: Browser, url: str
) -> None:
    with visit(browser, url, kind="phone") as page:
        expect(page.get_by_role("button", name="Choose or take a photo")).to_be_visible()
        page.set_viewport_size(VIEWPORT)
        page.locator("#show-kept").tap()
        dialog = page.get_by_role("dialog", name="Dialogues")
        expect(dialog).to_be_focused()
        page.keyboard.press("Escape")
        page.locator("#show-kept").press("Enter")
        expect(dialog.get_by_role("searchbox")).to_be_focused()


def test_the_acts_of_an_answer_are_one_stop_of_the_tab_key(pair_page: Page) -> None:
    bar = pair_page.get_by_role("toolbar", name="Answer 2")
    acts = bar.get_by_role("button")
    expect(bar.locator("[tabindex='0']")).to_have_count(1)
    acts.first.focus()
    for key, act in (
        ("ArrowRight", 1),
        ("End", -1),
        ("ArrowRight", 0),
        ("ArrowLeft", -1),
        ("Home", 0),
    ):
        pair_page.keyboard.press(key)
        expect(acts.nth(act)).to_be_focused()
        expect(bar.locator("[tabindex='0']")).to_have_count(1)
    pair_page.keyboard.press("Tab")
    expect(bar.locator(":focus")).to_have_count(0)
    pair_page.keyboard.press("Shift+Tab")
    expect(acts.first).to_be_focused()
