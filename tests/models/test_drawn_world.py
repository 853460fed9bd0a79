"""What belongs to nano's world and what does not, with the shipped weights."""

from __future__ import annotations

import io
import shlex
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import skimage
import torch
from PIL import Image
from safetensors.numpy import load_file, save_file

import app
from demo.checkpoints.catalogue import find_model
from demo.dialogue.examples import Example, load_examples
from demo.errors import CheckpointError
from demo.models.drawn_world import SIDE, WEIGHTS, Pixels, World, known_words, thumbnail
from demo.models.models import Models
from demo.nano.model.vocabulary import known_words as taught_words
from demo.nano.recogniser import pictures
from demo.nano.recogniser import train as recogniser
from demo.nano.world.drawing import draw
from demo.nano.world.scene import Scene
from demo.picture.picture import Picture, open_picture
from demo.reasoners.local import LocalReasoner

PHOTOGRAPHS = (
    "astronaut.png", "camera.png", "chelsea.png", "coffee.png", "coins.png", "grass.png",
    "gravel.png", "hubble_deep_field.jpg", "motorcycle_left.png", "retina.jpg", "rocket.jpg",
)  # fmt: skip
SCENES = 100


@pytest.fixture(scope="module")
def world() -> World:
    return World.load()


def test_scenes_that_training_did_not_see_belong(world: World) -> None:
    """In any light, shape, size from 320 to 1280 and JPEG quality from 40."""
    scenes = recogniser.heldout_scenes(SCENES, most=1280)
    assert sum(world.belongs(open_picture(image)) for image in scenes) >= 0.99 * SCENES


@pytest.mark.parametrize("size", [(320, 240), (240, 320), (1280, 400), (3840, 2160)])
@pytest.mark.parametrize("gain", [0.4, 1.0, 1.8])
def test_a_scene_belongs_at_any_size_and_in_any_light(
    world: World, scene: Scene, size: tuple[int, int], gain: float
) -> None:
    image = np.clip(draw(scene, *size).image * gain, 0, 255).astype(np.uint8)
    code = io.BytesIO()
    Image.fromarray(image).save(code, "JPEG", quality=40)
    assert world.belongs(open_picture(code.getvalue()))


@pytest.mark.parametrize("name", PHOTOGRAPHS)
def test_a_photograph_does_not_belong(world: World, name: str) -> None:
    assert not world.belongs(open_picture(Path(skimage.__file__).parent / "data" / name))


@pytest.mark.parametrize("example", [pytest.param(e, id=e.title) for e in load_examples()])
def test_the_examples_are_what_they_are_said_to_be(world: World, example: Example) -> None:
    assert world.belongs(open_picture(example.picture)) == ("photograph" not in example.note)


@pytest.mark.parametrize("make", [pytest.param(m, id=n) for n, m in pictures.GENERATORS.items()])
def test_other_pictures_do_not_belong(
    world: World, make: Callable[[np.random.Generator], Pixels]
) -> None:
    pictures = [open_picture(make(np.random.default_rng([1 << 40, i]))) for i in range(20)]
    assert sum(world.belongs(picture) for picture in pictures) <= 1


def test_the_network_that_is_trained_computes_the_same() -> None:
    network = recogniser.Recogniser().eval()
    image = np.random.default_rng(0).integers(0, 256, (SIDE, SIDE, 3), np.uint8)
    with torch.inference_mode():
        expected = float(network(recogniser.as_input(image)[None]))
    assert World(network.weights()).logit(image) == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize(("height", "width"), [(16, 16), (16, 320), (75, 4000), (2160, 3840)])
def test_a_thumbnail_has_one_size_whatever_the_picture(height: int, width: int) -> None:
    pixels = np.full((height, width, 3), 77, np.uint8)
    assert np.array_equal(thumbnail(pixels), np.full((SIDE, SIDE, 3), 77))


def test_the_weights_are_small() -> None:
    assert WEIGHTS.stat().st_size <= 300_000


@pytest.mark.parametrize("content", [pytest.param(None, id="missing"), b"", b"not weights"])
def test_missing_or_damaged_weights_are_said(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "world.safetensors"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(CheckpointError, match="missing or damaged"):
        World.load(path)


def test_a_weight_that_is_missing_is_named(tmp_path: Path) -> None:
    kept = {name: w for name, w in load_file(WEIGHTS).items() if not name.startswith("map.")}
    save_file(kept, tmp_path / "world.safetensors")
    with pytest.raises(
        CheckpointError, match=r"lacks 2 of the weights: map\.bias, map\.weight: get"
    ):
        World.load(tmp_path / "world.safetensors")


def test_advice_is_given_for_foreign_pictures_alone(nano: LocalReasoner, picture: Picture) -> None:
    models = Models(nano, None, "", "", "", World.load())
    assert models.advice_for(picture) is None
    advice = models.advice_for(open_picture(np.full((90, 90, 3), 255, np.uint8)))
    assert advice is not None
    for _, command in advice.ways:
        python, file, *options = shlex.split(command)
        assert (python, file) == ("python", "app.py")
        find_model(app.parser().parse_args(options).model)


def test_without_a_world_there_is_no_advice(nano: LocalReasoner) -> None:
    models = Models(nano, None, "", "", "")
    assert models.advice_for(open_picture(np.zeros((90, 90, 3), np.uint8))) is None


def test_the_same_seed_trains_the_same_weights(tmp_path: Path) -> None:
    image = np.random.default_rng(0).integers(0, 256, (200, 300, 3), np.uint8)
    (tmp_path / "source").mkdir()
    Image.fromarray(image).save(tmp_path / "source" / "noise.png")
    (tmp_path / "source" / "notes.txt").write_text("not a picture")
    paths = pictures.files_by_source(tmp_path)["source"]
    kept = [pictures.read_pictures(paths)]
    assert [image.shape for image in kept[0]] == [(160, 240, 3)]
    one, two = (recogniser.train(kept, 3, steps=2, pool=4).state_dict() for _ in range(2))
    assert all(torch.equal(one[name], two[name]) for name in one)


def test_the_table_counts_what_was_told_right() -> None:
    network = recogniser.Recogniser()
    torch.nn.init.constant_(network.head.bias, 100)
    others = {"grey": [np.full((9, 9, 3), 7, np.uint8)]}
    table = recogniser.measure(World(network.weights()), 3, others)
    assert "| held-out scenes | 3 | 3 | 100.00% |" in table
    assert "| grey | 1 | 0 | 0.00% |" in table


def test_the_list_of_what_nano_knows_is_that_of_its_lessons() -> None:
    assert known_words() == taught_words()


def test_a_list_that_is_missing_is_said(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"known\.json, is missing"):
        known_words(tmp_path / "known.json")
