"""Labels that are known and not read: whose they are, and what to do instead."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element

from demo.errors import UnreadFormError

_MAX_LINE = 1_000  # characters that are looked at
_EXPORT = "export COCO there and open that"
_CONVERT = "convert it to COCO, as datumaro and FiftyOne do, and open that"
_FILM = "it is about a film, and labels of pictures are read"
_INSTANCES = "open the file of the instances"
_Kind = tuple[frozenset[str], str, str]


def _kind(keys: str, title: str, advice: str) -> _Kind:
    return frozenset(keys.split()), title, advice


_LABELBOX = _kind("data_row projects", "Labelbox", "convert it to COCO with Labelbox’s converter")
# What only these have: the keys of an object, of the first row of a list, the columns of a table.
_OBJECTS = (
    _kind("items categories", "Datumaro", _EXPORT),
    _kind("asset regions", "VoTT", _CONVERT),
    _kind("assets tags", "VoTT", _CONVERT),
    _kind("objects imgWidth imgHeight", "Cityscapes", _CONVERT),
    _kind("objects size tags", "Supervisely", _EXPORT),
    _kind(
        "file_name predictions", "Lightly", "convert it to COCO, as labelformat does, and open that"
    ),
    _kind("image annotations", "SA-1B", "write its masks as COCO, with a list of images"),
    _LABELBOX,
)
_ROWS = (
    _kind("image_id caption", "COCO captions", _INSTANCES),
    _kind("image_id segments_info", "COCO panoptic", _INSTANCES),
    _kind(
        "image_id category_id",
        "COCO results",
        "put them as “annotations” into the data set’s own file, which names its pictures and classes",
    ),
    _kind("image annotations", "CreateML", "export COCO instead and open that"),
    _kind("filepath _media_type", "FiftyOne", "export COCODetectionDataset there and open that"),
    _LABELBOX,
    _kind("segmentation predicted_iou", "Segment Anything’s masks", "write them as COCO"),
)
_COLUMNS = (
    _kind("imageid labelname", "Open Images", _CONVERT),
    _kind("annotation_id annotator", "Label Studio’s CSV", "export JSON there and open that"),
    _kind("xmin ymin xmax ymax", "a table of boxes", "export COCO or Pascal VOC instead"),
)
_LINES = (
    (r"imagesource:|(?:-?[\d.]+ ){8}\S+ \d\s*$", "DOTA", _CONVERT),
    (r"\S+ (?:-?[\d.]+ ){13,14}-?[\d.]+\s*$", "KITTI", _CONVERT),
    (r"\d+,-?\d+(?:,-?[\d.]+){4,8}\s*$", "MOT", _FILM),
)
_TAGS = {"dataset": ("imglab", _CONVERT), "boost_serialization": ("KITTI’s tracks", _FILM)}
_RECORDS = (".tfrecord", ".tfrecords", ".record")


def refuse_known(path: Path, content: object) -> None:
    """Raises UnreadFormError for a file with this `content_of` that is known and not read."""
    found = _known(content)
    if path.suffix.lower() in _RECORDS:
        found = "TFRecord", "export COCO or Pascal VOC instead"
    if found is not None:
        title, advice = found
        raise UnreadFormError(
            f"{path.name} is in the form of {title}, which is not read: {advice}."
        )


def _known(content: object) -> tuple[str, str] | None:
    """The title and the advice; None of what is not known."""
    match content:
        case str():
            return _of_text(content)
        case Element():
            return _TAGS.get(content.tag)
        case dict():
            rows = content.get("annotations") or content.get("samples")
            return _of_keys(content, _OBJECTS) or _of_row(rows)
        case _:
            return _of_row(content)


def is_known_text(text: str) -> bool:
    """Whether a text that begins so is known and not read."""
    return _of_text(text) is not None


def _of_text(text: str) -> tuple[str, str] | None:
    line = text.lstrip()[:_MAX_LINE].partition("\n")[0]
    columns = {column.strip('" \r').casefold() for column in re.split(r"[,;\t]", line)}
    matching = ((title, advice) for form, title, advice in _LINES if re.match(form, line))
    return _of_keys(columns, _COLUMNS) or next(matching, None)


def _of_row(rows: object) -> tuple[str, str] | None:
    first = rows[0] if isinstance(rows, list) and rows else None
    return _of_keys(first, _ROWS) if isinstance(first, dict) else None


def _of_keys(keys: Any, kinds: tuple[_Kind, ...]) -> tuple[str, str] | None:
    return next(((title, advice) for needed, title, advice in kinds if needed <= set(keys)), None)
