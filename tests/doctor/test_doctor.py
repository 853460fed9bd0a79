"""The doctor: what it says of machines and models, and that it finds what is really broken."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
import torch
from bitsandbytes.nn import Linear4bit
from safetensors.torch import load_file, save_file
from transformers import Qwen2_5_VLConfig

from demo.__main__ import main
from demo.checkpoints.catalogue import (
    CATALOGUE,
    NANO_FOLDER,
    QWEN_2_5_VL_3B,
    QWEN_2_5_VL_7B,
    find_model,
)
from demo.checkpoints.gguf.convert import plan_conversion
from demo.checkpoints.shape import PICTURE_TOKENS, Shape
from demo.dialects.messages import MAIN, Message
from demo.doctor.bandwidth import bytes_per_pass, memory_bandwidth
from demo.doctor.configs import CONFIGS, config_of
from demo.doctor.findings import Findings
from demo.doctor.loaded import entry_for
from demo.doctor.machine import examine_machine, host_of, place_of
from demo.doctor.peak_memory import Peak, mapped_bytes
from demo.doctor.questions import ask, scene_for
from demo.doctor.random_weights import Replay, random_model
from demo.doctor.report import model_lines
from demo.doctor.runnable import Runnable, _least
from demo.doctor.speed import Comparison, Decoded, compare, decode, levers_of, rate_of
from demo.doctor.trial import Trial, check_figures
from demo.machine import cgroups
from demo.machine.cgroups import MemoryLimit, cores_allowed, memory_limit
from demo.machine.devices import best_device, free_memory, half_precision
from demo.machine.precision import GIB, Precision
from demo.reasoners.configuration import shape_of
from demo.reasoners.local import LocalReasoner
from demo.reasoners.memory import Plan, weight_bytes
from tests import ROOT
from tests.conftest import copy_of_nano
from tests.support.hostile import Hostile, answer, listing
from tests.support.published import save_published

Report = dict[str, Any]


def doctor(folder: Path, *arguments: object) -> tuple[int, Report]:
    """The exit status and what ``--json`` wrote."""
    file = folder / "doctor.json"
    status = main(["doctor", *map(str, arguments), "--json", str(file)])
    return status, json.loads(file.read_text(encoding="utf-8"))


def faults(report: Report) -> list[str]:
    return [finding["what"] for finding in report["findings"] if finding["fault"]]


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a configuration and nothing else: nano with two layers and a narrow tower."""
    folder = tmp_path_factory.mktemp("shape") / "small"
    config = Qwen2_5_VLConfig.from_pretrained(NANO_FOLDER)
    config.text_config.num_hidden_layers = 2
    config.text_config.layer_types = ["full_attention"] * 2
    config.vision_config.depth = 2
    config.vision_config.fullatt_block_indexes = [1]
    config.save_pretrained(folder)
    return folder


class DoctorRun(NamedTuple):
    """The exit status, the figures, and what people read."""

    status: int
    figures: Report
    said: str


@pytest.fixture(scope="module")
def nano_report(tmp_path_factory: pytest.TempPathFactory) -> DoctorRun:
    with redirect_stdout(StringIO()) as said:
        made = doctor(tmp_path_factory.mktemp("report"), "--model", "nano", "--tokens", "24")
    return DoctorRun(*made, said.getvalue())


def test_a_healthy_model_is_well(nano_report: DoctorRun) -> None:
    status, report, _ = nano_report
    assert (status, faults(report)) == (0, [])
    assert set(report) == {"machine", "models", "run", "findings"}
    run = report["run"]
    assert (run["model"], run["random"], run["device"], run["precision"]) == (
        "nano", False, "CPU", "float32"
    )  # fmt: skip
    assert [turn["boxes"] for turn in run["turns"]] == [1, 1, 1]
    assert [turn["masks"] for turn in run["turns"]] == [1, 1, 1]
    assert "R1" in run["turns"][1]["question"]
    assert run["lookahead_same"] is True
    assert 24 <= run["compared_tokens"] <= 3 * 24
    assert 0 < run["first_token_s"] < run["turns"][0]["total_s"]
    assert run["tokens_per_s"] > 0
    assert run["tokens_per_pass"] > 1.2
    assert 0 < run["bandwidth_share"] < 1.5
    assert 0 < run["peak_bytes"] < run["planned_bytes"]


def test_every_model_of_the_catalogue_is_judged(nano_report: DoctorRun) -> None:
    models = {model["name"]: model for model in nano_report.figures["models"]}
    assert {"nano", "regionreasoner-7b", "qwen2.5-vl-3b"} <= set(models)
    assert models["nano"]["here"]
    large = models["regionreasoner-7b"]
    assert not large["here"]
    assert large["fetch_bytes"] == 2 * QWEN_2_5_VL_7B.parameters
    if large["fits"]:
        assert large["most_tokens_per_s"] > 0
        assert large["first_answer_s"] > 0
    else:
        assert "GiB" in large["why"]


def test_the_report_is_for_people(nano_report: DoctorRun) -> None:
    for words in (
        "This machine\n", "torch ", "What runs here", " nano  ", "A short run of nano on CPU",
        "“the cat to the right of R1”", "yes, the same tokens guessing ahead as", "1 box, 1 mask",
        "All is well.",
    ):  # fmt: skip
        assert words in nano_report.said


def test_what_does_not_fit_stands_in_the_table_and_its_way_out_once() -> None:
    options = argparse.Namespace(quantize="none", low_memory=False)
    least = _least(find_model("regionreasoner-7b"), options)
    assert least["precision"] == half_precision(best_device())
    models = [
        Runnable("nano", "nano", True, True, "Small.", 0, "float32"),
        Runnable("one-7b", "One", False, False, "One is too large.", 16_000_000_000, **least),
        Runnable("other-7b", "Other", False, False, "Other is too large.", None, **least),
        Runnable("torn", "Torn", False, True, "Torn is damaged.", 0),
    ]
    head, nano, one, _, torn, *rest = list(model_lines(models, 5e9))[1:]
    assert head.split() == ["model", "runs", "precision", "memory", "weights"]
    assert nano.split() == ["nano", "yes", "float32", "–", "here"]
    assert one.split()[:2] == ["one-7b", "no"]
    assert one.endswith("GiB  16.0 GB to fetch")
    assert torn.split()[:2] == ["torn", "no"]
    assert rest[-2:] == ["  One is too large.", "  Torn is damaged."]


def test_every_lever_is_timed_in_every_precision(
    small: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status, report = doctor(
        tmp_path, "--random", "--levers", "--model", small, "--quantize", "4bit", "--low-memory",
        "--tokens", 8, "--segmenter", "none",
    )  # fmt: skip
    assert (status, faults(report)) == (0, [])
    run = report["run"]
    assert (run["random"], run["precision"], run["masks_by"]) == (True, "nf4-all", None)
    # What the built-in model says is said at the cost of this one: prompts have the real length.
    assert all(turn["prompt_tokens"] > 1250 and turn["boxes"] == 1 for turn in run["turns"])
    made = [(lever["precision"], lever["way"]) for lever in run["levers"]]
    assert len(set(made)) == len(made) == 12
    assert {precision for precision, _ in made} >= {"nf4", "nf4-all"}
    assert [x["times_as_long"] for x in run["levers"] if x["way"] == "as the app asks"] == [1.0] * 3
    said = capsys.readouterr().out
    assert "with random weights on CPU" in said
    assert "4 bits throughout  1.00   as the app asks  " in said


def test_a_damaged_checkpoint_is_a_fault_and_the_rest_is_told(tmp_path: Path) -> None:
    folder = copy_of_nano(tmp_path / "nano-copy", frame=224)
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1000])
    status, report = doctor(tmp_path, "--model", folder)
    assert status == 1
    (fault,) = faults(report)
    assert fault.startswith("The run failed: ")
    assert report["machine"]["python"]
    assert report["models"]
    assert report["run"]["turns"] == []


def test_weights_that_are_not_here_are_no_reason_to_fetch(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status, report = doctor(tmp_path, "--model", "qwen2.5-vl-3b")
    assert status == 1
    assert "--random shows without them" in faults(report)[0]
    said = capsys.readouterr().out
    assert "\n\nProblems\n  ✗ The run failed: The weights of Qwen2.5-VL-3B" in said
    assert "A short run" not in said


def test_what_does_not_fit_is_said_before_anything_is_advised_to_be_fetched(
    groups: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _group(groups, memory__max=3 * GIB, memory__current=GIB)
    status, report = doctor(tmp_path, "--model", "regionreasoner-7b")
    assert status == 1
    assert "RegionReasoner-7B does not fit: as Q4_0 it needs" in faults(report)[0]
    assert "3.0 GiB allowed in this container, 2.0 GiB free" in capsys.readouterr().out


def test_a_folder_that_cannot_be_written_is_a_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("REGIONREASONER_CACHE", str(tmp_path / "file" / "cache"))
    findings = Findings()
    examine_machine(findings)
    (fault,) = findings.faults
    assert fault.what.startswith(f"Quantized models cannot be kept in {tmp_path / 'file'}")
    assert "set REGIONREASONER_CACHE to another folder" in fault.do


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        pytest.param(["--model", "nosuch"], "There is no model called nosuch", id="model"),
        pytest.param(["--model", " "], "--model is empty: give a name", id="no model"),
        pytest.param(["--random", "--server", "http://127.0.0.1:9"], "--random makes", id="both"),
        pytest.param(["--levers"], "give --random as well", id="levers of real weights"),
        pytest.param(["--json", "/proc/nope/x.json"], "cannot be written", id="file"),
    ],
)
def test_bad_options_are_one_sentence(
    arguments: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["doctor", *arguments]) == 2
    said = capsys.readouterr()
    assert (said.out, says in said.err) == ("", True)


def test_help_loads_no_model_code() -> None:
    command = [sys.executable, "-X", "importtime", "-m", "demo", "doctor", "--help"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert "--levers" in done.stdout
    assert not any(line.endswith(" torch") for line in done.stderr.splitlines())


def test_a_server_is_asked_three_questions(tmp_path: Path) -> None:
    said = (
        "<think>It.</think>",
        '<answer>[{"bbox_2d": [84, 84, 168, 168], "point_2d": [99, 99]}]</answer>',
    )
    with Hostile(answer(*said), models=[listing("RegionReasoner-7B")]) as server:
        status, report = doctor(tmp_path, "--server", server.url, "--segmenter", "none")
    assert (status, faults(report)) == (0, [])
    run = report["run"]
    assert [turn["boxes"] for turn in run["turns"]] == [1, 1, 1]
    assert run["first_token_s"] > 0
    assert run["lookahead_same"] is run["peak_bytes"] is run["bandwidth_share"] is None


@pytest.mark.parametrize("model", ["nano", "auto"])
def test_a_model_is_examined_in_the_words_that_were_chosen(model: str) -> None:
    options = argparse.Namespace(
        model=model,
        dialect="vision-reasoner",
        random=False,
        yes=False,
        quantize="auto",
        low_memory=False,
    )
    assert entry_for(options).dialect == "vision-reasoner"


def test_a_server_is_asked_in_the_words_that_were_chosen(tmp_path: Path) -> None:
    with Hostile(answer("<answer>[]</answer>"), models=[listing("RegionReasoner-7B")]) as server:
        doctor(
            tmp_path, "--server", server.url, "--segmenter", "none", "--dialect", "vision-reasoner"
        )
    (_, words) = server.asked[0].body["messages"][0]["content"]
    assert "Compare the difference between object(s)" in words["text"]


def test_a_server_that_is_not_there_is_a_fault(tmp_path: Path) -> None:
    status, report = doctor(tmp_path, "--server", "http://127.0.0.1:9")
    assert status == 1
    assert "No server answers at 127.0.0.1:9" in faults(report)[0]


def test_nothing_is_imported_for_four_bits_that_no_plan_asks_for() -> None:
    code = "import sys, demo.doctor.local_trial; sys.exit('bitsandbytes' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)


@pytest.mark.parametrize("precision", ["bfloat16", "nf4", "nf4-all"])
def test_random_weights_take_what_the_plan_says(precision: Precision, small: Path) -> None:
    entry = find_model(str(small))
    shape = shape_of(config_of(entry))
    reasoner = random_model(entry, Plan("cpu", precision, shape=shape))
    assert reasoner.held_bytes == pytest.approx(weight_bytes(shape, precision), rel=0.05)
    layer = reasoner._model.model.language_model.layers[0].mlp.up_proj
    block = reasoner._model.model.visual.blocks[0].mlp.up_proj
    assert isinstance(layer, Linear4bit) == precision.startswith("nf4")
    assert isinstance(block, Linear4bit) == (precision == "nf4-all")
    if isinstance(layer, Linear4bit):
        other = reasoner._model.model.language_model.layers[1].mlp.up_proj
        assert not torch.equal(layer.weight.data, other.weight.data)


def test_random_weights_in_four_bits_never_take_the_memory_of_the_whole(tmp_path: Path) -> None:
    config = Qwen2_5_VLConfig.from_pretrained(NANO_FOLDER)
    text = config.text_config
    text.hidden_size, text.intermediate_size, text.num_hidden_layers = 1280, 5120, 12
    text.num_attention_heads, text.num_key_value_heads = 20, 4
    text.layer_types = ["full_attention"] * 12
    config.vision_config.out_hidden_size = 1280
    config.save_pretrained(tmp_path)
    shape = shape_of(config)
    with Peak("cpu") as peak:
        random_model(find_model(str(tmp_path)), Plan("cpu", "nf4", shape=shape))
        assert peak.bytes < 0.6 * weight_bytes(shape, "bfloat16")


def test_prompts_to_random_weights_are_as_long_as_real_ones(small: Path) -> None:
    reasoner = random_model(find_model(str(small)), Plan("cpu", "float32"))
    [before, _] = reasoner._written((Message("user", (MAIN, "")),))
    assert len(reasoner._picture_ids(before, 900)) == PICTURE_TOKENS
    # 1,302 with the published tokenizer, picture and all.
    assert len(reasoner._question_ids("find the dog")) == pytest.approx(1302 - 925, abs=15)


@pytest.mark.parametrize("shape", CONFIGS)
def test_layouts_are_those_of_the_catalogue(shape: Shape) -> None:
    entry = next(entry for entry in CATALOGUE.values() if entry.shape == shape)
    assert shape_of(config_of(entry)) == shape


def test_a_pass_reads_layers_head_and_what_was_computed(nano: LocalReasoner) -> None:
    model = nano._model
    read = sum(p.nbytes for p in model.model.language_model.layers.parameters())
    read += model.model.language_model.norm.weight.nbytes + model.lm_head.weight.nbytes
    shape = shape_of(model.config)
    assert bytes_per_pass(shape, "float32", 0) == read
    cache = sum(keys.nbytes + values.nbytes for keys, values in _prefix(nano).layers)
    assert bytes_per_pass(shape, "float32", _prefix(nano).length) == read + cache


def _prefix(reasoner: LocalReasoner) -> Any:
    return reasoner._prefix(scene_for(drawn=True).picture)


def test_a_pass_of_the_published_models_reads() -> None:
    assert bytes_per_pass(QWEN_2_5_VL_7B, "bfloat16", 0) == pytest.approx(14.1e9, rel=0.01)
    assert bytes_per_pass(QWEN_2_5_VL_7B, "nf4", 0) == pytest.approx(4.46e9, rel=0.01)
    # The head that it shares with the embedding stays in bf16.
    assert bytes_per_pass(QWEN_2_5_VL_3B, "nf4-all", 0) == pytest.approx(2.05e9, rel=0.01)


def test_the_speed_of_memory_is_measured() -> None:
    assert 1e8 < memory_bandwidth("cpu", GIB) < 1e13


def test_the_peak_is_what_was_there_at_once() -> None:
    with Peak("cpu") as peak:
        block = torch.ones(50_000_000)
        most = peak.bytes
        del block
        again = torch.ones(25_000_000)
        assert peak.bytes < 1.2 * most
        del again
    assert peak.bytes >= most >= 190e6


def test_weights_in_mapped_files_are_counted(tmp_path: Path) -> None:
    mapped = np.memmap(tmp_path / "weights", dtype=np.float32, mode="w+", shape=(1024, 1024))
    assert mapped_bytes([torch.from_numpy(mapped), torch.ones(999_999)]) == 4 * 1024 * 1024


@pytest.fixture
def groups(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Control groups as Linux shows them, in a folder; nothing is limited yet."""
    monkeypatch.setattr(cgroups, "GROUPS", tmp_path)
    monkeypatch.setattr(cgroups, "OWN", tmp_path / "own")
    return tmp_path


def _group(folder: Path, **files: object) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, value in files.items():
        (folder / name.replace("__", ".")).write_text(f"{value}\n")


def test_without_limits_the_whole_machine_is_allowed(groups: Path) -> None:
    assert memory_limit() is None
    _group(groups, memory__max="max", memory__current=5, cpu__max="max 100000")
    _group(groups / "memory", memory__limit_in_bytes=9223372036854771712, memory__usage_in_bytes=5)
    _group(groups / "cpu", cpu__cfs_quota_us=-1, cpu__cfs_period_us=100000)
    assert memory_limit() is None
    assert cores_allowed() >= 1


def test_a_container_has_the_tightest_limit_of_the_groups_round_it(groups: Path) -> None:
    (groups / "own").write_text("0::/kubepods/pod/one\n")
    _group(groups / "kubepods" / "pod", memory__max=4 * GIB, memory__current=3 * GIB,
           memory__stat=f"anon 7\ninactive_file {GIB}", cpu__max="50000 100000")  # fmt: skip
    _group(groups / "kubepods" / "pod" / "one", memory__max="max", memory__current=GIB)
    assert memory_limit() == MemoryLimit(4 * GIB, 2 * GIB)
    assert free_memory("cpu") <= 2 * GIB
    assert cores_allowed() == 0.5


def test_limits_of_older_containers_are_read_too(groups: Path) -> None:
    (groups / "own").write_text("5:cpu,cpuacct:/docker/abc\n4:memory:/docker/abc\n0::/\n")
    _group(groups / "memory", memory__limit_in_bytes=4 * GIB, memory__usage_in_bytes=GIB)
    _group(groups / "cpu" / "docker" / "abc", cpu__cfs_quota_us=75000, cpu__cfs_period_us=100000)
    limit = memory_limit()
    assert limit is not None
    assert limit.free == 3 * GIB
    assert cores_allowed() == 0.75


def test_models_must_fit_into_what_a_container_may_have(
    groups: Path, small: Path, tmp_path: Path
) -> None:
    _group(groups, memory__max=GIB, memory__current=0)
    status, report = doctor(tmp_path, "--random", "--model", "qwen2.5-vl-3b")
    assert status == 1
    assert "Qwen2.5-VL-3B-Instruct does not fit" in faults(report)[0]
    assert "1.0 GiB of this machine’s memory are free" in faults(report)[0]
    assert report["machine"]["memory_limit"] == GIB
    fits = {model["name"]: model["fits"] for model in report["models"]}
    assert fits.pop("nano")
    assert not any(fits.values())


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        pytest.param("http://me:secret@proxy.lan:3128/", "proxy.lan:3128", id="with a password"),
        pytest.param("me:secret@proxy.lan:3128", "proxy.lan:3128", id="without a scheme"),
        pytest.param("proxy.lan", "proxy.lan", id="a name"),
        pytest.param("socks5h://[::1]:1080", "::1:1080", id="IPv6"),
        pytest.param("http://a:b@c:secret", "an address that cannot be read", id="no port"),
        pytest.param("http://", "an address without a host", id="nothing"),
    ],
)
def test_of_a_proxy_only_the_host_is_shown(address: str, shown: str) -> None:
    assert host_of(address) == shown


def test_passwords_of_proxies_are_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://me:hunter2@proxy.lan:3128")
    machine = examine_machine(Findings())
    assert machine.proxies["https_proxy"] == "proxy.lan:3128"
    assert "hunter2" not in repr(machine)


def test_a_place_that_has_to_be_made_is_looked_at_where_it_would_be(tmp_path: Path) -> None:
    place = place_of("Dialogues", tmp_path / "a" / "b")
    assert (place.fault, place.free > 0) == (None, True)
    assert list(tmp_path.iterdir()) == []


def _decoded(*tokens: int, passes: int = 1, seconds: float = 1.0) -> Decoded:
    return Decoded(tokens, 1, 0.5, seconds, passes)


def test_tokens_are_compared_one_by_one() -> None:
    assert Comparison(_decoded(1, 2, 3), _decoded(1, 2, 3)).differs_at is None
    assert Comparison(_decoded(1, 2, 3), _decoded(1, 9, 3)).differs_at == 1
    assert Comparison(_decoded(1, 2, 3), _decoded(1, 2)).differs_at == 2


def test_speed_is_that_after_the_first_pass() -> None:
    found = rate_of([_decoded(*range(11), passes=6, seconds=2.5)] * 2)
    assert found is not None
    assert (found.tokens, found.passes) == (5.0, 2.5)
    assert rate_of([_decoded(1)]) is None


def test_levers_are_times_of_the_apps_own_way() -> None:
    pair = Comparison(
        _decoded(*range(9), passes=9, seconds=6.0), _decoded(*range(9), passes=4, seconds=3.0)
    )
    assert [lever.times_as_long for lever in levers_of("nf4", [pair], 1.5)] == [1.0, 2.0, 1.5, 2.5]


def test_passes_that_do_not_compute_the_same_are_found(nano_to_close: LocalReasoner) -> None:
    scene = scene_for(drawn=True)
    (asked, *_) = ask(scene, nano_to_close, None)

    def spoil(_module: Any, _args: Any, logits: torch.Tensor) -> torch.Tensor:
        logits[2:, 100] += 1e4  # what a broken kernel might do where several tokens go in
        return logits

    nano_to_close._model.lm_head.register_forward_hook(spoil)
    (pair,) = compare(nano_to_close, scene.picture, [asked.prompt], 60)
    assert pair.differs_at is not None


def test_numbers_that_are_not_finite_are_a_fault(tmp_path: Path) -> None:
    folder = copy_of_nano(tmp_path / "nano-copy", frame=224)
    weights = load_file(folder / "model.safetensors")
    weights["model.norm.weight"][0] = 3e38  # finite, and too large to compute with
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    status, report = doctor(tmp_path, "--model", folder)
    assert status == 1
    assert "computes values that are not numbers" in faults(report)[0]


@pytest.mark.parametrize("ahead", [False, True])
def test_random_weights_say_what_is_given(ahead: bool, nano: LocalReasoner, small: Path) -> None:
    scene = scene_for(drawn=True)
    (asked, *_) = ask(scene, nano, None)
    reasoner = random_model(find_model(str(small)), Plan("cpu", "float32"))
    replay = Replay(reasoner)
    replay.set_answer(scene.picture, asked.prompt, asked.turn.raw)
    said = decode(reasoner, scene.picture, asked.prompt, 500, ahead=ahead)
    assert reasoner._processor.tokenizer.decode(said.tokens) == asked.turn.raw
    assert (said.passes <= len(said.tokens)) == ahead


@pytest.mark.parametrize(
    ("run", "says"),
    [
        pytest.param(Trial("m", False, lookahead_same=False), "other tokens", id="look-ahead"),
        pytest.param(
            Trial("m", False, peak_bytes=3 * GIB, planned_bytes=2 * GIB),
            "The run took 3.0 GiB, but the plan said at most 2.0.",
            id="more memory than planned",
        ),
    ],
)
def test_figures_that_are_not_well_are_faults(run: Trial, says: str) -> None:
    findings = Findings()
    check_figures(run, findings)
    (fault,) = findings.faults
    assert says in str(fault)


def test_gguf_files_are_asked_through_llama_cpp(tmp_path: Path) -> None:
    save_published("qwen2_5_vl", tmp_path / "hf")
    plan_conversion("small", tmp_path / "hf", tmp_path / "small", "f16").run(lambda _: None)
    _, report = doctor(tmp_path, "--model", str(tmp_path / "small"), "--segmenter", "none")
    run = report["run"]
    assert run["device"] == "CPU, by llama.cpp"
    assert [turn["new_tokens"] > 0 for turn in run["turns"]] == [True] * 3
    assert run["first_token_s"] > 0
    assert run["weight_bytes"] > 0
