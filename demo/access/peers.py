"""From which address a request comes: that of the connection, or what a proxy that was named says of it."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass

PLACE = "regionreasoner.place"  # the key of a request's scope for the address that tells its visitor apart
_Network = ipaddress.IPv4Network | ipaddress.IPv6Network
_Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_IPV6_BITS = 64  # what one household or machine has of addresses
_MAX_LETTERS = 64


@dataclass(frozen=True, slots=True)
class Proxies:
    """The networks of the proxies before the server; none where nobody named any."""

    networks: tuple[_Network, ...] = ()

    @classmethod
    def read(cls, text: str) -> Proxies:
        """Those of a list such as ``127.0.0.1, 10.0.0.0/8``. Raises ValueError for anything else."""
        words = text.replace(",", " ").split()
        return cls(tuple(ipaddress.ip_network(word, strict=False) for word in words))

    def __contains__(self, address: str) -> bool:
        """Whether one of them has that address."""
        found = _read(address)
        return found is not None and any(found in network for network in self.networks)

    def client(self, peer: str, forwarded: Sequence[str]) -> str:
        """The address of whoever asks, when ``peer`` is at the other end of the connection.

        ``forwarded`` are the values of X-Forwarded-For. Each proxy adds at the end from whom it has the
        request, so the last address that is none of theirs is the one; what stands before it is hearsay.
        """
        told = [address for value in forwarded for address in value.split(",")]
        while peer in self and told:
            peer = _bare(told.pop())
        return peer


def place_in(request: object) -> str:
    """The address that tells the visitor of a request apart; empty where addresses do not."""
    return str(getattr(request, "scope", {}).get(PLACE, ""))


def place_of(address: str) -> str:
    """What stands for one visitor where addresses are counted: an IPv4 address, an IPv6 network of /64."""
    found = _read(address)
    if found is None:
        return address[:_MAX_LETTERS]
    if isinstance(found, ipaddress.IPv4Address):
        return str(found)
    return str(ipaddress.ip_network((found, _IPV6_BITS), strict=False))


def _read(text: str) -> _Address | None:
    """The address; one of IPv4 that is written as IPv6 is the former. None for what is no address."""
    try:
        found = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return getattr(found, "ipv4_mapped", None) or found


def _bare(written: str) -> str:
    """An address as proxies write it, without port and brackets."""
    text = written.strip().strip('"')
    if text.startswith("["):
        return text[1:].partition("]")[0]
    return text.partition(":")[0] if text.count(":") == 1 else text
