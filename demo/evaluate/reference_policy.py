"""How a benchmark's question is asked: whose box stands in each of its places.

A turn refers to an earlier one by the first box that the *model* found there, so that errors go on as in a
real dialogue; only where it found none the true box stands in, drawn as if by a person (`--reference`,
`--reference-frame` and `--reference-form` choose otherwise). Two kinds of questions in the authors' files
are asked as their script does: one that names itself or a later turn gets that turn's true box, one that
names no turn keeps its place for a box as it is written.

Pure functions on sessions; no model is asked here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypedDict

from demo.dialogue.session import Session
from demo.evaluate.data import PLACE, Dialogue
from demo.language.references import Reference, Resolved
from demo.picture.geometry import PictureBox
from demo.picture.regions import Origin, RegionObject

REFERENCES = ("predicted", "truth", "none")
FRAMES = ("model", "original")
FORMS = ("bbox", "bare")
WITHOUT = "it"  # what stands in a question in the place of a box that is not given


@dataclass(frozen=True, slots=True)
class Manner:
    """How references are given.

    ``reference`` is ``predicted``, ``truth`` or ``none`` (then the word "it" takes the box's place);
    ``frame`` is ``model``, or ``original`` for picture pixels, as in the authors' script; ``form`` is
    ``bbox`` for what the dialect writes, or ``bare`` for ``[x1, y1, x2, y2]`` alone, as in that script.
    """

    reference: str = "predicted"
    frame: str = "model"
    form: str = "bbox"

    def __post_init__(self) -> None:
        for value, choices in (
            (self.reference, REFERENCES), (self.frame, FRAMES), (self.form, FORMS),
        ):  # fmt: skip
            if value not in choices:
                raise ValueError(f"expected one of {choices}, got {value}")


class CitedRow(TypedDict):
    """One place in a question: the turn that it names (from 0), and whose box stands there.

    ``source`` is ``predicted``, ``fallback`` (the true box, since none was predicted), ``truth``,
    ``ahead`` (the true box of the turn itself or of a later one), ``none`` (not asked for), ``missing``
    (neither was there) or ``literal`` (the question names no turn, and ``turn`` is None). ``box`` is in
    picture pixels.
    """

    turn: int | None
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
    for named in true.contexts:
        session, row = _cited(dialogue, session, named, manner)
        cited.append(row)
    literal = CitedRow(turn=None, source="literal", name=None, box=None)
    question = _resolved(session, true.question, cited)
    return Asked(session, question, (*cited, *[literal] * true.literal))


def _cited(
    dialogue: Dialogue, session: Session, named: int, manner: Manner
) -> tuple[Session, CitedRow]:
    """What stands for a turn (from 0), and the session with it."""
    if manner.reference == "none":
        return session, CitedRow(turn=named, source="none", name=None, box=None)
    is_ahead, truth = named >= len(session.turns), dialogue.turns[named].boxes
    region = None if is_ahead else session.turns[named].region
    if manner.reference == "predicted" and region is not None:
        return session, _row(session, named, "predicted", f"{region}.1")
    if not truth:
        return session, CitedRow(turn=named, source="missing", name=None, box=None)
    session, name = _with_true_region(session, truth[0])
    source = "truth" if manner.reference == "truth" else "fallback"
    return session, _row(session, named, "ahead" if is_ahead else source, name)


def _row(session: Session, named: int, source: str, name: str) -> CitedRow:
    box = session.registry.objects(name)[0].box
    return CitedRow(turn=named, source=source, name=name, box=list(box.xyxy))


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
