"""How far many boxes overlap, all with all."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from demo.picture.geometry import PictureBox


def iou_table(first: Sequence[PictureBox], second: Sequence[PictureBox]) -> NDArray[np.float64]:
    """The IoU of each of the first boxes with each of the second, [len(first), len(second)]."""
    a, b = (
        np.array([box.xyxy for box in boxes], np.int64).reshape(-1, 4) for boxes in (first, second)
    )
    a = a[:, None]
    sides = np.minimum(a[..., 2:], b[:, 2:]) - np.maximum(a[..., :2], b[:, :2])
    shared = np.maximum(sides, 0).prod(axis=-1)
    areas = ((box[..., 2:] - box[..., :2]).prod(axis=-1) for box in (a, b))
    union = sum(areas) - shared
    return np.asarray(shared / np.maximum(union, 1))
