"""Questions and model answers about drawn pictures: what nano is taught to write.

A `Round` is one question with all that its answer needs; in the answer every stretch that speaks of a thing
says which one (`Piece.about`), so that training can teach where to look. It knows words, not tokens and no
model, and not how questions come about (`asking.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from demo.dialects.prompt import bbox_text
from demo.nano.world.facts import FRAME, Fact, distance
from demo.nano.world.phrases import article
from demo.nano.world.scene import Scene
from demo.picture.geometry import ModelBox


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of an answer; ``about`` is the index of the thing it speaks of, if it does.

    ``judges`` where it says whether that thing has what is asked for, ``decides`` there and where the
    reasoning ends in what was found.
    """

    text: str
    about: int | None = None
    judges: bool = False
    decides: bool = False


@dataclass(frozen=True, slots=True)
class Round:
    """One question, its references and the answer it should get.

    ``question`` holds ``{0}``, ``{1}`` … where the references' boxes go; ``pool`` are the things that must
    be looked at to find the targets, in the order in which this is done, empty where a look at the picture
    is enough; ``fitting`` those of them that have what is asked for (the relation, the hat), None where
    they are not judged one by one; ``every`` when all that fit are wanted.
    """

    question: str
    sought: str
    targets: tuple[Fact, ...]
    pool: tuple[Fact, ...] = ()
    fitting: tuple[Fact, ...] | None = None
    references: tuple[Fact, ...] = ()
    relation: str | None = None
    skill: str = ""
    every: bool = False

    def prompted(self, boxes: Sequence[ModelBox]) -> str:
        """The question with its references written as boxes."""
        return self.question.format(*(bbox_text(b) for b in boxes))


def answer(
    scene: Scene, facts: Sequence[Fact], asked: Round, boxes: Sequence[ModelBox]
) -> list[Piece]:
    """The whole trace for a round whose references are written as ``boxes``."""
    pieces = [Piece("<scene>"), *_scene_pieces(scene, facts), Piece("</scene>\n")]
    if boxes:
        pieces += [
            Piece("<focus>Inside the box: "),
            *_listed(asked.references),
            Piece(".</focus>\n"),
        ]
    pieces += [Piece("<think>"), *_think_pieces(asked, boxes), Piece("</think>\n")]
    return [*pieces, Piece("<answer>"), *_answer_pieces(asked.targets), Piece("</answer>")]


def _scene_pieces(scene: Scene, facts: Sequence[Fact]) -> list[Piece]:
    light = "sunny" if scene.time == "day" else "dusky"
    return [Piece(f"A {light} {scene.place}. From left to right: "), *_listed(facts), Piece(".")]


def _listed(facts: Sequence[Fact]) -> list[Piece]:
    if not facts:
        return [Piece("nothing but background")]
    return _joined([Piece(article(fact.phrase), fact.index) for fact in facts])


def _placed(facts: Sequence[Fact]) -> list[Piece]:
    """Each with its point, so that things that look alike are told apart by the text itself."""
    return _joined(
        [Piece("the {} at ({}, {})".format(f.phrase, *f.point.xy), f.index) for f in facts]
    )


def _candidates(asked: Round, boxes: Sequence[ModelBox]) -> list[Piece]:
    """The things of the pool, each with a verdict where it can be given one by one."""
    if asked.fitting is None:
        return _placed(asked.pool)
    pieces: list[Piece] = []
    for fact in asked.pool:
        pieces += [Piece("; ")] if pieces else []
        pieces += _placed([fact])
        if asked.relation is None:  # then the hat is what is asked for
            pieces.append(Piece(f", {fact.hat or 'no'} hat", fact.index, decides=True))
        pieces.append(Piece(_verdict(asked, fact, boxes), fact.index, True, True))
    return pieces


def _verdict(asked: Round, fact: Fact, boxes: Sequence[ModelBox]) -> str:
    """Whether it fits and, where the nearest is meant, how far it is from the nearest reference."""
    if fact not in (asked.fitting or ()):
        return ", no"
    if not boxes:
        return ", yes"
    far = min(distance(fact.box, box) for box in boxes)
    return f", yes, {min(round(far), FRAME.width)} away"  # longer ones are no single piece


def _joined(pieces: Sequence[Piece]) -> list[Piece]:
    return [part for piece in pieces for part in (Piece(", "), piece)][1:]


def _think_pieces(asked: Round, boxes: Sequence[ModelBox]) -> list[Piece]:
    """What is sought, what comes into question where there is a choice, and what is chosen."""
    pieces = [Piece(_premise(asked, boxes))]
    if asked.pool:
        pieces += [Piece("Candidates: "), *_candidates(asked, boxes), Piece(". ")]
    return [*pieces, *(replace(piece, decides=True) for piece in _conclusion(asked))]


def _conclusion(asked: Round) -> list[Piece]:
    if not asked.targets:
        return [Piece("None of them fits." if asked.pool else "There is none.")]
    return [Piece("Found: " if asked.every else "It is "), *_placed(asked.targets), Piece(".")]


def _premise(asked: Round, boxes: Sequence[ModelBox]) -> str:
    if not boxes:
        return f"Looking for {asked.sought}. "
    cited = " and ".join(bbox_text(b) for b in boxes)
    noun = "reference" if len(boxes) == 1 else "references"
    return f"Looking for {asked.sought}. The target is {asked.relation} the {noun} {cited}. "


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
