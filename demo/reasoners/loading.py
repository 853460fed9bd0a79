"""From a name to a model in memory: which device, which precision, and is it all there.

It knows checkpoints, devices and quantization; it does not know how an answer is written, and fetches
nothing.
"""

from __future__ import annotations

import copy
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from transformers import (
    AutoConfig,
    BitsAndBytesConfig,
    GenerationConfig,
    Qwen2_5_VLForConditionalGeneration,
    Qwen2VLForConditionalGeneration,
)
from transformers.utils import logging as hf_logging

from demo.checkpoints.catalogue import Entry, dialect_of
from demo.checkpoints.fetch import folder_of
from demo.checkpoints.folders import read_json
from demo.checkpoints.kinds import check_kind, four_bits_of
from demo.checkpoints.processors import read_processor
from demo.checkpoints.shape import Shape
from demo.checkpoints.weights import (
    QUANTIZED,
    check_arrived,
    check_numbers,
    check_pointers,
    has_own_head,
    kept_whole,
    names_in,
)
from demo.errors import CheckpointError, DemoError, first_line
from demo.machine.devices import best_device, free_memory, half_precision, prepare_four_bits
from demo.machine.precision import Half, Precision, tower_dtype
from demo.reasoners.local import LocalReasoner, failures_said
from demo.reasoners.memory import Plan, make_plan, precisions
from demo.reasoners.quantized_cache import check_whole, keep, kept_folder
from demo.reasoners.rules import settings_in
from demo.zerogpu import on_zero_gpu

CLASSES = {
    "qwen2_5_vl": Qwen2_5_VLForConditionalGeneration,
    "qwen2_vl": Qwen2VLForConditionalGeneration,
}
# Anchored patterns: "visual" alone would leave the tower quantized.
KEPT_IN_BF16 = ("model.visual", "lm_head")
_SMALL = 1024  # a model as narrow as nano gains nothing from 4 bits or half precision

Tell = Callable[[str], None]


def to_stderr(sentence: str) -> None:
    """How a start tells people what it does: standard output belongs to results."""
    print(sentence, file=sys.stderr, flush=True)


def plan_for(
    entry: Entry,
    *,
    quantize: str = "auto",
    low_memory: bool = False,
    sam2_sizes: Sequence[str] = (),
    to_be_freed: int = 0,
) -> Plan:
    """How a checkpoint on this machine is loaded, decided by its configuration and the memory free.

    ``quantize`` is ``auto``, ``4bit`` or ``none``; ``sam2_sizes`` are those that may run beside it, the
    first choice first; ``to_be_freed`` bytes count as free. Raises CheckpointError when it is missing or
    of another kind, OutOfMemoryError with the numbers when it does not fit.
    """
    device, config = best_device(), _config(entry)
    if is_in_four_bits(config):  # it runs as it is
        quantize, low_memory = "4bit", not _keeps_tower(config)
    if _is_small(config):
        four: Precision = "nf4-all" if low_memory else "nf4"
        precision = four if quantize == "4bit" else "float32"
        sam2 = next(iter(sam2_sizes), None)
        return Plan(device, precision, sam2, half=half_precision(device))
    with failures_said(), _missing(entry):
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
    """The plan for a large model of a shape, which needs nothing of it to be here."""
    free = free_memory(device) + to_be_freed
    half = half_precision(device)
    tried = precisions(device, half, free, quantize, low_memory)
    plan = make_plan(title, shape, device, free, tried, sam2_sizes, half)
    if device == "mps" and quantize == "4bit":
        return replace(plan, why=f"{plan.why} 4 bits have no kernels of their own on an Apple GPU.")
    return plan


def load_local(
    entry: Entry,
    *,
    quantize: str = "auto",
    low_memory: bool = False,
    plan: Plan | None = None,
    tell: Tell = to_stderr,
) -> LocalReasoner:
    """Load a Qwen2.5-VL or Qwen2-VL checkpoint that is on this machine.

    ``plan`` says how; without one it is made from ``quantize`` and ``low_memory``, see `plan_for`. Raises
    CheckpointError when it is missing or of another kind, OutOfMemoryError when it does not fit.
    """
    plan = plan or plan_for(entry, quantize=quantize, low_memory=low_memory)
    config = _config(entry)
    # A bar is for weights that take a while.
    (hf_logging.disable_progress_bar if _is_small(config) else hf_logging.enable_progress_bar)()
    dialect = dialect_of(entry, getattr(config, "region_frame", None))
    with failures_said(), _missing(entry):
        folder = _folder(entry)
        names_in(entry.source, folder)
        settings = settings_in(folder, config)
        processor = read_processor(entry.source, folder, config)
        if is_in_four_bits(config):
            # It computes in what is fast here, not in what was fast where it was made.
            config.quantization_config["bnb_4bit_compute_dtype"] = plan.half
        if is_in_four_bits(config) or not plan.four_bits:
            model = _load(config, folder, plan)
        elif _is_small(config):
            model = _quantized(config, folder, plan)
        else:
            model = load_kept(entry, config, plan, tell)
    model.generation_config = settings  # of a kept copy, too: the file may have changed since
    # Pictures stand where the tokenizer puts them, whatever number config.json gives that token.
    model.config.image_token_id = processor.image_token_id
    return LocalReasoner(entry.name, model, processor, dialect)


def load_kept(entry: Entry, config: Any, plan: Plan, tell: Tell) -> Any:
    """A model in 4 bits: the copy that was kept at an earlier start, else made now and kept."""
    source = _folder(entry)
    place = kept_folder(entry.name, source, plan)
    if os.path.isdir(place):  # also where nobody may look
        try:
            check_whole(place)
            model = _load(AutoConfig.from_pretrained(place), place, plan)
            check_four_bits(model, kept_in_bf16(config, plan.precision == "nf4-all"))
            return model
        except (torch.OutOfMemoryError, MemoryError):
            raise
        except Exception:  # damaged files can make a loader raise anything at all
            tell(f"The quantized copy of {entry.title} is damaged: it is made again.")
    model = _quantized(config, source, plan)
    model.generation_config = GenerationConfig()  # saving refuses what loading lets pass
    tell(keep(model, place))
    return model


def _load(config: Any, folder: Path, plan: Plan, **options: Any) -> Any:
    # What ZeroGPU puts in the place of CUDA sees only what this thread does, and transformers loads
    # onto a device in several.
    at_once = "cpu" if on_zero_gpu() else plan.device
    if plan.four_bits:
        prepare_four_bits(at_once)
    with _report_silenced():
        model, found = CLASSES[config.model_type].from_pretrained(
            folder,
            config=copy.deepcopy(config),
            dtype=getattr(torch, plan.dtype),
            device_map={"": at_once},
            attn_implementation="sdpa",  # not what was installed where it was trained
            output_loading_info=True,
            ignore_mismatched_sizes=True,  # which are found all the same
            **options,
        )
    check_arrived(str(folder), found)
    check_numbers(str(folder), model)
    if tower_dtype(plan.dtype) != plan.dtype:
        model.model.visual.to(getattr(torch, tower_dtype(plan.dtype)))
    return model.to(plan.device) if at_once != plan.device else model


def _quantized(config: Any, folder: Path, plan: Plan) -> Any:
    kept = kept_in_bf16(config, plan.precision == "nf4-all")
    model = _load(config, folder, plan, quantization_config=four_bit_config(kept, plan.half))
    check_four_bits(model, kept)
    return model


def kept_in_bf16(config: Any, low_memory: bool) -> tuple[str, ...]:
    """Modules that stay out of 4 bits: tower and output head, or, when memory is low, none.

    A head that shares its weights with the input embedding cannot be in 4 bits.
    """
    if low_memory:
        return ("lm_head",) if config.tie_word_embeddings else ()
    return KEPT_IN_BF16


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
    """Make sure that just the layers that should be are in 4 bits; raises CheckpointError."""
    from bitsandbytes.nn import Linear4bit

    for name, module in model.named_modules():
        if not isinstance(module, torch.nn.Linear):
            continue
        if isinstance(module, Linear4bit) == name.startswith(kept):
            raise CheckpointError(
                f"The layer {name} was not loaded in the precision it should have."
            )


def shape_of(config: Any) -> Shape:
    """The counts of a model with that configuration, from its layers laid out without any memory."""
    with torch.device("meta"):
        model = CLASSES[config.model_type](config)
    tower, layers = model.model.visual, model.model.language_model
    embedding = layers.embed_tokens.weight.numel()
    tower_linear, layers_linear = _in_linear(tower), _in_linear(layers)
    text = config.text_config
    heads = text.num_key_value_heads * (text.hidden_size // text.num_attention_heads)
    inner = next(m for m in tower.blocks[0].mlp.modules() if isinstance(m, torch.nn.Linear))
    return Shape(
        layers_linear=layers_linear,
        layers_other=_all(layers) - layers_linear - embedding,
        tower_linear=tower_linear,
        tower_other=_all(tower) - tower_linear,
        embedding=embedding,
        head=0 if config.tie_word_embeddings else model.lm_head.weight.numel(),
        kv=2 * text.num_hidden_layers * heads,
        width=text.hidden_size,
        inner=text.intermediate_size,
        tower_width=inner.in_features,
        tower_inner=inner.out_features,
    )


def _in_linear(part: torch.nn.Module) -> int:
    return sum(m.weight.numel() for m in part.modules() if isinstance(m, torch.nn.Linear))


def _all(part: torch.nn.Module) -> int:
    return sum(p.numel() for p in part.parameters())


def _folder(entry: Entry) -> Path:
    folder = folder_of(entry)
    if folder is None:
        raise CheckpointError(
            f"The weights of {entry.source} are not on this machine. "
            f"python app.py --model {entry.source} fetches them."
        )
    return folder


def _config(entry: Entry) -> Any:
    """The configuration of a checkpoint of a kind that can be loaded, true to what its files hold."""
    with _missing(entry):
        folder = _folder(entry)
        check_pointers(entry.source, folder)
        written = read_json(folder / "config.json")
        if not written:
            raise ValueError("config.json is damaged or empty")
        check_kind(entry.source, _names(folder), written, folder)
        config = _parsed(entry, folder)
        try:
            placed = names_in(entry.source, folder)
        except CheckpointError:
            return config  # what is damaged is said when it is loaded
        if config.tie_word_embeddings and has_own_head(placed):
            # Some releases of transformers wrote so of every model.
            config.tie_word_embeddings = config.text_config.tie_word_embeddings = False
        if four_bits_of(written) is None:
            return config
        if any(QUANTIZED in name for name in placed):
            config.quantization_config["llm_int8_skip_modules"] = kept_whole(placed)
        else:
            del config.quantization_config  # it speaks of a run that trained these weights
        return config


def _parsed(entry: Entry, folder: Path) -> Any:
    try:
        return AutoConfig.from_pretrained(folder)
    except Exception as error:  # it can hold anything at all
        raise CheckpointError(
            f"The config.json of {entry.source} cannot be used: {first_line(error)}. "
            "Copy it from the model that this one was made of."
        ) from error


def _names(folder: Path) -> set[str]:
    """The files of a checkpoint, with those that lie beside a folder “huggingface” of a training run."""
    beside = folder.parent.iterdir() if folder.name == "huggingface" else ()
    return {file.name for file in (*folder.iterdir(), *beside) if file.is_file()}


def is_in_four_bits(config: Any) -> bool:
    """Whether the weights were made 4 bits already, by bitsandbytes."""
    return getattr(config, "quantization_config", None) is not None


def _keeps_tower(config: Any) -> bool:
    """Whether 4 bits were made of the language layers only."""
    return "model.visual" in (config.quantization_config.get("llm_int8_skip_modules") or ())


def _is_small(config: Any) -> bool:
    return int(config.text_config.hidden_size) <= _SMALL


@contextmanager
def _report_silenced() -> Iterator[None]:
    """Without transformers' own table of what is missing, which is said in a sentence."""
    before = hf_logging.get_verbosity()
    hf_logging.set_verbosity_error()
    try:
        yield
    finally:
        hf_logging.set_verbosity(before)


@contextmanager
def _missing(entry: Entry) -> Iterator[None]:
    """Turn the many ways a checkpoint can be broken into one sentence."""
    try:
        yield
    except (DemoError, RuntimeError, MemoryError):
        raise
    except Exception as error:  # damaged files can make a loader raise anything at all
        raise CheckpointError(
            f"The checkpoint {entry.source} is not complete in that folder: {first_line(error)}."
        ) from error
