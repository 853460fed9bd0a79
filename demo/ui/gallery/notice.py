"""What people should know about a picture that the running model does not know, and what they can do."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from demo.models.switching import RunningModels
from demo.models.ways import ways_out
from demo.ui.shared.answers import serial

_FIXED = (
    "Whoever runs this page can start it with a model that does: with --model regionreasoner-7b, or with "
    "--server and the address of a model server."
)
_SOON = "In a moment another model can be chosen here."


def notice(running: RunningModels) -> dict[str, Any]:
    """The value of the notice, as notice.d.ts has it."""
    models, can, rows, looking, best = running.models, running.can_switch_now, [], False, None
    if can:
        available = running.available
        looking = available.is_looking  # asked first: then what was found is there
        here = available.rows(models, measured=False, beside=running.bytes_beside)
        rows, best = [*available.served_rows(models), *here], available.best(here)
    return {
        "text": f"{models.reasoner.name} knows drawn scenes only.",
        "note": "" if can else _SOON if running.may_switch else _FIXED,
        "ways": [asdict(way) for way in ways_out(rows, best.source if best else "")],
        "order": None,
        "said": running.said,
        "looking": looking,
        "guessed": any(row.guessed for row in rows),
        "serial": serial(),
    }
