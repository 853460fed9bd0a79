"""Which commit of a repository is used: pinned when it is first fetched, and until another is named."""

from __future__ import annotations

import ast
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from demo.checkpoints import revisions
from demo.checkpoints.catalogue import CATALOGUE, NANO_FOLDER, find_model
from demo.checkpoints.fetch import ensure_fetched, folder_of
from demo.checkpoints.revisions import KNOWN, commit_here, is_commit, note, revision_to_fetch
from demo.errors import CheckpointError, OptionError
from demo.segmenters.names import SIZES, hub_id
from tests import ROOT
from tests.support.hub import Hub, ask_only, hub_of

OLD, NEW, TAGGED = "a" * 40, "b" * 40, "c" * 40
ID = "someone/parts"


@pytest.fixture
def states(tmp_path: Path) -> dict[str, Path]:
    """The same checkpoint at three commits, each with a file that tells which."""
    made = {}
    for commit in (OLD, NEW, TAGGED):
        made[commit] = tmp_path / commit
        shutil.copytree(NANO_FOLDER, made[commit])
        (made[commit] / "which.json").write_text(f'"{commit}"')
    return made


@pytest.fixture
def hub(states: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    with hub_of({ID: states[OLD]}) as hub:
        hub.elsewhere = {(ID, commit): (commit, folder) for commit, folder in states.items()}
        hub.elsewhere[ID, "main"] = OLD, states[OLD]
        hub.elsewhere[ID, "v1"] = TAGGED, states[TAGGED]
        ask_only(hub, tmp_path / "cache", monkeypatch)
        yield hub


def used(name: str = ID) -> str:
    """The commit whose files an entry is loaded from, once it has been fetched if need be."""
    entry = find_model(name)
    ensure_fetched(entry, agreed=True)
    folder = folder_of(entry)
    assert folder is not None
    assert (folder / "which.json").read_text() == f'"{folder.name}"'
    return folder.name


def test_what_was_fetched_first_stays_when_the_repository_moves(
    hub: Hub, states: dict[str, Path], tmp_path: Path
) -> None:
    assert used() == OLD
    hub.elsewhere[ID, "main"] = NEW, states[NEW]
    count = len(hub.asked)
    assert used() == OLD
    assert len(hub.asked) == count
    shutil.rmtree(tmp_path / "cache" / "models--someone--parts" / "snapshots")
    assert used() == OLD  # also when it must be fetched again


def test_another_program_that_fetched_the_newest_moves_nothing(
    hub: Hub, states: dict[str, Path], tmp_path: Path
) -> None:
    assert used() == OLD
    (tmp_path / "cache" / "models--someone--parts" / "refs" / "main").write_text(NEW)
    assert used() == OLD


def test_a_branch_that_is_named_is_looked_up_and_stays_from_then_on(
    hub: Hub, states: dict[str, Path]
) -> None:
    assert used() == OLD
    hub.elsewhere[ID, "main"] = NEW, states[NEW]
    assert used(f"{ID}@main") == NEW
    assert used() == NEW


@pytest.mark.parametrize(
    ("revision", "commit"),
    [
        pytest.param(NEW, NEW, id="a commit"),
        pytest.param("v1", TAGGED, id="a tag"),
    ],
)
def test_a_revision_that_is_named_is_used_and_stays(revision: str, commit: str, hub: Hub) -> None:
    assert used(f"{ID}@{revision}") == commit
    assert used() == commit
    assert used(f"{ID}@{OLD}") == OLD
    assert used() == OLD  # it is here already, and named last


def test_without_the_hub_what_is_here_is_used(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    assert used(f"{ID}@v1") == TAGGED
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    assert used(f"{ID}@v1") == TAGGED
    assert used() == TAGGED
    with pytest.raises(CheckpointError, match="not on this machine"):
        used(f"{ID}@{NEW}")


def test_what_was_in_the_cache_before_is_used_and_not_fetched_anew(
    hub: Hub, states: dict[str, Path], tmp_path: Path
) -> None:
    place = tmp_path / "cache" / "models--someone--parts"
    shutil.copytree(states[NEW], place / "snapshots" / NEW)
    (place / "refs").mkdir()
    (place / "refs" / "main").write_text(NEW)
    assert used() == NEW
    assert hub.asked == []


@pytest.mark.parametrize("noted", ["", "main", "../../x", "a" * 39, "ä" * 40, "A" * 40])
def test_a_note_that_is_none_is_not_followed(noted: str, hub: Hub, tmp_path: Path) -> None:
    place = tmp_path / "cache" / "models--someone--parts" / "refs" / "regionreasoner"
    place.parent.mkdir(parents=True)
    place.write_text(noted, encoding="utf-8")
    assert commit_here(ID) is None
    assert used() == OLD


def test_a_repository_whose_commit_is_known_is_asked_for_that(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr(revisions, "KNOWN", {ID: TAGGED})
    assert revision_to_fetch(ID) == TAGGED
    assert revision_to_fetch(ID, "main") == "main"
    note(ID, NEW, "main")
    assert revision_to_fetch(ID) == NEW
    assert revision_to_fetch("someone/else") == "main"


def test_known_commits_are_of_repositories_that_are_offered() -> None:
    offered = {entry.repository for entry in CATALOGUE.values()} | set(map(hub_id, SIZES))
    assert KNOWN.keys() <= offered
    assert all(map(is_commit, KNOWN.values()))
    assert len(set(KNOWN.values())) == len(KNOWN)


@pytest.mark.parametrize(
    ("name", "source", "catalogued"),
    [
        pytest.param("a/b@main", "a/b@main", False, id="a hub id"),
        pytest.param("a/b@refs/pr/1", "a/b@refs/pr/1", False, id="a request"),
        pytest.param("a/b-GGUF:Q4_K_M@v1", "a/b-GGUF@v1:Q4_K_M", False, id="behind a precision"),
        pytest.param("a/b-GGUF@v1:Q4_K_M", "a/b-GGUF@v1:Q4_K_M", False, id="before a precision"),
        pytest.param("qwen3-vl-2b@v1", "Qwen/Qwen3-VL-2B-Instruct@v1", True, id="a name"),
        pytest.param(
            "Qwen/Qwen3-VL-2B-Instruct@v1", "Qwen/Qwen3-VL-2B-Instruct@v1", True, id="its id"
        ),
        pytest.param(
            "qwen3-vl-2b-gguf@v1", "Qwen/Qwen3-VL-2B-Instruct-GGUF@v1:Q4_K_M", True, id="packed"
        ),
    ],
)
def test_a_name_with_a_revision(name: str, source: str, catalogued: bool) -> None:
    entry = find_model(name)
    assert entry.source == source
    assert "@" not in entry.repository
    assert "@" not in entry.title
    assert (entry.shape is not None) == catalogued


@pytest.mark.parametrize("name", ["nano@main", "a/b@", "a/b@../x", "a/b@x y", "a/b@-x", "a@b/c"])
def test_what_names_no_revision_is_refused(name: str) -> None:
    with pytest.raises(OptionError, match="There is no model called"):
        find_model(name)


def test_a_folder_may_have_such_a_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(NANO_FOLDER, tmp_path / "a" / "b@main")
    monkeypatch.chdir(tmp_path)
    entry = find_model("a/b@main")
    assert (entry.is_hub_id, entry.revision) == (False, "")


# No code of others, and no pickles


def calls(name: str) -> Iterator[tuple[str, ast.Call]]:
    """Where a method of that name is called in the app, and how."""
    for path in (ROOT / "demo").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func).endswith(f".{name}"):
                yield f"{path.name}: {ast.unparse(node.func)}", node


def said(call: ast.Call) -> dict[str | None, str]:
    return {keyword.arg: ast.unparse(keyword.value) for keyword in call.keywords}


def test_no_checkpoint_brings_code_and_weights_are_safetensors() -> None:
    found = list(calls("from_pretrained"))
    assert len(found) >= 10
    for where, call in found:
        if "GenerationConfig" in where:  # reads one JSON file, and takes no such argument
            continue
        assert said(call).get("trust_remote_code") == "False", where
        is_model = not any(word in where for word in ("Config", "Processor", "Tokenizer"))
        assert not is_model or said(call).get("use_safetensors") == "True", where
    for where, call in calls("load"):
        if where.endswith("torch.load"):
            assert said(call).get("weights_only") == "True", where


def test_whatever_is_fetched_names_its_revision() -> None:
    names = ("hf_hub_download", "hf_hub_url", "cached_file", "model_info", "try_to_load_from_cache")
    found = []
    for path in (ROOT / "demo").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] in names:
                found.append(ast.unparse(node.func).split(".")[-1])
                assert "revision" in said(node), f"{path}: {ast.unparse(node)}"
    assert set(found) == set(names)
