"""The other models that the question of an answer can be put to, as the JSON value that others.js shows."""

from __future__ import annotations

from typing import Any

from demo.dialogue.session import Session
from demo.models.switching import RunningModels
from demo.ui.canvas.scene import serial

_KEY = (
    "It gets the same question with the same regions. Its answer is shown beside this one and does not "
    "become part of the dialogue."
)
_NONE = "There is no other model on this machine. Fetch one in the header, where the running model is named."


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
