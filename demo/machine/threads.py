"""With how many threads torch computes, for as long as something is computed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch

# A model of fewer parameters has steps so short that a second thread costs more than it brings; where other
# programs want the cores as well, waiting for it makes an answer several times slower.
_SMALL = 25_000_000


@contextmanager
def threads_for(parameters: int, device: str) -> Iterator[None]:
    """One thread for a small model on a CPU, as many as were set for any other."""
    before = torch.get_num_threads()
    alone = device == "cpu" and parameters < _SMALL and before > 1
    if alone:
        torch.set_num_threads(1)
    try:
        yield
    finally:
        if alone:
            torch.set_num_threads(before)
