"""The address on which the server listens, as people write it; checked before anything is loaded."""

from __future__ import annotations

import errno
import ipaddress
import socket
from dataclasses import dataclass
from typing import Any

from demo.errors import InputError

_DEFAULT_HOST = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Address:
    """``host`` is a name or an address without brackets."""

    host: str
    port: int

    @property
    def url_host(self) -> str:
        """The host as in a URL, which is what Gradio expects: IPv6 in brackets."""
        return f"[{self.host}]" if ":" in self.host else self.host

    def check(self) -> None:
        """Raise InputError, saying what is wrong, when the server cannot listen there."""
        addresses = _socket_addresses(self.host, self.port)
        failures = [error for address in addresses if (error := _fault(*address))]
        bad = [error for error in failures if error.errno not in (errno.EADDRNOTAVAIL, *_NO_FAMILY)]
        # A name such as localhost may also have an address of a family that is switched off here.
        if bad or len(failures) == len(addresses):
            raise InputError(self._sentence((bad or failures)[0]))
        # Gradio first tries to bind every port on this host.
        if (
            error := _fault(socket.AF_INET, (_DEFAULT_HOST, self.port))
        ) and error.errno not in _NO_FAMILY:
            raise InputError(Address(_DEFAULT_HOST, self.port)._sentence(error))

    def _sentence(self, error: OSError) -> str:
        start = f"Port {self.port} on {self.host} cannot be used"
        if error.errno == errno.EADDRINUSE:
            other = self.port % 65535 + 1
            return f"{start}: another program uses it. Choose another one, such as --port {other}."
        if error.errno in (errno.EACCES, errno.EPERM):
            return (
                f"{start}: ports below {_min_unprivileged_port()} are reserved for the administrator. "
                "Choose a higher one, such as --port 7860."
            )
        if ":" in self.host and (error.errno in _NO_FAMILY or self.host in ("::", "::1")):
            return f"{start}: this machine has no IPv6. Give --host {_DEFAULT_HOST}, or 0.0.0.0."
        if error.errno == errno.EADDRNOTAVAIL:
            return (
                f"{start}: this machine does not have that address. "
                f"Give --host {_DEFAULT_HOST}, or 0.0.0.0 for all its addresses."
            )
        return f"{start} ({error.strerror or error}). Give another --host or --port."


_NO_FAMILY = (errno.EAFNOSUPPORT, errno.EPROTONOSUPPORT, errno.EINVAL)


def address_of(host: str, port: int) -> Address:
    """The address that ``--host``, with brackets or without, and ``--port`` give. Raises InputError."""
    bare = host.strip()
    if bare.startswith("[") and bare.endswith("]"):
        bare = bare[1:-1]
    bare = {"": _DEFAULT_HOST, "*": "0.0.0.0"}.get(bare, bare)
    if "/" in bare or bare.startswith("[") or (bare.count(":") == 1):
        raise InputError(
            f"--host takes an address or a name alone, not {host}: give --host {_DEFAULT_HOST} "
            "and the port with --port."
        )
    if "%" in bare:
        raise InputError(
            f"The address {bare} is valid on one network interface only, and browsers cannot open it. "
            "Give an address without %, or --host :: for all of them."
        )
    try:
        return Address(str(ipaddress.ip_address(bare)), port)
    except ValueError:
        return Address(bare, port)


def _socket_addresses(host: str, port: int) -> list[tuple[int, tuple[Any, ...]]]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError) as error:
        raise InputError(
            f"There is no address for the host {host}. Give --host {_DEFAULT_HOST}, or 0.0.0.0 to listen "
            "on all addresses of this machine."
        ) from error
    return [(family, address) for family, _, _, _, address in found]


def _fault(family: int, address: tuple[Any, ...]) -> OSError | None:
    """Why the server cannot listen there; None if it can."""
    try:
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                probe.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            probe.bind(address)
    except OSError as error:
        return error
    return None


def _min_unprivileged_port() -> int:
    try:
        with open("/proc/sys/net/ipv4/ip_unprivileged_port_start", encoding="ascii") as file:
            return int(file.read())
    except (OSError, ValueError):
        return 1024
