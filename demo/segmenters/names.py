"""The names that an option may give a segmenter; knowing them loads nothing."""

from __future__ import annotations

from pathlib import Path

from demo.errors import OptionError
from demo.machine.own_files import ASSETS

SIZES = ("tiny", "small", "base-plus", "large")  # of Meta's SAM 2.1, smallest first
NANO_FOLDER = ASSETS / "nano-sam2"
NAMES = (
    "auto", "sam2", "sam2:nano", *(f"sam2:{size}" for size in SIZES), "sam2:FOLDER", "grabcut", "none",
)  # fmt: skip
NAMES_IN_WORDS = f"{', '.join(NAMES[:-1])} or {NAMES[-1]}"


def hub_id(size: str) -> str:
    """Where Meta published a size."""
    return f"facebook/sam2.1-hiera-{size}"


def name_of(source: str) -> str:
    """What a SAM 2 from there is called."""
    return f"SAM 2 {source if source in ('nano', *SIZES) else Path(source).name}"


def check_segmenter(name: str) -> None:
    """Raises OptionError for a name that is none; nothing is loaded."""
    kind, _, which = name.partition(":")
    if kind == "sam2":
        if which and which not in ("nano", *SIZES) and not Path(which).is_dir():
            raise OptionError(
                f"There is no SAM 2 called {which}: choose nano, {', '.join(SIZES)} or a folder."
            )
    elif name not in NAMES:
        raise OptionError(f"There is no segmenter called {name}. Choose {NAMES_IN_WORDS}.")
