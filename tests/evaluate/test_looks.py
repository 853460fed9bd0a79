"""RegionDial-Bench with and without looks: what a row keeps of them, how they add up, and how runs
differ."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from demo.dialects.known import REGION_REASONER
from demo.dialects.known_looks import NANO_LOOKS
from demo.evaluate.data import Dialogue, read_dialogues
from demo.evaluate.play import Row, play
from demo.evaluate.reference_policy import ReferencePolicy
from demo.evaluate.report import build_report, markdown
from demo.evaluate.score import score
from demo.evaluate.tables import ScoredRun, label_tables, round_table, run_label, runs_table
from demo.evaluate.vstar.asking import asked_in
from demo.evaluate.vstar.report import how_sentences as vstar_sentences
from demo.evaluate.vstar.score import score as vstar_score
from tests.support.scripted import Scripted

LOOKS = replace(REGION_REASONER, looking=NANO_LOOKS)
# In a picture of 1,680 × 840, which the model is shown as 840 × 840.
THING, PART = [1000, 300, 1040, 340], [900, 200, 1100, 400]
CALL = "<scene>A field.</scene><think>Far away. <look>[450, 200, 550, 400]</look>"
FOUND = '<think>There.</think><answer>[{"bbox_2d": [420, 420, 588, 588], "point_2d": [500, 500]}]</answer>'
NONE = "<scene>A field.</scene><think>None.</think><answer>[]</answer>"


@pytest.fixture
def dialogue(tmp_path: Path) -> Dialogue:
    Image.new("RGB", (1680, 840), "green").save(tmp_path / "field.png")
    turns = [
        {"question": f"the {size} ball", "bboxes": [THING], "size": size}
        for size in ("small", "large")
    ]
    row = {"image_id": "1", "image_path": "field.png", "conversational_turns": turns}
    path = tmp_path / "data.json"
    path.write_text(json.dumps([row]))
    (read,) = read_dialogues(path)
    assert isinstance(read, Dialogue)
    return read


def with_looks(dialogue: Dialogue, max_looks: int | None = None) -> Row:
    model = Scripted(LOOKS, *((CALL, FOUND, NONE) if max_looks != 0 else (NONE, NONE)))
    return play(dialogue, model, None, ReferencePolicy(), max_looks)


def test_a_row_keeps_the_looks_of_each_turn(dialogue: Dialogue) -> None:
    looked, other = with_looks(dialogue)["turns"]
    assert looked["looks"] == [{"box_xyxy": PART, "size": [840, 840], "answer": True}]
    assert (looked["hit"], other["looks"], other["hit"]) == (True, [], False)
    without = with_looks(dialogue, 0)["turns"]
    assert [(turn["looks"], turn["hit"]) for turn in without] == [([], False)] * 2


def settings(**more: Any) -> dict[str, Any]:
    return {
        "model": "M", "data_name": "data.json", "data": "0f", "frame": [840, 840], "segmenter": "none",
        "quantize": "none", "low_memory": False, "reference": "predicted", "reference_frame": "model",
        "reference_form": "bbox", **more,
    }  # fmt: skip


def test_looks_add_up_by_round_and_label(dialogue: Dialogue) -> None:
    scores = score([with_looks(dialogue)])
    assert (scores.overall.looks, scores.rounds[1].looks, scores.rounds[2].looks) == (0.5, 1.0, 0.0)
    (row,) = (row for row in round_table(scores).rows if row[0] == "looks a round")
    assert row == ("looks a round", "1.00", "0.00", "0.50")
    (covered,) = (row for row in round_table(scores).rows if row[0].endswith("cover all of it"))
    assert covered[1:] == ("100.0", "–", "100.0")  # in the second round nothing was looked at
    (by_size,) = label_tables(scores)
    assert len({*by_size.head}) == len(by_size.head)  # in a CSV a column is known by its name
    assert {cells[0]: cells[-1] for cells in by_size.rows} == {"small": "1.00", "large": "0.00"}


def test_a_look_that_shows_less_than_half_has_missed(dialogue: Dialogue) -> None:
    row = with_looks(dialogue)
    looks = row["turns"][0]["looks"]
    for edge, covered in ((1019, 0.0), (1020, 1.0)):
        looks[0]["box_xyxy"] = [900, 200, edge, 400]
        overall = score([row]).overall
        assert (overall.looked, overall.covered) == (1, covered)
    looks[0]["box_xyxy"], row["turns"][0]["truth"] = PART, [THING, [0, 0, 40, 40]]
    assert score([row]).overall.covered == 0.0  # one of two is not all


def test_runs_with_and_without_stand_side_by_side(dialogue: Dialogue) -> None:
    runs = [
        ScoredRun(run_label(settings(**more)), score([with_looks(dialogue, limit)]))
        for more, limit in (({}, None), ({"looks": 0}, 0))
    ]
    compared = runs_table(runs)
    place = compared.head.index("looks a round")
    assert [(row[0], row[1], row[place]) for row in compared.rows] == [
        ("M, predicted references", "50.0", "0.50"),
        ("M, predicted references, without looks", "0.0", "0.00"),
    ]
    report = build_report(settings(), runs[0], runs[1:], [], [])
    assert "runs.png" in [plot.file for plot in report.plots]
    assert "M, predicted references, without looks" in markdown(report)


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({}, []),
        ({"looks": 0}, ["The model was not allowed to look closer."]),
        ({"looks": 1}, ["The model was allowed at most one look an answer."]),
        ({"looks": 3}, ["The model was allowed at most 3 looks an answer."]),
    ],
)
def test_reports_say_how_many_looks_were_allowed(
    more: dict[str, int], says: list[str], dialogue: Dialogue
) -> None:
    """Those of RegionDial and of V*."""
    scores = score([with_looks(dialogue, more.get("looks"))])
    summary = build_report(settings(**more), ScoredRun("M", scores), [], [], []).summary
    vstar = vstar_sentences({"protocol": "letter", **more}, asked_in(LOOKS), vstar_score([]))
    for sentences in (summary, vstar):
        assert [s for s in sentences if "allowed" in s] == says


def test_the_time_of_a_round_stands_beside_its_looks(dialogue: Dialogue) -> None:
    row = with_looks(dialogue)
    row["turns"][0]["total_s"], row["turns"][1]["total_s"] = 2.0, 1.0
    run = ScoredRun("M", score([row]))
    (times,) = (cells for cells in round_table(run.scores).rows if cells[0] == "seconds a round")
    assert times == ("seconds a round", "2.00", "1.00", "1.50")
    compared = runs_table([run])
    assert compared.rows[0][compared.head.index("seconds a round")] == "1.50"


def test_ways_of_asking_have_labels_of_their_own() -> None:
    labels = [run_label(settings(asking=way, looks=2)) for way in ("reasoned", "looking")]
    assert labels == [
        f"M, {way}, predicted references, at most 2 looks" for way in ("reasoned", "looking")
    ]


def test_rows_of_earlier_versions_have_none(dialogue: Dialogue) -> None:
    row = with_looks(dialogue, 0)
    for turn in row["turns"]:
        del turn["looks"]
    assert score([row]).overall.looks == 0.0
