"""From which address a request comes, and what counts as one visitor's."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from demo.access.peers import Proxies, place_of


@pytest.mark.parametrize(
    ("named", "peer", "forwarded", "client"),
    [
        pytest.param("", "127.0.0.1", ["6.6.6.6"], "127.0.0.1", id="no proxy is named"),
        pytest.param("10.0.0.1", "127.0.0.1", ["6.6.6.6"], "127.0.0.1", id="another one is named"),
        pytest.param("127.0.0.1", "127.0.0.1", ["6.6.6.6"], "6.6.6.6", id="the named one"),
        pytest.param("127.0.0.1", "127.0.0.1", [], "127.0.0.1", id="it says nothing"),
        pytest.param("10.0.0.0/8", "10.2.3.4", ["1.1.1.1, 2.2.2.2"], "2.2.2.2", id="the last one"),
        pytest.param(
            "10.0.0.0/8", "10.2.3.4", ["1.1.1.1, 2.2.2.2, 10.0.0.9"], "2.2.2.2", id="two proxies"
        ),
        pytest.param("::1", "::1", ["1.1.1.1", "2.2.2.2"], "2.2.2.2", id="two headers"),
        pytest.param("10.0.0.1", "::ffff:10.0.0.1", ["2.2.2.2"], "2.2.2.2", id="IPv4 in IPv6"),
        pytest.param("::1", "::1", ["[2001:db8::5]:443"], "2001:db8::5", id="IPv6 with a port"),
        pytest.param("::1", "::1", ["2.2.2.2:443"], "2.2.2.2", id="IPv4 with a port"),
        pytest.param("::1", "::1", ['"2.2.2.2"'], "2.2.2.2", id="in quotes"),
    ],
)
def test_whose_address_it_is(named: str, peer: str, forwarded: Sequence[str], client: str) -> None:
    assert Proxies.read(named).client(peer, forwarded) == client


@pytest.mark.parametrize(
    ("address", "place"),
    [
        pytest.param("10.0.0.1", "10.0.0.1", id="IPv4"),
        pytest.param("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64", id="IPv6"),
        pytest.param("2001:db8:1:2::9%eth0", "2001:db8:1:2::/64", id="on an interface"),
        pytest.param("::ffff:10.0.0.1", "10.0.0.1", id="IPv4 in IPv6"),
        pytest.param("x" * 100, "x" * 64, id="nonsense"),
    ],
)
def test_where_one_visitor_is(address: str, place: str) -> None:
    assert place_of(address) == place


@pytest.mark.parametrize("text", ["nginx", "10.0.0.0/99", "127.0.0.1;8.8.8.8"])
def test_what_names_no_proxy_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        Proxies.read(text)
