"""Loading checkpoints: the shipped one in several precisions, and broken ones made here."""

from __future__ import annotations

import json
import os
import shutil
import threading
from itertools import islice
from pathlib import Path

import pytest
import torch
from bitsandbytes.nn import Linear4bit
from transformers import (
    AutoConfig,
    AutoProcessor,
    Qwen2VLConfig,
    Qwen2VLForConditionalGeneration,
)

from demo.checkpoints.catalogue import NANO_FOLDER, find_model
from demo.dialects.known import REGION_REASONER
from demo.dialects.prompt import Prompt, region_reasoner_instruction
from demo.errors import CheckpointError, OptionError
from demo.machine.folders import cache_folder
from demo.picture.picture import Picture
from demo.reasoners.loading import (
    KEPT_IN_BF16,
    check_four_bits,
    four_bit_config,
    load_cached,
    load_local,
)
from demo.reasoners.memory import Plan


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the shipped checkpoint to break."""
    return Path(shutil.copytree(NANO_FOLDER, tmp_path / "checkpoint"))


def test_a_checkpoint_without_a_frame_speaks_in_840(folder: Path) -> None:
    config = json.loads((folder / "config.json").read_text())
    del config["region_frame"], config["region_looks"]
    (folder / "config.json").write_text(json.dumps(config))
    assert load_local(find_model(str(folder))).dialect == REGION_REASONER


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


@pytest.mark.parametrize(
    ("plan", "layers", "tower"),
    [
        pytest.param(
            Plan("cpu", "nf4", half="float16"), torch.float16, torch.float32, id="4 bits as on a T4"
        ),
        pytest.param(
            Plan("cpu", "nf4-all", half="float16"),
            torch.float16,
            torch.float32,
            id="the same with a tower in 4 bits",
        ),
        pytest.param(
            Plan("cpu", "float16", half="float16"), torch.float16, torch.float32, id="float16"
        ),
        pytest.param(
            Plan("cpu", "nf4", half="float32"), torch.float32, torch.float32, id="4 bits in float32"
        ),
    ],
)
def test_a_tower_never_computes_in_float16(
    plan: Plan, layers: torch.dtype, tower: torch.dtype, picture: Picture
) -> None:
    reasoner = load_local(find_model("nano"), plan=plan)
    model = reasoner._model
    language, visual = model.model.language_model, model.model.visual
    in_four = [m for m in language.modules() if isinstance(m, Linear4bit)]
    assert {m.compute_dtype for m in in_four} == ({layers} if plan.is_four_bits else set())
    assert {p.dtype for p in language.parameters() if p.is_floating_point()} == {layers}
    assert {p.dtype for p in visual.parameters() if p.is_floating_point()} == {tower}
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
        pytest.param("x" * 400, "There is no model called x", id="longer than a path can be"),
        pytest.param("~nobody-of-that-name/model", "There is no model called", id="no such home"),
    ],
)
def test_an_unknown_name_is_said(name: str, says: str) -> None:
    with pytest.raises(OptionError, match=says):
        find_model(name)


def test_a_hub_id_that_is_not_here_is_said() -> None:
    with pytest.raises(CheckpointError, match="are not on this machine"):
        load_local(find_model("nobody/no-such-checkpoint"))


def test_a_checkpoint_of_another_kind_is_said(folder: Path) -> None:
    (folder / "config.json").write_text('{"model_type": "bert"}')
    with pytest.raises(CheckpointError, match=r"is a bert; this demo runs checkpoints of Qwen2-VL"):
        load_local(find_model(str(folder)))


@pytest.mark.parametrize(
    "breakage",
    [
        pytest.param(lambda f: (f / "model.safetensors").unlink(), id="weights missing"),
        pytest.param(
            lambda f: (f / "model.safetensors").write_bytes(b"\x08\0\0\0\0\0\0\0garbage"),
            id="weights damaged",
        ),
        pytest.param(
            lambda f: os.truncate(f / "model.safetensors", 3_000_000), id="weights cut off half-way"
        ),
        pytest.param(lambda f: (f / "config.json").write_text("{"), id="configuration damaged"),
    ],
)
def test_a_broken_checkpoint_is_one_sentence(folder: Path, breakage: object) -> None:
    assert callable(breakage)
    breakage(folder)
    with pytest.raises(CheckpointError) as caught:
        load_local(find_model(str(folder)))
    assert "is not complete in that folder" in str(caught.value)
    assert "\n" not in str(caught.value)


NF4 = Plan("cpu", "nf4")


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder for quantized copies."""
    monkeypatch.setenv("REGIONREASONER_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "quantized"


def load_in_four_bits(source: Path, plan: Plan = NF4) -> tuple[dict[str, torch.Tensor], str]:
    """A model's weights, and what was said while it was loaded."""
    said: list[str] = []
    config = AutoConfig.from_pretrained(source)
    model = load_cached(find_model(str(source)), config, plan, said.append)
    check_four_bits(model, KEPT_IN_BF16 if plan.precision == "nf4" else ("lm_head",))
    return model.state_dict(), " ".join(said)


def test_a_quantized_model_is_kept_and_is_the_same_next_time(folder: Path, kept: Path) -> None:
    made, said = load_in_four_bits(folder)
    assert "kept for the next start (13.3 MB in" in said
    again, said = load_in_four_bits(folder)
    assert said == ""
    assert made.keys() == again.keys()
    assert all(torch.equal(made[name], again[name]) for name in made)


def overwrite_end(file: Path) -> None:
    """As a disk does that lost power before it had all of a file."""
    whole = file.read_bytes()
    file.write_bytes(whole[: len(whole) // 2] + bytes(len(whole) - len(whole) // 2))


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda f: (f / "model.safetensors").unlink(), id="weights missing"),
        pytest.param(
            lambda f: (f / "model.safetensors").write_bytes(
                (f / "model.safetensors").read_bytes()[:-100]
            ),
            id="weights cut short",
        ),
        pytest.param(
            lambda f: (f / "model.safetensors").write_bytes(
                bytes((f / "model.safetensors").stat().st_size)
            ),
            id="weights overwritten",
        ),
        pytest.param(
            lambda f: overwrite_end(f / "model.safetensors"), id="end of the weights lost"
        ),
        pytest.param(lambda f: (f / "config.json").write_text(""), id="configuration lost"),
        pytest.param(
            lambda f: (f / "kept.json").write_text(json.dumps({"config.json": None})),
            id="list of files holds something else",
        ),
        pytest.param(lambda f: (f / "kept.json").write_text("["), id="list of files damaged"),
        pytest.param(lambda f: (f / "kept.json").unlink(), id="list of files missing"),
    ],
)
def test_a_damaged_copy_is_said_and_made_again(folder: Path, kept: Path, damage: object) -> None:
    made, _ = load_in_four_bits(folder)
    assert callable(damage)
    (copy,) = kept.iterdir()
    damage(copy)
    again, said = load_in_four_bits(folder)
    assert "The quantized copy of checkpoint is damaged and is made again. The quant" in said
    assert all(torch.equal(made[name], again[name]) for name in made)
    assert load_in_four_bits(folder)[1] == ""


def test_another_checkpoint_or_precision_has_a_copy_of_its_own(folder: Path, kept: Path) -> None:
    load_in_four_bits(folder)
    load_in_four_bits(folder, Plan("cpu", "nf4-all"))
    (first, second) = sorted(f.name for f in kept.iterdir())
    assert first.startswith("checkpoint-nf4-all-cpu-")
    (folder / "config.json").touch()
    _, said = load_in_four_bits(folder)
    assert "kept for the next start" in said  # and the copy of the old files is gone
    names = {f.name for f in kept.iterdir()}
    assert (len(names), second in names, first in names) == (2, False, True)


def test_a_copy_that_computes_otherwise_is_another_one(folder: Path, kept: Path) -> None:
    load_in_four_bits(folder)
    weights, said = load_in_four_bits(folder, Plan("cpu", "nf4", half="float32"))
    assert "kept for the next start" in said
    assert weights["lm_head.weight"].dtype == torch.float32


def test_a_copy_that_cannot_be_kept_is_no_failure(folder: Path, kept: Path) -> None:
    kept.parent.write_text("a file where a folder should be")
    made, said = load_in_four_bits(folder)
    assert made
    assert said.startswith("The quantized model is not kept for the next start")


def test_a_cache_that_cannot_be_looked_into_is_no_failure(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REGIONREASONER_CACHE", f"/tmp/{'x' * 300}")
    made, said = load_in_four_bits(folder)
    assert made
    assert said.startswith("The quantized model is not kept for the next start: File name too long")


def test_a_copy_under_way_is_never_used(folder: Path, kept: Path) -> None:
    (kept / ".making-killed").mkdir(parents=True)
    (kept / ".making-killed" / "model.safetensors").write_bytes(b"half")
    _, said = load_in_four_bits(folder)
    assert "kept for the next start" in said
    assert len(list(kept.iterdir())) == 2


@pytest.mark.parametrize(
    ("variables", "place"),
    [
        pytest.param({"REGIONREASONER_CACHE": "/a/b"}, "/a/b", id="our own variable"),
        pytest.param({"XDG_CACHE_HOME": "/x"}, "/x/regionreasoner", id="the desktop's variable"),
        pytest.param({"HOME": "/home/me"}, "/home/me/.cache/regionreasoner", id="neither"),
    ],
)
def test_copies_are_kept_in_the_users_cache(
    variables: dict[str, str], place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("REGIONREASONER_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert cache_folder() == Path(place)


def test_a_qwen2_vl_checkpoint_loads_in_every_precision(tmp_path: Path, kept: Path) -> None:
    rotary = {"rope_type": "default", "rope_theta": 1e6, "mrope_section": [4, 6, 6]}
    config = Qwen2VLConfig(
        text_config={
            "hidden_size": 128, "intermediate_size": 256, "num_hidden_layers": 2,
            "num_attention_heads": 4, "num_key_value_heads": 2, "vocab_size": 2496,
            "rope_parameters": rotary,
        },
        vision_config={"depth": 2, "embed_dim": 64, "hidden_size": 128, "num_heads": 2},
        tie_word_embeddings=False,
    )  # fmt: skip
    source = tmp_path / "qwen2-vl"
    Qwen2VLForConditionalGeneration(config).save_pretrained(source)
    processor = AutoProcessor.from_pretrained(NANO_FOLDER)
    processor.save_pretrained(source)

    whole = load_local(find_model(str(source)))._model
    assert type(whole) is Qwen2VLForConditionalGeneration
    assert whole.dtype == torch.float32
    made, _ = load_in_four_bits(source)
    again, _ = load_in_four_bits(source)
    assert all(torch.equal(made[name], again[name]) for name in made)
