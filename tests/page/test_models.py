"""Choosing another model in the page: a real server, real checkpoints, two tabs of a real browser."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from app import parser
from demo.dialogue.examples import load_examples
from demo.models.available import AvailableModels
from demo.models.selection import choose
from demo.remote.nearby import WITHIN_S, Nearby
from demo.web.serve import Served
from tests.conftest import copy_of_nano, free_port, visit
from tests.page.test_accessibility import grave
from tests.support.hostile import answer, failure
from tests.support.hub import Hub, ask_only, hub_of
from tests.support.model_servers import ModelServer, Raw, ollama, openai_list
from tests.support.served import serving
from tests.support.table import BUSY, IDLE, ask, names

SAID = "#status .models-said"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four checkpoints: two like nano in other frames, one for a hub, one that is damaged."""
    made = tmp_path_factory.mktemp("models")
    copy_of_nano(made / "nano252", frame=252)
    copy_of_nano(made / "nano196", frame=196)
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
        expect(second.locator("#notice")).to_contain_text("nano knows drawn scenes only.")

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
    assert hub.standing.wait(120)
    page.get_by_role("button", name="Stop fetching").click()
    assert served.running._given_up.wait(120)
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
    page.select_option(".compare-form select", label=title)
    page.locator(".compare-one", has_text=f"Only round {number}").click()
    expect(page.locator(BUSY)).to_be_attached()
    expect(page.locator(IDLE)).to_be_attached()
    page.keyboard.press("Escape")
    expect(page.locator("dialog[open]")).to_have_count(0)


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
    [second] = served.running._beside._kept.values()
    asked_beside(page, 2, "nano252")
    assert [*served.running._beside._kept.values()] == [second]  # both fit, so it stays
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
    page.select_option(".compare-form select", label="broken")
    page.locator(".compare-one").click()
    expect(page.locator(".compare-said.failed")).to_contain_text("The checkpoint ")
    page.keyboard.press("Escape")
    expect(page.locator("#hint")).to_contain_text("The checkpoint ")
    expect(page.locator(IDLE)).to_be_attached()
    assert names(page) == ["R1.1"]
    ask(page, "find the dog")


# Compared in a form ---------------------------------------------------------------------------


def scales_of(page: Page) -> list[tuple[float, ...]]:
    """Where both pictures of a round lie in their panes, and how wide they are."""
    return [
        tuple(float(side) for side in each)
        for each in page.locator(".compare-sheet .side-sheet").evaluate_all(
            "sheets => sheets.map((s) => [s.offsetLeft, s.offsetTop, s.offsetWidth])"
        )
    ]


def test_a_whole_dialogue_is_compared_side_by_side(page: Page, folder: Path) -> None:
    beach(page)
    expect(page.locator("#show-compare")).to_have_attribute("aria-disabled", "true")
    for question in ("find the boat", "what is next to R1?", "find the house"):
        ask(page, question)
    own = boxes_of(page)
    page.click("#show-compare")
    page.select_option(".compare-form select", value="")
    page.fill(".compare-name", str(folder / "nano196"))
    page.locator(".compare-all", has_text="Whole dialogue: 3 rounds").click()
    expect(page.locator(".compare-line")).to_contain_text(
        re.compile("^(Load|nano196, round . of 3)")
    )
    expect(page.locator(".compare-said")).to_have_text("nano196 has answered 3 of 3 rounds.")
    expect(
        page.locator(".compare-all")
    ).to_be_focused()  # as the button that was pressed last is off
    rows = page.locator(".compare-rows tbody tr")
    expect(rows).to_have_count(3)
    expect(rows.last).to_have_attribute("aria-current", "true")
    rows.first.locator("td").first.click()
    expect(page.locator(".compare-round")).to_have_text("Round 1 of 3")
    expect(page.locator(".compare-question")).to_have_text("find the boat")
    sides = page.locator(".compare-sheet .side")
    expect(sides.first.locator(".side-tag:visible")).to_have_text("R1")
    expect(sides.last.locator(".side-tag")).to_have_text("R1")  # the same boat has the same name
    expect(sides.last.locator("svg")).to_have_attribute(
        "aria-label", re.compile(r"^nano196: 1 object, IoU 0\.\d\d; R1 from \d+, \d+ to \d+, \d+$")
    )

    assert grave(page) == []

    whole = scales_of(page)
    assert whole[0] == whole[1]
    page.locator(".side-view").last.hover(position={"x": 30, "y": 40})
    page.keyboard.down("Control")
    page.mouse.wheel(0, -300)
    page.keyboard.up("Control")
    zoomed = scales_of(page)
    assert zoomed[0] == zoomed[1] != whole[0]
    page.locator(".compare-pair").focus()
    page.keyboard.press("ArrowRight")
    moved = scales_of(page)
    assert moved[0] == moved[1] != zoomed[0]
    page.keyboard.press("0")
    assert scales_of(page) == whole

    page.get_by_role("button", name="On one picture").click()
    expect(sides.last).to_be_hidden()
    expect(sides.first.locator("figcaption")).to_contain_text("(solid) · nano196: 1 object")
    page.keyboard.press("Escape")
    expect(page.locator("dialog[open]")).to_have_count(0)
    assert boxes_of(page) == own
    page.locator('#chat a[href="#compare-2"]').click()
    expect(page.locator(".compare-round")).to_have_text("Round 2 of 3")


@pytest.mark.parametrize(("width", "height"), [(320, 480), (390, 664), (844, 390)])
def test_on_a_phone_both_pictures_are_in_reach(
    width: int, height: int, page: Page, folder: Path
) -> None:
    page.set_viewport_size({"width": width, "height": height})
    beach(page)
    ask(page, "find the boat")
    page.locator('#chat a[href="#compare-1"]').click()
    page.select_option(".compare-form select", value="")
    page.fill(".compare-name", str(folder / "nano196"))
    page.click(".compare-one")
    expect(page.locator(".compare-said")).to_have_text("nano196 has answered round 1.")
    assert page.evaluate(_FITS)
    for side in page.locator(".side-view").all():
        side.scroll_into_view_if_needed()
        box = side.bounding_box()
        assert box is not None
        assert box["height"] >= 100
        assert box["width"] >= 200


_FITS = """() => {
  const body = document.querySelector(".compare-body");
  const close = document.querySelector(".compare-sheet .shut");
  return body.scrollWidth <= body.clientWidth && close.checkVisibility();
}"""


# Servers ---------------------------------------------------------------------------------------

SEVEN_B = "qwen2.5vl:7b"
FOUND = '<answer>[{"bbox_2d": [100, 100, 300, 300], "point_2d": [200, 200]}]</answer>'
TWO = {
    "qwen2_5vl__7b": ["completion", "vision"],
    "qwen2_5vl__3b": ["completion", "vision"],
    "llama3": ["completion"],
}


@pytest.fixture
def ollama_server() -> Iterator[ModelServer]:
    with ModelServer(ollama(**TWO), answer(FOUND)) as server:
        yield server


@contextmanager
def beside(*servers: ModelServer, within_s: float = WITHIN_S) -> Iterator[Served]:
    """The page where these servers are looked for."""
    options = parser().parse_args(["--model", "nano", "--segmenter", "none"])
    models = choose(options)
    nearby = Nearby([server.address for server in servers], within_s)
    with serving(models=models, available=AvailableModels(options, models.entry, nearby)) as served:
        yield served


def typed(page: Page, address: str) -> None:
    """An address in the field for one, by keyboard."""
    if page.locator(".servers-address").is_hidden():
        page.locator(".servers-type").focus()
        page.keyboard.press("Enter")
    expect(page.get_by_label("Server address")).to_be_focused()
    page.keyboard.type(address)
    page.keyboard.press("Enter")


def test_a_model_of_a_server_is_found_and_used_by_one_click(
    browser: Browser, ollama_server: ModelServer
) -> None:
    with beside(ollama_server) as served, visit(browser, served.url) as page:
        beach(page)
        ask(page, "find the boat")
        opened(page)
        expect(row(page, SEVEN_B)).to_contain_text(f"Runs on Ollama at {ollama_server.host}.")
        expect(page.locator(".models-list li", has_text="llama3")).to_have_count(0)
        chosen(page, SEVEN_B)
        expect(page.locator(SAID)).to_be_empty()
        page.keyboard.press("Escape")
        ask(page, "find the dog")
        assert names(page) == ["R1.1", "R2.1"]
        page.locator("#chat [data-act=numbers]").last.click()
        expect(page.locator("dialog[open] h2")).to_have_text(f"Answer 2 by {SEVEN_B}: the numbers")
        page.keyboard.press("Escape")
        chosen(page, "nano")
        expect(row(page, SEVEN_B)).to_have_class("served")
        page.keyboard.press("Escape")
        ask(page, "find the dog")


def test_rows_that_come_late_move_nothing(browser: Browser, ollama_server: ModelServer) -> None:
    """One server answers at once; the next keeps everybody looking for as long as it wants."""
    awaited = threading.Event()

    def late() -> Iterator[bytes]:
        awaited.wait(60)
        yield failure(404)

    with (
        ModelServer({"/v1/models": Raw(late()), "/models": Raw([failure(404)])}) as slow,
        beside(ollama_server, slow, within_s=600) as served,
        visit(browser, served.url) as page,
    ):
        opened(page)
        expect(page.locator(".servers-said")).to_have_text(
            "Looking for model servers on this computer…"
        )
        load = page.locator(".models-other button")
        before = load.bounding_box()
        awaited.set()
        expect(row(page, SEVEN_B)).to_be_visible()
        assert load.bounding_box() == before
        assert page.locator(".servers-list li").count() == 2
        page.keyboard.press("Escape")
        opened(page)  # what is known stands first then
        above, below = (row(page, title).bounding_box() for title in (SEVEN_B, "nano"))
        assert above is not None
        assert below is not None
        assert above["y"] < below["y"]


def test_no_server_is_said(browser: Browser) -> None:
    with beside() as served, visit(browser, served.url) as page:
        opened(page)
        expect(page.locator(".servers-said")).to_have_text("None was found on its usual port.")
        expect(page.locator(".servers-list li")).to_have_count(0)


def test_a_server_can_be_typed(browser: Browser, ollama_server: ModelServer) -> None:
    one = ModelServer({"/v1/models": openai_list("vllm", "lmsdss/RegionReasoner-7B")})
    with one, beside() as served, visit(browser, served.url) as page:
        opened(page)
        gone = f"127.0.0.1:{free_port()}"
        typed(page, gone)
        expect(page.locator(SAID)).to_have_text(
            f"No server answers at {gone}. Start it, or check its address."
        )
        expect(row(page, "nano")).to_have_class("runs")
        page.get_by_label("Server address").fill("")
        page.get_by_label("Server address").focus()
        typed(page, f"http://{ollama_server.host}/")  # of two one chooses
        expect(row(page, SEVEN_B).locator("button")).to_be_focused()
        page.keyboard.press("Enter")
        expect(row(page, SEVEN_B)).to_have_class("runs")
        page.get_by_label("Server address").fill("")
        page.get_by_label("Server address").focus()
        typed(page, one.host)  # the only one is used
        expect(page.locator(".status-text")).to_contain_text(
            f"regionreasoner-7b · server {one.host}"
        )


def test_a_server_that_goes_before_the_click_loses_nothing(browser: Browser) -> None:
    going = ExitStack()
    server = going.enter_context(ModelServer(ollama(**TWO)))
    with going, beside(server) as served, visit(browser, served.url) as page:
        beach(page)
        ask(page, "find the boat")
        opened(page)
        expect(row(page, SEVEN_B)).to_be_visible()
        host = server.host
        going.close()
        row(page, SEVEN_B).locator("button").click()
        expect(page.locator(SAID)).to_have_text(
            f"nano goes on. No server answers at {host}. Start it, or check its address."
        )
        expect(row(page, "nano")).to_have_class("runs")
        page.keyboard.press("Escape")
        ask(page, "find the dog")
        assert names(page) == ["R1.1", "R2.1"]


def test_a_page_for_others_has_no_list_and_refuses(browser: Browser) -> None:
    with serving() as served, visit(browser, served.url) as page:
        page.click("#status summary")
        expect(page.locator(".status-why")).to_be_visible()
        expect(page.locator(".models")).to_be_hidden()
        assert not any(
            "models" in [event for _, event in fn.targets] for fn in served.page.fns.values()
        )
