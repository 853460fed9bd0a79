"""The names of models people can ask for, and where their checkpoints are."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from demo.errors import OptionError

NANO_FOLDER = Path(__file__).resolve().parents[2] / "assets" / "nano"


@dataclass(frozen=True, slots=True)
class Entry:
    """A model by name: ``source`` is a hub id or a folder."""

    name: str
    source: str


CATALOGUE = {
    entry.name: entry
    for entry in (
        Entry("nano", str(NANO_FOLDER)),
        Entry("regionreasoner-7b", "lmsdss/RegionReasoner-7B"),
    )
}


def find_model(name: str) -> Entry:
    """The catalogue's entry, or one for a folder with a checkpoint or for a hub id.

    Raises OptionError for a folder without a checkpoint and for a name that is none of these.
    """
    if name.lower() in CATALOGUE:
        return CATALOGUE[name.lower()]
    folder = Path(name).expanduser()
    if folder.is_dir():
        if not (folder / "config.json").is_file():
            raise OptionError(
                f"The folder {name} holds no checkpoint: it has no config.json. "
                "Give the folder that a model was saved to."
            )
        return Entry(folder.resolve().name, str(folder))
    owner, slash, rest = name.partition("/")
    if owner and slash and rest and "/" not in rest and not name.startswith((".", "~")):
        return Entry(rest, name)
    known = ", ".join(CATALOGUE)
    raise OptionError(
        f"There is no model called {name}. Choose {known}, a hub id such as "
        "lmsdss/RegionReasoner-7B, or a folder with a checkpoint."
    )
