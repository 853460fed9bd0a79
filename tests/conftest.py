"""Real things that many tests share: the built-in checkpoint, a drawn picture, a browser's name."""

from __future__ import annotations

import os

# Nothing may be fetched while testing, and nothing may be told to anybody.
os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"

import numpy as np
import pytest
import torch

from demo.nano.facts import Fact, facts_of
from demo.nano.world import Drawing, Scene, draw, sample_scene
from demo.pictures import Picture, open_picture
from demo.reasoners.catalogue import find_model
from demo.reasoners.local import LocalReasoner, load_local

torch.set_num_threads(2)


@pytest.fixture(scope="session")
def nano() -> LocalReasoner:
    """The shipped checkpoint, through the same loader as the 7B."""
    return load_local(find_model("nano"))


@pytest.fixture(scope="session")
def scene() -> Scene:
    return sample_scene(np.random.default_rng([1 << 40, 7]), 5)


@pytest.fixture(scope="session")
def drawing(scene: Scene) -> Drawing:
    return draw(scene)


@pytest.fixture(scope="session")
def facts(scene: Scene, drawing: Drawing) -> tuple[Fact, ...]:
    return facts_of(scene, drawing)


@pytest.fixture(scope="session")
def picture(drawing: Drawing) -> Picture:
    return open_picture(drawing.image, "scene.png")
