"""How a family of models takes a second look at a part of a picture: a *look*, as data.

A model asks for a part in its text (*call*), the part is cut from a picture, enlarged, and handed back;
then it goes on. What differs between families are the eight values of `Looking`; the loop that follows
them is `dialogue/looking.py`, the geometry `picture/crops.py`, the reading of calls `answers/calls.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from demo.picture.geometry import Size


class Call(Enum):
    """How a call is read in a text."""

    BARE = "the last {…} with a bbox_2d"
    TOOL = "the first JSON in <tool_call> tags, with arguments"
    LAST_TOOL = "the last JSON in <tool_call> tags"
    GROUNDING = "JSON in <grounding> tags, with a source"
    TAGGED = "four numbers in <look> tags"
    LISTED = "a JSON list of boxes, which is the whole text"


class Frame(Enum):
    """What the numbers of a call's box are, beside a fixed size in pixels."""

    SHOWN = "pixels of the picture that it is cut from, as it was shown"
    UNIT = "fractions of that picture's sides"


class Source(Enum):
    """From which picture a part is cut, and whether with the pixels of the file."""

    ORIGINAL = "the picture, in the pixels of its file"
    SHOWN = "the picture, in the pixels that were shown"
    NAMED = "the picture or an earlier part, in the pixels of the file"
    NAMED_SHOWN = "the picture or an earlier part, in the pixels that were shown"


class Back(Enum):
    """In which place of the conversation a part is handed back."""

    ANSWER = "within the answer, which goes on"
    USER = "as the user's next message"
    TOOL = "as the message of a tool"
    AFRESH = "in a new conversation, with the picture in which all parts are marked"
    APART = "as a picture of its own, about which the same question is asked"


@dataclass(frozen=True, slots=True)
class Cut:
    """What is cut where a box was called.

    Around its middle the box grows by ``factor``; then each side moves out by ``margin`` of the picture's
    side, at most ``max_margin`` pixels. Its sides have at least ``min_side`` pixels, and one in any case;
    the longer one has at most ``max_ratio`` times the shorter one's. ``is_inclusive``: the right and bottom
    numbers are the last pixels of the part, not the first ones after it. A box that is too small is refused
    if it ``refuses_small``, and one that reaches outside if it ``refuses_outside``.
    """

    factor: float = 1.0
    margin: float = 0.0
    max_margin: int | None = None
    min_side: int = 0
    max_ratio: float = 200.0
    is_inclusive: bool = False
    refuses_small: bool = False
    refuses_outside: bool = False


@dataclass(frozen=True, slots=True)
class Enlarge:
    """In which size a part is shown.

    Its sides grow by ``factor``; with ``by_area`` by two for less than an eighth of the picture, by one for
    half of it or more, and on a straight line between. The result is brought into whole tokens of
    ``token`` pixels and between ``min_pixels`` and ``max_pixels``. ``how`` names the filter.
    """

    factor: float = 1.0
    by_area: bool = False
    token: int = 28
    min_pixels: int = 4 * 28**2
    max_pixels: int = 1024 * 28**2
    how: str = "LANCZOS"


@dataclass(frozen=True, slots=True)
class Looking:
    """The eight values that say how a family looks: ``call``, ``frame``, ``source``, ``cut``, ``enlarge``,
    the message ``back`` (with ``told``), where it ``stops``, and the ``most`` looks of one answer.

    ``frame`` is a `Frame` or a fixed size in pixels. ``told`` is the text beside the part, in which
    ``{part}`` stands for it, ``{number}`` counts looks from 1 and ``{call}`` calls from 0; ``refused`` is
    the text after a call that cannot be followed, with ``{error}`` in it, or ``{whole}`` for the picture.
    Stops are strings, put back into the text where they belong to a call. ``first_source`` is the number
    that names the whole picture where parts are numbered.
    """

    call: Call
    frame: Frame | Size
    source: Source
    cut: Cut
    enlarge: Enlarge
    back: Back
    stops: tuple[str, ...]
    most: int
    told: str = "{part}"
    refused: str = ""
    first_source: int = 0
