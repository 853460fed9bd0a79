"""The protocol of a model for the engine, independent of where it runs."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from PIL import Image

from demo.dialects.dialect import Dialect
from demo.dialects.messages import Shown
from demo.dialects.prompt import Prompt
from demo.picture.picture import Picture

MAX_NEW_TOKENS = 2048

Tell = Callable[[str], None]


def to_stderr(sentence: str) -> None:
    """Report to people on standard error, because standard output is for results."""
    print(sentence, file=sys.stderr, flush=True)


@dataclass(frozen=True, slots=True)
class Usage:
    """Token counts of one answer, None where they cannot be known; and how it was decoded, in words."""

    prompt_tokens: int | None = None
    new_tokens: int | None = None
    reused_tokens: int | None = None
    decoding: str = ""


class Reasoner(Protocol):
    """A model that answers one question about one picture at a time."""

    @property
    def name(self) -> str:
        """Its name for people, such as ``nano``."""

    @property
    def dialect(self) -> Dialect:
        """How it is prompted, the size of its pictures, and the frame of its boxes."""

    @property
    def device(self) -> str:
        """Where it runs, for people: ``CPU``, ``NVIDIA GeForce RTX 3060``."""

    @property
    def held_bytes(self) -> int:
        """Bytes of this machine's memory that its weights take, and that `close` would free."""

    def prepare(self, picture: Picture) -> None:
        """Do the work for a picture that needs no question; optional before `stream`."""

    def stream(
        self, picture: Picture, prompt: Prompt, cancel: threading.Event
    ) -> Iterator[str | Usage]:
        """The answer's text in pieces, then its token counts.

        It goes on from `Prompt.conversation`, and ends early, still with its counts, once ``cancel`` is
        set. Raises ModelError with a sentence.
        """

    def close(self) -> None:
        """Free its memory after any running answer; it cannot be asked any more."""


class WrappingReasoner:
    """A reasoner that passes everything on to another one; those that extend it change a part."""

    def __init__(self, reasoner: Reasoner) -> None:
        self._reasoner = reasoner

    @property
    def name(self) -> str:
        return self._reasoner.name

    @property
    def dialect(self) -> Dialect:
        return self._reasoner.dialect

    @property
    def device(self) -> str:
        return self._reasoner.device

    @property
    def held_bytes(self) -> int:
        return self._reasoner.held_bytes

    def prepare(self, picture: Picture) -> None:
        """As the other does."""
        self._reasoner.prepare(picture)

    def stream(
        self, picture: Picture, prompt: Prompt, cancel: threading.Event
    ) -> Iterator[str | Usage]:
        """As the other does."""
        return self._reasoner.stream(picture, prompt, cancel)

    def close(self) -> None:
        """As the other does."""
        self._reasoner.close()


@runtime_checkable
class Weighing(Protocol):
    """A model that can also say how likely given texts are as its answers."""

    def losses(self, picture: Picture, prompt: Prompt, texts: Sequence[str]) -> list[float]:
        """For each text the mean loss per token as the whole answer, its end included; lower is likelier.

        Raises ModelError with a sentence.
        """


def picture_for(picture: Picture | Shown, dialect: Dialect) -> Image.Image:
    """The picture in the size that a model is shown; a part of one is in that size already.

    A fixed size is reached as in RegionReasoner's training, bilinear and without keeping the shape; where
    the picture keeps its shape, bicubic as for the Qwen models.
    """
    image = Image.fromarray(picture.pixels)
    if isinstance(picture, Shown):
        return image
    shown = dialect.view(picture.size).shown
    return image.resize((shown.width, shown.height), Image.Resampling[filter_of(dialect)])


def filter_of(dialect: Dialect) -> str:
    """The name of the filter with which its pictures are resized."""
    return "BILINEAR" if dialect.shown else "BICUBIC"
