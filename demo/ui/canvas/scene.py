"""What the canvas shows of a dialogue, as the JSON value that canvas.js draws; scene.d.ts is its form.

It knows how regions look (colours, names, lines on a card); it does not know how they are found.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.data_classes import FileData
from PIL import Image

from demo.dialogue.outline_doubts import outline_doubt
from demo.dialogue.session import Look, Session, Turn
from demo.errors import StoreError, disk_fault
from demo.machine.effort import breathe
from demo.machine.kept import Kept
from demo.picture.masks import MAX_RUNS, Mask
from demo.picture.palette import tone
from demo.picture.picture import Picture
from demo.picture.regions import Origin, Region, RegionObject, Registry
from demo.segmenters.cut_out import CutOut
from demo.ui.canvas.asides import Aside
from demo.ui.shared.answers import serial
from demo.ui.shared.component import drawn
from demo.ui.shared.shown_picture import ShownPicture, shown_picture
from demo.ui.shared.text import place
from demo.ui.tab.workspace import Workspace

_PNG_PIXELS = 1_500_000
SCREEN = 1600  # pixels at a side, which outlines are made for
_MAX_FINE, _FEW_RUNS = 1_500_000, 100  # characters of outlines after which the others are coarse
_paths: Kept[str] = Kept(32_000_000, len)


def canvas(advice: str, **options: Any) -> gr.HTML:
    """The picture with its regions, the cards under it and the tools above it.

    ``advice`` is shown as long as there is no picture.
    """
    events = ("act", "turn", "closer", "missing", "cutout", "undo", "redo")
    return drawn("canvas/canvas", *events, value=scene(None), advice=advice, **options)


def save_for_browser(picture: Picture, folder: Path) -> ShownPicture:
    """The file the browser loads once: PNG for small pictures, else JPEG of the same size.

    It is there as a whole or not at all. Raises StoreError when the disk does not take it.
    """
    small = picture.size.width * picture.size.height <= _PNG_PIXELS

    def write(path: Path) -> None:
        image = Image.fromarray(picture.pixels)
        if small:
            image.save(path, "PNG", compress_level=1)
        else:
            image.save(path, "JPEG", quality=92)

    try:
        return shown_picture(folder, f"{picture.sha256}.{'png' if small else 'jpg'}", write)
    except OSError as error:
        raise StoreError(f"This picture cannot be shown: {disk_fault(error)}.") from error


def scene(workspace: Workspace | None, *, all_outlines: bool = False) -> dict[str, Any]:
    """The value of the canvas: the workspace's picture, dialogues and regions, at rest.

    Outlines that the browser has already are left out, unless it asks for all.
    """
    if workspace is None:
        return {**_EMPTY, "serial": serial()}
    picture, registry = workspace.session.picture, workspace.session.registry
    asides = workspace.asides_by_turn
    beside = (o for several in asides.values() for aside in several for o in aside.objects)
    known = frozenset[str]() if all_outlines else workspace.outlined
    return {
        **_EMPTY,
        "picture": FileData(path=str(workspace.picture_file)).model_dump(),
        "name": picture.name,
        "width": picture.size.width,
        "height": picture.size.height,
        "regions": [_region(r, workspace) for r in registry],
        "outlines": _outlines(chain(_objects(registry), beside), known),
        "asides": {str(n): [_aside(a) for a in several] for n, several in asides.items()},
        "tone": tone(registry.next_number),
        "next": f"R{registry.next_number}",
        "within": within_value(workspace),
        "turns": len(workspace.session.turns),
        "authors": [workspace.session.reasoner_of(t).name for t in workspace.session.turns],
        "dialogues": [
            {"name": f"Dialogue {i}", "turns": len(s.turns)}
            for i, s in enumerate(workspace.dialogues, start=1)
        ],
        "dialogue": [s.id for s in workspace.dialogues].index(workspace.session.id),
        "kept": workspace.saved_id,
        "serial": serial(),
    }


def cut_out_value(ticket: int, cut: CutOut | None) -> dict[str, Any]:
    """A cut-out for the browser that asked for it under that number: its box, and a PNG with its alpha.

    Without a cut-out it learns that there is none; all else of the canvas stays as it was.
    """
    if cut is None:
        return {"cut_out": {"ticket": ticket, "box": None, "edge": ""}}
    image = Image.new("L", cut.alpha.shape[::-1])
    image = Image.merge("LA", (image, Image.fromarray(cut.alpha)))
    written = io.BytesIO()
    image.save(written, "PNG", compress_level=4)
    edge = f"data:image/png;base64,{base64.b64encode(written.getvalue()).decode('ascii')}"
    return {"cut_out": {"ticket": ticket, "box": list(cut.box.xyxy), "edge": edge}}


def running(doing: str, found: Sequence[RegionObject], look: Look | None = None) -> dict[str, Any]:
    """What a running turn changes of the value; ``look`` is the one under way. All else stays as it was."""
    part = None if look is None else list(look.box.xyxy)
    return {"busy": doing, "provisional": [_marks(o) for o in found], "look": part}


_EMPTY: dict[str, Any] = {
    "picture": None,
    "name": "",
    "width": 0,
    "height": 0,
    "regions": [],
    "outlines": {},
    "asides": {},
    "provisional": [],
    "busy": "",
    "asked": "",
    "look": None,
    "within": None,
    "tone": 1,
    "next": "R1",
    "turns": 0,
    "authors": [],
    "dialogues": [],
    "dialogue": 0,
    "kept": None,
    "said": "",
    "alarm": "",
    "cut_out": None,
}


def within_value(workspace: Workspace) -> dict[str, Any] | None:
    """The part that the next question is about, for the browser."""
    within = workspace.within
    return None if within is None else {"box": list(within.box.xyxy), "name": within.name}


def _objects(registry: Registry) -> Iterator[RegionObject]:
    return (o for region in registry for o in region.objects)


def _outlines(objects: Iterable[RegionObject], known: Collection[str]) -> dict[str, str]:
    """The outlines that are not known, by key; the more they are, the coarser the last ones."""
    outlines: dict[str, str] = {}
    written = 0
    for mask in (o.mask for o in objects if o.mask is not None):
        key = mask.digest
        if key in known or key in outlines:
            continue
        breathe()
        outlines[key] = _outline(mask, key, MAX_RUNS if written < _MAX_FINE else _FEW_RUNS)
        written += len(outlines[key])
    return outlines


def _aside(aside: Aside) -> dict[str, Any]:
    marks = [{name: _marks(o)[name] for name in ("box", "mask")} for o in aside.objects]
    return {"name": aside.name, "kind": aside.kind.value, "objects": marks}


def _region(region: Region, workspace: Workspace) -> dict[str, Any]:
    breathe()
    session, picture = workspace.session, workspace.picture
    qualities = [o.mask_quality for o in region.objects if o.mask_quality is not None]
    quality, turn = min(qualities, default=None), _turn(region, session.turns)
    unsure = _is_unsure(region, turn, session)
    return {
        "id": region.id,
        "tone": tone(region.number),
        "title": region.label,
        "origin": region.origin.value,
        "turn": turn,
        "hidden": region.hidden,
        "corrected": region.corrected,
        "unsure": unsure,
        "quality": quality,
        "lines": _lines(region, turn, quality, unsure=unsure),
        "earlier": _is_earlier(region, turn, session),
        "objects": [
            {
                "id": o.id,
                "corrected": o.corrected,
                "where": place(o.box, session.picture.size),
                "doubt": outline_doubt(o, picture),
                **_marks(o),
            }
            for o in region.objects
        ],
    }


def _marks(item: RegionObject) -> dict[str, Any]:
    return {
        "box": list(item.box.xyxy),
        "point": None if item.point is None else list(item.point.xy),
        "mask": None if item.mask is None else item.mask.digest,
        "clicks": [[*c.point.xy, int(c.positive)] for c in item.clicks],
    }


def _outline(mask: Mask, key: str, max_runs: int) -> str:
    """The outline as an SVG path, simplified to what a screen can show of a large picture."""
    tolerance = max(0.6, max(mask.size.width, mask.size.height) / SCREEN)
    return _paths.get(f"{key} {max_runs}", lambda: mask.svg_path(tolerance, SCREEN, max_runs))


def _turn(region: Region, turns: Sequence[Turn]) -> int | None:
    """Which answer (1, 2, …) made a region, or after how many of them it was drawn."""
    if region.origin is Origin.USER:
        return sum(t.next_region is not None and t.next_region <= region.number for t in turns)
    return next((i for i, t in enumerate(turns, start=1) if t.region == region.id), None)


def _is_earlier(region: Region, turn: int | None, session: Session) -> bool:
    """Whether a later answer has a region, and it is another one."""
    newest = next((n for n in range(len(session.turns), 0, -1) if session.turn(n).region), 0)
    return turn is not None and turn < newest and session.turn(newest).region != region.id


def _is_unsure(region: Region, turn: int | None, session: Session) -> bool:
    """Whether it comes of a guess, and no person has put it right."""
    by_model = region.origin is Origin.MODEL and not region.corrected
    return by_model and turn is not None and session.turn(turn).is_guess


def _lines(region: Region, turn: int | None, quality: float | None, *, unsure: bool) -> list[str]:
    """What a card says below the name."""
    measured = [] if quality is None or unsure else [f"mask quality {quality:.2f}"]
    return [_origin(region, turn, unsure=unsure), *measured]


def _origin(region: Region, turn: int | None, *, unsure: bool) -> str:
    if region.origin is Origin.USER:
        return "drawn by you"
    if unsure:
        return f"a guess, answer {turn}"
    found = "found by the model" if turn is None else f"from answer {turn}"
    return f"{found}, corrected" if region.corrected else found
