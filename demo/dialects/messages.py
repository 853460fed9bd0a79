"""What a model is told and shown, as the messages of a conversation: texts and pictures in order.

It knows no chat template and no server; these turn messages into tokens or into JSON.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from demo.picture.geometry import Size
from demo.picture.picture import digest_of


class Main(Enum):
    """Stands for the picture that a prompt is about, in the size in which its model is shown it."""

    PICTURE = "picture"


MAIN = Main.PICTURE


@dataclass(frozen=True, slots=True, eq=False)
class Shown:
    """One more picture: uint8 RGB ``pixels`` [H, W, 3], in exactly the size in which it is shown."""

    pixels: NDArray[np.uint8]

    @property
    def size(self) -> Size:
        """Width and height in pixels, as shown."""
        height, width = self.pixels.shape[:2]
        return Size(width, height)

    @property
    def digest(self) -> str:
        """The SHA-256 of its size and pixels."""
        return digest_of(self.pixels)


Content = str | Shown | Main


@dataclass(frozen=True, slots=True)
class Message:
    """What one side says: ``role`` is system, user, assistant or tool.

    ``is_open``: the last message, an answer that the model goes on with.
    """

    role: str
    parts: tuple[Content, ...]
    is_open: bool = False
