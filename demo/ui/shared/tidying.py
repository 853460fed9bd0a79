"""The folder that Gradio serves files from, kept free of what nobody needs any more."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

from gradio.utils import get_upload_folder

OWN = "regionreasoner"  # the folder for files of the page's own
EXPORTS, PICTURES = f"{OWN}/dialogues", f"{OWN}/pictures"
UPLOAD = "upload-"  # the beginning of the names of folders for what was uploaded
MAX_AGE_S = 600.0  # of what was made for somebody to fetch at once
MAX_UPLOAD_AGE_S = 3600.0  # since its last use
_EMPTY_S = 60.0  # for a folder to get its first file
_EVERY_S = 60.0


@asynccontextmanager
async def tidied(app: Any) -> AsyncIterator[None]:
    """As long as the server lives, look every minute."""

    async def look() -> None:
        while True:
            await asyncio.sleep(_EVERY_S)
            await asyncio.to_thread(tidy, Path(get_upload_folder()))
            await asyncio.to_thread(_forget_gone, app.get_blocks().temp_file_sets)

    looking = asyncio.create_task(look())
    try:
        yield
    finally:
        looking.cancel()
        with suppress(asyncio.CancelledError):
            await looking


def tidy(folder: Path) -> None:
    """Remove files that are too old, and folders without any; pictures that are shown stay."""
    with suppress(OSError):
        for path in folder.iterdir():
            if path.name != OWN:
                age = MAX_UPLOAD_AGE_S if path.name.startswith(UPLOAD) else MAX_AGE_S
                _remove_old(path, age)
    with suppress(OSError):
        for path in (folder / EXPORTS).iterdir():
            _remove_old(path, MAX_AGE_S)


def _forget_gone(noted: Iterable[set[str]]) -> None:
    """Take out of Gradio's notes the files that are not there any more."""
    for files in noted:
        files -= {file for file in tuple(files) if not Path(file).exists()}


def _remove_old(path: Path, max_age_s: float) -> None:
    with suppress(OSError):
        if path.is_dir() and not path.is_symlink():
            for inner in path.iterdir():
                _remove_old(inner, max_age_s)
            if _age(path) > _EMPTY_S:
                path.rmdir()
        elif _age(path) > max_age_s:
            path.unlink()


def _age(path: Path) -> float:
    """Seconds since it was written or used; a clock that was set back begins that anew."""
    age = time.time() - path.lstat().st_mtime
    if age < 0:
        os.utime(path, follow_symlinks=False)
    return max(0.0, age)
