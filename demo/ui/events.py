"""What happens on a click outside the canvas: pictures open, questions are asked, turns stop.

Handlers take a visitor's tab and return what the page shows next. They carry the engine's events to the
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
from demo.dialogue.second_opinion import as_second_opinion, check_same
from demo.dialogue.session import SecondOpinion, Session
from demo.errors import DemoError, InputError
from demo.language.references import Resolved, without_unknown
from demo.models.switching import RunningModels
from demo.picture.picture import Picture, open_picture
from demo.ui.canvas.scene import running, save_for_browser
from demo.ui.chat.live_turn import LiveTurn
from demo.ui.parts import Parts
from demo.ui.shared import sentences
from demo.ui.shared.pacing import paced
from demo.ui.shared.text import marked
from demo.ui.shared.updates import steadily
from demo.ui.show import Show, Updates
from demo.ui.tab.open_tabs import OpenTabs
from demo.ui.tab.running_turns import RunningTurns, Ticket
from demo.ui.tab.saving import Saver
from demo.ui.tab.workspace import Failure, Tab, Workspace

if TYPE_CHECKING:
    from demo.checkpoints.catalogue import Entry
    from demo.models.models import Models

log = logging.getLogger(__name__)

_FRAME_S = 1 / 15
_QUIET_S = 1.0  # while a turn waits for others, its place is told anew so often
_LOOK_S = 1.2  # between two questions of a dialogue that plays by itself


@dataclass(frozen=True, slots=True)
class Events:
    """The page's handlers, for all visitors; whatever belongs to one of them is on their workspace."""

    parts: Parts
    running: RunningModels
    examples: Sequence[Example]
    pictures: Path
    turns: RunningTurns
    saver: Saver = field(default_factory=Saver)
    tabs: OpenTabs = field(default_factory=OpenTabs)

    @property
    def show(self) -> Show:
        return Show(self.parts, self.saver, self.running)

    # Opening -------------------------------------------------------------------------------

    def open_upload(self, path: str | None, tab: Tab, request: gr.Request) -> Updates:
        """A picture or the file of a dialogue was chosen, dropped or pasted."""
        if path is None:
            return self.show.said("", "hint")
        return self.opened(lambda: self._brought(Path(path)), tab, request)

    def open_example(self, tab: Tab, event: gr.EventData, request: gr.Request) -> Updates:
        """An example was clicked: its picture opens and its dialogue is offered."""
        example = self.examples[int(event._data["index"])]
        tab.to_play = event._data.get("play") is True
        return self.opened(
            lambda: self.workspace_for(open_picture(example.picture), example.questions),
            tab,
            request,
        )

    def opened(
        self, read: Callable[[], Workspace], tab: Tab, request: gr.Request, note: str = ""
    ) -> Updates:
        """Another workspace takes the place of the one that is there, which is put away."""
        ticket = self.turns.begin(visitor(request), asks=False)
        if ticket is None:
            return self.show.said(sentences.STOP_FIRST)
        try:
            workspace = read()
        except DemoError as error:
            return self.show.said(str(error))
        finally:
            self.turns.end(ticket)
        self.tabs.take(visitor(request), tab)
        with tab.lock:
            tab.owner = self.saver.owner(request)
            said = (note, *workspace.picture.notes, sentences.put_away(tab.clear()))
            return self.show.workspace(tab, workspace, " ".join(filter(None, said)))

    def workspace_for(self, picture: Picture, questions: tuple[str, ...] = ()) -> Workspace:
        """A workspace with that picture and nothing asked yet."""
        shown = save_for_browser(picture, self.pictures)
        return Workspace(picture, shown, begin(picture, self.running.models.reasoner), questions)

    def offers(self, picture: Picture) -> tuple[str, ...]:
        """The dialogue of the example with that picture, if it is one."""
        same = (e for e in self.examples if _picture_hash(e.picture) == picture.sha256)
        return next((example.questions for example in same), ())

    def _brought(self, path: Path) -> Workspace:
        """A workspace for a file from outside. Raises InputError."""
        with path.open("rb") as file:
            is_dialogue = file.read(4) == b"PK\x03\x04"
        if not is_dialogue:
            return self.workspace_for(open_picture(path))
        session, picture = read_zip(path)
        return replace(self.workspace_for(picture, self.offers(picture)), session=session)

    def prepare(self, tab: Tab) -> None:
        """What can be done for the picture before a question comes; errors show in the turn."""
        with tab.lock:
            workspace = tab.workspace
            self.saver.keep(
                tab, workspace, untouched=True
            )  # what fails is said with the first turn
        if workspace is None:
            return
        with suppress(DemoError), self.running.use() as models:
            models.reasoner.prepare(workspace.picture)
            if models.segmenter is not None:
                models.segmenter.prepare(workspace.picture)

    # Asking --------------------------------------------------------------------------------

    @steadily
    def ask(self, sentence: str, tab: Tab, request: gr.Request) -> Iterator[Updates]:
        """The person sent what they typed; the text box is emptied once the question stands."""
        workspace = tab.workspace
        start = (
            workspace.session.before(workspace.changing)
            if workspace and workspace.changing
            else None
        )
        yield from self._asked(sentence, tab, request, {self.parts.message: ""}, start)

    @steadily
    def follow(self, tab: Tab, request: gr.Request) -> Iterator[Updates]:
        """The person clicked the question that is next; what they typed stays."""
        yield from self._followed(tab, request)

    @steadily
    def play(self, tab: Tab, request: gr.Request) -> Iterator[Updates]:
        """The example's questions one after the other, until one fails or the person stops it."""
        while tab.workspace is not None and tab.workspace.next_question is not None:
            turns = len(tab.workspace.session.turns)
            yield from self._followed(tab, request)
            workspace = tab.workspace
            if (
                workspace is None
                or len(workspace.session.turns) == turns
                or workspace.session.turns[-1].partial
            ):
                return
            if workspace.next_question is not None:
                yield self.show.between()
                pause = self.turns.pause(visitor(request), _LOOK_S)
                if pause is None or pause.cancel.is_set():
                    dropped = pause is not None and pause.dropped
                    yield self._cleared(tab) if dropped else self.show.workspace(tab, tab.workspace)
                    return

    @steadily
    def play_if_wished(self, tab: Tab, request: gr.Request) -> Iterator[Updates]:
        """The dialogue of the example that was opened to be played."""
        wished, tab.to_play = tab.to_play, False
        if wished:
            yield from self.play(tab, request)

    def again(self, turn: int, tab: Tab, request: gr.Request) -> Iterator[Updates]:
        """The question of a turn once more, with the regions as they are now. Raises InputError."""
        if tab.workspace is None:
            raise InputError(sentences.OPEN_FIRST)
        before = replace(tab.workspace, session=tab.workspace.session.before(turn))
        question, start = before.to_ask(tab.workspace.session.turns[turn - 1].question)
        yield from self._asked(question, tab, request, {}, start)

    def compare(self, turn: int, source: str, tab: Tab, request: gr.Request) -> Iterator[Updates]:
        """The same question to another model, whose answer is laid beside the first. Raises InputError."""
        entry = self.running.available.entry(source)
        with tab.lock:
            workspace, ticket = tab.workspace, self.turns.begin(visitor(request))
        if ticket is None:
            raise InputError(sentences.ONE_AT_A_TIME)
        try:
            if workspace is None:
                raise InputError(sentences.OPEN_FIRST)
            yield self.show.begun(None, sentences.loading(entry.title))
            try:
                second = yield from self._second(workspace, turn, entry, ticket)
                if not ticket.cancel.is_set():
                    workspace = workspace.with_session(
                        workspace.session.with_second_opinion(turn, second)
                    )
                shown = self.show.workspace(tab, workspace)
            except DemoError as error:
                shown = {**self.show.workspace(tab, workspace), **self.show.said(str(error))}
            except Exception:
                log.exception("a comparison failed")
                shown = {
                    **self.show.workspace(tab, workspace),
                    **self.show.said(sentences.UNEXPECTED),
                }
            last = self._cleared(tab) if ticket.dropped else shown
        finally:
            ticket.cancel.set()
            self.turns.end(ticket)
        yield last

    def _second(
        self, workspace: Workspace, turn: int, entry: Entry, ticket: Ticket
    ) -> Generator[Updates, None, SecondOpinion]:
        """Another model's answer, while what it does is shown. Raises DemoError."""
        before = replace(workspace, session=workspace.session.before(turn))
        first = workspace.session.turn(turn)
        question, start = before.to_ask(first.question)
        question, _ = understand(start, question, self.running.models.reasoner.dialect)
        check_same(first, question)
        taken = partial(self.running.beside, entry)
        live, finished = LiveTurn("second"), start
        for batch in paced(
            self._events(start, question, workspace.picture, ticket, taken), _FRAME_S
        ):
            news = [live.feed(event) for event in batch]
            if any(news):
                doing = f"{entry.title}: {live.doing}"
                yield {self.parts.canvas: running(doing, live.found)}
            if isinstance(batch[-1], TurnFinished):
                finished = batch[-1].session
        return as_second_opinion(finished)

    def _followed(self, tab: Tab, request: gr.Request) -> Iterator[Updates]:
        """The question that is next."""
        workspace = tab.workspace
        question, start = (
            workspace.to_ask(workspace.next_question or "") if workspace else ("", None)
        )
        yield from self._asked(question, tab, request, None, start)

    def read(self, typed: str, tab: Tab, request: gr.Request) -> Any:
        """The person types: which regions would be meant by words such as "it"."""
        if self.turns.is_running(visitor(request)):
            return gr.skip()
        workspace = tab.workspace
        if workspace is None:
            return sentences.hint(workspace)
        try:
            known = without_unknown(typed, workspace.session.registry)
            dialect = self.running.models.reasoner.dialect
            resolved, _ = understand(workspace.session, known, dialect)
        except DemoError:
            return sentences.hint(workspace)
        return sentences.hint(workspace, resolved.references, len(typed) - len(typed.lstrip()))

    def put_back(self, typed: str, tab: Tab) -> Any:
        """The question of a failed turn, back into the empty text box."""
        if tab.workspace is None or tab.workspace.failure is None or typed.strip():
            return gr.skip()
        return tab.workspace.failure.question

    def _asked(
        self,
        sentence: str | Resolved,
        tab: Tab,
        request: gr.Request,
        at_start: Updates | None = None,
        start: Session | None = None,
    ) -> Iterator[Updates]:
        """One turn; ``start`` is the dialogue that it goes on from when it is not the workspace's own."""
        self.tabs.take(visitor(request), tab)
        with tab.lock:  # an act on the canvas is finished first
            workspace, ticket = tab.workspace, self.turns.begin(visitor(request))
        if ticket is None:
            yield self.show.said(sentences.ONE_AT_A_TIME)
            return
        try:
            last = self.show.said(sentences.OPEN_FIRST)
            if workspace is not None:
                last = yield from self._running(
                    sentence, tab, workspace, start, ticket, at_start or {}
                )
        finally:
            ticket.cancel.set()  # a visitor who is gone does not keep the model busy
            self.turns.end(ticket)
        yield last  # not sooner: whoever sees the answer may act on it at once

    def _running(
        self,
        sentence: str | Resolved,
        tab: Tab,
        workspace: Workspace,
        start: Session | None,
        ticket: Ticket,
        at_start: Updates,
    ) -> Generator[Updates, None, Updates]:
        """The turn as it is written; what is returned shows the workspace with it, and comes last."""
        shown = workspace if start is None else replace(workspace, session=start)
        earlier = self.show.dialogue(shown)
        live = LiveTurn(f"turn{len(shown.session.turns) + 1}")
        finished = shown.session
        events = self._events(shown.session, sentence, workspace.picture, ticket)
        try:
            for batch in paced(events, _FRAME_S, _QUIET_S):
                is_new = live.started is None
                news = [live.feed(event) for event in batch]
                alone = self.running.doing if self.running.is_loading else sentences.LOOKING
                news.append(live.wait(*self.turns.before(ticket), alone))
                if not batch and not any(news):
                    continue
                begun = is_new and live.started is not None
                updates = self.show.progress(earlier, live, canvas=any(news) and not begun)
                if begun:
                    other = None if shown.session is workspace.session else shown
                    updates |= self.show.begun(other, live.doing) | at_start
                yield updates
                if batch and isinstance(batch[-1], TurnFinished):
                    finished = batch[-1].session
                    self.turns.took(live.busy_s)
        except DemoError as error:
            return self._failed(tab, workspace, live, str(error), ticket)
        except Exception:
            log.exception("a turn failed")
            return self._failed(tab, workspace, live, sentences.UNEXPECTED, ticket)
        # One step back undoes the turn and what it took the place of.
        done = workspace.acted(replace(finished, former=workspace.session))
        return self._cleared(tab) if ticket.dropped else self.show.workspace(tab, done)

    def _events(
        self,
        session: Session,
        sentence: str | Resolved,
        picture: Picture,
        ticket: Ticket,
        taken: Callable[[], AbstractContextManager[Models]] | None = None,
    ) -> Iterator[TurnEvent]:
        """The turn by the models that are ``taken``, or those that run; they stay until it is over.

        While the first ones are loaded, the question stands there already.
        """
        if self.running.is_loading:
            resolved, prompt = understand(session, sentence, self.running.models.reasoner.dialect)
            yield TurnStarted(resolved.sentence, prompt.question, prompt.given)
        with (taken or partial(self.running.use, ticket.cancel))() as models:
            yield from run_turn(
                session,
                sentence,
                picture=picture,
                reasoner=models.reasoner,
                segmenter=models.segmenter,
                cancel=ticket.cancel,
            )

    def _failed(
        self, tab: Tab, workspace: Workspace, live: LiveTurn, sentence: str, ticket: Ticket
    ) -> Updates:
        if ticket.dropped:
            return self._cleared(tab)
        if live.started is None:
            return {**self.show.workspace(tab, workspace), **self.show.said(sentence)}
        shown = live.messages(note=marked("warning", sentence))
        failure = Failure(live.started.question, tuple(shown))
        return self.show.workspace(tab, replace(workspace, failure=failure))

    # Stopping, taking back, starting afresh --------------------------------------------------

    def stop(self, request: gr.Request) -> Updates:
        """Ends the running turn; what it has written stays."""
        running = self.turns.stop(visitor(request))
        return self.show.said(sentences.STOPPING if running else "", "hint")

    def undo(self, tab: Tab, request: gr.Request) -> Updates:
        """Takes back the last act."""
        with tab.lock:
            if self.turns.is_running(visitor(request)):
                return self.show.said(sentences.STOP_FIRST)
            with suppress(InputError):  # there may be nothing on the workspace to take back
                if (workspace := tab.workspace) is not None:
                    undone = workspace.undone()
                    return self.show.workspace(tab, undone, sentences.taken_back(workspace, undone))
            return self._brought_back(tab)

    def _brought_back(self, tab: Tab) -> Updates:
        """The workspace that was put away when this one came."""
        workspace = tab.bring_back()
        if workspace is None:
            return self.show.said(sentences.NOTHING_TO_UNDO)
        return self.show.workspace(tab, workspace, sentences.brought_back(workspace))

    def new(self, tab: Tab, request: gr.Request) -> Updates:
        """An empty workspace; a running turn ends first and its answer is dropped."""
        if self.turns.stop(visitor(request), drop=True):
            return self.show.said(sentences.STOPPING, "hint")
        return {**self._cleared(tab), self.parts.message: ""}

    def _cleared(self, tab: Tab) -> Updates:
        """An empty workspace; the one before is put away."""
        with tab.lock:
            return self.show.workspace(tab, None, sentences.put_away(tab.clear()))

    def leave(self, request: gr.Request) -> None:
        """The tab was closed."""
        self.turns.stop(visitor(request), drop=True)
        self.tabs.leave(visitor(request))


@lru_cache(maxsize=64)
def _picture_hash(path: Path) -> str:
    return open_picture(path).sha256


def visitor(request: gr.Request) -> str:
    """The name under which a browser tab is known."""
    return str(request.session_hash)
