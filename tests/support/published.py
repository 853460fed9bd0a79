"""Small random checkpoints as the makers of Qwen-VL publish them: byte-level tokens, sections of rotary."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from tokenizers import (
    AddedToken,
    Regex,
    Tokenizer,
    decoders,
    models,
    normalizers,
    pre_tokenizers,
    trainers,
)
from transformers import (
    PreTrainedTokenizerFast,
    Qwen2_5_VLConfig,
    Qwen2_5_VLForConditionalGeneration,
    Qwen2_5_VLProcessor,
    Qwen2VLConfig,
    Qwen2VLForConditionalGeneration,
    Qwen2VLImageProcessor,
    Qwen2VLProcessor,
    Qwen2VLVideoProcessor,
    Qwen3VLConfig,
    Qwen3VLForConditionalGeneration,
    Qwen3VLProcessor,
    Qwen3VLVideoProcessor,
)

from demo.checkpoints.catalogue import NANO_FOLDER
from tests import ROOT

# How Qwen splits text before merging bytes.
SPLIT = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+"
    r"|\s+(?!\S)|\s+"
)
_CONTROL = (
    "<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|vision_start|>", "<|vision_end|>",
    "<|vision_pad|>", "<|image_pad|>", "<|video_pad|>",
)  # fmt: skip
_PLAIN = ("<tool_call>", "</tool_call>")
SIDES = {"qwen2_vl": 28, "qwen2_5_vl": 28, "qwen3_vl": 32}  # of visual tokens, in pixels
VOCABULARY = 640  # rows of the embedding; the last ones belong to no token
_TEXT = {
    "hidden_size": 128, "intermediate_size": 256, "num_hidden_layers": 2, "num_attention_heads": 4,
    "num_key_value_heads": 2, "vocab_size": VOCABULARY, "max_position_embeddings": 4096,
}  # fmt: skip


def tokenizer() -> PreTrainedTokenizerFast:
    """A byte-level tokenizer with a few merges, split and named as Qwen's."""
    made = Tokenizer(models.BPE())
    made.normalizer = normalizers.NFC()
    made.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(SPLIT), "isolated"),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
    ])  # fmt: skip
    made.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=600, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False
    )
    made.train([str(ROOT / "LICENSE")], trainer)  # a text that stays as it is
    made.add_tokens([AddedToken(t, special=True, normalized=False) for t in _CONTROL])
    made.add_tokens([AddedToken(t, special=False, normalized=False) for t in _PLAIN])
    return PreTrainedTokenizerFast(
        tokenizer_object=made, eos_token="<|im_end|>", pad_token="<|endoftext|>",
        additional_special_tokens=list(_CONTROL[1:2] + _CONTROL[3:]),
        chat_template=(NANO_FOLDER / "chat_template.jinja").read_text(encoding="utf-8"),
    )  # fmt: skip


def save_published(kind: str, folder: Path, **text: Any) -> None:
    """A random checkpoint of two layers, of model type ``kind``; it repeats itself, but not only."""
    words = tokenizer()
    config = _config(kind, words, text)
    torch.manual_seed(5)
    model = _MODELS[kind](config)
    for name, weight in model.named_parameters():
        if weight.dim() >= 2:
            # What a tower computes between its norms is large enough for its activation to matter.
            torch.nn.init.normal_(weight, std=0.25 if "visual" in name and "mlp" in name else 0.08)
        elif not torch.all(weight == 1):
            torch.nn.init.normal_(weight, std=0.05)
    ends = words.convert_tokens_to_ids(["<|im_end|>", "<|endoftext|>"])
    # So that no answer ends, has half a character or a picture's place in it before it is compared.
    unwritten = [*words.convert_tokens_to_ids(list(_CONTROL)), *_halves(words)]
    with torch.no_grad():
        model.lm_head.weight[unwritten] = 0
    model.generation_config.eos_token_id, model.generation_config.pad_token_id = ends, ends[1]
    model.save_pretrained(folder)
    _processor(kind, words).save_pretrained(folder)


def _halves(words: PreTrainedTokenizerFast) -> list[int]:
    """The tokens that are parts of a character."""
    return [token for token in range(len(words)) if "\ufffd" in words.decode([token])]


_MODELS = {
    "qwen2_vl": Qwen2VLForConditionalGeneration,
    "qwen2_5_vl": Qwen2_5_VLForConditionalGeneration,
    "qwen3_vl": Qwen3VLForConditionalGeneration,
}


def _config(kind: str, words: PreTrainedTokenizerFast, text: dict[str, Any]) -> Any:
    rope = {"rope_type": "default", "rope_theta": 1e6, "mrope_section": [4, 6, 6]}
    settings = {
        "tie_word_embeddings": False,
        "image_token_id": words.convert_tokens_to_ids("<|image_pad|>"),
        "video_token_id": words.convert_tokens_to_ids("<|video_pad|>"),
        "vision_start_token_id": words.convert_tokens_to_ids("<|vision_start|>"),
        "vision_end_token_id": words.convert_tokens_to_ids("<|vision_end|>"),
    }
    if kind == "qwen2_vl":
        tower: dict[str, Any] = {"depth": 2, "embed_dim": 64, "hidden_size": 128, "num_heads": 2}
        return Qwen2VLConfig(
            text_config=_TEXT | {"rope_parameters": rope} | text, vision_config=tower, **settings
        )
    if kind == "qwen2_5_vl":
        tower = {
            "depth": 4, "hidden_size": 64, "out_hidden_size": 128, "intermediate_size": 100,
            "num_heads": 2, "fullatt_block_indexes": [1, 3],
        }  # fmt: skip
        return Qwen2_5_VLConfig(
            text_config=_TEXT | {"rope_parameters": rope} | text, vision_config=tower, **settings
        )
    tower = {
        "depth": 4, "hidden_size": 64, "out_hidden_size": 128, "intermediate_size": 96, "num_heads": 2,
        "deepstack_visual_indexes": [1, 2], "num_position_embeddings": 64,
    }  # fmt: skip
    rope = {
        "rope_type": "default",
        "rope_theta": 5e6,
        "mrope_section": [6, 5, 5],
        "mrope_interleaved": True,
    }
    return Qwen3VLConfig(
        text_config=_TEXT | {"rope_parameters": rope, "head_dim": 32, "num_hidden_layers": 3} | text,
        vision_config=tower, **settings,
    )  # fmt: skip


def _processor(kind: str, words: PreTrainedTokenizerFast) -> Any:
    template = words.chat_template
    if kind == "qwen3_vl":
        sizes = {"patch_size": 16, "image_mean": [0.5] * 3, "image_std": [0.5] * 3}
        return Qwen3VLProcessor(
            Qwen2VLImageProcessor(**sizes),
            words,
            Qwen3VLVideoProcessor(**sizes),
            chat_template=template,
        )
    make = Qwen2VLProcessor if kind == "qwen2_vl" else Qwen2_5_VLProcessor
    return make(Qwen2VLImageProcessor(), words, Qwen2VLVideoProcessor(), chat_template=template)
