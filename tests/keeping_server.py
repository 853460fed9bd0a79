"""The app as `python app.py --sessions DIR --port N` serves it, with the model that reads from a table.

`python -m tests.keeping_server DIR PORT GO_ON`: a pause in an answer lasts until the file GO_ON is there.
With the file DIR/full no file can grow.
"""

from __future__ import annotations

import resource
import sys
import threading
import time
from pathlib import Path

from demo.choose import Models

import app
from tests.table import TableReasoner


def let_go_on(reasoner: TableReasoner, sign: Path) -> None:
    """Ends the pauses as soon as the sign is there; and lets the disk be full, or not."""
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    while True:
        (reasoner.go_on.set if sign.exists() else reasoner.go_on.clear)()
        time.sleep(0.02)


if __name__ == "__main__":
    reasoner = TableReasoner()
    folder, port, sign = sys.argv[1:]
    options = app.parser().parse_args(["--sessions", folder, "--port", port])
    threading.Thread(target=let_go_on, args=(reasoner, Path(sign)), daemon=True).start()
    models = Models(reasoner, None, "table · CPU", "It reads from a table.", "Why not.")
    app.serve(models, options, app.open_store(options.sessions))
