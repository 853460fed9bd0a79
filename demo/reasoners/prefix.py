"""The results computed once per picture: keys and values of everything before the question.

It knows tensors and how long to keep them, not what they mean.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from transformers import DynamicCache
from transformers.cache_utils import LinearAttentionCacheLayerMixin

from demo.reasoners.memory import MAX_PREFIX_BYTES

MAX_KEPT = 64  # of small models, whose prefixes are computed again in no time


@dataclass(frozen=True, slots=True)
class Prefix:
    """A conversation up to the end of a picture, computed.

    ``layers`` holds keys and values [1, heads, length, width] of each layer, ``ids`` their tokens; a later
    token ``i``, counted from the beginning of the prompt, has the rotary position ``i + offset`` on all
    three axes. Of a layer of linear attention, which a model's ``config`` names, it holds the states of
    convolution and recurrence. ``grids`` are the patches of each picture in time, height and width.
    """

    layers: tuple[tuple[torch.Tensor, torch.Tensor], ...]
    ids: tuple[int, ...]
    offset: int
    config: Any = None
    grids: tuple[torch.Tensor, ...] = ()

    @property
    def length(self) -> int:
        return len(self.ids)

    @property
    def nbytes(self) -> int:
        return sum(keys.nbytes + values.nbytes for keys, values in self.layers)

    def cache(self) -> DynamicCache:
        """A cache that continues from here; it grows by copies, so the prefix itself never changes."""
        cache = DynamicCache(config=self.config)
        for index, (first, second) in enumerate(self.layers):
            if self.config is not None and _is_linear(cache.layers[index]):
                cache.update_conv_state(first, index)
                cache.update_recurrent_state(second, index)
            else:
                cache.update(first[:, :, :0], second[:, :, :0], index)
                cache.layers[index].keys, cache.layers[index].values = first, second
        return cache


def prefix_of(
    cache: DynamicCache,
    ids: Sequence[int],
    offset: int,
    config: Any = None,
    grids: Sequence[torch.Tensor] = (),
) -> Prefix:
    """The prefix of what a cache holds now, computed from the tokens ``ids``."""
    return Prefix(tuple(map(_states, cache.layers)), tuple(ids), offset, config, tuple(grids))


def _is_linear(layer: Any) -> bool:
    return isinstance(layer, LinearAttentionCacheLayerMixin)


def _states(layer: Any) -> tuple[torch.Tensor, torch.Tensor]:
    if _is_linear(layer):
        return layer.conv_states[0], layer.recurrent_states[0]
    return layer.keys, layer.values


class Prefixes:
    """The prefixes of the pictures used last, within bounds on memory and number; not safe without a lock.

    The newest one is kept whatever its size. One that is *passing* belongs to the conversation that goes on
    now, and makes room for the next one of these.
    """

    def __init__(self, max_bytes: int = MAX_PREFIX_BYTES) -> None:
        self._max_bytes = max_bytes
        self._kept: OrderedDict[str, Prefix] = OrderedDict()
        self._passing = ""

    def get(self, name: str) -> Prefix | None:
        """The prefix of that name; None where it is not kept."""
        if name in self._kept:
            self._kept.move_to_end(name)
        return self._kept.get(name)

    def put(self, name: str, prefix: Prefix, *, is_passing: bool = False) -> None:
        """Keep one more; those used least recently make room."""
        if is_passing:
            self.end_passing()
            self._passing = name
        self._kept[name] = prefix
        while len(self._kept) > MAX_KEPT or (len(self._kept) > 1 and self.nbytes > self._max_bytes):
            self._kept.popitem(last=False)

    def end_passing(self) -> None:
        """Free what belonged to a conversation that went on until now."""
        self._kept.pop(self._passing, None)
        self._passing = ""

    def clear(self) -> None:
        """Free everything."""
        self._kept.clear()

    @property
    def nbytes(self) -> int:
        return sum(prefix.nbytes for prefix in self._kept.values())
