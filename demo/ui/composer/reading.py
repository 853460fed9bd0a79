"""What happens in the text box: what is typed is read, and the question of a failed turn comes back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import gradio as gr

from demo.dialects.ways import WAYS, ways_of
from demo.dialogue.engine import understand
from demo.dialogue.session import Session
from demo.errors import DemoError, InputError
from demo.language.references import check_question, missing_by_number, without_unknown
from demo.models.models import Models
from demo.ui.context import Context, visitor_of
from demo.ui.shared import sentences
from demo.ui.shared.payload import Payload
from demo.ui.tab.workspace import Tab


def way_choice(models: Models, wanted: str = "") -> dict[str, Any] | None:
    """In which ways these models can be asked, and in which they are; None where there is one only."""
    ways, way = ways_of(models.reasoner.dialect), models.way(wanted)
    return {"ways": ways, "way": way if way in ways else models.asking} if way else None


@dataclass(frozen=True, slots=True)
class Reading:
    """Handlers of the text box, beside sending."""

    context: Context

    def read(self, typed: str, tab: Tab, request: gr.Request) -> Any:
        """The hint while a person types: which regions would be meant, and what would be none."""
        if self.context.turns.is_running(visitor_of(request)):
            return gr.skip()
        workspace = tab.workspace
        if workspace is None:
            return sentences.hint(workspace)
        return sentences.hint(workspace, *self._reading(workspace.session, typed))

    def _reading(
        self, session: Session, typed: str
    ) -> tuple[Sequence[Any], Sequence[str], Mapping[str, str]]:
        """How words will be read, what only looks like a name, and what is said of names for nothing."""
        dialect, registry = self.context.running.models.reasoner.dialect, session.registry
        try:
            check_question(typed)
            missing = missing_by_number(typed, registry)
            resolved, _ = understand(session, without_unknown(typed, registry), dialect)
        except DemoError:
            return (), (), {}
        absent = {words: registry.no_such_name(name) for name, words in list(missing.items())[:1]}
        return sentences.readings(resolved.references, typed), resolved.plain, absent

    def choose_way(self, tab: Tab, event: gr.EventData) -> None:
        """From now on, this tab's questions are asked in that way; what no page sends changes nothing."""
        with suppress(InputError):
            tab.asking = Payload(event).one_of("way", WAYS)

    def put_back(self, typed: str, tab: Tab) -> Any:
        """The question of a failed turn, for the text box when that is empty."""
        if tab.workspace is None or tab.workspace.failure is None or typed.strip():
            return gr.skip()
        return tab.workspace.failure.question
