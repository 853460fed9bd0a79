"""When a text has nothing more to say: no text is cut short, and no gibberish goes on."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from demo.answers.checks import check_trace
from demo.answers.ending import _KEPT, MAX_AFTER, Ending, is_loop
from demo.answers.trace import Trace, TraceParser, parse_trace
from demo.dialects.dialect import Dialect
from demo.dialects.known import DIALECTS, REGION_REASONER
from demo.picture.geometry import Size
from tests.support.texts import BALL, BROKEN, CLEAN, DOG, SCENE, Text, listed, obj, trace

FRAME = Size(840, 840)
PIECE = 5  # characters; a token has about as many
GIBBERISH = "".join(f" kite{n}. the {n * n % 97} of (4{n}, {n})" for n in range(300))


def cut(text: str, dialect: Dialect = REGION_REASONER) -> str:
    """What is read of a text before it is ended."""
    parser, ending = TraceParser(FRAME, dialect), Ending()
    for start in range(0, len(text), PIECE):
        piece = text[start : start + PIECE]
        parser.feed(piece)
        round_ = parser.is_going_round
        if ending.is_reached(piece, parser.written_after, is_going_round=round_):
            return text[: start + PIECE]
    return text


def boxes(read: Trace) -> list[tuple[int, ...]]:
    return [item.box.xyxy for item in read.objects]


ENDLESS = 4000  # characters; longer texts of the table repeat something thousands of times
KNOWN = [text for text in (*CLEAN, *BROKEN) if len(text.raw) < ENDLESS]
LONG = [text for text in BROKEN if len(text.raw) >= ENDLESS]


@pytest.mark.parametrize("text", LONG, ids=lambda text: text.caption)
def test_of_an_endless_text_the_beginning_is_read(text: Text) -> None:
    whole, ended = parse_trace(text.raw, FRAME), parse_trace(cut(text.raw), FRAME)
    assert boxes(ended) == boxes(whole)[: len(boxes(ended))]


@pytest.mark.parametrize("text", KNOWN, ids=lambda text: text.caption)
def test_every_known_text_says_the_same(text: Text) -> None:
    whole, ended = parse_trace(text.raw, FRAME), parse_trace(cut(text.raw), FRAME)
    assert boxes(ended) == boxes(whole)
    assert {f.kind for f in check_trace(ended, [])} == {f.kind for f in check_trace(whole, [])}


PLAIN = f"```json\n{listed(DOG)}\n```"


@pytest.mark.parametrize(
    ("dialect", "answer"),
    [
        pytest.param(REGION_REASONER, trace(), id="with tags"),
        pytest.param(DIALECTS["qwen2.5-vl"], PLAIN, id="without tags"),
        pytest.param(DIALECTS["qwen2.5-vl"], "[]", id="nothing found"),
    ],
)
def test_what_follows_a_complete_answer_is_ended(dialect: Dialect, answer: str) -> None:
    ended = cut(answer + GIBBERISH, dialect)
    assert ended.startswith(answer)
    assert abs(len(ended) - len(answer) - MAX_AFTER) <= 2 * PIECE
    assert boxes(parse_trace(ended, FRAME, dialect)) == boxes(parse_trace(answer, FRAME, dialect))


@pytest.mark.parametrize(
    "between",
    ["", "\n\n", " Wait, the question asks for the round thing, so that is not what is meant. "],
)
@pytest.mark.parametrize("second", [trace(answer=listed(BALL)), f"<answer>{listed(BALL)}</answer>"])
def test_an_answer_that_corrects_the_first_one_counts(between: str, second: str) -> None:
    text = trace() + between + second
    assert cut(text) == text
    assert boxes(parse_trace(cut(text + GIBBERISH), FRAME)) == [BALL]


def test_a_list_that_follows_another_without_tags_is_read() -> None:
    dialect, text = DIALECTS["qwen2.5-vl"], f"{PLAIN}\nAnd the ball:\n{listed(BALL)}"
    assert cut(text, dialect) == text


@pytest.mark.parametrize(
    "unfinished",
    [
        pytest.param(f"<scene>{SCENE}</scene>{GIBBERISH}", id="no answer yet"),
        pytest.param(f"<scene>{SCENE}</scene><think>{GIBBERISH}", id="a long thought"),
        pytest.param(f"{trace(answer='la la')}{GIBBERISH}", id="an answer that cannot be read"),
    ],
)
def test_what_is_not_answered_goes_on(unfinished: str) -> None:
    assert cut(unfinished) == unfinished


@pytest.mark.parametrize("loop", ["It is the dog. ", "no ", "\n", "(3, 4), (5, 6), (7, 8), "])
def test_a_loop_is_ended_wherever_it_is(loop: str) -> None:
    begun = f"<scene>{SCENE}</scene><think>So. "
    ended = cut(begun + loop * 2000)
    assert len(begun) + 400 <= len(ended) < len(begun) + 900
    kinds = {problem.kind for problem in parse_trace(ended, FRAME).problems}
    assert "trace.truncated" in kinds


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no " * 20,
        listed(*((x, 10, x + 30, 60) for x in range(0, 800, 20))),
        "".join(f"Candidate {n} at ({n * 7}, {n * 3}), no; " for n in range(80)),
        ("A word. " * 7) + "Another.",
    ],
)
def test_what_only_resembles_itself_is_no_loop(text: str) -> None:
    assert not any(is_loop(text[:end]) for end in range(len(text) + 1))


CHANCE = random.Random(5)
THINK, LIST = f"<scene>{SCENE}</scene><think>", f"{trace(answer=None)}<answer>["
SENTENCES = ("The dog is brown. ", "The cat is white. ", "Wait, let me look again. ")
PARAGRAPH = "".join(f"The {word} dog runs in the {word} park of the town. " for word in "abcdefghi")


def chain(count: int, piece: Callable[[int], str]) -> str:
    return "".join(map(piece, range(count)))


def box(*xyxy: int) -> str:
    return f'{{"bbox_2d": {list(xyxy)}}}, '


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(LIST + chain(400, lambda i: box(10 + i, 20, 200 + i, 300)), id="creeping"),
        pytest.param(LIST + chain(400, lambda i: box(10 + 9 * i, 20, 200 + 9 * i, 300)), id="in steps"),
        pytest.param(LIST + chain(400, lambda i: box(10, 20 + i % 4, 200, 300)), id="up and down"),
        pytest.param(
            LIST + chain(400, lambda _: box(*(n + CHANCE.randrange(6) for n in (9, 9, 200, 300)))),
            id="trembling",
        ),
        pytest.param(
            LIST + chain(400, lambda i: f"{obj(DOG, (100 + i % 40, 90 + i % 37))}, "),
            id="one box with many points",
        ),
        pytest.param(
            LIST + chain(400, lambda i: f'{obj(BALL if i % 2 else DOG)[:-1]}, "label": "dog {i}"}}, '),
            id="two boxes with many labels",
        ),
        pytest.param(
            LIST + 9 * chain(60, lambda i: box(i * 12, 20, i * 12 + 10, 60)), id="a long list again"
        ),
        pytest.param(LIST + chain(400, lambda i: f"[{10 + i}, 20, {200 + i}, 300], "), id="bare"),
        pytest.param(LIST + chain(4000, lambda i: f"{i}, "), id="numbers that count"),
        pytest.param(LIST + "1, " * 4000, id="one number"),
        pytest.param(LIST + '{"label": "dog"}, ' * 400, id="objects without boxes"),
        pytest.param(LIST + chain(9000, lambda _: str(CHANCE.randrange(10))), id="a number"),
        pytest.param(THINK + chain(400, lambda i: f"{i}. The dog is brown. "), id="numbered"),
        pytest.param(THINK + chain(400, lambda i: f"Step {i}: look at it.\n"), id="numbered steps"),
        pytest.param(THINK + chain(400, lambda i: f"第{i}步：看那只棕色的狗。"), id="numbered, Chinese"),
        pytest.param(
            THINK + chain(400, lambda i: f"the dog [{10 + i}, 20, {90 + i}, 99], "),
            id="a box in words",
        ),
        pytest.param(THINK + chain(400, lambda i: f"the dog ({10 + i}, 20), "), id="a point in words"),
        pytest.param(THINK + PARAGRAPH * 30, id="a long paragraph"),
        pytest.param(THINK + "".join(SENTENCES[:2]) * 400, id="two sentences in turn"),
        pytest.param(
            THINK + chain(900, lambda _: CHANCE.choice(SENTENCES)), id="three sentences at random"
        ),
        pytest.param(THINK + "a" * 9000, id="one letter"),
        pytest.param(THINK + "!" * 9000, id="one mark"),
        pytest.param("!" * 9000, id="one mark without tags"),
        pytest.param(THINK + "🐕" * 9000, id="one picture"),
        pytest.param(THINK + chain(9000, lambda _: CHANCE.choice(" \n\t")), id="white space"),
        pytest.param(f"{THINK}So.</think>" + "\n" * 9000, id="line ends between parts"),
        pytest.param("<think>" * 900, id="a tag"),
        pytest.param("<think></think>" * 900, id="a part"),
        pytest.param("<think>It is the dog.</think>\n" * 900, id="a part with a thought"),
        pytest.param(trace() * 90, id="whole traces"),
    ],
)  # fmt: skip
def test_what_goes_round_is_ended_and_said(text: str) -> None:
    ended = cut(text)
    assert len(ended) < 3800
    read = parse_trace(ended, FRAME)
    assert boxes(read) == boxes(parse_trace(text, FRAME))[: len(boxes(read))]
    said = {finding.kind: finding.text for finding in check_trace(read, [])}
    assert "trace.repeats" in said
    repeated = "The model repeated itself until it was stopped; what was complete is kept."
    assert said.get("trace.truncated", repeated) == repeated


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(
            trace(answer=listed(*((x, y, x + 50, y + 90) for x in range(0, 780, 40) for y in (9, 300)))),
            id="a crowd in rows",
        ),
        pytest.param(
            trace(answer=listed(*((x, 10 + x % 3, x + 50, 200) for x in range(0, 780, 13)))),
            id="people who stand behind each other",
        ),
        pytest.param(
            trace(chain(60, lambda i: f"Person {i} at ({i * 13 % 800}, {i * 29 % 800}), yes. ")),
            id="a crowd in words",
        ),
        pytest.param(
            trace(chain(60, lambda i: f"Window {i} at [{i * 13}, 20, {i * 13 + 9}, 40], no.\n")),
            id="windows in words",
        ),
        pytest.param(trace(chain(20, lambda i: f"{i}. A person in the crowd.\n")), id="twenty alike"),
        pytest.param(
            trace(
                "| thing | place | fits |\n|---|---|---|\n"
                + chain(60, lambda i: f"| person {i} | row {i // 9}, seat {i % 9} | no |\n")
            ),
            id="a table",
        ),
        pytest.param(
            trace(chain(50, lambda i: f"The {i % 7}th of row {i // 7}: {'yes' if i % 3 else 'no'}. ")),
            id="verdicts",
        ),
        pytest.param(trace(chain(300, lambda i: f"Part {i} of the park holds {i} things. ")), id="parts"),
        pytest.param(trace(f"{PARAGRAPH}\n\nOnce more: {PARAGRAPH}"), id="a paragraph twice"),
        pytest.param(trace("Hmm... " * 20 + "no " * 9 + "-" * 80), id="hesitation"),
        pytest.param(trace(answer=listed(*[DOG] * 7)), id="a box seven times"),
        pytest.param(
            trace(answer=listed(DOG, BALL).replace(", ", ",\n" + " " * 60)), id="printed far to the right"
        ),
    ],
)  # fmt: skip
def test_what_a_sound_model_writes_is_never_ended(text: str) -> None:
    assert cut(text) == text


def test_long_clean_texts_are_read_whole() -> None:
    long = {text.caption: text.raw[: 10 * _KEPT] for text in CLEAN if len(text.raw) >= ENDLESS}
    assert len(long) >= 3
    for caption, raw in long.items():
        assert (cut(raw) == raw) != (caption == "a very long word"), caption
