"""The control beside the message with which a person chooses between the two ways of asking."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from demo.dialects.known import QWEN_3_VL
from demo.dialects.ways import QUICK
from demo.dialogue.examples import Example
from demo.models.models import Models
from demo.ui.page import build_page, launch_options
from tests.conftest import free_port, visit
from tests.page.test_accessibility import grave
from tests.support.scripted import Telling
from tests.support.table import ask

BOX = '[{"bbox_2d": [100, 200, 350, 530], "label": "red block"}]'
SIZES = [
    pytest.param(1280, 800, id="wide"),
    pytest.param(390, 844, id="a phone upright"),
    pytest.param(844, 390, id="a phone sideways"),
]


def general_model() -> Telling:
    """A general model that answers in the form in which it is asked."""
    reasoned = (
        f"<scene>Two blocks on white.</scene><think>The red one.</think><answer>{BOX}</answer>"
    )
    quick = f"```json\n{BOX}\n```"
    return Telling(
        lambda prompt: reasoned if "<scene>" in prompt.instruction else quick, QWEN_3_VL, "general"
    )


@pytest.fixture(scope="module")
def general_url(blocks: Path) -> Iterator[str]:
    models = Models(general_model(), None, "general · CPU", "", "Why not.", asking=QUICK)
    page = build_page(models, [Example("Blocks", blocks, ("find red",))])
    _, address, _ = page.launch(
        prevent_thread_lock=True, quiet=True, server_port=free_port(), **launch_options()
    )
    yield address
    page.close(verbose=False)


@pytest.fixture
def general(browser: Browser, general_url: str, blocks: Path) -> Iterator[Page]:
    with visit(browser, general_url) as page:
        page.set_input_files("#upload input[type=file]", blocks)
        expect(page.locator("#canvas img")).to_be_visible()
        yield page


def choice(page: Page) -> Locator:
    return page.get_by_label("How the next questions are asked")


def expect_thought(page: Page, *, thinks: bool) -> None:
    """The newest answer has its thought, or is one without."""
    newest = page.locator("#chat .bot-row").last
    expect(newest).to_contain_text(re.compile("Found one|That is R1"))
    thought = newest.get_by_text("The red one").first
    expect(thought).to_have_count(int(thinks))


def test_a_choice_holds_for_the_next_questions(general: Page) -> None:
    expect(choice(general)).to_have_value("quick")
    ask(general, "find red")
    expect_thought(general, thinks=False)
    choice(general).select_option("Reasoned answer")
    for question in ("find the red one", "red again"):
        ask(general, question)
        expect_thought(general, thinks=True)
    choice(general).select_option("Quick answer")
    ask(general, "red at last")
    expect_thought(general, thinks=False)


def test_a_choice_outlives_a_reload(general: Page, blocks: Path) -> None:
    choice(general).select_option("reasoned")
    general.reload()
    expect(choice(general)).to_have_value("reasoned")
    general.set_input_files("#upload input[type=file]", blocks)
    expect(general.locator("#canvas img")).to_be_visible()
    ask(general, "find red")
    expect_thought(general, thinks=True)


def test_another_tab_is_asked_in_its_own_way(
    general: Page, browser: Browser, general_url: str
) -> None:
    choice(general).select_option("reasoned")
    ask(general, "find red")
    with visit(browser, general_url) as other:
        expect(choice(other)).to_have_value("quick")
    expect(choice(general)).to_have_value("reasoned")


def test_a_model_with_one_way_offers_none(page: Page) -> None:
    expect(page.locator("#message textarea")).to_be_visible()
    expect(choice(page)).to_be_hidden()
    assert page.locator("#asking").bounding_box() is None


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_nothing_moves_when_it_is_used(general: Page, width: int, height: int) -> None:
    general.set_viewport_size({"width": width, "height": height})
    expect(choice(general)).to_be_in_viewport(ratio=1)
    line = general.locator("#hint .hint")
    expect(line).to_have_text("Enter sends, Shift+Enter starts a new line.")
    assert line.evaluate("line => line.scrollHeight <= line.clientHeight")  # it is whole beside it
    places = [choice(general), general.locator("#message"), general.locator("#send")]
    before = [place.bounding_box() for place in places]
    choice(general).select_option("reasoned")
    expect(choice(general)).to_have_value("reasoned")
    assert [place.bounding_box() for place in places] == before
    choice(general).select_option("quick")
    assert [place.bounding_box() for place in places] == before


def test_it_is_reached_by_keyboard_and_has_a_name(general: Page) -> None:
    choice(general).focus()
    general.keyboard.press("ArrowDown")
    expect(choice(general)).to_have_value("reasoned")
    ask(general, "find red")
    expect_thought(general, thinks=True)
    assert grave(general) == []
