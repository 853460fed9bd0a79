"""The boxes and points in the text of an answer, read while it streams.

The normal form is ``[{"bbox_2d": [x1, y1, x2, y2], "point_2d": [x, y]}, …]`` in whole pixels of the model
frame, or that of a dialect, such as ``(x1,y1),(x2,y2)``. What can mean one thing only is read, and every
repair is noted by name; of the rest it is said what it is. No text raises an error, none is run, and every
character is looked at a bounded number of times.

It puts together what other files know: characters (`tokens.py`), brackets (`nesting.py`), the forms of a
box (`forms.py`), frames (`frames.py`) and words (`nothing.py`). This file does not know the tags around an
answer (`trace.py`), what was asked, or the picture.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace

from demo.answers.forms import (
    Form,
    forms_in,
    forms_in_text,
    forms_of,
    is_ascending,
    numbers_in,
)
from demo.answers.frames import (
    Fitted,
    are_fractions,
    fit_box,
    fit_point,
    may_be_fractions,
    may_be_thousandths,
)
from demo.answers.instead import is_blank, is_zero, what_instead
from demo.answers.keys import is_point_key
from demo.answers.nesting import Nesting
from demo.answers.nothing import says_nothing
from demo.answers.tokens import Tokens
from demo.answers.values import Fields, Number, Value
from demo.picture.crops import Part
from demo.picture.geometry import ModelBox, ModelPoint, PictureBox, PicturePoint, Size

# The repairs of an answer, each with the phrase that a person reads, in reading order.
REPAIRS = {
    "tags": "an <answer> tag was missing",
    "prose": "text around the list was skipped",
    "fence": "a Markdown fence was removed",
    "comments": "comments were skipped",
    "quotes": "quotes were corrected",
    "commas": "commas were corrected",
    "pairs": "round brackets were read as square ones",
    "json": "mistakes in the JSON were corrected",
    "lone": "a lone object was read as a list of one",
    "bare": "a bare list of numbers was read as a box",
    "nested": "boxes were taken out of a nested form",
    "keys": "other keys than bbox_2d and point_2d were accepted",
    "named": "four numbers under another name were read as a box",
    "sides": "sides with names were read as a box",
    "corners": "corners were read as a box",
    "size": "a corner and a size were read as a box",
    "outline": "an outline was read as the box around it",
    "words": "coordinates written as words were read as numbers",
    "strings": "numbers written as text were read as numbers",
    "units": "units behind numbers were left out",
    "scores": "what stood beside the numbers of a box was left out",
    "fractions": "fractions of the picture's sides were scaled to its pixels",
    "percent": "percentages of the picture's sides were scaled to its pixels",
    "swapped": "swapped corners were put in order",
    "point": "a point that could not be read was left out",
    "extra": "values that belong to no object were left out",
}


@dataclass(frozen=True, slots=True)
class TraceObject:
    """One object of the answer in the model frame; its box is inside the frame and not empty."""

    box: ModelBox
    point: ModelPoint | None = None

    @property
    def is_point_outside(self) -> bool:
        """Whether its point lies outside its box."""
        return self.point is not None and not self.point.is_inside(self.box)

    def in_picture(self, part: Part, frame: Size) -> tuple[PictureBox, PicturePoint | None]:
        """Its box and point in picture pixels; ``frame`` is that of the part that the answer is about."""
        point = None if self.point is None else part.point_to_picture(self.point, frame)
        return part.box_to_picture(self.box, frame), point


@dataclass(frozen=True, slots=True)
class Reading:
    """The content of one answer.

    ``repairs`` are keys of `REPAIRS`, ``cuts`` phrases about boxes and points that reached outside the
    frame, and ``dropped`` counts objects without a usable box; ``instead`` says what was there in place of
    boxes. ``is_empty``: it says that nothing matches, and ``is_worded`` that it does so in words. ``times``
    is how often the box that is written most often was written.
    """

    objects: tuple[TraceObject, ...]
    repairs: frozenset[str]
    cuts: tuple[str, ...] = ()
    dropped: int = 0
    instead: tuple[str, ...] = ()
    is_empty: bool = False
    is_worded: bool = False
    times: int = 0

    @property
    def is_readable(self) -> bool:
        return bool(self.objects) or self.is_empty


_MAX_INSTEAD = 10  # phrases kept
_WITHOUT_AREA = "without any area"
_IN_THOUSANDTHS = "numbers of this size may be thousandths of the picture's sides"


class AnswerReader:
    """Reads one answer chunk by chunk; where it is cut makes no difference.

    ``native`` are the keys of `REPAIRS` that count as no repair in the answer's dialect, with ``pairs``
    where boxes are written as ``(x1,y1),(x2,y2)``.
    """

    def __init__(self, frame: Size, native: frozenset[str] = frozenset()) -> None:
        self._frame, self._native = frame, native
        self._repairs: set[str] = set()
        self._nesting = Nesting(self, self._repairs)
        self._tokens = Tokens(self._nesting, self._repairs)
        # A form among the objects waits for the end, which tells in which frame it is.
        self._objects: list[TraceObject | Form] = []
        self._lists: list[tuple[str, list[Value]]] = []
        self._corners: list[list[Number]] = []
        self._cuts: list[str] = []
        self._beyond: list[ModelBox] = []
        self._instead: list[str] = []
        self._dropped = self._blank = self._lost = 0
        self._has_fractions = False

    @property
    def is_open(self) -> bool:
        """Whether a list or an object has begun but not ended."""
        return self._nesting.is_open

    @property
    def is_complete(self) -> bool:
        """Whether there is an answer, of objects or none, and nothing is open."""
        return not self.is_open and bool(self._objects or self._blank)

    def feed(self, text: str) -> list[TraceObject]:
        """The objects that these characters complete."""
        before = len(self._objects)
        self._tokens.feed(text)
        return [item for item in self._objects[before:] if isinstance(item, TraceObject)]

    # What the brackets hold.

    def take_object(self, fields: Fields, outside: str, *, is_closed: bool) -> bool:
        """Read an object as soon as it is complete (see `nesting.Listener`)."""
        forms = forms_of(fields)
        if sum(map(self._place, forms)):
            self._repairs |= {"lone"} if not outside else set()
            self._repairs |= {"nested"} if outside not in ("", "[") else set()
        if forms or self._read_strings([*fields.named.values(), *fields.loose]):
            return True
        if "{" not in outside:
            self._dropped += 1
            if is_closed and is_blank(fields):
                self._blank += 1
            else:
                self._lose(what_instead(fields))
        return False

    def take_rest(self, fields: Fields) -> None:
        """Note boxes beside those of the objects in an object."""
        self._repairs |= {"extra"} if forms_of(fields) else set()

    def take_list(self, name: str, values: list[Value], *, is_closed: bool) -> None:
        """Keep a list outside objects: it holds boxes only where there is no object."""
        if is_closed and is_blank(values):
            self._blank += 1
        if values:
            self._lists.append((name, values))

    def take_corners(self, numbers: list[Number]) -> None:
        """Read corners in round brackets, or keep them where that is not the normal form."""
        if len(numbers) == 2:
            self._repairs.add("prose")
            self._corners.append(numbers)
        elif "pairs" in self._native:
            self._place(Form(tuple(numbers)))
        else:
            self._lists.append(("", [*numbers]))

    def _read_strings(self, values: Sequence[Value]) -> bool:
        """Whether there are objects in values that are JSON written as text."""
        for text in values:
            if isinstance(text, str) and "{" in text:
                reader = AnswerReader(self._frame, self._native)
                reader.feed(text)
                reading = reader.finish(text)
                if reading.objects:
                    self._objects += reading.objects
                    self._cuts += reading.cuts
                    self._repairs |= reading.repairs | {"json"}
                    return True
        return False

    # Boxes in the frame.

    def _place(self, form: Form) -> bool:
        """Whether a form is a box in the frame, or may become one at the end; else it is said."""
        if is_zero(form.box):
            self._dropped += 1
            self._blank += 1
            if not is_blank(form.point):
                self._lose(what_instead(Fields({"point": form.point})))
            return False
        if self._is_undecided(form.box):
            self._objects.append(form)
            return True
        item = self._fit(form)
        if item is not None:
            self._objects.append(item)
        return item is not None

    def _is_undecided(self, box: Sequence[Number]) -> bool:
        """Whether it is ``[0, 0, 1, 1]``: one pixel, or in fractions the whole picture."""
        whole = may_be_fractions(box) and not are_fractions(box) and _has_area(box)
        return whole and not self._has_fractions

    def _fit(self, form: Form) -> TraceObject | None:
        fractions = are_fractions(form.box) or (self._has_fractions and may_be_fractions(form.box))
        fitted = fit_box(form.box, self._frame, fractions=fractions)
        if fitted is None or fitted.box is None:
            self._dropped += 1
            self._lose(
                self._why_no_box(fitted) or f"{what_instead([*form.box])} that are no coordinates"
            )
            return None
        self._has_fractions |= fractions
        self._repairs |= form.repairs | fitted.repairs
        if fitted.is_cut:
            self._note_cut("box", fitted.written.xyxy, fitted.box.xyxy)
            self._beyond.append(fitted.written)
        return TraceObject(fitted.box, self._fit_point(form.point, fitted.box, fractions=fractions))

    def _why_no_box(self, fitted: Fitted | None) -> str:
        if fitted is None:
            return ""
        box = fitted.written
        if not box.area:
            return f"the box {list(box.xyxy)} {_WITHOUT_AREA}"
        self._beyond.append(box)
        return f"the box {list(box.xyxy)} outside the frame"

    def _fit_point(self, value: Value, box: ModelBox, *, fractions: bool) -> ModelPoint | None:
        if value is None:
            return None
        found = numbers_in(value, 2)
        fitted = found and fit_point(found[0], self._frame, box, fractions=fractions)
        if not found or not fitted:
            self._repairs.add("point")
            return None
        self._repairs |= found[1] | fitted[1]
        point = fitted[0].clamped(self._frame)
        if point != fitted[0]:
            self._note_cut("point", fitted[0].xy, point.xy)
        return point

    def _note_cut(self, what: str, written: tuple[int, ...], fitted: tuple[int, ...]) -> None:
        self._cuts.append(f"the {what} {list(written)} became {list(fitted)}")

    def _lose(self, instead: str) -> None:
        self._lost += 1
        if instead and len(self._instead) < _MAX_INSTEAD:
            self._instead.append(instead)

    # The end.

    def finish(self, whole: str | None, *, is_tagged: bool = True) -> Reading:
        """What was read; to be called once.

        ``whole`` is everything that was fed, None when the answer was cut off: a list left open at the
        end of a whole answer is a mistake and is completed, else it is left out. ``is_tagged`` is False
        if a tag was missing.
        """
        if whole is not None:
            self._complete(whole)
            if self._says_nothing(whole):
                return Reading((), frozenset(), is_empty=True, is_worded=True)
        self._settle()
        self._read_bare(whole)
        self._settle()
        self._suspect_thousandths()
        objects = tuple(item for item in self._objects if isinstance(item, TraceObject))
        repairs = frozenset(self._repairs if is_tagged else self._repairs | {"tags"})
        return Reading(
            objects,
            repairs - self._native,
            tuple(self._cuts),
            self._dropped,
            tuple(self._instead),
            is_empty=bool(self._blank) and not (objects or self._lost),
        )

    def _complete(self, whole: str) -> None:
        self._tokens.feed("\n")
        self._nesting.end_all()
        if not self._repairs and not _is_json(whole):
            self._repairs.add("json")

    def _says_nothing(self, whole: str) -> bool:
        """Whether words say that nothing matches, with no more than a reference cited beside them."""
        if self._objects or self._dropped or self._blank or self._corners:
            return False
        return says_nothing(whole)

    def _settle(self) -> None:
        """Decide about the forms that wait: beside fractions they are fractions."""
        waiting, self._objects = self._objects, []
        for item in waiting:
            if isinstance(item, TraceObject):
                self._objects.append(item)
            elif not self._is_undecided(item.box):
                self._place(item)
            else:
                self._dropped += 1
                self._lose("the box [0, 0, 1, 1], which may be one pixel or the whole picture")

    def _read_bare(self, whole: str | None) -> None:
        """Lists outside objects; where there are none, numbers in a text."""
        if self._objects:
            self._repairs |= {"extra"} if self._lists else set()
            return
        for form in self._bare_forms():
            self._repairs |= {"bare"} if self._place(form) else set()
        if not (self._lists or self._dropped or self._blank):
            self._read_text(whole or "")
        if not self._objects:
            for numbers in self._corners:
                self._lose(what_instead(Fields({"point": [*numbers]})))

    def _read_text(self, text: str) -> None:
        for form in forms_in_text(text):
            self._repairs |= {"bare"} if self._place(form) else set()
        if not any(map(str.isalpha, text)):
            self._repairs -= {"prose", "commas"}  # it is nothing but numbers

    def _bare_forms(self) -> list[Form]:
        forms: list[Form] = []
        for name, values in self._lists:
            if found := [form for form in forms_in(values) if _is_certain(form)]:
                forms += found
            elif forms and forms[-1].point is None and is_point_key(name):
                forms[-1] = replace(forms[-1], point=values)
            elif not self._read_strings(values) and not is_blank(values):
                self._repairs.add("extra")
                self._lose(what_instead(values))
        return forms

    def _suspect_thousandths(self) -> None:
        """Say so where all that lies beyond the frame may be in thousandths; one cut alone says nothing."""
        max_careless = 1 if self._objects else 0
        beyond = [may_be_thousandths(box, self._frame) for box in self._beyond]
        if len(beyond) > max_careless and all(beyond):
            phrases = self._cuts or self._instead
            boxes = [at for at, phrase in enumerate(phrases) if _is_about_place(phrase)]
            for at in boxes[:1]:
                phrases[at] += f" ({_IN_THOUSANDTHS})"


def _is_about_place(phrase: str) -> bool:
    return phrase.startswith("the box") and not phrase.endswith(_WITHOUT_AREA)


def _is_certain(form: Form) -> bool:
    """Whether a bare form is a box: two pairs of numbers may be two points."""
    return "corners" not in form.repairs or is_ascending(form.box)


def _has_area(numbers: Sequence[Number]) -> bool:
    x1, y1, x2, y2 = (number.value for number in numbers)
    return x1 != x2 and y1 != y2


def _is_json(text: str) -> bool:
    try:
        # A whole number may be too long for int; "NaN" is not JSON, and int refuses it.
        json.loads(text, parse_int=float, parse_constant=int)
    except (ValueError, RecursionError):
        return False
    return True
