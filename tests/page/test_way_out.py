"""From a photograph that nano does not know to its answer by a model that was fetched: a real browser, the
real server, and a hub on loopback that has the model.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from app import parser
from demo.checkpoints.gguf.convert import MMPROJ, MODEL, plan_conversion
from demo.dialogue.examples import load_examples
from demo.models.available import AvailableModels
from demo.models.selection import choose
from demo.web.serve import Served
from tests.conftest import copy_of_nano, visit
from tests.support.hub import Hub, ask_only, hub_of
from tests.support.published import save_published
from tests.support.served import serving
from tests.support.table import BUSY, IDLE, ask, names

WEIGHTS = "model.safetensors"
KEPT = 10 * 2**20  # bytes; the hub's client writes pieces of 10 MiB
MESSAGE, CHAT, CARD = "#message textarea", "#chat", "#notice"
PHOTOGRAPH = next(e for e in load_examples() if e.is_photograph)
ON_ITS_WAY = "small is on its way. This is asked as soon as it is there."


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the hub calls somebody/small: it does not say that it knows drawn scenes only."""
    return copy_of_nano(tmp_path_factory.mktemp("models") / "small", frame=252)


@pytest.fixture
def hub(checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    with hub_of({"somebody/small": checkpoint}) as hub:
        ask_only(hub, tmp_path / "hub", monkeypatch)
        yield hub


@pytest.fixture
def served(hub: Hub) -> Iterator[Served]:
    """A page whose models one person may choose, with one on the hub that is worth it."""
    options = parser().parse_args(["--model", "nano", "--segmenter", "grabcut"])
    models = choose(options)
    available = AvailableModels(options, models.entry)
    available.add("somebody/small")
    with serving(models=models, available=available) as served:
        yield served


@pytest.fixture
def page(browser: Browser, served: Served) -> Iterator[Page]:
    """With a photograph."""
    with visit(browser, served.url) as page:
        photograph(page)
        yield page


def photograph(page: Page) -> None:
    page.set_input_files("#upload input[type=file]", PHOTOGRAPH.picture)
    expect(page.locator(f"{CARD} .notice-text")).to_contain_text("nano knows drawn scenes only.")


def way(page: Page, title: str) -> Locator:
    return page.locator(".way", has=page.locator("b", has_text=re.compile(f"^{title}$")))


def agree(page: Page) -> None:
    """To fetch the model."""
    way(page, "small").get_by_role("button", name="Fetch and use").click()
    question = page.locator(".way-ask")
    expect(question).to_contain_text(re.compile(
        r"small is not on this machine yet: \d+\.\d MB would be fetched from .* into .*, where .* free\."
    ))  # fmt: skip
    question.get_by_role("button", name=re.compile(r"^Fetch \d+\.\d MB and switch$")).click()
    expect(page.locator(".under-way")).to_be_visible()


def send(page: Page, question: str) -> None:
    """To a model that is not there yet."""
    page.fill(MESSAGE, question)
    page.click("#send")
    expect(page.locator(CHAT)).to_contain_text(ON_ITS_WAY)
    expect(page.locator(MESSAGE)).to_have_value("")


def test_a_photograph_is_answered_by_the_model_that_was_fetched(
    page: Page, hub: Hub, served: Served
) -> None:
    expect(way(page, "Outline by clicking and drawing")).to_be_visible()
    expect(page.locator(f"{CARD} code")).to_have_count(0)  # nobody is sent to a terminal
    page.fill(MESSAGE, "find the cup")
    way(page, "small").locator(".way-take").click()
    expect(page.locator(".way-fetch")).to_be_focused()
    page.get_by_role("button", name="Not now").click()
    expect(page.locator(".way-ask")).to_have_count(0)
    expect(way(page, "small").locator(".way-take")).to_be_focused()

    hub.held[WEIGHTS] = 12_000_000
    agree(page)
    expect(page.locator(".under-way-doing")).to_have_text(
        re.compile(r"^Fetching small: .* of \d+\.\d MB…$")
    )
    expect(page.locator(".under-way-share")).to_have_text(re.compile(r"^[45]\d %$"))
    expect(page.locator(MESSAGE)).to_have_value("find the cup")  # what was typed stays
    expect(page.locator("#canvas img")).to_be_visible()
    page.click("#send")
    expect(page.locator(CHAT)).to_contain_text(ON_ITS_WAY)
    expect(page.locator(f"{CARD} .under-way")).to_be_visible()
    hub.release.set()
    expect(page.locator(CHAT)).to_contain_text("Asked as: find the cup")
    expect(page.locator(".status-text")).to_have_text("small · CPU · masks: GrabCut")
    expect(page.locator(f"{CARD} p")).to_have_count(0)
    expect(page.locator(IDLE)).to_be_attached()
    expect(page.locator(CHAT)).not_to_contain_text("on its way")
    expect(page.locator(CHAT)).not_to_contain_text("guess")
    assert served.running.models.reasoner.name == "small"


def test_fetching_is_stopped_and_goes_on_where_it_was(page: Page, hub: Hub, tmp_path: Path) -> None:
    hub.held[WEIGHTS] = 12_000_000
    agree(page)
    expect(page.locator(".under-way-share")).to_have_text(re.compile(r"^[45]\d %$"))
    send(page, "find the cup")
    page.locator(".way-stop").click()
    expect(page.locator(".way-stop")).to_be_disabled()
    hub.release.set()
    expect(page.locator(CHAT)).to_contain_text("small did not come, so this was not asked.")
    expect(page.locator(MESSAGE)).to_have_value("find the cup")  # nothing is lost
    expect(page.locator(f"{CARD} .notice-said")).to_contain_text(
        "nano goes on. Fetching small was stopped. What has arrived is kept"
    )
    assert [p.stat().st_size for p in (tmp_path / "hub").rglob("*.part")] >= [KEPT]

    hub.asked.clear()
    page.get_by_role("button", name="What to do").click()
    agree(page)
    expect(page.locator(f"{CARD} p")).to_have_count(0)
    expect(page.locator(".status-text")).to_contain_text("small · CPU")
    (name, start), *_ = hub.asked
    assert (name, start >= KEPT) == (WEIGHTS, True)
    page.click("#send")
    expect(page.locator(CHAT)).to_contain_text("Asked as: find the cup")
    expect(page.locator(IDLE)).to_be_attached()


def test_a_question_that_waits_can_be_taken_back(page: Page, hub: Hub) -> None:
    hub.held[WEIGHTS] = 12_000_000
    agree(page)
    send(page, "find the cup")
    page.click("#stop")
    expect(page.locator(CHAT)).to_contain_text("small was not there yet, so this was not asked.")
    expect(page.locator(MESSAGE)).to_have_value("find the cup")
    way_on = page.locator(".under-way-doing")
    expect(way_on).to_contain_text("Fetching small")  # which goes on
    page.locator("#workspace [data-tool=box]").click()  # and so does the person
    hub.release.set()
    expect(page.locator(f"{CARD} p")).to_have_count(0)


@pytest.mark.parametrize(
    ("broken", "says"),
    [
        pytest.param("gone", "The hub has no checkpoint called somebody/small.", id="not there"),
        pytest.param("damaged", "nano runs again. The checkpoint ", id="damaged"),
        pytest.param("full", "The weights of small take ", id="no space"),
    ],
)
def test_a_model_that_cannot_be_had_is_said_in_the_card(
    page: Page, hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, broken: str, says: str
) -> None:
    hub.held[WEIGHTS] = 1000
    if broken == "damaged":
        copy = copy_of_nano(tmp_path / "broken", frame=252)
        (copy / WEIGHTS).write_bytes(b"no weights at all" * 1000)
        hub.checkpoints["somebody/small"] = copy
    elif broken == "full":
        monkeypatch.setattr("demo.checkpoints.fetch.MIN_FREE", 10**18)
    else:
        del hub.checkpoints["somebody/small"]
    page.fill(MESSAGE, "find the cup")
    way(page, "small").locator(".way-take").click()
    if broken == "damaged":
        page.locator(".way-fetch").click()
        expect(page.locator(".under-way")).to_be_visible()
        send(page, "find the cup")
        hub.release.set()
        expect(page.locator(CHAT)).to_contain_text("small did not come, so this was not asked.")
    expect(page.locator(f"{CARD} .notice-said")).to_contain_text(says)
    expect(page.locator(MESSAGE)).to_have_value("find the cup")
    expect(page.locator(".status-text")).to_contain_text("nano · ")
    page.click("#send")  # nano goes on
    expect(page.locator(CHAT)).to_contain_text("nano guesses")
    expect(page.locator(IDLE)).to_be_attached()


def test_a_guess_looks_like_one(page: Page) -> None:
    for question in ("what is red?", "find all things", "find the cup"):
        ask(page, question)
        if names(page):
            break
    answer = page.locator(CHAT)
    expect(answer).to_contain_text(re.compile(r"A guess|Guesses"))
    expect(answer).to_contain_text("nano guesses: it has never seen a picture like this.")
    expect(answer).not_to_contain_text("Found")
    expect(answer.locator(".finding.ok")).to_have_count(0)
    expect(page.locator("#canvas .object.unsure").first).to_be_attached()
    expect(page.locator("#regions")).to_contain_text("a guess, answer")
    ask(page, "what is left of R1")
    expect(answer.locator(".finding.ok")).to_have_count(0)
    page.locator("#chat [data-act=scores]").last.click()
    expect(page.get_by_role("dialog")).to_contain_text("The answer is a guess.")


def test_outlining_works_now(page: Page) -> None:
    way(page, "Outline by clicking and drawing").get_by_role("button").click()
    expect(page.locator('#canvas[data-tool="point"]')).to_be_attached()
    page.locator("#canvas .view").click(position={"x": 200, "y": 200})
    expect(page.locator('#canvas [data-object="R1.1"] path').first).to_be_attached()
    expect(page.locator("#regions")).to_contain_text("drawn by you")
    expect(page.locator("#canvas .object.unsure")).to_have_count(0)


def test_photographs_among_the_examples_offer_the_same_and_play_nothing(page: Page) -> None:
    page.click("#show-examples")
    cards = page.locator("#examples .example")
    for number, example in enumerate(load_examples()):
        plays = cards.nth(number).locator(".example-play")
        expect(plays).to_have_count(0 if example.is_photograph else 1)
    cards.filter(has_text=PHOTOGRAPH.title).locator(".example-open").click()
    expect(way(page, "small")).to_be_visible()
    expect(page.locator("#next")).to_be_visible()
    expect(page.locator("#play")).to_be_hidden()


def test_where_no_model_can_be_chosen_one_sentence_says_who_can(browser: Browser) -> None:
    models = choose(parser().parse_args(["--model", "nano", "--segmenter", "grabcut"]))
    with serving(models=models) as served, visit(browser, served.url) as page:
        photograph(page)
        expect(page.locator(f"{CARD} .notice-note")).to_contain_text("Whoever runs this page can")
        expect(page.locator(f"{CARD} .way")).to_have_count(1)
        way(page, "Outline by clicking and drawing").get_by_role("button").click()
        expect(page.locator('#canvas[data-tool="point"]')).to_be_attached()


@pytest.mark.parametrize(
    "size", [(390, 844), (844, 390), (400, 400)], ids=["upright", "sideways", "small"]
)
def test_a_phone_has_room_for_it(page: Page, size: tuple[int, int]) -> None:
    page.set_viewport_size({"width": size[0], "height": size[1]})
    button = way(page, "small").locator(".way-take")
    button.scroll_into_view_if_needed()
    button.click()
    fetch = page.locator(".way-fetch")
    expect(fetch).to_be_focused()
    fetch.scroll_into_view_if_needed()
    box, message = fetch.bounding_box(), page.locator(MESSAGE).bounding_box()
    assert box is not None
    assert message is not None
    assert box["x"] + box["width"] <= size[0]
    assert box["y"] + box["height"] <= message["y"] < size[1] - message["height"]
    assert page.evaluate("document.documentElement.scrollWidth") == size[0]
    page.get_by_role("button", name="Not now").click()


def test_while_a_question_runs_nothing_else_is_asked(page: Page, hub: Hub) -> None:
    hub.held[WEIGHTS] = 12_000_000
    agree(page)
    send(page, "find the cup")
    expect(page.locator(BUSY)).to_be_attached()
    page.fill(MESSAGE, "find the spoon")
    page.keyboard.press("Enter")
    expect(page.locator("#hint")).to_contain_text("The last question is still being answered.")
    expect(page.locator(MESSAGE)).to_have_value("find the spoon")
    hub.release.set()
    expect(page.locator(CHAT)).to_contain_text("Asked as: find the cup")
    expect(page.locator(IDLE)).to_be_attached()


def test_a_photograph_is_answered_through_llama_cpp_from_fetched_gguf_files(
    browser: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the makers of Qwen3-VL publish theirs: several precisions of one model, and its vision tower."""
    save_published("qwen2_5_vl", tmp_path / "whole")
    plan_conversion("tiny", tmp_path / "whole", tmp_path / "made", "f16").run(lambda _: None)
    repository = tmp_path / "repository"
    repository.mkdir()
    for made, name in (
        (MODEL, "tiny-F16.gguf"),
        (MODEL, "tiny-Q8_0.gguf"),
        (MMPROJ, "mmproj-tiny-F16.gguf"),
    ):
        shutil.copy(tmp_path / "made" / made, repository / name)
    with hub_of({"somebody/tiny-GGUF": repository}) as hub:
        ask_only(hub, tmp_path / "hub", monkeypatch)
        options = parser().parse_args(["--model", "nano", "--segmenter", "grabcut"])
        models = choose(options)
        available = AvailableModels(options, models.entry)
        available.add("somebody/tiny-GGUF:F16")
        with (
            serving(models=models, available=available) as served,
            visit(browser, served.url) as page,
        ):
            photograph(page)
            page.fill(MESSAGE, "find the cup")
            way(page, r"tiny \(F16\)").locator(".way-take").click()
            page.locator(".way-fetch").click()
            page.click("#send")
            expect(page.locator(CHAT)).to_contain_text("Asked as: find the cup")
            expect(page.locator(".status-text")).to_contain_text("CPU, by llama.cpp")
            expect(page.locator(IDLE)).to_be_attached()
            expect(page.locator(CHAT)).not_to_contain_text("guess")
            assert served.running.models.reasoner.device == "CPU, by llama.cpp"
        fetched = {name.rpartition("/")[2] for name, _ in hub.asked}
        assert fetched == {"tiny-F16.gguf", "mmproj-tiny-F16.gguf"}
