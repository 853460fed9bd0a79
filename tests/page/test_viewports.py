"""The page in every hand: from the cover of a folding phone to a wall, with large letters, with a keyboard.

One page is led through all sizes; a size that fails says in one line what it lacks.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from tests.conftest import visit
from tests.support.table import ask, drawn

# Phones upright and sideways, with a keyboard too, folded ones, half a tablet, a page at 200 and at 400 %.
SIZES = (
    (280, 653), (320, 256), (320, 480), (360, 225), (390, 330), (390, 664), (390, 844), (507, 1024),
    (568, 320), (653, 720), (667, 375), (720, 450), (768, 600), (844, 180), (844, 390), (853, 480),
    (900, 901), (912, 1368), (1000, 560), (1000, 700), (1150, 700), (1200, 320), (1280, 800),
    (1400, 900), (1440, 900), (3840, 2160),
)  # fmt: skip
UPRIGHT, SIDEWAYS, DESK = (390, 664), (844, 390), (1280, 800)
MIN_PICTURE, MIN_SEEN = 90, 18  # pixels: a side of the picture; how much of the newest answer

REST_MS = 10_000  # until then a page has scrolled to where it wants to be, on a busy machine too

_LACKS = """({ picture, seen }) => {
  const lacks = [];
  const one = (place) => document.querySelector(place);
  const rect = (place) => one(place).getBoundingClientRect();
  for (const place of ["#message textarea", "#send", "#undo"]) {
    const { left, top, right, bottom } = rect(place);
    const there = document.elementFromPoint((left + right) / 2, (top + bottom) / 2);
    const isWhole = left >= 0 && top >= 0 && right <= innerWidth && bottom <= innerHeight;
    if (!isWhole || !one(place).contains(there)) lacks.push(`${place} is hidden`);
  }
  for (const place of ["html", "#page", "#room", "#right", "#left"]) {
    if (one(place).scrollWidth > innerWidth) lacks.push(`${place} is ${one(place).scrollWidth} wide`);
  }
  const cut = [...document.querySelectorAll(".canvas-bar button")].filter((button) =>
    button.checkVisibility() && !button.closest(".layers:not(:popover-open)[popover]")
    && button.getBoundingClientRect().right > rect("#workspace").right);
  if (cut.length) lacks.push(`${cut.length} tools are cut off`);
  const { width, height } = rect("#canvas .sheet");
  if (!one("#canvas[data-empty]") && Math.max(width, height) < picture) lacks.push("the picture is small");
  const first = one(".empty");
  const isCut = first.checkVisibility() && first.scrollHeight > first.clientHeight + 1;
  if (isCut) lacks.push("the first lines are cut");
  const newest = [...document.querySelectorAll("#chat .bot-row")].at(-1);
  if (newest) {
    const frames = [newest, newest.closest(".bubble-wrap"), one("#room")]
      .map((frame) => frame.getBoundingClientRect());
    const bottom = Math.min(...frames.map((frame) => frame.bottom), rect("#composer").top);
    const high = bottom - Math.max(...frames.map((frame) => frame.top));
    if (high < seen) lacks.push(`${Math.round(high)} px of the newest answer`);
  }
  return lacks;
}"""
_IN_SIGHT = """() => {
  const [question, log] = [".user-row", ".bubble-wrap"].map((place) =>
    [...document.querySelectorAll(`#chat ${place}`)].at(-1).getBoundingClientRect());
  return question.top >= log.top && question.bottom < log.bottom;
}"""
_WATCH = """() => {
  const places = window.canvasPlaces = new Set();
  const look = () => {
    const { x, y, width, height } = document.querySelector("#canvas .sheet").getBoundingClientRect();
    places.add([x, y, width, height].join(" "));
    if (window.canvasPlaces === places) requestAnimationFrame(look);
  };
  look();
}"""


def lacking(page: Page) -> list[str]:
    """What is not as it should be, in every size, once the page has come to rest there."""
    lacks, wanted = [], {"picture": MIN_PICTURE, "seen": MIN_SEEN}
    for width, height in SIZES:
        resize(page, (width, height))
        try:
            page.wait_for_function(
                f"wanted => !({_LACKS})(wanted).length", arg=wanted, timeout=REST_MS
            )
        except PlaywrightTimeout:
            lacks += [f"{width} × {height}: {what}" for what in page.evaluate(_LACKS, wanted)]
    resize(page, DESK)
    return lacks


def resize(page: Page, size: tuple[int, int]) -> None:
    page.set_viewport_size({"width": size[0], "height": size[1]})
    drawn(page)


def draw_boxes(page: Page, number: int) -> None:
    """Draw so many boxes, each of a size of its own."""
    there, sheet = (
        page.locator("#regions .card").count(),
        page.locator("#canvas .sheet").bounding_box(),
    )
    assert sheet is not None
    page.click("[data-tool=box]")
    for i in range(number):
        x, y = sheet["x"] + sheet["width"] * (0.02 + 0.08 * i), sheet["y"] + sheet["height"] * 0.7
        page.mouse.move(x, y)
        page.mouse.down()
        page.mouse.move(x + 14 + i, y + 20 + i, steps=3)
        page.mouse.up()
        expect(page.locator("#regions .card")).to_have_count(there + i + 1)
    page.click("[data-tool=select]")


def test_every_size_is_usable(page: Page) -> None:
    assert lacking(page) == []
    for _ in range(12):
        ask(page, "find red")
    draw_boxes(page, 11)
    page.wait_for_function(_IN_SIGHT)
    assert lacking(page) == []


def test_the_empty_page_is_usable_in_every_size(open_page: Page) -> None:
    assert lacking(open_page) == []


@pytest.mark.parametrize("size", [UPRIGHT, SIDEWAYS, DESK, (653, 720)], ids=str)
def test_nothing_on_the_picture_moves(page: Page, size: tuple[int, int]) -> None:
    """Through a turn, its first region, more of them than there is room for, and undo."""
    resize(page, size)
    page.evaluate(_WATCH)
    ask(page, "find red")
    ask(page, "what is next to R1")
    draw_boxes(page, 4)
    page.fill("#message textarea", "left of R1, R2 and R99")
    expect(page.locator("#hint .cites [data-name]")).to_have_count(3)
    page.fill("#message textarea", "")
    for left in reversed(range(6)):
        page.click("#undo")
        expect(page.locator("#regions .card")).to_have_count(left)
    drawn(page)
    assert len(page.evaluate("[...window.canvasPlaces]")) == 1


def test_a_keyboard_that_lies_over_the_page_hides_nothing(red_page: Page) -> None:
    """Some browsers tell of it by the visual viewport alone."""
    resize(red_page, UPRIGHT)
    red_page.evaluate("""() => {
      Object.defineProperty(visualViewport, "height", { get: () => 330, configurable: true });
      visualViewport.dispatchEvent(new Event("resize"));
    }""")
    drawn(red_page)
    box = red_page.locator("#compose").bounding_box()
    red_page.evaluate("""() => {
      delete visualViewport.height;
      visualViewport.dispatchEvent(new Event("resize"));
    }""")
    assert box is not None
    assert box["y"] + box["height"] <= 330
    expect(red_page.locator("#page")).to_have_css("height", f"{UPRIGHT[1]}px")


def test_the_page_grows_with_the_letters(red_page: Page) -> None:
    resize(red_page, (1440, 900))
    small = red_page.locator(".tag").bounding_box()
    red_page.evaluate("document.documentElement.style.fontSize = '200%'")
    found = red_page.evaluate(_LACKS, {"picture": MIN_PICTURE, "seen": MIN_SEEN})
    resize(red_page, (1440, 899))
    large = red_page.locator(".tag").bounding_box()
    red_page.evaluate("document.documentElement.style.fontSize = ''")
    assert found == []
    assert small is not None
    assert large is not None
    assert large["height"] == pytest.approx(2 * small["height"], abs=1)


def test_on_a_large_screen_lines_stay_readable(red_page: Page) -> None:
    resize(red_page, (3840, 2160))
    widths = [
        red_page.locator(place).evaluate("e => e.clientWidth") for place in ("#chat", "#room")
    ]
    assert widths[0] < 900
    assert widths[1] == 3840


@pytest.mark.parametrize("size", [UPRIGHT, SIDEWAYS], ids=str)
def test_the_list_is_folded_where_there_is_little_room(
    pair_page: Page, size: tuple[int, int]
) -> None:
    resize(pair_page, size)
    opener, cards = pair_page.locator(".cards-all"), pair_page.locator("#regions .card")
    expect(cards.first).to_be_hidden()
    before = pair_page.locator("#canvas .sheet").bounding_box()
    opener.click()
    expect(cards.first).to_be_in_viewport(ratio=1)
    expect(pair_page.locator("#message")).to_be_in_viewport(ratio=1)
    assert pair_page.locator("#canvas .sheet").bounding_box() == before
    opener.click()
    expect(cards.first).to_be_hidden()


def test_a_name_can_be_typed_though_the_list_is_folded(red_page: Page) -> None:
    resize(red_page, UPRIGHT)
    red_page.locator("#canvas [data-region=R1] .hit").click(button="right")
    red_page.get_by_role("menuitem", name="Rename").click()
    expect(red_page.locator(".card-field")).to_be_focused()
    red_page.keyboard.press("Escape")
    red_page.click(".cards-all")
    expect(red_page.locator(".card")).to_be_hidden()


def test_the_header_is_one_row_and_the_rest_stands_behind_more(red_page: Page) -> None:
    resize(red_page, UPRIGHT)
    top = red_page.locator("#top").bounding_box()
    assert top is not None
    assert top["height"] < 60
    expect(red_page.locator("#show-kept")).to_be_hidden()
    red_page.click("#more")
    for name in ("Open picture", "Examples", "Dialogues", "New"):
        expect(red_page.get_by_role("button", name=name, exact=True)).to_be_in_viewport(ratio=1)
    red_page.keyboard.press("Escape")
    expect(red_page.locator("#more")).to_be_focused()
    expect(red_page.locator("#show-kept")).to_be_hidden()


@pytest.mark.parametrize("width", range(1000, 2000, 100))
def test_the_sentence_in_the_header_is_whole_or_not_there(red_page: Page, width: int) -> None:
    resize(red_page, (width, 800))
    line, words = (red_page.locator(place).bounding_box() for place in (".advice-line", ".advice"))
    assert line is not None
    assert words is not None
    is_whole = words["x"] + words["width"] <= line["x"] + line["width"] + 1
    is_away = words["y"] >= line["y"] + line["height"]
    assert is_whole or is_away


@pytest.fixture
def phone(browser: Browser, url: str) -> Iterator[Page]:
    with visit(browser, url, kind="phone") as page:
        resize(page, UPRIGHT)
        page.locator("#examples .example-open").first.tap()
        expect(page.locator("#canvas img")).to_be_visible()
        yield page


def test_a_long_press_says_what_an_icon_means(phone: Page) -> None:
    session = phone.context.new_cdp_session(phone)
    box: Any = phone.locator("[data-tool=box]").bounding_box()
    finger = [{"x": box["x"] + 9, "y": box["y"] + 9}]
    session.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": finger})
    expect(phone.get_by_role("tooltip")).to_contain_text("Box (B): drag a box around something")
    session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    phone.locator("[data-tool=point]").tap()
    expect(phone.get_by_role("tooltip")).to_have_count(0)
    expect(phone.locator('#canvas[data-tool="point"]')).to_be_attached()


def test_every_button_has_a_word_or_a_tip(phone: Page) -> None:
    ask(phone, "find red")
    mute = phone.evaluate("""() => [...document.querySelectorAll("#page :is(button, summary, a[role])")]
      .filter((button) => button.checkVisibility() && !button.closest("svg"))
      .filter((button) => !button.innerText.trim() && !button.title).map((button) => button.outerHTML)""")
    assert mute == []
