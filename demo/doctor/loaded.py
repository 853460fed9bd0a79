"""Choosing and loading the model to examine: real weights, or random ones that replay given answers."""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from demo.checkpoints.catalogue import Entry, find_model
from demo.checkpoints.fetch import download_of, ensure_fetched, folder_of
from demo.checkpoints.shape import Shape
from demo.dialects.prompt import Prompt
from demo.doctor.configs import config_of
from demo.doctor.questions import OnPrompt, Scene, ask, scene_for
from demo.doctor.random_weights import Replay, random_model
from demo.errors import CheckpointError, ModelError
from demo.machine.devices import best_device
from demo.models.drawn_world import World
from demo.models.engines import plan_model
from demo.models.models import SEVEN_B
from demo.picture.picture import Picture
from demo.reasoners.base import Tell
from demo.reasoners.configuration import shape_of
from demo.reasoners.loading import load_local, plan_for, plan_on
from demo.reasoners.local import LocalReasoner
from demo.reasoners.memory import Plan
from demo.segmenters.base import Segmenter
from demo.segmenters.factory import Room, choose_segmenter, sizes_for
from demo.zerogpu import on_space


@dataclass(frozen=True, slots=True)
class Loaded:
    """A loaded model and what it is examined with; random weights replay the answers in ``texts``."""

    reasoner: LocalReasoner
    segmenter: Segmenter | None
    scene: Scene
    plan: Plan
    shape: Shape
    texts: Sequence[str] = ()


def entry_for(options: argparse.Namespace) -> Entry:
    """The model to examine. ``auto`` is what the app would choose without fetching anything, or
    RegionReasoner-7B with ``--random``.

    Raises OptionError, CheckpointError when the weights are not on this machine, and OutOfMemoryError when
    the model does not fit.
    """
    if options.model == "auto":
        large = find_model(SEVEN_B, options.dialect)
        if options.random:
            return large
        agreed = options.yes or os.environ.get("REGIONREASONER_FETCH") == "1" or on_space()
        here = folder_of(large) is not None
        if best_device() == "cuda" and (agreed or here):
            with suppress(ModelError):
                plan_model(large, options, here=here)
                return large
        return find_model("nano", options.dialect)
    entry = find_model(options.model, options.dialect)
    if not options.random and not options.yes and folder_of(entry) is None:
        plan_model(entry, options, here=False)  # nobody should fetch what does not fit
        raise CheckpointError(
            f"The weights of {entry.title} are not on this machine: "
            f"{download_of(entry, ask_hub=False)}. With --yes they are fetched; --random shows without "
            "them how fast this machine would be."
        )
    return entry


def plan_of(entry: Entry, options: argparse.Namespace) -> Plan:
    """How the model is loaded, with the SAM 2 beside it; missing weights are fetched first.

    Raises ModelError when it does not fit or cannot be fetched.
    """
    device, here = best_device(), folder_of(entry) is not None
    if not here and not options.random:
        plan_model(entry, options, here=False)
        ensure_fetched(entry, agreed=True)
        here = True
    asked: dict[str, Any] = {
        "quantize": options.quantize,
        "low_memory": options.low_memory,
        "sam2_sizes": sizes_for(options.segmenter, device, fetch=on_space()),
    }
    if here:
        return plan_for(entry, **asked)
    return plan_on(device, entry.title, _shape_of(entry), **asked)


def load(entry: Entry, plan: Plan, options: argparse.Namespace, tell: Tell) -> Loaded:
    """The model, real or with random weights, and the segmenter. Raises ModelError."""
    if options.random:
        return _random(entry, plan, options)
    return _real(entry, plan, options, tell)


def _real(entry: Entry, plan: Plan, options: argparse.Namespace, tell: Tell) -> Loaded:
    """The checkpoint, with the segmenter that the app would use."""
    reasoner = load_local(entry, plan=plan, tell=tell)
    world = World.load() if entry.name == "nano" else None
    segmenter = _segmenter(options, plan, world.belongs if world else None)
    scene = scene_for(drawn=world is not None)
    return Loaded(reasoner, segmenter, scene, plan, plan.shape or _shape_of(entry))


def _random(entry: Entry, plan: Plan, options: argparse.Namespace) -> Loaded:
    """The same shape with random weights, which will replay the built-in model's answers."""
    scene, nano = scene_for(drawn=True), load_local(find_model("nano"), plan=Plan("cpu", "float32"))
    texts = tuple(exchange.turn.raw for exchange in ask(scene, nano, None))
    nano.close()
    reasoner, segmenter = random_model(entry, plan), _segmenter(options, plan, None)
    return Loaded(reasoner, segmenter, scene, plan, plan.shape or _shape_of(entry), texts)


def _shape_of(entry: Entry) -> Shape:
    return entry.shape or shape_of(config_of(entry))


def _segmenter(
    options: argparse.Namespace, plan: Plan, drawn: Callable[[Picture], bool] | None
) -> Segmenter | None:
    room = Room(plan.device, plan.sam2)
    return choose_segmenter(options.segmenter, room, drawn=drawn, fetch=on_space())[0]


def time_preparation(reasoner: LocalReasoner, scene: Scene) -> float:
    """Prepare the scene's picture, after another one to warm up; seconds that it took."""
    reasoner.prepare(scene.other)
    began = time.perf_counter()
    reasoner.prepare(scene.picture)
    return time.perf_counter() - began


@contextmanager
def replayed(loaded: Loaded) -> Iterator[OnPrompt]:
    """What to call with each prompt before it is asked, so that random weights replay an answer to it."""
    if not loaded.texts:
        yield lambda *_: None
        return
    replay = Replay(loaded.reasoner)
    texts: dict[str, str] = {}

    def on_prompt(picture: Picture, prompt: Prompt) -> None:
        text = texts.setdefault(prompt.question, loaded.texts[len(texts) % len(loaded.texts)])
        replay.set_answer(picture, prompt, text)

    try:
        yield on_prompt
    finally:
        replay.close()
