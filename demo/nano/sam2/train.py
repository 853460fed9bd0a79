"""How the nano SAM 2 is trained from nothing: small pictures first, then larger ones.

In every step the pictures are encoded once and prompted with boxes, with points, and now and then a
third time with a correction: a point where an earlier mask was wrong, and that mask itself.
Steps and files are in `training/run.py`, prompts and truths in `batches.py`.
"""

from __future__ import annotations

import copy
import time
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from tqdm import tqdm
from transformers import Sam2Model
from transformers.image_utils import IMAGENET_DEFAULT_MEAN, IMAGENET_DEFAULT_STD

from demo.nano.sam2.batches import Batch, MaskBatchStream, Prompts
from demo.nano.sam2.model import MASK_STRIDE, Shape, build_model, save_checkpoint, set_side
from demo.nano.training.run import NOTED_EVERY, Settings, TrainingRun, batches_ahead
from demo.nano.training.workers import ALONE, WorkerGroup, run_workers
from demo.nano.world.scene import KINDS

CORRECTED = 2  # prompts per picture that are corrected
MAX_LOGIT = 32.0  # of a mask that is given back as a prompt
MASK_LOSSES = ("edge", "overlap", "quality", "meant")
HIDDEN = ("blocks.", "transformer.", "hypernetworks")
WEIGHTS = {"edge": 2.0, "overlap": 2.0, "quality": 1.0, "kinds": 0.5, "boxes": 2.0, "meant": 2.0}


@dataclass(frozen=True, slots=True)
class Stage:
    """A number of optimiser steps, pictures per step, and the pictures' side in pixels."""

    side: int
    pictures: int
    steps: int


@dataclass(frozen=True, slots=True)
class Plan(Settings):
    """The settings of one training run."""

    stages: tuple[Stage, ...] = (Stage(256, 6, 2600), Stage(384, 6, 1080))
    shape: Shape = Shape()  # noqa: RUF009 - it is frozen
    prompts: int = 4  # per picture and form
    several: float = 0.7  # share of passes that ask for all masks, and not for the single one
    corrections: float = 0.3  # share of steps with a correction
    ema: float = 0.99  # short, because the last stage has few steps
    save_every: int = 50

    @property
    def steps(self) -> int:
        return sum(stage.steps for stage in self.stages)

    def stage(self, step: int) -> tuple[Stage, int]:
        """The stage that a step, counted from 0, belongs to, and the step at which it ends."""
        end = 0
        for stage in self.stages:
            end += stage.steps
            if step < end:
                return stage, end
        raise ValueError(f"the plan has {self.steps} steps, there is no step {step}")


@dataclass(frozen=True, slots=True)
class Answer:
    """M masks for each of P prompts: 3, or 1 where a single one was asked for."""

    logits: Tensor  # float [B, P, M, S/4, S/4]
    quality: Tensor  # float [B, P, M]: estimates of the masks' IoU
    tokens: Tensor  # [B, P, M, C]: what the decoder made of the masks' tokens


class Student(nn.Module):
    """The model with helpers that are thrown away: linear probes of its features.

    From every cell of the finest and the coarsest features the kind and the box of the thing it shows are
    predicted, so that the backbone learns from the whole picture and not only where a prompt asks. From
    every mask token the box of the prompted thing is predicted; without that the decoder marks all things
    alike for long.
    """

    def __init__(self, model: Sam2Model) -> None:
        super().__init__()
        self.model = model
        width = model.config.vision_config.fpn_hidden_size
        self.of_cells = nn.ModuleList(nn.Linear(width, len(KINDS) + 5) for _ in range(2))
        self.of_tokens = nn.Linear(width, 4)

    def losses(self, batch: Batch, plan: Plan, generator: torch.Generator) -> dict[str, Tensor]:
        """The mean losses over a batch; the generator decides which passes there are."""
        maps = feature_maps(self.model, batch.pixels)
        embeddings = embeddings_of(self.model, maps)
        return {
            **self._cell_losses(batch, maps),
            **self._prompted_losses(batch, embeddings, plan, generator),
        }

    def _cell_losses(self, batch: Batch, maps: Sequence[Tensor]) -> dict[str, Tensor]:
        """``kinds``: cross-entropy, the ground being a kind; ``boxes``: absolute error of the sides."""
        kinds_loss, boxes_loss = [], []
        for helper, features in zip(self.of_cells, (maps[0], maps[-1]), strict=True):
            kinds, boxes, shown = _shown(batch, features.shape[-1])
            # Normalised: otherwise the features would grow, to be read well, and drown the places.
            cells = F.layer_norm(features.permute(0, 2, 3, 1), features.shape[1:2])
            guessed = helper(cells).float()
            kinds_guessed = guessed[..., : len(KINDS) + 1].permute(0, 3, 1, 2)
            kinds_loss.append(F.cross_entropy(kinds_guessed, kinds))
            wrong = (guessed[..., len(KINDS) + 1 :] - boxes).abs() * shown[..., None]
            boxes_loss.append(wrong.sum() / (4 * shown.sum()).clamp(min=1))
        return {
            "kinds": torch.stack(kinds_loss).mean(),
            "boxes": torch.stack(boxes_loss).mean(),
        }

    def _prompted_losses(
        self, batch: Batch, embeddings: list[Tensor], plan: Plan, generator: torch.Generator
    ) -> dict[str, Tensor]:
        """The mean losses of the masks of all passes over a batch."""
        passes = []
        for prompts in (batch.boxed, batch.pointed):
            several = _chance(generator) < plan.several
            answer = decode(self.model, embeddings, prompts, several=several)
            passes.append(self._answer_losses(answer, batch, prompts.things))
        if _chance(generator) < plan.corrections:
            corrected, masks = correction(batch, prompts, answer, generator)
            given = masks if _chance(generator) < 0.5 else None
            spread = [e.repeat_interleave(CORRECTED, dim=0) for e in embeddings]
            answer = decode(self.model, spread, corrected, given, several=True)
            shape = (len(batch.pixels), CORRECTED)
            parts = (answer.logits, answer.quality, answer.tokens)
            answer = Answer(*(part.squeeze(1).unflatten(0, shape) for part in parts))
            passes.append(self._answer_losses(answer, batch, corrected.things.view(shape)))
        return {name: torch.stack([p[name] for p in passes]).mean() for name in MASK_LOSSES}

    def _answer_losses(self, answer: Answer, batch: Batch, things: Tensor) -> dict[str, Tensor]:
        rows = torch.arange(len(things), device=things.device)[:, None]
        boxes = batch.boxes[rows, things][:, :, None]
        meant = (self.of_tokens(answer.tokens).float() - boxes).abs().mean()
        return {**mask_losses(answer.logits, answer.quality, batch, things), "meant": meant}


class Trainer(TrainingRun[Student]):
    """One training run in a folder: ``state.pt`` to resume from, ``log.jsonl`` to plot."""

    def __init__(self, folder: Path, plan: Plan, device: str, group: WorkerGroup = ALONE) -> None:
        torch.manual_seed(plan.seed)
        student = Student(build_model(plan.stages[0].side, plan.shape)).to(device)
        super().__init__(folder, plan, device, student, WEIGHTS, HIDDEN, group)
        self.plan: Plan = plan

    def run(self) -> None:
        """All stages, continuing from the folder's state."""
        self.resume()
        while self.step < self.plan.steps:
            self._stage(*self.plan.stage(self.step))

    def checkpoint(self, folder: Path) -> None:
        """Save the averaged model as a checkpoint that `load_sam2` can load."""
        model = copy.deepcopy(self.average.model)
        set_side(model, self.plan.stages[-1].side)
        save_checkpoint(folder, model)

    def _stage(self, stage: Stage, end: int) -> None:
        first = self.step
        set_side(self.student.model, stage.side)
        seed = zlib.crc32(f"{self.plan.seed} {first} {self.group.rank}".encode())
        share = self.group.share(stage.pictures)
        batches = batches_ahead(MaskBatchStream(seed, stage.side, share, self.plan.prompts))
        began = time.perf_counter()
        bar = tqdm(
            total=self.plan.steps,
            initial=first,
            desc=f"{stage.side} px",
            unit="step",
            disable=not self.group.is_main,
        )
        while self.step < end:
            losses = self._learn(next(batches).to(self.device))
            bar.update()
            if self.step % NOTED_EVERY == 0:
                bar.set_postfix_str(" ".join(f"{k} {v:.3f}" for k, v in losses.items()))
                each = (time.perf_counter() - began) / (self.step - first)
                self.note({"side": stage.side, "seconds_per_step": each, **losses})
            if self.step % self.plan.save_every == 0 or self.step == end:
                self.save()
        bar.close()

    def _learn(self, batch: Batch) -> dict[str, float]:
        generator = torch.Generator().manual_seed(self.plan.seed * 1_000_003 + self.step)
        with self.in_half():
            losses = self.student.losses(batch, self.plan, generator)
        return self.learn(losses, self.plan.steps)


def _shown(batch: Batch, cells: int) -> tuple[Tensor, Tensor, Tensor]:
    """What cells show: kinds [B, c, c], len(KINDS) for ground; boxes [B, c, c, 4]; whether a thing."""
    step = batch.coverage.shape[-1] // cells
    share, thing = batch.coverage[:, :, step // 2 :: step, step // 2 :: step].max(dim=1)
    shown = share > 127
    rows = torch.arange(len(thing), device=thing.device)[:, None, None]
    kinds = torch.where(shown, batch.kinds[rows, thing], len(KINDS))
    return kinds, batch.boxes[rows, thing], shown


def feature_maps(model: Sam2Model, pixels: Tensor) -> tuple[Tensor, ...]:
    """The neck's features, finest first: C channels at S/4, S/8, S/16 of pictures uint8 [B, 3, S, S]."""
    mean, std = (
        torch.tensor(v, device=pixels.device)[:, None, None]
        for v in (IMAGENET_DEFAULT_MEAN, IMAGENET_DEFAULT_STD)
    )
    maps: tuple[Tensor, ...] = model.vision_encoder((pixels / 255 - mean) / std).fpn_hidden_states
    return maps


def embeddings_of(model: Sam2Model, maps: Sequence[Tensor]) -> list[Tensor]:
    """The mask decoder's inputs, as from `get_image_embeddings`, which passes no gradient."""
    fine, middle, coarse = maps
    empty = model.no_memory_embedding[0, 0, :, None, None]
    return [model.mask_decoder.conv_s0(fine), model.mask_decoder.conv_s1(middle), coarse + empty]


def decode(
    model: Sam2Model,
    embeddings: list[Tensor],
    prompts: Prompts,
    masks: Tensor | None = None,
    *,
    several: bool,
) -> Answer:
    """What the model answers to prompts about encoded pictures.

    ``masks`` [B, 1, S/4, S/4] are logits of an earlier answer, for one prompt per picture only.
    """
    with torch.autocast(embeddings[0].device.type, enabled=False):
        # In bfloat16 the edges of a box would be off by up to half a percent of the picture.
        sparse, dense = model.prompt_encoder(prompts.points, prompts.labels, prompts.boxes, masks)
        places = model.get_image_wide_positional_embeddings()
    logits, quality, tokens, _ = model.mask_decoder(
        image_embeddings=embeddings[-1],
        image_positional_embeddings=places.repeat(len(embeddings[-1]), 1, 1, 1),
        sparse_prompt_embeddings=sparse,
        dense_prompt_embeddings=dense,
        multimask_output=several,
        high_resolution_features=embeddings[:-1],
    )
    return Answer(logits.float(), quality.float(), tokens)


def mask_losses(logits: Tensor, quality: Tensor, batch: Batch, things: Tensor) -> dict[str, Tensor]:
    """Losses of masks [B, P, M, S/4, S/4] for the things [B, P], every one of the M alike.

    ``edge``: cross-entropy at the places of the enlarged mask; ``overlap``: 1 - Dice's coefficient
    (Milletari et al., V-Net, 2016) on the logits' grid; ``quality``: squared error of the IoU estimates.
    """
    rows = torch.arange(len(things), device=things.device)[:, None]
    places, inside = batch.places[rows, things], batch.inside[rows, things].float()
    coverage = batch.coverage[rows, things].float().div(255)[:, :, None]
    enlarged = F.grid_sample(
        logits.flatten(0, 1),
        places.flatten(0, 1)[:, None] * 2 - 1,
        padding_mode="border",
        align_corners=False,
    ).squeeze(2)
    truth = inside.flatten(0, 1)[:, None].expand_as(enlarged)
    return {
        "edge": F.binary_cross_entropy_with_logits(enlarged, truth),
        "overlap": _dice_loss(logits.sigmoid(), coverage),
        "quality": F.mse_loss(quality, _iou(logits.detach() > 0, coverage > 0.5)),
    }


def _dice_loss(shares: Tensor, truth: Tensor) -> Tensor:
    both = (shares * truth).sum((-1, -2))
    either = shares.square().sum((-1, -2)) + truth.square().sum((-1, -2))
    return (1 - (2 * both + 1) / (either + 1)).mean()


def _iou(one: Tensor, other: Tensor) -> Tensor:
    return (one & other).sum((-1, -2)) / (one | other).sum((-1, -2)).clamp(min=1)


def correction(
    batch: Batch, prompts: Prompts, answer: Answer, generator: torch.Generator
) -> tuple[Prompts, Tensor]:
    """The first prompts of each picture with one more point, where the best mask was wrong.

    Each becomes a picture of its own, [B x CORRECTED, 1, …], because the model takes one mask a picture;
    the masks' logits [B x CORRECTED, 1, S/4, S/4] come second.
    """
    best = answer.quality.detach().argmax(dim=-1)[:, :CORRECTED, None, None, None]
    masks = answer.logits.detach()[:, :CORRECTED].take_along_dim(best, dim=2).flatten(0, 1)
    things = prompts.things[:, :CORRECTED]
    rows = torch.arange(len(things), device=things.device)[:, None]
    truth = batch.coverage[rows, things].flatten(0, 1)[:, None] > 127
    wrong = ((masks > 0) != truth).float() + 1e-6  # nothing wrong: anywhere
    cell = torch.multinomial(wrong.flatten(1).cpu(), 1, generator=generator).to(masks.device)
    y, x = cell // masks.shape[-1], cell % masks.shape[-1]
    point = (torch.stack([x, y], dim=-1) + 0.5) * MASK_STRIDE - 0.5
    label = truth.flatten(1).gather(1, cell).long()

    def own(values: Tensor | None) -> Tensor | None:
        return None if values is None else values[:, :CORRECTED].flatten(0, 1)[:, None]

    points, labels = own(prompts.points), own(prompts.labels)
    point, label = point[:, None], label[:, None]
    corrected = Prompts(
        things.flatten(0, 1)[:, None],
        own(prompts.boxes),
        point if points is None else torch.cat([points, point], dim=2),
        label if labels is None else torch.cat([labels, label], dim=2),
    )
    return corrected, masks.clamp(-MAX_LOGIT, MAX_LOGIT)


def _chance(generator: torch.Generator) -> float:
    return float(torch.rand((), generator=generator))


def train(folder: Path, steps: int | None, workers: int, say: Callable[[str], None]) -> None:
    """Train from nothing, or continue from the folder's state; the checkpoint goes to FOLDER/nano-sam2.

    ``steps`` shortens or lengthens all stages in proportion; ``workers`` processes share each step.
    """
    plan = Plan() if steps is None else _in_steps(Plan(), steps)
    run_workers(partial(_learn, folder, plan), workers)
    say(f"The checkpoint is in {folder / 'nano-sam2'}.")


def _learn(folder: Path, plan: Plan, group: WorkerGroup) -> None:
    trainer = Trainer(folder, plan, "cuda" if torch.cuda.is_available() else "cpu", group)
    trainer.run()
    if group.is_main:
        trainer.checkpoint(folder / "nano-sam2")


def _in_steps(plan: Plan, steps: int) -> Plan:
    share = steps / plan.steps
    stages = [replace(stage, steps=max(round(stage.steps * share), 1)) for stage in plan.stages]
    return replace(plan, stages=tuple(stages))
