"""A Qwen2.5-VL checkpoint in this process, through transformers.

The picture goes in at exactly the model's frame, decoding is greedy, and the text is handed out token by
token, so a stop takes effect after the token at hand. It knows nothing of regions, traces or pages.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from tokenizers.decoders import DecodeStream
from transformers import (
    DynamicCache,
    Qwen2_5_VLConfig,
    Qwen2_5_VLForConditionalGeneration,
)

from demo.errors import ModelError, OutOfMemoryError
from demo.geometry import Size
from demo.pictures import Picture
from demo.prompt import Prompt
from demo.reasoners.base import MOST_NEW_TOKENS, REGION_REASONER_FRAME, Usage, framed

PICTURES_KEPT = 4


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
        with self._lock, failures_said():
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
            with failures_said():
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
            framed(picture, self._frame), do_resize=False, return_tensors="pt"
        ).to(self._model.device)
        features = self._model.get_image_features(
            pixels["pixel_values"].to(self._model.dtype), pixels["image_grid_thw"]
        )
        self._seen[picture.sha256] = Seen(features, pixels["image_grid_thw"])
        while len(self._seen) > PICTURES_KEPT:
            self._seen.popitem(last=False)
        return self._seen[picture.sha256]

    def _inputs(self, picture: Picture, prompt: Prompt) -> dict[str, torch.Tensor]:
        content = [{"type": "image"}, {"type": "text", "text": prompt.instruction}]
        text = self._processor.apply_chat_template(
            [{"role": "user", "content": content}], add_generation_prompt=True, tokenize=False
        )
        inputs = self._processor(
            text=[text],
            images=[framed(picture, self._frame)],
            do_resize=False,
            return_tensors="pt",
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


def _frame_of(config: Qwen2_5_VLConfig) -> Size:
    written = getattr(config, "region_frame", None)
    return REGION_REASONER_FRAME if written is None else Size(*written)


@contextmanager
def failures_said() -> Iterator[None]:
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
        raise ModelError(f"The model failed: {first_line(error)}.") from error


def first_line(error: BaseException) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0].rstrip(".")
