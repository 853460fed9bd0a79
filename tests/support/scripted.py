"""A model that looks closer as it is told to: every text of a conversation is given."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

from demo.dialects.dialect import Dialect
from demo.dialects.known import DIALECTS
from demo.dialects.messages import Shown
from demo.dialects.prompt import Prompt
from demo.errors import ModelError
from demo.picture.picture import Picture
from demo.reasoners.base import Usage
from tests.support.table import Weightless


class Scripted(Weightless):
    """A model that writes the given texts, one each time it is asked, letter by letter until it is stopped;
    an error in place of one is raised.
    """

    name, device = "told", "CPU"

    def __init__(self, dialect: str | Dialect, *texts: str | ModelError) -> None:
        self.dialect = DIALECTS[dialect] if isinstance(dialect, str) else dialect
        self._texts = list(texts)
        self.asked: list[Prompt] = []

    def stream(
        self, _picture: Picture, prompt: Prompt, cancel: threading.Event
    ) -> Iterator[str | Usage]:
        self.asked.append(prompt)
        text = self._texts.pop(0)
        if isinstance(text, ModelError):
            raise text
        for letter in text:
            if cancel.is_set():
                break
            yield letter
        yield Usage(new_tokens=len(text))

    def words(self, time: int = 0) -> str:
        """What it was told as the user's last words, pictures left out."""
        (*_, last) = (m for m in self.asked[time].conversation if m.role == "user")
        return "".join(part for part in last.parts if isinstance(part, str))

    def pictures(self, time: int) -> list[Any]:
        """The sizes of the parts it was shown, and MAIN for the picture."""
        parts = [part for m in self.asked[time].conversation for part in m.parts]
        return [p.size if isinstance(p, Shown) else p for p in parts if not isinstance(p, str)]
