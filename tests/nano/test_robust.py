"""Measuring nano: ways of asking have one right answer and are held out, pictures are worn as said, and
what the engine answers is scored."""

from __future__ import annotations

import json
import re
import shutil
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from demo.dialects.dialect import Dialect
from demo.dialects.known import REGION_REASONER
from demo.dialects.prompt import Prompt, normalise
from demo.language.references import resolve
from demo.nano.lessons.heldout import write_dialogues
from demo.nano.lessons.questions import QuestionMaker
from demo.nano.release.evaluate import evaluate, read_usable
from demo.nano.release.paraphrases import SKILLS, Choice, Paraphrase, choose, read_paraphrases
from demo.nano.release.robust import (
    CONDITIONS,
    Condition,
    DrawnScene,
    Robustness,
    ask_outside,
    ask_people,
    ask_pictures,
    draw_scenes,
    outside,
    reshaped,
    robustness,
    under,
)
from demo.nano.world.drawing import Box
from demo.nano.world.facts import FRAME, GROUPS, Fact
from demo.nano.world.phrases import STRANGERS, plural
from demo.nano.world.scene import COLOURS, KINDS
from demo.picture.geometry import ModelBox, ModelPoint, PictureBox
from demo.picture.picture import Picture, open_picture
from demo.picture.regions import RegionObject, Registry
from demo.reasoners.base import Usage
from demo.reasoners.local import LocalReasoner
from demo.segmenters.grabcut import GrabCutSegmenter
from tests.support.table import Weightless

WAYS = read_paraphrases()
PLAIN, *OTHERS = CONDITIONS


_NANO = REGION_REASONER.in_frame(FRAME)


@dataclass(slots=True)
class Teller(Weightless):
    """A reasoner that answers with the boxes it was told for a picture, and with none for others."""

    boxes: dict[str, Sequence[Box]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    name: str = "teller"
    dialect: Dialect = _NANO
    device: str = "CPU"

    def stream(
        self, picture: Picture, prompt: Prompt, cancel: threading.Event
    ) -> Iterator[str | Usage]:
        self.asked.append(prompt.question)
        boxes = [PictureBox(*b) for b in self.boxes.get(picture.sha256, ())]
        found = [{"bbox_2d": b.to_model(picture.size, FRAME).xyxy} for b in boxes]
        yield f"<think>All of it.</think><answer>{json.dumps(found)}</answer>"


@lru_cache(maxsize=1)
def scenes() -> tuple[DrawnScene, ...]:
    return tuple(draw_scenes(24, seed=6))


def thing(index: int, kind: str, colour: str, x: int, y: int, side: int = 20) -> Fact:
    hat = "red" if kind == "woman" else None
    box = ModelBox(x, y, x + side, y + side)
    return Fact(kind, colour, hat, box, ModelPoint(x, y), index)


#                                0 1        2 3
#                                                4 (large)       5 (a woman in blue, red hat)
FACTS = (
    thing(0, "dog", "black", 10, 10),
    thing(1, "cat", "white", 40, 10),
    thing(2, "dog", "brown", 100, 10),
    thing(3, "ball", "red", 130, 10),
    thing(4, "dog", "black", 60, 120, side=60),
    thing(5, "woman", "blue", 180, 150),
)


# --- ways of asking --------------------------------------------------------------------------------


def test_there_are_a_hundred_ways_of_asking() -> None:
    assert len({way.text for way in WAYS}) == len(WAYS) == 100
    assert {way.skill for way in WAYS} == set(SKILLS)


def test_every_way_is_asked_and_its_references_are_read_as_meant() -> None:
    rng = np.random.default_rng(1)
    for way in WAYS:
        choices = [c for sight in scenes() if (c := choose(rng, way, sight.facts))]
        assert choices, way
        for choice in choices:
            registry = Registry()
            for fact in choice.references:
                registry, _ = registry.add([RegionObject("", PictureBox(*fact.box.xyxy))])
            resolved = resolve(choice.question(way.text), registry)
            assert sorted(resolved.names) == ["R1", "R2"][: len(choice.references)], way


def test_no_way_of_asking_is_taught() -> None:
    words = [*COLOURS, *KINDS, *GROUPS, *map(plural, (*KINDS, *GROUPS)), "thing", "things"]
    named = re.compile(rf"\b({'|'.join(sorted(words, key=len, reverse=True))})\b")

    def frame(question: str) -> str:
        return named.sub("#", normalise(question))

    rng = np.random.default_rng(2)
    askers = [QuestionMaker(rng, sight.facts) for sight in scenes()]
    rounds = [a.first() for a in askers for _ in range(60)]
    rounds += [r for a in askers for n in (1, 2) for _ in range(30) if (r := a.about(a.facts[:n]))]
    taught = {frame(r.question.format("R1", "R2")) for r in rounds}
    choices = [(w, choose(rng, w, s.facts)) for w in WAYS for s in scenes()[:6]]
    held_out = {frame(c.question(w.text)) for w, c in choices if c}
    assert len(taught) > 500
    assert not taught & held_out


@pytest.mark.parametrize(
    ("way", "expected"),
    [
        pytest.param(Paraphrase("kind", "{noun}"), {"ball": 3, "cat": 1, "woman": 5, "person": 5},
                     id="only what there is one of"),
        pytest.param(Paraphrase("kind", "pooch", noun="dog"), {}, id="three dogs are not one"),
        pytest.param(Paraphrase("colour", "{colour} {noun}", of="thing"),
                     {"white cat": 1, "brown dog": 2, "red ball": 3, "white animal": 1,
                      "brown animal": 2}, id="two black dogs, the woman is no thing"),
        pytest.param(Paraphrase("colour", "{colour}", of="person"), {"blue person": 5},
                     id="someone in a colour"),
        pytest.param(Paraphrase("hat", "{noun} {hat}", of="person"),
                     {"woman red": 5, "person red": 5}, id="hat"),
        pytest.param(Paraphrase("size", "{noun}", which="largest"), {"dog": 4, "animal": 4},
                     id="largest"),
        pytest.param(Paraphrase("size", "{noun}", which="smallest"), {},
                     id="two as small as each other"),
        pytest.param(Paraphrase("order", "{noun}", which="right 1"), {"dog": 2, "animal": 2},
                     id="rightmost"),
        pytest.param(Paraphrase("order", "{noun}", which="left 3"), {"dog": 2, "animal": 4},
                     id="third from the left"),
    ],
)  # fmt: skip
def test_the_right_answer(way: Paraphrase, expected: dict[str, int]) -> None:
    rng = np.random.default_rng(0)
    found = {}
    for _ in range(300):
        if choice := choose(rng, way, FACTS):
            said = " ".join(filter(None, (choice.colour, choice.noun, choice.hat)))
            found[said] = [f.index for f in choice.targets]
    assert found == {said: [index] for said, index in expected.items()}


def test_the_right_answer_beside_a_reference() -> None:
    way, rng = Paraphrase("to the left of", "{noun} left of {R1}"), np.random.default_rng(0)
    choices = [choose(rng, way, FACTS) for _ in range(400)]
    answers = {(c.noun, c.references[0].index): c.targets[0].index for c in choices if c}
    assert answers["cat", 2] == 1
    assert answers["dog", 1] == 0
    assert ("dog", 3) not in answers, "three dogs are on the left of the ball"


def test_absent_is_what_is_not_there() -> None:
    rng = np.random.default_rng(0)
    for way in (w for w in WAYS if w.skill == "absent"):
        for sight in scenes():
            if choice := choose(rng, way, sight.facts):
                there = [f for f in sight.facts if f.is_a(choice.noun)]
                assert choice.targets == ()
                assert bool(there) == bool(choice.colour)
                assert all(f.colour != choice.colour for f in there)


def test_slots_in_capitals_are_filled_in_capitals() -> None:
    choice = Choice((), "man", "red", "blue")
    assert (
        choice.question("{NOUN} {noun} {PLURAL} {COLOUR} {hat} {R1}") == "MAN man MEN RED blue R1"
    )


# --- pictures --------------------------------------------------------------------------------------


@pytest.mark.parametrize("condition", [pytest.param(c, id=c.name) for c in OTHERS])
def test_a_condition_keeps_the_picture_and_its_things(condition: Condition) -> None:
    scene = scenes()[0].scene
    picture, boxes = under(scene, condition)
    width, height = condition.aspect or scene.aspect
    assert picture.size.width / picture.size.height == pytest.approx(width / height, rel=0.01)
    if condition.long_side:
        assert max(picture.size.width, picture.size.height) == condition.long_side
    assert len(boxes) == len(scene.things)
    assert all(PictureBox(*box).is_inside(picture.size) for box in boxes)


def test_things_keep_their_proportions_in_every_shape() -> None:
    sight = scenes()[0]
    for aspect in (c.aspect for c in OTHERS if c.aspect):
        (w0, h0), (w1, h1) = sight.scene.aspect, aspect
        for old, new in zip(sight.scene.things, reshaped(sight.scene, aspect).things, strict=True):
            assert new.w * w1 / (new.h * h1) == pytest.approx(old.w * w0 / (old.h * h0))
            assert (new.x, new.y) == (old.x, old.y)


def test_pictures_are_worn_as_said() -> None:
    augment = {c.name: under(scenes()[0].scene, c)[0].pixels.astype(float) for c in CONDITIONS[-4:]}
    plain = under(scenes()[0].scene, PLAIN)[0].pixels.astype(float)
    colourful = {name: np.ptp(p, axis=2).mean() for name, p in augment.items()}
    assert augment["dark"].mean() == pytest.approx(0.45 * plain.mean(), rel=0.02)
    assert augment["bright"].mean() > 1.2 * plain.mean()
    assert augment["pale"].std() < 0.55 * plain.std()
    assert colourful["pale"] < 0.3 * np.ptp(plain, axis=2).mean()
    assert 0.5 < np.abs(augment["JPEG 40"] - plain).mean() < 10


# --- scores ----------------------------------------------------------------------------------------


def told(conditions: Sequence[Condition]) -> Teller:
    seen = (under(s.scene, c) for s in scenes()[:3] for c in conditions)
    return Teller({picture.sha256: boxes for picture, boxes in seen})


def test_who_answers_with_everything_is_right_but_for_what_is_absent() -> None:
    conditions = [c for c in CONDITIONS if (c.long_side or 0) < 1280]
    teller, report = told(conditions), Robustness(6, 3)
    ask_people(report, teller, scenes()[:3], WAYS, 1)
    ask_pictures(report, teller, scenes()[:3], conditions)
    ask_outside(report, teller, scenes()[:3])
    found = report.to_dict()
    assert found["paraphrases"]["turns"] > 50
    assert {c.name for c in conditions} == set(found["pictures"])
    for scores in (found["paraphrases"], found["rare"], *found["pictures"].values()):
        assert scores["ap"] in (1.0, None)
        assert scores["absent_accuracy"] in (0.0, None)
    assert found["outside"] == {
        "turns": 0, "ap": None, "absent": len(outside()), "absent_accuracy": 0.0
    }  # fmt: skip


def test_who_answers_with_nothing_is_right_about_what_is_absent_only() -> None:
    report = robustness(Teller(), 1, seed=6).to_dict()
    assert report["outside"]["absent_accuracy"] == 1.0
    assert report["skills"]["absent"]["absent_accuracy"] == 1.0
    assert report["paraphrases"]["ap"] == 0.0
    json.dumps(report)


def test_every_condition_asks_the_same() -> None:
    teller = told(())
    ask_pictures(Robustness(6, 3), teller, scenes()[:3], CONDITIONS[:4])
    asked = np.reshape(teller.asked, (4, -1))
    assert (asked == asked[0]).all()


def test_what_is_outside_is_neither_drawn_nor_taught() -> None:
    names = {name.removeprefix("the ") for name in outside()}
    assert len(names) >= 40
    assert not names & {*STRANGERS, *KINDS, *GROUPS}


def test_nano_is_asked_in_other_words(nano: LocalReasoner) -> None:
    report = Robustness(6, 2)
    ask_people(report, nano, scenes(), [w for w in WAYS if w.skill == "between"][:2], 1)
    ask_pictures(report, nano, scenes()[:1], CONDITIONS[-1:])
    found = report.to_dict()
    assert found["paraphrases"]["turns"] == 2
    assert list(found["pictures"]) == ["pale"]


# --- dialogues -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def dialogues(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_dialogues(tmp_path_factory.mktemp("dialogues"), count=6, seed=6)


def all_boxes(path: Path) -> Teller:
    """A teller that knows every box that any turn of a dialogue asks for."""
    teller = Teller()
    for row in json.loads(path.read_text()):
        picture = open_picture(path.parent / row["image_path"])
        boxes = [tuple(b) for turn in row["conversational_turns"] for b in turn["bboxes"]]
        teller.boxes[picture.sha256] = sorted(set(boxes))
    return teller


def turns(path: Path) -> list[dict[str, Any]]:
    return [turn for row in json.loads(path.read_text()) for turn in row["conversational_turns"]]


def test_a_report_counts_what_was_asked(dialogues: Path) -> None:
    report = evaluate(read_usable(dialogues), all_boxes(dialogues), None).to_dict()
    several = [t for t in turns(dialogues) if len(t["bboxes"]) > 1]
    assert report["dialogues"] == 6
    assert report["overall"]["ap"] == 1.0
    assert report["absent_right"] == 0.0
    assert (report["plural_turns"], report["plural_recall"]) == (len(several), 1.0)
    kinds = {t["kind"] for t in turns(dialogues)} - {None}
    assert set(report["kinds"]) == kinds
    assert sum(s["turns"] for s in report["kinds"].values()) == report["overall"]["turns"]
    assert report["ceiling"] is None


def one_turn(dialogues: Path, tmp_path: Path, count: int) -> Path:
    """A dialogue of a single turn that asks for so many things."""
    row, turn = next(
        (row, turn)
        for row in json.loads(dialogues.read_text())
        for turn in row["conversational_turns"]
        if len(turn["bboxes"]) >= count
    )
    turn = {"bboxes": turn["bboxes"][:count], "masks": turn["masks"][:count], "question": "find"}
    (tmp_path / "images").mkdir()
    shutil.copy(dialogues.parent / row["image_path"], tmp_path / row["image_path"])
    path = tmp_path / "dialogues.json"
    path.write_text(json.dumps([{**row, "conversational_turns": [turn]}]))
    return path


def test_several_are_recalled_one_by_one(dialogues: Path, tmp_path: Path) -> None:
    """Of two things, one is told: half of them, and not their number."""
    path = one_turn(dialogues, tmp_path, 2)
    teller = all_boxes(path)
    teller.boxes = {sha: boxes[:1] for sha, boxes in teller.boxes.items()}
    report = evaluate(read_usable(path), teller, None).to_dict()
    assert (report["plural_recall"], report["plural_exact_count"]) == (0.5, 0.0)


def test_masks_of_true_boxes_are_the_ceiling(dialogues: Path, tmp_path: Path) -> None:
    """Who tells just the true box comes near the ceiling, which has a true point besides."""
    path = one_turn(dialogues, tmp_path, 1)
    right = evaluate(read_usable(path), all_boxes(path), GrabCutSegmenter()).to_dict()
    assert 0.5 < right["ceiling"] <= 1
    assert right["giou_of_ceiling"] == pytest.approx(1, abs=0.1)
    silent = evaluate(read_usable(path), Teller(), GrabCutSegmenter()).to_dict()
    assert (silent["ceiling"], silent["giou_of_ceiling"]) == (right["ceiling"], 0.0)
