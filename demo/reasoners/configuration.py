"""The configuration of a checkpoint on this machine: read, checked against its files, and counted.

It loads no weights; of the files it reads only names and headers.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from transformers import (
    AutoConfig,
    Qwen2_5_VLForConditionalGeneration,
    Qwen2VLForConditionalGeneration,
    Qwen3_5ForConditionalGeneration,
    Qwen3VLForConditionalGeneration,
)

from demo.checkpoints.catalogue import Entry
from demo.checkpoints.fetch import folder_of
from demo.checkpoints.folders import read_json
from demo.checkpoints.kinds import check_kind, four_bits_of
from demo.checkpoints.shape import NARROW, Shape
from demo.checkpoints.weights import (
    QUANTIZED,
    check_pointers,
    has_own_head,
    tensor_files,
    unquantized_modules,
)
from demo.errors import CheckpointError, DemoError, first_line

CLASSES = {
    "qwen2_5_vl": Qwen2_5_VLForConditionalGeneration,
    "qwen2_vl": Qwen2VLForConditionalGeneration,
    "qwen3_vl": Qwen3VLForConditionalGeneration,
    "qwen3_5": Qwen3_5ForConditionalGeneration,
}


def local_folder(entry: Entry) -> Path:
    folder = folder_of(entry)
    if folder is None:
        raise CheckpointError(
            f"The weights of {entry.source} are not on this machine. "
            f"python app.py --model {entry.source} fetches them."
        )
    return folder


def read_config(entry: Entry) -> Any:
    """The configuration of a checkpoint that can be loaded, corrected by what its files hold.

    Raises CheckpointError for a checkpoint that is missing, incomplete or of another kind.
    """
    with as_checkpoint_error(entry):
        folder = local_folder(entry)
        check_pointers(entry.source, folder)
        written = read_json(folder / "config.json")
        if not written:
            raise ValueError("config.json is damaged or empty")
        check_kind(entry.source, _file_names(folder), written, folder)
        config = _parse_config(entry, folder)
        try:
            placed = tensor_files(entry.source, folder)
        except CheckpointError:
            return config  # damage is reported when it is loaded
        if config.tie_word_embeddings and has_own_head(placed):
            # Some releases of transformers wrote that for every model.
            config.tie_word_embeddings = config.text_config.tie_word_embeddings = False
        if four_bits_of(written) is None:
            return config
        if any(QUANTIZED in name for name in placed):
            config.quantization_config["llm_int8_skip_modules"] = unquantized_modules(placed)
        else:
            del config.quantization_config  # it describes the run that trained these weights
        return config


def shape_of(config: Any) -> Shape:
    """The shape of a model with that configuration, from its layers on the meta device."""
    with torch.device("meta"):
        model = CLASSES[config.model_type](config)
    tower, layers = model.model.visual, model.model.language_model
    embedding = layers.embed_tokens.weight.numel()
    tower_linear, layers_linear = _in_linear(tower), _in_linear(layers)
    text = config.text_config
    head = getattr(text, "head_dim", None) or text.hidden_size // text.num_attention_heads
    inner = next(m for m in tower.blocks[0].mlp.modules() if isinstance(m, torch.nn.Linear))
    return Shape(
        layers_linear=layers_linear,
        layers_other=_all(layers) - layers_linear - embedding,
        tower_linear=tower_linear,
        tower_other=_all(tower) - tower_linear,
        embedding=embedding,
        head=0 if config.tie_word_embeddings else model.lm_head.weight.numel(),
        kv=2 * text.num_hidden_layers * text.num_key_value_heads * head,
        width=text.hidden_size,
        inner=text.intermediate_size,
        tower_width=inner.in_features,
        tower_inner=inner.out_features,
    )


def token_of(config: Any) -> int:
    """The side of a visual token in pixels."""
    return int(config.vision_config.patch_size * config.vision_config.spatial_merge_size)


def _in_linear(part: torch.nn.Module) -> int:
    return sum(m.weight.numel() for m in part.modules() if isinstance(m, torch.nn.Linear))


def _all(part: torch.nn.Module) -> int:
    return sum(p.numel() for p in part.parameters())


def _parse_config(entry: Entry, folder: Path) -> Any:
    try:
        return AutoConfig.from_pretrained(folder, trust_remote_code=False)
    except Exception as error:  # it can hold anything at all
        raise CheckpointError(
            f"The config.json of {entry.source} cannot be used: {first_line(error)}. "
            "Copy it from the model that this one was made from."
        ) from error


def _file_names(folder: Path) -> set[str]:
    """The files of a checkpoint, including those beside the folder “huggingface” of a training run."""
    beside = folder.parent.iterdir() if folder.name == "huggingface" else ()
    return {file.name for file in (*folder.iterdir(), *beside) if file.is_file()}


def is_in_four_bits(config: Any) -> bool:
    """Whether the weights are in 4 bits already, by bitsandbytes."""
    return getattr(config, "quantization_config", None) is not None


def keeps_tower(config: Any) -> bool:
    """Whether only the language layers are in 4 bits, in a checkpoint that is in 4 bits already."""
    return "model.visual" in (config.quantization_config.get("llm_int8_skip_modules") or ())


def is_small(config: Any) -> bool:
    return int(config.text_config.hidden_size) <= NARROW


@contextmanager
def as_checkpoint_error(entry: Entry) -> Iterator[None]:
    """Turn the many errors of a broken checkpoint into CheckpointError."""
    try:
        yield
    except (DemoError, RuntimeError, MemoryError):
        raise
    except Exception as error:  # damaged files can make a loader raise anything at all
        raise CheckpointError(
            f"The checkpoint {entry.source} is not complete in that folder: {first_line(error)}."
        ) from error
