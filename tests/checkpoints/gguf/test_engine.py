"""Written files in llama.cpp against transformers with the same weights, from a picture to the text."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from transformers import AutoModelForImageTextToText, AutoProcessor

from demo.checkpoints.gguf.convert import plan_conversion
from tests.support.llama import Llama, Written, running
from tests.support.published import SIDES, save_published

KINDS = ("qwen2_vl", "qwen2_5_vl", "qwen3_vl")
BEFORE, AFTER = "<|im_start|>user\n", "<|im_end|>\n<|im_start|>assistant\n"
QUESTIONS = ("find the dog", "Where is “l’été” of bbox=[1, 20, 300, 45]?")
SHAPES = ((4, 3), (8, 6), (11, 5), (5, 13))  # in visual tokens
# Natural logarithms. Sixteen bits, and GELU from a table, move them by this much at most.
MAX_BEHIND = 0.01
MAX_DIVERGENCE = 1e-5


@dataclass(frozen=True, slots=True)
class Both:
    """One checkpoint in transformers, and where its files are."""

    kind: str
    folder: Path
    model: Any
    processor: Any

    def image(self, shape: tuple[int, int]) -> Image.Image:
        width, height = (side * SIDES[self.kind] for side in shape)
        pixels = np.random.default_rng([width, height]).integers(
            0, 256, (height, width, 3), np.uint8
        )
        return Image.fromarray(pixels)

    def logits(self, image: Image.Image, question: str, written: list[int]) -> tuple[int, Any]:
        """The length of the prompt, and the logarithms of the probabilities after it and each token."""
        marks = "<|vision_start|><|image_pad|><|vision_end|>"
        inputs = self.processor(
            text=[f"{BEFORE}{marks}{question}{AFTER}"],
            images=[image],
            do_resize=False,
            return_tensors="pt",
        )
        length = inputs["input_ids"].shape[1]
        more = torch.tensor([written])
        inputs["input_ids"] = torch.cat([inputs["input_ids"], more], 1)
        inputs["attention_mask"] = torch.ones_like(inputs["input_ids"])
        kinds = inputs["mm_token_type_ids"]
        inputs["mm_token_type_ids"] = torch.cat(
            [kinds, torch.zeros_like(more, dtype=kinds.dtype)], 1
        )
        with torch.inference_mode():
            return length, self.model(**inputs).logits[0, length - 1 :].log_softmax(-1)


@pytest.fixture(scope="module", params=KINDS)
def both(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Both:
    folder = tmp_path_factory.mktemp(request.param)
    save_published(request.param, folder)
    return Both(
        request.param,
        folder,
        AutoModelForImageTextToText.from_pretrained(folder, dtype=torch.float32).eval(),
        AutoProcessor.from_pretrained(folder),
    )


def files_of(both: Both, kind: str) -> Path:
    out = both.folder / kind
    plan_conversion(both.kind, both.folder, out, kind).run(lambda _: None)
    return out


@pytest.fixture(scope="module")
def llama(both: Both) -> Iterator[Llama]:
    with running(files_of(both, "f16")) as started:
        yield started


def differences(
    both: Both, image: Image.Image, question: str, seen: Written
) -> tuple[float, float]:
    """How far a written token is behind transformers' best, at most, and the mean divergence."""
    length, logits = both.logits(image, question, seen.tokens)
    assert seen.prompt == length
    steps = zip(logits[: len(seen.tokens)], seen.tokens, strict=True)
    behind = max(float(step.max() - step[token]) for step, token in steps)
    diverged = [divergence(*step) for step in zip(logits, seen.likely, strict=False)]
    assert len(diverged) == len(seen.tokens)
    return behind, sum(diverged) / len(diverged)


def divergence(step: Any, likely: dict[int, float]) -> float:
    """Kullback–Leibler, over all tokens."""
    assert len(likely) == len(step)
    return sum(math.exp(step[i]) * (float(step[i]) - value) for i, value in likely.items())


def asked(both: Both, llama: Llama, shape: tuple[int, int], question: str) -> tuple[float, float]:
    image = both.image(shape)
    return differences(both, image, question, llama.write(BEFORE, image, question + AFTER))


@pytest.mark.parametrize("question", QUESTIONS)
@pytest.mark.parametrize("shape", SHAPES)
def test_sixteen_bits_write_what_transformers_writes(
    both: Both, llama: Llama, shape: tuple[int, int], question: str
) -> None:
    behind, diverged = asked(both, llama, shape, question)
    assert behind < MAX_BEHIND
    assert diverged < MAX_DIVERGENCE


def test_the_picture_decides_what_is_written(both: Both, llama: Llama) -> None:
    texts = {
        tuple(llama.write(BEFORE, both.image(shape), QUESTIONS[0] + AFTER).tokens)
        for shape in SHAPES
    }
    assert len(texts) == len(SHAPES)


def test_fewer_bits_cost_more(both: Both) -> None:
    costs = []
    for kind in ("f16", "q8_0", "q4_0"):
        with running(files_of(both, kind)) as llama:
            costs.append(asked(both, llama, SHAPES[1], QUESTIONS[0])[1])
    assert all(fewer > more for more, fewer in pairwise(costs))
    assert costs[1] < 0.002
    assert costs[2] < 0.2
