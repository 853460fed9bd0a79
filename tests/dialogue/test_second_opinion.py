"""A second opinion: how far two answers agree, and taking one in the place of the other."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from demo.dialects.known import QWEN_2_VL
from demo.dialogue.engine import answer, begin
from demo.dialogue.second_opinion import (
    adopt,
    agreement,
    agreement_sentence,
    as_second_opinion,
    check_same,
)
from demo.dialogue.session import SecondOpinion, Session
from demo.dialogue.session_json import session_from_json, session_to_json
from demo.errors import InputError, SessionFormatError
from demo.language.references import Reference, Resolved
from demo.picture.geometry import PictureBox, Size
from demo.picture.picture import open_picture
from demo.ui.chat.messages import messages
from tests.support.scripted import Telling

LEFT, RIGHT = PictureBox(0, 0, 100, 100), PictureBox(200, 0, 300, 100)
HALF = PictureBox(0, 0, 50, 100)
PICTURE = open_picture(np.zeros((200, 400, 3), np.uint8), "black.png")


@pytest.mark.parametrize(
    ("first", "second", "mean", "said"),
    [
        pytest.param([], [], None, "They agree: both find nothing.", id="nothing"),
        pytest.param([LEFT], [], 0, "They disagree: one finds something, the other nothing.", id="one"),
        pytest.param([LEFT], [LEFT], 1, "They agree: IoU 1.00.", id="the same"),
        pytest.param([LEFT], [RIGHT], 0, "They disagree: IoU 0.00.", id="elsewhere"),
        pytest.param([LEFT], [HALF], 0.5, "They disagree: IoU 0.50.", id="just not"),
        pytest.param([LEFT, RIGHT], [RIGHT, LEFT], 1, "They agree: mean IoU 1.00.", id="in any order"),
        pytest.param([LEFT, RIGHT], [HALF, LEFT], 0.5, "They disagree: mean IoU 0.50.", id="best first"),
        pytest.param(
            [LEFT], [HALF, LEFT], 0.5, "They disagree: 1 and 2 boxes, mean IoU 0.50.", id="one more"
        ),
    ],
)  # fmt: skip
def test_two_answers_agree_as_far_as_their_boxes_do(
    first: list[PictureBox], second: list[PictureBox], mean: float | None, said: str
) -> None:
    assert agreement(first, second) == agreement(second, first) == mean
    assert agreement_sentence(first, second) == said


def dialogue() -> tuple[Session, SecondOpinion]:
    """Two answers by one model, and what another says to the second question."""
    one = Telling(lambda _: "it(250,250),(750,500)", QWEN_2_VL, "speaker")
    session = begin(PICTURE, one)
    for question in ("find the dog", "what is left of R1?"):
        session = answer(session, question, picture=PICTURE, reasoner=one, segmenter=None)
    box = '[{"bbox_2d": [0, 0, 420, 420], "point_2d": [20, 15]}]'
    text = f"<scene>S.</scene><think>By bbox=[210, 210, 630, 420].</think><answer>{box}</answer>"
    other = Telling(lambda _: text, name="other")
    start = session.before(2)
    asked = answer(start, "what is left of R1?", picture=PICTURE, reasoner=other, segmenter=None)
    return session, as_second_opinion(asked)


def test_another_answer_is_asked_in_its_own_dialect_and_is_no_part_of_the_dialogue() -> None:
    session, second = dialogue()
    assert (second.reasoner.name, second.turn.references) == ("other", ("R1",))
    assert second.turn.prompted == "what is left of bbox=[210, 210, 630, 420]"
    assert [o.box for o in second.objects] == [PictureBox(0, 0, 200, 100)]
    assert session.answered_by == ("speaker",)
    made = messages(session.with_second_opinion(2, second), compare=True)
    said = next(m for m in made if "metadata" in m and "other" in m["metadata"]["title"])
    assert said["metadata"]["title"] == "What other says. They disagree: IoU 0.20."
    assert "In its frame of 840 × 840" in said["content"]
    assert "By [R1](#R1)" in said["content"]
    assert "(#take-2-1)" in said["content"]
    assert "(#compare-1)" in made[-1]["content"] or "(#compare-2)" in made[-1]["content"]
    assert not any("#compare" in m["content"] for m in messages(session))


def test_another_answer_is_taken_and_given_back() -> None:
    session, second = dialogue()
    session = session.with_second_opinion(2, second)
    now = adopt(session, 2, second)
    assert [o.box for o in now.registry.region("R2").objects] == [PictureBox(0, 0, 200, 100)]
    assert [now.reasoner_of(turn).name for turn in now.turns] == ["speaker", "other"]
    assert [now.reasoner_of(turn).frame for turn in now.turns] == [
        Size(1000, 1000),
        Size(840, 840),
    ]
    assert now.id == session.id
    assert now.undo() == session
    assert session_from_json(session_to_json(now)) == now
    with pytest.raises(InputError):
        adopt(session, 3, second)


def test_an_opinion_stays_with_its_turn_in_a_file_and_is_no_act() -> None:
    session, second = dialogue()
    noted = session.with_second_opinion(2, second)
    assert session_from_json(json.loads(json.dumps(session_to_json(noted)))) == noted
    assert "second_opinions" not in session_to_json(session)["turns"][1]
    assert noted.undo() == session.undo()
    late = noted.with_second_opinion(1, second)
    assert late.undo().turns[0].second_opinions == (second,)  # it came after what is taken back
    with pytest.raises(InputError):
        session.with_second_opinion(3, second)


def test_asking_again_loses_no_opinion_and_no_rating() -> None:
    session, second = dialogue()
    noted = session.with_second_opinion(2, second).with_feedback(2, "up")
    one = Telling(lambda _: "it(250,250),(750,500)", QWEN_2_VL, "speaker")
    question = session.turns[1].question
    again = answer(noted.before(2), question, picture=PICTURE, reasoner=one, segmenter=None)
    assert again.turns[1].raw == noted.turns[1].raw
    assert replace(again, former=noted).undo() == noted


@pytest.mark.parametrize(
    ("where", "value"),
    [
        pytest.param(("reasoner",), None, id="nobody"),
        pytest.param(("objects", 0, "bbox_xyxy"), [0, 0, 401, 9], id="outside the picture"),
        pytest.param(("turn",), [], id="no turn"),
    ],
)
def test_a_damaged_opinion_is_said(where: tuple[str | int, ...], value: object) -> None:
    session, second = dialogue()
    data = session_to_json(session.with_second_opinion(2, second))
    at: Any = data["turns"][1]["second_opinions"][0]
    for step in where[:-1]:
        at = at[step]
    at[where[-1]] = value
    with pytest.raises(SessionFormatError, match="This session cannot be read"):
        session_from_json(data)


def test_opinions_on_opinions_are_not_read_however_deep() -> None:
    session, second = dialogue()
    data = session_to_json(session.with_second_opinion(2, second))
    turn = data["turns"][1]
    for _ in range(5000):
        turn = {
            **turn,
            "second_opinions": [{**data["turns"][1]["second_opinions"][0], "turn": turn}],
        }
    read = session_from_json({**data, "turns": [data["turns"][0], turn]})
    assert read.turns[1].second_opinions[0].turn.second_opinions == ()


def test_a_question_about_other_regions_than_then_is_not_compared() -> None:
    session, _ = dialogue()
    same = Resolved("what is left of R1?", (Reference("R1", 16, 18, "R1"),))
    check_same(session.turns[1], same)
    with pytest.raises(InputError, match="ask it again, then compare"):
        check_same(session.turns[0], same)
