"""Asking again for what is there finds the region that shows it."""

from __future__ import annotations

import threading

import pytest

from demo.dialogue.engine import TurnFinished, begin, run_turn
from demo.dialogue.recognised import region_of, set_apart
from demo.dialogue.session import Session
from demo.dialogue.session_json import session_from_json, session_to_json
from demo.errors import InputError
from demo.language.references import resolve
from demo.picture.geometry import PictureBox
from demo.picture.picture import Picture
from demo.picture.regions import Region, RegionObject, Registry
from demo.segmenters.grabcut import GrabCutSegmenter
from demo.ui.chat.messages import messages
from tests.support.table import TableReasoner


def asked(session: Session, question: str, picture: Picture) -> Session:
    events = run_turn(
        session,
        question,
        picture=picture,
        reasoner=TableReasoner(),
        segmenter=GrabCutSegmenter(),
        cancel=threading.Event(),
        recognises=True,
    )
    return next(event.session for event in events if isinstance(event, TurnFinished))


@pytest.fixture
def twice(picture: Picture) -> Session:
    """R1 red, R2 blue, and red again."""
    session = begin(picture, TableReasoner())
    for question in ("find red", "what is next to R1", "where is the red one"):
        session = asked(session, question, picture)
    return session


def test_what_is_found_again_is_the_region_that_shows_it(twice: Session, picture: Picture) -> None:
    assert [turn.region for turn in twice.turns] == ["R1", "R2", "R1"]
    assert [region.id for region in twice.registry] == ["R1", "R2"]
    assert any(m["content"].startswith("That is [R1](#R1)") for m in messages(twice))
    assert resolve("left of it", twice.registry, last=twice.last_meant).names == ("R1",)
    assert asked(twice, "the both blocks", picture).turns[-1].region == "R3"


def test_it_can_be_undone_and_asked_again(twice: Session, picture: Picture) -> None:
    loaded = session_from_json(session_to_json(twice))
    assert loaded == twice
    for session in (twice.undo(), loaded.undo()):
        assert [region.id for region in session.registry] == ["R1", "R2"]
        assert len(session.turns) == 2
        assert session.last_meant == "R2"
    assert asked(twice.before(1), "find red", picture).turns[-1].region == "R1"


def test_it_can_be_set_apart(twice: Session) -> None:
    apart = set_apart(twice, 3)
    assert [turn.region for turn in apart.turns] == ["R1", "R2", "R3"]
    first, third = apart.registry.region("R1"), apart.registry.region("R3")
    assert [o.box for o in third.objects] == [o.box for o in first.objects]
    assert third.objects[0].mask == first.objects[0].mask is not None
    assert apart.undo() == twice
    with pytest.raises(InputError, match="no region that could be set apart"):
        set_apart(apart, 3)


def test_a_region_that_is_gone_cannot_be_set_apart(twice: Session) -> None:
    gone = twice.with_registry(twice.registry.remove("R1"))
    assert any("That was R1, which has been deleted" in m["content"] for m in messages(gone))
    with pytest.raises(InputError):
        set_apart(gone, 3)


BOX = PictureBox(10, 10, 110, 110)


@pytest.mark.parametrize(
    ("found", "same"),
    [
        pytest.param([BOX], True, id="the same box"),
        pytest.param([PictureBox(12, 11, 111, 112)], True, id="a pixel or two beside"),
        pytest.param([PictureBox(30, 10, 130, 110)], False, id="beside"),
        pytest.param([PictureBox(10, 10, 110, 60)], False, id="a half"),
        pytest.param([BOX, PictureBox(200, 10, 300, 110)], False, id="one of two"),
        pytest.param([BOX, BOX], False, id="twice"),
        pytest.param([], False, id="nothing"),
    ],
)
def test_boxes_that_are_of_one_thing(found: list[PictureBox], same: bool) -> None:
    known, region = Registry().add([RegionObject("", BOX)])
    objects = [RegionObject("", box) for box in found]
    assert region_of(objects, known) == (region if same else None)
    hidden = Region(region.id, region.objects, hidden=True)
    assert region_of(objects, known.replace(hidden)) is None


def test_the_order_of_objects_does_not_matter() -> None:
    boxes = [PictureBox(200, 10, 300, 110), BOX]
    known, region = Registry().add([RegionObject("", box) for box in boxes])
    assert region_of([RegionObject("", box) for box in reversed(boxes)], known) == region
