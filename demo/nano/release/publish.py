"""Trains nano and publishes it: the checkpoint, a plot, scores on held-out pictures, and its card."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from transformers import Qwen2_5_VLForConditionalGeneration

from demo.checkpoints.catalogue import Entry
from demo.dialects.known import REGION_REASONER
from demo.dialects.known_looks import NANO_LOOKS
from demo.nano.lessons.heldout import write_dialogues
from demo.nano.model.architecture import build_processor
from demo.nano.model.tokenizer import build_tokenizer
from demo.nano.model.vocabulary import known_words, vocabulary
from demo.nano.release.card import write_card
from demo.nano.release.evaluate import evaluate, read_usable
from demo.nano.release.robust import SEED, robustness
from demo.nano.training.plot import plot
from demo.nano.training.run import NOTED_EVERY
from demo.nano.training.train import Plan, Trainer
from demo.nano.training.workers import WorkerGroup, run_workers
from demo.nano.world.facts import FRAME
from demo.reasoners.loading import load_local
from demo.reasoners.local import LocalReasoner
from demo.segmenters.grabcut import GrabCutSegmenter

_TEMPLATE = Path(__file__).with_name("card.md")
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Measures:
    """How much a finished model is measured: numbers of dialogues and of scenes for robustness."""

    dialogues: int = 500
    robust: int = 100
    seed: int = 2
    on_the_way: int = 16  # dialogues for a first impression while it is trained
    large: int = 6  # … and so many about large scenes


def train(
    folder: Path,
    plan: Plan,
    start: Path | None,
    device: str,
    workers: int,
    measures: Measures,
    say: Say,
) -> None:
    """Train from nothing or from the checkpoint ``start``, or continue from the folder's state.

    ``workers`` processes share the pictures of each step. The results are in FOLDER/nano.
    """
    run_workers(partial(_learn, folder, plan, start, device, measures), workers)
    publish(folder, plan, measures, say, start)


def _learn(
    folder: Path,
    plan: Plan,
    start: Path | None,
    device: str,
    measures: Measures,
    group: WorkerGroup,
) -> None:
    check = _check(folder / "on-the-way", measures) if group.is_main else None
    trainer = Trainer(folder, plan, device, check, group, start)
    trainer.run()
    if group.is_main:
        trainer.checkpoint(folder / "nano")


def publish(
    folder: Path, plan: Plan, measures: Measures, say: Say, start: Path | None = None
) -> None:
    """Plot, measure and describe the checkpoint in FOLDER/nano, which was trained from ``start``."""
    checkpoint = folder / "nano"
    if plan.seeing_steps + plan.talking_steps >= NOTED_EVERY:
        plot(folder / "log.jsonl", checkpoint / "training.png")
    reasoner = load_local(Entry("nano", str(checkpoint)))
    known = json.dumps(known_words(), indent=1)
    (checkpoint / "known.json").write_text(f"{known}\n", encoding="utf-8")
    card = checkpoint / "README.md"
    card.write_text(_described(reasoner, _trained(plan, start), measures), encoding="utf-8")
    if measures.dialogues:
        data = write_dialogues(folder / "held-out", measures.dialogues, measures.seed)
        report = evaluate(read_usable(data), reasoner, GrabCutSegmenter(), say=say).to_dict()
        robust = robustness(reasoner, measures.robust, SEED, say=say).to_dict()
        write_card(card, report, robust, f"Masks by GrabCut, device {reasoner.device}.")
    say(f"The checkpoint is in {checkpoint}.")


def _check(folder: Path, measures: Measures) -> Callable[..., dict[str, float]]:
    """A function that scores a model in training on a few held-out dialogues."""
    seed = measures.seed + 1
    dialogues = read_usable(write_dialogues(folder, measures.on_the_way, seed))
    large = read_usable(write_dialogues(folder / "large", measures.large, seed, large=True))
    processor = build_processor(build_tokenizer(vocabulary()))
    dialect = replace(REGION_REASONER.in_frame(FRAME), looking=NANO_LOOKS)

    def check(model: Qwen2_5_VLForConditionalGeneration) -> dict[str, float]:
        reasoner = LocalReasoner("nano", model, processor, dialect)
        found = evaluate(dialogues, reasoner, None).to_dict()
        closer = evaluate(large, reasoner, None).to_dict()["sizes"]["small"]
        return {
            "AP": found["overall"]["ap"] or 0.0,
            "box IoU": found["mean_box_iou"] or 0.0,
            "AP of small things": closer["ap"] or 0.0,
        }

    return check


def _described(reasoner: LocalReasoner, trained: str, measures: Measures) -> str:
    """The card without its figures; ``trained`` is the paragraph on its training."""
    tower, language = (count / 1e6 for count in reasoner.parameters)
    return _TEMPLATE.read_text(encoding="utf-8").format(
        parameters=f"{tower + language:.1f}",
        tower=f"{tower:.1f}",
        language=f"{language:.1f}",
        frame=FRAME.width,
        training=trained,
        dialogues=measures.dialogues,
        robust=measures.robust,
        seed=measures.seed,
    )


def _trained(plan: Plan, start: Path | None) -> str:
    began = (
        f"From the weights of the checkpoint “{start.name}”, seed {plan.seed}: {plan.settling_steps:,} "
        "steps for the helpers alone"
        if start
        else f"From nothing, seed {plan.seed}: {plan.seeing_steps:,} steps of {plan.seeing_pictures} "
        "pictures for the vision tower alone"
    )
    return (
        f"{began}, then {plan.talking_steps:,} steps of {plan.talking_pictures} "
        f"pictures with {plan.pairs} question–answer pairs each for everything, with the helpers of "
        "`demo/nano/training/student.py`. The weights are the moving average of the last steps, in bf16."
    )
