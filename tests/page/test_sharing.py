"""Sharing in a browser: by a link that anybody can open until it is withdrawn, and as a file."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image, ImageOps
from playwright.sync_api import Browser, Download, Page, expect

from tests.page.test_accessibility import grave
from tests.page.test_keeping import Server, open_picture, person
from tests.support.table import ask


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    made = Server(tmp_path_factory.mktemp("sharing"))
    yield made
    made.kill()


def saved(page: Page, button: str, folder: Path) -> tuple[Path, str]:
    """The file that a button saves, and the name that it suggests."""
    with page.expect_download() as download:
        page.click(button)
    came: Download = download.value
    path = folder / came.suggested_filename
    came.save_as(path)
    return path, came.suggested_filename


def opacity(page: Page, region: str) -> str:
    return str(page.evaluate(f"getComputedStyle(document.getElementById('{region}')).opacity"))


def test_a_dialogue_is_shared_read_elsewhere_and_withdrawn(
    browser: Browser, server: Server, blocks: Path, tmp_path: Path
) -> None:
    with person(browser, server) as page, person(browser, server) as other:
        open_picture(page, blocks)
        ask(page, "find red")
        ask(page, "what is next to R1")
        page.click("#show-kept")
        page.click("[data-share]")
        expect(page.locator(".share-who")).to_contain_text("Anyone with the link can read it.")
        assert grave(page) == []
        page.click(".share-link")
        expect(page.locator(".share-made")).to_be_visible()
        link = page.input_value(".share-made input")
        assert link.startswith(f"{server.url}/shared/")
        file, name = saved(page, ".share-file", tmp_path)
        assert name == f"{blocks.stem}.html"

        told: list[str] = []
        other.on("console", lambda message: told.append(message.text))
        for address in (link, file.as_uri()):
            other.goto(address)
            expect(other.locator("h2").nth(1)).to_contain_text("what is next to R1")
            assert other.evaluate("document.querySelector('svg image').getBBox().width") > 0
            other.hover("h2 a[href='#R1']")
            assert (opacity(other, "R1"), opacity(other, "R2")) == ("1", "0.15")
            other.click(".chip[href='#R2']")
            other.mouse.move(0, 0)
            assert (opacity(other, "R1"), opacity(other, "R2")) == ("0.15", "1")
            other.emulate_media(media="print")
            assert (opacity(other, "R1"), opacity(other, "R2")) == ("1", "1")
            other.emulate_media(media="screen")
            whole, _ = saved(other, ".save", tmp_path)
        assert grave(other) == []
        assert told == []  # also that no policy was broken

        page.click("[data-withdraw]")
        expect(page.locator(".share-list .gone")).to_be_visible()
        other.goto(link)
        expect(other.locator("h1")).to_have_text("Nothing is shared here")

        other.goto(server.url)  # the file of the page opens in any copy of the app
        other.set_input_files("#upload input[type=file]", whole)
        expect(other.locator("#canvas [data-object]")).to_have_count(2)
        expect(other.locator("#chat .user-row")).to_have_count(2)


def test_links_say_which_picture_they_are_about(
    browser: Browser, server: Server, blocks: Path, tmp_path: Path
) -> None:
    mirrored = tmp_path / "كتل — Blöcke.png"
    ImageOps.mirror(Image.open(blocks)).save(mirrored)
    with person(browser, server) as page:
        for picture in (blocks, mirrored):
            open_picture(page, picture)
            expect(page.locator("#chat .user-row")).to_have_count(0)
            ask(page, "find red")
            page.click("#show-kept")
            page.click("[data-share]")
            page.click(".share-link")
            expect(page.locator(".share-made")).to_be_visible()
            page.keyboard.press("Escape")
            page.keyboard.press("Escape")
        page.click("#show-kept")
        page.click("[data-share]")
        rows = page.locator(".share-list li")
        expect(rows.locator(".share-picture")).to_have_text([mirrored.name, blocks.name])
        expect(rows.first.get_by_role("button")).to_have_accessible_name(re.compile(mirrored.name))
        assert all(
            rows.locator("img").evaluate_all("all => all.map((img) => img.naturalWidth > 0)")
        )
        assert grave(page) == []
