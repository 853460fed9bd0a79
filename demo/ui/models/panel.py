"""The panel behind the status line: which models there are, and choosing another one.

A browser may send anything, so every value is checked here, and whether anything may be chosen at all is
`running.py`'s to say. It decides nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import gradio as gr

from demo.checkpoints.catalogue import Entry
from demo.checkpoints.fetch import gb
from demo.dialogue.session import Session
from demo.errors import DemoError, InputError
from demo.models.switching import RunningModels
from demo.ui.canvas.scene import serial
from demo.ui.events import Events
from demo.ui.shared import sentences
from demo.ui.show import Updates
from demo.ui.tab.workspace import Tab

_Data = Mapping[str, Any]


def status_of(running: RunningModels) -> dict[str, Any]:
    """What the header says of the models that run, and whether others may be chosen."""
    models = running.models
    return {
        "status": models.status,
        "advice": models.advice,
        "why": models.why,
        "may_switch": running.may_switch,
        "changes": running.changes,
        "doing": running.doing,
        "said": running.said,
        "rows": [],
        "order": None,
        "serial": serial(),
    }


_KEY = (
    "It gets the same question with the same regions. Its answer is laid beside this one, and is no part "
    "of the dialogue."
)
_NONE = (
    "No other model is on this machine. Fetch one in the header, where it says which model runs."
)


def others(running: RunningModels, session: Session, turn: int) -> dict[str, Any]:
    """The models that a question can be put to as well, as `others.js` shows them. Raises InputError."""
    first = session.reasoner_of(session.turn(turn)).name
    rows = [
        {"source": row.source, "title": row.title, "line": row.line}
        for row in running.available.rows(running.models, measured=False)
        if row.state in ("runs", "here") and running.available.entry(row.source).name != first
    ]
    return {
        "kind": "others",
        "turn": turn,
        "title": f"Answer {turn}: ask another model",
        "rows": rows,
        "key": _KEY if rows else _NONE,
        "serial": serial(),
    }


@dataclass(frozen=True, slots=True)
class ModelPanel:
    """Handler of the panel's events."""

    events: Events

    def act(self, tab: Tab, event: gr.EventData) -> Updates:
        """One act in the panel; the answer holds everything as it is then."""
        running, data = self.events.running, event._data
        order, said = None, ""
        try:
            order = self._done(data.get("kind"), data)
        except DemoError as error:
            said = str(error)
        # First, so that a page which got an older list learns by the number of changes that it is older.
        value = {**status_of(running), "order": order}
        measured = data.get("kind") == "measure" and not running.in_use
        listed = running.may_switch and not running.is_loading
        rows = running.available.rows(running.models, measured=measured) if listed else []
        value["rows"] = [asdict(row) for row in rows]
        if said:
            value["said"] = said
        parts, show = self.events.parts, self.events.show
        return {parts.status: value, parts.notice: show.notice(tab.workspace)}

    def _done(self, kind: object, data: _Data) -> dict[str, Any] | None:
        """Do it; what is to be asked first, if anything. Raises DemoError."""
        if kind in ("look", "measure"):
            return None
        running, available = self.events.running, self.events.running.available
        if kind == "stop":
            running.stop_fetching()
        elif kind == "choose":
            return self._chosen(available.entry(_text(data, "source")))
        elif kind == "other":
            return self._chosen(available.add(_text(data, "name")))
        elif kind == "fetch":
            running.switch(available.entry(_text(data, "source")), fetch=True)
        else:
            raise InputError(sentences.NOT_UNDERSTOOD)
        return None

    def _chosen(self, entry: Entry) -> dict[str, Any] | None:
        """Load what is here; what is not is asked about."""
        running = self.events.running
        if running.models.entry == entry:
            return None
        if running.available.is_here(entry):
            running.switch(entry)
            return None
        order = running.available.order(entry)
        size = "" if order.size is None else f" {gb(order.size)}"
        return {
            "source": entry.source,
            "text": f"{entry.title} is not on this machine yet: {order}.",
            "button": f"Fetch{size} and switch",
        }


def _text(data: _Data, name: str) -> str:
    return str(data.get(name) or "")[:500]
