"""Copies of checkpoints that were quantized once, so that the next start takes seconds.

A copy gets its name only when it is complete. It knows folders and sizes; of a model it needs only that it
can be saved.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

from demo.checkpoints.fetch import gb
from demo.errors import CheckpointError
from demo.machine.folders import cache_folder
from demo.reasoners.memory import Plan

_LIST = "kept.json"
_DIGEST = 12  # letters at the end of a copy’s name
_MAKING = ".making-"
_LEFT_AFTER_S = 24 * 3600  # an unfinished folder older than this was left by a killed process
_LIBRARIES = ("bitsandbytes", "torch", "transformers")


def copy_folder(name: str, source: Path, plan: Plan) -> Path:
    """The folder of the quantized copy of a checkpoint, whether it exists or not.

    Its name changes with the checkpoint's files, the precision, the type it computes in, the device and
    the libraries' versions.
    """
    files = sorted((*source.glob("*.safetensors"), source / "config.json"))
    made_of = [(file.name, file.stat().st_size, file.stat().st_mtime_ns) for file in files]
    libraries = [version(library) for library in _LIBRARIES]
    key = json.dumps([str(source.resolve()), made_of, libraries, plan.half])
    digest = hashlib.sha256(key.encode()).hexdigest()[:_DIGEST]
    return cache_folder() / "quantized" / f"{name}-{plan.precision}-{plan.device}-{digest}"


def check_whole(folder: Path) -> None:
    """Raises CheckpointError when a file of the copy is missing or has another size."""
    try:
        sizes = json.loads((folder / _LIST).read_text(encoding="utf-8"))
        changed = [name for name, size in sizes.items() if (folder / name).stat().st_size != size]
    except (OSError, ValueError, AttributeError) as error:
        raise CheckpointError(f"The quantized copy in {folder} is incomplete.") from error
    if changed:
        raise CheckpointError(f"The quantized copy in {folder} is incomplete: {changed[0]}.")


def save_copy(model: Any, folder: Path) -> str:
    """Save a quantized model in that folder and remove its older copies; returns a sentence about it.

    It is written beside its place and moved there when it is complete. A full disk is not an error.
    """
    size = sum(t.nbytes for t in model.state_dict().values())
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        _forget(folder.parent, _MAKING, older_than_s=_LEFT_AFTER_S)
        free = shutil.disk_usage(folder.parent).free
        if free < 1.1 * size:
            return (
                f"The quantized model is not kept for the next start: it needs {gb(size)}, and "
                f"{gb(free)} are free in {folder.parent}."
            )
        _write(model, folder)
        _forget(folder.parent, folder.name[:-_DIGEST], but=folder)
    except OSError as error:
        return f"The quantized model is not kept for the next start: {error.strerror or error}."
    return f"The quantized model is kept for the next start ({gb(size)} in {folder.parent})."


def _write(model: Any, folder: Path) -> None:
    making = Path(tempfile.mkdtemp(prefix=_MAKING, dir=folder.parent))
    try:
        model.save_pretrained(making)
        sizes = {file.name: file.stat().st_size for file in making.iterdir()}
        (making / _LIST).write_text(json.dumps(sizes), encoding="utf-8")
        shutil.rmtree(folder, ignore_errors=True)
        making.rename(folder)
    finally:
        shutil.rmtree(making, ignore_errors=True)


def _forget(folder: Path, start: str, *, but: Path | None = None, older_than_s: float = 0) -> None:
    for old in folder.iterdir():
        if not old.name.startswith(start) or old == but:
            continue
        if time.time() - old.stat().st_mtime >= older_than_s:
            shutil.rmtree(old, ignore_errors=True)
