"""Which box fills each place of a benchmark's question.

A turn refers to an earlier one by the first box that the *model* found there, so that errors propagate as
in a real dialogue; only where it found none does the true box stand in, as if a person had drawn it
(`--reference`, `--reference-frame` and `--reference-form` choose otherwise). Two kinds of questions in the
authors' files are asked as their script does: one that names its own or a later turn gets that turn's true
box, one that names no turn keeps its box place as it is written.

Pure functions on sessions; no model is asked here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypedDict

from demo.dialects.ways import QUICK, WAYS
from demo.dialogue.session import Session
from demo.evaluate.data import PLACE, Dialogue
from demo.language.references import Reference, Resolved
from demo.picture.geometry import PictureBox
from demo.picture.regions import Origin, RegionObject

REFERENCES = ("predicted", "truth", "none")
FRAMES = ("model", "original")
FORMS = ("bbox", "bare")
PRONOUN = "it"  # stands in for a box that is not given


@dataclass(frozen=True, slots=True)
class ReferencePolicy:
    """How questions are asked: how references are given, and in which way.

    ``reference`` is ``predicted``, ``truth`` or ``none`` (then the word "it" takes the box's place);
    ``frame`` is ``model``, or ``original`` for picture pixels, as in the authors' script; ``form`` is
    ``bbox`` for what the dialect writes, or ``bare`` for ``[x1, y1, x2, y2]`` alone, as in that script;
    ``asking`` is the way of asking a model that has two, as its makers evaluate it unless said otherwise.
    """

    reference: str = "predicted"
    frame: str = "model"
    form: str = "bbox"
    asking: str = QUICK

    def __post_init__(self) -> None:
        for value, choices in (
            (self.reference, REFERENCES), (self.frame, FRAMES), (self.form, FORMS),
            (self.asking, WAYS),
        ):  # fmt: skip
            if value not in choices:
                raise ValueError(f"expected one of {choices}, got {value}")


class ReferenceRow(TypedDict):
    """One box place in a question: the turn that it names (from 0), and where its box comes from.

    ``source`` is ``predicted``, ``fallback`` (the true box, because none was predicted), ``truth``,
    ``ahead`` (the true box of the turn itself or of a later one), ``none`` (no references wanted),
    ``missing`` (there is neither box) or ``literal`` (the question names no turn, and ``turn`` is None).
    ``box`` is in picture pixels.
    """

    turn: int | None
    source: str
    name: str | None
    box: list[int] | None


@dataclass(frozen=True, slots=True)
class PreparedQuestion:
    """A question ready to be asked.

    ``session`` is the dialogue to ask it in, with a region for each true box that stands in for another.
    ``cited`` says what fills each place of the question, in order.
    """

    session: Session
    question: Resolved
    cited: tuple[ReferenceRow, ...]


def next_question(
    dialogue: Dialogue, session: Session, policy: ReferencePolicy
) -> PreparedQuestion:
    """The question that follows the session's turns, which are the first of the dialogue.

    Raises UnknownRegionError when the region of an earlier turn has been deleted since.
    """
    true = dialogue.turns[len(session.turns)]
    cited: list[ReferenceRow] = []
    for named in true.contexts:
        session, row = _cited(dialogue, session, named, policy)
        cited.append(row)
    literal = ReferenceRow(turn=None, source="literal", name=None, box=None)
    question = _resolved(session, true.question, cited)
    return PreparedQuestion(session, question, (*cited, *[literal] * true.literal))


def _cited(
    dialogue: Dialogue, session: Session, named: int, policy: ReferencePolicy
) -> tuple[Session, ReferenceRow]:
    """The session with the box that stands for a turn (from 0), and its row."""
    if policy.reference == "none":
        return session, ReferenceRow(turn=named, source="none", name=None, box=None)
    is_ahead, truth = named >= len(session.turns), dialogue.turns[named].boxes
    region = None if is_ahead else session.turns[named].region
    if policy.reference == "predicted" and region is not None:
        return session, _row(session, named, "predicted", f"{region}.1")
    if not truth:
        return session, ReferenceRow(turn=named, source="missing", name=None, box=None)
    session, name = _with_true_region(session, truth[0])
    source = "truth" if policy.reference == "truth" else "fallback"
    return session, _row(session, named, "ahead" if is_ahead else source, name)


def _row(session: Session, named: int, source: str, name: str) -> ReferenceRow:
    box = session.registry.objects(name)[0].box
    return ReferenceRow(turn=named, source=source, name=name, box=list(box.xyxy))


def _with_true_region(session: Session, box: PictureBox) -> tuple[Session, str]:
    """The session with a region for a true box, as if a person had drawn it, and the box's name.

    The same box gets one region only.
    """
    box = box.clamped(session.picture.size)
    for region in session.registry:
        if region.origin is Origin.USER and region.objects[0].box == box:
            return session, f"{region.id}.1"
    objects = [RegionObject("", box)]
    registry, region = session.registry.add(objects, origin=Origin.USER, label="true box")
    return session.with_registry(registry), f"{region.id}.1"


def _resolved(session: Session, question: str, cited: Sequence[ReferenceRow]) -> Resolved:
    """The question with names in its places; nothing else in it counts as a reference."""
    places = PLACE.finditer(question) if cited else ()
    sentence, references, end = "", [], 0
    for place, one in zip(places, cited, strict=True):
        sentence += question[end : place.start()]
        name = None if one["name"] is None else _shortest(session, one["name"])
        start = len(sentence)
        sentence += name or PRONOUN
        if name is not None:
            references.append(Reference(name, start, len(sentence), name))
        end = place.end()
    return Resolved(sentence + question[end:], tuple(references))


def _shortest(session: Session, name: str) -> str:
    """R1 instead of R1.1, when that is the only object of R1."""
    region = session.registry.region(name.split(".")[0])
    return region.id if len(region.objects) == 1 else name
