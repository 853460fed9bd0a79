"""Plain masks: a PNG for each object, one indexed PNG for all, and a table that says what they are."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image

from demo.annotations.annotated import (
    AnnotatedPicture,
    Annotation,
    box_of,
    label_of,
    masked,
    unique_names,
)
from demo.annotations.files import (
    Pictures,
    number,
    objects_in,
    place,
    png_of,
    read_objects,
    read_text,
    said_of,
)
from demo.annotations.indexed import indexed_png, read_indexed, read_mask
from demo.errors import InputError
from demo.picture.geometry import Size
from demo.picture.masks import Mask

TABLE, INDEXED, PICTURE = "objects.csv", "objects.png", "picture.png"
HEAD = "number,mask,label,"  # how the table begins
_COLUMNS = ("number", "mask", "label", "x1", "y1", "x2", "y2", "region", "origin", "question")


def write(pictures: Sequence[AnnotatedPicture]) -> Iterator[tuple[str, bytes]]:
    """A folder for each picture; where objects overlap, only their own PNG files are whole."""
    for annotated, name in zip(pictures, unique_names(pictures), strict=True):
        folder = Path(name).stem
        yield f"{folder}/{PICTURE}", png_of(annotated.open())
        rows, used = list[dict[str, object]](), {""}
        for at, annotation in enumerate(annotated.annotations, start=1):
            stem = annotation.name if annotation.name not in used else str(at)
            used.add(stem)
            file = f"{stem}.png" if annotation.mask else ""
            if annotation.mask:
                yield f"{folder}/{file}", _mask_png(annotation.mask)
            rows.append(_row(at, file, annotation))
        yield f"{folder}/{INDEXED}", indexed_png(annotated)
        yield f"{folder}/{TABLE}", _table(rows)


def _mask_png(mask: Mask) -> bytes:
    file = io.BytesIO()
    Image.fromarray(mask.to_array().astype(np.uint8) * 255).save(file, "PNG")
    return file.getvalue()


def _row(at: int, file: str, annotation: Annotation) -> dict[str, object]:
    corners = dict(zip(("x1", "y1", "x2", "y2"), annotation.box.xyxy, strict=True))
    named = {"number": at, "mask": file, "label": annotation.label}
    return {**named, **corners, **annotation.attributes}


def _table(rows: list[dict[str, object]]) -> bytes:
    text = io.StringIO()
    table = csv.DictWriter(text, _COLUMNS, lineterminator="\n")
    table.writeheader()
    table.writerows(rows)
    return text.getvalue().encode()


def recognises(path: Path, _: object) -> bool:
    """Whether a file is probably one of these."""
    return path.name == TABLE


def read(path: Path, pictures: Pictures) -> Iterator[AnnotatedPicture]:
    """The picture of a table, or of an indexed PNG that has the name of its picture. Raises InputError."""
    if path.suffix.lower() == ".png":
        yield from _read_indexed(path, pictures)
        return
    with place(path.name):
        own = replace(pictures, folders=(path.parent, *pictures.folders))
        picture = own.named(f"{path.parent.name}/{PICTURE}")
        if picture is None:
            return
        rows = objects_in(_rows(path))
    size = picture.size
    annotations, left_out = read_objects(
        rows,
        partial(_annotation, folder=path.parent, size=size),
        f"{path.name}, row",
        lambda row: size.width * size.height if row.get("mask") else 0,
        pictures.room,
    )
    found = picture.with_objects(annotations, notes=said_of(left_out, path.name))
    is_loose = path.parent == pictures.root  # the folder's name says nothing
    yield found if is_loose else replace(found, name=f"{path.parent.name}.png")


def _rows(path: Path) -> list[dict[str, str]]:
    try:
        return list(csv.DictReader(io.StringIO(read_text(path))))
    except csv.Error as error:
        raise InputError("this is not a table of values with commas between them") from error


def _annotation(row: dict[str, str], folder: Path, size: Size) -> Annotation:
    x1, y1, x2, y2 = (number(row[key]) for key in ("x1", "y1", "x2", "y2"))
    mask = _read_mask(row["mask"], folder, size) if row.get("mask") else None
    return Annotation(label_of(row["label"]), box_of((x1, y1, x2, y2), size), mask).described(row)


def _read_mask(name: str, folder: Path, size: Size) -> Mask:
    path = (folder / name).resolve()
    if not path.is_relative_to(folder.resolve()) or not path.is_file():
        raise InputError(f"the mask “{name}” is not beside it")
    mask = read_mask(path, size)
    if mask is None:
        raise InputError(f"the mask “{name}” is empty")
    return mask


def _read_indexed(path: Path, pictures: Pictures) -> Iterator[AnnotatedPicture]:
    own = Pictures(tuple(folder for folder in pictures.folders if folder != path.parent))
    picture = (own if own.folders else pictures).named("", stem=path.stem)
    if picture is None:
        return
    found = read_indexed(path, picture.size)
    yield picture.with_objects(masked(f"object {value}", mask) for value, mask in found.items())
