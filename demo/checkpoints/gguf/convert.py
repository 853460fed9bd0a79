"""A checkpoint of a Qwen-VL as two GGUF files: the language model, and its vision tower (“mmproj”)."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout
from gguf import GGML_QUANT_VERSION, GGUFType, GGUFWriter, LlamaFileType
from gguf import GGMLQuantizationType as Type

from demo.checkpoints.fetch import MIN_FREE, gb
from demo.checkpoints.folders import read_json
from demo.checkpoints.generation import FILE as GENERATION_FILE
from demo.checkpoints.generation import read_generation
from demo.checkpoints.gguf.architecture import (
    ARCHITECTURES,
    PROJECTORS,
    Architecture,
    read_architecture,
)
from demo.checkpoints.gguf.keys import DIALECT, FRAME, GENERATION, LOOKS, SOURCE
from demo.checkpoints.gguf.layout import Part, model_parts, padded, tower_parts
from demo.checkpoints.gguf.vocabulary import read_vocabulary
from demo.checkpoints.gguf.write import File, Planned
from demo.checkpoints.kinds import check_unquantized
from demo.checkpoints.stored import Stored, by_plain_name
from demo.checkpoints.weights import check_pointers, check_tensors, has_own_head, tensor_files
from demo.errors import CheckpointError, disk_fault

MODEL, MMPROJ = "model.gguf", "mmproj.gguf"
_FILE_TYPES = {
    "q4_0": LlamaFileType.MOSTLY_Q4_0,
    "q8_0": LlamaFileType.MOSTLY_Q8_0,
    "f16": LlamaFileType.MOSTLY_F16,
}
_MULTIPLE = 32  # numbers that share a scale in Q4_0 and Q8_0
_ALWAYS_WHOLE = ("v.position_embd.weight",)
_TOWER_EPSILON = 1e-6
_POSITIONS = 1600  # on the side of a picture, squared; nothing depends on it
_SAMPLED = 1 << 20  # bytes
_MEAN = (0.48145466, 0.4578275, 0.40821073)  # of colours, where files do not say it
_DEVIATION = (0.26862954, 0.26130258, 0.27577711)
_HALVES = (0.5, 0.5, 0.5)  # the same two of a Qwen3-VL


@dataclass(frozen=True, slots=True)
class Conversion:
    """Two files to write into ``folder`` from a checkpoint's tensors, whose plain names are the keys."""

    title: str
    folder: Path
    files: tuple[File, File]
    tensors: Mapping[str, Stored]

    @property
    def size(self) -> int:
        """Bytes of both files."""
        return sum(file.size for file in self.files)

    @property
    def missing(self) -> int:
        """Bytes that are still to be written."""
        return self.size - sum(file.written for file in self.files)

    def check_space(self) -> None:
        """Raises CheckpointError when the disk has no room for what is missing."""
        free = shutil.disk_usage(self.folder).free
        if self.missing + MIN_FREE > free:
            raise CheckpointError(
                f"The GGUF files of {self.title} take {gb(self.missing)} more, and only {gb(free)} are "
                f"free in {self.folder}. Free some disk, or give a folder on a larger one with --out."
            )

    def run(self, told: Callable[[int], None]) -> None:
        """Write what is missing; ``told`` is called with the number of new bytes.

        Raises CheckpointError, also when somebody else writes there. After any interruption a new
        conversion with the same source, folder and type goes on where this one was.
        """
        lock = FileLock(self.folder / ".writing.lock", blocking=False)
        try:
            with lock:
                self.check_space()
                for file in self.files:
                    file.write(self.tensors, told)
        except Timeout:
            raise CheckpointError(
                f"Another process is writing GGUF files into {self.folder}: wait until it is done, or give "
                "another folder with --out."
            ) from None


def plan_conversion(
    title: str, folder: Path, out: Path, kind: str, dialect: str = ""
) -> Conversion:
    """The conversion of the checkpoint in ``folder`` to files of type ``kind`` in the folder ``out``.

    ``dialect`` is noted in the files. Raises CheckpointError for a checkpoint that is not whole or not one
    that llama.cpp runs, and when ``out`` cannot be used or holds other files of these names.
    """
    check_pointers(title, folder)
    config = read_json(folder / "config.json")
    check_unquantized(title, [f.name for f in folder.iterdir()], config)
    placed = tensor_files(title, folder)
    model = read_architecture(title, config, has_head=has_own_head(placed))
    tensors = by_plain_name(sorted(set(placed.values())))
    parts = list(model_parts(model)), _padded(tower_parts(model), kind)
    _check_tensors(title, model, [*parts[0], *parts[1]], tensors)
    about = _About(title, folder, config, kind, dialect, _digest(folder, placed.values()))
    with tempfile.TemporaryDirectory() as drafts:
        files = (
            File(out / MODEL, _model_writer(Path(drafts), about, model), _planned(parts[0], kind)),
            File(out / MMPROJ, _tower_writer(Path(drafts), about, model), _planned(parts[1], kind)),
        )
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CheckpointError(
            f"GGUF files cannot be written into {out}: {disk_fault(error)}. Give another folder with --out."
        ) from error
    return Conversion(title, out, files, tensors)


def type_of(part: Part, kind: str, *, has_head: bool) -> Type:
    """The type that a tensor has in files of type ``kind``.

    Norms and biases are too small to matter, and convolutions are computed in 16 bits. The embedding needs
    more than 4 bits only where it is the output head as well.
    """
    if len(part.shape) == 1 or part.name in _ALWAYS_WHOLE:
        return Type.F32
    if kind == "f16" or len(part.shape) > 2 or part.shape[1] % _MULTIPLE:
        return Type.F16
    bears_four = part.name.startswith("blk.") or (has_head and part.name == "token_embd.weight")
    return Type.Q4_0 if kind == "q4_0" and bears_four else Type.Q8_0


@dataclass(frozen=True, slots=True)
class _About:
    """What the headers of both files say alike."""

    title: str
    folder: Path
    config: Mapping[str, Any]
    kind: str
    dialect: str
    digest: str

    def writer(self, file: Path, architecture: str, sort: str) -> GGUFWriter:
        writer = GGUFWriter(file, architecture)
        writer.add_type(sort)
        writer.add_name(self.title)
        writer.add_file_type(_FILE_TYPES[self.kind])
        writer.add_quantization_version(GGML_QUANT_VERSION)
        writer.add_string(SOURCE, self.digest)
        return writer


def _model_writer(drafts: Path, about: _About, model: Architecture) -> GGUFWriter:
    writer = about.writer(drafts / MODEL, ARCHITECTURES[model.kind], GGUFType.MODEL)
    writer.add_block_count(model.layers)
    writer.add_context_length(model.context)
    writer.add_embedding_length(model.width)
    writer.add_feed_forward_length(model.inner)
    writer.add_head_count(model.heads)
    writer.add_head_count_kv(model.kv_heads)
    writer.add_key_length(model.head)
    writer.add_value_length(model.head)
    writer.add_layer_norm_rms_eps(model.epsilon)
    writer.add_rope_freq_base(model.theta)
    writer.add_rope_dimension_sections([*model.sections, 0])
    if model.kind == "qwen3_vl":
        writer.add_num_deepstack_layers(len(model.tower.deep_blocks))
    read_vocabulary(about.title, about.folder, model.vocabulary).add_to(writer)
    _add_own(writer, about)
    return writer


def _add_own(writer: GGUFWriter, about: _About) -> None:
    """What only this demo reads."""
    if about.dialect:
        writer.add_string(DIALECT, about.dialect)
    if frame := about.config.get("region_frame"):
        writer.add_array(FRAME, frame)
    if about.config.get("region_looks") is True:
        writer.add_bool(LOOKS, True)
    if read_generation(about.folder) is not None:
        writer.add_string(GENERATION, (about.folder / GENERATION_FILE).read_text(encoding="utf-8"))


def _tower_writer(drafts: Path, about: _About, model: Architecture) -> GGUFWriter:
    tower = model.tower
    writer = about.writer(drafts / MMPROJ, "clip", GGUFType.MMPROJ)
    writer.add_clip_has_vision_encoder(True)
    writer.add_clip_projector_type(PROJECTORS[model.kind])
    writer.add_vision_projection_dim(model.width)
    writer.add_vision_block_count(tower.blocks)
    writer.add_vision_embedding_length(tower.width)
    writer.add_vision_feed_forward_length(tower.inner + -tower.inner % _multiple(about.kind))
    writer.add_vision_head_count(tower.heads)
    writer.add_vision_attention_layernorm_eps(_TOWER_EPSILON)
    writer.add_vision_patch_size(tower.patch)
    writer.add_vision_spatial_merge_size(2)
    writer.add_vision_image_size(round((tower.positions or _POSITIONS) ** 0.5) * tower.patch)
    mean, deviation = _colours(about.folder, model.kind)
    writer.add_vision_image_mean(mean)
    writer.add_vision_image_std(deviation)
    if model.kind == "qwen2_5_vl":
        writer.add_vision_use_silu(True)
        writer.add_vision_n_wa_pattern(tower.full_attention or 1)
    elif (
        model.kind == "qwen3_vl"
    ):  # a Qwen2-VL's activation is what llama.cpp takes if none is named
        writer.add_vision_use_gelu(True)
        writer.add_vision_is_deepstack_layers([b in tower.deep_blocks for b in range(tower.blocks)])
    return writer


def _colours(folder: Path, kind: str) -> tuple[Sequence[float], Sequence[float]]:
    """Mean and deviation of the colours that the tower was trained on."""
    written = read_json(folder / "processor_config.json").get("image_processor")
    if not isinstance(written, dict):
        written = read_json(folder / "preprocessor_config.json")
    mean, deviation = (_HALVES, _HALVES) if kind == "qwen3_vl" else (_MEAN, _DEVIATION)
    return written.get("image_mean") or mean, written.get("image_std") or deviation


def _planned(parts: Sequence[Part], kind: str) -> list[Planned]:
    has_head = any(part.name == "output.weight" for part in parts)
    return [Planned(part, type_of(part, kind, has_head=has_head)) for part in parts]


def _padded(parts: Iterable[Part], kind: str) -> list[Part]:
    """The parts of a tower, of which layers are as wide as their precision needs it."""
    return [padded(part, _multiple(kind)) for part in parts]


def _multiple(kind: str) -> int:
    """How many numbers share a scale."""
    return 1 if kind == "f16" else _MULTIPLE


def _check_tensors(
    title: str, model: Architecture, parts: Iterable[Part], tensors: Mapping[str, Stored]
) -> None:
    """Raises CheckpointError unless the checkpoint has all the tensors, in the right shapes and types."""
    wanted = {part.source: part.stored for part in parts}
    there = set(tensors) - (set() if model.has_head else {"lm_head.weight"})
    if strange := next((t for n, t in tensors.items() if n in wanted and not t.is_readable), None):
        raise CheckpointError(
            f"{title} cannot be written as GGUF files: {strange.name} has numbers of type {strange.kind}. "
            "Give the unquantized checkpoint."
        )
    check_tensors(
        title,
        {
            "missing_keys": wanted.keys() - there,
            "unexpected_keys": there - wanted.keys(),
            "mismatched_keys": [
                (name, tensors[name].shape, shape)
                for name, shape in wanted.items()
                if name in there and tensors[name].shape != shape
            ],
        },
    )


def _digest(folder: Path, files: Iterable[Path]) -> str:
    """A digest of the files that a conversion reads; of large ones their sizes and parts of them."""
    found = hashlib.sha256()
    for file in sorted(
        {*files, *folder.glob("*.json"), *folder.glob("*.txt"), *folder.glob("*.jinja")}
    ):
        size = file.stat().st_size
        found.update(f"{file.name} {size} ".encode())
        with file.open("rb") as opened:
            for start in (0, size // 2, max(0, size - _SAMPLED)):
                opened.seek(start)
                found.update(opened.read(_SAMPLED))
    return found.hexdigest()
