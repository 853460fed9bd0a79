"""Where names stand on a picture: within it, and not on each other while there is room."""

from __future__ import annotations

from itertools import combinations

import pytest

from demo.figures import labels
from demo.figures.labels import HEIGHT, places, width_of
from demo.picture.geometry import PictureBox, Size

SIZE = Size(400, 300)
LETTERS = 12.0
TALL = HEIGHT * LETTERS


def boxes_of(*corners: tuple[int, int, int, int]) -> list[PictureBox]:
    return [PictureBox(*corner) for corner in corners]


@pytest.mark.parametrize(
    "boxes",
    [
        pytest.param(boxes_of((100, 100, 200, 200)), id="one"),
        pytest.param(boxes_of(*[(100, 100, 200, 200)] * 8), id="the same box eight times"),
        pytest.param(boxes_of((0, 0, 400, 300), (0, 0, 40, 30)), id="at the upper left"),
        pytest.param(boxes_of((390, 0, 400, 8), (380, 0, 400, 300)), id="at the right"),
        pytest.param(boxes_of((0, 292, 4, 300), (0, 280, 400, 300)), id="at the bottom"),
        pytest.param(boxes_of(*((x, 50, x + 30, 80) for x in range(0, 360, 12))), id="in a row"),
        pytest.param([], id="none"),
    ],
)
def test_labels_lie_within_the_picture_and_apart(boxes: list[PictureBox]) -> None:
    names = [f"R{number}.1" for number in range(1, len(boxes) + 1)]
    corners = places(boxes, names, SIZE, LETTERS)
    areas = [
        (x, y, x + width_of(n, LETTERS), y + TALL) for (x, y), n in zip(corners, names, strict=True)
    ]
    for x1, y1, x2, y2 in areas:
        assert 0 <= x1 <= x2 <= SIZE.width
        assert 0 <= y1 <= y2 <= SIZE.height
    for one, other in combinations(areas, 2):
        across = min(one[2], other[2]) - max(one[0], other[0])
        down = min(one[3], other[3]) - max(one[1], other[1])
        assert min(across, down) < 1e-6


def test_a_label_stands_above_its_box_where_it_can() -> None:
    assert places(boxes_of((100, 100, 200, 200)), ["R1"], SIZE, LETTERS) == [(100, 100 - TALL)]


def test_a_picture_smaller_than_its_label_keeps_it_at_its_corner() -> None:
    assert places(boxes_of((2, 2, 9, 9)), ["R1"], Size(16, 16), LETTERS) == [(0, 0)]


def test_very_many_stand_at_their_boxes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(labels, "_MAX_PLACED", 3)
    boxes = boxes_of(*[(100, 100, 200, 200)] * 4)
    assert places(boxes, ["R1"] * 4, SIZE, LETTERS) == [(100, 100 - TALL)] * 4
