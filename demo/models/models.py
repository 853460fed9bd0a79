"""The models that run, as a value; and what people are told about them and their picture.

It loads nothing: whoever shows a page needs it before anything is loaded.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from demo.checkpoints.catalogue import Entry
from demo.models.served import ServedEntry
from demo.picture.picture import Picture
from demo.reasoners.base import Reasoner
from demo.segmenters.base import Segmenter

if TYPE_CHECKING:
    from demo.models.drawn_world import World

SEVEN_B = "regionreasoner-7b"
SMALLER = "qwen2.5-vl-3b"
NANO_ADVICE = (
    "nano knows drawn scenes only; for photographs: --model regionreasoner-7b on a CUDA GPU"
)


@dataclass(frozen=True, slots=True)
class Advice:
    """What to tell people about their picture before they ask.

    ``ways`` are the ways out: a sentence and the command that goes with it.
    """

    text: str
    ways: tuple[tuple[str, str], ...]


_OUTSIDE = Advice(
    "This picture is not from nano’s drawn world, so nano’s answers about it will mean nothing.",
    (
        (
            "For photographs, run RegionReasoner-7B on a CUDA GPU:",
            f"python app.py --model {SEVEN_B}",
        ),
        (
            "Without one, a smaller Qwen2.5-VL, which is slow here and not trained for this:",
            f"python app.py --model {SMALLER}",
        ),
    ),
)

SERVED_AT_ONCE = 64  # a server queues by itself


@dataclass(frozen=True, slots=True)
class Models:
    """What runs, and what to tell people about it.

    ``status`` names model, device and segmenter; ``advice`` says what the model can and cannot do;
    ``why`` says why these were chosen. ``world`` is there when the model knows no other pictures.
    ``at_once`` is how many turns are answered at a time. ``entry`` is what was loaded, or what a server
    runs. ``is_expected`` says that these stand for models that are still to be loaded.
    ``asking`` is the usual way of asking a model that has two, else empty (see `dialects.ways`).
    """

    reasoner: Reasoner
    segmenter: Segmenter | None
    status: str
    advice: str
    why: str
    world: World | None = None
    at_once: int = 1
    entry: Entry | ServedEntry | None = None
    is_expected: bool = False
    asking: str = ""

    def advice_for(self, picture: Picture) -> Advice | None:
        """What to say about a picture before the first question; None when there is nothing."""
        if self.world is None or self.world.belongs(picture):
            return None
        return _OUTSIDE

    def way(self, wanted: str) -> str:
        """The way in which a question is asked: the one that a person wants, as far as there are two."""
        return (wanted or self.asking) if self.asking else ""


def loading(title: str) -> str:
    """What people are told while a model is loaded."""
    return f"Loading {title}…"
