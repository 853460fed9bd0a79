"""The secrets of visitors: only those that this server gave out, and where a browser may send them."""

from __future__ import annotations

import stat
from collections.abc import Callable
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any

import pytest

from demo.access.visitors import COOKIE, VISITOR, Visitors, read_key
from demo.dialogue.owner import Owner, new_token, visitor_owner
from demo.errors import StoreError

KEY = b"k" * 32


def request(cookie: str = "", *headers: tuple[str, str], scheme: str = "http") -> dict[str, Any]:
    sent = [("cookie", cookie), *headers] if cookie else [*headers]
    raw = [(name.encode(), value.encode()) for name, value in sent]
    return {"type": "http", "scheme": scheme, "headers": raw}


def given(visitors: Visitors, scheme: str = "http") -> tuple[str, str]:
    """Name and value of the cookie that a browser without one gets."""
    [morsel] = SimpleCookie(visitors.cookie(request(scheme=scheme))).values()
    return morsel.key, morsel.value


def known(visitors: Visitors, cookie: str, scheme: str = "http") -> object:
    return visitors.recognise(request(cookie, scheme=scheme))[VISITOR]


def another(token: str) -> str:
    """The same secret with another first letter."""
    return ("A" if token[0] == "B" else "B") + token[1:]


def test_a_secret_that_was_given_out_is_known_again_and_renewed() -> None:
    visitors = Visitors(KEY)
    name, token = given(visitors)
    asked = Visitors(KEY).recognise(request(f"a=1; {name}={token}; b=2"))
    assert asked[VISITOR] == token
    assert dict(asked["headers"])[b"cookie"] == f"a=1; b=2; {COOKIE}={token}".encode()
    assert f"{name}={token}; " in visitors.cookie(asked)


@pytest.mark.parametrize(
    "plant",
    [
        pytest.param(lambda name, token: f"{name}={'A' * 54}", id="letters"),
        pytest.param(lambda name, token: f"{name}={token[:-1]}", id="a letter less"),
        pytest.param(lambda name, token: f"{name}={another(token)}", id="another one"),
        pytest.param(lambda name, token: f"{name}={new_token()}", id="one without a seal"),
        pytest.param(lambda name, token: f"{COOKIE}={token}", id="under the older name"),
        pytest.param(lambda name, token: f"{COOKIE}={new_token()}", id="an older one of nobody"),
        pytest.param(lambda name, token: f"{name}=é", id="no letters at all"),
        pytest.param(lambda name, token: f"{name}=", id="nothing"),
    ],
)
def test_what_was_not_given_out_is_nobody_s(plant: Callable[[str, str], str]) -> None:
    visitors = Visitors(KEY)
    asked = visitors.recognise(request(plant(*given(visitors))))
    assert asked[VISITOR] is None
    assert COOKIE.encode() not in dict(asked["headers"])[b"cookie"]


def test_another_server_on_the_host_leaves_it_alone() -> None:
    here, there = Visitors(KEY), Visitors(b"o" * 32)
    name, token = given(here)
    assert given(there)[0] != name
    assert known(there, f"{name}={token}") is None


def test_over_tls_only_this_host_can_have_set_it() -> None:
    visitors = Visitors(KEY)
    name, token = given(visitors, "https")
    assert name.startswith(f"__Host-{COOKIE}")
    assert known(visitors, f"{name}={token}", "https") == token
    assert known(visitors, f"{name.removeprefix('__Host-')}={token}", "https") is None
    assert "; Secure" in visitors.cookie(request(scheme="https"))


def test_dialogues_of_earlier_versions_stay_their_visitor_s() -> None:
    token = new_token()
    kept: list[Owner] = [visitor_owner(token)]
    visitors = Visitors(KEY, kept.__contains__)
    asked = visitors.recognise(request(f"{COOKIE}={token}"))
    assert asked[VISITOR] == token
    assert visitors.cookie(asked).startswith(f"{COOKIE}={token}; ")
    assert known(visitors, f"{COOKIE}={new_token()}") is None


def test_what_is_in_memory_only_gives_cookies_that_end_with_the_browser() -> None:
    assert "Max-Age" not in Visitors().cookie(request())
    assert "Max-Age" in Visitors(KEY).cookie(request())


def test_the_key_is_made_once_and_for_its_owner_alone(tmp_path: Path) -> None:
    file = tmp_path / "key"
    key = read_key(file)
    assert read_key(file) == key
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [file]
    file.write_bytes(b"short")
    with pytest.raises(StoreError, match="delete it"):
        read_key(file)
