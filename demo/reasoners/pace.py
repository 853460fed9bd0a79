"""An estimate of a model's speed, from how fast a device gets through a few layers."""

from __future__ import annotations

from dataclasses import dataclass

from demo.checkpoints.shape import PATCHES, PICTURE_TOKENS, QUESTION_TOKENS, Shape
from demo.dialects.ways import REASONED_TOKENS


@dataclass(frozen=True, slots=True)
class Pace:
    """A device's speed in numbers of a layer per second: with one token, and with many at once."""

    alone: float
    together: float

    def tokens_per_second(self, shape: Shape) -> float:
        """The speed of decoding, which uses all layers once for each token."""
        return self.alone / shape.read_per_token

    def reading_seconds(self, shape: Shape) -> float:
        """Seconds to read a picture and its question."""
        text = shape.layers_linear * (PICTURE_TOKENS + QUESTION_TOKENS)
        return (text + shape.tower_linear * PATCHES) / self.together

    def answer_seconds(self, shape: Shape, tokens: int = REASONED_TOKENS) -> float:
        """Seconds for a first answer of so many tokens, with its picture."""
        return self.reading_seconds(shape) + tokens / self.tokens_per_second(shape)

    def later_seconds(self, shape: Shape, tokens: int = REASONED_TOKENS) -> float:
        """Seconds for another answer about the same picture."""
        asked = shape.layers_linear * QUESTION_TOKENS / self.together
        return asked + tokens / self.tokens_per_second(shape)

    def first_answer(self, shape: Shape) -> str:
        """The same in words, such as *4 minutes*."""
        return span(self.answer_seconds(shape))

    def sentence(self, name: str, device: str, shape: Shape) -> str:
        """A sentence for people about what to expect."""
        tokens, reading = self.tokens_per_second(shape), self.reading_seconds(shape)
        where = "the Apple GPU" if device == "mps" else "this CPU"
        return (
            f"On {where} {name} writes about {_shorten(tokens)} tokens a second and takes about "
            f"{span(reading)} to look at a new picture (estimated), so a first answer takes about "
            f"{self.first_answer(shape)}."
        )


@dataclass(frozen=True, slots=True)
class EnginePace:
    """The pace of an engine, with the number of ``threads`` that is quickest now (0: its own choice)."""

    pace: Pace
    threads: int = 0


def _shorten(value: float) -> str:
    return f"{value:.1f}" if value < 10 else f"{value:.0f}"


def span(seconds: float) -> str:
    """Seconds in words, such as *4 minutes*."""
    if seconds < 90:
        return f"{max(round(seconds), 1)} seconds"
    return f"{round(seconds / 60)} minutes"
