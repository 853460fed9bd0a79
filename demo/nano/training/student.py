"""The model with its helpers (auxiliary heads and losses), and the weight of each loss.

The helpers are thrown away after training. They predict dense labels (kind, colour, hat, box) from the
visual tokens that leave the tower and again inside the language model, there with absolute boxes; teach one
attention head which visual tokens show the thing being spoken of, and another which number of the question
is cited next; predict the box of the thing being spoken of; and, where a candidate is judged, the box of
the reference and every relation between the two.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from transformers import Qwen2_5_VLForConditionalGeneration

from demo.nano.lessons.batches import COLOUR_NAMES, IGNORE, Batch
from demo.nano.model.architecture import CELLS
from demo.nano.model.passes import Layout, layer_forward, pair_scores, vision_forward
from demo.nano.world.facts import FRAME, RELATIONS
from demo.nano.world.scene import KINDS

DENSE_LAYERS = (1, 3)  # after these language layers the visual tokens must encode their thing
LOOK_LAYERS = (3, 4)  # in these, head 0 must attend to the thing that is spoken of
SPOKEN_LAYERS = (3, 4, 6)  # after these, the tokens must encode the box of that thing
AGAINST_LAYERS = (
    3,
    4,
)  # after these, tokens that judge a thing must encode the reference's box, too
RELATED_LAYER = 5  # … and after this one, the relations between the two
COPY_LAYER = 4  # in this, head 1 must attend to the number of the question that is cited next
STEP = 4  # pixels of a bin
# How much more the first token about a thing counts than the following ones: there the thing is chosen,
# from what was said about the candidates, so it counts more in the later layer.
CHOICE = (1.0, 2.0)
# How much more a token counts that decides about a thing: verdicts, distances and choices depend on the
# picture, while nearly all other tokens follow from those before them.
DECISION = 4.0
# Keeps the scores of a supervised attention head near zero: a common shift changes nothing but costs digits
# of bfloat16. PaLM does the same for the scores of words (A. Chowdhery et al.: "PaLM", 2022, section 5).
BOUND = 1e-4
WEIGHTS = {
    "tower_kind": 0.5, "tower_colour": 0.3, "tower_hat": 0.5, "tower_box": 0.7,
    "dense1_kind": 0.2, "dense1_colour": 0.1, "dense1_hat": 0.1, "dense1_box": 0.3,
    "dense3_kind": 0.2, "dense3_colour": 0.1, "dense3_hat": 0.1, "dense3_box": 0.3,
    "look3": 0.2, "look4": 0.3, "spoken3": 0.2, "spoken4": 0.2, "spoken6": 0.2,
    "against3": 0.2, "against4": 0.3, "related5": 1.0,
    "copy": 0.3,
    "words": 1.0, "copied": 2.0, "numbers": 1.0,
}  # fmt: skip


class BoxBins(nn.Module):
    """Four edges, each as a distribution over bins of ``STEP`` pixels: learned faster than a number.

    The right answer is shared between the two nearest bins (X. Li et al.: "Generalized Focal Loss",
    NeurIPS 2020).
    """

    def __init__(self, width: int, low: int) -> None:
        super().__init__()
        self.low, self.bins = low, (FRAME.width - low) // STEP + 1
        self.out = nn.Linear(width, 4 * self.bins)

    def loss(self, x: Tensor, edges: Tensor) -> Tensor:
        """Cross entropy of hidden states [N, width] with edges [N, 4] in pixels."""
        scores = self.out(x).float().view(-1, 4, self.bins).log_softmax(-1)
        place = ((edges - self.low) / STEP).clamp(0, self.bins - 1.001)
        lower = place.long()
        share = place - lower
        below = scores.gather(2, lower[..., None])[..., 0]
        above = scores.gather(2, lower[..., None] + 1)[..., 0]
        return -((1 - share) * below + share * above).sum() / max(1, edges.numel())


class DenseHead(nn.Module):
    """Kind, colour, hat and box of the thing that a visual token shows; a box relative to ``origin``."""

    def __init__(self, width: int, origin: Tensor | None = None) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.kinds = nn.Linear(width, len(KINDS) + 2)
        self.colours = nn.Linear(width, len(COLOUR_NAMES))
        self.hats = nn.Linear(width, len(COLOUR_NAMES) + 1)
        self.boxes = BoxBins(width, 0 if origin is None else -FRAME.width)
        self.origin = nn.Buffer(torch.zeros(4) if origin is None else origin, persistent=False)

    def losses(self, x: Tensor, batch: Batch) -> dict[str, Tensor]:
        """Losses of visual tokens [B, C, width] against a batch's labels."""
        x = self.norm(x)
        owned = batch.owner >= 0
        edges = _boxes_of(batch.boxes, batch.owner) - self.origin
        return {
            "kind": _classes_loss(self.kinds(x), batch.kinds),
            "colour": _classes_loss(self.colours(x), batch.colours),
            "hat": _classes_loss(self.hats(x), batch.hats),
            "box": self.boxes.loss(x[owned], edges[owned]),
        }


def _classes_loss(scores: Tensor, labels: Tensor) -> Tensor:
    """Mean cross entropy of scores [B, C, classes] where there is a label [B, C]; 0 where there is none."""
    taught = labels != IGNORE
    total = F.cross_entropy(scores[taught].float(), labels[taught], reduction="sum")
    return total / taught.sum().clamp_min(1)


def _boxes_of(boxes: Tensor, things: Tensor) -> Tensor:
    """Boxes [B, N, 4] (shares) of the things [B, M] as pixels [B, M, 4]."""
    chosen = boxes.gather(1, things.clamp_min(0)[..., None].expand(-1, -1, 4))
    return chosen * FRAME.width


class Student(nn.Module):
    """The model with its helpers."""

    def __init__(self, model: Qwen2_5_VLForConditionalGeneration, numbers: list[int]) -> None:
        super().__init__()
        self.model = model
        width = model.config.text_config.hidden_size
        side = FRAME.width // CELLS
        rows = torch.arange(CELLS).repeat_interleave(CELLS)
        columns = torch.arange(CELLS).repeat(CELLS)
        centres = torch.stack([columns, rows, columns, rows], 1) * side + side / 2
        self.seeing = DenseHead(width, centres)
        self.dense = nn.ModuleList(DenseHead(width) for _ in DENSE_LAYERS)
        self.spoken = nn.ModuleList(BoxBins(width, 0) for _ in SPOKEN_LAYERS)
        self.against = nn.ModuleList(BoxBins(width, 0) for _ in AGAINST_LAYERS)
        self.related = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, len(RELATIONS)))
        self.numbers = numbers
        self.soft = nn.Buffer(_soft_targets(len(numbers)), persistent=False)

    def seen(self, pixels: Tensor) -> Tensor:
        """Visual tokens [B, C, width] of pictures uint8 [B, 3, H, W]."""
        return vision_forward(self.model, pixels)

    def seeing_losses(self, batch: Batch) -> dict[str, Tensor]:
        """Losses of the first phase."""
        return {
            f"tower_{k}": v for k, v in self.seeing.losses(self.seen(batch.pixels), batch).items()
        }

    def talking_losses(self, batch: Batch) -> dict[str, Tensor]:
        """Losses of the second phase."""
        seen = self.seen(batch.pixels)
        hidden, helpers = self._language(seen, batch)
        losses = {f"tower_{k}": v for k, v in self.seeing.losses(seen, batch).items()}
        return {**losses, **helpers, **self._text_losses(hidden, batch)}

    def _language(self, seen: Tensor, batch: Batch) -> tuple[Tensor, dict[str, Tensor]]:
        """Final hidden states [T, width] of the valid tokens, and the helpers' losses."""
        text: Any = self.model.model.language_model
        layout = Layout(batch.segment, batch.prefix, batch.stride)
        visual = (batch.ids == self.model.config.image_token_id)[layout.valid]
        x = text.embed_tokens(batch.ids[layout.valid])
        x = x.masked_scatter(visual[:, None], seen.to(x.dtype))
        flat = batch.positions[:, layout.valid][:, None]
        cos, sin = (r[0][:, None] for r in text.rotary_emb(x, flat))
        speaking = batch.ground[layout.valid] >= 0
        edges = _boxes_of(batch.boxes, batch.ground)[layout.valid][speaking]
        against = batch.against[layout.valid]
        reference = _boxes_of(batch.boxes, batch.against)[layout.valid][against >= 0]
        degrees = batch.degrees[layout.valid]
        losses: dict[str, Tensor] = {}
        dense, spoken, compared = _each(self.dense), _each(self.spoken), _each(self.against)
        for i, layer in enumerate(text.layers):
            x, query, key = layer_forward(layer, x, (cos, sin), layout)
            if i in DENSE_LAYERS:
                found = next(dense).losses(x[visual].view(seen.shape), batch)
                losses |= {f"dense{i}_{name}": loss for name, loss in found.items()}
            if i in LOOK_LAYERS:
                choice = CHOICE[LOOK_LAYERS.index(i)]
                losses[f"look{i}"] = look_loss(query[:, :1], key[:, :1], layout, batch, choice)
            if i in SPOKEN_LAYERS:
                losses[f"spoken{i}"] = next(spoken).loss(x[speaking], edges)
            if i in AGAINST_LAYERS:
                losses[f"against{i}"] = next(compared).loss(x[against >= 0], reference)
            if i == RELATED_LAYER:
                losses[f"related{i}"] = self._relations_loss(x, degrees)
            if i == COPY_LAYER:
                losses["copy"] = copy_loss(query[:, 1:2], key[:, 1:2], layout, batch)
        return text.norm(x), losses

    def _relations_loss(self, x: Tensor, degrees: Tensor) -> Tensor:
        """Cross entropy of all relations, of the tokens [T, width] that judge a thing."""
        wanted = degrees[degrees[:, 0] >= 0]
        found = self.related(x[degrees[:, 0] >= 0]).float()
        loss = F.binary_cross_entropy_with_logits(found, wanted, reduction="sum")
        return loss / max(1, wanted.numel())

    def _text_losses(self, hidden: Tensor, batch: Batch) -> dict[str, Tensor]:
        """Losses of the answers' tokens: words and copied numbers must be exact, seen numbers nearly so."""
        valid = batch.segment >= 0
        taught = batch.labels[valid] != IGNORE
        labels, source = batch.labels[valid][taught], batch.source[valid][taught]
        scores = self.model.lm_head(hidden[taught]).float().log_softmax(-1)
        exact = -scores.gather(1, labels[:, None])[:, 0]
        number = (labels >= self.numbers[0]) & (labels <= self.numbers[-1])
        copied, seen = number & (source >= 0), number & (source < 0)
        among = scores[seen][:, self.numbers[0] : self.numbers[-1] + 1]
        near = -(among * self.soft[labels[seen] - self.numbers[0]]).sum(1)
        weights = torch.where(batch.decides[valid][taught], DECISION, 1.0)
        count = len(labels)
        return {
            "words": (weights * exact)[~number].sum() / count,
            "copied": 2 * exact[copied].sum() / count,
            "numbers": 2 * (weights[seen] * near).sum() / count,
        }


def _each(heads: nn.ModuleList) -> Iterator[Any]:
    return iter(heads)


def _soft_targets(count: int) -> Tensor:
    """Row n: how much of each number counts as right when n is meant (σ = 1 pixel)."""
    steps = torch.arange(count).float()
    weights = torch.exp(-((steps[:, None] - steps) ** 2) / 2)
    weights[weights < 0.01] = 0
    return weights / weights.sum(1, keepdim=True)


def look_loss(
    query: Tensor, key: Tensor, layout: Layout, batch: Batch, choice: float = 1.0
) -> Tensor:
    """−log of the share of a head's attention that falls on the visual tokens of the thing spoken of.

    The first token about a thing weighs ``choice``, the following ones 1; large scores cost a little, too.
    """
    scores, whole = pair_scores(query, key, layout)
    ground = batch.ground[:, layout.prefix :].unflatten(1, (layout.pairs, layout.stride))
    wanted = batch.owner[:, None, None, :] == ground[..., None]
    first = layout.prefix - 1 - CELLS * CELLS
    visual = scores[..., first : first + CELLS * CELLS].masked_fill(~wanted, -1e4)
    # A thing hidden behind smaller ones may own no token; nothing can be asked of it.
    rows = (ground >= 0) & wanted.any(-1)
    begins = F.pad(ground[..., 1:] != ground[..., :-1], (1, 0), value=True)
    weights = torch.where(begins, choice, 1.0)[rows]
    missed = ((whole - visual.logsumexp(-1))[rows] * weights).sum() / weights.sum()
    return missed + BOUND * whole[rows].square().mean()


def copy_loss(query: Tensor, key: Tensor, layout: Layout, batch: Batch) -> Tensor:
    """−log of a head's attention to the number of the question that is cited next."""
    scores, whole = pair_scores(query, key, layout)
    source = batch.source[:, layout.prefix :].unflatten(1, (layout.pairs, layout.stride))
    at = scores.gather(-1, (layout.prefix + source.clamp_min(0))[..., None])[..., 0]
    rows = source >= 0
    return (whole - at)[rows].sum() / rows.sum().clamp_min(1)
