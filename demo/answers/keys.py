"""The keys under which models write boxes and points, without letter case, spaces and marks."""

from __future__ import annotations

import re

# The names of a box's sides in the order x1, y1, x2, y2; of its first corner and size; of two corners.
SIDES = [
    tuple(names.split())
    for names in (
        "x0 y0 x1 y1", "x1 y1 x2 y2", "xmin ymin xmax ymax", "minx miny maxx maxy", "l t r b",
        "left top right bottom", "xtl ytl xbr ybr", "xstart ystart xend yend",
        "startx starty endx endy", "leftx topy rightx bottomy", "xleft ytop xright ybottom",
        "topleftx toplefty bottomrightx bottomrighty", "tlx tly brx bry",
    )
]  # fmt: skip
SIZES = [
    tuple(f"{corner} {size}".split())
    for corner in ("x y", "left top", "x1 y1", "xmin ymin", "l t")
    for size in ("width height", "w h")
]
CORNERS = [
    tuple(names.split())
    for names in (
        "topleft bottomright", "upperleft lowerright", "lefttop rightbottom", "tl br", "lt rb",
        "min max", "start end", "p1 p2",
    )
]  # fmt: skip
_POINT_KEY = re.compile(r"(?:key)?points?(?:2d)?\d*|centerpoint|clickpoint")
_CENTER_KEY = re.compile(r"c[xy]|x?y?cent(?:er|re)[xy]?|(?:b?box)?cxcywh")
# Keys whose four numbers are no box of the answer.
_OTHER_KEY = re.compile(
    r"colou?rs?|rgba?|(?:image|original|frame)?size|shape|dimensions?|resolution|scores?|conf\w*|ids?|"
    r"ref\w*|given|source|context|mask\w*|rle|counts|prob\w*|time\w*|logits|weights|embedding"
)
_OUTLINE_KEY = re.compile(
    r"(?:quad|polygon|outline|contour|segmentation|vertices|corners)s?(?:2d)?"
)
_BOX_KEY = re.compile(
    r"(?:bounding)?(?:b?box|rect|rectangle)(?:e?s)?(?:2d)?(?:xyxy|xywh|coordinates|coords)?(?:s|\d+)?"
    r"|xyxy|xywh"
)


def normal_key(key: str) -> str:
    """A key without letter case, spaces and marks: ``Bounding-Box`` is ``boundingbox``."""
    return "".join(filter(str.isalnum, key.lower()))


def is_box_key(key: str) -> bool:
    """Whether the value of a key is a box, or several: ``bbox_2d``, ``Bounding Box``, ``box_1``, …"""
    return _BOX_KEY.fullmatch(normal_key(key)) is not None


def is_point_key(key: str) -> bool:
    """Whether the value of a key is a point, or several."""
    return _POINT_KEY.fullmatch(normal_key(key)) is not None


def is_center_key(key: str) -> bool:
    """Whether the value of a key belongs to the middle of a box."""
    return _CENTER_KEY.fullmatch(normal_key(key)) is not None


def is_outline_key(key: str) -> bool:
    """Whether the value of a key is a polygon."""
    return _OUTLINE_KEY.fullmatch(normal_key(key)) is not None


def may_be_box_key(key: str) -> bool:
    """Whether four numbers under a key, which need not be a known one, can be a box."""
    plain = normal_key(key)
    return not any(each.fullmatch(plain) for each in (_POINT_KEY, _CENTER_KEY, _OTHER_KEY))
