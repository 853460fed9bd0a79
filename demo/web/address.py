"""Where the server listens: the address as people write it, checked before anything is loaded."""

from __future__ import annotations

import errno
import ipaddress
import socket
from dataclasses import dataclass
from typing import Any

from demo.errors import InputError

_USUAL = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Address:
    """``host`` is a name or an address without brackets."""

    host: str
    port: int

    @property
    def written(self) -> str:
        """The host as it stands in a URL, which is how Gradio takes it: IPv6 in brackets."""
        return f"[{self.host}]" if ":" in self.host else self.host

    def check(self) -> None:
        """Raises InputError when it cannot be listened on, with what is wrong."""
        places = _places(self.host, self.port)
        failures = [error for place in places if (error := _fault(*place))]
        bad = [error for error in failures if error.errno not in (errno.EADDRNOTAVAIL, *_NO_FAMILY)]
        # A name such as localhost may stand for an address of a family that is switched off here.
        if bad or len(failures) == len(places):
            raise InputError(self._said((bad or failures)[0]))
        # Gradio tries every port there first.
        if (error := _fault(socket.AF_INET, (_USUAL, self.port))) and error.errno not in _NO_FAMILY:
            raise InputError(Address(_USUAL, self.port)._said(error))

    def _said(self, error: OSError) -> str:
        start = f"Port {self.port} on {self.host} cannot be used"
        if error.errno == errno.EADDRINUSE:
            other = self.port % 65535 + 1
            return f"{start}: another program has it. Choose another one, such as --port {other}."
        if error.errno in (errno.EACCES, errno.EPERM):
            return (
                f"{start}: ports below {_first_free_to_all()} are for the administrator. "
                "Choose a higher one, such as --port 7860."
            )
        if ":" in self.host and (error.errno in _NO_FAMILY or self.host in ("::", "::1")):
            return f"{start}: this machine has no IPv6. Give --host {_USUAL}, or 0.0.0.0."
        if error.errno == errno.EADDRNOTAVAIL:
            return (
                f"{start}: this machine does not have that address. "
                f"Give --host {_USUAL}, or 0.0.0.0 for all that it has."
            )
        return f"{start} ({error.strerror or error}). Give another --host or --port."


_NO_FAMILY = (errno.EAFNOSUPPORT, errno.EPROTONOSUPPORT, errno.EINVAL)


def address_of(host: str, port: int) -> Address:
    """The address of ``--host`` and ``--port``, with brackets or without. Raises InputError."""
    bare = host.strip()
    if bare.startswith("[") and bare.endswith("]"):
        bare = bare[1:-1]
    bare = {"": _USUAL, "*": "0.0.0.0"}.get(bare, bare)
    if "/" in bare or bare.startswith("[") or (bare.count(":") == 1):
        raise InputError(
            f"--host takes an address or a name alone, not {host}: give --host {_USUAL} "
            "and the port with --port."
        )
    if "%" in bare:
        raise InputError(
            f"The address {bare} counts on one network interface only, which browsers cannot open. "
            "Give an address without %, or --host :: for all of them."
        )
    try:
        return Address(str(ipaddress.ip_address(bare)), port)
    except ValueError:
        return Address(bare, port)


def _places(host: str, port: int) -> list[tuple[int, tuple[Any, ...]]]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError) as error:
        raise InputError(
            f"There is no address for the host {host}. Give --host {_USUAL}, or 0.0.0.0 to listen "
            "on all addresses of this machine."
        ) from error
    return [(family, place) for family, _, _, _, place in found]


def _fault(family: int, place: tuple[Any, ...]) -> OSError | None:
    """Why that place cannot be listened on."""
    try:
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                probe.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            probe.bind(place)
    except OSError as error:
        return error
    return None


def _first_free_to_all() -> int:
    try:
        with open("/proc/sys/net/ipv4/ip_unprivileged_port_start", encoding="ascii") as file:
            return int(file.read())
    except (OSError, ValueError):
        return 1024
