"""A dialogue of the page beside the benchmark's: what comes next, what counts, what is said of it."""

from __future__ import annotations

import html
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from demo.dialogue.session import Session
from demo.errors import InputError
from demo.evaluate.data import Dialogue, TrueTurn
from demo.evaluate.index import Index, open_index
from demo.evaluate.live_benchmark import Track
from demo.picture.geometry import PictureBox
from demo.picture.regions import Origin, RegionObject
from demo.ui.tab.workspace import Workspace
from tests.ui.test_values import EMPTY, LEFT, RIGHT, answered, workspace

PLACE = "<box>{context_bbox}</box>"


def true(question: str, *boxes: PictureBox, contexts: tuple[int, ...] = ()) -> TrueTurn:
    return TrueTurn(question, contexts, boxes, None, {})


ROW = Dialogue(
    7, "7", "white.png", Path("white.png"),
    (true("the red one", LEFT), true(f"(next) to {PLACE}?", RIGHT, contexts=(0,)), true("a cat")),
)  # fmt: skip
TRACK = Track(ROW, masks=False)


def on(session: Session) -> Workspace:
    return workspace(session, track=TRACK)


# A question that names itself, one that names a later round, and one that names none.
ODD = Track(replace(ROW, turns=(
    true(f"the one by {PLACE}", LEFT, contexts=(0,)),
    true(f"what is by {PLACE}", LEFT, contexts=(2,)),
    true(f"the Cat by {PLACE}", RIGHT),
)), masks=False)  # fmt: skip


def said(at: Workspace) -> dict[int, list[str]]:
    """The remarks without their markup."""
    return {
        number: [html.unescape(re.sub("<[^>]*>", "", line)) for line in lines]
        for number, lines in at.remarks.items()
    }


FIRST = answered(EMPTY, "the red one", LEFT)
SECOND = answered(FIRST, "(next) to R1?", RIGHT)
NOTHING = answered(EMPTY, "the red one")
TWO = answered(EMPTY, "the red one", LEFT, RIGHT)
STOPPED = answered(EMPTY, "the red one", LEFT, partial=True)


def corrected(session: Session) -> Session:
    region = session.registry.region("R1")
    return session.with_region(region.with_object(replace(region.objects[0], corrected=True)))


def drawn(session: Session, box: PictureBox) -> Session:
    registry, _ = session.registry.add([RegionObject("", box)], origin=Origin.USER)
    return session.with_registry(registry)


@pytest.mark.parametrize(
    ("session", "question"),
    [
        pytest.param(EMPTY, "the red one", id="the first"),
        pytest.param(FIRST, "(next) to R1?", id="the model's own box"),
        pytest.param(TWO, "(next) to R1.1?", id="the first of several"),
        pytest.param(NOTHING, "(next) to R1?", id="the true box when there is none"),
        pytest.param(drawn(FIRST, RIGHT), "(next) to R1?", id="something was drawn beside"),
        pytest.param(SECOND, "a cat", id="without a reference"),
        pytest.param(answered(SECOND, "a cat"), None, id="the end"),
        pytest.param(answered(FIRST, "what else"), None, id="a question of one's own"),
        pytest.param(answered(TWO, "(next) to R1.2?"), None, id="about another region"),
        pytest.param(corrected(FIRST), None, id="a corrected answer"),
        pytest.param(FIRST.with_registry(EMPTY.registry), None, id="a deleted answer"),
        pytest.param(STOPPED, None, id="a stopped answer"),
    ],
)
def test_what_comes_next(session: Session, question: str | None) -> None:
    assert on(session).next_question == question


def test_a_true_box_stands_in_as_a_region_by_hand() -> None:
    question, start = on(NOTHING).to_ask("(next) to R1?")
    (region,) = start.registry
    assert not isinstance(question, str)
    assert question.names == ("R1",)
    assert (region.origin, region.objects[0].box) == (Origin.USER, LEFT)
    assert TRACK.next(start) == TRACK.next(NOTHING)


def test_words_of_the_benchmark_are_no_references() -> None:
    question, _ = on(FIRST).to_ask("(next) to R1?")
    assert on(FIRST).to_ask("what is in it") == ("what is in it", FIRST)
    assert not isinstance(question, str)
    assert [r.name for r in question.references] == ["R1"]


@pytest.mark.parametrize(
    ("session", "line"),
    [
        pytest.param(FIRST, "✓ Truth: IoU 1.00, a hit (above 0.5).", id="hit"),
        pytest.param(
            answered(EMPTY, "the red one", RIGHT),
            "○ Truth: IoU 0.00, a miss (0.5 or less).",
            id="miss",
        ),
        pytest.param(NOTHING, "○ Truth: there is one; the answer has no box.", id="no box"),
        pytest.param(
            answered(SECOND, "a cat"), "✓ Truth: nothing is there, and the answer says so.", id="no"
        ),
        pytest.param(
            answered(SECOND, "a cat", LEFT, RIGHT),
            "○ Truth: nothing is there, but the answer has 2 boxes.",
            id="boxes of nothing",
        ),
        pytest.param(
            answered(SECOND, "a cat", findings=()),
            "○ Truth: nothing is there, but the answer does not say so.",
            id="rubbish",
        ),
        pytest.param(
            STOPPED,
            "· Truth: IoU 1.00, a hit (above 0.5). The answer was stopped, so it does not count: "
            "ask again, and the dialogue goes on.",
            id="stopped",
        ),
        pytest.param(
            corrected(FIRST),
            "· Truth: IoU 1.00, a hit (above 0.5). You changed the answer, so it does not count: "
            "undo that, and the dialogue goes on.",
            id="corrected",
        ),
    ],
)
def test_a_line_says_how_an_answer_did(session: Session, line: str) -> None:
    assert said(on(session))[len(session.turns)][0] == line


def test_after_the_last_round_the_dialogue_is_summed_up() -> None:
    whole = answered(SECOND, "a cat", LEFT)
    total = "Σ All 3 rounds: AP 1.00 (2 of 2 hit), mean box IoU 1.00, 0 of 1 with nothing to find right."
    assert said(on(whole))[3][1] == total
    assert len(said(on(corrected(whole)))[3]) == 1


def test_who_asks_a_true_box_is_told() -> None:
    start = drawn(NOTHING, LEFT)
    lines = said(on(answered(start, "(next) to R1?", RIGHT)))[2]
    assert lines[0] == "· R1 is the true box of round 1: the answer there has none to refer to."


def test_odd_questions_are_asked_as_the_evaluation_does() -> None:
    at, asked = workspace(EMPTY, track=ODD), []
    for box in (LEFT, LEFT, RIGHT):
        question, start = at.to_ask(at.next_question or "")
        assert not isinstance(question, str)
        asked.append(question.sentence)
        at = at.with_act(answered(start, question.sentence, box))
    assert asked == ["the one by R1", "what is by R3", f"the Cat by {PLACE}"]
    assert [r.id for r in at.session.registry if r.origin is Origin.USER] == ["R1", "R3"]
    assert [said(at)[n][0] for n in (1, 2, 3)] == [
        "· R1 is the true box of round 1: this question names itself.",
        "· R3 is the true box of round 3: this question names round 3, which comes later.",
        "· The place for a box in this question names no round, so it stays as it is.",
    ]
    assert "All 3 rounds: AP 1.00" in said(at)[3][-1]


def test_truth_comes_and_goes_with_its_turn() -> None:
    at = on(SECOND)
    assert {n: [o.box for o in a[0].objects] for n, a in at.asides_by_turn.items()} == {
        1: [LEFT],
        2: [RIGHT],
    }
    assert list(at.undone().asides_by_turn) == [1]
    assert list(at.with_act(answered(SECOND, "what else")).asides_by_turn) == [1, 2]
    assert list(at.branched(1).asides_by_turn) == [1]
    assert at.branched(1).next_question == "(next) to R1?"


# The list of rows


def index_of(folder: Path, rows: list[Any]) -> Index:
    path = folder / "data.json"
    path.write_text("\ufeff" + json.dumps(rows, ensure_ascii=False, indent=1), encoding="utf-8")
    return open_index(path)


def row(*questions: str, image: str = "a.png") -> dict[str, Any]:
    turns = [{"question": q, "bboxes": []} for q in questions]
    return {"image_path": image, "conversational_turns": turns}


def test_rows_are_found_without_their_pictures(tmp_path: Path) -> None:
    rows = [
        row("the café", f"left of {PLACE}"),
        row("a Dog", image="x/dogs.png"),
        {"image_path": 3},
    ]
    index = index_of(tmp_path, rows)
    assert [e.index for e in index.find("")] == [0, 1, 2]
    assert [e.index for e in index.find("dog A")] == [1]
    assert [e.index for e in index.find("CAFÉ")] == [0]
    assert [e.index for e in index.find("2")] == [2]
    assert index.entry(0).questions == ("the café", "left of …")
    assert index.entry(2).why == "It names no picture: “image_path” is not a text."


def test_a_row_is_checked_when_it_is_chosen(tmp_path: Path, blocks: Path) -> None:
    (tmp_path / "é.png").write_bytes(blocks.read_bytes())
    index = index_of(tmp_path, [row("ü", image="gone.png"), row("the café", image="é.png")])
    assert index.dialogue(1).turns[0].question == "the café"
    with pytest.raises(InputError, match=r"There is no file gone\.png"):
        index.dialogue(0)
    assert index.entry(0).why == "There is no file gone.png."
    with pytest.raises(InputError, match="no row 2"):
        index.dialogue(2)


def test_a_file_that_has_changed_is_said_to_have(tmp_path: Path) -> None:
    index = index_of(tmp_path, [row("one"), row("two")])
    index.path.write_text("[]")
    with pytest.raises(InputError, match=r"data\.json has changed since it was opened"):
        index.dialogue(1)


def test_a_large_file_is_read_on_after_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("demo.evaluate.index.MAX_READ_AT_ONCE", 0)
    path = tmp_path / "data.json"
    path.write_text(json.dumps([row(f"thing {i}") for i in range(300)])[:-1])
    index = open_index(path)
    index.finished.wait(10)
    assert len(index) == 300
    assert not index.reading
    assert "its list breaks off" in index.trouble
