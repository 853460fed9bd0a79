"""A dialogue as one HTML page that opens anywhere, offline: it loads nothing and runs no script."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from PIL import Image

from demo.dialogue.session import Session, Turn
from demo.picture.palette import colour_of
from demo.picture.picture import Picture
from demo.picture.polygons import Ring, polygons_of
from demo.picture.regions import Region, RegionObject

_MAX_SIDE = 2400  # pixels of the picture in the page; its regions keep those of the picture
_MAX_PNG = 2_000_000  # bytes; a larger picture is a photograph, and stored as one
_PARTS = (("scene", "Scene"), ("focus", "Focus"), ("think", "Thought"))
_NOTHING = "answer.empty"


@dataclass(frozen=True, slots=True)
class Shape:
    """One object as the page draws it: an SVG path of its mask, and its box, in picture pixels."""

    path: str
    x: int
    y: int
    width: int
    height: int
    point: tuple[int, int] | None


@dataclass(frozen=True, slots=True)
class Shown:
    """A region as the page shows it."""

    name: str
    label: str
    colour: str
    shapes: tuple[Shape, ...]


@dataclass(frozen=True, slots=True)
class Round:
    """A question, what was answered, and what was noted about the answer."""

    question: str
    model: str
    region: Shown | None
    references: tuple[str, ...]
    outcome: str
    parts: tuple[tuple[str, str], ...]
    warnings: tuple[str, ...]


def dialogue_page(picture: Picture, session: Session) -> str:
    """The page, with all visible regions. Hidden ones are listed where they are an answer, not drawn."""
    shown = {region.id: _shown(region) for region in session.registry}
    visible = [shown[region.id] for region in session.registry if not region.hidden]
    answers = {turn.region for turn in session.turns}
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined
    )
    return environment.get_template("page.html").render(
        name=session.picture.name,
        models=" and ".join(session.answered_by),
        size=session.picture.size,
        image=_data_url(picture),
        regions=visible,
        rounds=[_round(session, turn, shown) for turn in session.turns],
        drawn=[region for region in visible if region.name not in answers],
    )


def _shown(region: Region) -> Shown:
    shapes = tuple(map(_shape, region.objects))
    return Shown(region.id, region.label, colour_of(region.number), shapes)


def _shape(item: RegionObject) -> Shape:
    box, parts = item.box, polygons_of(item.mask) if item.mask else ()
    rings = (ring for part in parts for ring in (part.outline, *part.holes))
    point = item.point.xy if item.point else None
    return Shape("".join(map(_path, rings)), box.x1, box.y1, box.width, box.height, point)


def _path(ring: Ring) -> str:
    return f"M{' '.join(f'{x:g} {y:g}' for x, y in ring)}Z"


def _round(session: Session, turn: Turn, shown: dict[str, Shown]) -> Round:
    region = shown.get(turn.region) if turn.region else None
    return Round(
        turn.question,
        session.reasoner_of(turn).name,
        region,
        turn.references,
        "" if region else _outcome(turn),
        tuple(_parts(turn)),
        tuple(finding.text for finding in turn.findings if finding.level == "warning"),
    )


def _outcome(turn: Turn) -> str:
    if turn.region:
        return f"{turn.region}, which was removed since."
    if any(finding.kind == _NOTHING for finding in turn.findings):
        return "Nothing in the picture matches."
    return turn.raw if not turn.trace.answer else "No region."


def _parts(turn: Turn) -> Iterator[tuple[str, str]]:
    for key, title in _PARTS:
        text = getattr(turn.trace, key)
        if text and text.strip():
            yield title, text.strip()


def _data_url(picture: Picture) -> str:
    image = Image.fromarray(picture.pixels)
    image.thumbnail((_MAX_SIDE, _MAX_SIDE), Image.Resampling.LANCZOS)
    file = io.BytesIO()
    image.save(file, "PNG", optimize=False)
    kind = "png"
    if file.tell() > _MAX_PNG:
        file, kind = io.BytesIO(), "jpeg"
        image.save(file, "JPEG", quality=90)
    return f"data:image/{kind};base64,{base64.b64encode(file.getvalue()).decode('ascii')}"
