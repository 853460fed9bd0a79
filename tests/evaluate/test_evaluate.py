"""Benchmark dialogues played, kept, added up and reported; the model tells what it is made to tell."""

from __future__ import annotations

import argparse
import io
import json
import re
from collections.abc import Iterator, Sequence
from functools import partial
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw

from demo.dialects.known import REGION_REASONER
from demo.errors import CheckpointError, InputError, ModelError
from demo.evaluate.data import BadRow, Dialogue, read_dialogues
from demo.evaluate.folder import open_folder, read_folder
from demo.evaluate.play import FailedDialogue, Row, TurnRow, play
from demo.evaluate.published import data_set_of
from demo.evaluate.reference_policy import ReferencePolicy, ReferenceRow
from demo.evaluate.report import Report, build_report, html, markdown, write_report
from demo.evaluate.run import run
from demo.evaluate.score import score
from demo.evaluate.tables import AP, GIOU, ScoredRun, published_table, round_table, run_label
from demo.evaluate.worst_rounds import worst_rounds
from demo.models.models import Models
from demo.models.workers import Item, ModelInfo, Result, Work, start_workers
from demo.picture.geometry import Size
from demo.picture.masks import Mask
from demo.picture.picture import Picture
from demo.segmenters.base import MaskPrompt, Segment
from tests.support.hostile import Hostile, answer
from tests.support.scripted import Scripted

PLACE = "<box>{context_bbox}</box>"
# On a picture of 420 × 210: twice as wide as high, so that no frame looks like another.
RED, BLUE = [21, 21, 105, 84], [210, 42, 294, 105]
RED_840, BLUE_840 = [42, 84, 210, 336], [420, 168, 588, 420]
scripted = partial(Scripted, REGION_REASONER)


class Boxes:
    """Masks that fill their boxes."""

    name = "boxes"

    def prepare(self, _picture: Picture) -> None:
        """There is nothing to prepare."""

    def segment(self, picture: Picture, prompts: Sequence[MaskPrompt]) -> list[Segment]:
        return [Segment(filled(h.box.xyxy, picture.size)) for h in prompts if h.box is not None]


def filled(box: Sequence[int], size: Size) -> Mask:
    image = Image.new("L", (size.width, size.height))
    ImageDraw.Draw(image).rectangle((box[0], box[1], box[2] - 1, box[3] - 1), fill=255)
    return Mask.from_array(np.asarray(image))


def answer_with(*boxes: Sequence[int], think: str = "Look.") -> str:
    answer = json.dumps([{"bbox_2d": list(box), "point_2d": list(box[:2])} for box in boxes])
    return f"<scene>S</scene><think>{think}</think><answer>{answer}</answer>"


def asked(question: str, *boxes: Sequence[int], **changed: Any) -> dict[str, Any]:
    masks = [filled(box, Size(420, 210)).to_dict() for box in boxes]
    return {"question": question, "bboxes": [list(b) for b in boxes], "masks": masks, **changed}


TWO = [asked("The red one.", RED), asked(f"What is right of {PLACE}?", BLUE, context_from_turn=0)]


def dialogues(folder: Path, *rows: Sequence[dict[str, Any]]) -> list[Dialogue]:
    Image.new("RGB", (420, 210), "white").save(folder / "a.png")
    path = folder / "data.json"
    path.write_text(
        json.dumps([{"image_path": "a.png", "conversational_turns": turns} for turns in rows])
    )
    found = list(read_dialogues(path))
    usable = [d for d in found if isinstance(d, Dialogue)]
    assert usable == found
    return usable


def play_turns(
    folder: Path,
    turns: Sequence[dict[str, Any]],
    model: Scripted,
    *policy: str,
    masks: bool = True,
) -> list[TurnRow]:
    (dialogue,) = dialogues(folder, turns)
    return play(dialogue, model, Boxes() if masks else None, ReferencePolicy(*policy))["turns"]


# Playing


@pytest.mark.parametrize(
    ("policy", "first", "asks", "cited"),
    [
        pytest.param(
            (), answer_with([84, 84, 168, 168], RED_840), "what is right of bbox=[84, 84, 168, 168]",
            ReferenceRow(turn=0, source="predicted", name="R1.1", box=[42, 21, 84, 42]),
            id="the first box that was predicted, right or wrong",
        ),
        pytest.param(
            (), answer_with(), "what is right of bbox=[42, 84, 210, 336]",
            ReferenceRow(turn=0, source="fallback", name="R1.1", box=RED),
            id="the true one when nothing was predicted",
        ),
        pytest.param(
            ("truth",), answer_with([84, 84, 168, 168]), "what is right of bbox=[42, 84, 210, 336]",
            ReferenceRow(turn=0, source="truth", name="R2.1", box=RED),
            id="the true one when it is asked for",
        ),
        pytest.param(
            ("none",), answer_with(RED_840), "what is right of it",
            ReferenceRow(turn=0, source="none", name=None, box=None),
            id="a word",
        ),
        pytest.param(
            ("predicted", "original"), answer_with(RED_840), "what is right of bbox=[21, 21, 105, 84]",
            ReferenceRow(turn=0, source="predicted", name="R1.1", box=RED),
            id="in picture pixels, as the authors' script does",
        ),
        pytest.param(
            ("truth", "original"), answer_with(), "what is right of bbox=[21, 21, 105, 84]",
            ReferenceRow(turn=0, source="truth", name="R1.1", box=RED),
            id="the true one in picture pixels",
        ),
        pytest.param(
            ("predicted", "original", "bare"), answer_with(RED_840), "what is right of [21, 21, 105, 84]",
            ReferenceRow(turn=0, source="predicted", name="R1.1", box=RED),
            id="just as the authors' script does",
        ),
        pytest.param(
            ("predicted", "model", "bare"), answer_with(), "what is right of [42, 84, 210, 336]",
            ReferenceRow(turn=0, source="fallback", name="R1.1", box=RED),
            id="bare in the model's frame",
        ),
    ],
)  # fmt: skip
def test_references(
    tmp_path: Path, policy: tuple[str, ...], first: str, asks: str, cited: ReferenceRow
) -> None:
    model = scripted(first, answer_with(BLUE_840))
    turns = play_turns(tmp_path, TWO, model, *policy)
    assert [prompt.question for prompt in model.asked] == ["the red one", asks]
    assert turns[1]["references"] == [cited]
    assert turns[1]["prompted"] == asks
    assert (turns[1]["hit"], turns[1]["objects"][0]["bbox_xyxy"]) == (True, BLUE)


# The nine dialogues of the authors' files whose places name no turn (five), the turn itself (three) or a
# later one (one), by the number of their turns, the odd one (from 0) and the turn that it names.
ODD = [(3, 1, None), (4, 1, None), (4, 2, None), (4, 1, None), (6, 2, None), (4, 1, 1), (3, 2, 2),
       (5, 4, 4), (3, 1, 2)]  # fmt: skip


@pytest.mark.parametrize("policy", [(), ("predicted", "original", "bare"), ("truth",), ("none",)])
@pytest.mark.parametrize(("turns", "odd", "named"), ODD)
def test_odd_questions_are_asked_as_the_authors_do(
    tmp_path: Path, turns: int, odd: int, named: int | None, policy: tuple[str, ...]
) -> None:
    """The place stays as it is written; or the named turn's true box stands in, whatever was found."""
    rows = [asked(f"thing {n}", [10 * n, 10, 10 * n + 42, 31]) for n in range(turns)]
    rows[odd]["question"] = f"The Catcher near the {PLACE}."
    if named is not None:
        rows[odd]["context_from_turn"] = named
    model = scripted(*[answer_with(RED_840)] * turns)
    turn = play_turns(tmp_path, rows, model, *policy)[odd]
    (place,) = turn["references"]
    assert turn["prompted"] == model.asked[odd].question
    if named is None:
        assert model.asked[odd].question == f"the catcher near the {PLACE}"
        assert place == ReferenceRow(turn=None, source="literal", name=None, box=None)
        assert turn["citation"] is None
    elif policy == ("none",):
        assert (model.asked[odd].question, place["source"]) == ("the catcher near the it", "none")
    else:
        box = rows[named]["bboxes"][0]
        written = [2 * box[0], 40, 2 * box[2], 124]
        sent = box if "bare" in policy else written
        form = "" if "bare" in policy else "bbox="
        assert model.asked[odd].question == f"the catcher near the {form}{sent}"
        assert (place["turn"], place["source"], place["box"]) == (named, "ahead", box)


def test_a_reference_to_what_neither_model_nor_truth_has(tmp_path: Path) -> None:
    rows = [asked("the cat"), asked(f"near {PLACE}", BLUE, context_from_turn=0)]
    model = scripted(answer_with(), answer_with(BLUE_840))
    turns = play_turns(tmp_path, rows, model)
    assert model.asked[1].question == "near it"
    assert turns[1]["references"][0]["source"] == "missing"
    assert turns[0]["absent_right"] is True


def test_nothing_but_the_places_is_a_reference(tmp_path: Path) -> None:
    """“It” and “the second one” mean regions to the page; a benchmark's words stay as they are."""
    rows = [
        asked("both", RED, BLUE),
        asked("the second one, not r1 and its rim", BLUE, context_from_turn=0),
        asked(f"it is left of {PLACE} and of {PLACE}", RED, context_from_turn=[1, 0]),
    ]
    model = scripted(answer_with(RED_840, BLUE_840), answer_with(BLUE_840), answer_with(RED_840))
    turns = play_turns(tmp_path, rows, model)
    assert model.asked[1].question == "the second one, not r1 and its rim"
    assert model.asked[2].question == (
        "it is left of bbox=[420, 168, 588, 420] and of bbox=[42, 84, 210, 336]"
    )
    assert [place["name"] for place in turns[2]["references"]] == ["R2.1", "R1.1"]
    assert turns[1]["citation"] is None


def test_a_true_box_is_one_region_however_often_it_is_meant(tmp_path: Path) -> None:
    rows = [TWO[0], TWO[1], asked(f"above {PLACE}", RED, context_from_turn=0)]
    turns = play_turns(tmp_path, rows, scripted(answer_with(), answer_with(), answer_with(RED_840)))
    assert [turn["references"][0]["name"] for turn in turns[1:]] == ["R1.1", "R1.1"]
    assert turns[2]["region"] == "R2"


@pytest.mark.parametrize(
    ("think", "policy", "citation"),
    [
        pytest.param("It is right of bbox=[42, 84, 210, 336].", (), 1.0, id="cited"),
        pytest.param("It is on the right.", (), 0.0, id="not cited"),
        pytest.param("bbox=[42, 84, 210, 336], bbox=[1, 2, 3, 4]", (), 0.375, id="one invented"),
        pytest.param(
            "bbox=[21, 21, 105, 84]", ("predicted", "original"), 1.0, id="as it was given"
        ),
        pytest.param("bbox=[42, 84, 210, 336]", ("none",), None, id="nothing given"),
    ],
)
def test_citations_are_scored(
    tmp_path: Path, think: str, policy: tuple[str, ...], citation: float | None
) -> None:
    model = scripted(answer_with(RED_840), answer_with(BLUE_840, think=think))
    assert play_turns(tmp_path, TWO, model, *policy)[1]["citation"] == citation


def test_no_text_at_all_is_an_answer_without_boxes(tmp_path: Path) -> None:
    turns = play_turns(tmp_path, TWO, scripted("", answer_with(BLUE_840)))
    assert (turns[0]["hit"], turns[0]["overlap"], turns[0]["raw"]) == (False, [0, 84 * 63], "")
    assert turns[1]["references"][0]["source"] == "fallback"


def test_masks_are_compared_where_there_are_both(tmp_path: Path) -> None:
    turns = play_turns(tmp_path, [asked("both", RED, BLUE)], scripted(answer_with(RED_840)))
    assert (turns[0]["overlap"], turns[0]["iou"]) == ([84 * 63, 2 * 84 * 63], 1.0)
    bare = [asked("the red one", RED, masks=[])]
    assert play_turns(tmp_path, bare, scripted(answer_with()))[0]["overlap"] is None
    # Without a segmenter, empty answers do not count either.
    for text in (answer_with(), answer_with(RED_840)):
        assert play_turns(tmp_path, TWO[:1], scripted(text), masks=False)[0]["overlap"] is None


def test_a_policy_has_known_values_only() -> None:
    for wrong in (("guess",), ("truth", "guess"), ("truth", "model", "guess")):
        with pytest.raises(ValueError, match="got guess"):
            ReferencePolicy(*wrong)


# Keeping


SETTINGS = {
    "version": 1, "data_name": "data.json", "data": "0" * 64, "model": "told", "frame": [840, 840],
    "segmenter": "boxes", "quantize": "auto", "low_memory": False, "server": None,
    "reference": "predicted", "reference_frame": "model",
}  # fmt: skip


class Crew:
    """Works with one model, in order."""

    info = ModelInfo("told", (840, 840), "boxes", "told")

    def __init__(self, model: Scripted) -> None:
        self.model = model

    def each(self, work: Work[Item, Result], items: Sequence[Item]) -> Iterator[Result]:
        models = Models(self.model, Boxes(), "told", "", "")
        for item in items:
            yield work(models, item)


def test_a_run_goes_on_after_a_half_written_line(tmp_path: Path) -> None:
    rows = dialogues(tmp_path, TWO[:1], TWO[:1], TWO[:1])
    out = tmp_path / "out"
    with open_folder(out, SETTINGS) as folder:
        run(
            rows[:2],
            Crew(scripted(answer_with(RED_840), answer_with())),
            ReferencePolicy(),
            folder,
        )
    path = out / "rows.jsonl"
    whole = path.read_bytes()
    for cut in (whole[:-1], whole[:-40], whole + b'{"index": 2, "tur'):
        path.write_bytes(cut)
        before = cut.count(b"\n")
        with open_folder(out, SETTINGS) as folder:
            assert len(folder.rows) == before
            assert path.read_bytes() == cut[: cut.rfind(b"\n") + 1]
            run(
                rows,
                Crew(scripted(*[answer_with(RED_840)] * (3 - before))),
                ReferencePolicy(),
                folder,
            )
        indexes = [json.loads(line)["index"] for line in path.read_text().splitlines()]
        assert indexes == [0, 1, 2]


def test_a_row_is_never_kept_twice(tmp_path: Path) -> None:
    (dialogue,) = dialogues(tmp_path, TWO[:1])
    row = play(dialogue, scripted(answer_with()), None, ReferencePolicy())
    with open_folder(tmp_path / "out", SETTINGS) as folder:
        folder.add(row)
        with pytest.raises(ValueError, match="row 0 was played already"):
            folder.add(row)


def test_settings_must_stay(tmp_path: Path) -> None:
    with open_folder(tmp_path, SETTINGS):
        pass
    changed = {**SETTINGS, "reference": "truth"}
    with (
        pytest.raises(InputError, match=r"other settings \(reference was predicted, now truth\)"),
        open_folder(tmp_path, changed),
    ):
        pass
    changed = {**SETTINGS, "reference": "\x1b[2J"}
    with (
        pytest.raises(InputError, match=r"other settings \(reference was predicted, now \[2J\)"),
        open_folder(tmp_path, changed),
    ):
        pass


def test_a_run_of_an_earlier_version_goes_on(tmp_path: Path) -> None:
    """Its settings do not name what could not be chosen then."""
    with open_folder(tmp_path, SETTINGS):
        pass
    with open_folder(tmp_path, {**SETTINGS, "reference_form": "bbox"}):
        pass
    with (
        pytest.raises(InputError, match="reference_form was bbox, now bare"),
        open_folder(tmp_path, {**SETTINGS, "reference_form": "bare"}),
    ):
        pass


@pytest.mark.parametrize(
    ("files", "why"),
    [
        pytest.param({"rows.jsonl": ""}, "without its settings", id="rows alone"),
        pytest.param({"settings.json": "{"}, "cannot be read", id="settings are no JSON"),
        pytest.param({"settings.json": "[]"}, "holds no settings", id="settings are a list"),
        pytest.param(
            {"settings.json": json.dumps(SETTINGS), "rows.jsonl": '{"index": 0}\n\x00\n{}\n'},
            "damaged in line 2", id="a damaged line before the last",
        ),
    ],
)  # fmt: skip
def test_a_strange_folder_is_refused(tmp_path: Path, files: dict[str, str], why: str) -> None:
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    with pytest.raises(InputError, match=why), open_folder(tmp_path, SETTINGS):
        pass


def test_one_run_at_a_time(tmp_path: Path) -> None:
    with (
        open_folder(tmp_path, SETTINGS),
        pytest.raises(InputError, match="Another run"),
        open_folder(tmp_path, SETTINGS),
    ):
        pass
    with open_folder(tmp_path, SETTINGS):
        pass


def test_no_run_to_compare_with(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds no run"):
        read_folder(tmp_path)


def test_a_failure_is_tried_again_and_the_run_goes_on(tmp_path: Path) -> None:
    rows = dialogues(tmp_path, TWO[:1], TWO[:1], TWO[:1])
    broken = ModelError("The server is busy.")
    with open_folder(tmp_path / "out", SETTINGS) as folder:
        left = run(
            rows,
            Crew(scripted(answer_with(), broken, answer_with())),
            ReferencePolicy(),
            folder,
        )
        assert ([f.index for f in left.failed], sorted(folder.rows)) == ([1], [0, 2])
        left = run(rows, Crew(scripted(answer_with())), ReferencePolicy(), folder)
        assert (left.failed, sorted(folder.rows)) == ([], [0, 1, 2])


def test_three_failures_in_succession_end_the_run(tmp_path: Path) -> None:
    rows = dialogues(tmp_path, *[TWO[:1]] * 6)
    gone = CheckpointError("The server is gone.")
    with open_folder(tmp_path / "out", SETTINGS) as folder:
        with pytest.raises(ModelError, match=r"gone\. This has happened 3 times"):
            run(
                rows,
                Crew(scripted(answer_with(), gone, gone, gone)),
                ReferencePolicy(),
                folder,
            )
        assert sorted(folder.rows) == [0]


def test_a_picture_that_goes_away_is_a_bad_row(tmp_path: Path) -> None:
    rows = dialogues(tmp_path, TWO[:1], TWO[:1])
    (tmp_path / "a.png").unlink()
    with open_folder(tmp_path / "out", SETTINGS) as folder:
        left = run(rows, Crew(scripted()), ReferencePolicy(), folder)
    assert [row.why for row in left.bad] == ["There is no file a.png."] * 2


def test_requests_to_a_server_run_side_by_side(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    rows = dialogues(tmp_path, *[TWO[:1]] * 5)
    with Hostile(answer(answer_with(RED_840))) as server:
        options = argparse.Namespace(
            server=server.url, model="auto", segmenter="none", dialect=None, asking="auto"
        )
        with (
            start_workers(options, 3) as workers,
            open_folder(tmp_path, SETTINGS) as folder,
        ):
            assert (workers.info.model, workers.info.segmenter) == ("some-model", "none")
            left = run(rows, workers, ReferencePolicy(), folder)
    assert (left.bad, left.failed, len(server.asked)) == ([], [], 5)
    assert sorted(folder.rows) == [0, 1, 2, 3, 4]
    assert score(folder.rows.values()).overall.summary.ap == 1.0


# Adding up


def played_rows(folder: Path) -> tuple[list[Dialogue], list[Row]]:
    """Two dialogues: one right, with its reference cited; one wrong, fallen back, and not absent."""
    rows = dialogues(
        folder,
        TWO,
        [*TWO, asked("a <b>cat</b> | and `more`", skill="absent")],
    )
    cited = answer_with(BLUE_840, think="bbox=[42, 84, 210, 336]")
    model = scripted(
        answer_with(RED_840), cited, answer_with(), answer_with(RED_840), answer_with(RED_840)
    )
    return rows, [play(dialogue, model, Boxes(), ReferencePolicy()) for dialogue in rows]


def test_scores_by_round(tmp_path: Path) -> None:
    scores = score(played_rows(tmp_path)[1])
    overall = scores.overall
    assert scores.dialogues == 2
    assert (overall.summary.turns, overall.summary.ap) == (4, 0.5)
    assert (overall.summary.absent, overall.summary.absent_accuracy) == (1, 0.0)
    assert (overall.places, overall.fallbacks, overall.missing) == (2, 1, 0)
    assert (overall.given, overall.citation, overall.exact) == (2, 0.5, 0.5)
    assert overall.false_empty == 0.25
    assert (overall.referring_ap, scores.rounds[1].referring_ap) == (0.5, None)
    assert scores.rounds[1].summary.giou == 0.5
    assert scores.rounds[1].summary.ciou == 0.5  # one of two equal areas
    assert scores.rounds[3].summary.turns == 0
    assert scores.labels["skill"]["absent"].summary.absent == 1
    assert json.loads(json.dumps(scores.to_dict()))["rounds"]["2"]["ap"] == 0.5


@pytest.mark.parametrize(
    ("text", "right"),
    [
        pytest.param(answer_with(), True, id="an empty list"),
        pytest.param("<scene>S</scene><think>T</think><answer> [ ] </answer>", True, id="spaces"),
        pytest.param("la la la", False, id="prose"),
        pytest.param("!" * 200, False, id="what random weights write"),
        pytest.param("", False, id="no text at all"),
        pytest.param("<scene>S</scene><think>T", False, id="broken off"),
        pytest.param('<think>T</think><answer>[{"bbox_2d": [1, 2</answer>', False, id="half a box"),
        pytest.param(answer_with(RED_840), False, id="a box"),
    ],
)
def test_only_an_answer_that_says_so_is_right_where_nothing_is(
    tmp_path: Path, text: str, right: bool
) -> None:
    rows = dialogues(tmp_path, [asked("a ghost")])
    row = play(rows[0], scripted(text), None, ReferencePolicy())
    assert row["turns"][0]["absent_right"] is right
    totals = score([row]).overall
    assert totals.summary.absent_accuracy == float(right)
    assert totals.unreadable == (0 if right or row["turns"][0]["objects"] else 1)
    assert len(worst_rounds([row], rows, 5)) == (0 if right else 1)
    row["turns"][0]["absent_right"] = not row["turns"][0]["objects"]  # an earlier version's row
    assert score([row]).overall.summary.absent_accuracy == float(right)


def test_rubbish_is_counted(tmp_path: Path) -> None:
    (dialogue,) = dialogues(tmp_path, TWO)
    row = play(dialogue, scripted("la la", answer_with(BLUE_840)), None, ReferencePolicy())
    table = {line[0]: line[1:] for line in round_table(score([row])).rows}
    assert table["answers that cannot be read"] == ("1", "0", "1")


def test_the_report_says_how_was_asked(tmp_path: Path) -> None:
    odd = [
        asked("a", RED),
        asked(f"near {PLACE}", BLUE),
        asked(f"by {PLACE}", RED, context_from_turn=2),
    ]
    model = scripted(*[answer_with(RED_840)] * 3, answer_with(), answer_with(BLUE_840))
    rows = [play(d, model, None, ReferencePolicy()) for d in dialogues(tmp_path, odd, TWO)]
    rows[1]["as_stored"] = rows[0]["outside"] = True
    settings = {**SETTINGS, "reference_form": "bare", "reference_frame": "original"}
    run_made = ScoredRun(run_label(settings), score(rows))
    assert run_made.label == "told, predicted references, original frame, bare"
    overall = run_made.scores.overall
    assert (overall.places, overall.fallbacks, overall.ahead, overall.literal) == (1, 1, 1, 1)
    assert overall.referring_ap == 1.0  # the one round that refers to an earlier one
    report = build_report(settings, run_made, [], [], [])
    text = " ".join(report.summary)
    assert (
        "in pixels of the original picture, as the authors' script does, as [x1, y1, x2, y2]"
        in text
    )
    assert "1 of 1 references fell back" in text
    assert "the round itself or a later one: 1. Its true box stands there" in text
    assert "Places for a box that name no round: 1. They stay as they are written" in text
    assert "Pictures with an EXIF orientation, which the truth does not follow: 1." in text
    assert "Dialogues with a true box that reaches outside its picture: 1." in text
    write_report(tmp_path, report, run_made)
    scores = json.loads((tmp_path / "scores.json").read_text())
    assert (scores["reference_form"], scores["as_stored"]) == ("bare", 1)
    assert (scores["overall"]["literal"], scores["rounds"]["3"]["ahead"]) == (1, 1)
    table = {line[0]: line[1:] for line in round_table(run_made.scores).rows}
    assert table["box places that name no round"] == ("0", "1", "0", "1")
    assert table["references to the round itself or a later one"] == ("0", "0", "1", "1")


def test_nothing_played_has_no_scores() -> None:
    overall = score([]).overall
    assert (overall.summary.ap, overall.citation, overall.box_iou) == (None, None, None)
    assert round_table(score([])).rows[0] == ("AP", "–")


# Reporting


@pytest.fixture
def report(tmp_path: Path) -> tuple[Report, ScoredRun]:
    rows, done = played_rows(tmp_path)
    settings = {**SETTINGS, "model": "told <script>alert(1)</script> $x$"}
    this = ScoredRun(run_label(settings), score(done))
    other = ScoredRun("another | one", score(done[:1]))
    unplayed: list[BadRow | FailedDialogue] = [
        FailedDialogue(7, "The <server> is gone."),
        BadRow(4, "There is no file <img src=x>."),
    ]
    worst = worst_rounds(done, rows, 5)
    return build_report(settings, this, [other], unplayed, worst), this


def test_published_curves_stand_beside_the_run(report: tuple[Report, ScoredRun]) -> None:
    run_made = ScoredRun("mine", report[1].scores)
    ap = {row[0]: row[1:] for row in published_table(AP, [run_made], None).rows}
    assert ap["mine"] == ("50.0", "50.0", "–", "–", "–", "–", "–", "50.0")
    assert ap["RegionReasoner-7B, published, RefCOCO+ multi-turn"][-2:] == ("64.7", "80.7")
    assert ap["RegionReasoner-7B, published, RefCOCOg multi-turn"][-2:] == ("75.0", "78.2")
    giou = {row[0]: row[1:] for row in published_table(GIOU, [run_made], None).rows}
    assert giou["SegLLM-7B, published, RefCOCOg multi-turn"][0] == "68.9"
    assert giou["SegLLM-7B, published, RefCOCO+ multi-turn"][-1] == "60.7"
    assert (len(ap), len(giou)) == (1 + 2 * 5, 1 + 2 * 6)


def test_of_published_results_those_on_the_same_data(report: tuple[Report, ScoredRun]) -> None:
    settings = {**SETTINGS, "data_name": "refcocoplus_multi_turn.json"}
    built = build_report(settings, report[1], [], [], [])
    ap, giou = (t for t in built.tables if "beside other" in t.title)
    assert {row[0].rpartition(", ")[2] for row in ap.rows[1:]} == {"RefCOCO+ multi-turn"}
    assert (len(ap.rows), len(giou.rows)) == (1 + 5, 1 + 6)
    assert "Of the 715 dialogues and 2,289 rounds that its authors released, 2 and 5 are" in ap.note
    assert "table 6 counts 2,355" in ap.note
    other = next(t for t in report[0].tables if "AP beside" in t.title)
    assert other.note == "The published results are on other data than this file."


@pytest.mark.parametrize(
    ("file", "dialogues", "rounds", "expected"),
    [
        pytest.param("refcocog_multi_turn.json", 3, 9, "RefCOCOg multi-turn", id="by name"),
        pytest.param("refcocoplus_questions.json", 3, 9, "RefCOCO+ multi-turn", id="questions"),
        pytest.param(
            "REFCOCO+_multi_turn.json", 3, 9, "RefCOCO+ multi-turn", id="another spelling"
        ),
        pytest.param("data.json", 715, 2289, "RefCOCO+ multi-turn", id="by size"),
        pytest.param("data.json", 1580, 4115, "RefCOCOg multi-turn", id="the other by size"),
        pytest.param("data.json", 715, 4115, None, id="neither size"),
        pytest.param("refcoco_val.json", 3, 9, None, id="another benchmark"),
    ],
)
def test_the_published_files_are_known(
    file: str, dialogues: int, rounds: int, expected: str | None
) -> None:
    found = data_set_of(file, dialogues, rounds)
    assert (found and found.name) == expected


class Attributes(HTMLParser):
    """Collects what a browser would fetch or follow, or run."""

    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        assert tag not in ("script", "link", "iframe", "object", "base")
        for name, value in attributes:
            assert not name.startswith("on")
            if name in ("src", "href", "action", "srcset", "data", "background"):
                self.addresses.append(value or "")


def test_the_page_holds_everything_and_asks_for_nothing(report: tuple[Report, ScoredRun]) -> None:
    page = html(report[0])
    reader = Attributes()
    reader.feed(page)
    assert len(reader.addresses) == 4  # three plots and the worst round
    assert all(a.startswith(("data:image/png;", "data:image/jpeg;")) for a in reader.addresses)
    assert "url(" not in page
    assert "<script" not in page
    assert "<img src=x" not in page
    assert "<b>cat" not in page
    assert "told &lt;script&gt;" in page
    assert page.index("Row 4:") < page.index("Row 7:")
    assert "1 of 2 references fell back" in page


def test_markdown_means_what_it_says(report: tuple[Report, ScoredRun], tmp_path: Path) -> None:
    text = markdown(report[0])
    assert "<script" not in text
    assert "another \\| one" in text
    assert "- Row 4: There is no file &lt;img src=x&gt;." in text
    write_report(tmp_path, *report)
    for picture in re.findall(r"\]\(([^)]+)\)", text):
        with Image.open(tmp_path / picture) as image:
            image.verify()
    assert json.loads((tmp_path / "scores.json").read_text())["dialogues"] == 2


def test_the_worst_rounds_are_drawn(tmp_path: Path) -> None:
    rows, done = played_rows(tmp_path)
    (case,) = worst_rounds(done, rows, 5)  # the other dialogue has nothing wrong in it
    assert (case.index, case.turn["round"], case.turn["iou"]) == (1, 1, 0.0)
    assert case.pdf.startswith(b"%PDF-")
    with Image.open(io.BytesIO(case.jpeg)) as image:
        assert image.size == (420, 210)
        outline = image.convert("L").getpixel((RED[0], 50))
        assert isinstance(outline, int)
        assert outline < 100  # what was to be found, on white
