"""The files that browsers load pictures from: under addresses that nobody can guess, each for as long as a
workspace has it.
"""

from __future__ import annotations

import secrets
import threading
import weakref
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from demo.machine.private_files import FILE, make_folder

_lock = threading.Lock()
_shown = weakref.WeakValueDictionary[tuple[Path, str], "ShownPicture"]()


class ShownPicture(str):
    """The path of a picture's file, which goes when nothing holds this value any more."""

    def __init__(self, path: str) -> None:
        weakref.finalize(self, remove_with_folders, Path(path))


def shown_picture(folder: Path, name: str, write: Callable[[Path], None]) -> ShownPicture:
    """The file of that name below the folder, which ``write`` makes unless it is there already.

    Those who show the same picture share it. It is there as a whole or not at all. Raises OSError.
    """
    with _lock:
        place = folder / secrets.token_urlsafe(16) / "pictures" / name
        found = _shown.get((folder, name)) or ShownPicture(str(place))
    path = Path(found)
    if not path.exists():
        try:
            _write_whole(path, write)
        except OSError:
            remove_with_folders(path)
            raise
    with _lock:
        return _shown.setdefault((folder, name), found)


def remove_with_folders(path: Path) -> None:
    """Remove a file, and the two folders above it if they are empty then."""
    with suppress(OSError):
        path.unlink(missing_ok=True)
        for folder in list(path.parents)[:2]:
            folder.rmdir()


def _write_whole(path: Path, write: Callable[[Path], None]) -> None:
    make_folder(path.parent.parent)
    make_folder(path.parent)
    part = path.with_suffix(f".{secrets.token_hex(8)}.part")
    try:
        write(part)
        part.chmod(FILE)
        part.replace(path)
    finally:
        with suppress(OSError):
            part.unlink()
