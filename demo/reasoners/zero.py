"""A model on a ZeroGPU Space: each turn gets the GPU for as long as its work should take.

It wraps any reasoner and knows the rules of such Spaces (see `zerogpu`), not how an answer is written.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator

from demo.dialects.prompt import Prompt
from demo.picture.picture import Picture
from demo.reasoners.base import MAX_NEW_TOKENS, Reasoner, Usage, WrappingReasoner
from demo.reasoners.chat import pictures_of
from demo.zerogpu import GpuGateway

# Estimates, never measured on a Space: a new process gets the weights first, then reads and writes.
_START_S = 15
_TOKEN_S = 0.03
_TOKENS = 1000  # an answer with its reasoning
_TOKENS_PER_BOX = 40  # a cited region is described and compared
_PICTURE_S = 1  # a part that was looked at is read again with each call, as nothing computed stays


def turn_seconds(prompt: Prompt) -> int:
    """How long the GPU is asked for: a start, and the pictures and tokens that such a question may need."""
    return _START_S + _writing_seconds(prompt)


def answer_in_time(reasoner: Reasoner, picture: Picture, prompt: Prompt) -> Iterator[str | Usage]:
    """The answer, ended early rather than killed when its GPU time is over."""
    cancel = threading.Event()
    bell = threading.Timer(_writing_seconds(prompt), cancel.set)
    bell.daemon = True
    bell.start()
    try:
        yield from reasoner.stream(picture, prompt, cancel)
    finally:
        bell.cancel()


class ZeroReasoner(WrappingReasoner):
    """A reasoner behind a `GpuGateway`, whose function ``answer`` takes a picture and a prompt."""

    def __init__(self, reasoner: Reasoner, gateway: GpuGateway) -> None:
        super().__init__(reasoner)
        self._gateway = gateway

    @property
    def device(self) -> str:
        return f"{self._reasoner.device}, shared"

    def prepare(self, picture: Picture) -> None:
        """Does nothing: outside a turn there is no GPU, and what it computed would not stay."""

    def stream(
        self, picture: Picture, prompt: Prompt, cancel: threading.Event
    ) -> Iterator[str | Usage]:
        """The answer's text and its counts; a stop takes effect at the next piece of text."""
        pieces = self._gateway(turn_seconds(prompt), "answer", picture, prompt)
        try:
            for piece in pieces:
                yield piece
                if cancel.is_set():
                    yield Usage()
                    return
        finally:
            pieces.close()


def _writing_seconds(prompt: Prompt) -> int:
    tokens = min(_TOKENS + _TOKENS_PER_BOX * len(prompt.given), MAX_NEW_TOKENS)
    looks = len(pictures_of(prompt.conversation)) - 1
    return round(tokens * _TOKEN_S) + _PICTURE_S * looks
