"""Pictures that were opened lately, by the content of their files.

A program's dialogue sends its picture with every question, each time as a new file. What is kept here is
what they were read from, within a number of bytes; their pixels share the room of all others (`held`).
"""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from dataclasses import replace
from pathlib import Path

from demo.machine.effort import long_work
from demo.picture.picture import MAX_BYTES, Picture, open_picture, read_content, safe_name

MAX_PICTURES = 64


class RecentPictures:
    """Those used last, ``max_bytes`` of files in all."""

    def __init__(self, max_bytes: int = MAX_BYTES) -> None:
        self._max_bytes, self._lock = max_bytes, threading.Lock()
        self._pictures: OrderedDict[str, Picture] = OrderedDict()

    def open(self, source: Path | bytes, name: str, gone: threading.Event | None = None) -> Picture:
        """The picture of a file, under that name; reading it is long work, which waits for its place.

        Raises PictureError as `open_picture` does, and InputError when nobody waits for it any more.
        """
        content = read_content(source)
        key = hashlib.sha256(content).hexdigest()
        with self._lock:
            known = self._pictures.get(key)
        if known is None:  # outside the lock: nobody waits for another's large picture
            with long_work(gone, is_patient=True):
                picture = open_picture(content, name)
        else:
            picture = known
        self._keep(key, picture)
        return replace(picture, name=safe_name(name))

    def _keep(self, key: str, picture: Picture) -> None:
        with self._lock:
            self._pictures[key] = picture
            self._pictures.move_to_end(key)
            while len(self._pictures) > MAX_PICTURES or self.held_bytes > self._max_bytes:
                self._pictures.popitem(last=False)

    @property
    def held_bytes(self) -> int:
        """Bytes of the files that are kept."""
        return sum(picture.source_bytes for picture in self._pictures.values())
