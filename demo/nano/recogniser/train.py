"""How the recogniser of nano's world is trained and measured: `python -m demo nano train-recogniser`.

The shipped weights were trained on pictures of Debian 12's packages opencv-doc, mate-backgrounds,
plasma-workspace-wallpapers, gimp-help-en, tuxpaint-stamps-default, openclipart-png, supertux-data,
kgeography-data, krita-data and hugin-data, and of npm's startbootstrap themes.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import deepcopy
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from safetensors.numpy import save_file
from torch import Tensor, nn

from demo.models.drawn_world import (
    GROUPS,
    SIDE,
    STRIDES,
    WIDTHS,
    Floats,
    Pixels,
    World,
    thumbnail,
)
from demo.nano.lessons.augment import compress
from demo.nano.lessons.heldout import HELD_OUT
from demo.nano.recogniser.pictures import (
    Rng,
    augment,
    change_light,
    draw_scene,
    foreign_picture,
    pictures_by_source,
)

BATCH = 64
STEPS = 1400
RATE = 2e-3
KEEP = 0.99  # of the moving average of the weights, per step
POOL, FRESH = 1500, 8  # drawn scenes in memory, and how many of them each step replaces
SCENES = 1000  # that it is measured on


class Recogniser(nn.Module):
    """Gives a logit for each thumbnail: above 0 for the drawn world. `World` computes the same in NumPy.

    Both the arrangement of a picture (sky above, ground below) and the look of its parts count, so the
    head sees a small map as well as the mean and the maximum of each feature.
    """

    def __init__(self) -> None:
        super().__init__()
        widths = itertools.pairwise((3, *WIDTHS))
        self.layers = nn.ModuleList(map(_Layer, widths, STRIDES))
        self.map = nn.Conv2d(WIDTHS[-1], 4, 1)
        self.head = nn.Linear(2 * WIDTHS[-1] + 4 * (SIDE // math.prod(STRIDES)) ** 2, 1)

    def forward(self, pixels: Tensor) -> Tensor:
        """uint8 [B, 3, SIDE, SIDE] to logits [B]."""
        x = pixels.float() / 127.5 - 1
        for layer in self.layers:
            x = layer(x)
        seen = torch.cat([x.mean((2, 3)), x.amax((2, 3)), self.map(x).flatten(1)], dim=1)
        logits: Tensor = self.head(F.dropout(seen, 0.2, self.training))[:, 0]
        return logits

    def weights(self) -> dict[str, Floats]:
        """The weights by the names that `World` and its file use."""
        named = self.state_dict().items()
        return {name.removeprefix("layers."): value.numpy() for name, value in named}


class _Layer(nn.Module):
    def __init__(self, widths: tuple[int, int], stride: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(*widths, 3, stride, padding=1, bias=False)
        self.norm = nn.GroupNorm(GROUPS, widths[1])

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(self.norm(self.conv(x)))


def batches(
    rng: Rng, sources: Sequence[Sequence[Pixels]], size: int = POOL
) -> Iterator[tuple[Tensor, Tensor]]:
    """Endless batches of thumbnails uint8 [B, 3, SIDE, SIDE] and labels [B]; half are of the world."""
    pool = [draw_scene(rng) for _ in range(size)]
    while True:
        for _ in range(FRESH):
            pool[int(rng.integers(size))] = draw_scene(rng)
        picks = [pool[int(i)] for i in rng.integers(size, size=BATCH)]
        own, others = (
            picks[: BATCH // 2],
            [foreign_picture(rng, sources, s) for s in picks[BATCH // 2 :]],
        )
        yield (
            torch.stack([as_input(augment(rng, image)) for image in (*own, *others)]),
            torch.tensor([1.0] * len(own) + [0.0] * len(others)),
        )


def as_input(image: Pixels) -> Tensor:
    """The network's input for a picture: uint8 [3, SIDE, SIDE]."""
    return torch.from_numpy(thumbnail(image)).permute(2, 0, 1)


def train(
    sources: Sequence[Sequence[Pixels]],
    seed: int,
    steps: int = STEPS,
    pool: int = POOL,
    say: Callable[[str], None] = lambda _: None,
) -> Recogniser:
    """Train a network on scenes and foreign pictures; the moving average of its weights."""
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    network = Recogniser()
    average = deepcopy(network)
    optimiser = torch.optim.AdamW(network.parameters(), lr=RATE, weight_decay=0.02)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, RATE, steps, pct_start=0.1)
    stream = batches(rng, sources, pool)
    recent = 0.0
    for step in range(1, steps + 1):
        pixels, answers = next(stream)
        loss = F.binary_cross_entropy_with_logits(network(pixels), answers)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
        _follow(average, network)
        recent = 0.98 * recent + 0.02 * float(loss.detach())
        if step % 100 == 0:
            say(f"step {step} of {steps}, loss {recent / (1 - 0.98**step):.4f}")
    return average.eval()


@torch.no_grad()
def _follow(average: Recogniser, network: Recogniser) -> None:
    for slow, fast in zip(average.parameters(), network.parameters(), strict=True):
        slow.lerp_(fast, 1 - KEEP)


@torch.no_grad()
def centre(
    network: Recogniser,
    rng: Rng,
    sources: Sequence[Sequence[Pixels]],
    say: Callable[[str], None],
) -> None:
    """Set the head's bias so that 0 lies midway between the hardest scenes and the hardest others."""
    stream = batches(rng, sources)
    pairs = [(network(pixels), answers) for pixels, answers in (next(stream) for _ in range(60))]
    scores, answers = (torch.cat(column) for column in zip(*pairs, strict=True))
    low, high = scores[answers > 0.5].quantile(0.002), scores[answers < 0.5].quantile(0.998)
    say(f"scenes above {float(low):.2f}, others below {float(high):.2f}")
    network.head.bias.sub_((low + high) / 2)


def heldout_scenes(count: int, most: int = 3840) -> Iterator[Pixels]:
    """Scenes not seen in training, of 320 to ``most`` pixels, in any shape, light and JPEG quality."""
    for number in range(count):
        rng = np.random.default_rng([HELD_OUT, number])
        image = draw_scene(rng, 320, most)
        if rng.random() < 0.5:
            image = change_light(rng, image)
        if rng.random() < 0.5:
            image = compress(image, int(rng.integers(40, 96)))
        yield image


def measure(world: World, scenes: int, others: Mapping[str, Sequence[Pixels]]) -> str:
    """A Markdown table of how many scenes, and pictures of each source, are recognised correctly."""
    own = np.array([world.logit(image) > 0 for image in heldout_scenes(scenes)])
    correct = {
        name: np.array([world.logit(image) <= 0 for image in images])
        for name, images in others.items()
    }
    lines = [_row("held-out scenes", own), *(_row(name, right) for name, right in correct.items())]
    lines.append(_row("all sources", np.concatenate(list(correct.values()))))
    return "\n".join(["| source | pictures | right | |", "|---|---|---|---|", *lines])


def _row(name: str, right: NDArray[np.bool_]) -> str:
    return f"| {name} | {len(right)} | {right.sum()} | {right.mean():.2%} |"


def make_recogniser(
    folder: Path, measured: Path, out: Path, seed: int, steps: int, say: Callable[[str], None]
) -> None:
    """Train on the foreign pictures of ``folder`` and write the weights to ``out``.

    A table of how well it tells held-out scenes from the pictures of ``measured`` is given to ``say``.
    """
    torch.set_num_threads(1)
    sources = list(pictures_by_source(folder).values())
    network = train(sources, seed, steps, say=say)
    centre(network, np.random.default_rng([seed, 1]), sources, say)
    save_file(network.weights(), out)
    say(measure(World.load(out), SCENES, pictures_by_source(measured)))
