"""The sizes of a Qwen-VL checkpoint, by its config.json, and whether llama.cpp computes such a model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from demo.errors import CheckpointError

ARCHITECTURES = {"qwen2_vl": "qwen2vl", "qwen2_5_vl": "qwen2vl", "qwen3_vl": "qwen3vl"}
PROJECTORS = {
    "qwen2_vl": "qwen2vl_merger", "qwen2_5_vl": "qwen2.5vl_merger", "qwen3_vl": "qwen3vl_merger",
}  # fmt: skip
# What llama.cpp takes for granted in the towers of these models.
_FIXED = {"window_size": 112, "temporal_patch_size": 2, "spatial_merge_size": 2, "in_channels": 3}
_ACTIVATIONS = {"qwen2_vl": "quick_gelu", "qwen2_5_vl": "silu", "qwen3_vl": "gelu_pytorch_tanh"}
_SECTIONS = 3  # of the rotary embedding: time, height, width


@dataclass(frozen=True, slots=True)
class Tower:
    """The sizes of a vision tower; each ``full_attention``-th block sees the whole picture."""

    blocks: int
    width: int
    inner: int
    heads: int
    patch: int
    full_attention: int | None
    deep_blocks: tuple[int, ...]
    positions: int | None


@dataclass(frozen=True, slots=True)
class Architecture:
    """The sizes of a language model and its ``tower``; ``kind`` is the configuration's model type."""

    kind: str
    layers: int
    width: int
    inner: int
    heads: int
    kv_heads: int
    head: int
    vocabulary: int
    context: int
    epsilon: float
    theta: float
    sections: tuple[int, ...]
    has_head: bool
    tower: Tower


def read_architecture(source: str, config: Mapping[str, Any], *, has_head: bool) -> Architecture:
    """The sizes in a configuration of any release; ``has_head``: the head is not the input embedding.

    Raises CheckpointError when a value is missing, or is one that llama.cpp does not compute with.
    """
    try:
        return _architecture(source, config, has_head=has_head)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise CheckpointError(
            f"The config.json of {source} cannot be used: {type(error).__name__} {error}. Copy it from the "
            "model that this one was made from."
        ) from error


def _architecture(source: str, config: Mapping[str, Any], *, has_head: bool) -> Architecture:
    kind = config.get("model_type")
    if kind not in ARCHITECTURES:
        raise _refusal(source, f"it is a {kind or 'checkpoint without a model type'}")
    text = config.get("text_config") or config  # old releases have no part of its own for it
    heads = int(text["num_attention_heads"])
    head = int(text.get("head_dim") or text["hidden_size"] // heads)
    rope = text.get("rope_parameters") or text["rope_scaling"]
    return Architecture(
        kind=kind,
        layers=int(text["num_hidden_layers"]),
        width=int(text["hidden_size"]),
        inner=int(text["intermediate_size"]),
        heads=heads,
        kv_heads=int(text.get("num_key_value_heads") or heads),
        head=head,
        vocabulary=int(text["vocab_size"]),
        context=int(text["max_position_embeddings"]),
        epsilon=float(text.get("rms_norm_eps", 1e-6)),
        theta=float(rope.get("rope_theta") or text["rope_theta"]),
        sections=_sections(source, rope, head),
        has_head=has_head,
        tower=_tower(source, kind, config["vision_config"]),
    )


def _sections(source: str, rope: Mapping[str, Any], head: int) -> tuple[int, ...]:
    """How many pairs of a head's numbers turn with time, height and width."""
    sections = tuple(int(size) for size in rope["mrope_section"])
    if len(sections) != _SECTIONS or sum(sections) != head // 2:
        raise _refusal(
            source, f"its rotary embedding has {len(sections)} sections, not {_SECTIONS}"
        )
    named = rope.get("rope_type") or rope.get("type")
    if named not in (None, "default", "mrope"):
        raise _refusal(source, f"its rotary embedding is scaled ({named})")
    return sections


def _tower(source: str, kind: str, vision: Mapping[str, Any]) -> Tower:
    for name, value in _FIXED.items():
        if vision.get(name, value) != value:
            raise _refusal(
                source, f"the “{name}” of its vision tower is {vision[name]}, not {value}"
            )
    activation = vision.get("hidden_act", _ACTIVATIONS[kind])
    if activation != _ACTIVATIONS[kind]:
        raise _refusal(source, f"its vision tower computes with {activation}")
    blocks = int(vision["depth"])
    old = kind == "qwen2_vl"
    width = int(vision["embed_dim"] if old else vision["hidden_size"])
    inner = width * vision.get("mlp_ratio", 4) if old else vision["intermediate_size"]
    return Tower(
        blocks=blocks,
        width=width,
        inner=int(inner),
        heads=int(vision["num_heads"]),
        patch=int(vision.get("patch_size") or vision["spatial_patch_size"]),
        full_attention=_full_attention(source, vision, blocks) if kind == "qwen2_5_vl" else None,
        deep_blocks=tuple(vision["deepstack_visual_indexes"]) if kind == "qwen3_vl" else (),
        positions=int(vision["num_position_embeddings"]) if kind == "qwen3_vl" else None,
    )


def _full_attention(source: str, vision: Mapping[str, Any], blocks: int) -> int:
    """Each how manyeth block sees the whole picture; llama.cpp counts them, and knows no list."""
    full = sorted(vision["fullatt_block_indexes"])
    every = full[0] + 1
    if full != list(range(every - 1, blocks, every)):
        raise _refusal(
            source, "the blocks of its vision tower that see everything are not evenly spaced"
        )
    return int(every)


def _refusal(source: str, why: str) -> CheckpointError:
    return CheckpointError(
        f"{source} cannot be written as GGUF files: {why}. llama.cpp runs Qwen2-VL, Qwen2.5-VL and "
        "Qwen3-VL checkpoints as their makers publish them."
    )
