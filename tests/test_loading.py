"""Loading checkpoints: the shipped one in several precisions, and broken ones made here."""

from __future__ import annotations

import json
import shutil
import threading
from itertools import islice
from pathlib import Path

import pytest
import torch
from bitsandbytes.nn import Linear4bit

from demo.errors import CheckpointError, OptionError
from demo.geometry import Size
from demo.pictures import Picture
from demo.prompt import Prompt, region_reasoner_instruction
from demo.reasoners.catalogue import NANO_FOLDER, find_model
from demo.reasoners.loading import KEPT_IN_BF16, four_bit_config, load_local


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the shipped checkpoint to break."""
    return Path(shutil.copytree(NANO_FOLDER, tmp_path / "checkpoint"))


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
    question = "find the largest thing"
    prompt = Prompt(question, region_reasoner_instruction(question), ())
    pieces = reasoner.stream(picture, prompt, threading.Event())
    assert "".join(str(piece) for piece in islice(pieces, 3)).startswith("<scene>")


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
