"""People's feedback on answers as data: benchmark dialogues, and single turns to train on.

What a person corrected by hand counts as true. An answer rated as bad and not corrected is left out, and so
is one that was stopped or whose region was deleted.

A benchmark dialogue can only refer to the first box of an earlier turn. So a turn that refers to a drawn
region, to several objects or to a turn that was left out becomes a single turn only.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from PIL import Image

from demo.answers.citations import Citation, find_citations
from demo.dialects.prompt import bbox_text, region_reasoner_instruction
from demo.dialogue.look_frames import asked_part
from demo.dialogue.session import Session, Turn
from demo.evaluate.data import BOX_PLACE
from demo.evaluate.folder import as_input_error, save
from demo.picture.crops import Part
from demo.picture.geometry import ModelBox, PicturePoint, Size
from demo.picture.masks import BoolArray
from demo.picture.picture import Picture
from demo.picture.regions import RegionObject

FRAME = Size(840, 840)
# An empty answer with this finding does not say that nothing matches.
_UNREADABLE = "answer.unreadable"
_BOX_START = "bbox="


@dataclass(slots=True)
class Export:
    """The rows of both files, and how many turns were left out of them, by reason."""

    dialogues: list[dict[str, Any]] = field(default_factory=list)
    single_turns: list[dict[str, Any]] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)


def export_dialogues(
    sessions: Iterable[tuple[Session, Picture]], folder: Path, *, rated_only: bool = False
) -> Export:
    """Write ``dialogues.json``, ``single_turn.jsonl`` and ``images/`` into a folder.

    ``rated_only`` leaves out answers that nobody rated or corrected. Raises InputError when a file cannot
    be written.
    """
    exported = Export()
    for session, picture in sessions:
        image = f"images/{picture.sha256[:16]}.png"
        _save_picture(folder / image, picture)
        _export(exported, session, image, rated_only)
    save(folder / "dialogues.json", json.dumps(exported.dialogues, indent=1) + "\n")
    lines = (json.dumps(row) + "\n" for row in exported.single_turns)
    save(folder / "single_turn.jsonl", "".join(lines))
    return exported


def _save_picture(path: Path, picture: Picture) -> None:
    with as_input_error(path.parent):
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            Image.fromarray(picture.pixels).save(path)


def _export(exported: Export, session: Session, image: str, rated_only: bool) -> None:
    turns: list[dict[str, Any]] = []
    made_in: dict[str, int] = {}  # a region → the turn of the benchmark dialogue that made it
    for number, turn in enumerate(session.turns, start=1):
        objects = _objects(session, turn)
        why = "" if objects is None else _why_left_out(turn, objects, rated_only)
        if objects is None or why:
            exported.left_out[why or "its region was deleted"] += 1
            continue
        exported.single_turns.append(_training_row(session, number, turn, objects, image))
        row = _benchmark_turn(turn, objects, _first_objects(session), made_in)
        if row is None:
            why = "kept as a single turn only: its references fit no benchmark dialogue"
            exported.left_out[why] += 1
            continue
        if turn.region is not None:
            made_in.setdefault(turn.region, len(turns))
        turns.append(row)
    if turns:
        exported.dialogues.append(
            {
                "image_id": len(exported.dialogues),
                "image_path": image,
                "session": session.id,
                "conversational_turns": turns,
            }
        )


def _objects(session: Session, turn: Turn) -> tuple[RegionObject, ...] | None:
    """The objects that the turn found, with later edits; None when its region was deleted."""
    if turn.region is None:
        return ()
    if turn.region not in session.registry:
        return None
    return session.registry.region(turn.region).objects


def _why_left_out(turn: Turn, objects: Sequence[RegionObject], rated_only: bool) -> str:
    """Why a turn cannot count as true, in words; empty when it can."""
    if not _is_in_dialect(turn):
        return "its references are written for another kind of model"
    corrected = any(item.corrected for item in objects)
    if turn.feedback == "down" and not corrected:
        return "rated as bad and not corrected"
    if turn.feedback == "up" or corrected:
        return ""
    if rated_only:
        return "neither rated nor corrected"
    if turn.partial:
        return "stopped"
    if not objects and any(f.kind == _UNREADABLE for f in turn.findings):
        return "no box could be read"
    return ""


def _is_in_dialect(turn: Turn) -> bool:
    """Whether the references in its question are written in RegionReasoner's way."""
    return not turn.references or f"{_BOX_START}[" in turn.prompted


# Benchmark dialogues


def _first_objects(session: Session) -> dict[str, str]:
    """Names that mean the first box of a region, and only that → the region."""
    names: dict[str, str] = {}
    for region in session.registry:
        names[region.objects[0].id] = region.id
        if len(region.objects) == 1:
            names[region.id] = region.id
    return names


def _benchmark_turn(
    turn: Turn,
    objects: Sequence[RegionObject],
    first_objects: Mapping[str, str],
    made_in: Mapping[str, int],
) -> dict[str, Any] | None:
    """The turn in the benchmark's format; None when its references cannot be expressed there."""
    contexts = {
        name: made_in[first_objects[name]]
        for name in turn.references
        if name in first_objects and first_objects[name] in made_in
    }
    places = _places(turn)
    if places is None or len(contexts) < len(turn.references):
        return None
    question, context = turn.prompted, [contexts[name] for _, name in places]
    for place, _ in reversed(places):
        question = f"{question[: place.start]}{BOX_PLACE}{question[place.end :]}"
    masks = [item.mask.to_dict() for item in objects if item.mask is not None]
    row: dict[str, Any] = {
        "question": question,
        "bboxes": [list(item.box.xyxy) for item in objects],
        "masks": masks if len(masks) == len(objects) else [],
        "ann_ids": [item.id for item in objects],
        "feedback": turn.feedback,
        "corrected": any(item.corrected for item in objects),
    }
    if context:
        row["context_from_turn"] = context[0] if len(context) == 1 else context
    return row


def _places(turn: Turn) -> list[tuple[Citation, str]] | None:
    """Each box in the question as it was asked, with the name that it stands for.

    None when boxes and names do not match, for example because a person typed a box.
    """
    boxes = find_citations(turn.prompted)
    if len(boxes) == len(turn.references):
        return list(zip(boxes, turn.references, strict=True))
    distinct = dict.fromkeys(citation.box for citation in boxes)  # R1 may be cited twice
    if len(distinct) != len(turn.references):
        return None
    names = dict(zip(distinct, turn.references, strict=True))
    return [(citation, names[citation.box]) for citation in boxes]


# Single turns


def _training_row(
    session: Session, number: int, turn: Turn, objects: Sequence[RegionObject], image: str
) -> dict[str, Any]:
    """A row to train on, in the 840 frame; references are as they were when the question was asked."""
    size = session.picture.size
    asked, frame = asked_part(session, turn), session.reasoner_of(turn).frame
    question, references = _in_frame(turn.prompted, asked, frame)
    seconds = [
        {"model": second.reasoner.name, "answer": _answer(second.objects, size)}
        for second in turn.second_opinions
    ]
    return {
        "image": image,
        "frame": [FRAME.width, FRAME.height],
        "instruction": region_reasoner_instruction(question),
        "question": question,
        "references": references,
        "answer": _answer(objects, size),
        "feedback": turn.feedback,
        "corrected": any(item.corrected for item in objects),
        "session": session.id,
        "turn": number,
        **({"second_opinions": seconds} if seconds else {}),
    }


def _answer(objects: Iterable[RegionObject], size: Size) -> list[dict[str, list[int]]]:
    """Objects as the model writes them, in the 840 frame."""
    return [
        {
            "bbox_2d": list(item.box.to_model(size, FRAME).xyxy),
            "point_2d": list(_point(item).to_model(size, FRAME).xy),
        }
        for item in objects
    ]


def _in_frame(prompted: str, asked: Part, frame: Size) -> tuple[str, list[list[int]]]:
    """A question converted from a model's frame over what it was asked about to 840 × 840 over the whole
    picture, and the boxes in it.
    """
    pieces: list[str] = []
    boxes: list[list[int]] = []
    end = 0
    for citation in find_citations(prompted):
        x1, y1, x2, y2 = citation.box
        if not prompted.startswith(_BOX_START, citation.start) or x1 > x2 or y1 > y2:
            continue
        box = ModelBox(x1, y1, x2, y2)
        if asked != Part.whole(asked.picture, FRAME):
            box = asked.box_to_picture(box, frame).to_model(asked.picture, FRAME)
        boxes.append(list(box.xyxy))
        pieces += [prompted[end : citation.start], bbox_text(box)]
        end = citation.end
    return "".join([*pieces, prompted[end:]]), boxes


def _point(item: RegionObject) -> PicturePoint:
    """The object's own point, or else the middle of its mask, or of its box."""
    if item.point is not None:
        return item.point
    box = item.box
    if item.mask is not None and item.mask.area:
        return middle_of(item.mask.to_array())
    return PicturePoint((box.x1 + box.x2) // 2, (box.y1 + box.y2) // 2)


def middle_of(pixels: BoolArray) -> PicturePoint:
    """The pixel of a mask [H, W] that is farthest from its edges."""
    padded = np.pad(pixels, 1).astype(np.uint8)
    depth = cv2.distanceTransform(padded, cv2.DIST_L2, 3)[1:-1, 1:-1]
    y, x = divmod(int(depth.argmax()), depth.shape[1])
    return PicturePoint(x, y)
