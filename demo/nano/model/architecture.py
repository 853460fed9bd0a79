"""Nano's architecture: a Qwen2.5-VL of a few million parameters, and how its checkpoint is saved.

The classes are those of the 7B, so the same code loads it.
"""

from __future__ import annotations

import json
from pathlib import Path

import torch
from transformers import (
    AutoTokenizer,
    PreTrainedTokenizerFast,
    Qwen2_5_VLConfig,
    Qwen2_5_VLForConditionalGeneration,
    Qwen2_5_VLProcessor,
    Qwen2VLImageProcessor,
    Qwen2VLVideoProcessor,
)

from demo.nano.world.facts import FRAME

PATCH, MERGE = 14, 2
GRID = FRAME.width // PATCH
CELLS = GRID // MERGE


def build_model(tokenizer: PreTrainedTokenizerFast) -> Qwen2_5_VLForConditionalGeneration:
    """A freshly initialised model for the tokenizer.

    Rotary sections are interleaved and the base is small: the 7B's sections would leave the two
    picture axes with frequencies too low to tell eight columns apart.
    """
    ids = tokenizer.convert_tokens_to_ids
    config = Qwen2_5_VLConfig(
        text_config={
            "vocab_size": _rounded_up(len(tokenizer), 64),
            "hidden_size": 256,
            "intermediate_size": 704,
            "num_hidden_layers": 8,
            "num_attention_heads": 4,
            "num_key_value_heads": 4,
            "max_position_embeddings": 4096,
            "rms_norm_eps": 1e-6,
            "rope_parameters": {
                "rope_type": "default",
                "rope_theta": 10_000.0,
                "mrope_section": [1] * 32,
            },
            "bos_token_id": None,
            "eos_token_id": ids("<|im_end|>"),
            "pad_token_id": ids("<|endoftext|>"),
        },
        vision_config={
            "depth": 6,
            "hidden_size": 192,
            "intermediate_size": 512,
            "num_heads": 4,
            "patch_size": PATCH,
            "spatial_merge_size": MERGE,
            "temporal_patch_size": 2,
            "window_size": PATCH * MERGE * 4,
            "fullatt_block_indexes": list(range(6)),
            "out_hidden_size": 256,
        },
        image_token_id=ids("<|image_pad|>"),
        video_token_id=ids("<|video_pad|>"),
        vision_start_token_id=ids("<|vision_start|>"),
        vision_end_token_id=ids("<|vision_end|>"),
        tie_word_embeddings=True,
    )
    model = Qwen2_5_VLForConditionalGeneration(config)
    _number_embeddings(model, tokenizer)
    model.generation_config.do_sample = False
    model.generation_config.max_new_tokens = 2048
    model.generation_config.eos_token_id = tokenizer.eos_token_id
    model.generation_config.pad_token_id = tokenizer.pad_token_id
    return model


def build_processor(tokenizer: PreTrainedTokenizerFast) -> Qwen2_5_VLProcessor:
    """The processor that goes with it: every picture of the frame's size stays as it is."""
    pixels = FRAME.width * FRAME.height
    size = {"shortest_edge": pixels, "longest_edge": pixels}
    shape = {"patch_size": PATCH, "merge_size": MERGE, "temporal_patch_size": 2}
    return Qwen2_5_VLProcessor(
        image_processor=Qwen2VLImageProcessor(size=size, **shape),
        tokenizer=tokenizer,
        video_processor=Qwen2VLVideoProcessor(size=size, **shape),
        chat_template=tokenizer.chat_template,
    )


def save_checkpoint(
    folder: Path,
    model: Qwen2_5_VLForConditionalGeneration,
    tokenizer: PreTrainedTokenizerFast,
) -> None:
    """Weights (bf16), configuration, processor, the frame the model speaks in, and that it looks closer."""
    model.to(torch.bfloat16).save_pretrained(folder)
    build_processor(tokenizer).save_pretrained(folder)
    path = folder / "config.json"
    config = json.loads(path.read_text())
    config["region_frame"] = [FRAME.width, FRAME.height]
    config["region_looks"] = True
    path.write_text(json.dumps(config, indent=2, sort_keys=True) + "\n")


def take_weights(
    model: Qwen2_5_VLForConditionalGeneration, tokenizer: PreTrainedTokenizerFast, folder: Path
) -> None:
    """Load the weights of a checkpoint of the same sizes into a model.

    A token that the checkpoint's tokenizer does not have starts as the mean of the tokens that encode it
    there.
    """
    source = Qwen2_5_VLForConditionalGeneration.from_pretrained(
        folder, dtype=torch.float32, use_safetensors=True, trust_remote_code=False
    )
    former = AutoTokenizer.from_pretrained(folder, trust_remote_code=False)
    embeddings = model.get_input_embeddings().weight.detach().clone()
    theirs, pieces = source.get_input_embeddings().weight.detach(), former.get_vocab()
    for piece, row in tokenizer.get_vocab().items():
        known = pieces.get(piece)
        rows = former(piece, add_special_tokens=False).input_ids if known is None else [known]
        embeddings[row] = theirs[rows].mean(0)
    tied = {"lm_head.weight", "model.language_model.embed_tokens.weight"}
    weights = {name: w for name, w in source.state_dict().items() if name not in tied}
    model.load_state_dict(weights | dict.fromkeys(tied, embeddings))


def _number_embeddings(
    model: Qwen2_5_VLForConditionalGeneration, tokenizer: PreTrainedTokenizerFast
) -> None:
    """Initialise the numbers' embeddings as Fourier features, so that near numbers are similar.

    The other components stay random, but larger: with small differences between neighbours the model
    learned to cite references only nearly, not exactly.
    """
    ids = torch.tensor(number_ids(tokenizer))
    values = torch.arange(len(ids))[:, None] / FRAME.width
    weight = model.get_input_embeddings().weight
    width = weight.shape[1]
    frequencies = 2 ** torch.linspace(0, 6, width // 4) * torch.pi
    angles = values * frequencies
    waves = torch.cat([angles.sin(), angles.cos()], dim=1)
    with torch.no_grad():
        scale = model.config.text_config.initializer_range
        weight[ids, : waves.shape[1]] = waves * scale * 1.4
        weight[ids, waves.shape[1] :] *= 3


def number_ids(tokenizer: PreTrainedTokenizerFast) -> list[int]:
    """Token ids of 0, 1, … up to the frame's width."""
    return [int(tokenizer.convert_tokens_to_ids(str(n))) for n in range(FRAME.width + 1)]


def _rounded_up(value: int, step: int) -> int:
    return -(-value // step) * step
