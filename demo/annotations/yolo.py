"""YOLO as Ultralytics has it: ``data.yaml``, and for each picture a text with a line an object.

The format has no place for anything but a label and an outline. Boxes are written where no object of the
data set has a mask; else every object is an outline, because tools drop outlines that stand among boxes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any

import yaml

from demo.annotations import costs
from demo.annotations.annotated import (
    AnnotatedPicture,
    Annotation,
    box_of,
    label_of,
    labels_of,
    outlined,
    unique_names,
)
from demo.annotations.costs import Room
from demo.annotations.files import (
    PICTURE_SUFFIXES,
    PictureFile,
    Pictures,
    file_at,
    moved,
    number,
    objects_in,
    place,
    png_of,
    read_objects,
    read_text,
    said_of,
)
from demo.errors import InputError
from demo.picture.geometry import Size
from demo.picture.polygons import (
    Polygon,
    Ring,
    one_ring,
    polygons_of,
    rectangle_of,
)

NAME = "data.yaml"
LISTS = ("classes.txt", "obj.names", "predefined_classes.txt")  # of the names, one a line
_NUMBER = re.compile(r"[-+]?(?:\d{1,20}(?:\.\d{0,40})?|\.\d{1,40})(?:[eE][-+]?\d{1,3})?")
_MAX_YAML = 100_000  # characters
_LISTS_OF_PICTURES = ("train.txt", "valid.txt", "val.txt", "test.txt")  # as Darknet calls them


def write(pictures: Sequence[AnnotatedPicture]) -> Iterator[tuple[str, bytes]]:
    """``data.yaml``, ``images/`` and ``labels/``; several parts of an object are joined to one outline."""
    classes = {label: at for at, label in enumerate(labels_of(pictures))}
    has_masks = any(a.mask for picture in pictures for a in picture.annotations)
    for annotated, name in zip(pictures, unique_names(pictures), strict=True):
        lines = [
            " ".join([str(classes[a.label]), *_numbers(a, annotated.size, has_masks)])
            for a in annotated.annotations
        ]
        yield f"images/{name}", png_of(annotated.open())
        yield (
            f"labels/{Path(name).stem}.txt",
            "".join(f"{line}\n" for line in lines).encode(),
        )
    data = {
        "train": "images",
        "val": "images",
        "names": {at: label for label, at in classes.items()},
    }
    yield NAME, yaml.safe_dump(data, allow_unicode=True, sort_keys=False).encode()


def _numbers(annotation: Annotation, size: Size, has_masks: bool) -> list[str]:
    x1, y1, x2, y2 = annotation.box.xyxy
    if not has_masks:
        centre = ((x1 + x2) / 2, (y1 + y2) / 2), (x2 - x1, y2 - y1)
        return _relative(centre, size)
    parts = polygons_of(annotation.mask) if annotation.mask else ()
    return _relative(one_ring(parts) if parts else ((x1, y1), (x2, y1), (x2, y2), (x1, y2)), size)


def _relative(pairs: Ring, size: Size) -> list[str]:
    return [f"{value:.6f}" for x, y in pairs for value in (x / size.width, y / size.height)]


def recognises(path: Path, content: object) -> bool:
    """Whether a file is probably one of these."""
    match path.suffix.lower():
        case ".yaml" | ".yml" | ".names":
            return True
        case ".txt":
            return path.name in LISTS or (isinstance(content, str) and _is_of_objects(content))
    return False


def _is_of_objects(text: str) -> bool:
    """Whether its first line is that of an object; an empty text says that there is none."""
    words = next((line.split() for line in text.splitlines() if line.strip()), [])
    return not words or (len(words) >= 5 and all(map(_NUMBER.fullmatch, words)))


def read(path: Path, pictures: Pictures) -> Iterator[AnnotatedPicture]:
    """The pictures of a ``data.yaml`` or a list of names in the order of their own; that of one text of
    objects. Raises InputError.
    """
    kinds = _kinds(path)
    if pictures.candidates is not None:
        yield from _among(pictures, path, kinds)
        return
    if path.suffix.lower() == ".txt" and path.name not in LISTS:
        pictures = replace(
            pictures, folders=(*pictures.folders, moved(path, "labels", "images").parent)
        )
        with place(path.name):
            picture = pictures.named("", stem=path.stem, in_pixels=False)
        if picture is not None:
            yield _read_one(picture, path, kinds, pictures.room)
        return
    yield from _of_set(pictures, path, kinds)


def _of_set(pictures: Pictures, path: Path, kinds: _Kinds) -> Iterator[AnnotatedPicture]:
    """The pictures of a data set; those that its texts are named after where they lie apart from these."""
    images = {image: _label_file(image) for image in _images(path, kinds.places, pictures)}
    if any(images.values()):
        for image, text in images.items():
            yield _read_one(file_at(image, in_pixels=False), text, kinds, pictures.room)
        return
    texts = _texts_of(path) if images else {}
    if not texts:
        lacks = "none of its pictures has a text of its objects"
        said = lacks if images else "its pictures are not there"
        raise InputError(f"{path.name}: {said}: name the folder of the pictures with --images.")
    for text, stem in texts.items():
        with place(text.name):
            picture = pictures.named("", stem=stem, in_pixels=False)
        if picture is not None:
            yield _read_one(picture, text, kinds, pictures.room)


def _texts_of(path: Path) -> dict[Path, str]:
    """The texts of objects in ``labels``, else beside a file, and of each the path that its picture has."""
    home = path.parent / "labels"
    home = home if home.is_dir() else path.parent
    texts = [text for text in sorted(home.rglob("*.txt")) if text.name not in LISTS]
    return {
        text: str(text.relative_to(home).with_suffix(""))
        for text in texts
        if _is_of_objects(read_text(text))
    }


def _among(pictures: Pictures, path: Path, kinds: _Kinds) -> Iterator[AnnotatedPicture]:
    """Those of the candidates that have a text of objects, or the one of that text."""
    is_text = path.suffix.lower() == ".txt" and path.name not in LISTS
    texts = [path] if is_text else sorted((pictures.root or path.parent).rglob("*.txt"))
    for text in texts:
        if text.name in LISTS or not _is_of_objects(read_text(text)):
            continue
        parts = ("images" if part == "labels" else part for part in text.with_suffix("").parts)
        with place(text.name):
            picture = pictures.named("", stem=str(PurePosixPath(*parts)), in_pixels=False)
        if picture is not None:
            yield _read_one(picture, text, kinds, pictures.room)
        else:
            pictures.lacking.append(text.stem)


@dataclass(frozen=True, slots=True)
class _Kinds:
    """What a data set says of all its pictures.

    ``labels`` by number, None where they have no names; ``has_points`` says that key points follow each
    box; ``places`` are folders of pictures, or lists of them, as written.
    """

    labels: dict[int, str] | None = None
    has_points: bool = False
    places: tuple[str, ...] = _LISTS_OF_PICTURES

    def label(self, word: str) -> str:
        """The label of a class. Raises InputError."""
        kind = float(word)
        if self.labels is None and kind >= 0 and kind == int(kind):
            return f"class {int(kind)}"
        if self.labels is None or kind not in self.labels:
            raise InputError(f"there is no name for class {word}")
        return self.labels[int(kind)]


def _kinds(path: Path) -> _Kinds:
    if path.suffix.lower() in (".yaml", ".yml"):
        return _of_yaml(path)
    names = path if path.name in LISTS or path.suffix.lower() == ".names" else None
    names = names or next((f for n in LISTS if (f := path.with_name(n)).is_file()), None)
    if names is None:
        return _Kinds()
    lines = read_text(names).splitlines()
    return _Kinds(dict(enumerate(label_of(line) for line in lines if line.strip())))


def _of_yaml(path: Path) -> _Kinds:
    data = _read_yaml(path)
    with place(path.name):
        names = data["names"]
        if not isinstance(names, dict | list):
            raise InputError("“names” is neither a list nor numbers with names")
        rows: Any = names.items() if isinstance(names, dict) else enumerate(names)
        labels = {int(key): label_of(value) for key, value in rows}
        said = [data.get(split) for split in ("train", "val", "valid", "test")]
        home = str(data.get("path") or "")
    listed = [one for some in said for one in (some if isinstance(some, list) else [some])]
    places = [one for one in listed if isinstance(one, str)]
    return _Kinds(labels, "kpt_shape" in data, (*places, *(f"{home}/{one}" for one in places)))


class _Loader(yaml.SafeLoader):  # type: ignore[misc]
    """Without aliases, by which a few lines stand for billions of values."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError("aliases are not read")
        return super().compose_node(parent, index)


def _read_yaml(path: Path) -> Any:
    text = read_text(path)
    if len(text) > _MAX_YAML:
        raise InputError(f"{path.name} is too large: {_MAX_YAML:,} characters can be read.")
    try:
        return yaml.load(text, _Loader)
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise InputError(f"{path.name} is not YAML, or has aliases, which are not read.") from error


def _images(path: Path, said: Sequence[str], pictures: Pictures) -> Iterator[Path]:
    """The pictures: in the folder that the person named, else where the file says, else in ``images``.

    Nothing outside these folders is looked at, whatever the file says.
    """
    home = path.parent.resolve()
    named = [folder.resolve() for folder in pictures.folders if folder.resolve() != home]
    for folder in (*named, home):
        found = [image for one in said for image in _images_at(folder, one)]
        found = found or list(_below(folder / "images"))
        if not found and folder in named:
            found = list(_below(folder))
        elif not found and path.suffix.lower() in (".txt", ".names"):
            found = sorted(file for file in folder.iterdir() if _is_picture(file))
        if found:
            yield from dict.fromkeys(found)
            return


def _images_at(folder: Path, written: str) -> Iterator[Path]:
    """The pictures of a folder, or of a list of them, that is written so, where it is in this one."""
    place = _inside(folder, written)
    if place is None or place.suffix.lower() != ".txt":
        yield from _below(place) if place else ()
        return
    lines = read_text(place).splitlines()
    yield from filter(None, (_inside(folder, line.strip()) for line in lines if line.strip()))


def _inside(folder: Path, written: str) -> Path | None:
    """A path as Ultralytics and Darknet mean it: from this folder, from one beside it, or from ``data``."""
    for form in (written, written.removeprefix("../"), written.removeprefix("data/")):
        path = (folder / form).resolve()
        if path.exists() and path.is_relative_to(folder):
            return path
    return None


def _below(folder: Path) -> Iterator[Path]:
    yield from sorted(file for file in folder.rglob("*") if _is_picture(file))


def _is_picture(file: Path) -> bool:
    return file.suffix.lower() in PICTURE_SUFFIXES


def _read_one(
    picture: PictureFile, file: Path | None, kinds: _Kinds, room: Room | None
) -> AnnotatedPicture:
    rows = [(at, line.split()) for at, line in enumerate(_lines(file), start=1) if line.strip()]
    name = file.name if file else ""
    with place(name):
        listed = objects_in(rows)
    annotations, left_out = read_objects(
        (row for _, row in listed),
        partial(_annotation, kinds=kinds, size=picture.size),
        f"{name}, line",
        partial(_cost, kinds=kinds, size=picture.size),
        room,
    )
    return picture.with_objects(annotations, notes=said_of(left_out, name))


def _lines(file: Path | None) -> list[str]:
    return read_text(file).splitlines() if file else []


def _label_file(image: Path) -> Path | None:
    """``labels/…/x.txt`` for ``images/…/x.png``, or the text beside it."""
    for path in (moved(image, "images", "labels"), image):
        if (text := path.with_suffix(".txt")).is_file():
            return text
    return None


def _cost(words: list[str], kinds: _Kinds, size: Size) -> int:
    values = [number(word) for word in words[1:]]
    is_outline = len(values) >= 6 and not kinds.has_points
    return costs.of_outline([Polygon(_ring(values, size))]) if is_outline else 0


def _annotation(words: list[str], kinds: _Kinds, size: Size) -> Annotation:
    label, values = kinds.label(words[0]), [number(word) for word in words[1:]]
    if kinds.has_points:
        values = values[:4]
    if len(values) == 5 and not 0 <= values[4] <= 1:
        raise InputError(
            "the number after a box is no confidence: write turned boxes as four corners, and leave out "
            "the numbers of tracks"
        )
    if len(values) in (4, 5):  # the fifth is a confidence
        x, y, w, h = (v * s for v, s in zip(values, (size.width, size.height) * 2, strict=False))
        return Annotation(label, box_of((x - w / 2, y - h / 2, x + w / 2, y + h / 2), size))
    if len(values) < 6:
        raise InputError("there are too few numbers for a box or an outline")
    ring = _ring(values, size)
    rectangle = rectangle_of(ring)
    if rectangle:
        return Annotation(label, box_of(rectangle, size))
    return outlined(label, [Polygon(ring)], size)


def _ring(values: list[float], size: Size) -> Ring:
    values = values[: len(values) // 2 * 2]  # one more than pairs is a confidence
    if max(values) >= 2:  # as where a key point is seen; outlines may reach out a little
        raise InputError(
            "an outline has numbers from 0 to 1: for key points, open their data.yaml as well"
        )
    return tuple(
        (x * size.width, y * size.height) for x, y in zip(values[::2], values[1::2], strict=True)
    )
