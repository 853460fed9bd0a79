"""Pages that were shared, as the server answers for them: to everybody with the link, and strictly."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import numpy as np
import pytest

from demo.dialogue.owner import new_token, visitor_owner
from demo.dialogue.session import ReasonerInfo, Session
from demo.dialogue.store import Store
from demo.figures.page import dialogue_page
from demo.picture.geometry import Size
from demo.picture.picture import open_picture
from demo.web.rules import rules_for
from tests.support.served import accounts, serving

OWNER = visitor_owner(new_token())


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return Store(tmp_path_factory.mktemp("kept"))  # the server closes it


@pytest.fixture(scope="module")
def page(store: Store) -> bytes:
    picture = open_picture(np.full((60, 90, 3), 200, np.uint8), "grey.png")
    session = Session.begin(picture.info, ReasonerInfo("m", Size(8, 8)))
    store.save(OWNER, session, picture)
    return dialogue_page(picture, session).encode()


@pytest.fixture(scope="module")
def http(store: Store, page: bytes) -> Iterator[httpx.Client]:
    """A server that asks for a login, behind a proxy that takes a prefix away."""
    rules = replace(rules_for("127.0.0.1", {}), behind_proxy=True)
    with (
        serving(accounts=accounts(), store=store, rules=rules) as served,
        httpx.Client(base_url=served.url) as client,
    ):
        yield client


@pytest.fixture
def token(store: Store, page: bytes) -> str:
    return store.links.make(OWNER, store.entries(OWNER)[0].id, page)


def policy_of(answer: httpx.Response) -> dict[str, str]:
    parts = answer.headers["content-security-policy"].split("; ")
    return {name: value for name, _, value in (part.partition(" ") for part in parts)}


def test_whoever_has_the_link_reads_the_page_without_a_login(
    http: httpx.Client, token: str, page: bytes
) -> None:
    answer = http.get(f"/shared/{token}", headers={"cookie": "regionreasoner=nobody"})
    assert (answer.status_code, answer.content) == (200, page)
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert http.get(f"/shared/{token}/").content == page
    head = http.head(f"/shared/{token}")
    assert (head.status_code, head.content) == (200, b"")
    assert (
        "content-length" not in head.headers
    )  # some that show what is behind links take 0 for nothing
    assert http.get("/config").status_code == 401  # everything else wants one


def test_a_page_may_do_nothing_is_not_found_by_search_and_sets_no_cookie(
    http: httpx.Client, token: str
) -> None:
    for answer in (http.get(f"/shared/{token}"), http.get("/shared/nothing")):
        policy = policy_of(answer)
        assert policy["default-src"] == "'none'"
        assert policy["sandbox"] == "allow-downloads"
        assert policy["frame-ancestors"] == "'none'"
        assert not {"script-src", "connect-src"} & policy.keys()
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["x-robots-tag"].startswith("noindex")
        assert answer.headers["cache-control"] == "no-store"
        assert "set-cookie" not in answer.headers


def test_a_link_that_was_withdrawn_is_like_one_that_never_was(
    http: httpx.Client, store: Store, token: str
) -> None:
    for link in store.links.of(OWNER):
        store.links.withdraw(OWNER, link.id)
    guesses = (token, "A" * 32, "A" * 10_000, "%00", "..%2f..%2fetc%2fpasswd", "é", "a/b")
    answers = [http.get(f"/shared/{guess}") for guess in guesses]
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.text for answer in answers}) == 1
    assert "leads nowhere" in answers[0].text


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
def test_a_page_can_only_be_read(http: httpx.Client, token: str, method: str) -> None:
    refused = http.request(method, f"/shared/{token}")
    assert (refused.status_code, refused.headers["allow"]) == (405, "GET, HEAD")


def test_another_site_can_lead_to_a_page_but_not_read_it(http: httpx.Client, token: str) -> None:
    elsewhere = {"sec-fetch-site": "cross-site"}
    followed = http.get(f"/shared/{token}", headers=elsewhere | {"sec-fetch-mode": "navigate"})
    fetched = http.get(f"/shared/{token}", headers=elsewhere | {"sec-fetch-mode": "cors"})
    assert (followed.status_code, fetched.status_code) == (200, 403)
    assert http.get(f"/shared/{token}", headers={"origin": "https://evil.example"}).is_error


def test_a_proxy_may_take_away_a_prefix(http: httpx.Client, token: str) -> None:
    told = {"x-forwarded-prefix": "/regions"}
    for path in (f"/shared/{token}", f"/regions/shared/{token}"):
        assert http.get(path, headers=told).status_code == 200


@pytest.mark.parametrize("kept", [True, False], ids=["switched off", "nothing kept"])
def test_where_there_are_no_links_none_leads_anywhere(tmp_path: Path, kept: bool) -> None:
    store = Store(tmp_path) if kept else None
    token = "A" * 32
    if store:
        picture = open_picture(np.full((20, 20, 3), 9, np.uint8), "a.png")
        session = Session.begin(picture.info, ReasonerInfo("m", Size(8, 8)))
        token = store.links.make(OWNER, store.save(OWNER, session, picture).id, b"x")
    with serving(store=store, may_link=False) as served:
        assert httpx.get(f"{served.url}/shared/{token}").status_code == 404
