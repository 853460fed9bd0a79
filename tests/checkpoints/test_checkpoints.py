"""Checkpoints as people's tools write them: read as they are meant, or refused with a sentence."""

from __future__ import annotations

import json
import re
import shutil
import threading
from collections.abc import Callable
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from bitsandbytes.nn import Linear4bit
from safetensors.torch import load_file, save_file
from transformers import BitsAndBytesConfig, Qwen2_5_VLForConditionalGeneration

from demo.__main__ import main
from demo.checkpoints.catalogue import NANO_FOLDER, find_model
from demo.checkpoints.kinds import check_kind
from demo.dialects.prompt import Prompt, region_reasoner_instruction
from demo.errors import CheckpointError, DemoError, OptionError
from demo.machine.precision import Half
from demo.picture.picture import Picture
from demo.reasoners.loading import load_cached, load_local, plan_for
from demo.reasoners.local import LocalReasoner
from demo.reasoners.memory import Plan
from tests import ROOT
from tests.dialects.test_families_generated import save_small

ONE = "model.safetensors"
INDEX = "model.safetensors.index.json"
TEMPLATE = (NANO_FOLDER / "chat_template.jinja").read_text(encoding="utf-8")
POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 16581\n"
Weights = dict[str, torch.Tensor]


@pytest.fixture(scope="module")
def weights() -> Weights:
    """Those of the shipped checkpoint, under the names that the hub's first Qwen2.5-VL files have."""
    return load_file(NANO_FOLDER / ONE)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the shipped checkpoint."""
    return Path(shutil.copytree(NANO_FOLDER, tmp_path / "checkpoint"))


def save(weights: Weights, folder: Path, name: str = ONE) -> None:
    save_file({n: w.contiguous() for n, w in weights.items()}, folder / name, {"format": "pt"})


def write(file: Path, **settings: object) -> None:
    """Settings in a file that may have others."""
    written = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    file.write_text(json.dumps(written | settings), encoding="utf-8")


def loaded(folder: Path) -> LocalReasoner:
    return load_local(find_model(str(folder)))


def refused(folder: Path) -> str:
    """The one sentence or two with which it is refused."""
    with pytest.raises(DemoError) as caught:
        loaded(folder)
    said = str(caught.value)
    assert "\n" not in said
    assert said.endswith(".")
    return said


def same_weights(reasoner: LocalReasoner, nano: LocalReasoner) -> bool:
    mine, others = reasoner._model.state_dict(), nano._model.state_dict()
    return mine.keys() == others.keys() and all(torch.equal(mine[n], others[n]) for n in mine)


# Names and places of tensors ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "renamed",
    [
        pytest.param(lambda n: n, id="as the hub has them"),
        pytest.param(
            lambda n: n.replace("model.", "model.language_model.").replace(
                "visual.", "model.visual."
            ),
            id="as transformers saves them since 4.52",
        ),
    ],
)
def test_both_layouts_are_one_model(
    folder: Path, weights: Weights, renamed: Callable[[str], str], nano: LocalReasoner
) -> None:
    save({renamed(name): weight for name, weight in weights.items()}, folder)
    assert same_weights(loaded(folder), nano)


def test_a_flat_configuration_is_read(folder: Path, nano: LocalReasoner) -> None:
    config = json.loads((folder / "config.json").read_text())
    text = config.pop("text_config")
    rope = text.pop("rope_parameters")
    flat = config | {n: v for n, v in text.items() if n not in ("model_type", "layer_types")}
    flat |= {
        "rope_theta": rope["rope_theta"],
        "rope_scaling": {"type": "mrope", "mrope_section": rope["mrope_section"]},
        "torch_dtype": "bfloat16",
        "transformers_version": "4.41.2",
    }
    flat["vision_config"] |= {"model_type": "qwen2_5_vl", "in_chans": 3, "spatial_patch_size": 14}
    (folder / "config.json").write_text(json.dumps(flat))
    reasoner = loaded(folder)
    assert same_weights(reasoner, nano)
    ids = torch.tensor([[1, 9, 17, 25]])
    with torch.inference_mode():
        assert torch.equal(reasoner._model(ids).logits, nano._model(ids).logits)


@pytest.mark.parametrize(
    ("renamed", "says"),
    [
        pytest.param(
            lambda n: None if "layers.3." in n else n,
            "lacks 12 of the weights: model.language_model.layers.3.input_layernorm.weight, ",
            id="a layer is missing",
        ),
        pytest.param(
            lambda n: f"base_model.model.{n}", "save what its merge_and_unload", id="PEFT"
        ),
        pytest.param(
            lambda n: n.replace("q_proj.", "q_proj.base_layer."),
            "before its LoRA was merged",
            id="PEFT, not merged",
        ),
        pytest.param(lambda n: f"module.{n}", "inside a trainer’s wrapper", id="data parallel"),
        pytest.param(lambda n: f"_orig_mod.{n}", "inside torch.compile", id="compiled"),
        pytest.param(lambda n: f"_fsdp_wrapped_module.{n}", "inside FSDP", id="FSDP"),
        pytest.param(
            lambda n: n.replace("visual.", "vision_tower."),
            "Instead it has 78 others, such as vision_tower.",
            id="another program's names",
        ),
    ],
)
def test_weights_that_are_missing_are_said(
    folder: Path, weights: Weights, renamed: Callable[[str], str | None], says: str
) -> None:
    save({name: w for old, w in weights.items() if (name := renamed(old))}, folder)
    said = refused(folder)
    assert says in said
    assert " of the weights: " in said


def test_a_qwen2_vl_that_lacks_weights_is_refused(tmp_path: Path) -> None:
    save_small("qwen2_vl", tmp_path)
    kept = load_file(tmp_path / ONE)
    del kept["model.norm.weight"]
    save(kept, tmp_path)
    assert "lacks 1 of the weights: model.language_model.norm.weight." in refused(tmp_path)


def test_weights_missing_are_said_before_they_are_quantized(
    folder: Path, weights: Weights, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REGIONREASONER_CACHE", str(tmp_path / "cache"))
    save({n: w for n, w in weights.items() if "layers.3." not in n}, folder)
    with pytest.raises(CheckpointError, match="lacks 12 of the weights"):
        load_local(find_model(str(folder)), quantize="4bit")
    assert not (tmp_path / "cache").exists()


def test_a_kept_copy_that_lacks_weights_is_made_again(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REGIONREASONER_CACHE", str(tmp_path / "cache"))
    entry, said = find_model(str(folder)), list[str]()
    config = Qwen2_5_VLForConditionalGeneration.config_class.from_pretrained(folder)
    made = load_cached(entry, config, Plan("cpu", "nf4"), said.append).state_dict()
    (copy,) = (tmp_path / "cache" / "quantized").iterdir()
    kept = load_file(copy / ONE)
    norms = [name for name in kept if name.endswith("layernorm.weight")]
    save({name: w for name, w in kept.items() if name not in norms}, copy)
    write(copy / "kept.json", **{ONE: (copy / ONE).stat().st_size})
    again = load_cached(entry, config, Plan("cpu", "nf4"), said.append).state_dict()
    assert "is damaged and is made again" in said[1]
    assert all(torch.equal(made[name], again[name]) for name in made)


def test_another_shape_than_the_configuration_is_said(folder: Path, weights: Weights) -> None:
    name = "model.norm.weight"
    save(weights | {name: torch.ones(300, dtype=torch.bfloat16)}, folder)
    said = refused(folder)
    assert "does not match its own config.json: 1 of the weights" in said
    assert "is 300 in its files and should be 256" in said


def test_more_than_is_needed_does_no_harm(
    folder: Path, weights: Weights, nano: LocalReasoner
) -> None:
    save(weights | {"v_head.summary.weight": torch.ones(1, 256)}, folder)
    assert same_weights(loaded(folder), nano)


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("model.layers.0.mlp.up_proj.lora_A.default.weight", "a LoRA that was not merged"),
        (
            "model.layers.0.mlp.up_proj.weight_scale_inv",
            "it is quantized, and config.json does not",
        ),
        ("model.layers.0.mlp.up_proj.weight_scale", "it is quantized, and config.json does not"),
        ("model.layers.8.input_layernorm.weight", "more layers than config.json names"),
        ("visual.blocks.6.norm1.weight", "more layers than config.json names"),
    ],
)
def test_what_changes_the_meaning_of_the_rest_is_not_passed_over(
    folder: Path, weights: Weights, name: str, says: str
) -> None:
    save(weights | {name: torch.ones(256)}, folder)
    assert says in refused(folder)


def config_says(folder: Path, outer: bool | None, inner: bool | None) -> None:
    config = json.loads((folder / "config.json").read_text())
    for place, tied in ((config, outer), (config["text_config"], inner)):
        place.pop("tie_word_embeddings", None)
        if tied is not None:
            place["tie_word_embeddings"] = tied
    (folder / "config.json").write_text(json.dumps(config))


@pytest.mark.parametrize(
    ("outer", "inner"), [(True, None), (True, False), (False, True), (None, True)]
)
def test_a_head_that_is_the_embedding(
    folder: Path, nano: LocalReasoner, outer: bool | None, inner: bool | None
) -> None:
    config_says(folder, outer, inner)
    assert same_weights(loaded(folder), nano)


@pytest.mark.parametrize("outer", [False, None])
def test_a_head_that_nobody_has_is_said(folder: Path, outer: bool | None) -> None:
    config_says(folder, outer, None)
    said = refused(folder)
    assert "lacks 1 of the weights: lm_head.weight." in said
    assert "“tie_word_embeddings”: true" in said


@pytest.mark.parametrize(("outer", "inner"), [(False, True), (True, None), (False, False)])
def test_a_head_of_its_own_is_used_whatever_the_configuration_says(
    folder: Path, weights: Weights, outer: bool, inner: bool | None
) -> None:
    head = weights["model.embed_tokens.weight"].flip(0)
    save(weights | {"lm_head.weight": head}, folder)
    config_says(folder, outer, inner)
    model = loaded(folder)._model
    assert torch.equal(model.lm_head.weight, head.float())
    assert not model.config.tie_word_embeddings


# Whole or not -------------------------------------------------------------------------------------


def append(file: Path, more: bytes) -> None:
    with file.open("ab") as opened:
        opened.write(more)


def split(folder: Path, weights: Weights) -> dict[str, str]:
    """The weights in three files, and the index of them."""
    (folder / ONE).unlink()
    names = list(weights)
    placed = {name: f"model-0000{1 + i % 3}-of-00003.safetensors" for i, name in enumerate(names)}
    for file in set(placed.values()):
        save({n: weights[n] for n in names if placed[n] == file}, folder, file)
    write(folder / INDEX, metadata={}, weight_map=placed)
    return placed


def test_an_index_may_tell_less_or_more_than_there_is(
    folder: Path, weights: Weights, nano: LocalReasoner
) -> None:
    placed = split(folder, weights)
    few = dict(list(placed.items())[:9]) | {"no.such.weight": "model-00001-of-00003.safetensors"}
    write(folder / INDEX, weight_map=few)
    assert same_weights(loaded(folder), nano)


@pytest.mark.parametrize(
    ("harm", "says"),
    [
        pytest.param(
            lambda f: (f / "model-00002-of-00003.safetensors").unlink(),
            "not complete in that folder: model-00002-of-00003.safetensors is missing.",
            id="one file missing",
        ),
        pytest.param(
            lambda f: [p.unlink() for p in f.glob("model-0000[23]*")],
            "model-00002-of-00003.safetensors and 1 more files are missing.",
            id="several files missing",
        ),
        pytest.param(
            lambda f: (f / INDEX).unlink(), f"lacks {INDEX}, which says which", id="no index"
        ),
        pytest.param(
            lambda f: write(f / INDEX, weight_map={}), "names no files", id="an empty index"
        ),
        pytest.param(
            lambda f: (f / "model-00003-of-00003.safetensors").write_bytes(
                (f / "model-00003-of-00003.safetensors").read_bytes()[:-1000]
            ),
            "model-00003-of-00003.safetensors is cut off: ",
            id="cut off",
        ),
        pytest.param(
            lambda f: (f / INDEX).write_text(
                json.dumps({"weight_map": json.loads((f / INDEX).read_text())["weight_map"]})
            ),
            f"{INDEX} lacks “metadata”: add “metadata”: {{}} to it.",
            id="an index without metadata",
        ),
        pytest.param(
            lambda f: append(f / "model-00002-of-00003.safetensors", bytes(7)),
            "model-00002-of-00003.safetensors has 7 bytes more than it should.",
            id="longer",
        ),
        pytest.param(
            lambda f: (f / "model-00001-of-00003.safetensors").write_text(POINTER),
            "model-00001-of-00003.safetensors is only a pointer to the real file, which git lfs pull",
            id="Git LFS",
        ),
        pytest.param(
            lambda f: (f / "tokenizer.json").write_text(POINTER),
            "tokenizer.json is only a pointer",
            id="Git LFS, the tokenizer",
        ),
    ],
)
def test_files_that_are_not_whole_are_named(
    folder: Path, weights: Weights, harm: Callable[[Path], object], says: str
) -> None:
    split(folder, weights)
    harm(folder)
    assert says in refused(folder)


@pytest.mark.parametrize("name", ["model.fp16.safetensors", "weights/merged.safetensors"])
def test_weights_of_another_name_are_named(folder: Path, name: str) -> None:
    (folder / "weights").mkdir()
    (folder / ONE).rename(folder / name)
    assert (
        f"it has neither {ONE} nor {INDEX}, only {name}, from which weights are not read"
        in refused(folder)
    )


def test_whole_numbers_are_no_weights(folder: Path, weights: Weights) -> None:
    name = "model.layers.2.mlp.up_proj.weight"
    save(weights | {name: (weights[name] * 99).to(torch.int8)}, folder)
    assert f"{name} holds whole numbers, so it is quantized, but config.json does" in refused(
        folder
    )


@pytest.mark.parametrize(
    ("text", "says"),
    [
        pytest.param(
            {"hidden_size": "256"},
            "cannot be used: Validation error for field 'hidden_size': TypeError: ",
            id="text for a number",
        ),
        pytest.param({"hidden_size": 2048, "num_attention_heads": 0}, "by zero", id="no heads"),
        pytest.param({"hidden_size": 2048, "intermediate_size": -5}, "-5", id="less than nothing"),
    ],
)
def test_a_configuration_that_makes_no_model_is_said(
    folder: Path, text: dict[str, object], says: str
) -> None:
    config = json.loads((folder / "config.json").read_text())
    write(folder / "config.json", text_config=config["text_config"] | text)
    assert says in refused(folder)


def test_settings_of_decoding_that_make_no_sense_are_said(folder: Path) -> None:
    write(folder / "generation_config.json", num_return_sequences=2)
    assert "generation_config.json cannot be followed: Greedy methods" in refused(folder)


@pytest.mark.parametrize("named", ["flash_attention_2", "flash_attention_9"])
def test_what_was_installed_for_training_is_not_needed(
    folder: Path, named: str, nano: LocalReasoner
) -> None:
    write(folder / "config.json", attn_implementation=named)
    assert same_weights(loaded(folder), nano)


@pytest.mark.parametrize(
    "frame", ["840x840", 840, [840], [0, 0], [225, 224], [224.0, 224.0], [28_000, 28_000]]
)
def test_a_frame_that_cannot_be_shown_is_said(folder: Path, frame: object) -> None:
    write(folder / "config.json", region_frame=frame)
    assert f"cannot be used: {frame}. Write width and height there" in refused(folder)


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        pytest.param(
            lambda w: w.index_fill_(0, torch.tensor(3), float("nan")), "not numbers", id="NaN"
        ),
        pytest.param(
            lambda w: w.index_fill_(0, torch.tensor(3), float("inf")), "not numbers", id="infinite"
        ),
        pytest.param(lambda w: w.zero_(), "one value throughout", id="zeros"),
        pytest.param(lambda w: w.fill_(0.02), "one value throughout", id="one number"),
    ],
)
@pytest.mark.parametrize("quantize", ["none", "4bit"])
def test_weights_of_a_merge_that_went_wrong_are_said(
    folder: Path,
    weights: Weights,
    spoil: Callable[[torch.Tensor], object],
    says: str,
    quantize: str,
) -> None:
    name = "model.layers.2.mlp.up_proj.weight"
    bad = weights[name].clone()
    spoil(bad)
    save(weights | {name: bad}, folder)
    with pytest.raises(CheckpointError, match=f"{name.rpartition('.')[0]}.*{says}"):
        load_local(find_model(str(folder)), quantize=quantize)


# Chat templates -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "keep",
    [
        pytest.param(
            lambda f: write(f / "tokenizer_config.json", chat_template=TEMPLATE), id="tokenizer"
        ),
        pytest.param(
            lambda f: write(
                f / "tokenizer_config.json",
                chat_template=[
                    {"name": "rag", "template": "no picture"},
                    {"name": "default", "template": TEMPLATE},
                ],
            ),
            id="tokenizer, several",
        ),
        pytest.param(
            lambda f: write(f / "chat_template.json", chat_template=TEMPLATE), id="older releases"
        ),
        pytest.param(
            lambda f: write(f / "processor_config.json", chat_template=TEMPLATE), id="processor"
        ),
        pytest.param(
            lambda f: write(
                f / "processor_config.json",
                chat_template={"tool_use": "no picture", "vision": TEMPLATE},
            ),
            id="processor, several, none the default",
        ),
        pytest.param(
            lambda f: (
                (f / "chat_template.jinja").write_text("{{ messages[0]['content'] + '' }}"),
                (f / "tokenizer_config.json").write_text(json.dumps({"chat_template": TEMPLATE})),
            ),
            id="one for text alone beside one for pictures",
        ),
        pytest.param(
            lambda f: (
                (f / "additional_chat_templates").mkdir(),
                (f / "additional_chat_templates" / "vision.jinja").write_text(TEMPLATE),
            ),
            id="a folder of templates",
        ),
    ],
)
def test_a_chat_template_is_found_wherever_it_is_kept(
    folder: Path, keep: Callable[[Path], object], nano: LocalReasoner
) -> None:
    (folder / "chat_template.jinja").unlink()
    keep(folder)
    assert loaded(folder)._chat_text("find the boat") == nano._chat_text("find the boat")


def test_no_chat_template_is_said_when_it_is_loaded(folder: Path) -> None:
    (folder / "chat_template.jinja").unlink()
    said = refused(folder)
    assert "has no chat template" in said
    assert "chat_template.jinja, chat_template.json or tokenizer_config.json is missing" in said


@pytest.mark.parametrize(
    ("template", "says"),
    [
        pytest.param(
            "{% for m in messages %}{{ m['content'] + '<|im_end|>' }}{% endfor %}",
            "it fails with “can only",
            id="for text alone",
        ),
        pytest.param(
            "{% for p in messages[0]['content'] %}{{ p.text }}{% endfor %}",
            "it puts no picture",
            id="it leaves the picture out",
        ),
        pytest.param(
            "<|image_pad|>{{ messages[0]['content'][1]['text'] }}",
            "it puts no picture",
            id="no end of the picture",
        ),
        pytest.param(
            "{{ messages[0]['content'][1]['text'] }}<|image_pad|><|vision_end|>",
            "question after the picture",
            id="the picture last",
        ),
        pytest.param("{% for m in %}", "it fails with “Expected", id="broken"),
        pytest.param(
            "{{ raise_exception('No pictures') }}", "it fails with “No pictures", id="it refuses"
        ),
    ],
)
def test_a_template_that_shows_no_picture_is_said(folder: Path, template: str, says: str) -> None:
    (folder / "chat_template.jinja").write_text(template)
    said = refused(folder)
    assert "The chat template of" in said
    assert says in said


@pytest.mark.parametrize("name", ["tokenizer.json", "tokenizer_config.json"])
def test_a_tokenizer_that_cannot_be_read_is_said(folder: Path, name: str) -> None:
    (folder / name).write_text("{")
    assert "cannot be read, or its files are not all there: Expecting" in refused(folder)
    (folder / "tokenizer.json").unlink(missing_ok=True)
    assert "Copy the tokenizer's files from the model" in refused(folder)


def test_a_tokenizer_of_another_model_is_said(folder: Path) -> None:
    words = (folder / "tokenizer.json").read_text(encoding="utf-8")
    (folder / "tokenizer.json").write_text(
        words.replace("<|image_pad|>", "<|imagine|>"), encoding="utf-8"
    )
    assert "it does not know <|image_pad|>" in refused(folder)
    (folder / "tokenizer.json").write_text(words, encoding="utf-8")
    config = json.loads((folder / "config.json").read_text())
    write(folder / "config.json", text_config=config["text_config"] | {"vocab_size": 2000})
    assert re.search(r"has 24\d\d words and its model only 2000", refused(folder))


@pytest.mark.parametrize(
    "named", ["Qwen2Tokenizer", "Qwen2TokenizerFast", "LlamaTokenizerFast", None]
)
def test_text_is_cut_as_the_tokenizers_file_says(
    folder: Path, named: str | None, nano: LocalReasoner
) -> None:
    if named is None:
        (folder / "tokenizer_config.json").unlink()
    else:
        write(folder / "tokenizer_config.json", tokenizer_class=named)
    text = nano._chat_text("find the boat, next to bbox=[1, 20, 3, 40]")
    assert loaded(folder)._ids(text) == nano._ids(text)


# Processor files ----------------------------------------------------------------------------------

PUBLISHED = {
    "min_pixels": 3136,
    "max_pixels": 12845056,
    "patch_size": 14,
    "temporal_patch_size": 2,
    "merge_size": 2,
    "image_mean": [0.48145466, 0.4578275, 0.40821073],
    "image_std": [0.26862954, 0.26130258, 0.27577711],
    "processor_class": "Qwen2_5_VLProcessor",
}


@pytest.mark.parametrize(
    "settings",
    [
        *(
            {**PUBLISHED, "image_processor_type": name}
            for name in (
                "Qwen2_5_VLImageProcessor",
                "Qwen2_5_VLImageProcessorFast",
                "Qwen2VLImageProcessor",
                "Qwen2VLImageProcessorFast",
                "SomebodysOwnProcessor",
            )
        ),
        PUBLISHED,
        {**PUBLISHED, "size": {"min_pixels": 3136, "max_pixels": 12845056}},
        {**PUBLISHED, "size": {"shortest_edge": 3136, "longest_edge": 12845056}, "resample": 3},
        {"feature_extractor_type": "Qwen2VLImageProcessor"},
        None,
    ],
    ids=lambda s: "no file" if s is None else f"{s.get('image_processor_type')}, {len(s)} settings",
)
def test_pixels_are_the_same_whatever_the_release(
    folder: Path, settings: dict[str, Any] | None, nano: LocalReasoner
) -> None:
    (folder / "processor_config.json").unlink()
    if settings is not None:
        write(folder / "preprocessor_config.json", **settings)
    pixels = np.random.default_rng(3).integers(0, 255, (224, 280, 3), np.uint8)
    made = [
        reasoner._processor.image_processor(pixels, do_resize=False, return_tensors="pt")
        for reasoner in (loaded(folder), nano)
    ]
    assert torch.equal(made[0]["pixel_values"], made[1]["pixel_values"])
    assert torch.equal(made[0]["image_grid_thw"], made[1]["image_grid_thw"])


def test_another_mean_is_honoured(folder: Path, nano: LocalReasoner) -> None:
    (folder / "processor_config.json").unlink()
    write(folder / "preprocessor_config.json", **PUBLISHED | {"image_mean": [0.5, 0.5, 0.5]})
    assert list(loaded(folder)._processor.image_processor.image_mean) == [0.5, 0.5, 0.5]


# Weights that are quantized already ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "how"),
    [
        ({"quant_method": "awq", "bits": 4, "group_size": 128, "version": "gemm"}, "AWQ"),
        ({"quant_method": "gptq", "bits": 4}, "GPTQ"),
        ({"quant_method": "compressed-tensors", "format": "pack-quantized"}, "compressed-tensors"),
        ({"quant_method": "fp8", "weight_block_size": [128, 128]}, "FP8"),
        ({"quant_method": "hqq"}, "HQQ"),
        ({"quant_method": "quanto"}, "Quanto"),
        ({"quant_method": "torchao"}, "torchao"),
        ({"quant_algo": "NVFP4"}, "NVFP4"),
        ({"quant_method": "bitsandbytes", "load_in_8bit": True}, "bitsandbytes, 8 bits"),
    ],
)
def test_other_quantized_weights_are_refused_by_their_configuration(
    folder: Path, settings: dict[str, Any], how: str
) -> None:
    (folder / ONE).write_bytes(b"never opened")
    write(folder / "config.json", quantization_config=settings)
    entry = find_model(str(folder))
    with pytest.raises(CheckpointError) as caught:
        plan_for(entry)
    assert f"is quantized already ({how})" in str(caught.value)
    assert "give the unquantized checkpoint, or run this one on a server" in str(caught.value)


def test_a_refusal_on_the_command_line_is_one_sentence(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(folder / "config.json", quantization_config={"quant_method": "awq", "bits": 4})
    picture = str(ROOT / "examples" / "beach.png")
    assert main(["ground", picture, "find the boat", "--model", str(folder)]) == 1
    said = capsys.readouterr()
    assert said.err.count("\n") == 1
    assert said.err.startswith(f"{folder} is quantized already (AWQ)")
    assert json.loads(said.out or "{}") == {}


QWEN = {"model_type": "qwen2_5_vl"}
FILES = ("config.json", ONE, "tokenizer_config.json")


@pytest.mark.parametrize(
    ("source", "names", "config", "says"),
    [
        (
            "mlx-community/Qwen2.5-VL-3B-Instruct-4bit",
            FILES,
            {**QWEN, "quantization": {"bits": 4}},
            "(MLX), in a form that this demo does not run. It quantizes to 4 bits itself: give the "
            "unquantized checkpoint, such as Qwen/Qwen2.5-VL-3B-Instruct, or",
        ),
        ("a/b", (*FILES, "quantize_config.json"), QWEN, "is quantized already (GPTQ)"),
        ("a/b", (*FILES, "quant_config.json"), QWEN, "is quantized already (AWQ)"),
        ("a/b", (*FILES, "hf_quant_config.json"), QWEN, "is quantized already (ModelOpt)"),
        (
            "a/b",
            FILES,
            {**QWEN, "text_config": {"quantization_config": {"quant_method": "awq"}}},
            "(AWQ)",
        ),
        (
            "a/b",
            FILES,
            {"model_type": "qwen3_vl_moe"},
            "a/b is a qwen3_vl_moe; this demo runs checkpoints of Qwen2-VL,",
        ),
        ("a/b", ("README.md", "x-Q4_K_M.gguf", "mmproj-f16.gguf"), None, "a/b holds GGUF weights"),
        ("a/b", ("config.json", "onnx/model.onnx"), QWEN, "holds ONNX weights"),
        (
            "a/b",
            ("config.json", "pytorch_model-00001-of-00002.bin"),
            QWEN,
            "has its weights as pickle files",
        ),
        (
            "a/b",
            ("config.json", "adapter_config.json", "adapter_model.safetensors"),
            QWEN,
            "an adapter (LoRA)",
        ),
        ("a/b", ("adapter_config.json", "adapter_model.safetensors"), None, "an adapter (LoRA)"),
        (
            "a/b",
            ("config.json", "checkpoint-5/model.safetensors"),
            QWEN,
            "weights in a subfolder",
        ),
        ("a/b", ("actor/model_world_size_8_rank_0.pt",), None, "pieces of a training run (FSDP)"),
        (
            "a/b",
            ("global_step5/bf16_zero_pp_rank_0_mp_rank_00_optim_states.pt",),
            None,
            "(DeepSpeed)",
        ),
        ("a/b", ("__0_0.distcp", ".metadata"), None, "pieces of a training run, not"),
        ("a/b", ("README.md",), None, "a/b holds no checkpoint: it has no config.json."),
    ],
)
def test_what_cannot_be_loaded_is_known_by_names_and_configuration(
    source: str, names: tuple[str, ...], config: dict[str, Any] | None, says: str
) -> None:
    with pytest.raises(CheckpointError) as caught:
        check_kind(source, names, config)
    assert says in str(caught.value)


@pytest.mark.parametrize(
    "made",
    [
        {"quant_method": "bitsandbytes"},
        {"load_in_4bit": True},
        {"quant_method": "bitsandbytes", "load_in_4bit": True, "bnb_4bit_quant_type": "fp4"},
    ],
)
def test_four_bits_of_bitsandbytes_are_not_refused(made: dict[str, Any]) -> None:
    check_kind("a/b", FILES, {**QWEN, "quantization_config": made})


@pytest.fixture(scope="module")
def in_four_bits(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Weights]:
    """The shipped checkpoint, quantized but for some layers as unsloth does, and its weights in memory."""
    folder = tmp_path_factory.mktemp("made") / "nano-unsloth-bnb-4bit"
    skipped = ["lm_head", "model.visual.blocks.0.attn", "model.language_model.layers.2.mlp"]
    model = Qwen2_5_VLForConditionalGeneration.from_pretrained(
        NANO_FOLDER,
        dtype=torch.bfloat16,
        quantization_config=BitsAndBytesConfig(
            load_in_4bit=True,
            bnb_4bit_quant_type="nf4",
            bnb_4bit_use_double_quant=True,
            bnb_4bit_compute_dtype=torch.bfloat16,
            llm_int8_skip_modules=skipped,
        ),
    )
    model.save_pretrained(folder)
    for file in NANO_FOLDER.iterdir():
        if not (folder / file.name).exists():
            shutil.copy(file, folder)
    return folder, model.state_dict()


@pytest.mark.parametrize(
    "skipped",
    [
        pytest.param(
            ["lm_head", "model.visual.blocks.0.attn", "model.language_model.layers.2.mlp"],
            id="today's names",
        ),
        pytest.param(["lm_head", "visual.blocks.0.attn", "model.layers.2.mlp"], id="older names"),
        pytest.param(None, id="not said"),
    ],
)
@pytest.mark.parametrize("quantize", ["auto", "none"])
def test_four_bits_of_bitsandbytes_run_as_they_are(
    in_four_bits: tuple[Path, Weights],
    tmp_path: Path,
    picture: Picture,
    skipped: list[str] | None,
    quantize: str,
) -> None:
    source, made = in_four_bits
    folder = Path(shutil.copytree(source, tmp_path / "copy"))
    settings = json.loads((folder / "config.json").read_text())["quantization_config"]
    write(folder / "config.json", quantization_config=settings | {"llm_int8_skip_modules": skipped})
    reasoner = load_local(find_model(str(folder)), quantize=quantize)
    held = reasoner._model.state_dict()
    assert held.keys() == made.keys()
    assert all(torch.equal(held[name], made[name]) for name in made)
    question = "find the boat"
    prompt = Prompt(question, region_reasoner_instruction(question), ())
    pieces = islice(reasoner.stream(picture, prompt, threading.Event()), 3)
    assert "".join(str(piece) for piece in pieces).startswith("<scene>")


@pytest.mark.parametrize("half", ["float32", "bfloat16"])
def test_what_was_quantized_elsewhere_computes_in_what_is_fast_here(
    in_four_bits: tuple[Path, Weights], half: Half
) -> None:
    entry = find_model(str(in_four_bits[0]))
    reasoner = load_local(entry, plan=replace(plan_for(entry), half=half))
    layers = [m for m in reasoner._model.modules() if isinstance(m, Linear4bit)]
    assert {m.compute_dtype for m in layers} == {getattr(torch, half)}


def test_a_note_of_four_bits_on_whole_weights_is_passed_over(
    folder: Path, nano: LocalReasoner
) -> None:
    made = {"quant_method": "bitsandbytes", "load_in_4bit": True, "bnb_4bit_quant_type": "nf4"}
    write(folder / "config.json", quantization_config=made)
    assert same_weights(loaded(folder), nano)


# Folders and files that are no checkpoint ---------------------------------------------------------


def touch(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    return folder


@pytest.mark.parametrize(
    ("names", "says"),
    [
        (
            ["adapter_config.json", "adapter_model.safetensors"],
            "an adapter (LoRA) of another model",
        ),
        (["actor/model_world_size_2_rank_0.pt", "actor/huggingface/config.json"], "model_merger"),
        (["x.Q4_K_M.gguf"], "x.Q4_K_M.gguf is not a GGUF file"),
        (["checkpoint-90/config.json", "checkpoint-90/model.safetensors"], "checkpoint-90."),
        (["weights.00.npz"], "holds MLX weights"),
        (["consolidated.00.pth", "params.json"], "has its weights as pickle files"),
        (["notes.txt"], "holds no checkpoint: it has no config.json."),
    ],
)
def test_a_folder_without_configuration_says_what_it_is(
    tmp_path: Path, names: list[str], says: str
) -> None:
    with pytest.raises(OptionError) as caught:
        find_model(str(touch(tmp_path, *names)))
    assert says in str(caught.value)


def test_an_adapter_names_its_base(tmp_path: Path) -> None:
    write(tmp_path / "adapter_config.json", base_model_name_or_path="Qwen/Qwen2.5-VL-7B-Instruct")
    with pytest.raises(OptionError, match=r"an adapter \(LoRA\) of Qwen/Qwen2\.5-VL-7B-Instruct,"):
        find_model(str(tmp_path))


def test_an_adapter_beside_a_configuration_names_its_base(folder: Path) -> None:
    (folder / ONE).unlink()
    write(folder / "adapter_config.json", base_model_name_or_path="lmsdss/RegionReasoner-7B")
    assert "holds an adapter (LoRA) of lmsdss/RegionReasoner-7B, not" in refused(folder)


def test_the_words_of_a_training_run_are_no_checkpoint(folder: Path) -> None:
    here = folder.parent / "actor"
    here.mkdir()
    shutil.move(folder, here / "huggingface")
    (here / "huggingface" / ONE).unlink()
    touch(here, "model_world_size_8_rank_0.pt")
    assert "the pieces of a training run (FSDP)" in refused(here / "huggingface")


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("model-Q4.gguf", "model-Q4.gguf is not a GGUF file"),
        ("model.safetensors", "is one file of a checkpoint: give the folder that it is in"),
        ("notes.txt", "is not a checkpoint"),
    ],
)
def test_a_file_says_what_it_is(tmp_path: Path, name: str, says: str) -> None:
    with pytest.raises(OptionError) as caught:
        find_model(str(touch(tmp_path, name) / name))
    assert says in str(caught.value)
