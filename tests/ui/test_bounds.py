"""What a page shows of a dialogue that is as large as it may be."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from unittest.mock import Mock

import gradio as gr
import numpy as np
import pytest

from demo.answers.finding import Finding, TraceText
from demo.dialogue.overlay import draw_overlay
from demo.dialogue.session import Look, ReasonerInfo, SecondOpinion, Session, Turn
from demo.errors import InputError
from demo.machine import effort
from demo.machine.effort import breathe, long_work
from demo.picture.geometry import PictureBox, Size
from demo.picture.masks import Mask
from demo.picture.picture import Picture, open_picture
from demo.picture.regions import RegionObject, Registry
from demo.ui.canvas.scene import scene
from demo.ui.chat import messages as chat_messages
from demo.ui.chat.messages import messages
from demo.ui.chat.shortened import MAX_LOOKS, MAX_SHOWN, shortened
from demo.ui.shared import text
from demo.ui.shared.text import code, linked_boxes, resolved_boxes
from demo.ui.tab.workspace import Tab, Workspace
from tests.ui.handlers import Handlers, handlers_of, placed_parts
from tests.ui.handlers import sent as event

SIDE = 200


@pytest.fixture(scope="module")
def picture() -> Picture:
    return open_picture(np.zeros((SIDE, SIDE, 3), np.uint8), "p.png")


@pytest.fixture
def session(picture: Picture) -> Session:
    return Session.begin(picture.info, ReasonerInfo("nano", Size(840, 840)))


class Counted(str):
    """A text that counts the characters that are taken from it."""

    taken = 0

    def __getitem__(self, key: object) -> str:
        piece = super().__getitem__(key)  # type: ignore[index]
        type(self).taken += len(piece)
        return piece


def taken_from(length: int, write: Callable[[str], str]) -> int:
    """How many characters of a text of that many lines are taken from it."""
    Counted.taken = 0
    assert write(Counted("word. [1, 2, 3, 4]\n" * length))
    return Counted.taken


def with_stretches(written: str) -> str:
    """A stretch in each line, and one over all of them."""
    lines = range(0, len(written), 19)
    return code(written, [(start, start + 25, f"at{start}") for start in lines])


@pytest.mark.parametrize(
    "write",
    [
        pytest.param(with_stretches, id="findings"),
        pytest.param(lambda t: linked_boxes(t, {(1, 2, 3, 4): "R1"}), id="boxes"),
        pytest.param(
            lambda t: linked_boxes(
                t, {}, stretches=[(s, s + 5, "at1") for s in range(0, len(t), 19)]
            ),
            id="both",
        ),
        pytest.param(lambda t: resolved_boxes(t, {(1, 2, 3, 4): "R1"}), id="a question"),
    ],
)
def test_a_text_is_written_once_however_much_is_marked_in_it(write: Callable[[str], str]) -> None:
    short, long = taken_from(50, write), taken_from(500, write)
    assert long <= 12 * short


class Pattern:
    """A pattern that counts the characters that it is let loose on."""

    def __init__(self) -> None:
        self.read, self._pattern = 0, text._RIGHT_TO_LEFT

    def search(self, within: str) -> object:
        self.read += len(within)
        return self._pattern.search(within)


def test_the_direction_of_a_text_is_looked_for_once(monkeypatch: pytest.MonkeyPatch) -> None:
    pattern = Pattern()
    monkeypatch.setattr(text, "_RIGHT_TO_LEFT", pattern)
    written = "[1, 2, 3, 4] " * 500
    resolved_boxes(written, {(1, 2, 3, 4): "R1"})
    assert pattern.read < 20 * len(written)


def sent(chat: list[dict[str, object]]) -> int:
    return sum(len(str(message["content"])) for message in chat)


@pytest.mark.parametrize("words", ["!*[](", "a dog. ", "[1, 2, 3, 4] ", "“a”\n"])
def test_a_chat_is_sent_in_bounded_length(session: Session, words: str) -> None:
    long = words * (50_000 // len(words))
    trace = TraceText(scene=long, think=long, answer=long)
    findings = (Finding("x", "warning", long[:4000], "think", (0, 5)),) * 40
    turn = Turn("dog", long, trace=trace, raw=long, findings=findings)
    other = SecondOpinion(ReasonerInfo("other", Size(840, 840)), turn)
    grown = replace(session, turns=(replace(turn, second_opinions=(other,)),) * 40)
    assert sent(messages(grown)) < 6 * MAX_SHOWN
    assert "The rest is in the file" in str(messages(grown))
    assert grown.turns[0].raw == long


def test_a_chat_of_the_usual_length_is_shown_whole(session: Session) -> None:
    text = "The dog is left of the tree at [1, 2, 3, 4]. " * 40
    turn = Turn("dog", "dog", trace=TraceText(scene=text, think=text, answer="[]"), raw=text * 2)
    hundred = replace(session, turns=(turn,) * 100)
    assert shortened(hundred) is hundred


def many_looks(session: Session, texts: str, *, turns: int, each: int) -> Session:
    """Each look of a turn is of the same part."""
    call = "<look>[1, 2, 30, 40]</look>"
    think = texts + "".join(f"{call} {texts}" for _ in range(each))
    looks = (Look(PictureBox(0, 0, 9, 9), Size(840, 840), call),) * each
    turn = Turn("dog", "dog", ("R1",), trace=TraceText(think=think, answer="[]"), looks=looks)
    return replace(session, turns=(turn,) * turns)


@pytest.mark.parametrize(
    ("cites", "laid"),
    [pytest.param("a", 1, id="none"), pytest.param("[1, 2, 3, 4]", 2, id="boxes")],
)
def test_given_boxes_are_laid_over_each_part_once(
    session: Session, monkeypatch: pytest.MonkeyPatch, cites: str, laid: int
) -> None:
    now = Mock(wraps=chat_messages._boxes_now)
    monkeypatch.setattr(chat_messages, "_boxes_now", now)
    messages(many_looks(session, cites, turns=1, each=20))
    assert now.call_count == laid  # the whole, and the part of all looks


def test_small_pictures_are_bounded(session: Session) -> None:
    """Turns without looks leave their share to the others."""
    looking = many_looks(session, "a", turns=20, each=40)
    plain = replace(looking.turns[0], looks=())
    few = shortened(replace(looking, turns=looking.turns + (plain,) * 80))
    assert [len(turn.looks) for turn in few.turns] == [MAX_LOOKS // 20] * 20 + [0] * 80
    usual = many_looks(session, "a", turns=100, each=3)
    assert shortened(usual) is usual


def test_outlines_are_sent_in_bounded_length(picture: Picture, session: Session) -> None:
    rng = np.random.default_rng(0)
    registry = Registry()
    for _ in range(120):
        mask = Mask.from_array(rng.random((SIDE, SIDE)) < 0.1)
        registry, _ = registry.add([RegionObject("", PictureBox(0, 0, 9, 9), mask=mask)])
    workspace = Workspace(picture, Path("x"), replace(session, registry=registry))
    outlines = scene(workspace)["outlines"]
    assert len(outlines) == 120
    assert sum(map(len, outlines.values())) < 2_000_000
    first, *_, last = outlines.values()
    assert len(last) < len(first) / 10


# Opening ------------------------------------------------------------------------------------------------


@pytest.fixture
def handlers(tmp_path: Path) -> Handlers:
    return handlers_of(placed_parts(tmp_path), tmp_path)


def request(visitor: str) -> gr.Request:
    return gr.Request(session_hash=visitor)


def test_opening_ends_when_its_visitor_leaves(handlers: Handlers) -> None:
    """Nothing of it is shown, and the place is free."""
    tab, free = Tab(), effort._places._free

    def read() -> Workspace:
        handlers.context.turns.stop("ann", drop=True)
        breathe()
        raise AssertionError("it went on")

    updates = handlers.opening.open(read, tab, request("ann"))
    assert "stopped" in str(updates[handlers.context.parts.hint])
    assert tab.workspace is None
    assert effort._places._free == free
    assert not handlers.context.turns.is_running("ann")


@pytest.mark.parametrize("kind", ["move_all", "copy_all"])
def test_moving_many_masks_waits_its_turn_and_ends_with_its_visitor(
    handlers: Handlers, picture: Picture, session: Session, kind: str
) -> None:
    mask = Mask.from_array(np.ones((SIDE, SIDE)))
    registry, _ = Registry().add([RegionObject("", PictureBox(0, 0, 9, 9), mask=mask)] * 5)
    before = replace(session, registry=registry)
    tab, gone = Tab(), threading.Event()
    tab.workspace = Workspace(picture, Path("x"), before)
    gone.set()
    with effort.wanted_until(gone):
        act = event(kind=kind, regions=["R1"], by=[1, 1])
        updates = handlers.acts.act(tab, act, request("dan"))
    assert "stopped" in str(updates[handlers.context.parts.hint])
    assert tab.workspace is not None
    assert tab.workspace.session is before


def test_what_was_read_is_shown_even_so(handlers: Handlers, picture: Picture) -> None:
    tab = Tab()
    workspace = handlers.opening.workspace_for(picture)
    handlers.opening.open(lambda: workspace, tab, request("ben"))
    assert tab.workspace is not None
    assert tab.workspace.session is workspace.session


def test_too_many_who_open_are_told_to_come_again(
    handlers: Handlers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(effort._places), "waiting", effort.MAX_WAITING)
    updates = handlers.opening.open(lambda: pytest.fail("it was read"), Tab(), request("cem"))
    assert "Try again in a few seconds" in str(updates[handlers.context.parts.hint])


def test_drawing_ends_when_nobody_waits_for_it(picture: Picture, session: Session) -> None:
    mask, cancel = Mask.from_array(np.ones((SIDE, SIDE))), threading.Event()
    item = RegionObject("", PictureBox(0, 0, 9, 9), mask=mask)
    registry, _ = Registry().add([item] * 5)
    with long_work(cancel):
        cancel.set()
        with pytest.raises(InputError, match="stopped"):
            draw_overlay(picture, replace(session, registry=registry))
