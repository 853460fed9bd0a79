"""From a name to a model in memory: which device, which precision, and is it all there.

It knows checkpoints, devices and quantization; it does not know how an answer is written.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from transformers import (
    AutoProcessor,
    BitsAndBytesConfig,
    Qwen2_5_VLConfig,
    Qwen2_5_VLForConditionalGeneration,
)
from transformers.utils import logging as hf_logging
from transformers.utils.hub import cached_file

from demo.errors import CheckpointError
from demo.reasoners.catalogue import Entry
from demo.reasoners.local import LocalReasoner, failures_said, first_line

# Anchored patterns: "visual" alone would leave the tower quantized.
KEPT_IN_BF16 = ("model.visual", "lm_head")


def load_local(entry: Entry, *, quantize: str = "auto", low_memory: bool = False) -> LocalReasoner:
    """Load a Qwen2.5-VL checkpoint onto the best device there is.

    ``quantize`` is ``auto`` (4 bits on a CUDA card, else none), ``4bit`` or ``none``. Raises
    CheckpointError when it is missing or of another kind, OutOfMemoryError when it does not fit.
    """
    config = _config(entry)
    device = best_device()
    four_bits = quantize == "4bit" or (
        quantize == "auto" and device == "cuda" and not _is_small(config)
    )
    options: dict[str, Any] = {"dtype": _dtype(config, device), "device_map": {"": device}}
    if four_bits:
        kept = kept_in_bf16(config, low_memory)
        options["quantization_config"] = four_bit_config(kept)
        options["dtype"] = torch.bfloat16
    # A bar is for weights that take a while.
    (hf_logging.disable_progress_bar if _is_small(config) else hf_logging.enable_progress_bar)()
    with failures_said(), _missing(entry):
        model = Qwen2_5_VLForConditionalGeneration.from_pretrained(entry.source, **options)
        processor = AutoProcessor.from_pretrained(entry.source)
    if four_bits:
        check_four_bits(model, kept)
    return LocalReasoner(entry.name, model, processor)


def kept_in_bf16(config: Qwen2_5_VLConfig, low_memory: bool) -> tuple[str, ...]:
    """Modules that stay in bf16: tower and output head, or, when memory is low, none.

    A head that shares its weights with the input embedding cannot be in 4 bits.
    """
    if low_memory:
        return ("lm_head",) if config.tie_word_embeddings else ()
    return KEPT_IN_BF16


def four_bit_config(kept: Sequence[str]) -> BitsAndBytesConfig:
    """NF4 with double quantization and bf16 compute for all but the modules in ``kept``."""
    return BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=torch.bfloat16,
        llm_int8_skip_modules=list(kept),
    )


def check_four_bits(model: Qwen2_5_VLForConditionalGeneration, kept: tuple[str, ...]) -> None:
    """Make sure that just the layers that should be are in 4 bits; raises CheckpointError."""
    from bitsandbytes.nn import Linear4bit

    for name, module in model.named_modules():
        if not isinstance(module, torch.nn.Linear):
            continue
        if isinstance(module, Linear4bit) == name.startswith(kept):
            raise CheckpointError(
                f"The layer {name} was not loaded in the precision it should have."
            )


def best_device() -> str:
    """``cuda``, ``mps`` or ``cpu``."""
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def _config(entry: Entry) -> Qwen2_5_VLConfig:
    with _missing(entry):
        path = cached_file(entry.source, "config.json")
        kind = json.loads(Path(path).read_text(encoding="utf-8")).get("model_type")
        if kind != "qwen2_5_vl":
            raise CheckpointError(
                f"{entry.source} is a {kind or 'checkpoint without a model type'}; "
                "this demo runs Qwen2.5-VL checkpoints."
            )
        return Qwen2_5_VLConfig.from_pretrained(entry.source)


def _is_small(config: Qwen2_5_VLConfig) -> bool:
    """Whether it is a model like nano, which gains nothing from 4 bits or half precision."""
    return int(config.text_config.hidden_size) <= 1024


def _dtype(config: Qwen2_5_VLConfig, device: str) -> torch.dtype:
    if _is_small(config):
        return torch.float32
    if device == "mps":
        return torch.float16
    return torch.bfloat16


@contextmanager
def _missing(entry: Entry) -> Iterator[None]:
    """Turn the many ways a checkpoint can be missing or broken into one sentence."""
    try:
        yield
    except CheckpointError:
        raise
    except (OSError, ValueError, KeyError, SafetensorError) as error:
        where = (
            "in that folder" if os.path.isdir(entry.source) else "here, and could not be fetched"
        )
        raise CheckpointError(
            f"The checkpoint {entry.source} is not complete {where}: {first_line(error)}"
        ) from error
