"""Checkpoints on the hub: whether one is on this machine, how much there is to fetch, and fetching it.

Nothing is fetched without consent. It knows the hub, files and disks, not what a checkpoint is for.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from huggingface_hub import HfApi, constants, try_to_load_from_cache
from huggingface_hub.errors import RepositoryNotFoundError
from huggingface_hub.utils.tqdm import tqdm

from demo.checkpoints.catalogue import LLAMA_CPP, Entry
from demo.checkpoints.folders import INDEX, ONE_FILE, read_json
from demo.checkpoints.gguf.hub import choose_files, names_gguf, split_id, split_revision
from demo.checkpoints.kinds import check_kind
from demo.checkpoints.partial import bytes_kept, fetch_file
from demo.checkpoints.revisions import (
    commit_here,
    is_commit,
    note,
    revision_to_fetch,
    snapshot_folder,
)
from demo.errors import CheckpointError, DemoError, first_line
from demo.zerogpu import on_space

# The files a checkpoint is loaded from; weights in other formats, and training states in folders, are not.
_WANTED = (".json", ".safetensors", ".txt", ".jinja", ".model")
# The same weights again in another program's form, or those of something else.
_NOT_WANTED = ("consolidated", "adapter_")
MIN_FREE = 10**9  # bytes that stay free on the disk
_LAYERS, _ENDS = 0.6, 0.82  # bytes of a number in Q4_K_M: in layers, and before and after them


@dataclass(frozen=True, slots=True)
class Download:
    """A checkpoint to fetch: ``size`` bytes (None when unknown) into ``folder``, where ``free`` are free.

    ``is_exact``: the size comes from the hub.
    """

    title: str
    source: str
    size: int | None
    is_exact: bool
    folder: Path
    free: int

    @property
    def size_in_words(self) -> str:
        """Such as *about 16.6 GB*."""
        about = "" if self.is_exact else "about "
        return "of unknown size" if self.size is None else f"{about}{gb(self.size)}"

    def progress(self, arrived: int, left: str = "") -> str:
        """How much of it has arrived, and the time ``left`` in words, to follow its name.

        Empty when the size is unknown.
        """
        if self.size is None:
            return ""
        said = f"{gb(min(arrived, self.size))} of {gb(self.size)}"
        return f": {left}, {said}" if left else f": {said}"

    def __str__(self) -> str:
        return (
            f"{self.size_in_words} would be fetched from {constants.ENDPOINT.partition('://')[2]} "
            f"into {self.folder}, where {gb(self.free)} are free"
        )

    def check(self) -> None:
        """Raises CheckpointError when the disk is too small or nothing may be fetched."""
        if constants.is_offline_mode():
            raise CheckpointError(
                f"The weights of {self.title} are not on this machine, and HF_HUB_OFFLINE forbids "
                "fetching them."
            )
        if self.size is not None and self.size + MIN_FREE > self.free:
            raise CheckpointError(
                f"The weights of {self.title} take {gb(self.size)}, and only {gb(self.free)} are free in "
                f"{self.folder}. Free some disk, or set HF_HOME to a folder on a larger one."
            )


def folder_of(entry: Entry) -> Path | None:
    """The folder (or the GGUF file) of the whole checkpoint, or None when it is not on this machine."""
    if not entry.is_hub_id:
        return Path(entry.source)
    commit = commit_here(entry.repository, entry.revision)
    if commit is None:
        return None
    if entry.engine == LLAMA_CPP:
        return _gguf_folder(entry, commit)
    config = try_to_load_from_cache(entry.repository, "config.json", revision=commit)
    if not isinstance(config, str):
        return None
    folder = Path(config).parent
    return folder if _is_whole(folder) else None


def download_of(entry: Entry, *, ask_hub: bool) -> Download:
    """The download of a checkpoint, with its size by the hub's list of files if ``ask_hub`` and it answers.

    Raises CheckpointError when the hub has no such checkpoint, or one that cannot be loaded here.
    """
    size = _size_on_hub(entry) if ask_hub else None
    known = _bytes_of(entry) if entry.shape else None
    is_exact = size is not None
    return Download(entry.title, entry.source, size if is_exact else known, is_exact, *_cache())


def download_at(title: str, source: str, size: int) -> Download:
    """The download of something else on the hub than a model to ask, of about ``size`` bytes."""
    return Download(title, source, size, False, *_cache())


def _cache() -> tuple[Path, int]:
    """The folder of what is fetched, and the bytes that are free there."""
    folder = Path(constants.HF_HUB_CACHE)
    return folder, shutil.disk_usage(_nearest_existing(folder)).free


Arrived = Callable[[int], None]  # is told the number of new bytes


def ensure_fetched(
    entry: Entry,
    *,
    agreed: bool,
    fetching: Callable[[Download], Arrived | None] = lambda _: None,
) -> None:
    """Make sure that a checkpoint is on this machine: fetch it, if needed, with a person's consent.

    Consent is ``agreed``, the environment's ``REGIONREASONER_FETCH=1``, a Space, or an answer at the
    terminal. ``fetching`` is told of a download that begins, and returns what is to be told of its bytes.
    Raises CheckpointError with a sentence that says how to give consent.
    """
    commit = _commit_named(entry)
    if folder_of(entry.at(commit) if commit else entry) is not None:
        if commit:
            note(entry.repository, commit, entry.revision)
        return
    agreed = agreed or os.environ.get("REGIONREASONER_FETCH") == "1" or on_space()
    person = sys.stdin.isatty() and sys.stderr.isatty()
    order = download_of(entry, ask_hub=agreed or person)
    order.check()
    if not agreed and not person:
        raise CheckpointError(
            f"The weights of {order.title} are not on this machine: {order}. "
            "To agree to that, start with --yes or set REGIONREASONER_FETCH=1."
        )
    if not agreed and not _ask(order):
        raise CheckpointError(f"The weights of {order.title} are not on this machine.")
    fetch(order, fetching(order))


def _commit_named(entry: Entry) -> str | None:
    """The commit that an entry names, None where it names none.

    Of a branch or a tag it is where the hub has it now; without an answer, where it had it.
    """
    revision = entry.revision
    if revision and not is_commit(revision) and not constants.is_offline_mode():
        with suppress(Exception):  # a network can fail in many ways, and fetching will say how
            told = HfApi().model_info(entry.repository, revision=revision, timeout=10)
            if told.sha and is_commit(told.sha):
                return told.sha
    return commit_here(entry.repository, revision) if revision else None


def _ask(order: Download) -> bool:
    """Whether the person at the terminal wants it fetched."""
    print(f"{order.title} is not on this machine yet: {order}.", file=sys.stderr)
    print("Fetch it now? [y/N] ", end="", file=sys.stderr, flush=True)
    try:
        return sys.stdin.readline().strip().lower() in ("y", "yes")
    except KeyboardInterrupt:
        return False


def fetch(order: Download, arrived: Arrived | None = None, *, is_model: bool = True) -> None:
    """Fetch a checkpoint file by file, each with its progress bar, the weights last.

    ``arrived`` is called with the number of new bytes; a `FetchStoppedError` that it raises ends the fetch.
    That it is a model that can be asked is checked if ``is_model``, as soon as its configuration is there.
    What has arrived is not fetched again after an interruption, and a broken connection continues where it
    was. Raises CheckpointError with a sentence.
    """
    order.check()
    again = "What has arrived is kept: start again to continue."
    bar = None if arrived is None else _progress_bar(arrived)
    try:
        sizes, commit = _files_on_hub(order.source)
        repository, revision = split_id(order.source)[0], split_revision(order.source)[1]
        note(repository, commit, revision or revision_to_fetch(repository))
        for name in sorted(sizes, key=_fetch_order):
            place = fetch_file(repository, name, commit, bar)
            if is_model and name == "config.json":
                check_kind(order.source, sizes, read_json(Path(place)))
    except (KeyboardInterrupt, FetchStoppedError):
        raise CheckpointError(f"Fetching {order.title} was stopped. {again}") from None
    except DemoError:
        raise
    except Exception as error:  # a network can fail in many ways
        sentence = f"{order.title} could not be fetched: {first_line(error)}. {again}"
        raise CheckpointError(sentence) from error


class FetchStoppedError(Exception):
    """A person stopped the fetch."""


def _progress_bar(arrived: Arrived) -> type[tqdm]:
    """A progress bar that also calls ``arrived`` with the number of new bytes."""

    class Bar(tqdm):
        def update(self, n: float | None = 1) -> bool | None:
            arrived(int(n or 0))
            return bool(super().update(n))

    return Bar


def gb(size: int) -> str:
    """Bytes in decimal units, as disks are sold, such as *16.6 GB*."""
    return f"{size / 1e9:.1f} GB" if size >= 1e8 else f"{size / 1e6:.1f} MB"


def _gguf_folder(entry: Entry, commit: str) -> Path | None:
    """The folder in the hub's cache where a model's GGUF files are all there."""
    folder = snapshot_folder(entry.repository, commit)
    try:
        choose_files(entry.source, {file.name: 0 for file in folder.iterdir() if file.is_file()})
    except (OSError, CheckpointError):
        return None
    return folder


def _is_whole(folder: Path) -> bool:
    """Whether the tokenizer and every weight file that the checkpoint names are there."""
    if not (folder / "tokenizer_config.json").is_file():
        return False
    if (folder / ONE_FILE).is_file():
        return True
    placed = read_json(folder / INDEX).get("weight_map")
    if not isinstance(placed, dict):
        return False
    return bool(placed) and all((folder / str(shard)).is_file() for shard in placed.values())


def _bytes_of(entry: Entry) -> int:
    """Bytes of weights of a known shape: in 16 bits, or as the usual GGUF files."""
    shape = entry.shape
    assert shape is not None
    if entry.engine != LLAMA_CPP:
        return shape.parameters * 2
    tower, ends = shape.tower_linear + shape.tower_other, shape.embedding + shape.head
    return round(_LAYERS * shape.layers_linear + _ENDS * ends + 2 * tower)


def _size_on_hub(entry: Entry) -> int | None:
    """The number of bytes still to fetch; None when the hub does not answer."""
    try:
        sizes, commit = _files_on_hub(entry.source)
    except RepositoryNotFoundError as error:
        raise CheckpointError(f"The hub has no checkpoint called {entry.repository}.") from error
    except DemoError:
        raise
    except Exception:  # a network can fail in many ways, and fetching will say how
        return None
    place = entry.repository
    missing = [n for n in sizes if not try_to_load_from_cache(place, n, revision=commit)]
    return max(0, sum(sizes[name] for name in missing) - bytes_kept(place))


def _files_on_hub(source: str) -> tuple[dict[str, int], str]:
    """The files to fetch with their sizes in bytes, and the commit that they are of.

    Raises CheckpointError when their names, or what the hub says of them, show that they cannot be loaded.
    """
    repository = split_id(source)[0]
    wanted = revision_to_fetch(repository, split_revision(source)[1])
    info = HfApi().model_info(repository, revision=wanted, files_metadata=True, timeout=10)
    commit = info.sha if info.sha and is_commit(info.sha) else wanted
    sizes = {f.rfilename: f.size or 0 for f in info.siblings or ()}
    if names_gguf(source):
        return choose_files(source, sizes), commit
    known = info.config if info.config and "model_type" in info.config else None
    check_kind(source, sizes, known)
    return {name: size for name, size in sizes.items() if _is_wanted(name, sizes)}, commit


def _is_wanted(name: str, names: Collection[str]) -> bool:
    """Whether a checkpoint is loaded from that file of a repository."""
    if "/" in name or name.startswith(_NOT_WANTED) or not name.endswith(_WANTED):
        return False
    if ONE_FILE in names:  # then shards and their index are ignored
        return name == ONE_FILE or not name.endswith((".safetensors", INDEX))
    return True


def _fetch_order(name: str) -> tuple[bool, bool, str]:
    """The configuration first, which may show that the rest is useless, and weights last."""
    is_weights = name.endswith((".safetensors", ".gguf")) and "mmproj" not in name.lower()
    return name != "config.json", is_weights, name


def _nearest_existing(folder: Path) -> Path:
    """The folder, or the nearest one above it that exists."""
    return next(f for f in (folder, *folder.parents) if f.is_dir())
