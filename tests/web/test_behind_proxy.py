"""The page behind somebody else's path and host, as JupyterHub, code-server and SageMaker show it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, expect

from demo.web.rules import Rules, front_of, rules_for
from tests.conftest import visit
from tests.support.reverse import PREFIX, proxy_to
from tests.support.served import accounts, serving

TOLD = {"X-Forwarded-Host": "{host}", "X-Forwarded-Proto": "http", "X-Forwarded-Prefix": PREFIX}
BELIEVED = rules_for("127.0.0.1", {}, behind_proxy=True)


@pytest.mark.parametrize(
    ("rules", "told", "strips"),
    [
        pytest.param(BELIEVED, TOLD, True, id="a path that is taken away"),
        pytest.param(
            rules_for("127.0.0.1", {"GRADIO_ROOT_PATH": PREFIX}, behind_proxy=True),
            {"Host": "{host}"},
            False,
            id="a path that stays, and a proxy that tells nothing",
        ),
    ],
)
def test_a_turn_behind_a_proxy(
    browser: Browser, blocks: Path, rules: Rules, told: Mapping[str, str], strips: bool
) -> None:
    with (
        serving(rules=rules) as served,
        proxy_to(served.url, told, strips=strips) as url,
        visit(browser, url) as page,
    ):
        page.set_input_files("#upload input[type=file]", blocks)
        expect(page.locator("#canvas img")).to_be_visible()
        page.fill("#message textarea", "find red")
        page.keyboard.press("Enter")
        expect(page.locator('#canvas [data-object="R1.1"]')).to_be_visible()
        (cookie,) = page.context.cookies()
        assert (cookie["path"], cookie["httpOnly"]) == (f"{PREFIX}/", True)


def test_a_login_behind_a_proxy_holds_for_its_path_alone() -> None:
    with (
        serving(accounts=accounts(), rules=BELIEVED) as served,
        proxy_to(served.url, {**TOLD, "X-Forwarded-Proto": "https"}) as url,
    ):
        origin = f"https://{httpx.URL(url).netloc.decode()}"
        asked = httpx.get(url, headers={"accept": "text/html"})
        assert httpx.URL(url).join(asked.headers["location"]).path == f"{PREFIX}/login"
        name = {"username": "ann", "password": "correct horse"}
        answer = httpx.post(f"{url}login", data=name, headers={"origin": origin})
        assert answer.json() == {"success": True}
        assert f"Path={PREFIX}/" in answer.headers["set-cookie"]
        assert "Secure" in answer.headers["set-cookie"]


def test_a_proxy_is_believed_only_when_that_was_said() -> None:
    with serving() as served:
        told = {"x-forwarded-host": "hub.example", "x-forwarded-prefix": PREFIX}
        origin = {"origin": "http://hub.example"}
        assert httpx.get(served.url, headers={**told, **origin}).status_code == 403
        assert httpx.get(served.url, headers={"host": "hub.example"}).status_code == 421


@pytest.mark.parametrize(
    ("headers", "authority", "prefix"),
    [
        pytest.param({"host": "hub.example"}, "hub.example", "", id="the host passed on"),
        pytest.param(
            {"host": "localhost:7860", "x-forwarded-host": "Hub.example, inner:80"},
            "hub.example",
            "",
            id="two proxies: the outer one",
        ),
        pytest.param(
            {"host": "a", "x-forwarded-context": PREFIX}, "a", PREFIX, id="JupyterHub's own header"
        ),
        pytest.param(
            {"host": "a", "x-forwarded-host": "b;c\n", "x-forwarded-prefix": "/x; Domain=d"},
            "a",
            "",
            id="what is no host and no path",
        ),
        pytest.param(
            {"host": "a", "x-forwarded-prefix": "/x/../.."}, "a", "", id="a path that climbs"
        ),
        pytest.param({"host": "["}, "localhost", "", id="nonsense for a host"),
        pytest.param({"host": "a", "x-forwarded-prefix": "/"}, "a", "", id="no path at all"),
    ],
)
def test_where_a_proxy_says_the_page_is(
    headers: Mapping[str, str], authority: str, prefix: str
) -> None:
    front = front_of(headers, "http", BELIEVED)
    assert (front.authority, front.prefix) == (authority, prefix)


def test_an_address_that_is_given_needs_no_proxy_to_tell_it() -> None:
    root = {"GRADIO_ROOT_PATH": "https://lab.example/x/"}
    rules = rules_for("127.0.0.1", root)
    front = front_of({"host": "127.0.0.1:7860"}, "http", rules)
    assert (front.scheme, front.authority, front.prefix) == ("https", "lab.example", "/x")
    assert rules.names is not None
    assert "lab.example" in rules.names


@pytest.mark.parametrize(
    "rules",
    [
        pytest.param(
            rules_for("127.0.0.1", {"REGIONREASONER_HOSTS": "hub.example"}, behind_proxy=True),
            id="a name that is given",
        ),
        pytest.param(
            rules_for("127.0.0.1", {"GRADIO_ROOT_PATH": "https://hub.example/x"}), id="an address"
        ),
    ],
)
def test_a_site_whose_name_was_pointed_here_gets_nothing(rules: Rules) -> None:
    with serving(rules=rules) as served:
        here = served.url.removeprefix("http://")
        told = {"x-forwarded-host": "hub.example"}
        evil = {"host": "evil.example", "origin": "http://evil.example"}
        assert httpx.get(served.url, headers={**told, "host": here}).status_code == 200
        assert httpx.get(served.url, headers={**told, **evil}).status_code == 421
        assert httpx.get(served.url, headers={"host": "hub.example"}).status_code == 200
