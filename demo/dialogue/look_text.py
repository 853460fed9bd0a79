"""The text of a model that looks closer: where it pauses, and how a text about a part is woven in.

It knows strings only.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence


class Until(threading.Event):
    """What a model watches while it writes: set once it has written enough, or once the turn is stopped."""

    def __init__(self, stopped: threading.Event) -> None:
        super().__init__()
        self._stopped, self.is_enough = stopped, False

    def set(self) -> None:
        """Stop the turn."""
        self._stopped.set()

    def is_set(self) -> bool:
        return self.is_enough or self._stopped.is_set()

    @property
    def is_stopped(self) -> bool:
        """Whether the turn was stopped, not only this piece of it."""
        return is_stopped(self._stopped)


def is_stopped(event: threading.Event) -> bool:
    """Whether a turn was stopped, by what its model watches."""
    return event.is_stopped if isinstance(event, Until) else event.is_set()


class Pause:
    """Where a text stops: before the first of some strings, which may come in pieces."""

    def __init__(self, stops: Sequence[str]) -> None:
        self._stops, self._held, self.stop = stops, "", ""

    def take(self, piece: str) -> str:
        """What certainly stands before any of them."""
        text = self._held + piece
        found = [(at, stop) for stop in self._stops if (at := text.find(stop)) >= 0]
        if found:
            at, self.stop = min(found)
            self._held = ""
            return text[:at]
        begun = (len(text) - n for n in range(self._longest(len(text)), 0, -1))
        at = next((at for at in begun if self._begins(text[at:])), len(text))
        self._held = text[at:]
        return text[:at]

    def rest(self) -> str:
        """What was held back, at the end."""
        held, self._held = self._held, ""
        return held

    def _longest(self, length: int) -> int:
        return min(max(map(len, self._stops), default=1) - 1, length)

    def _begins(self, text: str) -> bool:
        return any(stop.startswith(text) for stop in self._stops)


_LEFT_OUT = ("<scene>", "</scene>", "<focus>", "</focus>", "<think>")
_ENDS = ("</think>", "<answer>")
_LONGEST = max(map(len, (*_LEFT_OUT, *_ENDS)))


class Woven:
    """The text about a part as it belongs into a thought: without its tags, and without its answer."""

    def __init__(self) -> None:
        self._held, self._is_answering = "\n", False

    def take(self, piece: str) -> str:
        """What can be said of the text so far."""
        if self._is_answering:
            return ""
        text = self._held + piece
        for tag in _LEFT_OUT:
            text = text.replace(tag, "")
        end = next((at for tag in _ENDS if (at := text.find(tag)) >= 0), -1)
        if end >= 0:
            self._held, self._is_answering = "", True
            return text[:end]
        cut = text.rfind("<")
        at = cut if cut >= 0 and len(text) - cut < _LONGEST else len(text)
        self._held = text[at:]
        return text[:at]

    def rest(self) -> str:
        """What was held back and is no tag."""
        return "" if self._is_answering else self._held
