"""What happens on a click outside the canvas: pictures open, questions are asked, turns stop.

Handlers take a visitor's seat and return what the page shows next. They carry the engine's events to the
components. A sentence for a person stands where the failure happened, and what was typed or already there
is kept.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, field, replace
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr

from demo.dialogue.archive import read_zip
from demo.dialogue.engine import TurnEvent, TurnFinished, TurnStarted, begin, run_turn, understand
from demo.dialogue.examples import Example
from demo.dialogue.second_opinion import check_same, second_of
from demo.dialogue.session import Second, Session
from demo.errors import DemoError, InputError
from demo.language.references import Resolved, without_unknown
from demo.models.switching import Running
from demo.picture.picture import Picture, open_picture
from demo.ui.canvas.scene import running, save_for_browser
from demo.ui.chat.live_turn import LiveTurn
from demo.ui.parts import Parts
from demo.ui.shared import sentences
from demo.ui.shared.pacing import paced
from demo.ui.shared.text import marked
from demo.ui.shared.updates import steadily
from demo.ui.show import Show, Updates
from demo.ui.tab.keeping import Keeper
from demo.ui.tab.open_tabs import Seats
from demo.ui.tab.running_turns import Ticket, Turns
from demo.ui.tab.workspace import Desk, Failure, Seat

if TYPE_CHECKING:
    from demo.checkpoints.catalogue import Entry
    from demo.models.selection import Models

log = logging.getLogger(__name__)

_FRAME_S = 1 / 15
_QUIET_S = 1.0  # while a turn waits for others, its place is told anew so often
_LOOK_S = 1.2  # between two questions of a dialogue that plays by itself


@dataclass(frozen=True, slots=True)
class Events:
    """The page's handlers, for all visitors; whatever belongs to one of them is on their desk."""

    parts: Parts
    running: Running
    examples: Sequence[Example]
    pictures: Path
    turns: Turns
    keeper: Keeper = field(default_factory=Keeper)
    seats: Seats = field(default_factory=Seats)

    @property
    def show(self) -> Show:
        return Show(self.parts, self.keeper, self.running)

    # Opening -------------------------------------------------------------------------------

    def open_upload(self, path: str | None, seat: Seat, request: gr.Request) -> Updates:
        """A picture or the file of a dialogue was chosen, dropped or pasted."""
        if path is None:
            return self.show.said("", "hint")
        return self.opened(lambda: self._brought(Path(path)), seat, request)

    def open_example(self, seat: Seat, event: gr.EventData, request: gr.Request) -> Updates:
        """An example was clicked: its picture opens and its dialogue is offered."""
        example = self.examples[int(event._data["index"])]
        seat.to_play = event._data.get("play") is True
        return self.opened(
            lambda: self.desk_for(open_picture(example.picture), example.questions), seat, request
        )

    def opened(
        self, read: Callable[[], Desk], seat: Seat, request: gr.Request, note: str = ""
    ) -> Updates:
        """Another desk takes the place of the one that is there, which is put away."""
        ticket = self.turns.begin(visitor(request), asks=False)
        if ticket is None:
            return self.show.said(sentences.STOP_FIRST)
        try:
            desk = read()
        except DemoError as error:
            return self.show.said(str(error))
        finally:
            self.turns.end(ticket)
        self.seats.take(visitor(request), seat)
        with seat.lock:
            seat.owner = self.keeper.owner(request)
            said = (note, *desk.picture.notes, sentences.put_away(seat.clear()))
            return self.show.desk(seat, desk, " ".join(filter(None, said)))

    def desk_for(self, picture: Picture, questions: tuple[str, ...] = ()) -> Desk:
        """A desk with that picture and nothing asked yet."""
        shown = save_for_browser(picture, self.pictures)
        return Desk(picture, shown, begin(picture, self.running.models.reasoner), questions)

    def offers(self, picture: Picture) -> tuple[str, ...]:
        """The dialogue of the example with that picture, if it is one."""
        same = (e for e in self.examples if _picture_hash(e.picture) == picture.sha256)
        return next((example.questions for example in same), ())

    def _brought(self, path: Path) -> Desk:
        """A desk for a file from outside. Raises InputError."""
        with path.open("rb") as file:
            is_dialogue = file.read(4) == b"PK\x03\x04"
        if not is_dialogue:
            return self.desk_for(open_picture(path))
        session, picture = read_zip(path)
        return replace(self.desk_for(picture, self.offers(picture)), session=session)

    def prepare(self, seat: Seat) -> None:
        """What can be done for the picture before a question comes; errors show in the turn."""
        with seat.lock:
            desk = seat.desk
            self.keeper.keep(seat, desk, untouched=True)  # what fails is said with the first turn
        if desk is None:
            return
        with suppress(DemoError), self.running.use() as models:
            models.reasoner.prepare(desk.picture)
            if models.segmenter is not None:
                models.segmenter.prepare(desk.picture)

    # Asking --------------------------------------------------------------------------------

    @steadily
    def ask(self, sentence: str, seat: Seat, request: gr.Request) -> Iterator[Updates]:
        """The person sent what they typed; the text box is emptied once the question stands."""
        desk = seat.desk
        start = desk.session.before(desk.changing) if desk and desk.changing else None
        yield from self._asked(sentence, seat, request, {self.parts.message: ""}, start)

    @steadily
    def follow(self, seat: Seat, request: gr.Request) -> Iterator[Updates]:
        """The person clicked the question that is next; what they typed stays."""
        yield from self._followed(seat, request)

    @steadily
    def play(self, seat: Seat, request: gr.Request) -> Iterator[Updates]:
        """The example's questions one after the other, until one fails or the person stops it."""
        while seat.desk is not None and seat.desk.next_question is not None:
            turns = len(seat.desk.session.turns)
            yield from self._followed(seat, request)
            desk = seat.desk
            if desk is None or len(desk.session.turns) == turns or desk.session.turns[-1].partial:
                return
            if desk.next_question is not None:
                yield self.show.between()
                pause = self.turns.pause(visitor(request), _LOOK_S)
                if pause is None or pause.cancel.is_set():
                    dropped = pause is not None and pause.dropped
                    yield self._cleared(seat) if dropped else self.show.desk(seat, seat.desk)
                    return

    @steadily
    def play_if_wished(self, seat: Seat, request: gr.Request) -> Iterator[Updates]:
        """The dialogue of the example that was opened to be played."""
        wished, seat.to_play = seat.to_play, False
        if wished:
            yield from self.play(seat, request)

    def again(self, turn: int, seat: Seat, request: gr.Request) -> Iterator[Updates]:
        """The question of a turn once more, with the regions as they are now. Raises InputError."""
        if seat.desk is None:
            raise InputError(sentences.OPEN_FIRST)
        before = replace(seat.desk, session=seat.desk.session.before(turn))
        question, start = before.to_ask(seat.desk.session.turns[turn - 1].question)
        yield from self._asked(question, seat, request, {}, start)

    def compare(self, turn: int, source: str, seat: Seat, request: gr.Request) -> Iterator[Updates]:
        """The same question to another model, whose answer is laid beside the first. Raises InputError."""
        entry = self.running.shelf.entry(source)
        with seat.lock:
            desk, ticket = seat.desk, self.turns.begin(visitor(request))
        if ticket is None:
            raise InputError(sentences.ONE_AT_A_TIME)
        try:
            if desk is None:
                raise InputError(sentences.OPEN_FIRST)
            yield self.show.begun(None, sentences.loading(entry.title))
            try:
                second = yield from self._second(desk, turn, entry, ticket)
                if not ticket.cancel.is_set():
                    desk = desk.with_session(desk.session.with_second(turn, second))
                shown = self.show.desk(seat, desk)
            except DemoError as error:
                shown = {**self.show.desk(seat, desk), **self.show.said(str(error))}
            except Exception:
                log.exception("a comparison failed")
                shown = {**self.show.desk(seat, desk), **self.show.said(sentences.UNEXPECTED)}
            last = self._cleared(seat) if ticket.dropped else shown
        finally:
            ticket.cancel.set()
            self.turns.end(ticket)
        yield last

    def _second(
        self, desk: Desk, turn: int, entry: Entry, ticket: Ticket
    ) -> Generator[Updates, None, Second]:
        """Another model's answer, while what it does is shown. Raises DemoError."""
        before = replace(desk, session=desk.session.before(turn))
        first = desk.session.turn(turn)
        question, start = before.to_ask(first.question)
        question, _ = understand(start, question, self.running.models.reasoner.dialect)
        check_same(first, question)
        taken = partial(self.running.beside, entry)
        live, finished = LiveTurn("second"), start
        for batch in paced(self._events(start, question, desk.picture, ticket, taken), _FRAME_S):
            news = [live.feed(event) for event in batch]
            if any(news):
                doing = f"{entry.title}: {live.doing}"
                yield {self.parts.canvas: running(doing, live.found)}
            if isinstance(batch[-1], TurnFinished):
                finished = batch[-1].session
        return second_of(finished)

    def _followed(self, seat: Seat, request: gr.Request) -> Iterator[Updates]:
        """The question that is next."""
        desk = seat.desk
        question, start = desk.to_ask(desk.next_question or "") if desk else ("", None)
        yield from self._asked(question, seat, request, None, start)

    def read(self, typed: str, seat: Seat, request: gr.Request) -> Any:
        """The person types: which regions would be meant by words such as "it"."""
        if self.turns.is_running(visitor(request)):
            return gr.skip()
        desk = seat.desk
        if desk is None:
            return sentences.hint(desk)
        try:
            known = without_unknown(typed, desk.session.registry)
            dialect = self.running.models.reasoner.dialect
            resolved, _ = understand(desk.session, known, dialect)
        except DemoError:
            return sentences.hint(desk)
        return sentences.hint(desk, resolved.references, len(typed) - len(typed.lstrip()))

    def put_back(self, typed: str, seat: Seat) -> Any:
        """The question of a failed turn, back into the empty text box."""
        if seat.desk is None or seat.desk.failure is None or typed.strip():
            return gr.skip()
        return seat.desk.failure.question

    def _asked(
        self,
        sentence: str | Resolved,
        seat: Seat,
        request: gr.Request,
        at_start: Updates | None = None,
        start: Session | None = None,
    ) -> Iterator[Updates]:
        """One turn; ``start`` is the dialogue that it goes on from when it is not the desk's own."""
        self.seats.take(visitor(request), seat)
        with seat.lock:  # an act on the canvas is finished first
            desk, ticket = seat.desk, self.turns.begin(visitor(request))
        if ticket is None:
            yield self.show.said(sentences.ONE_AT_A_TIME)
            return
        try:
            last = self.show.said(sentences.OPEN_FIRST)
            if desk is not None:
                last = yield from self._running(sentence, seat, desk, start, ticket, at_start or {})
        finally:
            ticket.cancel.set()  # a visitor who is gone does not keep the model busy
            self.turns.end(ticket)
        yield last  # not sooner: whoever sees the answer may act on it at once

    def _running(
        self,
        sentence: str | Resolved,
        seat: Seat,
        desk: Desk,
        start: Session | None,
        ticket: Ticket,
        at_start: Updates,
    ) -> Generator[Updates, None, Updates]:
        """The turn as it is written; what is returned is the desk with it, the last thing to be shown."""
        shown = desk if start is None else replace(desk, session=start)
        earlier = self.show.dialogue(shown)
        live = LiveTurn(f"turn{len(shown.session.turns) + 1}")
        finished = shown.session
        events = self._events(shown.session, sentence, desk.picture, ticket)
        try:
            for batch in paced(events, _FRAME_S, _QUIET_S):
                news = [live.feed(event) for event in batch]
                news.append(live.wait(*self.turns.before(ticket)))
                if not batch and not any(news):
                    continue
                begun = any(isinstance(event, TurnStarted) for event in batch)
                updates = self.show.progress(earlier, live, canvas=any(news) and not begun)
                if begun:
                    other = None if shown.session is desk.session else shown
                    updates |= self.show.begun(other, live.doing) | at_start
                yield updates
                if batch and isinstance(batch[-1], TurnFinished):
                    finished = batch[-1].session
                    self.turns.took(live.busy_s)
        except DemoError as error:
            return self._failed(seat, desk, live, str(error), ticket)
        except Exception:
            log.exception("a turn failed")
            return self._failed(seat, desk, live, sentences.UNEXPECTED, ticket)
        # One step back undoes the turn and what it took the place of.
        done = desk.acted(replace(finished, former=desk.session))
        return self._cleared(seat) if ticket.dropped else self.show.desk(seat, done)

    def _events(
        self,
        session: Session,
        sentence: str | Resolved,
        picture: Picture,
        ticket: Ticket,
        taken: Callable[[], AbstractContextManager[Models]] | None = None,
    ) -> Iterator[TurnEvent]:
        """The turn by the models that are ``taken``, or those that run; they stay until it is over."""
        with (taken or self.running.use)() as models:
            yield from run_turn(
                session,
                sentence,
                picture=picture,
                reasoner=models.reasoner,
                segmenter=models.segmenter,
                cancel=ticket.cancel,
            )

    def _failed(
        self, seat: Seat, desk: Desk, live: LiveTurn, sentence: str, ticket: Ticket
    ) -> Updates:
        if ticket.dropped:
            return self._cleared(seat)
        if live.started is None:
            return {**self.show.desk(seat, desk), **self.show.said(sentence)}
        shown = live.messages(note=marked("warning", sentence))
        failure = Failure(live.started.question, tuple(shown))
        return self.show.desk(seat, replace(desk, failure=failure))

    # Stopping, taking back, starting afresh --------------------------------------------------

    def stop(self, request: gr.Request) -> Updates:
        """Ends the running turn; what it has written stays."""
        running = self.turns.stop(visitor(request))
        return self.show.said(sentences.STOPPING if running else "", "hint")

    def undo(self, seat: Seat, request: gr.Request) -> Updates:
        """Takes back the last act."""
        with seat.lock:
            if self.turns.is_running(visitor(request)):
                return self.show.said(sentences.STOP_FIRST)
            with suppress(InputError):  # there may be nothing on the desk to take back
                if (desk := seat.desk) is not None:
                    undone = desk.undone()
                    return self.show.desk(seat, undone, sentences.taken_back(desk, undone))
            return self._brought_back(seat)

    def _brought_back(self, seat: Seat) -> Updates:
        """The desk that was put away when this one came."""
        desk = seat.bring_back()
        if desk is None:
            return self.show.said(sentences.NOTHING_TO_UNDO)
        return self.show.desk(seat, desk, sentences.brought_back(desk))

    def new(self, seat: Seat, request: gr.Request) -> Updates:
        """An empty desk; a running turn ends first and its answer is dropped."""
        if self.turns.stop(visitor(request), drop=True):
            return self.show.said(sentences.STOPPING, "hint")
        return {**self._cleared(seat), self.parts.message: ""}

    def _cleared(self, seat: Seat) -> Updates:
        """An empty desk; what lay there is put away."""
        with seat.lock:
            return self.show.desk(seat, None, sentences.put_away(seat.clear()))

    def leave(self, request: gr.Request) -> None:
        """The tab was closed."""
        self.turns.stop(visitor(request), drop=True)
        self.seats.leave(visitor(request))


@lru_cache(maxsize=64)
def _picture_hash(path: Path) -> str:
    return open_picture(path).sha256


def visitor(request: gr.Request) -> str:
    """The name under which a browser tab is known."""
    return str(request.session_hash)
