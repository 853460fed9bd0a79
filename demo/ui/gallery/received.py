"""The files that browsers and programs send: received each request in a folder of its own, few of them, and
gone once they were opened.

Gradio 6.31.0 would name their folders by what is in them, so that two visitors have one file, take 1,000
files in a request, and leave what it does not use.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import shutil
import threading
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import gradio
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException

from demo.machine.private_files import make_folder
from demo.ui.shared.shown_picture import remove_with_folders
from demo.ui.shared.tidying import UPLOAD

MAX_FILES = 16  # in one request; a page sends half of them at most


@dataclass(frozen=True, slots=True)
class Bounds:
    """The most requests whose files are here at once, and their bytes: of one address, and in all."""

    each: int = 100
    each_bytes: int = 1_000_000_000
    total: int = 1_000
    total_bytes: int = 10_000_000_000


class Received:
    """Which folders there are, from the oldest on, with their sender's address and their bytes."""

    def __init__(self, bounds: Bounds | None = None) -> None:
        self._bounds, self._lock = bounds or Bounds(), threading.Lock()
        self._held = dict[Path, tuple[str, int]]()

    def add(self, folder: Path, sender: str) -> None:
        """Files have come. Where there are too many, the oldest of that sender go, then those of whoever
        has the most.
        """
        size = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
        with self._lock:
            self._held = {f: held for f, held in self._held.items() if f.is_dir()}
            self._held[folder] = sender, size
            bounds = self._bounds
            self._reduce(lambda: sender, bounds.each, bounds.each_bytes, {sender})
            self._reduce(self._largest, bounds.total, bounds.total_bytes)

    def _reduce(
        self,
        whose: Callable[[], str],
        max_count: int,
        max_bytes: int,
        senders: set[str] | None = None,
    ) -> None:
        """Remove the oldest of ``whose()`` until what these senders hold, or all, is within the limits."""
        while True:
            held = [h for h in self._held.values() if senders is None or h[0] in senders]
            if len(held) <= max_count and sum(size for _, size in held) <= max_bytes:
                return
            oldest = next(f for f, (sender, _) in self._held.items() if sender == whose())
            del self._held[oldest]
            shutil.rmtree(oldest, ignore_errors=True)

    def _largest(self) -> str:
        sizes = Counter[str]()
        for sender, size in self._held.values():
            sizes[sender] += size + 1
        return sizes.most_common(1)[0][0]


def forget(paths: Iterable[Path]) -> None:
    """Remove files that were received here; all others stay."""
    for path in map(Path, map(os.path.abspath, paths)):
        if any(folder.name.startswith(UPLOAD) for folder in path.parents):
            remove_with_folders(path)


def receive_into_own_folders() -> None:
    """Let Gradio receive files in this way."""
    parts, routes = gradio.route_utils, gradio.routes
    if isinstance(routes.upload_fn, partial):
        return
    routes.upload_fn = partial(_receive, routes.upload_fn, Received())
    parts.GradioMultiPartParser = partial(_parser, parts.GradioMultiPartParser)


def _parser(whole: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
    return whole(*arguments, **{**options, "max_files": MAX_FILES, "max_fields": MAX_FILES})


async def _receive(
    receive: Callable[..., Any],
    received: Received,
    request: Any,
    upload_dir: str,
    *arguments: Any,
    **options: Any,
) -> Any:
    """What Gradio's own function returns: the paths, and what it has still to move."""
    folder = Path(upload_dir) / f"{UPLOAD}{secrets.token_urlsafe(16)}"
    make_folder(folder)
    try:
        answer = await receive(request, str(folder), *arguments, **options)
        await asyncio.to_thread(_keep, folder, answer[0], received, _address(request))
    except MultiPartException as error:
        shutil.rmtree(folder, ignore_errors=True)
        if not error.message.startswith("Too many"):
            raise
        raise HTTPException(413, f"At most {MAX_FILES} files can be sent at once.") from error
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return answer


def _keep(folder: Path, files: list[str], received: Received, sender: str) -> None:
    """Keep these files, and nothing else that came with them."""
    for path in folder.iterdir():
        if path.is_file():
            path.unlink()
    if not files:
        with suppress(OSError):
            folder.rmdir()
        return
    received.add(folder, sender)


def _address(request: Any) -> str:
    return str(request.client.host) if request.client else ""
