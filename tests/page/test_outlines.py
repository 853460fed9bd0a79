"""Outlines in a real browser: uncertain ones, those of earlier answers, and cut-outs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from demo.dialogue.engine import begin
from demo.dialogue.examples import Example
from demo.dialogue.session import Session, Turn
from demo.models.models import Models
from demo.picture.geometry import PictureBox
from demo.picture.masks import Mask
from demo.picture.picture import Picture, open_picture
from demo.picture.regions import RegionObject
from demo.segmenters.grabcut import GrabCutSegmenter
from demo.ui.page import build_page, launch_options
from demo.ui.tab.workspace import Workspace
from tests.conftest import free_port
from tests.page.test_cards import _put_on_every_workspace, card, choose
from tests.support.table import TableReasoner, drawn

WIDTH, HEIGHT = 1200, 900
EARLIER = 7
DISC = PictureBox(300, 200, 900, 800)  # of every answer
BARE = PictureBox(950, 100, 1150, 300)  # nothing stands there


@dataclass(frozen=True)
class Shown:
    """A page that only these tests look at, and the picture on it."""

    page: Page
    pixels: np.ndarray


def photo() -> np.ndarray:
    """A red disc on grey."""
    pixels = np.full((HEIGHT, WIDTH, 3), 128, np.uint8)
    pixels[disc()] = (200, 60, 50)
    return pixels


def disc(radius: float = 300) -> np.ndarray:
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    return np.asarray(np.hypot(x - 600, y - 500) < radius)


def dialogue(picture: Picture) -> Session:
    """Answers that found the disc seven times, and then a box that is filled as a whole."""
    session = begin(picture, TableReasoner())
    bare = np.zeros((HEIGHT, WIDTH), bool)
    bare[BARE.y1 : BARE.y2, BARE.x1 : BARE.x2] = True
    masks = [*(disc(300 - 12 * i) for i in range(EARLIER)), bare]
    for pixels, box in zip(masks, [*[DISC] * EARLIER, BARE], strict=True):
        item = RegionObject("", box, mask=Mask.from_array(pixels))
        registry, region = session.registry.add([item], label="thing")
        session = session.with_turn(Turn("find it", "find it", region=region.id), registry)
    return session


@pytest.fixture(scope="module")
def shown(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shown]:
    file = tmp_path_factory.mktemp("outlines") / "disc.png"
    Image.fromarray(photo()).save(file)
    models = Models(TableReasoner(), GrabCutSegmenter(), "table · CPU", "It reads.", "Why not.")
    page = build_page(models, [Example("Disc", file, ("find it",))])
    picture = open_picture(file)
    _put_on_every_workspace(page, Workspace(picture, file, dialogue(picture)))
    _, address, _ = page.launch(
        server_port=free_port(),
        prevent_thread_lock=True,
        quiet=True,
        allowed_paths=[str(file.parent)],
        **launch_options(),
    )
    context = browser.new_context(viewport={"width": 1440, "height": 900}, accept_downloads=True)
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    tab = context.new_page()
    tab.goto(address)
    expect(tab.locator("#regions .card")).to_have_count(EARLIER + 1)
    yield Shown(tab, picture.pixels)
    context.close()
    page.close(verbose=False)


def test_an_uncertain_outline_is_dashed_and_can_be_refined(shown: Shown) -> None:
    page, name = shown.page, f"R{EARLIER + 1}"
    assert page.locator("#canvas .object.unclear").count() == 1
    for part in ("mask", "box"):
        line = page.locator(f'#canvas [data-object="{name}.1"] .{part}')
        assert line.evaluate("line => getComputedStyle(line).strokeDasharray") != "none"
    expect(card(page, name).locator(".card-doubt")).to_have_attribute(
        "title", f"The outline of {name} is uncertain: it fills its whole box."
    )
    card(page, name).get_by_role("button", name="Refine the outline").click()
    expect(page.locator("#canvas")).to_have_attribute("data-tool", "correct")
    expect(page.get_by_role("button", name="− not part of it")).to_be_visible()
    expect(page.locator("#canvas .grip").first).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("v")


def test_earlier_answers_are_lines_until_they_are_meant(shown: Shown) -> None:
    page = shown.page
    quiet = page.locator('#canvas [data-object="R1.1"]')
    expect(page.locator("#canvas [data-object]")).to_have_count(EARLIER + 1)
    assert page.locator("#canvas .fills path:visible").count() == 1
    line = quiet.locator(".box")
    thin = line.evaluate("box => parseFloat(getComputedStyle(box).strokeWidth)")
    quiet.dispatch_event("pointerover")
    expect(page.locator("#canvas .over .mask")).to_have_count(1)
    assert line.evaluate("box => parseFloat(getComputedStyle(box).strokeWidth)") > 2 * thin
    page.mouse.move(0, 0)
    page.locator("#message textarea").dispatch_event("pointerover")
    expect(page.locator("#canvas .over .mask")).to_have_count(0)


def test_cards_of_earlier_answers_fold_behind_a_line(shown: Shown) -> None:
    page = shown.page
    line = page.get_by_role("button", name=f"{EARLIER} earlier regions")
    expect(card(page, "R1")).to_be_hidden()
    expect(card(page, f"R{EARLIER + 1}")).to_be_visible()
    assert page.locator("#regions .card:visible [tabindex='0']").count() > 0
    line.click()
    expect(card(page, "R1")).to_be_visible()
    expect(line).to_have_attribute("aria-expanded", "true")
    line.click()
    expect(card(page, "R1")).to_be_hidden()


def test_a_cut_out_is_saved_on_white_and_copied(shown: Shown, tmp_path: Path) -> None:
    page = shown.page
    page.get_by_role("button", name=f"{EARLIER} earlier regions").click()
    with page.expect_download() as download:
        choose(page, "R1", "Download cut-out")
    download.value.save_as(tmp_path / "cut.png")
    cut = np.array(Image.open(tmp_path / "cut.png"))
    solid, half = cut[..., 3] > 127, (cut[..., 3] > 12) & (cut[..., 3] < 243)
    assert int(solid.sum()) == pytest.approx(int(disc().sum()), rel=0.01)
    assert half.any()
    bar = page.get_by_role("group", name="The cut-out of R1")
    bar.get_by_role("button", name="White").click()
    with page.expect_download() as again:
        bar.get_by_role("button", name="Save").click()
    assert again.value.suggested_filename == "disc-R1-white.png"
    again.value.save_as(tmp_path / "white.png")
    corner = np.array(Image.open(tmp_path / "white.png").convert("RGBA"))[0, 0]
    assert corner.tolist() == [255, 255, 255, 255]
    bar.get_by_role("button", name="Copy").click()
    expect(
        page.get_by_role("status").filter(has_text="The cut-out of R1 was copied.")
    ).to_be_visible()
    assert page.evaluate("navigator.clipboard.read().then(([item]) => item.types)") == ["image/png"]
    page.evaluate("Object.defineProperty(navigator, 'clipboard', { value: undefined })")
    with page.expect_download():
        bar.get_by_role("button", name="Copy").click()
    expect(page.get_by_role("status").filter(has_text="did not allow copying")).to_be_visible()
    bar.get_by_role("button", name="Close").click()
    expect(bar).to_have_count(0)
    drawn(page)
