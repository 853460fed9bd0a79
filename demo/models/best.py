"""Which model is best for photographs on this computer, and why; from figures, without looking at it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from demo.reasoners.pace import span

PATIENCE_S = (
    30.0  # how long people wait gladly for an answer about a picture that was looked at before
)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A model that could run here: how many ``parameters`` it has, and the seconds of its answers.

    ``first_s`` counts with the look at the picture, ``later_s`` without; ``is_trained`` says that it was
    trained to be asked about regions.
    """

    source: str
    title: str
    parameters: int
    first_s: float
    later_s: float
    is_trained: bool = False


def best_of(candidates: Sequence[Candidate]) -> Candidate | None:
    """The largest whose later answers come soon enough, else the quickest; None where there is none.

    Of equally large ones the one that was trained for this.
    """
    soon = [each for each in candidates if each.later_s <= PATIENCE_S]
    if soon:
        return max(soon, key=lambda each: (_size(each), each.is_trained, -each.later_s))
    return min(candidates, key=lambda each: each.later_s, default=None)


def sentence_of(best: Candidate) -> str:
    """A sentence for people that names it and says why."""
    why = "the largest that answers soon" if best.later_s <= PATIENCE_S else "the quickest of all"
    return (
        f"Best for photographs here: {best.title}, {why}: {span(best.first_s)} for a first answer about a "
        f"picture, {span(best.later_s)} for a later one (estimated)."
    )


def _size(candidate: Candidate) -> int:
    """Billions, by which models of one size class are alike."""
    return round(candidate.parameters / 1e9)
