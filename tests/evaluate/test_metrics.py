"""AP, gIoU and cIoU on cases small enough to count by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from demo.answers.trace import parse_trace
from demo.evaluate.metrics import (
    Summary,
    TurnScore,
    is_hit,
    mask_iou,
    overlap,
    says_none,
    score_turn,
    summarize,
    summarize_rounds,
    union_of,
)
from demo.picture.geometry import PictureBox, Size
from demo.picture.masks import BoolArray

TRUTH = PictureBox(0, 0, 10, 10)
NEAR = PictureBox(0, 0, 10, 9)
FAR = PictureBox(50, 50, 60, 60)


def pixels(*rows: str) -> BoolArray:
    """A mask drawn with # for the object."""
    return np.array([[cell == "#" for cell in row] for row in rows])


LEFT, RIGHT, ALL, NONE = pixels("##.."), pixels("..##"), pixels("####"), pixels("....")


@pytest.mark.parametrize(
    ("predicted", "expected"),
    [
        pytest.param([TRUTH], True, id="the same box"),
        pytest.param([], False, id="no box"),
        pytest.param([FAR], False, id="another box"),
        pytest.param([FAR, NEAR], True, id="any of the boxes"),
        pytest.param([PictureBox(0, 0, 10, 5)], False, id="an IoU of one half is not enough"),
        pytest.param([PictureBox(0, 0, 10, 6)], True, id="just above one half"),
    ],
)
def test_hit(predicted: list[PictureBox], expected: bool) -> None:
    assert is_hit(predicted, TRUTH) is expected


@pytest.mark.parametrize(
    ("other", "iou"),
    [
        pytest.param(TRUTH, 1.0, id="equal"),
        pytest.param(PictureBox(5, 0, 15, 10), 50 / 150, id="edges are exclusive"),
        pytest.param(PictureBox(10, 0, 20, 10), 0.0, id="touching"),
        pytest.param(PictureBox(9, 9, 19, 19), 1 / 199, id="one pixel"),
        pytest.param(PictureBox(2, 2, 4, 4), 4 / 100, id="inside"),
        pytest.param(PictureBox(3, 3, 3, 8), 0.0, id="without width"),
    ],
)
def test_iou_of_boxes(other: PictureBox, iou: float) -> None:
    assert TRUTH.iou(other) == other.iou(TRUTH) == pytest.approx(iou)


def test_two_empty_boxes_share_nothing() -> None:
    empty = PictureBox(3, 3, 3, 3)
    assert empty.iou(empty) == 0.0


@pytest.mark.parametrize(
    ("predicted", "truth", "counted", "iou"),
    [
        pytest.param(LEFT, LEFT, (2, 2), 1.0, id="equal"),
        pytest.param(LEFT, RIGHT, (0, 4), 0.0, id="apart"),
        pytest.param(LEFT, ALL, (2, 4), 0.5, id="half"),
        pytest.param(NONE, ALL, (0, 4), 0.0, id="nothing predicted"),
        pytest.param(ALL, NONE, (0, 4), 0.0, id="nothing true"),
        pytest.param(NONE, NONE, (0, 0), 0.0, id="empty union"),
        pytest.param(LEFT.astype(np.uint8) * 255, ALL.astype(int), (2, 4), 0.5, id="numbers"),
    ],
)
def test_overlap(
    predicted: BoolArray, truth: BoolArray, counted: tuple[int, int], iou: float
) -> None:
    assert overlap(predicted, truth) == counted
    assert mask_iou(predicted, truth) == iou


@pytest.mark.parametrize(
    ("predicted", "truth", "message"),
    [
        pytest.param(NONE.T, ALL, r"shape \(1, 4\), got \(4, 1\)", id="turned"),
        pytest.param(NONE[0], ALL, r"\[H, W\], got \(4,\) and \(1, 4\)", id="a row"),
        pytest.param(NONE[None], NONE[None], r"got \(1, 1, 4\)", id="a batch"),
    ],
)
def test_masks_of_other_shapes_are_refused(
    predicted: BoolArray, truth: BoolArray, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        overlap(predicted, truth)


@given(arrays(bool, array_shapes(min_dims=2, max_dims=2, max_side=5)), st.data())
def test_iou_is_symmetric_and_a_share(mask: BoolArray, data: st.DataObject) -> None:
    other = data.draw(arrays(bool, mask.shape))
    assert mask_iou(mask, other) == mask_iou(other, mask)
    assert 0 <= mask_iou(mask, other) <= 1
    assert mask_iou(mask, mask) == float(mask.any())


def test_merged_masks() -> None:
    assert union_of([], Size(4, 1)).tolist() == NONE.tolist()
    assert union_of([LEFT, RIGHT], Size(4, 1)).tolist() == ALL.tolist()
    with pytest.raises(ValueError, match=r"shape \(4, 1\), got \(1, 4\)"):
        union_of([LEFT], Size(1, 4))


@pytest.mark.parametrize(
    ("predicted", "truth", "masks", "expected"),
    [
        pytest.param([TRUTH], [TRUTH], None, TurnScore(1, True), id="without masks"),
        pytest.param([FAR], [TRUTH], (LEFT, ALL), TurnScore(1, False, (2, 4)), id="with masks"),
        pytest.param([FAR], [TRUTH, FAR], None, TurnScore(1, False), id="only the first truth"),
        pytest.param([], [], None, TurnScore(1, absent_right=True), id="rightly nothing"),
        pytest.param([FAR], [], (LEFT, NONE), TurnScore(1, absent_right=False), id="nothing there"),
    ],
)
def test_score_of_a_turn(
    predicted: list[PictureBox],
    truth: list[PictureBox],
    masks: tuple[BoolArray, BoolArray] | None,
    expected: TurnScore,
) -> None:
    assert score_turn(1, predicted, truth, masks) == expected


@pytest.mark.parametrize(
    ("answer", "is_right"),
    [
        pytest.param("[]", True, id="an empty list"),
        pytest.param("None", True, id="a word"),
        pytest.param("There is no dog in this image.", True, id="a sentence"),
        pytest.param('[{"bbox_2d": [0, 0, 0, 0], "point_2d": [0, 0]}]', True, id="zeros"),
        pytest.param("I cannot see images.", False, id="a refusal"),
        pytest.param("}{][", False, id="rubbish"),
        pytest.param('[{"point_2d": [5, 5]}]', False, id="a point alone"),
        pytest.param('[{"bbox_2d": [5, 5, 5, 9]}]', False, id="a box without an area"),
        pytest.param('[{"bbox_2d": [5, 5, 9, 9]}]', False, id="a box"),
    ],
)
def test_absent_is_right_only_where_the_answer_says_so(answer: str, is_right: bool) -> None:
    trace = parse_trace(f"<answer>{answer}</answer>", Size(840, 840))
    boxes = [item.box.to_picture(Size(840, 840), Size(840, 840)) for item in trace.objects]
    readable = says_none(problem.kind for problem in trace.problems)
    assert score_turn(1, boxes, [], readable=readable).absent_right is is_right


def test_rounds_count_from_one() -> None:
    with pytest.raises(ValueError, match="expected a round from 1, got 0"):
        score_turn(0, [], [])


SCORES = [
    TurnScore(1, True, (9, 10)),
    TurnScore(1, False, (0, 0)),
    TurnScore(2, True, (0, 90)),
    TurnScore(2, absent_right=True),
    TurnScore(3, absent_right=False),
]


def test_summary_of_all_turns() -> None:
    summary = summarize(SCORES)
    assert summary.turns == 3
    assert summary.ap == pytest.approx(2 / 3)
    assert summary.giou == pytest.approx((0.9 + 0.0 + 0.0) / 3)
    assert summary.ciou == pytest.approx(9 / 100)
    assert (summary.absent, summary.absent_accuracy) == (2, 0.5)


def test_summary_of_rounds() -> None:
    assert summarize_rounds(reversed(SCORES)) == {
        1: Summary(turns=2, ap=0.5, giou=0.45, ciou=0.9, absent=0, absent_accuracy=None),
        2: Summary(turns=1, ap=1.0, giou=0.0, ciou=0.0, absent=1, absent_accuracy=1.0),
        3: Summary(turns=0, ap=None, giou=None, ciou=None, absent=1, absent_accuracy=0.0),
    }


def test_summary_of_nothing_has_no_scores() -> None:
    assert summarize([]) == Summary(0, None, None, None, 0, None)


def test_every_turn_weighs_the_same_in_giou_and_every_pixel_in_ciou() -> None:
    """A small thing found and a large one missed."""
    summary = summarize([TurnScore(1, True, (10, 10)), TurnScore(1, False, (0, 990))])
    assert (summary.giou, summary.ciou) == (0.5, 0.01)


def test_empty_unions_only() -> None:
    summary = summarize([TurnScore(1, False, (0, 0)), TurnScore(2, False, (0, 0))])
    assert (summary.giou, summary.ciou) == (0.0, 0.0)


def test_turns_without_masks_have_no_mask_scores() -> None:
    summary = summarize([TurnScore(1, True), TurnScore(1, True, (1, 2))])
    assert (summary.ap, summary.giou, summary.ciou) == (1.0, 0.5, 0.5)
    assert summarize([TurnScore(1, True)]).giou is None
