"""A student to train that is half as deep as nano: what a step does with it is the same."""

from __future__ import annotations

import pytest
from transformers import PreTrainedTokenizerFast, Qwen2_5_VLForConditionalGeneration

from demo.nano.model.architecture import build_model
from demo.nano.training import train


def half_as_deep(tokenizer: PreTrainedTokenizerFast) -> Qwen2_5_VLForConditionalGeneration:
    """As `build_model`, with half of the language model's layers and a third of the tower's blocks."""
    model = build_model(tokenizer)
    text, tower = model.model.language_model, model.model.visual
    del text.layers[4:], tower.blocks[2:]
    text.config.num_hidden_layers, tower.config.depth = 4, 2
    text.config.layer_types = text.config.layer_types[:4]
    tower.config.fullatt_block_indexes = [0, 1]
    return model


@pytest.fixture
def small_student(monkeypatch: pytest.MonkeyPatch) -> None:
    """Training begins with less."""
    monkeypatch.setattr(train, "build_model", half_as_deep)
