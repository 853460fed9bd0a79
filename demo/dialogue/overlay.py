"""A picture with its regions drawn on it, by supervision, on a copy.

The colours are those of the page: the Okabe–Ito palette, which people with colour blindness can tell
apart, in the order of region numbers.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from demo.dialogue.session import Session
from demo.errors import InputError, ModelError
from demo.machine.effort import breathe
from demo.machine.packages import INSTALL
from demo.picture.palette import PALETTE, tone
from demo.picture.picture import Picture
from demo.picture.regions import Region, RegionObject

try:
    import supervision as sv
except ModuleNotFoundError as error:
    raise ModelError(
        f"Drawing regions on a picture needs supervision, not installed here: {INSTALL}"
    ) from error


_OPACITY = 0.35


def draw_overlay(picture: Picture, session: Session) -> NDArray[np.uint8]:
    """The picture [H, W, 3] with the masks, boxes, points and names of all visible regions."""
    shown = [(r, o) for r in session.registry if not r.hidden for o in r.objects]
    scene = np.ascontiguousarray(picture.pixels[..., ::-1])
    if not shown:
        return np.ascontiguousarray(scene[..., ::-1])
    size = (picture.size.width, picture.size.height)
    thickness = sv.calculate_optimal_line_thickness(size)
    palette = sv.ColorPalette.from_hex(list(PALETTE))
    for region, item in shown:
        _draw_mask(scene, region, item, palette)
    boxes = sv.Detections(
        xyxy=np.array([o.box.xyxy for _, o in shown], float),
        class_id=np.array([tone(r.number) - 1 for r, _ in shown]),
    )
    scene = sv.BoxAnnotator(palette, thickness=thickness).annotate(scene, boxes)
    scene = _draw_points(scene, [o for _, o in shown], thickness)
    labels = sv.LabelAnnotator(
        palette, text_scale=sv.calculate_optimal_text_scale(size), text_padding=4
    )
    names = [o.id if len(r.objects) > 1 else r.id for r, o in shown]
    scene = labels.annotate(scene, boxes, labels=names)
    return np.ascontiguousarray(scene[..., ::-1])


def _draw_mask(
    scene: NDArray[np.uint8], region: Region, item: RegionObject, palette: sv.ColorPalette
) -> None:
    """Draw one mask where it is: all masks of a picture of 50 megapixels would fill the memory."""
    breathe()
    around = item.mask.bounding_box() if item.mask else None
    if item.mask is None or around is None:
        return
    colour = palette.by_idx(tone(region.number) - 1).as_bgr()
    here = scene[around.y1 : around.y2, around.x1 : around.x2]
    flat = np.full_like(here, colour)
    tinted = cv2.addWeighted(flat, _OPACITY, here, 1 - _OPACITY, 0)
    cv2.copyTo(tinted, item.mask.to_array(around).view(np.uint8), here)


def _draw_points(
    scene: NDArray[np.uint8], objects: list[RegionObject], thickness: int
) -> NDArray[np.uint8]:
    for point in (o.point for o in objects if o.point is not None):
        cv2.circle(scene, point.xy, 3 * thickness, (255, 255, 255), -1, cv2.LINE_AA)
        cv2.circle(scene, point.xy, 2 * thickness, (40, 40, 40), -1, cv2.LINE_AA)
    return scene


def overlay_png(picture: Picture, session: Session) -> bytes:
    """`draw_overlay` as a PNG file. Raises InputError when it cannot be encoded."""
    ok, encoded = cv2.imencode(".png", draw_overlay(picture, session)[..., ::-1])
    if not ok:
        raise InputError("This picture could not be written as a PNG file.")
    return encoded.tobytes()
