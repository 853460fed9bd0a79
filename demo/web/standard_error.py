"""Every line on standard error as JSON, whoever writes it: libraries in C, child processes, Python itself.

``wrap_standard_error`` starts this file as a process of its own between this one and what was standard
error. It lets JSON through as it is, and makes an entry of every other line. It outlives this process by
a moment, so it has the interpreter's last words, too.
"""

from __future__ import annotations

import atexit
import json
import os
import select
import signal
import subprocess
import sys
from datetime import UTC, datetime

_MAX_LINE = 1_000_000
_FLUSH = b"\x00flush\n"  # asks for a byte on standard output once all before it is out
_LAST_S = 2.0


def wrap_standard_error() -> None:
    """Send standard error through such a process from now on; without one it stays as it is."""
    if os.name == "nt" or not _is_standard():
        return
    command = [sys.executable, "-I", "-S", __file__]
    try:
        wrapper = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
        )
    except OSError:
        return
    assert wrapper.stdin is not None
    assert wrapper.stdout is not None
    os.dup2(wrapper.stdin.fileno(), 2)
    wrapper.stdin.close()
    wrapper.returncode = 0  # nobody waits for it
    atexit.register(_flush, wrapper.stdout.fileno(), wrapper)


def _is_standard() -> bool:
    """Whether what Python writes as errors goes to the process's own stream."""
    try:
        return sys.stderr.fileno() == 2
    except (OSError, ValueError, AttributeError):
        return False


def _flush(answers: int, _: object) -> None:
    """Wait until what was written is out: in a container the wrapper ends with this process."""
    try:
        sys.stderr.flush()
        os.write(2, _FLUSH)
        select.select([answers], [], [], _LAST_S)
    except (OSError, ValueError):
        pass


def entry_of(line: bytes) -> bytes:
    """The line itself if it is a JSON object, else one with its text, in ASCII."""
    text = line.decode("utf-8", "replace").rstrip("\r\n")
    try:
        if isinstance(json.loads(text), dict):
            return text.encode("utf-8") + b"\n"
    except (ValueError, RecursionError):
        pass
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    entry = {"time": now, "level": "warning", "logger": "stderr", "message": text}
    return json.dumps(entry).encode() + b"\n"


def _wrap() -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    while line := sys.stdin.buffer.readline(_MAX_LINE):
        if line == _FLUSH:
            os.write(1, b".")
        elif line.strip():
            os.write(2, entry_of(line))


if __name__ == "__main__":
    _wrap()
