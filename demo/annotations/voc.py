"""Pascal VOC: an XML file a picture, and ``SegmentationObject/`` with the object at each pixel.

Its boxes count pixels from 1 and include the last one. Attributes are written as CVAT writes them there.
Outlines in the file itself are no part of VOC, but Roboflow, supervision and the old LabelMe write them.

``labelmap.txt`` is none either, but CVAT and datumaro take no other labels than VOC's own without it. By it
the colours in ``SegmentationClass/`` are labels, so that masks are read also where there is no XML file.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from xml.etree.ElementTree import Element, SubElement, indent, tostring

import numpy as np
from numpy.typing import NDArray

from demo.annotations import costs
from demo.annotations.annotated import (
    AnnotatedPicture,
    Annotation,
    box_of,
    label_of,
    labels_of,
    masked,
    outlined,
    unique_names,
)
from demo.annotations.costs import Room
from demo.annotations.files import (
    Pictures,
    moved,
    number,
    objects_in,
    place,
    png_of,
    points,
    read_objects,
    read_text,
    read_xml,
    said_of,
)
from demo.annotations.indexed import (
    MAX_INDEX,
    Colour,
    colour_of,
    colours_in,
    indexed_png,
    read_indexed,
)
from demo.errors import InputError
from demo.picture.geometry import PictureBox, Size
from demo.picture.masks import Mask
from demo.picture.polygons import Polygon, mask_of

FILES, OBJECTS, CLASSES = "Annotations", "SegmentationObject", "SegmentationClass"
LABELS = "labelmap.txt"
_PICTURES = ("JPEGImages", "Images")  # the latter in the old LabelMe
_HEAD = "# label:color_rgb:parts:actions"
_COORDINATE = re.compile(r"[xy]\d*")


def write(pictures: Sequence[AnnotatedPicture]) -> Iterator[tuple[str, bytes]]:
    """``Annotations/``, ``JPEGImages/``, objects and classes at each pixel, and lists of all."""
    names, labels = list(unique_names(pictures)), labels_of(pictures)
    numbers = {label: at for at, label in enumerate(labels, start=1)}
    has_masks = list[str]()
    for annotated, name in zip(pictures, names, strict=True):
        stem = Path(name).stem
        yield f"JPEGImages/{name}", png_of(annotated.open())
        yield f"{FILES}/{stem}.xml", _xml(annotated, name)
        if any(a.mask for a in annotated.annotations[:MAX_INDEX]):
            classes = [numbers[a.label] for a in annotated.annotations]
            yield f"{OBJECTS}/{stem}.png", indexed_png(annotated)
            yield f"{CLASSES}/{stem}.png", indexed_png(annotated, classes)
            has_masks.append(stem)
    yield "ImageSets/Main/default.txt", _lines(Path(name).stem for name in names)
    yield "ImageSets/Segmentation/default.txt", _lines(has_masks)
    yield LABELS, _lines((_HEAD, *_colours(labels)))


def _lines(texts: Iterable[str]) -> bytes:
    return "".join(f"{text}\n" for text in texts).encode()


def _colours(labels: Sequence[str]) -> Iterator[str]:
    """Of each label the colour of its pixels; those after the last number have none."""
    for at, label in enumerate(["background", *labels]):
        yield f"{label}:{','.join(map(str, colour_of(at))) if at <= MAX_INDEX else ''}::"


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


def recognises(path: Path, content: object) -> bool:
    """Whether a file with this `content_of` is probably one of these."""
    if isinstance(content, str):
        return path.name.lower() == LABELS and content.startswith(_HEAD)
    return isinstance(content, Element) and content.tag == "annotation"


def read(path: Path, pictures: Pictures) -> Iterator[AnnotatedPicture]:
    """The one picture of an XML file, or all of a list of labels. Raises InputError."""
    if path.suffix.lower() == ".txt":
        yield from _of_set(path, pictures)
        return
    root = read_xml(path)
    with place(path.name):
        name = root.findtext("filename") or ""
        stated = root.findtext("size/width"), root.findtext("size/height")
        homes = (moved(path, FILES, each).parent for each in _PICTURES)
        places = replace(pictures, folders=(*pictures.folders, *filter(Path.is_dir, homes)))
        picture = places.named(name, stated, stem=path.stem, is_only=True)
        if picture is None:
            return
        there = [element for element in root.iter("object") if element.findtext("deleted") != "1"]
        objects, first = objects_in(there), _first_pixel(there)
    masks = _masks(_objects_of(path), picture.size, pictures.room)
    annotations, left_out = read_objects(
        ((at, (element, masks.get(at))) for at, element in objects),
        lambda row: _annotation(row[0], picture.size, row[1], first),
        f"{path.name}, object",
        lambda row: costs.of_outline(_outline(row[0])),
        pictures.room,
    )
    used = {annotation.mask for annotation in annotations}
    lost = sum(mask not in used for mask in masks.values())
    notes = (*said_of(left_out, path.name), *_said_of_masks(lost, path.name))
    yield picture.with_objects(annotations, name, notes)


def _first_pixel(elements: Sequence[Element]) -> int:
    """The number of the first pixel: 1 in VOC, but many tools count from 0, as an edge at 0 shows."""
    bounds = [bounds for element in elements for bounds in element.iter("bndbox")]
    edges = [each.findtext(key) for each in bounds for key in ("xmin", "ymin")]
    return 0 if any(edge and number(edge) == 0 for edge in edges) else 1


def _said_of_masks(count: int, name: str) -> Iterator[str]:
    if count:
        masks = "mask" if count == 1 else "masks"
        yield f"{name}: {count} {masks} in {OBJECTS} left out: no box of the file fits."


def _objects_of(path: Path) -> Path:
    """The PNG of the objects of an XML file, whose folder may have another name."""
    file = moved(path, FILES, OBJECTS)
    home = file.parent if file != path else path.parent.parent / OBJECTS
    return home / f"{path.stem}.png"


def _masks(file: Path, size: Size, room: Room | None) -> dict[int, Mask]:
    if not file.is_file():
        return {}
    if room is not None:
        with place(file.name):
            room.take([size.width * size.height])
    return read_indexed(file, size)


def _of_set(path: Path, pictures: Pictures) -> Iterator[AnnotatedPicture]:
    """The pictures of a data set; those with an XML file only where that is not read by itself.

    Raises InputError.
    """
    if pictures.candidates is None:
        for file in sorted((path.parent / FILES).rglob("*.xml")):
            yield from read(file, pictures)
    labels, home = _labels(path), path.parent / OBJECTS
    for file in sorted(home.rglob("*.png")):
        stem = file.relative_to(home).with_suffix("")
        if (path.parent / FILES / f"{stem}.xml").is_file():
            continue
        with place(f"{path.name}, {file.name}"):
            picture = pictures.named("", stem=str(stem))
        if picture is None:
            continue
        masks = _masks(file, picture.size, pictures.room)
        colours = colours_in(moved(file, OBJECTS, CLASSES), picture.size)
        with place(f"{path.name}, {file.name}"):
            objects = [
                masked(_label_at(mask, colours, labels), mask)
                for _, mask in objects_in(masks.values())
            ]
        yield picture.with_objects(objects)


def _labels(path: Path) -> dict[Colour, str]:
    """The label of each colour; one without has that of its place in the list. Raises InputError."""
    labels = dict[Colour, str]()
    lines = [line for line in read_text(path).splitlines() if line.strip() and line[0] != "#"]
    for at, line in enumerate(lines[: MAX_INDEX + 1]):
        with place(f"{path.name}, label {at + 1}"):
            label, colour, *_ = line.rsplit(":", 3)
            red, green, blue = map(int, colour.split(",")) if colour.strip() else colour_of(at)
            labels[red, green, blue] = label_of(label)
    return labels


def _label_at(mask: Mask, colours: NDArray[np.uint8], labels: dict[Colour, str]) -> str:
    """The label of the colour amid the mask's longest run. Raises InputError."""
    runs = mask.run_lengths()  # outside, inside, …, down the columns
    longest = 2 * int(runs[1::2].argmax()) + 1
    column, row = divmod(int(runs[:longest].sum() + runs[longest] // 2), mask.size.height)
    red, green, blue = colours[row, column].tolist()
    if (red, green, blue) not in labels:
        raise InputError(f"there is no label of the colour {red},{green},{blue}")
    return labels[red, green, blue]


def _annotation(element: Element, size: Size, mask: Mask | None, first: int) -> Annotation:
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
    box = box_of((min(x1, x2) - first, min(y1, y2) - first, max(x1, x2), max(y1, y2)), size)
    if mask is None or not _fits(mask, box):  # then its numbers count other objects than this file
        rings = [Polygon(tuple((x - first, y - first) for x, y in part.outline)) for part in parts]
        mask = mask_of(rings, size) if parts else None
    attributes = {a.findtext("name"): a.findtext("value") for a in element.iter("attribute")}
    return Annotation(label, box, mask).described(attributes)


def _outline(element: Element) -> list[Polygon]:
    """The parts that are written as ``<x1><y1><x2>…``, or as points with an ``<x>`` and a ``<y>`` each."""
    rings = [
        points([each.text for each in polygon.iter() if _COORDINATE.fullmatch(each.tag)])
        for polygon in element.findall("polygon")
    ]
    return [Polygon(ring) for ring in rings if len(ring) >= 3]


def _fits(mask: Mask, box: PictureBox) -> bool:
    bounds = mask.bounding_box()
    return bounds is not None and bounds.iou(box) > 0.5
