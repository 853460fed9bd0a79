"""The parts that a model looks at in one answer: cut as its family cuts them, and in which pixels.

All geometry is exact (`picture.crops`); what differs between families is data (`dialects.looking`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

import numpy as np
from PIL import ImageDraw

from demo.answers.calls import LookCall
from demo.dialects.dialect import MAX_TOKENS, MIN_TOKENS, Dialect, fitted_size
from demo.dialects.looking import Back, Frame, Looking, Source
from demo.dialects.messages import MAIN, Shown
from demo.dialects.prompt import Prompt
from demo.errors import QuestionError
from demo.picture.colours import Pixels
from demo.picture.crops import Part, at_least, widened
from demo.picture.geometry import PictureBox, Size
from demo.picture.picture import Picture
from demo.picture.regions import Registry
from demo.picture.sizes import resized_part
from demo.reasoners.base import filter_of, picture_for

# Visual tokens of one part, for which memory is planned as for a picture, and of all parts of one answer;
# a part beyond that has as few as a small picture.
MAX_PART_TOKENS, MAX_LOOK_TOKENS = MAX_TOKENS, 3 * MAX_TOKENS
OUTSIDE = "the box lies outside the picture"
_AROUND, _MIN_ASKED = 1.25, 32  # of the sides of a part that a person asks about; pixels
# As P2R's second question has its marked boxes; the width of their lines is a share of the picture's.
_COLOURS = ("red", "green", "blue", "yellow", "orange", "purple", "cyan", "magenta")
_LINE = 0.003

_Span = tuple[Fraction, Fraction]


class Parts:
    """The picture, or the part of it that is asked about as the ``whole``, and the parts of that which were
    looked at, numbered from 0.

    ``is_cut``: the last one asked for reached outside the picture.
    """

    def __init__(
        self, picture: Picture, dialect: Dialect, looking: Looking, whole: Part | None = None
    ) -> None:
        self._picture, self._dialect, self._looking = picture, dialect, looking
        self.whole = whole or Part.whole(picture.size, dialect.view(picture.size).shown)
        self._parts, self.shown, self.is_cut = [self.whole], list[Shown](), False

    @property
    def frame(self) -> Size:
        """The frame of boxes in the whole picture."""
        frame = self._looking.frame
        return frame if isinstance(frame, Size) else self.whole.shown

    def add(self, part: Part) -> None:
        """Count a part as looked at."""
        self._parts.append(part)

    def show(self, part: Part, source: int | None = None) -> Shown:
        """Let the model see a part, cut from the picture or part of that number."""
        shown = self._pixels_of(part, source)
        self.shown.append(shown)
        return shown

    def around(self, box: PictureBox) -> Part | str:
        """The part round a box of picture pixels; a phrase that says why there is none."""
        return self._cut(_spans_of(box), self.whole)

    def called(self, call: LookCall) -> Part | str:
        """The part that a call asks for; a phrase that says why there is none."""
        source = self._source_of(call)
        if call.box is None or source is None:
            return call.why or "there is no such picture"
        frame = self._looking.frame
        if isinstance(frame, Frame):
            frame = Size(1, 1) if frame is Frame.UNIT else source.shown
        x1, y1, x2, y2 = map(_as_written, call.box)
        across = source.across(x1 / frame.width), source.across(x2 / frame.width)
        down = source.down(y1 / frame.height), source.down(y2 / frame.height)
        return self._cut((across, down), source)

    def _source_of(self, call: LookCall) -> Part | None:
        """The picture or part from which is cut; parts are numbered after the picture."""
        if self._looking.source in (Source.ORIGINAL, Source.SHOWN) or call.source is None:
            return self.whole
        at = call.source - self._looking.first_source
        return self._parts[at] if 0 <= at < len(self._parts) else None

    def _cut(self, spans: tuple[_Span, ...], source: Part) -> Part | str:
        """The part round these spans (across, down) in picture pixels, as the family cuts it."""
        cut, sides = self._looking.cut, (source.width, source.height)
        starts, steps = (source.x, source.y), self._steps(source)
        found: list[_Span] = []
        is_outside = False
        for (low, high), side, start, step in zip(spans, sides, starts, steps, strict=True):
            end = start + side
            if high <= start or low >= end:
                return OUTSIDE
            is_outside |= low < start or high > end
            min_side = cut.min_side * step
            if cut.refuses_small and min(high, end) - max(low, start) < min_side:
                return f"the box is smaller than {cut.min_side} pixels"
            high += cut.is_inclusive
            most = side if cut.max_margin is None else Fraction(cut.max_margin)
            margin = min(_as_written(cut.margin) * side, most)
            low, high = widened((low, high), cut.factor, margin)
            found.append(at_least((low, high), min_side, (start, end)))
        if is_outside and cut.refuses_outside:
            return OUTSIDE
        self.is_cut = is_outside
        return self._on_grid(found, source)

    @property
    def _is_original(self) -> bool:
        """Whether parts are cut from the picture's file, not from what was shown of it."""
        return self._looking.source in (Source.ORIGINAL, Source.NAMED)

    def _steps(self, source: Part) -> _Span:
        """The sides of a pixel of what is cut from, in picture pixels."""
        if self._is_original:
            return Fraction(1), Fraction(1)
        return source.width / source.shown.width, source.height / source.shown.height

    def _on_grid(self, spans: Sequence[_Span], source: Part) -> Part | str:
        """The part in whole pixels of the picture from which it is cut."""
        steps = self._steps(source)
        starts = (Fraction(0), Fraction(0)) if self._is_original else (source.x, source.y)
        edges: list[Fraction] = []
        for (low, high), step, start in zip(spans, steps, starts, strict=True):
            first = math.floor((low - start) / step)
            last = max(math.floor((high - start) / step), first + 1)
            edges += [start + first * step, (last - first) * step]
        x, width, y, height = edges
        if max(width, height) > self._looking.cut.max_ratio * min(width, height):
            return "the box is too long and thin"
        pixels = Size(max(round(width / steps[0]), 1), max(round(height / steps[1]), 1))
        part = Part(self._picture.size, x, y, width, height, pixels)
        return replace(part, shown=self._size_of(pixels))

    def _size_of(self, pixels: Size) -> Size:
        """The size in which a part of so many pixels is shown."""
        rule = self._looking.enlarge
        if self._looking.back is Back.APART:
            return self._dialect.view(pixels).shown
        whole = self._picture.size
        share = pixels.width * pixels.height / (whole.width * whole.height)
        factor = _factor_by_area(share) if rule.by_area else rule.factor
        grown = Size(max(round(pixels.width * factor), 1), max(round(pixels.height * factor), 1))
        seen = sum(part.shown.width * part.shown.height for part in self._parts[1:])
        left = max(MAX_LOOK_TOKENS * rule.token**2 - seen, MIN_TOKENS * rule.token**2)
        most = max(min(rule.max_pixels, MAX_PART_TOKENS * rule.token**2, left), rule.min_pixels)
        return fitted_size(grown, rule.token, rule.min_pixels, most)

    def _pixels_of(self, part: Part, source: int | None) -> Shown:
        """The pixels of a part: of the picture's file, or of what was shown."""
        how = self._looking.enlarge.how
        if self._is_original:
            return Shown(resized_part(self._picture.pixels, part.box, part.shown, how))
        at = 0 if source is None else source - self._looking.first_source
        named = at if self._looking.source is Source.NAMED_SHOWN else 0
        of, pixels = self._parts[named], self._shown_pixels(named)
        x1 = round((part.x - of.x) * of.shown.width / of.width)
        y1 = round((part.y - of.y) * of.shown.height / of.height)
        width = round(part.width * of.shown.width / of.width)
        height = round(part.height * of.shown.height / of.height)
        box = PictureBox(x1, y1, x1 + width, y1 + height)
        return Shown(resized_part(pixels, box.clamped(of.shown), part.shown, how))

    def _shown_pixels(self, number: int) -> Pixels:
        if number == 0:
            return np.asarray(picture_for(self._picture, self._dialect))
        return self.shown[number - 1].pixels

    def marked(self, boxes: Sequence[PictureBox]) -> Shown:
        """The picture as it is shown, with boxes of picture pixels."""
        shown = picture_for(self._picture, self._dialect)
        pen, whole = ImageDraw.Draw(shown), Size(*shown.size)
        width = max(3, int(_LINE * whole.width))
        for i, box in enumerate(boxes):
            drawn = self.whole.box_from_picture(box, whole)
            pen.rectangle(drawn.xyxy, outline=_COLOURS[i % len(_COLOURS)], width=width)
        return Shown(np.asarray(shown))


def about_part(prompt: Prompt, picture: Picture, part: Part, dialect: Dialect) -> Prompt:
    """A prompt about a part, which is shown in place of the whole picture."""
    shown = Shown(resized_part(picture.pixels, part.box, part.shown, filter_of(dialect)))
    messages = [
        replace(m, parts=tuple(shown if each is MAIN else each for each in m.parts))
        for m in prompt.conversation
    ]
    return replace(prompt, messages=tuple(messages))


def check_within(picture: Size, within: PictureBox) -> None:
    """Raises QuestionError for a part to look at that is not inside a picture of that size, or is empty."""
    if within.is_inside(picture):
        return
    what = "is not inside the picture, which has" if within.area else "is empty. The picture has"
    raise QuestionError(
        f"The part to look at {what} {picture.width:,} × {picture.height:,} pixels."
    )


def cut_within(picture: Size, within: PictureBox) -> PictureBox:
    """What of a part to look at is in a picture of that size. Raises QuestionError where nothing is."""
    if not within.intersection(PictureBox.whole(picture)):
        check_within(picture, within)
    return within.clamped(picture)


def part_to_ask(picture: Size, within: PictureBox, dialect: Dialect) -> Part:
    """The part that is shown to a model when a person asks about ``within``: a little more, for its edges.

    Raises QuestionError for a box that is not inside the picture.
    """
    check_within(picture, within)
    spans = _spans_of(within)
    sides = (picture.width, picture.height)
    edges = [
        at_least(widened(span, _AROUND, Fraction(0)), _MIN_ASKED, (Fraction(0), Fraction(side)))
        for span, side in zip(spans, sides, strict=True)
    ]
    (x1, x2), (y1, y2) = [(math.floor(low), math.ceil(high)) for low, high in edges]
    box = PictureBox(x1, y1, x2, y2).clamped(picture)
    return Part.of_box(box, picture, dialect.view(Size(box.width, box.height)).shown)


def check_in_part(part: Part, prompt: Prompt, registry: Registry) -> None:
    """Raises QuestionError where the prompt about a part refers to a region that is not in it."""
    for name in dict.fromkeys(given.name for given in prompt.given):
        if not any(o.box.intersection(part.box) for o in registry.objects(name)):
            raise QuestionError(
                f"{name} is not in the part that is looked at. Ask about the whole picture, or look at a "
                f"part with {name} in it."
            )


def _factor_by_area(share: float) -> float:
    """Two for small parts, one for half of the picture or more, a straight line between (VLM-R³)."""
    return min(max(2 - (share - 0.125) / 0.375, 1.0), 2.0)


def _as_written(number: float) -> Fraction:
    """A decimal as it was written: of 0.3 as a float, times 1000, the whole pixels are 299."""
    return Fraction(repr(number))


def _spans_of(box: PictureBox) -> tuple[_Span, _Span]:
    x1, y1, x2, y2 = map(Fraction, box.xyxy)
    return (x1, x2), (y1, y2)
