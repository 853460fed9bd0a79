"""What belongs to whoever makes a request: the part of the guard that notes it and looks it up."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from demo.access.belongings import Belongings
from demo.web.refused import RefusedError

# Quotes within a text are escaped, so that no text of a visitor looks like these.
_FILES = re.compile(
    rb'\{\s*"path":\s*("(?:[^"\\]|\\.)+"),\s*"url":|"path"\],\s*("(?:[^"\\]|\\.)+")'
)
_CALL = re.compile(rb'\{\s*"event_id":\s*"(\w+)"\s*\}')


_NAME = re.compile(r"[\w.-]{1,128}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Owned:
    """The belongings of ``who``; ``folder`` is the one from which files are served."""

    belongings: Belongings
    folder: Path
    who: str

    def claim(self, session: str) -> None:
        """A page session is theirs from its first call on. Raises RefusedError."""
        if not self.belongings.claim(self.who, session):
            raise RefusedError(403, "This page session belongs to somebody else.", "session")

    def check_session(self, name: str) -> None:
        """Raise RefusedError when a page session or call is somebody else's, or that is no name of one."""
        if not _NAME.fullmatch(name):
            raise RefusedError(400, "This is not the name of a page session.", "session")
        if not self.belongings.may_use(self.who, name):
            raise RefusedError(403, "This page session belongs to somebody else.", "session")

    def may_read(self, path: str) -> bool:
        """Whether a file may be named: not one that was made for somebody else.

        What lies outside the folder is Gradio's to refuse.
        """
        if "\0" in path:
            return False
        inside = self._place(path)
        return inside is None or self.belongings.may_read(self.who, inside)

    def is_inside(self, path: str) -> bool:
        """Whether a file is in the folder."""
        return self._place(path) is not None

    def is_here(self, path: str) -> bool:
        """Whether it is the path of a file in the folder."""
        return "\0" not in path and self.is_inside(path) and os.path.isfile(path)

    def note(self, path: str, body: bytes) -> None:
        """Note the files and calls of which an answer, or a piece of it, tells them."""
        if path.rstrip("/") == "/gradio_api/upload":
            self._give(_strings(body))
        elif b'"path"' in body:
            found = (json.loads(named or changed) for named, changed in _FILES.findall(body))
            self._give(list(found))
        elif path.startswith("/gradio_api/") and (call := _CALL.fullmatch(body.strip())):
            self.belongings.claim(self.who, call[1].decode())

    def _give(self, paths: Iterable[str]) -> None:
        places = (self._place(path) for path in paths)
        self.belongings.give(self.who, (place for place in places if place is not None))

    def _place(self, path: str) -> str | None:
        """Where in the folder a file is; None for one that is not in it."""
        with suppress(ValueError, OSError):
            real, folder = os.path.realpath(path), os.path.realpath(self.folder)
            if os.path.commonpath([real, folder]) == folder:
                return os.path.normcase(os.path.relpath(real, folder))
        return None


def _strings(body: bytes) -> list[str]:
    with suppress(ValueError):
        value = json.loads(body)
        return [each for each in value if isinstance(each, str)] if isinstance(value, list) else []
    return []
