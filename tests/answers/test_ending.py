"""When a text has nothing more to say: no text is cut short, and no gibberish goes on."""

from __future__ import annotations

import pytest

from demo.answers.checks import check_trace
from demo.answers.ending import MAX_AFTER, Ending, is_loop
from demo.answers.trace import Trace, TraceParser, parse_trace
from demo.dialects.dialect import Dialect
from demo.dialects.known import DIALECTS, REGION_REASONER
from demo.picture.geometry import Size
from tests.support.texts import BALL, BROKEN, CLEAN, DOG, SCENE, Text, listed, trace

FRAME = Size(840, 840)
PIECE = 5  # characters; a token has about as many
GIBBERISH = "".join(f" kite{n}. the {n * n % 97} of (4{n}, {n})" for n in range(300))


def cut(text: str, dialect: Dialect = REGION_REASONER) -> str:
    """What is read of a text before it is ended."""
    parser, ending = TraceParser(FRAME, dialect), Ending()
    for start in range(0, len(text), PIECE):
        piece = text[start : start + PIECE]
        parser.feed(piece)
        if ending.is_reached(piece, parser.written_after):
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
