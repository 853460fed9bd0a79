"""Which model is examined, and having it in memory: real weights, or random ones that say what is given."""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from demo.checkpoints.catalogue import Entry, find_model
from demo.checkpoints.fetch import ensure, folder_of, order_for
from demo.checkpoints.shape import Shape
from demo.dialects.prompt import Prompt
from demo.doctor.inspection import Replay
from demo.doctor.questions import Before, Scene, ask, scene_for
from demo.doctor.random_weights import layout_of, unlearned
from demo.errors import CheckpointError, ModelError
from demo.machine.devices import best_device
from demo.models.drawn_world import World
from demo.models.models import SEVEN_B
from demo.models.selection import plan_beside
from demo.picture.picture import Picture
from demo.reasoners.loading import Tell, load_local, plan_for, plan_on, shape_of
from demo.reasoners.local import LocalReasoner
from demo.reasoners.memory import Plan
from demo.segmenters.base import Segmenter
from demo.segmenters.factory import Room, choose_segmenter, sizes_for
from demo.zerogpu import on_space


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a run is made with; a ``replay`` lets random weights say ``texts``."""

    reasoner: LocalReasoner
    segmenter: Segmenter | None
    scene: Scene
    plan: Plan
    shape: Shape
    texts: Sequence[str] = ()


def entry_for(options: argparse.Namespace) -> Entry:
    """The model to examine: ``auto`` as the app takes it, except that nothing is fetched for it; with
    ``--random`` it is RegionReasoner-7B. Raises OptionError, CheckpointError for weights not here,
    OutOfMemoryError for a model that does not fit.
    """
    if options.model == "auto":
        large = find_model(SEVEN_B, options.dialect)
        if options.random:
            return large
        agreed = options.yes or os.environ.get("REGIONREASONER_FETCH") == "1" or on_space()
        usable = best_device() == "cuda" and (agreed or folder_of(large) is not None)
        return large if usable and _fits(large, options) else find_model("nano", options.dialect)
    entry = find_model(options.model, options.dialect)
    if not options.random and not options.yes and folder_of(entry) is None:
        plan_beside(entry, options, 0, here=False)  # fetching what does not fit is no advice
        raise CheckpointError(
            f"The weights of {entry.title} are not on this machine: "
            f"{order_for(entry, ask_hub=False)}. With --yes they are fetched; --random shows without "
            "them what this machine would do."
        )
    return entry


def _fits(entry: Entry, options: argparse.Namespace) -> bool:
    try:
        plan_beside(entry, options, 0, here=folder_of(entry) is not None)
    except ModelError:
        return False
    return True


def plan_of(entry: Entry, options: argparse.Namespace) -> Plan:
    """How it is loaded, with the SAM 2 that goes beside it; fetched first if that was agreed to.

    Raises ModelError when it does not fit or cannot be had.
    """
    device, here = best_device(), folder_of(entry) is not None
    if not here and not options.random:
        plan_beside(entry, options, 0, here=False)
        ensure(entry, agreed=True)
        here = True
    asked: dict[str, Any] = {
        "quantize": options.quantize,
        "low_memory": options.low_memory,
        "sam2_sizes": sizes_for(options.segmenter, device, fetch=on_space()),
    }
    if here:
        return plan_for(entry, **asked)
    return plan_on(device, entry.title, entry.shape or shape_of(layout_of(entry)), **asked)


def load(entry: Entry, plan: Plan, options: argparse.Namespace, tell: Tell) -> Loaded:
    """The model, real or with random weights, and what makes masks. Raises ModelError."""
    if options.random:
        return _unlearned(entry, plan, options)
    return _real(entry, plan, options, tell)


def _real(entry: Entry, plan: Plan, options: argparse.Namespace, tell: Tell) -> Loaded:
    """The checkpoint, and masks as the app makes them."""
    reasoner = load_local(entry, plan=plan, tell=tell)
    world = World.load() if entry.name == "nano" else None
    drawn = world.belongs if world else None
    shape = plan.shape or shape_of(layout_of(entry))
    segmenter = _segmenter(options, plan, drawn)
    return Loaded(reasoner, segmenter, scene_for(drawn=world is not None), plan, shape)


def _unlearned(entry: Entry, plan: Plan, options: argparse.Namespace) -> Loaded:
    """The same shape with random weights, which will say what the built-in model says."""
    scene, nano = scene_for(drawn=True), load_local(find_model("nano"), plan=Plan("cpu", "float32"))
    texts = tuple(asked.turn.raw for asked in ask(scene, nano, None))
    nano.close()
    shape = plan.shape or shape_of(layout_of(entry))
    reasoner = unlearned(entry, plan)
    return Loaded(reasoner, _segmenter(options, plan, None), scene, plan, shape, texts)


def _segmenter(
    options: argparse.Namespace, plan: Plan, drawn: Callable[[Picture], bool] | None
) -> Segmenter | None:
    room = Room(plan.device, plan.sam2)
    return choose_segmenter(options.segmenter, room, drawn=drawn, fetch=on_space())[0]


def prepared(reasoner: LocalReasoner, scene: Scene) -> float:
    """Seconds for a picture, after another one to warm up with."""
    reasoner.prepare(scene.other)
    began = time.perf_counter()
    reasoner.prepare(scene.picture)
    return time.perf_counter() - began


@contextmanager
def saying(loaded: Loaded) -> Iterator[Before]:
    """What is to hear of each prompt before it is asked, so that random weights answer it."""
    if not loaded.texts:
        yield lambda *_: None
        return
    replay = Replay(loaded.reasoner)
    texts: dict[str, str] = {}

    def before(picture: Picture, prompt: Prompt) -> None:
        text = texts.setdefault(prompt.question, loaded.texts[len(texts) % len(loaded.texts)])
        replay.say(picture, prompt, text)

    try:
        yield before
    finally:
        replay.close()
