"""Which model is best for photographs on a computer, by how long its answers take there."""

from __future__ import annotations

import pytest

from demo.models.best import PATIENCE_S, Candidate, best_of, sentence_of

B = 10**9
SMALL = Candidate("small", "Small-2B", 2 * B, 30, 6)
MIDDLE = Candidate("middle", "Middle-4B", 4 * B, 70, 14)
LARGE = Candidate("large", "Large-8B", 8 * B, 200, 80)
SLOW = Candidate("slow", "Slow-7B", 7 * B, 300, 90)


@pytest.mark.parametrize(
    ("candidates", "best"),
    [
        ([], None),
        ([SMALL], SMALL),
        ([SMALL, MIDDLE, LARGE], MIDDLE),  # the largest that answers soon
        ([MIDDLE, SMALL], MIDDLE),
        ([LARGE, SLOW], LARGE),  # none answers soon: the quickest
        (
            [Candidate("a", "A", 8 * B, 9, PATIENCE_S), SMALL],
            Candidate("a", "A", 8 * B, 9, PATIENCE_S),
        ),
    ],
)
def test_best_is_the_largest_that_answers_soon(
    candidates: list[Candidate], best: Candidate | None
) -> None:
    assert best_of(candidates) == best


def test_of_one_size_the_one_that_was_trained_for_regions_is_best() -> None:
    general = Candidate("general", "General-8B", 8 * B + 1, 9, 3)
    trained = Candidate("trained", "Trained-8B", 8 * B, 10, 4, is_trained=True)
    assert best_of([general, trained]) == best_of([trained, general]) == trained


def test_why_it_is_best_is_said_with_figures() -> None:
    assert sentence_of(MIDDLE) == (
        "Best for photographs here: Middle-4B, the largest that answers soon (a first answer in about 70 "
        "seconds, later ones in 14 seconds)."
    )
    assert "the quickest of all (a first answer in about 3 minutes" in sentence_of(LARGE)


def test_of_two_forms_of_one_model_the_one_with_less_to_fetch_is_best() -> None:
    whole = Candidate("whole", "Qwen3-VL-2B", 2 * B, 30, 6, to_fetch=4 * B)
    packed = Candidate("packed", "Qwen3-VL-2B (Q4_K_M)", 2 * B, 30, 6, to_fetch=2 * B)
    assert best_of([whole, packed]) == best_of([packed, whole]) == packed
