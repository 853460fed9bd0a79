"""Dialogues that were saved as files, for a browser to fetch: few, for some minutes, and never longer than
the dialogue itself.
"""

from __future__ import annotations

import hashlib
import secrets
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from demo.errors import StoreError
from demo.machine.private_files import make_folder, write_new

MAX_FILES, MAX_BYTES = 200, 4_000_000_000
_OF = "of"  # an empty file in the folder of each dialogue that a file is of


@dataclass(frozen=True, slots=True)
class Exports:
    """The files below one folder, in a folder for each dialogue; one of several is in that of the first."""

    folder: Path

    def write(self, dialogue: str, name: str, content: bytes) -> Path:
        """A file of that dialogue; as `making`."""
        with self.making([dialogue], name) as path:
            write_new(path, content)
        return path

    @contextmanager
    def making(self, dialogues: Sequence[str], name: str) -> Iterator[Path]:
        """A new file of these dialogues, to be written in the block; nobody can guess its address.

        It is gone when that fails. Raises OSError, and StoreError when a dialogue was forgotten meanwhile.
        """
        address = secrets.token_urlsafe(16)
        places = [self._of(dialogue) / address for dialogue in dict.fromkeys(dialogues)]
        try:
            for place in places:
                make_folder(place.parent)
                make_folder(place)
                write_new(place / _OF, b"")
            yield places[0] / name
            if not all((place / _OF).exists() for place in places):
                raise StoreError("A dialogue of this file was deleted while it was made.")
        except BaseException:
            self._remove(address)
            raise
        self._make_room()

    def forget(self, dialogue: str) -> None:
        """Remove all files that the dialogue is in."""
        for place in self._of(dialogue).glob("*"):
            self._remove(place.name)
        shutil.rmtree(self._of(dialogue), ignore_errors=True)

    def _remove(self, address: str) -> None:
        for place in self.folder.glob(f"*/{address}"):
            shutil.rmtree(place, ignore_errors=True)

    def _of(self, dialogue: str) -> Path:
        digest = hashlib.sha256(dialogue.encode("utf-8", "surrogatepass")).hexdigest()
        return self.folder / digest[:32]

    def _make_room(self) -> None:
        """Remove the oldest files where there are too many."""
        found = [(file.stat(), file) for file in self.folder.glob("*/*/*") if file.name != _OF]
        newest_first = sorted(found, key=lambda each: -each[0].st_mtime)
        size = 0
        for count, (there, file) in enumerate(newest_first, start=1):
            size += there.st_size
            if count > 1 and (count > MAX_FILES or size > MAX_BYTES):
                self._remove(file.parent.name)
