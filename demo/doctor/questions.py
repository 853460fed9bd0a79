"""The three questions that the doctor asks, the last two of which refer to the first answer."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from demo.answers.trace import PartText
from demo.dialects.prompt import Prompt
from demo.dialogue.edits import Editor
from demo.dialogue.engine import Segmenting, TurnFinished, begin, run_turn, understand
from demo.dialogue.examples import load_examples
from demo.dialogue.session import Session, Turn
from demo.picture.geometry import PictureBox
from demo.picture.picture import Picture, open_picture
from demo.reasoners.base import Reasoner
from demo.segmenters.base import Segmenter

_DRAWN, _PHOTOGRAPH, _OTHER = "Two cats and a ball", "Coffee", "At the beach"
_MAX_PIECES = 600  # of text; an answer that goes on is stopped there

Before = Callable[[Picture, Prompt], None]


@dataclass(frozen=True, slots=True)
class Scene:
    """A picture, three questions about it, and another picture to warm up with."""

    picture: Picture
    questions: tuple[str, ...]
    other: Picture


@dataclass(frozen=True, slots=True)
class Asked:
    """One question as it was put, and the turn that came of it; its text took ``written_s`` seconds."""

    prompt: Prompt
    turn: Turn
    written_s: float
    boxes: int
    masks: int


def scene_for(*, drawn: bool) -> Scene:
    """The drawn scene for a model that knows no photographs, else a photograph."""
    examples = {example.title: example for example in load_examples()}
    chosen = examples[_DRAWN if drawn else _PHOTOGRAPH]
    questions = (*chosen.questions, "what is to the left of R1")[:3]
    other = open_picture(examples[_OTHER].picture)
    return Scene(open_picture(chosen.picture), questions, other)


def ask(
    scene: Scene,
    reasoner: Reasoner,
    segmenter: Segmenter | None,
    before: Before = lambda *_: None,
) -> list[Asked]:
    """The dialogue through the engine; ``before`` hears of each prompt first. Raises ModelError.

    Where the first answer finds nothing, a box in the middle is drawn by hand, so that there is an R1.
    """
    session, asked = begin(scene.picture, reasoner), list[Asked]()
    for question in scene.questions:
        if asked and not session.registry.regions:
            session = Editor(scene.picture, None).draw_box(session, _middle(scene.picture)).session
        _, prompt = understand(session, question, reasoner.dialect)
        earlier = tuple(turn.raw for turn in session.turns)
        prompt = replace(prompt, likely=prompt.likely + earlier)
        before(scene.picture, prompt)
        session, written_s = _answered(session, question, scene.picture, reasoner, segmenter)
        asked.append(_asked(session, prompt, written_s))
    return asked


def _answered(
    session: Session,
    question: str,
    picture: Picture,
    reasoner: Reasoner,
    segmenter: Segmenter | None,
) -> tuple[Session, float]:
    """The dialogue with its next turn, and the seconds until the last of the turn's text."""
    cancel, pieces, began = threading.Event(), 0, time.perf_counter()
    written_s = 0.0
    for event in run_turn(
        session, question, picture=picture, reasoner=reasoner, segmenter=segmenter, cancel=cancel
    ):
        if isinstance(event, TurnFinished):
            return event.session, written_s
        if not isinstance(event, Segmenting):
            written_s = time.perf_counter() - began
        pieces += isinstance(event, PartText)
        if pieces >= _MAX_PIECES:
            cancel.set()
    raise AssertionError("a turn ends with its session")


def _asked(session: Session, prompt: Prompt, written_s: float) -> Asked:
    turn = session.turns[-1]
    objects = session.registry.objects(turn.region) if turn.region else ()
    return Asked(
        prompt, turn, written_s, len(objects), sum(item.mask is not None for item in objects)
    )


def _middle(picture: Picture) -> PictureBox:
    width, height = picture.size.width, picture.size.height
    return PictureBox(width // 4, height // 4, 3 * width // 4, 3 * height // 4)
