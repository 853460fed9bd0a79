"""Which files of a hub's repository make a model and its vision tower, by their names alone."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from demo.checkpoints.gguf.names import has_tag, rank, tag_in, tower_rank
from demo.errors import CheckpointError, join_with_and

_ID = re.compile(r"(?P<repository>[^/\s:]+/[^/\s:]+?)(?::(?P<tag>[\w.-]+))?", re.ASCII)
# A commit, a branch or a tag, before a precision or after it.
_REVISION = re.compile(
    r"(?P<name>[^@]+)@(?P<revision>(?:\w[\w.-]*/)*\w[\w.-]*)(?P<tag>:[\w.-]+)?", re.ASCII
)
_PART = re.compile(r"(?P<stem>.+)-\d{5}-of-(?P<parts>\d{5})")
_TOWER, _NOT_MODELS = "mmproj", ("imatrix", "mtp-")


def split_id(source: str) -> tuple[str, str]:
    """The repository and the precision, which may be empty, of an id such as *owner/name-GGUF:Q4_K_M*."""
    source, _ = split_revision(source)
    found = _ID.fullmatch(source)
    return (found["repository"], found["tag"] or "") if found else (source, "")


def split_revision(name: str) -> tuple[str, str]:
    """A model's name or id without the revision that it names, and that; empty where it names none."""
    found = _REVISION.fullmatch(name)
    return (found["name"] + (found["tag"] or ""), found["revision"]) if found else (name, "")


def names_gguf(source: str) -> bool:
    """Whether a hub id means GGUF files: it names a precision, or ends as such repositories do."""
    repository, tag = split_id(source)
    return bool(tag) or repository.lower().endswith("gguf")


def choose_files(source: str, sizes: Mapping[str, int]) -> dict[str, int]:
    """The files to fetch for an id, with their sizes, among all of a repository.

    Without a precision in the id it is the one that suits most machines. Raises CheckpointError when the
    repository lacks the model in that precision, a part of it, or a tower.
    """
    repository, tag = split_id(source)
    names = [n for n in sizes if n.lower().endswith(".gguf") and "/" not in n]
    towers = [name for name in names if _TOWER in name.lower()]
    models = _models(name for name in names if _TOWER not in name.lower())
    chosen = [*_model(repository, models, tag), _tower(repository, towers)]
    return {name: sizes[name] for name in chosen}


def _models(names: Iterable[str]) -> dict[str, list[str]]:
    """The files of each model, by the model's name."""
    models: dict[str, list[str]] = {}
    for name in sorted(names):
        if not any(word in name.lower() for word in _NOT_MODELS):
            models.setdefault(_stem(name), []).append(name)
    return models


def _stem(name: str) -> str:
    stem = name[: -len(".gguf")]
    found = _PART.fullmatch(stem)
    return found["stem"] if found else stem


def _model(repository: str, models: Mapping[str, Sequence[str]], tag: str) -> Sequence[str]:
    if not models:
        raise CheckpointError(f"{repository} on the hub holds no GGUF files of a model.")
    fitting = [name for name in models if not tag or has_tag(name, tag)]
    if not fitting:
        others = join_with_and(sorted({tag_in(name) or name for name in models}))
        raise CheckpointError(f"{repository} on the hub has no {tag}. It has {others}.")
    best = min(fitting, key=lambda name: (rank(tag_in(name)), name))
    parts = models[best]
    found = _PART.fullmatch(parts[0][: -len(".gguf")])
    if len(parts) != (int(found["parts"]) if found else 1):
        raise CheckpointError(
            f"{repository} on the hub lacks a part of {best}. Choose another one."
        )
    return parts


def _tower(repository: str, names: Sequence[str]) -> str:
    if not names:
        raise CheckpointError(
            f"{repository} on the hub has no vision tower (mmproj), so its model sees no pictures. Choose "
            "the GGUF files of a model that does."
        )
    return min(names, key=lambda name: tower_rank(tag_in(name), name))
