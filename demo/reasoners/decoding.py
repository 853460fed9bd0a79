"""Greedy decoding that looks ahead: several guessed tokens are checked in one forward pass.

The text is the one that plain greedy decoding writes. A pass over several tokens computes the same as
one pass each, but adds up in another order; so a guess counts only where the likeliest token leads by
more than that difference, which is measured. It knows tokens and logits, no pictures and no texts.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import torch
from transformers import DynamicCache

from demo.errors import CheckpointError, ModelError
from demo.reasoners.lookahead import Lookahead
from demo.reasoners.prefix import Prefix
from demo.reasoners.rules import Ruled, Rules

# The two leading tokens may both move, and what was measured is a sample: hence four times over.
_SAFETY = 4.0
# In logits. Where even that is not enough the passes do not compute the same, and nothing is guessed.
_MAX_MARGIN = 2.0
# bitsandbytes' fused 4-bit kernel takes so many tokens at a time, by compute capability; beyond, the
# weights are unpacked first, which costs more than a guess can gain.
_FUSED_TOKENS = {(8, 6): 16, (8, 9): 8, (9, 0): 5}
_MIN_FUSED = 5
_MAX_TOKENS = 16


class Decoder:
    """Writes token after token with one model; not safe without a lock.

    ``passes`` and ``written`` count forward passes and tokens since it was made.
    """

    def __init__(self, model: Any, rules: Rules, most_guessed: int) -> None:
        self._text, self._head = model.model.language_model, model.lm_head
        self._device = model.device
        self.rules = rules
        self._most_guessed = most_guessed if rules.fit_for_guesses else 0
        self._margin: float | None = None
        self.passes = self.written = 0

    @property
    def looks_ahead(self) -> bool:
        """Whether guesses are made: not before the difference was measured, and not if it is large."""
        measured = self._margin is not None and self._margin <= _MAX_MARGIN
        return measured and self._most_guessed > 0

    @torch.inference_mode()
    def measure(self, prefix: Prefix, tokens: Sequence[int]) -> None:
        """Measure, once, how far one pass over several tokens is from one pass for each.

        The first few of ``tokens`` after ``prefix`` are the sample.
        """
        if self._margin is not None or not self._most_guessed:
            return
        sample = list(tokens[: min(self._most_guessed, 4) + 1])
        together = self._logits(sample, prefix.cache(), prefix.offset, len(sample))
        cache = prefix.cache()
        single = torch.cat([self._logits([t], cache, prefix.offset, 1) for t in sample])
        difference = float((together - single).abs().max())
        self._margin = _SAFETY * difference * self.rules.widens

    def write(
        self,
        prefix: Prefix,
        tokens: Sequence[int],
        lookahead: Lookahead,
        most: int,
        *,
        written: Sequence[int] = (),
        piece: int | None = None,
    ) -> Iterator[list[int]]:
        """The tokens that follow ``tokens`` and what is ``written`` already, up to an end or ``most``.

        As many at a time as each pass yields. With ``piece`` the beginning is computed ``piece`` tokens
        at a time, and nothing is guessed: slower, and with less memory. Raises ModelError when the model
        computes no usable numbers.
        """
        cache, offset = prefix.cache(), prefix.offset
        ruled = Ruled(self.rules, [*prefix.ids, *tokens], written, most)
        waiting = self._first_pieces([*tokens, *written], cache, offset, piece)
        left, alone, text = most, piece is not None, list(written)
        while left > 0:
            guessed = [] if alone else self._guessed(lookahead, left - 1)
            new, waiting, doubtful = self._step(waiting, guessed, cache, offset, ruled)
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

    def _up_to_end(self, text: Sequence[int], new: list[int]) -> tuple[list[int], bool]:
        """What of the new tokens belongs to the text, and whether it ends there."""
        for i, token in enumerate(new):
            if token in self.rules.ends:
                return new[:i], True
            if self.rules.stopped([*text, *new[: i + 1]]):
                return new[: i + 1], True
        return new, False

    def _guessed(self, lookahead: Lookahead, room: int) -> list[int]:
        return lookahead.guess(min(self._most_guessed, room)) if self.looks_ahead else []

    def _step(
        self,
        waiting: list[int],
        guessed: list[int],
        cache: DynamicCache,
        offset: int,
        ruled: Ruled,
    ) -> tuple[list[int], list[int], bool]:
        """One pass: the tokens it settled, those to start the next one with, and whether the first
        token that it left open must be computed by itself.
        """
        best, sure = self._best(waiting, guessed, cache, offset, ruled)
        right = _agreeing(guessed, best, sure)
        kept = guessed[:right]
        doubtful = bool(guessed) and not sure[right]
        # What was guessed wrongly leaves the cache; of a doubtful place its token, too, to go in again.
        cache.crop(right - len(guessed) - doubtful)
        if doubtful:
            return kept, (waiting + kept)[-1:], True
        return [*kept, best[right]], [best[right]], False

    def _first_pieces(
        self, tokens: list[int], cache: DynamicCache, offset: int, piece: int | None
    ) -> list[int]:
        """Compute all but the last piece; what is left to compute."""
        while piece is not None and len(tokens) > piece:
            self._logits(tokens[:piece], cache, offset, 1)
            tokens = tokens[piece:]
        return tokens

    @torch.inference_mode()
    def _best(
        self,
        waiting: list[int],
        guessed: list[int],
        cache: DynamicCache,
        offset: int,
        ruled: Ruled,
    ) -> tuple[list[int], list[bool]]:
        """The best token after ``waiting`` and after each guess, and whether it leads clearly."""
        self.passes += 1
        logits = self._logits(waiting + guessed, cache, offset, len(guessed) + 1)
        scores = ruled.scores(logits, guessed)
        two = scores.topk(2).values
        leads = two[:, 0] - two[:, 1] > (self._margin or 0.0)
        # Of equal scores `generate` takes the one that argmax names. One transfer from the device for
        # all, because each one waits for it.
        told = torch.stack(
            [scores.argmax(-1), leads.long(), logits.isfinite().all(-1).long()], dim=1
        ).tolist()
        if not all(finite for _, _, finite in told):
            raise self._useless()
        return [token for token, _, _ in told], [bool(lead) for _, lead, _ in told]

    def _useless(self) -> ModelError:
        """Why there may be numbers that are infinite or none at all, and what to do."""
        if self._head.weight.dtype == torch.float16:
            return ModelError(
                "This model’s numbers are too large for float16, in which it runs here. Run it on a "
                "card that computes in bf16 (compute capability 8 or newer), or on a server."
            )
        return CheckpointError(
            "This model computes numbers that are none: its weights are damaged, perhaps by a merge or "
            "an incomplete copy. Make or fetch them again."
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


def _agreeing(guessed: Sequence[int], best: Sequence[int], sure: Sequence[bool]) -> int:
    """How many of the guessed tokens are, for sure, what the model would have written."""
    pairs = enumerate(zip(guessed, best, sure, strict=False))
    return next((i for i, (g, b, s) in pairs if g != b or not s), len(guessed))


def most_guessed(model: Any) -> int:
    """How many tokens to guess at a time on the model's device."""
    if model.device.type != "cuda" or not getattr(model, "is_quantized", False):
        return _MAX_TOKENS - 1
    capability = torch.cuda.get_device_capability(model.device)
    return _FUSED_TOKENS.get(capability, _MIN_FUSED) - 1
