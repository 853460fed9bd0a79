"""Questions and model answers about drawn pictures: what nano is taught to write.

An `Exercise` is a question with all that its answer needs; every piece of the answer that speaks of a thing
says which one (`Piece.about`), so that training can teach where to look.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from demo.dialects.prompt import bbox_text
from demo.nano.world.facts import FRAME, Fact, distance
from demo.nano.world.phrases import article
from demo.nano.world.scene import Scene
from demo.picture.geometry import ModelBox

# Of a look in the reasoning, and what follows where it did not show what is sought; one token each.
LOOK_BEGINS, LOOK_ENDS, NOT_THERE = "<look>[", "]</look>", " Not there. "


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of an answer; ``about`` is the index of the thing that it speaks of, if any.

    It ``judges`` where it says whether that thing is as asked for; it ``decides`` there, and where the
    reasoning says what was found.
    """

    text: str
    about: int | None = None
    judges: bool = False
    decides: bool = False


@dataclass(frozen=True, slots=True)
class Exercise:
    """One question, its references and the answer it should get.

    ``question`` holds ``{0}``, ``{1}`` … where the references' boxes go. ``pool`` are the candidates among
    which the targets must be found, in the order in which they are judged, empty where there is nothing to
    compare; ``fitting`` are those that are as asked for (the relation, the hat), None where they are not
    judged one by one. ``wants_all`` says that all that fit are wanted.
    """

    question: str
    sought: str
    targets: tuple[Fact, ...]
    pool: tuple[Fact, ...] = ()
    fitting: tuple[Fact, ...] | None = None
    references: tuple[Fact, ...] = ()
    relation: str | None = None
    skill: str = ""
    wants_all: bool = False

    def prompted(self, boxes: Sequence[ModelBox]) -> str:
        """The question with its references written as boxes."""
        return self.question.format(*(bbox_text(b) for b in boxes))


@dataclass(frozen=True, slots=True)
class Place:
    """Where the model looks closer, in the whole picture's frame, and the index of that box in a batch."""

    look: ModelBox
    index: int


def answer(
    scene: Scene,
    facts: Sequence[Fact],
    asked: Exercise,
    boxes: Sequence[ModelBox],
    places: Sequence[Place] = (),
) -> list[Piece]:
    """The whole trace for a round whose references are written as ``boxes``.

    With ``places`` it is that of a model that looks there and finds nothing: a find would end it.
    """
    pieces = [Piece("<scene>"), *_scene_pieces(scene, facts), Piece("</scene>\n")]
    if boxes:
        pieces += [
            Piece("<focus>Inside the box: "),
            *_references(facts, asked.references),
            Piece(".</focus>\n"),
        ]
    pieces += [Piece("<think>"), *_think_pieces(asked, boxes, places), Piece("</think>\n")]
    return [*pieces, Piece("<answer>"), *_answer_pieces(asked.targets), Piece("</answer>")]


def _scene_pieces(scene: Scene, facts: Sequence[Fact]) -> list[Piece]:
    light = "sunny" if scene.time == "day" else "dusky"
    return [Piece(f"A {light} {scene.place}. From left to right: "), *_list_of(facts), Piece(".")]


def _list_of(facts: Sequence[Fact]) -> list[Piece]:
    if not facts:
        return [Piece("nothing but background")]
    return _comma_separated([Piece(article(fact.phrase), fact.index) for fact in facts])


def _references(facts: Sequence[Fact], references: Sequence[Fact]) -> list[Piece]:
    """What the references show; a thing that is none of those listed is too small to be named."""
    return _comma_separated(
        [Piece(article(f.phrase) if f in facts else "something small", f.index) for f in references]
    )


def _look_pieces(place: Place) -> list[Piece]:
    return [
        Piece(LOOK_BEGINS, place.index, decides=True),
        Piece(", ".join(map(str, place.look.xyxy)), place.index, decides=True),
        Piece(f"{LOOK_ENDS}{NOT_THERE}"),
    ]


def _with_points(facts: Sequence[Fact]) -> list[Piece]:
    """Each with its point, so that things that look alike are told apart by the text itself."""
    return _comma_separated(
        [Piece("the {} at ({}, {})".format(f.phrase, *f.point.xy), f.index) for f in facts]
    )


def _candidates(asked: Exercise, boxes: Sequence[ModelBox]) -> list[Piece]:
    """The things of the pool, each with a verdict where it can be given one by one."""
    if asked.fitting is None:
        return _with_points(asked.pool)
    pieces: list[Piece] = []
    for fact in asked.pool:
        pieces += [Piece("; ")] if pieces else []
        pieces += _with_points([fact])
        if asked.relation is None:  # then the hat is what is asked for
            pieces.append(Piece(f", {fact.hat or 'no'} hat", fact.index, decides=True))
        pieces.append(Piece(_verdict(asked, fact, boxes), fact.index, True, True))
    return pieces


def _verdict(asked: Exercise, fact: Fact, boxes: Sequence[ModelBox]) -> str:
    """Whether it fits and, where the nearest is meant, how far it is from the nearest reference."""
    if fact not in (asked.fitting or ()):
        return ", no"
    if not boxes:
        return ", yes"
    far = min(distance(fact.box, box) for box in boxes)
    return f", yes, {min(round(far), FRAME.width)} away"  # longer ones are no single piece


def _comma_separated(pieces: Sequence[Piece]) -> list[Piece]:
    return [part for piece in pieces for part in (Piece(", "), piece)][1:]


def _think_pieces(
    asked: Exercise, boxes: Sequence[ModelBox], places: Sequence[Place]
) -> list[Piece]:
    """What is sought, where it looks, what comes into question where there is a choice, what is chosen."""
    pieces = [Piece(_premise(asked, boxes))]
    if places:  # after the space it is decided already
        pieces += [Piece(" ", places[0].index, decides=True)]
    for place in places:
        pieces += _look_pieces(place)
    if asked.pool:
        pieces += [Piece(" Candidates: "), *_candidates(asked, boxes), Piece(".")]
    pieces += [Piece(" ")] if not places else []
    return [*pieces, *(replace(piece, decides=True) for piece in _conclusion(asked))]


def _conclusion(asked: Exercise) -> list[Piece]:
    if not asked.targets:
        return [Piece("None of them fits." if asked.pool else "There is none.")]
    return [
        Piece("Found: " if asked.wants_all else "It is "),
        *_with_points(asked.targets),
        Piece("."),
    ]


def _premise(asked: Exercise, boxes: Sequence[ModelBox]) -> str:
    if not boxes:
        return f"Looking for {asked.sought}."
    cited = " and ".join(bbox_text(b) for b in boxes)
    noun = "reference" if len(boxes) == 1 else "references"
    return f"Looking for {asked.sought}. The target is {asked.relation} the {noun} {cited}."


def _answer_pieces(targets: Sequence[Fact]) -> list[Piece]:
    if not targets:
        return [Piece("[]")]
    pieces = [Piece('[{"bbox_2d": [')]
    for i, fact in enumerate(targets):
        pieces += [Piece(']}, {"bbox_2d": [')] if i else []
        pieces.append(Piece(", ".join(map(str, fact.box.xyxy)), fact.index))
        pieces.append(Piece('], "point_2d": ['))
        pieces.append(Piece(", ".join(map(str, fact.point.xy)), fact.index))
    return [*pieces, Piece("]}]")]
