"""Nano's forward passes for training: dense batches, shared prefixes, and access to attention scores.

They use the library's own modules, but all pictures have the frame's size and several pairs share one
prefix, which saves most of the work; tests check that they equal the library's passes.
"""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from demo.nano.model.architecture import CELLS, GRID, MERGE, PATCH

# The normalisation of Qwen2.5-VL's image processor, in grey levels.
MEAN = torch.tensor([0.48145466, 0.4578275, 0.40821073]) * 255
STD = torch.tensor([0.26862954, 0.26130258, 0.27577711]) * 255
Rotary = tuple[Tensor, Tensor]


class Layout:
    """How the rows of a batch lie: a prefix of P tokens, then K pairs of S places each.

    Linear layers see the valid tokens only, flat; attention sees each pair beside its prefix.
    """

    def __init__(self, segment: Tensor, prefix: int, stride: int) -> None:
        self.valid = segment >= 0
        self.index = self.valid.flatten().nonzero()[:, 0]
        self.rows, self.length = segment.shape
        self.prefix, self.stride = prefix, stride
        self.pairs = (self.length - prefix) // stride
        causal = torch.ones(stride, stride, dtype=torch.bool, device=segment.device).tril()
        self.allowed = torch.cat([causal.new_ones(stride, prefix), causal], dim=1)

    def spread(self, flat: Tensor) -> tuple[Tensor, Tensor]:
        """[T, heads, width] to prefixes [B, heads, P, width] and pairs [B, K, heads, S, width]."""
        full = flat.new_zeros(self.rows * self.length, *flat.shape[1:]).index_copy(
            0, self.index, flat
        )
        full = full.view(self.rows, self.length, *flat.shape[1:])
        pairs = full[:, self.prefix :].unflatten(1, (self.pairs, self.stride))
        return full[:, : self.prefix].transpose(1, 2), pairs.transpose(2, 3)

    def gather(self, prefixes: Tensor, pairs: Tensor) -> Tensor:
        """The inverse of `spread`, to [T, heads · width]."""
        full = torch.cat([prefixes.transpose(1, 2), pairs.transpose(2, 3).flatten(1, 2)], dim=1)
        return full.flatten(0, 1).flatten(1)[self.index]

    def beside(self, prefixes: Tensor, pairs: Tensor) -> Tensor:
        """Each pair after its prefix: [B, K, heads, P + S, width]."""
        shared = prefixes[:, None].expand(-1, self.pairs, -1, -1, -1)
        return torch.cat([shared, pairs], dim=3)

    def attend(self, query: Tensor, key: Tensor, value: Tensor) -> Tensor:
        """Causal attention within each prefix, and of each pair on its prefix and itself."""
        (q0, q), (k0, k), (v0, v) = (self.spread(t) for t in (query, key, value))
        causal = torch.ones(self.prefix, self.prefix, dtype=torch.bool, device=q0.device).tril()
        keys, values = self.beside(k0, k), self.beside(v0, v)
        return self.gather(_attend(q0, k0, v0, causal), _attend(q, keys, values, self.allowed))


def _attend(query: Tensor, key: Tensor, value: Tensor, allowed: Tensor | None = None) -> Tensor:
    """Plain attention; on a CPU its backward pass is faster than the fused kernel's."""
    with torch.autocast(query.device.type, enabled=False):
        scores = (query * query.shape[-1] ** -0.5) @ key.transpose(-1, -2)
        if allowed is not None:
            scores = scores + torch.zeros_like(allowed, dtype=scores.dtype).masked_fill(
                ~allowed, -1e4
            )
        return scores.softmax(-1) @ value


def pair_scores(query: Tensor, key: Tensor, layout: Layout) -> tuple[Tensor, Tensor]:
    """One head's scores [B, K, S, P + S] of pairs on prefix and pair, and their log sums."""
    _, q = layout.spread(query.float())
    k0, k = layout.spread(key.float())
    scores = q[:, :, 0] @ layout.beside(k0, k)[:, :, 0].transpose(-1, -2) / q.shape[-1] ** 0.5
    scores = scores.masked_fill(~layout.allowed, -1e4)
    return scores, scores.logsumexp(-1)


def vision_forward(model: Any, pixels: Tensor) -> Tensor:
    """What `get_image_features` gives, for pictures that all have the frame's size."""
    tower = model.model.visual
    count = pixels.shape[0]
    x = (pixels.float() - MEAN.to(pixels.device)[:, None, None]) / STD.to(pixels.device)[
        :, None, None
    ]
    x = x.view(count, 3, CELLS, MERGE, PATCH, CELLS, MERGE, PATCH)
    x = x.permute(0, 2, 5, 3, 6, 1, 4, 7).reshape(count, GRID * GRID, 3 * PATCH * PATCH)
    # A still picture is given to the 3-D convolution twice in time: the same as the summed kernel.
    x = F.linear(x, tower.patch_embed.proj.weight.sum(2).flatten(1))
    cos, sin = _vision_rotary(tower, x)
    for block in tower.blocks:
        x = x + _vision_attention(block.attn, block.norm1(x), cos, sin)
        x = x + block.mlp(block.norm2(x))
    merged = tower.merger.ln_q(x).reshape(count, CELLS * CELLS, -1)
    return tower.merger.mlp(merged)


def _vision_rotary(tower: Any, x: Tensor) -> Rotary:
    order = torch.arange(GRID, device=x.device)
    rows = order.view(CELLS, 1, MERGE, 1).expand(CELLS, CELLS, MERGE, MERGE).flatten()
    columns = order.view(1, CELLS, 1, MERGE).expand(CELLS, CELLS, MERGE, MERGE).flatten()
    # position_ids as the library lays them out: [N, 2] of row and column
    return tower.rotary_pos_emb(x, torch.stack([rows, columns], dim=-1))


def _vision_attention(attn: Any, x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    count, length, width = x.shape
    q, k, v = attn.qkv(x).view(count, length, 3, attn.num_heads, -1).permute(2, 0, 3, 1, 4)
    q, k = _rotated(q, cos, sin), _rotated(k, cos, sin)
    out = _attend(q, k, v)
    return attn.proj(out.transpose(1, 2).reshape(count, length, width))


def layer_forward(
    layer: Any, x: Tensor, rotary: Rotary, layout: Layout
) -> tuple[Tensor, Tensor, Tensor]:
    """One language layer on flat tokens [T, width]; also its rotated queries and keys."""
    attn = layer.self_attn
    h = layer.input_layernorm(x)
    q, k, v = (
        p(h).view(len(h), -1, attn.head_dim) for p in (attn.q_proj, attn.k_proj, attn.v_proj)
    )
    cos, sin = (r.to(q.dtype) for r in rotary)
    q, k = _rotated(q, cos, sin), _rotated(k, cos, sin)
    x = x + attn.o_proj(layout.attend(q, k, v))
    return x + layer.mlp(layer.post_attention_layernorm(x)), q, k


def _rotated(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    a, b = x.chunk(2, dim=-1)
    return (x * cos + torch.cat([-b, a], dim=-1) * sin).to(x.dtype)
