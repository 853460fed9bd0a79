"""How fast a model that is loaded here writes, token by token, with lookahead and without; and whether both
write the same tokens.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from demo.dialects.prompt import Prompt
from demo.doctor.questions import OnPrompt
from demo.picture.picture import Picture
from demo.reasoners.decoding import Decoder
from demo.reasoners.local import LocalReasoner, as_model_error
from demo.reasoners.lookahead import Lookahead


@dataclass(frozen=True, slots=True)
class Decoded:
    """What a model wrote after one prompt: token ids, seconds to the end of the first pass and in all, and
    the number of forward passes.

    The first pass, which computes the question as well, gave the first ``first`` tokens.
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


@dataclass(frozen=True, slots=True)
class Comparison:
    """One prompt answered both ways."""

    plain: Decoded
    ahead: Decoded

    @property
    def differs_at(self) -> int | None:
        """Index of the first token that differs; None when all are the same."""
        both = enumerate(zip_longest(self.plain.tokens, self.ahead.tokens))
        return next((index for index, (one, other) in both if one != other), None)


@dataclass(frozen=True, slots=True)
class Rate:
    """Tokens and forward passes a second, after the pass that computes the question."""

    tokens: float
    passes: float


@dataclass(frozen=True, slots=True)
class Lever:
    """A way to ask the three questions: mean seconds of a turn, tokens a second, and how many times as
    long it takes as the app's own way in the same precision.
    """

    precision: str
    way: str
    turn_s: float
    tokens_per_s: float | None
    times_as_long: float


class _NoGuesses(Lookahead):
    def guess(self, most: int) -> list[int]:  # noqa: ARG002 (the signature is Lookahead's)
        return []


def decode(
    reasoner: LocalReasoner,
    picture: Picture,
    prompt: Prompt,
    max_tokens: int,
    *,
    ahead: bool,
    clock: Callable[[], float] = time.perf_counter,
) -> Decoded:
    """Let the model answer a prompt, with lookahead or one token a pass.

    The picture is prepared before the ``clock`` is read. Raises ModelError.
    """
    with as_model_error():
        decoder, question = reasoner._decoder, reasoner._question_ids(prompt.instruction)
        likely = map(reasoner._ids, prompt.likely)
        guesses = Lookahead(likely, question) if ahead else _NoGuesses()
        prefix = reasoner._prefix(picture)
        passes, began = decoder.passes, clock()
        tokens: list[int] = []
        first, first_s = 0, 0.0
        for new in decoder.write(prefix, question, guesses, max_tokens):
            tokens += new
            if not first:
                first, first_s = len(new), clock() - began
        total_s = clock() - began
    return Decoded(tuple(tokens), first, first_s or total_s, total_s, decoder.passes - passes)


def decoder_of(reasoner: LocalReasoner) -> Decoder:
    """What writes the model's answers: it counts passes, and knows whether looking ahead pays here."""
    return reasoner._decoder


def compare(
    reasoner: LocalReasoner,
    picture: Picture,
    prompts: Sequence[Prompt],
    max_tokens: int,
    on_prompt: OnPrompt = lambda *_: None,
) -> list[Comparison]:
    """Answer every prompt both ways; ``on_prompt`` is called before each. Raises ModelError."""
    comparisons = []
    for prompt in prompts:
        on_prompt(picture, prompt)
        plain, ahead = (
            decode(reasoner, picture, prompt, max_tokens, ahead=way) for way in (False, True)
        )
        comparisons.append(Comparison(plain, ahead))
    return comparisons


def rate_of(texts: Sequence[Decoded]) -> Rate | None:
    """The rate over several texts; None when nothing was written after their first passes."""
    tokens, passes, seconds = (sum(part) for part in zip(*(t.later for t in texts), strict=True))
    return Rate(tokens / seconds, passes / seconds) if passes > 0 and seconds > 0 else None


def levers_of(precision: str, comparisons: Sequence[Comparison], prepare_s: float) -> list[Lever]:
    """What each lever is worth: lookahead, and keeping the picture (``prepare_s`` a turn without)."""
    ahead = [comparison.ahead for comparison in comparisons]
    plain = [comparison.plain for comparison in comparisons]
    ours = _mean(ahead)
    ways = (
        ("as the app asks", ahead, ours),
        ("without looking ahead", plain, _mean(plain)),
        ("with the picture computed for every question", ahead, ours + prepare_s),
        ("with neither", plain, _mean(plain) + prepare_s),
    )
    return [
        Lever(precision, way, seconds, rate.tokens if rate else None, seconds / ours)
        for way, texts, seconds in ways
        for rate in [rate_of(texts)]
    ]


def _mean(texts: Sequence[Decoded]) -> float:
    return sum(text.total_s for text in texts) / len(texts)
