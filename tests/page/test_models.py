"""Choosing another model in the page: a real server, real checkpoints, two tabs of a real browser."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from app import parser
from demo.dialogue.examples import load_examples
from demo.models.available import AvailableModels
from demo.models.selection import choose
from demo.web.serve import Served
from tests.conftest import copy_of_nano, visit
from tests.support.hub import Hub, ask_only, hub_of
from tests.support.served import serving
from tests.support.table import BUSY, IDLE, ask, names

SAID = "#status .models-said"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three checkpoints: one like nano in another frame, one for a hub, one that is damaged."""
    made = tmp_path_factory.mktemp("models")
    copy_of_nano(made / "nano252", frame=252)
    copy_of_nano(made / "hub252", frame=252)
    (copy_of_nano(made / "broken", frame=252) / "model.safetensors").write_bytes(b"nothing")
    return made


@pytest.fixture(scope="module")
def served(folder: Path) -> Iterator[Served]:
    options = parser().parse_args(["--model", "nano", "--segmenter", "grabcut"])
    models = choose(options)
    available = AvailableModels(options, models.entry)
    available.add(str(folder / "nano252"))
    with serving(models=models, available=available) as served:
        yield served


@pytest.fixture
def page(browser: Browser, served: Served) -> Iterator[Page]:
    with visit(browser, served.url) as page:
        yield page


def row(page: Page, title: str) -> Locator:
    return page.locator(".models-list li", has=page.locator("b", has_text=re.compile(f"^{title}$")))


def opened(page: Page) -> None:
    """The panel with its list."""
    if page.locator("#status[open]").count() == 0:
        page.click("#status summary")
    expect(row(page, "nano")).to_be_visible()


def chosen(page: Page, title: str) -> None:
    opened(page)
    row(page, title).locator(".model-open").click()
    expect(row(page, title)).to_have_class("runs")
    expect(page.locator("#status .status-text")).to_contain_text(f"{title} · ")


def beach(page: Page) -> None:
    """The first example."""
    page.locator("#examples .example-open").first.click()
    expect(page.locator("#next")).to_be_visible()


def test_a_dialogue_goes_on_after_another_model_was_chosen(
    page: Page, browser: Browser, served: Served
) -> None:
    with visit(browser, served.url) as second:
        photograph = next(e.picture for e in load_examples() if "photograph" in e.note)
        second.set_input_files("#upload input[type=file]", photograph)
        expect(second.locator("#notice")).to_contain_text("not from nano’s drawn world")

        beach(page)
        ask(page, "find the boat")
        found = names(page)
        opened(page)
        expect(row(page, "nano")).to_have_class("runs")
        expect(row(page, "nano").locator("button")).to_be_disabled()
        expect(row(page, "nano252")).to_contain_text("Here on disk.")
        chosen(page, "nano252")
        expect(page.locator(SAID)).to_be_empty()
        assert names(page) == found

        expect(second.locator(".status-text")).to_contain_text("nano252 · CPU")
        expect(second.locator("#notice p")).to_have_count(0)
        assert httpx.get(f"{served.url}/health").json()["model"] == "nano252"

    page.keyboard.press("Escape")
    expect(page.locator("#status .models")).to_be_hidden()
    ask(page, "find the dog")
    page.locator("#chat [data-act=numbers]").last.click()
    expect(page.locator("dialog[open] h2")).to_have_text("Answer 2 by nano252: the numbers")
    expect(page.locator("dialog[open] thead")).to_contain_text("252 × 252")
    page.keyboard.press("Escape")
    page.locator("#chat [data-act=numbers]").first.click()
    expect(page.locator("dialog[open] thead")).to_contain_text("224 × 224")
    page.keyboard.press("Escape")
    chosen(page, "nano")


def test_a_model_that_cannot_be_loaded_leaves_the_former(page: Page, folder: Path) -> None:
    opened(page)
    page.fill(".models-other input", str(folder / "broken"))
    page.keyboard.press("Enter")
    expect(page.locator(SAID)).to_contain_text("nano runs again. The checkpoint ")
    expect(page.locator(SAID)).to_have_class(re.compile("failed"))
    expect(row(page, "nano")).to_have_class("runs")
    page.keyboard.press("Escape")
    beach(page)
    ask(page, "find the boat")
    assert names(page) == ["R1.1"]


def test_a_name_that_is_none_is_said(page: Page) -> None:
    opened(page)
    page.fill(".models-other input", "/no/such/folder")
    page.locator(".models-other button").click()
    expect(page.locator(SAID)).to_contain_text("There is no model called /no/such/folder.")


@pytest.fixture
def hub(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    with hub_of({"somebody/hub252": folder / "hub252"}) as hub:
        ask_only(hub, tmp_path / "hub", monkeypatch)
        yield hub


def test_weights_that_are_not_here_are_asked_about_and_fetched(
    page: Page, hub: Hub, served: Served
) -> None:
    opened(page)
    page.fill(".models-other input", "somebody/hub252")
    page.locator(".models-other button").click()
    question = page.locator(".model-ask")
    expect(question).to_contain_text(re.compile(
        r"hub252 is not on this machine yet: 21\.\d MB would be fetched from .* into .*, where .* free\."
    ))  # fmt: skip
    question.get_by_role("button", name="Not now").click()
    expect(question).to_have_count(0)
    row(page, "hub252").locator(".model-open").click()
    hub.held["model.safetensors"] = 1_000_000
    question.get_by_role("button", name=re.compile(r"^Fetch 21\.\d MB and switch$")).click()
    expect(page.locator(".status-text")).to_have_text(
        re.compile(r"^Fetching hub252: .* of 21\.\d MB…$")
    )
    expect(row(page, "nano252").locator("button")).to_be_disabled()
    assert hub.standing.wait(20)
    page.get_by_role("button", name="Stop fetching").click()
    assert served.running._given_up.wait(60)
    hub.release.set()
    expect(page.locator(SAID)).to_contain_text("nano goes on. Fetching hub252 was stopped.")
    row(page, "hub252").locator(".model-open").click()
    question.get_by_role("button", name=re.compile("^Fetch")).click()
    expect(row(page, "hub252")).to_have_class("runs")
    chosen(page, "nano")


# A second opinion ------------------------------------------------------------------------------


def asked_beside(page: Page, number: int, title: str) -> None:
    """An answer's question put to another model as well."""
    page.locator(f'#chat a[href="#compare-{number}"]').click()
    page.locator(".others button", has_text=title).click()
    expect(page.locator(BUSY)).to_be_attached()
    expect(page.locator(IDLE)).to_be_attached()


def pointing_at_nothing(page: Page) -> None:
    """Where the last click was, the dialogue may have moved another answer under the pointer."""
    page.mouse.move(0, 0)


def test_two_models_answer_one_question_and_one_is_taken(page: Page, served: Served) -> None:
    beach(page)
    ask(page, "find the boat")
    ask(page, "what is next to R1?")
    found, first = names(page), boxes_of(page)
    asked_beside(page, 1, "nano252")
    told = page.locator("#chat", has_text="What nano252 says. They ")
    expect(told).to_be_visible()
    pointing_at_nothing(page)
    expect(page.locator("#canvas .aside-tag")).to_have_count(0)  # the newest answer is looked at
    page.locator("#chat .user-row").first.hover()
    expect(page.locator("#canvas .aside-tag")).to_have_text("nano252")
    assert (names(page), boxes_of(page)) == (found, first)
    second = served.running._second
    assert second is not None
    asked_beside(page, 2, "nano252")
    assert served.running._second is second  # both fit, so it stays
    expect(page.locator("#canvas .aside-tag")).to_have_text("nano252")

    page.locator("#chat button, #chat .title", has_text="What nano252 says").last.click()
    page.locator("#chat a[href='#take-2-1']").click()
    expect(page.locator("#hint")).to_contain_text("The other model’s answer is in its place now.")
    expect(page.locator("#chat")).to_contain_text("by nano252")
    pointing_at_nothing(page)
    expect(page.locator("#canvas .aside-tag")).to_have_count(0)
    assert boxes_of(page) != first
    page.click("#undo")
    expect(page.locator("#canvas .aside-tag")).to_have_text("nano252")
    assert boxes_of(page) == first


def boxes_of(page: Page) -> list[str]:
    boxes = page.locator("#canvas [data-object] rect.box").all()
    return [" ".join(str(b.get_attribute(n)) for n in ("x", "y", "width", "height")) for b in boxes]


def test_a_second_opinion_that_fails_leaves_everything(
    page: Page, served: Served, folder: Path
) -> None:
    served.running.available.add(str(folder / "broken"))
    beach(page)
    ask(page, "find the boat")
    page.locator('#chat a[href="#compare-1"]').click()
    page.locator(".others button", has_text="broken").click()
    expect(page.locator("#hint")).to_contain_text("The checkpoint ")
    expect(page.locator(IDLE)).to_be_attached()
    assert names(page) == ["R1.1"]
    ask(page, "find the dog")


def test_a_page_for_others_has_no_list_and_refuses(browser: Browser) -> None:
    with serving() as served, visit(browser, served.url) as page:
        page.click("#status summary")
        expect(page.locator(".status-why")).to_be_visible()
        expect(page.locator(".models")).to_be_hidden()
        assert not any(
            "models" in [event for _, event in fn.targets] for fn in served.page.fns.values()
        )
