"""What all handlers of the page's events are given; what belongs to one visitor is on their tab."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import gradio as gr

from demo.access.peers import place_in
from demo.errors import InputError
from demo.fairlock import asked_by
from demo.machine.effort import Effort, long_work
from demo.models.switching import RunningModels
from demo.ui.parts import Parts
from demo.ui.shared import sentences
from demo.ui.show import Show
from demo.ui.tab.open_tabs import OpenTabs
from demo.ui.tab.running_turns import RunningTurns
from demo.ui.tab.saving import Saver
from demo.ui.tab.workspace import Tab, Workspace


@dataclass(frozen=True, slots=True)
class Context:
    """The page's parts and what runs behind them, one for all visitors."""

    parts: Parts
    running: RunningModels
    turns: RunningTurns
    saver: Saver = field(default_factory=Saver)
    tabs: OpenTabs = field(default_factory=OpenTabs)

    @property
    def show(self) -> Show:
        """What makes the updates that handlers return."""
        return Show(self.parts, self.saver, self.running)

    @contextmanager
    def long_work(
        self, request: gr.Request, cancel: threading.Event | None = None
    ) -> Iterator[Effort]:
        """See `effort.long_work`: work that rests while a model is asked. Raises InputError."""
        with (
            asked_by(address_of(request)),
            long_work(cancel, lambda: self.running.in_use) as effort,
        ):
            yield effort

    def require_idle(self, request: gr.Request) -> None:
        """Raises InputError while a question of that visitor is being answered."""
        if self.turns.is_running(visitor_of(request)):
            raise InputError(sentences.STOP_FIRST)

    def idle_workspace(self, tab: Tab, request: gr.Request) -> Workspace:
        """The tab's workspace, with nothing running on it. Raises InputError when there is none."""
        if tab.workspace is None:
            raise InputError(sentences.OPEN_FIRST)
        self.require_idle(request)
        return tab.workspace


def visitor_of(request: gr.Request) -> str:
    """The name under which a browser tab is known: Gradio's session hash."""
    return str(request.session_hash)


def address_of(request: gr.Request) -> str:
    """What stands for a visitor where something goes round among them: from where the request comes, or
    empty where all come from the same proxy.
    """
    return place_in(getattr(request, "request", None))
