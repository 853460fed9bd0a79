"""One turn and whole dialogues through the engine, with the real nano and real GrabCut."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from html import unescape
from itertools import count

import pytest

from demo.answers.ending import MAX_AFTER
from demo.answers.finding import Finding
from demo.answers.trace import PartClosed, PartOpened
from demo.dialects.known import QWEN_3_VL
from demo.dialects.prompt import Prompt
from demo.dialogue.engine import (
    ObjectSeen,
    Segmenting,
    TurnFinished,
    TurnStarted,
    answer,
    begin,
    run_turn,
)
from demo.dialogue.session import Session
from demo.dialogue.session_json import session_from_json, session_to_json
from demo.errors import ModelError, QuestionError, SessionFormatError, UnknownRegionError
from demo.language.labels import label_of
from demo.language.references import resolve
from demo.nano.world.facts import Fact
from demo.nano.world.scene import KINDS
from demo.picture.geometry import PictureBox
from demo.picture.picture import Picture, open_picture
from demo.picture.regions import RegionObject, Registry
from demo.reasoners.base import Usage
from demo.reasoners.local import LocalReasoner
from demo.segmenters.grabcut import GrabCutSegmenter
from demo.ui.chat.messages import messages
from tests.support.scripted import Maskless, Scripted, Telling
from tests.support.table import ANSWERS, TableReasoner


def turn(
    session: Session, sentence: str, picture: Picture, nano: LocalReasoner, **changed: object
) -> list[object]:
    options = {"segmenter": GrabCutSegmenter(), "cancel": threading.Event(), **changed}
    return list(run_turn(session, sentence, picture=picture, reasoner=nano, **options))  # type: ignore[arg-type]


def finished(events: Sequence[object]) -> Session:
    last = events[-1]
    assert isinstance(last, TurnFinished)
    return last.session


@pytest.fixture(scope="module")
def first(picture: Picture, nano: LocalReasoner, facts: tuple[Fact, ...]) -> list[object]:
    """The events of a first turn about a thing that is there once."""
    return turn(begin(picture, nano), f"Find the {_single(facts)}!", picture, nano)


def _single(facts: Sequence[Fact]) -> str:
    kinds = [f.kind for f in facts]
    return next(k for k in kinds if kinds.count(k) == 1)


def test_a_turn_is_told_in_order(first: list[object], facts: tuple[Fact, ...]) -> None:
    started = first[0]
    assert isinstance(started, TurnStarted)
    assert started.prompted == f"find the {_single(facts)}"
    assert started.given == ()
    assert [e.part for e in first if isinstance(e, PartOpened)] == ["scene", "think", "answer"]
    assert [e.part for e in first if isinstance(e, PartClosed)] == ["scene", "think", "answer"]
    kinds = [type(e) for e in first]
    assert kinds.index(ObjectSeen) < kinds.index(Segmenting) < kinds.index(TurnFinished)


def test_a_turn_makes_a_region_with_box_point_and_mask(
    first: list[object], picture: Picture
) -> None:
    session = finished(first)
    region = session.registry.region("R1")
    assert session.turns[0].region == "R1"
    for item in region.objects:
        assert item.box.is_inside(picture.size)
        assert item.point is not None
        assert item.mask is not None
        assert item.mask.size == picture.size
        assert item.mask.area > 0
        assert item.mask_quality is None  # GrabCut makes no estimate
    assert session_from_json(session_to_json(session)) == session


def test_the_next_turn_holds_the_box_in_the_model_frame(
    first: list[object], picture: Picture, nano: LocalReasoner
) -> None:
    before = finished(first)
    events = turn(before, "what is next to r1?", picture, nano)
    box = (
        before.registry.region("R1")
        .objects[0]
        .box.to_model(picture.size, nano.dialect.view(picture.size).frame)
    )
    written = f"bbox=[{box.x1}, {box.y1}, {box.x2}, {box.y2}]"
    session = finished(events)
    assert session.turns[1].prompted == f"what is next to {written}"
    assert session.turns[1].references == ("R1",)
    assert session.turns[1].trace.focus
    assert written in (session.turns[1].trace.think or "")
    assert "citation.valid" in [f.kind for f in session.turns[1].findings]
    assert session.undo() == before


def test_the_segmenter_looks_at_the_picture_while_the_model_writes(
    picture: Picture, nano: LocalReasoner
) -> None:
    looked = threading.Event()

    class Watched(GrabCutSegmenter):
        def prepare(self, picture: Picture) -> None:
            looked.set()

    session = begin(picture, nano)
    events = run_turn(
        session, "find the largest thing", picture=picture, reasoner=nano, segmenter=Watched(),
        cancel=threading.Event(),
    )  # fmt: skip
    for event in events:
        if isinstance(event, PartOpened) and event.part == "answer":
            assert looked.wait(10)


def test_timings_are_kept(first: list[object]) -> None:
    timings = finished(first).turns[0].timings
    assert timings.first_token_s is not None
    assert timings.total_s is not None
    assert 0 < timings.first_token_s < timings.total_s
    assert timings.prompt_tokens
    assert timings.new_tokens


def test_a_stop_keeps_the_partial_answer(picture: Picture, nano: LocalReasoner) -> None:
    cancel = threading.Event()
    session = begin(picture, nano)
    last: object = None
    for event in run_turn(
        session, "find all things", picture=picture, reasoner=nano, segmenter=None, cancel=cancel
    ):
        if isinstance(event, PartOpened) and event.part == "think":
            cancel.set()
        last = event
    kept = finished([last]).turns[0]
    assert kept.partial
    assert kept.raw.startswith("<scene>")
    assert kept.trace.scene
    assert kept.region is None


def stopped_at(
    kind: type[object],
    question: str,
    picture: Picture,
    nano: LocalReasoner,
    segmenter: GrabCutSegmenter | None = None,
) -> Session:
    """The dialogue after one turn that was stopped at its first event of that kind."""
    cancel = threading.Event()
    last: object = None
    for event in run_turn(
        begin(picture, nano),
        question,
        picture=picture,
        reasoner=nano,
        segmenter=segmenter,
        cancel=cancel,
    ):
        if isinstance(event, kind):
            cancel.set()
        last = event
    return finished([last])


def test_a_stop_after_an_object_keeps_the_object(
    first: list[object], picture: Picture, nano: LocalReasoner, facts: tuple[Fact, ...]
) -> None:
    stopped = stopped_at(ObjectSeen, f"find the {_single(facts)}", picture, nano)
    whole = finished(first).registry.region("R1").objects[0]
    assert stopped.turns[0].partial
    assert stopped.registry.region("R1").objects[0].box == whole.box


@pytest.mark.parametrize(
    ("sentence", "error"),
    [
        pytest.param("", QuestionError, id="empty"),
        pytest.param(" \n ", QuestionError, id="white space"),
        pytest.param("x" * 10_000, QuestionError, id="ten thousand characters"),
        pytest.param("left of R7", UnknownRegionError, id="a region that is not there"),
    ],
)
def test_a_bad_question_starts_nothing(
    sentence: str, error: type[Exception], picture: Picture, nano: LocalReasoner
) -> None:
    with pytest.raises(error):
        turn(begin(picture, nano), sentence, picture, nano)


def test_another_picture_is_refused(picture: Picture, nano: LocalReasoner) -> None:
    other = open_picture(picture.pixels[:, ::-1].copy(), "mirrored.png")
    with pytest.raises(SessionFormatError, match="another picture"):
        turn(begin(picture, nano), "find the dog", other, nano)


def test_boxes_survive_a_failing_segmenter(
    picture: Picture, nano: LocalReasoner, facts: tuple[Fact, ...]
) -> None:
    events = turn(
        begin(picture, nano),
        f"find the {_single(facts)}",
        picture,
        nano,
        segmenter=Maskless(ModelError("The card is gone.")),
    )
    session = finished(events)
    assert session.registry.region("R1").objects[0].mask is None
    assert session.turns[0].findings[-1].kind == "masks.failed"
    assert session.turns[0].findings[-1].text == "There are no masks. The card is gone."


class _Babbling(TableReasoner):
    """Goes on for ever after an answer that is complete, until it is told that it may end."""

    def stream(
        self, picture: Picture, prompt: Prompt, cancel: threading.Event
    ) -> Iterator[str | Usage]:
        *pieces, _ = super().stream(picture, prompt, cancel)
        yield from pieces
        for number in count():
            if cancel.is_set():
                break
            yield f" kite{number} {number * number % 97}"
        yield Usage(7, number)


def test_a_model_that_goes_on_after_its_answer_is_ended(picture: Picture) -> None:
    reasoner, cancel = _Babbling(), threading.Event()
    session = begin(picture, reasoner)
    events = run_turn(
        session, "find red", picture=picture, reasoner=reasoner, segmenter=None, cancel=cancel
    )
    answered = finished(list(events)).turns[-1]
    assert not cancel.is_set()
    assert (answered.region, answered.partial, answered.findings) == ("R1", False, ())
    assert len(answered.raw) < len(ANSWERS["red"]) + 2 * MAX_AFTER
    assert answered.timings.prompt_tokens == 7  # its counts came, too


class _Repeating(TableReasoner):
    """Lists one thing again and again, each time with another point, until it is told that it may end."""

    def stream(
        self, picture: Picture, prompt: Prompt, cancel: threading.Event
    ) -> Iterator[str | Usage]:
        yield "<think>It is the red one.</think><answer>["
        for number in count():
            if cancel.is_set():
                break
            yield f'{{"bbox_2d": [10, 20, 300, 400], "point_2d": [{20 + number}, 30]}}, '
        yield "that was written before it heard"
        yield Usage(7, number)


def test_a_model_that_repeats_itself_is_ended_and_it_is_said(picture: Picture) -> None:
    reasoner, cancel = _Repeating(), threading.Event()
    session = begin(picture, reasoner)
    events = list(
        run_turn(
            session, "find red", picture=picture, reasoner=reasoner, segmenter=None, cancel=cancel
        )
    )
    answered = finished(events).turns[-1]
    assert not cancel.is_set()
    assert not answered.partial
    assert sum(isinstance(event, ObjectSeen) for event in events) == 1
    assert len(finished(events).registry.region("R1").objects) == 1
    assert [(f.kind, f.text) for f in answered.findings] == [
        (
            "trace.truncated",
            "The model repeated itself until it was stopped; what was complete is kept.",
        ),
        (
            "trace.repeats",
            "The model repeats itself: the same box comes 17 times and counts once.",
        ),
    ]
    assert answered.raw.endswith("}, ")
    assert answered.timings.prompt_tokens == 7


def test_an_answer_that_contradicts_the_question_s_thing_is_told(picture: Picture) -> None:
    text = '<think>No zebra is visible.</think><answer>[{"bbox_2d": [10, 20, 300, 400]}]</answer>'
    denying = Telling(lambda _: text)
    for question, kinds in (("find the zebra", ["contradiction"]), ("find the dog", [])):
        session = begin(picture, denying)
        turn_ = answer(session, question, picture=picture, reasoner=denying, segmenter=None)
        assert [finding.kind for finding in turn_.turns[-1].findings] == kinds


@pytest.mark.parametrize(
    ("text", "region", "words"),
    [
        ('It is red. [{"bbox_2d": [100, 200, 350, 533], "label": "block"}]', "R1", "It is red."),
        ("It is red, like [most] of them.\n\n[]", None, "It is red, like [most] of them."),
        ("I see no block here.", None, "I see no block here."),
    ],
)
def test_a_general_model_answers_in_words_beside_regions(
    picture: Picture, text: str, region: str | None, words: str
) -> None:
    reasoner = Scripted(QWEN_3_VL, text)
    session = begin(picture, reasoner)
    told = answer(session, "what colour is it?", picture=picture, reasoner=reasoner, segmenter=None)
    assert reasoner.asked[0].instruction.startswith(
        "what colour is it\n\nAnswer in one to three sentences."
    )
    assert told.turns[-1].region == region
    assert told.turns[-1].findings == ()
    chat = messages(session_from_json(session_to_json(told)))
    assert unescape(chat[1]["content"]).startswith(words)
    assert ("Found one" in chat[1]["content"]) == bool(region)


def test_what_is_counted_is_found_and_said(picture: Picture) -> None:
    reasoner = Scripted(
        QWEN_3_VL, '[{"bbox_2d": [0, 0, 100, 100]}, {"bbox_2d": [500, 0, 600, 100]}]'
    )
    session = begin(picture, reasoner)
    counted = answer(
        session, "how many dogs are there?", picture=picture, reasoner=reasoner, segmenter=None
    )
    assert '"all dogs"' in reasoner.asked[0].instruction
    assert messages(counted)[1]["content"].startswith("Counted 2: ")


def test_evaluations_take_every_question_for_one_that_finds(picture: Picture) -> None:
    reasoner = Scripted(QWEN_3_VL, "[]")
    for _ in run_turn(
        begin(picture, reasoner),
        "how many dogs are there?",
        picture=picture,
        reasoner=reasoner,
        segmenter=None,
        cancel=threading.Event(),
        finds_only=True,
    ):
        pass
    assert '"how many dogs are there"' in reasoner.asked[0].instruction


def test_a_word_that_is_not_known_is_told_apart_from_a_thing_that_is_not_there(
    picture: Picture, nano: LocalReasoner, facts: tuple[Fact, ...]
) -> None:
    session = begin(picture, nano)
    absent = next(kind for kind in KINDS if kind not in {fact.kind for fact in facts})
    for question, known in (("find the glorp", False), (f"find the {absent}", True)):
        asked = answer(session, question, picture=picture, reasoner=nano, segmenter=None)
        kinds = [finding.kind for finding in asked.turns[-1].findings]
        assert "answer.empty" in kinds
        assert ("answer.unknown" in kinds) != known
        assert ("does not know" in messages(asked)[1]["content"]) != known


DOUBT = Finding("world.outside", "warning", "It has never seen a picture like this.")


def test_of_a_model_that_only_guesses_nothing_is_found_to_be_right(picture: Picture) -> None:
    def asked(session: Session, question: str, doubt: Finding | None) -> Session:
        return answer(
            session, question, picture=picture, reasoner=reasoner, segmenter=None, doubt=doubt
        )

    reasoner = TableReasoner()
    sure = asked(begin(picture, reasoner), "find red", None)
    box = sure.registry.region("R1").objects[0].box.to_model(picture.size, sure.reasoner.frame)
    question = "what is next to R1"
    first, guess = asked(sure, question, None).turns[-1], asked(sure, question, DOUBT)
    assert box.xyxy == (84, 168, 294, 448)
    kinds = [f.kind for f in first.findings]
    assert "citation.valid" in kinds
    assert not first.is_guess
    told = guess.turns[-1]
    assert told.is_guess
    assert [f.kind for f in told.findings] == [
        "world.outside", *(kind for kind in kinds if kind != "citation.valid")
    ]  # fmt: skip
    assert session_from_json(session_to_json(guess)).turns[-1].is_guess


class _Silent:
    """A model that answers nothing at all."""

    def __init__(self, nano: LocalReasoner) -> None:
        self.name, self.dialect, self.device = "silent", nano.dialect, "CPU"

    def prepare(self, picture: Picture) -> None:
        """Nothing to do."""

    def stream(self, *_: object) -> list[Usage]:
        return [Usage()]


def test_a_model_without_any_text_has_failed(picture: Picture, nano: LocalReasoner) -> None:
    silent = _Silent(nano)
    with pytest.raises(ModelError, match="gave no answer"):
        list(
            run_turn(
                begin(picture, nano),
                "find the dog",
                picture=picture,
                reasoner=silent,  # type: ignore[arg-type]
                segmenter=None,
                cancel=threading.Event(),
            )
        )


def test_a_stop_while_masks_are_made_keeps_the_whole_answer(
    picture: Picture, nano: LocalReasoner, facts: tuple[Fact, ...]
) -> None:
    question = f"find the {_single(facts)}"
    session = stopped_at(Segmenting, question, picture, nano, GrabCutSegmenter())
    assert not session.turns[0].partial
    assert session.registry.region("R1").objects[0].mask is None


@pytest.mark.parametrize(
    ("question", "label"),
    [
        ("Find the red dog!", "red dog"),
        ("the player on the left", "player on the left"),
        ("find the", "find the"),
        ("x" * 60, "x" * 39 + "…"),
        ("the white dog below R1", "white dog below R1"),
        ("what is to the right of it", "right of R1"),
        ("R1, who is next to it?", "next to R1"),
        ("what is between R1 and R2", "between R1 and R2"),
        ("whatever touches R1", "touches R1"),
        ("the man in its shadow", "man in R1's shadow"),
        ("R1", "R1"),
        ("click on the bird", "bird"),
        ("What I want is the yellow tree, which touches R1", "yellow tree, which touches R1"),
        ("do you see a bench up above R1", "bench up above R1"),
        ("tell me where the first person is in this image", "first person"),
        ("I'm looking for the cat in the picture on the wall", "cat in the picture on the wall"),
    ],
)
def test_a_region_is_called_by_its_question(question: str, label: str) -> None:
    box = PictureBox(1, 2, 30, 40)
    registry, _ = Registry().add([RegionObject("", box)])
    registry, _ = registry.add([RegionObject("", box)])
    assert label_of(resolve(question, registry, last="R1")) == label
