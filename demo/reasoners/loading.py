"""From a name to a model in memory: on which device, in which precision, and is it complete.

It knows checkpoints, devices and quantization; it does not know how an answer is written, and fetches
nothing.
"""

from __future__ import annotations

import copy
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from transformers import AutoConfig, BitsAndBytesConfig, GenerationConfig
from transformers.utils import logging as hf_logging

from demo.checkpoints.catalogue import Entry, dialect_of
from demo.checkpoints.processors import read_processor
from demo.checkpoints.shape import Shape
from demo.checkpoints.weights import check_numbers, check_tensors, tensor_files
from demo.errors import CheckpointError
from demo.machine.devices import best_device, free_memory, half_precision, prepare_four_bits
from demo.machine.precision import Half, Precision, tower_dtype
from demo.reasoners.base import Tell, to_stderr
from demo.reasoners.configuration import (
    CLASSES,
    as_checkpoint_error,
    is_in_four_bits,
    is_small,
    keeps_tower,
    local_folder,
    read_config,
    shape_of,
    token_of,
)
from demo.reasoners.local import LocalReasoner, as_model_error
from demo.reasoners.memory import Plan, make_plan, precisions
from demo.reasoners.quantized_cache import check_whole, copy_folder, save_copy
from demo.reasoners.rules import read_settings
from demo.zerogpu import on_zero_gpu

# Anchored patterns: "visual" alone would leave the tower quantized.
KEPT_IN_BF16 = ("model.visual", "lm_head")


def plan_for(
    entry: Entry,
    *,
    quantize: str = "auto",
    low_memory: bool = False,
    sam2_sizes: Sequence[str] = (),
    to_be_freed: int = 0,
) -> Plan:
    """The plan for loading a checkpoint on this machine, by its configuration and the free memory.

    ``quantize`` is ``auto``, ``4bit`` or ``none``; ``sam2_sizes`` are the SAM 2 that may run beside it, the
    first choice first; ``to_be_freed`` bytes count as free. Raises CheckpointError when it is missing or
    of another kind, OutOfMemoryError with the numbers when it does not fit.
    """
    device, config = best_device(), read_config(entry)
    if is_in_four_bits(config):  # it runs as it is
        quantize, low_memory = "4bit", not keeps_tower(config)
    if is_small(config):
        four: Precision = "nf4-all" if low_memory else "nf4"
        precision = four if quantize == "4bit" else "float32"
        sam2 = next(iter(sam2_sizes), None)
        return Plan(device, precision, sam2, half=half_precision(device))
    with as_model_error(), as_checkpoint_error(entry):
        shape = entry.shape or shape_of(config)
    return plan_on(device, entry.title, shape, quantize, low_memory, sam2_sizes, to_be_freed)


def plan_on(
    device: str,
    title: str,
    shape: Shape,
    quantize: str,
    low_memory: bool,
    sam2_sizes: Sequence[str] = (),
    to_be_freed: int = 0,
) -> Plan:
    """The plan for a large model of that shape, of which nothing needs to be on this machine."""
    free = free_memory(device) + to_be_freed
    half = half_precision(device)
    tried = precisions(device, half, free, quantize, low_memory)
    plan = make_plan(title, shape, device, free, tried, sam2_sizes, half)
    if device == "mps" and quantize == "4bit":
        return replace(plan, why=f"{plan.why} There are no kernels for 4 bits on an Apple GPU.")
    return plan


def unknown_plan() -> Plan:
    """The plan for a model of unknown shape that is not here: it is taken to fit."""
    half = half_precision(best_device())
    return Plan(best_device(), half, half=half)


def load_local(
    entry: Entry,
    *,
    quantize: str = "auto",
    low_memory: bool = False,
    plan: Plan | None = None,
    tell: Tell = to_stderr,
) -> LocalReasoner:
    """Load a checkpoint of one of the Qwen models that is on this machine.

    Without a ``plan`` one is made from ``quantize`` and ``low_memory``, see `plan_for`. Raises
    CheckpointError when it is missing or of another kind, OutOfMemoryError when it does not fit.
    """
    plan = plan or plan_for(entry, quantize=quantize, low_memory=low_memory)
    config = read_config(entry)
    # A progress bar is for weights that take a while.
    (hf_logging.disable_progress_bar if is_small(config) else hf_logging.enable_progress_bar)()
    frame, looks = (getattr(config, name, None) for name in ("region_frame", "region_looks"))
    dialect = dialect_of(entry, frame, token_of(config), looks=looks)
    with as_model_error(), as_checkpoint_error(entry):
        folder = local_folder(entry)
        tensor_files(entry.source, folder)
        settings = read_settings(folder, config)
        processor = read_processor(entry.source, folder, config)
        if is_in_four_bits(config):
            # It computes in the type that is fast here, not in the one of the machine that made it.
            config.quantization_config["bnb_4bit_compute_dtype"] = plan.half
        if is_in_four_bits(config) or not plan.is_four_bits:
            model = _load(config, folder, plan)
        elif is_small(config):
            model = _quantize(config, folder, plan)
        else:
            model = load_cached(entry, config, plan, tell)
    model.generation_config = settings  # also for a cached copy: the file may have changed since
    # Pictures are where the tokenizer puts them, regardless of the token's number in config.json.
    model.config.image_token_id = processor.image_token_id
    return LocalReasoner(entry.name, model, processor, dialect)


def load_cached(entry: Entry, config: Any, plan: Plan, tell: Tell) -> Any:
    """A model in 4 bits: the copy that an earlier start saved, else quantized now and saved."""
    source = local_folder(entry)
    place = copy_folder(entry.name, source, plan)
    if os.path.isdir(place):  # False where access is denied
        try:
            check_whole(place)
            model = _load(AutoConfig.from_pretrained(place, trust_remote_code=False), place, plan)
            check_four_bits(model, unquantized_in(config, plan.precision == "nf4-all"))
            return model
        except (torch.OutOfMemoryError, MemoryError):
            raise
        except Exception:  # damaged files can make a loader raise anything at all
            tell(f"The quantized copy of {entry.title} is damaged and is made again.")
    model = _quantize(config, source, plan)
    model.generation_config = GenerationConfig()  # saving refuses settings that loading accepts
    tell(save_copy(model, place))
    return model


def _load(config: Any, folder: Path, plan: Plan, **options: Any) -> Any:
    # ZeroGPU's stand-in for CUDA sees only what this thread does, and transformers loads onto a device in
    # several threads.
    at_once = "cpu" if on_zero_gpu() else plan.device
    if plan.is_four_bits:
        prepare_four_bits(at_once)
    with _silence_report():
        model, found = CLASSES[config.model_type].from_pretrained(
            folder,
            config=copy.deepcopy(config),
            dtype=getattr(torch, plan.dtype),
            device_map={"": at_once},
            attn_implementation="sdpa",  # not the one of the machine that trained it
            output_loading_info=True,
            ignore_mismatched_sizes=True,  # they are reported all the same
            use_safetensors=True,
            trust_remote_code=False,
            **options,
        )
    check_tensors(str(folder), found)
    check_numbers(str(folder), model)
    if tower_dtype(plan.dtype) != plan.dtype:
        model.model.visual.to(getattr(torch, tower_dtype(plan.dtype)))
    return model.to(plan.device) if at_once != plan.device else model


def _quantize(config: Any, folder: Path, plan: Plan) -> Any:
    kept = unquantized_in(config, plan.precision == "nf4-all")
    model = _load(config, folder, plan, quantization_config=four_bit_config(kept, plan.half))
    check_four_bits(model, kept)
    return model


def unquantized_in(config: Any, low_memory: bool) -> tuple[str, ...]:
    """Modules that are not quantized to 4 bits: tower and output head or, when memory is low, none.

    A head that shares its weights with the input embedding cannot be in 4 bits, and the gates of linear
    attention are too narrow for the kernels.
    """
    gates = tuple(
        f"model.language_model.layers.{layer}.linear_attn.in_proj_{gate}"
        for layer, kind in enumerate(getattr(config.text_config, "layer_types", None) or ())
        if kind == "linear_attention"
        for gate in "ab"
    )
    if low_memory:
        return (("lm_head",) if config.tie_word_embeddings else ()) + gates
    return KEPT_IN_BF16 + gates


def four_bit_config(kept: Sequence[str], half: Half = "bfloat16") -> BitsAndBytesConfig:
    """NF4 with double quantization, computing in ``half``, for all but the modules in ``kept``."""
    return BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=getattr(torch, half),
        llm_int8_skip_modules=list(kept),
    )


def check_four_bits(model: Any, kept: tuple[str, ...]) -> None:
    """Raises CheckpointError unless exactly the layers that should be are in 4 bits."""
    from bitsandbytes.nn import Linear4bit

    for name, module in model.named_modules():
        if not isinstance(module, torch.nn.Linear):
            continue
        if isinstance(module, Linear4bit) == name.startswith(kept):
            raise CheckpointError(
                f"The layer {name} was not loaded in the precision it should have."
            )


@contextmanager
def _silence_report() -> Iterator[None]:
    """Silence transformers' table of missing tensors, which are reported in a sentence."""
    before = hf_logging.get_verbosity()
    hf_logging.set_verbosity_error()
    try:
        yield
    finally:
        hf_logging.set_verbosity(before)
