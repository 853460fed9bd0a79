"""The configurations of the published checkpoints, as far as they decide the sizes of the parts.

With them a model of the same shape can be built without the checkpoint's files.
"""

from __future__ import annotations

from typing import Any

from transformers import AutoConfig

from demo.checkpoints.catalogue import (
    QWEN_2_5_VL_3B,
    QWEN_2_5_VL_7B,
    QWEN_2_VL_7B,
    QWEN_3_VL_2B,
    QWEN_3_VL_4B,
    QWEN_3_VL_8B,
    Entry,
)
from demo.checkpoints.fetch import folder_of
from demo.checkpoints.shape import Shape
from demo.errors import OptionError

_ROTARY = {"rope_type": "default", "rope_theta": 1e6, "mrope_section": [16, 24, 24]}
_TEXT_7B = {
    "hidden_size": 3584,
    "intermediate_size": 18_944,
    "num_hidden_layers": 28,
    "num_attention_heads": 28,
    "num_key_value_heads": 4,
    "vocab_size": 152_064,
    "rope_parameters": _ROTARY,
}
_TEXT_3B = {
    "hidden_size": 2048,
    "intermediate_size": 11_008,
    "num_hidden_layers": 36,
    "num_attention_heads": 16,
    "num_key_value_heads": 2,
    "vocab_size": 151_936,
    "rope_parameters": _ROTARY,
}
_TOWER_2_5 = {
    "depth": 32,
    "hidden_size": 1280,
    "intermediate_size": 3420,
    "num_heads": 16,
    "window_size": 112,
    "fullatt_block_indexes": [7, 15, 23, 31],
}

_TEXT_3 = {
    "num_attention_heads": 32,
    "num_key_value_heads": 8,
    "head_dim": 128,
    "vocab_size": 151_936,
    "rope_parameters": {
        "rope_type": "default",
        "rope_theta": 5e6,
        "mrope_section": [24, 20, 20],
        "mrope_interleaved": True,
    },
}
_TEXT_3_2B = _TEXT_3 | {
    "hidden_size": 2048,
    "intermediate_size": 6144,
    "num_hidden_layers": 28,
    "num_attention_heads": 16,
}
_TEXT_3_4B = _TEXT_3 | {"hidden_size": 2560, "intermediate_size": 9728, "num_hidden_layers": 36}
_TEXT_3_8B = _TEXT_3 | {"hidden_size": 4096, "intermediate_size": 12_288, "num_hidden_layers": 36}
# The 8B has the tower that is transformers' default.
_TOWER_3 = {
    "depth": 24,
    "hidden_size": 1024,
    "intermediate_size": 4096,
    "num_heads": 16,
    "deepstack_visual_indexes": [5, 11, 17],
}

CONFIGS: dict[Shape, dict[str, Any]] = {
    QWEN_2_5_VL_7B: {
        "model_type": "qwen2_5_vl",
        "text_config": _TEXT_7B,
        "vision_config": _TOWER_2_5 | {"out_hidden_size": 3584},
        "tie_word_embeddings": False,
    },
    QWEN_2_5_VL_3B: {
        "model_type": "qwen2_5_vl",
        "text_config": _TEXT_3B,
        "vision_config": _TOWER_2_5 | {"out_hidden_size": 2048},
        "tie_word_embeddings": True,
    },
    QWEN_2_VL_7B: {
        "model_type": "qwen2_vl",
        "text_config": _TEXT_7B,
        "vision_config": {"depth": 32, "embed_dim": 1280, "hidden_size": 3584, "num_heads": 16},
        "tie_word_embeddings": False,
    },
    QWEN_3_VL_2B: {
        "model_type": "qwen3_vl",
        "text_config": _TEXT_3_2B,
        "vision_config": _TOWER_3 | {"out_hidden_size": 2048},
        "tie_word_embeddings": True,
    },
    QWEN_3_VL_4B: {
        "model_type": "qwen3_vl",
        "text_config": _TEXT_3_4B,
        "vision_config": _TOWER_3 | {"out_hidden_size": 2560},
        "tie_word_embeddings": True,
    },
    QWEN_3_VL_8B: {
        "model_type": "qwen3_vl",
        "text_config": _TEXT_3_8B,
        "vision_config": {"out_hidden_size": 4096},
        "tie_word_embeddings": False,
    },
}


def config_of(entry: Entry) -> Any:
    """The configuration of a model on disk or in the catalogue. Raises OptionError for others."""
    folder = folder_of(entry)
    if folder is not None:
        return AutoConfig.from_pretrained(folder, trust_remote_code=False)
    if entry.shape is None:
        raise OptionError(
            f"The shape of {entry.source} is not known here. Give a name from the catalogue, or a folder "
            "with its config.json."
        )
    return AutoConfig.for_model(**CONFIGS[entry.shape])
