"""What is heard of an answer, and text from the right, without a browser."""

from __future__ import annotations

import pytest

from demo.answers.finding import OUTSIDE, Finding, TraceText
from demo.dialogue.session import ReasonerInfo, Session, Turn
from demo.picture.geometry import PictureBox, Size
from demo.ui.canvas.scene import scene
from demo.ui.chat.messages import messages
from demo.ui.chat.spoken import spoken_answer
from demo.ui.shared.text import linked_boxes, marked, resolved_boxes
from tests.ui.test_values import EMPTY, LEFT, RIGHT, answered, workspace

WARNING = Finding("citation.invented", "warning", "A box that nobody gave.")
CUT = Finding("trace.truncated", "warning", "The text stops.")
UNREADABLE = Finding("answer.unreadable", "warning", "No box could be read.")
UNKNOWN = Finding("answer.unknown", "note", "A word is not known.")
GUESS = Finding(OUTSIDE, "note", "It knows no photographs.")
ROW = [PictureBox(40 * i, 60, 40 * i + 30, 90) for i in range(6)]


def again(session: Session) -> Session:
    """The same session asked once more for its region R1."""
    turn = answered(EMPTY, "the block", LEFT, next_region=2).turns[0]
    return session.with_turn(turn, session.registry)


@pytest.mark.parametrize(
    ("session", "heard"),
    [
        pytest.param(
            answered(EMPTY, "block", LEFT), "found one, R1, block, on the left.", id="one"
        ),
        pytest.param(
            answered(EMPTY, "blocks", LEFT, RIGHT),
            "found 2, R1, block: R1.1 on the left, R1.2 on the right.",
            id="two",
        ),
        pytest.param(
            answered(EMPTY, "how many blocks are there?", LEFT, RIGHT),
            "counted 2, R1, block: R1.1 on the left, R1.2 on the right.",
            id="counted",
        ),
        pytest.param(
            answered(EMPTY, "blocks", *ROW),
            "found 6, R1, block: R1.1 upper left, R1.2 upper left, R1.3 upper left, R1.4 at the top "
            "and 2 more.",
            id="many",
        ),
        pytest.param(
            answered(EMPTY, "block", LEFT, findings=(GUESS,)),
            "a guess, R1, block, on the left.",
            id="a guess",
        ),
        pytest.param(answered(EMPTY, "ghost"), "nothing in the picture matches.", id="nothing"),
        pytest.param(
            answered(EMPTY, "van", findings=(UNKNOWN,)),
            "table does not know a word of this question, so it found nothing.",
            id="a word that is not known",
        ),
        pytest.param(
            answered(EMPTY, "block", LEFT, findings=(WARNING,)),
            "found one, R1, block, on the left. 1 warning.",
            id="with a warning",
        ),
        pytest.param(
            answered(EMPTY, "block", LEFT, findings=(WARNING, WARNING)),
            "found one, R1, block, on the left. 2 warnings.",
            id="with two",
        ),
        pytest.param(
            answered(EMPTY, "block", findings=(UNREADABLE,)),
            "the answer could not be read. 1 warning.",
            id="unreadable",
        ),
    ],
)
def test_an_answer_in_one_sentence(session: Session, heard: str) -> None:
    assert spoken_answer(session, 1) == f"Answer 1: {heard}"


def test_a_stopped_answer_says_so_and_is_not_blamed_for_it() -> None:
    whole = answered(EMPTY, "block", LEFT, partial=True, findings=(CUT,))
    assert spoken_answer(whole, 1) == "Answer 1 was stopped: found one, R1, block, on the left."
    none = answered(EMPTY, "block", partial=True)
    assert spoken_answer(none, 1) == "Answer 1 was stopped: no answer had been written yet."


def test_an_answer_in_words_that_has_none_is_not_called_a_search_in_vain() -> None:
    """And one that was stopped says so once, also that its words had begun."""
    start = Session.begin(
        EMPTY.picture, ReasonerInfo("r3", Size(840, 840), dialect="vlm-r3-looking")
    )
    for trace, partial, shown, heard in (
        (TraceText(think="So."), False, "There is no answer in words.", None),
        (TraceText(think="So."), True, "Stopped: no answer had been written yet.", None),
        (TraceText(answer="It is"), True, "It is\n\nStopped.", "It is"),
    ):
        session = start.with_turn(Turn("q", "q", trace=trace, partial=partial), start.registry)
        assert messages(session)[1]["content"] == shown
        lowered = (heard or shown.removeprefix("Stopped: ")).lower()
        assert spoken_answer(session, 1).lower().endswith(f": {lowered}")


def test_what_was_there_already_is_named() -> None:
    session = again(answered(EMPTY, "block", LEFT, next_region=1))
    assert spoken_answer(session, 2) == "Answer 2: the same as R1, block, on the left."


def test_the_scene_says_where_things_are_and_who_answered() -> None:
    shown = scene(workspace(answered(EMPTY, "blocks", LEFT, RIGHT)))
    assert [o["where"] for o in shown["regions"][0]["objects"]] == ["on the left", "on the right"]
    assert shown["authors"] == ["table"]
    assert shown["said"] == shown["alarm"] == ""  # at rest there is no news


# Text from the right ----------------------------------------------------------------------------


def test_a_question_from_the_right_stands_apart_from_the_words_round_it() -> None:
    session = answered(EMPTY, "الكلب", LEFT)
    session = answered(
        session,
        "الكلب على يسار R1",
        prompted="الكلب على يسار bbox=[84, 168, 294, 448]",
        references=("R1",),
    )
    asked = next(
        m["content"]
        for m in messages(session)
        if m["content"].startswith("Asked as: <bdi>الكلب على")
    )
    assert asked.endswith("</bdi></bdi>")
    assert "<bdi>[R1](#R1) → bbox" in asked


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        pytest.param(resolved_boxes("a [1, 2, 3, 4] b", {}).count("<bdi>"), 0, id="from the left"),
        pytest.param(
            linked_boxes("الكلب [1, 2, 3, 4]", {}).count("<bdi>"), 1, id="a box in Arabic"
        ),
        pytest.param(linked_boxes("הכלב [1, 2, 3, 4]", {}).count("<bdi>"), 1, id="in Hebrew"),
        pytest.param(
            linked_boxes("الكلب [1, 2, 3, 4]", {(1, 2, 3, 4): "R1"}).count("<bdi>"), 0, id="a link"
        ),
        pytest.param(
            marked("note", "“כלב” is not known."),
            '<span class="finding note">· “<bdi>כלב</bdi>” is not known&#46;</span>',
            id="quoted in a finding",
        ),
        pytest.param(
            marked("note", "“dog” is not known."),
            '<span class="finding note">· “dog” is not known&#46;</span>',
            id="quoted English",
        ),
    ],
)
def test_what_runs_its_own_way_moves_nothing_beside_it(made: object, expected: object) -> None:
    assert made == expected
