"""Headers of GGUF files: what is read of them, and what is said of files that are none."""

from __future__ import annotations

import struct
import tracemalloc
from pathlib import Path

import gguf
import numpy as np
import pytest

from demo.checkpoints.gguf.header import parts_of, read_header
from demo.errors import CheckpointError
from tests.support.gguf_files import write_gguf, write_model


def test_values_and_tensors_are_read_and_large_arrays_are_passed_over(tmp_path: Path) -> None:
    words = [f"word{n}" for n in range(70_000)]  # more than is read at once
    file = write_gguf(
        tmp_path / "a.gguf", "qwen2vl", {"a.weight": (6, 4), "b.bias": (5,)},
        general_name="A model", qwen2vl_block__count=28, tokenizer_ggml_tokens=words,
        tokenizer_ggml_scores=[0.5] * 300, qwen2vl_rope_dimension__sections=[16, 24, 24, 0],
        general_last=7,
    )  # fmt: skip
    header = read_header(file)
    assert (header.architecture, header.text("general.name")) == ("qwen2vl", "A model")
    assert (header.number("qwen2vl.block_count"), header.number("general.last")) == (28, 7)
    assert header.values["qwen2vl.rope.dimension_sections"] == (16, 24, 24, 0)
    assert not {"tokenizer.ggml.tokens", "tokenizer.ggml.scores"} & header.values.keys()
    assert header.tensors["a.weight"].shape == (4, 6)
    assert header.weights == 4 * (24 + 5)
    assert header.number("general.name", 3) == 3
    assert header.text("general.last") == ""


def test_the_library_reads_the_same(tmp_path: Path) -> None:
    file = write_model(tmp_path / "a.gguf", general_name="Ä model")
    theirs, mine = gguf.GGUFReader(file), read_header(file)
    assert {t.name: tuple(t.shape) for t in theirs.tensors} == {
        name: tensor.shape for name, tensor in mine.tensors.items()
    }
    keys = [key for key in theirs.fields if not key.startswith("GGUF.")]
    assert sorted(keys) == sorted(mine.values)
    assert all(theirs.fields[key].contents() == mine.values[key] for key in keys)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        pytest.param(b"", "is not a GGUF file", id="empty"),
        pytest.param(b"PK\3\4 and so on", "is not a GGUF file", id="another format"),
        pytest.param(
            b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 16581\n",
            "is only a pointer to the real file, which git lfs pull",
            id="pointer",
        ),
        pytest.param(b"\n<!DOCTYPE html><html>", "is a web page, not a model", id="web page"),
        pytest.param(
            b"GGUF" + struct.pack("<IQQ", 9, 0, 0), "of version 9 of the GGUF", id="newer"
        ),
        pytest.param(
            b"GGUF" + struct.pack(">IQQ", 3, 0, 0), "big-endian machines", id="big endian"
        ),
        pytest.param(b"GGUF" + struct.pack("<I", 3), "cut off at its beginning", id="short"),
    ],
)
def test_another_file_in_its_place_is_named(tmp_path: Path, content: bytes, says: str) -> None:
    assert says in refused(tmp_path, content)


def refused(folder: Path, content: bytes) -> str:
    file = folder / "x.gguf"
    file.write_bytes(content)
    with pytest.raises(CheckpointError) as caught:
        read_header(file)
    said = str(caught.value)
    assert str(file) in said
    assert said.endswith(".")
    return said


def test_a_file_that_is_cut_off_says_how_much_is_missing(tmp_path: Path) -> None:
    whole = write_model(tmp_path / "whole.gguf").read_bytes()
    assert "1,234 bytes of it are missing" in refused(tmp_path, whole[:-1234])


def test_a_header_that_is_cut_off_anywhere_is_refused(tmp_path: Path) -> None:
    file = write_gguf(tmp_path / "a.gguf", "qwen2vl", {"a.weight": (4, 4)}, general_name="x" * 40)
    head = file.read_bytes()[: -4 * 16]
    for length in range(4, len(head.rstrip(b"\0")), 7):
        refused(tmp_path, head[:length])


def test_a_missing_file_is_said_to_be_missing(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="cannot be read: no such file"):
        read_header(tmp_path / "away.gguf")


def text(value: str) -> bytes:
    return struct.pack("<Q", len(value)) + value.encode()


HOSTILE = {
    "tensors": struct.pack("<QQ", 1 << 60, 0),
    "entries": struct.pack("<QQ", 0, 1 << 60),
    "a long key": struct.pack("<QQ", 0, 1) + struct.pack("<Q", 1 << 62),
    "a long text": struct.pack("<QQ", 0, 1) + text("a") + struct.pack("<IQ", 8, 1 << 62),
    "many numbers": struct.pack("<QQ", 0, 1) + text("a") + struct.pack("<IIQ", 9, 4, 1 << 62),
    "many texts": struct.pack("<QQ", 0, 1) + text("a") + struct.pack("<IIQ", 9, 8, 1 << 62),
    "arrays of arrays": struct.pack("<QQ", 0, 1) + text("a") + struct.pack("<IIQ", 9, 9, 1 << 20),
    "an unknown type": struct.pack("<QQ", 0, 1) + text("a") + struct.pack("<I", 77),
    "dimensions": struct.pack("<QQ", 1, 0) + text("a") + struct.pack("<I", 1 << 30),
    "an alignment of 0": struct.pack("<QQ", 0, 1)
    + text("general.alignment")
    + struct.pack("<II", 4, 0),
}


@pytest.mark.parametrize("end", HOSTILE.values(), ids=HOSTILE)
def test_hostile_headers_cost_nothing(tmp_path: Path, end: bytes) -> None:
    content = b"GGUF" + struct.pack("<I", 3) + end + bytes(4096)
    tracemalloc.start()
    said = refused(tmp_path, content)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert "damaged or cut off at its beginning" in said
    assert peak < 20_000_000


@pytest.mark.parametrize(
    "end",
    [
        struct.pack("<QQ", 0, 1) + text("a") + struct.pack("<IIQ", 9, 8, 10**8),
        struct.pack("<QQ", 0, 1) + text("a") + struct.pack("<IQ", 8, 10**8),
        struct.pack("<QQ", 0, 200_000),
        struct.pack("<QQ", 200_000, 0),
    ],
    ids=["empty texts", "a text", "entries", "tensors"],
)
def test_what_a_file_could_hold_is_refused_where_no_model_has_it(
    tmp_path: Path, end: bytes
) -> None:
    """Nothing but the limits ends these: zeros follow, and they can be read."""
    file = tmp_path / "x.gguf"
    with file.open("wb") as opened:
        opened.write(b"GGUF" + struct.pack("<I", 3) + end)
        opened.truncate(10**9)  # takes no room on the disk
    with pytest.raises(CheckpointError, match="damaged"):
        read_header(file)


def test_a_tensor_of_an_unknown_type_is_passed_over(tmp_path: Path) -> None:
    tensor = text("a") + struct.pack("<IQIQ", 1, 1 << 40, 9999, 0)
    file = tmp_path / "x.gguf"
    file.write_bytes(b"GGUF" + struct.pack("<IQQ", 3, 1, 0) + tensor + bytes(64))
    assert read_header(file).weights == 0


def test_all_parts_of_a_split_model_are_named(tmp_path: Path) -> None:
    names = [f"m-Q4_K_M-{part:05}-of-00003.gguf" for part in (1, 2, 3)]
    for name in names:
        (tmp_path / name).touch()
    for name in names:
        assert [part.name for part in parts_of(tmp_path / name)] == names
    (tmp_path / names[1]).unlink()
    with pytest.raises(
        CheckpointError, match=f"split into 3 files, and {names[1]} of them is missing"
    ):
        parts_of(tmp_path / names[2])
    (tmp_path / names[0]).unlink()
    with pytest.raises(CheckpointError, match=f"{names[0]} and 1 more of them are missing"):
        parts_of(tmp_path / names[2])


def test_a_name_that_counts_wrongly_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="counts its parts wrongly"):
        parts_of(tmp_path / "m-00001-of-00000.gguf")
    assert parts_of(tmp_path / "m-1-of-3.gguf") == [tmp_path / "m-1-of-3.gguf"]


def test_quantized_tensors_have_the_size_of_their_blocks(tmp_path: Path) -> None:
    writer = gguf.GGUFWriter(tmp_path / "q.gguf", "qwen2vl")
    kind = gguf.GGMLQuantizationType.Q4_0
    writer.add_tensor("a", gguf.quantize(np.ones((8, 64), np.float32), kind), raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    assert read_header(tmp_path / "q.gguf").weights == 8 * 64 // 32 * 18
