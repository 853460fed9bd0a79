"""A phrase for tensors that a model expects and a file does not have."""

from __future__ import annotations

from collections.abc import Iterable

_NAMED = 3


def missing_phrase(missing: Iterable[str]) -> str:
    """Such as *12 of the weights: 3.mlp.weight, 3.norm.weight, 4.mlp.weight and 9 more*, in order."""
    names = sorted(missing)
    first, more = ", ".join(names[:_NAMED]), len(names) - _NAMED
    return f"{len(names)} of the weights: {first}{f' and {more} more' if more > 0 else ''}"
