"""The three questions that the doctor asks; the last two refer to the first answer."""

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
_MAX_PIECES = 600  # of text, after which an answer is stopped

# Called with each prompt before it is asked.
OnPrompt = Callable[[Picture, Prompt], None]


@dataclass(frozen=True, slots=True)
class Scene:
    """A picture, three questions about it, and another picture to warm up with."""

    picture: Picture
    questions: tuple[str, ...]
    other: Picture


@dataclass(frozen=True, slots=True)
class Exchange:
    """A question as it was asked and the turn that answers it, whose text took ``written_s`` seconds."""

    prompt: Prompt
    turn: Turn
    written_s: float
    boxes: int
    masks: int


def scene_for(*, drawn: bool) -> Scene:
    """A drawn scene for a model that knows no photographs, else a photograph."""
    examples = {example.title: example for example in load_examples()}
    chosen = examples[_DRAWN if drawn else _PHOTOGRAPH]
    questions = (*chosen.questions, "what is to the left of R1")[:3]
    other = open_picture(examples[_OTHER].picture)
    return Scene(open_picture(chosen.picture), questions, other)


def ask(
    scene: Scene,
    reasoner: Reasoner,
    segmenter: Segmenter | None,
    on_prompt: OnPrompt = lambda *_: None,
) -> list[Exchange]:
    """Ask the questions as one dialogue; ``on_prompt`` is called before each. Raises ModelError.

    Where the first answer finds nothing, a box is drawn in the middle, so that there is an R1.
    """
    session, exchanges = begin(scene.picture, reasoner), list[Exchange]()
    for question in scene.questions:
        if exchanges and not session.registry.regions:
            session = Editor(scene.picture, None).draw_box(session, _middle(scene.picture)).session
        _, prompt = understand(session, question, reasoner.dialect)
        earlier = tuple(turn.raw for turn in session.turns)
        prompt = replace(prompt, likely=prompt.likely + earlier)
        on_prompt(scene.picture, prompt)
        session, written_s = _next_turn(session, question, scene.picture, reasoner, segmenter)
        exchanges.append(_exchange(session, prompt, written_s))
    return exchanges


def _next_turn(
    session: Session,
    question: str,
    picture: Picture,
    reasoner: Reasoner,
    segmenter: Segmenter | None,
) -> tuple[Session, float]:
    """The dialogue with one more turn, and the seconds until the end of that turn's text."""
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


def _exchange(session: Session, prompt: Prompt, written_s: float) -> Exchange:
    turn = session.turns[-1]
    objects = session.found_by(turn)
    masks = sum(item.mask is not None for item in objects)
    return Exchange(prompt, turn, written_s, len(objects), masks)


def _middle(picture: Picture) -> PictureBox:
    width, height = picture.size.width, picture.size.height
    return PictureBox(width // 4, height // 4, 3 * width // 4, 3 * height // 4)
