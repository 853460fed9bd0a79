"""The command ``python -m demo convert``: labels and dialogues from one form into another."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from zipfile import BadZipFile, ZipFile, is_zipfile

from demo.errors import InputError, disk_fault, join_with_and
from demo.options import Parser

if TYPE_CHECKING:
    from demo.annotations.annotated import AnnotatedPicture
    from demo.dialogue.session import Session
    from demo.figures.beside import Besides
    from demo.figures.drawing import Drawn
    from demo.picture.picture import Picture

NAMES = ("coco", "yolo", "labelme", "voc", "cvat", "label-studio", "via", "geojson", "masks")
DIALOGUE, PAGE, DRAWN = "session", "html", ("png", "svg", "pdf")
OUTPUTS = (*NAMES, DIALOGUE, PAGE, *DRAWN)


@dataclass(frozen=True, slots=True)
class Look:
    """How figures look: pixels of a PNG for each of the picture's, and columns of a paper.

    With ``looks`` they show where a model looked closer.

    Beside a dialogue stand answers of ``models`` and what was in ``files``; without either, all models'.
    Before them stands what ``besides`` has for the dialogue of that id, such as the benchmark's truth.
    """

    scale: float = 1.0
    columns: int = 2
    models: tuple[str, ...] = ()
    files: tuple[AnnotatedPicture, ...] = ()
    besides: Mapping[str, Besides] = field(default_factory=dict)
    looks: bool = True


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
    figures = convert.add_argument_group("figures (png, svg, pdf)")
    figures.add_argument(
        "--scale", type=_scale, default=1.0, metavar="N",
        help="pixels of a PNG for each pixel of the picture (default: 1)",
    )  # fmt: skip
    figures.add_argument(
        "--columns", type=int, choices=(1, 2), default=2,
        help="how many of a paper's two columns a dialogue is as wide as (default: 2)",
    )  # fmt: skip
    figures.add_argument(
        "--beside", action="append", default=[], metavar="NAME",
        help="what stands beside the dialogue: another model that has answered in it, or a file of another "
        "dialogue or of labels, such as the truth; may be repeated (default: every other model)",
    )  # fmt: skip
    figures.add_argument(
        "--no-looks", dest="looks", action="store_false",
        help="leave out the dashed frames that show where a model looked closer",
    )  # fmt: skip
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
    look = Look(options.scale, options.columns, *_beside(options), looks=options.looks)
    count = write_all(options.to, pictures, options.out, look)
    objects = sum(len(annotated.annotations) for annotated in pictures)
    print(f"{len(pictures)} pictures, {objects} objects, {count} files in {options.out}")
    return 0


def _scale(text: str) -> float:
    try:
        scale = float(text)
    except ValueError:
        scale = 0.0
    if not 0.01 <= scale <= 100:
        raise argparse.ArgumentTypeError(f"{text} is not a scale; give a number from 0.01 to 100")
    return scale


def _beside(options: argparse.Namespace) -> tuple[tuple[str, ...], tuple[AnnotatedPicture, ...]]:
    """The models that `--beside` names, and what is in the files that it names. Raises InputError."""
    if options.beside and options.to not in DRAWN:
        raise InputError("--beside is for figures: give --to png, svg or pdf.")
    files = [Path(name) for name in options.beside if Path(name).is_file()]
    models = tuple(name for name in options.beside if not Path(name).is_file())
    read = (each for path in files for each in read_input(path, options.images, None))
    return models, tuple(read)


def write_all(
    to: str, pictures: Sequence[AnnotatedPicture], out: Path, look: Look | None = None
) -> int:
    """Write the pictures in one of `OUTPUTS`; the number of files. Raises InputError when that fails."""
    count = 0
    for name, content in written(to, pictures, look):
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
    if images is not None and not images.is_dir():
        raise InputError(f"{images} is not a folder: name that of the pictures with --images.")
    if _holds_something_else(path):
        raise InputError(f"There is no dialogue in {path}: unpack it, and name the labels in it.")
    if source is None and path.suffix.lower() == ".zip":
        session, _ = read_zip(path)
        yield of_session(session, lambda: read_zip(path)[1])
    elif source is None and _is_session(path):
        yield _from_session_json(path, images)
    else:
        yield from read_labels(path, images, source)


def _holds_something_else(path: Path) -> bool:
    """Whether it is a zip file without a dialogue in it."""
    from demo.dialogue.packed import is_session_name

    with suppress(
        BadZipFile, OSError, ValueError
    ):  # the reader of dialogues says what is wrong with it
        if is_zipfile(path):
            with ZipFile(path) as packed:
                return not any(map(is_session_name, packed.namelist()))
    return False


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


def written(
    to: str, pictures: Sequence[AnnotatedPicture], look: Look | None = None
) -> Iterator[tuple[str, bytes]]:
    """Relative names and contents of the files for these pictures, in one of `OUTPUTS`."""
    from demo.annotations.annotated import to_session, unique_names, unused
    from demo.annotations.formats import FORMATS

    if to in FORMATS:
        yield from FORMATS[to].write(pictures)
        return
    names = [Path(name).stem for name in unique_names(pictures)]
    used, ending = {name.casefold() for name in names}, "zip" if to == DIALOGUE else to
    for annotated, name in zip(pictures, names, strict=True):
        session = annotated.session or to_session(annotated)
        for stem, content in _shown(to, name, session, annotated.open(), look or Look()):
            whole = stem if stem == name else unused(stem, used)
            yield f"{whole}.{ending}", content


def _shown(
    to: str, stem: str, session: Session, picture: Picture, look: Look
) -> Iterator[tuple[str, bytes]]:
    """The dialogue as a file to keep, a page, or figures: the picture, and beside it what was said.

    The first has this name, and the others longer ones; of models that differ in their owner alone, or of
    another picture's name, these may be the same.
    """
    if to == DIALOGUE:
        from demo.dialogue.archive import to_zip

        yield stem, to_zip(session, picture)
    elif to == PAGE:
        from demo.figures.page import dialogue_page

        yield stem, dialogue_page(picture, session, look.besides.get(session.id, {})).encode()
    else:
        from demo.figures.drawing import (
            dialogue_figure,
            picture_figure,
            regions_of,
        )
        from demo.picture.picture import safe_name

        yield stem, picture_figure(picture, regions_of(session), to, scale=look.scale)
        figure = partial(
            dialogue_figure, picture, session, to, columns=look.columns, looks=look.looks
        )
        if session.turns:
            yield f"{stem}-dialogue", figure()
        for beside in _all_beside(session, look):
            yield f"{stem}-{safe_name(beside.title)}", figure(beside=beside)


def _all_beside(session: Session, look: Look) -> Iterator[Drawn]:
    """What stands beside a dialogue, each in a figure of its own. Raises InputError."""
    from demo.annotations.annotated import to_session
    from demo.dialogue.comparison import others_in
    from demo.figures.beside import names_in
    from demo.figures.drawing import beside_dialogue, beside_of, opinions_of

    others, about = others_in(session), session.picture
    besides = look.besides.get(session.id, {})
    for name in names_in(besides):
        yield beside_of(session, besides, name)
    for model in look.models or (() if look.files else others):
        if model not in others:
            known = f"it has those of {join_with_and(others)}" if others else "it has no others"
            raise InputError(
                f"{about.name} has no answers of “{model}”, which is no file either: {known}."
            )
        yield opinions_of(session, model)
    fitting = [f for f in look.files if f.size == about.size]
    same = [f for f in fitting if Path(f.name).stem == Path(about.name).stem]
    same = same or [f for f in fitting if f.open().sha256 == about.sha256]
    if look.files and not same:
        raise InputError(
            f"What --beside names is about another picture than {about.name}, which has "
            f"{about.size.width} × {about.size.height} pixels."
        )
    for number, each in enumerate(same, start=1):
        other = each.session or to_session(each)
        title = join_with_and(other.answered_by) or "truth"
        yield beside_dialogue(session, other, title if number == 1 else f"{title} {number}")


def _save(path: Path, content: bytes) -> None:
    from demo.machine.private_files import write_whole

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, content)
    except OSError as error:
        raise InputError(f"{path} cannot be written: {disk_fault(error)}.") from error
