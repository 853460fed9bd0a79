"""The panel behind the status line: which models there are, and choosing another one.

Whether any may be chosen is for `RunningModels` to say; nothing is decided here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import gradio as gr

from demo.checkpoints.catalogue import Entry
from demo.checkpoints.fetch import gb
from demo.errors import DemoError
from demo.models.available import AvailableModels, Row
from demo.models.best import sentence_of
from demo.models.served import ServedEntry
from demo.models.switching import RunningModels
from demo.ui.composer.reading import way_choice
from demo.ui.context import Context, visitor_of
from demo.ui.shared.answers import serial
from demo.ui.shared.payload import Payload
from demo.ui.show import Updates
from demo.ui.tab.workspace import Tab

_ACTS = ("look", "found", "measure", "stop", "choose", "other", "server", "fetch")
_MEASURING = "How fast models are on this computer is being measured…"


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
        "share": running.share,
        "coming": running.coming,
        "drawn_only": models.world is not None,
        "said": running.said,
        "rows": [],
        "best": "",
        "served": [],
        "looking": False,
        "typed": "",
        "order": None,
        "serial": serial(),
    }


@dataclass(frozen=True, slots=True)
class ModelPanel:
    """Handler of the panel's events."""

    context: Context

    def act(self, tab: Tab, event: gr.EventData, request: gr.Request) -> Updates:
        """Do one act in the panel; the answer holds everything as it is then."""
        running, parts = self.context.running, self.context.parts
        kind, result, trouble = "", {}, ""
        try:
            kind = Payload(event).one_of("kind", _ACTS)
            result = self._act(kind, Payload(event))
        except DemoError as error:
            trouble = str(error)
        # First, so that a page which got an older list learns by the number of changes that it is older.
        value = {**status_of(running), **result}
        value["said"] = trouble or value["said"]
        if running.can_switch_now:
            value |= self._rows(kind)
        show, workspace = self.context.show, tab.workspace
        shown = {
            parts.status: value,
            parts.notice: show.notice(workspace),
            parts.asking: way_choice(running.models, tab.asking),
        }
        # While a turn runs its Stop is in the place of what plays.
        is_busy = self.context.turns.is_running(visitor_of(request))
        return shown if is_busy else {**shown, parts.play: show.play_button(workspace)}

    def act_beside_picture(self, tab: Tab, event: gr.EventData, request: gr.Request) -> Updates:
        """The same from the notice about the picture, which also asks there what is to be asked first."""
        updates = self.act(tab, event, request)
        status, notice = updates[self.context.parts.status], updates[self.context.parts.notice]
        if notice is not None:
            notice |= {"order": status["order"], "said": status["said"]}
        return {**updates, self.context.parts.status: {**status, "order": None}}

    def _rows(self, kind: str) -> dict[str, Any]:
        """What can be chosen; to a page that waits for servers only those, so that the others stay."""
        running = self.context.running
        available = running.available
        is_looking = available.is_looking  # asked first: then what was found is there
        served = available.served_rows(running.models)
        measured = kind == "measure" and not running.in_use
        rows = (
            []
            if kind == "found"
            else available.rows(running.models, measured=measured, beside=running.bytes_beside)
        )
        return {
            "looking": is_looking,
            "served": [asdict(row) for row in served],
            "rows": [asdict(row) for row in rows],
            "best": _best(running.available, rows),
        }

    def _act(self, kind: str, sent: Payload) -> dict[str, Any]:
        """Do it, and return what the answer says of it, if anything. Raises DemoError."""
        running = self.context.running
        match kind:
            case "look" if running.can_switch_now:
                running.available.look()
            case "stop":
                running.stop_fetching()
            case "choose":
                return self._choose(running.available.entry(sent.text("source")))
            case "other":
                return self._choose(running.available.add(sent.text("name")))
            case "server":
                return self._choose_of(running.available.add_server(sent.text("address")))
            case "fetch":
                running.switch(running.available.entry(sent.text("source")), fetch=True)
        return {}

    def _choose_of(self, served: list[ServedEntry]) -> dict[str, Any]:
        """Take the only model of a server; where there are more, a person says which."""
        return self._choose(served[0]) if len(served) == 1 else {"typed": served[0].source}

    def _choose(self, entry: Entry | ServedEntry) -> dict[str, Any]:
        """Load what is here; what is not is asked about."""
        running = self.context.running
        if running.models.entry == entry:
            return {}
        if isinstance(entry, ServedEntry) or running.available.is_here(entry):
            running.switch(entry)
            return {}
        order, masks = running.available.order(entry), running.available.masks()
        size = "" if order.size is None else f" {gb(order.size)}"
        finer = (
            f" {masks.title}, for finer outlines, comes with it: {masks.size_in_words}."
            if masks
            else ""
        )
        question = {
            "source": entry.source,
            "text": f"{entry.title} is not on this machine yet: {order}.{finer}",
            "button": f"Fetch{size} and switch",
        }
        return {"order": question}


def _best(available: AvailableModels, rows: Sequence[Row]) -> str:
    """Which model is best for photographs here, in a sentence; empty where a card makes all quick."""
    if any(row.guessed for row in rows):
        return _MEASURING
    best = available.best(rows)
    return sentence_of(best) if best else ""
