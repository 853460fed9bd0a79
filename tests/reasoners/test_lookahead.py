"""Guesses at the next tokens, from texts that are known."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from demo.reasoners.lookahead import Lookahead

TEXTS = st.lists(st.lists(st.integers(0, 3), max_size=12), max_size=4)


@pytest.mark.parametrize(
    ("likely", "question", "written", "most", "guess"),
    [
        pytest.param([], [], [], 9, [], id="nothing is known"),
        pytest.param([[1, 2, 3]], [], [], 9, [1, 2, 3], id="an answer begins like the one before"),
        pytest.param([[1, 2], [3, 4]], [], [], 9, [3, 4], id="the last text counts"),
        pytest.param([], [7, 8], [], 9, [], id="an answer does not begin like the question"),
        pytest.param([], [5, 6, 7, 8], [6], 9, [7, 8], id="words of the question come again"),
        pytest.param([[1, 2, 3, 4]], [], [9, 2], 9, [3, 4], id="the last token is known"),
        pytest.param([[1, 2, 3], [5, 2, 6]], [], [1, 2], 9, [3], id="a longer context is surer"),
        pytest.param([], [], [1, 2, 1], 9, [2, 1], id="the answer repeats itself"),
        pytest.param([[1, 2, 3, 4, 5]], [], [1, 2], 2, [3, 4], id="no more than allowed"),
        pytest.param(
            [[8, 9, 0, 1, 2, 3, 4, 5, 6]],
            [],
            [9],
            9,
            [0, 1, 2, 3],
            id="a short context, a short guess",
        ),
        pytest.param([[1, 2]], [3], [1, 2], 9, [], id="a guess ends with its text"),
    ],
)
def test_guesses(
    likely: list[list[int]], question: list[int], written: list[int], most: int, guess: list[int]
) -> None:
    lookahead = Lookahead(likely, question)
    lookahead.add(written)
    assert lookahead.guess(most) == guess


@given(likely=TEXTS, question=st.lists(st.integers(0, 3)), written=st.lists(st.integers(0, 3)))
def test_a_guess_stands_in_some_text(
    likely: list[list[int]], question: list[int], written: list[int]
) -> None:
    lookahead = Lookahead(likely, question)
    lookahead.add(written)
    guess = lookahead.guess(5)
    texts = [*likely, question, written]
    assert len(guess) <= 5
    assert not guess or any(
        guess == text[i : i + len(guess)] for text in texts for i in range(len(text))
    )
