"""Reading a model's text: clean, broken, cut into pieces, and hostile."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from demo.answers.boxes import TraceObject
from demo.answers.finding import TraceText
from demo.answers.trace import (
    PARTS,
    ObjectFound,
    PartClosed,
    PartOpened,
    PartText,
    Trace,
    TraceEvent,
    TraceParser,
    parse_trace,
)
from demo.dialects.known import REGION_REASONER
from demo.dialects.known_looks import NANO_LOOKS, QWEN_3_ZOOM
from demo.picture.geometry import ModelBox, ModelPoint, Size

FRAME = Size(840, 840)
CLEAN = (
    "<scene>A sunny park. From left to right: a red house, a man in a blue shirt, a brown dog."
    "</scene>\n<focus>A red house.</focus>\n<think>The target is to the right of the reference "
    "bbox=[10, 40, 80, 120]. The dog to its right is the brown dog.</think>\n"
    '<answer>[{"bbox_2d": [100, 90, 140, 130], "point_2d": [120, 110]}]</answer>'
)
DOG = TraceObject(ModelBox(100, 90, 140, 130), ModelPoint(120, 110))
OBJECT = '{"bbox_2d": [100, 90, 140, 130], "point_2d": [120, 110]}'
CAT, BIRD = OBJECT.replace("100", "90"), OBJECT.replace("100", "80")


def answered(answer: str) -> Trace:
    return parse_trace(f"<think>Looking.</think><answer>{answer}</answer>", FRAME)


def kinds(trace: Trace) -> list[str]:
    return [problem.kind for problem in trace.problems]


def fed(chunks: list[str]) -> tuple[list[TraceEvent], Trace]:
    parser = TraceParser(FRAME)
    events = [event for chunk in chunks for event in parser.feed(chunk)]
    return events, parser.close()


# --- clean texts -------------------------------------------------------------------------------


def test_clean_text_is_read_without_any_problem() -> None:
    trace = parse_trace(CLEAN, FRAME)
    assert trace.text.scene is not None
    assert trace.text.scene.startswith("A sunny park.")
    assert trace.text.focus == "A red house."
    assert trace.text.answer == f"[{OBJECT}]"
    assert trace.objects == (DOG,)
    assert trace.problems == ()
    assert trace.raw == CLEAN


# --- tags --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(
            "<SCENE>a</Scene><Think>b</THINK><answer>[]</ANSWER>",
            TraceText("a", None, "b", "[]"),
            id="any letter case",
        ),
        pytest.param(
            "<think>a < b, x<y>z, <b>bold</b>, < answer >, </scene> and <|im_end|></think>",
            TraceText(think="a < b, x<y>z, <b>bold</b>, < answer >, </scene> and <|im_end|>"),
            id="< inside a text is text",
        ),
        pytest.param(
            "<\u017fcene>a</\u017fcene><thin\u212a>b</thin\u212a>",
            TraceText(),
            id="only these letters make a tag",
        ),
        pytest.param(
            "<think>I put it in <answer> tags, after the <scene>.</think><answer>[]</answer>",
            TraceText(think="I put it in <answer> tags, after the <scene>.", answer="[]"),
            id="tags mentioned in a thought",
        ),
        pytest.param(
            "<scene>a <think>b</think> <answer>[]</answer>",
            TraceText("a", None, "b", "[]"),
            id="scene never closed",
        ),
        pytest.param(
            "<scene>a</scene><focus>b<think>c<answer>[]</answer>",
            TraceText("a", "b", "c", "[]"),
            id="focus and think never closed",
        ),
        pytest.param(
            "<think>a <answer>[]</answer> b</think>",
            TraceText(think="a <answer>[]</answer> b", answer="[]"),
            id="answer inside the thought",
        ),
        pytest.param("<think></think>", TraceText(think=""), id="a part without text is there"),
        pytest.param(
            "<think>first</think><think>second</think><think>third",
            TraceText(think="second"),
            id="last closed thought counts",
        ),
        pytest.param("", TraceText(), id="nothing"),
        pytest.param("a dog", TraceText(), id="prose only"),
    ],
)
def test_parts(text: str, expected: TraceText) -> None:
    assert parse_trace(text, FRAME).text == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("<answer>[{0}]</answer><answer>[{1}]</answer>", [2], id="last one"),
        pytest.param("<answer>[{0}]</answer><answer>[{1}]", [1], id="last complete one"),
        pytest.param("<answer>[{0}]</answer><answer>no idea</answer>", [1], id="last readable"),
        pytest.param("<answer>[{0}]<answer>no idea</answer>", [1], id="readable, if never closed"),
        pytest.param(
            "<answer>[{0}]</answer><answer>[]</answer>", [], id="an empty list is readable"
        ),
        pytest.param("<answer>[{0}]<answer>[{1}, {2}", [2, 3], id="last of the incomplete"),
        pytest.param("<answer>no<answer>[{0}]<answer>", [1], id="readable of the incomplete"),
        pytest.param("<answer>[{0}] <answer>[{1}]</answer>", [2], id="first never closed"),
        pytest.param("<answer>[{0}]</answer> so [{1}] it is", [1], id="text after it is ignored"),
        pytest.param("<think>a<answer>[{0}]</think>", [1], id="closed by another tag"),
    ],
)
def test_which_answer_counts(text: str, expected: list[int]) -> None:
    objects = [f'{{"bbox_2d": [{i}, 0, 9, 9]}}' for i in (1, 2, 3)]
    for i, item in enumerate(objects):
        text = text.replace(f"{{{i}}}", item)
    trace = parse_trace(text, FRAME)
    assert [item.box.x1 for item in trace.objects] == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(f"<think>a</think>\n[{OBJECT}]", [DOG], id="list after the thought"),
        pytest.param(f"<think>a</think>```json\n{OBJECT}\n```", [DOG], id="fenced object"),
        pytest.param(f"[{OBJECT}]", [DOG], id="list alone"),
        pytest.param(f"Here you are: [{OBJECT}] Bye.", [DOG], id="list in prose"),
        pytest.param(f"<think>a</think>[{OBJECT}]</answer>", [DOG], id="closing tag only"),
        pytest.param("[100, 90, 140, 130]", [TraceObject(DOG.box)], id="numbers alone"),
        pytest.param(f"<think>a</think>[{OBJECT}]<scene>b</scene>?", [DOG], id="not the last run"),
    ],
)
def test_missing_answer_tags_are_mended(text: str, expected: list[TraceObject]) -> None:
    trace = parse_trace(text, FRAME)
    assert trace.objects == tuple(expected)
    assert kinds(trace) == ["answer.repaired"]
    assert "<answer> tag" in trace.problems[0].detail
    assert trace.text.answer is not None


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("The dog is right of bbox=[10, 40, 80, 120].", id="a citation in prose"),
        pytest.param("There was nothing in the list [].", id="an empty list in prose"),
        pytest.param('<think>It is [{"bbox_2d": [1, 2, 3, 4]}].</think>', id="boxes in a thought"),
    ],
)
def test_what_stands_in_prose_is_no_answer(text: str) -> None:
    trace = parse_trace(text, FRAME)
    assert trace.text.answer is None
    assert kinds(trace) == ["answer.unreadable"]


# --- truncation and repetition -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(f"<answer>[{OBJECT}, {OBJECT[:20]}", [DOG], id="in an object"),
        pytest.param(f"<answer>[{OBJECT}", [DOG], id="after an object"),
        pytest.param(f"<answer>[{OBJECT}]</answ", [DOG], id="in the closing tag"),
        pytest.param(f'<answer>[{OBJECT}, {{"label": "do', [DOG], id="in a string"),
        pytest.param("<scene>a<think>b<answer>[" + OBJECT, [DOG], id="no tag was ever closed"),
    ],
)
def test_cut_off_answer_keeps_what_is_complete(text: str, expected: list[TraceObject]) -> None:
    trace = parse_trace(text, FRAME)
    assert trace.objects == tuple(expected)
    assert kinds(trace) == ["trace.truncated"]


@pytest.mark.parametrize(
    "text",
    ["<scene>a", "<think>a</thin", "<answer>", '<answer>[{"bbox_2d": [1, 2, 3, 4]', "<answer>[1"],
)
def test_cut_off_before_the_first_object(text: str) -> None:
    assert kinds(parse_trace(text, FRAME)) == ["answer.unreadable", "trace.truncated"]


@pytest.mark.parametrize(
    "text", ["<scene>a</scene>", "<think>a<answer></answer> b", "<ans", "</think>", ""]
)
def test_text_that_ends_outside_all_tags_is_not_truncated(text: str) -> None:
    assert kinds(parse_trace(text, FRAME)) == ["answer.unreadable"]


def test_cut_off_empty_list_is_both() -> None:
    assert kinds(parse_trace("<answer>[]", FRAME)) == ["answer.empty", "trace.truncated"]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("<think>The dog is brown. The dog  is\tbrown! the dog is brown", id="thought"),
        pytest.param("<scene>It is red.</scene><think>It is red. It is red.</think>", id="parts"),
        pytest.param("<think>It is red.</think>" * 3, id="whole blocks"),
        pytest.param("It is red.\n" * 9, id="without tags"),
        pytest.param("<answer>[]</answer>" + "It is red. " * 3, id="after the answer"),
        pytest.param("<think>" + '"It is red." ' * 3 + "</think>", id="in quotation marks"),
        pytest.param("<answer>" + "It is red. " * 3, id="in an answer of prose"),
        pytest.param("<think>那只狗在右边。那只狗在右边。那只狗在右边。</think>", id="Chinese"),
    ],
)
def test_sentence_that_stands_three_times(text: str) -> None:
    assert kinds(parse_trace(text, FRAME))[-1] == "trace.repeats"


def test_half_a_surrogate_is_replaced_because_no_file_can_hold_it() -> None:
    events, trace = fed(["<think>a\ud83d", "\ude00b</think>"])
    assert trace.text.think == "a\ufffd\ufffdb"
    assert "".join(e.text for e in events if isinstance(e, PartText)) == trace.text.think
    trace.raw.encode()


def test_repeated_sentence_is_shown_as_written_and_short() -> None:
    trace = parse_trace(f"<think>{'It is Red! ' * 3}</think><answer>[]</answer>", FRAME)
    assert trace.problems[-1].detail == "“It is Red!” comes 3 times"
    long = parse_trace(f"<think>{('very ' * 50 + 'red. ') * 3}</think>", FRAME)
    assert len(long.problems[-1].detail) < 110


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("<think>It is red. It is red.</think>", id="twice"),
        pytest.param("<think>It is 1.5 and 1.5 and 1.5 wide.</think>", id="decimal points"),
        pytest.param("<think>Mr. A. Mr. B. Mr. C. 1. a\n1. b\n1. c\n</think>", id="abbreviations"),
        pytest.param("<think>...\n...\n...\n---\n---\n---\n</think>", id="no letters"),
        pytest.param(f"<answer>[\n{OBJECT},\n{CAT},\n{BIRD}\n]</answer>", id="objects"),
        pytest.param('[\n{\n"label": "dog"\n},' * 4, id="objects without tags"),
        pytest.param('<answer>[{\n"label": "dog"\n},' * 4, id="objects without boxes"),
        pytest.param("<think><look>[1, 2, 3, 4]</look>No dog here. " * 4, id="of each part alike"),
    ],
)
def test_what_does_not_count_as_repetition(text: str) -> None:
    assert "trace.repeats" not in kinds(parse_trace(text, FRAME))


# --- the stream --------------------------------------------------------------------------------


def test_events_of_a_clean_text() -> None:
    events, _ = fed(["<think>It is ", "red.</think><answer>[", OBJECT, "]</answer>"])
    assert events == [
        PartOpened("think"),
        PartText("think", "It is "),
        PartText("think", "red."),
        PartClosed("think"),
        PartOpened("answer"),
        PartText("answer", "["),
        PartText("answer", OBJECT),
        ObjectFound(DOG),
        PartText("answer", "]"),
        PartClosed("answer"),
    ]


def test_object_is_announced_with_its_closing_brace() -> None:
    parser = TraceParser(FRAME)
    before, brace = f"<answer>[{OBJECT}".rsplit("}", 1)
    assert all(not isinstance(event, ObjectFound) for event in parser.feed(before))
    assert parser.feed("}" + brace) == [PartText("answer", "}"), ObjectFound(DOG)]


@pytest.mark.parametrize("end", range(1, 9))
def test_beginning_of_a_tag_is_held_back_until_it_is_known(end: int) -> None:
    parser = TraceParser(FRAME)
    tag = "</think>"
    assert parser.feed("<think>a" + tag[:end]) == [
        PartOpened("think"),
        PartText("think", "a"),
        *([PartClosed("think")] if end == len(tag) else []),
    ]


def test_what_only_looked_like_a_tag_comes_with_the_next_chunk() -> None:
    events, trace = fed(["<think>a </thin", "g> b</think>"])
    assert PartText("think", "</thing> b") in events
    assert trace.text.think == "a </thing> b"


def test_thought_goes_on_after_a_tag_it_only_mentioned() -> None:
    events, _ = fed(["<think>in <answer>", " tags</think>"])
    assert [event for event in events if event != PartText("answer", " tags")] == [
        PartOpened("think"),
        PartText("think", "in "),
        PartOpened("answer"),
        PartText("think", "<answer> tags"),
        PartClosed("think"),
    ]


# --- properties --------------------------------------------------------------------------------

FRAGMENTS = (
    "<scene>", "</scene>", "<focus>", "</focus>", "<think>", "</think>", "<answer>", "</answer>",
    "<THINK>", "<answ", "</", "<", ">", "[", "]", "{", "}", ",", ":", '"', "'", "`", "```json\n",
    "//", "/*", "*/", "\\", "\n", " ", "[]", "[{", "}]", OBJECT, f"[{OBJECT}]", "[1, 2, 3, 4]",
    '"bbox_2d"', '"point_2d": [1, 2]', "bbox", "-1", "2.5", "900", "1e999", "NaN", "null", "é",
    "\ud800", "It is red. ", "“", "<thin\u212a",
)  # fmt: skip
hostile = st.lists(st.sampled_from(FRAGMENTS), max_size=30).map("".join) | st.text()
# No word ends a sentence.
words = st.text(st.characters(exclude_characters="<.!?。！？؟۔।\n", codec="utf-8"), max_size=20)

json_values = st.recursive(
    words
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.booleans()
    | st.none(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(words, inner, max_size=4),
    max_leaves=8,
)


@st.composite
def objects_in_frame(draw: st.DrawFn) -> TraceObject:
    x1, y1 = draw(st.integers(0, 839)), draw(st.integers(0, 839))
    x2, y2 = draw(st.integers(x1 + 1, 840)), draw(st.integers(y1 + 1, 840))
    assume((x1, y1, x2, y2) != (0, 0, 1, 1))  # which may as well be the whole picture
    point = ModelPoint(draw(st.integers(x1, x2 - 1)), draw(st.integers(y1, y2 - 1)))
    return TraceObject(ModelBox(x1, y1, x2, y2), draw(st.sampled_from([point, None])))


@st.composite
def clean_texts(draw: st.DrawFn) -> tuple[str, list[TraceObject]]:
    """A well-formed text and the objects it states."""
    objects = draw(st.lists(objects_in_frame(), min_size=1, max_size=4, unique_by=lambda o: o.box))
    label = draw(st.dictionaries(st.just("label"), json_values))
    answer = json.dumps(
        [
            {"bbox_2d": o.box.xyxy, **({"point_2d": o.point.xy} if o.point else {}), **label}
            for o in objects
        ],
        indent=draw(st.sampled_from([None, 1])),
        ensure_ascii=draw(st.booleans()),
    )
    # The names keep the parts from saying the same, also after a brace that is taken for an object's.
    parts = [f"<{name}>{name}: {draw(words)} {name}</{name}>" for name in PARTS[:-1]]
    return "\n".join([*parts, f"<answer>{answer}</answer>"]), objects


@st.composite
def with_cuts(draw: st.DrawFn, texts: st.SearchStrategy[str]) -> list[str]:
    text = draw(texts)
    cuts = draw(st.lists(st.integers(0, len(text)), max_size=8).map(sorted))
    return [text[a:b] for a, b in pairwise([0, *cuts, len(text)])]


def joined(events: list[TraceEvent]) -> list[TraceEvent]:
    """The events with neighbouring texts of one part put together, objects behind their text."""
    result: list[TraceEvent] = []
    objects: list[TraceEvent] = []
    for event in events:
        last = result[-1] if result else None
        if isinstance(event, ObjectFound):
            objects.append(event)
        elif isinstance(event, PartText) and isinstance(last, PartText) and last.part == event.part:
            result[-1] = PartText(event.part, last.text + event.text)
        else:
            result += [*objects, event]
            objects = []
    return result + objects


def spoken(events: list[TraceEvent]) -> dict[str, list[str]]:
    """Per part, the joined text of each time it was opened."""
    texts: dict[str, list[str]] = {name: [] for name in PARTS}
    for event in events:
        if isinstance(event, PartOpened):
            texts[event.part].append("")
        elif isinstance(event, PartText):
            texts[event.part][-1] += event.text
    return texts


@given(clean_texts())
def test_clean_texts_are_never_faulted(case: tuple[str, list[TraceObject]]) -> None:
    text, objects = case
    trace = parse_trace(text, FRAME)
    assert trace.objects == tuple(objects)
    assert trace.problems == ()


@given(with_cuts(clean_texts().map(lambda case: case[0])))
def test_announced_objects_are_the_objects_of_a_clean_text(chunks: list[str]) -> None:
    events, trace = fed(chunks)
    assert tuple(e.item for e in events if isinstance(e, ObjectFound)) == trace.objects


@given(clean_texts(), st.integers(0))
def test_clean_text_cut_off_anywhere_is_never_called_mended(
    case: tuple[str, list[TraceObject]], end: int
) -> None:
    text, objects = case
    trace = parse_trace(text[: end % (len(text) + 1)], FRAME)
    assert trace.objects == tuple(objects[: len(trace.objects)])
    assert set(kinds(trace)) <= {"answer.unreadable", "trace.truncated"}


@given(with_cuts(hostile | clean_texts().map(lambda case: case[0])))
def test_cutting_changes_nothing(chunks: list[str]) -> None:
    whole = "".join(chunks)
    events, trace = fed(chunks)
    whole_events, whole_trace = fed([whole])
    assert trace == whole_trace == fed(list(whole))[1]
    assert joined(events) == joined(whole_events)


@given(hostile)
def test_any_text_is_read(text: str) -> None:
    events, trace = fed([text])
    assert trace.raw == re.sub("[\ud800-\udfff]", "\ufffd", text)
    for item in trace.objects:
        assert item.box.is_inside(FRAME)
        assert item.point is None or item.point == item.point.clamped(FRAME)
    assert len(set(kinds(trace))) == len(trace.problems)
    assert bool(trace.objects) == (not {"answer.empty", "answer.unreadable"} & set(kinds(trace)))
    texts = spoken(events)
    for name in PARTS[:-1]:
        part = getattr(trace.text, name)
        assert part is None or part in [said.strip() for said in texts[name]]


@given(clean_texts(), st.data())
def test_damaged_texts_are_read(case: tuple[str, list[TraceObject]], data: st.DataObject) -> None:
    text, _ = case
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(text)))
        end = data.draw(st.integers(start, min(len(text), start + 9)))
        text = text[:start] + data.draw(st.sampled_from(("", *FRAGMENTS))) + text[end:]
    trace = parse_trace(text, FRAME)
    assert all(item.box.is_inside(FRAME) for item in trace.objects)


# --- size --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("<answer>" + "[" * 100_000, id="deep lists"),
        pytest.param("<answer>" + '[{"bbox_2d":' * 10_000 + "</answer>", id="deep objects"),
        pytest.param("<answer>" + '{"a":[' * 10_000 + "]}" * 10_000 + "</answer>", id="closed"),
        pytest.param("<" * 100_000, id="openings of tags"),
        pytest.param("<think>" * 20_000, id="opening tags"),
        pytest.param("<think><answer></think>" * 5_000, id="tags in tags"),
        pytest.param("<answer>" * 10_000, id="answers"),
        pytest.param("<answer>" + "'" * 100_000, id="quotes"),
        pytest.param("<answer>[" + "9" * 100_000 + "]</answer>", id="digits"),
        pytest.param("<think>" + "." * 100_000 + " " * 100_000, id="full stops and spaces"),
        pytest.param("<answer>" + "/" * 100_001 + "*" * 100_000, id="comment marks"),
    ],
)
def test_hostile_sizes_are_read(text: str) -> None:
    assert parse_trace(text, FRAME).objects == ()


def test_ten_thousand_objects() -> None:
    objects = [OBJECT.replace("100, 90", f"{x}, {y}") for x in range(100) for y in range(100)]
    trace = answered(f"[{', '.join(objects)}]")
    assert len(trace.objects) == 10_000
    assert trace.problems == ()


def test_thoughts_with_looks_between_end_once_before_the_answer() -> None:
    """What was thought before and after a look is one part; what follows it waits until it has ended."""
    looking = replace(REGION_REASONER.in_frame(FRAME), looking=NANO_LOOKS)
    said = "<scene>A lake.</scene>\n<think>One.</think><think>Two.</think>\n<answer>[]</answer>"
    for step in (1, 7, len(said)):
        parser = TraceParser(FRAME, looking)
        events = [e for i in range(0, len(said), step) for e in parser.feed(said[i : i + step])]
        marks = [
            f"{type(e).__name__} {e.part}" for e in events if isinstance(e, PartOpened | PartClosed)
        ]
        assert marks == [f"Part{what} {part}" for part in ("scene", "think", "answer")
                         for what in ("Opened", "Closed")]  # fmt: skip
        assert parser.close().text == TraceText("A lake.", None, "One.\nTwo.", "[]")


@pytest.mark.parametrize("call", ["<tool_call>", "<grounding>", "<look>"])
def test_a_text_that_ends_within_a_call_is_no_answer(call: str) -> None:
    """Its box is what the model wanted to see, not what it found."""
    looking = replace(QWEN_3_ZOOM, frame=FRAME)
    trace = parse_trace(f'Closer. {call}{{"bbox_2d": [10, 20, 30, 40], "label": "a', FRAME, looking)
    assert (trace.text.answer, trace.objects) == (None, ())
    assert [problem.kind for problem in trace.problems] == ["answer.unreadable", "trace.truncated"]
