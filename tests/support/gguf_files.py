"""Small GGUF files: a model and a vision tower as their makers write them, with as little as is needed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from gguf import GGUFWriter

# By architecture: the tower that belongs to it.
WIDTH = 64


def write_gguf(
    file: Path, architecture: str, tensors: dict[str, tuple[int, ...]], **values: Any
) -> Path:
    """A file with those values and with zeros as tensors; ``_`` in keys stands for a dot after one, ``__``
    for an underscore.
    """
    writer = GGUFWriter(file, architecture)
    for key, value in values.items():
        name = key.replace("__", "-").replace("_", ".").replace("-", "_")
        kinds = {bool: writer.add_bool, int: writer.add_uint32, str: writer.add_string}
        add: Any = kinds.get(type(value), writer.add_array)
        add(name, value)
    for name, shape in tensors.items():
        writer.add_tensor(name, np.zeros(shape, np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return file


def write_model(
    file: Path, architecture: str = "qwen2vl", *, deep: int = 0, width: int = WIDTH, **values: Any
) -> Path:
    """A model of one layer."""
    own = {
        f"{architecture}_block__count": 1,
        f"{architecture}_context__length": 4096,
        f"{architecture}_embedding__length": width,
        f"{architecture}_attention_head__count": 4,
        f"{architecture}_attention_head__count__kv": 2,
    }
    if deep:
        own[f"{architecture}_n__deepstack__layers"] = deep
    return write_gguf(file, architecture, {"token_embd.weight": (32, width)}, **own | values)


def write_tower(
    file: Path,
    projector: str = "qwen2.5vl_merger",
    *,
    deep: int = 0,
    width: int = WIDTH,
    **values: Any,
) -> Path:
    """A tower that makes tokens of ``width`` numbers and feeds ``deep`` layers beside that."""
    tensors: dict[str, tuple[int, ...]] = {"mm.2.bias": (width,)}
    tensors |= {f"v.deepstack.{block}.norm.weight": (8,) for block in range(deep)}
    own = {
        "general_type": "mmproj",
        "clip_projector__type": projector,
        "clip_vision_patch__size": 14 if projector.startswith("qwen2") else 16,
        "clip_vision_spatial__merge__size": 2,
    }
    return write_gguf(file, "clip", tensors, **own | values)
