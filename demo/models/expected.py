"""What stands for the first models while they are loaded, so that a page can be shown meanwhile.

What is known by name alone is there: what the model is called, in whose words it is asked, in which frame.
It answers nothing, and loads no library for models.
"""

from __future__ import annotations

import argparse
import threading
from collections.abc import Iterator, Sequence

from demo.checkpoints.catalogue import DEFAULT, TRANSFORMERS, Entry, dialect_of, find_model
from demo.checkpoints.fetch import folder_of
from demo.checkpoints.folders import read_json
from demo.dialects.dialect import Dialect
from demo.dialects.families import family_of
from demo.dialects.known import DIALECTS
from demo.dialects.prompt import Prompt
from demo.errors import CheckpointError, ModelError
from demo.machine.cards import look
from demo.models.drawn_world import World
from demo.models.engines import is_installed
from demo.models.models import NANO_ADVICE, SERVED_AT_ONCE, Models, loading
from demo.picture.picture import Picture
from demo.reasoners.base import Usage
from demo.remote.address import read_address
from demo.segmenters.base import MaskPrompt, Segment, Segmenter
from demo.segmenters.grabcut import GrabCutSegmenter

_CHOOSING = "Choosing a model…"


class ExpectedReasoner:
    """A model that is not loaded yet."""

    device = "nothing yet"
    held_bytes = 0

    def __init__(self, name: str, dialect: Dialect) -> None:
        self.name, self.dialect = name, dialect

    def prepare(self, picture: Picture) -> None:
        """Nothing."""

    def stream(
        self, _picture: Picture, _prompt: Prompt, _cancel: threading.Event
    ) -> Iterator[str | Usage]:
        """The counts of an empty answer: only a turn that was stopped while it waited comes here."""
        yield Usage()

    def close(self) -> None:
        """Nothing."""


class ExpectedSegmenter:
    """A segmenter that is not loaded yet."""

    def __init__(self, name: str) -> None:
        self._name = name

    @property
    def name(self) -> str:
        return self._name

    def prepare(self, picture: Picture) -> None:
        """Nothing."""

    def segment(self, _picture: Picture, _prompts: Sequence[MaskPrompt]) -> list[Segment]:
        """Raises ModelError."""
        raise ModelError(f"{self.name} is still being loaded. Try again in a moment.")


def expected_models(options: argparse.Namespace) -> Models:
    """The models that the options ask for, before they are loaded.

    ``auto`` means nano where it can run and there is no graphics card; elsewhere nano stands for what will
    be chosen.
    Raises OptionError for a model that cannot be, CheckpointError when a file of nano's is damaged.
    """
    segmenter = _segmenter(options.segmenter)
    if options.server:
        return _on_server(options, segmenter)
    is_auto = options.model == "auto"
    entry = find_model("nano" if is_auto else options.model, options.dialect)
    is_open = is_auto and (_may_have_card() or not is_installed(TRANSFORMERS))
    is_nano = entry.name == "nano" and not is_open
    return Models(
        ExpectedReasoner(entry.name, _dialect(entry)),
        segmenter,
        status=_CHOOSING if is_open else loading(entry.title),
        advice=NANO_ADVICE if is_nano else "",
        why="",
        world=World.load() if is_nano else None,
        is_expected=True,
    )


def _on_server(options: argparse.Namespace, segmenter: Segmenter | None) -> Models:
    host = read_address(options.server).host
    dialect = options.dialect or family_of(options.model) or DEFAULT.name
    return Models(
        ExpectedReasoner(host if options.model == "auto" else options.model, DIALECTS[dialect]),
        segmenter,
        status=f"Connecting to {host}…",
        advice="",
        why="",
        at_once=SERVED_AT_ONCE,
        is_expected=True,
    )


def _may_have_card() -> bool:
    return look(None, None, (), "").has_any


def _segmenter(name: str) -> Segmenter | None:
    """GrabCut, which needs no loading, until there is something better; nothing in place of another."""
    if name == "none":
        return None
    if name in ("auto", "grabcut"):
        return GrabCutSegmenter()
    return ExpectedSegmenter("SAM 2" if name.startswith("sam2") else name)


def _dialect(entry: Entry) -> Dialect:
    """How it is asked; what is wrong with a frame that it names is said when it is loaded."""
    folder = folder_of(entry)
    config = read_json(folder / "config.json") if folder else {}
    try:
        return dialect_of(entry, config.get("region_frame"), looks=config.get("region_looks"))
    except CheckpointError:
        return DIALECTS[entry.dialect]
