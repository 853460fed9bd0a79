"""What happens when another model is asked the same question: its answer is shown beside the first."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import gradio as gr

from demo.dialogue.engine import understand
from demo.dialogue.second_opinion import as_second_opinion, check_same
from demo.errors import InputError
from demo.ui.canvas.scene import running
from demo.ui.chat.asking import turn_batches
from demo.ui.chat.live_turn import LiveTurn
from demo.ui.context import Context, visitor_of
from demo.ui.shared import sentences
from demo.ui.show import Updates
from demo.ui.tab.running_turns import Ticket
from demo.ui.tab.workspace import Tab, Workspace

if TYPE_CHECKING:
    from demo.checkpoints.catalogue import Entry
    from demo.dialogue.session import SecondOpinion
    from demo.models.served import ServedEntry


@dataclass(frozen=True, slots=True)
class Comparing:
    """Asks other models than the one that runs."""

    context: Context

    def compare(self, turn: int, source: str, tab: Tab, request: gr.Request) -> Iterator[Updates]:
        """Put the question of a turn (1, 2, …) to another model. Raises InputError."""
        entry = self.context.running.available.entry(source)
        with self.context.turns.hold(visitor_of(request)) as ticket:
            with tab.lock:  # an act on the canvas is finished first
                workspace = tab.workspace
            if workspace is None:
                raise InputError(sentences.OPEN_FIRST)
            last = yield from self._run(workspace, turn, entry, tab, ticket)
        yield last

    def _run(
        self,
        workspace: Workspace,
        turn: int,
        entry: Entry | ServedEntry,
        tab: Tab,
        ticket: Ticket,
    ) -> Generator[Updates, None, Updates]:
        """What the other model does is shown; what is returned shows its answer, and comes last."""
        show, trouble, said = self.context.show, "", ""
        yield show.start(None, sentences.loading_note(entry.title))
        try:
            second = yield from self._ask(workspace, turn, entry, ticket)
            if not ticket.cancel.is_set():
                session = workspace.session.with_second_opinion(turn, second)
                workspace = workspace.with_session(session)
                said = sentences.COMPARED.format(entry.title, turn)
        except Exception as error:
            trouble = sentences.sentence_of(error)
        if ticket.is_dropped:
            return show.clear(tab)
        shown = show.workspace(tab, workspace, trouble=trouble)
        shown[self.context.parts.canvas] |= {"said": said}
        return shown

    def _ask(
        self, workspace: Workspace, turn: int, entry: Entry | ServedEntry, ticket: Ticket
    ) -> Generator[Updates, None, SecondOpinion]:
        """The other model's answer, while what it does is shown. Raises DemoError."""
        running_models = self.context.running
        question, start = workspace.to_ask_again(turn)
        question, _ = understand(start, question, running_models.models.reasoner.dialect)
        check_same(workspace.session.turn(turn), question)
        live, models = LiveTurn(start), running_models.beside(entry)
        for batch in turn_batches(models, start, question, workspace.picture, ticket.cancel):
            news = [live.feed(event) for event in batch]
            if any(news):
                doing = f"{entry.title}: {live.doing}"
                yield {self.context.parts.canvas: running(doing, live.found)}
        return as_second_opinion(live.session)
