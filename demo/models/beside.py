"""The models that were asked beside the one that runs, kept for the next time as long as there is room.

Several small ones stay, the one that was asked longest ago goes first. Of those that are large or lie on a
card one stays, until another model is asked. Who may use them, and when, is for `switching.py`.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from demo.machine.devices import free_memory
from demo.machine.precision import GIB

if TYPE_CHECKING:
    from demo.checkpoints.catalogue import Entry
    from demo.models.available import AvailableModels
    from demo.models.models import Models
    from demo.models.served import ServedEntry
    from demo.segmenters.base import Segmenter

MAX_KEPT = 6
MIN_FREE = GIB  # bytes of main memory that those which are kept leave to everything else


@dataclass(frozen=True, slots=True)
class _Kept:
    models: Models
    is_small: bool


class ModelsBeside:
    """Those that are kept, by what they were loaded from; the one that was asked last is the last."""

    def __init__(self) -> None:
        self._kept: OrderedDict[Entry | ServedEntry, _Kept] = OrderedDict()

    @property
    def held_bytes(self) -> int:
        """Bytes of this machine's memory that `close` would free."""
        return sum(kept.models.reasoner.held_bytes for kept in [*self._kept.values()])

    @property
    def titles(self) -> tuple[str, ...]:
        """The names of those that are kept; the one that goes first comes first."""
        return tuple(entry.title for entry in [*self._kept])

    def make_room(self, available: AvailableModels, entry: Entry) -> bool:
        """Whether a model is kept or can be loaded; others are closed only as far as it needs their room.

        Raises CheckpointError for one that cannot be loaded at all.
        """
        for other in [each for each, kept in self._kept.items() if not kept.is_small]:
            if other != entry:
                self._close(other)
        while entry not in self._kept and not available.fits_beside(entry):
            if not self._kept:
                return False
            self._close(next(iter(self._kept)))
        return True

    def take(
        self, available: AvailableModels, entry: Entry | ServedEntry, segmenter: Segmenter | None
    ) -> Models:
        """A model that is kept, else loaded now and kept. Raises ModelError when it cannot be loaded."""
        if entry not in self._kept:
            is_small = available.is_small(entry)
            self._kept[entry] = _Kept(available.load(entry, segmenter), is_small)
        self._kept.move_to_end(entry)
        return self._kept[entry].models

    def settle(self) -> None:
        """After an answer, when all the memory that it takes is taken: close what there is no room for.

        The one that was asked last stays: there was room for it beside the one that runs.
        """
        while len(self._kept) > MAX_KEPT or (len(self._kept) > 1 and self._is_short()):
            self._close(next(iter(self._kept)))

    def close(self) -> None:
        """Free them all."""
        for entry in [*self._kept]:
            self._close(entry)

    def _is_short(self) -> bool:
        return free_memory("cpu") < MIN_FREE

    def _close(self, entry: Entry | ServedEntry) -> None:
        self._kept.pop(entry).models.reasoner.close()
