"""Which pictures a folder has, in the order of their names with their numbers; nothing is opened here."""

from __future__ import annotations

import re
from pathlib import Path

from demo.errors import InputError

SUFFIXES = frozenset(
    [".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff", ".gif", ".heic", ".heif", ".avif", ".ppm",
     ".pgm", ".jfif", ".jpe", ".hif", ".jp2", ".j2k", ".apng"]
)  # fmt: skip


def pictures_in(folder: Path, out: Path) -> list[str]:
    """Paths inside the folder and its own folders, 2 before 10; not those of the results, nor hidden ones.

    Raises InputError when there is none, or when the results would lie among them.
    """
    if not folder.is_dir():
        raise InputError(f"{folder} is not a folder: name one with pictures.")
    results = out.resolve()
    if results == folder.resolve():
        raise InputError(f"There is no picture in {folder} beside the results: name another --out.")
    found = [
        path.relative_to(folder)
        for path in folder.rglob("*")
        if path.suffix.lower() in SUFFIXES and not _is_within(path, folder, results)
    ]
    shown = [path for path in found if not any(part.startswith(".") for part in path.parts)]
    shown = [path for path in shown if (folder / path).is_file()]
    if not shown:
        raise InputError(f"There is no picture in {folder}.")
    return [str(path) for path in sorted(shown, key=_place)]


def _is_within(path: Path, folder: Path, results: Path) -> bool:
    """Whether a path lies among the results, where those are within the folder."""
    inside = results.is_relative_to(folder.resolve())
    return inside and path.resolve().is_relative_to(results)


def _place(path: Path) -> tuple[object, ...]:
    """Those in a folder before those in folders in it."""
    *folders, name = path.parts
    return (*((1, *_parts(part)) for part in folders), (0, *_parts(name)))


def _parts(name: str) -> tuple[tuple[tuple[int, int, str], ...], str]:
    """A name as words and numbers, which are in order in whatever case; else by its own letters."""
    parts = re.split(r"(\d+)", name.casefold())
    return tuple((0, int(p), "") if p.isdecimal() else (1, 0, p) for p in parts if p), name
