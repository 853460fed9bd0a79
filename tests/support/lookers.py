"""A model that looks closer as the built-in one does, and one that does so in other families' ways."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from dataclasses import replace

from demo.dialects.known import REGION_REASONER
from demo.dialects.known_looks import NANO_LOOKS
from demo.dialects.messages import Shown
from demo.dialects.prompt import Prompt
from demo.errors import ModelError
from demo.picture.geometry import Size
from demo.picture.picture import Picture
from demo.reasoners.base import Usage
from tests.support.table import Weightless

WHOLE = Size(400, 300)
LEFT, RIGHT = "[42, 84, 336, 504]", "[462, 84, 756, 504]"
# In the frame of the part: on the picture the red block is at (40, 60, 140, 160).
IN_PART = '{"bbox_2d": [120, 168, 720, 728]}'
HERE = "<scene>A red block.</scene><think>Here, at ⏸[120, 168, 720, 728].</think>"
THERE = f"{HERE}<answer>[{IN_PART}]</answer>"
NOT_THERE = "<scene>Blue.</scene><think>No red at [9, 9, 99, 99].</think><answer>[]</answer>"


class Looker(Weightless):
    """Looks on the left, or first on the right where the question says *twice*, and answers about the part.

    A pause in an answer (⏸) lasts until the test lets it go on or the turn is stopped. One that is broken
    fails there, inside its look.
    """

    name, device = "looker", "CPU"
    dialect = replace(REGION_REASONER, looking=NANO_LOOKS)

    def __init__(self) -> None:
        self.go_on = threading.Event()
        self.sizes: list[Size] = []
        self.is_broken = False

    def stream(
        self, picture: Picture, prompt: Prompt, cancel: threading.Event
    ) -> Iterator[str | Usage]:
        self.sizes.append(shown_of(picture, prompt).size)
        for piece in re.split("(⏸)", self._text(picture, prompt)):
            if piece == "⏸" and self.is_broken:
                raise ModelError("The device has no room left.")
            while piece == "⏸" and not cancel.is_set() and not self.go_on.wait(0.01):
                pass
            if cancel.is_set():
                break
            yield piece.strip("⏸")
        yield Usage()

    def _text(self, picture: Picture, prompt: Prompt) -> str:
        first_seen = shown_of(picture, prompt)
        if isinstance(first_seen, Shown):
            return THERE if is_red(first_seen) else NOT_THERE
        said = "".join(str(part) for message in prompt.messages for part in message.parts)
        if "Not there." in said:
            return f"Then <look>{LEFT}</look>"
        first = RIGHT if "twice" in prompt.question else LEFT
        return f"<scene>Two blocks.</scene><think>It is small. <look>{first}</look>"


def shown_of(picture: Picture, prompt: Prompt) -> Picture | Shown:
    """What a prompt is about: a part, or the whole picture."""
    parts = [part for message in prompt.conversation for part in message.parts]
    return next((part for part in parts if isinstance(part, Shown)), picture)


def is_red(part: Shown) -> bool:
    """Whether the red block is in a part."""
    red, green, _ = (part.pixels[..., channel] for channel in range(3))
    return bool(((red > 200) & (green < 50)).any())
