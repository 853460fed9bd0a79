"""A training run in a folder, for any model: optimisers, schedule, moving average and files.

``state.pt`` is for resuming, ``log.jsonl`` for plotting.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, IterableDataset

from demo.machine.devices import half_precision
from demo.nano.training.workers import WorkerGroup

NOTED_EVERY = 10  # steps between two rows of the log
_Batch = TypeVar("_Batch")
_Student = TypeVar("_Student", bound=nn.Module)


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings that all runs have; plans add their own."""

    seed: int = 1
    rate: float = 1.5e-3
    muon_rate: float = 1.5e-3
    warmup: int = 50
    cooldown: float = 0.4  # share of the steps in which the rate falls
    ema: float = 0.998
    save_every: int = 100


class TrainingRun(Generic[_Student]):
    """A student that learns in steps, the moving average of its weights, and the folder of both.

    ``hidden`` are substrings in the names of weights between hidden layers: the matrices among these are
    learned with Muon, all other weights with AdamW. All processes of a group hold the same weights.
    """

    def __init__(
        self,
        folder: Path,
        plan: Settings,
        device: str,
        student: _Student,
        weights: Mapping[str, float],
        hidden: tuple[str, ...],
        group: WorkerGroup,
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.group = group
        self.folder, self.plan, self.device = folder, plan, device
        self.student, self.weights, self.hidden = student, weights, hidden
        self.average = copy.deepcopy(student).requires_grad_(False)
        self.step = 0
        self.start_optimisers()

    def in_half(self) -> torch.autocast:
        """Compute in bf16 inside the block where the device supports it, else in float32.

        Without hardware support bf16 takes many times as long; in float16 small gradients would vanish.
        """
        known = half_precision(self.device) == "bfloat16"
        return torch.autocast(self.device, torch.bfloat16, enabled=known)

    def start_optimisers(self) -> None:
        """Start with fresh optimisers, which remember no earlier step."""
        matrices: list[nn.Parameter] = []
        others: list[nn.Parameter] = []
        for name, p in self.student.named_parameters():
            inner = any(part in name for part in self.hidden)
            (matrices if inner and p.ndim == 2 else others).append(p)
        muon = torch.optim.Muon(
            matrices, lr=self.plan.muon_rate, weight_decay=0.01, adjust_lr_fn="match_rms_adamw"
        )
        adam = torch.optim.AdamW(others, lr=self.plan.rate, betas=(0.9, 0.98), weight_decay=0.0)
        self.optimisers: list[torch.optim.Optimizer] = [muon, adam]
        for optimiser in self.optimisers:
            for group in optimiser.param_groups:
                group["peak"] = group["lr"]

    def learn(self, losses: Mapping[str, Tensor], steps: int) -> dict[str, float]:
        """Take one of ``steps`` steps down the weighted sum of the losses; their values."""
        torch.stack([self.weights[name] * loss for name, loss in losses.items()]).sum().backward()
        self.group.average_gradients(p for p in self.student.parameters() if p.requires_grad)
        nn.utils.clip_grad_norm_(self.student.parameters(), 1.0)
        rate = self._rate(steps)
        for optimiser in self.optimisers:
            for group in optimiser.param_groups:
                group["lr"] = group["peak"] * rate
            optimiser.step()
            optimiser.zero_grad(set_to_none=True)
        self._follow()
        self.step += 1
        return {name: float(loss.detach()) for name, loss in losses.items()}

    def note(self, values: Mapping[str, object]) -> None:
        """Add a row to the log; only the main process does."""
        if not self.group.is_main:
            return
        with (self.folder / "log.jsonl").open("a") as log:
            log.write(json.dumps({"step": self.step, **values}, default=float) + "\n")

    def save(self, **marks: str) -> None:
        """Save all that a later run needs to continue from here, together with ``marks``."""
        if not self.group.is_main:
            return
        state = {
            **marks,
            "plan": asdict(self.plan),
            "step": self.step,
            "student": self.student.state_dict(),
            "average": self.average.state_dict(),
            "optimisers": [o.state_dict() for o in self.optimisers],
        }
        partial = self.folder / "state.part"
        torch.save(state, partial)
        partial.replace(self.folder / "state.pt")

    def resume(self) -> dict[str, Any]:
        """Load the folder's state and return it; empty when there is none."""
        path = self.folder / "state.pt"
        if not path.exists():
            return {}
        state: dict[str, Any] = torch.load(path, map_location=self.device, weights_only=True)
        self.step = state["step"]
        self.student.load_state_dict(state["student"])
        self.average.load_state_dict(state["average"])
        for optimiser, saved in zip(self.optimisers, state["optimisers"], strict=True):
            optimiser.load_state_dict(saved)
        return state

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


class _Stream(IterableDataset[_Batch]):
    def __init__(self, lessons: Iterable[_Batch]) -> None:
        self.lessons = lessons

    def __iter__(self) -> Iterator[_Batch]:
        torch.set_num_threads(1)
        return iter(self.lessons)


def batches_ahead(lessons: Iterable[_Batch]) -> Iterator[_Batch]:
    """The batches of an endless stream, made by a worker process while the model learns."""
    return iter(DataLoader(_Stream(lessons), batch_size=None, num_workers=1, prefetch_factor=4))
