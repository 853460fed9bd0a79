"""How a benchmark's question is asked: whose box stands in each of its places.

A turn refers to an earlier one by the first box that the *model* found there, so that errors go on as in a
real dialogue; only where it found none the true box stands in, drawn as if by a person (`--reference` and
`--reference-frame` choose otherwise). Pure functions on sessions; no model is asked here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypedDict

from demo.evaluate.data import PLACE, Dialogue
from demo.geometry import PictureBox
from demo.references import Reference, Resolved
from demo.regions import Origin, RegionObject
from demo.session import Session

REFERENCES = ("predicted", "truth", "none")
FRAMES = ("model", "original")
WITHOUT = "it"  # what stands in a question in the place of a box that is not given


@dataclass(frozen=True, slots=True)
class Manner:
    """How references are given.

    ``reference`` is ``predicted``, ``truth`` or ``none`` (then the word "it" takes the box's place);
    ``frame`` is ``model``, or ``original`` for picture pixels, as in the authors' script.
    """

    reference: str = "predicted"
    frame: str = "model"

    def __post_init__(self) -> None:
        if self.reference not in REFERENCES or self.frame not in FRAMES:
            raise ValueError(
                f"expected one of {REFERENCES} and of {FRAMES}, got {self.reference}, {self.frame}"
            )


class CitedRow(TypedDict):
    """One place in a question: the earlier turn (from 0), and whose box stands there.

    ``source`` is ``predicted``, ``fallback`` (the true box, for want of a predicted one), ``truth``,
    ``none`` (not asked for) or ``missing`` (neither was there). ``box`` is in picture pixels.
    """

    turn: int
    source: str
    name: str | None
    box: list[int] | None


@dataclass(frozen=True, slots=True)
class Asked:
    """A question as it is put to the model.

    ``session`` is the dialogue to ask it in: with the true boxes that stand in for others as regions of
    their own. ``cited`` has what stands in each place of the question, in order.
    """

    session: Session
    question: Resolved
    cited: tuple[CitedRow, ...]


def next_question(dialogue: Dialogue, session: Session, manner: Manner) -> Asked:
    """The question after the turns that the session has, which are those of the dialogue.

    Raises UnknownRegionError when what a turn found has been deleted since.
    """
    true = dialogue.turns[len(session.turns)]
    cited: list[CitedRow] = []
    for earlier in true.contexts:
        session, row = _cited(dialogue, session, earlier, manner)
        cited.append(row)
    return Asked(session, _resolved(session, true.question, cited), tuple(cited))


def _cited(
    dialogue: Dialogue, session: Session, earlier: int, manner: Manner
) -> tuple[Session, CitedRow]:
    """What stands for an earlier turn (from 0), and the session with it."""
    if manner.reference == "none":
        return session, CitedRow(turn=earlier, source="none", name=None, box=None)
    region, truth = session.turns[earlier].region, dialogue.turns[earlier].boxes
    if manner.reference == "predicted" and region is not None:
        return session, _row(session, earlier, "predicted", f"{region}.1")
    if not truth:
        return session, CitedRow(turn=earlier, source="missing", name=None, box=None)
    session, name = _with_true_region(session, truth[0])
    source = "truth" if manner.reference == "truth" else "fallback"
    return session, _row(session, earlier, source, name)


def _row(session: Session, earlier: int, source: str, name: str) -> CitedRow:
    box = session.registry.objects(name)[0].box
    return CitedRow(turn=earlier, source=source, name=name, box=list(box.xyxy))


def _with_true_region(session: Session, box: PictureBox) -> tuple[Session, str]:
    """With a region for a true box, as if a person had drawn it; one for all who mean it."""
    box = box.clamped(session.picture.size)
    for region in session.registry:
        if region.origin is Origin.USER and region.objects[0].box == box:
            return session, f"{region.id}.1"
    objects = [RegionObject("", box)]
    registry, region = session.registry.add(objects, origin=Origin.USER, label="true box")
    return session.with_registry(registry), f"{region.id}.1"


def _resolved(session: Session, question: str, cited: Sequence[CitedRow]) -> Resolved:
    """The question with names in its places; nothing else in it is read as a reference."""
    places = PLACE.finditer(question) if cited else ()
    sentence, references, end = "", [], 0
    for place, one in zip(places, cited, strict=True):
        sentence += question[end : place.start()]
        name = None if one["name"] is None else _shortest(session, one["name"])
        start = len(sentence)
        sentence += name or WITHOUT
        if name is not None:
            references.append(Reference(name, start, len(sentence), name))
        end = place.end()
    return Resolved(sentence + question[end:], tuple(references))


def _shortest(session: Session, name: str) -> str:
    """R1 for the only object of R1, which means the same."""
    region = session.registry.region(name.split(".")[0])
    return region.id if len(region.objects) == 1 else name
