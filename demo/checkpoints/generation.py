"""How a checkpoint's makers decode it, by their ``generation_config.json``.

It reads that file and puts it into words; it needs neither torch nor transformers, because a server is
asked for the same settings. `rules.py` makes a local model follow them.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from demo.errors import CheckpointError, first_line

FILE = "generation_config.json"


@dataclass(frozen=True, slots=True)
class Generation:
    """The settings that matter in greedy decoding; each default changes nothing.

    ``ends`` are the token ids that end a text; empty where the file names none.
    """

    repetition_penalty: float = 1.0
    no_repeat_ngram_size: int = 0
    suppress_tokens: tuple[int, ...] = ()
    begin_suppress_tokens: tuple[int, ...] = ()
    ends: tuple[int, ...] = ()

    @property
    def differences(self) -> tuple[str, ...]:
        """The differences from plain greedy decoding, as phrases for people."""
        phrases = []
        if self.repetition_penalty != 1.0:
            phrases.append(f"repetition penalty {self.repetition_penalty:g}")
        if self.no_repeat_ngram_size:
            phrases.append(f"no {self.no_repeat_ngram_size} tokens twice in the same order")
        if suppressed := len({*self.suppress_tokens, *self.begin_suppress_tokens}):
            phrases.append(f"{suppressed} suppressed token{'s' * (suppressed > 1)}")
        return tuple(phrases)


def read_generation(folder: Path) -> Generation | None:
    """The settings of the checkpoint in a folder; None where it has no such file.

    Raises CheckpointError for a file that cannot be read.
    """
    try:
        written = json.loads((folder / FILE).read_text(encoding="utf-8"))
        return parse_generation(written)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise CheckpointError(
            f"The file {FILE} in {folder} cannot be read: {first_line(error)}. Correct it."
        ) from error


def parse_generation(written: Mapping[str, Any]) -> Generation:
    """The settings from the values of such a file; null means the default.

    A number may be written as text. Raises ValueError for a value of another kind.
    """
    penalty = _number(written, "repetition_penalty", 1.0)
    if not 0 < penalty < math.inf:
        raise _value_error("repetition_penalty", "a number above 0", penalty)
    size = _number(written, "no_repeat_ngram_size", 0.0)
    if not size.is_integer():
        raise _value_error("no_repeat_ngram_size", "a whole number", size)
    return Generation(
        penalty,
        int(size),
        _ids(written, "suppress_tokens"),
        _ids(written, "begin_suppress_tokens"),
        _ids(written, "eos_token_id"),
    )


def _number(written: Mapping[str, Any], key: str, default: float) -> float:
    value = written.get(key)
    try:
        return default if value is None else float(value)
    except (ValueError, TypeError):
        raise _value_error(key, "a number", value) from None


def _ids(written: Mapping[str, Any], key: str) -> tuple[int, ...]:
    """Token ids from a single one, a list, or null."""
    value = written.get(key)
    listed = value if isinstance(value, list) else [] if value is None else [value]
    if not all(type(each) is int for each in listed):
        raise _value_error(key, "a token id or a list of them", value)
    return tuple(listed)


def _value_error(key: str, right: str, value: object) -> ValueError:
    return ValueError(f"“{key}” should be {right}, not {json.dumps(value)}")
