"""A part that is asked about alone: chosen, asked, kept by all that asks again, and told everywhere."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from demo.answers.finding import Finding, TraceText
from demo.answers.trace import PartOpened, PartText
from demo.dialects.known import QWEN_3_VL
from demo.dialogue.comparison import RoundAnswered, compared
from demo.dialogue.engine import TurnEvent, TurnFinished, begin, run_turn
from demo.dialogue.looking import LookBegun, LookEnded
from demo.dialogue.session import Look, ReasonerInfo, Session, Turn
from demo.dialogue.session_json import session_from_json, session_to_json
from demo.errors import InputError
from demo.figures.page import dialogue_page
from demo.language.references import Resolved
from demo.models.models import Models
from demo.picture.geometry import PictureBox, Size
from demo.picture.picture import Picture, PictureInfo, open_picture
from demo.ui.chat.live_turn import LiveTurn
from demo.ui.chat.messages import messages
from demo.ui.composer.reading import way_choice
from demo.ui.programs import described
from demo.ui.programs.given import read_within
from demo.ui.programs.told import told_of
from demo.ui.shared import sentences
from demo.ui.sheet.numbers import numbers
from demo.ui.tab.workspace import Tab, Within
from tests.support.lookers import LEFT, WHOLE, Looker
from tests.support.scripted import Scripted
from tests.ui.handlers import Handlers, handlers_of, placed_parts, sent, workspace

REQUEST: Any = SimpleNamespace(session_hash="ann")
LEFT_CALL = f'<tool_call>{{"bbox_2d": {LEFT}}}</tool_call>'
BLUE = [230, 50, 350, 170]


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Handlers:
    folder = tmp_path_factory.mktemp("closer")
    return handlers_of(placed_parts(folder), folder)


@pytest.fixture
def tab(page: Handlers, blocks: Path) -> Iterator[Tab]:
    """R1 are both blocks."""
    made = Tab()
    page.opening.open_upload(str(blocks), made, REQUEST)
    list(page.asking.ask("find both", made, REQUEST))
    yield made
    page.context.turns.stop("ann")


def last(tab: Tab) -> Turn:
    return workspace(tab).session.turns[-1]


def choose(page: Handlers, tab: Tab, **what: object) -> dict[str, Any]:
    updates = page.acts.closer(tab, sent(**what), REQUEST)
    return {
        "canvas": updates[page.context.parts.canvas],
        "hint": updates[page.context.parts.hint]["text"],
    }


@pytest.mark.parametrize(
    ("what", "within"),
    [
        pytest.param({"region": "R1"}, {"box": [40, 60, 340, 160], "name": "R1"}, id="a region"),
        pytest.param({"region": "R1.2"}, {"box": [240, 60, 340, 160], "name": "R1.2"}, id="object"),
        pytest.param({"box": BLUE}, {"box": BLUE, "name": ""}, id="a box"),
        pytest.param({"box": [-9, 50, 999, 9]}, {"box": [0, 9, 400, 50], "name": ""}, id="outside"),
        pytest.param({}, None, id="nothing"),
    ],
)
def test_a_part_is_chosen(
    page: Handlers, tab: Tab, what: dict[str, object], within: dict[str, object] | None
) -> None:
    told = choose(page, tab, **what)
    assert told["canvas"]["within"] == within
    assert told["canvas"]["serial"]
    assert told["canvas"]["said"].startswith("The next question is about")


@pytest.mark.parametrize(
    "what",
    [{"region": "R9"}, {"region": 7}, {"box": [1, 2, 3]}, {"box": "all"}, {"box": [1, 2, 3, 1e99]}],
)
def test_what_cannot_be_chosen_is_refused(
    page: Handlers, tab: Tab, what: dict[str, object]
) -> None:
    choose(page, tab, box=BLUE)
    told = choose(page, tab, **what)
    assert told["hint"].endswith((".", "?"))
    assert "within" not in told["canvas"]
    assert workspace(tab).within == Within(PictureBox(*BLUE))


def test_the_part_goes_with_its_region(page: Handlers, tab: Tab) -> None:
    choose(page, tab, region="R1.2")
    moved = {"kind": "correct", "object": "R1.2", "box": BLUE}
    page.acts.act(tab, sent(**moved), REQUEST)
    assert workspace(tab).within == Within(PictureBox(*BLUE), "R1.2")
    page.acts.act(tab, sent(kind="delete", region="R1"), REQUEST)
    assert workspace(tab).within == Within(PictureBox(240, 60, 340, 160))
    list(page.links.turn(tab, sent(kind="branch", turn=1), REQUEST))
    assert workspace(tab).within is not None
    list(page.links.turn(tab, sent(kind="switch", dialogue=0), REQUEST))
    assert workspace(tab).within is None


def test_a_part_is_kept_by_all_that_asks_again(page: Handlers, tab: Tab) -> None:
    choose(page, tab, box=BLUE)
    list(page.asking.ask("find red", tab, REQUEST))
    within = last(tab).within
    assert within == PictureBox(*BLUE)
    assert workspace(tab).within is None
    list(page.links.turn(tab, sent(kind="again", turn=2), REQUEST))
    assert last(tab).within == within
    list(page.links.turn(tab, sent(kind="branch", turn=2), REQUEST))
    assert last(tab).within == within
    *_, changing = page.links.turn(tab, sent(kind="change", turn=2), REQUEST)
    assert "question 2 about a part of the picture" in changing[page.context.parts.hint]["text"]
    assert workspace(tab).within == Within(PictureBox(*BLUE))
    list(page.links.turn(tab, sent(kind="keep", turn=2), REQUEST))
    assert workspace(tab).within is None
    list(page.links.turn(tab, sent(kind="change", turn=2), REQUEST))
    list(page.asking.ask("red again", tab, REQUEST))
    assert (len(workspace(tab).session.turns), last(tab).within) == (2, within)
    list(page.links.turn(tab, sent(kind="change", turn=2), REQUEST))
    choose(page, tab)  # the chip was removed
    list(page.asking.ask("red again", tab, REQUEST))
    assert last(tab).within is None


def test_an_undone_question_gives_its_part_back(page: Handlers, tab: Tab) -> None:
    choose(page, tab, box=BLUE)
    list(page.asking.ask("find red", tab, REQUEST))
    undone = page.undoing.undo(tab, REQUEST)[page.context.parts.hint]["text"]
    assert undone == f"Answer 2 was undone. {sentences.PART_AGAIN}"  # the chip alone is not heard
    assert workspace(tab).within == Within(PictureBox(*BLUE))
    page.undoing.redo(tab, REQUEST)
    assert (workspace(tab).within, last(tab).within) == (None, PictureBox(*BLUE))
    list(page.links.turn(tab, sent(kind="again", turn=2), REQUEST))
    page.undoing.undo(tab, REQUEST)  # to the former answer, which is there
    assert (workspace(tab).within, last(tab).within) == (None, PictureBox(*BLUE))
    list(page.asking.ask("find red", tab, REQUEST))
    choose(page, tab, region="R1")
    page.undoing.undo(tab, REQUEST)  # what was chosen since stays
    assert workspace(tab).within == workspace(tab).part_of("R1")
    page.undoing.redo(tab, REQUEST)
    assert workspace(tab).within == workspace(tab).part_of("R1")


def test_a_part_that_comes_back_with_its_picture_is_told(
    page: Handlers, tab: Tab, blocks: Path
) -> None:
    choose(page, tab, box=BLUE)
    page.opening.open_upload(str(blocks), tab, REQUEST)
    assert workspace(tab).within is None
    back = page.undoing.undo(tab, REQUEST)[page.context.parts.hint]["text"]
    assert back == f"The dialogue is back. {sentences.PART_AGAIN}"
    assert workspace(tab).within == Within(PictureBox(*BLUE))


def test_a_question_that_failed_keeps_its_part(page: Handlers, tab: Tab) -> None:
    choose(page, tab, box=BLUE)
    list(page.asking.ask("break", tab, REQUEST))
    assert workspace(tab).failure is not None
    assert workspace(tab).within == Within(PictureBox(*BLUE))


def test_a_look_that_begins_with_its_turn_is_seen_at_once(
    page: Handlers, tab: Tab, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a busy machine both come in one batch, and the next event may be long in coming."""

    def at_once(events: Iterator[TurnEvent], *_: float) -> Iterator[list[TurnEvent]]:
        begun = list[TurnEvent]()
        while not begun or not isinstance(begun[-1], LookBegun):
            begun.append(next(events))
        yield begun
        yield list(events)

    monkeypatch.setattr("demo.ui.chat.asking.paced", at_once)
    choose(page, tab, box=BLUE)
    first, *_ = page.asking.ask("find red", tab, REQUEST)
    seen = first[page.context.parts.canvas]
    (look,) = workspace(tab).session.turns[-1].looks
    assert (seen["look"], seen["asked"]) == (list(look.box.xyxy), "find red")
    assert seen["busy"].startswith("Looking closer")


def test_asking_again_in_vain_brings_its_part_back(page: Handlers, tab: Tab) -> None:
    choose(page, tab, box=BLUE)
    list(page.asking.ask("find red", tab, REQUEST))
    broken = replace(workspace(tab).session.turns[1], question="break")
    session = replace(workspace(tab).session, turns=(workspace(tab).session.turns[0], broken))
    tab.workspace = replace(workspace(tab), session=session)
    list(page.asking.ask_again(2, tab, REQUEST))
    assert workspace(tab).failure is not None
    assert workspace(tab).within == Within(PictureBox(*BLUE))


def test_an_edit_keeps_the_question_that_failed(page: Handlers, tab: Tab) -> None:
    list(page.asking.ask("break", tab, REQUEST))
    page.acts.act(tab, sent(kind="rename", region="R1", label="two"), REQUEST)
    assert workspace(tab).failure is not None
    page.undoing.undo(tab, REQUEST)
    assert workspace(tab).failure is None
    assert workspace(tab).session.registry.region("R1").label == "two"


def test_an_empty_question_asks_for_what_the_region_is_called(page: Handlers, tab: Tab) -> None:
    page.acts.act(tab, sent(kind="rename", region="R1", label="the red one"), REQUEST)
    assert choose(page, tab, region="R1")["hint"] == "Enter alone asks “the red one”."
    list(page.asking.ask(" ", tab, REQUEST))
    assert last(tab).question == "the red one"
    assert choose(page, tab, box=BLUE)["hint"] == "Now ask about it."
    refused, *_ = page.asking.ask("", tab, REQUEST)
    assert "Say what to look for" in refused[page.context.parts.hint]["text"]
    assert len(workspace(tab).session.turns) == 2


# What is told of looks ----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def looked(blocks: Path) -> tuple[Session, Picture]:
    """One answer with two looks of the model, and one about a part."""
    picture, looker = open_picture(blocks), Looker()
    looker.go_on.set()
    session = begin(picture, looker)
    for question, within in (("find red twice", None), ("find red", PictureBox(20, 30, 160, 180))):
        events = run_turn(
            session, question, picture=picture, reasoner=looker, segmenter=None,
            cancel=threading.Event(), within=within,
        )  # fmt: skip
        session = next(event.session for event in events if isinstance(event, TurnFinished))
    return session, picture


def test_other_models_are_asked_about_the_same_part(looked: tuple[Session, Picture]) -> None:
    session, picture = looked
    other = Looker()
    other.name = "other"
    other.go_on.set()

    def to_ask(number: int) -> tuple[str | Resolved, Session]:
        return session.turn(number).question, session.before(number)

    events = compared(
        session, (2,), to_ask, picture=picture, reasoner=other, segmenter=None, cancel=threading.Event()
    )  # fmt: skip
    (second,) = (event.second for event in events if isinstance(event, RoundAnswered))
    assert second.turn.within == session.turns[1].within
    assert second.objects[0].box == session.registry.objects("R2")[0].box
    assert other.sizes == [Size(840, 840)]


def test_a_program_with_types_sends_back_what_it_got(looked: tuple[Session, Picture]) -> None:
    """Also what was left out, for which its types have a value."""
    first, second = looked[0].turns
    bare = replace(first, findings=(Finding("kind", "note", "text"),))
    session = replace(looked[0], turns=(bare, second))
    typed = described.Session.model_validate(session_to_json(session)).model_dump(mode="json")
    assert session_from_json(typed) == session_from_json(session_to_json(session))
    assert typed["turns"][0]["within"] is None
    typed["turns"][0]["within"] = []
    typed["turns"][0]["findings"][0] |= {"span": [], "model_box": [], "region": "", "object": 0}
    read = session_from_json(typed)
    assert (read.turns[0].within, read.turns[0].findings) == (None, bare.findings)


def test_looks_stand_in_the_chat(looked: tuple[Session, Picture]) -> None:
    chat = "\n".join(str(message["content"]) for message in messages(looked[0]))
    assert chat.count('<span class="look') == 3
    assert "look&#62;" not in chat  # no call is left
    assert "Then\n\n" in chat
    assert "[Look 2&#58; on the left](#look-20.30.160.180)" in chat
    assert "Here&#44; at [R1](#R1)" in chat  # in the frame of the part
    assert "[About this part&#58; on the left]" in chat
    assert "Here&#44; at [R2](#R2)" in chat


def test_a_look_of_a_turn_without_a_word_is_shown() -> None:
    look = Look(PictureBox(20, 30, 160, 180), Size(840, 840), LEFT_CALL)
    start = Session.begin(PictureInfo("a.png", WHOLE, "0" * 64), ReasonerInfo("m", Size(840, 840)))
    stopped = Turn("q", "q", partial=True, looks=(look,))
    chat = messages(start.with_turn(stopped, start.registry))
    assert "(#look-20.30.160.180)" in chat[2]["content"]


def test_a_box_that_was_looked_at_leads_there_and_is_no_invention() -> None:
    think = f"See {LEFT_CALL} so [42, 84, 336, 504] it is, not [1, 2, 3, 4]."
    looks = (Look(PictureBox(20, 30, 160, 180), Size(840, 840), LEFT_CALL),)
    start = Session.begin(PictureInfo("a.png", WHOLE, "0" * 64), ReasonerInfo("m", Size(840, 840)))
    turn = Turn("q", "q", trace=TraceText(think=think, answer="[]"), looks=looks)
    shown = str(messages(start.with_turn(turn, start.registry))[3]["content"])
    assert 'class="looked"' in shown
    assert "(#at---look.20.30.160.180)" in shown
    assert shown.count('class="invented"') == 1


def test_a_turn_with_looks_is_written_as_it_will_stand(looked: tuple[Session, Picture]) -> None:
    session, picture = looked
    looker, seen, doing = Looker(), list[Any](), list[str]()
    looker.go_on.set()
    live = LiveTurn(Session.begin(session.picture, session.reasoner))
    for event in run_turn(
        live.session, "find red twice", picture=picture, reasoner=looker, segmenter=None,
        cancel=threading.Event(),
    ):  # fmt: skip
        if isinstance(event, TurnFinished):
            break
        live.feed(event)
        seen.append(live.look and live.look.box.x1)
        doing.append(live.doing)
    shown = [box for n, box in enumerate(seen) if n == 0 or seen[n - 1] != box]
    assert shown == [None, 220, None, 20]
    assert "Looking closer at the right…" in doing
    rows = [m for m in live.messages() if "class=" in str(m["content"])]
    assert [str(m["content"]).count("#look-") for m in rows] == [2]


def test_a_look_is_under_way_until_the_model_has_words_again(
    looked: tuple[Session, Picture],
) -> None:
    """VLM-R³'s part comes back on a line of its own, long before the model has read it."""
    live = LiveTurn(looked[0])
    live.feed(PartOpened("think"))
    live.feed(LookBegun(Look(PictureBox(220, 30, 360, 180), Size(196, 224), LEFT_CALL), 0))
    live.feed(LookEnded(0))
    live.feed(PartText("think", "\n"))
    assert live.doing == "Looking closer at the right…"
    live.feed(PartText("think", "A block."))
    assert (live.look, live.doing) == (None, "Reasoning…")


def test_looks_are_told_to_programs_and_readers(looked: tuple[Session, Picture]) -> None:
    session, picture = looked
    looker = Looker()
    looker.go_on.set()
    events = run_turn(
        begin(picture, looker), "find red", picture=picture, reasoner=looker, segmenter=None,
        cancel=threading.Event(),
    )  # fmt: skip
    told = [each for each in told_of(events, picture) if each["event"].startswith("look")]
    assert [each["event"] for each in told] == ["look", "look_end"]
    assert told[0]["look"]["box_xyxy"] == [20, 30, 160, 180]
    assert [text.split(":")[0] for text in numbers(session, 1)["looks"]] == ["Look 1", "Look 2"]
    (about,) = numbers(session, 2)["looks"]
    assert about.endswith("pixels, in which the model’s numbers of what was found are.")
    refused, answered = numbers(session, 1)["looks"]
    assert refused.endswith("Shown in 840 × 840 pixels.")
    assert "numbers of what was found" in answered
    shown = dialogue_page(picture, session)
    assert shown.count('<use href="#pixels"/>') == 3
    assert 'viewBox="20 30 140 150"' in shown
    assert "[9, 9, 99, 99]. Not there. Then" in shown
    assert "Asked about this part alone: from" in shown
    assert shown.count('id="pixels"') == 1


@pytest.mark.parametrize(
    ("given", "read"),
    [
        (None, None),
        ("", None),
        ([], None),
        ([1, 2, 30, 40], (1, 2, 30, 40)),
        ("[1.4, 2, 30, 40]", (1, 2, 30, 40)),
        ([-5, -5, 9999, 9999], (0, 0, 400, 300)),
        *((bad, "pixels of the picture, which is 400 × 300.") for bad in (
            [1, 2, 3], "R1", {"a": 1}, [1, 2, 1, 40], [500, 2, 600, 40], [1, 2, None, 4], [True, 0, 9, 9],
            [1, 2, 1e400, 4], [float("nan"), 2, 3, 4], [10**30, 2, 3, 4], "[" * 10_000, 7,
        )),
    ],
)  # fmt: skip
def test_the_part_that_a_program_gives(given: object, read: object, blocks: Path) -> None:
    picture = open_picture(blocks)
    if isinstance(read, str):
        with pytest.raises(InputError, match=read):
            read_within(given, picture)
    else:
        found = read_within(given, picture)
        assert (found and found.xyxy) == read


def test_ways_are_offered_that_the_model_has() -> None:
    def choice(asking: str, wanted: str = "") -> dict[str, Any] | None:
        return way_choice(Models(Scripted(QWEN_3_VL), None, "", "", "", asking=asking), wanted)

    ways = ("quick", "reasoned", "looking")
    assert choice("quick") == {"ways": ways, "way": "quick"}
    assert choice("quick", "looking") == {"ways": ways, "way": "looking"}
    assert choice("") is None
