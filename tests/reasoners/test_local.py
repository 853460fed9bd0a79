"""The local reasoner on a real checkpoint: the shipped one."""

from __future__ import annotations

import json
import logging
import shutil
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from demo.checkpoints.catalogue import NANO_FOLDER, find_model
from demo.dialects.prompt import region_reasoner_instruction
from demo.errors import OutOfMemoryError
from demo.picture.geometry import Size
from demo.picture.picture import Picture, open_picture
from demo.reasoners.base import Usage, picture_for
from demo.reasoners.loading import load_local
from demo.reasoners.local import LocalReasoner
from tests.support.asking import asked


def run(
    reasoner: LocalReasoner,
    picture: Picture,
    question: str,
    stop_after: int | None = None,
    likely: tuple[str, ...] = (),
) -> tuple[str, Usage]:
    cancel = threading.Event()
    text, usage, pieces = "", Usage(), 0
    for piece in reasoner.stream(picture, replace(asked(question), likely=likely), cancel):
        if isinstance(piece, Usage):
            usage = piece
            continue
        text, pieces = text + piece, pieces + 1
        if pieces == stop_after:
            cancel.set()
    return text, usage


def generated(reasoner: LocalReasoner, picture: Picture, question: str) -> tuple[str, int, int]:
    """What the library's own ``generate`` makes of the whole prompt: text, tokens of prompt and text."""
    content = [{"type": "image"}, {"type": "text", "text": region_reasoner_instruction(question)}]
    inputs = reasoner._processor.apply_chat_template(
        [{"role": "user", "content": content}], add_generation_prompt=True, tokenize=False
    )
    inputs = reasoner._processor(
        text=[inputs],
        images=[picture_for(picture, reasoner.dialect)],
        do_resize=False,
        return_tensors="pt",
    )
    with torch.inference_mode():
        ids = reasoner._model.generate(**inputs, max_new_tokens=512, do_sample=False)[0]
    length = inputs["input_ids"].shape[1]
    text = reasoner._processor.tokenizer.decode(ids[length:], skip_special_tokens=True)
    return text, length, len(ids) - length - 1


def test_the_library_has_nothing_to_complain_of(
    nano: LocalReasoner, picture: Picture, caplog: pytest.LogCaptureFixture
) -> None:
    library = logging.getLogger("transformers")
    library.addHandler(caplog.handler)  # it hands nothing on
    try:
        nano.prepare(picture)
        run(nano, picture, "find the red block", stop_after=1)
    finally:
        library.removeHandler(caplog.handler)
    assert caplog.messages == []


@pytest.mark.parametrize(
    "switch", ["", "{% if enable_thinking is false %}<think></think>{% endif %}"]
)
def test_a_template_with_a_switch_for_thinking_is_given_it(
    nano: LocalReasoner, monkeypatch: pytest.MonkeyPatch, switch: str
) -> None:
    template = nano._processor.chat_template
    monkeypatch.setattr(nano._processor, "chat_template", template + switch)
    assert nano._chat_text("find it").endswith("<think></think>") == bool(switch)


def test_the_text_is_what_the_library_generates(nano: LocalReasoner, picture: Picture) -> None:
    nano._prefixes.clear()
    question = "find the largest thing"
    expected, length, count = generated(nano, picture, question)
    assert run(nano, picture, question) == (expected, Usage(length, count, 0, nano.decoding))
    kept = nano._prefix(picture).length
    assert run(nano, picture, question) == (expected, Usage(length, count, kept, nano.decoding))
    assert run(nano, picture, question, likely=(expected,))[0] == expected


QUESTIONS = ("find the largest thing", "find all things")


@pytest.mark.parametrize(
    ("values", "words"),
    [
        pytest.param({"repetition_penalty": 1.05}, "repetition penalty 1.05", id="penalty"),
        pytest.param({"no_repeat_ngram_size": 3}, "no 3 tokens twice", id="no 3 tokens twice"),
        pytest.param({"eos_token_id": [0, 2, 77]}, "greedy, with look-ahead", id="several ends"),
        pytest.param({"num_beams": 1, "top_k": 1}, "greedy, with look-ahead", id="nothing"),
        pytest.param(
            {"exponential_decay_length_penalty": [20, 1.01]}, "token by token", id="no look-ahead"
        ),
    ],
)
def test_what_a_checkpoint_says_of_decoding_is_done_and_told(
    tmp_path: Path, picture: Picture, values: dict[str, object], words: str
) -> None:
    folder = with_settings(tmp_path / "checkpoint", values)
    reasoner = load_local(find_model(str(folder)))
    for question in QUESTIONS:
        expected, _, _ = generated(reasoner, picture, question)
        text, usage = run(reasoner, picture, question, likely=(expected,))
        assert text == expected
        assert words in usage.decoding


def test_a_penalty_changes_what_nano_says(
    tmp_path: Path, nano: LocalReasoner, picture: Picture
) -> None:
    folder = with_settings(tmp_path / "checkpoint", {"repetition_penalty": 1.05})
    reasoner = load_local(find_model(str(folder)))
    assert all(run(reasoner, picture, q)[0] != run(nano, picture, q)[0] for q in QUESTIONS)


@pytest.mark.parametrize(
    "values", [None, {"eos_token_id": None}], ids=["no file", "a file without an end"]
)
def test_a_checkpoint_that_names_no_end_still_ends(
    tmp_path: Path, nano: LocalReasoner, picture: Picture, values: dict[str, object] | None
) -> None:
    folder = with_settings(tmp_path / "checkpoint", values or {})
    if values is None:
        (folder / "generation_config.json").unlink()
    reasoner = load_local(find_model(str(folder)))
    assert run(reasoner, picture, QUESTIONS[0])[0] == run(nano, picture, QUESTIONS[0])[0]


def test_a_kept_copy_follows_the_file_as_it_is_now(
    tmp_path: Path, picture: Picture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file may be corrected after the copy in 4 bits was made; and one that the library would
    not save is no obstacle."""
    monkeypatch.setenv("REGIONREASONER_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("demo.reasoners.configuration.NARROW", 0)
    folder = with_settings(tmp_path / "checkpoint", {"temperature": 0.1, "do_sample": False})
    said: list[str] = []
    for penalty in (1.0, 1.3):
        with_settings(folder, {"repetition_penalty": penalty})
        reasoner = load_local(find_model(str(folder)), quantize="4bit", tell=said.append)
        assert ("penalty 1.3" in reasoner.decoding) == (penalty == 1.3)
    assert len(said) == 1
    assert said[0].startswith("The quantized model is kept")


def with_settings(folder: Path, values: dict[str, object]) -> Path:
    """Nano in a folder of its own, with these values in its generation_config.json as well."""
    if not folder.exists():
        shutil.copytree(NANO_FOLDER, folder)
    file = folder / "generation_config.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | values))
    return folder


def test_what_was_written_before_saves_passes(nano: LocalReasoner, picture: Picture) -> None:
    decoder = nano._decoder
    text, usage = run(nano, picture, "find the largest thing")
    before = decoder.passes
    assert run(nano, picture, "find the largest thing", likely=(text,))[0] == text
    assert usage.new_tokens is not None
    assert decoder.looks_ahead
    assert decoder.passes - before < usage.new_tokens / 3


def test_dialogues_on_two_pictures_at_a_time_do_not_mix(
    nano: LocalReasoner, picture: Picture
) -> None:
    mirrored = open_picture(np.ascontiguousarray(picture.pixels[:, ::-1]), "mirrored.png")
    alone = {p.name: run(nano, p, "find the largest thing")[0] for p in (picture, mirrored)}
    nano._prefixes.clear()
    texts: list[tuple[str, str]] = []

    def take_turns(one: Picture) -> None:
        for _ in range(2):
            nano.prepare(one)
            texts.append((one.name, run(nano, one, "find the largest thing")[0]))

    threads = [threading.Thread(target=take_turns, args=(p,)) for p in (picture, mirrored)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(texts) == sorted([*alone.items()] * 2)
    assert alone[picture.name] != alone[mirrored.name]


def test_a_turn_without_memory_is_tried_once_more(nano: LocalReasoner, picture: Picture) -> None:
    expected, _ = run(nano, picture, "find the largest thing")
    left = [6, 1]  # so many passes go well, so many fail
    longest: list[int] = []

    def fail(_module: object, arguments: dict[str, torch.Tensor]) -> None:
        if left[0]:
            left[0] -= 1
        elif left[1]:
            left[1] -= 1
            raise torch.OutOfMemoryError("CUDA out of memory.")
        else:
            given = arguments.get("input_ids", arguments.get("inputs_embeds"))
            assert given is not None
            longest.append(given.shape[1])

    hook = nano._model.model.language_model.register_forward_pre_hook(
        lambda module, _, kwargs: fail(module, kwargs), with_kwargs=True
    )
    try:
        assert run(nano, picture, "find the largest thing")[0] == expected
        assert max(longest) <= 128
        left[:] = [6, 2]
        with pytest.raises(OutOfMemoryError, match="--low-memory"):
            run(nano, picture, "find the largest thing")
    finally:
        hook.remove()
    assert run(nano, picture, "find the largest thing")[0] == expected


def test_nano_speaks_the_four_tags_in_its_own_frame(nano: LocalReasoner, picture: Picture) -> None:
    text, _ = run(nano, picture, "find the largest thing")
    assert nano.dialect.view(picture.size).frame == Size(224, 224)
    assert [text.count(f"<{tag}>") for tag in ("scene", "think", "answer")] == [1, 1, 1]
    assert text.endswith("</answer>")


def test_a_stop_keeps_what_was_written(nano: LocalReasoner, picture: Picture) -> None:
    whole, _ = run(nano, picture, "find all things")
    before = nano._decoder.passes
    part, usage = run(nano, picture, "find all things", stop_after=5)
    assert whole.startswith(part)
    assert 0 < len(part) < len(whole)
    assert usage.new_tokens == len(nano._ids(part))
    assert nano._decoder.passes - before == 5


def test_a_turn_that_waits_for_another_can_be_stopped(
    nano: LocalReasoner, picture: Picture
) -> None:
    first = nano.stream(picture, asked("find the largest thing"), threading.Event())
    next(first)
    cancel = threading.Event()
    cancel.set()
    assert list(nano.stream(picture, asked("find the smallest thing"), cancel)) == [Usage()]
    first.close()
    assert run(nano, picture, "find the smallest thing")[0]


def test_every_piece_may_be_taken_on_another_thread(nano: LocalReasoner, picture: Picture) -> None:
    expected, _ = run(nano, picture, "find the largest thing")
    stream = nano.stream(picture, asked("find the largest thing"), threading.Event())
    taken: list[str] = []

    def take() -> None:
        piece = next(stream, None)
        taken.append(piece if isinstance(piece, str) else "")

    while len(taken) < 10:
        thread = threading.Thread(target=take)
        thread.start()
        thread.join()
    stream.close()
    assert expected.startswith("".join(taken))
    assert not torch.is_inference_mode_enabled()
