"""Label Studio's JSON: a list of tasks, or one alone, whose places are percentages of the picture.

A labelling configuration is written beside it, without which Label Studio does not show them. Masks that
were painted there (``brushlabels``) are read; ours are written as polygons, parts and holes joined to one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element, SubElement, indent, tostring

import numpy as np
from numpy.typing import NDArray

from demo.annotations import costs
from demo.annotations.annotated import (
    CORRECTED,
    HAND,
    MODEL,
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
    PICTURE_SUFFIXES,
    Pictures,
    decoded_png,
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
from demo.machine.effort import breathe
from demo.picture.geometry import Size
from demo.picture.masks import Mask
from demo.picture.polygons import Polygon, Ring, ellipse, one_ring, polygons_of, turned

NAME, CONFIGURATION = "tasks.json", "labels.xml"
_KEYS = ("region", "origin", "question")
_DONE = {"annotations", "completions", "predictions", "result"}
_ORIGINS = {"manual": HAND, "prediction": MODEL, "prediction-changed": CORRECTED}


def write(pictures: Sequence[AnnotatedPicture]) -> Iterator[tuple[str, bytes]]:
    """``tasks.json``, the configuration ``labels.xml``, and ``images/``."""
    tasks = list[dict[str, Any]]()
    named = zip(pictures, unique_names(pictures), strict=True)
    for number_, (annotated, name) in enumerate(named, start=1):
        results = [_result(annotation, annotated.size) for annotation in annotated.annotations]
        # Label Studio gives them numbers of its own; its converter, for one, takes none without.
        done = {"id": number_, "result": results}
        tasks.append({"id": number_, "data": {"image": f"images/{name}"}, "annotations": [done]})
        yield f"images/{name}", png_of(annotated.open())
    yield CONFIGURATION, _configuration(labels_of(pictures))
    yield NAME, json_bytes(tasks)


def _configuration(labels: Sequence[str]) -> bytes:
    view = Element("View")
    SubElement(view, "Image", {"name": "image", "value": "$image", "zoom": "true"})
    for kind in ("RectangleLabels", "PolygonLabels"):
        name = "box" if kind == "RectangleLabels" else "outline"
        listed = SubElement(view, kind, {"name": name, "toName": "image"})
        for label in labels:
            SubElement(listed, "Label", {"value": label})
    indent(view)
    text: bytes = tostring(view, encoding="utf-8")
    return text + b"\n"


def _result(annotation: Annotation, size: Size) -> dict[str, Any]:
    parts = polygons_of(annotation.mask) if annotation.mask else ()
    kind, name = ("polygonlabels", "outline") if parts else ("rectanglelabels", "box")
    result = {
        "type": kind,
        "from_name": name,
        "to_name": "image",
        "original_width": size.width,
        "original_height": size.height,
        "image_rotation": 0,
        "origin": next(said for said, origin in _ORIGINS.items() if origin == annotation.origin),
        "value": {**_value(annotation, parts, size), kind: [annotation.label]},
        # The one place for words about a region that Label Studio shows and keeps.
        "meta": {"text": [f"{key}: {said}" for key, said in annotation.attributes.items()]},
    }
    return {"id": annotation.name, **result} if annotation.name else result


def _value(annotation: Annotation, parts: Sequence[Polygon], size: Size) -> dict[str, Any]:
    if parts:
        return {
            "points": [[100 * x / size.width, 100 * y / size.height] for x, y in one_ring(parts)],
            "closed": True,
        }
    box = annotation.box
    return {
        "x": 100 * box.x1 / size.width,
        "y": 100 * box.y1 / size.height,
        "width": 100 * box.width / size.width,
        "height": 100 * box.height / size.height,
        "rotation": 0,
    }


def recognises(_: Path, content: object) -> bool:
    """Whether a file with this `content_of` is probably one of these."""
    if isinstance(content, dict):
        is_done = not _DONE.isdisjoint(content)
        return is_done and isinstance(_task_of(content).get("data"), dict)
    others = {"image_id", "geometry"}  # COCO's results, GeoJSON's features
    return isinstance(content, list) and all(
        isinstance(task, dict) and {"data", "id"} & task.keys() and not others & task.keys()
        for task in content
    )


def read(path: Path, pictures: Pictures) -> Iterator[AnnotatedPicture]:
    """Every task, also those without a label. Raises InputError."""
    content = read_json(path)
    tasks = [_task_of(content)] if isinstance(content, dict) else content
    for at, task in enumerate(tasks, start=1):
        with place(f"{path.name}, task {task.get('id', at) if isinstance(task, dict) else at}"):
            name = _image_of(task.get("data", task))
            results, others = _results(task)
            picture = pictures.named(name, in_pixels=False)
            if picture is None:
                continue
            rows = objects_in(_by_region(results))
        annotations, left_out = read_objects(
            rows,
            partial(_annotation, size=picture.size),
            f"{path.name}, task {task.get('id', at)}, label",
            partial(_cost, size=picture.size),
            pictures.room,
        )
        where = f"{path.name}, {picture.called(name)}"
        notes = (*said_of(left_out, where), *((f"{where}: {others}",) if others else ()))
        yield picture.with_objects(annotations, name, notes)


def _task_of(content: dict[str, Any]) -> dict[str, Any]:
    """The task that a file holds alone, or whose only annotation it is: in its storage it writes these."""
    task = content.get("task")
    return {**task, "annotations": [content]} if isinstance(task, dict) else content


def _image_of(data: dict[str, Any]) -> str:
    texts = [value for value in data.values() if isinstance(value, str)]
    plain = [text if "?d=" in text else text.partition("?")[0] for text in texts]
    named = (text for text in plain if text.lower().endswith(PICTURE_SUFFIXES))
    addresses = (text for text in plain if text.startswith("/") or "://" in text)
    found = next(named, None) or next(addresses, None)  # a store may keep files without an ending
    if found is None:
        raise InputError("it names no picture")
    return found


def _results(task: dict[str, Any]) -> tuple[list[dict[str, Any]], str]:
    """Those of one annotation, else of a prediction, else of the short form (JSON-MIN).

    Of several annotations the one counts that is marked as the truth, else the newest, and that is said.
    """
    # Before 1.0 they were called completions.
    done = task.get("annotations") or task.get("completions") or []
    done = [a for a in done if not a.get("was_cancelled")]
    if done:
        truth = next((a for a in done if a.get("ground_truth")), None)
        which = "the newest" if truth is None else "the one that is marked as the truth"
        said = f"of its {len(done)} annotations only {which} is read." if len(done) > 1 else ""
        return list((truth or done[-1])["result"]), said
    if guesses := task.get("predictions"):
        return [{**row, "origin": "prediction"} for row in guesses[-1]["result"]], ""
    rows = [row for value in task.values() if isinstance(value, list) for row in value]
    return [{"value": row, **row} for row in rows if isinstance(row, dict) and _kind(row)], ""


def _by_region(results: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """One for each region: its shape, its label and what else is said of it may be results of their own."""
    regions = dict[str, dict[str, Any]]()
    for at, result in enumerate(results):
        own, value = f"result {at}", result.get("value") or {}
        former = regions.get(name := str(result.get("id") or own))
        if former and former.get("type") != result.get("type"):
            former["value"] = {**former["value"], **value}
        else:
            regions[own if former else name] = {**result, "value": dict(value)}
    return list(regions.values())


def _kind(value: dict[str, Any]) -> str | None:
    kinds = (key for key in value if key.endswith("labels") and isinstance(value[key], list))
    return next(kinds, None)


def _cost(result: dict[str, Any], size: Size) -> int:
    value = result["value"]
    if "points" in value:
        return costs.of_outline([Polygon(_scaled(points(value["points"]), size))])
    return size.width * size.height if "rle" in value or "imageDataURL" in value else 0


def _annotation(result: dict[str, Any], size: Size) -> Annotation:
    value = result["value"]
    kind = _kind(value)
    label = label_of(value[kind][0] if kind and value[kind] else "")
    if "points" in value:
        ring = _scaled(points(value["points"]), size)
        found = outlined(label, [Polygon(ring)], size)
    elif "rle" in value:
        found = _painted(label, value["rle"], result, size)
    elif "imageDataURL" in value:
        found = masked(label, _drawn(value["imageDataURL"], size))
    elif "radiusX" in value:
        found = _ellipse(label, value, size)
    elif "width" in value and "height" in value:
        found = _boxed(label, value, size)
    else:
        raise NoAreaError("it has no area")  # a key point, a relation, a text, a rating
    return found.described(_said(result))


def _said(result: dict[str, Any]) -> dict[str, str]:
    lines = (result.get("meta") or {}).get("text") or []
    pairs = (line.partition(": ") for line in lines if isinstance(line, str))
    said = {key: words for key, _, words in pairs if key in _KEYS}
    origin = _ORIGINS.get(str(result.get("origin")), HAND)  # it knows what was changed there
    return said if origin == HAND else {**said, "origin": origin}


def _scaled(ring: Ring, size: Size) -> Ring:
    return tuple((x * size.width / 100, y * size.height / 100) for x, y in ring)


def _boxed(label: str, value: dict[str, Any], size: Size) -> Annotation:
    x, y, width, height = (number(value[key]) for key in ("x", "y", "width", "height"))
    angle = np.radians(number(value.get("rotation") or 0))
    if not angle:
        ((x1, y1), (x2, y2)) = _scaled(((x, y), (x + width, y + height)), size)
        return Annotation(label, box_of((x1, y1, x2, y2), size))
    # Turned clockwise about its first corner, in pixels.
    ((x1, y1), (w, h)) = _scaled(((x, y), (width, height)), size)
    sin, cos = float(np.sin(angle)), float(np.cos(angle))
    corners = ((0.0, 0.0), (w, 0.0), (w, h), (0.0, h))
    ring = tuple((x1 + a * cos - b * sin, y1 + a * sin + b * cos) for a, b in corners)
    return outlined(label, [Polygon(ring)], size)


def _ellipse(label: str, value: dict[str, Any], size: Size) -> Annotation:
    x, y, across, down = (number(value[key]) for key in ("x", "y", "radiusX", "radiusY"))
    ((cx, cy), (rx, ry)) = _scaled(((x, y), (across, down)), size)
    ring = turned(ellipse(cx, cy, rx, ry), number(value.get("rotation") or 0))
    return outlined(label, [Polygon(ring)], size)


def _painted(label: str, rle: Any, result: dict[str, Any], size: Size) -> Annotation:
    stated = result.get("original_width"), result.get("original_height")
    if stated != (size.width, size.height):
        raise InputError(f"its mask is for a picture of {stated[0]} × {stated[1]}")
    if not isinstance(rle, list):  # of a number Python would make so many bytes
        raise InputError("its mask is not a list of numbers")
    pixels = _painted_pixels(bytes(rle), 4 * size.width * size.height)
    mask = Mask.from_array(pixels.reshape(size.height, size.width, 4)[..., 3] > 0)
    return masked(label, mask)


def _drawn(address: object, size: Size) -> Mask:
    """The mask of a bitmap: what is not transparent in a PNG file in the address itself."""
    pixels = decoded_png(str(address).partition(",")[2], size).getchannel("A")
    if pixels.size != (size.width, size.height):
        raise InputError(f"its mask is for a picture of {pixels.width} × {pixels.height}")
    return Mask.from_array(np.array(pixels) > 0)


def _painted_pixels(content: bytes, count: int) -> NDArray[np.uint8]:
    """The RGBA values in Label Studio's run-length form: a stream of bits.

    The number of values (32 bits), the bits of a value less one (5), four lengths less one (4 each); then
    runs: 1 and one value, or 0 and so many, with their number less one in a length chosen by two bits
    (`thi.ng/rle-pack`). Raises InputError for another number of values.
    """
    bits = np.unpackbits(np.frombuffer(content, np.uint8))
    at = 0

    def take(width: int) -> int:
        nonlocal at
        at += width
        if at > len(bits):
            raise InputError("its mask ends early")
        return int("".join(map(str, bits[at - width : at].tolist())), 2)

    if take(32) != count:
        raise InputError("its mask does not fit the picture")
    width, lengths = take(5) + 1, [take(4) + 1 for _ in range(4)]
    values, filled = np.zeros(count, np.uint8), 0
    while filled < count:
        breathe()
        is_run = take(1)
        number_ = take(lengths[take(2)]) + 1
        if filled + number_ > count:
            raise InputError("its mask does not fit the picture")
        if is_run:
            values[filled : filled + number_] = take(width)
        else:
            values[filled : filled + number_] = [take(width) for _ in range(number_)]
        filled += number_
    return values
