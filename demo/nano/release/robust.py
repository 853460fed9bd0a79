"""How robust nano is to wordings and pictures that it was not trained on, through the app's own engine.

Three measurements on held-out scenes, all of boxes alone:

- *people*: hand-written ways of asking (``paraphrases.json``), which training never reads;
- *pictures*: the same first questions on the same scenes in other shapes, sizes and lights;
- *outside*: things that its world does not have, for which the right answer is an empty one.

Only questions with one clear right answer are asked.
"""

from __future__ import annotations

import io
import itertools
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np
from PIL import Image

from demo.dialogue.engine import answer, begin
from demo.evaluate.metrics import TurnScore, says_none, score_turn, summarize
from demo.nano.lessons.augment import fade
from demo.nano.lessons.heldout import HELD_OUT, sample_rounds
from demo.nano.release.paraphrases import Paraphrase, choose, read_paraphrases
from demo.nano.world.drawing import Box, Drawing, draw
from demo.nano.world.facts import GROUPS, Fact, facts_of
from demo.nano.world.layout import sample_scene, unit
from demo.nano.world.phrases import STRANGERS
from demo.nano.world.scene import KINDS, Scene
from demo.picture.colours import Pixels
from demo.picture.geometry import PictureBox
from demo.picture.picture import Picture, Source, open_picture
from demo.picture.regions import Origin, RegionObject
from demo.reasoners.base import Reasoner

SCENES_A_TIME = 20  # each paraphrase is asked about one scene in this many
LONG_SIDE = 640
SEED = 1  # of the scenes that cards report on
# Things that are not in nano's world and not among the absent things of its training.
OUTSIDE = (
    "the dinosaur", "the unicorn", "the dolphin", "the hedgehog", "the pelican", "the walrus",
    "the platypus", "the armadillo", "the meerkat", "the mermaid", "the vampire", "the yeti",
    "the gramophone", "the typewriter", "the telescope", "the accordion", "the chandelier",
    "the cauldron", "the anvil", "the wheelbarrow", "the lawnmower", "the escalator",
    "the hourglass", "the pretzel", "the burrito", "the waffle", "the artichoke", "the igloo",
    "the pyramid", "the iceberg", "the submarine", "the trampoline", "the boomerang",
    "the parachute", "the cannon", "the throne", "the teapot", "the wheelchair",
    "the satellite dish", "the vending machine", "the phone booth", "the sewing machine",
    "the washing machine", "the parking meter", "the tennis racket", "the coral reef",
    "the blorf", "the wug", "the zintle", "frumious bandersnatches", "qwertz asdf",
    "napoleon", "taylor swift", "mount everest", "the northern lights", "happiness",
    "gravity", "justice", "the meaning of life", "next tuesday",
)  # fmt: skip
OUTSIDE_QUESTIONS = ("find {}", "where is {}?", "segment {}", "please show me {}")


@dataclass(frozen=True, slots=True)
class DrawnScene:
    """A held-out scene with its facts; ``boxes`` are those of its things, in picture pixels."""

    scene: Scene
    boxes: tuple[Box, ...]
    facts: tuple[Fact, ...]

    def picture(self) -> Picture:
        """The scene's picture in its own size."""
        return open_picture(draw(self.scene).image, "scene")


def draw_scenes(count: int, seed: int) -> list[DrawnScene]:
    """Draw ``count`` held-out scenes, other than those of held-out dialogues and of training."""
    made = []
    for number in range(count):
        scene = sample_scene(np.random.default_rng([HELD_OUT + seed, number, 1]))
        drawing = draw(scene)
        made.append(DrawnScene(scene, drawing.boxes, facts_of(scene, drawing)))
    return made


@dataclass(slots=True)
class Robustness:
    """Scores of the three measurements; ``pictures`` has its scores by condition."""

    seed: int
    scenes: int
    people: dict[str, list[TurnScore]] = field(default_factory=lambda: defaultdict(list))
    rare: list[TurnScore] = field(default_factory=list)
    pictures: dict[str, list[TurnScore]] = field(default_factory=dict)
    outside: list[TurnScore] = field(default_factory=list)

    def to_dict(self) -> dict[str, Any]:
        """Shares from 0 to 1; rare words are in no other score of the paraphrases."""
        everyone = list(itertools.chain.from_iterable(self.people.values()))
        return {
            "seed": self.seed,
            "scenes": self.scenes,
            "paraphrases": _scored(everyone),
            "rare": _scored(self.rare),
            "skills": {skill: _scored(s) for skill, s in sorted(self.people.items())},
            "pictures": {name: _scored(s) for name, s in self.pictures.items()},
            "outside": _scored(self.outside),
        }


def robustness(
    reasoner: Reasoner, count: int, seed: int, *, say: Callable[[str], None] = lambda _: None
) -> Robustness:
    """All three measurements on ``count`` scenes; about 20 turns a scene."""
    seen = draw_scenes(count, seed)
    report = Robustness(seed, count)
    ask_people(report, reasoner, seen, read_paraphrases(), -(-count // SCENES_A_TIME), say)
    ask_pictures(report, reasoner, seen, CONDITIONS, say)
    ask_outside(report, reasoner, seen)
    return report


def _scored(scores: Sequence[TurnScore]) -> dict[str, Any]:
    summary = asdict(summarize(scores))
    return {name: summary[name] for name in ("turns", "ap", "absent", "absent_accuracy")}


def _ask(
    reasoner: Reasoner,
    picture: Picture,
    question: str,
    truth: Sequence[Box],
    references: Sequence[Box] = (),
) -> TurnScore:
    """One question as the first turn; the references are boxes that a person drew, R1 and R2."""
    session = begin(picture, reasoner)
    for box in references:
        drawn = [RegionObject("", PictureBox(*box))]
        session = session.with_registry(session.registry.add(drawn, origin=Origin.USER)[0])
    session = answer(session, question, picture=picture, reasoner=reasoner, segmenter=None)
    turn = session.turns[-1]
    found = [o.box for o in session.found_by(turn)]
    readable = says_none(finding.kind for finding in turn.findings)
    return score_turn(1, found, [PictureBox(*b) for b in truth], readable=readable)


def ask_people(
    report: Robustness,
    reasoner: Reasoner,
    seen: Sequence[DrawnScene],
    paraphrases: Sequence[Paraphrase],
    times: int,
    say: Callable[[str], None] = lambda _: None,
) -> None:
    """Ask each paraphrase about up to ``times`` of the scenes that have what it asks for."""
    rng = np.random.default_rng([HELD_OUT + report.seed, 0, 2])
    for number, way in enumerate(paraphrases, start=1):
        scores = report.rare if way.rare else report.people[way.skill]
        order = [seen[int(i)] for i in rng.permutation(len(seen))]
        usable = ((sight, c) for sight in order if (c := choose(rng, way, sight.facts)))
        for sight, choice in itertools.islice(usable, times):
            truth, given = (
                [sight.boxes[f.index] for f in facts]
                for facts in (choice.targets, choice.references)
            )
            question = choice.question(way.text)
            scores.append(_ask(reasoner, sight.picture(), question, truth, given))
        say(f"{number}/{len(paraphrases)} paraphrases")


@dataclass(frozen=True, slots=True)
class Condition:
    """A change to a scene's picture: another shape, another size, or an effect on its pixels."""

    name: str
    aspect: tuple[int, int] | None = None
    long_side: int | None = None
    effect: Callable[[Pixels], Source] = lambda pixels: pixels


def _jpeg(pixels: Pixels) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=40)
    return file.getvalue()


def _exposed(gain: float) -> Callable[[Pixels], Pixels]:
    levels: Pixels = np.clip(np.arange(256) * gain, 0, 255).astype(np.uint8)
    return lambda pixels: levels[pixels]


CONDITIONS = (
    Condition("as laid out"),
    *(
        Condition(f"{w}:{h}", aspect=(w, h))
        for w, h in ((4, 3), (3, 4), (1, 1), (3, 2), (16, 9), (9, 16), (2, 1))
    ),
    *(Condition(f"{side} px", long_side=side) for side in (320, 640, 1280, 3840)),
    Condition("JPEG 40", effect=_jpeg),
    Condition("dark", effect=_exposed(0.45)),
    Condition("bright", effect=_exposed(1.6)),
    Condition("pale", effect=lambda pixels: fade(pixels, contrast=0.5, colour=0.5)),
)


def ask_pictures(
    report: Robustness,
    reasoner: Reasoner,
    seen: Sequence[DrawnScene],
    conditions: Sequence[Condition],
    say: Callable[[str], None] = lambda _: None,
) -> None:
    """Ask one question about each scene, the same under every condition.

    A scene in which things would hide each other in one of the shapes is left out of all conditions.
    """
    rng = np.random.default_rng([HELD_OUT + report.seed, 0, 3])
    usable = [sight for sight in seen if _fits_all(sight.scene, conditions)]
    asked = [sample_rounds(rng, sight.facts, 1)[0][0] for sight in usable]
    for condition in conditions:
        scores = report.pictures.setdefault(condition.name, [])
        for sight, round_ in zip(usable, asked, strict=True):
            picture, boxes = under(sight.scene, condition)
            truth = [boxes[f.index] for f in round_.targets]
            scores.append(_ask(reasoner, picture, round_.prompted(()), truth))
        say(f"{len(usable)} scenes, {condition.name}")


def under(scene: Scene, condition: Condition) -> tuple[Picture, tuple[Box, ...]]:
    """The scene's picture under a condition, and its true boxes."""
    drawing = _drawn(scene, condition)
    return open_picture(condition.effect(drawing.image), condition.name), drawing.boxes


def _drawn(scene: Scene, condition: Condition) -> Drawing:
    scene = scene if condition.aspect is None else reshaped(scene, condition.aspect)
    side = condition.long_side or (LONG_SIDE if condition.aspect else max(scene.aspect))
    return draw(scene, round(side * scene.aspect[0] / max(scene.aspect)))


def reshaped(scene: Scene, aspect: tuple[int, int]) -> Scene:
    """The scene with its places in another shape; its things keep their own proportions.

    Their size follows `unit`, as where they were laid out.
    """
    (w0, h0), (w1, h1) = scene.aspect, aspect
    grow = unit(aspect) / unit(scene.aspect)
    across, down = grow * w0 / w1, grow * h0 / h1
    things = tuple(replace(t, w=t.w * across, h=t.h * down) for t in scene.things)
    return replace(scene, aspect=aspect, things=things)


def _fits_all(scene: Scene, conditions: Sequence[Condition]) -> bool:
    shapes = [c.aspect for c in conditions if c.aspect]
    return all(_shows_all(reshaped(scene, aspect)) for aspect in shapes)


def _shows_all(scene: Scene) -> bool:
    """Whether the visible part of every thing fills most of its whole box."""
    if any(min(t.box) < 0 or max(t.box) > 1 for t in scene.things):
        return False
    side = 224
    drawing = draw(scene, side, side)
    if not all(mask.any() for mask in drawing.masks):
        return False
    wholes = [PictureBox(*(round(v * side) for v in t.box)) for t in scene.things]
    return all(
        PictureBox(*box).iou(whole) > 0.6 for box, whole in zip(drawing.boxes, wholes, strict=True)
    )


def outside() -> tuple[str, ...]:
    """What nano's world does not have and its training does not name."""
    taught = {*STRANGERS, *KINDS, *GROUPS}
    return tuple(name for name in OUTSIDE if name.removeprefix("the ") not in taught)


def ask_outside(report: Robustness, reasoner: Reasoner, seen: Sequence[DrawnScene]) -> None:
    """Ask for each of those things once, about one scene after another."""
    questions = zip(
        outside(), itertools.cycle(OUTSIDE_QUESTIONS), itertools.cycle(seen), strict=False
    )
    for name, ask, sight in questions:
        report.outside.append(_ask(reasoner, sight.picture(), ask.format(name), ()))
