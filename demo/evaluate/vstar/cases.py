"""Wrongly answered questions of V* as pictures: where the model looked, its boxes, and where the targets
are."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from demo.evaluate.data import open_stored
from demo.evaluate.metrics import are_covered
from demo.evaluate.report import Case
from demo.evaluate.vstar.play import QuestionRow
from demo.evaluate.vstar.questions import LETTERS, Question
from demo.evaluate.vstar.score import boxes_of, is_right, looks_of
from demo.picture.geometry import PictureBox, Size
from demo.picture.palette import PALETTE

MAX_SIDE = 720  # pixels
_WIDTH = 2  # pixels of a line
LEGEND = (
    "Targets have the white and black outline. What the model looked at is numbered and blue; the boxes of "
    "its answer are orange."
)


def wrong_cases(
    rows: Iterable[QuestionRow], questions: Iterable[Question], count: int
) -> list[Case]:
    """The first ``count`` wrong answers: those first that did not see every target, smallest targets first.

    Raises PictureError for a picture that can no longer be read.
    """
    by_index = {question.index: question for question in questions}
    wrong = sorted((row for row in rows if not is_right(row)), key=_rank)
    return [_case(row, by_index[row["index"]]) for row in wrong[:count]]


def _rank(row: QuestionRow) -> tuple[bool, int, int]:
    targets = _targets(row)
    return _has_seen(row), sum(t.area for t in targets), row["index"]


def _targets(row: QuestionRow) -> list[PictureBox]:
    return [PictureBox(*target) for target in row["targets"]]


def _has_seen(row: QuestionRow) -> bool:
    return are_covered(_targets(row), [*looks_of(row), *boxes_of(row)])


def _case(row: QuestionRow, question: Question) -> Case:
    picture = open_stored(question.picture)
    written = row["raw"] or _weights(row)
    return Case(_caption(row, question), draw_case(picture.pixels, row), row["question"], written)


def _weights(row: QuestionRow) -> str:
    """The losses of the options, where these were weighed."""
    weighed = zip(row.get("losses", ()), row["options"], strict=False)
    return "\n".join(f"{loss:.3f}  {option}" for loss, option in weighed)


def _caption(row: QuestionRow, question: Question) -> str:
    chosen = "no option was read"
    if row["chosen"] is not None:
        chosen = f"{_option(row, row['chosen'])} was chosen"
    seen = ""
    if row["targets"] and "losses" not in row:
        seen = ", every target was seen" if _has_seen(row) else ", not every target was seen"
    right = _option(row, row["right"])
    return f"{row['name']}: “{question.text}” – {chosen}, {right} is right{seen}."


def _option(row: QuestionRow, letter: str) -> str:
    return f"({letter}) {row['options'][LETTERS.index(letter)].rstrip('.')}"


def draw_case(pixels: NDArray[np.uint8], row: QuestionRow) -> bytes:
    """The picture with looks, boxes and targets, as a JPEG file of at most `MAX_SIDE` pixels a side."""
    image = Image.fromarray(pixels)
    image.thumbnail((MAX_SIDE, MAX_SIDE))
    size, canvas = Size(*row["size"]), np.array(image)
    small = Size(image.width, image.height)
    for number, box in enumerate(looks_of(row), start=1):
        corner = _draw(canvas, box, size, small, ((_rgb(PALETTE[0]), _WIDTH),))
        _number(canvas, number, corner)
    for box in boxes_of(row):
        _draw(canvas, box, size, small, ((_rgb(PALETTE[1]), _WIDTH),))
    for box in _targets(row):
        _draw(canvas, box, size, small, (((255, 255, 255), 2 * _WIDTH), ((0, 0, 0), 1)), away=3)
    file = io.BytesIO()
    Image.fromarray(canvas).save(file, "JPEG", quality=82, optimize=True)
    return file.getvalue()


_Rgb = tuple[int, int, int]


def _rgb(colour: str) -> _Rgb:
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return red, green, blue


def _draw(
    canvas: NDArray[np.uint8],
    box: PictureBox,
    size: Size,
    small: Size,
    lines: Sequence[tuple[_Rgb, int]],
    *,
    away: int = 0,
) -> tuple[int, int]:
    """Outline a box of the picture on its small copy, so many pixels ``away``; its top left corner
    there."""
    x1, y1, x2, y2 = box.to_model(size, small).xyxy
    for colour, width in lines:
        first, last = (x1 - away, y1 - away), (x2 - 1 + away, y2 - 1 + away)
        cv2.rectangle(canvas, first, last, colour, width, cv2.LINE_AA)
    return x1, y1


def _number(canvas: NDArray[np.uint8], number: int, corner: tuple[int, int]) -> None:
    left, top = corner
    place = left, top - 6 if top >= 20 else top + 16  # above, so that it hides nothing small
    for colour, width in (((255, 255, 255), 4), (_rgb(PALETTE[0]), 2)):
        cv2.putText(
            canvas, str(number), place, cv2.FONT_HERSHEY_SIMPLEX, 0.5, colour, width, cv2.LINE_AA
        )
