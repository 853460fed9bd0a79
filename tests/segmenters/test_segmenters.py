"""Segmenters: GrabCut on drawn pictures, SAM 2 with small random checkpoints of both kinds."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import (
    Sam2Config,
    Sam2ImageProcessor,
    Sam2Model,
    Sam2Processor,
    Sam2VideoConfig,
    Sam2VideoModel,
)

from demo.errors import CheckpointError
from demo.models.drawn_world import World
from demo.nano.world.drawing import Drawing, draw
from demo.nano.world.layout import sample_scene
from demo.picture.geometry import PictureBox, PicturePoint
from demo.picture.masks import BoolArray
from demo.picture.picture import Picture, open_picture
from demo.picture.regions import Click
from demo.segmenters.base import MaskPrompt, Segment
from demo.segmenters.by_picture import SegmenterByPicture
from demo.segmenters.grabcut import GrabCutSegmenter
from demo.segmenters.sam2 import AT_ONCE, ENCODINGS_KEPT, Sam2Segmenter, load_sam2
from tests import ROOT


def arrays(segments: Sequence[Segment]) -> list[BoolArray]:
    return [segment.mask.to_array() for segment in segments]


def iou(one: BoolArray, other: BoolArray) -> float:
    return float((one & other).sum() / (one | other).sum())


def filled(box: PictureBox, picture: Picture) -> BoolArray:
    pixels = np.zeros(picture.pixels.shape[:2], bool)
    pixels[box.y1 : box.y2, box.x1 : box.x2] = True
    return pixels


def noise(width: int, height: int, seed: int = 0) -> Picture:
    generator = np.random.default_rng(seed)
    return open_picture(generator.integers(0, 256, (height, width, 3), dtype=np.uint8))


# --- GrabCut -----------------------------------------------------------------------------------

RED, GREEN, BLUE, WHITE = (200, 30, 30), (30, 160, 60), (30, 60, 200), (250, 250, 250)


def painted(width: int, height: int, *things: tuple[PictureBox, tuple[int, int, int]]) -> Picture:
    """Rectangles in one colour each on a grey ground with a little noise."""
    pixels = np.random.default_rng(0).integers(110, 131, (height, width, 3), dtype=np.uint8)
    for box, colour in things:
        pixels[box.y1 : box.y2, box.x1 : box.x2] = colour
    return open_picture(pixels)


def cut_out(picture: Picture, *prompts: MaskPrompt) -> list[BoolArray]:
    return arrays(GrabCutSegmenter().segment(picture, prompts))


def drawings() -> list[Drawing]:
    """Four scenes of five things, from seeds of their own."""
    return [draw(sample_scene(np.random.default_rng([1 << 41, seed]), 5)) for seed in range(4)]


def test_grabcut_finds_the_shapes_of_drawn_things() -> None:
    # 0.96 when this was written; the boxes themselves reach 0.63.
    ious = []
    for drawing in drawings():
        prompts = [MaskPrompt(PictureBox(*map(int, box))) for box in drawing.boxes]
        masks = cut_out(open_picture(drawing.image), *prompts)
        ious += [iou(mask, truth) for mask, truth in zip(masks, drawing.masks, strict=True)]
    assert len(ious) == 20
    assert np.mean(ious) > 0.9


def test_grabcut_keeps_the_order_and_cuts_each_thing_by_itself() -> None:
    boxes = [
        PictureBox(200, 140, 260, 200),
        PictureBox(30, 30, 90, 80),
        PictureBox(220, 20, 280, 70),
        PictureBox(20, 150, 60, 210),
    ]
    picture = painted(320, 240, *zip(boxes, (RED, GREEN, BLUE, WHITE), strict=True))
    prompts = [MaskPrompt(PictureBox(b.x1 - 8, b.y1 - 8, b.x2 + 8, b.y2 + 8)) for b in boxes]
    masks = cut_out(picture, *prompts)
    for box, mask in zip(boxes, masks, strict=True):
        assert iou(mask, filled(box, picture)) > 0.95
    for prompt, mask in zip(prompts, masks, strict=True):
        assert np.array_equal(cut_out(picture, prompt)[0], mask)


def test_grabcut_takes_the_thing_at_the_point() -> None:
    left, right = PictureBox(70, 60, 130, 140), PictureBox(170, 60, 230, 140)
    picture = painted(300, 200, (left, RED), (right, BLUE))
    box = PictureBox(60, 50, 240, 150)
    (both,) = cut_out(picture, MaskPrompt(box, PicturePoint(100, 100)))
    assert both[100, 100]
    assert not (both & ~filled(box, picture)).any()


@pytest.mark.parametrize("corner", [(0, 0), (240, 0), (0, 180), (240, 180)], ids="at {}".format)
def test_grabcut_at_the_border(corner: tuple[int, int]) -> None:
    x, y = corner
    box = PictureBox(x, y, x + 80, y + 60)
    thing = PictureBox(x + 10 * (x > 0), y + 10 * (y > 0), x + 70 + 10 * (x > 0), y + 60)
    picture = painted(320, 240, (thing, RED))
    (mask,) = cut_out(picture, MaskPrompt(box))
    assert iou(mask, filled(thing, picture)) > 0.95


@pytest.mark.parametrize(
    ("box", "point"),
    [
        pytest.param((0, 0, 400, 200), None, id="fills the picture"),
        pytest.param((0, 0, 400, 200), (399, 199), id="fills the picture, with a point"),
        pytest.param((50, 50, 51, 51), (50, 50), id="one pixel"),
        pytest.param((0, 0, 1, 1), None, id="the first pixel"),
        pytest.param((399, 199, 400, 200), (399, 199), id="the last pixel"),
        pytest.param((0, 100, 400, 101), None, id="a line across"),
        pytest.param((100, 0, 101, 200), None, id="a line down"),
    ],
)
def test_grabcut_without_room_to_tell_apart_gives_the_box(
    box: tuple[int, int, int, int], point: tuple[int, int] | None
) -> None:
    picture = noise(400, 200)
    prompt = MaskPrompt(PictureBox(*box), PicturePoint(*point) if point else None)
    assert np.array_equal(cut_out(picture, prompt)[0], filled(PictureBox(*box), picture))


def test_grabcut_gives_the_box_of_what_looks_like_its_ground() -> None:
    picture = open_picture(np.full((100, 100, 3), 90, np.uint8))
    box = PictureBox(20, 20, 60, 70)
    assert np.array_equal(cut_out(picture, MaskPrompt(box))[0], filled(box, picture))


def test_grabcut_of_a_strip_far_longer_than_it_works_with() -> None:
    picture = noise(4000, 200)
    box = PictureBox(0, 100, 4000, 101)
    assert np.array_equal(cut_out(picture, MaskPrompt(box))[0], filled(box, picture))


@pytest.mark.parametrize(
    "point", [(40, 30), (100, 90), (99, 89), (0, 0), (159, 119)], ids="point {}".format
)
def test_grabcut_with_a_point_at_the_edge_or_beyond(point: tuple[int, int]) -> None:
    box = PictureBox(40, 30, 100, 90)
    picture = painted(160, 120, (PictureBox(45, 35, 95, 85), GREEN))
    (mask,) = cut_out(picture, MaskPrompt(box, PicturePoint(*point)))
    assert iou(mask, filled(PictureBox(45, 35, 95, 85), picture)) > 0.8
    assert not (mask & ~filled(box, picture)).any()


def test_grabcut_repeats_itself_and_claims_no_quality() -> None:
    picture = noise(120, 90)
    prompt = MaskPrompt(PictureBox(20, 20, 90, 70), PicturePoint(50, 50))
    one, other = GrabCutSegmenter().segment(picture, [prompt, prompt])
    assert one == other
    assert one.quality is None
    assert GrabCutSegmenter().segment(picture, []) == []


# --- SAM 2 -------------------------------------------------------------------------------------

SIDE = 64
VISION: dict[str, Any] = {
    "model_type": "sam2_vision_model",
    "backbone_config": {
        "model_type": "sam2_hiera_det_model",
        "hidden_size": 8,
        "image_size": [SIDE, SIDE],
        "blocks_per_stage": [1, 1, 2, 1],
        "embed_dim_per_stage": [8, 16, 32, 64],
        "num_attention_heads_per_stage": [1, 1, 2, 2],
        "window_size_per_stage": [8, 4, 4, 2],
        "global_attention_blocks": [3],
        "window_positional_embedding_background_size": [2, 2],
    },
    "backbone_channel_list": [64, 32, 16, 8],
    "backbone_feature_sizes": [[16, 16], [8, 8], [4, 4]],
    "fpn_hidden_size": 16,
}
PARTS: dict[str, Any] = {
    "vision_config": VISION,
    "prompt_encoder_config": {"hidden_size": 16, "image_size": SIDE, "mask_input_channels": 8},
    "mask_decoder_config": {
        "hidden_size": 16,
        "mlp_dim": 16,
        "num_attention_heads": 2,
        "iou_head_hidden_dim": 16,
    },
}
MEMORY: dict[str, Any] = {
    "image_size": SIDE,
    "memory_attention_hidden_size": 16,
    "memory_attention_num_layers": 1,
    "memory_attention_feed_forward_hidden_size": 16,
    "memory_attention_rope_feat_sizes": [4, 4],
    "memory_encoder_hidden_size": 16,
    "memory_encoder_output_channels": 8,
    "mask_downsampler_embed_dim": 16,
    "memory_fuser_num_layers": 1,
    "memory_fuser_embed_dim": 16,
    "memory_fuser_intermediate_dim": 16,
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint of the picture model with random weights, large enough to differ by prompt."""
    path = tmp_path_factory.mktemp("sam2")
    torch.manual_seed(0)
    model = Sam2Model(Sam2Config(**PARTS))
    with torch.no_grad():
        for weights in model.parameters():
            if weights.ndim > 1:
                weights.normal_(std=0.2)
    model.save_pretrained(path)
    size = {"height": SIDE, "width": SIDE}
    Sam2Processor(Sam2ImageProcessor(size=size)).save_pretrained(path)
    return path


@pytest.fixture(scope="module")
def video_folder(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same weights as Meta publishes theirs: a video model, its processor in three files."""
    path = tmp_path_factory.mktemp("sam2_video")
    model = Sam2VideoModel(Sam2VideoConfig(**PARTS, **MEMORY))
    assert not model.load_state_dict(load_file(folder / "model.safetensors"), strict=False)[1]
    model.save_pretrained(path)
    processor = json.loads((folder / "processor_config.json").read_text())
    named = {"processor_class": "Sam2VideoProcessor"}
    files = {
        "preprocessor_config.json": {
            **processor["image_processor"],
            **named,
            "image_processor_type": "Sam2ImageProcessorFast",
        },
        "video_preprocessor_config.json": {
            **processor["image_processor"],
            **named,
            "video_processor_type": "Sam2VideoVideoProcessor",
        },
        "processor_config.json": {**named, "point_pad_value": -10, "target_size": SIDE},
    }
    for name, content in files.items():
        (path / name).write_text(json.dumps(content))
    return path


@pytest.fixture
def sam2(folder: Path) -> Sam2Segmenter:
    return load_sam2(str(folder), "cpu", fetch=False)


def hints_of(picture: Picture, count: int) -> list[MaskPrompt]:
    """Boxes all over the picture; every third is without a point."""
    width, height = picture.size.width, picture.size.height
    prompts = []
    for i in range(count):
        x, y = 7 * i % (width // 2), 5 * i % (height // 2)
        box = PictureBox(x, y, min(x + width // 3 + i, width), min(y + height // 3 + i, height))
        point = None if i % 3 == 2 else PicturePoint((box.x1 + box.x2) // 2, box.y1)
        prompts.append(MaskPrompt(box, point))
    return prompts


def encodings(segmenter: Sam2Segmenter) -> list[int]:
    """Grows by one whenever the model encodes a picture."""
    calls: list[int] = []
    segmenter._model.vision_encoder.register_forward_hook(lambda *_: calls.append(1))
    return calls


def test_sam2_is_named_after_its_folder(sam2: Sam2Segmenter, folder: Path) -> None:
    assert sam2.name == f"SAM 2 {folder.name}"


@pytest.mark.parametrize(
    "shape", [(64, 64), (230, 70), (17, 300), (301, 16), (101, 99)], ids="{0[0]} × {0[1]}".format
)
def test_sam2_masks_have_the_size_of_the_picture(
    sam2: Sam2Segmenter, shape: tuple[int, int]
) -> None:
    picture = noise(*shape)
    segments = sam2.segment(picture, hints_of(picture, 3))
    assert [segment.mask.size for segment in segments] == [picture.size] * 3
    for segment in segments:
        assert segment.quality is not None
        assert 0 <= segment.quality <= 1


@pytest.mark.parametrize("count", [0, 1, 4, AT_ONCE + 20], ids="{} objects".format)
def test_sam2_objects_do_not_depend_on_their_neighbours(sam2: Sam2Segmenter, count: int) -> None:
    """In one pass or many, with a point or beside one that has it."""
    picture = noise(150, 100)
    prompts = hints_of(picture, count)
    together = sam2.segment(picture, prompts)
    alone = [sam2.segment(picture, [prompt])[0] for prompt in prompts]
    assert len(together) == count
    for one, other in zip(together, alone, strict=True):
        assert np.mean(one.mask.to_array() != other.mask.to_array()) < 0.002
        assert one.quality == pytest.approx(other.quality, abs=1e-5)
    assert len({segment.mask for segment in together}) * 2 >= count


def test_sam2_point_makes_a_difference(sam2: Sam2Segmenter) -> None:
    picture, box = noise(150, 100), PictureBox(10, 10, 100, 80)
    prompts = [
        MaskPrompt(box),
        MaskPrompt(box, PicturePoint(20, 20)),
        MaskPrompt(box, PicturePoint(90, 70)),
    ]
    assert len({segment.mask for segment in sam2.segment(picture, prompts)}) == 3


@pytest.mark.parametrize("box", [None, PictureBox(10, 10, 100, 80)], ids=["no box", "a box"])
def test_sam2_takes_clicks_on_the_object_and_beside_it(
    sam2: Sam2Segmenter, box: PictureBox | None
) -> None:
    picture = noise(150, 100)
    on, beside = Click(PicturePoint(20, 20)), Click(PicturePoint(90, 70), positive=False)
    prompts = [
        MaskPrompt(box, None, (on,)),
        MaskPrompt(box, None, (on, beside)),
        MaskPrompt(box, None, (on, Click(beside.point))),
        MaskPrompt(box, on.point),
    ]
    first, negative, positive, point = sam2.segment(picture, prompts)
    assert len({s.mask for s in (first, negative, positive)}) == 3
    assert np.mean(point.mask.to_array() != first.mask.to_array()) < 0.002


def test_a_hint_needs_a_box_or_a_point_on_the_object() -> None:
    with pytest.raises(ValueError, match="a box or a point"):
        MaskPrompt(None, clicks=(Click(PicturePoint(1, 1), positive=False),))


def test_sam2_encodes_a_picture_once(sam2: Sam2Segmenter) -> None:
    calls = encodings(sam2)
    picture = noise(90, 60)
    sam2.prepare(picture)
    assert len(calls) == 1
    sam2.prepare(noise(90, 60))
    first = sam2.segment(picture, hints_of(picture, 2))
    assert sam2.segment(noise(90, 60), hints_of(picture, 2)) == first
    assert len(calls) == 1


def test_sam2_keeps_the_newest_few_pictures(sam2: Sam2Segmenter) -> None:
    pictures = [noise(60, 60, seed) for seed in range(ENCODINGS_KEPT + 1)]
    prompts = hints_of(pictures[0], 1)
    first = [sam2.segment(picture, prompts) for picture in pictures]
    assert len({segments[0].mask for segments in first}) == len(pictures)
    calls = encodings(sam2)
    sam2.segment(pictures[-1], prompts)
    sam2.segment(pictures[1], prompts)
    assert calls == []
    assert sam2.segment(pictures[0], prompts) == first[0]
    assert len(calls) == 1
    sam2.segment(pictures[1], prompts)
    assert len(calls) == 1


def test_sam2_loads_a_video_checkpoint_into_the_picture_model(
    sam2: Sam2Segmenter, video_folder: Path
) -> None:
    config = json.loads((video_folder / "config.json").read_text())
    assert config["model_type"] == "sam2_video"
    other = load_sam2(str(video_folder), "cpu", fetch=False)
    weights: dict[str, torch.Tensor] = sam2._model.state_dict()
    loaded: dict[str, torch.Tensor] = other._model.state_dict()
    assert weights.keys() == loaded.keys()
    assert all(torch.equal(weights[name], loaded[name]) for name in weights)
    picture = noise(130, 80)
    prompts = hints_of(picture, 5)
    assert other.segment(picture, prompts) == sam2.segment(picture, prompts)


# --- what is no checkpoint ---------------------------------------------------------------------


def no_config(folder: Path) -> None:
    (folder / "config.json").unlink()


def another_kind(folder: Path) -> None:
    (folder / "config.json").write_text('{"model_type": "qwen2_5_vl"}')


def no_json(folder: Path) -> None:
    (folder / "config.json").write_text("It was a dark night.")


def no_dictionary(folder: Path) -> None:
    (folder / "config.json").write_text("[]")


def no_weights(folder: Path) -> None:
    (folder / "model.safetensors").unlink()


def half_the_weights(folder: Path) -> None:
    weights = (folder / "model.safetensors").read_bytes()
    (folder / "model.safetensors").write_bytes(weights[: len(weights) // 2])


def one_weight_missing(folder: Path) -> None:
    weights = load_file(folder / "model.safetensors")
    del weights["mask_decoder.iou_token.weight"]
    save_file(weights, folder / "model.safetensors", {"format": "pt"})


def other_shapes(folder: Path) -> None:
    weights = load_file(folder / "model.safetensors")
    weights["mask_decoder.iou_token.weight"] = torch.zeros(1, 5)
    save_file(weights, folder / "model.safetensors", {"format": "pt"})


def no_processor(folder: Path) -> None:
    (folder / "processor_config.json").unlink()


def no_numbers(folder: Path) -> None:
    weights = load_file(folder / "model.safetensors")
    weights["mask_decoder.iou_token.weight"] *= float("nan")
    save_file(weights, folder / "model.safetensors", {"format": "pt"})


def whole_numbers(folder: Path) -> None:
    weights = load_file(folder / "model.safetensors")
    weights["mask_decoder.iou_token.weight"] = torch.arange(9, dtype=torch.int8)
    save_file(weights, folder / "model.safetensors", {"format": "pt"})


def pointer(folder: Path) -> None:
    (folder / "model.safetensors").write_text("version https://git-lfs.github.com/spec/v1\n")


def metas_own(folder: Path) -> None:
    (folder / "config.json").unlink()
    (folder / "sam2.1_hiera_tiny.pt").touch()


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (no_numbers, r"mask_decoder\.iou_token\.weight holds values that are not numbers"),
        (whole_numbers, r"mask_decoder\.iou_token\.weight holds whole numbers"),
        (pointer, "which git lfs pull in that folder fetches"),
        (metas_own, "in Meta’s own form"),
        (no_config, "has no config.json"),
        (another_kind, "its type is qwen2_5_vl"),
        (no_json, "no complete SAM 2 checkpoint"),
        (no_dictionary, "no complete SAM 2 checkpoint"),
        (no_weights, r"it has neither model\.safetensors nor"),
        (half_the_weights, r"model\.safetensors is cut off"),
        (one_weight_missing, r"lacks 1 of the weights: mask_decoder\.iou_token\.weight\."),
        (other_shapes, r"lacks 1 of the weights: mask_decoder\.iou_token\.weight\."),
        (no_processor, "no complete SAM 2 checkpoint"),
    ],
)
def test_sam2_refuses_what_is_no_checkpoint(
    folder: Path, tmp_path: Path, damage: Any, reason: str
) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    damage(copy)
    with pytest.raises(CheckpointError, match=reason) as caught:
        load_sam2(str(copy), "cpu", fetch=False)
    assert_sentence(str(caught.value), str(copy))


@pytest.mark.parametrize("fetch", [False, True], ids=["not asked to", "asked to"])
@pytest.mark.parametrize("source", ["tiny", "nobody/nothing", "/no/such/folder", ""])
def test_sam2_that_is_not_here_and_cannot_be_fetched(source: str, fetch: bool) -> None:
    with pytest.raises(CheckpointError) as caught:
        load_sam2(source, "cpu", fetch=fetch)
    assert_sentence(str(caught.value), source)


def assert_sentence(text: str, about: str) -> None:
    assert about in text
    assert text.endswith(".")
    assert not text.endswith("..")
    assert "\n" not in text


# --- one for drawn scenes, another for all else ---------------------------------------------------


@pytest.mark.parametrize(
    ("drawn", "estimates"),
    [pytest.param(True, True, id="a drawn scene"), pytest.param(False, False, id="a photograph")],
)
def test_the_picture_decides_who_makes_its_masks(
    sam2: Sam2Segmenter, picture: Picture, drawn: bool, estimates: bool
) -> None:
    """SAM 2 estimates the quality of its masks, GrabCut does not."""
    both = SegmenterByPicture(sam2, World.load().belongs, GrabCutSegmenter())
    shown = picture if drawn else open_picture(ROOT / "examples" / "coffee.jpg")
    both.prepare(shown)
    (segment,) = both.segment(shown, [MaskPrompt(PictureBox(20, 20, 120, 120))])
    assert (segment.quality is not None) == estimates
    assert both.name == sam2.name
