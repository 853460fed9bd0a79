"""An answer in which the model looks closer: the one loop that serves every family that does.

The model writes, calls for a part of the picture, is shown it, and goes on. How a call is read, what is
cut and where the part is handed back are data (`dialects.looking`); this file follows them, within bounds
on the number of looks and on their size. A part that a person asks about goes the same way without a call.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction

import numpy as np
from PIL import ImageDraw

from demo.answers.calls import LookCall, read_call
from demo.answers.citations import XYXY, find_citations
from demo.answers.finding import Finding
from demo.answers.trace import parse_trace
from demo.dialects.dialect import Dialect, fitted_size
from demo.dialects.looking import Back, Call, Frame, Looking, Source
from demo.dialects.messages import MAIN, Message, Shown
from demo.dialects.messages import Part as Content
from demo.dialects.prompt import Prompt
from demo.dialogue.session import Look
from demo.errors import ModelError
from demo.language.references import Resolved
from demo.picture.crops import Part, Pixels, at_least, cut_out, widened
from demo.picture.geometry import PictureBox, Size
from demo.picture.picture import Picture
from demo.reasoners.base import Reasoner, Usage, picture_for

MAX_LOOK_PIXELS = (
    4096 * 28**2
)  # of all parts of one answer together, in the size in which they are shown
_MAX_WHOLE_PIXELS = 1024 * 28**2
_PAUSES = 24  # how often an answer may stop without a call
SAME = 0.9  # the IoU above which two looks are at the same part
_COLOURS = ("red", "green", "blue", "orange", "purple", "cyan", "magenta", "yellow")
_LINE = 0.003  # the width of a marked box, as a share of the picture's
_BETWEEN = {"<scene>": "", "</scene>": "", "<focus>": "", "</focus>": "", "<think>": ""}


@dataclass(frozen=True, slots=True)
class LookBegun:
    """The model is about to see a part; ``number`` counts the looks of a turn from 0."""

    look: Look
    number: int


@dataclass(frozen=True, slots=True)
class LookEnded:
    """The model has seen the part and goes on, or has answered about it."""

    number: int


Written = str | Usage | LookBegun | LookEnded
_Back = tuple[Content, ...]


@dataclass(slots=True)
class Looks:
    """One answer with looks, while it is written.

    ``ask`` gives the prompt of the same question about a part by itself. Afterwards ``looks`` and
    ``findings`` tell what was looked at, ``answered_in`` is the part in whose frame the boxes of the answer
    are (None for the whole picture), and ``evidence`` are boxes that the model named before it answered.
    """

    reasoner: Reasoner
    picture: Picture
    prompt: Prompt
    dialect: Dialect
    ask: Callable[[Part, Dialect], tuple[Resolved, Prompt]]
    cancel: threading.Event
    max_looks: int | None = None
    looks: list[Look] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    answered_in: Part | None = None
    evidence: list[PictureBox] = field(default_factory=list)
    _parts: list[Part] = field(default_factory=list)
    _shown: list[Shown] = field(default_factory=list)
    _asked_apart: list[Prompt] = field(default_factory=list)
    _calls: list[str] = field(default_factory=list)
    _usage: Usage = field(default_factory=Usage)

    @property
    def looking(self) -> Looking:
        """How the family looks."""
        assert self.dialect.looking is not None
        return self.dialect.looking

    @property
    def most(self) -> int:
        """How many looks there may be."""
        most = self.looking.most
        return most if self.max_looks is None else min(most, self.max_looks)

    @property
    def cited(self) -> set[XYXY]:
        """The boxes that its text may mention besides those of the question: its calls, and the references
        in the frames of its parts.
        """
        calls = {c.box for call in self._calls for c in find_citations(call)}
        return calls | {g.model_box.xyxy for prompt in self._asked_apart for g in prompt.given}

    def write(self) -> Iterator[Written]:
        """The answer's text in pieces, with its looks in between, and at the end the token counts."""
        if self.dialect.looking is None:
            yield from self.reasoner.stream(self.picture, self.prompt, self.cancel)
            return
        whole = self.dialect.view(self.picture.size).shown
        self._parts.append(Part.whole(self.picture.size, whole))
        write = self._in_two_calls if self.looking.back is Back.AFRESH else self._in_turns
        yield from write()
        yield self._usage

    def write_about(self, part: Part) -> Iterator[Written]:
        """The answer about a part that a person chose, which the prompt is about."""
        look = Look(part.box, part.shown, is_answered=True)
        self.looks.append(look)
        yield LookBegun(look, 0)
        yield from self.reasoner.stream(picture_of(self.picture, part), self.prompt, self.cancel)
        yield LookEnded(0)

    # The model asks while it writes.

    def _in_turns(self) -> Iterator[Written]:
        messages, said = list(self.prompt.conversation), list[Content]()
        for _ in range(_PAUSES + self.most):
            open_now = [Message("assistant", tuple(said), is_open=True)] if said else []
            text, stop = yield from self._ask((*messages, *open_now))
            piece = text + self._put_back(text, stop)
            if piece != text:
                yield piece[len(text) :]
            said = _joined(said, piece)
            call = None if self.cancel.is_set() else self._call_in(piece, stop)
            if call is None:
                if self._is_over(stop, piece):
                    return
                continue
            self._calls.append(call.text)
            back = yield from self._follow(call)
            if back is None or self.cancel.is_set():
                return
            if self.looking.back in (Back.ANSWER, Back.APART):
                told = "".join(part for part in back if isinstance(part, str))
                if told:
                    yield told
                said = _joined(said, *back)
            else:
                role = "tool" if self.looking.back is Back.TOOL else "user"
                messages += [Message("assistant", tuple(said)), Message(role, back)]
                said = []

    def _ask(self, messages: Sequence[Message]) -> Generator[Written, None, tuple[str, str]]:
        """Let the model write; returns its text and the string at which it stopped."""
        prompt = replace(self.prompt, messages=tuple(messages))
        until, pause, pieces = _Until(self.cancel), _Pause(self.looking.stops), list[str]()
        for piece in self.reasoner.stream(self.picture, prompt, until):
            if isinstance(piece, Usage):
                self._count(piece)
            elif not pause.stop and (text := pause.take(piece)):
                pieces.append(text)
                yield text
            until.is_enough = bool(pause.stop)
        if rest := pause.rest():
            pieces.append(rest)
            yield rest
        return "".join(pieces), pause.stop

    def _put_back(self, text: str, stop: str) -> str:
        """What belongs to the text of the string at which it stopped."""
        if not stop or self.looking.call is not Call.BARE:
            return stop
        if stop == "</answer>":
            return f"{stop}\n"
        fence = "```\n" if text.rfind("```json") > text.rfind("```\n") else ""
        return f"{stop}\n{fence}"

    def _call_in(self, piece: str, stop: str) -> LookCall | None:
        if stop == "</answer>" or "</answer>" in piece:
            return None
        if self.looking.call is Call.BARE and not stop:
            return None  # the text came to its end
        return read_call(piece, self.looking.call)

    def _is_over(self, stop: str, piece: str) -> bool:
        """Whether nothing more comes; a stop that belonged to no call is only a pause."""
        paused = stop and stop != "</answer>" and bool(piece)
        return not paused or self.cancel.is_set()

    def _follow(self, call: LookCall) -> Generator[Written, None, _Back | None]:
        """Look at what a call asks for; returns what is handed back, None where the answer is complete."""
        if len(self.looks) >= self.most:
            self._note_limit()
            return (self.looking.refused,) if self.looking.back is Back.APART else None
        part = self._part_of(call)
        if isinstance(part, str):
            self._note_unreadable(call, part)
            return self._filled(self.looking.refused, error=part)
        look = Look(part.box, part.shown, call.text)
        number = self._add(look, part)
        yield LookBegun(look, number)
        if self.looking.back is Back.APART:
            is_there = yield from self._ask_apart(part, number)
            yield LookEnded(number)
            if is_there:
                return None
            return (self.looking.told,)
        shown = self._pixels_of(part, call.source)
        self._shown.append(shown)
        yield LookEnded(number)
        return self._filled(
            self.looking.told,
            shown,
            number=len(self.looks),
            width=part.shown.width,
            height=part.shown.height,
        )

    def _ask_apart(self, part: Part, number: int) -> Generator[Written, None, bool]:
        """The same question about a part alone; returns whether something was found.

        Its thoughts belong to the thought that asked for it, so its tags are left out, and its answer is
        written only where it is the turn's.
        """
        dialect = replace(self.dialect, looking=None)
        _, prompt = self.ask(part, dialect)
        self._asked_apart.append(prompt)
        picture = picture_of(self.picture, part)
        woven, text = _Woven(), list[str]()
        for piece in self.reasoner.stream(picture, prompt, self.cancel):
            if isinstance(piece, Usage):
                self._count(piece)
                continue
            text.append(piece)
            if said := woven.take(piece):
                yield said
        trace = parse_trace("".join(text), dialect.view(picture.size).frame, dialect)
        if not trace.objects:
            return False
        self.looks[number] = replace(self.looks[number], is_answered=True)
        self.answered_in = part
        yield f"{woven.rest()}</think>\n<answer>{trace.text.answer}</answer>"
        return True

    # The model names what matters first, and then answers.

    def _in_two_calls(self) -> Iterator[Written]:
        if self.most:
            text, _ = yield from self._ask(self.prompt.conversation)
            frame = self.looking.frame
            assert isinstance(frame, Size | Frame)
            size = frame if isinstance(frame, Size) else self._parts[0].shown
            self._calls.append(text)
            named = parse_trace(text, size, replace(self.dialect, looking=None, parts=())).objects
            self.evidence = [self._parts[0].box_to_picture(o.box, size) for o in named]
            if self.cancel.is_set():
                return
            for box in self.evidence[: self.most]:
                part = self._cut(_spans_of(box), self._parts[0])
                if isinstance(part, str):
                    continue
                look = Look(part.box, part.shown)
                number = self._add(look, part)
                yield LookBegun(look, number)
                self._shown.append(self._pixels_of(part, None))
                yield LookEnded(number)
            yield "\n\n"
        told = self.looking.told if self._shown else self.looking.refused
        question = told.replace("{question}", self.prompt.question)
        pictures = (self._marked(), *self._shown) if self._shown else (MAIN,)
        yield from self._ask((*self._system(), Message("user", (*pictures, question))))

    def _marked(self) -> Shown:
        """The picture as it is shown, with the boxes of what matters."""
        shown = picture_for(self.picture, self.dialect).copy()
        pen, whole = ImageDraw.Draw(shown), Size(*shown.size)
        width = max(3, round(_LINE * whole.width))
        for i, box in enumerate(self.evidence):
            drawn = self._parts[0].box_from_picture(box, whole)
            pen.rectangle(drawn.xyxy, outline=_COLOURS[i % len(_COLOURS)], width=width)
        return Shown(np.asarray(shown))

    def _system(self) -> tuple[Message, ...]:
        return tuple(m for m in self.prompt.conversation if m.role == "system")

    # Which part, and its pixels.

    def _part_of(self, call: LookCall) -> Part | str:
        """The part that a call asks for; a phrase that says why there is none."""
        source = self._source_of(call)
        if call.box is None or source is None:
            return call.why or "there is no such picture"
        unit = {Frame.SHOWN: source.shown, Frame.UNIT: Size(1, 1)}
        frame = (
            unit[self.looking.frame]
            if isinstance(self.looking.frame, Frame)
            else self.looking.frame
        )
        x1, y1, x2, y2 = map(Fraction, call.box)
        across = source.across(x1 / frame.width), source.across(x2 / frame.width)
        down = source.down(y1 / frame.height), source.down(y2 / frame.height)
        return self._cut((across, down), source)

    def _source_of(self, call: LookCall) -> Part | None:
        """The picture or part from which is cut; parts are numbered after the picture."""
        if self.looking.source in (Source.ORIGINAL, Source.SHOWN) or call.source is None:
            return self._parts[0]
        at = call.source - self.looking.first_source
        return self._parts[at] if 0 <= at < len(self._parts) else None

    def _cut(self, spans: tuple[tuple[Fraction, Fraction], ...], source: Part) -> Part | str:
        """The part round these spans (across, down) in picture pixels, as the family cuts it."""
        cut, sides = self.looking.cut, (source.width, source.height)
        starts = (source.x, source.y)
        found: list[tuple[Fraction, Fraction]] = []
        is_outside = False
        for (low, high), side, start in zip(spans, sides, starts, strict=True):
            if high <= start or low >= start + side:
                self._note_outside("lay outside the picture and was refused")
                return "the box lies outside the picture"
            is_outside |= low < start or high > start + side
            high += cut.is_inclusive
            most = side if cut.max_margin is None else Fraction(cut.max_margin)
            margin = min(Fraction(cut.margin) * side, most)
            low, high = widened((low, high), cut.factor, margin)
            low, high = max(low, start), min(high, start + side)
            found.append(at_least((low, high), cut.min_side, (start, start + side)))
        if is_outside:
            self._note_outside("reached outside the picture and was cut to it")
        return self._on_grid(found, source)

    def _on_grid(self, spans: Sequence[tuple[Fraction, Fraction]], source: Part) -> Part | str:
        """The part in whole pixels of the picture from which it is cut."""
        is_original = self.looking.source in (Source.ORIGINAL, Source.NAMED)
        steps = (
            (Fraction(1), Fraction(1))
            if is_original
            else (source.width / source.shown.width, source.height / source.shown.height)
        )
        starts = (Fraction(0), Fraction(0)) if is_original else (source.x, source.y)
        edges: list[Fraction] = []
        for (low, high), step, start in zip(spans, steps, starts, strict=True):
            first = math.floor((low - start) / step)
            end = math.floor if self.looking.cut.is_inclusive else math.ceil
            last = max(end((high - start) / step), first + 1)
            edges += [start + first * step, (last - first) * step]
        x, width, y, height = edges
        if max(width, height) > self.looking.cut.max_ratio * min(width, height):
            return "the box is too long and thin"
        pixels = Size(max(round(width / steps[0]), 1), max(round(height / steps[1]), 1))
        part = Part(self.picture.size, x, y, width, height, pixels)
        return replace(part, shown=self._size_of(pixels))

    def _size_of(self, pixels: Size) -> Size:
        """The size in which a part of so many pixels is shown."""
        rule = self.looking.enlarge
        if self.looking.back is Back.APART:
            return self.dialect.view(pixels).shown
        whole = self.picture.size
        share = pixels.width * pixels.height / (whole.width * whole.height)
        factor = _factor_by_area(share) if rule.by_area else rule.factor
        grown = Size(max(round(pixels.width * factor), 1), max(round(pixels.height * factor), 1))
        left = MAX_LOOK_PIXELS - sum(p.shown.width * p.shown.height for p in self._parts[1:])
        most = max(min(rule.max_pixels, _MAX_WHOLE_PIXELS, left), rule.min_pixels)
        return fitted_size(grown, rule.token, rule.min_pixels, most)

    def _pixels_of(self, part: Part, source: int | None) -> Shown:
        """The pixels of a part: of the picture's file, or of what was shown."""
        if self.looking.source in (Source.ORIGINAL, Source.NAMED):
            return Shown(cut_out(self.picture.pixels, part.box, part.shown))
        at = 0 if source is None else source - self.looking.first_source
        named = at if self.looking.source is Source.NAMED_SHOWN else 0
        of, pixels = self._parts[named], self._shown_pixels(named)
        x1 = round((part.x - of.x) * of.shown.width / of.width)
        y1 = round((part.y - of.y) * of.shown.height / of.height)
        width = round(part.width * of.shown.width / of.width)
        height = round(part.height * of.shown.height / of.height)
        box = PictureBox(x1, y1, x1 + width, y1 + height)
        return Shown(cut_out(pixels, box.clamped(of.shown), part.shown))

    def _shown_pixels(self, number: int) -> Pixels:
        if number == 0:
            return np.asarray(picture_for(self.picture, self.dialect))
        return self._shown[number - 1].pixels

    def _filled(self, told: str, shown: Shown | None = None, **values: object) -> _Back:
        """A text with the part, the whole picture and values in their places."""
        for name, value in values.items():
            told = told.replace(f"{{{name}}}", str(value))
        place, picture = ("{whole}", MAIN) if shown is None else ("{part}", shown)
        before, found, after = told.partition(place)
        content: tuple[Content, ...] = (before, picture, after) if found else (told,)
        return tuple(each for each in content if each != "")

    # What is worth knowing.

    def _add(self, look: Look, part: Part) -> int:
        if any(look.box.iou(other.box) >= SAME for other in self.looks):
            self._note("look.repeated", "It looked at the same part twice.")
        self.looks.append(look)
        self._parts.append(part)
        return len(self.looks) - 1

    def _note_outside(self, what: str) -> None:
        self._note("look.outside", f"A look {what}.")

    def _note_unreadable(self, call: LookCall, why: str) -> None:
        if call.box is None:
            self._note("look.unreadable", f"A look could not be read: {why}.")

    def _note_limit(self) -> None:
        times = "once" if self.most == 1 else f"{self.most} times"
        limit = "It may not look closer here" if not self.most else f"It may look {times} at most"
        self._note("look.limit", f"{limit}, and wanted to once more.")

    def _note(self, kind: str, text: str) -> None:
        finding = Finding(kind, "note", text)
        if finding not in self.findings:
            self.findings.append(finding)

    def _count(self, usage: Usage) -> None:
        """Add the counts of one more call; the tokens of a prompt are those of the longest."""
        before = self._usage
        self._usage = Usage(
            _both(max, before.prompt_tokens, usage.prompt_tokens),
            _both(lambda a, b: a + b, before.new_tokens, usage.new_tokens),
            _both(max, before.reused_tokens, usage.reused_tokens),
            usage.decoding or before.decoding,
        )


def picture_of(picture: Picture, part: Part) -> Picture:
    """A part as a picture of its own, in the pixels of the file."""
    box = part.box
    pixels = np.ascontiguousarray(picture.pixels[box.y1 : box.y2, box.x1 : box.x2])
    pixels.flags.writeable = False
    return Picture(picture.name, pixels, Shown(pixels).digest)


def part_to_ask(picture: Size, within: PictureBox, dialect: Dialect) -> Part:
    """The part that is shown to a model when a person asks about ``within``: a little more, for its edges.

    Raises ModelError for a box outside the picture.
    """
    if not within.is_inside(picture):
        raise ModelError("The part to look at lies outside the picture.")
    spans = _spans_of(within)
    sides = (picture.width, picture.height)
    edges = [
        at_least(
            _clamped(widened(span, _AROUND, Fraction(0)), side),
            _MIN_ASKED,
            (Fraction(0), Fraction(side)),
        )
        for span, side in zip(spans, sides, strict=True)
    ]
    (x1, x2), (y1, y2) = [(math.floor(low), math.ceil(high)) for low, high in edges]
    box = PictureBox(x1, y1, x2, y2).clamped(picture)
    return Part.of_box(box, picture, dialect.view(Size(box.width, box.height)).shown)


_AROUND, _MIN_ASKED = 1.25, 32  # of a part's sides; pixels


def check_looks(looks: Sequence[Look], boxes: Sequence[PictureBox]) -> tuple[Finding, ...]:
    """A note where something was claimed of which no look showed even half."""
    if not looks or any(look.is_answered for look in looks):
        return ()
    for number, box in enumerate(boxes, start=1):
        if all(look.box.intersection(box) * 2 < box.area for look in looks):
            text = "It looked elsewhere than where it says that something is."
            return (Finding("look.missed", "note", text, object=number),)
    return ()


class _Until(threading.Event):
    """What a model watches while it writes: set once it has written enough, or once the turn is stopped."""

    def __init__(self, stopped: threading.Event) -> None:
        super().__init__()
        self._stopped, self.is_enough = stopped, False

    def set(self) -> None:
        """Stop the turn."""
        self._stopped.set()

    def is_set(self) -> bool:
        return self.is_enough or self._stopped.is_set()


class _Pause:
    """Where a text stops: before the first of some strings, which may come in pieces."""

    def __init__(self, stops: Sequence[str]) -> None:
        self._stops, self._held, self.stop = stops, "", ""

    def take(self, piece: str) -> str:
        """What certainly stands before any of them."""
        text = self._held + piece
        found = [(at, stop) for stop in self._stops if (at := text.find(stop)) >= 0]
        if found:
            at, self.stop = min(found)
            self._held = ""
            return text[:at]
        begun = (len(text) - n for n in range(self._longest(len(text)), 0, -1))
        at = next((at for at in begun if self._begins(text[at:])), len(text))
        self._held = text[at:]
        return text[:at]

    def rest(self) -> str:
        """What was held back, at the end."""
        held, self._held = self._held, ""
        return held

    def _longest(self, length: int) -> int:
        return min(max(map(len, self._stops), default=1) - 1, length)

    def _begins(self, text: str) -> bool:
        return any(stop.startswith(text) for stop in self._stops)


class _Woven:
    """The text about a part as it belongs into a thought: without its tags, and without its answer."""

    def __init__(self) -> None:
        self._held, self._is_answering = "\n", False

    def take(self, piece: str) -> str:
        """What can be said of the text so far."""
        if self._is_answering:
            return ""
        text = self._held + piece
        for tag, instead in _BETWEEN.items():
            text = text.replace(tag, instead)
        end = next((at for tag in ("</think>", "<answer>") if (at := text.find(tag)) >= 0), -1)
        if end >= 0:
            self._held, self._is_answering = "", True
            return text[:end]
        cut = text.rfind("<")
        at = cut if cut >= 0 and len(text) - cut < _LONGEST_TAG else len(text)
        self._held = text[at:]
        return text[:at]

    def rest(self) -> str:
        """What was held back and is no tag."""
        return "" if self._is_answering else self._held


_LONGEST_TAG = len("</think>")


def _joined(said: Sequence[Content], *more: Content) -> list[Content]:
    """Contents in order, neighbouring texts as one."""
    joined = list(said)
    for part in more:
        if isinstance(part, str) and joined and isinstance(joined[-1], str):
            joined[-1] += part
        elif part != "":
            joined.append(part)
    return joined


def _factor_by_area(share: float) -> float:
    """Two for small parts, one for half of the picture or more, a straight line between (VLM-R³)."""
    return min(max(2 - (share - 0.125) / 0.375, 1.0), 2.0)


def _spans_of(box: PictureBox) -> tuple[tuple[Fraction, Fraction], tuple[Fraction, Fraction]]:
    x1, y1, x2, y2 = map(Fraction, box.xyxy)
    return (x1, x2), (y1, y2)


def _clamped(span: tuple[Fraction, Fraction], side: int) -> tuple[Fraction, Fraction]:
    return max(span[0], Fraction(0)), min(span[1], Fraction(side))


def _both(how: Callable[[int, int], int], first: int | None, second: int | None) -> int | None:
    if first is None or second is None:
        return second if first is None else first
    return how(first, second)
