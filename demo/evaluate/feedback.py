"""What people said of answers, as data: benchmark dialogues, and single turns to train on.

What a person corrected by hand is the truth; an answer found bad and not corrected is left out, and so is
one that was stopped or whose region was deleted. It knows sessions and files; no model.

A benchmark dialogue can refer to the first box of an earlier turn and to nothing else. A turn that refers
to a drawn region, to several objects or to a turn that was left out is therefore a single turn only.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from PIL import Image

from demo.answers.citations import Citation, find_citations
from demo.dialects.prompt import bbox_text, region_reasoner_instruction
from demo.dialogue.session import Session, Turn
from demo.evaluate.folder import save, written
from demo.picture.geometry import ModelBox, PicturePoint, Size
from demo.picture.picture import Picture
from demo.picture.regions import RegionObject

FRAME = Size(840, 840)
PLACE = "<box>{context_bbox}</box>"
# An empty answer is the truth only where the model meant it.
_NOT_ABSENT = "answer.unreadable"
_WRITTEN = "bbox="


@dataclass(slots=True)
class Exported:
    """What was made: rows of both files, and how many turns were left out of them, by reason."""

    dialogues: list[dict[str, Any]] = field(default_factory=list)
    single_turns: list[dict[str, Any]] = field(default_factory=list)
    left_out: dict[str, int] = field(default_factory=dict)

    def leave_out(self, why: str) -> None:
        """One turn more that is not there, for that reason."""
        self.left_out[why] = self.left_out.get(why, 0) + 1


def export_dialogues(
    sessions: Iterable[tuple[Session, Picture]], folder: Path, *, rated_only: bool = False
) -> Exported:
    """Write ``dialogues.json``, ``single_turn.jsonl`` and ``images/`` into a folder.

    ``rated_only`` leaves out answers that nobody rated or corrected. Raises InputError when something
    cannot be written.
    """
    exported = Exported()
    for session, picture in sessions:
        image = f"images/{picture.sha256[:16]}.png"
        _save_picture(folder / image, picture)
        _export(exported, session, image, rated_only)
    save(folder / "dialogues.json", json.dumps(exported.dialogues, indent=1) + "\n")
    lines = (json.dumps(row) + "\n" for row in exported.single_turns)
    save(folder / "single_turn.jsonl", "".join(lines))
    return exported


def _save_picture(path: Path, picture: Picture) -> None:
    with written(path.parent):
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            Image.fromarray(picture.pixels).save(path)


def _export(exported: Exported, session: Session, image: str, rated_only: bool) -> None:
    turns: list[dict[str, Any]] = []
    made_in: dict[str, int] = {}  # a region → the turn of the benchmark dialogue that made it
    for number, turn in enumerate(session.turns, start=1):
        objects = _objects(session, turn)
        why = "" if objects is None else _refused(turn, objects, rated_only)
        if objects is None or why:
            exported.leave_out(why or "its region was deleted")
            continue
        exported.single_turns.append(_single(session, number, turn, objects, image))
        row = _benchmark_turn(turn, objects, _first_objects(session), made_in)
        if row is None:
            exported.leave_out(
                "kept as a single turn only: its references fit no benchmark dialogue"
            )
            continue
        if turn.region is not None:
            made_in[turn.region] = len(turns)
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
    """What the turn found, as it is now; None when its region was deleted."""
    if turn.region is None:
        return ()
    if turn.region not in session.registry:
        return None
    return session.registry.region(turn.region).objects


def _refused(turn: Turn, objects: Sequence[RegionObject], rated_only: bool) -> str:
    """Why a turn is no truth, as words; empty when it is one."""
    if not _is_in_dialect(turn):
        return "its references are written for another kind of model"
    corrected = any(item.corrected for item in objects)
    if turn.feedback == "down" and not corrected:
        return "found bad and not corrected"
    if turn.feedback == "up" or corrected:
        return ""
    if rated_only:
        return "neither rated nor corrected"
    if turn.partial:
        return "stopped"
    if not objects and any(f.kind == _NOT_ABSENT for f in turn.findings):
        return "no box could be read"
    return ""


def _is_in_dialect(turn: Turn) -> bool:
    """Whether its references stand in the question as RegionReasoner's do; other models' do not."""
    return not turn.references or f"{_WRITTEN}[" in turn.prompted


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
    """The turn in the benchmark's form; None when its references cannot be said there."""
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
        question = f"{question[: place.start]}{PLACE}{question[place.end :]}"
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
    """The boxes in the question as it was asked, each with the name it stands for; None when the two do
    not match, as when a person typed a box.
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


def _single(
    session: Session, number: int, turn: Turn, objects: Sequence[RegionObject], image: str
) -> dict[str, Any]:
    """A row to train on: everything in the 840 frame, references as they stood when it was asked."""
    size = session.picture.size
    question, references = _in_frame(turn.prompted, size, session.reasoner_of(turn).frame)
    answer = [
        {
            "bbox_2d": list(item.box.to_model(size, FRAME).xyxy),
            "point_2d": list(_point(item).to_model(size, FRAME).xy),
        }
        for item in objects
    ]
    return {
        "image": image,
        "frame": [FRAME.width, FRAME.height],
        "instruction": region_reasoner_instruction(question),
        "question": question,
        "references": references,
        "answer": answer,
        "feedback": turn.feedback,
        "corrected": any(item.corrected for item in objects),
        "session": session.id,
        "turn": number,
    }


def _in_frame(prompted: str, size: Size, frame: Size) -> tuple[str, list[list[int]]]:
    """A question asked in a model's frame as it would be asked in 840 × 840, and its boxes there."""
    pieces: list[str] = []
    boxes: list[list[int]] = []
    end = 0
    for citation in find_citations(prompted):
        x1, y1, x2, y2 = citation.box
        if not prompted.startswith(_WRITTEN, citation.start) or x1 > x2 or y1 > y2:
            continue
        box = ModelBox(x1, y1, x2, y2)
        if frame != FRAME:
            box = box.to_picture(size, frame).to_model(size, FRAME)
        boxes.append(list(box.xyxy))
        pieces += [prompted[end : citation.start], bbox_text(box)]
        end = citation.end
    return "".join([*pieces, prompted[end:]]), boxes


def _point(item: RegionObject) -> PicturePoint:
    """The object's own point, or else the place in its mask farthest from the rim, or the middle."""
    if item.point is not None:
        return item.point
    box = item.box
    if item.mask is not None and item.mask.area:
        padded = np.pad(item.mask.to_array().astype(np.uint8), 1)
        depth = cv2.distanceTransform(padded, cv2.DIST_L2, 3)[1:-1, 1:-1]
        y, x = np.unravel_index(int(depth.argmax()), depth.shape)
        return PicturePoint(int(x), int(y))
    return PicturePoint((box.x1 + box.x2) // 2, (box.y1 + box.y2) // 2)
