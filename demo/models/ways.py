"""What can be done about a picture that the running model does not know: the ways out, best first.

It ranks what the list of models offers and puts it in plain words; it looks at no machine and no picture.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from demo.checkpoints.catalogue import CATALOGUE
from demo.checkpoints.fetch import gb

if TYPE_CHECKING:
    from demo.models.available import Row

MAX_MODELS = 3  # more would have to be read rather than seen


@dataclass(frozen=True, slots=True)
class Way:
    """One way out: to ``use`` the model ``source`` of the list, to ``fetch`` and use it, or to ``draw``.

    ``line`` says what to expect, ``button`` what a click does.
    """

    kind: Literal["use", "fetch", "draw"]
    source: str
    title: str
    line: str
    button: str


DRAW = Way("draw", "", "Outline by clicking and drawing", "Works now, without a model.", "Outline")
_SMALL = "Small: finds what is plain to see."
_LARGE = "Large: reasons about regions, and finds what is hard to see."
# Of the catalogue those that are worth fetching for photographs, and what to expect; the first is best. Of
# those of which the same is expected only one is offered.
_WORTH = {"qwen3-vl-2b-gguf": _SMALL, "qwen3-vl-2b": _SMALL, "regionreasoner-7b": _LARGE}
_WORTH_BY_SOURCE = {CATALOGUE[name].source: worth for name, worth in _WORTH.items()}
_BUILT_IN = CATALOGUE["nano"].source


def ways_out(rows: Sequence[Row], best: str = "") -> tuple[Way, ...]:
    """The ways out, of the list of models as it is; drawing is always the last.

    ``best`` is the source of the one that is best for photographs here, where that is known.
    """
    able: dict[str, Row] = {}
    for row in sorted(filter(_is_way, rows), key=lambda row: _rank(row, best)):
        able.setdefault(_WORTH_BY_SOURCE.get(row.source, row.source), row)
    return (*map(_way, [*able.values()][:MAX_MODELS]), DRAW)


def _is_way(row: Row) -> bool:
    """Of what would be fetched, only what is worth it, or was named by a person."""
    if row.state == "away":
        return row.source in _WORTH_BY_SOURCE or row.source not in _CATALOGUED
    return row.state in ("here", "served") and row.source != _BUILT_IN


_CATALOGUED = {entry.source for entry in CATALOGUE.values()}


def _rank(row: Row, best: str) -> tuple[int, bool, int]:
    """What answers soonest comes first: a server that runs, weights that are here, what is to be fetched.

    Then what is best here, and of the rest small ones; where a card makes all quick, large ones.
    """
    worth = list(_WORTH_BY_SOURCE)
    place = worth.index(row.source) if row.source in worth else len(worth)
    is_quick = row.state == "away" and not row.slow and not row.guessed
    state = ("served", "here", "away").index(row.state)
    return state, row.source != best, -place if is_quick else place


def _way(row: Row) -> Way:
    """A row in few words: what it is worth and how slow it is; the button says the rest."""
    if row.state == "served":
        return Way("use", row.source, row.title, row.line, "Use")
    worth = _WORTH_BY_SOURCE.get(row.source, "")
    line = " ".join(filter(None, (worth, row.slow))) or row.line
    if row.state == "here":
        return Way("use", row.source, row.title, line, "Use")
    size = "" if row.size is None else f" {gb(row.size)}"
    return Way("fetch", row.source, row.title, line, f"Fetch{size} and use")
