"""How many requests are answered at once: for one visitor, for one address, and for all together."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

_STREAM = re.compile(
    r"/gradio_api/(heartbeat/.+|queue/data/?|call/[^/]+/.+|upload_progress/?|mcp/.*)"
)
_UPLOAD = re.compile(r"/gradio_api/upload/?")


@dataclass(frozen=True, slots=True)
class Limits:
    """The most at once for a visitor, for an address (several may share one), and in all."""

    visitor: int
    place: int
    all: int


# A stream costs little and lasts as long as a tab is open; a tab has one or two.
STREAMS = Limits(visitor=100, place=300, all=2_000)
UPLOADS = Limits(visitor=8, place=24, all=48)
OTHERS = Limits(visitor=200, place=300, all=1_000)


class CrowdedError(Exception):
    """There are too many of its kind; ``is_own`` says that the same visitor or address has them."""

    def __init__(self, is_own: bool) -> None:
        super().__init__("too many at once")
        self.is_own = is_own


class Crowd:
    """The requests that are being answered."""

    def __init__(self) -> None:
        self._counts: Counter[tuple[str, str]] = Counter()

    @contextmanager
    def admit(self, method: str, path: str, who: str, place: str) -> Iterator[None]:
        """Count a request for as long as the block lasts; ``who`` or ``place`` is empty where unknown.

        Raises CrowdedError.
        """
        kind, limits = _kind_of(method, path)
        keys = {
            (kind, f"visitor {who}"): limits.visitor if who else limits.all,
            (kind, f"place {place}"): limits.place if place else limits.all,
            (kind, "all"): limits.all,
        }
        for key, max_count in keys.items():
            if self._counts[key] >= max_count:
                raise CrowdedError(is_own=max_count < limits.all)
        self._counts.update(keys.keys())
        try:
            yield
        finally:
            self._counts.subtract(keys.keys())
            for key in keys:
                if not self._counts[key]:
                    del self._counts[key]


def _kind_of(method: str, path: str) -> tuple[str, Limits]:
    if method == "GET" and _STREAM.fullmatch(path):
        return "stream", STREAMS
    return ("upload", UPLOADS) if _UPLOAD.fullmatch(path) else ("other", OTHERS)
