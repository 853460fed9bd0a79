"""Running a server: health, figures, logs, its end, and faults that it survives."""

from __future__ import annotations

import io
import json
import logging
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace

from app import parser
from demo.dialects.prompt import Prompt
from demo.dialogue.engine import TurnFinished, answer, begin, run_turn
from demo.errors import STOPPING, ModelError
from demo.models.expected import expected_models
from demo.picture.picture import Picture, open_picture
from demo.reasoners.base import Usage
from demo.reasoners.local import LocalReasoner
from demo.ui.shared import sentences
from demo.web.logs import JsonLines, PlainLines, one_line
from demo.web.monitoring import Watch
from tests import ROOT
from tests.conftest import free_port
from tests.support.scripted import Maskless
from tests.support.served import Caller, file, serving
from tests.support.table import TableReasoner

SECRETS = ("find red", "holiday.png", "The red one")


# Logs


def entry(message: str, **facts: object) -> logging.LogRecord:
    record = logging.LogRecord("demo.x", logging.INFO, "x.py", 1, message, (), None)
    record.facts = facts
    return record


@given(st.text(), st.text())
def test_an_entry_is_one_line_whatever_is_in_it(message: str, value: str) -> None:
    record = entry(message, user=value)
    for written in (PlainLines().format(record), JsonLines().format(record)):
        assert len(written.splitlines()) == 1
        assert written.isprintable()
    assert json.loads(JsonLines().format(record))["user"] == value


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("a\nb", id="a new line"),
        pytest.param("a\r\x1b[2Kb", id="a terminal's control"),
        pytest.param("a\u2028b", id="a line separator"),
        pytest.param("a\u202eb", id="a turned direction"),
        pytest.param("a\x85b", id="another new line"),
    ],
)
def test_control_characters_become_escapes(text: str) -> None:
    assert one_line(text).startswith("a\\")
    assert one_line(text).endswith("b")
    assert one_line(text).isprintable()


def test_facts_cannot_stand_in_for_an_entry_s_own_fields() -> None:
    written = json.loads(JsonLines().format(entry("real", level="error", trace="forged")))
    assert (written["level"], written.get("trace")) == ("info", None)


def test_a_trace_is_part_of_its_entry() -> None:
    try:
        raise ValueError("first\n2026-01-01 INFO forged: entry")
    except ValueError:
        record = logging.LogRecord("demo.x", 40, "x.py", 1, "failed", (), sys.exc_info())
    lines = PlainLines().format(record).splitlines()
    assert all(line.startswith("  ") for line in lines[1:])
    assert "forged" in json.loads(JsonLines().format(record))["trace"]


# Health and figures


@contextmanager
def logged() -> Iterator[io.StringIO]:
    """What the app logs, as JSON lines."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonLines())
    log = logging.getLogger("demo")
    before = log.level
    log.addHandler(handler)
    log.setLevel(logging.INFO)
    yield stream
    log.setLevel(before)
    log.removeHandler(handler)


def test_a_program_is_told_how_a_picture_was_read() -> None:
    icon = io.BytesIO()
    Image.new("RGB", (12, 12), "red").save(icon, "PNG")
    with serving() as server, httpx.Client(base_url=server.url, timeout=60) as http:
        image = file(Caller(http).upload(icon.getvalue()))
        endpoints = http.get("/config").json()["dependencies"]
        number = next(one["id"] for one in endpoints if one["api_name"] == "ground")
        call = {"data": [image, "find red", None], "fn_index": number, "session_hash": "program"}
        assert http.post("/gradio_api/queue/join", json=call).status_code == 200
        with http.stream("GET", "/gradio_api/queue/data?session_hash=program") as stream:
            events = [json.loads(line[6:]) for line in stream.iter_lines() if line]
    assert [event["log"] for event in events if event["msg"] == "log"] == [
        "This picture was made larger, from 12 × 12 to 24 × 24 pixels, in which its regions are given."
    ]


def test_figures_and_log_tell_of_turns_and_nothing_of_their_content(blocks: Path) -> None:
    with (
        logged() as log,
        serving() as server,
        httpx.Client(base_url=server.url, timeout=60) as http,
    ):
        path = Caller(http).upload(blocks.read_bytes(), "holiday.png")
        for question in ("find red", "break"):
            Caller(http).call("ground", [file(path), question, None])
        health, figures = http.get("/health").json(), http.get("/metrics").text
    assert health == {"status": "ok", "model": "table", "uptime_s": health["uptime_s"]}
    for line in (
        'regionreasoner_turns_total{outcome="finished"} 1.0',
        'regionreasoner_turns_total{outcome="failed"} 1.0',
        'regionreasoner_errors_total{kind="ModelError"} 1.0',
        "regionreasoner_first_token_seconds_count 2.0",
        "regionreasoner_turn_seconds_count 2.0",
        "regionreasoner_masks_seconds_count 1.0",
        "regionreasoner_turns_running 0.0",
        "regionreasoner_events_waiting 0.0",
    ):
        assert line in figures.splitlines()
    assert "process_resident_memory_bytes" in figures
    turns = [json.loads(line) for line in log.getvalue().splitlines() if '"turn"' in line]
    assert [turn["outcome"] for turn in turns] == ["finished", "failed"]
    for secret in SECRETS:
        assert secret not in figures
        assert secret not in log.getvalue()


def test_figures_are_there_while_torch_is_being_imported(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "torch", ModuleType("torch"))
    watch = Watch()
    watch.models(expected_models(parser().parse_args(["--model", "nano"])))
    assert b"regionreasoner_gpu_memory_bytes 0.0" in watch.text()


def test_what_is_refused_is_counted(blocks: Path) -> None:
    with serving() as server, httpx.Client(base_url=server.url, timeout=60) as http:
        http.get("/config", headers={"origin": "http://evil.example"})
        assert 'refused_requests_total{why="origin"} 1.0' in http.get("/metrics").text


# The end


def test_a_stop_ends_running_turns_and_takes_no_more(blocks: Path) -> None:
    watch, picture = Watch(), open_picture(blocks)
    reasoner = watch.reasoner(TableReasoner())
    events = run_turn(
        begin(picture, reasoner), "slow", picture=picture, reasoner=reasoner, segmenter=None,
        cancel=threading.Event(),
    )  # fmt: skip
    next(events), next(events)
    ended: list[bool] = []
    stopping = threading.Thread(target=lambda: ended.append(watch.stop(60)))
    stopping.start()
    last = list(events)[-1]
    stopping.join()
    assert ended == [True]
    assert isinstance(last, TurnFinished)
    assert last.session.turns[0].partial
    with pytest.raises(ModelError, match=STOPPING):
        answer(begin(picture, reasoner), "red", picture=picture, reasoner=reasoner, segmenter=None)


class _Closing(TableReasoner):
    """A model with a connection."""

    closed = False

    def close(self) -> None:
        self.closed = True


def test_the_end_of_a_server_finishes_its_turns_and_closes_the_model(blocks: Path) -> None:
    reasoner = _Closing()
    answers: list[tuple[str, object]] = []
    with serving(reasoner) as server, httpx.Client(base_url=server.url, timeout=60) as http:
        path = Caller(http).upload(blocks.read_bytes())
        ask = [file(path), "slow", None]
        asking = threading.Thread(target=lambda: answers.append(Caller(http).call("ground", ask)))
        asking.start()
        while not server.watch._running:
            asking.join(0.01)
        server.stop()
        asking.join()
    assert reasoner.closed
    assert reasoner.stopped.is_set()
    assert [kind for kind, _ in answers] == ["complete"]


def test_a_signal_ends_the_app_with_status_0(tmp_path: Path) -> None:
    port = free_port()
    command = [
        sys.executable, "app.py", "--model", "nano", "--segmenter", "grabcut", "--port", str(port),
        "--log-json",
    ]  # fmt: skip
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={**os.environ, "GRADIO_TEMP_DIR": str(tmp_path)},
    ) as app:  # fmt: skip
        assert app.stdout is not None
        while not app.stdout.readline().startswith("nano · built in"):
            assert app.poll() is None
        health = httpx.get(f"http://127.0.0.1:{port}/health", timeout=60).json()
        app.send_signal(signal.SIGTERM)
        _, log = app.communicate(timeout=60)
    assert (health["status"], health["model"]) == ("ok", "nano")
    assert app.returncode == 0
    told = [json.loads(line)["message"] for line in log.splitlines()]
    assert told == ["started", "stopped"]


# Faults


def test_a_cuda_error_ends_its_turn_and_no_other(nano: LocalReasoner, picture: Picture) -> None:
    session = begin(picture, nano)
    expected = answer(
        session, "find all things", picture=picture, reasoner=nano, segmenter=None
    ).turns[0]
    left = [3]

    def fail(*_: object) -> None:
        left[0] -= 1
        if left[0] == 0:
            raise RuntimeError("CUDA error: an illegal memory access was encountered\nCUDA kernel")

    hook = nano._model.model.language_model.register_forward_pre_hook(fail)
    try:
        with pytest.raises(ModelError) as failed:
            answer(session, "find all things", picture=picture, reasoner=nano, segmenter=None)
    finally:
        hook.remove()
    assert str(failed.value) == (
        "The model failed: CUDA error: an illegal memory access was encountered."
    )
    after = answer(session, "find all things", picture=picture, reasoner=nano, segmenter=None)
    assert after.turns[0].raw == expected.raw


def test_boxes_are_there_when_masks_fail_and_it_is_said(blocks: Path) -> None:
    watch, picture, reasoner = Watch(), open_picture(blocks), TableReasoner()
    segmenter = watch.segmenter(Maskless(RuntimeError("CUDA error: out of luck")))
    session = answer(
        begin(picture, reasoner), "red", picture=picture, reasoner=reasoner, segmenter=segmenter
    )
    assert session.registry.region("R1").objects[0].mask is None
    assert session.turns[0].findings[-1].text == "There are no masks. The segmenter failed."
    assert b'errors_total{kind="RuntimeError"} 1.0' in watch.text()


def test_setting_the_clock_changes_no_time_and_ends_no_login(
    blocks: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [1_700_000_000.0]

    def jumping() -> float:
        now[0] -= 86_400.0  # a day back with every look
        return now[0]

    monkeypatch.setattr("time.time", jumping)
    picture, reasoner, watch = open_picture(blocks), TableReasoner(), Watch()
    watched = watch.reasoner(reasoner)
    session = answer(
        begin(picture, watched), "red", picture=picture, reasoner=watched, segmenter=None
    )
    total = session.turns[0].timings.total_s
    assert total is not None
    assert 0 < total < 60
    assert b"regionreasoner_turn_seconds_sum -" not in watch.text()


class Panics(TableReasoner):
    """A model whose tokenizer's file is damaged so that its library, in Rust, panics."""

    def stream(
        self, picture: Picture, prompt: Prompt, cancel: threading.Event
    ) -> Iterator[str | Usage]:
        tokenizer = Tokenizer(WordLevel({"it": 0}, unk_token="it"))
        told = json.loads(tokenizer.to_str())
        told["truncation"] = {
            "direction": "Right", "max_length": 2, "strategy": "LongestFirst", "stride": 5,
        }  # fmt: skip
        tokenizer = Tokenizer.from_str(json.dumps(told))
        tokenizer.pre_tokenizer = Whitespace()
        tokenizer.encode("it it it it")
        yield from super().stream(picture, prompt, cancel)


def test_a_panic_in_a_library_ends_the_turn(blocks: Path) -> None:
    """It is no Exception, and whoever waited would wait for ever."""
    with serving(Panics()) as server, httpx.Client(base_url=server.url, timeout=60) as http:
        caller = Caller(http)
        asked = [file(caller.upload(blocks.read_bytes())), "find red", None, None]
        kind, said = caller.call("ground", asked)
    assert (kind, said["error"]) == ("error", sentences.UNEXPECTED)
