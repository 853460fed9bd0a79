"""What the protocol's package logs: places instead of words, which may be an agent's own."""

from __future__ import annotations

import logging
from pathlib import Path

import mcp

from demo.errors import places_of

_PACKAGE, _SEEN = str(Path(mcp.__file__).parent), "has_places_only"


class _PlacesOnly(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        """Lets all through; what the package says of itself is where it says it."""
        if hasattr(record, _SEEN):
            return True
        if record.pathname.startswith(_PACKAGE):
            error = record.exc_info[1] if record.exc_info else None
            why = f": {places_of(error)}" if error else ""
            record.msg = f"mcp, {Path(record.pathname).name}:{record.lineno}{why}"
            record.args, record.exc_info, record.exc_text = (), None, None
            setattr(record, _SEEN, True)
        return True


def log_places_only() -> None:
    """From now on; where no log is set up yet, to standard error."""
    root = logging.getLogger()
    if not root.handlers:
        logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    for handler in root.handlers:
        if not any(isinstance(each, _PlacesOnly) for each in handler.filters):
            handler.addFilter(_PlacesOnly())
