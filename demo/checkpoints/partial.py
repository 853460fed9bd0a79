"""One file of the hub: where its fetching was interrupted, it goes on.

The hub's own client goes on where a connection breaks, but begins anew at the next start, with gigabytes
again. Here what has arrived of a weight file stays beside the hub's blobs until the file is whole.
"""

from __future__ import annotations

from pathlib import Path

from huggingface_hub import (
    constants,
    get_hf_file_metadata,
    hf_hub_download,
    hf_hub_url,
    try_to_load_from_cache,
)
from huggingface_hub.file_download import http_get, repo_folder_name
from huggingface_hub.utils._fixes import WeakFileLock
from huggingface_hub.utils._headers import build_hf_headers
from huggingface_hub.utils.tqdm import tqdm

_LARGE = (".safetensors", ".gguf")  # what is worth keeping in part
_PART = ".part"


def fetch_file(source: str, name: str, commit: str, bar: type[tqdm] | None) -> str:
    """The path of a file of a repository at a commit, fetched unless it is here.

    ``bar`` is told of new bytes. Raises what the hub's client raises; what has arrived
    then is kept.
    """
    if name.endswith(_LARGE) and not try_to_load_from_cache(source, name, revision=commit):
        _fetch_blob(source, name, commit, bar)
    return str(hf_hub_download(source, name, revision=commit, tqdm_class=bar))


def bytes_kept(source: str) -> int:
    """How much is here of files that are not whole."""
    return sum(part.stat().st_size for part in _blobs(source).glob(f"*{_PART}"))


def _fetch_blob(source: str, name: str, commit: str, bar: type[tqdm] | None) -> None:
    """Let the hub's client find the file's content in its cache."""
    url = hf_hub_url(source, name, revision=commit)
    told = get_hf_file_metadata(url)
    if told.etag is None or told.size is None:
        return  # the client fetches it in its own way
    blob = _blobs(source) / told.etag
    part = blob.with_name(blob.name + _PART)
    part.parent.mkdir(parents=True, exist_ok=True)
    lock = Path(constants.HF_HUB_CACHE, ".locks", part.parent.parent.name, f"{part.name}.lock")
    lock.parent.mkdir(parents=True, exist_ok=True)
    with WeakFileLock(lock):
        if blob.exists():
            return
        with part.open("ab") as file:
            if file.tell() > told.size:  # a disk that was full may leave anything
                file.truncate(0)
            http_get(
                url,
                file,
                resume_size=file.tell(),
                headers=build_hf_headers(),
                expected_size=told.size,
                displayed_filename=name,
                tqdm_class=bar,
            )
        part.replace(blob)


def _blobs(source: str) -> Path:
    folder = repo_folder_name(repo_id=source, repo_type="model")
    return Path(constants.HF_HUB_CACHE, folder, "blobs")
