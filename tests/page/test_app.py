"""The whole thing as a person has it: `python app.py`, the real nano, real GrabCut, a real browser."""

from __future__ import annotations

import re
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from gradio_client import Client, handle_file
from playwright.sync_api import Browser, Page, expect

from demo.dialects.prompt import Prompt
from demo.dialogue.examples import load_examples
from demo.dialogue.session_json import session_from_json
from demo.picture.picture import Picture
from demo.reasoners.base import Usage
from demo.reasoners.local import LocalReasoner
from tests import ROOT
from tests.conftest import free_port, visit
from tests.support.served import serving

IDLE = '#canvas[aria-busy="false"]'


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """A running app in a process of its own, on a free port."""
    port = free_port()
    command = [sys.executable, "app.py", "--port", str(port), "--model", "nano"]
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as app:
        assert app.stdout is not None
        said = ""
        while "nano · built in · CPU · masks: " not in said:
            line = app.stdout.readline()
            assert line, f"the app ended, having said: {said}"
            said += line
        assert f"Running on http://127.0.0.1:{port}\n" in said
        yield f"http://127.0.0.1:{port}"
        app.terminate()


@pytest.fixture
def page(browser: Browser, url: str) -> Iterator[Page]:
    """The first example, opened by a click."""
    with visit(browser, url) as page:
        page.locator("#examples button").first.click()
        expect(page.locator("#canvas img")).to_be_visible()
        yield page


def ask(page: Page, question: str) -> None:
    page.locator("#message textarea").press_sequentially(question)
    page.keyboard.press("Enter")
    expect(page.locator("#message textarea")).to_have_value("")
    expect(page.locator(IDLE)).to_be_attached(timeout=30_000)


def test_the_page_answers_when_it_says_so(url: str) -> None:
    with urllib.request.urlopen(url) as answer:
        assert answer.status == 200


def test_a_dialogue_about_a_picture(page: Page) -> None:
    ask(page, "find the boat")
    first = page.locator('#canvas [data-object="R1.1"]')
    expect(first).to_be_visible()
    expect(first.locator("path").first).to_be_attached()  # the mask
    expect(page.locator("#chat")).to_contain_text("Found one: R1")
    expect(page.locator('#regions [data-region="R1"]').first).to_be_visible()

    first.click()
    expect(page.locator("#message textarea")).to_have_value(re.compile(r"^R1\s*$"))
    page.fill("#message textarea", "")
    page.locator("#message textarea").press_sequentially("what is below ")
    first.click()
    page.locator("#message textarea").press("Enter")
    expect(page.locator("#message textarea")).to_have_value("")
    expect(page.locator('#canvas [data-object="R2.1"]')).to_be_visible(timeout=30_000)
    chat = page.locator("#chat")
    expect(chat).to_contain_text(
        re.compile(r"Asked as: what is below R1 → bbox=\[\d+, \d+, \d+, \d+\]")
    )
    expect(chat).to_contain_text("Found one: R2")

    page.click("#undo")
    expect(page.locator('#canvas [data-object="R2.1"]')).to_have_count(0)
    expect(first).to_be_visible()
    expect(chat).not_to_contain_text("what is below")


def test_stop_ends_the_computation_and_keeps_the_text(
    browser: Browser, nano_to_close: LocalReasoner, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream = LocalReasoner.stream

    def held(
        reasoner: LocalReasoner, picture: Picture, prompt: Prompt, cancel: threading.Event
    ) -> Iterator[str | Usage]:
        """A turn takes nano less than a second: it waits after its first words until it is stopped."""
        pieces = stream(reasoner, picture, prompt, cancel)
        yield next(pieces)
        while not cancel.is_set():
            time.sleep(0.01)
        yield from pieces

    with serving(nano_to_close) as served, visit(browser, served.url) as page:
        page.locator("#examples button").first.click()
        expect(page.locator("#canvas img")).to_be_visible()
        monkeypatch.setattr(LocalReasoner, "stream", held)
        page.fill("#message textarea", "find all things")
        page.keyboard.press("Enter")
        page.click("#stop")
        expect(page.locator("#chat")).to_contain_text("Stopped")
        expect(page.locator(IDLE)).to_be_attached()
        monkeypatch.undo()
        ask(page, "find the boat")
        expect(page.locator("#canvas [data-region]").first).to_be_visible()


def test_an_example_plays_its_dialogue_click_by_click(page: Page) -> None:
    questions = load_examples()[0].questions
    for number, question in enumerate(questions, start=1):
        expect(page.locator("#next")).to_contain_text(question)
        page.click("#next")
        expect(page.locator("#chat .user")).to_have_count(number, timeout=30_000)
        expect(page.locator(IDLE)).to_be_attached(timeout=30_000)
    expect(page.locator("#next")).to_be_hidden()


def test_a_picture_outside_nanos_world_is_said_to_be_before_any_question(page: Page) -> None:
    notice, advice = page.locator("#notice"), page.locator("#top .advice")
    expect(advice).to_be_visible()
    expect(notice.locator("p")).to_have_count(0)
    photograph = next(e.picture for e in load_examples() if "photograph" in e.note)
    page.set_input_files("#upload input[type=file]", photograph)
    expect(notice).to_contain_text("nano knows drawn scenes only.")
    expect(notice.locator(".way").first).to_be_visible()
    expect(advice).to_be_hidden()

    ask(page, "find the cup")  # nobody is kept from asking
    expect(page.locator("#chat .user")).to_have_count(1)
    expect(notice.locator(".notice-text")).to_be_visible()
    expect(notice.locator(".way").first).to_be_hidden()
    page.click("#undo")
    notice.get_by_role("button", name="Open a drawn example").click()
    expect(notice.locator("p")).to_have_count(0)
    expect(page.locator("#next")).to_contain_text(load_examples()[0].questions[0])
    expect(advice).to_be_visible()


def test_a_photograph_among_the_examples_has_the_notice_until_it_goes(page: Page) -> None:
    page.click("#show-examples")
    page.locator("#examples button", has_text="Astronaut").click()
    expect(page.locator("#notice .notice-text")).to_be_visible()
    page.click("#new")
    expect(page.locator("#notice p")).to_have_count(0)


def test_programs_can_hold_the_same_dialogue(url: str) -> None:
    picture = load_examples()[0].picture
    client = Client(url, verbose=False)
    first = client.predict(handle_file(picture), "find the boat", None, api_name="/ground")
    second = client.predict(handle_file(picture), "what is below R1", first, api_name="/ground")
    session = session_from_json(second)
    assert [t.region for t in session.turns] == ["R1", "R2"]
    assert session.turns[1].references == ("R1",)
    overlay = client.predict(handle_file(picture), second, api_name="/overlay")
    assert Path(overlay).read_bytes().startswith(b"\x89PNG")
