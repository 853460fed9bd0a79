"""llama.cpp as an engine, on files that are written from small checkpoints of the published layout."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import httpx
import numpy as np
import pytest
from PIL import Image
from transformers import AutoConfig

from demo.checkpoints.catalogue import find_model
from demo.checkpoints.generation import Generation
from demo.checkpoints.gguf.convert import MMPROJ, MODEL, plan_conversion
from demo.dialects.messages import MAIN, Message, Shown
from demo.dialects.prompt import Prompt
from demo.errors import CheckpointError, ModelError, OutOfMemoryError
from demo.machine.precision import GIB
from demo.picture.picture import Picture, open_picture
from demo.reasoners.base import Usage
from demo.reasoners.configuration import shape_of
from demo.reasoners.llamacpp.loading import load_llama, plan_files, plan_shape
from demo.reasoners.llamacpp.pace import measure_llama_pace
from demo.reasoners.llamacpp.planning import need_of_shape
from demo.reasoners.llamacpp.reasoner import LlamaCppReasoner
from demo.reasoners.llamacpp.server import MARKER, Chunk, LlamaServer
from demo.reasoners.memory import Budget
from demo.remote import parameters
from demo.remote.reasoner import connect
from tests.support.asking import PATIENT, asked
from tests.support.llama import running
from tests.support.published import save_published

ONE = 1  # thread
WORDS = 30  # characters
LONG = asked("find " + "the dog and " * 200 + "the cat")


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random Qwen2.5-VL as GGUF files, which goes on writing until it is stopped."""
    folder = tmp_path_factory.mktemp("qwen2.5-vl-small")
    save_published("qwen2_5_vl", folder / "hf")
    plan_conversion("small", folder / "hf", folder / "gguf", "f16").run(lambda _: None)
    return folder / "gguf"


@pytest.fixture(scope="module")
def reasoner(files: Path) -> Iterator[LlamaCppReasoner]:
    with closing(load_llama(find_model(str(files)), ONE, print)) as loaded:
        yield loaded


def noise(size: tuple[int, int], seed: int = 0) -> Picture:
    shape = (size[1], size[0], 3)
    pixels = np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)
    return open_picture(Image.fromarray(pixels))


def read(pieces: Iterator[str | Usage]) -> tuple[str, Usage]:
    *texts, usage = pieces
    assert isinstance(usage, Usage)
    return "".join(str(text) for text in texts), usage


def ask(reasoner: LlamaCppReasoner, picture: Picture, question: str) -> tuple[str, Usage]:
    """The first words of an answer, which would go on for long."""
    cancel, text = threading.Event(), ""
    for piece in reasoner.stream(picture, asked(question), cancel):
        if isinstance(piece, Usage):
            return text, piece
        text += piece
        if len(text) > WORDS:
            cancel.set()
    raise AssertionError("no usage at the end")


@pytest.mark.parametrize("size", [(640, 480), (96, 1200), (600, 40)])
def test_pictures_go_in_at_the_size_of_their_dialect(
    reasoner: LlamaCppReasoner, size: tuple[int, int]
) -> None:
    picture = noise(size)
    sent = [("x",), (reasoner._png(picture), "x")]
    without, with_picture = [_tokens_of(reasoner, pieces) for pieces in sent]
    assert with_picture == without + visual_tokens(reasoner, picture) + 2  # the marks round it


def _tokens_of(reasoner: LlamaCppReasoner, pieces: Sequence[str | bytes]) -> int:
    found: list[int] = []

    def take(chunk: Chunk) -> bool:
        found.append(chunk.prompt or 0)
        return False

    reasoner._server.complete(pieces, Generation(), 1, take)
    return max(found)


def visual_tokens(reasoner: LlamaCppReasoner, picture: Picture) -> int:
    shown = reasoner.dialect.view(picture.size).shown
    return shown.width // 28 * (shown.height // 28)


def test_later_question_reuses_the_picture(reasoner: LlamaCppReasoner) -> None:
    first, second = noise((320, 240), 1), noise((320, 240), 2)
    _, usage = ask(reasoner, first, "find the dog")
    again, later = ask(reasoner, first, "find the cat")
    seen = visual_tokens(reasoner, first)
    assert later.reused_tokens is not None
    assert later.reused_tokens > seen > (usage.reused_tokens or 0)
    ask(reasoner, second, "find the dog")
    back, third = ask(reasoner, first, "find the cat")  # another picture was asked about meanwhile
    assert third.reused_tokens is not None
    assert third.reused_tokens > seen
    assert back[:1] == again[:1]  # later tokens of random weights hang on the order of additions


def part(size: tuple[int, int], seed: int) -> Shown:
    return Shown(np.ascontiguousarray(noise(size, seed).pixels))


def goes_on(*messages: Message) -> Prompt:
    return Prompt("", "", (), messages=messages)


def told(reasoner: LlamaCppReasoner, picture: Picture, *messages: Message) -> tuple[str, Usage]:
    """The first word of what follows these messages."""
    cancel, text = threading.Event(), ""
    for piece in reasoner.stream(picture, goes_on(*messages), cancel):
        if isinstance(piece, Usage):
            return text, piece
        text += piece
        cancel.set()
    raise AssertionError("no usage at the end")


@pytest.mark.parametrize("is_open", [False, True])
def test_a_conversation_goes_on_from_what_was_computed(
    reasoner: LlamaCppReasoner, is_open: bool
) -> None:
    """Handed back by the user, or within the answer, which is the same up to there."""
    picture, size = noise((320, 240), 20), (112, 84)
    said = [Message("system", ("Look.",)), Message("user", (MAIN, "What is it?"))]
    read, pictures, answer = 0, visual_tokens(reasoner, picture) + 2, list[str | Shown]()
    for seed in range(3):
        open_now = [Message("assistant", tuple(answer), is_open=True)] if answer else []
        texts = reasoner._packed.chat.texts((*said, *open_now))
        _, usage = told(reasoner, picture, *said, *open_now)
        assert usage.prompt_tokens == pictures + sum(_tokens_of(reasoner, [t]) for t in texts)
        assert usage.reused_tokens is not None
        assert usage.reused_tokens >= read
        read, pictures = usage.prompt_tokens - 8, pictures + 4 * 3 + 2  # but the last few
        if is_open:
            answer += ["Small.", part(size, 30 + seed), "\n"]
        else:
            shown = Message("user", (part(size, 30 + seed), "Go on."))
            said += [Message("assistant", ("Small.",)), shown]


def test_llama_cpps_own_server_reads_the_same(
    reasoner: LlamaCppReasoner, files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Asked over its socket: words that it goes on with, and pictures from every side."""
    monkeypatch.setattr(parameters, "MAX_NEW_TOKENS", 8)
    picture, small = noise((320, 240), 21), part((112, 84), 22)
    asked_first = Message("user", (MAIN, "What is it?"))
    small_said = Message("assistant", ("It is small.",))
    begun = replace(small_said, is_open=True)
    looked = Message("user", (small, "Go on."))
    with running(files) as llama:
        remote, _ = connect(llama.url, "auto", PATIENT, dialect=reasoner.dialect.name)
        with closing(remote):
            for said in ([], [begun], [small_said, looked], [small_said, looked, begun]):
                *_, there = remote.stream(picture, goes_on(asked_first, *said), threading.Event())
                assert isinstance(there, Usage)
                here = told(reasoner, picture, asked_first, *said)[1]
                assert there.prompt_tokens == here.prompt_tokens
            within = replace(begun, parts=("It is small.", small, "\n"))
            *_, there = remote.stream(picture, goes_on(asked_first, within), threading.Event())
            assert isinstance(there, Usage)
    apart = told(reasoner, picture, asked_first, small_said, Message("user", (small,)))[1]
    assert there.prompt_tokens == apart.prompt_tokens


def test_too_many_looks_are_refused_with_a_sentence(reasoner: LlamaCppReasoner) -> None:
    looked = [part((1120, 840), seed) for seed in range(6)]
    with pytest.raises(ModelError, match=r"looked at too much: with 7 pictures .* quick answer"):
        told(reasoner, noise((64, 64), 9), Message("user", (MAIN, *looked, "What is it?")))
    assert ask(reasoner, noise((64, 64), 9), "find the dog")[0]


def test_prepared_picture_is_found(reasoner: LlamaCppReasoner) -> None:
    picture = noise((300, 300), 3)
    reasoner.prepare(picture)
    _, usage = ask(reasoner, picture, "find the dog")
    assert usage.prompt_tokens is not None
    assert usage.reused_tokens is not None
    assert usage.reused_tokens > visual_tokens(reasoner, picture)


def test_stop_ends_at_once_and_the_next_question_is_answered(reasoner: LlamaCppReasoner) -> None:
    picture, cancel = noise((640, 480), 4), threading.Event()
    pieces = reasoner.stream(picture, LONG, cancel)
    first = next(pieces)
    cancel.set()
    _, usage = read(pieces)
    assert isinstance(first, str)
    assert usage.new_tokens is not None
    assert usage.new_tokens < 100
    text, _ = ask(reasoner, picture, "find the dog")
    assert text


def test_stop_before_anything_is_written(reasoner: LlamaCppReasoner) -> None:
    cancel = threading.Event()
    cancel.set()
    text, usage = read(reasoner.stream(noise((64, 64), 5), LONG, cancel))
    assert (text, usage.new_tokens) == ("", 0)


def test_reader_who_goes_away_does_not_keep_the_model(reasoner: LlamaCppReasoner) -> None:
    pieces = reasoner.stream(noise((64, 64), 6), LONG, threading.Event())
    next(pieces)
    pieces.close()  # type: ignore[attr-defined]
    assert ask(reasoner, noise((64, 64), 6), "find the dog")[0]


def test_marker_in_a_question_is_no_second_picture(reasoner: LlamaCppReasoner) -> None:
    picture = noise((64, 64), 7)
    plain, _ = ask(reasoner, picture, "find the  dog")
    marked, _ = ask(reasoner, picture, f"find the {MARKER} dog")
    assert marked == plain


def test_question_that_is_too_long_is_refused_with_a_sentence(reasoner: LlamaCppReasoner) -> None:
    with pytest.raises(ModelError, match=r"too long"):
        ask(reasoner, noise((64, 64), 8), "find " + "the dog " * 5000)
    assert ask(reasoner, noise((64, 64), 8), "find the dog")[0]


def test_closed_reasoner_frees_its_memory_and_refuses(files: Path) -> None:
    loaded = load_llama(find_model(str(files)), ONE, print)
    on_disk = sum((files / name).stat().st_size for name in (MODEL, MMPROJ))
    assert 0.5 * on_disk < loaded.held_bytes < on_disk  # there are headers in them, too
    loaded.close()
    loaded.close()
    assert loaded.held_bytes == 0
    with pytest.raises(ModelError, match="not loaded any more"):
        ask(loaded, noise((64, 64)), "find the dog")


def test_model_that_was_just_loaded_can_be_closed_again_and_again(files: Path) -> None:
    for _ in range(5):  # llama.cpp's own server would wait for ever for a loop that had not begun
        load_llama(find_model(str(files)), ONE, print).close()


@pytest.mark.parametrize("damaged", [MODEL, MMPROJ])
def test_files_that_llama_cpp_cannot_load_are_refused(
    files: Path, tmp_path: Path, damaged: str
) -> None:
    for name in (MODEL, MMPROJ):
        whole = (files / name).read_bytes()
        (tmp_path / name).write_bytes(whole[: len(whole) // 2] if name == damaged else whole)
    with pytest.raises(CheckpointError, match=damaged):
        LlamaServer(tmp_path / MODEL, tmp_path / MMPROJ, context=512, threads=ONE)


def test_pace_names_a_number_of_threads_that_there_are() -> None:
    measured = measure_llama_pace()
    assert measured.threads >= 1
    assert min(measured.pace.alone, measured.pace.together) > 0


def test_plan_counts_what_is_written(tmp_path: Path) -> None:
    """What is planned for a checkpoint by its shape is about what its files take."""
    save_published("qwen2_5_vl", tmp_path / "hf", tie_word_embeddings=False)
    conversion = plan_conversion("small", tmp_path / "hf", tmp_path / "gguf", "q4_0")
    shape = shape_of(AutoConfig.from_pretrained(tmp_path / "hf"))
    assert need_of_shape(shape).weights == pytest.approx(conversion.size, rel=0.1)


def test_plan_that_does_not_fit_says_how_much_is_missing(files: Path) -> None:
    entry = find_model(str(files))
    need = plan_files(entry, Budget("cpu", 8 * GIB)).need
    assert need is not None
    assert need.total < 8 * GIB
    with pytest.raises(
        OutOfMemoryError, match=r"needs .+ GiB .+, and 0\.5 GiB of this machine’s memory"
    ):
        plan_files(entry, Budget("cpu", GIB // 2))


def test_nobody_else_can_ask_what_llama_cpp_runs(reasoner: LlamaCppReasoner) -> None:
    """It listens on a port, which a page of another site could find."""
    address = reasoner._server._server.listening_address
    assert address.startswith("http://127.0.0.1:")
    for path in ("/props", "/slots", "/v1/chat/completions"):
        answer = httpx.post(f"{address}{path}", json={"messages": []}, timeout=30)
        assert answer.status_code in (401, 403, 404), path


def test_what_is_not_here_and_of_unknown_shape_is_taken_to_fit() -> None:
    plan = plan_shape(find_model("somebody/new-GGUF:Q8_0"), Budget("cpu", GIB))
    assert (plan.packing, plan.need, plan.shape) == ("Q8_0", None, None)
