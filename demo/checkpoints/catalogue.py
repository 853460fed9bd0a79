"""The names of models people can ask for, and where their checkpoints are."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path

from demo.checkpoints.folders import describe_file, origin_of, read_json
from demo.checkpoints.gguf.hub import names_gguf, split_id, split_revision
from demo.checkpoints.gguf.pair import SUFFIX, find_pair, has_gguf
from demo.checkpoints.shape import Shape
from demo.dialects.dialect import Dialect
from demo.dialects.families import family_of, wording_sentence
from demo.dialects.known import DIALECTS, REGION_REASONER
from demo.dialects.known_looks import NANO_LOOKS
from demo.errors import CheckpointError, OptionError
from demo.machine.own_files import ASSETS
from demo.picture.geometry import Size

# Reasons for a model's dialect.
BY_OPTION, BY_NAME, BY_FILE = "--dialect says so", "its name says so", "its files say so"
TRANSFORMERS, LLAMA_CPP = "transformers", "llama.cpp"  # engines

# An address of the hub, as people paste it, before a hub id and after it.
_HUB = re.compile(r"^(https?://)?(www\.)?(huggingface\.co|hf\.co)/|(?<=\w)/tree/main/?$")
DEFAULT = REGION_REASONER  # for a model whose name says nothing
_MAX_TOKENS = 16_384  # of a picture; the limit of the published processors
_NEWER = ("qwen3_vl", "qwen3_5")  # of these, no fine-tune for RegionReasoner's words is known
NANO_FOLDER = ASSETS / "nano"


@dataclass(frozen=True, slots=True)
class Entry:
    """A model by name: ``source`` is a hub id, a folder or a GGUF file.

    ``dialect`` is the name of its dialect (see `dialects.known`), and ``because`` the reason, if there is
    one; ``shape`` is known for models whose memory can be planned before their configuration is here.
    ``engine`` runs it; hub ids for llama.cpp may name a precision, as in *owner/name-GGUF:Q4_K_M*, and all
    may name a revision, as in *owner/name@revision*.
    """

    name: str
    source: str
    dialect: str = DEFAULT.name
    shape: Shape | None = None
    because: str = "it was trained that way"
    engine: str = TRANSFORMERS

    @property
    def title(self) -> str:
        """The name as its makers write it."""
        if not self.is_hub_id:
            return self.name
        name, precision = self.repository.rpartition("/")[2], self.quantization
        return f"{re.sub('-gguf$', '', name, flags=re.I)} ({precision})" if precision else name

    @property
    def is_nano(self) -> bool:
        """Whether it is the built-in model or, by its name, one that was trained like it."""
        return self.name == "nano" or self.name.startswith("nano (")

    @property
    def repository(self) -> str:
        """The hub id without a precision."""
        return split_id(self.source)[0] if self.is_hub_id else self.source

    @property
    def revision(self) -> str:
        """The commit, branch or tag that a hub id names; else empty."""
        return split_revision(self.source)[1] if self.is_hub_id else ""

    def at(self, revision: str) -> Entry:
        """The same model at another revision."""
        repository, precision = split_id(self.source)
        return replace(
            self, source=f"{repository}@{revision}{f':{precision}' if precision else ''}"
        )

    @property
    def quantization(self) -> str:
        """The precision that a hub id names, such as *Q4_K_M*; else empty."""
        return split_id(self.source)[1] if self.is_hub_id else ""

    @property
    def wording(self) -> str:
        """A sentence that says for which family questions are worded, and why."""
        return wording_sentence(self.dialect, self.because, self.name)

    @property
    def is_hub_id(self) -> bool:
        """Whether the source is a hub id, not a folder or a file."""
        return not Path(self.source).exists()


# Counted on the configurations of the published checkpoints.
QWEN_2_5_VL_7B = Shape(
    layers_linear=6_525_288_448, layers_other=333_312, tower_linear=674_529_280,
    tower_other=2_020_864, embedding=544_997_376, head=544_997_376,
    kv=28_672, width=3584, inner=18_944, tower_width=1280, tower_inner=3420,
)  # fmt: skip
QWEN_2_5_VL_3B = Shape(
    layers_linear=2_774_532_096, layers_other=241_664, tower_linear=666_664_960,
    tower_other=2_019_328, embedding=311_164_928, head=0,
    kv=18_432, width=2048, inner=11_008, tower_width=1280, tower_inner=3420,
)  # fmt: skip
QWEN_2_VL_7B = Shape(
    layers_linear=6_525_288_448, layers_other=333_312, tower_linear=673_710_080,
    tower_other=2_049_024, embedding=544_997_376, head=544_997_376,
    kv=28_672, width=3584, inner=18_944, tower_width=1280, tower_inner=5120,
)  # fmt: skip
QWEN_3_VL_2B = Shape(
    layers_linear=1_409_286_144, layers_other=123_904, tower_linear=402_653_184,
    tower_other=4_303_872, embedding=311_164_928, head=0,
    kv=57_344, width=2048, inner=6144, tower_width=1024, tower_inner=4096,
)  # fmt: skip
QWEN_3_VL_4B = Shape(
    layers_linear=3_633_315_840, layers_other=196_096, tower_linear=411_041_792,
    tower_other=4_305_920, embedding=388_956_160, head=0,
    kv=73_728, width=2560, inner=9728, tower_width=1024, tower_inner=4096,
)  # fmt: skip
QWEN_3_VL_8B = Shape(
    layers_linear=6_945_767_424, layers_other=308_224, tower_linear=571_502_592,
    tower_other=4_885_744, embedding=622_329_856, head=622_329_856,
    kv=73_728, width=4096, inner=12_288, tower_width=1152, tower_inner=4304,
)  # fmt: skip


PACKED = "-gguf"  # the end of the names of models that are published as GGUF files


def _gguf(name: str, repository: str, dialect: str, shape: Shape) -> Entry:
    """A model whose makers, or those of llama.cpp, publish it as GGUF files."""
    return Entry(f"{name}{PACKED}", f"{repository}:Q4_K_M", dialect, shape, engine=LLAMA_CPP)


CATALOGUE = {
    entry.name: entry
    for entry in (
        Entry("nano", str(NANO_FOLDER)),
        Entry("regionreasoner-7b", "lmsdss/RegionReasoner-7B", "region-reasoner", QWEN_2_5_VL_7B),
        Entry(
            "visionreasoner-7b", "Ricky06662/VisionReasoner-7B", "vision-reasoner", QWEN_2_5_VL_7B
        ),
        Entry("seg-zero-7b", "Ricky06662/Seg-Zero-7B", "seg-zero", QWEN_2_5_VL_7B),
        Entry("qwen2.5-vl-3b", "Qwen/Qwen2.5-VL-3B-Instruct", "qwen2.5-vl", QWEN_2_5_VL_3B),
        Entry("qwen2.5-vl-7b", "Qwen/Qwen2.5-VL-7B-Instruct", "qwen2.5-vl", QWEN_2_5_VL_7B),
        Entry("qwen2-vl-7b", "Qwen/Qwen2-VL-7B-Instruct", "qwen2-vl", QWEN_2_VL_7B),
        Entry("qwen3-vl-2b", "Qwen/Qwen3-VL-2B-Instruct", "qwen3-vl", QWEN_3_VL_2B),
        Entry("qwen3-vl-4b", "Qwen/Qwen3-VL-4B-Instruct", "qwen3-vl", QWEN_3_VL_4B),
        Entry("qwen3-vl-8b", "Qwen/Qwen3-VL-8B-Instruct", "qwen3-vl", QWEN_3_VL_8B),
        _gguf(
            "qwen2.5-vl-3b", "ggml-org/Qwen2.5-VL-3B-Instruct-GGUF", "qwen2.5-vl", QWEN_2_5_VL_3B
        ),
        _gguf(
            "qwen2.5-vl-7b", "ggml-org/Qwen2.5-VL-7B-Instruct-GGUF", "qwen2.5-vl", QWEN_2_5_VL_7B
        ),
        _gguf("qwen3-vl-2b", "Qwen/Qwen3-VL-2B-Instruct-GGUF", "qwen3-vl", QWEN_3_VL_2B),
        _gguf("qwen3-vl-4b", "Qwen/Qwen3-VL-4B-Instruct-GGUF", "qwen3-vl", QWEN_3_VL_4B),
        _gguf("qwen3-vl-8b", "Qwen/Qwen3-VL-8B-Instruct-GGUF", "qwen3-vl", QWEN_3_VL_8B),
    )
}


def find_model(name: str, dialect: str | None = None) -> Entry:
    """The catalogue's entry by name or hub id, or one for a folder with a checkpoint or another hub id.

    It has ``dialect``, else that of the family in its name. Raises OptionError for a folder or a file that
    is not a checkpoint, and for a name that is none of these.
    """
    found = _find(name)
    if dialect is None:
        return found
    return replace(found, dialect=dialect, because=BY_OPTION)


def _find(name: str) -> Entry:
    name = _HUB.sub("", name)
    if named := _in_catalogue(name.lower()):
        return named
    try:
        path = Path(name).expanduser()
        is_folder, is_file = path.is_dir(), path.is_file()
    except (OSError, ValueError, RuntimeError):  # a name that cannot be a path
        is_folder = is_file = False
    if is_folder and has_gguf(path) and not (path / "config.json").is_file():
        return _entry_of_gguf(path)
    if is_folder:
        if not (path / "config.json").is_file():
            raise OptionError(f"The folder {name} {describe_file(path)}")
        return _entry_of_folder(path)
    if is_file and path.suffix.lower() == SUFFIX:
        return _entry_of_gguf(path)
    if is_file:
        raise OptionError(f"The file {name} {describe_file(path)}")
    plain, revision = split_revision(name)
    entry = _in_catalogue(plain.lower()) or _entry_on_hub(plain)
    if entry is not None and entry.is_hub_id:
        return entry.at(revision) if revision else entry
    known = ", ".join(CATALOGUE)
    raise OptionError(
        f"There is no model called {name}. Choose {known}, a hub id such as "
        "lmsdss/RegionReasoner-7B, a folder with a checkpoint, or a GGUF file."
    )


def _entry_on_hub(name: str) -> Entry | None:
    """The entry for a hub id; None where it is none."""
    owner, slash, rest = name.partition("/")
    if not (owner and slash and rest) or set("/@") & set(rest) or name.startswith((".", "~")):
        return None
    entry = _entry_named(rest, name, rest)
    return replace(entry, engine=LLAMA_CPP) if names_gguf(name) else entry


def _entry_of_folder(folder: Path) -> Entry:
    """The entry for a folder with a checkpoint; in a hub's cache the folder is named after a commit."""
    whole = folder.resolve()
    repository = re.fullmatch(r"models--.+--(.+)", whole.parent.parent.name)
    name = repository[1] if repository and whole.parent.name == "snapshots" else whole.name
    entry = _entry_named(name, str(folder), str(whole), origin_of(folder))
    if not entry.because and read_json(folder / "config.json").get("model_type") in _NEWER:
        return replace(entry, dialect="qwen3-vl", because="its configuration is one of Qwen3-VL’s")
    return entry


def _entry_of_gguf(place: Path) -> Entry:
    """The entry for a GGUF file, or a folder of them. Raises OptionError when they are of no use."""
    name = place.stem if place.is_file() else place.resolve().name
    try:
        dialect = find_pair(place).dialect
    except CheckpointError as error:
        raise OptionError(str(error)) from error
    if dialect:
        return Entry(name, str(place), dialect, because=BY_FILE, engine=LLAMA_CPP)
    return Entry(name, str(place), because="", engine=LLAMA_CPP)


def _entry_named(name: str, source: str, path: str, origin: str = "") -> Entry:
    """An entry for a model outside the catalogue, with the dialect of its name, else of its origin's.

    An origin among Qwen's own checkpoints says nothing: the fine-tunes of all families have one.
    """
    if dialect := family_of(path):
        return Entry(name, source, dialect, because=BY_NAME)
    dialect = family_of(origin)
    if dialect and not dialect.startswith("qwen"):
        return Entry(name, source, dialect, because=f"it was made from {origin}")
    return Entry(name, source, because="")


def dialect_of(
    entry: Entry, region_frame: object, token: int | None = None, *, looks: object = False
) -> Dialect:
    """The dialect of a model; ``region_frame`` is the frame in its configuration, None for none, and
    ``token`` the side of its visual tokens in pixels, None for that of the dialect. ``looks``: its
    configuration says that it looks closer in nano's way, which it does in RegionReasoner's words.

    Raises CheckpointError for an impossible frame.
    """
    dialect = DIALECTS[entry.dialect]
    if token is not None:
        dialect = dialect.with_token(token)
    if looks is True and entry.dialect == REGION_REASONER.name:
        dialect = replace(dialect, looking=NANO_LOOKS)
    if region_frame is None:
        return dialect
    return dialect.in_frame(_frame(entry, region_frame, dialect.token))


def _frame(entry: Entry, named: object, token: int) -> Size:
    sides = named if isinstance(named, list) else []
    fit = all(type(side) is int and side > 0 and side % token == 0 for side in sides)
    if len(sides) == 2 and fit and sides[0] * sides[1] <= _MAX_TOKENS * token**2:
        return Size(*sides)
    raise CheckpointError(
        f"The “region_frame” in the config.json of {entry.source} cannot be used: {named}. Write width and "
        f"height there, each a multiple of {token}, such as [{30 * token}, {30 * token}]."
    )


def _in_catalogue(name: str) -> Entry | None:
    return next((e for e in CATALOGUE.values() if name in _names_of(e)), None)


def _names_of(entry: Entry) -> tuple[str, ...]:
    return (entry.name, entry.source.lower(), entry.repository.lower())
