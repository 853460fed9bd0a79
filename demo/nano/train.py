"""How nano is trained from nothing: first to see, then to talk about what it sees.

1. *Seeing*: the vision tower alone, with dense labels for every visual token.
2. *Talking*: everything, several question–answer pairs a picture.

It knows optimisers, schedules and files; what is learned stands in `student.py`, how well it went in
`evaluate.py`.
"""

from __future__ import annotations

import copy
import json
import time
import zlib
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, IterableDataset
from tqdm import tqdm
from transformers import Qwen2_5_VLForConditionalGeneration

from demo.nano.lesson import Batch, Lessons
from demo.nano.model import build_model, number_ids, save_checkpoint
from demo.nano.student import WEIGHTS, Student
from demo.nano.tokenizer import build_tokenizer
from demo.nano.words import vocabulary

NOTED_EVERY = 10  # steps between two rows of the log


@dataclass(frozen=True, slots=True)
class Plan:
    """The settings of one training run; steps are optimiser steps."""

    seed: int = 1
    seeing_steps: int = 800
    talking_steps: int = 3600
    cooldown: float = 0.45
    seeing_pictures: int = 48
    talking_pictures: int = 12
    pairs: int = 5
    stride: int = 168
    rate: float = 1.5e-3
    muon_rate: float = 1.5e-3
    warmup: int = 50
    ema: float = 0.998
    save_every: int = 100
    check_every: int = 300


# Scores of a model on held-out pictures, by name.
Check = Callable[[Qwen2_5_VLForConditionalGeneration], dict[str, float]]


class _Stream(IterableDataset[Batch]):
    """Batches drawn by a worker process while the model learns."""

    def __init__(self, lessons: Lessons) -> None:
        self.lessons = lessons

    def __iter__(self) -> Iterator[Batch]:
        torch.set_num_threads(1)
        return iter(self.lessons)


class Trainer:
    """One training run in a folder: ``state.pt`` to resume from, ``log.jsonl`` to plot."""

    def __init__(self, folder: Path, plan: Plan, device: str, check: Check | None = None) -> None:
        torch.manual_seed(plan.seed)
        self.folder, self.plan, self.device, self.check = folder, plan, device, check
        folder.mkdir(parents=True, exist_ok=True)
        self.tokenizer = build_tokenizer(vocabulary())
        model = build_model(self.tokenizer)
        self.student = Student(model, number_ids(self.tokenizer)).to(device)
        self.average = copy.deepcopy(self.student).requires_grad_(False)
        self.phase, self.step = "seeing", 0
        self.optimisers = self._optimisers()

    def run(self) -> None:
        """Both phases, from wherever the folder's state is."""
        self._resume()
        if self.phase == "seeing":
            self._phase(self.plan.seeing_steps, self.plan.seeing_pictures, 0)
            self.phase, self.step = "talking", 0
            self.optimisers = self._optimisers()
        self._phase(self.plan.talking_steps, self.plan.talking_pictures, self.plan.pairs)

    def checkpoint(self, folder: Path) -> None:
        """Save the averaged model as a checkpoint that the app can load."""
        save_checkpoint(folder, copy.deepcopy(self.average.model), self.tokenizer)

    def _phase(self, steps: int, pictures: int, pairs: int) -> None:
        seed = zlib.crc32(f"{self.plan.seed} {self.phase} {self.step}".encode())
        lessons = Lessons(self.tokenizer, seed, pictures, pairs, self.plan.stride)
        loader = iter(
            DataLoader(_Stream(lessons), batch_size=None, num_workers=1, prefetch_factor=4)
        )
        learn = (
            self.student.seeing_losses if self.phase == "seeing" else self.student.talking_losses
        )
        began = time.perf_counter()
        bar = tqdm(total=steps, initial=self.step, desc=self.phase, unit="step", dynamic_ncols=True)
        while self.step < steps:
            batch: Batch = next(loader)
            losses = self._learn(learn, batch.to(self.device), self._rate(steps))
            self.step += 1
            bar.update()
            if self.step % NOTED_EVERY == 0:
                bar.set_postfix_str(f"loss {sum(WEIGHTS[k] * v for k, v in losses.items()):.3f}")
                self._note({"seconds": time.perf_counter() - began, **losses})
            if self.step % self.plan.save_every == 0 or self.step == steps:
                self._save()
            if self.phase == "talking" and self.step % self.plan.check_every == 0:
                self._measure()
        bar.close()

    def _measure(self) -> None:
        """How good the averaged model is by now, into the log."""
        if self.check is not None:
            model = copy.deepcopy(self.average.model).float().eval()
            self._note({"held_out": self.check(model)})

    def _learn(
        self, losses_of: Callable[[Batch], dict[str, Tensor]], batch: Batch, rate: float
    ) -> dict[str, float]:
        with torch.autocast(self.device, torch.bfloat16):
            losses = losses_of(batch)
        torch.stack([WEIGHTS[name] * loss for name, loss in losses.items()]).sum().backward()
        nn.utils.clip_grad_norm_(self.student.parameters(), 1.0)
        for optimiser in self.optimisers:
            for group in optimiser.param_groups:
                group["lr"] = group["peak"] * rate
            optimiser.step()
            optimiser.zero_grad(set_to_none=True)
        self._follow()
        return {name: float(loss.detach()) for name, loss in losses.items()}

    def _follow(self) -> None:
        """Move the averaged weights a little towards the student's."""
        decay = min(self.plan.ema, (1 + self.step) / (10 + self.step))
        with torch.no_grad():
            for ours, theirs in zip(
                self.average.parameters(), self.student.parameters(), strict=True
            ):
                ours.lerp_(theirs, 1 - decay)

    def _rate(self, steps: int) -> float:
        """Warm up, hold, and cool down linearly over the last part."""
        rising = (self.step + 1) / self.plan.warmup
        falling = (steps - self.step) / (self.plan.cooldown * steps)
        return min(1.0, rising, falling)

    def _optimisers(self) -> list[torch.optim.Optimizer]:
        matrices: list[nn.Parameter] = []
        others: list[nn.Parameter] = []
        for name, p in self.student.named_parameters():
            hidden = "blocks." in name or ".layers." in name or "merger.mlp" in name
            (matrices if hidden and p.ndim == 2 else others).append(p)
        muon = torch.optim.Muon(
            matrices, lr=self.plan.muon_rate, weight_decay=0.01, adjust_lr_fn="match_rms_adamw"
        )
        adam = torch.optim.AdamW(others, lr=self.plan.rate, betas=(0.9, 0.98), weight_decay=0.0)
        for optimiser in (muon, adam):
            for group in optimiser.param_groups:
                group["peak"] = group["lr"]
        return [muon, adam]

    def _note(self, values: dict[str, float] | dict[str, dict[str, float]]) -> None:
        row = {"phase": self.phase, "step": self.step, **values}
        with (self.folder / "log.jsonl").open("a") as log:
            log.write(json.dumps(row, default=float) + "\n")

    def _save(self) -> None:
        state = {
            "plan": asdict(self.plan),
            "phase": self.phase,
            "step": self.step,
            "student": self.student.state_dict(),
            "average": self.average.state_dict(),
            "optimisers": [o.state_dict() for o in self.optimisers],
        }
        partial = self.folder / "state.part"
        torch.save(state, partial)
        partial.replace(self.folder / "state.pt")

    def _resume(self) -> None:
        path = self.folder / "state.pt"
        if not path.exists():
            return
        state = torch.load(path, map_location=self.device)
        self.phase, self.step = state["phase"], state["step"]
        self.student.load_state_dict(state["student"])
        self.average.load_state_dict(state["average"])
        for optimiser, saved in zip(self.optimisers, state["optimisers"], strict=True):
            optimiser.load_state_dict(saved)
