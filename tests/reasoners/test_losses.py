"""How likely given texts are as answers, beside what one plain forward pass of the library says of each."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from demo.checkpoints.catalogue import find_model
from demo.dialects.prompt import Prompt
from demo.errors import ModelError
from demo.picture.picture import Picture
from demo.reasoners.base import Weighing, picture_for
from demo.reasoners.loading import load_local
from demo.reasoners.local import LocalReasoner
from tests.support.published import save_published

QUESTION = "What is the color of the ball?"
TEXTS = (
    "The color of the ball is red.",
    "red",
    "The color of the ball is light blue, or so it seems to be.",
    "A",
)


def plain_loss(reasoner: LocalReasoner, picture: Picture, text: str) -> float:
    """The mean loss of a text with its end, from one pass over everything before it and itself."""
    processor = reasoner._processor
    content = [{"type": "image"}, {"type": "text", "text": QUESTION}]
    asked = processor.apply_chat_template(
        [{"role": "user", "content": content}], add_generation_prompt=True, tokenize=False
    )
    inputs = processor(
        text=[f"{asked}{text}<|im_end|>"],
        images=[picture_for(picture, reasoner.dialect)],
        do_resize=False,
        return_tensors="pt",
    )
    count = len(processor.tokenizer(f"{text}<|im_end|>", add_special_tokens=False).input_ids)
    ids = inputs["input_ids"][0]
    with torch.inference_mode():
        logits = reasoner._model(**inputs).logits[0]
    return float(torch.nn.functional.cross_entropy(logits[-count - 1 : -1], ids[-count:]))


@pytest.mark.parametrize("kind", ["qwen2_vl", "qwen2_5_vl", "qwen3_vl"])
def test_losses_are_those_of_plain_passes(kind: str, tmp_path: Path, picture: Picture) -> None:
    folder = tmp_path / kind.replace("_", "-")
    save_published(kind, folder)
    reasoner = load_local(find_model(str(folder)))
    assert isinstance(reasoner, Weighing)
    expected = [plain_loss(reasoner, picture, text) for text in TEXTS]
    prompt = Prompt(QUESTION, QUESTION, ())
    for _ in range(2):  # computed, and from what was kept
        assert reasoner.losses(picture, prompt, TEXTS) == pytest.approx(expected, abs=1e-3)
    assert len({round(loss, 2) for loss in expected}) > 1
    reasoner.close()
    with pytest.raises(ModelError, match="not loaded any more"):
        reasoner.losses(picture, prompt, TEXTS)
