"""The folder of a run: its settings, and one line of ``rows.jsonl`` for each dialogue that was played.

Each line is on the disk before the next is begun, and a half-written one that a killed run left is cut
off, so a run continues where it stopped. Only one process at a time writes here.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from demo.errors import InputError, disk_fault, one_line
from demo.machine.private_files import write_whole

Settings = Mapping[str, Any]
Row = Mapping[str, Any]  # has an ``index``; what else depends on the benchmark
# The values of settings that folders of earlier versions do not name.
FORMER_DEFAULTS = {"reference_form": "bbox"}
ROWS, SETTINGS, LOCK = "rows.jsonl", "settings.json", ".lock"
_MAX_TOLD = 1_000  # characters of what another run's settings are


class RunFolder:
    """An open folder; ``rows`` are those played so far, by index, as they were added."""

    def __init__(self, path: Path, rows: dict[int, Any]) -> None:
        self.path, self.rows = path, rows

    def add(self, row: Row) -> None:
        """Add a row; it is on the disk when this returns.

        Raises InputError when it cannot be written and ValueError when there is one of that index.
        """
        if row["index"] in self.rows:
            raise ValueError(f"row {row['index']} was played already")
        line = json.dumps(row, ensure_ascii=True) + "\n"
        with as_input_error(self.path), (self.path / ROWS).open("ab") as file:
            file.write(line.encode("ascii"))
            file.flush()
            os.fsync(file.fileno())
        self.rows[row["index"]] = row


@contextmanager
def open_folder(path: Path, settings: Settings) -> Iterator[RunFolder]:
    """Open the folder for this process alone, and create it if need be.

    Raises InputError when it holds a run with other settings, when another process has it open, and when
    it cannot be read or written.
    """
    with _alone_in(path):
        _check_settings(path, settings)
        yield RunFolder(path, _rows(path / ROWS))


def check_folder(path: Path, settings: Settings) -> None:
    """Raise what `open_folder` would, as far as these settings tell: the others need the model."""
    with _alone_in(path):
        there = _settings(path / SETTINGS)
        if there is not None:
            _check_settings(path, {**there, **settings})


@contextmanager
def _alone_in(path: Path) -> Iterator[None]:
    with as_input_error(path):
        path.mkdir(parents=True, exist_ok=True)
        lock = FileLock(path / LOCK)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            raise InputError(f"Another run is writing to the folder {path}.") from None
    try:
        yield
    finally:
        lock.release()


@contextmanager
def as_input_error(path: Path) -> Iterator[None]:
    """Turn an OSError inside the block into an InputError that names the folder."""
    try:
        yield
    except OSError as error:
        raise InputError(f"Nothing can be written to {path}: {disk_fault(error)}.") from error


def read_folder(path: Path) -> tuple[Settings, dict[int, Any]]:
    """Settings and rows of another run, to compare with. Raises InputError."""
    settings = _settings(path / SETTINGS)
    if settings is None:
        raise InputError(f"The folder {path} holds no run: it has no {SETTINGS}.")
    rows, _ = _read_rows(path / ROWS)
    return settings, rows


def _check_settings(path: Path, settings: Settings) -> None:
    there = _settings(path / SETTINGS)
    if there is None:
        if (path / ROWS).exists():
            raise InputError(f"The folder {path} has a {ROWS} without its {SETTINGS}.")
        save(path / SETTINGS, json.dumps(settings, indent=2) + "\n")
        return
    there = {**FORMER_DEFAULTS, **there}
    names = [
        n for n in {**there, **settings} if there.get(n) != settings.get(n, FORMER_DEFAULTS.get(n))
    ]
    if names:
        told = ", ".join(f"{n} was {there.get(n)}, now {settings.get(n)}" for n in names)
        changes = one_line(told, _MAX_TOLD)
        raise InputError(
            f"The folder {path} holds a run with other settings ({changes}). Choose another --out."
        )


def save(path: Path, content: str | bytes) -> None:
    """Replace a file as a whole, or leave the old one. Raises InputError."""
    data = content.encode("utf-8") if isinstance(content, str) else content
    with as_input_error(path.parent):
        write_whole(path, data)


def _settings(path: Path) -> dict[str, Any] | None:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise InputError(f"The file {path} cannot be read: {error}.") from error
    if not isinstance(found, dict):
        raise InputError(f"The file {path} holds no settings.")
    return found


def _rows(path: Path) -> dict[int, Any]:
    """The complete rows of the file; an incomplete one at its end is cut off."""
    rows, end = _read_rows(path)
    if path.exists() and path.stat().st_size > end:
        with as_input_error(path.parent), path.open("r+b") as file:
            file.truncate(end)
            os.fsync(file.fileno())
    return rows


def _read_rows(path: Path) -> tuple[dict[int, Any], int]:
    """The complete rows, and the byte at which they end. Raises InputError for a damaged one."""
    rows: dict[int, Any] = {}
    end = lines = 0
    try:
        with path.open("rb") as file:
            for line in file:
                lines += 1
                if line.endswith(b"\n"):  # else a run was killed while it wrote
                    row = json.loads(line)
                    rows[row["index"]] = row
                    end += len(line)
    except FileNotFoundError:
        return {}, 0
    except OSError as error:
        raise InputError(f"The file {path} cannot be read: {error.strerror}.") from error
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(f"The file {path} is damaged in line {lines}.") from error
    return rows, end
