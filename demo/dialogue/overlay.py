"""A picture with its regions drawn on it, by OpenCV, on a copy.

The colours are those of the page: the Okabe–Ito palette, which people with colour blindness can tell
apart, in the order of region numbers.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from demo.dialogue.session import Session
from demo.errors import InputError
from demo.picture.palette import PALETTE
from demo.picture.picture import Picture
from demo.picture.regions import Region, RegionObject

_OPACITY = 0.35  # of masks
_PADDING = 4  # pixels round a name
_THICK_FROM = 1080  # pixels of the shorter side
_FONT = cv2.FONT_HERSHEY_SIMPLEX
_WHITE, _DARK = (255, 255, 255), (40, 40, 40)

Image = NDArray[np.uint8]
Colour = tuple[int, ...]


def draw_overlay(picture: Picture, session: Session) -> Image:
    """The picture [H, W, 3] with the masks, boxes, points and names of all visible regions."""
    shown = [(r, o) for r in session.registry if not r.hidden for o in r.objects]
    scene = picture.pixels.copy()
    shorter = min(picture.size.width, picture.size.height)
    thickness = 4 if shorter >= _THICK_FROM else 2
    for region, item in shown:
        _draw_mask(scene, item, _colour(region))
    for region, item in shown:
        x1, y1, x2, y2 = item.box.xyxy
        cv2.rectangle(scene, (x1, y1), (x2, y2), _colour(region), thickness)
    for _, item in shown:
        _draw_point(scene, item, thickness)
    for region, item in shown:
        name = item.id if len(region.objects) > 1 else region.id
        _draw_name(scene, name, item.box.xyxy[:2], _colour(region), shorter / 1000)
    return scene


def _colour(region: Region) -> Colour:
    return tuple(bytes.fromhex(PALETTE[(region.number - 1) % len(PALETTE)][1:]))


def _draw_mask(scene: Image, item: RegionObject, colour: Colour) -> None:
    """Draw one mask at a time: all masks of a picture of 50 megapixels would fill the memory."""
    if item.mask is not None and item.mask.area:
        inside = item.mask.to_array()
        under = scene[inside]
        over = np.full_like(under, colour)
        scene[inside] = cv2.addWeighted(over, _OPACITY, under, 1 - _OPACITY, 0)


def _draw_point(scene: Image, item: RegionObject, thickness: int) -> None:
    if item.point is not None:
        cv2.circle(scene, item.point.xy, 3 * thickness, _WHITE, -1, cv2.LINE_AA)
        cv2.circle(scene, item.point.xy, 2 * thickness, _DARK, -1, cv2.LINE_AA)


def _draw_name(
    scene: Image, name: str, corner: tuple[int, int], colour: Colour, scale: float
) -> None:
    """A name in white on its region's colour, above the box whose upper left ``corner`` is given."""
    (width, height), _ = cv2.getTextSize(name, _FONT, scale, 1)
    x, y = corner
    above = (x + width + 2 * _PADDING, y - height - 2 * _PADDING)
    cv2.rectangle(scene, corner, above, colour, -1)
    cv2.putText(scene, name, (x + _PADDING, y - _PADDING), _FONT, scale, _WHITE, 1, cv2.LINE_AA)


def overlay_png(picture: Picture, session: Session) -> bytes:
    """`draw_overlay` as a PNG file. Raises InputError when it cannot be encoded."""
    ok, encoded = cv2.imencode(".png", draw_overlay(picture, session)[..., ::-1])
    if not ok:
        raise InputError("This picture could not be written as a PNG file.")
    return encoded.tobytes()
