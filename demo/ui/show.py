"""What the page shows of a workspace, at rest and while a turn runs; it decides nothing."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import gradio as gr

from demo.models.switching import RunningModels
from demo.ui.canvas.scene import running, scene
from demo.ui.chat.live_turn import LiveTurn
from demo.ui.chat.messages import Message, messages
from demo.ui.parts import Parts
from demo.ui.shared import sentences
from demo.ui.tab.saving import Saver
from demo.ui.tab.workspace import Tab, Workspace

Updates = dict[Any, Any]


@dataclass(frozen=True, slots=True)
class Show:
    """Makes the updates of the page's components."""

    parts: Parts
    saver: Saver
    running: RunningModels

    def workspace(self, tab: Tab, workspace: Workspace | None, note: str = "") -> Updates:
        """The tab's workspace from now on, with nothing running; ``note`` stands in the hint line.

        What is on it is on disk before it is shown, or it is said that this could not be done.
        """
        unkept = self.saver.keep(tab, workspace)
        value = scene(workspace)
        tab.workspace = workspace and replace(
            workspace, outlined=workspace.outlined.union(value["outlines"])
        )
        question = workspace.next_question if workspace else None
        return {
            self.parts.canvas: value,
            self.parts.notice: self.notice(workspace),
            self.parts.chat: self._dialogue(workspace),
            self.parts.next: gr.Button(question or "", visible=question is not None),
            self.parts.play: gr.Button(visible=question is not None),
            self.parts.stop: gr.Button(visible=False),
            self.parts.hint: sentences.said(note, unkept) or sentences.hint(workspace),
        }

    def dialogue(self, workspace: Workspace) -> list[Message]:
        """Its turns in the chat; other models are offered where they can be chosen."""
        return messages(workspace.session, workspace.remarks, compare=self.running.may_switch)

    def _dialogue(self, workspace: Workspace | None) -> list[Message]:
        if workspace is None:
            return []
        return [
            *self.dialogue(workspace),
            *(workspace.failure.messages if workspace.failure else ()),
        ]

    def notice(self, workspace: Workspace | None) -> dict[str, Any] | None:
        """What the model that runs makes people know about their picture."""
        return sentences.notice(
            self.running.models.advice_for(workspace.picture) if workspace else None
        )

    def begun(self, other: Workspace | None, doing: str) -> Updates:
        """A turn has begun; ``other`` is the workspace that it goes on from, if not the one that is shown,
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
