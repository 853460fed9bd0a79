"""Descriptions of files that are not a checkpoint, by their names: an adapter, pieces of a training run, …

Each is the rest of a sentence that begins with the name of a folder, a file or a repository. No weights are
opened.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

ONE_FILE = "model.safetensors"
INDEX = "model.safetensors.index.json"
ADAPTER = "adapter_config.json"
_SHARD = re.compile(r"model-\d+-of-\d+\.safetensors")
_DEPTH, _MAX_FILES = 3, 2000  # of a folder that may be anything, such as somebody's home

_GGUF = (
    "holds GGUF weights: name one of their precisions, such as Q4_K_M, in the id (owner/name:Q4_K_M), or "
    "give the folder that they are in."
)
# The first pattern that matches a whole file name describes all of the files.
_OTHERS = (
    (
        r"model_world_size_\d+_rank_\d+\.pt",
        "holds the pieces of a training run (FSDP), not a checkpoint. Merge them, for example with verl’s "
        "model_merger, and give the folder that the whole model is saved to.",
    ),
    (
        r".*(zero_pp_rank|mp_rank)_\d+.*\.pt",
        "holds the pieces of a training run (DeepSpeed), not a checkpoint. Merge them with "
        "zero_to_fp32.py, which is beside them, and give the folder that the whole model is saved to.",
    ),
    (
        r".*\.distcp|pytorch_model_fsdp.*",
        "holds the pieces of a training run, not a checkpoint. Merge them with the training framework’s "
        "own tool, and give the folder that the whole model is saved to.",
    ),
    (r".*\.gguf", _GGUF),
    (
        r"(pytorch_)?model.*\.(bin|pth?)|consolidated.*\.pth|.*\.ckpt",
        "has its weights as pickle files (.bin, .pt), which can run arbitrary code when they are opened; "
        "this demo opens none. Save them as safetensors, as save_pretrained of transformers does.",
    ),
    (
        r".*\.onnx(_data)?",
        "holds ONNX weights, which this demo does not run. Give the original checkpoint.",
    ),
    (
        r"weights.*\.npz",
        "holds MLX weights, which this demo does not run. Give the original checkpoint, or serve it with "
        "mlx-vlm and give its address with --server.",
    ),
    (
        r".*\.(msgpack|h5|tflite|engine|mlpackage)",
        "has its weights in a format that this demo does not run. Give the original checkpoint.",
    ),
)  # fmt: skip
_NOTHING = "holds no checkpoint: it has no config.json. Give the folder that a model was saved to."


def is_loadable(names: Collection[str]) -> bool:
    """Whether files of those names include weights that can be loaded."""
    return ONE_FILE in names or INDEX in names


def other_format(names: Collection[str], folder: Path | None = None) -> str | None:
    """A description of files of those names that are not loadable weights; None where names do not tell.

    ``folder`` is where they are, if that is on this machine.
    """
    if ADAPTER in names:
        return _adapter_description(read_json(folder / ADAPTER) if folder else {})
    last = [name.rpartition("/")[2] for name in names]
    for pattern, description in _OTHERS:
        if any(re.fullmatch(pattern, name) for name in last):
            return description
    if any(_SHARD.fullmatch(name) for name in names):
        return f"lacks {INDEX}, which says which file holds which weights. Copy that as well."
    return None


def _adapter_description(config: dict[str, Any]) -> str:
    """The description of a LoRA, with the model that it belongs to if its configuration names one."""
    base = config.get("base_model_name_or_path")
    of = base if isinstance(base, str) and base else "another model"
    return (
        f"holds an adapter (LoRA) of {of}, not a whole model. Merge the two, for example with "
        "merge_and_unload of the peft library, and give the folder that the result is saved to."
    )


def describe_file(path: Path) -> str:
    """The description of a file, or a folder without config.json, and what to give instead."""
    if path.is_file():
        return _describe_one_file(path)
    names = list(_files(path))
    whole = [n.removesuffix("/config.json") for n in sorted(names) if _is_checkpoint(n, names)]
    if whole and ADAPTER not in names:
        others = f" ({len(whole) - 1} more are there)" if len(whole) > 1 else ""
        return f"holds its checkpoint in a folder below: give {path / whole[-1]}{others}."
    return other_format(names, path) or _NOTHING


def _is_checkpoint(config: str, names: Collection[str]) -> bool:
    """Whether a file is the configuration of a checkpoint in a folder below."""
    folder = config.removesuffix("config.json")
    beside = {name.removeprefix(folder) for name in names if name.startswith(folder)}
    return config.endswith("/config.json") and is_loadable(beside)


def origin_of(folder: Path) -> str:
    """The model that a checkpoint was saved from, as its configuration names it; often empty."""
    return str(read_json(folder / "config.json").get("_name_or_path") or "")


def read_json(file: Path) -> dict[str, Any]:
    """The settings in a JSON file; empty where it is missing, damaged or holds something else."""
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _describe_one_file(path: Path) -> str:
    if path.suffix in (".safetensors", ".bin", ".pt", ".pth", ".json"):
        return f"is one file of a checkpoint: give the folder that it is in, {path.parent}."
    return "is not a checkpoint. Give the folder that a model was saved to."


def _files(folder: Path) -> Iterator[str]:
    """The files in a folder and a few levels below it, by their relative paths."""
    seen = 0
    for place, folders, files in os.walk(folder):
        below = Path(place).relative_to(folder)
        if len(below.parts) >= _DEPTH:
            folders.clear()
        for name in files:
            yield (below / name).as_posix()
        seen += len(files) + len(folders)
        if seen > _MAX_FILES:
            return
