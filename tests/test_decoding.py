"""Decoding that looks ahead writes what plain greedy decoding writes, on small random models."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

import numpy as np
import pytest
import torch
from transformers import DynamicCache, Qwen2_5_VLConfig, Qwen2_5_VLForConditionalGeneration

from demo.reasoners.catalogue import NANO_FOLDER
from demo.reasoners.decoding import Decoder
from demo.reasoners.lookahead import Lookahead
from demo.reasoners.prefix import Prefix, Prefixes, prefix_of

TURNS = 200
LENGTH = 12
STOP = 2


@pytest.fixture(scope="module")
def model() -> Qwen2_5_VLForConditionalGeneration:
    """Nano's architecture with two layers and random weights: it repeats itself, but not only."""
    config = Qwen2_5_VLConfig.from_pretrained(NANO_FOLDER)
    text = config.text_config
    text.num_hidden_layers, text.layer_types = 2, text.layer_types[:2]
    torch.manual_seed(5)
    made = Qwen2_5_VLForConditionalGeneration(config).eval()
    for weight in made.model.language_model.parameters():
        if weight.dim() == 2:
            torch.nn.init.normal_(weight, std=0.08)
    return made


@pytest.fixture
def prefix(model: Qwen2_5_VLForConditionalGeneration) -> Prefix:
    cache = DynamicCache()
    with torch.inference_mode():
        model.model.language_model(
            input_ids=torch.arange(3, 40)[None], past_key_values=cache, use_cache=True
        )
    return prefix_of(cache, -5)


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


def test_hundreds_of_turns_are_the_same(
    model: Qwen2_5_VLForConditionalGeneration, prefix: Prefix
) -> None:
    plain, ahead = Decoder(model, {STOP}, 0), Decoder(model, {STOP}, 15)
    ahead.measure(prefix, range(3, 9))
    assert ahead.looks_ahead
    for question, rng in turns():
        expected = written(plain, prefix, question, [])
        assert written(ahead, prefix, question, [misremembered(expected, rng)]) == expected
    assert ahead.written == plain.written
    assert ahead.passes < plain.passes / 1.5


def test_where_two_tokens_lead_by_nothing_they_are_computed_by_themselves(
    model: Qwen2_5_VLForConditionalGeneration, prefix: Prefix
) -> None:
    decoder = Decoder(model, {STOP}, 15)
    decoder.measure(prefix, range(3, 9))
    decoder._margin = 1.9  # as if the passes differed much
    question = [5, 6, 7]
    expected = written(Decoder(model, {STOP}, 0), prefix, question, [])
    assert written(decoder, prefix, question, [expected]) == expected
    assert decoder.passes > 3


def test_without_a_measure_or_with_a_bad_one_nothing_is_guessed(
    model: Qwen2_5_VLForConditionalGeneration, prefix: Prefix
) -> None:
    decoder, question = Decoder(model, {STOP}, 15), [5, 6, 7]
    assert not decoder.looks_ahead

    def distort(_module: object, _inputs: object, logits: torch.Tensor) -> torch.Tensor:
        return logits + (logits.shape[0] > 1) * torch.arange(logits.shape[1])

    hook = model.lm_head.register_forward_hook(distort)
    try:
        decoder.measure(prefix, range(3, 9))
        assert not decoder.looks_ahead
        expected = written(Decoder(model, {STOP}, 0), prefix, question, [])
        assert written(decoder, prefix, question, [expected]) == expected
    finally:
        hook.remove()
    assert decoder.passes == LENGTH


@pytest.mark.parametrize("most", [1, 2, 7])
def test_no_more_tokens_than_allowed(
    model: Qwen2_5_VLForConditionalGeneration, prefix: Prefix, most: int
) -> None:
    decoder, question = Decoder(model, {STOP}, 15), [5, 6, 7]
    decoder.measure(prefix, range(3, 9))
    expected = written(decoder, prefix, question, [])
    new = decoder.write(prefix, question, Lookahead([expected], question), most)
    assert list(chain.from_iterable(new)) == expected[:most]


def test_a_text_ends_before_its_stop_token(
    model: Qwen2_5_VLForConditionalGeneration, prefix: Prefix
) -> None:
    question = [5, 6, 7]
    expected = written(Decoder(model, {STOP}, 0), prefix, question, [])
    decoder = Decoder(model, {expected[4]}, 15)
    decoder.measure(prefix, range(3, 9))
    end = expected.index(expected[4])
    assert written(decoder, prefix, question, [expected]) == expected[:end]


def test_a_long_prompt_in_pieces_is_the_same(
    model: Qwen2_5_VLForConditionalGeneration, prefix: Prefix
) -> None:
    decoder, question = Decoder(model, {STOP}, 15), list(range(3, 60))
    expected = written(decoder, prefix, question, [])
    pieces = decoder.write(prefix, question, Lookahead(), LENGTH, piece=16)
    assert list(chain.from_iterable(pieces)) == expected


def test_a_prefix_never_changes(model: Qwen2_5_VLForConditionalGeneration, prefix: Prefix) -> None:
    kept = [(keys.clone(), values.clone()) for keys, values in prefix.layers]
    written(Decoder(model, {STOP}, 0), prefix, [5, 6, 7], [])
    for (keys, values), (old_keys, old_values) in zip(prefix.layers, kept, strict=True):
        assert torch.equal(keys, old_keys)
        assert torch.equal(values, old_values)


def test_prefixes_used_least_recently_make_room(prefix: Prefix) -> None:
    prefixes = Prefixes(most_bytes=2 * prefix.nbytes)
    for name in "ab":
        prefixes.put(name, prefix)
    assert prefixes.get("a") is prefix
    prefixes.put("c", prefix)
    assert [name for name in "abc" if prefixes.get(name)] == ["a", "c"]
    assert prefixes.nbytes == 2 * prefix.nbytes


def test_the_newest_prefix_is_kept_whatever_its_size(prefix: Prefix) -> None:
    prefixes = Prefixes(most_bytes=1)
    prefixes.put("a", prefix)
    prefixes.put("b", prefix)
    assert [name for name in "ab" if prefixes.get(name)] == ["b"]
