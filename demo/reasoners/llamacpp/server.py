"""One model that llama.cpp has loaded, and its answers in pieces.

What is particular to the library stands here alone: its settings, its log, its requests and its chunks. It
knows no dialect, and of pictures only that they are PNG files.
"""

from __future__ import annotations

import base64
import os
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from demo.checkpoints.generation import Generation
from demo.errors import CheckpointError, ModelError

# Stands for the picture in a prompt. The library reads it once; one that nobody can guess cannot be typed
# into a question.
MARKER = os.environ.setdefault("LLAMA_MEDIA_MARKER", f"<__picture_{secrets.token_hex(8)}__>")

_BATCH = 512  # tokens computed at a time: a stop is seen after each
KEPT_MIB = 512  # for what was computed about the last few pictures
_ERRORS_ONLY = 0  # of its log, which goes to the terminal
# The prompt is written by us; this hands its pieces on as they are.
_AS_WRITTEN = (
    "{% for message in messages %}{% for part in message['content'] %}{{ part['text'] }}"
    "{% endfor %}{% endfor %}"
)


@dataclass(frozen=True, slots=True)
class Chunk:
    """A piece of an answer: its ``text``, or how many of the ``prompt`` tokens were ``reused``.

    ``new`` is the number of tokens written, at the end only.
    """

    text: str = ""
    prompt: int | None = None
    reused: int | None = None
    new: int | None = None


class LlamaServer:
    """A model with its mmproj, and room for ``context`` tokens; it computes on ``threads`` threads."""

    def __init__(self, model: Path, mmproj: Path | None, *, context: int, threads: int) -> None:
        """Without ``mmproj`` it sees no pictures. Raises CheckpointError when files cannot be loaded."""
        import xllamacpp  # 100 MB, which only those who need it load

        settings = xllamacpp.CommonParams()
        settings.model.path, settings.mmproj.path = str(model), str(mmproj or "")
        settings.n_ctx, settings.n_batch, settings.n_ubatch = context, 4 * _BATCH, _BATCH
        settings.n_parallel, settings.cache_ram_mib = 1, KEPT_MIB
        settings.cpuparams.n_threads = settings.cpuparams_batch.n_threads = threads
        settings.fit_params = bool(_cards())  # else all there is to fit was planned before loading
        # Pictures come in the size of their dialect, and none is to be resized again.
        settings.image_min_tokens, settings.image_max_tokens = 1, context
        settings.warmup, settings.verbosity = False, _ERRORS_ONLY
        # Mapped, a file would take its size again beside the weights in the order in which they compute.
        settings.load_mode = xllamacpp.llama_load_mode.LLAMA_LOAD_MODE_NONE
        settings.chat_template, settings.force_pure_content_parser = _AS_WRITTEN, True
        settings.reasoning_format = xllamacpp.common_reasoning_format.COMMON_REASONING_FORMAT_NONE
        # It listens, wanted or not: on this machine alone, and to nobody without the key.
        settings.hostnames, settings.port = ["127.0.0.1"], 0
        settings.api_keys, settings.cors_origins = [secrets.token_urlsafe(32)], "localhost"
        settings.ui = settings.endpoint_slots = False
        try:
            self._server = xllamacpp.Server(settings)
        except RuntimeError as error:
            names = [file.name for file in (model, mmproj) if file]
            raise CheckpointError(
                f"llama.cpp cannot load {' with '.join(names)}: it is damaged, or of a kind that this "
                "llama.cpp does not know. Fetch or make it again."
            ) from error
        # Closed before its loop has begun, it would never end; and what is broken shows here.
        self.complete(("hi",), Generation(), 1, lambda _: False)

    def complete(
        self,
        prompt: Sequence[str | bytes],
        generation: Generation,
        max_new: int,
        take: Callable[[Chunk], bool],
    ) -> None:
        """Write at most ``max_new`` tokens after a prompt, greedily, until ``take`` returns True.

        A prompt is made of texts and PNG files. Raises ModelError with what the library says.
        """
        faults: list[Mapping[str, Any]] = []

        def read(raw: Mapping[str, Any]) -> bool:
            if "error" in raw:
                faults.append(raw["error"])
                return True
            return take(_chunk(raw))

        self._server.handle_chat_completions(_request(prompt, generation, max_new), read)
        if faults:
            raise _fault(faults[0], sum(isinstance(part, bytes) for part in prompt))

    def close(self) -> None:
        """Free the model, once nothing is being written."""
        del self._server


def device_name() -> str:
    """Where it computes, for people."""
    return f"{next(iter(_cards()), 'CPU')}, by llama.cpp"


def _cards() -> list[str]:
    """The graphics cards on which this build of the library computes."""
    import xllamacpp

    cpu = xllamacpp.ggml_backend_dev_type.GGML_BACKEND_DEVICE_TYPE_CPU
    return [d["description"] for d in xllamacpp.get_device_info() if d["type"] != cpu]


def _fault(said: Mapping[str, Any], pictures: int) -> ModelError:
    if said.get("type") == "exceed_context_size_error":
        needed, room = said["n_prompt_tokens"], said["n_ctx"]
        if pictures > 1:
            return ModelError(
                f"It looked at too much: with {pictures} pictures this takes {needed} tokens, and there is "
                f"room for {room}. Ask for a quick answer, or about less at a time."
            )
        return ModelError(
            f"This question is too long: with its picture it takes {needed} tokens, and "
            f"there is room for {room}. Cite fewer regions at a time."
        )
    return ModelError(f"llama.cpp failed: {said.get('message')}.")


def _request(prompt: Sequence[str | bytes], generation: Generation, max_new: int) -> dict[str, Any]:
    return {
        "messages": [{"role": "user", "content": [_part(p) for p in prompt]}],
        "max_tokens": max_new,
        "stream": True,
        "return_progress": True,
        "stream_options": {"include_usage": True},
        "cache_prompt": True,
        "samplers": ["penalties", "top_k"],
        "temperature": 0.0,
        "top_k": 1,
        "repeat_penalty": generation.repetition_penalty,
        "repeat_last_n": 2**16,  # over the whole text, as transformers does
        "presence_penalty": 0.0,
        "frequency_penalty": 0.0,
        "logit_bias": [[token, False] for token in generation.suppress_tokens],
    }


def _part(part: str | bytes) -> dict[str, Any]:
    if isinstance(part, str):  # a marker in it would be taken for a second picture
        return {"type": "text", "text": part.replace(MARKER, "")}
    address = "data:image/png;base64," + base64.b64encode(part).decode()
    return {"type": "image_url", "image_url": {"url": address}}


def _chunk(raw: Mapping[str, Any]) -> Chunk:
    if usage := raw.get("usage"):
        return Chunk(
            prompt=usage["prompt_tokens"],
            reused=usage["prompt_tokens_details"]["cached_tokens"],
            new=usage["completion_tokens"],
        )
    progress = raw.get("prompt_progress") or {}
    text = "".join(choice["delta"].get("content") or "" for choice in raw.get("choices", ()))
    return Chunk(text, progress.get("total"), progress.get("cache"))
