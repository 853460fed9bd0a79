"""What happens when a question is asked: the turn is shown as it is written.

A sentence for a person stands where the failure happened, and what was typed or already there is kept.
"""

from __future__ import annotations

import threading
from collections.abc import Generator, Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import gradio as gr

from demo.dialects.ways import has_ways
from demo.dialogue.engine import TurnEvent, TurnStarted, run_turn, understand
from demo.dialogue.session import Session
from demo.errors import InputError
from demo.language.intent import is_in_words
from demo.language.references import Resolved
from demo.models.switching import RunningModels
from demo.picture.geometry import PictureBox
from demo.picture.picture import Picture
from demo.ui.chat.live_turn import LiveTurn
from demo.ui.context import Context, address_of, visitor_of
from demo.ui.shared import sentences
from demo.ui.shared.pacing import paced
from demo.ui.shared.text import marked
from demo.ui.shared.updates import steadily
from demo.ui.show import Updates, usual_question
from demo.ui.tab.running_turns import Ticket
from demo.ui.tab.workspace import Failure, Tab, Workspace

if TYPE_CHECKING:
    from demo.models.models import Models

_FRAME_S = 1 / 15
_QUIET_S = 1.0  # a turn that waits for others learns its new place this often
_PAUSE_S = 1.2  # between two questions of a dialogue that plays by itself


@dataclass(frozen=True, slots=True)
class _Turn:
    """A question on its way to an answer, and the workspace that it was asked on.

    ``start`` is the dialogue that it goes on from, ``typed`` what the text box gives up as soon as the
    question is in the chat (None: nothing), ``asking`` the way in which the person wants it asked,
    ``within`` the part of the picture that it is about, if not the whole.
    """

    sentence: str | Resolved
    start: Session
    typed: str | None
    workspace: Workspace
    ticket: Ticket
    asking: str
    within: PictureBox | None


@dataclass(frozen=True, slots=True)
class Asking:
    """Handlers of everything that asks the model that runs."""

    context: Context

    @steadily
    def ask(self, sentence: str, tab: Tab, request: gr.Request) -> Iterator[Updates]:
        """Ask what the person typed; the text box is emptied once the question stands."""
        workspace, start, typed = tab.workspace, None, sentence
        if workspace and workspace.changing:
            start = workspace.session.before(workspace.changing)
        part = workspace.within if workspace else None
        if workspace and part and not sentence.strip():
            dialect = self.context.running.models.reasoner.dialect
            sentence = usual_question(workspace, dialect)
            if not sentence:
                yield self.context.show.refusal(sentences.SAY_WHAT)
                return
        if self._needs_words(sentence, tab):
            yield self.context.show.refusal(self._no_words())
            return
        yield from self._turn(tab, request, sentence, start, typed, part.box if part else None)

    def _needs_words(self, sentence: str, tab: Tab) -> bool:
        """Whether it asks a model that has no words for some, for the first time in a row."""
        told, tab.told = tab.told, sentence
        dialect = self.context.running.models.reasoner.dialect
        return is_in_words(sentence) and not has_ways(dialect) and sentence != told

    def _no_words(self) -> str:
        return sentences.NO_WORDS.format(self.context.running.models.reasoner.name)

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
        within = tab.workspace.session.turn(turn).within
        yield from self._turn(tab, request, question, start, within=within)

    def _next(self, tab: Tab, request: gr.Request) -> Iterator[Updates]:
        workspace = tab.workspace
        question = workspace.to_ask(workspace.next_question or "") if workspace else ("", None)
        yield from self._turn(tab, request, *question)

    def _play(self, tab: Tab, request: gr.Request) -> Iterator[Updates]:
        while tab.workspace is not None and tab.workspace.next_question is not None:
            turns = len(tab.workspace.session.turns)
            yield from self._next(tab, request)
            workspace = tab.workspace
            if workspace is None or not _has_answered(workspace.session, turns):
                return
            if workspace.next_question is not None:
                yield self.context.show.stop_button()
                pause = self.context.turns.pause(visitor_of(request), _PAUSE_S)
                if pause is None or pause.cancel.is_set():
                    yield self._rest(pause, tab)
                    return

    def _rest(self, pause: Ticket | None, tab: Tab) -> Updates:
        """The page after somebody stopped a dialogue between two questions."""
        show = self.context.show
        is_dropped = pause is not None and pause.is_dropped
        return show.clear(tab) if is_dropped else show.workspace(tab, tab.workspace)

    def _turn(
        self,
        tab: Tab,
        request: gr.Request,
        sentence: str | Resolved,
        start: Session | None = None,
        typed: str | None = None,
        within: PictureBox | None = None,
    ) -> Iterator[Updates]:
        """One turn; without ``start`` it goes on from the dialogue that is shown."""
        context, visitor = self.context, visitor_of(request)
        context.tabs.take(visitor, tab)
        try:
            asker = address_of(request)
            with context.running.counted(asker), context.turns.hold(visitor, asker=asker) as ticket:
                with tab.lock:  # an act on the canvas is finished first
                    workspace = tab.workspace
                if workspace is None:
                    raise InputError(sentences.OPEN_FIRST)
                start = start or workspace.session
                turn = _Turn(sentence, start, typed, workspace, ticket, tab.asking, within)
                last = yield from self._run(turn, tab)
        except InputError as error:
            last = context.show.line(str(error))
        yield last  # not sooner: a person who sees the answer may act on it at once

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
            done = workspace.with_act(live.session.following(workspace.session))
            is_asked = workspace.within is not None and workspace.within.box == turn.within
            return show.after_turn(tab, done.asking_about(None) if is_asked else done)
        if live.started is None:
            return show.workspace(tab, workspace, trouble=trouble)
        shown = live.messages(note=marked("warning", trouble))
        failure = Failure(live.started.question, tuple(shown), trouble)
        return show.after_turn(tab, workspace.with_failure(failure, turn.within))

    def _progress(self, turn: _Turn, live: LiveTurn) -> Iterator[Updates]:
        context, shown = self.context, turn.workspace.with_act(turn.start)
        earlier = context.show.dialogue(shown)
        former = shown if turn.start is not turn.workspace.session else None
        running, cancel = context.running, turn.ticket.cancel
        is_outside = context.show.is_outside(turn.workspace)
        awaits = running.is_loading or (is_outside and bool(running.coming))
        early = _early_start(turn, running) if awaits else ()
        models = running.use(cancel, next_one=is_outside, asker=turn.ticket.asker)
        for batch in turn_batches(
            models,
            turn.start,
            turn.sentence,
            shown.picture,
            cancel,
            early,
            turn.asking,
            turn.within,
        ):
            is_new = live.started is None
            news = [live.feed(event) for event in batch]
            alone = _waits_for(running) if awaits else sentences.LOOKING
            news.append(live.wait(*context.turns.before(turn.ticket), alone))
            if not batch and not any(news):
                continue
            has_begun = is_new and live.started is not None
            updates = context.show.progress(earlier, live, canvas=any(news) and not has_begun)
            if has_begun:  # the first look may have, too
                updates |= context.show.start(former, live.canvas, turn.typed)
            yield updates
        context.turns.note_duration(live.busy_s)


def _has_answered(session: Session, turns: int) -> bool:
    """Whether a whole answer has come to a dialogue that had that many turns."""
    return len(session.turns) != turns and not session.turns[-1].partial


def _early_start(turn: _Turn, running: RunningModels) -> Iterator[TurnStarted]:
    """The question as it is shown while it waits for a model."""
    dialect = running.models.reasoner.dialect
    resolved, prompt = understand(turn.start, turn.sentence, dialect)
    yield TurnStarted(resolved.sentence, prompt.question, prompt.given)


def _waits_for(running: RunningModels) -> str:
    """What a turn waits for that nobody else's comes before."""
    if running.is_loading:
        return running.doing
    return sentences.NEXT_ONE.format(running.coming) if running.coming else sentences.LOOKING


def turn_batches(
    models: AbstractContextManager[Models],
    session: Session,
    sentence: str | Resolved,
    picture: Picture,
    cancel: threading.Event,
    early: Iterable[TurnEvent] = (),
    asking: str = "",
    within: PictureBox | None = None,
) -> Iterator[list[TurnEvent]]:
    """A turn's events in batches that a page can keep up with; an empty one after a quiet time.

    ``early`` ones come before there are models, which stay until the turn is over. ``asking`` is the way of
    asking that a person wants, empty for the usual one, ``within`` the part that is asked about. Raises
    DemoError as ``run_turn`` does.
    """

    def events() -> Iterator[TurnEvent]:
        yield from early
        with models as taken:
            yield from run_turn(
                session,
                sentence,
                picture=picture,
                reasoner=taken.reasoner,
                segmenter=taken.segmenter,
                cancel=cancel,
                doubt=taken.doubt_about(picture),
                asking=taken.way(asking),
                recognises=True,
                within=within,
            )

    return paced(events(), _FRAME_S, _QUIET_S)
