"""Augmentation of pictures: other light, less contrast and colour, JPEG compression."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray


def augment(rng: np.random.Generator, image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The RGB picture [H, W, 3] with random changes: often darker, brighter, paler or from a JPEG file."""
    if rng.random() < 0.4:
        image = change_light(rng, image)
    if rng.random() < 0.2:
        image = fade(image, *rng.uniform(0.4, 1.1, 2))
    if rng.random() < 0.35:
        image = compress(image, int(rng.integers(25, 90)))
    return image


def change_light(rng: np.random.Generator, image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The picture in another light: exposure and gamma vary, sometimes a lot."""
    strong = rng.random() < 0.4
    gain = float(np.exp(rng.normal(0, 0.35 if strong else 0.12)))
    gamma = float(np.exp(rng.normal(0, 0.3 if strong else 0.1)))
    levels = 255 * gain * (np.arange(256) / 255) ** gamma + rng.uniform(-12, 12)
    return np.clip(levels, 0, 255).astype(np.uint8)[image]


def fade(image: NDArray[np.uint8], contrast: float, colour: float) -> NDArray[np.uint8]:
    """The picture with these shares of its contrast and colour; 1 changes nothing."""
    seen = image.astype(np.float32)
    grey = seen.mean(axis=2, keepdims=True)
    seen = grey + (seen - grey) * colour
    pale: NDArray[np.uint8] = np.clip(128 + (seen - 128) * contrast, 0, 255).astype(np.uint8)
    return pale


def compress(image: NDArray[np.uint8], quality: int) -> NDArray[np.uint8]:
    """The picture after JPEG compression with that quality (0 to 100)."""
    code = cv2.imencode(".jpg", image[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    back = cv2.imdecode(code, cv2.IMREAD_COLOR)
    return np.ascontiguousarray(back[:, :, ::-1])  # type: ignore[index]
