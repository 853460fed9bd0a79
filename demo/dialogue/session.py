"""One dialogue about one picture as a frozen value, and its JSON form (version 1).

Acting on a session returns a new one that remembers the former, so undo is a step back.
It holds numbers and text only: no pixels of the picture, no model, nothing that runs.
"""

from __future__ import annotations

import itertools
import math
import re
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from demo.dialects.known import REGION_REASONER
from demo.errors import InputError, SessionFormatError
from demo.picture.geometry import MAX_PICTURE_PIXELS, PictureBox, PicturePoint, Size
from demo.picture.masks import Mask
from demo.picture.regions import Click, Origin, Region, RegionObject, Registry, number_of

VERSION = 1
_NAME = re.compile(r"R([1-9][0-9]{0,5})(?:\.[1-9][0-9]{0,5})?")
_SESSION_ID = re.compile(r"[0-9A-Za-z_-]{1,64}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_MAX_WHOLE = 10**12


@dataclass(frozen=True, slots=True)
class PictureInfo:
    """What a session keeps of its picture; ``sha256`` is that of the upright RGB pixels."""

    name: str
    size: Size
    sha256: str


@dataclass(frozen=True, slots=True)
class ReasonerInfo:
    """Which model answers, the frame (pixels) its boxes are written in for this picture, and the name of
    the dialect it is asked in (see `dialects.known`).
    """

    name: str
    frame: Size
    dialect: str = REGION_REASONER.name


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing worth knowing about an answer; ``level`` is ok, note or warning.

    Where it can be seen, as far as that is known: in the trace, a ``part`` and there the characters
    ``span`` (start, end); on the picture, a ``region`` (R1, R2.1) that was given, the ``object`` (1, 2, …)
    of the answer, or ``model_box``, four numbers as the model wrote them in its frame.
    """

    kind: str
    level: str
    text: str
    part: str | None = None
    span: tuple[int, int] | None = None
    region: str | None = None
    object: int | None = None
    model_box: tuple[int, int, int, int] | None = None

    def to_dict(self) -> dict[str, Any]:
        """The JSON form; what is not known is left out."""
        values = {name: getattr(self, name) for name in self.__slots__}
        known = {name: value for name, value in values.items() if value is not None}
        return {n: list(v) if isinstance(v, tuple) else v for n, v in known.items()}


@dataclass(frozen=True, slots=True)
class TraceText:
    """The four parts of a model's text; None for a part that is not there."""

    scene: str | None = None
    focus: str | None = None
    think: str | None = None
    answer: str | None = None


@dataclass(frozen=True, slots=True)
class Timings:
    """Seconds and token counts of one turn; tokens are None where they cannot be known.

    ``parts_s`` says how long each part of the trace took to write.
    """

    first_token_s: float | None = None
    total_s: float | None = None
    prompt_tokens: int | None = None
    new_tokens: int | None = None
    reused_tokens: int | None = None
    parts_s: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Turn:
    """One question and its answer.

    ``next_region`` is the number that was free when it was asked. ``reasoner`` is who answered, and in
    which frame the numbers of its texts are; None stands for the session's. ``seconds`` are what other
    models said to the same question. ``decoding`` says in words how the text was decoded, as far as that
    is known.
    """

    question: str
    prompted: str
    references: tuple[str, ...] = ()
    region: str | None = None
    partial: bool = False
    trace: TraceText = field(default_factory=TraceText)
    raw: str = ""
    findings: tuple[Finding, ...] = ()
    feedback: str | None = None
    timings: Timings = field(default_factory=Timings)
    next_region: int | None = None
    reasoner: ReasonerInfo | None = None
    seconds: tuple[Second, ...] = ()
    decoding: str = ""


@dataclass(frozen=True, slots=True)
class Second:
    """A second opinion: what another model said to a question that had an answer.

    ``reasoner`` is that model; ``turn`` what it was asked and what it wrote, without a region, for
    ``objects`` (picture pixels), under ``label``, are what it found and no part of the dialogue.
    """

    reasoner: ReasonerInfo
    turn: Turn
    objects: tuple[RegionObject, ...] = ()
    label: str = ""


@dataclass(frozen=True, slots=True)
class Session:
    """A dialogue; ``former`` is the value before the last act (a turn or an edit), for undo.

    ``reasoner`` is the model that answers now; turns of another one name it.
    """

    id: str
    picture: PictureInfo
    reasoner: ReasonerInfo
    turns: tuple[Turn, ...] = ()
    registry: Registry = field(default_factory=Registry)
    branch: tuple[str, int] | None = None
    former: Session | None = field(default=None, repr=False, compare=False)

    @classmethod
    def begin(cls, picture: PictureInfo, reasoner: ReasonerInfo) -> Session:
        """An empty dialogue with a fresh id."""
        return cls(uuid.uuid4().hex, picture, reasoner)

    def reasoner_of(self, turn: Turn) -> ReasonerInfo:
        """Who answered in a turn of this dialogue, and in which frame."""
        return turn.reasoner or self.reasoner

    @property
    def answered_by(self) -> tuple[str, ...]:
        """The names of the models that have answered in it, in the order in which they came."""
        return tuple(dict.fromkeys(self.reasoner_of(turn).name for turn in self.turns))

    def with_reasoner(self, reasoner: ReasonerInfo) -> Session:
        """With another model from now on; the turns there are stay those of the models that answered."""
        if reasoner == self.reasoner:
            return self
        turns = tuple(replace(turn, reasoner=self.reasoner_of(turn)) for turn in self.turns)
        return replace(self, reasoner=reasoner, turns=turns)

    def with_turn(self, turn: Turn, registry: Registry) -> Session:
        """After one more turn, whose region (if any) is already in ``registry``."""
        return replace(self, turns=(*self.turns, turn), registry=registry, former=self)

    def with_registry(self, registry: Registry) -> Session:
        """After an edit on the canvas."""
        return replace(self, registry=registry, former=self)

    def with_region(self, region: Region) -> Session:
        """After an edit of one region. Raises UnknownRegionError."""
        return self.with_registry(self.registry.replace(region))

    def undo(self) -> Session:
        """The dialogue before the last act.

        A session that was loaded has no memory of its acts: there the last turn is taken back with
        the region it made.
        """
        if self.former is not None:
            return self.former._noted_as(self.turns)
        if not self.turns:
            raise InputError("There is nothing to undo.")
        last = self.turns[-1].region
        registry = self.registry
        if last is not None and last in registry:
            kept = tuple(r for r in registry if r.id != last)
            # Its number is free again only if no later one was given out.
            newest = registry.region(last).number == registry.next_number - 1
            registry = Registry(kept, registry.next_number - newest)
        return replace(self, turns=self.turns[:-1], registry=registry)

    def turn(self, number: int) -> Turn:
        """Turn 1, 2, … Raises InputError when there is no such turn."""
        if not 1 <= number <= len(self.turns):
            raise InputError("This answer is not there any more.")
        return self.turns[number - 1]

    def before(self, turn: int) -> Session:
        """As it was before that turn (1, 2, …) was asked, to ask it again or another in its place.

        The regions made since are gone, drawn ones too; those there were stay as they are now, so that
        a correction is not lost. Raises InputError when there is no such turn.
        """
        registry = self.registry.rolled_back(self._free_number(turn))
        return replace(self, turns=self.turns[: turn - 1], registry=registry, former=self)

    def branched(self, turn: int) -> Session:
        """A new dialogue that begins with the turns up to and including that one, and their regions.

        Raises InputError when there is no such turn.
        """
        self.turn(turn)
        whole = turn == len(self.turns)
        start = self if whole else self.before(turn + 1)
        return replace(start, id=uuid.uuid4().hex, branch=(self.id, turn), former=None)

    def rated(self, turn: int, feedback: str | None) -> Session:
        """With that turn found ``up``, ``down`` or nothing; no act, so undo does not count it.

        Raises InputError when there is no such turn.
        """
        return self._with_note(turn, replace(self.turn(turn), feedback=feedback))

    def with_second(self, turn: int, second: Second) -> Session:
        """With another model's opinion on that turn, in the place of its former one; no act either.

        Raises InputError when there is no such turn.
        """
        noted = self.turn(turn)
        others = tuple(s for s in noted.seconds if s.reasoner.name != second.reasoner.name)
        return self._with_note(turn, replace(noted, seconds=(*others, second)))

    def _with_note(self, turn: int, noted: Turn) -> Session:
        return replace(self, turns=(*self.turns[: turn - 1], noted, *self.turns[turn:]))

    def _noted_as(self, turns: Sequence[Turn]) -> Session:
        """With what people and other models thought of the same turns since."""
        noted = tuple(
            replace(t, feedback=s.feedback, seconds=s.seconds) if _is_same(t, s) else t
            for t, s in zip(self.turns, turns, strict=False)
        )
        return replace(self, turns=(*noted, *self.turns[len(noted) :]))

    def _free_number(self, turn: int) -> int:
        """Which region number was free before a turn. Raises InputError when there is no such turn."""
        noted, later = self.turn(turn).next_region, self.turns[turn - 1 :]
        made = (number_of(t.region) for t in later if t.region)
        # A file of another maker may not note it: then the turn's own region, or the next one's.
        return noted if noted is not None else next(made, self.registry.next_number)

    def to_dict(self) -> dict[str, Any]:
        """The JSON form of version 1."""
        return {
            "version": VERSION,
            "id": self.id,
            "branch": _branch_to_dict(self.branch),
            "picture": {
                "name": self.picture.name,
                "width": self.picture.size.width,
                "height": self.picture.size.height,
                "sha256": self.picture.sha256,
            },
            "reasoner": _reasoner_to_dict(self.reasoner),
            "turns": [_turn_to_dict(turn) for turn in self.turns],
            "regions": [_region_to_dict(region) for region in self.registry],
            "next_region": self.registry.next_number,
        }

    @classmethod
    def from_dict(cls, data: object) -> Session:
        """The session of a JSON value.

        Raises SessionFormatError, with a sentence, for anything that is not a session of version 1.
        """
        version = data.get("version") if isinstance(data, dict) else None
        if type(version) is not int or version != VERSION:  # True equals 1 in Python
            raise SessionFormatError(f"This is not a session of version {VERSION} of this demo.")
        try:
            return _session_from_dict(_fields(data))
        except KeyError as error:
            sentence = f"This session cannot be read: “{error.args[0]}” is missing."
            raise SessionFormatError(sentence) from error
        except (TypeError, ValueError) as error:
            raise SessionFormatError(f"This session cannot be read: {error}.") from error


def _is_same(turn: Turn, later: Turn) -> bool:
    """Whether that is the same turn, and not its question asked again, with the same words in answer."""
    return (turn.question, turn.raw, turn.timings) == (later.question, later.raw, later.timings)


def _branch_to_dict(branch: tuple[str, int] | None) -> dict[str, Any] | None:
    return None if branch is None else {"of": branch[0], "turn": branch[1]}


def _reasoner_to_dict(reasoner: ReasonerInfo) -> dict[str, Any]:
    frame = reasoner.frame
    return {
        "name": reasoner.name,
        "frame": [frame.width, frame.height],
        "dialect": reasoner.dialect,
    }


def _turn_to_dict(turn: Turn) -> dict[str, Any]:
    timings = turn.timings
    return {
        "question": turn.question,
        "prompted": turn.prompted,
        "references": list(turn.references),
        "region": turn.region,
        "partial": turn.partial,
        "trace": {name: getattr(turn.trace, name) for name in TraceText.__slots__},
        "raw": turn.raw,
        "findings": [finding.to_dict() for finding in turn.findings],
        "feedback": turn.feedback,
        "timings": {
            **{name: getattr(timings, name) for name in Timings.__slots__},
            "parts_s": dict(timings.parts_s),
        },
        "next_region": turn.next_region,
        **({"decoding": turn.decoding} if turn.decoding else {}),
        **({} if turn.reasoner is None else {"reasoner": _reasoner_to_dict(turn.reasoner)}),
        **({"second_opinions": [_second_to_dict(s) for s in turn.seconds]} if turn.seconds else {}),
    }


def _second_to_dict(second: Second) -> dict[str, Any]:
    return {
        "reasoner": _reasoner_to_dict(second.reasoner),
        "turn": _turn_to_dict(second.turn),
        "label": second.label,
        "objects": [object_to_dict(o) for o in second.objects],
    }


def _region_to_dict(region: Region) -> dict[str, Any]:
    return {
        "id": region.id,
        "origin": region.origin.value,
        "label": region.label,
        "hidden": region.hidden,
        "objects": [object_to_dict(o) for o in region.objects],
    }


def object_to_dict(item: RegionObject) -> dict[str, Any]:
    """One object in the form of a saved session."""
    return {
        "id": item.id,
        "bbox_xyxy": list(item.box.xyxy),
        "point_xy": None if item.point is None else list(item.point.xy),
        "corrected": item.corrected,
        "mask": None if item.mask is None else item.mask.to_dict(),
        "mask_quality": item.mask_quality,
        "clicks": [[*c.point.xy, int(c.positive)] for c in item.clicks],
        "by_hand": item.by_hand,
    }


def _session_from_dict(data: dict[str, Any]) -> Session:
    picture = _fields(data["picture"])
    size = _size([picture["width"], picture["height"]])
    regions = tuple(_region_from_dict(_fields(r), size) for r in _listed(data["regions"]))
    turns = tuple(_noted_from_dict(_fields(t), size) for t in _listed(data["turns"]))
    return Session(
        id=_matching(data["id"], _SESSION_ID, "the id of a session"),
        picture=PictureInfo(_text(picture["name"]), size, _sha256(picture["sha256"])),
        reasoner=_reasoner_from_dict(_fields(data["reasoner"])),
        turns=turns,
        registry=_checked_registry(regions, turns, data.get("next_region")),
        branch=_branch_from_dict(data.get("branch")),
    )


def _reasoner_from_dict(data: dict[str, Any]) -> ReasonerInfo:
    dialect = _text(data.get("dialect", REGION_REASONER.name))
    return ReasonerInfo(_text(data["name"]), _size(data["frame"]), dialect)


def _checked_registry(
    regions: tuple[Region, ...], turns: tuple[Turn, ...], next_number: object
) -> Registry:
    numbers = [region.number for region in regions]
    if any(later <= earlier for earlier, later in itertools.pairwise(numbers)):
        raise ValueError("its regions are not numbered in order")
    # A deleted region is not listed any more, but turns still name the number it had.
    named = [name for t in turns for name in (*t.references, *([t.region] if t.region else ()))]
    used = max([*numbers, *(number_of(name) for name in named)], default=0)
    return Registry(regions, max(used + 1, 1 if next_number is None else _whole(next_number)))


def _branch_from_dict(branch: object) -> tuple[str, int] | None:
    if branch is None:
        return None
    fields = _fields(branch)
    of = _matching(fields["of"], _SESSION_ID, "the id of a session")
    return of, _whole(fields["turn"])


def _noted_from_dict(data: dict[str, Any], size: Size) -> Turn:
    """A turn with the second opinions on it; they have none themselves, however deep a file nests them."""
    seconds = _listed(data.get("second_opinions", []))
    read = tuple(_second_from_dict(_fields(s), size) for s in seconds)
    return replace(_turn_from_dict(data), seconds=read)


def _second_from_dict(data: dict[str, Any], size: Size) -> Second:
    turn = _turn_from_dict(_fields(data["turn"]))
    objects = tuple(_object_from_dict(_fields(o), size) for o in _listed(data["objects"]))
    return Second(
        _reasoner_from_dict(_fields(data["reasoner"])),
        replace(turn, region=None, reasoner=None),
        objects,
        _text(data.get("label", "")),
    )


def _turn_from_dict(data: dict[str, Any]) -> Turn:
    trace, timings = _fields(data["trace"]), _fields(data.get("timings") or {})
    region, reasoner = data["region"], data.get("reasoner")
    return Turn(
        question=_text(data["question"]),
        prompted=_text(data["prompted"]),
        references=tuple(_name(r) for r in _listed(data["references"])),
        region=None if region is None else _region_name(region),
        partial=_flag(data.get("partial", False)),
        trace=TraceText(*(_optional_text(trace.get(name)) for name in TraceText.__slots__)),
        raw=_text(data["raw"]),
        findings=tuple(_finding_from_dict(_fields(f)) for f in _listed(data["findings"])),
        feedback=_one_of(data.get("feedback"), None, "up", "down"),
        timings=Timings(
            _optional_number(timings.get("first_token_s")),
            _optional_number(timings.get("total_s")),
            _optional_whole(timings.get("prompt_tokens")),
            _optional_whole(timings.get("new_tokens")),
            _optional_whole(timings.get("reused_tokens")),
            {_text(k): _finite(v) for k, v in _fields(timings.get("parts_s") or {}).items()},
        ),
        next_region=_optional_whole(data.get("next_region")),
        reasoner=None if reasoner is None else _reasoner_from_dict(_fields(reasoner)),
        decoding=_text(data.get("decoding", "")),
    )


def _finding_from_dict(data: dict[str, Any]) -> Finding:
    level = _one_of(data["level"], "ok", "note", "warning")
    span, region, box = (data.get(name) for name in ("span", "region", "model_box"))
    x1, y1, x2, y2 = (0,) * 4 if box is None else _wholes(box, 4)
    return Finding(
        _text(data["kind"]),
        _text(level),
        _text(data["text"]),
        _one_of(data.get("part"), None, *TraceText.__slots__),
        None if span is None else _span(span),
        None if region is None else _name(region),
        _optional_whole(data.get("object")),
        None if box is None else (x1, y1, x2, y2),
    )


def _span(value: object) -> tuple[int, int]:
    start, end = _wholes(value, 2)
    if not 0 <= start <= end:
        raise ValueError(f"{start} to {end} is no stretch of a text")
    return start, end


def _region_from_dict(data: dict[str, Any], size: Size) -> Region:
    name = _region_name(data["id"])
    objects = tuple(_object_from_dict(_fields(o), size) for o in _listed(data["objects"]))
    expected = tuple(f"{name}.{i}" for i in range(1, len(objects) + 1))
    if not objects or tuple(o.id for o in objects) != expected:
        raise ValueError(f"the objects of {name} are not {name}.1, {name}.2, …")
    label, hidden = _text(data.get("label", "")), _flag(data.get("hidden", False))
    return Region(name, objects, Origin(_text(data["origin"])), label, hidden)


def _object_from_dict(data: dict[str, Any], size: Size) -> RegionObject:
    name = _name(data["id"])
    x1, y1, x2, y2 = _wholes(data["bbox_xyxy"], 4)
    box = PictureBox(x1, y1, x2, y2)
    if not box.inside(size):
        raise ValueError(f"the box of {name} is not inside the picture")
    quality = _optional_number(data["mask_quality"])
    if quality is not None and not 0 <= quality <= 1:
        raise ValueError(f"the mask quality of {name} is not between 0 and 1")
    return RegionObject(
        id=name,
        box=box,
        point=_point_from_list(data["point_xy"], name, size),
        mask=_mask_from_dict(data["mask"], size),
        mask_quality=quality,
        corrected=_flag(data.get("corrected", False)),
        clicks=tuple(_click_from_list(c, name, size) for c in _listed(data.get("clicks", []))),
        by_hand=_flag(data.get("by_hand", False)),
    )


def _click_from_list(data: object, name: str, size: Size) -> Click:
    x, y, positive = _wholes(data, 3)
    point = _point_from_list([x, y], name, size)
    if point is None or positive not in (0, 1):
        raise ValueError(f"a click on {name} is not three numbers x, y and 0 or 1")
    return Click(point, positive == 1)


def _point_from_list(data: object, name: str, size: Size) -> PicturePoint | None:
    if data is None:
        return None
    x, y = _wholes(data, 2)
    if not (0 <= x <= size.width and 0 <= y <= size.height):
        raise ValueError(f"the point of {name} is not inside the picture")
    return PicturePoint(x, y)


def _mask_from_dict(data: object, size: Size) -> Mask | None:
    if data is None:
        return None
    fields = _fields(data)
    height, width = _wholes(fields["size"], 2)
    if (width, height) != (size.width, size.height):
        raise ValueError("a mask has another size than the picture")
    mask = Mask(size, _text(fields["counts"]))
    mask.run_lengths()
    return mask


# Values of a JSON file, each checked: a file can hold anything at all.


def _fields(value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise TypeError(f"expected a group of named values, got {type(value).__name__}")
    return value


def _listed(value: object) -> list[Any]:
    if not isinstance(value, list):
        raise TypeError(f"expected a list, got {type(value).__name__}")
    return value


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"expected a text, got {type(value).__name__}")
    if any("\ud800" <= c <= "\udfff" for c in value):
        raise ValueError("a text holds half a character, which cannot be saved")
    return value


def _optional_text(value: object) -> str | None:
    return None if value is None else _text(value)


def _one_of(value: object, *allowed: str | None) -> str | None:
    text = _optional_text(value)
    if text not in allowed:
        raise ValueError(f"expected one of {', '.join(str(a) for a in allowed)}")
    return text


def _matching(value: object, pattern: re.Pattern[str], meaning: str) -> str:
    """A text of that form; ids and hashes become file names elsewhere, so nothing else may pass."""
    text = _text(value)
    if not pattern.fullmatch(text):
        raise ValueError(f"{text[:40]!r} is not {meaning}")
    return text


def _sha256(value: object) -> str:
    return _matching(value, _SHA256, "the SHA-256 of a picture")


def _name(value: object) -> str:
    return _matching(value, _NAME, "the name of a region or object")


def _region_name(value: object) -> str:
    name = _name(value)
    if "." in name:
        raise ValueError(f"{name!r} is not a region's name")
    return name


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise TypeError(f"expected true or false, got {type(value).__name__}")
    return value


def _whole(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"expected a whole number, got {type(value).__name__}")
    if abs(value) > _MAX_WHOLE:
        raise ValueError("a number is too large")
    return value


def _optional_whole(value: object) -> int | None:
    return None if value is None else _whole(value)


def _wholes(value: object, count: int) -> list[int]:
    numbers = [_whole(v) for v in _listed(value)]
    if len(numbers) != count:
        raise ValueError(f"expected {count} numbers, got {len(numbers)}")
    return numbers


def _optional_number(value: object) -> float | None:
    return None if value is None else _finite(value)


def _finite(value: object) -> float:
    if isinstance(value, float) and math.isfinite(value):
        return value
    return float(_whole(value))


def _size(value: object) -> Size:
    width, height = _wholes(value, 2)
    if width * height > MAX_PICTURE_PIXELS:
        raise ValueError(f"{width} × {height} pixels are too many (at most {MAX_PICTURE_PIXELS})")
    return Size(width, height)
