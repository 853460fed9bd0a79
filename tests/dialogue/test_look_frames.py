"""Where looks stand in the texts of a turn, and in which frame the numbers round them are."""

from __future__ import annotations

import threading
from dataclasses import replace
from fractions import Fraction
from unittest.mock import Mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from demo.answers.finding import Finding, TraceText
from demo.dialogue import look_frames
from demo.dialogue.look_frames import (
    answer_part,
    asked_part,
    look_of,
    look_sentence,
    part_at,
    pieces_of,
    places_in,
)
from demo.dialogue.session import Look, ReasonerInfo, Session, Turn
from demo.errors import InputError
from demo.machine.effort import long_work
from demo.picture.crops import Part
from demo.picture.geometry import ModelBox, PictureBox, Size
from demo.picture.picture import PictureInfo

PICTURE, FRAME = Size(400, 300), Size(840, 840)
EMPTY = Session.begin(PictureInfo("a.png", PICTURE, "0" * 64), ReasonerInfo("looker", FRAME))
LEFT, RIGHT = PictureBox(20, 30, 160, 180), PictureBox(220, 30, 360, 180)
CALL = "<look>[42, 84, 336, 504]</look>"
OTHER = "<look>[462, 84, 756, 504]</look>"
TOOL = '<tool_call>{"bbox_2d": [1, 2, 3, 4]}</tool_call>'


def look(box: PictureBox = LEFT, call: str = CALL, *, answers: bool = False) -> Look:
    return Look(box, FRAME, call, answers)


def turn(think: str, *looks: Look, answer: str = "[]") -> Turn:
    return Turn("q", "q", trace=TraceText("s", None, think, answer), looks=looks)


def told(asked: Turn, name: str = "think") -> list[tuple[str, PictureBox]]:
    """The pieces of a text, each with what it is about; looks by their number."""
    text = getattr(asked.trace, name)
    return [
        (text[p.start : p.end] if p.look is None else str(p.look), p.part.box)
        for p in pieces_of(EMPTY, asked, name)
    ]


WHOLE = Part.whole(PICTURE, FRAME).box


@pytest.mark.parametrize(
    ("think", "looks", "pieces"),
    [
        pytest.param("a b", (), [("a b", WHOLE)], id="none"),
        pytest.param(
            f"a {CALL} b Not there. c {OTHER} d",
            (look(), look(RIGHT, OTHER, answers=True)),
            [
                ("a ", WHOLE), ("0", WHOLE), (" b ", LEFT), ("Not there. c ", WHOLE), ("1", WHOLE),
                (" d", RIGHT),
            ],
            id="back to the whole, then answered",
        ),
        pytest.param(
            f"a {TOOL} b", (look(call=TOOL),),
            [("a ", WHOLE), ("0", WHOLE), (" b", WHOLE)], id="shown, not apart"
        ),
        pytest.param(
            f"{CALL}{CALL}", (look(), look()), [("0", WHOLE), ("1", WHOLE)], id="the same call twice"
        ),
        pytest.param(
            "[[1, 2, 3, 4]]\n\nso", (look(call=""), look(RIGHT, "")),
            [("[[1, 2, 3, 4]]", WHOLE), ("0", WHOLE), ("1", WHOLE), ("\n\nso", WHOLE)], id="chosen at once",
        ),
        pytest.param("a b", (look(call="gone"),), [("a b", WHOLE), ("0", WHOLE)], id="call nowhere"),
        pytest.param("a", (look(call="", answers=True),), [("a", LEFT)], id="asked by a person"),
    ],
)  # fmt: skip
def test_a_text_in_pieces(
    think: str, looks: tuple[Look, ...], pieces: list[tuple[str, PictureBox]]
) -> None:
    assert told(turn(think, *looks)) == pieces


def test_a_call_over_several_lines_is_told_once() -> None:
    call = "<look>[1,\n\n2, 3, 4]</look>"
    assert told(turn(f"a {call} b", look(call=call), look(RIGHT, ""))) == [
        ("a ", WHOLE), ("0", WHOLE), ("1", WHOLE), (" b", WHOLE)
    ]  # fmt: skip


def test_what_the_answer_is_about() -> None:
    answered = turn(f"a {CALL}", look(answers=True), answer="x")
    assert asked_part(EMPTY, answered).box == WHOLE
    assert answer_part(EMPTY, answered).box == LEFT
    assert told(answered, "answer") == [("x", LEFT)]
    by_person = turn("a", look(call="", answers=True), answer="x")
    assert asked_part(EMPTY, by_person) == answer_part(EMPTY, by_person)
    assert told(by_person, "answer") == [("x", LEFT)]


def test_a_finding_is_about_the_part_where_it_points() -> None:
    asked = turn(f"ab {CALL} cd", look(answers=True))
    before, after = (
        Finding("kind", "note", "", "think", span) for span in ((0, 2), (len(CALL) + 4, 99))
    )
    assert part_at(EMPTY, asked, before).box == WHOLE
    assert part_at(EMPTY, asked, after).box == LEFT
    assert part_at(EMPTY, asked, Finding("kind", "note", "", "answer")).box == LEFT
    assert part_at(EMPTY, asked, Finding("kind", "note", "", "focus")).box == WHOLE
    assert part_at(EMPTY, asked, Finding("kind", "note", "")).box == WHOLE


def test_findings_lead_to_their_look() -> None:
    asked = turn("", look(), look(RIGHT, OTHER), look(LEFT))
    assert look_of(asked, Finding("look.repeated", "note", "", look=3)) == 2
    assert look_of(asked, Finding("look.unreadable", "note", "")) is None
    for not_there in (-1, 0, 4, 10**9):
        assert look_of(asked, Finding("look.missed", "note", "", look=not_there)) is None


def test_a_text_is_taken_apart_once_for_all_its_findings(monkeypatch: pytest.MonkeyPatch) -> None:
    about = Mock(wraps=look_frames._about)
    monkeypatch.setattr(look_frames, "_about", about)
    found = tuple(Finding("kind", "note", "", "think", (n, n + 1)) for n in range(50))
    asked = replace(turn(f"once for all {CALL} b", look(), look(RIGHT, OTHER)), findings=found)
    parts = [part_at(EMPTY, asked, finding).box for finding in found]
    assert {*parts} == {WHOLE, LEFT}
    assert about.call_count == 3  # before, between and after the looks


def test_long_work_ends_between_findings() -> None:
    asked, cancel = turn(f"ends {CALL} b", look()), threading.Event()
    with long_work(cancel):
        cancel.set()
        with pytest.raises(InputError):
            part_at(EMPTY, asked, Finding("kind", "note", "", "think", (0, 1)))


def test_looks_go_on_in_the_next_text() -> None:
    texts = {"think": f"a {CALL}", "answer": f"b {CALL}"}
    places = places_in(texts, (look(), look()))
    assert places == {"think": [(2, 2 + len(CALL), 0)], "answer": [(2, 2 + len(CALL), 1)]}
    assert places_in({}, (look(),)) == {}


def test_a_look_in_words() -> None:
    words = "from 5% to 40% across, 10% to 60% down."
    assert look_sentence([look()], 0, PICTURE) == f"Look 1: {words}"
    looks = [look(call="", answers=True), look()]
    assert look_sentence(looks, 0, PICTURE) == f"Asked about this part alone: {words}"
    assert look_sentence(looks, 1, PICTURE) == f"Look 1: {words}"  # the first of the model's own


@given(st.data())
def test_a_text_is_told_whole_and_in_order(data: st.DataObject) -> None:
    calls = data.draw(st.lists(st.sampled_from((CALL, OTHER, TOOL, "", "gone")), max_size=5))
    words = st.sampled_from(("a ", "Not there. ", "\n\n", "[1, 2, 3, 4] "))
    think = "".join(data.draw(st.lists(words, max_size=3).map("".join)) + call for call in calls)
    looks = [look(data.draw(st.sampled_from((LEFT, RIGHT))), call) for call in calls]
    if looks and data.draw(st.sampled_from((True, False))):
        looks[-1] = replace(looks[-1], is_answered=bool(looks[-1].call))
    pieces = list(pieces_of(EMPTY, turn(think, *looks), "think"))
    assert {p.look for p in pieces} - {None} == set(range(len(looks)))
    ends = [p.start for p in pieces[1:]] + [len(think)]
    assert [p.end for p in pieces] == ends if pieces else not think


@given(st.integers(0, 839), st.integers(0, 839), st.integers(1, 839), st.integers(1, 839))
def test_numbers_about_a_part_lead_to_the_pixel(x: int, y: int, width: int, height: int) -> None:
    part = answer_part(EMPTY, turn("", look(answers=True)))
    box = ModelBox(x, y, min(x + width, 840), min(y + height, 840))
    there = part.box_to_picture(box, FRAME)
    for value, start, side, model in ((there.x1, 20, 140, box.x1), (there.y1, 30, 150, box.y1)):
        exact = start + Fraction(model * side, 840)
        assert abs(value - exact) <= 1
