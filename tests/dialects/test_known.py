"""The dialects: how each model of the catalogue is asked, what it is shown, how its answers are read."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from transformers.models.qwen2_vl.image_processing_qwen2_vl import smart_resize

from demo.answers.boxes import TraceObject
from demo.answers.checks import check_trace
from demo.answers.trace import ObjectFound, PartOpened, PartText, TraceParser, parse_trace
from demo.checkpoints.catalogue import CATALOGUE, Entry, dialect_of, find_model
from demo.dialects.dialect import MAX_TOKENS, MIN_TOKENS, Dialect, View, natural_size
from demo.dialects.known import (
    DIALECTS,
    QWEN_2_5_VL,
    QWEN_2_VL,
    QWEN_3_VL,
    REGION_REASONER,
    SEG_ZERO,
    VISION_REASONER,
)
from demo.dialects.prompt import bbox_text, build_prompt
from demo.dialects.ways import ALL_DIALECTS, dialect_named
from demo.dialogue.engine import answer, begin
from demo.dialogue.parsed import parse_report
from demo.dialogue.scores import scores_of
from demo.dialogue.session import ReasonerInfo, Turn
from demo.dialogue.session_json import session_from_json, session_to_json
from demo.language.references import Reference, Resolved
from demo.picture.geometry import ModelBox, ModelPoint, PictureBox, Size
from demo.picture.picture import open_picture
from demo.picture.regions import RegionObject, Registry
from demo.reasoners.base import picture_for
from demo.remote.reasoner import choose_served
from demo.ui.chat.messages import given_boxes, messages
from demo.ui.sheet.numbers import numbers, score_card
from tests.support.scripted import Scripted, Telling

WIDE, TALL, LARGE, SMALL = Size(640, 480), Size(301, 997), Size(4032, 3024), Size(60, 45)
FRAME = Size(840, 840)
ALL = tuple(pytest.param(dialect, id=name) for name, dialect in DIALECTS.items())
SIZES = tuple(
    pytest.param(size, id=f"{size.width} x {size.height}")
    for size in (WIDE, TALL, LARGE, SMALL, Size(840, 840), Size(2000, 31), Size(1, 5000))
)

# How they are asked ---------------------------------------------------------------------------

ASKED = {
    "region-reasoner": 'Please find "the dog next to bbox=[0, 420, 420, 840]" with bboxs and points.\n',
    "vision-reasoner": 'Please find "the dog next to bbox=[0, 420, 420, 840]" with bboxs and points.'
    "Compare the difference between object(s) and find the most closely matched object(s)."
    "Output the thinking process in <think> </think> and final answer in <answer> </answer> tags."
    "Output the bbox(es) and point(s) inside the interested object(s) in JSON format."
    "i.e., <think> thinking process here </think>"
    '<answer>[{"bbox_2d": [10,100,200,210], "point_2d": [30,110]}, '
    '{"bbox_2d": [225,296,706,786], "point_2d": [302,410]}]</answer>',
    "seg-zero": "Please find 'the dog next to bbox=[0, 420, 420, 840]' with bbox and points."
    "Compare the difference between objects and find the most closely matched one."
    "Output the thinking process in <think> </think> and final answer in <answer> </answer> tags."
    "Output the one bbox and points of two largest inscribed circles inside the interested object in "
    "JSON format.i.e., <think> thinking process here </think>"
    "<answer>{'bbox': [10,100,200,210], 'points_1': [30,110], 'points_2': [35,180]}</answer>",
    # 640 × 480 is shown as 644 × 476, and the box is the lower left quarter.
    "qwen2.5-vl": 'Locate "the dog next to bbox=[0, 238, 322, 476]" in this image and output the bbox '
    "coordinates in JSON format.",
    "qwen3-vl": 'Locate every object that matches the description "the dog next to '
    'bbox=[0, 500, 500, 1000]" in the image. Report bbox coordinates in JSON format.',
    "qwen2-vl": "Find <|object_ref_start|>the dog next to <|box_start|>(0,500),(500,1000)<|box_end|>"
    "<|object_ref_end|>",
}
# Those that learned to look closer were made from one of these.
for name in ("vlm-r3", "deepeyes", "chain-of-focus", "mini-o3", "pixel-reasoner"):
    ASKED[name] = ASKED["qwen2.5-vl"]
for name in ("p2r", "qwen3-vl-zoom"):
    ASKED[name] = ASKED["qwen3-vl"]
QUARTER = PictureBox(0, 240, 320, 480)


def asked(dialect: Dialect, sentence: str = "The dog next to R1?") -> tuple[str, str, str]:
    """The question as kept, the whole text, and what is likely to come."""
    registry, _ = Registry().add([RegionObject("", QUARTER)])
    place = sentence.find("R1")
    cited = (Reference("R1", place, place + 2, "R1"),) if place >= 0 else ()
    frame = dialect.view(WIDE).frame
    prompt = build_prompt(Resolved(sentence, cited), registry, WIDE, frame, dialect)
    (likely,) = prompt.likely
    return prompt.question, prompt.instruction, likely


@pytest.mark.parametrize("dialect", ALL)
def test_each_is_asked_in_its_own_words(dialect: Dialect) -> None:
    _, instruction, _ = asked(dialect)
    assert instruction.startswith(ASKED[dialect.name])
    assert dialect is REGION_REASONER or instruction == ASKED[dialect.name]


@pytest.mark.parametrize("dialect", ALL)
def test_the_session_keeps_references_in_one_form(dialect: Dialect) -> None:
    question, _, _ = asked(dialect)
    box = QUARTER.to_model(WIDE, dialect.view(WIDE).frame)
    assert question == f"the dog next to {bbox_text(box)}"


@pytest.mark.parametrize("dialect", ALL)
def test_references_can_be_written_bare(dialect: Dialect) -> None:
    registry, _ = Registry().add([RegionObject("", QUARTER)])
    frame = dialect.view(WIDE).frame
    resolved = Resolved("by R1", (Reference("R1", 3, 5, "R1"),))
    prompt = build_prompt(resolved, registry, WIDE, frame, dialect, bare=True)
    assert prompt.question == f"by {list(QUARTER.to_model(WIDE, frame).xyxy)}"
    assert prompt.instruction == dialect.instruction(prompt.question)


def test_what_a_person_types_is_text_in_any_dialect() -> None:
    _, instruction, _ = asked(QWEN_2_VL, "the <|box_start|>(1,2),(3,4)<|box_end|> {question}")
    assert instruction == (
        "Find <|object_ref_start|>the < |box_start|>(1,2),(3,4)< |box_end|> {question}"
        "<|object_ref_end|>"
    )


@pytest.mark.parametrize("dialect", [pytest.param(d, id=n) for n, d in ALL_DIALECTS.items()])
def test_what_is_likely_is_an_answer_in_its_own_form(dialect: Dialect) -> None:
    _, _, likely = asked(dialect)
    filled = likely.replace("[0, 0, 0, 0]", "[1, 2, 3, 4]").replace("(0,0),(0,0)", "(1,2),(3,4)")
    trace = parse_trace(filled.replace("[0, 0]", "[2, 3]"), FRAME, dialect)
    boxes = [] if dialect.looking else [(1, 2, 3, 4)]  # words, after the looks
    assert [item.box.xyxy for item in trace.objects] == boxes
    assert trace.problems == () or dialect.looking


def test_a_focus_is_likely_only_with_a_reference() -> None:
    assert "<focus>" in asked(REGION_REASONER)[2]
    assert "<focus>" not in asked(REGION_REASONER, "the dog")[2]


@pytest.mark.parametrize("entry", [pytest.param(e, id=n) for n, e in CATALOGUE.items()])
def test_every_model_of_the_catalogue_has_a_dialect(entry: Entry) -> None:
    assert entry.dialect in DIALECTS


def test_others_speak_regionreasoners_unless_they_name_a_frame() -> None:
    other = find_model("someone/something")
    assert dialect_of(other, None) == REGION_REASONER
    nano = dialect_of(find_model("nano"), [224, 224])
    assert (nano.name, nano.view(WIDE).shown) == ("region-reasoner", Size(224, 224))
    assert nano.view(WIDE).frame == Size(224, 224)
    assert dialect_named("from another maker") is REGION_REASONER


# What they are shown, and where their numbers lie ------------------------------------------------


@pytest.mark.parametrize("dialect", [REGION_REASONER, VISION_REASONER, SEG_ZERO])
@pytest.mark.parametrize("size", SIZES)
def test_a_square_whatever_the_picture(dialect: Dialect, size: Size) -> None:
    view = dialect.view(size)
    assert view.shown == view.frame == Size(840, 840)


@pytest.mark.parametrize(
    ("size", "shown"),
    [
        pytest.param(WIDE, Size(644, 476), id="nearest whole tokens"),
        pytest.param(TALL, Size(308, 1008), id="tall"),
        pytest.param(LARGE, Size(952, 700), id="large: at most 900 tokens"),
        pytest.param(SMALL, Size(532, 392), id="small: at least 256 tokens"),
        pytest.param(Size(840, 840), Size(840, 840), id="as it is"),
    ],
)
def test_a_picture_in_its_own_shape(size: Size, shown: Size) -> None:
    assert natural_size(size, 28) == shown
    assert QWEN_2_5_VL.view(size).frame == QWEN_2_5_VL.view(size).shown == shown
    assert QWEN_2_VL.view(size).shown == shown
    assert QWEN_2_VL.view(size).frame == Size(1000, 1000)


@pytest.mark.parametrize(
    ("size", "shown"),
    [
        pytest.param(WIDE, Size(640, 480), id="whole tokens already"),
        pytest.param(TALL, Size(288, 992), id="tall"),
        pytest.param(LARGE, Size(1088, 800), id="large: at most 900 tokens"),
        pytest.param(SMALL, Size(608, 448), id="small: at least 256 tokens"),
    ],
)
def test_a_picture_in_its_own_shape_in_larger_tokens(size: Size, shown: Size) -> None:
    assert natural_size(size, 32) == QWEN_3_VL.view(size).shown == shown
    assert QWEN_3_VL.view(size).frame == Size(1000, 1000)


@pytest.mark.parametrize(
    ("dialect", "shown"),
    [
        pytest.param(REGION_REASONER, Size(832, 832), id="a square: the nearest one"),
        pytest.param(QWEN_2_5_VL, Size(640, 480), id="its own shape"),
    ],
)
def test_a_checkpoint_with_larger_tokens_is_shown_whole_ones(dialect: Dialect, shown: Size) -> None:
    view = dialect.with_token(32).view(WIDE)
    assert view == View(shown, dialect.frame or shown)
    assert dialect.with_token(dialect.token) == dialect


sides = st.integers(1, 7000)


@pytest.mark.parametrize("token", [28, 32])
@settings(max_examples=300, deadline=None)
@given(width=sides, height=sides)
def test_own_shapes_are_what_processors_make_and_leave(token: int, width: int, height: int) -> None:
    fewest, most = MIN_TOKENS * token**2, MAX_TOKENS * token**2
    shown = natural_size(Size(width, height), token)
    assert shown.width % token == shown.height % token == 0
    assert shown.width * shown.height <= most
    if max(width, height) <= 50 * min(width, height):
        expected = smart_resize(height, width, token, fewest, most)
        assert (shown.height, shown.width) == expected
    # A server resizes by its own bounds, which are wider: nothing is left to do.
    again = smart_resize(shown.height, shown.width, token, 56 * 56, 12_845_056)
    assert again == (shown.height, shown.width)


@pytest.mark.parametrize("dialect", ALL)
@settings(max_examples=60, deadline=None)
@given(size=st.builds(Size, st.integers(20, 600), st.integers(20, 600)), data=st.data())
def test_a_box_comes_back_within_a_pixel(dialect: Dialect, size: Size, data: st.DataObject) -> None:
    def edges(side: int) -> list[int]:
        two = st.lists(st.integers(0, side), min_size=2, max_size=2, unique=True)
        return sorted(data.draw(two))

    (x1, x2), (y1, y2) = edges(size.width), edges(size.height)
    frame = dialect.view(size).frame
    back = PictureBox(x1, y1, x2, y2).to_model(size, frame).to_picture(size, frame)
    assert all(abs(a - b) <= 1 for a, b in zip((x1, y1, x2, y2), back.xyxy, strict=True))


# How they are read ----------------------------------------------------------------------------

DOG = TraceObject(ModelBox(100, 90, 140, 130), ModelPoint(120, 110))
BARE_DOG = TraceObject(DOG.box)
CAT = TraceObject(ModelBox(200, 90, 240, 130))
THINK = "<think>The dog is on the left.</think>\n"
QWEN = (
    '```json\n[\n\t{"bbox_2d": [100, 90, 140, 130], "label": "dog"},\n'
    '\t{"bbox_2d": [200, 90, 240, 130], "label": "cat"}\n]\n```'
)
VISION = f'{THINK}<answer>[{{"bbox_2d": [100, 90, 140, 130], "point_2d": [120, 110]}}]</answer>'

READ = [
    pytest.param(
        VISION_REASONER,
        VISION,
        [DOG], "The dog is on the left.", [],
        id="VisionReasoner",
    ),
    pytest.param(
        VISION_REASONER,
        f'{THINK}<answer>{{"bbox": [100, 90, 140, 130]}}</answer>',
        [BARE_DOG], "The dog is on the left.", ["answer.repaired"],
        id="VisionReasoner in another form",
    ),
    pytest.param(
        SEG_ZERO,
        f'{THINK}<answer>{{"bbox": [100, 90, 140, 130], "points_1": [120, 110], '
        '"points_2": [130, 100]}</answer>',
        [DOG], "The dog is on the left.", [],
        id="Seg-Zero: of two points the first",
    ),
    pytest.param(
        SEG_ZERO,
        f"{THINK}<answer> {{ 'bbox': [100,90,140,130], 'points_1': [120,110], "
        "'points_2': [130,100] } </answer>",
        [DOG], "The dog is on the left.", [],
        id="Seg-Zero in the quotes of its example",
    ),
    pytest.param(
        SEG_ZERO,
        f'{THINK}<answer>{{"bbox": [100, 90, 140, 130], "points_1": [120, 110]',
        [], "The dog is on the left.", ["answer.unreadable", "trace.truncated"],
        id="Seg-Zero cut off",
    ),
    pytest.param(QWEN_2_5_VL, QWEN, [BARE_DOG, CAT], None, [], id="Qwen2.5-VL"),
    pytest.param(
        QWEN_2_5_VL, f"Sure, here they are:\n{QWEN}\n\nThere are 2 (two) animals.",
        [BARE_DOG, CAT], None, [],
        id="Qwen2.5-VL with a sentence round it",
    ),
    pytest.param(
        QWEN_2_5_VL, '{"bbox_2d": [100, 90, 140, 130], "label": "dog"}',
        [BARE_DOG], None, ["answer.repaired"],
        id="Qwen2.5-VL: a lone object",
    ),
    pytest.param(
        QWEN_2_5_VL, QWEN[:90], [BARE_DOG], None, ["trace.truncated"], id="Qwen2.5-VL cut off"
    ),
    pytest.param(
        QWEN_2_5_VL, "```json\n[]\n```", [], None, ["answer.empty"], id="Qwen2.5-VL: nothing"
    ),
    pytest.param(
        QWEN_2_5_VL, "There is no dog in this picture.", [], None, ["answer.empty"],
        id="Qwen2.5-VL: nothing, in a sentence",
    ),
    pytest.param(
        QWEN_2_5_VL, "The dog in this picture is brown.", [], None, ["answer.unreadable"],
        id="Qwen2.5-VL in prose",
    ),
    pytest.param(
        QWEN_2_5_VL, '<think>Left.</think><answer>[{"bbox_2d": [100, 90, 140, 130]}]</answer>',
        [BARE_DOG], "Left.", [],
        id="Qwen2.5-VL with tags all the same",
    ),
    pytest.param(
        QWEN_2_5_VL, 'As tags: <answer>[{"bbox_2d": [100, 90, 140, 130]}]</answer>',
        [BARE_DOG], None, [],
        id="Qwen2.5-VL with an answer in tags after a sentence",
    ),
    pytest.param(
        QWEN_2_VL,
        "<|object_ref_start|>the dog<|object_ref_end|><|box_start|>(100,90),(140,130)<|box_end|>"
        "<|im_end|>",
        [BARE_DOG], None, [],
        id="Qwen2-VL with its tokens",
    ),
    pytest.param(
        QWEN_2_VL, "the dog(100,90),(140,130)", [BARE_DOG], None, [], id="Qwen2-VL without them"
    ),
    pytest.param(
        QWEN_2_VL, "(100, 90), (140, 130), (200, 90), (240, 130)", [BARE_DOG, CAT], None, [],
        id="Qwen2-VL: two boxes in a row",
    ),
    pytest.param(
        QWEN_2_VL, '```json\n[{"bbox": [100, 90, 140, 130], "label": "dog"}]\n```',
        [BARE_DOG], None, [],
        id="Qwen2-VL in JSON",
    ),
    pytest.param(
        QWEN_2_VL, "the (big) dog (2 of 3) at (7, 8) and [(1,2),(3,4,5)", [], None,
        ["answer.unreadable", "trace.truncated"],
        id="Qwen2-VL: other things in round brackets",
    ),
    pytest.param(
        QWEN_2_VL, "dog(140,130),(100,90)", [BARE_DOG], None, ["answer.repaired"],
        id="Qwen2-VL: swapped corners are still mended",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("dialect", "text", "objects", "think", "kinds"), READ)
def test_texts_are_read_in_their_own_form(
    dialect: Dialect, text: str, objects: list[TraceObject], think: str | None, kinds: list[str]
) -> None:
    trace = parse_trace(text, FRAME, dialect)
    assert list(trace.objects) == objects
    assert (trace.text.think, trace.raw) == (think, text)
    assert (trace.text.scene, trace.text.focus) == (None, None)
    assert [finding.kind for finding in check_trace(trace, [], dialect)] == kinds


@pytest.mark.parametrize(("dialect", "text", "objects", "think", "kinds"), READ)
def test_how_a_text_is_cut_changes_nothing(
    dialect: Dialect, text: str, objects: list[TraceObject], think: str | None, kinds: list[str]
) -> None:
    whole, parser = parse_trace(text, FRAME, dialect), TraceParser(FRAME, dialect)
    events = [event for character in text for event in parser.feed(character)]
    assert parser.close() == whole
    opened = [e.part for e in events if isinstance(e, PartOpened)]
    if not dialect.parts:
        assert opened[0] in ("answer", "think")
    if opened.count("answer") == 1:
        streamed = "".join(e.text for e in events if isinstance(e, PartText) and e.part == "answer")
        assert streamed.strip() == whole.text.answer
        assert [e.item for e in events if isinstance(e, ObjectFound)] == objects


GIVEN = [("R1", ModelBox(1, 2, 30, 40))]


@pytest.mark.parametrize(
    ("dialect", "text", "kinds"),
    [
        pytest.param(
            REGION_REASONER, THINK + "<answer>[]</answer>",
            ["focus.missing", "citation.missing", "answer.empty"],
            id="RegionReasoner should describe and cite",
        ),
        pytest.param(
            VISION_REASONER, THINK + "<answer>[]</answer>", ["citation.missing", "answer.empty"],
            id="VisionReasoner thinks, but has no focus",
        ),
        pytest.param(
            SEG_ZERO, "<think>Beside bbox=[1, 2, 30, 40].</think><answer>[]</answer>",
            ["citation.valid", "answer.empty"],
            id="Seg-Zero may cite",
        ),
        pytest.param(
            SEG_ZERO, "<think>Beside [5, 6, 7, 8].</think><answer>[]</answer>",
            ["citation.missing", "citation.invented", "answer.empty"],
            id="Seg-Zero may invent",
        ),
        pytest.param(QWEN_2_5_VL, QWEN, [], id="Qwen2.5-VL does not reason"),
        pytest.param(QWEN_2_VL, "dog(1,2),(3,4)", [], id="Qwen2-VL does not reason"),
        pytest.param(QWEN_3_VL, QWEN, [], id="Qwen3-VL does not reason"),
    ],
)  # fmt: skip
def test_what_a_dialect_has_no_part_for_is_not_missed(
    dialect: Dialect, text: str, kinds: list[str]
) -> None:
    found = check_trace(parse_trace(text, FRAME, dialect), GIVEN, dialect)
    assert [finding.kind for finding in found] == kinds


@pytest.mark.parametrize(
    ("dialect", "text", "values"),
    [
        pytest.param(VISION_REASONER, VISION, [0.0, None, 1.0], id="VisionReasoner"),
        pytest.param(QWEN_2_5_VL, QWEN, [None, None, 1.0], id="Qwen2.5-VL"),
        pytest.param(SEG_ZERO, "I see a dog.", [0.0, None, 0.0], id="Seg-Zero without its tags"),
    ],
)
def test_scores_demand_what_the_dialect_has(
    dialect: Dialect, text: str, values: list[float | None]
) -> None:
    trace = parse_trace(text, FRAME, dialect)
    turn = Turn("q", "q", trace=trace.text, raw=trace.raw)
    found = scores_of(turn, [GIVEN[0][1].xyxy], dialect)
    assert [score.value for score in found[:3]] == values


# A whole turn ---------------------------------------------------------------------------------


# The same thing, said by each about a picture of 400 × 200: x 100 to 300, y 50 to 100.
SAID = [
    pytest.param(
        VISION_REASONER,
        '<think>x</think><answer>[{"bbox_2d": [210, 210, 630, 420], "point_2d": [420, 315]}]</answer>',
        "bbox=[210, 210, 630, 420]", (200, 75),
        id="vision-reasoner",
    ),
    pytest.param(
        SEG_ZERO,
        '<think>x</think><answer>{"bbox": [210, 210, 630, 420], "points_1": [420, 315], '
        '"points_2": [300, 300]}</answer>',
        "bbox=[210, 210, 630, 420]", (200, 75),
        id="seg-zero",
    ),
    # 400 × 200 is shown as 644 × 336: it has fewer pixels than are shown at least.
    pytest.param(
        QWEN_2_5_VL, '```json\n[{"bbox_2d": [161, 84, 483, 168], "label": "it"}]\n```',
        "bbox=[161, 84, 483, 168]", None,
        id="qwen2.5-vl",
    ),
    pytest.param(
        QWEN_3_VL, '```json\n[{"bbox_2d": [250, 250, 750, 500], "label": "it"}]\n```',
        "bbox=[250, 250, 750, 500]", None,
        id="qwen3-vl",
    ),
    pytest.param(
        QWEN_2_VL, "it(250,250),(750,500)", "<|box_start|>(250,250),(750,500)<|box_end|>", None,
        id="qwen2-vl",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("dialect", "said", "cited", "point"), SAID)
def test_a_dialogue_in_each_dialect(
    dialect: Dialect, said: str, cited: str, point: tuple[int, int] | None
) -> None:
    picture = open_picture(np.zeros((200, 400, 3), np.uint8), "black.png")
    speaker = Telling(lambda _: said, dialect, "speaker")
    session = begin(picture, speaker)
    for question in ("find the dog", "what is left of R1?"):
        session = answer(session, question, picture=picture, reasoner=speaker, segmenter=None)
    found = session.registry.region("R1").objects[0]
    assert found.box == PictureBox(100, 50, 300, 100)
    assert (found.point and found.point.xy) == point
    assert f"what is left of {cited}" in speaker.asked[1].instruction
    assert session.reasoner == ReasonerInfo(
        "speaker", dialect.view(picture.size).frame, dialect.name
    )
    assert session_from_json(session_to_json(session)) == session
    assert not any(f.kind.startswith("answer") for turn in session.turns for f in turn.findings)


def test_a_dialogue_with_two_models_keeps_each_answer_in_its_own_frame() -> None:
    picture = open_picture(np.zeros((200, 400, 3), np.uint8), "black.png")
    first = Telling(lambda _: "it(250,250),(750,500)", QWEN_2_VL, "speaker")
    text = '[{"bbox_2d": [210, 210, 630, 420], "point_2d": [420, 315]}]'
    answered = f"<think>Not [1, 2, 3, 4].</think><answer>{text}</answer>"
    second = Telling(lambda _: answered, VISION_REASONER, "other")
    session = begin(picture, first)
    for speaker, question in (
        (first, "find the dog"),
        (first, "what is left of R1?"),
        (second, "what is right of R1?"),
    ):
        session = answer(session, question, picture=picture, reasoner=speaker, segmenter=None)
    assert "left of <|box_start|>(250,250),(750,500)<|box_end|>" in first.asked[1].instruction
    assert "right of bbox=[210, 210, 630, 420]" in second.asked[0].instruction
    loaded = session_from_json(session_to_json(session))
    assert loaded == session
    frames = [loaded.reasoner_of(turn).frame for turn in loaded.turns]
    assert frames == [Size(1000, 1000), Size(1000, 1000), Size(840, 840)]
    for number, own in (
        (1, [250, 250, 750, 500]),
        (2, [250, 250, 750, 500]),
        (3, [210, 210, 630, 420]),
    ):
        known = numbers(loaded, number)
        assert [o["model"] for o in known["objects"]] == [own]
        assert [o["picture"] for o in known["objects"]] == [[100, 50, 300, 100]]
        assert [r["name"] for r in known["references"]] == (["R1"] if number > 1 else [])
        assert [r["picture"] for r in known["references"]] == [[100, 50, 300, 100]] * (number > 1)
        assert frames[number - 1] == Size(*known["frame"])
    said = [m["content"] for m in messages(loaded)]
    assert sum("frame of 1000 × 1000" in text for text in said) == 2
    assert sum("frame of 840 × 840" in text for text in said) == 1
    assert sum("#at---0.0.1.1" in text for text in said) == 1  # [1, 2, 3, 4] of 840 × 840
    assert [numbers(loaded, n)["title"] for n in (2, 3)] == [
        "Answer 2 by speaker: the numbers",
        "Answer 3 by other: the numbers",
    ]
    assert [row["reason"] for row in score_card(loaded, 3)["rows"]] == [
        score.reason
        for score in scores_of(
            loaded.turns[2], given_boxes(loaded, loaded.turns[2]), VISION_REASONER
        )
    ]


def test_a_session_that_names_no_dialect_is_regionreasoners() -> None:
    picture = open_picture(np.zeros((20, 40, 3), np.uint8), "black.png")
    data = session_to_json(begin(picture, Scripted(SEG_ZERO)))
    assert data["reasoner"].pop("dialect") == "seg-zero"
    assert session_from_json(data).reasoner.dialect == "region-reasoner"


@pytest.mark.parametrize(
    ("dialect", "method"),
    [
        pytest.param(VISION_REASONER, Image.Resampling.BILINEAR, id="a square: bilinear"),
        pytest.param(QWEN_2_VL, Image.Resampling.BICUBIC, id="its own shape: bicubic"),
    ],
)
def test_what_the_model_is_shown(dialect: Dialect, method: Image.Resampling) -> None:
    pixels = np.random.default_rng(1).integers(0, 255, (200, 400, 3), np.uint8)
    shown = picture_for(open_picture(pixels, "noise.png"), dialect)
    size = dialect.view(Size(400, 200)).shown
    assert shown.size == (size.width, size.height)
    assert shown.tobytes() == Image.fromarray(pixels).resize(shown.size, method).tobytes()


@pytest.mark.parametrize(
    ("model", "dialect"),
    [
        pytest.param("qwen2-vl-7b", QWEN_2_VL, id="a name of the catalogue"),
        pytest.param("Qwen/Qwen2.5-VL-3B-Instruct", QWEN_2_5_VL, id="a hub id of the catalogue"),
        pytest.param("qwen3-vl:8b", QWEN_3_VL, id="a tag of a server"),
        pytest.param("mine", REGION_REASONER, id="another name"),
    ],
)
def test_a_model_on_a_server_is_asked_in_its_dialect(model: str, dialect: Dialect) -> None:
    assert choose_served(model, [], "gpu:8000").dialect == dialect


def test_a_text_by_itself_is_read_in_its_dialect() -> None:
    found = parse_report("it(250,250),(750,500)", Size(400, 200), Size(1000, 1000), [], QWEN_2_VL)
    assert found["objects"][0]["bbox_xyxy"] == [100, 50, 300, 100]
    assert found["findings"] == []
