"""GeoJSON, a file a picture, in picture pixels from the top left corner, as QuPath and others use it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from demo.annotations import costs
from demo.annotations.annotated import (
    AnnotatedPicture,
    Annotation,
    box_of,
    label_of,
    unique_names,
)
from demo.annotations.files import (
    Pictures,
    json_bytes,
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
from demo.picture.polygons import (
    Polygon,
    Ring,
    bounds_of,
    mask_of,
    polygons_of,
    rectangle_of,
)

_AREAS = ("Polygon", "MultiPolygon", "GeometryCollection")


def write(pictures: Sequence[AnnotatedPicture]) -> Iterator[tuple[str, bytes]]:
    """A picture and a file ``….geojson`` for each."""
    for annotated, name in zip(pictures, unique_names(pictures), strict=True):
        features = [_feature(annotation) for annotation in annotated.annotations]
        yield name, png_of(annotated.open())
        yield (
            f"{Path(name).stem}.geojson",
            json_bytes({"type": "FeatureCollection", "image": name, "features": features}),
        )


def _feature(annotation: Annotation) -> dict[str, Any]:
    x1, y1, x2, y2 = annotation.box.xyxy
    rectangle = Polygon(((x1, y1), (x2, y1), (x2, y2), (x1, y2)))
    parts = (polygons_of(annotation.mask) if annotation.mask else ()) or (rectangle,)
    rings = [[_closed(ring) for ring in (part.outline, *part.holes)] for part in parts]
    is_one = len(rings) == 1
    return {
        "type": "Feature",
        "geometry": {
            "type": "Polygon" if is_one else "MultiPolygon",
            "coordinates": rings[0] if is_one else rings,
        },
        "properties": {
            "objectType": "annotation",
            "classification": {"name": annotation.label},
            "bbox": [x1, y1, x2, y2],
            "shape": "outline" if annotation.mask else "box",
            **annotation.attributes,
        },
    }


def _closed(ring: Ring) -> list[list[float]]:
    return [list(point) for point in (*ring, ring[0])]


def recognises(_: Path, content: object) -> bool:
    """Whether a file with this `content_of` is probably one of these."""
    first = content[0] if isinstance(content, list) and content else content
    if not isinstance(first, dict):
        return False
    is_bare = first.get("type") in _AREAS and {"coordinates", "geometries"} & first.keys()
    return bool(is_bare) or first.get("type") in ("FeatureCollection", "Feature")


def read(path: Path, pictures: Pictures) -> Iterator[AnnotatedPicture]:
    """The one picture that the file is about: the one it names, or of the same name. Raises InputError."""
    data = read_json(path)
    with place(path.name):
        name = data.get("image") if isinstance(data, dict) else None
        picture = pictures.named(name if isinstance(name, str) else "", stem=path.stem)
        if picture is None:
            return
        features = objects_in(_features(data))
    annotations, left_out = read_objects(
        features,
        partial(_annotation, size=picture.size),
        f"{path.name}, feature",
        lambda feature: costs.of_outline(_parts(feature["geometry"])),
        pictures.room,
    )
    yield picture.with_objects(annotations, notes=said_of(left_out, path.name))


def _features(data: Any) -> list[Any]:
    """Those of a collection, of a list, or one alone: QuPath writes all three, shapely bare places."""
    if isinstance(data, list):
        return data
    if data["type"] in _AREAS:
        return [{"geometry": data}]
    return [data] if data["type"] == "Feature" else list(data["features"])


def _parts(geometry: dict[str, Any] | None) -> list[Polygon]:
    if geometry is None:
        raise NoAreaError("it has no place")
    groups = [group for group in _groups(geometry) if group]
    if not groups:
        raise NoAreaError("it has no part")
    rings = [[points([pair[:2] for pair in ring]) for ring in group] for group in groups]
    return [Polygon(group[0], tuple(group[1:])) for group in rings]


def _groups(geometry: dict[str, Any]) -> list[Any]:
    """The rings of each part; of what is collected, those of areas."""
    match geometry["type"]:
        case "Polygon":
            return [geometry["coordinates"]]
        case "MultiPolygon":
            return list(geometry["coordinates"])
        case "GeometryCollection":
            return [group for each in geometry["geometries"] for group in _groups(each)]
        case "Point" | "MultiPoint" | "LineString" | "MultiLineString":
            return []
        case other:
            raise InputError(f"a geometry of the kind “{str(other)[:40]}” is not known")


def _annotation(feature: dict[str, Any], size: Size) -> Annotation:
    parts, properties = _parts(feature["geometry"]), feature.get("properties") or {}
    label, is_ours = _label(properties), properties.get("shape") == "outline"
    is_plain = len(parts) == 1 and not parts[0].holes and not is_ours
    rectangle = rectangle_of(parts[0].outline) if is_plain else None
    if rectangle:
        return Annotation(label, box_of(rectangle, size)).described(properties)
    # What others call so may be anything, such as a width and a height.
    x1, y1, x2, y2 = properties["bbox"] if is_ours else bounds_of(parts)
    annotation = Annotation(label, box_of((x1, y1, x2, y2), size), mask_of(parts, size))
    return annotation.described(properties)


def _label(properties: dict[str, Any]) -> str:
    """QuPath's class, in the form of either of its versions, else what other programs call it."""
    kind = properties.get("classification")
    said = kind.get("name") if isinstance(kind, dict) else kind
    names = (
        said,
        *(properties.get(key) for key in ("label", "name", "class", "class_name", "category")),
    )
    return label_of(next(filter(None, names), ""))
