"""The text of a model that looks closer: where it pauses, and how a text about a part is woven in.

It knows strings only.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Sequence


class Until(threading.Event):
    """What a model watches while it writes: set once it has written enough, or once the turn is stopped.

    It is to be asked (`is_set`), not waited for.
    """

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


_TAGS, _OF_ANSWERS = r"</?(?:scene|focus)>|<think>", r"</think>|</?answer>"


class Woven:
    """A text as it belongs into a thought: without its tags, and without its answer if it ``leaves_answer``
    out.
    """

    def __init__(self, *, leaves_answer: bool = True) -> None:
        tags = f"(?:{_TAGS if leaves_answer else f'{_TAGS}|{_OF_ANSWERS}'})"
        self._left_out = re.compile(f"{tags}+", re.IGNORECASE)
        self._begun = re.compile(rf"{tags}*(?:<[^<>]{{0,7}})?\Z", re.IGNORECASE)
        self._end = re.compile(_OF_ANSWERS if leaves_answer else r"(?!)", re.IGNORECASE)
        self._held, self._last, self._is_answering = "", "", False

    def take(self, piece: str) -> str:
        """What can be said of the text so far."""
        if self._is_answering:
            return ""
        text = self._held + piece
        found = self._end.search(text) or self._begun.search(text)
        at = len(text) if found is None else found.start()
        self._is_answering = found is not None and found.re is self._end
        self._held = "" if self._is_answering else text[at:]
        return self._joined(text[:at])

    def rest(self) -> str:
        """What was held back and is no tag."""
        held, self._held = self._held, ""
        return self._joined(held)

    def _joined(self, text: str) -> str:
        """A text without its tags; a line ends where nothing but a tag keeps two words apart."""
        whole = self._last + text
        self._last = whole[-1:]
        return self._left_out.sub(_gap, whole)[len(whole) - len(text) :]


def _gap(tags: re.Match[str]) -> str:
    before, after = tags.string[: tags.start()][-1:], tags.string[tags.end() :][:1]
    return "" if not before.strip() or not after.strip() else "\n"
