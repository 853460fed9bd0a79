"""`python -m demo evaluate` with the real nano: killed in the middle, gone on with, reported."""

from __future__ import annotations

import csv
import io
import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from demo.__main__ import main
from demo.evaluate.play import play
from demo.evaluate.reference_policy import ReferencePolicy
from demo.evaluate.tables import percent
from demo.nano.lessons.heldout import write_dialogues
from demo.nano.release.evaluate import read_usable
from demo.reasoners.local import LocalReasoner
from tests import ROOT
from tests.support.commands import call

COUNT = 6
PLACE = "<box>{context_bbox}</box>"


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


def check_tables(out: Path) -> None:
    """The tables alone have what the report has, number by number."""
    alone = (out / "tables.md").read_text()
    rows_in = [
        [line for line in text.splitlines() if line.startswith("|")]
        for text in (alone, (out / "report.md").read_text())
    ]
    assert rows_in[0] == rows_in[1] != []
    scores = json.loads((out / "scores.json").read_text())
    rows = list(csv.DictReader(io.StringIO((out / "tables.csv").read_text())))
    (measured,) = (row for row in rows if (row["table"], row["row"]) == ("By round", "gIoU"))
    assert measured["all"] == percent(scores["overall"]["giou"]).strip("–")
    assert any("published" in row["row"] for row in rows)
    source = (out / "tables.tex").read_text()
    assert source.count(r"\toprule") == source.count(r"\bottomrule") == alone.count("## ")


def test_a_killed_run_goes_on_with_two_workers(data: Path, tmp_path: Path) -> None:
    out, environment = tmp_path / "out", {**os.environ, "OMP_NUM_THREADS": "1"}
    rows = out / "rows.jsonl"
    first = subprocess.Popen(
        command(data, "--out", out), cwd=ROOT, env=environment, stderr=subprocess.PIPE
    )
    assert first.stderr is not None
    while not (rows.exists() and rows.stat().st_size):
        assert os.read(first.stderr.fileno(), 65536), "it ended, or was killed"  # its bar moves
    first.send_signal(signal.SIGKILL)
    first.communicate()
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
    check_tables(out)
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
    done = call("-m demo", "evaluate", *filled, "--segmenter", "none")
    assert (done.returncode, says in done.stderr) == (2, True), done.stderr
    assert "Traceback" not in done.stderr


def test_a_run_says_how_references_were_written(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """As the authors' script: bare, in pixels of the original, a place without a round as it is."""
    (row,) = json.loads(data.read_text())[:1]
    row["conversational_turns"] = [
        {"question": f"the dog near the {PLACE}", "bboxes": [[1, 2, 30, 40]]},
        {
            "question": f"the cat near the {PLACE}",
            "bboxes": [[5, 6, 70, 80]],
            "context_from_turn": 1,
        },
    ]
    path = data.parent / "odd.json"
    path.write_text(json.dumps([row]))
    options = ["--reference-form", "bare", "--reference-frame", "original", "--segmenter", "none"]
    out = tmp_path / "out"
    assert main(["evaluate", str(path), "--model", "nano", "--out", str(out), *options]) == 0
    (played,) = map(json.loads, (out / "rows.jsonl").read_text().splitlines())
    asked = [turn["prompted"] for turn in played["turns"]]
    assert asked == [f"the dog near the {PLACE}", "the cat near the [5, 6, 70, 80]"]
    said = capsys.readouterr().out
    assert "as [x1, y1, x2, y2] alone" in said
    assert "Places for a box that name no round: 1." in said
    assert "References that name the round itself or a later one: 1." in said
    settings = json.loads((out / "settings.json").read_text())
    assert (settings["reference_form"], "dialect" in settings) == ("bare", False)
    assert main(["evaluate", str(path), "--model", "nano", "--out", str(out), *options[2:]]) == 2
    assert "reference_form was bare, now bbox" in capsys.readouterr().err


def test_every_answer_of_nano_without_boxes_says_so(
    tmp_path: Path, nano_to_close: LocalReasoner
) -> None:
    """So that rubbish is wrong where nothing is to be found changes no figure of its own."""
    ghosts = [
        replace(dialogue, turns=(true,))
        for dialogue in read_usable(write_dialogues(tmp_path, 12, 5))
        for true in dialogue.turns
        if not (true.boxes or true.contexts)
    ]
    turns = [
        play(ghost, nano_to_close, None, ReferencePolicy())["turns"][0] for ghost in ghosts[:4]
    ]
    without = [turn for turn in turns if not turn["objects"]]
    assert len(without) > 2
    assert all(turn["absent_right"] for turn in without)
