"""The names of models people can ask for, and where their checkpoints are."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path

from demo.checkpoints.folders import made_from, what_it_is
from demo.checkpoints.shape import Shape
from demo.dialects.dialect import TOKEN, Dialect
from demo.dialects.families import family_of, words_said
from demo.dialects.known import DIALECTS, REGION_REASONER
from demo.errors import CheckpointError, OptionError
from demo.machine.own_files import ASSETS
from demo.picture.geometry import Size

# Why a model is asked in the words that it is.
SAID, NAMED = "--dialect says so", "its name says so"

# An address of the hub, as people paste it, before a hub id and after it.
_HUB = re.compile(r"^(https?://)?(www\.)?(huggingface\.co|hf\.co)/|(?<=\w)/tree/main/?$")
DEFAULT = REGION_REASONER  # of a model whose name says nothing
_MAX_FRAME = 16_384 * TOKEN**2  # pixels; as many as the published processors allow
NANO_FOLDER = ASSETS / "nano"


@dataclass(frozen=True, slots=True)
class Entry:
    """A model by name: ``source`` is a hub id or a folder.

    ``dialect`` names how it is asked (see `dialects.known`), and ``because`` says why, where that is not
    plain; ``shape`` is known for models that can be planned for before their configuration is here.
    """

    name: str
    source: str
    dialect: str = DEFAULT.name
    shape: Shape | None = None
    because: str = "it was trained on them"

    @property
    def title(self) -> str:
        """The name as its makers write it."""
        return self.source.rpartition("/")[2] if self.is_hub_id else self.name

    @property
    def words(self) -> str:
        """In whose words it is asked, and why, as a sentence."""
        return words_said(self.dialect, self.because, self.name)

    @property
    def is_hub_id(self) -> bool:
        """Whether the checkpoint is to be had from the hub."""
        return not Path(self.source).is_dir()


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
    )
}


def find_model(name: str, dialect: str | None = None) -> Entry:
    """The catalogue's entry by name or hub id, or one for a folder with a checkpoint or another hub id.

    It is asked in ``dialect``, else in the words of the family that its name speaks of. Raises OptionError
    for a folder or a file that is no checkpoint, and for a name that is none of these.
    """
    found = _found(name)
    if dialect is None:
        return found
    return replace(found, dialect=dialect, because=SAID)


def _found(name: str) -> Entry:
    name = _HUB.sub("", name)
    if named := _in_catalogue(name.lower()):
        return named
    try:
        path = Path(name).expanduser()
        is_folder, is_file = path.is_dir(), path.is_file()
    except (OSError, ValueError, RuntimeError):  # a name that can be no path
        is_folder = is_file = False
    if is_folder:
        if not (path / "config.json").is_file():
            raise OptionError(f"The folder {name} {what_it_is(path)}")
        return _of_folder(path)
    if is_file:
        raise OptionError(f"The file {name} {what_it_is(path)}")
    owner, slash, rest = name.partition("/")
    if owner and slash and rest and "/" not in rest and not name.startswith((".", "~")):
        return _named(rest, name, rest)
    known = ", ".join(CATALOGUE)
    raise OptionError(
        f"There is no model called {name}. Choose {known}, a hub id such as "
        "lmsdss/RegionReasoner-7B, or a folder with a checkpoint."
    )


def _of_folder(folder: Path) -> Entry:
    """A checkpoint by its folder, which in a hub's cache is called after a commit."""
    whole = folder.resolve()
    repository = re.fullmatch(r"models--.+--(.+)", whole.parent.parent.name)
    name = repository[1] if repository and whole.parent.name == "snapshots" else whole.name
    return _named(name, str(folder), str(whole), made_from(folder))


def _named(name: str, source: str, path: str, origin: str = "") -> Entry:
    """An entry for what the catalogue does not have, asked as its name, or else its origin's, says.

    That Qwen's own checkpoints are an origin says nothing: the fine-tunes of all families have it.
    """
    if dialect := family_of(path):
        return Entry(name, source, dialect, because=NAMED)
    dialect = family_of(origin)
    if dialect and not dialect.startswith("qwen"):
        return Entry(name, source, dialect, because=f"it was made from {origin}")
    return Entry(name, source, because="")


def dialect_of(entry: Entry, region_frame: object) -> Dialect:
    """How a model is asked; ``region_frame`` is the frame that its configuration names, None for none.

    Raises CheckpointError for a frame that it cannot be shown.
    """
    dialect = DIALECTS[entry.dialect]
    return dialect if region_frame is None else dialect.in_frame(_frame(entry, region_frame))


def _frame(entry: Entry, named: object) -> Size:
    sides = named if isinstance(named, list) else []
    fit = all(type(side) is int and side > 0 and side % TOKEN == 0 for side in sides)
    if len(sides) == 2 and fit and sides[0] * sides[1] <= _MAX_FRAME:
        return Size(*sides)
    raise CheckpointError(
        f"The “region_frame” in the config.json of {entry.source} cannot be used: {named}. Write width and "
        f"height there, each a multiple of {TOKEN}, such as [840, 840]."
    )


def _in_catalogue(name: str) -> Entry | None:
    return next((e for e in CATALOGUE.values() if name in (e.name, e.source.lower())), None)
