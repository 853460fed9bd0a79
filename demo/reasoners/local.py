"""A Qwen2.5-VL checkpoint in this process, through transformers.

The picture goes in at exactly the model's frame, decoding is greedy, and the text is handed out token by
token, so a stop takes effect after the token at hand. It knows nothing of regions, traces or pages.
"""

from __future__ import annotations

import json
import os
import threading
from collections import OrderedDict
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from PIL import Image
from safetensors import SafetensorError
from tokenizers.decoders import DecodeStream
from transformers import (
    AutoProcessor,
    BitsAndBytesConfig,
    DynamicCache,
    Qwen2_5_VLConfig,
    Qwen2_5_VLForConditionalGeneration,
)
from transformers.utils import logging as hf_logging
from transformers.utils.hub import cached_file

from demo.errors import CheckpointError, ModelError, OutOfMemoryError
from demo.geometry import Size
from demo.pictures import Picture
from demo.prompt import Prompt
from demo.reasoners.base import Usage
from demo.reasoners.catalogue import Entry

REGION_REASONER_FRAME = Size(840, 840)
MOST_NEW_TOKENS = 2048
PICTURES_KEPT = 4
# Anchored patterns: "visual" alone would leave the tower quantized.
KEPT_IN_BF16 = ("model.visual", "lm_head")


@dataclass(frozen=True, slots=True)
class Seen:
    """What is computed once for a picture: its visual features and the grid they came from."""

    features: Any
    grid: torch.Tensor


class LocalReasoner:
    """One loaded checkpoint; one answer at a time, the lock sees to that."""

    def __init__(
        self, name: str, model: Qwen2_5_VLForConditionalGeneration, processor: Any
    ) -> None:
        self._name, self._model, self._processor = name, model.eval(), processor
        self._frame = _frame_of(model.config)
        self._lock = threading.Lock()
        self._seen: OrderedDict[str, Seen] = OrderedDict()
        stops = model.generation_config.eos_token_id
        self._stops = set(stops if isinstance(stops, list) else [stops])

    @property
    def name(self) -> str:
        return self._name

    @property
    def frame(self) -> Size:
        return self._frame

    @property
    def device(self) -> str:
        device = self._model.device
        if device.type == "cuda":
            return torch.cuda.get_device_name(device)
        return {"cpu": "CPU", "mps": "Apple GPU"}.get(device.type, device.type)

    @property
    def parameters(self) -> tuple[int, int]:
        """How many numbers the vision tower and the language model have; shared ones count once."""
        tower = sum(p.numel() for p in self._model.model.visual.parameters())
        return tower, sum(p.numel() for p in self._model.parameters()) - tower

    def prepare(self, picture: Picture) -> None:
        """Compute the picture's visual features; the newest few pictures are kept."""
        with self._lock, _said():
            self._see(picture)

    def stream(
        self, picture: Picture, prompt: Prompt, cancel: threading.Event
    ) -> Generator[str | Usage, None, None]:
        """The answer's text, then the token counts.

        The web server may take each piece on another thread, so nothing that belongs to a thread (an
        owned lock, inference mode) is held across a ``yield``.
        """
        # While another answer is being written this one waits, and can be stopped.
        while not self._lock.acquire(timeout=0.05):
            if cancel.is_set():
                yield Usage()
                return
        try:
            with _said():
                yield from self._answer(picture, prompt, cancel)
        finally:
            self._lock.release()

    def _answer(
        self, picture: Picture, prompt: Prompt, cancel: threading.Event
    ) -> Iterator[str | Usage]:
        inputs = self._inputs(picture, prompt)
        text = DecodeStream(skip_special_tokens=True)
        backend = self._processor.tokenizer._tokenizer
        count = 0
        for token in self._tokens(picture, inputs):
            count += 1
            piece = text.step(backend, token)
            if piece:
                yield piece
            if cancel.is_set():
                break
        yield Usage(inputs["input_ids"].shape[1], count, 0)

    @torch.inference_mode()
    def _see(self, picture: Picture) -> Seen:
        if picture.sha256 in self._seen:
            self._seen.move_to_end(picture.sha256)
            return self._seen[picture.sha256]
        pixels = self._processor.image_processor(
            self._framed(picture), do_resize=False, return_tensors="pt"
        ).to(self._model.device)
        features = self._model.get_image_features(
            pixels["pixel_values"].to(self._model.dtype), pixels["image_grid_thw"]
        )
        self._seen[picture.sha256] = Seen(features, pixels["image_grid_thw"])
        while len(self._seen) > PICTURES_KEPT:
            self._seen.popitem(last=False)
        return self._seen[picture.sha256]

    def _framed(self, picture: Picture) -> Image.Image:
        """The picture stretched to the frame (bilinear, shape not kept), as in training."""
        size = (self._frame.width, self._frame.height)
        return Image.fromarray(picture.pixels).resize(size, Image.Resampling.BILINEAR)

    def _inputs(self, picture: Picture, prompt: Prompt) -> dict[str, torch.Tensor]:
        content = [{"type": "image"}, {"type": "text", "text": prompt.instruction}]
        text = self._processor.apply_chat_template(
            [{"role": "user", "content": content}], add_generation_prompt=True, tokenize=False
        )
        inputs = self._processor(
            text=[text], images=[self._framed(picture)], do_resize=False, return_tensors="pt"
        )
        return dict(inputs.to(self._model.device))

    def _tokens(self, picture: Picture, inputs: dict[str, torch.Tensor]) -> Iterator[int]:
        """Greedy decoding: the first pass takes the whole prompt, each later one a single token."""
        seen = self._see(picture)
        ids = inputs["input_ids"]
        # Positions are given, not left to the model, which keeps them in state that any other call
        # would change.
        positions, offset = self._model.model.get_rope_index(
            ids, mm_token_type_ids=inputs["mm_token_type_ids"], image_grid_thw=seen.grid
        )
        cache = DynamicCache(config=self._model.config)
        token = self._next(ids, positions, cache, mm_encoder_outputs={"image": seen.features})
        for length in range(ids.shape[1], ids.shape[1] + MOST_NEW_TOKENS):
            if token in self._stops:
                return
            yield token
            new = torch.tensor([[token]], device=ids.device)
            token = self._next(new, (length + offset).view(1, 1, 1).expand(3, 1, 1), cache)

    @torch.inference_mode()
    def _next(
        self, ids: torch.Tensor, positions: torch.Tensor, cache: DynamicCache, **given: Any
    ) -> int:
        """The likeliest token after ``ids`` [1, T] at rotary positions [3, 1, T]."""
        logits = self._model(
            input_ids=ids,
            position_ids=positions,
            past_key_values=cache,
            use_cache=True,
            logits_to_keep=1,
            **given,
        ).logits
        return int(logits[0, -1].argmax())


def load_local(entry: Entry, *, quantize: str = "auto", low_memory: bool = False) -> LocalReasoner:
    """Load a Qwen2.5-VL checkpoint onto the best device there is.

    ``quantize`` is ``auto`` (4 bits on a CUDA card, else none), ``4bit`` or ``none``. Raises
    CheckpointError when it is missing or of another kind, OutOfMemoryError when it does not fit.
    """
    config = _config(entry)
    device = best_device()
    four_bits = quantize == "4bit" or (
        quantize == "auto" and device == "cuda" and not _is_small(config)
    )
    options: dict[str, Any] = {"dtype": _dtype(config, device), "device_map": {"": device}}
    if four_bits:
        kept = kept_in_bf16(config, low_memory)
        options["quantization_config"] = four_bit_config(kept)
        options["dtype"] = torch.bfloat16
    # A bar is for weights that take a while.
    (hf_logging.disable_progress_bar if _is_small(config) else hf_logging.enable_progress_bar)()
    with _said(), _missing(entry):
        model = Qwen2_5_VLForConditionalGeneration.from_pretrained(entry.source, **options)
        processor = AutoProcessor.from_pretrained(entry.source)
    if four_bits:
        check_four_bits(model, kept)
    return LocalReasoner(entry.name, model, processor)


def kept_in_bf16(config: Qwen2_5_VLConfig, low_memory: bool) -> tuple[str, ...]:
    """Modules that stay in bf16: tower and output head, or, when memory is low, none.

    A head that shares its weights with the input embedding cannot be in 4 bits.
    """
    if low_memory:
        return ("lm_head",) if config.tie_word_embeddings else ()
    return KEPT_IN_BF16


def four_bit_config(kept: Sequence[str]) -> BitsAndBytesConfig:
    """NF4 with double quantization and bf16 compute for all but the modules in ``kept``."""
    return BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=torch.bfloat16,
        llm_int8_skip_modules=list(kept),
    )


def check_four_bits(model: Qwen2_5_VLForConditionalGeneration, kept: tuple[str, ...]) -> None:
    """Make sure that just the layers that should be are in 4 bits; raises CheckpointError."""
    from bitsandbytes.nn import Linear4bit

    for name, module in model.named_modules():
        if not isinstance(module, torch.nn.Linear):
            continue
        if isinstance(module, Linear4bit) == name.startswith(kept):
            raise CheckpointError(
                f"The layer {name} was not loaded in the precision it should have."
            )


def best_device() -> str:
    """``cuda``, ``mps`` or ``cpu``."""
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def _config(entry: Entry) -> Qwen2_5_VLConfig:
    with _missing(entry):
        path = cached_file(entry.source, "config.json")
        kind = json.loads(Path(path).read_text(encoding="utf-8")).get("model_type")
        if kind != "qwen2_5_vl":
            raise CheckpointError(
                f"{entry.source} is a {kind or 'checkpoint without a model type'}; "
                "this demo runs Qwen2.5-VL checkpoints."
            )
        return Qwen2_5_VLConfig.from_pretrained(entry.source)


def _frame_of(config: Qwen2_5_VLConfig) -> Size:
    written = getattr(config, "region_frame", None)
    return REGION_REASONER_FRAME if written is None else Size(*written)


def _is_small(config: Qwen2_5_VLConfig) -> bool:
    """Whether it is a model like nano, which gains nothing from 4 bits or half precision."""
    return int(config.text_config.hidden_size) <= 1024


def _dtype(config: Qwen2_5_VLConfig, device: str) -> torch.dtype:
    if _is_small(config):
        return torch.float32
    if device == "mps":
        return torch.float16
    return torch.bfloat16


@contextmanager
def _said() -> Iterator[None]:
    """Turn the device's own out-of-memory error into a sentence."""
    try:
        yield
    except torch.OutOfMemoryError as error:
        torch.cuda.empty_cache()
        raise OutOfMemoryError(
            "The graphics card has too little free memory for this. Close other programs that use "
            "it, or start with --low-memory or --model nano."
        ) from error
    except (RuntimeError, MemoryError) as error:
        raise ModelError(f"The model failed: {_first_line(error)}.") from error


@contextmanager
def _missing(entry: Entry) -> Iterator[None]:
    """Turn the many ways a checkpoint can be missing or broken into one sentence."""
    try:
        yield
    except CheckpointError:
        raise
    except (OSError, ValueError, KeyError, SafetensorError) as error:
        where = (
            "in that folder" if os.path.isdir(entry.source) else "here, and could not be fetched"
        )
        raise CheckpointError(
            f"The checkpoint {entry.source} is not complete {where}: {_first_line(error)}"
        ) from error


def _first_line(error: BaseException) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0].rstrip(".")
