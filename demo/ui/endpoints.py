"""The two endpoints for other programs: stateless, everything they need comes with the call."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from functools import lru_cache
from typing import Any

import gradio as gr

from demo.dialogue.engine import answer, begin
from demo.dialogue.session import Session
from demo.dialogue.session_json import session_from_json, session_to_json
from demo.errors import InputError
from demo.machine.effort import long_work
from demo.models.switching import RunningModels
from demo.picture.picture import Picture, open_picture
from demo.reasoners.base import Reasoner
from demo.ui.shared import sentences
from demo.ui.shared.component import by_path

# Turns that may wait for the model at once, and are shown their place in the queue. Each holds one of the
# server's threads, and Stop and acts on the canvas need some, too; the rest wait in Gradio's queue.
AT_ONCE = 64
THREADS = AT_ONCE + 32


def add_endpoints(running: RunningModels) -> None:
    """Add ``/ground`` and ``/overlay``; to be called inside ``gr.Blocks``."""

    def ground(image: str | None, question: str | None, session: Any) -> dict[str, Any]:
        """Ask one question about a picture.

        Give null as session for the first question and the returned session for the next ones.
        """
        with _as_gradio_errors():
            return _ground(image, question, session, running)

    def overlay(image: str | None, session: Any) -> Any:
        """The picture with the boxes, points, masks and names of a session drawn on it."""
        with _as_gradio_errors():
            from demo.dialogue.overlay import draw_overlay  # its library takes long to import

            with long_work(is_wanted_elsewhere=lambda: running.in_use):
                picture = _picture(image)
                return draw_overlay(picture, _session(session, picture, running.models.reasoner))

    with gr.Column(visible=False):
        image = by_path(gr.File(label="image", type="filepath"))
        question = gr.Textbox(label="question")
        session = _described_session()
        result = _described_session()
        drawing = gr.Image(label="png", format="png")
        gr.Button().click(
            ground,
            [image, question, session],
            result,
            api_name="ground",
            concurrency_limit=AT_ONCE,
            concurrency_id="turns",
        )
        gr.Button().click(overlay, [image, session], drawing, api_name="overlay")


def _described_session() -> gr.JSON:
    """JSON with a schema: MCP clients refuse an endpoint that has none, as Gradio's own JSON."""
    made = gr.JSON(label="session")
    kinds = [{"type": "object", "additionalProperties": True}, {"type": "null"}]
    told = {"anyOf": kinds, "description": "a session as it was returned, or null"}
    made.api_info = lambda: told
    return made


@contextmanager
def _as_gradio_errors() -> Iterator[None]:
    """Every failure becomes the error that Gradio hands to the caller, with a sentence."""
    try:
        yield
    except Exception as error:
        raise gr.Error(sentences.sentence_of(error), print_exception=False) from error


def _ground(
    image: str | None, question: str | None, data: Any, running: RunningModels
) -> dict[str, Any]:
    picture = _picture(image)
    with nullcontext() if data is None else long_work(is_wanted_elsewhere=lambda: running.in_use):
        given = None if data is None else _session(data, picture, running.models.reasoner)
    with running.use(threading.Event()) as models:  # the first ones are waited for
        answered = answer(
            given or begin(picture, models.reasoner),
            question or "",
            picture=picture,
            reasoner=models.reasoner,
            segmenter=models.segmenter,
            doubt=models.doubt_about(picture),
            asking=models.asking,
        )
    return session_to_json(answered)


def _picture(image: str | None) -> Picture:
    if image is None:
        raise InputError("There is no picture: give one as image.")
    with suppress(OSError):
        os.utime(image)  # it is in use
    picture = _opened(image)
    for note in picture.notes:
        gr.Info(note)  # reaches the caller as a message of the running call
    return picture


@lru_cache(maxsize=4)
def _opened(path: str) -> Picture:
    """An uploaded picture, in a folder that Gradio names by its content.

    A dialogue sends its picture with every question, and decoding it takes a twentieth of nano's turn.
    """
    return open_picture(path)


def _session(data: Any, picture: Picture, reasoner: Reasoner) -> Session:
    """The session of a call, or a new one; it must be about the picture that came with it."""
    if data is None:
        return begin(picture, reasoner)
    session = session_from_json(data)
    if (session.picture.sha256, session.picture.size) != (picture.sha256, picture.size):
        raise InputError("This session is about another picture than the one given.")
    return session
