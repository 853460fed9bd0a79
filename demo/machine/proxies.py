"""The proxies of the environment, made such that every client here can work with them.

The page's own server and servers on this machine are asked directly; what no client understands is left
out, and said. Only this process sees the changes.
"""

from __future__ import annotations

import ipaddress
import os
import re
import socket
from collections.abc import Iterator, MutableMapping
from dataclasses import dataclass
from importlib.util import find_spec
from urllib.parse import urlsplit
from urllib.request import getproxies

from demo.errors import OptionError

# Where this machine reaches itself. 0.0.0.0 and :: are addresses to listen on, and people open them, too.
LOOPBACK = ("localhost", "127.0.0.1", "::1", "0.0.0.0", "::")
_PROXIES = ("http", "https", "all")


@dataclass(frozen=True, slots=True)
class Proxy:
    """What requests go through: ``url`` may hold a password, ``host`` and ``variable`` are for people."""

    url: str
    host: str
    variable: str


def settle_proxies(environment: MutableMapping[str, str], *hosts: str) -> list[str]:
    """Leave this machine and ``hosts`` out of the proxies; sentences about what cannot be used.

    ``environment`` is that of this process. What somebody wrote into ``no_proxy`` stays. Without a proxy
    nothing changes.
    """
    found = getproxies()
    given = {kind: found[kind].strip() for kind in _PROXIES if found.get(kind, "").strip()}
    if not given:
        return []
    said = []
    for kind, value in given.items():
        usable, why = _proxy(value)
        if why:
            said.append(
                f"The proxy in {kind}_proxy cannot be used: {why}. It is left out. "
                "Proxies are written like http://HOST:PORT or socks5://HOST:PORT."
            )
        if usable != value:
            _write(environment, f"{kind}_proxy", usable)
    wanted = [entry.strip() for entry in found.get("no", "").split(",")]
    direct = dict.fromkeys((*filter(None, map(_direct, wanted)), *LOOPBACK, *hosts))
    _write(environment, "no_proxy", ",".join(direct))
    environment["NO_PROXY"] = environment["no_proxy"]
    return said


def proxy_for(url: str) -> Proxy | None:
    """The proxy that the environment names for an address; None for this machine's own, and where
    `no_proxy` says so.

    Raises OptionError for one that cannot be used, which `settle_proxies` would have left out.
    """
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
    if on_this_machine(host) or any(_means(name, host, port) for name in _excepted()):
        return None
    for name in (f"{parts.scheme}_proxy", "all_proxy"):
        for variable in (name, name.upper()):
            if value := os.environ.get(variable, "").strip():
                usable, why = _proxy(value)
                if why:
                    raise OptionError(
                        f"The proxy in {variable} cannot be used: {why}. Correct it, or put {host} "
                        "into no_proxy."
                    )
                whole = usable if "://" in usable else f"http://{usable}"
                return Proxy(whole, urlsplit(whole).netloc.rpartition("@")[2], variable)
    return None


def on_this_machine(host: str) -> bool:
    """Whether a name or number always means the machine that asks."""
    name = host.lower().strip("[]").rstrip(".")
    own = socket.gethostname().lower()
    if name in ("localhost", own, f"{own}.local") or name.endswith(".localhost"):
        return True
    try:
        number = ipaddress.ip_address(name.partition("%")[0])
    except ValueError:
        return False
    mapped = getattr(number, "ipv4_mapped", None) or number
    return bool(mapped.is_loopback or mapped.is_unspecified)


def _excepted() -> Iterator[str]:
    for variable in ("no_proxy", "NO_PROXY"):
        if written := os.environ.get(variable):
            yield from re.split(r"[,;\s]+", written.strip().lower())


def _means(name: str, host: str, port: int) -> bool:
    """Whether an entry of `no_proxy` means a host: `*`, a name and all below it, a number, a network."""
    name = name.rpartition("://")[2]
    if name == "*":
        return True
    if named := re.fullmatch(r"(.+?):(\d+)", name) if name.count(":") == 1 or "]" in name else None:
        if int(named[2]) != port:
            return False
        name = named[1]
    name, host = name.strip("[]").lstrip("*").lstrip("."), host.lower().rstrip(".")
    if not name:
        return False
    try:
        return ipaddress.ip_address(host) in ipaddress.ip_network(name, strict=False)
    except ValueError:
        return host == name or host.endswith(f".{name}")


def _write(environment: MutableMapping[str, str], name: str, value: str) -> None:
    """One variable in the place of all that differ from it in case only; an empty one is gone."""
    for variable in [key for key in environment if key.lower() == name]:
        del environment[variable]
    if value:
        environment[name] = value


def _proxy(value: str) -> tuple[str, str]:
    """A proxy as clients write it, and nothing; or nothing, and what is wrong, without any password."""
    import httpx  # takes a moment, which most starts need not wait for

    given, _, rest = value.rpartition("://")
    kind = {"": "http", "socks": "socks5"}.get(given.lower(), given.lower())
    if kind.startswith("socks5") and find_spec("socksio") is None:
        return "", "SOCKS needs the package socksio, which requirements.txt names"
    try:
        proxy = httpx.Proxy(f"{kind}://{rest}")
    except httpx.InvalidURL:
        return "", "it is no address"
    except ValueError:
        return "", f"{kind}:// is a kind that is not known here"
    if not proxy.url.host:
        return "", "it names no host"
    if (proxy.url.port or 0) > 65_535:
        return "", "it is no address"
    return (f"{kind}://{rest}" if kind == "socks5" else value), ""


def _direct(entry: str) -> str:
    """An entry of ``no_proxy`` as every client can read it; nothing for what breaks one."""
    import httpx

    bare = entry.strip("[]")
    if _is_address(bare):
        return bare
    try:
        httpx.URL(entry if "://" in entry else f"all://*{entry}")
    except httpx.InvalidURL:
        return ""
    return entry


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
