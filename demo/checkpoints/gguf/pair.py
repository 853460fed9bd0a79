"""A model and the vision tower that belongs to it, as GGUF files: found, checked, and described.

Which file is which is in their headers; names count only where several would do.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from demo.checkpoints.generation import Generation, parse_generation
from demo.checkpoints.gguf.header import Header, parts_of, read_header
from demo.checkpoints.gguf.keys import DIALECT, FRAME, GENERATION, LOOKS
from demo.checkpoints.gguf.names import has_tag, in_words, rank, tag_of, tower_rank
from demo.dialects.families import family_of
from demo.dialects.known import DIALECTS
from demo.errors import CheckpointError, disk_fault, first_line, join_with_and

SUFFIX = ".gguf"
_TOWER = "clip"  # the architecture of all vision towers
# The towers that belong to an architecture, and the dialect where no name tells another one.
_FAMILIES = {
    "qwen2vl": (("qwen2vl_merger", "qwen2.5vl_merger"), ""),
    "qwen3vl": (("qwen3vl_merger",), "qwen3-vl"),
    "qwen3vlmoe": (("qwen3vl_merger",), "qwen3-vl"),
    "qwen35": (("qwen3vl_merger",), "qwen3-vl"),
    "qwen35moe": (("qwen3vl_merger",), "qwen3-vl"),
}
_BITS_16 = 2  # bytes of a number that the model remembers


@dataclass(frozen=True, slots=True)
class GgufPair:
    """A model and its vision tower, the files that llama.cpp is given, and their headers.

    ``weights`` are the bytes of the model in all its files; ``note`` says what else was there, if anything.
    """

    model: Path
    mmproj: Path
    header: Header
    tower: Header
    weights: int
    note: str = ""

    def _number(self, key: str, default: int = 0) -> int:
        return self.header.number(f"{self.header.architecture}.{key}", default)

    @property
    def architecture(self) -> str:
        """As llama.cpp names it, such as *qwen2vl*."""
        return self.header.architecture

    @property
    def name(self) -> str:
        """The name of the model as its makers wrote it, else that of the file."""
        return self.header.text("general.name") or self.model.stem

    @property
    def quantization(self) -> str:
        """The precision of the model in words, such as *4 bits (Q4_K_M)*."""
        return in_words(tag_of(self.header))

    @property
    def tower_weights(self) -> int:
        """Bytes of the vision tower's weights."""
        return self.tower.weights

    @property
    def layers(self) -> int:
        """How many layers the language model has."""
        return self._number("block_count")

    @property
    def width(self) -> int:
        """How many numbers stand for a token between layers."""
        return self._number("embedding_length")

    @property
    def heads(self) -> int:
        """How many heads of attention a layer has."""
        return self._number("attention.head_count", 1)

    @property
    def kv_heads(self) -> int:
        """How many of them have keys and values of their own."""
        return self._number("attention.head_count_kv", self.heads)

    @property
    def context(self) -> int:
        """How many tokens the model was made for."""
        return self._number("context_length")

    @property
    def kv_bytes(self) -> int:
        """Bytes that the model remembers of each token, in 16 bits."""
        head = self.width // self.heads
        numbers = self._number("attention.key_length", head) + self._number(
            "attention.value_length", head
        )
        return self.layers * self.kv_heads * numbers * _BITS_16

    @property
    def token_side(self) -> int:
        """The side of a visual token in pixels, such as 28."""
        side = self.tower.number("clip.vision.patch_size", 14)
        return side * self.tower.number("clip.vision.spatial_merge_size", 2)

    @property
    def region_frame(self) -> list[int] | None:
        """The frame in the configuration that the files were written from, if it had one."""
        found = self.header.values.get(FRAME)
        return [int(side) for side in found] if isinstance(found, tuple) else None

    @property
    def region_looks(self) -> bool:
        """Whether that configuration said that the model looks closer."""
        return self.header.values.get(LOOKS) is True

    @property
    def generation(self) -> Generation | None:
        """The settings of the checkpoint that the files were written from; None for files of others.

        Raises CheckpointError where they cannot be read.
        """
        written = self.header.text(GENERATION)
        if not written:
            return None
        try:
            return parse_generation(json.loads(written))
        except (ValueError, TypeError, AttributeError) as error:
            raise CheckpointError(
                f"The decoding settings in {self.model} cannot be read: {first_line(error)}. Write the "
                "file again with python -m demo gguf."
            ) from error

    @property
    def dialect(self) -> str | None:
        """The dialect of the family that the files name, or of their architecture; None for neither."""
        own = self.header.text(DIALECT)
        return own if own in DIALECTS else next(self._families(), None)

    def _families(self) -> Iterator[str]:
        origin = self.header.text("general.base_model.0.repo_url")
        names = (str(self.model.absolute()), self.name, self.header.text("general.basename"))
        found = [family_of(name) for name in names]
        # An origin among Qwen's own models says nothing: fine-tunes of all families have one.
        found += [
            dialect for dialect in (family_of(origin),) if not (dialect or "").startswith("qwen")
        ]
        yield from (dialect for dialect in (*found, _FAMILIES[self.architecture][1]) if dialect)


def find_pair(place: Path, tag: str = "") -> GgufPair:
    """The model and the vision tower in a folder, or the model in a file with the tower beside it.

    ``place`` may also be any part of a model that is split; of several precisions in a folder the one that
    ``tag`` names is taken. Raises CheckpointError for what is missing, damaged, of another kind, or does
    not belong together.
    """
    folder = place if place.is_dir() else place.parent
    models, towers, broken = _sorted(folder)
    if place.is_dir():
        named = [model for model in models if not tag or has_tag(model.file.name, tag)]
        model, note = _one_model(folder, named or models, towers, broken)
    else:
        model, note = read_header(parts_of(place)[0]), ""
        _check_sees(model, towers)
    tower = _tower_for(model, towers, broken)
    files = parts_of(model.file)
    weights = sum(read_header(file).weights for file in files)
    return GgufPair(files[0], tower.file, model, tower, weights, note)


def has_gguf(folder: Path) -> bool:
    """Whether a folder holds GGUF files."""
    return any(folder.glob(f"*{SUFFIX}"))


def _sorted(folder: Path) -> tuple[list[Header], list[Header], list[CheckpointError]]:
    """The models and the towers in a folder, and what is wrong with its other GGUF files."""
    models: list[Header] = []
    towers: list[Header] = []
    broken: list[CheckpointError] = []
    try:
        files = sorted(folder.glob(f"*{SUFFIX}"))
    except OSError as error:
        raise CheckpointError(
            f"The folder {folder} cannot be read: {disk_fault(error)}."
        ) from error
    for file in files:
        try:
            parts = parts_of(file)
            if file == parts[0]:
                header = read_header(file)
                (towers if _is_tower(header) else models).append(header)
        except CheckpointError as error:
            broken.append(error)
    return models, towers, broken


def _is_tower(header: Header) -> bool:
    return header.architecture == _TOWER or header.text("general.type") == "mmproj"


def _one_model(
    folder: Path,
    models: Sequence[Header],
    towers: Sequence[Header],
    broken: Sequence[CheckpointError],
) -> tuple[Header, str]:
    """The model in a folder; of several precisions the one that suits most machines, and a note."""
    seeing = [model for model in models if model.architecture in _FAMILIES]
    if not seeing:
        if broken:
            raise broken[0]
        if models:
            _check_sees(models[0], towers)
        raise CheckpointError(
            f"The folder {folder} holds a vision tower (mmproj) and no model. Fetch the model’s GGUF file "
            "into it as well."
        )
    if len({_identity(model) for model in seeing}) > 1:
        names = join_with_and([model.file.name for model in seeing])
        raise CheckpointError(
            f"The folder {folder} holds several models: {names}. Give the file of one of them."
        )
    best = min(seeing, key=lambda model: rank(tag_of(model)))
    if len(seeing) == 1:
        return best, ""
    return best, (
        f"Of {len(seeing)} precisions in {folder}, {best.file.name} is used; "
        "give the file of another one to use that."
    )


def _identity(model: Header) -> tuple[object, ...]:
    """What models that differ only in precision have in common."""
    name = model.architecture
    return (
        model.text("general.name"), name, model.number(f"{name}.block_count"),
        model.number(f"{name}.embedding_length"), *sorted(model.tensors),
    )  # fmt: skip


def _check_sees(model: Header, towers: Sequence[Header]) -> None:
    """Raises CheckpointError for a file that is no model of a family that can be asked."""
    kind, file = model.architecture, model.file
    if _is_tower(model):
        raise CheckpointError(
            f"The file {file} is only a model’s vision tower (mmproj). Give the file of the model itself."
        )
    if kind in _FAMILIES:
        return
    if not towers and "vl" not in kind:
        raise CheckpointError(
            f"The model in {file} ({kind or 'of an unnamed kind'}) knows text only and sees no pictures. "
            "Give one that does, such as Qwen3-VL."
        )
    raise CheckpointError(
        f"The model in {file} is a {kind or 'model of an unnamed kind'}, which this demo does not know how "
        "to ask. It asks Qwen2-VL, Qwen2.5-VL, Qwen3-VL and Qwen3.5."
    )


def _tower_for(
    model: Header, towers: Sequence[Header], broken: Sequence[CheckpointError]
) -> Header:
    """The tower among several that belongs to a model, the best one by its precision."""
    if fitting := [tower for tower in towers if _misfit(model, tower) is None]:
        named = [t for t in fitting if t.text("general.name") == model.text("general.name")]
        return min(named or fitting, key=lambda tower: tower_rank(tag_of(tower), tower.file.name))
    if towers:
        raise CheckpointError(
            f"{towers[0].file.name} does not belong to {model.file.name} in {model.file.parent}: "
            f"{_misfit(model, towers[0])}. Fetch the mmproj file from where the model comes from."
        )
    if broken:
        raise broken[0]
    raise CheckpointError(
        f"Beside {model.file} there is no vision tower, without which the model sees nothing. Fetch the "
        "file whose name begins with mmproj from where the model comes from, into the same folder."
    )


def _misfit(model: Header, tower: Header) -> str | None:
    """Why a tower does not belong to a model; None when it does."""
    projector, wanted = _projector(tower), _FAMILIES[model.architecture][0]
    if projector not in wanted:
        return f"it is a {projector or 'tower of an unnamed kind'}, not a {' or '.join(wanted)}"
    width, made = model.number(f"{model.architecture}.embedding_length"), _projected(tower)
    if made != width:
        return f"it makes tokens of {made} numbers, and the model has {width}"
    deep, used = _deep(tower), model.number(f"{model.architecture}.n_deepstack_layers")
    return None if deep == used else f"it feeds {deep} layers, and the model expects {used}"


def _projector(tower: Header) -> str:
    return tower.text("clip.vision.projector_type") or tower.text("clip.projector_type")


def _projected(tower: Header) -> int:
    """How many numbers the tower makes for a token, by the last layer, which says it most surely."""
    last = tower.tensors.get("mm.2.bias")
    return last.shape[0] if last and last.shape else tower.number("clip.vision.projection_dim")


def _deep(tower: Header) -> int:
    """How many of the tower's blocks are fed to layers of the model beside its result."""
    return len({name.split(".")[2] for name in tower.tensors if name.startswith("v.deepstack.")})
