"""Held-out dialogues of nano's world, written in RegionDial-Bench's format.

``DIR/dialogues.json`` is a list of ``{image_id, image_path, conversational_turns}``; masks are COCO
run-length codes, an absent thing is a turn without boxes, and ``context_from_turn`` names the turn, or
the two turns, whose box takes the place of ``<box>{context_bbox}</box>``.

In dialogues about large scenes each turn also has a ``size``: "small" where it takes a closer look at the
small things, which ``looks`` says, too, else "large".
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from PIL import Image

from demo.evaluate.data import BOX_PLACE
from demo.nano.lessons.answers import Exercise
from demo.nano.lessons.large import LargeQuestionMaker, Round, draw_large
from demo.nano.lessons.questions import QuestionMaker
from demo.nano.world.drawing import Drawing, draw
from demo.nano.world.facts import Fact, facts_of
from demo.nano.world.large import sample_large_scene
from demo.nano.world.layout import sample_scene
from demo.nano.world.scene import Scene
from demo.picture.masks import Mask

MAX_ROUNDS = 7
_Asked = TypeVar("_Asked", Exercise, Round)
MAX_ROUNDS_OF_LARGE = 6
# Training seeds have 32 bits; held-out ones lie above, so that no picture occurs in both.
HELD_OUT = 1 << 40


def write_dialogues(folder: Path, count: int, seed: int, *, large: bool = False) -> Path:
    """Write ``count`` dialogues with their pictures, of large scenes or of ordinary ones.

    Returns the path of ``dialogues.json``.
    """
    (folder / "images").mkdir(parents=True, exist_ok=True)
    make = _large_dialogue if large else _dialogue
    rows = [make(folder, number, seed) for number in range(count)]
    path = folder / "dialogues.json"
    path.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    return path


def _dialogue(folder: Path, number: int, seed: int) -> dict[str, Any]:
    rng = np.random.default_rng([HELD_OUT + seed, number])
    scene = sample_scene(rng)
    drawing = draw(scene)
    facts = facts_of(scene, drawing)
    rounds = sample_rounds(rng, facts, int(rng.integers(3, MAX_ROUNDS + 1)))
    turns = [
        _turn(asked, context, [f.index for f in asked.targets], scene, drawing)
        for asked, context in rounds
    ]
    return _row(folder, number, seed, drawing, turns)


def _large_dialogue(folder: Path, number: int, seed: int) -> dict[str, Any]:
    # The third number tells these from ordinary dialogues with the same seed.
    rng = np.random.default_rng([HELD_OUT + seed, number, 2])
    made = sample_large_scene(rng)
    picture = draw_large(made)
    maker = LargeQuestionMaker(rng, picture)
    rounds = _large_rounds(rng, maker, int(rng.integers(3, MAX_ROUNDS_OF_LARGE + 1)))
    turns = [
        _turn(r.asked, context, r.targets, made.scene, picture.drawing)
        | {"size": "small" if r.is_small else "large", "looks": r.is_small}
        for r, context in rounds
    ]
    return _row(folder, number, seed, picture.drawing, turns)


def _row(
    folder: Path, number: int, seed: int, drawing: Drawing, turns: list[dict[str, Any]]
) -> dict[str, Any]:
    name = f"images/{seed}-{number:05d}.png"
    Image.fromarray(drawing.image).save(folder / name)
    return {"image_id": number, "image_path": name, "conversational_turns": turns}


def _large_rounds(
    rng: np.random.Generator, maker: LargeQuestionMaker, count: int
) -> list[tuple[Round, list[int]]]:
    """Up to ``count`` different questions, each with the earlier turn (from 0) that it refers to."""

    def ask(rounds: Sequence[tuple[Round, list[int]]]) -> tuple[Round | None, list[int]]:
        usable = [i for i, (r, _) in enumerate(rounds) if len(r.targets) == 1]
        context = [int(rng.choice(usable))] if usable and rng.random() < 0.4 else []
        about = [rounds[i][0].targets[0] for i in context]
        return maker.about(about) if context else maker.first(), context

    return _different(count, ask, lambda asked: asked.asked.question)


def sample_rounds(
    rng: np.random.Generator, facts: Sequence[Fact], count: int
) -> list[tuple[Exercise, list[int]]]:
    """Up to ``count`` different questions, each with the earlier turns (from 0) that it refers to."""
    asker = QuestionMaker(rng, facts)

    def ask(rounds: Sequence[tuple[Exercise, list[int]]]) -> tuple[Exercise | None, list[int]]:
        usable = [i for i, (r, _) in enumerate(rounds) if len(r.targets) == 1]
        context = _context(rng, rounds, usable)
        about = [rounds[i][0].targets[0] for i in context]
        return asker.about(about) if context else asker.first(), context

    return _different(count, ask, lambda asked: asked.question)


def _different(
    count: int,
    ask: Callable[[Sequence[tuple[_Asked, list[int]]]], tuple[_Asked | None, list[int]]],
    question_of: Callable[[_Asked], str],
) -> list[tuple[_Asked, list[int]]]:
    """Up to ``count`` rounds, none of which asks the same of the same; ``ask`` makes one after others."""
    rounds: list[tuple[_Asked, list[int]]] = []
    asked_before: set[str] = set()
    for _ in range(50 * count):
        asked, context = ask(rounds)
        if asked is None or f"{question_of(asked)}{context}" in asked_before:
            continue
        asked_before.add(f"{question_of(asked)}{context}")
        rounds.append((asked, context))
        if len(rounds) == count:
            break
    return rounds


def _context(
    rng: np.random.Generator, rounds: Sequence[tuple[Exercise, list[int]]], usable: Sequence[int]
) -> list[int]:
    """Mostly one earlier turn, sometimes two about different things, sometimes none."""
    if not usable or rng.random() < 0.2:
        return []
    chosen = [int(i) for i in rng.permutation(usable)]
    first = rounds[chosen[0]][0].targets[0]
    others = [i for i in chosen[1:] if rounds[i][0].targets[0] is not first]
    if others and rng.random() < 0.2:
        return [chosen[0], others[0]]
    return chosen[:1]


def _turn(
    asked: Exercise, context: list[int], targets: Sequence[int], scene: Scene, drawing: Drawing
) -> dict[str, Any]:
    """One turn; ``targets`` are places in the scene's list."""
    turn: dict[str, Any] = {
        "question": asked.question.format(*([BOX_PLACE] * len(context))),
        "bboxes": [list(drawing.boxes[i]) for i in targets],
        "masks": [Mask.from_array(drawing.masks[i]).to_dict() for i in targets],
        "ann_ids": list(targets),
        "skill": asked.skill,
        "kind": scene.things[targets[0]].kind if targets else None,
    }
    if context:
        turn["context_from_turn"] = context[0] if len(context) == 1 else context
    return turn
