"""Checkpoints of the hub: is one on this machine, how much is to be fetched, and fetching it.

Nothing is fetched without being asked for. It knows the hub, files and disks; what a checkpoint is for, it
does not know.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path

from huggingface_hub import HfApi, constants, hf_hub_download, try_to_load_from_cache
from huggingface_hub.errors import RepositoryNotFoundError
from huggingface_hub.utils.tqdm import tqdm

from demo.checkpoints.catalogue import Entry
from demo.checkpoints.folders import INDEX, ONE_FILE, read_json
from demo.checkpoints.kinds import check_kind
from demo.errors import CheckpointError, DemoError, first_line
from demo.zerogpu import on_space

# What a checkpoint is loaded from; weights in other formats, and training states in folders, are not.
_WANTED = (".json", ".safetensors", ".txt", ".jinja", ".model")
# The same weights once more, in the form of another program, or of something else.
_NOT_WANTED = ("consolidated", "adapter_")
_ROOM = 10**9  # bytes that stay free on the disk


@dataclass(frozen=True, slots=True)
class Order:
    """What would be fetched: ``size`` bytes (None when nobody knows) into ``folder``, with ``free`` there.

    ``exact`` says that the hub itself named the size.
    """

    title: str
    source: str
    size: int | None
    exact: bool
    folder: Path
    free: int

    @property
    def size_in_words(self) -> str:
        """Such as *about 16.6 GB*."""
        about = "" if self.exact else "about "
        return "of unknown size" if self.size is None else f"{about}{gb(self.size)}"

    def of(self, arrived: int) -> str:
        """How much of it is there, to stand behind its name; nothing when nobody knows."""
        return "" if self.size is None else f": {gb(min(arrived, self.size))} of {gb(self.size)}"

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
        if self.size is not None and self.size + _ROOM > self.free:
            raise CheckpointError(
                f"The weights of {self.title} take {gb(self.size)}, and only {gb(self.free)} are free in "
                f"{self.folder}. Free some disk, or set HF_HOME to a folder on a larger one."
            )


def folder_of(entry: Entry) -> Path | None:
    """The folder that holds the whole checkpoint, or None when it is not on this machine."""
    if not entry.is_hub_id:
        return Path(entry.source)
    config = try_to_load_from_cache(entry.source, "config.json")
    if not isinstance(config, str):
        return None
    folder = Path(config).parent
    return folder if _is_whole(folder) else None


def order_for(entry: Entry, *, ask_hub: bool) -> Order:
    """What fetching a checkpoint means; by the hub's own list of files if it is asked, and answers.

    Raises CheckpointError when the hub has no such checkpoint, or lists one that cannot be loaded here.
    """
    size = _size_on_hub(entry) if ask_hub else None
    known = entry.shape.parameters * 2 if entry.shape else None
    folder = Path(constants.HF_HUB_CACHE)
    free = shutil.disk_usage(_existing(folder)).free
    exact = size is not None
    return Order(entry.title, entry.source, size if exact else known, exact, folder, free)


def ensure(entry: Entry, *, agreed: bool) -> None:
    """Make sure that a checkpoint is here: fetched, if need be, with a person's consent.

    Consent is ``agreed``, the environment's ``REGIONREASONER_FETCH=1``, a Space's, or given at the
    terminal. Raises CheckpointError with a sentence that says how to give it.
    """
    if folder_of(entry) is not None:
        return
    agreed = agreed or os.environ.get("REGIONREASONER_FETCH") == "1" or on_space()
    person = sys.stdin.isatty() and sys.stderr.isatty()
    order = order_for(entry, ask_hub=agreed or person)
    order.check()
    if not agreed and not person:
        raise CheckpointError(
            f"The weights of {order.title} are not on this machine: {order}. "
            "To agree to that, start with --yes or set REGIONREASONER_FETCH=1."
        )
    if not agreed and not _ask(order):
        raise CheckpointError(f"The weights of {order.title} are not on this machine.")
    fetch(order)


def _ask(order: Order) -> bool:
    """Whether the person at the terminal wants it fetched."""
    print(f"{order.title} is not on this machine yet: {order}.", file=sys.stderr)
    print("Fetch it now? [y/N] ", end="", file=sys.stderr, flush=True)
    try:
        return sys.stdin.readline().strip().lower() in ("y", "yes")
    except KeyboardInterrupt:
        return False


def fetch(order: Order, arrived: Callable[[int], None] | None = None) -> None:
    """Fetch a checkpoint file by file, each with its progress bar, the weights last.

    ``arrived`` is told of the bytes as they come; a `FetchStoppedError` that it raises ends all.
    What was complete when it is interrupted is not fetched again, and a connection that breaks goes on
    where it was. Raises CheckpointError with a sentence.
    """
    order.check()
    again = "Files that were complete are kept: start again to go on."
    bar = None if arrived is None else _counting(arrived)
    try:
        sizes, _ = _on_hub(order.source)
        for name in sorted(sizes, key=_in_turn):
            place = hf_hub_download(order.source, name, tqdm_class=bar)
            if name == "config.json":
                check_kind(order.source, sizes, read_json(Path(place)))
    except (KeyboardInterrupt, FetchStoppedError):
        raise CheckpointError(f"Fetching {order.title} was stopped. {again}") from None
    except DemoError:
        raise
    except Exception as error:  # a network can fail in many ways
        said = f"{order.title} could not be fetched: {first_line(error)}. {again}"
        raise CheckpointError(said) from error


class FetchStoppedError(Exception):
    """Nobody wants it any more."""


def _counting(arrived: Callable[[int], None]) -> type[tqdm]:
    """A progress bar that also tells how many bytes it has moved on by."""

    class Bar(tqdm):
        def update(self, n: float | None = 1) -> bool | None:
            arrived(int(n or 0))
            return bool(super().update(n))

    return Bar


def gb(size: int) -> str:
    """Bytes as a disk's label counts them."""
    return f"{size / 1e9:.1f} GB" if size >= 1e8 else f"{size / 1e6:.1f} MB"


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


def _size_on_hub(entry: Entry) -> int | None:
    """Bytes that are still to be fetched; None when the hub does not answer."""
    try:
        sizes, commit = _on_hub(entry.source)
    except RepositoryNotFoundError as error:
        raise CheckpointError(f"The hub has no checkpoint called {entry.source}.") from error
    except DemoError:
        raise
    except Exception:  # a network can fail in many ways, and fetching will say how
        return None
    missing = [n for n in sizes if not try_to_load_from_cache(entry.source, n, revision=commit)]
    return sum(sizes[name] for name in missing)


def _on_hub(source: str) -> tuple[dict[str, int], str | None]:
    """The files to fetch with their sizes in bytes, and the newest commit.

    Raises CheckpointError when they cannot be loaded, by their names and what the hub says of them.
    """
    info = HfApi().model_info(source, files_metadata=True, timeout=10)
    sizes = {f.rfilename: f.size or 0 for f in info.siblings or ()}
    known = info.config if info.config and "model_type" in info.config else None
    check_kind(source, sizes, known)
    return {name: size for name, size in sizes.items() if _is_wanted(name, sizes)}, info.sha


def _is_wanted(name: str, names: Collection[str]) -> bool:
    """Whether a checkpoint is loaded from that file of a repository."""
    if "/" in name or name.startswith(_NOT_WANTED) or not name.endswith(_WANTED):
        return False
    if ONE_FILE in names:  # then shards, and what names them, are not looked at
        return name == ONE_FILE or not name.endswith((".safetensors", INDEX))
    return True


def _in_turn(name: str) -> tuple[bool, bool, str]:
    """The configuration first, which may show that the rest is of no use, and weights last."""
    return name != "config.json", name.endswith(".safetensors"), name


def _existing(folder: Path) -> Path:
    """The folder, or the nearest one above it that is there."""
    return next(f for f in (folder, *folder.parents) if f.is_dir())
