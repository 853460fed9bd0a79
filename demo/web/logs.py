"""The format of the app's log: plain lines for people, or JSON lines.

Every entry is one line: newlines and control characters in texts from outside are escaped, so nobody can
forge an entry or control the terminal. Callers must not log pictures, questions or file names.
"""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime
from typing import TextIO

_SERVER_LOGS = ("uvicorn", "uvicorn.error", "uvicorn.access")


class PlainLines(logging.Formatter):
    """``time level name: message key=value``, followed by an error's traceback, indented."""

    def format(self, record: logging.LogRecord) -> str:
        facts = "".join(f" {key}={value}" for key, value in _facts(record).items())
        line = one_line(
            f"{_time(record)} {record.levelname} {record.name}: {record.getMessage()}{facts}"
        )
        return "\n  ".join([line, *map(one_line, _trace(self, record).splitlines())])


class JsonLines(logging.Formatter):
    """One JSON object a line, in ASCII: time, level, logger, message, facts, and an error's traceback."""

    def format(self, record: logging.LogRecord) -> str:
        entry = {
            "time": _time(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **_facts(record),
        }
        if trace := _trace(self, record):
            entry["trace"] = trace
        return json.dumps(entry, default=str)


def set_up(*, as_json: bool, stream: TextIO | None = None) -> None:
    """Send all logs of this process to ``stream`` (by default standard error) in one format."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonLines() if as_json else PlainLines())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("demo").setLevel(logging.INFO)
    logging.captureWarnings(True)


def take_over_server_logs() -> None:
    """Replace the handlers that the web server installs at its start, so that its log goes into ours."""
    for name in _SERVER_LOGS:
        log = logging.getLogger(name)
        log.handlers[:], log.propagate = [], True


def one_line(text: str) -> str:
    """The text on one line, with every character that is not printable escaped."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def _time(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")


def _facts(record: logging.LogRecord) -> dict[str, object]:
    """What was logged with ``extra={"facts": {…}}``, without names of an entry's own fields."""
    facts = getattr(record, "facts", None)
    own = ("time", "level", "logger", "message", "trace")
    return {k: v for k, v in facts.items() if k not in own} if isinstance(facts, dict) else {}


def _trace(formatter: logging.Formatter, record: logging.LogRecord) -> str:
    return formatter.formatException(record.exc_info) if record.exc_info else ""
