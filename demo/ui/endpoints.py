"""The endpoints for other programs: stateless, everything they need comes with the call."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from itertools import chain
from typing import Any

import gradio as gr

from demo.dialogue.engine import TurnEvent, TurnFinished, begin, run_turn
from demo.dialogue.session import Session
from demo.fairlock import asked_by, asker
from demo.machine.effort import long_work
from demo.models.switching import RunningModels
from demo.picture.geometry import PictureBox
from demo.picture.picture import Picture
from demo.ui.context import address_of
from demo.ui.programs import given, told
from demo.ui.programs.described import described_box, described_session, described_turn
from demo.ui.programs.unread import HangUp, Readers
from demo.ui.shared import sentences
from demo.ui.shared.pacing import paced

# Turns that may wait for the model at once, and are shown their place in the queue. Each holds one of the
# server's threads, and Stop and acts on the canvas need some, too; the rest wait in Gradio's queue.
AT_ONCE = 64
THREADS = AT_ONCE + 32
_FRAME_S, _QUIET_S = 1 / 15, 1.0  # between two messages of a turn that is told as it is written


def add_endpoints(running: RunningModels) -> None:
    """Add ``/ground``, ``/ground_stream`` and ``/overlay``; to be called inside ``gr.Blocks``.

    Every argument may be left out as far as Gradio is concerned, so that a sentence says what is missing.
    """

    def ground(
        request: gr.Request,
        image: Any = None,
        question: Any = None,
        session: Any = None,
        within: Any = None,
    ) -> dict[str, Any]:
        """Ask one question about a picture, or about the part of it within a box.

        Leave out the session for the first question, and give the returned one for the next.
        """
        address = address_of(request)
        with _as_gradio_errors(), running.counted(address), asked_by(address):
            return _Asked.of(image, question, session, within, running).answer()

    def ground_stream(
        request: gr.Request,
        image: Any = None,
        question: Any = None,
        session: Any = None,
        within: Any = None,
    ) -> Iterator[dict[str, Any]]:
        """The same, told while the answer is written; the last event has the session.

        Whoever closes the stream ends the turn.
        """
        address = address_of(request)
        with _as_gradio_errors(), running.counted(address):
            with asked_by(address):  # not longer: what comes after may be on another thread
                asked = _Asked.of(image, question, session, within, running)
            yield from asked.stream()

    def overlay(image: Any = None, session: Any = None, request: gr.Request | None = None) -> Any:
        """The picture with the boxes, points, masks and names of a session drawn on it."""
        with _as_gradio_errors(), asked_by(address_of(request)):
            from demo.dialogue.overlay import draw_overlay  # its library takes long to import

            gone = HangUp()
            picture = given.read_picture(image, gone)
            with long_work(gone, lambda: running.in_use):
                known = given.read_session(session, picture)
                return draw_overlay(picture, known or begin(picture, running.models.reasoner))

    with gr.Column(visible=False):
        image, session = given.picture_argument(), described_session()
        asked = [image, gr.Textbox(label="question"), session, described_box()]
        asked[1].example_inputs = lambda: "find the boat"
        drawing = gr.Image(label="png", format="png")
        turns = {"concurrency_limit": AT_ONCE, "concurrency_id": "turns"}
        gr.Button().click(ground, asked, described_session(), api_name="ground", **turns)
        gr.Button().click(ground_stream, asked, described_turn(), api_name="ground_stream", **turns)
        gr.Button().click(overlay, [image, session], drawing, api_name="overlay")


@contextmanager
def _as_gradio_errors() -> Iterator[None]:
    """Every failure becomes the error that Gradio hands to the caller, with a sentence."""
    try:
        yield
    except Exception as error:
        raise gr.Error(sentences.sentence_of(error), print_exception=False) from error


@dataclass(frozen=True, slots=True)
class _Asked:
    """One question of a program; ``session`` is None for the first, ``within`` for the whole picture."""

    picture: Picture
    question: str
    session: Session | None
    within: PictureBox | None
    running: RunningModels
    asker: str

    @classmethod
    def of(
        cls, image: Any, question: Any, session: Any, within: Any, running: RunningModels
    ) -> _Asked:
        """The question of a call. Raises InputError for what cannot be used."""
        asked = given.read_question(question)
        gone = HangUp()
        picture = given.read_picture(image, gone)
        with long_work(gone, lambda: running.in_use) if session else nullcontext():
            known = given.read_session(session, picture)
        part = given.read_within(within, picture)
        return cls(picture, asked, known, part, running, asker())

    def answer(self) -> dict[str, Any]:
        """The longer session, once the turn is over."""
        events = chain.from_iterable(self._batches(0.0))
        done = next(event.session for event in events if isinstance(event, TurnFinished))
        return told.session_answer(done, self.picture)

    def stream(self) -> Iterator[dict[str, Any]]:
        """What happens, as it happens, and every second at least something."""
        for batch in self._batches(_FRAME_S):
            yield from told.told_of(batch, self.picture)
            if not batch:
                yield told.waiting(self.running.doing)

    def _batches(self, seconds: float) -> Iterator[list[TurnEvent]]:
        """The turn, one batch every ``seconds`` at most; it ends soon after its caller has gone."""
        cancel, readers = threading.Event(), Readers()
        try:
            for batch in paced(self._events(cancel), seconds, _QUIET_S):
                yield batch
                readers.check()
        finally:
            cancel.set()

    def _events(self, cancel: threading.Event) -> Iterator[TurnEvent]:
        with self.running.use(cancel, asker=self.asker) as models:  # the first ones are waited for
            yield from run_turn(
                self.session or begin(self.picture, models.reasoner),
                self.question,
                picture=self.picture,
                reasoner=models.reasoner,
                segmenter=models.segmenter,
                cancel=cancel,
                doubt=models.doubt_about(self.picture),
                asking=models.asking,
                within=self.within,
            )
