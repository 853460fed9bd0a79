"""Who can reach a server that listens on an address."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach a server at that address."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() == "localhost"


FRONT = "regionreasoner.front"  # where a request's scope has its Front


def _hosts(environment: Mapping[str, str]) -> list[str]:
    return environment.get("REGIONREASONER_HOSTS", "").replace(",", " ").split()


def is_private(host: str, environment: Mapping[str, str]) -> bool:
    """Whether a server that listens on ``host`` answers only to programs on this machine.

    REGIONREASONER_HOSTS and GRADIO_ROOT_PATH name a proxy, behind which anybody may be.
    """
    named = _hosts(environment) or environment.get("GRADIO_ROOT_PATH", "").strip()
    return is_loopback(host) and "SPACE_ID" not in environment and not named
