"""How many numbers the parts of a checkpoint hold that can be written as GGUF files, by its config.json."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path

from demo.checkpoints.folders import read_json
from demo.checkpoints.gguf.architecture import read_architecture
from demo.checkpoints.gguf.layout import Part, model_parts, tower_parts
from demo.checkpoints.shape import Shape
from demo.checkpoints.weights import has_own_head, tensor_files


def shape_of_folder(title: str, folder: Path) -> Shape:
    """The shape of the checkpoint in a folder. Raises CheckpointError where llama.cpp does not run it."""
    config, placed = read_json(folder / "config.json"), tensor_files(title, folder)
    model = read_architecture(title, config, has_head=has_own_head(placed))
    words, tower = list(model_parts(model)), list(tower_parts(model))
    layers = [part for part in words if part.name.startswith("blk.")]
    return Shape(
        layers_linear=_count(layers, is_matrix),
        layers_other=_count(words, lambda part: not is_matrix(part)),
        tower_linear=_count(tower, is_matrix),
        tower_other=_count(tower, lambda part: not is_matrix(part)),
        embedding=_count(words, lambda part: part.name == "token_embd.weight"),
        head=_count(words, lambda part: part.name == "output.weight"),
        kv=2 * model.layers * model.kv_heads * model.head,
        width=model.width,
        inner=model.inner,
        tower_width=model.tower.width,
        tower_inner=model.tower.inner,
    )


def is_matrix(part: Part) -> bool:
    """Whether its numbers can be packed together."""
    return len(part.shape) == 2


def _count(parts: Sequence[Part], counted: Callable[[Part], bool]) -> int:
    return sum(math.prod(part.shape) for part in parts if counted(part))
