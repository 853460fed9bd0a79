"""What it takes to speak with a family of models: a *dialect*, as a value.

It says how a question is put, which form an answer has, in how many pixels a picture is shown, and in
which frame the numbers are. It knows no wording (`known.py`), no tokenizer, no model code and no region.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from demo.picture.geometry import Size

SQUARE = Size(840, 840)

# A visual token of the Qwen models stands for so many pixels a side.
TOKEN = 28
# A picture in its own shape is shown in so many pixels: at most as many as the 840 square has, for which
# memory is planned, and no fewer than a small thing in it needs.
MIN_PIXELS, MAX_PIXELS = 256 * TOKEN**2, SQUARE.width * SQUARE.height
# Beyond this a picture is squeezed; servers refuse pictures of 1 : 200.
_MAX_ELONGATED = 50


@dataclass(frozen=True, slots=True)
class View:
    """A picture as a model gets it: resized to ``shown``, and spoken of in the numbers of ``frame``."""

    shown: Size
    frame: Size


@dataclass(frozen=True, slots=True)
class Dialect:
    """How one family of models is asked, and how its answers are read.

    ``request`` is the whole text beside the picture, with ``{question}`` in it, and ``box`` what a
    reference is written like. ``parts`` are the tags that an answer has, in order; with none, the whole
    text is the answer. ``native`` names what of its form is no mending (see `answer.AnswerReader`).
    ``skeleton`` is an answer with nothing in it. ``shown`` is the size that pictures are resized to
    (None: their own shape, see `natural_size`), ``frame`` the one that numbers are in (None: the pixels
    shown).
    """

    name: str
    request: str
    skeleton: str
    parts: tuple[str, ...] = ("think", "answer")
    native: frozenset[str] = frozenset()
    box: str = "bbox=[{}, {}, {}, {}]"
    shown: Size | None = SQUARE
    frame: Size | None = SQUARE

    def instruction(self, question: str) -> str:
        """The whole text beside the picture."""
        return self.request.replace("{question}", question)

    def likely(self, *, given: bool) -> str:
        """What an answer looks like before anything is known; ``given``: the question has a reference."""
        return self.skeleton if given else self.skeleton.replace("<focus></focus>\n", "")

    def view(self, picture: Size) -> View:
        """How a picture of that size is shown, and the frame in which it is spoken of."""
        shown = self.shown or natural_size(picture)
        return View(shown, self.frame or shown)

    def in_frame(self, size: Size) -> Dialect:
        """The same dialect for a model that sees, and speaks of, pictures in another fixed size."""
        return replace(self, shown=size, frame=size)


def natural_size(picture: Size) -> Size:
    """The picture's own shape in whole visual tokens, as the processors of the Qwen models resize it.

    With w, h the sides, t = 28 and b = √(w·h / limit), each side s becomes ``round(s / t) · t``; where that
    makes more than MOST_PIXELS, ``max(t, ⌊s / b / t⌋ · t)``, where fewer than FEWEST_PIXELS,
    ``⌈s / b / t⌉ · t`` (`smart_resize` of Qwen2-VL's image processor in transformers).
    """
    sides = (
        min(picture.width, picture.height * _MAX_ELONGATED),
        min(picture.height, picture.width * _MAX_ELONGATED),
    )
    area = sides[0] * sides[1]
    width, height = (round(side / TOKEN) * TOKEN for side in sides)
    if width * height > MAX_PIXELS:
        ratio = math.sqrt(area / MAX_PIXELS)
        width, height = (max(TOKEN, math.floor(s / ratio / TOKEN) * TOKEN) for s in sides)
    elif width * height < MIN_PIXELS:
        ratio = math.sqrt(MIN_PIXELS / area)
        width, height = (math.ceil(side * ratio / TOKEN) * TOKEN for side in sides)
    return Size(width, height)
