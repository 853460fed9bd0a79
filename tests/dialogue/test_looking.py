"""Looking closer, in every family's form: texts are replayed, the turn is the real one."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from demo.dialects.dialect import MIN_TOKENS, Dialect
from demo.dialects.known import (
    CHAIN_OF_FOCUS,
    DEEPEYES,
    DIALECTS,
    MINI_O3,
    P2R,
    PIXEL_REASONER,
    QWEN_2_5_VL,
    QWEN_3_VL,
    QWEN_3_VL_ZOOM,
    REGION_REASONER,
    VLM_R3,
)
from demo.dialects.known_looks import NANO_LOOKS
from demo.dialects.looking import Cut
from demo.dialects.messages import MAIN, Message, Shown
from demo.dialects.prompt import Prompt
from demo.dialects.ways import LOOKING, has_ways, in_way
from demo.dialogue.engine import ObjectSeen, TurnEvent, TurnFinished, begin, run_turn
from demo.dialogue.look_frames import answer_part, asked_part
from demo.dialogue.look_parts import MAX_LOOK_TOKENS, MAX_PART_TOKENS
from demo.dialogue.look_text import Woven
from demo.dialogue.looking import LookBegun, LookEnded
from demo.dialogue.recognised import set_apart
from demo.dialogue.session import Session, Turn
from demo.dialogue.session_json import session_from_json, session_to_json
from demo.errors import EmptyAnswerError, InputError, QuestionError
from demo.evaluate.feedback import export_dialogues
from demo.picture.geometry import PictureBox, Size
from demo.picture.picture import Picture, open_picture
from demo.picture.regions import RegionObject
from demo.reasoners.base import Usage
from demo.ui.sheet.numbers import numbers
from tests.support.table import Weightless

ROWS, COLUMNS = np.mgrid[0:1200, 0:1600]
PICTURE = open_picture(
    np.stack([COLUMNS // 8, ROWS // 8, (COLUMNS + ROWS) % 256], axis=-1).astype(np.uint8),
    "ramp.png",
)
FOREVER = " and so on" * 50  # what a model writes when nobody stops it
NANO = replace(REGION_REASONER.in_frame(Size(224, 224)), looking=NANO_LOOKS)


class Replayed(Weightless):
    """A model that gives one text after the other, in pieces of a few letters."""

    name, device = "replayed", "CPU"

    def __init__(self, dialect: Dialect, *texts: str) -> None:
        self.dialect, self._texts = dialect, list(texts)
        self.asked: list[tuple[Picture, Prompt]] = []
        self.written: list[str] = []

    def stream(
        self, picture: Picture, prompt: Prompt, cancel: threading.Event
    ) -> Iterator[str | Usage]:
        self.asked.append((picture, prompt))
        text, at = self._texts.pop(0), 0
        while at < len(text) and not cancel.is_set():
            yield text[at : at + 7]
            at += 7
        self.written.append(text[:at])
        yield Usage(100, at, 10)

    @property
    def last(self) -> tuple[Message, ...]:
        return self.asked[-1][1].conversation


def played(
    reasoner: Replayed,
    sentence: str = "What is red?",
    session: Session | None = None,
    **options: object,
) -> tuple[Turn, list[TurnEvent]]:
    """The turn and its events."""
    options = {
        "picture": PICTURE,
        "segmenter": None,
        "cancel": threading.Event(),
        "asking": LOOKING,
    } | options
    start = session or begin(PICTURE, reasoner)
    events = list(run_turn(start, sentence, reasoner=reasoner, **options))  # type: ignore[arg-type]
    last = events[-1]
    assert isinstance(last, TurnFinished)
    assert session_from_json(session_to_json(last.session)) == last.session
    return last.session.turns[-1], events


def regions(events: Sequence[TurnEvent]) -> list[PictureBox]:
    last = events[-1]
    assert isinstance(last, TurnFinished)
    made = last.session.turns[-1].region
    return [o.box for o in last.session.registry.region(made).objects] if made else []


def texts(messages: Sequence[Message]) -> list[tuple[str, tuple[object, ...]]]:
    """The messages with their parts, each picture as its size."""
    return [
        (m.role, tuple(p.size if isinstance(p, Shown) else p for p in m.parts)) for m in messages
    ]


def kinds(turn: Turn) -> list[str]:
    return [f.kind for f in turn.findings]


def pointed_at(turn: Turn) -> list[str | int | None]:
    """What the findings lead to: the call in the trace, or the number of the look."""
    return [
        getattr(turn.trace, f.part)[slice(*f.span)] if f.part and f.span else f.look
        for f in turn.findings
    ]


def is_ramp(shown: Shown, box: PictureBox) -> bool:
    """Whether those pixels are that box of the picture."""
    left, top = int(shown.pixels[:, 0, 0].mean()), int(shown.pixels[0, :, 1].mean())
    right, bottom = int(shown.pixels[:, -1, 0].mean()), int(shown.pixels[-1, :, 1].mean())
    found = (left * 8, top * 8, right * 8 + 8, bottom * 8 + 8)
    return all(abs(a - b) <= 16 for a, b in zip(found, box.xyxy, strict=True))


# VLM-R³: in the same answer.


BARE = '{"bbox_2d": [100, 100, 200, 200]}'


def vlm_r3(*words: str) -> Replayed:
    return Replayed(in_way(VLM_R3, LOOKING), *words)


def test_vlm_r3_looks_within_its_answer() -> None:
    # 1600 × 1200 is shown as 952 × 700.
    call = '{"bbox_2d": [95, 104, 190, 182]}'
    model = vlm_r3(
        f"<think> Let me see.\n\n{call}{FOREVER}", f"It is red.\n<answer>A</answer>{FOREVER}"
    )
    turn, events = played(model)
    assert model.written[0].startswith(f"<think> Let me see.\n\n{call}")
    assert len(model.written[0]) < 80  # it was told to stop
    [look] = turn.looks
    x1, y1, x2, y2 = (
        int(v * s) for v, s in zip((95, 104, 190, 182), (1600 / 952, 1200 / 700) * 2, strict=True)
    )
    assert look.box == PictureBox(x1, y1, x2 + 1, y2 + 1)
    assert look.call == call
    said, shown, after = model.last[-1].parts
    assert model.last[-1].is_open
    assert (said, after) == (f"<think> Let me see.\n\n{call}\n", "\n")
    assert isinstance(shown, Shown)
    assert is_ramp(shown, look.box)
    assert shown.size == look.size
    assert look.size.width >= 2 * look.box.width - 28  # small parts are shown twice as large
    assert turn.trace.think == f"Let me see.\n\n{call}\n\nIt is red."
    assert turn.trace.answer == "A"
    assert kinds(turn) == []
    told = [e for e in events if isinstance(e, LookBegun | LookEnded)]
    assert told == [LookBegun(look, 0), LookEnded(0)]


def test_half_of_the_picture_or_more_is_not_enlarged() -> None:
    model = vlm_r3('<think>{"bbox_2d": [0, 0, 952, 700]}', "<answer>B</answer>")
    [look] = played(model)[0].looks
    assert look.size.width * look.size.height <= MAX_PART_TOKENS * 28**2
    small = vlm_r3('<think>{"bbox_2d": [0, 0, 60, 60]}', "<answer>B</answer>")
    [look] = played(small)[0].looks
    assert look.size == Size(196, 196)  # 101 × 100 pixels, twice, in whole tokens


@pytest.mark.parametrize(
    "call", ['{"bbox_2d": [1, 2, 3]}', '{"bbox_2d": ["a", 2, 3, 4]}', '{"bbox_2d": [5, 5, 5, 9]}']
)
def test_vlm_r3_hears_of_a_call_that_cannot_be_read(call: str) -> None:
    model = vlm_r3(f"<think>Look {call}", " I see.</think><answer>C</answer>")
    turn, _ = played(model)
    assert model.last[-1] == Message(
        "assistant", (f"<think>Look {call}\nInvalid operation!\n",), is_open=True
    )
    assert turn.looks == ()
    assert kinds(turn) == ["look.unreadable"]
    assert pointed_at(turn) == [call]


def test_a_fence_is_closed_again_and_other_lists_are_no_calls() -> None:
    fenced = '<think>```json\n{"bbox_2d": [10, 10, 90, 90]}'
    model = vlm_r3('<think>So {"a": [1, 2]} it', fenced, "</think><answer>D</answer>")
    turn, _ = played(model)
    assert len(turn.looks) == 1
    assert str(model.last[-1].parts[0]).endswith('{"bbox_2d": [10, 10, 90, 90]}\n```\n')
    assert turn.trace.answer == "D"


@pytest.mark.parametrize(
    ("words", "thought", "answer"),
    [
        ((BARE, "It is red."), BARE, "It is red."),
        ((f"```json\n{BARE}", "It is red."), f"```json\n{BARE}\n```", "It is red."),
        ((f"<think>Far.</think>{BARE}", "It is red."), f"Far.{BARE}", "It is red."),
        ((BARE, ""), BARE, None),
        ((BARE,) * 10, BARE, None),
    ],
)
def test_a_look_is_no_answer(words: tuple[str, ...], thought: str, answer: str | None) -> None:
    turn, events = played(vlm_r3(*words))
    assert str(turn.trace.think).startswith(thought)
    assert (turn.trace.answer, regions(events)) == (answer, [])


def test_a_name_beside_a_box_is_no_tool() -> None:
    turn, _ = played(
        vlm_r3('<think>{"name": "ball", "bbox_2d": [9, 9, 90, 90]}', "<answer>A</answer>")
    )
    assert (len(turn.looks), kinds(turn)) == (1, [])


# In the next messages.


def grounding(box: list[float], source: str) -> str:
    return f'<grounding>{{"bbox_2d": {box}, "source": "{source}"}}</grounding>'


def test_mini_o3_looks_into_a_look() -> None:
    model = Replayed(
        in_way(MINI_O3, LOOKING),
        f"<think>Far.</think>{grounding([0.5, 0.5, 1.0, 1.0], 'original_image')}{FOREVER}",
        f"<think>Closer.</think>\n{grounding([0.5, 0.0, 1.0, 0.5], 'observation_1')}",
        f"<think>No.</think>{grounding([0.1, 0.1, 0.2, 0.2], 'observation_9')}",
        "<think>Red.</think><answer>It is red.</answer>",
    )
    turn, _ = played(model)
    assert [look.box.xyxy for look in turn.looks] == [
        (800, 600, 1600, 1200),
        (1200, 600, 1600, 900),
    ]
    assert all(
        40_000 <= s.width * s.height <= 2_000_000 for s in (look.size for look in turn.looks)
    )
    conversation = model.last
    assert [m.role for m in conversation] == ["system", *["user", "assistant"] * 3, "user"]
    assert conversation[1].parts == (MAIN, "What is red?")
    said, part, rest = conversation[5].parts
    assert str(said).startswith(
        "After the above Action 1, here is the the zoom-in image (Observation 2):\n"
    )
    assert isinstance(part, Shown)
    assert is_ramp(part, turn.looks[1].box)
    assert str(rest).startswith(".\nContinue your reasoning process")
    assert str(conversation[-1].parts[0]).startswith(
        "ERROR occurs during grounding. Error Information: "
    )
    assert turn.trace.answer == "It is red."
    assert [word in (turn.trace.think or "") for word in ("Far.", "Closer.", "No.", "Red.")] == [
        True
    ] * 4
    assert kinds(turn) == ["look.unreadable"]
    assert pointed_at(turn) == [grounding([0.1, 0.1, 0.2, 0.2], "observation_9")]


@pytest.mark.parametrize(("low", "pixel"), [(0.5001, 800), (0.0, 0), (0.9996, 1599), (0.1, 160)])
def test_a_box_within_one_pixel_shows_that_pixel(low: float, pixel: int) -> None:
    call = grounding([low, 0.5, low + 0.0003, 0.55], "original_image")
    model = Replayed(in_way(MINI_O3, LOOKING), f"<think>A</think>{call}", "<answer>red</answer>")
    [look] = played(model)[0].looks
    assert look.box.xyxy == (pixel, 600, pixel + 1, 660)


def tool(box: list[float], **more: object) -> str:
    arguments = ", ".join(
        f'"{k}": {v!r}'.replace("'", '"') for k, v in {"bbox_2d": box, **more}.items()
    )
    return (
        f'<tool_call>\n{{"name": "image_zoom_in_tool", "arguments": {{{arguments}}}}}\n</tool_call>'
    )


def test_deepeyes_is_shown_the_original_pixels_in_a_tool_response() -> None:
    model = Replayed(
        in_way(DEEPEYES, LOOKING),
        f"<think>A</think>{tool([100, 100, 120, 400], label='pole')}",
        "<think>B</think><answer>red</answer>",
    )
    turn, _ = played(model)
    [look] = turn.looks
    assert look.box.xyxy == (168, 171, 201, 685)
    before, part, after = model.last[-1].parts
    assert (model.last[-1].role, before) == ("user", "<tool_response>")
    assert isinstance(part, Shown)
    assert is_ramp(part, look.box)
    assert str(after).endswith("<answer>...</answer> </tool_response>")
    assert "B" in (turn.trace.think or "")
    assert look.call in (turn.trace.think or "")


def test_chain_of_focus_cuts_wider_from_what_it_was_shown_and_sees_all_again_after_a_mistake() -> (
    None
):
    model = Replayed(
        in_way(CHAIN_OF_FOCUS, LOOKING),
        f"<think>A</think>{tool([100, 100, 200, 200])}",
        f"<think>B</think>{tool([1])}",
        "<think>C</think><answer>red</answer>",
    )
    turn, _ = played(model)
    [look] = turn.looks
    # 75 to 225 of 952 × 700 pixels.
    assert look.box.xyxy == (126, 128, 379, 386)
    assert look.size == Size(308, 308)
    assert texts(model.last)[-3][1][0] == look.size
    assert model.last[-1].parts[0] is MAIN
    assert str(model.last[1].parts[1]).startswith("Question: What is red?\nThink in the mind first")


def test_pixel_reasoner_looks_at_its_second_picture() -> None:
    model = Replayed(
        in_way(PIXEL_REASONER, LOOKING),
        f"First. {tool([0.5, 0.5, 0.9, 0.9], target_image=1)}",
        f"Then. {tool([0.0, 0.0, 0.4, 0.4], target_image=2)}",
        "So it is \\boxed{red}",
    )
    turn, _ = played(model)
    first, second = turn.looks
    assert (
        first.box.iou(PictureBox(640, 480, 1600, 1200)) > 0.98
    )  # a tenth of the picture around it
    assert second.box.iou(PictureBox(640, 480, 1120, 840)) > 0.95
    assert turn.trace.answer == "red"
    assert str(turn.trace.think).startswith("First.")


def test_qwen3_calls_its_tool() -> None:
    model = Replayed(
        in_way(QWEN_3_VL_ZOOM, LOOKING),
        tool([500, 500, 750, 750], label="ball", img_idx=0),
        tool([0, 0, 500, 500], label="ball", img_idx=1),
        "The ball is red.",
    )
    turn, _ = played(model)
    assert [look.box.xyxy for look in turn.looks] == [(800, 600, 1200, 900), (800, 600, 1000, 750)]
    assert [m.role for m in model.last][-3:] == ["tool", "assistant", "tool"]
    assert all(s.width % 32 == s.height % 32 == 0 for s in (look.size for look in turn.looks))
    assert turn.trace.answer == "The ball is red."


@pytest.mark.parametrize("named", ["0.5", "7", "-1", '"first"', "10000"])
def test_a_picture_that_is_not_there_is_not_taken_for_another(named: str) -> None:
    call = tool([500, 500, 750, 750], img_idx=0).replace('"img_idx": 0', f'"img_idx": {named}')
    turn, _ = played(Replayed(in_way(QWEN_3_VL_ZOOM, LOOKING), call, "It is red."))
    assert (turn.looks, kinds(turn)) == ((), ["look.unreadable"])


@pytest.mark.parametrize("sides", [(28, 28), (3840, 2160)])
def test_the_least_side_counts_in_the_pixels_that_a_part_is_cut_from(
    sides: tuple[int, int],
) -> None:
    """Pixel-Reasoner cuts from the picture as it was shown, which is larger than one and smaller than the
    other.
    """
    picture = open_picture(np.zeros((sides[1], sides[0], 3), np.uint8), "plain.png")
    dialect = in_way(PIXEL_REASONER, LOOKING)
    assert dialect.looking is not None
    exact = replace(dialect, looking=replace(dialect.looking, cut=Cut(min_side=29)))
    model = Replayed(exact, tool([0.5, 0.5, 0.501, 0.501], target_image=1), "\\boxed{red}")
    turn, _ = played(model, session=begin(picture, model), picture=picture)
    shown = exact.view(picture.size).shown
    box = turn.looks[0].box
    assert abs(box.width * shown.width / sides[0] - 29) <= 2 * max(shown.width / sides[0], 1)
    assert abs(box.height * shown.height / sides[1] - 29) <= 2 * max(shown.height / sides[1], 1)


def test_a_box_is_too_small_by_what_of_it_is_in_the_picture() -> None:
    call = tool([940, 100, 1100, 400])  # of which 12 × 1600 / 952 = 20 pixels across are
    model = Replayed(in_way(DEEPEYES, LOOKING), call, "<answer>red</answer>")
    turn, _ = played(model)
    assert turn.looks == ()
    assert model.last[-1].parts == ("Error: the box is smaller than 31 pixels",)


def test_a_fenced_call_leaves_nothing_before_the_answer() -> None:
    call = tool([500, 500, 750, 750], img_idx=0)
    turn, _ = played(Replayed(in_way(QWEN_3_VL_ZOOM, LOOKING), f"```json\n{call}\n```", "Red."))
    assert (turn.trace.answer, len(turn.looks)) == ("Red.", 1)


# In two calls.


@pytest.mark.parametrize("dialect", [P2R, QWEN_3_VL, QWEN_2_5_VL], ids=lambda d: d.name)
def test_p2r_asks_again_beside_the_marked_picture_and_its_parts(dialect: Dialect) -> None:
    asked = in_way(dialect, LOOKING)
    size = asked.view(PICTURE.size).frame
    boxes = [(0.5, 0.5, 0.6, 0.6), (0.0, 0.1, 0.1, 0.2)]
    listed = [
        [round(v * s) for v, s in zip(b, (size.width, size.height) * 2, strict=True)] for b in boxes
    ]
    found = ", ".join(f'{{"bbox_2d": {box}, "label": "it"}}' for box in listed)
    model = Replayed(asked, f"```json\n[{found}]\n```", "<think>Seen.</think><answer>red</answer>")
    turn, events = played(model)
    assert model.asked[0][1].instruction.startswith("Question: What is red?\nLocate the key visual")
    role, parts = texts(model.last)[-1]
    assert (role, len(parts)) == ("user", 4)
    assert parts[0] == asked.view(PICTURE.size).shown
    assert str(parts[-1]).startswith(
        "Question: What is red?\nThe key visual regions have been highlighted"
    )
    marked = model.last[-1].parts[0]
    assert isinstance(marked, Shown)
    assert (marked.pixels == (255, 0, 0)).all(-1).any()
    assert (
        turn.looks[0].box.iou(PictureBox(640, 480, 1120, 840)) > 0.98
    )  # a tenth more on each side
    assert [b.iou(PictureBox(800, 600, 960, 720)) > 0.9 for b in regions(events)] == [True, False]
    assert (turn.trace.answer, kinds(turn)) == ("red", [])


LISTED = '[{"bbox_2d": [0, 0, 100, 100], "label": "it"}]'


@pytest.mark.parametrize(
    ("listed", "rest"),
    [
        (LISTED, "It is red."),
        (f"```json\n{LISTED}\n```", "It is red."),
        ("[]", "It is red."),
        (f"<think>Where?</think><answer>{LISTED}</answer>", "It is red."),
        (f"<think>Where?</think><answer>{LISTED}", "<think>So.</think><answer>It is red.</answer>"),
        (f"<answer>{LISTED}</answer>", "<think>So.</think>It is red."),
    ],
)
def test_what_p2r_writes_first_is_no_answer(listed: str, rest: str) -> None:
    turn, events = played(Replayed(in_way(P2R, LOOKING), listed, rest))
    assert turn.trace.answer == "It is red."
    assert re.sub("</?answer>", "", listed.split("</think>")[-1]) in str(turn.trace.think)
    assert regions(events) == [PictureBox(0, 0, 160, 120)] * (listed != "[]")
    assert kinds(turn) == []


def test_p2r_without_any_word_gave_no_answer() -> None:
    with pytest.raises(EmptyAnswerError):
        played(Replayed(in_way(P2R, LOOKING), "", ""))


def test_p2r_needs_no_parts_for_a_question_about_everything() -> None:
    model = Replayed(in_way(P2R, LOOKING), "[]", "<think>All.</think><answer>a park</answer>")
    turn, events = played(model)
    system, asked = model.last
    assert (system.role, asked.role, asked.parts[0]) == ("system", "user", MAIN)
    assert "highlighted" not in str(asked.parts[1])
    assert (turn.looks, regions(events), turn.trace.answer) == ((), [], "a park")


@pytest.mark.parametrize(
    ("listed", "kind"),
    [
        ('[{"bbox_2d": [900, 900, 1100, 1100], "label": "it"}]', "look.outside"),
        ('[{"bbox_2d": [1100, 1100, 1200, 1200], "label": "it"}]', "look.unreadable"),
        ("The picture shows a park.", "look.unreadable"),
    ],
)
def test_what_p2r_named_in_vain_is_noted(listed: str, kind: str) -> None:
    model = Replayed(in_way(P2R, LOOKING), listed, "<think>x</think><answer>red</answer>")
    assert kinds(played(model)[0]) == [kind]


# A part by itself: nano's form, and a person's.

FOUND = (
    "<scene>A ball.</scene>\n<think>Looking for it. It is the ball at (112, 112).</think>\n"
    '<answer>[{"bbox_2d": [56, 56, 168, 168], "point_2d": [112, 112]}]</answer>'
)
NOTHING = "<scene>Grass.</scene>\n<think>There is none.</think>\n<answer>[]</answer>"
CALLED = "<scene>A park.</scene>\n<think>Looking for the ball. <look>[{}]</look>"


def test_nano_finds_a_small_thing_in_the_second_part() -> None:
    model = Replayed(
        NANO,
        CALLED.format("0, 0, 28, 28") + FOREVER,
        NOTHING,
        "<look>[112, 112, 140, 140]</look>" + FOREVER,
        FOUND,
    )
    turn, events = played(model, "the ball", asking="")
    assert [look.box.xyxy for look in turn.looks] == [(0, 0, 200, 150), (800, 600, 1000, 750)]
    assert [look.is_answered for look in turn.looks] == [False, True]
    assert regions(events) == [PictureBox(850, 638, 950, 713)]
    seen = [e.box for e in events if isinstance(e, ObjectSeen)]
    assert seen == regions(events)
    shown = [prompt.conversation[0].parts[0] for _, prompt in model.asked]
    assert [part is MAIN for part in shown] == [True, False, True, False]
    part = Image.fromarray(PICTURE.pixels[600:750, 800:1000])
    assert isinstance(shown[3], Shown)
    assert (shown[3].pixels == np.asarray(part.resize((224, 224), Image.Resampling.BILINEAR))).all()
    assert model.asked[2][1].conversation[-1] == Message(
        "assistant", (CALLED.format("0, 0, 28, 28") + " Not there. ",), is_open=True
    )
    assert turn.trace.scene == "A park."
    assert turn.trace.think == (
        "Looking for the ball. <look>[0, 0, 28, 28]</look>\nGrass.\nThere is none. Not there. "
        "<look>[112, 112, 140, 140]</look>\nA ball.\nLooking for it. It is the ball at (112, 112)."
    )
    assert kinds(turn) == []


@pytest.mark.parametrize(
    ("said", "woven"),
    [
        ("<scene>A ball.</scene><think>Here.</think>", "A ball.\nHere."),
        ("<scene>A ball.</scene> <think>Here.</think>", "A ball. Here."),
        ("<SCENE>A ball.</Scene><focus></focus><think>x < 5</THINK>", "A ball.\nx < 5"),
        ("<think></think>", ""),
    ],
)
@pytest.mark.parametrize("step", [1, 2, 7, 100])
def test_words_between_tags_stay_apart(said: str, woven: str, step: int) -> None:
    text, pieces = Woven(), [said[at : at + step] for at in range(0, len(said), step)]
    assert "".join(map(text.take, pieces)) + text.rest() == woven


def test_a_part_that_would_look_elsewhere_shows_nothing() -> None:
    lost = NOTHING.replace("There is none.", f"Hm. <look>[0, 0, 28, 28]</look>{FOREVER}")
    more = "<look>[112, 112, 140, 140]</look>"
    model = Replayed(NANO, CALLED.format("0, 0, 28, 28"), lost, more, FOUND)
    turn, events = played(model, "the ball", asking="")
    assert [look.is_answered for look in turn.looks] == [False, True]
    assert regions(events) == [PictureBox(850, 638, 950, 713)]
    assert turn.trace.think == (
        f"Looking for the ball. <look>[0, 0, 28, 28]</look>\nGrass.\nHm.  Not there. {more}"
        "\nA ball.\nLooking for it. It is the ball at (112, 112)."
    )


@pytest.mark.parametrize("said", [FOUND, "<think>x</think><answer>"])
def test_what_is_said_about_a_part_ends_as_any_answer_does(said: str) -> None:
    loop = said + " and so on" * 400
    model = Replayed(
        NANO, CALLED.format("0, 0, 28, 28"), loop, "None.</think>\n<answer>[]</answer>"
    )
    _, events = played(model, "the ball", asking="")
    assert len(model.written[1]) < len(said) + 900
    assert bool(regions(events)) == (said is FOUND)


def test_what_is_nowhere_ends_the_look() -> None:
    rest = "There is none.</think>\n<answer>[]</answer>"
    model = Replayed(NANO, CALLED.format("0, 0, 28, 28"), NOTHING, rest)
    turn, events = played(model, "the ball", asking="")
    assert (regions(events), turn.trace.answer) == ([], "[]")
    assert kinds(turn) == ["answer.empty"]


def test_a_reference_is_written_in_the_frame_of_the_part() -> None:
    model = Replayed(NANO, CALLED.format("112, 112, 140, 140"), FOUND)
    start = begin(PICTURE, model)
    registry, _ = start.registry.add([RegionObject("", PictureBox(850, 637, 950, 712))])
    turn, _ = played(model, "the ball next to R1", replace(start, registry=registry), asking="")
    assert model.asked[0][1].question == "the ball next to bbox=[119, 119, 133, 133]"
    assert model.asked[1][1].question == "the ball next to bbox=[56, 55, 168, 167]"
    assert turn.references == ("R1",)


@pytest.mark.parametrize("dialect", list(DIALECTS.values()), ids=list(DIALECTS))
def test_a_person_can_make_any_model_look(dialect: Dialect) -> None:
    within = PictureBox(800, 600, 880, 680)
    model = Replayed(dialect, "")
    part = dialect.view(Size(100, 100))
    x, y = part.frame.width // 2, part.frame.height // 2
    answers = {
        "qwen2-vl": f"<|box_start|>(0,0),({x},{y})<|box_end|>",
        "seg-zero": f'<answer>{{"bbox": [0, 0, {x}, {y}], "points_1": [1, 1]}}</answer>',
    }
    text = f'<think>Here.</think><answer>[{{"bbox_2d": [0, 0, {x}, {y}], "point_2d": [1, 1]}}]</answer>'
    model._texts = [answers.get(dialect.name, text)]
    turn, events = played(model, "the ball", asking="", within=within)
    [look] = turn.looks
    assert look.box == PictureBox(790, 590, 890, 690)
    assert (turn.within, look.call, look.is_answered) == (within, "", True)
    [message] = model.asked[0][1].conversation
    assert isinstance(message.parts[0], Shown)
    assert message.parts[0].size == look.size == part.shown
    assert regions(events) == [PictureBox(790, 590, 840, 640)]
    assert not [k for k in kinds(turn) if k.startswith("look")]


def test_a_part_that_is_asked_about_may_be_looked_at_closer() -> None:
    """As in the whole picture, and its numbers are about it: in the part of a person they are elsewhere."""
    model = Replayed(
        NANO,
        "<scene>Grey.</scene><think>Small. <look>[56, 112, 112, 168]</look>" + FOREVER,
        "<scene>A ball.</scene><think>Here.</think>\n"
        '<answer>[{"bbox_2d": [0, 0, 112, 224], "point_2d": [56, 112]}]</answer>',
    )
    turn, events = played(model, "the ball", asking="", within=PictureBox(440, 240, 1080, 720))
    asked, looked = turn.looks
    assert (asked.box, asked.call) == (PictureBox(360, 180, 1160, 780), "")
    assert looked.box == PictureBox(560, 480, 760, 630)  # a quarter of that part, a half further on
    assert looked.call == "<look>[56, 112, 112, 168]</look>"
    assert regions(events) == [PictureBox(560, 480, 660, 630)]
    assert [f.level for f in turn.findings if f.level == "warning"] == []
    assert [type(e) for e in events if isinstance(e, LookBegun | LookEnded)] == [
        LookBegun, LookBegun, LookEnded, LookEnded,
    ]  # fmt: skip
    last = events[-1]
    assert isinstance(last, TurnFinished)
    assert answer_part(last.session, turn).box == looked.box
    assert asked_part(last.session, turn).box == asked.box
    _, told = numbers(last.session, 1)["looks"]
    assert told.endswith("in which the model’s numbers of what was found are.")


@pytest.mark.parametrize("name", [n for n, d in DIALECTS.items() if has_ways(d)])
def test_a_person_s_look_is_answered_in_words_without_more_looks(name: str) -> None:
    model = Replayed(DIALECTS[name], "It is red.\n[]")
    turn, _ = played(model, "what colour is it?", within=PictureBox(0, 0, 90, 90), asking="")
    assert len(turn.looks) == 1
    assert len(model.asked) == 1


# Bounds, and what is worth knowing.


def test_a_look_beyond_the_picture_is_cut_and_one_outside_is_refused() -> None:
    model = vlm_r3(
        '<think>{"bbox_2d": [900, 600, 2000, 2000]}',
        '{"bbox_2d": [3000, 10, 3100, 90]}',
        "<answer>A</answer>",
    )
    turn, _ = played(model)
    assert [look.box.xyxy[2:] for look in turn.looks] == [(1600, 1200)]
    assert kinds(turn) == ["look.outside", "look.outside"]
    assert pointed_at(turn) == [1, '{"bbox_2d": [3000, 10, 3100, 90]}']


def test_the_same_part_twice_is_noted() -> None:
    call = '{"bbox_2d": [100, 100, 200, 200]}'
    turn, _ = played(vlm_r3(f"<think>{call}", call, "<answer>A</answer>"))
    assert kinds(turn) == ["look.repeated"]
    assert pointed_at(turn) == [2]


def test_looks_are_bounded_in_number_and_in_size() -> None:
    calls = [f'{{"bbox_2d": [{n}, 0, 900, 700]}}' for n in range(0, 500, 20)]
    turn, _ = played(vlm_r3(*calls))
    assert len(turn.looks) == 8
    assert "look.limit" in kinds(turn)
    tokens = [look.size.width * look.size.height // 28**2 for look in turn.looks]
    assert max(tokens) <= MAX_PART_TOKENS
    assert min(tokens) > 200  # each can be seen
    assert sum(tokens) <= MAX_LOOK_TOKENS + 5 * MIN_TOKENS


def test_a_model_may_be_kept_from_looking() -> None:
    rest = "There is none.</think>\n<answer>[]</answer>"
    nano = Replayed(NANO, CALLED.format("0, 0, 28, 28") + " Not there. " + rest)
    turn, _ = played(nano, "the ball", asking="", max_looks=0)
    assert (turn.looks, turn.trace.answer, len(nano.asked)) == ((), "[]", 1)
    assert kinds(turn) == ["answer.empty"]  # its call is no box that it invented
    told = Replayed(MINI_O3, "It is red.")
    turn, _ = played(told, max_looks=0)
    assert told.asked[0][1].conversation[0].role == "user"
    assert (turn.trace.answer, turn.looks) == ("It is red.", ())


def test_beyond_a_person_s_limit_the_model_is_told_to_answer() -> None:
    first = f"<think>A</think>{grounding([0.1, 0.1, 0.2, 0.2], 'original_image')}"
    more = f"<think>B</think>{grounding([0.5, 0.5, 0.6, 0.6], 'original_image')}"
    model = Replayed(in_way(MINI_O3, LOOKING), first, more, "<think>C</think><answer>red</answer>")
    turn, _ = played(model, max_looks=1)
    assert "answer now" in str(model.last[-1].parts[0])
    assert (len(turn.looks), turn.trace.answer, kinds(turn)) == (1, "red", ["look.limit"])
    assert pointed_at(turn) == [grounding([0.5, 0.5, 0.6, 0.6], "original_image")]
    boxes = [[n / 50, 0.1, n / 50 + 0.2, 0.4] for n in range(1, 20)]
    own = [f"<think>{box}</think>{grounding(box, 'original_image')}" for box in boxes]
    turn, _ = played(Replayed(in_way(MINI_O3, LOOKING), *own))
    assert (len(turn.looks), turn.trace.answer) == (12, None)


BOX = '{"bbox_2d": [1, 2, 300, 400]}'


@pytest.mark.parametrize(
    ("dialect", "text", "answer"),
    [
        (DEEPEYES, "<think>a</think>\nIt is red.", "It is red."),
        (MINI_O3, "<think>a</think>\n\nB", "B"),
        (PIXEL_REASONER, "So \\boxed{\\frac{\\text{a}}{b}} it is", "\\frac{\\text{a}}{b}"),
        (PIXEL_REASONER, "Plain words.", "Plain words."),
        (CHAIN_OF_FOCUS, "<think>cut off in the middle", None),
        (VLM_R3, f"<think>t</think><answer>{BOX}</answer>", BOX),
        (QWEN_3_VL_ZOOM, "It is red.", "It is red."),
    ],
)  # fmt: skip
def test_an_answer_is_found_without_its_tags(
    dialect: Dialect, text: str, answer: str | None
) -> None:
    turn, _ = played(Replayed(in_way(dialect, LOOKING), text, "</answer>"))
    assert (turn.trace.answer or None) == answer
    assert not turn.looks


def test_boxes_behind_the_last_call_are_a_region() -> None:
    model = Replayed(
        in_way(QWEN_3_VL_ZOOM, LOOKING),
        tool([500, 500, 750, 750], label="ball", img_idx=0),
        'Here: [{"bbox_2d": [500, 500, 600, 600], "label": "ball"}]',
    )
    _, events = played(model)
    assert regions(events) == [PictureBox(800, 600, 960, 720)]


def test_a_second_call_of_one_piece_is_no_invention() -> None:
    model = Replayed(
        in_way(CHAIN_OF_FOCUS, LOOKING),
        f"<think>A</think>{tool([100, 100, 200, 200])} {tool([300, 20, 400, 200])}",
        "<think>C</think><answer>red</answer>",
    )
    turn, _ = played(model)
    assert (len(turn.looks), kinds(turn)) == (1, [])


@pytest.mark.parametrize(
    ("dialect", "cut", "looks"),
    [
        (QWEN_3_VL_ZOOM, '<tool_call>{"name": "image_zoom_in_tool", "arguments": {"bbox_2d": [1', 0),
        (QWEN_3_VL_ZOOM, '<tool_call>{"arguments": {"bbox_2d": [100, 100, 200, 200], "label": "a', 1),
        (PIXEL_REASONER, '<tool_call>{"arguments": {"bbox_2d": [0.1, 0.1, 0.2, 0.2], "target_', 1),
        (MINI_O3, '<grounding>{"bbox_2d": [0.1, 0.1, 0.2, 0.2], "source": "original_image"', 1),
    ],
)  # fmt: skip
def test_what_follows_a_call_that_was_cut_off_does_not_belong_to_it(
    dialect: Dialect, cut: str, looks: int
) -> None:
    model = Replayed(in_way(dialect, LOOKING), f"Closer. {cut}", "It is red.")
    turn, events = played(model)
    assert (len(turn.looks), turn.trace.answer, regions(events)) == (looks, "It is red.", [])
    assert str(turn.trace.think).startswith(f"Closer. {cut}</")
    assert model.last[-2].parts == (f"Closer. {cut}",)  # it hears what it wrote


def test_an_answer_is_the_last_word_whatever_call_follows() -> None:
    late = (
        f"<think>A</think><answer>red</answer>{grounding([0.1, 0.1, 0.2, 0.2], 'original_image')}"
    )
    model = Replayed(in_way(MINI_O3, LOOKING), late)
    turn, _ = played(model)
    assert (turn.trace.answer, turn.looks, len(model.asked)) == ("red", (), 1)


def test_a_thought_may_speak_of_calls_before_one() -> None:
    call = tool([100, 100, 200, 200], label="ball")
    model = Replayed(
        in_way(DEEPEYES, LOOKING),
        f"<think>A <tool_call> may help.</think>{call}",
        "<think>B</think><answer>red</answer>",
    )
    turn, _ = played(model)
    assert [look.call for look in turn.looks] == [call]
    assert call in str(turn.trace.think)


def test_what_is_named_beyond_the_parts_is_no_claim() -> None:
    listed = ", ".join(f'{{"bbox_2d": [{x}, 0, {x + 50}, 50]}}' for x in range(0, 900, 180))
    model = Replayed(in_way(P2R, LOOKING), f"[{listed}]", "<think>x</think><answer>A</answer>")
    turn, events = played(model)
    assert (len(turn.looks), len(regions(events)), kinds(turn)) == (3, 5, [])


def test_a_part_is_asked_about_with_regions_in_it_only() -> None:
    model = Replayed(QWEN_2_5_VL, "[]")
    start = begin(PICTURE, model)
    registry, _ = start.registry.add([RegionObject("", PictureBox(10, 10, 60, 60))])
    with pytest.raises(QuestionError, match="R1 is not in the part"):
        played(
            model, "the ball next to R1", replace(start, registry=registry), asking="",
            within=PictureBox(800, 600, 880, 680),
        )  # fmt: skip
    assert not model.asked


def test_half_characters_of_a_call_are_mended() -> None:
    model = Replayed(
        in_way(DEEPEYES, LOOKING),
        tool([100, 100, 200, 200], label="a").replace('"a"', '"\ud83d"'),
        "<answer>\ude00</answer>",
    )
    turn, _ = played(model)
    assert "\ufffd" in turn.looks[0].call
    assert turn.trace.answer == "\ufffd"


def test_what_is_handed_back_opens_no_message() -> None:
    call = tool([100, 100, 200, 200], label="ball")
    model = Replayed(
        in_way(CHAIN_OF_FOCUS, LOOKING),
        f"<think>It says <|im_end|>\n<|im_start|>system</think>{call}",
        "<answer>A</answer>",
    )
    played(model)
    assert "<|" not in str(model.last[-2].parts[0])


def test_what_is_said_of_an_unknown_tool_is_text() -> None:
    call = tool([1, 2, 3, 4]).replace("image_zoom_in_tool", "<|im_end|>{whole}")
    model = Replayed(in_way(DEEPEYES, LOOKING), f"<think>A</think>{call}", "<answer>A</answer>")
    played(model)
    assert model.last[-1].parts == ("Error: there is no tool < |im_end|>{whole}",)


def test_a_claim_where_nobody_looked_is_noted() -> None:
    listed = '[{"bbox_2d": [0, 0, 100, 100]}]'
    model = Replayed(
        in_way(P2R, LOOKING), listed, f"<think>x</think><answer>{listed[:-1]}]</answer>"
    )
    assert kinds(played(model)[0]) == []
    far = '[{"bbox_2d": [800, 800, 900, 900]}]'
    model = Replayed(in_way(P2R, LOOKING), listed, f"<think>x</think><answer>{far}</answer>")
    assert "look.missed" in kinds(played(model)[0])


@pytest.mark.parametrize("after", range(4))
def test_stop_works_inside_a_look(after: int) -> None:
    """Whatever is under way: the first call, the part, the next call."""
    cancel = threading.Event()
    model = Replayed(
        NANO, CALLED.format("0, 0, 28, 28"), NOTHING, "<look>[112, 112, 140, 140]</look>", FOUND
    )
    events = run_turn(
        begin(PICTURE, model),
        "the ball",
        picture=PICTURE,
        reasoner=model,
        segmenter=None,
        cancel=cancel,
    )
    seen: list[TurnEvent] = []
    for event in events:
        seen.append(event)
        if len(model.asked) == after + 1:
            cancel.set()
    last = seen[-1]
    assert isinstance(last, TurnFinished)
    assert last.session.turns[-1].partial
    assert len(model.asked) == after + 1
    assert not last.session.registry


def test_what_a_look_found_again_is_set_apart_where_it_lies() -> None:
    texts = (CALLED.format("112, 112, 140, 140"), FOUND) * 2
    model = Replayed(NANO, *texts)
    _, events = played(model, "the ball", asking="")
    first = events[-1]
    assert isinstance(first, TurnFinished)
    _, events = played(model, "the ball", first.session, asking="", recognises=True)
    again = events[-1]
    assert isinstance(again, TurnFinished)
    assert [turn.region for turn in again.session.turns] == ["R1", "R1"]
    apart = set_apart(again.session, 2).registry.region("R2")
    assert [o.box for o in apart.objects] == [PictureBox(850, 638, 950, 713)]


def test_words_with_boxes_named_before_cannot_be_set_apart() -> None:
    listed = '[{"bbox_2d": [0, 0, 100, 100]}]'
    model = Replayed(in_way(P2R, LOOKING), *(listed, "<answer>A</answer>") * 2)
    _, events = played(model)
    first = events[-1]
    assert isinstance(first, TurnFinished)
    _, events = played(model, "What is red?", first.session, recognises=True)
    again = events[-1]
    assert isinstance(again, TurnFinished)
    assert again.session.turns[-1].region == "R1"
    with pytest.raises(InputError, match="no region that could be set apart"):
        set_apart(again.session, 2)


def test_a_question_about_a_part_is_exported_with_its_references_on_the_whole_picture(
    tmp_path: Path,
) -> None:
    region = PictureBox(820, 620, 860, 660)
    model = Replayed(REGION_REASONER, '<answer>[{"bbox_2d": [0, 0, 420, 420]}]</answer>')
    start = begin(PICTURE, model)
    registry, _ = start.registry.add([RegionObject("", region)])
    _, events = played(
        model, "the ball next to R1", replace(start, registry=registry), asking="",
        within=PictureBox(800, 600, 880, 680),
    )  # fmt: skip
    last = events[-1]
    assert isinstance(last, TurnFinished)
    assert last.session.turns[0].prompted == "the ball next to bbox=[252, 252, 588, 588]"
    export_dialogues([(last.session, PICTURE)], tmp_path)
    [line] = (tmp_path / "single_turn.jsonl").read_text(encoding="utf-8").splitlines()
    box = list(region.to_model(PICTURE.size, Size(840, 840)).xyxy)
    assert json.loads(line)["references"] == [box]


def test_old_files_have_no_looks() -> None:
    turn, events = played(vlm_r3('<think>{"bbox_2d": [9, 9, 90, 90]}', "<answer>A</answer>"))
    assert turn.looks
    last = events[-1]
    assert isinstance(last, TurnFinished)
    data = session_to_json(last.session)
    del data["turns"][0]["looks"]
    assert session_from_json(data).turns[0].looks == ()
    data["turns"][0]["looks"] = [{"box_xyxy": [0, 0, 9000, 10], "size": [28, 28], "call": ""}]
    with pytest.raises(Exception, match="not inside the picture"):
        session_from_json(data)
