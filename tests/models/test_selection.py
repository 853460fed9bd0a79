"""What runs for which options, on this machine without a GPU, with a large-like model made here."""

from __future__ import annotations

import shutil
import threading
from itertools import islice
from pathlib import Path

import pytest
from transformers import Qwen2_5_VLConfig, Qwen2_5_VLForConditionalGeneration

from app import parser
from demo.checkpoints.catalogue import CATALOGUE, LLAMA_CPP, NANO_FOLDER, Entry
from demo.checkpoints.gguf.convert import plan_conversion
from demo.checkpoints.gguf.counts import shape_of_folder
from demo.dialects.prompt import Prompt, region_reasoner_instruction
from demo.errors import OptionError
from demo.models.models import Models
from demo.models.selection import choose
from demo.picture.picture import Picture
from demo.segmenters.factory import Room, choose_segmenter, sizes_for
from demo.segmenters.names import check_segmenter
from tests.support.published import save_published


@pytest.fixture(scope="module")
def wide(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint too wide to count as small, with random weights and nano's tokens and frame."""
    folder = tmp_path_factory.mktemp("models") / "wide"
    config = Qwen2_5_VLConfig.from_pretrained(NANO_FOLDER)
    config.text_config.update({
        "hidden_size": 1088, "intermediate_size": 256, "num_hidden_layers": 1,
        "num_attention_heads": 17, "num_key_value_heads": 1, "layer_types": ["full_attention"],
    })  # fmt: skip
    config.vision_config.update({"depth": 1, "out_hidden_size": 1088})
    Qwen2_5_VLForConditionalGeneration(config).save_pretrained(folder)
    for name in ("tokenizer.json", "tokenizer_config.json", "processor_config.json"):
        shutil.copy(NANO_FOLDER / name, folder)
    shutil.copy(NANO_FOLDER / "chat_template.jinja", folder)
    return folder


def chosen(*arguments: str) -> tuple[Models, str]:
    """What the options choose, and what was said meanwhile."""
    said: list[str] = []
    options = parser().parse_args([*arguments, "--segmenter", "none"])
    return choose(options, said.append), " ".join(said)


def answers(models: Models, picture: Picture) -> str:
    """The first pieces of an answer."""
    question = "find the boat"
    prompt = Prompt(question, region_reasoner_instruction(question), ())
    pieces = models.reasoner.stream(picture, prompt, threading.Event())
    return "".join(piece for piece in islice(pieces, 5) if isinstance(piece, str))


def test_without_a_gpu_nano_runs() -> None:
    models, said = chosen()
    assert models.reasoner.name == "nano"
    assert models.why.startswith("The built-in model runs because this machine has no CUDA GPU.")
    assert said == ""


def test_a_large_model_says_how_it_runs_and_how_slowly(wide: Path, picture: Picture) -> None:
    models, said = chosen("--model", str(wide))
    assert said.startswith("On this CPU wide writes about ")
    assert said.endswith(" seconds.")
    assert f"The model {wide} was asked for. wide runs in " in models.why
    assert "of this machine’s memory are free" in models.why
    assert said in models.why
    assert models.reasoner.device == "CPU"
    answers(models, picture)  # random weights may say anything at all


def test_a_large_model_in_four_bits_is_kept(
    wide: Path, picture: Picture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REGIONREASONER_CACHE", str(tmp_path))
    models, said = chosen("--model", str(wide), "--quantize", "4bit")
    assert "in 4 bits with its vision tower and output head in bf16" in models.why
    assert "The quantized model is kept for the next start" in said
    first = answers(models, picture)
    again, said = chosen("--model", str(wide), "--quantize", "4bit")
    assert "kept" not in said
    assert answers(again, picture) == first


@pytest.mark.parametrize(
    ("name", "says"),
    [
        pytest.param("sam3", "There is no segmenter called sam3", id="no such segmenter"),
        pytest.param("none:tiny", "There is no segmenter called none:tiny", id="no size here"),
        pytest.param("sam2:huge", "There is no SAM 2 called huge", id="no such size"),
    ],
)
def test_a_segmenter_that_is_none_is_said(name: str, says: str) -> None:
    with pytest.raises(OptionError, match=says):
        check_segmenter(name)


@pytest.mark.parametrize(
    ("name", "device", "fetch", "sizes"),
    [
        pytest.param("sam2:small", "cuda", False, ("small",), id="the size named"),
        pytest.param("sam2:nano", "cuda", False, (), id="the built-in one needs no plan"),
        pytest.param("grabcut", "cuda", True, (), id="another segmenter"),
        pytest.param("auto", "cuda", False, (), id="none is here"),
        pytest.param("sam2", "cuda", False, ("large",), id="asked for, none is here, on a GPU"),
        pytest.param("sam2", "cpu", False, ("tiny",), id="asked for, none is here, on a CPU"),
        pytest.param(
            "auto",
            "cuda",
            True,
            ("large", "base-plus", "small", "tiny"),
            id="a Space may fetch any",
        ),
        pytest.param("auto", "cpu", True, (), id="a Space without a GPU fetches none"),
    ],
)
def test_sizes_of_sam2_are_offered_best_first(
    name: str, device: str, fetch: bool, sizes: tuple[str, ...]
) -> None:
    assert sizes_for(name, device, fetch=fetch) == sizes


@pytest.mark.parametrize(
    ("name", "made", "says"),
    [
        pytest.param("none", None, "Masks were switched off.", id="none"),
        pytest.param("grabcut", "GrabCut", "because it was asked for", id="GrabCut"),
        pytest.param("sam2:nano", "SAM 2 nano", "because it was asked for", id="built in"),
        pytest.param("auto", "GrabCut", "no SAM 2 weights are on this machine", id="none is here"),
    ],
)
def test_a_segmenter_is_made_and_said(name: str, made: str | None, says: str) -> None:
    segmenter, why = choose_segmenter(name, Room("cpu", None))
    assert (segmenter and segmenter.name) == made
    assert says in why


def test_drawn_scenes_have_the_built_in_sam2() -> None:
    segmenter, why = choose_segmenter("auto", Room("cpu", None), drawn=lambda picture: True)
    assert segmenter is not None
    assert "The built-in SAM 2 makes the masks of drawn scenes" in why


def test_auto_takes_the_model_for_photographs_that_is_here(
    tmp_path: Path, picture: Picture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What somebody has fetched is there to be used: it answers without being named again."""
    save_published("qwen2_5_vl", tmp_path / "hf")
    folder = tmp_path / "qwen2.5-vl-small-gguf"
    plan_conversion("small", tmp_path / "hf", folder, "f16").run(lambda _: None)
    shape = shape_of_folder("small", tmp_path / "hf")
    entry = Entry("small-gguf", str(folder), "qwen2.5-vl", shape, engine=LLAMA_CPP)
    monkeypatch.setitem(CATALOGUE, entry.name, entry)
    models, _ = chosen("--model", "auto")
    assert models.entry == entry
    assert "small-gguf runs because it is here. Best for photographs here: small-gguf" in models.why
    assert models.reasoner.device == "CPU, by llama.cpp"
    assert models.world is None
    answers(models, picture)
    models.reasoner.close()
