"""The command ``python -m demo convert``: labels and dialogues from one form into another."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from demo.errors import InputError, disk_fault
from demo.options import Parser

if TYPE_CHECKING:
    from demo.annotations.annotated import AnnotatedPicture
    from demo.dialogue.session import Session
    from demo.picture.picture import Picture

NAMES = ("coco", "yolo", "labelme", "voc", "cvat", "label-studio", "geojson", "masks")
DIALOGUE, PAGE, DRAWN = "session", "html", ("png", "svg", "pdf")
OUTPUTS = (*NAMES, DIALOGUE, PAGE, *DRAWN)


def add_convert_command(commands: argparse._SubParsersAction[Parser]) -> None:
    """Add ``convert INPUT … --to FORMAT --out DIR`` to the command line."""
    convert = commands.add_parser(
        "convert", help="dialogues and other tools' labels, from one format into another"
    )
    convert.add_argument(
        "inputs", nargs="+", type=Path, metavar="input",
        help="a saved dialogue (.zip), a session.json beside its picture, or a file of labels",
    )  # fmt: skip
    convert.add_argument(
        "--to", required=True, choices=OUTPUTS, metavar="FORMAT",
        help=", ".join(OUTPUTS),
    )  # fmt: skip
    convert.add_argument("--from", dest="source", choices=NAMES, metavar="FORMAT",
                         help="what the inputs are (default: as they look)")  # fmt: skip
    convert.add_argument("--images", type=Path, metavar="DIR", help="where the pictures are")
    convert.add_argument(
        "--out", type=Path, required=True, metavar="DIR", help="a new or empty folder"
    )
    convert.set_defaults(run=_convert)


def _convert(options: argparse.Namespace) -> int:
    from demo.annotations.left_out import left_out

    check_out(options.out)
    pictures = [
        annotated
        for path in options.inputs
        for annotated in read_input(path, options.images, options.source)
    ]
    notes = (note for annotated in pictures for note in annotated.notes)
    for note in (*notes, *left_out(options.to, pictures)):
        print(note, file=sys.stderr)
    count = write_all(options.to, pictures, options.out)
    objects = sum(len(annotated.annotations) for annotated in pictures)
    print(f"{len(pictures)} pictures, {objects} objects, {count} files in {options.out}")
    return 0


def write_all(to: str, pictures: Sequence[AnnotatedPicture], out: Path) -> int:
    """Write the pictures in one of `OUTPUTS`; the number of files. Raises InputError when that fails."""
    count = 0
    for name, content in written(to, pictures):
        _save(out / name, content)
        count += 1
    return count


def check_out(out: Path) -> None:
    """Raises InputError for a folder in which something is already."""
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise InputError(f"{out} is there already and not empty: name a new folder with --out.")


def read_input(path: Path, images: Path | None, source: str | None) -> Iterator[AnnotatedPicture]:
    """The labelled pictures of one input of the command. Raises InputError."""
    from demo.annotations.annotated import of_session
    from demo.annotations.formats import read_labels
    from demo.dialogue.archive import read_zip

    if not path.is_file():
        raise InputError(f"{path} is not a file: name a saved dialogue or a file of labels.")
    if source is None and path.suffix.lower() == ".zip":
        session, _ = read_zip(path)
        yield of_session(session, lambda: read_zip(path)[1])
    elif source is None and _is_session(path):
        yield _from_session_json(path, images)
    else:
        yield from read_labels(path, images, source)


def _is_session(path: Path) -> bool:
    from demo.annotations.files import read_json

    data = read_json(path) if path.suffix.lower() == ".json" else None
    return isinstance(data, dict) and {"version", "turns", "regions"} <= data.keys()


def _from_session_json(path: Path, images: Path | None) -> AnnotatedPicture:
    from demo.annotations.annotated import of_session
    from demo.annotations.files import PICTURE_SUFFIXES
    from demo.dialogue.archive import fitting_picture, read_session

    session = read_session(path.read_bytes())
    folders = [folder for folder in (images, path.parent) if folder is not None]
    files = [
        file
        for folder in folders
        for file in sorted(folder.iterdir())
        if file.suffix.lower() in PICTURE_SUFFIXES
    ]
    if not files:
        raise InputError(f"There is no picture beside {path.name}: name its folder with --images.")
    session, _ = fitting_picture(session, files)
    return of_session(session, lambda: fitting_picture(session, files)[1])


def written(to: str, pictures: Sequence[AnnotatedPicture]) -> Iterator[tuple[str, bytes]]:
    """Relative names and contents of the files for these pictures, in one of `OUTPUTS`."""
    from demo.annotations.annotated import to_session, unique_names
    from demo.annotations.formats import FORMATS

    if to in FORMATS:
        yield from FORMATS[to].write(pictures)
        return
    for annotated, name in zip(pictures, unique_names(pictures), strict=True):
        session = annotated.session or to_session(annotated)
        yield from _shown(to, Path(name).stem, session, annotated.open())


def _shown(to: str, stem: str, session: Session, picture: Picture) -> Iterator[tuple[str, bytes]]:
    """The dialogue as a file to keep, a page, or figures: the picture, and beside it what was said."""
    if to == DIALOGUE:
        from demo.dialogue.archive import to_zip

        yield f"{stem}.zip", to_zip(session, picture)
    elif to == PAGE:
        from demo.figures.page import dialogue_page

        yield f"{stem}.html", dialogue_page(picture, session).encode()
    else:
        from demo.figures.drawing import (
            dialogue_figure,
            opinions_of,
            picture_figure,
            regions_of,
        )
        from demo.picture.picture import safe_name

        yield f"{stem}.{to}", picture_figure(picture, regions_of(session), to)
        if session.turns:
            yield f"{stem}-dialogue.{to}", dialogue_figure(picture, session, to)
        seconds = (second for turn in session.turns for second in turn.second_opinions)
        for model in dict.fromkeys(second.reasoner.name for second in seconds):
            beside = opinions_of(session, model)
            figure = dialogue_figure(picture, session, to, beside=beside)
            yield f"{stem}-{safe_name(model)}.{to}", figure


def _save(path: Path, content: bytes) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        new = path.with_name(f"{path.name}.new")
        new.write_bytes(content)
        os.replace(new, path)
    except OSError as error:
        raise InputError(f"{path} cannot be written: {disk_fault(error)}.") from error
