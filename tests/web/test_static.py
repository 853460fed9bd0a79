"""The page's own script and style sheet: found from the page, kept by browsers, and nothing beside them."""

from __future__ import annotations

import re
from collections.abc import Iterator

import httpx
import pytest

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
    assert int(http.get("").headers["content-length"]) == len(http.get("").content)


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
