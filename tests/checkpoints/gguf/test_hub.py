"""GGUF files on a hub: which belong together, by their names, and fetching just those."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from demo.checkpoints.catalogue import CATALOGUE, LLAMA_CPP, TRANSFORMERS, find_model
from demo.checkpoints.fetch import download_of, ensure_fetched, folder_of
from demo.checkpoints.gguf.hub import choose_files, names_gguf, split_id
from demo.checkpoints.gguf.pair import find_pair
from demo.errors import CheckpointError
from tests.support.gguf_files import write_model, write_tower
from tests.support.hub import COMMIT, Hub, ask_only, hub_of

# As repositories have them: those of Qwen, of llama.cpp's makers, and of people who make many precisions.
QWEN = (
    "README.md", "Qwen3VL-2B-Instruct-F16.gguf", "Qwen3VL-2B-Instruct-Q4_K_M.gguf",
    "Qwen3VL-2B-Instruct-Q8_0.gguf", "mmproj-Qwen3VL-2B-Instruct-F16.gguf",
    "mmproj-Qwen3VL-2B-Instruct-Q8_0.gguf",
)  # fmt: skip
MANY = (
    "m.i1-Q4_0.gguf", "m.i1-IQ4_XS.gguf", "m.i1-Q6_K.gguf", "m.i1-Q4_K_S.gguf", "m.imatrix.gguf",
    "m.mmproj-Q8_0.gguf", "m.mmproj-bf16.gguf",
)  # fmt: skip
SPLIT = (
    "M-UD-Q4_K_XL.gguf", "M-BF16-00001-of-00002.gguf", "M-BF16-00002-of-00002.gguf", "mmproj-F32.gguf",
    "Q8_0/M-Q8_0-00001-of-00001.gguf", "MTP/mtp-M.gguf", "mmproj-BF16.gguf",
)  # fmt: skip


def chosen(source: str, *names: str) -> list[str]:
    sizes = {name: place for place, name in enumerate(names)}
    found = choose_files(source, sizes)
    assert all(sizes[name] == size for name, size in found.items())
    return list(found)


@pytest.mark.parametrize(
    ("source", "names", "files"),
    [
        ("o/n:Q4_K_M", QWEN, [QWEN[2], QWEN[4]]),
        ("o/n:q8_0", QWEN, [QWEN[3], QWEN[4]]),
        ("o/n:F16", QWEN, [QWEN[1], QWEN[4]]),
        ("o/n-GGUF", QWEN, [QWEN[2], QWEN[4]]),
        ("o/n-GGUF", MANY, [MANY[0], MANY[6]]),
        ("o/n:Q4_K_S", MANY, [MANY[3], MANY[6]]),
        ("o/n:IQ4_XS", MANY, [MANY[1], MANY[6]]),
        ("o/n:UD-Q4_K_XL", SPLIT, [SPLIT[0], SPLIT[6]]),
        ("o/n:BF16", SPLIT, [SPLIT[1], SPLIT[2], SPLIT[6]]),
        ("o/n:F16", ("m.gguf", "m-f16.gguf", "mmproj.gguf"), ["m-f16.gguf", "mmproj.gguf"]),
    ],
)
def test_the_files_of_a_precision_are_chosen(
    source: str, names: tuple[str, ...], files: list[str]
) -> None:
    assert chosen(source, *names) == files
    assert chosen(source, *reversed(names)) == files


@pytest.mark.parametrize(
    ("source", "names", "says"),
    [
        ("o/n:Q5_K_M", QWEN, "o/n on the hub has no Q5_K_M. It has F16, Q4_K_M and Q8_0."),
        ("o/n:Q4_K", QWEN, "o/n on the hub has no Q4_K."),
        ("o/n:Q5_K_M", MANY, "no Q5_K_M. It has IQ4_XS, Q4_0, Q4_K_S and Q6_K."),
        ("o/n:Q4_K_M", QWEN[:4], "o/n on the hub has no vision tower (mmproj)"),
        ("o/n-GGUF", ("README.md", "mmproj.gguf"), "holds no GGUF files of a model"),
        ("o/n:BF16", (SPLIT[0], SPLIT[2], SPLIT[6]), "lacks a part of M-BF16"),
    ],
)
def test_what_is_not_there_is_said(source: str, names: tuple[str, ...], says: str) -> None:
    with pytest.raises(CheckpointError) as caught:
        chosen(source, *names)
    assert says in str(caught.value)


def test_ids_are_taken_apart() -> None:
    assert split_id("o/n-GGUF:Q4_K_M") == ("o/n-GGUF", "Q4_K_M")
    assert split_id("o/n") == ("o/n", "")
    assert split_id(r"C:\models\n") == (r"C:\models\n", "")
    assert [names_gguf(s) for s in ("o/n-GGUF", "o/n-gguf", "o/n:Q4_0", "o/n")] == [True] * 3 + [
        False
    ]


@pytest.mark.parametrize(
    ("name", "source", "title", "dialect"),
    [
        ("hf.co/a/Seg-Zero-7B-GGUF:Q4_0", "a/Seg-Zero-7B-GGUF:Q4_0", "Seg-Zero-7B (Q4_0)", "seg-zero"),
        ("a/RegionReasoner-7B-i1-GGUF", "a/RegionReasoner-7B-i1-GGUF", "RegionReasoner-7B-i1-GGUF",
         "region-reasoner"),
    ],
)  # fmt: skip
def test_hub_ids_of_gguf_files_are_models(name: str, source: str, title: str, dialect: str) -> None:
    entry = find_model(name)
    assert (entry.source, entry.title, entry.dialect) == (source, title, dialect)
    assert entry.engine == LLAMA_CPP
    assert find_model(entry.source) == entry


def test_the_catalogue_has_files_for_both_engines() -> None:
    engines = {entry.engine for entry in CATALOGUE.values()}
    assert engines == {TRANSFORMERS, LLAMA_CPP}
    for name, entry in CATALOGUE.items():
        assert (entry.engine == LLAMA_CPP) == name.endswith("-gguf") == ("GGUF:" in entry.source)
        assert find_model(entry.source) == entry
    whole = CATALOGUE["qwen2.5-vl-7b-gguf"]
    assert find_model("ggml-org/Qwen2.5-VL-7B-Instruct-GGUF") == whole
    assert find_model("ggml-org/Qwen2.5-VL-7B-Instruct-GGUF:Q8_0") != whole


def test_the_size_of_a_named_model_is_known_before_asking() -> None:
    size = download_of(CATALOGUE["qwen2.5-vl-7b-gguf"], ask_hub=False).size
    published = 4_683_072_032 + 1_354_163_040  # Q4_K_M, and the tower in 16 bits
    assert size is not None
    assert abs(size - published) < 0.05 * published


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with a model in two precisions and three files, and towers."""
    folder = tmp_path_factory.mktemp("hub") / "files"
    folder.mkdir()
    write_model(folder / "RegionReasoner-Q8_0.gguf", general_file__type=7)
    for part in (1, 2):
        name = f"RegionReasoner-Q4_K_M-{part:05}-of-00002.gguf"
        write_model(folder / name, general_file__type=15, split_no=part)
    write_tower(folder / "mmproj-F16.gguf")
    write_tower(folder / "mmproj-Q8_0.gguf")
    (folder / "README.md").write_text("A model.")
    return folder


@pytest.fixture
def hub(published: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    with hub_of({"someone/files-GGUF": published}) as hub:
        ask_only(hub, tmp_path / "cache", monkeypatch)
        yield hub


def test_just_the_files_of_one_precision_are_fetched(hub: Hub, published: Path) -> None:
    entry = find_model("someone/files-GGUF:Q4_K_M")
    assert folder_of(entry) is None
    names = ["mmproj-F16.gguf"]
    names += [f"RegionReasoner-Q4_K_M-{part:05}-of-00002.gguf" for part in (1, 2)]
    order = download_of(entry, ask_hub=True)
    assert (order.is_exact, order.title) == (True, "files (Q4_K_M)")
    assert order.size == sum((published / name).stat().st_size for name in names)
    ensure_fetched(entry, agreed=True)
    assert [name for name, _ in hub.asked] == names  # the small one first
    folder = folder_of(entry)
    assert folder is not None
    assert folder.name == COMMIT
    assert find_pair(folder, entry.quantization).model.name == names[1]
    assert download_of(entry, ask_hub=True).size == 0
    hub.asked.clear()
    ensure_fetched(entry, agreed=True)
    assert hub.asked == []


def test_another_precision_is_fetched_beside_it(hub: Hub) -> None:
    for tag in ("Q4_K_M", "Q8_0"):
        ensure_fetched(find_model(f"someone/files-GGUF:{tag}"), agreed=True)
    assert [name for name, _ in hub.asked].count("mmproj-F16.gguf") == 1
    entry = find_model("someone/files-GGUF:Q8_0")
    folder = folder_of(entry)
    assert folder is not None
    assert find_pair(folder, entry.quantization).model.name == "RegionReasoner-Q8_0.gguf"


def test_a_part_that_did_not_arrive_is_missed(hub: Hub) -> None:
    entry = find_model("someone/files-GGUF:Q4_K_M")
    ensure_fetched(entry, agreed=True)
    folder = folder_of(entry)
    assert folder is not None
    (folder / "RegionReasoner-Q4_K_M-00002-of-00002.gguf").unlink()
    assert folder_of(entry) is None
    ensure_fetched(entry, agreed=True)
    assert folder_of(entry) == folder


def test_a_precision_that_is_not_there_is_refused_before_anything_is_fetched(hub: Hub) -> None:
    with pytest.raises(CheckpointError, match=r"has no Q5_0\. It has Q4_K_M and Q8_0\."):
        ensure_fetched(find_model("someone/files-GGUF:Q5_0"), agreed=True)
    with pytest.raises(
        CheckpointError, match=r"The hub has no checkpoint called someone/other-GGUF\."
    ):
        ensure_fetched(find_model("someone/other-GGUF:Q4_0"), agreed=True)
    assert hub.asked == []
