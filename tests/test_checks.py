"""Findings: what was cited, what was invented, and what a person is told."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from demo.checks import (
    XYXY,
    check,
    citation_reward,
    consistency_score,
    find_citations,
    report,
)
from demo.geometry import ModelBox, Size
from demo.session import Finding
from demo.trace import parse_trace

FRAME = Size(840, 840)
HOUSE, DOG = ModelBox(10, 40, 80, 120), ModelBox(100, 90, 140, 130)
SCENE = "A sunny park. From left to right: a red house, a man in a blue shirt, a brown dog."
THINK = (
    "The target is to the right of the reference bbox=[10, 40, 80, 120]. "
    "The dog to its right is the brown dog."
)
ANSWER = '[{"bbox_2d": [100, 90, 140, 130], "point_2d": [120, 110]}]'


def written(
    scene: str | None = SCENE,
    focus: str | None = "A red house.",
    think: str | None = THINK,
    answer: str | None = ANSWER,
) -> str:
    parts = {"scene": scene, "focus": focus, "think": think, "answer": answer}
    return "\n".join(f"<{name}>{text}</{name}>" for name, text in parts.items() if text is not None)


def found(text: str, *given_boxes: ModelBox) -> list[Finding]:
    named = [(f"R{i}", box) for i, box in enumerate(given_boxes, start=1)]
    return list(check(parse_trace(text, FRAME), named))


def kinds(text: str, *given_boxes: ModelBox) -> list[str]:
    return [finding.kind for finding in found(text, *given_boxes)]


# --- citations ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("right of bbox=[10, 40, 80, 120].", "bbox=[10, 40, 80, 120]", id="as asked"),
        pytest.param("the BBox [10,40,80,120]", "BBox [10,40,80,120]", id="without ="),
        pytest.param(
            "bbox_2d = [ 10 , 40 , 80 , 120 ]", "bbox_2d = [ 10 , 40 , 80 , 120 ]", id="spaces"
        ),
        pytest.param("at [10,40,80,120]", "[10,40,80,120]", id="bare"),
        pytest.param("box=[10, 40, 80, 120]", "=[10, 40, 80, 120]", id="other name before ="),
        pytest.param("[10.0, 39.6, 80.4, 119.5]", "[10.0, 39.6, 80.4, 119.5]", id="floats"),
        pytest.param("[10 40\n80 120]", "[10 40\n80 120]", id="without commas"),
        pytest.param("[[10, 40, 80, 120], [1, 2]]", "[10, 40, 80, 120]", id="in a list"),
    ],
)
def test_box_in_a_text(text: str, expected: str) -> None:
    (citation,) = find_citations(text)
    assert citation.box == (10, 40, 80, 120)
    assert text[citation.start : citation.end] == expected


def test_boxes_come_in_order_and_as_written() -> None:
    boxes = [c.box for c in find_citations("bbox=[9, 8, 7, 6] and [-1, 0, 2, 3] and [9, 8, 7, 6]")]
    assert boxes == [(9, 8, 7, 6), (-1, 0, 2, 3), (9, 8, 7, 6)]


@pytest.mark.parametrize(
    "text",
    ["", "[1, 2, 3]", "[1, 2, 3, 4, 5]", "[1, 2, 3, x]", "(1, 2, 3, 4)", "1, 2, 3, 4", "[1,,2,3,4]",
     "[NaN, 1, 2, 3]", "[1, 2, 3, 4", f"[1, 2, 3, {'9' * 400}]", "[١, ٢, ٣, ٤]"],
)  # fmt: skip
def test_what_is_no_box(text: str) -> None:
    assert find_citations(text) == ()


@given(st.text(alphabet="[]0123456789.,-+= bBoxé\n", max_size=60))
def test_any_text_can_be_searched(text: str) -> None:
    for citation in find_citations(text):
        assert text[citation.end - 1] == "]"
        assert 0 <= citation.start < citation.end <= len(text)


@given(st.tuples(*[st.integers(0, 840)] * 4), st.sampled_from(["bbox=", "bbox ", "bbox", "=", ""]))
def test_a_box_that_is_written_is_found(box: XYXY, before: str) -> None:
    assert [c.box for c in find_citations(f"so {before}{list(box)}, then")] == [box]


@pytest.mark.parametrize(
    "text", ["[" * 200_000, "[1" * 100_000, "bbox " * 40_000, "[1,2,3," * 30_000]
)
def test_long_texts_can_be_searched(text: str) -> None:
    assert find_citations(text) == ()


# --- findings on citations ---------------------------------------------------------------------


def test_clean_turn_with_a_reference() -> None:
    assert found(written(), HOUSE) == [
        Finding("citation.valid", "ok", "The reasoning cites R1 exactly as given.")
    ]


def test_clean_turn_without_a_reference_has_no_finding() -> None:
    text = written(focus=None, think="Looking for the brown dog. It is the brown dog on the right.")
    assert found(text) == []


def test_reference_that_is_not_cited() -> None:
    findings = found(written(think="The brown dog is right of the red house."), HOUSE)
    assert findings == [
        Finding(
            "citation.missing",
            "warning",
            "The reasoning does not cite R1, although the question refers to it.",
        )
    ]


@pytest.mark.parametrize(
    "think",
    [
        pytest.param(None, id="no thought"),
        pytest.param("bbox=[10, 40, 80, 121]", id="off by one"),
        pytest.param("bbox=[80, 120, 10, 40]", id="corners swapped"),
    ],
)
def test_only_equal_boxes_in_the_thought_are_citations(think: str | None) -> None:
    text = written(focus="A red house, bbox=[10, 40, 80, 120].", think=think)
    assert "citation.missing" in kinds(text, HOUSE)


def test_every_reference_gets_its_own_finding() -> None:
    findings = found(written(), HOUSE, ModelBox(1, 2, 3, 4), HOUSE)
    assert [(f.kind, f.text[:30]) for f in findings] == [
        ("citation.valid", "The reasoning cites R1 exactly"),
        ("citation.missing", "The reasoning does not cite R2"),
        ("citation.valid", "The reasoning cites R3 exactly"),
    ]


def test_invented_box_is_shown_once_with_its_numbers() -> None:
    # The failure example of the authors: the focus cites the reference, the thought invents a box.
    text = written(
        focus="A man at [416, 88, 628, 338].",
        think="The target is left of bbox=[308, 0, 541, 147], so not [308, 0, 541, 147].",
    )
    findings = found(text, ModelBox(416, 88, 628, 338))
    assert [f.kind for f in findings] == ["citation.missing", "citation.invented"]
    assert findings[1] == Finding(
        "citation.invented",
        "warning",
        "The reasoning mentions a box [308, 0, 541, 147] that nobody gave: treat it with care.",
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(written(focus="See [1, 2, 3, 4]."), 1, id="in the focus"),
        pytest.param(written(focus="[1, 2, 3, 4]", think="[1, 2, 3, 4]"), 1, id="in both, once"),
        pytest.param(written(think="[1, 2, 3, 4] or bbox=[5, 6, 7, 8]"), 2, id="two boxes"),
        pytest.param(written(scene="A dog at [1, 2, 3, 4]."), 0, id="the scene may measure"),
        pytest.param(written(think="So [100, 90, 140, 130]."), 0, id="box of the answer"),
        pytest.param(
            written(think="[700, 0, 900, 9]", answer='[{"bbox_2d": [700, 0, 900, 9]}]'),
            0,
            id="box of the answer before it was cut",
        ),
        pytest.param(
            written(think="[1, 2, 9, 8]", answer='[{"bbox_2d": ["9", "2", "1", "8"]}]'),
            0,
            id="box of the answer after it was mended",
        ),
    ],
)
def test_what_counts_as_invented(text: str, expected: int) -> None:
    assert kinds(text, HOUSE).count("citation.invented") == expected


# --- the other findings ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("focus", "given_boxes", "expected"),
    [
        pytest.param("A house.", [HOUSE], [], id="asked and there"),
        pytest.param(None, [], [], id="not asked, not there"),
        pytest.param(None, [HOUSE], ["focus.missing"], id="asked, not there"),
        pytest.param("A house.", [], ["focus.unasked"], id="not asked, but there"),
        pytest.param(" ", [HOUSE], ["focus.missing"], id="asked, but without text"),
        pytest.param("", [], [], id="not asked, without text"),
    ],
)
def test_focus(focus: str | None, given_boxes: list[ModelBox], expected: list[str]) -> None:
    text = written(focus=focus)
    assert [k for k in kinds(text, *given_boxes) if k.startswith("focus")] == expected


def test_missing_focus_names_all_references() -> None:
    (finding, *_) = found(written(focus=None), HOUSE, DOG, HOUSE)
    assert finding.text == "The model did not describe what is inside R1, R2 and R3."


@pytest.mark.parametrize(
    ("text", "kind", "level"),
    [
        pytest.param(written(answer=f"```{ANSWER}```"), "answer.repaired", "note", id="repaired"),
        pytest.param(
            written(answer='[{"bbox_2d": [0, 0, 900, 9]}]'), "answer.clamped", "note", id="clamped"
        ),
        pytest.param(written(answer="[]"), "answer.empty", "note", id="empty"),
        pytest.param(written(answer="A dog."), "answer.unreadable", "warning", id="unreadable"),
        pytest.param(
            written(answer='[{"bbox_2d": [0, 0, 9, 9], "point_2d": [10, 10]}]'),
            "point.outside",
            "note",
            id="point outside",
        ),
        pytest.param(written() + "<scene>", "trace.truncated", "warning", id="truncated"),
        pytest.param(
            written(think=THINK + " It is red." * 3), "trace.repeats", "note", id="repeats"
        ),
    ],
)
def test_problems_become_findings(text: str, kind: str, level: str) -> None:
    cited, finding = found(text, HOUSE)
    assert cited.kind == "citation.valid"
    assert (finding.kind, finding.level) == (kind, level)
    assert finding.text[0].isupper()
    assert finding.text.endswith(".")


def test_findings_come_in_reading_order() -> None:
    text = (
        f"<scene>{SCENE}</scene><think>[1, 2, 3, 4]. Quick purple spaceships devour galaxies. "
        "It hums. It hums. It hums.</think>"
        "<answer>{'bbox': [0, 0, 900, 9], 'point': [5, 700]}"
    )
    assert kinds(text, HOUSE) == [
        "focus.missing",
        "citation.missing",
        "citation.invented",
        "answer.repaired",
        "answer.clamped",
        "point.outside",
        "trace.truncated",
        "trace.repeats",
        "consistency",
    ]


# --- consistency -------------------------------------------------------------------------------

UNRELATED = "Quick purple spaceships devour the distant galaxies while unicorns sing."


@pytest.mark.parametrize(
    ("scene", "think"),
    [
        pytest.param(SCENE, UNRELATED, id="nothing in common"),
        pytest.param(SCENE, f"{UNRELATED} The target is above the reference.", id="logic only"),
    ],
)
def test_reasoning_about_something_else_is_noted(scene: str, think: str) -> None:
    text = written(scene, focus=None, think=think)
    assert [(f.kind, f.level) for f in found(text)] == [("consistency", "note")]


@pytest.mark.parametrize(
    ("scene", "think", "answer"),
    [
        pytest.param("", UNRELATED, ANSWER, id="empty scene"),
        pytest.param(None, UNRELATED, ANSWER, id="no scene"),
        pytest.param("A street.", UNRELATED, ANSWER, id="scene of one word"),
        pytest.param(SCENE, None, ANSWER, id="no thought"),
        pytest.param(SCENE, "", ANSWER, id="empty thought"),
        pytest.param(SCENE, "It is the one to the right.", ANSWER, id="thought of few words"),
        pytest.param(SCENE, "The only dog.", ANSWER, id="word beyond the first ten"),
        pytest.param(SCENE, THINK, ANSWER, id="short thought"),
        pytest.param(
            SCENE, "Looking for the green traffic light. There is none.", "[]", id="found nothing"
        ),
        pytest.param(
            "公园里有一座红房子和一只棕色的狗。",
            "目标在参考框的右边，是另一个动物。",
            ANSWER,
            id="Chinese",
        ),
        pytest.param(SCENE, "目标在参考框的右边，是一只棕色的动物。", ANSWER, id="two languages"),
        pytest.param(
            "Puistossa on punainen talo, sininen mies sekä ruskea koira.",
            "Kohde sijaitsee talosta oikealle, kyseessä lienee koiran häntä.",
            ANSWER,
            id="Finnish",
        ),
    ],
)  # fmt: skip
def test_where_consistency_is_not_judged_or_fine(
    scene: str | None, think: str | None, answer: str
) -> None:
    assert "consistency" not in kinds(written(scene, None, think, answer))


@pytest.mark.parametrize(
    ("scene", "focus", "think", "expected"),
    [
        pytest.param("", "", "", 0.0, id="nothing"),
        pytest.param("A red house.", "", "The red house", 1.0, id="all of the scene"),
        pytest.param("A red house.", "", "The Red one", 0.5, id="half of the scene, any case"),
        pytest.param("", "A red house.", "a red house", 0.6, id="all of the focus"),
        pytest.param("A red house.", "A dog.", "the red dog", 0.5 + 0.6, id="both"),
        pytest.param("A red house.", "", "houses", 0.0, id="whole words only"),
        pytest.param("It is on the up", "", "it is on the", 0.0, id="stop words do not count"),
        pytest.param("An ox. ox", "", "ox", 0.0, id="short words do not count"),
        pytest.param("red red red house", "", "red", 0.5, id="each word once"),
        pytest.param(
            "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda",
            "",
            "kappa lambda",
            0.1,
            id="first ten words only",
        ),
        pytest.param("", "", "left", 0.4 * 0.5, id="space"),
        pytest.param("", "", "larger", 0.4 * 0.3, id="comparison"),
        pytest.param("", "", "located", 0.4 * 0.2, id="location"),
        pytest.param("", "", "the reference", 0.4 * 0.2, id="reference"),
        pytest.param(
            "", "", "reference located left, larger", 0.4 * 1.2, id="all kinds of logic words"
        ),
    ],
)
def test_consistency_score(scene: str, focus: str, think: str, expected: float) -> None:
    assert consistency_score(scene, focus, think) == pytest.approx(expected)


# --- the reward for citations ------------------------------------------------------------------

A, B, C = (1, 2, 3, 4), (5, 6, 7, 8), (9, 10, 11, 12)


@pytest.mark.parametrize(
    ("cited", "given_boxes", "expected"),
    [
        pytest.param([], [], 1.0, id="nothing to cite"),
        pytest.param([A], [], 1.0, id="nothing given, so full credit"),
        pytest.param([], [A], 0.0, id="nothing cited"),
        pytest.param([A], [A], 1.0, id="cited"),
        pytest.param([A, A], [A, B], 1.0, id="one of two cited, twice"),
        pytest.param([B], [A], 0.25, id="only an invented box"),
        pytest.param([A, B], [A], 0.375, id="one right, one invented"),
        pytest.param([A, B, C], [A, B], 0.5 * (1 + 2 / 3) / 2, id="two right, one invented"),
    ],
)
def test_citation_reward(cited: list[XYXY], given_boxes: list[XYXY], expected: float) -> None:
    assert citation_reward(cited, given_boxes) == pytest.approx(expected)


# --- the report --------------------------------------------------------------------------------


def test_report_of_a_clean_text() -> None:
    assert report(written(), Size(420, 1680), FRAME, [HOUSE]) == {
        "trace": {"scene": SCENE, "focus": "A red house.", "think": THINK, "answer": ANSWER},
        "objects": [
            {
                "id": "R1.1",
                "bbox_xyxy": [50, 180, 70, 260],
                "point_xy": [60, 220],
                "corrected": False,
                "mask": None,
                "mask_quality": None,
                "clicks": [],
            }
        ],
        "findings": [
            {
                "kind": "citation.valid",
                "level": "ok",
                "text": "The reasoning cites reference 1 exactly as given.",
            }
        ],
    }


def test_report_of_an_empty_text() -> None:
    read = report("", Size(640, 480), FRAME, [])
    assert read["trace"] == dict.fromkeys(("scene", "focus", "think", "answer"))
    assert read["objects"] == []
    assert [finding["kind"] for finding in read["findings"]] == ["answer.unreadable"]


@given(st.text() | st.lists(st.sampled_from([ANSWER, "<think>", "<answer>", "</answer>", "[", "1,"]))
       .map("".join))  # fmt: skip
def test_every_text_has_a_report_that_is_json(text: str) -> None:
    read = report(text, Size(3, 2), FRAME, [HOUSE])
    assert json.loads(json.dumps(read)) == read
    for item in read["objects"]:
        x1, y1, x2, y2 = item["bbox_xyxy"]
        assert 0 <= x1 < x2 <= 3
        assert 0 <= y1 < y2 <= 2
