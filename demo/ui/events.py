"""What happens on a click: handlers take a visitor's desk and return what the page shows next.

It carries the engine's events to the components. A sentence for a person stands where the failure
happened, and what was typed or already there is kept.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr

from demo.engine import TurnFinished, TurnStarted, begin, run_turn, understand
from demo.errors import DemoError
from demo.examples import Example
from demo.pictures import Picture, open_picture
from demo.reasoners.base import Reasoner
from demo.segmenters.base import Segmenter
from demo.ui import chat, words
from demo.ui.canvas import save_for_browser, scene
from demo.ui.desk import Desk, Failure
from demo.ui.live import LiveTurn
from demo.ui.pace import paced
from demo.ui.parts import Parts
from demo.ui.text import marked
from demo.ui.turns import Ticket, Turns

if TYPE_CHECKING:
    from demo.choose import Advice

log = logging.getLogger(__name__)

Updates = dict[Any, Any]

_FRAME_S = 1 / 15


@dataclass(frozen=True, slots=True)
class Events:
    """The page's handlers, for all visitors; whatever belongs to one of them is on their desk."""

    parts: Parts
    reasoner: Reasoner
    segmenter: Segmenter | None
    examples: Sequence[Example]
    pictures: Path
    turns: Turns
    advise: Callable[[Picture], Advice | None]

    # Opening -------------------------------------------------------------------------------

    def open_upload(self, path: str | None, request: gr.Request) -> Updates:
        """A picture was chosen, dropped or pasted."""
        if path is None:
            return self._said("", "hint")
        return self._opened(lambda: open_picture(path), (), request)

    def open_example(self, event: gr.EventData, request: gr.Request) -> Updates:
        """An example was clicked: its picture opens and its dialogue is offered."""
        example = self.examples[int(event._data["index"])]
        return self._opened(lambda: open_picture(example.picture), example.questions, request)

    def _opened(
        self, read: Callable[[], Picture], questions: tuple[str, ...], request: gr.Request
    ) -> Updates:
        ticket = self.turns.begin(_visitor(request))
        if ticket is None:
            return self._said(words.STOP_FIRST)
        try:
            picture = read()
        except DemoError as error:
            return self._said(str(error))
        finally:
            self.turns.end(ticket)
        shown = save_for_browser(picture, self.pictures)
        session, advice = begin(picture, self.reasoner), self.advise(picture)
        desk = Desk(picture, shown, session, advice, questions)
        return self._idle(desk, " ".join(picture.notes))

    def prepare(self, desk: Desk | None) -> None:
        """What can be done for the picture before a question comes; errors show in the turn."""
        if desk is None:
            return
        with suppress(DemoError):
            self.reasoner.prepare(desk.picture)
            if self.segmenter is not None:
                self.segmenter.prepare(desk.picture)

    # Asking --------------------------------------------------------------------------------

    def ask(self, sentence: str, desk: Desk | None, request: gr.Request) -> Iterator[Updates]:
        """The person sent what they typed; the text box is emptied once the question stands."""
        yield from self._asked(sentence, desk, request, {self.parts.message: ""})

    def follow(self, desk: Desk | None, request: gr.Request) -> Iterator[Updates]:
        """The person clicked the example's next question; what they typed stays."""
        question = desk.next_question if desk else None
        yield from self._asked(question or "", desk, request, {})

    def read(self, typed: str, desk: Desk | None, request: gr.Request) -> Any:
        """The person types: which regions would be meant by words such as "it"."""
        if self.turns.is_running(_visitor(request)):
            return gr.skip()
        if desk is None:
            return words.hint(desk)
        try:
            resolved, _ = understand(desk.session, typed, self.reasoner.frame)
        except DemoError:
            return words.hint(desk)
        return words.hint(desk, resolved.references)

    def put_back(self, typed: str, desk: Desk | None) -> Any:
        """The question of a failed turn, back into the empty text box."""
        if desk is None or desk.failure is None or typed.strip():
            return gr.skip()
        return desk.failure.question

    def _asked(
        self, sentence: str, desk: Desk | None, request: gr.Request, at_start: Updates
    ) -> Iterator[Updates]:
        if desk is None:
            yield self._said(words.OPEN_FIRST)
            return
        ticket = self.turns.begin(_visitor(request))
        if ticket is None:
            yield self._said(words.ONE_AT_A_TIME)
            return
        try:
            yield (yield from self._running(sentence, desk, ticket, at_start))
        finally:
            ticket.cancel.set()  # a visitor who is gone does not keep the model busy
            self.turns.end(ticket)

    def _running(
        self, sentence: str, desk: Desk, ticket: Ticket, at_start: Updates
    ) -> Generator[Updates, None, Updates]:
        """Shows the turn while it is written; returns what the page shows when it is over."""
        live = LiveTurn(f"turn{len(desk.session.turns) + 1}")
        finished = desk.session
        events = run_turn(
            desk.session,
            sentence,
            picture=desk.picture,
            reasoner=self.reasoner,
            segmenter=self.segmenter,
            cancel=ticket.cancel,
        )
        try:
            for batch in paced(events, _FRAME_S):
                news = [live.feed(event) for event in batch]
                begun = {**self._begun(), **at_start} if isinstance(batch[0], TurnStarted) else {}
                yield {**begun, **self._progress(desk, live, canvas=any(news))}
                if isinstance(batch[-1], TurnFinished):
                    finished = batch[-1].session
        except DemoError as error:
            return self._failed(desk, live, str(error), ticket)
        except Exception:
            log.exception("a turn failed")
            return self._failed(desk, live, words.UNEXPECTED, ticket)
        return self._idle(None if ticket.dropped else desk.after_turn(finished, live.seconds))

    def _failed(self, desk: Desk, live: LiveTurn, sentence: str, ticket: Ticket) -> Updates:
        if ticket.dropped:
            return self._idle(None)
        if live.started is None:
            return {**self._idle(desk), **self._said(sentence)}
        shown = live.messages(note=marked("warning", sentence))
        return self._idle(replace(desk, failure=Failure(live.started.question, tuple(shown))))

    # Stopping, taking back, starting afresh --------------------------------------------------

    def stop(self, request: gr.Request) -> Updates:
        """Ends the running turn; what it has written stays."""
        running = self.turns.stop(_visitor(request))
        return self._said(words.STOPPING if running else "", "hint")

    def undo(self, desk: Desk | None, request: gr.Request) -> Updates:
        """Takes back the last act."""
        if self.turns.is_running(_visitor(request)):
            return self._said(words.STOP_FIRST)
        if desk is None:
            return self._said(words.NOTHING_TO_UNDO)
        try:
            return self._idle(desk.undone())
        except DemoError as error:
            return self._said(str(error))

    def new(self, request: gr.Request) -> Updates:
        """An empty desk; a running turn ends first and its answer is dropped."""
        if self.turns.stop(_visitor(request), drop=True):
            return self._said(words.STOPPING, "hint")
        return {**self._idle(None), self.parts.message: ""}

    def leave(self, request: gr.Request) -> None:
        """The tab was closed."""
        self.turns.stop(_visitor(request), drop=True)

    # What the page shows ---------------------------------------------------------------------

    def _idle(self, desk: Desk | None, note: str = "") -> Updates:
        question = desk.next_question if desk else None
        return {
            self.parts.desk: desk,
            self.parts.canvas: scene(desk),
            self.parts.notice: words.notice(desk),
            self.parts.chat: _dialogue(desk),
            self.parts.next: gr.Button(question or "", visible=question is not None),
            self.parts.stop: gr.Button(visible=False),
            self.parts.hint: words.line(note) if note else words.hint(desk),
        }

    def _begun(self) -> Updates:
        return {
            self.parts.next: gr.Button(visible=False),
            self.parts.stop: gr.Button(visible=True),
            **self._said("", "hint"),
        }

    def _progress(self, desk: Desk, live: LiveTurn, *, canvas: bool) -> Updates:
        earlier = chat.messages(desk.session, desk.seconds)
        updates: Updates = {self.parts.chat: [*earlier, *live.messages()]}
        if canvas:
            updates[self.parts.canvas] = scene(desk, busy=live.doing, provisional=live.found)
        return updates

    def _said(self, text: str, level: str = "error") -> Updates:
        return {self.parts.hint: words.line(text, level)}


def _visitor(request: gr.Request) -> str:
    return str(request.session_hash)


def _dialogue(desk: Desk | None) -> list[chat.Message]:
    if desk is None:
        return []
    failed = desk.failure.messages if desk.failure else ()
    return [*chat.messages(desk.session, desk.seconds), *failed]
