"""The page for those who hear it, and for whom it runs from the right: axe-core finds nothing serious in
light and dark, and what is heard of a turn is what there is to hear.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.support.table import IDLE, TableReasoner, ask, start

GRAVE = ("serious", "critical")
MESSAGE = "#message textarea"
# What a screen reader says by itself: what changes in live regions that are neither off nor busy.
LISTEN = """() => {
  const live = "[aria-live], [role=status], [role=alert], [role=log], output";
  window.heard = [];
  const quiet = "[aria-live=off], [aria-busy=true] *, [aria-hidden=true] *";
  new MutationObserver((changes) => {
    const news = new Map();
    for (const { target, addedNodes } of changes) {
      for (const node of addedNodes.length ? addedNodes : [target]) {
        const place = (node.nodeType === 1 ? node : node.parentElement)?.closest(live);
        if (!place || place.matches(quiet)) continue;
        const whole = place.matches("[role=status], [role=alert], output") ? place : node;
        if (whole.textContent.trim()) news.set(whole, whole.textContent.trim());
      }
    }
    window.heard.push(...news.values());
  }).observe(document, { subtree: true, childList: true, characterData: true });
}"""


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
    themed.fill(MESSAGE, "left of R1 and R9")
    assert grave(themed) == []


def test_the_numbers_of_an_answer(red_page: Page) -> None:
    red_page.click("#chat a[href='#numbers-1']")
    expect(red_page.locator("#sheet dialog")).to_be_visible()
    assert grave(red_page) == []


# What is heard --------------------------------------------------------------------------------------


def heard(page: Page) -> list[str]:
    """What was heard since this was asked last."""
    return list(page.evaluate("() => window.heard.splice(0)"))


def test_a_turn_is_heard_as_one_sentence(page: Page, reasoner: TableReasoner) -> None:
    page.emulate_media(reduced_motion="reduce")  # axe looks at what is there at once
    page.click(".coach button")
    page.evaluate(LISTEN)
    spoken = page.locator("#workspace .spoken")
    ask(page, "find both")
    expect(spoken).to_contain_text("Answer 1")
    assert heard(page) == ["Answer 1: found 2, R1, both: R1.1 on the left, R1.2 on the right."]
    ask(page, "what is next to R1")
    expect(spoken).to_contain_text("Answer 2")
    assert heard(page) == ["Answer 2: found one, R2, next to R1, on the right. 2 warnings."]
    start(page, "slow")
    assert heard(page) == []
    assert grave(page) == []
    reasoner.go_on.set()
    page.locator(IDLE).wait_for(state="attached")
    expect(spoken).to_contain_text("Answer 3")
    assert heard(page) == ["Answer 3: the same as R2, next to R1, on the right."]
    page.emulate_media(reduced_motion="no-preference")


def test_a_failure_is_heard_once(page: Page) -> None:
    page.evaluate(LISTEN)
    page.fill(MESSAGE, "break")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert").filter(has_text="no room left")).to_have_count(1)
    expect(page.locator("#chat")).to_contain_text("no room left")
    assert heard(page) == ["The device has no room left."]
    assert grave(page) == []


def test_a_stopped_turn_gives_the_keyboard_to_the_message(page: Page) -> None:
    start(page, "slow")
    page.focus(MESSAGE)
    page.keyboard.press("Tab")
    expect(page.locator("#stop")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#workspace .spoken")).to_have_text(
        "Answer 1 was stopped: no answer had been written yet."
    )
    expect(page.locator(MESSAGE)).to_be_focused()


def test_the_dialogue_has_a_heading_where_each_one_speaks(pair_page: Page) -> None:
    headings = pair_page.locator("#chat").get_by_role("heading")
    expect(headings).to_have_text(["You asked", "table answered", "You asked", "table answered"])


def test_links_and_parts_make_sense_where_nothing_stands_round_them(pair_page: Page) -> None:
    chat = pair_page.locator("#chat")
    expect(chat.get_by_role("link", name="R2, next to R1", exact=True).first).to_be_visible()
    part = chat.get_by_role("button", name="Focus on R1").last
    expect(part).to_have_attribute("aria-expanded", "false")
    part.focus()
    for opened in ("true", "false"):
        pair_page.keyboard.press("Space")
        expect(part).to_have_attribute("aria-expanded", opened)


# The keyboard ---------------------------------------------------------------------------------------


def test_the_question_is_one_step_away(open_page: Page) -> None:
    open_page.keyboard.press("Tab")
    expect(open_page.get_by_role("link", name="Go to the question")).to_be_focused()
    open_page.keyboard.press("Enter")
    expect(open_page.locator(MESSAGE)).to_be_focused()


def test_the_picture_is_one_stop_and_arrows_go_on(pair_page: Page) -> None:
    stops = pair_page.locator("#canvas :is([tabindex='0'], button):visible")
    expect(stops).to_have_count(1)
    pair_page.locator("[data-zoom=in]").focus()
    pair_page.keyboard.press("Tab")
    for key, name in [
        ("", "R2, next to R1, on the right, from answer 2"),
        ("ArrowLeft", "R1, red, on the left, from answer 1"),
        ("End", "R2, next to R1, on the right, from answer 2"),
        ("Home", "R1, red, on the left, from answer 1"),
    ]:
        if key:
            pair_page.keyboard.press(key)
        expect(pair_page.locator(":focus")).to_have_attribute("aria-label", name)
        expect(stops).to_have_count(1)
    expect(pair_page.get_by_role("group", name="Regions", exact=True)).to_have_attribute(
        "aria-describedby", "region-keys"
    )


def test_marks_are_seen_in_forced_colours(pair_page: Page) -> None:
    pair_page.emulate_media(forced_colors="active")
    shape = pair_page.locator("#canvas [data-object='R1'], #canvas [data-object='R1.1']").first
    shape.focus()
    stroke = "node => getComputedStyle(node).stroke"
    lit, other = [
        pair_page.locator(f"#canvas [data-region={name}] .casing").evaluate(stroke)
        for name in ("R1", "R2")
    ]
    pair_page.emulate_media(forced_colors="none")
    assert lit != other


# From the right -------------------------------------------------------------------------------------

# Where on the page the first letter of a kind stands in the text of a place.
PLACE = """(place, kind) => {
  const walk = document.createTreeWalker(place, NodeFilter.SHOW_TEXT);
  for (let text; (text = walk.nextNode()); ) {
    const at = text.data.search(new RegExp(kind, "u"));
    if (at < 0) continue;
    const range = document.createRange();
    range.setStart(text, at);
    range.setEnd(text, at + 1);
    return range.getBoundingClientRect().left;
  }
}"""


@pytest.mark.parametrize(
    ("question", "letters", "name_first"),
    [
        pytest.param("ما هو red على يسار R1", r"\p{sc=Arab}", False, id="Arabic"),
        pytest.param("R1 שמאלה, red", r"\p{sc=Hebr}", True, id="Hebrew, a name first"),
    ],
)
def test_text_runs_from_the_right_round_its_names(
    page: Page, question: str, letters: str, name_first: bool
) -> None:
    ask(page, "find red")
    page.fill(MESSAGE, question)
    expect(page.locator(MESSAGE)).to_have_css("direction", "rtl")
    ask(page, question)
    asked = page.locator("#chat .user-row p").last
    expect(asked).to_have_css("direction", "rtl")
    name, word = asked.locator("a").bounding_box(), asked.evaluate(PLACE, letters)
    assert name
    assert (name["x"] > word) == name_first
    for left in ("body", MESSAGE):
        expect(page.locator(left)).to_have_css("direction", "ltr")


def test_a_label_from_the_right_has_its_name_on_the_right(red_page: Page) -> None:
    red_page.locator("#regions .card-main").focus()
    red_page.keyboard.press("F2")
    red_page.keyboard.type("R7 הכלב")
    red_page.keyboard.press("Enter")
    for place in ("#canvas .tag", "#regions .card-name"):
        label = red_page.locator(place)
        expect(label).to_contain_text("הכלב")
        expect(label).to_have_css("direction", "rtl")
        name = label.locator("b").bounding_box()
        assert name
        assert name["x"] > label.evaluate(PLACE, r"\p{sc=Hebr}")
    red_page.click("#undo")
    expect(red_page.locator("#canvas .tag")).to_have_text("R1 red")
