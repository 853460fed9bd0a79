"""The local reasoner on real checkpoints: the shipped one, and broken ones made here."""

from __future__ import annotations

import json
import shutil
import threading
from pathlib import Path

import pytest
import torch
from bitsandbytes.nn import Linear4bit

from demo.errors import CheckpointError, OptionError
from demo.geometry import Size
from demo.pictures import Picture
from demo.prompt import Prompt, region_reasoner_instruction
from demo.reasoners.base import Usage
from demo.reasoners.catalogue import NANO_FOLDER, find_model
from demo.reasoners.local import KEPT_IN_BF16, LocalReasoner, four_bit_config, load_local


def asked(question: str) -> Prompt:
    return Prompt(question, region_reasoner_instruction(question), ())


def run(
    reasoner: LocalReasoner, picture: Picture, question: str, stop_after: int | None = None
) -> tuple[str, Usage]:
    cancel = threading.Event()
    text, usage, pieces = "", Usage(), 0
    for piece in reasoner.stream(picture, asked(question), cancel):
        if isinstance(piece, Usage):
            usage = piece
            continue
        text, pieces = text + piece, pieces + 1
        if pieces == stop_after:
            cancel.set()
    return text, usage


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the shipped checkpoint to break."""
    return Path(shutil.copytree(NANO_FOLDER, tmp_path / "checkpoint"))


def test_the_text_is_what_the_library_generates(nano: LocalReasoner, picture: Picture) -> None:
    text, usage = run(nano, picture, "find the largest thing")
    inputs = nano._inputs(picture, asked("find the largest thing"))
    with torch.inference_mode():
        ids = nano._model.generate(**inputs, max_new_tokens=512, do_sample=False)[0]
    length = inputs["input_ids"].shape[1]
    expected = nano._processor.tokenizer.decode(ids[length:], skip_special_tokens=True)
    assert text == expected
    assert usage == Usage(length, len(ids) - length - 1, 0)


def test_nano_speaks_the_four_tags_in_its_own_frame(nano: LocalReasoner, picture: Picture) -> None:
    text, _ = run(nano, picture, "find the largest thing")
    assert nano.frame == Size(224, 224)
    assert [text.count(f"<{tag}>") for tag in ("scene", "think", "answer")] == [1, 1, 1]
    assert text.endswith("</answer>")


def test_a_stop_keeps_what_was_written(nano: LocalReasoner, picture: Picture) -> None:
    whole, _ = run(nano, picture, "find all things")
    part, usage = run(nano, picture, "find all things", stop_after=5)
    assert whole.startswith(part)
    assert 0 < len(part) < len(whole)
    assert usage.new_tokens == 5


def test_a_turn_that_waits_for_another_can_be_stopped(
    nano: LocalReasoner, picture: Picture
) -> None:
    first = nano.stream(picture, asked("find the largest thing"), threading.Event())
    next(first)
    cancel = threading.Event()
    cancel.set()
    assert list(nano.stream(picture, asked("find the smallest thing"), cancel)) == [Usage()]
    first.close()
    assert run(nano, picture, "find the smallest thing")[0]


def test_every_piece_may_be_taken_on_another_thread(nano: LocalReasoner, picture: Picture) -> None:
    expected, _ = run(nano, picture, "find the largest thing")
    stream = nano.stream(picture, asked("find the largest thing"), threading.Event())
    taken: list[str] = []

    def take() -> None:
        piece = next(stream, None)
        taken.append(piece if isinstance(piece, str) else "")

    while len(taken) < 10:
        thread = threading.Thread(target=take)
        thread.start()
        thread.join()
    stream.close()
    assert expected.startswith("".join(taken))
    assert not torch.is_inference_mode_enabled()


def test_a_checkpoint_without_a_frame_speaks_in_840(folder: Path) -> None:
    config = json.loads((folder / "config.json").read_text())
    del config["region_frame"]
    (folder / "config.json").write_text(json.dumps(config))
    assert load_local(find_model(str(folder))).frame == Size(840, 840)


@pytest.mark.parametrize(
    ("low_memory", "tower"),
    [
        pytest.param(False, torch.nn.Linear, id="tower and head stay bf16"),
        pytest.param(True, Linear4bit, id="low memory: the tower is in 4 bits, too"),
    ],
)
def test_four_bits_run_on_a_cpu(low_memory: bool, tower: type, picture: Picture) -> None:
    reasoner = load_local(find_model("nano"), quantize="4bit", low_memory=low_memory)
    model = reasoner._model
    layers = [m for m in model.model.language_model.modules() if isinstance(m, torch.nn.Linear)]
    assert {type(m) for m in layers} == {Linear4bit}
    assert {type(m) for m in model.model.visual.modules() if isinstance(m, torch.nn.Linear)} == {
        tower
    }
    text, _ = run(reasoner, picture, "find the largest thing", stop_after=3)
    assert text.startswith("<scene>")


def test_four_bit_settings_are_those_for_the_7b() -> None:
    config = four_bit_config(KEPT_IN_BF16)
    assert config.bnb_4bit_quant_type == "nf4"
    assert config.bnb_4bit_use_double_quant
    assert config.bnb_4bit_compute_dtype == torch.bfloat16
    assert config.llm_int8_skip_modules == ["model.visual", "lm_head"]


def test_a_folder_without_a_checkpoint_is_said(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match=r"holds no checkpoint: it has no config\.json"):
        find_model(str(tmp_path))


@pytest.mark.parametrize(
    ("name", "says"),
    [
        pytest.param("gpt-17", "There is no model called gpt-17", id="no such name"),
        pytest.param("./nowhere", "There is no model called", id="no such folder"),
        pytest.param("a/b/c", "There is no model called", id="neither hub id nor folder"),
    ],
)
def test_an_unknown_name_is_said(name: str, says: str) -> None:
    with pytest.raises(OptionError, match=says):
        find_model(name)


def test_a_hub_id_that_cannot_be_fetched_is_said() -> None:
    with pytest.raises(CheckpointError, match="could not be fetched"):
        load_local(find_model("nobody/no-such-checkpoint"))


def test_a_checkpoint_of_another_kind_is_said(folder: Path) -> None:
    (folder / "config.json").write_text('{"model_type": "bert"}')
    with pytest.raises(CheckpointError, match=r"is a bert; this demo runs Qwen2\.5-VL"):
        load_local(find_model(str(folder)))


@pytest.mark.parametrize(
    "breakage",
    [
        pytest.param(lambda f: (f / "model.safetensors").unlink(), id="weights missing"),
        pytest.param(
            lambda f: (f / "model.safetensors").write_bytes(b"\x08\0\0\0\0\0\0\0garbage"),
            id="weights damaged",
        ),
        pytest.param(lambda f: (f / "config.json").write_text("{"), id="configuration damaged"),
        pytest.param(lambda f: (f / "tokenizer.json").unlink(), id="tokenizer missing"),
    ],
)
def test_a_broken_checkpoint_is_one_sentence(folder: Path, breakage: object) -> None:
    assert callable(breakage)
    breakage(folder)
    with pytest.raises(CheckpointError) as caught:
        load_local(find_model(str(folder)))
    assert "is not complete in that folder" in str(caught.value)
    assert "\n" not in str(caught.value)
