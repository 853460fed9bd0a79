"""When a text has nothing more to say, though the model goes on writing.

A model ends its text by itself after its answer. One that does not, or that says the same over and over,
would go on up to its limit, which takes minutes on a CPU. This file knows texts, not how they are read.
"""

from __future__ import annotations

# Characters after an answer that is complete. A model that corrects itself begins its next answer sooner.
MAX_AFTER = 200
# What comes that many times in a row, and fills that many characters, comes for ever.
_TIMES, _LOOP, _MAX_PERIOD = 8, 400, 300  # times, characters, characters
_SAMPLE = 40  # characters by which a period is found
_KEPT = _TIMES * _MAX_PERIOD + _MAX_PERIOD


class Ending:
    """Follows a text while it arrives."""

    def __init__(self) -> None:
        self._tail = ""

    def is_reached(self, piece: str, written_after: int) -> bool:
        """Whether the text may end behind this piece of it.

        ``written_after`` are the characters since its answer was complete, 0 while it is not.
        """
        self._tail = (self._tail + piece)[-_KEPT:]
        return written_after >= MAX_AFTER or is_loop(self._tail)


def is_loop(text: str) -> bool:
    """Whether a text ends with the same words again and again."""
    last = text[-_SAMPLE:]
    before = text.rfind(last, 0, len(text) - 1)
    period = len(text) - len(last) - before
    span = max(_LOOP, (_TIMES - 1) * period)
    if before < 0 or period > _MAX_PERIOD or len(text) < span + period:
        return False
    return text[-span:] == text[-span - period : -period]
