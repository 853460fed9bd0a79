"""Which commit of a repository on the hub is used: always the same one, until another is named.

What was first fetched, or named last, is noted in the hub's own cache, as a reference beside those to
branches. For some repositories the commit that a first fetch takes is known.
"""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path

from huggingface_hub import constants
from huggingface_hub.file_download import repo_folder_name

MAIN = "main"
_NOTE = "regionreasoner"  # the name of the reference
_COMMIT = re.compile(r"[0-9a-f]{40}")
# Each found in several independent public records of what was fetched.
KNOWN = {
    "Qwen/Qwen2-VL-7B-Instruct": "eed13092ef92e448dd6875b2a00151bd3f7db0ac",
    "Qwen/Qwen2.5-VL-3B-Instruct": "66285546d2b821cf421d4f5eb2576359d3770cd3",
    "Qwen/Qwen2.5-VL-7B-Instruct": "cc594898137f460bfe9f0759e9844b3ce807cfb5",
    "Qwen/Qwen3-VL-2B-Instruct": "89644892e4d85e24eaac8bacfd4f463576704203",
    "Qwen/Qwen3-VL-2B-Instruct-GGUF": "52d6c8ffea26cc873ac5ad116f8631268d7eb503",
    "Qwen/Qwen3-VL-4B-Instruct": "ebb281ec70b05090aa6165b016eac8ec08e71b17",
    "Qwen/Qwen3-VL-8B-Instruct": "0c351dd01ed87e9c1b53cbc748cba10e6187ff3b",
    "Qwen/Qwen3-VL-8B-Instruct-GGUF": "f982a07559d4a2f6c8744d840bf6fccab30eea96",
    "facebook/sam2.1-hiera-tiny": "de431c4043854a71d8101e17995dfe596bf101a5",
    "facebook/sam2.1-hiera-base-plus": "b7320756a13354e7530a63935656d35b2f91a290",
    "facebook/sam2.1-hiera-large": "665f8e2ad61cf5f53d65644ff27c8ee525124610",
}


def is_commit(revision: str) -> bool:
    """Whether a revision is a whole commit hash, which no one can point elsewhere."""
    return _COMMIT.fullmatch(revision) is not None


def commit_here(repository: str, revision: str = "") -> str | None:
    """The commit that is used of a repository, as far as this machine knows; None before a first fetch."""
    if is_commit(revision):
        return revision
    if revision:
        return _read(repository, revision)
    return _read(repository, _NOTE) or _read(repository, MAIN)


def revision_to_fetch(repository: str, revision: str = "") -> str:
    """What to ask the hub for: what was named, what is used already, what is known, or the newest."""
    return revision or commit_here(repository) or KNOWN.get(repository, MAIN)


def note(repository: str, commit: str, revision: str) -> None:
    """Use that commit from now on; ``revision`` is the name under which the hub was asked for it."""
    for name in {_NOTE, *({revision} if not is_commit(revision) else ())}:
        place = _reference(repository, name)
        with suppress(OSError):  # then it is looked up again
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(commit, encoding="ascii")


def snapshot_folder(repository: str, commit: str) -> Path:
    """Where the hub's cache has the files of a commit."""
    folder = repo_folder_name(repo_id=repository, repo_type="model")
    return Path(constants.HF_HUB_CACHE, folder, "snapshots", commit)


def _read(repository: str, name: str) -> str | None:
    try:
        commit = _reference(repository, name).read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        return None
    return commit if is_commit(commit) else None


def _reference(repository: str, name: str) -> Path:
    folder = repo_folder_name(repo_id=repository, repo_type="model")
    return Path(constants.HF_HUB_CACHE, folder, "refs", name)
