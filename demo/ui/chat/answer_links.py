"""What happens at an answer: it is asked again or changed, branched, compared, rated or measured."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import gradio as gr

from demo.dialogue.recognised import set_apart
from demo.dialogue.session import Session
from demo.errors import DemoError, InputError
from demo.ui.chat.asking import Asking
from demo.ui.compare.comparing import Comparing
from demo.ui.context import Context
from demo.ui.shared import sentences
from demo.ui.shared.payload import Payload
from demo.ui.shared.updates import steadily
from demo.ui.sheet.numbers import known_card, numbers, score_card
from demo.ui.show import Updates
from demo.ui.tab.workspace import Tab, Workspace


@dataclass(frozen=True, slots=True)
class AnswerLinks:
    """Handler of the links below an answer, and of the tabs of dialogues."""

    context: Context
    asking: Asking
    comparing: Comparing

    @steadily
    def turn(self, tab: Tab, event: gr.EventData, request: gr.Request) -> Iterator[Updates]:
        """One of the links below an answer was clicked, or another dialogue was chosen."""
        sent = Payload(event)
        try:
            kind, source = sent.text("kind"), sent.text("source")
            if kind == "again":
                yield from self.asking.ask_again(sent.whole("turn"), tab, request)
            elif kind == "compare":  # also while the other model is being asked
                yield self.comparing.opened(tab, sent.whole("turn"), source)
            else:
                yield self._act(kind, sent, tab, request)
        except DemoError as error:
            yield self.context.show.refusal(str(error))

    def _act(self, kind: str, sent: Payload, tab: Tab, request: gr.Request) -> Updates:
        with tab.lock:
            return self._updates(kind, sent, tab, self.context.idle_workspace(tab, request))

    def _updates(self, kind: str, sent: Payload, tab: Tab, workspace: Workspace) -> Updates:
        show = self.context.show
        if kind == "switch":
            return show.workspace(tab, workspace.switched(sent.whole("dialogue")))
        if kind == "keep":
            return {**show.workspace(tab, workspace.unchanging()), self.context.parts.message: ""}
        turn = sent.whole("turn")
        match kind:
            case "branch":
                return show.workspace(tab, workspace.branched(turn), sentences.BRANCHED)
            case "take":
                replaced = workspace.with_opinion(turn, sent.whole("place"))
                return show.workspace(tab, replaced, sentences.TAKEN)
            case "apart":
                return show.workspace(tab, workspace.with_act(set_apart(workspace.session, turn)))
            case "up" | "down":
                return show.workspace(tab, workspace.rated(turn, kind))
            case "change":
                question = workspace.session.turn(turn).question
                changing = show.workspace(tab, workspace.to_change(turn))
                return {**changing, self.context.parts.message: question}
        return {self.context.parts.sheet: self._sheet(kind, workspace.session, turn)}

    def _sheet(self, kind: str, session: Session, turn: int) -> dict[str, Any]:
        match kind:
            case "numbers":
                return numbers(session, turn)
            case "scores":
                return score_card(session, turn)
            case "known":
                return known_card(turn)
        raise InputError(sentences.NOT_UNDERSTOOD)
