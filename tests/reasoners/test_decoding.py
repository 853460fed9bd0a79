"""Decoding that looks ahead writes what plain greedy decoding writes, on small random models."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import chain, takewhile
from typing import Any

import numpy as np
import pytest
import torch
from transformers import (
    DynamicCache,
    GenerationConfig,
    Qwen2_5_VLConfig,
    Qwen2_5_VLForConditionalGeneration,
)

from demo.checkpoints.catalogue import NANO_FOLDER
from demo.errors import CheckpointError
from demo.reasoners.decoding import Decoder
from demo.reasoners.lookahead import Lookahead
from demo.reasoners.prefix import MAX_KEPT, Prefix, Prefixes, prefix_of
from demo.reasoners.rules import Rules

TURNS = 200
LENGTH = 12
STOP = 2
BEFORE = list(range(3, 40))  # stands before every question


@pytest.fixture(scope="module")
def model() -> Qwen2_5_VLForConditionalGeneration:
    """Nano's architecture, narrow, two layers, random weights: it repeats itself, but not only."""
    config = Qwen2_5_VLConfig.from_pretrained(NANO_FOLDER)
    text = config.text_config
    text.num_hidden_layers, text.layer_types = 2, text.layer_types[:2]
    text.hidden_size, text.intermediate_size = 64, 176
    text.num_attention_heads = text.num_key_value_heads = 1
    config.vision_config.out_hidden_size = text.hidden_size
    torch.manual_seed(5)
    made = Qwen2_5_VLForConditionalGeneration(config).eval()
    for weight in made.model.language_model.parameters():
        if weight.dim() == 2:
            torch.nn.init.normal_(weight, std=0.12)
    made.generation_config = GenerationConfig()
    return made


@pytest.fixture
def settings(
    model: Qwen2_5_VLForConditionalGeneration,
) -> Iterator[Callable[..., GenerationConfig]]:
    """Give the model the settings of another generation_config.json, until the test ends."""

    def give(**values: object) -> GenerationConfig:
        model.generation_config = GenerationConfig(**values)
        return model.generation_config

    yield give
    give()


@pytest.fixture
def prefix(model: Qwen2_5_VLForConditionalGeneration) -> Prefix:
    cache = DynamicCache()
    with torch.inference_mode():
        model.model.language_model(
            input_ids=torch.tensor([BEFORE]), past_key_values=cache, use_cache=True
        )
    return prefix_of(cache, BEFORE, 0)


def decoder_of(
    model: Qwen2_5_VLForConditionalGeneration, max_guessed: int, stop: int = STOP
) -> Decoder:
    """One that follows the model's generation settings as they are now."""
    return Decoder(model, Rules(model, ends=[stop]), max_guessed)


def turns() -> Iterator[tuple[list[int], np.random.Generator]]:
    """Questions as token ids, and a source of mistakes for each."""
    rng = np.random.default_rng(3)
    for _ in range(TURNS):
        yield rng.integers(3, 900, 9).tolist(), rng


def misremembered(text: list[int], rng: np.random.Generator) -> list[int]:
    """The text with a word changed here and there: guesses from it are right for a while."""
    wrong = rng.random(len(text)) < 0.2
    return [
        int(w) if bad else t
        for t, w, bad in zip(text, rng.integers(3, 900, len(text)), wrong, strict=True)
    ]


def written(
    decoder: Decoder, prefix: Prefix, question: list[int], likely: list[list[int]]
) -> list[int]:
    lookahead = Lookahead(likely, question)
    return list(chain.from_iterable(decoder.write(prefix, question, lookahead, LENGTH)))


@pytest.mark.parametrize(
    "values",
    [
        pytest.param({}, id="plain"),
        pytest.param({"repetition_penalty": 1.05}, id="penalty"),
        pytest.param({"no_repeat_ngram_size": 3}, id="no 3 tokens twice"),
        pytest.param({"repetition_penalty": 1.05, "no_repeat_ngram_size": 3}, id="both"),
    ],
)
def test_hundreds_of_turns_are_what_the_library_generates(
    model: Qwen2_5_VLForConditionalGeneration,
    prefix: Prefix,
    settings: Callable[..., GenerationConfig],
    values: dict[str, float],
) -> None:
    asked = list(turns())
    questions = [question for question, _ in asked]
    settings(eos_token_id=STOP, pad_token_id=0)
    without = generated(model, questions)
    settings(eos_token_id=STOP, pad_token_id=0, **values)
    expected = generated(model, questions)
    assert bool(values) == (expected != without)
    decoder = decoder_of(model, 15)
    decoder.measure(prefix, range(3, 9))
    assert decoder.looks_ahead
    for (question, rng), text in zip(asked, expected, strict=True):
        assert written(decoder, prefix, question, [misremembered(text, rng)]) == text
    assert decoder.passes < decoder.written / 1.5


def generated(
    model: Qwen2_5_VLForConditionalGeneration, questions: list[list[int]]
) -> list[list[int]]:
    """What the library's own ``generate`` writes after each question, up to its first end."""
    ids = torch.tensor([[*BEFORE, *question] for question in questions])
    with torch.inference_mode():
        whole = model.generate(
            input_ids=ids,
            attention_mask=torch.ones_like(ids),
            do_sample=False,
            max_new_tokens=LENGTH,
        )
    ends: Any = model.generation_config.eos_token_id
    stops = set(ends if isinstance(ends, list) else [ends])
    return [
        list(takewhile(lambda token: token not in stops, text))
        for text in whole[:, ids.shape[1] :].tolist()
    ]


@pytest.mark.parametrize(
    ("values", "guesses"),
    [
        pytest.param(lambda t: {"eos_token_id": [STOP, t[7], t[4]]}, True, id="several ends"),
        pytest.param(lambda t: {"suppress_tokens": t[1:4]}, True, id="suppressed"),
        pytest.param(lambda t: {"begin_suppress_tokens": t[:1]}, True, id="not at the beginning"),
        pytest.param(lambda t: {"bad_words_ids": [t[2:4], t[6:7]]}, True, id="bad words"),
        pytest.param(lambda t: {"sequence_bias": [[t[3:4], -9.0]]}, True, id="biased"),
        pytest.param(
            lambda t: {"min_new_tokens": 6, "eos_token_id": t[2:8]}, True, id="at least 6 tokens"
        ),
        pytest.param(lambda _: {"forced_eos_token_id": 33}, True, id="a forced end"),
        pytest.param(
            lambda t: {"exponential_decay_length_penalty": (2, 1.5), "eos_token_id": t[7]},
            False,
            id="an end that comes nearer",
        ),
        pytest.param(
            lambda t: {"encoder_no_repeat_ngram_size": 1}, False, id="nothing that the prompt has"
        ),
    ],
)
def test_whatever_the_file_says_is_followed(
    model: Qwen2_5_VLForConditionalGeneration,
    prefix: Prefix,
    settings: Callable[..., GenerationConfig],
    values: Callable[[list[int]], dict[str, object]],
    guesses: bool,
) -> None:
    """What cannot be judged of a guess alone is decoded token by token."""
    questions = [question for question, _ in turns()][:20]
    settings(pad_token_id=0)
    without = generated(model, questions)
    settings(**{"pad_token_id": 0, **values(without[0])})
    expected = generated(model, questions)
    assert expected != without
    decoder = decoder_of(model, 15)
    decoder.measure(prefix, range(3, 9))
    assert decoder.looks_ahead == guesses
    for question, text in zip(questions, expected, strict=True):
        assert written(decoder, prefix, question, [text]) == text


@pytest.mark.parametrize("penalty", ["1.05", "2", 2])
def test_a_number_written_otherwise_is_the_same(
    model: Qwen2_5_VLForConditionalGeneration,
    settings: Callable[..., GenerationConfig],
    prefix: Prefix,
    penalty: object,
) -> None:
    settings(repetition_penalty=float(str(penalty)), no_repeat_ngram_size=2)
    expected = written(decoder_of(model, 0), prefix, [5, 6, 7], [])
    settings(repetition_penalty=penalty, no_repeat_ngram_size="2")
    decoder = decoder_of(model, 0)
    assert written(decoder, prefix, [5, 6, 7], []) == expected
    assert f"repetition penalty {penalty}" in decoder.rules.differences


def test_settings_for_sampling_change_nothing(
    model: Qwen2_5_VLForConditionalGeneration,
    prefix: Prefix,
    settings: Callable[..., GenerationConfig],
) -> None:
    expected = written(decoder_of(model, 0), prefix, [5, 6, 7], [])
    settings(do_sample=True, temperature=1e-6, top_k=1, top_p=0.001)
    assert written(decoder_of(model, 0), prefix, [5, 6, 7], []) == expected


@pytest.mark.parametrize("named", [None, []])
def test_a_checkpoint_that_names_no_end_ends_as_the_chat_format_does(
    model: Qwen2_5_VLForConditionalGeneration,
    prefix: Prefix,
    settings: Callable[..., GenerationConfig],
    named: list[int] | None,
) -> None:
    settings(eos_token_id=named)
    question = [5, 6, 7]
    whole = written(decoder_of(model, 0), prefix, question, [])
    decoder = Decoder(model, Rules(model, ends=[whole[5], whole[3]]), 0)
    assert written(decoder, prefix, question, []) == whole[:3]


@pytest.mark.parametrize(
    "values",
    [
        pytest.param({"repetition_penalty": -1.0}, id="a negative penalty"),
        pytest.param({"repetition_penalty": float("inf")}, id="a penalty without end"),
        pytest.param({"repetition_penalty": [1.05]}, id="several penalties"),
        pytest.param({"no_repeat_ngram_size": 2.5}, id="half a token"),
        pytest.param({"eos_token_id": "<|im_end|>"}, id="a word for an id"),
        pytest.param({"bad_words_ids": [["no"]]}, id="words for ids"),
    ],
)
def test_settings_that_cannot_be_followed_are_refused_beforehand(
    model: Qwen2_5_VLForConditionalGeneration,
    settings: Callable[..., GenerationConfig],
    values: dict[str, object],
) -> None:
    settings(**values)
    with pytest.raises(CheckpointError, match=r"generation_config\.json cannot be followed"):
        Rules(model)


@pytest.mark.parametrize("damaged", [float("nan"), float("inf")])
def test_numbers_that_are_none_are_no_answer(
    model: Qwen2_5_VLForConditionalGeneration, prefix: Prefix, damaged: float
) -> None:
    decoder = decoder_of(model, 15)
    hook = model.lm_head.register_forward_hook(lambda _m, _i, logits: logits.index_fill(
        -1, torch.tensor([3]), damaged
    ))  # fmt: skip
    try:
        with pytest.raises(CheckpointError, match="weights are damaged"):
            written(decoder, prefix, [5, 6, 7], [])
    finally:
        hook.remove()


def test_where_two_tokens_lead_by_nothing_they_are_computed_by_themselves(
    model: Qwen2_5_VLForConditionalGeneration, prefix: Prefix
) -> None:
    decoder = decoder_of(model, 15)
    decoder.measure(prefix, range(3, 9))
    decoder._margin = 1.9  # as if the passes differed much
    question = [5, 6, 7]
    expected = written(decoder_of(model, 0), prefix, question, [])
    assert written(decoder, prefix, question, [expected]) == expected
    assert decoder.passes > 3


def test_without_a_measure_or_with_a_bad_one_nothing_is_guessed(
    model: Qwen2_5_VLForConditionalGeneration, prefix: Prefix
) -> None:
    decoder, question = decoder_of(model, 15), [5, 6, 7]
    assert not decoder.looks_ahead

    def distort(_module: object, _inputs: object, logits: torch.Tensor) -> torch.Tensor:
        return logits + (logits.shape[0] > 1) * torch.arange(logits.shape[1])

    hook = model.lm_head.register_forward_hook(distort)
    try:
        decoder.measure(prefix, range(3, 9))
        assert not decoder.looks_ahead
        expected = written(decoder_of(model, 0), prefix, question, [])
        assert written(decoder, prefix, question, [expected]) == expected
    finally:
        hook.remove()
    assert decoder.passes == LENGTH


@pytest.mark.parametrize("most", [1, 2, 7])
def test_no_more_tokens_than_allowed(
    model: Qwen2_5_VLForConditionalGeneration, prefix: Prefix, most: int
) -> None:
    decoder, question = decoder_of(model, 15), [5, 6, 7]
    decoder.measure(prefix, range(3, 9))
    expected = written(decoder, prefix, question, [])
    new = decoder.write(prefix, question, Lookahead([expected], question), most)
    assert list(chain.from_iterable(new)) == expected[:most]


def test_a_text_ends_before_its_stop_token(
    model: Qwen2_5_VLForConditionalGeneration, prefix: Prefix
) -> None:
    question = [5, 6, 7]
    expected = written(decoder_of(model, 0), prefix, question, [])
    decoder = decoder_of(model, 15, expected[4])
    decoder.measure(prefix, range(3, 9))
    end = expected.index(expected[4])
    assert written(decoder, prefix, question, [expected]) == expected[:end]


def test_a_long_prompt_in_pieces_is_the_same(
    model: Qwen2_5_VLForConditionalGeneration, prefix: Prefix
) -> None:
    decoder, question = decoder_of(model, 15), list(range(3, 60))
    expected = written(decoder, prefix, question, [])
    pieces = decoder.write(prefix, question, Lookahead(), LENGTH, piece=16)
    assert list(chain.from_iterable(pieces)) == expected


def test_a_prefix_never_changes(model: Qwen2_5_VLForConditionalGeneration, prefix: Prefix) -> None:
    kept = [(keys.clone(), values.clone()) for keys, values in prefix.layers]
    written(decoder_of(model, 0), prefix, [5, 6, 7], [])
    for (keys, values), (old_keys, old_values) in zip(prefix.layers, kept, strict=True):
        assert torch.equal(keys, old_keys)
        assert torch.equal(values, old_values)


def test_prefixes_used_least_recently_make_room(prefix: Prefix) -> None:
    prefixes = Prefixes(max_bytes=2 * prefix.nbytes)
    for name in "ab":
        prefixes.put(name, prefix)
    assert prefixes.get("a") is prefix
    prefixes.put("c", prefix)
    assert [name for name in "abc" if prefixes.get(name)] == ["a", "c"]
    assert prefixes.nbytes == 2 * prefix.nbytes


def test_small_prefixes_are_few_too(prefix: Prefix) -> None:
    prefixes = Prefixes(max_bytes=10**12)
    for number in range(MAX_KEPT + 2):
        prefixes.put(str(number), prefix)
    assert prefixes.nbytes == MAX_KEPT * prefix.nbytes
    assert prefixes.get("1") is None
    assert prefixes.get("2") is prefix


def test_the_newest_prefix_is_kept_whatever_its_size(prefix: Prefix) -> None:
    prefixes = Prefixes(max_bytes=1)
    prefixes.put("a", prefix)
    prefixes.put("b", prefix)
    assert [name for name in "ab" if prefixes.get(name)] == ["b"]
