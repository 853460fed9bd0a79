"""The format of the app's log: plain lines for people, or JSON lines.

Every entry is one line: newlines and control characters in texts from outside are escaped, so nobody can
forge an entry or control the terminal. Callers must not log pictures, questions or file names; of failures
in libraries, which hold the values that they failed on, only the kind and the place are logged.
"""

from __future__ import annotations

import json
import logging
import sys
import threading
import traceback
import warnings
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType, TracebackType

from demo.errors import places_of
from demo.machine.packages import import_fault

log = logging.getLogger(__name__)

_MAX_MESSAGE = 300  # of a library
_SERVER_LOGS = ("uvicorn", "uvicorn.error", "uvicorn.access")


class PlainLines(logging.Formatter):
    """``time level name: message key=value``, followed by an error's traceback, indented."""

    def format(self, record: logging.LogRecord) -> str:
        facts = "".join(f" {key}={value}" for key, value in _facts(record).items())
        line = one_line(
            f"{_time(record)} {record.levelname} {record.name}: {_message(record)}{facts}"
        )
        return "\n  ".join([line, *map(one_line, _trace(self, record).splitlines())])


class JsonLines(logging.Formatter):
    """One JSON object a line, in ASCII: time, level, logger, message, facts, and an error's traceback."""

    def format(self, record: logging.LogRecord) -> str:
        entry = {
            "time": _time(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": _message(record),
            **_facts(record),
        }
        if trace := _trace(self, record):
            entry["trace"] = trace
        return json.dumps(entry, default=str)


def set_up(*, as_json: bool) -> None:
    """Send all logs of this process to standard error in one format; also what nobody catches."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines() if as_json else PlainLines())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("demo").setLevel(logging.INFO)
    warnings.showwarning = _log_warning  # type: ignore[assignment]
    sys.excepthook = _log_end
    sys.unraisablehook = _log_unraisable
    threading.excepthook = _log_of_thread


def _log_warning(
    _: Warning | str, category: type[Warning], filename: str, lineno: int, *__: object
) -> None:
    """Where a library warns, and of what kind; its words may be a visitor's."""
    log.warning("%s at %s:%d", category.__name__, Path(filename).name, lineno)


def _log_end(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """What ends the whole process is the operator's: with all its words."""
    if issubclass(kind, KeyboardInterrupt):
        return  # which needs no words
    if sentence := import_fault(error):
        print(sentence, file=sys.stderr)
    else:
        log.critical("the app failed", exc_info=(kind, error, trace))


def _log_unraisable(failed: sys.UnraisableHookArgs) -> None:
    told = places_of(failed.exc_value) if failed.exc_value else failed.exc_type.__name__
    log.error("a failure that nobody could catch", extra={"facts": {"error": told}})


def _log_of_thread(failed: threading.ExceptHookArgs) -> None:
    if failed.exc_value is not None and not isinstance(failed.exc_value, SystemExit):
        facts = {"error": places_of(failed.exc_value)}
        log.error("a thread failed", extra={"facts": facts})


def take_over_server_logs() -> None:
    """Replace the handlers that the web server installs at its start, so that its log goes into ours."""
    for name in _SERVER_LOGS:
        log = logging.getLogger(name)
        log.handlers[:], log.propagate = [], True


def take_over_traces(*modules: ModuleType) -> None:
    """Let a library's modules that print traces of failures, with the values that caused them, log where
    they were and of which kind instead.
    """
    for module in modules:
        module.traceback = _Traces  # type: ignore[attr-defined]


class _Traces:
    """Stands for the standard library's ``traceback`` in such a module."""

    format_exc = staticmethod(traceback.format_exc)

    @staticmethod
    def print_exc() -> None:
        error = sys.exception()
        if error is not None:
            log.error("a call failed", extra={"facts": {"error": places_of(error)}})


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


def _message(record: logging.LogRecord) -> str:
    """The message; of a library's the first line, without the values that follow in parentheses."""
    message = record.getMessage()
    if _is_own(record):
        return message
    return (message.splitlines() or [""])[0].partition("(")[0].strip()[:_MAX_MESSAGE]


def _trace(formatter: logging.Formatter, record: logging.LogRecord) -> str:
    if not record.exc_info:
        return ""
    if _is_own(record):
        return formatter.formatException(record.exc_info)
    error = record.exc_info[1]
    return places_of(error) if error is not None else ""


def _is_own(record: logging.LogRecord) -> bool:
    return record.name.partition(".")[0] == "demo"
