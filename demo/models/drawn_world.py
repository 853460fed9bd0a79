"""Whether a picture shows nano's drawn world: a small network that looks at a thumbnail.

It knows one picture and its own weights, nothing of the language model, of questions or of pages; how it
is trained, and on what, is in `nano/recogniser`. It runs in NumPy: there is too little to compute for
several threads, which would wait for each other while nano or another program keeps the machine busy.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import cv2
import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load_file

from demo.checkpoints.tensors import missing_phrase
from demo.errors import CheckpointError
from demo.machine.own_files import ASSETS
from demo.picture.picture import Picture

WEIGHTS = ASSETS / "nano" / "world.safetensors"
KNOWN = ASSETS / "nano" / "known.json"
SIDE = 96
WIDTHS = (12, 24, 32, 48, 48)
STRIDES = (2, 2, 2, 2, 1)
GROUPS = 4
NAMES = (
    *(f"{i}.{n}" for i in range(len(STRIDES)) for n in ("conv.weight", "norm.weight", "norm.bias")),
    "map.weight", "map.bias", "head.weight", "head.bias",
)  # fmt: skip
Pixels = NDArray[np.uint8]
Floats = NDArray[np.float32]


class World:
    """Tells pictures of the drawn world from all others, in a few milliseconds on a CPU."""

    def __init__(self, weights: Mapping[str, Floats]) -> None:
        self._weights = weights

    @classmethod
    def load(cls, path: Path = WEIGHTS) -> World:
        """With the weights of a file. Raises CheckpointError when it is missing, damaged or lacks any."""
        again = "get the demo's assets folder once more."
        try:
            weights = load_file(path)
            if missing := set(NAMES) - set(weights):
                raise CheckpointError(
                    f"The file {path.name}, by which nano's world is recognised, lacks "
                    f"{missing_phrase(missing)}: {again}"
                )
            world = cls(weights)
            world.logit(np.zeros((SIDE, SIDE, 3), np.uint8))
        except (OSError, SafetensorError, ValueError) as error:
            raise CheckpointError(
                f"The weights that recognise nano's world, {path.name}, are missing or damaged: {again}"
            ) from error
        return world

    def belongs(self, picture: Picture) -> bool:
        """Whether the picture shows the drawn world."""
        return self.logit(picture.pixels) > 0

    def logit(self, pixels: Pixels) -> float:
        """How sure it is that an RGB picture [H, W, 3] shows the drawn world; 0 is undecided."""
        w = self._weights
        x = thumbnail(pixels).transpose(2, 0, 1).astype(np.float32) / 127.5 - 1
        for i, stride in enumerate(STRIDES):
            x = _convolved(x, w[f"{i}.conv.weight"], stride)
            x = np.maximum(_normed(x, w[f"{i}.norm.weight"], w[f"{i}.norm.bias"]), 0)
        spots = np.tensordot(w["map.weight"][:, :, 0, 0], x, 1) + w["map.bias"][:, None, None]
        seen = np.concatenate([x.mean((1, 2)), x.max((1, 2)), spots.ravel()])
        return float(w["head.weight"][0] @ seen + w["head.bias"][0])


def known_words(path: Path = KNOWN) -> dict[str, list[str]]:
    """What nano was taught, by headings that people read. Raises CheckpointError."""
    try:
        known: dict[str, list[str]] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise CheckpointError(
            f"The list of what nano knows, {path.name}, is missing: get the demo's assets folder once more."
        ) from error
    return known


def _convolved(x: Floats, weight: Floats, stride: int) -> Floats:
    """[C, H, W] under kernels [O, C, 3, 3], with a rim of zeros."""
    padded = np.pad(x, ((0, 0), (1, 1), (1, 1)))
    windows = sliding_window_view(padded, (3, 3), axis=(1, 2))[:, ::stride, ::stride]
    seen: Floats = np.tensordot(weight, windows, ((1, 2, 3), (0, 3, 4)))
    return seen


def _normed(x: Floats, weight: Floats, bias: Floats) -> Floats:
    """Group normalisation (Wu and He, 2018)."""
    grouped = x.reshape(GROUPS, -1)
    mean, spread = grouped.mean(1, keepdims=True), grouped.var(1, keepdims=True)
    even = ((grouped - mean) / np.sqrt(spread + 1e-5)).reshape(x.shape)
    normed: Floats = even * weight[:, None, None] + bias[:, None, None]
    return normed


def thumbnail(pixels: Pixels) -> Pixels:
    """RGB [H, W, 3] of any size as [SIDE, SIDE, 3], shape not kept.

    Large pictures are thinned out before they are averaged: that is quick, and enough is left.
    """
    step = max(1, min(pixels.shape[:2]) // (4 * SIDE))
    thinned = np.ascontiguousarray(pixels[::step, ::step])
    return np.asarray(cv2.resize(thinned, (SIDE, SIDE), interpolation=cv2.INTER_AREA), np.uint8)
