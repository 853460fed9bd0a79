"""What stands for the first models while they are loaded, and the handing over to them."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from app import parser
from demo.dialogue.engine import answer, begin
from demo.errors import InputError, ModelError, OptionError
from demo.machine.cards import Seen
from demo.models.available import AvailableModels
from demo.models.expected import expected_models
from demo.models.models import Models
from demo.models.selection import choose
from demo.models.switching import RunningModels
from demo.picture.geometry import PictureBox, Size
from demo.picture.picture import Picture
from demo.segmenters.base import MaskPrompt
from tests.conftest import copy_of_nano


def expected(*arguments: str) -> Models:
    return expected_models(parser().parse_args([*arguments]))


@pytest.mark.parametrize(
    ("arguments", "name", "dialect", "words"),
    [
        pytest.param(["--model", "nano"], "nano", "region-reasoner", "Loading nano…", id="nano"),
        pytest.param(
            ["--model", "seg-zero-7b"], "seg-zero-7b", "seg-zero", "Loading Seg-Zero-7B…", id="listed"
        ),
        pytest.param(
            ["--model", "me/my-qwen2.5-vl"], "my-qwen2.5-vl", "qwen2.5-vl", "Loading my-qwen2.5-vl…",
            id="of the hub",
        ),
        pytest.param(
            ["--model", "nano", "--dialect", "seg-zero"], "nano", "seg-zero", "Loading nano…",
            id="in other words",
        ),
        pytest.param(
            ["--server", "http://gpu:8000", "--model", "seg-zero-7b"], "seg-zero-7b", "seg-zero",
            "Connecting to gpu:8000…", id="on a server",
        ),
        pytest.param(
            ["--server", "http://gpu:8000"], "gpu:8000", "region-reasoner", "Connecting to gpu:8000…",
            id="whatever a server has",
        ),
    ],
)  # fmt: skip
def test_what_is_known_by_name_is_there_at_once(
    arguments: list[str], name: str, dialect: str, words: str
) -> None:
    models = expected(*arguments)
    assert models.is_expected
    assert (models.reasoner.name, models.reasoner.dialect.name) == (name, dialect)
    assert models.status == words
    assert (models.world is not None) == (name == "nano")
    assert models.at_once == (64 if "--server" in arguments else 1)


@pytest.mark.parametrize(
    ("seen", "words", "knows_world"),
    [
        pytest.param(Seen(), "Loading nano…", True, id="without a card it is nano"),
        pytest.param(Seen(on_bus=True), "Choosing a model…", False, id="an NVIDIA card"),
        pytest.param(Seen(amd=True), "Choosing a model…", False, id="an AMD card"),
    ],
)
def test_auto_is_open_where_there_is_a_card(
    seen: Seen, words: str, knows_world: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("demo.models.expected.look", lambda *_: seen)
    models = expected("--model", "auto")
    assert (models.status, models.world is not None) == (words, knows_world)
    assert bool(models.advice) == knows_world


def test_a_model_that_cannot_be_is_said_at_once() -> None:
    with pytest.raises(OptionError, match="There is no model called"):
        expected("--model", "nosuch")


@pytest.mark.parametrize(
    ("segmenter", "name"),
    [("auto", "GrabCut"), ("grabcut", "GrabCut"), ("none", None), ("sam2:tiny", "SAM 2")],
)
def test_masks_are_made_meanwhile_where_that_needs_no_loading(
    segmenter: str, name: str | None, picture: Picture
) -> None:
    made = expected("--segmenter", segmenter).segmenter
    assert (made.name if made else None) == name
    if name == "SAM 2":
        assert made is not None
        with pytest.raises(ModelError, match="SAM 2 is still being loaded"):
            made.segment(picture, [MaskPrompt(PictureBox(1, 1, 9, 9))])


@pytest.fixture
def nano252(tmp_path: Path) -> Path:
    return copy_of_nano(tmp_path / "nano252", frame=252)


@pytest.fixture
def running() -> Iterator[RunningModels]:
    """Nano is expected."""
    made = RunningModels(expected("--model", "nano", "--segmenter", "none"), may_switch=True)
    yield made
    made.close()


def test_whoever_waits_gets_the_models_that_arrive(
    running: RunningModels, nano252: Path, picture: Picture
) -> None:
    """Another model than was expected: it answers, in its own frame and under its own name."""
    options = parser().parse_args(["--model", str(nano252), "--segmenter", "none"])
    session = begin(picture, running.models.reasoner)
    assert (session.reasoner.name, session.reasoner.frame) == ("nano", Size(224, 224))
    waits = threading.Event()

    def asked() -> Models:
        waits.set()
        with running.use(threading.Event()) as models:
            return models

    with ThreadPoolExecutor(1) as other:
        waiting = other.submit(asked)
        waits.wait()
        models = choose(options, begin=running.expect)
        assert running.doing == "Loading nano252…"
        assert (running.is_loading, waiting.done()) == (True, False)
        running.arrive(models, AvailableModels(options, models.entry))
        assert waiting.result() is running.models
    assert (running.is_loading, running.doing, running.changes) == (False, "", 1)
    assert running.available.entry(str(nano252)) == models.entry
    with running.use() as models:
        turned = answer(
            session, "find all things", picture=picture, reasoner=models.reasoner, segmenter=None
        )
    assert (turned.reasoner.name, turned.reasoner.frame) == ("nano252", Size(252, 252))
    assert turned.answered_by == ("nano252",)


def test_a_turn_that_is_stopped_while_it_waits_is_empty(
    running: RunningModels, picture: Picture
) -> None:
    stopped = threading.Event()
    stopped.set()
    with running.use(stopped) as models:
        assert list(models.reasoner.stream(picture, None, stopped))  # type: ignore[arg-type]
    assert running.is_loading


def test_nobody_is_kept_waiting_who_did_not_ask_to(running: RunningModels) -> None:
    with pytest.raises(ModelError, match=r"^nano is being loaded\. Ask again"), running.use():
        pass
    with pytest.raises(InputError, match="Another model is being loaded"):
        _ = running.available


def test_models_that_do_not_come_are_said_to_whoever_waits(running: RunningModels) -> None:
    running.refuse("The disk is gone.")
    with pytest.raises(ModelError, match=r"^The disk is gone\.$"), running.use(threading.Event()):
        pass
    assert (running.is_loading, running.doing) == (False, "")
