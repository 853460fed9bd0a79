"""What a person does to regions by hand: draw, click, correct, rename, hide, delete.

Every edit takes a dialogue and returns the next; this file knows sessions and the segmenter's protocol, no
page and no model. Where a segmenter fails, the box is kept and `EditResult.note` says so.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

from demo.dialogue.session import Session
from demo.errors import InputError, ModelError
from demo.language.labels import MAX_LABEL
from demo.picture.geometry import PictureBox, PicturePoint, Size
from demo.picture.picture import Picture
from demo.picture.regions import Click, Origin, Region, RegionObject
from demo.segmenters.base import MaskPrompt, Segment, Segmenter

MAX_CLICKS = 40  # on one object; more are a slip
_NOTHING_THERE = (
    "Nothing could be outlined there. Click on the thing itself, or draw a box around it."
)
_SAME_PLACE = 0.015  # of the picture's longer side
_RIM = 0.05  # of the box's longer side, around a click that lies outside it


@dataclass(frozen=True, slots=True)
class EditResult:
    """The dialogue after an edit, and a sentence where not all of it worked."""

    session: Session
    note: str = ""


@dataclass(frozen=True, slots=True)
class Shape:
    """A region to be added: its name and the boxes of its objects, in picture pixels."""

    label: str
    boxes: tuple[PictureBox, ...]


@dataclass(frozen=True, slots=True)
class Editor:
    """Makes the edits that need the picture, and the segmenter if there is one."""

    picture: Picture
    segmenter: Segmenter | None

    def draw_box(self, session: Session, box: PictureBox) -> EditResult:
        """Add a region around which a person drew a box."""
        drawn = RegionObject("", box.clamped(self.picture.size), by_hand=True)
        item, note = self._mask_in_box(drawn)
        return _add(session, item, note)

    def draw_shapes(self, session: Session, shapes: Iterable[Shape]) -> EditResult:
        """Add a region for each shape that a person copied from elsewhere, as one change."""
        registry, notes = session.registry, []
        for shape in shapes:
            drawn = [
                self._mask_in_box(RegionObject("", box.clamped(self.picture.size), by_hand=True))
                for box in shape.boxes
            ]
            notes += [note for _, note in drawn if note]
            items = [item for item, _ in drawn]
            registry, _ = registry.add(items, origin=Origin.USER, label=_tidy(shape.label))
        return EditResult(session.with_registry(registry), next(iter(notes), ""))

    def place(self, session: Session, point: PicturePoint) -> EditResult:
        """Add a region by one click on it. Raises InputError or ModelError when it cannot be outlined."""
        point = point.clamped(self.picture.size)
        item = RegionObject("", PictureBox(*point.xy, *point.xy), point)
        shaped = self._mask_of_clicks(item, (Click(point),))
        if shaped.point is None:  # a mask of something else: the click was on the background
            raise InputError(_NOTHING_THERE)
        return _add(session, shaped)

    def refine(self, session: Session, name: str, click: Click) -> EditResult:
        """Adjust mask and box of an object by one more click, on it or beside it.

        Raises UnknownRegionError, InputError or ModelError; then nothing has changed.
        """
        region, item = _find(session, name)
        size = self.picture.size
        clicks = _with_click(item, Click(click.point.clamped(size), click.positive), size)
        if len(clicks) > MAX_CLICKS:
            raise InputError(
                f"{name} has {MAX_CLICKS} clicks already. Draw a box around it instead."
            )
        return _change(session, region, self._mask_of_clicks(item, clicks))

    def correct(self, session: Session, name: str, box: PictureBox) -> EditResult:
        """Set the box of an object, as a person moved or resized it; clicks and a point outside it go.

        Raises UnknownRegionError.
        """
        region, item = _find(session, name)
        box = box.clamped(self.picture.size)
        inside = item.point if item.point is not None and item.point.is_inside(box) else None
        clicks = tuple(c for c in item.clicks if c.point.is_inside(box))
        hand_set = replace(item, box=box, point=inside, clicks=clicks, by_hand=True)
        changed, note = self._mask_in_box(hand_set)
        return _change(session, region, changed, note)

    def _mask_in_box(self, item: RegionObject) -> tuple[RegionObject, str]:
        """The object with a mask inside its box; where that fails without one, and the reason."""
        bare = replace(item, mask=None, mask_quality=None)
        if self.segmenter is None:
            return bare, ""
        try:
            (segment,) = self.segmenter.segment(
                self.picture, [MaskPrompt(item.box, item.point, item.clicks)]
            )
        except ModelError as error:
            return bare, f"There is no mask. {error}"
        mask = segment.mask.crop(item.box)
        if mask is None:
            return bare, "There is no mask. Nothing could be outlined in this box."
        return _with_segment(item, replace(segment, mask=mask)), ""

    def _mask_of_clicks(self, item: RegionObject, clicks: tuple[Click, ...]) -> RegionObject:
        """The object with the mask that the clicks ask for, and the bounding box of that.

        A box that a person set stays, and so does the mask in it; only a click on a part of the object
        outside the box makes it larger.
        """
        if self.segmenter is None:
            raise InputError("Clicks need masks, which are switched off. Draw a box instead.")
        by_clicks = not item.by_hand and item.point is not None and clicks[0] == Click(item.point)
        box = None if by_clicks else _widen(item.box, clicks, self.picture.size)
        point = None if by_clicks else item.point
        (segment,) = self.segmenter.segment(self.picture, [MaskPrompt(box, point, clicks)])
        mask = segment.mask if box is None or not item.by_hand else segment.mask.crop(box)
        extent = mask.bounding_box() if mask else None
        if mask is None or extent is None:
            raise InputError(_NOTHING_THERE)
        shaped = replace(item, box=span(item.box, extent) if item.by_hand else extent)
        if item.point is not None and not item.point.is_inside(shaped.box):
            shaped = replace(shaped, point=None)
        return _with_segment(replace(shaped, clicks=clicks), replace(segment, mask=mask))


def rename(session: Session, name: str, label: str) -> EditResult:
    """Give a region another label, of one line. Raises UnknownRegionError."""
    region = session.registry.region(name)
    return EditResult(session.with_region(replace(region, label=_tidy(label))))


def set_hidden(session: Session, name: str, hidden: bool) -> EditResult:
    """Hide a region, or show it again. Raises UnknownRegionError."""
    region = replace(session.registry.region(name), hidden=hidden)
    return EditResult(session.with_region(region))


def delete(session: Session, name: str) -> EditResult:
    """Delete a region, whose number is not given out again. Raises UnknownRegionError."""
    return EditResult(session.with_registry(session.registry.remove(name)))


def _tidy(label: str) -> str:
    return " ".join(label.split())[:MAX_LABEL].rstrip()


def _add(session: Session, item: RegionObject, note: str = "") -> EditResult:
    registry, _ = session.registry.add([item], origin=Origin.USER)
    return EditResult(session.with_registry(registry), note)


def _change(session: Session, region: Region, item: RegionObject, note: str = "") -> EditResult:
    """Replace an object of a region; only what the model found counts as "corrected"."""
    changed = replace(item, corrected=region.origin is Origin.MODEL)
    return EditResult(session.with_region(region.with_object(changed)), note)


def _find(session: Session, name: str) -> tuple[Region, RegionObject]:
    return session.registry.region(name), session.registry.objects(name)[0]


def _with_segment(item: RegionObject, segment: Segment) -> RegionObject:
    return replace(item, mask=segment.mask, mask_quality=segment.quality)


def _with_click(item: RegionObject, click: Click, size: Size) -> tuple[Click, ...]:
    """The object's clicks and one more, which undoes those of the other kind at the same place."""
    near = _SAME_PLACE * max(size.width, size.height)
    x, y = click.point.xy

    def stays(other: Click) -> bool:
        far = math.dist(other.point.xy, (x, y)) > near
        return far or other.positive is click.positive or other.point == item.point

    return (*filter(stays, item.clicks), click)


def span(box: PictureBox, other: PictureBox) -> PictureBox:
    """The smallest box around both."""
    return PictureBox(
        min(box.x1, other.x1), min(box.y1, other.y1), max(box.x2, other.x2), max(box.y2, other.y2)
    )


def _widen(box: PictureBox, clicks: Iterable[Click], size: Size) -> PictureBox:
    """The box, widened to contain the positive clicks."""
    rim = round(_RIM * max(box.width, box.height)) + 1
    outside = [c.point for c in clicks if c.positive and not c.point.is_inside(box)]
    xs = [*(p.x - rim for p in outside), *(p.x + rim for p in outside), box.x1, box.x2]
    ys = [*(p.y - rim for p in outside), *(p.y + rim for p in outside), box.y1, box.y2]
    return PictureBox(min(xs), min(ys), max(xs), max(ys)).clamped(size)
