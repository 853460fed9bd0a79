"""YOLO as Ultralytics has it: ``data.yaml``, and for each picture a text with a line an object.

The format has no place for anything but a label and an outline. Boxes are written where no object of the
data set has a mask; else every object is an outline, because tools drop outlines that stand among boxes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import yaml

from demo.annotations.annotated import (
    AnnotatedPicture,
    Annotation,
    box_of,
    label_of,
    labels_of,
    outlined,
    unique_names,
)
from demo.annotations.files import PICTURE_SUFFIXES, Pictures, number, place, png_of, read_text
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


def write(pictures: Sequence[AnnotatedPicture]) -> Iterator[tuple[str, bytes]]:
    """``data.yaml``, ``images/`` and ``labels/``; several parts of an object are joined to one outline."""
    labels = labels_of(pictures)
    has_masks = any(a.mask for picture in pictures for a in picture.annotations)
    for annotated, name in zip(pictures, unique_names(pictures), strict=True):
        lines = [
            " ".join([str(labels.index(a.label)), *_numbers(a, annotated.size, has_masks)])
            for a in annotated.annotations
        ]
        yield f"images/{name}", png_of(annotated.open())
        yield (
            f"labels/{Path(name).stem}.txt",
            "".join(f"{line}\n" for line in lines).encode(),
        )
    data = {"train": "images", "val": "images", "names": dict(enumerate(labels))}
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


def recognises(path: Path, _: object) -> bool:
    """Whether a file is probably one of these."""
    return path.suffix.lower() in (".yaml", ".yml")


def read(path: Path, pictures: Pictures) -> Iterator[AnnotatedPicture]:
    """The pictures of a ``data.yaml`` in the order of their names. Raises InputError."""
    data = _read_yaml(path)
    labels = _labels(path, data)
    folders = [folder for folder in _image_folders(path, data, pictures) if folder.is_dir()]
    if not folders:
        raise InputError(
            f"{path.name}: the folder of its pictures is not there: name it with --images."
        )
    for folder in dict.fromkeys(folders):
        for image in sorted(folder.iterdir()):
            if image.suffix.lower() in PICTURE_SUFFIXES:
                yield _read_one(image, folder, labels)


def _read_yaml(path: Path) -> Any:
    try:
        return yaml.safe_load(read_text(path))
    except (yaml.YAMLError, RecursionError) as error:
        raise InputError(f"{path.name} is not YAML.") from error


def _labels(path: Path, data: Any) -> dict[int, str]:
    with place(path.name):
        names = data["names"]
        rows: Any = names.items() if isinstance(names, dict) else enumerate(names)
        return {int(key): label_of(str(value)) for key, value in rows}


def _image_folders(path: Path, data: dict[str, Any], pictures: Pictures) -> Iterator[Path]:
    """Where the pictures are: as the file says, inside its own folder; else as `Pictures` knows."""
    home = path.parent.resolve()
    for split in ("train", "val", "test"):
        value = data.get(split)
        for said in value if isinstance(value, list) else [value]:
            if isinstance(said, str) and (home / said).resolve().is_relative_to(home):
                yield (home / said).resolve()
    for folder in pictures.folders:
        yield (folder / "images").resolve()
    if pictures.folders[:1] != (path.parent,):
        yield pictures.folders[0].resolve()


def _read_one(image: Path, folder: Path, labels: dict[int, str]) -> AnnotatedPicture:
    picture = Pictures((folder,)).named(image.name)
    file = _label_file(image)
    lines = read_text(file).splitlines() if file else []
    annotations = list[Annotation]()
    for at, line in enumerate(lines, start=1):
        if line.strip():
            with place(f"{file.name if file else ''}, line {at}"):
                annotations.append(_annotation(line.split(), labels, picture.size))
    return picture.with_objects(annotations)


def _label_file(image: Path) -> Path | None:
    """``labels/…/x.txt`` for ``images/…/x.png``, or the text beside it."""
    parts = list(image.parts)
    for at in range(len(parts) - 2, -1, -1):
        if parts[at] == "images":
            parts[at] = "labels"
            break
    for path in (Path(*parts).with_suffix(".txt"), image.with_suffix(".txt")):
        if path.is_file():
            return path
    return None


def _annotation(words: list[str], labels: dict[int, str], size: Size) -> Annotation:
    kind, values = float(words[0]), [number(word) for word in words[1:]]
    if kind not in labels:
        raise InputError(f"there is no name for class {words[0]}")
    label = labels[int(kind)]
    if len(values) in (4, 5):  # the fifth is a confidence
        x, y, w, h = (v * s for v, s in zip(values, (size.width, size.height) * 2, strict=False))
        return Annotation(label, box_of((x - w / 2, y - h / 2, x + w / 2, y + h / 2), size))
    if len(values) < 6:
        raise InputError("there are too few numbers for a box or an outline")
    values = values[: len(values) // 2 * 2]  # one more than pairs is a confidence
    ring = tuple(
        (x * size.width, y * size.height) for x, y in zip(values[::2], values[1::2], strict=True)
    )
    rectangle = rectangle_of(ring)
    if rectangle:
        return Annotation(label, box_of(rectangle, size))
    return outlined(label, [Polygon(ring)], size)
