"""How a family of models is prompted and how its answers are read: a *dialect*, as a value.

It defines the text of a question, the form of an answer, the size in pixels in which a picture is shown,
and the frame of the numbers. It knows no wording (`known.py`), no tokenizer, no model code and no region.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from demo.dialects.looking import Looking
from demo.picture.geometry import Size

SQUARE = Size(840, 840)

# Pixels a side of a visual token of Qwen2-VL and Qwen2.5-VL.
TOKEN = 28
# Visual tokens of a picture shown in its own shape: at most those of the 840 square, for which memory is
# planned, and at least as many as a small thing in it needs.
MIN_TOKENS, MAX_TOKENS = 256, 900
# Beyond this a picture is squeezed; servers refuse pictures of 1 : 200.
_MAX_ELONGATED = 50


@dataclass(frozen=True, slots=True)
class View:
    """A picture as a model gets it: resized to ``shown`` pixels, with coordinates in ``frame``."""

    shown: Size
    frame: Size


@dataclass(frozen=True, slots=True)
class Dialect:
    """How one family of models is prompted, and how its answers are read.

    ``request`` is the whole text beside the picture, with ``{question}`` in it, and ``box`` the form of a
    reference. ``parts`` are the tags of an answer, in order; with none, the whole text is the answer.
    ``native`` names the irregularities that are its normal form and need no repair (see
    `boxes.AnswerReader`). ``skeleton`` is an answer with nothing in it. ``shown`` is the size in pixels to
    which pictures are resized (None: their own shape, see `natural_size`), ``frame`` the frame of the
    coordinates (None: the pixels shown), ``token`` the side of a visual token in pixels.
    ``tells``: its answers are words, and boxes of what they are about, if there are any. ``is_as_typed``:
    questions keep their capitals and marks. ``system`` is the line before everything, where it is not that
    of the checkpoint's template. ``looking`` says how it takes a second look, if it does.
    """

    name: str
    request: str
    skeleton: str
    parts: tuple[str, ...] = ("think", "answer")
    native: frozenset[str] = frozenset()
    box: str = "bbox=[{}, {}, {}, {}]"
    shown: Size | None = SQUARE
    frame: Size | None = SQUARE
    token: int = TOKEN
    tells: bool = False
    is_as_typed: bool = False
    system: str = ""
    looking: Looking | None = None

    def instruction(self, question: str) -> str:
        """The whole text beside the picture."""
        return self.request.replace("{question}", question)

    def likely(self, *, given: bool) -> str:
        """The usual form of an answer, without content; ``given``: the question has a reference."""
        return self.skeleton if given else self.skeleton.replace("<focus></focus>\n", "")

    def view(self, picture: Size) -> View:
        """The size in which a picture of that size is shown, and the frame of its coordinates."""
        shown = self.shown or natural_size(picture, self.token)
        return View(shown, self.frame or shown)

    def in_frame(self, size: Size) -> Dialect:
        """The same dialect for a model whose pictures and coordinates have another fixed size."""
        return replace(self, shown=size, frame=size)

    def with_token(self, token: int) -> Dialect:
        """The same dialect for a model with visual tokens of another size; coordinates keep their frame.

        A fixed size becomes the nearest one in whole tokens.
        """
        if self.shown is None:
            return replace(self, token=token)
        sides = (max(1, round(s / token)) * token for s in (self.shown.width, self.shown.height))
        return replace(self, shown=Size(*sides), token=token)


def natural_size(picture: Size, token: int) -> Size:
    """The picture's own shape in whole visual tokens, of which there are MIN_TOKENS to MAX_TOKENS."""
    return fitted_size(picture, token, MIN_TOKENS * token**2, MAX_TOKENS * token**2)


def fitted_size(picture: Size, token: int, fewest: int, most: int) -> Size:
    """A size in the same shape, in whole visual tokens, as the processors of the Qwen models resize to it.

    With w, h the sides and t that of a token in pixels and b = √(w·h / limit), each side s becomes
    ``round(s / t) · t``; where that makes more pixels than ``most``, ``max(t, ⌊s / b / t⌋ · t)``, where
    fewer than ``fewest``, ``⌈s / b / t⌉ · t`` (`smart_resize` of Qwen2-VL's image processor in
    transformers).
    """
    sides = (
        min(picture.width, picture.height * _MAX_ELONGATED),
        min(picture.height, picture.width * _MAX_ELONGATED),
    )
    area = sides[0] * sides[1]
    width, height = (round(side / token) * token for side in sides)
    if width * height > most:
        ratio = math.sqrt(area / most)
        width, height = (max(token, math.floor(s / ratio / token) * token) for s in sides)
    elif width * height < fewest:
        ratio = math.sqrt(fewest / area)
        width, height = (math.ceil(side * ratio / token) * token for side in sides)
    return Size(width, height)
