"""The models that run, as a value; and what people are told about them and their picture.

It loads nothing: whoever shows a page needs it before anything is loaded.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from demo.answers.finding import OUTSIDE, Finding
from demo.checkpoints.catalogue import Entry
from demo.dialects.ways import ways_of
from demo.models.served import ServedEntry
from demo.picture.picture import Picture
from demo.reasoners.base import Reasoner
from demo.segmenters.base import Segmenter

if TYPE_CHECKING:
    from demo.models.drawn_world import World

SEVEN_B = "regionreasoner-7b"
SMALLER = "qwen3-vl-2b"
NANO_ADVICE = "nano knows drawn scenes only; open a photograph to see what can be done about that"


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
            "Without one, a smaller model that was not trained for this:",
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

    def doubt_about(self, picture: Picture) -> Finding | None:
        """Why no answer about a picture can be believed; None where it can."""
        if self.world is None or self.world.belongs(picture):
            return None
        sentence = f"{self.reasoner.name} guesses: it has never seen a picture like this."
        return Finding(OUTSIDE, "warning", sentence)

    def way(self, wanted: str) -> str:
        """The way in which a question is asked: the one that a person wants, where the model has it."""
        has_it = bool(self.asking) and wanted in ways_of(self.reasoner.dialect)
        return wanted if has_it else self.asking


def loading(title: str) -> str:
    """What people are told while a model is loaded."""
    return f"Loading {title}…"
