"""The nano SAM 2: its lessons, its losses, a short training, and the shipped checkpoint."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from demo.nano.lessons.augment import compress
from demo.nano.sam2.batches import INSIDE, OUTSIDE, PADDING, PLACES, Batch, MaskBatchStream, Prompts
from demo.nano.sam2.evaluate import evaluate
from demo.nano.sam2.model import (
    MASK_STRIDE,
    Shape,
    build_model,
    build_processor,
    save_checkpoint,
    set_side,
)
from demo.nano.sam2.train import (
    WEIGHTS,
    Answer,
    Plan,
    Stage,
    Trainer,
    correction,
    decode,
    embeddings_of,
    feature_maps,
    mask_losses,
)
from demo.picture.geometry import PictureBox
from demo.picture.picture import open_picture
from demo.segmenters.base import MaskPrompt
from demo.segmenters.sam2 import load_sam2

SIDE = 64
SMALL = Shape(
    widths=(8, 16, 32, 64),
    blocks=(1, 1, 2, 1),
    heads=(1, 1, 2, 2),
    windows=(8, 4, 4, 2),
    global_blocks=(3,),
    decoder=32,
    decoder_heads=2,
)


@pytest.fixture(scope="module")
def batch() -> Batch:
    return MaskBatchStream(3, SIDE, 3, 4).batch()


def batch_with(form: str, wanted: int | None) -> tuple[Batch, Prompts]:
    """The first batch whose prompts of that form have so many columns of points."""
    lessons = MaskBatchStream(0, SIDE, 2, 4)
    for _ in range(40):
        batch = lessons.batch()
        prompts: Prompts = getattr(batch, form)
        columns = None if prompts.points is None else prompts.points.shape[2]
        if columns == wanted:
            return batch, prompts
    raise AssertionError(f"no {form} prompts with {wanted} columns in 40 batches")


# --- lessons -----------------------------------------------------------------------------------


def test_the_same_seed_gives_the_same_lessons() -> None:
    one, other = (MaskBatchStream(5, SIDE, 1, 2).batch() for _ in range(2))
    another = MaskBatchStream(6, SIDE, 1, 2).batch()
    assert torch.equal(one.pixels, other.pixels)
    assert torch.equal(one.pointed.things, other.pointed.things)
    assert not torch.equal(one.pixels, another.pixels)


def test_places_agree_with_the_coverage_of_their_cells(batch: Batch) -> None:
    cells = batch.coverage.shape[-1]
    x, y = (batch.places * cells).long().clamp(max=cells - 1).unbind(-1)
    share = batch.coverage.flatten(2).gather(2, y * cells + x)
    prompted = (batch.coverage > 0).flatten(2).any(-1)
    assert prompted.any()
    assert batch.inside[prompted].any(-1).all()
    assert not batch.inside[prompted].all(-1).any()
    # Enlarging mixes neighbouring cells, but a full or an empty cell is what it is.
    assert batch.inside[share == 255].all()
    assert not batch.inside[share == 0].any()


def test_things_that_are_not_there_are_never_prompted(batch: Batch) -> None:
    for prompts in (batch.boxed, batch.pointed):
        assert (batch.coverage > 0).flatten(2).any(-1).gather(1, prompts.things).all()


def test_boxes_are_near_the_true_ones() -> None:
    batch, prompts = batch_with("boxed", None)
    assert prompts.boxes is not None
    rows = torch.arange(len(prompts.things))[:, None]
    true = batch.boxes[rows, prompts.things] * SIDE
    sides = (true[..., 2:] - true[..., :2]).repeat(1, 1, 2)
    assert ((prompts.boxes - true).abs() < 0.25 * sides).all()
    assert (prompts.boxes != true).any()
    assert prompts.boxes.min() >= 0
    assert prompts.boxes.max() <= SIDE


def test_points_lie_on_the_thing_or_beside_it() -> None:
    batch, prompts = batch_with("pointed", 4)
    assert prompts.points is not None
    assert prompts.labels is not None
    assert set(prompts.labels.unique().tolist()) == {INSIDE, OUTSIDE, PADDING}
    assert (prompts.labels[..., 0] == INSIDE).all()
    rows = torch.arange(len(prompts.things))[:, None]
    coverage = batch.coverage[rows, prompts.things].flatten(2)
    x, y = (prompts.points / MASK_STRIDE).long().unbind(-1)
    share = coverage.gather(2, y * (SIDE // MASK_STRIDE) + x)
    assert (share[prompts.labels == INSIDE] > 0).all()
    assert (share[prompts.labels == OUTSIDE] < 255).all()


def test_a_quarter_of_the_places_lies_on_things(batch: Batch) -> None:
    """There a mask of all things at once is wrong, however well its edges fit."""
    cells = batch.coverage.shape[-1]
    x, y = (batch.places[:, 0, -PLACES // 4 :] * cells).long().clamp(max=cells - 1).unbind(-1)
    anything = batch.coverage.amax(dim=1).flatten(1)
    assert (anything.gather(1, y * cells + x) > 0).all()


def test_jpeg_keeps_red_red() -> None:
    red = np.full((16, 24, 3), (200, 30, 40), np.uint8)
    assert np.abs(compress(red, 90).astype(int) - red).max() < 6


# --- the model ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def embeddings(batch: Batch) -> tuple[Any, list[torch.Tensor]]:
    torch.manual_seed(0)
    model = build_model(SIDE, SMALL).eval()
    with torch.no_grad():
        model.no_memory_embedding.normal_()
        return model, embeddings_of(model, feature_maps(model, batch.pixels))


def test_pictures_are_encoded_as_the_library_does(
    batch: Batch, embeddings: tuple[Any, list[torch.Tensor]]
) -> None:
    model, ours = embeddings
    images = list(batch.pixels.permute(0, 2, 3, 1).numpy())
    pixels = build_processor(SIDE)(images=images, return_tensors="pt")["pixel_values"]
    theirs = model.get_image_embeddings(pixels)
    for one, other in zip(ours, theirs, strict=True):
        assert torch.allclose(one, other, atol=1e-4)


@pytest.mark.parametrize("form", ["boxed", "pointed"])
def test_masks_are_decoded_as_the_library_does(
    form: str, batch: Batch, embeddings: tuple[Any, list[torch.Tensor]]
) -> None:
    model, maps = embeddings
    prompts: Prompts = getattr(batch, form)
    with torch.no_grad():
        answer = decode(model, maps, prompts, several=True)
        out = model(
            image_embeddings=maps,
            input_boxes=prompts.boxes,
            input_points=prompts.points,
            input_labels=prompts.labels,
            multimask_output=True,
        )
    assert answer.logits.shape == (3, 4, 3, SIDE // MASK_STRIDE, SIDE // MASK_STRIDE)
    assert torch.allclose(answer.logits, out.pred_masks, atol=1e-4)
    assert torch.allclose(answer.quality, out.iou_scores, atol=1e-5)
    assert answer.tokens.shape == (3, 4, 3, SMALL.decoder)


def test_a_model_set_to_another_side_is_the_model_of_that_side() -> None:
    torch.manual_seed(0)
    model, other = build_model(SIDE, SMALL).eval(), build_model(2 * SIDE, SMALL).eval()
    set_side(model, 2 * SIDE)
    other.load_state_dict(model.state_dict())
    assert model.config.to_dict() == other.config.to_dict()
    inputs = {
        "pixel_values": torch.rand(1, 3, 2 * SIDE, 2 * SIDE),
        "input_boxes": torch.tensor([[[10.0, 20, 90, 100]]]),
    }
    with torch.no_grad():
        assert torch.equal(model(**inputs).pred_masks, other(**inputs).pred_masks)


# --- losses ------------------------------------------------------------------------------------


def perfect(batch: Batch, things: torch.Tensor) -> torch.Tensor:
    """The best logits [B, P, 3, c, c] that cells can hold: far from 0 where a cell is full or empty."""
    rows = torch.arange(len(things))[:, None]
    share = batch.coverage[rows, things].float() / 255
    return ((share - 0.5) * 20)[:, :, None].expand(-1, -1, 3, -1, -1)


def test_the_true_mask_has_the_least_losses(batch: Batch) -> None:
    things = batch.boxed.things
    best = perfect(batch, things)
    right, wrong = (
        mask_losses(logits, torch.ones(3, 4, 3), batch, things) for logits in (best, -best)
    )
    assert right["quality"] == 0
    assert wrong["quality"] > 0.9
    assert right["overlap"] < 0.1 < 0.9 < wrong["overlap"]
    assert right["edge"] < 0.4 < 4 < wrong["edge"]


def test_a_correction_points_to_where_the_mask_was_wrong(batch: Batch) -> None:
    prompts = batch.pointed
    logits = perfect(batch, prompts.things).clone()
    logits[..., : SIDE // MASK_STRIDE // 2, :] *= -1  # the upper half is wrong
    answer = Answer(logits, torch.rand(3, 4, 3), torch.rand(3, 4, 3, SMALL.decoder))
    corrected, masks = correction(batch, prompts, answer, torch.Generator().manual_seed(0))
    assert corrected.points is not None
    assert corrected.labels is not None
    point, label = corrected.points[:, 0, -1], corrected.labels[:, 0, -1]
    x, y = ((point + 0.5) / MASK_STRIDE).long().unbind(-1)
    assert (y < SIDE // MASK_STRIDE // 2).all()
    held = masks[torch.arange(len(masks)), 0, y, x] > 0
    assert torch.equal(label == INSIDE, ~held)
    assert prompts.points is not None
    assert corrected.points.shape[2] == prompts.points.shape[2] + 1


# --- training ----------------------------------------------------------------------------------


def losses_of(trainer: Trainer, batch: Batch) -> float:
    with torch.no_grad():
        losses = trainer.student.losses(batch, trainer.plan, torch.Generator().manual_seed(0))
    return float(sum(WEIGHTS[name] * float(loss) for name, loss in losses.items()))


def steps_of(folder: Path) -> list[int]:
    return [json.loads(line)["step"] for line in (folder / "log.jsonl").read_text().splitlines()]


def test_training_lowers_the_losses_and_goes_on_where_it_stopped(
    batch: Batch, tmp_path: Path
) -> None:
    plan = Plan(stages=(Stage(SIDE, 2, 20),), shape=SMALL, prompts=3, warmup=5, corrections=1.0)
    trainer = Trainer(tmp_path, plan, "cpu")
    before = losses_of(trainer, batch)
    trainer.run()
    after = losses_of(trainer, batch)
    assert after < 0.9 * before
    assert steps_of(tmp_path) == [10, 20]

    longer = Plan(
        stages=(Stage(SIDE, 2, 20), Stage(2 * SIDE, 1, 10)), shape=SMALL, prompts=3, warmup=5
    )
    resumed = Trainer(tmp_path, longer, "cpu")
    resumed.run()
    assert steps_of(tmp_path) == [10, 20, 30]
    resumed.checkpoint(tmp_path / "made")
    config = json.loads((tmp_path / "made" / "config.json").read_text())
    assert config["prompt_encoder_config"]["image_size"] == 2 * SIDE
    picture = open_picture(np.random.default_rng(0).integers(0, 256, (50, 90, 3), dtype=np.uint8))
    segmenter = load_sam2(str(tmp_path / "made"), "cpu", fetch=False)
    (segment,) = segmenter.segment(picture, [MaskPrompt(PictureBox(10, 10, 60, 40))])
    assert segment.mask.size == picture.size


@pytest.mark.parametrize(
    ("step", "side", "end"), [(0, 64, 3), (2, 64, 3), (3, 128, 5), (4, 128, 5)], ids=str
)
def test_a_step_belongs_to_its_stage(step: int, side: int, end: int) -> None:
    stage, until = Plan(stages=(Stage(64, 1, 3), Stage(128, 1, 2))).stage(step)
    assert (stage.side, until) == (side, end)


def test_there_is_no_stage_after_the_last() -> None:
    with pytest.raises(ValueError, match="has 5 steps, there is no step 5"):
        Plan(stages=(Stage(64, 1, 3), Stage(128, 1, 2))).stage(5)


# --- saving and evaluating -----------------------------------------------------------------------


def test_a_saved_checkpoint_is_what_was_saved(tmp_path: Path) -> None:
    torch.manual_seed(1)
    model = build_model(SIDE, SMALL)
    save_checkpoint(tmp_path, model)
    loaded = load_sam2(str(tmp_path), "cpu", fetch=False)
    weights = loaded._model.state_dict()
    assert all(torch.equal(weights[name], w.float()) for name, w in model.state_dict().items())


def test_evaluation_reports_every_form_of_prompt(tmp_path: Path) -> None:
    save_checkpoint(tmp_path, build_model(SIDE, SMALL))
    report = evaluate(tmp_path, scenes=1, seed=2, long_side=200)
    assert report["things"] >= 3
    ours = {"box + point", "box", "rough box + point", "point", "2 points", "3 points"}
    theirs = {f"GrabCut, {form}" for form in ("box + point", "box", "rough box + point")}
    assert set(report["mean_iou"]) == ours | theirs
    assert all(0 <= iou <= 1 for iou in report["mean_iou"].values())
    assert sum(size["things"] for size in report["by_size"].values()) == report["things"]
    assert report["load_s"] > 0
