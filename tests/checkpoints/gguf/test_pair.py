"""A model and its vision tower: found in folders, checked, and described."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from demo.checkpoints.catalogue import BY_FILE, BY_OPTION, LLAMA_CPP, find_model
from demo.checkpoints.generation import Generation
from demo.checkpoints.gguf.pair import find_pair
from demo.errors import CheckpointError, OptionError
from tests.support.gguf_files import WIDTH, write_model, write_tower


def refused(place: Path) -> str:
    with pytest.raises(CheckpointError) as caught:
        find_pair(place)
    said = str(caught.value)
    assert "\n" not in said
    assert said.endswith(".")
    with pytest.raises(OptionError, match=f".{{{len(said)}}}"):  # the same at the start
        find_model(str(place))
    return said


def test_a_pair_is_described(tmp_path: Path) -> None:
    model = write_model(tmp_path / "RegionReasoner-7B-Q8_0.gguf", general_file__type=7)
    tower = write_tower(tmp_path / "mmproj-F16.gguf")
    pair = find_pair(tmp_path)
    assert (pair.model, pair.mmproj, pair.note) == (model, tower, "")
    assert pair.architecture == "qwen2vl"
    assert (pair.name, pair.dialect) == ("RegionReasoner-7B-Q8_0", "region-reasoner")
    assert pair.quantization == "8 bits (Q8_0)"
    assert (pair.layers, pair.width, pair.heads, pair.kv_heads) == (1, WIDTH, 4, 2)
    assert (pair.context, pair.token_side) == (4096, 28)
    assert pair.kv_bytes == 2 * 2 * (WIDTH // 4) * 2
    assert (pair.weights, pair.tower_weights) == (32 * WIDTH * 4, WIDTH * 4)
    assert (pair.region_frame, pair.region_looks, pair.generation) == (None, False, None)


def test_what_was_noted_when_the_files_were_written_is_read(tmp_path: Path) -> None:
    model = write_model(
        tmp_path / "model.gguf", regionreasoner_region__frame=[224, 168],
        regionreasoner_generation__config=json.dumps({"repetition_penalty": 1.05}),
        regionreasoner_dialect="seg-zero", general_name="Qwen2.5-VL",
        qwen2vl_attention_key__length=32, qwen2vl_attention_value__length=8,
    )  # fmt: skip
    write_tower(tmp_path / "mmproj.gguf")
    pair = find_pair(model)
    assert (pair.dialect, pair.region_frame) == ("seg-zero", [224, 168])
    assert pair.generation == Generation(repetition_penalty=1.05)
    assert pair.kv_bytes == 2 * (32 + 8) * 2


def test_settings_that_cannot_be_read_are_refused(tmp_path: Path) -> None:
    write_model(tmp_path / "m.gguf", regionreasoner_generation__config='{"repetition_penalty": -1}')
    write_tower(tmp_path / "mmproj.gguf")
    with pytest.raises(CheckpointError, match=r"cannot be read: .*above 0, not -1"):
        print(find_pair(tmp_path).generation)


@pytest.mark.parametrize(
    ("file", "values", "dialect"),
    [
        pytest.param("Seg-Zero-7B.Q4_0.gguf", {}, "seg-zero", id="name of the file"),
        pytest.param(
            "model.gguf", {"general_name": "Vision Reasoner 7B"}, "vision-reasoner", id="name"
        ),
        pytest.param(
            "model.gguf",
            {"general_base__model_0_repo__url": "https://hub.example/lmsdss/RegionReasoner-7B"},
            "region-reasoner",
            id="origin",
        ),
        pytest.param(
            "model.gguf",
            {"general_base__model_0_repo__url": "https://hub.example/Qwen/Qwen2.5-VL-7B-Instruct"},
            None,
            id="an origin that all have",
        ),
        pytest.param(
            "model.gguf", {"general_name": "Qwen2.5 VL 7B Instruct"}, "qwen2.5-vl", id="Qwen"
        ),
    ],
)
def test_the_dialect_is_that_of_the_names(
    tmp_path: Path, file: str, values: dict[str, Any], dialect: str | None
) -> None:
    write_model(tmp_path / file, **values)
    write_tower(tmp_path / "mmproj.gguf")
    assert find_pair(tmp_path).dialect == dialect


def test_files_are_known_by_what_is_in_them(tmp_path: Path) -> None:
    """Not by their names, which are the wrong way round here."""
    model = write_model(tmp_path / "mmproj-model.gguf")
    tower = write_tower(tmp_path / "model.gguf")
    pair = find_pair(tmp_path)
    assert (pair.model, pair.mmproj) == (model, tower)


def test_of_several_precisions_one_is_taken_and_said(tmp_path: Path) -> None:
    for tag, number in (("Q8_0", 7), ("Q4_K_M", 15), ("BF16", 32)):
        write_model(tmp_path / f"m-{tag}.gguf", general_name="M", general_file__type=number)
    for tag, number in (("BF16", 32), ("F16", 1), ("Q8_0", 7)):
        write_tower(tmp_path / f"mmproj-{tag}.gguf", general_file__type=number)
    pair = find_pair(tmp_path)
    assert (pair.model.name, pair.mmproj.name) == ("m-Q4_K_M.gguf", "mmproj-F16.gguf")
    assert pair.note == (
        f"Of 3 precisions in {tmp_path}, m-Q4_K_M.gguf is used; give the file of another one to use that."
    )
    other = find_pair(tmp_path / "m-Q8_0.gguf")
    assert (other.model.name, other.note) == ("m-Q8_0.gguf", "")
    assert find_pair(tmp_path, "q8_0").model.name == "m-Q8_0.gguf"


def test_several_models_are_not_chosen_from(tmp_path: Path) -> None:
    write_model(tmp_path / "a.gguf", general_name="A")
    write_model(tmp_path / "b.gguf", general_name="B")
    write_tower(tmp_path / "mmproj.gguf")
    assert "holds several models: a.gguf and b.gguf. Give the file of one" in refused(tmp_path)


def test_a_tower_that_does_not_fit_is_passed_over_for_one_that_does(tmp_path: Path) -> None:
    write_model(tmp_path / "m.gguf")
    write_tower(tmp_path / "mmproj-a.gguf", width=2 * WIDTH)
    write_tower(tmp_path / "mmproj-b.gguf", general_file__type=7)
    assert find_pair(tmp_path).mmproj.name == "mmproj-b.gguf"


@pytest.mark.parametrize(
    ("architecture", "deep", "projector", "tower_deep", "width", "says"),
    [
        pytest.param(
            "qwen2vl", 0, "qwen2.5vl_merger", 0, 128,
            "it makes tokens of 128 numbers, and the model has 64", id="another size",
        ),
        pytest.param(
            "qwen3vl", 3, "qwen2.5vl_merger", 0, WIDTH,
            "it is a qwen2.5vl_merger, not a qwen3vl_merger", id="another family",
        ),
        pytest.param(
            "qwen2vl", 0, "qwen3vl_merger", 0, WIDTH,
            "it is a qwen3vl_merger, not a qwen2vl_merger or qwen2.5vl_merger", id="a newer family",
        ),
        pytest.param(
            "qwen3vl", 3, "qwen3vl_merger", 2, WIDTH,
            "it feeds 2 layers, and the model expects 3", id="other layers",
        ),
    ],
)  # fmt: skip
def test_what_does_not_belong_together_is_refused(
    tmp_path: Path,
    architecture: str,
    deep: int,
    projector: str,
    tower_deep: int,
    width: int,
    says: str,
) -> None:
    model = write_model(tmp_path / "m.gguf", architecture, deep=deep)
    write_tower(tmp_path / "mmproj.gguf", projector, deep=tower_deep, width=width)
    said = refused(model)
    assert says in said
    assert "mmproj.gguf does not belong to m.gguf" in said
    assert refused(tmp_path) == said


def test_a_qwen3_with_its_tower_fits(tmp_path: Path) -> None:
    write_model(tmp_path / "m.gguf", "qwen3vl", deep=3)
    write_tower(tmp_path / "mmproj.gguf", "qwen3vl_merger", deep=3)
    pair = find_pair(tmp_path)
    assert (pair.dialect, pair.token_side) == ("qwen3-vl", 32)


def test_a_model_without_a_tower_is_refused(tmp_path: Path) -> None:
    model = write_model(tmp_path / "m.gguf")
    said = refused(model)
    assert f"Beside {model} there is no vision tower" in said
    assert "mmproj" in said


def test_a_tower_without_a_model_is_refused(tmp_path: Path) -> None:
    tower = write_tower(tmp_path / "mmproj.gguf")
    assert "holds a vision tower (mmproj) and no model" in refused(tmp_path)
    assert "is only a model’s vision tower (mmproj)" in refused(tower)


@pytest.mark.parametrize(
    ("architecture", "tower", "says"),
    [
        ("llama", False, "(llama) knows text only and sees no pictures"),
        ("qwen2", False, "(qwen2) knows text only and sees no pictures"),
        ("gemma3", True, "is a gemma3, which this demo does not know how to ask"),
        ("internvl", False, "is a internvl, which this demo does not know how to ask"),
    ],
)
def test_models_of_other_kinds_are_refused(
    tmp_path: Path, architecture: str, tower: bool, says: str
) -> None:
    model = write_model(tmp_path / "m.gguf", architecture)
    if tower:
        write_tower(tmp_path / "mmproj.gguf", "gemma3")
    assert says in refused(model)
    assert says in refused(tmp_path)


def test_a_split_model_is_one_model(tmp_path: Path) -> None:
    for part in (1, 2):
        write_model(tmp_path / f"m-Q4_0-{part:05}-of-00002.gguf")
    write_tower(tmp_path / "mmproj.gguf")
    for place in (tmp_path, tmp_path / "m-Q4_0-00002-of-00002.gguf"):
        pair = find_pair(place)
        assert pair.model.name == "m-Q4_0-00001-of-00002.gguf"
        assert pair.weights == 2 * 32 * WIDTH * 4
    content = (tmp_path / "m-Q4_0-00002-of-00002.gguf").read_bytes()
    (tmp_path / "m-Q4_0-00002-of-00002.gguf").write_bytes(content[:-99])
    assert "00002-of-00002.gguf is cut off: 99 bytes" in refused(tmp_path)
    (tmp_path / "m-Q4_0-00002-of-00002.gguf").unlink()
    assert "m-Q4_0-00002-of-00002.gguf of them is missing" in refused(tmp_path)


@pytest.mark.parametrize("name", ["m.gguf", "mmproj.gguf"])
def test_a_damaged_file_is_named(tmp_path: Path, name: str) -> None:
    write_model(tmp_path / "m.gguf")
    write_tower(tmp_path / "mmproj.gguf")
    content = (tmp_path / name).read_bytes()
    (tmp_path / name).write_bytes(content[:-50])
    assert f"{name} is cut off: 50 bytes" in refused(tmp_path)


def test_a_damaged_file_beside_a_whole_pair_does_no_harm(tmp_path: Path) -> None:
    write_model(tmp_path / "m.gguf")
    write_tower(tmp_path / "mmproj.gguf")
    (tmp_path / "other.gguf").write_bytes(b"GGUF")
    assert find_pair(tmp_path).model.name == "m.gguf"


def test_a_folder_and_a_file_are_models_by_name(tmp_path: Path) -> None:
    model = write_model(tmp_path / "RegionReasoner.gguf")
    write_tower(tmp_path / "mmproj.gguf")
    for place in (tmp_path, model):
        entry = find_model(str(place))
        assert (entry.source, entry.engine) == (str(place), LLAMA_CPP)
        assert (entry.dialect, entry.because) == ("region-reasoner", BY_FILE)
        assert not entry.is_hub_id
    named = find_model(str(model), "qwen2-vl")
    assert (named.dialect, named.because) == ("qwen2-vl", BY_OPTION)


def test_a_folder_whose_names_say_nothing_is_asked_as_region_reasoner(tmp_path: Path) -> None:
    write_model(tmp_path / "m.gguf")
    write_tower(tmp_path / "mmproj.gguf")
    entry = find_model(str(tmp_path))
    assert (entry.dialect, entry.because) == ("region-reasoner", "")
