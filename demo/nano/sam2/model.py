"""Nano SAM 2's architecture: a `Sam2Model` of a few million parameters, and how it is saved.

The classes are those of Meta's checkpoints, so the same code loads it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import nn
from transformers import Sam2Config, Sam2ImageProcessor, Sam2Model, Sam2Processor

STRIDE = 16  # of the tokens that the mask decoder reads
MASK_STRIDE = 4  # of the mask logits
PLACE_GAIN = 2.0  # gives a token's own place about 1,000 times the attention of a far one
MIN_FREQUENCY, MAX_FREQUENCY = 0.125, 3.0  # cycles per half picture


@dataclass(frozen=True, slots=True)
class Shape:
    """Widths and depths: per stage of the Hiera backbone, then of neck and decoder."""

    widths: tuple[int, ...] = (32, 64, 128, 256)
    blocks: tuple[int, ...] = (1, 2, 4, 2)
    heads: tuple[int, ...] = (1, 2, 4, 8)
    windows: tuple[int, ...] = (8, 4, 8, 8)
    global_blocks: tuple[int, ...] = (5, 8)  # never the first of a stage, which pools its windows
    decoder: int = 96
    decoder_heads: int = 4


def build_model(side: int, shape: Shape = Shape()) -> Sam2Model:
    """A freshly initialised model for square inputs of ``side`` pixels, a multiple of 32.

    Other than in Meta's, the finest features, too, get the coarse ones added (``fpn_top_down_levels``):
    one narrow block alone cannot tell the edge of a thing from any other. Attention is written out: on a
    CPU the fused kernel's backward pass takes four times as long for windows this small.
    """
    config = Sam2Config(
        vision_config={
            "backbone_config": {
                "model_type": "sam2_hiera_det_model",
                "hidden_size": shape.widths[0],
                "image_size": [side, side],
                "embed_dim_per_stage": list(shape.widths),
                "blocks_per_stage": list(shape.blocks),
                "num_attention_heads_per_stage": list(shape.heads),
                "window_size_per_stage": list(shape.windows),
                "global_attention_blocks": list(shape.global_blocks),
            },
            "backbone_channel_list": list(shape.widths[::-1]),
            "backbone_feature_sizes": _feature_sizes(side),
            "fpn_hidden_size": shape.decoder,
            "fpn_top_down_levels": [0, 1, 2, 3],
        },
        prompt_encoder_config={
            "hidden_size": shape.decoder,
            "image_size": side,
            "patch_size": STRIDE,
        },
        mask_decoder_config={
            "hidden_size": shape.decoder,
            "mlp_dim": 4 * shape.decoder,
            "num_attention_heads": shape.decoder_heads,
            "iou_head_hidden_dim": shape.decoder,
        },
    )
    model = Sam2Model._from_config(config, attn_implementation="eager")
    # Points and picture need the same frequencies; the library draws some for each.
    for embedding in (model.prompt_encoder.shared_embedding, model.shared_image_embedding):
        embedding.positional_embedding.copy_(_frequencies(shape.decoder // 4))
    _start_decoder(model)
    return model


def _frequencies(count: int) -> torch.Tensor:
    """Frequencies [2, 2 x count] of the waves that encode places: ``count`` along x, ``count`` along y.

    In cycles per half picture, from one so low that x and y can be read off directly to one that tells
    neighbouring cells apart. Meta's are random and slanted, which takes far more examples to learn.
    """
    waves = torch.logspace(math.log10(MIN_FREQUENCY), math.log10(MAX_FREQUENCY), count)
    none = torch.zeros(count)
    return torch.stack([torch.cat([waves, none]), torch.cat([none, waves])])


def _start_decoder(model: Sam2Model) -> None:
    """Initialise prompt encoder and decoder as Meta's code does, with torch's own defaults.

    The library, which expects a checkpoint, makes all weights so small that prompts would hardly reach the
    masks: the model would learn to mark all things alike, and be stuck there for long.
    """
    for part in (model.prompt_encoder, model.mask_decoder):
        for module in part.modules():
            if isinstance(module, nn.Linear | nn.Conv2d | nn.ConvTranspose2d | nn.Embedding):
                module.reset_parameters()
    _match_places(model)


@torch.no_grad()
def _match_places(model: Sam2Model) -> None:
    """Initialise attention so that tokens and picture attend to each other where place and features agree.

    Queries and keys get the same projection, so that their product is largest for what is alike; values
    are copied. So, before anything is learned, the prompt's token takes over the features at its place,
    and all similar parts of the picture attend to this token.
    """
    transformer = model.mask_decoder.transformer
    pairs = [
        (la.cross_attn_token_to_image, la.cross_attn_image_to_token) for la in transformer.layers
    ]
    for attentions in (*pairs, (transformer.final_attn_token_to_image,)):
        alike = nn.init.orthogonal_(torch.empty_like(attentions[0].q_proj.weight))
        for attention in attentions:
            attention.q_proj.weight.copy_(PLACE_GAIN * alike)
            attention.k_proj.weight.copy_(PLACE_GAIN * alike)
            attention.v_proj.weight.copy_(alike)
            attention.o_proj.weight.copy_(alike.T)
            for projection in (
                attention.q_proj,
                attention.k_proj,
                attention.v_proj,
                attention.o_proj,
            ):
                projection.bias.zero_()


def set_side(model: Sam2Model, side: int) -> None:
    """Let a model take inputs of another size: nothing in its weights depends on it."""
    vision, prompts = model.config.vision_config, model.config.prompt_encoder_config
    vision.backbone_config.image_size = [side, side]
    vision.backbone_feature_sizes = model.backbone_feature_sizes = _feature_sizes(side)
    prompts.image_size = side
    encoder = model.prompt_encoder
    encoder.input_image_size = side
    encoder.image_embedding_size = (side // STRIDE,) * 2
    encoder.mask_input_size = (side // MASK_STRIDE,) * 2


def build_processor(side: int) -> Sam2Processor:
    """The processor that goes with it: any picture is squeezed into the square."""
    square, mask = ({"height": s, "width": s} for s in (side, side // MASK_STRIDE))
    return Sam2Processor(Sam2ImageProcessor(size=square, mask_size=mask))


def save_checkpoint(folder: Path, model: Sam2Model) -> None:
    """Weights (float16, into which the model is cast), configuration and processor for `load_sam2`."""
    model.to(torch.float16).save_pretrained(folder)
    build_processor(model.config.prompt_encoder_config.image_size).save_pretrained(folder)


def _feature_sizes(side: int) -> list[list[int]]:
    return [[side // stride] * 2 for stride in (MASK_STRIDE, 2 * MASK_STRIDE, STRIDE)]
