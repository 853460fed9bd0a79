"""The local reasoner on a real checkpoint: the shipped one."""

from __future__ import annotations

import threading

import torch

from demo.geometry import Size
from demo.pictures import Picture
from demo.prompt import Prompt, region_reasoner_instruction
from demo.reasoners.base import Usage
from demo.reasoners.local import LocalReasoner


def asked(question: str) -> Prompt:
    return Prompt(question, region_reasoner_instruction(question), ())


def run(
    reasoner: LocalReasoner, picture: Picture, question: str, stop_after: int | None = None
) -> tuple[str, Usage]:
    cancel = threading.Event()
    text, usage, pieces = "", Usage(), 0
    for piece in reasoner.stream(picture, asked(question), cancel):
        if isinstance(piece, Usage):
            usage = piece
            continue
        text, pieces = text + piece, pieces + 1
        if pieces == stop_after:
            cancel.set()
    return text, usage


def test_the_text_is_what_the_library_generates(nano: LocalReasoner, picture: Picture) -> None:
    text, usage = run(nano, picture, "find the largest thing")
    inputs = nano._inputs(picture, asked("find the largest thing"))
    with torch.inference_mode():
        ids = nano._model.generate(**inputs, max_new_tokens=512, do_sample=False)[0]
    length = inputs["input_ids"].shape[1]
    expected = nano._processor.tokenizer.decode(ids[length:], skip_special_tokens=True)
    assert text == expected
    assert usage == Usage(length, len(ids) - length - 1, 0)


def test_nano_speaks_the_four_tags_in_its_own_frame(nano: LocalReasoner, picture: Picture) -> None:
    text, _ = run(nano, picture, "find the largest thing")
    assert nano.frame == Size(224, 224)
    assert [text.count(f"<{tag}>") for tag in ("scene", "think", "answer")] == [1, 1, 1]
    assert text.endswith("</answer>")


def test_a_stop_keeps_what_was_written(nano: LocalReasoner, picture: Picture) -> None:
    whole, _ = run(nano, picture, "find all things")
    part, usage = run(nano, picture, "find all things", stop_after=5)
    assert whole.startswith(part)
    assert 0 < len(part) < len(whole)
    assert usage.new_tokens == 5


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
