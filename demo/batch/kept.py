"""The dialogues that a batch has kept: where each lies, whether it still holds, and all as a table."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from demo.annotations.annotated import AnnotatedPicture, of_session
from demo.dialogue.archive import read_zip, read_zipped_session
from demo.dialogue.session import Session
from demo.errors import InputError, PictureError, disk_fault
from demo.picture.picture import Picture, open_picture

DIALOGUES, TABLE, LEFT_OUT = "dialogues", "results.csv", "left-out.csv"
_CHANGED = "This picture has changed since it was asked, so it is asked again."
_DAMAGED = "The dialogue that was kept of it is damaged, so it is asked again."
_MAX_NAME = 240  # bytes, beside the endings that files get while they are written
_COLUMNS = ("picture", "round", "question", "region", "object", "label", "x1", "y1", "x2", "y2")


def kept_path(out: Path, picture: str) -> Path:
    """Where the dialogue about a picture is kept: ``dialogues/a/b.jpg.zip`` for ``a/b.jpg``.

    A name for which that would be too long is cut, and told from others by a hash.
    """
    path = Path(picture)
    name = path.name.encode("utf-8", "surrogateescape")
    if len(name) > _MAX_NAME:
        short = name[: _MAX_NAME - 40].decode("utf-8", "ignore")
        path = path.with_name(f"{short}-{hashlib.sha256(name).hexdigest()[:16]}")
    return out / DIALOGUES / path.parent / f"{path.name}.zip"


def fault_of_kept(folder: Path, out: Path, picture: str, *, may_differ: bool) -> str | None:
    """Why a picture is to be asked, as a sentence; empty where nothing is kept of it, None where all holds.

    Pixels are compared where the file is newer than its dialogue, or ``may_differ`` for another reason.
    """
    kept = kept_path(out, picture)
    if not kept.exists():
        return ""
    try:
        session = read_zipped_session(kept)
        if may_differ or _is_newer(folder / picture, kept):
            same = open_picture(folder / picture).sha256 == session.picture.sha256
            return None if same else _CHANGED
    except PictureError:
        return _CHANGED  # into what is no picture, which is said when it is opened to be asked
    except InputError:
        return _DAMAGED
    return None


def set_aside(out: Path, picture: str) -> None:
    """Let a dialogue that does not hold any more make room; it stays as ``b.jpg.former.zip``.

    Raises InputError when the disk does not take that.
    """
    kept = kept_path(out, picture)
    try:
        kept.replace(kept.with_suffix(".former.zip"))
    except OSError as error:
        raise InputError(f"{kept} cannot be renamed: {disk_fault(error)}.") from error


def _is_newer(path: Path, kept: Path) -> bool:
    """Whether a file was written or put there later; a copy may bring its old date along."""
    try:
        there, then = path.stat(), kept.stat()
    except OSError:
        return True
    return max(there.st_mtime_ns, there.st_ctime_ns) > then.st_mtime_ns


def kept_dialogues(out: Path, pictures: Sequence[str]) -> dict[str, AnnotatedPicture]:
    """The dialogues that are kept, in the order of the pictures. Raises InputError for a broken one.

    In other forms ``a/b.jpg`` is called ``a-b``: of several pictures called ``b.jpg`` each is known.
    """
    paths = {picture: kept_path(out, picture) for picture in pictures}
    return {
        picture: replace(
            of_session(_session(path), partial(_picture_of, path)),
            name="-".join(Path(picture).parts),
        )
        for picture, path in paths.items()
        if path.exists()
    }


def _session(path: Path) -> Session:
    try:
        return read_zipped_session(path)
    except InputError as error:
        raise InputError(f"{path}: {error}") from error


def _picture_of(path: Path) -> Picture:
    return read_zip(path)[1]


def table(kept: Mapping[str, AnnotatedPicture]) -> bytes:
    """A row for each object that was found, and one for each question that found none; boxes in pixels."""
    rows = list[Sequence[object]]()
    for picture, annotated in kept.items():
        turns = annotated.session.turns if annotated.session else ()
        for number, turn in enumerate(turns, start=1):
            found = [a for a in annotated.annotations if a.region == turn.region]
            for a in found:
                rows.append(
                    (picture, number, turn.question, a.region, a.name, a.label, *a.box.xyxy)
                )
            if not found:
                rows.append((picture, number, turn.question, *[""] * 7))
    return _csv(_COLUMNS, rows)


def left_out_table(left: Sequence[tuple[str, str]]) -> bytes:
    """The pictures without a dialogue, each with the sentence that says why."""
    return _csv(("picture", "why"), left)


def _csv(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> bytes:
    """As bytes; a name of a file that is no text is written with the codes of its bytes."""
    text = io.StringIO()
    written = csv.writer(text, lineterminator="\n")
    written.writerow(columns)
    written.writerows(rows)
    return text.getvalue().encode("utf-8", "backslashreplace")
