"""What the page shows of a desk, at rest and while a turn runs; it decides nothing."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import gradio as gr

from demo.models.switching import Running
from demo.ui.canvas.scene import running, scene
from demo.ui.chat.live_turn import LiveTurn
from demo.ui.chat.messages import Message, messages
from demo.ui.parts import Parts
from demo.ui.shared import sentences
from demo.ui.tab.keeping import Keeper
from demo.ui.tab.workspace import Desk, Seat

Updates = dict[Any, Any]


@dataclass(frozen=True, slots=True)
class Show:
    """Makes the updates of the page's components."""

    parts: Parts
    keeper: Keeper
    running: Running

    def desk(self, seat: Seat, desk: Desk | None, note: str = "") -> Updates:
        """The desk that lies there from now on, with nothing running; ``note`` stands in the hint line.

        What is on it is on disk before it is shown, or it is said that this could not be done.
        """
        unkept = self.keeper.keep(seat, desk)
        value = scene(desk)
        seat.desk = desk and replace(desk, outlined=desk.outlined.union(value["outlines"]))
        question = desk.next_question if desk else None
        return {
            self.parts.canvas: value,
            self.parts.notice: self.notice(desk),
            self.parts.chat: self._dialogue(desk),
            self.parts.next: gr.Button(question or "", visible=question is not None),
            self.parts.play: gr.Button(visible=question is not None),
            self.parts.stop: gr.Button(visible=False),
            self.parts.hint: sentences.said(note, unkept) or sentences.hint(desk),
        }

    def dialogue(self, desk: Desk) -> list[Message]:
        """Its turns in the chat; other models are offered where they can be chosen."""
        return messages(desk.session, desk.remarks, compare=self.running.may_switch)

    def _dialogue(self, desk: Desk | None) -> list[Message]:
        if desk is None:
            return []
        return [*self.dialogue(desk), *(desk.failure.messages if desk.failure else ())]

    def notice(self, desk: Desk | None) -> dict[str, Any] | None:
        """What the model that runs makes people know about their picture."""
        return sentences.notice(self.running.models.advice_for(desk.picture) if desk else None)

    def begun(self, other: Desk | None, doing: str) -> Updates:
        """A turn has begun; ``other`` is the desk that it goes on from, if not the one that is shown,
        ``doing`` what it does.
        """
        return {
            self.parts.canvas: {**(scene(other) if other else {}), **running(doing, ())},
            self.parts.next: gr.Button(visible=False),
            self.parts.play: gr.Button(visible=False),
            self.parts.stop: gr.Button(visible=True),
            **self.said("", "hint"),
        }

    def between(self) -> Updates:
        """A dialogue that plays by itself pauses, so that people can look."""
        return {
            self.parts.next: gr.Button(visible=False),
            self.parts.play: gr.Button(visible=False),
            self.parts.stop: gr.Button(visible=True),
        }

    def progress(self, earlier: list[Message], live: LiveTurn, *, canvas: bool) -> Updates:
        """The running turn as it stands behind the ``earlier`` ones; ``canvas`` for more than new text."""
        shown: Updates = {self.parts.chat: [*earlier, *live.messages()]}
        if canvas:
            shown[self.parts.canvas] = running(live.doing, live.found)
        return shown

    def said(self, text: str, level: str = "error") -> Updates:
        """A sentence in the hint line, and nothing else."""
        return {self.parts.hint: sentences.line(text, level)}
