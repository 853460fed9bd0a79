"""Guesses at the next tokens of a model, from earlier texts.

The scene sentence, the boxes of the references and the skeleton of an answer repeat earlier texts of
the same dialogue. It knows tokens only as numbers; the model decides whether a guess is right.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import takewhile

# Longer contexts are more reliable; the longest that occurred before decides.
CONTEXTS = (8, 4, 2, 1)
_START = -1  # stands before the first token of every answer
_QUESTION = -2  # stands before the question, which no answer resembles at its start


class Lookahead:
    """The texts to guess from, the last of which is being written.

    ``likely`` are token ids of texts that the answer may repeat, the likeliest last, ``question`` those
    of the prompt; where several match, the last counts.
    """

    def __init__(self, likely: Iterable[Sequence[int]] = (), question: Sequence[int] = ()) -> None:
        self._tokens: list[int] = []
        self._after: dict[tuple[int, ...], int] = {}
        for text in likely:
            self._tokens.append(_START)
            self.add(text)
        self._tokens.append(_QUESTION)
        self.add(question)
        self._tokens.append(_START)

    def add(self, tokens: Iterable[int]) -> None:
        """Continue the text that is being written."""
        for token in tokens:
            place = len(self._tokens)
            for length in CONTEXTS:
                if length <= place:
                    self._after[tuple(self._tokens[place - length :])] = place
            self._tokens.append(token)

    def guess(self, max_tokens: int) -> list[int]:
        """At most ``max_tokens`` tokens that may come next; none where no earlier text matches.

        A short context makes a poor guess, which is therefore kept short as well.
        """
        for length in CONTEXTS:
            place = self._after.get(tuple(self._tokens[-length:]))
            if place is not None and length <= len(self._tokens):
                stop = place + min(max_tokens, 4 * length)
                return list(takewhile(lambda token: token >= 0, self._tokens[place:stop]))
        return []
