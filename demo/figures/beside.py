"""What stands beside the answers of a dialogue: the truth, or what another model says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from demo.dialogue.comparison import agreement_of
from demo.dialogue.second_opinion import agreement_sentence
from demo.dialogue.session import SecondOpinion, Session, Turn
from demo.picture.regions import RegionObject

Besides = Mapping[int, Sequence["Beside"]]
"""What stands beside each answer (1, 2, …)."""


@dataclass(frozen=True, slots=True)
class Beside:
    """Somebody else's answer to a question: their ``objects`` (picture pixels) under a ``name``.

    ``says`` are sentences about it, ``turn`` is what a model wrote, if it was one. No objects: it says that
    there is nothing.
    """

    name: str
    objects: tuple[RegionObject, ...]
    says: tuple[str, ...] = ()
    turn: Turn | None = None
    is_truth: bool = False


def opinions_in(session: Session) -> dict[int, tuple[Beside, ...]]:
    """What other models say, as far as they were asked."""
    return {
        number: tuple(_beside(session, turn, second) for second in turn.second_opinions)
        for number, turn in enumerate(session.turns, start=1)
        if turn.second_opinions
    }


def together(*several: Besides) -> dict[int, tuple[Beside, ...]]:
    """All of them, the first ones first."""
    numbers = sorted({number for each in several for number in each})
    return {n: tuple(b for each in several for b in each.get(n, ())) for n in numbers}


def names_in(besides: Besides) -> tuple[str, ...]:
    """Whose answers there are, each once."""
    return tuple(dict.fromkeys(b.name for several in besides.values() for b in several))


def _beside(session: Session, turn: Turn, second: SecondOpinion) -> Beside:
    return Beside(
        second.reasoner.name,
        second.objects,
        tuple(_sentences(session, turn, second)),
        replace(second.turn, reasoner=second.reasoner),
    )


def _sentences(session: Session, turn: Turn, second: SecondOpinion) -> Iterator[str]:
    found = session.found_by(turn)
    if agreement_of(session, turn, found, second).agrees is not None:
        yield agreement_sentence([o.box for o in found], [o.box for o in second.objects])
    yield from (finding.text for finding in second.turn.findings if finding.level == "warning")
