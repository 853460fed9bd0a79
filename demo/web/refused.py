"""A request that is refused, by whichever part of the guard."""

from __future__ import annotations


class RefusedError(Exception):
    """A request is refused: status, sentence, and a word for the metrics."""

    def __init__(self, status: int, sentence: str, why: str) -> None:
        super().__init__(sentence)
        self.status, self.why = status, why
