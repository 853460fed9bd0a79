"""How good the nano SAM 2 is on held-out scenes: IoU of its masks with the true ones, and its speed.

Boxes go through `load_sam2`, as in the app; points alone, which the app never sends, go to the same
checkpoint's model directly. GrabCut gets the same boxes and points.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import mean, median
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from transformers import Sam2Model, Sam2Processor

from demo.evaluate.feedback import middle_of
from demo.evaluate.metrics import mask_iou
from demo.nano.lessons.heldout import HELD_OUT
from demo.nano.world.drawing import Drawing, draw
from demo.nano.world.facts import inner_point
from demo.nano.world.layout import sample_scene
from demo.picture.geometry import PictureBox, Size
from demo.picture.masks import BoolArray
from demo.picture.picture import open_picture
from demo.segmenters.base import MaskPrompt, Segmenter
from demo.segmenters.grabcut import GrabCutSegmenter
from demo.segmenters.sam2 import load_sam2

ROUGH = 0.04  # spread of a rough box's edges, as a share of its sides
SIZES = {"below 1.5 % of the picture": 0.015, "1.5 to 5 %": 0.05, "above 5 %": 1.0}
CLICKS = 3
Click = tuple[int, int, int]  # x and y in picture pixels, 1 for on the thing and 0 for off it


def evaluate(
    folder: Path,
    scenes: int = 150,
    seed: int = 0,
    *,
    long_side: int | None = None,
    grabcut: bool = True,
    say: Callable[[str], None] = lambda _: None,
) -> dict[str, Any]:
    """Mean IoU by form of prompt and by size of the thing, and seconds.

    ``long_side`` draws every scene at that size instead of its own. Raises CheckpointError for a folder
    without a SAM 2.
    """
    began = time.perf_counter()
    segmenter = load_sam2(str(folder), "cpu", fetch=False)
    report = _Report(load_s=time.perf_counter() - began)
    prompter = Prompter(folder)
    for number in range(scenes):
        rng = np.random.default_rng([HELD_OUT + seed, number])
        drawing = _drawn(rng, long_side)
        prompts = _prompts(rng, drawing)
        report.add_boxed("", segmenter, drawing, prompts)
        report.add_clicked(prompter, drawing)
        if grabcut:
            report.add_boxed("GrabCut, ", GrabCutSegmenter(), drawing, prompts)
        if (number + 1) % 10 == 0:
            say(f"{number + 1} of {scenes} scenes")
    return report.to_dict()


class Prompter:
    """A checkpoint's model, prompted with clicks alone on one picture at a time."""

    def __init__(self, folder: Path) -> None:
        self._model = Sam2Model.from_pretrained(
            folder, dtype=torch.float32, use_safetensors=True, trust_remote_code=False
        ).eval()
        self._processor = Sam2Processor.from_pretrained(folder, trust_remote_code=False)

    @torch.inference_mode()
    def see(self, pixels: NDArray[np.uint8]) -> None:
        """Encode the picture [H, W, 3] that the next clicks are on."""
        seen = self._processor(images=pixels.copy(), return_tensors="pt")
        self._sizes = seen["original_sizes"]
        self._embeddings = self._model.get_image_embeddings(seen["pixel_values"])

    @torch.inference_mode()
    def masks(self, clicks: Sequence[Sequence[Click]]) -> list[BoolArray]:
        """For each thing's clicks, equally many for all, the mask that the model scores best."""
        inputs = self._processor(
            original_sizes=self._sizes,
            input_points=[[[[float(x), float(y)] for x, y, _ in one] for one in clicks]],
            input_labels=[[[label for *_, label in one] for one in clicks]],
            return_tensors="pt",
        )
        sizes = inputs.pop("original_sizes")
        out = self._model(image_embeddings=self._embeddings, multimask_output=True, **inputs)
        best = out.iou_scores[0].argmax(dim=-1)
        chosen = out.pred_masks[0][torch.arange(len(clicks)), best][:, None]
        found = self._processor.post_process_masks([chosen], sizes)[0]
        return [mask[0].numpy() for mask in found]


class _Report:
    """IoUs by form and by size, and times."""

    def __init__(self, load_s: float) -> None:
        self.load_s = load_s
        self.ious: dict[str, list[float]] = defaultdict(list)
        self.by_size: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
        self.quality_errors: list[float] = []
        self.prepare_s: list[float] = []
        self.segment_s: list[float] = []

    def add_boxed(
        self,
        prefix: str,
        segmenter: Segmenter,
        drawing: Drawing,
        prompts: dict[str, list[MaskPrompt]],
    ) -> None:
        """Segment all things of a picture with every form of prompt."""
        picture = open_picture(drawing.image)
        began = time.perf_counter()
        segmenter.prepare(picture)
        prepared = time.perf_counter()
        for form, of_form in prompts.items():
            start = time.perf_counter()
            segments = segmenter.segment(picture, of_form)
            if not prefix and form == "box + point":
                self.prepare_s.append(prepared - began)
                self.segment_s.append(time.perf_counter() - start)
            for segment, truth in zip(segments, drawing.masks, strict=True):
                iou = self._add(prefix + form, segment.mask.to_array(), truth)
                if segment.quality is not None:
                    self.quality_errors.append(abs(segment.quality - iou))

    def add_clicked(self, prompter: Prompter, drawing: Drawing) -> None:
        """Segment all things with one point, then with further ones where the mask is most wrong."""
        prompter.see(drawing.image)
        clicks: list[list[Click]] = []
        for mask in drawing.masks:
            point = inner_point(mask)
            clicks.append([(point.x, point.y, 1)])
        for count in range(1, CLICKS + 1):
            found = prompter.masks(clicks)
            for mask, truth, own in zip(found, drawing.masks, clicks, strict=True):
                self._add("point" if count == 1 else f"{count} points", mask, truth)
                own.append(_worst(mask, truth))

    def to_dict(self) -> dict[str, Any]:
        """Mean IoUs from 0 to 1; seconds are medians over pictures."""
        return {
            "things": len(self.ious["point"]),
            "mean_iou": {form: mean(v) for form, v in self.ious.items()},
            "share_above_0.9": {f: mean(i > 0.9 for i in v) for f, v in self.ious.items()},
            "by_size": {
                size: {"things": len(forms["point"])} | {f: mean(v) for f, v in forms.items()}
                for size, forms in sorted(self.by_size.items())
            },
            "mean_error_of_quality": mean(self.quality_errors),
            "load_s": self.load_s,
            "encode_s": median(self.prepare_s),
            "masks_s": median(self.segment_s),
        }

    def _add(self, form: str, mask: BoolArray, truth: BoolArray) -> float:
        iou = mask_iou(mask, truth)
        self.ious[form].append(iou)
        size = next(name for name, most in SIZES.items() if truth.mean() <= most)
        self.by_size[size][form].append(iou)
        return iou


def _drawn(rng: np.random.Generator, long_side: int | None) -> Drawing:
    scene = sample_scene(rng)
    if long_side is None:
        return draw(scene)
    scale = long_side / max(scene.aspect)
    return draw(scene, round(scene.aspect[0] * scale), round(scene.aspect[1] * scale))


def _prompts(rng: np.random.Generator, drawing: Drawing) -> dict[str, list[MaskPrompt]]:
    """All things by box and point, by box alone, and by an inexact box as from a small model."""
    height, width = drawing.image.shape[:2]
    boxes = [PictureBox(*box) for box in drawing.boxes]
    points = [inner_point(mask) for mask in drawing.masks]
    rough = [_rough(rng, box, Size(width, height)) for box in boxes]
    return {
        "box + point": [MaskPrompt(b, p) for b, p in zip(boxes, points, strict=True)],
        "box": [MaskPrompt(b) for b in boxes],
        "rough box + point": [MaskPrompt(b, p) for b, p in zip(rough, points, strict=True)],
    }


def _rough(rng: np.random.Generator, box: PictureBox, picture: Size) -> PictureBox:
    """The box with each edge off by about ``ROUGH`` of its side."""
    sides = (box.width, box.height, box.width, box.height)
    x1, y1, x2, y2 = (round(float(v)) for v in box.xyxy + rng.normal(0, ROUGH, 4) * sides)
    x1, y1 = max(x1, 0), max(y1, 0)
    return PictureBox(
        x1, y1, max(min(x2, picture.width), x1 + 1), max(min(y2, picture.height), y1 + 1)
    )


def _worst(mask: BoolArray, truth: BoolArray) -> Click:
    """The middle of the widest wrong area, where a person would click next."""
    x, y = middle_of(mask != truth).xy
    return x, y, int(truth[y, x])
