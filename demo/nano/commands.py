"""The commands of `python -m demo nano`: their options and what they call.

Modules that take long to import are imported by the command that needs them.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from demo.errors import InputError
from demo.options import Parser, count, whole


def add_nano_commands(commands: argparse._SubParsersAction[Parser]) -> None:
    """Add the commands that make and measure nano, its SAM 2 and the recogniser of its world."""
    scenes = commands.add_parser("scenes", help="write held-out dialogues with their pictures")
    scenes.add_argument("--count", type=count, default=100, metavar="N")
    scenes.add_argument("--seed", type=whole, default=0, metavar="S")
    scenes.add_argument(
        "--large",
        action="store_true",
        help="large scenes with small things, which need a closer look",
    )
    scenes.add_argument("--out", type=Path, required=True, metavar="DIR")
    scenes.set_defaults(run=_scenes)

    train = commands.add_parser("train", help="train the checkpoint from nothing; resumes")
    train.add_argument("--out", type=Path, default=Path("nano-training"), metavar="DIR")
    train.add_argument("--steps", type=count, metavar="N", help="steps of the second phase")
    train.add_argument(
        "--start", type=Path, metavar="CHECKPOINT", help="start from its weights, not from nothing"
    )
    train.add_argument(
        "--measure", type=whole, default=500, metavar="N",
        help="held-out dialogues to measure for the model card; 0 for none",
    )  # fmt: skip
    _add_workers(train)
    train.set_defaults(run=_train)

    evaluate = commands.add_parser("evaluate", help="score it on held-out dialogues")
    evaluate.add_argument("data", type=Path, help="a dialogues.json that `nano scenes` wrote")
    evaluate.add_argument("--model", default="nano")
    evaluate.add_argument("--quantize", choices=("auto", "4bit", "none"), default="auto")
    evaluate.add_argument("--segmenter", default="grabcut")
    evaluate.add_argument("--limit", type=count, metavar="N")
    evaluate.add_argument(
        "--looks", type=whole, metavar="N", help="closer looks a turn at most; 0 for none"
    )
    evaluate.add_argument(
        "--robust", type=count, metavar="N",
        help="also measure other wordings and other pictures, on N scenes",
    )  # fmt: skip
    evaluate.add_argument("--card", type=Path, metavar="FILE.md", help="write the tables into it")
    evaluate.add_argument(
        "--plot", type=Path, metavar="FILE.png",
        help="of large scenes: measure also without looks, and draw both",
    )  # fmt: skip
    evaluate.set_defaults(run=_evaluate)
    _add_sam2(commands)
    _add_recogniser(commands)


def _add_sam2(commands: argparse._SubParsersAction[Parser]) -> None:
    train = commands.add_parser("train-sam2", help="train the built-in SAM 2 from nothing; resumes")
    train.add_argument("--out", type=Path, default=Path("nano-sam2-training"), metavar="DIR")
    train.add_argument("--steps", type=count, metavar="N", help="steps of all stages together")
    _add_workers(train)
    train.set_defaults(run=_train_sam2)

    evaluate = commands.add_parser("evaluate-sam2", help="score a SAM 2 on held-out scenes")
    evaluate.add_argument("folder", type=Path, help="the checkpoint")
    evaluate.add_argument("--scenes", type=count, default=150, metavar="N")
    evaluate.set_defaults(run=_evaluate_sam2)


def _add_recogniser(commands: argparse._SubParsersAction[Parser]) -> None:
    train = commands.add_parser(
        "train-recogniser", help="train the network that recognises the drawn world"
    )
    train.add_argument("pictures", type=Path, help="foreign pictures, a folder for each source")
    train.add_argument("measured", type=Path, help="others, to measure it with")
    train.add_argument("--seed", type=whole, default=0, metavar="S")
    train.add_argument("--steps", type=count, default=1400, metavar="N")
    train.add_argument("--out", type=Path, default=Path("world.safetensors"), metavar="FILE")
    train.set_defaults(run=_train_recogniser)


def _add_workers(train: Parser) -> None:
    train.add_argument(
        "--workers", type=count, metavar="N",
        help="processes that share each step (default: one per core; on a GPU, one)",
    )  # fmt: skip


def _scenes(options: argparse.Namespace) -> int:
    from demo.nano.lessons.heldout import write_dialogues

    try:
        print(write_dialogues(options.out, options.count, options.seed, large=options.large))
    except OSError as error:
        raise InputError(f"Nothing can be written to {options.out}: {error.strerror}.") from error
    return 0


def _train(options: argparse.Namespace) -> int:
    if options.start and not (options.start / "model.safetensors").is_file():
        raise InputError(f"There is no checkpoint in {options.start}.")
    from demo.machine.devices import best_device
    from demo.nano.release.publish import Measures, train
    from demo.nano.training.train import Plan
    from demo.nano.training.workers import default_count

    device = "cuda" if best_device() == "cuda" else "cpu"
    workers = options.workers or default_count(device)
    plan = Plan.of(options.steps, goes_on=options.start is not None)
    measures = Measures(dialogues=options.measure)
    train(options.out, plan, options.start, device, workers, measures, print)
    return 0


def _evaluate(options: argparse.Namespace) -> int:
    from demo.nano.release.card import write_card
    from demo.nano.release.evaluate import evaluate, read_usable

    dialogues = read_usable(
        options.data, options.limit
    )  # a bad file is reported before torch loads
    from demo.checkpoints.catalogue import find_model
    from demo.machine.devices import best_device
    from demo.nano.release.robust import SEED, robustness
    from demo.reasoners.loading import load_local
    from demo.segmenters.factory import Room, choose_segmenter, sizes_for

    reasoner = load_local(find_model(options.model), quantize=options.quantize)
    sizes = sizes_for(options.segmenter, best_device(), fetch=False)
    segmenter, _ = choose_segmenter(options.segmenter, Room(best_device(), next(iter(sizes), None)))
    report = evaluate(dialogues, reasoner, segmenter, max_looks=options.looks, say=_say).to_dict()
    robust = None
    if options.robust:
        robust = robustness(reasoner, options.robust, SEED, say=_say).to_dict()
    print(json.dumps({**report, **({"robust": robust} if robust else {})}, indent=2))
    if options.plot:
        blind = evaluate(dialogues, reasoner, segmenter, max_looks=0, say=_say).to_dict()
        _plot({"with looks": report, "without": blind}, options.plot)
    if options.card:
        masks = f"Masks by {segmenter.name}" if segmenter else "No masks"
        write_card(options.card, report, robust, f"{masks}, device {reasoner.device}.")
    return 0


def _plot(reports: dict[str, dict[str, Any]], out: Path) -> None:
    from demo.nano.release.sizes import SIZES, sizes_plot

    if any(size not in report["sizes"] for report in reports.values() for size in SIZES):
        raise InputError("Only dialogues about large scenes (nano scenes --large) can be drawn.")
    sizes_plot(reports, out)


def _train_sam2(options: argparse.Namespace) -> int:
    from demo.machine.devices import best_device
    from demo.nano.sam2.train import train
    from demo.nano.training.workers import default_count

    train(options.out, options.steps, options.workers or default_count(best_device()), print)
    return 0


def _evaluate_sam2(options: argparse.Namespace) -> int:
    from demo.nano.sam2.evaluate import evaluate

    print(json.dumps(evaluate(options.folder, options.scenes, say=_say), indent=2))
    return 0


def _train_recogniser(options: argparse.Namespace) -> int:
    from demo.nano.recogniser.train import make_recogniser

    pictures, measured, out = options.pictures, options.measured, options.out
    for folder in (pictures, measured):
        if not folder.is_dir():
            raise InputError(f"There is no folder {folder} with pictures.")
    make_recogniser(pictures, measured, out, options.seed, options.steps, print)
    return 0


def _say(line: str) -> None:
    print(line, file=sys.stderr)
