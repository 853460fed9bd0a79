"""Finds the pictures of a benchmark that was written on another machine, by what is left of their paths.

A path is only compared with what lies in the folder; none leads out of it.
"""

from __future__ import annotations

import os
import unicodedata
from collections import defaultdict
from functools import lru_cache
from pathlib import Path, PurePosixPath

from demo.errors import InputError

_MAX_FILES = 2_000_000  # that are looked at in search of a name


def find_picture(written: PurePosixPath, images: Path) -> Path:
    """A picture in that folder or below it.

    First by the longest end of its path that is there, then by its name, whatever its letters' case and
    whether it ends in .jpg or .jpeg. A path in the folder where there is none. Raises InputError where
    several have that name.
    """
    parts = [part for part in written.parts if part.strip("/") and part != ".."]
    for start in range(len(parts)):
        path = images.joinpath(*parts[start:])
        if path.is_file():
            return path
    found = _below(images).get(_folded(written.name), ())
    if len(found) > 1:
        raise InputError(
            f"{len(found)} pictures in {images} are called {written.name}: which one is meant is not clear."
        )
    return found[0] if found else images / written.name


def find_spelling(written: PurePosixPath, folder: Path) -> Path:
    """A path in the folder as it is there, where its names are in other letters or end in .jpeg."""
    path = folder / written
    if path.exists():
        return path
    found = folder
    for part in written.parts:
        found = _spelt(found, part)
    return found if found.exists() else path


def _spelt(folder: Path, name: str) -> Path:
    """What has that name there, or else is the only one that has it in other letters."""
    if (folder / name).exists() or not folder.is_dir():
        return folder / name
    same = [path for path in folder.iterdir() if _folded(path.name) == _folded(name)]
    return same[0] if len(same) == 1 else folder / name


@lru_cache(maxsize=4)
def _below(folder: Path) -> dict[str, tuple[Path, ...]]:
    """All files below the folder, by their names."""
    found: dict[str, list[Path]] = defaultdict(list)
    left = _MAX_FILES
    for place, _, names in os.walk(folder):
        for name in names[:left]:
            found[_folded(name)].append(Path(place, name))
        left -= len(names)
        if left <= 0:
            break
    return {name: tuple(paths) for name, paths in found.items()}


def _folded(name: str) -> str:
    """A name as systems compare them that do not tell letters' cases and compositions apart."""
    folded = unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())
    return f"{folded[:-5]}.jpg" if folded.endswith(".jpeg") else folded
