"""Whether this demo can load a checkpoint, by the names of its files and its configuration.

That is known before its weights are fetched. No weights are opened.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from demo.checkpoints.catalogue import CATALOGUE
from demo.checkpoints.folders import is_loadable, other_format
from demo.dialects.families import is_same_model
from demo.errors import CheckpointError

KINDS = ("qwen2_5_vl", "qwen2_vl", "qwen3_vl", "qwen3_5")
# Files of quantizing tools, beside a configuration that does not mention quantization.
_NOTES = {
    "quantize_config.json": "GPTQ",
    "quant_config.json": "AWQ",
    "hf_quant_config.json": "ModelOpt",
}
_TITLES = {
    "awq": "AWQ", "gptq": "GPTQ", "fp8": "FP8", "fbgemm_fp8": "FP8", "hqq": "HQQ", "eetq": "EETQ",
    "aqlm": "AQLM", "quanto": "Quanto", "modelopt": "ModelOpt", "mxfp4": "MXFP4",
}  # fmt: skip
# The fields that say how weights were quantized; the first is that of MLX, the third an older one of
# compressed-tensors.
_QUANTIZED = ("quantization", "quantization_config", "compression_config")


def check_kind(
    source: str,
    names: Collection[str],
    config: Mapping[str, Any] | None,
    folder: Path | None = None,
) -> None:
    """Raises CheckpointError, with what to do, for a checkpoint that cannot be loaded.

    ``names`` are the paths of its files relative to its folder, ``config`` the content of its config.json,
    as far as it is known; ``folder`` is its folder, if it is on this machine.
    """
    if "config.json" not in names or not is_loadable(names):
        description = other_format(names, folder)
        if description is None and any(n.endswith(".safetensors") and "/" in n for n in names):
            description = (
                "has its weights in a subfolder. Give a folder that has them beside config.json."
            )
        if description is not None:
            raise CheckpointError(f"{source} {description}")
        if "config.json" not in names:
            raise CheckpointError(f"{source} holds no checkpoint: it has no config.json.")
    kind = config.get("model_type") if config else None
    if config is not None and kind not in KINDS:
        raise CheckpointError(
            f"{source} is a {kind or 'checkpoint without a model type'}; "
            "this demo runs checkpoints of Qwen2-VL, Qwen2.5-VL, Qwen3-VL and Qwen3.5."
        )
    check_unquantized(source, names, config or {})


def four_bits_of(config: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The configuration of weights that are in 4 bits in the form that this demo runs; else None."""
    made = config.get("quantization_config")
    if not isinstance(made, Mapping) or made.get("load_in_8bit"):
        return None
    # Hubs give only the method, old configurations only the bits.
    return made if made.get("quant_method") == "bitsandbytes" or made.get("load_in_4bit") else None


def check_unquantized(source: str, names: Collection[str], config: Mapping[str, Any]) -> None:
    if four_bits_of(config) is not None:
        return
    if how := _quantization(config) or next(
        (_NOTES[name] for name in _NOTES if name in names), None
    ):
        raise CheckpointError(
            f"{source} is quantized already ({how}), in a form that this demo does not run. It quantizes "
            f"to 4 bits itself: give the unquantized checkpoint{_suggestion(source)}, or run this one on a "
            "server and give its address with --server."
        )


def _quantization(config: Mapping[str, Any]) -> str | None:
    """The method by which the weights were quantized, as its makers write it; None where they were not."""
    inner = config.get("text_config")
    for place in (config, inner if isinstance(inner, Mapping) else {}):
        for key in _QUANTIZED:
            if made := place.get(key):
                return _method(key, made)
    return None


def _method(key: str, made: object) -> str:
    if not isinstance(made, Mapping):
        return str(made)
    if key == "quantization":
        return "MLX"
    if made.get("load_in_8bit"):
        return "bitsandbytes, 8 bits"
    method = str(made.get("quant_method") or made.get("quant_algo") or "by an unnamed method")
    return _TITLES.get(method, method)


def _suggestion(source: str) -> str:
    """The catalogue's checkpoint from which one was quantized, by its name, as the end of a phrase."""
    plain = next((e.source for e in CATALOGUE.values() if is_same_model(source, e.name)), None)
    return f", such as {plain}" if plain else ""
