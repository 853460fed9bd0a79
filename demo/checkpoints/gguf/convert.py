"""A checkpoint of a Qwen-VL as two GGUF files, the language model and its vision tower."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gguf
import numpy as np

from demo.checkpoints.folders import read_json
from demo.checkpoints.gguf.source import Stored, stored_tensors
from demo.checkpoints.gguf.vocabulary import add_vocabulary

_TYPES = {
    "q4_0": gguf.GGMLQuantizationType.Q4_0,
    "q8_0": gguf.GGMLQuantizationType.Q8_0,
    "f16": gguf.GGMLQuantizationType.F16,
    "f32": gguf.GGMLQuantizationType.F32,
}
_FILE_TYPES = {"q4_0": 2, "q8_0": 7, "f16": 1, "f32": 0}
_ARCH = {"qwen2_vl": "QWEN2VL", "qwen2_5_vl": "QWEN2VL", "qwen3_vl": "QWEN3VL"}
_PROJECTORS = {
    "qwen2_vl": "qwen2vl_merger",
    "qwen2_5_vl": "qwen2.5vl_merger",
    "qwen3_vl": "qwen3vl_merger",
}


@dataclass(frozen=True, slots=True)
class Planned:
    """A tensor of a GGUF file, and where its numbers come from."""

    name: str
    shape: tuple[int, ...]
    type: gguf.GGMLQuantizationType
    source: Stored
    first: int = 0
    frame: int | None = None  # which of the two frames of a convolution over time

    def blocks(self) -> Iterator[np.ndarray]:
        for block in self.source.blocks(self.first, self.shape[0]):
            yield block if self.frame is None else np.ascontiguousarray(block[:, :, self.frame])


def convert(folder: Path, out: Path, kind: str = "f16") -> tuple[Path, Path]:
    config = read_json(folder / "config.json")
    tensors = stored_tensors(folder)
    out.mkdir(parents=True, exist_ok=True)
    model, mmproj = out / "model.gguf", out / "mmproj.gguf"
    _write_model(config, tensors, folder, model, kind)
    _write_tower(config, tensors, mmproj, "f32" if kind == "f32" else "f16", folder)
    return model, mmproj


def _write_model(
    config: dict[str, Any], tensors: dict[str, Stored], folder: Path, file: Path, kind: str
) -> None:
    text = config.get("text_config") or config
    arch = gguf.MODEL_ARCH[_ARCH[config["model_type"]]]
    layers = text["num_hidden_layers"]
    writer = gguf.GGUFWriter(file, gguf.MODEL_ARCH_NAMES[arch])
    writer.add_type("model")
    writer.add_name(folder.name)
    writer.add_file_type(_FILE_TYPES[kind])
    writer.add_block_count(layers)
    writer.add_context_length(text["max_position_embeddings"])
    writer.add_embedding_length(text["hidden_size"])
    writer.add_feed_forward_length(text["intermediate_size"])
    writer.add_head_count(text["num_attention_heads"])
    writer.add_head_count_kv(text["num_key_value_heads"])
    writer.add_layer_norm_rms_eps(text["rms_norm_eps"])
    rope = text.get("rope_parameters") or text["rope_scaling"]
    writer.add_rope_freq_base(float(rope.get("rope_theta") or text["rope_theta"]))
    writer.add_rope_dimension_sections([*rope["mrope_section"], 0])
    if arch == gguf.MODEL_ARCH.QWEN3VL:
        writer.add_key_length(text["head_dim"])
        writer.add_value_length(text["head_dim"])
        writer.add_num_deepstack_layers(len(config["vision_config"]["deepstack_visual_indexes"]))
    embedding = tensors["model.embed_tokens.weight"]
    add_vocabulary(writer, folder, embedding.shape[0])
    names = gguf.get_tensor_name_map(arch, layers)
    planned = []
    for name, stored in tensors.items():
        if name.startswith("visual."):
            continue
        to = names.get_name(name, try_suffixes=(".weight", ".bias"))
        assert to, name
        type_ = _TYPES[kind] if len(stored.shape) > 1 else _TYPES["f32"]
        planned.append(Planned(to, stored.shape, type_, stored))
    _write(writer, planned)


def _write_tower(
    config: dict[str, Any], tensors: dict[str, Stored], file: Path, kind: str, folder: Path
) -> None:
    tower = config["vision_config"]
    text = config.get("text_config") or config
    family = config["model_type"]
    old = family == "qwen2_vl"
    writer = gguf.GGUFWriter(file, "clip")
    writer.add_type("mmproj")
    writer.add_name(folder.name)
    writer.add_file_type(_FILE_TYPES[kind])
    writer.add_clip_has_vision_encoder(True)
    writer.add_clip_projector_type(_PROJECTORS[family])
    width = tower["embed_dim"] if old else tower["hidden_size"]
    writer.add_vision_embedding_length(width)
    inner = (
        tensors["visual.blocks.0.mlp.fc1.weight"].shape[0] if old else tower["intermediate_size"]
    )
    writer.add_vision_feed_forward_length(inner)
    writer.add_vision_block_count(tower["depth"])
    writer.add_vision_head_count(tower["num_heads"])
    writer.add_vision_attention_layernorm_eps(1e-6)
    writer.add_vision_projection_dim(text["hidden_size"])
    writer.add_vision_patch_size(tower["patch_size"])
    writer.add_vision_spatial_merge_size(tower["spatial_merge_size"])
    size = int(tower.get("num_position_embeddings", 1600) ** 0.5) * tower["patch_size"]
    writer.add_vision_image_size(size)
    processor = read_json(folder / "preprocessor_config.json") or read_json(
        folder / "processor_config.json"
    ).get("image_processor", {})
    writer.add_vision_image_mean(processor["image_mean"])
    writer.add_vision_image_std(processor["image_std"])
    if family == "qwen2_5_vl":
        writer.add_vision_use_silu(True)
        writer.add_vision_n_wa_pattern(tower["fullatt_block_indexes"][0] + 1)
    else:
        writer.add_vision_use_gelu(True)
    if family == "qwen3_vl":
        deep = tower["deepstack_visual_indexes"]
        writer.add_vision_is_deepstack_layers([i in deep for i in range(tower["depth"])])
    names = gguf.get_tensor_name_map(gguf.MODEL_ARCH.MMPROJ, tower["depth"])
    planned: list[Planned] = []
    for name, stored in tensors.items():
        if name.startswith("visual."):
            planned.extend(_tower_tensors(name, stored, family, tower, names, _TYPES[kind]))
    _write(writer, planned)


def _tower_tensors(
    name: str,
    stored: Stored,
    family: str,
    tower: dict[str, Any],
    names: gguf.TensorNameMap,
    type_: gguf.GGMLQuantizationType,
) -> Iterator[Planned]:
    f32 = _TYPES["f32"]
    type_ = type_ if len(stored.shape) > 1 else f32

    def mapped(name: str) -> str:
        found = names.get_name(name, try_suffixes=(".weight", ".bias"))
        assert found, name
        return found

    if name == "visual.patch_embed.proj.weight":
        shape = (*stored.shape[:2], *stored.shape[3:])
        for frame, end in enumerate(("", ".1")):
            yield Planned(f"v.patch_embd.weight{end}", shape, type_, stored, frame=frame)
    elif ".attn.qkv." in name and family != "qwen3_vl":
        rows = stored.shape[0] // 3
        for i, part in enumerate("qkv"):
            yield Planned(
                mapped(name.replace("qkv", part)),
                (rows, *stored.shape[1:]),
                type_,
                stored,
                i * rows,
            )
    elif found := re.match(
        r"visual\.deepstack_merger_list\.(\d+)\.(norm|linear_fc1|linear_fc2)\.(\w+)", name
    ):
        layer = tower["deepstack_visual_indexes"][int(found[1])]
        yield Planned(
            f"v.deepstack.{layer}.{found[2].removeprefix('linear_')}.{found[3]}",
            stored.shape,
            type_,
            stored,
        )
    elif name.startswith("visual.merger."):
        end = (
            name.removeprefix("visual.merger.").replace("mlp.", "mm.").replace("ln_q", "v.post_ln")
        )
        end = (
            end.replace("linear_fc1", "mm.0")
            .replace("linear_fc2", "mm.2")
            .replace("norm", "v.post_ln")
        )
        yield Planned(end, stored.shape, type_, stored)
    elif name == "visual.pos_embed.weight":
        yield Planned(mapped(name), stored.shape, f32, stored)
    else:
        yield Planned(mapped(name), stored.shape, type_, stored)


def _write(writer: gguf.GGUFWriter, planned: list[Planned]) -> None:
    for each in planned:
        size = _bytes(each)
        if each.type in (_TYPES["f32"], _TYPES["f16"]):
            dtype = np.dtype(np.float32 if each.type == _TYPES["f32"] else np.float16)
            writer.add_tensor_info(each.name, each.shape, dtype, size)
        else:
            writer.add_tensor_info(
                each.name,
                gguf.quant_shape_to_byte_shape(each.shape, each.type),
                np.dtype(np.uint8),
                size,
                raw_dtype=each.type,
            )
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_ti_data_to_file()
    assert writer.fout is not None
    out = writer.fout[0]
    writer.write_padding(out, out.tell())
    for each in planned:
        begin = out.tell()
        for block in each.blocks():
            out.write(gguf.quantize(block, each.type).tobytes())
        writer.write_padding(out, out.tell() - begin)
    writer.close()


def _bytes(each: Planned) -> int:
    per_block, size = gguf.GGML_QUANT_SIZES[each.type]
    return int(np.prod(each.shape)) // per_block * size
