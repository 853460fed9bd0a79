"""A model's text, read while it streams: its parts, and what its answer holds.

Form, as RegionReasoner has it: ``<scene>…</scene> <focus>…</focus> <think>…</think>
<answer>[{"bbox_2d": [x1, y1, x2, y2], "point_2d": [x, y]}, …]</answer>``. Real texts break this form
in many ways; what can be read is read, and repairs are listed in ``Trace.problems``. Other dialects have
fewer parts; where one has no tags at all, the whole text is the answer. No text raises an error, and every
character is looked at a bounded number of times.

This file does not know how objects are read (`boxes.py`), what was asked, which references were
given (`checks.py`), or the picture.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from demo.answers.boxes import REPAIRS, Reading, TraceObject
from demo.answers.calls import end_of_calls
from demo.answers.distinct import DistinctReader
from demo.answers.ending import is_loop
from demo.answers.finding import TraceText
from demo.answers.sentences import TAG, repetitions
from demo.dialects.dialect import Dialect
from demo.dialects.known import REGION_REASONER
from demo.picture.geometry import Size

PARTS = ("scene", "focus", "think", "answer")


@dataclass(frozen=True, slots=True)
class PartOpened:
    """An opening tag was read; a part that is opened again starts over."""

    part: str


@dataclass(frozen=True, slots=True)
class PartText:
    """More text of the last opened part of that name; safe to append."""

    part: str
    text: str


@dataclass(frozen=True, slots=True)
class PartClosed:
    """The closing tag of the part was read."""

    part: str


@dataclass(frozen=True, slots=True)
class ObjectFound:
    """One object of an answer is complete in the stream."""

    item: TraceObject


TraceEvent = PartOpened | PartText | PartClosed | ObjectFound


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that the text alone shows to be wrong or empty; ``detail`` is a phrase."""

    kind: str
    detail: str


@dataclass(frozen=True, slots=True)
class Trace:
    """A whole text as read: its parts without surrounding white space, its objects, its problems.

    ``raw`` is the model's text, in which only halves of surrogate pairs are replaced by U+FFFD. There is
    at most one problem of each kind, in the order ``answer.*``, ``point.outside``, ``trace.*``; the kinds
    are kinds of findings.
    """

    text: TraceText
    raw: str
    objects: tuple[TraceObject, ...] = ()
    problems: tuple[Problem, ...] = ()


def parse_trace(text: str, frame: Size, dialect: Dialect = REGION_REASONER) -> Trace:
    """Read a whole text at once; the same as feeding it in any pieces."""
    parser = TraceParser(frame, dialect)
    parser.feed(text)
    return parser.close()


class TraceParser:
    """Reads a text chunk by chunk; where it is cut changes neither the trace nor the objects found.

    A part runs from its opening tag to its own closing tag; anything else between them is text, so
    a thought may mention a tag. A part whose closing tag never comes ends at the first tag that
    opens a later part. When a part occurs several times, the last closed one counts; of several
    answers, the last closed one that can be read.

    The `PartText` of the part that counts, joined and stripped, is its text in the trace. While it
    is not known whether a tag inside a part ends it, the text after that tag is held back.
    An answer without tags is found only at the end, without events; so are bare lists of numbers,
    which are boxes only where there are no objects.

    In a dialect without tags, text outside parts is an answer that ends with the text; it is cut off
    where a list or an object is left open.

    Where a model looks closer while it thinks, all thoughts are one, with the calls between them; what
    stands before the first tag belongs to it, too.
    """

    def __init__(self, frame: Size, dialect: Dialect = REGION_REASONER) -> None:
        self._frame, self._dialect = frame, dialect
        self._chunks: list[str] = []
        self._tail = ""
        self._open: list[_Part] = []
        self._counted: dict[str, _Part] = {}
        self._loose: list[list[str]] = [[]]
        self._is_woven = dialect.looking is not None
        # Where the last thought ended in the text of all; None while one goes on.
        self._thought_ended: int | None = 0

    def feed(self, chunk: str) -> list[TraceEvent]:
        """Read the next piece of text, of any length, and return the events that it completes."""
        chunk = whole_characters(chunk)
        self._chunks.append(chunk)
        events: list[TraceEvent] = []
        text, start = self._tail + chunk, 0
        for match in TAG.finditer(text):
            events += self._read_text(text[start : match.start()])
            events += self._read_tag(match[0])
            start = match.end()
        end = _unfinished_tag(text, start)
        events += self._read_text(text[start:end])
        self._tail = text[end:]
        return events

    @property
    def written_after(self) -> int:
        """How many characters have come since the answer was complete and can be read, none of which
        began another part, list or object; 0 as long as it is not.
        """
        if self._open:
            part = self._open[-1]
            return 0 if part.is_tagged or len(self._open) > 1 else part.after
        counted = self._counted.get("answer")
        return sum(map(len, self._loose[-1])) if counted and all(counted.rank) else 0

    @property
    def is_going_round(self) -> bool:
        """Whether the answer that is being written has come to no other box for long."""
        reader = self._open[-1].reader if self._open else None
        return reader is not None and reader.is_going_round

    def close(self) -> Trace:
        """The trace of everything fed. A tag that is cut off at the very end belongs to no part."""
        is_endless = self.is_going_round or is_loop("".join(self._chunks))
        for part in self._open:
            part.end_with_text()
        truncated = bool(self._open) and self._open[-1].is_cut_off
        for part in self._open:
            self._count_in(part.end())
        scene, focus, think = (self._text(name) for name in PARTS[:-1])
        answer, reading = self._answer()
        if self._is_woven and answer is None:
            think, answer, reading = self._woven_answer(think or "")
            truncated &= answer is None
        raw = "".join(self._chunks)
        return Trace(
            text=TraceText(scene, focus, think, answer),
            raw=raw,
            objects=() if reading is None else reading.objects,
            problems=tuple(
                _problems(
                    reading, answer, raw.removesuffix(self._tail), truncated, is_endless=is_endless
                )
            ),
        )

    def _text(self, name: str) -> str | None:
        return self._counted[name].own_text if name in self._counted else None

    def _answer(self) -> tuple[str | None, Reading | None]:
        """The answer that counts; without one, the last text outside of parts that holds one."""
        if answer := self._counted.get("answer"):
            return answer.own_text, answer.reading
        for run in reversed(self._loose):
            text = "".join(run).strip()
            reading = _read_untagged(text, self._reader())
            if reading is not None:
                return text, reading
        return None, None

    def _woven_answer(self, think: str) -> tuple[str, str | None, Reading | None]:
        """A thought, and the answer without tags that stands in a box, or behind the thought or its last
        call; None where the text ended while it was thinking, or within a call.
        """
        if (boxed := _boxed(think)) is not None:
            return think, boxed, None
        looking = self._dialect.looking
        if looking is None or self._thought_ended is None:
            return think, None, None
        start = end_of_calls(think, looking.call, self._thought_ended)
        if start is None or not (answer := think[start:].strip()):
            return think, None, None
        return think[:start].strip(), answer, _read_untagged(answer, self._reader())

    def _count_in(self, part: _Part) -> None:
        former = self._counted.get(part.name)
        if former is None or part.rank >= former.rank:
            self._counted[part.name] = part

    def _read_text(self, text: str) -> list[TraceEvent]:
        if not text:
            return []
        events: list[TraceEvent] = []
        if text.strip() and self._is_woven and not (self._open or "answer" in self._counted):
            self._open.append(_Part("think", None))
            events.append(PartOpened("think"))
        if text.strip() and self._is_untagged_start():
            self._open.append(_Part("answer", self._reader(), is_tagged=False))
            events.append(PartOpened("answer"))
        if not self._open or self._open[-1].paused_at is not None:
            self._loose[-1].append(text)
        return events + [event for part in self._open for event in part.take(text)]

    def _is_untagged_start(self) -> bool:
        return not (self._dialect.parts or self._open or "answer" in self._counted)

    def _reader(self) -> DistinctReader:
        return DistinctReader(self._frame, self._dialect.native)

    def _read_tag(self, tag: str) -> list[TraceEvent]:
        if self._loose[-1]:
            self._loose.append([])
        read = self._read_closing if tag[1] == "/" else self._read_opening
        return read(tag.strip("</>").lower(), tag)

    def _read_opening(self, name: str, tag: str) -> list[TraceEvent]:
        inner = self._open[-1].name if self._open else ""
        if name == inner == "think" and self._is_woven:
            self._open[-1].is_closed, self._thought_ended = False, None
            return self._read_text("\n") if self._open[-1].pieces else []
        events: list[TraceEvent] = []
        if name == "answer" and inner == "think" and self._open[-1].is_closed:
            events = self._end(self._open.pop())  # no other thought followed
        elif name == inner == "answer":
            self._count_in(self._open.pop().end_as_mention())
        elif inner and PARTS.index(name) <= PARTS.index(inner):
            return self._read_text(tag)
        for part in self._open:
            part.pause()
            part.take(tag)
        if name == "think":
            self._thought_ended = None
        self._open.append(_Part(name, self._reader() if name == "answer" else None))
        return [*events, PartOpened(name)]

    def _end(self, part: _Part) -> list[TraceEvent]:
        """The events of a part with its closing tag, which is counted in."""
        events = part.close()
        self._count_in(part.end())
        return events

    def _read_closing(self, name: str, tag: str) -> list[TraceEvent]:
        if all(part.name != name for part in self._open):
            return self._read_text(tag) if self._open else []
        if name == self._open[-1].name == "think" and self._is_woven:
            self._open[-1].is_closed = True  # unless another thought follows
            self._thought_ended = len("".join(self._open[-1].pieces).lstrip())
            return []
        while (part := self._open.pop()).name != name:
            # It was only mentioned in the part that ends here, unless it has boxes.
            part.end_as_mention()
            if part.reading is not None and part.reading.is_readable:
                self._count_in(part)
        for outer in self._open:
            outer.take(tag)
        return self._end(part)


_HALF_CHARACTER = re.compile("[\ud800-\udfff]")  # which no file and no page can hold


def whole_characters(text: str) -> str:
    """A text without halves of surrogate pairs, which stand for U+FFFD then."""
    return _HALF_CHARACTER.sub("\ufffd", text)


_TAGS = tuple(f"<{slash}{name}>" for slash in ("", "/") for name in PARTS)


def _unfinished_tag(text: str, start: int) -> int:
    """Where a tag begins that the end of the text cuts off; the length of the text if none."""
    at = text.rfind("<", max(start, len(text) - max(map(len, _TAGS))))
    rest = text[at:].lower()
    if at >= 0 and any(tag.startswith(rest) for tag in _TAGS):
        return at
    return len(text)


@dataclass(slots=True)
class _Part:
    """One occurrence of a part while it is read.

    It is paused once a tag inside it opens a later part: from the ``paused_at``-th piece on, its text
    belongs to it only if its own closing tag comes. An answer, being the last part, is never paused.
    Without tags (``is_tagged`` false) it ends with the text; ``after`` counts the characters since its
    last list or object ended.
    """

    name: str
    reader: DistinctReader | None
    is_tagged: bool = True
    pieces: list[str] = field(default_factory=list)
    paused_at: int | None = None
    is_closed: bool = False
    reading: Reading | None = None
    after: int = 0

    @property
    def own_text(self) -> str:
        return "".join(self.pieces[: self.paused_at]).strip()

    @property
    def rank(self) -> tuple[bool, bool]:
        """Of several finished parts of one name, the last of the highest rank counts."""
        readable = self.reading is None or self.reading.is_readable
        return self.is_closed and readable, readable

    def pause(self) -> None:
        if self.paused_at is None:
            self.paused_at = len(self.pieces)

    def take(self, text: str) -> list[TraceEvent]:
        self.pieces.append(text)
        if self.paused_at is not None:
            return []
        found = self.reader.feed(text) if self.reader else ()
        if self.reader is not None:
            self.after = 0 if found or not self.reader.is_complete else self.after + len(text)
        return [PartText(self.name, text), *map(ObjectFound, found)]

    def close(self) -> list[TraceEvent]:
        held = "" if self.paused_at is None else "".join(self.pieces[self.paused_at :])
        self.is_closed, self.paused_at = True, None
        return [*([PartText(self.name, held)] if held else []), PartClosed(self.name)]

    def end_with_text(self) -> None:
        if not self.is_tagged and self.reader is not None:
            self.is_closed = not self.reader.is_open

    @property
    def is_cut_off(self) -> bool:
        return self.paused_at is None and not self.is_closed

    def end_as_mention(self) -> _Part:
        """End it without a closing tag."""
        self.is_tagged = False
        return self.end()

    def end(self) -> _Part:
        if self.reader is not None:
            whole = self.own_text if self.is_closed else None
            self.reading = self.reader.finish(whole, is_tagged=self.is_tagged)
        return self


def _boxed(text: str) -> str | None:
    """What stands in the last ``\\boxed{…}`` of a text, with the braces in it."""
    start = text.rfind("\\boxed{")
    if start < 0:
        return None
    depth, first = 0, start + len("\\boxed{")
    for at in range(first, len(text)):
        depth += {"{": 1, "}": -1}.get(text[at], 0)
        if depth < 0:
            return text[first:at].strip()
    return None


def _read_untagged(text: str, reader: DistinctReader) -> Reading | None:
    """An answer without its tags: objects anywhere in the text; a bare or empty list only on its own."""
    reader.feed(text)
    reading = reader.finish(text, is_tagged=False)
    in_prose = "prose" in reading.repairs and (reading.is_empty or "bare" in reading.repairs)
    return reading if reading.is_readable and not (in_prose or reading.is_worded) else None


def _problems(
    reading: Reading | None, answer: str | None, text: str, truncated: bool, *, is_endless: bool
) -> Iterator[Problem]:
    if reading is None or not reading.is_readable:
        yield Problem("answer.unreadable", _why_unreadable(reading, answer or ""))
    else:
        yield from _answer_problems(reading, answer or "")
    if truncated:
        repeats = "The model repeated itself until it was stopped"
        yield Problem("trace.truncated", repeats if is_endless else "The text stops in the middle")
    if repeated := repetitions(text, reading.times if reading else 0, is_endless=is_endless):
        yield Problem("trace.repeats", repeated)


def _why_unreadable(reading: Reading | None, answer: str) -> str:
    if reading is None:
        return "there is no answer"
    if reading.instead:
        return f"instead there is {_first_few(reading.instead, '; ')}"
    if reading.dropped:
        return f"{_without_box(reading.dropped)} found"
    return f"instead there is “{_short(answer)}”" if answer else "the answer is blank"


def _answer_problems(reading: Reading, answer: str) -> Iterator[Problem]:
    repairs = [phrase for name, phrase in REPAIRS.items() if name in reading.repairs]
    if reading.dropped and reading.objects:
        repairs.append(_left_out(reading))
    if repairs:
        yield Problem("answer.repaired", "; ".join(repairs))
    if reading.cuts:
        yield Problem("answer.clamped", _first_few(reading.cuts, "; "))
    if reading.is_empty:
        yield Problem("answer.empty", _nothing_as_written(answer))
    outside = [f"object {i}" for i, o in enumerate(reading.objects, 1) if o.is_point_outside]
    if outside:
        yield Problem("point.outside", _first_few(outside, ", "))


def _left_out(reading: Reading) -> str:
    instead = f" ({_first_few(reading.instead, '; ')})" if reading.instead else ""
    return f"{_without_box(reading.dropped)} left out{instead}"


def _without_box(number: int) -> str:
    if number == 1:
        return "one object without a usable box was"
    return f"{number} objects without a usable box were"


def _nothing_as_written(answer: str) -> str:
    return "an empty list" if "".join(answer.split()) == "[]" else f"“{_short(answer)}”"


def _first_few(items: Sequence[str], separator: str, max_items: int = 3) -> str:
    more = f"{separator}and {len(items) - max_items} more" if len(items) > max_items else ""
    return separator.join(items[:max_items]) + more


def _short(text: str, max_length: int = 80) -> str:
    text = " ".join(text[: 4 * max_length].split())
    return text if len(text) <= max_length else text[: max_length - 1] + "…"
