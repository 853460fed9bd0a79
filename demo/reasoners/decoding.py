"""Greedy decoding that looks ahead: several guessed tokens are checked in one forward pass.

The text is the same as with plain greedy decoding. A pass over several tokens computes the same as one pass
for each, but adds up in another order; so a guess counts only where the likeliest token leads by more than
the difference, which is measured. It knows tokens and logits, no pictures and no texts.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from transformers import DynamicCache

from demo.errors import CheckpointError, ModelError
from demo.reasoners.lookahead import Lookahead
from demo.reasoners.prefix import Prefix, prefix_of
from demo.reasoners.rules import RuledText, Rules

# Both leading tokens may move, and the measurement is only a sample: hence the factor of four.
_SAFETY = 4.0
# In logits. Where even that is not enough the passes do not compute the same, and nothing is guessed.
_MAX_MARGIN = 2.0
# The most tokens of bitsandbytes' fused 4-bit kernel, by compute capability; with more, the weights are
# unpacked first, which costs more than a guess can gain.
_FUSED_TOKENS = {(8, 6): 16, (8, 9): 8, (9, 0): 5}
_MIN_FUSED = 5
_MAX_TOKENS = 16


@dataclass(slots=True)
class _State:
    """One text while it is decoded: ``waiting`` are the tokens that the next pass computes first."""

    cache: DynamicCache
    offset: int
    ruled: RuledText
    waiting: list[int]


class Decoder:
    """Writes token after token with one model; not safe without a lock.

    ``passes`` and ``written`` count forward passes and tokens since it was made.
    """

    def __init__(self, model: Any, rules: Rules, max_guessed: int) -> None:
        self._text, self._head = model.model.language_model, model.lm_head
        self._device = model.device
        self.rules = rules
        self._max_guessed = max_guessed if rules.may_guess else 0
        self._margin: float | None = None
        self.passes = self.written = 0

    @property
    def looks_ahead(self) -> bool:
        """Whether guesses are made: not before the difference was measured, and not if it is large."""
        measured = self._margin is not None and self._margin <= _MAX_MARGIN
        return measured and self._max_guessed > 0

    @torch.inference_mode()
    def measure(self, prefix: Prefix, tokens: Sequence[int]) -> None:
        """Measure, once, the difference between one pass over several tokens and one pass for each.

        The first few of ``tokens`` after ``prefix`` are the sample.
        """
        if self._margin is not None or not self._max_guessed:
            return
        sample = list(tokens[: min(self._max_guessed, 4) + 1])
        together = self._logits(sample, prefix.cache(), prefix.offset, len(sample))
        cache = prefix.cache()
        single = torch.cat([self._logits([t], cache, prefix.offset, 1) for t in sample])
        difference = float((together - single).abs().max())
        self._margin = _SAFETY * difference * self.rules.widening

    def write(
        self,
        prefix: Prefix,
        tokens: Sequence[int],
        lookahead: Lookahead,
        max_tokens: int,
        *,
        written: Sequence[int] = (),
        piece: int | None = None,
    ) -> Iterator[list[int]]:
        """The tokens that follow ``tokens`` and ``written``, up to an end or ``max_tokens``.

        As many at a time as each pass yields. With ``piece`` the beginning is computed ``piece`` tokens
        at a time, and nothing is guessed: slower, and with less memory. Raises ModelError when the model
        computes no usable numbers.
        """
        ruled = RuledText(self.rules, [*prefix.ids, *tokens], written, max_tokens)
        state = _State(prefix.cache(), prefix.offset, ruled, [*tokens, *written])
        self._compute_pieces(state, piece)
        left, alone, text = max_tokens, piece is not None, list(written)
        while left > 0:
            guessed = [] if alone else self._guess(lookahead, left - 1)
            new, doubtful = self._step(state, guessed)
            alone = piece is not None or doubtful
            left -= len(new)
            new, ended = self._up_to_end(text, new)
            text += new
            ruled.add(new)
            lookahead.add(new)
            self.written += len(new)
            if new:
                yield new
            if ended:
                return

    @torch.inference_mode()
    def losses(
        self, prefix: Prefix, tokens: Sequence[int], answers: Sequence[Sequence[int]]
    ) -> list[float]:
        """The mean loss per token of each answer after ``tokens``, which are computed once.

        Raises ModelError when the model computes no usable numbers.
        """
        cache = prefix.cache()
        first = self._logits(list(tokens), cache, prefix.offset, 1)
        asked = prefix_of(cache, [*prefix.ids, *tokens], prefix.offset, prefix.config)
        return [self._loss(first, asked, list(answer)) for answer in answers]

    def _loss(self, first: torch.Tensor, asked: Prefix, answer: list[int]) -> float:
        """The mean loss of an answer whose first token has the logits ``first`` [1, vocabulary]."""
        after = self._logits(answer, asked.cache(), asked.offset, len(answer))
        logits, meant = torch.cat([first, after[:-1]]), torch.tensor(answer, device=self._device)
        if not bool(logits.isfinite().all()):
            raise self._numbers_error()
        return float(torch.nn.functional.cross_entropy(logits, meant))

    def _up_to_end(self, text: Sequence[int], new: list[int]) -> tuple[list[int], bool]:
        """The new tokens that belong to the text, and whether it ends there."""
        for i, token in enumerate(new):
            if token in self.rules.ends:
                return new[:i], True
            if self.rules.is_stopped([*text, *new[: i + 1]]):
                return new[: i + 1], True
        return new, False

    def _guess(self, lookahead: Lookahead, room: int) -> list[int]:
        return lookahead.guess(min(self._max_guessed, room)) if self.looks_ahead else []

    def _step(self, state: _State, guessed: list[int]) -> tuple[list[int], bool]:
        """One pass: the tokens that it settled, and whether the next one is in doubt, so that it must be
        computed on its own. ``state`` moves on.
        """
        best, sure = self._best(state, guessed)
        right = _count_agreeing(guessed, best, sure)
        kept = guessed[:right]
        doubtful = bool(guessed) and not sure[right]
        # Wrong guesses leave the cache; at a doubtful place its last token does too, to be computed again.
        if surplus := len(guessed) - right + doubtful:
            state.cache.crop(-surplus)
        if doubtful:
            state.waiting = (state.waiting + kept)[-1:]
            return kept, True
        state.waiting = [best[right]]
        return [*kept, best[right]], False

    def _compute_pieces(self, state: _State, piece: int | None) -> None:
        """Compute all but the last piece of the waiting tokens, ``piece`` at a time."""
        while piece is not None and len(state.waiting) > piece:
            self._logits(state.waiting[:piece], state.cache, state.offset, 1)
            state.waiting = state.waiting[piece:]

    @torch.inference_mode()
    def _best(self, state: _State, guessed: list[int]) -> tuple[list[int], list[bool]]:
        """The best token after the waiting ones and after each guess, and whether it leads clearly."""
        self.passes += 1
        logits = self._logits(state.waiting + guessed, state.cache, state.offset, len(guessed) + 1)
        scores = state.ruled.scores(logits, guessed)
        two = scores.topk(2).values
        leads = two[:, 0] - two[:, 1] > (self._margin or 0.0)
        # Of equal scores `generate` takes the one that argmax names. One transfer from the device for
        # all, because each one waits for it.
        rows = torch.stack(
            [scores.argmax(-1), leads.long(), logits.isfinite().all(-1).long()], dim=1
        ).tolist()
        if not all(finite for _, _, finite in rows):
            raise self._numbers_error()
        return [token for token, _, _ in rows], [bool(lead) for _, lead, _ in rows]

    def _numbers_error(self) -> ModelError:
        """The error for logits that are infinite or not numbers, with what to do."""
        if self._head.weight.dtype == torch.float16:
            return ModelError(
                "This model’s numbers are too large for float16, in which it runs here. Run it on a "
                "card that computes in bf16 (compute capability 8 or newer), or on a server."
            )
        return CheckpointError(
            "This model computes values that are not numbers: its weights are damaged, perhaps by a merge "
            "or an incomplete copy. Make or fetch them again."
        )

    @torch.inference_mode()
    def _logits(
        self, tokens: list[int], cache: DynamicCache, offset: int, count: int
    ) -> torch.Tensor:
        """Logits [count, vocabulary] after the last ``count`` of ``tokens``, which join the cache."""
        start = cache.get_seq_length() + offset
        positions = torch.arange(start, start + len(tokens), device=self._device)
        hidden = self._text(
            input_ids=torch.tensor([tokens], device=self._device),
            position_ids=positions.expand(3, 1, -1),
            past_key_values=cache,
            use_cache=True,
        ).last_hidden_state
        return self._head(hidden[0, -count:]).float()


def _count_agreeing(guessed: Sequence[int], best: Sequence[int], sure: Sequence[bool]) -> int:
    """How many of the guessed tokens are certainly those that the model would have written."""
    pairs = enumerate(zip(guessed, best, sure, strict=False))
    return next((i for i, (g, b, s) in pairs if g != b or not s), len(guessed))


def linear_config(model: Any) -> Any:
    """The configuration of a model whose cache has layers of linear attention; None for all others."""
    config = model.config.text_config
    has_linear = "linear_attention" in (getattr(config, "layer_types", None) or ())
    return config if has_linear else None


def max_guessed(model: Any) -> int:
    """The most tokens to guess at a time on the model's device."""
    if linear_config(model) is not None:
        return 0  # what linear attention has read cannot be taken back
    if model.device.type != "cuda" or not getattr(model, "is_quantized", False):
        return _MAX_TOKENS - 1
    capability = torch.cuda.get_device_capability(model.device)
    return _FUSED_TOKENS.get(capability, _MIN_FUSED) - 1
