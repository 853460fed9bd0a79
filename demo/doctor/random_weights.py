"""A model of a given shape with random weights, built directly in the precision of the plan.

One layer is built at a time, so a model in 4 bits never needs the memory of the whole in bf16. Its prompts
are as long as real ones: a picture of 900 visual tokens and RegionReasoner's whole instruction. It writes
with the built-in model's tokenizer, whose tokens are the first of its own larger vocabulary.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import count
from typing import Any

import torch
from transformers import AutoConfig, AutoProcessor, GenerationConfig

from demo.checkpoints.catalogue import NANO_FOLDER, Entry
from demo.checkpoints.shape import PICTURE_TOKENS
from demo.dialects.known import REGION_REASONER
from demo.dialects.prompt import Prompt
from demo.doctor.configs import config_of
from demo.machine.devices import prepare_four_bits
from demo.machine.precision import tower_dtype
from demo.picture.geometry import Size
from demo.picture.picture import Picture
from demo.reasoners.configuration import CLASSES
from demo.reasoners.loading import check_four_bits, four_bit_config, unquantized_in
from demo.reasoners.local import LocalReasoner
from demo.reasoners.memory import Plan

_SPREAD = 0.02  # the standard deviation with which these models are initialised
_POOL = 2**24 + 3  # random numbers to fill weights from; odd, so that no two rows are alike
_VISUAL = 900  # tokens of a picture of 840 × 840
_INSTRUCTION = 360  # tokens of RegionReasoner's instruction, in the published tokenizer
# The built-in model's answers are in pixels of this frame.
_FRAME = Size(224, 224)


def random_model(entry: Entry, plan: Plan) -> LocalReasoner:
    """A model of the entry's shape with random weights, loaded as the plan says. Raises OptionError."""
    config, nano = (
        config_of(entry),
        AutoConfig.from_pretrained(NANO_FOLDER, trust_remote_code=False),
    )
    for name in (
        "image_token_id",
        "video_token_id",
        "vision_start_token_id",
        "vision_end_token_id",
    ):
        setattr(config, name, getattr(nano, name))
    model = _model(config, plan)
    # The published instruct checkpoints of Qwen2.5 have this, which costs time at every token.
    model.generation_config = GenerationConfig.from_pretrained(NANO_FOLDER, repetition_penalty=1.05)
    processor = AutoProcessor.from_pretrained(NANO_FOLDER, trust_remote_code=False)
    patch = config.vision_config.patch_size
    processor.image_processor.patch_size = patch
    token = patch * config.vision_config.spatial_merge_size
    dialect = replace(REGION_REASONER, frame=_FRAME).with_token(token)
    reasoner = LocalReasoner(f"{entry.name}, random weights", model, processor, dialect)
    processor.chat_template = _template(processor.tokenizer.tokenize)
    return reasoner


def _template(tokens: Callable[[str], list[str]]) -> str:
    """A chat template for prompts of the real length; the built-in model's own are short."""
    # The built-in tokenizer has a single token for the instruction, but not in lower case.
    words = REGION_REASONER.request.lower().split()
    fits = (n for n in range(len(words), 0, -1) if len(tokens(" ".join(words[:n]))) <= _INSTRUCTION)
    instruction = " ".join(words[: next(fits)])
    end = "<|im_end|>\n<|im_start|>user\n<|vision_start|>"
    heads = (f"<|im_start|>system\n{'@' * n}{end}" for n in count())
    head = next(head for head in heads if len(tokens(head)) >= PICTURE_TOKENS - _VISUAL - 1)
    return (
        f"{head}<|image_pad|><|vision_end|>{{% raw %}}{instruction}{{% endraw %}} "
        "{{ messages[0]['content'][1]['text'] }}<|im_end|>\n<|im_start|>assistant\n"
    )


def _model(config: Any, plan: Plan) -> Any:
    with torch.device("meta"):
        model = CLASSES[config.model_type](config).eval()
    dtype, tower = getattr(torch, plan.dtype), getattr(torch, tower_dtype(plan.dtype))
    if plan.is_four_bits:
        prepare_four_bits(plan.device)
        from transformers.integrations.bitsandbytes import replace_with_bnb_linear  # takes seconds

        kept = unquantized_in(config, plan.precision == "nf4-all")
        replace_with_bnb_linear(model, list(kept), four_bit_config(kept, plan.half))
        check_four_bits(model, kept)
        model.is_quantized = True
    fill = _RandomFill(plan.device, dtype)
    fill_tower = fill if tower == dtype else _RandomFill(plan.device, tower)
    in_tower = set(model.model.visual.modules())
    for module in model.modules():
        (fill_tower if module in in_tower else fill).module(module)
    model.config.dtype = dtype
    model.tie_weights()
    return model


class _RandomFill:
    """Replaces the meta tensors of a model by random weights on a device."""

    def __init__(self, device: str, dtype: torch.dtype) -> None:
        self._device, self._dtype = device, dtype
        random = torch.Generator().manual_seed(0)
        numbers = torch.empty(_POOL).normal_(std=_SPREAD, generator=random)
        self._numbers = numbers.to(device, dtype)
        codes = torch.randint(0, 256, (_POOL,), dtype=torch.uint8, generator=random)
        self._codes = codes.to(device)
        self._quantized: dict[torch.Size, Any] = {}
        self._at = 0

    def module(self, module: torch.nn.Module) -> None:
        """Fill the tensors of this module, not those of its submodules."""
        if any(b.is_meta for b in module.buffers(recurse=False)):
            fresh = type(module)(module.config)  # rotary frequencies, which are calculated
            module.load_state_dict(fresh.state_dict())
            for name, buffer in fresh.named_buffers(recurse=False):
                module.register_buffer(name, buffer.to(self._device), persistent=False)
        for name, old in list(module.named_parameters(recurse=False)):
            made = self._quantized_like(old) if _is_four_bit(old) else self._plain(name, old)
            setattr(module, name, made)

    def _plain(self, name: str, old: torch.Tensor) -> torch.nn.Parameter:
        made = torch.empty(old.shape, dtype=self._dtype, device=self._device)
        if old.ndim > 1:
            self._fill(made, self._numbers)
        else:
            made.fill_(1.0 if name == "weight" else 0.0)
        return torch.nn.Parameter(made, requires_grad=False)

    def _quantized_like(self, old: torch.Tensor) -> Any:
        """Weights in 4 bits. One layer of each size is quantized; the others get its scales and codes
        of their own: each of the 16 codes of NF4 is as likely as the others where numbers are normal.
        """
        from bitsandbytes.nn import Params4bit

        if old.shape not in self._quantized:
            whole = torch.empty(old.shape, dtype=self._dtype, device=self._device)
            self._fill(whole, self._numbers)
            made = Params4bit(whole, requires_grad=False, quant_type="nf4").to(self._device)
            self._quantized[old.shape] = made
        first = self._quantized[old.shape]
        codes = torch.empty_like(first.data)
        self._fill(codes, self._codes)
        return Params4bit(
            codes,
            requires_grad=False,
            quant_type="nf4",
            quant_state=copy.deepcopy(first.quant_state),
            bnb_quantized=True,
        )

    def _fill(self, made: torch.Tensor, pool: torch.Tensor) -> None:
        """Copy from the pool, starting where the last copy ended and wrapping round."""
        flat, done = made.view(-1), 0
        while done < len(flat):
            size = min(len(flat) - done, _POOL - self._at)
            flat[done : done + size] = pool[self._at : self._at + size]
            done, self._at = done + size, (self._at + size) % _POOL


def _is_four_bit(parameter: torch.Tensor) -> bool:
    return type(parameter).__name__ == "Params4bit"


class Replay:
    """Makes a model write a given text at the cost of its own passes; random weights write nonsense.

    The rotary positions tell which row of a pass stands for which token.
    """

    def __init__(self, reasoner: LocalReasoner) -> None:
        self.reasoner, self._tokens, self._begin = reasoner, list[int](), 0
        self._positions = torch.zeros(0)
        text, head = reasoner._model.model.language_model, reasoner._model.lm_head
        self._hooks = (
            text.register_forward_pre_hook(self._before, with_kwargs=True),
            head.register_forward_hook(self._after),
        )

    def set_answer(self, picture: Picture, prompt: Prompt, text: str) -> None:
        """Make ``text`` the answer to ``prompt``, which must be the next one asked."""
        prefix = self.reasoner._prefix(picture)
        asked = len(self.reasoner._question_ids(prompt.instruction))
        self._tokens = [*self.reasoner._ids(text), *self.reasoner._decoder.rules.ends]
        self._begin = prefix.length + prefix.offset + asked - 1

    def close(self) -> None:
        """Let the model write its own text again."""
        for hook in self._hooks:
            hook.remove()

    def _before(self, _module: Any, _args: Any, given: dict[str, Any]) -> None:
        self._positions = given["position_ids"][-1, 0]

    def _after(self, _module: Any, _args: Any, logits: torch.Tensor) -> torch.Tensor:
        rows = logits.view(-1, logits.shape[-1]) if self._tokens else logits[:0]
        for row, position in zip(rows, self._positions[-len(rows) :].tolist(), strict=False):
            row[_at(self._tokens, position - self._begin)] = 1e4
        return logits


def _at(tokens: Sequence[int], place: int) -> int:
    return tokens[max(0, min(place, len(tokens) - 1))]
