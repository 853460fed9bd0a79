"""Held-out dialogues of nano's world, written in RegionDial-Bench's format.

``DIR/dialogues.json`` is a list of ``{image_id, image_path, conversational_turns}``; masks are COCO
run-length codes, an absent thing is a turn without boxes, and ``context_from_turn`` names the turn, or
the two turns, whose box takes the place of ``<box>{context_bbox}</box>``.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from demo.evaluate.data import BOX_PLACE
from demo.nano.lessons.answers import Exercise
from demo.nano.lessons.questions import QuestionMaker
from demo.nano.world.drawing import Drawing, draw
from demo.nano.world.facts import Fact, facts_of
from demo.nano.world.layout import sample_scene
from demo.picture.masks import Mask

MAX_ROUNDS = 7
# Training seeds have 32 bits; held-out ones lie above, so that no picture occurs in both.
HELD_OUT = 1 << 40


def write_dialogues(folder: Path, count: int, seed: int) -> Path:
    """Write ``count`` dialogues with their pictures; returns the path of ``dialogues.json``."""
    (folder / "images").mkdir(parents=True, exist_ok=True)
    rows = [_dialogue(folder, number, seed) for number in range(count)]
    path = folder / "dialogues.json"
    path.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    return path


def _dialogue(folder: Path, number: int, seed: int) -> dict[str, Any]:
    rng = np.random.default_rng([HELD_OUT + seed, number])
    scene = sample_scene(rng)
    drawing = draw(scene)
    facts = facts_of(scene, drawing)
    name = f"images/{seed}-{number:05d}.png"
    Image.fromarray(drawing.image).save(folder / name)
    rounds = sample_rounds(rng, facts, int(rng.integers(3, MAX_ROUNDS + 1)))
    turns = [_turn(asked, context, drawing) for asked, context in rounds]
    return {"image_id": number, "image_path": name, "conversational_turns": turns}


def sample_rounds(
    rng: np.random.Generator, facts: Sequence[Fact], count: int
) -> list[tuple[Exercise, list[int]]]:
    """Up to ``count`` different questions, each with the earlier turns (from 0) that it refers to."""
    asker = QuestionMaker(rng, facts)
    rounds: list[tuple[Exercise, list[int]]] = []
    asked_before: set[str] = set()
    for _ in range(50 * count):
        usable = [i for i, (r, _) in enumerate(rounds) if len(r.targets) == 1]
        context = _context(rng, rounds, usable)
        asked = (
            asker.about([rounds[i][0].targets[0] for i in context]) if context else asker.first()
        )
        if asked is None or f"{asked.question}{context}" in asked_before:
            continue
        asked_before.add(f"{asked.question}{context}")
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


def _turn(asked: Exercise, context: list[int], drawing: Drawing) -> dict[str, Any]:
    masks = [Mask.from_array(drawing.masks[f.index]) for f in asked.targets]
    turn: dict[str, Any] = {
        "question": asked.question.format(*([BOX_PLACE] * len(context))),
        "bboxes": [list(drawing.boxes[f.index]) for f in asked.targets],
        "masks": [mask.to_dict() for mask in masks],
        "ann_ids": [f.index for f in asked.targets],
        "skill": asked.skill,
        "kind": asked.targets[0].kind if asked.targets else None,
    }
    if context:
        turn["context_from_turn"] = context[0] if len(context) == 1 else context
    return turn
