"""How the recogniser of nano's world is trained and measured: ``python -m demo.nano.training.recogniser``.

Drawn scenes are made here. What does not belong to the world comes from a folder with one folder of
pictures per source (photographs cannot be shipped), and from a few kinds drawn here, among them worlds
that look much like nano's. A second such folder is only measured. It knows no language model.

The shipped weights have seen pictures of Debian 12's packages opencv-doc, mate-backgrounds,
plasma-workspace-wallpapers, gimp-help-en, tuxpaint-stamps-default, openclipart-png, supertux-data,
kgeography-data, krita-data and hugin-data, and of npm's startbootstrap themes.
"""

from __future__ import annotations

import argparse
import itertools
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import deepcopy
from pathlib import Path

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from PIL import Image
from safetensors.numpy import save_file
from torch import Tensor, nn

from demo.errors import PictureError
from demo.models.drawn_world import (
    GROUPS,
    SIDE,
    STRIDES,
    WEIGHTS,
    WIDTHS,
    Floats,
    Pixels,
    World,
    thumbnail,
)
from demo.nano.lessons.heldout import HELD_OUT
from demo.nano.world.drawing import draw
from demo.nano.world.layout import sample_scene
from demo.nano.world.wear import through_jpeg
from demo.picture.picture import open_picture

BATCH = 64
STEPS = 1400
RATE = 2e-3
KEEP = 0.99  # of the moving average of the weights, per step
POOL, FRESH = 1500, 8  # drawn scenes kept, and how many of them each step replaces
KEPT_SIDE = 240  # of the foreign pictures in memory
Rng = np.random.Generator


# Drawn scenes -------------------------------------------------------------------------------------


def drawn(rng: Rng, least: int = 160, most: int = 360) -> Pixels:
    """A scene of the world, so many pixels long; a third are stretched to another shape."""
    scene = sample_scene(rng)
    width, height = scene.aspect
    long = float(np.exp(rng.uniform(np.log(least), np.log(most))))
    if rng.random() < 0.33:
        ratio = float(np.exp(rng.uniform(-0.9, 0.9)))
        width, height = round(1000 * min(1.0, ratio)), round(1000 * min(1.0, 1 / ratio))
    scale = long / max(width, height)
    image: Pixels = draw(scene, round(width * scale), round(height * scale)).image
    return image


def worn(rng: Rng, image: Pixels) -> Pixels:
    """The picture as people have it: cut a little, dark or bright, pale, blurred, as a JPEG."""
    height, width = image.shape[:2]
    if rng.random() < 0.3:
        x0, x1 = (rng.uniform(0, 0.1, 2) * width).astype(int)
        y0, y1 = (rng.uniform(0, 0.1, 2) * height).astype(int)
        image = image[y0 : height - y1, x0 : width - x1]
    if rng.random() < 0.6:
        image = relit(rng, image)
    if rng.random() < 0.15:
        image = _blurred(rng, image)
    if rng.random() < 0.5:
        image = through_jpeg(image, int(rng.integers(25, 96)))
    return image


def relit(rng: Rng, image: Pixels) -> Pixels:
    """Another light: gain 0.4 to 1.8, gamma 0.6 to 1.7, and a little more or less of each colour."""
    gain = np.exp(rng.uniform(np.log(0.4), np.log(1.8))) * np.exp(rng.normal(0, 0.04, 3))
    gamma = float(np.exp(rng.uniform(np.log(0.6), np.log(1.7))))
    levels = 255 * gain * (np.arange(256)[:, None] / 255) ** gamma + rng.uniform(-12, 12)
    table = _bytes(levels)
    return np.stack([table[:, c][image[:, :, c]] for c in range(3)], axis=2)


def _bytes(values: NDArray[np.floating]) -> Pixels:
    return np.asarray(np.clip(values, 0, 255), dtype=np.uint8)


def _blurred(rng: Rng, image: Pixels) -> Pixels:
    return np.asarray(cv2.GaussianBlur(image, (0, 0), rng.uniform(0.5, 2.0)), dtype=np.uint8)


# Pictures that look like the world, or like nothing ---------------------------------------------------


def _tone(rng: Rng) -> list[int]:
    return [int(v) for v in rng.integers(0, 256, 3)]


def _size(rng: Rng) -> tuple[int, int]:
    return int(rng.integers(100, 260)), int(rng.integers(100, 260))


def _bands(rng: Rng) -> Pixels:
    """One colour, or a few that run into each other, downwards or aslant."""
    height, width = _size(rng)
    tones = rng.integers(0, 256, (int(rng.integers(1, 5)), 3))
    slope = 0.0 if rng.random() < 0.6 else float(rng.uniform(-1, 1))
    y, x = np.mgrid[0 : 1 : height * 1j, 0 : 1 : width * 1j]
    place = np.clip(y + slope * (x - 0.5), 0, 1) * max(1, len(tones) - 1)
    runs = [np.interp(place, np.arange(len(tones)), tones[:, c]) for c in range(3)]
    return np.stack(runs, axis=2).astype(np.uint8)


def _noise(rng: Rng) -> Pixels:
    """Noise from fine to cloudy, coloured or grey."""
    height, width = _size(rng)
    grain = float(np.exp(rng.uniform(0, np.log(60))))
    rough = rng.random((max(2, round(height / grain)), max(2, round(width / grain)), 3))
    smooth = cv2.resize(rough, (width, height), interpolation=cv2.INTER_CUBIC)
    if rng.random() < 0.3:
        smooth = smooth.mean(axis=2, keepdims=True).repeat(3, axis=2)
    low, high = np.sort(rng.integers(0, 256, (2, 3)), axis=0)
    return _bytes(low + smooth * (high - low))


def _shapes(rng: Rng) -> Pixels:
    """Flat shapes, some outlined, on a sky and hills of any colours: another cartoon."""
    canvas = _bands(rng)
    if rng.random() < 0.6:
        _hills(rng, canvas)
    for _ in range(int(rng.integers(1, 14))):
        _shape(rng, canvas)
    return canvas


def _hills(rng: Rng, canvas: Pixels) -> None:
    height, width = canvas.shape[:2]
    x = np.linspace(0, width, 40)
    for top in np.sort(rng.uniform(0.2, 0.9, int(rng.integers(1, 4)))):
        roll = 0.06 * np.sin(x / width * rng.uniform(2, 14) + rng.uniform(0, 6))
        edge = np.stack([x, (top + roll) * height], axis=1)
        outline = np.concatenate([edge, [(width, height), (0, height)]]).astype(np.int32)
        cv2.fillPoly(canvas, [outline], _tone(rng), cv2.LINE_AA)


def _shape(rng: Rng, canvas: Pixels) -> None:
    height, width = canvas.shape[:2]
    centre = rng.random(2) * (width, height)
    size = np.exp(rng.uniform(np.log(0.03), np.log(0.35))) * min(width, height)
    if rng.random() < 0.4:
        angles, reach = np.linspace(0, 2 * np.pi, 24, endpoint=False), np.ones(24)
    else:
        angles = np.sort(rng.uniform(0, 2 * np.pi, int(rng.integers(3, 9))))
        reach = rng.uniform(0.4, 1.2, len(angles))
    rim = np.stack([np.cos(angles), np.sin(angles)], axis=1) * reach[:, None] * size
    points = (centre + rim * rng.uniform(0.4, 1.2, 2)).astype(np.int32)
    cv2.fillPoly(canvas, [points], _tone(rng), cv2.LINE_AA)
    if rng.random() < 0.5:
        ink = [v // 4 for v in _tone(rng)]
        cv2.polylines(canvas, [points], True, ink, int(rng.integers(1, 4)), cv2.LINE_AA)


def _page(rng: Rng) -> Pixels:
    """A page or a screen: panels, lines of letters, buttons."""
    height, width = _size(rng)
    dark = rng.random() < 0.3
    paper, ink = (rng.integers(0, 60), 220) if dark else (rng.integers(225, 256), 40)
    canvas: Pixels = np.full((height, width, 3), paper, dtype=np.uint8)
    for _ in range(int(rng.integers(0, 6))):
        x, y = (int(v) for v in rng.random(2) * (width, height))
        end = (x + int(rng.integers(20, 200)), y + int(rng.integers(8, 120)))
        cv2.rectangle(canvas, (x, y), end, _tone(rng), int(rng.choice((-1, 1))))
    step = int(rng.integers(9, 26))
    for y in range(step, height, step):
        count = int(rng.integers(0, width // 7))
        text = "".join(chr(int(c)) for c in rng.integers(48, 122, count))
        cv2.putText(canvas, text, (int(rng.integers(2, 30)), y), cv2.FONT_HERSHEY_SIMPLEX,
                    step / 45, (ink, ink, ink), 1, cv2.LINE_AA)  # fmt: skip
    return canvas


def _chart(rng: Rng) -> Pixels:
    """Lines, bars or dots on white."""
    height, width = _size(rng)
    canvas: Pixels = np.full((height, width, 3), 255, dtype=np.uint8)
    cv2.rectangle(canvas, (25, 10), (width - 10, height - 20), (60, 60, 60), 1)
    for _ in range(int(rng.integers(1, 5))):
        count, tone = int(rng.integers(4, 40)), _tone(rng)
        x = np.linspace(28, width - 14, count).astype(int)
        y = (rng.uniform(0.1, 0.9) + 0.1 * rng.normal(size=count).cumsum()) * height
        y = np.clip(y, 12, height - 22).astype(int)
        kind = rng.integers(3)
        if kind == 0:
            cv2.polylines(
                canvas, [np.stack([x, y], 1).astype(np.int32)], False, tone, 1, cv2.LINE_AA
            )
        for a, b in zip(x.tolist(), y.tolist(), strict=True):
            if kind == 1:
                cv2.rectangle(
                    canvas, (a, b), (a + max(2, width // count // 2), height - 20), tone, -1
                )
            elif kind == 2:
                cv2.circle(canvas, (a, b), int(rng.integers(1, 6)), tone, -1, cv2.LINE_AA)
    return canvas


def _shuffled(rng: Rng) -> Pixels:
    """A scene of the world cut to pieces or turned over: its look without its order."""
    image = drawn(rng)
    if rng.random() < 0.3:
        return np.ascontiguousarray(np.rot90(image, int(rng.integers(1, 4))))
    across = int(rng.integers(3, 6))  # of four pieces, one order in 24 would be the scene itself
    height, width = (s // across for s in image.shape[:2])
    tiles = [
        image[r * height : (r + 1) * height, c * width : (c + 1) * width]
        for r in range(across)
        for c in range(across)
    ]
    order = rng.permutation(len(tiles))
    rows = [
        np.concatenate([tiles[i] for i in order[r * across : (r + 1) * across]], axis=1)
        for r in range(across)
    ]
    return np.concatenate(rows)


MADE: Mapping[str, Callable[[Rng], Pixels]] = {
    "bands": _bands, "noise": _noise, "shapes": _shapes, "page": _page, "chart": _chart,
    "shuffled": _shuffled,
}  # fmt: skip


# Foreign pictures -----------------------------------------------------------------------------------


def sources(folder: Path) -> dict[str, list[Path]]:
    """The files of each source, by the source's name: the folders of a folder."""
    inner = sorted(p for p in folder.iterdir() if p.is_dir())
    return {p.name: sorted(f for f in p.rglob("*") if f.is_file()) for p in inner}


def read(paths: Sequence[Path]) -> list[Pixels]:
    """The pictures among the files, the long side at most `KEPT_SIDE`."""
    pictures = []
    for path in paths:
        try:
            image = Image.fromarray(open_picture(path).pixels)
        except PictureError:
            continue
        image.thumbnail((KEPT_SIDE, KEPT_SIDE))
        pictures.append(np.asarray(image))
    return pictures


def foreign(rng: Rng, kept: Sequence[Sequence[Pixels]], scene: Pixels) -> Pixels:
    """A picture outside the world: found (mostly) or made; some are dressed up as ``scene``."""
    if not kept or rng.random() < 0.3:
        return list(MADE.values())[int(rng.integers(len(MADE)))](rng)
    counts = np.array([len(pictures) for pictures in kept]) ** 0.5
    source = kept[int(rng.choice(len(kept), p=counts / counts.sum()))]
    image = _cut(rng, source[int(rng.integers(len(source)))])
    kind = rng.random()
    if kind < 0.12:
        return _flattened(rng, image)
    if kind < 0.3:
        image = _dressed(image, scene)
        return _flattened(rng, image) if rng.random() < 0.4 else image
    if kind < 0.36:
        return _collage(rng, image)
    return image


def _cut(rng: Rng, image: Pixels) -> Pixels:
    """A part of the picture, at least half as wide and as high, perhaps mirrored."""
    height, width = image.shape[:2]
    share = rng.uniform(0.5, 1.0, 2) if rng.random() < 0.6 else np.ones(2)
    h, w = max(8, int(height * share[0])), max(8, int(width * share[1]))
    y, x = int(rng.integers(height - h + 1)), int(rng.integers(width - w + 1))
    image = image[y : y + h, x : x + w]
    return np.ascontiguousarray(image[:, ::-1] if rng.random() < 0.5 else image)


def _flattened(rng: Rng, image: Pixels) -> Pixels:
    """The picture in few flat colours, as if drawn."""
    smooth = cv2.medianBlur(image, int(rng.choice((3, 5, 7, 9))))
    levels = int(rng.integers(3, 10))
    return np.asarray((smooth // (256 // levels)) * (256 // levels) + 128 // levels, dtype=np.uint8)


def _dressed(image: Pixels, scene: Pixels) -> Pixels:
    """The picture in the colours of a scene: each row gets the mean and spread of the scene's row."""
    rows = cv2.resize(scene, (64, image.shape[0]), interpolation=cv2.INTER_AREA).astype(np.float32)
    values = image.astype(np.float32)
    mean, spread = values.mean((0, 1)), values.std((0, 1)) + 1
    dressed = (values - mean) / spread * rows.std((0, 1)) * 0.7 + rows.mean(1, keepdims=True)
    return _bytes(dressed)


def _collage(rng: Rng, image: Pixels) -> Pixels:
    """The picture, small, on a cartoon that is not the world's."""
    canvas = _shapes(rng)
    height, width = (int(s * rng.uniform(0.3, 0.7)) for s in canvas.shape[:2])
    y, x = int(rng.integers(canvas.shape[0] - height)), int(rng.integers(canvas.shape[1] - width))
    canvas[y : y + height, x : x + width] = cv2.resize(image, (width, height))
    return canvas


# Training -------------------------------------------------------------------------------------------


class Recogniser(nn.Module):
    """Thumbnails in, one number each out: above 0 for the drawn world. `World` computes the same.

    What is where counts (sky above, ground below), and so does the look of any part, so the head sees
    a small map as well as the mean and the strongest of each feature.
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
    rng: Rng, kept: Sequence[Sequence[Pixels]], size: int = POOL
) -> Iterator[tuple[Tensor, Tensor]]:
    """Endless pairs of thumbnails uint8 [B, 3, SIDE, SIDE] and answers [B]; half are of the world."""
    pool = [drawn(rng) for _ in range(size)]
    while True:
        for _ in range(FRESH):
            pool[int(rng.integers(size))] = drawn(rng)
        picks = [pool[int(i)] for i in rng.integers(size, size=BATCH)]
        own, others = picks[: BATCH // 2], [foreign(rng, kept, s) for s in picks[BATCH // 2 :]]
        yield (
            torch.stack([as_input(worn(rng, image)) for image in (*own, *others)]),
            torch.tensor([1.0] * len(own) + [0.0] * len(others)),
        )


def as_input(image: Pixels) -> Tensor:
    """The network's input for a picture: uint8 [3, SIDE, SIDE]."""
    return torch.from_numpy(thumbnail(image)).permute(2, 0, 1)


def train(
    kept: Sequence[Sequence[Pixels]], seed: int, steps: int = STEPS, pool: int = POOL
) -> Recogniser:
    """A network trained on scenes and foreign pictures; the moving average of its weights."""
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    network = Recogniser()
    average = deepcopy(network)
    optimiser = torch.optim.AdamW(network.parameters(), lr=RATE, weight_decay=0.02)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, RATE, steps, pct_start=0.1)
    stream = batches(rng, kept, pool)
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
            print(f"step {step} of {steps}, loss {recent / (1 - 0.98**step):.4f}", flush=True)
    return average.eval()


@torch.no_grad()
def _follow(average: Recogniser, network: Recogniser) -> None:
    for slow, fast in zip(average.parameters(), network.parameters(), strict=True):
        slow.lerp_(fast, 1 - KEEP)


@torch.no_grad()
def centre(network: Recogniser, rng: Rng, kept: Sequence[Sequence[Pixels]]) -> None:
    """Move the head's bias so that 0 lies midway between the hardest of the world and of the others."""
    stream = batches(rng, kept)
    pairs = [(network(pixels), answers) for pixels, answers in (next(stream) for _ in range(60))]
    scores, answers = (torch.cat(column) for column in zip(*pairs, strict=True))
    low, high = scores[answers > 0.5].quantile(0.002), scores[answers < 0.5].quantile(0.998)
    print(f"scenes above {float(low):.2f}, others below {float(high):.2f}")
    network.head.bias.sub_((low + high) / 2)


# Measuring --------------------------------------------------------------------------------------------


def heldout_scenes(count: int, most: int = 3840) -> Iterator[Pixels]:
    """Scenes that no training has seen, from 320 pixels on, in any shape, light and JPEG quality."""
    for number in range(count):
        rng = np.random.default_rng([HELD_OUT, number])
        image = drawn(rng, 320, most)
        if rng.random() < 0.5:
            image = relit(rng, image)
        if rng.random() < 0.5:
            image = through_jpeg(image, int(rng.integers(40, 96)))
        yield image


def measure(world: World, scenes: int, others: Mapping[str, Sequence[Pixels]]) -> str:
    """A table: how many scenes and how many pictures of each source are told right."""
    own = np.array([world.logit(image) > 0 for image in heldout_scenes(scenes)])
    told = {
        name: np.array([world.logit(image) <= 0 for image in images])
        for name, images in others.items()
    }
    lines = [_row("held-out scenes", own), *(_row(name, right) for name, right in told.items())]
    lines.append(_row("all sources", np.concatenate(list(told.values()))))
    return "\n".join(["| source | pictures | right | |", "|---|---|---|---|", *lines])


def _row(name: str, right: NDArray[np.bool_]) -> str:
    return f"| {name} | {len(right)} | {right.sum()} | {right.mean():.2%} |"


def main(arguments: Sequence[str] | None = None) -> None:
    """Train with one folder of foreign pictures, measure with another, write the weights."""
    parser = argparse.ArgumentParser(prog="python -m demo.nano.training.recogniser")
    parser.add_argument("folder", type=Path, help="foreign pictures, a folder for each source")
    parser.add_argument("measured", type=Path, help="others, which training must not see")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--steps", type=int, default=STEPS)
    parser.add_argument("--out", type=Path, default=WEIGHTS)
    options = parser.parse_args(arguments)
    torch.set_num_threads(1)
    kept = {name: read(paths) for name, paths in sources(options.folder).items()}
    network = train(list(kept.values()), options.seed, options.steps)
    centre(network, np.random.default_rng([options.seed, 1]), list(kept.values()))
    save_file(network.weights(), options.out)
    others = {name: read(paths) for name, paths in sources(options.measured).items()}
    print(measure(World.load(options.out), 1000, others))


if __name__ == "__main__":
    main()
