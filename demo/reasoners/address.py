"""Where a server is, from what people paste after `--server`, and which proxy leads there.

It reads text and the environment; nothing is sent. No sentence repeats a password.
"""

from __future__ import annotations

import importlib.util
import ipaddress
import os
import re
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import SplitResult, parse_qsl, urlsplit

from demo.errors import OptionError

KEY = "OPENAI_API_KEY"
# What surrounds an address that is copied out of a text.
_AROUND = " \t\r\n\"'`<>()“”‘’.,;"
_HOST = re.compile(r"(?:[\w.\-]+|\[[\da-fA-F:.]+(?:%[\w.\-]+)?\])(?::\d+)?")
# What people see in their browser's address or in a server's manual, below the address of its API.
_ENDING = re.compile(
    r"/(?:(?:chat/)?completions|models(?:/.*)?|embeddings|responses|messages|rerank|tokenize|generate"
    r"|docs|redoc|openapi\.json|health|healthz|healthcheck|ready|metrics|ping|version|props|slots"
    r"|api/(?:chat|generate|tags|show|ps|version|v0(?:/.*)?)|index\.html)$",
    re.IGNORECASE,
)
_SENTENCE = "--server takes an address such as http://localhost:8000/v1."


@dataclass(frozen=True, slots=True)
class Address:
    """``host`` (and port) for people; ``bases`` are where the API may be, likeliest first.

    ``query`` goes with every request, as some hosts want the version of their API named.
    """

    host: str
    bases: tuple[str, ...]
    query: str = ""


@dataclass(frozen=True, slots=True)
class Proxy:
    """What requests go through: ``url`` may hold a password, ``host`` and ``variable`` are for people."""

    url: str
    host: str
    variable: str


def read_address(url: str) -> Address:
    """Where a server is. Raises OptionError, which never repeats an address with a password in it."""
    text = url.strip(_AROUND)
    if not text.lower().startswith("http") and (inside := re.search(r"https?://\S+", text)):
        text = inside[0].strip(_AROUND)  # of a line that was copied as a whole
    if "@" in text:
        raise OptionError(
            f"An address for --server holds no user name or password: put the key into {KEY}."
        )
    if re.fullmatch(r":?\d{2,5}(?:/.*)?", text):  # a port alone is one of this machine
        text = f"localhost:{text.removeprefix(':')}"
    if re.search(r"[\s\x00-\x1f\\]", text):
        raise OptionError(_SENTENCE)
    parts = _parts(text)
    if set(dict(parse_qsl(parts.query, keep_blank_values=True))) - {"api-version"}:
        raise OptionError(f"An address for --server ends before any ? or #: put a key into {KEY}.")
    path = _without_endings(re.sub(r"/+", "/", parts.path))
    root = f"{parts.scheme}://{parts.netloc}"
    return Address(parts.netloc, tuple(f"{root}{base}" for base in _bases(path)), parts.query)


def proxy_for(url: str) -> Proxy | None:
    """The proxy that the environment names for an address; None for this machine's own, and where
    `no_proxy` says so.

    Raises OptionError for one that cannot be used.
    """
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
    if on_this_machine(host) or any(_means(name, host, port) for name in _excepted()):
        return None
    for name in (f"{parts.scheme}_proxy", "all_proxy"):
        for variable in (name, name.upper()):
            if value := os.environ.get(variable, "").strip():
                return _proxy(value, variable, host)
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


def _parts(text: str) -> SplitResult:
    """The parts of an address, its scheme added and its host made one that can be asked."""
    text = re.sub(r"^(https?):/*", r"\1://", text, flags=re.IGNORECASE)
    try:
        parts = urlsplit(text if "://" in text else f"{_scheme(text)}://{text}")
        parts.port  # noqa: B018  raises ValueError for what is no port
    except ValueError:
        raise OptionError(_SENTENCE) from None
    netloc = parts.netloc.rstrip(":")
    if parts.scheme not in ("http", "https") or not _HOST.fullmatch(netloc):
        raise OptionError(_SENTENCE)
    # Where a server listens on every address, it is asked on this machine's own.
    netloc = re.sub(r"^0\.0\.0\.0(?=:|$)", "127.0.0.1", netloc)
    return parts._replace(netloc=re.sub(r"^\[::\]", "[::1]", netloc))


def _scheme(text: str) -> str:
    """What is meant where none is written: a key goes to a name on the internet only encrypted."""
    host = re.split(r"[/?#]", text)[0]
    name, _, port = host.rpartition(":") if re.search(r":\d*$", host) else (host, "", "")
    return "https" if port == "443" or (not port and _public(name)) else "http"


def _public(name: str) -> bool:
    return bool(re.fullmatch(r"[\w\-.]+\.(?!local$|lan$|internal$|localhost$)[A-Za-z]{2,}", name))


def _without_endings(path: str) -> str:
    shorter = _ENDING.sub("", path.rstrip("/"))
    return shorter if shorter == path else _without_endings(shorter)


def _bases(path: str) -> tuple[str, ...]:
    """Where the API may be below a host, by the path that was given."""
    if path.endswith("/api"):  # that of Ollama is not OpenAI's; that of Open WebUI is
        return f"{path}/v1", path, f"{path.removesuffix('/api')}/v1"
    if path.endswith("/api/v1"):  # as OpenRouter has it; that of LM Studio is its own
        return path, f"{path.removesuffix('/api/v1')}/v1"
    return (path,) if path.endswith("/v1") else (f"{path}/v1", path)


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


def _proxy(value: str, variable: str, host: str) -> Proxy:
    text = value if "://" in value else f"http://{value}"
    scheme, _, rest = text.partition("://")
    scheme = {"socks": "socks5"}.get(scheme.lower(), scheme.lower())
    named = rest.rpartition("@")[2].partition("/")[0]
    if not _HOST.fullmatch(named) or _port(named) > 65_535:
        raise OptionError(
            f"{variable} holds no address of a proxy. Set it to one such as http://proxy:3128, or "
            f"put {host} into no_proxy."
        )
    if scheme in ("socks5", "socks5h") and not importlib.util.find_spec("socksio"):
        raise OptionError(
            f"The proxy {named} that {variable} names is a SOCKS proxy. Install the Python package "
            f"socksio, or put {host} into no_proxy."
        )
    if scheme not in ("http", "https", "socks5", "socks5h"):
        raise OptionError(
            f"The proxy {named} that {variable} names cannot be used: only http://, https:// and "
            f"socks5:// can. Name another one, or put {host} into no_proxy."
        )
    return Proxy(f"{scheme}://{rest}", named, variable)


def _port(named: str) -> int:
    port = re.search(r":(\d+)$", named)
    return int(port[1]) if port else 0
