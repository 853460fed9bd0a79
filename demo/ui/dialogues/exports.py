"""Dialogues that were saved as files, for a browser to fetch: few, for some minutes, and never longer than
the dialogue itself.
"""

from __future__ import annotations

import hashlib
import secrets
import shutil
from dataclasses import dataclass
from pathlib import Path

from demo.machine.private_files import make_folder, write_new

MAX_FILES, MAX_BYTES = 200, 4_000_000_000


@dataclass(frozen=True, slots=True)
class Exports:
    """The files below one folder, in a folder for each dialogue."""

    folder: Path

    def write(self, dialogue: str, name: str, content: bytes) -> Path:
        """A file of that dialogue, under an address that nobody can guess. Raises OSError.

        The oldest files make room.
        """
        self._make_room(len(content))
        place = self._of(dialogue) / secrets.token_urlsafe(16)
        make_folder(place.parent)
        make_folder(place)
        write_new(place / name, content)
        return place / name

    def forget(self, dialogue: str) -> None:
        """Remove all files of that dialogue."""
        shutil.rmtree(self._of(dialogue), ignore_errors=True)

    def _of(self, dialogue: str) -> Path:
        digest = hashlib.sha256(dialogue.encode("utf-8", "surrogatepass")).hexdigest()
        return self.folder / digest[:32]

    def _make_room(self, size: int) -> None:
        found = [(file.stat(), file) for file in self.folder.glob("*/*/*")]
        oldest_first = sorted(found, key=lambda each: each[0].st_mtime)
        size += sum(there.st_size for there, _ in oldest_first)
        count = len(oldest_first) + 1
        for there, file in oldest_first:
            if count <= MAX_FILES and size <= MAX_BYTES:
                return
            shutil.rmtree(file.parent, ignore_errors=True)
            count, size = count - 1, size - there.st_size
