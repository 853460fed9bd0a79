"""Which family a model's name belongs to, and what people are told about it."""

from __future__ import annotations

import argparse
import json
from dataclasses import replace
from pathlib import Path

import pytest

from app import parser
from demo.checkpoints.catalogue import CATALOGUE, find_model
from demo.dialects.families import family_of, foreign_family, is_same_model
from demo.dialects.known import DIALECTS
from demo.dialects.known_looks import NANO_LOOKS
from demo.errors import OptionError
from demo.models.available import AvailableModels
from demo.models.models import Models
from demo.models.selection import choose
from demo.picture.geometry import Size
from demo.remote.reasoner import RemoteReasoner, choose_served
from tests.conftest import copy_of_nano
from tests.support.hostile import Hostile, listing

SNAPSHOT = "models--Qwen--Qwen2.5-VL-7B-Instruct/snapshots/66285546d2b821cf421d4f5eb2576359d3770cd3"


@pytest.mark.parametrize(
    ("name", "dialect"),
    [
        ("qwen2.5vl:7b", "qwen2.5-vl"),
        ("Qwen/Qwen2.5-VL-7B-Instruct-AWQ", "qwen2.5-vl"),
        ("/models/Qwen2.5-VL-7B-Instruct-Q4_K_M.gguf", "qwen2.5-vl"),
        ("mlx-community/Qwen2.5-VL-3B-Instruct-4bit", "qwen2.5-vl"),
        ("unsloth/Qwen2.5-VL-7B-Instruct-unsloth-bnb-4bit", "qwen2.5-vl"),
        ("qwen/qwen2.5-vl-72b-instruct:free", "qwen2.5-vl"),
        ("accounts/fireworks/models/qwen2p5-vl-32b-instruct", "qwen2.5-vl"),
        ("/root/.cache/modelscope/hub/models/Qwen/Qwen2___5-VL-7B-Instruct", "qwen2.5-vl"),
        (f"/home/me/.cache/huggingface/hub/{SNAPSHOT}", "qwen2.5-vl"),
        ("Qwen2-VL-2B", "qwen2-vl"),
        ("qwen2vl", "qwen2-vl"),
        ("VisionReasoner-7B-GGUF", "vision-reasoner"),
        ("hf.co/user/VisionReasoner-7B-GGUF:Q4_K_M", "vision-reasoner"),
        ("qwen2.5-vl-7b-visionreasoner-lora", "vision-reasoner"),
        ("/data/VisionReasoner-7B/global_step_120/actor/huggingface", "vision-reasoner"),
        ("seg_zero", "seg-zero"),
        ("Seg-Zero-7B-20250315", "seg-zero"),
        ("/out/seg-zero/v0-20250101-120000/checkpoint-500-merged", "seg-zero"),
        (r"C:\models\Seg-Zero-7B\model.gguf", "seg-zero"),
        ("regionreasoner", "region-reasoner"),
        ("Region-Reasoner-7B-finetuned", "region-reasoner"),
        ("/data/VisionReasoner-runs/my-own-model", None),
        ("clipseg-zero-shot", None),
        ("qwen3-vl:8b", "qwen3-vl"),
        ("Qwen3-VL-2B-Instruct-GGUF:Q4_K_M", "qwen3-vl"),
        ("hongxingli/qwen3vl-4b-mine", "qwen3-vl"),
        ("Qwen/Qwen3.5-9B", "qwen3-vl"),
        ("ChenShawn/DeepEyes-7B", "deepeyes"),
        ("lh-hyr/VLM-R3-7b-rl-v1", "vlm-r3"),
        ("xintongzhang/CoF-rl-model-7b", "chain-of-focus"),
        ("Mini-o3/Mini-o3-7B-v1", "mini-o3"),
        ("TIGER-Lab/PixelReasoner-RL-v1", "pixel-reasoner"),
        ("hongxingli/P2R-8B", "p2r"),
        ("mine", None),
        ("", None),
    ],
)
def test_a_name_says_its_family(name: str, dialect: str | None) -> None:
    assert family_of(name) == dialect


def test_every_name_of_the_catalogue_says_its_own() -> None:
    for entry in CATALOGUE.values():
        if entry.name != "nano":
            assert family_of(entry.name) == family_of(entry.source) == entry.dialect


@pytest.mark.parametrize(
    ("name", "foreign"),
    [
        ("qwen3-omni:30b", "another Qwen"),
        ("qwen-vl-max", "another Qwen"),
        ("OpenGVLab/InternVL3-8B", "InternVL"),
        ("llava:13b", "LLaVA"),
        ("google/gemma-3-12b-it", "Gemma"),
        ("minicpm-v:8b", "MiniCPM-V"),
        ("gpt-4o", "GPT"),
        ("mine", None),
    ],
)
def test_a_family_whose_dialect_is_not_known_is_named(name: str, foreign: str | None) -> None:
    assert foreign_family(name) == foreign
    words = choose_served(name, [], "gpu:8000").wording
    assert ("will probably be misread" in words) == (foreign is not None)
    assert str(foreign or "for RegionReasoner because its name does not say otherwise") in words


@pytest.mark.parametrize(
    ("name", "other", "same"),
    [
        ("qwen2.5-vl-7b", "qwen2.5vl:7b", True),
        ("qwen2.5-vl-7b", "Qwen/Qwen2.5-VL-7B-Instruct-AWQ", True),
        ("qwen2-vl-7b", "bartowski/Qwen_Qwen2-VL-7B-Instruct-IQ4_XS.gguf", True),
        ("visionreasoner-7b", "/data/VisionReasoner-7B/global_step_120/actor/huggingface", True),
        ("seg-zero-7b", "seg_zero", True),
        ("qwen2.5-vl-7b", "qwen2.5vl:3b", False),
        ("qwen2.5-vl-7b", "VLM-R1-Qwen2.5VL-7B-REC", False),
        ("regionreasoner-7b", "Region-Reasoner-7B-finetuned", False),
        ("visionreasoner-7b", "qwen2.5vl:7b", False),
        ("qwen3-vl-2b", "Qwen/Qwen3-VL-2B-Instruct-GGUF", True),
        ("qwen3-vl-8b", "qwen3.5:8b", False),
        ("qwen2.5-vl-7b", "DeepEyes-7B", False),
        ("mine", "mine", False),
    ],
)
def test_one_model_has_several_names(name: str, other: str, same: bool) -> None:
    assert is_same_model(name, other) == is_same_model(other, name) == same


@pytest.mark.parametrize(
    ("name", "kind", "dialect"),
    [
        pytest.param("mine", "qwen3_vl", "qwen3-vl", id="the configuration says it"),
        pytest.param("mine", "qwen2_5_vl", "region-reasoner", id="nothing says it"),
        pytest.param("visionreasoner-3", "qwen3_vl", "vision-reasoner", id="the name says more"),
    ],
)
def test_a_folder_without_a_telling_name_is_asked_as_its_kind(
    tmp_path: Path, name: str, kind: str, dialect: str
) -> None:
    folder = tmp_path / name
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps({"model_type": kind}))
    assert find_model(str(folder)).dialect == dialect


# On a server --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("model", "listed", "identity", "dialect"),
    [
        ("auto", ["VisionReasoner-7B-GGUF"], "VisionReasoner-7B-GGUF", "vision-reasoner"),
        ("qwen2.5-vl-7b", ["qwen2.5vl:7b", "qwen2.5vl:3b", "llava"], "qwen2.5vl:7b", "qwen2.5-vl"),
        ("visionreasoner-7b", ["/m/VisionReasoner-7B.Q8_0.gguf", "/m/Qwen2.5-VL-7B.gguf"],
         "/m/VisionReasoner-7B.Q8_0.gguf", "vision-reasoner"),
        ("qwen2.5vl:7b", [], "qwen2.5vl:7b", "qwen2.5-vl"),
    ],
)  # fmt: skip
def test_a_servers_model_is_asked_in_its_familys_dialect(
    model: str, listed: list[str], identity: str, dialect: str
) -> None:
    served = choose_served(model, listed, "gpu:8000")
    assert (served.id, served.dialect) == (identity, DIALECTS[dialect])
    assert served.wording.endswith(" because its name says so.")


@pytest.mark.parametrize(
    ("model", "listed"),
    [
        ("qwen2.5-vl-7b", ["qwen2.5vl:7b", "Qwen2.5-VL-7B-Instruct-AWQ"]),
        ("qwen2.5-vl-7b", ["qwen2.5vl:3b", "llava"]),
        ("regionreasoner-7b", ["regionreasoner-7b-mine", "qwen2.5vl:7b"]),
    ],
)
def test_no_other_model_is_taken_for_the_one_asked_for(model: str, listed: list[str]) -> None:
    with pytest.raises(OptionError, match="has no model called"):
        choose_served(model, listed, "gpu:8000")


@pytest.mark.parametrize("name", ["mine", "qwen2.5vl:7b", "nano"])
def test_a_person_decides_in_which_dialect_a_server_is_asked(name: str) -> None:
    served = choose_served(name, [name], "gpu:8000", "seg-zero")
    assert served.dialect.request == DIALECTS["seg-zero"].request
    assert served.wording == "Questions are worded as for Seg-Zero because --dialect says so."


def test_the_page_says_in_which_dialect_a_server_is_asked() -> None:
    with Hostile(models=[listing("qwen2.5vl:7b")]) as server:
        options = ["--server", server.url, "--segmenter", "none"]
        models = choose(parser().parse_args(options))
        _close(models)
        assert models.reasoner.dialect == DIALECTS["qwen2.5-vl"]
        assert "Questions are worded as for Qwen2.5-VL because its name says so." in models.why
        models = choose(parser().parse_args([*options, "--dialect", "vision-reasoner"]))
        _close(models)
        assert models.reasoner.dialect == DIALECTS["vision-reasoner"]
        assert "worded as for VisionReasoner because --dialect says so." in models.why


def test_a_servers_model_of_another_family_is_said_at_once() -> None:
    with Hostile(models=[listing("internvl3:8b")]) as server:
        said: list[str] = []
        models = choose(options_for("--server", server.url), said.append)
        _close(models)
        assert said == [models.advice]
        assert "its name says InternVL, which writes boxes in another way" in models.advice


def _close(models: Models) -> None:
    assert isinstance(models.reasoner, RemoteReasoner)
    models.reasoner.close()


# Here ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("place", "dialect", "name"),
    [
        ("VisionReasoner-7B", "vision-reasoner", "VisionReasoner-7B"),
        ("seg_zero/checkpoint-500", "seg-zero", "checkpoint-500"),
        (SNAPSHOT, "qwen2.5-vl", "Qwen2.5-VL-7B-Instruct"),
        ("mine", "region-reasoner", "mine"),
    ],
)
def test_a_folder_is_asked_as_its_name_says(
    tmp_path: Path, place: str, dialect: str, name: str
) -> None:
    (tmp_path / place).mkdir(parents=True)
    (tmp_path / place / "config.json").write_text("{}")
    entry = find_model(str(tmp_path / place))
    assert (entry.dialect, entry.name, entry.title) == (dialect, name, name)


@pytest.mark.parametrize(
    ("origin", "dialect", "says"),
    [
        ("Ricky06662/Seg-Zero-7B", "seg-zero", "because it was made from Ricky06662/Seg-Zero-7B."),
        (
            "Qwen/Qwen2.5-VL-7B-Instruct",
            "region-reasoner",
            "because its name does not say otherwise",
        ),
    ],
)
def test_an_origin_counts_where_the_name_is_silent(
    tmp_path: Path, origin: str, dialect: str, says: str
) -> None:
    (tmp_path / "config.json").write_text(json.dumps({"_name_or_path": origin}))
    entry = find_model(str(tmp_path))
    assert entry.dialect == dialect
    assert says in entry.wording


def test_a_hub_id_is_asked_as_its_name_says_and_may_be_an_address() -> None:
    entry = find_model("https://huggingface.co/someone/VisionReasoner-7B-mine/tree/main")
    assert (entry.source, entry.dialect) == ("someone/VisionReasoner-7B-mine", "vision-reasoner")
    assert find_model("https://huggingface.co/lmsdss/RegionReasoner-7B").name == "regionreasoner-7b"


def options_for(*arguments: str) -> argparse.Namespace:
    return parser().parse_args([*arguments, "--segmenter", "none"])


def test_the_dialect_asked_for_is_that_of_the_model_that_the_app_was_started_with(
    tmp_path: Path,
) -> None:
    folder = copy_of_nano(tmp_path / "VisionReasoner-7B", frame=252)
    options = options_for("--model", str(folder), "--dialect", "seg-zero")
    models = choose(options)
    assert models.reasoner.dialect == DIALECTS["seg-zero"].in_frame(Size(252, 252))
    assert "Questions are worded as for Seg-Zero because --dialect says so." in models.why
    available = AvailableModels(options, models.entry)
    assert available.add(str(folder)) == models.entry
    states = {row.title: row.state for row in available.rows(models, measured=False)}
    assert states["VisionReasoner-7B"] == "runs"
    nano = available.load(available.entry(CATALOGUE["nano"].source), None)
    taught = replace(DIALECTS["region-reasoner"].in_frame(Size(224, 224)), looking=NANO_LOOKS)
    assert nano.reasoner.dialect == taught
    assert "Questions are worded as for RegionReasoner because it was trained that way." in nano.why


def test_a_model_of_the_catalogue_asked_in_another_dialect_is_in_the_list_once() -> None:
    options = options_for("--model", "nano", "--dialect", "vision-reasoner")
    models = choose(options)
    rows = AvailableModels(options, models.entry).rows(models, measured=False)
    assert [row.state for row in rows if row.title == "nano"] == ["runs"]


def test_a_dialect_that_is_none_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        options_for("--dialect", "klingon")
    assert caught.value.code == 2
    assert "region-reasoner" in capsys.readouterr().err
