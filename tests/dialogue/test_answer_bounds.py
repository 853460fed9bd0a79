"""Answers beyond all bounds: what a model writes is cut, said, and can be opened again."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import numpy as np
import pytest

from demo.answers.checks import check_trace
from demo.answers.contradiction import _without_objects
from demo.answers.trace import parse_trace
from demo.dialects.prompt import Prompt
from demo.dialogue import room
from demo.dialogue.engine import ObjectSeen, TurnFinished, begin, run_turn
from demo.dialogue.limits import MAX_ANSWER, MAX_FINDINGS, MAX_FOUND, MAX_TURNS
from demo.dialogue.session_json import session_from_json, session_to_json
from demo.errors import InputError
from demo.picture.geometry import Size
from demo.picture.picture import Picture, open_picture
from demo.reasoners.base import Usage
from demo.segmenters.base import Segmenter
from demo.segmenters.grabcut import GrabCutSegmenter
from tests.support.table import TableReasoner


class Writing(TableReasoner):
    """Writes one text again and again, in pieces."""

    def __init__(self, *pieces: str) -> None:
        super().__init__()
        self.pieces, self.written = pieces, 0

    def stream(
        self, _picture: Picture, _prompt: Prompt, cancel: threading.Event
    ) -> Iterator[str | Usage]:
        for piece in self.pieces:
            if cancel.is_set():
                break
            self.written += len(piece)
            yield piece
        yield Usage()


@pytest.fixture(scope="module")
def picture() -> Picture:
    return open_picture(np.zeros((840, 840, 3), np.uint8), "p.png")


def boxes(count: int) -> list[str]:
    corners = ((i * 7 % 800, i * 13 % 800) for i in range(count))
    return [
        f'{{"bbox_2d": [{x}, {y}, {x + 9 + i % 30}, {y + 9}]}}, '
        for i, (x, y) in enumerate(corners)
    ]


def answered(
    picture: Picture, reasoner: Writing, segmenter: Segmenter | None = None
) -> tuple[TurnFinished, int]:
    events = list(
        run_turn(
            begin(picture, reasoner),
            "find the dogs",
            picture=picture,
            reasoner=reasoner,
            segmenter=segmenter,
            cancel=threading.Event(),
        )
    )
    (finished,) = [event for event in events if isinstance(event, TurnFinished)]
    return finished, sum(isinstance(event, ObjectSeen) for event in events)


def test_of_very_many_things_the_first_are_kept(picture: Picture) -> None:
    finished, seen = answered(picture, Writing("<answer>[", *boxes(700), "]</answer>"))
    (region,) = finished.session.registry
    assert len(region.objects) == seen == MAX_FOUND
    many = [f for f in finished.session.turns[0].findings if f.kind == "answer.many"]
    assert [f.level for f in many] == ["note"]
    assert f"the first {MAX_FOUND} are shown" in many[0].text
    assert session_from_json(session_to_json(finished.session)) == finished.session


def test_of_very_many_findings_the_first_are_kept(picture: Picture) -> None:
    cited = [f"[{i}, {i}, {i + 9}, {i + 9}] a thing. " for i in range(700)]
    finished, _ = answered(picture, Writing("<think>", *cited, "</think><answer>[]</answer>"))
    assert len(finished.session.turns[0].findings) == MAX_FINDINGS
    assert session_from_json(session_to_json(finished.session)) == finished.session


def test_a_model_that_writes_on_and_on_is_not_listened_to(picture: Picture) -> None:
    words = [f"word {i} of a long story, " * 10 for i in range(4_000)]
    reasoner = Writing("<think>", *words)
    finished, _ = answered(picture, reasoner)
    assert len(finished.session.turns[0].raw) == MAX_ANSWER
    assert reasoner.written < MAX_ANSWER + 1_000


def test_a_full_dialogue_is_not_asked(picture: Picture) -> None:
    reasoner = Writing("<answer>[]</answer>")
    session = begin(picture, reasoner)
    finished, _ = answered(picture, reasoner)
    for _ in range(MAX_TURNS):
        session = session.with_turn(finished.session.turns[0], session.registry)
    reasoner.written = 0
    options = {"picture": picture, "reasoner": reasoner, "segmenter": None}
    with pytest.raises(InputError, match="This dialogue is full"):
        next(run_turn(session, "find the dogs", cancel=threading.Event(), **options))  # type: ignore[arg-type]
    assert not reasoner.written


def test_masks_beyond_the_room_are_left_out_and_that_is_said(
    picture: Picture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "MAX_MASK_PIXELS", picture.size.width * picture.size.height // 2)
    whole = ", ".join(f'{{"bbox_2d": [{x}, 0, {x + 500}, 500]}}' for x in (0, 150, 300))
    finished, _ = answered(picture, Writing(f"<answer>[{whole}]</answer>"), GrabCutSegmenter())
    objects = [item for region in finished.session.registry for item in region.objects]
    assert [item.mask is not None for item in objects] == [True, False, False]
    said = [f.text for f in finished.session.turns[0].findings if f.kind == "masks.failed"]
    assert said == ["The masks of 2 objects are left out: this dialogue has no room for more."]


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        pytest.param("no dog [1] is [2] here", "no dog here", id="from the first to the last"),
        pytest.param("] no [", "] no [", id="the wrong way round"),
        pytest.param("[[[[", "[[[[", id="never closed"),
        pytest.param("```json\nno", "       \nno", id="a fence"),
        pytest.param("```a {1} ```b", "     " + "    " + "    ", id="fences around"),
    ],
)  # fmt: skip
def test_objects_are_left_out_of_what_is_read_as_words(text: str, plain: str) -> None:
    assert _without_objects(text).split() == plain.split()
    assert len(_without_objects(text)) == len(text)


@pytest.mark.parametrize("sign", ["[", "{", "[1e5,", "{[", "```", "``` ["])
def test_an_answer_of_signs_is_read_at_once(sign: str) -> None:
    """What takes a minute here takes it in every turn with such an answer."""
    written = sign * (MAX_ANSWER // len(sign))
    trace = parse_trace(f"<answer>{written}</answer>", Size(840, 840))
    assert {finding.kind for finding in check_trace(trace, [])} >= {"answer.unreadable"}
