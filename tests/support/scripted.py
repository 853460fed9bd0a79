"""A model whose every text is given, and a segmenter that always fails."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from demo.dialects.dialect import Dialect
from demo.dialects.known import DIALECTS, REGION_REASONER
from demo.dialects.messages import Shown
from demo.dialects.prompt import Prompt
from demo.errors import ModelError
from demo.picture.picture import Picture
from demo.reasoners.base import Usage
from demo.segmenters.base import MaskPrompt, Segment
from tests.support.table import Weightless


class Telling(Weightless):
    """A model that writes what ``text`` makes of each question, letter by letter until it is stopped; an
    error in place of a text is raised.
    """

    device = "CPU"

    def __init__(
        self,
        text: Callable[[Prompt], str | Exception],
        dialect: Dialect = REGION_REASONER,
        name: str = "told",
    ) -> None:
        self.name, self.dialect, self._text = name, dialect, text
        self.asked: list[Prompt] = []

    def stream(
        self, _picture: Picture, prompt: Prompt, cancel: threading.Event
    ) -> Iterator[str | Usage]:
        self.asked.append(prompt)
        text = self._text(prompt)
        if isinstance(text, Exception):
            raise text
        for letter in text:
            if cancel.is_set():
                break
            yield letter
        yield Usage(new_tokens=len(text))


class Scripted(Telling):
    """The same with the given texts, one each time it is asked."""

    def __init__(self, dialect: str | Dialect, *texts: str | ModelError) -> None:
        left = list(texts)
        known = DIALECTS[dialect] if isinstance(dialect, str) else dialect
        super().__init__(lambda _: left.pop(0), known)

    def words(self, time: int = 0) -> str:
        """What it was told as the user's last words, pictures left out."""
        (*_, last) = (m for m in self.asked[time].conversation if m.role == "user")
        return "".join(part for part in last.parts if isinstance(part, str))

    def pictures(self, time: int) -> list[Any]:
        """The sizes of the parts it was shown, and MAIN for the picture."""
        parts = [part for m in self.asked[time].conversation for part in m.parts]
        return [p.size if isinstance(p, Shown) else p for p in parts if not isinstance(p, str)]


class Maskless:
    """A segmenter that fails whatever it is asked."""

    name = "maskless"

    def __init__(self, error: Exception) -> None:
        self._error = error

    def prepare(self, _picture: Picture) -> None:
        raise self._error

    def segment(self, _picture: Picture, _prompts: Sequence[MaskPrompt]) -> list[Segment]:
        raise self._error
