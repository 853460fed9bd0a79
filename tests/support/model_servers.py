"""Servers on loopback that say of their models what each kind documents, over real sockets."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from demo.remote.address import Address, read_address
from tests.support.hostile import Asked, Hostile, Script, failure, response


class ModelServer(Hostile):
    """Answers by path: with JSON, or with a script of bytes.

    ``asked`` are the questions about pictures so far, ``seen`` all other requests.
    A value under ``/api/show`` is a mapping by the name of the model.
    """

    def __init__(self, says: Mapping[str, object], *scripts: Script) -> None:
        super().__init__(*scripts)
        self.says, self.seen = says, list[Asked]()

    @property
    def address(self) -> Address:
        return read_address(self.url)

    def _script(self, request: Asked) -> Script:
        path = request.path.partition("?")[0]
        if path.endswith("/chat/completions"):
            return super()._script(request)
        self.seen.append(request)
        said: Any = self.says.get(path)
        if path == "/api/show" and said is not None:
            said = said.get(request.body["model"])
        if said is None:
            return [failure(404)]
        return said.script if isinstance(said, Raw) else [response(json.dumps(said))]


@dataclass(frozen=True, slots=True)
class Raw:
    """A script in the place of JSON."""

    script: Script


def openai_list(owner: str | None, *names: str) -> dict[str, object]:
    """An answer to ``/v1/models``."""
    more = {} if owner is None else {"owned_by": owner}
    data = [{"id": name, "object": "model", "created": 1_764_000_000, **more} for name in names]
    return {"object": "list", "data": data}


def ollama(**capabilities: list[str] | None) -> dict[str, object]:
    """Ollama with models and what each is capable of; None for an old one, which does not say."""
    names = [name.replace("__", ":").replace("_", ".") for name in capabilities]
    tags = [
        {
            "name": name,
            "model": name,
            "modified_at": "2026-05-04T17:37:44.706015396-07:00",
            "size": 5_969_245_856,
            "digest": "5ced39dfa4bac325dc183dd1e4febaa1c46b3ea28bce48896c8e69c1e79611cc",
            "details": {"parent_model": "", "format": "gguf", "family": "qwen25vl",
                        "families": ["qwen25vl"], "parameter_size": "8.3B",
                        "quantization_level": "Q4_K_M"},
        }
        for name in names
    ]  # fmt: skip
    shown = {
        name: {"details": {"format": "gguf"}, "model_info": {"general.architecture": "qwen25vl"}}
        | ({} if kinds is None else {"capabilities": kinds})
        for name, kinds in zip(names, capabilities.values(), strict=True)
    }
    return {
        "/v1/models": openai_list("library", *names),
        "/api/tags": {"models": tags},
        "/api/show": shown,
    }


def lm_studio(**types: str) -> dict[str, object]:
    """LM Studio with models of these types: ``vlm``, ``llm``, ``embeddings``."""
    names = [name.replace("__", "/").replace("_", ".") for name in types]
    data = [
        {"id": name, "object": "model", "type": kind, "publisher": "lmstudio-community",
         "arch": "qwen2_5_vl", "compatibility_type": "gguf", "quantization": "Q4_K_M",
         "state": "not-loaded", "max_context_length": 128_000}
        for name, kind in zip(names, types.values(), strict=True)
    ]  # fmt: skip
    return {
        "/v1/models": openai_list("organization_owner", *names),
        "/api/v0/models": {"object": "list", "data": data},
    }


def lm_studio_v1(**sees: bool) -> dict[str, object]:
    """The same with the newer list alone."""
    names = [name.replace("__", "/").replace("_", ".") for name in sees]
    models = [
        {"type": "llm", "publisher": "qwen", "key": name, "display_name": name,
         "architecture": "qwen25vl", "quantization": {"name": "Q4_K_M", "bits_per_weight": 4},
         "loaded_instances": [], "format": "gguf",
         "capabilities": {"vision": able, "trained_for_tool_use": False}}
        for name, able in zip(names, sees.values(), strict=True)
    ]  # fmt: skip
    return {
        "/v1/models": openai_list("organization_owner", *names),
        "/api/v1/models": {"models": models},
    }


def llama_cpp(name: str, *, vision: bool) -> dict[str, object]:
    """llama-server before its list said what a model takes."""
    modalities = {"vision": vision, "audio": False}
    return {
        "/v1/models": openai_list("llamacpp", name),
        "/props": {"total_slots": 1, "model_path": name, "modalities": modalities},
    }


def sglang(name: str, *, vision: bool) -> dict[str, object]:
    """SGLang with its one model."""
    info = {"model_path": name, "is_generation": True, "has_image_understanding": vision}
    return {"/v1/models": openai_list("sglang", name), "/get_model_info": info}


def kobold(name: str, *, vision: bool) -> dict[str, object]:
    """KoboldCpp with its one model."""
    version = {"result": "KoboldCpp", "version": "1.100", "vision": vision}
    return {"/v1/models": openai_list("koboldcpp", name), "/api/extra/version": version}
