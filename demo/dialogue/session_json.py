"""A dialogue's JSON form (version 1), written and read.

Anything that is read may be hostile: everything is checked, nothing is run, and no path is followed.
"""

from __future__ import annotations

import itertools
import re
from dataclasses import replace
from typing import Any

from demo.answers.finding import Finding, TraceText
from demo.dialects.known import REGION_REASONER
from demo.dialogue import extent, limits
from demo.dialogue import json_values as read
from demo.dialogue.session import Look, ReasonerInfo, SecondOpinion, Session, Timings, Turn
from demo.errors import SessionFormatError
from demo.machine.effort import breathe
from demo.picture.geometry import MAX_PICTURE_PIXELS, PictureBox, PicturePoint, Size
from demo.picture.masks import Mask
from demo.picture.picture import PictureInfo
from demo.picture.regions import Click, Origin, Region, RegionObject, Registry, number_of

VERSION = 1
_NAME = re.compile(r"R([1-9][0-9]{0,5})(?:\.[1-9][0-9]{0,5})?")
_SESSION_ID = re.compile(r"[0-9A-Za-z_-]{1,64}")
_SHA256 = re.compile(r"[0-9a-f]{64}")


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


def session_from_json(data: object, *, is_own: bool = False) -> Session:
    """The session of a JSON value.

    Raises SessionFormatError, with a sentence, for anything that is not a session of version 1, or is
    beyond the `limits`; it is measured before anything is made of it. One that ``is_own``, as it has grown
    here within limits of its own, is not measured as a whole.
    """
    if not is_own:
        extent.check_values(data)
    version = data.get("version") if isinstance(data, dict) else None
    if type(version) is not int or version != VERSION:  # True equals 1 in Python
        raise SessionFormatError(f"This is not a session of version {VERSION} of this demo.")
    try:
        session = _read_session(read.fields(data))
        if not is_own:
            extent.check_session(session)
        return session
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
    opinions = [_second_opinion_to_json(second) for second in turn.second_opinions]
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
        **({"second_opinions": opinions} if opinions else {}),
        **({"looks": [look_to_json(look) for look in turn.looks]} if turn.looks else {}),
        **({} if turn.within is None else {"within": list(turn.within.xyxy)}),
    }


def look_to_json(look: Look) -> dict[str, Any]:
    """A look as a session has it."""
    size = [look.size.width, look.size.height]
    answered = {"answer": True} if look.is_answered else {}
    return {"box_xyxy": list(look.box.xyxy), "size": size, "call": look.call, **answered}


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
    picture = read.fields(data["picture"])
    size = _size([picture["width"], picture["height"]])
    listed = read.items(data["regions"], limits.REGIONS)
    regions = read.each("region", listed, lambda r: _region_from_json(r, size))
    asked = read.items(data["turns"], limits.TURNS)
    turns = read.each("turn", asked, lambda t: _turn_with_opinions_from_json(t, size))
    return Session(
        id=read.matching(data["id"], _SESSION_ID, "the id of a session"),
        picture=PictureInfo(read.text(picture["name"]), size, _sha256(picture["sha256"])),
        reasoner=_reasoner_from_json(data["reasoner"]),
        turns=turns,
        registry=_checked_registry(regions, turns, data.get("next_region")),
        branch=read.optional(_branch_from_json, data.get("branch")),
    )


def _reasoner_from_json(value: object) -> ReasonerInfo:
    data = read.fields(value)
    dialect = read.text(data.get("dialect", REGION_REASONER.name))
    return ReasonerInfo(read.text(data["name"]), _size(data["frame"]), dialect)


def _checked_registry(
    regions: tuple[Region, ...], turns: tuple[Turn, ...], next_number: object
) -> Registry:
    numbers = [region.number for region in regions]
    if any(later <= earlier for earlier, later in itertools.pairwise(numbers)):
        raise ValueError("its regions are not numbered in order")
    # A deleted region is not listed any more, but turns still name the number it had.
    named = [name for t in turns for name in (*t.references, *([t.region] if t.region else ()))]
    used = max([*numbers, *(number_of(name) for name in named)], default=0)
    return Registry(regions, max(used + 1, 1 if next_number is None else read.whole(next_number)))


def _branch_from_json(branch: object) -> tuple[str, int]:
    fields = read.fields(branch)
    of = read.matching(fields["of"], _SESSION_ID, "the id of a session")
    return of, read.whole(fields["turn"])


def _turn_with_opinions_from_json(data: dict[str, Any], size: Size) -> Turn:
    """A turn with its second opinions; these have none themselves, however deep a file nests them."""
    seconds = read.items(data.get("second_opinions", []), limits.OPINIONS_EACH)
    opinions = read.each("second opinion", seconds, lambda s: _second_opinion_from_json(s, size))
    return replace(_turn_from_json(data, size), second_opinions=opinions)


def _second_opinion_from_json(data: dict[str, Any], size: Size) -> SecondOpinion:
    turn = _turn_from_json(read.fields(data["turn"]), size)
    return SecondOpinion(
        _reasoner_from_json(data["reasoner"]),
        replace(turn, region=None, reasoner=None),
        _objects_from_json(data["objects"], size),
        read.text(data.get("label", ""), limits.LABEL),
    )


def _turn_from_json(data: dict[str, Any], size: Size) -> Turn:
    breathe()
    looks = read.items(data.get("looks", []), limits.LOOKS_EACH)
    findings = read.items(data.get("findings", []), limits.FINDINGS_EACH)
    trace, timings = read.fields(data["trace"]), read.fields(data.get("timings") or {})
    parts_s = read.fields(timings.get("parts_s") or {})
    return Turn(
        question=read.text(data["question"]),
        prompted=read.text(data["prompted"], limits.PROMPTED),
        references=tuple(
            _name(r) for r in read.items(data.get("references", []), limits.REFERENCES_EACH)
        ),
        region=read.optional(_region_name, data.get("region")),
        partial=read.flag(data.get("partial", False)),
        trace=TraceText(
            *(read.optional(read.long_text, trace.get(name)) for name in TraceText.__slots__)
        ),
        raw=read.long_text(data["raw"]),
        findings=read.each("finding", findings, _finding_from_json),
        feedback=read.one_of(data.get("feedback"), None, "up", "down"),
        timings=Timings(
            read.optional(read.number, timings.get("first_token_s")),
            read.optional(read.number, timings.get("total_s")),
            read.optional(read.whole, timings.get("prompt_tokens")),
            read.optional(read.whole, timings.get("new_tokens")),
            read.optional(read.whole, timings.get("reused_tokens")),
            {read.text(part): read.number(seconds) for part, seconds in parts_s.items()},
        ),
        next_region=read.optional(read.whole, data.get("next_region")),
        reasoner=read.optional(_reasoner_from_json, data.get("reasoner")),
        decoding=read.text(data.get("decoding", "")),
        looks=read.each("look", looks, lambda look: _look_from_json(look, size)),
        within=read.optional(lambda box: _part_of(box, size), data.get("within") or None),
    )


def _look_from_json(data: dict[str, Any], size: Size) -> Look:
    return Look(
        _part_of(data["box_xyxy"], size),
        _size(data["size"]),
        read.text(data.get("call", ""), limits.CALL),
        read.flag(data.get("answer", False)),
    )


def _part_of(value: object, size: Size) -> PictureBox:
    box = PictureBox(*_box(value))
    if not box.is_inside(size):
        raise ValueError("a part that was looked at is not inside the picture")
    return box


def _finding_from_json(data: dict[str, Any]) -> Finding:
    level = read.one_of(data["level"], "ok", "note", "warning")
    return Finding(
        read.text(data["kind"]),
        read.text(level),
        read.text(data["text"]),
        read.one_of(data.get("part"), None, *TraceText.__slots__),
        read.optional(_span, data.get("span") or None),
        read.optional(_name, data.get("region") or None),
        read.optional(read.whole, data.get("object") or None),
        read.optional(_box, data.get("model_box") or None),
        read.optional(read.whole, data.get("look") or None),
    )


def _box(value: object) -> tuple[int, int, int, int]:
    x1, y1, x2, y2 = read.wholes(value, 4)
    return x1, y1, x2, y2


def _span(value: object) -> tuple[int, int]:
    start, end = read.wholes(value, 2)
    if not 0 <= start <= end:
        raise ValueError(f"{start} to {end} is not a range of characters")
    return start, end


def _region_from_json(data: dict[str, Any], size: Size) -> Region:
    breathe()
    name = _region_name(data["id"])
    objects = _objects_from_json(data["objects"], size)
    expected = tuple(f"{name}.{i}" for i in range(1, len(objects) + 1))
    if not objects or tuple(o.id for o in objects) != expected:
        raise ValueError(f"the objects of {name} are not {name}.1, {name}.2, …")
    label, hidden = (
        read.text(data.get("label", ""), limits.LABEL),
        read.flag(data.get("hidden", False)),
    )
    return Region(name, objects, Origin(read.text(data["origin"])), label, hidden)


def _objects_from_json(value: object, size: Size) -> tuple[RegionObject, ...]:
    listed = read.items(value, limits.OBJECTS_EACH)
    return read.each("object", listed, lambda o: _object_from_json(o, size))


def _object_from_json(data: dict[str, Any], size: Size) -> RegionObject:
    name = _name(data["id"])
    box = PictureBox(*_box(data["bbox_xyxy"]))
    if not box.is_inside(size):
        raise ValueError(f"the box of {name} is not inside the picture")
    quality = read.optional(read.number, data.get("mask_quality"))
    if quality is not None and not 0 <= quality <= 1:
        raise ValueError(f"the mask quality of {name} is not between 0 and 1")
    return RegionObject(
        id=name,
        box=box,
        point=_point_from_list(data.get("point_xy"), name, size),
        mask=_mask_from_json(data.get("mask"), size),
        mask_quality=quality,
        corrected=read.flag(data.get("corrected", False)),
        clicks=tuple(
            _click_from_list(c, name, size)
            for c in read.items(data.get("clicks", []), limits.CLICKS_EACH)
        ),
        by_hand=read.flag(data.get("by_hand", False)),
    )


def _click_from_list(data: object, name: str, size: Size) -> Click:
    x, y, positive = read.wholes(data, 3)
    point = _point_from_list([x, y], name, size)
    if point is None or positive not in (0, 1):
        raise ValueError(f"a click on {name} is not three numbers x, y and 0 or 1")
    return Click(point, positive == 1)


def _point_from_list(data: object, name: str, size: Size) -> PicturePoint | None:
    if data is None:
        return None
    x, y = read.wholes(data, 2)
    if not (0 <= x <= size.width and 0 <= y <= size.height):
        raise ValueError(f"the point of {name} is not inside the picture")
    return PicturePoint(x, y)


def _mask_from_json(data: object, size: Size) -> Mask | None:
    if data is None:
        return None
    fields = read.fields(data)
    height, width = read.wholes(fields["size"], 2)
    if (width, height) != (size.width, size.height):
        raise ValueError("a mask has another size than the picture")
    mask = Mask(size, read.text(fields["counts"], limits.MASK_TEXT))
    mask.run_lengths()
    breathe()
    return mask


def _sha256(value: object) -> str:
    return read.matching(value, _SHA256, "the SHA-256 of a picture")


def _name(value: object) -> str:
    return read.matching(value, _NAME, "the name of a region or object")


def _region_name(value: object) -> str:
    name = _name(value)
    if "." in name:
        raise ValueError(f"{name!r} is not a region's name")
    return name


def _size(value: object) -> Size:
    width, height = read.wholes(value, 2)
    if width * height > MAX_PICTURE_PIXELS:
        raise ValueError(f"{width} × {height} pixels are too many (at most {MAX_PICTURE_PIXELS})")
    return Size(width, height)
