"""The first view: small, and nothing moves when the page, asked for at once, takes its place."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing, contextmanager
from urllib.parse import urlsplit

import httpx
import pytest
from playwright.sync_api import Browser, Page, Request, Response, Route, expect

from tests.support.served import serving

# The first view is closed to scripts; a test looks in by the way that the page's own script takes.
_LOOK_IN = """
  const own = HTMLElement.prototype.attachInternals;
  HTMLElement.prototype.attachInternals = function () {
    const internals = own.call(this);
    window.firstView = internals.shadowRoot;
    return internals;
  };
  localStorage.setItem("regionreasoner-coach", "done");
"""
_SHOWN = (
    ".brand", "#status summary", "#undo", "#redo", "#more", "#show-kept", "#new", ".empty h1", ".drop",
    ".drop b", ".steps", ".steps .mark", ".examples-head", ".example:first-child img",
    ".example:nth-child(2) b", ".example:nth-child(2) .example-play", ".example:last-child", "#right",
    ".hint", "#compose", "#send", "#message textarea",
)  # fmt: skip
_PLACES = """(root, names) => names.map((name) => {
  const box = root.querySelector(name).getBoundingClientRect();
  return [name, ...[box.x, box.y, box.width, box.height].map(Math.round)];
})"""
_FINISHED = "() => !document.querySelector('first-view')"
TEXTS = ("text/html", "text/css", "text/javascript", "application/json", "application/javascript")


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with serving() as served:
        yield served.url


@contextmanager
def held(
    browser: Browser, url: str, width: int, height: int, touch: bool = False
) -> Iterator[tuple[Page, Route]]:
    """A page that Gradio has not begun to build, and the request that it waits for."""
    routes: list[Route] = []
    size = {"width": width, "height": height}
    with closing(browser.new_context(viewport=size, has_touch=touch, is_mobile=touch)) as context:  # type: ignore[arg-type]
        page = context.new_page()
        page.add_init_script(_LOOK_IN)
        page.route("**/assets/index-*.js", lambda route: routes.append(route))
        page.goto(url, wait_until="commit")
        page.wait_for_function("() => window.firstView")
        page.wait_for_function(
            "() => [...firstView.querySelectorAll('img')].every((image) => image.naturalWidth)"
        )
        yield page, routes[0]


@pytest.mark.parametrize(
    ("width", "height", "touch"),
    [
        pytest.param(320, 480, True, id="small phone"),
        pytest.param(390, 664, True, id="phone"),
        pytest.param(844, 390, True, id="phone on its side"),
        pytest.param(1440, 900, False, id="screen"),
        pytest.param(3840, 2160, False, id="large screen"),
    ],
)
def test_nothing_moves_when_the_page_takes_its_place(
    browser: Browser, address: str, width: int, height: int, touch: bool
) -> None:
    with held(browser, address, width, height, touch) as (page, script):
        before = page.evaluate(f"(names) => ({_PLACES})(firstView, names)", list(_SHOWN))
        assert sum(box[3] > 0 for box in before) > len(_SHOWN) - 5
        script.continue_()
        page.wait_for_function(_FINISHED)
        after = page.evaluate(f"(names) => ({_PLACES})(document, names)", list(_SHOWN))
        moved = [
            (then, now)
            for then, now in zip(before, after, strict=True)
            if any(abs(a - b) > 1 for a, b in zip(then[1:], now[1:], strict=True))
        ]
    assert moved == []


def test_what_is_begun_in_the_first_view_is_done_by_the_page(
    browser: Browser, address: str
) -> None:
    with held(browser, address, 1440, 900) as (page, script):
        boxes = page.evaluate(f"(names) => ({_PLACES})(firstView, names)", list(_SHOWN))
        places = {name: (x + width / 2, y + height / 2) for name, x, y, width, height in boxes}
        page.mouse.click(*places[".example:nth-child(2) b"])
        page.mouse.click(*places["#message textarea"])
        page.keyboard.type("find the house")
        script.continue_()
        expect(page.locator("#canvas img")).to_have_attribute("alt", re.compile("evening"))
        expect(page.locator("#message textarea")).to_have_value("find the house")
        expect(page.locator("#message textarea")).to_be_focused()


def test_the_keyboard_keeps_its_place(browser: Browser, address: str) -> None:
    with held(browser, address, 1440, 900) as (page, script):
        page.keyboard.press("Tab")
        script.continue_()
        expect(page.get_by_role("link", name="Go to the question")).to_be_focused()
    with held(browser, address, 1440, 900) as (page, script):
        page.evaluate("() => firstView.querySelector('.example-open').focus()")
        page.keyboard.press("Tab")
        script.continue_()
        expect(page.locator(".example-play").first).to_be_focused()


def test_a_page_that_does_not_come_is_said(browser: Browser, address: str) -> None:
    with closing(browser.new_context()) as context:
        page = context.new_page()
        page.add_init_script(_LOOK_IN)
        page.route("**/assets/index-*.js", lambda route: route.abort())
        page.goto(address)
        words = "The page could not be loaded. Reload it."
        page.wait_for_function(
            "(words) => firstView.querySelector('.hint').textContent === words", arg=words
        )


def test_the_first_view_is_as_dark_as_the_page(browser: Browser, address: str) -> None:
    with closing(browser.new_context(color_scheme="dark")) as context:
        page = context.new_page()
        page.add_init_script(_LOOK_IN)
        colours = []
        page.route("**/assets/index-*.js", lambda route: None)
        page.goto(address, wait_until="commit")
        page.wait_for_function("() => window.firstView")
        colours.append(
            page.evaluate(
                "() => getComputedStyle(firstView.querySelector('#page')).backgroundColor"
            )
        )
        page.unroute_all(behavior="ignoreErrors")
        page.goto(address)
        page.wait_for_function(_FINISHED)
        colours.append(
            page.evaluate("() => getComputedStyle(document.querySelector('#page')).backgroundColor")
        )
    assert colours[0] == colours[1] != "rgb(246, 246, 243)"


def test_all_is_asked_for_at_once_and_packed(browser: Browser, address: str) -> None:
    """Of what the page needs before it can be used, everything stands in the page itself."""
    asked: list[Request] = []
    answers: list[Response] = []
    with closing(browser.new_context()) as context:
        page = context.new_page()
        page.on("request", lambda request: asked.append(request))
        page.on("response", lambda answer: answers.append(answer))
        wire = context.new_cdp_session(page)
        wire.send("Network.enable")
        sizes: list[float] = []
        wire.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
        page.goto(address)
        page.wait_for_function(_FINISHED)
        html = httpx.get(address).text
        files = [urlsplit(request.url).path for request in asked]
        late = [path for path in files if re.search(r"\.(js|css|webp)$", path) and path not in html]
        texts = [answer for answer in answers if is_text(answer)]
        plain = [answer.url for answer in texts if "content-encoding" not in answer.headers]
    assert late == []
    assert len(texts) >= 25
    assert plain == []
    assert 100_000 < sum(sizes) < 500_000
    assert not any("iframeResizer" in path for path in files)


def is_text(answer: Response) -> bool:
    """Whether an answer is a text that is worth packing."""
    is_written = answer.headers.get("content-type", "").startswith(TEXTS)
    return is_written and urlsplit(answer.url).path != "/health" and len(answer.body()) > 1000


def test_a_frame_still_gets_the_script_that_sizes_it(browser: Browser, address: str) -> None:
    asked: list[str] = []
    with closing(browser.new_context()) as context:
        page = context.new_page()
        page.on("request", lambda request: asked.append(request.url))
        frame = '<iframe src="./"></iframe>'
        page.route("**/frame", lambda route: route.fulfill(content_type="text/html", body=frame))
        page.goto(f"{address}/frame")
        expect(page.frame_locator("iframe").locator("#send")).to_be_visible()
    assert any("iframeResizer" in url for url in asked)
