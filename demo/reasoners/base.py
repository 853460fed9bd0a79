"""What the engine needs of a model, whatever it is and wherever it runs."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from PIL import Image

from demo.dialects.dialect import Dialect
from demo.dialects.prompt import Prompt
from demo.picture.picture import Picture

MAX_NEW_TOKENS = 2048


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
        """What to call it, such as ``nano``."""

    @property
    def dialect(self) -> Dialect:
        """How it is asked, what it is shown, and the frame that its boxes are written in."""

    @property
    def device(self) -> str:
        """What it runs on, for people: ``CPU``, ``NVIDIA GeForce RTX 3060``."""

    @property
    def held_bytes(self) -> int:
        """What its weights take of this machine's memory, and `close` would free."""

    def prepare(self, picture: Picture) -> None:
        """Do what can be done for a picture before a question is asked; may be left out."""

    def stream(
        self, picture: Picture, prompt: Prompt, cancel: threading.Event
    ) -> Iterator[str | Usage]:
        """The answer's text in pieces, then its token counts.

        Ends early, still with its counts, once ``cancel`` is set. Raises ModelError with a sentence.
        """

    def close(self) -> None:
        """Free what it holds, after an answer under way; it cannot be asked any more."""


def framed(picture: Picture, dialect: Dialect) -> Image.Image:
    """The picture in the size that a model is shown it in.

    A fixed size is reached as in RegionReasoner's training, bilinear, with the shape not kept; a
    picture's own shape is kept as with the Qwen models, bicubic.
    """
    shown = dialect.view(picture.size).shown
    method = Image.Resampling.BILINEAR if dialect.shown else Image.Resampling.BICUBIC
    return Image.fromarray(picture.pixels).resize((shown.width, shown.height), method)
