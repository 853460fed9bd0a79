"""The models that a server lists, in any of the forms that servers use, and what each is for.

It reads a JSON value; `reasoner.py` decides how a model is prompted.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from demo.errors import DemoError
from demo.remote.errors import FormError

MAX_MODELS = 10_000
_LISTS = ("data", "models", "model_names", "results", "items")
_NAMES = ("id", "model", "name", "key", "model_name")
_FOLLOWED = ("has_more", "next", "next_page_token", "nextPageToken")
# Models that answer no questions about pictures, by their kind in the list or by their name.
_OTHER_KINDS = re.compile(
    r"embed|rerank|transcription|speech|audio|text-to-image|image-gen|moderation"
)
_OTHER_NAMES = re.compile(
    r"embed|rerank|whisper|moderation|\btts\b|stable-diffusion|\bsdxl?\b|dall-e|\bflux\b|kokoro|parakeet"
    r"|\b(?:bge|gte|e5|jina)-|minilm|mxbai",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class ListedModel:
    """A model that a server lists: ``owner`` is the server's name for itself there.

    ``is_chat`` is false for a model that answers no questions about pictures, as far as the list tells;
    ``sees`` is what the list says of pictures, None where it says nothing.
    """

    id: str
    owner: str = ""
    is_chat: bool = True
    sees: bool | None = None


@dataclass(frozen=True, slots=True)
class Listing:
    """The models of a server; ``missing`` is the reason where they are not known.

    A list with further pages is not ``is_complete``.
    """

    models: tuple[ListedModel, ...] = ()
    is_complete: bool = True
    missing: DemoError | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """All names, in the server's order."""
        return tuple(model.id for model in self.models)

    def meant_by(self, model: str) -> Sequence[str]:
        """The names to choose from: for ``auto`` those of models that answer questions, if there are any;
        none where ``model`` may exist without being listed.
        """
        if model == "auto":
            return tuple(m.id for m in self.models if m.is_chat) or self.names
        return self.names if self.is_complete or model in self.names else ()

    def owner_of(self, identity: str) -> str:
        """The server's name for itself beside this model."""
        return next((m.owner for m in self.models if m.id == identity), "")


def read_listing(body: object) -> Listing:
    """The models in a response of ``/models``. Raises FormError when it has another form."""
    if isinstance(body, list):
        return Listing(tuple(_models(body)), len(body) <= MAX_MODELS)
    if not isinstance(body, Mapping):
        raise FormError
    lists = [body[name] for name in _LISTS if name in body]
    if not lists or not all(isinstance(each, list | None) for each in lists):
        raise FormError
    listed = next((each for each in lists if each), None)
    is_complete = len(listed or []) <= MAX_MODELS and not any(body.get(n) for n in _FOLLOWED)
    return Listing(tuple(_models(listed or [])), is_complete)


def _models(listed: Sequence[object]) -> Iterator[ListedModel]:
    for item in listed[:MAX_MODELS]:
        if isinstance(item, str):
            yield ListedModel(item, is_chat=not _OTHER_NAMES.search(item))
        elif isinstance(item, Mapping):
            yield _model(item)
        else:
            raise FormError


def _model(item: Mapping[str, object]) -> ListedModel:
    identity = next(
        (name for key in _NAMES if isinstance(name := item.get(key), str) and name), None
    )
    if identity is None:
        raise FormError
    kind = " ".join(
        str(item.get(key, "")) for key in ("type", "task", "model_type", "kind")
    ).lower()
    owner = item.get("owned_by")
    sees = sight_of(item)
    other = _OTHER_KINDS.search(kind) or _OTHER_NAMES.search(identity)
    owner = owner if isinstance(owner, str) else ""
    return ListedModel(identity, owner, not other and sees is not False, sees)


def sight_of(item: Mapping[str, object]) -> bool | None:
    """Whether a model takes pictures, by what a server says of it; None where it does not say."""
    kinds, within = item.get("capabilities"), item.get("architecture")
    if isinstance(kinds, Mapping):  # the form of Mistral and LM Studio
        sees = kinds.get("vision")
        return sees if isinstance(sees, bool) else None
    if isinstance(kinds, list) and "completion" in kinds:  # that of llama.cpp and Ollama
        return bool({"multimodal", "vision"} & {str(kind) for kind in kinds})
    takes = within.get("input_modalities") if isinstance(within, Mapping) else None
    if isinstance(takes, list):  # OpenRouter's
        return "image" in takes
    return True if item.get("type") == "vlm" else None  # LM Studio's older one
