"""The page in a real browser: opening, asking, stopping, taking back, and what other programs may call."""

from __future__ import annotations

import re
from pathlib import Path

import pillow_heif
import pytest
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from tests.conftest import visit
from tests.support.table import IDLE, TableReasoner, ask, drawn, names, start


def test_the_contract_names_are_there(open_page: Page) -> None:
    for name in ("canvas", "chat", "send", "undo", "new", "examples", "status"):
        expect(open_page.locator(f"#{name}")).to_have_count(1)
    expect(open_page.locator("#message textarea")).to_be_editable()
    expect(open_page.locator("#upload input[type=file]")).to_be_attached()
    expect(open_page.locator("#status")).to_contain_text("table · CPU")


def test_an_answer_is_drawn_listed_and_summed_up(red_page: Page) -> None:
    shape = red_page.locator('#canvas [data-region="R1"][data-object="R1.1"][role="button"]')
    expect(shape).to_have_attribute("aria-label", re.compile("R1, .*red"))
    box = shape.locator(".box")
    assert [box.get_attribute(n) for n in ("x", "y", "width", "height")] == [
        "40",
        "60",
        "100",
        "100",
    ]
    expect(red_page.locator("#regions")).to_contain_text("R1 red")
    expect(red_page.locator("#chat")).to_contain_text("Found one: R1 — on the left.")


@pytest.mark.parametrize(
    ("question", "said"),
    [
        pytest.param(
            "find both", "Found 2: R1 — R1.1 on the left, R1.2 on the right.", id="several objects"
        ),
        pytest.param("find a ghost", "Nothing in the picture matches.", id="an empty answer"),
        pytest.param("sing", "The answer could not be read.", id="no answer at all"),
    ],
)
def test_a_summary_in_words(page: Page, question: str, said: str) -> None:
    ask(page, question)
    expect(page.locator("#chat")).to_contain_text(said)


def test_a_click_cites_a_region_in_the_next_question(page: Page) -> None:
    ask(page, "find red")
    page.fill("#message textarea", "what is next to?")
    page.locator("#message textarea").evaluate("box => box.setSelectionRange(15, 15)")
    page.click('#canvas [data-object="R1.1"]')
    expect(page.locator("#message textarea")).to_have_value("what is next to R1?")
    page.keyboard.press("Enter")
    chat = page.locator("#chat")
    expect(chat).to_contain_text("Asked as: what is next to R1 → bbox=[84, 168, 294, 448]")
    expect(chat).to_contain_text("Focus on R1")
    expect(chat).to_contain_text("✓ The reasoning cites R1 exactly as given.")
    expect(chat.locator(".finding.warning")).to_contain_text("[1, 2, 3, 4]")
    assert names(page) == ["R1.1", "R2.1"]


def test_a_region_can_be_cited_by_keyboard_and_from_everywhere(both_page: Page) -> None:
    both_page.focus('#canvas [data-object="R1.2"]')
    both_page.keyboard.press("Enter")
    both_page.click("#regions [data-cite='R1.2']")
    both_page.click("#chat a[href='#R1.1'] >> nth=0")
    expect(both_page.locator("#message textarea")).to_have_value("R1.2 R1.1 ")


def test_pointing_at_a_region_lights_it_everywhere(red_page: Page) -> None:
    red_page.hover("#chat a[href='#R1'] >> nth=0")
    expect(red_page.locator('#canvas [data-object="R1.1"]')).to_have_class(re.compile("lit"))
    expect(red_page.locator("#regions .card")).to_have_class(re.compile("lit"))


def test_stop_keeps_what_was_written(page: Page) -> None:
    start(page, "slow")
    page.click("#stop")
    expect(page.locator(IDLE)).to_be_attached()
    expect(page.locator("#chat")).to_contain_text("Stopped: no answer had been written yet.")
    expect(page.locator("#chat")).to_contain_text("So far")
    expect(page.locator("#stop")).to_be_hidden()


def test_a_second_question_while_one_runs_is_kept(page: Page, reasoner: TableReasoner) -> None:
    start(page, "slow")
    page.fill("#message textarea", "find red")
    page.keyboard.press("Enter")
    expect(page.locator("#hint")).to_contain_text("still being answered")
    expect(page.locator("#message textarea")).to_have_value("find red")
    reasoner.go_on.set()
    expect(page.locator("#chat")).to_contain_text("Found one: R1")
    expect(page.locator("#message textarea")).to_have_value("find red")


def test_a_failed_turn_says_why_and_gives_the_question_back(page: Page) -> None:
    ask(page, "find red")
    page.fill("#message textarea", "break")
    page.keyboard.press("Enter")
    expect(page.locator("#chat")).to_contain_text("⚠ The device has no room left.")
    expect(page.locator("#message textarea")).to_have_value("break")
    assert names(page) == ["R1.1"]
    page.click("#undo")
    expect(page.locator("#chat")).not_to_contain_text("no room left")
    expect(page.locator("#chat")).to_contain_text("Found one: R1")


def test_an_unusable_question_stays_where_it_was_typed(page: Page) -> None:
    page.fill("#message textarea", "next to R7")
    page.keyboard.press("Enter")
    expect(page.locator("#hint [role=alert]")).to_contain_text("There is no R7")
    expect(page.locator("#message textarea")).to_have_value("next to R7")


def test_a_question_before_a_picture_says_what_to_do(open_page: Page) -> None:
    open_page.fill("#message textarea", "find red")
    open_page.click("#send")
    expect(open_page.locator("#hint")).to_contain_text("Open a picture first")
    expect(open_page.locator("#message textarea")).to_have_value("find red")


def test_a_phone_s_picture_opens_and_what_was_done_with_it_is_said(
    open_page: Page, tmp_path: Path
) -> None:
    path = tmp_path / "IMG_0001.HEIC"
    pillow_heif.from_pillow(Image.new("RGB", (12, 12), "red")).save(path)
    open_page.set_input_files("#upload input[type=file]", path)
    expect(open_page.locator("#hint")).to_contain_text("made larger, from 12 × 12 to 24 × 24")
    open_page.locator("#upload").click()
    accepted = open_page.locator("#upload input[type=file]").get_attribute("accept") or ""
    assert {"image/*", ".heic", ".avif"} <= set(accepted.split(","))


def test_a_file_that_is_no_picture_says_so(open_page: Page, tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("not a picture")
    open_page.set_input_files("#upload input[type=file]", path)
    expect(open_page.locator("#hint")).to_contain_text("This is not a picture")


def test_undo_takes_back_turn_and_region_together(page: Page) -> None:
    ask(page, "find red")
    ask(page, "what is next to R1")
    page.click("#undo")
    expect(page.locator('#canvas [data-region="R2"]')).to_have_count(0)
    expect(page.locator("#chat")).not_to_contain_text("next to")
    page.click("#undo")
    expect(page.locator("#canvas [data-region]")).to_have_count(0)
    expect(page.locator("#hint")).to_contain_text("Answer 1 was undone.")
    expect(page.locator("#undo")).to_have_attribute("aria-disabled", "true")
    page.click("#undo", force=True)  # playwright waits for a button that is not
    expect(page.locator("#hint")).to_contain_text("There is nothing to undo.")


def test_undo_brings_back_what_new_put_away(page: Page) -> None:
    ask(page, "find red")
    page.click('#canvas [data-object="R1.1"]')
    expect(page.locator(".spoken")).to_have_text("R1 was added to the question.")
    page.click("#new")
    expect(page.locator("#canvas[data-empty]")).to_be_visible()
    expect(page.locator("#hint")).to_contain_text("The dialogue was put away. Undo brings it back.")
    expect(page.locator(".spoken")).to_have_text("")
    page.click("#undo")
    expect(page.locator("#canvas img")).to_be_visible()
    expect(page.locator("#chat")).to_contain_text("Found one: R1")
    expect(page.locator('#canvas [data-object="R1.1"] .mask')).to_have_count(1)


def test_undo_brings_back_the_picture_that_an_example_took_the_place_of(page: Page) -> None:
    ask(page, "find both")
    page.click("#show-examples")
    page.click("#examples .example-open")
    expect(page.locator("#hint")).to_contain_text("The dialogue was put away. Undo brings it back.")
    page.click("#next")
    expect(page.locator("#chat")).to_contain_text("Found one: R1")
    page.click("#undo")
    expect(page.locator("#next")).to_have_text("find red")
    page.click("#undo")
    expect(page.locator("#chat")).to_contain_text("Found 2: R1")


def test_ctrl_z_is_undo_outside_of_text(page: Page) -> None:
    ask(page, "find red")
    page.focus("#message textarea")
    page.keyboard.press("Control+z")
    page.locator("#message textarea").press("Escape")  # leaves the text box
    expect(page.locator("#message textarea")).not_to_be_focused()
    expect(page.locator("#chat")).to_contain_text("Found one: R1")
    page.keyboard.press("Control+z")
    expect(page.locator("#hint")).to_contain_text("Answer 1 was undone.")
    page.keyboard.press("b")  # single keys work there
    expect(page.locator("#canvas")).to_have_attribute("data-tool", "box")


def test_new_starts_afresh_even_during_a_turn(page: Page) -> None:
    start(page, "slow")
    page.click("#new")
    expect(page.locator("#canvas[data-empty]")).to_be_visible()
    expect(page.locator("#chat")).not_to_contain_text("So far")
    expect(page.locator("#stop")).to_be_hidden()


def test_leaving_stops_the_turn(page: Page, reasoner: TableReasoner) -> None:
    start(page, "slow")
    page.close()
    assert reasoner.stopped.wait(10)


def test_an_example_offers_its_dialogue(open_page: Page) -> None:
    open_page.click("#examples button")
    expect(open_page.locator("#next")).to_have_text("find red")
    open_page.click("#next")
    expect(open_page.locator("#next")).to_have_text("what is next to R1")
    open_page.click("#next")
    expect(open_page.locator('#canvas [data-region="R2"]')).to_have_count(1)
    expect(open_page.locator("#next")).to_be_hidden()


def test_an_examples_questions_come_back_with_undo(open_page: Page) -> None:
    open_page.click("#examples button")
    expect(open_page.locator("#next")).to_have_text("find red")
    ask(open_page, "find both")
    expect(open_page.locator("#next")).to_be_hidden()
    open_page.click("#undo")
    expect(open_page.locator("#next")).to_have_text("find red")


def test_an_example_opened_by_keyboard_leads_to_the_message(open_page: Page) -> None:
    open_page.focus("#examples .example-open")
    open_page.keyboard.press("Enter")
    expect(open_page.locator("#canvas img")).to_be_visible()
    expect(open_page.locator("#message textarea")).to_be_focused()


def test_an_example_opened_while_the_page_is_built_leads_to_the_message_when_it_is_there(
    open_page: Page,
) -> None:
    expect(open_page.locator("#message textarea")).to_be_attached()
    taken = open_page.evaluate_handle(
        "() => { const message = document.querySelector('#message'); const parent = message.parentNode;"
        " const next = message.nextSibling; message.remove();"
        " return () => parent.insertBefore(message, next); }"
    )
    open_page.focus("#examples .example-open")
    open_page.keyboard.press("Enter")
    expect(open_page.locator("#canvas img")).to_be_visible()
    open_page.evaluate("(putBack) => putBack()", taken)
    expect(open_page.locator("#message textarea")).to_be_focused()


def test_an_example_opened_in_a_small_window_is_seen_from_its_top(open_page: Page) -> None:
    open_page.set_viewport_size({"width": 400, "height": 400})
    open_page.locator("#examples .example-open").last.click()
    expect(open_page.locator("#canvas img")).to_be_visible()
    expect(open_page.locator("#canvas")).to_be_in_viewport(ratio=1)


def test_the_examples_have_a_title_and_can_be_closed(page: Page) -> None:
    page.click("#show-examples")
    expect(page.get_by_role("heading", name="Examples")).to_be_visible()
    page.click("#examples .examples-close")
    expect(page.locator("#examples")).to_be_hidden()
    expect(page.locator("#show-examples")).to_be_focused()


def test_what_a_model_writes_is_text_and_nothing_else(page: Page) -> None:
    ask(page, "hostile <b>x</b> ${alert(1)}")
    chat = page.locator("#chat")
    expect(chat).to_contain_text(
        "**a** <img src=x onerror=alert(1)> [b](http://b.example) $$c$$ ${alert(1)} {{d}} `e`"
    )
    expect(chat.locator("img, .katex, b, a:not([href^='#'])")).to_have_count(0)
    expect(page.locator("#regions")).to_contain_text("hostile <b>x</b> ${alert(1)}")


def test_two_visitors_are_not_mixed(page: Page, browser: Browser, url: str) -> None:
    ask(page, "find red")
    with visit(browser, url) as other:
        expect(other.locator("#canvas[data-empty]")).to_be_visible()
        expect(other.locator("#chat")).not_to_contain_text("Found")


def test_labels_stay_in_the_picture_and_keep_their_size(both_page: Page) -> None:
    heights = set()
    for width in (1280, 700):
        both_page.set_viewport_size({"width": width, "height": 800})
        drawn(both_page)
        sheet = both_page.locator(".sheet").bounding_box()
        assert sheet is not None
        for tag in both_page.locator(".tag").all():
            box = tag.bounding_box()
            assert box is not None
            assert box["x"] >= sheet["x"] - 1
            assert box["x"] + box["width"] <= sheet["x"] + sheet["width"] + 1
            heights.add(round(box["height"]))
    assert len(heights) == 1


def test_the_endpoints_need_nothing_but_what_is_sent(url: str, blocks: Path) -> None:
    client = Client(url, verbose=False)
    picture = handle_file(str(blocks))
    first = client.predict(picture, "find red", None, api_name="/ground")
    assert first["regions"][0]["objects"][0]["bbox_xyxy"] == [40, 60, 140, 160]
    second = client.predict(picture, "what is next to R1", first, api_name="/ground")
    assert second["turns"][1]["references"] == ["R1"]
    drawn = client.predict(picture, second, api_name="/overlay")
    with Image.open(drawn) as image:
        assert image.format == "PNG"
        assert image.size == (400, 300)
    with pytest.raises(AppError, match="There is no R9 here"):
        client.predict(picture, "next to R9", second, api_name="/ground")
    other = {**first, "picture": {**first["picture"], "width": 800, "height": 600}, "regions": []}
    with pytest.raises(AppError, match="about another picture"):
        client.predict(picture, "find red", other, api_name="/ground")
    with pytest.raises(AppError, match="There is no picture"):
        client.predict(None, "find red", None, api_name="/ground")
    with pytest.raises(AppError, match="There is no question"):
        client.predict(picture, None, None, api_name="/ground")
    with pytest.raises(AppError, match="not a session of version 1"):
        client.predict(picture, "find red", {"version": 7}, api_name="/ground")
    assert set(client.view_api(return_format="dict")["named_endpoints"]) == {
        *("/ground", "/ground_stream", "/overlay")
    }
