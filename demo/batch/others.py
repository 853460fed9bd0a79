"""What a batch writes in other forms; files about pictures that are gone do not stay among them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from demo.annotations.annotated import AnnotatedPicture
from demo.annotations.command import written
from demo.evaluate.folder import as_input_error, save

_WRITTEN = "written.json"  # in the results: the files of each form


def write_form(to: str, pictures: Sequence[AnnotatedPicture], out: Path) -> None:
    """Write the pictures in one of `OUTPUTS` into a folder of that name.

    What an earlier run wrote there and this one does not is removed, and nothing else. Raises InputError.
    """
    former, now = _former(out), list[str]()
    for name, content in written(to, pictures):
        path = out / to / name
        with as_input_error(out):
            path.parent.mkdir(parents=True, exist_ok=True)
        save(path, content)
        now.append(name)
    for name in set(former.get(to, ())) - set(now):
        _remove(out / to, name)
    save(out / _WRITTEN, json.dumps({**former, to: now}))


def _former(out: Path) -> dict[str, list[str]]:
    """The files that an earlier run wrote, by form; none where that is not known."""
    former = None
    with suppress(OSError, ValueError):
        former = json.loads((out / _WRITTEN).read_bytes())
    if not isinstance(former, dict):
        return {}
    lists = {to: names for to, names in former.items() if isinstance(names, list)}
    return {to: [name for name in names if isinstance(name, str)] for to, names in lists.items()}


def _remove(folder: Path, name: str) -> None:
    """Remove a file in a folder, and nothing outside it; its own folder, too, if it was the last there."""
    path = folder / name
    if path.is_file() and path.resolve().is_relative_to(folder.resolve()):
        with as_input_error(folder):
            path.unlink()
        with suppress(OSError):
            path.parent.rmdir()
