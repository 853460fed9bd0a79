"""The shipped nano looks closer: in large scenes, by itself, and in any scene where a person asks it to."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from demo.dialogue.engine import TurnFinished, begin, run_turn
from demo.dialogue.session import Session, Turn
from demo.nano.lessons.heldout import HELD_OUT, write_dialogues
from demo.nano.lessons.large import draw_large
from demo.nano.release.evaluate import Report, evaluate, read_usable
from demo.nano.world.drawing import Drawing, draw
from demo.nano.world.facts import FAMILIES, FRAME, family_of
from demo.nano.world.large import sample_large_scene
from demo.nano.world.layout import sample_scene
from demo.picture.geometry import PictureBox, Size
from demo.picture.picture import Picture
from demo.reasoners.local import LocalReasoner


def picture_of(drawing: Drawing) -> Picture:
    return Picture("drawn", drawing.image, hashlib.sha256(drawing.image.tobytes()).hexdigest())


def asked(
    nano: LocalReasoner, picture: Picture, sentences: Sequence[str], **options: PictureBox
) -> tuple[Session, Turn]:
    """The session after some sentences, and its last turn; options are for the last."""
    session = begin(picture, nano)
    for number, sentence in enumerate(sentences, start=1):
        events = run_turn(
            session,
            sentence,
            picture=picture,
            reasoner=nano,
            segmenter=None,
            cancel=threading.Event(),
            **(options if number == len(sentences) else {}),  # type: ignore[arg-type]
        )
        last = list(events)[-1]
        assert isinstance(last, TurnFinished)
        session = last.session
    return session, session.turns[-1]


def found_in(session: Session, turn: Turn) -> list[PictureBox]:
    return [o.box for o in session.registry.objects(turn.region)] if turn.region else []


def test_small_things_are_found_with_looks_only(nano: LocalReasoner, tmp_path: Path) -> None:
    dialogues = read_usable(write_dialogues(tmp_path, 4, 31, large=True))

    def scores(report: Report) -> dict[str, float]:
        return {size: found["ap"] for size, found in report.to_dict()["sizes"].items()}

    sighted = evaluate(dialogues, nano, None)
    blind = scores(evaluate(dialogues, nano, None, max_looks=0))
    assert scores(sighted)["small"] > 0.7
    assert blind["small"] < 0.2
    assert scores(sighted)["large"] == blind["large"] > 0.7
    looks = sighted.to_dict()["looks"]
    assert 1 <= looks["small"] <= 2
    assert looks["large"] <= 0.1


def test_nano_looks_at_groups_from_the_left(nano: LocalReasoner) -> None:
    """What is nowhere is looked for everywhere, and not found."""
    shown, looks, groups = 0, 0, 0
    for number in range(5):
        large = draw_large(sample_large_scene(np.random.default_rng([HELD_OUT, 5, number])))
        families = {family_of(thing.kind) for thing in large.made.scene.things}
        absent = next(noun for noun in FAMILIES if noun not in families)
        session, turn = asked(nano, picture_of(large.drawing), [f"find the {absent}"])
        assert found_in(session, turn) == []
        assert str(turn.trace.think).count("Not there.") >= len(turn.looks)
        assert [look.box.x1 for look in turn.looks] == sorted(look.box.x1 for look in turn.looks)
        size = Size(large.drawing.image.shape[1], large.drawing.image.shape[0])
        boxes = [g.look.to_picture(size, FRAME) for g in large.made.groups]
        shown += sum(any(look.box.iou(box) > 0.5 for look in turn.looks) for box in boxes)
        looks, groups = looks + len(turn.looks), groups + len(boxes)
    assert shown >= 0.75 * groups
    assert looks <= 1.25 * groups


def test_nano_looks_closer_where_it_is_told_to(nano: LocalReasoner) -> None:
    """At a thing of an ordinary scene: the box is found again, in the picture's pixels."""
    found = []
    for number in range(6):
        rng = np.random.default_rng([HELD_OUT, 6, number])
        scene = sample_scene(rng, 4)
        drawing = draw(scene)
        kinds = [t.kind for t in scene.things]
        at = next(i for i, kind in enumerate(kinds) if kinds.count(kind) == 1)
        box = PictureBox(*drawing.boxes[at])
        session, turn = asked(nano, picture_of(drawing), [f"the {kinds[at]}"], within=box)
        assert len(turn.looks) == 1
        found.append(any(other.iou(box) > 0.5 for other in found_in(session, turn)))
    assert sum(found) >= 5
