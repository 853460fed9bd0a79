"""Sessions: acting and undoing, and a JSON form that comes back the same or is refused."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from demo.answers.finding import Finding, TraceText
from demo.dialogue.session import ReasonerInfo, Session, Timings, Turn
from demo.dialogue.session_json import session_from_json, session_to_json
from demo.errors import InputError, SessionFormatError
from demo.picture.geometry import PictureBox, PicturePoint, Size
from demo.picture.masks import Mask
from demo.picture.picture import PictureInfo
from demo.picture.regions import Click, Origin, RegionObject, Registry

PICTURE = PictureInfo("dog.png", Size(40, 30), "0123456789abcdef" * 4)
REASONER = ReasonerInfo("nano", Size(840, 840))
BOX = PictureBox(1, 2, 30, 20)


def begun() -> Session:
    return Session.begin(PICTURE, REASONER)


def with_answer(session: Session, count: int = 1) -> Session:
    """After a turn that found ``count`` objects."""
    registry, region = session.registry.add([RegionObject("", BOX)] * count)
    free = session.registry.next_number
    turn = Turn("find it", "find it", region=region.id, next_region=free)
    return session.with_turn(turn, registry)


def with_drawing(session: Session) -> Session:
    registry, _ = session.registry.add([RegionObject("", BOX)], origin=Origin.USER)
    return session.with_registry(registry)


def without(session: Session, name: str) -> Session:
    return session.with_registry(session.registry.remove(name))


def through_json(session: Session) -> Session:
    return session_from_json(json.loads(json.dumps(session_to_json(session), allow_nan=False)))


def full() -> Session:
    """A session with something in every field."""
    mask = Mask.from_array(np.eye(30, 40))
    clicks = (Click(PicturePoint(5, 6)), Click(PicturePoint(9, 9), positive=False))
    item = RegionObject("", BOX, PicturePoint(5, 6), mask, 0.75, corrected=True, clicks=clicks)
    registry, region = Registry().add([item, RegionObject("", BOX)], label="a dog")
    turn = Turn(
        question="Find the dog, next to R1",
        prompted="find the dog, next to bbox=[1, 2, 3, 4]",
        references=("R1", "R1.2"),
        region=region.id,
        partial=True,
        trace=TraceText("a room", "a cup", "so it is", "[]"),
        raw="<scene>a room</scene>",
        findings=(Finding("answer.repaired", "note", "A comma was missing."),),
        feedback="up",
        timings=Timings(0.5, 1.25, 900, 40, 850, {"scene": 0.25}),
        next_region=1,
        decoding="greedy, repetition penalty 1.05",
    )
    return Session("s-1", PICTURE, REASONER, (turn,), registry, ("s-0", 3))


# --- acting and undoing --------------------------------------------------------------------------


def test_two_sessions_never_share_an_id() -> None:
    assert begun().id != begun().id


def test_undo_takes_back_a_turn_with_its_region_and_number() -> None:
    one = with_answer(begun())
    two = with_answer(one)
    assert two.undo() == one
    assert two.undo().registry.next_number == 2


def test_undo_takes_back_an_edit_on_the_canvas() -> None:
    one = with_answer(begun())
    assert with_drawing(one).undo() == one
    assert without(one, "R1").undo() == one


def test_undo_gives_back_a_deleted_number() -> None:
    one = with_answer(begun())
    deleted = without(one, "R1")
    assert [r.id for r in with_answer(deleted).registry] == ["R2"]
    assert [r.id for r in with_answer(deleted.undo()).registry] == ["R1", "R2"]


def test_every_act_can_be_undone_down_to_the_beginning() -> None:
    start = begun()
    session = without(with_drawing(with_answer(with_answer(start, 2))), "R1")
    for _ in range(4):
        session = session.undo()
    assert session == start
    with pytest.raises(InputError, match="nothing to undo"):
        session.undo()


def test_a_turn_that_found_nothing_makes_no_region() -> None:
    one = with_answer(begun())
    two = one.with_turn(Turn("a cat?", "a cat"), one.registry)
    assert len(two.registry) == 1
    assert two.undo() == one


def test_undo_of_a_loaded_session_takes_back_the_last_turn_and_its_region() -> None:
    loaded = through_json(with_answer(with_answer(begun())))
    back = loaded.undo()
    assert [r.id for r in back.registry] == ["R1"]
    assert back.registry.next_number == 2
    assert len(back.turns) == 1


def test_undo_of_a_loaded_session_keeps_what_was_drawn_later() -> None:
    back = through_json(with_drawing(with_answer(begun()))).undo()
    assert back.registry.names() == ("R2", "R2.1")
    assert back.registry.next_number == 3


def test_undo_of_a_loaded_session_whose_last_region_was_deleted() -> None:
    loaded = through_json(without(with_answer(begun()), "R1"))
    assert loaded.undo().turns == ()


def test_undo_of_a_loaded_session_without_turns_is_refused() -> None:
    with pytest.raises(InputError, match="nothing to undo"):
        through_json(with_drawing(begun())).undo()


def test_before_a_turn_only_what_came_later_is_gone() -> None:
    """R1 answered, R2 drawn, R3 answered; R1 was renamed since."""
    session = with_answer(with_drawing(with_answer(begun())))
    renamed = replace(session.registry.region("R1"), label="mended")
    session = session.with_registry(session.registry.replace(renamed))
    back = session.before(2)
    assert [r.id for r in back.registry] == ["R1", "R2"]
    assert back.registry.region("R1").label == "mended"
    assert (len(back.turns), back.registry.next_number) == (1, 3)
    assert session.before(1).registry.names() == ()
    assert back.undo() == session


def test_before_a_turn_that_found_nothing() -> None:
    session = with_drawing(begun())
    session = session.with_turn(Turn("a?", "a", next_region=2), session.registry)
    session = with_drawing(session)
    assert [r.id for r in session.before(1).registry] == ["R1"]


def test_before_a_turn_of_a_file_that_does_not_note_numbers() -> None:
    session = with_answer(with_answer(begun()))
    session = replace(session, turns=tuple(replace(t, next_region=None) for t in session.turns))
    assert [r.id for r in session.before(2).registry] == ["R1"]


@pytest.mark.parametrize("turn", [0, 3])
def test_a_turn_that_is_not_there(turn: int) -> None:
    session = with_answer(with_answer(begun()))
    for act in (session.before, session.branch_at, session.turn):
        with pytest.raises(InputError, match="does not exist any more"):
            act(turn)


def test_a_branch_is_another_dialogue_with_the_same_beginning() -> None:
    session = with_answer(with_answer(begun()))
    branch = session.branch_at(1)
    assert branch.id != session.id
    assert branch.branch == (session.id, 1)
    assert branch.turns == session.turns[:1]
    assert [r.id for r in branch.registry] == ["R1"]
    assert [r.id for r in session.branch_at(2).registry] == ["R1", "R2"]


def test_a_rating_is_no_act_and_outlives_undo() -> None:
    session = with_answer(with_answer(begun())).with_feedback(1, "up")
    assert session.turns[0].feedback == "up"
    back = session.undo()
    assert (len(back.turns), back.turns[0].feedback) == (1, "up")


def test_another_model_leaves_former_turns_in_their_own_frame() -> None:
    other = ReasonerInfo("qwen2-vl-7b", Size(1000, 1000), "qwen2-vl")
    session = with_answer(begun())
    assert session.with_reasoner(REASONER) is session
    both = with_answer(session.with_reasoner(other))
    assert [both.reasoner_of(turn) for turn in both.turns] == [REASONER, other]
    again = with_answer(both.with_reasoner(REASONER))
    assert again.answered_by == ("nano", "qwen2-vl-7b")
    for changed in (again, through_json(again), through_json(again).undo(), again.undo()):
        owners = [changed.reasoner_of(turn) for turn in changed.turns]
        assert owners == [REASONER, other, REASONER][: len(owners)]


def test_a_turn_names_its_model_in_the_json_form_only_if_it_is_another() -> None:
    session = with_answer(begun())
    assert "reasoner" not in session_to_json(session)["turns"][0]
    other = ReasonerInfo("small", Size(1000, 1000), "qwen2-vl")
    assert session_to_json(session.with_reasoner(other))["turns"][0]["reasoner"] == {
        "name": "nano",
        "frame": [840, 840],
        "dialect": "region-reasoner",
    }


# --- the JSON form -------------------------------------------------------------------------------


def test_the_json_form_is_that_of_version_1() -> None:
    data = session_to_json(full())
    assert data["version"] == 1
    assert data["branch"] == {"of": "s-0", "turn": 3}
    assert data["picture"] == {
        "name": "dog.png",
        "width": 40,
        "height": 30,
        "sha256": PICTURE.sha256,
    }
    assert data["reasoner"] == {
        "name": "nano",
        "frame": [840, 840],
        "dialect": "region-reasoner",
    }
    assert data["turns"] == [
        {
            "question": "Find the dog, next to R1",
            "prompted": "find the dog, next to bbox=[1, 2, 3, 4]",
            "references": ["R1", "R1.2"],
            "region": "R1",
            "partial": True,
            "trace": {"scene": "a room", "focus": "a cup", "think": "so it is", "answer": "[]"},
            "raw": "<scene>a room</scene>",
            "findings": [
                {"kind": "answer.repaired", "level": "note", "text": "A comma was missing."}
            ],
            "feedback": "up",
            "timings": {
                "first_token_s": 0.5,
                "total_s": 1.25,
                "prompt_tokens": 900,
                "new_tokens": 40,
                "reused_tokens": 850,
                "parts_s": {"scene": 0.25},
            },
            "next_region": 1,
            "decoding": "greedy, repetition penalty 1.05",
        }
    ]
    first, second = data["regions"][0].pop("objects")
    assert data["regions"] == [{"id": "R1", "origin": "model", "label": "a dog", "hidden": False}]
    assert first.pop("mask")["size"] == [30, 40]
    assert first == {
        "id": "R1.1",
        "bbox_xyxy": [1, 2, 30, 20],
        "point_xy": [5, 6],
        "corrected": True,
        "mask_quality": 0.75,
        "clicks": [[5, 6, 1], [9, 9, 0]],
        "by_hand": False,
    }
    assert second == {
        "id": "R1.2",
        "bbox_xyxy": [1, 2, 30, 20],
        "point_xy": None,
        "corrected": False,
        "mask": None,
        "mask_quality": None,
        "clicks": [],
        "by_hand": False,
    }


def test_a_full_session_comes_back_the_same() -> None:
    assert through_json(full()) == full()


def test_a_deleted_number_stays_deleted_in_a_file() -> None:
    saved = through_json(without(with_drawing(with_answer(begun())), "R2"))
    assert saved.registry.next_number == 3


@pytest.mark.parametrize(
    ("turn", "expected"),
    [
        pytest.param({"region": "R4"}, 5, id="made by a turn"),
        pytest.param({"references": ["R7.2"]}, 8, id="cited by a turn"),
    ],
)
def test_numbers_that_turns_name_are_not_given_out_again(
    turn: dict[str, Any], expected: int
) -> None:
    data = session_to_json(with_answer(begun()))
    del data["next_region"]
    data["regions"] = []
    data["turns"][0].update(turn)
    assert session_from_json(data).registry.next_number == expected


texts = st.text(max_size=20)
boxes = st.tuples(st.integers(0, 39), st.integers(0, 29)).flatmap(
    lambda corner: st.builds(
        PictureBox,
        st.just(corner[0]),
        st.just(corner[1]),
        st.integers(corner[0] + 1, 40),
        st.integers(corner[1] + 1, 30),
    )
)
masks = st.builds(
    lambda seed: Mask.from_array(np.random.default_rng(seed).random((30, 40)) < 0.3),
    st.integers(0, 99),
)
objects = st.builds(
    RegionObject,
    st.just(""),
    boxes,
    st.none() | st.builds(PicturePoint, st.integers(0, 39), st.integers(0, 29)),
    st.none() | masks,
    st.none() | st.floats(0, 1),
    st.booleans(),
)
names = st.integers(1, 9).map("R{}".format) | st.integers(1, 9).map("R1.{}".format)
seconds = st.none() | st.floats(0, 1e6)
tokens = st.none() | st.integers(0, 10**6)
turns = st.builds(
    Turn,
    texts,
    texts,
    st.lists(names, max_size=3).map(tuple),
    st.none() | st.integers(1, 9).map("R{}".format),
    st.booleans(),
    st.builds(TraceText, *[st.none() | texts] * 4),
    texts,
    st.lists(
        st.builds(Finding, texts, st.sampled_from(["ok", "note", "warning"]), texts), max_size=3
    ).map(tuple),
    st.sampled_from([None, "up", "down"]),
    st.builds(Timings, seconds, seconds, tokens, tokens, tokens),
    st.none() | st.integers(1, 12),
    st.none()
    | st.builds(ReasonerInfo, texts, st.sampled_from([Size(224, 224), Size(8, 6)]), texts),
)


@st.composite
def sessions(draw: st.DrawFn) -> Session:
    registry = Registry(next_number=10)
    for found in draw(st.lists(st.lists(objects, min_size=1, max_size=3), max_size=4)):
        registry, _ = registry.add(found, origin=draw(st.sampled_from(Origin)), label=draw(texts))
    for region in registry.regions[:-1]:
        if draw(st.booleans()):
            registry = registry.remove(region.id)
    said = tuple(draw(st.lists(turns, max_size=3)))
    picture = PictureInfo(draw(texts), PICTURE.size, PICTURE.sha256)
    branch = draw(st.none() | st.tuples(st.just("s-0"), st.integers(0, 9)))
    return Session("s-1", picture, REASONER, said, registry, branch)


@settings(max_examples=50)
@given(sessions())
def test_any_session_comes_back_the_same(session: Session) -> None:
    assert through_json(session) == session


# --- refused -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(None, id="null"),
        pytest.param([], id="a list"),
        pytest.param("session", id="a text"),
        pytest.param({}, id="nothing in it"),
        pytest.param({"version": 2}, id="a later version"),
        pytest.param({"version": "1"}, id="the version as a text"),
        pytest.param({"version": True}, id="the version as a truth"),
        pytest.param({"version": [1]}, id="the version as a list"),
    ],
)
def test_what_is_not_version_1_is_refused(data: object) -> None:
    with pytest.raises(SessionFormatError, match="not a session of version 1 of this demo"):
        session_from_json(data)


def changed(path: str, value: object) -> dict[str, Any]:
    """The full session's JSON with one value exchanged; ``path`` like ``regions/0/id``."""
    data = session_to_json(full())
    *parents, last = [int(p) if p.isdigit() else p for p in path.split("/")]
    target: Any = data
    for parent in parents:
        target = target[parent]
    target[last] = value
    return data


OBJECT = "regions/0/objects/0"
REFUSED = [
    pytest.param("picture/width", 10**9, "too many", id="a picture of gigabytes"),
    pytest.param("picture/width", 10**400, "too large", id="a number without end"),
    pytest.param("picture/width", 0, "at least 1 × 1", id="a picture without width"),
    pytest.param("picture/width", -40, "at least 1 × 1", id="a picture of negative width"),
    pytest.param("picture/width", 40.0, "whole number", id="a width with a point"),
    pytest.param("picture/sha256", "../../etc/passwd", "SHA-256", id="a hash that is a path"),
    pytest.param("picture/name", "\ud800", "half a character", id="half a character"),
    pytest.param("id", "../other", "id of a session", id="an id that is a path"),
    pytest.param("id", "", "id of a session", id="an empty id"),
    pytest.param("branch", {"of": "/tmp", "turn": 1}, "id of a session", id="a branch of a path"),
    pytest.param("branch", {"of": "s-0"}, "“turn” is missing", id="a branch without its turn"),
    pytest.param("reasoner/frame", [840], "expected 2 numbers, got 1", id="half a frame"),
    pytest.param("reasoner/frame", [10**6, 10**6], "too many", id="a frame of gigabytes"),
    pytest.param("turns/0/reasoner", {"name": "x"}, "“frame” is missing", id="half a model"),
    pytest.param("turns", {}, "expected a list", id="turns as a group"),
    pytest.param("turns/0/references", ["R1; rm"], "region or object", id="no name of a region"),
    pytest.param("turns/0/region", "R1.1", "not a region's name", id="an object as the answer"),
    pytest.param("turns/0/region", "R0", "region or object", id="region zero"),
    pytest.param("turns/0/region", "R²", "region or object", id="a superscript number"),
    pytest.param("turns/0/partial", 1, "true or false", id="a number for a truth"),
    pytest.param("turns/0/feedback", "sideways", "one of None, up, down", id="other feedback"),
    pytest.param("turns/0/feedback", ["up"], "expected a text", id="feedback as a list"),
    pytest.param("turns/0/findings/0/level", "fatal", "one of ok, note, warning", id="other level"),
    pytest.param("turns/0/timings/total_s", float("inf"), "whole number", id="endless time"),
    pytest.param("turns/0/timings/new_tokens", 1.5, "whole number", id="half a token"),
    pytest.param("turns/0/trace", None, "group of named values", id="no trace"),
    pytest.param("regions/0/id", "R2", "are not R2.1", id="objects of another region"),
    pytest.param("regions/0/id", "R01", "region or object", id="a zero before the number"),
    pytest.param("regions/0/origin", "alien", "not a valid Origin", id="another origin"),
    pytest.param("regions/0/objects", [], "are not R1.1", id="a region without objects"),
    pytest.param(f"{OBJECT}/bbox_xyxy", [0, 0, 41, 10], "not inside", id="a box outside"),
    pytest.param(f"{OBJECT}/bbox_xyxy", [5, 5, 5, 10], "not inside", id="an empty box"),
    pytest.param(f"{OBJECT}/bbox_xyxy", [9, 0, 1, 9], "x1 <= x2", id="swapped corners"),
    pytest.param(f"{OBJECT}/bbox_xyxy", [1, 2, 3], "expected 4 numbers", id="three numbers"),
    pytest.param(f"{OBJECT}/point_xy", [1, 99], "point of R1.1", id="a point outside"),
    pytest.param(f"{OBJECT}/mask_quality", float("nan"), "whole number", id="NaN"),
    pytest.param(f"{OBJECT}/mask_quality", 1.01, "between 0 and 1", id="more than all"),
    pytest.param(f"{OBJECT}/mask_quality", True, "whole number", id="a truth for a number"),
    pytest.param(f"{OBJECT}/mask/size", [40, 30], "another size", id="a mask turned round"),
    pytest.param(f"{OBJECT}/mask/size", [10**6, 10**6], "another size", id="a huge mask"),
    pytest.param(f"{OBJECT}/mask/counts", "P^o0", "run lengths", id="a mask of other pixels"),
    pytest.param(f"{OBJECT}/mask/counts", "o" * 5000, "run-length string", id="an endless mask"),
    pytest.param(f"{OBJECT}/mask/counts", [1, 2], "expected a text", id="counts as a list"),
    pytest.param("next_region", "2", "whole number", id="the next number as a text"),
]


@pytest.mark.parametrize(("path", "value", "sentence"), REFUSED)
def test_a_wrong_value_is_refused_with_a_sentence(path: str, value: object, sentence: str) -> None:
    with pytest.raises(SessionFormatError, match=sentence) as caught:
        session_from_json(changed(path, value))
    assert str(caught.value).startswith("This session cannot be read: ")


LOOK = {"box_xyxy": [0, 0, 10, 10], "size": [28, 28], "call": ""}


@pytest.mark.parametrize(
    ("path", "value", "sentence"),
    [
        ("turns/0/raw", 7, "turn 1: expected a text, got int"),
        ("turns/0/trace", {"think": [], "answer": None}, "turn 1: expected a text, got list"),
        ("turns/0", {}, "turn 1: “trace” is missing"),
        ("turns/0/looks", [LOOK, {**LOOK, "box_xyxy": [0, 0, 41, 10]}], "turn 1: look 2: a part that"),
        ("turns/0/looks", [{"size": [28, 28]}], "turn 1: look 1: “box_xyxy” is missing"),
        ("turns/0/looks", [7], "turn 1: look 1: expected a group of named values, got int"),
        ("turns/0/findings/0/level", "loud", "turn 1: finding 1: expected one of ok, note, warning"),
        (f"{OBJECT}/mask_quality", 2, "region 1: object 1: the mask quality of R1.1"),
    ],
)  # fmt: skip
def test_a_refused_session_says_where_it_is_wrong(path: str, value: object, sentence: str) -> None:
    with pytest.raises(SessionFormatError) as caught:
        session_from_json(changed(path, value))
    assert str(caught.value).startswith(f"This session cannot be read: {sentence}")


def test_regions_out_of_order_are_refused() -> None:
    data = session_to_json(with_answer(with_answer(begun())))
    data["regions"].reverse()
    with pytest.raises(SessionFormatError, match="not numbered in order"):
        session_from_json(data)


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path to everything inside a JSON value."""
    keys = value if isinstance(value, dict) else range(len(value) if isinstance(value, list) else 0)
    for key in keys:
        yield (*path, key)
        yield from places(value[key], (*path, key))


PLACES = list(places(session_to_json(full())))
OTHER_VALUES: st.SearchStrategy[Any] = st.sampled_from(
    [None, True, 0, -1, 1.5, 10**400, float("nan"), float("-inf"), "", "R9", "\ud800", [], {}, [[]]]
) | st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=5,
)


@settings(max_examples=300)
@given(
    st.lists(st.tuples(st.sampled_from(PLACES), st.none() | OTHER_VALUES), min_size=1, max_size=3)
)
def test_a_damaged_session_is_read_or_refused(damages: list[tuple[tuple[Any, ...], Any]]) -> None:
    """None takes the value out; what is still read can be saved again and comes back the same."""
    data = session_to_json(full())
    for path, value in damages:
        damage(data, path, value)
    try:
        session = session_from_json(copy.deepcopy(data))
    except SessionFormatError:
        return
    assert through_json(session) == session


def damage(data: Any, path: tuple[Any, ...], value: Any) -> None:
    try:
        for key in path[:-1]:
            data = data[key]
        if value is None:
            del data[path[-1]]
        else:
            data[path[-1]] = value
    except (KeyError, IndexError, TypeError):
        return  # an earlier damage took this place away


def test_undo_of_a_loaded_session_gives_no_deleted_number_out_again() -> None:
    session = Session.begin(
        PictureInfo("a.png", Size(100, 100), "0" * 64), ReasonerInfo("nano", Size(224, 224))
    )
    registry, region = session.registry.add([RegionObject("", PictureBox(1, 1, 9, 9))])
    session = session.with_turn(Turn("find it", "find it", region=region.id), registry)
    registry, later = session.registry.add([RegionObject("", PictureBox(1, 1, 9, 9))])
    loaded = session_from_json(session_to_json(session.with_registry(registry.remove(later.id))))
    undone = loaded.undo()
    assert len(undone.registry) == 0
    assert undone.registry.next_number == loaded.registry.next_number == 3
