"""The worst rounds of a run as pictures: what the model found, which boxes it was given, and the truth.

Predictions and references are drawn as on the page, with the names they had in the dialogue; the truth is
a white and black outline on top.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from demo.dialogue.overlay import draw_overlay
from demo.dialogue.session import ReasonerInfo, Session, Turn
from demo.evaluate.data import Dialogue, TrueTurn, open_stored
from demo.evaluate.metrics import HIT_IOU
from demo.evaluate.play import Row, TurnRow, turn_score
from demo.figures.drawing import Drawn, dialogue_figure
from demo.picture.geometry import PictureBox, PicturePoint, Size
from demo.picture.masks import Mask
from demo.picture.picture import Picture
from demo.picture.regions import Region, RegionObject, Registry, number_of

MAX_SIDE = 720  # pixels


@dataclass(frozen=True, slots=True)
class WorstRound:
    """A round: index of its dialogue (from 0), its row, its picture as a JPEG file, and as a PDF file a
    figure of the answer beside the truth.
    """

    index: int
    turn: TurnRow
    jpeg: bytes
    pdf: bytes


def worst_rounds(
    rows: Iterable[Row], dialogues: Iterable[Dialogue], count: int
) -> list[WorstRound]:
    """The ``count`` worst of the wrong rounds of a run, worst first, at most one from each dialogue.

    The worst has the smallest IoU (of masks if there are any, else of boxes), and of equal ones the
    largest true box. A wrong answer about something absent counts as an IoU of 0. Raises PictureError for
    a picture that can no longer be read.
    """
    by_index = {dialogue.index: dialogue for dialogue in dialogues}
    worst = [
        (_rank(turn), row, turn)
        for row in rows
        if row["index"] in by_index
        for turn in [min(row["turns"], key=_rank)]
    ]
    worst = [one for one in worst if one[0][0] <= HIT_IOU]
    worst.sort(key=lambda one: one[0])
    return [_worst_round(row, turn, by_index[row["index"]]) for _, row, turn in worst[:count]]


def _rank(turn: TurnRow) -> tuple[float, int, int]:
    """A sort key, smallest for the worst; it begins with the IoU, or 0 or 1 for something absent."""
    if not turn["truth"]:
        return (1.0 if turn_score(turn).absent_right else 0.0), 0, turn["round"]
    box = PictureBox(*turn["truth"][0])
    shared = turn["overlap"]
    iou = turn["iou"] or 0.0 if shared is None else shared[0] / max(shared[1], 1)
    return iou, -box.area, turn["round"]


def _worst_round(row: Row, turn: TurnRow, dialogue: Dialogue) -> WorstRound:
    picture, true = open_stored(dialogue.picture), dialogue.turns[turn["round"] - 1]
    jpeg, pdf = draw_round(picture, turn, true), round_figure(picture, turn, true)
    return WorstRound(row["index"], turn, jpeg, pdf)


def draw_round(picture: Picture, turn: TurnRow, true: TrueTurn) -> bytes:
    """The picture with references, prediction and truth, as a JPEG file of at most `MAX_SIDE` pixels."""
    scene = draw_overlay(picture, _session(picture, turn))
    _draw_truth(scene, true)
    image = Image.fromarray(scene)
    image.thumbnail((MAX_SIDE, MAX_SIDE))
    file = io.BytesIO()
    image.save(file, "JPEG", quality=82, optimize=True)
    return file.getvalue()


def round_figure(picture: Picture, turn: TurnRow, true: TrueTurn) -> bytes:
    """The question, the answer with its references, and the truth beside it, as a PDF file for a paper."""
    session = _session(picture, turn)
    asked = Turn(turn["question"], "", region=turn["region"])
    session = replace(session, reasoner=ReasonerInfo("answer", picture.size), turns=(asked,))
    boxes = (RegionObject("", box) for box in true.boxes)
    masks = true.masks if true.masks and len(true.masks) == len(true.boxes) else ()
    items = [replace(item, mask=mask) for item, mask in zip_longest(boxes, masks)]
    number = number_of(turn["region"] or f"R{len(session.registry) + 1}")
    truth = Drawn(tuple((item, "truth", number) for item in items), "truth")
    return dialogue_figure(picture, session, "pdf", beside=truth)


def _session(picture: Picture, turn: TurnRow) -> Session:
    """A dialogue with the regions of this round only."""
    regions: dict[str, Region] = {}
    for place in turn["references"]:
        if place["name"] is not None and place["box"] is not None:
            name = place["name"].split(".")[0]
            regions[name] = Region(name, (RegionObject(f"{name}.1", PictureBox(*place["box"])),))
    if turn["region"] is not None:
        found = tuple(_object(o, picture.size) for o in turn["objects"])
        regions[turn["region"]] = Region(turn["region"], found)
    ordered = tuple(sorted(regions.values(), key=lambda region: region.number))
    info = ReasonerInfo("", picture.size)
    return Session("", picture.info, info, registry=Registry(ordered))


def _object(row: dict[str, object], size: Size) -> RegionObject:
    box, point, mask = row["bbox_xyxy"], row["point_xy"], row["mask"]
    assert isinstance(box, list)
    return RegionObject(
        str(row["id"]),
        PictureBox(*box),
        PicturePoint(*point) if isinstance(point, list) else None,
        Mask(size, mask["counts"]) if isinstance(mask, dict) else None,
    )


def _draw_truth(scene: NDArray[np.uint8], true: TrueTurn) -> None:
    width = max(1, round(max(scene.shape[:2]) / 400))
    outlines = [*_boxes(true.boxes), *(c for m in true.masks or () for c in _contours(m))]
    for colour, extra in (((255, 255, 255), 2 * width), ((0, 0, 0), 0)):
        cv2.polylines(scene, outlines, True, colour, width + extra, cv2.LINE_AA)


def _boxes(boxes: Sequence[PictureBox]) -> list[NDArray[np.int32]]:
    return [
        np.array([(b.x1, b.y1), (b.x2, b.y1), (b.x2, b.y2), (b.x1, b.y2)], np.int32) for b in boxes
    ]


def _contours(mask: Mask) -> Sequence[NDArray[np.int32]]:
    pixels = mask.to_array().astype(np.uint8)
    return cv2.findContours(pixels, cv2.RETR_LIST, cv2.CHAIN_APPROX_SIMPLE)[0]
