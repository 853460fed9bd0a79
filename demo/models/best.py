"""Which model is best for photographs on this computer, and why; from figures, without looking at it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from demo.checkpoints.catalogue import DEFAULT, Entry
from demo.dialects.known import DIALECTS
from demo.dialects.ways import QUICK, QUICK_TOKENS, REASONED_TOKENS, usual_way
from demo.models.engines import AnyPlan
from demo.reasoners.pace import Pace, span

# How long people wait gladly for an answer about a picture that was looked at before.
PATIENCE_S = 30.0


@dataclass(frozen=True, slots=True)
class Candidate:
    """A model that could run here: how many ``parameters`` it has, and the seconds of its answers.

    ``first_s`` counts with the look at the picture, ``later_s`` without; ``is_trained`` says that it was
    trained to be asked about regions; ``to_fetch`` counts bytes.
    """

    source: str
    title: str
    parameters: int
    first_s: float
    later_s: float
    is_trained: bool = False
    to_fetch: int = 0


def candidate_of(
    entry: Entry, plan: AnyPlan, pace: Pace | None, to_fetch: int = 0
) -> Candidate | None:
    """A model as it would be asked here; None where shape or pace are not known, or a card is quick."""
    if plan.shape is None or pace is None or plan.device == "cuda":
        return None
    way = usual_way(DIALECTS[entry.dialect], "auto", pace.tokens_per_second(plan.shape))
    tokens = QUICK_TOKENS if way == QUICK else REASONED_TOKENS
    return Candidate(
        entry.source, entry.title, plan.shape.parameters, pace.answer_seconds(plan.shape, tokens),
        pace.later_seconds(plan.shape, tokens), entry.dialect == DEFAULT.name, to_fetch,
    )  # fmt: skip


def best_of(candidates: Sequence[Candidate]) -> Candidate | None:
    """The largest whose later answers come soon enough, else the quickest; None where there is none.

    Of equally large ones the one that was trained for this, then the one of which less is to be fetched.
    """
    soon = [each for each in candidates if each.later_s <= PATIENCE_S]
    if soon:
        return max(soon, key=lambda each: (_size(each), each.is_trained, -each.to_fetch))
    return min(candidates, key=lambda each: each.later_s, default=None)


def sentence_of(best: Candidate) -> str:
    """A sentence for people that names it and says why."""
    why = "the largest that answers soon" if best.later_s <= PATIENCE_S else "the quickest of all"
    return (
        f"Best for photographs here: {best.title}, {why} (a first answer in about {span(best.first_s)}, "
        f"later ones in {span(best.later_s)})."
    )


def _size(candidate: Candidate) -> int:
    """Billions, by which models of one size class are alike."""
    return round(candidate.parameters / 1e9)
