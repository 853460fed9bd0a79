"""What may be asked of the server, from where, how large; and what a browser may do with the page.

Values and pure functions; `guard.py` applies them. It knows Gradio's addresses, no components.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

MOST_UPLOAD_BYTES = 101_000_000  # a picture of 100 MB and its frame of a form
MOST_JSON_BYTES = 20_000_000
MOST_FORM_BYTES = 10_000
MOST_DEPTH, MOST_VALUES = 64, 500_000
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1", "0.0.0.0"})

# Everything the page and its clients use; Gradio has more (proxies, recordings, histories, editors).
_SERVED = re.compile(
    r"/|/(config|theme\.css|robots\.txt|favicon\.ico|manifest\.json|pwa_icon|login|logout|health|metrics)/?"
    r"|/pwa_icon/\d{1,4}|/(assets|static)/.+"
    r"|/gradio_api/(app_id|config|info|openapi\.json|startup-events|theme\.css|reset|cancel|upload"
    r"|upload_progress|login_check|user|token|queue/(join|data|status))/?"
    r"|/gradio_api/((call|run|api|heartbeat|mcp)/|component_server|file[=/]).*",
    re.DOTALL,
)
_FETCHED = re.compile(r"/gradio_api/file[=/]\s*/*\s*https?:", re.IGNORECASE)
_NAMED = re.compile(r"/gradio_api/(?:call|run|api)/([^/]*)/?")
_SCALED = re.compile(r"/pwa_icon/(\d+)")
_MOST_ICON = 1024


@dataclass(frozen=True, slots=True)
class Rules:
    """``names`` are the host names that the server may be asked by (None: any), ``embedders`` the
    sources of pages that may hold this one in a frame; ``https`` says that people come by https only.
    """

    names: frozenset[str] | None = None
    embedders: tuple[str, ...] = ()
    https: bool = False


def rules_for(host: str, environment: Mapping[str, str], *, shared: bool = False) -> Rules:
    """The rules for a server that listens on ``host``.

    One on the loopback answers to its own names and those in REGIONREASONER_HOSTS only, so that a site
    whose name was pointed at it (DNS rebinding) gets nothing. A Space stands in Hugging Face's frame.
    """
    on_space = "SPACE_ID" in environment
    embedders = ("https://huggingface.co", "https://*.hf.space") if on_space else ()
    if shared or on_space or host not in _LOOPBACK - {"0.0.0.0"}:
        return Rules(None, embedders, https=on_space)
    more = environment.get("REGIONREASONER_HOSTS", "").replace(",", " ").split()
    return Rules(_LOOPBACK | {name.lower() for name in more}, embedders)


def is_private(host: str, environment: Mapping[str, str]) -> bool:
    """Whether a server that listens on ``host`` answers to programs of this machine alone.

    Names in REGIONREASONER_HOSTS are those of a proxy, behind which anybody may be.
    """
    on_space, named = "SPACE_ID" in environment, environment.get("REGIONREASONER_HOSTS", "")
    return host in _LOOPBACK - {"0.0.0.0"} and not on_space and not named.strip()


def is_served(path: str) -> bool:
    """Whether the server has something at this path; nothing is ever fetched from elsewhere."""
    icon = _SCALED.match(path)
    if path.startswith("/gradio_api/call/v2/"):
        return False  # a second way to the same calls, which fails on any wrong argument
    if icon and not 0 < int(icon[1]) <= _MOST_ICON:
        return False
    return _SERVED.fullmatch(path) is not None and _FETCHED.match(path) is None


def is_call(path: str, body: dict[str, object], endpoints: frozenset[str | int]) -> bool:
    """Whether a request that calls something calls one of the endpoints, by name or by number."""
    number, named = body.get("fn_index"), _NAMED.fullmatch(path)
    if number is not None and not (isinstance(number, int) and number in endpoints):
        return False
    return named is None or named[1] in endpoints


def is_asked_here(host: str, names: frozenset[str] | None) -> bool:
    """Whether the Host header names this server."""
    return names is None or _name(host) in names


def is_from_here(headers: Mapping[str, str]) -> bool:
    """Whether a request comes from this server's own page, from a program, or from following a link.

    Browsers say with Origin and Sec-Fetch-Site where others come from (Fetch standard; W3C Fetch
    Metadata); programs say neither.
    """
    origin = headers.get("origin")
    if origin is not None:
        return _authority(origin) == headers.get("host", "").lower()
    elsewhere = headers.get("sec-fetch-site") in ("cross-site", "same-site")
    return not elsewhere or headers.get("sec-fetch-mode") == "navigate"


def most_bytes(path: str) -> int:
    """How large a request to this path may be."""
    if path.rstrip("/") == "/gradio_api/upload":
        return MOST_UPLOAD_BYTES
    return MOST_FORM_BYTES if path.rstrip("/") in ("/login", "/logout") else MOST_JSON_BYTES


def headers_for(rules: Rules, nonce: str | None = None) -> list[tuple[bytes, bytes]]:
    """The headers of every answer; ``nonce`` is what the scripts in this page carry.

    Gradio needs eval for the templates of HTML components and sets styles on elements; scripts that
    stand in a page or an attribute run only with the nonce.
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
        "referrer-policy": "same-origin",  # with none, browsers hide where a form comes from
        "cross-origin-resource-policy": "same-origin",
        "permissions-policy": "camera=(), microphone=(), geolocation=()",
    }
    if not rules.embedders:
        named["x-frame-options"] = "SAMEORIGIN"
        named["cross-origin-opener-policy"] = "same-origin"
    return [(name.encode(), value.encode()) for name, value in named.items()]


def fault_of_body(value: object) -> str | None:
    """What is wrong with a JSON body before anything reads it: a sentence, or None."""
    if not isinstance(value, dict):
        return "This request is not a JSON object."
    left: list[tuple[object, int]] = [(value, 1)]
    seen = 0
    while left:
        item, depth = left.pop()
        inside = item.values() if isinstance(item, dict) else item if isinstance(item, list) else ()
        seen += len(inside)
        if depth > MOST_DEPTH or seen > MOST_VALUES:
            return "This request holds too much, or too deeply."
        if isinstance(item, dict) and _is_elsewhere(item):
            return "This server fetches no files from other addresses: send the file itself."
        left.extend((other, depth + 1) for other in inside)
    return None


def _is_elsewhere(value: dict[str, object]) -> bool:
    """Whether it stands for a file that Gradio would download."""
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
