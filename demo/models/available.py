"""The models that this machine could run instead: what each would take, in words; fetched and loaded.

It looks at disks and memory and changes nothing by looking. Which of them runs it is told; when one takes
the place of another is decided in `switching.py`.
"""

from __future__ import annotations

import argparse
import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from demo.checkpoints.catalogue import CATALOGUE, LLAMA_CPP, PACKED, TRANSFORMERS, Entry, find_model
from demo.checkpoints.fetch import (
    Download,
    FetchStoppedError,
    download_at,
    download_of,
    fetch,
    folder_of,
)
from demo.checkpoints.gguf.convert import Conversion
from demo.errors import CheckpointError, DemoError, InputError, OutOfMemoryError
from demo.machine.devices import free_memory
from demo.machine.precision import GIB, gib
from demo.models.best import Candidate, best_of, candidate_of
from demo.models.engines import (
    AnyPlan,
    engine_of,
    is_installed,
    known_pace,
    pace_of,
    plan_model,
    unwritten_files,
)
from demo.models.selection import load
from demo.models.served import ServedEntry, source_of
from demo.reasoners.pace import span
from demo.remote.nearby import FoundServer, Nearby
from demo.remote.reasoner import choose_served
from demo.segmenters.factory import sizes_for
from demo.segmenters.names import hub_id

if TYPE_CHECKING:
    from demo.models.models import Models
    from demo.segmenters.base import Segmenter

log = logging.getLogger(__name__)

State = Literal["runs", "here", "away", "unfit", "served"]
MAX_SERVED = 12  # rows for the models of one server
MAX_SMALL = 4 * GIB  # what a small model needs at most
_MASKS_BYTES = 4 * 38_962_498  # of the smallest SAM 2.1, in float32
_UNKNOWN = "There is no such model in the list."


@dataclass(frozen=True, slots=True)
class Row:
    """A model as people see it in the list.

    It ``runs``, is ``here`` on disk, ``away`` (to be fetched), ``unfit`` for this machine, or ``served``;
    ``line`` says what that means, with numbers; ``guessed`` says that how slow it is has not been measured
    yet. ``candidate`` has the seconds of its answers, where they are known; ``size`` is how many bytes
    there are to fetch, ``slow`` says how slow it is, where it is.
    """

    source: str
    title: str
    state: State
    line: str
    guessed: bool = False
    candidate: Candidate | None = None
    size: int | None = None
    slow: str = ""


class AvailableModels:
    """The catalogue, the model that the app was started with, those that were named since, and those of
    servers ``nearby``.
    """

    def __init__(
        self,
        options: argparse.Namespace,
        first: Entry | ServedEntry | None = None,
        nearby: Nearby | None = None,
    ) -> None:
        self._options, self._nearby = options, nearby or Nearby(())
        self._entries = {entry.source: entry for entry in CATALOGUE.values()}
        self._served: dict[str, ServedEntry] = {}
        if isinstance(first, ServedEntry):
            self._served[first.source] = first
        elif first is not None:  # it may be asked in other words than the catalogue has it
            self._entries[first.source] = first

    @property
    def smallest(self) -> Entry:
        """The one that runs everywhere."""
        return CATALOGUE["nano"]

    def entry(self, source: str) -> Entry | ServedEntry:
        """One of the list. Raises InputError."""
        found = self._entries.get(source) or self._served.get(source)
        if found is None:
            raise InputError(_UNKNOWN)
        return found

    def add(self, name: str) -> Entry:
        """One by its name, its hub id or its folder, which is in the list from then on.

        Raises OptionError for what is none of these.
        """
        entry = find_model(name.strip())
        return self._entries.setdefault(entry.source, self._told_apart(entry))

    def _told_apart(self, entry: Entry) -> Entry:
        """Named with the folder that it lies in, too, where another has its name, by which answers go."""
        others = {each.name for each in self._entries.values() if each.source != entry.source}
        if entry.is_hub_id or entry.name not in others:
            return entry
        return replace(entry, name=f"{entry.name} ({Path(entry.source).resolve().parent.name})")

    @property
    def is_looking(self) -> bool:
        """Whether servers are being looked for."""
        return self._nearby.is_looking

    def look(self) -> None:
        """Begin to look for servers, unless that was done a moment ago."""
        self._nearby.look()

    def add_server(self, address: str) -> list[ServedEntry]:
        """The models of a server at an address that a person typed, which are in the list from then on.

        Raises DemoError with a sentence.
        """
        return self._of(self._nearby.ask(address))

    def is_here(self, entry: Entry) -> bool:
        """Whether its weights are on this machine."""
        return folder_of(entry) is not None

    def rows(self, models: Models, *, measured: bool, beside: int = 0) -> list[Row]:
        """All that can run here; ``measured`` takes the time to see how slow large models are here.

        ``beside`` counts the bytes of models that give up theirs for one that is chosen. Of a model that is
        published in two forms, the one that suits the engine here stands for both.
        """
        entries = list(self._entries.values())
        shown = [each for each in entries if models.entry == each or not self._is_spared(each)]
        held = models.reasoner.held_bytes + beside
        return [self._row(entry, models, held, measured) for entry in shown]

    def _is_spared(self, entry: Entry) -> bool:
        """Whether there is a form of this model, which is not here, that is better to fetch."""
        name = entry.name.removesuffix(PACKED)
        plain, packed = CATALOGUE.get(name), CATALOGUE.get(name + PACKED)
        if plain is None or packed is None or entry not in (plain, packed) or self.is_here(entry):
            return False
        better = packed if engine_of(plain, self._options) == LLAMA_CPP else plain
        return entry != better

    def best(self, rows: Sequence[Row]) -> Candidate | None:
        """The one of these that is best for photographs here, as far as their speed is known."""
        return best_of([row.candidate for row in rows if row.candidate])

    def served_rows(self, models: Models) -> list[Row]:
        """The models of the servers that were found last, and the one that runs on a server."""
        found = [entry for server in self._nearby.found for entry in self._of(server)]
        running = [models.entry] if isinstance(models.entry, ServedEntry) else []
        return [_served_row(entry, models) for entry in dict.fromkeys([*running, *found])]

    def check(self, entry: Entry, held: int) -> AnyPlan:
        """How it would be loaded once ``held`` more bytes are free. Raises ModelError if it cannot be."""
        return plan_model(entry, self._options, here=self.is_here(entry), to_be_freed=held)

    def fits_beside(self, entry: Entry) -> bool:
        """Whether it can be loaded while others stay. Raises CheckpointError when it cannot be at all."""
        try:
            plan_model(entry, self._options, here=True)
        except OutOfMemoryError:
            return False
        return True

    def is_small(self, entry: Entry | ServedEntry) -> bool:
        """Whether it takes so little of the main memory, and none of a card's, that several may stay.

        Raises CheckpointError for one that cannot be loaded, OutOfMemoryError where there is no room.
        """
        if isinstance(entry, ServedEntry):
            return True
        plan = plan_model(entry, self._options, here=True)
        return plan.device == "cpu" and (plan.need is None or plan.need.total <= MAX_SMALL)

    def order(self, entry: Entry) -> Download:
        """What fetching it means. Raises CheckpointError when it cannot be had."""
        order = download_of(entry, ask_hub=True)
        order.check()
        return order

    def masks(self) -> Download | None:
        """The SAM 2 that comes with a model that is fetched, for finer outlines.

        None where another segmenter was asked for, one is here, or its libraries are missing.
        """
        is_wanted = self._options.segmenter == "auto" and is_installed(TRANSFORMERS)
        if not is_wanted or sizes_for("auto", "cpu", fetch=False):
            return None
        return download_at("SAM 2 tiny", hub_id("tiny"), _MASKS_BYTES)

    def fetch(
        self,
        order: Download,
        arrived: Callable[[int], None],
        given_up: threading.Event,
        *,
        is_model: bool = True,
    ) -> None:
        """Fetch it until somebody gives up. Raises CheckpointError with a sentence."""
        fetch(order, _until(given_up, arrived), is_model=is_model)

    def unwritten(self, entry: Entry) -> Conversion | None:
        """The files that must be written once before it can be loaded, if any. Raises CheckpointError."""
        return unwritten_files(entry, self._options)

    def write(
        self, files: Conversion, written: Callable[[int], None], given_up: threading.Event
    ) -> None:
        """Write them until somebody gives up; later it goes on from there. Raises CheckpointError."""
        try:
            files.run(_until(given_up, written))
        except FetchStoppedError:
            raise CheckpointError(
                f"Preparing {files.title} was stopped. What has been written is kept: choose it again to "
                "continue."
            ) from None

    def load(self, entry: Entry | ServedEntry, former: Segmenter | None) -> Models:
        """Load it. Raises ModelError with a sentence."""
        return load(entry, self._options, former, tell=log.info)

    def _of(self, server: FoundServer) -> list[ServedEntry]:
        """The models of a server; one that was named at the start stays as it was named then."""
        found = []
        for model in server.models[:MAX_SERVED]:
            title = choose_served(model.id, (model.id,), server.place).name
            source = source_of(server.address, model.id)
            place = server.place_of(model)
            entry = ServedEntry(source, title, model.id, server.address, place, model.sees)
            if not (source in self._served and self._served[source].address.is_trusted):
                self._served[source] = entry
            found.append(self._served[source])
        return found

    def _row(self, entry: Entry, models: Models, held: int, measured: bool) -> Row:
        title = entry.title
        if models.entry == entry:
            return Row(entry.source, title, "runs", f"Runs now on {models.reasoner.device}.")
        try:
            plan = self.check(entry, held)
            here = self.is_here(entry)
            order = None if here else download_of(entry, ask_hub=False)
        except DemoError as error:
            return Row(entry.source, title, "unfit", _first_sentence(error))
        where = "Here on disk." if order is None else f"{_capital(order.size_in_words)} to fetch."
        pace = known_pace(plan)
        if pace is None and measured and _is_slow(plan):
            pace = pace_of(plan)
        size = order.size if order else None
        candidate = candidate_of(entry, plan, pace, size or 0)
        slow = " ".join(_slowness(plan, candidate))
        said = " ".join(filter(None, (where, *_needs(plan, held), slow)))
        guessed = pace is None and _is_slow(plan)
        state: State = "here" if here else "away"
        return Row(entry.source, title, state, said, guessed, candidate, size, slow)


def _until(given_up: threading.Event, told: Callable[[int], None]) -> Callable[[int], None]:
    """What is told of bytes and tells of them, until somebody gives up: then it raises."""

    def take(size: int) -> None:
        told(size)
        if given_up.is_set():
            raise FetchStoppedError

    return take


def _served_row(entry: ServedEntry, models: Models) -> Row:
    if models.entry == entry:
        line = f"Runs now on {entry.place}."
        return Row(entry.source, entry.title, "runs", line)
    said = [f"Runs on {entry.place}."]
    if entry.sees is None:
        said.append("It is not known whether it takes pictures.")
    if not choose_served(entry.id, (entry.id,), entry.place).is_known:
        said.append("Its boxes will probably be misread: its family writes them in another way.")
    return Row(entry.source, entry.title, "served", " ".join(said))


def _needs(plan: AnyPlan, held: int) -> list[str]:
    if plan.need is None:
        return []
    free = free_memory(plan.device) + held
    return [f"Needs {gib(plan.need.total)} of {gib(free)} GiB free."]


def _is_slow(plan: AnyPlan) -> bool:
    return plan.shape is not None and plan.device != "cuda"


def _slowness(plan: AnyPlan, candidate: Candidate | None) -> list[str]:
    if not _is_slow(plan):
        return []
    if candidate is None:
        return ["Slow without a CUDA GPU."]
    first, later = span(candidate.first_s), span(candidate.later_s)
    return [f"A first answer about a picture in about {first}, a later one in about {later}."]


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]


def _first_sentence(error: Exception) -> str:
    first, dot, _ = str(error).partition(". ")
    if isinstance(error, OutOfMemoryError) and dot:
        return f"{first}."  # what else could be done about it is for those who start the app
    return str(error)
