"""The phases of nano's training: first it learns to see, then to talk about what it sees.

1. *Seeing*: the vision tower alone, with dense labels for every visual token.
2. *Talking*: everything, with several question–answer pairs a picture.

A run may also start from a checkpoint, which has no helpers: then the first phase is *settling*, in which
only the helpers learn and the model stays as it is.

Steps and files are in `run.py`, losses and helpers in `student.py`.
"""

from __future__ import annotations

import copy
import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from tqdm import tqdm
from transformers import Qwen2_5_VLForConditionalGeneration

from demo.nano.lessons.batches import BatchStream
from demo.nano.model.architecture import build_model, number_ids, save_checkpoint, take_weights
from demo.nano.model.tokenizer import build_tokenizer
from demo.nano.model.vocabulary import vocabulary
from demo.nano.training.run import NOTED_EVERY, Settings, TrainingRun, batches_ahead
from demo.nano.training.student import WEIGHTS, Student
from demo.nano.training.workers import ALONE, WorkerGroup

HIDDEN = ("blocks.", ".layers.", "merger.mlp")


@dataclass(frozen=True, slots=True)
class Plan(Settings):
    """The settings of one training run; steps are optimiser steps."""

    cooldown: float = 0.45
    seeing_steps: int = 800
    settling_steps: int = 60
    talking_steps: int = 3600
    seeing_pictures: int = 48
    talking_pictures: int = 16
    pairs: int = 5
    stride: int = 208
    ordinary: float = 0.6  # share of the pictures that are no large scenes and no parts
    check_every: int = 300

    @classmethod
    def of(cls, steps: int | None = None, *, goes_on: bool = False) -> Plan:
        """The usual plan, or with ``steps`` in the second phase; lower rates when it ``goes_on``."""
        plan = cls(rate=9e-4, muon_rate=9e-4, ema=0.995) if goes_on else cls()
        return plan if steps is None else replace(plan, talking_steps=steps)


# Scores of a model on held-out pictures, by name.
Check = Callable[[Qwen2_5_VLForConditionalGeneration], dict[str, float]]


class Trainer(TrainingRun[Student]):
    """One training run in a folder: ``state.pt`` to resume from, ``log.jsonl`` to plot."""

    def __init__(
        self,
        folder: Path,
        plan: Plan,
        device: str,
        check: Check | None = None,
        group: WorkerGroup = ALONE,
        start: Path | None = None,
    ) -> None:
        """``start`` is the folder of a checkpoint to start from; None starts from nothing."""
        torch.manual_seed(plan.seed)
        self.tokenizer = build_tokenizer(vocabulary())
        model = build_model(self.tokenizer)
        if start is not None:
            take_weights(model, self.tokenizer, start)
        student = Student(model, number_ids(self.tokenizer)).to(device)
        super().__init__(folder, plan, device, student, WEIGHTS, HIDDEN, group)
        self.plan: Plan = plan
        self.check, self.phase = check, "settling" if start else "seeing"

    def run(self) -> None:
        """Both phases, continuing from the folder's state."""
        plan = self.plan
        self.phase = self.resume().get("phase", self.phase)
        if self.phase == "seeing":
            self._phase(plan.seeing_steps, plan.seeing_pictures, 0)
        elif self.phase == "settling":
            self.student.model.requires_grad_(False)
            self._phase(plan.settling_steps, plan.talking_pictures, plan.pairs)
            self.student.model.requires_grad_(True)
        if self.phase != "talking":
            self.phase, self.step = "talking", 0
            self.start_optimisers()
        self._phase(plan.talking_steps, plan.talking_pictures, plan.pairs)

    def checkpoint(self, folder: Path) -> None:
        """Save the averaged model as a checkpoint that the app can load."""
        save_checkpoint(folder, copy.deepcopy(self.average.model), self.tokenizer)

    def _phase(self, steps: int, pictures: int, pairs: int) -> None:
        if self.step >= steps:
            return  # before a process makes batches that nobody takes
        seed = zlib.crc32(f"{self.plan.seed} {self.phase} {self.step} {self.group.rank}".encode())
        share = self.group.share(pictures)
        batches = batches_ahead(
            BatchStream(self.tokenizer, seed, share, pairs, self.plan.stride, self.plan.ordinary)
        )
        losses_of = (
            self.student.seeing_losses if self.phase == "seeing" else self.student.talking_losses
        )
        began = time.perf_counter()
        bar = tqdm(
            total=steps, initial=self.step, desc=self.phase, unit="step", dynamic_ncols=True,
            disable=not self.group.is_main,
        )  # fmt: skip
        while self.step < steps:
            batch = next(batches).to(self.device)
            with self.in_half():
                losses = losses_of(batch)
            learned = self.learn(losses, steps)
            bar.update()
            if self.step % NOTED_EVERY == 0:
                bar.set_postfix_str(f"loss {sum(WEIGHTS[k] * v for k, v in learned.items()):.3f}")
                self._note({"seconds": time.perf_counter() - began, **learned})
            if self.step % self.plan.save_every == 0 or self.step == steps:
                self.save(phase=self.phase)
            if self.phase == "talking" and self.step % self.plan.check_every == 0 and self.check:
                self._note({"held_out": self.check(self.average.model)})
        bar.close()

    def _note(self, values: dict[str, float] | dict[str, dict[str, float]]) -> None:
        self.note({"phase": self.phase, **values})
