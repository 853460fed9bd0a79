"""Labels of other tools that came with their pictures, or for the picture on the page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from demo.annotations.annotated import AnnotatedPicture, to_session, with_regions
from demo.annotations.together import MAX_PICTURES, Labelled, Together
from demo.dialogue.room import check_room_for_masks, check_room_for_regions
from demo.dialogue.session import Session
from demo.errors import DemoError, InputError, join_with_and, one_line
from demo.picture.picture import Picture, safe_name
from demo.picture.regions import Registry
from demo.ui.gallery.upload import Upload, refused

Uploads = dict[Path, list[Upload]]
_MAX_NAMED, _MAX_NAME = 3, 40  # pictures in one sentence, letters of one
_MORE = f"Only the first {MAX_PICTURES} pictures with labels are opened at once."


def labelled_uploads(
    labels: Sequence[Path],
    pictures: Sequence[Path],
    shown: tuple[Session, Picture] | None,
    folder: Path,
) -> Uploads:
    """What the ``labels`` make of these ``pictures``, of those in zip files among them, or of the ``shown``
    one and its dialogue: for each file what it became, nothing for one that says it of others.

    They are unpacked in an empty ``folder``. Labels that cannot be read are refused as a whole.
    """
    together, broken = Together(folder), Uploads()
    for path in (*labels, *pictures):
        try:
            together.add(path)
        except DemoError as error:
            broken[path] = [refused(_name(path), error)]
    whole = [path for path in labels if path not in broken]
    if not whole:
        return broken
    made: Uploads = {path: [] for path in whole}
    try:
        labelled = together.read(shown[1] if shown else None)
        if not labelled.pictures:
            raise InputError(_unseen(whole, labelled.lacking))
    except DemoError as error:
        return {**broken, **made, whole[0]: [refused(_name(whole[0]), error)]}
    for annotated in labelled.pictures:
        source = whole[0] if annotated.path is None else together.sources[annotated.path]
        made.setdefault(source, []).append(_upload(annotated, labelled, shown))
    return broken | made


def _upload(
    annotated: AnnotatedPicture, labelled: Labelled, shown: tuple[Session, Picture] | None
) -> Upload:
    count = len(with_regions(Registry(), annotated.annotations))
    is_shown = shown is not None and annotated.open() is shown[1]
    notes = (
        "" if is_shown else f"{count} region{'' if count == 1 else 's'} came with it.",
        *annotated.notes,
        f"Not here: {_listed(labelled.lacking)}." if labelled.lacking else "",
        _MORE if labelled.more else "",
    )
    if shown is not None and is_shown:
        return Upload(annotated.name, partial(_added, *shown, annotated), notes, goes_on=True)
    return Upload(annotated.name, partial(_read, annotated), notes)


def _read(annotated: AnnotatedPicture) -> tuple[Session, Picture]:
    picture = replace(annotated.open(), name=safe_name(annotated.name))
    return to_session(replace(annotated, open=lambda: picture)), picture


def _added(
    session: Session, picture: Picture, annotated: AnnotatedPicture
) -> tuple[Session, Picture]:
    """The dialogue with the objects as regions, as one change. Raises InputError where they do not fit."""
    if not annotated.annotations:
        raise InputError("These labels say that nothing is on this picture.")
    registry = with_regions(session.registry, annotated.annotations)
    check_room_for_regions(registry)
    check_room_for_masks(registry, session.registry)
    return session.with_registry(registry), picture


def _unseen(labels: Sequence[Path], lacking: Sequence[str]) -> str:
    """Why labels without their picture open nothing."""
    if not lacking:
        return "There is no picture in these labels."
    return f"Open {_listed(lacking)} together with {_listed([_name(path) for path in labels])}."


def _listed(names: Sequence[str]) -> str:
    """Names in a sentence; of many only the first ones."""
    shown = [f"“{one_line(name, _MAX_NAME)}”" for name in names[:_MAX_NAMED]]
    more = len(names) - _MAX_NAMED
    return join_with_and([*shown, *([f"{more} more"] if more > 0 else [])])


def _name(path: Path) -> str:
    return safe_name(str(path))
