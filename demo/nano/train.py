"""How nano is trained from nothing: first to see, then to talk about what it sees.

1. *Seeing*: the vision tower alone, with dense labels for every visual token (kind, colour, box
   relative to the token).
2. *Talking*: everything, on the language loss plus three helpers that are thrown away afterwards: dense
   labels again on early and late language layers, now with absolute boxes; a loss that tells one
   attention head of two layers which visual tokens show the thing that is being spoken of; and a box
   regression from the same places.

It knows the architecture from inside, because batches here are dense (same frame, no padding of
pictures); `test_nano_train.py` checks that this equals the library's own forward pass.
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
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.data import DataLoader, IterableDataset
from transformers import PreTrainedTokenizerFast, Qwen2_5_VLForConditionalGeneration

from demo.nano.facts import FRAME
from demo.nano.lesson import COLOUR_NAMES, IGNORE, Batch, Lessons
from demo.nano.model import CELLS, GRID, MERGE, PATCH, build_model, number_ids, save_checkpoint
from demo.nano.words import vocabulary
from demo.nano.tokenizer import build_tokenizer
from demo.nano.world import KINDS

MEAN = torch.tensor([0.48145466, 0.4578275, 0.40821073]) * 255
STD = torch.tensor([0.26862954, 0.26130258, 0.27577711]) * 255
DENSE_LAYERS = (1, 3)  # after these language layers the visual tokens must know their thing
LOOK_LAYERS = (3, 4)  # in these, head 0 must look at the thing that is spoken of
Rotary = tuple[Tensor, Tensor]


@dataclass(frozen=True, slots=True)
class Plan:
    """The settings of one training run; steps are optimiser steps."""

    seed: int = 1
    seeing_steps: int = 1200
    talking_steps: int = 3200
    cooldown: float = 0.3
    seeing_pictures: int = 48
    talking_pictures: int = 16
    pairs: int = 5
    stride: int = 144
    rate: float = 2e-3
    muon_rate: float = 2e-3
    warmup: int = 50
    ema: float = 0.998
    save_every: int = 100


class DenseHead(nn.Module):
    """Kind, colour and box of the thing that a visual token shows."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.out = nn.Sequential(
            nn.LayerNorm(width), nn.Linear(width, len(KINDS) + 1 + len(COLOUR_NAMES) + 4)
        )

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        kinds, colours, boxes = self.out(x).split([len(KINDS) + 1, len(COLOUR_NAMES), 4], dim=-1)
        return kinds, colours, boxes


class Student(nn.Module):
    """The model with its helpers."""

    def __init__(self, model: Qwen2_5_VLForConditionalGeneration, numbers: list[int]) -> None:
        super().__init__()
        self.model = model
        width = model.config.text_config.hidden_size
        self.seeing = DenseHead(width)
        self.dense = nn.ModuleList(DenseHead(width) for _ in DENSE_LAYERS)
        self.regress = nn.ModuleList(
            nn.Sequential(nn.LayerNorm(width), nn.Linear(width, 4)) for _ in LOOK_LAYERS
        )
        self.register_buffer("numbers", torch.tensor(numbers), persistent=False)
        self.register_buffer("soft", _soft_targets(len(numbers)), persistent=False)
        side = FRAME.width // CELLS
        rows, columns = torch.arange(CELLS * CELLS).div(CELLS, rounding_mode="floor"), None
        columns = torch.arange(CELLS * CELLS) % CELLS
        centres = torch.stack([columns, rows, columns, rows], 1) * side + side / 2
        self.register_buffer("centres", centres / FRAME.width, persistent=False)

    def seen(self, pixels: Tensor) -> Tensor:
        """Visual tokens [B, C, width] of uint8 pictures [B, 3, H, W]."""
        return vision_forward(self.model, pixels)

    def seeing_losses(self, batch: Batch) -> dict[str, Tensor]:
        """Losses of the first phase."""
        return self._seeing(self.seen(batch.pixels), batch)

    def talking_losses(self, batch: Batch) -> dict[str, Tensor]:
        """Losses of the second phase."""
        seen = self.seen(batch.pixels)
        losses = {f"tower_{k}": 0.3 * v for k, v in self._seeing(seen, batch).items()}
        hidden, dense, looked, spoken = self._language(seen, batch)
        for head, visual in zip(self.dense, dense, strict=True):
            for name, loss in dense_losses(*head(visual), batch, 0.0).items():
                losses[f"dense_{name}"] = losses.get(f"dense_{name}", 0.0) + 0.5 * loss
        valid = batch.segment >= 0
        rows = batch.ground[valid] >= 0
        truth = batch.boxes.gather(1, batch.ground.clamp_min(0)[..., None].expand(-1, -1, 4))
        truth = truth[valid][rows]
        for head, x in zip(self.regress, spoken, strict=True):
            losses["point_at"] = losses.get("point_at", 0.0) + 5 * (head(x[rows]) - truth).abs().mean()
        losses["look"] = 0.3 * sum(looked)
        losses["text"] = self._text_loss(hidden, batch)
        return losses

    def _seeing(self, seen: Tensor, batch: Batch) -> dict[str, Tensor]:
        return dense_losses(*self.seeing(seen), batch, self.centres)

    def _language(
        self, seen: Tensor, batch: Batch
    ) -> tuple[Tensor, list[Tensor], list[Tensor], list[Tensor]]:
        """Final hidden states [T, width] of the valid tokens, and what the helpers look at."""
        text = self.model.model.language_model
        layout = Layout(batch.segment, batch.prefix, batch.stride)
        visual = (batch.ids == self.model.config.image_token_id)[layout.valid]
        x = text.embed_tokens(batch.ids[layout.valid])
        x = x.masked_scatter(visual[:, None], seen.to(x.dtype))
        flat = batch.positions[:, layout.valid][:, None]
        cos, sin = (r[0][:, None] for r in text.rotary_emb(x, flat))
        dense, looked, spoken = [], [], []
        for i, layer in enumerate(text.layers):
            x, query, key = layer_forward(layer, x, (cos, sin), layout)
            if i in DENSE_LAYERS:
                dense.append(x[visual].view(seen.shape))
            if i in LOOK_LAYERS:
                looked.append(look_loss(query, key, layout, batch))
                spoken.append(x)
        return text.norm(x), dense, looked, spoken

    def _text_loss(self, hidden: Tensor, batch: Batch) -> Tensor:
        valid = batch.segment >= 0
        taught = batch.labels[valid] != IGNORE
        labels = batch.labels[valid][taught]
        logits = self.model.lm_head(hidden[taught]).float()
        scores = logits.log_softmax(-1)
        is_number = (labels >= self.numbers[0]) & (labels <= self.numbers[-1])
        words = -scores[~is_number].gather(1, labels[~is_number][:, None]).sum()
        among = scores[is_number][:, self.numbers[0] : self.numbers[-1] + 1]
        near = self.soft[labels[is_number] - self.numbers[0]]
        return (words - 1.5 * (among * near).sum()) / len(labels)


def _soft_targets(count: int) -> Tensor:
    """Row n: how much of each number counts as right when n is meant (σ = 1 pixel)."""
    steps = torch.arange(count).float()
    weights = torch.exp(-((steps[:, None] - steps) ** 2) / 2)
    weights[weights < 0.01] = 0
    return weights / weights.sum(1, keepdim=True)


def dense_losses(
    kinds: Tensor, colours: Tensor, boxes: Tensor, batch: Batch, origin: Tensor | float
) -> dict[str, Tensor]:
    """Losses of dense labels; boxes are predicted relative to ``origin`` (shares of the frame)."""
    owned = batch.owner >= 0
    truth = batch.boxes.gather(1, batch.owner.clamp_min(0)[..., None].expand(-1, -1, 4))
    return {
        "kind": F.cross_entropy(kinds.float().flatten(0, 1), batch.kinds.flatten()),
        "colour": F.cross_entropy(
            colours.float().flatten(0, 1), batch.colours.flatten(), ignore_index=IGNORE
        ),
        "box": 5 * (boxes.float() + origin - truth)[owned].abs().mean(),
    }


class Layout:
    """How the rows of a batch lie: a prefix of P tokens, then K pairs of S places each.

    Linear layers see the valid tokens only, flat; attention sees each pair beside its prefix.
    """

    def __init__(self, segment: Tensor, prefix: int, stride: int) -> None:
        self.valid = segment >= 0
        self.index = self.valid.flatten().nonzero()[:, 0]
        self.rows, self.length = segment.shape
        self.prefix, self.stride = prefix, stride
        self.pairs = (self.length - prefix) // stride
        causal = torch.ones(stride, stride, dtype=torch.bool, device=segment.device).tril()
        self.allowed = torch.cat([causal.new_ones(stride, prefix), causal], dim=1)

    def spread(self, flat: Tensor) -> tuple[Tensor, Tensor]:
        """[T, heads, width] to prefixes [B, heads, P, width] and pairs [B, K, heads, S, width]."""
        full = flat.new_zeros(self.rows * self.length, *flat.shape[1:]).index_copy(0, self.index, flat)
        full = full.view(self.rows, self.length, *flat.shape[1:])
        pairs = full[:, self.prefix :].unflatten(1, (self.pairs, self.stride))
        return full[:, : self.prefix].transpose(1, 2), pairs.transpose(2, 3)

    def gather(self, prefixes: Tensor, pairs: Tensor) -> Tensor:
        """The way back, to [T, heads · width]."""
        full = torch.cat([prefixes.transpose(1, 2), pairs.transpose(2, 3).flatten(1, 2)], dim=1)
        return full.flatten(0, 1).flatten(1)[self.index]

    def beside(self, prefixes: Tensor, pairs: Tensor) -> Tensor:
        """Each pair's own after its prefix: [B, K, heads, P + S, width]."""
        shared = prefixes[:, None].expand(-1, self.pairs, -1, -1, -1)
        return torch.cat([shared, pairs], dim=3)

    def attend(self, query: Tensor, key: Tensor, value: Tensor) -> Tensor:
        """Causal attention within each prefix, and of each pair on its prefix and itself."""
        (q0, q), (k0, k), (v0, v) = (self.spread(t) for t in (query, key, value))
        causal = torch.ones(self.prefix, self.prefix, dtype=torch.bool, device=q0.device).tril()
        keys, values = self.beside(k0, k), self.beside(v0, v)
        return self.gather(_attend(q0, k0, v0, causal), _attend(q, keys, values, self.allowed))


def _attend(query: Tensor, key: Tensor, value: Tensor, allowed: Tensor | None = None) -> Tensor:
    """Plain attention; on a CPU its backward pass is faster than the fused kernel's."""
    with torch.autocast(query.device.type, enabled=False):
        scores = (query * query.shape[-1] ** -0.5) @ key.transpose(-1, -2)
        if allowed is not None:
            scores = scores + torch.zeros_like(allowed, dtype=scores.dtype).masked_fill(~allowed, -1e4)
        return scores.softmax(-1) @ value


def look_loss(query: Tensor, key: Tensor, layout: Layout, batch: Batch) -> Tensor:
    """−log of head 0's attention that falls on the visual tokens of the thing spoken of."""
    _, q = layout.spread(query[:, :1].float())
    k0, k = layout.spread(key[:, :1].float())
    scores = q[:, :, 0] @ layout.beside(k0, k)[:, :, 0].transpose(-1, -2) / q.shape[-1] ** 0.5
    scores = scores.masked_fill(~layout.allowed, float("-inf"))
    ground = batch.ground[:, layout.prefix :].unflatten(1, (layout.pairs, layout.stride))
    wanted = batch.owner[:, None, None, :] == ground[..., None]
    first = layout.prefix - 1 - CELLS * CELLS
    visual = scores[..., first : first + CELLS * CELLS].masked_fill(~wanted, -1e4)
    return (scores.logsumexp(-1) - visual.logsumexp(-1))[ground >= 0].mean()


def vision_forward(model: Qwen2_5_VLForConditionalGeneration, pixels: Tensor) -> Tensor:
    """What `get_image_features` gives, for pictures that all have the frame's size."""
    tower = model.model.visual
    count = pixels.shape[0]
    x = (pixels.float() - MEAN.to(pixels.device)[:, None, None]) / STD.to(pixels.device)[:, None, None]
    x = x.view(count, 3, CELLS, MERGE, PATCH, CELLS, MERGE, PATCH)
    x = x.permute(0, 2, 5, 3, 6, 1, 4, 7).reshape(count, GRID * GRID, 3 * PATCH * PATCH)
    # A still picture is given to the 3-D convolution twice in time: the same as the summed kernel.
    x = F.linear(x, tower.patch_embed.proj.weight.sum(2).flatten(1))
    cos, sin = _vision_rotary(tower, x)
    for block in tower.blocks:
        x = x + _vision_attention(block.attn, block.norm1(x), cos, sin)
        x = x + block.mlp(block.norm2(x))
    merged = tower.merger.ln_q(x).reshape(count, CELLS * CELLS, -1)
    return tower.merger.mlp(merged)


def _vision_rotary(tower: nn.Module, x: Tensor) -> Rotary:
    order = torch.arange(GRID, device=x.device)
    rows = order.view(CELLS, 1, MERGE, 1).expand(CELLS, CELLS, MERGE, MERGE).flatten()
    columns = order.view(1, CELLS, 1, MERGE).expand(CELLS, CELLS, MERGE, MERGE).flatten()
    # position_ids as the library lays them out: [N, 2] of row and column
    return tower.rotary_pos_emb(x, torch.stack([rows, columns], dim=-1))


def _vision_attention(attn: nn.Module, x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    count, length, width = x.shape
    q, k, v = attn.qkv(x).view(count, length, 3, attn.num_heads, -1).permute(2, 0, 3, 1, 4)
    q, k = _rotated(q, cos, sin), _rotated(k, cos, sin)
    out = _attend(q, k, v)
    return attn.proj(out.transpose(1, 2).reshape(count, length, width))


def layer_forward(
    layer: nn.Module, x: Tensor, rotary: Rotary, layout: Layout
) -> tuple[Tensor, Tensor, Tensor]:
    """One language layer on flat tokens [T, width]; also its rotated queries and keys."""
    attn = layer.self_attn
    h = layer.input_layernorm(x)
    q, k, v = (p(h).view(len(h), -1, attn.head_dim) for p in (attn.q_proj, attn.k_proj, attn.v_proj))
    cos, sin = (r.to(q.dtype) for r in rotary)
    q, k = _rotated(q, cos, sin), _rotated(k, cos, sin)
    x = x + attn.o_proj(layout.attend(q, k, v))
    return x + layer.mlp(layer.post_attention_layernorm(x)), q, k


def _rotated(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    a, b = x.chunk(2, dim=-1)
    return (x * cos + torch.cat([-b, a], dim=-1) * sin).to(x.dtype)


class _Stream(IterableDataset[Batch]):
    """Batches drawn by a worker process while the model learns."""

    def __init__(self, lessons: Lessons) -> None:
        self.lessons = lessons

    def __iter__(self) -> Iterator[Batch]:
        torch.set_num_threads(1)
        return iter(self.lessons)


class Trainer:
    """One training run in a folder: ``state.pt`` to resume from, ``log.jsonl`` to plot."""

    def __init__(self, folder: Path, plan: Plan, device: str, say: Callable[[str], None]) -> None:
        torch.manual_seed(plan.seed)
        self.folder, self.plan, self.device, self.say = folder, plan, device, say
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
        loader = iter(DataLoader(_Stream(lessons), batch_size=None, num_workers=1, prefetch_factor=4))
        learn = (
            self.student.seeing_losses if self.phase == "seeing" else self.student.talking_losses
        )
        began = time.perf_counter()
        while self.step < steps:
            batch: Batch = next(loader)
            losses = self._learn(learn, batch.to(self.device), self._rate(steps))
            self.step += 1
            if self.step % 10 == 0:
                self._note(losses, time.perf_counter() - began)
            if self.step % self.plan.save_every == 0 or self.step == steps:
                self._save()

    def _learn(
        self, losses_of: Callable[[Batch], dict[str, Tensor]], batch: Batch, rate: float
    ) -> dict[str, float]:
        with torch.autocast(self.device, torch.bfloat16):
            losses = losses_of(batch)
        total = sum(losses.values())
        assert isinstance(total, Tensor)
        total.backward()
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
            ours, theirs = list(self.average.parameters()), list(self.student.parameters())
            torch._foreach_lerp_(ours, theirs, 1 - decay)

    def _rate(self, steps: int) -> float:
        """Warm up, hold, and cool down linearly over the last part."""
        rising = (self.step + 1) / self.plan.warmup
        falling = (steps - self.step) / (self.plan.cooldown * steps)
        return min(1.0, rising, falling)

    def _optimisers(self) -> list[torch.optim.Optimizer]:
        matrices, others = [], []
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

    def _note(self, losses: dict[str, float], seconds: float) -> None:
        row = {"phase": self.phase, "step": self.step, "seconds": round(seconds, 1)}
        row |= {name: round(value, 4) for name, value in losses.items()}
        with (self.folder / "log.jsonl").open("a") as log:
            log.write(json.dumps(row) + "\n")
        self.say(" ".join(f"{k}={v}" for k, v in row.items()))

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


def train(folder: Path, steps: int | None, say: Callable[[str], None]) -> None:
    """Train from nothing, or go on from the folder's state; the checkpoint goes to FOLDER/nano."""
    plan = Plan() if steps is None else Plan(talking_steps=steps)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    trainer = Trainer(folder, plan, device, say)
    trainer.run()
    trainer.checkpoint(folder / "nano")
    say(f"The checkpoint is in {folder / 'nano'}.")
