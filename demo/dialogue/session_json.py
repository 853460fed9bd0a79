"""A dialogue's JSON form (version 1), written and read.

Whatever is read may be hostile: everything is checked, nothing is run, and no path is followed.
"""

from __future__ import annotations

import itertools
import math
import re
from dataclasses import replace
from typing import Any

from demo.answers.finding import Finding, TraceText
from demo.dialects.known import REGION_REASONER
from demo.dialogue.session import ReasonerInfo, SecondOpinion, Session, Timings, Turn
from demo.errors import SessionFormatError
from demo.picture.geometry import MAX_PICTURE_PIXELS, PictureBox, PicturePoint, Size
from demo.picture.masks import Mask
from demo.picture.picture import PictureInfo
from demo.picture.regions import Click, Origin, Region, RegionObject, Registry, number_of

VERSION = 1
_NAME = re.compile(r"R([1-9][0-9]{0,5})(?:\.[1-9][0-9]{0,5})?")
_SESSION_ID = re.compile(r"[0-9A-Za-z_-]{1,64}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_MAX_WHOLE = 10**12


def session_to_json(session: Session) -> dict[str, Any]:
    """The JSON form of version 1."""
    return {
        "version": VERSION,
        "id": session.id,
        "branch": _branch_to_json(session.branch),
        "picture": {
            "name": session.picture.name,
            "width": session.picture.size.width,
            "height": session.picture.size.height,
            "sha256": session.picture.sha256,
        },
        "reasoner": _reasoner_to_json(session.reasoner),
        "turns": [_turn_to_json(turn) for turn in session.turns],
        "regions": [_region_to_json(region) for region in session.registry],
        "next_region": session.registry.next_number,
    }


def session_from_json(data: object) -> Session:
    """The session of a JSON value.

    Raises SessionFormatError, with a sentence, for anything that is not a session of version 1.
    """
    version = data.get("version") if isinstance(data, dict) else None
    if type(version) is not int or version != VERSION:  # True equals 1 in Python
        raise SessionFormatError(f"This is not a session of version {VERSION} of this demo.")
    try:
        return _read_session(_fields(data))
    except KeyError as error:
        sentence = f"This session cannot be read: “{error.args[0]}” is missing."
        raise SessionFormatError(sentence) from error
    except (TypeError, ValueError) as error:
        raise SessionFormatError(f"This session cannot be read: {error}.") from error


def _branch_to_json(branch: tuple[str, int] | None) -> dict[str, Any] | None:
    return None if branch is None else {"of": branch[0], "turn": branch[1]}


def _reasoner_to_json(reasoner: ReasonerInfo) -> dict[str, Any]:
    frame = reasoner.frame
    return {
        "name": reasoner.name,
        "frame": [frame.width, frame.height],
        "dialect": reasoner.dialect,
    }


def _turn_to_json(turn: Turn) -> dict[str, Any]:
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
        **({} if turn.reasoner is None else {"reasoner": _reasoner_to_json(turn.reasoner)}),
        **(
            {"second_opinions": [_second_opinion_to_json(s) for s in turn.second_opinions]}
            if turn.second_opinions
            else {}
        ),
    }


def _second_opinion_to_json(second: SecondOpinion) -> dict[str, Any]:
    return {
        "reasoner": _reasoner_to_json(second.reasoner),
        "turn": _turn_to_json(second.turn),
        "label": second.label,
        "objects": [o.to_dict() for o in second.objects],
    }


def _region_to_json(region: Region) -> dict[str, Any]:
    return {
        "id": region.id,
        "origin": region.origin.value,
        "label": region.label,
        "hidden": region.hidden,
        "objects": [o.to_dict() for o in region.objects],
    }


def _read_session(data: dict[str, Any]) -> Session:
    picture = _fields(data["picture"])
    size = _size([picture["width"], picture["height"]])
    regions = tuple(_region_from_json(_fields(r), size) for r in _listed(data["regions"]))
    turns = tuple(_noted_from_json(_fields(t), size) for t in _listed(data["turns"]))
    return Session(
        id=_matching(data["id"], _SESSION_ID, "the id of a session"),
        picture=PictureInfo(_text(picture["name"]), size, _sha256(picture["sha256"])),
        reasoner=_reasoner_from_json(_fields(data["reasoner"])),
        turns=turns,
        registry=_checked_registry(regions, turns, data.get("next_region")),
        branch=_branch_from_json(data.get("branch")),
    )


def _reasoner_from_json(data: dict[str, Any]) -> ReasonerInfo:
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


def _branch_from_json(branch: object) -> tuple[str, int] | None:
    if branch is None:
        return None
    fields = _fields(branch)
    of = _matching(fields["of"], _SESSION_ID, "the id of a session")
    return of, _whole(fields["turn"])


def _noted_from_json(data: dict[str, Any], size: Size) -> Turn:
    """A turn with the second opinions on it; they have none themselves, however deep a file nests them."""
    seconds = _listed(data.get("second_opinions", []))
    read = tuple(_second_opinion_from_json(_fields(s), size) for s in seconds)
    return replace(_turn_from_json(data), second_opinions=read)


def _second_opinion_from_json(data: dict[str, Any], size: Size) -> SecondOpinion:
    turn = _turn_from_json(_fields(data["turn"]))
    objects = tuple(_object_from_json(_fields(o), size) for o in _listed(data["objects"]))
    return SecondOpinion(
        _reasoner_from_json(_fields(data["reasoner"])),
        replace(turn, region=None, reasoner=None),
        objects,
        _text(data.get("label", "")),
    )


def _turn_from_json(data: dict[str, Any]) -> Turn:
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
        findings=tuple(_finding_from_json(_fields(f)) for f in _listed(data["findings"])),
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
        reasoner=None if reasoner is None else _reasoner_from_json(_fields(reasoner)),
        decoding=_text(data.get("decoding", "")),
    )


def _finding_from_json(data: dict[str, Any]) -> Finding:
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


def _region_from_json(data: dict[str, Any], size: Size) -> Region:
    name = _region_name(data["id"])
    objects = tuple(_object_from_json(_fields(o), size) for o in _listed(data["objects"]))
    expected = tuple(f"{name}.{i}" for i in range(1, len(objects) + 1))
    if not objects or tuple(o.id for o in objects) != expected:
        raise ValueError(f"the objects of {name} are not {name}.1, {name}.2, …")
    label, hidden = _text(data.get("label", "")), _flag(data.get("hidden", False))
    return Region(name, objects, Origin(_text(data["origin"])), label, hidden)


def _object_from_json(data: dict[str, Any], size: Size) -> RegionObject:
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
        mask=_mask_from_json(data["mask"], size),
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


def _mask_from_json(data: object, size: Size) -> Mask | None:
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
