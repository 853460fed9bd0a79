"""llama.cpp itself, asked with a raw prompt and a picture, and its tokens and their probabilities."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import xllamacpp
from PIL import Image

CONTEXT = 4096


@dataclass(frozen=True, slots=True)
class Written:
    """What was written: token ids, the logarithms of all probabilities at each, by id, and the length of
    the prompt in tokens. llama.cpp tells only of tokens that end a character.
    """

    tokens: list[int]
    prompt: int
    likely: list[dict[int, float]]


@dataclass(frozen=True, slots=True)
class Llama:
    """A server on loopback with one model."""

    url: str
    marker: str

    def write(self, before: str, image: Image.Image, after: str, most: int = 24) -> Written:
        """Greedy text after a prompt with a picture in it, which gets its marks from llama.cpp."""
        held = io.BytesIO()
        image.save(held, "PNG")
        prompt = {
            "prompt_string": before + self.marker + after,
            "multimodal_data": [base64.b64encode(held.getvalue()).decode()],
        }
        wanted = {"n_predict": most, "temperature": 0, "n_probs": 1000, "return_tokens": True}
        answer = httpx.post(f"{self.url}/completion", json={"prompt": prompt} | wanted, timeout=600)
        told: dict[str, Any] = answer.raise_for_status().json()
        likely = [
            {token["id"]: token["logprob"] for token in each["top_logprobs"]}
            for each in told["completion_probabilities"]
        ]
        return Written(told["tokens"], told["tokens_evaluated"], likely)


@contextmanager
def running(folder: Path) -> Iterator[Llama]:
    """The model in ``model.gguf`` and ``mmproj.gguf`` of a folder."""
    settings = xllamacpp.CommonParams()
    settings.model.path, settings.mmproj.path = (
        str(folder / name) for name in ("model.gguf", "mmproj.gguf")
    )
    settings.n_ctx, settings.n_parallel, settings.verbosity = CONTEXT, 1, 0
    settings.cpuparams.n_threads = settings.cpuparams_batch.n_threads = 1
    settings.warmup, settings.fit_params = False, False
    settings.image_min_tokens, settings.image_max_tokens = 1, CONTEXT
    server = xllamacpp.Server(settings)
    try:
        told = httpx.get(f"{server.listening_address}/props", timeout=60).raise_for_status().json()
        yield Llama(server.listening_address, told["media_marker"])
    finally:
        del server
