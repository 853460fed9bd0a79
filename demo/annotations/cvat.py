"""CVAT's XML “for images 1.1”: boxes, polygons, and run lengths for objects with holes or several parts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from xml.etree.ElementTree import Element, SubElement, indent, tostring

import numpy as np

from demo.annotations import costs
from demo.annotations.annotated import (
    HAND,
    AnnotatedPicture,
    Annotation,
    box_of,
    label_of,
    labels_of,
    masked,
    outlined,
    unique_names,
)
from demo.annotations.files import (
    MAX_SHOWN,
    Pictures,
    number,
    objects_in,
    place,
    png_of,
    read_objects,
    read_xml,
    said_of,
)
from demo.errors import InputError, NoAreaError, one_line
from demo.picture.geometry import PictureBox, Size
from demo.picture.masks import Mask
from demo.picture.polygons import (
    Polygon,
    Ring,
    ellipse,
    placed_mask,
    polygons_unless_dust,
    turned,
)
from demo.picture.runs import pixels_of

NAME = "annotations.xml"
_ATTRIBUTES = ("region", "origin", "question")
_LEFT_OUT = ("points", "polyline", "cuboid", "skeleton", "tag")


def write(pictures: Sequence[AnnotatedPicture]) -> Iterator[tuple[str, bytes]]:
    """``annotations.xml`` and ``images/``."""
    root = Element("annotations")
    SubElement(root, "version").text = "1.1"
    root.append(_meta(labels_of(pictures)))
    for at, (annotated, name) in enumerate(zip(pictures, unique_names(pictures), strict=True)):
        size = {"width": str(annotated.size.width), "height": str(annotated.size.height)}
        image = SubElement(root, "image", {"id": str(at), "name": name, **size})
        image.extend(_shape(annotation) for annotation in annotated.annotations)
        yield f"images/{name}", png_of(annotated.open())
    indent(root)
    text: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    yield NAME, text + b"\n"


def _meta(labels: Sequence[str]) -> Element:
    """The labels and their attributes, without which CVAT does not take the file."""
    meta = Element("meta")
    listed = SubElement(SubElement(meta, "task"), "labels")
    for label in labels:
        element = SubElement(listed, "label")
        SubElement(element, "name").text = label
        attributes = SubElement(element, "attributes")
        for name in _ATTRIBUTES:
            attribute = SubElement(attributes, "attribute")
            about = {"name": name, "mutable": "False", "input_type": "text", "default_value": ""}
            for key, value in {**about, "values": ""}.items():
                SubElement(attribute, key).text = value
    return meta


def _shape(annotation: Annotation) -> Element:
    source = "manual" if annotation.origin == HAND else "auto"
    about = {"label": annotation.label, "source": source, "occluded": "0", "z_order": "0"}
    if annotation.region:
        about["group_id"] = annotation.region[1:]
    kind, where = _place(annotation)
    element = Element(kind, {**about, **where})
    for name in _ATTRIBUTES:
        attribute = SubElement(element, "attribute", {"name": name})
        attribute.text = annotation.attributes.get(name, "")
    return element


def _place(annotation: Annotation) -> tuple[str, dict[str, str]]:
    mask, parts = annotation.mask, polygons_unless_dust(annotation.mask) if annotation.mask else ()
    if not mask or parts == ():
        edges = zip(("xtl", "ytl", "xbr", "ybr"), annotation.box.xyxy, strict=True)
        return "box", {name: f"{value:.2f}" for name, value in edges}
    if parts and len(parts) == 1 and not parts[0].holes:
        return "polygon", {"points": ";".join(f"{x:.2f},{y:.2f}" for x, y in parts[0].outline)}
    return "mask", _run_lengths(mask, mask.bounding_box() or annotation.box)


def _run_lengths(mask: Mask, box: PictureBox) -> dict[str, str]:
    """Runs outside, inside, … row by row of what is in the box."""
    flat = mask.to_array()[box.y1 : box.y2, box.x1 : box.x2].ravel()
    changes = np.flatnonzero(np.diff(flat)) + 1
    runs = np.diff([0, *changes, flat.size]).tolist()
    where = {"left": box.x1, "top": box.y1, "width": box.width, "height": box.height}
    return {
        "rle": ", ".join(map(str, [0, *runs] if flat[0] else runs)),
        **{name: str(value) for name, value in where.items()},
    }


def recognises(_: Path, content: object) -> bool:
    """Whether a file with this `content_of` is probably one of these."""
    return isinstance(content, Element) and content.tag == "annotations"


def read(path: Path, pictures: Pictures) -> Iterator[AnnotatedPicture]:
    """Every picture of the file; points and lines are left out, which is noted. Raises InputError."""
    root = read_xml(path)
    if root.find("track") is not None:
        raise InputError(
            f"{path.name} is about a video: export it from CVAT as “CVAT for images 1.1”."
        )
    images = list(root.iter("image"))
    for image in images:
        name, stated = image.get("name", ""), (image.get("width"), image.get("height"))
        shown = one_line(name, MAX_SHOWN)
        with place(f"{path.name}, image “{shown}”"):
            picture = pictures.named(name, stated, is_only=len(images) == 1)
            if picture is None:
                continue
            shapes = objects_in(image)
        annotations, left_out = read_objects(
            shapes,
            partial(_annotation, size=picture.size),
            f"{path.name}, image “{shown}”, shape",
            partial(_cost, size=picture.size),
            pictures.room,
        )
        yield picture.with_objects(annotations, name, said_of(left_out, f"{path.name}, {shown}"))


def _cost(element: Element, size: Size) -> int:
    match element.tag:
        case "mask":
            _, _, width, height = _bounds(element, size)
            return width * height
        case "polygon":
            return costs.of_outline([Polygon(_corners(element))])
    return 0  # of a few corners


def _annotation(element: Element, size: Size) -> Annotation:
    if element.tag in _LEFT_OUT:
        raise NoAreaError(f"a {element.tag} has no area")
    attributes = {a.get("name"): a.text for a in element.iter("attribute")}
    label = label_of(element.attrib["label"])
    if element.get("source") in ("auto", "semi-auto"):
        attributes.setdefault("origin", "model")
    rotation = number(element.get("rotation", "0"))
    match element.tag:
        case "box":
            x1, y1, x2, y2 = (number(element.attrib[k]) for k in ("xtl", "ytl", "xbr", "ybr"))
            if not rotation:
                return Annotation(label, box_of((x1, y1, x2, y2), size)).described(attributes)
            ring = turned(((x1, y1), (x2, y1), (x2, y2), (x1, y2)), rotation)
        case "polygon":
            ring = _corners(element)
        case "ellipse":
            cx, cy, rx, ry = (number(element.attrib[k]) for k in ("cx", "cy", "rx", "ry"))
            ring = turned(ellipse(cx, cy, rx, ry), rotation)
        case "mask":
            return masked(label, _mask(element, size)).described(attributes)
        case other:
            raise InputError(f"a shape of the kind “{str(other)[:40]}” is not known")
    return outlined(label, [Polygon(ring)], size).described(attributes)


def _corners(element: Element) -> Ring:
    pairs = (pair.split(",") for pair in element.attrib["points"].split(";"))
    return tuple((number(x), number(y)) for x, y in pairs)


def _bounds(element: Element, size: Size) -> tuple[int, int, int, int]:
    """Left, top, width and height of a mask. Raises InputError for one that is larger than the picture."""
    left, top, width, height = (
        int(number(element.attrib[key])) for key in ("left", "top", "width", "height")
    )
    if width > size.width or height > size.height:
        raise InputError("its mask reaches outside the picture")
    return left, top, width, height


def _mask(element: Element, size: Size) -> Mask:
    left, top, width, height = _bounds(element, size)
    runs = [int(run) for run in element.attrib["rle"].split(",")]
    if min(runs) < 0 or sum(runs) != width * height:
        raise InputError("its mask does not fit its size")
    part = pixels_of(np.array(runs, np.int64)).reshape(height, width)
    return placed_mask(part, left, top, size)
