"""The app as a Hugging Face Space: its header, the gateway to a shared GPU, a start like the Space's."""

from __future__ import annotations

import json
import os
import pickle
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import numpy as np
import pytest
import spaces
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError

import demo.reasoners.zero as zero
from app import parser
from demo.checkpoints.catalogue import NANO_FOLDER
from demo.dialects.messages import MAIN, Message, Shown
from demo.dialects.prompt import GivenBox, Prompt, region_reasoner_instruction
from demo.errors import ModelError, OutOfMemoryError
from demo.models.selection import choose
from demo.picture.geometry import ModelBox, PictureBox
from demo.picture.picture import Picture
from demo.reasoners.base import MAX_NEW_TOKENS, Usage
from demo.reasoners.local import LocalReasoner
from demo.reasoners.zero import ZeroReasoner, answer_in_time, turn_seconds
from demo.segmenters.base import MaskPrompt, Segment
from demo.segmenters.grabcut import GrabCutSegmenter
from demo.segmenters.zero import ZeroSegmenter
from demo.zerogpu import GpuGateway
from tests import ROOT
from tests.conftest import free_port
from tests.support.hub import hub_of
from tests.support.listening import one_answer


def header() -> dict[str, str]:
    """The simple lines of the README's first block, by key."""
    _, block, _ = (ROOT / "README.md").read_text(encoding="utf-8").split("---\n", 2)
    return {k: v.strip('" ') for k, v in re.findall(r"^(\w+): *(.+)$", block, re.MULTILINE)}


def test_the_readme_says_how_the_space_runs() -> None:
    said = header()
    pins = dict(
        line.split(" ")[0].split("==")
        for line in (ROOT / "requirements.txt").read_text().splitlines()
        if "==" in line
    )
    assert (said["sdk"], said["sdk_version"]) == ("gradio", pins["gradio"])
    assert said["python_version"] == "3.12.12"
    assert (ROOT / said["app_file"]).is_file()
    assert said["license"] == "apache-2.0"
    assert len(said["short_description"]) <= 60


def prompt(boxes: int = 0) -> Prompt:
    question = "find the largest thing"
    given = tuple(GivenBox(f"R{i}", ModelBox(0, 0, i, 9)) for i in range(1, boxes + 1))
    return Prompt(question, region_reasoner_instruction(question), given)


@pytest.fixture
def gateway(nano: LocalReasoner) -> GpuGateway:
    """The gateway with the real decorator, which changes nothing where there is no ZeroGPU."""

    def answer(*given: Any) -> Iterator[str | Usage]:
        yield from answer_in_time(nano, *given)

    def segment(*given: Any) -> Iterator[Segment]:
        yield from GrabCutSegmenter().segment(*given)

    def fail(error: Exception) -> Iterator[str]:
        yield "first"
        raise error

    return GpuGateway(spaces.GPU, {"answer": answer, "segment": segment, "fail": fail})


def test_an_answer_through_the_door_is_the_same(
    nano: LocalReasoner, gateway: GpuGateway, picture: Picture
) -> None:
    shared = ZeroReasoner(nano, gateway)
    shared.prepare(picture)
    assert (shared.name, shared.dialect, shared.device) == ("nano", nano.dialect, "CPU, shared")
    asked = prompt()
    direct = nano.stream(picture, asked, threading.Event())
    through = shared.stream(picture, asked, threading.Event())
    assert [p for p in through if isinstance(p, str)] == [p for p in direct if isinstance(p, str)]


def looking(*parts: str | Shown) -> Prompt:
    """A conversation in which an answer with these parts goes on."""
    said = Message("user", (MAIN, region_reasoner_instruction("find it")))
    return replace(prompt(), messages=(said, Message("assistant", parts, is_open=True)))


def test_a_conversation_reaches_the_gpu_as_it_is(
    nano: LocalReasoner, gateway: GpuGateway, picture: Picture
) -> None:
    """Its arguments are pickled there."""
    part = Shown(np.ascontiguousarray(picture.pixels[:112, :112]))
    asked = looking("<scene>", part, "\nA ")
    sent: Prompt = pickle.loads(pickle.dumps(asked))
    (_, first), (begun, second) = ((m.is_open, m.parts) for m in sent.conversation)
    assert (first[0], begun) == (MAIN, True)
    assert isinstance(second[1], Shown)
    assert second[1].digest == part.digest
    through = ZeroReasoner(nano, gateway).stream(picture, sent, threading.Event())
    direct = nano.stream(picture, asked, threading.Event())
    assert [p for p in through if isinstance(p, str)] == [p for p in direct if isinstance(p, str)]


def test_a_stop_takes_effect_at_the_next_piece(
    nano: LocalReasoner, gateway: GpuGateway, picture: Picture
) -> None:
    cancel = threading.Event()
    pieces = ZeroReasoner(nano, gateway).stream(picture, prompt(), cancel)
    assert isinstance(next(pieces), str)
    cancel.set()
    assert list(pieces) == [Usage()]
    again = nano.stream(picture, prompt(), threading.Event())  # the model is free again
    assert isinstance(next(again), str)
    again.close()


def test_an_answer_is_ended_when_its_time_is_over(
    nano: LocalReasoner, picture: Picture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(zero, "_TOKEN_S", 0)
    pieces = list(answer_in_time(nano, picture, prompt()))
    assert isinstance(pieces[-1], Usage)
    assert "</answer>" not in "".join(p for p in pieces if isinstance(p, str))


def test_masks_through_the_gateway_are_the_same(gateway: GpuGateway, picture: Picture) -> None:
    prompts = [MaskPrompt(PictureBox(10, 10, 90, 90))]
    shared = ZeroSegmenter(GrabCutSegmenter(), gateway)
    shared.prepare(picture)
    assert shared.name == "GrabCut"
    assert shared.segment(picture, prompts) == GrabCutSegmenter().segment(picture, prompts)


@pytest.mark.parametrize(
    ("error", "kind", "says"),
    [
        pytest.param(OutOfMemoryError("No room."), OutOfMemoryError, "^No room.$", id="our own"),
        pytest.param(
            RuntimeError("You have exceeded your quota."),
            ModelError,
            "^The Space’s GPU could not be used: You have exceeded your quota.$",
            id="the Space's",
        ),
    ],
)
def test_failures_keep_their_sentences(
    gateway: GpuGateway, error: Exception, kind: type[Exception], says: str
) -> None:
    pieces = gateway(10, "fail", error)
    assert next(pieces) == "first"
    with pytest.raises(kind, match=says):
        next(pieces)


def test_the_gpu_is_asked_for_as_long_as_the_question_needs() -> None:
    short, long, longest = (turn_seconds(prompt(boxes)) for boxes in (0, 5, 100))
    assert 30 <= short < long < longest <= 120
    assert longest == turn_seconds(prompt(120)) >= MAX_NEW_TOKENS * zero._TOKEN_S
    part = Shown(np.zeros((28, 28, 3), np.uint8))
    assert turn_seconds(looking(part, part)) > turn_seconds(looking(part)) > short


def test_what_goes_through_the_door_can_be_pickled(picture: Picture) -> None:
    for value in (picture, prompt(2), MaskPrompt(PictureBox(1, 2, 3, 4)), Usage(1, 2, 3)):
        assert pickle.loads(pickle.dumps(value)) == value
    assert str(pickle.loads(pickle.dumps(OutOfMemoryError("No room.")))) == "No room."


def test_a_space_without_a_gpu_runs_nano(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPACE_ID", "me/demo")
    models = choose(parser().parse_args([]))
    assert models.status.startswith("nano · built in · CPU · masks: ")
    assert "this machine has no CUDA GPU" in models.why


def test_the_app_starts_as_a_zero_gpu_space_starts_it(tmp_path: Path) -> None:
    """No GPU is here: all goes well up to the turn, which then fails with a sentence."""
    port = free_port()
    # What hands out GPUs there, as far as a start and one turn need it.
    given = {"idle": True, "nvidiaIndex": 0, "nvidiaUUID": "GPU-0", "allowToken": "one"}
    keeper = one_answer(200, {"content-type": "application/json"}, json.dumps(given).encode())
    with hub_of({"lmsdss/RegionReasoner-7B": NANO_FOLDER}) as hub, keeper as (keeper_url, paths):
        space = {
            "SYSTEM": "spaces", "SPACE_ID": "me/demo", "SPACES_ZERO_GPU": "true",
            "SPACES_ZERO_DEVICE_API_URL": keeper_url,
            "GRADIO_SERVER_NAME": "127.0.0.1", "GRADIO_SERVER_PORT": str(port),
            "HF_ENDPOINT": hub.url, "HF_HUB_OFFLINE": "0",
            "HF_HOME": str(tmp_path / "hub"), "HOME": str(tmp_path),
        }  # fmt: skip
        with subprocess.Popen(
            [sys.executable, "app.py"],
            cwd=ROOT,
            env={**os.environ, **space},
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        ) as app:
            said = _until_running(app)
            try:
                _check_space(said, f"http://127.0.0.1:{port}")
            finally:
                app.terminate()
    asked = [path.partition("?")[0] for path in paths]
    assert asked == ["/startup-report", "/schedule", "/allow", "/release"]
    assert f"durationSeconds={turn_seconds(prompt())}" in paths[1]


def _until_running(app: subprocess.Popen[str]) -> str:
    assert app.stdout is not None
    said = ""
    while "Running on" not in said:
        line = app.stdout.readline()
        assert line, f"the app ended, having said: {said}"
        said += line
    return said


def _check_space(said: str, url: str) -> None:
    assert "regionreasoner-7b · NVIDIA H200, shared · masks: " in said
    with urlopen(url) as page:
        assert page.status == 200
    picture = handle_file(ROOT / "examples" / "beach.png")
    with pytest.raises(AppError, match="GPU could not be used: RuntimeError"):
        Client(url, verbose=False).predict(picture, "find the boat", None, api_name="/ground")
    with urlopen(url) as page:  # it is still up
        assert page.status == 200
