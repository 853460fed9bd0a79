"""Which requests the server accepts, from where and how large; and what a browser may do with the page.

Values and pure functions, applied by `guard.py`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from demo.access.exposure import _hosts, is_loopback
from demo.access.peers import Proxies
from demo.errors import InputError
from demo.picture.sent import NOT_FETCHED

MAX_UPLOAD_BYTES = 101_000_000  # a picture of 100 MB and the form around it
MAX_JSON_BYTES = 20_000_000
MAX_FORM_BYTES = 10_000
MAX_DEPTH, MAX_VALUES = 64, 100_000  # what Gradio goes through on the event loop
TOO_MANY_VALUES = "This request holds too many values, or nests them too deeply."
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1", "0.0.0.0"})
_ALL_ADDRESSES = frozenset({"0.0.0.0", "::"})
_NO_PROXIES = Proxies()
_AUTHORITY = re.compile(r"(?:[\w.-]+|\[[\da-fA-F:.]+\])(?::\d{1,5})?", re.ASCII)
_PREFIX = re.compile(r"(?:/[\w.~@%+=:-]+)+", re.ASCII)
_ROOT = re.compile(
    rf"https?://{_AUTHORITY.pattern}(?:{_PREFIX.pattern})?|{_PREFIX.pattern}",
    re.ASCII | re.IGNORECASE,
)

# All that the page and its clients use; Gradio has more (proxies, recordings, histories, editors).
_SERVED = re.compile(
    r"/|/(mcp|config|theme\.css|robots\.txt|favicon\.ico|manifest\.json|pwa_icon|login|logout|health|metrics)/?"
    r"|/(assets|static|ui|shared)/.+"
    r"|/gradio_api/(app_id|config|info|openapi\.json|startup-events|theme\.css|reset|cancel|upload"
    r"|upload_progress|login_check|user|token|queue/(join|data|status))/?"
    r"|/gradio_api/((call|run|api|heartbeat)/|component_server|file[=/]).*",
    re.DOTALL,
)
_FETCHED = re.compile(r"/gradio_api/file[=/]\s*/*\s*https?:", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Rules:
    """``names`` are the host names to which the server answers (None: any), ``embedders`` the sources of
    pages that may show this one in a frame; ``https`` says that browsers reach it by https only.

    ``behind_proxy`` says that the headers of a proxy are trusted; where ``proxies`` are named, theirs
    alone, and what they say of a visitor's address, too. ``root`` is the page's fixed public address, or
    its path alone (GRADIO_ROOT_PATH), or empty. ``any_local`` says that it listens on all addresses of
    this machine, and answers by the one at which a request arrived.
    """

    names: frozenset[str] | None = None
    embedders: tuple[str, ...] = ()
    https: bool = False
    behind_proxy: bool = False
    root: str = ""
    proxies: Proxies = _NO_PROXIES
    any_local: bool = False

    def is_trusted(self, peer: str) -> bool:
        """Whether whoever is at the other end of a connection is believed about host and path."""
        return self.behind_proxy and (not self.proxies.networks or peer in self.proxies)

    def are_visitors_known(self) -> bool:
        """Whether addresses tell visitors apart: behind a proxy that nobody named, all have its address."""
        return not self.embedders and (not self.behind_proxy or bool(self.proxies.networks))


@dataclass(frozen=True, slots=True)
class Front:
    """The page's address as the browser sees it: scheme, host with port, and path prefix.

    ``is_declared`` says that it was declared by a trusted proxy or by the operator.
    """

    scheme: str
    authority: str
    prefix: str = ""
    is_declared: bool = False


def check_root(environment: Mapping[str, str]) -> None:
    """Raise InputError for a GRADIO_ROOT_PATH that is neither a path nor an address."""
    root = environment.get("GRADIO_ROOT_PATH", "").rstrip("/")
    if root and not _ROOT.fullmatch(root):
        raise InputError(
            f"GRADIO_ROOT_PATH says where people find the page: a path such as /regions, or an address "
            f"such as https://example.org/regions, not {root}."
        )


def rules_for(
    host: str,
    environment: Mapping[str, str],
    *,
    shared: bool = False,
    behind_proxy: bool = False,
    proxies: Proxies = _NO_PROXIES,
) -> Rules:
    """The rules for a server that listens on ``host``.

    It answers only to the names in REGIONREASONER_HOSTS and its own, so that a site whose name was pointed
    at it (DNS rebinding) gets nothing. Where none are given, that holds on the loopback; elsewhere, and
    behind a proxy, it then answers to any name. A Space is shown in Hugging Face's frame.
    """
    own = environment.get("SPACE_HOST", "")
    on_space = "SPACE_ID" in environment
    embedders = ("https://huggingface.co", *([f"https://{own}"] if own else []))
    root = environment.get("GRADIO_ROOT_PATH", "").rstrip("/")
    given = {*(name.lower() for name in _hosts(environment)), *_host_of(root)}
    is_open = not given and (shared or on_space or not is_loopback(host) or behind_proxy)
    return Rules(
        names=None if is_open else frozenset({*_LOOPBACK, _bare(host), *given, own} - {""}),
        embedders=embedders if on_space else (),
        https=on_space,
        behind_proxy=behind_proxy,
        root=root,
        proxies=proxies,
        any_local=_bare(host) in _ALL_ADDRESSES,
    )


def warnings_of(rules: Rules, host: str) -> list[str]:
    """What those who start a server should know of its names and proxies, in sentences."""
    said = []
    if rules.names is None and not rules.embedders:
        said.append(
            f"Listening on {host}, the page answers to any host name, so a web site can reach it through "
            "the browser of anybody who can. List the page's own names in REGIONREASONER_HOSTS."
        )
    if rules.behind_proxy and not rules.proxies.networks:
        said.append(
            "The proxy is not named, so visitors cannot be told apart by their addresses: wrong passwords "
            "of one lock out all. Name it: --behind-proxy ADDRESS."
        )
    return said


def front_of(
    headers: Mapping[str, str], scheme: str, rules: Rules, *, is_trusted: bool = True
) -> Front:
    """The page's address as seen by the sender of these headers, a trusted proxy or not."""
    host = headers.get("host", "").lower()
    fixed = urlsplit(rules.root) if "://" in rules.root else None
    if fixed is not None:
        return Front(fixed.scheme, fixed.netloc.lower(), fixed.path, is_declared=True)
    if not (rules.behind_proxy and is_trusted):
        return Front(scheme, host, rules.root)
    named = _first(headers, "x-forwarded-host").lower()
    kind = _first(headers, "x-forwarded-proto").lower()
    before = rules.root or next(filter(None, (_path(headers, name) for name in _PATHS)), "")
    return Front(
        kind if kind in ("http", "https") else scheme,
        next((name for name in (named, host) if _AUTHORITY.fullmatch(name)), "localhost"),
        before,
        is_declared=True,
    )


# The headers in which proxies name the path prefix that they remove: Traefik and many others, JupyterHub,
# uWSGI.
_PATHS = ("x-forwarded-prefix", "x-forwarded-context", "x-proxycontextpath", "x-script-name")


def _path(headers: Mapping[str, str], name: str) -> str:
    path = _first(headers, name).rstrip("/")
    return path if _PREFIX.fullmatch(path) and ".." not in path else ""


def _first(headers: Mapping[str, str], name: str) -> str:
    return headers.get(name, "").split(",")[0].strip()


def _host_of(root: str) -> list[str]:
    host = urlsplit(root).hostname if "://" in root else None
    return [host] if host else []


def _bare(host: str) -> str:
    return host.strip("[]").lower()


def is_served(path: str) -> bool:
    """Whether the server serves this path; it never fetches anything from elsewhere."""
    if path.startswith("/gradio_api/call/v2/"):
        return False  # the same calls once more, but they fail on any wrong argument
    return _SERVED.fullmatch(path) is not None and _FETCHED.match(path) is None


def is_asked_here(host: str, names: frozenset[str] | None, local: str = "") -> bool:
    """Whether the Host header names this server; ``local`` is one more name that it has."""
    name = _name(host)
    return names is None or name in names or (bool(local) and name == local)


def is_from_here(headers: Mapping[str, str], front: Front | None = None) -> bool:
    """Whether a request comes from this server's own page, from a program, or from following a link.

    The page's own address is the one in the Host header, or ``front`` where a proxy declares another.
    Browsers say with Origin and Sec-Fetch-Site where a request comes from (Fetch standard; W3C Fetch
    Metadata Request Headers); programs send neither.
    """
    origin = headers.get("origin")
    if origin is not None:
        here = {headers.get("host", "").lower(), *([front.authority] if front else [])}
        return _authority(origin) in here
    elsewhere = headers.get("sec-fetch-site") in ("cross-site", "same-site")
    return not elsewhere or headers.get("sec-fetch-mode") == "navigate"


def is_own_act(headers: Mapping[str, str]) -> bool:
    """Whether a request that changes something was made by the page itself, or by a program.

    Over plain HTTP browsers do not say where a link was; that they are browsers they say.
    """
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site == "same-origin"
    return "mozilla" not in headers.get("user-agent", "").lower()


def max_bytes(path: str) -> int:
    """The size limit of a request to this path, in bytes."""
    if path.rstrip("/") == "/gradio_api/upload":
        return MAX_UPLOAD_BYTES
    return MAX_FORM_BYTES if path.rstrip("/") in ("/login", "/logout") else MAX_JSON_BYTES


def headers_for(rules: Rules, nonce: str | None = None) -> list[tuple[bytes, bytes]]:
    """The headers of every answer; ``nonce`` is that of the scripts in this page.

    Gradio needs eval for the templates of HTML components, and inline styles; inline scripts run only with
    the nonce.
    """
    script = f"'self' 'unsafe-eval' 'nonce-{nonce}'" if nonce else "'none'"
    policy = {
        "default-src": "'none'",
        "script-src": script,
        "style-src": "'self' 'unsafe-inline'",
        "img-src": "'self' data: blob:",
        "font-src": "'self' data:",
        "connect-src": "'self'",
        "manifest-src": "'self'",
        "media-src": "'self' blob:",
        "worker-src": "'self' blob:",
        "base-uri": "'self'",
        "form-action": "'self'",
        "frame-ancestors": " ".join(("'self'", *rules.embedders)),
    }
    named = {
        "content-security-policy": "; ".join(f"{name} {value}" for name, value in policy.items()),
        "x-content-type-options": "nosniff",
        "referrer-policy": "same-origin",  # without a referrer, browsers hide where a form comes from
        "cross-origin-resource-policy": "same-origin",
        "permissions-policy": "camera=(), microphone=(), geolocation=()",
    }
    if not rules.embedders:
        named["x-frame-options"] = "SAMEORIGIN"
        named["cross-origin-opener-policy"] = "same-origin"
    return [(name.encode(), value.encode()) for name, value in named.items()]


def fault_of_body(value: object) -> str | None:
    """A sentence on what is wrong with a JSON body, checked before anything uses it; None if nothing is."""
    if not isinstance(value, dict):
        return "This request is not a JSON object."
    left: list[tuple[object, int]] = [(value, 1)]
    seen = 0
    while left:
        item, depth = left.pop()
        inside = item.values() if isinstance(item, dict) else item if isinstance(item, list) else ()
        seen += len(inside)
        if depth > MAX_DEPTH or seen > MAX_VALUES:
            return TOO_MANY_VALUES
        if isinstance(item, dict) and _is_elsewhere(item):
            return NOT_FETCHED
        left.extend((other, depth + 1) for other in inside)
    return None


def _is_elsewhere(value: dict[str, object]) -> bool:
    """Whether the value stands for a file that Gradio would download."""
    path = value.get("path")
    return isinstance(path, str) and re.match(r"\s*(https?|ftp):", path, re.IGNORECASE) is not None


def _authority(origin: str) -> str | None:
    try:
        parts = urlsplit(origin)
    except ValueError:
        return None
    return parts.netloc.lower() if parts.scheme in ("http", "https") else None


def _name(host: str) -> str | None:
    try:
        return urlsplit(f"//{host}").hostname
    except ValueError:
        return None
