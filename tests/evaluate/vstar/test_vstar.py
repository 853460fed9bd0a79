"""Questions of V* asked, kept, added up and reported; models tell what they are made to tell."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from demo.dialects.known import DIALECTS, TOLD_BY_QUICK
from demo.dialects.prompt import Prompt
from demo.errors import InputError
from demo.evaluate.metrics import are_covered
from demo.evaluate.report import Case, html, markdown, write_files
from demo.evaluate.vstar.asking import LAST_LINE, asked_in
from demo.evaluate.vstar.cases import wrong_cases
from demo.evaluate.vstar.play import LIKELIHOOD, Protocol, QuestionRow, play
from demo.evaluate.vstar.questions import Question, read_benchmark
from demo.evaluate.vstar.report import build_report
from demo.evaluate.vstar.score import are_hit, score, wilson
from demo.evaluate.vstar.tables import ScoredRun, accuracy_table, run_label, seen_table
from demo.picture.geometry import PictureBox, Size
from demo.picture.picture import Picture
from tests.support.scripted import Scripted
from tests.support.vstar import QUESTIONS, SIZE, write_vstar

BALL, PLACED = QUESTIONS[0], QUESTIONS[3]
STEM = "What is the color of the ball?\n(A) blue\n(B) green\n(C) red\n(D) yellow"


@pytest.fixture(scope="module")
def questions(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Question]:
    read = read_benchmark(write_vstar(tmp_path_factory.mktemp("vstar")))
    return {question.name.partition("/")[2]: question for question in read.questions}


class Weigher(Scripted):
    """A model that weighs texts by their length."""

    def losses(self, _picture: Picture, prompt: Prompt, texts: Sequence[str]) -> list[float]:
        self.asked.append(prompt)
        return [float(len(text)) for text in texts]


def in_shown(dialect: str, box: PictureBox) -> list[int]:
    """A box of the picture in the numbers of a model of that dialect."""
    return list(box.to_model(SIZE, DIALECTS[dialect].view(SIZE).frame).xyxy)


def around(box: PictureBox, margin: int = 20) -> PictureBox:
    x1, y1, x2, y2 = box.xyxy
    return PictureBox(x1 - margin, y1 - margin, x2 + margin, y2 + margin)


# --- how each family is asked ------------------------------------------------------------------------

ASKED = {
    "vlm-r3": f"{STEM}\nYou need to first think",
    "deepeyes": "Question: What is the color of the ball?\nOptions: \nA. blue\nB. green\nC. red\nD. yellow"
    "\n\n\nThink first, call **image_zoom_in_tool**",
    "chain-of-focus": f"Question: {STEM}\n{LAST_LINE}\nThink in the mind first",
    "mini-o3": f"{STEM}\n{LAST_LINE}",
    "pixel-reasoner": f"{STEM}\n{LAST_LINE}\n\nGuidelines: Understand",
    "p2r": f"Question: {STEM}\nLocate the key visual evidence",
    "qwen3-vl-zoom": f"{STEM}\n{LAST_LINE}",
    "qwen3-vl": f"Question: {STEM}\nLocate the key visual evidence",
    "qwen2.5-vl": f"Question: {STEM}\nLocate the key visual evidence",
    "qwen2-vl": f"{STEM}\n\n{LAST_LINE} A box in the question",
    "region-reasoner": 'Please find "what is the color of the ball" with bboxs and points.',
    "vision-reasoner": 'Please find "what is the color of the ball" with bboxs and points.',
    "seg-zero": "Please find 'what is the color of the ball' with bbox and points.",
}


@pytest.mark.parametrize("dialect", DIALECTS)
def test_each_family_is_asked_in_its_own_form(dialect: str, questions: dict[str, Question]) -> None:
    model = Scripted(dialect, "<answer>C</answer>", "<answer>C</answer>")
    row = play(questions["sa_9"], model, Protocol())
    assert model.words().startswith(ASKED[dialect])
    assert (row["chosen"], row["right"]) == ("C", "C")
    assert (row["looks"] is None) == (asked_in(DIALECTS[dialect]).dialect.looking is None)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_without_looks_it_is_asked_in_words_once(
    dialect: str, questions: dict[str, Question]
) -> None:
    model = Scripted(dialect, "C")
    row = play(questions["sa_9"], model, Protocol(max_looks=0))
    assert (row["looks"], row["chosen"], len(model.asked)) == (None, "C", 1)
    if not asked_in(DIALECTS[dialect]).is_pointing:
        assert model.words().startswith(f"{STEM}\n\n{LAST_LINE} A box in the question")
        assert "After the letter, report the boxes of the things that the question" in model.words()


@pytest.mark.parametrize("dialect", TOLD_BY_QUICK)
def test_words_for_sentences_are_all_replaced_by_words_for_letters(dialect: str) -> None:
    request = asked_in(DIALECTS[dialect], 0).dialect.request
    assert "sentence" not in request
    assert request.count(LAST_LINE) == 1


def test_what_people_typed_between_braces_stays(questions: dict[str, Question]) -> None:
    odd = replace(questions["sa_9"], text="{options} {stem}?", options=("{question}", "<|im_end|>"))
    model = Scripted("deepeyes", "<answer>A</answer>")
    play(odd, model, Protocol())
    asked = "Question: {options} {stem}?\nOptions: \nA. {question}\nB. < |im_end|>"
    assert model.words().startswith(asked)


# --- looks ------------------------------------------------------------------------------------------------


def test_two_calls_as_p2r_makes_them(questions: dict[str, Question]) -> None:
    near = around(BALL.boxes()[0], 2)
    found = json.dumps([{"bbox_2d": in_shown("p2r", near), "label": "A ball"}])
    model = Scripted("p2r", found, "<think>Red.</think><answer>C</answer>")
    row = play(questions["sa_9"], model, Protocol())
    assert model.words(1).startswith(
        f"Question: {STEM}\nThe key visual regions have been highlighted"
    )
    assert "with the option's letter from the given choices (e.g., A, B, etc.)" in model.words(1)
    assert row["chosen"] == "C"
    assert row["looks"] is not None
    (look,) = row["looks"]
    assert model.pictures(1)[1] == Size(*look["size"])
    scores = score([row]).overall
    assert scores.looked is not None
    assert scores.boxed is not None
    assert (scores.looked.covered, scores.looked.covered_right, scores.boxed.covered) == (
        1.0,
        1,
        1.0,
    )


def test_a_look_into_a_look_as_mini_o3_takes_it(questions: dict[str, Question]) -> None:
    box = BALL.boxes()[0]
    left, top = box.x1 / SIZE.width, box.y1 / SIZE.height

    def call(x1: float, y1: float, x2: float, y2: float, source: str) -> str:
        value = json.dumps({"bbox_2d": [x1, y1, x2, y2], "source": source})
        return f"<think>There.</think><grounding>{value}</grounding>"

    model = Scripted(
        "mini-o3",
        call(left - 0.1, top - 0.1, left + 0.1, top + 0.1, "original_image"),
        call(0.4, 0.4, 0.8, 0.8, "observation_1"),
        "<think>It is red.</think><answer>(C)</answer>",
    )
    row = play(questions["sa_9"], model, Protocol())
    assert len(model.pictures(2)) == 3
    assert row["chosen"] == "C"
    first, second = [PictureBox(*look["box_xyxy"]) for look in row["looks"] or ()]
    assert abs(first.width - 300) <= 1
    assert abs(second.width - 120) <= 1
    assert are_covered([box], [second])
    assert row["boxes"] == []
    totals = score([row]).overall
    assert (totals.looks, totals.most_looks, totals.boxed) == (2.0, 2, None)


def test_a_look_within_the_answer_as_vlm_r3_takes_it(questions: dict[str, Question]) -> None:
    call = json.dumps({"bbox_2d": in_shown("vlm-r3", around(BALL.boxes()[0]))})
    model = Scripted(
        "vlm-r3", f"<think>(A) or (B)? Look: {call} and on", "Red.\n<answer>C</answer>"
    )
    row = play(questions["sa_9"], model, Protocol())
    assert len(row["looks"] or ()) == 1
    assert row["chosen"] == "C"
    assert model.asked[1].conversation[-1].is_open
    totals = score([row]).overall
    assert totals.looked is not None
    assert totals.looked.covered == 1.0
    assert totals.look_area == pytest.approx(81 * 80 / 1_500_000, rel=0.2)


def test_no_more_looks_than_are_allowed(questions: dict[str, Question]) -> None:
    call = "Look. " + json.dumps({"bbox_2d": [10, 10, 200, 200]})
    other = "Look. " + json.dumps({"bbox_2d": [300, 300, 500, 500]})
    model = Scripted("vlm-r3", call, other, "<answer>C</answer>")
    row = play(questions["sa_9"], model, Protocol(max_looks=1))
    assert len(row["looks"] or ()) == 1
    assert "look.limit" in row["findings"]


def test_boxes_of_an_answer_in_words_count_as_boxes(questions: dict[str, Question]) -> None:
    boxes = [{"bbox_2d": in_shown("qwen3-vl", box), "label": "B"} for box in PLACED.boxes()]
    for given, covered in ((boxes, 1.0), (boxes[:1], 0.0), ([], 0.0)):
        model = Scripted("qwen3-vl", f"A\n```json\n{json.dumps(given)}\n```")
        row = play(questions["sa_61594"], model, Protocol(max_looks=0))
        assert row["chosen"] == "A"
        totals = score([row]).overall
        assert totals.looked is None
        assert totals.boxed is not None
        assert (totals.boxed.covered, totals.boxed.hit) == (covered, covered)


def test_a_model_that_points_is_read_by_its_words_and_its_boxes(
    questions: dict[str, Question],
) -> None:
    box = in_shown("region-reasoner", BALL.boxes()[0])
    text = (
        "<scene>A green park, a blue sky.</scene><think>The ball is red.</think>"
        f'<answer>[{{"bbox_2d": {box}, "point_2d": {box[:2]}}}]</answer>'
    )
    row = play(questions["sa_9"], Scripted("region-reasoner", text), Protocol())
    assert (row["chosen"], row["looks"]) == ("C", None)
    (found,) = row["boxes"]
    assert PictureBox(*found).iou(BALL.boxes()[0]) > 0.5
    totals = score([row]).overall
    assert totals.boxed is not None
    assert (totals.boxed.covered, totals.boxed.covered_right) == (1.0, 1)


def test_names_of_regions_in_a_question_are_only_words(questions: dict[str, Question]) -> None:
    odd = replace(questions["sa_9"], stem="Is R1 left of it?\n(A) R2\n(B) R3")
    model = Scripted("mini-o3", "<answer>B</answer>")
    assert play(odd, model, Protocol())["chosen"] == "B"
    assert model.words().startswith(odd.stem)


def test_no_text_at_all_chooses_nothing(questions: dict[str, Question]) -> None:
    row = play(questions["sa_9"], Scripted("mini-o3", ""), Protocol())
    assert (row["chosen"], row["looks"], row["findings"]) == (None, [], ["answer.unreadable"])
    assert score([row]).overall.unread == 1


# --- likelihood -------------------------------------------------------------------------------------------


def test_the_lightest_option_is_chosen(questions: dict[str, Question]) -> None:
    model = Weigher("qwen2.5-vl")
    row = play(questions["sa_9"], model, Protocol(LIKELIHOOD))
    assert model.words() == "What is the color of the ball?"
    assert row["options"] == list(BALL.sentences)
    assert row["losses"] == [float(len(option)) for option in BALL.sentences]
    assert (row["chosen"], row["right"]) == ("A", "A")
    totals = score([row]).overall
    assert (totals.accuracy, totals.looked, totals.boxed) == (1.0, None, None)


def test_a_model_that_only_writes_cannot_weigh(questions: dict[str, Question]) -> None:
    with pytest.raises(InputError, match="told cannot weigh options"):
        play(questions["sa_9"], Scripted("qwen2.5-vl"), Protocol(LIKELIHOOD))


# --- scores -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("right", "count", "low", "high"),
    [
        (161, 191, 0.7846, 0.8876), (0, 10, 0.0, 0.2775), (10, 10, 0.7225, 1.0), (1, 2, 0.0945, 0.9055),
    ],
)  # fmt: skip
def test_wilsons_interval(right: int, count: int, low: float, high: float) -> None:
    assert wilson(right, count) == pytest.approx((low, high), abs=2e-4)


def test_covered_and_hit() -> None:
    target, other = PictureBox(100, 100, 120, 120), PictureBox(300, 100, 320, 120)
    whole, half, less = (
        PictureBox(0, 0, 1500, 1000),
        PictureBox(90, 90, 110, 130),
        PictureBox(90, 90, 109, 130),
    )
    assert are_covered([target], [whole])
    assert are_covered([target], [half])
    assert not are_covered([target], [less])
    assert not are_covered([target], [])
    assert not are_hit([target], [whole, half])
    assert are_hit([target], [PictureBox(100, 100, 120, 119)])
    assert not are_covered([target, other], [half])
    assert are_covered([target, other], [half, other])
    # Two halves of a target in two boxes are not one half in one.
    quarters = [PictureBox(100, 100, 120, 109), PictureBox(100, 111, 120, 120)]
    assert not are_covered([target], quarters)


def rows(
    *answers: tuple[str, str, str | None, list[list[int]] | None, list[list[int]]],
) -> list[QuestionRow]:
    """Rows of answers: category, right letter, chosen one, looks and boxes; the target is [10, 10, 20,
    20]."""
    return [
        QuestionRow(
            index=index,
            name=f"{category}/{index}",
            category=category,
            question="Which?",
            options=["x"] * (4 if category == "direct_attributes" else 2),
            is_shuffled=index == 0,
            right=right,
            chosen=chosen,
            targets=[[10, 10, 20, 20]],
            size=[100, 100],
            looks=None
            if looks is None
            else [{"box_xyxy": box, "size": [9, 9], "answer": False} for box in looks],
            boxes=boxes,
            findings=[],
            raw="",
            first_token_s=None,
            total_s=2.0 + index,
        )
        for index, (category, right, chosen, looks, boxes) in enumerate(answers)
    ]


ON, OFF = [0, 0, 20, 20], [50, 50, 90, 90]
LOOKED = rows(
    ("direct_attributes", "A", "A", [OFF, ON], []),
    ("direct_attributes", "B", "A", [ON], []),
    ("direct_attributes", "C", "C", [], []),
    ("relative_position", "A", None, [OFF], []),
)


def test_scores_add_up() -> None:
    found = score(LOOKED)
    overall = found.overall
    assert (overall.questions, overall.right, overall.accuracy, overall.unread) == (4, 2, 0.5, 1)
    assert overall.guessing == pytest.approx((3 / 4 + 1 / 2) / 4)
    assert (overall.looks, overall.most_looks, overall.seconds) == (1.0, 2, 3.5)
    assert overall.look_area == pytest.approx((0.16 + 0.04 + 0.04 + 0.16) / 4)
    seen = overall.looked
    assert seen is not None
    assert (seen.covered, seen.hit) == (0.5, 0.0)
    assert (seen.covered_right, seen.covered_wrong) == (1, 1)
    assert (seen.missed_right, seen.missed_wrong) == (1, 1)
    assert list(found.categories) == ["direct_attributes", "relative_position"]
    assert found.categories["direct_attributes"].accuracy == pytest.approx(2 / 3)
    assert found.shuffled == 1


def test_questions_without_targets_count_for_accuracy_only() -> None:
    without = [QuestionRow(**{**LOOKED[2], "targets": []})]
    found = score([*LOOKED[:2], *without]).overall
    assert (found.questions, found.with_targets) == (3, 2)
    assert found.looked is not None
    assert found.looked.covered == 1.0


def test_nothing_asked_has_no_scores() -> None:
    found = score([])
    assert (found.overall.accuracy, found.overall.low, found.overall.looked) == (None, None, None)
    assert accuracy_table(found).rows[-1][1:3] == ("–", "–")
    assert seen_table(found).rows[-1][1] == "–"


# --- wrong answers ---


def test_wrong_answers_are_drawn_those_first_that_saw_nothing(
    questions: dict[str, Question],
) -> None:
    box = around(BALL.boxes()[0])
    call = json.dumps({"bbox_2d": in_shown("vlm-r3", box)})
    far = json.dumps({"bbox_2d": [600, 400, 900, 600]})
    texts = (
        (f"{call}", "<answer>A</answer>"),
        (f"{far}", "<answer>no idea</answer>"),
        ("<answer>D",),
    )
    names = ("sa_9", "sa_10", "sa_4690")
    asked = [questions[name] for name in names]
    found = [play(q, Scripted("vlm-r3", *t), Protocol()) for q, t in zip(asked, texts, strict=True)]
    far_one, near_one = wrong_cases(found, asked, 5)
    assert far_one.caption == (
        "direct_attributes/sa_10: “What is the color of the kite?” – no option was read, (A) orange is "
        "right, not every target was seen."
    )
    assert near_one.caption.endswith(
        "– (A) blue was chosen, (C) red is right, every target was seen."
    )
    drawn = np.asarray(Image.open(io.BytesIO(near_one.jpeg)))
    assert drawn.shape == (480, 720, 3)
    x, y = (round(v * 0.48) for v in box.xyxy[:2])
    blue = drawn[y + 15 : y + 25, x - 1 : x + 2].astype(int).mean(axis=(0, 1))
    assert blue[2] > blue[0] + 60  # the edge of the look, on green grass
    assert wrong_cases(found, asked, 1) == [far_one]
    weighed = QuestionRow(**{**found[0], "raw": "", "losses": [1.5, 2.0, 3.25, 4.0]})
    (case,) = wrong_cases([weighed], asked, 1)
    assert case.raw.splitlines()[:2] == ["1.500  blue", "2.000  green"]


# --- the report -------------------------------------------------------------------------------------------

SETTINGS: dict[str, Any] = {
    "model": "<b>M</b>", "protocol": "letter", "quantize": "none", "low_memory": False,
    "data_name": "vstar_bench", "data": "0f",
}  # fmt: skip


def test_labels_tell_runs_apart() -> None:
    labels = [
        run_label({**SETTINGS, **more}) for more in ({}, {"looks": 0}, {"looks": 1}, {"looks": 3})
    ]
    assert labels == [
        f"<b>M</b>, letter{looks}"
        for looks in ("", ", without looks", ", at most one look", ", at most 3 looks")
    ]


def test_the_report_stands_beside_what_was_published(tmp_path: Path) -> None:
    run = ScoredRun(run_label(SETTINGS), "letter", score(LOOKED))
    boxed = rows(*((r["category"], r["right"], "A", None, [ON]) for r in LOOKED))
    other = ScoredRun(run_label({**SETTINGS, "looks": 0}), "letter", score(boxed))
    asked = asked_in(DIALECTS["p2r"])
    case = Case("A <i>case</i>.", b"\xff\xd8", "asked", "<b>written</b>")
    report = build_report(SETTINGS, asked, run, [other], ["A note."], [], [case])
    write_files(tmp_path, report, run.scores.to_dict())
    text = markdown(report)
    assert "| VLM-R³-7B, published | 87.0 | 80.3 | 84.3 | judged by another model |" in text
    assert "| &lt;b&gt;M&lt;/b&gt;, letter | 66.7 | 0.0 | 50.0 | letter | here |" in text
    assert "not on these. Protocols differ" in text
    assert "| looked at every target | 1 | 1 | 50.0 |" in text
    assert "A note." in text
    assert "with seed 0" in text
    assert "![A &lt;i&gt;case&lt;/i&gt;.](wrong/01.jpg)" in text
    assert (tmp_path / "wrong" / "01.jpg").read_bytes() == case.jpeg
    page = html(report)
    assert "<b>M" not in page
    assert "&lt;b&gt;written&lt;/b&gt;" in page
    for plot in ("accuracy.png", "seen.png"):
        assert (tmp_path / plot).read_bytes().startswith(b"\x89PNG")
        assert f"({plot})" in text
    table = list(csv.DictReader(io.StringIO((tmp_path / "tables.csv").read_text())))
    compared = [row for row in table if row["table"] == "Runs compared"]
    assert [row["looks a question"] for row in compared] == ["1.00", ""]
    assert [row["boxes cover every target"] for row in compared] == ["", "100.0"]
    assert json.loads((tmp_path / "scores.json").read_text())["overall"]["right"] == 2
    assert r"\toprule" in (tmp_path / "tables.tex").read_text()
