"""COCO's ``instances`` JSON: boxes, polygons and run lengths, with ``attributes`` as CVAT writes them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from demo.annotations import costs
from demo.annotations.annotated import (
    AnnotatedPicture,
    Annotation,
    box_of,
    label_of,
    labels_of,
    unique_names,
)
from demo.annotations.files import (
    Pictures,
    json_bytes,
    number,
    objects_in,
    place,
    png_of,
    points,
    read_json,
    read_objects,
    said_of,
)
from demo.errors import InputError, NoAreaError
from demo.picture.geometry import Size
from demo.picture.masks import Mask
from demo.picture.polygons import Polygon, mask_of, polygons_unless_dust

NAME = "annotations.json"


def write(pictures: Sequence[AnnotatedPicture]) -> Iterator[tuple[str, bytes]]:
    """``annotations.json`` and ``images/``.

    A mask without holes is written as polygons, one with holes, or dust, as run lengths;
    neither is a crowd.
    """
    categories = {label: number for number, label in enumerate(labels_of(pictures), start=1)}
    images, annotations = list[dict[str, Any]](), list[dict[str, Any]]()
    for image, (annotated, name) in enumerate(
        zip(pictures, unique_names(pictures), strict=True), start=1
    ):
        size = annotated.size
        images.append({"id": image, "file_name": name, "width": size.width, "height": size.height})
        for annotation in annotated.annotations:
            numbers = {
                "id": len(annotations) + 1,
                "image_id": image,
                "category_id": categories[annotation.label],
            }
            annotations.append({**numbers, **_object(annotation)})
        yield f"images/{name}", png_of(annotated.open())
    listed = [{"id": n, "name": label, "supercategory": ""} for label, n in categories.items()]
    yield (
        NAME,
        json_bytes({"images": images, "categories": listed, "annotations": annotations}),
    )


def _object(annotation: Annotation) -> dict[str, Any]:
    box, mask = annotation.box, annotation.mask
    return {
        "bbox": [box.x1, box.y1, box.width, box.height],
        "area": mask.area if mask else box.area,
        "iscrowd": 0,
        "segmentation": _segmentation(mask) if mask else [],
        "attributes": annotation.attributes,
    }


def _segmentation(mask: Mask) -> list[list[float]] | dict[str, Any]:
    parts = polygons_unless_dust(mask)
    if parts is None or any(part.holes for part in parts):
        return mask.to_dict()
    return [[value for point in part.outline for value in point] for part in parts]


def recognises(_: Path, content: object) -> bool:
    """Whether a file with this `content_of` is probably one of these."""
    if not isinstance(content, dict) or not {"images", "annotations"} <= content.keys():
        return False
    rows = content["annotations"]  # captions and maps of whole pictures have this form as well
    first = rows[0] if isinstance(rows, list) and rows else None
    return not (isinstance(first, dict) and {"caption", "segments_info"} & first.keys())


def read(path: Path, pictures: Pictures) -> Iterator[AnnotatedPicture]:
    """Every picture of the file, also those without objects. Raises InputError."""
    data = read_json(path)
    pictures = replace(pictures, folders=(*pictures.folders, *_of_part(path)))
    with place(path.name):
        labels = {c["id"]: label_of(c["name"]) for c in data.get("categories", [])}
        images, by_image = list(data["images"]), dict[Any, list[dict[str, Any]]]()
        for row in data["annotations"]:
            by_image.setdefault(row["image_id"], []).append(row)
        unknown = by_image.keys() - {image["id"] for image in images}
        if unknown:
            raise InputError(f"there is no image {min(map(str, unknown))}, which annotations name")
    for image in images:
        with place(f"{path.name}, image {image['id']}"):
            name = str(image.get("file_name") or image["coco_url"])  # LVIS has addresses only
            stated = image.get("width"), image.get("height")
            picture = pictures.named(name, stated, is_only=len(images) == 1)
            if picture is None:
                continue
            rows = objects_in(by_image.get(image["id"], []))
        annotations, left_out = read_objects(
            ((row.get("id", "?"), row) for _, row in rows),
            partial(_annotation, labels=labels, size=picture.size),
            f"{path.name}, {name}, annotation",
            _cost,
            pictures.room,
        )
        yield picture.with_objects(annotations, name, said_of(left_out, f"{path.name}, {name}"))


def _of_part(path: Path) -> Iterator[Path]:
    """The folders of pictures of ``annotations/instances_train.json``: ``images/train`` and ``train``."""
    part, home = path.stem.rpartition("_")[2], path.parent.parent
    if path.parent.name == "annotations":
        yield from filter(Path.is_dir, (home / "images" / part, home / part))


def _annotation(row: dict[str, Any], labels: dict[Any, str], size: Size) -> Annotation:
    if row["category_id"] not in labels:
        raise InputError(f"there is no category {row['category_id']}")
    label, mask = labels[row["category_id"]], _mask(row.get("segmentation") or [], size)
    if row.get("bbox"):
        x, y, width, height = map(number, row["bbox"])
        box = box_of((x, y, x + width, y + height), size)
    else:
        bounds = mask.bounding_box() if mask else None
        if bounds is None:
            raise NoAreaError("it has neither a box nor an outline")
        box = bounds
    return Annotation(label, box, mask).described(row.get("attributes"))


def _cost(row: dict[str, Any]) -> int:
    shape = row.get("segmentation") or []
    if isinstance(shape, dict):
        return costs.of_run_lengths(shape["counts"])
    return costs.of_outline(_parts(shape))


def _parts(rings: Any) -> list[Polygon]:
    found = map(points, rings)
    return [Polygon(ring) for ring in found if len(ring) > 2]  # shorter ones cover nothing


def _mask(segmentation: Any, size: Size) -> Mask | None:
    if isinstance(segmentation, dict):
        return _run_lengths(segmentation, size)
    parts = _parts(segmentation)
    return mask_of(parts, size) if parts else None


def _run_lengths(rle: dict[str, Any], size: Size) -> Mask | None:
    if list(rle["size"]) != [size.height, size.width]:
        raise InputError("its mask has another size than the picture")
    counts = rle["counts"]
    if isinstance(counts, list):
        if not all(isinstance(n, int) and 0 <= n < 2**31 for n in counts):
            raise InputError("its mask has a run that is not a whole number")
        if sum(counts) != size.width * size.height:
            raise InputError("its mask does not fit its size")
        mask = Mask.from_runs(np.array(counts, np.int64), size)
    else:
        mask = Mask(size, counts)
    mask.run_lengths()  # raises ValueError
    return mask if mask.area else None
