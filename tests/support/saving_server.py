"""The app as `python app.py --sessions DIR --port N` serves it, with the model that reads from a table.

`python -m tests.support.saving_server DIR PORT SIGNS`: a pause in an answer lasts until there is a file
SIGNS/go, and nothing can be written to DIR while there is a file SIGNS/readonly.
"""

from __future__ import annotations

import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import app
from demo.dialogue.store import Store
from demo.picture.picture import Picture
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

    def advice_for(self, picture: Picture) -> None:
        """There is nothing to say about any picture."""


def obey(signs: Path, reasoner: TableReasoner, store: Store) -> None:
    """Does what the signs say, as they come and go."""
    while True:
        (reasoner.go_on.set if (signs / "go").exists() else reasoner.go_on.clear)()
        with store._lock:
            store._db.execute(f"PRAGMA query_only = {(signs / 'readonly').exists()}")
        time.sleep(0.02)


if __name__ == "__main__":
    folder, port, signs = sys.argv[1:]
    options = app.parser().parse_args(["--sessions", folder, "--port", port])
    store, reasoner = app.open_store(options.sessions), TableReasoner()
    assert store is not None
    threading.Thread(target=obey, args=(Path(signs), reasoner, store), daemon=True).start()
    serve(TableModels(reasoner), options, None, store)  # type: ignore[arg-type]
