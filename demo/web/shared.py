"""Pages of dialogues that somebody shared: whoever has the link reads them, without a login or a cookie.

They are another's words, kept as files, so their policy lets nothing run and nothing be loaded.
"""

from __future__ import annotations

import re
from pathlib import Path

from starlette.responses import HTMLResponse, Response, StreamingResponse

from demo.dialogue.links import MAX_TOKEN, Links

_TOKEN = re.compile(rf"/shared/([\w-]{{1,{MAX_TOKEN}}})/?", re.ASCII)
_WITHDRAWN = Path(__file__).with_name("withdrawn.html")
_NAMED = {
    "content-security-policy": "default-src 'none'; img-src data:; style-src 'unsafe-inline'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox allow-downloads",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "x-robots-tag": "noindex, nofollow, noarchive",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=()",
    "cache-control": "no-store",  # what is withdrawn is gone
}  # fmt: skip
SHARED_HEADERS = [(name.encode(), value.encode()) for name, value in _NAMED.items()]


def is_shared(path: str) -> bool:
    """Whether it is the address of such a page, existing or not."""
    return path.startswith("/shared/")


def shared_page(method: str, path: str, links: Links | None) -> Response:
    """The page of a link; the same answer for one that was withdrawn and one that never was.

    Raises StoreError.
    """
    if method not in ("GET", "HEAD"):
        return HTMLResponse("This address can only be read.", 405, {"allow": "GET, HEAD"})
    found = _TOKEN.fullmatch(path)
    page = links.open(found[1] if found else "") if links else None
    if page is None:
        return HTMLResponse(_WITHDRAWN.read_text(encoding="utf-8"), 404)
    told = page if method == "GET" else iter(())  # of either its length is not said
    return StreamingResponse(told, media_type="text/html; charset=utf-8")
