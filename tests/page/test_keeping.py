"""Dialogues that outlive the page: a real server in a process of its own, real browsers, real kills."""

from __future__ import annotations

import re
import sqlite3
import subprocess
import sys
import urllib.request
import zipfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from demo.dialogue.archive import read_zip
from demo.dialogue.store import DATABASE
from tests import ROOT
from tests.conftest import free_port, lent_tab
from tests.page.test_accessibility import grave
from tests.support.table import ask, start
from tests.support.waiting import until

TAB = "regionreasoner.dialogue"
ROWS = ".kept-list li[data-id]"


class Server:
    """The app in a process of its own; it can be killed and started again at the same address."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.start()

    def start(self) -> None:
        arguments = (self.folder / "sessions", self.port)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.saving_server", *map(str, arguments)],
            cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            text=True, bufsize=1,
        )  # fmt: skip
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == f"Running on {self.url}\n"

    def tell(self, word: str) -> None:
        """Have the folder be readonly, or writable again."""
        process = self._process
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(f"{word}\n")
        assert process.stdout.readline() == f"{word}\n"

    def kill(self) -> None:
        """As `kill -9` does."""
        self._process.kill()
        self._process.communicate()

    def dialogues(self) -> int:
        """How many are kept, of all people."""
        with closing(sqlite3.connect(self.folder / "sessions" / DATABASE)) as database:
            return int(database.execute("SELECT count(*) FROM dialogues").fetchone()[0])


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    made = Server(tmp_path_factory.mktemp("keeping"))
    yield made
    made.kill()


@contextmanager
def person(browser: Browser, server: Server) -> Iterator[Page]:
    """Somebody new. No script may fail, but for what a reload cuts short."""
    failed: list[str] = []
    listeners = {"pageerror": lambda error: failed.append(str(error))}
    with lent_tab(browser, server.url, listeners) as page:
        yield page
    assert [said for said in failed if "abort" not in said] == []


@pytest.fixture
def open_page(browser: Browser, server: Server) -> Iterator[Page]:
    """The page as somebody new sees it."""
    with person(browser, server) as page:
        yield page


@pytest.fixture
def page(open_page: Page, blocks: Path) -> Page:
    """A new person, who has opened the picture of two blocks."""
    open_picture(open_page, blocks)
    return open_page


def open_picture(page: Page, path: Path) -> None:
    page.set_input_files("#upload input[type=file]", path)
    expect(page.locator("#canvas img")).to_be_visible()


def come_back(context: BrowserContext, server: Server) -> Page:
    """The same person, in another tab."""
    page = context.new_page()
    page.goto(server.url)
    expect(page.locator("#examples button").first).to_be_attached()
    return page


def open_panel(page: Page, rows: int) -> None:
    page.click("#show-kept")
    expect(page.locator(ROWS)).to_have_count(rows)
    expect(page.locator(".kept-list[aria-busy]")).to_have_count(0)


def titles(page: Page) -> list[str]:
    return page.locator(".kept-open b").all_inner_texts()


# The same dialogue again -----------------------------------------------------------------------------


def test_a_reload_and_a_second_tab_show_the_dialogue_with_all_its_branches(
    page: Page, server: Server
) -> None:
    ask(page, "find red")
    ask(page, "what is next to R1")
    page.click("#chat a[data-act=branch] >> nth=0")
    ask(page, "find both")
    page.locator("#canvas [data-object='R1.1']").focus()
    page.keyboard.press("Delete")
    expect(page.locator("#canvas [data-region='R1']")).to_have_count(0)
    page.reload()
    second = come_back(page.context, server)
    for tab in (page, second):
        expect(tab.locator("#canvas [data-object]")).to_have_count(2)
        expect(tab.locator("#chat .user-row")).to_have_count(2)
        expect(tab.locator(".dialogues [role=tab]")).to_have_count(2)
    page.click(".dialogues [role=tab] >> nth=0")
    expect(page.locator("#chat")).to_contain_text("what is next to R1")


def test_a_reload_loses_no_question_and_no_part(page: Page) -> None:
    message, part = page.locator("#message textarea"), page.locator("#hint .chip.part")
    ask(page, "find red")
    page.locator("#regions .card-main").focus()
    page.keyboard.press("k")
    expect(part).to_have_text("Looking closer at R1")
    page.reload()
    expect(part).to_have_text("Looking closer at R1")
    start(page, "slow")
    page.fill("#message textarea", "and then")
    page.reload()
    expect(part).to_have_text("Looking closer at R1")
    expect(message).to_have_value("slow\nand then")
    expect(page.locator(".spoken")).to_have_text(re.compile("Your question was not answered"))
    page.fill("#message textarea", "find both")
    page.keyboard.press("Enter")
    expect(page.locator("#chat")).to_contain_text("Found 2: R2")
    page.reload()
    expect(page.locator("#chat .user-row")).to_have_count(2)
    expect(message).to_have_value("")
    expect(part).to_have_count(0)


def test_a_picture_comes_back_before_anything_was_asked(
    open_page: Page, server: Server, blocks: Path
) -> None:
    page, before = open_page, server.dialogues()
    open_picture(page, blocks)
    until(lambda: server.dialogues() > before)  # it is kept once it is shown
    page.reload()
    expect(page.locator("#canvas img")).to_be_visible()
    page.click("#new")  # a picture alone is no dialogue
    expect(page.locator("#canvas[data-empty]")).to_be_attached()
    open_panel(page, 0)


def test_new_stays_new_in_its_tab_and_loses_nothing(page: Page, server: Server) -> None:
    ask(page, "find red")
    page.click("#new")
    expect(page.locator("#chat .user-row")).to_have_count(0)
    page.reload()
    expect(page.locator("#examples button").first).to_be_visible()
    open_panel(page, 1)
    expect(page.locator("#canvas[data-empty]")).to_be_attached()
    page.click(".kept-open")
    expect(page.locator("#chat")).to_contain_text("Found one: R1")
    second = come_back(page.context, server)
    expect(second.locator("#chat")).to_contain_text("Found one: R1")


def test_an_example_goes_on_where_it_was(open_page: Page) -> None:
    open_page.click("#examples .example-open >> nth=0")
    expect(open_page.locator("#next")).to_be_visible()
    offered = open_page.locator("#next").inner_text()
    ask(open_page, "find red")
    open_page.click("#undo")
    expect(open_page.locator("#next")).to_have_text(offered)
    open_page.reload()
    expect(open_page.locator("#next")).to_have_text(offered)


def test_a_kill_in_the_middle_of_a_turn_loses_that_turn_at_most(page: Page, server: Server) -> None:
    ask(page, "find red")
    start(page, "slow")
    server.kill()
    server.start()
    again = come_back(page.context, server)
    expect(again.locator("#chat")).to_contain_text("Found one: R1")
    expect(again.locator("#chat .user-row")).to_have_count(1)
    ask(again, "find both")
    expect(again.locator("#chat")).to_contain_text("Found 2: R2")
    again.close()


def test_two_windows_overwrite_nothing_of_each_other(page: Page, server: Server) -> None:
    ask(page, "find red")
    second = come_back(page.context, server)
    expect(second.locator("#chat")).to_contain_text("Found one: R1")
    ask(page, "find both")
    ask(second, "a ghost")
    expect(second.locator("#hint")).to_contain_text("This dialogue was continued in another window")
    open_panel(second, 2)
    second.close()


# Two people -----------------------------------------------------------------------------------------


def test_nothing_of_another_person_can_be_reached(
    page: Page, browser: Browser, server: Server, blocks: Path
) -> None:
    ask(page, "find red")
    theirs = page.evaluate(f"sessionStorage['{TAB}']")
    with person(browser, server) as other:
        open_panel(other, 0)
        other.evaluate(f"id => sessionStorage.setItem('{TAB}', id)", theirs)
        other.reload()
        expect(other.locator("#examples button").first).to_be_visible()
        expect(other.locator("#canvas[data-empty]")).to_be_attached()
        open_picture(other, blocks)
        ask(other, "find both")
        for act in ("pin", "export", "open"):
            open_panel(other, 1)
            other.locator(ROWS).evaluate("(row, id) => { row.kept = { ...row.kept, id }; }", theirs)
            other.click(f"[data-do={act}]")
            expect(other.locator(".kept-said, #hint").first).to_be_attached()
            expect(other.locator(".kept-said")).to_contain_text(
                "This dialogue does not exist any more."
            )
            other.keyboard.press("Escape")
        expect(other.locator("#chat")).not_to_contain_text("Found one: R1")
    assert page.evaluate("document.cookie") == ""


def test_a_browser_keeps_its_secret_and_no_script_or_site_gets_it(server: Server) -> None:
    with urllib.request.urlopen(server.url) as answer:
        cookie = answer.headers["set-cookie"]
        assert answer.headers["cache-control"].startswith("private")
    secret, *rest = cookie.split("; ")
    assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= set(rest)
    for sent, kept in ((secret, True), (f"{secret.partition('=')[0]}=guess", False)):
        request = urllib.request.Request(server.url, headers={"cookie": f"a b=c; {sent}"})
        with urllib.request.urlopen(request) as answer:
            assert answer.headers["set-cookie"].startswith(f"{sent};") == kept
    request = urllib.request.Request(server.url, headers={"x-forwarded-proto": "https"})
    with urllib.request.urlopen(request) as answer:
        assert "Secure" in answer.headers["set-cookie"].split("; ")


# The panel ------------------------------------------------------------------------------------------


def test_dialogues_are_found_named_pinned_and_deleted(page: Page) -> None:
    ask(page, "find red")
    page.click("#new")
    expect(page.locator("#canvas[data-empty]")).to_be_attached()
    page.click("#examples .example-open >> nth=0")
    expect(page.locator("#canvas img")).to_be_visible()
    ask(page, "find both")
    open_panel(page, 2)
    assert titles(page) == ["find both", "find red"]
    expect(page.locator(ROWS).first).to_contain_text("1 question · today")
    page.get_by_role("button", name="Pin: keep it whatever its age: find red").press("Enter")
    expect(page.locator(ROWS).first).to_contain_text("find red")
    expect(page.get_by_role("button", name="Unpin: find red")).to_be_focused()
    assert grave(page) == []
    page.get_by_role("button", name="Rename: find both").click()
    page.keyboard.type("<b>Two</b> blocks")
    page.keyboard.press("Enter")
    expect(page.locator(ROWS).last).to_contain_text("<b>Two</b> blocks")
    page.fill(".kept-search", "TWO both")
    expect(page.locator(ROWS)).to_have_count(1)
    page.fill(".kept-search", "nobody")
    expect(page.locator(".kept-none")).to_be_visible()
    page.fill(".kept-search", "")
    expect(page.locator(ROWS)).to_have_count(2)
    expect(page.locator(".kept-bound")).to_contain_text(
        "the oldest dialogue without a pin is deleted first"
    )

    delete = page.get_by_role("button", name="Delete: <b>Two</b> blocks")
    delete.click()
    page.keyboard.press("Escape")
    expect(delete).to_be_focused()
    delete.click()
    expect(page.get_by_role("group", name="with its 1 question for good?")).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.locator(ROWS)).to_have_count(1)
    page.keyboard.press("Escape")
    expect(page.locator("#canvas[data-empty]")).to_be_attached()
    page.click("#undo")  # what is deleted does not come back; what was put away does
    expect(page.locator("#chat")).to_contain_text("Found one: R1")


def test_a_dialogue_travels_as_a_file(
    page: Page, browser: Browser, server: Server, tmp_path: Path
) -> None:
    ask(page, "find red")
    ask(page, "what is next to R1")
    open_panel(page, 1)
    with page.expect_download() as download:
        page.click(".kept-save")
    path = tmp_path / download.value.suggested_filename
    download.value.save_as(path)
    assert path.name == "find-red.zip"
    session, _ = read_zip(path)
    assert [turn.region for turn in session.turns] == ["R1", "R2"]
    with person(browser, server) as other:
        other.set_input_files("#upload input[type=file]", path)
        expect(other.locator("#chat .user-row")).to_have_count(2)
        expect(other.locator("#canvas [data-object]")).to_have_count(2)
        other.reload()
        expect(other.locator("#chat .user-row")).to_have_count(2)
        broken = tmp_path / "broken.zip"
        with zipfile.ZipFile(broken, "w") as archive:
            archive.writestr("../../session.json", "{}")
        open_panel(other, 1)
        with other.expect_file_chooser() as chooser:
            other.click(".kept-bring")
        chooser.value.set_files(broken)
        expect(other.locator("#hint")).to_contain_text("This file is not a dialogue of this demo")
        expect(other.locator("#chat .user-row")).to_have_count(2)


def test_a_turn_that_cannot_be_kept_is_shown_all_the_same(page: Page, server: Server) -> None:
    ask(page, "find red")
    server.tell("readonly")
    ask(page, "find both")
    expect(page.locator("#hint")).to_contain_text(
        "Dialogues cannot be saved: attempt to write a readonly"
    )
    expect(page.locator("#chat")).to_contain_text("Found 2: R2")
    server.tell("writable")
    ask(page, "a ghost")
    expect(page.locator("#hint")).not_to_contain_text("cannot be kept")
    page.reload()
    expect(page.locator("#chat .user-row")).to_have_count(3)
