"""Fetching a checkpoint from a hub on loopback: asked for, interrupted, gone on with, run."""

from __future__ import annotations

import json
import os
import pty
import shutil
import signal
import subprocess
import sys
import termios
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from transformers import Qwen2_5_VLForConditionalGeneration

from demo.checkpoints.catalogue import NANO_FOLDER, find_model
from demo.checkpoints.fetch import Download, download_of, ensure_fetched, folder_of
from demo.errors import CheckpointError
from tests import ROOT
from tests.support.hub import COMMIT, Hub, ask_only, hub_of
from tests.support.waiting import until

PICTURE = ROOT / "examples" / "beach.png"
# What the app does with a checkpoint before it loads one, without what takes seconds to import.
FETCH = """
import signal
import sys
import termios
from demo.errors import CheckpointError
from demo.checkpoints.catalogue import find_model
from demo.checkpoints.fetch import download_of, ensure_fetched, folder_of
signal.signal(signal.SIGINT, signal.default_int_handler)  # a background job would ignore it
entry, agreed = find_model(sys.argv[1]), sys.argv[2:] == ["--yes"]
try:
    print(download_of(entry, ask_hub=agreed).size, folder_of(entry))
    ensure_fetched(entry, agreed=agreed)
    print(folder_of(entry), download_of(entry, ask_hub=True).size)
except CheckpointError as error:
    print(error)
"""
GROUND = ("-m", "demo", "ground", str(PICTURE), "find the boat", "--segmenter", "none")


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shipped checkpoint in four files, beside things that nobody needs."""
    folder = tmp_path_factory.mktemp("hub") / "parts"
    model = Qwen2_5_VLForConditionalGeneration.from_pretrained(NANO_FOLDER, dtype=torch.bfloat16)
    model.save_pretrained(folder, max_shard_size="6MB")
    for name in ("tokenizer.json", "tokenizer_config.json", "processor_config.json"):
        shutil.copy(NANO_FOLDER / name, folder)
    shutil.copy(NANO_FOLDER / "chat_template.jinja", folder)
    (folder / "pytorch_model.bin").write_bytes(bytes(1000))
    (folder / "checkpoint-7").mkdir()
    (folder / "checkpoint-7" / "state.json").write_text("{}")
    return folder


@pytest.fixture
def hub(parts: Path) -> Iterator[Hub]:
    with hub_of({"someone/parts": parts, "someone/whole": NANO_FOLDER}) as hub:
        yield hub


@pytest.fixture
def home(tmp_path: Path, hub: Hub) -> dict[str, str]:
    """The environment of a machine that has fetched nothing yet."""
    mine = {"HF_ENDPOINT": hub.url, "HF_HOME": str(tmp_path), "HF_HUB_OFFLINE": "0"}
    return {**os.environ, **mine, "REGIONREASONER_CACHE": str(tmp_path / "kept")}


def fetching(home: dict[str, str], which: str, *consent: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", FETCH, which, *consent],
        cwd=ROOT,
        env=home,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )


def test_a_connection_that_breaks_goes_on_where_it_was(hub: Hub, home: dict[str, str]) -> None:
    hub.cut["model.safetensors"] = 12_000_000
    said, _ = fetching(home, "someone/whole", "--yes").communicate(timeout=60)
    before, after = said.splitlines()
    assert before.endswith("None")
    place, left = after.split()
    assert (Path(place).name, left) == (COMMIT, "0")
    starts = [start for name, start in hub.asked if name == "model.safetensors"]
    assert starts == [0, 10 * 2**20]  # the hub's client writes pieces of 10 MiB
    fetched = Path(place) / "model.safetensors"
    assert fetched.read_bytes() == (NANO_FOLDER / "model.safetensors").read_bytes()


def test_an_interrupted_fetch_goes_on_at_the_next_start(
    hub: Hub, home: dict[str, str], parts: Path
) -> None:
    third = "model-00003-of-00004.safetensors"
    hub.held[third] = 1_000_000
    first = fetching(home, "someone/parts", "--yes")
    assert hub.standing.wait(60)
    first.send_signal(signal.SIGINT)
    said, _ = first.communicate(timeout=60)
    hub.release.set()
    assert "Fetching parts was stopped. What has arrived is kept" in said

    done = [name for name, _ in hub.asked if name != third]
    hub.asked.clear()
    said, _ = fetching(home, "someone/parts", "--yes").communicate(timeout=60)
    before, after = said.splitlines()
    assert before.endswith("None")  # what is not whole is not taken for a checkpoint
    assert not set(done) & {name for name, _ in hub.asked}
    fetched = {file.name for file in Path(after.split()[0]).iterdir()}
    assert fetched == {f.name for f in parts.iterdir() if f.is_file() and f.suffix != ".bin"}


def test_a_file_that_was_interrupted_goes_on_at_the_next_start(
    hub: Hub, home: dict[str, str]
) -> None:
    weights, kept = "model.safetensors", 10 * 2**20  # the hub's client writes pieces of 10 MiB
    hub.held[weights] = 12_000_000
    first = fetching(home, "someone/whole", "--yes")
    until(lambda: [p.stat().st_size for p in Path(home["HF_HOME"]).rglob("*.part")] == [kept])
    first.send_signal(signal.SIGINT)
    said, _ = first.communicate(timeout=60)
    hub.release.set()
    assert "Fetching whole was stopped. What has arrived is kept" in said

    whole = int(said.split()[0])
    hub.asked.clear()
    said, _ = fetching(home, "someone/whole", "--yes").communicate(timeout=60)
    before, after = said.splitlines()
    left, folder = before.split()
    assert folder == "None"
    assert int(left) == (NANO_FOLDER / weights).stat().st_size - kept < whole
    assert hub.asked == [(weights, kept)]
    fetched = Path(after.split()[0]) / weights
    assert fetched.read_bytes() == (NANO_FOLDER / weights).read_bytes()
    assert not [*Path(home["HF_HOME"]).rglob("*.part")]


def test_a_person_is_asked_and_the_model_answers(hub: Hub, home: dict[str, str]) -> None:
    refused = at_terminal(home, "n", "-c", FETCH, "someone/parts")
    assert "parts is not on this machine yet: 21." in refused
    assert f"would be fetched from 127.0.0.1:{hub.server_address[1]} into" in refused
    assert "GB are free.\r\nFetch it now? [y/N]" in refused
    assert hub.asked == []

    agreed = at_terminal(home, "y", *GROUND, "--model", "someone/parts")
    session = json.loads(agreed[agreed.index("{\r\n") :])
    assert session["reasoner"]["name"] == "parts"
    assert session["regions"]
    assert "-00004-of-00004.safetensors: 100%" in agreed  # its progress bar


def test_without_a_terminal_nothing_is_fetched_and_the_way_is_said(
    hub: Hub, home: dict[str, str]
) -> None:
    said, _ = fetching(home, "someone/parts").communicate(timeout=60)
    assert "start with --yes or set REGIONREASONER_FETCH=1" in said
    assert hub.asked == []


def at_terminal(home: dict[str, str], answer: str, *command: str) -> str:
    """Runs Python at a terminal where a person types the answer; all that was shown."""
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, 120))
    with subprocess.Popen(
        [sys.executable, *command], cwd=ROOT, env=home, stdin=theirs, stdout=theirs, stderr=theirs
    ):
        os.close(theirs)
        os.write(ours, f"{answer}\n".encode())
        shown = b""
        while piece := _read(ours):
            shown += piece
    os.close(ours)
    return shown.decode()


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:  # how a terminal says that its last program has ended
        return b""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[Hub], None]:
    """Makes this process ask a hub on loopback, and keep what it fetches in an empty folder."""

    def turn_to(hub: Hub) -> None:
        ask_only(hub, tmp_path / "cache", monkeypatch)

    return turn_to


AWQ = {
    "model_type": "qwen2_5_vl",
    "quantization_config": {"quant_method": "awq", "bits": 4, "version": "gemm"},
}


@pytest.mark.parametrize(
    ("told", "files", "fetched"),
    [
        pytest.param(AWQ, {}, [], id="the hub says so"),
        pytest.param(None, {"config.json": AWQ}, ["config.json"], id="its configuration says so"),
        pytest.param(
            None, {"config.json": {"model_type": "llama"}}, ["config.json"], id="another kind"
        ),
        pytest.param(
            None, {"config.json": AWQ, "quant_config.json": {}}, [], id="a file beside it says so"
        ),
    ],
)
def test_what_cannot_be_loaded_is_refused_before_its_weights_are_fetched(
    tmp_path: Path,
    here: Callable[[Hub], None],
    told: dict[str, object] | None,
    files: dict[str, object],
    fetched: list[str],
) -> None:
    folder = tmp_path / "repository"
    shutil.copytree(NANO_FOLDER, folder)
    for name, settings in files.items():
        (folder / name).write_text(json.dumps(settings), encoding="utf-8")
    with hub_of({"someone/Qwen2.5-VL-7B-Instruct-AWQ": folder}) as hub:
        here(hub)
        hub.told = told
        with pytest.raises(CheckpointError, match=r"this demo (does not run|runs)"):
            ensure_fetched(find_model("someone/Qwen2.5-VL-7B-Instruct-AWQ"), agreed=True)
        assert [name for name, _ in hub.asked] == fetched


@pytest.mark.parametrize(
    ("names", "says"),
    [
        pytest.param(["Model-Q4_K_M.gguf"], "holds GGUF weights", id="GGUF"),
        pytest.param(["config.json", "pytorch_model.bin"], "as pickle files", id="pickle files"),
        pytest.param(["adapter_config.json", "adapter_model.safetensors"], "an adapter", id="LoRA"),
        pytest.param(
            ["config.json", "final/model.safetensors"],
            "in a subfolder",
            id="a folder inside",
        ),
    ],
)
def test_a_repository_without_weights_for_this_demo_is_refused_by_its_files(
    tmp_path: Path, here: Callable[[Hub], None], names: list[str], says: str
) -> None:
    for name in names:
        (tmp_path / "made" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "made" / name).touch()
    with hub_of({"someone/made": tmp_path / "made"}) as hub:
        here(hub)
        with pytest.raises(CheckpointError, match=f"someone/made .*{says}"):
            download_of(find_model("someone/made"), ask_hub=True)
        assert hub.asked == []


def test_weights_are_fetched_once_and_templates_with_them(
    tmp_path: Path, here: Callable[[Hub], None]
) -> None:
    folder = tmp_path / "twice"
    shutil.copytree(NANO_FOLDER, folder)
    (folder / "model.safetensors.index.json").write_text('{"weight_map": {}}')
    (folder / "chat_template.json").write_text("{}")
    for name in ("model-00001-of-00001.safetensors", "consolidated.safetensors"):
        shutil.copy(NANO_FOLDER / "world.safetensors", folder / name)
    (folder / "original").mkdir()
    (folder / "original" / "consolidated.00.pth").touch()
    with hub_of({"someone/twice": folder}) as hub:
        here(hub)
        entry = find_model("someone/twice")
        ensure_fetched(entry, agreed=True)
        place = folder_of(entry)
        assert place is not None
        assert {file.name for file in place.iterdir()} >= {
            "chat_template.jinja", "chat_template.json", "config.json", "tokenizer_config.json",
        }  # fmt: skip
        assert [n for n, _ in hub.asked if n.endswith("safetensors")] == ["model.safetensors"]
        assert hub.asked[0][0] == "config.json"


@pytest.fixture
def order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Download:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
    return Download("Model-7B", "some/Model-7B", 16_600_000_000, True, tmp_path, 16_700_000_000)


def test_a_disk_too_small_is_refused_with_numbers(order: Download) -> None:
    with pytest.raises(CheckpointError, match=r"take 16\.6 GB, and only 16\.7 GB are free in"):
        order.check()
    replace(order, free=18_000_000_000).check()
    replace(order, size=None).check()


def test_a_machine_told_to_stay_offline_is_refused(
    order: Download, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(CheckpointError, match="HF_HUB_OFFLINE forbids fetching"):
        replace(order, free=10**12).check()


def test_the_size_of_a_named_model_is_known_without_asking_anybody() -> None:
    order = download_of(find_model("regionreasoner-7b"), ask_hub=False)
    assert str(order).startswith("about 16.6 GB would be fetched from")


def test_a_folder_is_where_it_is() -> None:
    assert folder_of(find_model("nano")) == NANO_FOLDER
    assert folder_of(find_model("nobody/nothing")) is None
