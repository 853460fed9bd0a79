"""What an agent is shown of a picture: small enough to look at, at a scale that is told."""

from __future__ import annotations

import io
from collections.abc import Iterable
from dataclasses import dataclass

from PIL import Image

from demo.dialogue.edits import span
from demo.dialogue.session import Session
from demo.machine.effort import breathe
from demo.picture.colours import Pixels
from demo.picture.geometry import PictureBox
from demo.picture.picture import Picture
from demo.picture.regions import RegionObject

MAX_SIDE = 1_024  # pixels
_MAX_PNG = 600_000  # bytes; a photograph goes as JPEG
_QUALITY = 85


@dataclass(frozen=True, slots=True)
class Shown:
    """A picture file, and ``scale``, its pixels for each of the picture."""

    content: bytes
    mime: str
    scale: float


def picture_shown(picture: Picture) -> Shown:
    """The whole picture."""
    return _shown(picture.pixels)


def overlay_shown(picture: Picture, session: Session) -> Shown:
    """The picture with its regions drawn on it. Raises ModelError where a package is missing for that."""
    from demo.dialogue.overlay import draw_overlay  # its library takes long to import

    return _shown(draw_overlay(picture, session))


def region_shown(picture: Picture, objects: Iterable[RegionObject]) -> tuple[Shown, PictureBox]:
    """The part of the picture in which these objects lie, and which part that is."""
    first, *others = (item.box for item in objects)
    around = first
    for box in others:
        around = span(around, box)
    return _shown(picture.pixels[around.y1 : around.y2, around.x1 : around.x2]), around


def _shown(pixels: Pixels) -> Shown:
    breathe()
    image = Image.fromarray(pixels)
    scale = min(1.0, MAX_SIDE / max(image.size))
    if scale < 1:
        width, height = (max(1, round(side * scale)) for side in image.size)
        image = image.resize((width, height), Image.Resampling.LANCZOS)
    content = _written(image, "PNG")
    if len(content) > _MAX_PNG:
        return Shown(_written(image, "JPEG", quality=_QUALITY), "image/jpeg", scale)
    return Shown(content, "image/png", scale)


def _written(image: Image.Image, kind: str, **how: int) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **how)
    return file.getvalue()
