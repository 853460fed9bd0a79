"""LabelMe: a JSON file beside each picture. Objects with holes are a ``mask``, parts a group of shapes."""

from __future__ import annotations

import base64
import binascii
import io
import math
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
from PIL import Image

from demo.annotations import costs
from demo.annotations.annotated import (
    AnnotatedPicture,
    Annotation,
    box_of,
    label_of,
    masked,
    outlined,
    unique_names,
)
from demo.annotations.files import (
    Candidate,
    Candidates,
    PictureFile,
    Pictures,
    decoded_png,
    json_bytes,
    objects_in,
    pixels_in_png,
    place,
    png_of,
    points,
    read_json,
    read_objects,
    said_of,
)
from demo.errors import InputError, NoAreaError
from demo.picture.geometry import PictureBox, Size, round_half_up
from demo.picture.polygons import (
    Polygon,
    Ring,
    bounds_of,
    ellipse,
    placed_mask,
    polygons_unless_dust,
    union_of,
)

_VERSION = "5.5.0"  # of the format, whose shapes these are


def write(pictures: Sequence[AnnotatedPicture]) -> Iterator[tuple[str, bytes]]:
    """A picture and a JSON file for each."""
    for annotated, name in zip(pictures, unique_names(pictures), strict=True):
        data: dict[str, Any] = {
            "version": _VERSION,
            "flags": {},
            "shapes": [
                shape
                for at, annotation in enumerate(annotated.annotations, start=1)
                for shape in _shapes(annotation, at)
            ],
            "imagePath": name,
            "imageData": None,
            "imageHeight": annotated.size.height,
            "imageWidth": annotated.size.width,
        }
        yield name, png_of(annotated.open())
        yield f"{Path(name).stem}.json", json_bytes(data)


def _shapes(annotation: Annotation, group: int) -> list[dict[str, Any]]:
    """One shape, or one for each part, held together by the number of the object."""
    places = _places(annotation)
    about: dict[str, Any] = {
        "label": annotation.label,
        "group_id": group if len(places) > 1 else None,
        "description": annotation.question,
        "flags": {},
        **annotation.attributes,  # which LabelMe keeps
    }
    return [{**about, **where} for where in places]


def _places(annotation: Annotation) -> list[dict[str, Any]]:
    (x1, y1, x2, y2), mask = annotation.box.xyxy, annotation.mask
    parts = polygons_unless_dust(mask) if mask else ()
    if not mask or parts == ():
        return [{"shape_type": "rectangle", "points": [[x1, y1], [x2, y2]], "mask": None}]
    if parts and not any(part.holes for part in parts):
        outlines = [[list(point) for point in part.outline] for part in parts]
        return [{"shape_type": "polygon", "points": ring, "mask": None} for ring in outlines]
    bounds = mask.bounding_box() or annotation.box
    pixels = mask.to_array()[bounds.y1 : bounds.y2, bounds.x1 : bounds.x2]
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    corners = [[bounds.x1, bounds.y1], [bounds.x2 - 1, bounds.y2 - 1]]
    encoded = base64.b64encode(file.getvalue()).decode("ascii")
    return [{"shape_type": "mask", "points": corners, "mask": encoded}]


def recognises(_: Path, content: object) -> bool:
    """Whether a file with this `content_of` is probably one of these."""
    return isinstance(content, dict) and {"shapes", "imagePath"} <= content.keys()


def read(path: Path, pictures: Pictures) -> Iterator[AnnotatedPicture]:
    """The one picture that the file is about; lines and points are no areas and are left out, noted.

    Raises InputError.
    """
    data = read_json(path)
    with place(path.name):
        name = str(data["imagePath"])
        picture = _picture(data, name, path.stem, pictures)
        if picture is None:
            return
        shapes = objects_in(data["shapes"])
    size = picture.size
    found, left_out = read_objects(
        shapes,
        lambda shape: (shape.get("group_id"), _annotation(shape, size)),
        f"{path.name}, shape",
        lambda shape: _cost(shape, size),
        pictures.room,
    )
    objects = dict[tuple[str, object], list[Annotation]]()
    for at, (group, annotation) in enumerate(found):
        key = group if isinstance(group, int) else f"shape {at}"
        objects.setdefault((annotation.label, key), []).append(annotation)
    joined = map(_joined, objects.values())
    yield picture.with_objects(joined, name, said_of(left_out, path.name))


def _picture(data: dict[str, Any], name: str, stem: str, pictures: Pictures) -> PictureFile | None:
    """The file of that name, else the picture that the labels carry with them."""
    stated, embedded = (data.get("imageWidth"), data.get("imageHeight")), data.get("imageData")
    if not embedded:
        return pictures.named(name, stated, stem=stem, is_only=True)
    lacking = len(pictures.lacking)
    with suppress(InputError):
        if found := pictures.named(name, stated, stem=stem):
            return found
    del pictures.lacking[lacking:]
    inside = Candidate((PurePosixPath(name).name,), _decoded(embedded))
    return Pictures((), Candidates([inside])).named(inside.parts[0], stated)


def _decoded(encoded: object) -> bytes:
    try:
        return base64.b64decode(str(encoded), validate=True)
    except binascii.Error as error:
        raise InputError("its “imageData” is not base64") from error


def _joined(parts: list[Annotation]) -> Annotation:
    """The shapes of one group and label as one object: that is how LabelMe holds parts together."""
    masks = [part.mask for part in parts if part.mask]
    if len(parts) == 1 or not masks:
        return replace(parts[0], box=PictureBox(*_around(parts)))
    return replace(parts[0], box=PictureBox(*_around(parts)), mask=union_of(masks))


def _around(parts: list[Annotation]) -> tuple[int, int, int, int]:
    boxes = [part.box for part in parts]
    left, top = min(box.x1 for box in boxes), min(box.y1 for box in boxes)
    return left, top, max(box.x2 for box in boxes), max(box.y2 for box in boxes)


def _cost(shape: dict[str, Any], size: Size) -> int:
    match shape.get("shape_type") or "polygon":
        case "mask":
            return pixels_in_png(shape["mask"], size)
        case "point" | "line" | "linestrip" | "points" | "rectangle" | "circle":
            return 0
    return costs.of_outline([Polygon(points(shape["points"]))])


def _annotation(shape: dict[str, Any], size: Size) -> Annotation:
    label, corners = label_of(shape["label"]), points(shape["points"])
    said = {"question": shape.get("description"), **shape}
    return _placed(label, shape, corners, size).described(said)


def _placed(label: str, shape: dict[str, Any], corners: Ring, size: Size) -> Annotation:
    match shape.get("shape_type") or "polygon":
        case "point" | "line" | "linestrip" | "points" as kind:
            raise NoAreaError(f"a {kind} has no area")
        case "rectangle":
            return Annotation(label, box_of(bounds_of([Polygon(corners)]), size))
        case "polygon" | "rotation" | "oriented_rectangle" | "quadrilateral":
            return outlined(label, [Polygon(corners)], size)
        case "circle":
            centre, edge = corners
            radius = math.dist(centre, edge)
            return outlined(label, [Polygon(ellipse(*centre, radius, radius))], size)
        case "mask":
            x, y = map(round_half_up, corners[0])
            pixels = np.array(decoded_png(shape["mask"], size).convert("L"))
            return masked(label, placed_mask(pixels > 0, x, y, size))
        case other:
            raise InputError(f"a shape of the kind “{str(other)[:40]}” is not known")
