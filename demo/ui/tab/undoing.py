"""What happens when a turn is stopped, an act is undone or redone, or a tab is cleared or closed."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

import gradio as gr

from demo.errors import InputError
from demo.ui.context import Context, visitor_of
from demo.ui.shared import sentences
from demo.ui.show import Updates
from demo.ui.tab.workspace import Tab


@dataclass(frozen=True, slots=True)
class Undoing:
    """Handlers of Stop, Undo, Redo and New, and of a page that is left."""

    context: Context

    def stop(self, request: gr.Request) -> Updates:
        """End the running turn; what it has written stays."""
        was_running = self.context.turns.stop(visitor_of(request))
        return self.context.show.line(sentences.STOPPING if was_running else "", "hint")

    def undo(self, tab: Tab, request: gr.Request) -> Updates:
        """Undo the last act, or bring back the workspace that was put away when this one came."""
        show = self.context.show
        with tab.lock:
            if self.context.turns.is_running(visitor_of(request)):
                return show.refusal(sentences.STOP_FIRST)
            with suppress(InputError):  # there may be nothing on the workspace to undo
                if (workspace := tab.workspace) is not None:
                    undone = workspace.undone()
                    return show.workspace(tab, undone, sentences.undo_note(workspace, undone))
            former = tab.bring_back()
            if former is None:
                return show.refusal(sentences.NOTHING_TO_UNDO)
            return show.workspace(tab, former, sentences.return_note(former))

    def redo(self, tab: Tab, request: gr.Request) -> Updates:
        """Do again what was undone last, as it was; the model is not asked."""
        show = self.context.show
        with tab.lock:
            if self.context.turns.is_running(visitor_of(request)):
                return show.refusal(sentences.STOP_FIRST)
            workspace = tab.workspace
            if workspace is None:
                return show.refusal(sentences.NOTHING_TO_REDO)
            with suppress(InputError):  # there may be nothing on the workspace to redo
                redone = workspace.redone()
                return show.workspace(tab, redone, sentences.redo_note(workspace, redone))
            if not workspace.ahead:
                return show.refusal(sentences.NOTHING_TO_REDO)
            later = tab.go_on(workspace)
            note = sentences.return_note(later) if later else sentences.away_note(workspace)
            return show.workspace(tab, later, note)

    def new(self, tab: Tab, request: gr.Request) -> Updates:
        """Show an empty workspace; a running turn ends first and its answer is dropped."""
        if self.context.turns.stop(visitor_of(request), drop=True):
            return self.context.show.line(sentences.STOPPING, "hint")
        return {**self.context.show.clear(tab), self.context.parts.message: ""}

    def leave(self, visitor: str) -> None:
        """That visitor's page was closed, or its connection broke."""
        self.context.turns.stop(visitor, drop=True)
        self.context.tabs.leave(visitor)
