"""The page's own script and style sheet: found from the page, kept by browsers, and nothing beside them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing
from io import BytesIO

import httpx
import pytest
from PIL import Image
from playwright.sync_api import Browser, expect

from demo.ui.shared.static import growing
from tests.support.served import accounts, serving

FILES = {"page.js": "text/javascript", "page.css": "text/css"}
_LINKS = re.compile(r'(?:href|src)="\./(ui/[0-9a-f]{16}/(page\.\w+))"')


@pytest.fixture(scope="module")
def http() -> Iterator[httpx.Client]:
    with serving() as served, httpx.Client(base_url=f"{served.url}/") as client:
        yield client


def links(http: httpx.Client) -> dict[str, str]:
    """The addresses in the page, by name."""
    return {name: address for address, name in _LINKS.findall(http.get("").text)}


def test_browsers_may_keep_them_for_good(http: httpx.Client) -> None:
    assert links(http).keys() == FILES.keys()
    for name, address in links(http).items():
        answer = http.get(address)
        assert answer.status_code == 200
        assert answer.headers["content-type"] == f"{FILES[name]}; charset=utf-8"
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert http.head(address).status_code == 200
        assert http.head(address).content == b""


def test_the_page_itself_is_asked_for_each_time(http: httpx.Client) -> None:
    assert "no-cache" in http.get("").headers["cache-control"]
    plain = http.get("", headers={"accept-encoding": "identity"})
    assert int(plain.headers["content-length"]) == len(plain.content)
    packed = http.get("", headers={"accept-encoding": "gzip"})
    assert packed.headers["content-encoding"] == "gzip"
    assert 3 * int(packed.headers["content-length"]) < len(plain.content)
    assert packed.text.count("<meta ") == plain.text.count("<meta ")


def test_a_link_to_the_page_shows_what_it_is(http: httpx.Client) -> None:
    page = http.get("").text
    tags = dict(re.findall(r'<meta (?:property|name)="([\w:]+)" content="([^"]*)"', page))
    assert tags["og:title"].startswith("RegionReasoner")
    assert "cite it" in tags["og:description"] == tags["description"]
    assert tags["og:url"] == str(http.base_url)
    assert (
        "gradio"
        not in "".join(v for k, v in tags.items() if k.startswith(("og:", "twitter:"))).lower()
    )
    picture = http.get(tags["og:image"])
    assert picture.headers["content-type"] == "image/jpeg"
    with Image.open(BytesIO(picture.content)) as opened:
        assert opened.size == (int(tags["og:image:width"]), int(tags["og:image:height"]))


@pytest.mark.parametrize("name", FILES)
def test_they_can_only_be_read(http: httpx.Client, name: str) -> None:
    assert http.post(links(http)[name], json={}).status_code == 405


@pytest.mark.parametrize(
    "path",
    [
        pytest.param("ui/0123456789abcdef/page.js", id="another version"),
        pytest.param("ui/{version}/shared/static.py", id="a file of the program"),
        pytest.param("ui/{version}/shared/nodes.js", id="a module"),
        pytest.param("ui/{version}/../page.js", id="a path that climbs"),
        pytest.param("ui/{version}/%2e%2e/%2e%2e/page.py", id="a hidden path that climbs"),
        pytest.param("ui/", id="the folder"),
    ],
)
def test_nothing_else_is_there(http: httpx.Client, path: str) -> None:
    version = links(http)["page.js"].split("/")[1]
    assert http.get(path.format(version=version)).status_code == 404


def test_who_is_not_logged_in_gets_none() -> None:
    with serving(accounts=accounts()) as served, httpx.Client(base_url=f"{served.url}/") as http:
        assert http.get("ui/0123456789abcdef/page.js").status_code == 401
        http.post("login", data={"username": "ann", "password": "correct horse"})
        for address in links(http).values():
            assert http.get(address).status_code == 200


def test_the_first_view_is_small(browser: Browser) -> None:
    """At most 40 requests beside those for the examples' pictures, and 200 KB of page and configuration."""
    asked: list[str] = []
    with serving() as served, closing(browser.new_context()) as context:
        page = context.new_page()
        page.on("request", lambda sent: asked.append(sent.url))
        answer = page.goto(served.url)
        expect(page.locator("#examples button").first).to_be_visible()
        expect(page.locator(".coach")).to_be_visible()
        expect(page.locator("#send")).to_be_visible()
        assert answer is not None
        assert len(answer.body()) < 200_000
    assert len([url for url in asked if not url.endswith("/example.webp")]) <= 40


def test_a_script_that_does_not_come_is_said(browser: Browser, url: str) -> None:
    said: list[str] = []
    with closing(browser.new_context()) as context:
        page = context.new_page()
        page.on("console", lambda message: said.append(message.text))
        page.route("**/page.js", lambda route: route.abort())
        page.goto(url)
        words = "This part of the page could not be loaded. Reload the page."
        expect(page.locator("#workspace", has_text=words)).to_be_visible()
        expect(page.locator("first-view")).to_have_count(0)
        expect(page.get_by_role("navigation")).to_have_count(0)
    assert any("page.js" in text for text in said)


@pytest.mark.parametrize(
    ("written", "served"),
    [
        ("padding: 8px 12.5px", "padding: 0.5rem 0.78125rem"),
        ("margin: -3px; border: 1px solid", "margin: -0.1875rem; border: 1px solid"),
        ("outline: 1.5px dashed; inset: 2px", "outline: 1.5px dashed; inset: 2px"),
        ("@container page (max-width: 900px)", "@container page (max-width: 56.25rem)"),
        ("font: 600 12px/19px inherit", "font: 600 0.75rem/1.1875rem inherit"),
        (
            "width: calc(100% - 16px); color: #12a0px8f",
            "width: calc(100% - 1rem); color: #12a0px8f",
        ),
        ("left: .5px; top: 30.5px", "left: .5px; top: 1.90625rem"),
    ],
)
def test_lengths_follow_the_letters_but_thin_lines_do_not(written: str, served: str) -> None:
    assert growing(written) == served


def test_a_phone_is_told_to_use_its_whole_screen_and_to_make_room_for_its_keyboard(
    http: httpx.Client,
) -> None:
    viewport = re.findall(r'<meta\s+name="viewport"\s+content="([^"]+)"', http.get("").text)
    assert len(viewport) == 1
    assert {"viewport-fit=cover", "interactive-widget=resizes-content"} <= {
        *viewport[0].split(", ")
    }
    assert "scale" not in viewport[0].replace("initial-scale=1", "")  # everybody may enlarge it
