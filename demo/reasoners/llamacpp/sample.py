"""A small piece of a model, by which llama.cpp's speed on this machine is measured.

A few layers with the proportions of a real one, in Q4_0, written in a moment; their numbers mean nothing.
"""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
from gguf import GGMLQuantizationType, GGUFWriter, LlamaFileType

WIDTH, INNER, LAYERS, HEADS = 2048, 8192, 2, 16
_BLOCK, _BLOCK_BYTES = 32, 18  # numbers that share a scale in Q4_0, and their bytes with it
_LETTERS = [*map(chr, range(33, 127)), "zz"]  # its vocabulary

NUMBERS = LAYERS * (4 * WIDTH * WIDTH + 3 * WIDTH * INNER) + WIDTH * len(_LETTERS)


def write_sample(path: Path) -> None:
    """Write it there: about 75 MB."""
    writer = GGUFWriter(path, "qwen2")
    writer.add_name("sample")
    writer.add_block_count(LAYERS)
    writer.add_context_length(4096)
    writer.add_embedding_length(WIDTH)
    writer.add_feed_forward_length(INNER)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(HEADS)
    writer.add_rope_freq_base(10_000.0)
    writer.add_layer_norm_rms_eps(1e-6)
    writer.add_file_type(LlamaFileType.MOSTLY_Q4_0)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("qwen2")
    writer.add_token_list(_LETTERS)
    writer.add_token_types([1] * len(_LETTERS))
    writer.add_token_merges(["z z"])  # without any, it is not loaded
    _add_tensors(writer)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _add_tensors(writer: GGUFWriter) -> None:
    letters = len(_LETTERS)
    _add(writer, "token_embd.weight", letters, WIDTH)
    _add(writer, "output.weight", letters, WIDTH)
    writer.add_tensor("output_norm.weight", np.ones(WIDTH, np.float32))
    for layer in range(LAYERS):
        block = f"blk.{layer}"
        for norm in ("attn_norm", "ffn_norm"):
            writer.add_tensor(f"{block}.{norm}.weight", np.ones(WIDTH, np.float32))
        for part in ("attn_q", "attn_k", "attn_v", "attn_output"):
            _add(writer, f"{block}.{part}.weight", WIDTH, WIDTH)
        for part in ("attn_q", "attn_k", "attn_v"):
            writer.add_tensor(f"{block}.{part}.bias", np.zeros(WIDTH, np.float32))
        _add(writer, f"{block}.ffn_gate.weight", INNER, WIDTH)
        _add(writer, f"{block}.ffn_up.weight", INNER, WIDTH)
        _add(writer, f"{block}.ffn_down.weight", WIDTH, INNER)


def _add(writer: GGUFWriter, name: str, rows: int, width: int) -> None:
    """Add a matrix of any numbers, small enough for the layers not to overflow."""
    blocks = rows * width // _BLOCK
    data = np.random.default_rng(0).integers(0, 256, (blocks, _BLOCK_BYTES), dtype=np.uint8)
    data[:, :2] = np.frombuffer(np.float16(1 / (8 * math.sqrt(width))).tobytes(), np.uint8)
    shaped = data.reshape(rows, width // _BLOCK * _BLOCK_BYTES)
    writer.add_tensor(name, shaped, raw_dtype=GGMLQuantizationType.Q4_0)
