"""Checkpoints as GGUF files: every layout of them, interruptions, and what cannot be written."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import pytest
import torch
from filelock import FileLock
from safetensors.torch import load_file, save_file

from demo.__main__ import main
from demo.checkpoints.catalogue import NANO_FOLDER
from demo.checkpoints.gguf.architecture import Architecture, read_architecture
from demo.checkpoints.gguf.convert import Conversion, plan_conversion
from demo.checkpoints.gguf.header import read_header
from demo.checkpoints.gguf.layout import model_parts, tower_parts
from demo.checkpoints.gguf.pair import find_pair
from demo.checkpoints.stored import plain_name
from demo.errors import CheckpointError
from tests import ROOT
from tests.support.published import VOCABULARY, save_published

ONE, INDEX = "model.safetensors", "model.safetensors.index.json"
FILES = ("model.gguf", "mmproj.gguf")
KINDS = ("qwen2_vl", "qwen2_5_vl", "qwen3_vl")
Weights = dict[str, torch.Tensor]


@pytest.fixture(scope="module", params=KINDS)
def saved(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint of each kind; its folder has that name."""
    folder = tmp_path_factory.mktemp("saved") / str(request.param)
    save_published(request.param, folder)
    return folder


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("saved") / "RegionReasoner-small"
    save_published("qwen2_5_vl", folder)
    return folder


@pytest.fixture
def folder(plain: Path, tmp_path: Path) -> Path:
    """A copy of a checkpoint, to be changed."""
    return Path(shutil.copytree(plain, tmp_path / "RegionReasoner-small"))


def quiet(_: int) -> None:
    """Told how much is written."""


def planned(folder: Path, kind: str = "f16", out: str = "out") -> Conversion:
    return plan_conversion(folder.name, folder, folder.parent / f"{folder.name}-{out}", kind)


def written(folder: Path, kind: str = "f16", out: str = "out") -> Path:
    """The folder with both files of a checkpoint."""
    conversion = planned(folder, kind, out)
    conversion.run(quiet)
    return conversion.folder


def tensors(file: Path) -> dict[str, tuple[str, bytes]]:
    return {t.name: (t.tensor_type.name, t.data.tobytes()) for t in gguf.GGUFReader(file).tensors}


def values(file: Path) -> dict[str, Any]:
    fields = gguf.GGUFReader(file).fields
    return {key: field.contents() for key, field in fields.items() if not key.startswith("GGUF.")}


def change(file: Path, **settings: Any) -> None:
    content = json.loads(file.read_text(encoding="utf-8"))
    file.write_text(json.dumps(content | settings), encoding="utf-8")


def same(folder: Path, other: Path) -> bool:
    return all(tensors(folder / name) == tensors(other / name) for name in FILES)


# What is in the files -----------------------------------------------------------------------------


def architecture_of(folder: Path) -> Architecture:
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    return read_architecture(folder.name, config, has_head=True)


def test_names_are_those_that_the_library_gives(saved: Path) -> None:
    model = architecture_of(saved)
    kinds = {"qwen3_vl": gguf.MODEL_ARCH.QWEN3VL}
    text = gguf.get_tensor_name_map(kinds.get(model.kind, gguf.MODEL_ARCH.QWEN2VL), 8)
    tower = gguf.get_tensor_name_map(gguf.MODEL_ARCH.MMPROJ, 8)
    compared = 0
    for part in (*model_parts(model), *tower_parts(model)):
        names = tower if part.source.startswith("visual.") else text
        found = names.get_name(part.source, try_suffixes=(".weight", ".bias"))
        if (
            found
            and "deepstack" not in part.source
            and not part.first
            and "attn.qkv" not in part.source
        ):
            assert part.name.removesuffix(".1") == found
            compared += 1
    assert compared > 40


def test_numbers_are_those_of_the_checkpoint(saved: Path) -> None:
    out, weights = written(saved, "f16", "numbers"), load_file(saved / ONE)
    named = {plain_name(name): weight.float().numpy() for name, weight in weights.items()}
    model = architecture_of(saved)
    found = {t.name: t for name in FILES for t in gguf.GGUFReader(out / name).tensors}
    parts = [*model_parts(model), *tower_parts(model)]
    assert {part.name for part in parts} == set(found)
    assert {part.source for part in parts} == set(named)
    for part in parts:
        whole = named[part.source]
        taken = whole[part.first : part.first + part.shape[0]]
        taken = taken if part.frame is None else taken[:, :, part.frame]
        assert np.array_equal(found[part.name].data, taken.astype(found[part.name].data.dtype))
        flat = taken.ndim == 1 or part.name == "v.position_embd.weight"
        assert found[part.name].tensor_type.name == ("F32" if flat else "F16")


@pytest.mark.parametrize(("kind", "layers"), [("q8_0", "Q8_0"), ("q4_0", "Q4_0")])
def test_only_what_bears_it_has_four_bits(saved: Path, kind: str, layers: str) -> None:
    out = written(saved, kind, kind)
    types = {name: type_ for file in FILES for name, (type_, _) in tensors(out / file).items()}
    assert types["blk.1.ffn_down.weight"] == types["blk.0.attn_q.weight"] == layers
    assert types["token_embd.weight"] == layers
    assert types["output.weight"] == "Q8_0"
    assert types["v.blk.0.ffn_down.weight"] == types["mm.0.weight"] == "Q8_0"
    assert types["v.patch_embd.weight"] == "F16"
    assert types["blk.0.attn_norm.weight"] == types["v.blk.0.ln1.weight"] == "F32"
    assert set(types.values()) <= {layers, "Q8_0", "F16", "F32"}


def test_widths_that_cannot_be_quantized_are_filled_up_with_zeros(plain: Path) -> None:
    """The tower's inner layers have 100 numbers, as those of the published ones have 3420."""
    out = written(plain, "q8_0", "filled")
    assert values(out / "mmproj.gguf")["clip.vision.feed_forward_length"] == 128
    found = {t.name: t for t in gguf.GGUFReader(out / "mmproj.gguf").tensors}
    down = gguf.dequantize(found["v.blk.0.ffn_down.weight"].data, gguf.GGMLQuantizationType.Q8_0)
    assert down.shape == (64, 128)
    assert np.any(down[:, :100], axis=0).all()
    assert not down[:, 100:].any()
    assert not found["v.blk.0.ffn_gate.bias"].data[100:].any()
    assert (
        values(written(plain, "f16", "whole") / "mmproj.gguf")["clip.vision.feed_forward_length"]
        == 100
    )


def test_the_vocabulary_is_filled_up_and_its_tokens_have_their_kinds(plain: Path) -> None:
    found = values(written(plain, "q8_0", "words") / "model.gguf")
    tokenizer = json.loads((plain / "tokenizer.json").read_text(encoding="utf-8"))
    tokens, kinds = found["tokenizer.ggml.tokens"], found["tokenizer.ggml.token_type"]
    assert len(tokens) == len(kinds) == VOCABULARY
    by_name = dict(zip(tokens, kinds, strict=True))
    assert by_name["<|image_pad|>"] == gguf.TokenType.CONTROL
    assert by_name["<tool_call>"] == gguf.TokenType.USER_DEFINED
    assert by_name["[PAD639]"] == gguf.TokenType.UNUSED
    assert all(tokens[n] == word for word, n in tokenizer["model"]["vocab"].items())
    assert len(found["tokenizer.ggml.merges"]) == len(tokenizer["model"]["merges"])
    assert tokens[found["tokenizer.ggml.eos_token_id"]] == "<|im_end|>"
    assert tokens[found["tokenizer.ggml.padding_token_id"]] == "<|endoftext|>"
    assert "<|im_start|>" in found["tokenizer.chat_template"]


@pytest.mark.parametrize("saved", ["qwen2_5_vl", "qwen3_vl"], indirect=True)
def test_colours_that_no_file_names_are_those_of_the_makers(saved: Path, tmp_path: Path) -> None:
    told = values(written(saved, "q8_0", "told") / "mmproj.gguf")
    other = Path(shutil.copytree(saved, tmp_path / "other"))
    (other / "processor_config.json").unlink()
    assumed = values(written(other, "q8_0") / "mmproj.gguf")
    for key in ("clip.vision.image_mean", "clip.vision.image_std"):
        assert told[key] == assumed[key]


def test_frame_decoding_and_dialect_are_kept(folder: Path) -> None:
    change(folder / "config.json", region_frame=[224, 168], region_looks=True)
    change(folder / "generation_config.json", repetition_penalty=1.05)
    out = folder.parent / "kept"
    plan_conversion("Some 7B", folder, out, "q8_0", "seg-zero").run(quiet)
    pair = find_pair(out)
    assert (pair.name, pair.dialect, pair.region_frame) == ("Some 7B", "seg-zero", [224, 168])
    assert pair.region_looks is True
    assert pair.generation is not None
    assert pair.generation.repetition_penalty == 1.05
    assert pair.tower.text("clip.projector_type") == "qwen2.5vl_merger"
    assert pair.quantization == "8 bits (Q8_0)"


# Layouts of checkpoints ---------------------------------------------------------------------------


def old_names(weights: Weights) -> Weights:
    """Those of the first releases."""
    return {
        plain_name(name)
        if "visual" in name
        else name.replace("model.language_model.", "model."): weight
        for name, weight in weights.items()
    }


def rewrite(folder: Path, weights: Weights) -> None:
    save_file({n: w.contiguous() for n, w in weights.items()}, folder / ONE, {"format": "pt"})


def test_names_of_all_releases_are_one_model(saved: Path, tmp_path: Path) -> None:
    other = Path(shutil.copytree(saved, tmp_path / "old"))
    rewrite(other, old_names(load_file(saved / ONE)))
    assert any(name.startswith("visual.") for name in load_file(other / ONE))
    assert same(written(saved, "q8_0", "new"), written(other, "q8_0"))


def test_shards_are_one_model(folder: Path) -> None:
    whole = written(folder, "q8_0", "whole")
    weights = load_file(folder / ONE)
    (folder / ONE).unlink()
    placed = {}
    for place, name in enumerate(weights):
        placed[name] = shard = f"model-{place % 3 + 1:05}-of-00003.safetensors"
        there = load_file(folder / shard) if (folder / shard).is_file() else {}
        save_file(there | {name: weights[name]}, folder / shard, {"format": "pt"})
    (folder / INDEX).write_text(json.dumps({"metadata": {}, "weight_map": placed}))
    assert same(whole, written(folder, "q8_0"))


@pytest.mark.parametrize("kind", [torch.bfloat16, torch.float16, torch.float64])
def test_numbers_of_every_type_are_read(folder: Path, kind: torch.dtype) -> None:
    weights = {name: weight.to(torch.bfloat16) for name, weight in load_file(folder / ONE).items()}
    rewrite(folder, {name: weight.float() for name, weight in weights.items()})
    whole = written(folder, "f16", "whole")
    rewrite(folder, {name: weight.to(kind) for name, weight in weights.items()})
    assert same(whole, written(folder, "f16"))


def test_a_head_that_is_the_embedding_is_written_once(folder: Path) -> None:
    weights = load_file(folder / ONE)
    embedding = next(w for n, w in weights.items() if n.endswith("embed_tokens.weight"))
    rewrite(folder, weights | {"lm_head.weight": embedding.clone()})
    with_copy = written(folder, "q8_0", "copy")
    del weights["lm_head.weight"]
    rewrite(folder, weights)
    assert same(with_copy, written(folder, "q8_0"))
    assert "output.weight" not in tensors(with_copy / "model.gguf")
    four = tensors(written(folder, "q4_0", "four") / "model.gguf")
    assert (four["token_embd.weight"][0], four["blk.0.ffn_up.weight"][0]) == ("Q8_0", "Q4_0")


def test_configurations_of_the_first_releases_are_read(folder: Path) -> None:
    whole = values(written(folder, "f16", "whole") / "model.gguf")
    config = json.loads((folder / "config.json").read_text())
    text = config.pop("text_config")
    rope = text.pop("rope_parameters")
    flat = config | {n: v for n, v in text.items() if n not in ("model_type", "layer_types")}
    flat |= {
        "rope_theta": rope["rope_theta"],
        "rope_scaling": {"type": "mrope", "mrope_section": rope["mrope_section"]},
    }
    (folder / "config.json").write_text(json.dumps(flat))
    again = values(written(folder, "f16") / "model.gguf")
    whole.pop("regionreasoner.source"), again.pop("regionreasoner.source")
    assert again == whole


def test_tokenizers_of_the_first_releases_are_read(folder: Path) -> None:
    whole = values(written(folder, "f16", "whole") / "model.gguf")
    one = json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))
    (folder / "tokenizer.json").unlink()
    merges = [" ".join(m) if isinstance(m, list) else m for m in one["model"]["merges"]]
    (folder / "merges.txt").write_text("\n".join(["#version: 0.2", *merges, ""]), encoding="utf-8")
    (folder / "vocab.json").write_text(json.dumps(one["model"]["vocab"]), encoding="utf-8")
    added = {str(token.pop("id")): token for token in one["added_tokens"]}
    change(folder / "tokenizer_config.json", added_tokens_decoder=added)
    again = values(written(folder, "f16") / "model.gguf")
    whole.pop("regionreasoner.source"), again.pop("regionreasoner.source")
    assert again == whole


# Interruptions ------------------------------------------------------------------------------------


class StoppedError(Exception):
    """What a killed process or a pressed key would be."""


def stopping_after(size: int) -> Callable[[int], None]:
    count = [0]

    def told(new: int) -> None:
        count[0] += new
        if count[0] > size:
            raise StoppedError

    return told


def test_what_was_stopped_anywhere_goes_on_and_ends_in_the_same_files(plain: Path) -> None:
    whole = written(plain, "q4_0", "uninterrupted")
    size = planned(plain, "q4_0", "uninterrupted").size
    out = f"stopped-{size}"
    stops = 0
    for share in (0.01, 0.3, 0.45, 0.6, 0.8, 0.95):
        conversion = planned(plain, "q4_0", out)
        done = size - conversion.missing
        with pytest.raises(StoppedError):
            conversion.run(stopping_after(round(share * size) - done))
        stops += done > 0
        assert not (conversion.folder / "mmproj.gguf").exists()
    assert stops == 5  # all but the first went on with something
    final = planned(plain, "q4_0", out)
    new: list[int] = []
    missing = final.missing
    final.run(new.append)
    assert sum(new) == missing < size
    assert {f.name for f in final.folder.iterdir() if f.suffix != ".lock"} == {*FILES}
    assert all((final.folder / n).read_bytes() == (whole / n).read_bytes() for n in FILES)
    assert planned(plain, "q4_0", out).missing == 0


def test_the_rest_of_another_run_is_not_gone_on_with(plain: Path) -> None:
    whole = written(plain, "f16", "one-whole")
    conversion = planned(plain, "q4_0", "two")
    with pytest.raises(StoppedError):
        conversion.run(stopping_after(conversion.size // 3))
    assert (conversion.folder / "model.gguf.part").exists()
    other = planned(plain, "f16", "two")
    assert other.missing == other.size
    assert same(whole, written(plain, "f16", "two"))


def test_a_changed_checkpoint_begins_anew(folder: Path) -> None:
    conversion = planned(folder)
    with pytest.raises(StoppedError):
        conversion.run(stopping_after(conversion.size // 3))
    weights = load_file(folder / ONE)
    rewrite(folder, {name: 2 * weight for name, weight in weights.items()})
    assert planned(folder).missing == planned(folder).size


def test_files_that_are_there_are_kept(folder: Path) -> None:
    out = written(folder, "q8_0")
    before = {name: (out / name).stat().st_mtime_ns for name in FILES}
    written(folder, "q8_0")
    assert before == {name: (out / name).stat().st_mtime_ns for name in FILES}
    with pytest.raises(CheckpointError, match=r"model.gguf is there already, and was made from"):
        written(folder, "q4_0")
    (out / "model.gguf").write_bytes(b"somebody's own")
    with pytest.raises(CheckpointError, match="is there already"):
        written(folder, "q8_0")
    assert (out / "model.gguf").read_bytes() == b"somebody's own"


def test_two_processes_do_not_write_the_same_files(folder: Path) -> None:
    conversion = planned(folder)
    with (
        FileLock(conversion.folder / ".writing.lock"),
        pytest.raises(CheckpointError, match="Another process is writing GGUF files"),
    ):
        conversion.run(quiet)
    conversion.run(quiet)


def test_a_disk_too_small_is_refused_before_anything_is_written(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    conversion = planned(folder)
    usage = shutil.disk_usage(folder)._replace(free=10**9 + conversion.size - 1)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    with pytest.raises(
        CheckpointError, match=r"take 1\.6 MB more, and only 1\.0 GB are free in .*--out"
    ):
        conversion.run(quiet)
    assert not list(conversion.folder.glob("*.gguf*"))
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=usage.free + 1))
    conversion.run(quiet)


def test_a_disk_that_fills_up_is_said_and_what_is_there_is_kept(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    with pytest.raises(
        CheckpointError, match=r"could not be written: the disk is full\. What is there is"
    ):
        planned(folder).run(full)
    planned(folder).run(quiet)


def test_a_folder_that_cannot_be_is_refused(folder: Path) -> None:
    (folder.parent / "file").touch()
    with pytest.raises(
        CheckpointError, match=r"GGUF files cannot be written into .*: a file is in its"
    ):
        plan_conversion("x", folder, folder.parent / "file", "f16")


def test_a_large_embedding_is_never_whole_in_memory(tmp_path: Path) -> None:
    save_published("qwen2_5_vl", tmp_path / "large", vocab_size=60_000)
    conversion = planned(tmp_path / "large", "q4_0")
    embedding = 60_000 * 128 * 4
    tracemalloc.start()
    conversion.run(quiet)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < embedding / 2
    assert (
        read_header(conversion.folder / "model.gguf").tensors["token_embd.weight"].shape[1]
        == 60_000
    )


# What cannot be written ---------------------------------------------------------------------------


def refused(folder: Path) -> str:
    with pytest.raises(CheckpointError) as caught:
        written(folder)
    said = str(caught.value)
    assert "\n" not in said
    assert said.endswith(".")
    assert not list(folder.parent.glob("*-out/*.gguf"))
    return said


def test_writing_needs_neither_torch_nor_transformers() -> None:
    """A light installation has neither."""
    script = (
        "import sys, demo.checkpoints.gguf.convert, demo.checkpoints.gguf.pair;"
        "print({'torch', 'transformers'} & set(sys.modules))"
    )
    said = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert said.stdout == "set()\n"


def test_nano_is_refused() -> None:
    with pytest.raises(
        CheckpointError, match=r"nano cannot be .*its rotary embedding has 32 sections"
    ):
        plan_conversion("nano", NANO_FOLDER, NANO_FOLDER / "out", "f16")
    assert not (NANO_FOLDER / "out").exists()


@pytest.mark.parametrize(
    ("part", "settings", "says"),
    [
        pytest.param("", {"model_type": "llava"}, "it is a llava", id="another model"),
        pytest.param("vision_config", {"window_size": 224}, "“window_size” of its", id="window"),
        pytest.param(
            "vision_config", {"hidden_act": "relu"}, "computes with relu", id="activation"
        ),
        pytest.param(
            "vision_config", {"fullatt_block_indexes": [0, 3]}, "not evenly spaced", id="attention"
        ),
        pytest.param(
            "vision_config",
            {"depth": 2, "fullatt_block_indexes": [1]},
            "more layers than config.json names",
            id="depth",
        ),
        pytest.param(
            "vision_config", {"depth": "no"}, "config.json of .* cannot be used", id="no number"
        ),
        pytest.param("text_config", {"hidden_size": 256}, "another shape", id="shape"),
        pytest.param(
            "text_config", {"num_hidden_layers": 3}, "lacks 12 of the weights", id="missing"
        ),
    ],
)
def test_a_configuration_that_llama_cpp_does_not_compute_is_refused(
    folder: Path, part: str, settings: dict[str, Any], says: str
) -> None:
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    (config[part] if part else config).update(settings)
    if settings.get("hidden_size") == 256:
        config["text_config"]["rope_parameters"]["mrope_section"] = [8, 12, 12]
    (folder / "config.json").write_text(json.dumps(config))
    assert re.search(says, refused(folder))


def test_a_scaled_rotary_embedding_is_refused(folder: Path) -> None:
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    config["text_config"]["rope_parameters"]["rope_type"] = "yarn"
    (folder / "config.json").write_text(json.dumps(config))
    assert "its rotary embedding is scaled (yarn)" in refused(folder)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 1e9])
def test_weights_that_are_no_numbers_are_refused(folder: Path, value: float) -> None:
    weights = load_file(folder / ONE)
    next(w for n, w in weights.items() if n.endswith("1.mlp.up_proj.weight"))[7, 9] = value
    rewrite(folder, weights)
    assert "1.mlp.up_proj.weight holds values that are not numbers or too large" in refused(folder)


def test_quantized_weights_are_refused(folder: Path) -> None:
    weights = load_file(folder / ONE)
    name = next(n for n in weights if n.endswith("1.mlp.up_proj.weight"))
    rewrite(folder, weights | {name: weights[name].to(torch.float8_e4m3fn)})
    assert "1.mlp.up_proj.weight has numbers of type F8_E4M3. Give the unquantized" in refused(
        folder
    )
    change(folder / "config.json", quantization_config={"quant_method": "awq"})
    assert "is quantized already (AWQ)" in refused(folder)


@pytest.mark.parametrize(
    ("broken", "says"),
    [
        pytest.param(lambda f: (f / ONE).unlink(), "has neither model.safetensors nor", id="away"),
        pytest.param(lambda f: (f / ONE).write_bytes((f / ONE).read_bytes()[:-9]), "is cut off", id="cut"),
        pytest.param(lambda f: (f / "tokenizer.json").unlink(), "tokenizer.json is missing", id="words"),
        pytest.param(
            lambda f: change(f / "tokenizer.json", pre_tokenizer={"type": "Whitespace"}),
            "it splits text in another way than Qwen2’s",
            id="another tokenizer",
        ),
        pytest.param(
            lambda f: change(f / "tokenizer.json", added_tokens=[]),
            "it does not know <|vision_start|>",
            id="no marks",
        ),
        pytest.param(
            lambda f: change(f / "tokenizer.json", added_tokens=[{"content": n, "id": VOCABULARY + i}
            for i, n in enumerate(("<|vision_start|>", "<|vision_end|>", "<|im_end|>"))]),
            "it has 643 words and the model only 640",
            id="too many words",
        ),
        pytest.param(
            lambda f: change(f / "tokenizer.json", model={"type": "BPE", "vocab": {}}),
            "cannot be read: KeyError 'merges'",
            id="no merges",
        ),
    ],
)  # fmt: skip
def test_a_checkpoint_that_is_not_whole_is_refused(
    folder: Path, broken: Callable[[Path], None], says: str
) -> None:
    broken(folder)
    assert says in refused(folder)


# The command --------------------------------------------------------------------------------------


def test_the_command_writes_what_the_model_option_takes(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = folder.parent / "made"
    assert main(["gguf", str(folder), "--out", str(out), "--type", "q8_0"]) == 0
    said = capsys.readouterr()
    assert said.out.startswith(
        f"Written: {out / 'model.gguf'} (0.5 MB) and {out / 'mmproj.gguf'} (0."
    )
    assert "100%" in said.err
    pair = find_pair(out)
    assert (pair.dialect, pair.quantization) == ("region-reasoner", "8 bits (Q8_0)")
    assert main(["gguf", str(out), "--out", str(out)]) == 2
    assert "is in GGUF files already" in capsys.readouterr().err


def test_the_command_is_stopped_by_a_key(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def press(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Conversion, "run", press)
    assert main(["gguf", str(folder), "--out", str(folder.parent / "made")]) == 1
    said = capsys.readouterr().err.splitlines()[-1]
    assert said.endswith("was stopped. What is there is kept: start again to continue.")


@pytest.mark.parametrize(
    ("arguments", "status", "says"),
    [
        (["nano", "--out", "{}"], 1, "nano cannot be written as GGUF files"),
        (["no such model", "--out", "{}"], 2, "There is no model called no such model."),
        (["regionreasoner-7b", "--out", "{}"], 1, "HF_HUB_OFFLINE forbids"),
    ],
)
def test_the_command_refuses_with_a_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], status: int, says: str
) -> None:
    filled = [argument.format(tmp_path / "made") for argument in arguments]
    assert main(["gguf", *filled]) == status
    assert says in capsys.readouterr().err
    assert not (tmp_path / "made").exists()
