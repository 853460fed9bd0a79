"""The proxies of the environment, made such that every client here can work with them.

The page's own server and servers on this machine are asked directly; what no client understands is left
out, and said. Only this process sees the changes.
"""

from __future__ import annotations

import ipaddress
from collections.abc import MutableMapping
from importlib.util import find_spec
from urllib.request import getproxies

# Where this machine reaches itself. 0.0.0.0 and :: are addresses to listen on, and people open them, too.
LOOPBACK = ("localhost", "127.0.0.1", "::1", "0.0.0.0", "::")
_PROXIES = ("http", "https", "all")


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
