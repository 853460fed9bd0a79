"""A picture with its regions drawn on it, by supervision, on a copy.

Colours are the page's own: the Okabe–Ito palette, which people with colour blindness can tell
apart, by the region's number.
"""

from __future__ import annotations

import cv2
import numpy as np
import supervision as sv
from numpy.typing import NDArray

from demo.errors import InputError
from demo.pictures import Picture
from demo.regions import RegionObject, Registry
from demo.session import Session

PALETTE = ("#0072B2", "#C14F00", "#007D5C", "#E69F00", "#A8417F", "#56B4E9", "#F0E442")


def colour_of(number: int) -> str:
    """The colour ``#RRGGBB`` of region R1, R2, …; it never changes while the region lives."""
    return PALETTE[(number - 1) % len(PALETTE)]


def draw_overlay(picture: Picture, session: Session) -> NDArray[np.uint8]:
    """The picture [H, W, 3] with the masks, boxes, points and names of all regions not hidden."""
    shown = [(r, o) for r in session.registry if not r.hidden for o in r.objects]
    scene = np.ascontiguousarray(picture.pixels[..., ::-1])
    if not shown:
        return np.ascontiguousarray(scene[..., ::-1])
    detections = _detections(session.registry, [o for _, o in shown], picture)
    palette = sv.ColorPalette.from_hex(list(PALETTE))
    thickness = sv.calculate_optimal_line_thickness((picture.size.width, picture.size.height))
    scale = sv.calculate_optimal_text_scale((picture.size.width, picture.size.height))
    names = [o.id if len(r.objects) > 1 else r.id for r, o in shown]
    scene = sv.MaskAnnotator(palette, opacity=0.35).annotate(scene, detections)
    scene = sv.BoxAnnotator(palette, thickness=thickness).annotate(scene, detections)
    scene = _points(scene, [o for _, o in shown], thickness)
    labels = sv.LabelAnnotator(palette, text_scale=scale, text_padding=4)
    scene = labels.annotate(scene, detections, labels=names)
    return np.ascontiguousarray(scene[..., ::-1])


def _detections(registry: Registry, objects: list[RegionObject], picture: Picture) -> sv.Detections:
    shape = picture.pixels.shape[:2]
    blank = np.zeros(shape, bool)
    return sv.Detections(
        xyxy=np.array([o.box.xyxy for o in objects], float),
        mask=np.stack([blank if o.mask is None else o.mask.to_array() for o in objects]),
        class_id=np.array([registry.region(o.id).number - 1 for o in objects]) % len(PALETTE),
    )


def _points(
    scene: NDArray[np.uint8], objects: list[RegionObject], thickness: int
) -> NDArray[np.uint8]:
    for point in (o.point for o in objects if o.point is not None):
        cv2.circle(scene, point.xy, 3 * thickness, (255, 255, 255), -1, cv2.LINE_AA)
        cv2.circle(scene, point.xy, 2 * thickness, (40, 40, 40), -1, cv2.LINE_AA)
    return scene


def overlay_png(picture: Picture, session: Session) -> bytes:
    """The same as a PNG file."""
    ok, encoded = cv2.imencode(".png", draw_overlay(picture, session)[..., ::-1])
    if not ok:
        raise InputError("This picture could not be written as a PNG file.")
    return encoded.tobytes()
