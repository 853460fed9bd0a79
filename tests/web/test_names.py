"""By which names the server is asked, and which proxies it believes."""

from __future__ import annotations

import itertools
from collections.abc import Mapping

import httpx
import pytest

from app import parser
from demo.access.peers import Proxies
from demo.web.rules import is_asked_here, rules_for, warnings_of
from tests.support.served import PASSWORDS, accounts, serving

HOSTS = {"REGIONREASONER_HOSTS": "demo.example, b.example"}
ROOT = {"GRADIO_ROOT_PATH": "https://demo.example/x"}
SPACE = {"SPACE_ID": "a/b", "SPACE_HOST": "a-b.hf.space"}


@pytest.mark.parametrize("asked", ["evil.example", "demo.example.evil", "10.1.2.3", "[::5]:80"])
@pytest.mark.parametrize(
    ("host", "environment", "shared", "behind"),
    [
        pytest.param("127.0.0.1", HOSTS, False, False, id="on the loopback"),
        pytest.param("127.0.0.2", HOSTS, False, False, id="on the loopback by another address"),
        pytest.param("0.0.0.0", HOSTS, False, False, id="open to the network"),
        pytest.param("::", HOSTS, False, False, id="open to the network of IPv6"),
        pytest.param("192.168.0.5", ROOT, False, False, id="on a LAN, with an address"),
        pytest.param("127.0.0.1", HOSTS, False, True, id="behind a proxy"),
        pytest.param("0.0.0.0", ROOT, False, True, id="behind a proxy, with an address"),
        pytest.param("127.0.0.1", HOSTS, True, False, id="with a public link"),
        pytest.param("0.0.0.0", HOSTS | SPACE, False, False, id="on a Space"),
    ],
)
def test_names_that_are_given_are_all_it_answers_to(
    host: str, environment: Mapping[str, str], shared: bool, behind: bool, asked: str
) -> None:
    rules = rules_for(host, environment, shared=shared, behind_proxy=behind)
    assert is_asked_here("demo.example:7860", rules.names)
    assert is_asked_here("localhost:7860", rules.names)
    assert not is_asked_here(asked, rules.names, "10.1.2.4")


def test_a_given_name_is_enforced_by_a_public_server() -> None:
    with serving(rules=rules_for("0.0.0.0", HOSTS), host="0.0.0.0") as server:
        url = server.url.replace("0.0.0.0", "127.0.0.1")
        evil = {"host": "evil.example", "origin": "http://evil.example"}
        for path in ("/", "/metrics", "/health", "/gradio_api/info"):
            assert httpx.get(f"{url}{path}", headers=evil).status_code == 421
            assert httpx.get(f"{url}{path}", headers={"host": "b.example"}).status_code == 200
            assert httpx.get(f"{url}{path}").status_code == 200  # by the address it came to


@pytest.mark.parametrize(
    ("host", "environment", "behind", "named", "told"),
    [
        pytest.param("127.0.0.1", {}, False, "", "", id="the loopback"),
        pytest.param("0.0.0.0", {}, False, "", "answers to any host name", id="open"),
        pytest.param("0.0.0.0", HOSTS, False, "", "", id="open, with names"),
        pytest.param("0.0.0.0", SPACE, False, "", "", id="a Space"),
        pytest.param("127.0.0.1", HOSTS, True, "", "proxy is not named", id="some proxy"),
        pytest.param("127.0.0.1", HOSTS, True, "127.0.0.1", "", id="a named proxy"),
        pytest.param("127.0.0.1", {}, True, "127.0.0.1", "any host name", id="without names"),
    ],
)
def test_what_is_said_at_the_start(
    host: str, environment: Mapping[str, str], behind: bool, named: str, told: str
) -> None:
    proxies = Proxies.read(named)
    rules = rules_for(host, environment, behind_proxy=behind, proxies=proxies)
    said = warnings_of(rules, host)
    assert len(said) == bool(told)
    assert told in " ".join(said)


# Proxies


@pytest.mark.parametrize(
    ("arguments", "variable", "networks"),
    [
        pytest.param([], "", None, id="none"),
        pytest.param(["--behind-proxy"], "", 0, id="some"),
        pytest.param(["--behind-proxy", "127.0.0.1, 10.0.0.0/8"], "", 2, id="named"),
        pytest.param([], "1", 0, id="some, by the variable"),
        pytest.param([], "10.0.0.0/8", 1, id="named by the variable"),
        pytest.param([], "0", None, id="none, by the variable"),
        pytest.param(["--behind-proxy", "::1"], "1", 1, id="the option wins"),
    ],
)
def test_a_proxy_is_named_by_option_or_variable(
    arguments: list[str], variable: str, networks: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REGIONREASONER_BEHIND_PROXY", variable)
    found = parser().parse_args(arguments).behind_proxy
    assert (None if found is None else len(found.networks)) == networks


def test_a_name_for_a_proxy_is_refused_with_a_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        parser().parse_args(["--behind-proxy", "nginx"])
    assert ended.value.code == 2
    assert "nginx is not the address of a proxy" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("named", "addresses", "locked"),
    [
        pytest.param("", ("203.0.113.{}",), True, id="nobody named one"),
        pytest.param("10.0.0.1", ("203.0.113.{}",), True, id="another one is named"),
        pytest.param("127.0.0.1", ("203.0.113.{}",), False, id="it is named"),
        pytest.param("127.0.0.1", ("203.0.113.{}, 203.0.113.9",), True, id="what stands before"),
        pytest.param("127.0.0.1", ("2001:db8::{}",), True, id="one network of IPv6"),
        pytest.param("127.0.0.1", ("2001:db8:0:{}::1",), False, id="networks of IPv6"),
    ],
)
def test_guesses_are_counted_by_the_address_that_is_known(
    named: str, addresses: tuple[str, ...], locked: bool
) -> None:
    rules = rules_for("127.0.0.1", {}, behind_proxy=True, proxies=Proxies.read(named))
    with serving(accounts=accounts(), rules=rules) as server, httpx.Client() as http:
        for number, written in zip(range(31), itertools.cycle(addresses), strict=False):
            answer = http.post(
                f"{server.url}/login",
                data={"username": f"user{number}", "password": "wrong"},
                headers={"x-forwarded-for": written.format(number + 1)},
            )
            assert answer.status_code in (401, 429)
        right = {"username": "ann", "password": PASSWORDS["ann"]}
        forwarded = {"x-forwarded-for": addresses[0].format(99)}
        answer = http.post(f"{server.url}/login", data=right, headers=forwarded)
        assert answer.status_code == (429 if locked else 200)


def test_only_the_named_proxy_is_believed_about_host_and_path() -> None:
    told = {"x-forwarded-host": "hub.example", "x-forwarded-prefix": "/x"}
    for named, believed in (("10.0.0.1", False), ("127.0.0.1", True)):
        rules = rules_for("127.0.0.1", {}, behind_proxy=True, proxies=Proxies.read(named))
        with serving(rules=rules) as server:
            page = httpx.get(server.url, headers=told)
            assert ("http://hub.example/x" in page.text) is believed
