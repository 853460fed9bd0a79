"""The results computed once per picture: keys and values of everything before the question.

It knows tensors and how long to keep them, not what they mean.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from transformers import DynamicCache

from demo.reasoners.memory import MAX_PREFIX_BYTES


@dataclass(frozen=True, slots=True)
class Prefix:
    """System line and picture, computed.

    ``layers`` holds keys and values [1, heads, length, width] of each layer, ``ids`` their tokens; a later
    token ``i``, counted from the beginning of the prompt, has the rotary position ``i + offset`` on all
    three axes.
    """

    layers: tuple[tuple[torch.Tensor, torch.Tensor], ...]
    ids: tuple[int, ...]
    offset: int

    @property
    def length(self) -> int:
        return len(self.ids)

    @property
    def nbytes(self) -> int:
        return sum(keys.nbytes + values.nbytes for keys, values in self.layers)

    def cache(self) -> DynamicCache:
        """A cache that continues from here; it grows by copies, so the prefix itself never changes."""
        cache = DynamicCache()
        for index, (keys, values) in enumerate(self.layers):
            cache.update(keys[:, :, :0], values[:, :, :0], index)
            cache.layers[index].keys, cache.layers[index].values = keys, values
        return cache


def prefix_of(cache: DynamicCache, ids: Sequence[int], offset: int) -> Prefix:
    """The prefix of what a cache holds now, computed from the tokens ``ids``."""
    layers = tuple((layer.keys, layer.values) for layer in cache.layers)
    return Prefix(layers, tuple(ids), offset)


class Prefixes:
    """The prefixes of the pictures used last, within a bound on memory; not safe without a lock.

    The newest one is kept whatever its size.
    """

    def __init__(self, max_bytes: int = MAX_PREFIX_BYTES) -> None:
        self._max_bytes = max_bytes
        self._kept: OrderedDict[str, Prefix] = OrderedDict()

    def get(self, picture: str) -> Prefix | None:
        """The prefix of the picture with that hash; None where it is not kept."""
        if picture in self._kept:
            self._kept.move_to_end(picture)
        return self._kept.get(picture)

    def put(self, picture: str, prefix: Prefix) -> None:
        """Keep one more; those used least recently make room."""
        self._kept[picture] = prefix
        while len(self._kept) > 1 and self.nbytes > self._max_bytes:
            self._kept.popitem(last=False)

    def clear(self) -> None:
        """Free everything."""
        self._kept.clear()

    @property
    def nbytes(self) -> int:
        return sum(prefix.nbytes for prefix in self._kept.values())
