"""Pascal VOC: an XML file a picture, and ``SegmentationObject/`` with the object at each pixel.

Its boxes count pixels from 1 and include the last one. Attributes are written as CVAT writes them there.
Outlines in the file itself are no part of VOC, but Roboflow, supervision and the old LabelMe write them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from demo.annotations import costs
from demo.annotations.annotated import (
    AnnotatedPicture,
    Annotation,
    box_of,
    label_of,
    outlined,
    unique_names,
)
from demo.annotations.costs import Room
from demo.annotations.files import (
    Pictures,
    number,
    objects_in,
    place,
    png_of,
    points,
    read_objects,
    read_xml,
    said_of,
)
from demo.annotations.indexed import MAX_INDEX, indexed_png, read_indexed
from demo.errors import InputError
from demo.picture.geometry import PictureBox, Size
from demo.picture.masks import Mask
from demo.picture.polygons import Polygon, Ring, mask_of

OBJECTS = "SegmentationObject"
_COORDINATE = re.compile(r"[xy]\d*")


def write(pictures: Sequence[AnnotatedPicture]) -> Iterator[tuple[str, bytes]]:
    """``Annotations/``, ``JPEGImages/``, ``SegmentationObject/`` and a list of all."""
    names = list(unique_names(pictures))
    for annotated, name in zip(pictures, names, strict=True):
        stem = Path(name).stem
        yield f"JPEGImages/{name}", png_of(annotated.open())
        yield f"Annotations/{stem}.xml", _xml(annotated, name)
        if any(a.mask for a in annotated.annotations[:MAX_INDEX]):
            yield f"{OBJECTS}/{stem}.png", indexed_png(annotated)
    stems = "".join(f"{Path(name).stem}\n" for name in names)
    yield "ImageSets/Main/default.txt", stems.encode()


def _xml(annotated: AnnotatedPicture, name: str) -> bytes:
    root = Element("annotation")
    _add(root, "folder", "JPEGImages")
    _add(root, "filename", name)
    size = SubElement(root, "size")
    _add(size, "width", annotated.size.width)
    _add(size, "height", annotated.size.height)
    _add(size, "depth", 3)
    _add(root, "segmented", int(any(a.mask for a in annotated.annotations)))
    for annotation in annotated.annotations:
        root.append(_object(annotation))
    indent(root)
    text: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return text + b"\n"


def _object(annotation: Annotation) -> Element:
    element, box = Element("object"), annotation.box
    _add(element, "name", annotation.label)
    for key, value in {"pose": "Unspecified", "truncated": 0, "difficult": 0}.items():
        _add(element, key, value)
    bounds = SubElement(element, "bndbox")
    edges = {"xmin": box.x1 + 1, "ymin": box.y1 + 1, "xmax": box.x2, "ymax": box.y2}
    for key, value in edges.items():
        _add(bounds, key, value)
    attributes = SubElement(element, "attributes")
    for key, said in annotation.attributes.items():
        attribute = SubElement(attributes, "attribute")
        _add(attribute, "name", key)
        _add(attribute, "value", said)
    return element


def _add(parent: Element, name: str, value: object) -> None:
    SubElement(parent, name).text = str(value)


def recognises(_: Path, content: object) -> bool:
    """Whether a file with this `content_of` is probably one of these."""
    return isinstance(content, Element) and content.tag == "annotation"


def read(path: Path, pictures: Pictures) -> Iterator[AnnotatedPicture]:
    """The one picture that the file is about. Raises InputError."""
    root = read_xml(path)
    with place(path.name):
        name = root.findtext("filename") or ""
        stated = root.findtext("size/width"), root.findtext("size/height")
        picture = pictures.named(name, stated, stem=path.stem, is_only=True)
        if picture is None:
            return
        there = (element for element in root.iter("object") if element.findtext("deleted") != "1")
        objects = objects_in(there)
    masks = _masks(path, picture.size, pictures.room)
    annotations, left_out = read_objects(
        ((at, (element, masks.get(at))) for at, element in objects),
        lambda row: _annotation(row[0], picture.size, row[1]),
        f"{path.name}, object",
        lambda row: costs.of_outline(_outline(row[0])),
        pictures.room,
    )
    yield picture.with_objects(annotations, name, said_of(left_out, path.name))


def _masks(path: Path, size: Size, room: Room | None) -> dict[int, Mask]:
    file = path.parent.parent / OBJECTS / f"{path.stem}.png"
    if not file.is_file():
        return {}
    if room is not None:
        with place(path.name):
            room.take([size.width * size.height])
    return read_indexed(file, size)


def _annotation(element: Element, size: Size, mask: Mask | None) -> Annotation:
    label, bounds, parts = (
        label_of(element.findtext("name")),
        element.find("bndbox"),
        _outline(element),
    )
    if bounds is None and parts:  # of the old LabelMe, which counts from 0
        return outlined(label, parts, size)
    if bounds is None and element.find("segm") is not None:
        raise InputError(
            "masks of the old LabelMe are not read: convert them to COCO, as datumaro does"
        )
    if bounds is None:
        raise KeyError("bndbox")
    x1, y1, x2, y2 = (number(bounds.findtext(k)) for k in ("xmin", "ymin", "xmax", "ymax"))
    box = box_of((min(x1, x2) - 1, min(y1, y2) - 1, max(x1, x2), max(y1, y2)), size)
    if mask is None or not _fits(mask, box):  # then its numbers count other objects than this file
        mask = mask_of([Polygon(_from_0(part.outline)) for part in parts], size) if parts else None
    attributes = {a.findtext("name"): a.findtext("value") for a in element.iter("attribute")}
    return Annotation(label, box, mask).described(attributes)


def _outline(element: Element) -> list[Polygon]:
    """The parts that are written as ``<x1><y1><x2>…``, or as points with an ``<x>`` and a ``<y>`` each."""
    rings = [
        points([each.text for each in polygon.iter() if _COORDINATE.fullmatch(each.tag)])
        for polygon in element.findall("polygon")
    ]
    return [Polygon(ring) for ring in rings if len(ring) >= 3]


def _from_0(ring: Ring) -> Ring:
    return tuple((x - 1, y - 1) for x, y in ring)


def _fits(mask: Mask, box: PictureBox) -> bool:
    bounds = mask.bounding_box()
    return bounds is not None and bounds.iou(box) > 0.1
