"""What the canvas shows of a dialogue, as the JSON value that canvas.js draws.

It knows how regions look (colours, names, lines on a card); it does not know how they are found.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.data_classes import FileData
from PIL import Image

from demo.masks import Mask
from demo.pictures import Picture
from demo.regions import Origin, Region, RegionObject
from demo.session import Session, Turn
from demo.ui.desk import Desk
from demo.ui.drawn import drawn
from demo.ui.theme import tone

_PNG_PIXELS = 1_500_000
_SCRIPTS = (
    "canvas.js", "cards.js", "zoom.js", "cite.js", "tools.js", "look.js", "keys.js", "dialogue.js", "turns.js",
    "files.js",
)  # fmt: skip


def canvas(advice: str, **options: Any) -> gr.HTML:
    """The picture with its regions, the cards under it and the tools above it.

    ``advice`` is shown as long as there is no picture.
    """
    return drawn("canvas.html", *_SCRIPTS, value=scene(None), advice=advice, **options)


def save_for_browser(picture: Picture, folder: Path) -> Path:
    """The file the browser loads once: PNG for small pictures, else JPEG of the same size."""
    small = picture.size.width * picture.size.height <= _PNG_PIXELS
    path = folder / f"{picture.sha256}.{'png' if small else 'jpg'}"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        image = Image.fromarray(picture.pixels)
        image.save(path, compress_level=1) if small else image.save(path, quality=92)
    return path


def scene(
    desk: Desk | None, *, busy: str = "", provisional: Sequence[RegionObject] = ()
) -> dict[str, Any]:
    """The value of the canvas: the desk's picture and regions, and what the running turn adds."""
    if desk is None:
        return {"picture": None, "regions": [], "provisional": [], "busy": busy}
    picture, registry = desk.session.picture, desk.session.registry
    return {
        "picture": FileData(path=str(desk.shown)).model_dump(),
        "name": picture.name,
        "width": picture.size.width,
        "height": picture.size.height,
        "regions": [_region(r, desk.session) for r in registry if not r.hidden],
        "provisional": [_marks(o) for o in provisional],
        "tone": tone(registry.next_number),
        "busy": busy,
    }


def _region(region: Region, session: Session) -> dict[str, Any]:
    return {
        "id": region.id,
        "tone": tone(region.number),
        "title": region.label,
        "lines": _lines(region, session.turns),
        "objects": [{"id": o.id, **_marks(o)} for o in region.objects],
    }


def _marks(item: RegionObject) -> dict[str, Any]:
    return {
        "box": list(item.box.xyxy),
        "point": None if item.point is None else list(item.point.xy),
        "mask": None if item.mask is None else _outline(item.mask),
    }


@lru_cache(maxsize=512)
def _outline(mask: Mask) -> str:
    """The mask as an SVG path, simplified to what a screen can show of a large picture."""
    return mask.svg_path(max(0.6, max(mask.size.width, mask.size.height) / 1600))


def _lines(region: Region, turns: Sequence[Turn]) -> list[str]:
    """What a card says below the name."""
    qualities = [o.mask_quality for o in region.objects if o.mask_quality is not None]
    quality = [f"mask quality {min(qualities):.2f}"] if qualities else []
    return [_origin(region, turns), *quality]


def _origin(region: Region, turns: Sequence[Turn]) -> str:
    if region.origin is Origin.USER:
        return "drawn by you"
    number = next((i for i, t in enumerate(turns, start=1) if t.region == region.id), None)
    found = "found by the model" if number is None else f"from answer {number}"
    return f"{found}, corrected" if any(o.corrected for o in region.objects) else found
