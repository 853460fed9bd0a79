"""What each kind of model server says of itself and its models, beside the list that all of them have.

It is given a way to ask and reads what comes back, which may be anything; it opens no connection.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from demo.remote.listing import ListedModel, sight_of

MAX_ASKED = 100  # models of one server that are asked about one by one
# What servers call themselves in the list of their models.
_OWNERS = {"llamacpp": "llama.cpp", "vllm": "vLLM", "sglang": "SGLang", "koboldcpp": "KoboldCpp"}
# Of servers with one model: where it is described, and the names under which it is said that it can see.
_ONE_MODEL = {
    "llama.cpp": ("/props", ("modalities", "vision")),
    "SGLang": ("/get_model_info", ("has_image_understanding",)),
    "KoboldCpp": ("/api/extra/version", ("vision",)),
}
_LM_STUDIO_TYPES = ("llm", "vlm", "embedding", "embeddings")
# Asks an address, with a request or without, for JSON; None for anything else.
Ask = Callable[..., Awaitable[Any]]


@dataclass(frozen=True, slots=True)
class Description:
    """A server by the ``name`` of its kind, empty where that is not known.

    ``sees`` says which of its models take pictures, as far as it says so; ``hosts`` where it sends the
    questions to those that it does not run itself.
    """

    name: str = ""
    sees: Mapping[str, bool | None] = field(default_factory=dict)
    hosts: Mapping[str, str] = field(default_factory=dict)


async def describe(ask: Ask, root: str, listed: Sequence[ListedModel], ends: float) -> Description:
    """What the server at ``root`` says of its models, until the loop's clock is at ``ends``."""

    async def asked(*paths: str) -> list[Any]:
        return await _until(ends, [ask(f"{root}{path}") for path in paths])

    name = _OWNERS.get(listed[0].owner.lower(), "") if listed else ""
    if name:
        if name not in _ONE_MODEL or len(listed) > 1:
            return Description(name)
        path, names = _ONE_MODEL[name]
        [said] = await asked(path)
        return Description(name, {listed[0].id: _value(said, names)})
    older, newer, tags = await asked("/api/v0/models", "/api/v1/models", "/api/tags")
    if sees := {**_lm_studio(newer, "models", "key"), **_lm_studio(older, "data", "id")}:
        return Description("LM Studio", sees)
    tagged = [model for model in _objects(tags, "models") if "digest" in model]
    if not tagged:
        return Description()
    shown = [ask(f"{root}/api/show", {"model": model.id}) for model in listed[:MAX_ASKED]]
    said = await _until(ends, shown)
    return Description(
        "Ollama",
        {model.id: _shown(each) for model, each in zip(listed, said, strict=False)},
        {str(model.get("name")): host for model in tagged if (host := _remote_host(model))},
    )


async def _until(ends: float, asked: Sequence[Awaitable[Any]]) -> list[Any]:
    """What was answered in time; None for the rest."""
    tasks = [asyncio.ensure_future(each) for each in asked]
    if tasks:
        left = ends - asyncio.get_running_loop().time()
        await asyncio.wait(tasks, timeout=max(0.0, left))
    late = [task for task in tasks if not task.done()]
    for task in late:
        task.cancel()
    await asyncio.gather(*late, return_exceptions=True)
    return [None if task in late else task.result() for task in tasks]


def _value(said: object, names: Sequence[str]) -> bool | None:
    for name in names:
        said = said.get(name) if isinstance(said, Mapping) else None
    return said if isinstance(said, bool) else None


def _objects(said: object, name: str) -> list[Mapping[str, Any]]:
    found = said.get(name) if isinstance(said, Mapping) else None
    return [each for each in found if isinstance(each, Mapping)] if isinstance(found, list) else []


def _lm_studio(said: object, name: str, key: str) -> dict[str, bool]:
    """What LM Studio's own list says; nothing where another server has something at its address."""
    models = [model for model in _objects(said, name) if model.get("type") in _LM_STUDIO_TYPES]
    return {str(model.get(key)): sight_of(model) or False for model in models}


def _shown(said: object) -> bool | None:
    """What Ollama says of one model; older ones tell only of a vision tower that is there."""
    if not isinstance(said, Mapping):
        return None
    kinds = said.get("capabilities")
    if isinstance(kinds, list):
        return "vision" in kinds
    return True if said.get("projector_info") else None


def _remote_host(model: Mapping[str, Any]) -> str:
    """Where Ollama sends the questions to a model in its cloud."""
    address = model.get("remote_host")
    try:
        return urlsplit(address).hostname or "" if isinstance(address, str) else ""
    except ValueError:
        return ""
