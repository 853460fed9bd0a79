"""Asks the questions about each picture, and keeps a saved dialogue for each that was asked.

What is kept is there as a whole or not at all, so that a run which was stopped goes on where it was.
Pictures are known by their path in the folder.
"""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from tqdm import tqdm

from demo.annotations.annotated import AnnotatedPicture, of_session
from demo.dialects.ways import QUICK
from demo.dialogue.archive import read_zip, read_zipped_session, save_zip
from demo.dialogue.engine import answer, begin
from demo.errors import InputError, ModelError, QuestionError
from demo.picture.picture import Picture, open_picture

if TYPE_CHECKING:
    from demo.models.models import Models
    from demo.models.workers import Workers

SUFFIXES = frozenset(
    [".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff", ".gif", ".heic", ".heif", ".avif", ".ppm"]
)  # fmt: skip
DIALOGUES, TABLE = "dialogues", "results.csv"
MAX_FAILURES = 3  # in a row: then model or server are gone, and the rest would fail, too
_COLUMNS = ("picture", "round", "question", "region", "object", "label", "x1", "y1", "x2", "y2")


@dataclass(frozen=True, slots=True)
class Asked:
    """A picture whose dialogue is kept; ``refused`` says which questions could not be asked, and why."""

    picture: str
    refused: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Unasked:
    """A picture without a dialogue: the file cannot be used, or the model ``has_failed`` on it."""

    picture: str
    why: str
    has_failed: bool = False


@dataclass(slots=True)
class Left:
    """What a run could not do."""

    unusable: list[Unasked] = field(default_factory=list)
    failed: list[Unasked] = field(default_factory=list)


def pictures_in(folder: Path, out: Path) -> list[str]:
    """Paths inside the folder and its own folders, by name; not those of the results, nor hidden ones.

    Raises InputError when there is none.
    """
    if not folder.is_dir():
        raise InputError(f"{folder} is not a folder: name one with pictures.")
    found = [
        path.relative_to(folder)
        for path in folder.rglob("*")
        if path.suffix.lower() in SUFFIXES
        and path.is_file()
        and not path.resolve().is_relative_to(out.resolve())
    ]
    shown = [str(path) for path in found if not any(part.startswith(".") for part in path.parts)]
    if not shown:
        raise InputError(f"There is no picture in {folder}.")
    return sorted(shown)


def kept_path(out: Path, picture: str) -> Path:
    """Where the dialogue about a picture is kept: ``dialogues/a/b.jpg.zip`` for ``a/b.jpg``."""
    return out / DIALOGUES / f"{picture}.zip"


def run(
    folder: Path,
    pictures: Sequence[str],
    questions: Sequence[str],
    workers: Workers,
    out: Path,
    *,
    asking: str = "",
) -> Left:
    """Ask about the pictures without a kept dialogue, with a progress bar on standard error.

    Raises ModelError after three failures in a row; what was kept stays.
    """
    to_ask = [picture for picture in pictures if not kept_path(out, picture).exists()]
    left, failures = Left(), 0
    work = partial(ask_about, folder, tuple(questions), out, asking)
    done = len(pictures) - len(to_ask)
    with tqdm(total=len(pictures), initial=done, unit="picture", smoothing=0.1) as bar:
        for result in workers.each(work, to_ask):
            has_failed = isinstance(result, Unasked) and result.has_failed
            failures = failures + 1 if has_failed else 0
            _note(result, left)
            if failures == MAX_FAILURES:
                raise ModelError(
                    f"{left.failed[-1].why} This has happened {failures} times in a row, so the run stops; "
                    "the same command continues where it stopped."
                )
            bar.update()
    return left


def _note(result: Asked | Unasked, left: Left) -> None:
    if isinstance(result, Asked):
        for why in result.refused:
            tqdm.write(f"{result.picture}: {why}", file=sys.stderr)
        return
    (left.failed if result.has_failed else left.unusable).append(result)
    tqdm.write(f"{result.picture}: {result.why}", file=sys.stderr)


def ask_about(
    folder: Path,
    questions: Sequence[str],
    out: Path,
    asking: str,
    models: Models,
    picture: str,
) -> Asked | Unasked:
    """Ask all questions about one picture and keep the dialogue. ``asking`` as in `engine.answer`.

    A question that cannot be asked, because an earlier one found nothing, is left out and named.
    """
    try:
        opened = open_picture(folder / picture, Path(picture).name)
        session, refused = begin(opened, models.reasoner), list[str]()
        for question in questions:
            try:
                session = answer(
                    session,
                    question,
                    picture=opened,
                    reasoner=models.reasoner,
                    segmenter=models.segmenter,
                    doubt=models.doubt_about(opened),
                    # The machine's speed does not decide what half of a folder is asked.
                    asking=asking or (QUICK if models.asking else ""),
                )
            except QuestionError as error:
                refused.append(f"“{question}” was not asked: {error}")
        path = kept_path(out, picture)
        path.parent.mkdir(parents=True, exist_ok=True)
        save_zip(session, opened, path)
    except InputError as error:
        return Unasked(picture, str(error))
    except ModelError as error:
        return Unasked(picture, str(error), has_failed=True)
    return Asked(picture, tuple(refused))


def kept_dialogues(out: Path, pictures: Sequence[str]) -> dict[str, AnnotatedPicture]:
    """The dialogues that are kept, in the order of the pictures. Raises InputError for a broken one."""
    paths = {picture: kept_path(out, picture) for picture in pictures}
    return {
        picture: of_session(read_zipped_session(path), partial(_picture_of, path))
        for picture, path in paths.items()
        if path.exists()
    }


def _picture_of(path: Path) -> Picture:
    return read_zip(path)[1]


def table(kept: Mapping[str, AnnotatedPicture]) -> bytes:
    """A row for each object that was found, and one for each question that found none; boxes in pixels."""
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(_COLUMNS)
    for picture, annotated in kept.items():
        for number, turn in enumerate(
            annotated.session.turns if annotated.session else (), start=1
        ):
            found = [a for a in annotated.annotations if a.region == turn.region]
            for a in found:
                rows.writerow(
                    (picture, number, turn.question, a.region, a.name, a.label, *a.box.xyxy)
                )
            if not found:
                rows.writerow((picture, number, turn.question, *[""] * 7))
    return text.getvalue().encode()
