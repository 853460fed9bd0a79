"""Findings: what was cited, what was invented, and what a person is told."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from demo.answers.checks import check_trace
from demo.answers.citations import XYXY, find_citations, find_pointers
from demo.answers.finding import Finding
from demo.answers.trace import parse_trace
from demo.dialogue.limits import MAX_ANSWER
from demo.dialogue.parsed import parse_report
from demo.dialogue.session import ReasonerInfo, Session, Turn
from demo.dialogue.session_json import session_from_json, session_to_json
from demo.errors import SessionFormatError
from demo.picture.geometry import ModelBox, Size
from demo.picture.picture import PictureInfo
from tests.support.texts import BROKEN, CLEAN, Text

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
    return list(check_trace(parse_trace(text, FRAME), named))


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
        pytest.param("在bbox=[10，40、80，120]", "bbox=[10，40、80，120]", id="wide commas"),
        pytest.param("[1e1, 4.0E+1, .8e2, 120]", "[1e1, 4.0E+1, .8e2, 120]", id="powers of ten"),
    ],
)
def test_box_in_a_text(text: str, expected: str) -> None:
    (citation,) = find_citations(text)
    assert citation.box == (10, 40, 80, 120)
    assert text[citation.start : citation.end] == expected


def test_boxes_come_in_order_and_as_written() -> None:
    text = "bbox=[9, 8, 7, 6] and [-1, 0, 2, 3] and [9, 8, 7, 6]"
    found = find_citations(text)
    assert [c.box for c in found] == [(9, 8, 7, 6), (-1, 0, 2, 3), (9, 8, 7, 6)]
    assert find_citations(text, last=2) == found[1:]


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


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("the dog at (12, 34)", ["(12, 34)"], id="one"),
        pytest.param("(0,0) or ( 839 , 839 )", ["(0,0)", "( 839 , 839 )"], id="from edge to edge"),
        pytest.param("(840, 3), (3, 840)", [], id="outside the frame"),
        pytest.param("(1, 2, 3) (4) (1.5, 2) [1, 2] (-1, 2)", [], id="no points"),
        pytest.param("(1" * 100_000 + ", 2", [], id="a long text"),
    ],
)
def test_points_in_a_text(text: str, expected: list[str]) -> None:
    found_points = find_pointers(text, FRAME)
    assert [text[p.start : p.end] for p in found_points] == expected
    assert [str(p.xy).replace(" ", "") for p in found_points] == [
        written.replace(" ", "") for written in expected
    ]


# --- findings on citations ---------------------------------------------------------------------


def test_clean_turn_with_a_reference() -> None:
    (finding,) = found(written(), HOUSE)
    assert (finding.kind, finding.level) == ("citation.valid", "ok")
    assert finding.text == "The reasoning cites R1 exactly as given."


def test_clean_turn_without_a_reference_has_no_finding() -> None:
    text = written(focus=None, think="Looking for the brown dog. It is the brown dog on the right.")
    assert found(text) == []


def test_reference_that_is_not_cited() -> None:
    (finding,) = found(written(think="The brown dog is right of the red house."), HOUSE)
    assert (finding.kind, finding.level) == ("citation.missing", "warning")
    assert finding.text == "The reasoning does not cite R1, although the question refers to it."


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
    think = "The target is left of bbox=[308, 0, 541, 147], so not [308, 0, 541, 147]."
    text = written(focus="A man at [416, 88, 628, 338].", think=think)
    missing, invented = found(text, ModelBox(416, 88, 628, 338))
    assert missing.kind == "citation.missing"
    assert (invented.kind, invented.level) == ("citation.invented", "warning")
    assert invented.text == (
        "The reasoning mentions a box [308, 0, 541, 147] that nobody gave: treat it with care."
    )
    assert invented.part == "think"
    assert invented.span is not None
    assert think[slice(*invented.span)] == "bbox=[308, 0, 541, 147]"
    assert invented.model_box == (308, 0, 541, 147)


@pytest.mark.parametrize(
    ("written_box", "shown", "model_box"),
    [
        pytest.param("[5,6,7,8]", "[5, 6, 7, 8]", (5, 6, 7, 8), id="whole numbers"),
        pytest.param("[.1, .6, .4, 1.]", "[.1, .6, .4, 1.]", (0, 1, 0, 1), id="shares of one"),
        pytest.param(
            "[5, 6, 7000000000, 8]", "[5, 6, 7000000000, 8]", None, id="too far out to be shown"
        ),
    ],
)
def test_an_invented_box_is_told_as_written(
    written_box: str, shown: str, model_box: XYXY | None
) -> None:
    (finding,) = found(written(focus=None, think=f"Right of {written_box}."))
    assert f" {shown} " in finding.text
    assert finding.model_box == model_box


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
        f"<scene>{SCENE}</scene><think>[1, 2, 3, 4]. Quick purple spaceships devour "
        "distant galaxies and unicorns sing hymns. It hums. It hums. It hums.</think>"
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

UNRELATED = (
    "Quick purple spaceships devour the distant galaxies while unicorns sing and planets explode."
)


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
        pytest.param("A street with cars, houses and trees.", UNRELATED, ANSWER, id="short scene"),
        pytest.param(
            f"{SCENE} Purple planets.", UNRELATED, ANSWER, id="two words of ten in common"
        ),
        pytest.param(
            "A galaxy seen in the night sky above distance markers, hills and trees.",
            UNRELATED,
            ANSWER,
            id="words of one family",
        ),
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


# --- places ------------------------------------------------------------------------------------

FAR = '[{"bbox_2d": [1, 2, 9, 8]}, {"bbox_2d": [700, 0, 900, 9], "point_2d": [5, 5]}]'


def place(text: str, kind: str, *given_boxes: ModelBox) -> tuple[Finding, str | None]:
    """The first finding of a kind, and the words it is about."""
    finding = next(f for f in found(text, *given_boxes) if f.kind == kind)
    part = finding.part and getattr(parse_trace(text, FRAME).text, finding.part)
    return finding, part and finding.span and part[slice(*finding.span)]


@pytest.mark.parametrize(
    ("text", "kind", "part", "words"),
    [
        pytest.param(written(), "citation.valid", "think", "bbox=[10, 40, 80, 120]", id="valid"),
        pytest.param(written(think="Right."), "citation.missing", "think", None, id="missing"),
        pytest.param(written(think=None), "citation.missing", None, None, id="nothing thought"),
        pytest.param(
            written(focus="See [1, 2, 3, 4]."), "citation.invented", "focus", "[1, 2, 3, 4]",
            id="invented in the focus",
        ),
        pytest.param(written(focus=None), "focus.missing", None, None, id="no focus"),
        pytest.param(written(answer="[]"), "answer.empty", "answer", None, id="empty"),
        pytest.param(written(answer=None), "answer.unreadable", None, None, id="no answer"),
        pytest.param(written(answer="A dog."), "answer.unreadable", "answer", None, id="prose"),
        pytest.param(
            written(answer=FAR), "answer.clamped", "answer", "[700, 0, 900, 9]", id="clamped"
        ),
        pytest.param(
            written(answer=FAR), "point.outside", "answer", "[700, 0, 900, 9]", id="point outside"
        ),
        pytest.param(
            written(answer=FAR.replace("9]", "9.2]")[:-1]), "point.outside", "answer",
            "[700, 0, 900, 9.2]", id="point outside, in a mended answer",
        ),
        pytest.param(
            "<think>So the dog is right of the house and left of the man, beh", "trace.truncated",
            "think", "right of the house and left of the man, beh", id="truncated",
        ),
        pytest.param("<think>", "trace.truncated", None, None, id="truncated before any text"),
        pytest.param(
            written(think="No.  It\tis red. It is red! It  IS red."), "trace.repeats", "think",
            "It is red", id="repeated",
        ),
        pytest.param(
            written("It is red.", "It is red.", "It is red."), "trace.repeats", "think",
            "It is red", id="repeated from part to part",
        ),
    ],
)  # fmt: skip
def test_a_finding_knows_its_place_in_the_trace(
    text: str, kind: str, part: str | None, words: str | None
) -> None:
    finding, said = place(text, kind, HOUSE)
    assert (finding.part, said) == (part, words)


def test_a_finding_knows_its_place_on_the_picture() -> None:
    text = written(focus=None, think="[1, 2, 3, 4]", answer=FAR)
    assert [(f.kind, f.region, f.object, f.model_box) for f in found(text, HOUSE, DOG)] == [
        ("focus.missing", "R1", None, None),
        ("citation.missing", "R1", None, None),
        ("citation.missing", "R2", None, None),
        ("citation.invented", None, None, (1, 2, 3, 4)),
        ("answer.clamped", None, 2, None),
        ("point.outside", None, 2, None),
    ]


# --- the table ---------------------------------------------------------------------------------


EMPTY = Session.begin(PictureInfo("a.png", Size(4, 3), "0" * 64), ReasonerInfo("table", FRAME))


def test_the_table_is_large_and_its_rows_are_told_apart() -> None:
    assert len(CLEAN) >= 50
    assert len(CLEAN) + len(BROKEN) >= 120
    captions = [text.caption for text in (*CLEAN, *BROKEN)]
    assert len(set(captions)) == len(captions)


@pytest.mark.parametrize(
    "text",
    [
        *(pytest.param(text, id=f"clean: {text.caption}") for text in CLEAN),
        *(pytest.param(text, id=f"broken: {text.caption}") for text in BROKEN),
    ],
)
def test_a_text_is_met_with_exactly_these_findings(text: Text) -> None:
    trace = parse_trace(text.raw, FRAME)
    named = [(f"R{i}", ModelBox(*box)) for i, box in enumerate(text.given, start=1)]
    findings = check_trace(trace, named)
    assert sorted(f.kind for f in findings) == sorted(text.kinds)
    assert tuple(item.box.xyxy for item in trace.objects) == text.boxes
    for finding in findings:
        assert finding.text[0].isupper()
        assert finding.text.endswith(".")
        assert len(finding.text) < 500
        if finding.span is not None:
            start, end = finding.span
            assert 0 <= start < end <= len(getattr(trace.text, str(finding.part)))
    turn = Turn("find it", "find it", trace=trace.text, findings=findings)
    if len(text.raw) <= MAX_ANSWER:  # longer ones are cut before they get there
        assert saved_and_read(turn) == turn


def saved_and_read(turn: Turn) -> Turn:
    session = EMPTY.with_turn(turn, EMPTY.registry)
    return session_from_json(json.loads(json.dumps(session_to_json(session)))).turns[0]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("part", "thought"), ("span", [3, 1]), ("span", [-1, 2]), ("span", [1]), ("region", "house"),
        ("object", "first"), ("model_box", [1, 2, 3]), ("model_box", [1, 2, 3, 1e300]),
    ],
)  # fmt: skip
def test_a_place_that_is_none_is_refused(field: str, value: object) -> None:
    turn = Turn("find it", "find it", findings=(Finding("focus.unasked", "note", "So."),))
    saved = session_to_json(EMPTY.with_turn(turn, EMPTY.registry))
    assert saved["turns"][0]["findings"] == [
        {"kind": "focus.unasked", "level": "note", "text": "So."}
    ]
    saved["turns"][0]["findings"][0][field] = value
    with pytest.raises(SessionFormatError):
        session_from_json(saved)


# --- the report --------------------------------------------------------------------------------


def test_report_of_a_clean_text() -> None:
    assert parse_report(written(), Size(420, 1680), FRAME, [HOUSE]) == {
        "trace": {"scene": SCENE, "focus": "A red house.", "think": THINK, "answer": ANSWER},
        "objects": [
            {
                "id": "R1.1",
                "bbox_xyxy": [50, 180, 70, 260],
                "point_xy": [60, 220],
                "corrected": False,
                "by_hand": False,
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
                "part": "think",
                "span": [44, 66],
                "region": "reference 1",
            }
        ],
    }


def test_report_of_an_empty_text() -> None:
    read = parse_report("", Size(640, 480), FRAME, [])
    assert read["trace"] == dict.fromkeys(("scene", "focus", "think", "answer"))
    assert read["objects"] == []
    assert [finding["kind"] for finding in read["findings"]] == ["answer.unreadable"]


@given(st.text() | st.lists(st.sampled_from([ANSWER, "<think>", "<answer>", "</answer>", "[", "1,"]))
       .map("".join))  # fmt: skip
def test_every_text_has_a_report_that_is_json(text: str) -> None:
    read = parse_report(text, Size(3, 2), FRAME, [HOUSE])
    assert json.loads(json.dumps(read)) == read
    for item in read["objects"]:
        x1, y1, x2, y2 = item["bbox_xyxy"]
        assert 0 <= x1 < x2 <= 3
        assert 0 <= y1 < y2 <= 2
