"""What happens when a question is asked: the turn is shown as it is written.

A sentence for a person stands where the failure happened, and what was typed or already there is kept.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass, field, replace

import gradio as gr

from demo.dialogue.engine import TurnStarted
from demo.dialogue.session import Session
from demo.errors import InputError
from demo.language.references import Resolved
from demo.ui.chat.live_turn import LiveTurn
from demo.ui.chat.turn_batches import turn_batches
from demo.ui.context import Context, visitor_of
from demo.ui.shared import sentences
from demo.ui.shared.text import marked
from demo.ui.shared.updates import steadily
from demo.ui.show import Updates
from demo.ui.tab.running_turns import Ticket
from demo.ui.tab.workspace import Failure, Tab, Workspace

_PAUSE_S = 1.2  # between two questions of a dialogue that plays by itself


@dataclass(frozen=True, slots=True)
class _Question:
    """What is asked; ``start`` is the dialogue that it goes on from when it is not the shown one, and
    ``at_start`` what else changes on the page as soon as it stands in the chat.
    """

    sentence: str | Resolved
    start: Session | None = None
    at_start: Updates = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Turn:
    """A question on its way to an answer, and the workspace that it was asked on."""

    question: _Question
    workspace: Workspace
    ticket: Ticket

    @property
    def start(self) -> Session:
        """The dialogue that it goes on from."""
        return self.question.start or self.workspace.session


@dataclass(frozen=True, slots=True)
class Asking:
    """Handlers of everything that asks the model that runs."""

    context: Context

    @steadily
    def ask(self, sentence: str, tab: Tab, request: gr.Request) -> Iterator[Updates]:
        """Ask what the person typed; the text box is emptied once the question stands."""
        workspace, start = tab.workspace, None
        if workspace and workspace.changing:
            start = workspace.session.before(workspace.changing)
        emptied = {self.context.parts.message: ""}
        yield from self._turn(_Question(sentence, start, emptied), tab, request)

    @steadily
    def follow(self, tab: Tab, request: gr.Request) -> Iterator[Updates]:
        """Ask the question that is next, which was clicked; what the person typed stays."""
        yield from self._next(tab, request)

    @steadily
    def play(self, tab: Tab, request: gr.Request) -> Iterator[Updates]:
        """Ask the questions that are left one after the other, until one fails or the person stops."""
        yield from self._play(tab, request)

    @steadily
    def play_if_wanted(self, tab: Tab, request: gr.Request) -> Iterator[Updates]:
        """Play the dialogue of what was just opened, if it was opened to be played."""
        wanted, tab.to_play = tab.to_play, False
        if wanted:
            yield from self._play(tab, request)

    def ask_again(self, turn: int, tab: Tab, request: gr.Request) -> Iterator[Updates]:
        """Ask the question of a turn once more, with the regions as they are now. Raises InputError."""
        if tab.workspace is None:
            raise InputError(sentences.OPEN_FIRST)
        question, start = tab.workspace.to_ask_again(turn)
        yield from self._turn(_Question(question, start), tab, request)

    def _next(self, tab: Tab, request: gr.Request) -> Iterator[Updates]:
        question = _Question("")
        if tab.workspace is not None:
            question = _Question(*tab.workspace.to_ask(tab.workspace.next_question or ""))
        yield from self._turn(question, tab, request)

    def _play(self, tab: Tab, request: gr.Request) -> Iterator[Updates]:
        while tab.workspace is not None and tab.workspace.next_question is not None:
            turns = len(tab.workspace.session.turns)
            yield from self._next(tab, request)
            workspace = tab.workspace
            if workspace is None or not _has_answered(workspace.session, turns):
                return
            if workspace.next_question is not None:
                yield self.context.show.pause()
                pause = self.context.turns.pause(visitor_of(request), _PAUSE_S)
                if pause is None or pause.cancel.is_set():
                    yield self._rest(pause, tab)
                    return

    def _rest(self, pause: Ticket | None, tab: Tab) -> Updates:
        """The page after somebody stopped a dialogue between two questions."""
        show = self.context.show
        is_dropped = pause is not None and pause.is_dropped
        return show.clear(tab) if is_dropped else show.workspace(tab, tab.workspace)

    def _turn(self, question: _Question, tab: Tab, request: gr.Request) -> Iterator[Updates]:
        context, visitor = self.context, visitor_of(request)
        context.tabs.take(visitor, tab)
        try:
            with context.turns.hold(visitor) as ticket:
                with tab.lock:  # an act on the canvas is finished first
                    workspace = tab.workspace
                if workspace is None:
                    raise InputError(sentences.OPEN_FIRST)
                last = yield from self._run(_Turn(question, workspace, ticket), tab)
        except InputError as error:
            last = context.show.line(str(error))
        yield last  # not sooner: whoever sees the answer may act on it at once

    def _run(self, turn: _Turn, tab: Tab) -> Generator[Updates, None, Updates]:
        """The turn as it is written; what is returned shows the workspace with it, and comes last."""
        show, workspace = self.context.show, turn.workspace
        live, trouble = LiveTurn(turn.start), ""
        try:
            yield from self._progress(turn, live)
        except Exception as error:
            trouble = sentences.sentence_of(error)
        if turn.ticket.is_dropped:
            return show.clear(tab)
        if not trouble:  # one step back undoes the turn and what it took the place of
            done = replace(live.session, former=workspace.session)
            return show.workspace(tab, workspace.with_act(done))
        if live.started is None:
            return show.workspace(tab, workspace, trouble=trouble)
        shown = live.messages(note=marked("warning", trouble))
        failure = Failure(live.started.question, tuple(shown))
        return show.workspace(tab, replace(workspace, failure=failure))

    def _progress(self, turn: _Turn, live: LiveTurn) -> Iterator[Updates]:
        context, shown = self.context, replace(turn.workspace, session=turn.start)
        earlier = context.show.dialogue(shown)
        former = shown if turn.start is not turn.workspace.session else None
        models, sentence = context.running.use(), turn.question.sentence
        for batch in turn_batches(models, turn.start, sentence, shown.picture, turn.ticket.cancel):
            news = [live.feed(event) for event in batch]
            news.append(live.wait(*context.turns.before(turn.ticket)))
            if not batch and not any(news):
                continue
            has_begun = any(isinstance(event, TurnStarted) for event in batch)
            updates = context.show.progress(earlier, live, canvas=any(news) and not has_begun)
            if has_begun:
                updates |= context.show.start(former, live.doing) | turn.question.at_start
            yield updates
        context.turns.note_duration(live.busy_s)


def _has_answered(session: Session, turns: int) -> bool:
    """Whether a whole answer has come to a dialogue that had so many turns."""
    return len(session.turns) != turns and not session.turns[-1].partial
