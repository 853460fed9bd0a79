"""The rules by which a local model follows its checkpoint's ``generation_config.json`` in greedy decoding.

They are transformers' logits processors, combined as its ``generate`` does, so that a text is the one that
the checkpoint's makers get. It knows scores and token ids, no pictures and no texts.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import torch
from transformers import (
    ForcedEOSTokenLogitsProcessor,
    GenerationConfig,
    LogitsProcessorList,
    MinLengthLogitsProcessor,
    MinNewTokensLengthLogitsProcessor,
    NoBadWordsLogitsProcessor,
    NoRepeatNGramLogitsProcessor,
    RepetitionPenaltyLogitsProcessor,
    SequenceBiasLogitsProcessor,
    StoppingCriteriaList,
    StopStringCriteria,
    SuppressTokensAtBeginLogitsProcessor,
    SuppressTokensLogitsProcessor,
)

from demo.checkpoints.generation import FILE, parse_generation, read_generation
from demo.errors import CheckpointError, first_line

# These depend only on the ids so far, and widen the difference between two computations of a score by at
# most the penalty's factor, so that guesses can be checked. With other processors nothing is guessed.
_GUESSABLE = (
    ForcedEOSTokenLogitsProcessor,
    MinLengthLogitsProcessor,
    MinNewTokensLengthLogitsProcessor,
    NoBadWordsLogitsProcessor,
    NoRepeatNGramLogitsProcessor,
    RepetitionPenaltyLogitsProcessor,
    SequenceBiasLogitsProcessor,
    SuppressTokensAtBeginLogitsProcessor,
    SuppressTokensLogitsProcessor,
)
_MAX_STOP = 128  # the last tokens, in which a stop string is searched


def read_settings(folder: Path, config: Any) -> GenerationConfig:
    """The decoding settings of the checkpoint in a folder: from its file, else its model configuration.

    Raises CheckpointError for a file that cannot be read or followed.
    """
    if read_generation(folder) is None:
        return GenerationConfig.from_model_config(config)
    try:
        return GenerationConfig.from_pretrained(folder)
    except (ValueError, TypeError, AttributeError, LookupError) as error:
        raise _settings_error(error) from error


def _settings_error(error: Exception) -> CheckpointError:
    return CheckpointError(
        f"The settings in the checkpoint’s {FILE} cannot be followed: {first_line(error)}. "
        "Correct that file."
    )


class Rules:
    """The decoding rules of one loaded model.

    ``ends`` are the ids that end a text, and are not part of it. Raises CheckpointError for settings that
    cannot be followed.
    """

    def __init__(self, model: Any, tokenizer: Any = None, ends: Iterable[int] = ()) -> None:
        """``ends`` count where the file names none; ``tokenizer`` is needed for stop strings only."""
        self._model = model
        try:
            # The library's steps to combine its file with its defaults (generation/utils.py).
            config, _ = model._prepare_generation_config(GenerationConfig(do_sample=False))
            if config.eos_token_id in (None, []):
                config.eos_token_id = sorted(set(ends)) or None
            model._prepare_special_tokens(config, device=model.device)
            self._config = config
            self._generation = parse_generation(config.to_dict())
            config.repetition_penalty = self._generation.repetition_penalty
            config.no_repeat_ngram_size = self._generation.no_repeat_ngram_size
            stops = config.stop_strings
            self._stops = StoppingCriteriaList(
                [StopStringCriteria(tokenizer, stops)] if stops and tokenizer is not None else []
            )
            processors = self.processors([0], 1)
        except (ValueError, TypeError, AttributeError, LookupError) as error:
            raise _settings_error(error) from error
        self.ends = frozenset(self._generation.ends)
        self.may_guess = all(isinstance(p, _GUESSABLE) for p in processors)

    @property
    def widening(self) -> float:
        """The factor by which a difference between two scores can grow under these rules."""
        penalty = self._generation.repetition_penalty
        return max(penalty, 1 / penalty)

    @property
    def differences(self) -> tuple[str, ...]:
        """The differences from plain greedy decoding, as phrases for people."""
        beams = self._config.num_beams or 1
        asked = (f"not with the {beams} beams that its makers ask for",) if beams > 1 else ()
        return (*self._generation.differences, *asked)

    def processors(self, prompt: Sequence[int], max_new: int) -> LogitsProcessorList:
        """The logits processors for a text of at most ``max_new`` tokens after a prompt."""
        config = copy.copy(self._config)
        config.max_length = len(prompt) + max_new
        device = self._model.device
        return self._model._get_logits_processor(
            config,
            input_ids_seq_length=len(prompt),
            encoder_input_ids=torch.tensor([prompt], device=device),
            device=str(device),
        )

    def is_stopped(self, written: Sequence[int]) -> bool:
        """Whether a text ends with one of the stop strings."""
        if not self._stops:
            return False
        ids = torch.tensor([written[-_MAX_STOP:]], device=self._model.device)
        return bool(self._stops(ids, None).all())


class RuledText:
    """One text under the rules: its ids so far, including the prompt, and the scores of the next token."""

    def __init__(self, rules: Rules, prompt: Sequence[int], written: Sequence[int], max_new: int):
        """The text continues after ``written``, with at most ``max_new`` more tokens."""
        self._process = rules.processors(prompt, len(written) + max_new)
        self._length = len(prompt) + len(written)
        device = rules._model.device
        self._ids = torch.zeros(1, self._length + max_new, dtype=torch.long, device=device)
        if self._process:
            self._ids[0, : self._length] = torch.tensor([*prompt, *written], device=device)

    def add(self, tokens: Sequence[int]) -> None:
        """Append tokens to the text."""
        if self._process and tokens:
            self._put(tokens)
        self._length += len(tokens)

    def scores(self, logits: torch.Tensor, guessed: Sequence[int]) -> torch.Tensor:
        """Scores [N + 1, vocabulary] from logits of that shape, after each of N guessed tokens."""
        if not self._process:
            return logits
        if guessed:
            self._put(guessed)
        rows = (
            self._process(self._ids[:, : self._length + i], logits[i : i + 1])
            for i in range(len(logits))
        )
        return torch.cat(list(rows))

    def _put(self, tokens: Sequence[int]) -> None:
        place = slice(self._length, self._length + len(tokens))
        self._ids[0, place] = torch.tensor(tokens, device=self._ids.device)
