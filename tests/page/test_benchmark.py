"""A benchmark in the page: found, opened, played, left and taken up again, in a real browser."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Locator, Page, expect

import app
from demo.dialogue.store import Store
from demo.evaluate.index import open_index
from demo.evaluate.play import play
from demo.evaluate.reference_policy import ReferencePolicy
from demo.evaluate.score import score
from demo.nano.lessons.heldout import write_dialogues
from demo.picture.masks import Mask
from demo.reasoners.local import LocalReasoner
from demo.segmenters.grabcut import GrabCutSegmenter
from tests.conftest import free_port, visit
from tests.page.test_accessibility import grave
from tests.support.served import serving
from tests.support.table import IDLE, ask

RED, BLUE = [40, 60, 140, 160], [240, 60, 340, 160]
PLACE = "<box>{context_bbox}</box>"
SIDES = ("Width", "Height")
TRUTH = "#canvas .aside[data-aside=truth] .aside-line.box"


def asked(question: str, *boxes: list[int], **more: Any) -> dict[str, Any]:
    return {"question": question, "bboxes": boxes, **more}


def rows() -> list[dict[str, Any]]:
    """A dialogue that goes well, one whose first answer is empty, two that cannot be used, and one with odd
    references and a picture that its file says to turn.
    """
    mask = Mask.from_array(np.pad(np.ones((100, 100)), ((60, 140), (40, 260))))
    dialogues = [
        [
            asked("find the red one", RED, masks=[mask.to_dict()]),
            asked(f"what is next to {PLACE}", BLUE, context_from_turn=0),
            asked("a ghost"),
        ],
        [asked("the ghost", RED), asked(f"what is next to {PLACE}", BLUE, context_from_turn=0)],
        [asked("a picture that is not there", RED)],
    ]
    names = ["blocks.png", "blocks.png", "gone.png"]
    made = zip(names, dialogues, strict=True)
    odd = [
        asked(f"the red one by the {PLACE}", RED),
        asked(f"what is next to {PLACE}", BLUE, context_from_turn=1),
        asked(f"is it next to {PLACE}", BLUE, context_from_turn=2),
    ]
    return [
        *({"image_path": n, "conversational_turns": t} for n, t in made),
        {"image_path": "a"},
        {"image_path": "turned.jpg", "conversational_turns": odd},
    ]


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory, blocks: Path) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("benchmark")
    (folder / "blocks.png").write_bytes(blocks.read_bytes())
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.open(blocks).convert("RGB").save(folder / "turned.jpg", exif=exif)
    (folder / "data.json").write_text(json.dumps(rows()))
    index = open_index(folder / "data.json")
    with serving(store=Store(folder / "sessions"), index=index) as served:
        yield served.url


@pytest.fixture
def page(browser: Browser, url: str) -> Iterator[Page]:
    with visit(browser, url) as page:
        page.click("#show-benchmark")
        expect(listed(page)).to_have_count(5)
        yield page


def listed(page: Page) -> Locator:
    return page.locator("#benchmark li[data-at]")


def choose(page: Page, row: int) -> None:
    page.locator(f'#benchmark .kept-open[data-row="{row}"]').click()
    expect(page.locator("#canvas img")).to_be_visible()
    expect(page.locator("#benchmark dialog")).to_be_hidden()


def follow(page: Page) -> None:
    """Ask the question that is next and wait for its answer."""
    turns = page.locator("#chat .user-row").count()
    page.click("#next")
    expect(page.locator("#chat .user-row")).to_have_count(turns + 1)
    expect(page.locator(IDLE)).to_be_attached()


def test_rows_are_listed_found_and_refused_with_a_sentence(page: Page) -> None:
    expect(listed(page).nth(0)).to_contain_text("find the red one")
    expect(listed(page).nth(0)).to_contain_text("Row 0 · 3 rounds · blocks.png")
    expect(listed(page).nth(3)).to_contain_text("It has no turns")
    expect(listed(page).nth(0).locator("img")).to_have_attribute("src", re.compile("^data:image"))
    assert grave(page) == []
    page.locator('#benchmark .kept-open[data-row="2"]').click()
    expect(page.locator("#benchmark .kept-said")).to_have_text("There is no file gone.png.")
    expect(listed(page).nth(2)).to_contain_text("There is no file gone.png.")
    page.fill("#benchmark .kept-search", "next ghost")
    expect(listed(page)).to_have_count(2)
    page.fill("#benchmark .kept-search", "zebra")
    expect(page.locator("#benchmark .kept-list")).to_have_text("No row has all of these words.")


def test_a_dialogue_is_played_beside_the_truth(page: Page) -> None:
    choose(page, 0)
    expect(page.locator("#hint")).to_contain_text("Row 0 of the benchmark, 3 rounds.")
    expect(page.locator('[data-layer="asides"]')).to_be_hidden()
    follow(page)
    expect(page.locator("#chat")).to_contain_text(
        re.compile(r"IoU 1\.00, a hit .*; mask IoU 1\.00")
    )
    expect(page.locator(TRUTH)).to_have_attribute("x", "40")
    expect(page.locator("#canvas .aside-line.mask")).to_have_count(1)
    expect(page.locator("#canvas .aside-tag")).to_have_text("truth")
    spoken = "Beside the regions, with answer 1: truth, one object"
    expect(page.get_by_role("img", name=spoken)).to_be_attached()
    page.click("#play")
    expect(page.locator("#chat .finding.sum")).to_contain_text("All 3 rounds: AP 1.00 (2 of 2 hit)")
    expect(page.locator("#next")).to_be_hidden()
    expect(page.locator(TRUTH)).to_have_count(0)  # nothing was to be found
    assert grave(page) == []


def test_the_truth_is_that_of_the_answer_looked_at(page: Page) -> None:
    choose(page, 0)
    follow(page)
    follow(page)
    expect(page.locator(TRUTH)).to_have_attribute("x", "240")
    page.locator("#chat .user-row").first.hover()
    expect(page.locator(TRUTH)).to_have_attribute("x", "40")
    page.hover("#message")
    expect(page.locator(TRUTH)).to_have_attribute("x", "240")
    page.click("[data-look=film]")
    expect(page.locator(TRUTH)).to_have_attribute("x", "40")
    page.keyboard.press("Escape")
    page.click('[data-layer="asides"]')
    expect(page.locator("#canvas .asides")).to_be_hidden()
    expect(page.locator("#canvas .aside-tag")).to_be_hidden()


def test_a_true_box_stands_in_where_nothing_was_found(page: Page) -> None:
    choose(page, 1)
    follow(page)
    expect(page.locator("#chat")).to_contain_text("there is one; the answer has no box")
    follow(page)
    expect(page.locator("#chat")).to_contain_text("R1 is the true box of round 1")
    expect(page.locator('#canvas [data-object="R1.1"]')).to_have_attribute(
        "aria-label", re.compile("drawn by you")
    )
    expect(page.locator("#chat .finding.sum")).to_contain_text("AP 0.50 (1 of 2 hit)")
    page.click("#undo")
    expect(page.locator("#canvas [data-object]")).to_have_count(0)
    expect(page.locator("#next")).to_have_text("what is next to R1")


def test_odd_references_are_played_on_the_picture_as_it_is_stored(page: Page) -> None:
    choose(page, 4)
    page.wait_for_function("() => document.querySelector('#canvas img').naturalHeight")
    width, height = (page.locator("#canvas img").evaluate(f"i => i.natural{s}") for s in SIDES)
    assert (width, height) == (400, 300)
    expect(page.locator("#next")).to_have_text(f"the red one by the {PLACE}")
    follow(page)
    expect(page.locator("#chat .user-row")).to_contain_text(f"the red one by the {PLACE}")
    expect(page.locator("#chat")).to_contain_text("names no round, so it stays as it is")
    expect(page.locator(TRUTH)).to_have_attribute("x", "40")
    expect(page.locator("#next")).to_have_text("what is next to R2")
    page.click("#play")
    expect(page.locator("#chat .finding.sum")).to_contain_text("All 3 rounds: AP 1.00 (3 of 3 hit)")
    expect(page.locator("#chat")).to_contain_text(
        "R2 is the true box of round 2: this question names"
    )


def test_the_track_can_be_left_and_taken_up_again(page: Page) -> None:
    choose(page, 0)
    follow(page)
    ask(page, "find both")
    expect(page.locator("#next")).to_be_hidden()
    expect(page.locator(TRUTH)).to_have_count(0)
    page.click("#undo")
    expect(page.locator("#next")).to_be_visible()
    expect(page.locator(TRUTH)).to_have_count(1)
    page.locator('#canvas [data-object="R1.1"]').focus()
    page.keyboard.press("c")
    page.keyboard.press("ArrowRight")
    expect(page.locator("#chat")).to_contain_text("You changed the answer")
    expect(page.locator("#next")).to_be_hidden()
    page.click("#undo")
    expect(page.locator("#chat")).not_to_contain_text("You changed the answer")
    expect(page.locator("#next")).to_have_text("what is next to R1")


def test_dialogue_and_truth_come_back_after_a_reload(page: Page) -> None:
    choose(page, 0)
    follow(page)
    page.reload()
    expect(page.locator("#chat")).to_contain_text("IoU 1.00, a hit")
    expect(page.locator(TRUTH)).to_have_attribute("x", "40")
    expect(page.locator("#next")).to_have_text("what is next to R1")
    page.click("#show-benchmark")
    expect(listed(page).nth(0)).to_contain_text("open")


def test_nano_does_as_the_evaluation_says(
    browser: Browser, nano_to_close: LocalReasoner, tmp_path: Path
) -> None:
    index = open_index(write_dialogues(tmp_path, 3, 11))
    row = min(range(3), key=lambda i: len(index.entry(i).questions))
    played = play(index.dialogue(row), nano_to_close, GrabCutSegmenter(), ReferencePolicy())
    totals = score([played]).overall
    with serving(nano_to_close, index=index) as served, visit(browser, served.url) as page:
        page.click("#show-benchmark")
        page.locator(f'#benchmark [data-play][data-row="{row}"]').click()
        total = page.locator("#chat .finding.sum")
        expect(total).to_be_visible(timeout=60_000)
        expect(total).to_contain_text(f"AP {totals.summary.ap:.2f}")
        expect(total).to_contain_text(f"mean box IoU {totals.box_iou:.2f}")
        expect(total).to_contain_text(f"gIoU {totals.summary.giou:.2f}")


@pytest.mark.parametrize(
    ("content", "more", "sentence"),
    [
        pytest.param(None, [], "holds no dialogues: No such file or directory.", id="no file"),
        pytest.param("{}", [], "holds no dialogues: it does not hold a list.", id="no list"),
        pytest.param("[]", [], "holds no dialogues: its list is empty.", id="an empty list"),
        pytest.param("[{}", [], "holds no dialogues: its list breaks off.", id="half a file"),
        pytest.param("[{}]", ["--images", "nowhere"], "There is no folder nowhere", id="images"),
    ],
)
def test_a_bad_file_is_one_sentence(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    content: str | None,
    more: list[str],
    sentence: str,
) -> None:
    path = tmp_path / "data.json"
    if content is not None:
        path.write_text(content)
    options = ["--port", str(free_port()), "--benchmark", str(path), *more]
    assert app.main(options) == 2
    said = capsys.readouterr().err
    assert sentence in said
    assert said.count("\n") == 1
