"""The forms of an answer in other trainings: those that mean one thing only, and those that do not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from demo.answers.boxes import TraceObject
from demo.answers.trace import ObjectFound, Trace, TraceParser, parse_trace
from demo.dialects.known import QWEN_2_VL
from demo.evaluate.metrics import says_none
from demo.picture.geometry import ModelBox, ModelPoint, Size

FRAME = Size(840, 840)
BOX = ModelBox(10, 20, 300, 400)
THING, POINTED = TraceObject(BOX), TraceObject(BOX, ModelPoint(15, 25))
DOG = TraceObject(ModelBox(100, 90, 140, 130))
OBJECT = '{"bbox_2d": [100, 90, 140, 130]}'


def answered(answer: str, frame: Size = FRAME) -> Trace:
    return parse_trace(f"<think>Looking.</think><answer>{answer}</answer>", frame)


def kinds(trace: Trace) -> list[str]:
    return [problem.kind for problem in trace.problems]


# --- nothing is there --------------------------------------------------------------------------

EMPTY = [
    "None",
    "null",
    "No Objects",
    "{}",
    "[{}]",
    "[{}, {}]",
    "[[]]",
    "[[[]]]",
    "[null]",
    "[None]",
    '["none"]',
    "[none]",
    '"none"',
    "'None'",
    "N/A",
    '""',
    "()",
    "( )",
    "```json\nnull\n```",
    "undefined",
    '[{"bbox_2d": [], "point_2d": []}]',
    '[{"bbox_2d": null}]',
    '[{"bbox_2d": null, "point_2d": null}]',
    "[{'bbox_2d': None, 'point_2d': None}]",
    '{"bbox_2d": "none"}',
    '[{"bbox_2d": "N/A", "point_2d": "N/A"}]',
    '[{"bbox_2d": ""}]',
    '[{"bbox_2d": {}}]',
    '[{"bbox_2d": [null, null, null, null]}]',
    '[{"bbox_2d": [[]]}]',
    '[{"bbox_2d": [], "point_2d": [], "label": "none"}]',
    '[{"bbox_2d": [], "label": "dog", "score": 0.0}]',
    '[{"bbox_2d": null, "point_2d": [0, 0]}]',
    '[{"label": "none"}]',
    '{"bboxes": [], "points": []}',
    '{"objects": []}',
    '{"objects": null}',
    '{"objects": [], "label": "dog"}',
    '{"objects": [{"bbox_2d": []}]}',
    '{"result": null}',
    '{"answer": "none"}',
    '{"message": "No dog was found in the image."}',
    '{"found": false}',
    '{"status": "not found", "label": "dog"}',
    '{"exists": False, "bbox_2d": None}',
    '{"count": 0}',
    '{"count": 0, "objects": []}',
    '[{"bbox_2d": [0, 0, 0, 0], "point_2d": [0, 0]}]',
    '[{"bbox_2d": [0.0, 0.0, 0.0, 0.0]}]',
    "[0, 0, 0, 0]",
    '[{"bbox_2d": ["0", "0", "0", "0"]}]',
    "[[0, 0, 0, 0]]",
    "(0, 0), (0, 0)",
    '[{"bbox_2d": [-1, -1, -1, -1]}]',
    '[{"x1": 0, "y1": 0, "x2": 0, "y2": 0}]',
    '[{"bbox_2d": [0, 0, 0, 0]}, {"bbox_2d": [0, 0, 0, 0]}]',
    "There is no dog right of bbox=[10, 40, 80, 120].",
]


@pytest.mark.parametrize("answer", EMPTY)
def test_nothing_in_its_many_forms(answer: str) -> None:
    trace = answered(answer)
    assert trace.objects == ()
    assert kinds(trace)[-1] == "answer.empty"
    assert set(kinds(trace)) <= {"answer.repaired", "answer.empty"}
    assert says_none(kinds(trace))


def test_zeros_of_qwen2_vl_are_nothing() -> None:
    text = "<|object_ref_start|>the dog<|object_ref_end|><|box_start|>(0,0),(0,0)<|box_end|>"
    assert kinds(parse_trace(text, FRAME, QWEN_2_VL)) == ["answer.empty"]


@pytest.mark.parametrize("nothing", ['{"bbox_2d": [0, 0, 0, 0]}', "{}", '{"bbox_2d": null}'])
def test_nothing_beside_an_object_is_left_out(nothing: str) -> None:
    for answer in (f"[{nothing}, {OBJECT}]", f"[{OBJECT}, {nothing}]"):
        trace = answered(answer)
        assert trace.objects == (DOG,)
        assert kinds(trace) == ["answer.repaired"]
        assert "one object without a usable box was left out" in trace.problems[0].detail


# --- forms that are read -----------------------------------------------------------------------

READ = [
    ('[{"bbox_2d": [[10,20],[300,400]]}]', [THING], "corners"),
    ('[{"bbox_2d": [[10,20],[300,400]], "point_2d": [15,25]}]', [POINTED], "corners"),
    ("(10,20),(300,400)", [THING], "round brackets"),
    ("(10, 20) (300, 400)", [THING], "round brackets"),
    ("（10，20），（300，400）", [THING], "round brackets"),
    ("(10,20,300,400)", [THING], "round brackets"),
    ("(10 20 300 400)", [THING], "round brackets"),
    ("[(10,20),(300,400)]", [THING], "round brackets"),
    ('[{"bbox_2d": (10,20,300,400)}]', [THING], "round brackets"),
    ('[{"bbox_2d": (10,20,300,400), "point_2d": (15,25)}]', [POINTED], "round brackets"),
    ('[{"bbox_2d": ((10,20),(300,400))}]', [THING], "corners"),
    ("<|box_start|>(10,20),(300,400)<|box_end|>", [THING], "round brackets"),
    ("<ref>the dog</ref><box>(10,20),(300,400)</box>", [THING], "round brackets"),
    ("<ref>dog</ref><box>[[10,20,300,400]]</box>", [THING], "bare list"),
    ("<box>10 20 300 400</box>", [THING], "bare list"),
    ("<box>10, 20, 300, 400</box><box>100, 90, 140, 130</box>", [THING, DOG], "bare list"),
    ("<|det|>[[10, 20, 300, 400]]<|/det|>", [THING], "nested"),
    ("10, 20, 300, 400", [THING], "bare list"),
    ("10 20 300 400", [THING], "bare list"),
    ("bbox_2d: 10, 20, 300, 400", [THING], "bare list"),
    ("the brown dog: 10 20 300 400\nthe dog: 100 90 140 130", [THING, DOG], "bare list"),
    ("| x1 | y1 | x2 | y2 |\n|---|---|---|---|\n| 10 | 20 | 300 | 400 |", [THING], "bare list"),
    ("\\boxed{[10, 20, 300, 400]}", [THING], "bare list"),
    ('<box x1="10" y1="20" x2="300" y2="400"/>', [THING], "sides with names"),
    ("Box(x1=10, y1=20, x2=300, y2=400)", [THING], "sides with names"),
    ("tensor([[10., 20., 300., 400.]])", [THING], "bare list"),
    ('[{"bbox_2d": 10, 20, 300, 400}]', [THING], "mistakes in the JSON"),
    ('[{"bbox_2d": [x1=10, y1=20, x2=300, y2=400]}]', [THING], "sides with names"),
    (
        '[{"bbox_2d": ["10, 20, 300, 400", "100, 90, 140, 130"]}]',
        [THING, DOG],
        "numbers written as text",
    ),
    ("10, 20, 300, 400\n100, 90, 140, 130", [THING, DOG], "bare list"),
    ("{10, 20, 300, 400}", [THING], "bare list"),
    ('[{"bbox_2d": {"x1":10,"y1":20,"x2":300,"y2":400}}]', [THING], "sides with names"),
    (
        '[{"bbox_2d": {"x1":10,"y1":20,"x2":300,"y2":400}, "point_2d": {"x":15,"y":25}}]',
        [POINTED],
        "sides",
    ),
    ('[{"x1":10,"y1":20,"x2":300,"y2":400}]', [THING], "sides with names"),
    ('[{"x0":10,"y0":20,"x1":300,"y1":400}]', [THING], "sides with names"),
    ('[{"xmin":10,"ymin":20,"xmax":300,"ymax":400}]', [THING], "sides with names"),
    (
        '[{"x_min":10,"y_min":20,"x_max":300,"y_max":400, "point_2d": [15, 25]}]',
        [POINTED],
        "sides with names",
    ),
    ('{"Left":10,"Top":20,"Right":300,"Bottom":400}', [THING], "sides with names"),
    ('[{"ymax":400,"xmax":300,"ymin":20,"xmin":10,"label":"dog"}]', [THING], "sides with names"),
    (
        '[{"label":"dog","bndbox":{"xmin":10,"ymin":20,"xmax":300,"ymax":400}}]',
        [THING],
        "sides with names",
    ),
    (
        '{"boxes": [{"x1":10,"y1":20,"x2":300,"y2":400},{"x1":100,"y1":90,"x2":140,"y2":130}]}',
        [THING, DOG],
        "sides",
    ),
    ('[{"xmin":"10","ymin":"20","xmax":"300","ymax":"400"}]', [THING], "numbers written as text"),
    ("x1=10, y1=20, x2=300, y2=400", [THING], "sides with names"),
    ("x1: 10\ny1: 20\nx2: 300\ny2: 400", [THING], "sides with names"),
    ("<xmin>10</xmin><ymin>20</ymin><xmax>300</xmax><ymax>400</ymax>", [THING], "sides with names"),
    ('[{"bbox_2d": "x1=10, y1=20, x2=300, y2=400"}]', [THING], "sides with names"),
    ('[{"x":10,"y":20,"width":290,"height":380}]', [THING], "a corner and a size"),
    ('[{"x":10,"y":20,"w":290,"h":380}]', [THING], "a corner and a size"),
    ('[{"left":10,"top":20,"width":290,"height":380}]', [THING], "a corner and a size"),
    ('[{"bbox_xywh": [10, 20, 290, 380]}]', [THING], "a corner and a size"),
    ('[{"top_left": [10,20], "bottom_right": [300,400]}]', [THING], "corners"),
    ('[{"top_left": {"x":10,"y":20}, "bottom_right": {"x":300,"y":400}}]', [THING], "corners"),
    ('[{"quad_2d": [[10,20],[300,20],[300,400],[10,400]]}]', [THING], "an outline"),
    ('[{"quad_2d": [10,20,300,20,300,400,10,400]}]', [THING], "an outline"),
    ('[{"bbox_2d": [[10,20],[300,20],[300,400],[10,400]]}]', [THING], "an outline"),
    ('[{"polygon": [[10,30],[150,20],[300,200],[140,400]]}]', [THING], "an outline"),
    ('[{"bbox_2d":[10,20,300,400,"point_2d":[15,25]}]', [POINTED], "mistakes in the JSON"),
    (
        '[{"bbox_2d":[10,20,300,400,"point_2d":[15,25],"label":"dog"}, ' + OBJECT + "]",
        [POINTED, DOG],
        "mistakes in the JSON",
    ),
    ("[{'bbox_2d':[10,20,300,400, 'point_2d':[15,25]}]", [POINTED], "mistakes in the JSON"),
    ('[{"bbox_2d":[10,20,300,400], ' + OBJECT + "]", [THING, DOG], "mistakes in the JSON"),
    (
        '[{"bbox_2d":[10,20,300,400],"bbox_2d":[100,90,140,130]}]',
        [THING, DOG],
        "mistakes in the JSON",
    ),
    (
        '[{"bbox_2d":[10,20,300,400],"point_2d":[15,25],"bbox_2d":[100,90,140,130]}]',
        [POINTED, DOG],
        "mistakes",
    ),
    ('[{"bbox_2d":[10,20,300,400,0.93]}]', [THING], "beside the numbers"),
    ('[{"bbox_2d":[10,20,300,400,0.93,2]}]', [THING], "beside the numbers"),
    ('[{"bbox_2d":[10,20,300,400,"dog"]}]', [THING], "beside the numbers"),
    ('[["dog",10,20,300,400]]', [THING], "beside the numbers"),
    ('[{"Position":[10,20,300,400],"Confidence":0.9}]', [THING], "under another name"),
    ("[{'Position': [10, 20, 300, 400], 'Confidence': 0.9}]", [THING], "under another name"),
    ('[{"coordinates":[10,20,300,400]}]', [THING], "under another name"),
    ('[{"Location":"[10, 20, 300, 400]"}]', [THING], "under another name"),
    ('{"dog": [10,20,300,400], "cat": [100,90,140,130]}', [THING, DOG], "under another name"),
    ('{"answer": [10,20,300,400]}', [THING], "under another name"),
    ('[{"box":[10,20,300,400]}]', [THING], "other keys"),
    ('[{"Bounding Box":[10,20,300,400]}]', [THING], "other keys"),
    ('[{"boundingBox":[10,20,300,400]}]', [THING], "other keys"),
    ('[{"BBOX":[10,20,300,400], "Point":[15,25]}]', [POINTED], "other keys"),
    ('[{"rect":[10,20,300,400]}]', [THING], "other keys"),
    ('[{"bbox_1":[10,20,300,400],"bbox_2":[100,90,140,130]}]', [THING, DOG], "other keys"),
    ('[{"bbox_2d": {"bbox": [10,20,300,400]}, "point_2d":[15,25]}]', [POINTED], "other keys"),
    ('[{"bbox_2d": [[10,20,300,400],[100,90,140,130]]}]', [THING, DOG], "nested"),
    (
        '{"a": {"bbox_2d": [10,20,300,400]}, "b": {"x1": 1, "y1": 2, "x2": 30, "y2": 40}}',
        [THING],
        "belong to no object",
    ),
    ('[{"bbox_2d":[10,20,300,400],"bbox":[1,2,30,40]}]', [THING], "belong to no object"),
    ('{"answer": "[{\\"bbox_2d\\": [10,20,300,400]}]"}', [THING], "mistakes in the JSON"),
    ('["{\\"bbox_2d\\": [10,20,300,400]}"]', [THING], "mistakes in the JSON"),
    ('[{"bbox_2d": [10px, 20px, 300px, 400px]}]', [THING], "units"),
    ('[{"bbox_2d": [10 px, 20 px, 300 px, 400 px]}]', [THING], "units"),
    ('[{"bbox_2d": ["10px", "20px", "300 pixels", "400px"]}]', [THING], "units"),
    ("- bbox_2d: [10, 20, 300, 400]\n  point_2d: [15, 25]", [POINTED], "bare list"),
    ("- bbox_2d: [10, 20, 300, 400]\n- bbox_2d: [100, 90, 140, 130]", [THING, DOG], "bare list"),
    ("1. [10, 20, 300, 400]\n2. [100, 90, 140, 130]", [THING, DOG], "bare list"),
    ('{"bbox_2d": [10,20,300,400]}\n{"bbox_2d": [100,90,140,130]}', [THING, DOG], "a lone object"),
]


@pytest.mark.parametrize(("answer", "objects", "phrase"), READ)
def test_what_means_one_thing_only_is_read(
    answer: str, objects: list[TraceObject], phrase: str
) -> None:
    trace = answered(answer)
    assert list(trace.objects) == objects
    assert kinds(trace) == ["answer.repaired"]
    assert phrase in trace.problems[0].detail


# --- forms that are not ------------------------------------------------------------------------

NOT_READ = [
    ('[{"point_2d":[100,200]}]', "a point without a box at (100, 200)"),
    ('[{"point_2d":{"x":100,"y":200}}]', "a point without a box at (100, 200)"),
    ('[{"bbox_2d":[0,0,0,0],"point_2d":[100,200]}]', "a point without a box at (100, 200)"),
    ('{"points": [[100,200],[300,400]]}', "a point without a box at (100, 200)"),
    ("The dog is at (100, 200).", "a point without a box at (100, 200)"),
    ("[100, 200]", "a list of two numbers, [100, 200]"),
    (
        '[{"Position":[100,200],"Confidence":0.9}]',
        "a list of two numbers, [100, 200] under “Position”",
    ),
    ('[{"bbox_2d":[10,20,300]}]', "a list of three numbers, [10, 20, 300] under “bbox_2d”"),
    (
        '[{"bbox_2d":[10,20,300,400,5]}]',
        "a list of five numbers, [10, 20, 300, 400, 5] under “bbox_2d”",
    ),
    (
        '[{"bbox_2d":[1,000, 20, 300, 400]}]',
        "a list of five numbers, [1, 0, 20, 300, 400] under “bbox_2d”",
    ),
    ('[{"bbox_2d":[1,2,3,4,5,6,7,8]}]', "a list of eight numbers, [1, 2, 3, 4, 5, 6, 7, 8]"),
    ('[{"bbox_2d": 7}]', "a single number, 7 under “bbox_2d”"),
    ('[{"bbox_2d": "upper left"}]', "“bbox_2d: upper left”"),
    ('[{"cx":100,"cy":200,"w":50,"h":60}]', "the middle of a box and its size"),
    ('[{"center":[100,200],"size":[50,60]}]', "the middle of a box and its size"),
    ('[{"rect":[300,400,50,60]}]', "a list of four numbers, [300, 400, 50, 60] under “rect”"),
    (
        '[{"location":[300,400,50,60]}]',
        "a list of four numbers, [300, 400, 50, 60] under “location”",
    ),
    (
        '[{"reference":[10,20,300,400]}]',
        "a list of four numbers, [10, 20, 300, 400] under “reference”",
    ),
    (
        '[{"bbox_2d":[10%, 20, 30, 40]}]',
        "a list of four numbers, [10%, 20, 30, 40] that are no coordinates",
    ),
    (
        '[{"bbox_2d":[1e12, 20, 30, 40]}]',
        "a list of four numbers, [1e+12, 20, 30, 40] that are no coordinates",
    ),
    (
        '[{"bbox_2d":[0, 0, 1, 1]}]',
        "the box [0, 0, 1, 1], which may be one pixel or the whole picture",
    ),
    ("[[300, 400], [10, 20]]", "a list of two numbers, [300, 400]"),
    ("42", "“42”"),
    ("the brown dog", "“the brown dog”"),
    ('["dog", "cat"]', "“dog”"),
]


@pytest.mark.parametrize(("answer", "instead"), NOT_READ)
def test_what_may_mean_several_things_is_said(answer: str, instead: str) -> None:
    trace = answered(answer)
    assert trace.objects == ()
    assert kinds(trace) == ["answer.unreadable"]
    assert trace.problems[0].detail.startswith(f"instead there is {instead}")


def test_what_is_left_out_beside_objects_is_said() -> None:
    trace = answered(f'[{{"point_2d": [100, 200]}}, {OBJECT}, {{"bbox_2d": [1, 2, 3]}}]')
    assert trace.objects == (DOG,)
    assert trace.problems[0].detail == (
        "2 objects without a usable box were left out (a point without a box at (100, 200); "
        "a list of three numbers, [1, 2, 3] under “bbox_2d”)"
    )


# --- other frames ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ('[{"bbox_2d":[0.12,0.2,0.5,0.7]}]', [(101, 168, 420, 588)]),
        ('[{"bbox_2d":[0.12,0.2,0.5,0.7],"point_2d":[0.3,0.4]}]', [(101, 168, 420, 588, 252, 336)]),
        ('[{"bbox_2d":[0.5,0.5,1,1],"point_2d":[1,1]}]', [(420, 420, 840, 840, 839, 839)]),
        ('[{"bbox_2d":[0.0,0.0,1.0,1.0]}]', [(0, 0, 840, 840)]),
        ('[{"x1":0.12,"y1":0.2,"x2":0.5,"y2":0.7}]', [(101, 168, 420, 588)]),
        ('[{"x":0.1,"y":0.2,"width":0.2,"height":0.3}]', [(84, 168, 252, 420)]),
        ("[0.12, 0.2, 0.5, 0.7]", [(101, 168, 420, 588)]),
        ('[{"bbox_2d":[0.12,0.2,0.5,0.7,0.93]}]', [(101, 168, 420, 588)]),
        (
            '[{"bbox_2d":[0,0,1,1]},{"bbox_2d":[0.12,0.2,0.5,0.7]}]',
            [(0, 0, 840, 840), (101, 168, 420, 588)],
        ),
        (
            '[{"bbox_2d":[0.12,0.2,0.5,0.7]},{"bbox_2d":[0,0,1,1]}]',
            [(101, 168, 420, 588), (0, 0, 840, 840)],
        ),
        ('[{"bbox_2d":[0.12,0.2,0.5,0.7],"point_2d":[300,400]}]', [(101, 168, 420, 588, 300, 400)]),
        ('[{"bbox_2d":[100,90,140,130],"point_2d":[0.14,0.13]}]', [(100, 90, 140, 130, 118, 109)]),
        (
            '[{"bbox_2d":[0.12,0.2,0.5,0.7]},{"bbox_2d":[100,90,140,130]}]',
            [(101, 168, 420, 588), (100, 90, 140, 130)],
        ),
        ('[{"bbox_2d":[10%,20%,30%,40%],"point_2d":[20%,30%]}]', [(84, 168, 252, 336, 168, 252)]),
        ('[{"bbox_2d":["10%","20%","30%","40%"]}]', [(84, 168, 252, 336)]),
        ("<loc0256><loc0128><loc0512><loc0768>", [(105, 210, 630, 420)]),
        ("<loc_100><loc_200><loc_300><loc_400>", [(84, 168, 252, 336)]),
        ("<|box_start|><100><200><300><400><|box_end|>", [(84, 168, 252, 336)]),
    ],
)
def test_another_frame_is_recognised_where_it_is_certain(
    answer: str, expected: list[tuple[int, ...]]
) -> None:
    trace = answered(answer)
    found = [(*item.box.xyxy, *(item.point.xy if item.point else ())) for item in trace.objects]
    assert found == expected
    assert kinds(trace)[0] == "answer.repaired"
    assert "of the picture's sides were scaled" in trace.problems[0].detail


def test_fractions_are_of_the_sides_of_any_frame() -> None:
    trace = answered('[{"bbox_2d": [0.1, 0.1, 0.5, 0.9]}]', Size(1000, 400))
    assert trace.objects[0].box == ModelBox(100, 40, 500, 360)


def test_fractions_beyond_the_picture_are_cut() -> None:
    trace = answered('[{"bbox_2d": [0.5, 0.2, 1.05, 0.7]}]')
    assert trace.objects[0].box == ModelBox(420, 168, 840, 588)
    assert kinds(trace) == ["answer.repaired", "answer.clamped"]


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ('[{"bbox_2d":[100,90,140,130],"point_2d":[0.5,0.5]}]', (100, 90, 140, 130)),
        ('[{"bbox_2d":[0.12,0.2,300,400]}]', (0, 0, 300, 400)),
        ('[{"bbox_2d":[0,0,2,1]}]', (0, 0, 2, 1)),
        ('[{"bbox_2d":[1,1,2,2]}]', (1, 1, 2, 2)),
        ('[{"bbox_2d":[1.5,0.5,30.5,40.5]}]', (2, 1, 31, 41)),
    ],
)
def test_pixels_are_never_scaled(answer: str, expected: tuple[int, ...]) -> None:
    trace = answered(answer)
    assert [item.box.xyxy for item in trace.objects] == [expected]
    assert trace.objects[0].point is None


THOUSANDTHS = "numbers of this size may be thousandths"


@pytest.mark.parametrize(
    ("boxes", "frame", "is_suspected"),
    [
        pytest.param([[10, 20, 870, 400]], FRAME, False, id="one cut may be careless"),
        pytest.param([[10, 20, 870, 400], [10, 20, 70, 900]], FRAME, True, id="two cuts"),
        pytest.param(
            [[10, 20, 870, 400], [10, 20, 70, 1200]], FRAME, False, id="beyond a thousand"
        ),
        pytest.param([[10, 20, 870, 400], [-5, 20, 70, 900]], FRAME, False, id="negative"),
        pytest.param([[870, 880, 950, 960]], FRAME, True, id="wholly outside"),
        pytest.param(
            [[10, 20, 1100, 400], [10, 20, 70, 1100]], Size(1000, 1000), False, id="they are"
        ),
    ],
)
def test_thousandths_are_only_suspected(
    boxes: list[list[int]], frame: Size, is_suspected: bool
) -> None:
    trace = answered(str([{"bbox_2d": box} for box in boxes]).replace("'", '"'), frame)
    assert (THOUSANDTHS in " ".join(p.detail for p in trace.problems)) == is_suspected
    for item, box in zip(trace.objects, boxes, strict=False):
        assert item.box.xyxy[:2] == (max(box[0], 0), box[1])


# --- streaming ---------------------------------------------------------------------------------

ALL = [*EMPTY, *(answer for answer, *_ in READ), *(answer for answer, _ in NOT_READ)]


@given(st.lists(st.sampled_from(ALL), min_size=1, max_size=3).map(" ".join), st.data())
def test_where_a_form_is_cut_makes_no_difference(answer: str, data: st.DataObject) -> None:
    text = f"<answer>{answer}</answer>"
    at = data.draw(st.integers(0, len(text)))
    parser = TraceParser(FRAME)
    events = [event for chunk in (text[:at], text[at:]) for event in parser.feed(chunk)]
    trace = parser.close()
    assert trace == parse_trace(text, FRAME)
    announced = [event.item for event in events if isinstance(event, ObjectFound)]
    rest = iter(trace.objects)
    assert all(item in rest for item in announced)  # in this order, and others may be between them


def test_what_waits_for_its_frame_is_announced_only_in_the_end() -> None:
    parser = TraceParser(FRAME)
    answer = '<answer>[{"bbox_2d":[0,0,1,1]},{"bbox_2d":[0.12,0.2,0.5,0.7]}]</answer>'
    events = [event for event in parser.feed(answer) if isinstance(event, ObjectFound)]
    trace = parser.close()
    assert [event.item for event in events] == [trace.objects[1]]
    assert trace.objects[0].box == ModelBox(0, 0, 840, 840)
