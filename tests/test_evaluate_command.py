"""`python -m demo evaluate` with the real nano: killed in the middle, gone on with, reported."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from demo.nano.heldout import write_dialogues

ROOT = Path(__file__).resolve().parents[1]
COUNT = 6


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six dialogues of two rounds; the fourth is damaged."""
    path = write_dialogues(tmp_path_factory.mktemp("held-out"), COUNT, 11)
    rows = json.loads(path.read_text())
    for row in rows:
        row["conversational_turns"] = row["conversational_turns"][:2]
    rows[3]["conversational_turns"][1]["bboxes"] = [[9, 9, 1, 1]]
    path.write_text(json.dumps(rows))
    return path


def command(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "demo", "evaluate", *map(str, arguments), "--segmenter", "none"]


def test_a_killed_run_goes_on_with_two_workers(data: Path, tmp_path: Path) -> None:
    out, environment = tmp_path / "out", {**os.environ, "OMP_NUM_THREADS": "1"}
    rows = out / "rows.jsonl"
    first = subprocess.Popen(
        command(data, "--out", out), cwd=ROOT, env=environment, stderr=subprocess.DEVNULL
    )
    while first.poll() is None and not (rows.exists() and rows.stat().st_size):
        time.sleep(0.02)
    first.send_signal(signal.SIGKILL)
    first.wait()
    before = rows.read_bytes()
    assert 1 <= before.count(b"\n") < COUNT - 1, "it was killed in the middle"
    rows.write_bytes(before + b'{"index": 5, "im')
    done = subprocess.run(
        command(data, "--out", out, "--workers", 2),
        cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert rows.read_bytes().startswith(before)
    indexes = [json.loads(line)["index"] for line in rows.read_text().splitlines()]
    assert sorted(indexes) == [0, 1, 2, 4, 5]
    assert "Row 3 is left out: Turn 1 (counted from 0): The box [9, 9, 1, 1]" in done.stderr
    assert f"{COUNT - 1}/{COUNT - 1}" in done.stderr  # the bar
    assert "| AP |" in done.stdout
    page = (out / "report.html").read_text()
    assert "Row 3: Turn 1" in page
    assert "5 dialogues" in page


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        pytest.param(["{data}", "--limit", "0"], "above 0", id="limit"),
        pytest.param(["{data}", "--workers", "none"], "above 0", id="workers"),
        pytest.param(["{data}", "--compare", "{nowhere}"], "holds no run", id="nothing to compare"),
        pytest.param(["{data}", "--images", "{nowhere}"], "No row of", id="pictures elsewhere"),
    ],
)
def test_what_cannot_be_used_is_said_before_a_model_is_loaded(
    data: Path, tmp_path: Path, arguments: list[str], says: str
) -> None:
    filled = [a.format(data=data, nowhere=tmp_path / "none") for a in arguments]
    done = subprocess.run(
        command(*filled), cwd=ROOT, capture_output=True, text=True, timeout=300, check=False
    )
    assert (done.returncode, says in done.stderr) == (2, True), done.stderr
    assert "Traceback" not in done.stderr
