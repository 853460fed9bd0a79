"""Reading the objects of an answer: well formed, broken, and beyond the frame."""

from __future__ import annotations

import json

import pytest

from demo.answers.boxes import TraceObject
from demo.answers.trace import Problem, Trace, parse_trace
from demo.picture.geometry import ModelBox, ModelPoint, Size

FRAME = Size(840, 840)
DOG = TraceObject(ModelBox(100, 90, 140, 130), ModelPoint(120, 110))
OBJECT = '{"bbox_2d": [100, 90, 140, 130], "point_2d": [120, 110]}'
CAT = TraceObject(ModelBox(200, 90, 240, 130), ModelPoint(220, 110))
OTHER = '{"bbox_2d": [200, 90, 240, 130], "point_2d": [220, 110]}'


def answered(answer: str) -> Trace:
    return parse_trace(f"<think>Looking.</think><answer>{answer}</answer>", FRAME)


def kinds(trace: Trace) -> list[str]:
    return [problem.kind for problem in trace.problems]


def boxes(trace: Trace) -> list[tuple[int, int, int, int]]:
    return [item.box.xyxy for item in trace.objects]


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        pytest.param(f"[{OBJECT}]", [DOG], id="one object"),
        pytest.param(f"[{OBJECT}, {OTHER}]", [DOG, CAT], id="two objects"),
        pytest.param(f"\n  [\n {OBJECT}\n ]\t\n", [DOG], id="white space"),
        pytest.param(
            '[{"bbox_2d":[99.6,90.4,139.5,130.49],"point_2d":[119.5,1.1e2]}]', [DOG], id="floats"
        ),
        pytest.param(
            '[{"bbox_2d": [100, 90, 140, 130]}]', [TraceObject(DOG.box)], id="no point is no fault"
        ),
        pytest.param(
            '[{"bbox_2d": [100, 90, 140, 130], "point_2d": null}]',
            [TraceObject(DOG.box)],
            id="null for a point",
        ),
        pytest.param(
            '[{"label": "the \\"big\\" {dog}, [1, 2] // </b>", "score": 0.9, "tags": ["a", {}], '
            '"point_2d": [120, 110], "bbox_2d": [100, 90, 140, 130]}]',
            [DOG],
            id="more keys than asked for",
        ),
        pytest.param(
            '[{"bbox_2d": [0, 0, 840, 840], "point_2d": [0, 839]}]',
            [TraceObject(ModelBox(0, 0, 840, 840), ModelPoint(0, 839))],
            id="the whole frame",
        ),
    ],
)
def test_well_formed_answers_have_no_problem(answer: str, expected: list[TraceObject]) -> None:
    trace = answered(answer)
    assert trace.objects == tuple(expected)
    assert trace.problems == ()


@pytest.mark.parametrize("answer", ["[]", " [ ] ", "[\n]"])
def test_empty_list_says_that_nothing_matches(answer: str) -> None:
    trace = answered(answer)
    assert trace.objects == ()
    assert kinds(trace) == ["answer.empty"]


# --- broken answers ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "phrase"),
    [
        pytest.param(f"```json\n[{OBJECT}]\n```", "a Markdown fence", id="fence with language"),
        pytest.param(f"```[{OBJECT}]```", "a Markdown fence", id="fence on one line"),
        pytest.param(f"[{OBJECT}]".replace('"', "'"), "quotes", id="single quotes"),
        pytest.param(
            "[{'label': 'the players' coach's hat', 'bbox_2d': [100, 90, 140, 130], "
            "'point_2d': [120, 110]}]",
            "quotes",
            id="apostrophes in single quotes",
        ),
        pytest.param(f"[{OBJECT}]".replace('"', ""), "quotes", id="no quotes"),
        pytest.param(
            "[{“bbox_2d”: [100, 90, 140, 130], “point_2d”: [120, 110]}]",
            "quotes",
            id="typographic quotes",
        ),
        pytest.param(f"[{OBJECT},]", "commas", id="comma after the last object"),
        pytest.param(
            '[{"bbox_2d": [100, 90, 140, 130,], "point_2d": [120, 110],}]',
            "commas",
            id="commas after the last numbers",
        ),
        pytest.param(
            '[{"bbox_2d": [100 90 140 130] "point_2d": [120 110]}]', "commas", id="no commas"
        ),
        pytest.param(f"[{OBJECT}]".replace(",", ";"), "JSON", id="semicolons"),
        pytest.param(
            '[{"bbox_2d"：[100，90，140，130]，"point_2d"：[120、110]}]', "JSON", id="wide marks"
        ),
        pytest.param(f"[{OBJECT}]".replace('"', '\\"'), "JSON", id="backslashes before quotes"),
        pytest.param(
            f'"[{OBJECT}]"'.replace(' "', ' \\"').replace('{"', '{\\"').replace('":', '\\":'),
            "text around",
            id="JSON as a text",
        ),
        pytest.param(
            f"[{OBJECT} // don't take [1, 2, 3, 4] or {{}}\n]", "comments", id="line comment"
        ),
        pytest.param(f'[/* the " dog **/{OBJECT}]', "comments", id="block comment"),
        pytest.param(f"[{OBJECT[:-1]}]", "JSON", id="brace never closed"),
        pytest.param(f"[{OBJECT}", "JSON", id="bracket never closed"),
        pytest.param(f"[{OBJECT[:-2]}}}]", "JSON", id="point never closed"),
        pytest.param(f"[{OBJECT}]]}}", "text around", id="too many brackets"),
        pytest.param(f"The dog: [{OBJECT}] (brown)", "text around", id="prose around"),
        pytest.param(f"right of [1, 2, 3, 4]: [{OBJECT}]", "text around", id="box in prose"),
        pytest.param(OBJECT, "a lone object", id="lone object"),
        pytest.param(f'{{"objects": [{OBJECT}]}}', "nested", id="list inside an object"),
        pytest.param(f"[[{OBJECT}]]", "nested", id="list in a list"),
        pytest.param(
            '[{"bbox_2d": [[100, 90, 140, 130]], "point_2d": [[120, 110]]}]',
            "nested",
            id="box in a list of boxes",
        ),
        pytest.param(
            '{"bbox": [100, 90, 140, 130], "points_1": [120, 110], "points_2": [130, 100]}',
            "other keys",
            id="Seg-Zero's form",
        ),
        pytest.param(
            '[{"bbox_2d": ["100", "90", " 140", "130"], "point_2d": "120, 110"}]',
            "numbers written as text",
            id="numbers as strings",
        ),
        pytest.param(
            '[{"bbox_2d": "[100, 90, 140, 130]", "point_2d": [120, 110]}]',
            "numbers written as text",
            id="box as a string",
        ),
        pytest.param(
            '[{"bbox_2d": [140, 90, 100, 130], "point_2d": [120, 110]}]',
            "swapped corners",
            id="x1 > x2",
        ),
        pytest.param(
            '[{"bbox_2d": [100, 130, 140, 90], "point_2d": [120, 110]}]',
            "swapped corners",
            id="y1 > y2",
        ),
        pytest.param(f'[{{"label": "dog"}}, {OBJECT}]', "one object without", id="no box"),
        pytest.param(
            f'[{{"bbox_2d": [NaN, 1, 2, 3]}}, {{"bbox_2d": [1, -Infinity, 2, 3]}}, {OBJECT}]',
            "2 objects without",
            id="NaN and infinity",
        ),
        pytest.param(
            f'[{{"bbox_2d": [1e400, 1, 2, 3]}}, {{"bbox_2d": [1, 1e12, 2, {"9" * 5000}]}}, '
            f"{OBJECT}]",
            "2 objects without",
            id="huge numbers",
        ),
        pytest.param(
            '[{"bbox_2d": [1, 2, 3]}, {"bbox_2d": [1, 2, 3, 4, 5]}, {"bbox_2d": [true, 2, 3, 4]}, '
            f'{{"bbox_2d": [[1, 2], [3]]}}, {{"bbox_2d": {{}}}}, {OBJECT}]',
            "5 objects without",
            id="not four numbers",
        ),
        pytest.param(f'[{OBJECT}, 5, "dog"]', "belong to no object", id="values among objects"),
    ],
)
def test_mended_answers_say_what_was_mended(answer: str, phrase: str) -> None:
    trace = answered(answer)
    assert trace.objects == (DOG,)
    assert kinds(trace) == ["answer.repaired"]
    assert phrase in trace.problems[0].detail


@pytest.mark.parametrize("key", ["bbox", "box", "box_2d", "bounding_box", "BBOX_2D", "bboxes"])
def test_box_is_found_under_other_keys(key: str) -> None:
    trace = answered(f'[{{"{key}": [100, 90, 140, 130]}}]')
    assert boxes(trace) == [(100, 90, 140, 130)]
    assert kinds(trace) == ["answer.repaired"]


@pytest.mark.parametrize("key", ["point", "points", "point_2D", "points_1"])
def test_point_is_found_under_other_keys(key: str) -> None:
    trace = answered(f'[{{"bbox_2d": [100, 90, 140, 130], "{key}": [120, 110]}}]')
    assert trace.objects == (DOG,)
    assert kinds(trace) == ["answer.repaired"]


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        pytest.param("[1, 2, 3, 4]", [(1, 2, 3, 4)], id="bare numbers"),
        pytest.param("The box is [1, 2, 3, 4].", [(1, 2, 3, 4)], id="bare numbers in prose"),
        pytest.param("bbox_2d=[1, 2, 3, 4]", [(1, 2, 3, 4)], id="named, but no JSON"),
        pytest.param("[[1, 2, 3, 4], [5, 6, 7, 8]]", [(1, 2, 3, 4), (5, 6, 7, 8)], id="lists"),
        pytest.param(
            '{"bbox_2d": [1, 2, 3, 4]}\n{"bbox_2d": [5, 6, 7, 8]}',
            [(1, 2, 3, 4), (5, 6, 7, 8)],
            id="objects without a list",
        ),
        pytest.param(
            '{"bboxes": [[1, 2, 3, 4], [5, 6, 7, 8]], "points": [[2, 3], [6, 7]]}',
            [(1, 2, 3, 4), (5, 6, 7, 8)],
            id="one object of many boxes",
        ),
    ],
)
def test_other_forms_of_an_answer(answer: str, expected: list[tuple[int, int, int, int]]) -> None:
    trace = answered(answer)
    assert boxes(trace) == expected
    assert kinds(trace) == ["answer.repaired"]


@pytest.mark.parametrize(
    "point", ['"left"', "[1]", "[1, 2, 3]", "[NaN, 2]", "[]", "true"], ids="point {}".format
)
def test_point_that_cannot_be_read_is_left_out(point: str) -> None:
    trace = answered(f'[{{"bbox_2d": [1, 2, 3, 4], "point_2d": {point}}}]')
    assert trace.objects == (TraceObject(ModelBox(1, 2, 3, 4)),)
    assert kinds(trace) == ["answer.repaired"]


@pytest.mark.parametrize(
    "box",
    [
        pytest.param([840, 5, 840, 5], id="no width and no height"),
        pytest.param([379, 155, 379, 163], id="no width"),
        pytest.param([10, 40, 80, 40], id="no height"),
        pytest.param([379.1, 155, 379.4, 163], id="none after rounding"),
        pytest.param([0.1, 0.2, 0.1005, 0.4], id="none in fractions"),
        pytest.param([900, 900, 950, 950], id="wholly outside"),
        pytest.param([-50, 10, 0, 20], id="beside the frame"),
    ],
)
def test_box_without_an_area_is_no_object(box: list[float]) -> None:
    alone = answered(json.dumps([{"bbox_2d": box, "point_2d": [5, 5]}]))
    assert alone.objects == ()
    assert kinds(alone) == ["answer.unreadable"]
    assert alone.problems[0].detail.startswith("instead there is the box [")
    beside = answered(f'[{{"bbox_2d": {box}}}, {OBJECT}]')
    assert beside.objects == (DOG,)
    assert kinds(beside) == ["answer.repaired"]
    assert "one object without a usable box was left out (the box [" in beside.problems[0].detail


@pytest.mark.parametrize(
    ("box", "expected"),
    [
        pytest.param([379, 155, 380, 163], (379, 155, 380, 163), id="one pixel wide"),
        pytest.param([839, 839, 840, 840], (839, 839, 840, 840), id="the last pixel"),
        pytest.param([379.4, 155, 379.6, 163], (379, 155, 380, 163), id="one after rounding"),
    ],
)
def test_thin_box_is_kept(box: list[float], expected: tuple[int, ...]) -> None:
    trace = answered(json.dumps([{"bbox_2d": box}]))
    assert boxes(trace) == [expected]
    assert trace.problems == ()


@pytest.mark.parametrize(
    "answer",
    ["", "  ", "The dog is brown.", "[", "42", "[1, 2, 3]", "```", "{", '[{"label": "dog"}]',
     '[{"bbox_2d": [NaN, 1, 2, 3]}]', "[NaN, 1, 2, 3]", '"', "/*", "\\"],
)  # fmt: skip
def test_answer_without_boxes_is_unreadable(answer: str) -> None:
    trace = answered(answer)
    assert trace.objects == ()
    assert kinds(trace) == ["answer.unreadable"]


@pytest.mark.parametrize(
    "answer",
    ["```json\n[]\n```", "[] // nothing", "Nothing: []"],
    ids=["fence", "comment", "prose"],
)
def test_mended_empty_list_is_empty_as_well(answer: str) -> None:
    assert kinds(answered(answer)) == ["answer.repaired", "answer.empty"]


# --- the frame ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("box", "expected"),
    [
        pytest.param([-5, 10, 20, 30], (0, 10, 20, 30), id="left of it"),
        pytest.param([700, 0, 900, 100], (700, 0, 840, 100), id="right of it"),
        pytest.param([0, 800, 10, 1e6], (0, 800, 10, 840), id="below it"),
        pytest.param([838.6, 10, 900, 20], (839, 10, 840, 20), id="but for one pixel"),
    ],
)
def test_box_beyond_the_frame_is_cut(box: list[float], expected: tuple[int, ...]) -> None:
    trace = answered(json.dumps([{"bbox_2d": box}]))
    assert boxes(trace) == [expected]
    assert kinds(trace) == ["answer.clamped"]
    assert str(list(expected)) in trace.problems[0].detail


def test_point_beyond_the_frame_is_cut() -> None:
    trace = answered('[{"bbox_2d": [700, 0, 840, 100], "point_2d": [900, 50]}]')
    assert trace.objects[0].point == ModelPoint(839, 50)
    assert trace.problems == (Problem("answer.clamped", "the point [900, 50] became [839, 50]"),)


def test_many_cuts_make_one_short_problem() -> None:
    trace = answered(json.dumps([{"bbox_2d": [i, 0, 900, 9]} for i in range(10)]))
    assert kinds(trace) == ["answer.clamped"]
    assert trace.problems[0].detail.endswith("and 7 more")


def test_point_outside_its_box_is_kept_and_said() -> None:
    trace = answered('[{"bbox_2d": [1, 2, 30, 40], "point_2d": [30, 40]}, '
                     '{"bbox_2d": [1, 2, 30, 41], "point_2d": [31, 40]}]')  # fmt: skip
    assert trace.objects[1].point == ModelPoint(31, 40)
    assert trace.problems == (Problem("point.outside", "object 2"),)


def test_the_frame_need_not_be_square() -> None:
    text = '<answer>[{"bbox_2d": [0, 0, 100, 100]}]</answer>'
    assert boxes(parse_trace(text, Size(100, 50))) == [(0, 0, 100, 50)]
