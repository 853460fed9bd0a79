"""RegionDial-Bench files: dialogues about pictures, with the truth for every turn.

A file is a list, or JSON Lines, of ``{image_id, image_path, conversational_turns: [{question, bboxes,
masks, ann_ids, context_from_turn?}]}``; ``<box>{context_bbox}</box>`` in a question stands for the box of
the earlier turn (from 0) that ``context_from_turn`` names, or of several turns, in order. A turn without
boxes asks for something that is not there. In the authors' own files nine questions name the turn itself, a
later one or none; they are asked as the authors' script does (see `reference_policy`).

Pictures are used as they are stored, because the true boxes are: an EXIF orientation is ignored.

Everything is checked here, the pictures too, so that a bad row is found before a model runs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import Any

from demo.dialects.prompt import normalise
from demo.errors import InputError, one_line
from demo.evaluate.json_stream import read_list
from demo.evaluate.mask_forms import are_shares, read_masks
from demo.evaluate.picture_paths import find_picture, find_spelling
from demo.language.references import check_question
from demo.picture.geometry import PictureBox, Size, round_half_up
from demo.picture.masks import Mask
from demo.picture.picture import Picture, open_picture

BOX_PLACE = "<box>{context_bbox}</box>"  # as files are written here; `PLACE` reads other spellings
_NAME = r"\s*context[_ -]?b?box\s*"
_BOX = rf"(?:\$?\{{{{1,2}}{_NAME}\}}{{1,2}}|<{_NAME}>|\[{_NAME}\])"
PLACE = re.compile(
    rf"<(?:b?box)>\s*{_BOX}?\s*</(?:b?box)>|<\|box_start\|>\s*{_BOX}\s*<\|box_end\|>"
    rf"|(?:\bbbox\s*=\s*)?(?:\[\s*{_BOX}\s*\]|{_BOX})",
    re.IGNORECASE,
)
_TAG = re.compile(
    r"<b?box>|\{b?box\}", re.IGNORECASE
)  # of a place that is written in some other way
MAX_TURNS = 1_000
MAX_LABEL = 40
MAX_WHY = 1_000  # characters of a sentence on a row
_MAX_COORDINATE = 10**6  # pixels
_CORNER_NAMES = (
    ("x1", "y1", "x2", "y2"),
    ("xmin", "ymin", "xmax", "ymax"),
    ("x_min", "y_min", "x_max", "y_max"),
    ("left", "top", "right", "bottom"),
)
_SIZE_NAMES = (
    ("x", "y", "width", "height"),
    ("x", "y", "w", "h"),
    ("left", "top", "width", "height"),
)
_UNLIKE, _ALIKE = 0.5, 0.8  # IoU of a box and its mask's


@dataclass(frozen=True, slots=True)
class TrueTurn:
    """One question and its true answer, in picture pixels.

    ``contexts`` has the turn (from 0) for each box place in the question, in order; it is empty when the
    question names no turn. ``boxes`` is empty where nothing matches, ``masks`` is None where the file has
    none. ``labels`` are the turn's other short texts, such as nano's ``skill`` and ``kind``.
    """

    question: str
    contexts: tuple[int, ...]
    boxes: tuple[PictureBox, ...]
    masks: tuple[Mask, ...] | None
    labels: Mapping[str, str]

    @property
    def literal(self) -> int:
        """How many box places stay as they are written, because the question names no turn."""
        return 0 if self.contexts else len(PLACE.findall(self.question))


@dataclass(frozen=True, slots=True)
class Dialogue:
    """A usable row of a file; ``index`` counts the rows from 0."""

    index: int
    image_id: str
    image_path: str
    picture: Path
    turns: tuple[TrueTurn, ...]


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that cannot be used, and a sentence on one line that says why."""

    index: int
    why: str


def read_dialogues(
    path: Path, *, images: Path | None = None, limit: int | None = None
) -> Iterator[Dialogue | BadRow]:
    """The first ``limit`` rows of a benchmark file, in order.

    Paths of pictures are relative to the file's folder or, where given, to ``images``, in which a file of
    that name is enough. Raises InputError for a file that is not such a list, or an empty one.
    """
    index = -1
    for index, row in enumerate(islice(read_list(path), limit)):
        try:
            yield read_row(index, row, path.parent, images)
        except InputError as error:
            yield BadRow(index, one_line(str(error), MAX_WHY))
    if index < 0:
        raise InputError(f"The file {path} holds no dialogues: its list is empty.")


def read_row(index: int, row: object, folder: Path, images: Path | None) -> Dialogue:
    """One row of a file in that folder, checked together with its picture.

    Raises InputError when it cannot be used.
    """
    named = check_outline(row)
    written, turns = named["image_path"], named["conversational_turns"]
    picture = picture_path(written, folder, images)
    opened = open_stored(picture)
    try:
        made = tuple(_numbered_turn(turns, number, opened.size) for number in range(len(turns)))
    except InputError as error:
        raise InputError(" ".join((str(error), *opened.notes))) from error
    return Dialogue(index, str(named.get("image_id", index)), written, picture, made)


def open_stored(path: Path) -> Picture:
    """A benchmark's picture as it is stored, not turned upright. Raises PictureError."""
    return open_picture(path, upright=False)


def check_outline(row: object) -> dict[str, Any]:
    """The row, if it names a picture and has a list of turns, which are not checked yet.

    Raises InputError.
    """
    if not isinstance(row, dict):
        raise InputError("It is not a dialogue: it has no named values.")
    written, turns = row.get("image_path"), row.get("conversational_turns")
    if not isinstance(written, str) or not written:
        raise InputError("It names no picture: “image_path” is not a text.")
    if not isinstance(turns, list) or not turns:
        raise InputError("It has no turns: “conversational_turns” is not a list of them.")
    if len(turns) > MAX_TURNS:
        raise InputError(f"It has {len(turns):,} turns, but at most {MAX_TURNS:,} can be played.")
    return row


def picture_path(written: str, folder: Path, images: Path | None) -> Path:
    """Where the picture is; a path that leads out of the folder is refused. Raises InputError."""
    relative = PurePosixPath(written.replace("\\", "/"))
    if "\0" in written or not relative.name:
        raise InputError("It names no picture: “image_path” is not a path.")
    if images is None and (relative.is_absolute() or ".." in relative.parts):
        raise InputError(
            "Its picture lies outside the file's folder; say where it is with --images."
        )
    try:
        return find_picture(relative, images) if images else find_spelling(relative, folder)
    except OSError as error:  # a name without end, a folder that nobody may read
        raise InputError(f"Its picture cannot be found: {error.strerror}.") from error


def _numbered_turn(turns: Sequence[object], number: int, size: Size) -> TrueTurn:
    try:
        return _turn(turns[number], len(turns), size)
    except InputError as error:
        raise InputError(f"Turn {number} (counted from 0): {error}") from error


def _turn(turn: object, turns: int, size: Size) -> TrueTurn:
    if not isinstance(turn, dict):
        raise InputError("It has no named values.")
    question = turn.get("question")
    if not isinstance(question, str):
        raise InputError("Its question is not a text.")
    question = check_question(question)
    if not normalise(question):
        raise InputError("Its question has no words.")
    boxes = _boxes(turn.get("bboxes"))
    masks = tuple(read_masks(turn.get("masks"), size))
    _check_boxes(boxes, masks)
    if not boxes and any(mask.area for mask in masks):
        raise InputError("It has a mask, but no box.")
    return TrueTurn(
        question,
        _contexts(turn.get("context_from_turn"), question, turns),
        boxes,
        masks or None,
        {
            name: value
            for name, value in turn.items()
            if isinstance(value, str) and name != "question" and len(value) <= MAX_LABEL
        },
    )


def _contexts(context: object, question: str, turns: int) -> tuple[int, ...]:
    """The turn for each place; a single turn fills them all. Empty without a place or a turn."""
    places = len(PLACE.findall(question))
    named: Sequence[Any] = context if isinstance(context, list) else [context]
    # Some programs write whole numbers as 1.0, and NaN for a missing one.
    named = [int(n) if isinstance(n, float) and n.is_integer() else n for n in named]
    named = [] if context is None or context != context else named
    for turn in named:
        if type(turn) is not int:
            raise InputError("“context_from_turn” is neither a number nor a list of numbers.")
        if not 0 <= turn < turns:
            raise InputError(
                f"It refers to turn {turn}, but there are only turns 0 to {turns - 1}."
            )
    if named and not places and _TAG.search(question):
        raise InputError(f"Its question has a place for a box that is not written as {BOX_PLACE}.")
    if len(named) == 1:
        return tuple(named) * places
    if places and named and len(named) != places:
        raise InputError(
            f"Its question has {places} places for boxes, but it refers to {len(named)} turns."
        )
    return tuple(named) if places else ()


def _boxes(value: object) -> tuple[PictureBox, ...]:
    """The boxes of a list, which may also be one box alone."""
    if not isinstance(value, list):
        raise InputError("“bboxes” is not a list.")
    is_one = len(value) == 4 and not any(isinstance(v, list | dict) for v in value)
    return tuple(_box(box) for box in ([value] if is_one or _are_corners(value) else value))


def _are_corners(value: list[Any]) -> bool:
    return len(value) == 2 and all(isinstance(v, list) and len(v) == 2 for v in value)


def _box(value: object) -> PictureBox:
    """A box ``[x1, y1, x2, y2]``, ``[[x1, y1], [x2, y2]]``, or with its numbers under their names."""
    numbers = value if isinstance(value, list) else _named(value)
    numbers = [*numbers[0], *numbers[1]] if _are_corners(numbers) else numbers
    if len(numbers) != 4 or not all(is_coordinate(v) for v in numbers):
        raise InputError("A box is not a list of four numbers.")
    if are_shares(numbers):
        raise InputError(f"The box {numbers} lies between 0 and 1, and not in pixels.")
    x1, y1, x2, y2 = (round_half_up(v) for v in numbers)
    if x1 > x2 or y1 > y2:
        raise InputError(f"The box {numbers} is not x1, y1, x2, y2 with x1 < x2 and y1 < y2.")
    return PictureBox(x1, y1, x2, y2)


def _named(value: object) -> list[Any]:
    """The numbers of a box with names; empty where there are none."""
    named = value if isinstance(value, dict) else {}
    for names in _CORNER_NAMES:
        if named.keys() >= set(names):
            return [named[name] for name in names]
    for names in _SIZE_NAMES:
        if named.keys() >= set(names):
            x, y, width, height = (named[name] for name in names)
            if all(is_coordinate(v) for v in (x, y, width, height)):
                return [x, y, x + width, y + height]
    return []


def _check_boxes(boxes: Sequence[PictureBox], masks: Sequence[Mask]) -> None:
    """Raise when a box fits its mask only if its last two numbers are its width and height."""
    for box, mask in zip(boxes, masks, strict=False):
        around, (x, y, width, height) = mask.bounding_box(), box.xyxy
        sized = PictureBox(x, y, x + max(width, 0), y + max(height, 0))
        if around is not None and around.iou(box) < _UNLIKE and around.iou(sized) > _ALIKE:
            raise InputError(
                f"The box {list(box.xyxy)} fits its mask only as x, y, width, height. Write x1, y1, x2, y2."
            )


def is_coordinate(value: object) -> bool:
    """Whether it may be a number of pixels in a picture."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return abs(value) <= _MAX_COORDINATE  # false for NaN
