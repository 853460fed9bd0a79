"""What the page makes of sessions and events, without a browser."""

from __future__ import annotations

import html
import re
import string
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from demo.answers.finding import Finding, TraceText
from demo.answers.trace import PartOpened
from demo.dialogue.engine import TurnStarted
from demo.dialogue.session import ReasonerInfo, Session, Turn
from demo.picture.geometry import PictureBox, Size
from demo.picture.masks import Mask
from demo.picture.palette import PALETTE, contrast, tone
from demo.picture.picture import open_picture
from demo.picture.regions import Origin, RegionObject, Registry
from demo.ui.canvas.scene import scene
from demo.ui.chat.live_turn import LiveTurn
from demo.ui.chat.messages import Message, messages
from demo.ui.shared.pacing import paced
from demo.ui.shared.text import linked_boxes, linked_names, place, plain, plain_length
from demo.ui.shared.theme import readable_on
from demo.ui.shared.updates import steadily
from demo.ui.tab.running_turns import RunningTurns
from demo.ui.tab.workspace import Failure, Workspace

PICTURE = open_picture(np.full((300, 400, 3), 255, np.uint8), "white.png")
LEFT, RIGHT = PictureBox(40, 60, 140, 160), PictureBox(240, 60, 340, 160)
EMPTY = Session.begin(PICTURE.info, ReasonerInfo("table", Size(840, 840)))
TRACE = TraceText("A scene.", None, "So.", "[]")


def answered(session: Session, question: str, *boxes: PictureBox, **more: object) -> Session:
    """The session with one more turn that found those boxes."""
    registry, region = session.registry, None
    if boxes:
        registry, made = registry.add([RegionObject("", box) for box in boxes], label="block")
        region = made.id
    if not boxes:
        more.setdefault("findings", (Finding("answer.empty", "note", "Nothing matches."),))
    turn = Turn(question, more.pop("prompted", question), region=region, **more)  # type: ignore[arg-type]
    return session.with_turn(turn, registry)


def workspace(session: Session, **more: object) -> Workspace:
    return Workspace(PICTURE, Path("white.png"), session, **more)  # type: ignore[arg-type]


def said(made: list[Message]) -> list[str]:
    """The messages without headings."""
    return [m["content"] for m in made if "metadata" not in m]


# Text


@given(st.text() | st.text("a|~é”\ud800" + string.punctuation))
def test_plain_text_is_the_same_text_without_any_markup(text: str) -> None:
    made = plain(text)
    assert plain_length(text) == len(made)
    assert html.unescape(made) == text
    assert re.fullmatch(r"(?:[^!-/:-@\[-`{-~]|&#[0-9]+;)*", made)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("left of R1", "left of [R1](#R1)", id="a name"),
        pytest.param("left of r1", "left of [R1](#R1)", id="lower case"),
        pytest.param("left of R12", "left of R12", id="another name"),
        pytest.param("R1 or R2.1", "[R1](#R1) or [R2.1](#R2.1)", id="an object"),
        pytest.param("R1左边", "[R1](#R1)左边", id="beside Chinese"),
        pytest.param("🐶Ｒ１", "🐶[R1](#R1)", id="full-width"),
        pytest.param("nearR1who", "near[R1](#R1)who", id="glued"),
        pytest.param("by box 1", "by [box 1](#R1)", id="by number"),
        pytest.param("R1 to R2.1", "[R1](#R1) to [R2.1](#R2.1)", id="the ends of a range"),
        pytest.param("『R1 go』!", "『R1 go』&#33;", id="quoted"),
    ],
)
def test_names_that_are_meant_become_links(text: str, expected: str) -> None:
    assert linked_names(text, ["R1", "R2.1"]) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("at bbox=[1, 2, 3, 4]", "at [R1](#R1)", id="as given"),
        pytest.param("at [1,2,3,4]", "at [R1](#R1)", id="numbers alone"),
        pytest.param("at [1, 2, 3, 5]", f"at {plain('[1, 2, 3, 5]')}", id="another box"),
        pytest.param("    indented", "indented", id="no code block"),
    ],
)
def test_boxes_that_have_a_name_become_links(text: str, expected: str) -> None:
    assert linked_boxes(text, {(1, 2, 3, 4): "R1"}) == expected


@pytest.mark.parametrize(
    ("box", "words"),
    [
        pytest.param((0, 0, 10, 10), "upper left", id="corner"),
        pytest.param((95, 45, 99, 55), "on the right", id="side"),
        pytest.param((45, 95, 55, 99), "at the bottom", id="edge"),
        pytest.param((0, 0, 100, 100), "in the middle", id="everything"),
    ],
)
def test_a_place_in_words(box: tuple[int, int, int, int], words: str) -> None:
    assert place(PictureBox(*box), Size(100, 100)) == words


# Chat


@pytest.mark.parametrize(
    ("session", "summary"),
    [
        pytest.param(
            answered(EMPTY, "block", LEFT), "Found one: [R1](#R1) — on the left.", id="one"
        ),
        pytest.param(
            answered(EMPTY, "blocks", LEFT, RIGHT),
            "Found 2: [R1](#R1) — [R1.1](#R1.1) on the left, [R1.2](#R1.2) on the right.",
            id="two",
        ),
        pytest.param(
            answered(EMPTY, "block", LEFT, partial=True),
            "Stopped: found one: [R1](#R1) — on the left.",
            id="stopped after the answer",
        ),
        pytest.param(
            answered(EMPTY, "block", partial=True),
            "Stopped: no answer had been written yet.",
            id="stopped before",
        ),
        pytest.param(answered(EMPTY, "ghost"), "Nothing in the picture matches.", id="none"),
    ],
)
def test_a_summary_comes_first(session: Session, summary: str) -> None:
    assert said(messages(session))[1] == summary


def test_warnings_are_seen_without_opening_anything() -> None:
    finding = Finding("citation.invented", "warning", "A box that nobody gave.")
    session = answered(EMPTY, "block", LEFT, findings=(finding,), trace=TRACE)
    assert "⚠ A box that nobody gave" in said(messages(session))[1]


def test_what_is_noted_about_a_text_without_parts_stands_below_it() -> None:
    finding = Finding("trace.repeats", "note", "The model repeats itself.")
    session = answered(EMPTY, "block", raw="no no no", findings=(finding,))
    (asked,) = [m["content"] for m in messages(session) if "Asked as" in m["content"]]
    assert asked.index("no no no") < asked.index("The model repeats itself")


def test_a_contradiction_is_a_warning_at_its_sentence() -> None:
    text = "No block is there."
    finding = Finding("contradiction", "warning", "Look yourself.", "think", (0, len(text)))
    trace = replace(TRACE, think=text)
    made = messages(answered(EMPTY, "block", LEFT, findings=(finding,), trace=trace))
    assert "⚠ [Look yourself" in said(made)[1]
    assert "(#at-think-0-)" in said(made)[1]
    (thought,) = [m["content"] for m in made if m.get("metadata", {}).get("title") == "Reasoning"]
    assert re.search(r'class="[^"]*\bat0\b', thought)


def test_a_stopped_turn_is_not_blamed_for_being_unfinished() -> None:
    finding = Finding("trace.truncated", "warning", "The text stops.")
    session = answered(EMPTY, "block", partial=True, findings=(finding,), trace=TRACE)
    assert "The text stops" not in said(messages(session))[1]


def test_references_are_named_in_question_and_trace() -> None:
    session = answered(EMPTY, "block", LEFT)
    trace = TraceText("", "It.", "Beside bbox=[84, 168, 294, 448].", "[]")
    session = answered(
        session,
        "next to R1",
        prompted="next to bbox=[84, 168, 294, 448]",
        references=("R1",),
        trace=trace,
    )
    made = messages(session)[-6:]
    assert made[0]["content"].startswith("Asked as: next to [R1](#R1) → ")
    assert made[2]["metadata"]["title"] == 'Focus on <span class="mark tone-1">R1</span>'
    assert made[3]["content"] == "Beside [R1](#R1)&#46;"


def test_equal_boxes_do_not_shift_the_names_of_others() -> None:
    session = answered(answered(answered(EMPTY, "a", LEFT), "b", LEFT), "c", RIGHT)
    session = answered(
        session,
        "R1, R2 and R3",
        prompted="bbox=[84, 168, 294, 448], bbox=[84, 168, 294, 448] and bbox=[504, 168, 714, 448]",
        references=("R1", "R2", "R3"),
        trace=TRACE,
    )
    asked = next(m for m in messages(session)[-6:] if "Asked as" in m["content"])["content"]
    assert "[R3](#R3) → bbox&#61;&#91;504" in asked
    assert "[R1](#R1) → bbox&#61;&#91;84" in asked


def test_a_corrected_region_keeps_its_name_in_earlier_questions() -> None:
    session = answered(
        answered(EMPTY, "a", RIGHT),
        "next to R1",
        prompted="next to bbox=[84, 168, 294, 448]",
        references=("R1",),
        trace=TRACE,
    )
    asked = next(m for m in messages(session)[-6:] if "Asked as" in m["content"])["content"]
    assert "[R1](#R1) → " in asked


def test_only_the_newest_answer_lies_open() -> None:
    session = answered(answered(EMPTY, "a", LEFT, trace=TRACE), "b", RIGHT, trace=TRACE)
    parts = [m["metadata"] for m in messages(session) if "metadata" in m]
    whole = {part["id"]: part.get("status") for part in parts if "parent_id" not in part}
    assert whole == {"turn1": "done", "turn2": None}
    newest = {p["title"]: p.get("status") for p in parts if p.get("parent_id") == "turn2"}
    assert newest == {"Scene": "done", "Reasoning": None, "Answer": "done"}


# Canvas


def test_the_scene_holds_every_object_in_picture_pixels() -> None:
    mask = Mask.from_array(np.pad(np.ones((100, 100)), ((60, 140), (40, 260))))
    registry, _ = Registry().add([RegionObject("", LEFT, None, mask, 0.87)], label="block")
    registry, _ = registry.add([RegionObject("", RIGHT)], origin=Origin.USER)
    value = scene(workspace(EMPTY.with_registry(registry)))
    first, second = value["regions"]
    assert (value["width"], value["height"]) == (400, 300)
    assert first["objects"][0]["box"] == [40, 60, 140, 160]
    assert value["outlines"][first["objects"][0]["mask"]].startswith("M40 60")
    assert first["lines"] == ["found by the model", "mask quality 0.87"]
    assert (second["lines"], second["tone"]) == (["drawn by you"], 2)


def test_an_outline_travels_once() -> None:
    mask = Mask.from_array(np.pad(np.ones((100, 100)), ((60, 140), (40, 260))))
    registry, _ = Registry().add([RegionObject("", LEFT, None, mask, 0.87)])
    full = workspace(EMPTY.with_registry(registry))
    drawn = replace(full, outlined=frozenset(scene(full)["outlines"]))
    assert len(scene(full)["outlines"]) == 1
    assert scene(drawn)["outlines"] == {}
    assert len(scene(drawn, all_outlines=True)["outlines"]) == 1


def test_a_drawn_region_stands_after_the_answers_there_were() -> None:
    session = answered(EMPTY, "a", LEFT, next_region=1)
    session = session.with_registry(
        session.registry.add([RegionObject("", RIGHT)], origin=Origin.USER)[0]
    )
    session = answered(session, "b", RIGHT, next_region=3)
    assert [r["turn"] for r in scene(workspace(session))["regions"]] == [1, 1, 2]


def test_regions_of_earlier_answers_are_those_before_the_newest_that_found_any() -> None:
    session = answered(answered(EMPTY, "a", LEFT, next_region=1), "b", RIGHT, next_region=2)
    session = answered(session, "ghost")
    assert [r["earlier"] for r in scene(workspace(session))["regions"]] == [True, False]
    drawn = session.registry.add([RegionObject("", RIGHT)], origin=Origin.USER)[0]
    regions = scene(workspace(session.with_registry(drawn)))["regions"]
    assert [r["earlier"] for r in regions] == [True, False, False]


def test_a_region_that_was_found_again_belongs_to_the_newest_answer() -> None:
    session = answered(answered(EMPTY, "a", LEFT), "b", RIGHT)
    again = Turn("a", "a", region="R1")
    session = session.with_turn(again, session.registry)
    assert [r["earlier"] for r in scene(workspace(session))["regions"]] == [False, True]


def test_an_outline_that_fills_its_box_for_no_reason_is_doubted() -> None:
    mask = Mask.from_array(np.pad(np.ones((100, 100)), ((60, 140), (40, 260))))
    registry, _ = Registry().add([RegionObject("", LEFT, None, mask)])
    (region,) = scene(workspace(EMPTY.with_registry(registry)))["regions"]
    assert region["objects"][0]["doubt"] == "it fills its whole box"


def test_an_empty_workspace_has_an_empty_scene() -> None:
    assert scene(None)["picture"] is None


# Workspace


def test_an_example_is_offered_as_long_as_it_is_followed() -> None:
    start = workspace(EMPTY, questions=("a", "b"))
    followed = start.with_act(answered(EMPTY, "a", LEFT))
    left = start.with_act(answered(EMPTY, "c", LEFT))
    done = start.with_act(answered(answered(EMPTY, "a"), "b"))
    assert [d.next_question for d in (start, followed, left, done)] == ["a", "b", None, None]
    assert followed.undone().next_question == "a"


def test_undo_takes_back_a_failed_try_before_a_turn() -> None:
    once = workspace(answered(EMPTY, "a", LEFT), failure=Failure("b", ()))
    assert once.undone().session is once.session
    assert once.undone().undone().session.turns == ()


def test_a_branch_is_kept_beside_its_dialogue() -> None:
    start = workspace(
        answered(answered(EMPTY, "a", LEFT, next_region=1), "b", RIGHT, next_region=2)
    )
    branched = start.branched(1)
    assert [len(s.turns) for s in branched.dialogues] == [2, 1]
    assert branched.session.branch == (start.session.id, 1)
    assert [r.id for r in branched.session.registry] == ["R1"]
    back = branched.with_act(answered(branched.session, "c", LEFT)).switched(0)
    assert back.session == start.session
    assert [len(s.turns) for s in back.dialogues] == [2, 2]
    assert back.switched(7) is back


# Turns and pace


def test_one_turn_at_a_time_for_each_visitor() -> None:
    turns = RunningTurns()
    ticket = turns.begin("ann")
    assert ticket is not None
    assert turns.begin("ann") is None
    assert turns.begin("ben") is not None
    assert turns.stop("ann")
    assert (ticket.cancel.is_set(), ticket.is_dropped) == (True, False)
    turns.end(ticket)
    assert not turns.stop("ann")
    assert turns.begin("ann") is not None


@given(st.lists(st.integers()))
def test_paced_events_arrive_all_and_in_order(events: list[int]) -> None:
    assert [e for batch in paced(iter(events), 0) for e in batch] == events


def test_an_error_comes_after_what_came_before_it() -> None:
    def failing() -> Iterator[int]:
        yield 1
        raise RuntimeError("gone")

    batches = paced(failing(), 0)
    assert next(batches) == [1]
    with pytest.raises(RuntimeError, match="gone"):
        next(batches)


# Colours


@pytest.mark.parametrize("fill", PALETTE)
def test_letters_can_be_read_on_every_region_colour(fill: str) -> None:
    assert contrast(readable_on(fill), fill) >= 4.5


def test_a_region_keeps_its_colour() -> None:
    numbers = range(1, 2 * len(PALETTE) + 1)
    assert [tone(n) for n in numbers] == [*range(1, len(PALETTE) + 1)] * 2


def test_properties_are_repeated_and_texts_are_not() -> None:
    @steadily
    def handler() -> Iterator[dict[str, Any]]:
        yield {"canvas": {"busy": "Looking…"}, "message": "", "chat": ["a"]}
        yield {"chat": ["a", "b"]}

    canvas = {"canvas": {"busy": "Looking…"}}
    assert list(handler()) == [
        {**canvas, "message": "", "chat": ["a"]},
        {**canvas, "chat": ["a", "b"]},
        canvas,
    ]


def test_a_handler_without_updates_leaves_everything() -> None:
    @steadily
    def handler() -> Iterator[dict[str, Any]]:
        yield from ()

    assert list(handler()) == [gr.skip()]


def test_turns_wait_for_those_before_them() -> None:
    turns = RunningTurns()
    first, second, third = (turns.begin(name) for name in ("ann", "bob", "cem"))
    assert first
    assert second
    assert third
    assert [turns.before(t) for t in (first, second, third)] == [(0, None), (1, None), (2, None)]
    turns.note_duration(4.0)
    assert turns.before(third) == (2, 8.0)
    turns.end(first)
    assert turns.before(third) == (1, 4.0)
    turns.note_duration(14.0)
    assert turns.before(third) == (1, 7.0)


def test_turns_go_round_among_those_who_ask() -> None:
    turns = RunningTurns()
    many = [turns.begin(f"tab{i}", asker="ann") for i in range(5)]
    other, late = turns.begin("other", asker="ben"), turns.begin("late", asker="ann")
    assert [turns.before(t)[0] for t in (*many, other, late) if t] == [0, 2, 3, 4, 5, 1, 6]


def test_a_server_takes_several_turns_at_a_time() -> None:
    turns = RunningTurns(at_once=2)
    tickets = [turns.begin(name) for name in ("ann", "bob", "cem")]
    turns.note_duration(4.0)
    assert [turns.before(t)[0] for t in tickets if t] == [0, 0, 1]


def test_a_waiting_turn_says_so_until_it_is_answered() -> None:
    live = LiveTurn(EMPTY)
    assert not live.wait(2, None)
    live.feed(TurnStarted("find it", "find it", ()))
    assert live.wait(2, 7.6)
    assert live.doing == "2 questions come before yours, about 8 s…"
    assert not live.wait(2, 7.6)
    assert live.wait(1, None)
    assert live.doing == "One question comes before yours…"
    assert live.wait(0, 0.0)
    live.feed(PartOpened("scene"))
    assert not live.wait(1, 2.0)
    assert live.doing == "Describing the scene…"


def test_silence_gives_an_empty_batch() -> None:
    go_on = threading.Event()

    def events() -> Iterator[int]:
        yield 1
        assert go_on.wait(10)
        yield 2

    batches = paced(events(), 0.0, quiet=0.01)
    assert next(batches) == [1]
    assert next(batches) == []
    go_on.set()
    assert [b for b in batches if b] == [[2]]
