"""The list of regions and the ways to look, in a real browser: cards, menu, compare, film, keys."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Locator, Page, expect

from demo.dialogue.engine import begin
from demo.dialogue.examples import Example
from demo.models.models import Models
from demo.picture.geometry import PictureBox
from demo.picture.masks import Mask
from demo.picture.picture import open_picture
from demo.picture.regions import RegionObject, Registry
from demo.segmenters.grabcut import GrabCutSegmenter
from demo.ui.canvas.scene import scene
from demo.ui.page import build_page, launch_options
from demo.ui.tab.workspace import Tab, Workspace
from tests.conftest import VIEWPORT, free_port
from tests.support.table import IDLE, TableReasoner, ask, names, start

_MANY = 120


def card(page: Page, name: str) -> Locator:
    return page.locator(f'#regions .card[data-region="{name}"]')


def choose(page: Page, name: str, item: str) -> None:
    """Open the menu of a region's card and choose from it."""
    page.click(f'[data-menu="{name}"]')
    page.get_by_role("menuitem", name=item, exact=True).click()


def shown(page: Page) -> list[str]:
    """The regions that can be seen on the picture."""
    visible = [o for o in page.locator("#canvas .object[data-region]").all() if o.is_visible()]
    return sorted(str(o.get_attribute("data-region")) for o in visible)


def focused(page: Page) -> Locator:
    return page.locator("*:focus")


# Cards ------------------------------------------------------------------------------------------


def test_a_card_says_what_is_known_of_a_region(red_page: Page) -> None:
    red = card(red_page, "R1")
    expect(red).to_contain_text("R1 red")
    expect(red).to_contain_text("from answer 1")
    expect(red.locator(".crop image")).to_have_count(1)
    red_page.fill("#message textarea", "what is next to R1")
    expect(red).to_have_class(re.compile("cited"))
    expect(red.get_by_role("button", name=re.compile("^Cite R1 red: .*cited"))).to_have_count(1)
    red_page.fill("#message textarea", "what is next to R11")
    expect(red).not_to_have_class(re.compile("cited"))


def test_the_menu_by_keyboard(red_page: Page) -> None:
    more = red_page.locator('[data-menu="R1"]')
    more.focus()
    red_page.keyboard.press("Enter")
    menu = red_page.get_by_role("menu", name="R1 red")
    expect(menu).to_be_visible()
    expect(more).to_have_attribute("aria-expanded", "true")
    said = menu.get_by_role("menuitem").all_inner_texts()
    assert [text.split("\n")[0] for text in said] == [
        "Cite", "Look closer", "Rename", "Correct", "Only this region", "Choose, to add others", "Hide",
        "Copy box", "Download cut-out", "Delete",
    ]  # fmt: skip
    expect(focused(red_page)).to_contain_text("Cite")
    red_page.keyboard.press("ArrowUp")
    expect(focused(red_page)).to_contain_text("Delete")
    red_page.keyboard.press("r")
    expect(focused(red_page)).to_contain_text("Rename")
    red_page.keyboard.press("Escape")
    expect(menu).to_be_hidden()
    expect(more).to_be_focused()
    red_page.keyboard.press("ArrowDown")
    red_page.keyboard.press("Enter")
    expect(red_page.locator("#message textarea")).to_have_value("R1 ")


def test_a_second_click_closes_the_menu(red_page: Page) -> None:
    red_page.click('[data-menu="R1"]')
    expect(red_page.get_by_role("menu")).to_be_visible()
    red_page.click('[data-menu="R1"]')
    expect(red_page.get_by_role("menu")).to_be_hidden()
    expect(red_page.locator("#message textarea")).to_have_value("")


def test_the_menu_on_the_picture(red_page: Page) -> None:
    red_page.click('#canvas [data-object="R1.1"]', button="right")
    expect(red_page.get_by_role("menu", name="R1 red")).to_be_visible()
    red_page.mouse.click(600, 600)
    expect(red_page.get_by_role("menu")).to_be_hidden()
    red_page.click('#canvas [data-object="R1.1"]', button="right")
    red_page.get_by_role("menuitem", name="Cite").click()
    expect(red_page.locator("#message textarea")).to_have_value("R1 ")
    expect(red_page.locator("#message textarea")).to_be_focused()


def test_rename_in_the_card(red_page: Page) -> None:
    choose(red_page, "R1", "Rename")
    field = red_page.get_by_role("textbox", name="Name of R1")
    expect(field).to_be_focused()
    expect(field).to_have_attribute("maxlength", "40")
    red_page.keyboard.type("the red block, its hat/?")
    red_page.keyboard.press("Enter")
    expect(red_page.locator("#canvas .tag")).to_contain_text("the red block, its hat/?")
    expect(card(red_page, "R1").locator(".card-main")).to_be_focused()
    red_page.keyboard.press("F2")
    red_page.keyboard.type("never")
    red_page.keyboard.press("Escape")
    expect(card(red_page, "R1")).to_contain_text("the red block, its hat/?")
    expect(red_page.locator("dialog[open]")).to_have_count(0)
    red_page.click("#undo")
    expect(red_page.locator("#canvas .tag")).to_have_text("R1 red")


def test_renaming_leaves_the_card_and_the_picture_their_size(pair_page: Page) -> None:
    before = [
        pair_page.locator(s).bounding_box() for s in ("#regions .card >> nth=0", "#canvas .sheet")
    ]
    choose(pair_page, "R1", "Rename")
    expect(pair_page.locator(".card-field")).to_be_focused()
    after = [
        pair_page.locator(s).bounding_box() for s in ("#regions .card >> nth=0", "#canvas .sheet")
    ]
    assert after == before


@pytest.mark.parametrize("phone", [False, True], ids=["desktop", "phone"])
def test_nothing_covers_the_menu_of_a_card(page: Page, phone: bool) -> None:
    if phone:
        page.set_viewport_size({"width": 390, "height": 844})
    for question in ("find both", "find red", "what is next to R2", "find red"):
        ask(page, question)
    page.locator('#chat a[data-act="apart"]').click()
    expect(card(page, "R4")).to_be_attached()
    picture = page.locator("#canvas .sheet").bounding_box()
    menus_are_free(page)
    page.locator(".cards-all").click()
    menus_are_free(page)
    if phone:
        assert page.locator("#canvas .sheet").bounding_box() == picture


def menus_are_free(page: Page) -> None:
    for name in ("R1", "R4"):
        card(page, name).scroll_into_view_if_needed()
        assert page.locator(f'[data-menu="{name}"]').evaluate("""more => {
            const { left, top, width, height } = more.getBoundingClientRect();
            return more.contains(document.elementFromPoint(left + width / 2, top + height / 2));
        }""")


def test_one_region_needs_no_list_of_all(page: Page) -> None:
    for question in ("find both", "find red", "what is next to R2"):
        ask(page, question)
    page.locator(".cards-all").click()
    for left in (2, 1):
        page.click("#undo")
        expect(page.locator("#regions .card")).to_have_count(left)
    expect(page.locator(".cards-all")).to_be_hidden()


def test_a_name_is_kept_when_the_field_is_left(red_page: Page) -> None:
    choose(red_page, "R1", "Rename")
    red_page.keyboard.type("brick")
    red_page.click("#message textarea")
    expect(red_page.locator("#canvas .tag")).to_contain_text("R1 brick")
    expect(red_page.locator(".card-field")).to_have_count(0)
    red_page.click("#undo")
    expect(red_page.locator("#canvas .tag")).to_have_text("R1 red")


def test_hide_and_show(red_page: Page) -> None:
    choose(red_page, "R1", "Hide")
    expect(red_page.locator("#canvas [data-object]")).to_have_count(0)
    expect(card(red_page, "R1")).to_have_attribute("data-hidden", "")
    red_page.click("#regions [data-show='R1']")
    expect(red_page.locator("#canvas [data-object='R1.1']")).to_be_visible()
    red_page.focus("#canvas [data-object='R1.1']")
    red_page.keyboard.press("h")
    expect(red_page.locator("#canvas [data-object]")).to_have_count(0)
    expect(red_page.locator("#message textarea")).to_have_value("")
    red_page.click("#regions [data-show='R1']")


def test_delete_goes_on_to_the_neighbour_and_can_be_undone(pair_page: Page) -> None:
    choose(pair_page, "R1", "Delete")
    expect(card(pair_page, "R1")).to_have_count(0)
    assert names(pair_page) == ["R2.1"]
    expect(card(pair_page, "R2").locator(".card-main")).to_be_focused()
    pair_page.click("#undo")
    expect(card(pair_page, "R1")).to_be_visible()
    assert [c.get_attribute("data-region") for c in pair_page.locator(".card").all()] == [
        "R1",
        "R2",
    ]
    card(pair_page, "R2").locator(".card-main").focus()
    pair_page.keyboard.press("Delete")
    expect(card(pair_page, "R2")).to_have_count(0)
    pair_page.click("#undo")
    expect(card(pair_page, "R2")).to_be_visible()


def test_copy_box(red_page: Page) -> None:
    assert copied(red_page, "Copy box") == "[40, 60, 140, 160]"


def test_copy_boxes_a_line_each(both_page: Page) -> None:
    assert copied(both_page, "Copy boxes") == "[40, 60, 140, 160]\n[240, 60, 340, 160]"


def copied(page: Page, item: str) -> str:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    choose(page, "R1", item)
    expect(page.get_by_role("status").filter(has_text="Copied")).to_be_visible()
    return str(page.evaluate("navigator.clipboard.readText()"))


def test_copying_works_without_the_clipboard_permission(red_page: Page) -> None:
    without = "{ value: undefined, configurable: true }"
    red_page.evaluate(f"Object.defineProperty(navigator, 'clipboard', {without})")
    choose(red_page, "R1", "Copy box")
    expect(red_page.get_by_role("status").filter(has_text="Copied [40, 60")).to_be_visible()
    red_page.evaluate("delete navigator.clipboard")


def cut_out(page: Page, name: str, folder: Path) -> Image.Image:
    with page.expect_download() as download:
        choose(page, name, "Download cut-out")
    path = folder / download.value.suggested_filename
    download.value.save_as(path)
    image = Image.open(path)
    image.load()
    return image


def test_a_cut_out_is_the_mask_at_the_pictures_size(both_page: Page, tmp_path: Path) -> None:
    image = cut_out(both_page, "R1", tmp_path)
    assert Path(str(image.filename)).name == "blocks-R1.png"  # type: ignore[attr-defined]
    assert (image.mode, image.size) == ("RGBA", (300, 100))
    assert image.getpixel((50, 50)) == (255, 0, 0, 255)
    assert image.getpixel((250, 50)) == (0, 0, 255, 255)
    assert image.getpixel((150, 50)) == (0, 0, 0, 0)


def test_a_cut_out_has_the_masks_own_pixels_or_the_whole_box(crowd: Page, tmp_path: Path) -> None:
    framed = np.array(cut_out(crowd, "R1", tmp_path))[..., 3]
    assert framed.shape == (40, 16)
    wanted = np.full((40, 16), 255)
    wanted[10:-10, 4:-4] = 0
    assert np.array_equal(framed > 127, wanted > 127)
    assert (framed[0] == 255).all()
    assert (framed[:, 0] == 255).all()
    boxed = np.array(cut_out(crowd, "R2", tmp_path))
    assert boxed.shape == (40, 16, 4)
    assert (boxed == 255).all()


def test_correct_takes_the_region_in_hand(red_page: Page) -> None:
    choose(red_page, "R1", "Correct")
    expect(red_page.locator("#canvas")).to_have_attribute("data-tool", "correct")
    red_page.keyboard.press("ArrowRight")
    expect(card(red_page, "R1")).to_contain_text("corrected")
    expect(red_page.locator("#chat")).to_contain_text("You corrected it by hand.")
    red_page.click("button[data-tool=select]")
    red_page.click("#undo")
    expect(card(red_page, "R1")).not_to_contain_text("corrected")


def test_the_keyboards_place_survives_updates(page: Page, reasoner: TableReasoner) -> None:
    ask(page, "find both")
    start(page, "slow")
    chip = page.locator("#regions [data-part='R1.2']")
    chip.focus()
    held = chip.element_handle()
    reasoner.go_on.set()
    expect(card(page, "R2")).to_be_visible()
    assert page.evaluate("chip => chip === document.activeElement", held)
    choose(page, "R1", "Hide")
    expect(card(page, "R1")).to_have_attribute("data-hidden", "")
    expect(page.locator('[data-menu="R1"]')).to_be_focused()


# Ways to look -----------------------------------------------------------------------------------


def test_only_one_region(pair_page: Page) -> None:
    choose(pair_page, "R1", "Only this region")
    assert shown(pair_page) == ["R1"]
    expect(pair_page.locator(".spot mask path")).to_have_count(1)
    pair_page.click('[data-menu="R1"]')
    expect(pair_page.get_by_role("menuitem", name="Show all")).to_be_visible()
    pair_page.keyboard.press("Escape")
    pair_page.keyboard.press("Escape")
    assert shown(pair_page) == ["R1", "R2"]
    pair_page.hover('#canvas [data-object="R2.1"]')
    pair_page.keyboard.press("f")
    assert shown(pair_page) == ["R2"]
    pair_page.get_by_role("button", name="Only R2 is shown").click()
    assert shown(pair_page) == ["R1", "R2"]
    pair_page.click("[data-look=only]")
    choose(pair_page, "R2", "Hide")
    expect(pair_page.locator(".only-pill, .spot")).to_have_count(0)
    pair_page.click("#regions [data-show='R2']")


def test_compare_clips_what_is_drawn(both_page: Page) -> None:
    both_page.keyboard.press("Tab")
    both_page.locator("#canvas [data-object='R1.1']").focus()
    both_page.keyboard.press("x")
    divider = both_page.get_by_role("slider", name=re.compile("^Divider"))
    expect(divider).to_be_focused()
    expect(divider).to_have_attribute("aria-valuenow", "50")
    for part in (".overlay", ".tags"):
        expect(both_page.locator(f"#canvas {part}")).to_have_css(
            "clip-path", "inset(0px 0px 0px 50%)"
        )
    both_page.keyboard.press("ArrowLeft")
    expect(divider).to_have_attribute("aria-valuenow", "48")
    _drag_to(both_page, divider, 0.25)
    expect(divider).to_have_attribute("aria-valuenow", "25")
    under = "([x, y]) => document.elementFromPoint(x, y).closest('[data-object]')?.dataset.object"
    sheet = both_page.locator(".sheet").bounding_box()
    assert sheet is not None
    spots = [
        [sheet["x"] + x * sheet["width"], sheet["y"] + 0.35 * sheet["height"]] for x in (0.15, 0.7)
    ]
    assert [both_page.evaluate(under, spot) for spot in spots] == [None, "R1.2"]
    both_page.keyboard.press("Escape")
    expect(divider).to_have_count(0)
    expect(both_page.locator("#canvas .overlay")).to_have_css("clip-path", "none")


def _drag_to(page: Page, divider: Locator, part: float) -> None:
    grip, sheet = divider.locator("i").bounding_box(), page.locator(".sheet").bounding_box()
    assert grip is not None
    assert sheet is not None
    page.mouse.move(grip["x"] + grip["width"] / 2, grip["y"] + grip["height"] / 2)
    page.mouse.down()
    page.mouse.move(sheet["x"] + part * sheet["width"], grip["y"], steps=4)
    page.mouse.up()


def test_turn_by_turn(pair_page: Page) -> None:
    pair_page.evaluate(
        "window.steps = []; document.addEventListener('film-step', e => steps.push(e.detail))"
    )
    pair_page.click("[data-look=film]")
    film = pair_page.get_by_role("group", name="Turn by turn")
    expect(film).to_contain_text("After answer 1 of 2")
    assert shown(pair_page) == ["R1"]
    expect(pair_page.locator("#canvas .object.made")).to_have_attribute("data-region", "R1")
    expect(pair_page.locator("#chat .user-row[inert]")).to_have_count(1)
    expect(pair_page.locator("#chat .user-row[inert]")).to_contain_text("next to")
    pair_page.keyboard.press("ArrowRight")
    expect(film).to_contain_text("After answer 2 of 2")
    assert shown(pair_page) == ["R1", "R2"]
    film.get_by_role("button", name="To the beginning").click()
    expect(film).to_contain_text("Before the first answer")
    assert shown(pair_page) == []
    film.get_by_role("button", name="Play").click()
    expect(film).to_contain_text("After answer 2 of 2", timeout=20_000)
    expect(film.get_by_role("button", name="Play")).to_be_visible()
    pair_page.keyboard.press("Escape")
    expect(film).to_have_count(0)
    expect(pair_page.locator("#chat [inert]")).to_have_count(0)
    assert shown(pair_page) == ["R1", "R2"]
    assert pair_page.evaluate("window.steps") == [1, 2, 0, 1, 2, None]


def test_a_new_question_ends_the_film(page: Page) -> None:
    expect(page.locator("[data-look=film]")).to_be_disabled()
    ask(page, "find red")
    page.click("[data-look=film]")
    expect(page.locator(".film")).to_be_visible()
    ask(page, "what is next to R1?")
    expect(page.locator(".film")).to_have_count(0)
    assert shown(page) == ["R1", "R2"]


# Keys -------------------------------------------------------------------------------------------


def test_the_sheet_of_keys(red_page: Page) -> None:
    red_page.locator("#canvas").click()
    red_page.keyboard.press("?")
    keys = red_page.get_by_role("dialog", name="Keys and gestures")
    expect(keys).to_be_visible()
    for key in ("V", "B", "P", "C", "F", "H", "X", "T", "/", "?", "Esc", "Delete"):
        expect(keys.locator("kbd").get_by_text(key, exact=True).first).to_be_attached()
    expect(keys).to_contain_text("Mouse")
    expect(keys).to_contain_text("Touch")
    red_page.keyboard.press("Escape")
    expect(keys).to_be_hidden()
    red_page.get_by_role("button", name="Keys", exact=True).click()
    expect(keys).to_be_visible()
    red_page.get_by_role("button", name="Close", exact=True).click()
    expect(keys).to_be_hidden()


def test_slash_goes_to_the_message_where_signs_are_only_written(red_page: Page) -> None:
    card(red_page, "R1").locator(".card-main").focus()
    red_page.keyboard.press("/")
    expect(red_page.locator("#message textarea")).to_be_focused()
    red_page.keyboard.type("/?fhxt")
    expect(red_page.locator("#message textarea")).to_have_value("/?fhxt")
    expect(red_page.locator("dialog[open], .divider, .only-pill, .film")).to_have_count(0)


def test_single_keys_can_be_switched_off(red_page: Page) -> None:
    red_page.get_by_role("button", name="Keys", exact=True).click()
    red_page.get_by_label("Single keys work").uncheck()
    red_page.keyboard.press("Escape")
    red_page.focus("#canvas [data-object='R1.1']")
    red_page.keyboard.press("x")
    red_page.keyboard.press("f")
    expect(red_page.locator(".divider, .only-pill")).to_have_count(0)
    red_page.keyboard.press("Enter")
    expect(red_page.locator("#message textarea")).to_have_value("R1 ")
    red_page.get_by_role("button", name="Keys", exact=True).click()
    red_page.get_by_label("Single keys work").check()


def test_escape_stops_a_turn_when_nothing_else_is_open(page: Page) -> None:
    ask(page, "find red")
    page.focus("#canvas [data-object='R1.1']")
    page.keyboard.press("f")
    start(page, "slow")
    page.focus("#canvas [data-object='R1.1']")
    page.keyboard.press("Escape")
    expect(page.locator(".only-pill")).to_have_count(0)
    expect(page.locator("#stop")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator(IDLE)).to_be_attached()
    expect(page.locator("#chat")).to_contain_text("Stopped")


# Many regions, and a phone ------------------------------------------------------------------------


@pytest.fixture(scope="module")
def crowd_url(blocks: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The page with 120 regions on its picture, for every visitor: R1 has a mask with a hole in it."""
    reasoner = TableReasoner()
    models = Models(reasoner, GrabCutSegmenter(), "table · CPU", "It reads.", "Why not.")
    page = build_page(models, [Example("Blocks", blocks, ("find red",))])
    picture = open_picture(blocks)
    registry = Registry()
    for i in range(_MANY):
        x, y = 20 * (i % 20), 50 * (i // 20)
        item = RegionObject("", PictureBox(x + 2, y + 5, x + 18, y + 45))
        item = item if i else replace(item, mask=_frame((300, 400), item.box))
        registry, _ = registry.add([item], label=f"thing {i + 1}")
    session = begin(picture, reasoner).with_registry(registry)
    _put_on_every_workspace(page, Workspace(picture, blocks, session))
    _, address, _ = page.launch(
        server_port=free_port(),
        prevent_thread_lock=True,
        quiet=True,
        allowed_paths=[str(blocks.parent)],
        **launch_options(),
    )
    yield address
    page.close(verbose=False)


def _frame(shape: tuple[int, int], box: PictureBox) -> Mask:
    """All pixels of a box but those in its middle."""
    pixels = np.zeros(shape, bool)
    x1, y1, x2, y2 = box.xyxy
    pixels[y1:y2, x1:x2] = True
    pixels[y1 + 10 : y2 - 10, x1 + 4 : x2 - 4] = False
    return Mask.from_array(pixels)


def _put_on_every_workspace(page: Any, workspace: Workspace) -> None:
    def put(tab: Tab) -> dict[str, Any]:
        tab.workspace = workspace
        return scene(workspace)

    tab = next(b for b in page.blocks.values() if isinstance(getattr(b, "value", None), Tab))
    stage = next(b for b in page.blocks.values() if getattr(b, "elem_id", None) == "workspace")
    with page:
        page.load(put, tab, stage)


@pytest.fixture(scope="module")
def crowd_tab(browser: Browser) -> Iterator[Page]:
    """One tab for all that look at the crowd: it reads the scripts of the page once."""
    with closing(browser.new_context(viewport=VIEWPORT)) as context:
        yield context.new_page()


@pytest.fixture
def crowd(crowd_tab: Page, crowd_url: str) -> Iterator[Page]:
    failed: list[str] = []
    crowd_tab.on("pageerror", lambda error: failed.append(str(error)))
    crowd_tab.goto(crowd_url)
    expect(crowd_tab.locator("#regions .card")).to_have_count(_MANY)
    yield crowd_tab
    crowd_tab.goto("about:blank")  # an open page costs its share of the processor
    assert failed == []


def test_many_regions_scroll_and_keep_their_cards(crowd: Page) -> None:
    first = card(crowd, "R1").element_handle()
    expect(card(crowd, "R120")).to_be_in_viewport()
    card(crowd, "R120").locator(".card-main").focus()
    crowd.keyboard.press("Home")
    expect(card(crowd, "R1").locator(".card-main")).to_be_focused()
    expect(card(crowd, "R1")).to_be_in_viewport()
    choose(crowd, "R1", "Rename")
    crowd.keyboard.type("brick")
    crowd.keyboard.press("Enter")
    expect(card(crowd, "R1")).to_contain_text("R1 brick")
    assert crowd.evaluate("card => card.isConnected", first)
    crowd.hover("#regions")
    crowd.mouse.wheel(0, 900)
    expect(card(crowd, "R1")).not_to_be_in_viewport()
    crowd.get_by_role("button", name="All 120").click()
    crowd.locator("#regions").evaluate("list => list.scrollTo(0, 0)")
    expect(card(crowd, "R1")).to_be_in_viewport()
    expect(card(crowd, "R9")).to_be_in_viewport()


def test_the_list_is_one_stop_for_the_tab_key(crowd: Page) -> None:
    assert crowd.locator("#regions [tabindex='0']").count() == 2
    crowd.locator("#regions [tabindex='0']").first.focus()
    crowd.keyboard.press("ArrowLeft")
    expect(card(crowd, "R119").locator(".card-main")).to_be_focused()
    crowd.keyboard.press("Tab")
    expect(crowd.locator('[data-menu="R119"]')).to_be_focused()


def test_on_a_phone_nothing_overflows(phone: Page) -> None:
    ask(phone, "find red")
    phone.tap(".layers-open")
    phone.get_by_role("button", name="Turn by turn").tap()
    expect(phone.locator(".film")).to_be_in_viewport(ratio=1)
    targets = phone.locator(".layers-open, .film button:visible, .card-more").all()
    for target in targets:
        box = target.bounding_box()
        assert box is not None
        assert min(box["width"], box["height"]) >= 44
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 390
    text, following = phone.locator(".film-text"), phone.locator("[data-film=next]")
    edges = [part.bounding_box() for part in (text, following)]
    assert edges[0] is not None
    assert edges[1] is not None
    assert edges[0]["x"] + edges[0]["width"] <= edges[1]["x"] + 1
    assert phone.evaluate("document.documentElement.scrollWidth") == 390
