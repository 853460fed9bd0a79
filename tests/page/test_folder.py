"""A folder of pictures in a real browser: by keys and buttons, past broken files, and on another day."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from tests.page.test_accessibility import grave
from tests.page.test_files import drop_for_real
from tests.page.test_keeping import Server, person
from tests.page.test_keeping import server as server  # a fixture
from tests.support.table import BUSY, IDLE, ask, start

LONG = "a name that is too long for any line of the page and ends with 0001.png"


@pytest.fixture
def page(browser: Browser, server: Server) -> Iterator[Page]:
    with person(browser, server) as made:
        yield made


@pytest.fixture(scope="module")
def walk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with five pictures, of which one is broken, and other files."""
    folder = tmp_path_factory.mktemp("folder") / "walk"
    (folder / "in").mkdir(parents=True)
    for number, name in enumerate(("1.png", "2.png", "10.png", f"in/{LONG}")):
        Image.new("RGB", (400, 300), (40 * number, 90, 0)).save(folder / name)
    (folder / "3.png").write_text("no picture")
    (folder / "notes.txt").write_text("no picture")
    (folder / ".DS_Store").write_text("x")
    return folder


def is_at(page: Page, place: str, name: str, done: str) -> None:
    """The line above the picture says this, and that picture is shown."""
    expect(page.locator('.folder-bar[aria-busy="false"]')).to_be_visible()
    expect(page.locator(".folder-place")).to_have_text(place)
    expect(page.locator(".folder-bar .folder-name")).to_have_text(name)
    expect(page.locator(".folder-done")).to_have_text(done)
    expect(page.locator(f'#canvas img[alt="{name}"]')).to_be_visible()


def test_a_folder_is_gone_through_by_keys(page: Page, walk: Path) -> None:
    told = page.locator("#canvas .told")
    drop_for_real(page, walk)
    is_at(page, "1 of 5", "1.png", "opened")
    expect(page.locator("#workspace .spoken")).to_have_text("1 of 5, 1.png, opened.")
    ask(page, "find red")
    is_at(page, "1 of 5", "1.png", "1 question")
    page.keyboard.type("a d j")  # still in the message
    is_at(page, "1 of 5", "1.png", "1 question")
    page.fill("#message textarea", "")
    page.locator("#message textarea").blur()
    page.keyboard.press("a")
    expect(told).to_have_text("This is the first picture of the folder.")
    page.keyboard.press("d")
    is_at(page, "2 of 5", "2.png", "opened")
    page.keyboard.press("s")
    is_at(page, "2 of 5", "2.png", "1 question")
    page.keyboard.press("d")
    is_at(page, "4 of 5", "10.png", "opened")
    expect(told).to_have_text(re.compile(r"^3\.png: This file has a picture’s name but is damaged"))
    page.keyboard.press("a")  # past it, too
    is_at(page, "2 of 5", "2.png", "1 question")
    expect(page.locator("#chat .user-row")).to_have_text("find red")
    page.keyboard.press("j")
    is_at(page, "4 of 5", "10.png", "opened")
    page.click("#undo")
    is_at(page, "2 of 5", "2.png", "1 question")
    page.click("#new")
    expect(page.locator(".folder-done")).to_have_text("not on the page now")


def test_nothing_is_lost_by_going_on_and_another_day_all_of_it_is_known(
    page: Page, walk: Path
) -> None:
    page.set_input_files(".folder-input", walk)
    is_at(page, "1 of 5", "1.png", "opened")
    start(page, "slow")
    page.click(".folder-bar [data-folder=next]")
    expect(page.locator("#canvas .told")).to_have_text(re.compile("Press Stop first"))
    expect(page.locator(BUSY)).to_be_visible()
    page.click("#stop")
    expect(page.locator(IDLE)).to_be_visible()
    page.fill("#message textarea", "half a sent")
    page.click(".folder-bar [data-folder=next]")
    is_at(page, "2 of 5", "2.png", "opened")
    expect(page.locator("#message textarea")).to_have_value("half a sent")
    page.reload()
    expect(page.locator("#examples button").first).to_be_attached()
    page.set_input_files(".folder-input", walk)
    is_at(page, "1 of 5", "1.png", "1 question")
    expect(page.locator("#chat .user-row")).to_have_text("slow")
    page.click(".folder-here")
    marks = page.locator(".folder-mark")
    expect(marks).to_have_text(["1 question", "not seen", "not seen", "not seen", "not seen"])
    expect(page.locator(".folder-summary")).to_have_text(
        "5 pictures · something done to 1 · 1 other file left out"
    )
    expect(page.locator(".folder-small canvas[width='144']")).to_have_count(4)
    assert grave(page) == []
    page.click(f'.folder-list [title="{LONG}"]')
    is_at(page, "5 of 5", LONG, "opened")


def test_many_pictures_are_sent_one_by_one(page: Page, tmp_path: Path) -> None:
    paths = [tmp_path / f"{number}.png" for number in range(12)]
    for number, path in enumerate(paths):
        Image.new("RGB", (64, 48), (number, 0, 0)).save(path)
    sent: list[str] = []
    page.on(
        "request", lambda request: sent.append(request.url) if "upload" in request.url else None
    )
    page.set_input_files("#upload input[type=file]", paths)
    is_at(page, "1 of 12", "0.png", "opened")
    assert len(sent) == 1
    for _ in range(3):
        page.keyboard.press("d")
    is_at(page, "4 of 12", "3.png", "opened")
    page.route("**/upload**", lambda route: route.abort())
    page.keyboard.press("d")
    expect(page.locator("#canvas .told")).to_have_text("The picture could not be sent. Try again.")
    is_at(page, "4 of 12", "3.png", "opened")
    page.unroute("**/upload**")
    page.keyboard.press("d")
    is_at(page, "5 of 12", "4.png", "opened")
    page.click(".folder-bar [data-folder=close]")
    expect(page.locator(".folder-bar")).to_be_hidden()
    page.keyboard.press("d")
    expect(page.locator('#canvas img[alt="4.png"]')).to_be_visible()
