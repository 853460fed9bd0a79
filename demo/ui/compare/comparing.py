"""What happens when another model is asked the same questions: its answers are shown beside the first."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import gradio as gr

from demo.dialogue.comparison import (
    RoundAnswered,
    RoundBegun,
    RoundEvent,
    RoundFailed,
    compared,
    left_for,
    rounds_for,
)
from demo.errors import DemoError, InputError
from demo.models.served import ServedEntry
from demo.ui.canvas.scene import running
from demo.ui.chat.live_turn import LiveTurn
from demo.ui.compare.table import comparison, models_for, outcome, troubles
from demo.ui.context import Context, visitor_of
from demo.ui.shared import sentences
from demo.ui.shared.pacing import paced
from demo.ui.shared.payload import Payload
from demo.ui.shared.updates import steadily
from demo.ui.show import Updates
from demo.ui.tab.running_turns import Ticket
from demo.ui.tab.workspace import Tab, Workspace

if TYPE_CHECKING:
    from demo.checkpoints.catalogue import Entry

_FRAME_S, _QUIET_S = 1 / 15, 1.0


@dataclass(slots=True)
class _Run:
    """Questions on their way to another model: which rounds, and what has become of them."""

    entry: Entry | ServedEntry
    numbers: Sequence[int]
    workspace: Workspace  # with the answers so far
    live: LiveTurn
    shown: dict[str, Any] = field(default_factory=dict)  # of the canvas, with the answers so far
    at: int = 0  # how many rounds have begun
    answered: int = 0
    reasons: dict[int, str] = field(default_factory=dict)

    def feed(self, event: RoundEvent) -> tuple[bool, bool]:
        """Take one event, and return whether it is news for the picture, and for the dialogue."""
        match event:
            case RoundBegun():
                self.at += 1
                self.live = LiveTurn(self.workspace.session)
            case RoundAnswered(number, second):
                session = self.workspace.session.with_second_opinion(number, second)
                self.workspace, self.answered = (
                    self.workspace.with_session(session),
                    self.answered + 1,
                )
                return True, True
            case RoundFailed(number, error):
                self.reasons[number] = sentences.sentence_of(error)
                return True, True
            case _:
                return self.live.feed(event), False
        return True, False

    @property
    def trouble(self) -> str:
        """Why rounds have no answer; of one alone without its number."""
        return troubles(self.reasons) if len(self.numbers) > 1 else "".join(self.reasons.values())

    @property
    def canvas(self) -> dict[str, Any]:
        """What the canvas shows; a browser may miss a value, so each has all that came before."""
        return {**self.shown, **self.live.canvas, "busy": self.doing}

    @property
    def doing(self) -> str:
        """What the other model does, in words."""
        place = f", round {self.at} of {len(self.numbers)}" if len(self.numbers) > 1 else ""
        return f"{self.entry.title}{place}: {self.live.doing}"


@dataclass(frozen=True, slots=True)
class Comparing:
    """Handlers of the form that puts questions to other models than the one that runs."""

    context: Context

    def look(self, tab: Tab, event: gr.EventData, request: gr.Request) -> Updates:
        """The form is to be opened, or the answers of one model to be removed."""
        sent = Payload(event)
        try:
            if name := sent.text("forget"):
                return self._forget(name, tab, request)
            return self.opened(tab, sent.whole("turn", 0), "")
        except DemoError as error:
            return self._form(tab, said=str(error), failed=True)

    def opened(self, tab: Tab, turn: int, source: str) -> Updates:
        """The form, open at an answer (1, 2, …; 0: the newest), with a model chosen. Raises InputError."""
        workspace = tab.workspace
        if workspace is None:
            raise InputError(sentences.OPEN_FIRST)
        if turn:
            workspace.session.turn(turn)
        return self._form(tab, open=True, turn=turn or len(workspace.session.turns), chosen=source)

    def _form(self, tab: Tab, **more: Any) -> Updates:
        """The whole form as it is now."""
        workspace = tab.workspace
        models = models_for(self.context.running, workspace)
        return {self.context.parts.compare: {**comparison(workspace), **models, **more}}

    def _forget(self, name: str, tab: Tab, request: gr.Request) -> Updates:
        """Without that model's answers. Raises InputError while a question is being answered."""
        with tab.lock:
            workspace = self.context.idle_workspace(tab, request)
            session = workspace.session.without_opinions_of(name)
            shown = self.context.show.workspace(tab, workspace.with_session(session))
        return shown | self._form(tab, said=sentences.FORGOTTEN.format(name))

    @steadily
    def ask(self, tab: Tab, event: gr.EventData, request: gr.Request) -> Iterator[Updates]:
        """Put the question of a turn (1, 2, …), or all that are left (0), to another model."""
        try:
            yield from self._asked(Payload(event), tab, request)
        except DemoError as error:
            refused = self.context.show.refusal(str(error))
            yield refused | self._form(tab, said=str(error), failed=True)

    def _asked(self, sent: Payload, tab: Tab, request: gr.Request) -> Iterator[Updates]:
        turn, again = sent.whole("turn"), sent.flag("again")
        entry, visitor = self._entry(sent), visitor_of(request)
        self.context.tabs.take(visitor, tab)
        with self.context.turns.hold(visitor) as ticket:
            with tab.lock:  # an act on the canvas is finished first
                workspace = tab.workspace
            if workspace is None:
                raise InputError(sentences.OPEN_FIRST)
            numbers = _numbers(workspace, entry.name, turn, again=again)
            run = _Run(entry, numbers, workspace, LiveTurn(workspace.session))
            last = yield from self._run(run, tab, ticket)
        yield last  # not sooner: a person who sees the answer may act on it at once

    def _entry(self, sent: Payload) -> Entry | ServedEntry:
        """The model that was chosen or typed. Raises InputError for one that is not to be had here."""
        available, name = self.context.running.available, sent.text("name").strip()
        entry = available.add(name) if name else available.entry(sent.text("source"))
        if isinstance(entry, ServedEntry) or available.is_here(entry):
            return entry
        raise InputError(sentences.NOT_FETCHED.format(entry.title))

    def _run(self, run: _Run, tab: Tab, ticket: Ticket) -> Generator[Updates, None, Updates]:
        """What the other model does is shown; what is returned shows its answers, and comes last."""
        show, trouble = self.context.show, ""
        yield show.start(None, running(sentences.loading_note(run.entry.title), ()))
        try:
            for batch in paced(self._events(run, ticket), _FRAME_S, _QUIET_S):
                news = [run.feed(event) for event in batch]
                if any(answered for _, answered in news) and not ticket.is_dropped:
                    yield self._so_far(run, tab)
                elif any(seen for seen, _ in news):
                    yield {self.context.parts.canvas: run.canvas}
        except Exception as error:
            trouble = sentences.sentence_of(error)
        if ticket.is_dropped:
            return show.clear(tab)
        trouble = trouble or run.trouble
        said = outcome(run.entry.title, run.numbers, run.answered, stopped=ticket.cancel.is_set())
        shown = show.workspace(tab, run.workspace, trouble=trouble)
        shown[self.context.parts.canvas] |= {"said": said}
        form = self._form(
            tab,
            said=" ".join(filter(None, (said if run.answered else "", trouble))),
            failed=bool(trouble),
            chosen=run.entry.source,
            shown=run.entry.name,
            reasons={str(number): reason for number, reason in run.reasons.items()},
        )
        return shown | form

    def _events(self, run: _Run, ticket: Ticket) -> Iterator[RoundEvent]:
        """All rounds with the same model, which stays for as long as they take."""
        workspace = run.workspace
        with self.context.running.beside(run.entry) as models:
            yield from compared(
                workspace.session,
                run.numbers,
                workspace.to_ask_again,
                picture=workspace.picture,
                reasoner=models.reasoner,
                segmenter=models.segmenter,
                cancel=ticket.cancel,
                asking=models.way(""),
                doubt=models.doubt_about(workspace.picture),
            )

    def _so_far(self, run: _Run, tab: Tab) -> Updates:
        """The answers that are there, kept, while others are still to come."""
        show, parts = self.context.show, self.context.parts
        shown = show.workspace(tab, run.workspace)
        run.workspace = tab.workspace or run.workspace
        run.shown = shown[parts.canvas]
        return {
            **shown,
            **show.stop_button(),
            parts.canvas: run.canvas,
            parts.compare: comparison(run.workspace),
        }


def _numbers(workspace: Workspace, name: str, turn: int, *, again: bool) -> Sequence[int]:
    """The rounds to be put to a model: one, or all that it has not answered. Raises InputError."""
    if turn:
        workspace.session.turn(turn)
        return (turn,)
    all_of_them, left = rounds_for(workspace.session, name), left_for(workspace.session, name)
    numbers = all_of_them if again else left
    if not numbers:
        raise InputError(sentences.NONE_LEFT.format(name))
    return numbers
