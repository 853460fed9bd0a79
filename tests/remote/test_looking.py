"""Turns in which a model on a server looks closer, through the engine and over real sockets: each family's
form with replayed texts, and servers that take only a part of it."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass

import numpy as np
import pytest
from PIL import Image

from demo.dialects.known_looks import LOOKING_BY_QUICK
from demo.dialects.ways import LOOKING
from demo.dialogue.engine import TurnFinished, begin, run_turn
from demo.dialogue.looking import LookBegun, LookEnded
from demo.dialogue.session import Turn
from demo.errors import ModelError
from demo.picture.geometry import PictureBox
from demo.picture.picture import Picture, open_picture
from demo.picture.sizes import resized_part
from demo.reasoners.base import picture_for
from demo.remote.reasoner import RemoteReasoner, connect
from tests.support.asking import PATIENT
from tests.support.hostile import STALL, STREAM, event, failure
from tests.support.talking import PICTURE, Body, Talking, pictures_in, urls_in, written

pytestmark = pytest.mark.usefixtures("environment")

QUESTION = "What is written on the sign?"
QUARTER = PictureBox(800, 600, 1600, 1200)


@pytest.fixture(scope="module")
def scene() -> Picture:
    """A picture of 1600 × 1200 pixels, of which a model is shown 952 × 700."""
    x, y = np.meshgrid(np.arange(1600), np.arange(1200))
    pixels = np.stack([x * 255 // 1600, y * 255 // 1200, (x + y) // 11], axis=-1)
    return open_picture(Image.fromarray(pixels.astype(np.uint8)))


def tool(box: Sequence[float], **more: object) -> str:
    call = {"name": "image_zoom_in_tool", "arguments": {"bbox_2d": box, "label": "sign", **more}}
    return f"<tool_call>\n{json.dumps(call)}\n</tool_call>"


def grounding(box: Sequence[float], source: str) -> str:
    return f"<grounding>{json.dumps({'bbox_2d': box, 'source': source})}</grounding>"


@dataclass(frozen=True, slots=True)
class Family:
    """What a family's model writes, the ``roles`` of its last request, and the ``boxes`` of its looks."""

    model: str
    texts: tuple[str, ...]
    roles: tuple[str, ...]
    boxes: tuple[PictureBox, ...]
    dialect: str | None = None


END = "<think>It can be read.</think><answer>Bakery</answer>"
VLM_R3 = Family(
    "lh-hyr/VLM-R3-7b-rl-v1",
    (
        '<think>There is a sign.\n{"bbox_2d": [476, 350, 952, 700]} I am sure that it says Bank.',
        'Not there.\n```json\n{"bbox_2d": [0, 0, 476, 350]\n}\n``` nor there',
        "It can be read.</think><answer>Bakery</answer> and on",
    ),
    ("user", "assistant"),
    (QUARTER, PictureBox(0, 0, 801, 601)),
)
MINI_O3 = Family(
    "Mini-o3/Mini-o3-7B-v1",
    (
        f"<think>Small.</think>{grounding([0.5, 0.5, 1, 1], 'original_image')} Now I see it.",
        f"<think>Still small.</think>{grounding([0, 0, 0.5, 0.5], 'observation_1')}",
        END,
    ),
    ("system", "user", "assistant", "user", "assistant", "user"),
    (QUARTER, PictureBox(800, 600, 1200, 900)),
)
DEEPEYES = Family(
    "ChenShawn/DeepEyes-7B",
    (f"<think>Small.</think>{tool([476, 350, 952, 700])}", END),
    ("system", "user", "assistant", "user"),
    (QUARTER,),
)
FOCUS = Family(
    "xintongzhang/CoF-rl-model-7b",
    (f"<think>Small.</think>{tool([476, 350, 952, 700])}", END),
    ("system", "user", "assistant", "user"),
    (PictureBox(600, 449, 1600, 1200),),
)
PIXEL = Family(
    "TIGER-Lab/PixelReasoner-RL-v1",
    (f"Small. {tool([0.5, 0.5, 1, 1], target_image=1)}", "It is \\boxed{Bakery}"),
    ("system", "user", "assistant", "user"),
    (PictureBox(638, 480, 1600, 1200),),
)
P2R = Family(
    "hongxingli/P2R-8B",
    ('```json\n[{"bbox_2d": [500, 500, 1000, 1000], "label": "sign"}]\n```', END),
    ("system", "user"),
    (PictureBox(640, 480, 1600, 1200),),
)
ZOOM = Family(
    "Qwen/Qwen3-VL-8B-Instruct",
    (
        f"Small. {tool([500, 500, 1000, 1000], img_idx=0)}",
        f"Still small. {tool([0, 0, 500, 500], img_idx=1)}",
        "Bakery",
    ),
    ("system", "user", "assistant", "tool", "assistant", "tool"),
    (QUARTER, PictureBox(800, 600, 1200, 900)),
    dialect="qwen3-vl-zoom",
)
FAMILIES = [VLM_R3, MINI_O3, DEEPEYES, FOCUS, PIXEL, P2R, ZOOM]


@contextmanager
def asked(server: Talking, family: Family) -> Iterator[RemoteReasoner]:
    with server:
        reasoner, _ = connect(server.url, "auto", PATIENT, dialect=family.dialect)
        with closing(reasoner):
            yield reasoner


def ask(
    reasoner: RemoteReasoner, scene: Picture, cancel: threading.Event | None = None
) -> tuple[Turn, list[object]]:
    """The turn of a question whose answer is words, and its events."""
    events: list[object] = []
    for each in run_turn(
        begin(scene, reasoner),
        QUESTION,
        picture=scene,
        reasoner=reasoner,
        segmenter=None,
        cancel=cancel or threading.Event(),
        asking=LOOKING,
    ):
        events.append(each)
    assert isinstance(events[-1], TurnFinished)
    return events[-1].session.turns[-1], events


def looks_of(events: Sequence[object]) -> list[tuple[str, int]]:
    return [
        (type(each).__name__, each.number)
        for each in events
        if isinstance(each, LookBegun | LookEnded)
    ]


@pytest.mark.parametrize("family", FAMILIES, ids=lambda f: f.dialect or f.model.partition("/")[2])
def test_each_family_looks_through_a_server(family: Family, scene: Picture) -> None:
    server = Talking(family.model, *family.texts)
    with asked(server, family) as reasoner:
        turn, events = ask(reasoner, scene)
    assert "Bakery" in turn.raw
    assert tuple(look.box for look in turn.looks) == family.boxes
    assert [f.kind for f in turn.findings if f.level == "warning"] == []
    numbers = range(len(family.boxes))
    assert looks_of(events) == [(k, n) for n in numbers for k in ("LookBegun", "LookEnded")]
    last = server.taken[-1]
    assert tuple(message["role"] for message in last["messages"]) == family.roles
    assert len(server.asked) == len(family.texts)  # none was refused
    whole, *parts = pictures_in(last)
    for look, part in zip(turn.looks, parts, strict=True):
        assert part.shape == (look.size.height, look.size.width, 3)
        if family is not FOCUS and family is not PIXEL:  # which cut from what was shown
            how = LOOKING_BY_QUICK[reasoner.dialect.name].looking.enlarge.how  # type: ignore[union-attr]
            assert np.array_equal(part, resized_part(scene.pixels, look.box, look.size, how))
    if family is not P2R:
        shown = np.asarray(picture_for(scene, reasoner.dialect))
        assert np.array_equal(whole, shown)
        # Nothing that a server has computed was for nothing.
        for earlier, later in zip(server.taken, server.taken[1:], strict=False):
            assert written(later).startswith(written(earlier))


def test_an_answer_goes_on_after_its_picture(scene: Picture) -> None:
    server = Talking(VLM_R3.model, *VLM_R3.texts)
    with asked(server, VLM_R3) as reasoner:
        turn, _ = ask(reasoner, scene)
    last = server.taken[-1]
    assert (last["continue_final_message"], last["add_generation_prompt"]) == (True, False)
    said = written(last).partition("<|im_start|>assistant\n")[2]
    assert said == (
        f'<think>There is a sign.\n{{"bbox_2d": [476, 350, 952, 700]}}\n{PICTURE}\n'
        f'Not there.\n```json\n{{"bbox_2d": [0, 0, 476, 350]}}\n```\n{PICTURE}\n'
    )
    assert "Bank" not in turn.raw
    assert turn.raw.count("<think>") == 1


def in_openai_words(body: Body) -> bytes | None:
    """OpenAI's own server and those that follow it to the letter."""
    for number, message in enumerate(body["messages"]):
        if message["role"] == "tool":
            words = (
                "Invalid parameter: messages with role 'tool' must be a response to a preceeding message "
                "with 'tool_calls'."
            )
            return failure(400, words)
        if message["role"] != "user" and urls_in([message]):
            words = (
                f"Invalid 'messages[{number}]'. Image URLs are only allowed for messages with role 'user', "
                f"but this message with role '{message['role']}' contains an image URL."
            )
            return failure(400, words)
    if "continue_final_message" in body:
        return failure(400, "Unrecognized request argument supplied: continue_final_message")
    return None


def without_pictures_in(role: str, status: int, words: str) -> Callable[[Body], bytes | None]:
    """A server that refuses the pictures of a role in these words."""

    def refuse(body: Body) -> bytes | None:
        shown = urls_in([m for m in body["messages"] if m["role"] == role])
        return failure(status, words) if shown else None

    return refuse


def not_continued(status: int, words: str) -> Callable[[Body], bytes | None]:
    """A server that goes on with no answer, and says so in these words."""
    return lambda body: failure(status, words) if "continue_final_message" in body else None


LM_STUDIO = "Invalid 'messages' in payload"
ASKED_APART = ("user", "assistant", "user", "assistant", "user")
NO_TOOL = ("system", "user", "assistant", "user", "assistant", "user")


@pytest.mark.parametrize(
    ("family", "refuse", "roles"),
    [
        pytest.param(VLM_R3, in_openai_words, ASKED_APART, id="OpenAI's, within an answer"),
        pytest.param(ZOOM, in_openai_words, NO_TOOL, id="OpenAI's, from a tool"),
        pytest.param(ZOOM, without_pictures_in("tool", 400, LM_STUDIO), NO_TOOL, id="LM Studio's"),
        pytest.param(
            ZOOM, without_pictures_in("tool", 400, "Param Incorrect: `text` is not set"), NO_TOOL,
            id="which names nothing",
        ),
        pytest.param(
            ZOOM, without_pictures_in("tool", 400, "Tool messages only support text content."), NO_TOOL,
            id="vLLM's, from a tool",
        ),
        pytest.param(
            VLM_R3, without_pictures_in("assistant", 422, "Input should be 'text'"), ASKED_APART,
            id="a schema's",
        ),
        pytest.param(
            VLM_R3,
            without_pictures_in("assistant", 500, 'can only concatenate str (not "list") to str'),
            ASKED_APART, id="of a program that trips",
        ),
        pytest.param(
            VLM_R3,
            not_continued(400, "Assistant response prefill is incompatible with enable_thinking."),
            ASKED_APART, id="llama.cpp's, while it thinks",
        ),
        pytest.param(
            VLM_R3,
            not_continued(
                422, "Unexpected fields in the request: {'continue_final_message', 'add_generation_prompt'}"
            ),
            ASKED_APART, id="of fields",
        ),
        pytest.param(
            VLM_R3,
            not_continued(
                400, "This model does not support assistant message prefill. The conversation must end "
                "with a user message."
            ),
            ASKED_APART, id="of a beginning",
        ),
    ],
)  # fmt: skip
def test_what_a_server_refuses_is_said_in_another_form_and_remembered(
    family: Family,
    refuse: Callable[[Body], bytes | None],
    roles: tuple[str, ...],
    scene: Picture,
) -> None:
    server = Talking(family.model, *family.texts * 2, refuse=refuse)
    with asked(server, family) as reasoner:
        first, _ = ask(reasoner, scene)
        refused = len(server.asked) - len(server.taken)
        again, _ = ask(reasoner, scene)
    assert 1 <= refused <= 3
    assert len(server.asked) - len(server.taken) == refused  # it is not tried again
    assert first.looks == again.looks
    assert tuple(look.box for look in first.looks) == family.boxes
    assert "Bakery" in first.raw
    for last in (server.taken[len(family.texts) - 1], server.taken[-1]):
        assert tuple(message["role"] for message in last["messages"]) == roles
        assert len(urls_in(last["messages"])) == 1 + len(family.boxes)
        assert not last.keys() & {"continue_final_message", "add_generation_prompt"}
        said = written(last)
        assert all(text[:5] in said for text in family.texts[:-1])
        if family is ZOOM:  # the tokens are those that the model knows
            wrapped = f"<|im_start|>user\n<tool_response>\n{PICTURE}\n</tool_response><|im_end|>"
            assert said.count(wrapped) == len(family.boxes)


def test_a_server_is_asked_at_once_in_the_form_that_it_is_known_to_take(scene: Picture) -> None:
    """SGLang would leave out the pictures of a tool without a word."""
    for family, roles in ((ZOOM, NO_TOOL), (VLM_R3, ASKED_APART)):
        server = Talking(family.model, *family.texts, owner="sglang")
        with asked(server, family) as reasoner:
            ask(reasoner, scene)
        assert len(server.asked) == len(family.texts)
        assert tuple(message["role"] for message in server.taken[-1]["messages"]) == roles


@pytest.mark.parametrize(
    ("family", "most"), [(VLM_R3, 1), (MINI_O3, 2), (P2R, 1)], ids=lambda v: getattr(v, "model", v)
)
def test_more_pictures_than_a_server_takes_end_in_a_sentence(
    family: Family, most: int, scene: Picture
) -> None:
    server = Talking(family.model, *family.texts, most=most)
    with asked(server, family) as reasoner:
        with pytest.raises(ModelError) as caught:
            ask(reasoner, scene)
        pictures = "1 picture" if most == 1 else "2 pictures"
        assert str(caught.value) == (
            f"The server at {server.host} takes at most {pictures} at once, and looking closer shows more. "
            "Start it with room for them (vLLM with --limit-mm-per-prompt '{\"image\": 16}'), or ask for a "
            "quick answer."
        )
    assert len(server.asked) == most + 1  # nothing else helps


@pytest.mark.parametrize("family", [VLM_R3, MINI_O3, ZOOM], ids=lambda f: f.model)
def test_a_stop_within_a_look_keeps_it(family: Family, scene: Picture) -> None:
    server = Talking(family.model, family.texts[0], [STREAM, event("One"), STALL])
    cancel = threading.Event()
    with asked(server, family) as reasoner:

        def stop() -> None:
            server.stalled.acquire()
            cancel.set()

        threading.Thread(target=stop).start()
        turn, events = ask(reasoner, scene, cancel)
        assert server.left.acquire(timeout=30)
    assert turn.partial
    assert [look.box for look in turn.looks] == [QUARTER]
    assert looks_of(events) == [("LookBegun", 0), ("LookEnded", 0)]
    assert len(server.asked) == 2


@pytest.mark.parametrize("wrote", ["", "\n"])
def test_an_answer_that_was_begun_may_end_at_once(wrote: str, scene: Picture) -> None:
    server = Talking(VLM_R3.model, VLM_R3.texts[0], wrote)
    with asked(server, VLM_R3) as reasoner:
        turn, _ = ask(reasoner, scene)
    assert [look.box for look in turn.looks] == [QUARTER]
    assert not turn.partial


def test_a_thought_that_a_server_tells_apart_is_begun_once(scene: Picture) -> None:
    said = [STREAM, event(reasoning_content="On."), event("<answer>Bakery"), event(finish="stop")]
    server = Talking(VLM_R3.model, VLM_R3.texts[0], said)
    with asked(server, VLM_R3) as reasoner:
        turn, _ = ask(reasoner, scene)
    assert turn.raw.endswith("\nOn.</think><answer>Bakery")
    assert turn.raw.count("<think>") == 1


def calling(*calls: object, finish: str | None = None, **delta: object) -> bytes:
    return event(finish=finish, tool_calls=list(calls), **delta)


ARGUMENTS = {"bbox_2d": [500, 500, 1000, 1000], "label": "sign", "img_idx": 0}
NAME, WHOLE = "image_zoom_in_tool", json.dumps(ARGUMENTS)
SECOND = {"index": 1, "function": {"name": NAME, "arguments": WHOLE}}
ZOOMED = f'<tool_call>\n{{"name": "{NAME}", "arguments": {WHOLE}}}\n</tool_call>'
STOP = event(finish="tool_calls")


@pytest.mark.parametrize(
    ("said", "before", "after"),
    [
        pytest.param(
            [
                event("Small. "),
                calling({"index": 0, "id": "a", "function": {"name": NAME, "arguments": ""}}),
                *(calling({"index": 0, "function": {"arguments": c}}) for c in WHOLE),
                STOP,
            ],
            "Small. ", "", id="vLLM's, in pieces",
        ),
        pytest.param(
            [
                *(
                    calling({"index": 0, "function": {"name": NAME, "arguments": c}})
                    for c in (WHOLE[:9], WHOLE[9:])
                ),
                STOP,
            ],
            "", "", id="whose name comes with each piece",
        ),
        pytest.param(
            [calling({"function": {"name": NAME, "arguments": ARGUMENTS}}, content="Small. ",
                     finish="stop")],
            "Small. ", "", id="Ollama's, whole",
        ),
        pytest.param(
            [event(reasoning_content="Hm."), calling({"index": 0, **SECOND}), STOP],
            "<think>Hm.</think>", "", id="after a thought",
        ),
        pytest.param(
            [calling({**SECOND, "index": 0}, SECOND, content=""), event(" So."), STOP],
            "", f"{ZOOMED} So.", id="two of them, and a text",
        ),
        pytest.param(
            [calling("odd", {"index": 3}, {"function": 7}), calling({"index": 0, **SECOND}), STOP],
            "", "", id="beside what is none",
        ),
    ],
)  # fmt: skip
def test_calls_that_a_server_tells_apart_are_read_as_they_were_written(
    said: Sequence[bytes], before: str, after: str, scene: Picture
) -> None:
    server = Talking(ZOOM.model, [STREAM, *said], "Bakery")
    with asked(server, ZOOM) as reasoner:
        turn, _ = ask(reasoner, scene)
    assert turn.raw == f"{before}{ZOOMED}{after}Bakery"
    assert [look.box for look in turn.looks] == [QUARTER]
    assert turn.looks[0].call == ZOOMED
    assert turn.trace.answer == ("So.Bakery" if after else "Bakery")


def test_a_call_told_apart_that_was_cut_off_stays_open(scene: Picture) -> None:
    cut = calling({"index": 0, "function": {"name": NAME, "arguments": '{"bbox_2d": [5'}})
    server = Talking(ZOOM.model, [STREAM, cut, event(finish="length")], "Bakery")
    with asked(server, ZOOM) as reasoner:
        turn, _ = ask(reasoner, scene)
    assert turn.raw == (
        f'<tool_call>\n{{"name": "{NAME}", "arguments": {{"bbox_2d": [5</tool_call>Bakery'
    )
    assert [f.kind for f in turn.findings] == ["look.unreadable"]
