"""The VGG Image Annotator: projects of its versions 2 and 3, and what it exports as JSON and CSV.

A project of version 2 is written. What a region is called is one of its attributes, which people name as
they like; which of them VIA shows as the region's label, a project may say.
"""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import takewhile
from pathlib import Path
from typing import Any

from demo.annotations import costs
from demo.annotations.annotated import (
    AnnotatedPicture,
    Annotation,
    box_of,
    label_of,
    outlined,
    unique_names,
)
from demo.annotations.files import (
    MAX_SHOWN,
    Pictures,
    json_bytes,
    number,
    objects_in,
    place,
    png_of,
    points,
    read_json,
    read_objects,
    read_text,
    said_of,
)
from demo.errors import InputError, NoAreaError, one_line
from demo.picture.geometry import Size
from demo.picture.polygons import Polygon, Ring, bounds_of, ellipse, one_ring, polygons_of, turned

NAME = "via_project.json"
HEADS = ("filename,file_size,", "#filename,file_size,", "# Exported using VGG Image Annotator")
"""How its tables begin."""

_LABEL = "label"
_ATTRIBUTES = (_LABEL, "region", "origin", "question")
_NAMES = (_LABEL, "labels", "class", "classes", "category", "type", "name", "object")
_PICTURE = 2  # the type of a file of version 3; the others are films and sounds
_NO_PICTURES = "it is about a film or a sound, and labels of pictures are read"
_OF_PICTURES = ("image", 5)  # the type of an attribute whose options are pictures
_CORNERS = ("all_points_x", "all_points_y")
# The shapes of version 3 by number, and what their numbers are; none of those that are corners.
_SHAPES: dict[int, tuple[str, tuple[str, ...]]] = {
    1: ("point", ("cx", "cy")),
    2: ("rect", ("x", "y", "width", "height")),
    3: ("circle", ("cx", "cy", "r")),
    4: ("ellipse", ("cx", "cy", "rx", "ry")),
    5: ("line", ()),
    6: ("polyline", ()),
    7: ("polygon", ()),
    8: ("box of its edges", ()),
    9: ("circle of three points", ()),
}


def write(pictures: Sequence[AnnotatedPicture]) -> Iterator[tuple[str, bytes]]:
    """``via_project.json`` and ``images/``; parts and holes of an object are joined to one outline."""
    files = dict[str, dict[str, Any]]()
    for annotated, name in zip(pictures, unique_names(pictures), strict=True):
        content = png_of(annotated.open())
        # Under such a key VIA knows a file again that is added by hand.
        files[f"{name}{len(content)}"] = {
            "filename": name,
            "size": len(content),
            "regions": [_region(annotation) for annotation in annotated.annotations],
            "file_attributes": {},
        }
        yield f"images/{name}", content
    listed = {"type": "text", "description": "", "default_value": ""}
    project = {
        "_via_settings": {
            "ui": {"image": {"region_label": _LABEL}},
            "core": {"default_filepath": "images/"},
        },
        "_via_img_metadata": files,
        "_via_attributes": {"region": dict.fromkeys(_ATTRIBUTES, listed), "file": {}},
        "_via_data_format_version": "2.0.10",
        "_via_image_id_list": list(files),
    }
    yield NAME, json_bytes(project)


def _region(annotation: Annotation) -> dict[str, Any]:
    box, parts = annotation.box, polygons_of(annotation.mask) if annotation.mask else ()
    shape: dict[str, Any] = {
        "name": "rect", "x": box.x1, "y": box.y1, "width": box.width, "height": box.height,
    }  # fmt: skip
    if parts:
        xs, ys = zip(*one_ring(parts), strict=True)
        shape = {"name": "polygon", **dict(zip(_CORNERS, (xs, ys), strict=True))}
    return {
        "shape_attributes": shape,
        "region_attributes": {_LABEL: annotation.label, **annotation.attributes},
    }


def recognises(_: Path, content: object) -> bool:
    """Whether a file with this `content_of` is probably one of these."""
    if isinstance(content, str):
        return content.startswith(HEADS)
    if not isinstance(content, dict):
        return False
    if "_via_img_metadata" in content or _is_of_version_3(content):
        return True
    first = next(iter(content.values()), None)
    return isinstance(first, dict) and {"filename", "regions"} <= first.keys()


def _is_of_version_3(content: dict[str, Any]) -> bool:
    return {"project", "view", "metadata"} <= content.keys()


@dataclass(frozen=True, slots=True)
class _Attributes:
    """What a project says of the attributes of regions: which one VIA shows as the label of a region, empty
    where it says none, and for each attribute the words of its options.
    """

    label: str = ""
    options: dict[str, dict[str, Any]] = field(default_factory=dict)

    def label_of(self, attributes: dict[str, Any]) -> str:
        """The label of a region: of the attribute that VIA shows, else of one that is called so, else of
        the first that says something.
        """
        words = {name: self._words(name, value) for name, value in attributes.items()}
        by_name = {name.strip().casefold(): said for name, said in words.items()}
        likely = (words.get(self.label), *map(by_name.get, _NAMES), *words.values())
        return next(filter(None, likely), "")

    def _words(self, name: str, value: Any) -> str:
        """What an attribute says: a text or number, what was chosen of a list, or all that is ticked."""
        options = self.options.get(name, {})
        match value:
            case None:
                chosen = []
            case dict():
                chosen = [option for option, is_on in value.items() if is_on]
            case list():
                chosen = value
            case str() if all(option in options for option in value.split(",")):
                chosen = value.split(",")  # of version 3
            case _:
                chosen = [value]
        return ", ".join(str(options.get(str(one)) or one).strip() for one in chosen)


@dataclass(frozen=True, slots=True)
class _Content:
    """What a file says: of attributes, and of each picture its name and regions, as version 2 has them."""

    attributes: _Attributes
    pictures: list[tuple[str, list[Any]]]


def read(path: Path, pictures: Pictures) -> Iterator[AnnotatedPicture]:
    """Every picture of the file; points and lines are left out, which is noted. Raises InputError."""
    content = _read(path)
    for name, regions in content.pictures:
        where = f"{path.name}, {one_line(name, MAX_SHOWN)}"
        with place(where):
            picture = pictures.named(name)
            if picture is None:
                continue
            rows = objects_in(regions)
        annotations, left_out = read_objects(
            rows,
            partial(_annotation, attributes=content.attributes, size=picture.size),
            f"{where}, region",
            _cost,
            pictures.room,
        )
        yield picture.with_objects(annotations, name, said_of(left_out, where))


def _read(path: Path) -> _Content:
    if path.suffix.lower() == ".csv":
        text = read_text(path)
        read_table = _table_of_version_3 if text.startswith(HEADS[2]) else _table_of_version_2
        return read_table(path.name, text.split("\n"))
    data = read_json(path)
    with place(path.name):
        return _of_version_3(data) if _is_of_version_3(data) else _of_version_2(data)


def _of_version_2(data: dict[str, Any]) -> _Content:
    """That of a project, or of the part of it that is exported, whose regions once were numbered."""
    pictures = list[tuple[str, list[Any]]]()
    for file in data.get("_via_img_metadata", data).values():
        regions = file["regions"]
        rows = regions.values() if isinstance(regions, dict) else regions
        pictures.append((str(file["filename"]), list(rows)))
    if "_via_img_metadata" not in data:
        return _Content(_Attributes(), pictures)
    kinds, settings = data.get("_via_attributes") or {}, data.get("_via_settings") or {}
    label = settings.get("ui", {}).get("image", {}).get("region_label", "")
    options = {name: _options(kind) for name, kind in kinds.get("region", {}).items()}
    return _Content(_Attributes(label, options), pictures)


def _options(kind: dict[str, Any]) -> dict[str, Any]:
    """The words of the options of an attribute; of some the options are pictures."""
    return {} if kind.get("type") in _OF_PICTURES else kind.get("options") or {}


def _table_of_version_2(name: str, lines: list[str]) -> _Content:
    pictures = dict[str, list[Any]]()
    for where, row in _rows(name, lines, 1):
        with place(where):
            *parts, _, _, _, _, shape, said = row  # it puts no quotes around a name with commas
            regions = pictures.setdefault(",".join(parts), [])
            if placed := json.loads(shape):
                regions.append({"shape_attributes": placed, "region_attributes": json.loads(said)})
    return _Content(_Attributes(), list(pictures.items()))


def _of_version_3(data: dict[str, Any]) -> _Content:
    kinds, regions = data.get("attribute") or {}, dict[str, list[Any]]()
    for row in data["metadata"].values():
        regions.setdefault(str(row["vid"]), []).extend(_regions(row["xy"], row["av"], kinds))
    pictures = list[tuple[str, list[Any]]]()
    for view, shown in data["view"].items():
        files = [data["file"][str(file)] for file in shown["fid_list"]]
        if any(file.get("type", _PICTURE) != _PICTURE for file in files):
            raise InputError(_NO_PICTURES)
        names = [str(file["fname"] or file["src"]) for file in files]
        pictures += _shown(names, regions.get(view, []))
    ui = data.get("config", {}).get("ui", {})
    label = _name_of(ui.get("spatial_region_label_attribute_id", ""), kinds)
    return _Content(_Attributes(label, _options_by_name(kinds)), pictures)


def _table_of_version_3(name: str, lines: list[str]) -> _Content:
    """Its first lines are notes; one of them says what the attributes are."""
    notes = list(takewhile(lambda line: line.startswith("#"), lines))
    with place(name):
        said = next((line for line in notes if line.startswith("# ATTRIBUTE")), "={}")
        kinds = {key: kind if isinstance(kind, dict) else {"aname": kind}
                 for key, kind in json.loads(said.partition("=")[2]).items()}  # fmt: skip
    pictures = dict[str, list[Any]]()
    for where, row in _rows(name, lines, len(notes)):
        with place(where):
            _, files, _, times, xy, said = row
            if json.loads(times):
                raise InputError(_NO_PICTURES)
            regions = list(_regions(json.loads(xy), json.loads(said), kinds))
            for file, found in _shown([str(file) for file in json.loads(files)], regions):
                pictures.setdefault(file, []).extend(found)
    return _Content(_Attributes(options=_options_by_name(kinds)), list(pictures.items()))


def _rows(name: str, lines: list[str], first: int) -> Iterator[tuple[str, list[str]]]:
    """The rows of a table after its ``first`` lines, and of each where it stands. Raises InputError."""
    table = csv.reader(lines[first:])
    with place(name):
        try:
            for row in table:
                if row:
                    yield f"{name}, line {first + table.line_num}", row
        except csv.Error as error:
            raise InputError("this is not a table of values with commas between them") from error


def _shown(names: list[str], regions: list[Any]) -> Iterator[tuple[str, list[Any]]]:
    """The pictures of one view of version 3. Raises InputError where regions are on one of several."""
    if len(names) > 1 and regions:
        raise InputError("regions on pictures that stand side by side are not read")
    for name in names:
        yield name, regions


def _regions(
    xy: list[Any], said: dict[str, Any], kinds: dict[str, Any]
) -> Iterator[dict[str, Any]]:
    """The region of version 3 with this place, as version 2 has it; none of what is about a whole file."""
    if not xy:
        return
    name, keys = _SHAPES.get(xy[0], (f"number {xy[0]}", ()))
    numbers = (
        zip(keys, xy[1:], strict=True) if keys else zip(_CORNERS, (xy[1::2], xy[2::2]), strict=True)
    )
    yield {
        "shape_attributes": {"name": name, **dict(numbers)},
        "region_attributes": {_name_of(key, kinds): value for key, value in said.items()},
    }


def _name_of(attribute: str, kinds: dict[str, Any]) -> str:
    return str(kinds.get(attribute, {}).get("aname") or attribute)


def _options_by_name(kinds: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {_name_of(key, kinds): _options(kind) for key, kind in kinds.items()}


def _cost(region: dict[str, Any]) -> int:
    shape = region["shape_attributes"]
    return costs.of_outline([Polygon(_ring(shape))]) if _CORNERS[0] in shape else 0


def _annotation(region: dict[str, Any], attributes: _Attributes, size: Size) -> Annotation:
    said = region.get("region_attributes") or {}
    label = label_of(attributes.label_of(said))
    return _placed(label, region["shape_attributes"], size).described(said)


def _placed(label: str, shape: dict[str, Any], size: Size) -> Annotation:
    match shape["name"]:
        case "rect":
            x, y, width, height = (number(shape[key]) for key in ("x", "y", "width", "height"))
            return Annotation(label, box_of((x, y, x + width, y + height), size))
        case "box of its edges":
            return Annotation(label, box_of(bounds_of([Polygon(_ring(shape))]), size))
        case "circle":
            ring = ellipse(*(number(shape[key]) for key in ("cx", "cy", "r", "r")))
        case "circle of three points":
            ring = _circle(*_ring(shape))
        case "ellipse":
            upright = ellipse(*(number(shape[key]) for key in ("cx", "cy", "rx", "ry")))
            ring = turned(upright, math.degrees(number(shape.get("theta") or 0)))
        case "polygon":
            ring = _ring(shape)
        case "polyline" if (ring := _ring(shape))[0] == ring[-1]:
            pass  # it comes back to where it began
        case "point" | "line" | "polyline" as kind:
            raise NoAreaError(f"a {kind} has no area")
        case other:
            raise InputError(f"a shape of the kind “{str(other)[:40]}” is not known")
    return outlined(label, [Polygon(ring)], size)


def _ring(shape: dict[str, Any]) -> Ring:
    return points(list(zip(*(shape[key] for key in _CORNERS), strict=True)))


def _circle(*corners: tuple[float, float]) -> Ring:
    """The circle through three points."""
    a, b, c = (complex(x, y) for x, y in corners)
    turn = 2 * ((b - a) * (c - a).conjugate()).imag
    if not turn:
        raise NoAreaError("its three points are on a line")
    centre = a + 1j * ((c - a) * abs(b - a) ** 2 - (b - a) * abs(c - a) ** 2) / turn
    return ellipse(centre.real, centre.imag, abs(centre - a), abs(centre - a))
