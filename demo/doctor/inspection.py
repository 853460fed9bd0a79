"""The one place of the doctor that looks inside a model that is loaded here.

It lets the model write token by token, with looking ahead or without, and lets a model with random
weights say what is given.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from demo.dialects.prompt import Prompt
from demo.picture.picture import Picture
from demo.reasoners.local import LocalReasoner, as_model_error
from demo.reasoners.lookahead import Lookahead


@dataclass(frozen=True, slots=True)
class Written:
    """What a model wrote after one prompt: token ids; seconds to the first pass's and in all; passes.

    ``first`` tokens came with the first pass, which computes the question as well.
    """

    tokens: tuple[int, ...]
    first: int
    first_s: float
    total_s: float
    passes: int

    @property
    def later(self) -> tuple[int, int, float]:
        """Tokens, passes and seconds after the first pass."""
        return len(self.tokens) - self.first, self.passes - 1, self.total_s - self.first_s


class _Nothing(Lookahead):
    """Guesses nothing."""

    def guess(self, most: int) -> list[int]:  # noqa: ARG002 (it is asked as any other)
        return []


def written(
    reasoner: LocalReasoner,
    picture: Picture,
    prompt: Prompt,
    most: int,
    *,
    ahead: bool,
    clock: Callable[[], float] = time.perf_counter,
) -> Written:
    """What the model writes, at most so many tokens, looking ahead or one token a pass.

    The picture is prepared, or is before the ``clock`` is read. Raises ModelError.
    """
    with as_model_error():
        decoder, asked = reasoner._decoder, reasoner._question_ids(prompt.instruction)
        guesses = Lookahead(map(reasoner._ids, prompt.likely), asked) if ahead else _Nothing()
        prefix = reasoner._prefix(picture)
        passes, began = decoder.passes, clock()
        tokens: list[int] = []
        first = first_s = 0.0
        for new in decoder.write(prefix, asked, guesses, most):
            tokens += new
            if not first:
                first, first_s = len(new), clock() - began
        total_s = clock() - began
    return Written(tuple(tokens), int(first), first_s or total_s, total_s, decoder.passes - passes)


def passes_of(reasoner: LocalReasoner) -> int:
    """How many forward passes it has made for answers."""
    return reasoner._decoder.passes


def looks_ahead(reasoner: LocalReasoner) -> bool:
    """Whether it guesses at all, which is measured with the first picture."""
    return reasoner._decoder.looks_ahead


def weights_of(reasoner: LocalReasoner) -> list[torch.Tensor]:
    """All weights, as they lie in memory."""
    return list(reasoner._model.parameters())


class Replay:
    """Lets a model say what is given, at the cost of its own passes; random weights say nothing.

    Which row of a pass stands for which token follows from the rotary positions.
    """

    def __init__(self, reasoner: LocalReasoner) -> None:
        self.reasoner, self._tokens, self._begin = reasoner, list[int](), 0
        self._positions = torch.zeros(0)
        text, head = reasoner._model.model.language_model, reasoner._model.lm_head
        self._hooks = (
            text.register_forward_pre_hook(self._before, with_kwargs=True),
            head.register_forward_hook(self._after),
        )

    def say(self, picture: Picture, prompt: Prompt, text: str) -> None:
        """The answer to the next prompt."""
        prefix = self.reasoner._prefix(picture)
        asked = len(self.reasoner._question_ids(prompt.instruction))
        self._tokens = [*self.reasoner._ids(text), *self.reasoner._decoder.rules.ends]
        self._begin = prefix.length + prefix.offset + asked - 1

    def close(self) -> None:
        """Let the model say what it says."""
        for hook in self._hooks:
            hook.remove()

    def _before(self, _module: Any, _args: Any, given: dict[str, Any]) -> None:
        self._positions = given["position_ids"][-1, 0]

    def _after(self, _module: Any, _args: Any, logits: torch.Tensor) -> torch.Tensor:
        rows = logits.view(-1, logits.shape[-1]) if self._tokens else logits[:0]
        for row, position in zip(rows, self._positions[-len(rows) :].tolist(), strict=False):
            row[_at(self._tokens, position - self._begin)] = 1e4
        return logits


def _at(tokens: Sequence[int], place: int) -> int:
    return tokens[max(0, min(place, len(tokens) - 1))]
