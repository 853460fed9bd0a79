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

from demo.picture.picture import MAX_BYTES, Picture, open_picture, read_content, safe_name

MAX_PICTURES = 64


class RecentPictures:
    """Those used last, ``max_bytes`` of files in all."""

    def __init__(self, max_bytes: int = MAX_BYTES) -> None:
        self._max_bytes, self._lock = max_bytes, threading.Lock()
        self._pictures: OrderedDict[str, Picture] = OrderedDict()

    def open(self, source: Path | bytes, name: str) -> Picture:
        """The picture of a file, under that name. Raises PictureError as `open_picture` does."""
        content = read_content(source)
        key = hashlib.sha256(content).hexdigest()
        with self._lock:
            known = self._pictures.get(key)
        # Outside the lock: nobody waits for another's large picture.
        picture = open_picture(content, name) if known is None else known
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
