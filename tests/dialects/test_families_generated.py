"""The model families in their own dialects, on small random checkpoints: what the library generates."""

from __future__ import annotations

import gc
import threading
import weakref
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from transformers import (
    AutoProcessor,
    Qwen2_5_VLConfig,
    Qwen2_5_VLForConditionalGeneration,
    Qwen2VLConfig,
    Qwen2VLForConditionalGeneration,
    Qwen3_5Config,
    Qwen3_5ForConditionalGeneration,
    Qwen3VLConfig,
    Qwen3VLForConditionalGeneration,
)

from demo.checkpoints.catalogue import NANO_FOLDER, Entry
from demo.dialects.known import DIALECTS
from demo.dialects.messages import MAIN, Message, Shown
from demo.dialects.prompt import Prompt
from demo.errors import ModelError
from demo.picture.picture import Picture, open_picture
from demo.reasoners.base import Usage, picture_for
from demo.reasoners.llamacpp.chat import ChatFormat
from demo.reasoners.loading import load_local
from demo.reasoners.local import LocalReasoner

LENGTH = 24  # tokens that are compared
UNFINISHED = "\ufffd"  # stands for a character of which a stop left only some bytes
MODELS = {
    "qwen2_5_vl": (Qwen2_5_VLConfig, Qwen2_5_VLForConditionalGeneration),
    "qwen2_vl": (Qwen2VLConfig, Qwen2VLForConditionalGeneration),
    "qwen3_vl": (Qwen3VLConfig, Qwen3VLForConditionalGeneration),
    "qwen3_5": (Qwen3_5Config, Qwen3_5ForConditionalGeneration),
}
DIALECT_OF = {
    "qwen2_5_vl": "qwen2.5-vl",
    "qwen2_vl": "qwen2-vl",
    "qwen3_vl": "qwen3-vl",
    "qwen3_5": "qwen3-vl",
}
# As published, but in small: positions are interleaved, and heads are wider than a share of the layer.
ROTARY: dict[str, object] = {
    "rope_type": "default",
    "rope_theta": 5e6,
    "mrope_section": [6, 5, 5],
    "mrope_interleaved": True,
}
TOWERS: dict[str, dict[str, object]] = {
    "qwen2_5_vl": {
        "hidden_size": 64,
        "out_hidden_size": 128,
        "intermediate_size": 128,
        "fullatt_block_indexes": [1],
        "depth": 2,
    },
    "qwen2_vl": {"embed_dim": 64, "hidden_size": 128, "depth": 2},
    "qwen3_vl": {
        "hidden_size": 64,
        "out_hidden_size": 128,
        "intermediate_size": 128,
        "deepstack_visual_indexes": [0, 1, 2],
        "num_position_embeddings": 144,
        "depth": 4,
    },
    "qwen3_5": {
        "hidden_size": 64,
        "out_hidden_size": 128,
        "intermediate_size": 128,
        "num_position_embeddings": 144,
        "depth": 2,
    },
}
TEXTS: dict[str, dict[str, object]] = {
    "qwen2_5_vl": {
        "num_hidden_layers": 2,
        "rope_parameters": {"rope_type": "default", "rope_theta": 1e6, "mrope_section": [4, 6, 6]},
    },
    "qwen3_vl": {"num_hidden_layers": 4, "head_dim": 32, "rope_parameters": ROTARY},
    "qwen3_5": {
        "num_hidden_layers": 4,
        "head_dim": 64,
        "linear_num_key_heads": 2,
        "linear_num_value_heads": 4,
        "linear_key_head_dim": 32,
        "linear_value_head_dim": 32,
        "rope_parameters": ROTARY | {"mrope_section": [3, 3, 2], "partial_rotary_factor": 0.25},
    },
}
TEXTS["qwen2_vl"] = TEXTS["qwen2_5_vl"]
TOKENS = ("image_token_id", "video_token_id", "vision_start_token_id", "vision_end_token_id")


@pytest.fixture(scope="module", params=list(MODELS))
def reasoner(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> LocalReasoner:
    kind = request.param
    folder = tmp_path_factory.mktemp(kind)
    save_small(kind, folder)
    return load_local(Entry(kind, str(folder), dialect=DIALECT_OF[kind]))


def save_small(kind: str, folder: Path) -> None:
    """A random checkpoint of a few layers with nano's words; it repeats itself, but not only."""
    nano = Qwen2_5_VLConfig.from_pretrained(NANO_FOLDER)
    make_config, make_model = MODELS[kind]
    config = make_config(
        text_config={
            "hidden_size": 128, "intermediate_size": 256,
            "num_attention_heads": 4, "num_key_value_heads": 2,
            "vocab_size": nano.text_config.vocab_size,
            **TEXTS[kind],
        },
        vision_config={"num_heads": 2, **TOWERS[kind]},
        tie_word_embeddings=False,
        **{name: getattr(nano, name) for name in TOKENS},
    )  # fmt: skip
    torch.manual_seed(5)
    model = make_model(config)
    for weight in model.parameters():
        if weight.dim() == 2:
            torch.nn.init.normal_(weight, std=0.08)
    model.generation_config.eos_token_id = nano.text_config.vocab_size - 1
    model.save_pretrained(folder)
    AutoProcessor.from_pretrained(NANO_FOLDER).save_pretrained(folder)


def noise(width: int, height: int) -> Picture:
    pixels = np.random.default_rng([width, height]).integers(0, 255, (height, width, 3), np.uint8)
    return open_picture(pixels, f"{width}x{height}.png")


def asked(reasoner: LocalReasoner, likely: tuple[str, ...] = ()) -> Prompt:
    return Prompt("the dog", reasoner.dialect.instruction("the dog"), (), likely)


def written(reasoner: LocalReasoner, picture: Picture, prompt: Prompt) -> tuple[str, Usage]:
    """The beginning of an answer that has no end."""
    cancel, text, usage = threading.Event(), "", Usage()
    before = reasoner._decoder.written
    for piece in reasoner.stream(picture, prompt, cancel):
        if isinstance(piece, Usage):
            usage = piece
        else:
            text += piece
        if reasoner._decoder.written - before >= LENGTH:
            cancel.set()
    return text, usage


def generated(
    reasoner: LocalReasoner, picture: Picture, prompt: Prompt, most: int
) -> tuple[str, int]:
    """What the library's own ``generate`` makes of the whole prompt, and the tokens of the prompt."""
    processor = reasoner._processor
    shown = [part for message in prompt.messages for part in message.parts]
    inputs = processor(
        text=["".join(reasoner._written(prompt.conversation))],
        images=[
            picture_for(picture, reasoner.dialect),
            *(Image.fromarray(part.pixels) for part in shown if isinstance(part, Shown)),
        ],
        do_resize=False,
        return_tensors="pt",
    )
    with torch.inference_mode():
        ids = reasoner._model.generate(**inputs, max_new_tokens=most, do_sample=False)[0]
    length = inputs["input_ids"].shape[1]
    return processor.tokenizer.decode(ids[length:], skip_special_tokens=True), length


@pytest.mark.parametrize(
    ("width", "height"),
    [pytest.param(640, 480, id="wide"), pytest.param(100, 240, id="tall and small")],
)
def test_the_text_is_what_the_library_generates(
    reasoner: LocalReasoner, width: int, height: int
) -> None:
    picture, prompt = noise(width, height), asked(reasoner)
    text, usage = written(reasoner, picture, prompt)
    assert usage.new_tokens is not None
    assert usage.new_tokens >= LENGTH
    assert len(set(text)) > 5
    expected, length = generated(reasoner, picture, prompt, usage.new_tokens)
    assert text == expected.removesuffix(UNFINISHED)
    assert usage.prompt_tokens == length
    again, usage = written(reasoner, picture, asked(reasoner, (text,)))
    assert usage.new_tokens is not None
    expected, _ = generated(reasoner, picture, prompt, usage.new_tokens)
    assert again == expected.removesuffix(UNFINISHED)
    assert usage.reused_tokens


ASKED = Message("user", (MAIN, "find the dog"))
PART = Shown(np.random.default_rng(9).integers(0, 255, (224, 448, 3), np.uint8))
OTHER = Shown(np.random.default_rng(8).integers(0, 255, (224, 224, 3), np.uint8))
CONVERSATIONS = {
    "in the same answer": (
        ASKED,
        Message("assistant", ("<think>Looking for the dog. ", PART, "It is ", OTHER), is_open=True),
    ),
    "and its words go on": (
        ASKED, Message("assistant", ("<think>Looking for the dog. ", PART, "It is "), is_open=True),
    ),
    "in the next messages": (
        Message("system", ("Look closer.",)), ASKED,
        Message("assistant", ("<think>Looking.</think>",)),
        Message("user", ("Here it is: ", PART, "\nGo on.")),
        Message("assistant", ("<think>No.</think>",)), Message("user", (OTHER, "And here.")),
    ),
    "before the question": (Message("user", (MAIN, PART, OTHER, "find the dog")),),
}  # fmt: skip


@pytest.mark.parametrize("conversation", list(CONVERSATIONS))
def test_a_conversation_of_several_pictures_goes_on_as_in_the_library(
    reasoner: LocalReasoner, conversation: str
) -> None:
    picture = noise(100, 240)
    prompt = replace(asked(reasoner), messages=CONVERSATIONS[conversation])
    text, usage = written(reasoner, picture, prompt)
    assert usage.new_tokens is not None
    expected, length = generated(reasoner, picture, prompt, usage.new_tokens)
    # Bytes that make no character are read in another way piece by piece.
    known = min(len(each.partition(UNFINISHED)[0]) for each in (text, expected))
    assert known > 10
    assert text[:known] == expected[:known]
    assert usage.prompt_tokens == length
    again, reused = written(reasoner, picture, prompt)
    assert again == text
    assert (
        reused.reused_tokens == reasoner._computed(reasoner._steps(picture, prompt.messages)).length
    )


def test_what_was_looked_at_makes_room_for_what_comes_next(reasoner: LocalReasoner) -> None:
    picture = noise(100, 240)
    reasoner._prefixes.clear()
    plain, looked = asked(reasoner), CONVERSATIONS["before the question"]
    written(reasoner, picture, plain)
    alone = reasoner._prefixes.nbytes
    written(reasoner, picture, replace(plain, messages=looked))
    assert reasoner._prefixes.nbytes > alone
    written(reasoner, picture, plain)
    assert reasoner._prefixes.nbytes == alone


def test_a_picture_has_as_many_tokens_as_its_shape(reasoner: LocalReasoner) -> None:
    picture = noise(640, 480)
    view = reasoner.dialect.view(picture.size)
    features, _, _ = reasoner._features(picture)
    token = reasoner.dialect.token
    assert len(features) == view.shown.width * view.shown.height // token**2
    assert len(features) == {28: 23 * 17, 32: 20 * 15}[token]


def test_a_picture_read_in_pieces_is_the_same(reasoner: LocalReasoner) -> None:
    """The features that enter deeper layers stay with their positions; some pieces have none."""
    picture = noise(100, 240)
    whole = reasoner._prefix(picture)
    reasoner._prefixes.clear()
    pieces = reasoner._prefix(picture, 37)
    assert pieces.ids == whole.ids
    for one, other in zip(pieces.layers, whole.layers, strict=True):
        for a, b in zip(one, other, strict=True):
            torch.testing.assert_close(a, b, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("low_memory", [False, True], ids=["4 bits", "4 bits throughout"])
@pytest.mark.parametrize("kind", ["qwen3_vl", "qwen3_5"])
def test_the_newer_ones_run_in_four_bits(tmp_path: Path, kind: str, low_memory: bool) -> None:
    save_small(kind, tmp_path)
    entry = Entry(kind, str(tmp_path), dialect="qwen3-vl")
    reasoner = load_local(entry, quantize="4bit", low_memory=low_memory)
    text, usage = written(reasoner, noise(100, 240), asked(reasoner))
    assert len(set(text)) > 5
    assert reasoner._model.is_quantized
    assert ("with look-ahead" in usage.decoding) == (kind == "qwen3_vl")


def test_a_thought_that_a_template_begins_is_left_empty(reasoner: LocalReasoner) -> None:
    """As the templates of Thinking models do; else the whole answer would be the rest of a thought."""
    processor = reasoner._processor
    plain, template = reasoner._question_ids("the dog"), processor.chat_template
    processor.chat_template = template + "{{ '<think>\\n' }}"
    asked, format_ = reasoner._question_ids("the dog"), ChatFormat(processor.chat_template)
    *_, after = format_.texts((Message("user", (MAIN, "the dog")),))
    processor.chat_template = template
    ended = processor.tokenizer.decode(plain) + "<think>\n\n</think>\n\n"
    assert processor.tokenizer.decode(asked) == after == ended


def test_a_closed_model_is_freed(tmp_path: Path) -> None:
    save_small("qwen2_vl", tmp_path)
    reasoner = load_local(Entry("small", str(tmp_path), dialect="qwen2-vl"))
    picture = noise(100, 240)
    written(reasoner, picture, asked(reasoner))
    _, kept = reasoner._known(reasoner._steps(picture, asked(reasoner).conversation))
    assert kept is not None
    tensors = [*reasoner._model.parameters(), *(keys for keys, _ in kept.layers)]
    held = [weakref.ref(tensor) for tensor in tensors]
    del tensors, kept
    reasoner.close()
    reasoner.close()  # a second time changes nothing
    gc.collect()
    assert not [tensor for tensor in held if tensor() is not None]
    assert (reasoner.name, reasoner.device, reasoner.dialect) == (
        "small",
        "CPU",
        DIALECTS["qwen2-vl"],
    )
    for use in (
        lambda: reasoner.prepare(picture),
        lambda: list(reasoner.stream(picture, asked(reasoner), threading.Event())),
    ):
        with pytest.raises(ModelError, match="not loaded any more"):
            use()


def test_an_answer_under_way_goes_on_until_it_ends_or_is_dropped(tmp_path: Path) -> None:
    save_small("qwen2_5_vl", tmp_path)
    reasoner = load_local(Entry("small", str(tmp_path), dialect="qwen2.5-vl"))
    stream = reasoner.stream(noise(100, 240), asked(reasoner), threading.Event())
    next(stream)
    closing = threading.Thread(target=reasoner.close)
    closing.start()
    pieces = [next(stream) for _ in range(3)]
    assert all(isinstance(piece, str) for piece in pieces)
    assert closing.is_alive()
    stream.close()
    closing.join(20)
    assert not closing.is_alive()
