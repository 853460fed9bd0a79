"""What happens in the text box: what is typed is read, and the question of a failed turn comes back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import gradio as gr

from demo.dialects.ways import WAYS
from demo.dialogue.engine import understand
from demo.errors import DemoError
from demo.language.references import without_unknown
from demo.ui.context import Context, visitor_of
from demo.ui.shared import sentences
from demo.ui.shared.payload import Payload
from demo.ui.tab.workspace import Tab


@dataclass(frozen=True, slots=True)
class Reading:
    """Handlers of the text box, beside sending."""

    context: Context

    def read(self, typed: str, tab: Tab, request: gr.Request) -> Any:
        """The hint while a person types: which regions would be meant by words such as "it"."""
        if self.context.turns.is_running(visitor_of(request)):
            return gr.skip()
        workspace = tab.workspace
        if workspace is None:
            return sentences.hint(workspace)
        try:
            known = without_unknown(typed, workspace.session.registry)
            dialect = self.context.running.models.reasoner.dialect
            resolved, _ = understand(workspace.session, known, dialect)
        except DemoError:
            return sentences.hint(workspace)
        return sentences.hint(workspace, resolved.references, len(typed) - len(typed.lstrip()))

    def choose_way(self, tab: Tab, event: gr.EventData) -> None:
        """From now on, this tab's questions are asked in that way. Raises InputError."""
        tab.asking = Payload(event).one_of("way", WAYS)

    def put_back(self, typed: str, tab: Tab) -> Any:
        """The question of a failed turn, for the text box when that is empty."""
        if tab.workspace is None or tab.workspace.failure is None or typed.strip():
            return gr.skip()
        return tab.workspace.failure.question
