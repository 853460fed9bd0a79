"""A folder with one small picture, for labels that other tools write."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

WIDTH, HEIGHT = 20, 16


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    pixels = np.random.default_rng(0).integers(0, 255, (HEIGHT, WIDTH, 3), np.uint8)
    Image.fromarray(pixels).save(tmp_path / "dog park.png")
    return tmp_path
