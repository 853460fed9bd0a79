"""What reaches the log: lines of one form, and nothing that a visitor has sent."""

from __future__ import annotations

import io
import json
import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from demo.errors import places_of
from demo.web.logs import JsonLines, PlainLines
from demo.web.standard_error import entry_of
from tests import ROOT
from tests.support.served import Caller, file, serving

SECRET = (
    "zebrafish\n2026-11-29T12:00:00.000+00:00 INFO demo.web.guard: logged in user=admin \x1b[31m"
)


def raised(error: Exception, cause: Exception | None = None) -> Exception:
    try:
        raise error from cause
    except type(error) as caught:
        return caught


def test_of_a_failure_the_kind_and_the_place_are_told() -> None:
    told = places_of(raised(KeyError(SECRET), ValueError(SECRET)))
    assert told.startswith("KeyError at test_logs.py:")
    assert told.endswith("in raised; from ValueError")


@pytest.mark.parametrize("form", [PlainLines(), JsonLines()])
@pytest.mark.parametrize(
    "message",
    [
        pytest.param(f"Task was destroyed\nfuture: {SECRET}", id="asyncio's lines"),
        pytest.param(f"Exception in callback act('{SECRET}')", id="a call with its arguments"),
    ],
)
def test_a_library_s_entry_has_no_values(form: logging.Formatter, message: str) -> None:
    error = raised(ValueError(SECRET))
    trace: Any = (ValueError, error, error.__traceback__)
    written = form.format(logging.LogRecord("asyncio", 40, "x.py", 1, message, (), trace))
    assert "zebrafish" not in written
    assert "ValueError at test_logs.py:" in written


@contextmanager
def whole_log() -> Iterator[io.StringIO]:
    """All that is logged, whoever does."""
    stream = io.StringIO()
    handler, root = logging.StreamHandler(stream), logging.getLogger()
    handler.setFormatter(PlainLines())
    demo = logging.getLogger("demo")
    before = demo.level
    demo.setLevel(logging.INFO)
    root.addHandler(handler)
    yield stream
    root.removeHandler(handler)
    demo.setLevel(before)


def test_nothing_that_a_visitor_sends_reaches_the_log(
    blocks: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with (
        whole_log() as log,
        serving() as server,
        httpx.Client(base_url=server.url, timeout=60) as http,
    ):
        path = Caller(http).upload(blocks.read_bytes(), "zebrafish.png")
        for sent in (
            [file(f"/nonexistent{SECRET}"), "find red", None],
            [file(path), SECRET, None],
            [file(path), "find red", {"version": 1, "id": SECRET}],
            [file(path) | {"size": SECRET}, "find red", None],
            [file(path) | {"url": f"http://127.0.0.1:9/{SECRET}"}, "find red", None],
            [SECRET, SECRET, SECRET],
        ):
            Caller(http).call("ground", sent)
        for number in range(len(http.get("/config").json()["dependencies"])):
            for event in ([SECRET], {"kind": SECRET}, SECRET, {"path": SECRET}):
                http.post(
                    "/gradio_api/run/predict",
                    json={"data": [SECRET], "fn_index": number, "event_data": event},
                )
        http.get(f"/gradio_api/file={SECRET!r}", headers={"referer": repr(SECRET)})
        http.post("/login", data={"username": SECRET})
    out, errors = capfd.readouterr()
    for text in (log.getvalue(), out, errors):
        assert "zebrafish" not in text
        assert "\x1b" not in text
        assert "Traceback" not in text
    assert "refused" in log.getvalue()


# Standard error


@pytest.mark.parametrize(
    ("line", "message"),
    [
        pytest.param(b"plain", "plain", id="a text"),
        pytest.param(b'  File "x.py", line 3\n', '  File "x.py", line 3', id="of a trace"),
        pytest.param(b"\x1b[31m\xff\r\n", "\x1b[31m\ufffd", id="no text at all"),
        pytest.param(b"[1]", "[1]", id="JSON that is no object"),
        pytest.param(b"[" * 100_000, "[" * 100_000, id="JSON that is too deep"),
    ],
)
def test_each_line_becomes_an_entry(line: bytes, message: str) -> None:
    entry = json.loads(entry_of(line))
    assert (entry["message"], entry["logger"], entry["level"]) == (message, "stderr", "warning")
    assert entry_of(line).isascii()
    assert entry_of(b'{"message": "own"}\n') == b'{"message": "own"}\n'


PROGRAM = """
import atexit, logging, os, subprocess, sys, threading, warnings
atexit.register(os.write, 2, b"at the very end\\n")  # after all that is registered later
from demo.web.logs import set_up
from demo.web.standard_error import wrap_standard_error
wrap_standard_error()
set_up(as_json=True)
warnings.warn("zebrafish")
print("printed\\nby Python", file=sys.stderr)
os.write(2, b"written past Python\\n")
subprocess.run([sys.executable, "-c", "import sys; sys.exit('by a child')"])
class Unraisable:
    def __del__(self):
        raise ValueError("zebrafish")
Unraisable()
thread = threading.Thread(target=lambda: {}["zebrafish"])
thread.start(); thread.join()
logging.getLogger("demo.x").info("logged")
END
"""


@pytest.mark.parametrize(
    ("end", "status", "last"),
    [
        pytest.param("", 0, "", id="in order"),
        pytest.param("sys.exit('said at the end')", 1, "said at the end", id="with a sentence"),
        pytest.param("raise RuntimeError('own')", 1, "the app failed", id="by a failure"),
        pytest.param("os.abort()", -6, "", id="abruptly"),
    ],
)
def test_every_line_is_json_whoever_writes_it(end: str, status: int, last: str) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", PROGRAM.replace("END", end)],
        cwd=ROOT,
        stderr=subprocess.PIPE,
        text=True,
        timeout=60,
        env={**os.environ},
    )
    assert ran.returncode == status
    entries = [json.loads(line) for line in ran.stderr.splitlines()]
    messages = [entry["message"] for entry in entries]
    for expected in (
        "UserWarning at <string>:8",
        "printed",
        "by Python",
        "written past Python",
        "by a child",
        "a failure that nobody could catch",
        "a thread failed",
        "logged",
        last or "logged",
        *(["at the very end"] if not status else []),
    ):
        assert expected in messages
    assert "zebrafish" not in ran.stderr
