"""A model's text, read while it streams: its four parts, and the boxes and points of its answer.

Form: ``<scene>…</scene> <focus>…</focus> <think>…</think> <answer>[{"bbox_2d": [x1, y1, x2, y2],
"point_2d": [x, y]}, …]</answer>``, the coordinates in whole pixels of the model frame. Real texts
break this form in many ways; what can be read is read, and what had to be mended is said in
``Trace.problems``. No text raises, none is run, and time and depth stay bounded: every character is
looked at once, and nesting is counted, not followed.

This file does not know what was asked, which references were given (`checks.py`), or the picture.
"""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from demo.geometry import ModelBox, ModelPoint, Size, round_half_up
from demo.session import TraceText

PARTS = ("scene", "focus", "think", "answer")


@dataclass(frozen=True, slots=True)
class PartOpened:
    """An opening tag was read; a part that is opened again starts anew."""

    part: str


@dataclass(frozen=True, slots=True)
class PartText:
    """More text of the part opened last by that name; safe to append."""

    part: str
    text: str


@dataclass(frozen=True, slots=True)
class PartClosed:
    """The part's own closing tag was read."""

    part: str


@dataclass(frozen=True, slots=True)
class TraceObject:
    """One object of the answer in the model frame; its box is inside the frame and not empty."""

    box: ModelBox
    point: ModelPoint | None = None


@dataclass(frozen=True, slots=True)
class ObjectFound:
    """One object of an answer is complete in the stream."""

    item: TraceObject


TraceEvent = PartOpened | PartText | PartClosed | ObjectFound


@dataclass(frozen=True, slots=True)
class Problem:
    """One kind of thing the text alone shows to be wrong or empty; ``detail`` is a phrase."""

    kind: str
    detail: str


@dataclass(frozen=True, slots=True)
class Trace:
    """A whole text as read: its parts without outer white space, its objects, its problems.

    ``raw`` is the text as it came. There is at most one problem of each kind, in the order
    ``answer.*``, ``point.outside``, ``trace.*``; the kinds are those of the contract's findings.
    """

    text: TraceText
    raw: str
    objects: tuple[TraceObject, ...] = ()
    problems: tuple[Problem, ...] = ()


def parse_trace(text: str, frame: Size) -> Trace:
    """Read a whole text at once; the same as feeding it in any pieces."""
    parser = TraceParser(frame)
    parser.feed(text)
    return parser.close()


class TraceParser:
    """Reads a text chunk by chunk; how it is cut changes neither the trace nor the objects found.

    A part runs from its opening tag to its own closing tag; anything else between them is text, so
    a thought may mention a tag. A part whose closing tag never comes ends at the first tag that
    opens a later part. When a part occurs several times, the last closed one counts; of several
    answers, the last closed one that can be read.

    The `PartText` of the part that counts, joined and stripped, is its text in the trace. While it
    is not known whether a tag inside a part ends it, the text after that tag is held back from it.
    An answer without tags is no part: it is found at the end, and was not announced.
    """

    def __init__(self, frame: Size) -> None:
        self._frame = frame
        self._chunks: list[str] = []
        self._tail = ""
        self._open: list[_Part] = []
        self._ended: dict[str, _Ended] = {}
        self._loose: list[list[str]] = [[]]
        self._prose: list[str] = []

    def feed(self, chunk: str) -> list[TraceEvent]:
        """Take the next piece of text, of any length, and say what became clear by it."""
        self._chunks.append(chunk)
        events: list[TraceEvent] = []
        text, start = self._tail + chunk, 0
        for match in _TAG.finditer(text):
            events += self._read_text(text[start : match.start()])
            events += self._read_tag(match)
            start = match.end()
        end = _unfinished_tag(text, start)
        events += self._read_text(text[start:end])
        self._tail = text[end:]
        return events

    def close(self) -> Trace:
        """The trace of everything fed. A tag that is cut off at the very end is in no part."""
        truncated = bool(self._open) and not self._open[-1].paused
        if truncated:
            self._open[-1].cut_off = True
        for part in self._open:
            self._end(part)
        loose = [text for run in self._loose if (text := "".join(run).strip())]
        answer = self._ended.get("answer") or _untagged_answer(loose, self._frame)
        reading = answer.reading or _NOTHING
        prose = [*self._prose, *filter(_is_prose, loose)]
        return Trace(
            text=TraceText(
                self._text("scene"), self._text("focus"), self._text("think"), answer.text
            ),
            raw="".join(self._chunks),
            objects=tuple(found.item for found in reading.found),
            problems=tuple(_problems(reading, truncated, _repeated(prose))),
        )

    def _text(self, name: str) -> str | None:
        return self._ended[name].text if name in self._ended else None

    def _end(self, part: _Part) -> None:
        """Count the part, unless one that ended before it is to be preferred."""
        ended = part.ended()
        if ended.reading is None or _is_prose(ended.text or ""):
            self._prose.append(ended.text or "")
        former = self._ended.get(part.name)
        if former is None or ended.rank >= former.rank:
            self._ended[part.name] = ended

    def _abandon(self, part: _Part) -> None:
        """A tag that an outer part turned out to mention; only boxes after it can count."""
        if part.reader is not None and part.ended().rank > (False, False):
            self._end(part)

    def _read_text(self, text: str) -> Iterator[TraceEvent]:
        if not text:
            return
        for part in self._open:
            part.hold(text)
        if not self._open or self._open[-1].paused:
            self._loose[-1].append(text)
        else:
            yield from self._open[-1].take(text)

    def _read_tag(self, match: re.Match[str]) -> Iterator[TraceEvent]:
        name = match["name"].lower()
        if self._loose[-1]:
            self._loose.append([])
        if match["slash"]:
            return self._read_closing(name, match[0])
        return self._read_opening(name, match[0])

    def _read_opening(self, name: str, tag: str) -> Iterator[TraceEvent]:
        inner = self._open[-1].name if self._open else ""
        if name == inner == "answer":
            self._end(self._open.pop())
        elif inner and PARTS.index(name) <= PARTS.index(inner):
            yield from self._read_text(tag)
            return
        for part in self._open:
            part.paused = True
            part.hold(tag)
        self._open.append(_Part(name, _AnswerReader(self._frame) if name == "answer" else None))
        yield PartOpened(name)

    def _read_closing(self, name: str, tag: str) -> Iterator[TraceEvent]:
        if all(part.name != name for part in self._open):
            if self._open:
                yield from self._read_text(tag)
            return
        while self._open[-1].name != name:
            self._abandon(self._open.pop())
        part = self._open.pop()
        for outer in self._open:
            outer.hold(tag)
        yield from part.close()
        self._end(part)


_TAG = re.compile(r"<(?P<slash>/?)(?P<name>scene|focus|think|answer)>", re.IGNORECASE | re.ASCII)
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

    It is paused once a tag inside it opened a later part: its text goes on in ``held`` and belongs
    to it only if its own closing tag comes.
    """

    name: str
    reader: _AnswerReader | None
    text: list[str] = field(default_factory=list)
    held: list[str] = field(default_factory=list)
    paused: bool = False
    closed: bool = False
    cut_off: bool = False

    def hold(self, text: str) -> None:
        if self.paused:
            self.held.append(text)

    def take(self, text: str) -> Iterator[TraceEvent]:
        self.text.append(text)
        yield PartText(self.name, text)
        if self.reader is not None:
            for item in self.reader.feed(text):
                yield ObjectFound(item)

    def close(self) -> Iterator[TraceEvent]:
        self.closed = True
        if self.held:
            yield from self.take("".join(self.held))
        yield PartClosed(self.name)

    def ended(self) -> _Ended:
        text = "".join(self.text).strip()
        if self.reader is None:
            return _Ended(text, None, (self.closed, True))
        reading = self.reader.finish(text if self.closed else None)
        if not self.closed and not self.cut_off:
            reading = replace(reading, mends=reading.mends | {"tags"})
        return _Ended(text, reading, (self.closed and reading.readable, reading.readable))


@dataclass(frozen=True, slots=True)
class _Ended:
    """A part that is over; of several by one name, the last of the highest rank counts."""

    text: str | None
    reading: _Reading | None = None
    rank: tuple[bool, bool] = (False, False)


# What is wrong with an answer, and the phrase a person reads; the order is that of reading.
_MENDS = {
    "tags": "an <answer> tag was missing",
    "prose": "text around the list was skipped",
    "fence": "a Markdown fence was removed",
    "comments": "comments were skipped",
    "quotes": "quotes were put right",
    "commas": "commas were put right",
    "json": "mistakes in the JSON were put right",
    "lone": "a lone object was read as a list of one",
    "bare": "a bare list of numbers was read as a box",
    "nested": "boxes were taken out of a nested form",
    "keys": "other keys than bbox_2d and point_2d were accepted",
    "strings": "numbers written as text were read as numbers",
    "swapped": "swapped corners were put in order",
    "thin": "a box without width or height was made one pixel wide",
    "point": "a point that could not be read was left out",
    "extra": "values that belong to no object were left out",
}


@dataclass(frozen=True, slots=True)
class _Found:
    """An object with what had to be done to it."""

    item: TraceObject
    mends: frozenset[str]
    cuts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Reading:
    """What one answer says."""

    found: tuple[_Found, ...] = ()
    empty: bool = False
    dropped: int = 0
    mends: frozenset[str] = frozenset()
    missing: bool = False

    @property
    def readable(self) -> bool:
        return bool(self.found) or self.empty


_NOTHING = _Reading(missing=True)


def _problems(reading: _Reading, truncated: bool, repeated: str | None) -> Iterator[Problem]:
    yield from _answer_problems(reading)
    if outside := [i for i, f in enumerate(reading.found, start=1) if _point_outside(f.item)]:
        yield Problem("point.outside", _objects(outside))
    if truncated:
        yield Problem("trace.truncated", "the text ended inside an opened tag")
    if repeated is not None:
        yield Problem("trace.repeats", repeated)


def _answer_problems(reading: _Reading) -> Iterator[Problem]:
    if not reading.readable:
        yield Problem("answer.unreadable", _why_unreadable(reading))
        return
    mended = reading.mends.union(*(found.mends for found in reading.found))
    phrases = [phrase for name, phrase in _MENDS.items() if name in mended]
    if reading.dropped:
        phrases.append(f"{_without_box(reading.dropped)} left out")
    if phrases:
        yield Problem("answer.repaired", "; ".join(phrases))
    if cuts := [cut for found in reading.found for cut in found.cuts]:
        yield Problem("answer.clamped", _listed(cuts, "; "))
    if reading.empty:
        yield Problem("answer.empty", "an empty list")


def _why_unreadable(reading: _Reading) -> str:
    if reading.missing:
        return "there is no answer"
    if reading.dropped:
        return f"{_without_box(reading.dropped)} found"
    return "the answer holds no list of boxes"


def _point_outside(item: TraceObject) -> bool:
    return item.point is not None and not item.point.within(item.box)


def _without_box(number: int) -> str:
    if number == 1:
        return "one object without a usable box was"
    return f"{number} objects without a usable box were"


def _objects(numbers: Sequence[int]) -> str:
    return f"object{'' if len(numbers) == 1 else 's'} {_listed([str(n) for n in numbers], ', ')}"


def _listed(items: Sequence[str], separator: str, most: int = 3) -> str:
    more = f"{separator}and {len(items) - most} more" if len(items) > most else ""
    return separator.join(items[:most]) + more


# A sentence ends at its mark and white space, at a full-width mark, or with its line.
_SENTENCE_END = re.compile(r"(?<=[.!?])[\"'”’)]*\s+|[。！？\n]")
_SHORTEST_SENTENCE = 4  # letters; leaves out numbering, "Mr.", "No."
_MANY_TIMES = 3


def _repeated(texts: Iterable[str]) -> str | None:
    """The sentence that stands three times or more, and how often, as a phrase."""
    counts: Counter[str] = Counter()
    written: dict[str, str] = {}
    for text in texts:
        for sentence in _sentences(text):
            plain = sentence.strip(".!?\"'“”‘’ ").casefold()
            counts[plain] += 1
            written.setdefault(plain, sentence)
    plain, times = max(counts.items(), key=lambda item: item[1], default=("", 0))
    if times < _MANY_TIMES:
        return None
    return f"“{_shortened(written[plain])}” stands {times} times"


def _sentences(text: str) -> Iterator[str]:
    for piece in _SENTENCE_END.split(text):
        if sum(map(str.isalpha, piece)) >= _SHORTEST_SENTENCE:
            yield " ".join(piece.split())


def _shortened(text: str, most: int = 80) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _is_prose(text: str) -> bool:
    """Not the objects of an answer, which repeat their keys."""
    return "{" not in text


def _untagged_answer(runs: Sequence[str], frame: Size) -> _Ended:
    """The last run of text outside all parts that holds an answer."""
    for text in reversed(runs):
        reading = _read_untagged(text, frame)
        if reading.readable:
            return _Ended(text, reading)
    return _Ended(None)


def _read_untagged(text: str, frame: Size) -> _Reading:
    """An answer without its tags: objects anywhere in the text; a bare or empty list only alone."""
    reader = _AnswerReader(frame)
    reader.feed(text)
    reading = reader.finish(text)
    if {"bare", "prose"} <= reading.mends or (reading.empty and "prose" in reading.mends):
        return _NOTHING
    return replace(reading, mends=reading.mends | {"tags"})


# From here on: lenient JSON, read as a stream.

# Noted while reading tokens: each tells by itself why the text is no JSON.
_SYNTAX_MENDS = {"prose", "fence", "comments", "quotes", "commas"}
_DEPTH = 16  # deeper lists hold no boxes; they are counted, not kept
_BOX_KEYS = ("bbox_2d", "bbox", "box_2d", "box", "bounding_box", "bboxes", "bboxs", "boxes")
_POINT_KEYS = ("point_2d", "point", "points_1", "point_1", "points", "points_2d")
_NUMBER = re.compile(
    r"[+-]?(?:[0-9]{1,40}(?:\.[0-9]{0,40})?|\.[0-9]{1,40})(?:[eE][+-]?[0-9]{1,6})?"
)
_LARGEST = 1e9  # what is further out is no coordinate that could be cut to the frame
_LONGEST_WORD = 100  # characters kept of a string or word; keys and numbers are shorter
_CLOSING_QUOTES = {'"': '"', "'": "'", "“": "”", "‘": "’"}
_AFTER_STRING = frozenset(",:=}]/\"'“‘")
_BRACKETS = {"}": "{", "]": "["}
_WORD_ENDS = frozenset('{}[],:="`/')

# What a list or an object may hold; dictionaries are never kept as values.
_Value = float | str | None | list["_Value"]


@dataclass(slots=True)
class _Level:
    """One bracket that is open: ``[`` with its values, or ``{`` with the fields that matter."""

    bracket: str
    values: list[_Value] = field(default_factory=list)
    fields: dict[str, _Value] = field(default_factory=dict)
    key: str | None = None
    has_objects: bool = False

    def put(self, value: _Value) -> None:
        if self.bracket == "[":
            self.values.append(value)
        elif self.key is None and isinstance(value, str):
            self.key = value
        else:
            self._set_field(value)

    def _set_field(self, value: _Value) -> None:
        name = (self.key or "").strip()
        if name.lower() in _BOX_KEYS or name.lower() in _POINT_KEYS:
            self.fields[name] = value
        self.key = None


class _AnswerReader:
    """Reads the text of one answer, character by character, into objects.

    JSON is read strictly where it is JSON; elsewhere the reader goes on as best it can and keeps
    note of it. State is one function that takes the next character.
    """

    def __init__(self, frame: Size) -> None:
        self._frame = frame
        self._step: Callable[[str], None] = self._outside
        self._levels: list[_Level] = []
        self._skipped = 0
        self._word: list[str] = []
        self._quote = ""
        self._last = ""
        self._mends: set[str] = set()
        self._objects: list[_Found] = []
        self._bare: list[_Found] = []
        self._dropped = 0
        self._empty = False

    def feed(self, text: str) -> list[TraceObject]:
        """The objects that these characters complete."""
        before = len(self._objects), len(self._bare)
        for character in text:
            self._step(character)
        new = self._objects[before[0] :]
        if not self._objects:
            new = self._bare[before[1] :]
        return [found.item for found in new]

    def finish(self, whole: str | None) -> _Reading:
        """What was read. ``whole`` is the answer's text, None when the answer was never closed.

        What is still open at the end of a closed answer is a mistake and is completed; at the end
        of an answer that was cut off it is left out.
        """
        empty = self._empty
        if whole is not None:
            self._complete(whole)
        found = tuple(self._objects or self._bare)
        if not self._objects and self._bare:
            self._mends.add("bare")
        empty = empty and not found and not self._dropped and "extra" not in self._mends
        return _Reading(found, empty, self._dropped, frozenset(self._mends))

    def _complete(self, whole: str) -> None:
        self._step("\n")
        while self._levels:
            self._close(self._levels[-1].bracket)
        if not self._mends & _SYNTAX_MENDS and not _is_json(whole):
            self._mends.add("json")

    # Characters.

    def _outside(self, character: str) -> None:
        """Before, between and after the JSON values."""
        if character in "[{":
            self._open(character)
        elif character in "/`":
            self._slash_or_fence(character)
        elif character == ",":
            self._mends.add("commas")
        elif not character.isspace():
            self._mends.add("prose")

    def _inside(self, character: str) -> None:
        """Between the tokens of a list or an object."""
        if character.isspace():
            return
        if character in "[{":
            self._open(character)
        elif character in "]}":
            self._close(_BRACKETS[character])
        elif character == ",":
            self._comma()
        elif character in ":=":
            self._colon()
        elif character in _CLOSING_QUOTES:
            self._quote, self._step = _CLOSING_QUOTES[character], self._in_string
        elif character in "/`":
            self._slash_or_fence(character)
        else:
            self._step = self._in_word
            self._in_word(character)

    def _slash_or_fence(self, character: str) -> None:
        if character == "`":
            self._mends.add("fence")
            self._step = self._in_fence
        else:
            self._step = self._after_slash

    def _between(self) -> Callable[[str], None]:
        return self._inside if self._levels else self._outside

    def _again(self, character: str) -> None:
        """The token before this character is over: look at the character afresh."""
        self._step = self._between()
        self._step(character)

    def _in_fence(self, character: str) -> None:
        if character != "`" and not character.isalnum():
            self._again(character)

    def _after_slash(self, character: str) -> None:
        if character in "/*":
            self._mends.add("comments")
            self._step = self._in_line_comment if character == "/" else self._in_block_comment
        else:
            self._mends.add("json" if self._levels else "prose")
            self._again(character)

    def _in_line_comment(self, character: str) -> None:
        if character == "\n":
            self._again(character)

    def _in_block_comment(self, character: str) -> None:
        if character == "*":
            self._step = self._after_star

    def _after_star(self, character: str) -> None:
        if character == "/":
            self._step = self._between()
        elif character != "*":
            self._step = self._in_block_comment

    def _in_string(self, character: str) -> None:
        if character == "\\":
            self._step = self._after_backslash
        elif character != self._quote:
            self._keep(character)
        elif character == '"':
            self._end_string()
        else:
            self._step = self._after_odd_quote

    def _after_backslash(self, character: str) -> None:
        self._keep(character)
        self._step = self._in_string

    def _after_odd_quote(self, character: str) -> None:
        """An apostrophe, too, looks like a closing quote: what follows tells."""
        if character.isspace():
            self._keep(character)
        elif character in _AFTER_STRING or character in _BRACKETS:
            self._end_string()
            self._again(character)
        else:
            self._step = self._in_string
            self._in_string(character)

    def _end_string(self) -> None:
        if self._quote != '"':
            self._mends.add("quotes")
        self._step = self._between()
        self._value("".join(self._word).strip())

    def _in_word(self, character: str) -> None:
        if not character.isspace() and character not in _WORD_ENDS:
            self._keep(character)
            return
        word = "".join(self._word)
        if _NUMBER.fullmatch(word):
            self._value(float(word))
        elif word in ("null", "None"):
            self._value(None)
        else:
            self._mends.update(() if word in ("true", "false", "NaN", "Infinity") else ("quotes",))
            self._value(word)
        self._again(character)

    def _keep(self, character: str) -> None:
        if len(self._word) < _LONGEST_WORD:
            self._word.append(character)

    # Tokens.

    def _value(self, value: _Value) -> None:
        self._word.clear()
        self._begin_value()
        self._last = "value"
        if not self._skipped and self._levels:
            self._levels[-1].put(value)

    def _begin_value(self) -> None:
        if self._last == "value":
            self._mends.add("commas")

    def _comma(self) -> None:
        if self._last != "value":
            self._mends.add("commas")
        self._last = ","
        if not self._skipped:
            self._levels[-1].key = None

    def _colon(self) -> None:
        self._last = ":"

    def _open(self, bracket: str) -> None:
        if self._levels:
            self._begin_value()
        self._last = bracket
        if len(self._levels) == _DEPTH:
            self._skipped += 1
            return
        self._levels.append(_Level(bracket))
        self._step = self._inside

    def _close(self, bracket: str) -> None:
        if self._last == ",":
            self._mends.add("commas")
        self._last = "value"
        if self._skipped:
            self._skipped -= 1
        elif any(level.bracket == bracket for level in self._levels):
            # A bracket of the other kind between was never closed: it ends here as well.
            while self._end_level().bracket != bracket:
                self._mends.add("json")
        self._step = self._between()

    # Lists and objects.

    def _end_level(self) -> _Level:
        level = self._levels.pop()
        if level.bracket == "{":
            self._end_object(level)
        else:
            self._end_list(level)
        if level.has_objects and self._levels:
            self._levels[-1].has_objects = True
        return level

    def _end_object(self, level: _Level) -> None:
        objects = list(self._read_fields(level.fields))
        self._objects += objects
        if self._in_field():
            self._levels[-1].put(None)
        elif not objects and not level.has_objects:
            self._dropped += 1
        level.has_objects |= bool(objects)

    def _end_list(self, level: _Level) -> None:
        if self._in_field():
            self._levels[-1].put(level.values)
        elif level.values:
            level.has_objects = self._read_bare(level.values)
        elif not level.has_objects:
            self._empty = True
            if self._levels:
                self._mends.add("extra")

    def _in_field(self) -> bool:
        return any(level.bracket == "{" for level in self._levels)

    def _read_bare(self, values: list[_Value]) -> bool:
        numbers = _numbers(values)
        found = None if numbers is None else _found(numbers, None, self._frame)
        if found is None:
            self._mends.add("extra")
            return False
        self._bare.append(found)
        return True

    def _read_fields(self, fields: dict[str, _Value]) -> Iterator[_Found]:
        box_key, boxes = _field(fields, _BOX_KEYS)
        point_key, points = _field(fields, _POINT_KEYS)
        mends = set(self._form(boxes, points))
        if box_key not in (None, "bbox_2d") or point_key not in (None, "point_2d"):
            mends.add("keys")
        point_list = _grouped(points)
        for i, value in enumerate(_grouped(boxes)):
            box = _numbers(value)
            point = point_list[i] if i < len(point_list) else None
            found = None if box is None else _found(box, point, self._frame)
            if found is not None:
                yield replace(found, mends=found.mends | mends)

    def _form(self, boxes: _Value, points: _Value) -> Iterator[str]:
        if not self._levels:
            yield "lone"
        elif len(self._levels) > 1 or self._levels[0].bracket == "{":
            yield "nested"
        if _is_grouped(boxes) or _is_grouped(points):
            yield "nested"


def _is_json(text: str) -> bool:
    try:
        json.loads(text, parse_int=float, parse_constant=_refuse)
    except (ValueError, RecursionError):
        return False
    return True


def _refuse(name: str) -> None:
    raise ValueError(f"expected JSON, got {name}")


def _field(fields: dict[str, _Value], keys: Sequence[str]) -> tuple[str | None, _Value]:
    """The field under the first of the keys that there is, in any letter case."""
    for key in keys:
        for name, value in fields.items():
            if name.lower() == key:
                return name, value
    return None, None


def _is_grouped(value: _Value) -> bool:
    return isinstance(value, list) and bool(value) and isinstance(value[0], list)


def _grouped(value: _Value) -> list[_Value]:
    """``[[…], […]]`` as it is, one value as a list of one, nothing as nothing."""
    if isinstance(value, list) and _is_grouped(value):
        return value
    return [] if value is None else [value]


@dataclass(frozen=True, slots=True)
class _Numbers:
    """Finite numbers of a box or point; ``as_text`` when some were written as strings."""

    values: tuple[float, ...]
    as_text: bool


def _numbers(value: _Value) -> _Numbers | None:
    """The numbers of a list, or of a string that holds a list; None if one is not usable."""
    if isinstance(value, str):
        value = list(value.strip("[]() ").replace(",", " ").split())
    if not isinstance(value, list):
        return None
    numbers = [_number(item) for item in value]
    usable = tuple(n for n in numbers if n is not None and abs(n) <= _LARGEST)
    as_text = any(isinstance(item, str) for item in value)
    return _Numbers(usable, as_text) if len(usable) == len(numbers) else None


def _number(value: _Value) -> float | None:
    if isinstance(value, str) and _NUMBER.fullmatch(value):
        value = float(value)
    return value if isinstance(value, float) and math.isfinite(value) else None


def _found(box: _Numbers, point: _Value, frame: Size) -> _Found | None:
    """The object of four numbers and what is given as its point; None without a usable box."""
    if len(box.values) != 4:
        return None
    mends = {"strings"} if box.as_text else set()
    fitted, cuts = _fit_box([round_half_up(v) for v in box.values], frame, mends)
    inner = None
    if point is not None:
        inner, point_cuts = _fit_point(_numbers(point), frame, mends)
        cuts += point_cuts
    return _Found(TraceObject(fitted, inner), frozenset(mends), cuts)


def _fit_box(corners: list[int], frame: Size, mends: set[str]) -> tuple[ModelBox, tuple[str, ...]]:
    x1, y1, x2, y2 = corners
    if x1 > x2 or y1 > y2:
        mends.add("swapped")
    box = ModelBox(min(x1, x2), min(y1, y2), max(x1, x2), max(y1, y2))
    if not box.area:
        mends.add("thin")
    fitted = box.clamped(frame)
    if box.x1 < 0 or box.y1 < 0 or box.x2 > frame.width or box.y2 > frame.height:
        return fitted, (f"the box {list(box.xyxy)} became {list(fitted.xyxy)}",)
    return fitted, ()


def _fit_point(
    numbers: _Numbers | None, frame: Size, mends: set[str]
) -> tuple[ModelPoint | None, tuple[str, ...]]:
    if numbers is None or len(numbers.values) != 2:
        mends.add("point")
        return None, ()
    if numbers.as_text:
        mends.add("strings")
    point = ModelPoint(*(round_half_up(v) for v in numbers.values))
    fitted = point.clamped(frame)
    if fitted != point:
        return fitted, (f"the point {list(point.xy)} became {list(fitted.xy)}",)
    return fitted, ()
