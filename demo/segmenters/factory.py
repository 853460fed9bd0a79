"""Which segmenter an option names, and why, in words for people.

It looks at what is on this machine; how masks are made it does not know. SAM 2 needs libraries that take
seconds to import and may be absent: they are imported when it is wanted.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from huggingface_hub import try_to_load_from_cache

from demo.checkpoints.revisions import commit_here
from demo.errors import CheckpointError
from demo.machine.packages import INSTALL, is_installed
from demo.picture.picture import Picture
from demo.segmenters.base import Segmenter
from demo.segmenters.by_picture import SegmenterByPicture
from demo.segmenters.grabcut import GrabCutSegmenter
from demo.segmenters.names import NANO_FOLDER, SIZES, check_segmenter, hub_id, name_of

Belongs = Callable[[Picture], bool]


@dataclass(frozen=True, slots=True)
class Room:
    """Where a SAM 2 would run: the ``size`` that fits onto ``device``, None where no size does."""

    device: str
    size: str | None


def sizes_for(name: str, device: str, *, fetch: bool) -> tuple[str, ...]:
    """The sizes of SAM 2 that an option allows there, best first: on a GPU the largest, elsewhere the
    smallest.

    Those on disk, unless one is named or any may be fetched.
    """
    kind, _, which = name.partition(":")
    if which:
        return (which,) if which in SIZES else ()
    if kind not in ("auto", "sam2"):
        return ()
    ordered = SIZES if device == "cpu" else tuple(reversed(SIZES))
    here = tuple(size for size in ordered if _on_disk(size))
    if fetch and device != "cpu":
        return ordered
    return here or (ordered[:1] if kind == "sam2" else ())


def choose_segmenter(
    name: str,
    room: Room,
    *,
    drawn: Belongs | None = None,
    fetch: bool = False,
    former: Segmenter | None = None,
) -> tuple[Segmenter | None, str]:
    """The segmenter an option names, and a sentence that says why it runs.

    ``drawn`` tells drawn scenes from other pictures, when the model knows those only: ``auto`` then
    takes the built-in SAM 2 for them. ``fetch`` allows ``auto`` to download. What ``former``, the one
    that ran until now, holds of it is not loaded again. Raises OptionError for a name that is none,
    CheckpointError for a checkpoint that cannot be had.
    """
    check_segmenter(name)
    kind, _, which = name.partition(":")
    if kind == "none":
        return None, "Masks were switched off."
    if kind == "grabcut":
        return GrabCutSegmenter(), "GrabCut makes the masks because it was asked for."
    if kind == "sam2":
        return _asked_sam2(which, room, former)
    usual, why = _best(room, fetch, former)
    if drawn is None or not (NANO_FOLDER / "config.json").is_file() or _missing():
        return usual, why
    built_in = _sam2("nano", room.device, former, fetch=False)
    reason = f"The built-in SAM 2 makes the masks of drawn scenes; of other pictures: {why}"
    return SegmenterByPicture(built_in, drawn, usual), reason


def _sam2(source: str, device: str, former: Segmenter | None, *, fetch: bool) -> Segmenter:
    """The one that runs already, if it is the same, else a new one. Raises CheckpointError."""
    if missing := _missing():
        raise CheckpointError(f"SAM 2 needs {missing}, not installed here: {INSTALL}")
    from demo.segmenters.sam2 import Sam2Segmenter, load_sam2

    parts = former.parts if isinstance(former, SegmenterByPicture) else (former,)
    for part in parts:
        if isinstance(part, Sam2Segmenter) and (part.name, part.device) == (
            name_of(source),
            device,
        ):
            return part
    return load_sam2(source, device, fetch=fetch)


def _asked_sam2(which: str, room: Room, former: Segmenter | None) -> tuple[Segmenter, str]:
    """SAM 2 of that size or folder; on the CPU where the device has no room for that size."""
    known = which in SIZES or not which
    device = room.device if room.size or not known else "cpu"
    made = _sam2(which or room.size or "tiny", device, former, fetch=True)
    if device == room.device:
        return made, "SAM 2 makes the masks because it was asked for."
    return made, "SAM 2 makes the masks on the CPU: beside the model there is no room for it."


def _best(room: Room, fetch: bool, former: Segmenter | None) -> tuple[Segmenter, str]:
    """SAM 2 when it is on this machine or may be fetched, else GrabCut; and why."""
    if room.size is None and not any(_on_disk(size) for size in SIZES):
        return GrabCutSegmenter(), (
            "GrabCut makes the masks because no SAM 2 weights are on this machine; "
            "to fetch some, start with --segmenter sam2:tiny."
        )
    if room.size is None:
        return GrabCutSegmenter(), (
            "GrabCut makes the masks because there is no room for SAM 2 beside the model; "
            "to run it on the CPU, start with --segmenter sam2:tiny."
        )
    try:
        made = _sam2(room.size, room.device, former, fetch=fetch)
    except CheckpointError as error:
        return GrabCutSegmenter(), f"GrabCut makes the masks because SAM 2 cannot: {error}"
    return made, f"SAM 2 {room.size} makes the masks: its weights are here, and it fits."


def _missing() -> str:
    """What SAM 2 needs and is not installed; empty where all is there."""
    return " and ".join(p for p in ("torch", "transformers") if not is_installed(p))


def _on_disk(size: str) -> bool:
    commit = commit_here(hub_id(size))
    found = commit and try_to_load_from_cache(hub_id(size), "model.safetensors", revision=commit)
    return isinstance(found, str)
