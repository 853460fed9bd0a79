"""The app as `python app.py --sessions DIR --port N` serves it, with the model that reads from a table.

`python -m tests.support.saving_server DIR PORT`: a pause in an answer lasts until its turn is stopped. It
is told on standard input that DIR is now readonly or writable, and repeats what it has done.
"""

from __future__ import annotations

import sys
import threading
from dataclasses import dataclass

import app
from demo.dialogue.store import Store
from demo.machine.environment import without_stubs
from demo.picture.picture import Picture

with without_stubs():  # as the app does
    from demo.web.serve import serve
from tests.support.table import TableReasoner


@dataclass(frozen=True)
class TableModels:
    """What `demo.models.selection.Models` holds; that would load torch, which takes long."""

    reasoner: TableReasoner
    segmenter: None = None
    status: str = "table · CPU"
    advice: str = ""
    why: str = ""
    at_once: int = 1
    entry: None = None
    is_expected: bool = False
    world: None = None
    asking: str = ""

    def way(self, wanted: str) -> str:
        """It is asked in one way."""
        return ""

    def doubt_about(self, picture: Picture) -> None:
        """It knows all pictures."""

    def advice_for(self, picture: Picture) -> None:
        """There is nothing to say about any picture."""


def obey(store: Store) -> None:
    """Does what it is told."""
    for line in sys.stdin:
        with store._lock:
            store._db.execute(f"PRAGMA query_only = {line.strip() == 'readonly'}")
        print(line, end="", flush=True)


if __name__ == "__main__":
    folder, port = sys.argv[1:]
    options = app.parser().parse_args(["--sessions", folder, "--port", port])
    store = app.open_store(options.sessions)
    assert store is not None
    threading.Thread(target=obey, args=(store,), daemon=True).start()
    serve(TableModels(TableReasoner()), options, None, store)  # type: ignore[arg-type]
