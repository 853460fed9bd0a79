"""A dialogue put to another model, round by round: what it is asked, what fails, where it goes on."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from demo.dialects.known import QWEN_2_VL, REGION_REASONER
from demo.dialects.prompt import Prompt
from demo.dialects.ways import ALL_DIALECTS
from demo.dialogue.comparison import (
    MAX_FAULTS,
    Agreement,
    RoundAnswered,
    RoundBegun,
    RoundEvent,
    RoundFailed,
    agreement_of,
    compared,
    left_for,
    opinion_of,
    others_in,
    rounds_for,
)
from demo.dialogue.edits import delete
from demo.dialogue.engine import answer, begin
from demo.dialogue.limits import OPINIONS_EACH
from demo.dialogue.second_opinion import pairs
from demo.dialogue.session import Session, Turn
from demo.dialogue.session_json import session_from_json, session_to_json
from demo.errors import ModelError, SessionFormatError
from demo.picture.geometry import PictureBox
from demo.picture.picture import Picture, open_picture
from demo.reasoners.base import Usage
from tests.support.scripted import Telling
from tests.support.table import Weightless

PICTURE = open_picture(np.zeros((200, 400, 3), np.uint8), "black.png")
QUESTIONS = ("find the dog", "what is left of R1?", "and right of R2?", "find the cat")
AT = '<answer>[{{"bbox_2d": [{0}, 210, {1}, 420], "point_2d": [{0}, 300]}}]</answer>'


def asked(*questions: str) -> Session:
    """A dialogue whose answers are all of one box."""
    one = Telling(lambda _: "it(250,250),(750,500)", QWEN_2_VL, "speaker")
    session = begin(PICTURE, one)
    for question in questions:
        session = answer(session, question, picture=PICTURE, reasoner=one, segmenter=None)
    return session


class Other(Weightless):
    """Another model: it notes what it is asked, and fails at questions with certain words."""

    name, dialect, device = "other", REGION_REASONER, "CPU"

    def __init__(self, fails: str = "\0", stop_at: str = "\0", error: str = "It broke.") -> None:
        self.fails, self.stop_at, self.error = fails, stop_at, error
        self.asked: list[str] = []
        self.cancel = threading.Event()

    def stream(
        self, _picture: Picture, prompt: Prompt, _cancel: threading.Event
    ) -> Iterator[str | Usage]:
        self.asked.append(prompt.question)
        if self.fails in prompt.question:
            raise ModelError(self.error.format(len(self.asked)))
        yield "<scene>S.</scene><think>T.</think>"
        if self.stop_at in prompt.question:
            self.cancel.set()
        yield AT.format(450, 700)
        yield Usage()


def put(
    session: Session, other: Other, numbers: Sequence[int] | None = None
) -> tuple[Session, list[RoundEvent]]:
    """The dialogue with what another model says to these rounds, or to all that it has not answered."""
    events = list(
        compared(
            session,
            left_for(session, other.name) if numbers is None else numbers,
            lambda number: (session.turn(number).question, session.before(number)),
            picture=PICTURE,
            reasoner=other,
            segmenter=None,
            cancel=other.cancel,
        )
    )
    for event in events:
        if isinstance(event, RoundAnswered):
            session = session.with_second_opinion(event.number, event.second)
    return session, events


def rounds(events: Sequence[RoundEvent], kind: Any) -> list[int]:
    return [event.number for event in events if isinstance(event, kind)]


def test_each_round_is_asked_with_the_regions_of_the_first_model() -> None:
    first, other = asked(*QUESTIONS), Other()
    session, events = put(first, other)
    assert rounds(events, RoundBegun) == rounds(events, RoundAnswered) == [1, 2, 3, 4]
    own = [o.box for turn in first.turns for o in first.registry.objects(str(turn.region))]
    assert own == [PictureBox(100, 50, 300, 100)] * 4
    there = "bbox=[210, 210, 630, 420]"  # in the other one's frame; its own would be at 450 to 700
    assert other.asked == [
        "find the dog", f"what is left of {there}", f"and right of {there}", "find the cat",
    ]  # fmt: skip
    assert others_in(session) == ("other",)
    assert session.registry == first.registry
    assert [t.references for t in session.turns] == [t.references for t in first.turns]


def test_an_answer_has_boxes_of_its_own_also_where_the_thing_is_a_region_already() -> None:
    session, _ = put(asked("find the dog", "find the dog"), Other())
    second = opinion_of(session.turn(2), "other")
    assert second is not None
    assert second.objects[0].box.x1 == round(450 * 400 / 840)


def test_a_round_that_fails_does_not_stop_the_others() -> None:
    session, events = put(asked(*QUESTIONS), Other(fails="left"))
    assert rounds(events, RoundFailed) == [2]
    assert rounds(events, RoundAnswered) == [1, 3, 4]
    assert left_for(session, "other") == (2,)
    again, events = put(session, Other())
    assert rounds(events, RoundBegun) == [2]
    assert left_for(again, "other") == ()
    assert rounds_for(again, "other") == (1, 2, 3, 4)


def test_a_question_whose_region_is_gone_fails_alone() -> None:
    session = asked("find the dog", "what is left of R1?", "what is right of R1?", "by R1?", "cat")
    other = Other()
    _, events = put(delete(session, "R1").session, other)
    assert rounds(events, RoundFailed) == [2, 3, 4]  # as many as end it when the model is at fault
    assert MAX_FAULTS == 3
    assert rounds(events, RoundAnswered) == [1, 5]


@pytest.mark.parametrize(
    ("error", "begun"),
    [
        pytest.param("No server answers.", 3, id="the same again and again"),
        pytest.param("Failed at step {}.", 6, id="each time another"),
    ],
)
def test_a_model_that_is_gone_is_not_asked_without_end(error: str, begun: int) -> None:
    _, events = put(asked(*["find the dog"] * 6), Other(fails="dog", error=error))
    assert len(rounds(events, RoundBegun)) == len(rounds(events, RoundFailed)) == begun


def test_what_nobody_foresaw_in_one_round_does_not_stop_the_others() -> None:
    class Odd(Other):
        def stream(
            self, picture: Picture, prompt: Prompt, cancel: threading.Event
        ) -> Iterator[str | Usage]:
            if "left" in prompt.question:
                raise KeyError("odd")
            return super().stream(picture, prompt, cancel)

    _, events = put(asked(*QUESTIONS), Odd())
    [failed] = [event for event in events if isinstance(event, RoundFailed)]
    assert (failed.number, type(failed.error)) == (2, KeyError)
    assert rounds(events, RoundAnswered) == [1, 3, 4]


def test_stopped_in_a_round_the_answers_before_stay_and_it_goes_on_from_there() -> None:
    first = asked(*QUESTIONS)
    session, events = put(first, Other(stop_at="right"))
    assert rounds(events, RoundBegun) == [1, 2, 3]
    assert rounds(events, RoundAnswered) == [1, 2]
    assert left_for(session, "other") == (3, 4)
    session, _ = put(session, other := Other())
    assert len(other.asked) == 2
    assert left_for(session, "other") == ()


def test_a_model_is_not_asked_what_it_has_answered_itself() -> None:
    session, other = asked("find the dog"), Other()
    session = answer(session, "find the cat", picture=PICTURE, reasoner=other, segmenter=None)
    assert rounds_for(session, "other") == (1,)
    assert rounds_for(session, "speaker") == (2,)
    _, events = put(session, other, [2])
    [failed] = [event for event in events if isinstance(event, RoundFailed)]
    assert str(failed.error) == "This answer is other’s own."


def test_so_many_models_answer_and_no_more_until_one_is_removed() -> None:
    session = asked("find the dog")
    for number in range(OPINIONS_EACH.most):
        other = Other()
        other.name = f"model {number}"
        session, _ = put(session, other)
    assert len(session.turn(1).second_opinions) == OPINIONS_EACH.most
    assert session_from_json(session_to_json(session)) == session
    full, events = put(session, Other())
    assert full == session
    assert rounds(events, RoundFailed) == [1]
    again, events = put(session, other, [1])  # one of them may answer anew
    assert rounds(events, RoundAnswered) == [1]
    fewer = again.without_opinions_of("model 3")
    assert len(fewer.turn(1).second_opinions) == OPINIONS_EACH.most - 1
    assert put(fewer, Other())[0].turn(1).second_opinions[-1].reasoner.name == "other"
    data = session_to_json(session)
    data["turns"][0]["second_opinions"] *= 2
    with pytest.raises(SessionFormatError, match="second opinions"):
        session_from_json(data)


# Agreement -------------------------------------------------------------------------------------------

BOXES = st.lists(
    st.tuples(st.integers(0, 6), st.integers(0, 6), st.integers(1, 6), st.integers(1, 6)).map(
        lambda b: PictureBox(b[0], b[1], b[0] + b[2], b[1] + b[3])
    ),
    max_size=6,
)


@given(BOXES, BOXES)
def test_pairs_are_the_best_first_and_each_box_is_in_one(
    first: list[PictureBox], second: list[PictureBox]
) -> None:
    found = pairs(tuple(first), tuple(second))
    expected, left, right = [], set(range(len(first))), set(range(len(second)))
    every = sorted((-a.iou(b), i, j) for i, a in enumerate(first) for j, b in enumerate(second))
    for negative, i, j in every:
        if negative and i in left and j in right:
            expected.append((i, j, -negative))
            left.remove(i)
            right.remove(j)
    assert list(found) == expected


def test_whether_two_agree_is_not_said_where_it_means_nothing() -> None:
    session, _ = put(asked("find the dog"), Other())
    turn, [second] = session.turn(1), session.turn(1).second_opinions
    found = session.registry.objects("R1")

    def agreed(turn: Turn, second: Any, found: Any = found) -> Agreement:
        return agreement_of(session, turn, found, second)

    assert agreed(turn, second).agrees is False
    assert agreed(turn, replace(second, objects=found)).agrees is True
    assert agreed(turn, replace(second, objects=found)).pairs == ((0, 0, 1.0),)
    assert agreed(turn, replace(second, objects=()), ()).agrees is True
    assert agreed(replace(turn, partial=True), second).agrees is None
    told = replace(second.reasoner, dialect=next(d.name for d in ALL_DIALECTS.values() if d.tells))
    in_words = replace(second, reasoner=told)
    assert agreed(turn, replace(in_words, objects=()), ()).agrees is None
    assert agreed(turn, replace(in_words, objects=()), found).agrees is None
    assert agreed(turn, replace(in_words, objects=found)).agrees is True
