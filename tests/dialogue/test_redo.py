"""Redo: what was undone comes back as it was, until something else is changed; and what both say of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from demo.dialogue import edits
from demo.dialogue.changes import change
from demo.dialogue.edits import Editor
from demo.dialogue.second_opinion import adopt
from demo.dialogue.session import MAX_STEPS, Session, Timings, Turn
from demo.errors import InputError
from demo.picture.geometry import PictureBox, PicturePoint
from demo.picture.regions import Click, Origin, RegionObject
from tests.dialogue.test_edits import EMPTY, HAND, PICTURE, RED
from tests.dialogue.test_second_opinion import dialogue
from tests.dialogue.test_session import (
    begun,
    full,
    through_json,
    with_answer,
    with_drawing,
    without,
)

Act = Callable[[Session], Session]
BARE = Editor(PICTURE, None)
MOVED, WIDER = PictureBox(50, 70, 150, 170), PictureBox(40, 60, 180, 160)


def asked(question: str = "find it", seconds: float = 1.0) -> Act:
    """A turn that finds a thing, and takes so long."""

    def act(session: Session) -> Session:
        registry, made = session.registry.add([RegionObject("", RED)])
        turn = Turn(question, question, region=made.id, timings=Timings(total_s=seconds))
        return session.with_turn(replace(turn, next_region=made.number), registry)

    return act


def instead(turn: int, act: Act) -> Act:
    """The act in place of that turn and all later ones."""
    return lambda session: act(session.before(turn)).following(session)


def pair(session: Session) -> Session:
    """With a region of two things, by the model."""
    item = RegionObject("", RED)
    return session.with_registry(session.registry.add([item, replace(item, box=MOVED)])[0])


def drawn(count: int = 1) -> Act:
    """So many boxes drawn in one act."""

    def act(session: Session) -> Session:
        registry = session.registry
        for _ in range(count):
            registry, _made = registry.add([RegionObject("", RED)], origin=Origin.USER)
        return session.with_registry(registry)

    return act


def box(session: Session) -> Session:
    return BARE.draw_box(session, RED).session


def deleted(*names: str) -> Act:
    def act(session: Session) -> Session:
        registry = session.registry
        for name in names:
            registry = registry.remove(name)
        return session.with_registry(registry)

    return act


def after(*acts: Act) -> Session:
    session = EMPTY
    for act in acts:
        session = act(session)
    return session


def test_what_was_undone_comes_back_exactly_as_it_was() -> None:
    start = full()
    states = [start, with_answer(start), with_drawing(with_answer(start))]
    states += [without(states[-1], "R1"), with_answer(without(states[-1], "R1"), 2)]
    session = states[0]
    for act in (with_answer, with_drawing, lambda s: without(s, "R1"), lambda s: with_answer(s, 2)):
        session = act(session)
    back = session
    for former in states[-2::-1]:
        back = back.undo()
        assert back == former
    for later in states[1:]:
        back = back.redo()
        assert back == later
    with pytest.raises(InputError, match="nothing to redo"):
        back.redo()
    assert back.undo() == states[-2]
    assert back.undo().redo() == states[-1]


@pytest.mark.parametrize(
    "act",
    [
        pytest.param(asked(), id="a turn"),
        pytest.param(box, id="a drawn box"),
        pytest.param(lambda s: edits.rename(s, "R1", "cup").session, id="a name"),
        pytest.param(lambda s: edits.set_hidden(s, "R1", True).session, id="hidden"),
        pytest.param(lambda s: edits.delete(s, "R1").session, id="deleted"),
        pytest.param(instead(1, asked("another")), id="a changed question"),
        pytest.param(lambda s: s.before(1), id="asked again"),
        pytest.param(lambda s: s.branch_at(1), id="a branch of all turns"),
        pytest.param(lambda s: after(asked(), asked()).undo().branch_at(1), id="a branch"),
    ],
)
def test_there_is_something_to_redo_until_something_new_is_done(act: Act) -> None:
    undone = after(asked(), box).undo()
    assert [region.id for region in undone.redo().registry] == ["R1", "R2"]
    new = act(undone)
    with pytest.raises(InputError, match="nothing to redo"):
        new.redo()
    if new.former is not None:
        assert new.undo() == undone
        assert new.undo().redo() == new


def test_a_rating_or_an_opinion_changes_nothing_and_goes_along() -> None:
    session, second = dialogue()
    rated = session.with_feedback(2, "down").with_second_opinion(2, second)
    undone = rated.undo().with_feedback(1, "up")
    again = undone.redo()
    assert [turn.feedback for turn in again.turns] == ["up", "down"]
    assert again.turns[1].second_opinions == (second,)
    assert [turn.feedback for turn in again.undo().turns] == ["up"]


def test_the_answer_that_took_anothers_place_comes_back_as_such() -> None:
    session, second = dialogue()
    noted = session.with_second_opinion(2, second)
    taken = adopt(noted, 2, second)
    assert taken.undo() == noted
    assert taken.undo().redo() == taken
    again = instead(2, asked(session.turns[1].question, 3.5))(noted)
    assert again.undo().redo() == again


def test_what_was_undone_of_a_loaded_dialogue_comes_back() -> None:
    loaded = through_json(with_drawing(with_answer(with_answer(begun()))))
    back = loaded.undo().undo()
    assert (back.turns, back.registry.names()) == ((), ("R3", "R3.1"))
    assert back.redo().redo() == loaded
    assert through_json(back.redo()) == back.redo()


@given(st.lists(st.sampled_from(["ask", "draw", "delete", "undo", "redo"]), max_size=40))
def test_any_acts_in_any_order(words: list[str]) -> None:
    """The same as walking up and down a list of states."""
    states, place = [begun()], 0
    session = states[0]
    for word in words:
        if word == "undo" and place:
            place, session = place - 1, session.undo()
        elif word == "redo" and place + 1 < len(states):
            place, session = place + 1, session.redo()
        elif word not in ("undo", "redo"):
            names = [region.id for region in session.registry]
            if word == "delete" and names:
                session = without(session, names[0])
            else:
                session = with_answer(session) if word == "ask" else with_drawing(session)
            states, place = [*states[: place + 1], session], place + 1
        assert session == states[place]


def reachable(session: Session) -> int:
    """How many states it keeps alive."""
    seen, ahead = dict[int, Session](), [session]
    while ahead:
        state = ahead.pop()
        if id(state) not in seen:
            seen[id(state)] = state
            ahead += [s for s in (state.former, state.later) if s is not None]
    return len(seen)


def test_so_many_steps_are_kept_and_no_more() -> None:
    session = begun()
    for _ in range(MAX_STEPS):
        session = with_drawing(session)
    whole = session
    for _ in range(MAX_STEPS):
        session = session.undo()
    assert len(session.registry) == 0
    with pytest.raises(InputError):
        session.undo()
    for _ in range(MAX_STEPS):
        session = session.redo()
    assert session == whole
    for _ in range(3):
        session = with_drawing(session)
    for _ in range(MAX_STEPS):
        session = session.undo()
    assert len(session.registry) == 3
    with pytest.raises(InputError):
        session.undo()


def test_what_can_be_neither_undone_nor_redone_is_not_kept() -> None:
    session = begun()
    for _ in range(MAX_STEPS):
        session = with_drawing(with_drawing(session).undo())
        session = with_drawing(session.undo().redo())
    assert reachable(session) <= MAX_STEPS + 1
    for _ in range(MAX_STEPS // 2):
        session = session.undo()
    assert reachable(session) <= 3 * MAX_STEPS


@pytest.mark.parametrize(
    ("before", "act", "said"),
    [
        pytest.param((), asked(), "answer 1", id="a turn"),
        pytest.param((asked(), asked("b")), asked("c"), "answer 3", id="a later one"),
        pytest.param(
            (asked(), asked("b")), instead(2, asked("b", 2.0)), "asking question 2 again", id="again"
        ),
        pytest.param(
            (asked(), asked("b")), instead(1, asked("c")), "changing question 1", id="changed"
        ),
        pytest.param((), box, "drawing R1", id="drawn"),
        pytest.param((asked(),), drawn(2), "drawing R2 and R3", id="two drawn"),
        pytest.param((), drawn(4), "drawing 4 regions", id="many drawn"),
        pytest.param((), pair, "setting apart R1", id="by the model"),
        pytest.param(
            (), lambda s: HAND.place(s, PicturePoint(90, 110)).session, "outlining R1", id="outlined"
        ),
        pytest.param((box, box), deleted("R1"), "deleting R1", id="deleted"),
        pytest.param((drawn(3),), deleted("R1", "R2", "R3"), "deleting R1, R2 and R3", id="all"),
        pytest.param((box,), lambda s: edits.rename(s, "R1", "a").session, "renaming R1", id="name"),
        pytest.param(
            (box,), lambda s: edits.set_hidden(s, "R1", True).session, "hiding R1", id="hidden"
        ),
        pytest.param(
            (box, lambda s: edits.set_hidden(s, "R1", True).session),
            lambda s: edits.set_hidden(s, "R1", False).session, "showing R1", id="shown",
        ),
        pytest.param(
            (box,), lambda s: BARE.correct(s, "R1.1", MOVED).session, "moving R1", id="moved"
        ),
        pytest.param(
            (box,), lambda s: BARE.correct(s, "R1.1", WIDER).session, "resizing R1", id="resized"
        ),
        pytest.param(
            (pair,), lambda s: BARE.correct(s, "R1.2", RED).session, "moving R1.2", id="one of two"
        ),
        pytest.param(
            (lambda s: HAND.draw_box(s, RED).session,),
            lambda s: HAND.refine(s, "R1.1", Click(PicturePoint(90, 110))).session,
            "reshaping R1", id="a click more",
        ),
        pytest.param(
            (box,), lambda s: s.with_registry(drawn()(deleted("R1")(s)).registry),
            "the last change", id="several at once",
        ),
    ],
)  # fmt: skip
def test_a_change_in_words(before: tuple[Act, ...], act: Act, said: str) -> None:
    session = after(*before)
    changed = act(session)
    assert change(session, changed) == said
    assert change(changed.undo(), changed) == said
    assert change(changed.undo(), changed.undo().redo()) == said


def test_an_answer_taken_in_words() -> None:
    session, second = dialogue()
    noted = session.with_second_opinion(2, second)
    assert change(noted, adopt(noted, 2, second)) == "taking the other answer 2"


def test_a_rating_given_meanwhile_is_no_part_of_the_change() -> None:
    session = after(asked(), box)
    undone = session.undo().with_feedback(1, "up")
    assert change(undone, session) == "drawing R2"
    loaded = through_json(after(box, asked()))
    assert change(loaded.undo(), loaded) == "answer 1"
