"""The shipped nano SAM 2: its size, and its masks on scenes that nobody trained on."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from demo.nano.lessons.heldout import HELD_OUT
from demo.nano.lessons.large import draw_large
from demo.nano.sam2.evaluate import Prompter
from demo.nano.world.drawing import Drawing, draw
from demo.nano.world.facts import inner_point
from demo.nano.world.large import sample_large_scene
from demo.nano.world.layout import sample_scene
from demo.picture.geometry import PictureBox
from demo.picture.picture import open_picture
from demo.segmenters.base import MaskPrompt
from demo.segmenters.sam2 import Sam2Segmenter, load_sam2
from tests import ROOT

SHIPPED = ROOT / "assets" / "nano-sam2"


@pytest.fixture(scope="module")
def shipped() -> Sam2Segmenter:
    return load_sam2(str(SHIPPED), "cpu", fetch=False)


@pytest.fixture(scope="module")
def drawings() -> list[Drawing]:
    """A few scenes that nobody trained on."""
    rngs = (np.random.default_rng([HELD_OUT + 1, number]) for number in range(10))
    return [draw(sample_scene(rng, 4)) for rng in rngs]


def mean_iou(masks: list[NDArray[Any]], truths: list[NDArray[Any]]) -> float:
    pairs = zip(masks, truths, strict=True)
    return float(np.mean([(one & other).sum() / (one | other).sum() for one, other in pairs]))


def test_shipped_weights_are_small() -> None:
    assert sum(path.stat().st_size for path in SHIPPED.iterdir()) <= 12e6


@pytest.mark.parametrize("pointed", [True, False], ids=["box and point", "box alone"])
def test_shipped_masks_by_box(
    pointed: bool, shipped: Sam2Segmenter, drawings: list[Drawing]
) -> None:
    found: list[NDArray[Any]] = []
    for drawing in drawings:
        prompts = [
            MaskPrompt(PictureBox(*box), inner_point(mask) if pointed else None)
            for box, mask in zip(drawing.boxes, drawing.masks, strict=True)
        ]
        segments = shipped.segment(open_picture(drawing.image), prompts)
        found += [s.mask.to_array() for s in segments]
        assert all(s.quality is not None and s.quality > 0.4 for s in segments)
    assert mean_iou(found, [mask for drawing in drawings for mask in drawing.masks]) > 0.88


def test_shipped_masks_of_small_things_in_large_scenes(shipped: Sam2Segmenter) -> None:
    found: list[NDArray[Any]] = []
    truths: list[NDArray[Any]] = []
    for number in range(3):
        rng = np.random.default_rng([HELD_OUT + 1, number])
        drawing = draw_large(sample_large_scene(rng)).drawing
        small = [
            i for i, box in enumerate(drawing.boxes) if max(box[2] - box[0], box[3] - box[1]) < 60
        ]
        assert small
        prompts = [MaskPrompt(PictureBox(*drawing.boxes[i])) for i in small]
        found += [s.mask.to_array() for s in shipped.segment(open_picture(drawing.image), prompts)]
        truths += [drawing.masks[i] for i in small]
    assert mean_iou(found, truths) > 0.88


def test_shipped_masks_by_point_alone(drawings: list[Drawing]) -> None:
    prompter, found = Prompter(SHIPPED), []
    for drawing in drawings:
        prompter.see(drawing.image)
        found += prompter.masks(
            [[(p.x, p.y, 1)] for p in (inner_point(mask) for mask in drawing.masks)]
        )
    assert mean_iou(found, [mask for drawing in drawings for mask in drawing.masks]) > 0.85
